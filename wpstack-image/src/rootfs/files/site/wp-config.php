<?php
/**
 * WordPress's configuration: everything from the environment, nothing from the image. The init program has checked it.
 *
 * Whether the visitor came by HTTPS is nginx's to say: it knows which proxies may be believed, and PHP gets the
 * parameter HTTPS. The headers themselves are never looked at.
 */

require_once '/usr/lib/wpstack/settings.php';

(static function (): void {
    $problems = WPStack\problems();
    if ($problems !== []) {
        error_log('wpstack: ' . implode('; ', $problems));
        http_response_code(500);
        exit('This site is not configured.');
    }
    $setting = WPStack\setting(...);

    define('DB_HOST', $setting('WORDPRESS_DB_HOST'));
    define('DB_USER', $setting('WORDPRESS_DB_USER'));
    define('DB_PASSWORD', $setting('WORDPRESS_DB_PASSWORD'));
    define('DB_NAME', $setting('WORDPRESS_DB_NAME'));
    define('DB_CHARSET', $setting('WORDPRESS_DB_CHARSET') ?? 'utf8mb4');
    define('DB_COLLATE', $setting('WORDPRESS_DB_COLLATE') ?? '');
    foreach (WPStack\SALTS as $salt) {
        define($salt, $setting('WORDPRESS_' . $salt));
    }

    $home = $setting('WORDPRESS_HOME');
    $files = $setting('WORDPRESS_SITEURL') ?? $home;
    if ($home !== null) {
        define('WP_HOME', rtrim($home, '/'));
    }
    if ($files !== null) {
        define('WP_SITEURL', rtrim($files, '/'));
    }

    // Errors go to the log, which is standard error, and never into a page.
    define('WP_DEBUG', WPStack\is_on('WORDPRESS_DEBUG'));
    define('WP_DEBUG_DISPLAY', false);
    define('WP_DEBUG_LOG', false);
    // The image is what it is: a change is a new image.
    define('DISALLOW_FILE_MODS', true);
    define('DISALLOW_FILE_EDIT', true);
    define('AUTOMATIC_UPDATER_DISABLED', true);
    define('WP_AUTO_UPDATE_CORE', false);
    define('FS_METHOD', 'direct');
    // A service of the container looks after what is scheduled, not the visitors.
    define('DISABLE_WP_CRON', true);
    define('WP_MEMORY_LIMIT', '{{memory_mebibytes}}M');
    define('WP_MAX_MEMORY_LIMIT', '{{memory_mebibytes}}M');
{{language}}
    $redis = $setting('WORDPRESS_REDIS_HOST');
    if ($redis !== null) {
        $scheme = $setting('WORDPRESS_REDIS_SCHEME') ?? 'tcp';
        $port = (int) ($setting('WORDPRESS_REDIS_PORT') ?? '6379');
        $password = $setting('WORDPRESS_REDIS_PASSWORD');
        // Sites that share a Redis keep apart by database and prefix.
        $site = DB_NAME . ':' . ($setting('WORDPRESS_TABLE_PREFIX') ?? 'wp_') . ':';
        define('WP_REDIS_CLIENT', 'phpredis');
        define('WP_REDIS_SCHEME', $scheme);
        define('WP_REDIS_HOST', $redis);
        define('WP_REDIS_PORT', $port);
        define('WP_REDIS_PREFIX', $site);
        define('WP_REDIS_TIMEOUT', 1);
        define('WP_REDIS_READ_TIMEOUT', 1);
        // A page without its cache is better than none.
        define('WP_REDIS_GRACEFUL', true);
        if ($password !== null) {
            define('WP_REDIS_PASSWORD', $password);
        }
        // Plugins' sessions, so that it does not matter which container answers.
        $query = ['timeout' => '1', 'read_timeout' => '1', 'prefix' => $site . 'session:', 'auth' => $password];
        ini_set('session.save_handler', 'redis');
        ini_set('session.save_path', "$scheme://$redis:$port?" . http_build_query($query));
    }
    if (($_SERVER['HTTPS'] ?? '') !== 'on') {
        ini_set('session.cookie_secure', '0');
    }
    WPStack\forget();
})();

// Checked by WPStack\problems().
$table_prefix = WPStack\setting('WORDPRESS_TABLE_PREFIX') ?? 'wp_';

if (!defined('ABSPATH')) {
    define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
