//! What did which rule find?
//!
//! Rules from the gravest down; each opens its first findings, each finding its event with the
//! proof. Which of them matter is not decided here.

use std::collections::BTreeMap;

use assize_model::{OutputError, Row};
use maud::{Markup, html};

use super::facts::Case;
use super::record::Records;
use super::words::{self, many, number};
use super::{Page, questions};

/// Rules shown of each level.
const RULES_EACH_MAX: usize = 40;
/// Findings that each rule opens.
const FINDINGS_EACH_MAX: usize = 5;
/// Hosts and accounts named by each rule.
const NAMES_EACH_MAX: usize = 5;

/// Rule id, level and title: what makes one entry.
type Key = (String, String, String);

/// The section.
pub(super) fn tell(case: &Case<'_>, page: &mut Page<'_>) -> Result<(), OutputError> {
    if case.findings.all == 0 {
        return page.put(html! { p { "No rule found anything." } });
    }
    let rules = case.snapshot.rows(&questions::rules(RULES_EACH_MAX))?;
    let told = Told::of(case, &rules)?;
    page.put(html! {
        p {
            "Gravest first. A rule opens its first " (FINDINGS_EACH_MAX) " findings, a finding its event: what the record "
            "says, the record itself, where its bytes lie and how they were received. "
            "Fields that the rule looked at are marked " span.mark { "●" } "."
        }
    })?;
    for levels in case.snapshot.rows(questions::LEVELS).map(by_gravity)? {
        page.put(heading(&levels))?;
        let of_level: Vec<&Row> =
            rules.iter().filter(|rule| rule.text("level") == levels.text("level")).collect();
        for rule in &of_level {
            page.put(told.rule(case, rule))?;
        }
        page.put(rest(&levels, of_level.len() as u64))?;
    }
    Ok(())
}

/// What is known of the rules beside their counts.
struct Told {
    hosts: BTreeMap<Key, Vec<Row>>,
    accounts: BTreeMap<Key, Vec<Row>>,
    findings: BTreeMap<Key, Vec<Row>>,
    records: Records,
}

impl Told {
    fn of(case: &Case<'_>, rules: &[Row]) -> Result<Self, OutputError> {
        let findings = grouped(case, rules, &questions::first_findings(FINDINGS_EACH_MAX))?;
        let ids = findings.values().flatten().map(|finding| finding.text("event").to_owned());
        Ok(Self {
            hosts: grouped(case, rules, &questions::named_by_rules("host", NAMES_EACH_MAX))?,
            accounts: grouped(case, rules, &questions::named_by_rules("actor", NAMES_EACH_MAX))?,
            records: Records::of(case, ids.collect())?,
            findings,
        })
    }

    fn rule(&self, case: &Case<'_>, rule: &Row) -> Markup {
        let key = key(rule);
        let findings = self.findings.get(&key).map_or(&[][..], Vec::as_slice);
        html! {
            details.rule.in-print {
                summary { (line(rule)) }
                (self.about(rule, findings))
                ol.findings { @for finding in findings { li { (self.records.finding(case, finding)) } } }
                (words::shown(findings.len() as u64, rule.number("findings"), "findings of this rule", &all_of(rule.text("rule"))))
            }
        }
    }

    /// Hosts, accounts and tags.
    fn about(&self, rule: &Row, findings: &[Row]) -> Markup {
        let key = key(rule);
        let tags = findings.first().map(|finding| texts(finding, "tags")).unwrap_or_default();
        html! {
            dl.about {
                (names("Hosts", self.hosts.get(&key), rule.number("hosts")))
                (names("Accounts", self.accounts.get(&key), rule.number("accounts")))
                @if !tags.is_empty() {
                    dt { "Tags" }
                    dd { @for (at, tag) in tags.iter().enumerate() { @if at > 0 { ", " } (words::said(tag, 60)) } }
                }
                dt { "Rule" } dd { (words::id(rule.text("rule"))) }
            }
        }
    }
}

/// The line by which a rule is known.
fn line(rule: &Row) -> Markup {
    html! {
        span.level.(words::class_of(rule.text("level"))).mark aria-hidden="true" {}
        span.title { (words::said(rule.text("title"), words::CELL_CHARACTERS)) }
        span.counts {
            (many(rule.number("findings"), "finding", "findings")) " on " (many(rule.number("hosts"), "host", "hosts"))
        }
        span.when { (words::span(rule.time("first"), rule.time("last"))) }
    }
}

fn names(title: &str, rows: Option<&Vec<Row>>, all: u64) -> Markup {
    let rows = rows.map_or(&[][..], Vec::as_slice);
    html! {
        @if !rows.is_empty() {
            dt { (title) }
            dd {
                @for (at, row) in rows.iter().enumerate() {
                    @if at > 0 { ", " }
                    (words::said(row.text("name"), 60)) " " span.soft { (number(row.number("n"))) }
                }
                @if all > rows.len() as u64 { span.soft { " and " (number(all - rows.len() as u64)) " more" } }
            }
        }
    }
}

fn heading(levels: &Row) -> Markup {
    html! {
        h3 {
            (words::level(levels.text("level"))) " "
            span.soft {
                (many(levels.number("findings"), "finding", "findings")) " of " (many(levels.number("rules"), "rule", "rules"))
            }
        }
    }
}

fn by_gravity(mut levels: Vec<Row>) -> Vec<Row> {
    let gravity =
        |row: &Row| assize_model::Level::ALL.iter().position(|level| level.as_str() == row.text("level"));
    levels.sort_by_key(|row| (gravity(row).is_none(), gravity(row)));
    levels
}

/// How to see the rules of a level that the cap left out.
fn rest(levels: &Row, shown: u64) -> Markup {
    let level = words::class_of(levels.text("level"));
    words::shown(
        shown,
        levels.number("rules"),
        &format!("rules with {level} findings"),
        &format!(
            "assize query \"SELECT title, count(*) AS findings, rule FROM findings WHERE level = '{level}' \
             GROUP BY title, rule ORDER BY findings DESC, rule, title\""
        ),
    )
}

/// The command that lists every finding of a rule; only an id that a shell cannot misread stands in it.
fn all_of(rule: &str) -> String {
    if words::plain_token(rule) {
        format!("assize query \"SELECT * FROM findings WHERE rule = '{rule}' ORDER BY time, id\"")
    } else {
        "assize query \"SELECT * FROM findings ORDER BY rule, time, id\"".to_owned()
    }
}

/// The rows of a query by rule, of the rules that are shown.
fn grouped(case: &Case<'_>, rules: &[Row], sql: &str) -> Result<BTreeMap<Key, Vec<Row>>, OutputError> {
    let mut groups: BTreeMap<Key, Vec<Row>> = rules.iter().map(|rule| (key(rule), Vec::new())).collect();
    case.snapshot.each(sql, &mut |row| {
        if let Some(group) = groups.get_mut(&key(&row)) {
            group.push(row);
        }
        Ok(())
    })?;
    Ok(groups)
}

fn key(row: &Row) -> Key {
    (row.text("rule").to_owned(), row.text("level").to_owned(), row.text("title").to_owned())
}

/// A list of texts in a row.
pub(super) fn texts<'a>(row: &'a Row, column: &str) -> Vec<&'a str> {
    let list = row.value(column).as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(serde_json::Value::as_str).collect()
}
