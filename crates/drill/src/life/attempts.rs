//! Who knocks from outside, every day?
//!
//! Robots at the VPN and the mail with common names and old passwords. None of them gets in; they
//! come from addresses of their own (documentation ranges), which no intruder of a story uses.

use crate::act::{Client, Deed, Refusal, Way};
use crate::chance::Dice;
use crate::court::{AccountId, AccountKind, HostKind};
use crate::moment::{DAY, Moment, SECOND};
use crate::world::{Arrival, World};

const NAMES: [&str; 14] = [
    "admin",
    "administrator",
    "root",
    "test",
    "guest",
    "support",
    "vpn",
    "backup",
    "scanner",
    "info",
    "user",
    "registry",
    "postgres",
    "Admin\u{202e}tset",
];

pub(super) fn day(world: &mut World<'_>, day: Moment) {
    let court = world.court;
    let mut dice = Dice::new(court.seed, "attempts").branch((day.0 / DAY).unsigned_abs());
    let gateway = court.first(HostKind::Vpn);
    let machine = world.machine(gateway);
    for _ in 0..dice.between(12, 50) {
        let at = day + dice.between(0, 86_399) * SECOND;
        let address = robot(&mut dice);
        for repeat in 0..dice.between(1, 4) {
            let deed = Deed::Knock { address: address.as_str().into(), name: (*dice.pick(&NAMES)).into() };
            world.add(at + repeat * dice.between(1, 9) * SECOND, gateway, &machine, deed);
        }
    }
    spray(world, day, &mut dice);
}

/// One password at many mailboxes.
fn spray(world: &mut World<'_>, day: Moment, dice: &mut Dice) {
    let court = world.court;
    let cloud = court.first(HostKind::Cloud);
    let people: Vec<_> = (0..court.accounts.len() as u32)
        .map(AccountId)
        .filter(|account| matches!(court.account(*account).kind, AccountKind::Person(_)))
        .collect();
    let begin = day + dice.between(0, 80_000) * SECOND;
    let address = robot(dice);
    for number in 0..dice.between(2, 12) {
        let account = *dice.pick(&people);
        let arrival = Arrival::over_network(account, cloud, None, &address)
            .by(Way::Cloud)
            .with(Client::Api, "python-requests/2.31.0");
        let at = begin + number * 31 * SECOND;
        // Nobody is there: the presence is only the form in which the refusal is told.
        let session = world.presence(at, &arrival);
        let deed = Deed::SignIn {
            app: "Office 365 Exchange Online".into(),
            interactive: true,
            refused: Some(if dice.chance(80) { Refusal::Password } else { Refusal::SecondFactor }),
        };
        world.add(at, cloud, &session, deed);
    }
}

fn robot(dice: &mut Dice) -> String {
    format!("192.0.2.{}", dice.between(128, 254))
}
