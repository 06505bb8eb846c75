//! Can what is sealed be shown by mistake? Not by the types: that this file compiles is the test.
//!
//! Whoever derives `Debug`, `Display`, `Serialize` on one of these types cannot compile it any more. That
//! the question is asked rightly is shown where it is made (`assize_testing::has_none_of`).

use std::fmt::{Debug, Display};

use assize_case::seal::Unsealed;
use assize_model::Protected;
use assize_names::{MatchKey, Matcher, Person, Scratch};
use assize_testing::has_none_of;
use assize_vault::MaskingKey;
use serde::Serialize;

has_none_of!(Protected: Debug, Display, Serialize, Copy);
has_none_of!(Person: Debug, Display, Serialize, Clone);
has_none_of!(Unsealed: Debug, Display, Serialize, Clone);
has_none_of!(MatchKey: Debug, Display, Serialize);
has_none_of!(MaskingKey: Debug, Display, Serialize);
has_none_of!(Matcher: Debug, Display, Serialize);
has_none_of!(Scratch: Debug, Display, Serialize);

#[test]
fn these_types_cannot_be_shown() {}
