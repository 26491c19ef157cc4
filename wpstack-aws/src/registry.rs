//! Which resource types AWS provides: all of them.

use wpstack_core::{Registry, for_each_resource};

use crate::Aws;

macro_rules! registry_of {
    ($aws:ident [$($resource:ty),* $(,)?]) => {
        Registry::default()$(.with::<$resource, _>($aws.clone()))*
    };
}

impl Aws {
    /// The resource types, each with this as its provider.
    #[must_use]
    pub fn registry(&self) -> Registry {
        for_each_resource!(registry_of self)
    }
}
