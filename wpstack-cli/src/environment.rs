//! What the process is told by its surroundings. Nothing else here reads the environment, but for arguments that clap
//! fills from it.

use std::io::IsTerminal;
use std::path::PathBuf;

use terminal_size::{Height, Width};
use wpstack_image::engine::Sockets;

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

/// Where images and what they are made of are kept, if there is a place: WPSTACK_CACHE, or `wpstack` in the user's
/// directory of caches.
pub(crate) fn cache() -> Option<PathBuf> {
    let named = first(&["WPSTACK_CACHE"]).map(PathBuf::from);
    let usual = || first(&["XDG_CACHE_HOME"]).map(|path| PathBuf::from(path).join("wpstack"));
    let home = || first(&["HOME", "USERPROFILE"]).map(|home| PathBuf::from(home).join(CACHE));
    named.or_else(usual).or_else(home)
}

/// The directory of caches below the user's own, and ours in it.
const CACHE: &str =
    if cfg!(target_os = "macos") { "Library/Caches/wpstack" } else { ".cache/wpstack" };

/// Where a container engine is looked for: the value of DOCKER_HOST, and the usual places.
pub(crate) fn engines() -> (Option<String>, Sockets) {
    let directory = |names: &[&str]| first(names).map(PathBuf::from);
    let (home, runtime) = (directory(&["HOME", "USERPROFILE"]), directory(&["XDG_RUNTIME_DIR"]));
    (first(&["DOCKER_HOST"]), Sockets::usual(home.as_deref(), runtime.as_deref()))
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
