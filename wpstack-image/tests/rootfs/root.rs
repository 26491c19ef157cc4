//! A root file system to start containers from.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use tokio::runtime::Runtime;
use wpstack_core::image::{Debian, ImageSpec, contract};
use wpstack_core::time::SystemClock;
use wpstack_core::value::Architecture;
use wpstack_image::fetch::{Fetcher, Silent};
use wpstack_image::testing::{machine, mirror};
use wpstack_image::tree::{Kind, Node, Tree};
use wpstack_image::{debian, rootfs};

/// What the tests themselves need, and the packages of Debian that have it.
const NEEDED: [(&str, &str); 8] = [
    ("/usr/sbin/mariadbd", "mariadb-server-core"),
    ("/usr/bin/mariadb", "mariadb-client-core"),
    ("/usr/bin/shellcheck", "shellcheck"),
    ("/usr/bin/curl", "curl"),
    ("/usr/bin/script", "bsdutils"),
    ("/usr/bin/nsenter", "util-linux"),
    ("/usr/bin/setpriv", "util-linux"),
    ("/usr/sbin/ip", "iproute2"),
];

/// The programs of the root are run.
const ARCHITECTURE: Architecture =
    if cfg!(target_arch = "aarch64") { Architecture::Arm64 } else { Architecture::X86_64 };

/// In place of WordPress: pages that tell what they were given.
const SITE: [(&str, &str); 13] = [
    ("index.php", "<?php require __DIR__ . '/wp-config.php';"),
    ("wp-login.php", "<?php echo 'log in';"),
    ("wp-admin/install.php", "<?php echo 'install';"),
    ("wp-admin/setup-config.php", "<?php echo 'set up';"),
    ("wp-includes/version.php", "<?php echo 'version';"),
    (
        "wp-includes/style.css",
        "body { color: black } /* long enough to be compressed: \
        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa */",
    ),
    ("xmlrpc.php", "<?php echo 'rpc';"),
    ("wp-cron.php", "<?php fwrite(STDERR, \"cron ran for {$_SERVER['HTTP_HOST']}\\n\"); exit;"),
    ("readme.html", "read me"),
    ("slow.php", "<?php touch('/tmp/slow-began'); sleep(3); echo 'finished';"),
    ("stuck.php", "<?php touch('/tmp/slow-began'); sleep(600);"),
    ("fails.php", "<?php trigger_error('a warning of PHP', E_USER_WARNING); echo 'went on';"),
    (
        "wp-settings.php",
        r"<?php
header('Content-Type: application/json');
echo json_encode([
    'https' => $_SERVER['HTTPS'] ?? '', 'host' => $_SERVER['HTTP_HOST'], 'port' => $_SERVER['SERVER_PORT'],
    'client' => $_SERVER['REMOTE_ADDR'], 'proto' => $_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '',
    'prefix' => $table_prefix, 'home' => defined('WP_HOME') ? WP_HOME : null, 'user' => DB_USER,
    'password' => hash('sha256', DB_PASSWORD), 'salt' => hash('sha256', NONCE_SALT),
    'mods' => DISALLOW_FILE_MODS, 'secure' => ini_get('session.cookie_secure'),
    'sessions' => ini_get('session.save_handler'), 'workers' => getenv('WPSTACK_PHP_WORKERS'),
    'upload' => ini_get('upload_max_filesize'), 'exec' => function_exists('exec'),
    'server' => $_SERVER, 'environment' => getenv(),
]);",
    ),
];

/// A root with the files of a recipe that believes the proxy of the test, and a site to ask.
pub(crate) fn prepared() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("root");
        if root.exists() {
            fs::remove_dir_all(&root).unwrap();
        }
        run(Command::new("cp").args(["-al", "--no-target-directory"]).arg(debian()).arg(&root));
        let mut spec = ImageSpec::default();
        spec.nginx.trusted_proxies =
            ["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()].into();
        spec.php.ini.insert("max_input_vars".parse().unwrap(), "4321".parse().unwrap());
        write(&rootfs::tree(&spec).unwrap(), &root);
        for (path, text) in SITE {
            let path = root.join(contract::WEB_ROOT.trim_start_matches('/')).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    })
}

/// The distribution of the image, made once and never written to.
fn debian() -> PathBuf {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    machine::install(&NEEDED, &temporary.join("apt"));
    let place = temporary.join("trixie");
    if !place.exists() {
        let cache = temporary.join("debian-cache");
        let fetcher = Fetcher::new(cache, Arc::new(SystemClock), Arc::new(Silent)).unwrap();
        let debian = Debian { mirror: mirror::of_this_machine(), ..Debian::default() };
        let made = debian::root(&debian, ARCHITECTURE, &fetcher);
        let made = Runtime::new().unwrap().block_on(made).unwrap();
        let part = tempfile::Builder::new().prefix("part").tempdir_in(temporary).unwrap();
        write(&made.tree, &part.path().join("root"));
        fs::rename(part.path().join("root"), &place).unwrap();
    }
    place
}

/// Puts the nodes of a tree below a directory, in place of what is there.
pub(crate) fn write(tree: &Tree, root: &Path) {
    // A second name can only be given to what is there.
    let is_link = |node: &Node| matches!(node.kind, Kind::HardLink(_));
    let files = tree.iter().filter(|(_, node)| !is_link(node));
    for (path, node) in files.chain(tree.iter().filter(|(_, node)| is_link(node))) {
        let place = root.join(path.as_str());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        if node.kind == Kind::Directory {
            fs::create_dir_all(&place).unwrap();
        } else if place.symlink_metadata().is_ok() {
            // Not written into: it may be a link to the root that is kept.
            fs::remove_file(&place).unwrap();
        }
        match &node.kind {
            Kind::Directory => {}
            Kind::File(contents) => fs::write(&place, contents).unwrap(),
            Kind::Symlink(target) => {
                symlink(target, &place).unwrap();
                continue;
            }
            Kind::HardLink(target) => fs::hard_link(root.join(target.as_str()), &place).unwrap(),
        }
        fs::set_permissions(&place, fs::Permissions::from_mode(node.mode)).unwrap();
        chown(&place, Some(node.user), Some(node.group)).unwrap();
    }
}

/// Runs a program to its good end.
pub(crate) fn run(command: &mut Command) {
    let output =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}: install it"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {text}; these tests need root and Debian's mirror"
    );
}
