//! The mailbox messages come in by: IMAP, by UID. Nothing is taken away from it before whoever took a message says that
//! it is kept.

use crate::outward::{Wire, connect};
use crate::server::is_this_machine;
use crate::{MOST_SAID, one_line};
use async_imap::{Client, Session};
use futures_util::TryStreamExt as _;
use percent_encoding::percent_decode_str;
use std::time::Duration;
use url::Url;

/// Longest one step with the server may take; a large message is one.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes a second of a line that is slow and still works: a large message gets the time it takes.
const SLOWEST: u32 = 32 * 1024;

/// A mailbox: `imaps://` is encrypted from the start, `imap://` goes to this machine itself, or anywhere if that is asked
/// for.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox {
    host: String,
    port: u16,
    encrypted: bool,
    user: String,
    password: String,
    folder: String,
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.shown())
    }
}

/// A message as it lies in the mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its place.
    pub uid: u32,
    /// When the server received it, seconds since 1970.
    pub received: Option<i64>,
    /// Its bytes; of one larger than [`crate::inbound::LARGEST`] its head alone.
    pub raw: Vec<u8>,
    /// Whether `raw` is all of it.
    pub whole: bool,
}

/// An open mailbox.
pub struct Opened {
    session: Session<Box<dyn Wire>>,
    validity: u32,
}

impl Mailbox {
    /// Reads `imaps://user:password@host:port/Folder`; the folder is `INBOX` where none is named.
    ///
    /// # Errors
    /// What is wrong with it, in one line that never repeats the password.
    pub fn parse(text: &str, plain: bool) -> Result<Self, String> {
        let url = Url::parse(text.trim()).map_err(|error| format!("not an address of a mailbox: {error}"))?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("it names no host")?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (encrypted, port) = match url.scheme() {
            "imaps" => (true, 993),
            "imap" if plain || is_this_machine(&host) => (false, 143),
            "imap" => return Err("imap:// goes unencrypted; write imaps://, or ask for it".to_owned()),
            _ => return Err("it begins with imaps:// or imap://".to_owned()),
        };
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let folder = match decoded(url.path().trim_start_matches('/')) {
            folder if folder.is_empty() => "INBOX".to_owned(),
            folder if folder.contains(['\r', '\n', '"', '\\']) => return Err("no such folder".to_owned()),
            folder => folder,
        };
        let (user, password) = (decoded(url.username()), decoded(url.password().unwrap_or_default()));
        if user.is_empty() || password.is_empty() {
            return Err("name and password are needed".to_owned());
        }
        Ok(Self { host, port: url.port().unwrap_or(port), encrypted, user, password, folder })
    }

    /// The mailbox for people, without the password.
    #[must_use]
    pub fn shown(&self) -> String {
        let scheme = if self.encrypted { "imaps" } else { "imap" };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{scheme}://{}:***@{host}:{}/{}", self.user, self.port, self.folder)
    }

    /// What it is called where places in it are kept: the same mailbox has the same name, whatever its password.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}:{}/{}", self.user, self.host, self.port, self.folder)
    }

    /// Opens it.
    ///
    /// # Errors
    /// Why it cannot be opened, in one line.
    pub async fn open(&self) -> Result<Opened, String> {
        let wire = soon(connect(&self.host, self.port, self.encrypted)).await?;
        let mut client = Client::new(wire);
        soon(client.read_response()).await?.ok_or("the server said nothing")?;
        let login = async { client.login(&self.user, &self.password).await.map_err(|(error, _)| error) };
        let mut session = soon(login).await?;
        let mailbox = soon(session.select(&self.folder)).await?;
        let validity = mailbox.uid_validity.ok_or("the server keeps no UIDVALIDITY")?;
        Ok(Opened { session, validity })
    }
}

impl Opened {
    /// What makes places count: with another value they mean other messages.
    #[must_use]
    pub fn validity(&self) -> u32 {
        self.validity
    }

    /// Places of messages behind one, in order, so many at most.
    ///
    /// # Errors
    /// What the server has against it.
    pub async fn after(&mut self, uid: u32, most: usize) -> Result<Vec<u32>, String> {
        let query = format!("UID {}:*", uid.saturating_add(1));
        let found = soon(self.session.uid_search(&query)).await?;
        // `n:*` names the last message even where it lies before n.
        let mut places: Vec<u32> = found.into_iter().filter(|place| *place > uid).collect();
        places.sort_unstable();
        places.truncate(most);
        Ok(places)
    }

    /// A message; nothing where somebody took it away meanwhile.
    ///
    /// # Errors
    /// What the server has against it.
    pub async fn fetch(&mut self, uid: u32) -> Result<Option<Fetched>, String> {
        let Some(head) = self.one(uid, "(UID RFC822.SIZE INTERNALDATE)", PATIENCE).await? else {
            // A line that broke off says as little as a message that is gone.
            soon(self.session.noop()).await?;
            return Ok(None);
        };
        let received = head.internal_date().map(|at| at.timestamp());
        // One whose size nobody says may be of any.
        let size = head.size.filter(|size| *size as usize <= crate::inbound::LARGEST);
        let whole = size.is_some();
        let what = if whole { "(UID BODY.PEEK[])" } else { "(UID BODY.PEEK[HEADER])" };
        let patience = PATIENCE + Duration::from_secs(u64::from(size.unwrap_or(0) / SLOWEST));
        let Some(body) = self.one(uid, what, patience).await? else {
            return Err("the server does not hand it over".to_owned());
        };
        let raw = if whole { body.body() } else { body.header() };
        Ok(Some(Fetched { uid, received, raw: raw.unwrap_or_default().to_vec(), whole }))
    }

    async fn one(
        &mut self,
        uid: u32,
        what: &str,
        patience: Duration,
    ) -> Result<Option<async_imap::types::Fetch>, String> {
        let session = &mut self.session;
        let all = async {
            let stream = session.uid_fetch(uid.to_string(), what).await?;
            stream.try_collect::<Vec<_>>().await
        };
        Ok(within(patience, all).await?.into_iter().find(|found| found.uid == Some(uid)))
    }

    /// Says that a message is kept: it is marked as seen, or moved to a folder.
    ///
    /// # Errors
    /// What the server has against it.
    pub async fn kept(&mut self, uid: u32, folder: Option<&str>) -> Result<(), String> {
        let session = &mut self.session;
        match folder {
            Some(folder) => soon(session.uid_mv(uid.to_string(), folder)).await,
            None => {
                let marked = async {
                    let stream = session.uid_store(uid.to_string(), "+FLAGS.SILENT (\\Seen)").await?;
                    stream.try_collect::<Vec<_>>().await
                };
                soon(marked).await.map(drop)
            }
        }
    }

    /// Takes leave.
    pub async fn close(mut self) {
        let _ = soon(self.session.logout()).await;
    }
}

async fn soon<T, E: std::fmt::Display>(step: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    within(PATIENCE, step).await
}

async fn within<T, E: std::fmt::Display>(
    patience: Duration,
    step: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match tokio::time::timeout(patience, step).await {
        Ok(outcome) => outcome.map_err(|error| one_line(&error.to_string()).chars().take(MOST_SAID).collect()),
        Err(_) => Err(format!("no answer within {} s", patience.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_mailboxes() {
        let of = |text: &str| Mailbox::parse(text, false);
        let box_ = of("imaps://care%40op.example:p%40ss@mail.op.example/Complaints").unwrap();
        assert_eq!(box_.shown(), "imaps://care@op.example:***@mail.op.example:993/Complaints");
        assert!(!format!("{box_:?}").contains("p@ss"));
        assert_eq!(of("imap://a:b@localhost").unwrap().name(), "a@localhost:143/INBOX");
        for wrong in ["imap://a:b@mail.example", "imaps://mail.example", "imaps://a@mail.example", "smtp://a:b@c", ""] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        assert!(of("imaps://a:b@c/x%0d%0aEXPUNGE").is_err());
    }
}
