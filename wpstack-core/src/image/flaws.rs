//! What is wrong with a recipe of which each value by itself may be right.

use std::fmt::Display;
use std::path::{Component, Path};

use super::{
    Base, Core, Debian, ImageSpec, LanguagePack, Mirror, Nginx, Php, Snapshot, Source, contract,
};
use crate::value::{Mebibytes, Seconds};
use crate::wordpress::Flaw;

/// Settings of `php.ini` that a field of the recipe stands for, and the field.
const FIELDS: [(&str, &str); 6] = [
    ("max_execution_time", "php.time_limit"),
    ("max_input_time", "php.time_limit"),
    ("memory_limit", "php.memory_limit"),
    ("opcache.memory_consumption", "php.opcache"),
    ("post_max_size", "php.upload_limit"),
    ("upload_max_filesize", "php.upload_limit"),
];

/// Places that are empty memory or a volume in a running container: what the image has there is not seen.
const HIDDEN: [&str; 6] = [
    contract::UPLOADS,
    contract::WRITABLE[0],
    contract::WRITABLE[1],
    contract::WRITABLE[2],
    "/proc",
    "/sys",
];

impl ImageSpec {
    /// Everything that is wrong with the recipe, each with its field and what to do. Nothing is fetched or looked at.
    #[must_use]
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = Found(Vec::new());
        let Self { base, architecture: _, wordpress, php, nginx, plugins, themes, files, language } =
            self;
        flaws.base(base);
        flaws.core(wordpress);
        flaws.php(php);
        flaws.nginx(nginx);
        for (table, of) in [("plugins", plugins), ("themes", themes)] {
            for (name, source) in of {
                let key = format!("{table}.{name}");
                flaws.folder(&key, name);
                flaws.source(&key, source);
            }
        }
        for (path, from) in files {
            flaws.file(path, from);
        }
        if let Some(LanguagePack { locale, source }) = language {
            if !is_locale(locale) {
                let message = format!("`{}` is no locale of WordPress", locale.escape_debug());
                flaws.add("language.locale", message, "write it as WordPress does, as in `de_DE`");
            }
            flaws.source("language.source", source);
        }
        flaws.0
    }
}

struct Found(Vec<Flaw>);

impl Found {
    fn add(&mut self, key: &str, message: impl Into<String>, help: impl Into<String>) {
        self.0.push(Flaw {
            keys: vec![key.to_owned()],
            message: message.into(),
            help: help.into(),
        });
    }

    fn range<T: PartialOrd + Display>(
        &mut self,
        key: &str,
        value: &T,
        least: &T,
        most: &T,
        help: &str,
    ) {
        if value < least || value > most {
            self.add(key, format!("expected {least} to {most}, found {value}"), help);
        }
    }

    fn base(&mut self, base: &Base) {
        match base {
            Base::Alpine(release) => {
                let parts = release.split('.').all(is_number);
                if !parts || release.split('.').count() != 2 {
                    let message = format!("`{}` is no release of Alpine", release.escape_debug());
                    self.add("base.alpine", message, "write two numbers, as in `3.22`");
                }
            }
            Base::Debian(Debian { release: _, mirror, packages }) => {
                match mirror {
                    Mirror::Snapshot(stamp) if stamp.0.parse::<Snapshot>().is_err() => {
                        let message = format!(
                            "`{}` is no moment of the snapshot archive",
                            stamp.0.escape_debug()
                        );
                        let help = "write date and time as in `20261101T000000Z`";
                        self.add("base.debian.mirror.snapshot", message, help);
                    }
                    Mirror::Snapshot(_) => {}
                    Mirror::Live { main, security } => {
                        self.url("base.debian.mirror.live.main", main);
                        self.url("base.debian.mirror.live.security", security);
                    }
                }
                for package in packages.iter().filter(|package| !is_package(package)) {
                    let message = format!("`{}` is no name of a package", package.escape_debug());
                    let help = "write the name alone, as in `php8.4-imagick`, without version or architecture";
                    self.add("base.debian.packages", message, help);
                }
            }
        }
    }

    fn core(&mut self, core: &Core) {
        let Core::Release { version, url, checksum: _ } = core else { return };
        let parts = version.split('.').count();
        if !(2..=3).contains(&parts) || !version.split('.').all(is_number) {
            let message = format!("`{}` is no version of WordPress", version.escape_debug());
            self.add(
                "wordpress.release.version",
                message,
                "write two or three numbers, as in `6.8.3`",
            );
        }
        self.url("wordpress.release.url", url);
    }

    fn php(&mut self, php: &Php) {
        let Php { memory_limit, upload_limit, time_limit, opcache, ini } = php;
        let (least, most) = (Mebibytes(64), Mebibytes(16_384));
        self.range(
            "php.memory_limit",
            memory_limit,
            &least,
            &most,
            "WordPress needs 64 MiB at least",
        );
        let (least, most) = (Mebibytes(1), Mebibytes(4096));
        let help =
            "an upload is held in memory while it arrives; larger ones belong into object storage";
        self.range("php.upload_limit", upload_limit, &least, &most, help);
        let (least, most) = (Seconds(5), Seconds(3600));
        self.range(
            "php.time_limit",
            time_limit,
            &least,
            &most,
            "longer work belongs into scheduled events",
        );
        let (least, most) = (Mebibytes(32), Mebibytes(4096));
        self.range("php.opcache", opcache, &least, &most, "WordPress alone fills 32 MiB");
        for name in ini.keys() {
            if let Some((_, field)) = FIELDS.iter().find(|(taken, _)| *taken == name.as_str()) {
                let message = format!("`{name}` is what `{field}` says");
                self.add(&format!("php.ini.{name}"), message, format!("set `{field}` instead"));
            }
        }
    }

    fn nginx(&mut self, nginx: &Nginx) {
        let Nginx { trusted_proxies, static_lifetime } = nginx;
        for block in trusted_proxies.iter().filter(|block| block.prefix() == 0) {
            let message = format!("`{block}` believes every visitor");
            let help = "write the networks of the load balancer, as in `10.11.0.0/16`";
            self.add("nginx.trusted_proxies", message, help);
        }
        let (least, most) = (Seconds(0), Seconds(10 * 365 * 86_400));
        self.range(
            "nginx.static_lifetime",
            static_lifetime,
            &least,
            &most,
            "a year is as good as for ever",
        );
    }

    fn folder(&mut self, key: &str, name: &str) {
        let allowed =
            |byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.');
        let starts = name.starts_with(|first: char| first.is_ascii_alphanumeric());
        if !starts || name.len() > 100 || !name.bytes().all(allowed) {
            let message = format!("`{}` is no name of a folder", name.escape_debug());
            let help = "write up to 100 letters, digits and `_-.`, a letter or digit first";
            self.add(key, message, help);
        }
    }

    fn source(&mut self, key: &str, source: &Source) {
        match source {
            Source::Archive { url, checksum: _ } => self.url(&format!("{key}.archive.url"), url),
            Source::Directory(path) if path.as_os_str().is_empty() => {
                self.add(
                    &format!("{key}.directory"),
                    "the path is empty",
                    "write the path of a directory",
                );
            }
            Source::Directory(_) => {}
        }
    }

    /// An address, or a path of this machine.
    fn url(&mut self, key: &str, url: &str) {
        let plain = |found: char| !found.is_control() && !found.is_whitespace();
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        let known = matches!(scheme, None | Some("https" | "http" | "file"));
        if url.is_empty() || !known || (scheme.is_some() && !url.chars().all(plain)) {
            let message = format!("`{}` is no address of a file", url.escape_debug());
            self.add(key, message, "write `https://…`, `http://…` or a path of this machine");
        } else if let Some((_, rest)) = url.split_once("://")
            && rest.split('/').next().is_some_and(|host| host.contains('@'))
        {
            let help = "take user and password out: the address is part of the image's description";
            self.add(key, "the address has a password", help);
        }
    }

    fn file(&mut self, path: &Path, from: &Path) {
        let key = format!("files.{}", path.display());
        let mut parts = path.components();
        let rooted = parts.next() == Some(Component::RootDir);
        let allowed = |found: char| found.is_ascii_alphanumeric() || "/._-+@,=:~ ".contains(found);
        let text =
            path.to_str().filter(|text| text.chars().all(allowed) && !text.ends_with(['/', ' ']));
        let plain = parts.clone().all(|part| matches!(part, Component::Normal(_)));
        if !rooted || !plain || parts.next().is_none() || text.is_none() {
            let message =
                format!("`{}` is no place in the image", path.display().to_string().escape_debug());
            self.add(
                &key,
                message,
                "write an absolute path of letters, digits and `._-+@,=:~`, without `..`, as in `/srv/wordpress/robots.txt`",
            );
        } else if let Some(hidden) = HIDDEN.iter().find(|hidden| path.starts_with(hidden)) {
            let message = format!("`{hidden}` of a running container is not the image's");
            self.add(&key, message, "put the file elsewhere");
        }
        if from.as_os_str().is_empty() {
            self.add(&key, "the path of the file is empty", "write where it is on this machine");
        }
    }
}

fn is_number(text: &str) -> bool {
    (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `de`, `de_DE`, `de_DE_formal`, `haz`, `pt_PT_ao90`.
fn is_locale(text: &str) -> bool {
    let mut parts = text.split('_');
    let all = |part: &str, is: fn(&u8) -> bool| part.bytes().all(|byte| is(&byte));
    let language = |part: &str| (2..=3).contains(&part.len()) && all(part, u8::is_ascii_lowercase);
    let country = |part: &str| part.len() == 2 && all(part, u8::is_ascii_uppercase);
    let variant = |part: &str| {
        (2..=16).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    parts.next().is_some_and(language)
        && parts.next().is_none_or(country)
        && parts.next().is_none_or(variant)
        && parts.next().is_none()
}

/// <https://www.debian.org/doc/debian-policy/ch-controlfields.html#source>
fn is_package(text: &str) -> bool {
    let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.');
    text.len() >= 2
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(allowed)
}
