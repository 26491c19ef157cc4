//! The `wpstack` command: reads arguments, calls the library, shows what happens.

mod answer;
mod approval;
mod args;
mod cloud;
mod commands;
mod consent;
mod console;
mod environment;
mod error;
mod exit;
mod files;
mod images;
mod interruption;
mod kept;
mod plan_file;
mod progress;
mod project;
mod render;
mod signals;
mod work;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;
use crate::console::Console;
use crate::exit::Exit;
use crate::interruption::Interruption;
use crate::work::Context;

fn main() -> ExitCode {
    // Help, version and wrong arguments are dealt with before anything else is set up.
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            // Whoever closed the stream needs no message.
            drop(error.print());
            return exit.into();
        }
    };
    anstream::ColorChoice::from(args.global.color).write_global();
    let console = Console { json: args.global.json, verbose: args.global.verbose };
    let interruption = Interruption::new(args.command.verb());
    let context = Context { global: &args.global, console, interruption: &interruption };
    let result = match tokio::runtime::Runtime::new() {
        Ok(runtime) => {
            let work = commands::run(&args.command, context);
            let result = runtime.block_on(interruption.heed(console, work));
            // Whoever was interrupted may still be asked something, or look up a name: nobody waits for that.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(error::CommandError::new(format!("cannot begin: {error}"))),
    };
    console.end(args.command.verb(), result).into()
}
