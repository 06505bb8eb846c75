//! Which bytes are read? A drill's exports, and our own samples, repeated with other ids.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Name, format, bytes.
pub fn all(evidence: &Path, size: usize) -> Result<Vec<(&'static str, &'static str, Vec<u8>)>> {
    let mut inputs = Vec::new();
    let (table, records) = purview(evidence, size)?;
    inputs.push(("M365 audit, JSON lines", "m365-audit", records));
    inputs.push(("M365 audit, CSV of Purview", "m365-audit-csv", table));
    let sign_ins = fs::read(evidence.join("entra/signins.ndjson"))?;
    inputs.push(("Entra sign-ins, JSON lines", "entra", repeated(&sign_ins, size)));
    inputs.push(("Entra sign-ins, as JSON of unknown make", "json", repeated(&sign_ins, size)));
    let sample = include_bytes!("../../../crates/formats/testdata/samples/aws-cloudtrail.json");
    let records: serde_json::Value = serde_json::from_slice(sample)?;
    let records = records["Records"].as_array().context("a sample with Records")?;
    let lines: Vec<String> = records.iter().map(ToString::to_string).collect();
    inputs.push((
        "CloudTrail, JSON lines",
        "aws-cloudtrail",
        repeated((lines.join("\n") + "\n").as_bytes(), size),
    ));
    let sample = include_bytes!("../../../crates/formats/testdata/samples/aws-s3-access.log");
    inputs.push(("S3 access log", "aws-s3-access", repeated(sample, size)));
    Ok(inputs)
}

/// Purview's table, and the records in its cells as lines.
fn purview(evidence: &Path, size: usize) -> Result<(Vec<u8>, Vec<u8>)> {
    let mut files: Vec<_> =
        fs::read_dir(evidence.join("m365"))?.map(|file| Ok(file?.path())).collect::<Result<_>>()?;
    files.sort();
    let (mut head, mut rows, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    for path in files {
        let bytes = fs::read(&path)?;
        let first = bytes.iter().position(|byte| *byte == b'\n').context("a header")? + 1;
        head = bytes[..first].to_vec();
        rows.extend_from_slice(&bytes[first..]);
        for row in csv::Reader::from_reader(&bytes[..]).into_records() {
            lines.extend_from_slice(row?.get(5).context("AuditData")?.as_bytes());
            lines.push(b'\n');
        }
    }
    head.extend(repeated(&rows, size));
    Ok((head, repeated(&lines, size)))
}

/// The same again and again; digits of ids differ, so that no two copies are equal.
fn repeated(bytes: &[u8], size: usize) -> Vec<u8> {
    let mut all = Vec::with_capacity(size + bytes.len());
    let mut round = 0u32;
    while all.len() < size {
        let from = all.len();
        all.extend_from_slice(bytes);
        let digits = format!("{round:06}");
        let mut at = from;
        // `-0000` of GUIDs and the like: four hexadecimal digits after a dash inside quotes.
        while let Some(found) = all[at..]
            .windows(6)
            .position(|six| six[0] == b'-' && six[5] == b'-' && six[1..5].iter().all(u8::is_ascii_hexdigit))
        {
            all[at + found + 1..at + found + 5].copy_from_slice(&digits.as_bytes()[2..6]);
            at += found + 6;
        }
        round += 1;
    }
    all
}
