//! What becomes of files of rules: what runs, what is listed, in which order, with which words?
#![allow(clippy::unwrap_used)] // a test reads its own files and may fail

use assize_model::batch::{Batcher, Origin};
use assize_model::{Batch, Event, ExhibitId, Gap, Level, Range, RuleFile, Scan, Sink};
use assize_sigma::{ALL, RuleSet, SIGMA, lint};

fn file(name: &str, text: &str) -> RuleFile {
    RuleFile { name: name.into(), text: text.into() }
}

fn rule(id: &str, detection: &str) -> String {
    format!(
        "title: T\nid: {id}\nlogsource:\n  product: windows\n  service: security\ndetection:\n  {detection}\nlevel: high\n"
    )
}

fn reasons(rules: &RuleSet) -> Vec<String> {
    rules
        .not_run()
        .iter()
        .map(|rule| format!("{} line {}: {}", rule.file, rule.line.unwrap_or(0), rule.reason))
        .collect()
}

#[test]
fn the_same_rule_twice_is_one_and_another_of_its_id_is_listed() {
    let one = rule("a", "{s: {A: 1}, condition: s}");
    let other = rule("a", "{s: {A: 2}, condition: s}");
    let files = [file("3.yml", &other), file("2.yml", &one), file("1.yml", &one)];
    let rules = RuleSet::load(&files);
    let names: Vec<&str> = rules.rules().iter().map(|rule| rule.file.as_str()).collect();
    assert_eq!(names, ["1.yml"]);
    assert_eq!(reasons(&rules), ["3.yml line 2: duplicate id of 1.yml"]);
}

#[test]
fn a_rule_without_id_is_called_by_its_file() {
    let text = "title: T\nlogsource: {product: windows}\ndetection: {s: {A: 1}, condition: s}\n";
    let two = RuleSet::load(&[file("d/x.yml", &format!("{text}---\n{text}level: Critical\ntags: b.c\n"))]);
    let shape: Vec<_> =
        two.rules().iter().map(|rule| (rule.id.as_str(), rule.level, rule.tags.len())).collect();
    assert_eq!(shape, [("d/x.yml", Level::Informational, 0), ("d/x.yml#2", Level::Critical, 1)]);
    assert_eq!(two.rules()[0].logsource, "windows");
}

#[test]
fn reasons_name_the_line_in_the_file() {
    let text = format!(
        "{}---\n# why\ntitle: [\n---\n{}---\nlist\n",
        rule("a", "{s: {A: 1}, condition: s}"),
        rule("b", "s:\n    A: 1\n    B|resembles: 2\n  condition: s")
    );
    let rules = RuleSet::load(&[file("x.yml", &text)]);
    assert_eq!(rules.rules().len(), 1);
    let reasons = reasons(&rules);
    assert_eq!(reasons[0], "x.yml line 21: unknown modifier `resembles`");
    assert!(reasons[1].starts_with("x.yml line 11: not YAML: "), "{reasons:?}");
    assert_eq!(reasons[2], "x.yml line 24: document is not a map");
}

#[test]
fn warnings_of_the_parser_do_not_keep_a_rule_from_running() {
    let text = rule("a", "{s: {A: 1}, condition: s}") + "status: odd\nrelated: nonsense\ndate: never\n";
    let rules = RuleSet::load(&[file("x.yml", &text)]);
    assert_eq!((rules.rules().len(), rules.not_run().len()), (1, 0));
}

#[test]
fn check_remarks_on_what_is_to_be_mended() {
    let text = "title: T\nid: x\ntags:\n  - Attack T1\nlogsource:\n  product: windows\ndetection:\n  s:\n    A: 1\n  \
                idle:\n    B: 1\n  timeframe: 5m\n  condition: s\nlevel: hihg\n";
    let broken = rule("929a690e-bef0-4204-a928-ef5e620d6fcc", "{s: {A: 1}, condition: t}");
    let checked = lint::check(&[file("b.yml", &broken), file("a.yml", text)]);
    let told = |index: usize| -> Vec<String> {
        let tell =
            |remark: &lint::Remark| format!("{} {:?} {}", remark.line, remark.severity, remark.message);
        checked[index].remarks.iter().map(tell).collect()
    };
    assert_eq!(
        told(0),
        [
            "2 Warning id `x` is no UUID",
            "4 Warning tag `Attack T1` is not of the form namespace.name",
            "10 Warning selection `idle` is not used by the condition",
            "12 Warning timeframe belongs to correlations and is ignored",
            "14 Warning `hihg` is not a level: informational is assumed",
        ]
    );
    assert_eq!(told(1)[0], "7 Error condition names `t`, which is no selection");
}

#[derive(Default)]
struct Kept(Vec<Batch>);

impl Sink for Kept {
    fn batch(&mut self, batch: Batch) -> std::io::Result<()> {
        self.0.push(batch);
        Ok(())
    }

    fn gap(&mut self, _: Gap) -> std::io::Result<()> {
        Ok(())
    }
}

fn batch(events: &[(&str, &[(&str, &str)])]) -> Batch {
    let origin = Origin { exhibit: ExhibitId::of_digest(&[7; 32]), member: None, format: "evtx" };
    let mut kept = Kept::default();
    let mut batcher = Batcher::new(origin, &mut kept);
    for (offset, (source, fields)) in (0..).zip(events) {
        let mut event = Event::at(Range { offset, length: 1 }, *source);
        event.fields = fields.iter().map(|(name, value)| ((*name).into(), Some((*value).into()))).collect();
        batcher.event(&event).unwrap();
    }
    batcher.finish().unwrap();
    kept.0.remove(0)
}

#[test]
fn the_detector_scans_batches_in_order() {
    let files = [
        file("b.yml", &rule("b", "{s: {EventID: 1102}, condition: s}")),
        file(
            "a.yml",
            &rule(
                "a",
                "{s: {EventID: [1, 1102], 'User|contains': ali}, f: {Host: x}, condition: s and not f}",
            ),
        ),
        file(
            "c.yml",
            &rule("c", "{s: {A: 1}, condition: s}").replace("service: security", "service: system"),
        ),
    ];
    let batch = batch(&[
        ("windows/Security", &[("EventID", "1102"), ("User", "Alice"), ("Other", "x")]),
        ("json", &[("EventID", "1102"), ("User", "Alice")]),
        ("windows/Security", &[("EventID", "1102"), ("User", "Bob")]),
    ]);
    assert_eq!(ALL.iter().map(|detector| detector.card().name).collect::<Vec<_>>(), ["sigma"]);
    let scanner = assize_model::Detector::load(&SIGMA, &files);
    let mut scan = Scan::default();
    scanner.scan(&batch, &mut scan);
    let hits: Vec<_> = scan.hits.iter().map(|hit| (hit.row, hit.rule, hit.fields.join(" "))).collect();
    assert_eq!(hits, [(0, 0, "EventID User".into()), (0, 1, "EventID".into()), (2, 1, "EventID".into())]);
    assert_eq!(scan.logsources.iter().collect::<Vec<_>>(), ["windows/security"]);

    let rules = RuleSet::load(&files);
    assert!(rules.evaluate(0, &batch, 0) && !rules.evaluate(0, &batch, 1) && !rules.evaluate(0, &batch, 2));
    let why = rules.explain(0, &batch, 1);
    assert!(!why.is_match && why.condition.is_true);
    assert!(why.to_string().contains("windows/security is channel Security; this event is json"));
}

#[test]
fn an_explanation_can_be_kept_as_json_and_cannot_act_on_a_terminal() {
    let rules = RuleSet::load(&[file("a.yml", &rule("a", "{s: {'A|contains': x}, condition: s}"))]);
    let value = format!("x\u{1b}[31m\u{202e}\n{}", "y".repeat(500));
    let record = assize_sigma::Record::new("windows/Security", [("A", Some(value.as_str()))]);
    let why = rules.explain_record(0, &record);
    let text = why.to_string();
    assert!(text.contains(r"\u{1b}") && text.contains(r"\u{202e}") && text.contains("more characters"));
    assert!(text.lines().all(|line| line.chars().all(|char| !char.is_control())));
    let json = serde_json::to_value(&why).unwrap();
    assert_eq!(json["condition"]["selection"]["condition"]["test"]["looked_at"][0]["value"], value);
}
