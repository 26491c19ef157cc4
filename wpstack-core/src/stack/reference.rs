//! Typed edges.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::graph::Need;
use crate::address::Address;
use crate::resource::Resource;

/// The member under which a reference is serialised, and by which edges are read off a spec.
pub(crate) const REF: &str = "$ref";
/// The member that says what the edge needs.
pub(crate) const NEEDS: &str = "$needs";

/// A typed edge to a resource that must *exist*: its id is known.
///
/// [`Stack::add`](super::Stack::add) is the only maker, so a subnet cannot stand where a VPC is asked for and no
/// cycle can be written. References also deserialise, for the engine to revive recorded specs;
/// [`Stack::add`](super::Stack::add) refuses one that does not name a resource of the same stack.
pub struct Ref<R> {
    address: Address,
    resource: PhantomData<fn() -> R>,
}

/// A typed edge to a resource that must be *ready*: configured, and reported usable by AWS.
///
/// Made from a [`Ref`] with [`Ref::ready`]. A spec's field type decides which of the two it takes.
pub struct Ready<R>(Ref<R>);

impl<R: Resource> Ref<R> {
    pub(super) fn new(address: Address) -> Self {
        Self { address, resource: PhantomData }
    }

    /// The edge that needs the resource ready, not only existing.
    #[must_use]
    pub fn ready(&self) -> Ready<R> {
        Ready(self.clone())
    }
}

impl<R> Ref<R> {
    /// The address of the resource.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl<R> Deref for Ready<R> {
    type Target = Ref<R>;

    fn deref(&self) -> &Ref<R> {
        &self.0
    }
}

impl<R: Resource> From<&Ref<R>> for Ready<R> {
    fn from(reference: &Ref<R>) -> Self {
        reference.ready()
    }
}

impl<R> Clone for Ref<R> {
    fn clone(&self) -> Self {
        Self { address: self.address.clone(), resource: PhantomData }
    }
}

impl<R> Clone for Ready<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R> PartialEq for Ref<R> {
    fn eq(&self, other: &Self) -> bool {
        self.address == other.address
    }
}

impl<R> PartialEq for Ready<R> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<R> fmt::Debug for Ref<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ref({})", self.address)
    }
}

impl<R> fmt::Debug for Ready<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ready({})", self.address)
    }
}

impl<R> Serialize for Ref<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(REF, &self.address)?;
        map.end()
    }
}

impl<R> Serialize for Ready<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry(REF, &self.0.address)?;
        map.serialize_entry(NEEDS, &Need::Ready)?;
        map.end()
    }
}

#[derive(Deserialize)]
struct Written {
    #[serde(rename = "$ref")]
    address: Address,
}

impl<'de, R: Resource> Deserialize<'de> for Ref<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { address } = Written::deserialize(deserializer)?;
        if address.type_name() == R::TYPE {
            Ok(Self::new(address))
        } else {
            let message = format!("expected a reference to {}, found `{address}`", R::TYPE);
            Err(D::Error::custom(message))
        }
    }
}

impl<'de, R: Resource> Deserialize<'de> for Ready<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ref::deserialize(deserializer).map(Self)
    }
}
