<?php
/**
 * What the environment says. Names are those of Docker's official image of WordPress. `NAME_FILE`, the path of a file
 * that has the value, comes before `NAME`.
 */

declare(strict_types=1);

namespace WPStack;

const SALTS = [
    'AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY',
    'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT',
];

const REQUIRED = ['WORDPRESS_DB_HOST', 'WORDPRESS_DB_USER', 'WORDPRESS_DB_PASSWORD', 'WORDPRESS_DB_NAME'];

/** What a value has to look like, and how that is said. */
const FORMS = [
    'WORDPRESS_DB_HOST' => ['/^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)?(?::[0-9]{1,5})?(?::?\/[^\s:]+)?$/D',
        'write a host name, with a port where it is not 3306: `db.example.com:3306`'],
    'WORDPRESS_DB_CHARSET' => ['/^[a-z0-9_]{1,64}$/D', 'write a character set of MySQL, as in `utf8mb4`'],
    'WORDPRESS_DB_COLLATE' => ['/^[a-z0-9_]{1,64}$/D', 'write a collation of MySQL, as in `utf8mb4_unicode_520_ci`'],
    'WORDPRESS_TABLE_PREFIX' => ['/^[A-Za-z0-9_]{1,20}$/D', 'write up to 20 letters, digits and underscores, as in `wp_`'],
    'WORDPRESS_DEBUG' => ['/^(?:1|0|true|false|yes|no|on|off)$/Di', 'write `1` or `0`'],
    'WORDPRESS_HOME' => ['/^https?:\/\/[^\s\/?#@"\'<>\\\\]+(?:\/[^\s?#"\'<>\\\\]*)?$/D',
        'write the whole address, as in `https://blog.example.com`'],
    'WORDPRESS_SITEURL' => ['/^https?:\/\/[^\s\/?#@"\'<>\\\\]+(?:\/[^\s?#"\'<>\\\\]*)?$/D',
        'write the whole address, as in `https://blog.example.com`'],
    'WORDPRESS_PHP_WORKERS' => ['/^(?:[1-9][0-9]{0,2}|1000)$/D', 'write a number from 1 to 1000'],
    'WORDPRESS_CRON_INTERVAL' => ['/^(?:0|[1-9][0-9]{0,4})$/D', 'write a number of seconds, or `0` for never'],
    'WORDPRESS_REDIS_HOST' => ['/^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)$/D', 'write a host name without a port'],
    'WORDPRESS_REDIS_PORT' => ['/^[1-9][0-9]{0,4}$/D', 'write a port, as in `6379`'],
    'WORDPRESS_REDIS_SCHEME' => ['/^(?:tcp|tls)$/D', 'write `tcp` or `tls`'],
    'WORDPRESS_REDIS_PASSWORD' => ['/^[^\0]+$/Ds', 'it holds a NUL byte'],
];

/** The value of a setting, or null where there is none. */
function setting(string $name): ?string
{
    // Only the environment of the process: otherwise PHP would look among the parameters of the request first.
    $file = getenv($name . '_FILE', true);
    if ($file !== false && $file !== '') {
        $value = @file_get_contents($file);
        $value = $value === false ? '' : rtrim($value, "\r\n");
    } else {
        $value = getenv($name, true);
    }
    return $value === false || $value === '' ? null : $value;
}

/** Whether a setting says yes. */
function is_on(string $name): bool
{
    return filter_var(setting($name) ?? '0', FILTER_VALIDATE_BOOLEAN);
}

/** @return list<string> the variables that have to be there */
function required(): array
{
    return [...REQUIRED, ...array_map(static fn (string $salt): string => 'WORDPRESS_' . $salt, SALTS)];
}

/** @return list<string> what is wrong with the environment, and what to do; never a value that is secret */
function problems(): array
{
    $problems = [];
    $missing = [];
    foreach (array_unique([...required(), ...array_keys(FORMS)]) as $name) {
        $file = getenv($name . '_FILE', true);
        if ($file !== false && $file !== '' && !is_readable($file)) {
            $problems[] = "{$name}_FILE names `$file`, which user " . posix_geteuid()
                . ' cannot read: mount the file there, readable for that user';
            continue;
        }
        $value = setting($name);
        if ($value === null) {
            if (in_array($name, required(), true)) {
                $missing[] = $name;
            }
            continue;
        }
        [$form, $help] = FORMS[$name] ?? ['/^[^\0]+$/Ds', 'it holds a NUL byte'];
        if (preg_match($form, $value) !== 1) {
            $problems[] = "$name is not what it should be: $help";
        } elseif (str_starts_with($value, 'put your unique phrase')) {
            $problems[] = "$name is WordPress's example: make a key of your own";
        }
    }
    if ($missing !== []) {
        $names = implode(', ', $missing);
        $problems = [
            count($missing) === 1
                ? "$names is not set: set it, or {$missing[0]}_FILE to the path of a file that has the value"
                : "$names are not set: set each, or NAME_FILE (as in {$missing[0]}_FILE) to the path of a file that has "
                    . 'the value',
            ...$problems,
        ];
    }
    return $problems;
}

/** Takes what is secret out of reach of whatever shows its environment: error pages, plugins' reports. */
function forget(): void
{
    $names = array_map(static fn (string $salt): string => 'WORDPRESS_' . $salt, SALTS);
    foreach ([...$names, 'WORDPRESS_DB_PASSWORD', 'WORDPRESS_REDIS_PASSWORD'] as $name) {
        unset($_SERVER[$name], $_ENV[$name]);
        // Until the end of this request.
        putenv($name);
    }
}
