//! What a preview consists of, as the engine is asked for it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HealthConfig, HostConfig, Mount, MountType,
    NetworkCreateRequest, NetworkingConfig, PortBinding, VolumeCreateRequest,
};
use wpstack_core::image::contract::{self, variable};

use super::{LABEL, Part, PreviewOptions};
use crate::engine::EngineError;

/// The name of the database, of its user, and of its host.
const DATABASE: &str = "wordpress";
const HOST: &str = "database";
/// Where MariaDB's and MySQL's images keep the tables.
const TABLES: &str = "/var/lib/mysql";

/// Everything that has to be made for one preview.
pub(super) struct Parts<'a> {
    options: &'a PreviewOptions,
    image: &'a str,
    password: String,
    salts: Vec<String>,
}

impl<'a> Parts<'a> {
    /// With a password and salts that nobody knows.
    pub(super) fn new(image: &'a str, options: &'a PreviewOptions) -> Result<Self, EngineError> {
        if !is_name(&options.name) {
            return Err(EngineError::Name(options.name.clone()));
        }
        let salts = variable::SALTS.iter().map(|_| random()).collect::<Result<_, _>>()?;
        Ok(Self { options, image, password: random()?, salts })
    }

    pub(super) fn network(&self) -> NetworkCreateRequest {
        NetworkCreateRequest {
            name: name(&self.options.name),
            driver: Some("bridge".to_owned()),
            labels: Some(self.labels()),
            ..NetworkCreateRequest::default()
        }
    }

    pub(super) fn volumes(&self) -> [VolumeCreateRequest; 2] {
        ["tables", "uploads"].map(|volume| VolumeCreateRequest {
            name: Some(self.named(volume)),
            labels: Some(self.labels()),
            ..VolumeCreateRequest::default()
        })
    }

    pub(super) fn container(&self, part: Part) -> String {
        self.named(&part.to_string())
    }

    pub(super) fn body(&self, part: Part) -> ContainerCreateBody {
        match part {
            Part::Database => self.database(),
            Part::Site => self.site(),
        }
    }

    fn database(&self) -> ContainerCreateBody {
        // Both families of names: MariaDB's image reads either, MySQL's the second only.
        let environment = ["MARIADB", "MYSQL"].into_iter().flat_map(|family| {
            [
                (format!("{family}_DATABASE"), DATABASE.to_owned()),
                (format!("{family}_USER"), DATABASE.to_owned()),
                (format!("{family}_PASSWORD"), self.password.clone()),
                (format!("{family}_RANDOM_ROOT_PASSWORD"), "1".to_owned()),
            ]
        });
        // Over TCP, because the server that fills an empty directory listens on its socket only.
        let check = "healthcheck.sh --connect --innodb_initialized || mysqladmin ping -h 127.0.0.1";
        let host = HostConfig { mounts: Some(vec![self.mount("tables", TABLES)]), ..self.host() };
        ContainerCreateBody {
            image: Some(self.options.database_image.clone()),
            env: Some(listed(environment)),
            healthcheck: Some(HealthConfig {
                test: Some(vec!["CMD-SHELL".to_owned(), check.to_owned()]),
                interval: nanoseconds(Duration::from_secs(1)),
                timeout: nanoseconds(Duration::from_secs(5)),
                start_period: nanoseconds(self.options.patience),
                retries: Some(3),
                ..HealthConfig::default()
            }),
            host_config: Some(host),
            networking_config: Some(self.networking(HOST)),
            labels: Some(self.labels()),
            ..ContainerCreateBody::default()
        }
    }

    fn site(&self) -> ContainerCreateBody {
        let user = contract::USER;
        let port = format!("{}/tcp", contract::PORT);
        let loopback = PortBinding {
            host_ip: Some("127.0.0.1".to_owned()),
            // The engine chooses one that is free.
            host_port: Some("0".to_owned()),
        };
        let writable = contract::WRITABLE.map(|path| (path.to_owned(), in_memory(path)));
        let host = HostConfig {
            port_bindings: Some(HashMap::from([(port.clone(), Some(vec![loopback]))])),
            readonly_rootfs: Some(true),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges".to_owned()]),
            tmpfs: Some(writable.into()),
            memory: self.options.memory.map(|memory| i64::from(memory.0) << 20),
            mounts: Some(vec![self.mount("uploads", contract::UPLOADS)]),
            ..self.host()
        };
        ContainerCreateBody {
            image: Some(self.image.to_owned()),
            user: Some(format!("{user}:{user}")),
            env: Some(listed(self.environment())),
            exposed_ports: Some(vec![port]),
            host_config: Some(host),
            networking_config: Some(self.networking("site")),
            labels: Some(self.labels()),
            ..ContainerCreateBody::default()
        }
    }

    fn environment(&self) -> BTreeMap<String, String> {
        let salts = variable::SALTS.into_iter().zip(self.salts.iter().map(String::as_str));
        let database = [
            (variable::DB_HOST, HOST),
            (variable::DB_USER, DATABASE),
            (variable::DB_PASSWORD, self.password.as_str()),
            (variable::DB_NAME, DATABASE),
        ];
        let own = database.into_iter().chain(salts);
        let mut all: BTreeMap<_, _> =
            own.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        all.extend(self.options.environment.clone());
        all
    }

    fn host(&self) -> HostConfig {
        HostConfig { network_mode: Some(name(&self.options.name)), ..HostConfig::default() }
    }

    fn networking(&self, alias: &str) -> NetworkingConfig {
        let endpoint = EndpointSettings {
            aliases: Some(vec![alias.to_owned()]),
            ..EndpointSettings::default()
        };
        let endpoints = HashMap::from([(name(&self.options.name), endpoint)]);
        NetworkingConfig { endpoints_config: Some(endpoints) }
    }

    fn mount(&self, volume: &str, target: &str) -> Mount {
        Mount {
            typ: Some(MountType::VOLUME),
            source: Some(self.named(volume)),
            target: Some(target.to_owned()),
            ..Mount::default()
        }
    }

    fn labels(&self) -> HashMap<String, String> {
        HashMap::from([(LABEL.to_owned(), self.options.name.clone())])
    }

    fn named(&self, what: &str) -> String {
        format!("{}-{what}", name(&self.options.name))
    }
}

/// What the engine calls a preview of that name.
fn name(preview: &str) -> String {
    format!("wpstack-preview-{preview}")
}

/// The options of a file system in memory that the container's user can write to. Only `/run` holds programs.
fn in_memory(path: &str) -> String {
    let user = contract::USER;
    match path {
        "/run" => format!("exec,nosuid,nodev,mode=0755,uid={user},gid={user}"),
        "/tmp" => "noexec,nosuid,nodev,mode=1777".to_owned(),
        _ => format!("noexec,nosuid,nodev,mode=0755,uid={user},gid={user}"),
    }
}

fn listed(environment: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    environment.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}

fn nanoseconds(duration: Duration) -> Option<i64> {
    i64::try_from(duration.as_nanos()).ok()
}

fn is_name(text: &str) -> bool {
    let begins = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    begins && text.len() <= 100 && text.chars().all(allowed)
}

/// 192 bits, as text.
fn random() -> Result<String, EngineError> {
    let numbers = [(); 3].map(|()| getrandom::u64());
    numbers.into_iter().try_fold(String::new(), |text, number| {
        let number = number.map_err(|_| EngineError::Random)?;
        Ok(format!("{text}{number:016x}"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn options() -> PreviewOptions {
        let environment = BTreeMap::from([(variable::DEBUG.to_owned(), "1".to_owned())]);
        let memory = Some(wpstack_core::value::Mebibytes(512));
        PreviewOptions { environment, memory, ..PreviewOptions::named("shop") }
    }

    #[test]
    fn the_site_has_no_more_rights_than_it_needs() {
        let options = options();
        let body = Parts::new("sha256:0a", &options).unwrap().body(Part::Site);
        let body = serde_json::to_value(body).unwrap();
        assert_eq!((&body["Image"], &body["User"]), (&json!("sha256:0a"), &json!("33:33")));
        assert_eq!(
            body["HostConfig"],
            json!({
                "Memory": 512 << 20,
                "NetworkMode": "wpstack-preview-shop",
                "PortBindings": { "8080/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "0" }] },
                "Mounts": [{
                    "Target": "/srv/wordpress/wp-content/uploads",
                    "Source": "wpstack-preview-shop-uploads",
                    "Type": "volume",
                }],
                "CapDrop": ["ALL"],
                "ReadonlyRootfs": true,
                "SecurityOpt": ["no-new-privileges"],
                "Tmpfs": {
                    "/run": "exec,nosuid,nodev,mode=0755,uid=33,gid=33",
                    "/tmp": "noexec,nosuid,nodev,mode=1777",
                    "/var/lib/nginx": "noexec,nosuid,nodev,mode=0755,uid=33,gid=33",
                },
            })
        );
        assert_eq!(body["Labels"], json!({ LABEL: "shop" }));
    }

    #[test]
    fn site_and_database_share_a_password_that_no_other_preview_has() {
        let options = options();
        let of = |parts: &Parts<'_>, part, variable: &str| {
            let all = parts.body(part).env.unwrap();
            let prefix = format!("{variable}=");
            all.iter().find_map(|line| line.strip_prefix(&prefix).map(str::to_owned)).unwrap()
        };
        let [one, other] = [(); 2].map(|()| Parts::new("image", &options).unwrap());
        let password = of(&one, Part::Site, variable::DB_PASSWORD);
        assert_eq!(password.len(), 48);
        for variable in ["MARIADB_PASSWORD", "MYSQL_PASSWORD"] {
            assert_eq!(of(&one, Part::Database, variable), password);
        }
        assert_ne!(of(&other, Part::Site, variable::DB_PASSWORD), password);
        let salts = variable::SALTS.map(|salt| of(&one, Part::Site, salt));
        assert_eq!(std::collections::BTreeSet::from(salts).len(), 8, "a salt is used twice");
        assert_eq!(of(&one, Part::Site, variable::DEBUG), "1");
    }

    #[test]
    fn a_name_cannot_be_anything_else() {
        for bad in ["", "-x", "a b", "a/b", "a=b", "ä", &"x".repeat(101)] {
            let error = Parts::new("image", &PreviewOptions::named(bad)).err().unwrap();
            assert!(matches!(error, EngineError::Name(_)), "{error}");
        }
        assert!(Parts::new("image", &PreviewOptions::named("a-1_b.c")).is_ok());
    }
}
