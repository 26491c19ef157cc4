<?php
/** A look at the database, apart from WordPress and with little patience. */

declare(strict_types=1);

namespace WPStack;

/** What the server answers when it is there and does not want this user or has no such database. */
const REFUSALS = [
    1044, // the user may not use this database
    1045, // wrong user or password
    1049, // no such database
    1130, // no user may come from this address
    1251, // the server wants another way to log in
    1698, // this user may not log in with a password
    1820, 1862, // the password has expired
    2054, // the server wants a way to log in that PHP does not know
    3118, 4151, // the account is locked
    3159, // the server wants TLS
];

/** Host name and port, which may be missing. */
function place(string $host): array
{
    if (preg_match('/^(\[[^\]]+\]|[^:]*)(?::([0-9]+))?(?::?(\/.+))?$/D', $host, $parts) !== 1) {
        return [$host, 0, null];
    }
    return [trim($parts[1], '[]') ?: 'localhost', (int) ($parts[2] ?? 0), $parts[3] ?? null];
}

/** @return array{?\mysqli, int, string} the connection, or the number and the words of the refusal */
function connect(): array
{
    mysqli_report(MYSQLI_REPORT_OFF);
    [$host, $port, $socket] = place((string) setting('WORDPRESS_DB_HOST'));
    $database = mysqli_init();
    $database->options(MYSQLI_OPT_CONNECT_TIMEOUT, 3);
    $database->options(MYSQLI_OPT_READ_TIMEOUT, 3);
    $connected = @$database->real_connect(
        $host,
        (string) setting('WORDPRESS_DB_USER'),
        (string) setting('WORDPRESS_DB_PASSWORD'),
        (string) setting('WORDPRESS_DB_NAME'),
        $port,
        $socket,
    );
    return $connected ? [$database, 0, ''] : [null, mysqli_connect_errno(), (string) mysqli_connect_error()];
}
