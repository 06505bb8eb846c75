//! How is a case told to a person who has only a browser, or only the paper?
//!
//! One file that needs nothing else: no network, no script, its style inside. The first screen says
//! in words what was read, what was found, and what was not read or not run; the sections behind it
//! show the same with its proof, down to the raw record. Every list is capped and says so. A
//! section is written as soon as it is made: the report holds no more than one of them at a time.

mod attempts;
mod coverage;
mod exhibits;
mod exposure;
mod facts;
mod findings;
mod first_screen;
mod not_run;
mod page;
mod properties;
pub(crate) mod questions;
mod readings;
mod record;
pub(crate) mod scale;
mod story;
mod timeline;
mod unread;
mod who;
mod words;

use std::io::Write;

use assize_model::{Card, Output, OutputError, Snapshot};
use facts::Case;
use maud::Markup;

/// The report of a case as one page.
pub struct Report;

static CARD: Card = Card {
    name: "report",
    title: "Report as one self-contained HTML page",
    doc: "One page for screen and paper that loads nothing and runs nothing: what was read, found, not read and \
          not run, in words; findings and events over time; findings by level and rule, each opening its first \
          events with raw record, locator, digests and custody entry; hosts and accounts; coverage; gaps; rules \
          that did not run; exhibits; the head of the custody log. Incidents are told in sentences with the ids on which each stands; refused sign-ins are counted by day beside what is usual; by technique it says on which machines and for how much of the time it would have left a trace. It leaves out what its caps exclude: every \
          list says `N of M shown` and the command that shows the rest. A finding is a rule's word, not a verdict.",
    example: "assize report -o report.html",
    links: &["https://www.w3.org/TR/WCAG22/", "https://www.first.org/tlp/"],
    version: 2,
};

/// A part of the page.
struct Section {
    /// Its anchor.
    id: &'static str,
    title: &'static str,
    tell: fn(&Case<'_>, &mut Page<'_>) -> Result<(), OutputError>,
}

/// The sections behind the first screen, in their order.
static SECTIONS: &[Section] = &[
    Section { id: "exposure", title: "Whose records were reached", tell: exposure::tell },
    Section { id: "story", title: "What happened", tell: story::tell },
    Section { id: "attempts", title: "Tried at the doors", tell: attempts::tell },
    Section { id: "time", title: "Course in time", tell: timeline::tell },
    Section { id: "findings", title: "Findings by level and rule", tell: findings::tell },
    Section { id: "who", title: "Hosts and accounts", tell: who::tell },
    Section { id: "coverage", title: "Coverage", tell: coverage::tell },
    Section { id: "unread", title: "What was not read", tell: unread::tell },
    Section { id: "not-run", title: "Rules that did not run", tell: not_run::tell },
    Section { id: "readings", title: "What each file was read as", tell: readings::tell },
    Section { id: "exhibits", title: "Exhibits and custody", tell: exhibits::tell },
    Section { id: "properties", title: "Six properties of digital evidence", tell: properties::tell },
];

impl Output for Report {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn write(&self, snapshot: &dyn Snapshot, out: &mut dyn Write) -> Result<(), OutputError> {
        let case = Case::of(snapshot)?;
        let mut page = Page { out };
        page.put(page::head(&case))?;
        page.put(first_screen::tell(&case))?;
        page.put(exposure::eight(&case)?)?;
        for (at, section) in SECTIONS.iter().enumerate() {
            page.put(page::begin(at + 1, section))?;
            (section.tell)(&case, &mut page)?;
            page.put(page::end())?;
        }
        page.put(page::foot(&case))
    }
}

/// Takes pieces of the page as they are made.
struct Page<'a> {
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn put(&mut self, piece: Markup) -> Result<(), OutputError> {
        Ok(self.out.write_all(piece.into_string().as_bytes())?)
    }
}

#[cfg(test)]
mod tests;
