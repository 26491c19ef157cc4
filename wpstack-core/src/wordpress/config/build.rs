//! `[image.build]`

use super::flaw::Flaws;
use super::section::section;
use super::table::Table;
use crate::image::{
    Base, Core, Debian, ImageSpec, IniValue, LanguagePack, Mirror, Snapshot, Source,
};
use crate::value::{LocalPath, Locale, Mebibytes, MirrorUrl, PackageName, Seconds};

section! {
    /// What an image that wpstack builds is made of.
    pub struct Build {
        /// Moment of Debian's snapshot archive that all packages come from.
        ///
        /// A later one brings the security updates until then.
        #[schemars(with = "String")]
        pub snapshot: Snapshot = "20261101T000000Z",
        /// Mirror of Debian to take packages from in place of the snapshot archive.
        ///
        /// Then the image has whatever the mirror has on the day it is built.
        pub mirror: Option<MirrorUrl> = None,
        /// Mirror of Debian's security updates, which goes with `mirror`.
        pub security_mirror: Option<MirrorUrl> = None,
        /// Further packages of Debian.
        pub packages: Vec<PackageName> = [],
        /// WordPress: `debian` for the unpatched source that Debian signs, or the address of a release.
        #[schemars(with = "String")]
        pub wordpress: Core = "debian",
        /// Language of the site, if it is not English.
        pub locale: Option<Locale> = None,
        /// Language pack of that locale: the address of an archive, or a directory.
        #[schemars(with = "Option<String>")]
        pub language: Option<Source> = None,
        /// PHP's settings.
        pub php: Php = Php::default(),
        /// Plugins to build in, by folder: a directory, or the address of an archive with its checksum.
        #[schemars(with = "std::collections::BTreeMap<String, String>")]
        pub plugins: Table<Source> = Table::new(),
        /// Themes to build in, written as plugins are.
        #[schemars(with = "std::collections::BTreeMap<String, String>")]
        pub themes: Table<Source> = Table::new(),
        /// Further files, by their place in the image: where each is on this machine.
        #[schemars(with = "std::collections::BTreeMap<String, String>")]
        pub files: Table<LocalPath> = Table::new(),
    }
}

section! {
    /// PHP's settings in an image that wpstack builds.
    pub struct Php {
        /// Memory that one request may use.
        pub memory_limit: Mebibytes = "256 MiB",
        /// Largest upload.
        pub upload_limit: Mebibytes = "64 MiB",
        /// Time that one request may take.
        pub time_limit: Seconds = "120s",
        /// Memory for the compiled code of all scripts.
        pub opcache: Mebibytes = "128 MiB",
        /// Further settings of `php.ini`.
        #[schemars(with = "std::collections::BTreeMap<String, String>")]
        pub ini: Table<IniValue> = Table::new(),
    }
}

impl Build {
    /// The recipe that it stands for, but for the processor: that of the instances.
    #[must_use]
    pub fn recipe(&self) -> ImageSpec {
        let mirror = match (&self.mirror, &self.security_mirror) {
            (Some(main), Some(security)) => {
                Mirror::Live { main: main.to_string(), security: security.to_string() }
            }
            _ => Mirror::Snapshot(self.snapshot.clone()),
        };
        let packages = self.packages.iter().map(ToString::to_string).collect();
        let Php { memory_limit, upload_limit, time_limit, opcache, ini } = self.php.clone();
        let ini = ini.0.into_iter().filter_map(|(name, value)| Some((name.parse().ok()?, value)));
        let files = self.files.0.iter().map(|(place, path)| (place.into(), path.as_str().into()));
        let language = self.locale.iter().zip(&self.language);
        let default = ImageSpec::default();
        ImageSpec {
            base: Base::Debian(Debian { mirror, packages, ..Debian::default() }),
            wordpress: self.wordpress.clone(),
            php: crate::image::Php {
                memory_limit,
                upload_limit,
                time_limit,
                opcache,
                ini: ini.collect(),
            },
            plugins: self.plugins.0.clone(),
            themes: self.themes.0.clone(),
            files: files.collect(),
            language: language
                .map(|(locale, source)| LanguagePack {
                    locale: locale.to_string(),
                    source: source.clone(),
                })
                .next(),
            ..default
        }
    }

    pub(super) fn flaws(&self, flaws: &mut Flaws) {
        let mut pair = |one: (&str, bool), other: (&str, bool), help: &str| {
            if one.1 != other.1 {
                let (there, missing) = if one.1 { (one.0, other.0) } else { (other.0, one.0) };
                let message = format!("`{there}` needs `{missing}`");
                let keys = [there, missing].map(|key| format!("image.build.{key}"));
                flaws.add(&[&keys[0], &keys[1]], message, help);
            }
        };
        pair(
            ("mirror", self.mirror.is_some()),
            ("security_mirror", self.security_mirror.is_some()),
            "name both, as in `http://deb.debian.org/debian` and `http://deb.debian.org/debian-security`",
        );
        pair(
            ("locale", self.locale.is_some()),
            ("language", self.language.is_some()),
            "name the locale, as in `de_DE`, and the archive or directory that has its words",
        );
        for flaw in self.recipe().flaws() {
            let keys: Vec<_> = flaw.keys.iter().map(|key| key_of(key)).collect();
            let keys: Vec<_> = keys.iter().map(String::as_str).collect();
            flaws.add(&keys, flaw.message, flaw.help);
        }
    }
}

/// Where the configuration says what the recipe says there.
fn key_of(key: &str) -> String {
    let parts: Vec<_> = key.split('.').collect();
    let key = match parts.as_slice() {
        ["base", "debian", "mirror", "live", "main"] => "mirror",
        ["base", "debian", "mirror", "live", "security"] => "security_mirror",
        ["base", "debian", "mirror", ..] => "snapshot",
        ["base", "debian", last] => last,
        ["wordpress", ..] => "wordpress",
        ["language", "locale"] => "locale",
        ["language", ..] => "language",
        _ => key.trim_end_matches(".archive.url").trim_end_matches(".directory"),
    };
    format!("image.build.{key}")
}
