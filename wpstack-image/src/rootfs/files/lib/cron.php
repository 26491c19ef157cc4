<?php
/**
 * Does what WordPress has scheduled, if there is a WordPress yet. Says something only when that changes, not every
 * minute.
 */

declare(strict_types=1);

namespace WPStack;

require __DIR__ . '/settings.php';
require __DIR__ . '/database.php';

const STATE = '/run/wpstack/cron.state';

/** @return array{string, ?string} what there is, in words, and the site's address where WordPress is installed */
function state(): array
{
    [$database, $number] = connect();
    if ($database === null) {
        return ["scheduled events wait: the database cannot be used (error $number)", null];
    }
    $table = (setting('WORDPRESS_TABLE_PREFIX') ?? 'wp_') . 'options';
    $found = @$database->query("SELECT option_value FROM `$table` WHERE option_name = 'siteurl'");
    $row = $found instanceof \mysqli_result ? $found->fetch_row() : null;
    $database->close();
    return is_array($row) && is_string($row[0])
        ? ['scheduled events are looked after', $row[0]]
        : ['scheduled events wait: WordPress is not installed yet', null];
}

[$state, $address] = state();
if (@file_get_contents(STATE) !== $state) {
    file_put_contents(STATE, $state);
    fwrite(STDERR, "wpstack: $state\n");
}
if ($address === null) {
    exit(0);
}

// Plugins expect a request, also where there is none.
$address = parse_url(setting('WORDPRESS_HOME') ?? $address);
$_SERVER['HTTP_HOST'] = ($address['host'] ?? 'localhost') . (isset($address['port']) ? ':' . $address['port'] : '');
$_SERVER['SERVER_NAME'] = $address['host'] ?? 'localhost';
$_SERVER['REQUEST_METHOD'] = 'GET';
$_SERVER['REQUEST_URI'] = '/wp-cron.php';
$_SERVER['REMOTE_ADDR'] = '127.0.0.1';
$_SERVER['HTTP_USER_AGENT'] = 'wpstack cron';
if (($address['scheme'] ?? '') === 'https') {
    $_SERVER['HTTPS'] = 'on';
}
chdir('{{web_root}}');
// WordPress expects its variables to be global, and it does not return.
require '{{web_root}}/wp-cron.php';
