//! Where types are erased: the typed trait in, its object-safe twin out.

mod blank;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use self::blank::blank;
use crate::failure::{ErrorKind, ProviderError};
use crate::provider::{Cx, Observed, Provider, Recorded};
use crate::resource::{Change, Expected, Field, Resource, Settles};

/// A typed value became, or did not become, a document.
#[derive(Debug, Error)]
#[error("a document does not fit its type")]
pub struct ErasureError(#[source] serde_json::Error);

/// The document of a spec or state.
pub(crate) fn erase<T: Serialize>(value: &T) -> Result<Value, ErasureError> {
    serde_json::to_value(value).map_err(ErasureError)
}

/// The typed value of a document.
pub(crate) fn revive<T: DeserializeOwned>(document: &Value) -> Result<T, ErasureError> {
    T::deserialize(document).map_err(ErasureError)
}

/// The spec and the state of a record, a schema later.
type Upgraded = (Value, Option<Value>);

/// Everything about a resource type that needs no cloud: its [`Resource`] impl, erased.
#[derive(Clone, Copy)]
pub struct Kind {
    /// [`Resource::TYPE`].
    pub type_name: &'static str,
    /// [`Resource::SCHEMA`].
    pub schema: u32,
    /// [`Resource::FIELDS`].
    pub fields: &'static [Field],
    /// [`Resource::SETTLES`].
    pub settles: Settles,
    /// [`Resource::HOLDS_DATA`].
    pub holds_data: bool,
    /// [`Resource::LEAVES_SNAPSHOT`].
    pub leaves_snapshot: bool,
    /// [`Resource::RIPPLES`].
    pub ripples: bool,
    /// [`Resource::EXPECTED`].
    pub expected: Expected,
    policy: fn(&Field, &Value, &Value) -> Change,
    coexists: fn(&Value, &Value) -> bool,
    inherits: fn(&Value, &Value) -> bool,
    rescue: fn(Option<&Value>, &Value) -> Option<String>,
    settles_first: fn(&Value) -> bool,
    id: fn(&Value) -> Option<String>,
    advice: fn(&Value, &Value) -> Option<String>,
    told_ready: fn(&Value) -> bool,
    may_hold_data: fn(&Value) -> bool,
    protection: fn(&Value, &Value) -> Option<&'static str>,
    blank: fn() -> Option<Value>,
    upgrade: fn(u32, Value, Option<Value>) -> Option<Upgraded>,
    fits: fn(&Value, Option<&Value>) -> Result<(), ErasureError>,
}

impl Kind {
    /// The kind of `R`.
    #[must_use]
    pub const fn of<R: Resource>() -> Self {
        Self {
            type_name: R::TYPE,
            schema: R::SCHEMA,
            fields: R::FIELDS,
            settles: R::SETTLES,
            holds_data: R::HOLDS_DATA,
            leaves_snapshot: R::LEAVES_SNAPSHOT,
            ripples: R::RIPPLES,
            expected: R::EXPECTED,
            policy: policy::<R>,
            coexists: |old, new| both(old, new).is_some_and(|(old, new)| R::coexists(&old, &new)),
            inherits: |old, new| both(old, new).is_some_and(|(old, new)| R::inherits(&old, &new)),
            rescue: |old, new| {
                let old = old.map(revive).transpose().ok()?;
                R::rescue(old.as_ref(), &revive(new).ok()?)
            },
            settles_first: |state| revive(state).is_ok_and(|state| R::settles_first(&state)),
            id: |state| revive(state).ok().map(|state| R::id(&state)),
            advice: |spec, state| {
                let (spec, state) = (revive::<R>(spec).ok()?, revive(state).ok()?);
                spec.advice(&state)
            },
            told_ready: |state| revive(state).is_ok_and(|state| R::told_ready(&state)),
            may_hold_data: |state| revive(state).map_or(R::HOLDS_DATA, |it| R::may_hold_data(&it)),
            protection: |spec, state| {
                let (spec, state) = (revive::<R>(spec).ok()?, revive(state).ok()?);
                spec.protection(&state)
            },
            blank: || erase(&blank::<R::State>()?).ok(),
            upgrade: R::upgrade,
            fits: |spec, state| {
                revive::<R>(spec)?;
                state.map_or(Ok(()), |state| revive::<R::State>(state).map(drop))
            },
        }
    }

    /// What a change of the field means.
    #[must_use]
    pub fn policy(&self, field: &Field, old: &Value, new: &Value) -> Change {
        (self.policy)(field, old, new)
    }

    /// [`Resource::coexists`].
    #[must_use]
    pub fn coexists(&self, old: &Value, new: &Value) -> bool {
        (self.coexists)(old, new)
    }

    /// [`Resource::inherits`].
    #[must_use]
    pub fn inherits(&self, old: &Value, new: &Value) -> bool {
        (self.inherits)(old, new)
    }

    /// [`Resource::rescue`].
    #[must_use]
    pub fn rescue(&self, old: Option<&Value>, new: &Value) -> Option<String> {
        (self.rescue)(old, new)
    }

    /// [`Resource::settles_first`].
    #[must_use]
    pub fn settles_first(&self, state: &Value) -> bool {
        (self.settles_first)(state)
    }

    /// What AWS calls the object.
    #[must_use]
    pub fn id(&self, state: &Value) -> Option<String> {
        (self.id)(state)
    }

    /// [`Resource::advice`].
    #[must_use]
    pub fn advice(&self, spec: &Value, state: &Value) -> Option<String> {
        (self.advice)(spec, state)
    }

    /// [`Resource::told_ready`].
    #[must_use]
    pub fn told_ready(&self, state: &Value) -> bool {
        (self.told_ready)(state)
    }

    /// [`Resource::may_hold_data`].
    #[must_use]
    pub fn may_hold_data(&self, state: &Value) -> bool {
        (self.may_hold_data)(state)
    }

    /// [`Resource::protection`].
    #[must_use]
    pub fn protection(&self, spec: &Value, state: &Value) -> Option<&'static str> {
        (self.protection)(spec, state)
    }

    /// A state without ids, which is that of no object: what a reference to something that does not exist yet is
    /// compared as. `None` for states that cannot be so.
    pub(crate) fn blank(&self) -> Option<Value> {
        (self.blank)()
    }

    /// Brings a record of an older schema to this one.
    ///
    /// # Errors
    /// When the record is of a newer schema, when no upgrade leads here, or when the result does not fit the type.
    pub fn upgrade(
        &self,
        from: u32,
        mut spec: Value,
        mut state: Option<Value>,
    ) -> Result<(Value, Option<Value>), SchemaError> {
        let type_name = self.type_name;
        if from > self.schema {
            return Err(SchemaError::Newer { type_name, found: from, known: self.schema });
        }
        for step in from..self.schema {
            (spec, state) = (self.upgrade)(step, spec, state)
                .ok_or(SchemaError::NoPath { type_name, from: step })?;
        }
        (self.fits)(&spec, state.as_ref())
            .map_err(|source| SchemaError::Misfit { type_name, source })?;
        Ok((spec, state))
    }
}

fn policy<R: Resource>(field: &Field, old: &Value, new: &Value) -> Change {
    both(old, new).map_or(field.change, |(old, new)| R::policy(field, &old, &new))
}

fn both<R: Resource>(old: &Value, new: &Value) -> Option<(R, R)> {
    Some((revive(old).ok()?, revive(new).ok()?))
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kind").field(&self.type_name).finish()
    }
}

/// Why a record cannot be read as its type.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// Written by a later release.
    #[error(
        "the record of a {type_name} has schema {found}, this release knows {known}: use the newer wpstack"
    )]
    Newer {
        /// The resource type.
        type_name: &'static str,
        /// The record's schema.
        found: u32,
        /// The newest schema of this release.
        known: u32,
    },
    /// Too old.
    #[error(
        "no upgrade leads from schema {from} of {type_name}: go through an older wpstack first"
    )]
    NoPath {
        /// The resource type.
        type_name: &'static str,
        /// Where the path ends.
        from: u32,
    },
    /// Damaged, or edited by hand.
    #[error("the record of a {type_name} does not fit the type")]
    Misfit {
        /// The resource type.
        type_name: &'static str,
        /// What serde said.
        #[source]
        source: ErasureError,
    },
}

/// The types a cloud knows, each with its provider.
#[derive(Clone, Default)]
pub struct Registry {
    entries: BTreeMap<&'static str, (Kind, Arc<dyn AnyProvider>)>,
}

impl Registry {
    /// With the provider of one more type.
    #[must_use]
    pub fn with<R: Resource, P: Provider<R>>(mut self, provider: P) -> Self {
        let erased = Arc::new(Erased { provider, resource: PhantomData });
        self.entries.insert(R::TYPE, (Kind::of::<R>(), erased));
        self
    }

    /// The kind of that name.
    #[must_use]
    pub fn kind(&self, type_name: &str) -> Option<Kind> {
        self.entries.get(type_name).map(|(kind, _)| *kind)
    }

    /// All kinds, by name.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.entries.values().map(|(kind, _)| *kind)
    }

    pub(crate) fn provider(&self, type_name: &str) -> Option<&Arc<dyn AnyProvider>> {
        self.entries.get(type_name).map(|(_, provider)| provider)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.entries.keys()).finish()
    }
}

/// An object as recorded, erased.
#[derive(Clone, Debug)]
pub(crate) struct AnyRecorded {
    pub(crate) cx: Cx,
    pub(crate) spec: Value,
    pub(crate) state: Value,
}

/// What AWS says of an object, erased.
pub(crate) type AnyObserved = Option<Observed<Value>>;

/// [`Provider`], with the types erased. Derived, never written by hand.
#[async_trait]
pub(crate) trait AnyProvider: Send + Sync {
    async fn find(&self, cx: &Cx, spec: &Value) -> Result<Option<Value>, ProviderError>;
    async fn create(&self, cx: &Cx, spec: &Value) -> Result<Value, ProviderError>;
    async fn configure(&self, cx: &Cx, spec: &Value, state: &Value)
    -> Result<Value, ProviderError>;
    async fn read_many(&self, objects: Vec<AnyRecorded>)
    -> Vec<Result<AnyObserved, ProviderError>>;
    async fn update(
        &self,
        cx: &Cx,
        spec: &Value,
        state: &Value,
        changed: &[String],
    ) -> Result<Value, ProviderError>;
    async fn identify(
        &self,
        cx: &Cx,
        spec: &Value,
        id: &str,
    ) -> Result<Option<Value>, ProviderError>;
    async fn delete(&self, cx: &Cx, spec: &Value, state: &Value) -> Result<(), ProviderError>;
}

struct Erased<R, P> {
    provider: P,
    resource: PhantomData<fn() -> R>,
}

fn misfit(source: ErasureError) -> ProviderError {
    ProviderError::new(ErrorKind::Unexpected, "wpstack", "revive", "a record does not fit its type")
        .source(source)
}

fn spec_of<R: Resource>(document: &Value) -> Result<R, ProviderError> {
    revive(document).map_err(misfit)
}

fn state_of<R: Resource>(document: &Value) -> Result<R::State, ProviderError> {
    revive(document).map_err(misfit)
}

#[async_trait]
impl<R: Resource, P: Provider<R>> AnyProvider for Erased<R, P> {
    async fn find(&self, cx: &Cx, spec: &Value) -> Result<Option<Value>, ProviderError> {
        let found = self.provider.find(cx, &spec_of::<R>(spec)?).await?;
        found.map(|state| erase(&state).map_err(misfit)).transpose()
    }

    async fn create(&self, cx: &Cx, spec: &Value) -> Result<Value, ProviderError> {
        let state = self.provider.create(cx, &spec_of::<R>(spec)?).await?;
        erase(&state).map_err(misfit)
    }

    async fn configure(
        &self,
        cx: &Cx,
        spec: &Value,
        state: &Value,
    ) -> Result<Value, ProviderError> {
        let (spec, state) = (spec_of::<R>(spec)?, state_of::<R>(state)?);
        erase(&self.provider.configure(cx, &spec, &state).await?).map_err(misfit)
    }

    async fn read_many(
        &self,
        objects: Vec<AnyRecorded>,
    ) -> Vec<Result<AnyObserved, ProviderError>> {
        let mut answers: Vec<Result<AnyObserved, ProviderError>> = Vec::new();
        let mut typed = Vec::new();
        let mut places = Vec::new();
        for AnyRecorded { cx, spec, state } in objects {
            match (spec_of::<R>(&spec), state_of::<R>(&state)) {
                (Ok(spec), Ok(state)) => {
                    places.push(answers.len());
                    typed.push(Recorded { cx, spec, state });
                    // Overwritten below, unless the provider answers for fewer than it was asked about.
                    answers.push(Err(ProviderError::missing("wpstack", "read_many", "an object")));
                }
                (Err(error), _) | (_, Err(error)) => answers.push(Err(error)),
            }
        }
        let observed = self.provider.read_many(&typed).await;
        for (place, answer) in places.into_iter().zip(observed) {
            answers[place] = answer.and_then(erase_observed);
        }
        answers
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &Value,
        state: &Value,
        changed: &[String],
    ) -> Result<Value, ProviderError> {
        let (spec, state) = (spec_of::<R>(spec)?, state_of::<R>(state)?);
        erase(&self.provider.update(cx, &spec, &state, changed).await?).map_err(misfit)
    }

    async fn identify(
        &self,
        cx: &Cx,
        spec: &Value,
        id: &str,
    ) -> Result<Option<Value>, ProviderError> {
        let state = self.provider.identify(cx, &spec_of::<R>(spec)?, id).await?;
        state.map(|state| erase(&state).map_err(misfit)).transpose()
    }

    async fn delete(&self, cx: &Cx, spec: &Value, state: &Value) -> Result<(), ProviderError> {
        self.provider.delete(cx, &spec_of::<R>(spec)?, &state_of::<R>(state)?).await
    }
}

fn erase_observed<S: Serialize>(
    observed: Option<Observed<S>>,
) -> Result<AnyObserved, ProviderError> {
    let Some(Observed { condition, state, drift, owner }) = observed else {
        return Ok(None);
    };
    Ok(Some(Observed { condition, state: erase(&state).map_err(misfit)?, drift, owner }))
}
