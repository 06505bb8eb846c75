//! What does a person see while work goes on, and when it is done?
//!
//! On a terminal a bar with elapsed time, share, speed and the current item; otherwise a plain line
//! now and then. Everything here goes to stderr; nothing here is data.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use assize_case::outputs::harmless;
use assize_case::{Progress, gate};
use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Where a stage stands.
struct Stage {
    name: String,
    bar: ProgressBar,
    begun: Instant,
    told: Instant,
    items: u64,
    items_all: u64,
    bytes_all: u64,
}

/// The part of the terminal that tells.
pub struct Sight {
    quiet: bool,
    terminal: bool,
    stage: Mutex<Option<Stage>>,
    bytes: AtomicU64,
}

/// Without a terminal, a line no more often than this.
const LINE_EVERY: Duration = Duration::from_secs(5);

impl Sight {
    pub fn new(quiet: bool, terminal: bool, _color: bool) -> Self {
        Self { quiet, terminal, stage: Mutex::new(None), bytes: AtomicU64::new(0) }
    }

    /// A line for the person.
    pub fn say(&self, line: &str) {
        if !self.quiet {
            eprintln!("{}", gate::cover(line));
        }
    }

    fn with(&self, act: impl FnOnce(&mut Stage)) {
        let mut stage = self.stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(stage) = stage.as_mut() {
            act(stage);
        }
    }
}

fn bar(bytes: u64) -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(10);
    let bar = ProgressBar::with_draw_target(Some(bytes), target);
    let template =
        "{prefix:>8} {elapsed_precise} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {wide_msg}";
    // The template is ours and valid; should indicatif ever think otherwise, its default will do.
    ProgressStyle::with_template(template)
        .map_or(bar.clone(), |style| bar.clone().with_style(style.progress_chars("━╸─")))
}

impl Progress for Sight {
    fn stage(&self, name: &str, items: u64, bytes: u64) {
        if self.quiet {
            return;
        }
        let bar = if self.terminal && bytes > 0 { bar(bytes) } else { ProgressBar::hidden() };
        bar.set_prefix(name.to_owned());
        self.bytes.store(0, Ordering::Relaxed);
        let now = Instant::now();
        let stage = Stage {
            name: name.to_owned(),
            bar,
            begun: now,
            told: now,
            items: 0,
            items_all: items,
            bytes_all: bytes,
        };
        *self.stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(stage);
    }

    fn bytes(&self, bytes: u64) {
        let done = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // A lock for every 64 KiB block would cost more than it tells.
        if self.terminal && done / (4 << 20) != (done - bytes) / (4 << 20) {
            self.with(|stage| stage.bar.set_position(done));
        }
    }

    fn item_done(&self, name: &str) {
        let done = self.bytes.load(Ordering::Relaxed);
        self.with(|stage| {
            stage.items += 1;
            stage.bar.set_position(done);
            stage.bar.set_message(format!(
                "{}/{} {}",
                stage.items,
                stage.items_all,
                harmless::terminal(&gate::cover(name))
            ));
            if !self.terminal && stage.told.elapsed() >= LINE_EVERY {
                stage.told = Instant::now();
                eprintln!("{}", line(stage, done));
            }
        });
    }

    fn end(&self) {
        let done = self.bytes.load(Ordering::Relaxed);
        let stage = self.stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(stage) = stage {
            stage.bar.finish_and_clear();
            eprintln!("{}", line(&stage, done));
        }
    }
}

fn line(stage: &Stage, done: u64) -> String {
    let elapsed = stage.begun.elapsed();
    let seconds = format!("{:.1} s", elapsed.as_secs_f64());
    let elapsed = if elapsed.as_secs() < 60 { seconds } else { HumanDuration(elapsed).to_string() };
    if stage.bytes_all == 0 {
        return format!("{:>8}  {elapsed}", stage.name);
    }
    let speed = done as f64 / stage.begun.elapsed().as_secs_f64().max(1e-6);
    format!(
        "{:>8}  {elapsed}  {} of {} files  {} of {}  {}/s",
        stage.name,
        stage.items,
        stage.items_all,
        HumanBytes(done.min(stage.bytes_all)),
        HumanBytes(stage.bytes_all),
        HumanBytes(speed as u64),
    )
}
