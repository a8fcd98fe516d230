//! A stack of the test's own: started by `deploy/stack`, killed process by process, stopped when it is dropped.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use mingjing::target::Owner;
use tokio::process::Command;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{sleep, timeout};
use tonic::transport::Channel;

use crate::foreign::workspace;
use crate::kill::binary;

/// The services in the order of their ports.
pub(crate) const SERVICES: [&str; 5] =
    ["training", "complaints", "evaluation", "accountability", "scorecard"];
pub(crate) const NATS: &str = "nats";
pub(crate) const POSTGRES: &str = "postgres";
/// Longer than this, and something does not work.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
pub(crate) const POLL: Duration = Duration::from_millis(10);

/// A stack on ports of its own.
pub(crate) struct Stack<'a> {
    folder: &'a Path,
    pub(crate) program: PathBuf,
    first_port: u16,
    replicas: u16,
    /// None: as `deploy/stack` has it.
    clock: Option<&'static str>,
    /// One stack is up at a time: each has five processes or more.
    _alone: MutexGuard<'static, ()>,
}

impl<'a> Stack<'a> {
    /// One in `folder`, with so many replicas of each service.
    pub(crate) async fn up(folder: &'a Path, replicas: u16) -> Self {
        Self::up_with(folder, replicas, Some("system")).await
    }

    /// One whose clock the sample years move.
    pub(crate) async fn up_for_the_sample(folder: &'a Path) -> Self {
        Self::up_with(folder, 1, None).await
    }

    async fn up_with(folder: &'a Path, replicas: u16, clock: Option<&'static str>) -> Self {
        static ALONE: Mutex<()> = Mutex::const_new(());
        let alone = ALONE.lock().await;
        let (program, first_port) = (binary(folder), free_ports());
        let stack = Self { folder, program, first_port, replicas, clock, _alone: alone };
        stack.start_all().await;
        stack
    }

    /// Starts what does not run, and waits until all of it is healthy.
    pub(crate) async fn start_all(&self) {
        self.script("up", &[]).await;
    }

    /// What is started from now on has the system's clock.
    pub(crate) fn let_time_go(&mut self) {
        self.clock = Some("system");
    }

    /// Starts one that was killed.
    pub(crate) async fn start(&self, name: &str) {
        self.script("start", &[name]).await;
    }

    async fn script(&self, verb: &str, more: &[&str]) {
        let root = workspace();
        let mut script = Command::new(root.join("deploy/stack"));
        script.arg(verb).arg(self.folder).arg(&self.program).arg(root.join(".tools/python/bin/nats-server"));
        script.args(more);
        script.env("STACK_PORT", self.first_port.to_string());
        script.env("STACK_NATS_PORT", (self.first_port + 5).to_string());
        script.env("STACK_REPLICAS", self.replicas.to_string());
        script.envs(self.clock.map(|clock| ("MINGJING_CLOCK", clock)));
        let output = script.output().await.unwrap();
        let (said, complained) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{said}\n{complained}");
    }

    /// Kills a process, PostgreSQL with its children, with no chance to say goodbye; waits until it is gone.
    pub(crate) async fn kill(&self, name: &str) {
        let processes = self.halt(name).await;
        signal("-KILL", &processes);
        until(|| processes.iter().all(|process| is_gone(process))).await;
    }

    /// Has a process stand still, so that it makes no more children, and then those that it has; gives the ids of all.
    pub(crate) async fn halt(&self, name: &str) -> Vec<String> {
        let process = self.process(name);
        signal("-STOP", std::slice::from_ref(&process));
        until(|| matches!(state(&process), None | Some('T' | 'Z'))).await;
        let children = Command::new("pgrep").args(["--parent", &process]).output().await.unwrap().stdout;
        let children: Vec<_> = String::from_utf8(children).unwrap().lines().map(str::to_owned).collect();
        signal("-STOP", &children);
        std::iter::once(process).chain(children).collect()
    }

    /// The id of a process.
    pub(crate) fn process(&self, name: &str) -> String {
        let file = std::fs::read_to_string(self.pid_file(name)).unwrap();
        file.lines().next().unwrap().to_owned()
    }

    /// What a service says of its health under this name.
    pub(crate) async fn is_healthy(&self, service: &str, name: &str) -> bool {
        let mut health = Command::new(&self.program);
        health.args(["health", name, "--server"]).arg(format!("http://{}", self.address(service, 0)));
        health.output().await.unwrap().status.success()
    }

    /// The processes that do not run, and the last that they said.
    pub(crate) fn ended(&self) -> Vec<(String, String)> {
        let runs = |name: &String| {
            let file = std::fs::read_to_string(self.pid_file(name)).unwrap_or_default();
            file.lines().next().is_some_and(|process| !is_gone(process))
        };
        let said = |name: String| {
            let log = std::fs::read_to_string(self.folder.join(format!("{name}.log"))).unwrap_or_default();
            let last: Vec<_> = log.lines().rev().take(5).collect();
            (name, last.join("\n"))
        };
        self.names().into_iter().filter(|name| !runs(name)).map(said).collect()
    }

    fn pid_file(&self, name: &str) -> PathBuf {
        match name {
            POSTGRES => self.folder.join("postgres/data/postmaster.pid"),
            _ => self.folder.join(format!("{name}.pid")),
        }
    }

    /// The names of all processes; `training-2` is the second replica of `training`.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = |replica| SERVICES.map(|service| format!("{service}-{replica}")).into_iter();
        let others = (2..=self.replicas).flat_map(names);
        SERVICES.into_iter().chain([NATS, POSTGRES]).map(str::to_owned).chain(others).collect()
    }

    /// Where a replica of a service, counted from 0, listens.
    pub(crate) fn address(&self, service: &str, replica: u16) -> SocketAddr {
        let place = SERVICES.iter().position(|known| *known == service).unwrap();
        let port = self.first_port + 10 * replica + u16::try_from(place).unwrap();
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    /// A channel to a replica of a service, which connects when it is used, again and again.
    pub(crate) fn channel(&self, service: &str, replica: u16) -> Channel {
        let address = self.address(service, replica);
        Channel::from_shared(format!("http://{address}")).unwrap().tcp_nodelay(true).connect_lazy()
    }

    /// The URL of a service's database.
    pub(crate) fn database(&self, owner: Owner) -> String {
        self.any_database().replace("{service}", owner.name())
    }

    /// The URL of every service's database, with `{service}` for its name.
    pub(crate) fn any_database(&self) -> String {
        format!("postgres:///{{service}}?host={}&user=mingjing", self.folder.join("postgres").display())
    }

    /// The URL of NATS.
    pub(crate) fn nats(&self) -> String {
        format!("nats://127.0.0.1:{}", self.first_port + 5)
    }
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        let down = std::process::Command::new(workspace().join("deploy/stack"))
            .arg("down")
            .arg(self.folder)
            .status();
        // What failed before is what is told.
        assert!(std::thread::panicking() || down.unwrap().success());
    }
}

/// Sends processes a signal.
pub(crate) fn signal(signal: &str, processes: &[String]) {
    let mut kill = std::process::Command::new("kill");
    kill.arg(signal).args(processes).stderr(std::process::Stdio::null());
    // One of them may have ended meanwhile.
    kill.status().unwrap();
}

async fn until(there: impl Fn() -> bool) {
    let waiting = async {
        while !there() {
            sleep(POLL).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("it does what it is told");
}

fn is_gone(process: &str) -> bool {
    matches!(state(process), None | Some('Z'))
}

/// As `/proc` has it; none: there is no such process.
fn state(process: &str) -> Option<char> {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    status.rsplit_once(") ")?.1.chars().next()
}

/// The first of twenty ports that nobody listens on and that no stack of this process was given, below those that outgoing
/// connections get.
fn free_ports() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 250).unwrap() * 20;
    let free = |first: u16| (first..first + 20).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok());
    let next = || first + 20 * GIVEN.fetch_add(1, Ordering::Relaxed);
    std::iter::repeat_with(next)
        .take_while(|first| *first < 20_000)
        .find(|first| free(*first))
        .expect("free ports")
}
