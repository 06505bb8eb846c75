//! What do the sources log that are not Windows: the VPN gateway and the document system?
//!
//! JSON lines of no known make, as home-grown systems write them: their own field names, their
//! own ways to write a time. The stolen account comes in through the VPN by night and reads the
//! witness documents through the document system's interface. Hostile texts stand in titles and
//! client names, where users can put what they like. Countries are user-assigned codes of ISO 3166
//! (XA to XZ): nobody is accused here.

use super::cast::{
    ADM_WS01, ANA_WS03, ARRENBY, Account, HADWIN, HR_WS02, INTRUDER_ADDRESS, INTRUDER_POOL_ADDRESS,
    KESSANDOR, KETTERMOLE, LEG_WS11, QUILLARIS, REG_WS07, VANTORP,
};
use super::clock::{HOUR, MINUTE, SECOND, at, iso};
use super::dice::Dice;
use super::json::Object;

/// Lines with the time by which they are sorted.
type Lines = Vec<(i64, String)>;

/// Joined in the order of time.
pub(super) fn joined(mut lines: Lines) -> String {
    lines.sort_by_key(|(when, _)| *when);
    lines.into_iter().map(|(_, line)| line + "\n").collect()
}

/// A VPN session: who, from where, from when to when, and what the client says it is.
struct Session<'a> {
    user: Account,
    from: (&'a str, &'a str),
    pool: &'a str,
    start: i64,
    end: i64,
    client: &'a str,
}

const CLIENT: &str = "CourtConnect/5.1 (Windows 10)";

impl Session<'_> {
    /// Connected, address assigned, rekeyed every two hours, disconnected.
    fn log(&self, lines: &mut Lines, number: i64) {
        let id = format!("s-{number:05}");
        let entry = |when: i64, action: &str| {
            Object::new()
                .text("ts", &iso(when))
                .text("gw", "vpn1.court.example")
                .text("session", &id)
                .text("act", action)
                .text("user", self.user.name)
        };
        let open = entry(self.start, "connect")
            .object("src", Object::new().text("ip", self.from.0).text("country", self.from.1))
            .text("client", self.client)
            .text("mfa", "push-approved");
        lines.push((self.start, open.finish()));
        let assigned = self.start + 2 * SECOND;
        lines.push((assigned, entry(assigned, "assign").text("pool_ip", self.pool).finish()));
        let mut rekey = self.start + 2 * HOUR;
        while rekey < self.end {
            lines.push((rekey, entry(rekey, "rekey").finish()));
            rekey += 2 * HOUR;
        }
        let seconds = (self.end - self.start) / 1000;
        let close = entry(self.end, "disconnect")
            .number("duration_s", seconds)
            .number("bytes_in", seconds * 1_730)
            .number("bytes_out", seconds * if self.from.0 == INTRUDER_ADDRESS { 51_200 } else { 4_410 });
        lines.push((self.end, close.finish()));
    }
}

/// Evenings at home and a mission abroad; on two nights the clerk's account from elsewhere.
pub(super) fn vpn() -> String {
    let (mut lines, mut dice) = (Lines::new(), Dice::named("vpn"));
    let homes = [
        (QUILLARIS, "192.0.2.61"),
        (ARRENBY, "192.0.2.140"),
        (KETTERMOLE, "192.0.2.17"),
        (VANTORP, "192.0.2.88"),
    ];
    let mut number = 41_200;
    for day in 14..=16 {
        for (index, (user, home)) in homes.iter().enumerate() {
            let start = at(day, "17:00:00") + dice.between(0, 130) * MINUTE;
            let pool = format!("10.20.9.{}", 11 + index);
            let end = start + dice.between(20, 190) * MINUTE;
            number += 1;
            Session { user: *user, from: (home, "XH"), pool: &pool, start, end, client: CLIENT }
                .log(&mut lines, number);
        }
        // On mission, announced: abroad, by daylight, with the usual client.
        let start = at(day, "06:10:00") + dice.between(0, 40) * MINUTE;
        let end = start + 8 * HOUR;
        let from = ("198.51.100.180", "XA");
        number += 1;
        Session { user: KESSANDOR, from, pool: "10.20.9.20", start, end, client: CLIENT }
            .log(&mut lines, number);
    }
    stolen(&mut lines, number);
    joined(lines)
}

/// Two nights of the clerk's account from elsewhere, numbered after `number`.
fn stolen(lines: &mut Lines, mut number: i64) {
    let spreadsheet = "=HYPERLINK(\"http://203.0.113.77/\";\"CourtConnect\")";
    for (start, end, client) in [
        (at(14, "21:48:20.004"), at(14, "22:20:02.000"), "OpenConnect 9.12"),
        (at(15, "21:55:31.720"), at(15, "22:47:10.000"), spreadsheet),
    ] {
        number += 1;
        let from = (INTRUDER_ADDRESS, "XC");
        let session = Session { user: VANTORP, from, pool: INTRUDER_POOL_ADDRESS, start, end, client };
        session.log(lines, number);
    }
}

/// The Sunday before, as the gateway packs its log at midnight.
pub(super) fn vpn_sunday() -> String {
    let (mut lines, mut dice) = (Lines::new(), Dice::named("vpn on Sunday"));
    let homes = [
        (QUILLARIS, "192.0.2.61"),
        (ARRENBY, "192.0.2.140"),
        (KETTERMOLE, "192.0.2.17"),
        (KESSANDOR, "198.51.100.180"),
    ];
    for (number, (user, home)) in (41_180..).zip(homes.iter().cycle().take(8)) {
        let start = at(13, "08:00:00") + dice.between(0, 600) * MINUTE;
        let end = start + dice.between(15, 240) * MINUTE;
        let country = if *user == KESSANDOR { "XA" } else { "XH" };
        let pool = format!("10.20.9.{}", 11 + number % 8);
        Session { user: *user, from: (home, country), pool: &pool, start, end, client: CLIENT }
            .log(&mut lines, number);
    }
    joined(lines)
}

/// One use of a document. The time is in seconds with a fraction, as this system likes it.
fn used(
    when: i64,
    user: Account,
    address: &str,
    (op, document): (&str, &Document),
    agent: &str,
) -> (i64, String) {
    let line = Object::new()
        .text("when", &format!("{}.{:03}", when.div_euclid(1000), when.rem_euclid(1000)))
        .text("op", op)
        .text("principal", &format!("{}@court.example", user.name))
        .text("remote", address)
        .object(
            "doc",
            Object::new()
                .text("id", &document.id)
                .text("series", document.series)
                .text("title", document.title),
        )
        .number("bytes", document.bytes)
        .number("status", 200)
        .text("ua", agent);
    (when, line.finish())
}

struct Document {
    id: String,
    series: &'static str,
    title: &'static str,
    bytes: i64,
}

const OFFICE_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Edg/128.0";

const TITLES: [(&str, &str); 8] = [
    ("REG", "Filing receipt"),
    ("REG", "Practice direction, consolidated"),
    ("CASE-2024-03", "Prosecution brief, draft 4"),
    ("CASE-2024-03", "Exhibit list"),
    ("CASE-2024-03", "<script>alert('court')</script> Annex B"),
    ("HR", "=HYPERLINK(\"http://203.0.113.77/\";\"Leave plan\")"),
    ("HR", "Mission rules"),
    ("CASE-2024-03", "Transcript, closed session"),
];

fn any_document(dice: &mut Dice) -> Document {
    let (series, title) = *dice.pick(&TITLES);
    let id = format!("D-{:06}", dice.between(11_000, 98_000));
    Document { id, series, title, bytes: dice.between(12_000, 2_400_000) }
}

fn witness_document(number: i64) -> Document {
    let titles = ["Statement", "Risk assessment", "Relocation plan", "Measures ordered"];
    let (id, title) = (format!("D-{:06}", 70_410 + number * 7), titles[number as usize % 4]);
    Document { id, series: "WITNESS", title, bytes: 48_000 + number * 3_100 }
}

/// Office hours of five people, then the clerk's account by night with a script.
pub(super) fn documents() -> String {
    let (mut lines, mut dice) = (Lines::new(), Dice::named("dms"));
    let readers = [
        (VANTORP, REG_WS07),
        (HADWIN, HR_WS02),
        (QUILLARIS, LEG_WS11),
        (ARRENBY, ANA_WS03),
        (KETTERMOLE, ADM_WS01),
    ];
    for day in 14..=16 {
        for (user, host) in readers {
            for _ in 0..dice.between(9, 15) {
                let when = at(day, "06:50:00") + dice.between(0, 8 * HOUR);
                let document = if user == QUILLARIS && dice.chance(60) {
                    witness_document(dice.between(0, 45))
                } else {
                    any_document(&mut dice)
                };
                let op = *dice.pick(&["view", "view", "download", "edit"]);
                lines.push(used(when, user, host.address, (op, &document), OFFICE_AGENT));
            }
        }
    }
    let mut now = at(15, "22:02:11.900");
    for number in 0..46 {
        let entry = ("download", &witness_document(number));
        lines.push(used(now, VANTORP, INTRUDER_POOL_ADDRESS, entry, "python-requests/2.31.0"));
        now += dice.between(9, 61) * SECOND + dice.between(0, 999);
    }
    joined(lines)
}

/// The week before, out of a file that has seen better days; damaged in `damage.rs`.
pub(super) fn old_documents() -> String {
    let (mut lines, mut dice) = (Lines::new(), Dice::named("old dms"));
    for _ in 0..36 {
        let when = at(7, "07:00:00") + dice.between(0, 4 * 24) * HOUR + dice.between(0, 50 * MINUTE);
        let entry = ("view", &any_document(&mut dice));
        lines.push(used(when, QUILLARIS, LEG_WS11.address, entry, OFFICE_AGENT));
    }
    joined(lines)
}
