//! The configuration under which what is there fits.

use std::str::FromStr;

use super::attributes::Attributes;
use super::file::{Resource, shown};
use super::system::System;
use crate::value::{
    AvailabilityZone, Cidr, CpuUnits, Days, Gibibytes, ImageUri, Mebibytes, MySqlVersion, Port,
    Region, Seconds, StackName, Support, ValueError,
};
use crate::wordpress::Config;

/// A configuration that is being drawn up, and what is to be said about it.
pub(super) struct Draft<'a> {
    system: &'a System<'a>,
    pub(super) config: Config,
    pub(super) notes: Vec<String>,
}

impl<'a> Draft<'a> {
    /// What is there as a configuration; where something is not told, or not one that wpstack takes, the default.
    pub(super) fn new(system: &'a System<'a>, name: StackName) -> Self {
        let config = Config::new(name, region(system).unwrap_or_else(|| Config::default().region));
        let mut draft = Self { system, config, notes: Vec::new() };
        draft.network();
        draft.instances();
        draft.service();
        draft.edge();
        draft.image();
        draft.database();
        draft.logs();
        draft.tags();
        for flaw in draft.config.flaws() {
            let key = flaw.keys.first().map_or("", String::as_str);
            draft.notes.push(format!("`{key}`: {}; {}", flaw.message, flaw.help));
        }
        draft
    }

    fn network(&mut self) {
        let vpc = self.system.vpc.and_then(|vpc| vpc.attributes().text("cidr_block"));
        set(&mut self.config.network.cidr, "network.cidr", vpc, &mut self.notes);
        let subnets = self.system.subnets.iter();
        let zones = subnets.clone().filter_map(|subnet| zone(subnet));
        let zones: Vec<_> = zones.collect();
        if zones.len() >= 2 {
            self.config.network.zones = zones;
        }
        let cidrs = subnets.filter_map(|it| it.attributes().text("cidr_block")?.parse().ok());
        if let Some(prefix) = cidrs.map(|cidr: Cidr| cidr.prefix()).min() {
            self.config.network.subnet_prefix = prefix;
        }
    }

    fn instances(&mut self) {
        let settings = &mut self.config.instances;
        if let Some(launch) = self.system.launch.map(Resource::attributes) {
            let kind = launch.text("instance_type");
            set(&mut settings.instance_type, "instances.type", kind, &mut self.notes);
            let volume = launch
                .number("root_block_device.0.volume_size")
                .or_else(|| launch.number("block_device_mappings.0.ebs.0.volume_size"));
            // The image needs that much; the new instances are new anyway.
            let volume = Gibibytes(volume.unwrap_or(0)).max(settings.volume);
            settings.volume = volume;
        }
        if let Some(group) = self.system.scaling.map(Resource::attributes) {
            take(&mut settings.min, group.number("min_size"));
            take(&mut settings.desired, group.number("desired_capacity"));
            take(&mut settings.max, group.number("max_size"));
        }
    }

    fn service(&mut self) {
        let settings = &mut self.config.service;
        if let Some(tasks) =
            self.system.service.and_then(|it| it.attributes().number("desired_count"))
        {
            if tasks > 1 {
                self.notes.push(format!(
                    "`service.tasks` is 1, not {tasks}: tasks do not share a web root, so that uploads to one are \
                     missing on the others"
                ));
            }
            settings.tasks = tasks.min(1);
        }
        let grace = self.system.service.map(Resource::attributes);
        let grace = grace.and_then(|it| it.number("health_check_grace_period_seconds"));
        take(&mut settings.grace_period, grace.filter(|grace| *grace > 0).map(Seconds));
        let Some(container) = self.system.container() else { return };
        let definition = Attributes(&container);
        take(&mut settings.cpu, definition.number("cpu").filter(|cpu| *cpu > 0).map(CpuUnits));
        let memory = definition.number("memory").or(definition.number("memoryReservation"));
        take(&mut settings.memory, memory.map(Mebibytes));
        let port = definition.text("portMappings.0.containerPort");
        let mut listens = Port::HTTP;
        set(&mut listens, "service.port", port, &mut self.notes);
        settings.port = Some(listens);
        let settings = &mut self.config.database;
        let variable = |name| System::variable(&container, name);
        let notes = &mut self.notes;
        set(&mut settings.charset, "database.charset", variable("DB_CHARSET"), notes);
        set(&mut settings.collation, "database.collation", variable("DB_COLLATE"), notes);
        set(
            &mut settings.table_prefix,
            "database.table_prefix",
            variable("WP_TABLE_PREFIX"),
            notes,
        );
    }

    fn edge(&mut self) {
        let Some(group) = self.system.target_group.map(Resource::attributes) else { return };
        let (settings, notes) = (&mut self.config.health_check, &mut self.notes);
        let text = |path| group.text(path);
        match text("health_check.0.path").map(|path| path.parse()) {
            Some(Ok(path)) => settings.path = Some(path),
            Some(Err(error)) => notes.push(refused("health_check.path", &error)),
            None => {}
        }
        set(&mut settings.codes, "health_check.codes", text("health_check.0.matcher"), notes);
        take(&mut settings.interval, group.number("health_check.0.interval").map(Seconds));
        take(&mut settings.timeout, group.number("health_check.0.timeout").map(Seconds));
        take(&mut settings.healthy, group.number("health_check.0.healthy_threshold"));
        take(&mut settings.unhealthy, group.number("health_check.0.unhealthy_threshold"));
        let settings = &mut self.config.load_balancer;
        let delay = group.number("deregistration_delay").map(Seconds);
        take(&mut settings.deregistration_delay, delay);
        let idle = self.system.load_balancer.map(Resource::attributes);
        take(
            &mut settings.idle_timeout,
            idle.and_then(|it| it.number("idle_timeout")).map(Seconds),
        );
    }

    fn image(&mut self) {
        let (settings, notes) = (&mut self.config.image, &mut self.notes);
        let container = self.system.container();
        let image = container.and_then(|it| Attributes(&it).text("image"));
        let image = image.and_then(|image| image.parse::<ImageUri>().ok());
        // What runs there was pushed, and asks for other things than an image that wpstack builds.
        let tag = image.and_then(|image| image.tag().cloned());
        settings.tag = Some(tag.unwrap_or_else(|| "latest".parse().expect("it is a tag")));
        let Some(repository) = self.system.repository.map(Resource::attributes) else { return };
        if let Some(name) = repository.text("name") {
            match name.parse() {
                Ok(name) => settings.repository = Some(name),
                Err(error) => notes.push(refused("image.repository", &error)),
            }
        }
    }

    fn database(&mut self) {
        let Some(database) = self.system.database.map(Resource::attributes) else { return };
        let (settings, notes) = (&mut self.config.database, &mut self.notes);
        let text = |path| database.text(path);
        match text("identifier").map(|text| text.parse()) {
            Some(Ok(identifier)) => settings.identifier = Some(identifier),
            Some(Err(error)) => notes.push(refused("database.identifier", &error)),
            None => {}
        }
        // There is something to lose.
        settings.deletion_protection = true;
        settings.in_public_subnets = self.system.database_is_public();
        set(&mut settings.class, "database.class", text("instance_class"), notes);
        // Newer providers call it so, older ones just `name`.
        let name = text("db_name").or_else(|| text("name"));
        set(&mut settings.name, "database.name", name, notes);
        set(&mut settings.user, "database.user", text("username"), notes);
        take(&mut settings.storage, database.number("allocated_storage").map(Gibibytes));
        let most = database.number("max_allocated_storage").filter(|most| *most > 0);
        settings.max_storage = most.map(Gibibytes);
        take(&mut settings.backup_retention, database.number("backup_retention_period").map(Days));
        take(&mut settings.multi_az, database.truth("multi_az"));
        let Some(version) = text("engine_version_actual").or_else(|| text("engine_version")) else {
            return;
        };
        // Two numbers: RDS moves the third on by itself.
        let series: Vec<_> = version.split('.').take(2).collect();
        match series.join(".").parse::<MySqlVersion>() {
            Ok(series) => settings.version = series,
            Err(error) => notes.push(refused("database.version", &error)),
        }
        self.note_database();
    }

    fn note_database(&mut self) {
        let (settings, notes) = (&self.config.database, &mut self.notes);
        let version = &settings.version;
        if version.support() != Support::Standard {
            notes.push(format!(
                "`database.version` stays {version}, for whose Extended Support RDS charges by vCPU and hour: to upgrade, write \"8.0\" and apply, then \"8.4\"; each is an outage of some minutes, \
                 which the plan shows before"
            ));
        }
        if settings.backup_retention == Days(0) {
            notes.push(
                "`database.backup_retention` stays 0: no backups are made; to have them, write \"7 days\", which \
                 restarts the database once"
                    .to_owned(),
            );
        }
        if settings.in_public_subnets {
            notes.push(
                "`database.in_public_subnets` is on: RDS moves a database to other subnets only by a snapshot"
                    .to_owned(),
            );
        }
    }

    fn logs(&mut self) {
        let Some(group) = self.system.log_group.map(Resource::attributes) else { return };
        match group.number("retention_in_days").filter(|days| *days > 0) {
            Some(days) => {
                let days = Some(format!("{days} days"));
                set(&mut self.config.logs.retention, "logs.retention", days, &mut self.notes);
            }
            None => self.notes.push(format!(
                "`logs.retention` is {}, and was for ever: older logs are deleted by the first apply",
                self.config.logs.retention
            )),
        }
    }

    /// Those tags that network, load balancer and database have in common.
    fn tags(&mut self) {
        let parts = [self.system.vpc, self.system.load_balancer, self.system.database];
        let Some(parts) = parts.into_iter().collect::<Option<Vec<_>>>() else { return };
        let tags: Vec<_> = parts.iter().map(|part| part.attributes().map("tags")).collect();
        for (key, value) in &tags[0] {
            let is_tool = key == "Name" || key.to_lowercase().starts_with("managed");
            if !is_tool
                && tags.iter().all(|other| other.get(key) == Some(value))
                && let Err(error) = self.config.tags.insert(key, value)
            {
                self.notes.push(refused("tags", &error));
            }
        }
    }
}

fn region(system: &System<'_>) -> Option<Region> {
    let zone = system.subnets.first().and_then(|subnet| zone(subnet));
    let from_arn = || {
        let arn = system.load_balancer?.attributes().text("arn")?;
        arn.split(':').nth(3)?.parse().ok()
    };
    zone.map(|zone| zone.region()).or_else(from_arn)
}

pub(super) fn zone(subnet: &Resource) -> Option<AvailabilityZone> {
    subnet.attributes().text("availability_zone")?.parse().ok()
}

/// Takes a value over if it is told.
fn take<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// Takes a text over if it is told and fits.
fn set<T: FromStr<Err = ValueError>>(
    field: &mut T,
    key: &str,
    text: Option<String>,
    notes: &mut Vec<String>,
) {
    match text.map(|text| text.parse()) {
        Some(Ok(value)) => *field = value,
        Some(Err(error)) => notes.push(refused(key, &error)),
        None => {}
    }
}

fn refused(key: &str, error: &ValueError) -> String {
    format!("`{key}` keeps its default: {}", shown(&error.to_string()))
}
