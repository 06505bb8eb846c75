//! Does the score praise knowing, and punish every way of seeming to know?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests write the answers they score.

use std::fs;
use std::path::Path;

use assize_drill::court::Size;
use assize_drill::make::{FIRST_DAY, Options, make};
use assize_drill::moment::{DAY, HOUR, MINUTE, Moment, SECOND};
use assize_drill::score::answer::{Clock, Exposure, Step, Verdict};
use assize_drill::score::{Answers, Grade, Interval, Ratio, Score, State, Truth, fact, score};
use assize_drill::story::Scenario;
use proptest::prelude::*;
use serde_json::Value;

const GRADES: [Grade; 5] = [Grade::None, Grade::Listed, Grade::Opened, Grade::Collected, Grade::Left];

fn at(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

/// A small world: three holdings of four items, one of them touched at each grade; the intruder
/// and the owner of one account side by side; two incidents; a log that was cleared.
fn truth() -> Truth {
    let begin = at("2026-09-14T08:00:00Z");
    let mut truth = Truth::default();
    for (holding, item) in (0..3).flat_map(|holding| (0..4).map(move |item| (holding, item))) {
        truth.items.push(fact::Item {
            holding: format!("H-000{holding}"),
            item: Some(format!("M-{holding}{item}")),
            subjects: vec![format!("CT-P-{holding}{item}")],
            name_is_sensitive: false,
            registered: true,
        });
    }
    for (item, grade) in [("M-00", Grade::Left), ("M-01", Grade::Opened), ("M-10", Grade::Listed)] {
        truth.access.push(fact::Access {
            incident: if grade == Grade::Listed { "second" } else { "first" }.into(),
            holding: format!("H-000{}", &item[2..3]),
            item: Some(item.into()),
            subjects: vec![format!("CT-P-{}", &item[2..])],
            grade,
            time: begin + HOUR,
        });
    }
    for person in 0..6 {
        let from = begin + person * 20 * MINUTE;
        truth.sessions.push(session(person, from, from + 8 * HOUR, false));
    }
    truth.sessions.push(session(0, begin + HOUR, begin + 2 * HOUR, true));
    truth.sessions.push(session(3, begin + 3 * HOUR, begin + 4 * HOUR, true));
    let techniques = ["T1566.001", "T1059.001", "T1021.002", "T1041"];
    for (number, technique) in techniques.iter().enumerate() {
        let time = begin + HOUR + number as i64 * 10 * MINUTE;
        truth.steps.push(step("first", time, technique, "fs-01", number != 2));
    }
    truth.steps.push(step("second", begin + 3 * HOUR, "T1078", "ws-003", true));
    for (number, state) in [(0, State::Complete), (1, State::Partial), (2, State::None)] {
        let from = begin.midnight() + number * 10 * DAY;
        truth.coverage.push(fact::Coverage {
            source: "windows/Security".into(),
            host: Some("fs-01".into()),
            from,
            to: from + 10 * DAY,
            state,
            cause: None,
        });
    }
    truth
}

fn session(person: i64, from: Moment, to: Moment, intruder: bool) -> fact::Session {
    let (account, host) = (format!("COURT\\person{person}"), Some(format!("WS-00{person}.court.example")));
    fact::Session { account, host, from, to, intruder }
}

fn step(incident: &str, time: Moment, technique: &str, host: &str, succeeded: bool) -> fact::Step {
    fact::Step {
        incident: incident.into(),
        time,
        technique: technique.into(),
        host: Some(host.into()),
        account: None,
        succeeded,
    }
}

fn perfect() -> Answers {
    Answers::perfect(&truth())
}

/// The perfect answer with its exposures changed.
fn with_exposures(change: impl FnOnce(&mut Vec<Exposure>)) -> Score {
    let mut answers = perfect();
    change(answers.exposures.as_mut().unwrap());
    score(&answers, &truth())
}

fn every(interval: Interval) -> Score {
    with_exposures(|rows| rows.iter_mut().for_each(|row| row.interval = interval))
}

fn of(established: Grade, not_excluded: Grade) -> Interval {
    Interval::of(established, not_excluded).unwrap()
}

fn share(ratio: Ratio) -> f64 {
    ratio.n as f64 / ratio.of as f64
}

type Figures = Vec<(&'static str, f64)>;

/// Figures where more is better, and figures where less is better.
fn figures(score: &Score) -> (Figures, Figures) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (bounds, names) in [
        (
            &score.holdings,
            ["h.soundness", "h.exact", "h.excluded", "h.over", "h.width", "h.missing", "h.contra"],
        ),
        (
            &score.items,
            ["i.soundness", "i.exact", "i.excluded", "i.over", "i.width", "i.missing", "i.contra"],
        ),
    ] {
        good.push((names[0], share(bounds.soundness)));
        good.push((names[1], share(bounds.touched.exact)));
        good.push((names[2], share(bounds.untouched.excluded)));
        bad.push((names[3], bounds.over_claims as f64));
        bad.push((names[4], share(bounds.mean_width)));
        bad.push((names[5], bounds.missing as f64));
        bad.push((names[6], (bounds.contradicting + bounds.unknown) as f64));
    }
    let sessions = &score.sessions;
    // No proof at all has no precision: it is not better than a bad one.
    good.push(("precision", if sessions.precision.of == 0 { 0.0 } else { share(sessions.precision) }));
    good.push(("recall", share(sessions.recall)));
    bad.push(("proven_wrong", sessions.proven_wrong as f64));
    bad.push(("cleared_wrong", sessions.cleared_wrong as f64));
    bad.push(("undetermined", sessions.undetermined as f64));
    bad.push(("sessions.missing", sessions.missing as f64));
    bad.push(("unmatched", sessions.unmatched as f64));
    good.push(("found", score.incidents.found as f64));
    bad.push((
        "merged",
        (score.incidents.merged_wrong + score.incidents.split + score.incidents.untrue) as f64,
    ));
    good.push(("bounded", score.first_last.bounded as f64));
    good.push(("steps", score.steps.found as f64));
    bad.push(("steps.false", (score.steps.untrue + score.steps.outcome_wrong) as f64));
    bad.push((
        "coverage",
        (score.coverage.wrong
            + score.coverage.cause_wrong
            + score.coverage.cause_untold
            + score.coverage.unknown) as f64,
    ));
    bad.push(("coverage.too_good", score.coverage.too_good as f64));
    for (subjects, names) in [
        (&score.subjects, ["right", "needless", "missed"]),
        (&score.subjects_established, ["e.right", "e.needless", "e.missed"]),
    ] {
        good.push((names[0], subjects.right as f64));
        bad.push((names[1], subjects.needless as f64));
        bad.push((names[2], subjects.missed as f64));
    }
    bad.push(("repeated", score.rows.values().map(|rows| rows.repeated).sum::<u64>() as f64));
    (good, bad)
}

/// Names of the figures in which the answer is worse than the perfect one. Better it is in none.
fn worse(answer: &Score) -> Vec<&'static str> {
    let ((best_good, best_bad), (good, bad)) = (figures(&score(&perfect(), &truth())), figures(answer));
    let mut worse = Vec::new();
    for ((name, best), (_, value)) in best_good.iter().zip(&good) {
        assert!(value <= best, "{name}: {value} beats the perfect {best}");
        worse.extend((value < best).then_some(*name));
    }
    for ((name, best), (_, value)) in best_bad.iter().zip(&bad) {
        assert!(value >= best, "{name}: {value} beats the perfect {best}");
        worse.extend((value > best).then_some(*name));
    }
    worse
}

fn assert_worse(answer: &Score, names: &[&str]) {
    let worse = worse(answer);
    for name in names {
        assert!(worse.contains(name), "{name} is not worse; worse are {worse:?}\n{}", answer.table());
    }
}

#[test]
fn the_perfect_answer_is_perfect_in_every_figure() {
    let score = score(&perfect(), &truth());
    let (good, bad) = figures(&score);
    for (name, value) in bad {
        assert_eq!(value, 0.0, "{name}\n{}", score.table());
    }
    assert!(good.iter().all(|(_, value)| *value >= 1.0), "{good:?}");
    assert_eq!((score.holdings.touched.n, score.holdings.untouched.n), (2, 1));
    assert_eq!((score.items.touched.n, score.items.untouched.n), (3, 9));
    assert_eq!((score.sessions.n, score.sessions.intruder), (8, 2));
    assert_eq!((score.incidents.n, score.incidents.found, score.first_last.bounded), (2, 2, 2));
    assert_eq!((score.steps.n, score.steps.found), (5, 5));
    assert_eq!(score.coverage.days, 30);
    assert_eq!((score.subjects.right, score.subjects_established.right), (2, 2));
    assert_eq!(score.not_claimed, Vec::<&str>::new());
    assert!(score.table().starts_with("No harmful error."), "{}", score.table());
}

#[test]
fn an_empty_answer_is_worse_wherever_something_could_be_known() {
    let parts = [
        "h.soundness",
        "h.exact",
        "h.excluded",
        "h.width",
        "h.missing",
        "i.soundness",
        "i.exact",
        "i.excluded",
        "i.width",
        "precision",
        "recall",
        "sessions.missing",
        "found",
        "bounded",
        "steps",
        "coverage",
        "right",
        "missed",
        "e.right",
        "e.missed",
    ];
    let missing = score(&Answers::default(), &truth());
    assert_worse(&missing, &parts);
    assert_eq!(missing.not_claimed, ["sessions", "incidents", "coverage", "exposures"]);
    let empty = Answers {
        sessions: Some(vec![]),
        incidents: Some(vec![]),
        coverage: Some(vec![]),
        exposures: Some(vec![]),
        clocks: None,
    };
    let empty = score(&empty, &truth());
    assert_worse(&empty, &parts);
    assert_eq!(empty.not_claimed, Vec::<&str>::new());
    for table in [missing.table(), empty.table()] {
        assert!(table.starts_with("This answer says nothing."), "{table}");
        assert!(!table.contains("No harmful error"), "{table}");
        let line = |name: &str| table.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        for vacuous in ["over_claims", "proven_wrong", "cleared_wrong", "needless", "too_good"] {
            assert!(line(vacuous).contains('–'), "{}", line(vacuous));
        }
    }
}

#[test]
fn a_maximal_answer_is_sound_and_useless() {
    let nothing_excluded = every(of(Grade::None, Grade::Left));
    assert!(nothing_excluded.holdings.soundness.is_whole(), "it is true");
    assert_worse(
        &nothing_excluded,
        &["h.exact", "h.excluded", "h.width", "i.exact", "i.excluded", "i.width"],
    );
    assert_worse(&nothing_excluded, &["needless", "e.right", "e.missed"]);
    assert_eq!(nothing_excluded.holdings.mean_width.to_string(), "4.0000");

    let all_left = every(Interval::point(Grade::Left));
    assert_worse(
        &all_left,
        &["h.soundness", "h.over", "h.exact", "h.excluded", "i.over", "needless", "e.needless"],
    );

    let nothing_happened = every(Interval::point(Grade::None));
    assert_worse(&nothing_happened, &["h.soundness", "i.soundness", "h.exact", "missed", "right"]);
}

#[test]
fn an_over_claim_counts_once_per_thing_and_a_missing_claim_not() {
    let over = with_exposures(|rows| {
        let row = rows.iter_mut().find(|row| row.item.as_deref() == Some("M-10")).unwrap();
        row.interval = of(Grade::Opened, Grade::Left);
    });
    assert_eq!((over.items.over_claims, over.holdings.over_claims), (1, 0));
    assert_worse(&over, &["i.over", "i.soundness", "i.exact", "i.width"]);
    let missing = with_exposures(|rows| rows.retain(|row| row.item.as_deref() != Some("M-10")));
    assert_eq!(missing.items.over_claims, 0);
    assert_worse(&missing, &["i.soundness", "i.exact", "i.width", "i.missing"]);
    let invented = with_exposures(|rows| {
        let mut row = rows[0].clone();
        (row.key, row.interval) = ("H-9999".into(), Interval::point(Grade::Listed));
        rows.push(row);
    });
    assert_eq!((invented.holdings.over_claims, invented.holdings.unknown), (1, 1));
}

#[test]
fn a_shuffled_answer_is_punished() {
    let mut answers = perfect();
    let rows = answers.exposures.as_mut().unwrap();
    let shifted: Vec<_> = rows.iter().cycle().skip(1).map(|row| row.interval).take(rows.len()).collect();
    rows.iter_mut().zip(shifted).for_each(|(row, interval)| row.interval = interval);
    let rows = answers.sessions.as_mut().unwrap();
    let shifted: Vec<_> = rows.iter().cycle().skip(1).map(|row| row.host.clone()).take(rows.len()).collect();
    rows.iter_mut().zip(shifted).for_each(|(row, host)| row.host = host);
    let incidents = answers.incidents.as_mut().unwrap();
    let shifted = incidents[1].steps[0].host.clone();
    incidents[1].steps[0].host = incidents[0].steps[0].host.clone();
    incidents[0].steps.iter_mut().for_each(|step| step.host = shifted.clone());
    let rows = answers.coverage.as_mut().unwrap();
    let states = [rows[1].state, rows[2].state, rows[0].state];
    rows.iter_mut().zip(states).for_each(|(row, state)| row.state = state);
    let shuffled = score(&answers, &truth());
    assert_worse(&shuffled, &["h.soundness", "h.over", "i.soundness", "i.over", "recall", "unmatched"]);
    assert_worse(
        &shuffled,
        &["proven_wrong", "found", "steps", "steps.false", "coverage", "coverage.too_good"],
    );
    assert!(!shuffled.table().contains("No harmful error"));
}

#[test]
fn a_row_told_twice_counts_once_and_is_counted() {
    let mut answers = perfect();
    let twice = |n: usize| n as u64;
    let expected = twice(answers.exposures.as_ref().unwrap().len());
    answers.exposures.as_mut().unwrap().extend(perfect().exposures.unwrap());
    answers.sessions.as_mut().unwrap().extend(perfect().sessions.unwrap());
    answers.coverage.as_mut().unwrap().extend(perfect().coverage.unwrap());
    answers.incidents.as_mut().unwrap().extend(perfect().incidents.unwrap());
    let again = score(&answers, &truth());
    assert_eq!(again.rows["exposures"].repeated, expected);
    assert_eq!(worse(&again), ["repeated"]);
    assert!(!again.table().contains("No harmful error"));

    // Under another id it is another row: the second finds nothing.
    let mut answers = perfect();
    let mut copies = perfect().sessions.unwrap();
    copies.iter_mut().for_each(|row| row.id = row.id.take().map(|id| id + "-again"));
    answers.sessions.as_mut().unwrap().extend(copies);
    assert_worse(&score(&answers, &truth()), &["unmatched", "precision", "proven_wrong"]);
}

#[test]
fn saying_both_is_saying_neither() {
    let both = with_exposures(|rows| {
        let more = [Interval::point(Grade::None), Interval::point(Grade::Left)];
        *rows =
            rows.iter().flat_map(|row| more.map(|interval| Exposure { interval, ..row.clone() })).collect();
    });
    assert_worse(
        &both,
        &["h.soundness", "h.exact", "h.excluded", "h.over", "h.width", "h.contra", "needless"],
    );
    assert_eq!(both.holdings.soundness.n, 0);

    let mut answers = perfect();
    let rows = answers.sessions.as_mut().unwrap();
    for verdict in [Verdict::Intruder, Verdict::Owner] {
        let mut copies = perfect().sessions.unwrap();
        copies.iter_mut().for_each(|row| (row.verdict, row.id) = (verdict, None));
        rows.extend(copies);
    }
    assert_worse(&score(&answers, &truth()), &["precision", "proven_wrong", "cleared_wrong", "unmatched"]);
}

#[test]
fn clearing_a_month_clears_the_intruder_too() {
    let mut answers = perfect();
    let rows = answers.sessions.as_mut().unwrap();
    rows.retain(|row| row.verdict != Verdict::Intruder);
    for row in rows.iter_mut() {
        (row.from, row.to) = (Some(at("2026-09-01T00:00:00Z")), Some(at("2026-10-01T00:00:00Z")));
    }
    let broad = score(&answers, &truth());
    assert_eq!(broad.sessions.cleared_wrong, 2);
    assert_worse(&broad, &["recall", "sessions.missing", "unmatched", "cleared_wrong"]);
}

#[test]
fn the_end_of_a_session_may_be_unknown_but_not_both_ends() {
    let open = |change: fn(&mut assize_drill::score::answer::Session)| {
        let mut answers = perfect();
        answers.sessions.as_mut().unwrap().iter_mut().for_each(change);
        score(&answers, &truth()).sessions
    };
    assert_eq!(open(|row| row.to = None).recall.to_string(), "1.0000");
    assert_eq!(open(|row| row.to = row.from.map(|from| from + SECOND)).recall.to_string(), "0.0000");
    assert_eq!(open(|row| (row.from, row.to) = (None, None)).missing, 8);
}

#[test]
fn two_incidents_told_as_one_are_merged_and_one_told_as_two_is_split() {
    let mut answers = perfect();
    let incidents = answers.incidents.as_mut().unwrap();
    let second = incidents.remove(1);
    incidents[0].steps.extend(second.steps);
    let merged = score(&answers, &truth());
    assert_eq!((merged.incidents.merged_wrong, merged.incidents.found), (1, 1));
    assert_worse(&merged, &["merged", "found", "bounded"]);

    let mut answers = perfect();
    let incidents = answers.incidents.as_mut().unwrap();
    let mut half = incidents[0].clone();
    half.steps = incidents[0].steps.split_off(2);
    incidents.push(half);
    let split = score(&answers, &truth());
    assert_eq!((split.incidents.split, split.incidents.found), (1, 2));
}

#[test]
fn an_incident_where_there_was_none_is_false() {
    let quiet = Truth { steps: vec![], access: vec![], ..truth() };
    let alarm = score(&perfect(), &quiet);
    assert_eq!((alarm.incidents.n, alarm.incidents.found, alarm.incidents.untrue), (0, 0, 2));
    assert_eq!(alarm.steps.untrue, 5);
    assert_eq!(alarm.holdings.over_claims, 2);
    assert_eq!(alarm.holdings.touched.exact.to_string(), "–", "nothing was touched: no share of it");
}

#[test]
fn a_step_is_known_by_its_parent_within_five_minutes() {
    let moved = |by: i64, technique: &str| {
        let mut answers = perfect();
        let steps = &mut answers.incidents.as_mut().unwrap()[0].steps;
        steps[0].time = steps[0].time.map(|time| time + by);
        steps[0].technique = Some(technique.into());
        score(&answers, &truth()).steps
    };
    assert_eq!((moved(5 * MINUTE, "t1566").found, moved(-5 * MINUTE, "attack.t1566.001").found), (5, 5));
    let late = moved(5 * MINUTE + 1, "T1566");
    assert_eq!((late.found, late.untrue), (4, 1));
    assert_eq!(moved(0, "T1566.002").found, 4, "a sister is another technique");
}

#[test]
fn repeats_told_as_one_step_are_as_many_as_they_say() {
    let mut truth = truth();
    let begin = truth.steps[0].time;
    truth.steps = (0..6).map(|day| step("first", begin + day * DAY, "T1039", "fs-01", true)).collect();
    let found = |until: i64, times: u64| {
        let mut answers = Answers::perfect(&truth);
        let incident = &mut answers.incidents.as_mut().unwrap()[0];
        incident.steps.truncate(1);
        (incident.steps[0].until, incident.steps[0].times) = (Some(begin + until * DAY), times);
        score(&answers, &truth).steps.found
    };
    assert_eq!(found(5, 6), 6);
    assert_eq!(found(3, 900), 4, "not beyond the last");
    assert_eq!(found(5, 3), 3, "not more than are told");
    assert_eq!(found(5, 1), 1, "an interval alone is no repeats");
}

#[test]
fn daily_work_of_an_insider_makes_no_incident_false() {
    let truth = truth();
    let mut answers = perfect();
    let his = truth.sessions.iter().find(|session| session.intruder).unwrap();
    let steps = &mut answers.incidents.as_mut().unwrap()[1].steps;
    assert_eq!(steps.len(), 1);
    let work = Step {
        time: Some(his.from + MINUTE),
        technique: Some("T1114.002".into()),
        host: his.host.clone(),
        ..steps[0].clone()
    };
    steps.extend(std::iter::repeat_n(work.clone(), 3));
    let told = score(&answers, &truth);
    assert_eq!((told.incidents.found, told.incidents.untrue, told.steps.untrue), (2, 0, 3));
    let steps = &mut answers.incidents.as_mut().unwrap()[1].steps;
    steps.extend(std::iter::repeat_n(Step { host: Some("ws-005".into()), ..work }, 3));
    assert_eq!(score(&answers, &truth).incidents.untrue, 1, "elsewhere he was not");
}

/// A machine's clock runs ahead; the answer prints its times as they are written.
#[test]
fn a_clock_that_is_told_to_be_wrong_is_reckoned_with() {
    let truth = truth();
    let mut answers = perfect();
    let ahead = 3 * HOUR;
    for session in answers.sessions.as_mut().unwrap() {
        session.from = session.from.map(|from| from + ahead);
        session.to = session.to.map(|to| to + ahead);
    }
    assert!(score(&answers, &truth).sessions.proven_wrong > 0, "not told");
    let wrong = |host: &str, ahead: i64| Clock { host: host.into(), from: None, to: None, ahead };
    let hosts: Vec<String> = (0..6).map(|person| format!("ws-00{person}")).collect();
    answers.clocks = Some(hosts.iter().map(|host| wrong(host, ahead)).collect());
    assert_eq!(score(&answers, &truth).sessions, score(&perfect(), &truth).sessions);
    answers.clocks = Some(hosts.iter().map(|host| wrong(host, -ahead)).collect());
    assert!(score(&answers, &truth).sessions.proven_wrong > 0, "told wrongly");
}

#[test]
fn first_and_last_have_to_hold_the_truth() {
    let bounded = |change: fn(&mut assize_drill::score::answer::Incident)| {
        let mut answers = perfect();
        change(&mut answers.incidents.as_mut().unwrap()[0]);
        score(&answers, &truth()).first_last
    };
    let early = bounded(|incident| incident.first_possible = incident.first_possible.map(|at| at - DAY));
    assert_eq!((early.bounded, early.mean_slack_hours.to_string().as_str()), (2, "12.0000"));
    assert_eq!(
        bounded(|incident| incident.first_possible = incident.first_proven.map(|at| at + HOUR)).bounded,
        1
    );
    assert_eq!(bounded(|incident| incident.first_possible = None).bounded, 1);
    assert_eq!(bounded(|incident| incident.last_proven = incident.last_proven.map(|at| at + DAY)).bounded, 1);
    assert_eq!(bounded(|incident| incident.evicted = incident.first_proven).bounded, 1);
    assert_eq!(bounded(|incident| incident.evicted = None).bounded, 2);
}

#[test]
fn a_broken_assumption_counts_apart_if_it_was_printed() {
    let mut truth = truth();
    truth.worlds = vec![
        fact::World { assumption: "own-device".into(), holds: false },
        fact::World { assumption: "this export is complete".into(), holds: true },
    ];
    let mut answers = Answers::perfect(&truth);
    let printed = "Own-device: a registered device is in its owner's hands.".to_owned();
    for row in answers.exposures.as_mut().unwrap() {
        (row.interval, row.assumptions) = (Interval::point(Grade::None), vec![]);
    }
    for row in answers.sessions.as_mut().unwrap() {
        row.verdict = Verdict::Owner;
    }
    let silent = score(&answers, &truth);
    assert_eq!((silent.broken_assumptions.n, silent.broken_assumptions.printed), (1, 0));
    assert_eq!((silent.holdings.soundness.n, silent.holdings.soundness.of), (1, 3));
    assert_eq!(silent.sessions.cleared_wrong, 2);

    answers.exposures.as_mut().unwrap().iter_mut().for_each(|row| row.assumptions = vec![printed.clone()]);
    answers.sessions.as_mut().unwrap().iter_mut().for_each(|row| row.assumption = Some(printed.clone()));
    let honest = score(&answers, &truth);
    let broken = &honest.broken_assumptions;
    assert_eq!((broken.printed, broken.holdings, broken.items, broken.sessions), (1, 2, 3, 2));
    assert_eq!((honest.holdings.soundness.n, honest.holdings.soundness.of), (1, 1));
    assert_eq!(honest.sessions.cleared_wrong, 0);
    assert_eq!(honest.sessions.recall.n, 0, "honest, and of no help all the same");
    assert_eq!(honest.subjects.missed, 2);
}

#[test]
fn coverage_is_compared_by_the_day_however_it_is_cut() {
    let cut = |change: fn(&mut Vec<assize_drill::score::answer::Coverage>)| {
        let mut answers = perfect();
        change(answers.coverage.as_mut().unwrap());
        score(&answers, &truth()).coverage
    };
    let halves = cut(|rows| {
        let mut second = rows[0].clone();
        rows[0].to = rows[0].from.map(|from| from + 5 * DAY - HOUR);
        second.from = rows[0].to;
        rows.push(second);
    });
    assert_eq!(halves.wrong, 0);
    let open = cut(|rows| rows[2].to = None);
    assert_eq!(open.wrong, 0, "an open end reaches the end of what is known");
    let all_complete = cut(|rows| {
        rows.truncate(1);
        (rows[0].from, rows[0].to) = (None, None);
    });
    assert_eq!((all_complete.wrong, all_complete.too_good, all_complete.missing), (20, 20, 0));
    let silent = cut(|rows| rows.truncate(2));
    assert_eq!((silent.wrong, silent.missing), (10, 10), "no row is not `none`");
    let elsewhere = cut(|rows| rows[0].host = Some("fs-02".into()));
    assert_eq!((elsewhere.wrong, elsewhere.unknown), (10, 10));
}

#[test]
fn subjects_are_taken_from_items_and_holdings_where_no_row_names_them() {
    let items_only = with_exposures(|rows| rows.retain(|row| row.subject.is_none()));
    assert_eq!(
        (items_only.subjects.right, items_only.subjects.needless, items_only.subjects.missed),
        (2, 0, 0)
    );
    let holdings_only = with_exposures(|rows| rows.retain(|row| row.subject.is_none() && row.item.is_none()));
    assert_eq!((holdings_only.subjects.right, holdings_only.subjects.needless), (2, 2));
    assert_eq!(holdings_only.items.missing, 12);
}

#[test]
fn a_name_that_tells_as_much_as_the_content_is_opened_when_it_is_listed() {
    let mut truth = truth();
    truth.items[4].name_is_sensitive = true;
    let score = score(&Answers::perfect(&truth), &truth);
    assert_eq!((score.subjects.right, score.subjects.missed), (3, 0), "{}", score.table());
    assert!(score.items.soundness.is_whole() && score.holdings.soundness.is_whole());
}

#[test]
fn what_the_register_does_not_know_is_not_scored() {
    let mut truth = truth();
    truth.items[0].registered = false;
    let answers = Answers::perfect(&truth);
    assert!(answers.exposures.as_ref().unwrap().iter().all(|row| row.item.as_deref() != Some("M-00")));
    let score = score(&answers, &truth);
    assert_eq!((score.unregistered.n, score.unregistered.touched), (1, 1));
    assert_eq!((score.items.touched.n, score.items.missing, score.subjects.missed), (2, 0, 0));
    assert!(score.holdings.soundness.is_whole() && score.items.soundness.is_whole());
}

#[test]
fn a_log_of_the_house_may_be_told_of_any_host() {
    let mut truth = truth();
    truth.coverage.iter_mut().for_each(|row| row.host = None);
    let mut answers = Answers::perfect(&truth);
    answers.coverage.as_mut().unwrap().iter_mut().for_each(|row| row.host = Some("sensor-1".into()));
    let coverage = score(&answers, &truth).coverage;
    assert_eq!((coverage.days, coverage.wrong, coverage.unknown), (30, 0, 0));
}

// ── As files ────────────────────────────────────────────────────────────────────────────────

const FOREIGN: &[(&str, &str)] = &[
    (
        "sessions.ndjson",
        r#"{"account":"o.dane@court.example","host":"WS-001","from":"2026-09-14T08:00:00Z","to":null,"verdict":"owner","cleared":{"by":"x","assumption":"own-device","basis":[]},"colour":"blue"}"#,
    ),
    (
        "incidents.ndjson",
        r#"{"title":"?","first_possible":"2026-09-14T08:00:00.123456789Z","steps":[{"time":"2026-09-14T08:00:00Z","technique":"T1566","host":"ws-001","outcome":"success","confidence":0.3}],"vendor":{"a":[1]}}"#,
    ),
    (
        "coverage.ndjson",
        "\u{feff}{\"source\":\"windows/Security\",\"host\":null,\"from\":null,\"to\":null,\"state\":\"none\",\"cause\":\"never-on\",\"n\":1}\r\n\r\n",
    ),
    (
        "exposures.ndjson",
        r#"{"key":"H-0000","item":"M-00","subject":null,"established":"listed","not_excluded":"left","assumptions":["a"],"x":null}"#,
    ),
];

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

#[test]
fn foreign_answers_with_additional_keys_are_read() {
    let dir = folder(FOREIGN);
    let answers = Answers::read(dir.path()).unwrap();
    let score = score(&answers, &truth());
    assert_eq!(score.not_claimed, Vec::<&str>::new());
    assert!(score.rows.values().all(|rows| rows.read == 1), "{:?}", score.rows);
    assert_eq!(answers.sessions.unwrap()[0].assumption.as_deref(), Some("own-device"));
    fs::remove_file(dir.path().join("sessions.ndjson")).unwrap();
    assert_eq!(Answers::read(dir.path()).unwrap().sessions, None, "a missing file is no claim");
}

#[test]
fn a_line_that_cannot_be_read_is_told_and_not_skipped() {
    let told = |name: &str, text: &str| {
        let dir = folder(&[(name, text)]);
        Answers::read(dir.path()).unwrap_err().to_string()
    };
    let exposure = |text: &str| told("exposures.ndjson", &format!("\n{text}\n"));
    for (text, expected) in [
        ("[1]", "line 2: expected an object, found [1]"),
        ("{", "line 2: expected one JSON object a line, found {"),
        (
            r#"{"key":3}"#,
            "expected `established`: one of none, listed, opened, collected, left, found no such key",
        ),
        (r#"{"established":"read","not_excluded":"left","key":"H"}"#, "found read"),
        (
            r#"{"established":"left","not_excluded":"none","key":"H"}"#,
            "a grade not below `established`, found none",
        ),
        (
            r#"{"established":"none","not_excluded":"none","key":3}"#,
            "expected `key`: a text or null, found 3",
        ),
        (r#"{"established":"none","not_excluded":"none"}"#, "expected `key`: a text, found no such key"),
    ] {
        let error = exposure(text);
        assert!(error.contains("exposures.ndjson") && error.contains(expected), "{error}");
    }
    let row = r#"{"source":"s","state":"complete","from":"2026-09-14T08:00:00+02:00"}"#;
    assert!(told("coverage.ndjson", row).contains("a time in UTC"), "local time is not guessed");
    let row = r#"{"source":"s","state":"complete","from":"99999999-01-01T00:00:00Z"}"#;
    assert!(told("coverage.ndjson", row).contains("a time in UTC"));
    let missing = Answers::read(Path::new("/nowhere")).unwrap_err().to_string();
    assert!(missing.contains("/nowhere") && missing.contains("sessions.ndjson"), "{missing}");
}

const TRUTH: &[(&str, &str)] = &[
    ("holdings.ndjson", r#"{"holding":"H-0000","item":"M-00","subjects":["CT-P-00"],"title":"more"}"#),
    (
        "sessions.ndjson",
        r#"{"account":"o.dane","host":"WS-001","from":"2026-09-14T08:00:00Z","to":"2026-09-14T09:00:00Z","intruder":true}"#,
    ),
    (
        "steps.ndjson",
        r#"{"incident":"i","time":"2026-09-14T08:01:00Z","technique":"T1566.001","host":"WS-001","account":"o.dane","succeeded":true,"traces":[{"file":"a","locator":[]}]}"#,
    ),
    (
        "access.ndjson",
        r#"{"incident":"i","holding":"H-0000","item":"M-00","subjects":["CT-P-00"],"grade":"opened","time":"2026-09-14T08:30:00Z","bytes":1}"#,
    ),
    (
        "coverage.ndjson",
        r#"{"source":"windows/Security","host":null,"from":"2026-09-14T00:00:00Z","to":"2026-09-15T00:00:00Z","state":"none","cause":"never-on"}"#,
    ),
    ("worlds.ndjson", r#"{"assumption":"own-device","holds":false}"#),
];

#[test]
fn a_truth_is_read_whole_or_not_at_all() {
    let dir = folder(TRUTH);
    let truth = Truth::read(dir.path()).unwrap();
    let score = score(&Answers::read(folder(FOREIGN).path()).unwrap(), &truth);
    assert_eq!((score.holdings.touched.n, score.steps.found, score.coverage.wrong), (1, 1, 0));
    assert_eq!(score.broken_assumptions.sessions, 1);
    assert_eq!(score.items.touched.exact.n, 0);
    assert!(score.items.soundness.is_whole());
    for (name, _) in TRUTH {
        let dir = folder(TRUTH);
        fs::remove_file(dir.path().join(name)).unwrap();
        let error = Truth::read(dir.path()).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("drill make"), "{error}");
    }
}

/// Every file of a truth that was made is what the score reads, and best answered by itself.
#[test]
fn a_drill_is_answered_best_by_its_own_truth() {
    let size = Size { staff: 12, days: 3, hosts: 12, from: FIRST_DAY };
    for (seed, id) in [(1, "espionage"), (2, "intern"), (3, "nothing")] {
        let dir = tempfile::tempdir().unwrap();
        let scenario = Scenario::find(id).unwrap();
        let damage = vec!["cleared".to_owned(), "silence".to_owned()];
        let out = Some(dir.path().to_owned());
        make(&Options { seed, size: size.clone(), scenario, noise_percent: 100, damage, out }, &mut |_| {})
            .unwrap();
        for part in ["sessions", "steps", "access", "coverage", "worlds", "holdings"] {
            let validator = schema(&format!("truth-{part}"));
            let text = fs::read_to_string(dir.path().join(format!("truth/{part}.ndjson"))).unwrap();
            for line in text.lines() {
                let value: Value = serde_json::from_str(line).unwrap();
                let problems: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
                assert!(problems.is_empty(), "{id}, {part}: {problems:?}\n{line}");
            }
        }
        let truth = Truth::read(dir.path()).unwrap();
        let score = score(&Answers::perfect(&truth), &truth);
        let (good, bad) = figures(&score);
        assert!(bad.iter().all(|(_, value)| *value == 0.0), "{id}\n{}", score.table());
        for (name, value) in good.iter().filter(|(name, _)| name.contains('.') && !name.starts_with("e.")) {
            assert!(value.is_nan() || *value == 1.0, "{id}: {name}\n{}", score.table());
        }
        assert_eq!(score.steps.found, score.steps.n, "{id}");
        assert_eq!(score.incidents.found, score.incidents.n, "{id}");
        assert_eq!(score.first_last.bounded, score.incidents.n, "{id}\n{}", score.table());
    }
}

// ── As JSON ─────────────────────────────────────────────────────────────────────────────────

fn schema(name: &str) -> jsonschema::Validator {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/contract");
    let text = fs::read(folder.join(format!("{name}.schema.json"))).unwrap();
    jsonschema::options().build(&serde_json::from_slice(&text).unwrap()).unwrap()
}

#[test]
fn every_score_keeps_its_schema() {
    let validator = schema("score");
    for answers in [perfect(), Answers::default()] {
        let text = serde_json::to_string(&score(&answers, &truth())).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        let problems: Vec<_> =
            validator.iter_errors(&value).map(|e| format!("{e} at {}", e.instance_path())).collect();
        assert!(problems.is_empty(), "{problems:?}\n{value:#}");
    }
}

#[test]
fn what_is_read_keeps_the_schemas_of_truth_and_answers() {
    for (kind, files) in [("truth", TRUTH), ("answer", FOREIGN)] {
        for (name, text) in files {
            let part = name.strip_suffix(".ndjson").unwrap();
            let name = if (kind, part) == ("answer", "coverage") { "coverage" } else { part };
            if name == "coverage" && kind == "answer" {
                continue; // As published, with a basis: coverage.schema.json, held by crates/app.
            }
            let value: Value = serde_json::from_str(text).unwrap();
            let problems: Vec<_> =
                schema(&format!("{kind}-{name}")).iter_errors(&value).map(|e| e.to_string()).collect();
            assert!(problems.is_empty(), "{kind}-{name}: {problems:?}");
        }
    }
}

#[test]
fn shares_are_printed_with_fixed_digits() {
    let text = serde_json::to_string(&every(of(Grade::None, Grade::Opened))).unwrap();
    assert!(
        text.starts_with(r#"{"over_claims":0,"soundness":0.6667,"touched":{"n":2,"exact":0.0},"#),
        "{text}"
    );
}

// ── Properties ──────────────────────────────────────────────────────────────────────────────

/// Intervals for the rows of the perfect answer.
fn intervals() -> impl Strategy<Value = Vec<Interval>> {
    let rows = perfect().exposures.unwrap().len();
    let interval = (0..5_usize, 0..5_usize).prop_map(|(a, b)| of(GRADES[a.min(b)], GRADES[a.max(b)]));
    prop::collection::vec(interval, rows)
}

fn claimed(intervals: &[Interval]) -> Score {
    with_exposures(|rows| rows.iter_mut().zip(intervals).for_each(|(row, interval)| row.interval = *interval))
}

fn raised(interval: Interval) -> Option<Interval> {
    let next = GRADES.get(interval.established().rank() as usize + 1)?;
    Interval::of(*next, (*next).max(interval.not_excluded()))
}

fn not_less(a: Ratio, b: Ratio) -> bool {
    a.n * b.of >= b.n * a.of
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn raising_what_is_established_never_lowers_over_claims(mut rows in intervals(), which: prop::sample::Index) {
        let before = claimed(&rows);
        let number = which.index(rows.len());
        if let Some(more) = raised(rows[number]) {
            rows[number] = more;
            let after = claimed(&rows);
            prop_assert!(after.holdings.over_claims >= before.holdings.over_claims);
            prop_assert!(after.items.over_claims >= before.items.over_claims);
            prop_assert!(after.subjects_established.needless >= before.subjects_established.needless);
        }
    }

    #[test]
    fn widening_lowers_neither_soundness_nor_width(mut rows in intervals(), which: prop::sample::Index, down in 0..5_usize, up in 0..5_usize) {
        let before = claimed(&rows);
        let number = which.index(rows.len());
        let row = &mut rows[number];
        *row = of(row.established().min(GRADES[down]), row.not_excluded().max(GRADES[up]));
        let after = claimed(&rows);
        for (after, before) in [(&after.holdings, &before.holdings), (&after.items, &before.items)] {
            prop_assert!(not_less(after.soundness, before.soundness));
            prop_assert!(not_less(after.mean_width, before.mean_width));
            prop_assert!(after.over_claims <= before.over_claims);
        }
        prop_assert!(after.subjects.missed <= before.subjects.missed);
    }

    #[test]
    fn leaving_a_row_out_never_helps(which: prop::sample::Index) {
        // An untouched subject without a row is told as little as one that is excluded.
        worse(&with_exposures(|rows| { rows.remove(which.index(rows.len())); }));
    }

    #[test]
    fn the_order_of_rows_changes_nothing(rows in intervals(), seed: u64) {
        let mut answers = perfect();
        answers.exposures.as_mut().unwrap().iter_mut().zip(&rows).for_each(|(row, interval)| row.interval = *interval);
        let mut truth = truth();
        let before = serde_json::to_string(&score(&answers, &truth)).unwrap();
        mix(answers.exposures.as_mut().unwrap(), seed);
        mix(answers.sessions.as_mut().unwrap(), seed);
        mix(answers.incidents.as_mut().unwrap(), seed);
        mix(answers.coverage.as_mut().unwrap(), seed);
        mix(&mut truth.items, seed);
        mix(&mut truth.sessions, seed);
        mix(&mut truth.steps, seed);
        mix(&mut truth.access, seed);
        mix(&mut truth.coverage, seed);
        prop_assert_eq!(serde_json::to_string(&score(&answers, &truth)).unwrap(), before);
    }

    #[test]
    fn no_answer_beats_the_perfect_one(rows in intervals(), verdicts in prop::collection::vec(0..3_usize, 8), shift in -600_i64..600) {
        let mut answers = perfect();
        answers.exposures.as_mut().unwrap().iter_mut().zip(&rows).for_each(|(row, interval)| row.interval = *interval);
        let words = [Verdict::Intruder, Verdict::Owner, Verdict::Undetermined];
        for (row, verdict) in answers.sessions.as_mut().unwrap().iter_mut().zip(verdicts) {
            (row.verdict, row.from) = (words[verdict], row.from.map(|from| from + shift * SECOND));
        }
        for step in answers.incidents.as_mut().unwrap().iter_mut().flat_map(|incident| &mut incident.steps) {
            step.time = step.time.map(|time| time + shift * SECOND);
        }
        worse(&score(&answers, &truth()));
    }
}

/// A permutation that the seed decides.
fn mix<T>(rows: &mut [T], mut seed: u64) {
    for last in (1..rows.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        rows.swap(last, (seed >> 33) as usize % (last + 1));
    }
}
