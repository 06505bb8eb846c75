//! How does a person speak to an inquiry? The command line: a thin shell.
//!
//! Data goes to stdout, everything else to stderr. Here are terminal, flags, progress and exit
//! codes; what happens, happens in `case`.
// The terminal is this crate's business.
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

mod commands;
mod habits;
mod pages;
mod profile;
mod read_as;
mod shell;
mod sight;
mod summary;
mod when;

use std::process::ExitCode;

use clap::Parser;

/// Rules, batches and findings are many small pieces of memory: see decision 0045.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The breach inquiry: evidence in, a report out, every line traceable to bytes.
#[derive(Parser)]
#[command(name = "assize", version, max_term_width = 100, disable_help_subcommand = true)]
struct CommandLine {
    #[command(flatten)]
    common: shell::Common,
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    // Names are in memory while a register is imported or somebody unsealed: a crash leaves no copy of it. Where
    // the system refuses, there is nothing better to do.
    let _ = rlimit::Resource::CORE.set(0, 0);
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(refusal) => {
            let _ = refusal.print();
            if let Some(instead) = habits::instead(&refusal) {
                eprintln!("\n  instead: {instead}");
            }
            return u8::try_from(refusal.exit_code()).unwrap_or(shell::NOTHING).into();
        }
    };
    std::panic::set_hook(Box::new(tell_defect));
    let mut shell = shell::Shell::new(line.common);
    match commands::run(line.command, &mut shell) {
        Ok(code) => code,
        Err(error) => shell.failed(&error),
    }
}

/// Where the program broke down. What the message says was made of what it was working on, names perhaps, and is
/// told only where it is the program's own words.
fn tell_defect(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(|| "an unknown place".into(), ToString::to_string);
    let words = panic.payload().downcast_ref::<&'static str>().map_or("", |words| words);
    eprintln!("assize: a defect of this program, at {place}: please report it. {words}");
}
