use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use pgp::composed::{
    ArmorOptions, CleartextSignedMessage, KeyType, SecretKeyParamsBuilder, SignedSecretKey,
};
use pgp::ser::Serialize;
use pgp::types::Password;
use rand_for_pgp::SeedableRng;
use rand_for_pgp::rngs::StdRng;
use sha2::{Digest, Sha256};
use wpstack_core::time::VirtualClock;

use super::*;
use crate::fetch::Silent;

/// Somebody who signs.
pub(crate) struct Signer(SignedSecretKey, StdRng);

impl Signer {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut key = SecretKeyParamsBuilder::default();
        key.key_type(KeyType::Ed25519Legacy).can_sign(true).can_certify(true);
        key.primary_user_id("Archive <archive@example.com>".into());
        let key = key.build().unwrap().generate(&mut chance).unwrap();
        Self(key, chance)
    }

    pub(crate) fn keyring(&self) -> Keyring {
        let public = self.0.to_public_key().to_bytes().unwrap();
        Keyring::read(&[&public]).unwrap()
    }

    pub(crate) fn sign(&mut self, text: &str) -> String {
        let key = &self.0.primary_key;
        let signed = CleartextSignedMessage::sign(&mut self.1, text, key, &Password::empty());
        signed.unwrap().to_armored_string(ArmorOptions::default()).unwrap()
    }

    /// When the key was made, and a little more.
    pub(crate) fn now(&self) -> Timestamp {
        use pgp::types::KeyDetails;
        let made = i64::from(self.0.primary_key.created_at().as_secs());
        Timestamp::from_second(made + 60).unwrap()
    }

    /// Writes a suite with one list.
    pub(crate) fn suite(&mut self, base: &Path, suite: &str, list: &str, text: &str) {
        let mut xz = Vec::new();
        let _size = liblzma::read::XzEncoder::new(text.as_bytes(), 1).read_to_end(&mut xz).unwrap();
        let directory = base.join("dists").join(suite);
        let path = directory.join(format!("{list}.xz"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let date = self.now().strftime("%a, %d %b %Y %H:%M:%S UTC").to_string();
        let sum = format!("{:x}", Sha256::digest(&xz));
        let release =
            format!("Codename: {suite}\nDate: {date}\nSHA256:\n {sum} {} {list}.xz\n", xz.len());
        std::fs::write(path, xz).unwrap();
        std::fs::write(directory.join("InRelease"), self.sign(&release)).unwrap();
    }
}

pub(crate) fn fetcher(cache: &Path, now: Timestamp) -> Fetcher {
    let clock = Arc::new(VirtualClock::starting_at(now));
    Fetcher::new(cache.join("cache"), clock, Arc::new(Silent)).unwrap()
}

pub(crate) fn debian(base: &Path) -> Debian {
    let base = base.to_str().unwrap().to_owned();
    let mirror = Mirror::Live { main: base.clone(), security: base };
    Debian { mirror, ..Debian::default() }
}

const SUITES: [&str; 3] = ["trixie", "trixie-updates", "trixie-security"];
const LIST: &str = "main/binary-amd64/Packages";

/// What becomes of an archive after `harm` was done to it.
async fn read(harm: impl FnOnce(&Path, &mut Signer)) -> Result<Vec<Listing>, RepositoryError> {
    let directory = tempfile::tempdir().unwrap();
    let mut signer = Signer::new(1);
    for suite in SUITES {
        signer.suite(directory.path(), suite, LIST, "Package: a\nVersion: 1\n");
    }
    harm(directory.path(), &mut signer);
    let fetcher = fetcher(directory.path(), signer.now());
    listings(&debian(directory.path()), LIST, &signer.keyring(), &fetcher).await
}

#[test]
fn the_keys_of_debian_are_read() {
    assert_eq!(format!("{:?}", Keyring::debian().unwrap()).matches("SignedPublicKey {").count(), 3);
}

#[tokio::test]
async fn an_archive_that_is_signed_is_read() {
    let listings = read(|_, _| {}).await.unwrap();
    assert_eq!(listings.len(), 3);
    assert!(listings.iter().all(|listing| listing.index.named("a").count() == 1));
}

#[tokio::test]
async fn a_release_that_was_changed_is_refused() {
    let error = read(|base, _| {
        let path = base.join("dists/trixie/InRelease");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, text.replace("Codename", "Other: x\nCodename")).unwrap();
    });
    let error = error.await.unwrap_err();
    let untrusted = SignatureError::Untrusted.to_string();
    assert!(
        matches!(&error, RepositoryError::Signature { source, .. }
        if source.to_string() == untrusted),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_signature_of_somebody_else_is_refused() {
    let error = read(|base, _| Signer::new(2).suite(base, "trixie", LIST, "Package: evil\n")).await;
    let error = error.unwrap_err();
    assert!(
        matches!(error, RepositoryError::Signature { source: SignatureError::Untrusted, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn text_around_the_signed_text_is_not_believed() {
    for around in [("Package: evil\n\n", ""), ("", "\nPackage: evil\n")] {
        let error = read(|base, _| {
            let path = base.join("dists/trixie/InRelease");
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(path, format!("{}{text}{}", around.0, around.1)).unwrap();
        });
        let error = error.await.unwrap_err();
        assert!(
            matches!(error, RepositoryError::Signature { source: SignatureError::Form(_), .. }),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_list_that_was_changed_is_refused() {
    let error = read(|base, _| {
        std::fs::write(base.join("dists/trixie").join(format!("{LIST}.xz")), "evil").unwrap();
    });
    let error = error.await.unwrap_err();
    assert!(matches!(error, RepositoryError::Fetch(_)), "{error:?}");
}

#[test]
fn what_debian_signed_is_believed_for_as_long_as_its_keys_live() {
    let keys = Keyring::debian().unwrap();
    let signed = include_str!("testdata/InRelease");
    let verify = |at: &str| keys.verify(signed, at.parse().unwrap());
    let text = verify("2026-11-23T00:00:00Z").unwrap();
    assert!(text.starts_with("Origin: Debian\n") && !text.contains("PGP"), "{text}");
    let expired = verify("2036-01-01T00:00:00Z").unwrap_err();
    assert!(matches!(expired, SignatureError::Expired(_)), "{expired:?}");
    // Signed in the future: a clock is wrong, or somebody lies.
    assert!(matches!(verify("2025-04-01T00:00:00Z"), Err(SignatureError::Expired(_))));
    let changed = signed.replacen("Origin: Debian", "Origin: debian", 1);
    let error = keys.verify(&changed, "2026-11-23T00:00:00Z".parse().unwrap()).unwrap_err();
    assert!(matches!(error, SignatureError::Untrusted), "{error:?}");
}
