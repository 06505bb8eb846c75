//! Can an inquiry be rehearsed on evidence whose truth is known?
//!
//! This crate writes evidence: Windows event logs byte for byte as Windows lays them out
//! ([`evtx`]), and a small made-up evidence set with an intrusion in it ([`demo`]). It reads
//! nothing, judges nothing, and shares no code with the readers that are tested on what it
//! writes: a mistake of theirs must not be cancelled out by the same mistake here.
//!
//! It stands apart from the star: no other crate's types are used, so its files say what the
//! formats say and not what our model makes of them.
#![allow(clippy::disallowed_methods, reason = "writing evidence files is what this crate is for")]

pub mod demo;
pub mod evtx;
