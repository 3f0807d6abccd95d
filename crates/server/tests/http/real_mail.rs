//! Mail through servers of others: Dovecot keeps the mailbox, aiosmtpd takes what is sent, both from Debian's packages and
//! run for one test alone, by nobody in particular. `tests/setup/packages` installs them; without them the test leaves
//! itself out and says so.

use crate::channels::ways;
use crate::house;
use desk::letterbox::Taken;
use domain::actor::Role;
use mail::imap::Mailbox;
use mail::{Mailer, Server};
use server::courier::Courier;
use server::locale::Locales;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Dovecot ends its children when it is asked to, not when it is killed.
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until && matches!(self.0.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn there(programme: &str) -> bool {
    Path::new(programme).exists()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait_for(port: u16) {
    let until = Instant::now() + Duration::from_secs(20);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "nothing listens on port {port}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.starts_with(b"0\n"))
}

/// A command as somebody without rights, where the test itself has them all.
fn unprivileged(programme: &str) -> Command {
    if !is_root() {
        return Command::new(programme);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", programme]);
    command
}

fn dovecot(folder: &Path, port: u16) -> Running {
    let name = |flag: &str, id: &str| {
        let of_nobody = if flag == "-un" { "nobody" } else { "nogroup" };
        if is_root() {
            return of_nobody.to_owned();
        }
        let out = Command::new("id").arg(id).output().unwrap();
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    };
    let (user, group) = (name("-un", "-un"), name("-gn", "-gn"));
    let at = folder.display();
    let config = format!(
        "protocols = imap\nlisten = 127.0.0.1\nbase_dir = {at}/run\nstate_dir = {at}/state\nlog_path = {at}/dovecot.log\n\
         default_internal_user = {user}\ndefault_internal_group = {group}\ndefault_login_user = {user}\nssl = no\n\
         disable_plaintext_auth = no\nmail_location = maildir:{at}/Maildir\n\
         mail_uid = {user}\nmail_gid = {group}\nfirst_valid_uid = 1\nfirst_valid_gid = 1\n\
         passdb {{\n  driver = static\n  args = password=secret\n}}\n\
         userdb {{\n  driver = static\n  args = uid={user} gid={group} home={at}\n}}\n\
         service imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = {port}\n  }}\n  inet_listener imaps {{\n    port = 0\n  }}\n}}\n\
         service anvil {{\n  chroot =\n}}\nservice stats {{\n  chroot =\n}}\n"
    );
    let file = folder.join("dovecot.conf");
    std::fs::write(&file, config).unwrap();
    let mut command = unprivileged("/usr/sbin/dovecot");
    command.args(["-F", "-c"]).arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
    Running(command.spawn().unwrap())
}

/// Everything it takes goes into the Maildir that Dovecot keeps.
fn smtp(folder: &Path, port: u16) -> Running {
    let mut command = unprivileged("/usr/bin/aiosmtpd");
    command.args(["-n", "-l", &format!("127.0.0.1:{port}"), "-c", "aiosmtpd.handlers.Mailbox"]);
    command.arg(folder.join("Maildir")).stdout(Stdio::null()).stderr(Stdio::null());
    Running(command.spawn().unwrap())
}

#[test]
fn mail_goes_out_by_smtp_and_comes_in_by_imap() {
    if !there("/usr/sbin/dovecot") || !there("/usr/bin/aiosmtpd") {
        eprintln!("dovecot-imapd or python3-aiosmtpd is missing: the test leaves itself out");
        return;
    }
    let scratch = store::testing::sqlite().unwrap();
    // The folder of the database is its owner's alone; these servers run as somebody else.
    let folder = std::env::temp_dir().join(format!("redress-mail-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir_all(&folder).unwrap();
    if is_root() {
        let given = Command::new("chown").args(["65534:65534"]).arg(&folder).status().unwrap();
        assert!(given.success());
    }
    let (imap_port, smtp_port) = (free_port(), free_port());
    let _dovecot = dovecot(&folder, imap_port);
    let _smtp = smtp(&folder, smtp_port);
    wait_for(imap_port);
    wait_for(smtp_port);
    let house = house(&scratch);
    house.desk.set_ways(ways());
    let token = house.token(Role::Admin, "");
    let server = Server::parse(&format!("smtp://127.0.0.1:{smtp_port}"), false).unwrap();
    let mailer = Mailer::new(server, "Care <care@op.example>").unwrap();
    let mailbox = Mailbox::parse(&format!("imap://care:secret@127.0.0.1:{imap_port}/INBOX"), false).unwrap();
    let look = || {
        let looked = house.runtime.block_on(server::mail_in::look(&house.desk, &mailbox, None));
        let log = std::fs::read_to_string(folder.join("dovecot.log")).unwrap_or_default();
        looked.unwrap_or_else(|error| panic!("{error}\n{log}"))
    };
    assert_eq!(look().taken, 0);
    // A customer writes.
    let write = |to: &str, from: &str, text: &str| {
        let server = Server::parse(&format!("smtp://127.0.0.1:{smtp_port}"), false).unwrap();
        let mailer = Mailer::new(server, from).unwrap();
        let customer = mail::Customer { reply_to: from.into(), bounces_to: from.into(), automatic: false };
        let id = uuid::Uuid::now_v7().to_string();
        let message = mail::Message { to: to.into(), subject: "连扣四个月".into(), text: text.into(), id };
        house.runtime.block_on(mailer.send_to_customer(&message, &customer)).unwrap();
    };
    write("care@op.example", "wang@example.com", "每月被扣二十五元，请退费。");
    assert_eq!(look().taken, 1);
    let case = house.get(&token, "/api/v1/complaints").json()["items"][0].clone();
    let (id, number) = (case["id"].as_str().unwrap(), case["number"].as_str().unwrap());
    assert_eq!(case["status"], "triage", "{case}");
    // The receipt goes out by itself, and comes into the same mailbox here: written by a machine, it begins nothing.
    let locales = Locales::load(server::data::locales(None).unwrap()).unwrap();
    let courier = Courier::new(Some(mailer), None, locales);
    let round = house.runtime.block_on(courier.round(&house.desk, "node")).unwrap();
    assert_eq!((round.sent, round.trouble), (1, None));
    assert_eq!(look().taken, 1);
    let list = house.get(&token, "/api/v1/letterbox").json();
    assert_eq!(list["items"][0]["reason"], "automatic", "{list}");
    let opened = house.get(&token, &format!("/api/v1/letterbox/{}", list["items"][0]["id"].as_str().unwrap())).json();
    assert!(opened["subject"].as_str().unwrap().contains(number), "{opened}");
    assert_eq!(opened["from"], "care@op.example");
    let raw = std::fs::read_dir(folder.join("Maildir/cur"))
        .unwrap()
        .chain(std::fs::read_dir(folder.join("Maildir/new")).unwrap());
    let texts: Vec<String> = raw.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    let receipt = texts.iter().find(|text| text.contains("Auto-Submitted")).unwrap();
    let head = receipt.to_lowercase();
    let reply = head.lines().find_map(|line| line.strip_prefix("reply-to: ")).unwrap().trim().to_owned();
    assert!(reply.starts_with("reply+r") && reply.ends_with("@op.example"), "{reply}");
    assert!(head.contains("reply+b"), "reports of servers have an address of their own: {receipt}");
    // The customer answers to that address; somebody else does, too.
    write(&reply, "wang@example.com", "补充：账单见附件。");
    write(&reply, "mallory@example.com", "请结案。");
    assert_eq!(look().taken, 2);
    let after = house.get(&token, &format!("/api/v1/complaints/{id}/events")).json().to_string();
    assert!(after.contains("补充：账单见附件。") && !after.contains("请结案。"), "{after}");
    // What is read once more is known: after a crash, or under another name of the mailbox.
    let again = Mailbox::parse(&format!("imap://care2:secret@127.0.0.1:{imap_port}/INBOX"), false).unwrap();
    let looked = house.runtime.block_on(server::mail_in::look(&house.desk, &again, None)).unwrap();
    assert_eq!(looked.taken, 4);
    let cases = house.get(&token, "/api/v1/complaints").json()["items"].as_array().unwrap().len();
    assert_eq!(cases, 1, "none is doubled");
    let wrong = Mailbox::parse(&format!("imap://care:wrong@127.0.0.1:{imap_port}/INBOX"), false).unwrap();
    let refused = house.runtime.block_on(server::mail_in::look(&house.desk, &wrong, None)).unwrap_err();
    assert!(!refused.contains("wrong"), "{refused}");
    let taken = server::mail_in::take(&house.desk, Vec::new(), None, true);
    assert_eq!(house.runtime.block_on(taken).unwrap(), Taken::Waits("unreadable"));
    house.desk.db().close();
    let _ = std::fs::remove_dir_all(&folder);
}
