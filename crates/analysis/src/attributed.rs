//! Whose were the acts, by what is decided?
//!
//! From the rows that `access` has gathered, each with the sessions that it can belong to, and from whose
//! those sessions are. Acts of sessions that are cleared are left out, because they carry nowhere; the rest
//! becomes one fact per session, object and kind of act. Where several sessions could be meant and they
//! differ, nobody is said (`grades.md`, case 38).

use std::collections::{BTreeMap, BTreeSet};

use assize_model::SnapshotError;
use assize_model::spine::Qualifier;

use crate::Each;
use crate::access::{self, Sum, Told};
use crate::expose::{Fact, Whose};
use crate::grades::{Act, Side};
use crate::rows::Rows;
use crate::visits::{Visits, whose};

/// The facts, sorted; from the tables `hands`, `acts` and `act_events`.
///
/// # Errors
/// Where a query fails.
pub fn facts(each: Each<'_>, visits: &Visits) -> Result<Vec<Fact>, SnapshotError> {
    let hands = hands(each, visits)?;
    let mut parted = parted(each, visits)?;
    let mut facts: BTreeMap<Fact, Sum> = BTreeMap::new();
    each("SELECT * FROM acts", &mut |batch| {
        let rows = Rows(batch);
        let columns = Columns::of(rows);
        for row in 0..rows.len() {
            let hand =
                columns.hand.at(row).and_then(|hand| hands.get(hand as usize)).unwrap_or(&Hand::NOBODY);
            let number = columns.number.at(row).unwrap_or_default();
            let whose = columns.whose(row, hand, visits);
            let Some([proven, rest]) = parted.remove(&number) else {
                if whose != Whose::Cleared {
                    facts.entry(columns.fact(row, whose, hand, visits)).or_default().join(columns.sum(row));
                }
                continue;
            };
            facts.entry(columns.fact(row, Whose::Intruder, hand, visits)).or_default().join(proven);
            if whose != Whose::Cleared && rest.times > 0 {
                facts.entry(columns.fact(row, whose, hand, visits)).or_default().join(rest);
            }
        }
        Ok(())
    })?;
    Ok(facts.into_iter().map(|(fact, sum)| with(fact, sum)).collect())
}

fn with(fact: Fact, sum: Sum) -> Fact {
    Fact { from: sum.from, to: sum.to, times: sum.times, basis: sum.basis.into_iter().collect(), ..fact }
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
            let (Some(act), id) = (acts.at(row), ids.or_empty(row)) else { continue };
            let parts = parted.entry(act).or_default();
            let part = usize::from(!visits.is_proven(id));
            parts[part].add(id, (times.at(row), untils.at(row)));
        }
        Ok(())
    })?;
    Ok(parted)
}

/// The columns of the table `acts`.
struct Columns<'a> {
    rows: Rows<'a>,
    number: crate::rows::Numbers<'a>,
    hand: crate::rows::Numbers<'a>,
    told: crate::rows::Texts<'a>,
    account: crate::rows::Texts<'a>,
}

impl<'a> Columns<'a> {
    fn of(rows: Rows<'a>) -> Self {
        Self {
            rows,
            number: rows.numbers("number"),
            hand: rows.numbers("hand"),
            told: rows.texts("told"),
            account: rows.texts("account"),
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
        let text = |column: &str| self.rows.texts(column).at(row).map(str::to_owned);
        let nobody = whose != Whose::Intruder && Told::of(self.told.or_empty(row)) == Told::Nobody;
        let hand = if nobody { &Hand::NOBODY } else { hand };
        let of_session = || hand.only.map(|only| visits.account(only).to_owned());
        Fact {
            whose,
            session: hand.only.map(|only| visits.id(only).to_owned()),
            account: text("account").or_else(of_session),
            object: text("object"),
            within: text("within"),
            source: text("source").unwrap_or_default(),
            host: text("host"),
            act: self.act(row),
            side: hand.side,
            from: None,
            to: None,
            times: 0,
            basis: Vec::new(),
        }
    }

    fn act(&self, row: usize) -> Act {
        let word = |column: &str| self.rows.texts(column).or_empty(row);
        let qualifiers = self.rows.list("qualifiers", row);
        let said = |one: &Qualifier| qualifiers.iter().any(|text| text == one.as_str());
        Act {
            qualifiers: Qualifier::ALL.iter().copied().filter(said).collect(),
            moved: self.rows.flags("moved").at(row),
            handle: self.rows.flags("handle").at(row),
            ..access::act(word("verb"), word("kind"), word("scope"), word("client"), word("outcome"))
        }
    }

    fn sum(&self, row: usize) -> Sum {
        Sum {
            from: self.rows.times("from").at(row),
            to: self.rows.times("to").at(row),
            times: self.rows.numbers("times").at(row).unwrap_or_default(),
            basis: self.rows.list("basis", row).into_iter().collect(),
        }
    }
}
