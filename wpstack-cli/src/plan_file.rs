//! A plan in a file, between `plan --out` and `apply`.

use std::path::Path;

use serde::{Deserialize, Serialize};
use wpstack_core::plan::Plan;
use wpstack_core::wordpress::Cloud;

use crate::error::CommandError;
use crate::files;

/// The version of the file's format.
///
/// Changelog: 1, the first. 2, bound to the configuration and to what the refresh saw.
const FORMAT: u32 = 2;

/// What the file is, so that nothing else is taken for one.
const KIND: &str = "wpstack plan";

/// A plan as it is saved.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PlanFile {
    kind: String,
    format: u32,
    /// The release that made it.
    version: String,
    /// The cloud it was made for.
    cloud: String,
    /// Whether it deletes the whole stack.
    pub(crate) destroy: bool,
    /// The plan.
    pub(crate) plan: Plan,
}

/// What is read before the rest, which another format may have otherwise.
#[derive(Deserialize)]
struct Header {
    kind: String,
    format: u32,
    version: String,
}

impl PlanFile {
    /// A plan for `cloud`.
    pub(crate) fn new(plan: Plan, cloud: Cloud, destroy: bool) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self {
            kind: KIND.to_owned(),
            format: FORMAT,
            version,
            cloud: cloud.to_string(),
            destroy,
            plan,
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), CommandError> {
        let failed = |error: std::io::Error| CommandError::file("write", path, &error);
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        files::replace(path, &text).map_err(failed)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is no plan, or was written by another release's format.
    pub(crate) fn read(path: &Path) -> Result<Self, CommandError> {
        let text = std::fs::read(path).map_err(|error| CommandError::file("read", path, &error))?;
        let alien = || CommandError::new(format!("{} is no saved plan", path.display()));
        let header: Header = serde_json::from_slice(&text)
            .map_err(|_| alien().hint("`wpstack plan --out FILE` saves one"))?;
        if header.kind != KIND {
            return Err(alien().hint("`wpstack plan --out FILE` saves one"));
        }
        if header.format != FORMAT {
            let Header { format, version, .. } = header;
            let message = format!("{} has format {format}, of wpstack {version}", path.display());
            return Err(CommandError::new(message).hint("make the plan anew: `wpstack plan --out`"));
        }
        serde_json::from_slice(&text).map_err(|error| {
            CommandError::new(format!("{} is damaged: {error}", path.display()))
                .hint("make the plan anew: `wpstack plan --out`")
        })
    }

    /// Refuses a plan for another cloud.
    ///
    /// # Errors
    /// When it was made for another.
    pub(crate) fn fits(&self, cloud: Cloud) -> Result<(), CommandError> {
        if self.cloud == cloud.to_string() {
            return Ok(());
        }
        let message = format!("the plan was made for `{}`, not for `{cloud}`", self.cloud);
        Err(CommandError::new(message).hint(format!("apply it with `--cloud {}`", self.cloud)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plan");
        std::fs::write(&path, text).unwrap();
        let error = PlanFile::read(&path).unwrap_err();
        error.message.replace(&path.display().to_string(), "PLAN")
    }

    #[test]
    fn what_is_no_plan_of_this_format_is_refused() {
        assert_eq!(read("name = 'blog'"), "PLAN is no saved plan");
        let header =
            |kind, format| format!(r#"{{"kind": "{kind}", "format": {format}, "version": "9.0"}}"#);
        assert_eq!(read(&header("terraform", 1)), "PLAN is no saved plan");
        assert_eq!(read(&header(KIND, 3)), "PLAN has format 3, of wpstack 9.0");
        assert_eq!(read(&header(KIND, 1)), "PLAN has format 1, of wpstack 9.0");
        assert!(read(&header(KIND, 2)).starts_with("PLAN is damaged: missing field `cloud`"));
    }

    #[test]
    fn a_plan_is_read_back_as_it_was_written() {
        let plan = Plan {
            stack: "blog".to_owned(),
            lineage: "l".to_owned(),
            serial: 3,
            wanted: "w".to_owned(),
            saw: "s".to_owned(),
            seen: Vec::new(),
            actions: Vec::new(),
            steps: Vec::new(),
            problems: Vec::new(),
        };
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plan");
        PlanFile::new(plan.clone(), Cloud::Sim, true).write(&path).unwrap();
        let back = PlanFile::read(&path).unwrap();
        assert_eq!((back.plan, back.destroy), (plan, true));
        let back = PlanFile::read(&path).unwrap();
        assert!(back.fits(Cloud::Sim).is_ok());
        assert_eq!(
            back.fits(Cloud::Aws).unwrap_err().message,
            "the plan was made for `sim`, not for `aws`"
        );
    }
}
