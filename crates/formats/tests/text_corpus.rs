//! Do our readers of text logs agree with what others say of the same lines?
//!
//! On data that is not ours (the corpus; `ASSIZE_CORPUS`): Zeek's two notations with each other, fail2ban's
//! `failJSON` lines, CrowdSec's `parser.assert`, Stratosphere's labels, and sets that have to be read without
//! loss. What differs on purpose stands in a list beside its reason; anything else fails.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::print_stderr)] // Tests play the person at the keyboard.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use assize_formats::{ALL, HEAD, container, recognise};
use assize_model::time::{Stated, Zone};
use assize_model::{Batch, Cause, Format, Range, ReadingOptions, Time, column};
use assize_testing::corpus;

use support::{Kept, read};

fn known(bytes: &[u8]) -> Option<&'static str> {
    recognise(&bytes[..bytes.len().min(HEAD)]).map(|(format, _)| format.card().name)
}

fn options(pairs: &[(&str, &str)]) -> ReadingOptions {
    ReadingOptions(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
}

fn unpacked(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

fn members(path: &Path, wanted: impl Fn(&str) -> bool) -> BTreeMap<String, Vec<u8>> {
    let file = flate2::read::MultiGzDecoder::new(fs::File::open(path).unwrap());
    let mut found = BTreeMap::new();
    for entry in tar::Archive::new(file).entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        if entry.header().entry_type().is_file() && wanted(&name) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            found.insert(name, bytes);
        }
    }
    found
}

/// As far as two notations of one log must agree.
const SPINE: [&str; 12] = [
    column::SOURCE,
    column::HOST,
    column::ACTOR,
    column::TARGET,
    column::VERB,
    column::OBJECT,
    column::OBJECT_KIND,
    column::SCOPE,
    column::CLIENT,
    column::PEER,
    column::DEVICE,
    column::OUTCOME,
];

/// Every byte lies in a record, a header or a gap, or between lines; records and gaps do not overlap.
fn assert_accounted(name: &str, bytes: &[u8], kept: &Kept) {
    let mut ranges: Vec<Range> = Vec::new();
    for (batch, row) in kept.rows() {
        ranges.extend(batch.locator(row).unwrap().ranges);
    }
    ranges.extend(kept.gaps.iter().map(|gap| gap.range).filter(|range| range.length > 0));
    ranges.sort();
    ranges.dedup();
    let mut at = 0;
    for range in ranges {
        assert!(range.offset >= at, "{name}: ranges overlap at {}", range.offset);
        let between = &bytes[at as usize..range.offset as usize];
        let blank = between.iter().all(|b| b.is_ascii_whitespace() || b"\xef\xbb\xbf,[]\0".contains(b));
        assert!(
            blank,
            "{name}: lost bytes at {at}: {:?}",
            String::from_utf8_lossy(&between[..between.len().min(80)])
        );
        at = range.offset + range.length;
    }
    assert!(
        bytes[at as usize..].iter().all(|b| b.is_ascii_whitespace() || b"]\0".contains(b)),
        "{name}: lost end"
    );
}

/// A hundred events, from what their locators name alone.
fn assert_reread(name: &str, bytes: &[u8], kept: &Kept) {
    let count: usize = kept.batches.iter().map(Batch::len).sum();
    for (batch, row) in kept.rows().step_by(count.div_ceil(100).max(1)) {
        let format = batch.text(column::FORMAT, row).unwrap_or_else(|| panic!("{name}: no format"));
        support::assert_reread(format, bytes, batch, row);
    }
}

/// Reads a member as what it is recognised as, and holds it to the two rules above.
fn sound(name: &str, bytes: &[u8]) -> (String, Kept) {
    let format = known(bytes).unwrap_or_else(|| panic!("{name}: not recognised"));
    let kept = read(format, bytes, &options(&[("not-after", "2026-01-01T00:00:00Z")]));
    assert_accounted(name, bytes, &kept);
    assert_reread(name, bytes, &kept);
    (format.to_owned(), kept)
}

fn number_or_text(text: &str) -> String {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    let instant = || match Time::parse(text) {
        Some(Stated::Instant(time)) if text.ends_with('Z') => Some(time.0 as f64 / 1e9),
        _ => None,
    };
    // JSON gives more digits of a binary fraction than TSV.
    number.or_else(instant).map_or_else(|| text.to_owned(), |number| format!("{number:.6}"))
}

type Told = (Option<Time>, Vec<Option<String>>, BTreeMap<String, Vec<String>>);

/// What both notations must say of one record.
fn told(batch: &Batch, row: usize) -> Told {
    let spine = SPINE.iter().map(|name| batch.text(name, row).map(str::to_owned)).collect();
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in batch.fields(row) {
        // TSV has no such columns; what is empty is `(empty)` there, and empty or absent in JSON.
        if matches!(name, "_path" | "_write_ts") || matches!(value, None | Some("" | "[]")) {
            continue;
        }
        let value = match value.unwrap() {
            "T" => "true".to_owned(),
            "F" => "false".to_owned(),
            value => number_or_text(value),
        };
        fields.entry(name.to_owned()).or_default().push(value);
    }
    // Sets have no order.
    fields.values_mut().for_each(|values| values.sort());
    (batch.time(row), spine, fields)
}

#[test]
fn zeek_says_the_same_as_tsv_and_as_json() {
    let Some(corpus) = corpus("zeek_says_the_same_as_tsv_and_as_json") else { return };
    let folder = corpus.join("zeek_wrccdc_2018");
    let mut compared = 0;
    let mut differences: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut logs: Vec<PathBuf> =
        fs::read_dir(folder.join("zeek-default")).unwrap().map(|entry| entry.unwrap().path()).collect();
    logs.sort();
    for path in logs {
        let name = path.file_name().unwrap().to_string_lossy().replace(".log.gz", "");
        let (tsv, json) = (unpacked(&path), unpacked(&folder.join(format!("zeek-json/{name}.json.gz"))));
        assert_eq!(known(&tsv), Some("zeek"), "{name}");
        assert_eq!(known(&json), Some("zeek-json"), "{name}");
        let (tsv_kept, json_kept) =
            (read("zeek", &tsv, &options(&[])), read("zeek-json", &json, &options(&[])));
        assert_eq!((tsv_kept.gaps.len(), json_kept.gaps.len()), (0, 0), "{name}");
        assert_accounted(&name, &tsv, &tsv_kept);
        assert_accounted(&name, &json, &json_kept);
        assert_reread(&name, &tsv, &tsv_kept);
        assert_reread(&name, &json, &json_kept);
        let is_record = |(batch, row): &(&Batch, usize)| batch.text(column::OBJECT_KIND, *row) != Some("log");
        let tsv_rows: Vec<_> = tsv_kept.rows().filter(is_record).collect();
        let json_rows: Vec<_> = json_kept.rows().filter(is_record).collect();
        assert_eq!(tsv_rows.len(), json_rows.len(), "{name}");
        for ((a, a_row), (b, b_row)) in tsv_rows.into_iter().zip(json_rows) {
            compared += 1;
            let (one, other) = (told(a, a_row), told(b, b_row));
            if one != other {
                let text = format!("{one:?}\n   {other:?}");
                differences.entry(name.clone()).or_insert((0, text)).0 += 1;
            }
        }
    }
    eprintln!("{compared} records compared");
    assert!(compared > 100_000);
    let told: Vec<String> =
        differences.iter().map(|(name, (count, text))| format!("{name} {count}: {text}")).collect();
    assert!(differences.is_empty(), "{}", told.join("\n"));
}

#[test]
fn stratosphere_is_read_without_loss_with_its_labels() {
    let Some(corpus) = corpus("stratosphere_is_read_without_loss_with_its_labels") else { return };
    let logs = members(&corpus.join("zeek_stratosphere_001-009.tar.gz"), |name| name.contains(".log"));
    assert!(logs.len() > 25);
    let (mut events, mut labels) = (0, BTreeMap::new());
    for (name, bytes) in &logs {
        let format = known(bytes).unwrap();
        assert!(matches!(format, "zeek" | "zeek-json"), "{name}");
        let kept = read(format, bytes, &options(&[]));
        assert!(kept.gaps.iter().all(|gap| gap.range.length == 0), "{name}: {:?}", kept.gaps.first());
        assert_accounted(name, bytes, &kept);
        assert_reread(name, bytes, &kept);
        let lines =
            bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && line[0] != b'#').count();
        let records =
            kept.rows().filter(|(batch, row)| batch.text(column::OBJECT_KIND, *row) != Some("log")).count();
        assert_eq!(records, lines, "{name}");
        events += records;
        for (batch, row) in kept.rows() {
            if let Some((_, Some(label))) = batch.fields(row).find(|(field, _)| *field == "label") {
                *labels.entry(label.to_owned()).or_insert(0) += 1;
            }
        }
    }
    eprintln!("{events} events, labels {labels:?}");
    assert!(labels.contains_key("Malicious") && labels.contains_key("Benign"));
}

/// fail2ban's test data: a JSON of what must be found above each line.
struct Expected {
    time: Option<String>,
    matched: bool,
    host: Option<String>,
    line: Vec<u8>,
}

fn expected(bytes: &[u8]) -> Vec<Expected> {
    let mut found = Vec::new();
    let mut head: Option<serde_json::Value> = None;
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Some(rest) = line.strip_prefix(b"# failJSON:") {
            head = serde_json::from_slice(rest).ok();
        } else if !line.is_empty()
            && !line.starts_with(b"#")
            && let Some(json) = head.take()
        {
            let text = |name: &str| json.get(name).and_then(|value| value.as_str()).map(str::to_owned);
            let matched = json.get("match").and_then(serde_json::Value::as_bool).unwrap_or(false);
            found.push(Expected { time: text("time"), matched, host: text("host"), line: line.to_vec() });
        }
    }
    found
}

/// File, format. The others of fail2ban's are of other programs.
const FAIL2BAN: &[(&str, &str)] = &[
    ("sshd", "syslog"),
    ("pam-generic", "syslog"),
    ("selinux-ssh", "auditd"),
    ("squid", "squid"),
    ("apache-auth", "web-error"),
    ("apache-botsearch", "web-error"),
    ("apache-nohome", "web-error"),
    ("apache-noscript", "web-error"),
    ("apache-overflows", "web-error"),
    ("apache-shellshock", "web-error"),
    ("apache-modsecurity", "web-error"),
    ("apache-badbots", "web-access"),
    ("apache-pass", "web-access"),
    ("nginx-http-auth", "web-error"),
    ("nginx-forbidden", "web-error"),
    ("nginx-limit-req", "web-error"),
    ("nginx-bad-request", "web-access"),
    ("nginx-botsearch", "web-access"),
    ("php-url-fopen", "web-access"),
    ("traefik-auth", "web-access"),
];

/// Parts of lines of fail2ban's that say something else here, and why.
const OTHERWISE: &[(&str, &str)] = &[
    ("sshd[26713]: Disconnecting: Too many", "the address stands in another line of the process"),
    ("fatal: Read from socket failed", "the address stands in another line of the process"),
    ("error: kex_exchange_identification: ", "the address stands in another line of the process"),
    ("fatal: Unable to negotiate a key exchange method", "the address stands in another line of the process"),
    ("fatal: no matching mac found", "the address stands in another line of the process"),
    ("Accepted password for known", "found for failures of other accounts before it; the line is a success"),
    ("host nginx[98347", "a line of the journal without any time is no syslog line"),
    ("host nginx[23141]", "a line of the journal without any time is no syslog line"),
    ("host nginx[2833]", "a line of the journal without any time is no syslog line"),
];

#[test]
fn fail2ban_finds_the_same_times_and_hosts() {
    let Some(corpus) = corpus("fail2ban_finds_the_same_times_and_hosts") else { return };
    let zone = Zone::of("Europe/Zurich").unwrap();
    let (mut agreed, mut failures, mut wrong) = (0, 0, Vec::new());
    for (file, format) in FAIL2BAN {
        for expected in expected(&fs::read(corpus.join("fail2ban_logs").join(file)).unwrap()) {
            let text = String::from_utf8_lossy(&expected.line).into_owned();
            if OTHERWISE.iter().any(|(part, _)| text.contains(part)) {
                continue;
            }
            // fail2ban's tests stand at noon of 14 August 2005, in Zürich.
            let given = options(&[("not-after", "2005-08-13T12:00:00Z"), ("zone", "Europe/Zurich")]);
            let line = [expected.line.as_slice(), b"\n"].concat();
            // Files mix makes of lines.
            let kept = read(known(&line).unwrap_or(format), &line, &given);
            let Some((batch, row)) = kept.rows().next() else {
                wrong.push(format!("{file}: no event: {text}"));
                continue;
            };
            // Of lines that must not match fail2ban does not look at the time.
            let time = expected.time.as_deref().filter(|_| expected.matched);
            if let Some(Stated::Local(local)) = time.and_then(Time::parse) {
                // The proxy's event begins before its line.
                let column = batch.rows().column_by_name(column::UNTIL).unwrap();
                let until: &Instants = column.as_any().downcast_ref().unwrap();
                let until = (!arrow_array::Array::is_null(until, row)).then(|| Time(until.value(row)));
                let found = until.or(batch.time(row)).map(|time| time.0 / 1_000_000_000);
                if found != Some(zone.instant(local).0 / 1_000_000_000) {
                    wrong.push(format!("{file}: time {:?}: {text}", batch.time(row).map(|t| t.to_string())));
                }
            }
            if let (true, Some(host)) = (expected.matched, &expected.host) {
                let same = |peer: &str| {
                    peer == host
                        || peer.parse::<IpAddr>().ok() == host.parse().ok() && peer.parse::<IpAddr>().is_ok()
                };
                if !batch.text(column::PEER, row).or(batch.text(column::HOST, row)).is_some_and(same)
                    && !batch.text(column::HOST, row).is_some_and(same)
                {
                    wrong.push(format!(
                        "{file}: peer {:?}, not {host}: {text}",
                        batch.text(column::PEER, row)
                    ));
                }
                let outcome = batch.text(column::OUTCOME, row);
                let tried = matches!(
                    *file,
                    "sshd" | "pam-generic" | "selinux-ssh" | "apache-auth" | "nginx-http-auth"
                );
                if tried && matches!(outcome, Some("success")) {
                    wrong.push(format!("{file}: a success: {text}"));
                }
                failures += usize::from(matches!(outcome, Some("failure" | "denied")));
            }
            agreed += 1;
        }
    }
    eprintln!("{agreed} lines, of them {failures} failures or refusals, {} otherwise", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(agreed > 250);
}

type Instants = arrow_array::TimestampNanosecondArray;

/// CrowdSec's test, its log, our format.
const CROWDSEC: &[(&str, &str, &str)] = &[
    ("sshd-logs", "sshd-logs.log", "syslog"),
    ("pam-logs", "pam-logs.log", "syslog"),
    ("sshd-invalid-bf", "sshd-invalid-bf.log", "syslog"),
    ("sshd-impossible-travel-user", "sshd-success-logs.log", "syslog"),
    ("apache2-logs", "apache2-logs.log", "web-access"),
    ("nginx_http-logs", "nginx_http-logs.log", "web-access"),
    ("traefik_clf", "traefik_clf.log", "web-access"),
    ("nginx-http-sensitive-files", "nginx-http-sensitive-files.log", "web-access"),
    ("auditd-logs", "auditd-logs.log", "auditd"),
];

/// The names of CrowdSec's that mean what a spine column means.
fn spine_of(name: &str) -> Option<&'static str> {
    match name {
        "source_ip" | "sshd_client_ip" | "remote_addr" | "clientip" => Some(column::PEER),
        "target_user" | "sshd_invalid_user" | "remote_user" | "username" => Some(column::ACTOR),
        "machine" => Some(column::HOST),
        _ => None,
    }
}

#[test]
fn crowdsec_finds_the_same() {
    let Some(corpus) = corpus("crowdsec_finds_the_same") else { return };
    let tests = members(&corpus.join("crowdsec_hub_tests.tar.gz"), |name| {
        CROWDSEC.iter().any(|(test, ..)| name.contains(&format!(".tests/{test}/")))
    });
    let (mut agreed, mut wrong) = (0, Vec::new());
    for (test, log, format) in CROWDSEC {
        let log = &tests[&format!(".tests/{test}/{log}")];
        let asserts = String::from_utf8(tests[&format!(".tests/{test}/parser.assert")].clone()).unwrap();
        let lines: Vec<&[u8]> =
            log.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
        for assertion in asserts.lines().filter_map(assertion) {
            let (parser, index, name, value) = assertion;
            let Some(column) = spine_of(&name).filter(|_| parser.starts_with("s01-parse")) else { continue };
            // Several parsers ran; the index is that of the line in each.
            let Some(line) = lines.get(index) else { continue };
            let line = [line, b"\n".as_slice()].concat();
            let kept = read(format, &line, &options(&[("year", "2022")]));
            let Some((batch, row)) = kept.rows().next() else {
                continue;
            };
            let found = batch.text(column, row).unwrap_or("");
            if found == value || value == "-" && found.is_empty() {
                agreed += 1;
            } else {
                let line = String::from_utf8_lossy(&line).into_owned();
                wrong.push(format!("{test} {index}: {name} {value:?}, ours {found:?}: {line}"));
            }
        }
    }
    eprintln!("{agreed} assertions agree, {} do not", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join(""));
    assert!(agreed > 100);
}

/// `results["s01-parse"]["crowdsecurity/sshd-logs"][3].Evt.Meta["source_ip"] == "203.0.113.9"`
fn assertion(line: &str) -> Option<(String, usize, String, String)> {
    let (left, right) = line.split_once(" == ")?;
    let mut parts = left.strip_prefix("results[\"")?.split("\"][\"");
    let stage = parts.next()?;
    let (parser, rest) = left.split_once("\"][\"")?.1.split_once("\"][")?;
    let (index, rest) = rest.split_once(']')?;
    let name = rest.strip_prefix(".Evt.Meta[\"").or_else(|| rest.strip_prefix(".Evt.Parsed[\""))?;
    let name = name.strip_suffix("\"]")?;
    let value: String = serde_json::from_str(right).ok()?;
    Some((format!("{stage} {parser}"), index.parse().ok()?, name.to_owned(), value))
}

#[test]
fn sets_of_lines_are_read_with_sensible_events() {
    let Some(corpus) = corpus("sets_of_lines_are_read_with_sensible_events") else { return };
    let mut sets = members(&corpus.join("loghub_2k.tar.gz"), |name| {
        ["OpenSSH_2k.log", "Linux_2k.log", "Apache_2k.log"].iter().any(|end| name.ends_with(end))
    });
    sets.extend(members(&corpus.join("parser_torture.tar.gz"), |name| {
        let files = [
            "apache_access.log",
            "audit_enriched.log",
            "/iis10.log",
            "/iis10_cookies.log",
            "/iis6.log",
            "/iis7_owa.log",
            "/iis7_sqli.log",
            "/iis10_edge_cases.log",
        ];
        files.iter().any(|end| name.ends_with(end))
    }));
    for (name, bytes) in &sets {
        let (format, kept) = sound(name, bytes);
        let mut verbs: BTreeMap<String, usize> = BTreeMap::new();
        let (mut without_time, mut events) = (0, 0);
        for (batch, row) in kept.rows() {
            let word = |column| batch.text(column, row).unwrap_or("");
            *verbs.entry(format!("{} {}", word(column::VERB), word(column::OUTCOME))).or_default() += 1;
            without_time += usize::from(batch.time(row).is_none());
            events += 1;
        }
        let gaps: Vec<_> = kept.gaps.iter().map(|gap| (gap.cause.as_str(), &gap.detail)).take(3).collect();
        eprintln!(
            "{name}: {format}, {events} events, {without_time} without time, {} gaps {gaps:?}, {verbs:?}",
            kept.gaps.len()
        );
    }
    let count = |name: &str, what: &str| {
        let (_, bytes) = sets.iter().find(|(found, _)| found.ends_with(name)).unwrap();
        let (_, kept) = sound(name, bytes);
        kept.rows()
            .filter(|(batch, row)| {
                format!(
                    "{} {}",
                    batch.text(column::VERB, *row).unwrap(),
                    batch.text(column::OUTCOME, *row).unwrap()
                ) == what
            })
            .count()
    };
    assert!(count("OpenSSH_2k.log", "logon failure") > 500);
    assert_eq!(count("OpenSSH_2k.log", "logon success"), 2);
}

/// The public set of Log4Shell: a Linux host by Azure's agent, a Windows host by Sentinel's tables, and connections
/// in a table that nobody here knows. Nothing is lost, and the shell that Java started is there.
#[test]
fn log4shell_is_read_without_loss_on_both_machines() {
    let Some(corpus) = corpus("log4shell_is_read_without_loss_on_both_machines") else { return };
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    let mut shells = 0;
    for entry in fs::read_dir(corpus.join("log4shell")).unwrap() {
        let path = entry.unwrap().path();
        let Ok(mut archive) = zip::ZipArchive::new(fs::File::open(&path).unwrap()) else { continue };
        let mut bytes = Vec::new();
        archive.by_index(0).unwrap().read_to_end(&mut bytes).unwrap();
        if !bytes.starts_with(b"{") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy();
        let (format, kept) = sound(&name, &bytes);
        assert!(kept.gaps.is_empty(), "{name}: {:?}", kept.gaps);
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        assert_eq!(kept.rows().count(), lines.count(), "{name}");
        for (batch, row) in kept.rows() {
            assert!(batch.time(row).is_some(), "{name} {row}");
            *told.entry(format!("{format} {}", batch.text(column::SOURCE, row).unwrap())).or_default() += 1;
            let word = |column| batch.text(column, row).unwrap_or("");
            shells += usize::from(
                word(column::VERB) == "execute"
                    && word(column::OUTCOME) == "success"
                    && word(column::ACTOR) == "tomcat"
                    && word(column::OBJECT).contains("bash -c"),
            );
        }
    }
    eprintln!("{told:?}, {shells} shells");
    assert_eq!(told["syslog-json linux/auditd"], 50);
    assert!(told.keys().any(|key| key.starts_with("windows-json windows/Security")), "{told:?}");
    assert!(shells > 0);
}

/// Other people's tests of their parsers: truncated, garbled and odd files of whatever make. Windows' own logs are
/// held to account in `evtx`.
#[test]
fn torture_files_account_for_every_byte() {
    let Some(corpus) = corpus("torture_files_account_for_every_byte") else { return };
    let mut by_format: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    for (name, bytes) in members(&corpus.join("parser_torture.tar.gz"), |_| true) {
        let Some(format) = known(&bytes).filter(|format| *format != "evtx") else { continue };
        let (_, kept) = sound(&name, &bytes);
        let told = by_format.entry(format).or_default();
        *told = (told.0 + 1, told.1 + kept.rows().count(), told.2 + kept.gaps.len());
    }
    eprintln!("format: (files, events, gaps): {by_format:?}");
    assert!(by_format.values().map(|(files, ..)| files).sum::<usize>() > 35, "{by_format:?}");
}

/// Whoever reads a file is surer of it than anybody else: of all that lies in the corpus.
#[test]
#[ignore = "half a minute: asks every format of every file"]
fn nothing_is_claimed_by_two() {
    let Some(corpus) = corpus("claims over the whole corpus") else { return };
    let mut claims = Claims::default();
    let mut folders = vec![corpus];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            claims.file = path.file_name().unwrap().to_string_lossy().into_owned();
            let mut file = fs::File::open(&path).unwrap();
            let size = file.metadata().unwrap().len();
            container::visit(&mut file, size, &mut claims).unwrap();
        }
    }
    eprintln!("{} files and members, {} of them known", claims.seen, claims.known);
    assert!(claims.known > 2000, "{}", claims.known);
    assert!(claims.contested.is_empty(), "{:#?}", claims.contested);
}

#[derive(Default)]
struct Claims {
    file: String,
    seen: usize,
    known: usize,
    contested: Vec<String>,
}

impl container::Visitor for Claims {
    fn wants(&self, _: &str) -> bool {
        true
    }

    fn member(&mut self, name: Option<&str>, head: Vec<u8>, _: &mut dyn Read) -> io::Result<()> {
        self.seen += 1;
        let claim = |format: &&dyn Format| Some((format.recognise(&head)?, format.card().name));
        let mut claims: Vec<_> = ALL.iter().filter_map(claim).collect();
        claims.sort();
        self.known += usize::from(!claims.is_empty());
        if let [.., (second, _), (first, _)] = claims[..]
            && first == second
        {
            self.contested.push(format!("{} {}: {claims:?}", self.file, name.unwrap_or("")));
        }
        Ok(())
    }

    fn problem(&mut self, _: Option<&str>, _: Cause, _: String) -> io::Result<()> {
        Ok(())
    }
}
