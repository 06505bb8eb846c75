//! As what was each file read?

use assize_model::{OutputError, Row};
use maud::{Markup, html};

use super::facts::Case;
use super::words::{self, number};
use super::{Page, questions, unread};

/// Files shown.
const FILES_MAX: usize = 100;

/// The section.
pub(super) fn tell(case: &Case<'_>, page: &mut Page<'_>) -> Result<(), OutputError> {
    let files = case.files.number("files");
    if files == 0 {
        return page.put(html! { p { "No file was read." } });
    }
    let kinds = case.snapshot.rows(questions::READ_AS)?;
    page.put(table(
        "Files by format",
        "Files",
        &kinds,
        |row| html! { td.n { (number(row.number("files"))) } },
    ))?;
    let shown = case.snapshot.rows(&questions::readings(FILES_MAX))?;
    page.put(html! {
        details.in-print {
            summary { "File by file, those with something unread first" }
            (table("Files", "File", &shown, |row| html! { td.text { (unread::file(case, row)) } }))
            (words::shown(shown.len() as u64, files, "files",
                "assize query \"SELECT * FROM readings ORDER BY gaps DESC, exhibit\""))
        }
    })
}

/// Both tables show the same of a group of files and of one.
fn table(caption: &str, what: &str, rows: &[Row], cell: impl Fn(&Row) -> Markup) -> Markup {
    let numeric = what == "Files";
    html! {
        div.wide { table {
            caption { (caption) }
            thead { tr {
                th scope="col" { "Read as" } th scope="col" class=[numeric.then_some("n")] { (what) } th.n scope="col" { "Size" }
                th.n scope="col" { "Events" } th.n scope="col" { "Gaps" }
            } }
            tbody {
                @for row in rows {
                    tr {
                        th scope="row" { (format(row)) }
                        (cell(row))
                        td.n { (words::size(row.number("bytes"))) }
                        td.n { (number(row.number("events"))) }
                        td.n { (number(row.number("gaps"))) }
                    }
                }
            }
        } }
    }
}

fn format(row: &Row) -> Markup {
    let container = row.value("container").as_bool() == Some(true);
    html! {
        @match row.some_text("format") {
            Some(format) => (words::said(format, 60)),
            None if container => "container",
            None => strong { "not recognised" },
        }
        @if container && row.some_text("format").is_some() { " " span.soft { "(container)" } }
    }
}
