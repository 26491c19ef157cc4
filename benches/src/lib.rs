//! What the benches share.
#![expect(clippy::print_stdout, reason = "benches talk to whoever runs them")]

use std::time::{Duration, Instant};

use wpstack_core::state::Holder;
use wpstack_core::time::Clock;

/// Who holds the lock while a bench runs.
#[must_use]
pub fn holder(clock: &dyn Clock) -> Holder {
    Holder {
        who: "a bench".to_owned(),
        pid: std::process::id(),
        doing: "cargo bench".to_owned(),
        since: clock.now(),
    }
}

/// A stopwatch. Benches measure the real thing, whatever clock the engine lives by.
#[derive(Clone, Copy, Debug)]
pub struct Watch(Instant);

impl Watch {
    /// Starts.
    #[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has been.
    #[must_use]
    pub fn took(self) -> Duration {
        self.0.elapsed()
    }
}

/// Prints a heading.
pub fn heading(text: &str) {
    println!("\n{text}");
}

/// Prints a figure beside the target it is held against.
pub fn figure(name: &str, value: &str, target: &str) {
    println!("  {name:44} {value:>14}   {target}");
}

/// Seconds with three decimals.
#[must_use]
pub fn seconds(duration: Duration) -> String {
    format!("{:.3} s", duration.as_secs_f64())
}

/// The most memory the process has had, in MiB, where the system tells.
#[must_use]
pub fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024.0)
}
