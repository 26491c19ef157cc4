//! What builds the image, and what is told meanwhile.

use std::sync::Arc;

use wpstack_core::time::SystemClock;
use wpstack_image::build::Progress as Build;
use wpstack_image::engine::{self, Engine};
use wpstack_image::maker::{Event, Maker, Observer};
use wpstack_image::registry::Progress as Push;

use crate::console::Console;
use crate::environment;
use crate::error::CommandError;
use crate::project::Project;
use crate::render::size::size;

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
        if let Some(line) = line(event) {
            console.say(&format!("{line}\n"));
        }
    })
}

fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Known { .. } => "built before, and nothing of it has changed".to_owned(),
        Event::Outdated { version, newer } => format!(
            "warning: the mirror does not have WordPress {newer}, so it is {version}: take a newer snapshot or \
             name a release"
        ),
        Event::Build(Build::Reused { layer, size: bytes }) => {
            format!("{layer}: built before, {}", size(*bytes))
        }
        Event::Build(Build::Packed { layer, size: bytes }) => {
            format!("{layer}: built, {}", size(*bytes))
        }
        Event::Build(Build::Reading { layer }) => format!("{layer}: putting together"),
        Event::Push(Push::Sent { size: bytes, .. }) => format!("sent {}", size(*bytes)),
        Event::Push(Push::Waiting { because, pause, .. }) => {
            format!("{because}: trying again in {} s", pause.as_secs())
        }
        Event::Fetching { .. } | Event::Build(_) | Event::Push(_) => return None,
    })
}
