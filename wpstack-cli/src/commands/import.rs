//! `wpstack import`

use std::path::{Path, PathBuf};

use serde_json::json;
use wpstack_core::apply::ImportError;
use wpstack_core::import::terraform::{ImportPlan, State};
use wpstack_core::value::StackName;
use wpstack_core::wordpress::written;
use wpstack_core::{Address, Chain};

use super::init;
use crate::answer::Answer;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::files;
use crate::interruption::Stage;
use crate::project::{Project, resolve};
use crate::render;
use crate::work::{Context, Work};

/// What to take.
#[derive(Debug, clap::Args)]
#[command(override_usage = "wpstack import ADDRESS ID\n       \
                            wpstack import --from-terraform FILE [--write-config]")]
pub(crate) struct ImportArgs {
    /// Where it is to stand, as in `ec2.vpc:main`
    #[arg(value_name = "ADDRESS", required_unless_present = "from_terraform", requires = "id")]
    address: Option<Address>,
    /// What AWS calls it: an id, a name or an ARN; of a rule also its group's id
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Take what fits of a system that Terraform built, from its state file
    #[arg(long, value_name = "FILE", conflicts_with = "address")]
    from_terraform: Option<PathBuf>,
    /// Write the configuration under which that system fits, and take nothing yet
    #[arg(long, requires = "from_terraform")]
    write_config: bool,
    /// The stack's name in the configuration that is written
    #[arg(long, value_name = "NAME", requires = "write_config", default_value = "wordpress")]
    name: StackName,
}

/// Records what exists already. Changes nothing at AWS.
pub(super) async fn run(args: &ImportArgs, context: Context<'_>) -> Result<Answer, CommandError> {
    match (&args.from_terraform, &args.address, &args.id) {
        (Some(file), _, _) if args.write_config => write(args, file, context),
        (Some(file), _, _) => take(file, context).await,
        (None, Some(address), Some(id)) => one(address, id, context).await,
        (None, _, _) => {
            Err(CommandError::new("say what to import: ADDRESS and ID").exit(Exit::Usage))
        }
    }
}

async fn one(address: &Address, id: &str, context: Context<'_>) -> Result<Answer, CommandError> {
    Work::under_lock(context, "wpstack import", async |work| {
        let stack = work.project.stack()?;
        context.interruption.reached(Stage::Recording);
        let imported = work.session.import(&stack, address, id).await?;
        let text = render::import::one(&imported);
        Ok(Answer::text(text, json!({"imported": [imported]})))
    })
    .await
}

fn write(args: &ImportArgs, file: &Path, context: Context<'_>) -> Result<Answer, CommandError> {
    let mut plan = read(file, args.name.clone(), context)?;
    plan.config.cloud = context.global.cloud.unwrap_or_default();
    let shown = init::write(&written(&plan.config), context)?;
    let text = render::import::written(&plan, &shown, &file.display().to_string());
    let json = json!({"file": shown, "resources": plan.entries, "notes": plan.notes});
    Ok(Answer::text(text, json))
}

async fn take(file: &Path, context: Context<'_>) -> Result<Answer, CommandError> {
    let project = Project::open(context.global).map_err(|error| {
        error.hint("`--write-config` writes one under which Terraform's system fits")
    })?;
    let plan = read(file, project.config.name.clone(), context)?;
    Work::under_lock(context, "wpstack import", async |work| {
        let stack = work.project.stack()?;
        context.interruption.reached(Stage::Recording);
        let taken = plan.take(&work.session, &stack).await;
        let is_settled = |outcome: &Result<_, ImportError>| {
            matches!(outcome, Ok(_) | Err(ImportError::Recorded { .. }))
        };
        let open = taken.iter().filter(|taken| !is_settled(&taken.outcome)).count();
        let text = render::import::taken(&plan, &taken, open);
        let (mut imported, mut refused) = (Vec::new(), Vec::new());
        for taken in &taken {
            match &taken.outcome {
                Ok(it) => imported.push(json!(it)),
                Err(error) => refused.push(json!({
                    "address": taken.address, "id": taken.id, "why": Chain(error).to_string(),
                })),
            }
        }
        let json = json!({"imported": imported, "refused": refused, "resources": plan.entries});
        let exit = if open == 0 { Exit::Done } else { Exit::Incomplete };
        Ok(Answer::text(text, json).exit(exit))
    })
    .await
}

/// Reads Terraform's state and says what becomes of it. No more is read than such a file can have.
fn read(file: &Path, name: StackName, context: Context<'_>) -> Result<ImportPlan, CommandError> {
    let path = resolve(context.global, file);
    let text = files::read_at_most(&path, State::LARGEST)
        .map_err(|error| CommandError::file("read", &path, &error))?;
    Ok(ImportPlan::new(&State::parse(&text)?, name)?)
}
