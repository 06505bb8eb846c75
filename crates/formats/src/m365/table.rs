//! What do tables say whose cells hold records of the unified audit?
//!
//! Purview's export and that of `Search-UnifiedAuditLog` hold the record in `AuditData`, Splunk's in
//! `_raw`. The columns beside it stay fields of the event. A cell that a spreadsheet has cut (at 32,767
//! characters) is no record any more: the row is an event of what stands beside it, and a gap.

use std::io;

use assize_model::{Batcher, Card, Confidence, Format, Input, ReadingOptions, Slice};

use super::MAKE;
use crate::csv;

/// See the module's text.
pub(crate) struct M365Table;

static CARD: Card = Card {
    name: "m365-audit-csv",
    title: "Microsoft 365 unified audit (CSV of Purview, PowerShell, Splunk)",
    doc: "Tables whose column `AuditData` (Purview, `Search-UnifiedAuditLog`) or `_raw` (Splunk) holds a record of \
          the unified audit as JSON. The record's fields take the place of that cell, under their own names; the \
          other columns stay. What a record means is told under `m365-audit`. The creation time is not assumed \
          where `CreationDate` states the same instant with its zone. A cell that is cut, as spreadsheets do, gives \
          an event of what stands beside it and a gap.",
    example: "RecordId,CreationDate,RecordType,Operation,UserId,AuditData\n7f1c…,2026-09-14T08:12:03.0000000Z,50,MailItemsAccessed,…",
    links: &[
        "https://learn.microsoft.com/purview/audit-log-export-records",
        "https://learn.microsoft.com/powershell/module/exchangepowershell/search-unifiedauditlog",
    ],
    version: 1,
};

impl Format for M365Table {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "m365"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("purview", "unproven"), ("splunk", "unproven")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let names = csv::names(head)?;
        let has = |name: &str| names.iter().any(|known| known.trim() == name);
        let purview = has("AuditData") && (has("CreationDate") || has("RecordType") || has("Operations"));
        // Of Splunk's own columns none tells what the event is: the first one does.
        let splunk = || has("_raw") && holds(head, b"CreationTime") && holds(head, b"Workload");
        (purview || splunk()).then_some(Confidence(92))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        MAKE.read_table(input, out)
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        MAKE.reread_table(slices, options, out)
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        csv::raw_text(slices)
    }
}

/// Whether a name stands in JSON inside a cell.
pub(crate) fn holds(head: &[u8], name: &[u8]) -> bool {
    memchr::memmem::find(head, &[b"\"\"", name, b"\"\""].concat()).is_some()
}
