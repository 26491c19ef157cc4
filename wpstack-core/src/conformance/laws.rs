//! The laws themselves.

use serde_json::Value;

use super::variation::{NOT_TOLD, varied};
use super::{Conformance, id};
use crate::resource::{Change, Settles};
use crate::stack::Node;

/// Types that make nothing at AWS: they look up what somebody else makes, and cannot be found or gone.
const LOOKED_UP: &[&str] = &["ecr.image"];

impl Conformance<'_> {
    pub(super) async fn make(&self, node: &Node) {
        let Node { address, spec, kind, .. } = node;
        let (provider, cx) = (self.provider(node), self.cx(node));
        let found = self.repeat(node, "find", || provider.find(&cx, spec)).await;
        assert_eq!(found, None, "{address}: nothing is found before it is made");

        let made = self.repeat(node, "create", || provider.create(&cx, spec)).await;
        self.is_an_object(node, &made);
        if !LOOKED_UP.contains(&kind.type_name) {
            let found = self.found(node).await;
            assert_eq!(id(node, &found), id(node, &made), "{address}: what was made is found");
        }

        let mut state = made.clone();
        for _ in 0..2 {
            state = self.repeat(node, "configure", || provider.configure(&cx, spec, &state)).await;
        }
        state = self.settle(node, spec, state).await;
        assert_eq!(id(node, &state), id(node, &made), "{address}: it stays the same object");
        let again = self.read(node, spec, &state).await.map(|seen| seen.state);
        assert_eq!(again.as_ref(), Some(&state), "{address}: a second look sees the same");
        self.told(node, state);
    }

    /// Finds the object that was made, which may take a moment to be visible.
    async fn found(&self, node: &Node) -> Value {
        let (cx, began) = (self.cx(node), self.clock.now());
        loop {
            let found =
                self.repeat(node, "find", || self.provider(node).find(&cx, &node.spec)).await;
            if let Some(state) = found {
                return state;
            }
            self.look_again(began, &format!("{}: what was made is not found", node.address)).await;
        }
    }

    /// Changes every field that AWS changes in place, twice, and follows what it refers to. Returns the spec it has then.
    pub(super) async fn change(&self, node: &Node) -> Value {
        let Node { address, kind, .. } = node;
        let spec = varied(kind.type_name, &node.spec);
        let state = self.states()[address].clone();
        let mut changed = Vec::new();
        for field in kind.fields {
            let differs = spec[field.name] != node.spec[field.name];
            let policy = kind.policy(field, &node.spec, &spec);
            let updates = matches!(policy, Change::Update(_));
            assert!(!differs || updates, "{address}: `{}` is not updated in place", field.name);
            // What a field refers to may have changed in a way that has to be followed.
            let follows = node.edges.iter().any(|edge| {
                let to = self.stack.get(&edge.to);
                edge.field == field.name && to.is_some_and(|node| node.kind.ripples)
            });
            if updates && (differs || follows) {
                changed.push(field.name.to_owned());
            }
        }
        if changed.is_empty() {
            return spec;
        }
        self.differences_are_told(node, &spec, &state).await;
        let (provider, cx) = (self.provider(node), self.cx(node));
        let mut after = state.clone();
        for _ in 0..2 {
            after =
                self.repeat(node, "update", || provider.update(&cx, &spec, &after, &changed)).await;
        }
        self.is_an_object(node, &after);
        after = self.settle(node, &spec, after).await;
        assert_eq!(id(node, &after), id(node, &state), "{address}: it stays the same object");
        self.told(node, after);
        spec
    }

    /// A read tells of each field that is not as wanted: else nobody would see whether an update came to anything.
    async fn differences_are_told(&self, node: &Node, spec: &Value, state: &Value) {
        let Node { address, kind, .. } = node;
        let seen = self.read(node, spec, state).await;
        let drift = seen.map_or_else(Vec::new, |seen| seen.drift);
        let differ = kind.fields.iter().map(|field| field.name);
        for field in differ.filter(|field| spec[field] != node.spec[field]) {
            let told = drift.iter().any(|drift| drift.field == field);
            let listed = NOT_TOLD.contains(&(kind.type_name, field));
            assert_ne!(told, listed, "{address}: `{field}` differs, and a read tells {drift:?}");
        }
    }

    pub(super) async fn unmake(&self, node: &Node, spec: &Value) {
        let Node { address, kind, .. } = node;
        let state = self.states()[address].clone();
        let (provider, cx) = (self.provider(node), self.cx(node));
        self.repeat(node, "delete", || provider.delete(&cx, spec, &state)).await;
        if LOOKED_UP.contains(&kind.type_name) {
            return;
        }
        let began = self.clock.now();
        let late = format!("{address}: it is still there after its deletion");
        while self.read(node, spec, &state).await.is_some() {
            assert_eq!(kind.settles, Settles::Later, "{late}");
            self.look_again(began, &late).await;
        }
        self.repeat(node, "delete, of what is gone,", || provider.delete(&cx, spec, &state)).await;
        let found = self.repeat(node, "find", || provider.find(&cx, spec)).await;
        assert_eq!(found, None, "{address}: it is found after its deletion");
    }

    /// A state that is no object, such as null, would read as "none".
    fn is_an_object(&self, node: &Node, state: &Value) {
        assert!(state.is_object(), "{}: a state is an object, not {state}", node.address);
        let fits = node.kind.upgrade(node.kind.schema, node.spec.clone(), Some(state.clone()));
        assert_eq!(
            fits.ok(),
            Some((node.spec.clone(), Some(state.clone()))),
            "{}: spec and state are read back as they were written",
            node.address
        );
    }
}
