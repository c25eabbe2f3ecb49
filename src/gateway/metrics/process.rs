//! The process itself, by the names that every Prometheus client uses.

use std::fmt;

use procfs::process::{LimitValue, Process};
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;

use super::exposition::{NoExemplar, family, gauge};

/// Writes what `/proc` says; nothing where it cannot be read.
pub(super) fn encode(encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let Ok(process) = Process::myself() else { return Ok(()) };
    if let Ok(stat) = process.stat() {
        let ticks = procfs::ticks_per_second();
        #[expect(clippy::cast_precision_loss, reason = "ticks of one process stay far below 2^52")]
        let seconds = |count: u64| count as f64 / ticks as f64;
        let mut cpu = family(encoder, "process_cpu_seconds", "User and system time", MetricType::Counter)?;
        cpu.0.encode_counter(&seconds(stat.utime.saturating_add(stat.stime)), NoExemplar::None)?;
        let resident = stat.rss.saturating_mul(procfs::page_size());
        gauge(encoder, "process_resident_memory_bytes", "Resident memory", bytes(resident))?;
        gauge(encoder, "process_virtual_memory_bytes", "Virtual memory", bytes(stat.vsize))?;
        gauge(encoder, "process_threads", "Threads", stat.num_threads)?;
        if let Ok(booted) = procfs::boot_time_secs() {
            let started = booted.saturating_add(stat.starttime / ticks.max(1));
            gauge(encoder, "process_start_time_seconds", "Start, in seconds since 1970", bytes(started))?;
        }
    }
    if let Ok(open) = process.fd_count() {
        gauge(encoder, "process_open_fds", "Open file descriptors", i64::try_from(open).unwrap_or(i64::MAX))?;
    }
    if let Ok(limits) = process.limits()
        && let LimitValue::Value(most) = limits.max_open_files.soft_limit
    {
        gauge(encoder, "process_max_fds", "Most file descriptors", bytes(most))?;
    }
    Ok(())
}

fn bytes(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
