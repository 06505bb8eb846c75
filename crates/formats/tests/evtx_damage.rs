//! Is every byte of a damaged event log an event, a gap, a chunk's header, or zero?
//!
//! The logs are written by `drill`, which shares no code with the reader, and then cut, garbled and
//! put together wrongly. Real damaged logs are in the corpus: `evtx::oracle`.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

mod support;

use assize_drill::evtx::{FileTime, Guid, Payload, Provider, Record, Value, Writer};
use assize_model::{Batch, Cause, Class, Projection, Range, ReadingOptions, SpinePart, Wanted};
use proptest::prelude::*;

use support::Kept;

const FILE_HEADER: usize = 4096;
const CHUNK: usize = 65536;

fn read_as(bytes: &[u8], projection: Projection<'_>, options: &ReadingOptions) -> Kept {
    support::read_as("evtx", bytes, options, projection)
}

fn read(bytes: &[u8]) -> Kept {
    read_as(bytes, Projection::Everything, &ReadingOptions::default())
}

impl Kept {
    fn events(&self) -> Vec<(Range, Vec<(String, String)>)> {
        let rows = self.batches.iter().flat_map(|batch| (0..batch.len()).map(move |row| (batch, row)));
        let event = |(batch, row): (&Batch, usize)| {
            let fields = batch.fields(row).map(|(name, value)| (name.to_owned(), value.unwrap().to_owned()));
            (batch.locator(row).unwrap().ranges[0], fields.collect())
        };
        rows.map(event).collect()
    }

    fn fields(&self, name: &str) -> Vec<String> {
        let events = self.events();
        let fields = events.iter().flat_map(|(_, fields)| fields);
        fields.filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }

    fn causes(&self) -> Vec<Cause> {
        self.gaps.iter().map(|gap| gap.cause).collect()
    }
}

/// Bytes for which nobody answers: not in an event, not in a gap, no header, not zero.
fn unaccounted(bytes: &[u8], kept: &Kept) -> Vec<usize> {
    let mut answered = vec![false; bytes.len()];
    let mut answer = |range: Range| {
        let end = ((range.offset + range.length) as usize).min(answered.len());
        answered[(range.offset as usize).min(end)..end].fill(true);
    };
    kept.events().iter().for_each(|(range, _)| answer(*range));
    // A wrong checksum or a cut is said of a chunk that is read all the same: it answers for no byte.
    let said_of_all = [Cause::Checksum, Cause::Truncated];
    let gaps = kept.gaps.iter().filter(|gap| !said_of_all.contains(&gap.cause) || gap.range.length < 4097);
    gaps.for_each(|gap| answer(gap.range));
    if bytes.starts_with(b"ElfFile\0") {
        answer(Range { offset: 0, length: 4096 });
    }
    for at in memchr::memmem::find_iter(bytes, b"ElfChnk\0") {
        answer(Range { offset: at as u64, length: 512 });
    }
    (0..bytes.len()).filter(|at| !answered[*at] && bytes[*at] != 0).collect()
}

fn assert_accounted(bytes: &[u8], kept: &Kept) {
    let missing = unaccounted(bytes, kept);
    assert!(missing.is_empty(), "{} of {} bytes, the first at {}", missing.len(), bytes.len(), missing[0]);
}

const AUDIT: Provider<'_> = Provider {
    name: "Microsoft-Windows-Security-Auditing",
    guid: Some(Guid([
        0x25, 0x96, 0x84, 0x54, 0x78, 0x54, 0x94, 0x49, 0xa5, 0xba, 0x3e, 0x3b, 3, 0x28, 0xc3, 13,
    ])),
    event_source: None,
};

fn record<'a>(event_id: u16, data: &'a [(&'a str, Value<'a>)]) -> Record<'a> {
    Record {
        provider: AUDIT,
        event_id,
        qualifiers: None,
        version: 1,
        level: 0,
        task: 12544,
        opcode: 0,
        keywords: 0x8020_0000_0000_0000,
        time: FileTime::from_unix_ms(1_789_344_000_000 + i64::from(event_id)),
        process_id: 4,
        thread_id: 8,
        activity_id: None,
        related_activity_id: None,
        computer: "REG-WS07.court.example",
        user: None,
        payload: Payload::EventData { data, binary: None },
    }
}

/// A log of `count` records of two kinds; about 90 fill a chunk.
fn log(count: u16) -> Vec<u8> {
    let mut log = Writer::new("Security");
    for number in 0..count {
        let name = format!("m.okafor{number}");
        let data = [("TargetUserName", Value::text(&name)), ("LogonType", Value::U32(3))];
        let other = [("ObjectName", Value::text(&name))];
        let record = if number % 3 == 0 { record(4663, &other) } else { record(4624, &data) };
        log.push(&record).unwrap();
    }
    log.finish()
}

fn chunk_of(number: usize) -> std::ops::Range<usize> {
    FILE_HEADER + number * CHUNK..FILE_HEADER + (number + 1) * CHUNK
}

#[test]
fn a_sound_log_is_events_and_nothing_else() {
    let bytes = log(300);
    let kept = read(&bytes);
    assert_eq!((kept.events().len(), kept.gaps.len()), (300, 0));
    assert_accounted(&bytes, &kept);
}

#[test]
fn a_log_cut_anywhere_accounts_for_every_byte() {
    let bytes = log(300);
    for at in (0..bytes.len()).step_by(997) {
        let kept = read(&bytes[..at]);
        assert_accounted(&bytes[..at], &kept);
        assert!(at == 0 || !kept.gaps.is_empty(), "a cut at {at} is said");
    }
}

#[test]
fn chunks_are_found_wherever_they_begin() {
    let bytes = log(300);
    let mut carved = b"something else ".repeat(700);
    carved.extend(&bytes[chunk_of(1)]);
    carved.extend(b"between");
    carved.extend(&bytes[chunk_of(0)]);
    let kept = read(&carved);
    let whole = read(&bytes).events().into_iter();
    let expected = whole.filter(|(range, _)| range.offset < chunk_of(2).start as u64).count();
    assert_eq!(kept.events().len(), expected);
    assert_eq!(kept.causes(), [Cause::UnreadableBlock, Cause::UnreadableBlock]);
    assert_accounted(&carved, &kept);
}

#[test]
fn a_chunk_that_lost_bytes_does_not_take_the_next_one_with_it() {
    let bytes = log(300);
    let mut short = bytes[..chunk_of(0).start + 20_000].to_vec();
    short.extend(&bytes[chunk_of(1)]);
    let kept = read(&short);
    let whole = read(&bytes).events();
    let of = |range: std::ops::Range<usize>| {
        whole.iter().filter(|(place, _)| range.contains(&(place.offset as usize))).count()
    };
    assert!(kept.events().len() >= of(chunk_of(1)) + 20, "the second chunk whole, the first to its cut");
    assert_accounted(&short, &kept);
}

#[test]
fn records_behind_the_end_mark_are_recovered_and_marked() {
    let mut bytes = log(60);
    // The end mark put back by the service when it begins the chunk anew.
    let chunk = chunk_of(0);
    let whole = read(&bytes).events();
    let (tenth, _) = whole[10].clone();
    let mark = (tenth.offset as usize - chunk.start) as u32;
    bytes[chunk.start + 48..chunk.start + 52].copy_from_slice(&mark.to_le_bytes());
    let kept = read(&bytes);
    assert_eq!(kept.events().len(), 60);
    assert_eq!(kept.fields("Record_Recovered").len(), 50);
    assert_eq!(kept.causes(), [Cause::Checksum]);
    assert_accounted(&bytes, &kept);
}

#[test]
fn a_template_that_its_chunk_has_lost_is_taken_from_another_chunk() {
    let mut bytes = log(300);
    let whole = read(&bytes).events();
    let second = chunk_of(1);
    // The first record of the second chunk has its templates in it: without it they are gone.
    let first = whole.iter().find(|(range, _)| range.offset as usize >= second.start).unwrap().0;
    let hole = first.offset as usize..(first.offset + first.length) as usize;
    bytes[hole.start + 24..hole.end - 4].fill(0xff);
    let kept = read(&bytes);
    assert_eq!(kept.events().len(), 299);
    assert!(!kept.fields("Record_Template").is_empty());
    let values = |kept: &[(Range, Vec<(String, String)>)]| -> Vec<(u64, String)> {
        let name = |fields: &[(String, String)]| {
            fields.iter().find(|(key, _)| key == "TargetUserName").map(|(_, value)| value.clone())
        };
        kept.iter().filter_map(|(range, fields)| Some((range.offset, name(fields)?))).collect()
    };
    let expected: Vec<_> = values(&whole).into_iter().filter(|(at, _)| *at != first.offset).collect();
    assert_eq!(values(&kept.events()), expected, "the same values as before");
    assert_accounted(&bytes, &kept);
}

#[test]
fn a_block_without_its_chunk_header_still_gives_its_records() {
    let mut bytes = log(300);
    bytes[chunk_of(1)][..512].fill(0);
    let kept = read(&bytes);
    assert_eq!(kept.events().len(), 300);
    assert!(kept.fields("Record_Recovered").iter().all(|how| how.contains("without a chunk's header")));
    assert_accounted(&bytes, &kept);
}

#[test]
fn a_record_whose_time_is_of_1601_keeps_its_own() {
    let mut bytes = log(3);
    let first = read(&bytes).events()[0].0.offset as usize;
    bytes[first + 16..first + 24].fill(0);
    let kept = read(&bytes);
    let batch = &kept.batches[0];
    assert_eq!(batch.time(0).unwrap().day(), "2026-09-14", "its own TimeCreated");
    assert_eq!(kept.fields("Record_HeaderTime"), ["1601-01-01T00:00:00.0000000Z"]);
}

#[test]
fn record_numbers_out_of_order_or_twice_are_all_there() {
    let mut bytes = log(6);
    let events = read(&bytes).events();
    let at = |number: usize| events[number].0.offset as usize;
    let fifth = bytes[at(4) + 8..at(4) + 16].to_vec();
    bytes[at(1) + 8..at(1) + 16].copy_from_slice(&fifth);
    let kept = read(&bytes);
    assert_eq!(kept.events().len(), 6);
    assert_eq!(kept.fields("Record_HeaderID"), ["5"], "the frame says another number than the record");
    assert_eq!(kept.fields("EventRecordID"), ["1", "2", "3", "4", "5", "6"]);
}

#[test]
fn text_is_read_by_the_code_page_that_is_given() {
    let text = b"\xcf\xf0\xe8\xe2\xe5\xf2";
    let data = [("Ansi", Value::Binary(text.as_slice().into()))];
    let mut log = Writer::new("Security");
    log.push(&record(1, &data)).unwrap();
    let mut bytes = log.finish();
    // Windows has not written such texts since Vista, and neither does `drill`: size, then the type
    // that is changed from bytes to text.
    let descriptor = memchr::memmem::find(&bytes, &[6, 0, 0x0e, 0]).unwrap();
    bytes[descriptor + 2] = 0x02;
    let mut options = ReadingOptions::default();
    assert_eq!(read(&bytes).fields("Ansi"), ["Ïðèâåò"]);
    options.0.insert("codepage".into(), "windows-1251".into());
    let kept = read_as(&bytes, Projection::Everything, &options);
    assert_eq!(kept.fields("Ansi"), ["Привет"]);
    assert_eq!(kept.batches[0].locator(0).unwrap().options, options, "the locator says how it was read");
}

#[test]
fn a_projection_gives_what_is_wanted_and_counts_the_rest() {
    let bytes = log(300);
    let class = Class {
        source: Some("windows/security".into()),
        event_ids: Some([4624].into()),
        fields: Some(["target userNAME".to_owned()].into()),
        ..Class::default()
    };
    let wanted = Wanted::of(vec![class], SpinePart::Place);
    let kept = read_as(&bytes, Projection::Wanted(&wanted), &ReadingOptions::default());
    assert_eq!((kept.events().len(), kept.passed_over), (200, 100));
    let whole = read(&bytes).events();
    let mut whole_ones = 0;
    for (range, fields) in kept.events() {
        let (_, all) = whole.iter().find(|(place, _)| *place == range).unwrap();
        let same: Vec<_> =
            all.iter().filter(|(name, _)| fields.iter().any(|(f, _)| f == name)).cloned().collect();
        assert_eq!(fields, same, "values and order as without a projection");
        assert!(fields.iter().any(|(name, _)| name == "TargetUserName"));
        whole_ones += usize::from(fields.iter().any(|(name, _)| name == "LogonType"));
    }
    assert_eq!(whole_ones, 1, "the first of its kind");
}

#[test]
fn a_record_is_wanted_whole_where_a_word_stands_in_it() {
    let bytes = log(300);
    let whole = read(&bytes).events();
    let only = |only_with_words| {
        let class = Class {
            fields: Some(["LogonType".to_owned()].into()),
            words: ["m.okafor12".to_owned()].into(),
            only_with_words,
            ..Class::default()
        };
        let wanted = Wanted::of(vec![class], SpinePart::Place);
        read_as(&bytes, Projection::Wanted(&wanted), &ReadingOptions::default())
    };
    let speaks = |fields: &[(String, String)]| fields.iter().any(|(_, value)| value.contains("m.okafor12"));
    let speaking: Vec<_> = whole.iter().filter(|(_, fields)| speaks(fields)).cloned().collect();
    assert_eq!(speaking.len(), 11, "12 and 120 to 129");
    let some = only(false);
    assert_eq!((some.events().len(), some.passed_over), (300, 0));
    let has = |(_, fields): &&(Range, Vec<(String, String)>)| speaks(fields);
    assert_eq!(some.events().iter().filter(has).cloned().collect::<Vec<_>>(), speaking);
    let bare = some.events().into_iter().filter(|event| !has(&event));
    let is_whole = |(_, fields): &(Range, Vec<(String, String)>)| {
        fields.iter().any(|(name, _)| name == "TargetUserName")
    };
    assert!(bare.filter(is_whole).count() <= 1, "but for the first of its kind");
    // Those with the word, and more where one program is not one kind.
    let few = only(true);
    assert_eq!(few.events().iter().filter(has).cloned().collect::<Vec<_>>(), speaking);
    assert_eq!(few.events().len() as u64 + few.passed_over, 300);
}

/// What kind an event is of: its number and the names of its fields.
fn kind_of((_, fields): &(Range, Vec<(String, String)>)) -> (String, Vec<String>) {
    let id = fields.iter().find(|(name, _)| name == "EventID").map(|(_, id)| id.clone());
    (id.unwrap_or_default(), fields.iter().map(|(name, _)| name.clone()).collect())
}

#[test]
fn of_each_kind_one_record_is_given_with_every_field() {
    let bytes = log(300);
    let whole = read(&bytes).events();
    let class = Class { fields: Some([].into()), only_with_words: true, ..Class::default() };
    let wanted = Wanted::of(vec![class], SpinePart::Place);
    let few = read_as(&bytes, Projection::Wanted(&wanted), &ReadingOptions::default());
    assert_eq!(few.events().len() as u64 + few.passed_over, 300);
    assert!(few.passed_over > 250, "{} of 300 passed over", few.passed_over);
    few.events().iter().for_each(|event| assert!(whole.contains(event), "whole, and as it is by itself"));
    let kinds = |events: &[_]| events.iter().map(kind_of).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(kinds(&few.events()), kinds(&whole));
}

/// The name of its machine stands in a record's template, and so does its channel.
#[test]
fn what_a_template_says_beside_its_class_makes_no_kinds_and_is_read_all_the_same() {
    let machines: Vec<String> = (0..300).map(|number| format!("ws-{number:04}.court.example")).collect();
    let value = [("LogonType", Value::U32(3))];
    let mut bytes = Vec::new();
    for channel in ["Security", "Application"] {
        let mut log = Writer::new(channel);
        for computer in &machines {
            log.push(&Record { computer, ..record(4624, &value) }).unwrap();
        }
        let own = log.finish();
        bytes.extend_from_slice(if bytes.is_empty() { &own } else { &own[FILE_HEADER..] });
    }
    let whole = read(&bytes).events();
    assert_eq!(whole.len(), 600);
    let only = |words: &[&str]| {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let class = Class { fields: Some([].into()), words, only_with_words: true, ..Class::default() };
        let wanted = Wanted::of(vec![class], SpinePart::Place);
        read_as(&bytes, Projection::Wanted(&wanted), &ReadingOptions::default()).events()
    };
    let said = |(_, fields): &(Range, Vec<(String, String)>), name: &str| {
        fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let firsts = only(&[]);
    let channels: Vec<String> = firsts.iter().map(|event| said(event, "Channel")).collect();
    assert_eq!(channels, ["Security", "Application"], "one of each class");
    let named = only(&["ws-0123"]);
    let is_named = |event: &&(Range, Vec<(String, String)>)| said(event, "Computer").starts_with("ws-0123");
    assert_eq!(named.iter().filter(is_named).count(), 2);
    assert_eq!(named.len(), 4);
    named.iter().for_each(|event| assert!(whole.contains(event)));
}

#[test]
fn a_record_without_the_fields_of_a_class_is_not_of_it() {
    let bytes = log(300);
    let class = Class {
        fields: Some(["LogonType".to_owned()].into()),
        having: Some(["logon TYPE".to_owned(), "NoSuchField".to_owned()].into()),
        ..Class::default()
    };
    let wanted = Wanted::of(vec![class], SpinePart::Place);
    let some = read_as(&bytes, Projection::Wanted(&wanted), &ReadingOptions::default());
    let has =
        |(_, fields): &&(Range, Vec<(String, String)>)| fields.iter().any(|(name, _)| name == "LogonType");
    let expected: Vec<Range> = read(&bytes).events().iter().filter(has).map(|event| event.0).collect();
    assert!(!expected.is_empty() && expected.len() < 300, "{} have it", expected.len());
    assert_eq!(some.events().iter().map(|event| event.0).collect::<Vec<_>>(), expected);
}

#[test]
fn ids_that_were_left_out_are_known_all_the_same() {
    let bytes = log(100);
    let wanted = Wanted::of(vec![Class::default()], SpinePart::Place);
    let bare = read_as(&bytes, Projection::Wanted(&wanted), &ReadingOptions::default());
    let ids = |kept: &Kept| -> Vec<_> {
        let rows = kept.batches.iter().flat_map(|batch| (0..batch.len()).map(move |row| batch.id(row)));
        rows.collect()
    };
    assert!(bare.batches[0].text("id", 0).is_none());
    assert_eq!(ids(&bare), ids(&read(&bytes)));
}

/// A few kilobytes must not become gigabytes: a record that repeats its values is given up.
#[test]
fn values_that_are_named_again_and_again_are_a_gap_not_a_flood() {
    let bytes = log(3);
    let mut worst = 0;
    // Every byte of the first record's template as a count or an offset of something larger.
    for at in (FILE_HEADER + 512..FILE_HEADER + 2600).step_by(3) {
        let mut changed = bytes.clone();
        changed[at] = 0xff;
        changed[at + 1] = 0x7f;
        let kept = read(&changed);
        let text: usize = kept.events().iter().flat_map(|(_, f)| f).map(|(_, value)| value.len()).sum();
        worst = worst.max(text);
    }
    assert!(worst < 4 << 20, "{worst} bytes of text out of three records");
}

/// What is done to one chunk of a log.
#[derive(Clone, Debug)]
enum Mutation {
    Keep,
    /// The checksum of its header, and nothing that is read.
    BadChecksum,
    /// Bytes of it.
    Flip(Vec<(usize, u8)>),
    /// It ends here, and the next one follows.
    Cut(usize),
    /// Something else stands before it.
    After(usize),
    NoHeader,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        2 => Just(Mutation::Keep),
        1 => Just(Mutation::BadChecksum),
        2 => prop::collection::vec((0..CHUNK, 1u8..), 1..8).prop_map(Mutation::Flip),
        1 => (0..CHUNK).prop_map(Mutation::Cut),
        1 => (1usize..5000).prop_map(Mutation::After),
        1 => Just(Mutation::NoHeader),
    ]
}

/// A log of these chunks with what is done to each; and where those begin that are whole.
fn mutated(chunks: &[&Vec<u8>], mutations: &[Mutation]) -> (Vec<u8>, Vec<(usize, usize)>) {
    let (mut log, mut whole) = (vec![0; FILE_HEADER], Vec::new());
    log[..8].copy_from_slice(b"ElfFile\0");
    for (number, (chunk, mutation)) in chunks.iter().zip(mutations).enumerate() {
        let mut chunk = (*chunk).clone();
        if let Mutation::After(length) = mutation {
            log.extend(std::iter::repeat_n(0x55, *length));
        }
        match mutation {
            Mutation::Keep | Mutation::After(_) => whole.push((log.len(), number)),
            Mutation::BadChecksum => {
                chunk[124] ^= 1;
                whole.push((log.len(), number));
            }
            Mutation::Flip(bytes) => bytes.iter().for_each(|(at, bits)| chunk[*at] ^= bits),
            Mutation::Cut(at) => chunk.truncate(*at),
            Mutation::NoHeader => chunk[..512].fill(0),
        }
        log.extend(chunk);
    }
    (log, whole)
}

/// Chunks are found wherever they begin and whatever stands beside them: of those that are whole every record is
/// what it is in a log of its own, and nothing of the others is passed over.
fn assert_whole_chunks_stay(chunks: &[&Vec<u8>], mutations: &[Mutation]) -> Result<(), TestCaseError> {
    let (log, whole) = mutated(chunks, mutations);
    let kept = read(&log);
    prop_assert_eq!(unaccounted(&log, &kept), Vec::<usize>::new());
    let found: std::collections::BTreeMap<u64, Vec<(String, String)>> =
        kept.events().into_iter().map(|(range, fields)| (range.offset, fields)).collect();
    // With a file's header before it: alone it would be at another place, and so would what is said of it.
    for (begin, number) in whole {
        let alone = [&vec![0x55; FILE_HEADER], chunks[number]].map(Vec::as_slice).concat();
        for (range, fields) in read(&alone).events() {
            let place = (begin - FILE_HEADER) as u64 + range.offset;
            prop_assert_eq!(
                found.get(&place),
                Some(&fields),
                "record at {} of chunk {}",
                range.offset,
                number
            );
        }
    }
    Ok(())
}

/// Chunks of real logs, a few of each; none where the corpus is not there.
fn real_chunks() -> &'static [Vec<u8>] {
    static CHUNKS: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    CHUNKS.get_or_init(|| {
        let test = "mutated chunks of real logs";
        let Some(archive) = assize_testing::corpus_item(test, "parser_torture.tar.gz") else {
            return Vec::new();
        };
        let logs = assize_testing::members(&archive, ".evtx");
        let of = |bytes: Vec<u8>| {
            let chunks = bytes.get(FILE_HEADER..).unwrap_or_default().chunks_exact(CHUNK);
            chunks
                .filter(|chunk| chunk.starts_with(b"ElfChnk\0"))
                .step_by(3)
                .map(<[u8]>::to_vec)
                .collect::<Vec<_>>()
        };
        logs.into_iter().flat_map(|(_, bytes)| of(bytes)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn whole_chunks_among_mutated_ones_stay_as_they_are(
        picks in prop::collection::vec((any::<prop::sample::Index>(), mutation()), 1..6),
    ) {
        thread_local!(static LOG: Vec<u8> = log(300));
        let own: Vec<Vec<u8>> = LOG.with(|log| (0..2).map(|number| log[chunk_of(number)].to_vec()).collect());
        let (picks, mutations): (Vec<_>, Vec<_>) = picks.into_iter().unzip();
        let some: Vec<&Vec<u8>> = picks.iter().map(|pick| pick.get(&own)).collect();
        assert_whole_chunks_stay(&some, &mutations)?;
        if !real_chunks().is_empty() {
            let some: Vec<&Vec<u8>> = picks.iter().map(|pick| pick.get(real_chunks())).collect();
            assert_whole_chunks_stay(&some, &mutations)?;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    /// Bytes changed, blocks swapped, stretches zeroed: no panic, and every byte has its answer.
    #[test]
    fn garbled_logs_account_for_every_byte(
        changes in prop::collection::vec((0usize..140_000, any::<u8>(), 1usize..300), 0..12),
        cut in 0usize..140_000,
    ) {
        thread_local!(static LOG: Vec<u8> = log(180));
        let mut bytes = LOG.with(Clone::clone);
        bytes.truncate(bytes.len().max(1).min(cut.max(5000)));
        for (at, value, length) in changes {
            let at = at % bytes.len();
            let end = (at + length).min(bytes.len());
            // A fill, a shift within, or a single byte, by the value.
            match value % 3 {
                0 => bytes[at..end].fill(value),
                1 => bytes.copy_within(at..end, (at * 7) % (at + 1)),
                _ => bytes[at] = value,
            }
        }
        let kept = read(&bytes);
        prop_assert_eq!(unaccounted(&bytes, &kept), Vec::<usize>::new());
        prop_assert!(kept.events().len() <= 400);
    }
}
