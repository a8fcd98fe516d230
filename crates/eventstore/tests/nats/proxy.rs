//! A TCP proxy that is slow, or cuts connections, when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::home::running;

/// Stands between a client and a server.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    delay_ms: Arc<AtomicU64>,
    cuts: watch::Sender<u64>,
    _task: JoinSet<()>,
}

impl Proxy {
    /// A proxy before `port`, neither slow nor cutting.
    pub(crate) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap().port();
        let (delay_ms, cuts) = (Arc::new(AtomicU64::new(0)), watch::Sender::new(0));
        let (delay, cut) = (delay_ms.clone(), cuts.subscribe());
        let _task = running(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(pass(client, port, delay.clone(), cut.clone()));
            }
        });
        Self { port: here, delay_ms, cuts, _task }
    }

    /// Each piece of what is sent, either way, waits so long.
    pub(crate) fn delay(&self, milliseconds: u64) {
        self.delay_ms.store(milliseconds, Ordering::Relaxed);
    }

    /// Cuts every connection; whatever is on its way is lost.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

async fn pass(client: TcpStream, port: u16, delay: Arc<AtomicU64>, mut cut: watch::Receiver<u64>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    cut.mark_unchanged();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = copy(from_client, to_server, &delay) => {}
        () = copy(from_server, to_client, &delay) => {}
        _ = cut.changed() => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: &AtomicU64) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        let milliseconds = delay.load(Ordering::Relaxed);
        if milliseconds > 0 {
            sleep(Duration::from_millis(milliseconds)).await;
        }
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
