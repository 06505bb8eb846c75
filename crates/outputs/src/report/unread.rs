//! What could not be read, where does it lie, and why?

use assize_model::{OutputError, Row};
use maud::{Markup, html};

use super::facts::Case;
use super::words::{self, number};
use super::{Page, questions};

/// Gaps shown of each cause.
const EACH_MAX: usize = 20;
/// Gaps shown altogether.
const GAPS_MAX: usize = 200;

/// The section.
pub(super) fn tell(case: &Case<'_>, page: &mut Page<'_>) -> Result<(), OutputError> {
    let all = case.gaps.number("gaps");
    if all == 0 {
        return page.put(html! { p { "No gap was met while reading." } });
    }
    page.put(causes(&case.gap_causes))?;
    let gaps = case.snapshot.rows(&questions::gaps(EACH_MAX, GAPS_MAX))?;
    page.put(html! {
        div.wide { table {
            caption { "Gaps, at most " (EACH_MAX) " of each cause" }
            thead { tr {
                th scope="col" { "Cause" } th scope="col" { "File" } th.n scope="col" { "Offset" } th.n scope="col" { "Bytes" }
                th scope="col" { "What was met" } th scope="col" { "Gap" }
            } }
            tbody { @for gap in &gaps { (row(case, gap)) } }
        } }
        (words::shown(gaps.len() as u64, all, "gaps", "assize query \"SELECT * FROM gaps ORDER BY cause, exhibit, id\""))
    })
}

fn causes(causes: &[Row]) -> Markup {
    html! {
        div.wide { table.narrow {
            caption { "Gaps by cause" }
            thead { tr { th scope="col" { "Cause" } th.n scope="col" { "Gaps" } th.n scope="col" { "Exhibits" } th.n scope="col" { "Known extent" } } }
            tbody {
                @for cause in causes {
                    tr {
                        th scope="row" { (words::said(cause.text("cause"), 40)) }
                        td.n { (number(cause.number("gaps"))) }
                        td.n { (number(cause.number("exhibits"))) }
                        td.n { (extent(cause.number("bytes"), words::size)) }
                    }
                }
            }
        } }
    }
}

fn row(case: &Case<'_>, gap: &Row) -> Markup {
    html! {
        tr {
            td.t { (words::said(gap.text("cause"), 40)) }
            th.text scope="row" { (file(case, gap)) }
            td.n { (number(gap.number("offset"))) }
            td.n { (extent(gap.number("length"), number)) }
            td.text { (words::said(gap.text("detail"), 240)) }
            td { (words::id(gap.text("id"))) }
        }
    }
}

/// A length of 0 means that nobody knows where the gap ends.
fn extent(bytes: u64, told: impl Fn(u64) -> String) -> Markup {
    html! { @if bytes == 0 { span.none { "not known" } } @else { (told(bytes)) } }
}

/// Path of the exhibit, and of the member inside it.
pub(super) fn file(case: &Case<'_>, row: &Row) -> Markup {
    let exhibit = row.text("exhibit");
    html! {
        @match case.path(exhibit) {
            Some(path) => (words::said(path, words::CELL_CHARACTERS)),
            None => (words::id(exhibit)),
        }
        @if let Some(member) = row.some_text("member") {
            " " span.soft { "›" } " " (words::said(member, words::CELL_CHARACTERS))
        }
    }
}
