//! How is somebody unsealed: asked for, approved by officers, written down, shown once?
//!
//! A request is a file that goes to officers. Each who approves opens, at his own desk, his share of just
//! the persons that it names, encrypts it to the request and signs. With enough approvals a leaf goes into
//! the custody log, and only then is anything handed back; a log that cannot be written unseals nothing.
//! A request is answered once. Raw bytes of exhibits, in which names cannot be covered, pass the same way:
//! nothing is decrypted for them, but nothing is shown without it.
//!
//! Whoever holds k shares of a person could put them together without this program
//! (docs/guide/names.md): what holds against officers is that they are of different organs, not this code.

use std::collections::BTreeSet;

use assize_model::time::Stated;
use assize_model::{ExhibitId, Protected, Time};
use assize_names::shares;
use assize_vault::seal::{self, Desk};
use assize_vault::{
    Act, BundleWanted, Bundled, Keys, Note, Officer, Seal, SealedPerson, Stamp, UnsealAsked, VaultError,
};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Case, CaseError, CaseSnapshot, clock};

/// Bytes to which what is sealed is padded, so that its length tells little.
const PADDED_TO: usize = 512;
/// Nanoseconds of a minute.
const MINUTE_NS: i64 = 60_000_000_000;
/// Minutes within which officers look at what one of them did alone.
const REVIEW_MINUTES: i64 = 24 * 60;

/// What officers are asked to approve. Its bytes are what they sign; there is no name in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UnsealRequest {
    /// Name of the case's log.
    pub log: String,
    /// Who asks.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// Pseudonyms, or exhibits whose raw bytes are to be shown.
    pub targets: Vec<String>,
    /// What for.
    pub purpose: String,
    /// By which right.
    pub basis: String,
    /// Minutes for which the request stands, and raw bytes may be shown.
    pub minutes: u32,
    /// Officers needed.
    pub needed: usize,
    /// Whether the officer for emergencies is asked to do it alone.
    pub break_glass: bool,
    /// To whom approved shares are encrypted (age recipient).
    pub recipient: String,
    /// What the case has for officers.
    pub shares: Vec<AskedShare>,
}

/// One person's share of one officer, encrypted to him.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AskedShare {
    /// Pseudonym.
    pub target: String,
    /// Officer.
    pub officer: String,
    /// An age file, base64.
    pub share: String,
}

/// What to ask for.
#[derive(Clone, Debug)]
pub struct UnsealWanted {
    /// Pseudonyms or exhibits.
    pub targets: Vec<String>,
    /// What for.
    pub purpose: String,
    /// By which right.
    pub basis: String,
    /// For how long.
    pub minutes: u32,
    /// Whether one officer is to do it alone.
    pub break_glass: bool,
}

/// Who was unsealed. No `Debug`.
pub struct Unsealed {
    /// The leaf that was written before.
    pub leaf: String,
    /// By whom and when.
    pub stamp: Stamp,
    /// Who approved.
    pub officers: Vec<String>,
    /// Until when raw bytes of the exhibits may be shown.
    pub until: String,
    /// By when officers must look at it, where one did it alone.
    pub review_until: Option<String>,
    /// Pseudonym, and what the register says of him.
    pub people: Vec<(String, Protected)>,
    /// Exhibits whose raw bytes may be shown.
    pub exhibits: Vec<String>,
}

/// One unsealing that one officer did alone.
#[derive(Clone, Debug, Serialize)]
pub struct Review {
    /// The unsealing's leaf.
    pub leaf: String,
    /// When it was.
    pub at: String,
    /// What was unsealed.
    pub targets: Vec<String>,
    /// By when officers must look.
    pub until: String,
    /// Whether that time is over.
    pub overdue: bool,
}

fn refused<T>(why: impl Into<String>) -> Result<T, CaseError> {
    Err(CaseError::Refused(why.into()))
}

/// SHA-256 of a request's bytes.
#[must_use]
pub fn digest_of(request: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(request))
}

/// Seals each person to a key of his own, and cuts the key into the officers' shares.
pub(crate) fn people(identities: &Protected, seal: &Seal) -> Result<Vec<SealedPerson>, CaseError> {
    identities.expose().lines().filter_map(|line| person(line, seal).transpose()).collect()
}

fn person(line: &str, seal: &Seal) -> Result<Option<SealedPerson>, CaseError> {
    let told: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
    let named = ["subject", "staff"].into_iter().find_map(|kind| Some((kind, told.get(kind)?.as_str()?)));
    let Some((kind, key)) = named else { return Ok(None) };
    let padded = line.len().next_multiple_of(PADDED_TO);
    let text = Protected::new(format!("{line:<padded$}"));
    let (secret, recipient) = seal::fresh_key();
    let count = u8::try_from(seal.officers.len()).unwrap_or(u8::MAX);
    let cut = shares::split(&secret, seal.k, count).map_err(|error| CaseError::Refused(error.to_string()))?;
    let mut held = Vec::new();
    for (officer, share) in seal.officers.iter().zip(&cut) {
        held.push((officer.officer.clone(), seal::seal_text(share, &officer.recipient)?));
    }
    if let Some(alone) = &seal.emergency {
        held.push((alone.officer.clone(), seal::seal_text(&secret, &alone.recipient)?));
    }
    let identity = seal::seal_text(&text, &recipient)?;
    Ok(Some(SealedPerson { kind: kind.to_owned(), key: key.to_owned(), identity, shares: held }))
}

/// Approves a request at an officer's desk: his shares for it, and his signature.
///
/// # Errors
/// Where the bytes are no request, it asks nothing of him, or he has no keys here.
pub fn approve(request: &[u8], officer: &str, keys: &Keys) -> Result<String, CaseError> {
    let asked: UnsealRequest = serde_json::from_slice(request)
        .map_err(|error| CaseError::Refused(format!("not a request that `assize unseal` made: {error}")))?;
    let desk = Desk::of(keys, officer);
    let mut text =
        format!("assize approval of an unsealing\nrequest {}\nofficer {officer}\n", digest_of(request));
    for share in asked.shares.iter().filter(|share| share.officer == officer) {
        let Some(open) = desk.open(&share.share)? else {
            return refused(format!(
                "{}: the share that the request holds is not for the keys of {officer} here",
                share.target
            ));
        };
        text.push_str(&format!("share {} {}\n", share.target, seal::seal_text(&open, &asked.recipient)?));
    }
    Ok(desk.sign(text)?.to_string())
}

/// What an approval says.
struct Approval {
    note: Note,
    request: String,
    officer: String,
    shares: Vec<(String, String)>,
}

impl Approval {
    fn of(text: &str) -> Result<Self, CaseError> {
        let unreadable =
            |reason: String| CaseError::Refused(format!("an approval that cannot be read: {reason}"));
        let note: Note =
            text.parse().map_err(|error: assize_vault::NoteError| unreadable(error.to_string()))?;
        let lines: Vec<Vec<&str>> = note.text().lines().map(|line| line.split(' ').collect()).collect();
        let one =
            |word: &str| lines.iter().find(|line| line[0] == word).and_then(|line| line.get(1)).copied();
        let (request, officer) =
            one("request").zip(one("officer")).ok_or_else(|| unreadable("no request or officer".into()))?;
        let shares = lines.iter().filter(|line| line[0] == "share" && line.len() == 3);
        let shares = shares.map(|line| (line[1].to_owned(), line[2].to_owned())).collect();
        Ok(Self { request: request.to_owned(), officer: officer.to_owned(), shares, note })
    }

    /// Who of these signed it.
    fn signer<'s>(&self, seal: &'s Seal) -> Result<&'s Officer, CaseError> {
        let known =
            seal.officers.iter().chain(&seal.emergency).find(|officer| officer.officer == self.officer);
        match known {
            Some(officer) if officer.signed(&self.note) => Ok(officer),
            Some(_) => refused(format!(
                "the approval of {} is not signed with the key that the seal names",
                self.officer
            )),
            None => refused(format!("{} is no officer of this case's seal", self.officer)),
        }
    }
}

impl Case {
    /// Says who opens what is sealed from now on.
    ///
    /// # Errors
    /// Where there are too few officers, two of one organ, a card is none, or the disk refuses.
    pub fn make_seal(&mut self, wanted: Seal, stamp: &Stamp) -> Result<String, CaseError> {
        let count = wanted.officers.len();
        if wanted.k < 2 || usize::from(wanted.k) > count {
            return refused(format!(
                "{} of {count}: at least 2 are needed, and not more than there are",
                wanted.k
            ));
        }
        let of = |each: fn(&Officer) -> &str| wanted.officers.iter().map(each).collect::<BTreeSet<_>>().len();
        if of(|officer| &officer.organ) < count || of(|officer| &officer.officer) < count {
            return refused(
                "officers must be of different names and organs: one organ alone must not unseal",
            );
        }
        if wanted
            .emergency
            .as_ref()
            .is_some_and(|alone| wanted.officers.iter().any(|one| one.officer == alone.officer))
        {
            return refused("the officer for emergencies has a card of his own; he is not one of the k of n");
        }
        wanted.officers.iter().chain(&wanted.emergency).try_for_each(Officer::check)?;
        let leaf = self.vault.make_seal(wanted, stamp)?;
        self.vault.sign()?;
        Ok(leaf.to_string())
    }

    fn seal(&self) -> Result<Seal, CaseError> {
        self.vault.seal().cloned().ok_or_else(|| {
            CaseError::Refused(
                "this case has no officers; `assize seal new --officer CARD…` names them".into(),
            )
        })
    }

    /// Asks to unseal. The bytes go to the officers; the secret that answers need lies with the keys.
    ///
    /// # Errors
    /// Where there is no such target, nobody could approve, or the log cannot be written.
    pub fn ask_unsealing(
        &mut self,
        wanted: &UnsealWanted,
        keys: &Keys,
        stamp: &Stamp,
    ) -> Result<Vec<u8>, CaseError> {
        let seal = self.seal()?;
        let needed = needed(&seal, &wanted.targets, wanted.minutes, wanted.break_glass)?;
        if wanted.break_glass && self.reviews_owed().iter().any(|review| review.overdue) {
            return refused(
                "an earlier emergency was not looked at within 24 hours; `assize seal review` first",
            );
        }
        let mut held = Vec::new();
        for target in &wanted.targets {
            if target
                .parse::<ExhibitId>()
                .is_ok_and(|id| self.vault.exhibits().iter().any(|exhibit| exhibit.id == id))
            {
                continue;
            }
            let person = self.sealed_person(target)?;
            held.extend(person.shares.into_iter().map(|(officer, share)| AskedShare {
                target: target.clone(),
                officer,
                share,
            }));
        }
        let (secret, recipient) = seal::fresh_key();
        let request = UnsealRequest {
            log: self.vault.origin().to_owned(),
            by: stamp.by.clone(),
            at: stamp.at.clone(),
            targets: wanted.targets.clone(),
            purpose: wanted.purpose.clone(),
            basis: wanted.basis.clone(),
            minutes: wanted.minutes,
            needed,
            break_glass: wanted.break_glass,
            recipient,
            shares: held,
        };
        let bytes =
            serde_json::to_vec_pretty(&request).map_err(|error| CaseError::Refused(error.to_string()))?;
        let digest = digest_of(&bytes);
        keys.keep_request(&digest, &secret)?;
        let asked = UnsealAsked {
            request: digest,
            targets: request.targets,
            purpose: request.purpose,
            basis: request.basis,
            minutes: request.minutes,
            break_glass: request.break_glass,
        };
        self.vault.append(stamp, Act::UnsealAsked { asked })?;
        self.vault.sign()?;
        Ok(bytes)
    }

    /// The newest that is sealed of a person.
    fn sealed_person(&self, key: &str) -> Result<SealedPerson, CaseError> {
        for version in self.vault.register_versions().into_iter().rev() {
            let found = self.vault.sealed_people(version)?.into_iter().find(|person| person.key == key);
            if let Some(person) = found {
                return Ok(person);
            }
        }
        refused(format!(
            "{key}: nobody of this pseudonym is sealed to officers here, nor is it an exhibit; people are, when a register is imported after `assize seal new`"
        ))
    }

    /// Unseals what enough officers approved. The leaf is written before anything is returned.
    ///
    /// # Errors
    /// Where an approval does not count, there are too few, the time is over, the request was answered, or the log
    /// cannot be written.
    pub fn unseal(
        &mut self,
        approvals: &[String],
        keys: &Keys,
        stamp: &Stamp,
    ) -> Result<Unsealed, CaseError> {
        let seal = self.seal()?;
        let approvals: Vec<Approval> =
            approvals.iter().map(|text| Approval::of(text)).collect::<Result<_, _>>()?;
        let request = approvals.first().map(|approval| approval.request.clone()).unwrap_or_default();
        let (asked, at) = self.asked(&request)?;
        let until = within(&at, i64::from(asked.minutes))?;
        if instant(&stamp.at) > Some(until) {
            return refused(format!("this request stood until {until}; ask anew"));
        }
        let officers = counted(&approvals, &request, &asked, &seal)?;
        let secret = keys.request(&request)?.ok_or_else(|| {
            CaseError::Refused("the secret of this request is not in the key folder ($ASSIZE_KEYS): it was asked for from another one".into())
        })?;
        let mut unsealed = Unsealed {
            leaf: String::new(),
            stamp: stamp.clone(),
            officers,
            until: within(&stamp.at, i64::from(asked.minutes))?.to_string(),
            review_until: None,
            people: Vec::new(),
            exhibits: Vec::new(),
        };
        for target in &asked.targets {
            match target.parse::<ExhibitId>() {
                Ok(_) => unsealed.exhibits.push(target.clone()),
                Err(_) => {
                    unsealed.people.push((target.clone(), self.opened(target, &approvals, &secret, &seal)?))
                }
            }
        }
        if asked.break_glass {
            unsealed.review_until = Some(within(&stamp.at, REVIEW_MINUTES)?.to_string());
        }
        let act = Act::Unsealed {
            request: request.clone(),
            targets: asked.targets.clone(),
            officers: unsealed.officers.clone(),
            until: unsealed.until.clone(),
            review_until: unsealed.review_until.clone(),
        };
        unsealed.leaf = self.vault.append(stamp, act)?.to_string();
        self.vault.sign()?;
        keys.forget_request(&request)?;
        Ok(unsealed)
    }

    /// A request that was asked here and not answered, and when it was asked.
    fn asked(&self, request: &str) -> Result<(UnsealAsked, String), CaseError> {
        let answered = |act: &Act| matches!(act, Act::Unsealed { request: one, .. } if one == request);
        if self.vault.leaves().iter().any(|logged| answered(&logged.leaf.act)) {
            return refused("this request was answered; what is unsealed is shown once");
        }
        let found = self.vault.leaves().iter().find_map(|logged| match &logged.leaf.act {
            Act::UnsealAsked { asked } if asked.request == request => {
                Some((asked.clone(), logged.leaf.at.clone()))
            }
            _ => None,
        });
        found.ok_or_else(|| CaseError::Refused("these approvals are of no request of this case".into()))
    }

    /// Puts a person's key together and opens what is sealed of him.
    fn opened(
        &self,
        target: &str,
        approvals: &[Approval],
        secret: &Protected,
        seal: &Seal,
    ) -> Result<Protected, CaseError> {
        let sealed = self.sealed_person(target)?;
        let shares = approvals.iter().flat_map(|approval| &approval.shares).filter(|(of, _)| of == target);
        let shares: Vec<Protected> = shares.filter_map(|(_, share)| seal::open_text(share, secret)).collect();
        // The officer for emergencies has the key itself.
        let whole = shares.iter().position(|share| share.expose().starts_with("AGE-SECRET-KEY-"));
        let key = match whole {
            Some(at) => Protected::new(shares[at].expose().to_owned()),
            None => shares::combine(&shares, seal.k)
                .map_err(|error| CaseError::Refused(format!("{target}: {error}")))?,
        };
        let text = seal::open_text(&sealed.identity, &key);
        let text = text.ok_or_else(|| {
            CaseError::Refused(format!("{target}: these shares do not open what is sealed"))
        })?;
        Ok(Protected::new(text.expose().trim_end().to_owned()))
    }

    /// Unsealings that one officer did alone, and nobody has looked at yet.
    #[must_use]
    pub fn reviews_owed(&self) -> Vec<Review> {
        let reviewed: BTreeSet<&str> = self
            .vault
            .leaves()
            .iter()
            .filter_map(|logged| match &logged.leaf.act {
                Act::UnsealReviewed { unsealed, .. } => Some(unsealed.as_str()),
                _ => None,
            })
            .collect();
        let owed = self.vault.leaves().iter().filter_map(|logged| match &logged.leaf.act {
            Act::Unsealed { targets, review_until: Some(until), .. } => Some(Review {
                leaf: logged.id.to_string(),
                at: logged.leaf.at.clone(),
                targets: targets.clone(),
                overdue: instant(until).is_none_or(|until| until < clock::now()),
                until: until.clone(),
            }),
            _ => None,
        });
        owed.filter(|review| !reviewed.contains(review.leaf.as_str())).collect()
    }

    /// Writes down that officers looked at what one of them did alone: k of n must have.
    ///
    /// # Errors
    /// Where nothing is owed for that leaf, a review does not count, there are too few, or the log cannot be written.
    pub fn review(&mut self, leaf: &str, notes: &[String], stamp: &Stamp) -> Result<(), CaseError> {
        let seal = self.seal()?;
        if !self.reviews_owed().iter().any(|review| review.leaf == leaf) {
            return refused(format!(
                "{leaf}: no review is owed for it; `assize seal shares` lists those that are"
            ));
        }
        let mut officers = BTreeSet::new();
        for text in notes {
            let review = Approval::of(text)?;
            if review.request != leaf {
                return refused(format!("the review of {} is of another leaf", review.officer));
            }
            let signer = review.signer(&seal)?;
            if seal.officers.contains(signer) {
                officers.insert(signer.officer.clone());
            }
        }
        if officers.len() < usize::from(seal.k) {
            return refused(format!("{} of {} officers looked at it", officers.len(), seal.k));
        }
        let officers = officers.into_iter().collect();
        self.vault.append(stamp, Act::UnsealReviewed { unsealed: leaf.to_owned(), officers })?;
        self.vault.sign()?;
        Ok(())
    }
}

impl Case {
    /// Writes a bundle. What would hand over names needs an unsealing of just these exhibits that stands now: contents
    /// in which names were met or were not looked for, and proofs of exhibits whose paths hold one.
    ///
    /// # Errors
    /// As [`assize_vault::Vault::bundle`], and where names would leave.
    pub fn bundle(&mut self, wanted: &BundleWanted, stamp: &Stamp) -> Result<Bundled, CaseError> {
        if let Some(names) = self.names.clone() {
            let met = self.exhibits_with_names();
            for exhibit in self.vault.exhibits() {
                let asked = wanted.exhibits.is_empty() || wanted.exhibits.contains(&exhibit.id);
                let by_path =
                    exhibit.admissions.iter().any(|admission| names.holds(admission.path.as_bytes()));
                let by_content = wanted.recipient.is_some()
                    && met.as_ref().is_none_or(|met| met.contains(&exhibit.id.to_string()));
                if asked && (by_path || by_content) && unsealing_of(&self.vault, exhibit.id).is_none() {
                    return refused(format!(
                        "{}: holds protected names, or may; it leaves only under an unsealing: `assize unseal {} --purpose … --basis …`",
                        exhibit.id, exhibit.id
                    ));
                }
            }
        }
        Ok(self.vault.bundle(wanted, stamp)?)
    }

    /// Exhibits in which names were masked; `None` where that is not known.
    fn exhibits_with_names(&self) -> Option<BTreeSet<String>> {
        let rows = self.snapshot().ok()?.tables.rows("SELECT DISTINCT exhibit FROM masked").ok()?;
        Some(rows.iter().map(|row| row.text("exhibit").to_owned()).collect())
    }
}

/// An officer says, at his desk, that he looked at an unsealing.
///
/// # Errors
/// Where he has no keys here.
pub fn reviewed(leaf: &str, officer: &str, keys: &Keys) -> Result<String, VaultError> {
    let text = format!("assize review of an unsealing\nrequest {leaf}\nofficer {officer}\n");
    Ok(Desk::of(keys, officer).sign(text)?.to_string())
}

/// How many officers are needed for what is asked.
fn needed(seal: &Seal, targets: &[String], minutes: u32, break_glass: bool) -> Result<usize, CaseError> {
    let (k, n) = (usize::from(seal.k), seal.officers.len());
    let distinct: BTreeSet<&String> = targets.iter().collect();
    if distinct.is_empty() || distinct.len() < targets.len() || minutes == 0 {
        return refused("name each pseudonym or exhibit once, and at least one minute");
    }
    match (break_glass, targets.len()) {
        (true, 1) if seal.emergency.is_some() => Ok(1),
        (true, 1) => {
            refused("nobody may break glass in this case: `assize seal new --emergency CARD` names who")
        }
        (true, _) => refused("glass is broken for one person at a time"),
        (false, 1) => Ok(k),
        (false, _) if k < n => Ok(k + 1),
        (false, several) => refused(format!(
            "{several} at once need {} officers, and there are {n}; ask for each alone",
            k + 1
        )),
    }
}

/// The officers whose approvals count; enough of them.
fn counted(
    approvals: &[Approval],
    request: &str,
    asked: &UnsealAsked,
    seal: &Seal,
) -> Result<Vec<String>, CaseError> {
    let mut officers = BTreeSet::new();
    for approval in approvals {
        if approval.request != request {
            return refused("these approvals are of different requests");
        }
        let signer = approval.signer(seal)?;
        let counts = if asked.break_glass {
            seal.emergency.as_ref() == Some(signer)
        } else {
            seal.officers.contains(signer)
        };
        if counts {
            officers.insert(signer.officer.clone());
        }
    }
    let needed = needed(seal, &asked.targets, asked.minutes, asked.break_glass)?;
    if officers.len() < needed {
        return refused(format!("{} of {needed} officers approved", officers.len()));
    }
    Ok(officers.into_iter().collect())
}

/// So many minutes after a time of the log.
fn within(at: &str, minutes: i64) -> Result<Time, CaseError> {
    let from = instant(at).ok_or_else(|| CaseError::Refused(format!("{at}: no time")))?;
    Ok(Time(from.0.saturating_add(minutes.saturating_mul(MINUTE_NS))))
}

/// A time of the log.
fn instant(text: &str) -> Option<Time> {
    match Time::parse(text)? {
        Stated::Instant(time) => Some(time),
        Stated::Local(_) => None,
    }
}

impl CaseSnapshot<'_> {
    /// The unsealing under which raw bytes of an exhibit may be shown now, with who asked: its leaf.
    pub(crate) fn unsealing_of(&self, exhibit: ExhibitId) -> Option<String> {
        unsealing_of(self.vault, exhibit)
    }
}

/// The same, of a case.
pub(crate) fn unsealing_of(vault: &assize_vault::Vault, exhibit: ExhibitId) -> Option<String> {
    let exhibit = exhibit.to_string();
    let now = clock::now();
    vault.leaves().iter().rev().find_map(|logged| match &logged.leaf.act {
        Act::Unsealed { targets, until, .. } if targets.contains(&exhibit) && instant(until) >= Some(now) => {
            Some(format!("unsealed by {} at {}, leaf {}", logged.leaf.by, logged.leaf.at, logged.id))
        }
        _ => None,
    })
}
