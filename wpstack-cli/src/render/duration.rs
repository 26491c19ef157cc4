//! How long something took or takes, for people.

use std::time::Duration;

/// To the second, and below a second to the millisecond: `850ms`, `12s`, `5m12s`, `1h04m`.
pub(crate) fn exact(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        return format!("{}ms", duration.as_millis());
    }
    let seconds = duration.as_secs_f64().round() as u64;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// To whole seconds, as a stopwatch would: `0s`, `12s`, `5m12s`.
pub(crate) fn whole(duration: Duration) -> String {
    if duration < Duration::from_secs(1) { "0s".to_owned() } else { exact(duration) }
}

/// As an estimate: `a few seconds`, `about 40 s`, `about 6 min`.
pub(crate) fn rough(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 8.0 {
        "a few seconds".to_owned()
    } else if seconds < 90.0 {
        format!("about {} s", ((seconds / 5.0).round() * 5.0) as u64)
    } else if seconds < 90.0 * 60.0 {
        format!("about {} min", (seconds / 60.0).round() as u64)
    } else {
        format!("about {:.1} h", seconds / 3600.0)
    }
}

/// Since the start of a run: `00:07`, `12:40`, `1:02:03`.
pub(crate) fn stopwatch(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds % 3600 / 60, seconds % 60);
    if hours == 0 {
        format!("{minutes:02}:{seconds:02}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let all = |milliseconds| {
            let duration = Duration::from_millis(milliseconds);
            [exact(duration), rough(duration), stopwatch(duration)].join(" | ")
        };
        assert_eq!(all(850), "850ms | a few seconds | 00:00");
        assert_eq!(all(12_000), "12s | about 10 s | 00:12");
        assert_eq!(all(312_400), "5m12s | about 5 min | 05:12");
        assert_eq!(all(3_840_000), "1h04m | about 64 min | 1:04:00");
        assert_eq!(all(9_000_000), "2h30m | about 2.5 h | 2:30:00");
        assert_eq!(whole(Duration::from_millis(850)), "0s");
    }
}
