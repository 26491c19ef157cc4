//! WordPress as a visitor's program sees it, with cookies and without a browser.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{COOKIE, HOST, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url, redirect};
use serde_json::{Value, json};

pub(crate) const USER: &str = "admin";
pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const TITLE: &str = "Proof & more";

/// A visitor. Redirects are not followed, so that they can be looked at.
pub(crate) struct Visitor {
    client: Client,
    /// Where the requests go.
    base: String,
    /// What they ask for, when it is not where they go: a load balancer sends every request to one of many containers.
    host: Option<String>,
    cookies: BTreeMap<String, String>,
}

/// An answer in full.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) kind: String,
    pub(crate) location: String,
    pub(crate) set_cookies: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Visitor {
    pub(crate) fn new(base: &str) -> Self {
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            // The proxy's certificate is nobody's.
            .tls_danger_accept_invalid_certs(true)
            .build()
            .unwrap();
        Self { client, base: base.to_owned(), host: None, cookies: BTreeMap::new() }
    }

    /// The same visitor, whose requests a load balancer sends elsewhere.
    pub(crate) fn sent_to(&self, base: &str) -> Self {
        let host = self.base.split_once("://").map(|(_, host)| host.to_owned());
        let (client, cookies) = (self.client.clone(), self.cookies.clone());
        Self { client, base: base.to_owned(), host, cookies }
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn cookies(&self) -> &BTreeMap<String, String> {
        &self.cookies
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path);
        self.send(request).await.unwrap()
    }

    /// The status, if there is an answer at all.
    pub(crate) async fn status(&mut self, path: &str) -> Option<u16> {
        let request = self.request(Method::GET, path);
        self.send(request).await.ok().map(|answer| answer.status.as_u16())
    }

    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let url = Url::parse_with_params("http://form", form).unwrap();
        let body = url.query().unwrap_or_default().to_owned();
        let kind = "application/x-www-form-urlencoded";
        let request = self.request(Method::POST, path).header("Content-Type", kind).body(body);
        self.send(request).await.unwrap()
    }

    /// Fills the forms of the installation.
    pub(crate) async fn install(&mut self) {
        let form = self.get("/wp-admin/install.php").await;
        assert_eq!(form.status, 200, "{}", form.text());
        let fields = [
            ("weblog_title", TITLE),
            ("user_name", USER),
            ("admin_password", PASSWORD),
            ("admin_password2", PASSWORD),
            ("admin_email", "admin@example.com"),
            ("blog_public", "0"),
            ("language", ""),
        ];
        let done = self.post("/wp-admin/install.php?step=2", &fields).await;
        assert_eq!(done.status, 200, "{}", done.text());
        assert!(done.text().contains("<h1>Success!</h1>"), "{}", done.text());
    }

    pub(crate) async fn log_in(&mut self) -> Answer {
        // It leaves the cookie by which WordPress knows that there can be cookies.
        self.get("/wp-login.php").await;
        let fields = [("log", USER), ("pwd", PASSWORD), ("testcookie", "1")];
        let answer = self.post("/wp-login.php", &fields).await;
        assert_eq!(answer.status, 302, "{}", answer.text());
        assert!(answer.location.ends_with("/wp-admin/"), "{}", answer.location);
        answer
    }

    pub(crate) async fn publish(&mut self, title: &str, content: &str) -> Value {
        let body = json!({ "title": title, "content": content, "status": "publish" });
        let kind = ("application/json", None);
        self.create("posts", kind, body.to_string().into_bytes()).await
    }

    pub(crate) async fn upload(&mut self, name: &str, image: Vec<u8>) -> Value {
        self.create("media", ("image/png", Some(name)), image).await
    }

    async fn create(&mut self, what: &str, kind: (&str, Option<&str>), body: Vec<u8>) -> Value {
        let nonce = self.get("/wp-admin/admin-ajax.php?action=rest-nonce").await.text();
        let path = format!("/?rest_route=/wp/v2/{what}");
        let mut request = self.request(Method::POST, &path).body(body);
        request = request.header("X-WP-Nonce", nonce).header("Content-Type", kind.0);
        if let Some(name) = kind.1 {
            let disposition = format!("attachment; filename=\"{name}\"");
            request = request.header("Content-Disposition", disposition);
        }
        let answer = self.send(request).await.unwrap();
        assert_eq!(answer.status, 201, "{}", answer.text());
        serde_json::from_slice(&answer.body).unwrap()
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let path = path.strip_prefix(&self.base).unwrap_or(path);
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(host) = &self.host {
            request = request.header(HOST, host);
        }
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request.header(COOKIE, cookies.join("; "))
    }

    async fn send(&mut self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let answer = Answer::read(request.send().await?).await?;
        for cookie in &answer.set_cookies {
            let pair = cookie.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').unwrap_or_default();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(answer)
    }
}

impl Answer {
    async fn read(response: Response) -> reqwest::Result<Self> {
        let headers = response.headers();
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap().to_owned();
        Ok(Self {
            status: response.status(),
            kind: headers.get("Content-Type").map(text).unwrap_or_default(),
            location: headers.get(LOCATION).map(text).unwrap_or_default(),
            set_cookies: headers.get_all(SET_COOKIE).iter().map(text).collect(),
            body: response.bytes().await?.to_vec(),
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A picture with many colours, so that every size of it is worth making.
pub(crate) fn picture(width: u32, height: u32) -> Vec<u8> {
    use std::io::Write;
    let mut rows = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    for y in 0..height {
        rows.write_all(&[0]).unwrap();
        for x in 0..width {
            rows.write_all(&[(x / 4) as u8, (y / 4) as u8, ((x ^ y) / 2) as u8]).unwrap();
        }
    }
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, contents) in
        [(b"IHDR", head), (b"IDAT", rows.finish().unwrap()), (b"IEND", Vec::new())]
    {
        let mut sum = flate2::Crc::new();
        sum.update(kind);
        sum.update(&contents);
        png.extend((contents.len() as u32).to_be_bytes());
        png.extend(kind);
        png.extend(contents);
        png.extend(sum.sum().to_be_bytes());
    }
    png
}
