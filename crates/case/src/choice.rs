//! Which findings did a person ask for?
//!
//! By rule (level, id, tag) and by event (time, host, account). What is not asked for is left out of the
//! result and of its counts; whether a rule ran is another matter, and does not depend on it.

use assize_model::{Batch, Level, RuleInfo, Time, column};

/// What a person asked for; an empty list asks for all.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Rules of this level and above.
    pub level_min: Level,
    /// Rules with any of these ids or tags, or with words of their titles.
    pub rules: Vec<String>,
    /// And none of these.
    pub rules_not: Vec<String>,
    /// Events at or after this time. An event without a time is never left out for its time: nobody knows
    /// that it lies outside.
    pub since: Option<Time>,
    /// Events before this time.
    pub until: Option<Time>,
    /// Events of these hosts.
    pub hosts: Vec<String>,
    /// Events by or upon these accounts.
    pub users: Vec<String>,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            level_min: Level::Informational,
            rules: Vec::new(),
            rules_not: Vec::new(),
            since: None,
            until: None,
            hosts: Vec::new(),
            users: Vec::new(),
        }
    }
}

impl Choice {
    /// Whether findings of this rule are asked for.
    #[must_use]
    pub fn wants_rule(&self, rule: &RuleInfo) -> bool {
        rule.level >= self.level_min
            && (self.rules.is_empty() || self.rules.iter().any(|word| names_rule(word, rule)))
            && !self.rules_not.iter().any(|word| names_rule(word, rule))
    }

    /// Whether findings about this event are asked for.
    #[must_use]
    pub fn wants_event(&self, batch: &Batch, row: usize) -> bool {
        let time = batch.time(row);
        let text = |name| batch.text(name, row);
        time.is_none_or(|time| self.since.is_none_or(|since| time >= since))
            && time.is_none_or(|time| self.until.is_none_or(|until| time < until))
            && (self.hosts.is_empty() || self.hosts.iter().any(|name| is_host(name, text(column::HOST))))
            && (self.users.is_empty()
                || [text(column::ACTOR), text(column::TARGET)]
                    .into_iter()
                    .any(|account| self.users.iter().any(|name| is_account(name, account))))
    }
}

/// Whether a word means a rule: its id, one of its tags (`attack.t1003` means its parts too), or a pattern
/// of its title.
fn names_rule(word: &str, rule: &RuleInfo) -> bool {
    let is_tag = |tag: &String| {
        let rest = tag.len().checked_sub(word.len()).and_then(|_| tag.get(word.len()..));
        tag.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    rule.id.eq_ignore_ascii_case(word) || rule.tags.iter().any(is_tag) || is_like(word, &rule.title)
}

/// Whether a name means a host: the whole name, or its first label, whatever its case.
fn is_host(name: &str, host: Option<&str>) -> bool {
    host.is_some_and(|host| {
        is_like(name, host) || host.split('.').next().is_some_and(|short| is_like(name, short))
    })
}

/// Whether a name means an account: the whole name, or what stands behind the domain or before the at sign.
fn is_account(name: &str, account: Option<&str>) -> bool {
    let Some(account) = account else { return false };
    let behind = account.rsplit('\\').next();
    is_like(name, account)
        || behind.is_some_and(|name_alone| is_like(name, name_alone))
        || account.split_once('@').is_some_and(|(before, _)| is_like(name, before))
}

/// Whether a text is like a pattern, in which `*` stands for any characters; case does not matter.
pub(crate) fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| text.strip_prefix(start)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text) in [
            ("dc01", "DC01"),
            ("dc*", "DC01"),
            ("*01", "dc01"),
            ("*c0*", "DC01"),
            ("*", ""),
            ("a*b*c", "a-b-c"),
        ] {
            assert!(is_like(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("dc", "dc01"), ("*02", "dc01"), ("a*b*c", "a-c-b"), ("aa*a", "aa"), ("", "x")]
        {
            assert!(!is_like(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn hosts_and_accounts_by_short_and_long_names() {
        assert!(is_host("dc01", Some("DC01.court.example")) && is_host("dc01.*", Some("DC01.court.example")));
        assert!(!is_host("dc0", Some("DC01.court.example")) && !is_host("dc01", None));
        assert!(is_account("m.okafor", Some("COURT\\m.okafor")) && is_account("court\\*", Some("COURT\\x")));
        assert!(is_account("m.okafor", Some("m.okafor@court.example")));
        assert!(!is_account("okafor", Some("COURT\\m.okafor")));
    }

    #[test]
    fn rules_by_id_tag_and_title() {
        let rule = RuleInfo {
            id: "8C0D".into(),
            title: "Hives Copied".into(),
            level: Level::High,
            tags: vec!["attack.t1003.002".into()],
            file: String::new(),
            logsource: String::new(),
            about: Default::default(),
        };
        let wants = |choice: Choice| choice.wants_rule(&rule);
        let words = |word: &str| vec![word.to_owned()];
        for word in ["8c0d", "attack.t1003", "attack.T1003.002", "*hives*"] {
            assert!(wants(Choice { rules: words(word), ..Choice::default() }), "{word}");
            assert!(!wants(Choice { rules_not: words(word), ..Choice::default() }), "{word}");
        }
        assert!(!wants(Choice { rules: words("attack.t100"), ..Choice::default() }));
        assert!(!wants(Choice { level_min: Level::Critical, ..Choice::default() }));
    }
}
