//! `wpstack graph`

use clap::ValueEnum;
use serde_json::json;
use wpstack_core::Stack;
use wpstack_core::stack::export::{
    Picture, PictureEdge, PictureError, PictureNode, dot, json as export_json, mermaid, svg,
};

use crate::answer::Answer;
use crate::error::CommandError;
use crate::project::Project;
use crate::work::Context;

/// How to draw.
#[derive(Debug, clap::Args)]
pub(crate) struct GraphArgs {
    /// The language of the picture
    #[arg(long, value_enum, default_value = "mermaid")]
    format: Format,
    /// Draw every edge, those too that others imply
    #[arg(long)]
    full: bool,
}

/// The languages.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Mermaid, which GitHub and GitLab draw.
    Mermaid,
    /// Graphviz.
    Dot,
    /// A picture by itself.
    Svg,
    /// Nodes and edges, for programs.
    Json,
}

/// Draws the stack that the configuration stands for.
pub(super) fn run(args: &GraphArgs, context: Context<'_>) -> Result<Answer, CommandError> {
    let stack = Project::open(context.global)?.stack()?;
    let drawn = picture(&stack).map_err(|error| CommandError::new(error.to_string()))?;
    let drawn = if args.full { drawn } else { drawn.reduced() };
    let data = match args.format {
        Format::Mermaid => mermaid(&drawn),
        Format::Dot => dot(&drawn),
        Format::Svg => svg(&drawn),
        Format::Json => export_json(&drawn),
    };
    Ok(Answer::data(data, json!({"graph": drawn})))
}

fn picture(stack: &Stack) -> Result<Picture, PictureError> {
    let nodes = stack.nodes().iter().map(|node| {
        let address = &node.address;
        // `ec2.security-group:alb` is drawn in EC2's colours as `security-group alb`.
        let kind = address.type_name().split_once('.').map_or("", |(_, kind)| kind);
        PictureNode::new(address.as_str(), format!("{kind}\n{}", address.name()), address.service())
    });
    let edges = stack.nodes().iter().flat_map(|node| {
        let to = |edge: &wpstack_core::stack::Edge| {
            PictureEdge::new(node.address.as_str(), edge.to.as_str(), edge.need)
        };
        node.edges.iter().map(to)
    });
    Ok(Picture::new(nodes.collect(), edges.collect())?.with_title(stack.name().to_string()))
}
