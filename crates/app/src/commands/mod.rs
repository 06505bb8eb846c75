//! Which verbs are there? One more is one new file and two lines in this list.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::shell::Shell;

macro_rules! commands {
    ($($(#[$doc:meta])* $module:ident $variant:ident,)*) => {
        $(mod $module;)*

        /// What to do.
        #[allow(clippy::large_enum_variant)] // There is one of them in a run.
        #[derive(Subcommand)]
        pub enum Command { $($(#[$doc])* $variant($module::Arguments),)* }

        /// Does it.
        pub fn run(command: Command, shell: &mut Shell) -> Result<ExitCode> {
            match command { $(Command::$variant(arguments) => arguments.run(shell),)* }
        }
    };
}

commands! {
    /// Make a small made-up breach and run the whole inquiry on it
    demo Demo,
    /// Make an institution and an intrusion whose truth is known, and score answers
    drill Drill,
    /// Make a case
    case Case,
    /// Admit evidence to a case
    intake Intake,
    /// Admit evidence, read it, match it, derive tables and write the report
    inquire Inquire,
    /// Read and match again what is admitted, with the rules of now
    derive Derive,
    /// What the institution knows of its own records, people and rights
    register Register,
    /// Which protected names were met in the evidence
    names Names,
    /// Officers who hold the key to sealed names, and what they approve
    seal Seal,
    /// Ask officers to unseal a person or raw bytes, and show once what they approved
    unseal Unseal,
    /// Apply rules to files without a case
    detect Detect,
    /// List, check, test and explain rules
    rules Rules,
    /// List the formats that are read, or say what a file is
    formats Formats,
    /// Put a read-only SQL question to the tables of a case
    query Query,
    /// Which logs there are of which hosts, and how whole
    coverage Coverage,
    /// What happened: courses of events as ordered steps, with their bounds
    incidents Incidents,
    /// Accounts and the identities behind them
    accounts Accounts,
    /// Who was where when, and whose presence it was
    sessions Sessions,
    /// Decide whose act something was; without arguments: what is decided
    decide Decide,
    /// What decisions between two states of a case moved
    diff Diff,
    /// What happened, event by event, with whose act each was
    timeline Timeline,
    /// How far access went to each holding, item or subject, and how far at most
    exposures Exposures,
    /// From any id back to bytes, exhibit and log leaf
    trace Trace,
    /// Say whether a case or bundle is still as it was acknowledged, and what no proof covers
    verify Verify,
    /// The custody log: entries, proofs, signed heads, witnesses, bundles
    custody Custody,
    /// Write the case in another tool's format
    export Export,
    /// Write report.html again
    report Report,
}
