//! What does a log look like in which no value stands twice?
//!
//! Process creations as Sysmon writes them, every value with a number of its own: what an intruder would
//! write who wanted nothing to be learnt from one event for the next. Only what says which kind of
//! event it is repeats.

use std::error::Error;

use assize_drill::evtx::{FileTime, Payload, Provider, Record, Value, Writer};

/// Names of fields, and values in which `#` stands for the number.
const FIELDS: &[(&str, &str)] = &[
    ("RuleName", "rule-#"),
    ("UtcTime", "2026-09-14 08:00:00.#"),
    ("ProcessGuid", "{5770385f-c22a-43e0-#}"),
    ("ProcessId", "#"),
    ("Image", r"C:\Users\user#\AppData\Local\Temp\setup#\install#.exe"),
    ("FileVersion", "10.0.#"),
    ("Description", "Installer number #"),
    ("Product", "Product #"),
    ("Company", "Company # of somewhere"),
    ("OriginalFileName", "install#.exe"),
    (
        "CommandLine",
        r#""C:\Users\user#\AppData\Local\Temp\setup#\install#.exe" --quiet --log=C:\Logs\setup-#.txt --id #"#,
    ),
    ("CurrentDirectory", r"C:\Users\user#\AppData\Local\Temp\setup#\"),
    ("User", r"DOMAIN\user#"),
    ("LogonGuid", "{5770385f-c22a-43e1-#}"),
    ("LogonId", "0x#"),
    ("TerminalSessionId", "#"),
    ("IntegrityLevel", "Level#"),
    ("Hashes", "SHA1=A1B2C3D4E5F60718293A4B5C6D7E8F90#,IMPHASH=0123456789ABCDEF#"),
    ("ParentProcessGuid", "{5770385f-c22a-43e2-#}"),
    ("ParentProcessId", "#"),
    ("ParentImage", r"C:\Program Files\Updater #\updater.exe"),
    ("ParentCommandLine", r#""C:\Program Files\Updater #\updater.exe" /run #"#),
];

/// The log, as a file's bytes. A template holds the name of its machine: a machine for each event is a
/// template for each.
pub fn log(events: u32, is_of_many: bool) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut log = Writer::new("Microsoft-Windows-Sysmon/Operational");
    for number in 0..events {
        let own = format!("{:08x}", number.wrapping_mul(0x9e37_79b1));
        let computer = if is_of_many { format!("WS-{own}.court.example") } else { "WS-01.court.example".into() };
        let texts: Vec<String> = FIELDS.iter().map(|(_, value)| value.replace('#', &own)).collect();
        let data: Vec<(&str, Value<'_>)> =
            FIELDS.iter().zip(&texts).map(|((name, _), text)| (*name, Value::text(text))).collect();
        log.push(&Record {
            provider: Provider { name: "Microsoft-Windows-Sysmon", guid: None, event_source: None },
            event_id: 1,
            qualifiers: None,
            version: 5,
            level: 4,
            task: 1,
            opcode: 0,
            keywords: 0x8000_0000_0000_0000,
            time: FileTime::from_unix_ms(1_789_344_000_000 + i64::from(number)),
            process_id: 4,
            thread_id: number,
            activity_id: None,
            related_activity_id: None,
            computer: &computer,
            user: None,
            payload: Payload::EventData { data: &data, binary: None },
        })?;
    }
    Ok(log.finish())
}
