//! Files of packages that nothing in the image reads.

/// Directories that are left out with all that is in them, with a `/` at the end of each.
const DIRECTORIES: [&str; 20] = [
    // For people with a terminal and a whole system.
    "usr/share/bash-completion/",
    "usr/share/info/",
    "usr/share/locale/",
    "usr/share/man/",
    "usr/share/menu/",
    "usr/share/vim/",
    "usr/share/zsh/",
    // For those who make and test packages.
    "usr/include/",
    "usr/share/apport/",
    "usr/share/bug/",
    "usr/share/doc-base/",
    "usr/share/gdb/",
    "usr/share/lintian/",
    // For services that are not here: another supervisor, cron, a firewall, Apache.
    "etc/apache2/",
    "etc/cron.d/",
    "etc/init.d/",
    "etc/logrotate.d/",
    "etc/ufw/",
    "usr/lib/systemd/",
    "usr/lib/tmpfiles.d/",
];

/// Whether a path, of a directory or not, is left out.
pub(super) fn is_left_out(path: &str) -> bool {
    let within = |directory: &&str| {
        path.strip_prefix(directory.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    // What is in the image keeps its licence.
    let licence = path.ends_with("/copyright");
    DIRECTORIES.iter().any(within)
        || (within(&"usr/share/doc/") && !licence && path != "usr/share/doc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_goes_and_licences_stay() {
        for path in [
            "usr/share/man",
            "usr/share/man/man1/ls.1.gz",
            "usr/share/doc/nginx",
            "usr/share/doc/nginx/changelog.gz",
            "etc/init.d/nginx",
        ] {
            assert!(is_left_out(path), "{path}");
        }
        for path in [
            "usr/share/doc/nginx/copyright",
            "usr/share/manual",
            "usr/lib/locale/C.utf8/LC_TIME",
            "usr/share/common-licenses/GPL-3",
            "etc/nginx/nginx.conf",
        ] {
            assert!(!is_left_out(path), "{path}");
        }
    }
}
