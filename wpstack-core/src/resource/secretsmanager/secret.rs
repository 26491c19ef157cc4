//! `secretsmanager.secret`

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::failure::{ErrorKind, ProviderError};
use crate::resource::{Expected, Field, Resource};
use crate::stack::Ref;
use crate::value::{Days, SecretName, Tags};

/// A JSON object of secret values that AWS makes up when the secret is created, and that nobody writes down.
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/intro.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Secret {
    /// Its name, unique in account and region.
    pub name: SecretName,
    /// What it is for.
    pub description: String,
    /// The members of the object, and how AWS makes each up.
    pub generate: BTreeMap<String, Generate>,
    /// Members that are not secret and stand beside them, such as a user name.
    pub plain: BTreeMap<String, String>,
    /// How long it can be restored after it was deleted: 7 to 30 days. Its name is taken meanwhile. `None` deletes
    /// it at once.
    pub recovery: Option<Days>,
    /// Further tags.
    pub tags: Tags,
}

/// How AWS makes a value up.
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generate {
    /// How many characters.
    pub length: u32,
    /// Whether there is punctuation among them.
    pub punctuation: bool,
    /// Characters that it must not have.
    pub exclude: String,
}

/// One member of a secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecretMember {
    /// The secret.
    pub secret: Ref<Secret>,
    /// The member's name.
    pub key: String,
}

/// What Secrets Manager tells of a secret. The value is not among it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretState {
    /// The physical name.
    pub name: String,
    /// Its ARN, which ends in six random characters.
    pub arn: String,
}

impl Secret {
    /// Insists that the value of a secret that is taken over has the members that the stack reads from it.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`], naming the members that are missing and never the value.
    pub fn check_members(&self, name: &str, value: &crate::Secret) -> Result<(), ProviderError> {
        let members: BTreeMap<String, IgnoredAny> =
            serde_json::from_str(value.expose()).unwrap_or_default();
        let wanted = self.generate.keys().chain(self.plain.keys());
        let missing: Vec<_> = wanted.filter(|key| !members.contains_key(*key)).cloned().collect();
        if missing.is_empty() {
            return Ok(());
        }
        let message = format!(
            "the value of the secret `{name}` has to be a JSON object with the members {}",
            missing.join(", ")
        );
        let (kind, operation) = (ErrorKind::Refused, "GetSecretValue");
        Err(ProviderError::new(kind, "secretsmanager", operation, message))
    }
}

impl Resource for Secret {
    const TYPE: &'static str = "secretsmanager.secret";
    const FIELDS: &'static [Field] = crate::fields!(Secret {
        name: Replace(Outage),
        description: Update(NoInterruption),
        generate: Refused(
            "the values are made up once, when the secret is created: give the secret another name to have new ones"
        ),
        plain: Refused(
            "they are written once, when the secret is created: give the secret another name to have new ones"
        ),
        recovery: Order,
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(1, 1);

    type State = SecretState;

    fn id(state: &SecretState) -> String {
        state.name.clone()
    }

    /// The name carries the generation.
    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
