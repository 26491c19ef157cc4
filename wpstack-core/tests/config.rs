//! What a person is told about `wpstack.toml`: every file of `fixtures/config` is bad, and its
//! snapshot is what it is answered with. The old system's own configuration is good.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use wpstack_core::wordpress::{Config, ImageSource, Problem, Problems};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Every key of the file, from its JSON Schema.
fn known_keys() -> BTreeSet<String> {
    let schema = Config::schema();
    let mut keys = BTreeSet::new();
    for (name, property) in schema["properties"].as_object().expect("an object") {
        keys.insert(name.clone());
        let target = property["$ref"].as_str().and_then(|to| schema.pointer(to.strip_prefix('#')?));
        let below = target.unwrap_or(property)["properties"].as_object();
        keys.extend(below.into_iter().flatten().map(|(below, _)| format!("{name}.{below}")));
    }
    keys
}

/// Asserts what holds of each problem, whatever it is about.
fn check(problem: &Problem, text: &str) {
    let Problem { span, key, message, help } = problem;
    assert!(text.get(span.clone()).is_some(), "{problem:?} is outside the text");
    assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
    assert!(!help.ends_with('.') && !help.contains('\n'), "{help}");
    let keys = known_keys();
    let plain = key.split_once('[').map_or(&**key, |(list, _)| list);
    let is_known = keys.contains(plain) || plain.starts_with("tags.");
    assert!(is_known || key.is_empty() || message.starts_with("unknown "), "no key: {problem:?}");
}

/// The problems with the pieces of text that they point at.
fn shown(problems: &Problems) -> String {
    let lines = problems.to_string();
    let pieces = problems.iter().map(|problem| &problems.text()[problem.span.clone()]);
    lines.lines().zip(pieces).map(|(line, piece)| format!("{line}\n    {piece:?}\n")).collect()
}

#[test]
fn bad_files_are_answered_with_all_that_is_wrong() {
    let mut files: Vec<_> = fs::read_dir(fixtures().join("config"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 20, "the fixtures are gone");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let problems = Config::parse(&text).expect_err("the fixtures are bad");
        problems.iter().for_each(|problem| check(problem, &text));
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        insta::with_settings!({ description => text, omit_expression => true }, {
            insta::assert_snapshot!(name, shown(&problems));
        });
    }
}

#[test]
fn the_old_systems_configuration_is_good() {
    let text = fs::read_to_string(fixtures().join("seed.toml")).unwrap();
    let config = Config::parse(&text).unwrap();
    let instances = &config.instances;
    assert_eq!((instances.min, instances.desired, instances.max), (1, 2, 3));
    assert_eq!(instances.instance_type.to_string(), "t2.micro");
    let zones: Vec<_> = config.network.zones.iter().map(ToString::to_string).collect();
    assert_eq!(zones, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]);
    let public: Vec<_> =
        config.network.subnets().iter().map(|subnets| subnets.public.to_string()).collect();
    assert_eq!(public, ["10.11.0.0/24", "10.11.1.0/24", "10.11.2.0/24"]);
    let ImageSource::Pushed { repository, tag } = config.image.source(&config.name).unwrap() else {
        panic!("the image comes from the stack's own repository");
    };
    assert_eq!((repository.as_str(), tag.as_str()), ("skbelli/wordpress", "latest"));
}
