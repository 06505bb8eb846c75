//! How is it told?
//!
//! An output reads a snapshot through queries and writes a stream. It decides nothing and computes
//! no fact: what it counts and sorts it counts and sorts by SQL, so that two outputs of one
//! snapshot cannot contradict each other. Evidence is hostile: every text that came out of it goes
//! through [`harmless`] on its way into a medium.
//!
//! One more output is one new file and two lines here: its `mod` and its place in [`ALL`].

pub mod harmless;
pub mod jsonl;
pub mod report;
pub mod table;

#[cfg(test)]
mod fake;

use assize_model::Output;

/// Every output, in the order in which help and catalogue list them.
pub static ALL: &[&dyn Output] = &[&report::Report, &jsonl::Jsonl];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_complete_and_names_differ() {
        let mut names: Vec<&str> = ALL.iter().map(|output| output.card().name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names, ["jsonl", "report"]);
        for output in ALL {
            let card = output.card();
            assert!(!card.title.is_empty() && card.doc.len() > 80 && card.example.starts_with("assize "));
        }
    }
}
