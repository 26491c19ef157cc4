//! `wpstack refresh`

use serde_json::json;

use crate::answer::Answer;
use crate::error::CommandError;
use crate::interruption::Stage;
use crate::render;
use crate::render::refresh::{Found, found};
use crate::work::{Context, Work};

/// Asks AWS about everything recorded, shows where it differs, and records what it told.
pub(super) async fn run(context: Context<'_>) -> Result<Answer, CommandError> {
    Work::under_lock(context, "wpstack refresh", async |work| {
        let names = work.names();
        let sightings = work.session.look().await?;
        let found: Vec<Found> = found(&sightings);
        context.interruption.reached(Stage::Recording);
        let recorded = work.session.refresh(&sightings).await?;
        let text = render::refresh::refresh(sightings.len(), &found, recorded, &names);
        Ok(Answer::text(
            text,
            json!({"looked_at": sightings.len(), "recorded": recorded, "found": found}),
        ))
    })
    .await
}
