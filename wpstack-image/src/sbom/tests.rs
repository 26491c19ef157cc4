use super::*;
use crate::digest::Digest;

fn package(
    name: &str,
    version: &str,
    source: Option<&str>,
    source_version: Option<&str>,
) -> Package {
    Package {
        name: name.to_owned(),
        version: version.to_owned(),
        architecture: "amd64".to_owned(),
        source: source.map(str::to_owned),
        source_version: source_version.map(str::to_owned),
        checksum: None,
    }
}

fn materials() -> Materials {
    let checksum: Checksum = "1".repeat(64).parse().unwrap();
    let url = "https://example.com/shop.zip".to_owned();
    let archive = Source::Archive { url: url.clone(), checksum: checksum.clone() };
    Materials {
        distribution: ("debian".to_owned(), "13".to_owned()),
        packages: vec![
            package("libstdc++6", "14.2.0-19", Some("gcc-14"), None),
            package("base-files", "13.8+deb13u1", None, None),
            package("passwd", "1:4.17.4-2", Some("shadow"), Some("1:4.17")),
        ],
        wordpress: WordPress { version: "6.8.3".to_owned(), url: Some(url), checksum },
        extensions: vec![
            Added {
                kind: ExtensionKind::Plugin,
                name: "shop".to_owned(),
                version: Some("1.0 beta".to_owned()),
                source: archive.clone(),
            },
            Added {
                kind: ExtensionKind::Theme,
                name: "plain".to_owned(),
                version: None,
                source: Source::Directory("/people/me/plain".into()),
            },
        ],
        language: Some(("de_DE".to_owned(), archive)),
    }
}

#[test]
fn the_bill_names_everything_by_its_url() {
    let image = Digest::of(b"image");
    let bill = render(&materials(), "wordpress", &image, "1970-01-01T00:00:00Z");
    let value: serde_json::Value = serde_json::from_slice(&bill.bytes).unwrap();
    let purls: Vec<_> = value["components"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["purl"].as_str())
        .collect();
    let expected = [
        "pkg:deb/debian/base-files@13.8%2Bdeb13u1?arch=amd64&distro=debian-13",
        "pkg:deb/debian/libstdc%2B%2B6@14.2.0-19?arch=amd64&distro=debian-13&upstream=gcc-14",
        "pkg:deb/debian/passwd@1%3A4.17.4-2?arch=amd64&distro=debian-13&upstream=shadow%401%253A4.17",
        "pkg:generic/wordpress-language/de_DE",
        "pkg:generic/wordpress-plugin/shop@1.0%20beta",
        "pkg:generic/wordpress-theme/plain",
        "pkg:generic/wordpress@6.8.3",
    ];
    assert_eq!(purls, expected);
    assert_eq!(value["specVersion"], "1.5");
    assert_eq!(value["metadata"]["timestamp"], "1970-01-01T00:00:00Z");
    assert!(!String::from_utf8_lossy(&bill.bytes).contains("/people/me"));
}

#[test]
fn the_order_of_packages_makes_no_difference_and_the_image_does() {
    let render = |materials: &Materials, image: &[u8]| {
        render(materials, "wordpress", &Digest::of(image), "1970-01-01T00:00:00Z")
    };
    let mut turned = materials();
    turned.packages.reverse();
    turned.extensions.reverse();
    assert_eq!(render(&turned, b"image"), render(&materials(), b"image"));
    let serial = |bill: &crate::oci::Document| {
        let value: serde_json::Value = serde_json::from_slice(&bill.bytes).unwrap();
        value["serialNumber"].as_str().unwrap().to_owned()
    };
    let one = serial(&render(&materials(), b"image"));
    assert_ne!(one, serial(&render(&materials(), b"other")));
    let shape: String = one.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
    assert_eq!(&shape[9..], "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "{one}");
    assert_eq!((&one[23..24], &one[28..29]), ("8", "8"));
}
