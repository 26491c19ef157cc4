//! Docker's engine, apart from any other on this machine: its own socket, its own data, no rule of the firewall.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bollard::models::NetworkCreateRequest;
use bollard::query_parameters::{ListContainersOptionsBuilder, RemoveContainerOptionsBuilder};
use wpstack_core::time::SystemClock;
use wpstack_image::engine::{Engine, Sockets};

use crate::machine::{Server, directory, fresh, unmount_below, until};

/// The network of all containers: a bridge of this machine that leads nowhere else.
pub(crate) const NETWORK: &str = "proof";
const BRIDGE: &str = "wpstack-proof";

pub(crate) struct Daemon {
    pub(crate) engine: Engine,
    // Below /tmp, because the path of a socket is short.
    sockets: tempfile::TempDir,
    data: PathBuf,
    server: Server,
}

impl Daemon {
    pub(crate) async fn start() -> Self {
        delete_bridge();
        let data = fresh("engine");
        let sockets = tempfile::tempdir().unwrap();
        let path = |name: &str| sockets.path().join(name).display().to_string();
        let host = format!("unix://{}", path("docker.sock"));
        let arguments = [
            "--data-root".to_owned(),
            data.display().to_string(),
            "--exec-root".to_owned(),
            path("exec"),
            "--pidfile".to_owned(),
            path("pid"),
            "--host".to_owned(),
            host.clone(),
            // Containers see each other and are seen at ports of 127.0.0.1, and see nothing else.
            "--bridge=none".to_owned(),
            "--iptables=false".to_owned(),
            "--ip6tables=false".to_owned(),
            "--ip-forward=false".to_owned(),
            "--ip-masq=false".to_owned(),
        ];
        let log = directory("logs").join("dockerd.log");
        let mut server = Server::start("dockerd", &arguments, &log);
        let engine = until("dockerd", Duration::from_secs(60), async || {
            server.check();
            let clock = Arc::new(SystemClock);
            Engine::connect(Some(&host), &Sockets::usual(None, None), clock).await.ok()
        });
        let engine = engine.await;
        let network = NetworkCreateRequest {
            name: NETWORK.to_owned(),
            driver: Some("bridge".to_owned()),
            options: Some([("com.docker.network.bridge.name".into(), BRIDGE.into())].into()),
            ..NetworkCreateRequest::default()
        };
        engine.client().create_network(network).await.unwrap();
        Self { engine, sockets, data, server }
    }

    /// Removes what runs and ends the engine, so that nothing of it stays on the machine.
    pub(crate) async fn stop(&self) {
        let docker = self.engine.client();
        let all = ListContainersOptionsBuilder::default().all(true).build();
        let force = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        for container in docker.list_containers(Some(all)).await.unwrap_or_default() {
            let id = container.id.unwrap_or_default();
            drop(docker.remove_container(&id, Some(force.clone())).await);
        }
        drop(docker.remove_network(NETWORK).await);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.server.stop(Duration::from_secs(30));
        for place in [self.sockets.path(), &self.data] {
            unmount_below(place);
        }
        // Where the network could not be removed.
        delete_bridge();
        drop(std::fs::remove_dir_all(&self.data));
    }
}

fn delete_bridge() {
    drop(std::process::Command::new("ip").args(["link", "delete", BRIDGE]).output());
}
