//! How fast does the Sigma engine match, beside public peers, on the same events in the same run?
//!
//! `ASSIZE_CORPUS=… cargo run --release --manifest-path bench/sigma/Cargo.toml`; with `-- differences` only the hits
//! of the two engines are compared, with `-- large` only large values are timed. One thread unless said
//! otherwise; CPU seconds of that thread by the system's own account; every figure is the median of
//! five rounds, ours and the peer's in turn. Events are read before matching is timed, because
//! reading is another crate's business; what reading costs stands beside it.
//!
//! Peers: the `evtx` crate printing JSON lines (what `evtx_dump -o jsonl` does), and `rsigma-eval`, the only other
//! engine with an index, given its best case: events already parsed, flattened and routed.

mod input;
mod peer;

use std::collections::BTreeMap;

use anyhow::Result;
use assize_model::{Batch, Projection, RuleFile, Scan};
use assize_sigma::RuleSet;

const ROUNDS: usize = 5;

fn main() -> Result<()> {
    let corpus = input::corpus()?;
    let files = corpus.rules()?;
    if std::env::args().nth(1).as_deref() == Some("memory") {
        return memory(&corpus, &files);
    }
    if std::env::args().nth(1).as_deref() == Some("differences") {
        return differences(&corpus, &files);
    }
    if std::env::args().nth(1).as_deref() == Some("large") {
        large_values(&files, &RuleSet::load(&files), &peer::Peer::load(&files));
        return Ok(());
    }
    println!("## Start-up, all {} rule files\n", files.len());
    start_up(&files);
    println!("\n## Matching\n");
    println!(
        "CPU µs per event, one thread. *first*: nothing learnt yet, automata are built on the way; *again*: the same events once more.\n"
    );
    println!(
        "| events | number | reading | first | again | rsigma-eval | × again |\n|---|---|---|---|---|---|---|"
    );
    let rules = RuleSet::load(&files);
    let peer = peer::Peer::load(&files);
    let mut differences = BTreeMap::new();
    for set in corpus.sets()? {
        matching(&set, &files, &rules, &peer, &mut differences);
    }
    println!("\n## Hits against rsigma-eval's\n");
    peer::tell(&differences);
    anyhow::ensure!(peer::unexplained(&differences).is_empty(), "{:?}", peer::unexplained(&differences));
    let sets = corpus.sets()?;
    let Some(large) = sets.get(1) else { return Ok(()) };
    println!("\n## Large values\n");
    large_values(&files, &rules, &peer);
    println!("\n## Number of rules ({})\n", large.name);
    curve(&files, &large.batches);
    println!("\n## Two threads ({})\n", large.name);
    threads(&files, &large.batches);
    println!("\n## Memory\n");
    let own = std::process::Command::new(std::env::current_exe()?).arg("memory").output()?;
    print!("{}", String::from_utf8_lossy(&own.stdout));
    println!("\n## Beside printing the same EVTX\n");
    evtx(&corpus, &files)
}

/// Every hit of ours against every hit of the peer's, and nothing timed. Fails where a rule differs without a
/// cause that is written down.
fn differences(corpus: &input::Corpus, files: &[RuleFile]) -> Result<()> {
    let (rules, peer) = (RuleSet::load(files), peer::Peer::load(files));
    let mut differences = BTreeMap::new();
    for set in corpus.sets()?.into_iter().take(2) {
        peer.compare(&rules, &set, &peer::events(&set.batches), &mut differences);
    }
    peer::tell(&differences);
    anyhow::ensure!(peer::unexplained(&differences).is_empty(), "{:?}", peer::unexplained(&differences));
    Ok(())
}

/// CPU seconds of this thread.
pub fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}

fn timed<T>(act: impl FnOnce() -> T) -> (f64, T) {
    let before = cpu();
    let result = act();
    (cpu() - before, result)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn rounds(act: impl FnMut() -> f64) -> f64 {
    median(std::iter::repeat_with(act).take(ROUNDS).collect())
}

/// What rules and learning take, in a process that does nothing else. The events are in memory too, so
/// what they took before is told apart.
fn memory(corpus: &input::Corpus, files: &[RuleFile]) -> Result<()> {
    let before = resident_mib();
    let rules = RuleSet::load(files);
    println!(
        "| | resident MiB more |\n|---|---|\n| {} rules loaded | {:.0} |",
        rules.rules().len(),
        resident_mib() - before
    );
    for set in corpus.sets()? {
        let before = resident_mib();
        hits(&rules, &set.batches);
        hits(&rules, &set.batches);
        println!(
            "| after two passes over {} ({} events) | {:.0} |",
            set.name,
            set.events(),
            resident_mib() - before
        );
    }
    Ok(())
}

fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(f64::NAN) / 1024.0
}

fn start_up(files: &[RuleFile]) {
    let load = rounds(|| timed(|| RuleSet::load(files)).0);
    let loaded = RuleSet::load(files).rules().len();
    let wanted = rounds(|| {
        let rules = RuleSet::load(files);
        timed(|| rules.wanted().classes().len()).0
    });
    // The engine is made when the first event comes, whatever it is.
    let one = [input::one_event()];
    let engine = rounds(|| {
        let rules = RuleSet::load(files);
        timed(|| hits(&rules, &one)).0
    });
    let parser = rounds(|| timed(|| peer::parse(files)).0);
    let (theirs, peer) = timed(|| peer::Peer::load(files));
    println!("| step | CPU s | rules that run |\n|---|---|---|");
    println!("| assize-sigma: read, compile, list what does not run | {load:.3} | {loaded} |");
    println!("| what a reader must give for them | {wanted:.3} | |");
    println!("| the engine, at the first event | {engine:.3} | |");
    println!("| rsigma-parser alone: read | {parser:.3} | |");
    println!("| rsigma-parser and rsigma-eval | {theirs:.3} | {} |", peer.rules());
}

fn hits(rules: &RuleSet, batches: &[Batch]) -> usize {
    let mut scan = Scan::default();
    batches.iter().for_each(|batch| rules.scan(batch, &mut scan));
    scan.hits.len()
}

fn matching(
    set: &input::Set,
    files: &[RuleFile],
    rules: &RuleSet,
    peer: &peer::Peer,
    differences: &mut peer::Differences,
) {
    let events = set.events() as f64;
    let first = rounds(|| {
        let fresh = RuleSet::load(files);
        timed(|| hits(&fresh, &set.batches)).0
    });
    hits(rules, &set.batches);
    let again = rounds(|| timed(|| hits(rules, &set.batches)).0);
    let events_of_peer = peer::events(&set.batches);
    let theirs = rounds(|| timed(|| peer.hits(&events_of_peer)).0);
    peer.compare(rules, set, &events_of_peer, differences);
    let micros = |seconds: f64| seconds * 1e6 / events;
    println!(
        "| {} | {events} | {:.1} | {:.2} | {:.2} | {:.1} | {:.0} |",
        set.name,
        micros(set.reading),
        micros(first),
        micros(again),
        micros(theirs),
        theirs / again
    );
}

fn curve(files: &[RuleFile], batches: &[Batch]) {
    println!("| rules | µs per event, first | again |\n|---|---|---|");
    let events: usize = batches.iter().map(Batch::len).sum();
    for share in [38, 12, 4, 2, 1] {
        let some: Vec<RuleFile> = files.iter().step_by(share).cloned().collect();
        let rules = RuleSet::load(&some);
        let first = timed(|| hits(&rules, batches)).0;
        let again = rounds(|| timed(|| hits(&rules, batches)).0);
        let micros = |seconds: f64| seconds * 1e6 / events as f64;
        println!("| {} | {:.2} | {:.2} |", some.len(), micros(first), micros(again));
    }
}

/// Two threads with one engine against two with an engine each, which share nothing.
fn threads(files: &[RuleFile], batches: &[Batch]) {
    let (shared, own) = (RuleSet::load(files), [RuleSet::load(files), RuleSet::load(files)]);
    let run = |of: [&RuleSet; 2]| {
        let begun = std::time::Instant::now();
        std::thread::scope(|scope| {
            for rules in of {
                scope.spawn(move || {
                    (0..10).for_each(|_| {
                        hits(rules, batches);
                    })
                });
            }
        });
        begun.elapsed().as_secs_f64()
    };
    run([&shared, &shared]);
    run([&own[0], &own[1]]);
    let apart = rounds(|| run([&own[0], &own[1]]));
    let together = rounds(|| run([&shared, &shared]));
    println!(
        "Wall seconds for ten passes in each of two threads: {together:.3} with one engine, {apart:.3} with an engine each: {:.0} %.",
        100.0 * apart / together
    );
}

fn evtx(corpus: &input::Corpus, files: &[RuleFile]) -> Result<()> {
    let one = corpus.as_one_file()?;
    let batches = input::read("evtx", &one);
    let events: usize = batches.iter().map(Batch::len).sum();
    let print = rounds(|| timed(|| peer::print(&one)).0);
    let read = rounds(|| timed(|| input::read("evtx", &one)).0);
    let rules = RuleSet::load(files);
    let first = timed(|| hits(&rules, &batches)).0;
    let again = rounds(|| timed(|| hits(&rules, &batches)).0);
    println!(
        "{events} events of all sample files in one file. Ratio to the `evtx` crate printing JSON lines.\n"
    );
    println!("| step | CPU s | ratio |\n|---|---|---|");
    let line = |name: &str, seconds: f64| println!("| {name} | {seconds:.3} | {:.2} |", seconds / print);
    line("evtx crate, JSON lines", print);
    line("assize: reading into batches, all fields", read);
    line("assize: matching, first time (automata are built)", first);
    line("assize: matching, again", again);
    let wanted = rules.wanted();
    let narrow = rounds(|| timed(|| input::read_as("evtx", &one, Projection::Wanted(wanted))).0);
    line("assize: reading without the spine, as rules want", narrow);
    let whole =
        rounds(|| timed(|| hits(&rules, &input::read_as("evtx", &one, Projection::Wanted(wanted)))).0);
    line("assize: from EVTX to hits (the last two together)", whole);
    Ok(())
}

/// Values of a megabyte each: what an event log cannot hold, and JSON can.
/// What an intruder would write into a command line to keep the engine busy.
fn large_values(files: &[RuleFile], rules: &RuleSet, peer: &peer::Peer) {
    println!("| values of 1 MiB | MB/s | rsigma-eval |\n|---|---|---|");
    for (name, unit) in [
        ("aaaa…", "a"),
        ("\\\\\\\\…", "\\"),
        ("a script, repeated", "powershell -enc SQBFAFgA; Invoke-WebRequest http://x/y "),
        ("all texts that the rules seek, one after another", &input::sought(files)),
    ] {
        large_value(name, unit, rules, peer);
    }
    println!("\nOne rule with a pathological pattern, against `ab=aaaa…`:\n");
    println!("| pattern | MB/s | rsigma-eval |\n|---|---|---|");
    // What every pattern needs stands there, so that none is passed over; and none is found.
    let value = format!("ab={}", "a".repeat(1 << 20));
    let all: Vec<RuleFile> =
        (0..).zip(PATHOLOGICAL).map(|(at, test)| input::pathological(at, test)).collect();
    for (file, test) in all.iter().zip(PATHOLOGICAL) {
        let file = std::slice::from_ref(file);
        large_value(test, &value, &RuleSet::load(file), &peer::Peer::load(file));
    }
    large_value("all of them", &value, &RuleSet::load(&all), &peer::Peer::load(&all));
}

/// Modifiers and value of comparisons that cost a careless engine the square of the text or more.
const PATHOLOGICAL: &[&str] = &[
    "re: '(a+)+$b'",
    "re: '^(a|aa)+$'",
    "re: '.*.*.*=.*b'",
    "re: '(a?){50}a{50}b'",
    "re: '[a-z]{200}b'",
    "contains: '*a*a*a*a*a*a*a*a*a*a*a*b*'",
    "endswith: 'a?a?a?a?a?a?a?a?b'",
    "contains: '{a1000}?b'",
    "contains: '{a?900}b'",
    "contains: '{a*300}b'",
];

fn large_value(name: &str, unit: &str, rules: &RuleSet, peer: &peer::Peer) {
    let speed = |values: u64, seconds: f64| values as f64 * 1.048_576 / seconds;
    let batches = input::large(unit, 16);
    hits(rules, &batches);
    let ours = rounds(|| timed(|| hits(rules, &batches)).0);
    // The peer takes many seconds over some.
    let of_peer = |count| {
        let events = peer::events(&input::large(unit, count));
        speed(count, timed(|| peer.hits(&events)).0)
    };
    let theirs = Some(of_peer(1)).filter(|speed| *speed < 4.0).unwrap_or_else(|| of_peer(16));
    let (own, other) = (rules.rules().len(), peer.rules());
    println!("| {name} ({own}, {other} rules) | {:.1} | {:.1} |", speed(16, ours), theirs);
}
