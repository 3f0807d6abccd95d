//! A mailbox that cannot hand over one of its messages: the others come in all the same, and a note of it waits.

use crate::house;
use desk::letterbox::STATES;
use mail::imap::Mailbox;
use server::mail_in::look;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

/// A server of three messages that breaks off whenever the second is asked for.
fn serve(stream: TcpStream) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    write!(out, "* OK ready\r\n")?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let (tag, rest) = line.split_once(' ').unwrap_or_default();
        let uid = rest.split(' ').nth(2).unwrap_or_default().to_owned();
        if rest.starts_with("SELECT") {
            write!(out, "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n")?;
        } else if rest.starts_with("UID SEARCH") {
            write!(out, "* SEARCH 1 2 3\r\n")?;
        } else if rest.starts_with("UID FETCH 2") && rest.contains("BODY") {
            return Ok(());
        } else if rest.starts_with("UID FETCH") && rest.contains("SIZE") {
            let date = "24-Nov-2026 04:00:00 +0000";
            write!(out, "* {uid} FETCH (UID {uid} RFC822.SIZE 90 INTERNALDATE \"{date}\")\r\n")?;
        } else if rest.starts_with("UID FETCH") {
            let text = format!("From: a{uid}@example.com\r\nTo: care@op.example\r\nSubject: s{uid}\r\n\r\nw{uid}\r\n");
            write!(out, "* {uid} FETCH (UID {uid} BODY[] {{{}}}\r\n{text})\r\n", text.len())?;
        } else if rest.starts_with("LOGOUT") {
            write!(out, "* BYE\r\n")?;
        }
        write!(out, "{tag} OK done\r\n")?;
        out.flush()?;
    }
    Ok(())
}

#[test]
fn a_message_that_cannot_be_had_keeps_no_other_back() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    let mailbox = Mailbox::parse(&format!("imap://care:secret@127.0.0.1:{port}/"), false).unwrap();
    let looked = house.runtime.block_on(look(&house.desk, &mailbox, None)).unwrap();
    assert_eq!(looked.taken, 2, "the others are taken in");
    let again = house.runtime.block_on(look(&house.desk, &mailbox, None)).unwrap();
    assert_eq!(again.taken, 0, "it is asked for once");
    let token = house.token(domain::actor::Role::Admin, "");
    assert_eq!(house.get(&token, "/api/v1/complaints?sort=-received").json()["items"].as_array().unwrap().len(), 2);
    let waiting = house.get(&token, &format!("/api/v1/letterbox?state={}", STATES[0])).json();
    let items = waiting["items"].as_array().unwrap();
    assert_eq!((items.len(), items[0]["reason"].as_str()), (1, Some("not_handed_over")), "{waiting}");
    house.desk.db().close();
}
