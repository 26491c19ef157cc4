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
        let made_up = spec.generate.iter().map(|(key, how)| self.make_up(key, how));
        let mut members = Map::new();
        for (key, value) in try_join_all(made_up).await? {
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

    async fn make_up(
        &self,
        key: &str,
        how: &Generate,
    ) -> Result<(String, wpstack_core::Secret), ProviderError> {
        let call = self
            .secretsmanager
            .get_random_password()
            .password_length(how.length.into())
            .exclude_punctuation(!how.punctuation)
            .set_exclude_characters((!how.exclude.is_empty()).then(|| how.exclude.clone()));
        let answer = call.send().await.call(SECRETS, "GetRandomPassword")?;
        let value = answer.random_password.told(SECRETS, "GetRandomPassword", "the password")?;
        Ok((key.to_owned(), wpstack_core::Secret::new(value)))
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
