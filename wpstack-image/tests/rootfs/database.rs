//! A MariaDB of its own, in the network of a test.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::container::{Network, PASSWORD, wait};
use crate::root::run;

/// A server on 127.0.0.1:3306 of a network, with the database and the user that containers are given.
pub(crate) struct Database {
    server: Child,
    place: TempDir,
}

impl Database {
    pub(crate) fn start(network: &Network) -> Self {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        fs::create_dir(&data).unwrap();
        let data = format!("--datadir={}", data.display());
        let mut install = Command::new("mariadb-install-db");
        install.args([
            "--no-defaults",
            "--user=root",
            "--skip-test-db",
            "--auth-root-authentication-method=socket",
        ]);
        run(install.arg(&data));
        let mut server = network.enter("mariadbd");
        server.args([
            "--no-defaults",
            "--user=root",
            "--bind-address=127.0.0.1",
            "--port=3306",
            &data,
        ]);
        server.arg(format!("--socket={}", place.path().join("socket").display()));
        server.arg(format!("--pid-file={}", place.path().join("pid").display()));
        let server = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let database = Self { server, place };
        wait("MariaDB", || {
            database
                .client()
                .args(["-e", "select 1"])
                .output()
                .unwrap()
                .status
                .success()
                .then_some(())
        });
        let password = PASSWORD.replace('\\', "\\\\").replace('\'', "\\'");
        for host in ["localhost", "127.0.0.1"] {
            database.run(&format!("create user wp@'{host}' identified by '{password}'"));
            database.run(&format!("grant all on wp.* to wp@'{host}'"));
            database.run(&format!("grant all on `absent`.* to wp@'{host}'"));
        }
        database.run("create database wp");
        database.run("create database other");
        database
    }

    /// Runs a statement as root.
    pub(crate) fn run(&self, statement: &str) {
        run(self.client().args(["-e", statement]));
    }

    fn client(&self) -> Command {
        let mut client = Command::new("mariadb");
        client
            .args(["--no-defaults", "--user=root"])
            .arg(format!("--socket={}", self.socket().display()));
        client
    }

    fn socket(&self) -> PathBuf {
        self.place.path().join("socket")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}
