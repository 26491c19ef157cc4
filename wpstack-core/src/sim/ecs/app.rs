//! How the application in a container behaves.

use serde::{Deserialize, Serialize};

use super::{Task, TaskStatus};
use crate::sim::ec2::{Broken, Endpoint};
use crate::sim::world::World;
use crate::value::{Port, Seconds};

/// How the application of an image behaves. Tests script it; the default is a WordPress that is well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// How long after its start it answers.
    pub boots_in: Seconds,
    /// Whether it answers 500 while it cannot reach the database that `DB_HOST` names.
    pub needs_database: bool,
    /// The status that it answers health checks with otherwise.
    pub status: u16,
    /// The status that it exits with after it has booted, if it does.
    pub exits: Option<i32>,
}

impl Default for App {
    fn default() -> Self {
        Self { boots_in: Seconds(8), needs_database: true, status: 200, exits: None }
    }
}

/// Why a target is not healthy, as ELB says it.
pub(in crate::sim) enum NoAnswer {
    /// Nothing came back.
    Timeout(Broken),
    /// Nobody listens there.
    Refused,
}

impl World {
    /// The application that a task runs.
    pub(super) fn app_of(&self, task: &Task) -> App {
        let definition = self.ecs.task_definitions.get(&task.definition);
        let mut images = definition.into_iter().flat_map(|it| &it.containers).map(|it| &it.image);
        images.find_map(|image| self.ecs.apps.get(image)).cloned().unwrap_or_default()
    }

    /// What answers at a port of an instance when `from`, a network interface, asks for the health check's path.
    pub(in crate::sim) fn answer(
        &self,
        from: &str,
        instance: &str,
        port: Port,
    ) -> Result<u16, NoAnswer> {
        let to = self.ec2.instances.get(instance).map(|it| it.interface.as_str());
        let to = to.ok_or(NoAnswer::Refused)?;
        let (from, to) = (Endpoint::Interface(from), Endpoint::Interface(to));
        self.ec2.reachable(from, to, port).map_err(NoAnswer::Timeout)?;
        let mut tasks = self.ecs.tasks.values();
        let listens = |task: &&Task| {
            task.instance.as_deref() == Some(instance)
                && task.ports.values().any(|host| *host == port)
                && matches!(task.status, TaskStatus::Running | TaskStatus::Deactivating)
        };
        let task = tasks.find(listens).ok_or(NoAnswer::Refused)?;
        let app = self.app_of(task);
        let up = task.running_since.map(|since| since + app.boots_in.duration());
        if up.is_none_or(|up| up > self.now) {
            return Err(NoAnswer::Refused);
        }
        let no_database = app.needs_database && self.lacks_database(task);
        Ok(if no_database { 500 } else { app.status })
    }

    /// Whether the database that the task's environment names cannot be reached from its instance.
    fn lacks_database(&self, task: &Task) -> bool {
        let definition = self.ecs.task_definitions.get(&task.definition);
        let mut containers = definition.into_iter().flat_map(|it| &it.containers);
        let Some(endpoint) = containers.find_map(|it| it.environment.get("DB_HOST")) else {
            return false;
        };
        let instance = task.instance.as_ref().and_then(|id| self.ec2.instances.get(id));
        let interface = instance.map(|instance| instance.interface.as_str());
        interface.is_none_or(|from| self.connect_database(from, endpoint).is_err())
    }

    /// Connects from a network interface to the database at `host:port`.
    fn connect_database(&self, from: &str, endpoint: &str) -> Result<(), Broken> {
        use crate::sim::rds::Status;
        let (host, port) = endpoint.split_once(':').unwrap_or((endpoint, "3306"));
        let port: Port = port.parse().unwrap_or(Port::MYSQL);
        let serves = |status| {
            !matches!(
                status,
                Status::Creating
                    | Status::Rebooting
                    | Status::Deleting
                    | Status::IncompatibleNetwork
            )
        };
        let mut instances = self.rds.instances.values();
        let instance = instances.find(|it| it.host.as_deref() == Some(host) && serves(it.status));
        let interface = instance.and_then(|instance| instance.interfaces.first());
        let to = interface.ok_or_else(|| Broken::NoInterface(endpoint.to_owned()))?;
        self.ec2.reachable(Endpoint::Interface(from), Endpoint::Interface(to), port)
    }
}
