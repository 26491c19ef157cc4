//! Whom to believe.

use crate::tree::{Kind, Tree};

use super::{SettleError, link};

const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Makes the bundle of all certificates, as `update-ca-certificates` would, and leads OpenSSL to it. Links by hash
/// are left out: whoever reads the bundle has all of them.
pub(super) fn settle(tree: &mut Tree) -> Result<(), SettleError> {
    let mut bundle = Vec::new();
    for (path, node) in tree.iter() {
        let path = path.as_str();
        if let Kind::File(certificate) = &node.kind
            && path.starts_with("usr/share/ca-certificates/")
            && path.ends_with(".crt")
        {
            bundle.extend_from_slice(certificate.trim_ascii_end());
            bundle.push(b'\n');
        }
    }
    if bundle.is_empty() {
        return Ok(());
    }
    tree.file(BUNDLE.parse()?, bundle);
    // The package openssl would bring these two. Without them OpenSSL, and so PHP, believes nobody.
    link(tree, "usr/lib/ssl/cert.pem", BUNDLE)?;
    link(tree, "usr/lib/ssl/certs", "/etc/ssl/certs")
}
