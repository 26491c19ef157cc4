use std::process::Command;
use std::time::Duration;

use bollard::models::{ContainerCreateBody, HostConfig, Mount, MountType};
use wpstack_core::image::contract::{self, variable};

use super::{Stage, pages};
use crate::container::{Container, loopback};
use crate::daemon::NETWORK;
use crate::machine::{fresh, run, until};
use crate::site::Visitor;
use crate::world::{World, artifact, open};

/// What a load balancer does: it ends TLS, and says so.
const PROXY: &str = "daemon off; pid /run/proxy.pid; error_log stderr; events {}
http {
    access_log off;
    client_max_body_size 0;
    server {
        listen 8443 ssl;
        ssl_certificate /proxy/cert.pem;
        ssl_certificate_key /proxy/key.pem;
        location / {
            proxy_pass http://secure:8080;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header X-Forwarded-For $remote_addr;
        }
    }
}
";

pub(crate) async fn secure(world: &World, stage: &mut Stage) {
    // Tables of its own, so that it is installed as the first visitor would install it.
    let environment = [(variable::TABLE_PREFIX, "tls_")];
    let site = world.site("secure", "secure", &environment).await;
    let proxy = proxy(world).await;
    let url = format!("https://127.0.0.1:{}", proxy.port("8443/tcp").await);
    let mut visitor = Visitor::new(&url);
    until("the proxy", Duration::from_secs(10), async || {
        (visitor.status(contract::HEALTH).await == Some(200)).then_some(())
    })
    .await;
    visitor.install().await;
    assert_eq!(world.database.option("tls_", "siteurl").await, url);
    let front = visitor.get("/").await;
    assert_eq!(front.status, 200, "redirected to {}", front.location);
    let login = visitor.log_in().await;
    assert!(login.location.starts_with(&url), "{}", login.location);
    for cookie in &login.set_cookies {
        let is_secure = cookie.split("; ").any(|part| part.eq_ignore_ascii_case("secure"));
        assert!(is_secure, "{cookie}");
    }
    assert!(visitor.cookies().keys().any(|name| name.starts_with("wordpress_sec_")));
    let dashboard = visitor.get("/wp-admin/").await;
    assert_eq!(dashboard.status, 200, "redirected to {}", dashboard.location);
    // Without the word of a proxy it is plain, and WordPress sends everybody to the address that it has.
    let plain = Visitor::new(&site.url).get("/wp-login.php").await;
    assert!(plain.set_cookies.iter().all(|cookie| !cookie.contains("wordpress_sec_")));

    let browser = stage.browser().await;
    let page = open(browser, &format!("{url}/")).await;
    browser.screenshot(&artifact("secure.png")).await;
    let dashboard = pages::log_in(browser, &url).await;
    for page in [page, dashboard] {
        let plain: Vec<_> = page.requests.keys().filter(|url| url.starts_with("http:")).collect();
        assert!(plain.is_empty(), "{}: {plain:?}", page.url);
    }
    proxy.remove().await;
    site.container.remove().await;
}

/// An nginx with a certificate of its own making, out of the image itself.
async fn proxy(world: &World) -> Container {
    let place = fresh("proxy");
    let path = |name: &str| place.join(name).display().to_string();
    std::fs::write(place.join("nginx.conf"), PROXY).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "2"]);
    openssl.args(["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]);
    run(openssl.args(["-keyout", &path("key.pem"), "-out", &path("cert.pem")]));
    run(Command::new("chmod").args(["0644", &path("key.pem")]));
    let files = Mount {
        typ: Some(MountType::BIND),
        source: Some(place.display().to_string()),
        target: Some("/proxy".to_owned()),
        read_only: Some(true),
        ..Mount::default()
    };
    let tmpfs = contract::WRITABLE.map(|path| (path.to_owned(), "mode=1777".to_owned()));
    let host = HostConfig {
        network_mode: Some(NETWORK.to_owned()),
        port_bindings: Some(loopback("8443/tcp")),
        mounts: Some(vec![files]),
        tmpfs: Some(tmpfs.into()),
        ..HostConfig::default()
    };
    let command = ["nginx", "-e", "stderr", "-c", "/proxy/nginx.conf"];
    let body = ContainerCreateBody {
        image: Some(world.image.reference.clone()),
        cmd: Some(command.map(str::to_owned).into()),
        exposed_ports: Some(vec!["8443/tcp".to_owned()]),
        host_config: Some(host),
        ..ContainerCreateBody::default()
    };
    Container::run(&world.daemon.engine, "proxy", body).await
}
