//! A bill of materials in CycloneDX's JSON: <https://cyclonedx.org/docs/1.5/json/>.

use serde::Serialize;
use wpstack_core::image::Source;
use wpstack_core::value::Checksum;

use super::{Added, Materials, Package, WordPress};
use crate::digest::Digest;
use crate::oci::Document;
use crate::wordpress::ExtensionKind;

/// The format.
pub const MEDIA_TYPE: &str = "application/vnd.cyclonedx+json";
/// The licence of WordPress, of every plugin and theme in its directory, and of its translations.
const GPL: &str = "GPL-2.0-or-later";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom {
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u8,
    metadata: Metadata,
    components: Vec<Component>,
}

#[derive(Serialize)]
struct Metadata {
    timestamp: String,
    component: Component,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Component {
    r#type: &'static str,
    #[serde(rename = "bom-ref")]
    reference: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<License>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpe: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_references: Vec<Reference>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
struct License {
    license: LicenseId,
}

#[derive(Serialize)]
struct LicenseId {
    id: &'static str,
}

#[derive(Serialize)]
struct Reference {
    r#type: &'static str,
    url: String,
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

/// The bill of materials of the image with that digest, named as `name`. Equal images have equal bills: the serial
/// number comes from the digest, and the time is the recipe's.
#[must_use]
pub fn render(materials: &Materials, name: &str, image: &Digest, created: &str) -> Document {
    let Materials { distribution, packages, wordpress, extensions, language } = materials;
    let mut components = vec![operating_system(distribution), core(wordpress)];
    components.extend(language.iter().map(|(locale, source)| translation(locale, source)));
    components.extend(extensions.iter().map(extension));
    components.extend(packages.iter().map(|package| debian(package, &distribution.1)));
    components.sort_by(|one, other| one.reference.cmp(&other.reference));
    components.dedup_by(|one, other| one.reference == other.reference);
    let component = Component {
        r#type: "container",
        reference: image.to_string(),
        name: name.to_owned(),
        version: Some(image.to_string()),
        ..Component::default()
    };
    let bom = Bom {
        bom_format: "CycloneDX",
        spec_version: "1.5",
        serial_number: serial_number(image),
        version: 1,
        metadata: Metadata { timestamp: created.to_owned(), component },
        components,
    };
    Document::new(MEDIA_TYPE, &bom)
}

fn operating_system((name, version): &(String, String)) -> Component {
    Component {
        r#type: "operating-system",
        reference: format!("os:{name}@{version}"),
        name: name.clone(),
        version: Some(version.clone()),
        ..Component::default()
    }
}

fn core(WordPress { version, url, checksum }: &WordPress) -> Component {
    let purl = format!("pkg:generic/wordpress@{}", escaped(version));
    Component {
        r#type: "application",
        reference: purl.clone(),
        name: "WordPress".to_owned(),
        version: Some(version.clone()),
        hashes: vec![sha256(checksum)],
        licenses: vec![License { license: LicenseId { id: GPL } }],
        cpe: Some(format!("cpe:2.3:a:wordpress:wordpress:{version}:*:*:*:*:*:*:*")),
        purl: Some(purl),
        external_references: url.iter().map(|url| distribution(url)).collect(),
        properties: Vec::new(),
    }
}

fn extension(added: &Added) -> Component {
    let kind = match added.kind {
        ExtensionKind::Plugin => "wordpress-plugin",
        ExtensionKind::Theme => "wordpress-theme",
    };
    let version = added.version.as_deref().map(|version| format!("@{}", escaped(version)));
    let purl = format!("pkg:generic/{kind}/{}{}", added.name, version.unwrap_or_default());
    let version = added.version.clone();
    from(&added.source, Component { version, ..library(purl, added.name.clone()) })
}

fn translation(locale: &str, source: &Source) -> Component {
    let purl = format!("pkg:generic/wordpress-language/{locale}");
    from(source, library(purl, locale.to_owned()))
}

fn debian(package: &Package, release: &str) -> Component {
    let Package { name, version, architecture, source, source_version, checksum } = package;
    let upstream = match (source.as_deref(), source_version) {
        (None, None) => String::new(),
        (source, None) => format!("&upstream={}", escaped(source.unwrap_or(name))),
        (source, Some(version)) => {
            let source = escaped(source.unwrap_or(name));
            format!("&upstream={source}%40{}", escaped(version).replace('%', "%25"))
        }
    };
    let (path, version_part) = (escaped(name), escaped(version));
    let purl = format!(
        "pkg:deb/debian/{path}@{version_part}?arch={architecture}&distro=debian-{release}{upstream}"
    );
    Component {
        version: Some(version.clone()),
        hashes: checksum.iter().map(sha256).collect(),
        ..library(purl, name.clone())
    }
}

fn library(purl: String, name: String) -> Component {
    let reference = purl.clone();
    Component { r#type: "library", reference, name, purl: Some(purl), ..Component::default() }
}

fn from(source: &Source, component: Component) -> Component {
    match source {
        Source::Archive { url, checksum } => {
            let hashes = vec![sha256(checksum)];
            Component { hashes, external_references: vec![distribution(url)], ..component }
        }
        // Which directory is this machine's business.
        Source::Directory(_) => {
            let local = Property { name: "wpstack:source", value: "directory".to_owned() };
            Component { properties: vec![local], ..component }
        }
    }
}

fn distribution(url: &str) -> Reference {
    Reference { r#type: "distribution", url: url.to_owned() }
}

fn sha256(checksum: &Checksum) -> Hash {
    Hash { alg: "SHA-256", content: checksum.to_string() }
}

/// A UUID of version 8, which is for numbers made in one's own way, of the digest's first bytes.
fn serial_number(digest: &Digest) -> String {
    let hex = digest.hex();
    let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32]);
    format!("urn:uuid:{a}-{b}-8{c}-8{d}-{e}")
}

/// Text as a part of a package's URL.
fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}
