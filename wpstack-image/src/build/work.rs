//! Makes the layers: what was made before is taken, the rest is read and packed in parallel.

use futures::future::try_join_all;
use tokio::task::spawn_blocking;

use super::stack::{Stack, filled};
use super::{BuildError, Made, Make, Observer, Part, Progress, Role};
use crate::digest::Digest;
use crate::layer::{Cache, Facts, Kept, Outline};
use crate::tree::Tree;

/// A part on its way.
struct Piece {
    title: String,
    inputs: Digest,
    role: Role,
    state: State,
}

enum State {
    /// Made before; and how it is made, should what lies below have changed since.
    Found(Kept, Make),
    /// To be packed.
    Read(Tree, Facts),
}

/// The layers of the parts, in their order.
pub(super) async fn layers(
    parts: Vec<Part>,
    cache: &Cache,
    observer: &Observer,
) -> Result<Vec<Kept>, BuildError> {
    let look = parts.into_iter().map(|part| look(part, cache.clone(), observer.clone()));
    let pieces = try_join_all(look).await?;
    let mut stack = Stack::default();
    let mut packing = Vec::new();
    for Piece { title, inputs, role, state } in pieces {
        let own = match &state {
            State::Found(kept, _) => kept.outline.clone(),
            State::Read(tree, _) => Outline::of(tree),
        };
        let outline = stack.complete(&own);
        stack.lay(&title, role, &outline)?;
        let state = match state {
            State::Found(kept, make) if kept.outline != outline => {
                read(&title, make, observer.clone()).await?
            }
            state => state,
        };
        packing.push(pack(Piece { title, inputs, role, state }, outline, cache, observer));
    }
    try_join_all(packing).await
}

/// Looks for the layer in the cache, and brings its files together if it is not there.
async fn look(part: Part, cache: Cache, observer: Observer) -> Result<Piece, BuildError> {
    let Part { title, inputs, role, make } = part;
    let wanted = (inputs.clone(), title.clone());
    let found = blocking(&title, move || cache.find(&wanted.0, &wanted.1)).await?;
    let state = match found {
        Some(kept) => State::Found(kept, make),
        None => read(&title, make, observer).await?,
    };
    Ok(Piece { title, inputs, role, state })
}

async fn read(title: &str, make: Make, observer: Observer) -> Result<State, BuildError> {
    observer(Progress::Reading { layer: title.to_owned() });
    let Made { tree, facts } = blocking(title, make)
        .await?
        .map_err(|source| BuildError::Part { part: title.to_owned(), source })?;
    Ok(State::Read(tree, facts))
}

async fn pack(
    piece: Piece,
    outline: Outline,
    cache: &Cache,
    observer: &Observer,
) -> Result<Kept, BuildError> {
    let Piece { title, inputs, state, role: _ } = piece;
    match state {
        State::Found(kept, _) => {
            observer(Progress::Reused { layer: title, size: kept.layer.blob.size });
            Ok(kept)
        }
        State::Read(tree, facts) => {
            let (cache, layer) = (cache.clone(), title.clone());
            let tree = filled(tree, &outline);
            observer(Progress::Packing { layer: title.clone(), entries: tree.len() });
            let make = move || cache.make(&inputs, &layer, &tree, outline, facts);
            let kept = blocking(&title, make)
                .await?
                .map_err(|source| BuildError::Layer { part: title.clone(), source })?;
            observer(Progress::Packed { layer: title, size: kept.layer.blob.size });
            Ok(kept)
        }
    }
}

async fn blocking<T: Send + 'static>(
    title: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BuildError> {
    spawn_blocking(work).await.map_err(|_| BuildError::Broken(title.to_owned()))
}
