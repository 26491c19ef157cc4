//! Changes of the document by hand: what a person knows better than it.

use serde_json::Value;
use thiserror::Error;

use super::Document;
use crate::address::{Address, ObjectId};
use crate::stack::REF;

/// Why the document cannot be changed so.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EditError {
    /// Nothing is recorded there.
    #[error("nothing is recorded of `{0}`")]
    Unknown(Address),
    /// Something else refers to it.
    #[error("`{by}` refers to `{object}`")]
    InUse {
        /// What is in use.
        object: ObjectId,
        /// By what.
        by: ObjectId,
    },
    /// Something is recorded at the new address.
    #[error("`{0}` is recorded already")]
    Taken(Address),
    /// The addresses are of different types.
    #[error("`{from}` cannot become `{to}`, which is of another type")]
    OtherType {
        /// The address.
        from: Address,
        /// What it was to be.
        to: Address,
    },
}

impl Document {
    /// Forgets everything at the addresses: it is neither updated nor deleted any more. The serial is counted on.
    ///
    /// # Errors
    /// When nothing is recorded at one of them, or anything that stays refers to one. The document is unchanged then.
    pub fn forget(&mut self, addresses: &[Address]) -> Result<(), EditError> {
        if let Some(unknown) = addresses.iter().find(|address| self.current(address).is_none()) {
            return Err(EditError::Unknown((*unknown).clone()));
        }
        let goes = |object: &ObjectId| addresses.contains(&object.address);
        for (by, record) in self.objects.iter().filter(|(object, _)| !goes(object)) {
            if let Some(edge) = record.edges.iter().find(|edge| goes(&edge.to)) {
                return Err(EditError::InUse { object: edge.to.clone(), by: by.clone() });
            }
        }
        self.objects.retain(|object, _| !goes(object));
        self.serial += 1;
        Ok(())
    }

    /// Gives everything at an address another one, also where others refer to it. The serial is counted on.
    ///
    /// # Errors
    /// When nothing is recorded there, or it cannot have that address. The document is unchanged then.
    pub fn rename(&mut self, from: &Address, to: &Address) -> Result<(), EditError> {
        if self.current(from).is_none() {
            return Err(EditError::Unknown(from.clone()));
        }
        if self.current(to).is_some() {
            return Err(EditError::Taken(to.clone()));
        }
        if from.type_name() != to.type_name() {
            return Err(EditError::OtherType { from: from.clone(), to: to.clone() });
        }
        let renamed = |object: ObjectId| match object.address == *from {
            true => ObjectId { address: to.clone(), ..object },
            false => object,
        };
        let objects = std::mem::take(&mut self.objects);
        self.objects =
            objects.into_iter().map(|(object, record)| (renamed(object), record)).collect();
        for record in self.objects.values_mut() {
            for edge in &mut record.edges {
                edge.to = renamed(edge.to.clone());
            }
            redirect(&mut record.spec, from, to);
            if let Some(next) = &mut record.next {
                redirect(next, from, to);
            }
        }
        self.serial += 1;
        Ok(())
    }
}

/// Makes every reference to one address one to another.
fn redirect(spec: &mut Value, from: &Address, to: &Address) {
    match spec {
        Value::Array(items) => items.iter_mut().for_each(|item| redirect(item, from, to)),
        Value::Object(members) => {
            for (key, value) in members {
                if key == REF && *value == from.to_string() {
                    *value = to.to_string().into();
                } else {
                    redirect(value, from, to);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::stack::graph::Need;
    use crate::state::{Fact, RecordedEdge};

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    fn object(text: &str) -> ObjectId {
        ObjectId::new(address(text), 1)
    }

    /// A network, and a subnet in it.
    fn two() -> Document {
        let mut document = Document::new("shop", "lineage");
        let vpc = Fact::CreateIntended { schema: 1, spec: json!({}), edges: Vec::new() };
        document.learn(&object("ec2.vpc:main"), &vpc).unwrap();
        let to = object("ec2.vpc:main");
        let edges =
            vec![RecordedEdge { field: "vpc".to_owned(), to, need: Need::Exists, saw: None }];
        let spec = json!({ "vpc": { REF: "ec2.vpc:main" }, "name": "ec2.vpc:main" });
        let subnet = Fact::CreateIntended { schema: 1, spec, edges };
        document.learn(&object("ec2.subnet:a"), &subnet).unwrap();
        document
    }

    #[test]
    fn what_is_forgotten_is_gone_and_nothing_points_there() {
        let mut document = two();
        let error = document.forget(&[address("ec2.vpc:main")]).unwrap_err();
        assert_eq!(error.to_string(), "`ec2.subnet:a` refers to `ec2.vpc:main`");
        let error = document.forget(&[address("ec2.vpc:other")]).unwrap_err();
        assert_eq!(error.to_string(), "nothing is recorded of `ec2.vpc:other`");
        assert_eq!(document, two());
        document.forget(&[address("ec2.vpc:main"), address("ec2.subnet:a")]).unwrap();
        assert_eq!((document.objects.len(), document.serial), (0, 1));
    }

    #[test]
    fn what_is_renamed_is_referred_to_by_its_new_address() {
        let mut document = two();
        for (from, to, said) in [
            ("ec2.vpc:none", "ec2.vpc:x", "nothing is recorded of `ec2.vpc:none`"),
            ("ec2.vpc:main", "ec2.vpc:main", "`ec2.vpc:main` is recorded already"),
            (
                "ec2.vpc:main",
                "ec2.subnet:b",
                "`ec2.vpc:main` cannot become `ec2.subnet:b`, which is of another type",
            ),
        ] {
            let error = document.rename(&address(from), &address(to)).unwrap_err();
            assert_eq!(error.to_string(), said);
        }
        assert_eq!(document, two());
        document.rename(&address("ec2.vpc:main"), &address("ec2.vpc:net")).unwrap();
        assert!(document.objects.contains_key(&object("ec2.vpc:net")));
        let subnet = &document.objects[&object("ec2.subnet:a")];
        assert_eq!(subnet.edges[0].to, object("ec2.vpc:net"));
        assert_eq!(subnet.spec, json!({ "vpc": { REF: "ec2.vpc:net" }, "name": "ec2.vpc:main" }));
        assert_eq!((document.objects.len(), document.serial), (2, 1));
    }
}
