//! What does the institution hand over about its own records, and what of it may be kept?
//!
//! Takes files as they come (CSV, JSON, YAML, one table a file or several), and gives the register
//! without identities, the identities by themselves, and a list of what is wrong, with row and
//! column. Names, addresses, phone numbers and every column of a subject that is not known here go
//! to the identities; names in titles and paths are masked. What no column of ours is called is
//! not kept anywhere else. Complaints name places and never values: a value may be a name.
//!
//! It does not seal, does not write and knows no key: who covers names is given.

mod check;
mod rows;
mod table;

use assize_model::{Protected, Register};
use serde::Serialize;

pub use check::{Missing, contradictions, missing};
use rows::Rows;

/// A file that was handed over.
pub struct Given {
    /// Its name, which says what it holds: `holdings.csv`.
    pub name: String,
    /// Its text.
    pub text: Protected,
}

/// What became of the files.
pub struct Imported {
    /// What everything else may know.
    pub register: Register,
    /// Who they are: a JSON object a line, for the seal and nothing else.
    pub identities: Protected,
    /// How many people and organisations the identities speak of.
    pub sealed: usize,
    /// What is wrong or was not kept, sorted by file and row.
    pub complaints: Vec<Complaint>,
}

/// Something that is wrong with a register.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Complaint {
    /// In which file, or table of a file.
    pub file: String,
    /// Which row: the line of a CSV file, the number of an entry elsewhere; 0: the whole.
    pub row: u64,
    /// Which column; empty: the whole row.
    pub column: String,
    /// What is wrong, and what follows from it.
    pub problem: String,
}

/// Covers names, however it knows them; `case` brings it.
pub trait Veil {
    /// Learns whom to cover: a JSON object a line, as they will be sealed. Accounts of staff stay as they are,
    /// also where somebody of the staff is a subject: an inquiry must tell whose they are.
    fn learn(&mut self, identities: &Protected, accounts: &[String]);
    /// A text with its names as `⟦pseudonym~spelling⟧`; `None` where it holds none.
    fn cover(&self, text: &str) -> Option<String>;
    /// A form in which a place that a name was covered in can be compared and does not tell it.
    fn digest(&self, place: &str) -> String;
}

/// A veil that covers nothing, for registers that say who nobody is: worked examples.
pub struct Unveiled;

impl Veil for Unveiled {
    fn learn(&mut self, _: &Protected, _: &[String]) {}

    fn cover(&self, _: &str) -> Option<String> {
        None
    }

    fn digest(&self, place: &str) -> String {
        place.to_owned()
    }
}

/// Reads the files; see the module's text.
#[must_use]
pub fn import(files: &[Given], veil: &mut dyn Veil) -> Imported {
    let mut complaints = Vec::new();
    let mut tables = Vec::new();
    for file in files {
        tables.extend(table::tables(file, &mut complaints));
    }
    let mut rows = Rows::default();
    // People first: what is masked elsewhere are their names.
    tables.sort_by_key(|table| (!table.kind.is_of_people(), table.kind));
    let (people, others): (Vec<_>, Vec<_>) = tables.into_iter().partition(|table| table.kind.is_of_people());
    people.into_iter().for_each(|table| rows.take(table, None, &mut complaints));
    veil.learn(&rows.identities(), &rows.accounts());
    others.into_iter().for_each(|table| rows.take(table, Some(veil), &mut complaints));
    let sealed = rows.identities.len();
    let (mut register, identities, lines) = rows.done(&mut complaints);
    sort(&mut register);
    complaints.extend(contradictions(&register).into_iter().map(|told| placed(told, &lines)));
    complaints.sort();
    complaints.dedup();
    Imported { register, identities, sealed, complaints }
}

/// A contradiction names table and key; the files say in which row that stands.
fn placed(mut told: Complaint, lines: &rows::Lines) -> Complaint {
    let key = told.problem.split(':').next().unwrap_or_default().to_owned();
    let table = table::Kind::ALL.iter().map(|kind| kind.as_str()).find(|table| *table == told.file);
    if let Some((file, row)) = table.and_then(|table| lines.get(&(table, key))) {
        (told.file, told.row) = (file.clone(), *row);
    }
    told
}

/// The order of rows is not kept: it says nothing.
fn sort(register: &mut Register) {
    register.holdings.sort_by(|a, b| a.key.cmp(&b.key));
    register.items.sort_by(|a, b| a.key.cmp(&b.key));
    register.subjects.sort_by(|a, b| a.key.cmp(&b.key));
    register.holding_subjects.sort_by(|a, b| (&a.holding, &a.subject).cmp(&(&b.holding, &b.subject)));
    register.rights.sort();
    register.rights.dedup();
    register.planes.sort();
    register.devices.sort();
    register.accounts.sort();
    register.staff.sort();
    register.duties.sort();
    register.trips.sort();
    register.log_sources.sort();
    register.situations.sort();
}

/// A veil for tests, with a key that everybody knows.
#[cfg(test)]
#[derive(Default)]
pub(crate) struct Spy(assize_names::Matcher);

#[cfg(test)]
impl Spy {
    pub(crate) const KEY: assize_names::MatchKey = assize_names::MatchKey::new([5; 16]);
}

#[cfg(test)]
impl Veil for Spy {
    fn learn(&mut self, identities: &Protected, accounts: &[String]) {
        let known = assize_names::Matcher::of(&assize_names::Person::all(identities), &Self::KEY);
        self.0 = known.without(accounts, &Self::KEY);
    }

    fn cover(&self, text: &str) -> Option<String> {
        let ordinary = std::collections::BTreeSet::new();
        let (covered, scratch) =
            (&mut assize_names::Covered::default(), &mut assize_names::Scratch::default());
        assize_names::Mask::new(&self.0, &Self::KEY, &ordinary).cover(text, covered, scratch)
    }

    fn digest(&self, place: &str) -> String {
        format!(
            "{:x}",
            place.bytes().fold(7u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str, text: &str) -> Given {
        Given { name: name.to_owned(), text: Protected::new(text.to_owned()) }
    }

    fn import(files: &[Given]) -> Imported {
        super::import(files, &mut Spy::default())
    }

    const SUBJECTS: &str = r#"[{"subject_id": "CT-P-0353", "type": "individual", "role": "witness",
        "minor": false, "shoe_size": 44, "identity_exposure": "named",
        "identity": {"name": "Олена Гайдук", "aliases": ["Olena Haiduk"], "phone": "+49 30 1234"}}]"#;

    #[test]
    fn names_are_split_off_and_masked_wherever_they_stand() {
        let items = "item_id,holding_id,locator,title,bytes,subjects\n\
                     M-1,H-1,\\\\FS\\W\\Haiduk route.docx,Route of Olena Haiduk,9,CT-P-0353\n";
        let holdings = "holding_id,title,kind,locators\nH-1,Routes,folder,\\\\FS\\W\n";
        let files =
            [given("items.csv", items), given("subjects.json", SUBJECTS), given("holdings.csv", holdings)];
        let imported = import(&files);
        let kept = serde_json::to_string(&imported.register).unwrap();
        for name in ["Haiduk", "haiduk", "Olena", "Олена", "1234", ":44", " 44"] {
            assert!(!kept.contains(name), "{name} is kept");
        }
        assert!(imported.register.items[0].title.starts_with("Route of ⟦CT-P-0353~"));
        let place = &imported.register.items[0].locators[0].text;
        assert!(place.starts_with("\\\\FS\\W\\⟦CT-P-0353~") && place.ends_with("⟧ route.docx"), "{place}");
        assert!(imported.register.items[0].locators[0].digest.is_some());
        assert!(imported.register.holdings[0].locators[0].digest.is_none(), "no name stands in it");
        let sealed = imported.identities.expose();
        assert!(
            sealed.contains("Олена Гайдук") && sealed.contains("shoe_size") && sealed.contains("CT-P-0353")
        );
    }

    #[test]
    fn one_file_may_hold_several_tables_in_json_or_yaml() {
        let yaml = "holdings:\n  - {holding_id: H-1, title: Statements, kind: folder, locators: ['\\\\FS\\C\\S']}\n\
                    subjects:\n  - {subject_id: P-1, type: state}\n";
        let from_yaml = import(&[given("register.yaml", yaml)]);
        assert_eq!(from_yaml.complaints, []);
        let json = r#"{"holdings": [{"holding_id": "H-1", "title": "Statements", "kind": "folder",
            "locators": ["\\\\FS\\C\\S"]}], "subjects": [{"subject_id": "P-1", "type": "state"}]}"#;
        let csv = [
            given("holdings.csv", "holding_id,title,kind,locators\nH-1,Statements,folder,\\\\FS\\C\\S\n"),
            given("subjects.csv", "subject_id,type\nP-1,state\n"),
        ];
        assert_eq!(import(&[given("register.json", json)]).register, from_yaml.register);
        assert_eq!(import(&csv).register, from_yaml.register);
    }

    #[test]
    fn what_is_wrong_is_told_with_row_and_column_and_without_its_value() {
        let items = "item_id,holding_id,locator,title,bytes,subjects\n\
                     M-1,H-9,\\\\FS\\C\\Olena Haiduk.docx,Note,many,CT-P-0353; CT-P-0999\n,H-1,x,y,1,\n";
        let files = [
            given("items.csv", items),
            given("subjects.json", SUBJECTS),
            given("rights.csv", "principal,right,object,via,from,to\nCOURT\\a,read,\\\\FS\\C,,soon,\n"),
            given("letters.csv", "a,b\n1,2\n"),
            given(
                "planes.csv",
                "plane_id,kind,host,holds_kind,holds,from,to\nP,hypervisor,HV,machine,FS,,\n",
            ),
        ];
        let imported = import(&files);
        let told: Vec<String> = imported
            .complaints
            .iter()
            .map(|c| format!("{}:{}:{} {}", c.file, c.row, c.column, c.problem))
            .collect();
        let all = told.join("\n");
        for place in [
            "items.csv:2:bytes",
            "items.csv:3:item_id",
            "rights.csv:2:from",
            "letters.csv:0:",
            "planes.csv:2:holds_kind",
        ] {
            assert!(told.iter().any(|line| line.starts_with(place)), "{place} in:\n{all}");
        }
        assert!(told.iter().any(|line| line.contains("M-1") && line.contains("holding")), "{all}");
        for value in ["many", "soon", "Haiduk", "machine"] {
            assert!(!all.contains(value), "{value} in:\n{all}");
        }
    }

    #[test]
    fn the_order_of_files_and_rows_changes_nothing() {
        let a = "holding_id,title,kind,locators\nH-1,A,folder,\\\\FS\\A\nH-2,B,folder,\\\\FS\\B\n";
        let b = "holding_id,title,kind,locators\nH-2,B,folder,\\\\FS\\B\nH-1,A,folder,\\\\FS\\A\n";
        let one = import(&[given("holdings.csv", a), given("subjects.json", SUBJECTS)]);
        let two = import(&[given("subjects.json", SUBJECTS), given("holdings.csv", b)]);
        assert_eq!(one.register, two.register);
    }

    #[test]
    fn hostile_files_are_complaints() {
        for (name, text) in [
            ("holdings.csv", "\0\u{feff}\"\",\"\n\"a"),
            ("holdings.json", "[1, [], {\"holding_id\": {\"a\": 1}}]"),
            ("holdings.json", "{{{"),
            ("subjects.yaml", "- a: &x [*x]\n"),
            ("subjects.yaml", "!!binary"),
            ("holdings.csv", ""),
        ] {
            let imported = import(&[given(name, text)]);
            assert!(!imported.complaints.is_empty(), "{name}: {text:?}");
            assert!(imported.register.holdings.is_empty());
        }
    }
}
