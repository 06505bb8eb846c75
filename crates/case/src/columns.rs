//! How do our own small tables (findings, gaps, readings, …) become columns?
//!
//! Each table is a list of named kinds; its rows are cells in that order. Events have builders of
//! their own in `model`, because they are many.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, ListBuilder, StringBuilder, TimestampNanosecondBuilder, UInt64Builder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use assize_analysis::access::Acts;
use assize_analysis::{Attempts, Own, Placed, Presence, Run, Seen, Skew, Span, Trace};
use assize_model::incident::Step;
use assize_model::spine::{ObjectKind, Scope};
use assize_model::{Coverage, EventId, Exhibit, Finding, Gap, Host, Incident, Reading, Session, Time, spine};

use crate::names::Names;

/// What a column holds. Every column may be null but the first, the row's id.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Text,
    Number,
    Time,
    Flag,
    Texts,
}

/// A table's name and columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    /// As in SQL.
    pub(crate) name: &'static str,
    /// Whether it is a folder with one file per exhibit, or a single file.
    pub(crate) per_exhibit: bool,
    pub(crate) columns: &'static [(&'static str, Kind)],
}

/// One value.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Text(Option<String>),
    Number(u64),
    NoNumber,
    Time(Option<Time>),
    Flag(bool),
    Texts(Vec<String>),
}

impl Cell {
    pub(crate) fn text(value: impl ToString) -> Self {
        Self::Text(Some(value.to_string()))
    }
}

use Kind::{Flag, Number, Text, Texts};

pub(crate) const FINDINGS: Table = Table {
    name: "findings",
    per_exhibit: true,
    columns: &[
        ("id", Text),
        ("rule", Text),
        ("title", Text),
        ("level", Text),
        ("tags", Texts),
        ("time", Kind::Time),
        ("host", Text),
        ("source", Text),
        ("actor", Text),
        ("event", Text),
        ("exhibit", Text),
        ("fields", Texts),
    ],
};

pub(crate) const GAPS: Table = Table {
    name: "gaps",
    per_exhibit: true,
    columns: &[
        ("id", Text),
        ("exhibit", Text),
        ("member", Text),
        ("offset", Number),
        ("length", Number),
        ("cause", Text),
        ("detail", Text),
    ],
};

pub(crate) const READINGS: Table = Table {
    name: "readings",
    per_exhibit: false,
    columns: &[
        ("exhibit", Text),
        ("member", Text),
        ("bytes", Number),
        ("format", Text),
        ("events", Number),
        ("gaps", Number),
        ("container", Flag),
    ],
};

/// Which record is the same event as which other, and by which rule.
pub(crate) const ALIASES: Table = Table {
    name: "aliases",
    per_exhibit: false,
    columns: &[("id", Text), ("event", Text), ("because", Text)],
};

/// Records whose source has an identity for them, as two numbers.
pub(crate) const IDENTITIES: Table =
    Table { name: "identities", per_exhibit: true, columns: &[("id", Text), ("a", Number), ("b", Number)] };

/// Which names were covered in which columns of an exhibit, and in how many values.
pub(crate) const MASKED: Table = Table {
    name: "masked",
    per_exhibit: false,
    columns: &[("exhibit", Text), ("subject", Text), ("field", Text), ("texts", Number)],
};

pub(crate) const EXHIBITS: Table = Table {
    name: "exhibits",
    per_exhibit: false,
    columns: &[("id", Text), ("sha256", Text), ("blake3", Text), ("size", Number), ("paths", Texts)],
};

pub(crate) const COVERAGE: Table = Table {
    name: "coverage",
    per_exhibit: false,
    columns: &[
        ("source", Text),
        ("host", Text),
        ("from", Kind::Time),
        ("to", Kind::Time),
        ("state", Text),
        ("cause", Text),
        ("events", Number),
        ("because", Text),
        ("basis", Texts),
    ],
};

pub(crate) const RULES: Table = Table {
    name: "rules",
    per_exhibit: false,
    columns: &[
        ("id", Text),
        ("title", Text),
        ("level", Text),
        ("tags", Texts),
        ("logsource", Text),
        ("file", Text),
        ("ran", Flag),
        ("reason", Text),
        ("line", Number),
    ],
};

/// Sessions before anybody has said whose they are: what the stages after `survey` start from.
pub(crate) const PRESENCES: Table = Table {
    name: "presences",
    per_exhibit: false,
    columns: &[
        ("opening", Text),
        ("account", Text),
        ("host", Text),
        ("door", Text),
        ("from", Kind::Time),
        ("to", Kind::Time),
        ("last_seen", Kind::Time),
        ("opened", Flag),
        ("address", Text),
        ("device", Text),
        ("client", Text),
        ("key", Text),
        ("linked", Text),
        ("sid", Text),
        ("ports", Texts),
        ("workstation", Text),
        ("package", Text),
        ("source", Text),
        ("events", Number),
        ("inside", Text),
    ],
};

/// In which logon a process runs, where its start says so.
pub(crate) const PROCESS_LOGONS: Table = Table {
    name: "process_logons",
    per_exhibit: false,
    columns: &[("process", Text), ("logon", Text), ("time", Kind::Time), ("event", Text)],
};

/// Stretches of logs: consecutive record numbers, or hours.
pub(crate) const LOG_RUNS: Table = Table {
    name: "log_runs",
    per_exhibit: false,
    columns: &[
        ("source", Text),
        ("host", Text),
        ("lowest", Number),
        ("from", Kind::Time),
        ("highest", Number),
        ("to", Kind::Time),
        ("events", Number),
        ("exhibit", Text),
        ("first", Text),
        ("last", Text),
    ],
};

/// Which machine had which address when.
pub(crate) const HOSTS: Table = Table {
    name: "hosts",
    per_exhibit: false,
    columns: &[
        ("name", Text),
        ("address", Text),
        ("from", Kind::Time),
        ("to", Kind::Time),
        ("by", Text),
        ("basis", Texts),
    ],
};

/// Findings that name a technique, with the presence and process that their events belong to.
pub(crate) const PLACED_FINDINGS: Table = Table {
    name: "placed_findings",
    per_exhibit: false,
    columns: &[
        ("finding", Text),
        ("event", Text),
        ("time", Kind::Time),
        ("host", Text),
        ("actor", Text),
        ("title", Text),
        ("techniques", Texts),
        ("outcome", Text),
        ("key", Text),
        ("process", Text),
    ],
};

pub(crate) const INCIDENTS: Table = Table {
    name: "incidents",
    per_exhibit: false,
    columns: &[
        ("id", Text),
        ("title", Text),
        ("first_possible", Kind::Time),
        ("first_proven", Kind::Time),
        ("last_proven", Kind::Time),
        ("evicted", Kind::Time),
        ("hosts", Texts),
        ("accounts", Texts),
    ],
};

/// Steps of incidents, in order.
pub(crate) const STEPS: Table = Table {
    name: "steps",
    per_exhibit: false,
    columns: &[
        ("incident", Text),
        ("position", Number),
        ("time", Kind::Time),
        ("until", Kind::Time),
        ("times", Number),
        ("technique", Text),
        ("host", Text),
        ("account", Text),
        ("outcome", Text),
        ("text", Text),
        ("basis", Texts),
    ],
};

pub(crate) const ACCOUNTS: Table = Table {
    name: "accounts",
    per_exhibit: false,
    columns: &[
        ("id", Text),
        ("account", Text),
        ("namespace", Text),
        ("identity", Text),
        ("machine", Flag),
        ("sessions", Number),
        ("intruder", Number),
        ("owner", Number),
        ("devices", Texts),
        ("because", Texts),
    ],
};

/// By technique and machine: whether it would have left a trace.
pub(crate) const TRACES: Table = Table {
    name: "traces",
    per_exhibit: false,
    columns: &[
        ("technique", Text),
        ("says", Text),
        ("seen_as", Text),
        ("host", Text),
        ("from", Kind::Time),
        ("to", Kind::Time),
        ("shows", Text),
        ("logs", Texts),
    ],
};

/// Refusals at a door by log and day, and what is usual there.
pub(crate) const ATTEMPTS: Table = Table {
    name: "attempts",
    per_exhibit: false,
    columns: &[
        ("source", Text),
        ("host", Text),
        ("day", Kind::Time),
        ("times", Number),
        ("addresses", Number),
        ("accounts", Number),
        ("usual", Number),
        ("more_than_usual", Text),
        ("basis", Texts),
    ],
};

/// Clocks that are wrong.
pub(crate) const CLOCKS: Table = Table {
    name: "clocks",
    per_exhibit: false,
    columns: &[
        ("host", Text),
        ("from", Kind::Time),
        ("to", Kind::Time),
        ("ahead", Text),
        ("against", Text),
        ("agree", Number),
        ("of", Number),
        ("basis", Texts),
    ],
};

pub(crate) const SESSIONS: Table = Table {
    name: "sessions",
    per_exhibit: false,
    columns: &[
        ("id", Text),
        ("account", Text),
        ("identity", Text),
        ("host", Text),
        ("door", Text),
        ("from", Kind::Time),
        ("to", Kind::Time),
        ("last_seen", Kind::Time),
        ("opened", Flag),
        ("address", Text),
        ("device", Text),
        ("client", Text),
        ("verdict", Text),
        ("proven_by", Text),
        ("proven_basis", Texts),
        ("cleared_by", Text),
        ("cleared_assumption", Text),
        ("cleared_basis", Texts),
        ("because", Texts),
        ("against", Texts),
        ("events", Number),
        ("source", Text),
        ("opening", Text),
    ],
};

/// What joins events to sessions.
pub(crate) const SESSION_KEYS: Table = Table {
    name: "session_keys",
    per_exhibit: false,
    columns: &[("key", Text), ("from", Kind::Time), ("to", Kind::Time), ("session", Text)],
};

/// Processes that are proven the intruder's.
pub(crate) const PROCESSES: Table = Table {
    name: "processes",
    per_exhibit: false,
    columns: &[
        ("id", Text),
        ("host", Text),
        ("time", Kind::Time),
        ("image", Text),
        ("command", Text),
        ("account", Text),
        ("process", Text),
        ("by", Text),
        ("basis", Texts),
    ],
};

/// Events that are proven the intruder's acts beside those of his sessions.
pub(crate) const PROVEN_EVENTS: Table = Table {
    name: "proven_events",
    per_exhibit: false,
    columns: &[("event", Text), ("process", Text), ("by", Text), ("basis", Texts)],
};

/// Decisions and what became of them.
pub(crate) const DECISIONS: Table = Table {
    name: "decisions",
    per_exhibit: false,
    columns: &[
        ("id", Text),
        ("verb", Text),
        ("on", Text),
        ("value", Text),
        ("event", Text),
        ("since", Kind::Time),
        ("until", Kind::Time),
        ("reason", Text),
        ("by", Text),
        ("state", Text),
    ],
};

/// How far access to a holding, an item, a subject's data certainly went, and how far at most.
pub(crate) const EXPOSURES: Table = Table {
    name: "exposures",
    per_exhibit: false,
    columns: &[
        ("id", Text),
        ("incident", Text),
        ("holding", Text),
        ("key", Text),
        ("item", Text),
        ("item_id", Text),
        ("subject", Text),
        ("subject_id", Text),
        ("subject_type", Text),
        ("established", Text),
        ("not_excluded", Text),
        ("reachable", Text),
        ("published", Text),
        ("items_of", Number),
        ("items_listed", Number),
        ("items_opened", Number),
        ("items_collected", Number),
        ("items_left", Number),
        ("paths", Texts),
        ("basis", Texts),
        ("assumptions", Texts),
        ("next_step", Text),
        ("band", Text),
        ("because", Texts),
        ("title", Text),
        ("role", Text),
        ("contact", Text),
        ("established_rank", Number),
        ("not_excluded_rank", Number),
    ],
};

/// The paths that exposures name, each once.
pub(crate) const EXPOSURE_PATHS: Table = Table {
    name: "exposure_paths",
    per_exhibit: false,
    columns: &[
        ("id", Text),
        ("path", Text),
        ("kind", Text),
        ("caps_at", Text),
        ("from", Kind::Time),
        ("to", Kind::Time),
        ("because", Text),
        ("remedy", Text),
        ("basis", Texts),
    ],
};

/// What would narrow the answers, the most useful first.
pub(crate) const NEXT_STEPS: Table = Table {
    name: "next_steps",
    per_exhibit: false,
    columns: &[("step", Text), ("alone", Number), ("answers", Number)],
};

/// Sets of sessions that acts can belong to: a row for each session in one.
pub(crate) const HANDS: Table =
    Table { name: "hands", per_exhibit: false, columns: &[("number", Number), ("session", Text)] };

/// Acts of one kind with one object in the same sessions, whoever's they are.
pub(crate) const ACTS: Table = Table {
    name: "acts",
    per_exhibit: false,
    columns: &[
        ("number", Number),
        ("hand", Number),
        ("told", Text),
        ("account", Text),
        ("object", Text),
        ("within", Text),
        ("source", Text),
        ("host", Text),
        ("verb", Text),
        ("kind", Text),
        ("scope", Text),
        ("client", Text),
        ("outcome", Text),
        ("qualifiers", Texts),
        ("moved", Flag),
        ("handle", Flag),
        ("from", Kind::Time),
        ("to", Kind::Time),
        ("times", Number),
        ("basis", Texts),
    ],
};

/// The events of acts, by the number of the act.
pub(crate) const ACT_EVENTS: Table = Table {
    name: "act_events",
    per_exhibit: false,
    columns: &[("act", Number), ("id", Text), ("time", Kind::Time), ("until", Kind::Time)],
};

/// What the intruder touched and the register does not know.
pub(crate) const UNREGISTERED: Table = Table {
    name: "unregistered",
    per_exhibit: false,
    columns: &[
        ("place", Text),
        ("objects", Number),
        ("times", Number),
        ("verbs", Texts),
        ("from", Kind::Time),
        ("to", Kind::Time),
        ("examples", Texts),
        ("basis", Texts),
        ("proposed", Text),
    ],
};

/// Every table but `events`.
pub(crate) const ALL: &[Table] = &[
    FINDINGS,
    IDENTITIES,
    GAPS,
    READINGS,
    EXHIBITS,
    MASKED,
    COVERAGE,
    RULES,
    PRESENCES,
    PROCESS_LOGONS,
    LOG_RUNS,
    HOSTS,
    CLOCKS,
    ATTEMPTS,
    TRACES,
    PLACED_FINDINGS,
    ACCOUNTS,
    INCIDENTS,
    STEPS,
    SESSIONS,
    SESSION_KEYS,
    PROCESSES,
    PROVEN_EVENTS,
    DECISIONS,
    HANDS,
    ACTS,
    ACT_EVENTS,
    EXPOSURES,
    EXPOSURE_PATHS,
    NEXT_STEPS,
    UNREGISTERED,
];

impl Table {
    /// Where it lies below the derived area.
    pub(crate) fn path(&self) -> String {
        if self.per_exhibit { format!("{}/", self.name) } else { format!("{}.parquet", self.name) }
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        let field = |(position, (name, kind)): (usize, &(&str, Kind))| {
            let data_type = match kind {
                Text => DataType::Utf8,
                Number => DataType::UInt64,
                Kind::Time => spine::time_type(),
                Flag => DataType::Boolean,
                Texts => DataType::List(Arc::new(Field::new("item", DataType::Utf8, false))),
            };
            Field::new(*name, data_type, position > 0)
        };
        Arc::new(Schema::new(self.columns.iter().enumerate().map(field).collect::<Vec<_>>()))
    }

    /// Rows as a batch; each row has a cell per column, of the column's kind.
    pub(crate) fn batch(&self, rows: &[Vec<Cell>]) -> Result<RecordBatch, ArrowError> {
        let column =
            |position: usize| column(self.columns[position].1, rows.iter().map(|row| &row[position]));
        RecordBatch::try_new(self.schema(), (0..self.columns.len()).map(column).collect())
    }
}

fn column<'a>(kind: Kind, cells: impl Iterator<Item = &'a Cell>) -> ArrayRef {
    match kind {
        Text => {
            let mut builder = StringBuilder::new();
            cells.for_each(|cell| {
                builder.append_option(if let Cell::Text(text) = cell { text.as_deref() } else { None })
            });
            Arc::new(builder.finish())
        }
        Number => {
            let mut builder = UInt64Builder::new();
            cells.for_each(|cell| {
                builder.append_option(if let Cell::Number(number) = cell { Some(*number) } else { None })
            });
            Arc::new(builder.finish())
        }
        Kind::Time => {
            let mut builder = TimestampNanosecondBuilder::new().with_data_type(spine::time_type());
            cells.for_each(|cell| {
                builder.append_option(if let Cell::Time(time) = cell { time.map(|t| t.0) } else { None })
            });
            Arc::new(builder.finish())
        }
        Flag => {
            let mut builder = BooleanBuilder::new();
            cells.for_each(|cell| {
                builder.append_option(if let Cell::Flag(flag) = cell { Some(*flag) } else { None })
            });
            Arc::new(builder.finish())
        }
        Texts => {
            let item = Field::new("item", DataType::Utf8, false);
            let mut builder = ListBuilder::new(StringBuilder::new()).with_field(item);
            for cell in cells {
                if let Cell::Texts(texts) = cell {
                    texts.iter().for_each(|text| builder.values().append_value(text));
                }
                builder.append(true);
            }
            Arc::new(builder.finish())
        }
    }
}

pub(crate) fn finding(finding: &Finding) -> Vec<Cell> {
    vec![
        Cell::text(finding.id),
        Cell::text(&finding.rule),
        Cell::text(&finding.title),
        Cell::text(finding.level.as_str()),
        Cell::Texts(finding.tags.clone()),
        Cell::Time(finding.time),
        Cell::Text(finding.host.clone()),
        Cell::text(&finding.source),
        Cell::Text(finding.actor.clone()),
        Cell::text(finding.event),
        Cell::text(finding.exhibit),
        Cell::Texts(finding.fields.clone()),
    ]
}

pub(crate) fn gap(gap: &Gap) -> Vec<Cell> {
    vec![
        Cell::text(gap.id),
        Cell::text(gap.exhibit),
        Cell::Text(gap.member.clone()),
        Cell::Number(gap.range.offset),
        Cell::Number(gap.range.length),
        Cell::text(gap.cause.as_str()),
        Cell::text(&gap.detail),
    ]
}

pub(crate) fn reading(reading: &Reading) -> Vec<Cell> {
    vec![
        Cell::text(&reading.exhibit),
        Cell::Text(reading.member.clone()),
        Cell::Number(reading.bytes),
        Cell::Text(reading.format.clone()),
        Cell::Number(reading.events),
        Cell::Number(reading.gaps),
        Cell::Flag(reading.container),
    ]
}

pub(crate) fn masked(exhibit: assize_model::ExhibitId, count: &(String, String, u64)) -> Vec<Cell> {
    let (subject, field, texts) = count;
    vec![Cell::text(exhibit), Cell::text(subject), Cell::text(field), Cell::Number(*texts)]
}

pub(crate) fn exhibit(exhibit: &Exhibit, names: Option<&Names>) -> Vec<Cell> {
    let told = |path: &String| names.map_or_else(|| path.clone(), |names| names.cover_path(path));
    // Which paths, not in which order or how often: tables must not depend on either.
    let mut paths: Vec<String> = exhibit.admissions.iter().map(|admission| told(&admission.path)).collect();
    paths.sort();
    paths.dedup();
    vec![
        Cell::text(exhibit.id),
        Cell::text(&exhibit.digests.sha256),
        Cell::text(&exhibit.digests.blake3),
        Cell::Number(exhibit.digests.size),
        Cell::Texts(paths),
    ]
}

pub(crate) fn coverage(coverage: &Coverage) -> Vec<Cell> {
    vec![
        Cell::text(&coverage.source),
        Cell::Text(coverage.host.clone()),
        Cell::Time(coverage.from),
        Cell::Time(coverage.to),
        Cell::text(coverage.state.as_str()),
        Cell::Text(coverage.cause.map(|cause| cause.as_str().to_owned())),
        Cell::Number(coverage.events),
        Cell::text(&coverage.because),
        Cell::Texts(coverage.basis.ids().to_vec()),
    ]
}

pub(crate) fn presence(presence: &Presence) -> Vec<Cell> {
    let session = &presence.session;
    vec![
        Cell::text(session.opening),
        Cell::text(&session.account.name),
        Cell::Text(session.host.clone()),
        Cell::text(session.door.as_str()),
        Cell::Time(session.from),
        Cell::Time(session.to),
        Cell::Time(session.last_seen),
        Cell::Flag(session.opened),
        Cell::Text(session.address.clone()),
        Cell::Text(session.device.clone()),
        Cell::Text(session.client.clone()),
        Cell::text(&presence.key),
        Cell::Text(presence.linked.clone()),
        Cell::Text(presence.sid.clone()),
        Cell::Texts(presence.ports.iter().map(u16::to_string).collect()),
        Cell::Text(presence.workstation.clone()),
        Cell::Text(presence.package.clone()),
        Cell::text(&presence.source),
        Cell::Number(presence.events),
        Cell::Text(presence.inside.clone()),
    ]
}

pub(crate) fn process_logon(row: &(String, String, Option<Time>, EventId)) -> Vec<Cell> {
    vec![Cell::text(&row.0), Cell::text(&row.1), Cell::Time(row.2), Cell::text(row.3)]
}

pub(crate) fn log_run(run: &Run) -> Vec<Cell> {
    let number = |number: Option<u64>| number.map_or(Cell::NoNumber, Cell::Number);
    vec![
        Cell::text(&run.source),
        Cell::Text(run.host.clone()),
        number(run.lowest),
        Cell::Time(Some(run.from)),
        number(run.highest),
        Cell::Time(Some(run.to)),
        Cell::Number(run.events),
        Cell::text(&run.exhibit),
        Cell::text(run.ends[0]),
        Cell::text(run.ends[1]),
    ]
}

pub(crate) fn host(host: &Host) -> Vec<Cell> {
    vec![
        Cell::text(&host.name),
        Cell::text(&host.address),
        Cell::Time(host.from),
        Cell::Time(host.to),
        Cell::text(host.by),
        Cell::Texts(host.basis.as_ref().map_or_else(Vec::new, |basis| basis.ids().to_vec())),
    ]
}

pub(crate) fn placed(placed: &Placed) -> Vec<Cell> {
    vec![
        Cell::text(&placed.finding),
        Cell::text(placed.event),
        Cell::Time(placed.time),
        Cell::Text(placed.host.clone()),
        Cell::Text(placed.actor.clone()),
        Cell::text(&placed.title),
        Cell::Texts(placed.techniques.clone()),
        Cell::text(&placed.outcome),
        Cell::Text(placed.key.clone()),
        Cell::Text(placed.process.clone()),
    ]
}

pub(crate) fn incident(incident: &Incident) -> Vec<Cell> {
    vec![
        Cell::text(incident.id),
        Cell::text(&incident.title),
        Cell::Time(incident.first_possible),
        Cell::Time(incident.first_proven),
        Cell::Time(incident.last_proven),
        Cell::Time(incident.evicted),
        Cell::Texts(incident.hosts.clone()),
        Cell::Texts(incident.accounts.clone()),
    ]
}

pub(crate) fn step(incident: &Incident, position: usize, step: &Step) -> Vec<Cell> {
    vec![
        Cell::text(incident.id),
        Cell::Number(position as u64),
        Cell::Time(step.time),
        Cell::Time(step.until),
        Cell::Number(step.times),
        Cell::text(&step.technique),
        Cell::Text(step.host.clone()),
        Cell::Text(step.account.clone()),
        Cell::text(step.outcome.as_str()),
        Cell::text(&step.text),
        Cell::Texts(step.basis.ids().to_vec()),
    ]
}

pub(crate) fn account(seen: &Seen) -> Vec<Cell> {
    vec![
        Cell::text(seen.account.id()),
        Cell::text(&seen.account.name),
        Cell::text(seen.account.namespace.as_str()),
        Cell::text(&seen.identity),
        Cell::Flag(seen.account.is_machine()),
        Cell::Number(seen.sessions[0]),
        Cell::Number(seen.sessions[1]),
        Cell::Number(seen.sessions[2]),
        Cell::Texts(seen.devices.clone()),
        Cell::Texts(seen.because.clone()),
    ]
}

pub(crate) fn trace(one: &Trace) -> Vec<Cell> {
    vec![
        Cell::text(&one.technique),
        Cell::text(&one.says),
        Cell::text(one.seen_as),
        Cell::Text(one.host.clone()),
        Cell::Time(Some(one.from)),
        Cell::Time(Some(one.to)),
        Cell::text(one.shows.as_str()),
        Cell::Texts(one.logs.clone()),
    ]
}

pub(crate) fn attempts(one: &Attempts) -> Vec<Cell> {
    let more = one.is_more_than_usual().map_or("unknown", |more| if more { "yes" } else { "no" });
    vec![
        Cell::text(&one.source),
        Cell::Text(one.host.clone()),
        Cell::Time(Some(one.day)),
        Cell::Number(one.times),
        Cell::Number(one.addresses),
        Cell::Number(one.accounts),
        one.usual.map_or(Cell::NoNumber, Cell::Number),
        Cell::text(more),
        Cell::Texts(one.basis.clone()),
    ]
}

pub(crate) fn clock(skew: &Skew) -> Vec<Cell> {
    vec![
        Cell::text(&skew.host),
        Cell::Time(Some(skew.from)),
        Cell::Time(Some(skew.to)),
        // Nanoseconds with their sign: no column of ours holds negative numbers.
        Cell::text(skew.ahead),
        Cell::text(&skew.against),
        Cell::Number(skew.pairs.0),
        Cell::Number(skew.pairs.1),
        Cell::Texts(skew.basis.clone()),
    ]
}

pub(crate) fn session(session: &Session, presence: &Presence, identity: &str) -> Vec<Cell> {
    let basis = |basis: Option<&assize_model::Basis>| {
        Cell::Texts(basis.map_or_else(Vec::new, |basis| basis.ids().to_vec()))
    };
    let (proven, cleared) = (session.proven.as_ref(), session.cleared.as_ref());
    vec![
        Cell::text(session.id()),
        Cell::text(&session.account.name),
        Cell::text(identity),
        Cell::Text(session.host.clone()),
        Cell::text(session.door.as_str()),
        Cell::Time(session.from),
        Cell::Time(session.to),
        Cell::Time(session.last_seen),
        Cell::Flag(session.opened),
        Cell::Text(session.address.clone()),
        Cell::Text(session.device.clone()),
        Cell::Text(session.client.clone()),
        Cell::text(session.verdict.as_str()),
        Cell::Text(proven.map(|proven| proven.by.clone())),
        basis(proven.map(|proven| &proven.basis)),
        Cell::Text(cleared.map(|cleared| cleared.by.clone())),
        Cell::Text(cleared.and_then(|cleared| cleared.assumption.clone())),
        basis(cleared.map(|cleared| &cleared.basis)),
        Cell::Texts(session.because.clone()),
        Cell::Texts(session.against.clone()),
        Cell::Number(presence.events),
        Cell::text(&presence.source),
        Cell::text(session.opening),
    ]
}

pub(crate) fn acts(number: usize, acts: &Acts<'_>) -> Vec<Cell> {
    let text = |text: Option<&str>| Cell::Text(text.map(str::to_owned));
    let (act, sum) = (acts.act, acts.sum);
    vec![
        Cell::Number(number as u64),
        Cell::Number(u64::from(acts.hand)),
        Cell::text(acts.told.as_str()),
        text(acts.account),
        text(acts.object),
        text(acts.within),
        Cell::text(acts.source),
        text(acts.host),
        Cell::text(act.verb.as_str()),
        text(act.kind.map(ObjectKind::as_str)),
        text(act.scope.map(Scope::as_str)),
        Cell::text(act.client.as_str()),
        Cell::text(act.outcome.as_str()),
        Cell::Texts(act.qualifiers.iter().map(|one| one.as_str().to_owned()).collect()),
        Cell::Flag(act.moved),
        Cell::Flag(act.handle),
        Cell::Time(sum.from),
        Cell::Time(sum.to),
        Cell::Number(sum.times),
        Cell::Texts(sum.basis().map(|id| id.to_string()).collect()),
    ]
}

pub(crate) fn session_key(span: &Span) -> Vec<Cell> {
    vec![
        Cell::text(&span.key),
        Cell::Time(span.from),
        Cell::Time(span.to),
        Cell::text(Session::id_of(span.session, &span.account)),
    ]
}

pub(crate) fn process(host: &str, own: &Own) -> Vec<Cell> {
    let start = &own.start;
    vec![
        Cell::text(start.id),
        Cell::text(host),
        Cell::Time(Some(start.time)),
        Cell::text(&start.object),
        Cell::Text(start.command.clone()),
        Cell::Text(start.actor.clone()),
        Cell::Text(start.process.clone()),
        Cell::text(own.by),
        Cell::Texts(own.basis.iter().cloned().collect()),
    ]
}
