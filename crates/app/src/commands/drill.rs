//! `drill`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use assize_case::Case;
use assize_case::model::{Row, Snapshot};
use assize_case::outputs::table::{self, Shape};
use assize_case::vault::Vault;
use assize_drill::court::Size;
use assize_drill::make::{self, FIRST_DAY, Made, Options};
use assize_drill::score::{self, Answers, Truth};
use assize_drill::story::Scenario;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::shell::{DONE, Shell};

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make an institution and an intrusion whose truth is known
    Make(Make),
    /// Compare a case, or anybody's answers, with the truth of a drill
    Score {
        /// A case, or a folder with sessions.ndjson, incidents.ndjson, coverage.ndjson,
        /// exposures.ndjson, clocks.ndjson; a file that is missing is not claimed
        #[arg(value_name = "CASE|ANSWERS")]
        answers: PathBuf,
        /// The drill, or its folder truth/
        #[arg(value_name = "DIR")]
        drill: PathBuf,
    },
}

#[derive(Args)]
struct Make {
    /// The same seed gives the same drill, byte for byte
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// People on the staff register
    #[arg(long, value_name = "N", default_value_t = 40)]
    staff: u32,
    /// Days that are logged
    #[arg(long, value_name = "N", default_value_t = 14)]
    days: u32,
    /// Machines with logs
    #[arg(long, value_name = "N", default_value_t = 30)]
    hosts: u32,
    /// What happens: espionage, intern, nothing, or a scenario file of your own
    #[arg(long, value_name = "ID|FILE")]
    scenario: String,
    /// How much machines do by themselves, in percent of the usual: most events are that
    #[arg(long, value_name = "PERCENT", default_value_t = 100)]
    noise: u32,
    /// What is wrong with the logs, by the causes of coverage: cleared, rotated, expired, …
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    damage: Vec<String>,
    /// The drill's folder, new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        match self.what {
            What::Make(options) => make(options, shell)?,
            What::Score { answers, drill } => score(&answers, &drill, shell)?,
        }
        Ok(DONE.into())
    }
}

/// On long work, a line no more often than this.
const LINE_EVERY: Duration = Duration::from_secs(5);

fn make(asked: Make, shell: &Shell) -> Result<()> {
    let begun = Instant::now();
    let options = Options {
        seed: asked.seed,
        size: Size { staff: asked.staff, days: asked.days, hosts: asked.hosts, from: FIRST_DAY },
        scenario: Scenario::find(&asked.scenario)?,
        noise_percent: asked.noise,
        damage: asked.damage,
        out: Some(asked.out.clone()),
    };
    let mut told = begun;
    let made = make::make(&options, &mut |progress| {
        if told.elapsed() >= LINE_EVERY {
            told = Instant::now();
            let make::Progress { days, of, events, bytes } = progress;
            shell.sight.say(&format!("day {days} of {of}, {events} events, {bytes} bytes"));
        }
    })?;
    let Made { events, bytes, sessions, steps, .. } = made;
    if shell.json_asked() {
        let reached: serde_json::Map<_, _> =
            made.reached.iter().map(|(grade, items)| ((*grade).to_owned(), json!(items))).collect();
        shell.object(&json!({
            "out": asked.out.display().to_string(), "seed": options.seed, "scenario": options.scenario.id,
            "events": events, "bytes": bytes, "sessions": sessions, "steps": steps, "reached": reached,
        }))?;
    }
    let (out, seconds) = (asked.out.display(), begun.elapsed().as_secs_f64());
    shell.sight.say(&format!(
        "made in {seconds:.1} s: {events} events, {bytes} bytes, {sessions} sessions, {steps} steps of the intruder\n\
         go on with:\n  assize inquire {out}/evidence --register {out}/register --decisions {out}/brief/decisions.ndjson \\\n    \
         --readings {out}/brief/readings.ndjson --meta {out}/brief/collected.toml --case CASE\n  assize drill score CASE {out}"
    ));
    Ok(())
}

/// Rows of a list as its own command publishes them.
type Published = fn(&Case) -> Result<Vec<Row>>;

/// The lists that a case publishes, by the part of an answer that they are. A part that is missing
/// here is not claimed.
const PUBLISHED: [(&str, Published); 5] = [
    ("coverage", super::coverage::published),
    ("sessions", super::sessions::published),
    ("incidents", super::incidents::published),
    ("exposures", super::exposures::published),
    ("clocks", |case| Ok(case.snapshot()?.rows("SELECT * FROM clocks ORDER BY host, \"from\"")?)),
];

fn score(answers: &Path, drill: &Path, shell: &Shell) -> Result<()> {
    if shell.shape() == Shape::Csv {
        bail!("a score is one object, which CSV cannot carry: give --format table or --format json");
    }
    let truth = Truth::read(drill)?;
    let answers = if Vault::is_case(answers) { of_case(answers)? } else { Answers::read(answers)? };
    let score = score::score(&answers, &truth);
    match shell.shape() {
        Shape::Table => shell.text(&score.table()),
        _ => shell.object(&score),
    }
}

/// What the case would print, read as anybody's answers are: the score knows no case from within.
fn of_case(folder: &Path) -> Result<Answers> {
    let case = Case::open(folder)?;
    let mut answers = Answers::default();
    for (part, published) in PUBLISHED {
        let mut text = Vec::new();
        table::write_rows(published(&case)?, &[], Shape::Ndjson, None, &mut text)?;
        let name = folder.join(format!("assize {part} --format ndjson"));
        answers.add(part, &name, &mut text.as_slice()).with_context(|| format!("{part} of the case"))?;
    }
    Ok(answers)
}
