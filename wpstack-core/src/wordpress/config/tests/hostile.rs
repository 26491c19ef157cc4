//! No text makes the reader panic, loop or eat memory.

use proptest::prelude::*;

use crate::wordpress::{Config, template};

/// Reads `text`, and asserts what must hold of any outcome.
fn survives(text: &str) {
    match Config::parse(text) {
        Ok(config) => assert_eq!(config.flaws(), []),
        Err(problems) => {
            assert!(problems.iter().count() > 0);
            for problem in &problems {
                let (line, column) = problem.line_column(text);
                assert!(line >= 1 && column >= 1);
                assert!(problem.span.start <= problem.span.end && problem.span.end <= text.len());
                assert!(problem.message.len() < 2000 && problem.help.len() < 2000, "{problem:?}");
            }
            assert!(!problems.to_string().is_empty());
        }
    }
}

fn full() -> String {
    let config = Config::default();
    template(&config.name, &config.region).replace("\n# ", "\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text(text in ".{0,200}") {
        survives(&text);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn anything_like_toml(text in r#"([a-z]{1,4}(\.[a-z]{1,3})?|\[[a-z_]{0,9}\]?|[="'\[\]{},#\n ]|[0-9]{1,30}|network|tags|true){0,40}"#) {
        survives(&text);
    }

    /// A piece of a valid file is cut out, or another put in.
    #[test]
    fn a_valid_file_with_a_slip(at in any::<prop::sample::Index>(), cut in 0_usize..40, put in r#"[ -~\n]{0,12}"#) {
        let text = full();
        let start = at.index(text.len());
        let end = (start + cut).min(text.len());
        prop_assume!(text.is_char_boundary(start) && text.is_char_boundary(end));
        survives(&format!("{}{put}{}", &text[..start], &text[end..]));
    }

    /// Any value at any key.
    #[test]
    fn any_value_at_a_known_key(line in any::<prop::sample::Index>(), value in r#"(-?[0-9]{1,25}|0x[0-9A-F]{1,40}|"[ -!#-\[\]-~]{0,30}"|\[("[a-z0-9-]{0,12}",?){0,4}\]|\{ *\}|true|1979-05-27|[0-9.e]{1,9})"#) {
        let text = full();
        let lines: Vec<_> = text.lines().collect();
        let chosen = line.index(lines.len());
        let changed: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(place, line)| match line.split_once(" = ") {
                Some((key, _)) if place == chosen => format!("{key} = {value}"),
                _ => (*line).to_owned(),
            })
            .collect();
        survives(&changed.join("\n"));
    }
}

#[test]
fn files_of_any_size_and_depth() {
    survives(&"a = 1\n".repeat(40_000));
    survives(&(0..20_000).map(|n| format!("k{n} = {n}\n")).collect::<String>());
    survives(&format!("a = {}", "[".repeat(200_000)));
    survives(&format!("{}b = 1", "a.".repeat(100_000)));
    survives(&format!("{} = 1", "a".repeat(200_000)));
    survives(&format!("name = '{}'", "\u{1f600}".repeat(60_000)));
    survives(&format!(
        "tags = {{ {} }}",
        (0..9_000).map(|n| format!("k{n} = 'v'")).collect::<Vec<_>>().join(", ")
    ));
    survives(&format!("network.zones = [{}]", "'eu-west-1a',".repeat(15_000)));
    let huge = " ".repeat(300_000);
    assert_eq!(
        Config::parse(&huge).unwrap_err().to_string(),
        "1:1: the file has 300000 bytes, more than 262144 (is this the right file?)"
    );
}

#[test]
fn no_more_than_a_hundred_problems_are_kept() {
    let text: String = (0..1000).map(|n| format!("k{n} = 1\n")).collect();
    let problems = Config::parse(&text).unwrap_err();
    assert_eq!((problems.iter().count(), problems.left_out()), (100, 900));
    assert!(problems.to_string().ends_with("\nand 900 more"));
}
