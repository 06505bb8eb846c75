//! How long do exposures take, from facts and coverage to answers?
//!
//! `cargo run --release -p assize-analysis --example expose_speed -- FACTS`
//! An institution of 3,000 holdings with 30,000 records, 4,000 subjects and 300 machines; FACTS acts (what SQL
//! makes of some millions of events) of 900 accounts, of which some are not cleared. Reading events from the
//! tables is not in it.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::time::Instant;

use assize_analysis::expose::{Covered, Evidence, Fact, Whose, Window, expose, narrow};
use assize_analysis::grades::{Act, Side};
use assize_analysis::locate::Index;
use assize_analysis::reach::Loose;
use assize_analysis::register::{Given, Unveiled, import};
use assize_model::coverage::State;
use assize_model::spine::{Client, ObjectKind, Outcome, Scope, Verb};
use assize_model::{Protected, Register, Time};

const HOLDINGS: usize = 3_000;
const ITEMS: usize = 30_000;
const SUBJECTS: usize = 4_000;
const HOSTS: usize = 300;
const ACCOUNTS: usize = 900;
const DAY: i64 = 86_400_000_000_000;
const DAYS: i64 = 400;

fn main() {
    let many: usize = std::env::args().nth(1).map_or(500_000, |text| text.parse().unwrap());
    let register = register();
    let (facts, coverage, loose) = (facts(many), coverage(), loose());
    let began = Instant::now();
    let index = Index::of(&register, None);
    let evidence = Evidence {
        register: &register,
        index: &index,
        facts: &facts,
        coverage: &coverage,
        loose: &loose,
        held: &[],
        window: Window { from: Some(Time(0)), to: Some(Time(DAYS * DAY)) },
        assumptions: &[],
        ruled: &[],
    };
    let answers = expose(&evidence).unwrap();
    let (steps, _) = narrow(&answers);
    println!(
        "{} facts, {} rows of coverage: {} answers, {} steps in {:.2} s",
        facts.len(),
        coverage.len(),
        answers.len(),
        steps.len(),
        began.elapsed().as_secs_f64()
    );
}

fn server(holding: usize) -> usize {
    holding % 40
}

fn folder(holding: usize) -> String {
    format!(r"\\FS{:02}\Cases\CT{holding:04}", server(holding))
}

fn register() -> Register {
    let mut holdings = String::from("holding_id,title,kind,locators,log_sources\n");
    let mut items = String::from("item_id,holding_id,locator,title,bytes,subjects\n");
    let mut subjects = String::from("subject_id,type,role\n");
    let mut rights = String::from("principal,right,object,via,from,to\n");
    let mut planes = String::from("plane_id,kind,host,holds_kind,holds,from,to\n");
    let mut accounts = String::from("account,upn,kind\n");
    for holding in 0..HOLDINGS {
        writeln!(holdings, "H-{holding},Records,folder,{},windows/Security", folder(holding)).unwrap();
        writeln!(rights, r"COURT\Team{},read,{},,,", holding % 120, folder(holding)).unwrap();
    }
    for item in 0..ITEMS {
        let holding = item % HOLDINGS;
        let place = format!(r"{}\{item}.docx", folder(holding));
        writeln!(items, "M-{item},H-{holding},{place},,10,P-{}", item % SUBJECTS).unwrap();
    }
    for subject in 0..SUBJECTS {
        writeln!(subjects, "P-{subject},individual,witness").unwrap();
    }
    for account in 0..ACCOUNTS {
        writeln!(accounts, r"COURT\u{account},,person").unwrap();
        writeln!(rights, r"COURT\u{account},member,COURT\Team{},,,", account % 120).unwrap();
    }
    for server in 0..40 {
        writeln!(planes, "PL-1,hypervisor,HV{:02},host,FS{server:02},,", server % 4).unwrap();
        writeln!(planes, "PL-2,backup,BK01,host,FS{server:02},,").unwrap();
    }
    writeln!(rights, r"COURT\u899,administer,HV01,,,").unwrap();
    let files = [
        ("holdings.csv", holdings),
        ("items.csv", items),
        ("subjects.csv", subjects),
        ("rights.csv", rights),
        ("planes.csv", planes),
        ("accounts.csv", accounts),
    ];
    let given = files.map(|(name, text)| Given { name: name.to_owned(), text: Protected::new(text) });
    import(&given, &mut Unveiled).register
}

fn facts(many: usize) -> Vec<Fact> {
    let verbs = [Verb::Read, Verb::List, Verb::Connect, Verb::Download, Verb::Search];
    let fact = |number: usize| {
        let item = number.wrapping_mul(7919) % ITEMS;
        let holding = item % HOLDINGS;
        let verb = verbs[number % verbs.len()];
        let (object, kind) = match verb {
            Verb::Connect => (Some(format!(r"\\FS{:02}\Cases", server(holding))), ObjectKind::Share),
            Verb::List => (Some(folder(holding)), ObjectKind::Folder),
            Verb::Search => (None, ObjectKind::File),
            _ => (Some(format!(r"{}\{item}.docx", folder(holding))), ObjectKind::File),
        };
        let at = Some(Time((number as i64 % DAYS) * DAY + DAY / 2));
        Fact {
            whose: if number.is_multiple_of(50) { Whose::Intruder } else { Whose::Undetermined },
            session: Some(format!("s-{}", number % 5_000)),
            account: Some(format!(r"COURT\u{}", number % 60)),
            object,
            within: None,
            source: "windows/Security".into(),
            host: Some(format!("FS{:02}", server(holding))),
            act: Act {
                verb,
                kind: Some(kind),
                scope: Some(Scope::Item),
                client: Client::Unknown,
                qualifiers: vec![],
                outcome: Outcome::Success,
                moved: false,
                handle: false,
            },
            side: Side::Inside,
            from: at,
            to: at,
            times: 1,
            basis: vec![format!("e-{number}")],
        }
    };
    (0..many).map(fact).collect()
}

/// Six logs of every machine, in stretches of ten days; one in fifty has a hole.
fn coverage() -> Vec<Covered> {
    let mut rows = Vec::new();
    for host in 0..HOSTS {
        let name = if host < 40 { format!("FS{host:02}") } else { format!("WS{host:03}") };
        for source in ["Security", "System", "Application", "Sysmon", "PowerShell", "TaskScheduler"] {
            for stretch in 0..DAYS / 10 {
                let hole = (host as i64 + stretch) % 50 == 0;
                rows.push(Covered {
                    source: format!("windows/{source}"),
                    host: Some(name.clone()),
                    from: Some(Time(stretch * 10 * DAY)),
                    to: Some(Time((stretch + 1) * 10 * DAY)),
                    state: if hole { State::Partial } else { State::Complete },
                    cause: None,
                    assumption: None,
                    basis: vec![format!("e-c{host}")],
                });
            }
        }
    }
    rows
}

fn loose() -> Vec<Loose> {
    let one = |account: usize| Loose {
        account: Some(format!(r"court\u{account}")),
        host: None,
        from: None,
        to: None,
        because: "a session of it is not cleared".into(),
        basis: vec![format!("s-{account}")],
    };
    (0..60).map(one).collect()
}
