//! What do Zeek's columns mean in the spine's words?
//!
//! One function a log; the same for TSV and JSON. **Where**: for what a client does to the world (conn,
//! dns, http, ssl, ftp, smtp) the host is the originator and the peer is the other end; for what is done on
//! a server (shares, files on them, logons, remote procedures) the host is the responder and the peer the
//! client, as in the server's own logs. **Bytes** of a connection are those that the originator sent; both
//! directions stand in the own fields. A connection, a file or a request shares its `uid` with all that Zeek
//! says about it (link `session`), a file its `fuid` (link `handle`).

use assize_model::Time;
use assize_model::spine::{Client, Link, ObjectKind, Outcome, Qualifier, Scope, Verb};

use crate::clock;
use crate::record::{Record, Text};

/// On what each log was proved.
pub(crate) const PROOF: &[(&str, &str)] = &[
    ("conn", "real"),
    ("dns", "real"),
    ("http", "real"),
    ("ssl", "real"),
    ("files", "real"),
    ("smb_mapping", "real"),
    ("smb_files open", "real"),
    ("smb_files read, write, rename, delete", "unproven"),
    ("kerberos", "real"),
    ("ntlm", "real"),
    ("rdp", "real"),
    ("dce_rpc", "real"),
    ("ssh", "real"),
    ("ftp", "real"),
    ("smtp", "real"),
    ("any other log", "real"),
];

macro_rules! columns {
    ($($variant:ident $name:literal,)*) => {
        /// Columns that mean something here.
        #[derive(Clone, Copy, PartialEq)]
        #[repr(u8)]
        enum Known { $($variant,)* }
        const NAMES: &[&str] = &[$($name,)*];
        fn known(name: &str) -> Option<u8> {
            match name { $($name => Some(Known::$variant as u8),)* _ => None }
        }
    };
}

columns! {
    Ts "ts", Uid "uid", OrigHost "id.orig_h", RespHost "id.resp_h",
    Duration "duration", OrigBytes "orig_bytes", ConnState "conn_state",
    MissedBytes "missed_bytes", Query "query", Rcode "rcode_name", Method "method", Host "host", Uri "uri",
    UserAgent "user_agent", Username "username", RequestLen "request_body_len",
    ResponseLen "response_body_len", Status "status_code", OrigFuids "orig_fuids", RespFuids "resp_fuids",
    ServerName "server_name", Established "established", Fuid "fuid", TxHosts "tx_hosts",
    RxHosts "rx_hosts", ConnUids "conn_uids", Filename "filename", SeenBytes "seen_bytes",
    TotalBytes "total_bytes", MissingBytes "missing_bytes", OverflowBytes "overflow_bytes",
    TimedOut "timedout", Path "path", ShareType "share_type", Service "service",
    Action "action", Name "name", Client "client",
    RequestType "request_type", Success "success", DomainName "domainname", HostName "hostname",
    Cookie "cookie", Result "result", ClientName "client_name", Endpoint "endpoint",
    Operation "operation", AuthSuccess "auth_success", AuthAttempts "auth_attempts",
    User "user", Command "command", Arg "arg", ReplyCode "reply_code", FileSize "file_size",
    MailFrom "mailfrom", RcptTo "rcptto", MsgId "msg_id", LastReply "last_reply",
    PathName "_path",
}

const COUNT: usize = NAMES.len();

/// Which columns of a log are known.
#[derive(Default)]
pub(crate) struct Slots(Vec<Option<u8>>);

impl Slots {
    pub(crate) fn of<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        Self(names.map(known).collect())
    }

    pub(crate) fn of_column(&self, index: usize) -> Option<u8> {
        self.0.get(index).copied().flatten()
    }
}

/// Where among a record's own fields its known columns stand; of one that repeats, the first.
pub(crate) struct Values([u16; COUNT]);

impl Default for Values {
    fn default() -> Self {
        Self([0; COUNT])
    }
}

impl Values {
    /// Of own fields by their names.
    pub(crate) fn of(record: &Record<'_>) -> Self {
        let mut values = Self::default();
        for (index, (name, _)) in record.fields.iter().enumerate().rev() {
            values.set(known(name), index);
        }
        values
    }

    pub(crate) fn set(&mut self, slot: Option<u8>, field: usize) {
        if let (Some(slot), Ok(field)) = (slot, u16::try_from(field + 1)) {
            self.0[usize::from(slot)] = field;
        }
    }

    fn has(&self, known: Known) -> bool {
        self.0[known as usize] != 0
    }

    fn get<'r>(&self, record: &'r Record<'_>, known: Known) -> Option<&'r str> {
        let field = usize::from(self.0[known as usize]).checked_sub(1)?;
        let (_, value) = record.fields.get(field)?;
        value.as_deref().filter(|value| !value.is_empty() && *value != "[]")
    }

    /// As [`Self::get`], to be kept in the same record.
    fn text<'a>(&self, record: &Record<'a>, known: Known) -> Option<Text<'a>> {
        self.get(record, known)?;
        let field = usize::from(self.0[known as usize]).checked_sub(1)?;
        record.fields.get(field)?.1.clone()
    }

    fn number(&self, record: &Record<'_>, known: Known) -> Option<u64> {
        self.get(record, known)?.parse().ok()
    }

    /// `T` and `F` in TSV, `true` and `false` in JSON.
    fn truth(&self, record: &Record<'_>, known: Known) -> Option<bool> {
        match self.get(record, known)? {
            "T" | "true" => Some(true),
            "F" | "false" => Some(false),
            _ => None,
        }
    }
}

/// The log that a JSON record is from: by `_path`, which Zeek's shippers add, else by its columns. `None`
/// for records that are not Zeek's.
pub(crate) fn path_of(values: &Values, record: &Record<'_>) -> Option<String> {
    // Logs without a time of their own have at least the shipper's.
    if !values.has(Known::Ts) && record.field("_write_ts").is_none() {
        return None;
    }
    if let Some(path) = values.get(record, Known::PathName) {
        return Some(path.to_owned());
    }
    let named = |name: &str| record.field(name).is_some();
    let connection = values.has(Known::Uid) && values.has(Known::OrigHost);
    let signs: &[(&str, bool)] = &[
        ("conn", values.has(Known::ConnState)),
        ("dns", named("trans_id") && (named("query") || named("rcode"))),
        ("http", named("trans_depth") && named("request_body_len")),
        ("smtp", named("trans_depth") && named("helo")),
        ("ssl", named("established") && (named("cipher") || named("version") || named("resumed"))),
        ("smb_files", values.get(record, Known::Action).is_some_and(|action| action.starts_with("SMB::"))),
        ("smb_mapping", named("share_type")),
        ("kerberos", named("request_type") || named("till")),
        ("ntlm", named("server_nb_computer_name") || named("domainname")),
        ("rdp", named("security_protocol") || named("cookie") || named("cert_count")),
        ("dce_rpc", named("endpoint") && named("operation")),
        ("ssh", named("auth_attempts") || named("kex_alg")),
        ("ftp", named("command") && named("reply_code")),
        ("files", values.has(Known::Fuid) && named("seen_bytes")),
        ("software", named("software_type") && named("name")),
        ("notice", named("note") && named("actions")),
    ];
    // These are not about one connection.
    let alone = ["files", "software", "notice"];
    let found = signs.iter().find(|(path, sign)| *sign && (connection || alone.contains(path)));
    found.map(|(path, _)| (*path).to_owned()).or_else(|| connection.then(|| "other".to_owned()))
}

/// Fills the spine of a record of that log.
pub(crate) fn say(path: &str, values: &Values, record: &mut Record<'_>) {
    let (v, r) = (values, record);
    time(v, r);
    for (known, link) in
        [(Known::Uid, Link::Session), (Known::ConnUids, Link::Session), (Known::Fuid, Link::Handle)]
    {
        if let Some(value) = v.text(r, known) {
            r.link(link, value);
        }
    }
    let on_server =
        matches!(path, "smb_files" | "smb_mapping" | "kerberos" | "ntlm" | "rdp" | "dce_rpc" | "ssh");
    let (here, there) =
        if on_server { (Known::RespHost, Known::OrigHost) } else { (Known::OrigHost, Known::RespHost) };
    (r.host, r.peer) = (v.text(r, here), v.text(r, there));
    match path {
        "conn" => conn(v, r),
        "dns" => dns(v, r),
        "http" => http(v, r),
        "ssl" => ssl(v, r),
        "files" => files(v, r),
        "smb_files" => smb_files(v, r),
        "smb_mapping" => smb_mapping(v, r),
        "kerberos" => kerberos(v, r),
        "ntlm" => ntlm(v, r),
        "rdp" => rdp(v, r),
        "dce_rpc" => dce_rpc(v, r),
        "ssh" => ssh(v, r),
        "ftp" => ftp(v, r),
        "smtp" => smtp(v, r),
        _ => {}
    }
}

/// Below this a time is counted from the beginning of a capture: 2001.
const EPOCH_MIN: i64 = 1_000_000_000 * clock::SECOND;

fn time(v: &Values, r: &mut Record<'_>) {
    let Some(text) = v.text(r, Known::Ts) else { return };
    let read = clock::unix(&text).or_else(|| match clock::iso(text.as_bytes()) {
        Some((assize_model::time::Stated::Instant(time), length)) if length == text.len() => Some(time),
        _ => None,
    });
    let relative =
        read.map_or_else(|| text.bytes().all(|b| b.is_ascii_digit() || b == b'.'), |t| t.0 < EPOCH_MIN);
    if relative {
        r.time_assumed = Some("seconds since a capture began; of the clock nothing is known".into());
    } else {
        r.time = read;
    }
    r.time_text = Some(text);
}

fn until(v: &Values, r: &Record<'_>) -> Option<Time> {
    let duration = v.get(r, Known::Duration)?;
    let (whole, fraction) = duration.split_once('.').unwrap_or((duration, "0"));
    let digits = &fraction[..fraction.len().min(9)];
    let nanoseconds = clock::number(digits.as_bytes())?.checked_mul(10_i64.pow(9 - digits.len() as u32))?;
    let whole = clock::number(whole.as_bytes())?.checked_mul(clock::SECOND)?;
    r.time?.0.checked_add(whole)?.checked_add(nanoseconds).map(Time)
}

/// conn_state (docs.zeek.org, base/protocols/conn/main.zeek): established, refused, without answer; of a
/// connection that was met in its middle or half seen nothing is known.
fn conn(v: &Values, r: &mut Record<'_>) {
    let outcome = match v.get(r, Known::ConnState) {
        Some("SF" | "S1" | "S2" | "S3" | "RSTO" | "RSTR") => Outcome::Success,
        Some("REJ") => Outcome::Denied,
        Some("S0") => Outcome::Failure,
        _ => Outcome::Unknown,
    };
    r.did(Verb::Connect, outcome);
    r.until = until(v, r);
    r.bytes = v.number(r, Known::OrigBytes);
    if let Some(object) = v.text(r, Known::RespHost) {
        r.to(ObjectKind::Host, object);
    }
    if v.number(r, Known::MissedBytes).is_some_and(|missed| missed > 0) {
        r.qualifiers.push(Qualifier::Partial);
    }
}

fn dns(v: &Values, r: &mut Record<'_>) {
    let outcome = match v.get(r, Known::Rcode) {
        Some("NOERROR") => Outcome::Success,
        Some("REFUSED") => Outcome::Denied,
        Some(_) => Outcome::Failure,
        None => Outcome::Unknown,
    };
    r.did(Verb::Query, outcome);
    if let Some(query) = v.text(r, Known::Query) {
        r.to(ObjectKind::Name, query);
    }
}

/// A request: what came back was read, what went with it was uploaded. Bytes are those of the body that
/// the verb speaks of; the other body stands in the own fields.
fn http(v: &Values, r: &mut Record<'_>) {
    let (sent, received) = (v.number(r, Known::RequestLen), v.number(r, Known::ResponseLen));
    let method = v.get(r, Known::Method).unwrap_or("");
    let verb = crate::web::verb_outward(method, sent.unwrap_or(0));
    let outcome = v.get(r, Known::Status).map_or(Outcome::Unknown, crate::web::outcome);
    r.did(verb, outcome);
    r.bytes = if verb == Verb::Upload { sent } else { received };
    let (host, uri) = (v.text(r, Known::Host), v.text(r, Known::Uri));
    match (host, uri) {
        (Some(host), Some(uri)) if uri.starts_with('/') => r.to(ObjectKind::Site, format!("{host}{uri}")),
        (_, Some(uri)) => r.to(ObjectKind::Site, uri),
        (Some(host), None) => r.to(ObjectKind::Site, host),
        (None, None) => {}
    }
    r.actor = v.text(r, Known::Username);
    r.client = v.get(r, Known::UserAgent).map(crate::web::client);
    for fuids in [Known::OrigFuids, Known::RespFuids] {
        if let Some(fuid) = v.text(r, fuids) {
            r.link(Link::Handle, fuid);
        }
    }
}

fn ssl(v: &Values, r: &mut Record<'_>) {
    let outcome = match v.truth(r, Known::Established) {
        Some(true) => Outcome::Success,
        Some(false) => Outcome::Failure,
        None => Outcome::Unknown,
    };
    r.did(Verb::Connect, outcome);
    if let Some(name) = v.text(r, Known::ServerName) {
        r.to(ObjectKind::Site, name);
    }
}

/// A file that passed: seen whole, or with bytes missing.
fn files(v: &Values, r: &mut Record<'_>) {
    let (seen, total) = (v.number(r, Known::SeenBytes), v.number(r, Known::TotalBytes));
    let some = |known| v.number(r, known).is_some_and(|bytes| bytes > 0);
    let partial = some(Known::MissingBytes)
        || some(Known::OverflowBytes)
        || v.truth(r, Known::TimedOut) == Some(true)
        || seen.zip(total).is_some_and(|(seen, total)| seen < total);
    let moved = seen.is_some_and(|seen| seen > 0);
    r.did(Verb::Transfer, if moved { Outcome::Success } else { Outcome::Unknown });
    r.bytes = seen;
    if partial {
        r.qualifiers.push(Qualifier::Partial);
    }
    r.until = until(v, r);
    r.object_kind = Some(ObjectKind::File);
    r.object = v.text(r, Known::Filename);
    if !v.has(Known::OrigHost) {
        (r.host, r.peer) = (v.text(r, Known::TxHosts), v.text(r, Known::RxHosts));
    }
}

/// An open shows the handle, a read content. An open of the server's root or a pipe is no file.
fn smb_files(v: &Values, r: &mut Record<'_>) {
    let action = v.text(r, Known::Action).unwrap_or_default();
    let (verb, check) = match action.strip_prefix("SMB::").unwrap_or(&action) {
        "FILE_READ" | "PIPE_READ" => (Verb::Read, false),
        "FILE_WRITE" | "PIPE_WRITE" => (Verb::Write, false),
        "FILE_RENAME" => (Verb::Move, false),
        "FILE_DELETE" => (Verb::Delete, false),
        "FILE_SET_ATTRIBUTE" => (Verb::Write, false),
        "FILE_OPEN" | "PIPE_OPEN" => (Verb::Other, true),
        "PRINT_OPEN" | "PRINT_WRITE" => (Verb::Print, false),
        _ => (Verb::Other, false),
    };
    let outcome = if verb == Verb::Other && !check { Outcome::Unknown } else { Outcome::Success };
    r.did(verb, outcome);
    if check {
        r.qualifiers.push(Qualifier::CheckOnly);
    }
    let (path, name) = (v.text(r, Known::Path), v.text(r, Known::Name));
    let share = path.as_deref().unwrap_or("");
    let pipe = action.contains("PIPE")
        || share.ends_with("\\IPC$")
        || (path.is_none() && name.as_deref().is_some_and(|n| n.starts_with('\\')));
    let kind = match &name {
        _ if pipe => ObjectKind::Pipe,
        // The root of a share has no name. What else was opened may be a folder.
        None => ObjectKind::Folder,
        Some(_) if matches!(verb, Verb::Read | Verb::Write) => ObjectKind::File,
        Some(_) => ObjectKind::FileOrFolder,
    };
    r.object_kind = Some(kind);
    r.object = match (path, name) {
        (Some(path), Some(name)) => Some(format!("{path}\\{name}").into()),
        (path, name) => path.or(name),
    };
    r.client = Some(Client::Desktop);
}

fn smb_mapping(v: &Values, r: &mut Record<'_>) {
    r.did(Verb::Connect, Outcome::Success);
    if let Some(path) = v.text(r, Known::Path) {
        let pipe = v.get(r, Known::ShareType) == Some("PIPE");
        r.to(if pipe { ObjectKind::Pipe } else { ObjectKind::Share }, path);
        r.scope = Some(Scope::Container);
    }
}

fn by_success(v: &Values, r: &Record<'_>, known: Known) -> Outcome {
    match v.truth(r, known) {
        Some(true) => Outcome::Success,
        Some(false) => Outcome::Failure,
        None => Outcome::Unknown,
    }
}

fn kerberos(v: &Values, r: &mut Record<'_>) {
    let outcome = by_success(v, r, Known::Success);
    r.did(Verb::Token, outcome);
    r.actor = v.text(r, Known::Client);
    if let Some(service) = v.text(r, Known::Service) {
        r.to(ObjectKind::Service, service);
    }
}

fn ntlm(v: &Values, r: &mut Record<'_>) {
    let outcome = by_success(v, r, Known::Success);
    r.did(Verb::Logon, outcome);
    r.actor = match (v.text(r, Known::DomainName), v.text(r, Known::Username)) {
        (Some(domain), Some(user)) => Some(format!("{domain}\\{user}").into()),
        (_, user) => user,
    };
    r.device = v.text(r, Known::HostName);
}

/// Who speaks RDP has not logged on yet; an encrypted session hides whether it does.
fn rdp(v: &Values, r: &mut Record<'_>) {
    let outcome = match v.get(r, Known::Result) {
        Some(result) if result.eq_ignore_ascii_case("success") => Outcome::Success,
        Some(result) if result.contains("FAIL") || result.contains("fail") => Outcome::Failure,
        _ => Outcome::Unknown,
    };
    r.did(Verb::Connect, outcome);
    r.actor = v.text(r, Known::Cookie);
    r.device = v.text(r, Known::ClientName);
    r.client = Some(Client::Desktop);
}

fn dce_rpc(v: &Values, r: &mut Record<'_>) {
    r.did(Verb::Execute, Outcome::Unknown);
    let object = match (v.get(r, Known::Endpoint), v.get(r, Known::Operation)) {
        (Some(endpoint), Some(operation)) => Some(format!("{endpoint}::{operation}")),
        (one, other) => one.or(other).map(str::to_owned),
    };
    if let Some(object) = object {
        r.to(ObjectKind::Service, object);
    }
}

fn ssh(v: &Values, r: &mut Record<'_>) {
    let outcome = by_success(v, r, Known::AuthSuccess);
    r.did(if outcome == Outcome::Unknown { Verb::Connect } else { Verb::Logon }, outcome);
    r.count = v.number(r, Known::AuthAttempts);
}

fn ftp(v: &Values, r: &mut Record<'_>) {
    let verb = match v.get(r, Known::Command).unwrap_or("") {
        "RETR" => Verb::Download,
        "STOR" | "STOU" | "APPE" => Verb::Upload,
        "DELE" | "RMD" => Verb::Delete,
        "MKD" => Verb::Create,
        "LIST" | "NLST" | "MLSD" => Verb::List,
        _ => Verb::Other,
    };
    let outcome = match v.number(r, Known::ReplyCode) {
        Some(530 | 532 | 550 | 553) => Outcome::Denied,
        Some(200..=399) => Outcome::Success,
        Some(400..) => Outcome::Failure,
        _ => Outcome::Unknown,
    };
    r.did(verb, outcome);
    r.actor = v.text(r, Known::User);
    r.bytes = v.number(r, Known::FileSize);
    if let Some(path) = v.text(r, Known::Arg) {
        r.to(if verb == Verb::List { ObjectKind::Folder } else { ObjectKind::File }, path);
    }
}

fn smtp(v: &Values, r: &mut Record<'_>) {
    let outcome = match v.get(r, Known::LastReply) {
        Some(reply) if reply.starts_with('2') => Outcome::Success,
        Some(reply) if reply.starts_with('5') => Outcome::Denied,
        Some(reply) if reply.starts_with('4') => Outcome::Failure,
        _ => Outcome::Unknown,
    };
    r.did(Verb::Send, outcome);
    r.actor = v.text(r, Known::MailFrom);
    r.target = v.text(r, Known::RcptTo);
    if let Some(id) = v.text(r, Known::MsgId) {
        r.to(ObjectKind::Message, id.clone());
        r.link(Link::Message, id);
    }
}
