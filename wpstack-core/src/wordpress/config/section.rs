//! How a section of the configuration is declared: each key once, with all there is to say about
//! it.

use super::reader::{Reader, Value};
use super::setting::Written;

/// A table of the configuration, with a fixed set of keys.
pub(crate) trait Section: Default {
    /// The keys, in the order in which a person reads them.
    const KEYS: &'static [Key];

    /// Reads `value` into the field of that key. Unknown keys are the reader's business.
    fn read_key(&mut self, key: &str, at: &str, value: &Value<'_>, reader: &mut Reader<'_>);

    /// What stands behind each of [`Self::KEYS`].
    fn written(&self) -> Vec<Written>;
}

/// A key of a section.
#[derive(Debug)]
pub(crate) struct Key {
    /// The key itself.
    pub(crate) name: &'static str,
    /// What it means, in one line.
    pub(crate) doc: &'static str,
    /// What a value looks like, in TOML.
    pub(crate) example: &'static str,
    /// The keys below it, if it is a section.
    pub(crate) keys: &'static [Self],
}

/// Declares a section: a plain struct of which every field has a documentation, a default and, where
/// Rust would not have it as a name, a key of its own.
///
/// The first line of a field's documentation is also the comment in the template, and all of it the
/// description in the JSON Schema.
macro_rules! section {
    (
        $(#[$meta:meta])*
        pub struct $Section:ident {
            $(
                #[doc = $doc:literal]
                $(#[doc = $more:literal])*
                $(#[schemars($($schema:tt)*)])?
                pub $field:ident $(as $key:literal)?: $Type:ty = $default:expr
            ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
        #[schemars(default, deny_unknown_fields)]
        pub struct $Section {
            $(
                #[doc = $doc]
                $(#[doc = $more])*
                $(#[serde(rename = $key)])?
                $(#[schemars($($schema)*)])?
                pub $field: $Type,
            )*
        }

        impl Default for $Section {
            fn default() -> Self {
                Self { $($field: $crate::wordpress::config::setting::Known::known($default)),* }
            }
        }

        impl $crate::wordpress::config::section::Section for $Section {
            const KEYS: &'static [$crate::wordpress::config::section::Key] = &[
                $($crate::wordpress::config::section::Key {
                    name: section!(@key $field $($key)?),
                    doc: $doc,
                    example: <$Type as $crate::wordpress::config::setting::Setting>::EXAMPLE,
                    keys: <$Type as $crate::wordpress::config::setting::Setting>::KEYS,
                }),*
            ];

            fn read_key(
                &mut self,
                key: &str,
                at: &str,
                value: &$crate::wordpress::config::reader::Value<'_>,
                reader: &mut $crate::wordpress::config::reader::Reader<'_>,
            ) {
                match key {
                    $(section!(@key $field $($key)?) => reader.set(&mut self.$field, at, value),)*
                    _ => {}
                }
            }

            fn written(&self) -> Vec<$crate::wordpress::config::setting::Written> {
                vec![
                    $($crate::wordpress::config::setting::Setting::written(&self.$field)),*
                ]
            }
        }
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
}
pub(crate) use section;
