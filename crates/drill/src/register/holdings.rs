//! What lies where, how confidential, whose is it?

use std::collections::BTreeMap;

use super::systems::{DOCUMENTS_RETENTION, FILES_RETENTION, MAIL_RETENTION, SAMBA_RETENTION};
use super::table::{Table, list, time, yes};
use crate::court::{
    Court, Holding, HoldingId, HostKind, ItemId, Place, SubjectId, SubjectKind, holding_object,
};
use crate::moment::DAY;

/// The holdings that the court knows of.
pub(super) fn known(court: &Court) -> impl Iterator<Item = (HoldingId, &Holding)> {
    let holdings = court.holdings.iter().enumerate();
    holdings
        .filter(|(_, holding)| !holding.unregistered)
        .map(|(number, holding)| (HoldingId(number as u32), holding))
}

/// `holdings.csv`
pub(super) fn holdings(court: &Court) -> String {
    let mut table = Table::new(&[
        "holding_id",
        "title",
        "kind",
        "locators",
        "organ",
        "situation",
        "case_no",
        "confidentiality",
        "content_types",
        "entrusted_by",
        "entrusted_basis",
        "name_is_sensitive",
        "record_count",
        "record_count_kind",
        "bytes",
        "encryption",
        "log_sources",
        "log_retention_days",
        "owner_role",
        "data_subject_categories",
        "valid_from",
        "valid_to",
    ]);
    // The register was last gone through half a year before.
    let valid_from = time(court.size.from - 180 * DAY);
    for (_, holding) in known(court) {
        let matter = holding.situation.map(|matter| &court.situations[matter.index()]);
        let entrusted = holding.entrusted_by.as_ref();
        let (source, retention) = log_source(court, holding);
        table.row(&[
            holding.key.clone(),
            holding.title.clone(),
            kind(holding).to_owned(),
            list(locators(court, holding)),
            holding.organ.code().to_owned(),
            matter.map(|matter| matter.title.clone()).unwrap_or_default(),
            matter.map(|matter| matter.case_no.clone()).unwrap_or_default(),
            holding.confidentiality.to_owned(),
            list(&holding.content_types),
            entrusted.map(|(party, _)| court.subject(*party).pseudonym.clone()).unwrap_or_default(),
            entrusted.map(|(_, basis)| (*basis).to_owned()).unwrap_or_default(),
            yes(holding.name_is_sensitive),
            holding.items.len().to_string(),
            String::from("exact"),
            court.items[holding.items.start as usize..holding.items.end as usize]
                .iter()
                .map(|item| item.bytes)
                .sum::<u64>()
                .to_string(),
            String::from("none"),
            source.to_owned(),
            retention.to_string(),
            format!("Head of {}", holding.organ.code()),
            list(categories(court, holding)),
            valid_from.clone(),
            String::new(),
        ]);
    }
    table.done()
}

const fn kind(holding: &Holding) -> &'static str {
    match holding.place {
        Place::Folder { .. } => "folder",
        Place::Mailbox { .. } => "mailbox",
        Place::Library { .. } => "dms_library",
    }
}

/// Where it is found: as users name it, and as the server itself does.
fn locators(court: &Court, holding: &Holding) -> Vec<String> {
    let mut locators = vec![holding_object(court, holding)];
    if let Place::Folder { share, path } = &holding.place {
        let share = court.share(*share);
        let host = court.host(share.host);
        locators.push(match host.kind {
            HostKind::Samba => format!("{}:{}/{}", host.name, share.root, path.replace('\\', "/")),
            // `D:\Shares\Cases` of a machine is what it shares as `\\LEGAL-FS01\D$\Shares\Cases`.
            _ => format!("\\\\{}\\{}\\{path}", host.name, share.root.replacen(':', "$", 1)),
        });
    }
    locators
}

fn log_source(court: &Court, holding: &Holding) -> (&'static str, u32) {
    match &holding.place {
        Place::Folder { share, .. } if court.host(court.share(*share).host).kind == HostKind::Samba => {
            ("samba", SAMBA_RETENTION)
        }
        Place::Folder { .. } => ("windows/Security", FILES_RETENTION),
        Place::Mailbox { .. } => ("m365", MAIL_RETENTION),
        Place::Library { .. } => ("dms", DOCUMENTS_RETENTION),
    }
}

fn categories(court: &Court, holding: &Holding) -> Vec<&'static str> {
    let items = &court.items[holding.items.start as usize..holding.items.end as usize];
    let mut roles: Vec<_> =
        items.iter().flat_map(|item| &item.subjects).map(|subject| court.subject(*subject).role).collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// `items.csv`
pub(super) fn items(court: &Court) -> String {
    let mut table = Table::new(&["item_id", "holding_id", "locator", "title", "bytes", "subjects"]);
    for (_, holding) in known(court) {
        for item in holding.items.clone().map(ItemId) {
            let known = court.item(item);
            table.row(&[
                known.key.as_str(),
                &holding.key,
                &court.locator(item),
                &known.title,
                &known.bytes.to_string(),
                &list(known.subjects.iter().map(|subject| &court.subject(*subject).pseudonym)),
            ]);
        }
    }
    table.done()
}

/// `holding_subjects.csv`
pub(super) fn holding_subjects(court: &Court) -> String {
    let mut table = Table::new(&["holding_id", "subject_id", "data", "n_items"]);
    for (_, holding) in known(court) {
        let mut counts: BTreeMap<SubjectId, u32> = BTreeMap::new();
        for item in &court.items[holding.items.start as usize..holding.items.end as usize] {
            item.subjects.iter().for_each(|subject| *counts.entry(*subject).or_default() += 1);
        }
        if let Some((party, _)) = holding.entrusted_by {
            counts.entry(party).or_default();
        }
        for (subject, count) in counts {
            let subject = court.subject(subject);
            let data = list(data(subject.kind, &holding.content_types));
            table.row(&[&holding.key, &subject.pseudonym, &data, &count.to_string()]);
        }
    }
    table.done()
}

/// Which data of somebody such content has.
fn data(kind: SubjectKind, content: &[&str]) -> Vec<&'static str> {
    if kind != SubjectKind::Individual {
        return vec!["name", "account of facts"];
    }
    let mut data = vec!["alias"];
    for content in content {
        data.extend_from_slice(match *content {
            "witness_statement" => &["account of facts"],
            "pseudonym_key" => &["name", "photo"],
            "protection_file" => &["name", "address", "phone", "relatives"],
            "relocation_file" => &["name", "address", "relatives", "medical", "route", "future_date"],
            "travel" => &["name", "route", "future_date"],
            "victim_application" => &["name", "address", "phone", "account of facts", "medical"],
            "source_contact" => &["name", "phone", "account of facts", "future_date"],
            "arrest_warrant_sealed" | "investigation_plan" => &["name", "account of facts"],
            "hr" => &["name", "address", "bank"],
            "vetting" => &["name", "photo", "address", "relatives"],
            "financial" => &["name", "bank"],
            _ => &[],
        });
    }
    data.sort_unstable();
    data.dedup();
    data
}

/// `situations.csv`
pub(super) fn situations(court: &Court) -> String {
    let mut table = Table::new(&["case_no", "situation", "code"]);
    for matter in &court.situations {
        table.row(&[&matter.case_no, &matter.title, &matter.code]);
    }
    table.done()
}
