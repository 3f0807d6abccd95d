//! Lines to servers outside, and what proves to them that a request is ours.

use hmac::{Hmac, KeyInit as _, Mac as _};
use rustls::pki_types::ServerName;
use sha2::Sha256;
use std::fmt::{Debug, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Host;

/// Which addresses lines may be opened to.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allowed: Vec<(IpAddr, u8)>,
    trusts: bool,
}

/// Ranges of version 4 that are no public address (IANA IPv4 Special-Purpose Address Registry, multicast, reserved), and the
/// one public address that is a cloud's own from within it.
const NOT_PUBLIC_V4: [([u8; 4], u8); 17] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([168, 63, 129, 16], 32),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 3),
];

/// Ranges inside 2000::/3 that are no public address, or carry one of version 4: Teredo and protocol assignments, 6to4,
/// documentation (IANA IPv6 Special-Purpose Address Registry).
const NOT_PUBLIC_V6: [([u16; 2], u8); 4] =
    [([0x2001, 0], 23), ([0x2001, 0xdb8], 32), ([0x2002, 0], 16), ([0x3fff, 0], 20)];

/// Addresses at which clouds answer their machines with credentials, besides link-local ones: of Alibaba, Azure and Oracle.
const OF_CLOUDS: [[u8; 4]; 3] = [[100, 100, 100, 200], [168, 63, 129, 16], [192, 0, 0, 192]];

fn within(address: IpAddr, net: IpAddr, length: u8) -> bool {
    let same = |one: u128, other: u128, width: u32| {
        let rest = width.saturating_sub(u32::from(length));
        one.checked_shr(rest).unwrap_or(0) == other.checked_shr(rest).unwrap_or(0)
    };
    match (address, net) {
        (IpAddr::V4(one), IpAddr::V4(other)) => same(one.to_bits().into(), other.to_bits().into(), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => same(one.to_bits(), other.to_bits(), 128),
        _ => false,
    }
}

impl Guard {
    /// Public addresses, and these networks besides.
    #[must_use]
    pub fn public(allowed: Vec<(IpAddr, u8)>) -> Self {
        Self { allowed, trusts: false }
    }

    /// Whatever whoever runs the installation named, on this machine or in its network; only what hands out credentials to
    /// machines (link-local, and where else clouds answer) is nobody's server.
    #[must_use]
    pub fn trusting() -> Self {
        Self { allowed: Vec::new(), trusts: true }
    }

    /// Whether a line may go there. An address of version 4 in the clothes of version 6 is what it is.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if self.allowed.iter().any(|(net, length)| within(address, *net, *length)) {
            return true;
        }
        if self.trusts {
            return match address {
                IpAddr::V4(address) => !address.is_link_local() && !OF_CLOUDS.contains(&address.octets()),
                IpAddr::V6(address) => !address.is_unicast_link_local() && address.segments().first() != Some(&0xfd00),
            };
        }
        match address {
            IpAddr::V4(_) => !NOT_PUBLIC_V4.iter().any(|(net, length)| within(address, IpAddr::from(*net), *length)),
            IpAddr::V6(of) => {
                let [first, ..] = of.segments();
                first & 0xe000 == 0x2000
                    && !NOT_PUBLIC_V6.iter().any(|([one, two], length)| {
                        within(address, Ipv6Addr::new(*one, *two, 0, 0, 0, 0, 0, 0).into(), *length)
                    })
            }
        }
    }

    /// Whether an address is written as a number that lies in one of the networks that were opened.
    #[must_use]
    pub fn opens(&self, host: &Host<&str>) -> bool {
        let address = match host {
            Host::Ipv4(address) => IpAddr::from(*address),
            Host::Ipv6(address) => IpAddr::from(*address),
            Host::Domain(_) => return false,
        };
        self.allowed.iter().any(|(net, length)| within(address.to_canonical(), *net, *length))
    }

    /// Whether an address as it is written may be told at all: the literal addresses, and the names of this machine.
    #[must_use]
    pub fn allows_host(&self, host: &Host<&str>) -> bool {
        match host {
            Host::Ipv4(address) => self.allows((*address).into()),
            Host::Ipv6(address) => self.allows((*address).into()),
            Host::Domain(name) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                let here = name == "localhost" || name.ends_with(".localhost");
                !here || self.allows(Ipv4Addr::LOCALHOST.into())
            }
        }
    }
}

/// A line to a server, encrypted or not.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Debug> Wire for T {}

/// What encrypts lines, trusting whom this machine trusts. Its certificates are read once.
///
/// # Errors
/// If there are none.
pub fn connector() -> Result<TlsConnector, String> {
    static KNOWN: OnceLock<TlsConnector> = OnceLock::new();
    if let Some(known) = KNOWN.get() {
        return Ok(known.clone());
    }
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err("this machine has no certificates to trust a server by".to_owned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let made = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
    Ok(KNOWN.get_or_init(|| made).clone())
}

/// Opens a line to a server that whoever runs the installation named. How long that may take is for the caller to say.
///
/// # Errors
/// Why there is none.
pub async fn connect(host: &str, port: u16, encrypted: bool) -> Result<Box<dyn Wire>, String> {
    connect_guarded(host, port, encrypted, &Guard::trusting()).await
}

/// Opens a line to a server if it stands where the guard lets us go. The name is looked up once, every address it has is
/// held against the guard, and the line goes to one of those: a name that changes its mind changes nothing.
///
/// # Errors
/// Why there is none.
pub async fn connect_guarded(host: &str, port: u16, encrypted: bool, guard: &Guard) -> Result<Box<dyn Wire>, String> {
    let found = tokio::net::lookup_host((host, port)).await.map_err(|error| error.to_string())?;
    let addresses: Vec<SocketAddr> = found.collect();
    if let Some(barred) = addresses.iter().find(|address| !guard.allows(address.ip())) {
        // Whoever reads what went wrong need not learn where a name leads inside.
        tracing::warn!(host, address = %barred.ip(), "a line was not opened: the address is barred");
        return Err("it leads to no address events may go to".to_owned());
    }
    let tcp = TcpStream::connect(addresses.as_slice()).await.map_err(|error| error.to_string())?;
    if !encrypted {
        return Ok(Box::new(tcp));
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| "no name of a server".to_owned())?;
    let line = connector()?.connect(name, tcp).await.map_err(|error| error.to_string())?;
    Ok(Box::new(line))
}

/// What proves that a body is from whoever knows the secret, and when it was sent: the moment in seconds, and
/// HMAC-SHA-256 over that moment, a full stop and the body.
#[must_use]
pub fn signature(secret: &[u8], at: i64, body: &[u8]) -> String {
    let hex = mac(secret, at, body).map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
    hex.iter().fold(format!("t={at},v1="), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// HMAC-SHA-256 over parts one after the other.
#[must_use]
pub fn hmac_sha256(secret: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret) else { return Vec::new() };
    parts.iter().fold(mac, |mac, part| mac.chain_update(part)).finalize().into_bytes().to_vec()
}

pub(crate) fn mac(secret: &[u8], at: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    Some(mac.chain_update(at.to_string()).chain_update(".").chain_update(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// F1: what a webhook could be pointed at to reach what only this machine reaches.
    #[test]
    fn f1_no_address_of_ours_in_any_form() {
        let guard = Guard::public(Vec::new());
        for barred in [
            "127.0.0.1",
            "127.1.2.3",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.192",
            "168.63.129.16",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:a00:1",
            "fd00:ec2::254",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2001:0:1::1",
            "2001:db8::1",
            "::7f00:1",
        ] {
            assert!(!guard.allows(barred.parse().unwrap()), "{barred}");
        }
        for open in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2a00:1450::1", "2606:4700::1", "::ffff:8.8.8.8"] {
            assert!(guard.allows(open.parse().unwrap()), "{open}");
        }
        // Forms an address can be written in are one address once it is read.
        for written in [
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://[::ffff:7f00:1]/",
            "http://localhost/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "http://0/",
            "http://①②⑦.0.0.1/",
        ] {
            let url = url::Url::parse(written).unwrap();
            assert!(!guard.allows_host(&url.host().unwrap()), "{written}");
        }
        let opened = Guard::public(vec![("10.1.0.0".parse().unwrap(), 16)]);
        assert!(opened.allows("10.1.2.3".parse().unwrap()) && !opened.allows("10.2.0.1".parse().unwrap()));
        assert!(opened.allows("::ffff:10.1.2.3".parse().unwrap()));
        let ours = Guard::trusting();
        assert!(ours.allows("127.0.0.1".parse().unwrap()) && ours.allows("192.168.1.1".parse().unwrap()));
        for cloud in ["100.100.100.200", "168.63.129.16", "192.0.0.192", "::ffff:168.63.129.16"] {
            assert!(!ours.allows(cloud.parse().unwrap()), "{cloud}");
        }
        let opens = |host: &str| opened.opens(&url::Url::parse(&format!("http://{host}/")).unwrap().host().unwrap());
        assert!(opens("10.1.2.3") && opens("[::ffff:10.1.2.3]"));
        assert!(!opens("8.8.8.8") && !opens("10.2.0.1") && !opens("a.example"));
        assert!(!ours.allows("169.254.169.254".parse().unwrap()) && !ours.allows("fd00:ec2::254".parse().unwrap()));
    }

    /// F1: what a name leads to is looked at when the line is opened, not when the address was written down.
    #[tokio::test]
    async fn f1_a_name_is_held_against_the_guard_when_the_line_is_opened() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let barred = connect_guarded("localhost", port, false, &Guard::public(Vec::new())).await.unwrap_err();
        assert_eq!(barred, "it leads to no address events may go to", "where it leads is nobody's business");
        assert!(connect_guarded("127.0.0.1", port, false, &Guard::trusting()).await.is_ok());
    }

    #[test]
    fn a_signature_covers_moment_and_body() {
        let one = signature(b"key", 1, b"body");
        assert!(one.starts_with("t=1,v1=") && one.len() == "t=1,v1=".len() + 64, "{one}");
        assert_ne!(one[7..], signature(b"key", 2, b"body")[7..]);
        assert_ne!(one[7..], signature(b"key", 1, b"bodz")[7..]);
        assert_ne!(one[7..], signature(b"kez", 1, b"body")[7..]);
    }
}
