//! Everything in the image that is ours: the configuration of nginx and PHP, the services, the init program, and
//! WordPress's `wp-config.php`. Texts and a few settings of the recipe; nothing is fetched or run.
//!
//! # What runs
//! [`contract::INIT`] checks the environment and the database's answer, then becomes `s6-svscan`, the first process of
//! the container. That keeps nginx, php-fpm and a loop for scheduled events running, and starts again what was killed.
//! SIGTERM, SIGINT and SIGQUIT let requests end, nginx's first, then PHP's, within 25 seconds; the exit code is 0 then.
//! It is 78 when the environment is not whole, and 77 when the database refuses the user.
//!
//! Everything runs as [`contract::USER`] on a root that may be read-only. Below `/run/wpstack` stands what is made at
//! start: the copied services, the sockets, the sizes.
//!
//! # What it writes
//! Standard output has one line of JSON for every request, but for the two that health checks ask for. Numbers are
//! numbers, everything else is text:
//!
//! | name | what it is |
//! |---|---|
//! | `time` | when the answer was sent, as in `2026-11-01T00:00:00+00:00` |
//! | `client` | the visitor's address: the last one of `X-Forwarded-For` that is no trusted proxy's |
//! | `method`, `scheme`, `host`, `uri`, `protocol` | the request; without the query where it holds the key of a new password |
//! | `status`, `bytes` | the answer: its code, and the length of its body as sent |
//! | `seconds` | how long it took |
//! | `php_seconds` | how long PHP took, as text: empty where PHP was not asked, several with commas where it was asked again |
//! | `referer`, `agent`, `trace` | the headers `Referer`, `User-Agent` and `X-Amzn-Trace-Id` |
//!
//! Bytes that are no UTF-8 stand there as they came.
//!
//! Standard error has what nginx, php-fpm, PHP and WordPress complain about, and lines that begin with `wpstack: `.

mod render;
#[cfg(test)]
mod tests;

use wpstack_core::image::{Base, ImageSpec, LanguagePack, PhpPool, Release, contract};
use wpstack_core::value::Mebibytes;

pub use self::render::RenderError;
use self::render::Template;
use crate::tree::{Kind, Node, PathError, Tree};

/// Why the files cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// They are written for Debian's places and versions.
    #[error(
        "the configuration of the image is for Debian; set the recipe's base to a release of Debian"
    )]
    NotDebian,
    /// A setting that would change what stands around it.
    #[error("the configuration of the image cannot be written")]
    Render(#[from] RenderError),
    /// A path that no image has.
    #[error("the configuration of the image has no place")]
    Path(#[from] PathError),
}

/// How much larger than the largest upload a request may be: the other fields of its form.
const FORM: u32 = 8;
/// How much later than PHP's own limit php-fpm ends a request, in seconds.
const TERMINATE: u32 = 5;
/// How much later than that nginx gives up, in seconds.
const READ: u32 = 5;

/// The files, as root's, except for the places that the image's user writes to.
///
/// # Errors
/// If the recipe is not of Debian, or a setting has characters that would end the line or the quotes it stands in:
/// [`ImageSpec::flaws`] tells which.
pub fn tree(spec: &ImageSpec) -> Result<Tree, Error> {
    let Base::Debian(debian) = &spec.base else { return Err(Error::NotDebian) };
    let version = php_version(debian.release);
    let mut tree = Tree::new();
    site(spec, &mut tree)?;
    nginx(spec, &mut tree)?;
    php(spec, version, &mut tree)?;
    programs(version, &mut tree)?;
    services(version, &mut tree)?;
    places(&mut tree)?;
    Ok(tree.with_parents())
}

/// The version of PHP that a release of Debian has.
#[must_use]
pub fn php_version(release: Release) -> &'static str {
    match release {
        Release::Trixie => "8.4",
    }
}

fn site(spec: &ImageSpec, tree: &mut Tree) -> Result<(), Error> {
    let line = "    // WordPress's language until one is chosen.\n    define('WPLANG', '{}');";
    let locale = spec.language.iter().map(|LanguagePack { locale, source: _ }| locale);
    let text = Template::new("wp-config.php", include_str!("files/site/wp-config.php"))
        .set("memory_mebibytes", &spec.php.memory_limit.0)?
        .lines("language", line, locale)?
        .finish()?;
    tree.file(format!("{}/wp-config.php", contract::WEB_ROOT).parse()?, text.into_bytes());
    Ok(())
}

fn nginx(spec: &ImageSpec, tree: &mut Tree) -> Result<(), Error> {
    let php = &spec.php;
    let trusted = &spec.nginx.trusted_proxies;
    let text = Template::new("nginx.conf", include_str!("files/nginx/nginx.conf"))
        .set("upload_mebibytes", &php.upload_limit.0)?
        .set("body_mebibytes", &body(php.upload_limit))?
        .set("static_seconds", &spec.nginx.static_lifetime.0)?
        .set("port", &contract::PORT)?
        .set("web_root", &contract::WEB_ROOT)?
        .set("health", &contract::HEALTH)?
        .set("ready", &contract::READY)?
        .lines("real_ip", "    set_real_ip_from {};", trusted)?
        .lines("trusted", "        {} 1;", trusted)?
        .finish()?;
    tree.file("etc/wpstack/nginx.conf".parse()?, text.into_bytes());
    let read = php.time_limit.0.saturating_add(TERMINATE + READ);
    let text = Template::new("fastcgi.conf", include_str!("files/nginx/fastcgi.conf"))
        .set("read_seconds", &read)?
        .finish()?;
    tree.file("etc/wpstack/nginx/fastcgi.conf".parse()?, text.into_bytes());
    let headers = include_bytes!("files/nginx/headers.conf");
    tree.file("etc/wpstack/nginx/headers.conf".parse()?, *headers);
    Ok(())
}

fn php(spec: &ImageSpec, version: &str, tree: &mut Tree) -> Result<(), Error> {
    let php = &spec.php;
    let text = Template::new("php-fpm.conf", include_str!("files/php/php-fpm.conf"))
        .set("terminate_seconds", &php.time_limit.0.saturating_add(TERMINATE))?
        .finish()?;
    tree.file("etc/wpstack/php-fpm.conf".parse()?, text.into_bytes());
    let is_large = php.opcache >= Mebibytes(256);
    let general = Template::new("php.ini", include_str!("files/php/php.ini"))
        .set("memory_mebibytes", &php.memory_limit.0)?
        .set("time_seconds", &php.time_limit.0)?
        .set("upload_mebibytes", &php.upload_limit.0)?
        .set("body_mebibytes", &body(php.upload_limit))?
        .set("opcache_mebibytes", &php.opcache.0)?
        .set("strings_mebibytes", if is_large { &32 } else { &16 })?
        .set("opcache_files", if is_large { &20_000 } else { &10_000 })?
        .finish()?;
    let mut settings = String::new();
    for (name, value) in &php.ini {
        let line = Template::new("php.ini", "{{name}} = \"{{value}}\"\n");
        settings += &line.set("name", name)?.set("value", value)?.finish()?;
    }
    let recipe = include_str!("files/php/recipe.ini").replace("{{settings}}\n", &settings);
    for interface in ["cli", "fpm"] {
        let place = format!("etc/php/{version}/{interface}/conf.d");
        tree.file(format!("{place}/90-wpstack.ini").parse()?, general.clone().into_bytes());
        tree.file(format!("{place}/99-recipe.ini").parse()?, recipe.clone().into_bytes());
    }
    let web = include_bytes!("files/php/web.ini");
    tree.file(format!("etc/php/{version}/fpm/conf.d/91-wpstack-web.ini").parse()?, *web);
    // What Debian's alternatives would make, for those who start the container with a command.
    tree.symlink("usr/bin/php".parse()?, format!("php{version}"));
    Ok(())
}

fn programs(version: &str, tree: &mut Tree) -> Result<(), Error> {
    let text = Template::new("init", include_str!("files/lib/init"))
        .set("php_version", &version)?
        .set("port", &contract::PORT)?
        .finish()?;
    tree.program(contract::INIT.parse()?, text.into_bytes());
    let text = Template::new("functions.sh", include_str!("files/lib/functions.sh"))
        .set("pool_base", &PhpPool::BASE.0)?
        .set("pool_worker", &PhpPool::WORKER.0)?
        .set("pool_fewest", &PhpPool::FEWEST)?
        .set("pool_most", &PhpPool::MOST)?
        .finish()?;
    tree.file("usr/lib/wpstack/functions.sh".parse()?, text.into_bytes());
    let text = Template::new("cron.php", include_str!("files/lib/cron.php"))
        .set("web_root", &contract::WEB_ROOT)?
        .finish()?;
    tree.file("usr/lib/wpstack/cron.php".parse()?, text.into_bytes());
    for (name, text) in [
        ("settings.php", include_str!("files/lib/settings.php")),
        ("database.php", include_str!("files/lib/database.php")),
        ("preflight.php", include_str!("files/lib/preflight.php")),
    ] {
        tree.file(format!("usr/lib/wpstack/{name}").parse()?, text.as_bytes());
    }
    Ok(())
}

/// The services, and what the supervisor does on a signal. <https://skarnet.org/software/s6/servicedir.html>
fn services(version: &str, tree: &mut Tree) -> Result<(), Error> {
    let place = |path: &str| format!("usr/lib/wpstack/services/{path}").parse();
    let php = Template::new("php-fpm/run", include_str!("files/services/php-fpm/run"))
        .set("php_version", &version)?
        .finish()?;
    let cron = Template::new("cron/run", include_str!("files/services/cron/run"))
        .set("php_version", &version)?
        .finish()?;
    tree.program(place("php-fpm/run")?, php.into_bytes());
    tree.program(place("cron/run")?, cron.into_bytes());
    let finish = include_bytes!("files/services/finish");
    for (path, text) in [
        ("nginx/run", &include_bytes!("files/services/nginx/run")[..]),
        ("nginx/finish", finish),
        ("nginx/log/run", include_bytes!("files/services/nginx/log/run")),
        ("php-fpm/finish", finish),
        ("php-fpm/log/run", include_bytes!("files/services/php-fpm/log/run")),
    ] {
        tree.program(place(path)?, text);
    }
    for (service, milliseconds) in [("nginx", 15_000), ("php-fpm", 8_000), ("cron", 20_000)] {
        let text = format!("{milliseconds}\n");
        tree.file(place(&format!("{service}/timeout-kill"))?, text.into_bytes());
    }
    // Both end gracefully on this one, and at once on SIGTERM.
    for service in ["nginx", "php-fpm"] {
        tree.file(place(&format!("{service}/down-signal"))?, *b"SIGQUIT\n");
    }
    for signal in ["SIGTERM", "SIGINT", "SIGQUIT"] {
        let path = format!("usr/lib/wpstack/supervisor/{signal}");
        tree.program(path.parse()?, *include_bytes!("files/supervisor/drain"));
    }
    Ok(())
}

/// What the image's user writes to, for containers that mount nothing there. A new volume takes the owner from here.
fn places(tree: &mut Tree) -> Result<(), Error> {
    for path in [contract::UPLOADS, "/run/wpstack"] {
        let owned = Node::root(Kind::Directory, 0o755).owned_by(contract::USER, contract::USER);
        tree.insert(path.parse()?, owned);
    }
    // Up to version 1.1 runc gives a tmpfs the permissions that the directory below it has, whatever mode was asked for.
    for path in contract::WRITABLE {
        tree.insert(path.parse()?, Node::root(Kind::Directory, 0o1777));
    }
    Ok(())
}

/// The largest request that carries an upload of that size, in MiB.
fn body(upload: Mebibytes) -> u32 {
    upload.0.saturating_add(FORM)
}
