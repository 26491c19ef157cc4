//! Nothing that can be written down can hold a secret.

use wpstack_core::Secret;

#[derive(serde::Serialize)]
struct Database {
    password: Secret,
}

fn main() {}
