//! The text form of a catalogue: one TOML file for a version of a product's API.
//!
//! The embedded data and the user's own files have the same form; `docs/catalogue.md` describes it.

mod line;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use self::line::ParameterLine;
use super::ClusterLookup;
use super::operation::{
    Authorization, Confidence, IdPart, Operation, Parameter, Provenance, RegionPart, Role, Template, TypePart,
};
use super::product::{ClassOverride, ClusterArn, Endpoints, Prefix, Product};
use crate::json::{Position, SourceText};

/// A catalogue file that cannot be read; all its mistakes at once, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct CatalogError {
    mistakes: Vec<CatalogMistake>,
}

impl CatalogError {
    /// Every mistake, in the order of the text; there is at least one.
    #[must_use]
    pub fn mistakes(&self) -> &[CatalogMistake] {
        &self.mistakes
    }
}

/// One mistake in a catalogue file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{source_name}:{position}: {message}")]
pub struct CatalogMistake {
    /// The name of the file.
    pub source_name: String,
    /// Where in it.
    pub position: Position,
    /// What is wrong, and how to mend it.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    product: Spanned<String>,
    version: Spanned<String>,
    name: Option<String>,
    #[serde(default)]
    style: Option<Spanned<String>>,
    arn: Option<Spanned<String>>,
    #[serde(default, rename = "sources")]
    _sources: BTreeMap<String, String>,
    #[serde(default, rename = "marks")]
    _marks: BTreeMap<String, String>,
    #[serde(default, rename = "rules")]
    _rules: BTreeMap<String, String>,
    #[serde(default)]
    classes: Classes,
    #[serde(default)]
    resource_types: BTreeMap<String, String>,
    #[serde(default)]
    prefixes: BTreeMap<String, PrefixRecord>,
    #[serde(default)]
    not_clusters: BTreeMap<String, String>,
    #[serde(default)]
    kinds: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    parameter_sets: BTreeMap<String, Vec<Spanned<String>>>,
    #[serde(default)]
    condition_keys: BTreeMap<String, String>,
    #[serde(default)]
    endpoints: EndpointRecord,
    lookup: Option<Spanned<ClusterLookup>>,
    #[serde(default)]
    operations: BTreeMap<String, Spanned<OperationRecord>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Classes {
    read_levels: Option<BTreeSet<String>>,
    #[serde(default)]
    overrides: BTreeMap<String, ClassRecord>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassRecord {
    class: Class,
    reason: String,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Class {
    Read,
    Write,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrefixRecord {
    kind: Spanned<String>,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct EndpointRecord {
    default: Option<String>,
    vpc_default: Option<String>,
    #[serde(default)]
    regions: BTreeMap<String, String>,
    #[serde(default)]
    vpc: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationRecord {
    methods: Option<String>,
    seen: Option<String>,
    action: Option<String>,
    action_from: Option<String>,
    level: Option<String>,
    class: Option<ClassRecord>,
    authorization: Option<Spanned<String>>,
    resource: Option<Spanned<String>>,
    resource_required: Option<String>,
    printed: Option<String>,
    binding: Option<String>,
    confidence: Option<Spanned<String>>,
    alternatives: Option<Vec<Spanned<String>>>,
    condition_keys: Option<Vec<String>>,
    condition_keys_from: Option<String>,
    dependent_actions: Option<Vec<String>>,
    dependent_actions_from: Option<String>,
    source: Option<String>,
    note: Option<String>,
    one_of: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    sets: Vec<Spanned<String>>,
    #[serde(default)]
    parameters: Vec<Spanned<String>>,
}

/// Collects mistakes with their places.
struct Mistakes<'a> {
    source: &'a SourceText,
    found: Vec<CatalogMistake>,
}

impl Mistakes<'_> {
    fn add(&mut self, offset: usize, message: impl Into<String>) {
        self.found.push(CatalogMistake {
            source_name: self.source.name().to_owned(),
            position: self.source.position(offset),
            message: message.into(),
        });
    }
}

/// `value @mark` in its two parts.
fn marked(text: &str) -> (&str, Option<String>) {
    match text.split_once(" @") {
        Some((value, mark)) => (value, Some(mark.to_owned())),
        None => (text, None),
    }
}

/// The name of product and version that a file is about, before anything else of it is used.
pub(super) struct Header {
    pub(super) product: String,
    pub(super) version: String,
}

/// A file whose syntax and member names are right.
pub(super) struct Parsed<'a> {
    source: &'a SourceText,
    file: File,
}

/// Reads the syntax of a file.
///
/// # Errors
/// Where it is not TOML, or has a member that the form does not know.
pub(super) fn parse(source: &SourceText) -> Result<Parsed<'_>, CatalogError> {
    match toml::from_str(source.text()) {
        Ok(file) => Ok(Parsed { source, file }),
        Err(error) => {
            let mut mistakes = Mistakes { source, found: Vec::new() };
            mistakes.add(error.span().map_or(0, |span| span.start), error.message().replace('\n', " "));
            Err(CatalogError { mistakes: mistakes.found })
        }
    }
}

impl Parsed<'_> {
    pub(super) fn header(&self) -> Header {
        Header { product: self.file.product.get_ref().clone(), version: self.file.version.get_ref().clone() }
    }

    /// The product as it is after this file: `base` with the file's entries added and its fields replaced.
    ///
    /// # Errors
    /// Every mistake of the file.
    pub(super) fn apply(self, base: Option<&Product>) -> Result<Product, CatalogError> {
        let Self { source, file } = self;
        let mut mistakes = Mistakes { source, found: Vec::new() };
        for (what, value) in [("product", &file.product), ("version", &file.version)] {
            if !is_name(value.get_ref()) {
                mistakes.add(value.span().start, format!("`{what}` must be letters, digits, `.`, `_` and `-`"));
            }
        }
        if let Some(style) = &file.style
            && style.get_ref() != "RPC"
        {
            mistakes.add(style.span().start, format!("style `{}` is not served: write `RPC`", style.get_ref()));
        }
        let mut product = match base {
            Some(base) => base.clone(),
            None => Product {
                code: file.product.get_ref().clone(),
                version: file.version.get_ref().clone(),
                name: None,
                cluster: ClusterArn { service: file.product.get_ref().clone(), kind: String::new() },
                kinds: BTreeMap::new(),
                prefixes: BTreeMap::new(),
                not_clusters: BTreeSet::new(),
                resource_types: BTreeMap::new(),
                read_levels: BTreeSet::new(),
                class_overrides: BTreeMap::new(),
                parameter_sets: BTreeMap::new(),
                condition_keys: BTreeMap::new(),
                endpoints: Endpoints::default(),
                lookup: None,
                operations: BTreeMap::new(),
            },
        };
        product.name = file.name.or(product.name);
        match &file.arn {
            Some(arn) => match arn.get_ref().split(':').collect::<Vec<_>>().as_slice() {
                ["acs", service, "{region}", "{account}", rest] if is_name(service) => {
                    match rest.strip_suffix("/{id}").filter(|kind| is_name(kind)) {
                        Some(kind) => {
                            product.cluster = ClusterArn { service: (*service).to_owned(), kind: kind.to_owned() };
                        }
                        None => mistakes.add(arn.span().start, ARN_FORM),
                    }
                }
                _ => mistakes.add(arn.span().start, ARN_FORM),
            },
            None if base.is_none() => {
                mistakes.add(file.product.span().start, format!("a new product needs `arn`: {ARN_FORM}"));
            }
            None => {}
        }
        for (kind, role) in &file.kinds {
            match role_of(role.get_ref()) {
                Some(role) => drop(product.kinds.insert(kind.clone(), role)),
                None => mistakes.add(
                    role.span().start,
                    format!(
                        "`{}` is not a role: write one of {}",
                        role.get_ref(),
                        ROLES.map(|(name, _)| name).join(", ")
                    ),
                ),
            }
        }
        for (prefix, record) in &file.prefixes {
            match product.kinds.get(record.kind.get_ref()) {
                Some(role @ (Role::Primary | Role::Cluster | Role::Member)) => {
                    let prefix_entry = Prefix { kind: record.kind.get_ref().clone(), role: *role };
                    product.prefixes.insert(prefix.clone(), prefix_entry);
                }
                _ => mistakes.add(
                    record.kind.span().start,
                    format!(
                        "`{}` is not a kind of cluster or member: declare it under `[kinds]`",
                        record.kind.get_ref()
                    ),
                ),
            }
        }
        product.not_clusters.extend(file.not_clusters.into_keys());
        product.resource_types.extend(file.resource_types);
        product.condition_keys.extend(file.condition_keys);
        product.read_levels = file.classes.read_levels.unwrap_or(product.read_levels);
        for (operation, record) in file.classes.overrides {
            product.class_overrides.insert(operation, class_override(record));
        }
        product.endpoints.default = file.endpoints.default.or(product.endpoints.default);
        product.endpoints.vpc_default = file.endpoints.vpc_default.or(product.endpoints.vpc_default);
        product.endpoints.regions.extend(file.endpoints.regions);
        product.endpoints.vpc.extend(file.endpoints.vpc);

        for (name, lines) in &file.parameter_sets {
            let set = parameters(lines, &product.kinds, &mut mistakes);
            product.parameter_sets.insert(name.clone(), set);
        }
        let mut spellings: BTreeMap<String, String> =
            product.operations.keys().map(|name| (name.to_ascii_lowercase(), name.clone())).collect();
        for (name, record) in file.operations {
            let start = record.span().start;
            let known = spellings.entry(name.to_ascii_lowercase()).or_insert_with(|| name.clone());
            if *known != name {
                mistakes.add(start, format!("operation `{name}` is spelt `{known}`, and letter case counts"));
                continue;
            }
            if !is_name(&name) {
                mistakes.add(start, format!("operation name `{name}` may only have letters, digits, `.`, `_` and `-`"));
                continue;
            }
            let before = product.operations.get(&name).cloned();
            let operation =
                operation(&product, name.clone(), start, record.into_inner(), before.as_deref(), &mut mistakes);
            if let Some(operation) = operation {
                product.operations.insert(name, Arc::new(operation));
            }
        }
        for name in product.class_overrides.keys() {
            if !product.operations.contains_key(name) {
                mistakes.add(0, format!("`[classes.overrides]` names operation `{name}`, which is not there"));
            }
        }
        if let Some(lookup) = file.lookup {
            let start = lookup.span().start;
            let lookup = lookup.into_inner();
            if product.operations.get(&lookup.operation).is_none_or(|operation| operation.write) {
                let operation = &lookup.operation;
                mistakes.add(start, format!("`[lookup]` names operation `{operation}`, which is not there or writes"));
            }
            if lookup.not_found.is_empty() {
                mistakes.add(start, "`[lookup]` needs the codes of a cluster that is not there in `not_found`");
            }
            product.lookup = Some(lookup);
        }
        if mistakes.found.is_empty() {
            return Ok(product);
        }
        mistakes.found.sort();
        Err(CatalogError { mistakes: mistakes.found })
    }
}

const ARN_FORM: &str = "write the ARN of a cluster as `acs:<service>:{region}:{account}:<type>/{id}`";

const ROLES: [(&str, Role); 13] = [
    ("text", Role::Text),
    ("primary", Role::Primary),
    ("cluster", Role::Cluster),
    ("member", Role::Member),
    ("id", Role::Id),
    ("tagged", Role::Tagged),
    ("resource-type", Role::ResourceType),
    ("region", Role::Region),
    ("resource-group", Role::ResourceGroup),
    ("owner-id", Role::OwnerId),
    ("owner-account", Role::OwnerAccount),
    ("secret", Role::Secret),
    ("security-token", Role::SecurityToken),
];

fn role_of(name: &str) -> Option<Role> {
    ROLES.iter().find(|(known, _)| *known == name).map(|(_, role)| *role)
}

fn class_override(record: ClassRecord) -> ClassOverride {
    ClassOverride { write: record.class == Class::Write, reason: record.reason }
}

/// Names of products, services, types, operations and parameters: nothing that means something in an ARN or a pattern.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

fn parameters(
    lines: &[Spanned<String>],
    kinds: &BTreeMap<String, Role>,
    mistakes: &mut Mistakes<'_>,
) -> Vec<Parameter> {
    let mut parameters = Vec::with_capacity(lines.len());
    for line in lines {
        match ParameterLine::parse(line.get_ref(), kinds) {
            Ok(parameter) => parameters.push(parameter),
            // The quote stands before the text.
            Err(mistake) => mistakes.add(line.span().start + 1 + mistake.offset, mistake.message),
        }
    }
    parameters
}

fn operation(
    product: &Product,
    name: String,
    start: usize,
    record: OperationRecord,
    before: Option<&Operation>,
    mistakes: &mut Mistakes<'_>,
) -> Option<Operation> {
    let count = mistakes.found.len();
    let mut operation = before.cloned().unwrap_or_else(|| Operation {
        action: format!("{}:{name}", product.code),
        name,
        methods: vec!["POST".to_owned()],
        level: None,
        write: true,
        authorization: Authorization::AllResources,
        resource: None,
        alternatives: Vec::new(),
        confidence: Confidence::Low,
        parameters: BTreeMap::new(),
        one_of: BTreeMap::new(),
        condition_keys: Vec::new(),
        dependent_actions: Vec::new(),
        provenance: Provenance::default(),
    });
    let provenance = &mut operation.provenance;
    if let Some(methods) = &record.methods {
        let (methods, mark) = marked(methods);
        operation.methods = methods.split(' ').map(str::to_owned).collect();
        provenance.methods = mark;
    }
    if let Some(level) = &record.level {
        let (level, mark) = marked(level);
        operation.level = Some(level.to_owned());
        operation.write = !product.read_levels.contains(level);
        provenance.level = mark;
    }
    let class = record.class.map(class_override);
    if let Some(class) = class.as_ref().or_else(|| product.class_overrides.get(&operation.name)) {
        operation.write = class.write;
        provenance.class_reason = Some(class.reason.clone());
    }
    if let Some(action) = record.action {
        match action.split_once(':') {
            Some((service, name)) if is_name(service) && is_name(name) => operation.action = action,
            _ => mistakes.add(start, format!("action `{action}` is not of the form `service:Name`")),
        }
    }
    for (field, value) in [
        (&mut provenance.action, record.action_from),
        (&mut provenance.seen, record.seen),
        (&mut provenance.printed, record.printed),
        (&mut provenance.binding, record.binding),
        (&mut provenance.condition_keys, record.condition_keys_from),
        (&mut provenance.dependent_actions, record.dependent_actions_from),
        (&mut provenance.resource_required, record.resource_required),
        (&mut provenance.source, record.source),
        (&mut provenance.note, record.note),
    ] {
        if value.is_some() {
            *field = value;
        }
    }
    match &record.authorization {
        Some(text) => {
            let (authorization, rule) = marked(text.get_ref());
            provenance.rule = rule;
            match authorization {
                "resource" => operation.authorization = Authorization::Resource,
                "all-resources" => operation.authorization = Authorization::AllResources,
                "none" => operation.authorization = Authorization::None,
                other => mistakes.add(
                    text.span().start,
                    format!("authorization `{other}` is not known: write `resource`, `all-resources` or `none`"),
                ),
            }
        }
        None if before.is_none() => mistakes.add(
            start,
            format!(
                "operation `{}` is new and needs `authorization`: `resource`, `all-resources` or `none`",
                operation.name
            ),
        ),
        None => {}
    }
    if let Some(text) = &record.confidence {
        match text.get_ref().as_str() {
            "high" => operation.confidence = Confidence::High,
            "medium" => operation.confidence = Confidence::Medium,
            "low" => operation.confidence = Confidence::Low,
            other => mistakes
                .add(text.span().start, format!("confidence `{other}` is not known: write `high`, `medium` or `low`")),
        }
    }
    for set in &record.sets {
        match product.parameter_sets.get(set.get_ref()) {
            Some(set) => operation.parameters.extend(set.iter().map(|one| (one.name.clone(), one.clone()))),
            None => mistakes.add(
                set.span().start,
                format!("parameter set `{}` is not declared: add it under `[parameter_sets]`", set.get_ref()),
            ),
        }
    }
    for parameter in parameters(&record.parameters, &product.kinds, mistakes) {
        operation.parameters.insert(parameter.name.clone(), parameter);
    }
    let declared = &operation.parameters;
    if let Some(text) = &record.resource {
        match template(text.get_ref(), declared) {
            Ok(template) => operation.resource = Some(template),
            Err(message) => mistakes.add(text.span().start, message),
        }
    }
    if let Some(texts) = &record.alternatives {
        operation.alternatives.clear();
        for text in texts {
            match template(text.get_ref(), declared) {
                Ok(template) => operation.alternatives.push(template),
                Err(message) => mistakes.add(text.span().start, message),
            }
        }
    }
    if operation.authorization == Authorization::Resource
        && operation.resource.is_none()
        && count == mistakes.found.len()
    {
        mistakes.add(
            start,
            format!("operation `{}` has `authorization = \"resource\"` and needs `resource`", operation.name),
        );
    }
    if let Some(one_of) = record.one_of {
        for name in one_of.keys().chain(one_of.values().flatten()) {
            if !declared.contains_key(name) {
                mistakes.add(start, format!("`one_of` names parameter `{name}`, which the operation does not declare"));
            }
        }
        operation.one_of = one_of;
    }
    if let Some(keys) = record.condition_keys {
        operation.condition_keys = keys;
    }
    if let Some(actions) = record.dependent_actions {
        operation.dependent_actions = actions;
    }
    (count == mistakes.found.len()).then_some(operation)
}

/// Reads a template such as `acs:polardb:{region}:{account}:dbcluster/{DBClusterId}`.
fn template(text: &str, declared: &BTreeMap<String, Parameter>) -> Result<Template, String> {
    if text == "*" {
        return Ok(Template::All);
    }
    let form = || {
        format!(
            "`{text}` is not a resource: write `*` or `acs:<service>:{{region}}:{{account}}:<type>/<id>`, the id `*` or a parameter in braces"
        )
    };
    let ["acs", service, region, "{account}", rest] = text.split(':').collect::<Vec<_>>()[..] else {
        return Err(form());
    };
    let region = match region {
        "{region}" => RegionPart::Known,
        "*" => RegionPart::Any,
        _ => return Err(form()),
    };
    let parameter = |name: &str, fits: fn(Role) -> bool, wanted: &str| match declared.get(name) {
        Some(parameter) if fits(parameter.role) => Ok(name.to_owned()),
        Some(_) => Err(format!("`{text}` needs parameter `{name}` to be {wanted}: give it such a `kind:`")),
        None => Err(format!("`{text}` names parameter `{name}`, which the operation does not declare")),
    };
    let is_type: fn(Role) -> bool = |role| role == Role::ResourceType;
    let is_member: fn(Role) -> bool = |role| role == Role::Member;
    let is_id: fn(Role) -> bool =
        |role| matches!(role, Role::Primary | Role::Cluster | Role::Member | Role::Id | Role::Tagged);
    let in_braces = |part: &str| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')).map(str::to_owned);
    let (kind, id) = rest.split_once('/').ok_or_else(form)?;
    let kind = match in_braces(kind) {
        Some(name) => TypePart::Parameter(parameter(&name, is_type, "a resource type")?),
        None if is_name(kind) => TypePart::Literal(kind.to_owned()),
        None => return Err(form()),
    };
    let id = match in_braces(id) {
        Some(name) => match name.strip_suffix(".owner") {
            Some(member) => IdPart::OwnerOf(parameter(member, is_member, "a member of clusters")?),
            None => IdPart::Parameter(parameter(&name, is_id, "an id")?),
        },
        None if id == "*" => IdPart::Any,
        None => return Err(form()),
    };
    if !is_name(service) {
        return Err(form());
    }
    Ok(Template::Arn { service: service.to_owned(), region, kind, id })
}
