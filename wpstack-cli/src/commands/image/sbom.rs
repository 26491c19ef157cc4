//! `wpstack image sbom`

use std::path::Path;

use serde_json::{Value, json};

use super::maker;
use crate::answer::Answer;
use crate::error::CommandError;
use crate::files;
use crate::project::{Project, resolve};
use crate::work::Context;

pub(super) async fn run(
    project: &Project,
    output: Option<&Path>,
    context: Context<'_>,
) -> Result<Answer, CommandError> {
    let (maker, recipe) = maker(project, context)?;
    let built = maker.build(&recipe).await?;
    let sbom = &built.sbom.bytes;
    let Some(output) = output else {
        let value: Value = serde_json::from_slice(sbom)
            .map_err(|error| CommandError::new(format!("the bill of materials: {error}")))?;
        let text = String::from_utf8_lossy(sbom).into_owned();
        return Ok(Answer::data(format!("{text}\n"), json!({ "sbom": value })));
    };
    let path = resolve(context.global, output);
    files::replace(&path, sbom).map_err(|error| CommandError::file("write", &path, &error))?;
    let text = format!("{} packages, written to {}\n", built.packages.len(), path.display());
    Ok(Answer::text(text, json!({ "output": path })))
}
