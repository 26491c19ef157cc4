//! A thread that talks with the object store.
//!
//! All calls are made there: a lease is given back while its owner waits, in a `drop` that cannot await, and nothing
//! that the owner's own runtime would have to do may be needed for that.

use std::io;
use std::thread;

use futures::future::BoxFuture;
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// A handle on the thread, which ends when nobody has one and all is done.
#[derive(Clone, Debug)]
pub(super) struct Host(UnboundedSender<BoxFuture<'static, ()>>);

impl Host {
    pub(super) fn start() -> io::Result<Self> {
        let (queue, mut work) = unbounded_channel::<BoxFuture<'static, ()>>();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("wpstack-state".to_owned()).spawn(move || {
            runtime.block_on(async {
                let mut tasks = tokio::task::JoinSet::new();
                while let Some(work) = work.recv().await {
                    tasks.spawn(work);
                    // Those that have ended.
                    while tasks.try_join_next().is_some() {}
                }
                while tasks.join_next().await.is_some() {}
            });
        })?;
        Ok(Self(queue))
    }

    /// Does `work` there. Dropping the answer ends it.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> io::Result<T> {
        let (mut done, outcome) = oneshot::channel();
        self.spawn(async move {
            tokio::select! {
                () = done.closed() => {}
                result = work => drop(done.send(result)),
            }
        });
        outcome
            .await
            .map_err(|_| io::Error::other("the thread that talks with the store has ended"))
    }

    /// Does `work` there, to its end.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        // That the thread is gone shows where the answer is missing.
        drop(self.0.send(Box::pin(work)));
    }
}
