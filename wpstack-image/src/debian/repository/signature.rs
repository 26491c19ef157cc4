//! Who signed what a repository offers.

use jiff::Timestamp;
use pgp::composed::{CleartextSignedMessage, Deserializable, SignedPublicKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::Signature;
use pgp::types::{KeyDetails, VerifyingKey};

/// The keys of Debian 13's archive, of its security archive, and of its stable releases: from Debian's package
/// `debian-archive-keyring`.
const DEBIAN: [&[u8]; 3] = [
    include_bytes!("keys/debian-archive-trixie-automatic.gpg"),
    include_bytes!("keys/debian-archive-trixie-security-automatic.gpg"),
    include_bytes!("keys/debian-archive-trixie-stable.gpg"),
];

/// How far the clocks of two machines may differ.
pub(super) const SKEW: i64 = 86_400;

/// Keys whose signatures are believed.
#[derive(Clone, Debug)]
pub struct Keyring(Vec<SignedPublicKey>);

/// A signed text is not to be believed.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// It is no text with signatures.
    #[error("it is no signed text")]
    Form(#[source] pgp::errors::Error),
    /// A key cannot be read.
    #[error("a key of the keyring cannot be read")]
    Key(#[source] pgp::errors::Error),
    /// None of its signatures is good.
    #[error("no signature on it is a good one of a key that is believed")]
    Untrusted,
    /// The signature is good, and the key or the signature has expired.
    #[error("it was signed by a key, or with a signature, that had expired at {0}")]
    Expired(Timestamp),
}

impl Keyring {
    /// The keys of Debian's archive.
    ///
    /// # Errors
    /// Never, as a test shows; the keys are data that is read.
    pub fn debian() -> Result<Self, SignatureError> {
        Self::read(&DEBIAN)
    }

    /// The keys in these files, which are binary as `gpg --export` writes them.
    ///
    /// # Errors
    /// When one cannot be read, or its parts do not belong together.
    pub fn read(files: &[&[u8]]) -> Result<Self, SignatureError> {
        let mut keys = Vec::new();
        for file in files {
            for key in SignedPublicKey::from_bytes_many(*file).map_err(SignatureError::Key)? {
                keys.push(own(key.map_err(SignatureError::Key)?).map_err(SignatureError::Key)?);
            }
        }
        Ok(Self(keys))
    }

    /// The text without its signatures, if at least one of them is good at that moment.
    ///
    /// # Errors
    /// When none is.
    pub fn verify(&self, signed: &str, at: Timestamp) -> Result<String, SignatureError> {
        let (message, _) =
            CleartextSignedMessage::from_string(signed).map_err(SignatureError::Form)?;
        let text = message.signed_text();
        let mut expired = false;
        for signature in message.signatures() {
            match self.judge(signature, &text, at) {
                Some(true) => return Ok(text.replace("\r\n", "\n")),
                Some(false) => expired = true,
                None => {}
            }
        }
        Err(if expired { SignatureError::Expired(at) } else { SignatureError::Untrusted })
    }

    /// Whether a good signature has not expired. Nothing when it is not good.
    fn judge(&self, signature: &Signature, text: &str, at: Timestamp) -> Option<bool> {
        let strong = [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512];
        if !signature.hash_alg().is_some_and(|hash| strong.contains(&hash)) {
            return None;
        }
        let at = at.as_second();
        let created = i64::from(signature.created()?.as_secs());
        let lasts = signature.signature_expiration_time().map(|time| i64::from(time.as_secs()));
        let fresh = created <= at + SKEW && lasts.is_none_or(|lasts| at <= created + lasts);
        self.0
            .iter()
            .find_map(|key| signed_by(key, signature, text, at))
            .map(|valid| valid && fresh)
    }
}

/// The key without what others certified about it, which says nothing here, and with every binding verified.
fn own(mut key: SignedPublicKey) -> Result<SignedPublicKey, pgp::errors::Error> {
    let (id, fingerprint) = (key.primary_key.legacy_key_id(), key.primary_key.fingerprint());
    for user in &mut key.details.users {
        user.signatures.retain(|signature| {
            signature.issuer_key_id().contains(&&id)
                || signature.issuer_fingerprint().contains(&&fingerprint)
        });
    }
    key.verify_bindings()?;
    Ok(key)
}

/// Whether the key that made the signature was valid at that moment. Nothing when another key made it.
fn signed_by(key: &SignedPublicKey, signature: &Signature, text: &str, at: i64) -> Option<bool> {
    let revoked = !key.details.revocation_signatures.is_empty();
    let details = &key.details;
    let own: Vec<_> = details.users.iter().flat_map(|user| &user.signatures).collect();
    let own: Vec<_> = own.into_iter().chain(&details.direct_signatures).collect();
    let primary_valid = !revoked && is_valid(&key.primary_key, &own, at);
    if made(&key.primary_key, signature, text) {
        return Some(primary_valid && newest(&own).is_some_and(|own| own.key_flags().sign()));
    }
    key.public_subkeys.iter().find(|subkey| made(&subkey.key, signature, text)).map(|subkey| {
        let bindings: Vec<_> = subkey.signatures.iter().collect();
        let signs = newest(&bindings).is_some_and(|binding| binding.key_flags().sign());
        primary_valid && signs && is_valid(&subkey.key, &bindings, at)
    })
}

fn made(key: &impl VerifyingKey, signature: &Signature, text: &str) -> bool {
    signature.verify(key, text.as_bytes()).is_ok()
}

/// Whether the key exists and has not expired, as the newest word of its owner says.
fn is_valid(key: &impl KeyDetails, own: &[&Signature], at: i64) -> bool {
    use pgp::packet::SignatureType::{CertRevocation, SubkeyRevocation};
    let created = i64::from(key.created_at().as_secs());
    let lasts = newest(own).and_then(|own| own.key_expiration_time());
    let revoked =
        own.iter().any(|own| matches!(own.typ(), Some(CertRevocation | SubkeyRevocation)));
    !revoked
        && created <= at + SKEW
        && lasts.is_none_or(|lasts| at <= created + i64::from(lasts.as_secs()))
}

fn newest<'s>(own: &[&'s Signature]) -> Option<&'s Signature> {
    own.iter().copied().max_by_key(|signature| signature.created())
}
