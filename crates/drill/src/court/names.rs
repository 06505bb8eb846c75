//! Which made-up names are there?
