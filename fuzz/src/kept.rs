//! The inputs that were kept, tried once more: no fuzzer and no other compiler is needed for it.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::PathBuf;

use super::targets;

/// As much as all inputs together may take.
const MOST_BYTES: usize = 200 * 1024;

/// The folder of the fuzz package, from ramgate's own or from within.
fn folder() -> PathBuf {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    if package.join("fuzz").is_dir() { package.join("fuzz") } else { package }
}

fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder().join("corpus").join(target)).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn every_input_that_was_kept_holds() {
    for (name, target) in targets() {
        let inputs = inputs(name);
        assert!(!inputs.is_empty(), "nothing is kept for {name}");
        for (path, data) in inputs {
            catch_unwind(|| target(&data)).unwrap_or_else(|_| panic!("{} does not hold", path.display()));
        }
    }
}

#[test]
fn every_target_can_be_fuzzed_and_no_other() {
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    let mut built: BTreeSet<&str> =
        manifest.lines().filter_map(|line| line.strip_prefix("path = \"targets/")?.strip_suffix(".rs\"")).collect();
    let kept = fs::read_dir(folder().join("corpus")).unwrap();
    let mut kept: BTreeSet<String> = kept.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    if !cfg!(feature = "serving") {
        for serving in ["call", "configuration"] {
            assert!(built.remove(serving) && kept.remove(serving));
        }
    }
    assert_eq!(built, targets().iter().map(|(name, _)| *name).collect());
    assert!(built.iter().copied().eq(kept.iter().map(String::as_str)), "{built:?} {kept:?}");
}

#[test]
fn what_is_kept_stays_small() {
    let bytes: usize = targets().iter().flat_map(|(name, _)| inputs(name)).map(|(_, data)| data.len()).sum();
    assert!(bytes <= MOST_BYTES, "{bytes} bytes: minimise with `cargo fuzz cmin`");
}
