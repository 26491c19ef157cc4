//! Ctrl-C and SIGTERM: the first asks the command to end, the second ends the process.

use std::io;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;

/// Watches until it is dropped.
#[derive(Debug)]
pub(crate) struct Watch(JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Cancels `cancel` at the first signal. Ends the process at the second, and when `late` is through.
///
/// # Errors
/// When the system lets nobody listen.
pub(crate) fn watch(
    cancel: CancellationToken,
    late: impl Future<Output = ()> + Send + 'static,
) -> io::Result<Watch> {
    let mut signals = Signals::listen()?;
    Ok(Watch(tokio::spawn(async move {
        signals.next().await;
        cancel.cancel();
        tokio::select! {
            () = signals.next() => {}
            () = late => {}
        }
        leave();
    })))
}

#[expect(
    clippy::exit,
    reason = "the second signal, or too late: nothing is waited for, and everything known is on disk"
)]
fn leave() -> ! {
    std::process::exit(Exit::Interrupted.code().into())
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(Self { interrupt: signal(interrupt)?, terminate: signal(terminate)? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // Without a way to listen there is nothing to wait for.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
