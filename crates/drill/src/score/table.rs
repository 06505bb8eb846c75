//! What do the figures mean, for a person?
//!
//! A figure that only looks good because nothing was said is not printed: a dash stands there, and
//! why. There is no total and no praise.

use super::Score;
use super::exposures::{Bounds, Subjects};

/// A line: name of the figure, its value, what it means.
type Figure = (&'static str, String, &'static str);

/// Lines under one heading, with what has to be known before they are read.
struct Section {
    title: &'static str,
    remark: Option<&'static str>,
    figures: Vec<Figure>,
}

/// Stands for a figure that nothing can be read from.
const DASH: &str = "–";

pub(super) fn table(score: &Score) -> String {
    let sections = [
        holdings("Holdings", &score.holdings, score),
        holdings("Items", &score.items, score),
        subjects(score),
        sessions(score),
        incidents(score),
        coverage(score),
        unregistered(score),
        assumptions(score),
    ];
    let figures = || sections.iter().flat_map(|section| &section.figures);
    let width = |of: fn(&Figure) -> usize| figures().map(of).max().unwrap_or(0);
    let (names, values) = (width(|f| f.0.chars().count()), width(|f| f.1.chars().count()));
    let mut text = summary(score);
    for section in &sections {
        text.push_str(&format!("\n{}\n", section.title));
        if let Some(remark) = section.remark {
            text.push_str(&format!("  {remark}\n"));
        }
        for (name, value, meaning) in &section.figures {
            text.push_str(&format!("  {name:<names$}  {value:>values$}  {meaning}\n"));
        }
    }
    text
}

/// What has to be known first: what is missing, and which errors do harm.
fn summary(score: &Score) -> String {
    let mut text = String::new();
    if score.rows.values().all(|rows| rows.read == 0) {
        text.push_str("This answer says nothing. Whatever happened counts as not known; nothing below is to its credit.\n");
    }
    if !score.not_claimed.is_empty() {
        text.push_str(&format!("Not claimed: {}.\n", score.not_claimed.join(", ")));
    }
    let repeated: u64 = score.rows.values().map(|rows| rows.repeated).sum();
    let unsound = |bounds: &Bounds| bounds.soundness.of - bounds.soundness.n - bounds.missing;
    let harms = [
        (score.holdings.over_claims + score.items.over_claims, "claims that more was reached than was"),
        (unsound(&score.holdings) + unsound(&score.items), "intervals that do not hold the truth"),
        (score.subjects.missed, "subjects who must be told and would not be"),
        (score.sessions.cleared_wrong, "sessions of the intruder that are cleared"),
        (score.sessions.proven_wrong, "sessions proven the intruder's that are not his"),
        (score.coverage.too_good, "days of logs called complete that are not"),
        (repeated, "rows that repeat another word for word"),
    ];
    for (count, what) in harms.iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!("{count} {what}.\n"));
    }
    if text.is_empty() {
        text.push_str("No harmful error. How much this answer knows, the figures say.\n");
    }
    text
}

/// The value, or a dash where nothing was said that it could count.
fn said(value: u64, silent: bool) -> String {
    if silent { DASH.into() } else { value.to_string() }
}

/// Why the figures of a part say little.
fn remark(part: &str, score: &Score) -> Option<&'static str> {
    if score.not_claimed.contains(&part) {
        return Some("not claimed: the answer has no such part");
    }
    let empty = score.rows.get(part).is_none_or(|rows| rows.read == 0);
    empty.then_some("the answer has this part and says nothing in it")
}

fn holdings(title: &'static str, bounds: &Bounds, score: &Score) -> Section {
    let things = bounds.touched.n + bounds.untouched.n;
    let silent = bounds.missing == things && bounds.unknown == 0;
    let of = |n: u64, of: u64| format!("{n} of {of}");
    let nothing = silent.then_some("the answer has no rows of this kind");
    Section {
        title,
        remark: remark("exposures", score).or(nothing),
        figures: vec![
            ("over_claims", said(bounds.over_claims, silent), "more is established than happened"),
            (
                "soundness",
                bounds.soundness.to_string(),
                "share whose truth lies in its interval; no row is outside",
            ),
            ("touched", bounds.touched.n.to_string(), "the intruder got something of these"),
            (
                "touched.exact",
                bounds.touched.exact.to_string(),
                "share of them of which just that is established",
            ),
            ("untouched", bounds.untouched.n.to_string(), "he got nothing of these"),
            (
                "untouched.excluded",
                bounds.untouched.excluded.to_string(),
                "share of them of which everything is excluded",
            ),
            (
                "mean_width",
                bounds.mean_width.to_string(),
                "grades between the bounds; 0 is exact, 4 says nothing",
            ),
            ("missing", of(bounds.missing, things), "without a row"),
            ("contradicting", said(bounds.contradicting, silent), "with rows that contradict each other"),
            ("unknown", said(bounds.unknown, silent), "named by the answer and not in the truth"),
        ],
    }
}

fn subjects(score: &Score) -> Section {
    let silent = remark("exposures", score).is_some();
    let figures = |subjects: &Subjects, names: [&'static str; 3]| {
        let [right, needless, missed] = names;
        vec![
            (right, subjects.right.to_string(), "told, and must be"),
            (needless, said(subjects.needless, silent), "told without need"),
            (missed, subjects.missed.to_string(), "must be told and are not"),
        ]
    };
    let mut all = figures(&score.subjects, ["right", "needless", "missed"]);
    let names = ["established.right", "established.needless", "established.missed"];
    all.extend(figures(&score.subjects_established, names));
    Section {
        title: "Subjects (told if opening is not excluded; below, told only if it is established)",
        remark: remark("exposures", score),
        figures: all,
    }
}

fn sessions(score: &Score) -> Section {
    let (sessions, remark) = (&score.sessions, remark("sessions", score));
    let silent = remark.is_some();
    Section {
        title: "Sessions",
        remark,
        figures: vec![
            ("n", sessions.n.to_string(), "sessions there were"),
            ("intruder", sessions.intruder.to_string(), "of these the intruder's"),
            (
                "proven_wrong",
                said(sessions.proven_wrong, silent),
                "proven the intruder's: the owner's, or never was",
            ),
            ("cleared_wrong", said(sessions.cleared_wrong, silent), "the intruder's, and cleared"),
            ("precision", sessions.precision.to_string(), "share of those proven that are his"),
            ("recall", sessions.recall.to_string(), "share of his that are proven"),
            ("undetermined", sessions.undetermined.to_string(), "told and left open"),
            ("missing", sessions.missing.to_string(), "not told at all"),
            ("unmatched", said(sessions.unmatched, silent), "rows that are no session, or one told already"),
        ],
    }
}

fn incidents(score: &Score) -> Section {
    let (incidents, steps, first_last) = (&score.incidents, &score.steps, &score.first_last);
    let remark = remark("incidents", score);
    let silent = remark.is_some();
    Section {
        title: "Incidents",
        remark,
        figures: vec![
            ("n", incidents.n.to_string(), "incidents there were"),
            ("found", incidents.found.to_string(), "of these told, and mostly truly"),
            ("merged_wrong", said(incidents.merged_wrong, silent), "told as one, and several"),
            ("split", said(incidents.split, silent), "one, and told as several"),
            ("false", said(incidents.untrue, silent), "told, and none"),
            ("first_last.bounded", first_last.bounded.to_string(), "beginning and end lie in their bounds"),
            (
                "first_last.slack",
                first_last.mean_slack_hours.to_string(),
                "mean hours by which the first bound is early",
            ),
            ("steps", steps.n.to_string(), "steps there were"),
            ("steps.found", steps.found.to_string(), "of these told"),
            ("steps.false", said(steps.untrue, silent), "told, and none"),
            (
                "steps.outcome_wrong",
                said(steps.outcome_wrong, silent),
                "success told as failure, or failure as success",
            ),
        ],
    }
}

fn coverage(score: &Score) -> Section {
    let (coverage, remark) = (&score.coverage, remark("coverage", score));
    let silent = remark.is_some();
    Section {
        title: "Coverage",
        remark,
        figures: vec![
            ("days", coverage.days.to_string(), "source × host × date"),
            ("wrong", coverage.wrong.to_string(), "said to be in another state, or not said"),
            ("missing", coverage.missing.to_string(), "of the wrong ones not said"),
            ("too_good", said(coverage.too_good, silent), "of the wrong ones called complete"),
            ("cause_wrong", said(coverage.cause_wrong, silent), "state right, a cause told that is none"),
            ("cause_untold", said(coverage.cause_untold, silent), "state right, a cause not told"),
            ("unknown", said(coverage.unknown, silent), "said of logs that the truth does not know that day"),
        ],
    }
}

fn unregistered(score: &Score) -> Section {
    let unregistered = &score.unregistered;
    Section {
        title: "Items that the register does not know (no answer can name them; in no other figure)",
        remark: None,
        figures: vec![
            ("n", unregistered.n.to_string(), "items"),
            ("touched", unregistered.touched.to_string(), "the intruder got something of these"),
        ],
    }
}

fn assumptions(score: &Score) -> Section {
    let broken = &score.broken_assumptions;
    Section {
        title: "Assumptions that do not hold in this world",
        remark: None,
        figures: vec![
            ("n", broken.n.to_string(), "assumptions"),
            ("printed", broken.printed.to_string(), "of these printed by the answer"),
            (
                "holdings",
                broken.holdings.to_string(),
                "bound too low under one that is printed; not in soundness",
            ),
            ("items", broken.items.to_string(), "bound too low under one that is printed; not in soundness"),
            ("sessions", broken.sessions.to_string(), "the intruder's, cleared under one that is printed"),
        ],
    }
}
