//! Do our readers understand what real servers write today of acts that we did?
//!
//! The longer tier (`--ignored`): Debian's samba, postgresql with pgaudit, nginx, apache2, squid, sshd with
//! SFTP, and sudo are started in a folder of their own on ports of their own, clients do a few things, and
//! each must be found in the log with its verb, object, outcome and account. Needs root (a server of accounts
//! starts as root, and `/dev/log` is ours for the while); where a server is not installed, or somebody else
//! listens at `/dev/log`, that is said. With `UPDATE=1` the lines are kept in `testdata/samples/servers`,
//! where the tests of every day read them again (`goldens.rs`).
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use assize_formats::{HEAD, recognise};
use assize_model::{ReadingOptions, column};
use assize_testing::skipped;

const HOST: &str = "127.0.0.1";

/// A folder that anybody may read, without a name of this machine in it.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new("/tmp/assize-servers").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for path in [folder.parent().unwrap(), &folder] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

/// Where a program is; `None`, and a loud word, where it is not.
fn program(test: &str, candidates: &[&str]) -> Option<PathBuf> {
    let found = candidates.iter().map(PathBuf::from).find(|path| path.exists());
    if found.is_none() {
        skipped(test, &format!("none of {candidates:?} is installed"));
    }
    found
}

fn is_root() -> bool {
    fs::read_to_string("/proc/self/status").unwrap().contains("Uid:\t0\t0")
}

/// A server that ends with its test.
struct Server(Child);

impl Server {
    fn start(command: &mut Command, port: u16) -> Self {
        // A group of its own: some servers end by ending their whole group.
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let server = Self(quiet.spawn().unwrap());
        let until = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect((HOST, port)).is_err() {
            assert!(Instant::now() < until, "nothing listens on port {port}");
            std::thread::sleep(Duration::from_millis(100));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked first: a server that is killed leaves its children.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        for _ in 0..50 {
            if matches!(self.0.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(program: &str, arguments: &[&str]) -> (bool, String) {
    let output =
        Command::new(program).args(arguments).current_dir("/").stdin(Stdio::null()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

fn write(path: PathBuf, text: impl AsRef<str>) -> PathBuf {
    fs::write(&path, text.as_ref()).unwrap();
    path
}

/// Waits until a log holds a text that it must hold.
fn log_with(path: &Path, text: &str) -> Vec<u8> {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let bytes = fs::read(path).unwrap_or_default();
        if String::from_utf8_lossy(&bytes).contains(text) {
            return bytes;
        }
        assert!(Instant::now() < until, "{}: no {text}", path.display());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Everything that was read, a line each: verb, kind, outcome, account, object, peer, what limits it.
fn told(format: &str, log: &[u8]) -> BTreeSet<String> {
    let known = recognise(&log[..log.len().min(HEAD)]).map(|(format, _)| format.card().name);
    assert_eq!(known, Some(format), "{}", String::from_utf8_lossy(&log[..log.len().min(2000)]));
    let options = ReadingOptions([("year".to_owned(), "2026".to_owned())].into());
    let kept = support::read(format, log, &options);
    assert!(kept.gaps.is_empty(), "{:?}", kept.gaps);
    let columns =
        [column::VERB, column::OBJECT_KIND, column::OUTCOME, column::ACTOR, column::OBJECT, column::PEER];
    kept.rows()
        .map(|(batch, row)| {
            support::assert_reread(format, log, batch, row);
            assert!(batch.time(row).is_some(), "every line of these has a time");
            let told = columns.map(|column| batch.text(column, row).unwrap_or("–"));
            format!("{}{}", told.join(" "), limits(batch, row))
        })
        .collect()
}

fn limits(batch: &assize_model::Batch, row: usize) -> String {
    let rows = assize_model::Row::all(batch.rows()).nth(row).unwrap();
    let limits = rows.value(column::QUALIFIERS).as_array().cloned().unwrap_or_default();
    limits.iter().map(|limit| format!(" {}", limit.as_str().unwrap())).collect()
}

fn assert_told(told: &BTreeSet<String>, expected: &[&str]) {
    for act in expected {
        assert!(told.contains(*act), "not told: {act}\n{told:#?}");
    }
}

/// Keeps what a server wrote, where it was asked for.
fn keep(name: &str, log: &[u8]) {
    if std::env::var_os("UPDATE").is_some() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples/servers");
        fs::write(folder.join(name), log).unwrap();
    }
}

/// What is sent to `/dev/log` while this stands, a line each.
struct Syslog {
    lines: Arc<Mutex<Vec<u8>>>,
}

impl Syslog {
    /// `None`, and a loud word, where we may not, or somebody else listens.
    fn listen(test: &str) -> Option<Self> {
        if !is_root() {
            skipped(test, "needs root");
            return None;
        }
        let Ok(socket) = UnixDatagram::bind("/dev/log") else {
            skipped(test, "somebody else listens at /dev/log");
            return None;
        };
        fs::set_permissions("/dev/log", fs::Permissions::from_mode(0o666)).unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&lines);
        std::thread::spawn(move || {
            let mut datagram = vec![0; 1 << 16];
            while let Ok(length) = socket.recv(&mut datagram) {
                let mut lines = taken.lock().unwrap();
                lines.extend_from_slice(datagram[..length].trim_ascii_end());
                lines.push(b'\n');
            }
        });
        Some(Self { lines })
    }

    /// The lines so far of programs whose tags begin so, when one of them holds a text.
    fn with(&self, tags: &[&str], text: &str) -> Vec<u8> {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let lines = String::from_utf8_lossy(&self.lines.lock().unwrap()).into_owned();
            // `<38>Nov 27 09:56:07 sshd[1]: …`
            let of = |line: &&str| {
                let tag = line.get(line.find('>').map_or(0, |at| at + 17)..).unwrap_or("");
                tags.iter().any(|wanted| tag.starts_with(wanted))
            };
            let log: String = lines.lines().filter(of).map(|line| format!("{line}\n")).collect();
            if log.contains(text) {
                return log.into_bytes();
            }
            assert!(Instant::now() < until, "no {text} in\n{lines}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Syslog {
    fn drop(&mut self) {
        let _ = fs::remove_file("/dev/log");
    }
}

#[test]
#[ignore = "starts real servers, as root: the longer tier"]
fn samba_sshd_and_sudo() {
    // One after another: there is one `/dev/log`.
    let Some(syslog) = Syslog::listen("samba, sshd, sudo") else { return };
    samba(&syslog);
    sshd(&syslog);
    sudo(&syslog);
}

fn samba(syslog: &Syslog) {
    let Some(smbd) = program("samba", &["/usr/sbin/smbd"]) else { return };
    let folder = folder("samba");
    let share = folder.join("archive");
    fs::create_dir_all(share.join("b")).unwrap();
    write(share.join("b/1.docx"), "the statement of a witness");
    write(share.join("secret.docx"), "not his");
    fs::set_permissions(share.join("secret.docx"), fs::Permissions::from_mode(0o600)).unwrap();
    for path in [share.clone(), share.join("b")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    let d = folder.display();
    let acts = "connect disconnect create_file openat fdopendir pread pread_send pread_recv pwrite pwrite_send \
                pwrite_recv sendfile renameat unlinkat mkdirat";
    let directories: String = [
        "private dir",
        "lock directory",
        "state directory",
        "cache directory",
        "pid directory",
        "ncalrpc dir",
    ]
    .iter()
    .map(|name| format!("{name} = {d}/var\n"))
    .collect();
    let conf = write(
        folder.join("smb.conf"),
        format!(
            "[global]\nworkgroup = COURT\nnetbios name = ARCHNAS\nsmb ports = 14445\ninterfaces = lo\n\
             bind interfaces only = yes\nserver role = standalone server\n{directories}\
             passdb backend = tdbsam:{d}/passdb.tdb\nlog file = {d}/smbd.log\ndisable spoolss = yes\n\
             [archive]\npath = {d}/archive\nread only = no\nvfs objects = full_audit\n\
             full_audit:prefix = %u|%I|%m|%S\nfull_audit:success = {acts}\nfull_audit:failure = {acts}\n\
             full_audit:facility = local5\nfull_audit:priority = notice\n"
        ),
    );
    fs::create_dir_all(folder.join("var")).unwrap();
    let conf = conf.to_str().unwrap();
    let mut added = Command::new("smbpasswd")
        .args(["-c", conf, "-a", "-s", "www-data"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    added.stdin.take().unwrap().write_all(b"p4ss\np4ss\n").unwrap();
    assert!(added.wait().unwrap().success());
    let server = Server::start(
        Command::new(smbd).args(["--foreground", "--no-process-group", "--configfile", conf]),
        14445,
    );
    let local = write(folder.join("new.docx"), "made here");
    let acts = format!(
        "ls b\\*; get b\\1.docx {d}/got.docx; put {} b\\2.docx; rename b\\2.docx b\\3.docx; del b\\3.docx; \
         mkdir c; rmdir c; get secret.docx {d}/none.docx",
        local.display()
    );
    let (_, said) = run(
        "smbclient",
        &["-p", "14445", "-n", "REG-WS07", "-U", "www-data%p4ss", &format!("//{HOST}/archive"), "-c", &acts],
    );
    assert!(said.contains("ACCESS_DENIED"), "{said}");
    let log = syslog.with(&["smbd_audit"], "disconnect|ok");
    drop(server);
    keep("samba-full-audit.log", &log);
    let told = told("syslog", &log);
    let at = |act: &str| act.replace("DIR", "/tmp/assize-servers/samba/archive");
    let expected = [
        "connect share success www-data archive 127.0.0.1",
        "list folder success www-data DIR/b 127.0.0.1 check-only",
        "read file success www-data DIR/b/1.docx 127.0.0.1",
        "write file success www-data DIR/b/2.docx 127.0.0.1",
        "move unknown success www-data DIR/b/2.docx 127.0.0.1",
        "create folder success www-data DIR/c 127.0.0.1",
    ]
    .map(at);
    assert_told(&told, &expected.each_ref().map(String::as_str));
    // The client was refused, and the server's own log says "No such file or directory" of it: no denial can
    // be read out of that, and no success.
    let secret: Vec<_> = told.iter().filter(|act| act.contains("secret.docx")).collect();
    assert!(secret.iter().any(|act| act.contains(" failure ")), "{secret:#?}");
    let opened = |act: &&&String| act.contains(" success ") && !act.contains("check-only");
    assert!(!secret.iter().any(|act| opened(&act)), "{secret:#?}");
    let taken = |act: &&String| act.starts_with("delete ") && act.contains(" success www-data");
    assert!(told.iter().filter(taken).count() >= 2, "{told:#?}");
}

fn sshd(syslog: &Syslog) {
    let Some(sshd) = program("sshd", &["/usr/sbin/sshd"]) else { return };
    let folder = folder("sshd");
    let key = |name: &str| {
        let path = folder.join(name);
        assert!(run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", path.to_str().unwrap()]).0);
        path.to_str().unwrap().to_owned()
    };
    let (host_key, user_key, other_key) = (key("host"), key("user"), key("other"));
    fs::copy(format!("{user_key}.pub"), folder.join("authorized")).unwrap();
    fs::create_dir_all("/run/sshd").unwrap();
    write(folder.join("D-1187.txt"), "the statement of a witness");
    let d = folder.display();
    let conf = write(
        folder.join("sshd_config"),
        format!(
            "Port 12222\nListenAddress {HOST}\nHostKey {host_key}\nAuthorizedKeysFile {d}/authorized\n\
             PermitRootLogin yes\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPidFile {d}/pid\n\
             LogLevel VERBOSE\nSubsystem sftp internal-sftp -l VERBOSE\n"
        ),
    );
    let server = Server::start(Command::new(sshd).args(["-D", "-f", conf.to_str().unwrap()]), 12222);
    let options = |key: &str| {
        ["-F", "none", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o"]
            .map(str::to_owned)
            .into_iter()
            .chain([format!("UserKnownHostsFile={d}/known")])
            .collect::<Vec<_>>()
    };
    let ssh = |key: &str, user: &str| {
        let mut arguments = options(key);
        arguments.extend(["-p", "12222", &format!("{user}@{HOST}"), "true"].map(str::to_owned));
        run("ssh", &arguments.iter().map(String::as_str).collect::<Vec<_>>()).0
    };
    assert!(ssh(&user_key, "root"));
    assert!(!ssh(&other_key, "root"));
    assert!(!ssh(&other_key, "nobody-here"));
    let batch = write(
        folder.join("batch"),
        format!("ls {d}\nget {d}/D-1187.txt {d}/got.txt\nput {d}/got.txt {d}/put.txt\nrm {d}/put.txt\n"),
    );
    let mut arguments = options(&user_key);
    arguments
        .extend(["-P", "12222", "-b", batch.to_str().unwrap(), &format!("root@{HOST}")].map(str::to_owned));
    let (done, said) = run("sftp", &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(done, "{said}");
    let log = syslog.with(&["sshd", "internal-sftp", "sftp-server"], "session closed for local user");
    drop(server);
    keep("sshd-sftp.log", &log);
    let told = told("syslog", &log);
    let begins = |act: &str| told.iter().any(|told| told.starts_with(act));
    for act in [
        "logon – success root",
        "logon – failure nobody-here",
        "download file success – /tmp/assize-servers/sshd/D-1187.txt",
        "write file success – /tmp/assize-servers/sshd/put.txt",
    ] {
        assert!(begins(act), "not told: {act}\n{told:#?}");
    }
    // A key that would do is no logon, nor is what the daemon says of itself.
    assert!(!begins("logon – success – "), "{told:#?}");
    assert!(
        told.iter().any(|act| act.starts_with("delete file unknown") && act.contains("put.txt")),
        "{told:#?}"
    );
}

fn sudo(syslog: &Syslog) {
    let Some(sudo) = program("sudo", &["/usr/bin/sudo"]) else { return };
    assert!(run(sudo.to_str().unwrap(), &["-u", "www-data", "/usr/bin/true"]).0);
    let _refused = run("su", &["www-data", "-s", "/bin/sh", "-c", "echo wrong | sudo -S /usr/bin/id"]);
    let log = syslog.with(&["sudo", "su"], "COMMAND=/usr/bin/id");
    keep("sudo-su.log", &log);
    let told = told("syslog", &log);
    let has = |words: &[&str]| told.iter().any(|act| words.iter().all(|word| act.contains(word)));
    assert!(has(&["execute", " success root", "/usr/bin/true"]), "{told:#?}");
    assert!(!has(&["execute", " success www-data"]), "{told:#?}");
}

#[test]
#[ignore = "starts a real server, as root: the longer tier"]
fn postgresql() {
    let Some(bin) = program("postgresql", &["/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/17/bin"])
    else {
        return;
    };
    if !is_root() {
        return skipped("postgresql", "needs root, to become the account `postgres`");
    }
    let folder = folder("postgresql");
    assert!(run("chown", &["postgres", folder.to_str().unwrap()]).0);
    let d = folder.display();
    let data = format!("{d}/data");
    let initdb = bin.join("initdb");
    let (done, said) =
        run("runuser", &["-u", "postgres", "--", initdb.to_str().unwrap(), "-D", &data, "-A", "trust"]);
    assert!(done, "{said}");
    write(
        folder.join("data/postgresql.auto.conf"),
        format!(
            "port = 15432\nlisten_addresses = '{HOST}'\nunix_socket_directories = '{d}'\nlogging_collector = on\n\
             log_directory = '{d}/log'\nlog_filename = 'server.log'\nlog_destination = 'stderr,csvlog,jsonlog'\n\
             log_connections = on\nlog_disconnections = on\nlog_line_prefix = '%m [%p] %q%u@%d '\n\
             shared_preload_libraries = 'pgaudit'\npgaudit.log = 'read, write, role, ddl'\npgaudit.log_rows = on\n"
        ),
    );
    let postgres = bin.join("postgres");
    let server = Server::start(
        Command::new("runuser").args(["-u", "postgres", "--", postgres.to_str().unwrap(), "-D", &data]),
        15432,
    );
    let psql = |user: &str, sql: &str| {
        run("psql", &["-h", HOST, "-p", "15432", "-U", user, "-d", "postgres", "-X", "-q", "-c", sql]).0
    };
    assert!(psql(
        "postgres",
        "CREATE ROLE okafor LOGIN; CREATE TABLE witness (id int, name text); CREATE TABLE secret (id int); \
         INSERT INTO witness VALUES (1, 'a'), (2, 'b'); GRANT SELECT ON witness TO okafor"
    ));
    assert!(psql("okafor", "SELECT * FROM witness"));
    assert!(psql("okafor", "COPY witness TO STDOUT"));
    assert!(!psql("okafor", "SELECT * FROM secret"));
    assert!(!psql("nobody_here", "SELECT 1"));
    let plain = log_with(&folder.join("log/server.log"), "nobody_here");
    let table = log_with(&folder.join("log/server.csv"), "nobody_here");
    let json = log_with(&folder.join("log/server.json"), "nobody_here");
    // The server's main process is not runuser's; it ends when it is asked.
    run(
        "runuser",
        &["-u", "postgres", "--", bin.join("pg_ctl").to_str().unwrap(), "-D", &data, "stop", "-m", "fast"],
    );
    drop(server);
    for (format, log) in
        [("postgresql-csvlog", &table), ("postgresql-jsonlog", &json), ("postgresql", &plain)]
    {
        let told = told(format, log);
        let has = |words: &[&str]| told.iter().any(|act| words.iter().all(|word| act.contains(word)));
        for words in [
            &["logon ", " success okafor"][..],
            &["query table success okafor witness"],
            &["export table ", " okafor witness"],
            &[" okafor", "denied"],
            &["create "],
        ] {
            assert!(has(words), "{format}: not told: {words:?}\n{told:#?}");
        }
        // With `trust` the server says that it let somebody in before it looks whether there is such a role:
        // both records stand, the second a denial.
        let refused =
            |act: &&String| act.contains(" denied nobody_here") || act.contains(" failure nobody_here");
        assert!(told.iter().any(|act| refused(&act)), "{format}: {told:#?}");
    }
}

#[test]
#[ignore = "starts real servers: the longer tier"]
fn nginx_apache_and_squid() {
    nginx_and_squid();
    apache();
}

/// A page, one behind a password (okafor, p4ss), and the file of passwords.
fn site(folder: &Path) -> PathBuf {
    let root = folder.join("www");
    fs::create_dir_all(root.join("secret")).unwrap();
    write(root.join("D-1187.txt"), "the statement of a witness");
    write(root.join("secret/list.txt"), "names");
    // SHA-1 in base64, which both servers read: printf p4ss | openssl dgst -sha1 -binary | base64
    write(folder.join("passwords"), "okafor:{SHA}WOMuPclsmObUrwn/jAoLeU/VKEU=\n");
    root
}

/// Requests of all kinds to a web server.
fn requests(port: u16) {
    let at = |path: &str| format!("http://{HOST}:{port}{path}");
    let curl = |arguments: &[&str]| run("curl", &[&["-s", "-A", "curl/assize"], arguments].concat()).1;
    assert!(curl(&[&at("/D-1187.txt?v=1")]).contains("witness"));
    curl(&[&at("/secret/list.txt")]);
    curl(&["-u", "okafor:wrong", &at("/secret/list.txt")]);
    assert!(curl(&["-u", "okafor:p4ss", &at("/secret/list.txt")]).contains("names"));
    curl(&[&at("/nothing.txt")]);
    curl(&["-r", "0-3", &at("/D-1187.txt")]);
}

const REQUESTS: [&str; 6] = [
    "read site success – /D-1187.txt?v=1 127.0.0.1",
    "read site denied – /secret/list.txt 127.0.0.1",
    "read site denied okafor /secret/list.txt 127.0.0.1",
    "read site success okafor /secret/list.txt 127.0.0.1",
    "read site failure – /nothing.txt 127.0.0.1",
    "read site success – /D-1187.txt 127.0.0.1 partial",
];

fn nginx_and_squid() {
    let Some(nginx) = program("nginx", &["/usr/sbin/nginx"]) else { return };
    let folder = folder("nginx");
    let root = site(&folder);
    let d = folder.display();
    let conf = write(
        folder.join("nginx.conf"),
        format!(
            "daemon off; pid {d}/pid; error_log {d}/error.log error; events {{}}\nhttp {{ access_log {d}/access.log combined; \
             client_body_temp_path {d}/b; proxy_temp_path {d}/p; fastcgi_temp_path {d}/f; uwsgi_temp_path {d}/u; scgi_temp_path {d}/s; \
             server {{ listen {HOST}:18080; root {}; location /secret/ {{ auth_basic court; auth_basic_user_file {d}/passwords; }} }} }}\n",
            root.display()
        ),
    );
    let server = Server::start(
        Command::new(nginx).args(["-c", conf.to_str().unwrap(), "-p", folder.to_str().unwrap()]),
        18080,
    );
    requests(18080);
    squid();
    let access = log_with(&folder.join("access.log"), "by-proxy");
    let errors = log_with(&folder.join("error.log"), "nothing.txt");
    drop(server);
    keep("nginx-access.log", &access);
    keep("nginx-error.log", &errors);
    assert_told(&told("web-access", &access), &REQUESTS);
    let told = told("web-error", &errors);
    let has = |words: &[&str]| told.iter().any(|act| words.iter().all(|word| act.contains(word)));
    assert!(has(&["okafor", "127.0.0.1"]), "{told:#?}");
}

/// Asks nginx through a proxy.
fn squid() {
    let Some(squid) = program("squid", &["/usr/sbin/squid"]) else { return };
    let folder = folder("squid");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let d = folder.display();
    let conf = write(
        folder.join("squid.conf"),
        format!(
            "http_port {HOST}:13128\npid_filename {d}/pid\naccess_log stdio:{d}/access.log squid\ncache_log {d}/cache.log\n\
             cache deny all\ncoredump_dir {d}\nacl forbidden url_regex forbidden\nhttp_access deny forbidden\n\
             http_access allow all\nshutdown_lifetime 1 seconds\npinger_enable off\n"
        ),
    );
    let server = Server::start(Command::new(squid).args(["-N", "-f", conf.to_str().unwrap()]), 13128);
    let curl = |arguments: &[&str]| {
        let proxy = format!("http://{HOST}:13128");
        run("curl", &[&["-s", "-o", "/dev/null", "-x", &proxy], arguments].concat()).0
    };
    let at = |path: &str| format!("http://{HOST}:18080{path}");
    assert!(curl(&[&at("/D-1187.txt?by-proxy")]));
    curl(&[&at("/forbidden")]);
    curl(&["--data-binary", "0123456789", &at("/D-1187.txt?upload")]);
    assert!(curl(&["--proxytunnel", &at("/D-1187.txt?tunnel")]));
    let log = log_with(&folder.join("access.log"), "CONNECT");
    drop(server);
    keep("squid-access.log", &log);
    let told = told("squid", &log);
    let has = |words: &[&str]| told.iter().any(|act| words.iter().all(|word| act.contains(word)));
    for words in [
        &["read site success", "/D-1187.txt"][..],
        &["read site denied", "/forbidden"],
        &["upload site", "/D-1187.txt"],
        &["connect ", " success", "127.0.0.1:18080"],
    ] {
        assert!(has(words), "not told: {words:?}\n{told:#?}");
    }
}

fn apache() {
    let Some(apache) = program("apache", &["/usr/sbin/apache2"]) else { return };
    let folder = folder("apache");
    let root = site(&folder);
    let d = folder.display();
    let modules: String =
        ["mpm_event", "authn_core", "authz_core", "authn_file", "authz_user", "auth_basic", "dir", "mime"]
            .iter()
            .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
            .collect();
    let conf = write(
        folder.join("apache.conf"),
        format!(
            "ServerRoot {d}\nServerName court.example\nListen {HOST}:18081\nPidFile {d}/pid\nDefaultRuntimeDir {d}\n{modules}\
             User www-data\nGroup www-data\nTypesConfig /dev/null\nErrorLog {d}/error.log\nLogLevel info\n\
             LogFormat \"%h %l %u %t \\\"%r\\\" %>s %O \\\"%{{Referer}}i\\\" \\\"%{{User-Agent}}i\\\"\" combined\nCustomLog {d}/access.log combined\n\
             DocumentRoot {root}\n<Directory {root}>\nRequire all granted\n</Directory>\n\
             <Directory {root}/secret>\nAuthType Basic\nAuthName court\nAuthUserFile {d}/passwords\nRequire valid-user\n</Directory>\n",
            root = root.display()
        ),
    );
    let server =
        Server::start(Command::new(apache).args(["-f", conf.to_str().unwrap(), "-D", "FOREGROUND"]), 18081);
    requests(18081);
    let access = log_with(&folder.join("access.log"), " 206 ");
    let errors = log_with(&folder.join("error.log"), "okafor");
    drop(server);
    keep("apache-access.log", &access);
    keep("apache-error.log", &errors);
    assert_told(&told("web-access", &access), &REQUESTS);
    let told = told("web-error", &errors);
    let has = |words: &[&str]| told.iter().any(|act| words.iter().all(|word| act.contains(word)));
    assert!(has(&["okafor", "127.0.0.1"]), "{told:#?}");
}
