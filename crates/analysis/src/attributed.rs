//! Whose were the acts, by what is decided?
//!
//! From the rows that `access` has gathered, each with the sessions that it can belong to, and from whose
//! those sessions are. Acts of sessions that are cleared are left out, because they carry nowhere; the rest
//! becomes one fact per session, object and kind of act. Where several sessions could be meant and they
//! differ, nobody is said (`grades.md`, case 38).

use std::collections::{BTreeMap, BTreeSet};

use assize_model::SnapshotError;

use crate::Each;
use crate::access::{self, Sum, Told};
use crate::expose::{Fact, Whose};
use crate::grades::{Act, Side};
use crate::rows::{Flags, Lists, Numbers, Rows, Texts, Times};
use crate::visits::{Visits, whose};

/// The facts, sorted; from the tables `hands`, `acts` and `act_events`.
///
/// # Errors
/// Where a query fails.
pub fn facts(each: Each<'_>, visits: &Visits) -> Result<Vec<Fact>, SnapshotError> {
    let hands = hands(each, visits)?;
    let mut parted = parted(each, visits)?;
    let mut facts: BTreeMap<Fact, Sum> = BTreeMap::new();
    each(&wanted(&hands, &parted), &mut |batch| {
        let rows = Rows(batch);
        let columns = Columns::of(rows);
        for row in 0..rows.len() {
            let hand =
                columns.hand.at(row).and_then(|hand| hands.get(hand as usize)).unwrap_or(&Hand::NOBODY);
            let number = columns.number.at(row).unwrap_or_default();
            let whose = columns.whose(row, hand, visits);
            let Some([proven, rest]) = parted.remove(&number) else {
                if whose != Whose::Cleared {
                    facts.entry(columns.fact(row, whose, hand, visits)).or_default().join(&columns.sum(row));
                }
                continue;
            };
            facts.entry(columns.fact(row, Whose::Intruder, hand, visits)).or_default().join(&proven);
            if whose != Whose::Cleared && rest.times > 0 {
                facts.entry(columns.fact(row, whose, hand, visits)).or_default().join(&rest);
            }
        }
        Ok(())
    })?;
    Ok(facts.into_iter().map(|(fact, sum)| with(fact, sum)).collect())
}

/// Most sessions are cleared: their rows are not even read. Those of which nobody knows whose they are stay
/// open, whoever the sessions belong to that they fit.
fn wanted(hands: &[Hand], parted: &Parted) -> String {
    let list = |numbers: &mut dyn Iterator<Item = u64>| {
        numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(", ")
    };
    let open = hands.iter().enumerate().filter(|(_, hand)| hand.whose != Whose::Cleared);
    let open = list(&mut open.map(|(number, _)| number as u64));
    let parted = list(&mut parted.keys().copied());
    let mut wanted = vec![format!("told = '{}' OR hand >= {}", Told::Nobody.as_str(), hands.len())];
    wanted.extend((!open.is_empty()).then(|| format!("hand IN ({open})")));
    wanted.extend((!parted.is_empty()).then(|| format!("number IN ({parted})")));
    format!("SELECT * FROM acts WHERE {}", wanted.join(" OR "))
}

fn with(fact: Fact, sum: Sum) -> Fact {
    let mut basis: Vec<String> = sum.basis().map(|id| id.to_string()).collect();
    basis.sort();
    Fact { from: sum.from, to: sum.to, times: sum.times, basis, ..fact }
}

/// A set of sessions.
#[derive(Clone)]
struct Hand {
    whose: Whose,
    /// The session, if it is one.
    only: Option<usize>,
    /// Where the client lies, if they agree.
    side: Side,
}

impl Hand {
    const NOBODY: Self = Self { whose: Whose::Undetermined, only: None, side: Side::Unknown };

    fn of(sessions: &[usize], visits: &Visits) -> Self {
        let sides: BTreeSet<Side> = sessions.iter().map(|place| visits.side(*place)).collect();
        Self {
            whose: whose(sessions, visits),
            only: if let [only] = sessions { Some(*only) } else { None },
            side: sides.first().copied().filter(|_| sides.len() == 1).unwrap_or(Side::Unknown),
        }
    }
}

fn hands(each: Each<'_>, visits: &Visits) -> Result<Vec<Hand>, SnapshotError> {
    let mut sessions: Vec<Vec<usize>> = Vec::new();
    each("SELECT * FROM hands", &mut |batch| {
        let rows = Rows(batch);
        let (numbers, names) = (rows.numbers("number"), rows.texts("session"));
        for row in 0..rows.len() {
            let (Some(number), Some(place)) =
                (numbers.at(row), names.at(row).and_then(|session| visits.place(session)))
            else {
                continue;
            };
            let number = number as usize;
            sessions.resize(sessions.len().max(number + 1), Vec::new());
            sessions[number].push(place);
        }
        Ok(())
    })?;
    Ok(sessions.iter().map(|sessions| Hand::of(sessions, visits)).collect())
}

/// By number of the row: those of its events that are proven the intruder's by themselves, and the rest.
type Parted = BTreeMap<u64, [Sum; 2]>;

fn parted(each: Each<'_>, visits: &Visits) -> Result<Parted, SnapshotError> {
    let mut parted = Parted::new();
    let sql = "SELECT act, id, time, until FROM act_events \
         WHERE act IN (SELECT e.act FROM act_events e JOIN proven_events p ON e.id = p.event)";
    each(sql, &mut |batch| {
        let rows = Rows(batch);
        let (acts, ids) = (rows.numbers("act"), rows.texts("id"));
        let (times, untils) = (rows.times("time"), rows.times("until"));
        for row in 0..rows.len() {
            let (Some(act), text) = (acts.at(row), ids.or_empty(row)) else { continue };
            let Ok(id) = text.parse() else { continue };
            let part = usize::from(!visits.is_proven(text));
            parted.entry(act).or_default()[part].add(id, (times.at(row), untils.at(row)));
        }
        Ok(())
    })?;
    Ok(parted)
}

/// The columns of the table `acts`.
struct Columns<'a> {
    number: Numbers<'a>,
    hand: Numbers<'a>,
    told: Texts<'a>,
    account: Texts<'a>,
    object: Texts<'a>,
    within: Texts<'a>,
    source: Texts<'a>,
    host: Texts<'a>,
    /// Verb, kind, scope, client, outcome.
    words: [Texts<'a>; 5],
    qualifiers: Lists<'a>,
    moved: Flags<'a>,
    handle: Flags<'a>,
    from: Times<'a>,
    to: Times<'a>,
    times: Numbers<'a>,
    basis: Lists<'a>,
}

impl<'a> Columns<'a> {
    fn of(rows: Rows<'a>) -> Self {
        Self {
            number: rows.numbers("number"),
            hand: rows.numbers("hand"),
            told: rows.texts("told"),
            account: rows.texts("account"),
            object: rows.texts("object"),
            within: rows.texts("within"),
            source: rows.texts("source"),
            host: rows.texts("host"),
            words: ["verb", "kind", "scope", "client", "outcome"].map(|column| rows.texts(column)),
            qualifiers: rows.lists("qualifiers"),
            moved: rows.flags("moved"),
            handle: rows.flags("handle"),
            from: rows.times("from"),
            to: rows.times("to"),
            times: rows.numbers("times"),
            basis: rows.lists("basis"),
        }
    }

    /// Whose the acts of a row are that are not proven by themselves.
    fn whose(&self, row: usize, hand: &Hand, visits: &Visits) -> Whose {
        match Told::of(self.told.or_empty(row)) {
            Told::Key => hand.whose,
            // Without a key of its own an act is proven only if the whole account is the intruder's.
            Told::Account if hand.whose == Whose::Intruder && !visits.is_wholly_his(self.account.at(row)) => {
                Whose::Undetermined
            }
            Told::Account => hand.whose,
            Told::Nobody => Whose::Undetermined,
        }
    }

    /// The fact of a row, without its times.
    fn fact(&self, row: usize, whose: Whose, hand: &Hand, visits: &Visits) -> Fact {
        let text = |column: Texts<'_>| column.at(row).map(str::to_owned);
        let nobody = whose != Whose::Intruder && Told::of(self.told.or_empty(row)) == Told::Nobody;
        let hand = if nobody { &Hand::NOBODY } else { hand };
        let of_session = || hand.only.map(|only| visits.account(only).to_owned());
        Fact {
            whose,
            session: hand.only.map(|only| visits.id(only).to_owned()),
            account: text(self.account).or_else(of_session),
            object: text(self.object),
            within: text(self.within),
            source: text(self.source).unwrap_or_default(),
            host: text(self.host),
            act: self.act(row),
            side: hand.side,
            from: None,
            to: None,
            times: 0,
            basis: Vec::new(),
        }
    }

    fn act(&self, row: usize) -> Act {
        Act {
            moved: self.moved.at(row),
            handle: self.handle.at(row),
            ..access::act(self.words, self.qualifiers, row)
        }
    }

    fn sum(&self, row: usize) -> Sum {
        let basis = self.basis.of(row).filter_map(|id| id.parse().ok());
        Sum::of((self.from.at(row), self.to.at(row)), self.times.at(row).unwrap_or_default(), basis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_can_be_named_for_is_read_though_the_sessions_it_fits_are_cleared() {
        let cleared = Hand { whose: Whose::Cleared, ..Hand::NOBODY };
        let sql =
            wanted(&[cleared.clone(), Hand::NOBODY, cleared], &Parted::from([(7, [Sum::default(); 2])]));
        assert_eq!(
            sql,
            "SELECT * FROM acts WHERE told = 'nobody' OR hand >= 3 OR hand IN (1) OR number IN (7)"
        );
    }

    #[test]
    fn sums_are_the_same_in_whatever_order_they_are_joined() {
        use assize_model::{EventId, Time};
        let id = |number: u8| EventId::of(&[&[number]]);
        let mut ids: Vec<EventId> = (0..9).map(id).collect();
        let sum = |ids: &[EventId]| {
            let mut sum = Sum::default();
            ids.iter().for_each(|id| sum.add(*id, (Some(Time(3)), None)));
            sum
        };
        let (mut left, right) = (sum(&ids[..4]), sum(&ids[4..]));
        left.join(&right);
        assert_eq!(left, sum(&ids));
        ids.sort();
        assert_eq!(left.basis().collect::<Vec<_>>(), ids[..4], "the first by id");
        assert_eq!(left.times, 9);
    }
}
