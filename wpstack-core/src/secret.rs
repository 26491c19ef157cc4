//! Values that must never be written down.

use std::fmt;

/// A secret in memory, between the call that returned it and the call that takes it.
///
/// It is neither `Serialize` nor `Display`, and its `Debug` says nothing, so no spec, state, plan, event or log
/// can hold one:
///
/// ```compile_fail
/// #[derive(serde::Serialize)]
/// struct Spec { password: wpstack_core::Secret }
/// ```
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes the value in.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// The value itself, for the call that needs it. Do not keep it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
