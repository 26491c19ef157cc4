//! `secretsmanager.secret`

use async_trait::async_trait;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput as Told;
use aws_sdk_secretsmanager::types::Tag;
use futures::future::{try_join, try_join_all};
use serde_json::{Map, Value};
use wpstack_core::resource::secretsmanager::{Generate, Secret, SecretMember, SecretState};
use wpstack_core::{Cx, Drifts, ErrorKind, Gone, Observed, Provider, ProviderError};

use super::SECRETS;
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<Secret> for Aws {
    async fn find(&self, cx: &Cx, spec: &Secret) -> Result<Option<SecretState>, ProviderError> {
        let name = spec.name.generation(cx.generation());
        let Some(told) = self.secret(name.as_str()).await? else { return Ok(None) };
        let what = format!("a secret `{name}`");
        TagSet::actual(told.tags()).claim(cx, SECRETS, "DescribeSecret", &what)?;
        state(told.name, told.arn, "DescribeSecret").map(Some)
    }

    /// AWS makes the values up. They pass through memory here, and are nowhere else but in the secret.
    async fn create(&self, cx: &Cx, spec: &Secret) -> Result<SecretState, ProviderError> {
        let batches = batches(spec.generate.iter());
        let made_up = try_join_all(batches.iter().map(|batch| self.make_up(batch))).await?;
        let mut members = Map::new();
        for (key, value) in made_up.into_iter().flatten() {
            members.insert(key, Value::String(value.expose().to_owned()));
        }
        let plain = spec.plain.iter();
        members.extend(plain.map(|(key, value)| (key.clone(), Value::String(value.clone()))));
        let call = self
            .secretsmanager
            .create_secret()
            .name(spec.name.generation(cx.generation()).as_str())
            .description(&spec.description)
            .secret_string(Value::Object(members).to_string())
            .client_request_token(cx.token("create"))
            .set_tags(Some(TagSet::wanted(cx, &spec.tags).to_sdk()));
        let answer = call.send().await.call(SECRETS, "CreateSecret")?;
        state(answer.name, answer.arn, "CreateSecret")
    }

    async fn read(&self, cx: &Cx, spec: &Secret, state: &SecretState) -> Look<Secret> {
        let Some(told) = self.secret(&state.arn).await? else { return Ok(None) };
        let mut drifts = Drifts::new();
        drifts.field("description", &spec.description, told.description.clone());
        TagSet::wanted(cx, &spec.tags).compare(&TagSet::actual(told.tags()), &mut drifts);
        Ok(Some(Observed::ready(state.clone()).drifted(drifts)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &Secret,
        state: &SecretState,
        changed: &[String],
    ) -> Result<SecretState, ProviderError> {
        let describe = self.secretsmanager.update_secret().secret_id(&state.arn);
        let describe = describe.description(&spec.description);
        let describe = async { describe.send().await.call(SECRETS, "UpdateSecret").map(drop) };
        try_join(
            when(has(changed, "description"), describe),
            when(has(changed, "tags"), self.retag_secret(cx, spec, state)),
        )
        .await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        spec: &Secret,
        id: &str,
    ) -> Result<Option<SecretState>, ProviderError> {
        let Some(told) = self.secret(id).await? else { return Ok(None) };
        let state = state(told.name, told.arn, "DescribeSecret")?;
        let call = self.secretsmanager.get_secret_value().secret_id(&state.arn);
        let answer = call.send().await.call(SECRETS, "GetSecretValue")?;
        let value = wpstack_core::Secret::new(answer.secret_string.unwrap_or_default());
        spec.check_members(&state.name, &value)?;
        Ok(Some(state))
    }

    async fn delete(
        &self,
        _: &Cx,
        spec: &Secret,
        state: &SecretState,
    ) -> Result<(), ProviderError> {
        let call = self.secretsmanager.delete_secret().secret_id(&state.arn);
        let call = match spec.recovery {
            Some(days) => call.recovery_window_in_days(days.0.into()),
            None => call.force_delete_without_recovery(true),
        };
        call.send().await.call(SECRETS, "DeleteSecret").gone().map(drop)
    }
}

impl Aws {
    /// What is told of the secret, unless it is deleted and only waits for its recovery window to end.
    async fn secret(&self, id: &str) -> Result<Option<Told>, ProviderError> {
        let call = self.secretsmanager.describe_secret().secret_id(id);
        let told = call.send().await.call(SECRETS, "DescribeSecret").gone()?;
        Ok(told.filter(|told| told.deleted_date.is_none()))
    }

    /// The values of one batch: AWS makes up one text that is as long as all of them.
    async fn make_up(
        &self,
        batch: &[(&String, &Generate)],
    ) -> Result<Vec<(String, wpstack_core::Secret)>, ProviderError> {
        const MAKE_UP: &str = "GetRandomPassword";
        let Some((_, how)) = batch.first() else { return Ok(Vec::new()) };
        let call = self
            .secretsmanager
            .get_random_password()
            .password_length(length(batch).into())
            .exclude_punctuation(!how.punctuation)
            .set_exclude_characters((!how.exclude.is_empty()).then(|| how.exclude.clone()));
        let answer = call.send().await.call(SECRETS, MAKE_UP)?;
        let text = answer.random_password.told(SECRETS, MAKE_UP, "the password")?;
        let mut rest = text.as_str();
        let values = batch.iter().map(|(key, how)| {
            let cut = usize::try_from(how.length).ok().and_then(|at| rest.split_at_checked(at));
            let (value, after) = cut.told(SECRETS, MAKE_UP, "some of the password")?;
            rest = after;
            Ok(((*key).clone(), wpstack_core::Secret::new(value.to_owned())))
        });
        values.collect()
    }

    /// One value of a secret, for the call that needs it.
    pub(crate) async fn value_of(
        &self,
        cx: &Cx,
        member: &SecretMember,
    ) -> Result<wpstack_core::Secret, ProviderError> {
        let secret = cx.state_of(&member.secret)?;
        let call = self.secretsmanager.get_secret_value().secret_id(&secret.arn);
        let answer = call.send().await.call(SECRETS, "GetSecretValue")?;
        let value = answer.secret_string.told(SECRETS, "GetSecretValue", "the value")?;
        // No source: serde's message would quote the text.
        let unexpected = |what: &str| {
            let message = format!("the secret `{}` {what}", secret.name);
            ProviderError::new(ErrorKind::Unexpected, SECRETS, "GetSecretValue", message)
        };
        let members: Map<String, Value> =
            serde_json::from_str(&value).map_err(|_| unexpected("is no JSON object"))?;
        match members.get(&member.key) {
            Some(Value::String(value)) => Ok(wpstack_core::Secret::new(value.clone())),
            _ => Err(unexpected(&format!("has no member `{}`", member.key))),
        }
    }

    async fn retag_secret(
        &self,
        cx: &Cx,
        spec: &Secret,
        state: &SecretState,
    ) -> Result<(), ProviderError> {
        let actual = self.secret(&state.arn).await?;
        let actual = actual.map(|told| TagSet::actual(told.tags())).unwrap_or_default();
        let changes = TagSet::wanted(cx, &spec.tags).changes(&actual);
        let set: Vec<Tag> = changes.set.to_sdk();
        let (is_set, is_unset) = (!set.is_empty(), !changes.unset.is_empty());
        let setting = self.secretsmanager.tag_resource().secret_id(&state.arn).set_tags(Some(set));
        let unsetting = self.secretsmanager.untag_resource().secret_id(&state.arn);
        let unsetting = unsetting.set_tag_keys(Some(changes.unset));
        let setting = async { setting.send().await.call(SECRETS, "TagResource").map(drop) };
        let unsetting = async { unsetting.send().await.call(SECRETS, "UntagResource").map(drop) };
        try_join(when(is_set, setting), when(is_unset, unsetting)).await?;
        Ok(())
    }
}

/// Values that one call can make up together, for they are of the same characters.
///
/// Not one call for each: they would all have to succeed at once, which they do not where AWS limits their rate.
fn batches<'a>(
    values: impl Iterator<Item = (&'a String, &'a Generate)>,
) -> Vec<Vec<(&'a String, &'a Generate)>> {
    // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html
    const MOST_CHARACTERS: u32 = 4096;
    let mut batches: Vec<Vec<(&String, &Generate)>> = Vec::new();
    for (key, how) in values {
        let fits = |batch: &&mut Vec<(&String, &Generate)>| {
            let alike = batch.iter().all(|(_, other)| {
                (other.punctuation, &other.exclude) == (how.punctuation, &how.exclude)
            });
            alike && length(batch).saturating_add(how.length) <= MOST_CHARACTERS
        };
        match batches.iter_mut().find(fits) {
            Some(batch) => batch.push((key, how)),
            None => batches.push(vec![(key, how)]),
        }
    }
    batches
}

/// How many characters the values have together.
fn length(batch: &[(&String, &Generate)]) -> u32 {
    batch.iter().fold(0, |sum, (_, how)| sum.saturating_add(how.length))
}

fn state(
    name: Option<String>,
    arn: Option<String>,
    operation: &'static str,
) -> Result<SecretState, ProviderError> {
    Ok(SecretState {
        name: name.told(SECRETS, operation, "the secret's name")?,
        arn: arn.told(SECRETS, operation, "the secret's ARN")?,
    })
}
