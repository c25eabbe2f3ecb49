//! What a service manager is told, by systemd's `NOTIFY_SOCKET`; without one, and elsewhere than on Linux, nothing.

/// Says that the gate takes calls.
pub(super) fn ready(status: &str) {
    tell(Moment::Ready, status);
}

/// Says that a reload has begun. It ends with [`ready`].
pub(super) fn reloading() {
    tell(Moment::Reloading, "reloading");
}

/// Says that the gate is ending.
pub(super) fn stopping() {
    tell(Moment::Stopping, "calls under way are seen through");
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Ready,
    Reloading,
    Stopping,
}

#[cfg(target_os = "linux")]
fn tell(moment: Moment, status: &str) {
    use sd_notify::NotifyState;
    let mut states = vec![match moment {
        Moment::Ready => NotifyState::Ready,
        Moment::Reloading => NotifyState::Reloading,
        Moment::Stopping => NotifyState::Stopping,
    }];
    if moment == Moment::Reloading {
        states.extend(NotifyState::monotonic_usec_now().ok());
    }
    states.push(NotifyState::Status(status));
    if let Err(error) = sd_notify::notify(&states) {
        tracing::warn!(%error, "the service manager is not told: {moment:?}");
    }
}

#[cfg(not(target_os = "linux"))]
fn tell(_: Moment, _: &str) {}

/// Tells the service manager again and again that calls are worked on, as long as it wants to know. The task that does so is
/// one like those of calls: where they stand still, so does it.
#[cfg(target_os = "linux")]
pub(super) fn watch() {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    tokio::spawn(async move {
        let mut interval = tokio::time::interval(limit / 2);
        loop {
            interval.tick().await;
            if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]) {
                tracing::warn!(%error, "the service manager's watchdog is not told");
            }
        }
    });
}

#[cfg(not(target_os = "linux"))]
pub(super) fn watch() {}
