//! What happens at a court when nothing happens?
//!
//! Ordinary work with ordinary mistakes, machines that talk to themselves, services at night, and
//! the daily attempts from outside. One day at a time, each person and machine with dice of its
//! own: another person's day does not change when one is added. Nobody here knows the intruder.

mod attempts;
mod desk;
mod machines;
mod people;
mod reach;
mod services;
pub(crate) mod sites;

use crate::moment::Moment;
use crate::world::World;

pub(crate) use desk::{EXPLORER, OUTLOOK, WORD, by_folder};
pub(crate) use people::{pool_address, tunnel};
use reach::Reach;
pub(crate) use services::{remote_desktop, shared_file};

/// What is the same every day and costs time to find out.
pub(crate) struct Life {
    noise_percent: u32,
    reach: Vec<Reach>,
}

impl Life {
    pub(crate) fn new(world: &World<'_>, noise_percent: u32) -> Self {
        Self { noise_percent, reach: reach::of_everyone(world.court) }
    }

    /// Adds a day's acts to the world; some of them after midnight.
    pub(crate) fn day(&self, world: &mut World<'_>, day: Moment) {
        machines::day(world, day, self.noise_percent);
        services::day(world, day);
        attempts::day(world, day);
        people::day(world, &self.reach, day);
    }
}
