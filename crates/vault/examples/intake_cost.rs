//! What does taking in cost beside `cp` + `sync` + `sha256sum` on the same files in the same run?
//!
//! `cargo run --release -p assize-vault --example intake_cost -- [FOLDER]`: writes its own files below the
//! folder (default: the system's temporary one), runs both in turn, prints medians and ratios. Times
//! are never tested, only shown.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::print_stdout)] // A bench at a terminal.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use assize_model::Trust;
use assize_vault::{AtRest, CaseFile, Keys, Receipt, Stamp, Vault, walk};

const ROUNDS: usize = 5;

fn main() {
    let given = std::env::args().nth(1).unwrap_or_else(|| std::env::temp_dir().display().to_string());
    let dir = tempfile::tempdir_in(given).unwrap();
    println!(
        "| files | cp + sync + sha256sum, s | intake, s | ratio | intake --encrypt, s | peak memory, MiB |\n|---|---|---|---|---|---|"
    );
    for (name, count, size) in
        [("4 × 64 MiB", 4, 64 << 20), ("1 × 512 MiB", 1, 512 << 20), ("2,000 × 8 KiB", 2000, 8 << 10)]
    {
        let input = dir.path().join("in");
        fs::create_dir(&input).unwrap();
        for number in 0..count {
            noise(number as u64 + 1, size, &input.join(format!("{number:04}")));
        }
        let (mut peer, mut plain, mut encrypted) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            peer.push(timed(|| copied(&input, &dir.path().join("copy"))));
            plain.push(timed(|| taken(&input, &dir.path().join("case"), AtRest::Plain)));
            encrypted.push(timed(|| taken(&input, &dir.path().join("case"), AtRest::Encrypted)));
        }
        let (peer, plain, encrypted) = (median(peer), median(plain), median(encrypted));
        println!(
            "| {name} | {peer:.2} | {plain:.2} | {:.2} | {encrypted:.2} | {} |",
            plain / peer,
            peak_mib()
        );
        fs::remove_dir_all(&input).unwrap();
    }
}

fn timed(act: impl FnOnce()) -> f64 {
    // What the one before left to write is not for the next to wait for.
    Command::new("sync").status().unwrap();
    let begun = Instant::now();
    act();
    begun.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn copied(input: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let script = format!(
        "cp -r {i} {t} && sync && find {t} -type f -print0 | xargs -0 sha256sum > /dev/null",
        i = input.display(),
        t = to.display()
    );
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
}

fn taken(input: &Path, root: &Path, at_rest: AtRest) {
    let _ = fs::remove_dir_all(root);
    let stamp = Stamp { at: "2026-11-24T00:00:00Z".into(), by: "bench".into(), tool: "bench".into() };
    let keys = Keys::at(&root.with_extension("keys"));
    let mut vault = Vault::create(root, CaseFile::default(), at_rest, &keys, &stamp).unwrap();
    let mut done = |_: &assize_vault::Found, result: Result<_, String>| {
        result.unwrap();
    };
    vault.admit(&walk(input), &Receipt::of(Trust::Trusted), &stamp, &mut |_| {}, &mut done).unwrap();
    vault.signed().unwrap();
}

/// Writes bytes that no digest and no disk finds easy, a block at a time: the peak is the intake's.
fn noise(seed: u64, size: usize, path: &Path) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut out = fs::File::create(path).unwrap();
    let mut left = size;
    while left > 0 {
        let block: Vec<u8> = (0..(left / 8).min(1 << 14))
            .flat_map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_le_bytes()
            })
            .collect();
        out.write_all(&block).unwrap();
        left -= block.len();
    }
}

fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
