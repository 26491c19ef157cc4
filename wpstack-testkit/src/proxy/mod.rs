//! A proxy between the code under test and the emulator: it slows calls down, breaks them, and keeps a record.

mod call;
mod fault;
mod trap;
mod wire;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

pub use call::Call;
pub(crate) use call::Protocol;
pub use fault::{AwsError, Fault, Faults};
pub use trap::Moment;

use crate::TestkitError;
use call::Envelope;
use fault::Injector;
use trap::Trap;
use wire::{Connection, Message};

/// A reverse proxy for HTTP/1.1 on a loopback port.
///
/// It runs on a thread and a runtime of its own: a test that blocks its runtime, or pauses its clock, does not stop
/// or hurry it. It ends on drop.
#[derive(Debug)]
pub struct Proxy {
    endpoint: String,
    shared: Arc<Shared>,
    /// Dropped to end the thread.
    running: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    upstream: SocketAddr,
    injector: Mutex<Injector>,
    calls: Mutex<Vec<Call>>,
    trap: Mutex<Option<Trap>>,
}

impl Proxy {
    /// Listens, and passes on to `upstream` (`http://127.0.0.1:port`) what `faults` lets through.
    ///
    /// # Errors
    ///
    /// If `upstream` is not of that form, or no port or thread can be had.
    pub fn start(upstream: &str, faults: Faults) -> Result<Self, TestkitError> {
        let address = upstream.strip_prefix("http://").unwrap_or(upstream).trim_end_matches('/');
        let upstream = address
            .parse()
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
            .map_err(TestkitError::io(format!("read the address `{upstream}`")))?;
        let listener = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .map_err(TestkitError::io("listen on a loopback port"))?;
        let endpoint = listener
            .local_addr()
            .map(|address| format!("http://{address}"))
            .map_err(TestkitError::io("read the proxy's own address"))?;
        let shared = Arc::new(Shared {
            upstream,
            injector: Mutex::new(Injector::new(faults)),
            calls: Mutex::default(),
            trap: Mutex::default(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(TestkitError::io("build the proxy's runtime"))?;
        let (running, ended) = oneshot::channel();
        let served = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("testkit-proxy".to_owned())
            .spawn(move || runtime.block_on(listen(listener, served, ended)))
            .map_err(TestkitError::io("start the proxy's thread"))?;
        Ok(Self { endpoint, shared, running: Some(running), thread: Some(thread) })
    }

    /// Where it listens, as `http://127.0.0.1:port`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// All calls so far, in the order in which they ended.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.calls).clone()
    }

    /// The calls so far, which are then forgotten.
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut lock(&self.shared.calls))
    }

    /// How many calls have ended so far.
    pub fn count(&self) -> usize {
        lock(&self.shared.calls).len()
    }

    /// Replaces the faults and starts counting calls anew.
    pub fn set_faults(&self, faults: Faults) {
        *lock(&self.shared.injector) = Injector::new(faults);
    }

    /// Does `then`, once, at that moment of the `call`th call from now on, counted from 1. It takes the place of what
    /// was to be done before, and is done on the proxy's own thread: all calls wait for it.
    pub fn at(&self, call: u64, moment: Moment, then: impl FnOnce() + Send + 'static) {
        *lock(&self.shared.trap) = Some(Trap::new(call, moment, then));
    }

    /// Forgets what was to be done.
    pub fn disarm(&self) {
        *lock(&self.shared.trap) = None;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.running.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed, and whatever it cut short has failed the test.
            drop(thread.join());
        }
    }
}

/// Serves until `ended` is told to stop; the runtime then drops the connections that are left.
async fn listen(listener: TcpListener, shared: Arc<Shared>, mut ended: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    loop {
        tokio::select! {
            _ = &mut ended => return,
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    let shared = Arc::clone(&shared);
                    tokio::spawn(async move {
                        // An error here is a client that went away in the middle: its own affair.
                        drop(serve(client, &shared).await);
                    });
                }
                // Out of file descriptors: let some connections end.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
}

/// Serves one client connection, with at most one upstream connection of its own.
async fn serve(client: TcpStream, shared: &Shared) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut client = BufReader::new(client);
    let mut upstream = None;
    while let Some(mut request) = Message::read_request(&mut client).await? {
        let started = Instant::now();
        let last = request.take_close();
        let envelope = Envelope::of(&request);
        let (latency, fault) = lock(&shared.injector).next(&envelope.operation);
        let mut trap = Trap::meant(&mut lock(&shared.trap));
        let lost = Trap::spring(&mut trap, Moment::Lost);
        Trap::spring(&mut trap, Moment::Arrived);
        let held_up = match fault {
            Some(Fault::Delay(more)) => latency + more,
            _ => latency,
        };
        if !held_up.is_zero() {
            tokio::time::sleep(held_up).await;
        }
        let answer = match lost {
            true => None,
            false => {
                let fault = fault.as_ref();
                serve_one(&request, envelope.protocol, fault, &mut upstream, shared.upstream).await
            }
        };
        Trap::spring(&mut trap, Moment::Served);
        let cut = matches!(fault, Some(Fault::CutAnswer));
        // Recorded before the client can know, so that a client which has its answer finds its call in the record.
        lock(&shared.calls).push(Call {
            service: envelope.service,
            operation: envelope.operation,
            body: String::from_utf8_lossy(&request.body).into_owned(),
            started,
            ended: Instant::now(),
            status: answer.as_ref().filter(|_| !cut).and_then(Message::status),
            fault,
        });
        match answer {
            Some(answer) if cut => return answer.write_half(&mut client).await,
            Some(answer) => answer.write(&mut client).await?,
            // Without lingering, closing sends a reset.
            None => return client.get_ref().set_zero_linger(),
        }
        Trap::spring(&mut trap, Moment::Answered);
        if last {
            return Ok(());
        }
    }
    Ok(())
}

/// What the client is told of a call; `None` if the connection is to be cut instead.
async fn serve_one(
    request: &Message,
    protocol: Protocol,
    fault: Option<&Fault>,
    upstream: &mut Option<Connection>,
    address: SocketAddr,
) -> Option<Message> {
    let refusal = fault.and_then(|fault| fault.refusal(protocol));
    let refusal = refusal.map(|error| error.answer(protocol));
    if fault.is_some_and(|fault| !fault.takes_effect()) {
        return refusal;
    }
    let served = forward(request, upstream, address).await;
    match fault {
        Some(Fault::LoseAnswer) => None,
        _ => Some(refusal.unwrap_or(served)),
    }
}

/// The emulator's answer, or a 502 that says why there is none.
async fn forward(
    request: &Message,
    upstream: &mut Option<Connection>,
    address: SocketAddr,
) -> Message {
    match exchange(request, upstream, address).await {
        Ok(answer) => answer,
        Err(error) => {
            *upstream = None;
            let path = request.path();
            Message::answer(502, &[], format!("no answer from {address} to {path}: {error}"))
        }
    }
}

async fn exchange(
    request: &Message,
    upstream: &mut Option<Connection>,
    address: SocketAddr,
) -> io::Result<Message> {
    let connection = match upstream {
        Some(open) => open,
        None => {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            upstream.insert(BufReader::new(stream))
        }
    };
    request.write(connection).await?;
    let mut answer = Message::read_answer(connection, request.method()).await?;
    if answer.take_close() {
        *upstream = None;
    }
    Ok(answer)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
