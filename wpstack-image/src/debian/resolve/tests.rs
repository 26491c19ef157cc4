use super::super::repository::Index;
use super::*;

/// Suites with a `/` between them, packages with `;`: `name version [: field value; ..]`, where `>` begins what it
/// depends on, `^` what it provides and `!` what it conflicts with.
fn listings(suites: &str) -> Vec<Listing> {
    let suite = |text: &str| {
        let mut index = String::new();
        for package in text.split(';').map(str::trim) {
            let mut words = package.split_whitespace();
            let (name, version) = (words.next().unwrap(), words.next().unwrap());
            index = index + "Package: " + name + "\nVersion: " + version;
            for word in words {
                match word {
                    ">" => index += "\nDepends:",
                    ">>>" => index += "\nPre-Depends:",
                    "^" => index += "\nProvides:",
                    "!" => index += "\nConflicts:",
                    "%" => index += "\nBreaks:",
                    "?" => index += "\nRecommends:",
                    word => index = index + " " + word,
                }
            }
            index += "\n\n";
        }
        Listing { base: "b".to_owned(), index: Index::read(index) }
    };
    suites.split(" / ").map(suite).collect()
}

fn check(suites: &str, wanted: &str, answer: &str) {
    let listings = listings(suites);
    let wanted = wanted.split_whitespace().map(str::to_owned).collect();
    let found = match resolve(&listings, &wanted) {
        Ok(chosen) => chosen.values().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Err(error) => format!("error: {error}"),
    };
    assert_eq!(found, answer, "{suites}");
}

#[test]
fn what_a_package_depends_on_comes_with_it() {
    check("a 1 > b, c; b 1 >>> d; c 1 ? e; d 1; e 1", "a", "a 1, b 1, c 1, d 1");
    check("a 1 > b; b 1 > a", "a", "a 1, b 1");
    check("a 1 > b:any", "a", "error: `a 1` asks for `b`, and there is none");
    check("a 1", "b", "error: there is no package `b`");
}

#[test]
fn the_highest_version_counts() {
    check("a 1 / a 2", "a", "a 2");
    check("a 1.10-1 / a 1.9-1", "a", "a 1.10-1");
    check("a 1 / a 1~deb13u1", "a", "a 1");
    check("a 1:0.1 / a 7", "a", "a 1:0.1");
}

#[test]
fn versions_are_kept_to() {
    check("a 1 > b (>= 2); b 1 / b 2", "a", "a 1, b 2");
    check("a 1 > b (>> 2); b 2", "a", "error: `a 1` asks for `b (>> 2)`, and there is only b 2");
    check("a 1 > b (<< 2) | c; b 2; c 1", "a", "a 1, c 1");
    check("a 1 > b (= 2); b 2", "a", "a 1, b 2");
    check(
        "a 1 > b (<= 2-1); b 2-2",
        "a",
        "error: `a 1` asks for `b (<= 2-1)`, and there is only b 2-2",
    );
    check("a 1 > b (~ 2)", "a", "error: the field `Depends` of `a` cannot be read");
    check("a x_y", "a", "error: the field `Version` of `a` cannot be read");
}

#[test]
fn alternatives_are_taken_in_order_unless_one_is_there() {
    check("a 1 > b | c; b 1; c 1", "a", "a 1, b 1");
    check("a 1 > b | c; b 1; c 1", "a c", "a 1, c 1");
    check("a 1 > x | c; c 1", "a", "a 1, c 1");
}

#[test]
fn names_are_provided() {
    check("a 1 > x; c 1 ^ x; b 1 ^ x", "a", "a 1, b 1");
    check("a 1 > x; c 1 ^ x; b 1 ^ x", "a c", "a 1, c 1");
    check("a 1 > x (>= 2); b 1 ^ x; c 1 ^ x (= 2)", "a", "a 1, c 1");
    // Part of a name is not the name.
    check("a 1 > x; b 1 ^ xx", "a", "error: `a 1` asks for `x`, and there is none");
    // A version that is not the highest one is not taken for what it provided.
    check("a 1 > x; b 1 ^ x / b 2", "a", "error: `a 1` asks for `x`, and there is none");
}

#[test]
fn packages_that_exclude_each_other_are_refused() {
    check("a 1 ! b; b 1", "a b", "error: `a 1` does not go with `b 1`: it excludes `b`");
    check("a 1 ! b (<< 1); b 1", "a b", "a 1, b 1");
    check("a 1 ! x; b 1 ^ x", "a b", "error: `a 1` does not go with `b 1`: it excludes `x`");
    check("a 1 ! x ^ x", "a", "a 1");
    check("a 1 % x; b 1 ^ x", "a b", "a 1, b 1");
    check("a 1 % b; b 1", "a b", "error: `a 1` does not go with `b 1`: it excludes `b`");
}

#[test]
fn helpers_of_maintainer_scripts_are_left_out_unless_asked_for() {
    check("a 1 > debconf (>= 0.5) | debconf-2.0, b; b 1; debconf 2", "a", "a 1, b 1");
    check("a 1 > perl; perl 5", "a perl", "a 1, perl 5");
}

#[test]
fn every_name_that_is_left_out_is_named_once() {
    let names: Vec<_> = without::WITHOUT.iter().map(|(name, _)| *name).collect();
    assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
}
