//! AWS Secrets Manager.

mod password;
mod secret;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

pub use secret::{Secret, SecretString};

use super::world::{self, Inventory, World, list};

/// Everything of Secrets Manager.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SecretsManager {
    /// The secrets, by name, those included that are scheduled for deletion.
    pub secrets: BTreeMap<String, Secret>,
}

/// Something of Secrets Manager that happens by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Due {
    /// The time in which a secret can be restored is over, unless it has been.
    Purge {
        /// Its ARN.
        arn: String,
    },
}

impl From<Due> for world::Due {
    fn from(due: Due) -> Self {
        Self::SecretsManager(due)
    }
}

impl World {
    /// What falls due.
    pub(super) fn secretsmanager_due(&mut self, due: &Due) {
        let Due::Purge { arn } = due;
        self.purge_secret(arn);
    }

    /// Lists the secrets without their values, and not those that are scheduled for deletion.
    pub(super) fn secretsmanager_inventory(&self, into: &mut Inventory) {
        let secrets = &self.secretsmanager.secrets;
        for (name, secret) in secrets.iter().filter(|(_, secret)| secret.gone_at.is_none()) {
            let shown = json!({ "arn": secret.arn, "description": secret.description });
            list(into, "secretsmanager.secret", name, &shown, &self.tags_of(&secret.arn));
        }
    }
}
