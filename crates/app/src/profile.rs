//! Which columns does a table of findings have?
//!
//! Ours ends with the id. The others have the columns of Hayabusa's profiles, name for name and in
//! their order, so that what reads its CSV reads ours; they have no id. What stands under
//! `Details` are the fields that the rule looked at: Hayabusa takes them from its own rules.

use assize_case::DetectedFinding;
use assize_case::model::{Row, Time, time::Zone};
use clap::ValueEnum;
use serde_json::Value;

/// Columns of table and CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// Time, level, rule, host, account, source, details, id
    Assize,
    /// As Hayabusa's `minimal`
    Minimal,
    /// As Hayabusa's `standard`
    #[value(alias = "hayabusa")]
    Standard,
    /// As Hayabusa's `verbose`
    Verbose,
    /// As Hayabusa's `all-field-info`
    AllFieldInfo,
    /// As Hayabusa's `all-field-info-verbose`
    AllFieldInfoVerbose,
    /// As Hayabusa's `super-verbose`
    SuperVerbose,
    /// As Hayabusa's `timesketch-minimal`
    TimesketchMinimal,
    /// As Hayabusa's `timesketch-verbose`
    #[value(alias = "timesketch")]
    TimesketchVerbose,
}

impl Profile {
    /// Its columns.
    pub fn columns(self) -> Vec<&'static str> {
        let text = match self {
            Self::Assize => "time level rule host account source details id",
            Self::Minimal => "Timestamp RuleTitle Level Computer Channel EventID RecordID Details",
            Self::Standard => {
                "Timestamp RuleTitle Level Computer Channel EventID RecordID Details ExtraFieldInfo RuleID"
            }
            Self::Verbose => {
                "Timestamp RuleTitle Level Computer Channel EventID MitreTactics MitreTags OtherTags RecordID Details \
                 ExtraFieldInfo RuleFile RuleID EvtxFile"
            }
            Self::AllFieldInfo => {
                "Timestamp RuleTitle Level Computer Channel EventID RecordID AllFieldInfo RuleFile RuleID EvtxFile"
            }
            Self::AllFieldInfoVerbose => {
                "Timestamp RuleTitle Level Computer Channel EventID MitreTactics MitreTags OtherTags RecordID \
                 AllFieldInfo RuleFile RuleID EvtxFile"
            }
            Self::SuperVerbose => {
                "Timestamp RuleTitle Level Computer Channel EventID RuleAuthor RuleModifiedDate Status RecordID Details \
                 ExtraFieldInfo MitreTactics MitreTags OtherTags Provider RuleCreationDate RuleFile RuleID EvtxFile"
            }
            Self::TimesketchMinimal => {
                "datetime timestamp_desc message Level Computer Channel EventID MitreTactics MitreTags OtherTags \
                 RecordID Details RuleFile RuleID EvtxFile"
            }
            Self::TimesketchVerbose => {
                "datetime timestamp_desc message Level Computer Channel EventID MitreTactics MitreTags OtherTags \
                 RecordID Details ExtraFieldInfo RuleFile RuleID EvtxFile"
            }
        };
        text.split_whitespace().collect()
    }

    /// Whether it shows fields that the rule did not look at.
    pub fn needs_all_fields(self) -> bool {
        self.columns().iter().any(|column| matches!(*column, "ExtraFieldInfo" | "AllFieldInfo"))
    }

    /// A finding as a row of it, its time as that clock shows it (UTC if none is named).
    pub fn row(self, finding: &DetectedFinding<'_>, clock: Option<&Zone>) -> Row {
        let cell = |column: &&str| ((*column).to_owned(), cell(column, finding, clock));
        Row(self.columns().iter().map(cell).collect())
    }
}

fn cell(column: &str, finding: &DetectedFinding<'_>, clock: Option<&Zone>) -> Value {
    let rule = finding.rule;
    let shown = |time: Time| clock.map_or_else(|| time.to_string(), |clock| clock.shown(time));
    match column {
        "time" | "Timestamp" | "datetime" => finding.time.map(shown).into(),
        "level" | "Level" => rule.level.as_str().into(),
        "rule" | "RuleTitle" | "message" => rule.title.clone().into(),
        "host" | "Computer" => finding.host.into(),
        "account" => finding.actor.into(),
        "source" => finding.source.into(),
        "details" | "Details" => details(finding).into(),
        "id" => finding.id.to_string().into(),
        "timestamp_desc" => "assize".into(),
        "Channel" => own(finding, "Channel"),
        "EventID" => own(finding, "EventID"),
        "RecordID" => own(finding, "EventRecordID"),
        "Provider" => own(finding, "Provider_Name"),
        "ExtraFieldInfo" => fields(finding, |name| finding.fields.iter().all(|(own, _)| *own != name)).into(),
        "AllFieldInfo" => fields(finding, |_| true).into(),
        "RuleID" => rule.id.clone().into(),
        "RuleFile" => file_name(&rule.file).into(),
        "RuleAuthor" => rule.about.author.clone().into(),
        "RuleModifiedDate" => rule.about.modified.clone().into(),
        "RuleCreationDate" => rule.about.date.clone().into(),
        "Status" => rule.about.status.clone().into(),
        "MitreTactics" => tags(finding, Tag::Tactic).into(),
        "MitreTags" => tags(finding, Tag::Technique).into(),
        "OtherTags" => tags(finding, Tag::Other).into(),
        "EvtxFile" => finding.file.into(),
        _ => Value::Null,
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn own(finding: &DetectedFinding<'_>, name: &str) -> Value {
    let found = finding.record.iter().find(|(key, _)| *key == name);
    found.and_then(|(_, value)| *value).into()
}

/// Fields as `name: value`, joined as Hayabusa joins them.
fn joined<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    fields.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(" ¦ ")
}

fn details(finding: &DetectedFinding<'_>) -> String {
    joined(finding.fields.iter().copied())
}

fn fields(finding: &DetectedFinding<'_>, wanted: impl Fn(&str) -> bool) -> String {
    let told = finding.record.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    joined(told.filter(|(name, _)| wanted(name)))
}

/// What a tag of a rule is about.
#[derive(PartialEq)]
enum Tag {
    Tactic,
    Technique,
    Other,
}

/// Of ATT&CK's tags those with a number name a technique, a group or a program; the rest are tactics.
fn kind(tag: &str) -> Tag {
    match tag.strip_prefix("attack.") {
        Some(of) if of.len() > 1 && of[1..].starts_with(|first: char| first.is_ascii_digit()) => {
            Tag::Technique
        }
        Some(_) => Tag::Tactic,
        None => Tag::Other,
    }
}

fn tags(finding: &DetectedFinding<'_>, wanted: Tag) -> String {
    let told = finding.rule.tags.iter().filter(|tag| kind(tag) == wanted).map(|tag| match wanted {
        Tag::Technique => tag.trim_start_matches("attack.").to_uppercase(),
        _ => tag.trim_start_matches("attack.").to_owned(),
    });
    told.collect::<Vec<_>>().join(" ¦ ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_meaning() {
        let source = include_str!("profile.rs");
        for profile in Profile::value_variants() {
            for column in profile.columns() {
                assert!(
                    source.contains(&format!("\"{column}\" ")) || source.contains(&format!("\"{column}\"\n")),
                    "{column}"
                );
            }
            let has_id = profile.columns().last() == Some(&"id");
            assert_eq!(has_id, *profile == Profile::Assize);
        }
    }

    #[test]
    fn tags_are_told_apart() {
        assert!(
            kind("attack.credential-access") == Tag::Tactic && kind("attack.t1003.002") == Tag::Technique
        );
        assert!(kind("attack.g0016") == Tag::Technique && kind("attack.s0002") == Tag::Technique);
        assert!(kind("detection.emerging-threats") == Tag::Other && kind("cve.2021-44228") == Tag::Other);
    }
}
