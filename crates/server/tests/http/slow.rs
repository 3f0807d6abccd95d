//! H1: clients that are slow, silent or endless do not keep others waiting.

use crate::house;
use server::app::serve;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

#[test]
fn slow_clients_are_let_go_and_others_served() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let listener = house.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let state = house.state.clone();
    let serving = house.runtime.spawn(serve(state, listener, async {
        let _ = stopped.await;
    }));
    let ask = || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    };
    ask();
    let mut dripping: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(address).unwrap()).collect();
    for stream in &mut dripping {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: ").unwrap();
    }
    let begun = Instant::now();
    for _ in 0..20 {
        ask();
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "others wait behind slow clients");
    let mut endless = TcpStream::connect(address).unwrap();
    let header = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "a".repeat(200_000));
    let _ = endless.write_all(header.as_bytes());
    let mut answer = Vec::new();
    let _ = endless.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    let mut first = dripping.remove(0);
    first.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut rest = Vec::new();
    let ended = first.read_to_end(&mut rest);
    assert!(ended.is_ok(), "a dripping client is let go after its time: {ended:?}");
    let _ = stop.send(());
    house.runtime.block_on(serving).unwrap().unwrap();
    house.desk.db().close();
}
