//! Digests, as text.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The digest of several values. Where one ends and the next begins counts.
pub(crate) fn of_all<T: Serialize>(values: impl IntoIterator<Item = T>) -> String {
    let mut digest = Sha256::new();
    for value in values {
        // Writing to a digest does not fail, and what has come from JSON becomes JSON again.
        drop(serde_json::to_writer(&mut digest, &value));
        digest.update("\n");
    }
    hex(&digest.finalize())
}

/// The bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
