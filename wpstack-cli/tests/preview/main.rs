//! `wpstack image run` and `wpstack image build --engine`, with a container engine that the tests install and start.
//!
//! Needs root on Debian and Debian's mirror.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]
#![expect(clippy::disallowed_methods, reason = "processes and containers take real time")]

#[path = "../../../wpstack-image/tests/proof/base.rs"]
mod base;
#[expect(dead_code, reason = "the proof uses the rest")]
#[path = "../../../wpstack-image/tests/proof/container.rs"]
mod container;
#[path = "../../../wpstack-image/tests/proof/daemon.rs"]
mod daemon;
#[expect(dead_code, reason = "the proof uses the rest")]
#[path = "../../../wpstack-image/tests/proof/database.rs"]
mod database;
#[path = "../../../wpstack-image/tests/proof/machine.rs"]
mod machine;
#[expect(dead_code, reason = "another suite uses the rest")]
#[path = "../cli/sandbox.rs"]
mod sandbox;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use bollard::query_parameters::ListContainersOptionsBuilder;
use wpstack_image::engine::Engine;

use daemon::Daemon;
use sandbox::{Run, Sandbox};

struct Site<'a> {
    sandbox: Sandbox,
    engine: &'a Engine,
}

/// One test, for there is one engine.
#[tokio::test]
async fn an_image_is_looked_at_and_built_through_an_engine() {
    machine::prepare();
    let daemon = Daemon::start().await;
    database::build(&daemon.engine).await;
    base::make(&daemon.engine).await;
    let site = Site::new(&daemon.engine);
    site.runs_until_it_is_stopped().await;
    site.runs_until_it_is_interrupted().await;
    site.is_built_through_the_engine().await;
    daemon.stop().await;
}

impl<'a> Site<'a> {
    fn new(engine: &'a Engine) -> Self {
        let sandbox = Sandbox::mirrored("sim");
        Self { sandbox, engine }
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = self.sandbox.command(arguments);
        command.env("DOCKER_HOST", self.engine.address());
        command.env("WPSTACK_CACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("images"));
        command
    }

    fn run(&self, arguments: &str, exit: i32) -> Run {
        let run = Run::of(arguments, self.command(arguments).output().unwrap());
        assert_eq!(run.exit, exit, "{run}");
        run
    }

    async fn runs_until_it_is_stopped(&self) {
        let start = format!("image run --detach --database {}", database::IMAGE);
        let started = self.run(&start, 0);
        assert!(started.stderr.contains("`wpstack image run --stop` ends it"), "{started}");
        let page = visit(started.stdout.trim()).await;
        assert!(page.contains("WordPress"), "{page:.400}");
        let again = self.run(&start, 1);
        assert!(again.stderr.contains("there is a preview `blog` already"), "{again}");
        assert!(self.run("image run --stop", 0).stderr.contains("nothing of it is left"));
        assert!(self.run("image run --stop", 0).stderr.contains("nothing was running"));
        self.holds_nothing().await;
    }

    async fn runs_until_it_is_interrupted(&self) {
        let mut command = self.command(&format!("image run --database {}", database::IMAGE));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let url = lines.find(|line| line.starts_with("http://")).expect("it tells where");
        visit(&url).await;
        machine::run(Command::new("kill").args(["-INT", &child.id().to_string()]));
        let rest: Vec<_> = lines.collect();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{rest:?}");
        assert!(rest.contains(&"stopped; nothing of it is left".to_owned()), "{rest:?}");
        self.holds_nothing().await;
    }

    async fn is_built_through_the_engine(&self) {
        let text = self.run("image dockerfile", 0).stdout;
        assert!(text.starts_with("# Written by wpstack"), "{text:.200}");
        self.run("image dockerfile --output context.tar", 0);
        let files = machine::run(
            Command::new("tar").arg("-tf").arg(self.sandbox.path().join("context.tar")),
        );
        assert_eq!(
            files.lines().collect::<Vec<_>>(),
            ["Dockerfile", "wordpress.tar", "configuration.tar"]
        );
        // The engine's steps see no network here, so the first one that fetches anything fails, and is told.
        let failed = self.run(&format!("image build --engine --from {}", base::NAME), 1);
        assert!(failed.stderr.contains("the build failed at `RUN "), "{failed}");
        let missing = self.run("image build --engine --from localhost/nothing:1", 1);
        assert!(missing.stderr.contains("localhost/nothing"), "{missing}");
    }

    async fn holds_nothing(&self) {
        let all = ListContainersOptionsBuilder::default().all(true).build();
        let containers = self.engine.client().list_containers(Some(all)).await.unwrap();
        assert!(containers.is_empty(), "{containers:?}");
    }
}

/// The page that the first visitor sees.
async fn visit(url: &str) -> String {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(url).send().await.unwrap_or_else(|error| panic!("{url}: {error}"));
    assert!(answer.status().is_success(), "{url}: {}", answer.status());
    answer.text().await.unwrap()
}
