//! How do exports of any system fill the spine, without a line of code?
//!
//! A mapping file says which column is what ([`Mapping`]); it is known by the header that it names, in a
//! table in text or in JSON records. Those that ship with the program lie in `mappings/` and are
//! formats like any other. One that a person gives stands in the reading options: its digest in every
//! locator, its text given to the reader, so that the events can be made again by whoever has both.

mod apply;
mod propose;
mod rules;

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::LazyLock;

use assize_model::{Batcher, Card, Confidence, Event, Format, Input, Range, ReadingOptions, Slice};

use crate::clock;
use crate::csv::{self, Row};
use crate::json::{self, Broken, Fields};
use apply::Applied;

pub use apply::Problem;
pub use propose::propose;
pub use rules::{Mapping, MappingError};

/// Reading option: digest of the mapping that a person gave.
pub const MAPPING: &str = "mapping";
/// Reading option for the reader alone: the text of that mapping.
pub const MAPPING_TEXT: &str = "mapping-text";

/// A mapping that ships with the program.
pub(crate) struct Shipped(LazyLock<&'static Loaded>);

struct Loaded {
    mapping: Mapping,
    card: Card,
    proof: [(&'static str, &'static str); 1],
}

macro_rules! shipped {
    ($($name:ident $file:literal,)*) => {
        $(pub(crate) static $name: Shipped =
            Shipped(LazyLock::new(|| load(include_str!(concat!("../mappings/", $file, ".toml")))));)*
    };
}

shipped! {
    DMS_ACCESS "dms-access",
    VPN_SESSIONS "vpn-sessions",
    VPN_ATTEMPTS "vpn-attempts",
    DHCP_WINDOWS "dhcp-windows",
    CASE_MANAGEMENT "case-management",
    NETDOCUMENTS_HISTORY "netdocuments-history",
    OPENVPN_AS "openvpn-as",
    GLOBALPROTECT "globalprotect",
}

/// What ships is ours: a mistake in it is a defect, and a test loads each.
fn load(text: &'static str) -> &'static Loaded {
    let mapping = match Mapping::load(text) {
        Ok(mapping) => mapping,
        Err(error) => unreachable!("a mapping that ships is wrong: {error}"),
    };
    let keep = |text: &str| -> &'static str { text.to_owned().leak() };
    let links: Vec<&'static str> = mapping.links.iter().map(|link| keep(link)).collect();
    let card = Card {
        name: keep(&mapping.name),
        title: keep(&mapping.title),
        doc: keep(&mapping.doc),
        example: keep(&mapping.example),
        links: links.leak(),
        version: 1,
    };
    Box::leak(Box::new(Loaded { proof: [("read", keep(&mapping.proof))], card, mapping }))
}

impl Format for Shipped {
    fn card(&self) -> &'static Card {
        let loaded: &'static Loaded = *self.0;
        &loaded.card
    }

    fn family(&self) -> &'static str {
        "mapped"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        let loaded: &'static Loaded = *self.0;
        &loaded.proof
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        self.0.mapping.recognise(head)
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        read(&self.0.mapping, input, out)
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        reread(&self.0.mapping, slices, options, out)
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        raw_text(slices)
    }
}

/// Whatever a person's mapping says: the one format whose rules are given with the evidence.
pub(crate) struct Mapped;

static CARD: Card = Card {
    name: crate::MAPPED,
    title: "Tables and JSON by a mapping file of your own",
    doc: "CSV or JSON whose columns a mapping file (TOML) names, given by `--mapping FILE`: which column is the \
          time, the actor, the object, which value is which verb. The mapping's digest stands in every locator, \
          and its text in the case, so that anyone can make the same events again. A table whose header has \
          every column that the mapping's `header` names is of its make. `formats map FILE` proposes one.",
    example: "assize inquire evidence --case c --mapping registry.toml",
    links: &["https://toml.io/en/v1.0.0", "https://www.rfc-editor.org/rfc/rfc4180"],
    version: 1,
};

impl Format for Mapped {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "mapped"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("read", "unproven")]
    }

    /// Only with a mapping at hand: see [`crate::recognise_with`].
    fn recognise(&self, _: &[u8]) -> Option<Confidence> {
        None
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let mapping = given(input.options)?;
        read(&mapping, input, out)
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        reread(&given(options)?, slices, options, out)
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        raw_text(slices)
    }
}

fn given(options: &ReadingOptions) -> io::Result<Mapping> {
    let text = options
        .0
        .get(MAPPING_TEXT)
        .ok_or_else(|| io::Error::other("the mapping of these events is not at hand"))?;
    Mapping::load(text).map_err(io::Error::other)
}

impl Mapping {
    /// How surely bytes that begin so are of its make; the more columns it names, the surer.
    #[must_use]
    pub fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let has_all = |names: &[String]| {
            self.header.iter().all(|wanted| names.iter().any(|name| name.trim() == wanted.trim()))
        };
        let known = if json::looks_like_records(head) {
            let names =
                |fields: &Fields| -> Vec<String> { fields.iter().map(|(name, _)| name.clone()).collect() };
            json::first_records(head, 5).iter().any(|fields| has_all(&names(fields)))
        } else {
            csv::names(head).is_some_and(|names| has_all(&names))
        };
        known.then(|| Confidence(60 + (self.header.len() * 2).min(30) as u8))
    }
}

fn read(mapping: &Mapping, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
    let mut head = Vec::new();
    (&mut *input.bytes).take(crate::HEAD as u64).read_to_end(&mut head)?;
    let records = json::looks_like_records(&head);
    let mut whole = io::Cursor::new(head).chain(&mut *input.bytes);
    let options = input.options;
    if records {
        return json::read(&mut whole, out, &mut |range, record, out| {
            one_record(mapping, range, record, options, out)
        });
    }
    let mut table = Table::new(mapping, options);
    csv::read_rows(&mut whole, options, out, &mut |row, out| table.one(row, out))
}

fn reread(
    mapping: &Mapping,
    slices: &[Slice],
    options: &ReadingOptions,
    out: &mut Batcher<'_>,
) -> io::Result<()> {
    if json::is_located(slices, options) {
        return json::reread(slices, out, &mut |range, record, out| {
            one_record(mapping, range, record, options, out)
        });
    }
    let mut table = Table::new(mapping, options);
    csv::reread(slices, options, out, &mut |row, out| table.one(row, out))
}

fn raw_text(slices: &[Slice]) -> Option<String> {
    if slices.len() > 1 { csv::raw_text(slices) } else { json::raw_text(slices) }
}

/// The options of an event: those of its bytes, the digest of the mapping if a person gave it, and the zone
/// that its time rests on.
fn options_of<'o>(
    of_bytes: &'o ReadingOptions,
    given: &ReadingOptions,
    by_zone: bool,
) -> Cow<'o, ReadingOptions> {
    let zone = by_zone.then_some(clock::ZONE);
    let taken = [Some(MAPPING), zone].into_iter().flatten();
    let mut taken = taken.filter_map(|name| Some((name.to_owned(), given.0.get(name)?.clone()))).peekable();
    if taken.peek().is_none() {
        return Cow::Borrowed(of_bytes);
    }
    let mut options = of_bytes.clone();
    options.0.extend(taken);
    Cow::Owned(options)
}

fn one_record(
    mapping: &Mapping,
    range: Range,
    record: &json::Record,
    options: &ReadingOptions,
    out: &mut Batcher<'_>,
) -> io::Result<()> {
    let value = |column: usize| record.field(&mapping.columns[column]).map(Cow::Borrowed);
    let applied = apply::apply(mapping, &value, options);
    let options = options_of(&clock::NONE, options, applied.by_zone_given);
    record.hand_on(&applied.meaning, &[range], &options, out)
}

/// A mapping and the header that is read with it.
struct Table<'m> {
    mapping: &'m Mapping,
    options: &'m ReadingOptions,
    /// Number of the header for which `places` holds.
    header: Option<usize>,
    /// For each column of the mapping its place in a row.
    places: Vec<Option<usize>>,
}

impl<'m> Table<'m> {
    fn new(mapping: &'m Mapping, options: &'m ReadingOptions) -> Self {
        Self { mapping, options, header: None, places: Vec::new() }
    }

    fn one(&mut self, row: &Row<'_>, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
        let Applied { meaning, by_zone_given, .. } = self.applied(row);
        let options = options_of(row.options, self.options, by_zone_given);
        let ragged = row.ragged();
        let ragged = ragged.as_deref().map(|ragged| (csv::RAGGED, Some(ragged)));
        let mut cells = Vec::with_capacity(row.len());
        cells.extend(row.pairs());
        let fields = cells.iter().map(|(name, cell)| (&**name, Some(&**cell)));
        out.event_view(&meaning.view(row.ranges, &options), meaning.links(), fields.chain(ragged)).map(Ok)
    }

    /// The spine of a row. In a row with too many or too few cells nobody knows which cell is which: it
    /// has its time, if that is one, and nothing else.
    fn applied<'r>(&mut self, row: &Row<'r>) -> Applied<'r>
    where
        'm: 'r,
    {
        if self.header != Some(row.header.number) {
            self.places = self.mapping.columns.iter().map(|name| row.header.column(name)).collect();
            self.header = Some(row.header.number);
        }
        let value = |column: usize| row.cell(self.places[column]?);
        let Some(what) = row.ragged() else { return apply::apply(self.mapping, &value, self.options) };
        let mut applied = apply::time_only(self.mapping, &value, self.options);
        applied.problems = vec![Problem { column: String::new(), what }];
        applied
    }
}

/// Of a preview of JSON, which has no places.
const NOWHERE: Range = Range { offset: 0, length: 0 };

/// One row of a preview.
pub struct Preview {
    /// Counted from the first row under the header.
    pub row: usize,
    /// The event, with all own fields.
    pub event: Event,
    /// What the mapping could not use.
    pub problems: Vec<Problem>,
}

/// What a mapping makes of the first rows of some bytes; gaps among them are told as problems.
///
/// # Errors
/// Names the columns that the mapping needs and the bytes do not have.
pub fn preview(mapping: &Mapping, head: &[u8], most: usize) -> Result<Vec<Preview>, MappingError> {
    let options = ReadingOptions::default();
    let mut found = Vec::new();
    if json::looks_like_records(head) {
        for (index, fields) in json::first_records(head, most).into_iter().enumerate() {
            let value = |column: usize| {
                let name = &mapping.columns[column];
                Some(Cow::Borrowed(fields.iter().find(|(known, _)| known == name)?.1.as_deref()?))
            };
            let Applied { meaning, problems, .. } = apply::apply(mapping, &value, &options);
            let event = meaning.event(NOWHERE, fields.clone());
            found.push(Preview { row: index + 1, event, problems });
        }
        return Ok(found);
    }
    let names =
        csv::names(head).ok_or_else(|| MappingError("no table with a header, and no JSON records".into()))?;
    let there = |wanted: &str| names.iter().any(|name| name.trim() == wanted.trim());
    let missing: Vec<&str> = mapping.header.iter().map(String::as_str).filter(|name| !there(name)).collect();
    if !missing.is_empty() {
        let there: Vec<&str> = names.iter().map(|name| name.trim()).collect();
        return Err(MappingError(format!(
            "no column {}; the header has {}",
            missing.join(", "),
            there.join(", ")
        )));
    }
    let mut table = Table::new(mapping, &options);
    csv::first_rows(head, most, &mut |row| {
        let Applied { meaning, problems, .. } = table.applied(row);
        let event = meaning.event(row.ranges[0], row.fields());
        found.push(Preview { row: found.len() + 1, event, problems });
    });
    Ok(found)
}

#[cfg(test)]
mod tests {
    use assize_model::{ExhibitId, Origin};

    use super::*;

    const SHIPPED: &[&Shipped] = &[
        &DMS_ACCESS,
        &VPN_SESSIONS,
        &VPN_ATTEMPTS,
        &DHCP_WINDOWS,
        &CASE_MANAGEMENT,
        &NETDOCUMENTS_HISTORY,
        &OPENVPN_AS,
        &GLOBALPROTECT,
    ];

    fn first(mapping: &Shipped, text: &str) -> Event {
        let mut rows = preview(&mapping.0.mapping, text.as_bytes(), 9).unwrap();
        let row = rows.remove(0);
        assert_eq!(row.problems, [], "{text}");
        row.event
    }

    #[test]
    fn what_ships_is_loaded_and_each_example_is_its_own_header() {
        for shipped in SHIPPED {
            let table = format!("{}\n", shipped.card().example);
            assert!(shipped.recognise(table.as_bytes()).is_some(), "{table}");
            let rivals = SHIPPED.iter().filter(|other| other.recognise(table.as_bytes()).is_some());
            assert_eq!(rivals.count(), 1, "{table}");
        }
    }

    #[test]
    fn documents_tunnels_attempts_and_leases() {
        let event = first(
            &DMS_ACCESS,
            "time,user,action,document,title,library,client,address,session,detail\n\
            2026-09-14T08:12:03Z,m.okafor,List,,,Registry,rclone/v1.66.0,10.0.0.5,s-1,titles=41\n",
        );
        assert_eq!(
            (event.verb.as_str(), event.object.as_deref(), event.count),
            ("list", Some("Registry"), Some(41))
        );
        assert_eq!(event.scope.unwrap().as_str(), "container");
        assert_eq!(event.qualifiers.iter().map(|q| q.as_str()).collect::<Vec<_>>(), ["front-end-address"]);
        let event = first(
            &VPN_SESSIONS,
            "user,start,end,duration_s,outside_address,inside_address,client,client_host,bytes_in,bytes_out,reason,session_id\n\
            m,2026-09-14T08:00:00+02:00,2026-09-14T09:00:00+02:00,3600,192.0.2.7,10.9.0.4,C/5,WS07,10,20,user-request,51e5\n",
        );
        assert_eq!(event.time.unwrap().to_string(), "2026-09-14T06:00:00Z");
        assert_eq!(
            (event.until.unwrap().to_string().as_str(), event.bytes),
            ("2026-09-14T07:00:00Z", Some(30))
        );
        let event = first(
            &VPN_ATTEMPTS,
            "time,user,outside_address,client,client_host,result,reason\n\
            2026-09-14T08:00:00+02:00,m,192.0.2.7,C/5,,refused,account disabled\n",
        );
        assert_eq!(event.outcome.as_str(), "denied");
        let event = first(
            &VPN_ATTEMPTS,
            "time,user,outside_address,client,client_host,result,reason\n\
            2026-09-14T08:00:00+02:00,m,192.0.2.7,C/5,,accepted,\n",
        );
        assert_eq!(event.outcome.as_str(), "success");
        let event = first(
            &DHCP_WINDOWS,
            "Microsoft DHCP Service Activity Log\n\nEvent ID  Meaning\n00\tThe log was started.\n\n\
            ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult\n\
            10,09/14/26,08:00:00,Assign,10.0.4.17,ws07.court.example,00AA,,77,0\n",
        );
        assert_eq!(event.time.unwrap().to_string(), "2026-09-14T08:00:00Z");
        assert_eq!(event.time_assumed.as_deref(), Some("no zone stated; read as UTC"));
        assert_eq!(event.links, [(assize_model::spine::Link::Request, "77".to_owned())]);
    }

    /// A short table is known by its header alone, whatever a crash has left behind its rows.
    #[test]
    fn one_row_and_zeros_behind_it_are_enough() {
        let row = "m,2026-09-14T08:00:00+02:00,2026-09-14T09:00:00+02:00,3600,192.0.2.7,10.9.0.4,C/5,WS07,10,20,x,51e5\n";
        let table = format!("{}\n{row}", VPN_SESSIONS.card().example);
        for behind in ["", "\0\0\0\0\0\0\0", "\0\0\0\0\0\0\0\0\0"] {
            let bytes = format!("{table}{behind}");
            assert!(VPN_SESSIONS.recognise(bytes.as_bytes()).is_some(), "{behind:?}");
            let mut kept = Kept::default();
            let origin =
                Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "vpn-sessions" };
            let mut batcher = Batcher::new(origin, &mut kept);
            let options = ReadingOptions::default();
            let projection = assize_model::Projection::Everything;
            let mut input = Input { bytes: &mut bytes.as_bytes(), options: &options, projection };
            VPN_SESSIONS.read(&mut input, &mut batcher).unwrap();
            batcher.finish().unwrap();
            let gaps: Vec<_> =
                kept.gaps.iter().map(|gap| (gap.range.offset as usize, gap.range.length as usize)).collect();
            let expected = if behind.is_empty() { vec![] } else { vec![(table.len(), behind.len())] };
            assert_eq!((kept.events, gaps), (1, expected));
        }
    }

    #[derive(Default)]
    struct Kept {
        events: usize,
        gaps: Vec<assize_model::Gap>,
    }

    impl assize_model::Sink for Kept {
        fn batch(&mut self, batch: assize_model::Batch) -> io::Result<()> {
            self.events += batch.len();
            Ok(())
        }
        fn gap(&mut self, gap: assize_model::Gap) -> io::Result<()> {
            self.gaps.push(gap);
            Ok(())
        }
    }

    #[test]
    fn problems_name_row_and_column() {
        let table = "timestamp,user,action,case,record,ip_address,result\nlast Monday,x,view,1,2,::1,ok\n";
        let rows = preview(&CASE_MANAGEMENT.0.mapping, table.as_bytes(), 9).unwrap();
        assert_eq!((rows[0].row, rows[0].problems[0].column.as_str()), (1, "timestamp"));
        assert_eq!(rows[0].problems[0].what, "expected a date and time, found `last Monday`");
        let error = preview(&CASE_MANAGEMENT.0.mapping, b"a,b\n1,2\n", 9).map(|_| ()).unwrap_err();
        assert!(error.0.starts_with("no column timestamp"), "{error}");
    }
}
