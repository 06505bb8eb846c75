//! Which events does a Sigma rule speak of, and why?
//!
//! Rules go in as texts and come out either ready to run or listed with the reason why not
//! ([`RuleSet`]); an event comes in as a row of a batch and a rule's answer goes out, with every
//! comparison it rests on ([`Explanation`]). [`SIGMA`] is the same behind `model`'s socket.
//!
//! This engine is simple on purpose: one event, one rule, one comparison at a time. The fast
//! engine to come is held to it, so nothing here may be clever, and the two must share no
//! matching code. It reads the source's own fields and knows nothing of spine, case or clock.
//!
//! The way of a rule: `document` splits a file into documents, `detection`, `item` and `draft` make
//! of each a [`Condition`] over [`Atom`]s, [`logsource`] says which events are candidates,
//! [`RuleSet::load`] accounts for every document. The way of an event: [`Record`], seen through a
//! route's names as a `View`, judged by `naive`, told by [`explain`].
#![doc = include_str!("../README.md")]

pub mod condition;
mod detection;
mod document;
mod draft;
mod encode;
pub mod explain;
mod fast;
mod filter;
mod item;
pub mod lint;
mod load;
pub mod logsource;
mod naive;
mod network;
mod number;
mod pattern;
mod placeholder;
mod record;
mod rules;
mod scanner;
mod text;
mod time;
mod view;
mod wanted;

pub use condition::{Atom, Condition, Selection, Test};
pub use explain::Explanation;
pub use network::Network;
pub use number::Number;
pub use record::Record;
pub use rules::{Rule, RuleSet};
pub use scanner::{ALL, SIGMA};
pub use text::Glob;
pub use time::Part;
