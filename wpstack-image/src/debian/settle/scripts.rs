//! The maintainer scripts that were read, and what is done in their place.

use std::collections::BTreeMap;

use super::SettleError;

/// Packages with scripts that dpkg would run when they are installed, each with what stands for them. What a script
/// does on an upgrade is left out: an image is never upgraded.
const REVIEWED: [(&str, &str); 22] = [
    ("base-files", "its directories and links: settle::base"),
    ("base-passwd", "users and groups from its masters: settle::accounts"),
    ("ca-certificates", "one bundle of all certificates: settle::certificates"),
    ("dash", "checks diversions by other shells: there are none"),
    ("debianutils", "`which` and the list of shells: settle::base"),
    ("fontconfig-config", "links to what debconf's defaults choose: settle::base"),
    ("fonts-dejavu-core", "removes files of an old version"),
    ("fonts-dejavu-mono", "removes files of an old version"),
    ("gzip", "checks diversions by zutils: there are none"),
    (
        "libc-bin",
        "nsswitch.conf: settle::base; no ld.so.cache, as all libraries lie where ld.so looks",
    ),
    ("libc6", "checks the kernel and restarts services"),
    ("libgcrypt20", "cleans up after an upgrade"),
    ("libglib2.0-0t64", "compiles schemas and lists modules: there are none"),
    ("libgssapi-krb5-2", "moves a file on an upgrade"),
    ("libselinux1", "cleans up, and makes a directory at boot"),
    ("mawk", "`awk`: settle::base"),
    ("netbase", "hosts and networks: settle::base"),
    ("nginx", "starts the service"),
    ("nginx-common", "logs and an example site, which this image does not use"),
    ("php-common", "the mode of a directory that is right already; a timer of systemd"),
    ("tar", "`rmt`: settle::base"),
    ("tzdata", "the zone UTC: settle::base"),
];

/// PHP and its extensions of Debian's sources. Their scripts are made from one template: they enable the extension,
/// copy php.ini and choose `php`, which settle::php does.
const PHP: [&str; 31] = [
    "apcu",
    "bcmath",
    "bz2",
    "cli",
    "common",
    "curl",
    "dba",
    "enchant",
    "fpm",
    "gd",
    "gmp",
    "igbinary",
    "imagick",
    "intl",
    "ldap",
    "mbstring",
    "memcached",
    "msgpack",
    "mysql",
    "odbc",
    "opcache",
    "pgsql",
    "readline",
    "redis",
    "snmp",
    "soap",
    "sqlite3",
    "tidy",
    "xml",
    "xsl",
    "zip",
];

/// Whether the work of a package's scripts is known and done.
pub(super) fn check(package: &str, scripts: &BTreeMap<String, String>) -> Result<(), SettleError> {
    let Some(script) = scripts.keys().next() else { return Ok(()) };
    let is_php = package.strip_prefix("php8.4-").is_some_and(|name| PHP.contains(&name));
    if is_php || REVIEWED.iter().any(|(reviewed, _)| *reviewed == package) {
        return Ok(());
    }
    Err(SettleError::Script { package: package.to_owned(), script: script.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(package: &str, scripts: &[&str]) -> Result<(), String> {
        let scripts = scripts.iter().map(|&name| (name.to_owned(), String::new())).collect();
        super::check(package, &scripts).map_err(|error| error.to_string())
    }

    #[test]
    fn only_scripts_that_were_read_are_passed_over() {
        assert_eq!(check("htop", &[]), Ok(()));
        assert_eq!(check("tzdata", &["postinst"]), Ok(()));
        assert_eq!(check("php8.4-soap", &["postinst", "preinst"]), Ok(()));
        let error = "`mariadb-server` has to run its script `postinst`, whose work is not known";
        assert_eq!(check("mariadb-server", &["postinst"]), Err(error.to_owned()));
        assert!(check("php8.4-cgi", &["postinst"]).is_err());
    }

    #[test]
    fn every_package_is_named_once() {
        assert!(REVIEWED.is_sorted_by(|(one, _), (next, _)| one < next));
        assert!(PHP.is_sorted_by(|one, next| one < next));
    }
}
