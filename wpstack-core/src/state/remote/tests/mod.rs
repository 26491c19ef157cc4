mod faults;
mod model;
mod net;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::*;
use crate::state::conformance::{self, STACK};
use crate::time::SystemClock;

/// Time of a paused tokio runtime, which jumps when nobody has work: as it is in one process, whose clock shows the
/// wrong time and runs too fast or too slow.
#[derive(Clone, Copy, Debug)]
struct Skewed {
    began: Instant,
    ahead: i64,
    /// How much faster than true time, in percent of it.
    speed: u32,
}

impl Skewed {
    fn true_to(speed: u32, ahead: i64) -> Self {
        Self { began: Instant::now(), ahead, speed }
    }
}

impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        let passed = self.began.elapsed() * self.speed / 100;
        let passed = SignedDuration::try_from(passed).unwrap();
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(self.ahead) + passed
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let until = Instant::now() + duration * 100 / self.speed;
        Box::pin(tokio::time::sleep_until(until))
    }
}

/// Runs `work` on a runtime whose time jumps.
fn in_virtual_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(work)
}

fn settings() -> Settings {
    static OPENED: AtomicU64 = AtomicU64::new(0);
    Settings::new(&format!("r{}", OPENED.fetch_add(1, Ordering::Relaxed)))
}

fn open(objects: &MemoryObjects, room: usize) -> RemoteStore {
    let objects = Arc::new(objects.clone());
    let mut store = RemoteStore::open(objects, Arc::new(SystemClock), STACK, settings()).unwrap();
    store.context.room = room;
    store
}

#[tokio::test]
async fn the_remote_store_keeps_the_contract() {
    for room in [0, 700, 48 * 1024] {
        let mut places = 0;
        conformance::check(|| {
            places += 1;
            let objects = MemoryObjects::new(&format!("memory://{places}"));
            move || Arc::new(open(&objects, room)) as Arc<dyn Store>
        })
        .await;
    }
}
