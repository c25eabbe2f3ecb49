//! Rules across files. Their fixtures are whole projects: directories `fires*` and `silent*` in the folder of the rule.

use super::*;

/// The rules across files.
fn across() -> impl Iterator<Item = &'static Rule> {
    lint::all().filter(|rule| matches!(rule.check, Check::Project(_)))
}

/// The projects of a rule whose names begin so, relative to where the tests run.
fn projects(rule: &Rule, beginning: &str) -> Vec<PathBuf> {
    let named = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(beginning);
    let mut paths: Vec<_> = fs::read_dir(folder(rule))
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && named(path))
        .collect();
    paths.sort();
    paths
}

/// What a rule finds in a project; there is nothing in it that cannot be read.
pub fn found_in(rule: &Rule, directory: &Path) -> Vec<Diagnostic> {
    let files = documents::find(&[directory.to_owned()]).unwrap();
    let mut config = Config { directory: directory.to_owned(), ..Config::default() };
    config.settings = settings(rule);
    let mut outcome = lint::run(&config, &files, &Options::default(), &AtomicUsize::new(0));
    assert!(outcome.unreadable.is_empty() && !outcome.failed && outcome.documents > 0, "{}", directory.display());
    let unread: Vec<_> = outcome.diagnostics.iter().filter(|found| found.finding.place.is_none()).collect();
    assert!(unread.is_empty(), "{}: {unread:?}", directory.display());
    outcome.diagnostics.retain(|diagnostic| diagnostic.finding.code == rule.code);
    outcome.diagnostics
}

#[test]
fn every_rule_across_files_fires_on_its_projects_and_is_silent_on_near_misses() {
    assert!(across().count() > 2);
    for rule in across() {
        let (fires, silent) = (projects(rule, "fires"), projects(rule, "silent"));
        assert!(
            !fires.is_empty() && !silent.is_empty(),
            "{rule:?} needs fires*/ and silent*/ in {}",
            folder(rule).display()
        );
        for directory in fires {
            assert!(!found_in(rule, &directory).is_empty(), "{rule:?} does not fire on {}", directory.display());
        }
        for directory in silent {
            let found = found_in(rule, &directory);
            assert!(found.is_empty(), "{rule:?} fires on {}", report::diagnostics_text(&found, Colour::Off));
        }
    }
}

#[test]
fn what_every_rule_across_files_says_is_as_it_was_read() {
    for rule in across() {
        let mut text = String::new();
        for directory in projects(rule, "fires") {
            let found = found_in(rule, &directory);
            for diagnostic in &found {
                let message = &diagnostic.finding.message;
                assert!(!message.ends_with('.') && !message.starts_with(char::is_uppercase), "{rule:?}: `{message}`");
            }
            writeln!(text, "{}\n", report::diagnostics_text(&found, Colour::Off)).unwrap();
        }
        let mut insta = insta::Settings::clone_current();
        insta.set_snapshot_path(folder(rule));
        insta.set_prepend_module_to_snapshot(false);
        insta.set_omit_expression(true);
        insta.bind(|| insta::assert_snapshot!("found", text.trim_end()));
    }
}

/// A world in which a Deny comes too late, with this text as its guard, and what is said of the files of these names.
fn said(guard: &str, files: &[&str], most: Option<Applicability>) -> Vec<String> {
    let world = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(world.path().join(name), text).unwrap();
    fs::create_dir(world.path().join("policies")).unwrap();
    let attachments = "[{ policy = \"operate\" }, { policy = \"guard\", scope = \"rg-a\" }]";
    write("world.toml", &format!("[accounts.1234567890123456.roles.ops]\nattachments = {attachments}\n"));
    write(
        "policies/operate.json",
        r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}]}"#,
    );
    write("policies/guard.json", guard);
    let paths: Vec<_> = files.iter().map(|name| world.path().join(name)).collect();
    let mut config = Config { directory: world.path().to_owned(), ..Config::default() };
    config.selection.select = ["effective", "meta"].map(|word| lint::Selector::parse(word).unwrap()).into();
    if most.is_some() {
        config.selection.select.push(lint::Selector::parse("schema/sid-empty").unwrap());
    }
    let files = documents::find(&paths).unwrap();
    let outcome = lint::run(&config, &files, &Options { most, ..Options::default() }, &AtomicUsize::new(0));
    let shown = |diagnostic: Diagnostic| match diagnostic.finding.place {
        Some((source, span)) => format!("{} {}", diagnostic.rule, source.position(span.start)),
        None => diagnostic.rule,
    };
    outcome.diagnostics.into_iter().map(shown).collect()
}

const GUARD: &str =
    r#"{"Version": "1", "Statement": [{"Sid": "", "Effect": "Deny", "Action": "ecs:Stop*", "Resource": "*"}]}"#;

#[test]
fn a_rule_across_files_knows_the_whole_world_and_speaks_of_the_files_that_are_checked() {
    assert_eq!(said(GUARD, &["policies/guard.json"], None), ["effective/denied-too-late 1:54"]);
    assert_eq!(said(GUARD, &["policies/operate.json"], None), Vec::<String>::new());
}

#[test]
fn what_is_left_after_fixes_stands_where_the_mended_text_has_it() {
    assert_eq!(said(GUARD, &["policies"], Some(Applicability::Unsafe)), ["effective/denied-too-late 1:43"]);
}

#[test]
fn a_world_that_cannot_be_read_is_noted_once() {
    let broken = GUARD.replace("\"1\"", "1");
    assert_eq!(said(&broken, &["policies"], None), ["meta/unread-part"]);
}
