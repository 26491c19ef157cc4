//! What a person may have meant by a key that does not exist.

use super::section::Key;

/// Longer keys are not compared: the comparison takes time that grows with both lengths.
const LONGEST: usize = 64;

/// The help for the unknown `name` in the section `at`, whose keys are `here`.
pub(super) fn suggest(name: &str, at: &str, here: &[Key], root: &[Key]) -> String {
    if let Some(place) = elsewhere(name, at, root) {
        return place;
    }
    if let Some(nearest) = nearest(name, here) {
        return format!("did you mean `{nearest}`?");
    }
    let known: Vec<_> = here.iter().map(|key| format!("`{}`", key.name)).collect();
    let place = if at.is_empty() { "known here are".to_owned() } else { format!("`[{at}]` has") };
    format!("{place} {}", known.join(", "))
}

/// Where a key of exactly that name belongs.
fn elsewhere(name: &str, at: &str, root: &[Key]) -> Option<String> {
    let is_top = |key: &&Key| key.name == name && !at.is_empty();
    if root.iter().any(|key| is_top(&key) && key.keys.is_empty()) {
        return Some(format!("`{name}` belongs to the top, above the first section"));
    }
    if root.iter().any(|key| is_top(&key)) {
        return Some(format!("`[{name}]` is a section of its own"));
    }
    let sections = root.iter().filter(|section| section.name != at);
    let places: Vec<_> = sections
        .filter(|section| section.keys.iter().any(|key| key.name == name))
        .map(|section| format!("`[{}]`", section.name))
        .collect();
    (!places.is_empty()).then(|| format!("`{name}` belongs to {}", places.join(" or ")))
}

/// The known key that `name` is most probably a misspelling of.
fn nearest(name: &str, known: &[Key]) -> Option<&'static str> {
    if name.len() > LONGEST {
        return None;
    }
    let name = name.to_lowercase().replace('-', "_");
    let likeness = |known: &str| {
        let whole = strsim::normalized_damerau_levenshtein(&name, known);
        let is_part = name.len() >= 3 && (known.contains(&name) || name.contains(known));
        if is_part { whole.max(0.7) } else { whole }
    };
    known
        .iter()
        .map(|key| (likeness(key.name), key.name))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}
