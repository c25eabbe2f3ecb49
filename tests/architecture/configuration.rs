//! docs/configuration.md is written from the code that reads the configuration: from the fields of its tables, their
//! types, and the comments above them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Every table: what a field's type calls it, the file that it is in, and its name there.
const TABLES: [(&str, &str, &str); 14] = [
    ("ConfigFile", "reading.rs", "ConfigFile"),
    ("ListenerFile", "reading.rs", "ListenerFile"),
    ("TlsFile", "reading.rs", "TlsFile"),
    ("UpstreamFile", "reading.rs", "UpstreamFile"),
    ("CredentialFile", "reading/credential.rs", "Table"),
    ("GateFile", "reading.rs", "GateFile"),
    ("LimitsFile", "reading.rs", "LimitsFile"),
    ("CircuitFile", "circuit.rs", "CircuitFile"),
    ("LookupFile", "lookup.rs", "LookupFile"),
    ("ShadowFile", "shadow.rs", "ShadowFile"),
    ("AdminFile", "reading/admin.rs", "AdminFile"),
    ("AdminTlsFile", "reading/admin.rs", "AdminTlsFile"),
    ("super::audit::Table", "audit.rs", "Table"),
    ("TracesFile", "traces.rs", "TracesFile"),
];

/// What fields that hold no table are in the file.
const TYPES: [(&str, &str); 6] = [
    ("String", "text"),
    ("bool", "boolean"),
    ("u64", "number"),
    ("f64", "number"),
    ("TrustedProxies", "list of texts"),
    ("serde::de::IgnoredAny", "table"),
];

const HEAD: &str = "\
# Configuration

<!-- Written from src/gateway/config by `CONFIGURATION=write cargo test --test architecture`: change the comments there. -->

Every key of `ramgate.toml`. [gate.md](gate.md#configuration) tells what they are for, and
[examples/ramgate.toml](../examples/ramgate.toml) shows them all. Relative paths are taken from the directory of the file. A key that is not
here is a mistake. A change takes effect by a [reload](gate.md#reloading), or takes a *restart*.
";

/// One field of a table.
#[derive(Debug, PartialEq, Eq)]
struct Field {
    key: String,
    kind: String,
    optional: bool,
    meaning: String,
    facts: BTreeMap<String, String>,
}

/// The comment above a struct, and its fields.
fn table(source: &str, name: &str) -> (String, Vec<Field>) {
    let lines: Vec<&str> = source.lines().collect();
    let opening = [format!("struct {name} {{"), format!("pub(super) struct {name} {{")];
    let at = lines.iter().position(|line| opening.iter().any(|opening| line == opening));
    let at = at.unwrap_or_else(|| panic!("no `struct {name}`"));
    let above = lines[..at].iter().rev().take_while(|line| line.starts_with("///") || line.starts_with("#["));
    let mut comment: Vec<&str> = above.filter_map(|line| line.strip_prefix("///")).map(str::trim).collect();
    comment.reverse();
    assert!(
        lines[..at].iter().rev().take(4).any(|line| line.contains("deny_unknown_fields")),
        "`{name}` takes anything"
    );
    let (mut fields, mut told, mut attributes) = (Vec::new(), Vec::new(), String::new());
    for line in lines[at + 1..].iter().take_while(|line| **line != "}").map(|line| line.trim()) {
        if let Some(text) = line.strip_prefix("///") {
            told.push(text.trim());
        } else if line.starts_with("#[") {
            attributes.push_str(line);
        } else {
            let line = line.strip_suffix(',').unwrap_or_else(|| panic!("`{line}` is no field"));
            let line = line.strip_prefix("pub(super) ").unwrap_or(line);
            let (field, kind) = line.split_once(": ").unwrap_or_else(|| panic!("`{line}` is no field"));
            let renamed = attributes.split_once("rename = \"").and_then(|(_, rest)| rest.split_once('"'));
            let (facts, meaning) = told.iter().partition::<Vec<&str>, _>(|line| line.starts_with("- "));
            let fact = |fact: &str| {
                let (name, value) = fact[2..].split_once(": ").unwrap_or_else(|| panic!("`{fact}` says nothing"));
                assert!(["type", "default", "change"].contains(&name), "`{fact}` is about nothing");
                (name.to_owned(), value.to_owned())
            };
            fields.push(Field {
                key: renamed.map_or(field, |(name, _)| name).to_owned(),
                kind: bare(kind).to_owned(),
                optional: kind.starts_with("Option<") || attributes.contains("serde(default"),
                meaning: meaning.join(" ").trim().to_owned(),
                facts: facts.into_iter().map(fact).collect(),
            });
            told.clear();
            attributes.clear();
        }
    }
    (comment.join(" "), fields)
}

/// A type without what says that it may be missing, or where it stands.
fn bare(kind: &str) -> &str {
    for wrapping in ["Option<", "Spanned<", "Box<"] {
        if let Some(inner) = kind.strip_prefix(wrapping).and_then(|rest| rest.strip_suffix('>')) {
            return bare(inner);
        }
    }
    kind
}

/// The types of the elements of a list, or the type itself, and whether it is a list.
fn element(kind: &str) -> (&str, bool) {
    kind.strip_prefix("Vec<").and_then(|rest| rest.strip_suffix('>')).map_or((kind, false), |inner| (bare(inner), true))
}

fn row(field: &Field, place: &str) -> String {
    let Field { key, kind, optional, meaning, facts } = field;
    let (kind, list) = element(kind);
    assert!(!meaning.is_empty(), "`{key}` of {place} has no comment");
    let known = TYPES.iter().find(|(name, _)| *name == kind).map(|(_, told)| (*told).to_owned());
    let known = known.map(|told| if list { format!("list of {told}s") } else { told });
    let told = facts.get("type").cloned().or(known).unwrap_or_else(|| {
        assert!(is_table(kind), "`{key}` of {place} has the type `{kind}`, which is none that this test knows");
        "table".to_owned()
    });
    let default = match facts.get("default") {
        Some(default) => default,
        None if !optional => "required",
        None if kind == "bool" => "`false`",
        None => "none",
    };
    // A sentence in the code, and the cell of a table here.
    let meaning = meaning.strip_suffix('.').unwrap_or(meaning);
    let mut letters = meaning.chars();
    let (first, second) = (letters.next().unwrap(), letters.next().unwrap_or_default());
    let first = if second.is_lowercase() || second == ' ' { first.to_ascii_lowercase() } else { first };
    let change = facts.get("change").map_or("reload", String::as_str);
    format!(
        "| `{key}` | {told} | {default} | {change} | {first}{} |\n",
        &meaning[meaning.len().min(first.len_utf8())..]
    )
}

fn is_table(kind: &str) -> bool {
    TABLES.iter().any(|(name, ..)| *name == kind)
}

/// One table and those below it. `path` has the tables that it is in.
fn describe(kind: &str, place: &str, path: &[&str], page: &mut String) {
    let (_, file, name) = TABLES.iter().find(|(known, ..)| *known == kind).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gateway/config");
    let (comment, fields) = table(&fs::read_to_string(folder.join(file)).unwrap(), name);
    let heading = if place.is_empty() { "At the top".to_owned() } else { place.to_owned() };
    page.push_str(&format!("\n## {heading}\n\n"));
    if !comment.is_empty() {
        page.push_str(&format!("{comment}\n\n"));
    }
    page.push_str("| key | type | default | change | meaning |\n|---|---|---|---|---|\n");
    let tables_of_their_own = |field: &&Field| place.is_empty() && is_table(element(&field.kind).0);
    for field in fields.iter().filter(|field| !tables_of_their_own(field)) {
        page.push_str(&row(field, &heading));
    }
    for field in &fields {
        let (kind, list) = element(&field.kind);
        if !is_table(kind) || path.contains(&kind) {
            continue;
        }
        let below = match (place.is_empty(), list) {
            (true, true) => format!("`[[{}]]`", field.key),
            (true, false) => format!("`[{}]`", field.key),
            (false, _) => format!("`{}` of {place}", field.key),
        };
        describe(kind, &below, &[path, &[kind]].concat(), page);
    }
}

#[test]
fn the_page_of_the_configuration_is_what_the_code_says() {
    let mut page = HEAD.to_owned();
    describe("ConfigFile", "", &["ConfigFile"], &mut page);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    if std::env::var_os("CONFIGURATION").is_some_and(|value| value == "write") {
        fs::write(&path, &page).unwrap();
    }
    assert!(fs::read_to_string(path).unwrap_or_default() == page, "run this test with CONFIGURATION=write");
}

#[test]
fn a_table_is_read_with_its_comments_and_types() {
    let source = "/// Of a thing.\n#[derive(Deserialize)]\n#[serde(deny_unknown_fields)]\nstruct Thing {\n    \
                  /// How long.\n    ///\n    /// - type: seconds\n    /// - default: 5\n    \
                  long: Option<Spanned<u64>>,\n    /// Which.\n    #[serde(rename = \"type\")]\n    kind: String,\n    \
                  /// Whether.\n    #[serde(default)]\n    sound: bool,\n}\n";
    let (comment, fields) = table(source, "Thing");
    assert_eq!(comment, "Of a thing.");
    let rows: Vec<String> = fields.iter().map(|field| row(field, "Thing")).collect();
    assert_eq!(
        rows,
        [
            "| `long` | seconds | 5 | reload | how long |\n",
            "| `type` | text | required | reload | which |\n",
            "| `sound` | boolean | `false` | reload | whether |\n",
        ]
    );
}
