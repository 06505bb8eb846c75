//! How is a protected name sealed, known again, masked and unsealed?
//!
//! What this crate knows of names it knows as keyed numbers; the names themselves are in it only while a
//! register is imported or k of n officers unseal one. `case` puts it between what is read and
//! `derived/`, and before everything that is written out (decision 0091).

mod encoded;
mod kept;
mod mask;
mod matcher;
mod person;
mod plain;
mod reading;
pub mod shares;
mod variant;

pub use kept::NotKept;
pub use mask::{Covered, Mask};
pub use matcher::{Found, Look, MatchKey, Matcher, Scratch};
pub use person::{Person, PersonKind};
pub use plain::is_nobodys;
