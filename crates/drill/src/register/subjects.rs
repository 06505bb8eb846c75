//! Whose data is it, and who are they?
//!
//! The one file with names: `identity` is what an import seals, and all else it may keep.

use serde_json::{Value, json};

use crate::court::{Court, Subject, SubjectKind};

/// `subjects.json`
pub(super) fn subjects(court: &Court) -> String {
    let all: Vec<Value> = court.subjects.iter().map(|subject| entry(court, subject)).collect();
    // One object a line: large registers are looked at with line tools too.
    let lines: Vec<String> = all.iter().map(Value::to_string).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

fn entry(court: &Court, subject: &Subject) -> Value {
    let matter = subject.situation.map(|matter| &court.situations[matter.index()]);
    let protected = !subject.protective_measures.is_empty();
    let mut vulnerability = Vec::new();
    if subject.minor {
        vulnerability.push("child");
    }
    json!({
        "subject_id": subject.pseudonym,
        "type": subject.kind.word(),
        "role": subject.role,
        "case_no": matter.map(|matter| matter.case_no.as_str()),
        "protective_measures": subject.protective_measures,
        "disclosure_state": subject.disclosure_state,
        "identity_exposure": subject.identity_exposure,
        "location_area": if subject.state.is_empty() { None } else { Some(subject.state) },
        "dependants_n": subject.dependants,
        "minor": subject.minor,
        "vulnerability": vulnerability,
        "adverse_parties": subject.adverse_parties,
        "hostile_control_of_area": subject.hostile_control_of_area,
        "hostile_proceedings": subject.hostile_proceedings,
        "contact_protocol_id": contact_protocol(subject, protected),
        "protection_officer_role": if protected { "VWS duty officer" } else { "Registry data officer" },
        "identity": {
            "name": subject.name,
            "aliases": subject.aliases,
            "phone": if subject.phone.is_empty() { None } else { Some(&subject.phone) },
            "address": if subject.place.is_empty() { None } else { Some(&subject.place) },
        },
    })
}

const fn contact_protocol(subject: &Subject, protected: bool) -> &'static str {
    match subject.kind {
        SubjectKind::State => "CP-NOTE-VERBALE",
        SubjectKind::Organisation => "CP-FOCAL-POINT",
        SubjectKind::Individual if protected => "CP-PROTECTED",
        SubjectKind::Individual => "CP-DIRECT",
    }
}
