//! How near is an answer to the truth?
