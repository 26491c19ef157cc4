use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::tree::{Kind, Node};

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    for (path, text) in files {
        tree.file(path.parse().unwrap(), text.as_bytes().to_vec());
    }
    tree.with_parents()
}

fn paths(tree: &Tree) -> Vec<&str> {
    let files = tree.iter().filter(|(_, node)| node.kind != Kind::Directory);
    files.map(|(path, _)| path.as_str()).collect()
}

fn release(version: &str) -> Tree {
    tree(&[
        ("index.php", "<?php"),
        ("license.txt", "GPL"),
        ("readme.html", "Welcome"),
        ("wp-admin/index.php", "<?php"),
        ("wp-config-sample.php", "<?php"),
        ("wp-content/plugins/akismet/akismet.php", "<?php"),
        ("wp-content/plugins/akismet-2/x.php", "<?php"),
        ("wp-includes/version.php", version),
        ("wp-load.php", "<?php"),
        ("wp-settings.php", "<?php"),
    ])
}

const VERSION: &str =
    "<?php\n/** $wp_version is it */\n$wp_version = '6.8.3-RC1';\n$wp_db_version = 1;";

#[test]
fn core_is_the_release_without_what_no_container_needs() {
    let replaced = BTreeSet::from(["wp-content/plugins/akismet".to_owned()]);
    let core = core(release(VERSION), Some("6.8.3-RC1"), &replaced).unwrap();
    assert_eq!(core.version, "6.8.3-RC1");
    let expected = [
        "srv/wordpress/index.php",
        "srv/wordpress/license.txt",
        "srv/wordpress/wp-admin/index.php",
        "srv/wordpress/wp-content/plugins/akismet-2/x.php",
        "srv/wordpress/wp-includes/version.php",
        "srv/wordpress/wp-load.php",
        "srv/wordpress/wp-settings.php",
    ];
    assert_eq!(paths(&core.tree), expected);
    assert!(core.tree.get(&"srv/wordpress/wp-content/plugins/akismet".parse().unwrap()).is_none());
    let uploads = core.tree.get(&"srv/wordpress/wp-content/uploads".parse().unwrap()).unwrap();
    assert_eq!(*uploads, Node::root(Kind::Directory, 0o755).owned_by(33, 33));
    let others = core.tree.iter().filter(|(path, _)| !path.as_str().ends_with("/uploads"));
    for (path, node) in others {
        let mode = if node.kind == Kind::Directory { 0o755 } else { 0o644 };
        assert_eq!((node.mode, node.user, node.group), (mode, 0, 0), "{path}");
    }
}

#[test]
fn what_is_no_release_is_refused() {
    let check = |release: Tree, expected: Option<&str>, message: &str| {
        let error = core(release, expected, &BTreeSet::new()).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(!error.hint().is_empty());
    };
    let other = "the archive has WordPress 6.8.3-RC1, and the recipe says 6.8.3";
    check(release(VERSION), Some("6.8.3"), other);
    let none = "the archive is no WordPress: it has no `version number`";
    for code in ["<?php", "$wp_version = ;", "$wp_version = 'a b';", "$wp_version = file();"] {
        check(release(code), None, none);
    }
    let mut less = release(VERSION);
    less.remove(&"wp-load.php".parse().unwrap());
    check(less, None, "the archive is no WordPress: it has no `wp-load.php`");
    let mut more = release(VERSION);
    more.file("wp-config.php".parse().unwrap(), *b"<?php");
    check(more, None, "the archive is of an installed site: it has a `wp-config.php`");
    check(Tree::new(), None, "the archive is no WordPress: it has no `index.php`");
}

#[test]
fn a_plugin_and_a_theme_are_known_by_their_headers() {
    let check = |kind: ExtensionKind, files: &[(&str, &str)], outcome: Result<Option<&str>, ()>| {
        let found = kind.extension("my-shop_2", tree(files));
        let version = found.as_ref().map(|found| found.version.as_deref()).map_err(drop);
        assert_eq!(version, outcome, "{files:?}");
        for (path, _) in found.iter().flat_map(|found| found.tree.iter()) {
            let folder = format!("srv/wordpress/{}/my-shop_2", kind.folder());
            assert!(path.as_str().starts_with(&folder), "{path}");
        }
    };
    let (plugin, theme) = (ExtensionKind::Plugin, ExtensionKind::Theme);
    let header = "<?php\n/*\n * Plugin Name: Shop\r\n * version: 1.2\n */";
    check(plugin, &[("a.php", "<?php"), ("shop.php", header)], Ok(Some("1.2")));
    check(plugin, &[("s.php", "<?php /* Plugin Name: Shop */")], Ok(None));
    check(plugin, &[("inner/shop.php", header)], Err(()));
    check(plugin, &[("shop.txt", header)], Err(()));
    check(plugin, &[("shop.php", &format!("{}{header}", " ".repeat(9000)))], Err(()));
    check(plugin, &[], Err(()));
    check(theme, &[("style.css", "/*\nTheme Name: Plain\nVersion: 3\n*/")], Ok(Some("3")));
    check(theme, &[("style.css", "body {}")], Err(()));
    check(theme, &[("css/style.css", "/*\nTheme Name: Plain\n*/")], Err(()));
}

#[test]
fn names_of_folders_are_plain() {
    for name in ["", "..", "a/b", "-a", "a b", "ä", ".git", "a\n", &"x".repeat(101)] {
        let error = ExtensionKind::Plugin.check_name(name).unwrap_err();
        assert!(error.to_string().ends_with("is no name for a plugin"), "{error}");
    }
    for name in ["akismet", "twentytwentyfive", "a-b_3", "3", "Divi"] {
        assert_eq!(ExtensionKind::Theme.check_name(name), Ok(()));
    }
}

#[test]
fn a_language_pack_has_words_and_nothing_else() {
    let check = |locale: &str, files: &[(&str, &str)], message: &str| {
        let error = language(locale, tree(files)).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(!error.hint().is_empty());
    };
    let pack = [("de_DE.mo", ""), ("de_DE-1a.json", ""), ("themes/x-de_DE.l10n.php", "")];
    let tree = language("de_DE", tree(&pack)).unwrap();
    let expected = [
        "srv/wordpress/wp-content/languages/de_DE-1a.json",
        "srv/wordpress/wp-content/languages/de_DE.mo",
        "srv/wordpress/wp-content/languages/themes/x-de_DE.l10n.php",
    ];
    assert_eq!(paths(&tree), expected);
    check("fr_FR", &pack, "the language pack has no words of `fr_FR`");
    let evil = [("de_DE.mo", ""), ("evil.php", "")];
    check("de_DE", &evil, "the language pack has a file that is none: `evil.php`");
    let deep = [("de_DE.mo", ""), ("a/b.mo", "")];
    check("de_DE", &deep, "the language pack has a file that is none: `a`");
    for locale in ["", "../de", "DE", "de_de", "de_DE_", "de_DE_formal_x", "english"] {
        check(locale, &pack, &format!("`{locale}` is no language as WordPress names them"));
    }
    for locale in ["de_DE_formal", "fi", "kab"] {
        let words = [(format!("{locale}.l10n.php"), "")];
        let words: Vec<_> = words.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        assert!(language(locale, super::tests::tree(&words)).is_ok(), "{locale}");
    }
}

#[test]
fn further_files_stand_where_they_do_no_harm() {
    let at = |path: &str| {
        let contents: Arc<[u8]> = (*b"text").into();
        files(&BTreeMap::from([(PathBuf::from(path), contents)]))
    };
    let system = "it decides what runs in the container, and as whom";
    let mounted = "something else is mounted there when the container runs, so nobody would see it";
    for (path, why) in [
        ("/etc/passwd", system),
        ("/usr/lib/wpstack/init", system),
        ("/lib/x", system),
        ("/usr/bin/php", system),
        ("/etc/ld.so.preload", system),
        ("/etc/resolv.conf", mounted),
        ("/proc/x", mounted),
        ("/run/x/y", mounted),
        ("/tmp/x", mounted),
        ("/var/lib/nginx/x", mounted),
        ("/srv/wordpress/wp-content/uploads/x.png", mounted),
    ] {
        let error = at(path).unwrap_err();
        assert_eq!(error.to_string(), format!("no further file may stand at `{path}`: {why}"));
        assert!(!error.hint().is_empty());
    }
    for path in ["etc/x", "", "/", "/a/../etc/passwd", "/a//b", "/a/", "/a/./b"] {
        assert!(matches!(at(path), Err(FilesError::Path(_))), "{path}");
    }
    for path in
        ["/etc/ssl/database-ca.pem", "/srv/wordpress/robots.txt", "/usr/share/x", "/library"]
    {
        assert_eq!(paths(&at(path).unwrap()), [&path[1..]]);
    }
}
