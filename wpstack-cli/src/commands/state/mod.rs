//! `wpstack state`

use serde_json::json;
use wpstack_core::{Address, ObjectId};

use crate::answer::Answer;
use crate::error::CommandError;
use crate::project::Project;
use crate::render;
use crate::render::names::Names;
use crate::work::Context;

/// How to look.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum StateArgs {
    /// List what is recorded: address, status, AWS's name
    List,
    /// Show everything recorded of one resource
    Show {
        /// Its address, as in `ec2.subnet:public-a`; with `#2` for another than the newest generation
        address: String,
    },
}

/// Prints what is recorded. Asks nobody.
pub(super) async fn run(args: &StateArgs, context: Context<'_>) -> Result<Answer, CommandError> {
    let document = Project::open(context.global)?.document().await?;
    let names = Names::of(&document);
    match args {
        StateArgs::List => {
            let text = render::state::list(&document, &names);
            let note = if text.is_empty() { "Nothing is recorded.\n" } else { "" };
            let answer = Answer::data(text, json!({"objects": document.objects}));
            Ok(Answer { text: note.to_owned(), ..answer })
        }
        StateArgs::Show { address } => {
            let object: ObjectId = address.parse()?;
            let current = |address: &Address| document.current(address);
            let found = match address.contains('#') {
                true => document.objects.get_key_value(&object),
                false => current(&object.address),
            };
            let Some((object, record)) = found else {
                return Err(CommandError::new(format!("nothing is recorded of `{address}`"))
                    .hint("`wpstack state list` lists what is"));
            };
            let text = render::state::record(object, record, &names);
            Ok(Answer::data(text, json!({"object": object, "record": record})))
        }
    }
}
