//! Directories, links and small files of the base system.

use crate::tree::Tree;

use super::{SettleError, copy, directory, link};

/// Directories that scripts make.
const DIRECTORIES: [&str; 10] = [
    "etc/opt",
    "media",
    "mnt",
    "opt",
    "srv",
    "usr/local/bin",
    "usr/local/lib",
    "usr/local/sbin",
    "usr/local/share",
    "var/opt",
];

/// Files that scripts copy from the package to where they are used.
const COPIES: [(&str, &str); 5] = [
    ("usr/share/base-files/dot.profile", "root/.profile"),
    ("usr/share/base-files/profile", "etc/profile"),
    ("usr/share/debianutils/shells", "etc/shells"),
    ("usr/share/libc-bin/nsswitch.conf", "etc/nsswitch.conf"),
    ("usr/share/doc/base-files/motd", "etc/motd"),
];

/// Links that scripts make, mostly those of `update-alternatives`.
const LINKS: [(&str, &str); 10] = [
    ("etc/dpkg/origins/default", "debian"),
    (
        "etc/fonts/conf.d/10-hinting-slight.conf",
        "/usr/share/fontconfig/conf.avail/10-hinting-slight.conf",
    ),
    (
        "etc/fonts/conf.d/10-sub-pixel-none.conf",
        "/usr/share/fontconfig/conf.avail/10-sub-pixel-none.conf",
    ),
    (
        "etc/fonts/conf.d/70-no-bitmaps-except-emoji.conf",
        "/usr/share/fontconfig/conf.avail/70-no-bitmaps-except-emoji.conf",
    ),
    ("etc/localtime", "/usr/share/zoneinfo/Etc/UTC"),
    ("usr/bin/awk", "mawk"),
    ("usr/bin/nawk", "mawk"),
    ("usr/bin/which", "which.debianutils"),
    ("usr/sbin/rmt", "rmt-tar"),
    ("var/run", "/run"),
];

const HOSTS: &str = "127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost ip6-loopback\n\
                     ff02::1\t\tip6-allnodes\nff02::2\t\tip6-allrouters\n";

pub(super) fn settle(tree: &mut Tree) -> Result<(), SettleError> {
    for path in DIRECTORIES {
        directory(tree, path, 0o755)?;
    }
    directory(tree, "tmp", 0o1777)?;
    directory(tree, "var/tmp", 0o1777)?;
    directory(tree, "run", 0o755)?;
    directory(tree, "run/lock", 0o1777)?;
    for (from, to) in COPIES {
        copy(tree, from, to)?;
    }
    for (path, target) in LINKS {
        link(tree, path, target)?;
    }
    link(tree, "var/lock", "/run/lock")?;
    // A link of nginx-common leads there; packages of modules would make it.
    if tree.get(&"usr/share/nginx/modules".parse()?).is_some() {
        directory(tree, "usr/lib/nginx/modules", 0o755)?;
    }
    tree.file("etc/hosts".parse()?, HOSTS.as_bytes());
    tree.file("etc/timezone".parse()?, *b"Etc/UTC\n");
    Ok(())
}
