//! What happens while an image is made, in words.

use wpstack_core::Teller;

use super::Event;
use crate::build::Progress as Build;
use crate::registry::Progress as Push;

impl Event {
    /// What happened, as a fragment for people. What is on its way is not told byte by byte: `None`.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        Some(match self {
            Self::Known { .. } => "built before, and nothing of it has changed".to_owned(),
            Self::Outdated { version, newer } => format!(
                "{} the mirror does not have WordPress {newer}, so it is {version}: take a newer snapshot or name a \
                 release",
                Teller::WARNING
            ),
            Self::Build(Build::Reused { layer, size: bytes }) => {
                format!("{layer}: built before, {}", size(*bytes))
            }
            Self::Build(Build::Packed { layer, size: bytes }) => {
                format!("{layer}: built, {}", size(*bytes))
            }
            Self::Build(Build::Reading { layer }) => format!("{layer}: putting together"),
            Self::Push(Push::Sent { size: bytes, .. }) => format!("sent {}", size(*bytes)),
            Self::Push(Push::Waiting { because, pause, .. }) => {
                format!("{because}: trying again in {} s", pause.as_secs())
            }
            Self::Fetching { .. } | Self::Build(_) | Self::Push(_) => return None,
        })
    }
}

/// A size in bytes: `312 B`, `45.1 kB`, `98.4 MB`: in powers of ten, as registries and disks count.
#[must_use]
pub fn size(bytes: u64) -> String {
    let scaled = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", scaled(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", scaled(1_000_000)),
        _ => format!("{} GB", scaled(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_three_digits_or_so() {
        let sizes = [0, 999, 1_000, 45_190, 98_400_000, 1_250_000_000].map(size);
        assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "45.1 kB", "98.4 MB", "1.2 GB"]);
    }
}
