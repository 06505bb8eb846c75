//! Do promises that are made for several formats hold in each of them?
//!
//! A request that was refused and then repeated is two requests, one of them accepted. A record of a hundred
//! megabytes costs itself and nothing else. A row of a table is read again as a row, where the format reads JSON too.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

mod support;

use std::fmt::Write;
use std::io::{self, Read};

use assize_formats::{ALL, MAPPED, by_name};
use assize_model::{Batcher, Cause, ExhibitId, Input, Origin, Projection, ReadingOptions, column};
use proptest::prelude::*;

use support::{Kept, assert_reread, read};

/// A format, what begins a file, and a line of a request: its second, its method and its status.
type Requests = (&'static str, &'static str, fn(usize, &str, u16) -> String);

const REQUESTS: [Requests; 5] = [
    ("web-access", "", |second, method, status| {
        format!(
            "203.0.113.9 - - [14/Sep/2026:08:12:{second:02} +0000] \"{method} /up/a.7z HTTP/1.1\" {status} 12 \"-\" \"curl/8.5\""
        )
    }),
    ("squid", "", |second, method, status| {
        format!(
            "17893711{second:02}.123     87 10.0.4.17 TCP_MISS/{status} 1892 {method} http://x.example/up/a.7z - HIER_DIRECT/203.0.113.9 text/html"
        )
    }),
    (
        "w3c",
        "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status\n",
        |second, method, status| {
            format!("2026-09-14 08:12:{second:02} 203.0.113.9 {method} /up/a.7z {status}")
        },
    ),
    (
        "zeek",
        "#separator \\x09\n#path\thttp\n#fields\tts\tuid\tid.orig_h\tid.resp_h\tmethod\turi\trequest_body_len\tstatus_code\n",
        |second, method, status| {
            format!("17893711{second:02}.123\tC1\t10.0.4.17\t203.0.113.9\t{method}\t/up/a.7z\t1892\t{status}")
        },
    ),
    ("zeek-json", "", |second, method, status| {
        format!(
            r#"{{"_path":"http","ts":17893711{second:02}.123,"uid":"C1","id.orig_h":"10.0.4.17","id.resp_h":"203.0.113.9","method":"{method}","uri":"/up/a.7z","request_body_len":1892,"status_code":{status}}}"#
        )
    }),
];

proptest! {
    /// However often it is refused, and whatever comes between.
    #[test]
    fn a_refused_request_that_is_repeated_is_two_requests_and_one_was_accepted(
        method in prop::sample::select(&["PUT", "GET", "POST"][..]),
        statuses in prop::collection::vec(prop::sample::select(&[200u16, 201, 401, 401, 407, 403][..]), 1..20),
    ) {
        for (format, head, line) in REQUESTS {
            let mut log = head.to_owned();
            for (second, status) in statuses.iter().enumerate() {
                writeln!(log, "{}", line(second, method, *status)).unwrap();
            }
            let kept = read(format, log.as_bytes(), &ReadingOptions::default());
            prop_assert!(kept.gaps.is_empty(), "{}: {:?}", format, kept.gaps);
            let outcomes: Vec<&str> = kept
                .rows()
                .filter(|(batch, row)| batch.text(column::OBJECT_KIND, *row) == Some("site"))
                .map(|(batch, row)| batch.text(column::OUTCOME, row).unwrap())
                .collect();
            let expected: Vec<&str> =
                statuses.iter().map(|status| if *status < 300 { "success" } else { "denied" }).collect();
            prop_assert_eq!(outcomes, expected, "{}", format);
        }
    }
}

/// So much of one byte.
struct Long(usize);

impl Read for Long {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.0);
        buffer[..count].fill(b'x');
        self.0 -= count;
        Ok(count)
    }
}

const LONG: usize = 100 << 20;

/// What a file looks like up to the long value, and behind it. Between two records of its make.
const AROUND: [(&str, &str, &str); 7] = [
    (
        "syslog",
        "2026-09-14T08:12:03Z fs1 app[1]: first\n2026-09-14T08:12:03Z fs1 app[1]: ",
        "\n2026-09-14T08:12:04Z fs1 app[1]: last\n",
    ),
    (
        "web-access",
        "203.0.113.9 - - [14/Sep/2026:08:12:03 +0000] \"GET /a HTTP/1.1\" 200 1 \"-\" \"-\"\n203.0.113.9 - - [14/Sep/2026:08:12:03 +0000] \"GET /",
        "\n203.0.113.9 - - [14/Sep/2026:08:12:04 +0000] \"GET /b HTTP/1.1\" 200 1 \"-\" \"-\"\n",
    ),
    (
        "auditd",
        "type=A msg=audit(1789371123.120:1): a=1\ntype=A msg=audit(1789371123.120:1): a=",
        "\ntype=A msg=audit(1789371123.120:2): a=1\n",
    ),
    (
        "zeek",
        "#separator \\x09\n#path\tconn\n#fields\tts\tuid\n1789371123.1\tC1\n1789371123.1\t",
        "\n1789371123.2\tC2\n",
    ),
    ("json", "{\"a\":\"first\"}\n{\"a\":\"", "\"}\n{\"a\":\"last\"}\n"),
    ("m365-audit", "[{\"a\":\"first\"},{\"a\":\"", "\"},{\"a\":\"last\"}]\n"),
    ("csv", "time,what\n2026-09-14T08:12:03Z,first\n2026-09-14T08:12:03Z,", "\n2026-09-14T08:12:04Z,last\n"),
];

#[test]
fn a_record_of_a_hundred_megabytes_costs_only_itself() {
    for (name, before, after) in AROUND {
        let format = by_name(name).unwrap();
        let mut kept = Kept::default();
        let origin =
            Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: format.card().name };
        let mut batcher = Batcher::new(origin, &mut kept);
        let mut stream = before.as_bytes().chain(Long(LONG)).chain(after.as_bytes());
        let options = ReadingOptions::default();
        let mut input = Input { bytes: &mut stream, options: &options, projection: Projection::Everything };
        format.read(&mut input, &mut batcher).unwrap();
        batcher.finish().unwrap();
        let log = |(batch, row): &(&assize_model::Batch, usize)| {
            batch.text(column::OBJECT_KIND, *row) == Some("log")
        };
        assert_eq!(kept.rows().filter(|row| !log(row)).count(), 2, "{name}: {:?}", kept.gaps);
        let gaps: Vec<_> = kept.gaps.iter().map(|gap| (gap.cause, gap.range.length > LONG as u64)).collect();
        assert_eq!(gaps, [(Cause::Limit, true)], "{name}: {:?}", kept.gaps);
    }
}

/// Nothing names the columns, and a row looks like JSON, or is JSON: the locator says that it is a row.
#[test]
fn a_row_without_a_header_is_never_read_again_as_json() {
    let text = "Ż;2;3\n{x;y;z\n{\"a\":\"b;c;d\"}\n";
    let utf_16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    // A mapping that a person gives is read by the same code.
    let shipped = ALL.iter().filter(|format| format.family() == "mapped").map(|format| format.card().name);
    for name in shipped.filter(|name| *name != MAPPED).chain(["splunk"]) {
        for bytes in [text.as_bytes(), &utf_16] {
            let kept = read(name, bytes, &ReadingOptions::default());
            assert_eq!((kept.rows().count(), kept.gaps.len()), (3, 0), "{name}: {:?}", kept.gaps);
            kept.rows().for_each(|(batch, row)| assert_reread(name, bytes, batch, row));
        }
    }
}
