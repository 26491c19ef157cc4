//! Pushes to the reference registry, and what another client finds there.

use std::sync::Arc;

use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::manifest::{OciDescriptor, OciManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference as Name};
use wpstack_core::Secret;
use wpstack_core::time::SystemClock;
use wpstack_core::value::ImageDigest;
use wpstack_image::registry::{Credentials, Error, Image, Reference, Registry};

use crate::sample::{blog, line, materials, usual};
use crate::server::Server;

fn registry(server: &Server, password: &str) -> Registry {
    let password = Secret::new(password.to_owned());
    let credentials = Credentials { user: "AWS".to_owned(), password };
    let address = format!("http://{}", server.host).parse().unwrap();
    Registry::new(address, Arc::new(credentials), Arc::new(SystemClock)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pushed_pushed_again_mounted_and_pulled() {
    let server = Server::start();
    let registry = registry(&server, "TOKEN");
    let directory = tempfile::tempdir().unwrap();
    let image = usual(directory.path());
    let list = materials(&image);
    let image = Image { referrers: vec![list.clone()], ..image };
    let tag = "1".parse().unwrap();

    let pushed = registry.push(&blog(), Some(&tag), &image).await.unwrap();
    assert_eq!(line(&pushed), "new: 0 found, 0 mounted, 5 sent");
    assert_eq!(pushed.digest, image.manifest.digest);
    let again = registry.push(&blog(), Some(&tag), &image).await.unwrap();
    assert_eq!(line(&again), "old: 5 found, 0 mounted, 0 sent");
    assert_eq!(again.bytes_sent(), 0);

    let by_digest = Reference::Digest(image.manifest.digest.clone());
    assert_eq!(registry.pull_manifest(&blog(), &by_digest).await.unwrap(), image.manifest);
    let by_tag = Reference::Tag(tag);
    let found = registry.exists(&blog(), &by_tag).await.unwrap();
    assert_eq!(found.as_ref(), Some(&image.manifest.digest));
    for blob in &image.blobs {
        let path = directory.path().join("pulled");
        assert_eq!(registry.pull_blob(&blog(), &blob.digest, &path).await.unwrap(), blob.size);
        assert_eq!(ImageDigest::of(&std::fs::read(&path).unwrap()), blob.digest);
    }

    let mut mounting = Image { referrers: Vec::new(), ..image.clone() };
    for blob in &mut mounting.blobs {
        *blob = blob.clone().or_from(blog());
    }
    let pushed = registry.push(&"team/other".parse().unwrap(), None, &mounting).await.unwrap();
    assert_eq!(line(&pushed), "new: 0 found, 3 mounted, 0 sent");

    seen_by_another_client(&server, &image, &list).await;
}

/// `oci-client` is nobody's friend here: it parses the manifest, checks every digest, and looks referrers up by itself.
async fn seen_by_another_client(server: &Server, image: &Image, list: &Image) {
    let protocol = ClientProtocol::Http;
    let client = Client::new(ClientConfig { protocol, ..ClientConfig::default() });
    let auth = RegistryAuth::Basic("AWS".to_owned(), "TOKEN".to_owned());
    let digest = image.manifest.digest.to_string();
    let name = Name::with_digest(server.host.clone(), "blog".to_owned(), digest.clone());
    let (manifest, told) = client.pull_manifest(&name, &auth).await.unwrap();
    assert_eq!(told, digest);
    let OciManifest::Image(manifest) = manifest else { panic!("an image was pushed") };
    for descriptor in manifest.layers.iter().chain([&manifest.config]) {
        let mut bytes = Vec::new();
        client.pull_blob(&name, descriptor as &OciDescriptor, &mut bytes).await.unwrap();
        assert_eq!(bytes.len() as i64, descriptor.size);
    }
    let referrers = client.pull_referrers(&name, Some("application/spdx+json")).await.unwrap();
    let digests: Vec<_> = referrers.manifests.iter().map(|entry| entry.digest.as_str()).collect();
    assert_eq!(digests, [list.manifest.digest.as_str()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused() {
    let server = Server::start();
    let directory = tempfile::tempdir().unwrap();
    let image = usual(directory.path());
    let error = registry(&server, "WRONG").push(&blog(), None, &image).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
}
