//! Worlds and requests made up from a seed, or from bytes that somebody chose: policies of every kind, and questions that are made
//! to nearly match them.

use std::collections::BTreeMap;
use std::rc::Rc;

use ramgate::authz::Mode;
use ramgate::catalog::Known;
use ramgate::identity::{Account, Attachment, Attachments, DirectoryNode, Group, Principal, Role, Scope, User, World};
use ramgate::json::SourceText;
use ramgate::policy::{Context, ContextValue, Dialect, Document, Operator, PolicyKind};
use serde_json::{Map, Value, json};

use fastrand::Rng;

const ACTIONS: &[&str] = &[
    "ecs:Get",
    "ecs:GetAll",
    "ecs:get",
    "ECS:GET",
    "ec:sGet",
    "oss:Get",
    "OSS:Put",
    "oss",
    "sts:AssumeRole",
    "sts:GetCallerIdentity",
    "a:删é",
    "a:",
    "",
];
const RESOURCES: &[&str] = &[
    "*",
    "acs:ecs:r:1:i/a",
    "acs:ecs:r:1:i/ab",
    "acs:ecs:r:1:i/abc",
    "acs:ecs:r:1:i/aab",
    "acs:ecs:r:1:i/a:b:c",
    "acs:ecs::1:i/",
    "acs:ecs:::",
    "acs:ecs:r:1:i/A",
    "ACS:Ecs:r:1:i/a",
    "acs:ecs:R:1:i/a",
    "acs:ecs:r:2:i/a",
    "acs:ecs:r:9:i/a",
    "acs:ecs:r:system:i/a",
    "acs:ecs:r",
    "acs:oss::1:b",
    "acs:oss:*:1:b/k/k",
    "acs:ram::1:role/ops",
    "acs:ram::2:role/ops",
    "acs:ram::1:role/dev",
    "acs:ecs::1:role/ops",
    "acs:ram:r:1:role/ops",
    "acs:ram::1:user/alice",
    "acs:a中::1:é/\n",
    "acs",
    "",
];
const KEYS: &[&str] = &[
    "acs:SourceIp",
    "ACS:SOURCEIP",
    "acs:SourceVpc",
    "acs:ResourceTag/team",
    "acs:resourcetag/Team",
    "acs:ResourceTag/a/b",
    "k",
    "k:中",
];
const TEXTS: &[&str] = &[
    "", "a", "A", "ab", "aB", "b", "*", "?", "a*", "?b", "**", "a?*", "é", "É", "ß", "SS", "ss", "ſ", "K", "k",
    "\u{212a}", "σ", "ς", "Σ", "中", "i", "I", "İ", "ı", "a\nb", "\0", "e\u{301}", "${acs:a}", " a", "true",
];
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "0.0",
    "00",
    "1",
    "01",
    "1.0",
    "1.10",
    "1.1",
    "1.01",
    "-1",
    "-1.0",
    "-1.1",
    "2",
    "9",
    "10",
    "-10",
    "-9",
    "0.5",
    "0.50",
    "99999999999999999999",
    "100000000000000000000",
    "0.00000000000000000000001",
];
const DATES: &[&str] = &[
    "2026-08-12T09:00:00Z",
    "2026-08-12T17:00:00+08:00",
    "2026-08-12T09:00:00.000Z",
    "2026-08-12T09:00:00.000000001Z",
    "2026-08-12T08:59:59.999999999Z",
    "2026-08-12T08:59:59Z",
    "2024-02-29T23:59:59Z",
    "2024-03-01T00:00:00Z",
    "2000-02-29T00:00:00-23:59",
    "1900-03-01T00:00:00+00:01",
    "1970-01-01T00:00:00Z",
    "0000-01-01T00:00:00+23:59",
    "0000-03-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-23:59",
];
const BLOCKS: &[&str] = &[
    "1.2.3.4",
    "1.2.3.4/32",
    "1.2.3.9/31",
    "1.2.3.4/24",
    "1.2.3.4/0",
    "0.0.0.0",
    "255.255.255.255/1",
    "::",
    "::/0",
    "::1",
    "::ffff:1.2.3.4",
    "::ffff:1.2.3.4/96",
    "::ffff:102:304/127",
    "2001:db8::/32",
    "2001:DB8:0:0:0:0:0:1/127",
    "fe80::1:2/64",
    "64:ff9b::1.2.3.4",
];
/// What is of no type, or nearly of one.
const STRANGE: &[&str] = &[
    "",
    "-",
    ".",
    "1.",
    ".5",
    "+1",
    "1e3",
    " 1",
    "１",
    "True",
    "FALSE",
    "2026-08-12",
    "2026-08-12T09:00:00",
    "2026-08-12 09:00:00Z",
    "2026-08-12t09:00:00z",
    "2026-02-29T09:00:00Z",
    "2026-13-01T09:00:00Z",
    "2026-08-12T24:00:00Z",
    "2026-08-12T09:00:60Z",
    "2026-08-12T09:00:00.Z",
    "2026-08-12T09:00:00.1234567890Z",
    "2026-08-12T09:00:00+8:00",
    "2026-08-12T09:00:00+24:00",
    "1786525200",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "1.2.3.256",
    "1.2.3.4/33",
    "1.2.3.4/024",
    "1.2.3.4/",
    ":::",
    "1::2::3",
    "::ffff:1.2.3.4/95",
    "1:2:3:4:5:6:7::8",
    "::1.2.3.4:1",
    "fe80::1%eth0",
    "[::1]",
    "vpc-*",
];

/// A policy as it is written.
#[derive(Debug, Clone)]
pub struct Written {
    pub kind: PolicyKind,
    pub name: String,
    pub lenient: bool,
    pub statements: Vec<Value>,
}

impl Written {
    /// The document; `None` where it is refused.
    pub fn read(&self) -> Option<Document> {
        let text = json!({"Version": "1", "Statement": self.statements}).to_string();
        let mut dialect = Dialect::of(self.lenient);
        dialect.length_limits = false;
        Document::parse(&SourceText::new(&self.name, text), self.kind, &dialect).ok()
    }
}

/// A world, and the policies of it as they are written.
#[derive(Debug, Clone)]
pub struct Made {
    pub world: World,
    pub written: Vec<Written>,
}

/// One question.
#[derive(Debug, Clone)]
pub struct Question {
    pub principal: Principal,
    pub action: String,
    pub resource: String,
    pub owner: Option<String>,
    pub resource_group: Known<Option<String>>,
    pub context: Context,
    pub mode: Mode,
}

impl Question {
    pub fn request(&self) -> ramgate::authz::Request<'_> {
        ramgate::authz::Request {
            principal: &self.principal,
            action: &self.action,
            resource: &self.resource,
            owner: self.owner.as_deref(),
            resource_group: &self.resource_group,
            context: &self.context,
            mode: self.mode,
        }
    }
}

/// What a statement is about, for questions that are about it too.
#[derive(Debug, Clone, Default)]
struct Target {
    actions: Vec<String>,
    resources: Vec<String>,
    tests: Vec<Test>,
}

/// A key, the operands for it, and others of their type.
#[derive(Debug, Clone)]
struct Test {
    key: &'static str,
    operands: Vec<&'static str>,
    pool: &'static [&'static str],
}

/// Where every choice comes from: bytes while there are any, and a seed from then on.
struct Choices {
    bytes: std::vec::IntoIter<u8>,
    seeded: Rng,
}

impl Choices {
    /// A number below `count`, which is not 0.
    fn below(&mut self, count: usize) -> usize {
        if self.bytes.len() == 0 {
            return self.seeded.usize(..count);
        }
        let mut range = 1;
        let mut number = 0;
        while range < count {
            let Some(byte) = self.bytes.next() else { return self.seeded.usize(..count) };
            number = number << 8 | usize::from(byte);
            range <<= 8;
        }
        // What is to be seldom is number 0 here, and bytes that somebody chose are most often 0.
        count - 1 - number * count / range
    }

    fn between(&mut self, first: usize, last: usize) -> usize {
        first + self.below(last - first + 1)
    }
}

/// What worlds are made of, and what questions are made of so that they are about it.
pub struct Maker {
    choices: Choices,
    targets: Vec<Rc<Target>>,
}

impl Maker {
    pub fn new(seed: u64) -> Self {
        Self::of(Vec::new(), seed)
    }

    /// Chooses by `bytes`, and by `seed` once they are spent.
    pub fn of(bytes: Vec<u8>, seed: u64) -> Self {
        Self { choices: Choices { bytes: bytes.into_iter(), seeded: Rng::with_seed(seed) }, targets: Vec::new() }
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.choices.below(one_in) == 0
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.choices.below(from.len())]
    }

    // ── policies ────────────────────────────────────────────────────────────

    /// A text with some of it made wild, or of the other case.
    fn pattern(&mut self, from: &[&str]) -> String {
        if self.chance(8) {
            return "*".to_owned();
        }
        let mut letters: Vec<char> = self.pick(from).chars().collect();
        for _ in 0..self.choices.below(4) {
            let at = self.choices.below(letters.len() + 1);
            match self.choices.below(5) {
                0 | 1 => {
                    let end = self.choices.between(at, letters.len());
                    letters.splice(at..end, ['*']);
                }
                2 if at < letters.len() => letters[at] = '?',
                3 if at < letters.len() => letters[at] = other_case(letters[at]),
                _ => letters.insert(at, ['?', '*', 'a', ':', '中'][self.choices.below(5)]),
            }
        }
        if self.chance(3000) {
            let at = self.choices.below(letters.len() + 1);
            letters.splice(at..at, "*ab".chars().cycle().take(600));
        }
        letters.into_iter().collect()
    }

    fn patterns(&mut self, from: &[&str]) -> Vec<String> {
        let count = if self.chance(4) { 2 + self.choices.below(2) } else { 1 };
        (0..count).map(|_| self.pattern(from)).collect()
    }

    fn condition(&mut self, target: &mut Target) -> Value {
        let mut operators = Map::new();
        for _ in 0..=self.choices.below(2) {
            let mut keys = Map::new();
            let operator = Operator::ALL[self.choices.below(Operator::ALL.len())].name();
            let pool = pool(operator);
            for _ in 0..=self.choices.below(4) / 3 {
                let key = self.pick(KEYS);
                let count = [1, 1, 1, 2, 2, 3][self.choices.below(6)];
                let operands: Vec<&'static str> = (0..count).map(|_| self.pick(pool)).collect();
                keys.insert(key.to_owned(), operands.clone().into());
                target.tests.push(Test { key, operands, pool });
            }
            operators.insert(operator.to_owned(), keys.into());
        }
        if self.chance(10) {
            operators.clear();
            target.tests.clear();
        }
        operators.into()
    }

    fn statement(&mut self, kind: PolicyKind, lenient: bool) -> Value {
        let mut statement = Map::new();
        statement.insert("Effect".into(), if self.chance(3) { "Deny" } else { "Allow" }.into());
        let actions = self.patterns(ACTIONS);
        let mut target = Target { actions: actions.clone(), ..Target::default() };
        let negated = kind != PolicyKind::Resource && self.chance(6);
        statement.insert(if negated { "NotAction" } else { "Action" }.into(), actions.into());
        if kind != PolicyKind::Trust {
            let resources = self.patterns(RESOURCES);
            target.resources.clone_from(&resources);
            let negated = lenient && kind != PolicyKind::Resource && self.chance(8);
            statement.insert(if negated { "NotResource" } else { "Resource" }.into(), resources.into());
        }
        match kind {
            PolicyKind::Trust => {
                let ram = ["*", "acs:ram::1:root", "acs:ram::2:root", "acs:ram::1:user/alice", "acs:ram::1:role/ops"];
                let (ram, kind) = (self.pick(&ram), self.pick(&["RAM", "RAM", "Service", "Federated"]));
                let named = match kind {
                    "RAM" => ram,
                    "Service" => self.pick(&["ecs.aliyuncs.com", "1@odps.aliyuncs.com"]),
                    _ => self.pick(&["acs:ram::1:saml-provider/p", "acs:ram::1:oidc-provider/p"]),
                };
                statement.insert("Principal".into(), json!({kind: [named]}));
            }
            PolicyKind::Resource => {
                let listed =
                    ["*", "*", "1", "11", "12", "arn:sts::1:assumed-role/ops/*", "arn:sts::1:assumed-role/ops/s?"];
                let listed = self.pick(&listed);
                statement.insert("Principal".into(), json!([listed]));
            }
            PolicyKind::Identity | PolicyKind::Control | PolicyKind::Session => {}
        }
        if self.chance(2) {
            let condition = self.condition(&mut target);
            statement.insert("Condition".into(), condition);
        }
        self.targets.push(Rc::new(target));
        statement.into()
    }

    /// A policy that can be read.
    fn policy(&mut self, kind: PolicyKind, name: &str) -> Written {
        let lenient = self.chance(2);
        let many = kind != PolicyKind::Trust && kind != PolicyKind::Session && self.chance(40);
        let count = if many { 80 } else { 1 + self.choices.below(3) };
        let mut statements = Vec::with_capacity(count);
        while statements.len() < count {
            let alone = vec![self.statement(kind, lenient)];
            let alone = Written { kind, name: name.to_owned(), lenient, statements: alone };
            if alone.read().is_some() {
                statements.extend(alone.statements);
            }
        }
        Written { kind, name: name.to_owned(), lenient, statements }
    }

    fn names(&mut self, from: &[&str], most: usize) -> Vec<String> {
        (0..self.choices.below(most + 1)).map(|_| self.pick(from).to_owned()).collect()
    }

    fn attachments(&mut self, most: usize) -> Attachments {
        let names = self.names(&["i0", "i1", "i2", "i3"], most);
        let attachments = names.into_iter().map(|policy| {
            let scope = match self.choices.below(4) {
                0 => Scope::ResourceGroup("rg-a".into()),
                1 => Scope::ResourceGroup("rg-b".into()),
                _ => Scope::Account,
            };
            Attachment { policy, system: false, scope }
        });
        attachments.collect()
    }

    pub fn world(&mut self) -> Made {
        let (mut world, mut written) = (World::default(), Vec::new());
        for (kind, names) in [
            (PolicyKind::Identity, &["i0", "i1", "i2", "i3"][..]),
            (PolicyKind::Control, &["c0", "c1", "c2"]),
            (PolicyKind::Session, &["s0", "s1"]),
            (PolicyKind::Trust, &["t0", "t1"]),
            (PolicyKind::Resource, &["b0", "b1"]),
        ] {
            written.extend(names.iter().map(|name| self.policy(kind, name)));
        }
        // So that what only narrows lets something through, and that there is something to deny.
        for policy in &mut written {
            let mut all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
            let one_in = match policy.kind {
                PolicyKind::Control | PolicyKind::Session => 2,
                PolicyKind::Trust => {
                    all = json!({"Effect": "Allow", "Action": "*", "Principal": {"RAM": "*"}});
                    3
                }
                PolicyKind::Identity => 4,
                PolicyKind::Resource => continue,
            };
            if self.chance(one_in) {
                policy.statements.push(all);
            }
        }
        world.resource_policies = self.names(&["b0", "b1"], 2);
        let mut parent = None;
        for node in ["root", "folder", "member"].into_iter().take(self.choices.below(3 + 1)) {
            let attachments = self.names(&["c0", "c1", "c2"], 2);
            world
                .directory
                .insert(node.to_owned(), DirectoryNode { parent: parent.replace(node.to_owned()), attachments });
        }
        for id in ["1", "2"] {
            let mut account = Account { management: self.chance(6), ..Account::default() };
            account.node = parent.clone().filter(|_| !self.chance(3));
            for group in ["g0", "g1"] {
                account.groups.insert(group.to_owned(), Group { attachments: self.attachments(2) });
            }
            for (name, number) in [("alice", 1), ("bob", 2)] {
                let user = User {
                    id: format!("{id}{number}"),
                    groups: self.names(&["g0", "g1"], 2),
                    attachments: self.attachments(3),
                    keys: Vec::new(),
                };
                account.users.insert(name.to_owned(), user);
            }
            for (name, service_linked) in [("ops", false), ("dev", true)] {
                let role = Role {
                    trust: self.names(&["t0", "t1"], 1).pop(),
                    attachments: self.attachments(3),
                    service_linked,
                    max_session_duration: 3600,
                };
                account.roles.insert(name.to_owned(), role);
            }
            world.accounts.insert(id.to_owned(), account);
        }
        for policy in &written {
            if let Some(document) = policy.read() {
                world.policies.insert(policy.name.clone(), document);
            }
        }
        Made { world, written }
    }

    // ── questions ───────────────────────────────────────────────────────────

    /// A text that one of the patterns matches, or nearly.
    fn text(&mut self, patterns: &[String], others: &[&str]) -> String {
        if patterns.is_empty() || self.chance(5) {
            return self.pick(others).to_owned();
        }
        let mut text = String::new();
        for letter in patterns[self.choices.below(patterns.len())].chars() {
            match letter {
                '*' => text.push_str(self.pick(&["", "", "", "a", "acs:", "x/y", "中", ":", "*"])),
                '?' => text.push_str(self.pick(&["a", "é", ":", "A", "?", "𝄞", ""])),
                letter if self.choices.below(60) == 0 => text.push(other_case(letter)),
                letter => text.push(letter),
            }
        }
        if self.chance(4000) {
            text.push_str(&"ab".repeat(1500));
        }
        text
    }

    fn value(&mut self, test: &Test) -> String {
        let value = match self.choices.below(12) {
            0 => return self.pick(STRANGE).to_owned(),
            1 => self.pick(TEXTS),
            2..=5 => self.pick(&test.operands),
            _ => self.pick(test.pool),
        };
        // What asks for blocks is asked about addresses.
        value.split('/').next().filter(|_| test.pool == BLOCKS).unwrap_or(value).to_owned()
    }

    /// What is known of the keys of one statement, and of some others.
    fn context(&mut self, target: &Target) -> Context {
        let mut context = if self.chance(12) { Context::unknown() } else { Context::new() };
        if self.chance(6) {
            let prefix = self.pick(&["acs:ResourceTag/", "acs:resourcetag/a", "acs:", "k"]);
            if self.chance(3) { context.set_absent_prefix(prefix) } else { context.set_unknown_prefix(prefix) }
        }
        let other = self.target();
        for test in other.tests.iter().chain(&target.tests) {
            let value = match self.choices.below(12) {
                0 | 1 => continue,
                2 => ContextValue::Unknown,
                3 => ContextValue::Absent,
                _ => {
                    let count = [1, 1, 1, 1, 1, 2, 2, 3, 0][self.choices.below(9)];
                    ContextValue::Present((0..count).map(|_| self.value(test)).collect())
                }
            };
            context.set_value(test.key, value);
        }
        context
    }

    fn target(&mut self) -> Rc<Target> {
        let targets = self.targets.len().max(1);
        self.targets.get(self.choices.below(targets)).map_or_else(Rc::default, Rc::clone)
    }

    fn principal(&mut self) -> Principal {
        let account = if self.chance(30) { "9" } else { self.pick(&["1", "1", "1", "1", "2"]) };
        let account = account.to_owned();
        match self.choices.below(16) {
            0 => Principal::Owner { account },
            1 if self.chance(2) => {
                Principal::Service { name: self.pick(&["ecs.aliyuncs.com", "1@odps.aliyuncs.com"]).to_owned() }
            }
            2 | 3 => Principal::Federated {
                provider: self.pick(&["acs:ram::1:saml-provider/p", "acs:ram::1:oidc-provider/p", "p"]).to_owned(),
            },
            4..=9 => {
                let name = if self.chance(30) { "carol" } else { self.pick(&["alice", "bob"]) };
                let name = name.to_owned();
                let number = if name == "bob" { 2 } else { 1 };
                let id = if self.chance(40) { "3".to_owned() } else { format!("{account}{number}") };
                Principal::User { account, name, id }
            }
            _ => {
                let policy = if self.chance(60) { "s9" } else { self.pick(&["s0", "s1"]) };
                let policy = self.chance(3).then(|| policy.to_owned());
                let role = if self.chance(30) { "Ops" } else { self.pick(&["ops", "ops", "dev"]) };
                let role = role.to_owned();
                Principal::RoleSession { account, role, session: self.pick(&["s1", "s", "中"]).to_owned(), policy }
            }
        }
    }

    pub fn question(&mut self) -> Question {
        let principal = self.principal();
        let mode = match (&principal, self.choices.below(16)) {
            (Principal::Federated { .. }, 0..=11) | (_, 0) => Mode::Sso,
            (_, 1..=3) => Mode::AssumeRole,
            _ => Mode::General,
        };
        let roles = [
            "acs:ram::1:role/ops",
            "acs:ram::1:role/ops",
            "acs:ram::2:role/ops",
            "acs:ram::1:role/dev",
            "acs:ecs::1:role/ops",
        ];
        let target = self.target();
        let to_a_role = mode != Mode::General && !self.chance(6);
        let resource = if to_a_role { self.pick(&roles).to_owned() } else { self.text(&target.resources, RESOURCES) };
        let action = if to_a_role && !self.chance(4) {
            "sts:AssumeRole".to_owned()
        } else {
            self.text(&target.actions, ACTIONS)
        };
        let owner = self.chance(12).then(|| self.pick(&["1", "1", "1", "2", "2", "9", ""]).to_owned());
        let resource_group = match self.choices.below(6) {
            0 => Known::Unknown,
            1 => Known::Known(None),
            2 | 3 => Known::Known(Some("rg-a".to_owned())),
            4 => Known::Known(Some("rg-b".to_owned())),
            _ => Known::Known(Some("rg-c".to_owned())),
        };
        Question { principal, action, resource, owner, resource_group, context: self.context(&target), mode }
    }
}

fn other_case(letter: char) -> char {
    if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
}

/// Operands of an operator.
fn pool(operator: &str) -> &'static [&'static str] {
    match operator {
        name if name.starts_with("Numeric") => NUMBERS,
        name if name.starts_with("Date") => DATES,
        "Bool" => &["true", "false"],
        "IpAddress" | "NotIpAddress" => BLOCKS,
        _ => TEXTS,
    }
}

/// A world of these policies, less what is attached and not among them.
pub fn world_of(made: &Made, written: &[Written]) -> Option<World> {
    let mut world = made.world.clone();
    world.policies = ramgate::identity::PolicyStore::default();
    for policy in written {
        world.policies.insert(policy.name.clone(), policy.read()?);
    }
    let known: BTreeMap<&str, ()> = written.iter().map(|policy| (policy.name.as_str(), ())).collect();
    let keep = |name: &String| known.contains_key(name.as_str());
    world.resource_policies.retain(keep);
    world.directory.values_mut().for_each(|node| node.attachments.retain(keep));
    for account in world.accounts.values_mut() {
        let kept = |all: &Attachments| all.iter().filter(|attachment| keep(&attachment.policy)).cloned().collect();
        account.groups.values_mut().for_each(|group| group.attachments = kept(&group.attachments));
        account.users.values_mut().for_each(|user| user.attachments = kept(&user.attachments));
        for role in account.roles.values_mut() {
            role.attachments = kept(&role.attachments);
            role.trust = role.trust.take().filter(keep);
        }
    }
    Some(world)
}
