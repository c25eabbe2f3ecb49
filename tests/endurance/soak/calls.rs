//! The calls that are made, and what each may come to.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use ramgate::catalog::Parameters;
use ramgate::openapi::Format;
use ramgate::openapi::sign::{Credential, SignedRequest, SigningRequest, sign_acs3};
use secrecy::SecretString;

use super::weather::{Fault, Random};
use super::worlds::{CLUSTERS, KEYS, Moment, World};

/// How long the gate remembers the nonce of a call that it verified: calls are dated so far back that what is
/// remembered has its full size soon, and memory can be compared before the usual quarter of an hour is over.
pub const REMEMBERED: Duration = Duration::from_secs(30);

/// How old a call may be.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// What is special about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Both worlds allow it.
    Allowed,
    /// The first world allows it, and the second does not.
    InFirst,
    /// The second world allows it, and the first does not.
    InSecond,
    /// Both worlds deny it by a statement.
    Denied,
    /// No statement allows it.
    NotAllowed,
    /// It is allowed, and signed with another secret.
    Forged,
    /// It was denied when it was signed, and changed into one that is allowed.
    Altered,
    /// It is allowed, and was signed too long ago.
    Stale,
    /// It is allowed, and was made before, byte by byte.
    Replayed,
}

impl Kind {
    pub const ALL: [Self; 9] = [
        Self::Allowed,
        Self::InFirst,
        Self::InSecond,
        Self::Denied,
        Self::NotAllowed,
        Self::Forged,
        Self::Altered,
        Self::Stale,
        Self::Replayed,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::InFirst => "allowed by one world",
            Self::InSecond => "allowed by the other",
            Self::Denied => "denied",
            Self::NotAllowed => "not allowed",
            Self::Forged => "badly signed",
            Self::Altered => "altered",
            Self::Stale => "out of date",
            Self::Replayed => "replayed",
        }
    }

    pub fn cluster(self) -> &'static str {
        match self {
            Self::Allowed | Self::Forged | Self::Altered | Self::Stale | Self::Replayed => CLUSTERS.both,
            Self::InFirst => CLUSTERS.first,
            Self::InSecond => CLUSTERS.second,
            Self::Denied => CLUSTERS.never,
            Self::NotAllowed => CLUSTERS.unnamed,
        }
    }

    /// Whether `world` allows it.
    pub fn is_allowed_by(self, world: World) -> bool {
        match self {
            Self::Allowed => true,
            Self::InFirst => world == World::First,
            Self::InSecond => world == World::Second,
            _ => false,
        }
    }

    /// The code that such a call is refused with before any policy is asked.
    pub fn refused_with(self) -> Option<&'static str> {
        match self {
            Self::Forged | Self::Altered => Some("SignatureDoesNotMatch"),
            Self::Stale => Some("InvalidTimeStamp.Expired"),
            Self::Replayed => Some("SignatureNonceUsed"),
            _ => None,
        }
    }

    fn drawn(random: &mut Random) -> Self {
        match random.below(100) {
            0..45 => Self::Allowed,
            45..55 => Self::InFirst,
            55..65 => Self::InSecond,
            65..75 => Self::Denied,
            75..83 => Self::NotAllowed,
            83..89 => Self::Forged,
            89..95 => Self::Altered,
            _ => Self::Stale,
        }
    }
}

/// What explains an answer of the gate's own that has nothing to do with the call; `None` where nothing does.
pub fn explained_by(code: &str) -> Option<&'static [Fault]> {
    use Fault::{Clock, Crowd, Descriptors, DiskFull, Frozen, Garbage, Killed, LogFull, Resetting, Slow};
    match code {
        // No connection to the upstream, one that is left alone after it failed, or no room for a nonce or a record.
        "ServiceUnavailable" => Some(&[Killed, Frozen, Resetting, Garbage, DiskFull, LogFull, Descriptors, Crowd]),
        // A connection to the upstream that broke off, or no answer in time.
        "InternalError" => Some(&[Killed, Frozen, Slow, Resetting, Garbage]),
        // More calls at once than `calls`.
        "Throttling" => Some(&[Frozen, Slow, Crowd, LogFull, DiskFull, Killed]),
        // By the gate's clock, or because it was taken up late.
        "InvalidTimeStamp.Expired" => Some(&[Clock, Descriptors, Crowd]),
        _ => None,
    }
}

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    pub id: u64,
    pub kind: Kind,
    pub write: bool,
    /// Whether its answer is to be large.
    pub large: bool,
    /// The world when it was sent.
    pub moment: Moment,
    pub sent: Instant,
}

/// What such a call carries through the gate, so that the upstream knows it.
pub fn mark(id: u64, large: bool) -> String {
    format!("soak-{id}{}", if large { "-large" } else { "" })
}

/// The id and whether its answer is to be large, of a [`mark`].
pub fn marked(text: &str) -> Option<(u64, bool)> {
    let text = text.strip_prefix("soak-")?;
    let (id, large) = text.strip_suffix("-large").map_or((text, false), |id| (id, true));
    Some((id.parse().ok()?, large))
}

/// Operation and the parameter that has the mark.
pub fn operation(write: bool) -> (&'static str, &'static str) {
    if write {
        ("ModifyDBClusterDescription", "DBClusterDescription")
    } else {
        ("DescribeDBClusterParameters", "DescribeType")
    }
}

/// Makes calls to one host.
pub struct Caller {
    host: String,
    credentials: Vec<Credential>,
    forged: Vec<Credential>,
    pub random: Random,
}

impl Caller {
    pub fn new(host: &str, random: Random) -> Self {
        let credential = |secret: &dyn Fn(&str) -> String| {
            let of = |key: &super::worlds::Key| Credential {
                access_key_id: key.id.to_owned(),
                secret: SecretString::from(secret(key.secret)),
                security_token: key.token.map(SecretString::from),
            };
            KEYS.iter().map(of).collect::<Vec<_>>()
        };
        Self {
            host: host.to_owned(),
            credentials: credential(&str::to_owned),
            forged: credential(&|secret| format!("{secret}x")),
            random,
        }
    }

    /// What kind of call is next, and whether it writes.
    pub fn draw(&mut self) -> (Kind, bool) {
        (Kind::drawn(&mut self.random), self.random.below(10) < 3)
    }

    /// Signs a call.
    pub fn sign(&mut self, call: &Call) -> SignedRequest {
        let (action, marked) = operation(call.write);
        let cluster = if call.kind == Kind::Altered { CLUSTERS.never } else { call.kind.cluster() };
        let mut parameters = Parameters::new();
        parameters.insert("DBClusterId", cluster).unwrap();
        parameters.insert(marked, mark(call.id, call.large)).unwrap();
        let age = if call.kind == Kind::Stale { WINDOW * 2 } else { WINDOW - REMEMBERED };
        let whose = self.random.below(self.credentials.len());
        let credentials = if call.kind == Kind::Forged { &self.forged } else { &self.credentials };
        let mut signed = sign_acs3(&SigningRequest {
            host: &self.host,
            action,
            version: "2017-08-01",
            parameters: &parameters,
            credential: &credentials[whose],
            date: Timestamp::now() - SignedDuration::try_from(age).unwrap(),
            nonce: &format!("{}-{:016x}", call.id, self.random.next()),
            format: Format::Json,
        });
        if call.kind == Kind::Altered {
            signed.target = signed.target.replace(CLUSTERS.never, CLUSTERS.both);
        }
        signed
    }
}

/// The bytes of a request over HTTP/1.1.
pub fn bytes(request: &SignedRequest) -> Vec<u8> {
    let mut text = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n", request.body.len()));
    [text.as_bytes(), &request.body].concat()
}
