//! Faults, one at a time.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Signal};
use tokio::task::block_in_place;
use tokio::time::sleep;

use super::Soak;
use super::clients::{self, Way, connect};
use super::upstream::Mood;
use super::weather::{Fault, Random};
use super::worlds::World;

/// Callers of a crowd.
const CROWD: u64 = 500;

/// Connections that take the last descriptors.
const HELD: usize = 100;

/// Descriptors that are left when they run out.
const LEFT: u64 = 6;

/// How far the clock is set off, in seconds: by little, so that calls are still taken, and by so much that none is.
const OFF: [i64; 6] = [12, -12, 3600, -3600, 31_536_000, -31_536_000];

/// Has `fault` last for so long.
pub async fn strike(soak: &Arc<Soak>, fault: Fault, lasts: Duration, random: &mut Random) {
    soak.weather.begins(fault);
    match fault {
        Fault::Killed => {
            soak.upstream.set_up(false);
            sleep(lasts).await;
            soak.upstream.set_up(true);
        }
        Fault::Frozen => mood(soak, Mood::Frozen, lasts).await,
        Fault::Slow => mood(soak, Mood::Slow, lasts).await,
        Fault::Resetting => mood(soak, Mood::Resetting, lasts).await,
        Fault::Garbage => mood(soak, Mood::Garbage, lasts).await,
        Fault::BadFiles => bad_files(soak, lasts, random).await,
        Fault::OtherWorld => {
            put_in_force(soak, World::Second);
            sleep(lasts).await;
            put_in_force(soak, World::First);
        }
        Fault::DiskFull => {
            soak.gate.limit(Resource::Fsize, Some(1));
            sleep(lasts).await;
            soak.gate.limit(Resource::Fsize, None);
        }
        Fault::LogFull => log_full(soak, lasts).await,
        Fault::Descriptors => {
            let taken = soak.gate.taken().map_or(0, |taken| taken.descriptors);
            soak.gate.limit(Resource::Nofile, Some(u64::try_from(taken).unwrap() + LEFT));
            let mut held = Vec::new();
            for _ in 0..HELD {
                held.push(connect(soak, Way::Plain).await);
            }
            sleep(lasts).await;
            soak.gate.limit(Resource::Nofile, None);
        }
        Fault::Clock => {
            if !soak.gate.set_clock(OFF[random.below(OFF.len())]) {
                return;
            }
            sleep(lasts).await;
            soak.gate.set_clock(0);
        }
        Fault::Hangups => {
            let until = Instant::now() + lasts;
            while Instant::now() < until {
                soak.gate.signal(Signal::HUP);
                sleep(Duration::from_millis(20)).await;
            }
        }
        Fault::Crowd => {
            let until = Some(Instant::now() + lasts);
            let seed = random.next();
            let crowd = (0..CROWD).map(|number| {
                tokio::spawn(clients::client(Arc::clone(soak), Way::Plain, Random::new(seed, number), until))
            });
            for member in crowd.collect::<Vec<_>>() {
                member.await.unwrap();
            }
        }
    }
    soak.weather.ends(fault);
}

async fn mood(soak: &Soak, mood: Mood, lasts: Duration) {
    soak.upstream.set(mood);
    sleep(lasts).await;
    soak.upstream.set(Mood::Well);
}

/// Has another world decide, on the word of the admin listener.
fn put_in_force(soak: &Soak, world: World) {
    soak.worlds.changing();
    soak.worlds.link_good(world);
    if !block_in_place(|| soak.gate.reload()) {
        soak.ledger.mistake("good files refused", format!("{world:?}"));
    }
    soak.worlds.changed(world);
}

/// Replaces world or configuration, and has the gate read it by all of its ways. It has to go on as before.
async fn bad_files(soak: &Soak, lasts: Duration, random: &mut Random) {
    let world = soak.worlds.now().world().unwrap();
    let configuration = soak.folder.join("ramgate.toml");
    let good = fs::read(&configuration).unwrap();
    let until = Instant::now() + lasts;
    while Instant::now() < until {
        let what = if random.below(4) == 0 {
            fs::write(&configuration, &good[..random.below(good.len())]).unwrap();
            "half a configuration"
        } else {
            soak.worlds.link_a_bad_one(random)
        };
        if block_in_place(|| soak.gate.reload()) {
            soak.ledger.mistake("bad files put in force", what.to_owned());
        }
        soak.gate.signal(Signal::HUP);
        sleep(lasts / 3).await;
        fs::write(&configuration, &good).unwrap();
    }
    soak.worlds.link_good(world);
    if !block_in_place(|| soak.gate.reload()) {
        soak.ledger.mistake("good files refused", "after bad ones".to_owned());
    }
}

/// Has the audit log go to a disk that is full, as `logrotate` would have it go elsewhere.
async fn log_full(soak: &Soak, lasts: Duration) {
    let log = soak.gate.log();
    let before = log.with_extension("before");
    fs::rename(&log, &before).unwrap();
    std::os::unix::fs::symlink("/dev/full", &log).unwrap();
    soak.gate.signal(Signal::HUP);
    sleep(lasts).await;
    fs::remove_file(&log).unwrap();
    soak.gate.signal(Signal::HUP);
    // Until it is there again, the gate has not let the other one go.
    while !log.exists() {
        sleep(Duration::from_millis(100)).await;
    }
    block_in_place(|| soak.records.read(&before, &soak.ledger));
    fs::remove_file(&before).unwrap();
}
