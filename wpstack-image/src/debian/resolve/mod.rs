//! Which packages are needed, so that everything each one asks for is there.

mod dependency;
#[cfg(test)]
mod tests;
mod without;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use debversion::Version;

use self::dependency::{Alternative, Clause, clauses};
use super::repository::{Listing, Stanza};

/// A package that was chosen.
#[derive(Clone, Debug)]
pub(crate) struct Chosen<'l> {
    pub(crate) name: &'l str,
    pub(crate) version: Version,
    pub(crate) stanza: Stanza<'l>,
    /// Where its path begins.
    pub(crate) base: &'l str,
}

/// The packages that were asked for do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Nothing has that name.
    #[error("there is no package `{0}`")]
    Unknown(String),
    /// What a package asks for is not there.
    #[error("`{package}` asks for `{wanted}`, and {found}")]
    Unmet {
        /// The package.
        package: String,
        /// What it asks for.
        wanted: String,
        /// What there is instead.
        found: String,
    },
    /// Two packages exclude each other.
    #[error("`{package}` does not go with `{other}`: it excludes `{excluded}`")]
    Conflict {
        /// The package that excludes the other.
        package: String,
        /// The other.
        other: String,
        /// What exactly it excludes.
        excluded: String,
    },
    /// A field of a package has another form.
    #[error("the field `{field}` of `{package}` cannot be read")]
    Field {
        /// The package.
        package: String,
        /// The field.
        field: &'static str,
    },
}

/// The packages with all that they depend on, by name. Recommendations are not followed. Of each package, the highest
/// version counts, whichever suite it is of; equal lists give equal answers.
pub(crate) fn resolve<'l>(
    listings: &'l [Listing],
    wanted: &BTreeSet<String>,
) -> Result<BTreeMap<&'l str, Chosen<'l>>, ResolveError> {
    let archive = Archive(listings);
    let mut chosen = BTreeMap::new();
    for name in wanted {
        let package = archive.candidate(name)?;
        let package = package.ok_or_else(|| ResolveError::Unknown(name.clone()))?;
        chosen.insert(package.name, package);
    }
    // Those asked for first, then what they brought, so that what was asked for decides between alternatives.
    let mut open: VecDeque<Chosen<'l>> = chosen.values().cloned().collect();
    while let Some(package) = open.pop_front() {
        for clause in package.depends()? {
            if clause.0.iter().any(|alternative| without::is_left_out(&alternative.name)) {
                continue;
            }
            if is_met(&clause, &chosen)? {
                continue;
            }
            let Some(further) = archive.meet(&clause)? else {
                return Err(archive.unmet(&package, &clause)?);
            };
            open.push_back(further.clone());
            chosen.insert(further.name, further);
        }
    }
    check_conflicts(&chosen)?;
    Ok(chosen)
}

/// All suites together.
struct Archive<'l>(&'l [Listing]);

impl<'l> Archive<'l> {
    /// The highest version of a package.
    fn candidate(&self, name: &str) -> Result<Option<Chosen<'l>>, ResolveError> {
        let mut best: Option<Chosen<'l>> = None;
        for listing in self.0 {
            for stanza in listing.index.named(name) {
                let found = Chosen::read(stanza, &listing.base)?;
                if best.as_ref().is_none_or(|best| found.version > best.version) {
                    best = Some(found);
                }
            }
        }
        Ok(best)
    }

    /// Those that provide a name, in their highest version, sorted.
    fn providers(&self, name: &str) -> Result<Vec<Chosen<'l>>, ResolveError> {
        let stanzas = self.0.iter().flat_map(|listing| listing.index.providing(name));
        let names: BTreeSet<_> = stanzas.filter_map(|stanza| stanza.field("Package")).collect();
        let mut providers = Vec::new();
        for name in names {
            providers.extend(self.candidate(name)?);
        }
        Ok(providers)
    }

    /// A package that meets the clause: its first alternative that any package meets.
    fn meet(&self, clause: &Clause) -> Result<Option<Chosen<'l>>, ResolveError> {
        for alternative in &clause.0 {
            let named = self.candidate(&alternative.name)?;
            for package in named.into_iter().chain(self.providers(&alternative.name)?) {
                if package.meets(alternative)? {
                    return Ok(Some(package));
                }
            }
        }
        Ok(None)
    }

    fn unmet(&self, package: &Chosen<'l>, clause: &Clause) -> Result<ResolveError, ResolveError> {
        let mut found = Vec::new();
        for alternative in &clause.0 {
            if let Some(package) = self.candidate(&alternative.name)? {
                found.push(format!("{} {}", package.name, package.version));
            }
        }
        let found = match found.as_slice() {
            [] => "there is none".to_owned(),
            found => format!("there is only {}", found.join(", ")),
        };
        Ok(ResolveError::Unmet { package: package.to_string(), wanted: clause.to_string(), found })
    }
}

fn is_met(clause: &Clause, chosen: &BTreeMap<&str, Chosen<'_>>) -> Result<bool, ResolveError> {
    for alternative in &clause.0 {
        for package in chosen.values() {
            if package.meets(alternative)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn check_conflicts(chosen: &BTreeMap<&str, Chosen<'_>>) -> Result<(), ResolveError> {
    for package in chosen.values() {
        for (field, also_provided) in [("Conflicts", true), ("Breaks", false)] {
            for clause in package.clauses(field)? {
                for alternative in &clause.0 {
                    for other in chosen.values().filter(|other| other.name != package.name) {
                        let named = other.name == alternative.name;
                        if (named || also_provided) && other.meets(alternative)? {
                            return Err(ResolveError::Conflict {
                                package: package.to_string(),
                                other: other.to_string(),
                                excluded: alternative.to_string(),
                            });
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

impl<'l> Chosen<'l> {
    fn read(stanza: Stanza<'l>, base: &'l str) -> Result<Self, ResolveError> {
        let name = stanza.field("Package").unwrap_or_default();
        let version = stanza.field("Version").and_then(|version| version.parse().ok());
        let unreadable = ResolveError::Field { package: name.to_owned(), field: "Version" };
        Ok(Self { name, version: version.ok_or(unreadable)?, stanza, base })
    }

    fn depends(&self) -> Result<Vec<Clause>, ResolveError> {
        let mut all = self.clauses("Pre-Depends")?;
        all.extend(self.clauses("Depends")?);
        Ok(all)
    }

    fn clauses(&self, field: &'static str) -> Result<Vec<Clause>, ResolveError> {
        let unreadable = || ResolveError::Field { package: self.name.to_owned(), field };
        clauses(self.stanza.field(field).unwrap_or_default()).ok_or_else(unreadable)
    }

    /// Whether it is what is asked for, or provides it.
    fn meets(&self, alternative: &Alternative) -> Result<bool, ResolveError> {
        if self.name == alternative.name {
            return Ok(alternative.accepts(Some(&self.version)));
        }
        // Most packages provide nothing of that name: looking for the text is quicker than reading the field.
        if !self.stanza.field("Provides").is_some_and(|field| field.contains(&alternative.name)) {
            return Ok(false);
        }
        let provided = self.clauses("Provides")?;
        Ok(provided.iter().flat_map(|clause| &clause.0).any(|provided| {
            let version = provided.version.as_ref().map(|(_, version)| version);
            provided.name == alternative.name && alternative.accepts(version)
        }))
    }
}

impl std::fmt::Display for Chosen<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.name, self.version)
    }
}
