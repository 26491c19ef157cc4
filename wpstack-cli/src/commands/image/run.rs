//! `wpstack image run`

use serde_json::json;
use tempfile::TempDir;
use tokio::fs::File;
use wpstack_image::engine::preview::{Preview, PreviewOptions};
use wpstack_image::engine::{Engine, ImageId};
use wpstack_image::oci::Export;

use super::{RunArgs, maker_of, spec};
use crate::answer::Answer;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::images;
use crate::interruption::Stage;
use crate::project::Project;
use crate::work::Context;

pub(super) async fn run(
    project: &Project,
    args: &RunArgs,
    context: Context<'_>,
) -> Result<Answer, CommandError> {
    let engine = images::engine().await?;
    let name: &str = project.config.name.as_ref();
    if args.stop {
        let text = match engine.stop_preview(name).await? {
            true => "stopped; nothing of it is left\n",
            false => "nothing was running\n",
        };
        return Ok(Answer::text(text, json!({})));
    }
    let image = take_in(project, &engine, context).await?;
    let options =
        PreviewOptions { database_image: args.database.clone(), ..PreviewOptions::named(name) };
    let preview = start(&engine, &image, &options, context).await?;
    let json = json!({ "url": preview.url, "name": preview.name });
    if args.detach {
        let text = "`wpstack image run --stop` ends it, with everything in it\n";
        return Ok(Answer {
            text: text.into(),
            ..Answer::data(format!("{}\n", preview.url), json)
        });
    }
    if context.console.json {
        let told = context.console.line(&json!({ "type": "preview", "preview": json }));
        told.map_err(|error| CommandError::new(format!("cannot write: {error}")))?;
    }
    context.console.say(&format!("\n{}\nCtrl-C ends it, with everything in it\n", preview.url));
    context.interruption.token().cancelled().await;
    engine.stop_preview(name).await?;
    Ok(Answer::text("\nstopped; nothing of it is left\n", json))
}

/// Builds the image for the engine's own processor, and has the engine take it in.
async fn take_in(
    project: &Project,
    engine: &Engine,
    context: Context<'_>,
) -> Result<ImageId, CommandError> {
    let mut spec = spec(project)?;
    spec.architecture = engine.architecture().await?;
    let (maker, recipe) = maker_of(project, spec, context)?;
    let built = maker.build(&recipe).await?;
    let place = TempDir::new().map_err(|error| unwritten(&error))?;
    let path = place.path().join("image.tar");
    let name = format!("{}:{}", project.config.name, built.tag);
    let images = std::slice::from_ref(&built.image);
    Export { images, name: &name, recipe: built.tag.as_str() }.to_archive(&path)?;
    let archive = File::open(&path).await.map_err(|error| unwritten(&error))?;
    Ok(engine.load(archive, &|_| {}).await?)
}

/// Starts it. Who interrupts that finds nothing of it left.
async fn start(
    engine: &Engine,
    image: &ImageId,
    options: &PreviewOptions,
    context: Context<'_>,
) -> Result<Preview, CommandError> {
    // From here on there is something to clear away, so the command ends by itself.
    context.interruption.reached(Stage::Walking);
    let lines = images::engine_lines(context.console);
    tokio::select! {
        preview = engine.preview(image, options, &lines) => Ok(preview?),
        () = context.interruption.token().cancelled() => {
            engine.stop_preview(&options.name).await?;
            Err(CommandError::new("interrupted; nothing of the preview is left")
                .hint("run `wpstack image run` again")
                .exit(Exit::Interrupted))
        }
    }
}

fn unwritten(error: &std::io::Error) -> CommandError {
    CommandError::new(format!("cannot write the image for the engine: {error}"))
        .hint("make space in the directory for temporary files, or name another in TMPDIR")
}
