//! Text in a drawing: how wide it is without a font at hand, and how it stands in XML.

/// How wide a text in bold is at a font size, in pixels: about as much as in Noto Sans, more than in most faces. In the
/// few that are wider still (DejaVu, Verdana), the room around a text takes the difference.
pub(super) fn width_of(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

/// How far a character moves the pen, in units of the font size.
fn advance(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '|' | '!' | '\'' | ' ' => 0.33,
        'f' | 'r' | 't' | '-' | '/' | '(' | ')' | '[' | ']' | '·' => 0.42,
        'm' | 'M' | 'w' | 'W' | '@' | '%' => 0.95,
        'A'..='Z' | '#' | '&' => 0.7,
        // Chinese, Japanese, Korean, emoji: one square each.
        '\u{1100}'.. => 1.1,
        _ => 0.62,
    }
}

/// The text, cut with an ellipsis if it is wider than `room`.
pub(super) fn fitted(text: &str, size: f64, room: f64) -> String {
    if width_of(text, size) <= room {
        return text.to_owned();
    }
    let mut left = room - width_of("…", size);
    let kept = text.chars().take_while(|&character| {
        left -= advance(character) * size;
        left >= 0.0
    });
    kept.collect::<String>().trim_end().to_owned() + "…"
}

/// The text as character data or attribute value. XML cannot hold control characters, not even escaped.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(' '),
            '\u{FFFE}' | '\u{FFFF}' => escaped.push(char::REPLACEMENT_CHARACTER),
            control if control.is_control() => escaped.push(char::REPLACEMENT_CHARACTER),
            plain => escaped.push(plain),
        }
    }
    escaped
}
