//! What packages ask for and an image that is never changed does not need.

/// Names that count as there, each with the reason. Asked for by name, a package comes all the same.
pub(super) const WITHOUT: [(&str, &str); 14] = [
    ("adduser", "makes users in maintainer scripts; the image has those of base-passwd"),
    ("debconf", "asks questions in maintainer scripts, which do not run"),
    ("debconf-2.0", "the same by another name"),
    ("dpkg", "installs packages, which nobody does in a container"),
    ("init-system-helpers", "starts services from maintainer scripts; s6 starts them here"),
    ("iproute2", "nginx's maintainer script asks it who has port 80"),
    ("libsasl2-modules-db", "passwords of an SASL server; brings Berkeley DB"),
    ("openssl", "only the command; ca-certificates' script makes links with it"),
    ("perl", "only for maintainer scripts"),
    ("perl-base", "only for maintainer scripts"),
    ("procps", "php-fpm's log rotation asks it for a process; logs go to the console here"),
    ("psmisc", "php-common's clean-up of sessions, which cron would run"),
    ("systemd-tmpfiles", "makes directories at boot; the image has them"),
    ("ucf", "asks what to do with changed configuration when a package is upgraded"),
];

pub(super) fn is_left_out(name: &str) -> bool {
    WITHOUT.iter().any(|(left_out, _)| *left_out == name)
}
