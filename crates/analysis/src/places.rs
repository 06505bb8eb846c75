//! When do a register and a log mean the same place, though they write it differently?
//!
//! One form for paths, UNC and drive letters, URLs, buckets, mailboxes, message ids, tables and
//! document numbers, in which case, Unicode form, percent-encoding and the direction of slashes no
//! longer matter. Steps are parted by `/`, so that what lies in a folder begins with the folder's
//! form. Nothing is looked up: which address is which machine is said elsewhere.

use unicode_normalization::UnicodeNormalization;

/// Characters of a place that are looked at; what is longer is hostile.
const CHARACTERS_MAX: usize = 8_192;

/// The form of a place. `host` is where the record was written: it makes `D:\x` and `/srv/x` whole.
#[must_use]
pub fn form(text: &str, host: Option<&str>) -> String {
    let plain = plain(text);
    let text = plain.trim();
    message_id(text)
        .or_else(|| url(text))
        .or_else(|| bucket(text))
        .or_else(|| windows(text, host))
        .or_else(|| mailbox(text))
        .or_else(|| on_host(text))
        .or_else(|| rooted(text, host))
        .unwrap_or_else(|| steps(text))
}

/// Every form that lies above a form, the nearest first: folders of a file, the share, the server.
pub fn above(form: &str) -> impl Iterator<Item = &str> {
    let mut rest = form;
    std::iter::from_fn(move || {
        let cut = rest.rfind('/')?;
        rest = rest[..cut].trim_end_matches('/');
        (!rest.is_empty()).then_some(rest)
    })
}

/// The name of a machine by which spellings are one: first label in lower case; addresses whole.
#[must_use]
pub fn host(name: &str) -> String {
    let name = name.trim().trim_matches(['\\', '[', ']']).to_lowercase();
    if name.parse::<std::net::IpAddr>().is_ok() {
        return name;
    }
    name.split(['.', ':']).next().unwrap_or_default().to_owned()
}

/// Case, Unicode form, percent-encoding and invisible characters taken off.
fn plain(text: &str) -> String {
    let short: String = text.chars().take(CHARACTERS_MAX).collect();
    let decoded = percent_decoded(&short);
    let visible = decoded.chars().filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\0'));
    // Lower case may come apart again (İ), so the form is taken after it.
    visible.nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// `%20` becomes a space; what is no encoding, or gives no UTF-8, stays as it is.
fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        match hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
        {
            Some(byte) if byte >= b' ' => {
                decoded.push(byte);
                at += 3;
            }
            _ => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

/// Slashes in one direction, none twice, none at the end.
fn steps(text: &str) -> String {
    let parts = text.split(['/', '\\']).map(str::trim).filter(|part| !part.is_empty() && *part != ".");
    parts.collect::<Vec<_>>().join("/")
}

/// `<a@b>`, as mail writes it.
fn message_id(text: &str) -> Option<String> {
    let inner = text.strip_prefix('<')?.strip_suffix('>')?;
    inner.contains('@').then(|| format!("message:{inner}"))
}

/// `https://host/path?query`; `file://` is a path, a bucket's URL is a bucket.
fn url(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    if scheme == "file" {
        let rest = rest.trim_start_matches('/');
        return Some(if rest.as_bytes().get(1) == Some(&b':') {
            steps(rest)
        } else {
            format!("//{}", steps(rest))
        });
    }
    let rest = rest.split('#').next().unwrap_or(rest);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let authority = authority.rsplit('@').next().unwrap_or(authority);
    let authority =
        authority.strip_suffix(":443").or_else(|| authority.strip_suffix(":80")).unwrap_or(authority);
    if scheme == "s3" {
        return Some(format!("s3:{authority}/{}", steps(path)).trim_end_matches('/').to_owned());
    }
    if let Some(bucket) = authority.strip_suffix(".amazonaws.com") {
        let (bucket, path) = match bucket.split_once(".s3") {
            Some((bucket, _)) => (bucket, path),
            None if bucket.starts_with("s3") => path.split_once('/').unwrap_or((path, "")),
            None => return Some(format!("url:{authority}/{}", steps(path))),
        };
        return Some(format!("s3:{bucket}/{}", steps(path)).trim_end_matches('/').to_owned());
    }
    Some(format!("url:{authority}/{}", steps(path)).trim_end_matches('/').to_owned())
}

/// `arn:aws:s3:::bucket/key`, `s3:bucket/key`
fn bucket(text: &str) -> Option<String> {
    let rest = text.strip_prefix("arn:aws:s3:::").or_else(|| text.strip_prefix("s3:"))?;
    Some(format!("s3:{}", steps(rest)))
}

/// `\\host\share\path`, `\\?\UNC\…`, `\??\D:\…`, `D:\…`: on a machine, a drive is its administrative share.
fn windows(text: &str, on: Option<&str>) -> Option<String> {
    let slashed = text.replace('/', "\\");
    let rest = slashed.strip_prefix("\\\\?\\").or_else(|| slashed.strip_prefix("\\??\\"));
    let rest = rest.or_else(|| slashed.strip_prefix("\\\\.\\")).unwrap_or(&slashed);
    let unc = rest.strip_prefix("unc\\").filter(|_| rest.len() < slashed.len());
    if let Some(rest) = unc.or_else(|| rest.strip_prefix("\\\\")) {
        let (server, path) = rest.split_once('\\').unwrap_or((rest, ""));
        // `\\*\Share` is how 5145 and 5140 write the machine's own share.
        let server = if server == "*" { host(on?) } else { host(server) };
        return Some(format!("//{server}/{}", steps(path)).trim_end_matches('/').to_owned());
    }
    let drive = rest.as_bytes();
    if drive.len() >= 2
        && drive[0].is_ascii_alphabetic()
        && drive[1] == b':'
        && !matches!(drive.get(2), Some(c) if *c != b'\\')
    {
        let letter = char::from(drive[0]);
        let path = steps(&rest[2..]);
        let whole = match on {
            Some(on) => format!("//{}/{letter}$/{path}", host(on)),
            None => format!("{letter}:/{path}"),
        };
        return Some(whole.trim_end_matches('/').to_owned());
    }
    None
}

/// `user@domain:\Folder`, `user@domain`: the address stands first, folders below it.
fn mailbox(text: &str) -> Option<String> {
    let (address, folder) = match text.split_once(':') {
        Some((address, folder)) if folder.is_empty() || folder.starts_with(['\\', '/']) => (address, folder),
        None => text.split_once(['\\', '/']).unwrap_or((text, "")),
        _ => return None,
    };
    let (name, domain) = address.split_once('@')?;
    let is_address = !name.is_empty() && domain.contains('.') && !address.contains([' ', '\\', '/', '<']);
    is_address.then(|| format!("mail:{address}/{}", steps(folder)).trim_end_matches('/').to_owned())
}

/// `nas01:/srv/archive/x`
fn on_host(text: &str) -> Option<String> {
    let (machine, path) = text.split_once(":/")?;
    let is_name =
        machine.len() > 1 && machine.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    is_name.then(|| format!("//{}/:/{}", host(machine), steps(path)))
}

/// `/srv/archive/x` on a machine.
fn rooted(text: &str, on: Option<&str>) -> Option<String> {
    let on = on.filter(|_| text.starts_with('/'))?;
    Some(format!("//{}/:/{}", host(on), steps(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Left and right mean the same place; the host is where a log was written.
    const SAME: &[(&str, Option<&str>, &str, Option<&str>)] = &[
        (r"\\LEGAL-FS01\Cases\CT\a b.docx", None, r"\\legal-fs01.court.example\cases\ct\A%20B.docx", None),
        (r"\\?\UNC\fs01\s\x", None, "//FS01/s//x/", None),
        (r"D:\Shares\Cases\x.pdf", Some("FS01"), r"\\fs01\D$\Shares\Cases\x.pdf", None),
        (r"\??\D:\Shares\x", Some("FS01"), r"d:/shares/x", Some("fs01.court.example")),
        (r"\\*\Cases\x", Some("FS01"), r"\\FS01\Cases\x", None),
        ("NAS01:/srv/archive/x", None, "/srv/archive/X", Some("nas01")),
        ("caf\u{e9}.txt", None, "cafe\u{301}.TXT", None),
        ("<AbC@Mail.Example>", None, "<abc@mail.example>", None),
        (r"I.Vantorp@court.example:\Inbox", None, "i.vantorp@court.example/INBOX", None),
        (
            "https://Dms.Court.Example:443/lib/Doc%201#page",
            None,
            "https://dms.court.example/lib/doc 1/",
            None,
        ),
        ("s3://Held-Back/a/b", None, "arn:aws:s3:::held-back/a/b", None),
        ("https://held-back.s3.eu-west-1.amazonaws.com/a/b", None, "s3://held-back/a/b", None),
        ("file://fs01/cases/x", None, r"\\FS01\Cases\x", None),
        ("CT-DMS-004321", None, "ct-dms-004321 ", None),
    ];

    #[test]
    fn spellings_of_one_place_have_one_form() {
        for (left, left_host, right, right_host) in SAME {
            assert_eq!(form(left, *left_host), form(right, *right_host), "{left} and {right}");
        }
    }

    #[test]
    fn other_places_have_other_forms() {
        let places = [
            r"\\a\s\x",
            r"\\b\s\x",
            r"\\a\t\x",
            r"\\a\s\y",
            "a@b.example",
            "<a@b.example>",
            "s/x",
            "dms:s/x",
        ];
        let mut forms: Vec<_> = places.iter().map(|place| form(place, None)).collect();
        forms.sort();
        forms.dedup();
        assert_eq!(forms.len(), places.len());
        assert_ne!(form(r"D:\x", Some("a")), form(r"D:\x", Some("b")));
    }

    #[test]
    fn what_lies_in_a_folder_has_the_folder_above_it() {
        let form = form(r"\\FS01\Cases\CT\Statements\a.docx", None);
        assert_eq!(
            above(&form).collect::<Vec<_>>(),
            ["//fs01/cases/ct/statements", "//fs01/cases/ct", "//fs01/cases", "//fs01"]
        );
        assert_eq!(above("ct-dms-004321").count(), 0);
    }

    #[test]
    fn hostile_text_is_only_text() {
        for text in [
            "",
            "%",
            "%%%",
            "%ff%fe",
            "\\",
            "//",
            ":",
            "@",
            "<>",
            "\\\\",
            "C:",
            "://",
            "s3:",
            "\u{0}\u{202e}",
        ] {
            let once = form(text, Some("h"));
            assert!(once.len() < 64, "{text:?}: {once}");
        }
        assert!(form(&"/x".repeat(1 << 20), None).len() <= 2 * CHARACTERS_MAX);
    }
}
