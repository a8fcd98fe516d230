//! Counting calls in a window of time, and the table.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

/// How long calls are counted, and how long they run before that.
const WINDOW: Duration = Duration::from_millis(2500);
const WARM_UP: Duration = Duration::from_millis(500);

/// Calls per second of `callers` at once, each calling again as soon as it is answered. A call is told which
/// of the callers it is of.
pub(crate) async fn rate<F, C>(callers: u32, call: C) -> anyhow::Result<f64>
where
    C: Fn(u32) -> F + Send + Sync + 'static,
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let call = Arc::new(call);
    let from = Instant::now() + WARM_UP;
    let until = from + WINDOW;
    let mut running = JoinSet::new();
    for caller in 0..callers {
        let call = call.clone();
        running.spawn(async move {
            let mut counted = 0_u32;
            loop {
                call(caller).await?;
                let now = Instant::now();
                if now >= until {
                    return anyhow::Ok(counted);
                }
                counted += u32::from(now >= from);
            }
        });
    }
    let mut counted = 0;
    while let Some(caller) = running.join_next().await {
        counted += caller??;
    }
    Ok(per_second(counted, WINDOW))
}

/// So many in so long, per second.
pub(crate) fn per_second(count: u32, took: Duration) -> f64 {
    f64::from(count) / took.as_secs_f64()
}

/// A limit that a figure is set beside.
#[derive(Clone)]
pub(crate) struct Limit<'a> {
    /// What is done.
    pub(crate) what: &'a str,
    /// How often per second.
    pub(crate) rate: f64,
}

/// The table, written line by line.
pub(crate) struct Table(io::Stdout);

impl Table {
    /// Writes the head.
    pub(crate) fn new() -> Self {
        let mut table = Self(io::stdout());
        table.line(&format!(
            "{:<44} {:>11}   {:<44} {:>11} {:>6}",
            "work", "per second", "raw limit", "per second", "ratio"
        ));
        table.line(&"-".repeat(120));
        table
    }

    /// Writes a figure beside its limits; a limit itself has none.
    pub(crate) fn row(&mut self, what: &str, rate: f64, limits: &[Limit<'_>]) {
        let mut figure = format!("{what:<44} {rate:>11.0}");
        for limit in limits {
            let ratio = rate / limit.rate;
            self.line(&format!("{figure}   {:<44} {:>11.0} {ratio:>6.2}", limit.what, limit.rate));
            figure = format!("{:<44} {:>11}", "", "");
        }
        if limits.is_empty() {
            self.line(&figure);
        }
    }

    /// Writes how long something took, with no limit beside it.
    pub(crate) fn times(&mut self, what: &str, times: &[(&str, Duration)]) {
        let shown = times.iter().map(|(name, time)| format!("{name} {:.1} ms", time.as_secs_f64() * 1000.0));
        self.line(&format!("{what:<44} {}", shown.collect::<Vec<_>>().join(", ")));
    }

    fn line(&mut self, text: &str) {
        // Who closed the output does not want to know.
        let _ = writeln!(self.0, "{text}");
    }
}
