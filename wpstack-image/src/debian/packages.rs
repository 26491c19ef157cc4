//! What the image is made of, apart from what these packages bring along.

/// The packages of every image, each with the reason.
pub(crate) const PACKAGES: [(&str, &str); 37] = [
    ("base-files", "the directories, the name of the system, texts of licences"),
    ("base-passwd", "users and groups"),
    ("ca-certificates", "whom WordPress believes when it fetches updates"),
    ("coreutils", "for scripts, and for a person who looks around"),
    ("dash", "the shell"),
    ("diffutils", "for a person who looks around"),
    ("execline", "the language of s6's scripts"),
    ("findutils", "for a person who looks around"),
    ("grep", "for scripts, and for a person who looks around"),
    ("gzip", "for a person who looks around"),
    ("hostname", "for scripts"),
    ("libc-bin", "the names of C.UTF-8, and getent"),
    ("libc6", "what every program stands on"),
    ("mawk", "for scripts"),
    ("media-types", "which endings of files mean which type"),
    ("netbase", "names of protocols and ports"),
    ("nginx", "the web server"),
    ("php8.4-bcmath", "for plugins that calculate with money"),
    ("php8.4-cli", "scheduled events, and wp-cli"),
    ("php8.4-curl", "how WordPress fetches what it needs"),
    ("php8.4-fpm", "what runs WordPress"),
    ("php8.4-gd", "images"),
    ("php8.4-igbinary", "smaller entries in the object cache"),
    ("php8.4-imagick", "images, and previews of documents"),
    ("php8.4-intl", "names of domains, and sorting in every language"),
    ("php8.4-mbstring", "texts that are not English"),
    ("php8.4-mysql", "the database"),
    ("php8.4-opcache", "compiled scripts in memory"),
    ("php8.4-readline", "php8.4-cli asks for it"),
    ("php8.4-redis", "the object cache"),
    ("php8.4-soap", "for plugins that speak to shops and carriers"),
    ("php8.4-xml", "feeds, imports and site maps"),
    ("php8.4-zip", "how plugins and themes are unpacked"),
    ("s6", "starts nginx and php-fpm, and starts them again"),
    ("sed", "for scripts"),
    ("tar", "for a person who takes files away"),
    ("tzdata", "the zones of time that PHP knows"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_named_once() {
        assert!(PACKAGES.is_sorted_by(|(one, _), (next, _)| one < next));
    }
}
