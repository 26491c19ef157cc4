//! What may be lost, and refusing what nobody allowed.

use std::collections::BTreeSet;

use wpstack_core::plan::Hazard;
use wpstack_core::{Address, Consent};

use crate::error::CommandError;
use crate::exit::Exit;

/// What the person allows a run to lose.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Losses {
    /// Let this go with the data in it, its protection taken off; may be given more than once
    #[arg(long, value_name = "ADDRESS")]
    allow_data_loss: Vec<Address>,
}

impl Losses {
    pub(crate) fn consent(&self) -> Consent {
        Consent::to_lose(self.allow_data_loss.iter().cloned())
    }
}

/// Refuses a run that would lose what nobody allowed it to.
///
/// # Errors
/// When there is such.
pub(crate) fn allowed(hazards: &[Hazard]) -> Result<(), CommandError> {
    if hazards.is_empty() { Ok(()) } else { Err(not_allowed(hazards)) }
}

/// What a run would lose, and how it is allowed to.
pub(crate) fn not_allowed(hazards: &[Hazard]) -> CommandError {
    let all: Vec<_> = hazards.iter().map(ToString::to_string).collect();
    let flags: Vec<_> =
        hazards.iter().map(|hazard| format!("--allow-data-loss {}", hazard.address())).collect();
    let rescues: BTreeSet<_> = hazards.iter().filter_map(Hazard::rescue).collect();
    let error = CommandError::new(format!("{}; nothing was changed", all.join("; ")));
    let meant = match rescues.is_empty() {
        true => "if that is what you want",
        false => "if it is to go with all that it holds",
    };
    let error = rescues.into_iter().fold(error, CommandError::hint);
    error.hint(format!("{meant}, say so: `{}`", flags.join(" "))).exit(Exit::Declined)
}
