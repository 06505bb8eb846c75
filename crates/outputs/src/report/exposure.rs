//! Whose records were reached, how surely, and whom must somebody contact first?
//!
//! The eight questions of an inquiry in sentences, each with an anchor; the whole list of those to
//! contact, by pseudonym, never cut: a reader who has only this page must be able to write to
//! everybody. Behind it the interval of every holding as a picture, and a part per holding and per
//! subject that prints. "No evidence of access" never stands by itself.

use assize_model::{Grade, OutputError, Row};
use maud::{Markup, html};

use super::Page;
use super::facts::Case;
use super::findings::texts;
use super::questions as q;
use super::words::{self, many, number};

/// Holdings and subjects with a part of their own.
const PARTS_MAX: usize = 300;
/// Steps and places in a sentence.
const NAMED_MAX: usize = 5;
/// Reasons under one answer.
const REASONS_MAX: usize = 6;

/// The eight questions.
pub(super) fn eight(case: &Case<'_>) -> Result<Markup, OutputError> {
    let ask = |sql: &str| case.snapshot.rows(sql);
    let (holdings, subjects) = (ask(q::EXPOSED_HOLDINGS)?, ask(q::CONTACTS)?);
    let (intruder, steps, unknown) = (ask(q::INTRUDER)?, ask(q::STEPS)?, ask(q::UNREGISTERED)?);
    let places = ask(q::INTRUDER_PLACES)?;
    let intruder = intruder.first().cloned().unwrap_or(Row(Vec::new()));
    Ok(html! {
        section #eight aria-labelledby="eight-title" {
            h2 #eight-title { "Eight questions" }
            div.questions {
                (question("what", "What happened?", &happened(case, &intruder)))
                (question("when", "When did it begin, and is it over?", &when(&intruder)))
                (question("who-where", "Which accounts and hosts?", &who(&places)))
                (question("established", "What was established as opened, collected, left?", &established(&holdings)))
                (question("not-excluded", "What is not excluded, and why?", &not_excluded(&holdings)))
                (question("contact", "Which individuals, organisations and States to contact first, and why?", &contact(&holdings, &subjects)))
                (question("narrow", "What would narrow the answer most?", &narrow(&holdings, &steps)))
                (question("unknown", "What was not read, not run, not known?", &not_known(case, &unknown)))
            }
        }
    })
}

fn question(id: &str, asked: &str, answer: &Markup) -> Markup {
    html! { h3 id={ "q-" (id) } { (asked) } div { (answer) } }
}

fn happened(case: &Case<'_>, intruder: &Row) -> Markup {
    let sessions = intruder.number("sessions");
    html! {
        @if sessions == 0 { "No session is proven to be an intruder’s. " }
        @else { strong { (many(sessions, "session", "sessions")) } " are proven to be the intruder’s, by decisions and what follows from them. " }
        (many(case.findings.all, "finding", "findings")) " of rules stand beside it; a finding proves nothing by itself."
    }
}

fn when(intruder: &Row) -> Markup {
    html! {
        @match (intruder.time("first"), intruder.time("last")) {
            (Some(first), Some(last)) => {
                "First proven " (words::moment(first)) ", last proven " (words::moment(last))
                ". It may have begun earlier, and that it is over nothing here shows: both need a decision."
            },
            _ => { "Nothing is proven, so there is no beginning and no end to tell." }
        }
    }
}

fn who(places: &[Row]) -> Markup {
    html! {
        @if places.is_empty() { "None is proven." }
        @for (at, place) in places.iter().enumerate() {
            @if at > 0 { ", " }
            (words::said(place.text("account"), 60))
            @if let Some(host) = place.some_text("host") { " on " (words::said(host, 40)) }
        }
        @if !places.is_empty() { "." }
    }
}

fn rank(row: &Row, column: &str) -> Grade {
    Grade::of(row.text(column)).unwrap_or_default()
}

fn established(holdings: &[Row]) -> Markup {
    if holdings.is_empty() {
        return no_register();
    }
    let count = |grade: Grade| holdings.iter().filter(|row| rank(row, "established") == grade).count() as u64;
    html! {
        "Of " (many(holdings.len() as u64, "holding", "holdings")) ": " (number(count(Grade::Left))) " left the house, "
        (number(count(Grade::Collected))) " collected, " (number(count(Grade::Opened))) " opened, "
        (number(count(Grade::Listed))) " listed; of " (number(count(Grade::None))) " no access is established."
        @for row in holdings.iter().filter(|row| rank(row, "established") >= Grade::Opened).take(NAMED_MAX) {
            " " a href={ "#h-" (row.text("key")) } { (words::said(row.text("title"), 60)) } ": " (row.text("established")) "."
        }
    }
}

fn not_excluded(holdings: &[Row]) -> Markup {
    if holdings.is_empty() {
        return no_register();
    }
    let closed = holdings.iter().filter(|row| rank(row, "not_excluded") == Grade::None).count() as u64;
    let open = holdings.len() as u64 - closed;
    html! {
        "Of " (many(closed, "holding", "holdings")) " every path is closed under the assumptions printed with them. Of "
        (number(open)) " more than is established is not excluded, or something is established."
        @for row in holdings.iter().filter(|row| rank(row, "established") < rank(row, "not_excluded")).take(NAMED_MAX) {
            " " a href={ "#h-" (row.text("key")) } { (words::said(row.text("title"), 60)) } ": "
            (words::said(texts(row, "because").first().copied().unwrap_or(""), 360))
        }
    }
}

fn no_register() -> Markup {
    html! { "No register of holdings was imported, so nobody’s records can be named; " code { "assize register import DIR" } " takes one in." }
}

/// Everybody, in the order in which they are to be reached.
fn contact(holdings: &[Row], subjects: &[Row]) -> Markup {
    if holdings.is_empty() {
        return no_register();
    }
    if subjects.is_empty() {
        return html! { "Nobody whose data lies in a registered holding: that content with their data was opened is excluded, or no register names them." };
    }
    let established = subjects.iter().filter(|row| rank(row, "established") >= Grade::Opened).count() as u64;
    html! {
        (many(subjects.len() as u64, "subject", "subjects")) ": content with their data is not excluded to have been opened; of "
        (number(established)) " it is established."
        div.wide { table #contacts {
            caption { "Whom to contact, by pseudonym" }
            thead { tr {
                th scope="col" { "Pseudonym" } th scope="col" { "Who" } th scope="col" { "Band" } th scope="col" { "Established" }
                th scope="col" { "Not excluded" } th scope="col" { "How" } th scope="col" { "Why" }
            } }
            tbody { @for row in subjects { (contact_row(row)) } }
        } }
    }
}

fn contact_row(row: &Row) -> Markup {
    html! {
        tr {
            th scope="row" { a href={ "#p-" (row.text("subject")) } { (words::said(row.text("subject"), 60)) } }
            td { (row.text("subject_type")) @if let Some(role) = row.some_text("role") { ", " (words::said(role, 40)) } }
            td { (row.text("band")) }
            td { (row.text("established")) }
            td { (row.text("not_excluded")) }
            td { (words::said(row.text("contact"), 40)) }
            td { (words::said(&texts(row, "because").into_iter().skip(1).take(2).collect::<Vec<_>>().join("; "), 200)) }
        }
    }
}

fn narrow(holdings: &[Row], steps: &[Row]) -> Markup {
    if holdings.is_empty() {
        return no_register();
    }
    html! {
        @if steps.is_empty() { "Nothing that somebody could do: no answer is wider than what is established." }
        @for step in steps {
            (words::said(step.text("step"), 200)) " (" (many(step.number("answers"), "answer", "answers"))
            @if step.number("alone") > 0 { ", " (number(step.number("alone"))) " by itself" }
            "). "
        }
    }
}

fn not_known(case: &Case<'_>, unknown: &[Row]) -> Markup {
    let objects: u64 = unknown.iter().map(|row| row.number("objects")).sum();
    html! {
        @if objects > 0 {
            strong { "Unregistered: " (many(objects, "object", "objects")) " in " (many(unknown.len() as u64, "place", "places")) }
            " were touched by the intruder and stand in no register"
            @for (at, place) in unknown.iter().take(NAMED_MAX).enumerate() {
                @if at == 0 { ": " } @else { ", " } (words::said(place.text("place"), 80))
            }
            ". "
        }
        (many(case.gaps.number("gaps"), "gap", "gaps")) " in what was read; "
        (many(case.run.not_run.len() as u64, "rule", "rules")) " did not run; where no log was read, silence means nothing."
    }
}

/// The section: a picture of all holdings, then one part each.
pub(super) fn tell(case: &Case<'_>, page: &mut Page<'_>) -> Result<(), OutputError> {
    let holdings = case.snapshot.rows(q::EXPOSED_HOLDINGS)?;
    if holdings.is_empty() {
        return page.put(html! { p { (no_register()) } });
    }
    page.put(html! {
        p {
            "A bar runs from what is established to what is not excluded. Full: established; hollow: not excluded. No bar: "
            "every path is closed, under the assumptions printed with the holding."
        }
        figure.hosts {
            figcaption { strong { "Holdings, the gravest first." } " none – listed – opened – collected – left" }
            @for row in holdings.iter().take(PARTS_MAX) { (lane(row)) }
            (words::shown(holdings.len().min(PARTS_MAX) as u64, holdings.len() as u64, "holdings", "assize exposures"))
        }
    })?;
    for row in holdings.iter().take(PARTS_MAX) {
        page.put(part(row, "h", row.text("key"), row.text("title")))?;
    }
    let subjects = case.snapshot.rows(q::CONTACTS)?;
    for row in subjects.iter().take(PARTS_MAX) {
        let lies_in = format!("data in {}", texts(row, "holdings").join(", "));
        page.put(part(row, "p", row.text("subject"), &lies_in))?;
    }
    let all = "assize exposures --by subject";
    page.put(words::shown(subjects.len().min(PARTS_MAX) as u64, subjects.len() as u64, "subjects", all))
}

fn percent(grade: Grade) -> f64 {
    Grade::ALL.iter().position(|one| *one == grade).unwrap_or(0) as f64 * 25.0
}

fn lane(row: &Row) -> Markup {
    let (least, most) = (rank(row, "established"), rank(row, "not_excluded"));
    let told = format!("established {}, not excluded {}", least.as_str(), most.as_str());
    html! {
        div.lane {
            p { a href={ "#h-" (row.text("key")) } { (words::said(row.text("title"), 60)) } " " span.soft { (words::said(row.text("key"), 20)) } }
            svg.strip width="100%" height="16" role="img" {
                title { (crate::harmless::attribute(row.text("title"))) }
                desc { (told) }
                @for grade in Grade::ALL {
                    @let at = format!("{:.1}%", percent(grade));
                    line.grid x1=(at) x2=(at) y1="0" y2="16" {}
                }
                @if most > Grade::None {
                    rect.log.partial x="0" y="3" width={ (format!("{:.1}%", percent(most))) } height="10" fill-opacity="0.25" {}
                }
                @if least > Grade::None {
                    rect.log.untrusted x="0" y="3" width={ (format!("{:.1}%", percent(least))) } height="10" {}
                }
            }
        }
    }
}

/// One holding or subject, for who prints only that.
fn part(row: &Row, letter: &str, key: &str, title: &str) -> Markup {
    let reasons = texts(row, "because");
    html! {
        details.in-print id={ (letter) "-" (key) } {
            summary {
                strong { (words::said(key, 60)) } " " (words::said(title, 160)) " "
                span.soft { "established " (row.text("established")) ", not excluded " (row.text("not_excluded")) }
                @if let Some(band) = row.some_text("band") { " " strong { (band) } }
            }
            ul { @for reason in reasons.iter().take(REASONS_MAX) { li { (words::said(reason, 600)) } } }
            @if let Some(step) = row.some_text("next_step") { p { "Next: " (words::said(step, 240)) "." } }
            p.soft { "Under these assumptions: " (words::said(&texts(row, "assumptions").join("; "), 1200)) }
            p.soft { "Proof: " code { "assize trace " (row.text("id")) } }
        }
    }
}
