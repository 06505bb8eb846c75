//! What must be known when nothing else is read?
//!
//! In words: what was read, what was found, what was not read, what was not run, and what a finding
//! is not. Beside it, the findings by level.

use std::collections::BTreeMap;

use assize_model::{Level, Row, Time, Trust};
use maud::{Markup, html};

use super::facts::{Affected, Case};
use super::words::{self, many, moment, number};

/// Hosts and accounts that are named in the paragraph.
const NAMED_MAX: usize = 3;
/// Hosts and accounts beside it.
const MARGIN_MAX: usize = 4;
/// Characters of a name in the paragraph.
const NAME_CHARACTERS: usize = 48;

/// The first screen.
pub(super) fn tell(case: &Case<'_>) -> Markup {
    html! {
        section #first aria-labelledby="first-title" {
            h2 #first-title.hidden { "Summary" }
            div.summary {
                div.prose {
                    p { strong.runin { "Read." } " " (read(case)) }
                    p { strong.runin { "Found." } " " (found(case)) }
                    p { strong.runin { "Not read." } " " (not_read(case)) }
                    p { strong.runin { "Not run." } " " (not_run(case)) }
                    p.caveat {
                        "A finding is a rule’s word about one event, not a verdict: whose act it was is for sessions and "
                        "decisions, and what was reached is told below with both its bounds. Where no log was read, "
                        "silence means nothing."
                    }
                }
                div.aside {
                    (levels(case))
                    (gravest("Gravest hosts", &case.hosts, case.findings.hosts))
                    (gravest("Gravest accounts", &case.accounts, case.findings.accounts))
                }
            }
        }
    }
}

fn read(case: &Case<'_>) -> Markup {
    let run = case.run;
    let size: u64 = run.exhibits.iter().map(|exhibit| exhibit.digests.size).sum();
    let members = case.files.number("members");
    let events = &case.events;
    if run.exhibits.is_empty() {
        return html! { "No exhibit was received." };
    }
    html! {
        (many(run.exhibits.len() as u64, "exhibit", "exhibits")) " (" (words::size(size)) ")"
        @if members > 0 { " and " (many(members, "file", "files")) " inside them" }
        " gave " strong { (many(events.all, "event", "events")) }
        @if events.all > 0 {
            " of " (many(events.sources, "source", "sources")) " on " (many(events.hosts, "host", "hosts"))
        }
        @if let Some((first, last)) = events.span { ", " (between(first, last)) }
        "."
        @if events.merged > 0 {
            " " (many(events.merged, "record", "records")) " beyond these told an event again (the same record, or a file copied twice) and "
            (if events.merged == 1 { "is" } else { "are" }) " not counted."
        }
        (untimed(case)) (origins(case))
    }
}

fn between(first: Time, last: Time) -> Markup {
    html! {
        @if first == last { "at " (moment(first)) } @else { "from " (moment(first)) " to " (moment(last)) }
    }
}

fn untimed(case: &Case<'_>) -> Markup {
    let events = &case.events;
    let untimed = events.all.saturating_sub(events.timed);
    html! {
        @if untimed > 0 { " Of " (many(untimed, "event", "events")) " no time could be read." }
        @if events.assumed > 0 {
            " The time of " (many(events.assumed, "event", "events")) " rests on an assumption about its zone or year."
        }
    }
}

/// How far the places are trusted from which the exhibits came.
fn origins(case: &Case<'_>) -> Markup {
    let trust = |wanted: Trust| {
        let holds = |exhibit: &&assize_model::Exhibit| {
            exhibit.admissions.iter().all(|admission| admission.trust == wanted)
                && !exhibit.admissions.is_empty()
        };
        case.run.exhibits.iter().filter(holds).count() as u64
    };
    let (from_hosts, reported) = (trust(Trust::UntrustedHost), trust(Trust::SelfReported));
    html! {
        @if from_hosts > 0 {
            " " (sentence(&many(from_hosts, "exhibit comes", "exhibits come")))
            " from " (if from_hosts == 1 { "a host" } else { "hosts" }) " on which the intruder may have been administrator."
        }
        @if reported > 0 {
            " Of the origin of " (many(reported, "exhibit", "exhibits")) " we have somebody’s word only."
        }
    }
}

fn found(case: &Case<'_>) -> Markup {
    let findings = &case.findings;
    let ran = case.run.ran.len() as u64;
    if findings.all == 0 {
        return html! {
            @if ran == 0 { "No rule had an event to look at. " }
            @else { "None of the " (many(ran, "rule", "rules")) " that had events to look at found anything. " }
            "That speaks only of what was read and of what the rules look for."
        };
    }
    html! {
        "Of " (many(ran, "rule", "rules")) " that had events to look at, " (number(findings.rules)) " gave "
        strong { (many(findings.all, "finding", "findings")) }
        " on " (many(findings.events, "event", "events")) ": " (words::levels(&findings.by_level)) "."
        @if let Some((first, last)) = findings.span {
            @if first == last { " It is of " (moment(first)) "." }
            @else { " The first is of " (moment(first)) ", the last of " (moment(last)) "." }
        }
        (named("Hosts", &case.hosts, findings.hosts))
        (named("Accounts", &case.accounts, findings.accounts))
    }
}

/// `Hosts with the gravest findings: DC01 (140 in all), FS02 (31) and 5 more.`
fn named(what: &str, affected: &[Affected], all: u64) -> Markup {
    if affected.is_empty() {
        return html! {};
    }
    let more = all.saturating_sub(affected.len().min(NAMED_MAX) as u64);
    html! {
        " " (what) " with the gravest: "
        @for (at, one) in affected.iter().take(NAMED_MAX).enumerate() {
            @if at > 0 { ", " }
            strong { (words::said(&one.name, NAME_CHARACTERS)) }
            " (" (number(one.findings)) @if at == 0 { " in all" } ")"
        }
        @if more > 0 { " and " (number(more)) " more" }
        "."
    }
}

/// The same with their times, in the margin.
fn gravest(title: &str, affected: &[Affected], all: u64) -> Markup {
    let shown = affected.len().min(MARGIN_MAX) as u64;
    html! {
        @if shown > 0 {
            table.margin {
                caption { (title) @if all > shown { span.soft { " " (number(shown)) " of " (number(all)) } } }
                thead.hidden { tr { th scope="col" { "Name, first and last finding" } th scope="col" { "Findings" } } }
                tbody {
                    @for one in affected.iter().take(MARGIN_MAX) {
                        tr {
                            th scope="row" {
                                (words::said(&one.name, NAME_CHARACTERS))
                                span.times { (words::brief(one.first, one.last)) }
                            }
                            td.n { (number(one.findings)) }
                        }
                    }
                }
            }
        }
    }
}

fn not_read(case: &Case<'_>) -> Markup {
    let gaps = case.gaps.number("gaps");
    html! {
        @if gaps == 0 { "No gap was met while reading." }
        @else {
            strong { (many(gaps, "gap", "gaps")) } " in " (many(case.gaps.number("exhibits"), "exhibit", "exhibits")) ": "
            @for (at, cause) in case.gap_causes.iter().enumerate() {
                @if at > 0 { ", " }
                (words::said(&gaps_of(cause), 60))
            }
            "."
        }
        (coverage(case))
    }
}

/// The gaps of a cause in words.
fn gaps_of(cause: &Row) -> String {
    let (one, more) = match cause.text("cause") {
        "unrecognised" => ("file of no known format", "files of no known format"),
        "empty" => ("empty file", "empty files"),
        "unreadable-record" => ("unreadable record", "unreadable records"),
        "unreadable-block" => ("unreadable block of records", "unreadable blocks of records"),
        "truncated" => ("end that is missing", "ends that are missing"),
        "checksum" => ("checksum that disagrees", "checksums that disagree"),
        "limit" => ("limit that was met", "limits that were met"),
        "encrypted" => ("encrypted file", "encrypted files"),
        "encoding" => ("text in an unknown encoding", "texts in an unknown encoding"),
        "unreachable" => ("file that could not be opened", "files that could not be opened"),
        "defect" => ("defect of ours", "defects of ours"),
        other => (other, other),
    };
    many(cause.number("gaps"), one, more)
}

/// How many logs are less than whole.
fn coverage(case: &Case<'_>) -> Markup {
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    for log in &case.run.coverage {
        *states.entry(log.state.as_str()).or_default() += 1;
    }
    let of = |state: &str| states.get(state).copied().unwrap_or(0);
    let all = case.run.coverage.len() as u64;
    html! {
        @if all > 0 {
            " Of " (many(all, "log", "logs")) " (one source on one host), "
            (if of("complete") == 0 { "none".to_owned() } else { number(of("complete")) })
            " can be shown to be complete"
            @for (state, word) in [("partial", "partial"), ("none", "without a record"), ("untrusted", "not to be trusted")] {
                @if of(state) > 0 { ", " (number(of(state))) " " (if of(state) == 1 { "is" } else { "are" }) " " (word) }
            }
            "."
        }
    }
}

fn not_run(case: &Case<'_>) -> Markup {
    let rules = &case.run.not_run;
    if rules.is_empty() {
        return html! { "Every rule that was given ran." };
    }
    let reasons = super::not_run::by_reason(case.run);
    html! {
        strong { (many(rules.len() as u64, "rule", "rules")) } " did not run: "
        @for (at, (reason, rules)) in reasons.iter().take(NAMED_MAX).enumerate() {
            @if at > 0 { "; " }
            (number(rules.len() as u64)) " (" (words::said(reason, 80)) ")"
        }
        @if reasons.len() > NAMED_MAX { "; and others for " (many((reasons.len() - NAMED_MAX) as u64, "further reason", "further reasons")) }
        "."
    }
}

/// Findings by level as a small table with bars; every level, also those without any.
fn levels(case: &Case<'_>) -> Markup {
    let most = case.findings.by_level.iter().copied().max().unwrap_or(0).max(1);
    html! {
        table.levels {
            caption { "Findings by level" }
            thead.hidden { tr { th scope="col" { "Level" } th scope="col" { "Findings" } th scope="col" { "Share" } } }
            tbody {
                @for (level, n) in Level::ALL.iter().zip(case.findings.by_level) {
                    tr {
                        th scope="row" { (words::level(level.as_str())) }
                        td.n { (number(n)) }
                        td.bar aria-hidden="true" {
                            svg width="100%" height="10" {
                                @if n > 0 {
                                    rect class=(level.as_str()) width={ (format!("{:.1}", n as f64 * 100.0 / most as f64)) "%" } height="10" {}
                                    rect class=(level.as_str()) width="2" height="10" {}
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A sentence begins with a capital.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
