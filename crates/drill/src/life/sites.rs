//! Which machines outside does the court speak with on ordinary days?
//!
//! All below `.example`, with addresses of a range kept for documentation (192.0.2.0/24): they
//! cannot be mistaken for anybody's.

use crate::chance::Dice;
use crate::world::Outside;

/// What people look at.
const PAGES: [&str; 24] = [
    "www.morning-gazette.example",
    "news.lowlands-daily.example",
    "weather.example",
    "www.law-journals.example",
    "translate.wordbridge.example",
    "maps.cartolane.example",
    "www.university-library.example",
    "trains.rail-plan.example",
    "www.cantonbank.example",
    "video.meetwell.example",
    "www.treaties-archive.example",
    "dictionary.lexiconia.example",
    "www.ngo-monitor-group.example",
    "cdn.pagefonts.example",
    "static.newsassets.example",
    "search.seekwell.example",
    "recipes.hearth.example",
    "www.football-scores.example",
    "hotels.staywise.example",
    "www.court.example",
    "careers.court.example",
    "blog.international-law.example",
    "streams.radio-nord.example",
    "shop.papertrade.example",
];

/// What programs speak with by themselves.
const PROGRAMS: [&str; 12] = [
    "telemetry.os-vendor.example",
    "update.os-vendor.example",
    "ocsp.trust-authority.example",
    "crl.trust-authority.example",
    "definitions.antivirus.example",
    "time.os-vendor.example",
    "autodiscover.mailcloud.example",
    "outlook.mailcloud.example",
    "login.mailcloud.example",
    "settings.os-vendor.example",
    "browser-update.example",
    "licensing.officeware.example",
];

const ADDRESSES: [&str; 36] = [
    "192.0.2.10",
    "192.0.2.11",
    "192.0.2.12",
    "192.0.2.13",
    "192.0.2.14",
    "192.0.2.15",
    "192.0.2.16",
    "192.0.2.17",
    "192.0.2.18",
    "192.0.2.19",
    "192.0.2.20",
    "192.0.2.21",
    "192.0.2.22",
    "192.0.2.23",
    "192.0.2.24",
    "192.0.2.25",
    "192.0.2.26",
    "192.0.2.27",
    "192.0.2.28",
    "192.0.2.29",
    "192.0.2.30",
    "192.0.2.31",
    "192.0.2.32",
    "192.0.2.33",
    "192.0.2.40",
    "192.0.2.41",
    "192.0.2.42",
    "192.0.2.43",
    "192.0.2.44",
    "192.0.2.45",
    "192.0.2.46",
    "192.0.2.47",
    "192.0.2.48",
    "192.0.2.49",
    "192.0.2.50",
    "192.0.2.51",
];

/// A page that somebody looks at: few of them most of the time.
pub(crate) fn page(dice: &mut Dice) -> Outside<'static> {
    let first = dice.below(PAGES.len() as u64);
    let number = first.min(dice.below(PAGES.len() as u64)) as usize;
    Outside { name: PAGES[number], address: ADDRESSES[number] }
}

/// A service that a program calls.
pub(crate) fn program(dice: &mut Dice) -> Outside<'static> {
    let number = dice.below(PROGRAMS.len() as u64) as usize;
    Outside { name: PROGRAMS[number], address: ADDRESSES[PAGES.len() + number] }
}

/// The mail service.
pub(crate) const MAIL: Outside<'static> =
    Outside { name: "outlook.mailcloud.example", address: "192.0.2.47" };
