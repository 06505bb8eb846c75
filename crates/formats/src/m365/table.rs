//! What do tables say whose cells hold records of the unified audit?
//!
//! Purview's export and that of `Search-UnifiedAuditLog` hold the record in `AuditData`, Splunk's in
//! `_raw`. The columns beside it stay fields of the event. A cell that a spreadsheet has cut (at 32,767
//! characters) is no record any more: the row is an event of what stands beside it, and a gap.

use assize_model::Card;

use super::MAKE;
use crate::made::{Columns, Layout, Made};

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

/// See the module's text.
pub(crate) static M365_TABLE: Made = Made {
    card: &CARD,
    family: "m365",
    proof: &[("purview", "unproven"), ("splunk", "unproven")],
    make: &MAKE,
    layout: Layout::Table(of_it),
};

fn of_it(columns: &Columns<'_>) -> bool {
    let beside = ["CreationDate", "RecordType", "Operations"];
    let purview = columns.has("AuditData") && beside.iter().any(|name| columns.has(name));
    // Of Splunk's own columns none tells what the event is: the first one does.
    purview || columns.has("_raw") && columns.hold("CreationTime") && columns.hold("Workload")
}
