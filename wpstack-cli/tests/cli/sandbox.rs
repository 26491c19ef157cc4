//! A directory of its own for each test, in which the command runs without anybody's environment.

use std::fmt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use wpstack_core::image::Mirror;
use wpstack_image::testing::mirror;

/// A directory with nothing in it.
pub(crate) struct Sandbox(TempDir);

/// What an invocation came to. Displays as a terminal session would show it.
pub(crate) struct Run {
    command: String,
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With the configuration that `init` writes for the simulation.
    pub(crate) fn simulated() -> Self {
        let sandbox = Self::empty();
        assert_eq!(sandbox.run("init --name blog --cloud sim").exit, 0);
        sandbox
    }

    /// With the configuration that `init` writes, for an image that somebody pushes.
    pub(crate) fn pushed() -> Self {
        let sandbox = Self::empty();
        assert_eq!(sandbox.run("init --name blog").exit, 0);
        sandbox.edit("# tag = \"latest\"", "tag = \"latest\"");
        sandbox
    }

    /// With a configuration whose image takes its packages from the mirror that this machine has.
    pub(crate) fn mirrored(cloud: &str) -> Self {
        let sandbox = Self::empty();
        assert_eq!(sandbox.run(&format!("init --name blog --cloud {cloud}")).exit, 0);
        let Mirror::Live { main, security } = mirror::of_this_machine() else {
            panic!("a live mirror")
        };
        let text = sandbox.read("wpstack.toml");
        let line = |key: &str| text.lines().find(|line| line.starts_with(&format!("# {key} = ")));
        let (first, second) = (line("mirror").unwrap(), line("security_mirror").unwrap());
        sandbox.edit(second, &format!("security_mirror = \"{security}\""));
        sandbox.edit(&format!("{first}\n"), &format!("mirror = \"{main}\"\n"));
        sandbox
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// Replaces a text in the configuration, which must be there.
    pub(crate) fn edit(&self, old: &str, new: &str) {
        let text = self.read("wpstack.toml");
        assert!(text.contains(old), "{old} is not in the configuration");
        self.write("wpstack.toml", &text.replace(old, new));
    }

    /// Changes something in the simulated world behind the command's back. `place` is a JSON pointer to it.
    pub(crate) fn edit_world(&self, place: &str, value: Value) {
        let mut saved: Value = serde_json::from_str(&self.read(".wpstack/sim.json")).unwrap();
        *saved["world"].pointer_mut(place).unwrap() = value;
        self.write(".wpstack/sim.json", &saved.to_string());
    }

    /// The command, with arguments that are separated by spaces.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wpstack"));
        command.args(arguments.split_whitespace()).current_dir(self.path());
        // Nothing of the person who runs the tests: no colour setting, no credentials, no configuration.
        command.env_clear().env("USER", "anna").env("HOME", self.path());
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &str) -> Run {
        Run::of(arguments, self.command(arguments).output().unwrap())
    }
}

impl Run {
    pub(crate) fn of(arguments: &str, output: Output) -> Self {
        Self {
            command: arguments.to_owned(),
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The lines of standard output, each a JSON object.
    pub(crate) fn json(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The result that ends standard output of a run with `--json`.
    pub(crate) fn result(&self) -> Value {
        self.json().pop().unwrap()["result"].take()
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, exit, stdout, stderr } = self;
        writeln!(f, "$ wpstack {command}\n[exit {exit}]")?;
        for (name, text) in [("stdout", stdout), ("stderr", stderr)] {
            if !text.is_empty() {
                write!(f, "--- {name}\n{text}")?;
            }
        }
        Ok(())
    }
}
