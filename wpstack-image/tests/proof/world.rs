//! Everything that the checks share, started once.

use std::path::PathBuf;
use std::time::Duration;

use wpstack_core::image::contract;

use crate::browser::Browser;
use crate::container::{Container, Options};
use crate::daemon::Daemon;
use crate::database::Database;
use crate::image::Proof;
use crate::machine::{directory, until};
use crate::registry_server::Server;
use crate::site::Visitor;

pub(crate) struct World {
    pub(crate) image: Proof,
    pub(crate) database: Database,
    // Ends last of all: the others live in it.
    pub(crate) daemon: Daemon,
    _registry: Server,
}

/// A container of the image, and where it answers.
pub(crate) struct Site {
    pub(crate) container: Container,
    pub(crate) url: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        let daemon = Daemon::start().await;
        let registry = Server::start();
        let image = Proof::new(&daemon.engine, &registry).await;
        let database = Database::start(&daemon.engine).await;
        Self { image, database, daemon, _registry: registry }
    }

    /// Starts a container of the image, and waits until it can take requests.
    pub(crate) async fn site(
        &self,
        name: &str,
        uploads: &str,
        environment: &[(&str, &str)],
    ) -> Site {
        let container = self.container(name, uploads, environment).await;
        let port = container.port(&format!("{}/tcp", contract::PORT)).await;
        let url = format!("http://127.0.0.1:{port}");
        let mut visitor = Visitor::new(&url);
        for path in [contract::HEALTH, contract::READY] {
            until(path, Duration::from_secs(20), async || {
                container.check().await;
                (visitor.status(path).await == Some(200)).then_some(())
            })
            .await;
        }
        Site { container, url }
    }

    pub(crate) async fn container(
        &self,
        name: &str,
        uploads: &str,
        environment: &[(&str, &str)],
    ) -> Container {
        let image = &self.image.reference;
        let options = Options { name, image, uploads, environment };
        Container::site(&self.daemon.engine, &options).await
    }
}

/// What a run leaves to look at.
pub(crate) fn artifact(name: &str) -> PathBuf {
    directory("artifacts").join(name)
}

/// A browser whose pages are whole: nothing failed, and every stylesheet has rules.
pub(crate) async fn open(browser: &mut Browser, url: &str) -> crate::browser::Page {
    let page = browser.open(url).await;
    page.check();
    page
}
