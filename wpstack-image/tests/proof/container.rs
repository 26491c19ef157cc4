//! Containers, as the checks start, ask and kill them.

use std::collections::{BTreeMap, HashMap};

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecResults};
use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, EndpointSettings, HostConfig, Mount, MountType,
    NetworkingConfig, PortBinding,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, KillContainerOptionsBuilder,
    LogsOptionsBuilder, RemoveContainerOptionsBuilder, WaitContainerOptions,
};
use futures::{StreamExt, TryStreamExt};
use wpstack_core::image::contract::{self, variable};
use wpstack_image::engine::Engine;

use crate::daemon::NETWORK;
use crate::database;

/// What a site's container is started with.
pub(crate) struct Options<'a> {
    pub(crate) name: &'a str,
    pub(crate) image: &'a str,
    /// The volume of its uploads.
    pub(crate) uploads: &'a str,
    /// What differs from the usual environment; empty values are left out.
    pub(crate) environment: &'a [(&'a str, &'a str)],
}

pub(crate) struct Container {
    docker: Docker,
    pub(crate) id: String,
    name: String,
}

impl Container {
    /// Starts WordPress as it would be started in production: unprivileged, its root read-only.
    pub(crate) async fn site(engine: &Engine, options: &Options<'_>) -> Self {
        let user = contract::USER;
        // The very options that the task on AWS has.
        let memory = "rw,exec,nosuid,nodev";
        let tmpfs = contract::WRITABLE.map(|path| (path.to_owned(), memory.to_owned()));
        let uploads = Mount {
            typ: Some(MountType::VOLUME),
            source: Some(options.uploads.to_owned()),
            target: Some(contract::UPLOADS.to_owned()),
            ..Mount::default()
        };
        // Nobody outside answers. Here that is told at once; a name that cannot be looked up would take long.
        let outside = [
            "api.wordpress.org",
            "wordpress.org",
            "downloads.wordpress.org",
            "planet.wordpress.org",
        ];
        let host = HostConfig {
            network_mode: Some(NETWORK.to_owned()),
            port_bindings: Some(loopback(&format!("{}/tcp", contract::PORT))),
            readonly_rootfs: Some(true),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges".to_owned()]),
            tmpfs: Some(tmpfs.into()),
            mounts: Some(vec![uploads]),
            extra_hosts: Some(outside.map(|name| format!("{name}:127.0.0.1")).into()),
            ..HostConfig::default()
        };
        let body = ContainerCreateBody {
            image: Some(options.image.to_owned()),
            user: Some(format!("{user}:{user}")),
            env: Some(environment(options.environment)),
            exposed_ports: Some(vec![format!("{}/tcp", contract::PORT)]),
            host_config: Some(host),
            ..ContainerCreateBody::default()
        };
        Self::run(engine, options.name, body).await
    }

    /// Starts a container that others know by its name.
    pub(crate) async fn run(engine: &Engine, name: &str, mut body: ContainerCreateBody) -> Self {
        let endpoint = EndpointSettings {
            aliases: Some(vec![name.to_owned()]),
            ..EndpointSettings::default()
        };
        let endpoints = HashMap::from([(NETWORK.to_owned(), endpoint)]);
        body.networking_config = Some(NetworkingConfig { endpoints_config: Some(endpoints) });
        let docker = engine.client().clone();
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        let id = docker.create_container(Some(options), body).await.unwrap().id;
        docker.start_container(&id, None).await.unwrap();
        Self { docker, id, name: name.to_owned() }
    }

    pub(crate) async fn inspect(&self) -> ContainerInspectResponse {
        self.docker.inspect_container(&self.id, None::<InspectContainerOptions>).await.unwrap()
    }

    /// The port of 127.0.0.1 where that port of the container answers.
    pub(crate) async fn port(&self, port: &str) -> u16 {
        let found = self.inspect().await;
        let mut ports = found.network_settings.unwrap().ports.unwrap_or_default();
        let bindings = ports.remove(port).flatten().unwrap_or_default();
        let port = bindings.into_iter().find_map(|binding| binding.host_port);
        match port {
            Some(port) => port.parse().unwrap(),
            None => panic!("{} has no port:\n{}", self.name, self.log().await),
        }
    }

    /// # Panics
    /// When it has ended.
    pub(crate) async fn check(&self) {
        let state = self.inspect().await.state.unwrap();
        if state.running != Some(true) {
            panic!("{} ended with {:?}:\n{}", self.name, state.exit_code, self.log().await);
        }
    }

    /// Everything that it wrote.
    pub(crate) async fn log(&self) -> String {
        let options = LogsOptionsBuilder::default().stdout(true).stderr(true).build();
        let lines: Vec<LogOutput> =
            self.docker.logs(&self.id, Some(options)).try_collect().await.unwrap();
        lines.iter().map(ToString::to_string).collect()
    }

    /// Runs a command in it, and answers its code and what it printed.
    pub(crate) async fn exec(&self, command: &[&str]) -> (i64, String) {
        let options = CreateExecOptions {
            cmd: Some(command.to_vec()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..CreateExecOptions::default()
        };
        let exec = self.docker.create_exec(&self.id, options).await.unwrap().id;
        let started = self.docker.start_exec(&exec, None).await.unwrap();
        let StartExecResults::Attached { output, .. } = started else { panic!("detached") };
        let lines: Vec<LogOutput> = output.try_collect().await.unwrap();
        let code = self.docker.inspect_exec(&exec).await.unwrap().exit_code.unwrap();
        (code, lines.iter().map(ToString::to_string).collect())
    }

    pub(crate) async fn signal(&self, signal: &str) {
        let options = KillContainerOptionsBuilder::default().signal(signal).build();
        self.docker.kill_container(&self.id, Some(options)).await.unwrap();
    }

    /// Waits for its end, and answers its code.
    pub(crate) async fn code(&self) -> i64 {
        let mut waiting = self.docker.wait_container(&self.id, None::<WaitContainerOptions>);
        match waiting.next().await.unwrap() {
            Ok(ended) => ended.status_code,
            Err(bollard::errors::Error::DockerContainerWaitError { code, .. }) => code,
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn remove(self) {
        let force = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        self.docker.remove_container(&self.id, Some(force)).await.unwrap();
    }
}

/// That port of a container, at a free one of 127.0.0.1.
pub(crate) fn loopback(port: &str) -> HashMap<String, Option<Vec<PortBinding>>> {
    let free =
        PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: Some("0".to_owned()) };
    HashMap::from([(port.to_owned(), Some(vec![free]))])
}

/// What every container of the site gets, but for what differs.
fn environment(differences: &[(&str, &str)]) -> Vec<String> {
    let mut all = BTreeMap::from([
        (variable::DB_HOST, database::HOST),
        (variable::DB_USER, database::USER),
        (variable::DB_PASSWORD, database::PASSWORD),
        (variable::DB_NAME, database::NAME),
    ]);
    // The salts are the same in all containers of a site.
    all.extend(variable::SALTS.map(|salt| (salt, salt)));
    all.extend(differences.iter().copied());
    let given = all.into_iter().filter(|(_, value)| !value.is_empty());
    given.map(|(name, value)| format!("{name}={value}")).collect()
}
