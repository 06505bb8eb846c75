//! What happened, as a story that can be read aloud and checked?
//!
//! Each incident in sentences with the ids on which each stands, in the order of time, and a picture
//! of its steps by host and account. What is told here is proven; what is merely likely stands among
//! the findings. Bounds are told as bounds.

use std::collections::BTreeMap;

use assize_model::{OutputError, Row, Time};
use maud::{Markup, html};

use super::facts::Case;
use super::scale::Window;
use super::words::{self, many, number};
use super::{Page, questions, timeline};

/// Incidents that are told.
const INCIDENTS_MAX: usize = 20;
/// Steps of one incident that are told.
const STEPS_MAX: usize = 120;
/// Lines in a picture.
const LINES_MAX: usize = 24;
/// Ids under a sentence.
const IDS_MAX: usize = 3;
/// The rest.
const ALL: &str = "assize incidents";

/// The section.
pub(super) fn tell(case: &Case<'_>, page: &mut Page<'_>) -> Result<(), OutputError> {
    let incidents = case.snapshot.rows(&questions::incidents(INCIDENTS_MAX))?;
    if incidents.is_empty() {
        return page.put(html! {
            p {
                "Nothing is proven to be an intruder’s act. That is no statement that nothing happened: proof begins "
                "with a decision (" (words::command("assize decide")) ")."
            }
        });
    }
    for incident in &incidents {
        let steps = case.snapshot.rows(&questions::steps(incident.text("id"), STEPS_MAX))?;
        page.put(one(incident, &steps))?;
    }
    page.put(words::shown(incidents.len() as u64, all_of(&incidents), "incidents", ALL))
}

fn one(incident: &Row, steps: &[Row]) -> Markup {
    html! {
        h3 { (words::said(incident.text("title"), 200)) " " (words::id(incident.text("id"))) }
        (bounds(incident))
        @if let Some(window) = window(steps) { (figure(steps, &window)) }
        ol.story { @for step in steps { (sentence(step)) } }
        (words::shown(steps.len() as u64, all_of(steps), "steps", ALL))
    }
}

/// How many there are of what a query cuts off.
fn all_of(rows: &[Row]) -> u64 {
    rows.first().map_or(0, |row| row.number("all_of"))
}

/// When it began, at the earliest and for certain, and whether it is over.
fn bounds(incident: &Row) -> Markup {
    let moment = |column: &str| incident.time(column);
    html! {
        p {
            @match moment("first_possible") {
                Some(time) => { "Records reach back to " (words::moment(time)) ", and nothing in their first hour is proven to be the intruder’s; of the time before they say nothing. " }
                None => { "The intruder was there when the records begin, and may have been there before. " }
            }
            @if let Some(time) = moment("first_proven") { "First proven act: " (words::moment(time)) ". " }
            @if let Some(time) = moment("last_proven") { "Last proven act: " (words::moment(time)) ". " }
            @match moment("evicted") {
                Some(time) => { "Verified to be out since " (words::moment(time)) "." }
                None => { "That it is over is not shown." }
            }
        }
    }
}

fn window(steps: &[Row]) -> Option<Window> {
    let times = || steps.iter().flat_map(|step| [step.time("time"), step.time("until")]).flatten();
    Some(Window::over(times().min()?, times().max()?))
}

/// A line per host and account, a mark per step.
fn figure(steps: &[Row], window: &Window) -> Markup {
    let mut lines: BTreeMap<(&str, &str), Vec<&Row>> = BTreeMap::new();
    for step in steps {
        lines.entry((step.text("host"), step.text("account"))).or_default().push(step);
    }
    html! {
        figure.hosts {
            figcaption {
                strong { "Steps by host and account." }
                " Full: it succeeded. Empty: it failed. Pale: the records do not say."
            }
            @for ((host, account), steps) in lines.iter().take(LINES_MAX) { (lane(host, account, steps, window)) }
            div.lane { span {} div { (timeline::axis(window)) } }
            (words::shown(lines.len().min(LINES_MAX) as u64, lines.len() as u64, "lines", ALL))
        }
    }
}

fn lane(host: &str, account: &str, steps: &[&Row], window: &Window) -> Markup {
    let described: Vec<String> =
        steps.iter().map(|step| format!("{} {}", step.text("time"), step.text("technique"))).collect();
    html! {
        div.lane {
            p { (words::said_or(Some(host).filter(|host| !host.is_empty()), "host not stated")) br; span.soft { (words::said(account, 60)) } }
            svg.strip width="100%" height="18" role="img" {
                title { (crate::harmless::attribute(host)) }
                desc { (crate::harmless::attribute(&described.join("; "))) }
                @for tick in window.ticks() {
                    line.grid x1={ (format!("{:.3}%", tick.at)) } x2={ (format!("{:.3}%", tick.at)) } y1="0" y2="18" {}
                }
                @for step in steps { (mark(step, window)) }
            }
        }
    }
}

fn mark(step: &Row, window: &Window) -> Markup {
    let Some(from) = step.time("time") else { return html! {} };
    let class = match step.text("outcome") {
        "success" => "success",
        "attempt" => "attempt",
        _ => "unknown",
    };
    let (start, end) = (at(from, window), step.time("until").map_or(0.0, |until| at(until, window)));
    html! {
        rect.step.(class) x={ (format!("{:.3}%", start.min(99.2))) } y="3" width="6" height="12" {}
        @if end > start {
            line.step.(class) x1={ (format!("{start:.3}%")) } x2={ (format!("{end:.3}%")) } y1="9" y2="9" {}
        }
    }
}

fn at(time: Time, window: &Window) -> f64 {
    window.percent_of(time)
}

/// A step in a sentence, with what it stands on.
fn sentence(step: &Row) -> Markup {
    let ids = step.value("basis").as_array().map_or(&[][..], Vec::as_slice);
    let ids: Vec<&str> = ids.iter().filter_map(|id| id.as_str()).collect();
    html! {
        li {
            span.t { @match step.time("time") { Some(time) => (words::moment(time)), None => "at a time that no record states" } }
            ": " (words::said(step.text("text"), 300)) ". "
            span.soft {
                (words::said(step.text("technique"), 20))
                @if step.number("times") > 1 { ", recorded " (many(step.number("times"), "time", "times")) }
                @if let Some(until) = step.time("until") { ", last " (words::moment(until)) }
                ". "
                @for id in ids.iter().take(IDS_MAX) { (words::id(id)) " " }
                @if ids.len() > IDS_MAX { "and " (number((ids.len() - IDS_MAX) as u64)) " more" }
            }
        }
    }
}
