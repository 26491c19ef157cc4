//! What the providers have in common: one call for many objects, and only the calls that are needed.

use std::collections::HashMap;
use std::future::Future;
use std::str::FromStr;

use futures::future::try_join;
use wpstack_core::{Cx, ErrorKind, Observed, Provider, ProviderError, Recorded, Resource};

/// What a look at an object tells; `None` when it is gone.
pub(crate) type Look<R> = Result<Option<Observed<<R as Resource>::State>>, ProviderError>;

/// Reads one object of a type whose provider reads many at once.
pub(crate) async fn read_one<R: Resource>(
    provider: &impl Provider<R>,
    cx: &Cx,
    spec: &R,
    state: &R::State,
) -> Look<R> {
    let object = Recorded { cx: cx.clone(), spec: spec.clone(), state: state.clone() };
    let look = provider.read_many(&[object]).await.pop();
    look.unwrap_or_else(|| Err(ProviderError::missing("wpstack", "read_many", "the object")))
}

/// A look at each of the objects, in their order, from what one question about all of them told.
///
/// An object that is not among the told is gone. `id` is that by which [`Resource::id`] knows a told one.
pub(crate) fn look<R: Resource, T>(
    objects: &[Recorded<R>],
    told: Result<Vec<T>, ProviderError>,
    id: impl Fn(&T) -> Option<&str>,
    observe: impl Fn(&Recorded<R>, &T) -> Result<Observed<R::State>, ProviderError>,
) -> Vec<Look<R>> {
    match told {
        Ok(told) => {
            let told: HashMap<_, _> = told.iter().filter_map(|it| Some((id(it)?, it))).collect();
            let look = |object: &Recorded<R>| {
                let told = told.get(R::id(&object.state).as_str());
                told.map(|told| observe(object, told)).transpose()
            };
            objects.iter().map(look).collect()
        }
        Err(error) => {
            // Each object gets the failure. Its source cannot be shared and stays with the first.
            let again = (*error).clone();
            let others = objects.iter().skip(1).map(|_| Err(again.clone().into()));
            std::iter::once(Err(error)).chain(others).take(objects.len()).collect()
        }
    }
}

/// What one question about many objects told, each with what was to be asked for one by one, at the same time.
pub(crate) async fn with<T, D>(
    told: impl Future<Output = Result<Vec<T>, ProviderError>>,
    details: impl Future<Output = Result<Vec<Option<(String, D)>>, ProviderError>>,
    id: impl Fn(&T) -> Option<&str>,
) -> Result<Vec<(T, Option<D>)>, ProviderError> {
    let (told, details) = try_join(told, details).await?;
    let mut details: HashMap<_, _> = details.into_iter().flatten().collect();
    let with = |told| {
        let detail = id(&told).and_then(|id| details.remove(id));
        (told, detail)
    };
    Ok(told.into_iter().map(with).collect())
}

/// Deletes an object. Where AWS answers that something still uses it, takes away what no record knows of, of which
/// `clean` tells how much there was, and deletes again.
pub(crate) async fn delete_unless_used<D>(
    delete: impl Fn() -> D,
    clean: impl Future<Output = Result<Vec<()>, ProviderError>>,
) -> Result<(), ProviderError>
where
    D: Future<Output = Result<(), ProviderError>>,
{
    match delete().await {
        Err(error) if error.kind == ErrorKind::StillInUse => match clean.await?.is_empty() {
            true => Err(error),
            false => delete().await,
        },
        deleted => deleted,
    }
}

/// Whether `field` is among the changed ones.
pub(crate) fn has(changed: &[String], field: &str) -> bool {
    changed.iter().any(|it| it == field)
}

/// Makes the call only if it is needed.
pub(crate) async fn when(
    needed: bool,
    call: impl Future<Output = Result<(), ProviderError>>,
) -> Result<(), ProviderError> {
    if needed { call.await } else { Ok(()) }
}

/// What AWS tells as text. What is no such value counts as not told.
pub(crate) fn parsed<T: FromStr>(text: Option<&str>) -> Option<T> {
    text?.parse().ok()
}
