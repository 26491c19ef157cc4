//! What a person may type.

use std::path::PathBuf;

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{Parser, Subcommand, ValueEnum};
use wpstack_core::value::Seconds;
use wpstack_core::wordpress::Cloud;

use crate::commands::{
    ApplyArgs, CompletionsArgs, DestroyArgs, GraphArgs, ImageArgs, ImportArgs, InitArgs,
    OutputArgs, PlanArgs, ShowArgs, StateArgs,
};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Highly available WordPress on AWS, from one configuration file.
#[derive(Debug, Parser)]
#[command(
    name = "wpstack",
    version,
    styles = STYLES,
    after_help = crate::exit::table(),
    max_term_width = 100,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Work in this directory
    #[arg(short = 'C', long, global = true, value_name = "DIR", env = "WPSTACK_DIRECTORY")]
    pub(crate) directory: Option<PathBuf>,
    /// The configuration; state is kept next to it
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "wpstack.toml",
        env = "WPSTACK_CONFIG"
    )]
    pub(crate) config: PathBuf,
    /// Where to build; beats what the configuration says
    #[arg(long, global = true, value_name = "aws|sim", env = "WPSTACK_CLOUD")]
    pub(crate) cloud: Option<Cloud>,
    /// The profile of the shared AWS configuration
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// How long to wait for a lock that somebody else holds, as in `90s` or `5m`
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        default_value = "0s",
        env = "WPSTACK_LOCK_TIMEOUT"
    )]
    pub(crate) lock_timeout: Seconds,
    /// Write JSON lines to standard output: every event, then one result
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Whether to colour
    #[arg(
        long,
        global = true,
        value_name = "auto|always|never",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub(crate) color: Color,
    /// Tell more: every field of a new resource, every event of a run
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// In terminals, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a commented configuration to begin with
    Init(InitArgs),
    /// Check the configuration
    Validate,
    /// Show what would change, and what it costs
    Plan(PlanArgs),
    /// Build the stack, or bring it to what the configuration says
    Apply(ApplyArgs),
    /// Delete everything in the stack
    Destroy(DestroyArgs),
    /// Record what AWS says now, and change nothing there
    Refresh,
    /// Take what exists already into the state
    Import(ImportArgs),
    /// Print an output, or all of them
    Output(OutputArgs),
    /// Show what is recorded, or a saved plan
    Show(ShowArgs),
    /// Look into the recorded state, change it, or move it
    #[command(subcommand)]
    State(StateArgs),
    /// Build the container image by itself, push it, or look into it
    #[command(subcommand)]
    Image(ImageArgs),
    /// Draw the stack as a graph
    Graph(GraphArgs),
    /// Print the JSON Schema of the configuration, for editors
    Schema,
    /// Print completions for a shell
    Completions(CompletionsArgs),
}

impl Command {
    /// The verb, as typed.
    pub(crate) fn verb(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::Validate => "validate",
            Self::Plan(_) => "plan",
            Self::Apply(_) => "apply",
            Self::Destroy(_) => "destroy",
            Self::Refresh => "refresh",
            Self::Import(_) => "import",
            Self::Output(_) => "output",
            Self::Show(_) => "show",
            Self::State(args) => args.verb(),
            Self::Image(args) => args.verb(),
            Self::Graph(_) => "graph",
            Self::Schema => "schema",
            Self::Completions(_) => "completions",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn help_lines_are_fragments_without_a_stop() {
        for command in Args::command().get_subcommands() {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty() && !about.ends_with('.'), "{}: {about}", command.get_name());
        }
    }
}
