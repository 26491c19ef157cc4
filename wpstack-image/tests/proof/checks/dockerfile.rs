//! The other way to the image: its Dockerfile, built by the engine on Debian as `mmdebstrap` makes it.

use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use wpstack_core::image::contract;
use wpstack_core::value::Architecture;
use wpstack_image::dockerfile;
use wpstack_image::engine::{BuildOptions, EngineError, Progress};

use crate::base;
use crate::container::{Container, Options};
use crate::image::{maker, recipe, told};
use crate::machine::{directory, fresh, run, until};
use crate::site::Visitor;
use crate::world::World;

const IMAGE: &str = "localhost/wordpress:dockerfile";

/// An image of the Dockerfile is installed and used as the other one.
pub(crate) async fn built(world: &World) {
    let engine = &world.daemon.engine;
    base::make(engine).await;
    let maker = maker(&directory("made"));
    let recipe = maker.recipe(recipe(Architecture::X86_64)).unwrap();
    let context = maker.dockerfile(&recipe, Some(base::NAME)).await.unwrap_or_else(told);
    let options = BuildOptions {
        tag: Some(IMAGE.to_owned()),
        // The network of the checks leads nowhere; these steps fetch packages.
        network: Some("host".to_owned()),
        ..BuildOptions::default()
    };
    let archive = context.into_archive();
    let steps = Mutex::new(Vec::new());
    let listener = |told| {
        if let Progress::Step(step) = told {
            steps.lock().unwrap().push(step);
        }
    };
    let id = engine.build(archive, dockerfile::NAME, &options, &listener).await;
    let id = id.unwrap_or_else(|error| panic!("{error}"));
    assert!(steps.lock().unwrap().iter().any(|step| step.contains(": RUN ")));
    let options =
        Options { name: "rendered", image: &id.0, uploads: "rendered", environment: &PREFIX };
    let container = Container::site(engine, &options).await;
    let url =
        format!("http://127.0.0.1:{}", container.port(&format!("{}/tcp", contract::PORT)).await);
    let mut visitor = Visitor::new(&url);
    until("WordPress", Duration::from_secs(20), async || {
        container.check().await;
        (visitor.status(contract::READY).await == Some(200)).then_some(())
    })
    .await;
    visitor.install().await;
    visitor.log_in().await;
    visitor.upload("colours.png", crate::site::picture(640, 480)).await;
    assert_eq!(visitor.get("/").await.status, 200);
    container.remove().await;
}

/// Tables of its own.
const PREFIX: [(&str, &str); 1] = [(contract::variable::TABLE_PREFIX, "rendered_")];

/// A step that fails is told with its last words.
pub(crate) async fn explained(world: &World) {
    let place = fresh("failing");
    let text = format!("FROM {}\nRUN echo before && echo the reason >&2 && exit 3\n", base::NAME);
    std::fs::write(place.join("Dockerfile"), text).unwrap();
    let archive = place.join("context.tar");
    run(Command::new("tar").arg("-C").arg(&place).arg("-cf").arg(&archive).arg("Dockerfile"));
    let context = std::fs::read(archive).unwrap();
    let options = BuildOptions::default();
    let built = world.daemon.engine.build(context, "Dockerfile", &options, &|_| {});
    let error = built.await.unwrap_err();
    let EngineError::Build { step, message, output } = error else { panic!("{error}") };
    assert!(step.starts_with("RUN echo before"), "{step}");
    assert!(message.contains("returned a non-zero code: 3"), "{message}");
    // What goes to two streams comes in any order.
    assert!(output.contains(&"the reason".to_owned()), "{output:?}");
}
