use std::io::{Cursor, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::gather::GatherError;
use super::packed::unpack;
use super::*;
use crate::tree::{Kind, Tree};

const LIMITS: Limits = Limits { packed: 1 << 20, unpacked: 1 << 20, entries: 20, path: 200 };

/// An archive of entries such as `f a/b text`, `d a`, `l a target`, `h a target`, `c device`. Names are written as they
/// are, with no tool's care.
fn tar_of(entries: &[&str]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for entry in entries {
        let mut words = entry.splitn(3, ' ');
        let (kind, name) = (words.next().unwrap(), words.next().unwrap());
        let rest = words.next().unwrap_or_default();
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_mode(0o600);
        header.set_size(0);
        let mut contents = &b""[..];
        header.set_entry_type(match kind {
            "f" => {
                contents = rest.as_bytes();
                EntryType::Regular
            }
            "d" => EntryType::Directory,
            "l" => EntryType::Symlink,
            "h" => EntryType::Link,
            _ => EntryType::Char,
        });
        header.set_size(contents.len() as u64);
        if matches!(kind, "l" | "h") {
            header.set_link_name_literal(rest).unwrap();
        }
        header.set_cksum();
        tar.append(&header, contents).unwrap();
    }
    tar.into_inner().unwrap()
}

fn zip_of(entries: &[&str]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        let mut words = entry.splitn(3, ' ');
        let (kind, name) = (words.next().unwrap(), words.next().unwrap());
        let rest = words.next().unwrap_or_default();
        let options = SimpleFileOptions::default();
        match kind {
            "d" => zip.add_directory(name, options).unwrap(),
            "l" => zip.add_symlink(name, rest, options).unwrap(),
            _ => {
                zip.start_file(name, options).unwrap();
                zip.write_all(rest.as_bytes()).unwrap();
            }
        }
    }
    zip.finish().unwrap().into_inner()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

fn shown(tree: &Tree) -> Vec<String> {
    let line = |(path, node): (&crate::tree::TreePath, &crate::tree::Node)| match &node.kind {
        Kind::Directory => format!("{path}/ {:o}", node.mode),
        Kind::File(text) => format!("{path} {:o} {}", node.mode, String::from_utf8_lossy(text)),
        Kind::Symlink(target) => format!("{path} -> {target}"),
        Kind::HardLink(target) => format!("{path} = {target}"),
    };
    tree.iter().map(line).collect()
}

fn outcome(bytes: &[u8]) -> Result<Vec<String>, String> {
    match unpack(bytes, LIMITS).expect("an archive") {
        Ok(tree) => Ok(shown(&tree)),
        Err(GatherError::Refused(refused)) => {
            assert!(!refused.hint().is_empty());
            Err(refused.to_string())
        }
        Err(GatherError::Read(error)) => Err(format!("damaged: {error}")),
    }
}

#[test]
fn an_archive_of_any_kind_gives_the_same_files() {
    let entries = ["d top", "f top/a.php <?php", "d top/sub", "f top/sub/b text", "l top/c sub/b"];
    let files = ["a.php 644 <?php", "c -> sub/b", "sub/ 755", "sub/b 644 text"];
    let tar = tar_of(&entries);
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(&tar).unwrap();
    for archive in [gz(&tar), xz.finish().unwrap(), tar, zip_of(&entries)] {
        assert_eq!(outcome(&archive).unwrap(), files);
    }
    assert!(unpack(b"<!doctype html>", LIMITS).is_none());
    assert!(unpack(b"", LIMITS).is_none());
}

#[test]
fn only_a_folder_around_everything_is_left_out() {
    let check = |entries: &[&str], files: &[&str]| {
        assert_eq!(outcome(&tar_of(entries)).unwrap(), files);
        assert_eq!(outcome(&zip_of(entries)).unwrap(), files);
    };
    check(&["f a/x 1", "f b/x 2"], &["a/ 755", "a/x 644 1", "b/ 755", "b/x 644 2"]);
    check(&["f x 1"], &["x 644 1"]);
    check(&["f a/x 1", "f __MACOSX/a/._x 2", "f a/.DS_Store 3"], &["x 644 1"]);
    check(&["f ab/x 1", "f a/x 2"], &["a/ 755", "a/x 644 2", "ab/ 755", "ab/x 644 1"]);
    check(&["d a/", "f a/b/x 1"], &["b/ 755", "b/x 644 1"]);
}

#[test]
fn what_is_hostile_is_refused() {
    let many: Vec<String> = (0..30).map(|n| format!("f {n} x")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let both: [(&[&str], &str); 14] = [
        (&["f a/../../b x"], "`a/../../b` leads outside, or is no path"),
        (&["f ../b x"], "`../b` leads outside, or is no path"),
        (&["f /etc/passwd x"], "`/etc/passwd` leads outside, or is no path"),
        (&["f a//b x"], "`a//b` leads outside, or is no path"),
        (&["f a\\..\\b x"], "`a\\\\..\\\\b` has a name that not every system can have"),
        (&["f a\nb x"], "`a\\nb` has a name that not every system can have"),
        (&["f a/.wh.b x"], "`a/.wh.b` has a name that container engines take for a deletion"),
        (&["f a/b x", "f a/B y"], "`a/b` differs from `a/B` in upper and lower case only"),
        (&["f A/b x", "f a/c y"], "`a` differs from `A` in upper and lower case only"),
        (&["l a /etc", "f b x"], "`a` is a link that leads outside: to `/etc`"),
        (&["l a/b ../../etc", "f c x"], "`a/b` is a link that leads outside: to `../../etc`"),
        (&["l a b/../..", "f c x"], "`a` is a link that leads outside: to `b/../..`"),
        (&["l a b", "f a/c x", "d b"], "`a/c` stands in `a`, which is no directory"),
        (&many, "`20` makes it more than 20 files"),
    ];
    for (entries, message) in both {
        let case = message.contains("in upper and lower");
        let strip = |text: String| if case { text.replace("a/", "") } else { text };
        for archive in [tar_of(entries), zip_of(entries)] {
            let error = outcome(&archive).unwrap_err();
            assert_eq!(strip(error), strip(message.to_owned()), "{entries:?}");
        }
    }
    let tar: [(&[&str], &str); 6] = [
        (&["c null"], "`null` is neither file, directory nor link"),
        (&["f a x", "f a y"], "`a` is there twice"),
        (&["l a b", "d a"], "`a` is there twice"),
        (&["f a x", "f a/b y"], "`a/b` stands in `a`, which is no directory"),
        (&["h a /etc/passwd"], "`a` is another name of `/etc/passwd`, which is no file before it"),
        (&["h a b", "f b x"], "`a` is another name of `b`, which is no file before it"),
    ];
    for (entries, message) in tar {
        assert_eq!(outcome(&gz(&tar_of(entries))).unwrap_err(), message, "{entries:?}");
    }
    let linked = outcome(&tar_of(&["f a x", "h b a"])).unwrap();
    assert_eq!(linked, ["a 644 x", "b 644 x"]);
}

#[test]
fn a_bomb_does_not_go_off() {
    let zeros = vec![0_u8; (LIMITS.unpacked + 1) as usize];
    let mut tar = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(zeros.len() as u64);
    tar.append_data(&mut header, "zeros", &zeros[..]).unwrap();
    let large = "`zeros` makes it more than 1048576 bytes unpacked";
    assert_eq!(outcome(&gz(&tar.into_inner().unwrap())).unwrap_err(), large);

    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("zeros", SimpleFileOptions::default()).unwrap();
    zip.write_all(&zeros).unwrap();
    let mut bytes = zip.finish().unwrap().into_inner();
    assert_eq!(outcome(&bytes).unwrap_err(), large);
    // The directory's claim of a smaller size is not believed.
    let directory = bytes.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    bytes[directory + 24..directory + 28].copy_from_slice(&5_u32.to_le_bytes());
    assert!(outcome(&bytes).is_err());

    // An archive whose headers never end, though no file of it is large.
    let mut endless = tar_of(&["f a x"]);
    endless.truncate(1024);
    let mut long = Header::new_gnu();
    long.set_entry_type(EntryType::GNULongName);
    long.set_size(4 << 20);
    long.set_cksum();
    endless.extend_from_slice(long.as_bytes());
    endless.resize(6 << 20, b'a');
    let error = outcome(&gz(&endless)).unwrap_err();
    assert!(error.contains("unpacks to more than any archive should"), "{error}");
}

#[test]
fn what_is_encrypted_cut_or_flipped_is_refused() {
    let mut encrypted = zip_of(&["f secret text"]);
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = encrypted.windows(4).position(|four| four == signature).unwrap();
        encrypted[at + flags] |= 1;
    }
    assert_eq!(outcome(&encrypted).unwrap_err(), "`secret` is encrypted");

    let tar = gz(&tar_of(&["f a text", "f b text"]));
    let zip = zip_of(&["f a text", "f b text"]);
    for whole in [&tar, &zip] {
        for cut in [whole.len() / 2, whole.len() - 3] {
            assert!(outcome(&whole[..cut]).is_err(), "cut at {cut}");
        }
    }
    let mut flipped = zip.clone();
    let text = flipped.windows(4).position(|four| four == b"PK\x03\x04").unwrap() + 31;
    flipped[text] ^= 0x10;
    assert!(outcome(&flipped).is_err());
}

#[test]
fn an_archive_is_what_its_checksum_says() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a.zip");
    let bytes = zip_of(&["f a text"]);
    std::fs::write(&path, &bytes).unwrap();
    let right = crate::digest::Digest::of(&bytes).hex().parse().unwrap();
    assert_eq!(shown(&read_archive(&path, &right, LIMITS).unwrap()), ["a 644 text"]);
    let wrong = "0".repeat(64).parse().unwrap();
    let error = read_archive(&path, &wrong, LIMITS).unwrap_err();
    assert!(matches!(error, ArchiveError::Checksum { .. }), "{error}");
    let small = Limits { packed: 10, ..LIMITS };
    let error = read_archive(&path, &right, small).unwrap_err();
    assert!(matches!(error, ArchiveError::Large { most: 10, .. }), "{error}");
    let error = read_archive(&home.path().join("none"), &right, LIMITS).unwrap_err();
    assert!(matches!(error, ArchiveError::File { .. }), "{error}");
}

#[test]
fn a_directory_is_taken_without_what_belongs_to_the_machine() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    for folder in [".git", "node_modules/x", "sub", ".idea"] {
        std::fs::create_dir_all(at(folder)).unwrap();
    }
    let files =
        ["a.php", "sub/b.php", ".git/config", "node_modules/x/y.js", "a.php~", ".a.php.swp"];
    for name in files.into_iter().chain(["#a#", ".#a", ".env", ".htaccess"]) {
        std::fs::write(at(name), name).unwrap();
    }
    symlink("sub/b.php", at("c.php")).unwrap();
    std::fs::set_permissions(at("a.php"), PermissionsExt::from_mode(0o700)).unwrap();
    let expected = [
        ".htaccess 644 .htaccess",
        "a.php 644 a.php",
        "c.php -> sub/b.php",
        "sub/ 755",
        "sub/b.php 644 sub/b.php",
    ];
    assert_eq!(shown(&read_directory(home.path(), LIMITS).unwrap()), expected);

    symlink("/etc/passwd", at("sub/out")).unwrap();
    let error = read_directory(home.path(), LIMITS).unwrap_err();
    let DirectoryError::Refused { source, .. } = &error else { panic!("{error}") };
    assert_eq!(source.to_string(), "`sub/out` is a link that leads outside: to `/etc/passwd`");
    std::fs::remove_file(at("sub/out")).unwrap();

    let socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    let error = read_directory(home.path(), LIMITS).unwrap_err();
    let DirectoryError::Refused { source, .. } = &error else { panic!("{error}") };
    assert_eq!(source.to_string(), "`socket` is neither file, directory nor link");
    drop(socket);
    let error = read_directory(&at("none"), LIMITS).unwrap_err();
    assert!(error.to_string().ends_with("none could not be read"), "{error}");
}

#[test]
fn one_folder_in_a_directory_stays() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("sub")).unwrap();
    std::fs::write(home.path().join("sub/a"), "x").unwrap();
    let tree = read_directory(home.path(), LIMITS).unwrap();
    assert_eq!(shown(&tree), ["sub/ 755", "sub/a 644 x"]);
}
