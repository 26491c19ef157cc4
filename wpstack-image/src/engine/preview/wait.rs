//! Waiting for the containers of a preview.

use std::time::Duration;

use bollard::models::{ContainerState, HealthStatusEnum};
use bollard::query_parameters::{InspectContainerOptions, LogsOptionsBuilder};
use futures::TryStreamExt;
use wpstack_core::time::between;

use super::Part;
use crate::engine::{Engine, EngineError};

/// How long to pass between two looks.
const PAUSE: Duration = Duration::from_millis(250);
/// How long one request may take. The first request compiles all of WordPress.
const REQUEST: Duration = Duration::from_secs(30);

impl Engine {
    pub(super) async fn wait_for_database(
        &self,
        container: &str,
        patience: Duration,
    ) -> Result<(), EngineError> {
        let begun = self.clock.now();
        loop {
            let state = self.running(Part::Database, container).await?;
            let health = state.health.and_then(|health| health.status);
            if health == Some(HealthStatusEnum::HEALTHY) {
                return Ok(());
            }
            if between(begun, self.clock.now()) > patience {
                return Err(self.late(Part::Database, container, patience).await);
            }
            self.clock.sleep(PAUSE).await;
        }
    }

    /// Waits until a request is answered with anything but a failure of the server.
    pub(super) async fn wait_for_site(
        &self,
        container: &str,
        url: &str,
        patience: Duration,
    ) -> Result<(), EngineError> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(REQUEST);
        let Ok(client) = client.build() else {
            return Err(self
                .failed(Part::Site, container, "cannot be asked: no HTTP client")
                .await);
        };
        let begun = self.clock.now();
        loop {
            let answer = client.get(url).send().await;
            if answer.is_ok_and(|answer| !answer.status().is_server_error()) {
                return Ok(());
            }
            self.running(Part::Site, container).await?;
            if between(begun, self.clock.now()) > patience {
                return Err(self.late(Part::Site, container, patience).await);
            }
            self.clock.sleep(PAUSE).await;
        }
    }

    /// The state of a container, or why it ended.
    async fn running(&self, part: Part, container: &str) -> Result<ContainerState, EngineError> {
        let options = None::<InspectContainerOptions>;
        let found = self.docker.inspect_container(container, options).await;
        let state = found.map_err(EngineError::call("show a container"))?.state.unwrap_or_default();
        if state.running == Some(true) {
            return Ok(state);
        }
        let code = state.exit_code.unwrap_or_default();
        Err(self.failed(part, container, &format!("ended with code {code}")).await)
    }

    async fn late(&self, part: Part, container: &str, patience: Duration) -> EngineError {
        let what = format!("did not answer within {} s", patience.as_secs());
        self.failed(part, container, &what).await
    }

    pub(super) async fn failed(&self, part: Part, container: &str, what: &str) -> EngineError {
        let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail("25").build();
        // Without its log the failure is told all the same.
        let log: Vec<_> =
            self.docker.logs(container, Some(options)).try_collect().await.unwrap_or_default();
        let text: String = log.iter().map(ToString::to_string).collect();
        let log = text.lines().map(str::to_owned).collect();
        EngineError::Preview { part, what: what.to_owned(), log }
    }
}
