//! The mirror of Debian that this machine uses.

use std::path::Path;

use wpstack_core::image::Mirror;

/// The addresses that apt fetches Debian from, or those of Debian itself where there is no apt.
#[must_use]
pub fn of_this_machine() -> Mirror {
    let mut addresses = Vec::new();
    let directory = Path::new("/etc/apt/sources.list.d");
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.push("/etc/apt/sources.list".into());
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let lines =
            text.lines().filter(|line| line.starts_with("URIs:") || line.starts_with("deb "));
        let words = lines.flat_map(str::split_whitespace).filter(|word| word.starts_with("http"));
        addresses.extend(words.map(|word| word.trim_end_matches('/').to_owned()));
    }
    let ending = |end: &str| addresses.iter().find(|address| address.ends_with(end)).cloned();
    Mirror::Live {
        main: ending("/debian").unwrap_or_else(|| "http://deb.debian.org/debian".to_owned()),
        security: ending("/debian-security")
            .unwrap_or_else(|| "http://deb.debian.org/debian-security".to_owned()),
    }
}
