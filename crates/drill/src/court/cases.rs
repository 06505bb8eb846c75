//! Which matters are before the court, and whose data came to it?

use std::collections::BTreeSet;

use super::{Court, PersonId, Role, Situation, SituationId, Subject, SubjectKind, names};
use crate::chance::Dice;

/// Opens the matters: about one for sixty people, three at least.
pub(super) fn open(court: &mut Court, mut dice: Dice) {
    let count = (court.size.staff / 60).max(3);
    // Three years of papers lie before the drill.
    let last_year = court.size.from.civil().year - 3;
    for number in 1..=count {
        // A few each year, the youngest three years old.
        let year = (i64::from(last_year) - i64::from((count - number) / 3)).rem_euclid(100);
        let state = state_of(SituationId(number - 1));
        let place = dice.pick(state.places);
        let title = match dice.below(3) {
            0 => format!("Situation in the {}", state.name),
            1 => format!("Events at {place}"),
            _ => format!("{place} and others, {}", state.name),
        };
        court.situations.push(Situation {
            case_no: format!("CT-{number:02}/{year:02}"),
            title,
            code: format!("CT{number:02}{year:02}"),
        });
    }
}

/// Where a matter plays.
pub(super) fn state_of(situation: SituationId) -> &'static names::State {
    &names::STATES[situation.index() % names::STATES.len()]
}

/// What somebody is to a matter, how many of a hundred are, and what follows from it.
struct Part {
    role: &'static str,
    percent: u32,
    letter: char,
    disclosure: &'static [&'static str],
    measures: &'static [&'static str],
    exposure: &'static [&'static str],
}

const PARTS: [Part; 11] = [
    Part {
        role: "witness",
        percent: 37,
        letter: 'P',
        disclosure: &["none", "none", "defence_redacted", "defence_full"],
        measures: &["pseudonym", "non-disclosure", "face/voice distortion", "in camera"],
        exposure: &["key+pseudonym", "pseudonym_only", "named"],
    },
    Part {
        role: "insider_witness",
        percent: 6,
        letter: 'P',
        disclosure: &["none", "none", "defence_redacted"],
        measures: &["pseudonym", "ICCPP", "assisted move", "non-disclosure"],
        exposure: &["key+pseudonym", "named"],
    },
    Part {
        role: "victim_applicant",
        percent: 26,
        letter: 'V',
        disclosure: &["none", "defence_redacted"],
        measures: &["non-disclosure", "pseudonym"],
        exposure: &["named", "mosaic"],
    },
    Part {
        role: "source",
        percent: 5,
        letter: 'P',
        disclosure: &["none"],
        measures: &["rule 81(4)", "non-disclosure"],
        exposure: &["named", "key+pseudonym"],
    },
    Part {
        role: "intermediary",
        percent: 3,
        letter: 'P',
        disclosure: &["none", "defence_redacted"],
        measures: &["non-disclosure", "local measures"],
        exposure: &["named", "mosaic"],
    },
    Part {
        role: "relative",
        percent: 6,
        letter: 'P',
        disclosure: &["none"],
        measures: &["non-disclosure", "assisted move"],
        exposure: &["named", "mosaic"],
    },
    Part {
        role: "accused",
        percent: 3,
        letter: 'A',
        disclosure: &["public"],
        measures: &[],
        exposure: &["named"],
    },
    Part {
        role: "suspect",
        percent: 3,
        letter: 'A',
        disclosure: &["none"],
        measures: &["rule 81(4)"],
        exposure: &["named"],
    },
    Part {
        role: "defence_witness",
        percent: 6,
        letter: 'D',
        disclosure: &["defence_full"],
        measures: &["pseudonym", "in camera"],
        exposure: &["key+pseudonym", "named"],
    },
    Part {
        role: "counsel",
        percent: 3,
        letter: 'C',
        disclosure: &["public"],
        measures: &[],
        exposure: &["named"],
    },
    Part {
        role: "expert",
        percent: 2,
        letter: 'C',
        disclosure: &["defence_full"],
        measures: &[],
        exposure: &["named"],
    },
];

/// Enters everybody whose data the court has: States, organisations, staff, and the people of each
/// matter.
pub(super) fn enrol_subjects(court: &mut Court, dice: Dice) {
    for (number, state) in names::STATES.iter().enumerate() {
        let short = state.name.rsplit(" of ").next().unwrap_or(state.name);
        let aliases = vec![state.name.to_owned(), short.to_owned()];
        let name = (state.native.to_owned(), aliases);
        let mut subject = blank(format!("CT-S-{:02}", number + 1), SubjectKind::State, "State", name);
        subject.state = state.name;
        court.subjects.push(subject);
    }
    organisations(court, &mut dice.branch(1));
    staff(court, &mut dice.branch(2));
    people(court, &dice.branch(3));
}

fn blank(pseudonym: String, kind: SubjectKind, role: &'static str, name: (String, Vec<String>)) -> Subject {
    Subject {
        pseudonym,
        kind,
        role,
        name: name.0,
        aliases: name.1,
        phone: String::new(),
        place: String::new(),
        protective_measures: Vec::new(),
        identity_exposure: "named",
        adverse_parties: Vec::new(),
        hostile_control_of_area: false,
        hostile_proceedings: false,
        situation: None,
        disclosure_state: "public",
        dependants: 0,
        minor: false,
        state: "",
    }
}

fn organisations(court: &mut Court, dice: &mut Dice) {
    let mut taken = BTreeSet::new();
    let mut number = 0;
    for situation in 0..court.situations.len() as u32 {
        let state = state_of(SituationId(situation));
        for _ in 0..3 + u32::from(court.size.staff > 200) {
            let place = dice.pick(state.places);
            let name = names::organisation(dice, place);
            if !taken.insert(name.clone()) {
                continue;
            }
            number += 1;
            let initials: String = name.chars().filter(|c| c.is_uppercase()).collect();
            let key = format!("CT-O-{number:03}");
            let aliases = if initials.len() > 2 { vec![initials] } else { Vec::new() };
            let mut subject = blank(key, SubjectKind::Organisation, "organisation", (name, aliases));
            subject.situation = Some(SituationId(situation));
            subject.disclosure_state = "none";
            subject.phone = names::phone(dice);
            subject.place = (*place).to_owned();
            subject.state = state.name;
            court.subjects.push(subject);
        }
    }
}

/// The staff, in the order of the staff register: their own files are personal data as well.
/// Judges and some of the prosecution have proceedings against them abroad.
fn staff(court: &mut Court, dice: &mut Dice) {
    let mut prosecuted = 0;
    for number in 0..court.people.len() {
        let person = court.person(PersonId(number as u32));
        let (judge, prosecution) = (person.role == Role::Judge, person.role == Role::Investigator);
        let hostile = judge && (prosecuted == 0 || dice.chance(40)) || prosecution && dice.chance(5);
        prosecuted += u32::from(hostile);
        let name = format!("{} {}", person.given, person.family);
        let aliases = vec![format!("{}, {}", person.family.to_uppercase(), person.given)];
        let key = format!("CT-T-{:04}", number + 1);
        let role = if judge {
            "judge"
        } else if person.role == Role::Interpreter {
            "interpreter"
        } else {
            "staff"
        };
        let mut subject = blank(key, SubjectKind::Individual, role, (name, aliases));
        subject.phone = names::phone(dice);
        subject.dependants = dice.below(4) as u8;
        if hostile {
            let state = dice.pick(&names::STATES);
            subject.hostile_proceedings = true;
            subject.adverse_parties = vec![state.name.to_owned()];
        }
        court.subjects.push(subject);
    }
}

/// The subject that stands for a member of the staff.
pub(super) fn of_staff(court: &Court, person: PersonId) -> super::SubjectId {
    // States and organisations stand before them.
    let before = court.subjects.partition_point(|subject| subject.kind != SubjectKind::Individual);
    super::SubjectId((before + person.index()) as u32)
}

fn people(court: &mut Court, dice: &Dice) {
    let each = 20 + court.size.staff / 5;
    let mut taken = BTreeSet::new();
    // Pseudonyms are counted through the court, with gaps: numbers are given before it is known
    // who will testify.
    let mut last = [0_u32; 26];
    for situation in 0..court.situations.len() as u32 {
        let mut dice = dice.branch(u64::from(situation));
        for part in &PARTS {
            let count = (each * part.percent).div_ceil(100);
            for _ in 0..count {
                let slot = (part.letter as u8 - b'A') as usize;
                last[slot] += dice.between(1, 3) as u32;
                let key = format!("CT-{}-{:04}", part.letter, last[slot]);
                let subject = one(&mut dice, part, key, SituationId(situation), &mut taken);
                court.subjects.push(subject);
            }
        }
    }
}

fn one(
    dice: &mut Dice,
    part: &Part,
    pseudonym: String,
    situation: SituationId,
    taken: &mut BTreeSet<String>,
) -> Subject {
    let state = state_of(situation);
    // One in ten comes from elsewhere.
    let home = if dice.chance(10) { dice.pick(&names::STATES) } else { state };
    let name = unused_name(dice, home, taken);
    let abroad = home.name != state.name;
    let mut subject = blank(pseudonym, SubjectKind::Individual, part.role, (name.native, name.latin));
    subject.situation = Some(situation);
    subject.state = home.name;
    if dice.chance(80) {
        subject.phone = names::phone(dice);
    }
    subject.place = (*dice.pick(home.places)).to_owned();
    subject.identity_exposure = *dice.pick(part.exposure);
    subject.disclosure_state = *dice.pick(part.disclosure);
    subject.protective_measures = part.measures.iter().filter(|_| dice.chance(55)).copied().collect();
    if subject.disclosure_state != "public" {
        subject.adverse_parties = vec![(*dice.pick(state.adversaries)).to_owned()];
        subject.hostile_control_of_area = !abroad && dice.chance(45);
    }
    subject.dependants = dice.below(6) as u8;
    subject.minor = part.role == "victim_applicant" && dice.chance(12);
    subject
}

fn unused_name(dice: &mut Dice, state: &names::State, taken: &mut BTreeSet<String>) -> names::Name {
    loop {
        let language = *dice.pick(state.languages);
        let name = names::subject(dice, language);
        if taken.insert(name.native.clone()) {
            return name;
        }
        // Where few combinations are left, a second family name follows, as after weddings.
        let second = names::subject(dice, language);
        if let Some(name) = names::joined(&name, &second).filter(|name| taken.insert(name.native.clone())) {
            return name;
        }
    }
}
