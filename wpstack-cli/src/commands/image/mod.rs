//! `wpstack image`: the container image by itself. An apply builds and pushes it on the way.

mod build;
mod dockerfile;
mod inspect;
mod push;
mod run;
mod sbom;

use std::path::PathBuf;

use wpstack_core::image::{ImageSpec, Recipe};
use wpstack_image::maker::Maker;

use crate::answer::Answer;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::images;
use crate::project::Project;
use crate::work::Context;

/// What to do with the image.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ImageArgs {
    /// Build the image, without a container engine and without root
    Build {
        /// Write it there too: a directory in the OCI's layout, or an archive if the name ends in `.tar`
        #[arg(short, long, value_name = "PATH", conflicts_with = "engine")]
        output: Option<PathBuf>,
        /// Build it through a container engine, which keeps it: of a Dockerfile, not the same byte for byte
        #[arg(long)]
        engine: bool,
        #[command(flatten)]
        base: BaseArgs,
    },
    /// Print the image's recipe as a Dockerfile
    Dockerfile {
        /// Write it with all its files to this archive, as `docker build - <FILE` takes it
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        base: BaseArgs,
    },
    /// Build the image, and push it to the stack's repository or to another
    Push {
        /// The repository, as in `http://127.0.0.1:5000/wordpress`; that of the stack without one
        #[arg(long, value_name = "URL")]
        to: Option<String>,
        /// The user of the registry in `--to`
        #[arg(long, value_name = "NAME", env = "WPSTACK_REGISTRY_USER")]
        user: Option<String>,
        /// The password of the registry in `--to`
        #[arg(
            long,
            value_name = "PASSWORD",
            env = "WPSTACK_REGISTRY_PASSWORD",
            hide_env_values = true
        )]
        password: Option<String>,
    },
    /// Show what the image consists of
    Inspect,
    /// Print the bill of materials (CycloneDX)
    Sbom {
        /// Write it to this file
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Start the image through a container engine of this machine, beside a database, for a look at it
    Run(RunArgs),
}

/// What a Dockerfile begins with.
#[derive(Debug, clap::Args)]
pub(crate) struct BaseArgs {
    /// Begin with this image in place of the distribution's own
    #[arg(long, value_name = "IMAGE")]
    from: Option<String>,
    /// Build on this release of Alpine in place of Debian. Nobody has verified that yet
    #[arg(long, value_name = "RELEASE")]
    alpine: Option<String>,
}

/// How a preview runs.
#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// The image of the database
    #[arg(long, value_name = "IMAGE", default_value = "mariadb:11.4")]
    database: String,
    /// Leave it running
    #[arg(short, long)]
    detach: bool,
    /// End the one that was left running, with everything in it
    #[arg(long, conflicts_with = "detach")]
    stop: bool,
}

impl ImageArgs {
    /// The verb, as typed.
    pub(crate) fn verb(&self) -> &'static str {
        match self {
            Self::Build { .. } => "image build",
            Self::Push { .. } => "image push",
            Self::Inspect => "image inspect",
            Self::Sbom { .. } => "image sbom",
            Self::Dockerfile { .. } => "image dockerfile",
            Self::Run(_) => "image run",
        }
    }
}

pub(super) async fn run(args: &ImageArgs, context: Context<'_>) -> Result<Answer, CommandError> {
    let project = Project::open(context.global)?;
    match args {
        ImageArgs::Build { engine: true, base, output: _ } => {
            dockerfile::build(&project, base, context).await
        }
        ImageArgs::Build { engine: false, base, output } => {
            base.need_engine()?;
            build::run(&project, output.as_deref(), context).await
        }
        ImageArgs::Dockerfile { output, base } => {
            dockerfile::run(&project, output.as_deref(), base, context).await
        }
        ImageArgs::Run(args) => run::run(&project, args, context).await,
        ImageArgs::Push { to, user, password } => {
            let elsewhere = to.as_deref().map(|to| push::Elsewhere {
                url: to,
                user: user.as_deref(),
                password: password.as_deref(),
            });
            push::run(&project, elsewhere, context).await
        }
        ImageArgs::Inspect => inspect::run(&project, context).await,
        ImageArgs::Sbom { output } => sbom::run(&project, output.as_deref(), context).await,
    }
}

impl BaseArgs {
    /// # Errors
    /// When something of it is given, which an image that is built without an engine knows nothing of.
    fn need_engine(&self) -> Result<(), CommandError> {
        let given = [("--from", &self.from), ("--alpine", &self.alpine)];
        match given.into_iter().find(|(_, value)| value.is_some()) {
            None => Ok(()),
            Some((name, _)) => Err(CommandError::new(format!("`{name}` needs `--engine`"))
                .hint("without an engine the image is made of Debian's packages and nothing else")
                .exit(Exit::Usage)),
        }
    }
}

/// What builds, and what is to be built.
fn maker(project: &Project, context: Context<'_>) -> Result<(Maker, Recipe), CommandError> {
    maker_of(project, spec(project)?, context)
}

/// What is to be built.
fn spec(project: &Project) -> Result<ImageSpec, CommandError> {
    project.config.recipe().ok_or_else(|| {
        CommandError::new("the configuration names an image, so none is built")
            .hint("remove `tag` and `uri` from `[image]` to have one built")
    })
}

fn maker_of(
    project: &Project,
    spec: ImageSpec,
    context: Context<'_>,
) -> Result<(Maker, Recipe), CommandError> {
    let maker = images::maker(project)?.observed(images::lines(context.console));
    let recipe = maker.recipe(spec)?;
    Ok((maker, recipe))
}
