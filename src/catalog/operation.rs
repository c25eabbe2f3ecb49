//! What the catalogue knows of one operation.

use std::collections::BTreeMap;
use std::fmt;

/// One operation of a product: its parameters and what RAM is asked about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    pub(super) name: String,
    pub(super) action: String,
    pub(super) methods: Vec<String>,
    pub(super) level: Option<String>,
    pub(super) write: bool,
    pub(super) authorization: Authorization,
    pub(super) resource: Option<Template>,
    pub(super) alternatives: Vec<Template>,
    pub(super) confidence: Confidence,
    pub(super) parameters: BTreeMap<String, Parameter>,
    /// Parameter, and the parameters one of whose values it must repeat.
    pub(super) one_of: BTreeMap<String, Vec<String>>,
    pub(super) condition_keys: Vec<String>,
    pub(super) dependent_actions: Vec<String>,
    pub(super) provenance: Provenance,
}

impl Operation {
    /// The name, as in `CloseDBClusterMigration`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The RAM action, as in `polardb:CloseDBClusterMigration`.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// HTTP methods the operation takes.
    #[must_use]
    pub fn methods(&self) -> &[String] {
        &self.methods
    }

    /// The documented or guessed access level: `get`, `list`, `create`, `update`, `delete`, `none`. It describes,
    /// and takes no part in a decision (spec openapi-wire T15).
    #[must_use]
    pub fn level(&self) -> Option<&str> {
        self.level.as_deref()
    }

    /// Whether a call may change something. An operation of which that is not known counts as one that does
    /// (spec gate-rules G8).
    #[must_use]
    pub fn write(&self) -> bool {
        self.write
    }

    /// What RAM is asked about.
    #[must_use]
    pub fn authorization(&self) -> Authorization {
        self.authorization
    }

    /// The resources that its calls may be checked on, as in `acs:polardb:{region}:{account}:dbcluster/{DBClusterId}`; where
    /// the catalogue is not sure of the first, the alternatives come after it.
    #[must_use]
    pub fn resource_templates(&self) -> Vec<String> {
        let own = match self.authorization {
            Authorization::Resource => self.resource.as_ref(),
            Authorization::AllResources | Authorization::None => None,
        };
        let own = own.map_or_else(|| "*".to_owned(), ToString::to_string);
        std::iter::once(own).chain(self.alternatives.iter().map(ToString::to_string)).collect()
    }

    /// How sure the catalogue is of [`authorization`](Self::authorization).
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// Declared parameters by name.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.values()
    }

    /// The declared parameter of that name, in exactly that spelling.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.get(name)
    }

    /// Condition keys of the product's own that RAM knows for this operation, as in `polardb:EncryptionRequired`.
    /// Nothing supplies their values, so they are unknown to a decision (spec gate-rules G2).
    #[must_use]
    pub fn condition_keys(&self) -> &[String] {
        &self.condition_keys
    }

    /// Actions that the caller needs besides, as the help page names them. They are not checked here: the service
    /// asks for them when it calls on the caller's behalf.
    #[must_use]
    pub fn dependent_actions(&self) -> &[String] {
        &self.dependent_actions
    }

    /// Where these facts come from.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Whether `RegionId` of a call may say where it acts: only where the operation creates or lists, and
    /// declares it (spec gate-rules G3).
    pub(super) fn acts_in_requested_region(&self) -> bool {
        let creates_or_lists = !self.write || matches!(self.level(), Some("create" | "list"));
        creates_or_lists && self.parameters.contains_key("RegionId")
    }
}

/// What RAM is asked about an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authorization {
    /// The resources that its parameters name.
    Resource,
    /// The action on `*`.
    AllResources,
    /// Nothing; the gate still wants the action on `*` (spec gate-rules G8).
    None,
}

/// How sure a catalogue entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// A guess: its alternatives are asked as well (spec gate-rules G4).
    Low,
    /// Derived by a rule with few documented examples, or documented with a part left open.
    Medium,
    /// Documented, or derived by a rule that every documented example follows.
    High,
}

/// Where the facts of an operation come from; the marks are explained in the data file itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The rule behind the authorization: `documented`, `R1`, ...
    pub rule: Option<String>,
    /// The page or copy that was read.
    pub source: Option<String>,
    /// When a source first had the operation, as in `2024-07`.
    pub seen: Option<String>,
    /// Type and ARN as a help page prints them.
    pub printed: Option<String>,
    /// What of the template no page states.
    pub binding: Option<String>,
    /// Mark of the action, where a page prints it.
    pub action: Option<String>,
    /// Mark of the access level.
    pub level: Option<String>,
    /// Mark of the methods.
    pub methods: Option<String>,
    /// Mark of the condition keys.
    pub condition_keys: Option<String>,
    /// Mark of the dependent actions.
    pub dependent_actions: Option<String>,
    /// Mark of the resource being required, where that is not documented.
    pub resource_required: Option<String>,
    /// Why the write class differs from what the access level says.
    pub class_reason: Option<String>,
    /// Anything else worth knowing.
    pub note: Option<String>,
}

/// A declared parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) shape: Shape,
    pub(super) comma: bool,
    pub(super) kind: Option<String>,
    pub(super) role: Role,
    pub(super) mark: Option<String>,
}

impl Parameter {
    /// The name, as in `DBClusterId`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a call must have it.
    #[must_use]
    pub fn required(&self) -> bool {
        self.required
    }

    /// Its type.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Whether its value is a list with commas.
    #[must_use]
    pub fn comma(&self) -> bool {
        self.comma
    }

    /// What its value names, as in `dbcluster`.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// What its kind means to resolution.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The mark of its required flag; none where it is from the first source.
    #[must_use]
    pub fn mark(&self) -> Option<&str> {
        self.mark.as_deref()
    }
}

/// The type of a parameter and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Any text.
    String,
    /// A decimal whole number.
    Integer,
    /// A decimal number.
    Number,
    /// `true` or `false` in any letter case.
    Boolean,
    /// A list of texts: `ResourceId.1`, `ResourceId.2`.
    Strings,
    /// A list of objects: `Tag.1.Key`. Without fields, any field is taken.
    Objects(Vec<Parameter>),
    /// A JSON array of texts in one value.
    JsonStrings,
    /// A JSON array of objects in one value.
    JsonObjects,
    /// A JSON object in one value.
    JsonObject,
    /// A JSON object with free names in one value.
    JsonMap,
}

/// What a parameter's kind means to resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Nothing in particular.
    Plain,
    /// Words for people: an id in it counts only where the inventory has it.
    Text,
    /// The cluster that the call is about; `RegionId` and `ResourceGroupId` must agree with it.
    Primary,
    /// Another cluster.
    Cluster,
    /// Something that belongs to clusters.
    Member,
    /// An identifier of something else.
    Id,
    /// Ids of the type that the resource type parameter names.
    Tagged,
    /// The type of tagged resources.
    ResourceType,
    /// A region.
    Region,
    /// A resource group.
    ResourceGroup,
    /// The id of an account that the call acts for.
    OwnerId,
    /// The login name of an account that the call acts for.
    OwnerAccount,
    /// A password or a key: never searched for ids, never shown.
    Secret,
    /// A session token as a business parameter.
    SecurityToken,
}

/// The ARN of what is checked, with places for the parts a call fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Template {
    /// `*`.
    All,
    /// `acs:<service>:<region>:{account}:<type>/<id>`.
    Arn { service: String, region: RegionPart, kind: TypePart, id: IdPart },
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Arn { service, region, kind, id } = self else { return f.write_str("*") };
        let region = match region {
            RegionPart::Known => "{region}",
            RegionPart::Any => "*",
        };
        write!(f, "acs:{service}:{region}:{{account}}:")?;
        match kind {
            TypePart::Literal(kind) => write!(f, "{kind}/")?,
            TypePart::Parameter(name) => write!(f, "{{{name}}}/")?,
        }
        match id {
            // What stands there is the text `*`, one of the names that an id can be.
            IdPart::Any => f.write_str("{any}"),
            IdPart::Parameter(name) => write!(f, "{{{name}}}"),
            IdPart::OwnerOf(name) => write!(f, "{{{name}.owner}}"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RegionPart {
    /// `{region}`.
    Known,
    /// `*`, as a page prints it.
    Any,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TypePart {
    Literal(String),
    /// From this parameter, through the product's resource types.
    Parameter(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IdPart {
    /// `*`.
    Any,
    /// From this parameter.
    Parameter(String),
    /// The clusters that own what this parameter names.
    OwnerOf(String),
}
