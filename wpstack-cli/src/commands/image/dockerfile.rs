//! `wpstack image dockerfile`, and `wpstack image build --engine`

use std::path::Path;

use serde_json::json;
use wpstack_core::image::{Base, Recipe};
use wpstack_image::dockerfile::{self, Context as Files};
use wpstack_image::engine::BuildOptions;
use wpstack_image::oci::Platform;

use super::{BaseArgs, maker_of, spec};
use crate::answer::Answer;
use crate::error::CommandError;
use crate::project::{Project, resolve};
use crate::work::Context;
use crate::{files, images};

pub(super) async fn run(
    project: &Project,
    output: Option<&Path>,
    base: &BaseArgs,
    context: Context<'_>,
) -> Result<Answer, CommandError> {
    let (made, recipe) = make(project, base, context).await?;
    let json = json!({ "tag": recipe.tag(), "dockerfile": made.dockerfile() });
    let Some(output) = output else { return Ok(Answer::data(made.dockerfile(), json)) };
    let path = resolve(context.global, output);
    let archive = made.into_archive();
    files::replace(&path, &archive).map_err(|error| CommandError::file("write", &path, &error))?;
    let text = format!("written to {0}: `docker build - <{0}` builds it\n", path.display());
    Ok(Answer::text(text, json!({ "tag": recipe.tag(), "output": path })))
}

pub(super) async fn build(
    project: &Project,
    base: &BaseArgs,
    context: Context<'_>,
) -> Result<Answer, CommandError> {
    let engine = images::engine().await?;
    let (made, recipe) = make(project, base, context).await?;
    let name = format!("{}:{}", project.config.name, recipe.tag());
    let wanted = recipe.spec.architecture;
    let is_foreign = engine.architecture().await? != wanted;
    let platform = is_foreign.then(|| format!("linux/{}", Platform::linux(wanted).architecture));
    let options = BuildOptions { tag: Some(name.clone()), platform, ..BuildOptions::default() };
    let lines = images::engine_lines(context.console);
    let id = engine.build(made.into_archive(), dockerfile::NAME, &options, &lines).await?;
    let text = format!("\n{name} is {id}, kept by the engine at {}\n", engine.address());
    let json = json!({ "tag": recipe.tag(), "name": name, "id": id.to_string() });
    Ok(Answer { text, ..Answer::data(format!("{id}\n"), json) })
}

async fn make(
    project: &Project,
    base: &BaseArgs,
    context: Context<'_>,
) -> Result<(Files, Recipe), CommandError> {
    let mut spec = spec(project)?;
    if let Some(release) = &base.alpine {
        spec.base = Base::Alpine(release.clone());
    }
    if let Some(flaw) = spec.flaws().into_iter().next() {
        return Err(CommandError::new(flaw.message).hint(flaw.help));
    }
    let (maker, recipe) = maker_of(project, spec, context)?;
    Ok((maker.dockerfile(&recipe, base.from.as_deref()).await?, recipe))
}
