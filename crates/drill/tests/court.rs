//! Is the institution that a seed founds whole, and the same each time?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use assize_drill::court::{AccountKind, Court, Holder, HostKind, Place, Role, Size, SubjectKind};
use assize_drill::moment::Moment;

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
    within(court.holdings.len(), 50..=80, "holdings of 40");
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
        let items = (0..court.items.len() as u32).map(assize_drill::court::ItemId);
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
            let own = AccountKind::Person(assize_drill::court::PersonId(number as u32));
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
