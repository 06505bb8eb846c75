//! What does the court hold, where, and whose is it?
//!
//! [`OF_MATTERS`] and [`OF_THE_COURT`] are the tables that a reader wants to see; the rest makes
//! holdings and items of them.

use std::collections::BTreeSet;

use super::rights::{self, Door};
use super::{
    AccountId, Court, Grant, Holder, Holding, HoldingId, Item, Organ, Person, PersonId, Place, Role, ShareId,
    SituationId, SubjectId, SubjectKind, cases, names,
};
use crate::chance::Dice;
use crate::moment::{DAY, Moment};

/// Where a kind of holding lies. `{}` is the matter's code.
#[derive(Clone, Copy)]
enum Spot {
    Folder(&'static str, &'static str),
    Library(&'static str),
}

/// How items are called and whose data they have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Statement,
    Protection,
    KeyList,
    Relocation,
    Filing,
    EvidenceIndex,
    StateLetter,
    Warrant,
    Application,
    Plan,
    Source,
    Translation,
    Deliberation,
    Judgment,
    OldStatement,
    Copy,
    Personnel,
    Vetting,
    Minutes,
    Credentials,
    Glossary,
    Travel,
    Finance,
    Press,
    Migration,
}

impl Sort {
    const fn has_one_of_everybody(self) -> bool {
        matches!(
            self,
            Self::Statement | Self::Protection | Self::Relocation | Self::Source | Self::Application
        )
    }
}

/// A kind of holding.
struct Kind {
    sort: Sort,
    title: &'static str,
    spot: Spot,
    organ: Organ,
    confidentiality: &'static str,
    content: &'static [&'static str],
    name_is_sensitive: bool,
    /// Items, about.
    typical: i64,
    /// A large court has several of it.
    many: bool,
    unregistered: bool,
    read: &'static [Door],
    write: &'static [Door],
}

const CONF: &str = "confidential";
const EX_PARTE: &str = "confidential_ex_parte";
const SECRET: &str = "secret_under_seal";

use Organ::{Chambers, HumanResources, InformationTechnology, Presidency, Prosecutor, Registry};
use Organ::{VictimsParticipation, WitnessSection};

#[rustfmt::skip]
const OF_MATTERS: [Kind; 16] = [
    Kind { sort: Sort::Statement, title: "Witness statements", spot: Spot::Folder("Cases", "{}\\Statements"), organ: Prosecutor, confidentiality: CONF, content: &["witness_statement"], name_is_sensitive: true, typical: 26, many: true, unregistered: false,
        read: &[Door::Organ(Prosecutor), Door::Organ(Registry), Door::Interpreters], write: &[Door::Team] },
    Kind { sort: Sort::Protection, title: "Protection files", spot: Spot::Folder("Witness", "{}\\Protection"), organ: WitnessSection, confidentiality: SECRET, content: &["protection_file"], name_is_sensitive: true, typical: 18, many: true, unregistered: false,
        read: &[], write: &[Door::Protection] },
    Kind { sort: Sort::KeyList, title: "Pseudonym key list", spot: Spot::Folder("Witness", "{}\\Keys"), organ: WitnessSection, confidentiality: SECRET, content: &["pseudonym_key"], name_is_sensitive: false, typical: 3, many: false, unregistered: false,
        read: &[], write: &[Door::Protection] },
    Kind { sort: Sort::Relocation, title: "Relocation files", spot: Spot::Folder("Witness", "{}\\Relocation"), organ: WitnessSection, confidentiality: SECRET, content: &["relocation_file", "travel"], name_is_sensitive: true, typical: 9, many: true, unregistered: false,
        read: &[], write: &[Door::Protection] },
    Kind { sort: Sort::Filing, title: "Filings", spot: Spot::Library("{} Filings"), organ: Registry, confidentiality: CONF, content: &["filing"], name_is_sensitive: false, typical: 34, many: true, unregistered: false,
        read: &[Door::Everybody], write: &[Door::Team, Door::Organ(Registry)] },
    Kind { sort: Sort::EvidenceIndex, title: "Evidence indices", spot: Spot::Folder("Cases", "{}\\Evidence"), organ: Prosecutor, confidentiality: CONF, content: &["evidence_index"], name_is_sensitive: false, typical: 16, many: true, unregistered: false,
        read: &[Door::Organ(Prosecutor)], write: &[Door::Team] },
    Kind { sort: Sort::StateLetter, title: "State communications", spot: Spot::Library("{} State cooperation"), organ: Registry, confidentiality: EX_PARTE, content: &["state_communication"], name_is_sensitive: false, typical: 16, many: true, unregistered: false,
        read: &[Door::Team], write: &[Door::Organ(Registry)] },
    Kind { sort: Sort::Warrant, title: "Arrest warrants under seal", spot: Spot::Library("{} Warrants under seal"), organ: Chambers, confidentiality: SECRET, content: &["arrest_warrant_sealed"], name_is_sensitive: true, typical: 4, many: false, unregistered: false,
        read: &[], write: &[Door::Organ(Chambers)] },
    Kind { sort: Sort::Application, title: "Victim applications", spot: Spot::Folder("Cases", "{}\\Victims"), organ: VictimsParticipation, confidentiality: EX_PARTE, content: &["victim_application"], name_is_sensitive: true, typical: 24, many: true, unregistered: false,
        read: &[Door::Team], write: &[Door::Organ(VictimsParticipation)] },
    Kind { sort: Sort::Plan, title: "Investigation plans", spot: Spot::Folder("Cases", "{}\\Investigation"), organ: Prosecutor, confidentiality: EX_PARTE, content: &["investigation_plan"], name_is_sensitive: false, typical: 10, many: true, unregistered: false,
        read: &[Door::Team], write: &[Door::Organ(Prosecutor)] },
    Kind { sort: Sort::Source, title: "Source contacts", spot: Spot::Folder("Witness", "{}\\Sources"), organ: Prosecutor, confidentiality: SECRET, content: &["source_contact"], name_is_sensitive: true, typical: 7, many: true, unregistered: false,
        read: &[], write: &[Door::Prosecution, Door::Protection] },
    Kind { sort: Sort::Translation, title: "Translations", spot: Spot::Folder("Cases", "{}\\Translations"), organ: Registry, confidentiality: CONF, content: &["witness_statement"], name_is_sensitive: true, typical: 18, many: true, unregistered: false,
        read: &[Door::Team], write: &[Door::Interpreters] },
    Kind { sort: Sort::Deliberation, title: "Deliberations", spot: Spot::Library("{} Deliberations"), organ: Chambers, confidentiality: SECRET, content: &["deliberation"], name_is_sensitive: false, typical: 8, many: false, unregistered: false,
        read: &[], write: &[Door::Organ(Chambers)] },
    Kind { sort: Sort::Judgment, title: "Public decisions", spot: Spot::Folder("Public", "Decisions\\{}"), organ: Registry, confidentiality: "public", content: &["judgment"], name_is_sensitive: false, typical: 12, many: true, unregistered: false,
        read: &[Door::Everybody], write: &[Door::Organ(Registry)] },
    Kind { sort: Sort::OldStatement, title: "Archived statements", spot: Spot::Folder("archive", "{}"), organ: Registry, confidentiality: CONF, content: &["witness_statement"], name_is_sensitive: true, typical: 22, many: true, unregistered: false,
        read: &[Door::Organ(Prosecutor), Door::Team], write: &[Door::Organ(Registry)] },
    Kind { sort: Sort::Copy, title: "Working copies", spot: Spot::Folder("Cases", "{}\\_working"), organ: Prosecutor, confidentiality: CONF, content: &["witness_statement"], name_is_sensitive: true, typical: 8, many: false, unregistered: true,
        read: &[], write: &[Door::Team] },
];

#[rustfmt::skip]
const OF_THE_COURT: [Kind; 10] = [
    Kind { sort: Sort::Personnel, title: "Personnel files", spot: Spot::Folder("HR", "Personnel"), organ: HumanResources, confidentiality: CONF, content: &["hr"], name_is_sensitive: true, typical: 40, many: true, unregistered: false,
        read: &[], write: &[Door::Organ(HumanResources)] },
    Kind { sort: Sort::Vetting, title: "Vetting of staff and interns", spot: Spot::Folder("HR", "Vetting"), organ: HumanResources, confidentiality: EX_PARTE, content: &["vetting"], name_is_sensitive: true, typical: 20, many: true, unregistered: false,
        read: &[], write: &[Door::Organ(HumanResources)] },
    Kind { sort: Sort::Minutes, title: "Minutes of the board", spot: Spot::Library("Board minutes"), organ: Presidency, confidentiality: CONF, content: &["minutes"], name_is_sensitive: false, typical: 24, many: false, unregistered: false,
        read: &[], write: &[Door::Organ(Presidency)] },
    Kind { sort: Sort::Credentials, title: "Export of the credentials vault", spot: Spot::Folder("Registry", "IT\\Vault"), organ: InformationTechnology, confidentiality: SECRET, content: &["credentials"], name_is_sensitive: false, typical: 4, many: false, unregistered: false,
        read: &[], write: &[Door::Administrators, Door::Organ(InformationTechnology)] },
    Kind { sort: Sort::Glossary, title: "Interpretation glossaries", spot: Spot::Folder("Registry", "Language Services\\Glossaries"), organ: Registry, confidentiality: CONF, content: &["glossary"], name_is_sensitive: false, typical: 18, many: false, unregistered: false,
        read: &[Door::Everybody], write: &[Door::Interpreters] },
    Kind { sort: Sort::Travel, title: "Mission travel", spot: Spot::Folder("Registry", "Travel"), organ: Registry, confidentiality: CONF, content: &["travel"], name_is_sensitive: true, typical: 22, many: true, unregistered: false,
        read: &[], write: &[Door::Organ(Registry)] },
    Kind { sort: Sort::Finance, title: "Finance", spot: Spot::Folder("Registry", "Finance"), organ: Registry, confidentiality: CONF, content: &["financial"], name_is_sensitive: false, typical: 20, many: true, unregistered: false,
        read: &[Door::Organ(HumanResources)], write: &[Door::Organ(Registry)] },
    Kind { sort: Sort::Press, title: "Press and outreach", spot: Spot::Folder("Public", "Press"), organ: Presidency, confidentiality: "public", content: &["press"], name_is_sensitive: false, typical: 22, many: true, unregistered: false,
        read: &[Door::Everybody], write: &[Door::Organ(Presidency), Door::Organ(Registry)] },
    Kind { sort: Sort::Judgment, title: "Judgments", spot: Spot::Library("Public judgments"), organ: Registry, confidentiality: "public", content: &["judgment"], name_is_sensitive: false, typical: 30, many: false, unregistered: false,
        read: &[Door::Everybody], write: &[Door::Organ(Registry)] },
    Kind { sort: Sort::Migration, title: "Left over from a migration", spot: Spot::Folder("archive", "migration-2019"), organ: InformationTechnology, confidentiality: CONF, content: &["witness_statement", "financial"], name_is_sensitive: true, typical: 14, many: false, unregistered: true,
        read: &[Door::Administrators, Door::Organ(InformationTechnology)], write: &[Door::Organ(Registry)] },
];

/// Makes holdings, items and grants.
pub(super) fn fill(court: &mut Court, dice: Dice) {
    let mut shelf = Shelf { dice, document: 4000, volumes: (court.size.staff / 80).max(1) };
    for matter in 0..court.situations.len() as u32 {
        for kind in &OF_MATTERS {
            // Working copies lie about in some matters only.
            if kind.sort == Sort::Copy && matter % 3 != 0 {
                continue;
            }
            shelf.add_kind(court, kind, Some(SituationId(matter)));
        }
    }
    for kind in &OF_THE_COURT {
        shelf.add_kind(court, kind, None);
    }
    mailboxes(court, &mut shelf);
}

/// What is counted while holdings are made.
struct Shelf {
    dice: Dice,
    /// Last number of a document.
    document: u32,
    volumes: u32,
}

impl Shelf {
    fn add_kind(&mut self, court: &mut Court, kind: &Kind, situation: Option<SituationId>) {
        let volumes = if kind.many { self.volumes } else { 1 };
        let whose = whose(court, kind.sort, situation);
        for volume in 0..volumes {
            let holding = HoldingId(court.holdings.len() as u32);
            let mut dice = self.dice.branch(u64::from(holding.0));
            let part = share_of(&whose, volume, volumes);
            // Nobody's only statement is missing: there is at least one item of everybody.
            let least = if kind.sort.has_one_of_everybody() { part.len() as i64 } else { 3 };
            let count = dice.skewed(3, kind.typical).min(kind.typical * 4).max(least);
            let first = court.items.len() as u32;
            let mut taken = BTreeSet::new();
            for number in 0..count {
                let mut item = self.item(court, kind, situation, part, number as usize, &mut dice);
                item.holding = holding;
                free_name(&mut item, &mut taken);
                push(court, item);
            }
            let grants = grants(court, kind, situation);
            let entrusted_by = entrusted(court, kind.sort, situation, &mut dice);
            add_holding(
                court,
                Holding {
                    key: String::new(),
                    title: titled(court, kind.title, situation, volume, volumes),
                    place: place(court, kind.spot, situation, volume, volumes),
                    organ: kind.organ,
                    situation,
                    confidentiality: kind.confidentiality,
                    content_types: kind.content.to_vec(),
                    entrusted_by,
                    name_is_sensitive: kind.name_is_sensitive,
                    items: first..court.items.len() as u32,
                    unregistered: kind.unregistered,
                },
                grants,
            );
        }
    }

    /// One item; whose data it has follows from what it is.
    fn item(
        &mut self,
        court: &Court,
        kind: &Kind,
        situation: Option<SituationId>,
        whose: &[SubjectId],
        number: usize,
        dice: &mut Dice,
    ) -> Item {
        let from = court.size.from;
        let code = situation.map(|matter| court.situations[matter.index()].code.as_str()).unwrap_or("CT");
        let one = whose.get(number % whose.len().max(1)).copied();
        let few = |dice: &mut Dice, most: u64| -> Vec<SubjectId> {
            let count = if whose.is_empty() { 0 } else { dice.below(most + 1) };
            let mut few: Vec<SubjectId> = (0..count).map(|_| *dice.pick(whose)).collect();
            few.sort();
            few.dedup();
            few
        };
        let key = |subject: Option<SubjectId>| {
            subject.map_or("CT-P-0000", |id| court.subject(id).pseudonym.as_str())
        };
        let surname = |subject: Option<SubjectId>| subject.map_or_else(String::new, |id| surname(court, id));
        let date = day_before(dice, from, 1100).date();
        let language = situation.map_or("EN", |matter| cases::state_of(matter).code);
        let named = |name: String| (name.clone(), name);
        let ((name, title), subjects, kilobytes) = match kind.sort {
            Sort::Statement | Sort::OldStatement | Sort::Copy => {
                let tongue = if dice.chance(55) { "EN" } else { language };
                let draft = if kind.sort == Sort::Copy { "copy of " } else { "" };
                let end = if kind.sort == Sort::OldStatement { "pdf" } else { "docx" };
                (
                    named(format!("{draft}{} statement {date} {tongue}.{end}", key(one))),
                    one.into_iter().collect(),
                    90,
                )
            }
            Sort::Translation => {
                let from = dice.pick(&["EN", "FR"]);
                (
                    named(format!("{} statement {date} {language}-{from}.docx", key(one))),
                    one.into_iter().collect(),
                    110,
                )
            }
            Sort::Protection => {
                let what = dice.pick(&[
                    "threat assessment",
                    "protection agreement",
                    "contact log",
                    "interview note",
                ]);
                (named(format!("{} {what} {date}.docx", key(one))), one.into_iter().collect(), 70)
            }
            Sort::KeyList => {
                let name = match number {
                    0 => format!("{code} pseudonym key.xlsx"),
                    1 => format!("{code} pseudonym key (until {date}).xlsx"),
                    _ => format!("{code} pseudonym key annex {number}.xlsx"),
                };
                (named(name), whose.to_vec(), 60)
            }
            Sort::Relocation => {
                let what = dice.pick(&["relocation plan", "housing", "school and medical", "route"]);
                (named(format!("{} {what} {date}.docx", surname(one))), one.into_iter().collect(), 85)
            }
            Sort::Source => {
                let what = dice.pick(&["contact report", "assessment", "meeting plan"]);
                (named(format!("{} {what} {date}.docx", key(one))), one.into_iter().collect(), 45)
            }
            Sort::Application => {
                (named(format!("{} application form {date}.pdf", key(one))), one.into_iter().collect(), 640)
            }
            Sort::EvidenceIndex => {
                let first = dice.below(9000);
                let name = format!("{code} evidence index {first:04}-{:04}.xlsx", first + 110);
                (named(name), few(dice, 6), 240)
            }
            Sort::Plan => {
                let what =
                    dice.pick(&["investigation plan", "mission plan", "interview schedule", "open leads"]);
                (named(format!("{code} {what} {date}.docx")), few(dice, 4), 95)
            }
            Sort::Filing => (self.document(&date, filing_title(dice, code)), few(dice, 2), 180),
            Sort::StateLetter => {
                let what = dice.pick(&[
                    "Request for assistance",
                    "Note verbale",
                    "Reply under article 93",
                    "Consent to disclosure",
                ]);
                let mut subjects = few(dice, 1);
                subjects.extend(situation.map(|matter| state_subject(matter, dice.chance(20))));
                subjects.sort();
                (self.document(&date, format!("{what}, {date}")), subjects, 130)
            }
            Sort::Warrant => (
                self.document(&date, format!("Warrant of arrest for {} (under seal)", surname(one))),
                one.into_iter().collect(),
                150,
            ),
            Sort::Deliberation => {
                (self.document(&date, format!("Draft of {date}, {code}")), few(dice, 3), 120)
            }
            Sort::Judgment => match kind.spot {
                Spot::Library(_) => (self.document(&date, format!("Judgment of {date}")), Vec::new(), 700),
                Spot::Folder(..) => (named(format!("{code} decision {date}.pdf")), Vec::new(), 420),
            },
            Sort::Personnel => {
                let what = dice.pick(&["contract", "appraisal", "personal file", "leave"]);
                (named(format!("{} {what}.pdf", surname(one))), one.into_iter().collect(), 210)
            }
            Sort::Vetting => {
                let what = dice.pick(&["vetting report", "references", "interview", "identity documents"]);
                (named(format!("{} {what}.pdf", surname(one))), one.into_iter().collect(), 300)
            }
            Sort::Travel => {
                let what = dice.pick(&["travel request", "itinerary", "security clearance"]);
                (named(format!("{} {what} {date}.pdf", surname(one))), one.into_iter().collect(), 160)
            }
            Sort::Minutes => (self.document(&date, format!("Board minutes {date}")), few(dice, 2), 60),
            Sort::Credentials => {
                let what = dice.pick(&["vault export", "service accounts", "network devices", "break-glass"]);
                (named(format!("{what} {date}.kdbx")), Vec::new(), 35)
            }
            Sort::Glossary => {
                let state = dice.pick(&names::STATES);
                let what = dice.pick(&["legal terms", "military terms", "place names", "medical terms"]);
                (named(format!("Glossary {what} EN-{} v{}.xlsx", state.code, number + 1)), Vec::new(), 55)
            }
            Sort::Finance => {
                let what = dice.pick(&["budget", "invoices", "witness allowances", "supplier ledger"]);
                (named(format!("{what} {}.xlsx", &date[..7])), few(dice, 1), 330)
            }
            Sort::Press => {
                let what = dice.pick(&["Press release", "Questions and answers", "Statement", "Programme"]);
                (named(format!("{what} {date}.docx")), Vec::new(), 40)
            }
            Sort::Migration => {
                let what = dice.pick(&["scan", "export", "old_statement", "ledger"]);
                (named(format!("{what}_{:05}.pdf", dice.below(100_000))), few(dice, 1), 500)
            }
        };
        let bytes = dice.skewed(4, kilobytes).unsigned_abs() * 1024 + dice.below(1024);
        Item { key: String::new(), holding: HoldingId(0), name, title, bytes, subjects }
    }

    /// Number and title of the next document of the document-management system.
    fn document(&mut self, date: &str, title: String) -> (String, String) {
        self.document += 1;
        (format!("{}-{:06}", &date[..4], self.document), title)
    }
}

fn push(court: &mut Court, mut item: Item) {
    item.key = format!("M-{:06}", court.items.len() + 1);
    court.items.push(item);
}

fn add_holding(court: &mut Court, mut holding: Holding, grants: Vec<Grant>) {
    holding.key = format!("H-{:04}", court.holdings.len() + 1);
    court.holdings.push(holding);
    court.grants.push(grants);
}

/// Two files of a folder cannot have one name: the second gets a number, as Windows does it.
fn free_name(item: &mut Item, taken: &mut BTreeSet<String>) {
    let (stem, end) = match item.name.rsplit_once('.') {
        Some((stem, end)) if !item.name.starts_with('<') => (stem.to_owned(), format!(".{end}")),
        _ => (item.name.clone(), String::new()),
    };
    let is_file = item.name == item.title;
    let mut number = 1;
    while !taken.insert(item.name.to_lowercase()) {
        number += 1;
        item.name = format!("{stem} ({number}){end}");
    }
    if is_file {
        item.title.clone_from(&item.name);
    }
}

/// The family name as it stands in a file name: in Latin letters.
fn surname(court: &Court, subject: SubjectId) -> String {
    let subject = court.subject(subject);
    subject.aliases.first().cloned().unwrap_or_else(|| subject.name.clone())
}

fn filing_title(dice: &mut Dice, code: &str) -> String {
    let what = dice.pick(&[
        "Prosecution's request for protective measures",
        "Decision on disclosure",
        "Defence response",
        "Registry's report on victims' participation",
        "Order scheduling a status conference",
        "Corrigendum",
        "Transcript of hearing",
        "Observations of the legal representatives",
    ]);
    let level = dice.pick(&["Public", "Public redacted", "Conf", "Conf-Exp"]);
    format!("{code}-{:04}-{level} {what}", dice.between(1, 3200))
}

fn day_before(dice: &mut Dice, from: Moment, days: u64) -> Moment {
    from - (dice.below(days) as i64 + 1) * DAY
}

/// The State's subject: States stand first in the list, in the order of their table. Sometimes it
/// is another State that writes.
fn state_subject(matter: SituationId, another: bool) -> SubjectId {
    let count = names::STATES.len() as u32;
    SubjectId((matter.0 + u32::from(another) * 4) % count)
}

/// Whose data a kind of holding has, before it is parted among volumes.
fn whose(court: &Court, sort: Sort, situation: Option<SituationId>) -> Vec<SubjectId> {
    let roles: &[&str] = match sort {
        Sort::Statement | Sort::OldStatement | Sort::Copy | Sort::Translation => {
            &["witness", "insider_witness", "expert", "defence_witness"]
        }
        Sort::Protection => &["witness", "insider_witness", "intermediary"],
        Sort::KeyList => &["witness", "insider_witness", "source", "intermediary"],
        Sort::Relocation => &["insider_witness", "relative"],
        Sort::Source => &["source", "intermediary"],
        Sort::Application => &["victim_applicant"],
        Sort::Warrant => &["suspect", "accused"],
        Sort::Filing => &["accused", "counsel", "witness", "victim_applicant"],
        Sort::StateLetter => &["organisation", "suspect"],
        Sort::EvidenceIndex | Sort::Plan => &["witness", "source", "suspect", "organisation"],
        Sort::Deliberation => &["accused", "witness"],
        Sort::Personnel | Sort::Vetting | Sort::Travel => return staff(court, sort),
        Sort::Minutes => return officials(court),
        Sort::Finance => &["organisation"],
        Sort::Migration => &["witness", "victim_applicant"],
        Sort::Judgment | Sort::Credentials | Sort::Glossary | Sort::Press => return Vec::new(),
    };
    let fits = |id: &SubjectId| {
        let subject = court.subject(*id);
        roles.contains(&subject.role) && (situation.is_none() || subject.situation == situation)
    };
    (0..court.subjects.len() as u32).map(SubjectId).filter(fits).collect()
}

fn staff(court: &Court, sort: Sort) -> Vec<SubjectId> {
    let wanted = |person: &Person| match sort {
        Sort::Vetting => matches!(person.role, Role::Intern | Role::Interpreter | Role::Administrator),
        Sort::Travel => !person.trips.is_empty() || person.role == Role::Judge,
        _ => true,
    };
    let people = court.people.iter().enumerate().filter(|(_, person)| wanted(person));
    people.map(|(number, _)| cases::of_staff(court, PersonId(number as u32))).collect()
}

fn officials(court: &Court) -> Vec<SubjectId> {
    let subjects = court.subjects.iter().enumerate().filter(|(_, subject)| subject.hostile_proceedings);
    subjects.map(|(number, _)| SubjectId(number as u32)).collect()
}

/// The part of the people whose data lies in one volume of several.
fn share_of(whose: &[SubjectId], volume: u32, volumes: u32) -> &[SubjectId] {
    let (len, volume, volumes) = (whose.len(), volume as usize, volumes as usize);
    if len < volumes {
        return whose;
    }
    &whose[volume * len / volumes..(volume + 1) * len / volumes]
}

fn titled(court: &Court, title: &str, situation: Option<SituationId>, volume: u32, volumes: u32) -> String {
    let series = if volumes > 1 { format!(", series {:02}", volume + 1) } else { String::new() };
    match situation {
        Some(matter) => format!("{title}, {}{series}", court.situations[matter.index()].case_no),
        None => format!("{title}{series}"),
    }
}

fn place(court: &Court, spot: Spot, situation: Option<SituationId>, volume: u32, volumes: u32) -> Place {
    let code = situation.map(|matter| court.situations[matter.index()].code.as_str()).unwrap_or_default();
    match spot {
        Spot::Folder(share, path) => {
            let at = court.shares.iter().position(|other| other.name == share).unwrap_or(0);
            let series = if volumes > 1 { format!("\\Series {:02}", volume + 1) } else { String::new() };
            Place::Folder { share: ShareId(at as u32), path: path.replace("{}", code) + &series }
        }
        Spot::Library(name) => {
            let series = if volumes > 1 { format!(" {:02}", volume + 1) } else { String::new() };
            Place::Library { name: name.replace("{}", code) + &series }
        }
    }
}

fn grants(court: &Court, kind: &Kind, situation: Option<SituationId>) -> Vec<Grant> {
    let read = kind.read.iter().filter_map(|door| rights::grant(court, *door, "read", situation));
    let write = kind.write.iter().filter_map(|door| rights::grant(court, *door, "write", situation));
    write.chain(read).collect()
}

/// Who entrusted it, and on which basis.
fn entrusted(
    court: &Court,
    sort: Sort,
    situation: Option<SituationId>,
    dice: &mut Dice,
) -> Option<(SubjectId, &'static str)> {
    let matter = situation?;
    match sort {
        Sort::StateLetter => {
            Some((state_subject(matter, false), *dice.pick(&["93", "72", "87(4)", "54(3)(e)"])))
        }
        Sort::EvidenceIndex | Sort::Source if dice.chance(50) => {
            let organisations: Vec<u32> = (0..court.subjects.len() as u32)
                .filter(|at| {
                    let subject = court.subject(SubjectId(*at));
                    subject.kind == SubjectKind::Organisation && subject.situation == situation
                })
                .collect();
            (!organisations.is_empty())
                .then(|| (SubjectId(*dice.pick(&organisations)), *dice.pick(&["54(3)(e)", "MoU"])))
        }
        _ => None,
    }
}

/// Everybody has an inbox; those whose mail an intruder would want have years of mail.
fn mailboxes(court: &mut Court, shelf: &mut Shelf) {
    let wanted = (court.size.staff / 9).max(4) as usize;
    let weight = |person: &Person| match person.role {
        Role::WitnessOfficer => 0,
        Role::Judge => 1,
        Role::Registrar => 2,
        Role::Investigator => 3,
        Role::Interpreter => 4,
        Role::LegalOfficer => 5,
        Role::Intern => 6,
        Role::Administrator => 7,
        Role::Personnel => 8,
        Role::Analyst | Role::Assistant => 9,
    };
    // One of each role, then the next of each: that way officials and witness officers are
    // among them in a court of any size.
    let mut seen = [0_usize; 10];
    let mut order: Vec<(usize, usize, usize)> = Vec::new();
    for (at, person) in court.people.iter().enumerate() {
        let slot = weight(person);
        order.push((seen[slot], slot, at));
        seen[slot] += 1;
    }
    order.sort_unstable();
    for (rank, (_, _, at)) in order.into_iter().enumerate() {
        let folders: &[(&str, i64)] = match rank < wanted {
            true => &[("Inbox", 34), ("Sent Items", 20), ("Archive", 28)],
            false => &[("Inbox", 9)],
        };
        for (folder, typical) in folders {
            mail_folder(court, shelf, PersonId(at as u32), folder, *typical);
        }
    }
}

fn mail_folder(court: &mut Court, shelf: &mut Shelf, owner: PersonId, folder: &str, typical: i64) {
    let holding = HoldingId(court.holdings.len() as u32);
    let mut dice = shelf.dice.branch(u64::from(holding.0));
    let person = court.person(owner).clone();
    let first = court.items.len() as u32;
    let (of_witnesses, content) = mail_content(person.role);
    for _ in 0..dice.skewed(5, typical).min(typical * 4) {
        let item = message(court, &mut dice, &person, of_witnesses, holding);
        push(court, item);
    }
    let mut grants =
        vec![Grant { holder: Holder::Account(person.account), right: "owner", from: None, to: None }];
    grants.extend(delegate(court, &person, owner).map(|account| Grant {
        holder: Holder::Account(account),
        right: "delegate",
        from: None,
        to: None,
    }));
    // What somebody has put away years ago is what registers forget.
    let forgotten = folder == "Archive" && dice.chance(20);
    let title = format!("Mailbox of {}, {folder}", court.account(person.account).name);
    let situation = None;
    let place = Place::Mailbox { account: person.account, folder: folder.to_owned() };
    add_holding(
        court,
        Holding {
            key: String::new(),
            title,
            place,
            organ: person.organ,
            situation,
            confidentiality: if of_witnesses { EX_PARTE } else { CONF },
            content_types: content.to_vec(),
            entrusted_by: None,
            name_is_sensitive: of_witnesses,
            items: first..court.items.len() as u32,
            unregistered: forgotten,
        },
        grants,
    );
}

const fn mail_content(role: Role) -> (bool, &'static [&'static str]) {
    match role {
        Role::WitnessOfficer => (true, &["protection_file", "witness_statement", "correspondence"]),
        Role::Investigator | Role::Interpreter => (true, &["witness_statement", "correspondence"]),
        Role::Judge => (false, &["deliberation", "correspondence"]),
        Role::Registrar => (false, &["state_communication", "filing", "correspondence"]),
        Role::Personnel => (false, &["hr", "correspondence"]),
        _ => (false, &["correspondence"]),
    }
}

/// Judges have an assistant who sees their mail.
fn delegate(court: &Court, person: &Person, owner: PersonId) -> Option<AccountId> {
    let assistants = || court.people.iter().filter(|other| other.role == Role::Assistant);
    let count = assistants().count();
    if person.role != Role::Judge || count == 0 {
        return None;
    }
    assistants().nth(owner.index() % count).map(|assistant| assistant.account)
}

fn message(court: &Court, dice: &mut Dice, person: &Person, of_witnesses: bool, holding: HoldingId) -> Item {
    let name = format!("<{}.{}@{}>", dice.hex(16), dice.below(90_000) + 10_000, court.domain);
    let matter = if person.situations.is_empty() { None } else { Some(*dice.pick(&person.situations)) };
    let subjects: Vec<SubjectId> = match (matter, dice.chance(if of_witnesses { 70 } else { 25 })) {
        (Some(matter), true) => somebody(court, dice, matter).into_iter().collect(),
        _ => Vec::new(),
    };
    let code = matter.map_or("General", |matter| court.situations[matter.index()].code.as_str());
    let title = match subjects.first() {
        Some(subject) => {
            let what = dice.pick(&[
                "interview on Thursday",
                "contact re",
                "travel of",
                "statement of",
                "security of",
            ]);
            format!("{code}: {what} {}", court.subject(*subject).pseudonym)
        }
        None => {
            let what = dice.pick(&[
                "minutes",
                "agenda",
                "hearing list",
                "leave",
                "printer",
                "draft for comments",
                "translation deadline",
                "room for Tuesday",
                "question",
                "filing deadline",
                "budget",
                "signature needed",
            ]);
            let reply = dice.pick(&["", "RE: ", "RE: ", "FW: "]);
            format!("{reply}{code}: {what}")
        }
    };
    let bytes = dice.skewed(3, 34).unsigned_abs() * 1024 + dice.below(1024);
    Item { key: String::new(), holding, name, title, bytes, subjects }
}

/// One of the people of a matter. They stand together at the end of the list, matter by matter.
fn somebody(court: &Court, dice: &mut Dice, matter: SituationId) -> Option<SubjectId> {
    let before = court.subjects.partition_point(|subject| subject.kind != SubjectKind::Individual);
    let people = &court.subjects[before..];
    let first = people.partition_point(|subject| subject.situation < Some(matter));
    let end = people.partition_point(|subject| subject.situation <= Some(matter));
    (first < end).then(|| SubjectId((before + first) as u32 + dice.below((end - first) as u64) as u32))
}
