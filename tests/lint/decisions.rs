//! Whether two texts of a policy decide every request alike.

use ramgate::authz::{Mode, Outcome, PolicySet, Request};
use ramgate::catalog::Known;
use ramgate::identity::{Principal, Scope};
use ramgate::json::{SourceText, Span};
use ramgate::policy::{Context, ContextValue, Dialect, Document, Pattern, PolicyKind, PrincipalClause};

const EVERYTHING: &str = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;

/// How many requests are tried; the vocabularies below are small, so that most pairs of values are met.
pub const REQUESTS: usize = 4000;

/// Compares the decisions of two texts over `requests` that are made of what stands in them.
///
/// A text that is valid but for its `Version`, or a byte order mark, is read as if it were not for that: the statements are what
/// decides.
pub fn compare(kind: PolicyKind, before: &str, after: &str, requests: usize) -> Result<(), String> {
    let (before, after) = (readable(kind, before)?, readable(kind, after)?);
    let words = Words::of(&[&before, &after]);
    if words.statements.is_empty() {
        return Ok(());
    }
    let (before, after) = (policies(kind, &before), policies(kind, &after));
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..requests {
        let asked = words.request(kind, &mut random);
        let (was, is) = (asked.decide(&before), asked.decide(&after));
        if was != is {
            return Err(format!("{asked:?} was {was:?} and is {is:?}"));
        }
    }
    Ok(())
}

fn readable(kind: PolicyKind, text: &str) -> Result<Document, String> {
    let parse = |text: &str| Document::parse(&SourceText::new("policy", text), kind, &Dialect::lenient());
    let text = text.trim_start_matches('\u{feff}');
    parse(text).or_else(|invalid| {
        let Ok(mut tree) = serde_json::from_str::<serde_json::Value>(text) else { return Err(invalid.to_string()) };
        if let Some(root) = tree.as_object_mut() {
            root.insert("Version".to_owned(), "1".into());
        }
        parse(&tree.to_string()).map_err(|invalid| invalid.to_string())
    })
}

/// A small generator; the same requests every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }

    fn pick<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }
}

/// What requests are made of.
struct Words {
    actions: Vec<String>,
    resources: Vec<String>,
    keys: Vec<(String, Vec<ContextValue>)>,
    principals: Vec<Principal>,
    statements: Vec<Own>,
}

/// What meets the elements of one statement, or nearly so.
struct Own {
    actions: Vec<String>,
    resources: Vec<String>,
    values: Vec<(String, Vec<String>)>,
}

/// Texts that match a pattern, and texts that just do not.
fn samples(pattern: &str) -> Vec<String> {
    let mut all = Vec::new();
    for star in ["", "x", "a:b/c", "Describe"] {
        let text = pattern.replace('*', star).replace('?', "q");
        all.push(text.to_lowercase());
        all.push(text.to_uppercase());
        all.push(format!("{text}z"));
        let mut shorter = text.clone();
        shorter.pop();
        all.push(shorter);
        all.push(text);
    }
    all.push(pattern.to_owned());
    all
}

impl Words {
    fn of(documents: &[&Document]) -> Self {
        let mut actions = vec!["ecs:DescribeInstances".to_owned(), "ram:CreateUser".to_owned()];
        let mut resources = vec!["*".to_owned(), "acs:ecs:cn-hangzhou:1234567890123456:instance/i-1".to_owned()];
        let mut keys: Vec<(String, Vec<ContextValue>)> = Vec::new();
        let mut principals = vec![
            Principal::User { account: ACCOUNT.into(), name: "alice".into(), id: "2234567890123456".into() },
            Principal::RoleSession { account: ACCOUNT.into(), role: "ops".into(), session: "ci".into(), policy: None },
            Principal::Service { name: "ecs.aliyuncs.com".into() },
        ];
        let mut statements = Vec::new();
        for statement in documents.iter().flat_map(|document| document.statements()) {
            let all = |patterns: &mut dyn Iterator<Item = (&Pattern, Span)>| -> Vec<String> {
                patterns.flat_map(|(pattern, _)| samples(pattern.as_str())).collect()
            };
            let mut own =
                Own { actions: all(&mut statement.action().patterns()), resources: Vec::new(), values: Vec::new() };
            own.resources = statement.resource().map(|resource| all(&mut resource.patterns())).unwrap_or_default();
            for test in statement.condition() {
                let operands = || test.written_operands().iter().map(|operand| operand.text.to_string());
                let further = ["other", "203.0.113.7", "2026-11-24T00:00:00Z"].map(str::to_owned);
                let values = operands().flat_map(|operand| samples(&operand)).chain(further);
                let values = values.map(|value| ContextValue::Present(vec![value]));
                keys.push((
                    test.key().to_owned(),
                    values.chain([ContextValue::Absent, ContextValue::Unknown]).collect(),
                ));
                own.values.push((test.key().to_owned(), operands().collect()));
            }
            if let Some(clause) = statement.principal() {
                principals.extend(named(clause));
            }
            actions.extend(own.actions.iter().cloned());
            resources.extend(own.resources.iter().cloned());
            statements.push(own);
        }
        Self { actions, resources, keys, principals, statements }
    }

    fn request(&self, kind: PolicyKind, random: &mut Random) -> Asked {
        let mut context = Context::new();
        for (key, values) in &self.keys {
            context.set_value(key, random.pick(values).clone());
        }
        let mut principal = random.pick(&self.principals).clone();
        if kind == PolicyKind::Session {
            // Only sessions have one.
            principal = self.principals[1].clone();
        }
        let mode = match (kind, &principal) {
            (PolicyKind::Trust, Principal::Federated { .. } | Principal::Service { .. }) => Mode::Sso,
            (PolicyKind::Trust, _) => Mode::AssumeRole,
            _ => Mode::General,
        };
        let (mut action, mut resource) = (random.pick(&self.actions), random.pick(&self.resources));
        // Most requests are about one of the statements, and miss it in few elements.
        let own = random.pick(&self.statements);
        if !own.actions.is_empty() && random.below(4) > 0 {
            action = random.pick(&own.actions);
        }
        if !own.resources.is_empty() && random.below(4) > 0 {
            resource = random.pick(&own.resources);
        }
        for (key, operands) in own.values.iter().filter(|(_, operands)| !operands.is_empty()) {
            if random.below(4) > 0 {
                context.set(key, random.pick(operands).clone());
            }
        }
        let assume = "sts:AssumeRole".to_owned();
        if kind == PolicyKind::Trust && random.below(2) == 0 {
            action = &assume;
        }
        Asked { principal, action: action.clone(), resource: resource.clone(), context, mode }
    }
}

const ACCOUNT: &str = "1234567890123456";

/// The principals that a clause speaks of, as far as its texts say.
fn named(clause: &PrincipalClause) -> Vec<Principal> {
    let text = format!("{clause:?}");
    let mut all = Vec::new();
    for word in text.split('"').filter(|word| !word.is_empty()) {
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            all.push(Principal::Owner { account: word.into() });
            all.push(Principal::User { account: word.into(), name: "alice".into(), id: "2234567890123456".into() });
            all.push(Principal::User { account: ACCOUNT.into(), name: "alice".into(), id: word.into() });
        } else if word.starts_with("acs:ram::") {
            all.push(Principal::Federated { provider: word.into() });
        } else if word.contains('.') {
            all.push(Principal::Service { name: word.into() });
        }
    }
    all
}

#[derive(Debug)]
struct Asked {
    principal: Principal,
    action: String,
    resource: String,
    context: Context,
    mode: Mode,
}

/// The document in its place, and beside it what lets it decide alone.
fn policies(kind: PolicyKind, document: &Document) -> PolicySet {
    let mut set = PolicySet::new(Dialect::lenient());
    let everything = SourceText::new("everything", EVERYTHING);
    let source = document.source();
    match kind {
        PolicyKind::Identity => set.add_identity("p", source, Scope::Account),
        PolicyKind::Control => {
            set.add_identity("everything", &everything, Scope::Account).unwrap();
            set.add_control("p", source, "member")
        }
        PolicyKind::Session => {
            set.add_identity("everything", &everything, Scope::Account).unwrap();
            set.set_session("p", source)
        }
        PolicyKind::Trust => {
            set.add_identity("everything", &everything, Scope::Account).unwrap();
            set.set_trust("p", source)
        }
        PolicyKind::Resource => set.add_resource("p", source),
    }
    .unwrap();
    set
}

impl Asked {
    fn decide(&self, policies: &PolicySet) -> Outcome {
        let request = Request {
            principal: &self.principal,
            action: &self.action,
            resource: &self.resource,
            owner: Some(ACCOUNT),
            resource_group: &Known::Unknown,
            context: &self.context,
            mode: self.mode,
        };
        policies.decide(&request).outcome
    }
}

#[test]
fn a_change_of_any_element_is_seen() {
    let text = |action: &str, resource: &str, values: &str| {
        format!(
            r#"{{"Version": "1", "Statement": [{{"Effect": "Deny", "Action": "{action}", "Resource": "{resource}", "Condition": {{"StringEquals": {{"acs:ResourceTag/a": {values}}}}}}}]}}"#
        )
    };
    let before = text("ecs:Stop*", "acs:ecs:*:*:instance/i-?", r#"["a", "b"]"#);
    assert_eq!(compare(PolicyKind::Identity, &before, &before, REQUESTS), Ok(()));
    for after in [
        text("ecs:*", "acs:ecs:*:*:instance/i-?", r#"["a", "b"]"#),
        text("ecs:Stop?*", "acs:ecs:*:*:instance/i-?", r#"["a", "b"]"#),
        text("ecs:Stop*", "acs:ecs:*:*:instance/i-*", r#"["a", "b"]"#),
        text("ecs:Stop*", "acs:ecs:*:*:instance/i-?", r#"["a"]"#),
    ] {
        assert!(compare(PolicyKind::Identity, &before, &after, REQUESTS).is_err(), "{after}");
    }
}
