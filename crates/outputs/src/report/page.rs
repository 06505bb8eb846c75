//! What stands around the sections: head, style, contents, foot?

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::facts::Case;
use super::{SECTIONS, Section, words};
use crate::harmless;

/// Nothing is loaded and nothing runs, whatever the evidence says: the style inside the page and
/// pictures inside it are all that a browser may use.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("style.css");

/// Everything up to the first screen.
pub(super) fn head(case: &Case<'_>) -> Markup {
    let run = case.run;
    html! {
        (DOCTYPE)
        (PreEscaped("<html lang=\"en\">"))
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(POLICY);
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer";
            meta name="robots" content="noindex, nofollow";
            title { (harmless::attribute(&run.case)) " – Assize report" }
            style { (PreEscaped(STYLE)) (PreEscaped(paper(&run.handling, &run.case))) }
        }
        (PreEscaped("<body>"))
        (patterns())
        a.skip href="#first" { "Skip to the summary" }
        (masthead(case))
        (PreEscaped("<div class=\"frame\">"))
        (contents())
        (PreEscaped("<main>"))
    }
}

fn masthead(case: &Case<'_>) -> Markup {
    let run = case.run;
    html! {
        header {
            p.kicker { "Report of a breach inquiry" }
            p.handling { (words::said(&run.handling, 40)) }
            h1 { (words::said(&run.case, 120)) }
            p.made {
                "Made " (words::said(&words::second(&run.made_at), 40)) " UTC by " (words::said(&run.tool, 60))
                ". All times are UTC."
            }
        }
    }
}

fn contents() -> Markup {
    html! {
        nav aria-label="Contents" {
            ol {
                @for section in SECTIONS {
                    li { a href={ "#" (section.id) } { (section.title) } }
                }
            }
        }
    }
}

/// The heading of a section and its frame.
pub(super) fn begin(number: usize, section: &Section) -> Markup {
    html! {
        (PreEscaped(format!("<section id=\"{0}\" aria-labelledby=\"{0}-title\">", section.id)))
        h2 id={ (section.id) "-title" } { span.nr { (number) } " " (section.title) }
    }
}

/// The end of a section.
pub(super) fn end() -> Markup {
    PreEscaped("</section>".to_owned())
}

/// Everything behind the last section.
pub(super) fn foot(case: &Case<'_>) -> Markup {
    html! {
        (PreEscaped("</main></div>"))
        footer {
            p {
                (words::said(&case.run.handling, 40)) " · " (words::said(&case.run.case, 120)) " · "
                (words::said(&case.run.tool, 60))
            }
            p { "This page loads nothing and runs nothing. On paper, records that are closed on the screen stay closed." }
        }
        (PreEscaped("</body></html>\n"))
    }
}

/// Handling mark, case and page number in the margin of every sheet.
fn paper(handling: &str, case: &str) -> String {
    let short = |text: &str| harmless::css_string(&harmless::attribute(text));
    format!("@page{{@top-left{{content:{}}}@top-right{{content:{}}}}}", short(case), short(handling))
}

/// Fills that tell states apart without colour; every picture of the page refers to them.
fn patterns() -> Markup {
    html! {
        svg.patterns width="0" height="0" aria-hidden="true" focusable="false" {
            defs {
                pattern id="fill-partial" width="6" height="6" patternUnits="userSpaceOnUse"
                    patternTransform="rotate(45)" {
                    rect class="ground" width="6" height="6" {}
                    rect class="stroke" width="3" height="6" {}
                }
                pattern id="fill-untrusted" width="5" height="5" patternUnits="userSpaceOnUse" {
                    rect class="ground" width="5" height="5" {}
                    circle class="stroke" cx="2.5" cy="2.5" r="1.4" {}
                }
            }
        }
    }
}
