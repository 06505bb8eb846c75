//! What does the institution know of its own records, people and rights?
//!
//! Writes `register/` of a drill: what a court could hand to an inquiry on its first day. Field
//! names are those of the trade's register (`holding_id`, `locators`, `identity_exposure`, …);
//! `docs/contract/register-*.schema.json` says what each of them means. Lists are separated by
//! `; `, times are UTC, an empty cell is not known or has no end. Holdings that the court has
//! forgotten are left out, and with them their items: finding them is the inquiry's business.

mod holdings;
mod people;
mod subjects;
mod systems;
mod table;

use std::fs;
use std::io;
use std::path::Path;

use crate::court::Court;

/// Makes the content of a file.
type Make = fn(&Court) -> String;

/// Every file, with its content.
pub const FILES: &[(&str, Make)] = &[
    ("holdings.csv", holdings::holdings),
    ("items.csv", holdings::items),
    ("holding_subjects.csv", holdings::holding_subjects),
    ("subjects.json", subjects::subjects),
    ("situations.csv", holdings::situations),
    ("staff.csv", people::staff),
    ("trips.csv", people::trips),
    ("accounts.csv", people::accounts),
    ("devices.csv", systems::devices),
    ("rights.csv", people::rights),
    ("duties.csv", people::duties),
    ("planes.csv", systems::planes),
    ("log_sources.csv", systems::log_sources),
];

/// Writes the register's files into `dir`.
///
/// # Errors
/// Where a file cannot be written.
pub fn write(court: &Court, dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for (name, make) in FILES {
        let path = dir.join(name);
        fs::write(&path, make(court))
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    }
    Ok(())
}
