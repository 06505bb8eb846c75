//! When did what happen?
//!
//! Pictures of events (pale, upward) and findings (by level, downward) over one line of time: the
//! whole period, then closer around the findings, then host by host. A bar that stands for anything
//! at all is at least two pixels high; the greatest bar is named.

use std::collections::BTreeMap;

use assize_model::{Level, OutputError, Row};
use maud::{Markup, html};

use super::facts::Case;
use super::scale::Window;
use super::words::{self, many, number};
use super::{Page, questions};

/// Hosts that get a picture of their own.
const HOSTS_MAX: usize = 8;
/// Steps with findings in the table behind the picture.
const STEPS_MAX: usize = 60;
/// No bar is lower than this, in pixels.
const BAR_MIN: f64 = 2.0;
/// Beyond this percentage there is no room for a label; its line stands all the same.
const LABEL_END: f64 = 88.0;
/// Bars fill so much of their step when there are few of them.
const FEW_BARS: f64 = 0.86;

/// The section.
pub(super) fn tell(case: &Case<'_>, page: &mut Page<'_>) -> Result<(), OutputError> {
    let Some((first, last)) = case.events.span else {
        return page.put(html! { p { "No event states a time: there is no course to show." } });
    };
    let whole = Window::over(first, last);
    let closer = case.findings.span.and_then(|(first, last)| whole.closer(first, last));
    page.put(legend())?;
    page.put(period(case, &whole, "The whole period")?)?;
    if let Some(window) = &closer {
        page.put(period(case, window, "Closer: from the first finding to the last")?)?;
    }
    page.put(hosts(case, &closer.unwrap_or(whole))?)?;
    page.put(no_place(case))
}

/// What a window holds, by the second at which each step begins.
#[derive(Default)]
struct Bars {
    events: BTreeMap<i64, u64>,
    findings: BTreeMap<i64, [u64; 5]>,
}

/// The greatest bars, by which all are measured.
#[derive(Clone, Copy)]
struct Most {
    events: u64,
    findings: u64,
}

/// Pixels above and below the line.
struct Height {
    events: f64,
    findings: f64,
}

impl Bars {
    fn add_events(&mut self, row: &Row) {
        if let Some(at) = bucket(row) {
            *self.events.entry(at).or_default() += row.number("n");
        }
    }

    fn add_findings(&mut self, row: &Row) {
        let level = Level::ALL.iter().position(|level| level.as_str() == row.text("level"));
        if let (Some(at), Some(level)) = (bucket(row), level) {
            self.findings.entry(at).or_default()[level] += row.number("n");
        }
    }

    fn most(&self) -> Most {
        Most {
            events: self.events.values().copied().max().unwrap_or(0),
            findings: self.findings.values().map(|counts| counts.iter().sum()).max().unwrap_or(0),
        }
    }

    fn counts(&self) -> (u64, u64) {
        (self.events.values().sum(), self.findings.values().flatten().sum())
    }
}

fn bucket(row: &Row) -> Option<i64> {
    Some(row.time("bucket")?.0.div_euclid(1_000_000_000))
}

fn legend() -> Markup {
    html! {
        p.legend {
            span.key { svg width="14" height="10" aria-hidden="true" { rect.events width="14" height="10" {} } " events, upward" }
            span.key { "findings, downward:" }
            @for level in Level::ALL { span.key { (words::level(level.as_str())) } }
        }
    }
}

/// A picture of everything in a window.
fn period(case: &Case<'_>, window: &Window, title: &str) -> Result<Markup, OutputError> {
    let mut bars = Bars::default();
    case.snapshot.rows(&questions::event_bins(window))?.iter().for_each(|row| bars.add_events(row));
    case.snapshot.rows(&questions::finding_bins(window))?.iter().for_each(|row| bars.add_findings(row));
    let most = bars.most();
    let (events, findings) = bars.counts();
    let description = format!(
        "{} and {} in steps of {}; at most {} and {} in one step.",
        many(events, "event", "events"),
        many(findings, "finding", "findings"),
        window.step_name(),
        many(most.events, "event", "events"),
        many(most.findings, "finding", "findings")
    );
    Ok(html! {
        figure {
            figcaption { strong { (title) } " " (description) }
            (picture(&bars, window, most, &Height { events: 56.0, findings: 48.0 }, title, &description))
            (axis(window))
            (numbers(&bars, window))
        }
    })
}

/// Bars above and below a line, with lines at the ticks.
fn picture(
    bars: &Bars,
    window: &Window,
    most: Most,
    height: &Height,
    title: &str,
    description: &str,
) -> Markup {
    let line = height.events + 1.0;
    let whole = line + 1.0 + height.findings;
    html! {
        svg.strip width="100%" height=(whole) role="img" {
            title { (title) }
            desc { (description) }
            @for tick in window.ticks() {
                line.grid x1={ (percent(tick.at)) } x2={ (percent(tick.at)) } y1="0" y2=(whole) {}
            }
            @for (at, n) in &bars.events {
                (bar("events", window, *at, line - scaled(*n, most.events, height.events), scaled(*n, most.events, height.events),
                    &format!("{}: {}", step_at(*at), many(*n, "event", "events"))))
            }
            @for (at, counts) in &bars.findings { (stack(window, *at, counts, most.findings, line + 1.0, height.findings)) }
            line.base x1="0" x2="100%" y1=(line) y2=(line) {}
        }
    }
}

/// The findings of one step, gravest next to the line.
fn stack(window: &Window, at: i64, counts: &[u64; 5], most: u64, top: f64, height: f64) -> Markup {
    let mut y = top;
    html! {
        @for (level, n) in Level::ALL.iter().zip(counts).filter(|(_, n)| **n > 0) {
            @let tall = scaled(*n, most, height);
            (bar(level.as_str(), window, at, y, tall, &format!("{}: {} {}", step_at(at), number(*n), level.as_str())))
            @let () = y += tall;
        }
    }
}

fn bar(class: &str, window: &Window, at: i64, y: f64, height: f64, title: &str) -> Markup {
    let step = window.step_percent();
    let width = if step > 2.0 { step * FEW_BARS } else { step };
    html! {
        rect class=(class) x={ (percent(window.percent(at))) } width={ (percent(width)) } y={ (format!("{y:.1}")) }
            height={ (format!("{height:.1}")) } { title { (title) } }
    }
}

fn scaled(n: u64, most: u64, height: f64) -> f64 {
    if most == 0 { 0.0 } else { (n as f64 * height / most as f64).max(BAR_MIN) }
}

fn percent(value: f64) -> String {
    format!("{value:.3}%")
}

fn step_at(second: i64) -> String {
    words::second(&assize_model::Time(second.saturating_mul(1_000_000_000)).to_string())
}

/// Instants under a picture. Their text is as large as the page's, however narrow the picture.
pub(super) fn axis(window: &Window) -> Markup {
    html! {
        div.axis aria-hidden="true" {
            @for (nth, tick) in window.ticks().iter().enumerate().filter(|(_, tick)| tick.at <= LABEL_END) {
                span.odd[nth % 2 == 1].late[tick.at > 72.0] style={ "left:" (percent(tick.at)) } { (tick.label) }
            }
        }
    }
}

/// The steps with findings as a table, for readers and machines that see no picture.
fn numbers(bars: &Bars, window: &Window) -> Markup {
    let steps = bars.findings.len();
    html! {
        @if steps > 0 {
            details.numbers {
                summary { "The same in numbers" }
                div.wide { table {
                    caption { "Steps of " (window.step_name()) " that hold findings" }
                    thead { tr { th scope="col" { "From" } th.n scope="col" { "Events" } th.n scope="col" { "Findings" } th scope="col" { "By level" } } }
                    tbody {
                        @for (at, counts) in bars.findings.iter().take(STEPS_MAX) {
                            tr {
                                th scope="row" { (step_at(*at)) }
                                td.n { (number(bars.events.get(at).copied().unwrap_or(0))) }
                                td.n { (number(counts.iter().sum())) }
                                td { (words::levels(counts)) }
                            }
                        }
                    }
                } }
                (words::shown(steps.min(STEPS_MAX) as u64, steps as u64, "steps", "assize query \"SELECT date_trunc('hour', time) AS hour, level, count(*) FROM findings GROUP BY hour, level ORDER BY hour, level\""))
            }
        }
    }
}

/// The same window, host by host, all measured alike.
fn hosts(case: &Case<'_>, window: &Window) -> Result<Markup, OutputError> {
    let names = chosen(case)?;
    if names.is_empty() {
        return Ok(html! {});
    }
    let bars = bars_of(case, window, &names)?;
    let most = Most {
        events: bars.values().map(|bars| bars.most().events).max().unwrap_or(0),
        findings: bars.values().map(|bars| bars.most().findings).max().unwrap_or(0),
    };
    Ok(html! {
        figure.hosts {
            figcaption {
                strong { "Host by host." } " All on one scale: the highest bar stands for "
                (many(most.events, "event", "events")) " upward and " (many(most.findings, "finding", "findings"))
                " downward in one step of " (window.step_name()) "."
            }
            @for name in &names {
                @if let Some(bars) = bars.get(name) { (host(name, bars, window, most)) }
            }
            div.lane { span {} div { (axis(window)) } }
            (words::shown(names.len() as u64, case.events.hosts, "hosts",
                "assize query \"SELECT host, count(*) AS events FROM events GROUP BY host ORDER BY events DESC\""))
        }
    })
}

fn host(name: &str, bars: &Bars, window: &Window, most: Most) -> Markup {
    let (events, findings) = bars.counts();
    let description =
        format!("{}, {}", many(events, "event", "events"), many(findings, "finding", "findings"));
    html! {
        div.lane {
            p { strong { (words::said(name, 40)) } " " span.soft { (description) } }
            (picture(bars, window, most, &Height { events: 22.0, findings: 22.0 }, &crate::harmless::attribute(name), &description))
        }
    }
}

/// The hosts with the gravest findings; where there is room, those with most events.
fn chosen(case: &Case<'_>) -> Result<Vec<String>, OutputError> {
    let mut names: Vec<String> = case.hosts.iter().take(HOSTS_MAX).map(|host| host.name.clone()).collect();
    for row in case.snapshot.rows(questions::HOSTS)? {
        if names.len() < HOSTS_MAX && !names.iter().any(|name| name == row.text("name")) {
            names.push(row.text("name").to_owned());
        }
    }
    Ok(names)
}

fn bars_of(
    case: &Case<'_>,
    window: &Window,
    names: &[String],
) -> Result<BTreeMap<String, Bars>, OutputError> {
    let mut bars: BTreeMap<String, Bars> = names.iter().map(|name| (name.clone(), Bars::default())).collect();
    let events = questions::event_bins_of(window, names.iter().map(String::as_str));
    for row in case.snapshot.rows(&events)? {
        bars.entry(row.text("host").to_owned()).or_default().add_events(&row);
    }
    let findings = questions::finding_bins_of(window, names.iter().map(String::as_str));
    for row in case.snapshot.rows(&findings)? {
        bars.entry(row.text("host").to_owned()).or_default().add_findings(&row);
    }
    Ok(bars)
}

/// What has no place in the pictures.
fn no_place(case: &Case<'_>) -> Markup {
    let events = case.events.all.saturating_sub(case.events.timed);
    let findings = case.findings.all.saturating_sub(case.findings.timed);
    html! {
        @if events + findings > 0 {
            p.note {
                "Without a time, and therefore in no picture: " (many(events, "event", "events")) " and "
                (many(findings, "finding", "findings")) "."
            }
        }
    }
}
