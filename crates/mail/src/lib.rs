//! Mail: messages and the server that takes them. Knows no case and no database; whoever sends says what the message
//! holds and keeps account of what became of it.

pub mod gateway;
pub mod imap;
pub mod inbound;
pub mod outward;
mod server;

pub use server::Server;

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Built};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, transport::smtp::client::TlsParametersBuilder};
use server::Security;
use std::error::Error as _;
use std::time::Duration;

/// Longest a message may take from connecting to being taken over.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Most characters of a server's words that are kept.
const MOST_SAID: usize = 200;

/// A message of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// To whom.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// What makes it unique: the same at every try, so that whoever gets it twice can tell.
    pub id: String,
}

/// How a message to a customer differs from one to staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Where answers go.
    pub reply_to: String,
    /// Where reports of servers go.
    pub bounces_to: String,
    /// Whether nobody wrote it: machines then leave it alone.
    pub automatic: bool,
}

/// Why a message was not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The server is not there, not to be trusted or does not let us in: nobody's mail goes. Holds nothing a server said
    /// but its codes, for it is written to logs.
    Server(String),
    /// This message cannot be taken now; it is worth trying again. The server's words may hold the address.
    Later(String),
    /// There is no such address; trying again is of no use. The server's words may hold the address.
    Refused(String),
}

/// Whether something can be an address to send to.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

/// Hands messages to one server in the name of one sender.
#[derive(Clone)]
pub struct Mailer {
    server: Server,
    from: Mailbox,
    hello: ClientId,
    tls: Option<TlsParameters>,
    patience: Duration,
}

/// Machines that answer by themselves leave such a message alone (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Mailer {
    /// Somebody who sends by this server.
    ///
    /// # Errors
    /// If the sender is no address, or the machine has no certificates to trust a server by.
    pub fn new(server: Server, from: &str) -> Result<Self, String> {
        let from: Mailbox = from.trim().parse().map_err(|_| format!("{from:?} is no address to send from"))?;
        let tls = match server.security {
            Security::Plain => None,
            Security::StartTls | Security::Tls => {
                let made = TlsParametersBuilder::new(server.host.clone()).build_rustls();
                Some(made.map_err(|error| format!("certificates of this machine: {}", said(&error)))?)
            }
        };
        let hello = ClientId::Domain(from.email.domain().to_owned());
        Ok(Self { server, from, hello, tls, patience: PATIENCE })
    }

    /// The same with another patience.
    #[must_use]
    pub fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Hands a message over.
    ///
    /// # Errors
    /// Why it was not taken over. A server that took it and could not say so leaves that open.
    pub async fn send(&self, message: &Message) -> Result<(), Trouble> {
        self.send_as(message, None).await
    }

    /// Hands a message to a customer over.
    ///
    /// # Errors
    /// As [`Mailer::send`].
    pub async fn send_to_customer(&self, message: &Message, customer: &Customer) -> Result<(), Trouble> {
        self.send_as(message, Some(customer)).await
    }

    async fn send_as(&self, message: &Message, customer: Option<&Customer>) -> Result<(), Trouble> {
        let to: Address = message.to.parse().map_err(|_| Trouble::Refused("not an address".to_owned()))?;
        let mut building = Built::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(one_line(&message.subject))
            .message_id(Some(format!("<{}@{}>", message.id, self.from.email.domain())));
        let mut envelope = self.from.email.clone();
        if customer.is_none_or(|customer| customer.automatic) {
            building = building.header(AutoSubmitted);
        }
        if let Some(customer) = customer {
            let address = |text: &str| text.parse::<Address>().map_err(|error| Trouble::Server(error.to_string()));
            building = building.reply_to(Mailbox::new(None, address(&customer.reply_to)?));
            envelope = address(&customer.bounces_to)?;
        }
        let built = building
            .header(ContentType::TEXT_PLAIN)
            .body(message.text.clone())
            .map_err(|error| Trouble::Refused(error.to_string()))?;
        let bytes = built.formatted();
        let handed = self.hand_over(envelope, &to, &bytes);
        match tokio::time::timeout(self.patience, handed).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Trouble::Server(format!("no answer within {} s", self.patience.as_secs()))),
        }
    }

    async fn hand_over(&self, from: Address, to: &Address, message: &[u8]) -> Result<(), Trouble> {
        let mut line = self.connect().await.map_err(|error| Trouble::Server(brief(&error)))?;
        // What the server has against us concerns everybody's mail, what it has against the addressee only theirs.
        let from = Mail::new(Some(from), Vec::new());
        line.command(from).await.map_err(|error| Trouble::Server(brief(&error)))?;
        let outcome = deliver(&mut line, to, message).await;
        if outcome.is_err() {
            let _ = line.command(Rset).await;
        }
        let _ = line.quit().await;
        outcome
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let at_once = self.tls.clone().filter(|_| self.server.security == Security::Tls);
        let place = (self.server.host.as_str(), self.server.port);
        let mut line =
            AsyncSmtpConnection::connect_tokio1(place, Some(self.patience), &self.hello, at_once, None).await?;
        if let (Security::StartTls, Some(tls)) = (self.server.security, self.tls.clone()) {
            // Never without: a server that does not offer it is refused.
            line.starttls(tls, &self.hello).await?;
        }
        if let Some((name, password)) = &self.server.credentials {
            let credentials = Credentials::new(name.clone(), password.clone());
            line.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await?;
        }
        Ok(line)
    }
}

async fn deliver(line: &mut AsyncSmtpConnection, to: &Address, message: &[u8]) -> Result<(), Trouble> {
    line.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(|error| of(&error, Step::Addressee))?;
    line.command(Data).await.map_err(|error| of(&error, Step::Content))?;
    line.message(message).await.map_err(|error| of(&error, Step::Content))?;
    Ok(())
}

/// What a server was told when it said no.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// To whom.
    Addressee,
    /// What.
    Content,
}

/// Only a refusal of the addressee says anything about their address. A relay that does not want us, our policy or this
/// text says 5xx too, and another day, or another set-up, takes the same letter.
fn of(error: &Error, step: Step) -> Trouble {
    let Some(code) = error.status() else { return Trouble::Server(brief(error)) };
    let (code, enhanced) = (code.to_string(), enhanced(error));
    // "Authentication required" and its kin concern everybody's mail (RFC 4954).
    if matches!(code.as_str(), "530" | "534" | "535" | "538") || matches!(enhanced.as_deref(), Some("5.7.0" | "5.7.8"))
    {
        return Trouble::Server(brief(error));
    }
    let no_such_address = match &enhanced {
        // RFC 3463: 5.1.x is the addressee's address, but 5.1.7 and 5.1.8 the sender's.
        Some(status) => status.starts_with("5.1.") && !matches!(status.as_str(), "5.1.7" | "5.1.8"),
        None => matches!(code.as_str(), "550" | "553"),
    };
    if step == Step::Addressee && no_such_address { Trouble::Refused(said(error)) } else { Trouble::Later(said(error)) }
}

/// The enhanced status a server's words begin with (RFC 2034), if they do: three numbers with dots between them.
fn enhanced(error: &Error) -> Option<String> {
    let words = error.source()?.to_string();
    let first = words.split_whitespace().next()?;
    let parts: Vec<&str> = first.split('.').collect();
    let number = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    (parts.len() == 3 && parts.iter().all(number)).then(|| first.to_owned())
}

/// An error without the words of a server: its codes, or what the network or the certificates had against it.
fn brief(error: &Error) -> String {
    match error.status() {
        Some(code) => {
            format!("the server answered {code} {}", enhanced(error).unwrap_or_default()).trim_end().to_owned()
        }
        None => said(error),
    }
}

/// An error in one short line, the server's own words at its end.
fn said(error: &Error) -> String {
    let mut words = error.to_string();
    if let Some(source) = error.source().map(ToString::to_string).filter(|source| !words.contains(source)) {
        words = format!("{words}: {source}");
    }
    one_line(&words).chars().take(MOST_SAID).collect()
}

/// Text without anything that could begin another line of a header.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
