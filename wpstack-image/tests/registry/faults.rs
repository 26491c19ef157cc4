//! What goes wrong on the way, and what a push makes of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use wpstack_core::Secret;
use wpstack_core::time::{Clock, SystemClock};
use wpstack_image::registry::{Credentials, Error, Image, Outcome, Patience, Registry};
use wpstack_image::testing::ecr::{Effect, Fault, On, Operation};

use crate::sample::{LARGE, Scene, blog, line};

/// Which requests a row is about: all of a kind, or the upload of the large layer.
#[derive(Clone, Copy, Debug)]
enum At {
    Every(Operation),
    Large,
}

/// A push of the usual image while something goes wrong: what it did, or how it failed, and how often it paused.
async fn check(at: At, times: u32, effect: Effect, expected: &str) {
    let scene = Scene::new();
    scene.ecr.make_immutable("blog");
    let image = scene.image();
    let on = match at {
        At::Every(operation) => On::Operation(operation),
        At::Large => On::Blob(large(&image)),
    };
    scene.ecr.fault(Fault::once(on, effect.clone()).times(times));
    let outcome = scene.push(&image).await;
    if outcome.is_ok() {
        assert!(scene.holds("blog", &image));
    }
    let pauses = scene.pauses().len();
    let shown = match &outcome {
        Ok(pushed) => line(pushed),
        Err(error) => {
            assert!(!error.hint().is_empty());
            let text = error.to_string().replace(&large(&image), "<large>");
            text.replace(image.manifest.digest.as_str(), "<manifest>")
        }
    };
    assert_eq!(format!("{shown}; {pauses} pauses"), expected, "{at:?} {times} x {effect:?}");
    assert_eq!(scene.ecr.count(Operation::Patch), 0, "a part was sent");
}

fn large(image: &Image) -> String {
    image.blobs.iter().find(|blob| blob.size == LARGE as u64).unwrap().digest.to_string()
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    use Operation as Op;
    let whole = "new: 0 found, 0 mounted, 3 sent";
    let one = format!("{whole}; 1 pauses");
    check(At::Large, 1, Effect::CutAfter(600_000), &one).await;
    check(At::Large, 1, Effect::CutAfter(1), &one).await;
    check(At::Large, 4, Effect::CutAfter(1_100_000), &format!("{whole}; 4 pauses")).await;
    check(At::Large, 1, Effect::Status(502), &one).await;
    check(At::Large, 1, Effect::ForgetUpload, &one).await;
    // It arrived, only the answer did not: it is found, and not sent again.
    let found = "new: 1 found, 0 mounted, 2 sent; 1 pauses";
    check(At::Large, 1, Effect::LoseAnswer, found).await;
    for operation in [Op::HeadBlob, Op::BeginUpload, Op::HeadManifest, Op::PutManifest] {
        check(At::Every(operation), 1, Effect::Status(500), &one).await;
        check(At::Every(operation), 1, Effect::CutAfter(0), &one).await;
        check(At::Every(operation), 1, Effect::LoseAnswer, &one).await;
        check(At::Every(operation), 1, Effect::Throttle(None), &one).await;
    }
    check(At::Every(Op::BeginUpload), 9, Effect::Status(503), &format!("{whole}; 9 pauses")).await;
}

#[tokio::test]
async fn what_does_not_pass_is_told_at_once() {
    let other = "0".repeat(64);
    let told = format!(
        "could not put the manifest at `<manifest>` of `blog`: the digest is sha256:{other}"
    );
    check(
        At::Every(Operation::PutManifest),
        1,
        Effect::TellAnotherDigest,
        &format!("{told}, not <manifest>; 0 pauses"),
    )
    .await;
    check(
        At::Every(Operation::PutManifest),
        1,
        Effect::Status(418),
        "could not put the manifest at `<manifest>` of `blog`: the registry refused with 418 : \
         <html>something is wrong</html>; 0 pauses",
    )
    .await;
    check(
        At::Every(Operation::PutManifest),
        9,
        Effect::Throttle(Some("4000".to_owned())),
        "could not put the manifest at `<manifest>` of `blog`: the registry limits the rate \
         (Rate exceeded); 0 pauses",
    )
    .await;
}

#[tokio::test]
async fn damage_on_the_way_is_noticed() {
    let scene = Scene::new();
    let image = scene.image();
    scene.ecr.fault(Fault::once(On::Blob(large(&image)), Effect::Damage));
    let error = scene.push(&image).await.unwrap_err();
    assert!(matches!(error, Error::Digest { .. }), "{error}");
    assert!(scene.ecr.repository("blog").unwrap().tags.is_empty());
}

#[tokio::test]
async fn the_registry_is_left_alone_for_as_long_as_it_asks() {
    for (after, least, most) in [("7", 7, 7), ("Thu, 01 Jan 1970 00:00:40 GMT", 39, 40)] {
        let scene = Scene::new();
        let image = scene.image();
        let effect = Effect::Throttle(Some(after.to_owned()));
        scene.ecr.fault(Fault::once(On::Operation(Operation::PutManifest), effect));
        scene.push(&image).await.unwrap();
        let pauses = scene.pauses();
        assert!(matches!(pauses[..], [one] if (least..=most).contains(&one)), "{pauses:?}");
        assert!(scene.clock.now().as_second() >= least as i64);
    }
}

#[tokio::test]
async fn patience_ends_and_the_next_push_sends_what_is_missing() {
    let scene = Scene::new();
    let image = scene.image();
    let cut = Effect::CutAfter(900_000);
    scene.ecr.fault(Fault::once(On::Blob(large(&image)), cut).times(1_000));
    let error = scene.push(&image).await.unwrap_err();
    let Error::Network { tries, .. } = &error else { panic!("{error:?}") };
    let waited = scene.clock.now().as_second();
    assert!(*tries > 10 && (240..=300).contains(&waited), "{tries} tries in {waited} s");
    assert!(error.hint().contains("not sent again"));
    let held = scene.ecr.repository("blog").unwrap();
    assert_eq!((held.blobs.len(), held.manifests.len()), (2, 0));

    scene.ecr.mend();
    scene.ecr.forget_seen();
    let pushed = scene.push(&image).await.unwrap();
    assert_eq!(line(&pushed), "new: 2 found, 0 mounted, 1 sent");
    assert_eq!(pushed.bytes_sent(), LARGE as u64);
    assert_eq!(scene.ecr.count(Operation::PutBlob), 1);
    assert!(scene.holds("blog", &image));
}

#[tokio::test]
async fn a_token_that_expires_is_renewed_once() {
    // Before the first request, and while blobs are on their way.
    let scene = Scene::new();
    let image = scene.image();
    let tag = "0".parse().unwrap();
    scene.registry.exists(&blog(), &wpstack_image::registry::Reference::Tag(tag)).await.unwrap();
    assert_eq!(scene.tokens.asked.load(Ordering::SeqCst), 1);
    scene.ecr.expire_token();
    assert_eq!(line(&scene.push(&image).await.unwrap()), "new: 0 found, 0 mounted, 3 sent");
    assert_eq!(scene.tokens.asked.load(Ordering::SeqCst), 2);

    let scene = Scene::new();
    let ecr = Arc::clone(&scene.ecr);
    let began = std::sync::Once::new();
    let scene = Scene {
        registry: scene
            .registry
            .observed(Arc::new(move |_| began.call_once(|| ecr.expire_token()))),
        ..scene
    };
    let image = scene.image();
    assert_eq!(line(&scene.push(&image).await.unwrap()), "new: 0 found, 0 mounted, 3 sent");
    assert_eq!(
        scene.tokens.asked.load(Ordering::SeqCst),
        2,
        "asked once for all that were refused"
    );
    assert!(scene.holds("blog", &image));
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_shown() {
    let scene = Scene::new();
    let wrong = Secret::new("hunter2".to_owned());
    let credentials = Arc::new(Credentials { user: "AWS".to_owned(), password: wrong });
    let address = scene.ecr.endpoint().parse().unwrap();
    let clock = Arc::new(scene.clock.clone());
    let registry = Registry::new(address, credentials, clock).unwrap();
    let error = registry.push(&blog(), None, &scene.image()).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    assert!(!format!("{error:?} {error} {registry:?}").contains("hunter2"));
    assert_eq!(scene.ecr.seen().len(), 2, "tried once more, and no further");
}

#[tokio::test]
async fn a_connection_on_which_nothing_moves_is_given_up() {
    let scene = Scene::new();
    let image = scene.image();
    scene.ecr.fault(Fault::once(On::Blob(large(&image)), Effect::Silence).times(2));
    let millis = Duration::from_millis;
    let patience = Patience { first: millis(5), silence: millis(2000), ..Patience::default() };
    let address = scene.ecr.endpoint().parse().unwrap();
    let registry = Registry::new(address, scene.tokens.clone(), Arc::new(SystemClock)).unwrap();
    let registry = registry.patient(patience);
    let began = SystemClock.now();
    let pushed = registry.push(&blog(), None, &image).await.unwrap();
    let took = wpstack_core::time::between(began, SystemClock.now());
    assert!(took >= millis(4000), "{took:?}");
    // On a busy machine another one may have been given up as well, and then be found.
    assert_eq!(pushed.count(Outcome::Sent) + pushed.count(Outcome::Found), 3);
    let (large, seen) = (large(&image), scene.ecr.seen());
    let sent = seen.iter().filter(|it| it.about.as_ref() == Some(&large) && it.bytes > 0);
    assert!(sent.count() >= 3, "{seen:?}");
    assert!(scene.holds("blog", &image));
}

#[tokio::test]
async fn a_file_that_is_not_what_it_was_is_told() {
    let scene = Scene::new();
    let image = scene.image();
    let layer = scene.directory.path().join("1-1");
    std::fs::write(&layer, "short").unwrap();
    let error = scene.push(&image).await.unwrap_err();
    assert!(matches!(error, Error::Digest { .. }), "{error:?}");
    std::fs::write(&layer, vec![0; LARGE]).unwrap();
    let error = scene.push(&image).await.unwrap_err();
    assert!(matches!(error, Error::Digest { .. }), "{error:?}");
    std::fs::remove_file(&layer).unwrap();
    let error = scene.push(&image).await.unwrap_err();
    assert!(matches!(error, Error::File { .. }), "{error:?}");
    assert!(scene.ecr.repository("blog").unwrap().manifests.is_empty());
}
