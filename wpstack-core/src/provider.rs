//! The port between the engine and a cloud.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::time::Duration;

use crate::address::{Address, ObjectId};
use crate::digest::hex;
use crate::failure::{ErrorKind, ProviderError};
use crate::registry::revive;
use crate::resource::Resource;
use crate::stack::Ref;
use crate::teller::Teller;
use crate::time::Clock;

/// The verbs of one resource type on one cloud.
///
/// # Contract
/// - No method sleeps, retries or polls. The engine does, and is the only one to. A call may wait for its turn, at the
///   door to the cloud: see [`Limiter`](crate::rate::Limiter).
/// - Every method may be called again after any failure and after a crash; a repeat does no harm.
/// - The engine calls `create` once per object, then `configure`, then `read` until the object is ready. What
///   [settles first](Resource::settles_first) is read until it is ready before `configure` too. After a
///   run that ended between the intent and the answer it calls `find` before `create`.
/// - Calls for different objects run at the same time; calls for one object never do.
/// - References in a spec are resolved through [`Cx::state_of`]; the engine has them exist, or be ready, as the
///   field's type says.
///
/// # Errors
/// [`ProviderError`], classified by [`ErrorKind`]. "It is not there" is an answer, not an error, for `find`, `read`
/// and `delete`.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Provider<R: Resource>: Send + Sync + 'static {
    /// Looks for the object that an earlier `create` of this very object may have made: by token, by ownership
    /// tags ([`Cx::tags`]), or by a name that only this stack would use.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] when an object of the name is there and is not ours, naming its owner if known.
    async fn find(&self, cx: &Cx, spec: &R) -> Result<Option<R::State>, ProviderError>;

    /// Makes the object, in one call that also tags it, and returns as soon as AWS tells its id. Everything that
    /// needs further calls is left to `configure`.
    async fn create(&self, cx: &Cx, spec: &R) -> Result<R::State, ProviderError>;

    /// What the object needs beyond the call that made it: attachments, attributes, policies. Returns the state
    /// with what these calls told.
    async fn configure(
        &self,
        cx: &Cx,
        spec: &R,
        state: &R::State,
    ) -> Result<R::State, ProviderError> {
        let _ = (cx, spec);
        Ok(state.clone())
    }

    /// What AWS says now. `None` when the object is gone.
    async fn read(
        &self,
        cx: &Cx,
        spec: &R,
        state: &R::State,
    ) -> Result<Option<Observed<R::State>>, ProviderError>;

    /// [`Provider::read`] for many objects, in their order. Overridden where AWS answers for many in one call.
    async fn read_many(
        &self,
        objects: &[Recorded<R>],
    ) -> Vec<Result<Option<Observed<R::State>>, ProviderError>> {
        let reads = objects.iter().map(|object| self.read(&object.cx, &object.spec, &object.state));
        futures::future::join_all(reads).await
    }

    /// Changes the named fields in place to what `spec` says.
    async fn update(
        &self,
        cx: &Cx,
        spec: &R,
        state: &R::State,
        changed: &[String],
    ) -> Result<R::State, ProviderError>;

    /// What is recorded of the object that AWS calls `id`, so that it can be read: for an object that wpstack has not
    /// made and is to take over ([`Session::import`](crate::apply::Session::import)). `None` when it is not there; where
    /// the id alone is all that is recorded, that is left for `read` to tell.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] for types whose objects cannot be taken over, which is what this does unless overridden.
    async fn identify(
        &self,
        cx: &Cx,
        spec: &R,
        id: &str,
    ) -> Result<Option<R::State>, ProviderError> {
        let _ = (cx, spec, id);
        let message = format!("{} cannot be imported: an apply makes it anew", R::TYPE);
        let (service, operation) = MADE_ANEW;
        Err(ProviderError::new(ErrorKind::Refused, service, operation, message))
    }

    /// Begins the deletion. The engine reads until the object is gone.
    async fn delete(&self, cx: &Cx, spec: &R, state: &R::State) -> Result<(), ProviderError>;
}

/// What an error of [`Provider::identify`] names for types whose objects are not taken over.
pub(crate) const MADE_ANEW: (&str, &str) = ("wpstack", "import");

/// An object as recorded: what [`Provider::read_many`] is asked about.
#[derive(Clone, Debug)]
pub struct Recorded<R: Resource> {
    /// The context of a call for this object.
    pub cx: Cx,
    /// The spec it was last given.
    pub spec: R,
    /// What AWS last said of it.
    pub state: R::State,
}

/// What AWS says of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed<S> {
    /// Whether it can be used.
    pub condition: Condition,
    /// The state, with what AWS tells now.
    pub state: S,
    /// Where it differs from the recorded spec.
    pub drift: Vec<Drift>,
    /// Whose it is by its ownership tags, when that is not the object that was asked about.
    pub owner: Option<String>,
}

impl<S> Observed<S> {
    /// It can be used.
    #[must_use]
    pub fn ready(state: S) -> Self {
        Self { condition: Condition::Ready, state, drift: Vec::new(), owner: None }
    }

    /// AWS is still at work; `phase` is AWS's own word for what it does.
    #[must_use]
    pub fn settling(state: S, phase: impl Into<String>) -> Self {
        let condition = Condition::Settling { phase: phase.into(), again_in: None };
        Self { condition, state, drift: Vec::new(), owner: None }
    }

    /// It will not become usable.
    #[must_use]
    pub fn broken(state: S, reason: impl Into<String>) -> Self {
        let condition = Condition::Broken { reason: reason.into() };
        Self { condition, state, drift: Vec::new(), owner: None }
    }

    /// With the differences found.
    #[must_use]
    pub fn drifted(mut self, drift: Drifts) -> Self {
        (self.drift, self.owner) = (drift.differences, drift.owner);
        self
    }
}

/// Whether an object can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It can.
    Ready,
    /// Not yet.
    Settling {
        /// AWS's word for what it does: `creating`, `backing-up`.
        phase: String,
        /// When asking again makes sense, if the provider knows better than the engine's backoff.
        again_in: Option<Duration>,
    },
    /// Never.
    Broken {
        /// Why.
        reason: String,
    },
}

/// A field that AWS reports otherwise than the recorded spec has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Drift {
    /// The spec's field.
    pub field: String,
    /// What AWS reports.
    pub actual: Value,
}

/// Collects the differences between a recorded spec and AWS's answer.
///
/// Fields that another controller owns are not compared, and a field that AWS does not report counts as unknown.
#[derive(Clone, Debug, Default)]
pub struct Drifts {
    differences: Vec<Drift>,
    owner: Option<String>,
}

impl Drifts {
    /// Nothing compared yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Compares a field with what AWS reports; `None` is "not reported".
    pub fn field<T: PartialEq + Serialize>(
        &mut self,
        field: &str,
        wanted: &T,
        actual: Option<T>,
    ) -> &mut Self {
        if let Some(actual) = actual
            && actual != *wanted
        {
            let actual = serde_json::to_value(actual).unwrap_or(Value::Null);
            self.differences.push(Drift { field: field.to_owned(), actual });
        }
        self
    }

    /// Compares what a reference resolves to with the id that AWS reports.
    pub fn reference(&mut self, field: &str, wanted: &str, actual: Option<&str>) -> &mut Self {
        if let Some(actual) = actual
            && actual != wanted
        {
            let actual = Value::String(actual.to_owned());
            self.differences.push(Drift { field: field.to_owned(), actual });
        }
        self
    }

    /// Looks at the tags: whether they mark an object other than the one that was asked about.
    pub fn ownership<'t>(
        &mut self,
        cx: &Cx,
        tags: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> &mut Self {
        let tags: BTreeMap<_, _> = tags.into_iter().collect();
        let is_ours = cx.tags().iter().all(|(key, value)| tags.get(key) == Some(&value.as_str()));
        if !is_ours && tags.contains_key(TAG_OWNER) {
            self.owner = owner(tags);
        }
        self
    }

    /// Notes that the object is another's, in the words of [`owner`].
    pub fn belongs_to(&mut self, owner: Option<String>) -> &mut Self {
        self.owner = owner;
        self
    }

    /// Notes a difference found in another way.
    pub fn note(&mut self, field: &str, actual: impl Serialize) -> &mut Self {
        let actual = serde_json::to_value(actual).unwrap_or(Value::Null);
        self.differences.push(Drift { field: field.to_owned(), actual });
        self
    }
}

/// What the person allows an apply or destroy to lose. By default nothing: see [`crate::plan::hazards`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// What may go with all that it holds. Its deletion protection is taken off for that.
    pub data_loss: BTreeSet<Address>,
    /// Whether databases named in [`Consent::data_loss`] go without a final snapshot.
    pub skip_final_snapshot: bool,
}

impl Consent {
    /// To lose the data of these resources, though not without a final snapshot where AWS makes one.
    #[must_use]
    pub fn to_lose(addresses: impl IntoIterator<Item = Address>) -> Self {
        Self { data_loss: addresses.into_iter().collect(), skip_final_snapshot: false }
    }
}

/// The context of a call: for which object it is made, and what that object's references resolve to.
///
/// Owned and cheap to clone. Not borrowed, because mockall cannot mock an async method with a lifetime in an
/// argument's type, and one here would spread to every signature.
#[derive(Clone, Debug)]
pub struct Cx(Arc<Context>, Teller);

/// What a [`Cx`] is made of.
#[derive(Clone, Debug)]
pub struct Context {
    /// The stack's name.
    pub stack: String,
    /// The identity of the state that owns the object.
    pub lineage: String,
    /// The object.
    pub object: ObjectId,
    /// Tells the object from any other that stood at its address before: see [`crate::state::Record::born`].
    pub born: u64,
    /// The states of the objects that the spec refers to.
    pub dependencies: BTreeMap<Address, Value>,
    /// Time, for names and records; never for sleeping.
    pub clock: Arc<dyn Clock>,
    /// What the person allows.
    pub consent: Consent,
    /// Of an object that is deleted: the spec of what the same run makes in its place, if it does.
    pub successor: Option<Value>,
}

/// The tag that names the stack.
pub const TAG_STACK: &str = "wpstack:stack";
/// The tag that names the object: its address and generation.
pub const TAG_OBJECT: &str = "wpstack:address";
/// The tag that names the owner: the lineage of the state that the object is recorded in.
pub const TAG_OWNER: &str = "wpstack:owner";

/// Tags by which other tools and people say whose an object is, with what to call the owner.
const OWNER_TAGS: [(&str, &str); 6] = [
    ("aws:cloudformation:stack-name", "the CloudFormation stack"),
    ("ManagedBy", "what is managed by"),
    ("managed-by", "what is managed by"),
    ("managed_by", "what is managed by"),
    ("Owner", "the owner"),
    ("owner", "the owner"),
];

/// Whose an object with these tags is, as far as they tell: "`ec2.vpc:main` of the stack `blog` (wpstack:owner =
/// 0f3a…)".
#[must_use]
pub fn owner<'t>(tags: impl IntoIterator<Item = (&'t str, &'t str)>) -> Option<String> {
    let tags: BTreeMap<_, _> = tags.into_iter().collect();
    let lineage = tags.get(TAG_OWNER).map(|lineage| format!(" ({TAG_OWNER} = {lineage})"));
    let lineage = lineage.unwrap_or_default();
    match (tags.get(TAG_STACK), tags.get(TAG_OBJECT)) {
        (Some(stack), Some(object)) => {
            return Some(format!("`{object}` of the stack `{stack}`{lineage}"));
        }
        (Some(stack), None) => return Some(format!("the stack `{stack}`{lineage}")),
        (None, _) if !lineage.is_empty() => return Some(format!("another state{lineage}")),
        (None, _) => {}
    }
    let found = OWNER_TAGS.iter().find_map(|(key, what)| Some((key, what, tags.get(key)?)));
    found.map(|(key, what, value)| format!("{what} `{value}` (its tag {key})"))
}

impl Cx {
    /// A context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self(Arc::new(context), Teller::default())
    }

    /// The same, where somebody listens to what a call is at.
    #[must_use]
    pub fn telling(self, teller: Teller) -> Self {
        Self(self.0, teller)
    }

    /// Where a call that takes long says what it is at.
    #[must_use]
    pub fn teller(&self) -> &Teller {
        &self.1
    }

    /// The object that the call is for.
    #[must_use]
    pub fn object(&self) -> &ObjectId {
        &self.0.object
    }

    /// Counts the objects at this address. Physical names of replaceable objects carry it from the second on.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.0.object.generation
    }

    /// The stack's name.
    #[must_use]
    pub fn stack(&self) -> &str {
        &self.0.stack
    }

    /// Whether the person allows the object to go with all that it holds, and its protection to be taken off for that.
    #[must_use]
    pub fn may_lose_data(&self) -> bool {
        self.0.consent.data_loss.contains(&self.0.object.address)
    }

    /// Whether a final snapshot has to be made when the object is deleted.
    #[must_use]
    pub fn keeps_snapshot(&self) -> bool {
        !(self.0.consent.skip_final_snapshot && self.may_lose_data())
    }

    /// The context of the deletion of an object whose place is taken by what that spec describes.
    pub(crate) fn followed_by(self, successor: Option<Value>) -> Self {
        Self(Arc::new(Context { successor, ..(*self.0).clone() }), self.1)
    }

    /// The spec of what takes the place of an object that is deleted, if the same run makes it.
    ///
    /// # Errors
    /// [`ErrorKind::Unexpected`] when it does not fit the type.
    pub fn successor<R: Resource>(&self) -> Result<Option<R>, ProviderError> {
        self.0.successor.as_ref().map(revive).transpose().map_err(|source| {
            let message = "the spec of its successor does not fit";
            ProviderError::new(ErrorKind::Unexpected, "wpstack", "resolve", message).source(source)
        })
    }

    /// The clock, for names that carry the time.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.0.clock.as_ref()
    }

    /// What a reference of the spec resolves to.
    ///
    /// # Errors
    /// [`ErrorKind::Unexpected`] when the engine has not given the state of that resource, or it does not fit.
    pub fn state_of<R: Resource>(&self, reference: &Ref<R>) -> Result<R::State, ProviderError> {
        let address = reference.address();
        let unexpected = |message: String| {
            ProviderError::new(ErrorKind::Unexpected, "wpstack", "resolve", message)
        };
        let state = self.0.dependencies.get(address).ok_or_else(|| {
            unexpected(format!(
                "`{}` refers to `{address}`, whose state is not known",
                self.object()
            ))
        })?;
        revive(state).map_err(|source| {
            unexpected(format!("the recorded state of `{address}` does not fit")).source(source)
        })
    }

    /// An idempotency token: the same for every repeat of the same call for the same object, and for no other.
    #[must_use]
    pub fn token(&self, purpose: &str) -> String {
        let Context { lineage, object, born, .. } = &*self.0;
        let digest = Sha256::digest(format!("{lineage}/{object}/{born}/{purpose}"));
        hex(&digest[..16])
    }

    /// The ownership tags of the object.
    #[must_use]
    pub fn tags(&self) -> [(&'static str, String); 3] {
        let Context { stack, lineage, object, .. } = &*self.0;
        [
            (TAG_STACK, stack.clone()),
            // `#` is not allowed in the tag values of every service.
            (TAG_OBJECT, object.to_string().replace('#', "/")),
            (TAG_OWNER, lineage.clone()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::ec2::Vpc;

    #[tokio::test]
    async fn the_port_can_be_mocked() {
        let mut provider = MockProvider::<Vpc>::new();
        provider.expect_find().times(1).returning(|_, _| Ok(None));
        let cx = Cx::new(Context {
            stack: "blog".to_owned(),
            lineage: "l".to_owned(),
            object: "ec2.vpc:main".parse().unwrap(),
            born: 1,
            dependencies: BTreeMap::new(),
            clock: Arc::new(crate::time::SystemClock),
            consent: Consent::default(),
            successor: None,
        });
        let spec = Vpc::new("10.0.0.0/16".parse().unwrap());
        assert_eq!(provider.find(&cx, &spec).await.unwrap(), None);
        assert_eq!(cx.token("create"), cx.clone().token("create"));
        assert_ne!(cx.token("create"), cx.token("delete"));
    }
}
