//! Which exhibits is this about, and how can somebody else check it?

use assize_model::{Admission, Exhibit, OutputError, Trust};
use maud::{Markup, html};

use super::Page;
use super::facts::Case;
use super::words::{self, command, many, number};

/// Exhibits shown.
const EXHIBITS_MAX: usize = 200;
/// Receipts shown of each.
const ADMISSIONS_MAX: usize = 3;

/// The section.
pub(super) fn tell(case: &Case<'_>, page: &mut Page<'_>) -> Result<(), OutputError> {
    page.put(log(case))?;
    let exhibits = &case.run.exhibits;
    if exhibits.is_empty() {
        return page.put(html! { p { "No exhibit was received." } });
    }
    page.put(html! {
        details.in-print {
            summary { (many(exhibits.len() as u64, "exhibit", "exhibits")) " with digests and origin" }
            ul.exhibits { @for exhibit in exhibits.iter().take(EXHIBITS_MAX) { li { (one(exhibit)) } } }
            (words::shown(exhibits.len().min(EXHIBITS_MAX) as u64, exhibits.len() as u64, "exhibits",
                "assize query \"SELECT * FROM exhibits ORDER BY id\""))
        }
    })
}

fn log(case: &Case<'_>) -> Markup {
    let log = &case.run.log;
    html! {
        p {
            "The custody log holds " (many(log.leaves, "leaf", "leaves")) ", " (number(log.signed)) " of them under its newest signed head. "
            "Its root (RFC 6962) is " (words::id(&log.root)) "."
            @if !log.key.is_empty() { " Its public key is " (words::id(&log.key)) "; compare it with the one that you received by another way." }
        }
        p {
            "To check: " (command("assize trace ID --bytes")) " goes from any id on this page back to the bytes of its "
            "exhibit and to the entry of the log under which it was received. The digests need no tool of ours: "
            "any SHA-256 of the file as collected gives the same."
        }
    }
}

fn one(exhibit: &Exhibit) -> Markup {
    html! {
        p.path { (receipts(&exhibit.admissions)) " " span.soft { (words::size(exhibit.digests.size)) " (" (number(exhibit.digests.size)) ")" } }
        (digests(exhibit))
    }
}

fn receipts(admissions: &[Admission]) -> Markup {
    html! {
        @for admission in admissions.iter().take(ADMISSIONS_MAX) {
            span.receipt { strong { (words::said(&admission.path, words::CELL_CHARACTERS)) } " " (receipt(admission)) }
        }
        @if admissions.len() > ADMISSIONS_MAX {
            span.receipt { "and " (many((admissions.len() - ADMISSIONS_MAX) as u64, "further receipt", "further receipts")) }
        }
    }
}

/// When, by whom, how trusted, under which entry of the log.
pub(super) fn receipt(admission: &Admission) -> Markup {
    html! {
        span.soft {
            "received " (words::said(&words::second(&admission.at), 40)) " by " (words::said(&admission.by, 60)) ", " (trust(admission.trust)) ", "
            (words::id(&admission.leaf.to_string()))
        }
    }
}

fn trust(trust: Trust) -> &'static str {
    match trust {
        Trust::Trusted => "origin trusted",
        Trust::UntrustedHost => "from a host that the intruder may have ruled",
        Trust::SelfReported => "origin by somebody’s word",
    }
}

/// Both digests and the id.
pub(super) fn digests(exhibit: &Exhibit) -> Markup {
    html! {
        dl.digests {
            dt { "SHA-256" } dd { (words::id(&exhibit.digests.sha256)) }
            dt { "BLAKE3" } dd { (words::id(&exhibit.digests.blake3)) }
            dt { "Exhibit" } dd { (words::id(&exhibit.id.to_string())) }
        }
    }
}
