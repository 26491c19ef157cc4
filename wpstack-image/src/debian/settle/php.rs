//! PHP: which extensions are on, in which order.

use std::collections::BTreeSet;

use crate::tree::Tree;

use super::{SettleError, contents, copy, link};

/// Does what `phpenmod` does for every extension and every way to run PHP, and gives each its php.ini.
pub(super) fn settle(tree: &mut Tree) -> Result<(), SettleError> {
    for (version, sapi) in sapis(tree) {
        offer(tree, &version)?;
        enable(tree, &version, &sapi)?;
        let library = format!("usr/lib/php/{version}/php.ini-production");
        let ini = format!("etc/php/{version}/{sapi}/php.ini");
        copy(tree, &library, &ini)?;
        copy(tree, &format!("{library}.{sapi}"), &ini)?;
        if sapi == "cli" {
            for program in ["php", "phar", "phar.phar"] {
                link(tree, &format!("usr/bin/{program}"), &format!("{program}{version}"))?;
            }
        }
    }
    Ok(())
}

/// The versions of PHP with their ways to run it: `usr/lib/php/8.4/sapi/fpm`.
fn sapis(tree: &Tree) -> BTreeSet<(String, String)> {
    let paths = tree.iter().map(|(path, _)| path.as_str());
    let parts = paths.filter_map(|path| path.strip_prefix("usr/lib/php/")?.split_once("/sapi/"));
    parts.map(|(version, sapi)| (version.to_owned(), sapi.to_owned())).collect()
}

/// Copies what extensions say about themselves to where settings are looked for:
/// `usr/share/php8.4-mysql/mysql/mysqli.ini`.
fn offer(tree: &mut Tree, version: &str) -> Result<(), SettleError> {
    let start = format!("usr/share/php{version}-");
    let templates = tree.iter().map(|(path, _)| path.as_str());
    let templates = templates.filter(|path| path.starts_with(&start) && path.ends_with(".ini"));
    let templates: Vec<_> = templates.map(str::to_owned).collect();
    for template in templates {
        let name = template.rsplit('/').next().unwrap_or_default();
        copy(tree, &template, &format!("etc/php/{version}/mods-available/{name}"))?;
    }
    Ok(())
}

fn enable(tree: &mut Tree, version: &str, sapi: &str) -> Result<(), SettleError> {
    let available = format!("etc/php/{version}/mods-available/");
    let names = tree.iter().filter_map(|(path, _)| path.as_str().strip_prefix(&available));
    let names: Vec<_> =
        names.filter_map(|name| Some(name.strip_suffix(".ini")?.to_owned())).collect();
    for name in names {
        let file = format!("{available}{name}.ini");
        let settings = contents(tree, &file)?.unwrap_or_default();
        let priority = priority(&String::from_utf8_lossy(&settings));
        link(
            tree,
            &format!("etc/php/{version}/{sapi}/conf.d/{priority}-{name}.ini"),
            &format!("/{file}"),
        )?;
    }
    Ok(())
}

/// Extensions that others need come first: `; priority=15`. All others have 20.
fn priority(settings: &str) -> String {
    let found = settings.lines().find_map(|line| {
        line.trim_start_matches([';', ' ']).strip_prefix("priority=").map(str::trim)
    });
    let found = found.filter(|text| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()));
    found.unwrap_or("20").to_owned()
}
