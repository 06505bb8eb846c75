//! Which machines are there, and which shares do they serve?

use super::{Court, Host, HostId, HostKind, Organ, Share};
use crate::chance::Dice;

/// From so many machines on there is a second domain controller.
const SECOND_CONTROLLER_FROM: u32 = 150;
/// From so many machines on there is a second file server.
const SECOND_FILE_SERVER_FROM: u32 = 60;

/// Sets up servers, the cloud and workstations, gives people their devices, and makes the shares.
pub(super) fn rack(court: &mut Court, mut dice: Dice) {
    for (number, (name, kind)) in servers(court.size.hosts).into_iter().enumerate() {
        add(court, &mut dice, name.to_owned(), kind, format!("10.20.0.{}", number + 10));
    }
    // The cloud is no machine of ours: it does not count.
    let servers = court.hosts.len() as u32 - 1;
    workstations(court, &mut dice, court.size.hosts - servers);
    share(court);
}

fn servers(hosts: u32) -> Vec<(&'static str, HostKind)> {
    let mut servers = vec![
        ("DC01", HostKind::DomainController),
        ("LEGAL-FS01", HostKind::FileServer),
        ("ARCH-NAS01", HostKind::Samba),
        ("DMS01", HostKind::Documents),
        ("BKP01", HostKind::Backup),
        ("VC01", HostKind::Hypervisor),
        ("VPN01", HostKind::Vpn),
        ("PROXY01", HostKind::Proxy),
        ("DHCP01", HostKind::Dhcp),
        ("ZEEK01", HostKind::Monitor),
        ("m365", HostKind::Cloud),
    ];
    if hosts >= SECOND_CONTROLLER_FROM {
        servers.push(("DC02", HostKind::DomainController));
    }
    if hosts >= SECOND_FILE_SERVER_FROM {
        servers.push(("CORP-FS02", HostKind::FileServer));
    }
    servers
}

fn add(court: &mut Court, dice: &mut Dice, name: String, kind: HostKind, address: String) -> HostId {
    let number = court.hosts.len() as u32;
    let cloud = kind == HostKind::Cloud;
    let vendor = if kind == HostKind::Workstation { "3c:52:82" } else { "00:50:56" };
    // The number makes it unique, the dice make it look like a delivery of several lots.
    let lot = dice.below(8) as u32 * 0x20_0000 + number * 37 % 0x1000 + (number << 12);
    court.hosts.push(Host {
        name,
        kind,
        address: if cloud { String::new() } else { address },
        mac: match cloud {
            true => String::new(),
            false => {
                format!("{vendor}:{:02x}:{:02x}:{:02x}", lot >> 16 & 0xFF, lot >> 8 & 0xFF, lot & 0xFF)
            }
        },
        account: None,
        machine: (dice.next() as u32) << 12 | number,
        serial: if cloud {
            String::new()
        } else {
            format!("5CG{:01}{number:04}{}", dice.below(10), letters(dice))
        },
    });
    HostId(number)
}

fn letters(dice: &mut Dice) -> String {
    (0..2).map(|_| *dice.pick(&['B', 'D', 'K', 'N', 'R', 'T', 'X', 'Z'])).collect()
}

/// Workstations stand where people of one organ sit; more people than machines share, spare
/// machines stand in meeting rooms.
fn workstations(court: &mut Court, dice: &mut Dice, count: u32) {
    let mut placed = vec![0_u32; ORGANS.len() + 1];
    for users in seat(court, count as usize) {
        let organ = users.first().map(|at| court.people[*at].organ);
        let (slot, prefix) = organ.map_or((ORGANS.len(), "MEET"), prefix);
        placed[slot] += 1;
        let nth = placed[slot];
        let address = format!("10.20.{}.{}", 16 + slot as u32 * 4 + nth / 200, 20 + nth % 200);
        let device = add(court, dice, format!("{prefix}-WS{nth:02}"), HostKind::Workstation, address);
        for at in users {
            court.people[at].device = device;
        }
    }
}

/// Who sits at each of so many machines.
fn seat(court: &Court, count: usize) -> Vec<Vec<usize>> {
    let of = |organ: Organ| -> Vec<usize> {
        (0..court.people.len()).filter(|at| court.people[*at].organ == organ).collect()
    };
    let mut rooms: Vec<Vec<usize>> =
        ORGANS.iter().map(|(organ, _)| of(*organ)).filter(|room| !room.is_empty()).collect();
    // With fewer machines than organs nobody has a room of their own.
    while rooms.len() > count {
        let last = rooms.pop().unwrap_or_default();
        if let Some(room) = rooms.last_mut() {
            room.extend(last);
        }
    }
    let mut machines = vec![1; rooms.len()];
    for _ in rooms.len()..count {
        // The next machine goes where most people share one, and nowhere once everybody has one.
        let crowded = (0..rooms.len()).filter(|room| rooms[*room].len() > machines[*room]);
        let most =
            crowded.max_by_key(|room| (rooms[*room].len() * 1000 / machines[*room], usize::MAX - room));
        match most {
            Some(room) => machines[room] += 1,
            None => break,
        }
    }
    let mut seats = Vec::new();
    for (room, machines) in rooms.into_iter().zip(machines) {
        let first = seats.len();
        seats.resize(first + machines, Vec::new());
        for (rank, at) in room.iter().enumerate() {
            seats[first + rank * machines / room.len()].push(*at);
        }
    }
    seats.resize(count, Vec::new());
    seats
}

const ORGANS: [(Organ, &str); 9] = [
    (Organ::Chambers, "CHB"),
    (Organ::Presidency, "PRE"),
    (Organ::Prosecutor, "OTP"),
    (Organ::Registry, "REG"),
    (Organ::WitnessSection, "VWS"),
    (Organ::VictimsParticipation, "VPR"),
    (Organ::DefenceCounsel, "DEF"),
    (Organ::InformationTechnology, "ITS"),
    (Organ::HumanResources, "HRS"),
];

fn prefix(organ: Organ) -> (usize, &'static str) {
    let slot = ORGANS.iter().position(|(other, _)| *other == organ).unwrap_or(0);
    (slot, ORGANS[slot].1)
}

fn share(court: &mut Court) {
    let files: Vec<HostId> = (0..court.hosts.len() as u32)
        .map(HostId)
        .filter(|host| court.host(*host).kind == HostKind::FileServer)
        .collect();
    let (legal, corporate) = (files[0], files[files.len() - 1]);
    for (host, name) in [
        (legal, "Cases"),
        (legal, "Witness"),
        (corporate, "Registry"),
        (corporate, "HR"),
        (corporate, "Public"),
    ] {
        court.shares.push(Share { host, name: name.to_owned(), root: format!("D:\\Shares\\{name}") });
    }
    let host = court.first(HostKind::Samba);
    court.shares.push(Share { host, name: String::from("archive"), root: String::from("/srv/archive") });
}
