//! The list of what is installed, as dpkg keeps it, so that scanners know what to look up.

use crate::tree::Tree;

use super::super::repository::Stanza;
use super::SettleError;

/// A package of the list.
pub(in super::super) type Entry<'l> = Stanza<'l>;

/// The fields that dpkg would keep, in its order. How a file was fetched is none of them.
const FIELDS: [&str; 14] = [
    "Priority",
    "Section",
    "Installed-Size",
    "Maintainer",
    "Architecture",
    "Multi-Arch",
    "Source",
    "Version",
    "Replaces",
    "Provides",
    "Pre-Depends",
    "Depends",
    "Description",
    "Homepage",
];

pub(super) fn settle(tree: &mut Tree, entries: &[Entry<'_>]) -> Result<(), SettleError> {
    let mut status = String::new();
    for entry in entries {
        let name = entry.field("Package").unwrap_or_default();
        status = status + "Package: " + name + "\nStatus: install ok installed\n";
        for field in FIELDS {
            if let Some(value) = entry.field(field) {
                status = status + field + ": " + value + "\n";
            }
        }
        status.push('\n');
    }
    tree.file("var/lib/dpkg/status".parse()?, status.into_bytes());
    Ok(())
}
