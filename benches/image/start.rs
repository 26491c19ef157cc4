//! How long a container takes until it answers.

use std::time::Duration;

use wpstack_benches::Watch;
use wpstack_core::image::contract;
use wpstack_core::time::{Clock, SystemClock};
use wpstack_image::engine::Engine;

use crate::container::{Container, Options};

/// How often each image is started. The quickest counts: whatever else the machine does only adds.
const TRIES: u32 = 5;

/// How long it took.
#[derive(Clone, Copy)]
pub(crate) struct Started {
    /// Until nginx answered.
    pub(crate) health: Duration,
    /// Until PHP answered.
    pub(crate) ready: Duration,
}

pub(crate) async fn measure(engine: &Engine, name: &str, image: &str) -> Started {
    let mut best = Started { health: Duration::MAX, ready: Duration::MAX };
    for _ in 0..TRIES {
        let Started { health, ready } = once(engine, name, image).await;
        best = Started { health: best.health.min(health), ready: best.ready.min(ready) };
    }
    best
}

async fn once(engine: &Engine, name: &str, image: &str) -> Started {
    let watch = Watch::start();
    let container =
        Container::site(engine, &Options { name, image, uploads: name, environment: &[] }).await;
    let port = container.port(&format!("{}/tcp", contract::PORT)).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut took = [contract::HEALTH, contract::READY].map(|path| (path, Duration::ZERO));
    for (path, took) in &mut took {
        let url = format!("http://127.0.0.1:{port}{path}");
        while !client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            container.check().await;
            SystemClock.sleep(Duration::from_millis(5)).await;
        }
        *took = watch.took();
    }
    container.remove().await;
    Started { health: took[0].1, ready: took[1].1 }
}
