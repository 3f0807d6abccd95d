//! H1: clients that are slow, silent or endless do not keep others waiting.

use crate::{House, house, intake};
use domain::actor::Role;
use server::app::serve;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::oneshot::{self, Sender};
use tokio::task::JoinHandle;

/// A server on a socket, until told to stop.
fn serving(house: &House) -> (SocketAddr, Sender<()>, JoinHandle<std::io::Result<()>>) {
    let listener = house.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let state = house.state.clone();
    let serving = house.runtime.spawn(serve(state, listener, async {
        let _ = stopped.await;
    }));
    (address, stop, serving)
}

#[test]
fn slow_clients_are_let_go_and_others_served() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let (address, stop, serving) = serving(&house);
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

/// Sends everything before it reads anything, as most clients do.
fn sent_whole(address: SocketAddr, head: &str, body: &[u8]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn who_sends_too_much_hears_so() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Agent, "");
    let (address, stop, serving) = serving(&house);
    let media = "Content-Type: application/json";
    let head = |path: &str, who: &str, length: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {who}\r\n{media}\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    for round in 0..20 {
        for (path, who, size, status) in [
            ("/api/v1/complaints", token.as_str(), 10 << 20, 413),
            ("/api/v1/complaints", &token, (1 << 20) + 1, 413),
            ("/api/v1/complaints", "rdt_nobody", 10 << 20, 401),
            ("/api/v1/nothing", &token, 4 << 20, 404),
        ] {
            let body = vec![b' '; size];
            let answer = sent_whole(address, &head(path, who, size), &body);
            let answer = answer.unwrap_or_else(|error| panic!("round {round}, {path}, {size} bytes: {error}"));
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
            assert!(answer.contains("application/problem+json"), "{answer}");
        }
    }
    // The same without a length: pieces of a mebibyte.
    let piece = [format!("{:x}\r\n", 1 << 20).into_bytes(), vec![b' '; 1 << 20], b"\r\n".to_vec()].concat();
    let body = [piece.repeat(8), b"0\r\n\r\n".to_vec()].concat();
    let chunked = format!(
        "POST /api/v1/complaints HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{media}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let answer = sent_whole(address, &chunked, &body).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // Who then neither sends nor ends is listened to for its time and no longer.
    let mut silent = TcpStream::connect(address).unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    silent.write_all(head("/api/v1/complaints", &token, 10 << 20).as_bytes()).unwrap();
    let begun = Instant::now();
    let mut answer = String::new();
    silent.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413") && begun.elapsed() < Duration::from_secs(5), "{answer}");
    sleep(Duration::from_secs(12));
    let gone = (0..20).any(|_| {
        sleep(Duration::from_millis(50));
        silent.write_all(b" ").is_err()
    });
    assert!(gone, "a silent client keeps its place for ever");
    let _ = stop.send(());
    house.runtime.block_on(serving).unwrap().unwrap();
    house.desk.db().close();
}

#[test]
fn what_was_accepted_is_finished_and_then_nothing_more_is() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Agent, "");
    let (address, stop, serving) = serving(&house);
    let idle = TcpStream::connect(address).unwrap();
    let mut under_way = TcpStream::connect(address).unwrap();
    let body = intake().to_string();
    let (begun, rest) = body.as_bytes().split_at(body.len() / 2);
    let head = format!(
        "POST /api/v1/complaints HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    under_way.write_all(&[head.as_bytes(), begun].concat()).unwrap();
    sleep(Duration::from_millis(300));
    stop.send(()).unwrap();
    sleep(Duration::from_millis(300));
    assert!(TcpStream::connect(address).is_err(), "nobody new is taken in");
    assert!(!serving.is_finished(), "the request under way is waited for");
    under_way.write_all(rest).unwrap();
    let mut answer = String::new();
    under_way.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let ended = Instant::now();
    house.runtime.block_on(serving).unwrap().unwrap();
    assert!(ended.elapsed() < Duration::from_secs(2), "a silent connection is not waited for");
    drop(idle);
    assert_eq!(house.get(&token, "/api/v1/complaints").json()["items"].as_array().unwrap().len(), 1);
    house.desk.db().close();
}

#[test]
fn a_method_that_is_not_known_names_those_that_are() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let answer = house.send("DELETE", "/api/v1/complaints", &[], "");
    assert_eq!(answer.status, 405);
    assert!(answer.header("allow").contains("GET") && answer.header("allow").contains("POST"), "{answer:?}");
    let token = house.token(Role::Admin, "");
    let counted = house.get(&token, "/metrics").body;
    assert!(counted.contains("{route=\"other\",status=\"405\"} 1"), "what no route answers is counted too: {counted}");
    house.desk.db().close();
}
