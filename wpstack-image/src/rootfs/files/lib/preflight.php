<?php
/**
 * Asked before anything starts: whether the environment is whole, and whether the database takes the user. Says what
 * is wrong in one line and ends with 78 (EX_CONFIG) or 77 (EX_NOPERM). A database that does not answer is no reason
 * not to start: it may come back, and replacing containers does not help it.
 */

declare(strict_types=1);

namespace WPStack;

require __DIR__ . '/settings.php';
require __DIR__ . '/database.php';

/** One line, whatever the texts hold. */
function tell(string $text): void
{
    fwrite(STDERR, 'wpstack: ' . preg_replace('/[[:cntrl:]]+/', ' ', $text) . "\n");
}

$problems = problems();
if ($problems !== []) {
    tell(implode('; ', $problems));
    exit(78);
}
[$database, $number, $words] = connect();
if ($database !== null) {
    $database->close();
    exit(0);
}
[$host, $name, $user] = array_map(setting(...), ['WORDPRESS_DB_HOST', 'WORDPRESS_DB_NAME', 'WORDPRESS_DB_USER']);
if (!in_array($number, REFUSALS, true)) {
    tell("the database at `$host` cannot be reached (error $number); starting anyway, pages will fail until it can");
    exit(0);
}
tell(match ($number) {
    1044 => "the database server at `$host` does not let user `$user` use the database `$name`: grant it, or correct "
        . 'WORDPRESS_DB_NAME or WORDPRESS_DB_USER',
    1049 => "the database server at `$host` has no database `$name`: make it, or correct WORDPRESS_DB_NAME",
    1045, 1698 => "the database server at `$host` refuses user `$user` with this password: correct WORDPRESS_DB_USER "
        . 'or WORDPRESS_DB_PASSWORD (or the files that their _FILE variants name)',
    // Words of the server about the account; it never repeats a password.
    default => "the database server at `$host` refuses user `$user` (error $number: $words): change the account, or "
        . 'take another with WORDPRESS_DB_USER',
});
exit(77);
