//! Mail handed to servers of our own: one that takes it, and those that do not.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use mail::{Mailer, Message, Server, Trouble};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// How a server behaves.
#[derive(Clone, Copy)]
struct Manner {
    greeting: Option<&'static str>,
    from: &'static str,
    to: &'static str,
    data: &'static str,
}

const GOOD: Manner = Manner { greeting: Some("220 here"), from: "250 ok", to: "250 ok", data: "250 taken" };

/// Serves one connection and gives the address and what was said to it.
async fn serve(manner: Manner) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let said = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let Some(greeting) = manner.greeting else {
            tokio::time::sleep(Duration::from_secs(60)).await;
            return String::new();
        };
        write.write_all(format!("{greeting}\r\n").as_bytes()).await.unwrap();
        let (mut lines, mut said, mut in_data) = (BufReader::new(read).lines(), String::new(), false);
        while let Ok(Some(line)) = lines.next_line().await {
            said.push_str(&line);
            said.push('\n');
            let answer = match line.split([' ', ':']).next().unwrap_or_default() {
                "." if in_data => {
                    in_data = false;
                    manner.data
                }
                _ if in_data => continue,
                "EHLO" => "250 here",
                "MAIL" => manner.from,
                "RCPT" => manner.to,
                "DATA" => {
                    in_data = true;
                    "354 go on"
                }
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
        }
        said
    });
    (format!("smtp://{address}"), said)
}

fn message() -> Message {
    Message {
        to: "li.na@example.com".into(),
        subject: "[Redress] 42 条提醒\r\nBcc: all@example.com".into(),
        text: "· TS-20261124-000001-5 您被点名\n.\nQUIT\n".into(),
        id: "01900000-0000-7000-8000-000000000001".into(),
    }
}

fn sent(manner: Manner) -> (Result<(), Trouble>, String) {
    Runtime::new().unwrap().block_on(async {
        let (url, said) = serve(manner).await;
        let server = Server::parse(&url, false).unwrap();
        let mailer = Mailer::new(server, "投诉处理 <cases@example.com>").unwrap().patient(Duration::from_millis(500));
        let outcome = mailer.send(&message()).await;
        let said = tokio::time::timeout(Duration::from_secs(5), said).await;
        (outcome, said.map(Result::unwrap).unwrap_or_default())
    })
}

#[test]
fn a_message_is_handed_over_and_says_what_it_is() {
    let (outcome, said) = sent(GOOD);
    outcome.unwrap();
    for line in [
        "EHLO example.com",
        "MAIL FROM:<cases@example.com>",
        "RCPT TO:<li.na@example.com>",
        "Auto-Submitted: auto-generated",
        "Message-ID: <01900000-0000-7000-8000-000000000001@example.com>",
        "QUIT",
    ] {
        assert!(said.lines().any(|one| one.starts_with(line)), "{line}: {said}");
    }
    // Nothing in a subject begins a header of its own, and nothing in a text ends it.
    assert!(!said.lines().any(|line| line.starts_with("Bcc")), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("QUIT")).count(), 1, "{said}");
}

#[test]
fn what_a_server_says_decides_what_comes_next() {
    let refused = |words: &str| Trouble::Refused(words.to_owned());
    let kind = |manner: Manner| match sent(manner).0 {
        Err(trouble) => trouble,
        Ok(()) => refused("it was taken"),
    };
    assert!(matches!(kind(Manner { to: "450 busy", ..GOOD }), Trouble::Later(why) if why.contains("busy")));
    assert!(
        matches!(kind(Manner { to: "550 no such user", ..GOOD }), Trouble::Refused(why) if why.contains("no such"))
    );
    assert!(matches!(kind(Manner { data: "452 full", ..GOOD }), Trouble::Later(_)));
    // A full box, a text it does not like, a relay that does not want us: nothing of it is a wrong address.
    for to in ["550 5.7.1 relaying denied", "554 5.7.1 no", "554 no", "552 5.2.2 full", "550 5.1.8 bad sender"] {
        assert!(matches!(kind(Manner { to, ..GOOD }), Trouble::Later(_)), "{to}");
    }
    for data in ["554 not this", "550 5.1.1 no such user", "550 5.7.1 spam"] {
        assert!(matches!(kind(Manner { data, ..GOOD }), Trouble::Later(_)), "{data}");
    }
    for to in ["550 5.1.1 no such user", "553 5.1.3 syntax", "553 no", "551 5.1.6 moved"] {
        assert!(matches!(kind(Manner { to, ..GOOD }), Trouble::Refused(_)), "{to}");
    }
    for to in ["530 5.7.0 li.na@example.com: log in first", "535 who are you", "550 5.7.8 no"] {
        let Trouble::Server(why) = kind(Manner { to, ..GOOD }) else { panic!("{to}") };
        assert!(why.contains(to.split(' ').next().unwrap()) && !why.contains("li.na"), "{why}");
    }
    // What it has against the sender is nobody's fault who reads.
    assert!(matches!(kind(Manner { from: "550 not from you", ..GOOD }), Trouble::Server(_)));
    assert!(matches!(kind(Manner { greeting: Some("554 go away"), ..GOOD }), Trouble::Server(_)));
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    let runtime = Runtime::new().unwrap();
    let begun = Instant::now();
    let outcome = runtime.block_on(async {
        let (url, _said) = serve(Manner { greeting: None, ..GOOD }).await;
        let server = Server::parse(&url, false).unwrap();
        let mailer = Mailer::new(server, "cases@example.com").unwrap().patient(Duration::from_millis(300));
        mailer.send(&message()).await
    });
    assert!(matches!(outcome, Err(Trouble::Server(_))), "{outcome:?}");
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[test]
fn what_is_not_offered_encrypted_is_not_sent_in_the_clear() {
    Runtime::new().unwrap().block_on(async {
        let (url, said) = serve(GOOD).await;
        // The same machine by another name, so that encryption is wanted.
        let server = Server::parse(&url.replace("127.0.0.1", "localhost.localdomain"), false);
        let Ok(server) = server else { return };
        assert!(server.is_encrypted());
        let mailer = Mailer::new(server, "cases@example.com").unwrap().patient(Duration::from_millis(500));
        assert!(matches!(mailer.send(&message()).await, Err(Trouble::Server(_))));
        said.abort();
    });
}

#[test]
fn addresses_are_addresses() {
    assert!(mail::is_address("li.na@example.com"));
    for wrong in ["", "li.na", "a@b\r\nRCPT TO:<x@y.z>", "a b@c.d"] {
        assert!(!mail::is_address(wrong), "{wrong:?}");
    }
}
