//! What AWS calls the objects, and in which order their fields stand.

use std::collections::BTreeMap;

use serde_json::Value;
use wpstack_core::resource::kinds;
use wpstack_core::state::Document;
use wpstack_core::{Kind, ObjectId};

use super::style::plain;

/// The ids of recorded objects, and the types they are of.
#[derive(Debug, Default)]
pub(crate) struct Names {
    kinds: BTreeMap<&'static str, Kind>,
    ids: BTreeMap<ObjectId, String>,
}

impl Names {
    /// What a document tells.
    pub(crate) fn of(document: &Document) -> Self {
        let kinds: BTreeMap<_, _> =
            kinds().into_iter().map(|kind| (kind.type_name, kind)).collect();
        let ids = document.objects.iter().filter_map(|(object, record)| {
            let kind = kinds.get(object.address.type_name())?;
            Some((object.clone(), plain(kind.id(record.state.as_ref()?)?)))
        });
        Self { ids: ids.collect(), kinds }
    }

    /// What AWS calls the object, if it is known to exist.
    pub(crate) fn id(&self, object: &ObjectId) -> Option<&str> {
        self.ids.get(object).map(String::as_str)
    }

    /// The members of a spec, in the order in which the type declares its fields.
    pub(crate) fn fields<'v>(
        &self,
        object: &ObjectId,
        spec: &'v Value,
    ) -> Vec<(&'v str, &'v Value)> {
        let declared =
            self.kinds.get(object.address.type_name()).map_or(&[][..], |kind| kind.fields);
        let place =
            |name: &str| declared.iter().position(|field| field.name == name).unwrap_or(usize::MAX);
        let members = spec.as_object().into_iter().flatten();
        let mut members: Vec<_> = members.map(|(name, value)| (name.as_str(), value)).collect();
        members.sort_by_key(|(name, _)| place(name));
        members
    }
}
