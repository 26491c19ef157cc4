//! The image that everything is proven of: built once without an engine, pushed, and pulled by its digest.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bollard::auth::DockerCredentials;
use wpstack_core::Secret;
use wpstack_core::image::{Base, Debian, Destination, ImageSpec};
use wpstack_core::time::SystemClock;
use wpstack_core::value::{Architecture, ImageDigest};
use wpstack_image::build::Built;
use wpstack_image::engine::Engine;
use wpstack_image::maker::{MakeError, Maker};
use wpstack_image::testing::mirror;

use crate::machine::{directory, fresh, run};
use crate::registry_server::Server;

pub(crate) const REPOSITORY: &str = "wordpress";
const USER: &str = "AWS";
const PASSWORD: &str = "TOKEN";

/// WordPress as Debian's mirror has it today.
pub(crate) fn recipe(architecture: Architecture) -> ImageSpec {
    let debian = Debian { mirror: mirror::of_this_machine(), ..Debian::default() };
    ImageSpec { base: Base::Debian(debian), architecture, ..ImageSpec::default() }
}

/// The image, and where it is.
pub(crate) struct Proof {
    /// By digest, as the engine knows it: `127.0.0.1:5000/wordpress@sha256:…`.
    pub(crate) reference: String,
    pub(crate) digest: ImageDigest,
}

impl Proof {
    /// Builds it, pushes it, and has the engine pull it.
    pub(crate) async fn new(engine: &Engine, registry: &Server) -> Self {
        let maker = maker(&directory("made"));
        let recipe = maker.recipe(recipe(Architecture::X86_64)).unwrap();
        let to = Destination {
            registry: format!("http://{}", registry.host),
            repository: REPOSITORY.to_owned(),
            user: USER.to_owned(),
            password: Secret::new(PASSWORD.to_owned()),
        };
        let pushed = maker.push(&recipe, &to).await.unwrap_or_else(told);
        assert!(pushed.is_new, "an empty registry has it already");
        let digest = pushed.digest;
        let reference = format!("{}/{REPOSITORY}@{digest}", registry.host);
        let credentials = DockerCredentials {
            username: Some(USER.to_owned()),
            password: Some(PASSWORD.to_owned()),
            serveraddress: Some(registry.host.clone()),
            ..DockerCredentials::default()
        };
        engine.pull(&reference, Some(credentials), &|_| {}).await.unwrap();
        Self { reference, digest }
    }
}

/// Builds the image for that processor anew: what was fetched is taken as it is, and nothing else.
pub(crate) async fn build_again(architecture: Architecture) -> Built {
    let place = fresh("made-again");
    let fetched = directory("made").join("fetched");
    run(Command::new("cp").args(["--recursive", "--link"]).arg(fetched).arg(&place));
    let maker = maker(&place);
    let recipe = maker.recipe(recipe(architecture)).unwrap();
    maker.build(&recipe).await.unwrap_or_else(told)
}

pub(crate) fn maker(cache: &Path) -> Maker {
    Maker::new(cache, Arc::new(SystemClock))
}

/// Fails with everything that an error says.
pub(crate) fn told<T>(error: MakeError) -> T {
    let causes =
        std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    let causes: Vec<_> = causes.map(ToString::to_string).collect();
    panic!("{}; {}", causes.join(": "), error.hint())
}
