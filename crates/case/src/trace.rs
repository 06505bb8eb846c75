//! Why do we say so: from any id back to bytes and the log's leaf?
//!
//! A trace is a list of steps, each with its id and facts: finding → rule → event → bytes →
//! exhibit → leaf → root of the log. The bytes are read again on the way, so a trace is also a
//! check that they still give the event.

use assize_formats::message;
use assize_model::{Batch, Locator, Row, Snapshot, SnapshotError};
use serde::Serialize;
use serde_json::{Value, json};

use crate::tables::literal;
use crate::{CaseError, CaseSnapshot, record};

/// The way from an id to bytes.
#[derive(Clone, Debug, Serialize)]
pub struct Trace {
    /// The id in full.
    pub id: String,
    /// From the id asked for down to the root of the log.
    pub steps: Vec<Step>,
    /// The record's bytes as a hex dump, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
    /// Under which unsealing names stand in these bytes, by whom and when; absent where they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsealing: Option<String>,
}

/// One thing on the way.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// What it is: `exposure`, `path`, `decision`, `finding`, `event`, `bytes`, `exhibit`, `leaf`, `log`.
    pub what: &'static str,
    /// Its id, where it has one.
    pub id: Option<String>,
    /// What is known of it, in an order worth reading.
    pub facts: Vec<(String, Value)>,
}

impl Trace {
    /// Whether every record on the way was read again from its bytes and is the stored event.
    #[must_use]
    pub fn holds(&self) -> bool {
        let facts = self.steps.iter().flat_map(|step| &step.facts);
        facts.filter(|(name, _)| name == SAME).all(|(_, value)| *value == true)
    }
}

impl Trace {
    fn dumped(&mut self, dump: Option<record::Dump>) {
        if let Some(dump) = dump {
            self.bytes = Some(dump.text);
            self.unsealing = dump.unsealing;
        }
    }
}

/// Name of the fact that says whether the bytes still give the event.
const SAME: &str = "gives the stored event again";
/// Fewer characters of an id than this are refused as a beginning.
const BEGINNING_MIN: usize = 6;

impl CaseSnapshot<'_> {
    /// Traces an id, or the beginning of one, back to bytes.
    ///
    /// # Errors
    /// [`CaseError::NoSuchId`], [`CaseError::Ambiguous`], or the bytes are not there.
    pub fn trace(&self, id: &str, bytes: bool) -> Result<Trace, CaseError> {
        let mut trace = Trace { id: String::new(), steps: Vec::new(), bytes: None, unsealing: None };
        match id.get(..2) {
            Some("v-") => self.trace_exposure(&mut trace, id, bytes)?,
            Some("d-") => self.trace_decision(&mut trace, id)?,
            Some("f-") => self.trace_finding(&mut trace, id, bytes)?,
            Some("e-") => self.trace_event(&mut trace, id, None, bytes)?,
            Some("g-") => self.trace_gap(&mut trace, id, bytes)?,
            Some("x-") => self.trace_exhibit(&mut trace, id)?,
            Some("l-") => self.trace_leaf(&mut trace, id)?,
            _ => return Err(CaseError::NoSuchId(id.to_owned())),
        }
        trace.id = trace.steps.first().and_then(|step| step.id.clone()).unwrap_or_else(|| id.to_owned());
        trace.steps.push(Step {
            what: "log",
            id: None,
            facts: vec![
                fact("leaves", self.run.log.leaves),
                fact("root (RFC 6962, SHA-256)", &self.run.log.root),
                fact("leaves under the newest checkpoint", self.run.log.signed),
                fact("public key of the log", &self.run.log.key),
            ],
        });
        Ok(trace)
    }

    /// The one row of a table whose id is, or begins with, this.
    fn one(&self, table: &str, id: &str) -> Result<Row, CaseError> {
        if id.len() < BEGINNING_MIN + 2 {
            return Err(CaseError::NoSuchId(id.to_owned()));
        }
        let sql = format!("SELECT * FROM {table} WHERE starts_with(id, {}) ORDER BY id LIMIT 3", literal(id));
        let mut rows = self.tables.rows(&sql)?;
        // The same finding cannot stand twice, but a prefix may fit several.
        match rows.len() {
            0 => Err(CaseError::NoSuchId(id.to_owned())),
            1 => Ok(rows.remove(0)),
            _ => {
                let ids: Vec<&str> = rows.iter().map(|row| row.text("id")).collect();
                Err(CaseError::Ambiguous(id.to_owned(), ids.join(", ")))
            }
        }
    }

    /// From a bound to the paths that keep it open and the events under it, down to bytes. Where nothing is
    /// established there is no event to go to: what is missing is said instead.
    fn trace_exposure(&self, trace: &mut Trace, id: &str, bytes: bool) -> Result<(), CaseError> {
        let row = self.one("exposures", id)?;
        let told =
            ["key", "item", "subject", "established", "not_excluded", "because", "assumptions", "next_step"];
        trace.steps.push(step("exposure", &row, &told));
        let list = |column: &str| -> Vec<String> {
            let ids = row.value(column).as_array().into_iter().flatten().filter_map(Value::as_str);
            ids.map(str::to_owned).collect()
        };
        let paths: Vec<String> = list("paths").iter().map(|path| literal(path)).collect();
        if !paths.is_empty() {
            let sql = format!(
                "SELECT * FROM exposure_paths WHERE id IN ({}) ORDER BY caps_at, path, id",
                paths.join(", ")
            );
            for path in self.tables.rows(&sql)? {
                let facts = ["path", "kind", "caps_at", "from", "to", "because", "remedy", "basis"];
                trace.steps.push(step("path", &path, &facts));
            }
        }
        list("basis").iter().try_for_each(|id| match id.starts_with("d-") {
            true => self.trace_decision(trace, id),
            false => self.trace_event(trace, id, None, bytes),
        })
    }

    /// What a person decided, and why: behind it stands no byte, but a leaf of the log.
    fn trace_decision(&self, trace: &mut Trace, id: &str) -> Result<(), CaseError> {
        let row = self.one("decisions", id)?;
        let told = ["verb", "on", "value", "event", "since", "until", "reason", "by", "state"];
        trace.steps.push(step("decision", &row, &told));
        Ok(())
    }

    fn trace_finding(&self, trace: &mut Trace, id: &str, bytes: bool) -> Result<(), CaseError> {
        let row = self.one("findings", id)?;
        trace.steps.push(step("finding", &row, &["title", "level", "tags", "fields"]));
        let rules =
            self.tables.rows(&format!("SELECT * FROM rules WHERE id = {}", literal(row.text("rule"))))?;
        if let Some(rule) = rules.first() {
            let mut told = step("rule", rule, &["title", "level", "logsource", "file"]);
            told.id = Some(row.text("rule").to_owned());
            trace.steps.push(told);
        }
        self.trace_event(trace, row.text("event"), Some(row.text("exhibit")), bytes)
    }

    fn trace_event(
        &self,
        trace: &mut Trace,
        id: &str,
        exhibit: Option<&str>,
        bytes: bool,
    ) -> Result<(), CaseError> {
        let full = match exhibit {
            Some(_) => id.to_owned(),
            None => self.one("records", id)?.text("id").to_owned(),
        };
        let batch = record::stored(self, &full, exhibit)?;
        let batch = batch.ok_or_else(|| CaseError::NoSuchId(id.to_owned()))?;
        let row = Row::all(batch.rows()).next().ok_or_else(|| CaseError::NoSuchId(id.to_owned()))?;
        let spine = [
            "time",
            "time_text",
            "time_assumed",
            "source",
            "host",
            "actor",
            "target",
            "verb",
            "object",
            "object_kind",
            "peer",
            "device",
            "outcome",
            "qualifiers",
            "links",
            "fields",
        ];
        let mut event = step("event", &row, &spine);
        event.facts.extend(in_words(&batch));
        trace.steps.push(event);
        let locator = batch.locator(0).ok_or_else(|| no_locator(&batch))?;
        self.trace_bytes(trace, &locator, bytes)?;
        self.trace_exhibit(trace, &locator.exhibit.to_string())
    }

    fn trace_bytes(&self, trace: &mut Trace, locator: &Locator, bytes: bool) -> Result<(), CaseError> {
        let raw = self.raw(locator)?;
        let mut facts = vec![fact("member", &locator.member), fact("format", &locator.format)];
        for (position, range) in locator.ranges.iter().enumerate() {
            let name = if position == 0 { "record" } else { "read with it" };
            facts.push(fact(name, format!("offset {}, {} bytes", range.offset, range.length)));
        }
        facts.push(fact("SHA-256 of the record", &raw.sha256));
        facts.push(fact(SAME, raw.same));
        facts.push(fact("raw record", &raw.text));
        trace.steps.push(Step { what: "bytes", id: None, facts });
        if bytes {
            trace.dumped(record::dump(self, locator)?);
        }
        Ok(())
    }

    fn trace_gap(&self, trace: &mut Trace, id: &str, bytes: bool) -> Result<(), CaseError> {
        let row = self.one("gaps", id)?;
        trace.steps.push(step("gap", &row, &["cause", "detail", "member", "offset", "length"]));
        let range = assize_model::Range { offset: row.number("offset"), length: row.number("length") };
        if bytes && range.length > 0 {
            let exhibit = row.text("exhibit").parse();
            let exhibit = exhibit.map_err(|_| CaseError::NoSuchId(row.text("exhibit").to_owned()))?;
            let member = row.some_text("member").map(str::to_owned);
            // A gap can be as long as an exhibit; its first bytes are enough to look at.
            let shown = assize_model::Range { length: range.length.min(GAP_BYTES_MAX), ..range };
            let locator = Locator {
                exhibit,
                member,
                format: String::new(),
                ranges: vec![shown],
                options: assize_model::ReadingOptions::default(),
            };
            trace.dumped(record::dump(self, &locator)?);
        }
        self.trace_exhibit(trace, row.text("exhibit"))
    }

    fn trace_exhibit(&self, trace: &mut Trace, id: &str) -> Result<(), CaseError> {
        let begins = |candidate: &str| id.len() >= BEGINNING_MIN + 2 && candidate.starts_with(id);
        let found: Vec<_> =
            self.run.exhibits.iter().filter(|exhibit| begins(&exhibit.id.to_string())).collect();
        let exhibit = match found[..] {
            [exhibit] => exhibit,
            [] => return Err(CaseError::NoSuchId(id.to_owned())),
            _ => return Err(CaseError::Ambiguous(id.to_owned(), format!("{} exhibits", found.len()))),
        };
        trace.steps.push(Step {
            what: "exhibit",
            id: Some(exhibit.id.to_string()),
            facts: vec![
                fact("SHA-256", &exhibit.digests.sha256),
                fact("BLAKE3", &exhibit.digests.blake3),
                fact("bytes", exhibit.digests.size),
            ],
        });
        for admission in &exhibit.admissions {
            self.trace_leaf(trace, &admission.leaf.to_string())?;
        }
        Ok(())
    }

    fn trace_leaf(&self, trace: &mut Trace, id: &str) -> Result<(), CaseError> {
        let begins = |candidate: &str| id.len() >= BEGINNING_MIN + 2 && candidate.starts_with(id);
        let found: Vec<_> = self.vault.leaves().iter().filter(|leaf| begins(&leaf.id.to_string())).collect();
        let leaf = match found[..] {
            [leaf] => leaf,
            [] => return Err(CaseError::NoSuchId(id.to_owned())),
            _ => return Err(CaseError::Ambiguous(id.to_owned(), format!("{} leaves", found.len()))),
        };
        let facts = vec![
            fact("place in the log", leaf.index),
            fact("act", &leaf.opening.payload),
            fact("salt", &leaf.opening.salt),
            fact("leaf (commits to act and salt)", &leaf.bytes),
        ];
        trace.steps.push(Step { what: "leaf", id: Some(leaf.id.to_string()), facts });
        Ok(())
    }
}

/// Bytes of a gap that are shown.
const GAP_BYTES_MAX: u64 = 4096;

fn fact(name: &str, value: impl Serialize) -> (String, Value) {
    (name.to_owned(), json!(value))
}

/// The named columns of a row that hold something.
fn step(what: &'static str, row: &Row, columns: &[&str]) -> Step {
    let holds = |value: &&Value| !value.is_null() && value.as_array().is_none_or(|array| !array.is_empty());
    let cell =
        |name: &&str| Some(row.value(name)).filter(holds).map(|value| ((*name).to_owned(), value.clone()));
    Step {
        what,
        id: row.some_text("id").map(str::to_owned),
        facts: columns.iter().filter_map(cell).collect(),
    }
}

/// The event in a sentence, and what the codes in its fields mean, where that is known.
fn in_words(batch: &Batch) -> impl Iterator<Item = (String, Value)> {
    let fields: Vec<(&str, Option<&str>)> = batch.fields(0).collect();
    let meanings = message::meanings(&fields);
    let meanings = (!meanings.is_empty()).then(|| fact("codes mean", meanings));
    message::sentence(&fields).map(|sentence| fact("says", sentence)).into_iter().chain(meanings)
}

fn no_locator(batch: &Batch) -> CaseError {
    let id = batch.text("id", 0).unwrap_or("?");
    SnapshotError::Record(format!("{id}: its locator cannot be understood")).into()
}
