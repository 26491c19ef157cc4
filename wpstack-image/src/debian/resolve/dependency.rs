//! What a package asks for, in Debian's notation. <https://www.debian.org/doc/debian-policy/ch-relationships.html>

use std::fmt;

use debversion::Version;

/// One thing that a package needs: any of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause(pub(super) Vec<Alternative>);

/// A package by name, perhaps only in certain versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alternative {
    pub(super) name: String,
    pub(super) version: Option<(Relation, Version)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

/// All that a field asks for: `a (>= 1) | b, c`. Nothing when it has another form.
pub(super) fn clauses(field: &str) -> Option<Vec<Clause>> {
    let clauses = field.split(',').map(str::trim).filter(|clause| !clause.is_empty());
    clauses
        .map(|clause| clause.split('|').map(alternative).collect::<Option<_>>().map(Clause))
        .collect()
}

/// `name:arch (>= version)`
fn alternative(text: &str) -> Option<Alternative> {
    let (name, rest) = match text.split_once('(') {
        Some((name, rest)) => (name, Some(rest.trim().strip_suffix(')')?)),
        None => (text, None),
    };
    let name = name.trim();
    // `:any` says that a package of another architecture would do as well. There are none in an image.
    let name = name.split_once(':').map_or(name, |(name, _)| name).to_owned();
    let version = match rest {
        Some(rest) => Some(constraint(rest)?),
        None => None,
    };
    let is_name = |part: char| part.is_ascii_alphanumeric() || "+-.".contains(part);
    (!name.is_empty() && name.chars().all(is_name)).then_some(Alternative { name, version })
}

fn constraint(text: &str) -> Option<(Relation, Version)> {
    let at = text.find(|sign| !matches!(sign, '<' | '=' | '>'))?;
    let (sign, version) = text.split_at(at);
    let relation = match sign {
        "<<" => Relation::Less,
        "<=" => Relation::AtMost,
        "=" => Relation::Equal,
        ">=" => Relation::AtLeast,
        ">>" => Relation::More,
        _ => return None,
    };
    Some((relation, version.trim().parse().ok()?))
}

impl Alternative {
    /// Whether a package or what it provides, in that version, will do. What is provided without a version meets no
    /// demand for one.
    pub(super) fn accepts(&self, found: Option<&Version>) -> bool {
        match (&self.version, found) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some((relation, wanted)), Some(found)) => match relation {
                Relation::Less => found < wanted,
                Relation::AtMost => found <= wanted,
                Relation::Equal => found == wanted,
                Relation::AtLeast => found >= wanted,
                Relation::More => found > wanted,
            },
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, alternative) in self.0.iter().enumerate() {
            let or = if number == 0 { "" } else { " | " };
            write!(formatter, "{or}{alternative}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Alternative {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some((relation, version)) => {
                let sign = match relation {
                    Relation::Less => "<<",
                    Relation::AtMost => "<=",
                    Relation::Equal => "=",
                    Relation::AtLeast => ">=",
                    Relation::More => ">>",
                };
                write!(formatter, "{} ({sign} {version})", self.name)
            }
            None => formatter.write_str(&self.name),
        }
    }
}
