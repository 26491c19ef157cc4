//! Finding the engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker};
use wpstack_core::time::Clock;

use super::{Engine, EngineError};

/// How long a first answer may take. An engine that is starting takes a few seconds.
const ANSWER: Duration = Duration::from_secs(15);
/// How long any answer may begin to take: taking in a large image is silent for minutes on a slow disk.
const PATIENCE: Duration = Duration::from_mins(15);

/// Where engines keep their sockets, when nobody says where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sockets(Vec<PathBuf>);

impl Sockets {
    /// The usual places, the system's own first: Docker, rootless Docker, Docker Desktop, Colima, OrbStack, Rancher
    /// Desktop, Podman. `home` is the user's directory, `runtime` is `$XDG_RUNTIME_DIR`.
    #[must_use]
    pub fn usual(home: Option<&Path>, runtime: Option<&Path>) -> Self {
        let below = |base: Option<&Path>, names: &[&str]| -> Vec<PathBuf> {
            base.map(|base| names.iter().map(|name| base.join(name)).collect()).unwrap_or_default()
        };
        let mut all = vec![PathBuf::from("/var/run/docker.sock")];
        all.extend(below(runtime, &["docker.sock"]));
        let desktop = [
            ".docker/run/docker.sock",
            ".docker/desktop/docker.sock",
            ".colima/default/docker.sock",
            ".config/colima/default/docker.sock",
            ".orbstack/run/docker.sock",
            ".rd/docker.sock",
        ];
        all.extend(below(home, &desktop));
        all.extend(below(runtime, &["podman/podman.sock"]));
        all.push(PathBuf::from("/run/podman/podman.sock"));
        Self(all)
    }

    /// These and no others.
    #[must_use]
    pub fn only(paths: Vec<PathBuf>) -> Self {
        Self(paths)
    }

    fn addresses(&self) -> Vec<String> {
        self.0.iter().map(|path| format!("unix://{}", path.display())).collect()
    }
}

impl Engine {
    /// The engine at `host`, which is the value of `DOCKER_HOST`, or else the first that answers at one of the sockets.
    ///
    /// The version of the API is agreed upon: new engines refuse old versions, and old engines do not know new ones.
    ///
    /// # Errors
    /// When none answers, or `host` is of a kind that is not spoken here.
    pub async fn connect(
        host: Option<&str>,
        sockets: &Sockets,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, EngineError> {
        let addresses = match host.filter(|host| !host.is_empty()) {
            Some(host) => vec![host.to_owned()],
            None => sockets.addresses(),
        };
        let mut last = None;
        for address in &addresses {
            match answering(address).await? {
                Ok(docker) => return Ok(Self { docker, address: address.clone(), clock }),
                // A socket that is not there says nothing worth telling; one that refuses does.
                Err(bollard::errors::Error::SocketNotFoundError(_)) => {}
                Err(error) => last = Some(error),
            }
        }
        Err(EngineError::NoEngine { at: addresses, source: last })
    }
}

async fn answering(address: &str) -> Result<Result<Docker, bollard::errors::Error>, EngineError> {
    let seconds = ANSWER.as_secs();
    let client = match address.split_once("://") {
        Some(("unix", _)) => Docker::connect_with_unix(address, seconds, API_DEFAULT_VERSION),
        Some(("tcp" | "http", _)) => {
            Docker::connect_with_http(address, seconds, API_DEFAULT_VERSION)
        }
        _ => return Err(EngineError::Address(address.to_owned())),
    };
    let Ok(client) = client else { return Ok(client) };
    Ok(client.negotiate_version().await.map(|docker| docker.with_timeout(PATIENCE)))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use wpstack_core::time::SystemClock;

    use super::*;

    async fn connect(host: Option<&str>, sockets: &Sockets) -> Result<Engine, EngineError> {
        Engine::connect(host, sockets, Arc::new(SystemClock)).await
    }

    #[tokio::test]
    async fn says_where_it_looked_and_what_to_do() {
        let sockets = Sockets::only(vec!["/nowhere/a.sock".into(), "/nowhere/b.sock".into()]);
        let error = connect(None, &sockets).await.unwrap_err();
        let expected =
            "no container engine answers at unix:///nowhere/a.sock, unix:///nowhere/b.sock";
        assert_eq!(error.to_string(), expected);
        assert!(error.hint().starts_with("start Docker, Podman or Colima, or build without one"));
    }

    #[tokio::test]
    async fn what_is_given_is_the_only_place_that_is_asked() {
        let error = connect(Some("unix:///nowhere/c.sock"), &Sockets::usual(None, None)).await;
        let error = error.unwrap_err();
        assert_eq!(error.to_string(), "no container engine answers at unix:///nowhere/c.sock");
        for host in ["ssh://build@example.com", "docker.sock", "https://127.0.0.1:2376"] {
            let error = connect(Some(host), &Sockets::only(vec![])).await.unwrap_err();
            assert!(matches!(error, EngineError::Address(ref given) if given == host), "{error}");
        }
    }

    #[tokio::test]
    async fn speaks_an_old_engines_version() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = format!("tcp://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _length = stream.read(&mut [0; 4096]).unwrap();
            let body = r#"{"Version":"20.10.24","ApiVersion":"1.41","MinAPIVersion":"1.12"}"#;
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length";
            write!(stream, "{head}: {}\r\n\r\n{body}", body.len()).unwrap();
        });
        let engine = connect(Some(&host), &Sockets::only(vec![])).await.unwrap();
        server.join().unwrap();
        assert_eq!(engine.address(), host);
        let version = engine.client().client_version();
        assert_eq!((version.major_version, version.minor_version), (1, 41));
    }

    #[test]
    fn looks_in_the_places_of_every_engine() {
        let home = Path::new("/people/me");
        let Sockets(all) = Sockets::usual(Some(home), Some(Path::new("/run/user/7")));
        let text: Vec<_> = all.iter().map(|path| path.display().to_string()).collect();
        assert_eq!(text[0], "/var/run/docker.sock");
        for place in ["/people/me/.colima/default/docker.sock", "/run/user/7/podman/podman.sock"] {
            assert!(text.contains(&place.to_owned()), "{text:?}");
        }
        assert_eq!(Sockets::usual(None, None).0.len(), 2);
    }
}
