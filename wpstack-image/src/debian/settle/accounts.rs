//! Users and groups.

use crate::tree::{Kind, Node, Tree};

use super::{SettleError, contents, text};

/// The group `shadow`, which may read `/etc/shadow`.
const SHADOW: u32 = 42;

/// Makes the files from base-passwd's masters. Nobody has a password.
pub(super) fn settle(tree: &mut Tree) -> Result<(), SettleError> {
    let master = text(tree, "usr/share/base-passwd/passwd.master")?;
    let has_bash = contents(tree, "usr/bin/bash")?.is_some();
    let (mut passwd, mut shadow) = (String::new(), String::new());
    for line in master.lines() {
        let Some((name, rest)) = line.split_once(":*:") else {
            return Err(SettleError::Missing("usr/share/base-passwd/passwd.master".to_owned()));
        };
        let rest = match rest.strip_suffix("/bin/bash") {
            Some(rest) if !has_bash => format!("{rest}/bin/sh"),
            _ => rest.to_owned(),
        };
        passwd = passwd + name + ":x:" + &rest + "\n";
        shadow = shadow + name + ":*::0:99999:7:::\n";
    }
    let group = text(tree, "usr/share/base-passwd/group.master")?.replace(":*:", ":x:");
    tree.file("etc/passwd".parse()?, passwd.into_bytes());
    tree.file("etc/group".parse()?, group.into_bytes());
    let shadow = Node::root(Kind::File(shadow.into_bytes().into()), 0o640).owned_by(0, SHADOW);
    let _before = tree.insert("etc/shadow".parse()?, shadow);
    Ok(())
}
