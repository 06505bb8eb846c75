//! What do logs look like that are long enough to be timed?
//!
//! Lines as the servers write them, made by counting: addresses, names, sizes and times differ from line to
//! line. Nothing here is anybody's.

use std::fmt::Write;

/// Name, format, what begins a file, and one of its lines.
type Kind = (&'static str, &'static str, &'static str, fn(u64, &mut String));

const KINDS: &[Kind] = &[
    ("Zeek conn (TSV)", "zeek", CONN, conn),
    ("Zeek conn (JSON)", "zeek-json", "", conn_json),
    ("Squid", "squid", "", squid),
    ("Apache combined", "web-access", "", combined),
    ("IIS", "w3c", IIS, iis),
    ("auditd", "auditd", "", audit),
    ("syslog, ISO times: sshd, sudo, cron", "syslog", "", syslog),
    ("syslog, RFC 3164: sshd, sudo, cron", "syslog", "", bsd),
    ("Samba full_audit in syslog, RFC 3164", "syslog", "", samba),
    ("PostgreSQL csvlog with pgAudit", "postgresql-csvlog", "", postgresql),
    ("PostgreSQL jsonlog", "postgresql-jsonlog", "", jsonlog),
    ("Windows events, JSON of NXLog", "windows-json", "", nxlog),
    ("documents by a mapping (CSV)", "dms-access", DMS, documents),
    ("the same as a table of unknown make", "csv", DMS_UNKNOWN, documents),
];

/// Every kind, repeated to a size.
pub fn all(size: usize) -> Vec<(&'static str, &'static str, Vec<u8>)> {
    KINDS.iter().map(|(name, format, head, line)| (*name, *format, lines(head, *line, size))).collect()
}

fn lines(head: &str, line: fn(u64, &mut String), size: usize) -> Vec<u8> {
    let mut text = String::with_capacity(size + 1024);
    text.push_str(head);
    let mut number = 0;
    while text.len() < size {
        line(number, &mut text);
        number += 1;
    }
    text.into_bytes()
}

const CONN: &str = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n\
#open\t2026-09-14-00-00-00\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\t\
orig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\t\
resp_ip_bytes\ttunnel_parents\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\t\
string\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]\n";

fn conn(n: u64, out: &mut String) {
    let _ = writeln!(
        out,
        "{}.{:06}\tC{:015x}\t10.20.{}.{}\t{}\t203.0.113.{}\t443\ttcp\tssl\t{}.{:06}\t{}\t{}\tSF\tT\tF\t0\tShADadFf\t{}\t{}\t{}\t{}\t-",
        1_789_371_123 + n / 40,
        n * 7919 % 1_000_000,
        n * 0x9e37_79b9_7f4a,
        n % 7,
        n % 250,
        49152 + n % 16000,
        n % 254,
        n % 300,
        n * 31 % 1_000_000,
        300 + n * 37 % 90_000,
        1000 + n * 211 % 900_000,
        n % 90,
        n % 9000,
        n % 70,
        n % 80_000
    );
}

fn conn_json(n: u64, out: &mut String) {
    let _ = writeln!(
        out,
        r#"{{"_path":"conn","ts":{}.{:06},"uid":"C{:015x}","id.orig_h":"10.20.{}.{}","id.orig_p":{},"id.resp_h":"203.0.113.{}","id.resp_p":443,"proto":"tcp","service":"ssl","duration":{}.{:06},"orig_bytes":{},"resp_bytes":{},"conn_state":"SF","local_orig":true,"local_resp":false,"missed_bytes":0,"history":"ShADadFf","orig_pkts":{},"resp_pkts":{}}}"#,
        1_789_371_123 + n / 40,
        n * 7919 % 1_000_000,
        n * 0x9e37_79b9_7f4a,
        n % 7,
        n % 250,
        49152 + n % 16000,
        n % 254,
        n % 300,
        n * 31 % 1_000_000,
        300 + n * 37 % 90_000,
        1000 + n * 211 % 900_000,
        n % 90,
        n % 70
    );
}

fn jsonlog(n: u64, out: &mut String) {
    let _ = writeln!(
        out,
        r#"{{"timestamp":"2026-09-14 {:02}:{:02}:{:02}.{:03} UTC","user":"okafor","dbname":"registry","pid":{},"remote_host":"10.20.1.{}","remote_port":50112,"session_id":"68c67a03.19b","line_num":{n},"ps":"SELECT","session_start":"2026-09-14 00:00:00 UTC","vxid":"3/2","txid":0,"error_severity":"LOG","message":"AUDIT: SESSION,{n},1,READ,SELECT,TABLE,public.witness,\"SELECT * FROM witness WHERE id = {n}\",<not logged>,{}","application_name":"psql","backend_type":"client backend","query_id":0}}"#,
        n / 3600 % 24,
        n / 60 % 60,
        n % 60,
        n % 1000,
        n % 30_000,
        n % 254,
        n % 40
    );
}

fn nxlog(n: u64, out: &mut String) {
    let _ = writeln!(
        out,
        r#"{{"EventTime":"2026-09-14T{:02}:{:02}:{:02}.123Z","Hostname":"reg-fs01.court.example","Keywords":-9214364837600034816,"EventType":"AUDIT_SUCCESS","SeverityValue":2,"Severity":"INFO","EventID":4663,"SourceName":"Microsoft-Windows-Security-Auditing","ProviderGuid":"{{54849625-5478-4994-A5BA-3E3B0328C30D}}","Version":1,"Task":12800,"OpcodeValue":0,"RecordNumber":{n},"ProcessID":4,"ThreadID":{},"Channel":"Security","Category":"File System","Opcode":"Info","SubjectUserSid":"S-1-5-21-1-2-3-1104","SubjectUserName":"m.okafor","SubjectDomainName":"COURT","SubjectLogonId":"0x{:x}","ObjectServer":"Security","ObjectType":"File","ObjectName":"D:\\Registry\\D-{}.docx","HandleId":"0x{:x}","AccessList":"%%4416\r\n\t\t\t\t","AccessMask":"0x1","ProcessName":"","SourceModuleName":"in","SourceModuleType":"im_msvistalog"}}"#,
        n / 3600 % 24,
        n / 60 % 60,
        n % 60,
        n % 9000,
        n / 50,
        n % 5000,
        n % 4000
    );
}

fn squid(n: u64, out: &mut String) {
    let _ = writeln!(
        out,
        "{}.{:03} {:6} 10.20.{}.{} TCP_MISS/200 {} GET http://www{}.example/a/{}?q={} - HIER_DIRECT/203.0.113.{} text/html",
        1_789_371_123 + n / 40,
        n % 1000,
        n % 4000,
        n % 7,
        n % 250,
        400 + n * 37 % 90_000,
        n % 50,
        n % 9000,
        n,
        n % 254
    );
}

fn combined(n: u64, out: &mut String) {
    let _ = writeln!(
        out,
        "203.0.113.{} - {} [14/Sep/2026:{:02}:{:02}:{:02} +0200] \"GET /records/D-{}?v={} HTTP/1.1\" {} {} \
         \"https://dms.court.example/list\" \"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36\"",
        n % 254,
        if n % 3 == 0 { "m.okafor" } else { "-" },
        n / 3600 % 24,
        n / 60 % 60,
        n % 60,
        n % 5000,
        n % 7,
        if n % 9 == 0 { 401 } else { 200 },
        n * 37 % 90_000
    );
}

const IIS: &str = "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-09-14 00:00:00\n\
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status \
sc-substatus sc-win32-status time-taken\n";

fn iis(n: u64, out: &mut String) {
    let _ = writeln!(
        out,
        "2026-09-14 {:02}:{:02}:{:02} 10.20.0.8 GET /records/D-{} v={} 443 COURT\\m.okafor 203.0.113.{} \
         Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36 https://dms.court.example/list 200 0 0 {}",
        n / 3600 % 24,
        n / 60 % 60,
        n % 60,
        n % 5000,
        n % 7,
        n % 254,
        n % 900
    );
}

fn audit(n: u64, out: &mut String) {
    let stamp = (1_789_371_123 + n / 40, n % 1000, n / 3);
    let _ = match n % 3 {
        0 => writeln!(
            out,
            "type=SYSCALL msg=audit({}.{:03}:{}): arch=c000003e syscall=59 success=yes exit=0 a0=55d0 a1=55d8 a2=55e0 a3=8 items=2 \
             ppid=400 pid={} auid=1001 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=42 comm=\"tar\" \
             exe=\"/usr/bin/tar\" key=\"registry\"",
            stamp.0,
            stamp.1,
            stamp.2,
            n % 30_000
        ),
        1 => writeln!(
            out,
            "type=EXECVE msg=audit({}.{:03}:{}): argc=4 a0=\"tar\" a1=\"-cf\" a2=\"/tmp/out{}.tar\" a3=2F7372762F72656769737472792061",
            stamp.0, stamp.1, stamp.2, n
        ),
        _ => writeln!(
            out,
            "type=PATH msg=audit({}.{:03}:{}): item=0 name=\"/srv/registry/D-{}.docx\" inode={} dev=fe:01 mode=0100644 ouid=0 ogid=0 \
             rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0",
            stamp.0,
            stamp.1,
            stamp.2,
            n % 5000,
            n
        ),
    };
}

fn syslog(n: u64, out: &mut String) {
    let _ = write!(
        out,
        "2026-09-14T{:02}:{:02}:{:02}.{:06}+02:00",
        n / 3600 % 24,
        n / 60 % 60,
        n % 60,
        n % 1_000_000
    );
    said(n, out);
}

fn bsd(n: u64, out: &mut String) {
    // The first line tells the year to the others.
    if n == 0 {
        out.push_str("2026-09-14T00:00:00Z reg-fs01 rsyslogd: start\n");
    }
    let _ = write!(out, "Sep 14 {:02}:{:02}:{:02}", n / 3600 % 24, n / 60 % 60, n % 60);
    said(n, out);
}

fn samba(n: u64, out: &mut String) {
    if n == 0 {
        out.push_str("2026-09-14T00:00:00Z nas1 rsyslogd: start\n");
    }
    let (operation, rest) = match n % 4 {
        0 => ("openat", "r|"),
        1 => ("pread_send", ""),
        2 => ("fdopendir", ""),
        _ => ("unlinkat", ""),
    };
    let _ = writeln!(
        out,
        "Sep 14 {:02}:{:02}:{:02} nas1 smbd_audit[{}]: m.okafor|10.20.1.{}|reg-ws07|archive|{operation}|ok|{rest}/srv/archive/{}/D-{n}.docx",
        n / 3600 % 24,
        n / 60 % 60,
        n % 60,
        n % 30_000,
        n % 254,
        n % 90
    );
}

fn postgresql(n: u64, out: &mut String) {
    let _ = writeln!(
        out,
        "2026-09-14 {:02}:{:02}:{:02}.{:03} UTC,\"okafor\",\"registry\",{},\"10.20.1.{}:50112\",68c67a03.19b,{n},\"SELECT\",\
         2026-09-14 00:00:00 UTC,3/2,0,LOG,00000,\"AUDIT: SESSION,{n},1,READ,SELECT,TABLE,public.witness,\
         \"\"SELECT * FROM witness WHERE id = {n}\"\",<not logged>,{}\",,,,,,,,,\"psql\",\"client backend\",,0",
        n / 3600 % 24,
        n / 60 % 60,
        n % 60,
        n % 1000,
        n % 30_000,
        n % 254,
        n % 40
    );
}

const DMS: &str = "time,user,action,document,title,library,client,address,session,detail\n";
const DMS_UNKNOWN: &str = "when,who,what,document,title,library,program,address,sitting,detail\n";

fn documents(n: u64, out: &mut String) {
    let _ = writeln!(
        out,
        "2026-09-14T{:02}:{:02}:{:02}Z,m.okafor,{},D-{n},\"Statement {n}, second version\",Registry,Mozilla/5.0 (Windows NT 10.0),\
         10.20.1.{},s-{},pages={}",
        n / 3600 % 24,
        n / 60 % 60,
        n % 60,
        if n % 3 == 0 { "List" } else { "View" },
        n % 254,
        n % 90,
        n % 40
    );
}

fn said(n: u64, out: &mut String) {
    let _ = match n % 5 {
        0 => writeln!(
            out,
            " reg-fs01 sshd[{}]: Failed password for invalid user admin{} from 203.0.113.{} port {} ssh2",
            n % 30_000,
            n % 99,
            n % 254,
            n % 60_000
        ),
        1 => writeln!(
            out,
            " reg-fs01 sshd[{}]: Accepted publickey for m.okafor from 198.51.100.{} port {} ssh2: ED25519 SHA256:abcdEFGH",
            n % 30_000,
            n % 254,
            n % 60_000
        ),
        2 => writeln!(
            out,
            " reg-fs01 sudo: m.okafor : TTY=pts/0 ; PWD=/home/m.okafor ; USER=root ; COMMAND=/bin/tar cf /tmp/out{n}.tar /srv/registry"
        ),
        3 => writeln!(out, " reg-fs01 CRON[{}]: (root) CMD (run-parts /etc/cron.hourly/{n})", n % 30_000),
        _ => writeln!(out, " reg-fs01 backup[{}]: copied file {n} of 90000 to the second site", n % 30_000),
    };
}
