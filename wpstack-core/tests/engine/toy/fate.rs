//! When the process dies. A dead process answers nothing, calls nothing and writes nothing.

use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use wpstack_core::ObjectId;
use wpstack_core::state::{
    Document, Durable, Fact, Holder, Lease, MemoryStore, Mutation, Store, StoreError, Transition,
};

/// A point in the life of a step at which a process can die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    BeforeIntent,
    AfterIntent,
    AfterCall,
    AfterRecord,
}

/// What is to kill the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trap {
    /// The moment of that number.
    Moment(usize),
    /// That point, for the object of that name.
    At(Point, String),
}

/// Counts the moments of one process, and ends it at the chosen one.
#[derive(Clone)]
pub(crate) struct Fate(Arc<Mutex<State>>, CancellationToken);

struct State {
    trap: Option<Trap>,
    moments: usize,
    dead: bool,
}

impl Fate {
    pub(crate) fn of(trap: Option<Trap>) -> Self {
        let state = State { trap, moments: 0, dead: false };
        Self(Arc::new(Mutex::new(state)), CancellationToken::new())
    }

    /// How many moments there were.
    pub(crate) fn moments(&self) -> usize {
        self.0.lock().unwrap().moments
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.0.lock().unwrap().dead
    }

    /// Returns when the process has died.
    pub(crate) async fn death(&self) {
        self.1.cancelled().await;
    }

    /// Whether the process dies at this moment, or has died before.
    pub(super) fn strikes(&self, point: Option<Point>, name: &str) -> bool {
        let mut state = self.0.lock().unwrap();
        let moment = state.moments;
        state.moments += 1;
        let struck = match &state.trap {
            Some(Trap::Moment(chosen)) => *chosen == moment,
            Some(Trap::At(chosen, of)) => Some(*chosen) == point && of == name,
            None => false,
        };
        if struck && !state.dead {
            state.dead = true;
            self.1.cancel();
        }
        state.dead
    }

    /// Never returns if the process dies at this moment, or has died before.
    pub(super) async fn moment(&self, point: Option<Point>, object: &ObjectId) {
        if self.strikes(point, object.address.name()) {
            pending::<()>().await;
        }
    }

    /// Never returns if the process has died.
    pub(super) async fn alive(&self) {
        if self.is_dead() {
            pending::<()>().await;
        }
    }
}

/// A store that is as mortal as the process that uses it.
pub(crate) struct MortalStore {
    pub(crate) inner: MemoryStore,
    pub(crate) fate: Fate,
}

impl fmt::Debug for MortalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MortalStore")
    }
}

/// The points around the writing of a change: before it and after it.
fn points(change: &Mutation) -> (Option<Point>, Option<Point>, String) {
    let Mutation::Object { object, fact } = change else {
        return (None, None, String::new());
    };
    let name = object.address.name().to_owned();
    match fact {
        Fact::CreateIntended { .. } | Fact::UpdateIntended { .. } | Fact::DeleteIntended => {
            (Some(Point::BeforeIntent), Some(Point::AfterIntent), name)
        }
        Fact::Created { .. } | Fact::Updated { .. } | Fact::Gone => {
            (None, Some(Point::AfterRecord), name)
        }
        _ => (None, None, name),
    }
}

#[async_trait]
impl Store for MortalStore {
    async fn lock(&self, holder: &Holder) -> Result<Lease, StoreError> {
        self.inner.lock(holder).await
    }

    async fn load(&self) -> Result<Option<Document>, StoreError> {
        self.inner.load().await
    }

    async fn create(&self, lease: &Lease, document: &Document) -> Result<(), StoreError> {
        self.inner.create(lease, document).await
    }

    fn append(&self, lease: &Lease, transition: Transition) -> Durable {
        let (before, after, name) = points(&transition.change);
        if self.fate.strikes(before, &name) {
            return Box::pin(pending());
        }
        let durable = self.inner.append(lease, transition);
        if self.fate.strikes(after, &name) {
            return Box::pin(pending());
        }
        durable
    }

    async fn compact(&self, lease: &Lease, document: &Document) -> Result<(), StoreError> {
        self.fate.alive().await;
        self.inner.compact(lease, document).await
    }
}
