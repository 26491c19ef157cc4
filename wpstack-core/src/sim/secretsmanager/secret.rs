//! Secrets.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Due;
use crate::failure::{ErrorKind, Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider};
use crate::resource::secretsmanager::{self as spec, SecretState};
use crate::secret;
use crate::sim::Sim;
use crate::sim::tagged::{Tagging, is_mine};
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};

/// A secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// `arn:aws:secretsmanager:…:secret:…-` and six random characters.
    pub arn: String,
    /// What it is for.
    pub description: String,
    /// Its value.
    pub value: SecretString,
    /// The token of the call that made it.
    pub token: String,
    /// If it is scheduled for deletion, when it will be gone.
    pub gone_at: Option<Timestamp>,
}

/// A value that is kept with the world, and that `Debug` does not show.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretString(String);

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretString(…)")
    }
}

const TAGGING: Tagging = Tagging {
    service: "secretsmanager",
    list: "DescribeSecret",
    add: "TagResource",
    remove: "UntagResource",
    not_found: "ResourceNotFoundException",
};

impl World {
    /// `CreateSecret`. Returns its ARN, also to a call that repeats the one that made it.
    ///
    /// # Errors
    /// `ResourceExistsException`; `InvalidRequestException` while a secret of the name is scheduled for deletion;
    /// `LimitExceededException`.
    pub fn create_secret(
        &mut self,
        name: &str,
        description: &str,
        value: &secret::Secret,
        token: &str,
        tags: TagMap,
    ) -> Result<String, Refusal> {
        if let Some(there) = self.secretsmanager.secrets.get(name) {
            if there.gone_at.is_some() {
                return Err(deleted(
                    "create this secret because a secret with this name is already",
                ));
            }
            if there.token == token && there.value.0 == value.expose() {
                return Ok(there.arn.clone());
            }
            let message = format!("The operation failed because the secret {name} already exists.");
            return Err(Refusal::new("ResourceExistsException", message));
        }
        if self.secretsmanager.secrets.len() >= self.quotas.secrets {
            let message = "You have reached the maximum number of secrets in this region.";
            return Err(Refusal::new("LimitExceededException", message));
        }
        let alphabet: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect();
        let suffix = self.letters(6, &alphabet);
        let arn = self.arn("secretsmanager", &format!("secret:{name}-{suffix}"));
        let secret = Secret {
            arn: arn.clone(),
            description: description.to_owned(),
            value: SecretString(value.expose().to_owned()),
            token: token.to_owned(),
            gone_at: None,
        };
        self.tags.insert(arn.clone(), tags);
        self.secretsmanager.secrets.insert(name.to_owned(), secret);
        Ok(arn)
    }

    /// `DescribeSecret`, by name or ARN; also of one that is scheduled for deletion.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub fn describe_secret(&self, id: &str) -> Result<&Secret, Refusal> {
        let mut secrets = self.secretsmanager.secrets.iter();
        let found = secrets.find(|(name, secret)| *name == id || secret.arn == id);
        found.map(|(_, secret)| secret).ok_or_else(no_secret)
    }

    /// The secret, to change it.
    fn secret_mut(&mut self, id: &str) -> Result<&mut Secret, Refusal> {
        let mut secrets = self.secretsmanager.secrets.iter_mut();
        let found = secrets.find(|(name, secret)| *name == id || secret.arn == id);
        found.map(|(_, secret)| secret).ok_or_else(no_secret)
    }

    /// `GetSecretValue`, by name or ARN.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` when it is scheduled for deletion.
    pub fn get_secret_value(&self, id: &str) -> Result<secret::Secret, Refusal> {
        let secret = self.describe_secret(id)?;
        secret.check_alive()?;
        Ok(secret::Secret::new(secret.value.0.clone()))
    }

    /// `UpdateSecret`, of the description.
    ///
    /// # Errors
    /// As [`World::get_secret_value`].
    pub fn update_secret(&mut self, id: &str, description: &str) -> Result<(), Refusal> {
        let secret = self.secret_mut(id)?;
        secret.check_alive()?;
        description.clone_into(&mut secret.description);
        Ok(())
    }

    /// `DeleteSecret`: after so many days in which it can be restored and its name is taken, or, without any, at once.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` when it is scheduled already;
    /// `InvalidParameterException` unless the days are 7 to 30.
    pub fn delete_secret(&mut self, id: &str, recovery_days: Option<u32>) -> Result<(), Refusal> {
        let now = self.now;
        let secret = self.secret_mut(id)?;
        let arn = secret.arn.clone();
        let Some(days) = recovery_days else {
            secret.gone_at = Some(now);
            self.purge_secret(&arn);
            return Ok(());
        };
        if !(7..=30).contains(&days) {
            let message =
                "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).";
            return Err(Refusal::new("InvalidParameterException", message));
        }
        secret.check_alive()?;
        let window = Duration::from_secs(86_400 * u64::from(days));
        secret.gone_at = Some(now + window);
        self.schedule(window, Due::Purge { arn }.into());
        Ok(())
    }

    /// `RestoreSecret`: it is no longer scheduled for deletion.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub fn restore_secret(&mut self, id: &str) -> Result<(), Refusal> {
        self.secret_mut(id)?.gone_at = None;
        Ok(())
    }

    /// Removes the secret, if its time has come.
    pub(super) fn purge_secret(&mut self, arn: &str) {
        let now = self.now;
        let gone =
            |secret: &Secret| secret.arn == arn && secret.gone_at.is_some_and(|at| at <= now);
        let secrets = &mut self.secretsmanager.secrets;
        if secrets.extract_if(.., |_, secret| gone(secret)).count() > 0 {
            self.tags.remove(arn);
        }
    }
}

impl Secret {
    fn check_alive(&self) -> Result<(), Refusal> {
        match self.gone_at {
            None => Ok(()),
            Some(_) => Err(deleted("perform this operation on the secret because it was already")),
        }
    }
}

fn no_secret() -> Refusal {
    let message = "Secrets Manager can't find the specified secret.";
    Refusal::new("ResourceNotFoundException", message)
}

fn deleted(cannot: &str) -> Refusal {
    let message = format!("You can't {cannot} scheduled for deletion.");
    Refusal::new("InvalidRequestException", message)
}

impl Sim {
    /// The secret and its tags; `None` when it is not there or is scheduled for deletion.
    async fn look_at_secret(
        &self,
        cx: &Cx,
        id: &str,
    ) -> Result<Option<(Secret, TagMap)>, ProviderError> {
        let found = self.call(cx, "secretsmanager", "DescribeSecret", |world| {
            let secret = world.describe_secret(id)?.clone();
            let tags = world.tags_of(&secret.arn);
            Ok((secret, tags))
        });
        Ok(found.await.gone()?.filter(|(secret, _)| secret.gone_at.is_none()))
    }

    /// The JSON object that the spec describes, with its values made up.
    async fn make_up(&self, cx: &Cx, spec: &spec::Secret) -> Result<secret::Secret, ProviderError> {
        let mut members: BTreeMap<&str, String> =
            spec.plain.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        for (key, generate) in &spec.generate {
            let spec::Generate { length, punctuation, exclude } = generate;
            let password = self.call(cx, "secretsmanager", "GetRandomPassword", |world| {
                world.get_random_password(*length, *punctuation, exclude)
            });
            members.insert(key, password.await?.expose().to_owned());
        }
        let text = serde_json::to_string(&members).map_err(|source| {
            let (kind, message) = (ErrorKind::Unexpected, "the members do not become JSON");
            ProviderError::new(kind, "secretsmanager", "CreateSecret", message).source(source)
        })?;
        Ok(secret::Secret::new(text))
    }
}

#[async_trait]
impl Provider<spec::Secret> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::Secret,
    ) -> Result<Option<SecretState>, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let Some((Secret { arn, .. }, tags)) = self.look_at_secret(cx, &name).await? else {
            return Ok(None);
        };
        let what = format!("the secret `{name}`");
        let mine = is_mine(cx, "secretsmanager", "DescribeSecret", &what, &tags)?;
        Ok(mine.then_some(SecretState { name, arn }))
    }

    async fn create(&self, cx: &Cx, spec: &spec::Secret) -> Result<SecretState, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let value = self.make_up(cx, spec).await?;
        let token = cx.token("create");
        self.call(cx, "secretsmanager", "CreateSecret", |world| {
            let tags = owned(cx, &spec.tags);
            let arn = world.create_secret(&name, &spec.description, &value, &token, tags)?;
            Ok(SecretState { name: name.clone(), arn })
        })
        .await
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::Secret,
        state: &SecretState,
    ) -> Result<Option<Observed<SecretState>>, ProviderError> {
        let Some((secret, tags)) = self.look_at_secret(cx, &state.arn).await? else {
            return Ok(None);
        };
        let mut drift = Drifts::new();
        drift
            .field("description", &spec.description, Some(secret.description))
            .tags(cx, &spec.tags, &tags);
        Ok(Some(Observed::ready(state.clone()).drifted(drift)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::Secret,
        state: &SecretState,
        changed: &[String],
    ) -> Result<SecretState, ProviderError> {
        for field in changed {
            match field.as_str() {
                "description" => {
                    self.call(cx, "secretsmanager", "UpdateSecret", |world| {
                        world.update_secret(&state.arn, &spec.description)
                    })
                    .await?;
                }
                _ => self.retag(cx, TAGGING, &state.arn, &spec.tags).await?,
            }
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        spec: &spec::Secret,
        id: &str,
    ) -> Result<Option<SecretState>, ProviderError> {
        let found = self.call(cx, "secretsmanager", "DescribeSecret", |world| {
            let arn = world.describe_secret(id)?.arn.clone();
            let mut all = world.secretsmanager.secrets.iter();
            let name = all.find(|(_, secret)| secret.arn == arn).map(|(name, _)| name.clone());
            Ok(SecretState { name: name.unwrap_or_default(), arn })
        });
        let Some(state) = found.await.gone()? else { return Ok(None) };
        let value = self.call(cx, "secretsmanager", "GetSecretValue", |world| {
            world.get_secret_value(&state.arn)
        });
        spec.check_members(&state.name, &value.await?)?;
        Ok(Some(state))
    }

    async fn delete(
        &self,
        cx: &Cx,
        spec: &spec::Secret,
        state: &SecretState,
    ) -> Result<(), ProviderError> {
        // The answer to an earlier attempt may have been lost, and a second one is refused.
        if self.look_at_secret(cx, &state.arn).await?.is_none() {
            return Ok(());
        }
        let days = spec.recovery.map(|days| days.0);
        let deleted = self.call(cx, "secretsmanager", "DeleteSecret", |world| {
            world.delete_secret(&state.arn, days)
        });
        deleted.await.gone().map(drop)
    }
}
