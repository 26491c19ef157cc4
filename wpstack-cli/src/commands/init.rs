//! `wpstack init`

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use serde_json::json;
use wpstack_core::value::{Region, StackName};
use wpstack_core::wordpress::{Cloud, template};

use crate::answer::Answer;
use crate::error::CommandError;
use crate::project::config_path;
use crate::work::Context;

/// What the configuration begins with.
#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// The stack's name, with which the names of everything in it begin
    #[arg(long, default_value = "wordpress")]
    name: StackName,
    /// The AWS region to build in
    #[arg(long, default_value = "eu-west-1")]
    region: Region,
}

/// Writes the file, and never over one that is there.
pub(super) fn run(args: &InitArgs, context: Context<'_>) -> Result<Answer, CommandError> {
    let shown = write(&text(args, context.global.cloud.unwrap_or_default()), context)?;
    let note = format!("Wrote {shown}. Edit it, then run `wpstack plan`.\n");
    Ok(Answer::text(note, json!({"file": shown})))
}

/// Writes the configuration, and never over one that is there. Returns where it is.
pub(super) fn write(text: &str, context: Context<'_>) -> Result<String, CommandError> {
    let path = config_path(context.global);
    let shown = path.display().to_string();
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(&path).map_err(|error| {
            if error.kind() == ErrorKind::AlreadyExists {
                return CommandError::new(format!("{shown} exists already, and was left as it is"))
                    .hint("edit it, or choose another with `--config FILE`");
            }
            CommandError::file("write", &path, &error)
        })?;
    file.write_all(text.as_bytes()).map_err(|error| CommandError::file("write", &path, &error))?;
    Ok(shown)
}

fn text(args: &InitArgs, cloud: Cloud) -> String {
    let text = template(&args.name, &args.region);
    let default = format!("\ncloud = \"{}\"\n", Cloud::default());
    text.replacen(&default, &format!("\ncloud = \"{cloud}\"\n"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wpstack_core::wordpress::Config;

    #[test]
    fn the_file_says_what_was_asked_for() {
        let args = InitArgs { name: "blog".parse().unwrap(), region: "us-east-2".parse().unwrap() };
        for cloud in [Cloud::Aws, Cloud::Sim] {
            let config = Config::parse(&text(&args, cloud)).unwrap();
            assert_eq!(
                (&config.name, &config.region, config.cloud),
                (&args.name, &args.region, cloud)
            );
        }
    }
}
