//! What the process is told by its surroundings. Nothing else here reads the environment, but for arguments that clap
//! fills from it.

use std::io::IsTerminal;

use terminal_size::{Height, Width};

/// The user and the host, as in `anna@laptop`.
pub(crate) fn who() -> String {
    let user = first(&["USER", "LOGNAME", "USERNAME"]).unwrap_or_else(|| "somebody".to_owned());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .map(|name| name.trim().to_owned())
        .or_else(|| first(&["HOSTNAME", "HOST", "COMPUTERNAME"]))
        .unwrap_or_else(|| "this host".to_owned());
    format!("{user}@{host}")
}

/// Whether a person sits in front of both ends: can be asked, and can answer.
pub(crate) fn is_interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Whether standard error is a terminal whose lines can be drawn over.
pub(crate) fn can_redraw() -> bool {
    std::io::stderr().is_terminal() && first(&["TERM"]).is_none_or(|term| term != "dumb")
}

/// Columns and rows of the terminal behind standard error.
pub(crate) fn size() -> (usize, usize) {
    let size = terminal_size::terminal_size_of(std::io::stderr());
    size.map_or((80, 24), |(Width(columns), Height(rows))| (columns.into(), rows.into()))
}

#[expect(clippy::disallowed_methods, reason = "the one file that reads the environment")]
fn first(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| std::env::var(name).ok()).filter(|value| !value.is_empty())
}
