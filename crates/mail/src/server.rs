//! The server mail is handed to, as an address names it.

use percent_encoding::percent_decode_str;
use std::net::IpAddr;
use url::Url;

/// How the way to a server is guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    /// Not at all.
    Plain,
    /// Encrypted after the first greeting, or not used.
    StartTls,
    /// Encrypted from the start.
    Tls,
}

/// A server: `smtp://` is encrypted after the greeting (STARTTLS), `smtps://` from the start.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    pub(crate) credentials: Option<(String, String)>,
}

impl Server {
    /// Reads `smtp://user:password@host:port` or `smtps://…`. Only to this machine itself goes mail unencrypted, or with
    /// `plain` wherever `smtp://` leads.
    ///
    /// # Errors
    /// What is wrong with it, in one line that never repeats the password.
    pub fn parse(text: &str, plain: bool) -> Result<Self, String> {
        let url = Url::parse(text.trim()).map_err(|error| format!("not an address of a mail server: {error}"))?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("it names no host")?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (security, port) = match url.scheme() {
            "smtps" => (Security::Tls, 465),
            "smtp" if plain || is_this_machine(&host) => (Security::Plain, 25),
            "smtp" => (Security::StartTls, 587),
            _ => return Err("it begins with smtp:// or smtps://".to_owned()),
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err("nothing may follow host and port".to_owned());
        }
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (name, Some(password)) if !name.is_empty() => Some((decoded(name), decoded(password))),
            _ => return Err("name and password go together".to_owned()),
        };
        Ok(Self { host, port: url.port().unwrap_or(port), security, credentials })
    }

    /// The server for people, without the password.
    #[must_use]
    pub fn shown(&self) -> String {
        let scheme = if self.security == Security::Tls { "smtps" } else { "smtp" };
        let user = self.credentials.as_ref().map(|(name, _)| format!("{name}:***@")).unwrap_or_default();
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{scheme}://{user}{host}:{}", self.port)
    }

    /// Whether mail goes there encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.security != Security::Plain
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.shown())
    }
}

pub(crate) fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_says_how_it_is_guarded() {
        let of = |text: &str| Server::parse(text, false).map(|server| (server.security, server.port));
        assert_eq!(of("smtps://mail.example"), Ok((Security::Tls, 465)));
        assert_eq!(of("smtp://mail.example"), Ok((Security::StartTls, 587)));
        assert_eq!(of("smtp://mail.example:25"), Ok((Security::StartTls, 25)));
        assert_eq!(of("smtp://localhost:1025"), Ok((Security::Plain, 1025)));
        assert_eq!(of("smtp://[::1]:1025"), Ok((Security::Plain, 1025)));
        assert_eq!(Server::parse("smtp://mail.example", true).map(|server| server.security), Ok(Security::Plain));
        // What only looks like this machine is none.
        assert_eq!(of("smtp://localhost.example").map(|(how, _)| how), Ok(Security::StartTls));
        for wrong in ["", "mail.example", "http://mail.example", "smtp://u@mail.example", "smtp://h/x", "smtp://h?a=b"]
        {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_password_is_never_shown() {
        let server = Server::parse("smtp://redress:p%40ss%2Fw@mail.example:2525", false).unwrap();
        assert_eq!(server.credentials, Some(("redress".to_owned(), "p@ss/w".to_owned())));
        assert_eq!(server.shown(), "smtp://redress:***@mail.example:2525");
        assert!(!format!("{server:?}").contains("p@ss"));
    }
}
