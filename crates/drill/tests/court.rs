//! Is the institution that a seed founds whole, and the same each time?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::RangeInclusive;

use assize_drill::court::{
    AccountKind, Court, DutyKind, Holder, HoldingId, HostKind, ItemId, PersonId, Place, Role, Size,
    SubjectKind,
};
use assize_drill::moment::{DAY, Moment};
use assize_drill::register;

fn size(staff: u32, days: u32, hosts: u32) -> Size {
    Size { staff, days, hosts, from: Moment::of_date(2026, 9, 7) }
}

fn found(staff: u32, days: u32, hosts: u32) -> Court {
    Court::found(7, &size(staff, days, hosts))
}

/// From the smallest that there can be to the largest that is asked for.
const SIZES: [(u32, u32, u32); 7] =
    [(8, 1, 12), (12, 3, 12), (40, 10, 30), (40, 30, 60), (120, 5, 100), (300, 10, 340), (900, 14, 300)];

#[test]
fn one_seed_founds_one_court_and_another_seed_another() {
    for (staff, days, hosts) in [(8, 1, 12), (40, 10, 30)] {
        let text = |seed| format!("{:?}", Court::found(seed, &size(staff, days, hosts)));
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }
}

#[test]
fn sizes_are_as_named() {
    for (staff, days, hosts) in SIZES {
        let court = found(staff, days, hosts);
        assert_eq!(court.people.len() as u32, staff);
        let machines = court.hosts.iter().filter(|host| host.kind != HostKind::Cloud).count();
        assert_eq!(machines as u32, hosts);
        let count = |kind| court.hosts.iter().filter(|host| host.kind == kind).count();
        for kind in [
            HostKind::Samba,
            HostKind::Documents,
            HostKind::Backup,
            HostKind::Hypervisor,
            HostKind::Vpn,
            HostKind::Proxy,
            HostKind::Dhcp,
            HostKind::Monitor,
            HostKind::Cloud,
        ] {
            assert_eq!(count(kind), 1, "{kind:?}");
        }
        assert_eq!(count(HostKind::DomainController), if hosts >= 150 { 2 } else { 1 });
        assert!(count(HostKind::FileServer) >= 1 && count(HostKind::Workstation) >= 2);
        let role = |role| court.people.iter().filter(|person| person.role == role).count();
        assert!(role(Role::Interpreter) >= 1 && role(Role::Registrar) >= 1 && role(Role::Judge) >= 1);
        assert!(role(Role::Intern) >= if staff >= 12 { 2 } else { 1 });
        assert!(court.situations.len() >= 3);
    }
    let within = |found: usize, wanted: RangeInclusive<usize>, what: &str| {
        assert!(wanted.contains(&found), "{what}: {found} is not within {wanted:?}");
    };
    let court = found(40, 10, 30);
    within(court.holdings.len(), 60..=110, "holdings of 40");
    within(court.items.len(), 900..=1600, "items of 40");
    let court = found(900, 10, 300);
    within(court.holdings.len(), 2600..=3400, "holdings of 900");
    within(court.items.len(), 50_000..=70_000, "items of 900");
    within(court.subjects.len(), 3600..=4400, "subjects of 900");
}

fn all_differ<T: Ord>(what: &str, keys: impl Iterator<Item = T>) {
    let mut seen = BTreeSet::new();
    for key in keys {
        assert!(seen.insert(key), "{what} occurs twice");
    }
}

#[test]
fn nothing_is_called_like_another() {
    for (staff, days, hosts) in SIZES {
        let court = found(staff, days, hosts);
        all_differ("person's key", court.people.iter().map(|person| &person.key));
        all_differ("person's name", court.people.iter().map(|person| (&person.given, &person.family)));
        all_differ("account's name", court.accounts.iter().map(|account| account.name.to_lowercase()));
        let of_domain = || court.accounts.iter().filter(|account| account.kind != AccountKind::WellKnown);
        let groups = court.groups.iter().map(|group| group.rid);
        all_differ("relative id", of_domain().map(|account| account.rid).chain(groups));
        let objects = court.accounts.iter().map(|account| &account.object);
        all_differ("object id", objects.filter(|object| !object.is_empty()));
        all_differ("host's name", court.hosts.iter().map(|host| &host.name));
        let machines = || court.hosts.iter().filter(|host| host.kind != HostKind::Cloud);
        all_differ("host's address", machines().map(|host| &host.address));
        all_differ("host's mac", machines().map(|host| &host.mac));
        all_differ("host's serial", machines().map(|host| &host.serial));
        all_differ("host's guid", court.hosts.iter().map(|host| host.machine));
        all_differ("group's name", court.groups.iter().map(|group| &group.name));
        all_differ("share's name", court.shares.iter().map(|share| &share.name));
        all_differ("matter's code", court.situations.iter().map(|matter| &matter.code));
        all_differ("holding's key", court.holdings.iter().map(|holding| &holding.key));
        let places = court.holdings.iter().map(|holding| format!("{:?}", holding.place).to_lowercase());
        all_differ("holding's place", places);
        all_differ("item's key", court.items.iter().map(|item| &item.key));
        let items = (0..court.items.len() as u32).map(ItemId);
        all_differ("item's locator", items.map(|item| court.locator(item).to_lowercase()));
        all_differ("pseudonym", court.subjects.iter().map(|subject| &subject.pseudonym));
        all_differ("subject's name", court.subjects.iter().map(|subject| &subject.name));
        all_differ("duty's key", court.duties.iter().map(|duty| &duty.key));
    }
}

#[test]
fn whatever_refers_to_something_refers_to_something_that_is() {
    for (staff, days, hosts) in SIZES {
        let court = found(staff, days, hosts);
        for (number, person) in court.people.iter().enumerate() {
            let own = AccountKind::Person(PersonId(number as u32));
            assert_eq!(court.account(person.account).kind, own);
            assert_eq!(court.host(person.device).kind, HostKind::Workstation);
            assert_eq!(person.admin.is_some(), person.role == Role::Administrator);
            assert!(person.situations.iter().all(|matter| matter.index() < court.situations.len()));
        }
        for host in &court.hosts {
            assert_eq!(host.account.is_some(), host.is_windows());
        }
        let mut next = 0;
        for (number, holding) in court.holdings.iter().enumerate() {
            assert_eq!(holding.items.start, next, "items of one holding stand together");
            assert!(!holding.items.is_empty());
            next = holding.items.end;
            match &holding.place {
                Place::Folder { share, .. } => assert!(share.index() < court.shares.len()),
                Place::Mailbox { account, .. } => {
                    assert!(matches!(court.account(*account).kind, AccountKind::Person(_)));
                }
                Place::Library { name } => assert!(!name.is_empty()),
            }
            for item in holding.items.clone() {
                assert_eq!(court.items[item as usize].holding.index(), number);
            }
        }
        assert_eq!(next as usize, court.items.len());
        assert!(
            court.items.iter().flat_map(|item| &item.subjects).all(|id| id.index() < court.subjects.len())
        );
        for duty in &court.duties {
            assert!(duty.from < duty.to, "{duty:?}");
            assert!(duty.person.index() < court.people.len());
            assert!(duty.holdings.iter().all(|id| id.index() < court.holdings.len()));
        }
        assert_eq!(court.grants.len(), court.holdings.len());
        for person in &court.people {
            let inbox = Place::Mailbox { account: person.account, folder: String::from("Inbox") };
            assert!(court.holdings.iter().any(|holding| holding.place == inbox));
        }
        for grant in court.grants.iter().flatten() {
            match grant.holder {
                Holder::Group(group) => assert!((group as usize) < court.groups.len()),
                Holder::Account(account) => assert!(account.index() < court.accounts.len()),
            }
        }
    }
}

#[test]
fn names_come_in_several_scripts() {
    let court = found(40, 10, 30);
    let has = |range: RangeInclusive<char>| {
        court
            .subjects
            .iter()
            .filter(|subject| subject.kind == SubjectKind::Individual)
            .any(|subject| subject.name.chars().any(|letter| range.contains(&letter)))
    };
    assert!(has('A'..='z') && has('\u{400}'..='\u{4FF}') && has('\u{600}'..='\u{6FF}'));
    for subject in &court.subjects {
        let latin = subject.name.is_ascii()
            || subject.aliases.iter().any(|alias| alias.chars().all(|c| c < '\u{250}'));
        assert!(latin, "{subject:?} has no spelling in Latin letters");
    }
}

#[test]
fn who_has_a_reason_has_a_right_and_who_has_not_has_none() {
    for (staff, days, hosts) in [(8, 1, 12), (40, 10, 30), (120, 5, 100)] {
        let court = found(staff, days, hosts);
        for duty in court.duties.iter().filter(|duty| duty.kind != DutyKind::Assignment) {
            let account = court.person(duty.person).account;
            for holding in &duty.holdings {
                let last = Moment(duty.to.0 - 1);
                assert!(court.may_open(account, *holding, duty.from), "{duty:?}");
                assert!(court.may_open(account, *holding, last), "{duty:?}");
            }
        }
        let at = court.size.from;
        for (number, holding) in court.holdings.iter().enumerate() {
            let number = HoldingId(number as u32);
            let readers = court.people.iter().filter(|person| court.may_open(person.account, number, at));
            let roles: BTreeSet<Role> = readers.map(|person| person.role).collect();
            match holding.confidentiality {
                "public" => assert!(roles.contains(&Role::Intern) && roles.contains(&Role::Interpreter)),
                "secret_under_seal" => {
                    assert!(!roles.contains(&Role::Interpreter) && !roles.contains(&Role::Registrar))
                }
                _ => {}
            }
        }
        for person in &court.people {
            for (number, holding) in court.holdings.iter().enumerate() {
                let assigned = holding.situation.is_some_and(|matter| person.situations.contains(&matter));
                if assigned && holding.confidentiality != "secret_under_seal" {
                    assert!(
                        court.may_open(person.account, HoldingId(number as u32), at),
                        "{person:?} {holding:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn most_people_are_there_as_the_drill_needs_them() {
    for (staff, days, hosts) in SIZES {
        let court = found(staff, days, hosts);
        let end = court.size.from + i64::from(days) * DAY;
        for person in &court.people {
            assert!(person.joined.is_none_or(|joined| joined > court.size.from && joined < end));
            assert!(person.left.is_none_or(|left| left > court.size.from && left < end));
            for pair in person.trips.windows(2) {
                assert!(pair[0].to < pair[1].from);
            }
            for trip in &person.trips {
                assert!(trip.from < trip.to && trip.from >= court.size.from && trip.from < end);
            }
            // Kept for intruders: 203.0.113.64/26 and 198.51.100.0/26.
            let addresses = person.trips.iter().map(|trip| &trip.address).chain([&person.home_address]);
            for address in addresses {
                let (net, last) = address.rsplit_once('.').unwrap();
                let last: u8 = last.parse().unwrap();
                let free = match net {
                    "192.0.2" => (64..128).contains(&last),
                    "203.0.113" => (128..255).contains(&last),
                    "198.51.100" => (64..255).contains(&last),
                    _ => false,
                };
                assert!(free, "{address}");
            }
        }
        if days >= 3 {
            assert!(court.people.iter().any(|person| !person.trips.is_empty()));
        }
        if days >= 5 {
            let first_interpreter =
                court.people.iter().position(|person| person.role == Role::Interpreter).unwrap();
            let theirs = |duty: &&assize_drill::court::Duty| {
                duty.kind == DutyKind::Ticket && duty.person.index() == first_interpreter
            };
            let tickets: Vec<_> = court.duties.iter().filter(theirs).collect();
            assert!(tickets.len() >= 5);
            let matters: BTreeSet<_> = tickets.iter().filter_map(|ticket| ticket.situation).collect();
            assert!(matters.len() >= 2, "wide, but tasked");
        }
    }
}

type Rows = Vec<BTreeMap<String, String>>;

fn registered(court: &Court) -> BTreeMap<String, Rows> {
    let dir = tempfile::tempdir().unwrap();
    register::write(court, dir.path()).unwrap();
    let mut tables = BTreeMap::new();
    for (name, _) in register::FILES {
        let bytes = fs::read(dir.path().join(name)).unwrap();
        let Some(stem) = name.strip_suffix(".csv") else { continue };
        let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(bytes.as_slice());
        tables.insert(stem.to_owned(), reader.deserialize().map(Result::unwrap).collect());
    }
    tables
}

#[test]
fn the_register_is_the_same_each_time() {
    for (_, make) in register::FILES {
        let court = || found(40, 10, 30);
        assert_eq!(make(&court()), make(&court()));
    }
}

#[test]
fn the_register_parses_and_refers_to_itself() {
    let court = found(40, 10, 30);
    let tables = registered(&court);
    let column = |table: &str, column: &str| -> BTreeSet<String> {
        let cells = tables[table].iter().map(|row| row[column].clone()).filter(|cell| !cell.is_empty());
        cells.flat_map(|cell| cell.split("; ").map(str::to_owned).collect::<Vec<_>>()).collect()
    };
    let text = register::FILES.iter().find(|(name, _)| *name == "subjects.json").unwrap().1(&court);
    let subjects: serde_json::Value = serde_json::from_str(&text).unwrap();
    let subjects: BTreeSet<String> = subjects
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["subject_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(subjects.len(), court.subjects.len());
    for (table, name, known) in [
        ("items", "holding_id", column("holdings", "holding_id")),
        ("holding_subjects", "holding_id", column("holdings", "holding_id")),
        ("duties", "holdings", column("holdings", "holding_id")),
        ("items", "subjects", subjects.clone()),
        ("holding_subjects", "subject_id", subjects.clone()),
        ("holdings", "entrusted_by", subjects),
        ("holdings", "case_no", column("situations", "case_no")),
        ("duties", "case_no", column("situations", "case_no")),
        ("staff", "case_nos", column("situations", "case_no")),
        ("staff", "accounts", column("accounts", "account")),
        ("staff", "device", column("devices", "name")),
        ("trips", "staff_id", column("staff", "staff_id")),
        ("duties", "staff_id", column("staff", "staff_id")),
        ("accounts", "staff_id", column("staff", "staff_id")),
        ("devices", "usual_users", column("staff", "staff_id")),
        ("accounts", "declared_host", column("devices", "name")),
    ] {
        for cell in column(table, name) {
            assert!(known.contains(&cell), "{table}.{name}: {cell} is nowhere");
        }
    }
    let sources = column("log_sources", "source");
    assert!(column("holdings", "log_sources").is_subset(&sources));
    let mut objects = column("holdings", "locators");
    objects.extend(court.groups.iter().map(|group| format!("{}\\{}", court.netbios, group.name)));
    let mut principals = column("accounts", "account");
    principals.extend(court.groups.iter().map(|group| format!("{}\\{}", court.netbios, group.name)));
    for row in &tables["rights"] {
        assert!(principals.contains(&row["principal"]), "{row:?}");
        if matches!(row["right"].as_str(), "read" | "write" | "owner" | "delegate" | "member") {
            let share =
                court.shares.iter().any(|share| row["object"].ends_with(&format!("\\{}", share.name)));
            assert!(share || objects.contains(&row["object"]), "{row:?}");
        }
    }
    let mut held = column("devices", "name");
    held.extend(column("holdings", "holding_id"));
    held.insert(String::from("m365"));
    assert!(column("planes", "holds").is_subset(&held));
}

#[test]
fn what_the_court_has_forgotten_is_not_in_the_register() {
    for (staff, days, hosts) in [(8, 1, 12), (40, 10, 30)] {
        let court = found(staff, days, hosts);
        let everything: String = register::FILES.iter().map(|(_, make)| make(&court)).collect();
        let forgotten: Vec<_> = court.holdings.iter().filter(|holding| holding.unregistered).collect();
        assert!(!forgotten.is_empty() && forgotten.len() * 4 < court.holdings.len());
        for holding in forgotten {
            assert!(!everything.contains(&format!("{},", holding.key)), "{}", holding.key);
            assert!(!everything.contains(&holding.title), "{}", holding.title);
            for item in holding.items.clone() {
                assert!(!everything.contains(&court.items[item as usize].key));
            }
        }
        let known = court.holdings.iter().filter(|holding| !holding.unregistered).count();
        let tables = registered(&court);
        assert_eq!(tables["holdings"].len(), known);
    }
}

/// The published schemas name the columns, in order.
#[test]
fn the_schemas_say_what_the_files_have() {
    let court = found(12, 3, 12);
    let contract = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/contract/");
    for (name, make) in register::FILES {
        let stem = name.split('.').next().unwrap().replace('_', "-");
        let schema = fs::read_to_string(format!("{contract}register-{stem}.schema.json")).unwrap();
        let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        let rows = match name.strip_suffix(".csv") {
            None => serde_json::from_str(&make(&court)).unwrap(),
            Some(table) => serde_json::to_value(&registered(&court)[table]).unwrap(),
        };
        let rows = if name.ends_with(".csv") { rows.as_array().unwrap().clone() } else { vec![rows] };
        for row in &rows {
            let errors: Vec<String> = schema.iter_errors(row).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{name}: {row}: {errors:?}");
        }
    }
}
