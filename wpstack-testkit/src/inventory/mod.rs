//! What an account holds, as seen by a client that is not ours.

mod shape;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

pub use shape::{ADDRESS_TAG, Shape};

use crate::venv::Venv;
use crate::{Account, TestkitError};

const SCRIPT: &str = include_str!("../../python/inventory.py");

/// The tag that names the stack a resource belongs to.
pub const STACK_TAG: &str = "wpstack:stack";

/// Everything an account holds in one region, of the types that a WordPress stack is made of.
///
/// What AWS itself puts into an empty account is left out, so the inventory of a fresh account is empty. A VPC of ours
/// brings its main route table and default security group with it; they carry no tags, and go when it goes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Inventory {
    types: BTreeMap<String, Vec<Item>>,
}

/// One resource.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Item {
    /// Its id where it has one (EC2), its ARN (Elastic Load Balancing, task definitions), or else its name.
    pub id: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// What AWS tells about it, in AWS's names. Policies, VPC, load balancer and target group attributes, the latest
    /// launch template version and the parameters that were set, which AWS lists apart, are put in.
    pub attributes: Value,
}

impl Account {
    /// Lists what the account holds, with boto3, straight from the emulator. It takes a second or two.
    ///
    /// # Errors
    ///
    /// If the emulator is gone or cannot list one of the types.
    pub fn inventory(&self, region: &str) -> Result<Inventory, TestkitError> {
        let python = Venv::ready()?.python();
        let output = Command::new(&python)
            .args(["-c", SCRIPT, self.endpoint(), region])
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(self.environment(self.endpoint(), region))
            .stdin(Stdio::null())
            .output()
            .map_err(TestkitError::file("run", &python))?;
        if !output.status.success() {
            let output = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(TestkitError::Inventory { output });
        }
        serde_json::from_slice(&output.stdout)
            .map_err(|error| TestkitError::Inventory { output: error.to_string() })
    }
}

impl Inventory {
    /// The resources of one type, such as `ec2.vpc`.
    ///
    /// # Panics
    ///
    /// If no such type is listed: a misspelt name must not look like "nothing left".
    pub fn of(&self, kind: &str) -> &[Item] {
        match self.types.get(kind) {
            Some(items) => items,
            None => panic!("`{kind}` is none of {:?}", self.types.keys().collect::<Vec<_>>()),
        }
    }

    /// The types that are listed, whether or not there is anything of them.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }

    /// The one resource of a type.
    ///
    /// # Panics
    ///
    /// If there is none or more than one, or no such type.
    pub fn only(&self, kind: &str) -> &Item {
        match self.of(kind) {
            [item] => item,
            items => panic!("{} of `{kind}` instead of one: {items:#?}", items.len()),
        }
    }

    /// All resources, each with its type.
    pub fn items(&self) -> impl Iterator<Item = (&str, &Item)> {
        self.types.iter().flat_map(|(kind, items)| items.iter().map(move |item| (&**kind, item)))
    }

    /// What carries the tag of that stack, and nothing else.
    #[must_use]
    pub fn of_stack(&self, stack: &str) -> Self {
        self.filtered(|item| item.tags.get(STACK_TAG).is_some_and(|tagged| tagged == stack))
    }

    /// The resources that `keep` accepts. All types stay listed.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&Item) -> bool) -> Self {
        let mut kept = self.clone();
        kept.types.values_mut().for_each(|items| items.retain(&keep));
        kept
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.types.values().all(Vec::is_empty)
    }

    /// How many resources there are of each type that has any; for assertions on the whole.
    pub fn counts(&self) -> BTreeMap<&str, usize> {
        let counted = self.types.iter().map(|(kind, items)| (kind.as_str(), items.len()));
        counted.filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Inventory;

    fn inventory() -> Inventory {
        let json = r#"{
            "ec2.vpc": [
                {"id": "vpc-1", "tags": {"wpstack:stack": "blog"}, "attributes": {"CidrBlock": "10.0.0.0/16"}},
                {"id": "vpc-2", "tags": {"Name": "blog"}, "attributes": {}}
            ],
            "ecs.cluster": []
        }"#;
        serde_json::from_str(json).expect("an inventory")
    }

    #[test]
    fn a_stack_is_what_carries_its_tag() {
        let blog = inventory().of_stack("blog");
        assert_eq!(blog.only("ec2.vpc").id, "vpc-1");
        assert_eq!(blog.counts(), [("ec2.vpc", 1)].into());
        assert!(inventory().of_stack("shop").is_empty());
    }

    #[test]
    #[should_panic(expected = "none of")]
    fn an_unknown_type_is_not_an_empty_one() {
        inventory().of("ec2.vpcs");
    }

    #[test]
    #[should_panic(expected = "2 of `ec2.vpc` instead of one")]
    fn only_means_one() {
        inventory().only("ec2.vpc");
    }
}
