//! What does a line of syslog say, who wrote it, and when?
//!
//! The envelope ([`Envelope`]) is shared by every log that travels in one: RFC 3164 with and without
//! priority, year, zone and host, RFC 5424 with structured data, and the ISO stamps of rsyslog and systemd.
//! What the programs say in it is for [`APPS`]: one function each, in a file of its own. A message of a
//! program that nobody here knows becomes an event with the envelope's fields and the verb `other`.

mod pam;
mod sftp;
mod sshd;
mod sudo;
mod system;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::LazyLock;

use assize_model::time::Stated;
use assize_model::{Batcher, Card, Cause, Confidence, Format, Input, ReadingOptions, Slice, Time};
use memchr::memmem;

use crate::clock::{self, Clock, DAY, Stamp};
use crate::json::Broken;
use crate::lines::{self, Line, Records};
use crate::record::Record;
use crate::samba;

/// See the module's text.
pub(crate) struct Syslog;

static CARD: Card = Card {
    name: "syslog",
    title: "Syslog (RFC 3164, RFC 5424, ISO stamps of rsyslog and systemd)",
    doc: "Lines of syslog, with or without priority, year, zone and host. What sshd, sudo, su, PAM, \
          systemd-logind, cron and the audit daemon say is understood; other programs' messages keep their \
          envelope, with the verb `other`. A year that is not stated is the one given (`year`), else the \
          latest before an instant given (`not-after`), before a record of the same file that states it, or \
          before the evidence was taken (`acquired`), else the event has no time; a zone that is not stated is the one given (`zone`), else UTC. Either \
          is said in `time_assumed` and recorded as reading option.",
    example: "Sep 14 08:12:03 reg-fs01 sshd[411]: Failed password for invalid user admin from 203.0.113.9 port 50112 ssh2",
    links: &[
        "https://www.rfc-editor.org/rfc/rfc3164",
        "https://www.rfc-editor.org/rfc/rfc5424",
        "https://www.rsyslog.com/doc/configuration/templates.html",
    ],
    version: 3,
};

/// Understands a message of some program. The record has the envelope's fields already; what a function
/// does not know it leaves.
pub(crate) type Says = for<'a> fn(&Envelope<'a>, &mut Record<'a>);

/// Who says what: programs' whole names, and what understands them.
static APPS: &[(&[&str], Says)] = &[
    (samba::APPS, samba::says),
    (&["sshd", "sshd-session", "sshd-auth"], sshd_or_pam),
    (&["sftp-server", "internal-sftp"], sftp::daemon),
    (&["sudo"], sudo::sudo),
    (&["su"], sudo::su),
    (&["systemd-logind"], system::logind),
    (&["CRON", "cron", "crond", "crontab", "anacron"], system::cron),
    (
        &[
            "useradd", "userdel", "usermod", "groupadd", "groupdel", "groupmod", "passwd", "gpasswd",
            "chage", "chpasswd",
        ],
        system::accounts,
    ),
    (&["login", "polkitd", "pkexec", "gdm-password", "lightdm", "systemd", "sssd", "runuser"], system::door),
    (&["httpd", "apache2", "nginx"], crate::web_error::in_syslog),
    (&["audispd", "audisp-syslog", "auditd", "audit", "auoms", "kernel"], crate::auditd::in_syslog),
];

/// The same by name: every line asks.
static BY_NAME: LazyLock<BTreeMap<&str, Says>> =
    LazyLock::new(|| APPS.iter().flat_map(|(names, says)| names.iter().map(|name| (*name, *says))).collect());

fn sshd_or_pam<'a>(envelope: &Envelope<'a>, record: &mut Record<'a>) {
    if pam::says(envelope, record) {
        record.source = "linux/sshd".into();
    } else {
        sshd::says(envelope, record);
    }
}

/// What stands around a message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Envelope<'a> {
    /// Facility × 8 + severity.
    pub(crate) priority: Option<u8>,
    pub(crate) stamp: Option<Stamp>,
    /// The time as written.
    pub(crate) time_text: &'a str,
    pub(crate) host: Option<&'a str>,
    /// The program, or the tag.
    pub(crate) app: Option<&'a str>,
    pub(crate) process_id: Option<&'a str>,
    /// RFC 5424's MSGID.
    pub(crate) message_id: Option<&'a str>,
    /// RFC 5424's structured data, with its brackets.
    pub(crate) structured: Option<&'a str>,
    pub(crate) message: &'a str,
}

impl Format for Syslog {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "syslog"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("envelope of RFC 3164", "real"),
            ("envelope of RFC 5424", "real"),
            ("sshd", "real"),
            ("sftp", "server-made"),
            ("Samba full_audit", "server-made"),
            ("PAM", "real"),
            ("sudo", "server-made"),
            ("su", "real"),
            ("systemd-logind", "unproven"),
            ("cron", "real"),
            ("accounts (useradd, passwd, …)", "unproven"),
        ]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let lines = lines::first_lines(head, 20);
        let known = lines.iter().filter(|line| Envelope::of(line).is_some_and(|e| e.is_sure())).count();
        (known * 2 > lines.len()).then_some(Confidence(60))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut clock = Clock::new(input.options);
        let mut head = Vec::new();
        if !clock.knows_year() {
            look_for_year(input.bytes, &mut head, &mut clock)?;
        }
        let mut whole = head.as_slice().chain(&mut *input.bytes);
        lines::read(&mut whole, input.options, Records::Lines, out, &mut |line, out| {
            one(line, &mut clock, out)
        })
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut clock = Clock::new(options);
        lines::reread(slices, options, out, &mut |line, out| one(line, &mut clock, out))
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        lines::raw_text(slices)
    }
}

/// How much of a file is looked through for a record that states its year.
const LOOK: u64 = 1 << 20;

/// Looks for the first line that states its year, in the first bytes of a file.
pub(crate) fn look_for_year(input: &mut dyn Read, head: &mut Vec<u8>, clock: &mut Clock) -> io::Result<()> {
    // An error of the disk comes again when the lines are read.
    let _later = input.take(LOOK).read_to_end(head);
    // The first lines of most files tell it already.
    for most in [20, usize::MAX] {
        let lines = lines::first_lines(head, most);
        if let Some(time) = lines.iter().find_map(|line| dated(&Envelope::of(line)?)) {
            clock.saw(time);
            break;
        }
    }
    Ok(())
}

/// The instant that a record states with its year: in the stamp, or in a message that the stamp agrees
/// with to a day (`audit(1789387200.123:9)`, `setting system clock to 2026-09-14T08:12:03`).
fn dated(envelope: &Envelope<'_>) -> Option<Time> {
    let (month, day, of_day) = match envelope.stamp? {
        Stamp::Full(Stated::Instant(time) | Stated::Local(time)) => return Some(time),
        Stamp::NoYear(month, day, of_day) => (month, day, of_day),
    };
    let message = envelope.message;
    let audit = message.split_once("audit(").and_then(|(_, rest)| clock::unix(rest.split(':').next()?));
    let iso = || {
        let starts = memmem::find_iter(message.as_bytes(), b"20");
        let mut dates = starts.filter_map(|at| clock::iso(&message.as_bytes()[at..]));
        dates.next().map(|(Stated::Instant(time) | Stated::Local(time), _)| time)
    };
    let time = audit.or_else(iso)?;
    let mut same_year = Clock::new(&ReadingOptions::default());
    same_year.saw(time);
    let read = same_year.read(Some(Stamp::NoYear(month, day, of_day))).time?;
    ((read.0 - time.0).abs() <= DAY).then_some(time)
}

fn one(line: &Line<'_>, clock: &mut Clock, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
    let Some(envelope) = Envelope::of(line.text) else {
        let detail = "no syslog line: expected a time, a host and a program".to_owned();
        return Ok(Err(Broken { cause: Cause::UnreadableRecord, detail }));
    };
    record(&envelope, clock).event_of(line, out).map(Ok)
}

/// The event that a line of syslog is.
pub(crate) fn record<'a>(envelope: &Envelope<'a>, clock: &'a mut Clock) -> Record<'a> {
    let mut record = Record::of("linux/syslog");
    record.at(envelope.time_text, clock.read(envelope.stamp));
    envelope.fill(&mut record);
    says(envelope, &mut record);
    record
}

/// Fills in what the program says in its message.
pub(crate) fn says<'a>(envelope: &Envelope<'a>, record: &mut Record<'a>) {
    // `httpd/backend1`, `postfix/smtpd`: the program stands first.
    let app = envelope.app.unwrap_or("").split('/').next().unwrap_or("");
    match BY_NAME.get(app) {
        Some(says) => says(envelope, record),
        None => {
            pam::says(envelope, record);
        }
    }
}

impl<'a> Envelope<'a> {
    /// The envelope of a line; `None` where it has no time in any notation that is known.
    pub(crate) fn of(line: &'a str) -> Option<Self> {
        let (priority, rest) = priority(line);
        let newer = priority.and(rest.strip_prefix("1 ")).and_then(|rest| Self::rfc5424(priority, rest));
        newer.or_else(|| Self::rfc3164(priority, rest))
    }

    /// `TIMESTAMP HOST APP PROCID MSGID SD MSG`, with `-` for what there is not.
    fn rfc5424(priority: Option<u8>, text: &'a str) -> Option<Self> {
        let mut words = text.splitn(6, ' ');
        let mut word = || words.next().map(|word| (word != "-").then_some(word));
        let (time, host, app, process_id, message_id) = (word()?, word()?, word()?, word()?, word()?);
        let time_text = time.unwrap_or("");
        let stamp = match clock::iso(time_text.as_bytes()) {
            Some((stated, length)) if length == time_text.len() => Some(Stamp::Full(stated)),
            _ if time.is_none() => None,
            _ => return None,
        };
        let (structured, message) = structured_data(words.next()?);
        Some(Self { priority, stamp, time_text, host, app, process_id, message_id, structured, message })
    }

    /// `TIMESTAMP [HOST] TAG: MSG`, where the host may be missing.
    fn rfc3164(priority: Option<u8>, text: &'a str) -> Option<Self> {
        let (stamp, length) = stamp(text)?;
        let (time_text, rest) = (text.get(..length)?, text.get(length..)?);
        // Cisco and some daemons write a colon or a zone's name behind the time.
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        let rest = rest.strip_prefix(' ')?.trim_start_matches(' ');
        let (host, rest) = match rest.split_once(' ') {
            Some((word, rest)) if !word.ends_with(':') && !word.ends_with(']') => (Some(word), rest),
            None if !rest.ends_with(':') => (Some(rest), ""),
            _ => (None, rest),
        };
        let (app, process_id, message) = tag(rest.trim_start_matches(' '));
        // Solaris repeats priority and number: `[ID 800047 auth.info] message`.
        let solaris = message.strip_prefix("[ID ").and_then(|rest| rest.split_once("] "));
        let message = solaris.map_or(message, |(_, message)| message);
        Some(Self {
            priority,
            stamp: Some(stamp),
            time_text,
            host,
            app,
            process_id,
            message_id: None,
            structured: None,
            message,
        })
    }

    /// Whether there is more to it than a time: many logs begin their lines with one.
    fn is_sure(&self) -> bool {
        let name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/():@".contains(&b));
        let stamp =
            self.priority.is_some() || self.stamp.is_some_and(|stamp| matches!(stamp, Stamp::NoYear(..)));
        let app = self.app.is_some_and(name);
        app && (stamp || self.host.is_some_and(name))
    }

    /// The envelope's own fields and the host.
    fn fill(&self, record: &mut Record<'a>) {
        record.host = self.host.map(Into::into);
        if let Some(priority) = self.priority {
            record.own("facility", FACILITIES[usize::from(priority >> 3)]);
            record.own("severity", SEVERITIES[usize::from(priority & 7)]);
        }
        let texts = [
            ("host", self.host),
            ("process", self.app),
            ("pid", self.process_id),
            ("msgid", self.message_id),
            ("structured_data", self.structured),
            ("message", Some(self.message)),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                record.own(name, text);
            }
        }
    }
}

/// RFC 5424, 6.2.1.
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];
const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// `<134>` at the beginning of a line.
fn priority(line: &str) -> (Option<u8>, &str) {
    let inner = line.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    match inner.and_then(|(digits, rest)| Some((clock::number(digits.as_bytes())?, rest))) {
        Some((number, rest)) if number < 192 => (Some(number as u8), rest),
        _ => (None, line),
    }
}

fn stamp(text: &str) -> Option<(Stamp, usize)> {
    let bytes = text.as_bytes();
    let iso = || clock::iso(bytes).map(|(stated, length)| (Stamp::Full(stated), length));
    if bytes.first()?.is_ascii_digit() { iso() } else { clock::bsd(bytes) }
}

/// `sshd[411]: message`, `su: message`, `kernel: [ 12.3] message`; a text without tag is all message.
fn tag(text: &str) -> (Option<&str>, Option<&str>, &str) {
    // `[sshd]: message`, as metalog and some routers write it.
    if let Some((name, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        let shape = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if let (true, Some(message)) = (shape, rest.strip_prefix(' ')) {
            return (Some(name), None, message);
        }
    }
    let end = text.bytes().position(|byte| matches!(byte, b' ' | b'[' | b':'));
    let Some(end) = end.filter(|end| *end > 0) else { return (None, None, text) };
    // `pop(pam_unix)[4920]:`, `CRON[12]:`, `postfix/smtpd[9]:`, `rsyslogd:`
    let (name, rest) = text.split_at(end);
    if let Some(inner) = rest.strip_prefix('[') {
        let Some((pid, rest)) = inner.split_once(']') else { return (None, None, text) };
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        return (Some(name), Some(pid), rest.strip_prefix(' ').unwrap_or(rest));
    }
    match rest.strip_prefix(':') {
        Some(rest) => (Some(name), None, rest.strip_prefix(' ').unwrap_or(rest)),
        None => (None, None, text),
    }
}

/// Splits structured data from the message: `[id a="b"][other] message`.
fn structured_data(text: &str) -> (Option<&str>, &str) {
    if let Some(rest) = text.strip_prefix('-') {
        return (None, without_mark(rest.strip_prefix(' ').unwrap_or(rest)));
    }
    let (mut quoted, mut escaped, mut within) = (false, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' if !quoted && !within => within = true,
            b']' if !quoted => within = false,
            b' ' if !within => return (Some(&text[..at]), without_mark(&text[at + 1..])),
            _ if !within => return (None, text),
            _ => {}
        }
    }
    (Some(text), "")
}

/// RFC 5424 lets a message in UTF-8 begin with the mark.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, &'a str);

    fn parts(line: &str) -> Option<Parts<'_>> {
        Envelope::of(line).map(|e| (e.host, e.app, e.process_id, e.message))
    }

    #[test]
    fn envelopes_of_many_makes() {
        let expected = Some((Some("fs1"), Some("sshd"), Some("411"), "Accepted publickey for m"));
        for line in [
            "Sep 14 08:12:03 fs1 sshd[411]: Accepted publickey for m",
            "Sep  4 08:12:03 fs1 sshd[411]: Accepted publickey for m",
            "<38>Sep 14 08:12:03 fs1 sshd[411]: Accepted publickey for m",
            "Sep 14 2026 08:12:03 fs1 sshd[411]: Accepted publickey for m",
            "2026-09-14T08:12:03.123456+02:00 fs1 sshd[411]: Accepted publickey for m",
            "2026-09-14 08:12:03 fs1 sshd[411]: Accepted publickey for m",
            "<38>1 2026-09-14T08:12:03.1Z fs1 sshd 411 - - Accepted publickey for m",
            "<38>1 2026-09-14T08:12:03.1Z fs1 sshd 411 ID7 [a@1 b=\"c ] \\\" d\"][e] \u{feff}Accepted publickey for m",
        ] {
            assert_eq!(parts(line), expected, "{line}");
            assert!(Envelope::of(line).unwrap().is_sure());
        }
        assert_eq!(
            parts("Feb 11 15:23:17 dropbear[1252]: no host"),
            Some((None, Some("dropbear"), Some("1252"), "no host"))
        );
        assert_eq!(
            parts("Feb 11 15:23:17 h kernel: [ 1.2] x"),
            Some((Some("h"), Some("kernel"), None, "[ 1.2] x"))
        );
        assert_eq!(parts("Feb 11 15:23:17 h no tag here"), Some((Some("h"), None, None, "no tag here")));
        assert_eq!(parts("<14>1 - - - - - -"), Some((None, None, None, "")));
        for line in ["", "hello", "<999>Sep 14 08:12:03", "2026-09-14 a date alone", "Sep 14 08:12:03"] {
            assert_eq!(parts(line), None, "{line}");
        }
        assert_eq!(Envelope::of("<165>Sep 14 08:12:03 a b: c").unwrap().priority, Some(165));
    }

    #[test]
    fn a_line_tells_the_year_to_its_neighbours() {
        let text =
            "Dec 31 23:59:59 h sshd[1]: a\nJan  1 08:00:00 h audispd: msg=audit(1767254400.120:7): b\n";
        let mut clock = Clock::new(&ReadingOptions::default());
        let mut head = Vec::new();
        look_for_year(&mut text.as_bytes(), &mut head, &mut clock).unwrap();
        assert_eq!(head, text.as_bytes());
        let stamp = Envelope::of(text.lines().next().unwrap()).unwrap().stamp;
        assert_eq!(clock.read(stamp).time.unwrap().to_string(), "2025-12-31T23:59:59Z");
        let other = Envelope::of("Jan  1 08:00:00 h app: session of 2019-05-05T10:00:00Z").unwrap();
        assert_eq!(dated(&other), None, "a date of another day is not the record's");
    }
}
