//! Policies of one large account, and calls to decide by them: the same ones in every run, and nothing that flatters an
//! index.
//!
//! - 60 % of the statements name an action and an ARN; 20 % an action and the beginning of an ARN; 10 % have a wildcard in
//!   the action; 5 % within the ARN, some before all other text; 5 % are `NotAction`. 10 % deny. 30 % have a condition.
//! - Half of the calls are allowed, a quarter denied by no statement that allows, a quarter by one that denies.
//! - All is of one account, its ids begin alike, and several statements are about each resource.
#![allow(dead_code, clippy::string_slice, reason = "no bench uses all of it, and all of it is ASCII")]

use std::ops::Range;

use fastrand::Rng;
use ramgate::authz::{Mode, Outcome, PolicySet, Request};
use ramgate::catalog::Known;
use ramgate::identity::{Principal, Scope};
use ramgate::json::SourceText;
use ramgate::policy::{Context, Dialect};
use serde_json::{Value, json};

pub const ACCOUNT: &str = "1234567890123456";

/// The most bytes of a document, which RAM sets.
const DOCUMENT: usize = 6144;
const SEED: u64 = 0x5eed;

const SERVICES: [(&str, &str, &str); 20] = [
    ("ecs", "instance", "i-bp1"),
    ("polardb", "dbcluster", "pc-bp1"),
    ("rds", "dbinstance", "rm-bp1"),
    ("vpc", "vpc", "vpc-bp1"),
    ("slb", "loadbalancer", "lb-bp1"),
    ("kms", "key", "key-hzz"),
    ("redis", "instance", "r-bp1"),
    ("mongodb", "dbinstance", "dds-bp1"),
    ("oss", "bucket", "logs-bp1"),
    ("log", "project", "k8s-bp1"),
    ("cs", "cluster", "c-bp1"),
    ("cr", "instance", "cri-bp1"),
    ("fc", "service", "fn-bp1"),
    ("nas", "filesystem", "nas-bp1"),
    ("cdn", "domain", "cdn-bp1"),
    ("hbase", "cluster", "hb-bp1"),
    ("elasticsearch", "instance", "es-bp1"),
    ("alikafka", "instance", "kafka-bp1"),
    ("ons", "instance", "mq-bp1"),
    ("dts", "instance", "dts-bp1"),
];
const VERBS: [&str; 10] =
    ["Describe", "Modify", "Create", "Delete", "Start", "Stop", "Restart", "Attach", "Detach", "List"];
const NOUNS: [&str; 6] = ["Instance", "InstanceAttribute", "Backup", "AccountPrivilege", "NetInfo", "Tags"];
const REGIONS: [&str; 5] = ["cn-hangzhou", "cn-shanghai", "cn-beijing", "ap-southeast-1", "eu-central-1"];
const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// The keys that conditions test: the operator, a value that no condition is met by, and one that each is met by.
const KEYS: [(&str, &str, &str, &str); 5] = [
    ("IpAddress", "acs:SourceIp", "192.0.2.7", "203.0.113.7"),
    ("StringEquals", "acs:ResourceTag/env", "none", "prod"),
    ("DateLessThan", "acs:CurrentTime", "2031-05-01T00:00:00Z", "2026-11-24T02:06:20Z"),
    ("Bool", "acs:SecureTransport", "false", "true"),
    ("NumericLessThan", "acs:TLSVersion", "1.3", "1.2"),
];

/// A call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Call {
    pub action: String,
    pub resource: String,
    /// Values of condition keys.
    pub context: Vec<(&'static str, String)>,
}

impl Call {
    /// The context as the evaluator takes it.
    pub fn context(&self) -> Context {
        let mut context = Context::new();
        for (key, value) in &self.context {
            context.set(key, value.as_str());
        }
        context
    }

    /// The call as the evaluator takes it.
    pub fn request<'a>(&'a self, principal: &'a Principal, context: &'a Context) -> Request<'a> {
        Request {
            principal,
            action: &self.action,
            resource: &self.resource,
            owner: None,
            resource_group: &Known::Unknown,
            context,
            mode: Mode::General,
        }
    }
}

/// Who calls.
pub fn principal() -> Principal {
    Principal::User { account: ACCOUNT.to_owned(), name: "alice".to_owned(), id: "2234567890123456".to_owned() }
}

struct Resource {
    service: usize,
    region: &'static str,
    id: String,
}

/// A statement, and what it is about.
struct Statement {
    text: Value,
    denies: bool,
    action: String,
    resource: String,
    key: Option<usize>,
}

/// Statements, and calls about them.
pub struct Mix {
    rng: Rng,
    resources: Vec<Resource>,
    statements: Vec<Statement>,
}

impl Mix {
    /// As many statements as this.
    pub fn new(statements: usize) -> Self {
        let mut rng = Rng::with_seed(SEED);
        let families: Vec<String> = (0..=statements / 50).map(|_| letters(&mut rng, 9)).collect();
        let resource = |rng: &mut Rng| {
            let service = rng.usize(..SERVICES.len());
            let id = format!("{}{}{}", SERVICES[service].2, families[rng.usize(..families.len())], letters(rng, 7));
            Resource { service, region: REGIONS[rng.usize(..REGIONS.len())], id }
        };
        let resources = (0..statements / 2 + 4).map(|_| resource(&mut rng)).collect();
        let mut mix = Self { rng, resources, statements: Vec::with_capacity(statements) };
        for number in 0..statements {
            let statement = mix.statement(number);
            mix.statements.push(statement);
        }
        mix
    }

    /// The statements in documents that RAM would take.
    pub fn documents(&self) -> Vec<String> {
        let mut documents: Vec<String> = Vec::new();
        let (head, tail) = (r#"{"Version":"1","Statement":["#, "]}");
        let mut open = String::new();
        for statement in &self.statements {
            let text = statement.text.to_string();
            if !open.is_empty() && open.len() + text.len() + tail.len() >= DOCUMENT {
                documents.push(std::mem::take(&mut open) + tail);
            }
            open.push_str(if open.is_empty() { head } else { "," });
            open.push_str(&text);
        }
        documents.push(open + tail);
        documents
    }

    /// The documents as identity policies of one principal.
    pub fn policy_set(&self) -> PolicySet {
        let mut policies = PolicySet::new(Dialect::strict());
        for (number, document) in self.documents().into_iter().enumerate() {
            let name = format!("policy-{number}");
            let source = SourceText::new(format!("{name}.json"), document);
            policies.add_identity(&name, &source, Scope::Account).unwrap();
        }
        policies
    }

    /// As many different calls as this, or as there are, in no order. `decide` says what is decided, so that each outcome
    /// has its share.
    pub fn calls(&mut self, count: usize, mut decide: impl FnMut(&Call) -> Outcome) -> Vec<Call> {
        let mut calls = Vec::with_capacity(count);
        let mut known = std::collections::HashSet::new();
        for (wanted, share) in [
            (Outcome::Allow, count / 2),
            (Outcome::ImplicitDeny, count / 4),
            (Outcome::ExplicitDeny, count - count / 2 - count / 4),
        ] {
            let mut left = share;
            // Of few statements there are few calls: some come again.
            for attempt in 0.. {
                let call = self.call(wanted);
                let new = attempt > 20 * count || !known.contains(&call);
                if left == 0 {
                    break;
                }
                if new && decide(&call) == wanted {
                    known.insert(call.clone());
                    calls.push(call);
                    left -= 1;
                }
            }
        }
        self.rng.shuffle(&mut calls);
        calls
    }

    /// A call of which it is not known what is decided.
    pub fn any_call(&mut self) -> Call {
        self.call(Outcome::ImplicitDeny)
    }

    fn statement(&mut self, number: usize) -> Statement {
        let rng = &mut self.rng;
        let about = &self.resources[rng.usize(..self.resources.len())];
        let (Resource { region, id, .. }, (service, kind, _)) = (about, SERVICES[about.service]);
        let resource = arn(about);
        let action = action(rng, service);
        let beginning = |rng: &mut Rng| {
            let left = rng.usize(1..4);
            format!("{}*", &resource[..resource.len() - left])
        };
        // 37 has no factor in common with 100: every hundred statements have each share exactly, and any ten nearly.
        let (element, said, arn) = match number * 37 % 100 {
            0..60 => ("Action", json!(action), resource.clone()),
            60..80 => ("Action", json!(action), beginning(rng)),
            80..90 => {
                let (_, name) = action.split_once(':').unwrap();
                let verb = VERBS.iter().find(|verb| name.starts_with(**verb)).unwrap();
                let wild = match rng.usize(..8) {
                    0 => "*".to_owned(),
                    1 => format!("{service}:*"),
                    2 => format!("*:{name}"),
                    3 => format!("{service}:*{}", &name[verb.len()..]),
                    _ => format!("{service}:{verb}*"),
                };
                ("Action", json!(wild), if rng.usize(..3) == 0 { beginning(rng) } else { resource.clone() })
            }
            90..95 => {
                let (middle, end) = (&id[id.len() - 9..], &id[id.len() - 3..]);
                let wild = match rng.usize(..6) {
                    0 => format!("acs:{service}:*:{ACCOUNT}:{kind}/{id}"),
                    1 => format!("acs:{service}:{region}:*:{kind}/{}*{end}", &id[..id.len() - 5]),
                    2 => format!("*:{kind}/{id}"),
                    3 => format!("*{middle}*"),
                    4 => format!("acs:{service}:*:*:{kind}/{}*", &id[..id.len() - 2]),
                    _ => format!("acs:{service}:*:{ACCOUNT}:{kind}/{}?{end}", &id[..id.len() - 4]),
                };
                ("Action", json!(action), wild)
            }
            _ => {
                let other = VERBS[rng.usize(..VERBS.len())];
                let said = json!([format!("{service}:{other}*"), "ram:*"]);
                ("NotAction", said, if rng.usize(..3) == 0 { beginning(rng) } else { resource.clone() })
            }
        };
        let denies = number % 10 == 1;
        let mut text = json!({"Effect": if denies { "Deny" } else { "Allow" }, element: said, "Resource": arn});
        let key = (rng.usize(..10) < 3).then(|| rng.usize(..KEYS.len()));
        if let Some(key) = key {
            let (operator, name, ..) = KEYS[key];
            let operands = match operator {
                "IpAddress" => json!([format!("198.51.100.{}/32", rng.u8(..)), "203.0.113.0/24"]),
                "StringEquals" => json!(["prod", format!("team-{}", letters(rng, 4))]),
                "DateLessThan" => json!(format!("20{}-01-01T00:00:00Z", rng.u8(27..31))),
                "Bool" => json!("true"),
                _ => json!("1.3"),
            };
            text["Condition"] = json!({operator: {name: operands}});
        }
        Statement { text, denies, action, resource, key }
    }

    /// A call that may well come to this.
    fn call(&mut self, wanted: Outcome) -> Call {
        let denied = wanted == Outcome::ExplicitDeny;
        let statement = loop {
            let statement = &self.statements[self.rng.usize(..self.statements.len())];
            if statement.denies == denied {
                break statement;
            }
        };
        let rng = &mut self.rng;
        let (mut action, mut resource) = (statement.action.clone(), statement.resource.clone());
        let mut met = statement.key;
        if wanted == Outcome::ImplicitDeny {
            match rng.usize(..3) {
                0 => action = self::action(rng, action.split(':').next().unwrap()),
                1 => resource.replace_range(resource.len() - 4.., &letters(rng, 4)),
                _ => met = None,
            }
        }
        let value = |(number, (_, key, unmet, value)): (usize, (_, &'static str, &str, &str))| {
            let met = met == Some(number) || rng.usize(..3) == 0;
            (key, if met { value } else { unmet }.to_owned())
        };
        Call { action, resource, context: KEYS.into_iter().enumerate().map(value).collect() }
    }
}

fn arn(Resource { service, region, id }: &Resource) -> String {
    let (service, kind, _) = SERVICES[*service];
    format!("acs:{service}:{region}:{ACCOUNT}:{kind}/{id}")
}

fn action(rng: &mut Rng, service: &str) -> String {
    format!("{service}:{}{}", VERBS[rng.usize(..VERBS.len())], NOUNS[rng.usize(..NOUNS.len())])
}

fn letters(rng: &mut Rng, count: usize) -> String {
    let all: Range<usize> = 0..LETTERS.len();
    (0..count).map(|_| char::from(LETTERS[rng.usize(all.clone())])).collect()
}
