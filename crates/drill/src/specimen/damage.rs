//! How do files arrive in an inquiry: cut short, overwritten, mixed up?
//!
//! Damage done to files that were whole, always the same. Also the gzip wrapping of a file that
//! a gateway packed.

use super::dice::Dice;

/// Overwrites one record in the middle of the first chunk with garbage, and cuts the last chunk
/// short, as a copy from a failing disk has them.
pub(super) fn event_log(mut file: Vec<u8>) -> Vec<u8> {
    let first_chunk = 4096..4096 + 65_536;
    let starts: Vec<usize> = file
        .get(first_chunk)
        .unwrap_or_default()
        .windows(4)
        .enumerate()
        .filter(|(_, window)| *window == b"**\0\0")
        .map(|(at, _)| 4096 + at)
        .collect();
    let middle = starts.len() / 2;
    if let (Some(start), Some(end)) = (starts.get(middle), starts.get(middle + 1)) {
        let mut dice = Dice::named("garbage");
        file[*start..*end].fill_with(|| dice.next() as u8);
    }
    file.truncate(file.len().saturating_sub(41_003));
    file
}

/// Three lines that are no JSON, one that is no UTF-8, the last one cut.
pub(super) fn lines(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        match number {
            5 => out.extend(line.replacen("\":", "\"", 1).bytes()),
            12 => out.extend(line.as_bytes()[..line.len() / 2].iter()),
            13 => out.extend(b"--- log rotated by operator ---"),
            // No-break spaces in Latin-1, where UTF-8 should be.
            21 => out.extend(line.bytes().map(|byte| if byte == b' ' { 0xA0 } else { byte })),
            _ => out.extend(line.bytes()),
        }
        out.push(b'\n');
    }
    out.truncate(out.len().saturating_sub(57));
    out
}

/// A gzip file (RFC 1952) of stored blocks (RFC 1951, 3.2.4): no compressor whose next version
/// would give other bytes.
pub(super) fn gzipped(name: &str, content: &[u8]) -> Vec<u8> {
    // Magic, deflate, a name follows; no time; from Unix.
    let mut out = vec![0x1F, 0x8B, 8, 0x08, 0, 0, 0, 0, 0, 3];
    out.extend(name.bytes());
    out.push(0);
    let blocks = content.chunks(0xFFFF).count();
    for (number, block) in (1..).zip(content.chunks(0xFFFF)) {
        let length = block.len() as u16;
        out.push(u8::from(number == blocks));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out.extend(crc32fast::hash(content).to_le_bytes());
    out.extend((content.len() as u32).to_le_bytes());
    out
}

/// A small binary that is no log of anything.
pub(super) fn binary() -> Vec<u8> {
    let mut dice = Dice::named("memory note");
    let mut out = b"MNOTE\x00\x01\x02".to_vec();
    out.extend((0..3_000).map(|_| dice.next() as u8));
    out
}
