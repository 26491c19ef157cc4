//! What must not compile does not, and says why.
//!
//! The words are the compiler's: after a new one, look at what changed and run with `TRYBUILD=overwrite`.

#[test]
fn what_must_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile/*.rs");
}
