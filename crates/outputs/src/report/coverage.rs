//! Of what time do we have which log, and how whole?
//!
//! A line per host and source over the days of the evidence. How far each stretch of it can be
//! relied on is said by pattern, colour and word.

use assize_model::coverage::State;
use assize_model::{Coverage, HostName, OutputError, Row, Time};
use maud::{Markup, html};

use super::facts::Case;
use super::scale::Window;
use super::words::{self, instant, number};
use super::{Page, questions, timeline};

/// Lines in the picture.
const LINES_MAX: usize = 48;
/// Rows in the table.
const ROWS_MAX: usize = 200;
/// The rest.
const ALL: &str = "assize coverage";

/// The section.
pub(super) fn tell(case: &Case<'_>, page: &mut Page<'_>) -> Result<(), OutputError> {
    let mut logs: Vec<&Coverage> = case.run.coverage.iter().collect();
    logs.sort_by_key(|log| (log.host.is_none(), machine(log), &log.source, log.from, log.to));
    if logs.is_empty() {
        return page.put(html! { p { "There is no log of any host: nothing can be said about any time." } });
    }
    page.put(html! {
        p {
            "Each line is a log over the days of the evidence. Only where it is “complete” is no record missing; "
            "everywhere else nothing follows from silence. Why a stretch is in its state, and under which "
            "assumption, stands in the table."
        }
    })?;
    if let Some(window) = window(&logs) {
        page.put(figure(&logs, &window))?;
    }
    page.put(table(&logs))?;
    page.put(traces(&case.snapshot.rows(questions::TRACES)?))
}

/// By technique, whether it would have left a trace.
fn traces(rows: &[Row]) -> Markup {
    html! {
        @if !rows.is_empty() {
            details.in-print {
                summary { "Would it have left a trace?" }
                p {
                    "By technique, of the time of all machines together: how much of it a complete log would have shown "
                    "the technique, and how much a log that cannot be relied on, or of which nothing shows that it was set to hold "
                    "such acts. In the rest no log of them is there. Outside of “shown”, that none is seen says nothing. When and on which machine: "
                    (words::command("assize coverage --technique all"))
                }
                div.wide { table {
                    caption { "Techniques by the traces they would have left" }
                    thead { tr {
                        th scope="col" { "Technique" } th scope="col" { "What was done" } th scope="col" { "Seen as" }
                        th.n scope="col" { "Shown" } th.n scope="col" { "Not surely" } th.n scope="col" { "Machines with times of none" }
                    } }
                    tbody { @for row in rows { (trace(row)) } }
                } }
            }
        }
    }
}

fn trace(row: &Row) -> Markup {
    let of = row.number("of").max(1);
    // Rounded down: 99.6 % is not all of it.
    let percent = |column: &str| format!("{} %", row.number(column).saturating_mul(100) / of);
    html! {
        tr {
            th scope="row" { (words::said(row.text("technique"), 20)) }
            td { (words::said(row.text("says"), 80)) }
            td { (words::said(row.text("seen_as"), 20)) }
            td.n { (percent("yes")) }
            td.n { (percent("unsure")) }
            td.n { @if row.number("hosts") == 0 { "–" } @else { (number(row.number("blind"))) " of " (number(row.number("hosts"))) } }
        }
    }
}

/// The machine whose log it is, by whatever name.
fn machine(log: &Coverage) -> Option<HostName> {
    log.host.as_deref().and_then(HostName::of)
}

fn window(logs: &[&Coverage]) -> Option<Window> {
    let first = logs.iter().filter_map(|log| log.from).min()?;
    let last = logs.iter().filter_map(|log| log.to).max()?;
    Some(Window::over(first, last))
}

fn figure(logs: &[&Coverage], window: &Window) -> Markup {
    let lines: Vec<&[&Coverage]> =
        logs.chunk_by(|one, other| (machine(one), &one.source) == (machine(other), &other.source)).collect();
    let of = |log: &[&Coverage]| log.first().and_then(|log| machine(log));
    // A machine has several names in its logs: it is called by the longest.
    let name = |machine: &Option<HostName>| {
        let named = logs.iter().filter(|log| self::machine(log) == *machine);
        named.filter_map(|log| log.host.as_deref()).max_by_key(|name| name.len())
    };
    let named = lines.iter().enumerate().map(|(place, log)| {
        let begins = place == 0 || lines.get(place - 1).is_some_and(|before| of(before) != of(log));
        (begins.then(|| name(&of(log))), *log)
    });
    let named: Vec<(Option<Option<&str>>, &[&Coverage])> = named.collect();
    html! {
        figure.hosts {
            figcaption { strong { "Logs by host and source." } " " (legend()) }
            @for (host, log) in named.iter().take(LINES_MAX) {
                @if let Some(host) = host {
                    p.host { strong { (words::said_or(*host, "of the house, or host not stated")) } }
                }
                (lane(log, window))
            }
            div.lane { span {} div { (timeline::axis(window)) } }
            (words::shown(lines.len().min(LINES_MAX) as u64, lines.len() as u64, "logs", ALL))
        }
    }
}

fn legend() -> Markup {
    html! {
        span.legend {
            @for state in [State::Complete, State::Partial, State::Untrusted, State::None] {
                span.key {
                    svg width="22" height="10" aria-hidden="true" { rect.log.(state.as_str()) x="0.5" y="0.5" width="21" height="9" {} }
                    " " (state.as_str())
                }
            }
        }
    }
}

/// The gravest state of a log.
fn worst(log: &[&Coverage]) -> State {
    let gravest_first = [State::None, State::Untrusted, State::Partial];
    let has = |state: &State| log.iter().any(|stretch| stretch.state == *state);
    gravest_first.into_iter().find(has).unwrap_or(State::Complete)
}

fn lane(log: &[&Coverage], window: &Window) -> Markup {
    let source = log.first().map_or("", |log| log.source.as_str());
    let stretch =
        |one: &&Coverage| format!("{} from {} to {}", one.state.as_str(), told(one.from), told(one.to));
    let records: u64 = log.iter().map(|one| one.events).sum();
    let stretches: Vec<String> = log.iter().map(stretch).collect();
    let description = format!("{} records; {}", number(records), stretches.join("; "));
    let state = match worst(log) {
        State::Complete => "complete".to_owned(),
        worst if log.iter().all(|one| one.state == worst) => worst.as_str().to_owned(),
        worst => format!("{} in part", worst.as_str()),
    };
    html! {
        div.lane {
            p { (words::said(source, 80)) " " span.soft { (state) } }
            svg.strip width="100%" height="16" role="img" {
                title { (crate::harmless::attribute(source)) }
                desc { (description) }
                @for tick in window.ticks() {
                    line.grid x1={ (format!("{:.3}%", tick.at)) } x2={ (format!("{:.3}%", tick.at)) } y1="0" y2="16" {}
                }
                @for stretch in log { (bar(stretch, window)) }
            }
        }
    }
}

fn bar(log: &Coverage, window: &Window) -> Markup {
    let class = log.state.as_str();
    let (Some(from), Some(to)) = (log.from, log.to) else {
        return html! { text.soft x="0" y="12" { "no record states a time" } };
    };
    let (start, end) = (window.percent_of(from), window.percent_of(to));
    html! {
        rect.log.(class) x={ (format!("{start:.3}%")) } y="3" width={ (format!("{:.3}%", (end - start).max(0.0))) } height="10" {}
        // A single record is a moment: still to be seen.
        rect.log.(class) x={ (format!("{:.3}%", start.min(99.6))) } y="3" width="3" height="10" {}
    }
}

fn told(time: Option<Time>) -> String {
    time.map_or_else(|| "no time".to_owned(), |time| words::second(&time.to_string()))
}

fn table(logs: &[&Coverage]) -> Markup {
    html! {
        details.in-print {
            summary { "Every log with the reason for its state" }
            div.wide { table {
                caption { "Logs by host and source" }
                thead { tr {
                    th scope="col" { "Host" } th scope="col" { "Source" } th scope="col" { "From" } th scope="col" { "To" }
                    th.n scope="col" { "Records" } th scope="col" { "State" } th scope="col" { "Cause" } th scope="col" { "Because" }
                } }
                tbody { @for log in logs.iter().take(ROWS_MAX) { (row(log)) } }
            } }
            (words::shown(logs.len().min(ROWS_MAX) as u64, logs.len() as u64, "logs", ALL))
        }
    }
}

fn row(log: &Coverage) -> Markup {
    html! {
        tr {
            th scope="row" { (words::said_or(log.host.as_deref(), "not stated")) }
            td { (words::said(&log.source, 60)) }
            td.t { (instant(log.from)) }
            td.t { (instant(log.to)) }
            td.n { (number(log.events)) }
            td { (log.state.as_str()) }
            td { @match log.cause { Some(cause) => (cause.as_str()), None => span.none { "–" } } }
            td.text { (words::said(&log.because, 240)) }
        }
    }
}
