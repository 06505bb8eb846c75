//! How fast is a drill made, to a null sink and to the disk?
//!
//! `cargo run --release -p assize-drill --example make -- SEED STAFF DAYS HOSTS SCENARIO [OUT] [DAMAGE,…]`
//! Without OUT nothing is written, only counted.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used)]

use assize_drill::court::Size;
use assize_drill::make::{FIRST_DAY, Options, make};
use assize_drill::story::Scenario;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments[at].parse::<u32>().unwrap();
    let options = Options {
        seed: u64::from(number(0)),
        size: Size { staff: number(1), days: number(2), hosts: number(3), from: FIRST_DAY },
        scenario: Scenario::find(&arguments[4]).unwrap(),
        noise_percent: 100,
        damage: arguments.get(6).map_or_else(Vec::new, |list| list.split(',').map(str::to_owned).collect()),
        out: arguments.get(5).filter(|out| *out != "-").map(Into::into),
    };
    let begun = std::time::Instant::now();
    let made = make(&options, &mut |_| {}).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    println!("{made:?}");
    println!(
        "{seconds:.2} s, {:.0} events/s, {:.1} MB/s",
        made.events as f64 / seconds,
        made.bytes as f64 / 1e6 / seconds
    );
}
