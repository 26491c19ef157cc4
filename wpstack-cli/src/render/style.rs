//! Colours. They support the words and never replace them: everything can be read without.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};
use wpstack_core::legible;

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

/// Text of others, as it goes into a line of ours: nothing in it moves a cursor, colours or hides anything.
pub(crate) fn plain(text: impl Display) -> String {
    legible(&text.to_string()).into_owned()
}

/// The text with nothing in it that a terminal acts on, but for line breaks and the styles of [`paint`]. Text of others is
/// made [`plain`] where it is put in; this is the last door, for what was not.
pub(crate) fn calm(text: &str) -> String {
    let mut calm = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let style = style_at(rest);
        let (piece, after) = rest.split_at(style.unwrap_or(character.len_utf8()));
        let stays = character == '\n' || style.is_some();
        if stays {
            calm.push_str(piece)
        } else {
            calm.push_str(&legible(piece))
        }
        rest = after;
    }
    calm
}

/// The length of the style that the text begins with, if it does.
fn style_at(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("\u{1b}[")?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    rest[end..].starts_with('m').then_some(2 + end + 1)
}

/// The text cut to `width` characters, its end saying that there was more.
pub(crate) fn fit(text: &str, width: usize) -> String {
    // What a program sends may hold line breaks and control characters; a line of ours is one line.
    let clean = legible(text);
    if clean.chars().count() <= width {
        return clean.into_owned();
    }
    let mut cut: String = clean.chars().take(width.saturating_sub(1)).collect();
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
        assert_eq!(fit("two\nlines\u{1b}", 20), "two\\nlines\\u{1b}");
    }

    #[test]
    fn only_styles_and_line_breaks_reach_a_terminal() {
        let painted = format!("{}\n", paint(ERROR, "error: ü"));
        assert_eq!(calm(&painted), painted);
        let hostile = "a\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}3m\r\u{202e}b\u{1b}[1;3";
        assert_eq!(calm(hostile), "a\\u{1b}[2J\\u{1b}]0;t\\u{7}\\u{9b}3m\\r\\u{202e}b\\u{1b}[1;3");
    }

    #[test]
    fn nouns_follow_their_number() {
        let counts = [0, 1, 2].map(|number| count(number, "step"));
        assert_eq!(counts, ["0 steps", "1 step", "2 steps"]);
    }
}
