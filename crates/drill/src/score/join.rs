//! When do a name in an answer and a name in the truth mean the same?
//!
//! Answers print names as their sources write them; the truth prints its own. Only what a source
//! adds (domain, suffix, case) is taken off; nothing is guessed.

use std::net::IpAddr;

/// What the truth calls the cloud where it has to name a host.
const CLOUD: &str = "m365";

/// The local name in lower case: `COURT\O.Dane`, `o.dane@court.example` and `o.dane` are one.
pub(super) fn account(name: &str) -> String {
    let local = name.rsplit('\\').next().unwrap_or(name);
    let local = local.split('@').next().unwrap_or(local);
    local.trim().to_lowercase()
}

/// The first label in lower case: `FS-01.court.example` and `fs-01` are one. Addresses stay whole.
/// The cloud is no machine: `m365` and none are the empty one.
pub(super) fn host(name: Option<&str>) -> String {
    let name = name.unwrap_or("").trim().to_lowercase();
    if name.parse::<IpAddr>().is_ok() {
        return name;
    }
    let label = name.split('.').next().unwrap_or("");
    if label == CLOUD { String::new() } else { label.to_owned() }
}

/// `T1059.001`; also from `attack.t1059.001`, as rules are tagged.
pub(super) fn technique(name: &str) -> String {
    let name = name.trim().to_uppercase();
    name.strip_prefix("ATTACK.").unwrap_or(&name).to_owned()
}

/// Whether two techniques are one, or one is the other's parent. Two sisters are not one.
pub(super) fn techniques_agree(a: &str, b: &str) -> bool {
    let parent = |technique: &str| technique.split_once('.').map(|(parent, _)| parent.to_owned());
    !a.is_empty() && (a == b || parent(a).as_deref() == Some(b) || parent(b).as_deref() == Some(a))
}

/// An assumption without case, line breaks and final full stop.
pub(super) fn assumption(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    text.trim_end_matches('.').to_owned()
}

/// Whether the printed assumption is that one: the same text, or beginning with it and a colon.
pub(super) fn assumes(printed: &str, that: &str) -> bool {
    printed.strip_prefix(that).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_sources_add() {
        for name in ["COURT\\O.Dane", "o.dane@court.example", "O.DANE", " o.dane "] {
            assert_eq!(account(name), "o.dane");
        }
        assert_eq!(host(Some("FS-01.court.example")), "fs-01");
        assert_eq!(host(Some("10.0.4.17")), "10.0.4.17");
        assert_eq!((host(None), host(Some("m365"))), (String::new(), String::new()));
    }

    #[test]
    fn techniques_agree_with_their_parents_only() {
        let agree = |a, b| techniques_agree(&technique(a), &technique(b));
        assert!(agree("T1059.001", "attack.t1059"));
        assert!(agree("T1059", "T1059.001"));
        assert!(!agree("T1059.001", "T1059.003"));
        assert!(!agree("", ""));
    }

    #[test]
    fn an_assumption_may_be_told_by_its_name() {
        let printed = assumption("Own-Device: a registered device is in its owner's hands.");
        assert!(assumes(&printed, "own-device"));
        assert!(!assumes(&printed, "own"));
        assert!(assumes(&assumption("This export  is complete."), &assumption("this export is complete")));
    }
}
