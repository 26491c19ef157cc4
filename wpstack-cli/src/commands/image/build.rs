//! `wpstack image build`

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;
use wpstack_image::oci::Export;

use super::maker;
use crate::answer::Answer;
use crate::error::CommandError;
use crate::project::{Project, resolve};
use crate::render;
use crate::work::Context;

pub(super) async fn run(
    project: &Project,
    output: Option<&Path>,
    context: Context<'_>,
) -> Result<Answer, CommandError> {
    let (maker, recipe) = maker(project, context)?;
    let built = maker.build(&recipe).await?;
    let mut text = render::image::built(&built);
    let mut json = render::image::json(&built);
    if let Some(output) = output {
        let path = resolve(context.global, output);
        let name = format!("{}:{}", project.config.name, built.tag);
        let images = std::slice::from_ref(&built.image);
        let export = Export { images, name: &name, recipe: built.tag.as_str() };
        match path.extension().is_some_and(|it| it == "tar") {
            true => export.to_archive(&path)?,
            false => export.to_directory(&path)?,
        }
        _ = writeln!(text, "written to {}", path.display());
        json["output"] = json!(path);
    }
    let digest = format!("{}\n", built.image.manifest.digest);
    Ok(Answer { text, ..Answer::data(digest, json) })
}
