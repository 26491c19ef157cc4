//! Alpine's packages. Unverified: see the documentation of this module's parent.

use super::value::{self, ValueError};
use wpstack_core::image::contract;

/// What the image needs of Alpine. Its init program and services use options that BusyBox's tools do not have.
const PACKAGES: [&str; 34] = [
    "ca-certificates",
    "coreutils",
    "nginx",
    "php84",
    "php84-bcmath",
    "php84-ctype",
    "php84-curl",
    "php84-dom",
    "php84-exif",
    "php84-fileinfo",
    "php84-fpm",
    "php84-gd",
    "php84-iconv",
    "php84-intl",
    "php84-mbstring",
    "php84-mysqli",
    "php84-opcache",
    "php84-openssl",
    "php84-pcntl",
    "php84-pecl-imagick",
    "php84-pecl-redis",
    "php84-phar",
    "php84-posix",
    "php84-session",
    "php84-simplexml",
    "php84-sodium",
    "php84-sockets",
    "php84-tokenizer",
    "php84-xml",
    "php84-xmlreader",
    "php84-xmlwriter",
    "php84-zip",
    "s6",
    "tzdata",
];

/// What stands elsewhere than in Debian. PHP has one directory of settings for all its programs there.
pub(super) const END: &str = "\
RUN ln -s php84 /usr/bin/php8.4 \\
 && ln -s php-fpm84 /usr/sbin/php-fpm8.4 \\
 && cp /etc/php84/conf.d/*.ini /etc/php/8.4/cli/conf.d/ \\
 && cp /etc/php84/conf.d/*.ini /etc/php/8.4/fpm/conf.d/ \\
 && rm -r /etc/php84/conf.d \\
 && ln -s /etc/php/8.4/fpm/conf.d /etc/php84/conf.d
";

/// The base and the packages on it.
pub(super) fn begin(release: &str, from: Option<&str>) -> Result<String, ValueError> {
    let dated = format!("alpine:{}", value::release(release)?);
    let from = from.map_or(Ok(dated.as_str()), value::reference)?;
    let packages: String = PACKAGES.iter().map(|name| format!("    {name} \\\n")).collect();
    let user = contract::USER;
    // Alpine has neither a user 33 nor a group of that number.
    Ok(format!(
        "FROM {from}\n\
         RUN apk add --no-cache \\\n\
         {packages} \
         && addgroup -S -g {user} wordpress \\\n \
         && adduser -S -D -H -u {user} -G wordpress -h /var/empty -s /sbin/nologin wordpress\n"
    ))
}
