//! Terraform's state file, of formats 3 (Terraform 0.7 to 0.11) and 4 (from 0.12 on).

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::attributes::{Attributes, unflatten};
use crate::legible;

/// The most objects that are read.
const MOST: usize = 10_000;

/// The longest name of a resource that is shown.
const LONGEST: usize = 120;

/// Terraform's state: the objects that it looks after.
#[derive(Debug)]
pub struct State {
    /// The version of the Terraform that wrote it, as far as it says.
    pub written_by: Option<String>,
    pub(super) resources: Vec<Resource>,
}

/// An object that Terraform looks after.
pub(super) struct Resource {
    /// As `terraform state list` shows it: `aws_subnet.public[0]`.
    pub(super) name: String,
    /// The type: `aws_subnet`.
    pub(super) kind: String,
    attributes: Value,
}

impl Resource {
    /// What Terraform calls its id.
    pub(super) fn id(&self) -> String {
        self.attributes().text("id").unwrap_or_default()
    }

    pub(super) fn attributes(&self) -> Attributes<'_> {
        Attributes(&self.attributes)
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Why a file is not read as Terraform's state. Says where, and never what stands there: it may be a password.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// It is too large to be one.
    #[error("the file has more than {} bytes: is it the right one?", State::LARGEST)]
    TooLarge,
    /// It is no JSON, or not such as Terraform writes.
    #[error(
        "this is no state of Terraform: it cannot be read on from line {line}, column {column}"
    )]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// It has no `version`, or one that is no number.
    #[error("this is no state of Terraform: it has no format `version`")]
    NoVersion,
    /// A format that is not known here.
    #[error(
        "the state has format {found}, and formats 3 and 4 are known: {}",
        if *found < 3 { "let a newer Terraform write it, by `terraform refresh`" } else { "use a newer wpstack" }
    )]
    Format {
        /// Its format.
        found: u64,
    },
    /// More objects than such a system can have.
    #[error("the state has more than {MOST} objects: is it the right one?")]
    TooMany,
}

impl From<serde_json::Error> for FileError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed { line: error.line(), column: error.column() }
    }
}

impl State {
    /// The largest file that is read, in bytes. One of the system that wpstack replaces has 60 KiB; read into memory,
    /// a hostile one takes some thirty times its size.
    pub const LARGEST: usize = 8 * 1024 * 1024;

    /// Reads the text of a state file. Data sources are left out: Terraform only looks at them.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn parse(text: &[u8]) -> Result<Self, FileError> {
        if text.len() > Self::LARGEST {
            return Err(FileError::TooLarge);
        }
        let Head { version, terraform_version } = serde_json::from_slice(text)?;
        let resources = match version.as_u64().ok_or(FileError::NoVersion)? {
            3 => format_3(serde_json::from_slice(text)?)?,
            4 => format_4(serde_json::from_slice(text)?)?,
            found => return Err(FileError::Format { found }),
        };
        Ok(Self { written_by: terraform_version.map(|version| shown(&version)), resources })
    }

    /// How many objects it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.resources.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    version: Value,
    #[serde(default)]
    terraform_version: Option<String>,
}

#[derive(Deserialize)]
struct Format3 {
    #[serde(default)]
    modules: Vec<Module3>,
}

#[derive(Deserialize)]
struct Module3 {
    #[serde(default)]
    path: Vec<String>,
    #[serde(default)]
    resources: BTreeMap<String, Resource3>,
}

#[derive(Deserialize)]
struct Resource3 {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    primary: Option<Primary3>,
}

#[derive(Deserialize)]
struct Primary3 {
    #[serde(default)]
    id: String,
    #[serde(default)]
    attributes: BTreeMap<String, Value>,
}

fn format_3(file: Format3) -> Result<Vec<Resource>, FileError> {
    let mut found = Vec::new();
    for Module3 { path, resources } in file.modules {
        let module: String =
            path.iter().skip(1).map(|module| format!("module.{module}.")).collect();
        for (key, Resource3 { kind, primary }) in resources {
            let Some(Primary3 { id, mut attributes }) = primary else { continue };
            if key.starts_with("data.") {
                continue;
            }
            attributes.entry("id".to_owned()).or_insert(Value::String(id));
            let name = shown(&format!("{module}{}", counted(&key)));
            add(
                &mut found,
                Resource { name, kind: shown(&kind), attributes: unflatten(attributes) },
            )?;
        }
    }
    Ok(found)
}

/// `aws_subnet.public.0` as `aws_subnet.public[0]`.
fn counted(key: &str) -> String {
    match key.rsplit_once('.') {
        Some((name, count)) if name.contains('.') && count.parse::<u32>().is_ok() => {
            format!("{name}[{count}]")
        }
        _ => key.to_owned(),
    }
}

#[derive(Deserialize)]
struct Format4 {
    #[serde(default)]
    resources: Vec<Resource4>,
}

#[derive(Deserialize)]
struct Resource4 {
    #[serde(default)]
    module: Option<String>,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    instances: Vec<Instance4>,
}

#[derive(Deserialize)]
struct Instance4 {
    #[serde(default)]
    index_key: Value,
    /// Of an object that was replaced and is still to be deleted.
    #[serde(default)]
    deposed: Option<String>,
    #[serde(default)]
    attributes: Value,
    /// Instead of them, after an upgrade from format 3.
    #[serde(default)]
    attributes_flat: BTreeMap<String, Value>,
}

fn format_4(file: Format4) -> Result<Vec<Resource>, FileError> {
    let mut found = Vec::new();
    for Resource4 { module, mode, kind, name, instances } in file.resources {
        if mode == "data" {
            continue;
        }
        let module = module.map(|module| format!("{module}.")).unwrap_or_default();
        for Instance4 { index_key, deposed, attributes, attributes_flat } in instances {
            let index = if index_key.is_null() { String::new() } else { format!("[{index_key}]") };
            let deposed = if deposed.is_some() { " (deposed)" } else { "" };
            let name = shown(&format!("{module}{kind}.{name}{index}{deposed}"));
            let attributes =
                if attributes.is_object() { attributes } else { unflatten(attributes_flat) };
            add(&mut found, Resource { name, kind: shown(&kind), attributes })?;
        }
    }
    Ok(found)
}

fn add(found: &mut Vec<Resource>, resource: Resource) -> Result<(), FileError> {
    if found.len() >= MOST {
        return Err(FileError::TooMany);
    }
    found.push(resource);
    Ok(())
}

/// A text of the file as it may be shown: short, and without what could move a terminal's cursor.
pub(super) fn shown(text: &str) -> String {
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(end, _)| end);
    legible(&text[..end]).into_owned()
}
