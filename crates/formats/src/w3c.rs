//! What does a log in the W3C's extended format say?
//!
//! IIS and what writes as it does. Columns by the last `#Fields` line, which may come again with other
//! columns when the server starts or its settings change; a record's locator names the directives above it.
//! `#Date` is UTC, as the records are. A block of directives is an event too, so that a log that was begun and
//! stayed empty is seen. Blanks are written as `+`: for the user agent, which rules look at, the text with
//! blanks stands beside the column as `cs-user-agent`.

use std::io;

use assize_model::spine::{ObjectKind, Outcome, Qualifier, Verb};
use assize_model::{Batcher, Card, Confidence, Format, Input, ReadingOptions, Slice};

use crate::clock::{self, Reading};
use crate::record::{Record, Text};
use crate::{front_ends, headed, lines, web};

/// See the module's text.
pub(crate) struct W3c;

static CARD: Card = Card {
    name: "w3c",
    title: "W3C extended logs (IIS)",
    doc: "Requests as IIS logs them, columns by `#Fields`. Means what other access logs mean; `-` is absent. Times \
          are UTC by the format's definition. A request that IIS says to have passed through a front end \
          (`X-Forwarded-For`) carries `front-end-address`.",
    example: "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip sc-status\n2026-09-14 08:12:03 10.20.0.8 GET /records/D-1187 - 443 m.okafor 203.0.113.9 200",
    links: &[
        "https://www.w3.org/TR/WD-logfile.html",
        "https://learn.microsoft.com/windows/win32/http/w3c-logging",
    ],
    version: 1,
};

impl Format for W3c {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "web"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("request", "vendor-sample")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let lines = lines::first_lines(head, 12);
        let directive = lines.first()?.starts_with('#');
        let fields = lines.iter().any(|line| line.starts_with("#Fields: ") && line.contains("time"));
        (directive && fields).then_some(Confidence(95))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        headed::read::<Header>(input, out)
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        headed::reread::<Header>(slices, options, out)
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        lines::raw_text(slices)
    }
}

/// What the directives say of the lines below them.
#[derive(Default)]
struct Header {
    fields: Vec<String>,
    /// Where each column that means something stands among them.
    places: [Option<usize>; NAMES.len()],
    date: String,
    software: String,
}

macro_rules! columns {
    ($($column:ident $name:literal,)*) => {
        /// A column that means something.
        #[derive(Clone, Copy)]
        enum Known { $($column,)* }
        const NAMES: &[&str] = &[$($name),*];
    };
}

columns! {
    Date "date", Time "time", Agent "cs(User-Agent)", Status "sc-status", Method "cs-method", Host "cs-host",
    Computer "s-computername", Server "s-ip", Client "c-ip", User "cs-username", Bytes "sc-bytes",
    Stem "cs-uri-stem", Query "cs-uri-query", Uri "cs-uri", Forwarded "X-Forwarded-For",
    ForwardedHeader "cs(X-Forwarded-For)",
}

impl Header {
    fn source(&self) -> &'static str {
        if self.software.contains("Internet Information Services") {
            "webserver/iis"
        } else {
            "webserver/w3c"
        }
    }
}

impl headed::Header for Header {
    fn take(&mut self, line: &str) {
        let Some((name, rest)) = line.split_once(':') else { return };
        match name {
            "#Fields" => {
                self.fields = rest.split_ascii_whitespace().map(str::to_owned).collect();
                for (place, name) in self.places.iter_mut().zip(NAMES) {
                    *place = self.fields.iter().position(|found| found.eq_ignore_ascii_case(name));
                }
            }
            "#Date" => rest.trim().clone_into(&mut self.date),
            "#Software" => rest.trim().clone_into(&mut self.software),
            _ => {}
        }
    }

    fn itself(&self) -> Record<'_> {
        let mut record = Record::of(self.source());
        record.object_kind = Some(ObjectKind::Log);
        if !self.software.is_empty() {
            record.object = Some(self.software.as_str().into());
        }
        if let Some((stated, _)) = clock::iso(self.date.as_bytes()) {
            record.at(self.date.as_str(), utc(stated));
        }
        for (name, value) in [("#Software", &self.software), ("#Date", &self.date)] {
            if !value.is_empty() {
                record.own(name, value.as_str());
            }
        }
        record
    }

    fn line<'a>(&'a self, line: &'a str) -> Result<Record<'a>, String> {
        if self.fields.is_empty() {
            return Err("no `#Fields` line above this one names its columns".into());
        }
        let mut values: Vec<&str> = Vec::with_capacity(self.fields.len());
        values.extend(line.split(' '));
        if values.len() > self.fields.len() {
            // Some modules of IIS pad columns with blanks.
            values = line.split_ascii_whitespace().collect();
        }
        if values.len() != self.fields.len() {
            let expected = self.fields.len();
            return Err(format!("{} columns where `#Fields` names {expected}", values.len()));
        }
        let mut record = Record::of(self.source());
        let columns = Columns { header: self, values: &values };
        let time = columns.time();
        record.time = clock::iso(time.as_bytes()).and_then(|(stated, _)| utc(stated).time);
        record.time_text = Some(time);
        columns.fill(&mut record);
        Ok(record)
    }
}

/// The format is in UTC by its definition: nothing is assumed.
fn utc(stated: assize_model::time::Stated) -> Reading<'static> {
    use assize_model::time::Stated::{Instant, Local};
    let (Instant(time) | Local(time)) = stated;
    Reading { time: Some(time), assumed: None, options: &clock::NONE }
}

struct Columns<'v, 'a> {
    header: &'a Header,
    values: &'v [&'a str],
}

impl<'a> Columns<'_, 'a> {
    fn get(&self, known: Known) -> Option<&'a str> {
        let at = self.header.places[known as usize]?;
        self.values.get(at).copied().filter(|value| *value != "-")
    }

    /// The columns `date` and `time`; without a date, that of the directives.
    fn time(&self) -> Text<'static> {
        let day = self.get(Known::Date).or_else(|| self.header.date.get(..10)).unwrap_or("");
        let time = self.get(Known::Time).unwrap_or("");
        let mut text = String::with_capacity(day.len() + 1 + time.len());
        text.extend([day, " ", time]);
        text.into()
    }

    fn fill(&self, record: &mut Record<'a>) {
        for (name, value) in self.header.fields.iter().zip(self.values) {
            if *value != "-" {
                record.own(name.as_str(), *value);
            }
        }
        let agent = self.get(Known::Agent);
        if let Some(agent) = agent {
            record.own("cs-user-agent", agent.replace('+', " "));
        }
        let status = self.get(Known::Status).unwrap_or("");
        let method = self.get(Known::Method).unwrap_or("");
        let known = !status.is_empty();
        record.did(
            if method.is_empty() { Verb::Other } else { web::verb_inward(method) },
            if known { web::outcome(status) } else { Outcome::Unknown },
        );
        record.host = self
            .get(Known::Host)
            .or_else(|| self.get(Known::Computer))
            .or_else(|| self.get(Known::Server))
            .map(Into::into);
        record.peer = self.get(Known::Client).map(Into::into);
        record.actor = self.get(Known::User).map(Into::into);
        record.bytes = self.get(Known::Bytes).and_then(|bytes| bytes.parse().ok());
        record.client = agent.map(web::client);
        if let Some(stem) = self.get(Known::Stem).or_else(|| self.get(Known::Uri)) {
            let uri = match self.get(Known::Query) {
                Some(query) => format!("{stem}?{query}").into(),
                None => Text::Borrowed(stem),
            };
            if self.get(Known::Uri).is_none() {
                record.own("cs-uri", uri.clone());
            }
            record.to(ObjectKind::Site, uri);
        }
        let forwarded = self.get(Known::Forwarded).or_else(|| self.get(Known::ForwardedHeader));
        if forwarded.is_some() || self.get(Known::Client).is_some_and(front_ends::is_front_end) {
            record.qualifiers.push(Qualifier::FrontEndAddress);
        }
        if status == "206" {
            record.qualifiers.push(Qualifier::Partial);
        }
    }
}
