//! Every text of the configuration, with what a shell, a terminal, a path or a person takes for something else.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use toml::Value;

use super::super::{Key, Section};
use crate::legible;
use crate::wordpress::{Config, Problem, Problems, stack_with};

const HOSTILE: &[&str] = &[
    "$(id)",
    "`id`",
    "${IFS}",
    "; id",
    ";id",
    "|id",
    "&&id",
    "\nid\n",
    "\r\n",
    "\t",
    "'",
    "\"",
    "\\",
    "\\n",
    "<b>",
    "{{x}}",
    "#",
    "*",
    "%0a",
    " ",
    "/",
    "../..",
    "/../",
    "./",
    "~/",
    "\0",
    "\u{1b}[2J",
    "\u{7f}",
    "\u{9b}2J",
    "\u{202e}gpj",
    "\u{2066}",
    "\u{200b}",
    "\u{feff}",
    "\u{2028}",
    "\u{e0041}",
    "ａ",
    "а",
];

/// What is taken all the same, and why nothing comes of it: key, texts, the only fields that the text is found in.
const INERT: &[(&str, &[&str], &[&str])] = &[
    // A path is asked for by the load balancer, which is told it as a value of the API.
    (
        "health_check.path",
        &["$(id)", ";id", "&&id", "'", "*", "%0a", "/", "../..", "/../", "./", "~/"],
        &["health_check"],
    ),
    // Slashes and dots are between and in names; none of these is a step upwards.
    ("state.s3.key", &["/", "../..", "./"], &[]),
    // KMS is told it as a value of the API.
    ("state.s3.kms_key", &["/"], &[]),
    // Letters of any language, which AWS takes in tags.
    ("tags", &[" ", "/", "../..", "/../", "./", "ａ", "а"], &["tags"]),
    // Names of repositories have segments.
    ("image.repository", &["/"], &["name"]),
    // Between quotes, PHP takes these for themselves.
    ("image.build.php.ini", QUOTED, &["recipe", "tag"]),
    // What is asked for, as it stands, of the mirror that it names.
    ("image.build.mirror", &["/", "./", "~/"], &["recipe", "tag"]),
    ("image.build.security_mirror", &["/", "./", "~/"], &["recipe", "tag"]),
    // Paths of this machine are opened as they stand; no shell sees them. What can be seen may be in one.
    ("image.build.files", PATHS, &["recipe", "tag"]),
    ("image.build.language", PATHS, &["recipe", "tag"]),
    ("image.build.plugins", PATHS, &["recipe", "tag"]),
    ("image.build.themes", PATHS, &["recipe", "tag"]),
];

const QUOTED: &[&str] =
    &["|id", "&&id", "<b>", "{{x}}", "#", "*", "%0a", " ", "/", "../..", "/../", "./", "~/"];

const PATHS: &[&str] = &[
    "$(id)", "`id`", "${IFS}", "; id", ";id", "|id", "&&id", "'", "\"", "\\", "\\n", "<b>",
    "{{x}}", "#", "*", "%0a", " ", "/", "../..", "/../", "./", "~/", "ａ", "а",
];

/// The keys that have no keys below, as `section.key`.
fn leaves(keys: &'static [Key], at: &str) -> Vec<(String, &'static str)> {
    let path = |key: &Key| {
        if at.is_empty() { key.name.to_owned() } else { format!("{at}.{}", key.name) }
    };
    let below = keys.iter().flat_map(|key| match key.keys {
        [] => vec![(path(key), key.example)],
        keys => leaves(keys, &path(key)),
    });
    below.collect()
}

fn every_key() -> Vec<(String, Value)> {
    let example = |text: &str| {
        // The one example that says what it means in words.
        let text = text.replace("<64 digits>", &"a".repeat(64));
        let table: toml::Table = format!("it = {text}").parse().unwrap();
        table["it"].clone()
    };
    let leaves = leaves(<Config as Section>::KEYS, "");
    leaves.into_iter().map(|(path, text)| (path, example(text))).collect()
}

/// The example with the text in place of a text in it, before, in and behind it.
fn with(example: &Value, hostile: &str) -> Vec<Value> {
    match example {
        Value::Array(items) => {
            let with = with(items.first().unwrap(), hostile).into_iter();
            with.map(|item| Value::Array(vec![item])).collect()
        }
        Value::Table(pairs) => {
            let (key, value) = pairs.iter().next().unwrap();
            let pair = |key: &str, value: Value| {
                Value::Table([(key.to_owned(), value)].into_iter().collect())
            };
            let keys = texts(key, hostile).into_iter().map(|key| pair(&key, value.clone()));
            let values = with(value, hostile).into_iter().map(|value| pair(key, value));
            keys.chain(values).collect()
        }
        Value::String(text) => texts(text, hostile).into_iter().map(Value::String).collect(),
        bare => texts(&bare.to_string(), hostile).into_iter().map(Value::String).collect(),
    }
}

fn texts(good: &str, hostile: &str) -> [String; 4] {
    let middle = good.len() / 2;
    [
        hostile.to_owned(),
        format!("{good}{hostile}"),
        format!("{hostile}{good}"),
        format!("{}{hostile}{}", &good[..middle], &good[middle..]),
    ]
}

fn file(path: &str, value: &Value) -> String {
    let needed = match path {
        "state.s3.bucket" => "",
        "image.build.language" => "image.build.locale = \"de_DE\"\n",
        "image.build.locale" => "image.build.language = \"languages\"\n",
        "image.build.mirror" => {
            "image.build.security_mirror = \"http://deb.debian.org/debian-security\"\n"
        }
        "image.build.security_mirror" => "image.build.mirror = \"http://deb.debian.org/debian\"\n",
        path if path.starts_with("state.s3.") => "state.s3.bucket = \"team-states\"\n",
        _ => "",
    };
    format!("{needed}{path} = {value}\n")
}

/// The outermost fields in which the specs of two stacks differ.
fn differing(one: &Config, other: &Config) -> BTreeSet<String> {
    let specs = |config: &Config| {
        let recipe = config.recipe();
        let local = recipe.iter().flat_map(|recipe| recipe.local());
        let inputs = local.map(|(name, _)| (name, "a".repeat(64).parse().unwrap())).collect();
        let stack = stack_with(config, &inputs).unwrap();
        stack.nodes().iter().map(|node| node.spec.clone()).collect::<Vec<_>>()
    };
    let pairs = specs(one).into_iter().zip(specs(other));
    let fields = pairs.flat_map(|(one, other)| {
        let fields = one.as_object().unwrap().clone().into_iter();
        fields.filter(move |(name, value)| other[name] != *value).map(|(name, _)| name)
    });
    fields.collect()
}

/// Why it is wrong to take the value with that text, if it is.
fn taken(path: &str, hostile: &str, base: &Config, config: &Config) -> Option<String> {
    let inert = INERT.iter().find(|(key, ..)| *key == path);
    let Some((_, texts, fields)) = inert else { return Some("it is taken".to_owned()) };
    let found = differing(base, config);
    if !texts.contains(&hostile) {
        return Some(format!("it is taken, into {found:?}"));
    }
    let elsewhere: Vec<_> = found.iter().filter(|it| !fields.contains(&it.as_str())).collect();
    (!elsewhere.is_empty()).then(|| format!("it is found in {elsewhere:?}"))
}

/// Why the value is refused in the wrong words, if it is.
fn refused(path: &str, problems: &Problems) -> Option<String> {
    let wrong = problems.iter().find(|problem| {
        let at = problem.key.as_str();
        let is_here = !at.is_empty() && (at.starts_with(path) || path.starts_with(at));
        let words = [&problem.message, &problem.help];
        !is_here || words.iter().any(|words| legible(words) != words.as_str())
    });
    wrong.map(|problem| format!("{problem:?}"))
}

#[test]
fn hostile_texts_are_refused_or_inert() {
    let (mut report, mut wrong, mut found) = (String::new(), Vec::new(), BTreeSet::new());
    for (path, example) in every_key() {
        // Some examples do not go with the defaults of other keys.
        let base = Config::parse(&file(&path, &example)).unwrap_or_default();
        for hostile in HOSTILE {
            let mut first = None;
            for value in with(&example, hostile) {
                let why = match Config::parse(&file(&path, &value)) {
                    // Read as a number, and the same one.
                    Ok(config) if config == base => None,
                    Ok(config) => {
                        found.insert((path.clone(), *hostile));
                        taken(&path, hostile, &base, &config)
                    }
                    Err(problems) => {
                        let why = refused(&path, &problems);
                        first = first.or(Some(problems));
                        why
                    }
                };
                wrong.extend(why.map(|why| format!("{path} = {value}: {why}")));
            }
            if let Some(problems) = first
                && (*hostile == HOSTILE[0] || path == "name")
            {
                let Problem { message, help, .. } = problems.iter().next().unwrap();
                writeln!(report, "{path} {}\n    {message} ({help})", legible(hostile)).unwrap();
            }
        }
    }
    for (path, texts, _) in INERT {
        let missing = texts.iter().filter(|text| !found.contains(&((*path).to_owned(), **text)));
        wrong.extend(missing.map(|text| format!("{path}: `{text}` is refused")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    insta::assert_snapshot!(report);
}

/// Neither are keys that nobody knows.
#[test]
fn hostile_keys_are_refused_in_legible_words() {
    for hostile in HOSTILE {
        let key = Value::String((*hostile).to_owned());
        let problems = Config::parse(&format!("{key} = 1\n[{key}]\na = 1\n")).unwrap_err();
        for problem in &problems {
            let words = format!("{}{}{}", problem.key, problem.message, problem.help);
            assert_eq!(legible(&words), words);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_taken_can_be_shown(text in any::<String>(), at in any::<prop::sample::Index>()) {
        for (path, example) in every_key() {
            let values = with(&example, &text);
            let value = &values[at.index(values.len())];
            if Config::parse(&file(&path, value)).is_ok() {
                let shown = match value {
                    Value::Table(pairs) => pairs.iter().map(|(key, it)| format!("{key}{it}")).collect(),
                    other => other.as_str().map_or_else(|| other.to_string(), str::to_owned),
                };
                prop_assert_eq!(legible(&shown), shown.as_str(), "{}", path);
            }
        }
    }
}
