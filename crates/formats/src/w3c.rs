//! What does a log in the W3C's extended format say?
//!
//! IIS and what writes as it does. Columns by the last `#Fields` line, which may come again with other
//! columns when the server starts or its settings change; a record's locator names the directives above it.
//! `#Date` is UTC, as the records are. A block of directives is an event too, so that a log that was begun and
//! stayed empty is seen. Blanks are written as `+`: for the user agent, which rules look at, the text with
//! blanks stands beside the column as `cs-user-agent`.

use std::io;

use assize_model::spine::{ObjectKind, Outcome, Qualifier, Verb};
use assize_model::{Batcher, Card, Cause, Confidence, Format, Input, Range, ReadingOptions, Slice};

use crate::clock::{self, Clock, Reading, Stamp};
use crate::json::Broken;
use crate::lines::{self, Encoding, Line, Records};
use crate::record::{Record, Text};
use crate::{front_ends, web};

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
        let mut reader = Reader::new(input.options);
        lines::read(input.bytes, input.options, Records::Lines, out, &mut |line, out| {
            reader.line(line, out)
        })?;
        reader.header_event(out)
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut reader = Reader::new(options);
        let Some(header) = slices.get(1).or(slices.first()) else { return Ok(()) };
        reader.begin(header.range);
        lines::header_lines(header, options).iter().for_each(|line| reader.header.take(line));
        reader.encoding = Encoding::of_options(options);
        if slices.len() < 2 {
            return reader.header_event(out);
        }
        reader.told = true;
        lines::reread(slices, options, out, &mut |line, out| reader.line(line, out))
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        lines::raw_text(slices)
    }
}

#[derive(Default)]
struct Header {
    fields: Vec<String>,
    date: String,
    software: String,
}

impl Header {
    fn take(&mut self, line: &str) {
        let Some((name, rest)) = line.split_once(':') else { return };
        match name {
            "#Fields" => self.fields = rest.split_ascii_whitespace().map(str::to_owned).collect(),
            "#Date" => rest.trim().clone_into(&mut self.date),
            "#Software" => rest.trim().clone_into(&mut self.software),
            _ => {}
        }
    }

    fn source(&self) -> &'static str {
        if self.software.contains("Internet Information Services") {
            "webserver/iis"
        } else {
            "webserver/w3c"
        }
    }
}

struct Reader {
    header: Header,
    range: Range,
    encoding: Encoding,
    below: bool,
    told: bool,
    clock: Clock,
}

impl Reader {
    fn new(options: &ReadingOptions) -> Self {
        let (header, range) = (Header::default(), Range::default());
        let clock = Clock::new(options);
        Self { header, range, encoding: Encoding::Utf8, below: false, told: false, clock }
    }

    fn begin(&mut self, range: Range) {
        (self.header, self.range, self.below, self.told) = (Header::default(), range, false, false);
    }

    fn line(&mut self, line: &Line<'_>, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
        if !line.text.starts_with('#') {
            return self.record(line, out);
        }
        match lines::with_line(self.range, line.range).filter(|_| !self.below) {
            Some(longer) => self.range = longer,
            None => {
                self.header_event(out)?;
                self.begin(line.range);
            }
        }
        self.encoding = line.encoding;
        self.header.take(line.text);
        Ok(Ok(()))
    }

    /// The directives as an event, once.
    fn header_event(&mut self, out: &mut Batcher<'_>) -> io::Result<()> {
        if self.told || self.range.length == 0 {
            return Ok(());
        }
        self.told = true;
        let mut record = Record::of(self.header.source());
        record.object_kind = Some(ObjectKind::Log);
        if !self.header.software.is_empty() {
            record.object = Some(self.header.software.as_str().into());
        }
        if let Some((stated, _)) = clock::iso(self.header.date.as_bytes()) {
            record.at(self.header.date.as_str(), utc(stated));
        }
        for (name, value) in [("#Software", &self.header.software), ("#Date", &self.header.date)] {
            if !value.is_empty() {
                record.own(name, value.as_str());
            }
        }
        record.event_of_ranges(&[self.range], self.encoding, out)
    }

    fn record(&mut self, line: &Line<'_>, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
        let broken = |detail| Ok(Err(Broken { cause: Cause::UnreadableRecord, detail }));
        if self.header.fields.is_empty() {
            return broken("no `#Fields` line above this one names its columns".into());
        }
        if !self.below {
            self.header_event(out)?;
            self.below = true;
        }
        let mut values: Vec<&str> = line.text.split(' ').collect();
        if values.len() > self.header.fields.len() {
            // Some modules of IIS pad columns with blanks.
            values = line.text.split_ascii_whitespace().collect();
        }
        if values.len() != self.header.fields.len() {
            let expected = self.header.fields.len();
            return broken(format!("{} columns where `#Fields` names {expected}", values.len()));
        }
        let mut record = Record::of(self.header.source());
        let columns = Columns { names: &self.header.fields, values: &values };
        let time = columns.time(&self.header.date);
        let stamp = clock::iso(time.as_bytes());
        let reading = match stamp {
            Some((stated, _)) => utc(stated),
            None => self.clock.read(None::<Stamp>),
        };
        record.at(time, reading);
        columns.fill(&mut record);
        record.event_of_ranges(&[line.range, self.range], line.encoding, out).map(Ok)
    }
}

/// The format is in UTC by its definition: nothing is assumed.
fn utc(stated: assize_model::time::Stated) -> Reading<'static> {
    use assize_model::time::Stated::{Instant, Local};
    let (Instant(time) | Local(time)) = stated;
    Reading { time: Some(time), assumed: None, options: &clock::NONE }
}

struct Columns<'v, 'a> {
    names: &'a [String],
    values: &'v [&'a str],
}

impl<'a> Columns<'_, 'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        let at = self.names.iter().position(|found| found.eq_ignore_ascii_case(name))?;
        self.values.get(at).copied().filter(|value| *value != "-")
    }

    /// The columns `date` and `time`; without a date, that of the directives.
    fn time(&self, directive: &'a str) -> Text<'static> {
        let day = self.get("date").or_else(|| directive.get(..10)).unwrap_or("");
        format!("{day} {}", self.get("time").unwrap_or("")).into()
    }

    fn fill(&self, record: &mut Record<'a>) {
        for (name, value) in self.names.iter().zip(self.values) {
            if *value != "-" {
                record.own(name.as_str(), *value);
            }
        }
        let agent = self.get("cs(User-Agent)");
        if let Some(agent) = agent {
            record.own("cs-user-agent", agent.replace('+', " "));
        }
        let status = self.get("sc-status").unwrap_or("");
        let method = self.get("cs-method").unwrap_or("");
        let known = !status.is_empty();
        record.did(
            if method.is_empty() { Verb::Other } else { web::verb_inward(method) },
            if known { web::outcome(status) } else { Outcome::Unknown },
        );
        record.host = self
            .get("cs-host")
            .or_else(|| self.get("s-computername"))
            .or_else(|| self.get("s-ip"))
            .map(Into::into);
        record.peer = self.get("c-ip").map(Into::into);
        record.actor = self.get("cs-username").map(Into::into);
        record.bytes = self.get("sc-bytes").and_then(|bytes| bytes.parse().ok());
        record.client = agent.map(web::client);
        if let Some(stem) = self.get("cs-uri-stem").or_else(|| self.get("cs-uri")) {
            let uri = match self.get("cs-uri-query") {
                Some(query) => format!("{stem}?{query}").into(),
                None => Text::Borrowed(stem),
            };
            if self.get("cs-uri").is_none() {
                record.own("cs-uri", uri.clone());
            }
            record.to(ObjectKind::Site, uri);
        }
        let forwarded = self.get("X-Forwarded-For").or_else(|| self.get("cs(X-Forwarded-For)"));
        if forwarded.is_some() || self.get("c-ip").is_some_and(front_ends::is_front_end) {
            record.qualifiers.push(Qualifier::FrontEndAddress);
        }
        if status == "206" {
            record.qualifiers.push(Qualifier::Partial);
        }
    }
}
