//! `case new`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use assize_case::Case;
use assize_case::vault::{AtRest, CaseFile};
use clap::{Args, Subcommand};

use crate::shell::{DONE, Shell, ask};

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
        /// Encrypt exhibits at rest to a custody key, which is made in the key folder (ASSIZE_KEYS). Whoever
        /// loses that key loses the exhibits. Derived tables and the log's acts stay in clear
        #[arg(long)]
        encrypt: bool,
        /// Ask for a passphrase for the new keys (or take it from the file that ASSIZE_PASSPHRASE_FILE names)
        #[arg(long)]
        passphrase: bool,
    },
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let What::New { folder, name, handling, encrypt, passphrase } = self.what;
        let own_name = || folder.file_name().map_or_else(|| "case".into(), |name| name.to_string_lossy().into_owned());
        let file = CaseFile { name: name.unwrap_or_else(own_name), handling, ..CaseFile::default() };
        let at_rest = if encrypt { AtRest::Encrypted } else { AtRest::Plain };
        let mut keys = assize_case::keys()?;
        if passphrase && std::env::var_os("ASSIZE_PASSPHRASE_FILE").is_none() {
            keys = keys.with_passphrase(new_passphrase()?);
        }
        let stamp = assize_case::stamp(shell.common.by.as_deref());
        let case = Case::create_with(&folder, file, at_rest, &keys, &stamp)?;
        let vault = case.vault();
        shell.sight.say(&format!("case made in {}", vault.root().display()));
        shell.sight.say(&format!("keys of {} in {}: keep a copy elsewhere", vault.origin(), keys.folder().display()));
        shell.sight.say(&format!("public key, for whoever is to verify: {}", vault.public_key()));
        Ok(DONE.into())
    }
}

fn new_passphrase() -> Result<String> {
    let passphrase = ask("passphrase for the new keys: ")?;
    if passphrase.is_empty() || passphrase != ask("again: ")? {
        bail!("empty, or not the same twice; nothing was made");
    }
    Ok(passphrase)
}
