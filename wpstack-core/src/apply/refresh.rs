//! Asking AWS about everything recorded, as many objects per question as it can.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use thiserror::Error;

use super::resolve::Resolver;
use super::retry::Pauses;
use crate::address::ObjectId;
use crate::failure::{ErrorKind, ProviderError};
use crate::plan::Sightings;
use crate::registry::{AnyObserved, AnyProvider, AnyRecorded};
use crate::state::Document;

/// AWS did not tell how things are.
#[derive(Debug, Error)]
#[error("AWS did not tell how `{object}` is")]
pub struct RefreshError {
    /// The object.
    pub object: ObjectId,
    /// What AWS said instead.
    #[source]
    pub source: ProviderError,
}

/// What is said to be gone is asked about again after this long before it is believed. What was made a moment ago may
/// not be visible yet, and to take it for gone would be to lose it.
const DOUBT: Duration = Duration::from_secs(3);

pub(super) struct Asked {
    pub(super) object: ObjectId,
    pub(super) recorded: AnyRecorded,
    /// Whether it was said to be gone once.
    pub(super) doubted: bool,
    /// Whether something that it refers to is gone, so that a provider may be unable to compare.
    pub(super) dangling: bool,
}

/// What AWS says of every recorded object whose id is known.
pub(super) async fn refresh(
    resolver: &Resolver,
    document: &Document,
    seed: u64,
) -> Result<Sightings, RefreshError> {
    let mut groups: BTreeMap<&str, Vec<Asked>> = BTreeMap::new();
    for (object, record) in &document.objects {
        if let Some(recorded) = resolver.recorded(document, object, record) {
            let group = groups.entry(object.address.type_name()).or_default();
            let is_there = |to| document.objects.get(to).is_some_and(|it| it.state.is_some());
            let dangling = record.edges.iter().any(|edge| !is_there(&edge.to));
            group.push(Asked { object: object.clone(), recorded, doubted: false, dangling });
        }
    }
    let asks = groups.into_iter().filter_map(|(type_name, objects)| {
        let provider = resolver.registry.provider(type_name)?;
        Some(ask(resolver, provider.as_ref(), objects, seed))
    });
    let mut sightings = Sightings::new();
    for answers in join_all(asks).await {
        sightings.extend(answers?);
    }
    Ok(sightings)
}

/// Asks about the objects of one type, and again about those for which the failure passes.
pub(super) async fn ask(
    resolver: &Resolver,
    provider: &dyn AnyProvider,
    mut objects: Vec<Asked>,
    seed: u64,
) -> Result<Vec<(ObjectId, AnyObserved)>, RefreshError> {
    let mut known = Vec::with_capacity(objects.len());
    let mut pauses = Pauses::default();
    while !objects.is_empty() {
        let asked = objects.iter().map(|asked| asked.recorded.clone()).collect();
        let answers = provider.read_many(asked).await;
        let mut again = Vec::new();
        let mut failure = None;
        for (asked, answer) in objects.into_iter().zip(answers) {
            match answer {
                Ok(None) if !asked.doubted => again.push(Asked { doubted: true, ..asked }),
                Ok(observed) => known.push((asked.object, observed)),
                // Nothing is known of it beyond the record, whose dangling edge the plan follows.
                Err(error) if asked.dangling && error.kind == ErrorKind::Unexpected => {}
                Err(source) => {
                    failure.get_or_insert((asked.object.clone(), source));
                    again.push(asked);
                }
            }
        }
        objects = again;
        let Some((object, source)) = failure else {
            if !objects.is_empty() {
                resolver.clock.sleep(DOUBT).await;
            }
            continue;
        };
        match pauses.after(source.kind, seed) {
            Some((_, pause)) => resolver.clock.sleep(pause).await,
            None => return Err(RefreshError { object, source }),
        }
    }
    Ok(known)
}
