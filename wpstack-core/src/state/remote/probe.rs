//! Whether an object store honours conditions. Many that speak S3's language do not, and say nothing.

use super::context::Context;
use super::object::{Condition, ETag, ObjectError};
use crate::state::store::StoreError;

/// Tries what everything here rests on, with an object of its own.
///
/// # Errors
/// When the store writes although the condition does not hold, or refuses to be asked.
pub(super) async fn probe(context: &Context) -> Result<(), StoreError> {
    let key = format!("probe/{}", context.nonce());
    context.put_new(&key, b"first").await?;
    let other = ETag("\"00000000000000000000000000000000\"".to_owned());
    let tries = [("If-None-Match", Condition::Absent), ("If-Match", Condition::Matches(other))];
    for (name, condition) in tries {
        let mut patience = context.patience("write", &key);
        loop {
            match context.put_once(&key, name.as_bytes(), &condition).await {
                Err(ObjectError::Conflict) => break,
                Ok(_) => {
                    let place = context.objects.place();
                    return Err(StoreError::Unsuitable { place, lacks: name });
                }
                Err(error) => patience.after(error).await?,
            }
        }
    }
    // It may stay, if it must: nobody looks there.
    drop(context.delete_once(&key).await);
    Ok(())
}
