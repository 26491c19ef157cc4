//! Errors and what to do about them, for people.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::fmt::Write as _;
use wpstack_core::wordpress::Problems;

use super::style::{ERROR, HINT, paint, plain};

/// What failed, then what to do.
pub(crate) fn error(message: &str, hints: &[String]) -> String {
    // Whatever AWS, a file or an argument said may be in either.
    let mut text = format!("{} {}\n", paint(ERROR, "error:"), plain(message));
    let hint = |hint: &String| format!("{} {}\n", paint(HINT, "hint:"), plain(hint));
    text += &hints.iter().map(hint).collect::<String>();
    text
}

/// Everything that is wrong with the file at `path`, each under the line it is in.
pub(crate) fn problems(path: &str, problems: &Problems) -> String {
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
    let text = problems.text();
    let reports = problems.iter().map(|problem| {
        let mark = AnnotationKind::Primary.span(problem.span.clone());
        let snippet = Snippet::source(text).path(path).annotation(mark);
        let title = Level::ERROR.primary_title(problem.message.as_str());
        let mut group: Group<'_> = title.element(snippet);
        if !problem.help.is_empty() {
            group = group.element(Level::HELP.message(problem.help.as_str()));
        }
        renderer.render(&[group]) + "\n\n"
    });
    let mut shown: String = reports.collect();
    if problems.left_out() > 0 {
        _ = write!(shown, "and {} more\n\n", problems.left_out());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use wpstack_core::wordpress::Config;

    #[test]
    fn every_problem_is_shown_under_its_line() {
        let text = "regoin = \"eu-west-1\"\n\n[service]\ndesired = \"two\"\n\n[database]\nclas = \"db.t3.micro\"\n";
        let found = Config::parse(text).unwrap_err();
        let shown = problems("wpstack.toml", &found);
        insta::assert_snapshot!(anstream::adapter::strip_str(&shown));
    }

    #[test]
    fn text_that_is_no_toml_is_shown_too() {
        let found = Config::parse("name = \"blog\nregion = 1").unwrap_err();
        let shown = anstream::adapter::strip_str(&problems("wpstack.toml", &found)).to_string();
        assert!(shown.contains("--> wpstack.toml:1:"), "{shown}");
    }

    #[test]
    fn an_error_is_followed_by_what_to_do() {
        let hints = ["wait".to_owned(), "or do not".to_owned()];
        let shown = anstream::adapter::strip_str(&error("it is locked", &hints)).to_string();
        assert_eq!(shown, "error: it is locked\nhint: wait\nhint: or do not\n");
    }
}
