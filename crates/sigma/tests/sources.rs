//! Do rules about logs that are not Windows' speak of what our readers make of such logs?
//!
//! Each case is a sample of `formats`, a log source as SigmaHQ names it, a selection in its words, and how
//! many events of the sample it must be true of. A route that names a kind of log which no reader gives, or
//! a field under a name that no reader has, would leave a rule that runs and never speaks.
// A test reads its own files and may fail.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use assize_model::{Projection, RuleFile, Scan};
use assize_sigma::RuleSet;

/// Format, its sample, log source, selection, events.
type Case = (&'static str, &'static str, &'static str, &'static str, usize);

const CASES: &[Case] = &[
    ("m365-audit", "m365-audit.jsonl", "product: m365, service: audit", "Operation: MailItemsAccessed", 3),
    (
        "m365-audit",
        "m365-audit.jsonl",
        "product: m365, service: exchange",
        "OperationProperties.Value: Bind",
        2,
    ),
    ("entra", "entra.json", "product: azure, service: signinlogs", "status.errorCode: 0", 1),
    (
        "entra",
        "entra.json",
        "product: azure, service: auditlogs",
        "activityDisplayName: 'Add member to role'",
        1,
    ),
    (
        "aws-cloudtrail",
        "aws-cloudtrail.json",
        "product: aws, service: cloudtrail",
        "eventName: GetCallerIdentity",
        1,
    ),
    ("okta", "okta.json", "product: okta, service: okta", "eventType: user.session.start", 2),
    ("zeek", "zeek.log", "product: zeek, service: dns", "query: files.example", 1),
    ("zeek", "zeek.log", "category: dns", "query|endswith: .example", 2),
    ("zeek", "zeek.log", "category: firewall", "dst_port: 445", 1),
    ("zeek-json", "zeek.json", "category: firewall", "{ dst_ip: 10.20.0.9, dst_port: 445 }", 1),
    ("squid", "squid.log", "category: proxy", "c-uri: 'files.example:443'", 1),
    ("web-access", "web-access.log", "category: webserver", "cs-uri-query|contains: '/records/D-1187'", 2),
    ("web-access", "web-access.log", "category: webserver", "sc-status: 401", 1),
    ("w3c", "w3c.log", "category: webserver", "cs-uri-stem: '/records/D-1187'", 2),
    ("w3c", "w3c.log", "product: windows, service: iis", "cs-method: GET", 2),
    ("web-error", "servers/apache-error.log", "service: apache", "message|contains: AH00489", 1),
    ("auditd", "auditd.log", "product: linux, service: auditd", "{ type: EXECVE, a0: tar }", 1),
    ("laurel", "laurel.json", "product: linux, service: auditd", "SYSCALL.comm: tar", 1),
    ("syslog", "syslog.log", "product: linux, service: sshd", "[ 'invalid user admin' ]", 1),
    ("syslog", "syslog.log", "product: linux, service: auth", "[ 'invalid user admin' ]", 1),
    ("syslog", "syslog.log", "product: linux, service: sudo", "[ '/srv/registry' ]", 1),
    ("syslog", "syslog.log", "product: linux", "[ 'New session 41' ]", 1),
];

#[test]
fn rules_speak_of_what_readers_read() {
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/testdata/samples");
    let mut wrong = Vec::new();
    for (format, sample, source, selection, expected) in CASES {
        let text = format!(
            "title: x\nlogsource: {{ {source} }}\ndetection:\n    selection: {selection}\n    condition: selection\n"
        );
        let text = match selection.starts_with(['{', '[']) {
            true => text,
            false => text.replace(selection, &format!("{{ {selection} }}")),
        };
        let rules = RuleSet::load(&[RuleFile { name: "x.yml".into(), text }]);
        assert!(rules.not_run().is_empty(), "{:?}", rules.not_run());
        let bytes = std::fs::read(samples.join(sample)).unwrap();
        let mut scan = Scan::default();
        for batch in common::read(format, &bytes, Projection::Everything) {
            rules.scan(&batch, &mut scan);
        }
        if scan.hits.len() != *expected {
            wrong.push(format!("{format}, {source}, {selection}: {} events for {expected}", scan.hits.len()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
