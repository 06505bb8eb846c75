//! Is everything in a container read or told, and does no container do harm?
//!
//! Made here with other people's writers; the bombs are small files that would be large.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the archiver and the intruder.

use std::io::{self, Cursor, Read, Write};

use assize_formats::container::{self, Kind, Visitor};
use assize_model::Cause;
use zip::unstable::write::FileOptionsExt;
use zip::write::SimpleFileOptions;

/// What was visited, in order.
#[derive(Default)]
struct Seen {
    passwords: Vec<Vec<u8>>,
    members: Vec<(String, Vec<u8>)>,
    problems: Vec<(String, Cause, String)>,
    kinds: Vec<Kind>,
    /// Bytes that a member gave, where they are too many to keep.
    bytes: u64,
}

impl Visitor for Seen {
    fn wants(&self, _: &str) -> bool {
        true
    }
    fn passwords(&self) -> &[Vec<u8>] {
        &self.passwords
    }
    fn member(&mut self, name: Option<&str>, head: Vec<u8>, rest: &mut dyn Read) -> io::Result<()> {
        let mut bytes = head;
        let read = rest.take(1 << 20).read_to_end(&mut bytes);
        self.bytes += bytes.len() as u64;
        match read.and_then(|_| io::copy(rest, &mut io::sink())) {
            Ok(more) => self.bytes += more,
            Err(error) => {
                let cause = container::cause_of(&error);
                self.problems.push((name.unwrap_or("").to_owned(), cause, error.to_string()));
            }
        }
        self.members.push((name.unwrap_or("").to_owned(), bytes));
        Ok(())
    }
    fn container(&mut self, _: Option<&str>, kind: Kind) {
        self.kinds.push(kind);
    }
    fn problem(&mut self, name: Option<&str>, cause: Cause, detail: String) -> io::Result<()> {
        self.problems.push((name.unwrap_or("").to_owned(), cause, detail));
        Ok(())
    }
}

fn visit_with(bytes: &[u8], passwords: &[&str]) -> Seen {
    let passwords = passwords.iter().map(|password| password.as_bytes().to_vec()).collect();
    let mut seen = Seen { passwords, ..Seen::default() };
    container::visit(&mut Cursor::new(bytes), bytes.len() as u64, &mut seen).unwrap();
    seen
}

fn visit(bytes: &[u8]) -> Seen {
    visit_with(bytes, &[])
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(6);
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        // Written by hand: the writer itself refuses names that climb out.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip_with(files: &[(&str, &[u8])], options: SimpleFileOptions) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip_with(files, SimpleFileOptions::default())
}

#[test]
fn every_kind_is_known_by_its_content_and_opened() {
    let text = b"one line of a log\n".repeat(1000);
    for (kind, packed) in [
        (Kind::Gzip, gzip(&text)),
        (Kind::Bzip2, bz2(&text)),
        (Kind::Xz, xz(&text)),
        (Kind::Zstd, zst(&text)),
    ] {
        let seen = visit(&packed);
        assert_eq!(seen.kinds, [kind]);
        assert_eq!(seen.members, [("content".to_owned(), text.clone())], "{kind:?}");
        assert!(seen.problems.is_empty());
        // Two streams behind one another are one file, as with `cat`.
        let twice = visit(&[packed.clone(), packed.clone()].concat());
        assert_eq!(twice.members[0].1.len(), 2 * text.len(), "{kind:?}");
        let cut = visit(&packed[..packed.len() - 7]);
        assert!(!cut.problems.is_empty(), "{kind:?}: a cut stream is told");
        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0x20;
        let damaged = visit(&damaged);
        assert!(
            !damaged.problems.is_empty() || damaged.members[0].1 != text,
            "{kind:?}: damage is told or shown"
        );
    }
    let archive = visit(&tar(&[("a", b"1"), ("b/c", b"2")]));
    assert_eq!(archive.members.len(), 2);
    assert_eq!(visit(b"BZh is how a sentence may begin").kinds, []);
}

#[test]
fn methods_within_zips() {
    use zip::CompressionMethod as Method;
    for method in [Method::Stored, Method::Deflated, Method::Bzip2, Method::Xz] {
        let options = SimpleFileOptions::default().compression_method(method);
        let seen = visit(&zip_with(&[("a.log", b"one")], options));
        assert_eq!(seen.members, [("a.log".to_owned(), b"one".to_vec())], "{method:?}: {:?}", seen.problems);
    }
}

/// Puts bytes into a container.
type Wrap = fn(&[u8]) -> Vec<u8>;

#[test]
fn ten_levels_are_opened_and_the_eleventh_is_told() {
    let wrap: [Wrap; 5] =
        [gzip, |bytes| zipped(&[("inner", bytes)]), bz2, |bytes| tar(&[("inner", bytes)]), xz];
    let mut bytes = b"deep".to_vec();
    for level in 1..=11 {
        bytes = wrap[level % wrap.len()](&bytes);
        let seen = visit(&bytes);
        if level <= 10 {
            assert_eq!(seen.members.len(), 1, "level {level}: {:?}", seen.problems);
            assert_eq!(seen.members[0].1, b"deep");
            assert_eq!(seen.members[0].0.split("!/").count(), level);
        } else {
            assert!(seen.members.is_empty());
            assert_eq!(seen.problems[0].1, Cause::Limit, "{:?}", seen.problems);
        }
    }
}

#[test]
fn bombs_end_at_a_limit() {
    // 512 MiB of zeroes in about 2 MB, packed once more: some thousand bytes.
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeroes = vec![0; 1 << 20];
    for _ in 0..512 {
        writer.write_all(&zeroes).unwrap();
    }
    let bomb = gzip(&writer.finish().unwrap());
    assert!(bomb.len() < 100_000);
    let seen = visit(&bomb);
    assert!(seen.bytes <= 256 << 20, "{} bytes came out", seen.bytes);
    assert!(seen.problems.iter().any(|(_, cause, _)| *cause == Cause::Limit), "{:?}", seen.problems);
    let many: Vec<(String, Vec<u8>)> = (0..12).map(|n| (format!("{n}"), bomb.clone())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    let seen = visit(&tar(&many));
    let limit = (12 * (bomb.len() as u64 + 512) * 2000).max(256 << 20) + (1 << 20);
    assert!(seen.bytes <= limit, "all members together: {}", seen.bytes);
}

#[test]
fn too_many_members_end_at_a_limit() {
    let block = tar(&[("x", b"")]);
    let header = &block[..512];
    let mut bytes = header.repeat(100_050);
    bytes.extend_from_slice(&[0; 1024]);
    let seen = visit(&bytes);
    assert_eq!(seen.members.len(), 100_000);
    assert!(
        seen.problems.iter().any(|(_, cause, detail)| *cause == Cause::Limit && detail.contains("members"))
    );
}

#[test]
fn names_that_climb_out_are_names_and_no_paths() {
    let hostile =
        ["../../etc/passwd", "/etc/shadow", "a/../../b", "C:\\Windows\\x", "a!/b#2", "nul\u{202e}gpj"];
    let files: Vec<(&str, &[u8])> = hostile.iter().map(|name| (*name, &b"x"[..])).collect();
    for bytes in [tar(&files), zipped(&files)] {
        let seen = visit(&bytes);
        assert_eq!(seen.members.len(), hostile.len(), "{:?}", seen.problems);
        assert!(seen.members.iter().any(|(name, _)| name == "../../etc/passwd"), "kept as text");
        assert!(seen.members.iter().any(|(name, _)| name == "a%21/b%232"), "no step of ours can be forged");
    }
}

#[test]
fn links_and_devices_are_items() {
    let mut builder = tar::Builder::new(Vec::new());
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Char, tar::EntryType::Fifo] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        builder.append_link(&mut header, format!("{kind:?}"), "/etc/passwd").unwrap();
    }
    let seen = visit(&builder.into_inner().unwrap());
    assert!(seen.members.is_empty());
    assert_eq!(seen.problems.len(), 4);
    assert!(seen.problems.iter().all(|(_, cause, _)| *cause == Cause::Unreachable));
}

#[test]
fn names_in_any_encoding_are_kept_apart() {
    let mut builder = tar::Builder::new(Vec::new());
    for name in [&b"\xe4\xf6.log"[..], b"\xd0\xbf.log", b"\xff\xfe", b"new\nline"] {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_size(1);
        header.set_cksum();
        builder.append(&header, &b"x"[..]).unwrap();
    }
    let seen = visit(&builder.into_inner().unwrap());
    assert_eq!(seen.members.len(), 4, "{:?}", seen.problems);
    let mut names: Vec<&String> = seen.members.iter().map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 4);
}

#[test]
fn an_encrypted_zip_opens_with_its_password_and_no_other() {
    let aes = SimpleFileOptions::default().with_aes_encryption(zip::AesMode::Aes256, "correct");
    let old = SimpleFileOptions::default().with_deprecated_encryption(b"correct").unwrap();
    let text = b"secret line\n".repeat(500);
    for (kind, options) in [("AES", aes), ("ZipCrypto", old)] {
        let bytes = zip_with(&[("a.log", &text), ("b.log", &text)], options);
        let seen = visit(&bytes);
        assert_eq!(seen.problems.len(), 2, "{kind}");
        assert!(
            seen.problems.iter().all(|(_, cause, detail)| {
                *cause == Cause::Encrypted && detail.contains("--password-file")
            })
        );
        assert!(visit_with(&bytes, &["wrong"]).problems[0].2.contains("none of the 1 passwords"), "{kind}");
        // Among many wrong ones, of which the old encryption lets one in 256 pass at first.
        let wrong: Vec<String> = (0..600).map(|number| format!("wrong{number}")).collect();
        let mut given: Vec<&str> = wrong.iter().map(String::as_str).collect();
        given.push("correct");
        let given = if kind == "AES" { &given[598..] } else { &given[..] };
        let seen = visit_with(&bytes, given);
        assert_eq!(seen.members.len(), 2, "{kind}: {:?}", seen.problems);
        assert!(seen.members.iter().all(|(_, bytes)| *bytes == text), "{kind}");
    }
}

#[test]
fn nested_zips_are_held_within_a_bound() {
    // Incompressible, so that the zip within is really this large.
    let mut state = 1u64;
    let noise: Vec<u8> = (0..(260 << 17))
        .flat_map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()
        })
        .collect();
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let inner = zip_with(&[("noise", &noise)], stored);
    drop(noise);
    let seen = visit(&zip_with(&[("inner.zip", &inner)], stored));
    assert!(seen.members.is_empty());
    assert_eq!(seen.problems[0].1, Cause::Limit);
}
