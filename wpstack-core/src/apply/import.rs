//! Taking an object over that was made by other means.

use std::fmt;

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use super::refresh::{Asked, RefreshError, ask};
use super::resolve::Resolver;
use super::retry::Pauses;
use super::session::Session;
use crate::address::{Address, ObjectId};
use crate::failure::ProviderError;
use crate::plan::Known;
use crate::provider::{Condition, Consent, Cx, Drift, MADE_ANEW, Observed};
use crate::registry::{AnyProvider, AnyRecorded};
use crate::resource::Change;
use crate::stack::{Node, Stack};
use crate::state::{Document, Fact, LedgerError};
use crate::time::drive;

/// What was taken over.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Imported {
    /// The object, as it is recorded from now on.
    pub object: ObjectId,
    /// What AWS calls it.
    pub id: String,
    /// Where it differs from the stack, all of it to be changed in place by the next apply.
    pub differs: Vec<Drift>,
}

/// A field in which an object differs so that it could only be replaced.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The field of the spec.
    pub field: String,
    /// What the stack says.
    pub wanted: Value,
    /// What AWS says.
    pub actual: Value,
    /// Why it cannot be changed, where there is more to say than that.
    pub reason: Option<&'static str>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, wanted, actual, reason } = self;
        write!(f, "`{field}` is {actual}, and the stack has {wanted}")?;
        reason.map_or(Ok(()), |reason| write!(f, " ({reason})"))
    }
}

/// Why an object is not taken over. Nothing has been recorded then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The configuration does not ask for it.
    #[error("the stack has no `{address}`")]
    NotInStack {
        /// The address.
        address: Address,
    },
    /// Something stands at the address already.
    #[error("`{object}` is recorded already{}", id.as_ref().map(|id| format!(": it is {id}")).unwrap_or_default())]
    Recorded {
        /// The object.
        object: ObjectId,
        /// What AWS calls it.
        id: Option<String>,
    },
    /// It is made of something that has to be known before it.
    #[error(
        "`{address}` refers to `{needs}` in a way that cannot be changed, and that is not recorded yet"
    )]
    Needs {
        /// The address.
        address: Address,
        /// What has to be recorded before it.
        needs: Address,
    },
    /// The cloud does not know the type.
    #[error("the type of `{address}` is not known here")]
    UnknownType {
        /// The address.
        address: Address,
    },
    /// There is no such object.
    #[error("there is no {} `{id}` at AWS", address.type_name())]
    NotThere {
        /// The address.
        address: Address,
        /// The id that was given.
        id: String,
    },
    /// Another state looks after the object.
    #[error("`{id}` belongs to another: it is {owner}")]
    Owned {
        /// The id that was given.
        id: String,
        /// What its tags say.
        owner: String,
    },
    /// Another object at this state's disposal has that id.
    #[error("`{id}` is recorded as `{object}` already")]
    Elsewhere {
        /// The id that was given.
        id: String,
        /// Where it is recorded.
        object: ObjectId,
    },
    /// AWS is at work on it, or has given it up.
    #[error("`{id}` cannot be used now: {condition}")]
    NotReady {
        /// The id that was given.
        id: String,
        /// AWS's word for how it is.
        condition: String,
    },
    /// It is so unlike what the stack has that an apply would replace it.
    #[error("`{id}` would be replaced as `{address}`: {}", differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Differs {
        /// The address.
        address: Address,
        /// The id that was given.
        id: String,
        /// In what it differs.
        differences: Vec<Difference>,
    },
    /// Objects of the type are never taken over.
    #[error("`{address}` cannot be imported: an apply makes it anew, at no harm")]
    MadeAnew {
        /// The address.
        address: Address,
    },
    /// AWS did not tell.
    #[error("AWS did not tell about `{address}`")]
    Provider {
        /// The address.
        address: Address,
        /// What it said instead.
        #[source]
        source: ProviderError,
    },
    /// It could not be written down.
    #[error("what was found could not be recorded")]
    Ledger(#[from] LedgerError),
}

impl ImportError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NotInStack { .. } => {
                "`wpstack graph` shows the addresses of the stack; write the configuration first"
                    .to_owned()
            }
            Self::Recorded { .. } => {
                "there is nothing left to import, unless it stands for another object".to_owned()
            }
            Self::Needs { needs, .. } => format!("run `wpstack import {needs} ID` first"),
            Self::MadeAnew { .. } => "go on without it".to_owned(),
            Self::UnknownType { .. } => "import it with the program that knows the type".to_owned(),
            Self::NotThere { .. } => "check the id, the region and the account".to_owned(),
            Self::Owned { .. } => {
                "let the other state give it up; if that state is lost for good, remove the object's tags that begin \
                 with `wpstack:` and import it again"
                    .to_owned()
            }
            Self::Elsewhere { .. } => {
                "an object stands at one address only: check the id".to_owned()
            }
            Self::NotReady { .. } => "wait until AWS is done with it, then import it".to_owned(),
            Self::Differs { .. } => {
                "write what the object has into the configuration, then import it".to_owned()
            }
            Self::Provider { source, .. } => source.kind.hint().to_owned(),
            Self::Ledger(_) => "make the state writable and run the same command again".to_owned(),
        }
    }
}

impl Session {
    /// Takes the object that AWS calls `id` into the state, at an address of the stack that nothing stands at.
    ///
    /// Changes nothing at AWS: the next apply marks the object as this stack's and changes in place what differs. Its
    /// name stays, whatever the stack would call it.
    ///
    /// # Errors
    /// [`ImportError`]; nothing has been recorded then.
    pub async fn import(
        &self,
        stack: &Stack,
        address: &Address,
        id: &str,
    ) -> Result<Imported, ImportError> {
        let document = self.document();
        let node = stack
            .get(address)
            .ok_or_else(|| ImportError::NotInStack { address: address.clone() })?;
        let resolver = self.resolver(Consent::default());
        let import = Import { resolver: &resolver, document: &document, node, id };
        let found = drive(self.engine.clock().as_ref(), import.find()).await?;
        let Found { object, state, differs } = found;
        let (schema, spec) = (node.kind.schema, node.spec.clone());
        let edges = resolver.resolve(&document, &spec);
        let id = node.kind.id(&state).unwrap_or_else(|| id.to_owned());
        self.ledger.learn(&object, Fact::Imported { schema, spec, state, edges }).await?;
        Ok(Imported { object, id, differs })
    }
}

struct Import<'a> {
    resolver: &'a Resolver,
    document: &'a Document,
    node: &'a Node,
    id: &'a str,
}

struct Found {
    object: ObjectId,
    state: Value,
    differs: Vec<Drift>,
}

impl Import<'_> {
    async fn find(&self) -> Result<Found, ImportError> {
        let Node { address, spec, .. } = self.node;
        self.check_place()?;
        let unknown = || ImportError::UnknownType { address: address.clone() };
        let provider = self.resolver.registry.provider(address.type_name()).ok_or_else(unknown)?;
        let generation = Known::recorded(self.document).next_generation(address);
        let object = ObjectId::new(address.clone(), generation);
        let edges = self.resolver.resolve(self.document, spec);
        let cx = self.resolver.context_of_read(self.document, &object, spec, &edges);
        let state = self.identify(provider.as_ref(), &cx).await?;
        self.check_elsewhere(&state)?;
        let recorded = AnyRecorded { cx, spec: spec.clone(), state };
        let asked = Asked { object: object.clone(), recorded, doubted: false, dangling: false };
        let mut answers = ask(self.resolver, provider.as_ref(), vec![asked], 0)
            .await
            .map_err(|RefreshError { source, .. }| self.failed(source))?;
        let observed = answers.pop().and_then(|(_, observed)| observed);
        let Observed { condition, state, drift, owner } =
            observed.ok_or_else(|| self.not_there())?;
        self.check_owner(owner)?;
        self.check_condition(condition)?;
        self.check_differences(&drift)?;
        Ok(Found { object, state, differs: drift })
    }

    /// The address is free, and what cannot be changed later is there.
    fn check_place(&self) -> Result<(), ImportError> {
        let Node { address, kind, edges, .. } = self.node;
        if let Some((object, record)) = self.document.current(address) {
            let id = record.state.as_ref().and_then(|state| kind.id(state));
            return Err(ImportError::Recorded { object: object.clone(), id });
        }
        let fixed = |name: &str| {
            let mut fields = kind.fields.iter();
            fields.any(|field| {
                field.name == name
                    && matches!(field.change, Change::Replace(_) | Change::Refused(_))
            })
        };
        let is_there = |to: &Address| {
            self.document.current(to).is_some_and(|(_, record)| record.state.is_some())
        };
        match edges.iter().find(|edge| fixed(&edge.field) && !is_there(&edge.to)) {
            Some(edge) => {
                Err(ImportError::Needs { address: address.clone(), needs: edge.to.clone() })
            }
            None => Ok(()),
        }
    }

    async fn identify(&self, provider: &dyn AnyProvider, cx: &Cx) -> Result<Value, ImportError> {
        let mut pauses = Pauses::default();
        loop {
            let error = match provider.identify(cx, &self.node.spec, self.id).await {
                Ok(state) => return state.ok_or_else(|| self.not_there()),
                Err(error) => error,
            };
            match pauses.after(error.kind, 0) {
                Some((_, pause)) => self.resolver.clock.sleep(pause).await,
                None => return Err(self.failed(error)),
            }
        }
    }

    /// One object cannot stand at two addresses: deleting it at one would take it from the other.
    fn check_elsewhere(&self, state: &Value) -> Result<(), ImportError> {
        let kind = self.node.kind;
        let id = kind.id(state);
        let mut same = self.document.objects.iter().filter(|(object, record)| {
            object.address.type_name() == kind.type_name
                && record.state.as_ref().and_then(|state| kind.id(state)) == id
        });
        match same.next() {
            Some((object, _)) => {
                Err(ImportError::Elsewhere { id: self.id.to_owned(), object: object.clone() })
            }
            None => Ok(()),
        }
    }

    fn check_owner(&self, owner: Option<String>) -> Result<(), ImportError> {
        let id = self.id.to_owned();
        owner.map_or(Ok(()), |owner| Err(ImportError::Owned { id, owner }))
    }

    fn check_condition(&self, condition: Condition) -> Result<(), ImportError> {
        let condition = match condition {
            Condition::Ready => return Ok(()),
            Condition::Settling { phase, .. } => format!("it is {phase}"),
            Condition::Broken { reason } => reason,
        };
        Err(ImportError::NotReady { id: self.id.to_owned(), condition })
    }

    /// Whether all that differs can be changed in place.
    fn check_differences(&self, drift: &[Drift]) -> Result<(), ImportError> {
        let Node { address, kind, spec, .. } = self.node;
        let differences = kind.fields.iter().filter_map(|field| {
            let Drift { actual, .. } = drift.iter().find(|drift| drift.field == field.name)?;
            let mut before = spec.clone();
            before[field.name] = actual.clone();
            let reason = match kind.policy(field, &before, spec) {
                Change::Update(_) | Change::Order => return None,
                Change::Replace(_) => None,
                Change::Refused(reason) => Some(reason),
            };
            let (field, wanted) = (field.name.to_owned(), spec[field.name].clone());
            Some(Difference { field, wanted, actual: actual.clone(), reason })
        });
        let differences: Vec<_> = differences.collect();
        if differences.is_empty() {
            return Ok(());
        }
        Err(ImportError::Differs { address: address.clone(), id: self.id.to_owned(), differences })
    }

    fn not_there(&self) -> ImportError {
        ImportError::NotThere { address: self.node.address.clone(), id: self.id.to_owned() }
    }

    fn failed(&self, source: ProviderError) -> ImportError {
        if (source.service, source.operation) == MADE_ANEW {
            return ImportError::MadeAnew { address: self.node.address.clone() };
        }
        ImportError::Provider { address: self.node.address.clone(), source }
    }
}
