//! Chromium without a window, over its DevTools protocol: <https://chromedevtools.github.io/devtools-protocol/>.
//!
//! Spoken through two pipes, so that no port is opened and no further crate is needed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;

use crate::machine::{Server, directory, run};

/// How long a page may take to load and to become quiet.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long nothing has to happen on a page that is quiet.
const HUSH: Duration = Duration::from_secs(1);

pub(crate) struct Browser {
    asks: pipe::Sender,
    answers: BufReader<pipe::Receiver>,
    session: String,
    last_id: u64,
    events: Vec<Value>,
    _server: Server,
    _place: tempfile::TempDir,
}

/// What happened while a page was loaded.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) url: String,
    pub(crate) title: String,
    /// Every request: its address and its type.
    pub(crate) requests: BTreeMap<String, String>,
    /// What went wrong with requests to the site itself, and on its console.
    pub(crate) complaints: Vec<String>,
    /// How many rules each stylesheet has.
    pub(crate) rules: Vec<i64>,
    /// The font of the text.
    pub(crate) font: String,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        let pipes = [path("asks"), path("answers")];
        run(Command::new("mkfifo").args(&pipes));
        // Opened for both directions, so that opening does not wait for the other side.
        let mut options = pipe::OpenOptions::new();
        let options = options.read_write(true);
        let asks = options.open_sender(&pipes[0]).unwrap();
        let answers = options.open_receiver(&pipes[1]).unwrap();
        let profile = format!("--user-data-dir={}", path("profile").display());
        let script = format!(
            "exec chromium --headless=new --remote-debugging-pipe --no-sandbox --disable-gpu \
             --disable-dev-shm-usage --disable-extensions --disable-background-networking \
             --disable-component-update --no-first-run --no-proxy-server \
             --ignore-certificate-errors --hide-scrollbars --window-size=1280,900 \
             '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1' '{profile}' \
             about:blank 3<'{}' 4>'{}'",
            pipes[0].display(),
            pipes[1].display()
        );
        let log = directory("logs").join("chromium.log");
        let server = Server::start("sh", &["-c", &script], &log);
        let mut browser = Self {
            asks,
            answers: BufReader::new(answers),
            session: String::new(),
            last_id: 0,
            events: Vec::new(),
            _server: server,
            _place: place,
        };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" })).await;
        let parameters = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.ask("Target.attachToTarget", parameters).await;
        browser.session = session["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Network", "Runtime", "Log"] {
            browser.ask(&format!("{domain}.enable"), json!({})).await;
        }
        browser.ask("Page.setLifecycleEventsEnabled", json!({ "enabled": true })).await;
        browser
    }

    /// Opens a page and waits until nothing moves any more.
    pub(crate) async fn open(&mut self, url: &str) -> Page {
        // The last page may have something to say when it is left.
        self.ask("Page.navigate", json!({ "url": "about:blank" })).await;
        self.hush().await;
        self.events.clear();
        let answer = self.ask("Page.navigate", json!({ "url": url })).await;
        assert!(answer.get("errorText").is_none(), "{url}: {answer}");
        self.settle(answer["loaderId"].as_str().unwrap()).await;
        self.page(url).await
    }

    /// Does something on the page that leads to another one, and waits for that.
    pub(crate) async fn act(&mut self, script: &str) -> Page {
        self.events.clear();
        self.evaluate(script).await;
        let navigated = |event: &Value| {
            let frame = &event["params"]["frame"];
            let is_main = event["method"] == "Page.frameNavigated" && frame["parentId"].is_null();
            is_main.then(|| frame["loaderId"].as_str().unwrap().to_owned())
        };
        let loader = self.await_event("other page", navigated).await;
        self.settle(&loader).await;
        self.page(script).await
    }

    pub(crate) async fn screenshot(&mut self, path: &Path) {
        let answer = self.ask("Page.captureScreenshot", json!({ "format": "png" })).await;
        let bytes = STANDARD.decode(answer["data"].as_str().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub(crate) async fn evaluate(&mut self, script: &str) -> Value {
        let parameters =
            json!({ "expression": script, "returnByValue": true, "awaitPromise": true });
        let answer = self.ask("Runtime.evaluate", parameters).await;
        assert!(answer.get("exceptionDetails").is_none(), "{script}: {answer}");
        answer["result"]["value"].clone()
    }

    async fn settle(&mut self, loader: &str) {
        // Almost: the editor asks for something and never reads the answer, which counts as a request on its way.
        let quiet = |event: &Value| {
            let is_quiet = event["method"] == "Page.lifecycleEvent"
                && event["params"]["name"] == "networkAlmostIdle"
                && event["params"]["loaderId"] == loader;
            is_quiet.then_some(())
        };
        self.await_event("quiet page", quiet).await;
        self.hush().await;
    }

    /// Reads until nothing has come for a while.
    async fn hush(&mut self) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            // A message comes whole once it has begun, so nothing is lost when this is given up before.
            match tokio::time::timeout(HUSH, self.answers.fill_buf()).await {
                Ok(_) => self.next("an event").await,
                Err(_) => return,
            };
        }
        panic!("the page is never quiet; unanswered: {:#?}", unanswered(&self.events));
    }

    async fn page(&mut self, of: &str) -> Page {
        let script = "({ url: location.href, title: document.title, \
             font: getComputedStyle(document.body).fontFamily, \
             rules: [...document.styleSheets].map(sheet => sheet.cssRules.length) })";
        let found = self.evaluate(script).await;
        let url = found["url"].as_str().unwrap_or(of).to_owned();
        let origin = url.split('/').take(3).collect::<Vec<_>>().join("/");
        let (requests, complaints) = judge(&self.events, &origin);
        let text = |name: &str| found[name].as_str().unwrap().to_owned();
        let rules = found["rules"].as_array().unwrap();
        let rules = rules.iter().map(|count| count.as_i64().unwrap()).collect();
        Page { title: text("title"), font: text("font"), url, requests, complaints, rules }
    }

    async fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        let bytes = [message.to_string().as_bytes(), b"\0"].concat();
        self.asks.write_all(&bytes).await.unwrap();
        loop {
            let answer = self.next(method).await;
            if answer["id"] == id {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    async fn await_event<T>(&mut self, what: &str, look: impl Fn(&Value) -> Option<T>) -> T {
        let waiting = async {
            let mut seen = 0;
            loop {
                if let Some(found) = self.events[seen..].iter().find_map(&look) {
                    return found;
                }
                seen = self.events.len();
                self.next(what).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, waiting).await.ok();
        found.unwrap_or_else(|| panic!("no {what}; unanswered: {:#?}", unanswered(&self.events)))
    }

    /// The next message. Events are kept.
    async fn next(&mut self, what: &str) -> Value {
        let mut bytes = Vec::new();
        let read = self.answers.read_until(0, &mut bytes);
        let read = tokio::time::timeout(PATIENCE, read).await;
        if read.is_err() {
            panic!("Chromium does not answer `{what}`:\n{}", self._server.log());
        }
        bytes.pop();
        let message: Value = serde_json::from_slice(&bytes).unwrap();
        if message.get("method").is_some() {
            self.events.push(message.clone());
        }
        message
    }
}

/// The addresses of requests that have not ended.
fn unanswered(events: &[Value]) -> Vec<&Value> {
    let id = |event: &'_ Value| event["params"]["requestId"].as_str().map(str::to_owned);
    let is = |event: &Value, names: &[&str]| names.iter().any(|name| event["method"] == *name);
    let ends = ["Network.loadingFinished", "Network.loadingFailed"];
    let ended: BTreeSet<_> = events.iter().filter(|event| is(event, &ends)).map(id).collect();
    let begun = events.iter().filter(|event| is(event, &["Network.requestWillBeSent"]));
    begun
        .filter(|event| !ended.contains(&id(event)))
        .map(|event| &event["params"]["request"]["url"])
        .collect()
}

/// The requests, and what went wrong with those to the site itself. What the dashboard asks others for has no answer
/// here, and that is nothing to complain about.
fn judge(events: &[Value], origin: &str) -> (BTreeMap<String, String>, Vec<String>) {
    let mut addresses = BTreeMap::new();
    let mut requests = BTreeMap::new();
    let mut complaints = BTreeSet::new();
    let is_ours = |url: &str| url.is_empty() || url.starts_with(origin) || !url.starts_with("http");
    for event in events {
        let parameters = &event["params"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let id = text(&parameters["requestId"]);
        match event["method"].as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => {
                let url = text(&parameters["request"]["url"]);
                requests.insert(url.clone(), text(&parameters["type"]));
                addresses.insert(id, url);
            }
            "Network.responseReceived" => {
                let (url, status) = (
                    text(&parameters["response"]["url"]),
                    parameters["response"]["status"].as_i64().unwrap_or_default(),
                );
                if status >= 400 && is_ours(&url) {
                    complaints.insert(format!("{status} for {url}"));
                }
            }
            "Network.loadingFailed" if parameters["canceled"] != true => {
                let url = addresses.get(&id).cloned().unwrap_or_default();
                if is_ours(&url) {
                    complaints.insert(format!("{} for {url}", parameters["errorText"]));
                }
            }
            "Runtime.exceptionThrown" => {
                complaints.insert(format!("exception: {}", parameters["exceptionDetails"]));
            }
            "Runtime.consoleAPICalled" if parameters["type"] == "error" => {
                complaints.insert(format!("console: {}", parameters["args"]));
            }
            "Log.entryAdded"
                if parameters["entry"]["level"] == "error"
                    && is_ours(&text(&parameters["entry"]["url"])) =>
            {
                complaints.insert(format!("log: {}", parameters["entry"]));
            }
            _ => {}
        }
    }
    (requests, complaints.into_iter().collect())
}

impl Page {
    /// # Panics
    /// When something failed, or a stylesheet is missing or empty.
    #[track_caller]
    pub(crate) fn check(&self) {
        assert!(self.complaints.is_empty(), "{}: {:#?}", self.url, self.complaints);
        let is_asked = |wanted: &str| self.requests.values().any(|kind| kind == wanted);
        assert!(is_asked("Stylesheet") || !self.rules.is_empty(), "{} has no style", self.url);
        assert!(self.rules.iter().all(|count| *count > 0), "{}: {:?}", self.url, self.rules);
    }
}
