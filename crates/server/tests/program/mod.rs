//! The real program under test: started on a folder of its own, asked over HTTP, killed or ended.
#![allow(dead_code, reason = "each test binary uses its own part")]

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// Where a program keeps its data.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) database: Option<String>,
}

impl Place {
    /// A new folder, and the embedded database in it unless an address is given.
    pub(crate) fn new(database: Option<String>) -> Self {
        let name = format!("redress-program-{}", uuid::Uuid::now_v7().simple());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder, database }
    }

    fn arguments(&self) -> Vec<String> {
        let mut list = match &self.database {
            Some(url) => vec!["--database-url".to_owned(), url.clone()],
            None => vec!["--data-dir".to_owned(), self.folder.join("data").display().to_string()],
        };
        list.extend(["--master-key-file".to_owned(), self.folder.join("master.key").display().to_string()]);
        list
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, command: &[&str]) -> Output {
        self.command(command).output().unwrap()
    }

    /// Runs a command that must succeed and returns what it printed.
    pub(crate) fn ok(&self, command: &[&str]) -> String {
        let output = self.run(command);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{command:?}: {out}{err}");
        out.trim().to_owned()
    }

    pub(crate) fn command(&self, command: &[&str]) -> Command {
        let mut process = Command::new(env!("CARGO_BIN_EXE_redress"));
        process.args(command).args(self.arguments()).current_dir(&self.folder);
        process
    }

    /// A token with everything allowed.
    pub(crate) fn token(&self) -> String {
        self.ok(&["token", "create", "--name", "test", "--role", "admin"])
    }
}

/// A running server.
pub(crate) struct Program {
    pub(crate) place: Place,
    child: Child,
    port: u16,
    password: String,
    keep: bool,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Program {
    /// Starts on a new embedded database.
    pub(crate) fn start(more: &[&str]) -> Self {
        Self::at(Place::new(None), more)
    }

    /// Starts at a place and waits for its address.
    pub(crate) fn at(place: Place, more: &[&str]) -> Self {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(more);
        Self::from(place, command)
    }

    /// Starts with a command made elsewhere and waits for the address.
    pub(crate) fn from(place: Place, mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("the server ended before it listened").unwrap();
        let port = first.rsplit_once(':').unwrap().1.trim().parse().unwrap();
        // What follows comes in the same breath when it comes at all.
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let mut password = String::new();
        if let Ok(line) = receive.recv_timeout(Duration::from_millis(500))
            && let Some((_, given)) = line.rsplit_once("password ")
        {
            password = given.to_owned();
        }
        Self { place, child, port, password, keep: false }
    }

    /// The password of `admin`: the one printed, until [`Self::choose_password`].
    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// Signs `admin` in with the printed password and chooses another, as everybody has to.
    pub(crate) fn choose_password(&mut self, own: &str) {
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        let said = format!("username=admin&password={}", self.password);
        let answer = self.send("POST", "/sign-in", &[form], &said).unwrap();
        let cookie = answer.head.split("redress_session=").nth(1).unwrap().split(';').next().unwrap().to_owned();
        let cookie = format!("redress_session={cookie}");
        let said = format!("old_password={}&password={own}&again={own}", self.password);
        let answer = self.send("POST", "/console/password", &[form, ("Cookie", &cookie)], &said).unwrap();
        assert_eq!(answer.status, 303, "{answer:?}");
        self.password = own.to_owned();
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Kills the server as a power cut would, keeping its data.
    pub(crate) fn kill(mut self) -> Place {
        self.keep = true;
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.place.clone()
    }

    /// Ends the server as an operator would, keeping its data.
    pub(crate) fn stop(mut self) -> Place {
        self.keep = true;
        let ended = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(ended.success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        self.place.clone()
    }

    /// Sends a request.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> std::io::Result<Answer> {
        send(self.port, method, path, headers, body)
    }
}

/// Sends a request to a port of this machine.
pub(crate) fn send(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text
        .split_once("\r\n\r\n")
        .ok_or_else(|| std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "no answer"))?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !self.keep {
            remove(&self.place.folder);
        }
    }
}

/// Removes a folder of a test.
pub(crate) fn remove(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
}
