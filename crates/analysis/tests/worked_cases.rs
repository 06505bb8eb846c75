//! Do the 38 worked cases of the grades come out as they are written?
//!
//! One row a case: what the source says, in the spine's words, and what may be said then. Cases 1 to
//! 32 are acts; 33 to 38, and those whose point is what an act carries to, are small inquiries with
//! hand-made tables.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use assize_analysis::expose::{Answer, Covered, Evidence, Fact, Held, Ruled, What, Whose, Window, expose};
use assize_analysis::grades::{Act, Reach, Side, worth};
use assize_analysis::locate::Index;
use assize_analysis::reach::Loose;
use assize_analysis::register::{Given, Unveiled, import};
use assize_model::coverage::{Cause, State};
use assize_model::spine::{Client, ObjectKind, Outcome, Qualifier, Scope, Verb};
use assize_model::{Grade, Protected, Register, Time};

use Grade::{Collected, Left, Listed, None as Nothing, Opened};
use Side::{Inside, Outside, Unknown};

/// `read file browser partial`: verb, then kind, client, scope, qualifiers and outcome in any order.
fn act(words: &str) -> Act {
    let mut words = words.split(' ');
    let verb = words.next().unwrap();
    let verb = *Verb::ALL.iter().find(|one| one.as_str() == verb).unwrap();
    let mut act = Act {
        verb,
        kind: None,
        scope: None,
        client: Client::Unknown,
        qualifiers: vec![],
        outcome: Outcome::Success,
        moved: false,
        handle: false,
    };
    for word in words {
        // `unknown` is a kind here; a client that is not known is not written.
        if let Some(kind) = ObjectKind::ALL.iter().find(|one| one.as_str() == word) {
            act.kind = Some(*kind);
        } else if let Some(client) = Client::ALL.iter().find(|one| one.as_str() == word) {
            act.client = *client;
        } else if let Some(scope) = Scope::ALL.iter().find(|one| one.as_str() == word) {
            act.scope = Some(*scope);
        } else if let Some(qualifier) = Qualifier::ALL.iter().find(|one| one.as_str() == word) {
            act.qualifiers.push(*qualifier);
        } else {
            match word {
                "bytes" => act.moved = true,
                "handle" => act.handle = true,
                "failed" => act.outcome = Outcome::Failure,
                "denied" => act.outcome = Outcome::Denied,
                "perhaps" => act.outcome = Outcome::Unknown,
                _ => panic!("{word}"),
            }
        }
    }
    act
}

/// Case, act, side, established, kept open at least, what it carries to.
type Case = (u8, &'static str, Side, Grade, Grade, Reach);

#[rustfmt::skip]
const ACTS: &[Case] = &[
    (1, "read file", Inside, Opened, Collected, Reach::Object),
    (2, "read unknown", Inside, Listed, Opened, Reach::Object),
    (3, "read unknown check-only handle", Inside, Listed, Opened, Reach::Object),
    (4, "read unknown check-only", Inside, Nothing, Opened, Reach::Object),
    (5, "connect share", Inside, Nothing, Opened, Reach::Content),
    (6, "list folder container", Inside, Listed, Listed, Reach::Children),
    (7, "read message browser", Outside, Opened, Left, Reach::Object),
    (8, "read message api", Outside, Left, Left, Reach::Object),
    (8, "read message desktop", Outside, Left, Left, Reach::Object),
    (8, "read message", Unknown, Opened, Left, Reach::Object),
    (9, "sync folder container sync", Outside, Left, Left, Reach::Content),
    (10, "sync mailbox container sync", Outside, Nothing, Left, Reach::Touched),
    (11, "sync folder container sync", Inside, Collected, Collected, Reach::Content),
    (12, "read message browser throttled", Outside, Opened, Left, Reach::Object),
    (12, "read message api throttled", Outside, Left, Left, Reach::Object),
    (13, "read message service background", Unknown, Nothing, Left, Reach::Object),
    (14, "read file browser", Outside, Opened, Left, Reach::Object),
    (15, "read file browser preview", Outside, Listed, Opened, Reach::Object),
    (16, "download file sync", Outside, Left, Left, Reach::Object),
    (16, "download file sync", Inside, Collected, Collected, Reach::Object),
    (16, "download file sync", Unknown, Collected, Left, Reach::Object),
    (17, "search file browser", Outside, Listed, Listed, Reach::Object),
    (18, "forward mailbox container", Outside, Nothing, Left, Reach::Content),
    (18, "forward message item", Outside, Left, Left, Reach::Object),
    (19, "export mailbox container", Inside, Collected, Collected, Reach::Content),
    (19, "download mailbox container", Outside, Left, Left, Reach::Content),
    (20, "read file api", Outside, Left, Left, Reach::Object),
    (20, "read file api partial", Outside, Left, Left, Reach::Object),
    (20, "read file api", Inside, Opened, Collected, Reach::Object),
    (20, "list file api", Outside, Listed, Listed, Reach::Object),
    (21, "query row-set", Inside, Opened, Collected, Reach::Touched),
    (21, "query row-set aggregated", Inside, Listed, Listed, Reach::Touched),
    (22, "export table container", Inside, Collected, Collected, Reach::Content),
    (22, "export table container", Outside, Left, Left, Reach::Content),
    (23, "archive file item", Inside, Collected, Collected, Reach::Object),
    (23, "archive folder container perhaps", Inside, Nothing, Collected, Reach::Content),
    (24, "upload file bytes", Outside, Left, Left, Reach::Object),
    (24, "upload file bytes denied", Outside, Left, Left, Reach::Object),
    (25, "transfer site bytes", Outside, Nothing, Left, Reach::Object),
    (26, "clone host container", Inside, Collected, Collected, Reach::Plane),
    (26, "snapshot host container", Inside, Collected, Collected, Reach::Plane),
    (27, "clone directory-database container", Inside, Collected, Collected, Reach::Object),
    (28, "read file desktop", Inside, Opened, Opened, Reach::Object),
    (29, "read unknown bytes", Inside, Opened, Collected, Reach::Object),
    (29, "read unknown bytes partial", Inside, Opened, Collected, Reach::Object),
    (30, "print file", Inside, Collected, Collected, Reach::Object),
    (30, "print file", Unknown, Collected, Left, Reach::Object),
    (31, "send message item", Outside, Left, Left, Reach::Object),
    (31, "share file", Outside, Nothing, Left, Reach::Object),
    (32, "copy file", Outside, Collected, Left, Reach::Object),
    (32, "write medium", Inside, Collected, Left, Reach::Object),
    (33, "export certificate", Inside, Collected, Collected, Reach::Object),
];

#[test]
fn acts() {
    for (case, words, side, established, open, reach) in ACTS {
        let got = worth(&act(words), *side);
        assert_eq!(got.established, *established, "case {case}, {words}, {side:?}: established");
        assert!(
            got.open >= *open,
            "case {case}, {words}, {side:?}: at least {open:?} open, got {:?}",
            got.open
        );
        assert_eq!(got.reach, *reach, "case {case}, {words}: carries to");
        assert!(got.cases.contains(case), "case {case}, {words}: the row cites {:?}", got.cases);
    }
}

#[test]
fn every_case_is_in_a_row_or_an_inquiry() {
    let inquiries = [10, 12, 13, 18, 25, 33, 34, 35, 36, 37, 38];
    for case in 1..=38 {
        assert!(ACTS.iter().any(|row| row.0 == case) || inquiries.contains(&case), "case {case}");
    }
}

// ---- small inquiries ------------------------------------------------------------------------

const WINDOW: Window = Window { from: Some(Time(100)), to: Some(Time(200)) };

struct Small {
    register: Register,
    facts: Vec<Fact>,
    coverage: Vec<Covered>,
    loose: Vec<Loose>,
    held: Vec<Held>,
    ruled: Vec<Ruled>,
}

fn small() -> Small {
    let files = [
        (
            "holdings.csv",
            "holding_id,title,kind,locators,log_sources,name_is_sensitive\n\
            H-1,Statements,folder,\\\\FS01\\Cases\\CT,windows/Security,no\n\
            H-2,Inbox,mailbox,a.b@court.example:\\Inbox,m365,no\n",
        ),
        (
            "items.csv",
            "item_id,holding_id,locator,title,bytes,subjects\n\
            M-1,H-1,\\\\FS01\\Cases\\CT\\one.docx,,10,P-1\nM-2,H-1,\\\\FS01\\Cases\\CT\\two.docx,,10,P-2\n\
            M-3,H-2,<3@court.example>,,10,P-1\nM-4,H-2,<4@court.example>,,10,P-2\n",
        ),
        ("subjects.csv", "subject_id,type,role\nP-1,individual,witness\nP-2,individual,witness\n"),
        (
            "rights.csv",
            "principal,right,object,via,from,to\n\
            COURT\\anna,read,\\\\FS01\\Cases,,,\nCOURT\\root,administer,HV01,,,\nCOURT\\root,administer,FS01,,,\n\
            COURT\\anna,owner,a.b@court.example:\\Inbox,,,\n",
        ),
        ("planes.csv", "plane_id,kind,host,holds_kind,holds,from,to\nPL-1,hypervisor,HV01,host,FS01,,\n"),
    ];
    let files: Vec<Given> = files
        .iter()
        .map(|(name, text)| Given { name: (*name).to_owned(), text: Protected::new((*text).to_owned()) })
        .collect();
    let row = |source: &str, host: Option<&str>| Covered {
        source: source.into(),
        host: host.map(Into::into),
        from: Some(Time(0)),
        to: Some(Time(300)),
        state: State::Complete,
        cause: None,
        assumption: None,
        basis: vec!["e-cover".into()],
    };
    Small {
        register: import(&files, &mut Unveiled).register,
        facts: vec![],
        coverage: vec![row("windows/Security", Some("FS01")), row("m365", None)],
        loose: vec![],
        held: vec![],
        ruled: vec![],
    }
}

fn fact(whose: Whose, words: &str, object: &str, side: Side) -> Fact {
    Fact {
        whose,
        session: Some("s-1".into()),
        account: Some(r"COURT\anna".into()),
        object: Some(object.into()),
        within: None,
        source: "windows/Security".into(),
        host: Some("FS01".into()),
        act: act(words),
        side,
        from: Some(Time(150)),
        to: Some(Time(150)),
        times: 1,
        basis: vec!["e-act".into()],
    }
}

fn ruled(what: What, key: &str) -> Ruled {
    Ruled {
        what,
        key: key.into(),
        established: None,
        not_excluded: None,
        published: None,
        decision: "d-1".into(),
        reason: "seen on paper (an officer)".into(),
    }
}

fn loose(account: Option<&str>) -> Loose {
    Loose {
        account: account.map(Into::into),
        host: None,
        from: Some(Time(120)),
        to: None,
        because: "a session of it is not cleared".into(),
        basis: vec!["s-1".into()],
    }
}

impl Small {
    fn answers(&self) -> Vec<Answer> {
        let index = Index::of(&self.register, None);
        let evidence = Evidence {
            register: &self.register,
            index: &index,
            facts: &self.facts,
            coverage: &self.coverage,
            loose: &self.loose,
            held: &self.held,
            window: WINDOW,
            assumptions: &[],
            ruled: &self.ruled,
        };
        expose(&evidence).unwrap()
    }

    /// Bounds of an item (`M-1`), holding (`H-1`) or subject in a holding (`P-1 in H-1`).
    fn bounds(&self, key: &str) -> (Grade, Grade) {
        let answers = self.answers();
        let found = answers.iter().find(|answer| self.key(answer) == key).unwrap();
        (found.exposure.established(), found.exposure.not_excluded())
    }

    fn key(&self, answer: &Answer) -> String {
        let holding = &self.register.holdings[answer.holding].key;
        match (answer.item, answer.subject) {
            (Some(item), _) => self.register.items[item].key.clone(),
            (None, Some(subject)) => format!("{} in {holding}", self.register.subjects[subject].key),
            (None, None) => holding.clone(),
        }
    }
}

#[test]
fn case_10_an_unknown_folder_touches_the_mailbox_and_leaves_every_message_open() {
    let mut small = small();
    let mut sync = fact(Whose::Intruder, "sync mailbox container sync", "a.b@court.example", Outside);
    (sync.source, sync.host) = ("m365".into(), None);
    sync.within = Some(r"a.b@court.example:\Inbox".into());
    small.facts.push(sync);
    assert_eq!(small.bounds("M-3"), (Nothing, Left));
    assert_eq!(small.bounds("M-4"), (Nothing, Left));
    assert_eq!(small.bounds("M-1"), (Nothing, Nothing), "another holding");
}

#[test]
fn case_12_a_throttled_mailbox_is_open_while_it_is() {
    let mut small = small();
    small.loose.push(loose(Some(r"court\anna")));
    assert_eq!(small.bounds("M-3"), (Nothing, Nothing), "whole, and nothing shown");
    small.coverage.retain(|row| row.source != "m365");
    for (from, to, state, cause) in [
        (0, 140, State::Complete, None),
        (140, 160, State::Partial, Some(Cause::IdGap)),
        (160, 300, State::Complete, None),
    ] {
        small.coverage.push(Covered {
            source: "m365".into(),
            host: None,
            from: Some(Time(from)),
            to: Some(Time(to)),
            state,
            cause,
            assumption: None,
            basis: vec!["e-t".into()],
        });
    }
    assert_eq!(small.bounds("M-3"), (Nothing, Left));
}

#[test]
fn case_13_a_cleared_service_keeps_nothing_open() {
    let mut small = small();
    for (whose, bounds) in [(Whose::Cleared, (Nothing, Nothing)), (Whose::Undetermined, (Nothing, Left))] {
        let mut bind = fact(whose, "read message service background", "<3@court.example>", Unknown);
        (bind.source, bind.host) = ("m365".into(), None);
        small.facts = vec![bind];
        assert_eq!(small.bounds("M-3"), bounds, "{whose:?}");
    }
}

#[test]
fn case_18_a_rule_keeps_open_what_it_may_match() {
    let mut small = small();
    let mut rule = fact(Whose::Intruder, "forward mailbox container", r"a.b@court.example:\Inbox", Outside);
    (rule.source, rule.host) = ("m365".into(), None);
    small.facts.push(rule);
    assert_eq!(small.bounds("M-3"), (Nothing, Left));
    let mut trace = fact(Whose::Intruder, "forward message item", "<4@court.example>", Outside);
    (trace.source, trace.host) = ("m365".into(), None);
    small.facts.push(trace);
    assert_eq!(small.bounds("M-4"), (Left, Left));
    assert_eq!(small.bounds("H-2"), (Left, Left));
}

#[test]
fn case_25_bytes_out_keep_open_what_was_opened_before() {
    let mut small = small();
    small.facts.push(fact(Whose::Intruder, "read file", r"\\FS01\Cases\CT\one.docx", Inside));
    assert_eq!(small.bounds("M-1"), (Opened, Left));
    assert_eq!(small.bounds("M-2"), (Nothing, Nothing), "nothing shows it, and the log is whole");
    assert_eq!(small.bounds("H-1"), (Opened, Left));
    assert_eq!(small.bounds("P-1 in H-1"), (Opened, Left));
    assert_eq!(small.bounds("P-2 in H-1"), (Nothing, Nothing), "other items do not count against him");
}

#[test]
fn case_33_a_stolen_key_opens_every_path_that_it_opens() {
    let mut small = small();
    small.coverage.clear();
    assert_eq!(small.bounds("M-1"), (Nothing, Nothing), "nobody who is not cleared had a right");
    small.loose.push(Loose { because: "whoever copied the directory is everybody".into(), ..loose(None) });
    assert_eq!(small.bounds("M-1"), (Nothing, Left));
    assert_eq!(small.bounds("M-3"), (Nothing, Left));
}

#[test]
fn case_34_what_is_seen_outside_has_left_or_may_have() {
    let mut small = small();
    small.ruled.push(Ruled { published: Some(true), ..ruled(What::Item, "M-1") });
    assert_eq!(small.bounds("M-1"), (Nothing, Left));
}

#[test]
fn case_35_a_log_that_was_never_on_closes_nothing() {
    let mut small = small();
    small.loose.push(loose(Some(r"court\anna")));
    small.coverage.retain(|row| row.source == "m365");
    assert_eq!(small.bounds("M-1"), (Nothing, Left));
    let answers = small.answers();
    let text: Vec<String> = answers.iter().map(|answer| answer.exposure.sentence()).collect();
    assert!(
        text.iter().any(|text| text.contains("days without a trustworthy windows/Security log of fs01")),
        "{text:?}"
    );
    // Where nobody had a right, no log is needed.
    small.loose.clear();
    assert_eq!(small.bounds("M-1"), (Nothing, Nothing));
}

#[test]
fn case_36_a_closed_door_does_not_close_the_others() {
    let mut small = small();
    small.loose.push(loose(Some(r"court\root")));
    // The file log is whole and its readers are cleared; nothing says who was at the hypervisor.
    assert_eq!(small.bounds("M-1"), (Nothing, Left));
    assert_eq!(small.bounds("M-3"), (Nothing, Nothing), "it does not hold the mail");
}

#[test]
fn case_37_every_path_closed_is_the_only_bare_no() {
    let small = small();
    for answer in small.answers() {
        let bounds = (answer.exposure.established(), answer.exposure.not_excluded());
        assert_eq!(bounds, (Nothing, Nothing));
        assert!(answer.exposure.sentence().starts_with("No access"));
        assert!(!answer.exposure.assumptions().is_empty(), "under printed assumptions");
    }
}

#[test]
fn case_38_an_event_that_names_no_session_may_be_either_s() {
    let mut small = small();
    let mut read = fact(Whose::Undetermined, "read file", r"\\FS01\Cases\CT\one.docx", Inside);
    read.session = None;
    small.facts.push(read);
    assert_eq!(small.bounds("M-1").0, Nothing);
    assert!(small.bounds("M-1").1 >= Opened);
}

#[test]
fn a_machine_that_the_intruder_held_gives_what_lies_on_it() {
    let mut small = small();
    small.held.push(Held { host: "FS01".into(), from: Some(Time(150)), basis: vec!["e-held".into()] });
    assert_eq!(small.bounds("M-1"), (Nothing, Left));
}

/// Under fixed attributions: less evidence never narrows, more never takes away, order changes nothing.
#[test]
fn less_evidence_never_narrows_and_more_never_takes_away() {
    let mut full = small();
    full.loose.push(loose(Some(r"court\anna")));
    full.facts.push(fact(Whose::Intruder, "read file", r"\\FS01\Cases\CT\one.docx", Inside));
    full.facts.push(fact(
        Whose::Undetermined,
        "read unknown check-only",
        r"\\FS01\Cases\CT\two.docx",
        Inside,
    ));
    let bounds = |small: &Small| -> Vec<(String, (Grade, Grade))> {
        let answers = small.answers();
        answers
            .iter()
            .map(|a| (small.key(a), (a.exposure.established(), a.exposure.not_excluded())))
            .collect()
    };
    let before: BTreeMap<_, _> = bounds(&full).into_iter().collect();
    let wider = |small: &Small, what: &str| {
        for (key, (least, most)) in bounds(small) {
            let Some((old_least, old_most)) = before.get(&key) else { continue };
            assert!(
                least <= *old_least && most >= *old_most,
                "{what}: {key} from {:?} to {:?}",
                before[&key],
                (least, most)
            );
        }
    };
    for row in 0..full.coverage.len() {
        let mut less = small();
        (less.facts, less.loose) = (full.facts.clone(), full.loose.clone());
        less.coverage.remove(row);
        // The log is gone, and with it what it showed.
        let gone = full.coverage[row].source.clone();
        less.facts.retain(|fact| fact.source != gone);
        wider(&less, &format!("without {gone}"));
    }
    let mut more = small();
    (more.facts, more.loose) = (full.facts.clone(), full.loose.clone());
    more.loose.push(loose(Some(r"court\root")));
    for (key, (least, most)) in bounds(&more) {
        assert!(least >= before[&key].0 && most >= before[&key].1, "another identity: {key}");
    }
    let mut turned = small();
    (turned.facts, turned.loose) = (full.facts.clone(), full.loose.clone());
    turned.facts.reverse();
    turned.coverage.reverse();
    assert_eq!(turned.answers(), full.answers(), "order");
    // A row dropped from the register: nobody else becomes safer.
    let mut dropped = small();
    (dropped.facts, dropped.loose) = (full.facts.clone(), full.loose.clone());
    dropped.register.items.retain(|item| item.key != "M-1");
    for (key, (_, most)) in bounds(&dropped) {
        assert!(before.get(&key).is_none_or(|(_, old)| most >= *old), "{key} became safer");
    }
}

/// A connection says that somebody was there; what he did stands in the same log, if it is whole. Where it is not,
/// or the folder is not audited and a check is all there is, the way stays open.
#[test]
fn a_whole_log_says_what_came_of_a_connection() {
    let mut small = small();
    small.facts.push(fact(Whose::Undetermined, "connect share", r"\\FS01\Cases", Inside));
    assert_eq!(small.bounds("H-1"), (Nothing, Nothing));
    small.coverage.retain(|row| row.source != "windows/Security");
    assert_eq!(small.bounds("H-1").1, Left);
    let mut small = self::small();
    let check = fact(Whose::Undetermined, "read unknown check-only", r"\\FS01\Cases\CT\one.docx", Inside);
    small.facts.push(check.clone());
    assert!(small.bounds("M-1").1 >= Opened, "a check without a use may be all that is written");
    small.facts.push(Fact { act: act("read file denied"), ..check });
    assert_eq!(small.bounds("M-1").1, Nothing, "the file system refused it");
}

#[test]
fn people_overrule_what_was_derived_and_are_named() {
    let mut small = small();
    small.ruled.push(Ruled { established: Some(Opened), ..ruled(What::Item, "M-1") });
    assert_eq!(small.bounds("M-1"), (Opened, Opened));
    assert_eq!(small.bounds("H-1"), (Opened, Opened), "its holding has at least that");
    small.ruled.push(Ruled { not_excluded: Some(Left), ..ruled(What::Holding, "H-1") });
    assert_eq!(small.bounds("H-1"), (Opened, Left));
    let answers = small.answers();
    let item = answers.iter().find(|answer| answer.item.is_some() && answer.exposure.established() == Opened);
    assert!(item.unwrap().because.iter().any(|line| line.contains("d-1")));
}
