//! What would a responder have found out by other means?
//!
//! `brief/` goes with the evidence: a page in words, and `decisions.ndjson`, the decisions that a
//! responder would have taken (some addresses and acts are the intruder's beyond doubt, services
//! and colleagues have been cleared). An inquiry applies them first; chains of proof start here.
//! Only what the truth bears out is decided.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use crate::chance::Dice;
use crate::court::{AccountKind, Court, PersonId};
use crate::files::Files;
use crate::moment::{DAY, Moment};
use crate::story::Intruder;
use crate::story::Known;
use crate::truth::{located, write_lines};

/// Percent of colleagues whom the responder has cleared.
const CLEARED_PERCENT: u64 = 70;

/// Writes `brief/`.
///
/// # Errors
/// Where a file cannot be written.
pub(crate) fn write(court: &Court, intruder: &Intruder<'_>, files: &Files, dir: &Path) -> io::Result<()> {
    let mut decisions = confirmed(court, intruder, files);
    decisions.extend(services(court));
    decisions.extend(colleagues(court, intruder));
    write_lines(dir, "decisions.ndjson", decisions.into_iter())?;
    write_lines(dir, "readings.ndjson", readings().into_iter())?;
    std::fs::write(dir.join("collected.toml"), collected(court))?;
    std::fs::write(dir.join("brief.md"), words(court, intruder))
}

/// What the evidence does not say of itself and an administrator of the court would: in which zone
/// clocks run whose logs state none.
fn readings() -> Vec<Value> {
    let zone = json!({"zone": "Europe/Amsterdam"});
    ["samba/*", "dhcp/*"].iter().map(|of| json!({"of": of, "options": zone})).collect()
}

/// When the evidence was collected: the day after the last. Logs that state no year are of before.
fn collected(court: &Court) -> String {
    let (_, end) = whole(court);
    format!(
        "# For `assize inquire --meta`: what the collector states.\nacquired_at = \"{}\"\n",
        (end + DAY).iso()
    )
}

/// A decision as the contract has it: `verb` on a thing, in an interval, with reason and person.
fn decision(verb: &str, on: &str, what: Value, (since, until): (Moment, Moment), reason: &str) -> Value {
    let mut line = json!({"verb": verb, "on": on, "since": since.iso(), "until": until.iso(), "reason": reason, "by": "responder"});
    if let (Value::Object(line), Value::Object(what)) = (&mut line, what) {
        line.extend(what);
    }
    line
}

fn whole(court: &Court) -> (Moment, Moment) {
    (court.size.from, court.size.from + i64::from(court.size.days) * DAY)
}

fn confirmed(court: &Court, intruder: &Intruder<'_>, files: &Files) -> Vec<Value> {
    let (_, end) = whole(court);
    let mut addresses: BTreeMap<&str, Moment> = BTreeMap::new();
    let mut decisions = Vec::new();
    for known in &intruder.known {
        match known {
            Known::Address(address, since) => {
                let earliest = addresses.entry(address).or_insert(*since);
                *earliest = (*earliest).min(*since);
            }
            Known::Step(step) => {
                let Some(trace) = files.ledger().get(step).and_then(|traces| traces.first()) else {
                    continue;
                };
                let what = json!({"anchor": located(files, trace)});
                decisions.push(decision(
                    "confirm",
                    "event",
                    what,
                    whole(court),
                    "seen by the responder to be the intruder's act",
                ));
            }
        }
    }
    for (address, since) in addresses {
        let what = json!({"value": address});
        let reason = "not an address of anybody at the court; used with a stolen presence";
        decisions.push(decision("confirm", "address", what, (since, end), reason));
    }
    if let Some(insider) = intruder.insider() {
        let account = court.account(court.person(insider).account);
        let what = json!({"value": account.qualified()});
        let reason = "vetting: the identity is not the person's own; host State's notice";
        decisions.push(decision("confirm", "account", what, whole(court), reason));
    }
    decisions
}

/// Services on their declared hosts.
fn services(court: &Court) -> Vec<Value> {
    let declared = court.accounts.iter().filter_map(|account| match account.kind {
        // Nobody logs on as the ticket service.
        AccountKind::Service(host) if account.name != "krbtgt" => Some((account, host)),
        _ => None,
    });
    let clear = |(account, host): (&crate::court::Account, crate::court::HostId)| {
        let what =
            json!({"where": format!("account:{} device:{}", account.qualified(), court.host(host).name)});
        decision("clear", "class", what, whole(court), "declared service on its declared host")
    };
    declared.map(clear).collect()
}

/// Colleagues whose device was looked at, at that device.
fn colleagues(court: &Court, intruder: &Intruder<'_>) -> Vec<Value> {
    let mut dice = Dice::new(court.seed, "brief");
    let mut decisions = Vec::new();
    for (number, person) in court.people.iter().enumerate() {
        let cleared = dice.chance(CLEARED_PERCENT);
        if !cleared || (intruder.exists() && PersonId(number as u32) == intruder.came_through()) {
            continue;
        }
        let account = court.account(person.account).qualified();
        let what = json!({"where": format!("account:{account} device:{}", court.host(person.device).name)});
        decisions.push(decision("clear", "class", what, whole(court), "spoken with; device examined"));
    }
    decisions
}

fn words(court: &Court, intruder: &Intruder<'_>) -> String {
    let (from, to) = whole(court);
    let suspicion = match (intruder.exists(), intruder.insider().is_some()) {
        (false, _) => "The monitoring has reported anomalous activity. Nothing else is known.",
        (true, true) => {
            "The host State has let the court know that somebody on the staff may not be who they say."
        }
        (true, false) => {
            "The monitoring has reported anomalous activity in the name of somebody on the staff."
        }
    };
    format!(
        "# Brief\n\n{suspicion}\n\n\
         The logs in `evidence/` run from {} to {} (UTC). `register/` says what the court holds, about whom, and who\n\
         may do what. `decisions.ndjson` holds what the responder has confirmed and cleared so far, `readings.ndjson`\n\
         in which zone clocks run whose logs state none, `collected.toml` when the logs were collected.\n\n\
         Names, people and events are made up.\n",
        from.date(),
        to.date()
    )
}
