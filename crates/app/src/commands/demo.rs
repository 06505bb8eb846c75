//! `demo`: a small drill, and the whole inquiry on it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use assize_case::model::Trust;
use assize_case::vault::{AtRest, CaseFile, Keys, Receipt, Sidecar, Vault};
use assize_case::{Case, ImportWanted, RuleSource};
use assize_drill::make::{Options, make};
use clap::Args;

use super::inquire::inquire;
use crate::shell::{DONE, Shell};

#[derive(Args)]
pub struct Arguments {
    /// Where to put the evidence and the case [default: a new folder assize-demo here]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let begun = Instant::now();
        let folder = self.dir.unwrap_or_else(|| PathBuf::from("assize-demo"));
        let (evidence, root) = (folder.join("evidence"), folder.join("case"));
        if !evidence.exists() {
            make(&Options::demonstration(&folder)?, &mut |_| {})?;
            shell.sight.say(&format!("a court that never was, spied on: {}", evidence.display()));
        }
        let mut case = if Vault::is_case(&root) {
            shell.with_keys(|keys| Case::open_for_writing_with(&root, keys))?
        } else {
            let file = CaseFile { name: "Demonstration: a court was spied on".into(), ..CaseFile::default() };
            shell.new_case(&root, file, AtRest::Plain)?
        };
        let rules = assize_case::rule_files(&RuleSource::default())?;
        if case.register()?.is_none() {
            // Who is protected is sealed to the officers' key, which here lies beside the case.
            let officers = Keys::at(&folder.join("officers")).new_recipient("officers")?;
            let paths = vec![folder.join("register")];
            let wanted = ImportWanted { paths, seal_to: Some(officers), ..ImportWanted::default() };
            let stamp = assize_case::stamp(shell.common.by.as_deref());
            let told = case.import_register(&wanted, &assize_case::keys()?, &stamp)?;
            super::register::say(shell, &told);
        }
        // What the court's responder has confirmed and cleared: chains of proof start there.
        let brief = folder.join("brief/decisions.ndjson");
        let decisions = if brief.exists() { super::decide::of_file(&brief)? } else { Vec::new() };
        // When it was collected, and in which zone its servers' clocks ran.
        let (collected, readings) = (folder.join("brief/collected.toml"), folder.join("brief/readings.ndjson"));
        let sidecar = if collected.exists() { Sidecar::read(&collected)? } else { Sidecar::default() };
        let receipt = Receipt { sidecar, ..Receipt::of(Trust::UntrustedHost) };
        if readings.exists() {
            let stamp = assize_case::stamp(shell.common.by.as_deref());
            case.read_as(&crate::read_as::of_file(&readings)?, &stamp)?;
        }
        let summary = inquire(&mut case, &[evidence], &rules, (&receipt, &decisions), begun, shell)?;
        if shell.json_asked() {
            shell.object(&summary)?;
        }
        shell.sight.say(&format!(
            "\ngo on with:\n  assize query \"SELECT time, host, title, id FROM findings ORDER BY time\" --case {root}\n  \
             assize trace ID --bytes --case {root}        (any id of the first command's last column)\n  \
             assize exposures --by subject --case {root}        (whose records were reached, and how surely)\n  \
             assize verify --case {root}\n  \
             assize drill score {root} {folder}        (how near the answer is to what really happened)",
            root = root.display(),
            folder = folder.display()
        ));
        Ok(DONE.into())
    }
}
