//! Words about a call that takes long, for whoever watches the run.

use std::fmt;
use std::sync::Arc;

/// Where a provider says what a long call is at. Nobody has to listen.
///
/// # Contract
/// Nothing is said once the call has returned or was dropped, not by other threads either.
#[derive(Clone, Default)]
pub struct Teller(Option<Arc<Listener>>);

type Listener = dyn Fn(&str) + Send + Sync;

impl Teller {
    /// What words begin with that a person should not miss.
    pub const WARNING: &str = "warning:";

    /// One that hands the words to `listener`, which should not block. It is called from several threads.
    #[must_use]
    pub fn to(listener: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// Says what the call is at: a fragment without a full stop, as in `distribution: putting together`.
    pub fn tell(&self, words: &str) {
        if let Some(listener) = &self.0 {
            listener(words);
        }
    }
}

impl fmt::Debug for Teller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Teller")
    }
}
