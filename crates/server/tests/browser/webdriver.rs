//! A small WebDriver client over plain HTTP: enough to drive a real browser as a person would.

use base64::Engine as _;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// A browser under control; ends with its driver when dropped.
pub(crate) struct Browser {
    driver: Child,
    /// Kept open: a driver that cannot write ends.
    _said: BufReader<ChildStdout>,
    port: u16,
    session: String,
    process: Option<u64>,
    folder: PathBuf,
}

/// The name WebDriver gives elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long the driver may take to answer; longer than it waits for a page, so that it can say what is wrong.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a page may take to load, in milliseconds.
const PAGE: u32 = 30_000;

/// How often a driver is started.
const STARTS: u32 = 5;

/// Starts a driver on a port it chooses itself: a port found free beforehand may be taken by a test running beside. It
/// chooses one of one family and takes it in the other too, where it may be taken: then it ends, and another is started.
fn driver(folder: &Path) -> Result<(Child, BufReader<ChildStdout>, u16), String> {
    let mut started = start(folder);
    for _ in 1..STARTS {
        started = started.or_else(|_| start(folder));
    }
    started
}

fn start(folder: &Path) -> Result<(Child, BufReader<ChildStdout>, u16), String> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        // What the browser puts down beside its profile goes with the profile.
        .env("TMPDIR", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("chromedriver: {error}"))?;
    let mut said = BufReader::new(driver.stdout.take().ok_or("chromedriver is mute")?);
    let mut line = String::new();
    while said.read_line(&mut line).map_err(|error| format!("chromedriver: {error}"))? > 0 {
        if let Some((_, port)) = line.rsplit_once("successfully on port ")
            && let Ok(port) = port.trim().trim_end_matches('.').parse()
        {
            return Ok((driver, said, port));
        }
        line.clear();
    }
    let _ = driver.wait();
    Err("chromedriver ended before it listened".to_owned())
}

impl Browser {
    /// Starts a headless browser, or says why there is none.
    pub(crate) fn start(language: &str) -> Result<Self, String> {
        // Short, for a socket's address lies below it and may not exceed 107 bytes.
        let name = format!("redress-{}", uuid::Uuid::new_v4().simple().to_string().split_at(12).0);
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let (driver, said, port) = driver(&folder)?;
        let mut browser = Self { driver, _said: said, port, session: String::new(), process: None, folder };
        let wish = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "timeouts": {"pageLoad": PAGE, "script": PAGE},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "goog:chromeOptions": {
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--disable-dev-shm-usage", "--hide-scrollbars", format!("--accept-lang={language}"),
                    format!("--user-data-dir={}", browser.folder.join("profile").display()),
                ],
                "prefs": {"intl.accept_languages": language},
            },
        }}});
        let session = browser.call("POST", "/session", Some(&wish))?;
        browser.session = session["sessionId"].as_str().ok_or("no session")?.to_owned();
        browser.process = session["capabilities"]["goog:processID"].as_u64();
        Ok(browser)
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let shown = |error: std::io::Error| format!("{method} {path}: {error}");
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).map_err(shown)?;
        stream.set_read_timeout(Some(ANSWER)).map_err(shown)?;
        let body = body.map(Value::to_string).unwrap_or_default();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .map_err(shown)?;
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).map_err(shown)?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes).map_err(shown)?;
        let answer: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        let value = answer["value"].clone();
        if value["error"].is_string() {
            return Err(format!("{method} {path}: {} {}", value["error"], value["message"]));
        }
        Ok(value)
    }

    fn on_session(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        self.call(method, &format!("/session/{}{path}", self.session), body).unwrap()
    }

    /// Sets the size of the page.
    pub(crate) fn size(&self, width: u32, height: u32) {
        let metrics = json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        }});
        self.on_session("POST", "/goog/cdp/execute", Some(&metrics));
    }

    /// Opens an address.
    pub(crate) fn goto(&self, url: &str) {
        self.on_session("POST", "/url", Some(&json!({"url": url})));
    }

    /// The address shown.
    pub(crate) fn url(&self) -> String {
        self.on_session("GET", "/url", None).as_str().unwrap().to_owned()
    }

    /// Runs a script and returns its value.
    pub(crate) fn script(&self, script: &str) -> Value {
        self.on_session("POST", "/execute/sync", Some(&json!({"script": script, "args": []})))
    }

    /// Waits until the address holds these words; a click may return before its page has come.
    pub(crate) fn arrive(&self, part: &str) {
        self.wait(&format!("at {part}"), || self.url().contains(part));
    }

    /// Waits until the page holds these words.
    pub(crate) fn read(&self, words: &str) {
        self.wait(words, || self.text().contains(words));
    }

    /// Waits until a script answers `true`.
    pub(crate) fn until(&self, what: &str, script: &str) {
        self.wait(what, || self.script(script) == true);
    }

    /// Leaves the page as somebody does who says yes when asked whether to leave.
    pub(crate) fn leave(&self, url: &str) {
        let go = format!(
            "window.addEventListener('beforeunload', event => event.stopImmediatePropagation(), true); location.assign('{url}')"
        );
        self.script(&go);
    }

    fn wait(&self, what: &str, holds: impl Fn() -> bool) {
        let started = Instant::now();
        while !holds() {
            assert!(started.elapsed() < Duration::from_secs(10), "not {what}, but {}:\n{}", self.url(), self.text());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// The words of the page.
    pub(crate) fn text(&self) -> String {
        let words = self.script("return document.body ? document.body.innerText : ''");
        words.as_str().unwrap_or_default().to_owned()
    }

    fn find(&self, css: &str) -> String {
        let wish = json!({"using": "css selector", "value": css});
        let started = Instant::now();
        loop {
            match self.call("POST", &format!("/session/{}/element", self.session), Some(&wish)) {
                Ok(found) => return found[ELEMENT].as_str().unwrap().to_owned(),
                Err(error) if started.elapsed() > Duration::from_secs(5) => {
                    panic!("{css} on {}: {error}\n{}", self.url(), self.text())
                }
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Clicks.
    pub(crate) fn click(&self, css: &str) {
        let element = self.find(css);
        self.on_session("POST", &format!("/element/{element}/click"), Some(&json!({})));
    }

    /// Types, after clearing what was there.
    pub(crate) fn type_into(&self, css: &str, text: &str) {
        let element = self.find(css);
        self.on_session("POST", &format!("/element/{element}/clear"), Some(&json!({})));
        self.on_session("POST", &format!("/element/{element}/value"), Some(&json!({"text": text})));
    }

    /// Chooses an option of a list by its code.
    pub(crate) fn choose(&self, css: &str, code: &str) {
        self.click(&format!("{css} option[value=\"{code}\"]"));
    }

    /// Takes a picture of the whole page.
    pub(crate) fn screenshot(&self, path: &Path) {
        let shot = json!({"cmd": "Page.captureScreenshot", "params": {"captureBeyondViewport": true}});
        let image = self.on_session("POST", "/goog/cdp/execute", Some(&shot));
        let bytes = base64::engine::general_purpose::STANDARD.decode(image["data"].as_str().unwrap()).unwrap();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Errors in the browser's console since the last look.
    pub(crate) fn errors(&self) -> Vec<String> {
        let log = self.on_session("POST", "/se/log", Some(&json!({"type": "browser"})));
        log.as_array()
            .unwrap()
            .iter()
            .filter(|line| line["level"] == "SEVERE" || line["level"] == "WARNING")
            .map(|line| line["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Addresses the browser asked for since the last look.
    pub(crate) fn requests(&self) -> Vec<String> {
        let log = self.on_session("POST", "/se/log", Some(&json!({"type": "performance"})));
        log.as_array()
            .unwrap()
            .iter()
            .filter_map(|line| serde_json::from_str::<Value>(line["message"].as_str()?).ok())
            .filter(|message| message["message"]["method"] == "Network.requestWillBeSent")
            .filter_map(|message| Some(message["message"]["params"]["request"]["url"].as_str()?.to_owned()))
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let path = format!("/session/{}", self.session);
        let ended = !self.session.is_empty() && self.call("DELETE", &path, None).is_ok();
        // The browser outlives a driver that could not end it.
        if !ended && let Some(process) = self.process {
            let _ = Command::new("kill").args(["-KILL", &process.to_string()]).status();
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
