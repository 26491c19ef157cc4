//! What the command's exit code says. These are an interface: scripts rely on them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what was asked, or there was nothing to do.
    Done,
    /// It could not be done. Nothing was changed.
    Error,
    /// `plan --detailed-exitcode` found changes.
    Changes,
    /// Some steps failed. What was done is recorded.
    Incomplete,
    /// Nobody agreed to it.
    Declined,
    /// The arguments make no sense.
    Usage,
    /// Another run holds the lock.
    Locked,
    /// It was interrupted. What was done is recorded.
    Interrupted,
}

impl Exit {
    /// All of them, by code.
    pub(crate) const ALL: [Self; 8] = [
        Self::Done,
        Self::Error,
        Self::Changes,
        Self::Incomplete,
        Self::Declined,
        Self::Usage,
        Self::Locked,
        Self::Interrupted,
    ];

    /// The code. 64 and 75 are those of sysexits(3), 130 is what a shell says of Ctrl-C.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Changes => 2,
            Self::Incomplete => 3,
            Self::Declined => 4,
            Self::Usage => 64,
            Self::Locked => 75,
            Self::Interrupted => 130,
        }
    }

    /// What it means, for the help.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or nothing to do",
            Self::Error => "an error; nothing was changed",
            Self::Changes => "`plan --detailed-exitcode` found changes",
            Self::Incomplete => "some steps failed; what was done is recorded, run again to go on",
            Self::Declined => {
                "not approved: answered with no, or `--yes` or `--allow-data-loss` is missing"
            }
            Self::Usage => "the arguments make no sense",
            Self::Locked => "another run holds the lock; try again later",
            Self::Interrupted => "interrupted; what was done is recorded, run again to go on",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// The table in the help.
pub(crate) fn table() -> String {
    let line = |exit: &Exit| format!("  {:>3}  {}\n", exit.code(), exit.meaning());
    let lines: String = Exit::ALL.iter().map(line).collect();
    format!("Exit codes:\n{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_the_same_table() {
        let readme = include_str!("../README.md");
        for exit in Exit::ALL {
            let row = format!("| {} | {} |", exit.code(), exit.meaning());
            assert!(readme.contains(&row), "missing: {row}");
        }
    }
}
