//! Which hosts and accounts do the rules speak of most?
//!
//! Names as the records have them: whether two names are one machine or one person is not decided
//! here. To be named is not to be guilty.

use assize_model::OutputError;
use maud::{Markup, html};

use super::Page;
use super::facts::{Affected, Case};
use super::words::{self, instant, number};

/// The section.
pub(super) fn tell(case: &Case<'_>, page: &mut Page<'_>) -> Result<(), OutputError> {
    let findings = &case.findings;
    if findings.all == 0 {
        return page.put(html! { p { "No finding names a host or an account." } });
    }
    page.put(html! {
        p {
            "Names as the records have them, those with the gravest findings first. An account that a finding "
            "names may be the intruder’s means or his victim."
        }
    })?;
    page.put(table("Hosts", &case.hosts, findings.hosts, findings.without_host, "host"))?;
    page.put(table("Accounts", &case.accounts, findings.accounts, findings.without_account, "actor"))
}

fn table(title: &str, affected: &[Affected], all: u64, nameless: u64, column: &str) -> Markup {
    let rest = format!(
        "assize query \"SELECT {column}, level, count(*) AS findings FROM findings GROUP BY {column}, level ORDER BY findings DESC, {column}, level\""
    );
    html! {
        div.wide { table {
            caption { (title) " by findings" }
            thead { tr {
                th scope="col" { (title.trim_end_matches('s')) } th.n scope="col" { "Findings" } th.n scope="col" { "Rules" }
                th scope="col" { "By level" } th scope="col" { "First" } th scope="col" { "Last" }
            } }
            tbody { @for one in affected { (row(one)) } }
        } }
        (words::shown(affected.len() as u64, all, &title.to_lowercase(), &rest))
        @if nameless > 0 { p.note { (words::many(nameless, "finding names", "findings name")) " none." } }
    }
}

fn row(one: &Affected) -> Markup {
    html! {
        tr {
            th scope="row" { (words::said(&one.name, 80)) }
            td.n { (number(one.findings)) }
            td.n { (number(one.rules)) }
            td { (words::levels(&one.by_level)) }
            td.t { (instant(one.first)) }
            td.t { (instant(one.last)) }
        }
    }
}
