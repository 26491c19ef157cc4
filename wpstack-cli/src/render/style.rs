//! Colours. They support the words and never replace them: everything can be read without.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

pub(crate) const ADD: Style = AnsiColor::Green.on_default();
pub(crate) const CHANGE: Style = AnsiColor::Yellow.on_default();
pub(crate) const REMOVE: Style = AnsiColor::Red.on_default();
pub(crate) const PLACE: Style = AnsiColor::Cyan.on_default();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// The text in a style; the terminal's own after it.
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The text cut to `width` characters, its end saying that there was more.
pub(crate) fn fit(text: &str, width: usize) -> String {
    // What a program sends may hold line breaks and control characters; a line of ours is one line.
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    if text.chars().count() <= width {
        return clean.collect();
    }
    let mut cut: String = clean.take(width.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// `1 step`, `2 steps`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        assert_eq!(fit("subnet", 6), "subnet");
        assert_eq!(fit("subnets", 6), "subne…");
        assert_eq!(fit("two\nlines\u{1b}", 20), "two lines ");
    }

    #[test]
    fn nouns_follow_their_number() {
        let counts = [0, 1, 2].map(|number| count(number, "step"));
        assert_eq!(counts, ["0 steps", "1 step", "2 steps"]);
    }
}
