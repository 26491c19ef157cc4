//! What builds the image, and what is told meanwhile.

use std::sync::Arc;

use serde::Serialize;
use wpstack_core::Resource;
use wpstack_core::plan::{Action, Plan, Verb};
use wpstack_core::resource::ecr::Image;
use wpstack_core::time::SystemClock;
use wpstack_core::value::{ImageDigest, ImageTag};
use wpstack_core::wordpress::Cloud;
use wpstack_image::engine::{self, Engine};
use wpstack_image::maker::{Maker, Observer};

use crate::console::Console;
use crate::environment;
use crate::error::CommandError;
use crate::project::Project;

/// What builds the project's image. Relative paths of its configuration begin beside it.
///
/// # Errors
/// When there is no directory for the cache.
pub(crate) fn maker(project: &Project) -> Result<Maker, CommandError> {
    let Some(cache) = environment::cache() else {
        return Err(CommandError::new("there is no place for the cache of images")
            .hint("name one: `WPSTACK_CACHE=/var/cache/wpstack`"));
    };
    Ok(Maker::new(cache, Arc::new(SystemClock)).at_home_in(project.home()))
}

/// An image that an apply of a plan would build.
#[derive(Debug, Serialize)]
pub(crate) struct Outlook {
    /// Its tag.
    pub(crate) tag: ImageTag,
    /// Its digest, if it was built on this machine before.
    pub(crate) digest: Option<ImageDigest>,
}

impl Outlook {
    /// That of a plan, if it builds one.
    ///
    /// # Errors
    /// When files of this machine that belong to it cannot be read.
    pub(crate) fn of(project: &Project, plan: &Plan) -> Result<Option<Self>, CommandError> {
        let makes = |verb| matches!(verb, Verb::Create | Verb::Replace(_) | Verb::Resume);
        let is_made = |action: &Action| {
            action.object.address.type_name() == Image::TYPE && makes(action.verb)
        };
        // What is simulated is not built at all.
        let builds = project.cloud == Cloud::Aws && plan.actions.iter().any(is_made);
        let Some(spec) = project.config.recipe().filter(|_| builds) else { return Ok(None) };
        let maker = maker(project)?;
        let recipe = maker.recipe(spec)?;
        Ok(Some(Self { tag: recipe.tag(), digest: maker.known(&recipe) }))
    }
}

/// The container engine of this machine.
///
/// # Errors
/// When none answers.
pub(crate) async fn engine() -> Result<Engine, CommandError> {
    let (host, sockets) = environment::engines();
    Ok(Engine::connect(host.as_deref(), &sockets, Arc::new(SystemClock)).await?)
}

/// Tells what an engine does: its steps, and with `--verbose` each line of them.
pub(crate) fn engine_lines(console: Console) -> impl Fn(engine::Progress) + Send + Sync {
    move |progress| match progress {
        engine::Progress::Step(line) | engine::Progress::Status(line) => {
            console.say(&format!("{line}\n"));
        }
        engine::Progress::Output(line) if console.verbose => console.say(&format!("  {line}\n")),
        engine::Progress::Output(_) => {}
    }
}

/// Tells each thing that happens in a line. What is on its way is not told byte by byte.
pub(crate) fn lines(console: Console) -> Observer {
    Arc::new(move |event| {
        if let Some(words) = event.words() {
            console.say(&format!("{words}\n"));
        }
    })
}
