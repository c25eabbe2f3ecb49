//! The course of a soak.

mod calls;
mod clients;
mod faults;
mod ledger;
mod process;
mod records;
mod report;
mod slow;
mod upstream;
mod weather;
mod worlds;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Parser;
use rustls::ClientConfig;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::block_in_place;
use tokio::time::sleep;

use calls::Call;
use clients::Way;
use ledger::{Answer, Ledger, lock};
use process::{Gate, Taken};
use records::Records;
use report::Report;
use slow::Manner;
use upstream::Upstream;
use weather::{Fault, Random, Weather};
use worlds::Worlds;

/// Callers of each way.
const CALLERS: [(Way, u64); 3] = [(Way::Plain, 48), (Way::Tls, 8), (Way::Http2, 3)];

/// Clients of each manner.
const SLOW: u64 = 2;

/// About how long it takes until every fault was there once.
const CYCLE: Duration = Duration::from_secs(300);

/// How long the gate is driven before anything fails.
const WARMING: Duration = Duration::from_secs(8);

/// How long it is left alone before it is looked at what it takes.
const QUIET: Duration = Duration::from_secs(2);

/// Soaks a gate and says what came of it.
#[derive(Debug, Parser)]
struct Options {
    /// For how long.
    #[arg(long, default_value_t = 75)]
    seconds: u64,
    /// For how long, in minutes.
    #[arg(long, conflicts_with = "seconds")]
    minutes: Option<u64>,
    /// What determines the order and length of faults, and the calls.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The program; without it the one that was built with this.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_ramgate"))]
    program: PathBuf,
    /// libfaketime, by which the clock of the gate is set; left out, it stays as it is.
    #[arg(long, value_name = "LIBRARY")]
    faketime: Option<PathBuf>,
}

/// What clients do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Working,
    Quiet,
    Over,
}

/// Everything that takes part.
pub struct Soak {
    pub gate: Gate,
    pub upstream: Arc<Upstream>,
    pub ledger: Arc<Ledger>,
    pub worlds: Arc<Worlds>,
    pub weather: Weather,
    pub records: Records,
    pub folder: PathBuf,
    pub tls: Arc<ClientConfig>,
    pub http2: Arc<ClientConfig>,
    phase: watch::Sender<Phase>,
    busy: AtomicUsize,
    began: Instant,
    samples: Mutex<Vec<Sample>>,
    _files: TempDir,
}

/// What the gate took at some moment.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub at: Duration,
    pub answered: u64,
    pub taken: Taken,
    /// Whether nothing was under way.
    pub quiet: bool,
}

/// A client that has something under way.
pub struct Busy<'a>(&'a AtomicUsize);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Soak {
    async fn start(options: &Options) -> Self {
        let files = tempfile::tempdir().unwrap();
        let folder = files.path().to_owned();
        std::fs::create_dir(folder.join("worlds")).unwrap();
        let worlds = Arc::new(Worlds::write(&folder.join("worlds")));
        let ledger = Arc::new(Ledger::new());
        let upstream = Upstream::start(Arc::clone(&ledger), Arc::clone(&worlds), options.seed).await;
        let gate = Gate::start(&options.program, &folder, upstream.address, options.faketime.as_deref());
        let tls = ramgate::gateway::tls::client(Some(&folder.join("authority.pem"))).unwrap();
        let mut http2 = tls.clone();
        http2.alpn_protocols = vec![b"h2".to_vec()];
        Self {
            gate,
            upstream,
            ledger,
            worlds,
            weather: Weather::new(),
            records: Records::default(),
            folder,
            tls: Arc::new(tls),
            http2: Arc::new(http2),
            phase: watch::Sender::new(Phase::Working),
            busy: AtomicUsize::new(0),
            began: Instant::now(),
            samples: Mutex::default(),
            _files: files,
        }
    }

    /// Waits until there is something to do; nothing once it is over.
    pub async fn work(&self, until: Option<Instant>) -> Option<Busy<'_>> {
        let mut phase = self.phase.subscribe();
        let now = *phase.wait_for(|phase| *phase != Phase::Quiet).await.ok()?;
        self.busy.fetch_add(1, Ordering::SeqCst);
        let busy = Busy(&self.busy);
        (now == Phase::Working && !is_over(until)).then_some(busy)
    }

    /// Whether a client that has a connection goes on over it.
    pub fn goes_on(&self, until: Option<Instant>) -> bool {
        *self.phase.borrow() == Phase::Working && !is_over(until)
    }

    pub fn answered(&self, call: &Call, answer: &Answer) {
        self.ledger.answered(call, answer, &self.worlds, &self.weather, &self.records);
    }

    /// Requests without a call of their own that may be on record.
    pub fn unanswered(&self, requests: u64) {
        self.ledger.unanswered.fetch_add(requests, Ordering::Relaxed);
    }

    /// Has clients stop and leave, and looks at what the gate takes then.
    async fn be_quiet(&self, then: Phase) {
        self.phase.send_replace(Phase::Quiet);
        while self.busy.load(Ordering::SeqCst) > 0 {
            sleep(Duration::from_millis(50)).await;
        }
        self.upstream.close();
        let began = Instant::now();
        while block_in_place(|| self.gate.metric("ramgate_calls_in_flight")) > 0 {
            if began.elapsed() > clients::PATIENCE {
                self.ledger.mistake("call under way that nobody waits for", String::new());
                break;
            }
            sleep(Duration::from_millis(200)).await;
        }
        sleep(QUIET).await;
        self.sample(true);
        self.phase.send_replace(then);
    }

    fn sample(&self, quiet: bool) {
        let Some(taken) = self.gate.taken() else {
            return self.ledger.mistake("the gate has ended", format!("after {:?}", self.began.elapsed()));
        };
        let answered = self.ledger.answered.load(Ordering::Relaxed);
        lock(&self.samples).push(Sample { at: self.began.elapsed(), answered, taken, quiet });
    }

    fn is_alive(&self) -> bool {
        self.gate.taken().is_some()
    }
}

fn is_over(until: Option<Instant>) -> bool {
    until.is_some_and(|until| Instant::now() >= until)
}

pub fn run() -> ExitCode {
    let options = Options::parse();
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let all = rustix::process::Rlimit { current: limit.maximum, ..limit };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, all).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let report = runtime.block_on(soak(&options));
    print!("{report}");
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn soak(options: &Options) -> Report {
    let length = Duration::from_secs(options.minutes.map_or(options.seconds, |minutes| minutes * 60));
    let soak = Arc::new(Soak::start(options).await);
    let number = AtomicU64::new(0);
    let random = || Random::new(options.seed, number.fetch_add(1, Ordering::Relaxed));
    let mut tasks = Vec::new();
    for (way, callers) in CALLERS {
        for _ in 0..callers {
            tasks.push(tokio::spawn(clients::client(Arc::clone(&soak), way, random(), None)));
        }
    }
    for manner in Manner::ALL {
        for _ in 0..SLOW {
            tasks.push(tokio::spawn(slow::client(Arc::clone(&soak), manner, random())));
        }
    }
    let watching = tokio::spawn(watch(Arc::clone(&soak)));
    sleep(WARMING).await;
    soak.be_quiet(Phase::Working).await;
    let mut random = random();
    let cycles = (length.as_secs() / CYCLE.as_secs()).max(1);
    for cycle in 1..=cycles {
        let mut faults = Fault::ALL;
        random.shuffle(&mut faults);
        for (index, fault) in faults.into_iter().enumerate() {
            if !soak.is_alive() {
                break;
            }
            // What is left, in equal parts; some of each for a time without faults, and some of all for quiet.
            let left = length.saturating_sub(soak.began.elapsed()).as_secs_f64() / (cycles + 1 - cycle) as f64;
            let part = (left - 8.0).max(10.0) / (faults.len() - index) as f64;
            let lasts = random.between(Duration::from_secs_f64(part * 0.5), Duration::from_secs_f64(part * 0.8));
            let began = Instant::now();
            faults::strike(&soak, fault, lasts, &mut random).await;
            sleep(Duration::from_secs_f64(part).saturating_sub(began.elapsed())).await;
        }
        let then = if cycle == cycles { Phase::Over } else { Phase::Working };
        soak.be_quiet(then).await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    watching.abort();
    let _ = watching.await;
    let counted = block_in_place(|| soak.gate.metric("ramgate_calls_total"));
    let soak = Arc::into_inner(soak).expect("nobody else has it");
    let log = soak.gate.log();
    let ended = block_in_place(|| soak.gate.end());
    soak.records.read_aside(&log, &soak.ledger);
    soak.records.read(&log, &soak.ledger);
    Report {
        options: format!(
            "{length:?}, seed {}, {}",
            options.seed,
            if cfg!(debug_assertions) { "debug" } else { "release" }
        ),
        faketime: options.faketime.is_some(),
        began: soak.began,
        counted,
        ended,
        left: soak.records.left(),
        samples: std::mem::take(&mut *lock(&soak.samples)),
        weather: soak.weather,
        ledger: soak.ledger,
    }
}

/// Looks at the process, and reads the records that it has set aside.
async fn watch(soak: Arc<Soak>) {
    let mut looks = 0_u64;
    loop {
        sleep(Duration::from_secs(1)).await;
        looks += 1;
        if looks.is_multiple_of(5) {
            soak.sample(false);
        }
        block_in_place(|| soak.records.read_aside(&soak.gate.log(), &soak.ledger));
    }
}
