//! The texts as they are written, and what the shell makes of sizes.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use wpstack_core::image::contract::variable;
use wpstack_core::image::{Base, ImageSpec, LanguagePack, PhpPool, Source};
use wpstack_core::value::{Mebibytes, Seconds};

use super::*;

fn rich() -> ImageSpec {
    let mut spec = ImageSpec::default();
    spec.php.memory_limit = Mebibytes(512);
    spec.php.upload_limit = Mebibytes(128);
    spec.php.time_limit = Seconds(300);
    spec.php.opcache = Mebibytes(256);
    for (name, value) in [("max_input_vars", "5000"), ("opcache.revalidate_path", "On")] {
        spec.php.ini.insert(name.parse().unwrap(), value.parse().unwrap());
    }
    spec.nginx.trusted_proxies = ["10.11.0.0/16".parse().unwrap()].into();
    spec.nginx.static_lifetime = Seconds(86_400);
    let source = Source::Directory("languages".into());
    spec.language = Some(LanguagePack { locale: "de_DE_formal".to_owned(), source });
    spec
}

fn text<'a>(tree: &'a Tree, path: &str) -> &'a str {
    match &tree.get(&path.parse().unwrap()).unwrap_or_else(|| panic!("no {path}")).kind {
        Kind::File(contents) => std::str::from_utf8(contents).unwrap(),
        other => panic!("{path} is {other:?}"),
    }
}

/// Every node in a line, then the texts that have settings in them.
fn shown(spec: &ImageSpec) -> String {
    let tree = tree(spec).unwrap();
    let mut shown = String::new();
    for (path, node) in tree.iter() {
        let kind = match &node.kind {
            Kind::Directory => "directory".to_owned(),
            Kind::File(_) => "file".to_owned(),
            Kind::Symlink(target) => format!("-> {target}"),
            Kind::HardLink(target) => format!("= {target}"),
        };
        writeln!(shown, "{:04o} {}:{} {path} {kind}", node.mode, node.user, node.group).unwrap();
    }
    for path in [
        "etc/wpstack/nginx.conf",
        "etc/wpstack/nginx/fastcgi.conf",
        "etc/wpstack/php-fpm.conf",
        "etc/php/8.4/fpm/conf.d/90-wpstack.ini",
        "etc/php/8.4/fpm/conf.d/99-recipe.ini",
        "srv/wordpress/wp-config.php",
        "usr/lib/wpstack/functions.sh",
        "usr/lib/wpstack/init",
        "usr/lib/wpstack/services/php-fpm/run",
        "usr/lib/wpstack/services/cron/run",
    ] {
        write!(shown, "\n=== {path}\n{}", text(&tree, path)).unwrap();
    }
    shown
}

#[test]
fn the_default_recipe_is_written_so() {
    insta::assert_snapshot!(shown(&ImageSpec::default()));
}

#[test]
fn a_rich_recipe_is_written_so() {
    insta::assert_snapshot!(shown(&rich()));
}

#[test]
fn equal_recipes_give_equal_files() {
    assert_eq!(tree(&rich()).unwrap(), tree(&rich()).unwrap());
}

#[test]
fn a_locale_does_not_become_php() {
    for locale in ["de'); evil(); ('", "de\\", "de\nx", "$x", "{{x}}", "?>"] {
        let mut spec = rich();
        spec.language.as_mut().unwrap().locale = locale.to_owned();
        let error = tree(&spec).err();
        assert!(matches!(error, Some(Error::Render(RenderError::Unsafe { .. }))), "{locale}");
    }
}

#[test]
fn alpine_has_other_places() {
    let spec = ImageSpec { base: Base::Alpine("3.22".to_owned()), ..ImageSpec::default() };
    assert!(matches!(tree(&spec), Err(Error::NotDebian)));
}

#[test]
fn every_variable_of_the_contract_is_read() {
    let tree = tree(&ImageSpec::default()).unwrap();
    let programs: String = tree
        .iter()
        .filter_map(|(_, node)| match &node.kind {
            Kind::File(contents) => Some(String::from_utf8_lossy(contents).into_owned()),
            Kind::Directory | Kind::Symlink(_) | Kind::HardLink(_) => None,
        })
        .collect();
    let names = [
        variable::DB_HOST,
        variable::DB_USER,
        variable::DB_PASSWORD,
        variable::DB_NAME,
        variable::DB_CHARSET,
        variable::DB_COLLATE,
        variable::TABLE_PREFIX,
        variable::DEBUG,
        variable::HOME,
        variable::SITE_URL,
        variable::PHP_WORKERS,
        variable::REDIS_HOST,
        variable::REDIS_PORT,
        variable::REDIS_SCHEME,
        variable::REDIS_PASSWORD,
        variable::CRON_INTERVAL,
    ];
    for name in names {
        assert!(programs.contains(&format!("'{name}'")), "nobody reads {name}");
    }
    for salt in variable::SALTS {
        let name = salt.strip_prefix("WORDPRESS_").unwrap();
        assert!(programs.contains(&format!("'{name}'")), "nobody reads {salt}");
    }
    for place in contract::WRITABLE {
        assert!(
            text(&tree, "usr/lib/wpstack/init").contains(place),
            "init does not look at {place}"
        );
    }
}

/// Runs a line with the functions of the init program at hand.
fn sh(place: &Path, line: &str) -> String {
    let tree = tree(&ImageSpec::default()).unwrap();
    let functions = place.join("functions.sh");
    fs::write(&functions, text(&tree, "usr/lib/wpstack/functions.sh")).unwrap();
    let script = format!("set -eu; . '{}'; {line}", functions.display());
    let output = Command::new("sh").args(["-c", &script]).output().expect("sh is there");
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn the_shell_sizes_the_pool_as_rust_does() {
    let place = tempfile::tempdir().unwrap();
    let sizes = [0, 1, 95, 96, 97, 128, 239, 240, 241, 311, 312, 512, 1000, 1024, 2048, 4096]
        .into_iter()
        .chain([7777, 8192, 16_384, 18_527, 18_528, 18_600, 32_768, 65_536, 1_048_576]);
    let sizes: Vec<u32> = sizes.collect();
    let words: Vec<_> =
        sizes.iter().map(|size| (u64::from(*size) * 1_048_576).to_string()).collect();
    let line = format!("for size in {}; do workers_for $size; done", words.join(" "));
    let answers = sh(place.path(), &line);
    let expected: Vec<_> = sizes
        .iter()
        .map(|size| PhpPool::for_memory(Mebibytes(*size)).workers.to_string())
        .collect();
    assert_eq!(answers.lines().collect::<Vec<_>>(), expected);
    // A part of a MiB does not count.
    assert_eq!(sh(place.path(), &format!("workers_for {}", 312 * 1_048_576 - 1)), "2");
}

#[test]
fn the_limit_is_found_by_either_version_of_cgroups() {
    let check = |files: &[(&str, &str)], memory: &str, processors: &str| {
        let place = tempfile::tempdir().unwrap();
        let groups = place.path().join("cgroup");
        for (name, text) in files {
            let path = groups.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let total = place.path().join("meminfo");
        fs::write(&total, "MemTotal:        1048576 kB\nMemFree:           1000 kB\n").unwrap();
        let (groups, total) = (groups.display(), total.display());
        assert_eq!(
            sh(place.path(), &format!("memory_limit {groups} {total}")),
            memory,
            "{files:?}"
        );
        assert_eq!(sh(place.path(), &format!("processors {groups} 8")), processors, "{files:?}");
    };
    let all = "1073741824";
    check(&[], all, "4");
    check(&[("memory.max", "max\n"), ("cpu.max", "max 100000\n")], all, "4");
    check(&[("memory.max", "536870912\n"), ("cpu.max", "50000 100000\n")], "536870912", "1");
    check(&[("memory.max", "2147483648\n"), ("cpu.max", "250000 100000\n")], all, "3");
    check(&[("memory.max", "18446744073709551615\n"), ("cpu.max", "\n")], all, "4");
    let (limit, quota) = ("memory/memory.limit_in_bytes", "cpu/cpu.cfs_quota_us");
    let period = ("cpu/cpu.cfs_period_us", "100000\n");
    check(&[(limit, "268435456\n"), (quota, "150000\n"), period], "268435456", "2");
    check(&[(limit, "9223372036854771712\n"), (quota, "-1\n"), period], all, "4");
    check(&[("memory.max", ""), (quota, "150000\n")], all, "4");
}

#[test]
fn a_file_comes_before_a_variable() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("number");
    fs::write(&file, "7\n").unwrap();
    let file = file.display();
    let setting = "setting WORDPRESS_PHP_WORKERS 3";
    assert_eq!(sh(place.path(), setting), "3");
    assert_eq!(sh(place.path(), &format!("export WORDPRESS_PHP_WORKERS=5; {setting}")), "5");
    let both =
        format!("export WORDPRESS_PHP_WORKERS=5 WORDPRESS_PHP_WORKERS_FILE='{file}'; {setting}");
    assert_eq!(sh(place.path(), &both), "7");
    // Nothing is evaluated.
    assert_eq!(
        sh(place.path(), &format!("export WORDPRESS_PHP_WORKERS='$(id)'; {setting}")),
        "$(id)"
    );
}
