//! The proof that the image is WordPress: built from Debian's packages without an engine, pushed to a registry, pulled by
//! its digest, run without any privilege, installed, used with a real browser, and ill-treated.
//!
//! It takes some minutes, needs root on Debian and Debian's mirror, and installs what it needs. Screenshots are left in
//! `tmp/proof/artifacts` below cargo's target directory.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stderr, reason = "it takes minutes, and tells how far it is")]
#![expect(clippy::disallowed_methods, reason = "containers and browsers take real time")]

mod base;
mod browser;
mod checks;
mod container;
mod daemon;
mod database;
mod image;
mod machine;
#[path = "../registry/server.rs"]
mod registry_server;
mod site;
mod world;

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use checks::Stage;
use world::World;

/// The checks, in this order: each may use what those before it left behind.
type Check = for<'a> fn(&'a World, &'a mut Stage) -> LocalBoxFuture<'a, ()>;

const CHECKS: [(&str, Check); 16] = [
    ("the image is what its recipe says", |world, _| Box::pin(checks::image::described(world))),
    ("it starts within seconds", |world, stage| Box::pin(checks::start::healthy(world, stage))),
    ("it is installed", |world, stage| Box::pin(checks::content::installed(world, stage))),
    ("posts and pictures", |_, stage| Box::pin(checks::content::published(stage))),
    ("the front page in a browser", |_, stage| Box::pin(checks::pages::front(stage))),
    ("the dashboard in a browser", |_, stage| Box::pin(checks::pages::dashboard(stage))),
    ("two containers are one site", |world, stage| Box::pin(checks::pair::shared(world, stage))),
    ("nginx and PHP are started again", |_, stage| Box::pin(checks::crash::repaired(stage))),
    ("SIGTERM lets requests end", |world, stage| Box::pin(checks::drain::drained(world, stage))),
    ("behind HTTPS", |world, stage| Box::pin(checks::https::secure(world, stage))),
    ("a wrong environment is refused", |world, _| Box::pin(checks::refusals::refused(world))),
    ("a preview", |world, _| Box::pin(checks::preview::shown(world))),
    ("a preview that fails", |world, _| Box::pin(checks::preview::cleared(world))),
    ("an image of the Dockerfile", |world, _| Box::pin(checks::dockerfile::built(world))),
    ("a step that fails", |world, _| Box::pin(checks::dockerfile::explained(world))),
    ("built again, and for arm64", |world, _| Box::pin(checks::image::repeated(world))),
];

#[tokio::test]
async fn the_image_is_wordpress() {
    let begun = Instant::now();
    machine::prepare();
    let world = World::new().await;
    eprintln!("{:6.1} s  built, pushed and pulled", begun.elapsed().as_secs_f32());
    let mut stage = Stage::default();
    let mut failures = Vec::new();
    for (name, check) in CHECKS {
        let checked = AssertUnwindSafe(check(&world, &mut stage)).catch_unwind().await;
        let result = if checked.is_ok() { "holds" } else { "FAILS" };
        eprintln!("{:6.1} s  {result}: {name}", begun.elapsed().as_secs_f32());
        failures.extend(checked.err().map(|panic| format!("{name}: {}", words(&*panic))));
    }
    drop(stage);
    world.daemon.stop().await;
    drop(world);
    assert!(failures.is_empty(), "{} checks failed:\n{}", failures.len(), failures.join("\n\n"));
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_default()
}
