//! One thing at a time: a lost answer, a late write, a sleeper, a lease that runs out.

use std::pin::pin;

use futures::future::{join, select};
use tokio::sync::Semaphore;

use super::super::lock::{HEAD, LOCK};
use super::net::{Fate, Fates, Net, World};
use super::*;
use crate::state::conformance::{document, holder, transition};

fn scripted(key: &'static str, at: usize, fate: Fate) -> Arc<World> {
    World::new(Fates::Scripted { key, at, fate, seen: 0 })
}

fn client(world: &Arc<World>, patience: Duration) -> Context {
    let settings = Settings { lease: Duration::from_secs(2), patience, ..settings() };
    let net = Arc::new(Net(Arc::clone(world)));
    Context::new(net, Arc::new(Skewed::true_to(100, 0)), settings, STACK)
}

async fn begin(context: &Context) -> Result<(Desk, impl Future<Output = ()> + use<>), StoreError> {
    tenure::begin(context, &holder(), Manners::Wait, &CancellationToken::new()).await
}

/// Creates a document, appends and compacts, and goes on with what is there.
async fn write_five(context: &Context) -> Result<(), StoreError> {
    let (desk, work) = begin(context).await?;
    let act = async move {
        desk.create(&document(0)).await?;
        desk.append(transition(1)).await?;
        desk.append(transition(2)).await?;
        desk.compact(&document(2)).await?;
        let waiting: Vec<_> = (3..=5).map(|serial| desk.append(transition(serial))).collect();
        for durable in waiting {
            durable.await?;
        }
        Ok(())
    };
    join(act, work).await.0
}

#[test]
fn any_one_write_may_go_wrong() {
    let lost = Fate { answer_lost: true, ..Fate::default() };
    let never_sent = Fate { request_lost: true, ..Fate::default() };
    let unclear = Fate { unclear: true, ..Fate::default() };
    let late = Fate { out: Duration::from_secs(25), ..Fate::default() };
    for fate in [lost, never_sent, unclear, late] {
        for (key, puts) in [(HEAD, 6), (LOCK, 4)] {
            for at in 0..puts {
                in_virtual_time(async {
                    let world = scripted(key, at, fate);
                    let context = client(&world, Duration::ZERO);
                    write_five(&context).await.unwrap_or_else(|e| panic!("{key} {at}: {e}"));
                    tokio::time::sleep_until(Instant::now() + Duration::from_secs(60)).await;
                    assert_eq!(load::load(&context).await.unwrap(), Some(document(5)));
                    assert_eq!(world.seen.lock().unwrap().violations, [""; 0]);
                });
            }
        }
    }
}

#[test]
fn a_sleeper_wakes_up_fenced_off() {
    in_virtual_time(async {
        let world = scripted("none", 0, Fate::default());
        let (ada, bob) = (client(&world, Duration::ZERO), client(&world, Duration::from_secs(9)));
        let (desk, work) = begin(&ada).await.unwrap();
        let mut work = pin!(work);
        let create = desk.create(&document(0));
        select(create, work.as_mut()).await;
        // Ada's process is stopped: nobody polls its work. Bob waits for the lease to run out, and no longer.
        let began = Instant::now();
        let (other, others_work) = begin(&bob).await.unwrap();
        let waited = began.elapsed().as_millis();
        assert!((2000..2600).contains(&waited), "{waited} ms");
        // It goes on. The write is refused by the object store, for the task has noticed nothing yet.
        let late = desk.append(transition(1));
        let (error, _) = join(late, async {
            let later = Instant::now() + Duration::from_secs(5);
            select(work.as_mut(), pin!(tokio::time::sleep_until(later))).await;
        })
        .await;
        let error = error.unwrap_err();
        assert!(matches!(error, StoreError::TakenOver { by: Some(_), .. }), "{error:?}");
        let again = desk.append(transition(1));
        drop(desk);
        assert!(join(again, work).await.0.is_err());
        let act = async move {
            other.append(transition(1)).await.unwrap();
        };
        join(act, others_work).await;
        assert_eq!(load::load(&bob).await.unwrap(), Some(document(1)));
    });
}

#[test]
fn a_holder_that_is_alive_keeps_the_lock_as_long_as_it_likes() {
    in_virtual_time(async {
        let world = scripted("none", 0, Fate::default());
        let (ada, bob) = (client(&world, Duration::ZERO), client(&world, Duration::from_secs(60)));
        let (desk, work) = begin(&ada).await.unwrap();
        let wait = async {
            let outcome = begin(&bob).await.map(drop);
            drop(desk);
            outcome
        };
        match join(wait, work).await.0 {
            Err(StoreError::Locked(Some(found))) => assert_eq!(found, holder()),
            outcome => panic!("{outcome:?}"),
        }
        // And given back, it is free at once.
        drop(begin(&bob).await.unwrap());
    });
}

#[test]
fn appends_that_arrive_together_share_one_write() {
    in_virtual_time(async {
        let world = scripted("none", 0, Fate::default());
        let context = client(&world, Duration::ZERO);
        let (desk, work) = begin(&context).await.unwrap();
        let act = async {
            desk.create(&document(0)).await.unwrap();
            let before = world.seen.lock().unwrap().puts;
            let waiting: Vec<_> = (1..=200).map(|serial| desk.append(transition(serial))).collect();
            for durable in waiting {
                durable.await.unwrap();
            }
            assert_eq!(world.seen.lock().unwrap().puts, before + 1);
            drop(desk);
        };
        join(act, work).await;
        assert_eq!(load::load(&context).await.unwrap(), Some(document(200)));
    });
}

#[test]
fn a_transition_costs_the_same_however_large_the_document_is() {
    in_virtual_time(async {
        let mut sizes = Vec::new();
        for count in [3, 600] {
            let world = scripted("none", 0, Fate::default());
            let context = client(&world, Duration::ZERO);
            let (desk, work) = begin(&context).await.unwrap();
            let act = async move {
                desk.create(&document(0)).await.unwrap();
                for serial in 1..=count {
                    drop(desk.append(transition(serial)));
                }
                desk.compact(&document(count)).await.unwrap();
                desk.append(transition(count + 1)).await.unwrap();
            };
            join(act, work).await;
            sizes.push(world.objects.read(HEAD).unwrap().body.len());
        }
        assert!(sizes[1] < sizes[0] + 50, "{sizes:?}");
    });
}

#[tokio::test]
async fn a_lock_is_taken_by_force_and_its_holder_fenced_off() {
    let objects = MemoryObjects::new("memory://force");
    let (ada, bob) = (open(&objects, 900), open(&objects, 900));
    let lease = ada.lock(&holder()).await.unwrap();
    ada.create(&lease, &document(0)).await.unwrap();
    ada.append(&lease, transition(1)).await.unwrap();
    assert_eq!(bob.force_unlock(&holder()).await.unwrap(), Some(holder()));
    let error = ada.append(&lease, transition(2)).await.unwrap_err();
    assert!(matches!(error, StoreError::TakenOver { .. }), "{error:?}");
    assert!(ada.compact(&lease, &document(2)).await.is_err());
    drop(lease);
    let lease = bob.lock(&holder()).await.unwrap();
    bob.append(&lease, transition(2)).await.unwrap();
    assert_eq!(ada.load().await.unwrap(), Some(document(2)));
}

#[tokio::test]
async fn a_retired_state_says_where_it_went() {
    let objects = MemoryObjects::new("memory://retire");
    let store = open(&objects, 900);
    let lease = store.lock(&holder()).await.unwrap();
    store.create(&lease, &document(0)).await.unwrap();
    store.append(&lease, transition(1)).await.unwrap();
    store.retire(lease, &document(1), "this disk").await.unwrap();
    let lease = store.lock(&holder()).await.unwrap();
    assert!(store.append(&lease, transition(2)).await.is_err());
    drop(lease);
    let error = store.load().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "memory://retire is no longer in use: the state was moved to this disk"
    );
    let kept: Vec<_> = objects.objects().keys().cloned().collect();
    assert!(
        matches!(&kept[..], [head, lock, copy]
        if head == "head" && lock == "lock" && copy.starts_with("retired/")),
        "{kept:?}"
    );
    let lease = store.lock(&holder()).await.unwrap();
    store.create(&lease, &document(0)).await.unwrap();
    assert_eq!(store.load().await.unwrap(), Some(document(0)));
}

#[tokio::test]
async fn what_is_not_as_it_was_written_is_refused_and_stays() {
    let objects = MemoryObjects::new("memory://damage");
    let store = open(&objects, 0);
    let lease = store.lock(&holder()).await.unwrap();
    store.create(&lease, &document(0)).await.unwrap();
    store.append(&lease, transition(1)).await.unwrap();
    store.append(&lease, transition(2)).await.unwrap();
    drop(lease);
    let whole = objects.objects().clone();
    for (key, body) in whole.iter().filter(|(key, _)| *key != LOCK) {
        for at in 0..body.len() {
            for damaged in [[&body[..at], b"~", &body[at + 1..]].concat(), body[..at].to_vec()] {
                if damaged == *body {
                    continue;
                }
                objects.objects().insert(key.clone(), damaged);
                let found = store.load().await;
                assert!(found.is_err(), "{key} altered at {at} reads as {found:?}");
            }
        }
        objects.objects().remove(key);
        if key != HEAD {
            assert!(matches!(store.load().await, Err(StoreError::Damaged { .. })), "{key}");
        }
        objects.objects().insert(key.clone(), body.clone());
    }
    assert_eq!(store.load().await.unwrap(), Some(document(2)));
    assert_eq!(*objects.objects(), whole);
}

#[tokio::test]
async fn the_state_of_another_stack_is_left_alone() {
    let objects = MemoryObjects::new("memory://other");
    let store = open(&objects, 900);
    let lease = store.lock(&holder()).await.unwrap();
    store.create(&lease, &document(0)).await.unwrap();
    drop(lease);
    let (objects, clock) = (Arc::new(objects), Arc::new(SystemClock));
    let other = RemoteStore::open(objects, clock, "blog", settings()).unwrap();
    for outcome in [other.load().await.map(drop), other.lock(&holder()).await.map(drop)] {
        assert!(matches!(outcome, Err(StoreError::OtherStack { .. })), "{outcome:?}");
    }
    drop(store.lock(&holder()).await.unwrap());
}

/// Takes every write, as stores do that never heard of conditions.
#[derive(Debug)]
struct Careless {
    objects: MemoryObjects,
    honours_absent: bool,
}

#[async_trait]
impl ObjectStore for Careless {
    fn place(&self) -> String {
        self.objects.place()
    }

    async fn get(&self, key: &str) -> Result<Option<Object>, ObjectError> {
        self.objects.get(key).await
    }

    async fn put(
        &self,
        key: &str,
        body: &[u8],
        condition: &Condition,
    ) -> Result<ETag, ObjectError> {
        if *condition == Condition::Absent && self.honours_absent {
            return self.objects.put(key, body, condition).await;
        }
        self.objects.delete(key).await?;
        self.objects.put(key, body, &Condition::Absent).await
    }

    async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        self.objects.delete(key).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        self.objects.list(prefix).await
    }
}

#[tokio::test]
async fn a_store_that_does_not_honour_conditions_is_refused() {
    for (honours_absent, lacks) in [(false, "If-None-Match"), (true, "If-Match")] {
        let objects = MemoryObjects::new("memory://careless");
        let careless = Arc::new(Careless { objects: objects.clone(), honours_absent });
        let store = RemoteStore::open(careless, Arc::new(SystemClock), STACK, settings()).unwrap();
        match store.lock(&holder()).await {
            Err(StoreError::Unsuitable { lacks: found, .. }) => assert_eq!(found, lacks),
            outcome => panic!("{outcome:?}"),
        }
        let left: Vec<_> = objects.objects().keys().cloned().collect();
        assert!(left.iter().all(|key| key.starts_with("probe/")), "{left:?}");
    }
}

/// Answers some time after it did what was asked.
#[derive(Debug)]
struct Slow {
    objects: MemoryObjects,
    /// One permit for each call.
    asked: Arc<Semaphore>,
}

impl Slow {
    async fn after<T>(&self, answer: impl Future<Output = T>) -> T {
        self.asked.add_permits(1);
        let answer = answer.await;
        SystemClock.sleep(Duration::from_millis(15)).await;
        answer
    }
}

#[async_trait]
impl ObjectStore for Slow {
    fn place(&self) -> String {
        self.objects.place()
    }

    async fn get(&self, key: &str) -> Result<Option<Object>, ObjectError> {
        self.after(self.objects.get(key)).await
    }

    async fn put(
        &self,
        key: &str,
        body: &[u8],
        condition: &Condition,
    ) -> Result<ETag, ObjectError> {
        self.after(self.objects.put(key, body, condition)).await
    }

    async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        self.after(self.objects.delete(key)).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        self.after(self.objects.list(prefix)).await
    }
}

#[tokio::test]
async fn one_who_gives_up_while_the_lock_is_taken_leaves_it_free() {
    let mut calls = 0;
    for at in 1.. {
        let objects = MemoryObjects::new("memory://slow");
        let asked = Arc::new(Semaphore::new(0));
        let slow = Arc::new(Slow { objects: objects.clone(), asked: Arc::clone(&asked) });
        let ada = RemoteStore::open(slow, Arc::new(SystemClock), STACK, settings()).unwrap();
        let taken = {
            let (holder, reached) = (holder(), asked.acquire_many(at));
            let taking = ada.lock(&holder);
            matches!(select(taking, pin!(reached)).await, Either::Left(_))
        };
        // No patience, and a lease that has not run out.
        drop(open(&objects, 900).lock(&holder()).await.unwrap_or_else(|e| panic!("{at}: {e}")));
        if taken {
            break;
        }
        calls = at;
    }
    assert!(calls >= 6, "{calls}: probing, looking, taking and claiming are more calls");
}

#[tokio::test]
async fn one_who_gives_up_waiting_is_gone_at_once() {
    let objects = MemoryObjects::new("memory://patient");
    let lease = open(&objects, 900).lock(&holder()).await.unwrap();
    let settings = Settings { patience: Duration::from_secs(3600), ..settings() };
    let shared = Arc::new(objects.clone());
    let bob = RemoteStore::open(shared, Arc::new(SystemClock), STACK, settings).unwrap();
    let (holder, began) = (holder(), Instant::now());
    {
        let enough = SystemClock.sleep(Duration::from_millis(100));
        let outcome = select(bob.lock(&holder), enough).await;
        assert!(matches!(outcome, Either::Right(_)), "the lock was held");
    }
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    drop(lease);
    drop(open(&objects, 900).lock(&holder).await.unwrap());
}
