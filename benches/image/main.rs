//! The image, built without an engine, pushed and started; beside it the same recipe as a Dockerfile through Docker.
//!
//! ```text
//! cargo bench -p wpstack-benches --features image --bench image
//! ```
//!
//! Needs root on Debian and Debian's mirror, and installs what it needs: an engine of its own, a registry, a database.
//!
//! Both begin with nothing built, and fetch their packages from the mirror; the engine has its base image already. How
//! long ours takes when everything has been fetched is a figure of its own, for the mirror's speed is nobody's work. Both
//! are then built again unchanged, and with another theme. Both are pushed to a registry on this machine, where no
//! network is in the way. Start-up is from the engine's word to the first good answer, beside the same database.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has no figures")]

#[path = "../../wpstack-image/tests/proof/base.rs"]
mod base;
#[expect(dead_code, reason = "the proof uses the rest")]
#[path = "../../wpstack-image/tests/proof/container.rs"]
mod container;
#[path = "../../wpstack-image/tests/proof/daemon.rs"]
mod daemon;
#[expect(dead_code, reason = "the proof uses the rest")]
#[expect(clippy::disallowed_methods, reason = "processes take real time")]
#[path = "../../wpstack-image/tests/proof/database.rs"]
mod database;
mod docker;
#[expect(clippy::disallowed_methods, reason = "processes take real time")]
#[path = "../../wpstack-image/tests/proof/machine.rs"]
mod machine;
mod ours;
#[path = "../../wpstack-image/tests/registry/server.rs"]
mod registry_server;
mod start;

use std::path::Path;
use std::time::Duration;

use wpstack_benches::{figure, heading, seconds};
use wpstack_core::image::{Base, Debian, ImageSpec, Source};
use wpstack_image::testing::mirror;

use daemon::Daemon;
use database::Database;
use docker::Docker;
use ours::Ours;
use registry_server::Server;

/// What was asked for: a cold build in less than that, downloads apart; a warm one; and how large it may be.
const COLD: &str = "under 30 s";
const WARM: &str = "under 1 s";
const SIZE: &str = "under 110 MB";

#[tokio::main]
async fn main() {
    machine::prepare();
    let daemon = Daemon::start().await;
    measure(&daemon).await;
    daemon.stop().await;
}

async fn measure(daemon: &Daemon) {
    let registry = Server::start();
    base::make(&daemon.engine).await;
    let (mut ours, mut docker) = (Ours::new(&registry), Docker::new(&daemon.engine, &registry));
    let plain = recipe(None);
    let themes = machine::fresh("themes");
    let [first, second] = ["first", "second"].map(|colour| recipe(Some((&themes, colour))));

    heading("building: ours, and the Dockerfile's");
    let fetching = ours.build(&plain).await;
    let theirs = docker.build(&plain).await;
    beside("with everything that is downloaded", fetching, theirs, "");
    ours.forget_layers();
    figure("cold, everything downloaded before", &seconds(ours.build(&plain).await), COLD);
    let (again, theirs) = (ours.build(&plain).await, docker.build(&plain).await);
    beside("again, nothing changed", again, theirs, WARM);
    ours.build(&first).await;
    docker.build(&first).await;
    let (again, theirs) = (ours.build(&second).await, docker.build(&second).await);
    beside("again, with another theme", again, theirs, WARM);

    heading("pushing to a registry on this machine: ours, and Docker's");
    docker.build(&first).await;
    let (time, sent) = ours.push(&first).await;
    let theirs = docker.push().await;
    beside("an empty registry", time, theirs, &size(sent));
    docker.build(&second).await;
    let (time, sent) = ours.push(&second).await;
    let theirs = docker.push().await;
    beside("with another theme", time, theirs, &size(sent));

    heading("the image: ours, and the Dockerfile's");
    let (here, there) = (ours.size(&second).await, docker.size().await);
    figure("compressed", &size(here), &format!("{}, {SIZE}", size(there)));

    heading("starting: ours, and the Dockerfile's");
    let database = Database::start(&daemon.engine).await;
    let image = ours.pull(&daemon.engine, &second).await;
    let one = start::measure(&daemon.engine, "ours", &image).await;
    let other = start::measure(&daemon.engine, "docker", docker.image()).await;
    beside("until nginx answers", one.health, other.health, "");
    beside("until PHP answers", one.ready, other.ready, "");
    drop(database);
}

/// What is built: WordPress, and perhaps a theme.
fn recipe(theme: Option<(&Path, &str)>) -> ImageSpec {
    let debian = Debian { mirror: mirror::of_this_machine(), ..Debian::default() };
    let mut spec = ImageSpec { base: Base::Debian(debian), ..ImageSpec::default() };
    if let Some((place, colour)) = theme {
        let folder = place.join(colour);
        std::fs::create_dir_all(&folder).unwrap();
        let style = format!("/*\nTheme Name: Bench\nVersion: 1\n*/\nbody {{ color: {colour}; }}\n");
        std::fs::write(folder.join("style.css"), style).unwrap();
        std::fs::write(folder.join("index.php"), "<?php\n").unwrap();
        spec.themes.insert("bench".to_owned(), Source::Directory(folder));
    }
    spec
}

fn beside(name: &str, ours: Duration, theirs: Duration, target: &str) {
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
    figure(name, &seconds(ours), &format!("{}, {ratio:.1} times ours   {target}", seconds(theirs)));
}

fn size(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
