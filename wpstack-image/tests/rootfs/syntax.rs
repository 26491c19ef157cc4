//! Whether the programs understand their files.

use std::path::Path;
use std::process::Command;

use wpstack_core::image::ImageSpec;
use wpstack_image::rootfs;
use wpstack_image::tree::Kind;

use crate::container::{Network, command};
use crate::root::prepared;

/// Runs a command in a container of the root, as its user.
fn check(root: &Path, line: &str) -> String {
    let output = command(root, &Network::new(), &[], &["sh", "-c", line]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {text}");
    text
}

#[test]
fn the_programs_read_their_files() {
    let root = prepared();
    let nginx = check(
        root,
        "mkdir -p /run/wpstack/nginx; nginx -t -e stderr -c /etc/wpstack/nginx.conf 2>&1 | cat",
    );
    assert!(nginx.contains("test is successful"), "{nginx}");
    assert!(!nginx.contains("[warn]") && !nginx.contains("[alert]"), "{nginx}");
    let fpm = check(root, "php-fpm8.4 -t --fpm-config /etc/wpstack/php-fpm.conf 2>&1 | cat");
    assert!(!fpm.contains("ERROR") && !fpm.contains("WARNING"), "{fpm}");
    for (path, node) in rootfs::tree(&ImageSpec::default()).unwrap().iter() {
        let Kind::File(contents) = &node.kind else { continue };
        if path.as_str().ends_with(".php") {
            check(root, &format!("php8.4 -l /{path}"));
        } else if path.as_str().ends_with(".sh") || contents.starts_with(b"#!/bin/sh") {
            check(root, &format!("sh -n /{path}"));
        }
    }
}

#[test]
fn shellcheck_finds_nothing() {
    let root = prepared();
    for (path, node) in rootfs::tree(&ImageSpec::default()).unwrap().iter() {
        let Kind::File(contents) = &node.kind else { continue };
        if !path.as_str().ends_with(".sh") && !contents.starts_with(b"#!/bin/sh") {
            continue;
        }
        let mut shellcheck = Command::new("shellcheck");
        // The functions stand elsewhere while this is checked.
        let output = shellcheck
            .args(["--shell=sh", "--exclude=SC1091"])
            .arg(root.join(path.as_str()))
            .output();
        let output = output.expect("these tests need shellcheck: install it");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn php_takes_the_settings() {
    let names = [
        "max_input_vars",
        "memory_limit",
        "post_max_size",
        "opcache.validate_timestamps",
        "expose_php",
        "display_errors",
        "session.cookie_samesite",
        "disable_functions",
        "zend.exception_ignore_args",
    ];
    let script =
        format!("foreach ({} as $name) echo $name, '=', ini_get($name), ' ';", php_list(&names));
    for (interface, disabled) in [
        ("cli", "disable_functions= "),
        (
            "fpm",
            "disable_functions=dl,exec,passthru,pcntl_exec,pcntl_fork,phpinfo,popen,proc_open,shell_exec,system ",
        ),
    ] {
        let line = format!(
            "PHP_INI_SCAN_DIR=/etc/php/8.4/{interface}/conf.d php8.4 -d error_log= -r \"{}\"",
            script.replace('$', "\\$")
        );
        let told = check(prepared(), &line);
        let expected = "max_input_vars=4321 memory_limit=256M post_max_size=72M opcache.validate_timestamps=0 \
            expose_php= display_errors=0 session.cookie_samesite=Lax ";
        // The command line always displays errors, unless it is told otherwise.
        let told = told
            .replace("display_errors= ", "display_errors=0 ")
            .replace("expose_php=0 ", "expose_php= ");
        assert_eq!(
            told,
            format!("{expected}{disabled}zend.exception_ignore_args=1 "),
            "{interface}"
        );
    }
}

fn php_list(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("'{name}'")).collect();
    format!("[{}]", names.join(", "))
}
