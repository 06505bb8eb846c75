//! What do public peers make of the same events?

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use assize_model::{Batch, RuleFile, Scan};
use assize_sigma::RuleSet;
use rsigma_eval::Engine;
use rsigma_eval::event::JsonEvent;
use rsigma_parser::{LogSource, parse_sigma_yaml};
use serde_json::{Map, Value};

use crate::input::Set;

/// rsigma-eval with the rules that it takes.
pub struct Peer {
    engine: Engine,
}

/// An event as it wants it: flat, with the log source worked out.
pub struct Event {
    value: Value,
    source: LogSource,
    /// The same under the other categories of its event id: the peer takes one at a time.
    others: Vec<LogSource>,
}

/// Rule → hits of ours alone, hits of the peer's alone, hits of both.
pub type Differences = BTreeMap<String, [usize; 3]>;

impl Peer {
    pub fn load(files: &[RuleFile]) -> Self {
        // A file that it refuses costs that file only; all rules at once, because it builds its index
        // anew whenever rules are added.
        let collections: Vec<_> = files.iter().filter_map(|file| parse_sigma_yaml(&file.text).ok()).collect();
        let mut engine = Engine::new();
        engine.add_rules(collections.iter().flat_map(|collection| &collection.rules));
        Self { engine }
    }

    pub fn rules(&self) -> usize {
        self.engine.rule_count()
    }

    pub fn hits(&self, events: &[Event]) -> usize {
        events.iter().map(|event| self.rules_of(event).len()).sum()
    }

    fn rules_of(&self, event: &Event) -> Vec<rsigma_eval::EvaluationResult> {
        self.engine.evaluate_with_logsource(&JsonEvent::borrow(&event.value), &event.source)
    }

    pub fn compare(&self, rules: &RuleSet, set: &Set, events: &[Event], differences: &mut Differences) {
        let known: BTreeMap<&str, String> = rules
            .rules()
            .iter()
            .map(|rule| (rule.id.as_str(), format!("{} ({})", rule.title, rule.logsource)))
            .collect();
        let mut events = events.iter();
        for batch in &set.batches {
            let mut scan = Scan::default();
            rules.scan(batch, &mut scan);
            let mut ours = vec![BTreeSet::new(); batch.len()];
            for hit in &scan.hits {
                let rule = &rules.rules()[hit.rule];
                ours[hit.row].insert(format!("{} ({})", rule.title, rule.logsource));
            }
            for (row, event) in events.by_ref().take(batch.len()).enumerate() {
                let name = |id: Option<&String>| id.and_then(|id| known.get(id.as_str()).cloned());
                let others = event.others.iter().flat_map(|source| {
                    self.engine.evaluate_with_logsource(&JsonEvent::borrow(&event.value), source)
                });
                let found = self.rules_of(event).into_iter().chain(others);
                let theirs: BTreeSet<String> =
                    found.filter_map(|hit| name(hit.header.rule_id.as_ref())).collect();
                let mut count =
                    |name: &String, which: usize| differences.entry(name.clone()).or_default()[which] += 1;
                ours[row].difference(&theirs).for_each(|name| count(name, 0));
                theirs.difference(&ours[row]).for_each(|name| count(name, 1));
                ours[row].intersection(&theirs).for_each(|name| count(name, 2));
            }
        }
    }
}

/// Rules about which the two differ, and why: each cause stands in docs/sigma.md with the section of the
/// specification that decides it.
const EXPLAINED: &[(&str, &str)] = &[("Renamed ProcDump Execution", "windash")];

/// Rules that differ without a known cause.
pub fn unexplained(differences: &Differences) -> Vec<&str> {
    let differs = differences.iter().filter(|(_, counts)| counts[0] + counts[1] > 0);
    let is_known = |rule: &str| EXPLAINED.iter().any(|(title, _)| rule.starts_with(title));
    differs.map(|(rule, _)| rule.as_str()).filter(|rule| !is_known(rule)).collect()
}

/// Sums and the rules that differ.
pub fn tell(differences: &Differences) {
    let sum = |which: usize| differences.values().map(|counts| counts[which]).sum::<usize>();
    println!(
        "Both: {}; ours alone: {}; rsigma-eval's alone: {}. Rules that differ:\n",
        sum(2),
        sum(0),
        sum(1)
    );
    println!("| rule | ours alone | theirs alone | both |\n|---|---|---|---|");
    for (rule, [ours, theirs, both]) in differences.iter().filter(|(_, counts)| counts[0] + counts[1] > 0) {
        println!("| {rule} | {ours} | {theirs} | {both} |");
    }
}

/// How many files can be read as rules.
pub fn parse(files: &[RuleFile]) -> usize {
    files.iter().filter(|file| std::hint::black_box(parse_sigma_yaml(&file.text)).is_ok()).count()
}

/// What `evtx_dump -o jsonl` does.
pub fn print(file: &[u8]) {
    let Ok(parser) = evtx::EvtxParser::from_buffer(file.to_vec()) else { return };
    let settings = evtx::ParserSettings::new().indent(false).num_threads(1);
    let mut sink = std::io::sink();
    for record in parser.with_configuration(settings).records_json().flatten() {
        let _ = writeln!(sink, "{}", std::hint::black_box(record.data));
    }
}

pub fn events(batches: &[Batch]) -> Vec<Event> {
    let rows = batches.iter().flat_map(|batch| (0..batch.len()).map(move |row| (batch, row)));
    rows.map(|(batch, row)| event(batch, row)).collect()
}

fn event(batch: &Batch, row: usize) -> Event {
    let mut fields = Map::new();
    for (name, value) in batch.fields(row) {
        let value = value.map_or(Value::Null, |text| match text.parse::<i64>() {
            // Its numbers are numbers of JSON.
            Ok(number) if name == "EventID" => number.into(),
            _ => text.into(),
        });
        match fields.get_mut(name) {
            None => drop(fields.insert(name.to_owned(), value)),
            Some(Value::Array(values)) => values.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    let (product, channel) =
        batch.text("source", row).and_then(|source| source.split_once('/')).unwrap_or_default();
    let id = fields.get("EventID").and_then(Value::as_i64).unwrap_or_default();
    let (category, service) = routed(channel, id);
    if id == 4688 && channel == "Security" {
        for (own, sigma) in [
            ("ProcessId", "ParentProcessId"),
            ("NewProcessName", "Image"),
            ("NewProcessId", "ProcessId"),
            ("ParentProcessName", "ParentImage"),
            ("MandatoryLabel", "IntegrityLevel"),
            ("SubjectLogonId", "LogonId"),
        ] {
            if let Some(value) = fields.get(own).cloned() {
                fields.insert(sigma.to_owned(), value);
            }
        }
    }
    let source = LogSource {
        product: Some(product.to_owned()),
        category: category.map(str::to_owned),
        service: service.map(str::to_owned),
        ..LogSource::default()
    };
    let other = |category: &str| LogSource { category: Some(category.to_owned()), ..source.clone() };
    let others = match (category, id) {
        (Some("registry_add"), _) => vec![other("registry_event"), other("registry_delete")],
        (Some("registry_set" | "registry_rename"), _) => vec![other("registry_event")],
        _ => Vec::new(),
    };
    Event { value: Value::Object(fields), source, others }
}

/// Category and service as the specification's taxonomy gives them; one category for an event, which is all
/// that the peer takes.
fn routed(channel: &str, id: i64) -> (Option<&'static str>, Option<&'static str>) {
    match (channel, id) {
        ("Microsoft-Windows-Sysmon/Operational", id) => (sysmon(id), Some("sysmon")),
        ("Security", 4688) => (Some("process_creation"), Some("security")),
        ("Security", 4689) => (Some("process_termination"), Some("security")),
        ("Security", _) => (None, Some("security")),
        ("System", _) => (None, Some("system")),
        ("Application", _) => (None, Some("application")),
        ("Microsoft-Windows-PowerShell/Operational", 4103) => (Some("ps_module"), Some("powershell")),
        ("Microsoft-Windows-PowerShell/Operational", 4104) => (Some("ps_script"), Some("powershell")),
        ("Microsoft-Windows-PowerShell/Operational", _) => (None, Some("powershell")),
        ("Windows PowerShell", 400) => (Some("ps_classic_start"), Some("powershell-classic")),
        ("Windows PowerShell", 600) => (Some("ps_classic_provider_start"), Some("powershell-classic")),
        ("Windows PowerShell", _) => (None, Some("powershell-classic")),
        ("Microsoft-Windows-WMI-Activity/Operational", _) => (None, Some("wmi")),
        ("Microsoft-Windows-Windows Defender/Operational", _) => (None, Some("windefend")),
        ("Microsoft-Windows-TaskScheduler/Operational", _) => (None, Some("taskscheduler")),
        ("Microsoft-Windows-Bits-Client/Operational", _) => (None, Some("bits-client")),
        ("Microsoft-Windows-Windows Firewall With Advanced Security/Firewall", _) => {
            (None, Some("firewall-as"))
        }
        _ => (None, None),
    }
}

fn sysmon(id: i64) -> Option<&'static str> {
    Some(match id {
        1 => "process_creation",
        2 => "file_change",
        3 => "network_connection",
        4 | 16 => "sysmon_status",
        5 => "process_termination",
        6 => "driver_load",
        7 => "image_load",
        8 => "create_remote_thread",
        9 => "raw_access_thread",
        10 => "process_access",
        11 => "file_event",
        12 => "registry_add",
        13 => "registry_set",
        14 => "registry_rename",
        15 => "create_stream_hash",
        17 | 18 => "pipe_created",
        19..=21 => "wmi_event",
        22 => "dns_query",
        23 | 26 => "file_delete",
        25 => "process_tampering",
        255 => "sysmon_error",
        _ => return None,
    })
}
