use wpstack_core::image::contract::variable;

use crate::world::World;

/// Environments that cannot work, with the code and the one line that the container ends with.
const WRONG: [(&str, &str, i64, &str); 4] = [
    (
        variable::DB_PASSWORD,
        "",
        78,
        "wpstack: WORDPRESS_DB_PASSWORD is not set: set it, or WORDPRESS_DB_PASSWORD_FILE to the path of a file \
         that has the value",
    ),
    (
        variable::DB_PASSWORD,
        "wrong",
        77,
        "wpstack: the database server at `database` refuses user `wordpress` with this password: correct \
         WORDPRESS_DB_USER or WORDPRESS_DB_PASSWORD (or the files that their _FILE variants name)",
    ),
    (
        variable::TABLE_PREFIX,
        "wp-",
        78,
        "wpstack: WORDPRESS_TABLE_PREFIX is not what it should be: write up to 20 letters, digits and underscores, as \
         in `wp_`",
    ),
    (
        variable::DB_NAME,
        "absent",
        77,
        "wpstack: the database server at `database` does not let user `wordpress` use the database `absent`: grant \
         it, or correct WORDPRESS_DB_NAME or WORDPRESS_DB_USER",
    ),
];

pub(crate) async fn refused(world: &World) {
    for (name, value, code, line) in WRONG {
        let container = world.container("refused", "uploads", &[(name, value)]).await;
        let ended = container.code().await;
        let log = container.log().await;
        container.remove().await;
        assert_eq!((ended, log.as_str()), (code, format!("{line}\n").as_str()), "{name}={value}");
    }
}
