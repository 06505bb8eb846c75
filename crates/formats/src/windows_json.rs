//! What do Windows events say that came as JSON?
//!
//! Shippers rename what Windows wrote: winlogbeat nests it, NXLog flattens it, Sentinel wraps the
//! data in a string, `evtx_dump` keeps the XML's tree. Here the names become those of the XML
//! again, so that rules and the spine find the same event whichever way it came. What a shipper
//! added keeps its own dotted name.

mod kind;
mod shape;

use std::borrow::Cow;
use std::io;

use assize_model::time::Stated;
use assize_model::{Batcher, Card, Confidence, EventView, Format, Input, Range, ReadingOptions, Slice, Time};

use crate::windows::{Fields, Meaning};
use crate::{clock, json, windows, xml};
use kind::{Kinds, Told};
use shape::Shape;

/// See the module's text.
pub(crate) struct WindowsJson;

static CARD: Card = Card {
    name: "windows-json",
    title: "Windows events as JSON (winlogbeat, NXLog, Sentinel, evtx_dump)",
    doc: "Windows events that a shipper or exporter wrote as JSON: one a line, one after another, or in an \
          array. Names become those of the event's XML (`EventID`, `Channel`, `Provider_Name`, …); what the \
          shipper added keeps its own name. A record of another make in the same file becomes a generic event. \
          NXLog states local time without a zone: the offset is inferred from the record's two receipt times \
          where it has both, else UTC is assumed, and either is said in `time_assumed`.",
    example: r#"{"@timestamp":"2026-09-14T08:12:03.123Z","winlog":{"channel":"Security","event_id":"4624"}}"#,
    links: &[
        "https://www.elastic.co/docs/reference/beats/winlogbeat/exported-fields-winlog",
        "https://docs.nxlog.co/refman/current/im/msvistalog.html",
        "https://learn.microsoft.com/en-us/azure/azure-monitor/reference/tables/windowsevent",
    ],
    version: 2,
};

impl Format for WindowsJson {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "windows"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("nxlog", "real"), ("sentinel", "real"), ("winlogbeat", "unproven"), ("evtx_dump", "unproven")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let mut known = false;
        json::sample(head, &mut json::Record::new(&[], &[]), &mut |record| {
            known |= Shape::of(record).is_some();
        });
        known.then_some(Confidence(90))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut reader = Reader::default();
        json::read_own(OWN, input.bytes, out, &mut |range, record, out| reader.one(range, record, out))
    }

    fn reread(&self, slices: &[Slice], _: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut reader = Reader::default();
        json::reread_own(OWN, slices, out, &mut |range, record, out| reader.one(range, record, out))
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        json::raw_text(slices)
    }
}

/// Fields that state a time, and the data of Azure's tables.
const OWN: &[&str] = &[
    "@timestamp",
    "TimeCreated",
    "TimeCreated.value",
    "TimeGenerated",
    "EventTime",
    "EventReceivedTime",
    "Event.System.TimeCreated.#attributes.SystemTime",
    "EventData",
];

/// What is kept from record to record.
#[derive(Default)]
struct Reader {
    kinds: Kinds,
    unwrapped: Option<Unwrapped>,
    /// `windows/` and the channel of the record before.
    source: String,
}

/// A record whose data took their place: its names are its own.
struct Unwrapped {
    record: json::Record,
    kinds: Kinds,
}

const SOURCE: &str = "windows/";

impl Reader {
    fn one(&mut self, range: Range, record: &json::Record, out: &mut Batcher<'_>) -> io::Result<()> {
        let told = self.kinds.of(record, || Shape::of(record));
        let Some(shape) = told.shape() else { return json::unknown(range, record, out) };
        let moment = Moment::of(shape, record);
        let data = record.said(json::own!("EventData")).filter(|_| shape == Shape::Sentinel);
        if let Some(inner) = data.and_then(pairs_of) {
            let unwrapped = self.unwrapped.get_or_insert_with(Unwrapped::new);
            if let Err(broken) = unwrapped.fill(record, &inner) {
                return out.gap(range, broken.cause, broken.detail);
            }
            let told = unwrapped.kinds.of(&unwrapped.record, || Some(shape));
            return hand_on(&told, moment, &mut self.source, range, out);
        }
        hand_on(&told, moment, &mut self.source, range, out)
    }
}

fn hand_on<'r>(
    told: &'r Told<'_>,
    mut moment: Moment<'r>,
    source: &mut String,
    range: Range,
    out: &mut Batcher<'_>,
) -> io::Result<()> {
    if let (None, Some(text)) = (moment.time, told.field(windows::own!("TimeCreated"))) {
        moment.set(text, windows::parse_time(text));
    }
    let meaning = Meaning::of(told);
    // Mostly that of the record before.
    if source.get(SOURCE.len()..) != Some(meaning.place()) {
        source.clear();
        source.push_str(SOURCE);
        source.push_str(meaning.place());
    }
    let qualifiers: Vec<_> = meaning.qualifiers.iter().collect();
    let view = EventView {
        ranges: &[range],
        options: &clock::NONE,
        time: moment.time,
        time_text: moment.text,
        time_assumed: moment.assumed.as_deref(),
        until: None,
        source,
        host: meaning.host,
        actor: meaning.actor.as_deref(),
        target: meaning.target.as_deref(),
        verb: meaning.verb,
        object: meaning.object.as_deref(),
        object_kind: meaning.object_kind,
        scope: meaning.scope,
        client: meaning.client,
        peer: meaning.peer.as_deref(),
        device: meaning.device.as_deref(),
        count: meaning.count,
        bytes: meaning.bytes,
        outcome: meaning.outcome,
        qualifiers: &qualifiers,
    };
    told.hand_on(&view, meaning.links(), out)
}

/// When it happened, as far as it is said.
#[derive(Default)]
struct Moment<'r> {
    text: Option<&'r str>,
    time: Option<Time>,
    assumed: Option<Cow<'static, str>>,
}

impl<'r> Moment<'r> {
    /// The event's own time: which field it is depends on the shipper.
    fn of(shape: Shape, record: &'r json::Record) -> Self {
        let mut moment = Self::default();
        for own in times(shape) {
            let Some(text) = record.own(*own) else { continue };
            let ticks = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/"));
            let of_ticks = ticks.and_then(Time::of_unix).map(Stated::Instant);
            moment.set(text, of_ticks.or_else(|| windows::parse_time(text)));
            if moment.time.is_some() {
                break;
            }
        }
        if shape == Shape::Nxlog && moment.assumed.is_some() {
            moment.infer_zone(record);
        }
        moment
    }

    /// A reading without zone is taken as UTC and marked so.
    fn set(&mut self, text: &'r str, stated: Option<Stated>) {
        self.text = Some(text);
        match stated {
            Some(Stated::Instant(time)) => self.time = Some(time),
            Some(Stated::Local(time)) => {
                self.time = Some(time);
                self.assumed = Some("no zone stated; read as UTC".into());
            }
            None => {}
        }
    }

    /// NXLog writes `EventTime` and `EventReceivedTime` in the host's zone without naming it; a shipper
    /// behind it notes the receipt once more, with zone, as `@timestamp`. The two receipts differ by
    /// the zone, a multiple of 15 minutes, and by seconds.
    fn infer_zone(&mut self, record: &json::Record) {
        const QUARTER: i64 = 900_000_000_000;
        const SLACK: i64 = 120_000_000_000;
        const WIDEST: i64 = 14 * 4;
        let local = record.own(json::own!("EventReceivedTime")).and_then(Time::parse);
        let zoned = record.own(json::own!("@timestamp")).and_then(Time::parse);
        let (Some(Stated::Local(local)), Some(Stated::Instant(zoned)), Some(time)) =
            (local, zoned, self.time)
        else {
            return;
        };
        let Some(difference) = zoned.0.checked_sub(local.0) else { return };
        let quarters = (difference + QUARTER / 2).div_euclid(QUARTER);
        let rest = difference - quarters * QUARTER;
        if rest.abs() > SLACK || quarters.abs() > WIDEST {
            return;
        }
        let Some(shifted) = time.0.checked_add(quarters * QUARTER) else { return };
        self.time = Some(Time(shifted));
        let minutes = -quarters * 15;
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
        let told = format!(
            "no zone stated; {sign}{hours:02}:{minutes:02} inferred from EventReceivedTime against @timestamp"
        );
        self.assumed = Some(told.into());
    }
}

/// Fields that state when it happened, the best first.
fn times(shape: Shape) -> &'static [json::Own] {
    use json::own;
    match shape {
        Shape::Winlogbeat | Shape::OldWinlogbeat => &[own!("@timestamp")],
        // Windows PowerShell writes `/Date(1789387200123)/`, later ones RFC 3339.
        Shape::PowerShell => &[own!("TimeCreated"), own!("TimeCreated.value")],
        Shape::Nxlog => &[own!("TimeCreated"), own!("EventTime"), own!("@timestamp")],
        Shape::Sentinel => &[own!("TimeCreated"), own!("TimeGenerated")],
        Shape::EvtxDump => &[own!("Event.System.TimeCreated.#attributes.SystemTime")],
    }
}

/// Azure tables hold the event's data as one string of XML or JSON.
fn pairs_of(data: &str) -> Option<json::Fields> {
    match data.trim_start().chars().next() {
        Some('<') => xml::pairs(data).ok(),
        Some('{') => json::flatten(data.as_bytes()).ok(),
        _ => None,
    }
}

impl Unwrapped {
    fn new() -> Self {
        Self { record: json::Record::new(&[], &[]), kinds: Kinds::default() }
    }

    /// The pairs of the data take its place.
    fn fill(&mut self, outer: &json::Record, data: &json::Fields) -> Result<(), json::Broken> {
        let mut data = Some(data);
        self.record.clear();
        for (name, value) in outer.pairs() {
            match data.take_if(|_| name == "EventData" && value.is_some()) {
                Some(data) => {
                    for (name, value) in data {
                        self.record.add(name, value.as_deref())?;
                    }
                }
                None => self.record.add(name, value)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use assize_model::{Batch, ExhibitId, Gap, Origin, Projection, Sink, column};

    use super::*;

    #[derive(Default)]
    struct Kept(Vec<Batch>);

    impl Sink for Kept {
        fn batch(&mut self, batch: Batch) -> io::Result<()> {
            self.0.push(batch);
            Ok(())
        }
        fn gap(&mut self, gap: Gap) -> io::Result<()> {
            panic!("{gap:?}")
        }
    }

    /// The one batch of some records.
    fn read(text: &str) -> Batch {
        let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: CARD.name };
        let mut kept = Kept::default();
        let mut out = Batcher::new(origin, &mut kept);
        let options = ReadingOptions::default();
        let mut input =
            Input { bytes: &mut text.as_bytes(), options: &options, projection: Projection::Everything };
        WindowsJson.read(&mut input, &mut out).unwrap();
        out.finish().unwrap();
        kept.0.remove(0)
    }

    #[test]
    fn one_event_four_shippers() {
        let shapes = [
            r#"{"@timestamp":"2026-09-14T08:00:00Z","winlog":{"channel":"Security","event_id":4625,"provider_name":"Microsoft-Windows-Security-Auditing","computer_name":"A","event_data":{"TargetUserName":"m"}}}"#,
            r#"{"EventTime":"2026-09-14T08:00:00Z","Channel":"Security","EventID":4625,"SourceName":"Microsoft-Windows-Security-Auditing","Hostname":"A","TargetUserName":"m"}"#,
            r#"{"TenantId":"t","TimeGenerated":"2026-09-14T08:00:00Z","Channel":"Security","EventID":4625,"EventSourceName":"Microsoft-Windows-Security-Auditing","Computer":"A","EventData":"<EventData><Data Name=\"TargetUserName\">m</Data></EventData>"}"#,
            r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing"}},"EventID":4625,"Channel":"Security","Computer":"A","TimeCreated":{"#attributes":{"SystemTime":"2026-09-14T08:00:00Z"}}},"EventData":{"TargetUserName":"m"}}}"##,
        ];
        for shape in shapes {
            let event = read(shape);
            let columns = [column::SOURCE, column::HOST, column::ACTOR, column::VERB, column::OUTCOME];
            let told = columns.map(|column| event.text(column, 0).unwrap_or_default());
            assert_eq!(told, ["windows/Security", "A", "m", "logon", "failure"], "{shape}");
            assert_eq!(event.time(0).unwrap().to_string(), "2026-09-14T08:00:00Z", "{shape}");
            assert!(event.fields(0).any(|field| field == ("EventID", Some("4625"))), "{shape}");
        }
    }

    /// What is kept from record to record changes none.
    #[test]
    fn records_of_many_makes_in_one_file() {
        let sentinel = |data: &str| {
            format!(
                r#"{{"TenantId":"t","EventID":4625,"Channel":"Security","Computer":"A","EventData":{data}}}"#
            )
        };
        let long: String = (0..5000).map(|number| format!(r#","n{number}":1"#)).collect();
        let records = [
            r#"{"EventID":4625,"Channel":"Security","SourceName":"P","Hostname":"A","Data":"x","Data":null,"Data":"y"}"#.to_owned(),
            r#"{"winlog":{"channel":"Security","event_id":4625,"event_data":{"Data":["x","y"]}}}"#.to_owned(),
            sentinel(r#""<EventData><Data Name=\"TargetUserName\">m</Data></EventData>""#),
            sentinel(r#""<EventData><Data Name=\"SubjectUserName\">m</Data><Data>z</Data></EventData>""#),
            sentinel(r#""{\"TargetUserName\":null,\"a\":{\"b\":1}}""#),
            sentinel("null"),
            sentinel("\"no data\""),
            r#"{"nothing":"known","of":"this"}"#.to_owned(),
            format!(r#"{{"EventID":4625,"Channel":"Security","SourceName":"P","Hostname":"A"{long}}}"#),
            format!(r#"{{"EventID":4624,"Channel":"Security","SourceName":"P","Hostname":"B"{long}}}"#),
            format!(r#"{{"EventID":4625,"Channel":"Security","SourceName":"P","Hostname":"A","Data":"w"{long}}}"#),
        ];
        let order = || (0..records.len()).chain((0..records.len()).rev());
        let told = |batch: &Batch, row| -> Vec<String> {
            let columns = [column::SOURCE, column::HOST, column::ACTOR, column::VERB, column::OBJECT];
            let spine = columns.map(|column| format!("{:?}", batch.text(column, row)));
            spine.into_iter().chain(batch.fields(row).map(|field| format!("{field:?}"))).collect()
        };
        let all: String = order().map(|place| records[place].clone() + "\n").collect();
        let all = read(&all);
        for (row, place) in order().enumerate() {
            assert_eq!(told(&all, row), told(&read(&records[place]), 0), "{place}");
        }
    }

    #[test]
    fn the_zone_of_nxlog_is_inferred_and_said() {
        let event = read(
            r#"{"EventTime":"2020-08-06 11:56:04","EventReceivedTime":"2020-08-06 11:56:07","@timestamp":"2020-08-06T15:56:07.158Z","Channel":"S","EventID":18,"SourceName":"P","Hostname":"H"}"#,
        );
        assert_eq!(event.time(0).unwrap().to_string(), "2020-08-06T15:56:04Z");
        assert_eq!(
            event.text(column::TIME_ASSUMED, 0),
            Some("no zone stated; -04:00 inferred from EventReceivedTime against @timestamp")
        );
        let event = read(
            r#"{"EventTime":"2020-08-06 11:56:04","Channel":"S","EventID":18,"SourceName":"P","Hostname":"H"}"#,
        );
        assert_eq!(event.text(column::TIME_ASSUMED, 0), Some("no zone stated; read as UTC"));
    }
}
