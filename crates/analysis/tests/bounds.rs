//! Do the bounds move only the way they may?
//!
//! Small worlds made by dice: holdings, rights, planes, logs with holes, acts of all hands. Attributions are fixed,
//! as the acts carry them. Then something is taken away or added, and the answers are compared:
//! what is not known can only widen.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use assize_analysis::expose::{Answer, Covered, Evidence, Fact, Held, Ruled, What, Whose, Window, expose};
use assize_analysis::grades::{Act, Side};
use assize_analysis::locate::Index;
use assize_analysis::reach::Loose;
use assize_analysis::register::{Given, Unveiled, import};
use assize_model::coverage::{Cause, State};
use assize_model::spine::{Client, ObjectKind, Outcome, Qualifier, Scope, Verb};
use assize_model::{Grade, Protected, Register, Time};

/// Worlds that are made; each is changed in every way.
const WORLDS: u64 = 150;
const ACCOUNTS: [&str; 4] = [r"COURT\anna", r"COURT\bela", r"COURT\adm", r"COURT\stranger"];
const OBJECTS: [&str; 9] = [
    r"\\FS01\Cases\CT\one.docx",
    r"D:\Shares\Cases\CT\two.docx",
    r"\\FS01\Cases\CT",
    r"\\FS01\Cases",
    r"\\FS01\Cases\CT\unlisted.docx",
    "a.b@court.example",
    "<3@court.example>",
    "HV01",
    r"\\FS01\Other\x",
];

/// A small generator of our own, so that a world is its number.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

#[derive(Clone)]
struct World {
    register: Register,
    facts: Vec<Fact>,
    coverage: Vec<Covered>,
    loose: Vec<Loose>,
    held: Vec<Held>,
    ruled: Vec<Ruled>,
    window: Window,
}

fn register() -> Register {
    let files = [
        (
            "holdings.csv",
            "holding_id,title,kind,locators,log_sources,name_is_sensitive,copies_of\n\
            H-1,Statements,folder,\\\\FS01\\Cases\\CT; \\\\FS01\\D$\\Shares\\Cases\\CT,windows/Security,no,\n\
            H-2,Inbox,mailbox,a.b@court.example:\\Inbox,m365,yes,\n\
            H-3,Copies,folder,\\\\BK01\\Copies,windows/Security,no,H-1\n",
        ),
        (
            "items.csv",
            "item_id,holding_id,locator,title,bytes,subjects\nM-1,H-1,\\\\FS01\\Cases\\CT\\one.docx,,10,P-1\n\
            M-2,H-1,\\\\FS01\\Cases\\CT\\two.docx,,10,P-2\nM-3,H-2,<3@court.example>,,10,P-1\n",
        ),
        ("subjects.csv", "subject_id,type,role\nP-1,individual,witness\nP-2,individual,witness\n"),
        (
            "accounts.csv",
            "account,upn,kind\nCOURT\\anna,,person\nCOURT\\bela,,person\nCOURT\\adm,,administrator\n",
        ),
        (
            "rights.csv",
            "principal,right,object,via,from,to\nCOURT\\anna,member,COURT\\Team,,,\nCOURT\\Team,read,\\\\FS01\\Cases,,,\n\
            COURT\\adm,administer,HV01,,,\nCOURT\\bela,owner,a.b@court.example:\\Inbox,,,\nCOURT\\adm,administer,DC01,,,\n",
        ),
        (
            "planes.csv",
            "plane_id,kind,host,holds_kind,holds,from,to\nPL-1,hypervisor,HV01,host,FS01,,\n\
            PL-2,identity_provider,DC01,host,FS01,,\nPL-3,backup,BK01,host,FS01,,\n",
        ),
    ];
    let given = |(name, text): &(&str, &str)| Given {
        name: (*name).to_owned(),
        text: Protected::new((*text).to_owned()),
    };
    import(&files.iter().map(given).collect::<Vec<_>>(), &mut Unveiled).register
}

/// The clocks of servers may differ by an hour: a world is some days long.
const HOUR: i64 = 3_600_000_000_000;

fn world(number: u64) -> World {
    let mut dice = Dice(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let facts = (0..dice.below(14)).map(|number| fact(&mut dice, number)).collect();
    let coverage = (0..2 + dice.below(5)).map(|_| covered(&mut dice)).collect();
    let loose = (0..dice.below(4)).map(|_| loose(&mut dice)).collect();
    let held = Held {
        host: dice.of(&["FS01", "WS01", "DC01"]).into(),
        from: Some(Time(30 * HOUR)),
        basis: vec!["e-held".into()],
    };
    World {
        register: register(),
        facts,
        coverage,
        loose,
        held: if dice.below(4) == 0 { vec![held] } else { vec![] },
        ruled: vec![],
        window: Window { from: Some(Time(0)), to: Some(Time(100 * HOUR)) },
    }
}

fn fact(dice: &mut Dice, number: usize) -> Fact {
    let at = Time(dice.below(100) as i64 * HOUR);
    let account = dice.of(&ACCOUNTS);
    let verbs = [
        Verb::Read,
        Verb::List,
        Verb::Connect,
        Verb::Search,
        Verb::Download,
        Verb::Sync,
        Verb::Clone,
        Verb::Upload,
    ];
    let kinds = [
        None,
        Some(ObjectKind::File),
        Some(ObjectKind::Folder),
        Some(ObjectKind::Share),
        Some(ObjectKind::Message),
    ];
    let check = dice.below(4) == 0;
    Fact {
        whose: dice.of(&[Whose::Intruder, Whose::Undetermined, Whose::Cleared]),
        session: (dice.below(3) > 0).then(|| format!("s-{account}")),
        account: (dice.below(5) > 0).then(|| account.to_owned()),
        object: (dice.below(6) > 0).then(|| dice.of(&OBJECTS).to_owned()),
        within: None,
        source: dice.of(&["windows/Security", "m365", "zeek/smb_files"]).into(),
        host: Some("FS01".into()),
        act: Act {
            verb: dice.of(&verbs),
            kind: dice.of(&kinds),
            scope: dice.of(&[None, Some(Scope::Item), Some(Scope::Container)]),
            client: dice.of(&[Client::Unknown, Client::Browser, Client::Api]),
            qualifiers: if check { vec![Qualifier::CheckOnly] } else { vec![] },
            outcome: dice.of(&[Outcome::Success, Outcome::Success, Outcome::Denied, Outcome::Unknown]),
            moved: dice.below(2) == 0,
            handle: false,
        },
        side: dice.of(&[Side::Inside, Side::Outside, Side::Unknown]),
        from: Some(at),
        to: Some(at),
        times: 1,
        basis: vec![format!("e-{number}")],
    }
}

fn covered(dice: &mut Dice) -> Covered {
    let from = dice.of(&[0, 0, 0, 20, 50]);
    let whole = dice.below(4) > 0;
    let (source, host) =
        dice.of(&[("windows/Security", Some("FS01")), ("m365", None), ("windows/Security", Some("BK01"))]);
    Covered {
        source: source.into(),
        host: host.map(Into::into),
        from: Some(Time(from * HOUR)),
        to: Some(Time(dice.of(&[40, 100, 100, 101]) * HOUR)),
        state: if whole { State::Complete } else { State::Partial },
        cause: (!whole).then_some(Cause::IdGap),
        assumption: None,
        basis: vec!["e-cover".into()],
    }
}

fn loose(dice: &mut Dice) -> Loose {
    Loose {
        account: Some(dice.of(&ACCOUNTS[..3]).to_lowercase()),
        host: dice.of(&[None, Some("hv01"), Some("fs01")]).map(str::to_owned),
        from: dice.of(&[None, Some(Time(30 * HOUR))]),
        to: None,
        because: "a session of it is not cleared".into(),
        basis: vec!["s-1".into()],
    }
}

type Bounds = BTreeMap<(String, String), (Grade, Grade)>;

impl World {
    fn answers(&self) -> Vec<Answer> {
        let index = Index::of(&self.register, None);
        let evidence = Evidence {
            register: &self.register,
            index: &index,
            facts: &self.facts,
            coverage: &self.coverage,
            loose: &self.loose,
            held: &self.held,
            window: self.window,
            assumptions: &[],
            ruled: &self.ruled,
        };
        expose(&evidence).unwrap()
    }

    fn bounds(&self) -> Bounds {
        let answers = self.answers();
        let key = |answer: &Answer| {
            let item = answer.item.map_or("", |item| self.register.items[item].key.as_str());
            let subject = answer.subject.map_or("", |subject| self.register.subjects[subject].key.as_str());
            (self.register.holdings[answer.holding].key.clone(), [item, subject].concat())
        };
        let bounds = |answer: &Answer| (answer.exposure.established(), answer.exposure.not_excluded());
        answers.iter().map(|answer| (key(answer), bounds(answer))).collect()
    }
}

/// Holds two worlds against each other, thing by thing.
fn compare(
    number: u64,
    what: &str,
    before: &Bounds,
    after: &Bounds,
    may: impl Fn((Grade, Grade), (Grade, Grade)) -> bool,
) {
    for (thing, old) in before {
        let new = after.get(thing).unwrap_or_else(|| panic!("world {number}, {what}: {thing:?} is gone"));
        assert!(may(*old, *new), "world {number}, {what}: {thing:?} went from {old:?} to {new:?}");
    }
}

#[test]
fn less_evidence_never_excludes_more_nor_establishes_more() {
    let mut moved = 0;
    for number in 0..WORLDS {
        let world = world(number);
        let before = world.bounds();
        // A whole log, or a stretch of it: coverage goes, and with it what it showed of acts that are cleared.
        for row in 0..world.coverage.len() {
            let mut less = world.clone();
            less.coverage.remove(row);
            let after = less.bounds();
            moved += usize::from(after != before);
            compare(number, "a log's stretch is gone", &before, &after, |old, new| {
                new.0 == old.0 && new.1 >= old.1
            });
        }
        // A record of a numbered source: its act goes, and the stretch has a hole.
        for fact in 0..world.facts.len() {
            let mut less = world.clone();
            let gone = less.facts.remove(fact);
            less.coverage.retain(|row| row.source != gone.source);
            // A use that is gone tells no longer what came of a check.
            compare(number, "a record is gone", &before, &less.bounds(), |old, new| new.0 <= old.0);
        }
    }
    assert!(moved > 30, "these worlds do not move: {moved}");
}

#[test]
fn more_doubt_narrows_nothing() {
    for number in 0..WORLDS {
        let world = world(number);
        let before = world.bounds();
        let mut dice = Dice(number + 77);
        let wider = |old: (Grade, Grade), new: (Grade, Grade)| new.0 >= old.0 && new.1 >= old.1;
        let mut more = world.clone();
        more.loose.push(loose(&mut dice));
        compare(number, "one more identity", &before, &more.bounds(), wider);
        let mut more = world.clone();
        more.window = Window { from: Some(Time(-50 * HOUR)), to: Some(Time(150 * HOUR)) };
        compare(number, "a wider window", &before, &more.bounds(), wider);
        let mut more = world.clone();
        let mut right = more.register.rights[0].clone();
        (right.principal, right.right, right.object) =
            (dice.of(&ACCOUNTS[..3]).into(), "read".into(), dice.of(&OBJECTS).into());
        more.register.rights.push(right);
        compare(number, "one more right", &before, &more.bounds(), wider);
        let mut more = world.clone();
        more.facts.push(Fact { whose: Whose::Intruder, ..fact(&mut dice, 99) });
        compare(number, "one more exhibit", &before, &more.bounds(), |old, new| new.0 >= old.0);
    }
}

#[test]
fn a_holding_has_the_maximum_of_its_items() {
    for number in 0..WORLDS {
        let mut world = world(number);
        let ruled = Ruled {
            what: What::Item,
            key: "M-1".into(),
            established: (number % 3 == 0).then_some(Grade::Opened),
            not_excluded: None,
            published: (number % 2 == 0).then_some(true),
            decision: "d-1".into(),
            reason: "seen in print".into(),
        };
        world.ruled.push(ruled);
        let bounds = world.bounds();
        for ((holding, thing), of_item) in bounds.iter().filter(|((_, thing), _)| thing.starts_with('M')) {
            let whole = bounds[&(holding.clone(), String::new())];
            assert!(
                whole.0 >= of_item.0 && whole.1 >= of_item.1,
                "world {number}: {holding} {whole:?}, {thing} {of_item:?}"
            );
        }
    }
}

#[test]
fn the_order_of_input_changes_nothing() {
    for number in 0..WORLDS {
        let world = world(number);
        let mut turned = world.clone();
        turned.facts.reverse();
        turned.coverage.reverse();
        turned.loose.reverse();
        assert_eq!(world.answers(), turned.answers(), "world {number}");
    }
}
