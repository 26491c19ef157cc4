//! The toy resource types. They differ in how they settle, whether they hold data and whether changes ripple.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use wpstack_core::{
    Change, Cx, Expected, Field, Observed, Provider, ProviderError, Ready, Ref, Resource, Settles,
};

use super::cloud::{Cloud, Shape};

/// What the toy cloud tells of a thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ToyState {
    pub(crate) id: String,
    /// Counts the changes of the thing.
    pub(crate) version: u32,
    /// Known once the thing is ready.
    pub(crate) endpoint: Option<String>,
}

/// A reference to a thing of any toy type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Any {
    Node(Ref<Node>),
    Slow(Ref<Slow>),
    Data(Ref<Data>),
    Tide(Ref<Tide>),
}

/// The same, needing the thing ready.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum AnyReady {
    Node(Ready<Node>),
    Slow(Ready<Slow>),
    Data(Ready<Data>),
    Tide(Ready<Tide>),
}

impl Any {
    pub(crate) fn ready(&self) -> AnyReady {
        match self {
            Self::Node(it) => AnyReady::Node(it.ready()),
            Self::Slow(it) => AnyReady::Slow(it.ready()),
            Self::Data(it) => AnyReady::Data(it.ready()),
            Self::Tide(it) => AnyReady::Tide(it.ready()),
        }
    }

    fn id(&self, cx: &Cx) -> Result<String, ProviderError> {
        let state = match self {
            Self::Node(it) => cx.state_of(it),
            Self::Slow(it) => cx.state_of(it),
            Self::Data(it) => cx.state_of(it),
            Self::Tide(it) => cx.state_of(it),
        };
        state.map(|state| state.id)
    }
}

impl AnyReady {
    fn id(&self, cx: &Cx) -> Result<String, ProviderError> {
        let state = match self {
            Self::Node(it) => cx.state_of(it),
            Self::Slow(it) => cx.state_of(it),
            Self::Data(it) => cx.state_of(it),
            Self::Tide(it) => cx.state_of(it),
        };
        state.map(|state| state.id)
    }
}

macro_rules! toy {
    ($name:ident, $type:literal, $settles:ident, data $data:literal, ripples $ripples:literal,
     $create:literal s, $delete:literal s) => {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub(crate) struct $name {
            pub(crate) needs: Vec<Any>,
            pub(crate) waits: Vec<AnyReady>,
            pub(crate) bound: Vec<Any>,
            pub(crate) after: Vec<Any>,
            pub(crate) size: u32,
            pub(crate) place: u32,
            pub(crate) lock: u32,
            pub(crate) apart: bool,
        }

        impl $name {
            fn shape(&self, cx: &Cx) -> Result<Shape, ProviderError> {
                Ok(Shape {
                    needs: self.needs.iter().map(|it| it.id(cx)).collect::<Result<_, _>>()?,
                    waits: self.waits.iter().map(|it| it.id(cx)).collect::<Result<_, _>>()?,
                    bound: self.bound.iter().map(|it| it.id(cx)).collect::<Result<_, _>>()?,
                    size: self.size,
                    place: self.place,
                    lock: self.lock,
                    apart: self.apart,
                    later: Self::SETTLES == Settles::Later,
                    create: Self::EXPECTED.create,
                    delete: Self::EXPECTED.delete,
                })
            }
        }

        impl Resource for $name {
            const TYPE: &'static str = $type;
            const FIELDS: &'static [Field] = wpstack_core::fields!($name {
                needs: Update(NoInterruption),
                waits: Update(NoInterruption),
                bound: Replace(Outage),
                after: Order,
                size: Update(Restart),
                place: Replace(Outage),
                lock: Refused("locks are for ever: make another one"),
                apart: Update(NoInterruption),
            });
            const SETTLES: Settles = Settles::$settles;
            const HOLDS_DATA: bool = $data;
            const RIPPLES: bool = $ripples;
            const EXPECTED: Expected = Expected::seconds($create, $delete);

            type State = ToyState;

            fn id(state: &ToyState) -> String {
                state.id.clone()
            }

            /// A size of 13 is out of reach for what is in place.
            fn policy(field: &Field, _: &Self, new: &Self) -> Change {
                match field.name {
                    "size" if new.size == 13 => Change::Replace(wpstack_core::Cost::Outage),
                    _ => field.change,
                }
            }

            fn coexists(old: &Self, new: &Self) -> bool {
                !old.apart || !new.apart
            }
        }

        #[async_trait]
        impl Provider<$name> for Cloud {
            async fn find(&self, cx: &Cx, _: &$name) -> Result<Option<ToyState>, ProviderError> {
                self.find_thing(cx).await
            }

            async fn create(&self, cx: &Cx, spec: &$name) -> Result<ToyState, ProviderError> {
                self.create_thing(cx, spec.shape(cx)?).await
            }

            async fn configure(
                &self,
                cx: &Cx,
                _: &$name,
                state: &ToyState,
            ) -> Result<ToyState, ProviderError> {
                self.configure_thing(cx, state).await
            }

            async fn read(
                &self,
                cx: &Cx,
                spec: &$name,
                state: &ToyState,
            ) -> Result<Option<Observed<ToyState>>, ProviderError> {
                self.read_thing(cx, spec.shape(cx), state).await
            }

            async fn update(
                &self,
                cx: &Cx,
                spec: &$name,
                state: &ToyState,
                changed: &[String],
            ) -> Result<ToyState, ProviderError> {
                self.update_thing(cx, spec.shape(cx)?, state, changed).await
            }

            async fn delete(
                &self,
                cx: &Cx,
                _: &$name,
                state: &ToyState,
            ) -> Result<(), ProviderError> {
                self.delete_thing(cx, state).await
            }
        }
    };
}

toy!(Node, "toy.node", AtOnce, data false, ripples false, 1 s, 1 s);
toy!(Slow, "toy.slow", Later, data false, ripples false, 60 s, 30 s);
toy!(Data, "toy.data", Later, data true, ripples false, 200 s, 100 s);
toy!(Tide, "toy.tide", AtOnce, data false, ripples true, 1 s, 1 s);
