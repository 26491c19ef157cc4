//! Building from a Dockerfile.

use std::collections::VecDeque;
use std::fmt;

use anstream::adapter::strip_str;
use bollard::errors::Error;
use bollard::models::BuildInfo;
use bollard::query_parameters::BuildImageOptionsBuilder;
use futures::{Stream, StreamExt};

use super::{Engine, EngineError, Listener, Progress};

/// How many lines of a step that failed are shown.
const SHOWN: usize = 25;

/// An image as the engine knows it: `sha256:` and the digest of its configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageId(pub String);

impl fmt::Display for ImageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// How an image is built.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct BuildOptions {
    /// The name that the image gets: `wordpress:latest`.
    pub tag: Option<String>,
    /// The processor that it is built for: `linux/arm64`. The engine's own, unless given.
    pub platform: Option<String>,
    /// The network that the steps see: `host`. The engine's default, unless given.
    pub network: Option<String>,
}

impl Engine {
    /// Builds the `dockerfile` of the `context`, a tar archive. Steps that were built before are not built again.
    ///
    /// # Errors
    /// When a step fails, with its last lines, or the engine goes away.
    pub async fn build(
        &self,
        context: Vec<u8>,
        dockerfile: &str,
        options: &BuildOptions,
        progress: Listener<'_>,
    ) -> Result<ImageId, EngineError> {
        let mut asked = BuildImageOptionsBuilder::default().dockerfile(dockerfile).rm(true);
        asked = asked.forcerm(true);
        if let Some(tag) = &options.tag {
            asked = asked.t(tag);
        }
        if let Some(platform) = &options.platform {
            asked = asked.platform(platform);
        }
        if let Some(network) = &options.network {
            asked = asked.networkmode(network);
        }
        let body = bollard::body_full(context.into());
        let told = self.docker.build_image(asked.build(), None, Some(body));
        let id = follow(told, progress).await?;
        // What the builder tells may be short; the engine tells it in full.
        let found = self.docker.inspect_image(&id).await;
        let found = found.map_err(EngineError::call("show the image that it built"))?;
        found.id.map(ImageId).ok_or(EngineError::NoImage("built"))
    }
}

/// What is known of a build while it runs.
#[derive(Default)]
struct Log {
    step: String,
    output: VecDeque<String>,
    id: Option<String>,
}

async fn follow(
    told: impl Stream<Item = Result<BuildInfo, Error>>,
    progress: Listener<'_>,
) -> Result<String, EngineError> {
    let mut log = Log::default();
    let mut told = std::pin::pin!(told);
    while let Some(next) = told.next().await {
        match next {
            Ok(info) => log.take(info, progress),
            Err(Error::DockerStreamError { error }) => return Err(log.failed(error)),
            // A Dockerfile that cannot be read is refused before anything is streamed.
            Err(Error::DockerResponseServerError { status_code: 400, message }) => {
                return Err(log.failed(message));
            }
            Err(source) => return Err(EngineError::call("build the image")(source)),
        }
    }
    log.id.ok_or(EngineError::NoImage("built"))
}

impl Log {
    fn take(&mut self, info: BuildInfo, progress: Listener<'_>) {
        if let Some(id) = info.aux.and_then(|image| image.id) {
            self.id = Some(id);
        }
        if let Some(status) = info.status {
            progress(Progress::Status(match info.id {
                Some(layer) => format!("{layer}: {status}"),
                None => status,
            }));
        }
        // The engine colours what a step writes to its standard error.
        let text = info.stream.as_deref().map(|text| strip_str(text).to_string());
        for line in text.iter().flat_map(|text| text.lines()) {
            self.line(line.trim_end(), progress);
        }
    }

    fn line(&mut self, line: &str, progress: Listener<'_>) {
        if line.is_empty() {
            return;
        }
        // "Step 3/9 : RUN …" from Docker, "STEP 3/9: RUN …" from Podman.
        let is_step = line.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("step "));
        let step = line.split_once(':').filter(|_| is_step).map(|(_, step)| step.trim());
        if let Some(step) = step {
            step.clone_into(&mut self.step);
            self.output.clear();
            progress(Progress::Step(line.to_owned()));
            return;
        }
        if let Some(id) = line.strip_prefix("Successfully built ") {
            self.id.get_or_insert_with(|| id.to_owned());
        }
        // The builder's own words about its work, which are no help with a step that failed.
        if [" ---> ", "Removing intermediate container "].iter().any(|own| line.starts_with(own)) {
            progress(Progress::Status(line.trim_start().to_owned()));
            return;
        }
        if self.output.len() == SHOWN {
            self.output.pop_front();
        }
        self.output.push_back(line.to_owned());
        progress(Progress::Output(line.to_owned()));
    }

    fn failed(self, message: String) -> EngineError {
        let step = if self.step.is_empty() { "the first step".to_owned() } else { self.step };
        EngineError::Build { step, message, output: self.output.into() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures::stream;

    use super::*;

    fn said(text: &str) -> Result<BuildInfo, Error> {
        Ok(BuildInfo { stream: Some(text.to_owned()), ..BuildInfo::default() })
    }

    #[tokio::test]
    async fn a_failure_names_the_step_and_ends_with_its_last_lines() {
        let many = (0..40).map(|line| said(&format!("line {line}\n")));
        let mut told = vec![said("Step 1/2 : FROM debian\n"), said(" ---> 1f2e\n")];
        told.push(said("Step 2/2 : RUN apt-get install nginz\n"));
        told.extend(many);
        told.push(said("\u{1b}[91mline 40\n\u{1b}[0m"));
        told.push(said("Removing intermediate container 0a1b\n"));
        told.push(Err(Error::DockerStreamError { error: "returned a non-zero code: 100".into() }));
        let error = follow(stream::iter(told), &|_| {}).await.unwrap_err().to_string();
        let lines: Vec<_> = error.lines().collect();
        let first =
            "the build failed at `RUN apt-get install nginz`: returned a non-zero code: 100";
        assert_eq!((lines[0], lines[1]), (first, "    line 16"));
        assert_eq!((lines.len(), lines[25]), (26, "    line 40"));
    }

    #[tokio::test]
    async fn progress_is_told_as_it_comes() {
        let told = [
            said("Step 1/1 : FROM scratch"),
            said("\n"),
            said("hello\n"),
            said("Successfully built 0a1b2c3d\n"),
        ];
        let heard = Mutex::new(Vec::new());
        let id = follow(stream::iter(told), &|event| heard.lock().unwrap().push(event)).await;
        assert_eq!(id.unwrap(), "0a1b2c3d");
        let heard = heard.into_inner().unwrap();
        assert_eq!(heard[0], Progress::Step("Step 1/1 : FROM scratch".to_owned()));
        assert_eq!(heard[1], Progress::Output("hello".to_owned()));
    }

    #[tokio::test]
    async fn an_engine_that_names_no_image_is_not_believed() {
        let error = follow(stream::iter([said("done")]), &|_| {}).await.unwrap_err();
        assert_eq!(error.to_string(), "the engine did not say which image it built");
    }
}
