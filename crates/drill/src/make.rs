//! How is a drill made, from the options to the last file?
//!
//! Day by day: ordinary life and the story add acts, observers see them in the order of time, and
//! the day is forgotten. Memory does not grow with days. The same options give the same bytes.

use std::io;
use std::path::{Path, PathBuf};

use crate::act::Deed;
use crate::court::{Court, Size};
use crate::damage::Plan;
use crate::files::Files;
use crate::gate::{Closed, Sight};
use crate::life::Life;
use crate::moment::{DAY, HOUR, Moment};
use crate::register;
use crate::sources::{self, Observer};
use crate::story::{Scenario, Story};
use crate::truth::Truth;
use crate::world::World;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The same seed gives the same drill.
    pub seed: u64,
    /// How large, how long, from when.
    pub size: Size,
    /// The scenario.
    pub scenario: Scenario,
    /// How much machines do by themselves, in percent of the usual: most events are that.
    pub noise_percent: u32,
    /// Causes of damage, as [`crate::damage::ALL`] names them.
    pub damage: Vec<String>,
    /// The drill's folder; `None`: nothing is written, only counted.
    pub out: Option<PathBuf>,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Days done.
    pub days: u32,
    /// Days in all.
    pub of: u32,
    /// Events written so far.
    pub events: u64,
    /// Bytes written so far.
    pub bytes: u64,
}

impl Options {
    /// The small drill of `assize demo`: three days of a court with few people, quiet machines, an
    /// intrusion, and damaged logs.
    ///
    /// # Errors
    /// Never: the scenario ships with the program. The type is that of any scenario.
    pub fn demonstration(out: &Path) -> io::Result<Self> {
        Ok(Self {
            seed: 26,
            size: Size { staff: 12, days: 3, hosts: 14, from: FIRST_DAY },
            scenario: Scenario::find("espionage")?,
            noise_percent: 6,
            damage: ["rotated", "flipped", "truncated", "expired"].map(str::to_owned).to_vec(),
            out: Some(out.to_owned()),
        })
    }
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Acts of the world.
    pub acts: u64,
    /// Records and lines of all sources.
    pub events: u64,
    /// Bytes of `evidence/`.
    pub bytes: u64,
    /// Sessions of people and services.
    pub sessions: u64,
    /// Steps of the intrusion.
    pub steps: u64,
    /// Items that the intruder reached, by grade.
    pub reached: Vec<(&'static str, usize)>,
}

/// The first day of a drill, unless another is asked for: a Monday.
pub const FIRST_DAY: Moment = Moment::of_date(2026, 9, 7);

/// Makes a drill.
///
/// # Errors
/// Where the options cannot be met, the folder holds something already, or a file cannot be
/// written.
pub fn make(options: &Options, progress: &mut dyn FnMut(Progress)) -> io::Result<Made> {
    if let Some(out) = &options.out {
        refuse_to_overwrite(out)?;
    }
    check(&options.size)?;
    let court = Court::found(options.seed, &options.size);
    let folder = |name: &str| options.out.as_ref().map(|out| out.join(name));
    let mut damage = Plan::of(&court, &options.damage)?;
    let mut files = Files::new(folder("evidence").as_deref(), damage.gate.clone());
    let mut world = World::new(&court, Truth::new(folder("truth").as_deref())?);
    let mut observers: Vec<_> = sources::ALL.iter().map(|(_, make)| make(&court)).collect();
    let life = Life::new(&world, options.noise_percent);
    let mut story = Story::plan(&court, &options.scenario);
    world.insider = story.insider();
    let mut acts = 0;
    for number in 0..options.size.days {
        let day = options.size.from + i64::from(number) * DAY;
        world.new_day(day);
        life.day(&mut world, day);
        story.day(&mut world, day);
        clear(&mut world, &damage, day);
        if damage.tampers {
            tamper(&story, &mut files);
        }
        acts += show(&mut world, &mut observers, &mut files, day + DAY)?;
        for observer in &mut observers {
            observer.day_over(&court, day, &mut files)?;
        }
        files.flush_all()?;
        damage.note_lengths(&files, day);
        let (events, bytes) = (files.events(), files.bytes());
        progress(Progress { days: number + 1, of: options.size.days, events, bytes });
    }
    // What began on the last day may end on the next morning.
    let end = options.size.from + i64::from(options.size.days) * DAY;
    acts += show(&mut world, &mut observers, &mut files, end + 12 * HOUR)?;
    for observer in &mut observers {
        observer.finish(&court, &mut files)?;
    }
    let intruder = story.finish(&mut world);
    let clears = std::mem::take(&mut damage.clears).into_iter();
    let clears =
        clears.map(|(host, at)| (host, "windows/Security", at)).chain(std::mem::take(&mut world.cleared));
    for (host, source, at) in clears {
        damage.was_cleared(&files, host, source, at);
    }
    // Whoever has an administrator's rights on a machine can change what it logs.
    for (host, from) in intruder.had_control_of().chain(std::mem::take(&mut world.administered)) {
        damage.under_control(host, from);
    }
    damage.wound(&mut files)?;
    files.flush_all()?;
    world.truth.coverage.extend(damage.coverage(&files));
    let made = Made {
        acts,
        events: files.events(),
        bytes: files.bytes(),
        sessions: world.truth.count,
        steps: world.truth.steps.len() as u64,
        reached: world.truth.counts().into_iter().map(|(grade, count)| (grade.word(), count)).collect(),
    };
    if let Some(out) = &options.out {
        register::write(&court, &out.join("register"))?;
        std::fs::create_dir_all(out.join("brief"))?;
        crate::brief::write(&court, &intruder, &files, &out.join("brief"))?;
        world.truth.finish(&court, &out.join("truth"), &files)?;
    }
    Ok(made)
}

/// Shows the acts before `end` to all observers.
fn show(
    world: &mut World<'_>,
    observers: &mut [Box<dyn Observer>],
    files: &mut Files,
    end: Moment,
) -> io::Result<u64> {
    let acts = world.take_until(end);
    for act in &acts {
        for observer in observers.iter_mut() {
            observer.see(world.court, act, files)?;
        }
    }
    Ok(acts.len() as u64)
}

/// Where the intruder has control, its next hours are missing from the security log, and the
/// numbers of records with them: what an administrator can do to a log on his own machine.
fn tamper(story: &Story<'_>, files: &mut Files) {
    for (host, from) in story.controlled() {
        let (source, to) = ("windows/Security".to_owned(), from + 2 * HOUR);
        files.close(Closed { source, host: Some(host), from, to, sight: Sight::Unseen });
    }
}

/// Logs that damage clears, on that day.
fn clear(world: &mut World<'_>, damage: &Plan<'_>, day: Moment) {
    for (host, at) in damage.clears.iter().filter(|(_, at)| (day..day + DAY).contains(at)) {
        let machine = world.machine(*host);
        world.add(*at, *host, &machine, Deed::LogCleared("Security"));
    }
}

fn refuse_to_overwrite(out: &Path) -> io::Result<()> {
    for name in ["evidence", "register", "brief", "truth"] {
        if out.join(name).exists() {
            let message =
                format!("{}: there is a drill already; choose another folder or remove it", out.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
    }
    Ok(())
}

fn check(size: &Size) -> io::Result<()> {
    let least = [("staff", size.staff, 8), ("days", size.days, 1), ("hosts", size.hosts, 12)];
    for (name, given, least) in least {
        if given < least {
            let message = format!("{given} {name}: a drill needs at least {least}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
    }
    Ok(())
}
