//! Which of the six properties of digital evidence are proved here, which are stated, which are open?
//!
//! Authenticity, availability, identity, persistence, renderability, understandability: the words of
//! the Berkeley Protocol (HR/PUB/20/2). Each says what a machine has proved, what rests on a person's
//! statement, and what is not shown. It counts; it decides nothing.

use assize_model::{Admission, OutputError, Trust};
use maud::{Markup, html};

use super::Page;
use super::facts::Case;
use super::words::{self, many, number};

/// One property: its name, and what is proved, stated and open.
struct Property {
    name: &'static str,
    proved: String,
    stated: String,
    open: String,
}

/// The section.
pub(super) fn tell(case: &Case<'_>, page: &mut Page<'_>) -> Result<(), OutputError> {
    let counts = Counts::of(case);
    let properties = [
        authenticity(case, &counts),
        availability(case, &counts),
        identity(&counts),
        persistence(case),
        renderability(case),
        understandability(case, &counts),
    ];
    page.put(html! {
        p {
            "The six properties that the Berkeley Protocol asks of digital evidence. "
            "What a machine proved, anyone can check again; what a person states, that person answers for; what is open, nobody should assume."
        }
        div.wide { table {
            thead { tr {
                th scope="col" { "Property" } th scope="col" { "Proved by machine" }
                th scope="col" { "Stated by a person" } th scope="col" { "Not shown" }
            } }
            tbody { @for property in &properties { (row(property)) } }
        } }
        p { "Whether signatures and digests still hold, " (words::command("assize verify")) " says; this page does not check them." }
    })
}

fn row(property: &Property) -> Markup {
    html! {
        tr {
            th.text scope="row" { (property.name) }
            td.text { (property.proved) } td.text { (property.stated) } td.text { (property.open) }
        }
    }
}

/// What is known of how exhibits came here.
struct Counts {
    exhibits: u64,
    collected_by: u64,
    host: u64,
    authority: u64,
    untrusted: u64,
    readers: std::collections::BTreeSet<String>,
}

impl Counts {
    fn of(case: &Case<'_>) -> Self {
        let exhibits = &case.run.exhibits;
        let count = |holds: fn(&Admission) -> bool| {
            exhibits.iter().filter(|exhibit| exhibit.admissions.iter().any(holds)).count() as u64
        };
        Self {
            exhibits: exhibits.len() as u64,
            collected_by: count(|admission| admission.collected.by.is_some()),
            host: count(|admission| admission.collected.host.is_some()),
            authority: count(|admission| admission.collected.authority.is_some()),
            untrusted: count(|admission| admission.trust == Trust::UntrustedHost),
            readers: case.run.readings.iter().filter_map(|reading| reading.format.clone()).collect(),
        }
    }

    fn of_all(&self, count: u64) -> String {
        format!("{} of {} exhibits", number(count), number(self.exhibits))
    }
}

fn authenticity(case: &Case<'_>, counts: &Counts) -> Property {
    let log = &case.run.log;
    let signed = if log.signed == log.leaves {
        "all of them under a signed head".to_owned()
    } else {
        format!("{} of them under a signed head", number(log.signed))
    };
    Property {
        name: "Authenticity",
        proved: format!(
            "Two digests of each exhibit at admission, in a log of {} ({signed}). Unchanged since then: check with `assize verify`.",
            many(log.leaves, "entry", "entries")
        ),
        stated: format!(
            "Who collected it: {}. On whose authority: {}.",
            counts.of_all(counts.collected_by),
            counts.of_all(counts.authority)
        ),
        open: format!(
            "What a host held before collection. {} from hosts that the intruder may have ruled.",
            many(counts.untrusted, "exhibit comes", "exhibits come")
        ),
    }
}

fn availability(case: &Case<'_>, counts: &Counts) -> Property {
    let at_rest = if case.run.log.encrypted { "encrypted to the custody key" } else { "as received" };
    Property {
        name: "Availability",
        proved: format!(
            "{} in the case, {at_rest}, or at the place that the log names; each was there when it was last read.",
            many(counts.exhibits, "exhibit lies", "exhibits lie")
        ),
        stated: "That there are copies elsewhere, and who holds the keys.".to_owned(),
        open: "That the storage will last; a lost custody key is a lost exhibit.".to_owned(),
    }
}

fn identity(counts: &Counts) -> Property {
    Property {
        name: "Identity",
        proved: "Each exhibit and each event has an id computed from its bytes: the same thing has the same name everywhere, and two things share one only if SHA-256 is broken.".to_owned(),
        stated: format!("Which host it comes from: {}. Who took it in: an account's name.", counts.of_all(counts.host)),
        open: "That the person at an account was its owner; nothing authenticates the names that stand in the log.".to_owned(),
    }
}

fn persistence(case: &Case<'_>) -> Property {
    let log = &case.run.log;
    let seen = match log.organisations {
        0 => "No outsider has cosigned the newest head.".to_owned(),
        count => format!(
            "The newest head is cosigned by {}, as the log's holder names them.",
            many(count, "organisation", "organisations")
        ),
    };
    Property {
        name: "Persistence",
        proved: format!("Entries are only ever added; a head that was signed fixes all before it. {seen}"),
        stated: "Until when it may be kept (`case.toml`, or at intake).".to_owned(),
        open: if log.organisations == 0 {
            "Against the holder of the log's key: without a witness he could write it anew.".to_owned()
        } else {
            "What was added since the witnesses signed.".to_owned()
        },
    }
}

fn renderability(case: &Case<'_>) -> Property {
    let readings = &case.run.readings;
    let read = readings.iter().filter(|reading| reading.format.is_some()).count() as u64;
    Property {
        name: "Renderability",
        proved: format!(
            "{} of {} files and members were read by a known format; every event of this report is read again from its bytes by `assize trace`.",
            number(read),
            number(readings.len() as u64)
        ),
        stated: "–".to_owned(),
        open: format!(
            "{} and members that no format here knows; see What was not read.",
            many(readings.len() as u64 - read, "file", "files")
        ),
    }
}

fn understandability(case: &Case<'_>, counts: &Counts) -> Property {
    Property {
        name: "Understandability",
        proved: format!(
            "Read as {}; times that rest on an assumption say so ({}).",
            if counts.readers.is_empty() {
                "nothing".to_owned()
            } else {
                many(
                    counts.readers.len() as u64,
                    "known kind of file or container",
                    "known kinds of files and containers",
                )
            },
            many(case.events.assumed, "event", "events")
        ),
        stated: "What was done at collection and could not be avoided, where it was stated.".to_owned(),
        open: "What a record means beyond its words; clocks that were wrong.".to_owned(),
    }
}
