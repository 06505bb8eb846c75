//! What does a row of each table say?
//!
//! A column that is wrong is told and its row kept with the value not known; a row without its key
//! is told and left out. Columns that nobody takes go to the identities for people and are told
//! for other tables.

use std::collections::BTreeMap;

use assize_model::holding::Entrusted;
use assize_model::plane::Holds;
use assize_model::register::{
    Account, Device, Duty, LogSource, Place, Register, Situation, Staff, Trip, Validity,
};
use assize_model::subject::{DataOf, SubjectType};
use assize_model::time::Stated;
use assize_model::{Holding, HoldingId, Item, ItemId, Plane, Protected, Right, Subject, SubjectId, Time};
use serde_json::{Map, Value, json};

use super::Complaint;
use super::Veil;
use super::table::{Cell, Kind, Row, Table};
use crate::places;

/// Everything that was taken so far.
#[derive(Default)]
pub(super) struct Rows {
    register: Register,
    /// By key, with the kind of person.
    pub(super) identities: BTreeMap<(&'static str, String), Identity>,
    /// Where the row of each key stands: by table and key, file and row.
    pub(super) lines: Lines,
}

/// File and row by table and key.
pub(super) type Lines = BTreeMap<(&'static str, String), (String, u64)>;

/// Who somebody is. No `Debug`.
pub(super) struct Identity(Map<String, Value>, Option<SubjectType>);

impl Rows {
    /// Takes the rows of a table.
    pub(super) fn take(&mut self, table: Table, veil: Option<&dyn Veil>, complaints: &mut Vec<Complaint>) {
        let take = TAKERS[table.kind as usize].1;
        let mut unknown: BTreeMap<String, u64> = BTreeMap::new();
        for row in table.rows {
            let place = (table.file.clone(), row.number);
            let key = KEYS.get(table.kind as usize).and_then(|column| row.cells.get(*column)?.text());
            if let Some(key) = key {
                self.lines.entry((table.kind.as_str(), key)).or_insert(place);
            }
            let mut taken = Taken { file: &table.file, row, veil, complaints };
            if take(&mut taken, self) {
                let left = std::mem::take(&mut taken.row.cells);
                let left = left.into_iter().filter(|(_, cell)| !cell.is_empty());
                if !table.kind.is_of_people() {
                    left.for_each(|(column, _)| *unknown.entry(column).or_default() += 1);
                }
            }
        }
        for (column, count) in unknown {
            let problem = format!("no column of {}; not kept ({count} cells)", table.kind.as_str());
            complaints.push(Complaint { file: table.file.clone(), row: 0, column, problem });
        }
    }

    /// Accounts of the staff so far.
    pub(super) fn accounts(&self) -> Vec<String> {
        self.register.staff.iter().flat_map(|staff| staff.accounts.clone()).collect()
    }

    /// The identities so far: a JSON object a line.
    pub(super) fn identities(&self) -> Protected {
        let mut lines = String::new();
        for ((kind, key), identity) in &self.identities {
            let mut line = json!({ *kind: key, "identity": identity.0 });
            if let Some(kind) = identity.1 {
                line["type"] = json!(kind);
            }
            lines.push_str(&line.to_string());
            lines.push('\n');
        }
        Protected::new(lines)
    }

    /// The register, and the identities as lines.
    pub(super) fn done(mut self, complaints: &mut Vec<Complaint>) -> (Register, Protected, Lines) {
        let mut register = std::mem::take(&mut self.register);
        let mut twice = |what: &str, keys: Vec<String>| {
            for pair in keys.windows(2).filter(|pair| pair[0] == pair[1]) {
                let problem = format!("{} stands there twice; the first row is used", pair[0]);
                complaints.push(Complaint { file: what.to_owned(), row: 0, column: String::new(), problem });
            }
        };
        macro_rules! once {
            ($($list:ident)*) => {$(
                register.$list.sort_by(|a, b| a.key.cmp(&b.key));
                twice(stringify!($list), register.$list.iter().map(|one| one.key.clone()).collect());
                register.$list.dedup_by(|later, first| later.key == first.key);
            )*};
        }
        once!(holdings items subjects staff duties);
        let identities = self.identities();
        (register, identities, self.lines)
    }
}

/// One row while it is being read.
struct Taken<'a> {
    file: &'a str,
    row: Row,
    veil: Option<&'a dyn Veil>,
    complaints: &'a mut Vec<Complaint>,
}

impl Taken<'_> {
    fn wrong(&mut self, column: &str, problem: &str) {
        self.complaints.push(Complaint {
            file: self.file.to_owned(),
            row: self.row.number,
            column: column.to_owned(),
            problem: problem.to_owned(),
        });
    }

    fn cell(&mut self, column: &str) -> Option<Cell> {
        self.row.cells.remove(column).filter(|cell| !cell.is_empty())
    }

    fn text(&mut self, column: &str) -> String {
        self.some_text(column).unwrap_or_default()
    }

    fn some_text(&mut self, column: &str) -> Option<String> {
        let cell = self.cell(column)?;
        let text = cell.text();
        if text.is_none() {
            self.wrong(column, "expected a text; taken as not known");
        }
        text
    }

    fn texts(&mut self, column: &str) -> Vec<String> {
        let Some(cell) = self.cell(column) else { return Vec::new() };
        cell.texts().unwrap_or_else(|| {
            self.wrong(column, "expected texts; taken as none");
            Vec::new()
        })
    }

    /// The row's key; without it the row names nothing.
    fn key(&mut self, column: &str) -> Option<String> {
        let key = self.some_text(column).filter(|key| !key.is_empty());
        if key.is_none() {
            self.wrong(column, "the key is missing; the row is left out");
        }
        key
    }

    fn number(&mut self, column: &str) -> Option<u64> {
        let text = self.some_text(column)?;
        let number = text.parse().ok();
        if number.is_none() {
            self.wrong(column, "expected a whole number; taken as not known");
        }
        number
    }

    fn truth(&mut self, column: &str) -> Option<bool> {
        match self.some_text(column)?.to_lowercase().as_str() {
            "yes" | "true" | "1" => Some(true),
            "no" | "false" | "0" => Some(false),
            "unknown" | "not known" => None,
            _ => {
                self.wrong(column, "expected yes or no; taken as not known");
                None
            }
        }
    }

    fn time(&mut self, column: &str) -> Option<Time> {
        let text = self.some_text(column)?;
        // A day alone is its first instant.
        let stated = Time::parse(&text).or_else(|| Time::parse(&format!("{text}T00:00:00Z")));
        match stated {
            Some(Stated::Instant(time)) => Some(time),
            Some(Stated::Local(time)) => {
                self.wrong(column, "a time without its zone; taken as UTC");
                Some(time)
            }
            None => {
                self.wrong(column, "expected a time, as 2026-09-14T07:12:41Z; taken as without bound");
                None
            }
        }
    }

    fn validity(&mut self, from: &str, to: &str) -> Validity {
        let (from, to) = (self.time(from), self.time(to));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            self.wrong("", "ends before it begins; taken as without bounds");
            return Validity::default();
        }
        Validity { from, to }
    }

    /// A text with its names covered.
    fn covered(&mut self, column: &str) -> String {
        let text = self.text(column);
        self.veil.and_then(|veil| veil.cover(&text)).unwrap_or(text)
    }

    /// Places with their names covered, and a digest of the plain form where there were some.
    fn places(&mut self, columns: &[&str]) -> Vec<Place> {
        let texts: Vec<String> = columns.iter().flat_map(|column| self.texts(column)).collect();
        let place = |text: String| match self.veil.and_then(|veil| Some((veil, veil.cover(&text)?))) {
            Some((veil, covered)) => {
                Place { digest: Some(veil.digest(&places::form(&text, None))), text: covered }
            }
            None => Place { text, digest: None },
        };
        texts.into_iter().map(place).collect()
    }
}

/// The column that is the key, in the order of [`Kind`], as far as rows have one.
const KEYS: [&str; 4] = ["subject_id", "staff_id", "holding_id", "item_id"];

type Take = fn(&mut Taken<'_>, &mut Rows) -> bool;

/// In the order of [`Kind`]. True where the row was taken.
const TAKERS: [(Kind, Take); 13] = [
    (Kind::Subjects, subject),
    (Kind::Staff, staff),
    (Kind::Holdings, holding),
    (Kind::Items, item),
    (Kind::HoldingSubjects, holding_subject),
    (Kind::Rights, right),
    (Kind::Planes, plane),
    (Kind::Devices, device),
    (Kind::Accounts, account),
    (Kind::Duties, duty),
    (Kind::Trips, trip),
    (Kind::LogSources, log_source),
    (Kind::Situations, situation),
];

fn subject(row: &mut Taken<'_>, rows: &mut Rows) -> bool {
    let Some(key) = row.key("subject_id") else { return false };
    let kind = match row.text("type").to_lowercase().as_str() {
        "individual" => SubjectType::Individual,
        "organisation" | "organization" => SubjectType::Organisation,
        "state" => SubjectType::State,
        _ => {
            row.wrong(
                "type",
                "expected individual, organisation or state; taken as an individual, the gravest",
            );
            SubjectType::Individual
        }
    };
    let subject = Subject {
        id: SubjectId::of(&[key.as_bytes()]),
        kind,
        role: row.text("role"),
        case_no: row.some_text("case_no"),
        protective_measures: row.texts("protective_measures"),
        disclosure_state: row.some_text("disclosure_state"),
        identity_exposure: row.some_text("identity_exposure"),
        hostile_control_of_area: row.truth("hostile_control_of_area"),
        hostile_proceedings: row.truth("hostile_proceedings"),
        dependants: row.number("dependants_n"),
        minor: row.truth("minor"),
        vulnerability: row.texts("vulnerability"),
        adverse_parties: row.texts("adverse_parties"),
        location_area: row.some_text("location_area"),
        contact_protocol: row.some_text("contact_protocol_id"),
        protection_officer: row.some_text("protection_officer_role"),
        key,
    };
    seal(row, rows, "subject", &subject.key, Some(kind));
    rows.register.subjects.push(subject);
    true
}

fn staff(row: &mut Taken<'_>, rows: &mut Rows) -> bool {
    let Some(key) = row.key("staff_id") else { return false };
    let staff = Staff {
        organ: row.text("organ"),
        role: row.text("role"),
        accounts: row.texts("accounts"),
        device: row.text("device"),
        usual_address: row.text("usual_address"),
        case_nos: row.texts("case_nos"),
        valid: row.validity("joined", "left"),
        key,
    };
    seal(row, rows, "staff", &staff.key, None);
    rows.register.staff.push(staff);
    true
}

/// All that is left of a row about somebody says who that is: columns that nobody knows too.
fn seal(row: &mut Taken<'_>, rows: &mut Rows, kind: &'static str, key: &str, of: Option<SubjectType>) {
    let mut told = Map::new();
    for (column, cell) in std::mem::take(&mut row.row.cells) {
        match cell.0 {
            Value::Object(inner) if column == "identity" => told.extend(inner),
            value => drop(told.insert(column, value)),
        }
    }
    rows.identities.entry((kind, key.to_owned())).or_insert(Identity(told, of));
}

fn holding(row: &mut Taken<'_>, rows: &mut Rows) -> bool {
    let Some(key) = row.key("holding_id") else { return false };
    let parties = row.texts("entrusted_by");
    let bases = row.texts("entrusted_basis");
    let basis = |at: usize| bases.get(at).or(bases.first()).cloned().unwrap_or_default();
    let holding = Holding {
        id: HoldingId::of(&[key.as_bytes()]),
        title: row.covered("title"),
        kind: row.text("kind"),
        locators: row.places(&["locators", "locator"]),
        parent: row.some_text("parent"),
        copies_of: row.texts("copies_of"),
        organ: row.text("organ"),
        situation: row.text("situation"),
        case_no: row.text("case_no"),
        ern_range: row.text("ern_range"),
        filing_no: row.text("filing_no"),
        confidentiality: row.text("confidentiality"),
        content_types: row.texts("content_types"),
        entrusted_by: parties
            .into_iter()
            .enumerate()
            .map(|(at, party)| Entrusted { party, basis: basis(at) })
            .collect(),
        // Not known counts as true: a listing is then as bad as the content.
        name_is_sensitive: row.truth("name_is_sensitive").unwrap_or(true),
        record_count: row.number("record_count"),
        record_count_kind: row.text("record_count_kind"),
        bytes: row.number("bytes"),
        encryption: row.text("encryption"),
        key_location: row.text("key_location"),
        log_sources: row.texts("log_sources"),
        log_retention_days: row.number("log_retention_days"),
        owner_role: row.text("owner_role"),
        data_subject_categories: row.texts("data_subject_categories"),
        valid: row.validity("valid_from", "valid_to"),
        key,
    };
    rows.register.holdings.push(holding);
    true
}

fn item(row: &mut Taken<'_>, rows: &mut Rows) -> bool {
    let Some(key) = row.key("item_id") else { return false };
    let Some(holding) = row.key("holding_id") else { return false };
    let subjects = row.texts("subjects");
    let item = Item {
        id: ItemId::of(&[key.as_bytes()]),
        holding,
        locators: row.places(&["locator", "locators"]),
        title: row.covered("title"),
        bytes: row.number("bytes"),
        decoy: row.truth("decoy").unwrap_or(false),
        valid: row.validity("valid_from", "valid_to"),
        subjects,
        key,
    };
    rows.register.items.push(item);
    true
}

fn holding_subject(row: &mut Taken<'_>, rows: &mut Rows) -> bool {
    let (Some(holding), Some(subject)) = (row.key("holding_id"), row.key("subject_id")) else { return false };
    let (data, items) = (row.texts("data"), row.number("n_items"));
    rows.register.holding_subjects.push(DataOf { holding, subject, data, items });
    true
}

fn right(row: &mut Taken<'_>, rows: &mut Rows) -> bool {
    let (Some(principal), Some(object)) = (row.key("principal"), row.key("object")) else { return false };
    let (right, via) = (row.text("right"), row.text("via"));
    rows.register.rights.push(Right { principal, right, object, via, valid: row.validity("from", "to") });
    true
}

fn plane(row: &mut Taken<'_>, rows: &mut Rows) -> bool {
    let (Some(key), Some(holds)) = (row.key("plane_id"), row.key("holds")) else { return false };
    let holds_kind = match row.text("holds_kind").as_str() {
        "host" | "" => Holds::Host,
        "holding" => Holds::Holding,
        _ => {
            row.wrong("holds_kind", "expected host or holding; the row is left out");
            return false;
        }
    };
    let (kind, host) = (row.text("kind"), row.text("host"));
    let valid = row.validity("from", "to");
    rows.register.planes.push(Plane { key, kind, host, holds_kind, holds, valid });
    true
}

fn device(row: &mut Taken<'_>, rows: &mut Rows) -> bool {
    let Some(name) = row.key("name") else { return false };
    let device = Device {
        name,
        serial: row.text("serial"),
        mac: row.text("mac"),
        address: row.text("address"),
        kind: row.text("kind"),
        usual_users: row.texts("usual_users"),
        managed: row.truth("managed"),
    };
    rows.register.devices.push(device);
    true
}

fn account(row: &mut Taken<'_>, rows: &mut Rows) -> bool {
    let Some(account) = row.key("account") else { return false };
    let account = Account {
        account,
        upn: row.text("upn"),
        sid: row.text("sid"),
        object_id: row.text("object_id"),
        kind: row.text("kind"),
        staff: row.text("staff_id"),
        declared_host: row.text("declared_host"),
    };
    rows.register.accounts.push(account);
    true
}

fn duty(row: &mut Taken<'_>, rows: &mut Rows) -> bool {
    let Some(key) = row.key("duty_id") else { return false };
    // The words of a duty may name somebody and decide nothing: they are not kept.
    drop(row.cell("text"));
    let duty = Duty {
        kind: row.text("kind"),
        staff: row.text("staff_id"),
        account: row.text("account"),
        holdings: row.texts("holdings"),
        case_no: row.text("case_no"),
        valid: row.validity("from", "to"),
        key,
    };
    rows.register.duties.push(duty);
    true
}

fn trip(row: &mut Taken<'_>, rows: &mut Rows) -> bool {
    let Some(staff) = row.key("staff_id") else { return false };
    ["country", "utc_offset_minutes"].iter().for_each(|column| drop(row.cell(column)));
    let (place, address) = (row.text("place"), row.text("address"));
    rows.register.trips.push(Trip { staff, place, address, valid: row.validity("from", "to") });
    true
}

fn log_source(row: &mut Taken<'_>, rows: &mut Rows) -> bool {
    let Some(source) = row.key("source") else { return false };
    let (host, retention_days) = (row.text("host"), row.number("retention_days"));
    rows.register.log_sources.push(LogSource { source, host, retention_days });
    true
}

fn situation(row: &mut Taken<'_>, rows: &mut Rows) -> bool {
    let Some(case_no) = row.key("case_no") else { return false };
    let (situation, code) = (row.text("situation"), row.text("code"));
    rows.register.situations.push(Situation { case_no, situation, code });
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_taker() {
        assert!(Kind::ALL.iter().zip(TAKERS).all(|(kind, (of, _))| *kind == of));
        assert_eq!(Kind::ALL.len(), TAKERS.len());
    }
}
