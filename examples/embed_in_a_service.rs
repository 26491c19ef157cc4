//! wpstack inside a web service: each request provisions a stack and streams the events of the run, a JSON line each.
//!
//! ```sh
//! cargo run --example embed_in_a_service                             # asks itself once, and ends
//! ```
//! ```text
//! cargo run --example embed_in_a_service -- --serve 127.0.0.1:8080   # serves until Ctrl-C
//! curl -N -X POST 127.0.0.1:8080/stacks/blog
//! curl -N -X DELETE 127.0.0.1:8080/stacks/blog
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use wpstack_core::apply::{Engine, Options};
use wpstack_core::event::Events;
use wpstack_core::sim::Sim;
use wpstack_core::state::{MemoryStore, Store};
use wpstack_core::wordpress::{self, Config};
use wpstack_core::{Chain, Stack};
use wpstack_examples::holder;

/// What the handlers share: an engine, and a store for each stack.
#[derive(Clone)]
struct Service {
    engine: Engine,
    stores: Arc<Mutex<BTreeMap<String, MemoryStore>>>,
    /// Cancelled when the service shuts down: running calls are let return, and their answers are recorded.
    shutdown: CancellationToken,
}

impl Service {
    fn new() -> Self {
        let engine = Sim::new(7).engine();
        Self { engine, stores: Arc::default(), shutdown: CancellationToken::new() }
    }

    fn router(self) -> Router {
        Router::new().route("/stacks/{name}", post(create).delete(delete)).with_state(self)
    }

    fn store(&self, name: &str) -> Arc<dyn Store> {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::new(stores.entry(name.to_owned()).or_default().clone())
    }

    /// Brings what exists under the stack's name to what `stack` says, and streams what happens.
    fn run(self, stack: Stack) -> Response {
        let (events, mut happened) = Events::channel();
        let run = tokio::spawn(async move { self.provision(&stack, &events).await });
        let lines = async_stream(async move |lines| {
            while let Some(event) = happened.recv().await {
                lines.send(serde_json::to_string(&event).unwrap_or_default());
            }
            match run.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => lines.send(format!("{{\"error\":{:?}}}", error.to_string())),
                Err(error) => lines.send(format!("{{\"error\":{:?}}}", error.to_string())),
            }
        });
        Body::from_stream(lines).into_response()
    }

    async fn provision(
        &self,
        stack: &Stack,
        events: &Events,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let name = stack.name().as_str();
        let holder = holder("embed_in_a_service", self.engine.clock().as_ref());
        let session = self.engine.open(self.store(name), name, &holder, name).await?;
        let plan = session.plan(stack, &session.look().await?)?;
        session.apply(stack, &plan, &Options::default(), events, &self.shutdown).await?;
        Ok(())
    }
}

/// A stream of lines from a future that sends them.
fn async_stream<F>(
    produce: impl FnOnce(Lines) -> F + Send + 'static,
) -> impl futures::Stream<Item = Result<String, Infallible>> + Send
where
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(produce(Lines(sender)));
    futures::stream::unfold(receiver, async |mut lines| Some((lines.recv().await?, lines)))
        .map(|line: String| Ok(line + "\n"))
}

struct Lines(tokio::sync::mpsc::UnboundedSender<String>);

impl Lines {
    fn send(&self, line: String) {
        // A client that went away does not stop the run.
        drop(self.0.send(line));
    }
}

async fn create(State(service): State<Service>, Path(name): Path<String>) -> Response {
    match composed(&name) {
        Ok(stack) => service.run(stack),
        Err(error) => {
            (StatusCode::BAD_REQUEST, format!("{}\n", Chain(error.as_ref()))).into_response()
        }
    }
}

async fn delete(State(service): State<Service>, Path(name): Path<String>) -> Response {
    match name.parse() {
        Ok(name) => service.run(Stack::new(name)),
        Err(error) => (StatusCode::BAD_REQUEST, format!("{}\n", Chain(&error))).into_response(),
    }
}

/// The stack of a tenant: the default architecture under the tenant's name.
fn composed(name: &str) -> Result<Stack, Box<dyn Error>> {
    let mut config = Config { name: name.parse()?, ..Config::default() };
    // A tenant may leave at any time.
    config.database.deletion_protection = false;
    Ok(wordpress::stack(&config)?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = Service::new();
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [flag, address] = arguments.as_slice()
        && flag == "--serve"
    {
        let listener = TcpListener::bind(address).await?;
        println!("listening on http://{}", listener.local_addr()?);
        let shutdown = service.shutdown.clone();
        let stop = async move {
            drop(tokio::signal::ctrl_c().await);
            shutdown.cancel();
        };
        axum::serve(listener, service.router()).with_graceful_shutdown(stop).await?;
        return Ok(());
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(axum::serve(listener, service.router()).into_future());
    for (method, verb) in [("POST", "created"), ("DELETE", "deleted")] {
        let body = ask(&address.to_string(), method, "/stacks/blog").await?;
        let events = body.lines().filter(|line| line.starts_with('{')).count();
        let last = body.lines().rfind(|line| line.contains("\"finished\"")).unwrap_or("nothing");
        assert!(last.contains("\"failures\":[]"), "the run failed: {last}");
        println!("{method} /stacks/blog: {verb}, {events} events, the last one:\n{last}\n");
    }
    Ok(())
}

/// One request to the service, and its whole answer.
async fn ask(address: &str, method: &str, path: &str) -> Result<String, Box<dyn Error>> {
    let mut connection = TcpStream::connect(address).await?;
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    Ok(answer)
}
