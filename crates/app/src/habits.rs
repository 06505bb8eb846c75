//! What do we say to who types what he types to Hayabusa or Chainsaw?
//!
//! Flags of theirs that mean the same here are flags of `detect`. For the others the refusal of the command line
//! is followed by a word on how the same is had, or why it is not needed. Nothing is guessed and nothing
//! passed over: a flag that is not ours is an error.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Flags, and what to do instead.
const FLAGS: &[(&[&str], &str)] = &[
    (&["--csv"], "--format csv; with the columns of Hayabusa: --profile standard"),
    (&["--json"], "--format json"),
    (&["--jsonl", "-L", "--JSONL-output"], "--format ndjson"),
    (&["-t"], "--threads N"),
    (&["-U", "--UTC"], "times are in UTC unless --tz names a zone"),
    (&["--local", "--timezone"], "--tz ZONE"),
    (
        &[
            "-O",
            "--ISO-8601",
            "--RFC-2822",
            "--RFC-3339",
            "--US-time",
            "--US-military-time",
            "--European-time",
        ],
        "times are written as ISO 8601 has them",
    ),
    (&["--timeline-start", "--from"], "--since TIME"),
    (&["--timeline-end", "--to"], "--until TIME"),
    (&["--time-offset"], "--last LENGTH"),
    (&["-e", "--exact-level"], "--min-level LEVEL, and leave out what is above it by the column `level`"),
    (&["-K", "--no-color"], "--color never"),
    (&["-N", "--no-summary"], "-q leaves the summary out; the result is the same"),
    (&["-w", "--no-wizard"], "there is no wizard: every rule that is given is applied"),
    (
        &[
            "-D",
            "--enable-deprecated-rules",
            "-n",
            "--enable-noisy-rules",
            "-u",
            "--enable-unsupported-rules",
            "-A",
            "--enable-all-rules",
            "--exclude-status",
            "--status",
        ],
        "every rule that is given is applied, whatever its status; leave out with --exclude, or by folder",
    ),
    (&["-E", "--EID-filter"], "not needed: what no rule can speak of is passed over by itself"),
    (
        &["--kind", "--load-unknown", "--extension", "-J", "--JSON-input"],
        "what a file is is told by its content",
    ),
    (&["--skip-errors"], "what cannot be read is told and passed over"),
    (&["-X", "--remove-duplicate-detections"], "files of one content are told once"),
    (&["-x", "--recover-records"], "records behind the end of a chunk are always read"),
    (&["--full", "--metadata", "--column-width"], "--profile verbose, or all-field-info-verbose"),
    (&["-l", "--live-analysis"], "name the folder: C:\\Windows\\System32\\winevt\\Logs"),
    (&["-G", "--GeoIP"], "places of addresses are not looked up"),
    (&["-H", "--HTML-report"], "assize inquire PATH… --case DIR writes a report"),
];

/// Commands, and what to do instead.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["csv-timeline"], "detect PATH… --format csv --profile standard"),
    (&["json-timeline"], "detect PATH… --format ndjson"),
    (&["hunt"], "detect PATH… --rules DIR"),
    (&["search"], "timeline and query look into a case"),
];

/// The word that follows a refusal of the command line; `None` if we have none.
pub fn instead(refusal: &clap::Error) -> Option<&'static str> {
    let (kind, table) = match refusal.kind() {
        ErrorKind::UnknownArgument => (ContextKind::InvalidArg, FLAGS),
        ErrorKind::InvalidSubcommand => (ContextKind::InvalidSubcommand, COMMANDS),
        _ => return None,
    };
    let Some(ContextValue::String(given)) = refusal.get(kind) else { return None };
    let given = given.split('=').next().unwrap_or(given);
    table.iter().find(|(names, _)| names.contains(&given)).map(|(_, instead)| *instead)
}
