//! The recipe as text, and everything that is refused.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::value::Mebibytes;

const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn rich() -> String {
    format!(
        r#"
        architecture = "arm64"
        [base.debian]
        release = "trixie"
        packages = ["php8.4-imagick"]
        [base.debian.mirror.live]
        main = "http://deb.debian.org/debian"
        security = "http://deb.debian.org/debian-security"
        [wordpress.release]
        version = "6.8.3"
        url = "https://wordpress.org/wordpress-6.8.3.tar.gz"
        checksum = "{DIGEST}"
        [php]
        memory_limit = "512 MiB"
        upload_limit = "128 MiB"
        time_limit = "5m"
        opcache = "256 MiB"
        ini = {{ max_input_vars = 5000, "opcache.save_comments" = true, "opcache.jit" = "off" }}
        [nginx]
        trusted_proxies = ["10.11.0.0/16"]
        static_lifetime = "30 days"
        [plugins]
        akismet.archive = {{ url = "https://downloads.wordpress.org/plugin/akismet.5.3.zip", checksum = "{DIGEST}" }}
        [themes]
        ours.directory = "theme"
        [files]
        "/srv/wordpress/robots.txt" = "robots.txt"
        [language]
        locale = "de_DE_formal"
        source.directory = "languages"
        "#
    )
}

fn read(text: &str) -> Result<ImageSpec, String> {
    toml::from_str(text).map_err(|error| error.message().to_owned())
}

#[test]
fn a_recipe_round_trips_and_has_no_flaws() {
    for spec in [ImageSpec::default(), read(&rich()).expect("the rich recipe is right")] {
        let text = toml::to_string(&spec).expect("a recipe is written");
        assert_eq!(read(&text).as_ref(), Ok(&spec), "{text}");
        let json = serde_json::to_string(&spec).expect("a recipe is written");
        assert_eq!(serde_json::from_str::<ImageSpec>(&json).expect("it is read"), spec);
        assert_eq!(spec.flaws(), []);
    }
    assert_eq!(read(""), Ok(ImageSpec::default()));
}

#[test]
fn what_no_recipe_has_is_refused() {
    let check = |text: &str, expected: &str| {
        let error = read(text).expect_err(text);
        assert!(error.contains(expected), "{text}: {error}");
    };
    check("imag = 1", "unknown field `imag`");
    check("[php]\nmemory = 1", "unknown field `memory`");
    check("[nginx]\nport = 1", "unknown field `port`");
    check("[base.debian]\nsuite = 'x'", "unknown field `suite`");
    check("[base.suse]", "unknown variant `suse`");
    check(
        "[language]\nlocale = 'de_DE'\nsource.directory = 'x'\nextra = 1",
        "unknown field `extra`",
    );
    check("[nginx]\ntrusted_proxies = ['10.0.0.1/8']", "host bits");
    check("[nginx]\ntrusted_proxies = ['10.0.0.0/8; }']", "the prefix length");
    check("[php.ini]\n'a b' = 1", "is not the name of a PHP setting");
    check("[php.ini]\n'a]\\n[b' = 1", "is not the name of a PHP setting");
    for value in ["a\\nb", "a\\\"b", "a'b", "a;b", "${HOME}", "a\\\\b", "`id`"] {
        check(&format!("[php.ini]\na = \"{value}\""), "is not the value of a PHP setting");
    }
    check("[php.ini]\nerror_reporting = 'E_ALL'", "write its number");
    check("[plugins]\na.archive = { url = 'x', checksum = 'y' }", "a SHA-256 has 64 digits");
}

#[test]
fn every_flaw_is_told_at_once() {
    let mut spec = ImageSpec {
        base: Base::Debian(Debian {
            release: Release::Trixie,
            mirror: Mirror::Snapshot(Snapshot("20261301T000000Z".to_owned())),
            packages: BTreeSet::from(["ok".to_owned(), "a b".to_owned(), "Nginx".to_owned()]),
        }),
        wordpress: Core::Release {
            version: "latest".to_owned(),
            url: "ftp://example.com/x".to_owned(),
            checksum: DIGEST.parse().unwrap(),
        },
        plugins: BTreeMap::from([
            ("../up".to_owned(), Source::Directory("x".into())),
            ("a".to_owned(), archive("https://me:secret@example.com/a.zip")),
            ("b".to_owned(), Source::Directory("".into())),
        ]),
        themes: BTreeMap::from([("a b".to_owned(), archive(""))]),
        files: BTreeMap::from([
            ("etc/x".into(), "x".into()),
            ("/etc/../x".into(), "x".into()),
            ("/run/x".into(), "x".into()),
            ("/".into(), "".into()),
        ]),
        language: Some(LanguagePack {
            locale: "de-DE".to_owned(),
            source: Source::Directory("x".into()),
        }),
        ..ImageSpec::default()
    };
    spec.php.memory_limit = Mebibytes(8);
    spec.php.upload_limit = Mebibytes(0);
    spec.php.time_limit = crate::value::Seconds(0);
    spec.php.opcache = Mebibytes(1);
    spec.php.ini.insert("memory_limit".parse().unwrap(), "1G".parse().unwrap());
    spec.nginx.trusted_proxies.insert("0.0.0.0/0".parse().unwrap());
    spec.nginx.static_lifetime = crate::value::Seconds(u32::MAX);
    let told: Vec<_> = spec
        .flaws()
        .iter()
        .map(|flaw| format!("{}: {}; {}", flaw.keys.join(", "), flaw.message, flaw.help))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn values_are_right_or_told() {
    let flaws = |change: &dyn Fn(&mut ImageSpec)| {
        let mut spec = ImageSpec::default();
        change(&mut spec);
        spec.flaws().len()
    };
    let locale = |text: &str| {
        flaws(&|spec| {
            let source = Source::Directory("x".into());
            spec.language = Some(LanguagePack { locale: text.to_owned(), source });
        })
    };
    for (count, texts) in [
        (0, &["de", "de_DE", "de_DE_formal", "haz", "pt_PT_ao90", "pt_BR"][..]),
        (1, &["", "d", "DE", "de-DE", "de_de", "de_DE_", "de_DE';", "de_DE_a_b", "../de"][..]),
    ] {
        texts.iter().for_each(|text| assert_eq!(locale(text), count, "{text}"));
    }
    let stamp = |text: &str| {
        flaws(&|spec| {
            let mirror = Mirror::Snapshot(Snapshot(text.to_owned()));
            spec.base = Base::Debian(Debian { mirror, ..Debian::default() });
        })
    };
    for (count, texts) in [
        (0, &["20261101T000000Z", "20240229T235959Z"][..]),
        (
            1,
            &[
                "",
                "20261101",
                "20250229T000000Z",
                "2026-11-01T00:00Z",
                "20261101T000000",
                "20261101T250000Z",
            ][..],
        ),
    ] {
        texts.iter().for_each(|text| assert_eq!(stamp(text), count, "{text}"));
    }
    let alpine = |text: &str| flaws(&|spec| spec.base = Base::Alpine(text.to_owned()));
    assert_eq!(["3.22", "3", "3.22.1", "edge", "3."].map(alpine), [0, 1, 1, 1, 1]);
}

fn archive(url: &str) -> Source {
    Source::Archive { url: url.to_owned(), checksum: DIGEST.parse().unwrap() }
}
