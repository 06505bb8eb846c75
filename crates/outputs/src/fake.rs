//! A snapshot without a database, for tests: answers exactly the queries that the outputs put.
//!
//! A query that it does not know is an error, so that a changed query is noticed here first.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::coverage::{Cause as CoverageCause, State};
use assize_model::spine::{ObjectKind, Outcome, Verb};
use assize_model::{
    Admission, Basis, Batch, Batcher, Cause, Coverage, Digests, Event, Exhibit, ExhibitId, Finding, Gap,
    GapId, Level, Locator, LogHead, NotRun, Origin, Range, RawRecord, Reading, RecordedRun, Row, RuleInfo,
    Sink, Snapshot, SnapshotError, Time, Trust,
};
use serde_json::{Value, json};

use crate::jsonl;
use crate::report::questions as q;
use crate::report::scale::Window;

/// Everything that must not reach a reader as it is, in one text.
pub(crate) const HOSTILE: &str =
    "=<script>alert(1)</script>\u{1b}[2J\u{202e}gpj.exe\u{2028}\u{feff}\u{9b}31m'\"--\n&<b onmouseover=x>";

/// 2026-09-10T02:00:00Z.
const START: i64 = 1_789_005_600;
/// A record at this offset gives another event when it is read again.
const OFFSET_OTHER: u64 = 4242;
/// A record at this offset cannot be read again.
const OFFSET_LOST: u64 = 6666;

/// What [`with_words`] says of each logon.
pub(crate) const SENTENCE: &str = "Somebody logged on: over the network (3).";

/// As the tables' functions would add it: a sentence and a meaning where there is a logon type.
fn with_words(row: &Row) -> Row {
    let mut row = row.clone();
    let fields = row.value("fields").as_array().cloned().unwrap_or_default();
    let is_logon = fields.iter().any(|pair| pair[0] == "LogonType");
    let (message, meanings) = if is_logon {
        (json!(SENTENCE), json!([["LogonType", "over the network"]]))
    } else {
        (Value::Null, json!([]))
    };
    row.0.extend([("message".into(), message), ("meanings".into(), meanings)]);
    row
}

pub(crate) struct Fake {
    pub(crate) run: RecordedRun,
    pub(crate) events: Vec<Row>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) gaps: Vec<Gap>,
}

// ---- What is in it ----------------------------------------------------------------------------

impl Fake {
    pub(crate) fn empty() -> Self {
        let log = LogHead { leaves: 1, root: "a7".repeat(32), ..LogHead::default() };
        let run = RecordedRun {
            case: "Registry inquiry 2026/14".into(),
            tool: "assize 0.1.0".into(),
            made_at: "2026-09-20T09:30:00Z".into(),
            handling: "TLP:AMBER+STRICT".into(),
            exhibits: vec![],
            readings: vec![],
            ran: vec![],
            not_run: vec![],
            coverage: vec![],
            log,
        };
        Self { run, events: vec![], findings: vec![], gaps: vec![] }
    }

    /// A dozen events of three hosts, one without time, one whose words are hostile.
    pub(crate) fn small() -> Self {
        let mut fake = Self::empty();
        let security = fake.exhibit("collection/DC01/Security.evtx", 1, 1_118_208, Trust::UntrustedHost);
        let lines = fake.exhibit("collection/ws/events.jsonl", 2, 40_960, Trust::SelfReported);
        let unknown = fake.exhibit("collection/ws/pagefile.bin", 3, 512, Trust::SelfReported);
        for n in 0..8 {
            let mut event = logon(
                START + n * 700,
                "DC01",
                if n % 3 == 0 { "COURT\\svc-backup" } else { "COURT\\a.ngata" },
            );
            event.ranges = vec![
                Range { offset: 4096 + 600 * n as u64, length: 600 },
                Range { offset: 4096, length: 65536 },
            ];
            fake.read(security, None, "evtx", &event);
        }
        let mut lsass = logon(START + 2000, "WS-114", "COURT\\m.haas");
        lsass.verb = Verb::Read;
        lsass.object = Some("C:\\Windows\\System32\\lsass.exe".into());
        lsass.object_kind = Some(ObjectKind::Process);
        lsass.ranges = vec![Range { offset: OFFSET_OTHER, length: 300 }];
        fake.read(lines, None, "json", &lsass);
        let mut hostile = logon(START + 90_000, HOSTILE, HOSTILE);
        hostile.object = Some(HOSTILE.into());
        hostile.fields = vec![
            (HOSTILE.into(), Some(HOSTILE.into())),
            ("Long".into(), Some("A".repeat(5000))),
            ("Null".into(), None),
        ];
        hostile.time_assumed = Some("no zone stated; read as UTC".into());
        hostile.ranges = vec![Range { offset: OFFSET_LOST, length: 9 }];
        fake.read(lines, Some("in.zip!/a".into()), "json", &hostile);
        let mut untimed = Event::at(Range { offset: 9000, length: 12 }, "json");
        untimed.fields = vec![("note".into(), Some("no time here".into()))];
        fake.read(lines, None, "json", &untimed);
        fake.find(
            "0b7b5f00-1a2b-4c3d-8e4f-112233445566",
            "Memory of LSASS read",
            Level::Critical,
            &["attack.credential-access", "attack.t1003.001"],
            8,
        );
        fake.find("win-logon-odd", "Logon at an unusual hour", Level::Low, &["attack.initial-access"], 0);
        fake.find("win-logon-odd", "Logon at an unusual hour", Level::Low, &["attack.initial-access"], 3);
        fake.find("win-logon-odd", "Logon at an unusual hour", Level::Low, &["attack.initial-access"], 10);
        fake.find(HOSTILE, HOSTILE, Level::High, &[HOSTILE], 9);
        fake.gap(
            security,
            None,
            69_632,
            65_536,
            Cause::UnreadableBlock,
            "chunk 2: expected `ElfChnk\\0`, found zeros",
        );
        fake.gap(unknown, None, 0, 512, Cause::Unrecognised, HOSTILE);
        fake.reading(security, None, Some("evtx"), 8, 1);
        fake.reading(lines, None, Some("json"), 3, 0);
        fake.reading(unknown, None, None, 0, 1);
        fake.not_run("the evidence holds no events of linux/auditd", 3);
        fake.not_run(HOSTILE, 1);
        fake.cover(
            "DC01",
            "windows/Security",
            0,
            4900,
            State::Partial,
            Some(CoverageCause::IdGap),
            "record numbers jump from 4 to 9",
        );
        fake.cover("WS-114", "json", 2000, 2000, State::Partial, None, "no sequence numbers");
        fake.cover(HOSTILE, HOSTILE, 90_000, 90_000, State::Untrusted, Some(CoverageCause::Cleared), HOSTILE);
        fake
    }

    /// Hundreds of findings over ten days, for looking at.
    pub(crate) fn rich() -> Self {
        rich::fake()
    }

    pub(crate) fn exhibit(&mut self, path: &str, n: u8, size: u64, trust: Trust) -> ExhibitId {
        let id = ExhibitId::of_digest(&[n.wrapping_mul(37); 32]);
        let hex = format!("{n:02x}9c41d0{n:02x}77e2b6");
        let admission = Admission {
            path: path.into(),
            at: "2026-09-18T14:05:09Z".into(),
            by: "j.okafor".into(),
            trust,
            leaf: assize_model::LeafId::of(&[&[n]]),
            collected: assize_model::Collected::default(),
        };
        self.run.log.leaves += 1;
        self.run.exhibits.push(Exhibit {
            id,
            digests: Digests {
                sha256: hex.repeat(4),
                blake3: hex.chars().rev().collect::<String>().repeat(4),
                size,
            },
            admissions: vec![admission],
        });
        id
    }

    pub(crate) fn read(
        &mut self,
        exhibit: ExhibitId,
        member: Option<String>,
        format: &'static str,
        event: &Event,
    ) {
        let mut rows = Kept(Vec::new());
        let mut batcher = Batcher::new(Origin { exhibit, member, format }, &mut rows);
        batcher.event(event).unwrap();
        batcher.finish().unwrap();
        self.events.append(&mut rows.0);
    }

    /// A rule's word about the event at an index.
    pub(crate) fn find(&mut self, rule: &str, title: &str, level: Level, tags: &[&str], event: usize) {
        let row = &self.events[event];
        let id = row.text("id").parse().unwrap();
        self.findings.push(Finding {
            id: Finding::id_of(rule, id),
            rule: rule.into(),
            title: title.into(),
            level,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            time: row.time("time"),
            host: row.some_text("host").map(str::to_owned),
            source: row.text("source").into(),
            actor: row.some_text("actor").map(str::to_owned),
            event: id,
            exhibit: row.text("exhibit").parse().unwrap(),
            fields: vec!["LogonType".into(), "TargetUserName".into()],
        });
        if !self.run.ran.iter().any(|ran| ran.id == rule) {
            self.run.ran.push(RuleInfo {
                id: rule.into(),
                title: title.into(),
                level,
                tags: vec![],
                file: "rules/x.yml".into(),
                logsource: "windows/security".into(),
                about: Default::default(),
            });
        }
    }

    pub(crate) fn gap(
        &mut self,
        exhibit: ExhibitId,
        member: Option<&str>,
        offset: u64,
        length: u64,
        cause: Cause,
        detail: &str,
    ) {
        self.gaps.push(Gap {
            id: GapId::of(&[exhibit.bytes(), &offset.to_be_bytes()]),
            exhibit,
            member: member.map(str::to_owned),
            range: Range { offset, length },
            cause,
            detail: detail.into(),
        });
    }

    pub(crate) fn reading(
        &mut self,
        exhibit: ExhibitId,
        member: Option<&str>,
        format: Option<&str>,
        events: u64,
        gaps: u64,
    ) {
        self.run.readings.push(Reading {
            exhibit: exhibit.to_string(),
            member: member.map(str::to_owned),
            bytes: 4096 * (events + 1),
            format: format.map(str::to_owned),
            events,
            gaps,
            container: format == Some("zip"),
        });
    }

    pub(crate) fn not_run(&mut self, reason: &str, many: usize) {
        for n in 0..many {
            self.run.not_run.push(NotRun {
                id: format!("rule-{}-{n:04}", reason.len()),
                title: format!("A rule of some name, number {n}"),
                reason: reason.into(),
                file: "sigma/x.yml".into(),
                line: Some(3),
            });
        }
    }

    #[allow(clippy::too_many_arguments)] // A table row in a test.
    pub(crate) fn cover(
        &mut self,
        host: &str,
        source: &str,
        from: i64,
        to: i64,
        state: State,
        cause: Option<CoverageCause>,
        because: &str,
    ) {
        self.run.coverage.push(Coverage {
            source: source.into(),
            host: Some(host.into()),
            from: Some(time(START + from)),
            to: Some(time(START + to)),
            state,
            cause,
            events: 1 + (to - from).unsigned_abs() / 40,
            because: because.into(),
            basis: Basis::of(["e-x"]).unwrap(),
        });
    }
}

struct Kept(Vec<Row>);

impl Sink for Kept {
    fn batch(&mut self, batch: Batch) -> std::io::Result<()> {
        self.0.extend(Row::all(batch.rows()));
        Ok(())
    }
    fn gap(&mut self, _: Gap) -> std::io::Result<()> {
        Ok(())
    }
}

pub(crate) fn time(second: i64) -> Time {
    Time(second * 1_000_000_000 + 123_456_700)
}

pub(crate) fn logon(second: i64, host: &str, actor: &str) -> Event {
    let mut event =
        Event::at(Range { offset: 64 * (second - START).unsigned_abs(), length: 640 }, "windows/Security");
    event.time = Some(time(second));
    event.time_text = event.time.map(|time| time.to_string());
    event.host = Some(host.into());
    event.actor = Some(actor.into());
    event.peer = Some("10.14.3.27".into());
    event.verb = Verb::Logon;
    event.outcome = Outcome::Success;
    event.fields = vec![
        ("EventID".into(), Some("4624".into())),
        ("TargetUserName".into(), Some(actor.rsplit('\\').next().unwrap().into())),
        ("LogonType".into(), Some("3".into())),
        ("IpAddress".into(), Some("10.14.3.27".into())),
    ];
    event
}

// ---- How it answers ---------------------------------------------------------------------------

impl Snapshot for Fake {
    fn run(&self) -> &RecordedRun {
        &self.run
    }

    fn each(
        &self,
        sql: &str,
        each: &mut dyn FnMut(Row) -> Result<(), SnapshotError>,
    ) -> Result<(), SnapshotError> {
        let rows =
            self.answer(sql).ok_or_else(|| SnapshotError::Query(format!("the fake does not know: {sql}")))?;
        rows.into_iter().try_for_each(each)
    }

    fn raw(&self, locator: &Locator) -> Result<RawRecord, SnapshotError> {
        let offset = locator.ranges[0].offset;
        if offset == OFFSET_LOST {
            return Err(SnapshotError::Record(HOSTILE.into()));
        }
        let at = |row: &&Row| {
            row.value("ranges")[0]["offset"] == json!(offset)
                && row.text("exhibit") == locator.exhibit.to_string()
        };
        let row = self.events.iter().find(at).ok_or_else(|| SnapshotError::Record("not there".into()))?;
        let fields: Vec<String> = row
            .value("fields")
            .as_array()
            .unwrap()
            .iter()
            .map(|field| {
                format!(
                    "  <Data Name=\"{}\">{}</Data>",
                    field[0].as_str().unwrap(),
                    field[1].as_str().unwrap_or("")
                )
            })
            .collect();
        Ok(RawRecord {
            text: format!(
                "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">\r\n{}\n</Event>",
                fields.join("\n")
            ),
            sha256: "5e".repeat(32),
            same: offset != OFFSET_OTHER,
        })
    }
}

fn row(cells: Value) -> Row {
    Row(cells.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn text(value: Option<&Time>) -> Value {
    value.map_or(Value::Null, |time| time.to_string().into())
}

/// The number behind a word of the query.
fn after(sql: &str, word: &str) -> Option<usize> {
    let rest = sql.split(word).nth(1)?.trim_start();
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The SQL literals of an `IN (…)`.
fn literals(sql: &str) -> Vec<String> {
    let Some(list) = sql.split(" IN (").nth(1) else { return Vec::new() };
    let (mut texts, mut text, mut inside) = (Vec::new(), String::new(), false);
    let mut characters = list.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, inside) {
            ('\'', true) if characters.peek() == Some(&'\'') => {
                characters.next();
                text.push('\'');
            }
            ('\'', true) => {
                texts.push(std::mem::take(&mut text));
                inside = false;
            }
            ('\'', false) => inside = true,
            (')', false) => break,
            (other, true) => text.push(other),
            (_, false) => {}
        }
    }
    texts
}

fn groups<T, K: Ord>(items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> K) -> BTreeMap<K, Vec<T>> {
    let mut groups: BTreeMap<K, Vec<T>> = BTreeMap::new();
    for item in items {
        groups.entry(key(&item)).or_default().push(item);
    }
    groups
}

fn distinct<T: Ord>(items: impl Iterator<Item = T>) -> usize {
    items.collect::<BTreeSet<T>>().len()
}

fn add_levels(cells: &mut Value, findings: &[&Finding]) {
    for level in Level::ALL {
        cells[level.as_str()] = json!(findings.iter().filter(|finding| finding.level == *level).count());
    }
    cells["first"] = text(findings.iter().filter_map(|finding| finding.time.as_ref()).min());
    cells["last"] = text(findings.iter().filter_map(|finding| finding.time.as_ref()).max());
}

type RuleKey<'a> = (&'a str, Level, &'a str);

fn rule_key<'a>(finding: &&'a Finding) -> RuleKey<'a> {
    (&finding.rule, finding.level, &finding.title)
}

impl Fake {
    /// One incident wherever anything was found, told in words that are hostile.
    fn incidents(&self) -> Vec<Row> {
        let Some(finding) = self.findings.iter().find(|finding| finding.time.is_some()) else {
            return Vec::new();
        };
        let id = format!("i-{}", "a".repeat(26));
        let time = finding.time.unwrap().to_string();
        vec![row(json!({
            "id": id, "title": HOSTILE, "first_possible": null, "first_proven": time, "last_proven": time,
            "evicted": null, "hosts": [finding.host], "accounts": [finding.actor], "all_of": 1,
        }))]
    }

    fn steps(&self, sql: &str, limit: usize) -> Vec<Row> {
        let incident = format!("i-{}", "a".repeat(26));
        assert_eq!(sql, q::steps(&incident, limit));
        let timed = self.findings.iter().filter(|finding| finding.time.is_some());
        let steps = timed.enumerate().map(|(position, finding)| {
            let outcome = ["success", "attempt", "unknown"][position % 3];
            row(json!({
                "incident": incident, "position": position, "time": finding.time.unwrap().to_string(),
                "until": null, "times": position + 1, "technique": "T1059.001", "host": finding.host,
                "account": finding.actor, "outcome": outcome,
                "text": HOSTILE, "basis": [finding.event.to_string(), finding.id.to_string()],
                "all_of": self.findings.len(),
            }))
        });
        steps.take(limit).collect()
    }

    fn answer(&self, sql: &str) -> Option<Vec<Row>> {
        let limit = after(sql, " LIMIT ").unwrap_or(usize::MAX);
        let each = after(sql, "nth <= ").unwrap_or(usize::MAX);
        let rows = match sql {
            q::EVENTS => vec![self.count_events()],
            q::FILES => vec![self.count_files()],
            q::READ_AS => self.read_as(),
            q::GAPS => vec![row(
                json!({"gaps": self.gaps.len(), "exhibits": distinct(self.gaps.iter().map(|gap| gap.exhibit))}),
            )],
            q::GAP_CAUSES => self.gap_causes(),
            q::EXPOSED_HOLDINGS | q::CONTACTS | q::INTRUDER_PLACES | q::STEPS | q::UNREGISTERED => Vec::new(),
            q::ATTEMPTS => self.attempts(),
            q::TRACES => vec![row(json!({
                "technique": "T1033", "seen_as": "program", "says": HOSTILE, "hosts": 3, "of": 1000, "yes": 996,
                "unsure": 2, "blind": 1,
            }))],
            q::INTRUDER => vec![row(json!({"sessions": 0}))],
            q::LEVELS => self.levels(),
            q::HOSTS => self.hosts(8),
            jsonl::TIMED => self.lines(true),
            jsonl::UNTIMED => self.lines(false),
            _ if sql == q::incidents(limit) => self.incidents(),
            _ if sql.contains(" FROM steps ") => self.steps(sql, limit),
            _ if sql == q::findings() => vec![self.count_findings()],
            _ if sql == q::affected("host", limit) => self.affected(limit, |finding| finding.host.as_deref()),
            _ if sql == q::affected("actor", limit) => {
                self.affected(limit, |finding| finding.actor.as_deref())
            }
            _ if sql == q::rules(each) => self.rules(each),
            _ if sql == q::named_by_rules("host", each) => {
                self.named(each, |finding| finding.host.as_deref())
            }
            _ if sql == q::named_by_rules("actor", each) => {
                self.named(each, |finding| finding.actor.as_deref())
            }
            _ if sql == q::first_findings(each) => self.first_findings(each),
            _ if sql == q::gaps(each, limit) => self.gap_rows(each, limit),
            _ if sql == q::readings(limit) => self.readings(limit),
            _ if sql == q::events(literals(sql).iter().map(String::as_str)) => {
                let ids = literals(sql);
                self.events
                    .iter()
                    .filter(|row| ids.iter().any(|id| id == row.text("id")))
                    .map(with_words)
                    .collect()
            }
            _ => return self.bins(sql),
        };
        Some(rows)
    }

    /// A log that is tried every day, and once far more.
    fn attempts(&self) -> Vec<Row> {
        let day = |(day, times): (usize, u64)| {
            let more = if times > 100 { "yes" } else { "no" };
            row(json!({
                "source": "vpn/attempts", "host": HOSTILE, "day": format!("2026-09-{:02}T00:00:00Z", 14 + day),
                "times": times, "usual": 30, "addresses": 4, "accounts": 9, "more_than_usual": more,
            }))
        };
        [31, 28, 412, 30].into_iter().enumerate().map(day).collect()
    }

    fn count_events(&self) -> Row {
        let texts = |column| distinct(self.events.iter().filter_map(move |row| row.some_text(column)));
        let times: Vec<Time> = self.events.iter().filter_map(|row| row.time("time")).collect();
        row(json!({
            "events": self.events.len(), "timed": times.len(), "hosts": texts("host"), "sources": texts("source"),
            "assumed": self.events.iter().filter(|row| row.some_text("time_assumed").is_some()).count(),
            "first": text(times.iter().min()), "last": text(times.iter().max()),
        }))
    }

    fn count_files(&self) -> Row {
        let readings = &self.run.readings;
        row(json!({
            "files": readings.len(), "members": readings.iter().filter(|reading| reading.member.is_some()).count(),
        }))
    }

    fn read_as(&self) -> Vec<Row> {
        let groups = groups(&self.run.readings, |reading| (reading.container, reading.format.clone()));
        groups
            .iter()
            .map(|((container, format), readings)| {
                row(json!({
                    "format": format, "container": container, "files": readings.len(),
                    "bytes": readings.iter().map(|reading| reading.bytes).sum::<u64>(),
                    "events": readings.iter().map(|reading| reading.events).sum::<u64>(),
                    "gaps": readings.iter().map(|reading| reading.gaps).sum::<u64>(),
                }))
            })
            .collect()
    }

    fn gap_causes(&self) -> Vec<Row> {
        let mut causes: Vec<Row> = groups(&self.gaps, |gap| gap.cause.as_str()).iter().map(|(cause, gaps)| row(json!({
            "cause": cause, "gaps": gaps.len(), "exhibits": distinct(gaps.iter().map(|gap| gap.exhibit)),
            "bytes": gaps.iter().map(|gap| gap.range.length).sum::<u64>(),
        }))).collect();
        causes.sort_by_key(|row| std::cmp::Reverse(row.number("gaps")));
        causes
    }

    fn levels(&self) -> Vec<Row> {
        groups(&self.findings, |finding| finding.level.as_str()).iter().map(|(level, findings)| row(json!({
            "level": level, "findings": findings.len(), "rules": distinct(findings.iter().map(rule_key)),
        }))).collect()
    }

    fn hosts(&self, limit: usize) -> Vec<Row> {
        let mut hosts: Vec<Row> = groups(&self.events, |row| row.some_text("host"))
            .iter()
            .filter_map(|(host, events)| Some(row(json!({"name": (*host)?, "events": events.len()}))))
            .collect();
        hosts.sort_by_key(|row| std::cmp::Reverse(row.number("events")));
        hosts.truncate(limit);
        hosts
    }

    fn count_findings(&self) -> Row {
        let findings = &self.findings;
        let mut cells = json!({
            "findings": findings.len(), "timed": findings.iter().filter(|f| f.time.is_some()).count(),
            "with_host": findings.iter().filter(|f| f.host.is_some()).count(),
            "with_actor": findings.iter().filter(|f| f.actor.is_some()).count(),
            "events": distinct(findings.iter().map(|f| f.event)), "rules": distinct(findings.iter().map(|f| &f.rule)),
            "hosts": distinct(findings.iter().filter_map(|f| f.host.as_ref())),
            "accounts": distinct(findings.iter().filter_map(|f| f.actor.as_ref())),
        });
        add_levels(&mut cells, &findings.iter().collect::<Vec<_>>());
        row(cells)
    }

    fn affected<'a>(&'a self, limit: usize, name: impl Fn(&'a Finding) -> Option<&'a str>) -> Vec<Row> {
        let mut rows: Vec<Row> = groups(&self.findings, |finding| name(finding)).iter().filter_map(|(name, findings)| {
            let mut cells = json!({"name": (*name)?, "findings": findings.len(), "rules": distinct(findings.iter().map(|f| &f.rule))});
            add_levels(&mut cells, findings);
            Some(row(cells))
        }).collect();
        rows.sort_by_key(|row| {
            std::cmp::Reverse(Level::ALL.iter().map(|level| row.number(level.as_str())).collect::<Vec<_>>())
        });
        rows.truncate(limit);
        rows
    }

    fn rules(&self, each: usize) -> Vec<Row> {
        let mut rules: Vec<(RuleKey<'_>, Vec<&Finding>)> =
            groups(&self.findings, rule_key).into_iter().collect();
        rules.sort_by_key(|(key, findings)| (std::cmp::Reverse((key.1, findings.len())), key.0, key.2));
        let mut of_level: BTreeMap<Level, usize> = BTreeMap::new();
        rules.retain(|(key, _)| {
            let nth = of_level.entry(key.1).or_default();
            *nth += 1;
            *nth <= each
        });
        rules
            .iter()
            .map(|((rule, level, title), findings)| {
                let mut cells = json!({
                    "rule": rule, "level": level, "title": title, "findings": findings.len(),
                    "hosts": distinct(findings.iter().filter_map(|f| f.host.as_ref())),
                    "accounts": distinct(findings.iter().filter_map(|f| f.actor.as_ref())),
                });
                add_levels(&mut cells, findings);
                row(cells)
            })
            .collect()
    }

    fn named<'a>(&'a self, each: usize, name: impl Fn(&'a Finding) -> Option<&'a str>) -> Vec<Row> {
        let mut rows = Vec::new();
        for ((rule, level, title), findings) in groups(&self.findings, rule_key) {
            let mut names: Vec<(usize, &str)> = groups(findings, |finding| name(finding))
                .into_iter()
                .filter_map(|(name, findings)| Some((findings.len(), name?)))
                .collect();
            names.sort_by_key(|(n, name)| (std::cmp::Reverse(*n), *name));
            rows.extend(names.iter().take(each).map(|(n, name)| {
                row(json!({"rule": rule, "level": level, "title": title, "name": name, "n": n}))
            }));
        }
        rows
    }

    fn first_findings(&self, each: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        for (_, mut findings) in groups(&self.findings, rule_key) {
            findings.sort_by_key(|finding| (finding.time.is_none(), finding.time, finding.id));
            rows.extend(findings.into_iter().take(each).map(|finding| row(json!({
                "id": finding.id, "rule": finding.rule, "level": finding.level, "title": finding.title, "tags": finding.tags,
                "event": finding.event, "fields": finding.fields,
            }))));
        }
        rows
    }

    fn gap_rows(&self, each: usize, limit: usize) -> Vec<Row> {
        let groups = groups(&self.gaps, |gap| gap.cause.as_str());
        groups.values().flat_map(|gaps| gaps.iter().take(each)).take(limit).map(|gap| row(json!({
            "id": gap.id, "exhibit": gap.exhibit, "member": gap.member, "offset": gap.range.offset, "length": gap.range.length,
            "cause": gap.cause, "detail": gap.detail,
        }))).collect()
    }

    fn readings(&self, limit: usize) -> Vec<Row> {
        let mut readings: Vec<&Reading> = self.run.readings.iter().collect();
        readings.sort_by_key(|reading| {
            (
                reading.format.is_some() || reading.container,
                std::cmp::Reverse((reading.gaps, reading.events)),
                &reading.exhibit,
                &reading.member,
            )
        });
        readings.iter().take(limit).map(|reading| row(serde_json::to_value(reading).unwrap())).collect()
    }

    fn lines(&self, timed: bool) -> Vec<Row> {
        let findings = groups(&self.findings, |finding| finding.event.to_string());
        let mut events: Vec<&Row> =
            self.events.iter().filter(|row| row.time("time").is_some() == timed).collect();
        events.sort_by_key(|row| (row.time("time"), row.text("id").to_owned()));
        events
            .into_iter()
            .map(|event| {
                let mut event = with_words(event);
                let of = findings.get(event.text("id"));
                event.0.push((
                    "titles".into(),
                    of.map_or(Value::Null, |of| of.iter().map(|f| json!(f.title)).collect()),
                ));
                event.0.push((
                    "rule_tags".into(),
                    of.map_or(Value::Null, |of| of.iter().map(|f| json!(f.tags)).collect()),
                ));
                event
            })
            .collect()
    }

    fn bins(&self, sql: &str) -> Option<Vec<Row>> {
        let step = after(sql, "INTERVAL '")? as i64;
        let bounds: Vec<Time> = sql
            .split("TIMESTAMP '")
            .skip(2)
            .filter_map(|rest| row(json!({"t": rest.split('\'').next()})).time("t"))
            .collect();
        // Bounds beyond what a time can say were cut off; their steps were not.
        let nanoseconds = i128::from(step) * 1_000_000_000;
        let from = i128::from(bounds.first()?.0).div_euclid(nanoseconds) as i64 * step;
        let to = (i128::from(bounds.get(1)?.0) + nanoseconds - 1).div_euclid(nanoseconds) as i64 * step;
        let window = Window { from, to, step };
        let hosts = literals(sql);
        let names = || hosts.iter().map(String::as_str);
        let by_host =
            sql == q::event_bins_of(&window, names()) || sql == q::finding_bins_of(&window, names());
        let of_events = sql == q::event_bins(&window) || sql == q::event_bins_of(&window, names());
        let of_findings = sql == q::finding_bins(&window) || sql == q::finding_bins_of(&window, names());
        let mut things: Vec<(Option<Time>, Option<&str>, &str)> = Vec::new();
        if of_events {
            things.extend(self.events.iter().map(|row| (row.time("time"), row.some_text("host"), "")));
        } else if of_findings {
            things.extend(self.findings.iter().map(|f| (f.time, f.host.as_deref(), f.level.as_str())));
        } else {
            return None;
        }
        let mut bins: BTreeMap<(i64, Option<&str>, &str), u64> = BTreeMap::new();
        for (time, host, level) in things {
            let Some(second) = time.map(|time| time.0.div_euclid(1_000_000_000)) else { continue };
            let wanted = !by_host || host.is_some_and(|host| hosts.iter().any(|h| h == host));
            if wanted && (window.from..window.to).contains(&second) {
                *bins
                    .entry((second.div_euclid(step) * step, host.filter(|_| by_host), level))
                    .or_default() += 1;
            }
        }
        Some(bins.iter().map(|((at, host, level), n)| {
            row(json!({"bucket": Time(at.saturating_mul(1_000_000_000)).to_string(), "host": host, "level": level, "n": n}))
        }).collect())
    }
}

/// A made-up intrusion among ordinary work.
mod rich {
    use super::*;

    const HOSTS: &[&str] = &["DC01", "FS02", "MAIL01", "WS-114", "WS-131", "JUMP01", "VPN-GW"];
    const ACCOUNTS: &[&str] = &[
        "COURT\\svc-backup",
        "COURT\\a.ngata",
        "COURT\\m.haas",
        "COURT\\l.petrov",
        "NT AUTHORITY\\SYSTEM",
        "COURT\\adm-okafor",
        "COURT\\r.diaz",
        "COURT\\intern-07",
    ];

    /// Title, level, tags, findings, hour of the first, hosts that it touches.
    type Rule = (&'static str, Level, &'static [&'static str], usize, i64, usize);
    const RULES: &[Rule] = &[
        (
            "LSASS memory read by an unsigned process",
            Level::Critical,
            &["attack.credential-access", "attack.t1003.001"],
            3,
            31,
            2,
        ),
        (
            "Directory replication requested by an account that is no domain controller",
            Level::Critical,
            &["attack.credential-access", "attack.t1003.006"],
            1,
            55,
            1,
        ),
        ("Security log cleared", Level::High, &["attack.defense-evasion", "attack.t1070.001"], 2, 122, 2),
        (
            "Password-protected archive made in a staging folder",
            Level::High,
            &["attack.collection", "attack.t1560.001"],
            9,
            76,
            2,
        ),
        (
            "Service installed from an administrative share",
            Level::High,
            &["attack.lateral-movement", "attack.t1021.002"],
            14,
            33,
            4,
        ),
        (
            "Mailbox forwarding rule to an outside domain",
            Level::High,
            &["attack.collection", "attack.t1114.003"],
            4,
            80,
            1,
        ),
        (
            "Application consent granted with full mail access",
            Level::High,
            &["attack.persistence", "attack.t1098.003"],
            2,
            79,
            1,
        ),
        (
            "Kerberos ticket with weak encryption requested in bulk",
            Level::Medium,
            &["attack.credential-access", "attack.t1558.003"],
            41,
            34,
            2,
        ),
        (
            "Remote desktop session from a workstation to a server",
            Level::Medium,
            &["attack.lateral-movement", "attack.t1021.001"],
            23,
            36,
            3,
        ),
        (
            "Scheduled task created by a script host",
            Level::Medium,
            &["attack.persistence", "attack.t1053.005"],
            12,
            40,
            4,
        ),
        (
            "PowerShell download and run in one line",
            Level::Medium,
            &["attack.execution", "attack.t1059.001"],
            18,
            30,
            3,
        ),
        ("Logon at an unusual hour", Level::Low, &["attack.initial-access", "attack.t1078"], 96, 2, 7),
        ("Enumeration of domain groups", Level::Low, &["attack.discovery", "attack.t1069.002"], 52, 29, 4),
        ("New process in a user-writable folder", Level::Informational, &["attack.execution"], 61, 5, 7),
    ];

    pub(super) fn fake() -> Fake {
        let mut fake = Fake::empty();
        fake.run.case = "Registry inquiry 2026/14: unauthorised access to the document store".into();
        let mut chance = 42u64;
        let mut next = move |below: u64| {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (chance >> 33) % below
        };
        let exhibits: Vec<ExhibitId> = HOSTS
            .iter()
            .enumerate()
            .map(|(n, host)| {
                let trust =
                    [Trust::UntrustedHost, Trust::UntrustedHost, Trust::SelfReported, Trust::Trusted][n % 4];
                fake.exhibit(
                    &format!("2026-09-18 collection/{host}/C/Windows/System32/winevt/Logs/Security.evtx"),
                    n as u8 + 1,
                    20_975_616 + n as u64 * 1_048_576,
                    trust,
                )
            })
            .collect();
        let zip = fake.exhibit("2026-09-18 collection/mail-audit.zip", 40, 3_118_804, Trust::SelfReported);
        let strange = fake.exhibit(
            "2026-09-18 collection/WS-131/C/ProgramData/cache.dat",
            41,
            88_213,
            Trust::UntrustedHost,
        );
        for _ in 0..5000 {
            let day = next(14) as i64;
            let hour = [8, 9, 9, 10, 11, 11, 13, 14, 14, 15, 16, 17, 2, 22][next(14) as usize];
            let host = next(7) as usize;
            let quiet = day % 7 >= 5 && next(5) > 0;
            if !quiet {
                let mut event = logon(
                    START - 7200 + day * 86_400 + hour * 3600 + next(3600) as i64,
                    HOSTS[host],
                    ACCOUNTS[1 + next(7) as usize],
                );
                event.ranges[0].offset = 4096 + fake.events.len() as u64 * 712;
                fake.read(exhibits[host], None, "evtx", &event);
            }
        }
        for (number, (title, level, tags, many, hour, spread)) in RULES.iter().enumerate() {
            for n in 0..*many as i64 {
                let host = (next(*spread as u64) as usize + number) % 7;
                let at = START + hour * 3600 + n * (200 + next(9000) as i64);
                fake.read(
                    exhibits[host],
                    None,
                    "evtx",
                    &suspicious(at, number, host, fake.events.len() as u64, ACCOUNTS[next(6) as usize]),
                );
                let last = fake.events.len() - 1;
                fake.find(
                    &format!("3f1c{number:04x}-7d2e-4b8a-9c31-5a0f6e{number:06x}"),
                    title,
                    *level,
                    tags,
                    last,
                );
            }
        }
        for n in 0..16 {
            fake.gap(
                exhibits[n % 3],
                None,
                69_632 + n as u64 * 65_536,
                412,
                Cause::UnreadableRecord,
                "record 10482: expected `**\\0\\0`, found 00 00 00 00",
            );
        }
        fake.gap(
            exhibits[1],
            None,
            20_910_080,
            65_536,
            Cause::UnreadableBlock,
            "chunk 319: checksum of the header does not agree; all 118 records it should hold are lost",
        );
        fake.gap(
            strange,
            None,
            0,
            88_213,
            Cause::Unrecognised,
            "first bytes 7f 45 1a 00: no format knows them",
        );
        fake.gap(
            zip,
            Some("audit/2026-09-12.json"),
            118_804,
            0,
            Cause::Truncated,
            "the line that begins at 118,804 has no end",
        );
        for (n, exhibit) in exhibits.iter().enumerate() {
            fake.reading(*exhibit, None, Some("evtx"), 700 + n as u64 * 31, [6, 6, 5, 0, 0, 0, 0][n]);
        }
        fake.reading(zip, None, Some("zip"), 0, 0);
        for day in 8..20 {
            fake.reading(
                zip,
                Some(&format!("audit/2026-09-{day:02}.json")),
                Some("json"),
                90 + day,
                u64::from(day == 12),
            );
        }
        fake.reading(strange, None, None, 0, 1);
        fake.not_run("the evidence holds no events of windows/process_creation", 1164);
        fake.not_run("the evidence holds no events of linux/auditd", 212);
        fake.not_run("modifier `fieldref` is not known to this version", 9);
        fake.not_run("correlation rules are not run yet", 31);
        for (n, host) in HOSTS.iter().enumerate() {
            let n64 = n as i64;
            let state = [State::Partial, State::Partial, State::Complete, State::Untrusted][n % 4];
            let cause = [
                Some(CoverageCause::Cleared),
                Some(CoverageCause::IdGap),
                None,
                Some(CoverageCause::Cleared),
            ][n % 4];
            let because = [
                "the log was cleared at 2026-09-15 04:11:09; what stood before is not here",
                "record numbers jump from 10,481 to 10,600",
                "record numbers run from 88 to 9,310 without a hole",
                "cleared by an account that the findings name",
            ][n % 4];
            fake.cover(
                host,
                "windows/Security",
                n64 * 40_000,
                1_100_000 - n64 * 20_000,
                state,
                cause,
                because,
            );
            if n % 2 == 0 {
                fake.cover(
                    host,
                    "windows/Microsoft-Windows-PowerShell/Operational",
                    200_000 + n64 * 9000,
                    700_000,
                    State::Partial,
                    None,
                    "wholeness is not shown: the source has no sequence",
                );
            }
        }
        fake.cover("MAIL01", "m365/audit", 0, 0, State::None, None, "no record");
        let last = fake.run.coverage.len() - 1;
        (fake.run.coverage[last].from, fake.run.coverage[last].to) = (None, None);
        fake
    }

    fn suspicious(at: i64, rule: usize, host: usize, nth: u64, actor: &str) -> Event {
        let mut event = logon(at, HOSTS[host], actor);
        event.ranges =
            vec![Range { offset: 4096 + nth * 712, length: 684 }, Range { offset: 4096, length: 65_536 }];
        let objects = [
            "C:\\Windows\\System32\\lsass.exe",
            "DC=court,DC=int",
            "C:\\ProgramData\\Intel\\stage\\~r7.7z",
            "\\\\FS02\\ADMIN$\\PSEXESVC.exe",
            "registry@court.int",
            "C:\\Users\\m.haas\\AppData\\Local\\Temp\\kb51.ps1",
        ];
        event.verb =
            [Verb::Read, Verb::Read, Verb::Archive, Verb::Execute, Verb::Forward, Verb::Execute][rule % 6];
        event.object = Some(objects[rule % 6].into());
        event.object_kind = Some(ObjectKind::Process);
        event.fields.push((
            "CommandLine".into(),
            Some(format!("powershell.exe -nop -w hidden -enc {}", "SQBFAFgA".repeat(20))),
        ));
        event.fields.push(("ProcessGuid".into(), Some("{8a1c0b12-44f1-66e7-0000-0010b2c10400}".into())));
        event
    }
}
