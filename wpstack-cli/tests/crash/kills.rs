//! SIGKILL at random moments, again and again, over apply and destroy.

use std::fmt;
use std::io::Write;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use wpstack_testkit::proxy::{Faults, Moment};

use crate::dice::Dice;
use crate::site::{APPLY, DESTROY, End, Site, Strike, Usual, undisturbed};
use crate::weather::rough;
use crate::{seed, setting};

/// How often a command is killed at most before it is let run to its end.
const MOST: u64 = 8;
/// As many kills as one stack after the other gets through in good time. Beyond, several live at once.
const ONE_LANE: u64 = 50;
/// A run that goes on waits this much longer: what an earlier one may have made is given time to become visible.
const LOOKING: Duration = Duration::from_secs(6);

#[derive(Default)]
struct Tally {
    /// How many have been begun.
    rounds: u64,
    kills: u64,
    by_time: u64,
    by_call: [u64; Moment::ALL.len()],
    looked: u64,
}

impl Tally {
    fn count(&mut self, strike: Strike) {
        self.kills += 1;
        match strike {
            Strike::After(_) => self.by_time += 1,
            Strike::At { moment, .. } => {
                let at = Moment::ALL.iter().position(|it| *it == moment).unwrap();
                self.by_call[at] += 1;
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, kills, by_time, by_call: [lost, arrived, served, answered], looked } =
            self;
        write!(
            f,
            "{kills} kills in {rounds} rounds: {by_time} by time, {lost} with a request on its way, {arrived} when one \
             had arrived, {served} before its answer, {answered} behind it; the account was looked at behind {looked}"
        )
    }
}

#[test]
fn killed_at_any_moment_it_loses_nothing_and_makes_nothing_twice() {
    let (goal, seed) = (setting("WPSTACK_KILLS", 12), seed());
    let (tally, began) = (Mutex::new(Tally::default()), Instant::now());
    let lane = || {
        while let Some(round) = next_round(&tally, goal) {
            let seed = seed + round;
            let dice = Dice::new(seed);
            let most = MOST.min(goal.div_ceil(2));
            Round { site: Site::new(), tally: &tally, goal, most, dice, seed, done: Vec::new() }
                .live();
        }
    };
    thread::scope(|scope| {
        for _ in 0..(goal / ONE_LANE).clamp(1, 4) {
            scope.spawn(lane);
        }
    });
    // Past the capture of the test's output: this is what a long run is started for.
    let took = began.elapsed().as_secs();
    let mut terminal = std::io::stderr();
    writeln!(terminal, "{}; {took} s", tally.lock().unwrap()).unwrap();
}

/// The number of the next round; `None` when there have been kills enough.
fn next_round(tally: &Mutex<Tally>, goal: u64) -> Option<u64> {
    let mut tally = tally.lock().unwrap();
    if tally.kills >= goal {
        return None;
    }
    tally.rounds += 1;
    Some(tally.rounds - 1)
}

/// The life of one stack.
struct Round<'a> {
    site: Site,
    tally: &'a Mutex<Tally>,
    /// How often to kill in all.
    goal: u64,
    /// How often each command is killed at most.
    most: u64,
    dice: Dice,
    seed: u64,
    done: Vec<String>,
}

impl Round<'_> {
    fn live(mut self) {
        // Of the stacks of four rounds, one is destroyed half made, and one has bad weather on top.
        let half = self.seed % 4 == 2;
        let most = if half { self.dice.within(1..=3) } else { self.most };
        if self.until_it_ends(APPLY, undisturbed().apply, most, !half) {
            self.site.check_applied();
        }
        self.until_it_ends(DESTROY, undisturbed().destroy, self.most, true);
        self.site.check_destroyed();
    }

    /// Runs the command and kills it until it ends by itself, or until it has been killed `most` times; `finish` then
    /// lets it run to its end. Says whether it ended.
    fn until_it_ends(&mut self, arguments: &str, usual: Usual, most: u64, finish: bool) -> bool {
        for kill in 0..most {
            if self.tally.lock().unwrap().kills >= self.goal {
                break;
            }
            let strike = self.strike(usual, kill > 0);
            let verb = arguments.split(' ').next().unwrap();
            self.done.push(format!("{:.3?} {verb} {strike:?}", self.site.age()));
            let weather = self.weather();
            match self.site.strike(arguments, strike, weather) {
                End::ByItself(run) => {
                    assert_eq!(run.exit, 0, "{run}");
                    return true;
                }
                End::Killed => self.tally.lock().unwrap().count(strike),
            }
            if self.dice.within(0..=2) == 0 {
                self.tally.lock().unwrap().looked += 1;
                self.site.check_that_nothing_is_lost();
            }
        }
        if finish {
            self.done.push(format!("{:.3?} {arguments} to its end", self.site.age()));
            let weather = self.weather();
            self.site.succeed(arguments, weather);
        }
        finish
    }

    fn weather(&mut self) -> Faults {
        if self.seed % 4 == 3 { rough(self.dice.next()) } else { Faults::none() }
    }

    /// A moment to kill at.
    fn strike(&mut self, usual: Usual, resumed: bool) -> Strike {
        if self.dice.within(0..=2) == 0 {
            let most = usual.took + if resumed { LOOKING } else { Duration::ZERO };
            let time = self.dice.within(20..=u64::try_from(most.as_millis()).unwrap());
            return Strike::After(Duration::from_millis(time));
        }
        let call = self.dice.within(1..=usual.calls);
        let moment = self.dice.one_of(&Moment::ALL);
        let delay = match moment {
            // It comes about while the next run is at work already.
            Moment::Arrived => Duration::from_millis(self.dice.one_of(&[0, 50, 400, 1500])),
            Moment::Lost | Moment::Served | Moment::Answered => Duration::ZERO,
        };
        Strike::At { call, moment, delay }
    }
}

/// What led to a failure is told behind it.
impl Drop for Round<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let (done, calls) = (self.done.join("\n  "), self.site.history().join("\n  "));
            let mut terminal = std::io::stderr();
            drop(writeln!(
                terminal,
                "WPSTACK_SEED={} did:\n  {done}\nand asked:\n  {calls}",
                self.seed
            ));
        }
    }
}
