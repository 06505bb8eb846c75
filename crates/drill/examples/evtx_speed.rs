//! How fast do the Windows hosts write, to a null sink and to the disk?
//!
//! `cargo run --release -p assize-drill --example evtx_speed -- ROUNDS [OUT]`
//! The observer and its writer alone: a round is a mix of acts as a working day has it (about 32
//! events), told over and over, on three workstations, a file server and a domain controller.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used)]

use std::rc::Rc;

use assize_drill::act::{
    Act, Cipher, Client, Deed, FileDeed, Integrity, Process, Service, Session, SharedFile, Transfer, Way,
};
use assize_drill::court::{Court, HostId, HostKind, ItemId, Place, Size};
use assize_drill::files::Files;
use assize_drill::gate::Gate;
use assize_drill::moment::{MS, Moment, SECOND};
use assize_drill::sources::ALL;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let rounds: i64 = arguments.next().map_or(40_000, |rounds| rounds.parse().unwrap());
    let out = arguments.next();
    let from = Moment::of_date(2026, 9, 14);
    let court = Court::found(7, &Size { staff: 40, days: 3, hosts: 40, from });
    let workstations = (0..court.hosts.len() as u32).map(HostId);
    let workstations: Vec<_> =
        workstations.filter(|id| court.host(*id).kind == HostKind::Workstation).take(3).collect();
    let rounds_of_acts: Vec<_> = workstations.iter().map(|desk| acts(&court, *desk, from)).collect();
    let (_, make) = ALL.iter().find(|(name, _)| *name == "windows").unwrap();
    let mut observer = make(&court);
    let mut files = Files::new(out.as_deref().map(std::path::Path::new), Gate::default());

    let begun = std::time::Instant::now();
    for round in 0..rounds {
        let mut list = rounds_of_acts[round as usize % rounds_of_acts.len()].clone();
        for (number, act) in list.iter_mut().enumerate() {
            act.at = from + round * SECOND + number as i64 * 17 * MS;
            observer.see(&court, act, &mut files).unwrap();
        }
    }
    observer.finish(&court, &mut files).unwrap();
    files.flush_all().unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let (events, bytes) = (files.events() as f64, files.bytes() as f64);
    println!(
        "{events} events, {:.0} events/s, {:.0} MB/s, {:.0} bytes an event",
        events / seconds,
        bytes / 1e6 / seconds,
        bytes / events
    );
}

/// One round on that workstation and the servers.
fn acts(court: &Court, desk: HostId, from: Moment) -> Vec<Act> {
    let (server, dc) = (court.first(HostKind::FileServer), court.first(HostKind::DomainController));
    let session = |host, way, number: u64| {
        Rc::new(Session {
            number,
            account: court.people[number as usize % 10].account,
            host,
            way,
            device: Some(desk),
            address: court.host(desk).address.clone(),
            port: 50_000 + number as u16,
            workstation: String::new(),
            client: Client::Desktop,
            agent: "".into(),
            ntlm: false,
            elevated: false,
            logon_id: 0x51_2000 + number,
            token: String::new(),
            opened: from,
            intruder: false,
        })
    };
    let (console, network, asking) =
        (session(desk, Way::Console, 1), session(server, Way::Network, 2), session(dc, Way::Network, 3));
    let process = |number: u64, image: &str, command: &str| {
        Rc::new(Process {
            number,
            pid: 4000 + 4 * number as u32,
            image: image.into(),
            command: command.into(),
            since: from,
            session: Rc::clone(&console),
            integrity: Integrity::Medium,
        })
    };
    let explorer = process(1, "C:\\Windows\\explorer.exe", "C:\\Windows\\Explorer.EXE");
    let word = process(
        2,
        "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE",
        "\"C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE\" /n \"D:\\Cases\\note.docx\"",
    );
    let item = court.holdings.iter().find_map(|holding| match &holding.place {
        Place::Folder { share, path } if holding.confidentiality == "secret_under_seal" => {
            Some((*share, path.clone(), holding.items.start))
        }
        _ => None,
    });
    let (share, folder, item) = item.unwrap();
    let name = format!("{folder}\\{}", court.item(ItemId(item)).name);
    let secret = SharedFile { share, path: name.into(), item: Some(ItemId(item)), folder: false, size: 9 };
    let plain = SharedFile {
        share,
        path: "CT0324\\Filings\\2026-004711 Order.docx".into(),
        item: None,
        folder: false,
        size: 9,
    };
    let transfer = Transfer {
        process: Some(Rc::clone(&word)),
        name: Some("files.example".into()),
        address: "198.51.100.45".into(),
        port: 443,
        from_port: 50001,
        service: Service::Tls,
        sent: 1,
        received: 2,
        lasted: SECOND,
    };
    let on_desk = [
        Deed::Start { process: Rc::clone(&word), parent: Rc::clone(&explorer) },
        Deed::LoadImage { process: Rc::clone(&word), image: "C:\\Windows\\System32\\vaultcli.dll".into() },
        Deed::Resolve {
            process: Rc::clone(&word),
            name: "files.example".into(),
            address: "198.51.100.45".into(),
        },
        Deed::Connect(transfer),
        Deed::SetValue {
            process: Rc::clone(&word),
            key: "HKU\\S-1-5-21\\Software\\Microsoft\\Office\\16.0\\Word\\File MRU\\Item 1".into(),
            value: "[F00000000][T01D9]*D:\\Cases\\note.docx".into(),
        },
        Deed::End(Rc::clone(&word)),
    ];
    let on_server = [
        Deed::LogOn,
        Deed::Share(share),
        Deed::File { file: plain.clone(), deed: FileDeed::Read(9) },
        Deed::File { file: plain.clone(), deed: FileDeed::Look },
        Deed::File { file: plain, deed: FileDeed::Write(9) },
        Deed::File { file: secret, deed: FileDeed::Read(9) },
        Deed::LogOff,
    ];
    let on_dc =
        [Deed::LogOn, Deed::ServiceTicket { service: court.people[3].account, cipher: Cipher::Aes256 }];
    let told = |session: &Rc<Session>, deeds: &[Deed]| -> Vec<Act> {
        let act = |deed: &Deed| Act {
            at: from,
            host: session.host,
            session: Rc::clone(session),
            deed: deed.clone(),
            step: None,
        };
        deeds.iter().map(act).collect()
    };
    let mut acts = Vec::new();
    (0..2).for_each(|_| acts.extend(told(&console, &on_desk)));
    acts.extend(told(&network, &on_server));
    acts.extend(told(&asking, &on_dc));
    acts
}
