//! Running what is in a tree.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use wpstack_image::tree::{Kind, Tree};

/// The extensions of PHP that WordPress, or a plugin that many sites have, asks for.
const EXTENSIONS: [&str; 25] = [
    "bcmath",
    "curl",
    "dom",
    "exif",
    "fileinfo",
    "gd",
    "gettext",
    "iconv",
    "igbinary",
    "imagick",
    "intl",
    "mbstring",
    "mysqli",
    "openssl",
    "pdo_mysql",
    "redis",
    "SimpleXML",
    "soap",
    "sockets",
    "sodium",
    "xml",
    "xmlreader",
    "Zend OPcache",
    "zip",
    "zlib",
];

/// Starts the programs of the tree, where a tree for this processor and root's rights are.
pub(crate) fn check(tree: &Tree) {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    write(tree, directory.path());
    let run = |program: &[&str]| run(directory.path(), program);

    for php in ["php-fpm8.4", "php8.4", "php"] {
        let modules = run(&[php, "-m"]);
        for extension in EXTENSIONS {
            assert!(modules.lines().any(|line| line == extension), "{php}: {extension}: {modules}");
        }
        assert!(!modules.contains("Warning"), "{modules}");
    }
    assert!(run(&["nginx", "-v"]).contains("nginx/"));
    assert!(run(&["awk", "BEGIN { print 6 * 7 }"]).contains("42"));
    assert!(run(&["s6-svscan", "-h"]).contains("usage: s6-svscan"));
    assert!(run(&["execlineb", "-c", "echo hello"]).contains("hello"));
    assert!(run(&["getent", "passwd", "www-data"]).contains(":33:33:"));
    let php = |code: &str| run(&["php", "-r", code]);
    assert_eq!(
        php("echo is_readable(openssl_get_cert_locations()['default_cert_file']) + 0;"),
        "1"
    );
    assert_eq!(php("echo iconv('ISO-8859-1', 'UTF-8', chr(0xfc));"), "ü");
    assert_eq!(php("date_default_timezone_set('Europe/Berlin'); echo date('T', 0);"), "CET");
    assert_eq!(php("echo in_array('WEBP', Imagick::queryFormats('*')) + 0;"), "1");
    assert_eq!(php("echo gd_info()['WebP Support'] + 0;"), "1");
}

/// What a program in the tree prints.
fn run(root: &Path, program: &[&str]) -> String {
    let output = Command::new("chroot").arg(root).args(program).env("LC_ALL", "C.UTF-8").output();
    let output = output.expect("`chroot` is needed, of Debian's package coreutils");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(
        !text.contains("cannot change root directory"),
        "this test has to be run as root, so that it can use chroot: {text}"
    );
    text
}

fn write(tree: &Tree, root: &Path) {
    for (path, node) in tree.iter() {
        let at = root.join(path.as_str());
        match &node.kind {
            Kind::Directory => std::fs::create_dir(&at).unwrap(),
            Kind::File(contents) => std::fs::write(&at, contents).unwrap(),
            Kind::Symlink(target) => symlink(target, &at).unwrap(),
            Kind::HardLink(_) => continue,
        }
        if !matches!(node.kind, Kind::Symlink(_)) {
            let mode = std::fs::Permissions::from_mode(node.mode);
            std::fs::set_permissions(&at, mode).unwrap();
        }
    }
    for (path, node) in tree.iter() {
        if let Kind::HardLink(target) = &node.kind {
            std::fs::hard_link(root.join(target.as_str()), root.join(path.as_str())).unwrap();
        }
    }
}
