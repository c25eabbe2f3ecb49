//! The worlds that the gate decides by: two good ones that differ, and bad ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::weather::Random;

pub const ACCOUNT: &str = "1234567890123456";

/// A key of a caller.
pub struct Key {
    pub id: &'static str,
    pub secret: &'static str,
    pub token: Option<&'static str>,
}

/// A user's, and a session's.
pub const KEYS: [Key; 2] = [
    Key { id: "LTAI5tSoakAlice", secret: "soak-alice-secret", token: None },
    Key { id: "STS.SoakSession", secret: "soak-session-secret", token: Some("soak-session-token") },
];

/// What the gate signs with towards the upstream.
pub const UPSTREAM: Key = Key { id: "LTAI5tSoakUpstream", secret: "soak-upstream-secret", token: None };

/// Clusters by who may act on them.
pub struct Clusters {
    pub both: &'static str,
    pub first: &'static str,
    pub second: &'static str,
    pub never: &'static str,
    pub unnamed: &'static str,
}

pub const CLUSTERS: Clusters = Clusters {
    both: "pc-bp1both",
    first: "pc-bp1first",
    second: "pc-bp1second",
    never: "pc-bp1never",
    unnamed: "pc-bp1unnamed",
};

/// A good world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    First,
    Second,
}

/// What is in force at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(u64);

impl Moment {
    /// Between two moments that are the same nothing changed.
    pub fn world(self) -> Option<World> {
        match self.0 & 3 {
            0 => Some(World::First),
            1 => Some(World::Second),
            // It is being changed.
            _ => None,
        }
    }
}

/// The folder of the gate's files, and what of it is in force.
pub struct Worlds {
    folder: PathBuf,
    moment: AtomicU64,
}

impl Worlds {
    /// Writes them all below `folder`; `current` is the one that the gate reads.
    pub fn write(folder: &Path) -> Self {
        for (name, cluster) in [("first", CLUSTERS.first), ("second", CLUSTERS.second)] {
            write_world(&folder.join(name), &policy(cluster));
        }
        let good = policy(CLUSTERS.second);
        let half = good.len() / 2;
        write_world(&folder.join("bad-half"), &good[..half]);
        write_world(&folder.join("bad-effect"), &good.replace("Allow", "Perhaps"));
        write_world(&folder.join("bad-binary"), "\u{0}\u{1}\u{2}");
        write_world(&folder.join("bad-missing"), &good);
        fs::remove_file(folder.join("bad-missing/policies/rights.json")).unwrap();
        write_world(&folder.join("bad-toml"), &good);
        fs::write(folder.join("bad-toml/world.toml"), b"[accounts.\xff").unwrap();
        fs::create_dir(folder.join("bad-empty")).unwrap();
        let worlds = Self { folder: folder.to_owned(), moment: AtomicU64::new(0) };
        worlds.link("first");
        worlds
    }

    /// Has `current` lead to another world, at once.
    fn link(&self, name: &str) {
        let new = self.folder.join("new");
        // Left behind only by an attempt that failed.
        let _ = fs::remove_file(&new);
        std::os::unix::fs::symlink(self.folder.join(name), &new).unwrap();
        fs::rename(&new, self.folder.join("current")).unwrap();
    }

    /// Has `current` lead to a bad world; which one it is.
    pub fn link_a_bad_one(&self, random: &mut Random) -> &'static str {
        let bad = ["bad-half", "bad-effect", "bad-binary", "bad-missing", "bad-toml", "bad-empty"];
        let name = bad[random.below(bad.len())];
        self.link(name);
        name
    }

    /// Has `current` lead to a good world.
    pub fn link_good(&self, world: World) {
        self.link(match world {
            World::First => "first",
            World::Second => "second",
        });
    }

    pub fn now(&self) -> Moment {
        Moment(self.moment.load(Ordering::SeqCst))
    }

    /// From here on either world may be in force.
    pub fn changing(&self) {
        let next = (self.moment.load(Ordering::SeqCst) >> 2) + 1;
        self.moment.store(next << 2 | 2, Ordering::SeqCst);
    }

    /// From here on `world` is in force.
    pub fn changed(&self, world: World) {
        let next = (self.moment.load(Ordering::SeqCst) >> 2) + 1;
        self.moment.store(next << 2 | world as u64, Ordering::SeqCst);
    }
}

fn policy(own: &str) -> String {
    let arn = |cluster: &str| format!("\"acs:polardb:*:*:dbcluster/{cluster}\"");
    format!(
        r#"{{
  "Version": "1",
  "Statement": [
    {{ "Effect": "Allow", "Action": "polardb:*", "Resource": [{}, {}, {}] }},
    {{ "Effect": "Deny", "Action": "polardb:*", "Resource": {} }}
  ]
}}
"#,
        arn(CLUSTERS.both),
        arn(own),
        arn(CLUSTERS.never),
        arn(CLUSTERS.never)
    )
}

fn write_world(folder: &Path, policy: &str) {
    fs::create_dir_all(folder.join("policies")).unwrap();
    fs::write(folder.join("policies/rights.json"), policy).unwrap();
    let [user, session] = &KEYS;
    let mut world = format!(
        r#"allow_inline_secrets = true

[accounts.{ACCOUNT}.users.alice]
id = "2000000000000001"
attachments = [{{ policy = "rights" }}]
keys = [{{ id = "{}", secret = "{}" }}]

[accounts.{ACCOUNT}.roles.ops]
attachments = [{{ policy = "rights" }}]

[[accounts.{ACCOUNT}.sessions]]
role = "ops"
name = "soak"
key = "{}"
secret = "{}"
token = "{}"
expires = "2099-01-01T00:00:00Z"
"#,
        user.id,
        user.secret,
        session.id,
        session.secret,
        session.token.unwrap()
    );
    let Clusters { both, first, second, never, unnamed } = CLUSTERS;
    for cluster in [both, first, second, never, unnamed] {
        world.push_str(&format!(
            "\n[[resources]]\nservice = \"polardb\"\ntype = \"dbcluster\"\nid = \"{cluster}\"\naccount = \
             \"{ACCOUNT}\"\nregion = \"cn-hangzhou\"\n"
        ));
    }
    fs::write(folder.join("world.toml"), world).unwrap();
}
