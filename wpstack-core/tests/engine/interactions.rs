//! Which calls are made, and in which order with what is made durable.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use mockall::{Sequence, mock};
use tokio_util::sync::CancellationToken;
use wpstack_core::apply::{Engine, Options};
use wpstack_core::event::Events;
use wpstack_core::state::{
    Document, Durable, Fact, FactKind, Holder, Lease, MemoryStore, Mutation, Store, StoreError,
    Transition,
};
use wpstack_core::time::VirtualClock;
use wpstack_core::{Cx, Observed, Provider, ProviderError, Registry};

use crate::toy::{Node, ToyState, build, parse};

mock! {
    Cloud {}

    #[async_trait]
    impl Provider<Node> for Cloud {
        async fn find(&self, cx: &Cx, spec: &Node) -> Result<Option<ToyState>, ProviderError>;
        async fn create(&self, cx: &Cx, spec: &Node) -> Result<ToyState, ProviderError>;
        async fn configure(
            &self, cx: &Cx, spec: &Node, state: &ToyState,
        ) -> Result<ToyState, ProviderError>;
        async fn read(
            &self, cx: &Cx, spec: &Node, state: &ToyState,
        ) -> Result<Option<Observed<ToyState>>, ProviderError>;
        async fn update(
            &self, cx: &Cx, spec: &Node, state: &ToyState, changed: &[String],
        ) -> Result<ToyState, ProviderError>;
        async fn delete(&self, cx: &Cx, spec: &Node, state: &ToyState) -> Result<(), ProviderError>;
    }
}

mock! {
    #[derive(Debug)]
    Store {}

    #[async_trait]
    impl Store for Store {
        async fn lock(&self, holder: &Holder) -> Result<Lease, StoreError>;
        async fn load(&self) -> Result<Option<Document>, StoreError>;
        async fn create(&self, lease: &Lease, document: &Document) -> Result<(), StoreError>;
        fn append(&self, lease: &Lease, transition: Transition) -> Durable;
        async fn compact(&self, lease: &Lease, document: &Document) -> Result<(), StoreError>;
    }
}

fn state() -> ToyState {
    ToyState { id: "t1".to_owned(), version: 1, endpoint: None }
}

/// Looks, plans and applies `stack` with these two.
async fn apply(cloud: impl Provider<Node>, store: Arc<dyn Store>, stack: &str) {
    let clock = Arc::new(VirtualClock::starting_at(Timestamp::UNIX_EPOCH));
    let engine = Engine::new(Registry::default().with::<Node, _>(cloud), clock);
    let holder =
        Holder { who: "tester".into(), pid: 1, doing: "test".into(), since: Timestamp::UNIX_EPOCH };
    let session = engine.open(store, "toys", &holder, "lineage").await.unwrap();
    let stack = build(&parse(stack));
    let plan = session.plan(&stack, &session.look().await.unwrap()).unwrap();
    let (events, cancel) = (Events::ignored(), CancellationToken::new());
    let run = session.apply(&stack, &plan, &Options::default(), &events, &cancel).await;
    assert!(run.unwrap().is_complete());
}

/// A store whose appends are expected in `order`, each only once the one before it is durable.
fn store_expecting(document: Option<Document>) -> MockStore {
    let mut store = MockStore::new();
    store.expect_lock().return_once(|_| Ok(Lease::new(())));
    store.expect_load().return_once(|| Ok(document));
    store.expect_create().returning(|_, _| Ok(()));
    store.expect_compact().returning(|_, _| Ok(()));
    store
}

fn expect_append(store: &mut MockStore, kind: FactKind, order: &mut Sequence) {
    store
        .expect_append()
        .withf(move |_, transition| match &transition.change {
            Mutation::Object { fact, .. } => fact.kind() == kind,
            Mutation::Outputs(_) => false,
        })
        .times(1)
        .in_sequence(order)
        // Durable only after a turn of the executor: whoever does not wait for it comes too early.
        .returning(|_, _| {
            Box::pin(async {
                tokio::task::yield_now().await;
                Ok(())
            })
        });
}

#[tokio::test]
async fn intent_is_durable_before_the_call_and_the_id_before_anything_else() {
    let (mut cloud, mut store, mut order) =
        (MockCloud::new(), store_expecting(None), Sequence::new());
    expect_append(&mut store, FactKind::CreateIntended, &mut order);
    cloud.expect_create().times(1).in_sequence(&mut order).returning(|_, _| Ok(state()));
    expect_append(&mut store, FactKind::Created, &mut order);
    cloud.expect_configure().times(1).in_sequence(&mut order).returning(|_, _, it| Ok(it.clone()));
    expect_append(&mut store, FactKind::Settled, &mut order);
    apply(cloud, Arc::new(store), "a").await;
}

/// The document after an apply of `a`.
fn applied() -> Document {
    let mut document = Document::new("toys", "lineage");
    let stack = build(&parse("a"));
    let node = &stack.nodes()[0];
    let object = wpstack_core::ObjectId::new(node.address.clone(), 1);
    let state = serde_json::to_value(state()).unwrap();
    let facts = [
        Fact::CreateIntended { schema: 1, spec: node.spec.clone(), edges: Vec::new() },
        Fact::Created { state: state.clone() },
        Fact::Settled { state },
    ];
    for fact in facts {
        let change = Mutation::Object { object: object.clone(), fact };
        let (serial, at) = (document.serial + 1, Timestamp::UNIX_EPOCH);
        document.take(&Transition { serial, at, change }).unwrap();
    }
    document
}

#[tokio::test]
async fn intent_is_durable_before_an_update_and_a_delete() {
    for (stack, intent, done) in [
        ("a size=2", FactKind::UpdateIntended, FactKind::Updated),
        ("", FactKind::DeleteIntended, FactKind::Gone),
    ] {
        let (mut cloud, mut order) = (MockCloud::new(), Sequence::new());
        let mut store = store_expecting(Some(applied()));
        cloud.expect_read().returning(|_, _, it| Ok(Some(Observed::ready(it.clone()))));
        expect_append(&mut store, intent, &mut order);
        if intent == FactKind::UpdateIntended {
            let update = cloud.expect_update().times(1).in_sequence(&mut order);
            update
                .withf(|_, _, _, changed| changed == ["size"])
                .returning(|_, _, it, _| Ok(it.clone()));
        } else {
            cloud.expect_delete().times(1).in_sequence(&mut order).returning(|_, _, _| Ok(()));
        }
        expect_append(&mut store, done, &mut order);
        if intent == FactKind::UpdateIntended {
            expect_append(&mut store, FactKind::Settled, &mut order);
        }
        apply(cloud, Arc::new(store), stack).await;
    }
}

#[tokio::test]
async fn a_plan_with_nothing_to_do_makes_no_call_and_writes_nothing() {
    let mut cloud = MockCloud::new();
    // Reading is all that is expected: any other call would panic.
    cloud.expect_read().times(1).returning(|_, _, it| Ok(Some(Observed::ready(it.clone()))));
    let mut store = store_expecting(Some(applied()));
    store.expect_append().never();
    apply(cloud, Arc::new(store), "a").await;
}

#[tokio::test]
async fn a_state_that_cannot_be_written_stops_everything() {
    let mut cloud = MockCloud::new();
    cloud.expect_create().never();
    let mut store = store_expecting(None);
    let gone = || StoreError::Damaged { place: "the disk".into(), what: "it is full".into() };
    store.expect_append().returning(move |_, _| Box::pin(std::future::ready(Err(gone()))));
    let clock = Arc::new(VirtualClock::starting_at(Timestamp::UNIX_EPOCH));
    let engine = Engine::new(Registry::default().with::<Node, _>(cloud), clock);
    let holder =
        Holder { who: "tester".into(), pid: 1, doing: "test".into(), since: Timestamp::UNIX_EPOCH };
    let session = engine.open(Arc::new(store), "toys", &holder, "lineage").await.unwrap();
    let stack = build(&parse("a; b: a; c"));
    let plan = session.plan(&stack, &session.look().await.unwrap()).unwrap();
    let (events, cancel) = (Events::ignored(), CancellationToken::new());
    let summary =
        session.apply(&stack, &plan, &Options::default(), &events, &cancel).await.unwrap();
    assert!(!summary.is_complete() && !summary.failures.is_empty(), "{summary:#?}");
    assert_eq!(summary.created, 0);
}

/// The store in memory is one that the engine can be told to use, and it holds what was done.
#[tokio::test]
async fn what_was_done_is_in_the_store() {
    let mut cloud = MockCloud::new();
    cloud.expect_create().times(1).returning(|_, _| Ok(state()));
    cloud.expect_configure().times(1).returning(|_, _, it| Ok(it.clone()));
    let store = MemoryStore::default();
    apply(cloud, Arc::new(store.clone()), "a").await;
    let mut kept = store.load().await.unwrap().unwrap();
    let expected = applied();
    assert_eq!(kept.serial, expected.serial);
    kept.objects.values_mut().for_each(|record| record.born = 1);
    assert_eq!(kept.objects, expected.objects);
}

/// Takes its time with every answer, and shows only to the second look what an earlier run has made.
#[derive(Default)]
struct Slow {
    looks: AtomicU32,
}

#[async_trait]
impl Provider<Node> for Slow {
    async fn find(&self, cx: &Cx, _: &Node) -> Result<Option<ToyState>, ProviderError> {
        let seen = self.looks.fetch_add(1, Ordering::Relaxed) > 0;
        cx.clock().sleep(Duration::from_secs(10)).await;
        Ok(seen.then(state))
    }

    async fn create(&self, _: &Cx, _: &Node) -> Result<ToyState, ProviderError> {
        panic!("it is there, and another one is made");
    }

    async fn read(
        &self,
        _: &Cx,
        _: &Node,
        state: &ToyState,
    ) -> Result<Option<Observed<ToyState>>, ProviderError> {
        Ok(Some(Observed::ready(state.clone())))
    }

    async fn update(
        &self,
        _: &Cx,
        _: &Node,
        state: &ToyState,
        _: &[String],
    ) -> Result<ToyState, ProviderError> {
        Ok(state.clone())
    }

    async fn delete(&self, _: &Cx, _: &Node, _: &ToyState) -> Result<(), ProviderError> {
        Ok(())
    }
}

/// Of an object that is only intended. One slow answer is not taken for a long search.
#[tokio::test]
async fn what_an_earlier_run_made_is_looked_for_more_than_once_however_slow_the_answers() {
    let mut document = Document::new("toys", "lineage");
    let stack = build(&parse("a"));
    let node = &stack.nodes()[0];
    let fact = Fact::CreateIntended { schema: 1, spec: node.spec.clone(), edges: Vec::new() };
    let object = wpstack_core::ObjectId::new(node.address.clone(), 1);
    let change = Mutation::Object { object, fact };
    document.take(&Transition { serial: 1, at: Timestamp::UNIX_EPOCH, change }).unwrap();
    let mut store = store_expecting(Some(document));
    store.expect_append().returning(|_, _| Box::pin(std::future::ready(Ok(()))));
    apply(Slow::default(), Arc::new(store), "a").await;
}
