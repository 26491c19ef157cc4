//! `wpstack image inspect`

use super::maker;
use crate::answer::Answer;
use crate::error::CommandError;
use crate::project::Project;
use crate::render;
use crate::work::Context;

pub(super) async fn run(project: &Project, context: Context<'_>) -> Result<Answer, CommandError> {
    let (maker, recipe) = maker(project, context)?;
    let built = maker.build(&recipe).await?;
    Ok(Answer::data(render::image::inspected(&built), render::image::json(&built)))
}
