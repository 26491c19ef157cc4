//! What a container of the image offers, and what it asks for: the agreement between the image and whatever runs it.

use crate::value::Port;

/// Where nginx listens. Above 1023, so that no privilege is needed.
pub const PORT: Port = Port::HTTP_ALTERNATIVE;
/// Answered by nginx alone: whether the container lives.
pub const HEALTH: &str = "/healthz";
/// Answered through php-fpm, without WordPress and database: whether it can take requests.
pub const READY: &str = "/readyz";
/// WordPress, owned by root.
pub const WEB_ROOT: &str = "/srv/wordpress";
/// The only part of WordPress that is written to: a volume, shared by all containers of a site.
pub const UPLOADS: &str = "/srv/wordpress/wp-content/uploads";
/// The user and the group that everything runs as: `www-data`.
pub const USER: u32 = 33;
/// What the container starts. It checks the environment and becomes the supervisor.
pub const INIT: &str = "/usr/lib/wpstack/init";
/// What has to be writable beside the uploads, in memory, when the root is read-only. `/run` has to allow programs.
pub const WRITABLE: [&str; 3] = ["/run", "/tmp", "/var/lib/nginx"];

/// The environment of a container. Each variable may be given as `NAME_FILE` too, with the path of a file that has
/// the value; names are those of Docker's official image of WordPress.
pub mod variable {
    /// Host name and port of the database: `db.example.com:3306`. Required.
    pub const DB_HOST: &str = "WORDPRESS_DB_HOST";
    /// The user of the database. Required.
    pub const DB_USER: &str = "WORDPRESS_DB_USER";
    /// The password of the database. Required.
    pub const DB_PASSWORD: &str = "WORDPRESS_DB_PASSWORD";
    /// The name of the database. Required.
    pub const DB_NAME: &str = "WORDPRESS_DB_NAME";
    /// The character set of the tables: `utf8mb4` unless given.
    pub const DB_CHARSET: &str = "WORDPRESS_DB_CHARSET";
    /// The collation of the tables.
    pub const DB_COLLATE: &str = "WORDPRESS_DB_COLLATE";
    /// What the names of the tables begin with: `wp_` unless given.
    pub const TABLE_PREFIX: &str = "WORDPRESS_TABLE_PREFIX";
    /// Whether errors are logged in detail.
    pub const DEBUG: &str = "WORDPRESS_DEBUG";
    /// The address that visitors use: `https://blog.example.com`. Unless given, the database's.
    pub const HOME: &str = "WORDPRESS_HOME";
    /// The address of WordPress's own files, when it differs from the home.
    pub const SITE_URL: &str = "WORDPRESS_SITEURL";
    /// How many requests PHP works on at a time. Unless given, what the container's memory allows.
    pub const PHP_WORKERS: &str = "WORDPRESS_PHP_WORKERS";
    /// Host name of a Redis, for object cache and sessions.
    pub const REDIS_HOST: &str = "WORDPRESS_REDIS_HOST";
    /// Port of that Redis: 6379 unless given.
    pub const REDIS_PORT: &str = "WORDPRESS_REDIS_PORT";
    /// `tcp` or `tls`.
    pub const REDIS_SCHEME: &str = "WORDPRESS_REDIS_SCHEME";
    /// The password of that Redis.
    pub const REDIS_PASSWORD: &str = "WORDPRESS_REDIS_PASSWORD";
    /// How many seconds pass between two looks at what WordPress has scheduled: 60 unless given, 0 for never.
    pub const CRON_INTERVAL: &str = "WORDPRESS_CRON_INTERVAL";
    /// The keys and salts, the same in all containers of a site. All required.
    pub const SALTS: [&str; 8] = [
        "WORDPRESS_AUTH_KEY",
        "WORDPRESS_SECURE_AUTH_KEY",
        "WORDPRESS_LOGGED_IN_KEY",
        "WORDPRESS_NONCE_KEY",
        "WORDPRESS_AUTH_SALT",
        "WORDPRESS_SECURE_AUTH_SALT",
        "WORDPRESS_LOGGED_IN_SALT",
        "WORDPRESS_NONCE_SALT",
    ];
}
