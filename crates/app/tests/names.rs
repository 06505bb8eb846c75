//! Does anything that comes out of a case, or lies in it, tell a protected name?
//!
//! A register of made-up people in six scripts; evidence that holds their names in text, UTF-16, base64,
//! hexadecimal, escapes, quoted-printable, gzip and zlib; every verb in every shape, errors, breakdowns and
//! kills. What comes out is searched for every name in every notation, by code that shares nothing with what
//! covers names. There are two controls: the same evidence in a case without a register, and a program that
//! leaks on purpose, at either gate (`ASSIZE_FAULT`): if the search finds nothing there, it proves nothing here.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // A test plays the person at the keyboard.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use data_encoding::{BASE64, HEXLOWER};
use flate2::Compression;

/// Given and family names, ten of each script; nobody is called so together.
const SCRIPTS: [(&str, &str); 6] = [
    (
        "Amira Tobias Ingeborg Rasmus Solveig Zdenka Matthieu Éloïse Bartosz Ximena",
        "Quillfeather Vandermoorten Óskarsdal Brzezowski Lichtenhahn Østmarken Delacroisette Itzurraga Havlíčkova Pemberwick",
    ),
    (
        "Святослав Людмила Аркадий Зинаида Мирослава Григорій Олеся Ростислав Фаина Любомир",
        "Черноборов Жемчугова Щукарёв Полозенко Гайворон Юшкевич Вышневецький Хлебцова Цветаевич Дубровный",
    ),
    (
        "سليمان خديجة عبدالله زينب مصطفى رقية إدريس نورالدين هاجر طارق",
        "البغدادلي الحموينة القرطبان الدمشقور الصنعانيد الطرابلوس الزنكوار الخرازمة المراكشون الفيوميد",
    ),
    (
        "თამარ ზურაბ ნანული გიორგი მზია ვახტანგ ქეთევან ლევან ნათელა შოთა",
        "ბერიძაშვილ კვარაცხავა ჯავახიძეა მელიქსეთა წერეთლაძე ხუციშვანი დოლაბერი ფირცხალო ღამბაშვა ჩხეიძელა",
    ),
    (
        "Ευδοκία Λεωνίδας Θεοφανώ Ξενοφών Κλειώ Αριστείδης Πηνελόπη Φώτιος Μυρσίνη Σωκράτης",
        "Καραθανάσογλου Ξυδόπουλος Μαυροβουνιώτη Πετροχείλας Χατζηγιακούμης Ψαροπούλεα Δροσινάκος Τζουμερκιώτης Ρεντινάκη Βλαχογένης",
    ),
    (
        "देवेन्द्र सुलोचना हरिश्चन्द्र मन्दाकिनी यशोधरा नरसिंह कौशल्या विश्वनाथ पद्मावती गोविन्द",
        "चट्टोपाध्यायन कुलकर्णीकर श्रीवास्तविक भट्टाचार्यम देशपाण्डेय मुखोपाध्याल त्रिपाठीकर राजगोपालम वेंकटरामन जोगलेकरी",
    ),
];

struct Person {
    pseudonym: String,
    given: String,
    family: String,
}

/// Five hundred people, as many of each script.
static PEOPLE: LazyLock<Vec<Person>> = LazyLock::new(|| {
    let person = |number: usize| {
        let (given, family) = SCRIPTS[number % 6];
        let pick = |names: &str, at: usize| names.split(' ').nth(at % 10).unwrap().to_owned();
        Person {
            pseudonym: format!("CT-P-{number:04}"),
            given: pick(given, number / 6),
            family: pick(family, number / 60 + number / 6),
        }
    };
    (0..500).map(person).collect()
});

fn register(folder: &Path) {
    let subject = |person: &Person| {
        format!(
            "{{\"subject_id\": \"{}\", \"type\": \"individual\", \"role\": \"witness\", \"identity\": {{\"name\": \"{} {}\"}}}}",
            person.pseudonym, person.given, person.family
        )
    };
    let subjects: Vec<String> = PEOPLE.iter().map(subject).collect();
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("subjects.json"), format!("[{}]", subjects.join(",\n"))).unwrap();
    let items: String = PEOPLE
        .iter()
        .enumerate()
        .map(|(number, person)| {
            format!(
                "M-{number},H-1,\\\\FS\\W\\{} {}.docx,Statement of {},1,{}\n",
                person.family, person.given, person.given, person.pseudonym
            )
        })
        .collect();
    fs::write(folder.join("items.csv"), format!("item_id,holding_id,locator,title,bytes,subjects\n{items}"))
        .unwrap();
    fs::write(
        folder.join("holdings.csv"),
        "holding_id,title,kind,locators\nH-1,Statements,folder,\\\\FS\\W\n",
    )
    .unwrap();
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        let _ = write!(all, "%{byte:02X}");
        all
    })
}

fn escaped(text: &str) -> String {
    text.encode_utf16().fold(String::new(), |mut all, unit| {
        let _ = write!(all, "\\u{unit:04x}");
        all
    })
}

/// As mail programs write it.
fn quoted_printable(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => all.push(char::from(byte)),
            _ => write!(all, "={byte:02X}").unwrap(),
        }
        all
    })
}

/// As web pages write it.
fn entities(text: &str) -> String {
    text.chars().fold(String::new(), |mut all, c| {
        let _ = write!(all, "&#{};", u32::from(c));
        all
    })
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn zlib(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn evidence(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let mut lines = String::new();
    let mut syslog = String::new();
    for (number, Person { given, family, .. }) in PEOPLE.iter().enumerate() {
        let name = format!("{given} {family}");
        let text = match number % 15 {
            0 => format!("read \\\\FS\\W\\{family} {given}.docx"),
            1 => format!("powershell -enc {}", BASE64.encode(&utf16(&format!("Get-Content '{name}.docx'")))),
            2 => format!("GET /search?q={} 200", percent(&name)),
            3 => format!("0x{}", HEXLOWER.encode(name.as_bytes())),
            4 => BASE64.encode(format!("to: {name}").as_bytes()),
            5 => format!("{}, {given}", family.to_uppercase()),
            6 => format!("x{family}_{given}x.pdf").replace('x', "-"),
            7 => format!("Subject: =?utf-8?Q?{}?=", quoted_printable(&name)),
            8 => format!("<b>{}</b>", entities(&name)),
            9 => format!("blob {}", BASE64.encode(&gzip(&format!("statement of {name}, of two pages")))),
            10 => format!("blob {}", HEXLOWER.encode(&zlib(&format!("statement of {name}, of two pages")))),
            11 => escaped(&name),
            12 => format!("k={}", BASE64.encode(format!("7{name} 7").as_bytes())),
            13 => format!("k={}", BASE64.encode(format!("77{name} 77").as_bytes())),
            _ => name.clone(),
        };
        let line = serde_json::json!({"time": format!("2026-09-14T07:{:02}:{:02}Z", number / 60, number % 60),
            "user": "court\\a", "what": text, (family.as_str()): "a name as a key"});
        writeln!(lines, "{line}").unwrap();
        writeln!(
            syslog,
            "<34>1 2026-09-14T08:{:02}:{:02}Z fs01 app 7 - - opened {name}",
            number / 60,
            number % 60
        )
        .unwrap();
        if number % 25 == 0 {
            // What no reader reads is told of, and must not be shown.
            writeln!(lines, "{{\"cut\": \"{}\", ", escaped(&name)).unwrap();
        }
    }
    fs::write(folder.join("app.ndjson"), lines).unwrap();
    fs::write(folder.join("messages.log"), syslog).unwrap();
    let wide: String =
        PEOPLE.iter().map(|person| format!("{} {}\r\n", person.given, person.family)).collect();
    fs::write(folder.join("wide.txt"), [vec![0xff, 0xfe], utf16(&wide)].concat()).unwrap();
}

/// Everything that must not come out: full names in both orders and family names, in each notation.
fn patterns() -> Vec<Vec<u8>> {
    let mut patterns = Vec::new();
    for Person { given, family, .. } in PEOPLE.iter() {
        for name in [
            format!("{given} {family}"),
            format!("{family} {given}"),
            format!("{family}, {given}"),
            family.clone(),
        ] {
            for name in [name.clone(), name.to_lowercase(), name.to_uppercase()] {
                patterns.push(name.as_bytes().to_vec());
                patterns.push(utf16(&name));
                patterns.push(HEXLOWER.encode(name.as_bytes()).into_bytes());
                patterns.push(percent(&name).into_bytes());
                patterns.push(percent(&name).to_lowercase().into_bytes());
                patterns.push(escaped(&name).into_bytes());
                patterns.push(entities(&name).into_bytes());
                patterns.push(name.encode_utf16().flat_map(u16::to_be_bytes).collect());
                // With a sign in it that is not the letter itself, or it is the plain name.
                patterns.push(quoted_printable(&name).into_bytes());
                for bytes in [name.as_bytes().to_vec(), utf16(&name)] {
                    patterns.extend((0..3).map(|shift| in_base64(&bytes, shift)));
                }
            }
        }
    }
    patterns.sort();
    patterns.dedup();
    patterns
}

/// The letters that are the same in any base64 in which these bytes stand so far from a group's begin.
fn in_base64(bytes: &[u8], shift: usize) -> Vec<u8> {
    let encoded = BASE64.encode(&[vec![0; shift], bytes.to_vec()].concat());
    let begin = (shift * 8).div_ceil(6);
    let end = (shift + bytes.len()) * 8 / 6;
    encoded.as_bytes()[begin..end].to_vec()
}

struct World {
    dir: tempfile::TempDir,
}

impl World {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn assize(&self, case: &str, arguments: &[&str]) -> Output {
        self.command(case, arguments).output().unwrap()
    }

    /// The same, by a program that leaks or breaks down on purpose.
    fn faulty(&self, fault: &str, case: &str, arguments: &[&str]) -> Output {
        self.command(case, arguments).env("ASSIZE_FAULT", fault).output().unwrap()
    }

    fn command(&self, case: &str, arguments: &[&str]) -> Command {
        let case = self.path(case);
        let mut command = Command::new(env!("CARGO_BIN_EXE_assize"));
        command.args(arguments).args(["--case", case.to_str().unwrap()]);
        // Temporary files of this program are looked at too, and it says as much as it can be made to say.
        fs::create_dir_all(self.path("tmp")).unwrap();
        command.env("TMPDIR", self.path("tmp")).env("RUST_BACKTRACE", "full").env("RUST_LOG", "trace");
        command.env("ASSIZE_KEYS", self.path("keys")).env("NO_COLOR", "1");
        command
    }

    /// Everything of a case that lies on the disk, evidence as it came aside, and temporary files.
    fn on_disk(&self, case: &str) -> Vec<(String, Vec<u8>)> {
        let folders = ["register", "derived", "report", "log"].map(|folder| self.path(case).join(folder));
        let found = folders.iter().flat_map(|folder| files(folder)).chain(files(&self.path("tmp")));
        found.map(|file| (file.display().to_string(), fs::read(&file).unwrap())).collect()
    }
}

/// All that verbs say of a case, by what was asked.
fn everything(world: &World, case: &str) -> Vec<(String, Vec<u8>)> {
    let mut told = Vec::new();
    let mut ask = |arguments: &[&str]| {
        let output = world.assize(case, arguments);
        told.push((format!("{arguments:?} stdout"), output.stdout.clone()));
        told.push((format!("{arguments:?} stderr"), output.stderr));
        output.stdout
    };
    let tables = files(&world.path(case).join("derived")).into_iter().filter_map(|file| {
        let name = file.file_stem()?.to_str()?.to_owned();
        (file.extension()? == "parquet" && file.parent()?.ends_with("derived")).then_some(name)
    });
    let tables: Vec<String> = tables.chain(["events", "findings", "gaps"].map(str::to_owned)).collect();
    assert!(tables.len() > 20, "{tables:?}");
    for table in tables {
        ask(&["query", &format!("SELECT * FROM {table}"), "--format", "ndjson"]);
    }
    for format in ["table", "json", "ndjson", "csv"] {
        for verb in [
            &["query", "SELECT * FROM events LIMIT 40"][..],
            &["coverage"],
            &["sessions"],
            &["names", "scan"],
            &["register", "show", "subjects"],
            &["register", "show", "items"],
            &["register", "check"],
            &["custody", "log"],
            &["verify"],
            &["formats"],
            &["decide"],
        ] {
            ask(&[verb, &["--format", format]].concat());
        }
    }
    ask(&["export", "--to", "jsonl"]);
    let ids = ask(&["query", "SELECT id FROM events ORDER BY time LIMIT 12", "--format", "csv"]);
    let gaps = ask(&["query", "SELECT id FROM gaps LIMIT 4", "--format", "csv"]);
    for id in String::from_utf8_lossy(&[ids, gaps].concat()).lines().filter(|line| line.contains('-')) {
        ask(&["trace", id]);
        ask(&["trace", id, "--bytes"]);
    }
    // Errors speak of what they were given.
    let name = format!("{} {}", PEOPLE[7].given, PEOPLE[7].family);
    ask(&["query", &format!("SELECT \"{name}\" FROM events")]);
    ask(&["query", &format!("SELECT '{name}")]);
    ask(&["trace", &name]);
    ask(&["intake", &format!("/nowhere/{name}")]);
    ask(&["register", "import", &format!("/nowhere/{name}.csv")]);
    told.push(("report.html".into(), fs::read(world.path(case).join("report/report.html")).unwrap()));
    told
}

/// Which patterns stand in what was told, with where.
fn leaks(told: &[(String, Vec<u8>)], patterns: &[Vec<u8>]) -> Vec<String> {
    let automaton = aho_corasick::AhoCorasick::new(patterns).unwrap();
    let mut leaks = Vec::new();
    for (what, bytes) in told {
        for bytes in std::iter::once(bytes).chain(&unpacked(bytes)) {
            for found in automaton.find_iter(bytes) {
                let around = &bytes[found.start().saturating_sub(40)..(found.end() + 40).min(bytes.len())];
                leaks.push(format!("{what}: …{}…", String::from_utf8_lossy(around)));
            }
        }
    }
    leaks
}

/// What is packed with gzip or zlib in these bytes: as it is, in base64, in hexadecimal.
fn unpacked(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut unpack = |bytes: &[u8]| {
        let mut text = Vec::new();
        let _ = match bytes {
            [0x1f, 0x8b, ..] => flate2::read::GzDecoder::new(bytes).read_to_end(&mut text),
            [0x78, ..] => flate2::read::ZlibDecoder::new(bytes).read_to_end(&mut text),
            _ => return,
        };
        found.push(text);
    };
    unpack(bytes);
    for word in bytes.split(|byte| !byte.is_ascii_alphanumeric() && !b"+/=".contains(byte)) {
        if word.starts_with(b"H4sI") || word.starts_with(b"eJ") {
            let whole = &word[..word.len() / 4 * 4];
            let _ = BASE64.decode(whole).map(|bytes| unpack(&bytes));
        } else if word.starts_with(b"1f8b") || word.starts_with(b"789c") {
            let _ = HEXLOWER.decode(word).map(|bytes| unpack(&bytes));
        }
    }
    found
}

#[test]
fn no_name_comes_out_of_a_case() {
    let world = World { dir: tempfile::tempdir().unwrap() };
    evidence(&world.path("in"));
    register(&world.path("register"));
    let (evidence, register) = (world.path("in"), world.path("register"));
    let evidence = evidence.to_str().unwrap();
    let patterns = patterns();

    let open = world.assize("open", &["inquire", evidence, "-q"]);
    assert!(open.status.success(), "{}", String::from_utf8_lossy(&open.stderr));
    let found = leaks(&everything(&world, "open"), &patterns);
    assert!(found.len() > 1000, "the control: without a register names are found ({})", found.len());

    let closed = world.assize("closed", &["inquire", evidence, "--register", register.to_str().unwrap()]);
    assert!(closed.status.success(), "{}", String::from_utf8_lossy(&closed.stderr));
    let mut told = everything(&world, "closed");
    told.push(("inquire".into(), [closed.stdout, closed.stderr].concat()));
    told.extend(world.on_disk("closed").into_iter().filter(|(file, _)| !file.contains("/log/")));
    let found = leaks(&told, &patterns);
    assert!(found.is_empty(), "{} leaks, as:\n{}", found.len(), found[..found.len().min(12)].join("\n"));
    // Not by hiding everything: whose name it is is told.
    let scan =
        String::from_utf8(world.assize("closed", &["names", "scan", "--format", "ndjson"]).stdout).unwrap();
    let seen: BTreeSet<&str> = scan.split('"').filter(|word| word.starts_with("CT-P-")).collect();
    assert_eq!(seen.len(), 500, "everybody who stands in the evidence is told of");
}

#[test]
fn a_program_that_leaks_is_caught() {
    let world = World { dir: tempfile::tempdir().unwrap() };
    evidence(&world.path("in"));
    // A name in a path, which the custody log keeps.
    let name = format!("{} {}.log", PEOPLE[0].given, PEOPLE[0].family);
    fs::write(world.path("in").join(&name), "2026-09-14T07:00:00Z fs01 app: nothing\n").unwrap();
    register(&world.path("register"));
    let (evidence, register) = (world.path("in"), world.path("register"));
    let inquire = ["inquire", evidence.to_str().unwrap(), "--register", register.to_str().unwrap()];
    let patterns = patterns();
    let all = ["query", "SELECT * FROM events", "--format", "ndjson"];
    let told_by = |output: Output| [("told".to_owned(), [output.stdout, output.stderr].concat())];

    // Of the two gates, each is seen when the other leaks.
    let made = world.faulty("leak-tables", "in-tables", &inquire);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let in_tables = leaks(&told_by(world.faulty("leak-gate", "in-tables", &all)), &patterns);
    assert!(in_tables.len() > 300, "names in tables: {}", in_tables.len());
    let passed = leaks(&told_by(world.assize("in-tables", &all)), &patterns);
    assert!(passed.is_empty(), "the second gate: {passed:#?}");

    assert!(world.assize("whole", &inquire).status.success());
    assert!(
        leaks(&told_by(world.faulty("leak-gate", "whole", &all)), &patterns).is_empty(),
        "the first gate"
    );
    let log = ["custody", "log", "--format", "json"];
    assert!(!leaks(&told_by(world.faulty("leak-gate", "whole", &log)), &patterns).is_empty());
    assert!(leaks(&told_by(world.assize("whole", &log)), &patterns).is_empty());
}

#[test]
fn who_breaks_down_or_is_killed_tells_no_name() {
    let world = World { dir: tempfile::tempdir().unwrap() };
    evidence(&world.path("in"));
    let name = format!("{} {}.log", PEOPLE[0].given, PEOPLE[0].family);
    fs::write(world.path("in").join(&name), "2026-09-14T07:00:00Z fs01 app: nothing\n").unwrap();
    register(&world.path("register"));
    let (evidence, register) = (world.path("in"), world.path("register"));
    let inquire = ["inquire", evidence.to_str().unwrap(), "--register", register.to_str().unwrap()];
    let mut told = Vec::new();
    for fault in ["break-import", "break-reading", "break-telling"] {
        let output = world.faulty(fault, fault, &inquire);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("a defect of this program, at "), "{fault}: {said}");
        told.push((format!("{fault} said"), [output.stdout, output.stderr].concat()));
        told.extend(world.on_disk(fault));
    }
    for milliseconds in [150, 400, 800, 1500] {
        let case = format!("killed-{milliseconds}");
        let mut running = world.command(&case, &inquire);
        running.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut running = running.spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        running.kill().unwrap();
        running.wait().unwrap();
        told.extend(world.on_disk(&case));
    }
    // The custody log keeps paths as they are and never leaves the case uncovered.
    told.retain(|(what, _)| !what.contains("/log/"));
    let found = leaks(&told, &patterns());
    assert!(found.is_empty(), "{} leaks, as:\n{}", found.len(), found[..found.len().min(12)].join("\n"));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// A drill that was inquired into with this register: whose records were reached, whose sessions, which
/// incidents; and everything else that is told of them.
fn answers(world: &World, case: &str, register: &Path) -> [String; 2] {
    let drill = world.path("drill");
    let at = |name: &str| drill.join(name).display().to_string();
    let told = world.assize(
        case,
        &[
            &["inquire", &at("evidence"), "--register", register.to_str().unwrap()][..],
            &["--decisions", &at("brief/decisions.ndjson"), "--readings", &at("brief/readings.ndjson")],
            &["--meta", &at("brief/collected.toml"), "--quiet"],
        ]
        .concat(),
    );
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let ask =
        |sql: &str| String::from_utf8(world.assize(case, &["query", sql, "--format", "csv"]).stdout).unwrap();
    let exposures = ask("SELECT id, established, not_excluded FROM exposures ORDER BY id");
    assert!(exposures.lines().count() > 100, "{exposures}");
    let course = [
        ask("SELECT id, verdict FROM sessions ORDER BY id"),
        ask("SELECT id, first_proven, last_proven FROM incidents ORDER BY id"),
        ask("SELECT id, rule FROM findings ORDER BY id"),
        ask("SELECT count(*), count(DISTINCT object), count(DISTINCT actor) FROM events"),
    ];
    [exposures, course.concat()]
}

#[test]
fn masks_change_no_answer() {
    let world = World { dir: tempfile::tempdir().unwrap() };
    let drill = world.path("drill");
    let size = ["--staff", "12", "--days", "3", "--hosts", "14", "--out", drill.to_str().unwrap()];
    let made = Command::new(env!("CARGO_BIN_EXE_assize"))
        .args([&["drill", "make", "--seed", "3", "--scenario", "espionage"], &size[..]].concat())
        .output()
        .unwrap();
    assert!(made.status.success());
    // The same register, in which nobody is called anything.
    let nameless = world.path("nameless");
    fs::create_dir(&nameless).unwrap();
    let mut named = 0;
    for file in files(&drill.join("register")) {
        let mut text = fs::read_to_string(&file).unwrap();
        if file.ends_with("subjects.json") {
            let mut people: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
            named = people.iter_mut().filter_map(|one| one.as_object_mut()?.remove("identity")).count();
            text = serde_json::to_string(&people).unwrap();
        }
        fs::write(nameless.join(file.file_name().unwrap()), text).unwrap();
    }
    assert!(named > 10);
    let [masked, of_masked] = answers(&world, "masked", &drill.join("register"));
    let [plain, of_plain] = answers(&world, "plain", &nameless);
    assert_eq!(masked, plain);
    assert_eq!(of_masked, of_plain);
    let scan =
        String::from_utf8(world.assize("masked", &["names", "scan", "--format", "ndjson"]).stdout).unwrap();
    assert!(scan.lines().count() > 3, "names stood in the evidence, or nothing was proved: {scan}");
}

#[test]
fn tables_are_closed_until_new_names_are_masked() {
    let world = World { dir: tempfile::tempdir().unwrap() };
    evidence(&world.path("in"));
    register(&world.path("register"));
    let input = world.path("in");
    assert!(world.assize("c", &["inquire", input.to_str().unwrap(), "-q"]).status.success());
    let asked = ["query", "SELECT count(*) FROM events"];
    assert!(world.assize("c", &asked).status.success());
    let register = world.path("register");
    assert!(world.assize("c", &["register", "import", register.to_str().unwrap(), "-q"]).status.success());
    for verb in [&asked[..], &["report"], &["export", "--to", "jsonl"], &["coverage"], &["incidents"]] {
        let closed = world.assize("c", verb);
        assert!(!closed.status.success() && closed.stdout.is_empty(), "{verb:?}");
        assert!(String::from_utf8_lossy(&closed.stderr).contains("closed until `assize derive`"), "{verb:?}");
    }
    assert!(world.assize("c", &["derive", "-q"]).status.success());
    assert!(world.assize("c", &asked).status.success());
    // Without the masking key nothing could be covered, so nothing is shown.
    fs::rename(world.path("keys"), world.path("elsewhere")).unwrap();
    let blind = world.assize("c", &asked);
    assert!(!blind.status.success() && blind.stdout.is_empty());
    assert!(String::from_utf8_lossy(&blind.stderr).contains("masking key"));
}
