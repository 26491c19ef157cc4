//! From references to the objects and states they mean at this moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::address::{Address, ObjectId};
use crate::plan::fingerprint;
use crate::provider::{Consent, Context, Cx};
use crate::registry::{AnyRecorded, Registry};
use crate::stack::edges;
use crate::state::{Document, Record, RecordedEdge};
use crate::time::Clock;

/// What contexts are made from.
#[derive(Clone, Debug)]
pub(super) struct Resolver {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) consent: Consent,
    pub(super) registry: Registry,
}

impl Resolver {
    /// The edges of a spec that is about to be given to AWS: each to the newest object at its address.
    pub(super) fn resolve(&self, document: &Document, spec: &Value) -> Vec<RecordedEdge> {
        let wanted = edges(spec).into_iter();
        wanted
            .filter_map(|edge| {
                let (object, record) = document.current(&edge.to)?;
                let kind = self.registry.kind(edge.to.type_name())?;
                let saw = record.state.as_ref().filter(|_| kind.ripples).map(fingerprint);
                Some(RecordedEdge { field: edge.field, to: object.clone(), need: edge.need, saw })
            })
            .collect()
    }

    /// The context of a call for `object`, whose references mean `edges`.
    pub(super) fn context(
        &self,
        document: &Document,
        object: &ObjectId,
        edges: &[RecordedEdge],
    ) -> Cx {
        self.context_with(document, object, states(document, edges).collect())
    }

    fn context_with(
        &self,
        document: &Document,
        object: &ObjectId,
        dependencies: BTreeMap<Address, Value>,
    ) -> Cx {
        Cx::new(Context {
            stack: document.stack.clone(),
            lineage: document.lineage.clone(),
            object: object.clone(),
            born: document.objects.get(object).map_or(0, |record| record.born),
            dependencies,
            clock: Arc::clone(&self.clock),
            consent: self.consent.clone(),
            successor: None,
        })
    }

    /// What a provider is asked about a recorded object; `None` while its id is not known.
    pub(super) fn recorded(
        &self,
        document: &Document,
        object: &ObjectId,
        record: &Record,
    ) -> Option<AnyRecorded> {
        let state = record.state.clone()?;
        let cx = match record.imported {
            true => self.context_of_read(document, object, &record.spec, &record.edges),
            false => self.context(document, object, &record.edges),
        };
        Some(AnyRecorded { cx, spec: record.spec.clone(), state })
    }

    /// The context of a look at `object`. What its spec refers to without having been resolved, because it did not exist
    /// when the object was imported, is compared as something without an id.
    pub(super) fn context_of_read(
        &self,
        document: &Document,
        object: &ObjectId,
        spec: &Value,
        resolved: &[RecordedEdge],
    ) -> Cx {
        let unresolved = edges(spec).into_iter().filter(|edge| {
            !resolved.iter().any(|it| it.field == edge.field && it.to.address == edge.to)
        });
        let blank = unresolved.filter_map(|edge| {
            let blank = self.registry.kind(edge.to.type_name())?.blank()?;
            Some((edge.to, blank))
        });
        let mut dependencies: BTreeMap<Address, Value> = blank.collect();
        dependencies.extend(states(document, resolved));
        self.context_with(document, object, dependencies)
    }
}

/// What is known of the objects at the ends of edges.
fn states<'a>(
    document: &'a Document,
    edges: &'a [RecordedEdge],
) -> impl Iterator<Item = (Address, Value)> + 'a {
    edges.iter().filter_map(|edge| {
        let state = document.objects.get(&edge.to)?.state.clone()?;
        Some((edge.to.address.clone(), state))
    })
}
