//! `wpstack state`

mod edit;
mod look;
mod migrate;
mod team;

use std::path::PathBuf;

use wpstack_core::Address;

use self::migrate::Target;
use crate::answer::Answer;
use crate::error::CommandError;
use crate::work::Context;

/// What to do with the state.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum StateArgs {
    /// List what is recorded: address, status, AWS's name
    List,
    /// Show everything recorded of one resource
    Show {
        /// Its address, as in `ec2.subnet:public-a`; with `#2` for another than the newest generation
        address: String,
    },
    /// Print the whole document
    Pull,
    /// Put a document in the place of the one that is recorded
    Push {
        /// The document, as `wpstack state pull` prints it
        file: PathBuf,
        /// Do so even if more was recorded since it was pulled
        #[arg(long)]
        force: bool,
    },
    /// Forget resources, which stay at AWS and are looked after no more
    Rm {
        /// Their addresses
        #[arg(required = true, value_name = "ADDRESS")]
        addresses: Vec<Address>,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Give a resource another address
    Mv {
        /// Its address
        from: Address,
        /// Its new address, of the same type
        to: Address,
    },
    /// Make the bucket of `[state.s3]`, or harden the one that is there
    Init,
    /// Move the state between this disk and the bucket of `[state.s3]`
    Migrate {
        /// Where to
        #[arg(long, value_name = "s3|local", hide_possible_values = true)]
        to: Target,
    },
    /// Take the lock from a run that is gone; if it is not, it can write no more
    ForceUnlock {
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

impl StateArgs {
    /// The verb, as typed.
    pub(crate) fn verb(&self) -> &'static str {
        match self {
            Self::List => "state list",
            Self::Show { .. } => "state show",
            Self::Pull => "state pull",
            Self::Push { .. } => "state push",
            Self::Rm { .. } => "state rm",
            Self::Mv { .. } => "state mv",
            Self::Init => "state init",
            Self::Migrate { .. } => "state migrate",
            Self::ForceUnlock { .. } => "state force-unlock",
        }
    }
}

/// Does what was asked.
pub(super) async fn run(args: &StateArgs, context: Context<'_>) -> Result<Answer, CommandError> {
    match args {
        StateArgs::List => look::list(context).await,
        StateArgs::Show { address } => look::show(address, context).await,
        StateArgs::Pull => look::pull(context).await,
        StateArgs::Push { file, force } => edit::push(file, *force, context).await,
        StateArgs::Rm { addresses, yes } => edit::rm(addresses, *yes, context).await,
        StateArgs::Mv { from, to } => edit::mv(from, to, context).await,
        StateArgs::Init => team::init(context).await,
        StateArgs::Migrate { to } => migrate::run(*to, context).await,
        StateArgs::ForceUnlock { yes } => team::force_unlock(*yes, context).await,
    }
}
