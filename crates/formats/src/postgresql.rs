//! What does a PostgreSQL server's log say was asked of it, and what came of it?
//!
//! Three notations of the same records: csvlog (22 to 26 columns, by version), jsonlog, and the plain log
//! behind `log_line_prefix`. [`entry`] says what a record means; this file takes the notations apart. With
//! `pgaudit` a record names object and rows; without, the statement is read by its first words
//! ([`statement`]). A statement that was logged before it ran has outcome `unknown`: that it failed stands
//! in another record, and joining them is not done here.

mod entry;
mod statement;

use std::borrow::Cow;
use std::io::{self, Read};

use assize_model::{Batcher, Card, Cause, Confidence, Format, Input, Range, ReadingOptions, Slice};

use crate::clock::{self, Clock};
use crate::csv::{self, Row};
use crate::json::{self, Broken};
use crate::lines::{self, Line, Records};
use entry::{Entry, Room};

/// The log as a table.
pub(crate) struct Csvlog;
/// The log as JSON records.
pub(crate) struct Jsonlog;
/// The log as text.
pub(crate) struct Plain;

static CSVLOG: Card = Card {
    name: "postgresql-csvlog",
    title: "PostgreSQL csvlog, with pgAudit",
    doc: "The server's log as a table without header (`log_destination = csvlog`), 22 to 26 columns by \
          version, and as a table with header that somebody exported. pgAudit's SESSION and OBJECT records \
          give command, object and, with `log_rows`, rows: then the statement was run, and the outcome is \
          success. A statement that is only logged before it runs has outcome unknown. Errors have the \
          outcome of their SQLSTATE (42501 and class 28: denied). `COPY … TO` names no object and no rows: \
          the table is read from the statement. A select that only counts or adds is `aggregated`.",
    example: "2026-09-14 08:12:03.512 UTC,\"okafor\",\"registry\",411,\"10.0.4.17:50112\",68c67a03.19b,3,\"SELECT\",…",
    links: &[
        "https://www.postgresql.org/docs/current/runtime-config-logging.html",
        "https://github.com/pgaudit/pgaudit/blob/main/README.md",
        "https://www.postgresql.org/docs/current/errcodes-appendix.html",
    ],
    version: 2,
};

static JSONLOG: Card = Card {
    name: "postgresql-jsonlog",
    title: "PostgreSQL jsonlog, with pgAudit",
    doc: "The server's log as JSON (`log_destination = jsonlog`, version 15 and later): the same records as in \
          csvlog under names of their own, and read the same way.",
    example: r#"{"timestamp":"2026-09-14 08:12:03.512 UTC","user":"okafor","dbname":"registry","pid":411,"session_id":"68c67a03.19b","line_num":3,"error_severity":"LOG","message":"…"}"#,
    links: &["https://www.postgresql.org/docs/current/runtime-config-logging.html"],
    version: 2,
};

static PLAIN: Card = Card {
    name: "postgresql",
    title: "PostgreSQL log in text, with pgAudit",
    doc: "The server's log behind `log_line_prefix`, as Debian, pgBadger's advice and Amazon RDS set it: a time \
          first, then process, user, database, application and client in any of the usual notations. A record \
          goes on over the lines that do not begin with a time. `DETAIL`, `STATEMENT` and the like are records \
          of their own, as the server writes them; whether the statement before them failed is joined later.",
    example: "2026-09-14 08:12:03.512 UTC [411] okafor@registry LOG:  statement: SELECT * FROM witness",
    links: &["https://www.postgresql.org/docs/current/runtime-config-logging.html"],
    version: 2,
};

/// On data of a server of our own (`tests/servers.rs`).
const MADE: &[(&str, &str)] = &[
    ("connection", "server-made"),
    ("statement", "server-made"),
    ("error", "server-made"),
    ("pgaudit", "server-made"),
];

/// Names of csvlog's columns (documentation, "Using CSV-Format Log Output"), in their order; older servers
/// have fewer.
const COLUMNS: &[&str] = &[
    "log_time",
    "user_name",
    "database_name",
    "process_id",
    "connection_from",
    "session_id",
    "session_line_num",
    "command_tag",
    "session_start_time",
    "virtual_transaction_id",
    "transaction_id",
    "error_severity",
    "sql_state_code",
    "message",
    "detail",
    "hint",
    "internal_query",
    "internal_query_pos",
    "context",
    "query",
    "query_pos",
    "location",
    "application_name",
    "backend_type",
    "leader_pid",
    "query_id",
];
/// Of 8.4, the first with all that is needed.
const COLUMNS_MIN: usize = 22;

impl Format for Csvlog {
    fn card(&self) -> &'static Card {
        &CSVLOG
    }

    fn family(&self) -> &'static str {
        "postgresql"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        MADE
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let mut known = false;
        if has_header(head) {
            known = true;
        } else {
            csv::first_bare_rows(head, 1, &mut |row| known = is_log(row));
        }
        known.then_some(Confidence(92))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut head = Vec::new();
        (&mut *input.bytes).take(crate::HEAD as u64).read_to_end(&mut head)?;
        let bare = !has_header(&head);
        let mut whole = io::Cursor::new(head).chain(&mut *input.bytes);
        let mut table = Table::new(input.options);
        let each: csv::Each<'_> = &mut |row, out| table.one(row, out);
        let read = if bare { csv::read_bare_rows } else { csv::read_rows };
        read(&mut whole, input.options, out, each)
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut table = Table::new(options);
        csv::reread(slices, options, out, &mut |row, out| table.one(row, out))
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        csv::raw_text(slices)
    }
}

fn has_header(head: &[u8]) -> bool {
    let names = csv::names(head).unwrap_or_default();
    ["session_line_num", "error_severity", "sql_state_code"]
        .iter()
        .all(|name| names.iter().any(|n| n == name))
}

/// A time, a session, a severity, each where it must be.
fn is_log(row: &Row<'_>) -> bool {
    let cell = |place: usize| row.cell(place).unwrap_or_default();
    let session = cell(5);
    let hex = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    row.len() >= COLUMNS_MIN
        && clock::iso(cell(0).as_bytes()).is_some()
        && session.split_once('.').is_some_and(|(start, pid)| hex(start) && hex(pid))
        && entry::is_severity(&cell(11))
}

/// Reads rows, and remembers where the columns stand that mean something.
struct Table {
    clock: Clock,
    room: Room,
    /// Of which header `places` are.
    header: Option<usize>,
    places: [Option<usize>; NEEDED.len()],
}

/// Columns that the entry is made of, in its order.
const NEEDED: [&str; 12] = [
    "log_time",
    "user_name",
    "database_name",
    "process_id",
    "connection_from",
    "session_id",
    "session_line_num",
    "error_severity",
    "sql_state_code",
    "message",
    "query",
    "application_name",
];

impl Table {
    fn new(options: &ReadingOptions) -> Self {
        Self { clock: Clock::new(options), room: Room::default(), header: None, places: [None; NEEDED.len()] }
    }

    fn one(&mut self, row: &Row<'_>, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
        if row.len() < COLUMNS_MIN {
            let detail =
                format!("a row of {} columns; a record of csvlog has {COLUMNS_MIN} to 26", row.len());
            return Ok(Err(Broken { cause: Cause::UnreadableRecord, detail }));
        }
        let names = &row.header.names;
        if self.header != Some(row.header.number) {
            let of_header = |name: &str| names.iter().position(|known| known == name);
            let bare = |name: &str| COLUMNS.iter().position(|known| *known == name);
            self.places = NEEDED.map(|name| if names.is_empty() { bare(name) } else { of_header(name) });
            self.header = Some(row.header.number);
        }
        let mut cells: Vec<Cow<'_, str>> = Vec::with_capacity(row.len());
        cells.extend(row.cells());
        let mut record = entry(self.places, &cells).told(&mut self.clock, &mut self.room).record();
        // An empty cell of csvlog is a null, and "" a text: which of the two it was is not told apart here.
        for (place, cell) in cells.iter().enumerate() {
            let named = if names.is_empty() {
                COLUMNS.get(place).copied()
            } else {
                names.get(place).map(String::as_str)
            };
            let name = named.map_or_else(|| Cow::Owned(format!("column_{}", place + 1)), Cow::Borrowed);
            record.own(name, &**cell);
        }
        record.event_with(row.ranges, row.options, out).map(Ok)
    }
}

fn entry<'a>(places: [Option<usize>; NEEDED.len()], cells: &'a [Cow<'_, str>]) -> Entry<'a> {
    let value = |place: Option<usize>| cells.get(place?).map(|cell| &**cell).filter(|cell| !cell.is_empty());
    entry_of(places.map(value))
}

/// Of values in the order of [`NEEDED`].
fn entry_of(values: [Option<&str>; NEEDED.len()]) -> Entry<'_> {
    let [
        time,
        user,
        database,
        process_id,
        client,
        session,
        line,
        severity,
        state,
        message,
        query,
        application,
    ] = values;
    Entry {
        time: time.unwrap_or(""),
        user,
        database,
        process_id,
        client,
        session,
        line,
        severity: severity.unwrap_or(""),
        state,
        message: message.unwrap_or(""),
        query,
        application,
    }
}

impl Format for Jsonlog {
    fn card(&self) -> &'static Card {
        &JSONLOG
    }

    fn family(&self) -> &'static str {
        "postgresql"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        MADE
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        if !json::looks_like_records(head) {
            return None;
        }
        let has = |fields: &json::Fields, name: &str| fields.iter().any(|(key, _)| key == name);
        let known = |fields: &json::Fields| {
            ["timestamp", "session_id", "line_num", "error_severity"].iter().all(|name| has(fields, name))
        };
        json::first_records(head, 5).iter().any(known).then_some(Confidence(92))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let (mut clock, mut room) = (Clock::new(input.options), Room::default());
        let each: json::Each<'_> =
            &mut |range, record, out| one_json(range, record, &mut clock, &mut room, out);
        json::read_own(OWN, input.bytes, out, each)
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let (mut clock, mut room) = (Clock::new(options), Room::default());
        let each: json::Each<'_> =
            &mut |range, record, out| one_json(range, record, &mut clock, &mut room, out);
        json::reread_own(OWN, slices, out, each)
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        json::raw_text(slices)
    }
}

/// Keys that an entry is made of, in its order, and what an entry says beside the record.
const OWN: &[&str] = &[
    "timestamp",
    "user",
    "dbname",
    "pid",
    "remote_host",
    "session_id",
    "line_num",
    "error_severity",
    "state_code",
    "message",
    "statement",
    "application_name",
    entry::AUDIT[0],
    entry::AUDIT[1],
    entry::AUDIT[2],
    entry::AUDIT[3],
    entry::AUDIT[4],
    entry::AUDIT[5],
    entry::AUDIT[6],
    entry::TABLE,
];

fn one_json(
    range: Range,
    found: &json::Record,
    clock: &mut Clock,
    room: &mut Room,
    out: &mut Batcher<'_>,
) -> io::Result<()> {
    let values: [Option<&str>; NEEDED.len()] =
        std::array::from_fn(|place| found.own(json::Own(place as u16)));
    let told = entry_of(values).told(clock, room);
    // What pgAudit's message says stands before the record's own pairs.
    const AUDIT: u16 = json::Own::of(OWN, entry::AUDIT[0]).0;
    let audit: Option<[(u32, &str); entry::AUDIT.len()]> = told
        .audit
        .as_ref()
        .map(|cells| std::array::from_fn(|place| found.with(json::Own(AUDIT + place as u16), cells[place])));
    let audit = audit.as_ref().map_or(&[][..], |fields| &fields[..]);
    // Most statements name one table.
    if told.tables.is_empty() {
        return found.hand_on_behind(audit, &told.meaning, &[range], told.time_options, out);
    }
    let tables = told.tables.iter().map(|table| found.with(json::own!("table"), table));
    let beside: Vec<(u32, &str)> = tables.chain(audit.iter().copied()).collect();
    found.hand_on_behind(&beside, &told.meaning, &[range], told.time_options, out)
}

impl Format for Plain {
    fn card(&self) -> &'static Card {
        &PLAIN
    }

    fn family(&self) -> &'static str {
        "postgresql"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        MADE
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let lines = lines::first_lines(head, 40);
        let starts: Vec<&String> = lines.iter().filter(|line| !goes_on(line)).collect();
        let known = starts.iter().filter(|line| Prefixed::of(line).is_some()).count();
        (known > 0 && known * 2 > starts.len()).then_some(Confidence(75))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let (mut clock, mut room) = (Clock::new(input.options), Room::default());
        lines::read(input.bytes, input.options, Records::Continued(goes_on), out, &mut |line, out| {
            one_line(line, &mut clock, &mut room, out)
        })
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let (mut clock, mut room) = (Clock::new(options), Room::default());
        lines::reread(slices, options, out, &mut |line, out| one_line(line, &mut clock, &mut room, out))
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        lines::raw_text(slices)
    }
}

/// A line that does not begin with a time goes on from the one before.
fn goes_on(line: &str) -> bool {
    let line = line.strip_prefix('<').unwrap_or(line);
    !line.as_bytes().first().is_some_and(u8::is_ascii_digit) || clock::iso(line.as_bytes()).is_none()
}

fn one_line(
    line: &Line<'_>,
    clock: &mut Clock,
    room: &mut Room,
    out: &mut Batcher<'_>,
) -> io::Result<Result<(), Broken>> {
    let Some(prefixed) = Prefixed::of(line.text) else {
        let detail = "expected a time, a prefix and a severity, as `LOG:  `".to_owned();
        return Ok(Err(Broken { cause: Cause::UnreadableRecord, detail }));
    };
    let entry = &prefixed.entry;
    let mut record = entry.told(clock, room).record();
    let texts = [
        ("prefix", Some(prefixed.prefix)),
        ("process_id", entry.process_id),
        ("user_name", entry.user),
        ("database_name", entry.database),
        ("application_name", entry.application),
        ("connection_from", entry.client),
        ("session_id", entry.session),
        ("session_line_num", entry.line),
        ("error_severity", Some(entry.severity)),
        ("message", Some(entry.message)),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            record.own(name, text);
        }
    }
    record.event_of(line, out).map(Ok)
}

/// A line of the plain log.
struct Prefixed<'a> {
    prefix: &'a str,
    entry: Entry<'a>,
}

impl<'a> Prefixed<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix('<').unwrap_or(text);
        let time = entry::time_length(text)?;
        let (at, severity) = severity(text, time)?;
        let prefix = text[time..at].trim_start_matches('>').trim();
        let message = text[at + severity.len()..].strip_prefix(":  ")?;
        let mut entry = Entry { time: &text[..time], severity, message, ..Entry::default() };
        entry.prefix(prefix);
        Some(Self { prefix, entry })
    }
}

/// The first severity with its colon and two blanks, on the first line.
fn severity(text: &str, from: usize) -> Option<(usize, &str)> {
    let line = memchr::memchr(b'\n', text.as_bytes()).unwrap_or(text.len());
    for colon in memchr::memmem::find_iter(&text.as_bytes()[from..line], b":  ") {
        let colon = from + colon;
        // By bytes: what stands before the word may be a character of several.
        let word = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let start = colon - text.as_bytes()[..colon].iter().rev().take_while(|byte| word(byte)).count();
        if entry::is_severity(&text[start..colon]) {
            return Some((start, &text[start..colon]));
        }
    }
    None
}
