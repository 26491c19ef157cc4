//! An object store behind a bad network, and an observer at the store who notes what must not happen.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::super::lock::{HEAD, LOCK};
use super::super::text::{Head, Lock};
use super::*;

/// Numbers that look random and are the same every time.
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// What becomes of one call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fate {
    pub(super) out: Duration,
    pub(super) back: Duration,
    pub(super) request_lost: bool,
    pub(super) answer_lost: bool,
    /// The store answers that it does not know, whether or not it did it.
    pub(super) unclear: bool,
}

impl Fate {
    fn draw(chance: &mut Chance, faults_per_thousand: u64) -> Self {
        let prompt = |chance: &mut Chance| Duration::from_millis(1 + chance.below(40));
        let mut fate = Self { out: prompt(chance), back: prompt(chance), ..Self::default() };
        if chance.below(1000) < faults_per_thousand {
            match chance.below(5) {
                0 => fate.request_lost = true,
                1 => fate.answer_lost = true,
                2 => fate.unclear = true,
                // Long after its sender gave it up, or lost the lock.
                3 => fate.out = Duration::from_millis(chance.below(60_000)),
                _ => fate.back = Duration::from_millis(chance.below(15_000)),
            }
        }
        fate
    }
}

/// How calls come to their fates.
#[derive(Debug)]
pub(super) enum Fates {
    /// By chance.
    Drawn { chance: Chance, faults_per_thousand: u64 },
    /// All well, but for the put with that number to that key.
    Scripted { key: &'static str, at: usize, fate: Fate, seen: usize },
}

/// What everybody shares.
#[derive(Debug)]
pub(super) struct World {
    pub(super) objects: MemoryObjects,
    fates: Mutex<Fates>,
    pub(super) seen: Mutex<Seen>,
}

/// What the observer noted.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) violations: Vec<String>,
    pub(super) takeovers: usize,
    pub(super) puts: usize,
    pub(super) faults: usize,
    locked_at: Option<Instant>,
    /// How fast the clocks of the runs go.
    pub(super) speeds: BTreeMap<String, u32>,
}

impl World {
    pub(super) fn new(fates: Fates) -> Arc<Self> {
        let (fates, seen) = (Mutex::new(fates), Mutex::default());
        Arc::new(Self { objects: MemoryObjects::new("memory://net"), fates, seen })
    }

    fn fate(&self, put: Option<&str>) -> Fate {
        match &mut *self.fates.lock().unwrap() {
            Fates::Drawn { chance, faults_per_thousand } => {
                Fate::draw(chance, *faults_per_thousand)
            }
            Fates::Scripted { key, at, fate, seen } if put == Some(*key) => {
                *seen += 1;
                if *seen == *at + 1 { *fate } else { Fate::default() }
            }
            Fates::Scripted { .. } => Fate::default(),
        }
    }

    /// A head as it is now.
    pub(super) fn head(&self) -> Option<Head> {
        let found = self.objects.read(HEAD)?;
        Some(Head::parse(HEAD, &found.body).unwrap())
    }

    fn lock(&self) -> Option<Lock> {
        let found = self.objects.read(LOCK)?;
        Some(Lock::parse(LOCK, &found.body).unwrap())
    }

    fn put(&self, key: &str, body: &[u8], condition: &Condition) -> Result<ETag, ObjectError> {
        let before = (self.head(), self.lock());
        let etag = self.objects.write(key, body, condition)?;
        let mut seen = self.seen.lock().unwrap();
        seen.puts += 1;
        match key {
            HEAD => self.observe_head(&mut seen, before.0),
            LOCK => self.observe_lock(&mut seen, before.1),
            _ => {}
        }
        Ok(etag)
    }

    fn observe_head(&self, seen: &mut Seen, before: Option<Head>) {
        let after = self.head().unwrap();
        if let Some(before) = before {
            let (old, new) = (before.epoch, after.epoch);
            if new < old || (new == old && before.token != after.token) {
                let what = format!("{} wrote in epoch {new}, fenced by {old}", after.token);
                seen.violations.push(what);
            }
        }
        for key in after.blobs() {
            if self.objects.read(key).is_none() {
                seen.violations.push(format!("a head names {key}, which is not there"));
            }
        }
    }

    fn observe_lock(&self, seen: &mut Seen, before: Option<Lock>) {
        let (after, now) = (self.lock().unwrap(), Instant::now());
        let last = seen.locked_at.replace(now);
        let Some((before, last)) = before.zip(last) else { return };
        if before.token == after.token || before.holder.is_none() {
            return;
        }
        seen.takeovers += 1;
        let run = after.token.split('.').next().unwrap_or_default();
        let speed = seen.speeds.get(run).copied().unwrap_or(100);
        let idle = now - last;
        if idle * speed / 100 + Duration::from_millis(5) < before.lease() {
            let what = format!("{} took the lock {idle:?} after a sign of life", after.token);
            seen.violations.push(what);
        }
    }

    fn delete(&self, key: &str) {
        if self.head().is_some_and(|head| head.blobs().any(|blob| blob == key)) {
            let what = format!("{key} was deleted, and the head names it");
            self.seen.lock().unwrap().violations.push(what);
        }
        self.objects.objects().remove(key);
    }
}

/// One client's way to the store.
#[derive(Debug)]
pub(super) struct Net(pub(super) Arc<World>);

impl Net {
    /// A call that goes its way also when its caller sleeps or has given it up.
    async fn call<T: Send + 'static>(
        &self,
        put: Option<&str>,
        apply: impl FnOnce(&World) -> Result<T, ObjectError> + Send + 'static,
    ) -> Result<T, ObjectError> {
        let (fate, world) = (self.0.fate(put), Arc::clone(&self.0));
        let (done, answer) = oneshot::channel();
        tokio::spawn(async move {
            sleep_until(Instant::now() + fate.out).await;
            if fate.request_lost || fate.answer_lost || fate.unclear {
                world.seen.lock().unwrap().faults += 1;
            }
            if fate.request_lost {
                return;
            }
            let mut result = apply(&world);
            if fate.unclear {
                result = Err(ObjectError::Unclear(std::io::Error::other("500")));
            }
            sleep_until(Instant::now() + fate.back).await;
            if !fate.answer_lost {
                drop(done.send(result));
            }
        });
        match answer.await {
            Ok(result) => result,
            // It never comes.
            Err(_) => std::future::pending().await,
        }
    }
}

#[async_trait]
impl ObjectStore for Net {
    fn place(&self) -> String {
        self.0.objects.place()
    }

    async fn get(&self, key: &str) -> Result<Option<Object>, ObjectError> {
        let key = key.to_owned();
        self.call(None, move |world| Ok(world.objects.read(&key))).await
    }

    async fn put(
        &self,
        key: &str,
        body: &[u8],
        condition: &Condition,
    ) -> Result<ETag, ObjectError> {
        let (name, body, condition) = (key.to_owned(), body.to_vec(), condition.clone());
        self.call(Some(key), move |world| world.put(&name, &body, &condition)).await
    }

    async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        let key = key.to_owned();
        self.call(None, move |world| {
            world.delete(&key);
            Ok(())
        })
        .await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        let prefix = prefix.to_owned();
        self.call(None, move |world| {
            let objects = world.objects.objects();
            Ok(objects.keys().filter(|key| key.starts_with(&prefix)).cloned().collect())
        })
        .await
    }
}
