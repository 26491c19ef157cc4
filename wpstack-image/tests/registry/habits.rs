//! Pushes to the stand-in for ECR when nothing goes wrong, and the stand-in's own habits.

use reqwest::StatusCode;
use wpstack_core::value::ImageDigest;
use wpstack_image::registry::{Blob, Error, Image, Manifest, Progress, Reference};
use wpstack_image::testing::ecr::Operation;

use crate::sample::{IMAGE, INDEX, LARGE, SMALL, Scene, blog, descriptor, image, line, materials};

#[tokio::test]
async fn what_is_there_is_not_sent_again() {
    let scene = Scene::new();
    let first = scene.image();
    let pushed = scene.push(&first).await.unwrap();
    assert_eq!(line(&pushed), "new: 0 found, 0 mounted, 3 sent");
    assert_eq!(pushed.digest, first.manifest.digest);
    let size: u64 = first.blobs.iter().map(|blob| blob.size).sum();
    assert_eq!(pushed.bytes_sent(), size);
    assert!(scene.holds("blog", &first));
    assert_eq!(scene.ecr.count(Operation::Patch), 0);
    assert_eq!(scene.ecr.count(Operation::PutBlob), 3);

    // The very same: one question, one answer.
    scene.ecr.forget_seen();
    assert_eq!(line(&scene.push(&first).await.unwrap()), "old: 3 found, 0 mounted, 0 sent");
    assert_eq!(scene.ecr.seen().len(), 1);

    // Under another tag: only the manifest.
    let tag = "2".parse().unwrap();
    scene.ecr.forget_seen();
    let pushed = scene.registry.push(&blog(), Some(&tag), &first).await.unwrap();
    assert_eq!(line(&pushed), "new: 3 found, 0 mounted, 0 sent");
    assert_eq!(
        (scene.ecr.count(Operation::PutBlob), scene.ecr.count(Operation::PutManifest)),
        (0, 1)
    );

    // Another image with the same large layer: the rest.
    let mut other = image(scene.directory.path(), 1, &[SMALL, LARGE, 5_000]);
    other.blobs.swap(0, 1);
    let pushed = scene.push(&other).await.unwrap();
    assert_eq!(line(&pushed), "new: 3 found, 0 mounted, 1 sent");
    let tags = scene.ecr.repository("blog").unwrap().tags;
    assert_eq!(tags["1"], other.manifest.digest.as_str());
    assert_eq!(tags["2"], first.manifest.digest.as_str());
}

#[tokio::test]
async fn everything_is_told_in_order() {
    let scene = Scene::new();
    let pushed = scene.image();
    scene.push(&pushed).await.unwrap();
    let told = scene.told.lock().unwrap().clone();
    for blob in &pushed.blobs {
        let about = told.iter().filter_map(|progress| match progress {
            Progress::Sending { blob: it, sent, size } if *it == blob.digest => {
                Some((*sent, *size))
            }
            Progress::Sent { blob: it, size } if *it == blob.digest => Some((u64::MAX, *size)),
            _ => None,
        });
        let about: Vec<_> = about.collect();
        assert!(about.is_sorted() && about.iter().all(|(_, size)| *size == blob.size));
        assert_eq!(about[about.len() - 2..], [(blob.size, blob.size), (u64::MAX, blob.size)]);
    }
    let digest = pushed.manifest.digest;
    assert_eq!(told.last(), Some(&Progress::Manifest { digest, sent: true }));
}

#[tokio::test]
async fn four_blobs_are_on_their_way_at_once() {
    let scene = Scene::new();
    let many = image(scene.directory.path(), 40, &[400_000; 12]);
    assert_eq!(scene.push(&many).await.unwrap().blobs.len(), 13);
    let most = scene.ecr.most_uploads_at_once();
    assert!((2..=4).contains(&most), "{most} at once");
}

#[tokio::test]
async fn an_image_that_is_not_whole_is_not_begun() {
    let scene = Scene::new();
    let whole = scene.image();
    let missing = Image { blobs: whole.blobs[..2].to_vec(), ..whole.clone() };
    let mut longer = whole.clone();
    longer.blobs[1].size += 1;
    let text = whole.manifest.bytes.to_vec();
    let other_type = Image::new(Manifest::new(INDEX, text), whole.blobs.clone());
    let stranger = Image { referrers: vec![materials(&other_type)], ..whole.clone() };
    assert!(scene.push(&stranger).await.is_ok(), "of the same digest, so no stranger");
    scene.ecr.forget_seen();
    let stranger = image(scene.directory.path(), 9, &[10]);
    let stranger = Image { referrers: vec![materials(&whole)], ..stranger };
    for image in [missing, longer, other_type, stranger] {
        let error = scene.push(&image).await.unwrap_err();
        assert!(matches!(error, Error::Incomplete { .. }), "{error:?}");
    }
    assert!(scene.ecr.seen().is_empty());
}

#[tokio::test]
async fn a_repository_has_to_be_there_first() {
    let scene = Scene::new();
    let nowhere = "nowhere".parse().unwrap();
    let error = scene.registry.push(&nowhere, None, &scene.image()).await.unwrap_err();
    assert!(matches!(error, Error::NoRepository { .. }), "{error:?}");
    assert!(error.hint().contains("wpstack apply"));
    let tag = Reference::Tag("1".parse().unwrap());
    assert_eq!(scene.registry.exists(&nowhere, &tag).await.unwrap(), None);
}

#[tokio::test]
async fn blobs_are_mounted_where_that_is_allowed_and_sent_where_not() {
    let check = async |allowed: bool, from: &str, expected: &str| {
        let scene = Scene::new();
        scene.ecr.make("base");
        if allowed {
            scene.ecr.allow_mounts();
        }
        let base = image(scene.directory.path(), 1, &[SMALL, LARGE]);
        scene.registry.push(&"base".parse().unwrap(), None, &base).await.unwrap();
        let mut mounting = base.clone();
        for blob in &mut mounting.blobs {
            *blob = blob.clone().or_from(from.parse().unwrap());
        }
        scene.ecr.forget_seen();
        let pushed = scene.push(&mounting).await.unwrap();
        assert_eq!(line(&pushed), expected);
        assert!(scene.holds("blog", &base));
        // The upload that a refused mount has begun is used: there is no second beginning.
        assert_eq!(scene.ecr.count(Operation::Mount), 3);
        assert_eq!(scene.ecr.count(Operation::BeginUpload), 0);
    };
    check(true, "base", "new: 0 found, 3 mounted, 0 sent").await;
    check(false, "base", "new: 0 found, 0 mounted, 3 sent").await;
    check(true, "nowhere", "new: 0 found, 0 mounted, 3 sent").await;
}

#[tokio::test]
async fn an_immutable_tag_takes_one_image() {
    let scene = Scene::new();
    scene.ecr.make_immutable("blog");
    let first = scene.image();
    scene.push(&first).await.unwrap();
    assert_eq!(line(&scene.push(&first).await.unwrap()), "old: 3 found, 0 mounted, 0 sent");
    let other = image(scene.directory.path(), 7, &[100]);
    let error = scene.push(&other).await.unwrap_err();
    assert!(matches!(error, Error::TagTaken { .. }), "{error:?}");
    assert!(error.hint().contains("another tag"));
    // Without a tag it can be pushed.
    assert!(scene.registry.push(&blog(), None, &other).await.is_ok());
}

#[tokio::test]
async fn a_type_that_the_registry_does_not_take_is_told() {
    let scene = Scene::new();
    let config = Blob::of(*b"{}");
    let text = serde_json::json!({ "config": descriptor("x/y", &config) }).to_string();
    let image = Image::new(Manifest::new("application/x.unknown", text.into_bytes()), vec![config]);
    let error = scene.push(&image).await.unwrap_err();
    assert!(matches!(error, Error::Refused { status: 405, .. }), "{error:?}");
}

#[tokio::test]
async fn registries_that_want_a_bearer_token_get_one() {
    let scene = Scene::new();
    scene.ecr.want_bearer();
    let image = scene.image();
    assert_eq!(line(&scene.push(&image).await.unwrap()), "new: 0 found, 0 mounted, 3 sent");
    assert_eq!(scene.ecr.count(Operation::Token), 1);
    scene.ecr.expire_token();
    assert_eq!(line(&scene.push(&image).await.unwrap()), "old: 3 found, 0 mounted, 0 sent");
}

#[tokio::test]
async fn what_refers_to_an_image_is_found_by_it() {
    for knows in [true, false] {
        let scene = Scene::new();
        if !knows {
            scene.ecr.forget_referrers();
        }
        let image = scene.image();
        let list = materials(&image);
        let image = Image { referrers: vec![list.clone()], ..image };
        assert_eq!(scene.push(&image).await.unwrap().blobs.len(), 5);
        assert!(scene.holds("blog", &list));
        let digest = &image.manifest.digest;
        let index: ImageDigest = if knows {
            digest.clone()
        } else {
            let tag = digest.as_str().replace(':', "-");
            scene.ecr.repository("blog").unwrap().tags[&tag].parse().unwrap()
        };
        if !knows {
            let reference = Reference::Digest(index);
            let index = scene.registry.pull_manifest(&blog(), &reference).await.unwrap();
            let text = String::from_utf8(index.bytes.to_vec()).unwrap();
            assert!(text.contains(list.manifest.digest.as_str()), "{text}");
            assert_eq!(index.media_type, INDEX);
        }
        scene.ecr.forget_seen();
        assert_eq!(line(&scene.push(&image).await.unwrap()), "old: 5 found, 0 mounted, 0 sent");
        assert_eq!(scene.ecr.count(Operation::PutManifest), 0);
    }
}

#[tokio::test]
async fn an_index_goes_after_its_images() {
    let scene = Scene::new();
    let members = vec![
        image(scene.directory.path(), 100, &[SMALL]),
        image(scene.directory.path(), 200, &[SMALL]),
    ];
    let manifest = |it: &Image| {
        serde_json::json!({
            "mediaType": IMAGE,
            "digest": it.manifest.digest.as_str(),
            "size": it.manifest.bytes.len(),
        })
    };
    let text = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": members.iter().map(manifest).collect::<Vec<_>>(),
    });
    let index = Manifest::new(INDEX, text.to_string().into_bytes());
    let index = Image { members, ..Image::new(index, Vec::new()) };
    let pushed = scene.push(&index).await.unwrap();
    assert_eq!(line(&pushed), "new: 0 found, 0 mounted, 4 sent");
    assert!(scene.holds("blog", &index));
    assert!(index.members.iter().all(|member| scene.holds("blog", member)));
}

#[tokio::test]
async fn blobs_are_fetched_from_where_they_are_kept() {
    let scene = Scene::new();
    let image = scene.image();
    scene.push(&image).await.unwrap();
    for blob in &image.blobs {
        let path = scene.directory.path().join("pulled");
        let size = scene.registry.pull_blob(&blog(), &blob.digest, &path).await.unwrap();
        assert_eq!(size, blob.size);
        assert_eq!(ImageDigest::of(&std::fs::read(&path).unwrap()), blob.digest);
    }
    let missing = ImageDigest::of(b"missing");
    let path = scene.directory.path().join("missing");
    let error = scene.registry.pull_blob(&blog(), &missing, &path).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    assert!(!path.exists());
}

/// Without this, the tests that no part is sent would show nothing.
#[tokio::test]
async fn the_stand_in_drops_parts_as_ecr_does() {
    let scene = Scene::new();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = scene.ecr.token();
    let send = async |method: reqwest::Method, path: &str, body: Vec<u8>| {
        let url = format!("{}{path}", scene.ecr.endpoint());
        let request = http.request(method, url).basic_auth("AWS", Some(&token));
        let response = request.body(body).send().await.unwrap();
        let place = response.headers().get("location").map(|it| it.to_str().unwrap().to_owned());
        (response.status(), place.unwrap_or_default())
    };
    use reqwest::Method;
    let whole = vec![7; 6_500_000];
    let digest = ImageDigest::of(&whole);
    let begin = async || send(Method::POST, "/v2/blog/blobs/uploads/", Vec::new()).await;

    let (status, place) = begin().await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let (status, place) = send(Method::PATCH, &place, whole[..5_500_000].to_vec()).await;
    assert_eq!(status, StatusCode::CREATED, "not 202, as the specification wants it");
    let (status, place) = send(Method::PATCH, &place, whole[5_500_000..].to_vec()).await;
    assert_eq!(status, StatusCode::CREATED);
    let end = format!("{place}&digest={digest}");
    assert_eq!(send(Method::PUT, &end, Vec::new()).await.0, StatusCode::BAD_REQUEST);

    let (_, place) = begin().await;
    let (_, place) = send(Method::PATCH, &place, whole[..1_000_000].to_vec()).await;
    let (status, _) = send(Method::PATCH, &place, whole[1_000_000..].to_vec()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "the part before was too small");
    assert!(scene.ecr.repository("blog").unwrap().blobs.is_empty());
    assert_eq!(scene.ecr.count(Operation::Patch), 4);

    let stranger = http.get(format!("{}/v2/", scene.ecr.endpoint())).send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    let challenge = stranger.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.starts_with("Basic "), "{challenge}");
}
