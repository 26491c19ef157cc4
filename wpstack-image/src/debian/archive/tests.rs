use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

use super::*;

/// Makes the part `data.tar` of a package: each file as `type path contents-or-target`.
fn tarball(files: &str) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for file in files.split(';').map(str::trim).filter(|file| !file.is_empty()) {
        let mut words = file.split_whitespace();
        let (kind, path, text) = (words.next().unwrap(), words.next().unwrap(), words.next());
        let text = text.unwrap_or_default();
        let mut header = Header::new_gnu();
        header.set_mode(if kind == "setuid" { 0o4755 } else { 0o644 });
        header.set_uid(7);
        header.set_gid(8);
        header.set_entry_type(match kind {
            "dir" => EntryType::Directory,
            "link" => EntryType::Symlink,
            "hard" => EntryType::Link,
            "block" => EntryType::Block,
            "char" => EntryType::Char,
            "pipe" => EntryType::Fifo,
            _ => EntryType::Regular,
        });
        // Names as bytes: the crate's own methods refuse what hostile archives have.
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        let is_link = matches!(kind, "link" | "hard");
        if is_link {
            header.as_mut_bytes()[157..157 + text.len()].copy_from_slice(text.as_bytes());
        }
        let contents = if is_link { "" } else { text };
        header.set_size(if kind == "huge" { FILE_LIMIT + 1 } else { contents.len() as u64 });
        header.set_cksum();
        builder.append(&header, contents.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn package(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ar::Builder::new(Vec::new());
    for (name, bytes) in parts {
        let header = ar::Header::new(name.as_bytes().to_vec(), bytes.len() as u64);
        archive.append(&header, bytes.as_slice()).unwrap();
    }
    archive.into_inner().unwrap()
}

pub(crate) fn deb(control: &str, data: &str) -> Vec<u8> {
    package(&[
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar", tarball(control)),
        ("data.tar", tarball(data)),
    ])
}

fn show(package: &[u8]) -> String {
    let unpacked = match unpack(package) {
        Ok(unpacked) => unpacked,
        Err(error) => return format!("error: {error}"),
    };
    let shown = unpacked.files.iter().map(|(path, node)| match &node.kind {
        Kind::Directory => format!("{path}/"),
        Kind::File(contents) => format!("{path} {}", String::from_utf8_lossy(contents)),
        Kind::Symlink(target) => format!("{path} -> {target}"),
        Kind::HardLink(target) => format!("{path} = {target}"),
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn check(data: &str, answer: &str) {
    assert_eq!(show(&deb("", data)), answer, "{data}");
}

#[test]
fn files_and_links_come_as_they_are() {
    check(
        "dir ./; dir ./etc/; file ./etc/x text; link ./etc/y ../x",
        "etc/, etc/x text, etc/y -> ../x",
    );
    check("file ./usr/bin/a 1; hard ./usr/bin/b ./usr/bin/a", "usr/bin/a 1, usr/bin/b = usr/bin/a");
}

#[test]
fn what_lies_in_old_places_is_moved() {
    check("file ./lib/a 1; hard ./bin/b ./lib/a", "usr/lib/a 1, usr/bin/b = usr/lib/a");
    check("link ./lib64 usr/lib64; file ./libx/a 1", "lib64 -> usr/lib64, libx/a 1");
}

#[test]
fn no_path_leads_outside() {
    for path in ["../x", "./a/../../x", "a/./b", "a//b"] {
        let no_path = "is no path for a file of an image: it leads outside, or is empty";
        check(&format!("file {path} 1"), &format!("error: `{path}` {no_path}"));
        check(&format!("hard a {path}"), &format!("error: `{path}` {no_path}"));
    }
    // An absolute path is one inside, as dpkg takes it.
    check("file /etc/x 1", "etc/x 1");
}

#[test]
fn devices_and_pipes_are_refused() {
    check("block ./x", "error: `x` is a device, which no image may have");
    check("char ./dev/x", "error: `dev/x` is a device, which no image may have");
    check("pipe ./x", "error: `x` is a pipe, which no image may have");
    check("link ./x", "error: `x` is a link to nothing, which no image may have");
}

#[test]
fn nobody_gets_other_rights() {
    let unpacked = unpack(deb("", "setuid ./usr/bin/su 1").as_slice()).unwrap();
    let (_, node) = &unpacked.files[0];
    assert_eq!((node.mode, node.user, node.group), (0o755, 7, 8));
}

#[test]
fn sizes_are_limited() {
    check("huge ./x", "error: `x` is larger than anything that Debian has");
}

#[test]
fn scripts_of_an_installation_are_kept_and_no_others() {
    let control = "file ./control Package:x; file ./postinst one; file ./prerm two";
    let unpacked = unpack(deb(control, "").as_slice()).unwrap();
    assert_eq!(unpacked.scripts, [("postinst".to_owned(), "one".to_owned())].into());
}

#[test]
fn every_compression_of_debian_is_read_and_no_other() {
    let data = tarball("file ./x text");
    let gz = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&data).unwrap();
        encoder.finish().unwrap()
    };
    let mut xz = Vec::new();
    let _read = liblzma::read::XzEncoder::new(data.as_slice(), 1).read_to_end(&mut xz).unwrap();
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let zst = ruzstd::encoding::compress_to_vec(data.as_slice(), level);
    let with = |name: &str, data: &[u8]| {
        package(&[
            ("debian-binary", b"2.0\n".to_vec()),
            ("control.tar", tarball("")),
            (name, data.to_vec()),
        ])
    };
    for (name, data) in [("data.tar.gz", &gz), ("data.tar.xz", &xz), ("data.tar.zst", &zst)] {
        assert_eq!(show(&with(name, data)), "x text", "{name}");
        // Cut off anywhere, it is damaged, and never a package with fewer files.
        assert_eq!(show(&with(name, &data[..data.len() / 2])), "error: it is damaged", "{name}");
    }
    let answer = "error: its part `data.tar.bz2` is compressed in a way that is not known";
    assert_eq!(show(&with("data.tar.bz2", &gz)), answer);
}

#[test]
fn what_is_no_package_is_refused() {
    assert_eq!(show(b"hello"), "error: it is damaged");
    assert_eq!(show(b"!<arch>\n"), "error: it has no `debian-binary`");
    let version = ("debian-binary", b"2.0\n".to_vec());
    assert_eq!(show(&package(std::slice::from_ref(&version))), "error: it has no `control.tar`");
    let control = ("control.tar", tarball(""));
    assert_eq!(show(&package(&[version, control])), "error: it has no `data.tar`");
    let whole = deb("", "file ./x some-text");
    assert_eq!(show(&whole[..whole.len() - 1536]), "error: it is damaged");
}
