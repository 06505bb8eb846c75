//! What does one record of a PostgreSQL log mean?
//!
//! The same for all three notations. By the server's own words and codes: `SQLSTATE` for errors
//! (documentation, appendix A), the fixed texts of connections, pgAudit's record, or the statement.

use std::net::IpAddr;
use std::ops::Range;

use assize_model::spine::{Client, Link, ObjectKind, Outcome, Qualifier, Verb};
use assize_model::time::Stated;
use assize_model::{ReadingOptions, Time};

use super::statement::{Statement, Token};
use crate::clock::{self, Clock, Reading, SECOND, Stamp};
use crate::csv::{Cut, Dialect, Span, cut};
use crate::meaning::Meaning;
use crate::record::Record;

/// One record, whatever its notation.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry<'a> {
    pub(super) time: &'a str,
    pub(super) user: Option<&'a str>,
    pub(super) database: Option<&'a str>,
    pub(super) process_id: Option<&'a str>,
    /// `host:port`, `host(port)`, `host` or `[local]`.
    pub(super) client: Option<&'a str>,
    pub(super) session: Option<&'a str>,
    pub(super) line: Option<&'a str>,
    pub(super) severity: &'a str,
    pub(super) state: Option<&'a str>,
    pub(super) message: &'a str,
    /// The statement that caused an error.
    pub(super) query: Option<&'a str>,
    pub(super) application: Option<&'a str>,
}

/// Own fields of what pgAudit's record says, in its order.
pub(super) const AUDIT: [&str; 7] =
    ["audit_type", "statement_id", "substatement_id", "class", "command", "object_type", "object_name"];
/// Own field of every table but the first that a statement names.
pub(super) const TABLE: &str = "table";

/// Memory that serves one record after another.
#[derive(Default)]
pub(super) struct Room {
    audit: Audit,
    /// What was put together of several texts of the record.
    joined: String,
    tokens: Vec<Token>,
}

/// pgAudit's record, cut.
#[derive(Default)]
struct Audit {
    /// Where its cells lie: in the record, or here if there are quotes in them.
    spans: Vec<Span>,
    unquoted: String,
}

impl Audit {
    fn cut(&mut self, record: &str) -> bool {
        self.unquoted.clear();
        if !matches!(cut(record.as_bytes(), true, Dialect::COMMA, &mut self.spans), Cut::Row { .. }) {
            return false;
        }
        for span in self.spans.iter_mut().filter(|span| span.doubled) {
            let from = self.unquoted.len();
            self.unquoted.push_str(&record[span.from..span.to].replace("\"\"", "\""));
            (span.from, span.to) = (from, self.unquoted.len());
        }
        true
    }

    fn cell<'a>(&'a self, record: &'a str, place: usize) -> &'a str {
        let Some(span) = self.spans.get(place) else { return "" };
        let lies_in = if span.doubled { &self.unquoted } else { record };
        &lies_in[span.from..span.to]
    }
}

/// What an entry says.
pub(super) struct Told<'c> {
    pub(super) meaning: Meaning<'c>,
    /// What its time rests on beyond its bytes.
    pub(super) time_options: &'c ReadingOptions,
    /// Every table but the first that its statement names.
    pub(super) tables: Vec<&'c str>,
    /// Cells of pgAudit's record, in the order of [`AUDIT`].
    pub(super) audit: Option<[&'c str; AUDIT.len()]>,
    tokens: &'c mut Vec<Token>,
}

impl<'c> Told<'c> {
    /// As a record; what it says beside the spine stands before the source's own fields.
    pub(super) fn record(self) -> Record<'c> {
        let mut record = Record::that(self.meaning, self.time_options);
        self.tables.into_iter().for_each(|table| record.own(TABLE, table));
        let cells = self.audit.iter().flatten();
        AUDIT.iter().zip(cells).for_each(|(name, cell)| record.own(*name, *cell));
        record
    }
}

/// Severities, and the words with which parts of a record begin in the plain log.
pub(super) fn is_severity(word: &str) -> bool {
    matches!(
        word,
        "LOG"
            | "INFO"
            | "NOTICE"
            | "WARNING"
            | "ERROR"
            | "FATAL"
            | "PANIC"
            | "DEBUG"
            | "DEBUG1"
            | "DEBUG2"
            | "DEBUG3"
            | "DEBUG4"
            | "DEBUG5"
            | "DETAIL"
            | "HINT"
            | "CONTEXT"
            | "STATEMENT"
            | "QUERY"
            | "LOCATION"
            | "BACKTRACE"
    )
}

/// Names of zones as the server writes them (`%m`, `log_time`), where one name means one zone in the
/// server's own default list (`timezonesets/Default`): seconds east.
const ZONES: &[(&str, i64, &str)] = &[
    ("UTC", 0, ""),
    ("GMT", 0, ""),
    ("WET", 0, "zone WET read as +00:00"),
    ("CET", 3600, "zone CET read as +01:00"),
    ("WEST", 3600, "zone WEST read as +01:00"),
    ("BST", 3600, "zone BST read as +01:00, the British one"),
    ("CEST", 7200, "zone CEST read as +02:00"),
    ("EET", 7200, "zone EET read as +02:00"),
    ("EEST", 10_800, "zone EEST read as +03:00"),
    ("MSK", 10_800, "zone MSK read as +03:00"),
    ("EST", -18_000, "zone EST read as -05:00"),
    ("EDT", -14_400, "zone EDT read as -04:00"),
    ("CST", -21_600, "zone CST read as -06:00, the American one"),
    ("CDT", -18_000, "zone CDT read as -05:00, the American one"),
    ("MST", -25_200, "zone MST read as -07:00"),
    ("MDT", -21_600, "zone MDT read as -06:00"),
    ("PST", -28_800, "zone PST read as -08:00"),
    ("PDT", -25_200, "zone PDT read as -07:00"),
];

/// How long the time at the beginning of a text is, its zone's name with it.
pub(super) fn time_length(text: &str) -> Option<usize> {
    let (stated, length) = clock::iso(text.as_bytes())?;
    let zone = text.get(length..)?.strip_prefix(' ').map_or(0, |rest| {
        let letters = rest.bytes().take_while(u8::is_ascii_uppercase).count();
        if (3..=5).contains(&letters) && !is_severity(&rest[..letters]) { letters + 1 } else { 0 }
    });
    Some(if matches!(stated, Stated::Local(_)) { length + zone } else { length })
}

fn reading<'c>(text: &str, clock: &'c mut Clock) -> Reading<'c> {
    let Some((stated, length)) = clock::iso(text.as_bytes()) else { return clock.read(None) };
    let name = text.get(length..).unwrap_or("").trim();
    let zone = ZONES.iter().find(|(known, ..)| *known == name);
    match (stated, zone) {
        (Stated::Local(local), Some((_, seconds, assumed))) => Reading {
            time: Some(Time(local.0 - seconds * SECOND)),
            assumed: (!assumed.is_empty()).then_some(*assumed),
            options: &clock::NONE,
        },
        _ => clock.read(Some(Stamp::Full(stated))),
    }
}

impl<'a> Entry<'a> {
    /// What it says.
    pub(super) fn told<'c>(&self, clock: &'c mut Clock, room: &'c mut Room) -> Told<'c>
    where
        'a: 'c,
    {
        let Room { audit, joined, tokens } = room;
        let said = self.audit().filter(|said| audit.cut(said));
        let audit = &*audit;
        let cell = said.map(|said| move |place| audit.cell(said, place));
        let (record, request) = self.identities(cell.map(|cell| cell(1)), joined);
        let reading = reading(self.time, clock);
        let mut told = Told {
            meaning: Meaning::of("postgresql"),
            time_options: reading.options,
            tables: Vec::new(),
            audit: None,
            tokens,
        };
        let meaning = &mut told.meaning;
        meaning.time_text = Some(self.time.into());
        meaning.time = reading.time;
        meaning.time_assumed = reading.assumed.map(Into::into);
        meaning.actor = self.user.filter(|user| *user != "[unknown]").map(Into::into);
        meaning.peer = self.client.and_then(host).map(Into::into);
        meaning.client = self.application.and_then(client);
        let links = [
            (Link::Session, self.session),
            (Link::Record, record.map(|at| &joined[at])),
            (Link::ProcessId, self.process_id),
            (Link::Request, request.map(|at| &joined[at])),
        ];
        meaning.links.extend(links.into_iter().filter_map(|(kind, value)| Some((kind, value?.into()))));
        match (self.severity, cell) {
            ("ERROR" | "FATAL" | "PANIC", _) => self.error(&mut told),
            // The statement of a record before it, which may be an error or a warning.
            ("STATEMENT" | "QUERY", _) => told.statement(self.message, Outcome::Unknown),
            (_, Some(cell)) => self.audited(cell, &mut told),
            (_, None) => self.message(&mut told),
        }
        told
    }

    /// Of the record and of the statement that pgAudit counted, as they lie in the room.
    fn identities(
        &self,
        statement: Option<&str>,
        room: &mut String,
    ) -> (Option<Range<usize>>, Option<Range<usize>>) {
        room.clear();
        let mut join = |parts: [&str; 3]| {
            let from = room.len();
            parts.into_iter().for_each(|part| room.push_str(part));
            from..room.len()
        };
        // The server counts a session's records: its own identity for each.
        let record = self.session.zip(self.line).map(|(session, line)| join([session, "/", line]));
        let request = self.session.zip(statement).map(|(session, number)| join([session, "#", number]));
        (record, request)
    }

    /// pgAudit's record.
    fn audit(&self) -> Option<&'a str> {
        let other = matches!(self.severity, "ERROR" | "FATAL" | "PANIC" | "STATEMENT" | "QUERY");
        self.message.strip_prefix("AUDIT: ").filter(|_| !other)
    }

    /// Errors by SQLSTATE; in the plain log, which has none, by the server's own words.
    fn error<'c>(&self, told: &mut Told<'c>)
    where
        'a: 'c,
    {
        let refused = self.message.starts_with("permission denied")
            || self.message.starts_with("must be owner")
            || self.message.starts_with("must be superuser")
            || self.message.starts_with("no pg_hba.conf entry");
        let outcome = match self.state {
            Some("42501" | "28000") => Outcome::Denied,
            None if refused => Outcome::Denied,
            _ => Outcome::Failure,
        };
        let logon = self.state.is_some_and(|state| state.starts_with("28"))
            || self.message.contains("authentication failed for user")
            || self.message.starts_with("no pg_hba.conf entry");
        if logon {
            told.did(Verb::Logon, outcome);
            if let Some(database) = self.database {
                told.to(ObjectKind::Other, database);
            }
            return;
        }
        match self.query {
            Some(query) => told.statement(query, outcome),
            None => told.meaning.outcome = outcome,
        }
    }

    fn message<'c>(&self, told: &mut Told<'c>)
    where
        'a: 'c,
    {
        let message = self.message;
        if message.starts_with("connection received") {
            let from = message.split_once("host=").and_then(|(_, rest)| rest.split(' ').next());
            told.meaning.peer = told.meaning.peer.take().or(from.and_then(host).map(Into::into));
            return told.did(Verb::Connect, Outcome::Success);
        }
        if message.starts_with("connection authorized") {
            told.did(Verb::Logon, Outcome::Success);
        } else if message.starts_with("disconnection") {
            told.did(Verb::Logoff, Outcome::Success);
        } else if message.starts_with("parameter \"") || message.starts_with("received SIGHUP") {
            return told.did(Verb::ConfigChange, Outcome::Success);
        } else if let Some(command) = message.strip_prefix("received replication command: ") {
            return told.statement(command, Outcome::Unknown);
        } else if let Some((text, outcome)) = logged(message) {
            told.statement(text, outcome);
            return self.dumps(told);
        } else {
            return;
        }
        if let Some(database) = self.database.filter(|database| *database != "[unknown]") {
            told.to(ObjectKind::Other, database);
        }
    }

    /// `SESSION,1,1,READ,SELECT,TABLE,public.witness,"SELECT …",<not logged>,12` (pgAudit's README,
    /// "Format"). The last only with `log_rows`, and then the statement has run.
    fn audited<'c>(&self, cell: impl Fn(usize) -> &'c str, told: &mut Told<'c>) {
        let rows = cell(9).parse::<u64>().ok();
        let outcome = if rows.is_some() { Outcome::Success } else { Outcome::Unknown };
        told.statement(cell(7), outcome);
        let command = cell(4);
        if told.meaning.verb == Verb::Other {
            let statement = Statement::of(command, told.tokens);
            told.meaning.verb = statement.map_or(Verb::Other, |statement| statement.verb);
        }
        told.meaning.outcome = outcome;
        if !cell(6).is_empty() {
            told.meaning.object = Some(cell(6).into());
            told.meaning.object_kind = Some(audited_kind(cell(5)));
        }
        // COPY sends rows and counts none of them.
        let copies = command == "COPY" || told.meaning.verb == Verb::Export;
        told.meaning.count = rows.filter(|_| !copies || command == "SELECT");
        told.audit = Some(std::array::from_fn(cell));
        self.dumps(told);
    }

    /// What pg_dump reads it takes away whole.
    fn dumps(&self, told: &mut Told<'_>) {
        let dump = matches!(self.application, Some("pg_dump" | "pg_dumpall"));
        if dump && told.meaning.verb == Verb::Query && told.meaning.object_kind == Some(ObjectKind::Table) {
            told.meaning.verb = Verb::Export;
        }
    }

    /// What stands between time and severity, in the notations that are usual: `[411]`, `user=…,db=…`,
    /// `okafor@registry`, `10.0.4.17(50112)`, `[3-1]`.
    pub(super) fn prefix(&mut self, prefix: &'a str) {
        for part in prefix.split([' ', ',', ';']).flat_map(|part| part.split_inclusive(']')) {
            let part = part.trim_matches([':', '-']);
            if let Some((name, value)) = part.split_once('=') {
                self.named(name, value);
            } else if let Some(number) = part.strip_prefix('[').and_then(|part| part.strip_suffix(']')) {
                self.numbered(number);
            } else {
                part.split(':').for_each(|piece| self.bare(piece));
            }
        }
    }

    fn named(&mut self, name: &str, value: &'a str) {
        let value = Some(value).filter(|value| !value.is_empty());
        match name {
            "user" | "u" => self.user = value,
            "db" | "database" | "d" => self.database = value,
            "app" | "application" | "a" => self.application = value,
            "client" | "host" | "remote" | "h" | "r" => self.client = value,
            "pid" | "p" => self.process_id = value,
            "session" | "c" => self.session = value,
            "line" | "l" => self.line = value,
            _ => {}
        }
    }

    fn numbered(&mut self, text: &'a str) {
        let number = text.split('-').next().unwrap_or(text);
        if self.process_id.is_none() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            self.process_id = Some(number);
        }
    }

    fn bare(&mut self, text: &'a str) {
        if let Some((user, database)) = text.split_once('@') {
            self.user = Some(user).filter(|user| !user.is_empty());
            let (database, application) =
                database.split_once('/').map_or((database, None), |(d, a)| (d, Some(a)));
            self.database = Some(database).filter(|database| !database.is_empty());
            self.application = self.application.or(application);
        } else if text == "[local]" || host(text).is_some_and(|host| host.parse::<IpAddr>().is_ok()) {
            self.client = Some(text);
        }
    }
}

/// The statement of `statement: …`, `execute NAME: …`, `duration: 0.7 ms  statement: …`. Only a duration
/// says that it ran to its end.
fn logged(message: &str) -> Option<(&str, Outcome)> {
    let (rest, outcome) = match message.strip_prefix("duration: ") {
        Some(rest) => (rest.split_once(" ms  ")?.1, Outcome::Success),
        None => (message, Outcome::Unknown),
    };
    if let Some(text) = rest.strip_prefix("statement: ") {
        return Some((text, outcome));
    }
    // Parsing and binding come before; they run nothing.
    let execute = rest.strip_prefix("execute ")?;
    Some((execute.split_once(": ")?.1, outcome))
}

impl<'c> Told<'c> {
    fn did(&mut self, verb: Verb, outcome: Outcome) {
        self.meaning.verb = verb;
        self.meaning.outcome = outcome;
    }

    fn to(&mut self, kind: ObjectKind, object: &'c str) {
        self.meaning.object_kind = Some(kind);
        self.meaning.object = Some(object.into());
    }

    fn statement(&mut self, text: &'c str, outcome: Outcome) {
        let Some(statement) = Statement::of(text, self.tokens) else { return };
        self.did(statement.verb, outcome);
        self.meaning.scope = statement.scope;
        if statement.aggregates {
            self.meaning.qualifiers.push(Qualifier::Aggregated);
        }
        if let (Some(object), Some(kind)) = (statement.object, statement.kind) {
            self.to(kind, object);
            self.tables = statement.tables;
        }
    }
}

/// pgAudit's object types.
fn audited_kind(kind: &str) -> ObjectKind {
    match kind {
        "TABLE" | "VIEW" | "MATERIALIZED VIEW" | "FOREIGN TABLE" | "TOAST TABLE" => ObjectKind::Table,
        _ => ObjectKind::Other,
    }
}

/// The address without its port; none for a socket.
fn host(client: &str) -> Option<&str> {
    if client.is_empty() || client == "[local]" || client == "[unknown]" {
        return None;
    }
    let bare = memchr::memchr2(b':', b'(', client.as_bytes()).is_none();
    if bare || client.parse::<IpAddr>().is_ok() {
        return Some(client);
    }
    let bare = client.split('(').next().unwrap_or(client);
    Some(match bare.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => bare,
    })
}

/// The kind of program, where its name says it beyond doubt; a client names itself as it likes.
fn client(application: &str) -> Option<Client> {
    let known = ["pgAdmin", "DBeaver", "DataGrip", "Microsoft Office", "Excel"];
    if known.iter().any(|name| application.starts_with(name)) {
        return Some(Client::Desktop);
    }
    Some(Client::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_in_pgaudits_record_stand_for_one_each() {
        let message = r#"AUDIT: SESSION,3,1,READ,SELECT,TABLE,"public.""Odd, name""","SELECT * FROM ""Odd, name"" JOIN b",<not logged>,2"#;
        let entry = Entry { session: Some("s"), severity: "LOG", message, ..Entry::default() };
        let (mut clock, mut room) = (Clock::new(&ReadingOptions::default()), Room::default());
        // The memory of one record serves the next.
        for _ in 0..2 {
            let told = entry.told(&mut clock, &mut room);
            assert_eq!(told.meaning.object.as_deref(), Some(r#"public."Odd, name""#));
            assert_eq!(told.tables, ["b"]);
            assert_eq!(told.audit.unwrap()[6], r#"public."Odd, name""#);
            assert_eq!(told.meaning.links().last(), Some((Link::Request, "s#3")));
        }
        let plain = Entry { message: "AUDIT: SESSION,4,1,READ,SELECT,TABLE,a,SELECT 1,x,y", ..entry.clone() };
        assert_eq!(plain.told(&mut clock, &mut room).meaning.object.as_deref(), Some("a"));
        // Whatever stands where a number should.
        let hostile = Entry { message: r#"AUDIT: SESSION,"""3""",1"#, ..entry };
        let told = hostile.told(&mut clock, &mut room);
        assert_eq!(told.meaning.links().last(), Some((Link::Request, r#"s#"3""#)));
    }
}
