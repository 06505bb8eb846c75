//! `case new`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use assize_case::Case;
use assize_case::vault::CaseFile;
use clap::{Args, Subcommand};

use crate::shell::{DONE, Shell};

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make a case in a new or empty folder
    New {
        /// The folder
        folder: PathBuf,
        /// What people call it [default: the folder's name]
        #[arg(long)]
        name: Option<String>,
        /// Handling mark of what leaves the case (TLP 2.0)
        #[arg(long, default_value = "TLP:AMBER+STRICT")]
        handling: String,
    },
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let What::New { folder, name, handling } = self.what;
        let own_name = || folder.file_name().map_or_else(|| "case".into(), |name| name.to_string_lossy().into_owned());
        let file = CaseFile { name: name.unwrap_or_else(own_name), handling, ..CaseFile::default() };
        let case = Case::create(&folder, file, &assize_case::stamp(shell.common.by.as_deref()))?;
        shell.sight.say(&format!("case made in {}", case.vault().root().display()));
        Ok(DONE.into())
    }
}
