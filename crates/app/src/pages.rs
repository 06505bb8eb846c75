//! What does the documentation say of each format? Pages that are made of the formats' own cards.
//!
//! `assize formats pages DIR` writes them; a test holds those in `docs/generated/formats` to what it would
//! write. How much of the spine is filled is measured on somebody's evidence, and stands on a page of its own.

use std::collections::BTreeMap;
use std::fmt::Write;

use assize_case::formats;
use assize_case::model::Format;
use assize_case::{Fill, MEASURED};

/// Name and text of every page but that of the measured one.
pub fn all() -> Vec<(String, String)> {
    let page = |format: &&dyn Format| (format!("{}.md", format.card().name), page(*format));
    let mut pages: Vec<_> = formats::ALL.iter().map(page).collect();
    pages.push(("README.md".to_owned(), index()));
    pages
}

fn index() -> String {
    let mut text = "# Formats\n\nWhat is read, one page each. Written by `assize formats pages`; \
                    [fill.md](fill.md) says how much of the spine each fills.\n\n\
                    | format | what | family | proved on |\n|---|---|---|---|\n"
        .to_owned();
    for format in formats::ALL {
        let card = format.card();
        let mut proofs: Vec<&str> = format.proof().iter().map(|(_, proof)| *proof).collect();
        proofs.sort_unstable();
        proofs.dedup();
        let family = format.family();
        let _ = writeln!(
            text,
            "| [{name}]({name}.md) | {} | {family} | {} |",
            card.title,
            proofs.join(", "),
            name = card.name
        );
    }
    text
}

fn page(format: &dyn Format) -> String {
    let card = format.card();
    let mut text = format!(
        "# {}\n\n`{}`, family {}, version {}\n\n{}\n\n## Example\n\n```\n{}\n```\n\n## Proved on\n\n\
         | operation | proof |\n|---|---|\n",
        card.title,
        card.name,
        format.family(),
        card.version,
        card.doc.trim(),
        card.example.trim_end()
    );
    for (operation, proof) in format.proof() {
        let _ = writeln!(text, "| {operation} | {proof} |");
    }
    text.push_str(
        "\n`real`: data of a real system that we did not write · `server-made`: lines of a real server run in \
         our tests · `vendor-sample`: a vendor's own example · `unproven`: nothing yet\n\n## See\n\n",
    );
    card.links.iter().for_each(|link| text.extend(["- <", link, ">\n"]));
    text
}

/// Where the measured page stands.
pub const FILL: &str = "fill.md";

/// The page of what was measured.
pub fn fill(measured: &BTreeMap<String, Fill>) -> String {
    let mut text = "# How much of the spine is filled\n\nPercent of a format's events in which a column says \
                    something (`other` and `unknown` say nothing), measured by `assize formats pages DIR --measure \
                    CORPUS` on public sets that are not ours. What a source does not record stays empty: an empty \
                    column is no defect of the reader.\n\n| format | files | events | gaps |"
        .to_owned();
    MEASURED.iter().for_each(|name| text.extend([" ", name, " |"]));
    text.push_str("\n|---|--:|--:|--:|");
    text.push_str(&"--:|".repeat(MEASURED.len()));
    text.push('\n');
    for (name, fill) in measured.iter().filter(|(_, fill)| fill.events > 0) {
        let _ = write!(text, "| {name} | {} | {} | {} |", fill.files, fill.events, fill.gaps);
        for filled in &fill.filled {
            let percent = (filled * 100 + fill.events / 2) / fill.events;
            let shown = if *filled > 0 && percent == 0 { "<1".to_owned() } else { percent.to_string() };
            let _ = write!(text, " {shown} |");
        }
        text.push('\n');
    }
    text
}
