//! How often was somebody refused at a door, and on which days far more often than usual?
//!
//! A line per log, a bar per day. What is tried every day is no incident, and is not told as one.

use std::collections::BTreeMap;

use assize_model::{OutputError, Row, Time};
use maud::{Markup, html};

use super::facts::Case;
use super::scale::Window;
use super::words::{self, instant, many, number};
use super::{Page, questions, timeline};

/// Logs in the picture.
const LOGS_MAX: usize = 12;
/// Days in the table.
const DAYS_MAX: usize = 40;
/// Height of a line, in pixels.
const HEIGHT: f64 = 28.0;
const DAY: i64 = 86_400_000_000_000;
/// The rest.
const ALL: &str = "assize incidents --attempts";

/// The section.
pub(super) fn tell(case: &Case<'_>, page: &mut Page<'_>) -> Result<(), OutputError> {
    let rows = case.snapshot.rows(questions::ATTEMPTS)?;
    let mut logs: BTreeMap<(&str, &str), Vec<&Row>> = BTreeMap::new();
    for row in &rows {
        logs.entry((row.text("source"), row.text("host"))).or_default().push(row);
    }
    let times = || rows.iter().filter_map(|row| row.time("day"));
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return page.put(html! { p { "No log that was read tells of a refused sign-in." } });
    };
    let window = Window::over(first, Time(last.0 + DAY - 1));
    let total: u64 = rows.iter().map(|row| row.number("times")).sum();
    let mut logs: Vec<((&str, &str), Vec<&Row>)> = logs.into_iter().collect();
    logs.sort_by_key(|(_, days)| std::cmp::Reverse(days.iter().map(|day| day.number("times")).sum::<u64>()));
    let more: Vec<&Row> = rows.iter().filter(|row| row.text("more_than_usual") == "yes").collect();
    let unknown = rows.iter().filter(|row| row.text("more_than_usual") == "unknown").count();
    page.put(html! {
        p {
            (many(total, "sign-in was", "sign-ins were")) " refused, in " (many(logs.len() as u64, "log", "logs"))
            ". That is counted and is no incident. "
            @if unknown > 0 {
                "For " (many(unknown as u64, "day", "days")) " nothing can be called usual: their logs have too few others. "
            }
            @if more.is_empty() && unknown < rows.len() { "On no other day was it far more than is usual in its log." }
            @else if !more.is_empty() { "Far more than is usual in the log: on " (many(more.len() as u64, "day", "days")) ", listed below." }
        }
        figure.hosts {
            figcaption {
                strong { "Refused sign-ins by log and day." }
                " Each line is measured by its own greatest day. Full: far more than usual."
            }
            @for ((source, host), days) in logs.iter().take(LOGS_MAX) { (lane(source, host, days, &window)) }
            div.lane { span {} div { (timeline::axis(&window)) } }
            (words::shown(logs.len().min(LOGS_MAX) as u64, logs.len() as u64, "logs", ALL))
        }
        @if !more.is_empty() { (table(&more)) }
    })
}

fn lane(source: &str, host: &str, days: &[&Row], window: &Window) -> Markup {
    let most = days.iter().map(|day| day.number("times")).max().unwrap_or(0);
    let told = |day: &&&Row| format!("{} {}", day.text("day").get(..10).unwrap_or(""), day.number("times"));
    let described: Vec<String> = days.iter().take(DAYS_MAX).map(|day| told(&day)).collect();
    html! {
        div.lane {
            p { (words::said(source, 60)) @if !host.is_empty() { br; (words::said(host, 60)) } " " span.soft { "up to " (number(most)) " a day" } }
            svg.strip width="100%" height={ (HEIGHT) } role="img" {
                title { (crate::harmless::attribute(source)) }
                desc { (crate::harmless::attribute(&described.join("; "))) }
                @for tick in window.ticks() {
                    line.grid x1={ (format!("{:.3}%", tick.at)) } x2={ (format!("{:.3}%", tick.at)) } y1="0" y2={ (HEIGHT) } {}
                }
                @for day in days { (bar(day, most, window)) }
            }
        }
    }
}

fn bar(day: &Row, most: u64, window: &Window) -> Markup {
    let Some(from) = day.time("day") else { return html! {} };
    let (start, end) = (window.percent_of(from), window.percent_of(Time(from.0 + DAY)));
    let height = (day.number("times") as f64 / most.max(1) as f64 * HEIGHT).max(2.0);
    let class = if day.text("more_than_usual") == "yes" { "success" } else { "unknown" };
    html! {
        rect.step.(class) x={ (format!("{start:.3}%")) } y={ (format!("{:.1}", HEIGHT - height)) }
            width={ (format!("{:.3}%", (end - start) * 0.86)) } height={ (format!("{height:.1}")) } {}
    }
}

fn table(more: &[&Row]) -> Markup {
    html! {
        div.wide { table {
            caption { "Days of far more refused sign-ins than usual" }
            thead { tr {
                th scope="col" { "Log" } th scope="col" { "Host" } th scope="col" { "Day" } th.n scope="col" { "Refused" }
                th.n scope="col" { "Usual" } th.n scope="col" { "Addresses" } th.n scope="col" { "Accounts" }
            } }
            tbody { @for day in more.iter().take(DAYS_MAX) {
                tr {
                    th scope="row" { (words::said(day.text("source"), 60)) }
                    td { (words::said_or(day.some_text("host"), "of the house")) }
                    td.t { (instant(day.time("day"))) }
                    td.n { (number(day.number("times"))) }
                    td.n { (number(day.number("usual"))) }
                    td.n { (number(day.number("addresses"))) }
                    td.n { (number(day.number("accounts"))) }
                }
            } }
        } }
        (words::shown(more.len().min(DAYS_MAX) as u64, more.len() as u64, "days", ALL))
    }
}
