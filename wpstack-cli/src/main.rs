//! wpstack
fn main() {}
