//! What does one record of a PostgreSQL log mean?
//!
//! The same for all three notations. By the server's own words and codes: `SQLSTATE` for errors
//! (documentation, appendix A), the fixed texts of connections, pgAudit's record, or the statement.

use std::net::IpAddr;

use assize_model::Time;
use assize_model::spine::{Client, Link, ObjectKind, Outcome, Qualifier, Verb};
use assize_model::time::Stated;

use super::statement::Statement;
use crate::clock::{self, Clock, Reading, SECOND, Stamp};
use crate::csv::{Cut, Dialect, Span, cut};
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
    /// The event, without own fields.
    pub(super) fn record<'c>(&self, clock: &'c mut Clock) -> Record<'c>
    where
        'a: 'c,
    {
        let mut record = Record::of("postgresql");
        record.at(self.time, reading(self.time, clock));
        record.actor = self.user.filter(|user| *user != "[unknown]").map(Into::into);
        record.peer = self.client.and_then(host).map(Into::into);
        record.client = self.application.and_then(client);
        if let Some(session) = self.session {
            record.link(Link::Session, session);
            // The server counts a session's records: its own identity for each.
            if let Some(line) = self.line {
                record.link(Link::Record, [session, "/", line].concat());
            }
        }
        if let Some(process_id) = self.process_id {
            record.link(Link::ProcessId, process_id);
        }
        self.meaning(&mut record);
        record
    }

    fn meaning<'c>(&self, record: &mut Record<'c>)
    where
        'a: 'c,
    {
        match self.severity {
            "ERROR" | "FATAL" | "PANIC" => self.error(record),
            // The statement of a record before it, which may be an error or a warning.
            "STATEMENT" | "QUERY" => statement(self.message, Outcome::Unknown, record),
            _ => self.told(record),
        }
    }

    /// Errors by SQLSTATE; in the plain log, which has none, by the server's own words.
    fn error<'c>(&self, record: &mut Record<'c>)
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
            record.did(Verb::Logon, outcome);
            if let Some(database) = self.database {
                record.to(ObjectKind::Other, database);
            }
            return;
        }
        match self.query {
            Some(query) => statement(query, outcome, record),
            None => record.outcome = outcome,
        }
    }

    fn told<'c>(&self, record: &mut Record<'c>)
    where
        'a: 'c,
    {
        let message = self.message;
        if let Some(audit) = message.strip_prefix("AUDIT: ") {
            return self.audit(audit, record);
        }
        if message.starts_with("connection received") {
            let from = message.split_once("host=").and_then(|(_, rest)| rest.split(' ').next());
            record.peer = record.peer.take().or(from.and_then(host).map(Into::into));
            return record.did(Verb::Connect, Outcome::Success);
        }
        if message.starts_with("connection authorized") {
            record.did(Verb::Logon, Outcome::Success);
        } else if message.starts_with("disconnection") {
            record.did(Verb::Logoff, Outcome::Success);
        } else if message.starts_with("parameter \"") || message.starts_with("received SIGHUP") {
            return record.did(Verb::ConfigChange, Outcome::Success);
        } else if let Some(command) = message.strip_prefix("received replication command: ") {
            return statement(command, Outcome::Unknown, record);
        } else if let Some((text, outcome)) = logged(message) {
            statement(text, outcome, record);
            return self.dumps(record);
        } else {
            return;
        }
        if let Some(database) = self.database.filter(|database| *database != "[unknown]") {
            record.to(ObjectKind::Other, database);
        }
    }

    /// `SESSION,1,1,READ,SELECT,TABLE,public.witness,"SELECT …",<not logged>,12` (pgAudit's README,
    /// "Format"). The last only with `log_rows`, and then the statement has run.
    fn audit<'c>(&self, audit: &'a str, record: &mut Record<'c>)
    where
        'a: 'c,
    {
        let mut spans = Vec::new();
        let Cut::Row { .. } = cut(audit.as_bytes(), true, Dialect::COMMA, &mut spans) else { return };
        let cell = |place: usize| spans.get(place).map_or("", |span: &Span| &audit[span.from..span.to]);
        let rows = spans.get(9).and_then(|_| cell(9).parse::<u64>().ok());
        let outcome = if rows.is_some() { Outcome::Success } else { Outcome::Unknown };
        statement(cell(7), outcome, record);
        let command = cell(4);
        if record.verb == Verb::Other {
            record.verb = Statement::of(command).map_or(Verb::Other, |statement| statement.verb);
        }
        record.outcome = outcome;
        if !cell(6).is_empty() {
            record.object = Some(cell(6).into());
            record.object_kind = Some(audited_kind(cell(5)));
        }
        // COPY sends rows and counts none of them.
        let copies = command == "COPY" || record.verb == Verb::Export;
        record.count = rows.filter(|_| !copies || command == "SELECT");
        if let Some(session) = self.session {
            record.link(Link::Request, [session, "#", cell(1)].concat());
        }
        for (place, name) in AUDIT.iter().enumerate() {
            record.own(*name, cell(place));
        }
        self.dumps(record);
    }

    /// What pg_dump reads it takes away whole.
    fn dumps(&self, record: &mut Record<'_>) {
        let dump = matches!(self.application, Some("pg_dump" | "pg_dumpall"));
        if dump && record.verb == Verb::Query && record.object_kind == Some(ObjectKind::Table) {
            record.verb = Verb::Export;
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

fn statement<'c>(text: &'c str, outcome: Outcome, record: &mut Record<'c>) {
    let Some(statement) = Statement::of(text) else { return };
    record.did(statement.verb, outcome);
    record.scope = statement.scope;
    if statement.aggregates {
        record.qualifiers.push(Qualifier::Aggregated);
    }
    let mut tables = statement.tables.into_iter();
    if let (Some(table), Some(kind)) = (tables.next(), statement.kind) {
        record.to(kind, table);
        tables.for_each(|table| record.own(TABLE, table));
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
    let bare = !client.contains([':', '(']);
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
