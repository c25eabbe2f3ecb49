//! The policies that ship with the project say what their pages claim.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use ramgate::authz::Authorizer;
use ramgate::policy::Dialect;
use ramgate::store;

#[test]
fn the_example_world_loads_without_a_mistake() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo");
    let world = match store::load(&directory, &Dialect::strict()) {
        Ok(world) => world,
        Err(errors) => panic!("{}", errors.mistakes.iter().map(|m| format!("{m}\n")).collect::<String>()),
    };
    Authorizer::new(&world).unwrap();
}
