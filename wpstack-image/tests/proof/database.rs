//! MariaDB in a container: Debian's server in an image that reads the variables of MariaDB's official one.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use bollard::models::{ContainerCreateBody, HostConfig};
use wpstack_image::engine::{BuildOptions, Engine};

use crate::container::Container;
use crate::daemon::NETWORK;
use crate::machine::{fresh, run};

/// The image's name.
pub(crate) const IMAGE: &str = "localhost/mariadb:proof";
pub(crate) const USER: &str = "wordpress";
pub(crate) const PASSWORD: &str = "s3cret ' \" $ \\ word";
pub(crate) const NAME: &str = "wordpress";
pub(crate) const HOST: &str = "database";

const START: Duration = Duration::from_secs(60);

const DOCKERFILE: &str = "FROM scratch\nADD root.tar /\nENTRYPOINT [\"/entrypoint\"]\n";
const ENTRYPOINT: &str = r#"#!/bin/sh
escaped=$(printf %s "$MARIADB_PASSWORD" | sed "s/[\\\\']/\\\\&/g")
# Not echo, which would take backslashes for its own.
printf '%s;\n' "CREATE DATABASE IF NOT EXISTS \`$MARIADB_DATABASE\`" \
    "CREATE USER IF NOT EXISTS '$MARIADB_USER'@'%' IDENTIFIED BY '$escaped'" \
    "GRANT ALL ON \`$MARIADB_DATABASE\`.* TO '$MARIADB_USER'@'%'" >/run/init.sql
exec mariadbd --no-defaults --user=root --datadir=/var/lib/mysql --init-file=/run/init.sql \
    --socket=/run/socket --pid-file=/run/pid --skip-name-resolve --innodb-flush-log-at-trx-commit=2
"#;
/// The client, as the user of the database.
const CLIENT: &str = r#"#!/bin/sh
MYSQL_PWD=$MARIADB_PASSWORD exec mariadb --no-defaults --protocol=tcp --host=127.0.0.1 \
    --user="$MARIADB_USER" --skip-column-names --batch --execute "$1" "$MARIADB_DATABASE"
"#;
const HEALTH: &str = "#!/bin/sh\nexec query 'SELECT 1'\n";

pub(crate) struct Database(Container);

impl Database {
    pub(crate) async fn start(engine: &Engine) -> Self {
        build(engine).await;
        let environment =
            [("MARIADB_DATABASE", NAME), ("MARIADB_USER", USER), ("MARIADB_PASSWORD", PASSWORD)];
        let environment = environment.map(|(name, value)| format!("{name}={value}"));
        let host = HostConfig { network_mode: Some(NETWORK.to_owned()), ..HostConfig::default() };
        let body = ContainerCreateBody {
            image: Some(IMAGE.to_owned()),
            env: Some(environment.into()),
            host_config: Some(host),
            ..ContainerCreateBody::default()
        };
        let database = Self(Container::run(engine, HOST, body).await);
        let begun = Instant::now();
        loop {
            database.0.check().await;
            let (code, printed) = database.0.exec(&["healthcheck.sh"]).await;
            if code == 0 {
                break;
            }
            assert!(begun.elapsed() < START, "{printed}\n{}", database.0.log().await);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        database
    }

    /// Runs statements, and answers what they print.
    pub(crate) async fn query(&self, statements: &str) -> String {
        let (code, printed) = self.0.exec(&["query", statements]).await;
        assert_eq!(code, 0, "{statements}: {printed}");
        printed
    }

    /// An option of WordPress as it stands in its table.
    pub(crate) async fn option(&self, prefix: &str, name: &str) -> String {
        let statement =
            format!("SELECT option_value FROM {prefix}options WHERE option_name = '{name}'");
        self.query(&statement).await.trim().to_owned()
    }
}

/// Makes the image of the programs on this machine.
pub(crate) async fn build(engine: &Engine) {
    let place = fresh("mariadb");
    let root = place.join("root");
    for directory in ["run", "tmp", "var/lib/mysql"] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    let data = format!("--datadir={}", root.join("var/lib/mysql").display());
    run(Command::new("mariadb-install-db").args([
        "--no-defaults",
        "--user=root",
        "--skip-test-db",
        "--auth-root-authentication-method=socket",
        // Not the usual 96 MB, which would have to be carried about.
        "--innodb-log-file-size=8M",
        &data,
    ]));
    let programs = ["/usr/sbin/mariadbd", "/usr/bin/mariadb", "/bin/sh", "/bin/sed"];
    let mut files: Vec<_> = programs.map(str::to_owned).into();
    for program in programs {
        let libraries = run(Command::new("ldd").arg(program));
        let paths = libraries.split_whitespace().filter(|word| word.starts_with('/'));
        files.extend(paths.map(str::to_owned));
    }
    files.sort();
    files.dedup();
    let mut copy = Command::new("cp");
    copy.args(["--recursive", "--dereference", "--parents"]);
    run(copy
        .args(files)
        .args(["/usr/share/mysql", "/usr/share/mariadb"].iter().filter(exists))
        .arg(&root));
    program(&root.join("entrypoint"), ENTRYPOINT);
    program(&root.join("usr/bin/query"), CLIENT);
    program(&root.join("usr/bin/healthcheck.sh"), HEALTH);
    fs::write(place.join("Dockerfile"), DOCKERFILE).unwrap();
    let tar = |directory: &Path, archive: &Path, names: &[&str]| {
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(directory).args(["--owner=0", "--group=0", "-cf"]).arg(archive);
        run(tar.args(names));
    };
    tar(&root, &place.join("root.tar"), &["."]);
    tar(&place, &place.join("context.tar"), &["Dockerfile", "root.tar"]);
    let context = fs::read(place.join("context.tar")).unwrap();
    let options = BuildOptions { tag: Some(IMAGE.to_owned()), ..BuildOptions::default() };
    engine.build(context, "Dockerfile", &options, &|_| {}).await.unwrap();
    fs::remove_dir_all(&place).unwrap();
}

fn exists(path: &&&str) -> bool {
    Path::new(path).exists()
}

fn program(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
