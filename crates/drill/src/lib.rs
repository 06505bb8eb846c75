//! Can an inquiry be rehearsed on evidence whose truth is known?
//!
//! A drill is an institution and an intrusion that never were. The world is simulated first
//! ([`court`], [`act`]); the truth is written from the world; traces are written by observers
//! ([`sources`]) that know neither rules nor findings. [`score`] says how near an answer is to
//! the truth, from published results alone.
//!
//! This crate reads no evidence and shares no code with the readers that are tested on what it
//! writes: a mistake of theirs must not be cancelled out by the same mistake here. For the same
//! reason it uses none of the model's types: its files say what the formats say and what the
//! contract says, not what our model makes of them.
#![allow(clippy::disallowed_methods, reason = "writing evidence files is what this crate is for")]

pub mod act;
mod brief;
pub mod chance;
pub mod court;
pub mod damage;
pub mod evtx;
pub mod files;
pub mod gate;
mod life;
pub mod make;
pub mod moment;
pub mod register;
pub mod score;
pub mod sources;
pub mod specimen;
pub mod story;
pub mod truth;
mod world;
