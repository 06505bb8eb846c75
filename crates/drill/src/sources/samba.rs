//! What does a Samba server's `vfs_full_audit` write to syslog?
//!
//! `vfs_full_audit(8)` with `full_audit:prefix = %u|%I|%m|%S` and success lists of the operations
//! below, as Samba 4.17 and later name them (`fdopendir`, not `opendir`; reads arrive as
//! `pread_recv`), through journald and rsyslog into one file: RFC 3164, **local time, no year, no
//! zone**, to the second. Names are absolute paths on the server and are not protected: a `|` in a
//! file's name stands there bare; rsyslog writes control characters as `#012`. Looking at attributes
//! and rights (`fstat`, `fget_nt_acl`) is not in the lists, so it leaves nothing.

use std::collections::BTreeMap;
use std::io;

use super::Observer;
use super::text::{Put, number, record};
use crate::act::{Act, Deed, FileDeed, SharedFile};
use crate::court::{Court, HostKind, ShareId};
use crate::files::{FileId, Files};
use crate::gate::Sight;

const SOURCE: &str = "samba";
/// A client reads so many bytes at a time (`smb2 max read`), and each time is a line.
const READ_BYTES: u64 = 8 * 1024 * 1024;

/// Every Samba server of the court.
pub struct Samba {
    /// Sessions with the shares that they have connected: closed with the session.
    connected: BTreeMap<u64, Vec<ShareId>>,
    line: Vec<u8>,
}

impl Samba {
    /// Whatever Samba servers the court has.
    #[must_use]
    pub fn new(_court: &Court) -> Self {
        Self { connected: BTreeMap::new(), line: Vec::new() }
    }

    /// `Sep 14 09:12:41 ARCH-NAS01 smbd_audit[2114]: i.vantorp|10.1.2.3|reg-ws07|archive|op|…`
    fn write(
        &mut self,
        court: &Court,
        act: &Act,
        files: &mut Files,
        share: ShareId,
        op: &str,
        path: &str,
    ) -> io::Result<()> {
        let host = court.host(act.host);
        let at = files.clock(act.host, act.at);
        let session = &act.session;
        let line = &mut self.line;
        line.clear();
        line.syslog_time((at + at.court_offset()).civil()).put(" ").put(&host.name).put(" smbd_audit[");
        // One process per connected client.
        line.num(900 + number(&[session.number]) % 31_000).put("]: ");
        line.syslog(&court.account(session.account).name).put("|").syslog(&session.address).put("|");
        let machine = line.len();
        // Only NTLM tells the client's name on port 445; with Kerberos `%m` is the address again.
        let named = session.ntlm && !session.workstation.is_empty();
        line.syslog(if named { &session.workstation } else { &session.address });
        line[machine..].make_ascii_lowercase();
        line.put("|").syslog(&court.share(share).name).put("|").put(op).put("|").syslog(path).put("\n");
        let file = log(files, &host.name);
        record(files, file, line, act.step.as_slice())
    }

    fn file(
        &mut self,
        court: &Court,
        act: &Act,
        files: &mut Files,
        file: &SharedFile,
        deed: FileDeed,
    ) -> io::Result<()> {
        let path = absolute(court, file);
        let mut write = |op: &str| self.write(court, act, files, file.share, op, &path);
        match deed {
            FileDeed::List => {
                write("openat|ok|r")?;
                write("fdopendir|ok")?;
                write("close|ok")
            }
            FileDeed::Read(bytes) => {
                write("openat|ok|r")?;
                for _ in 0..bytes.div_ceil(READ_BYTES) {
                    write("pread_recv|ok")?;
                }
                write("close|ok")
            }
            FileDeed::Write(bytes) => {
                write("openat|ok|w")?;
                for _ in 0..bytes.div_ceil(READ_BYTES) {
                    write("pwrite_recv|ok")?;
                }
                write("close|ok")
            }
            FileDeed::Delete => write("unlinkat|ok"),
            FileDeed::Refused => write("openat|fail (Permission denied)|r"),
            FileDeed::Look => Ok(()),
        }
    }
}

fn log(files: &mut Files, host: &str) -> FileId {
    files.file(&format!("samba/{host}/audit.log"))
}

/// `/srv/archive/CT0324/Statements/a.docx`
fn absolute(court: &Court, file: &SharedFile) -> String {
    let root = &court.share(file.share).root;
    let path = file.path.replace('\\', "/");
    if path.is_empty() { root.clone() } else { format!("{root}/{path}") }
}

impl Observer for Samba {
    fn see(&mut self, court: &Court, act: &Act, files: &mut Files) -> io::Result<()> {
        if court.host(act.host).kind != HostKind::Samba {
            return Ok(());
        }
        let seen = files.sight(SOURCE, Some(act.host), act.at) == Sight::Seen;
        match &act.deed {
            Deed::Share(share) => {
                self.connected.entry(act.session.number).or_default().push(*share);
                if seen {
                    let name = &court.share(*share).name;
                    self.write(court, act, files, *share, "connect|ok", name)?;
                }
            }
            Deed::LogOff => {
                for share in self.connected.remove(&act.session.number).into_iter().flatten().filter(|_| seen)
                {
                    let name = &court.share(share).name;
                    self.write(court, act, files, share, "disconnect|ok", name)?;
                }
            }
            Deed::File { file, deed } if seen => self.file(court, act, files, file, *deed)?,
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, _court: &Court, _files: &mut Files) -> io::Result<()> {
        Ok(())
    }
}
