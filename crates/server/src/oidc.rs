//! Signing in at a provider by OpenID Connect: the authorization code flow with PKCE. The provider is asked for its own
//! description, for the keys it signs with and for the statement about whoever came back; nothing it says counts before the
//! signature, whose it is, for whom, how fresh and for which way were looked at. From the statement one thing is taken, the
//! provider's own name for the person (`sub`); mail addresses in it are not even read. No token is kept, logged or told.

use crate::outbound;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mail::outward::Guard;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use url::{Url, form_urlencoded};

/// Where the provider sends people back.
pub(crate) const CALLBACK: &str = "/sign-in/oidc/callback";
/// Longest an answer of the provider is waited for.
const PATIENCE: Duration = Duration::from_secs(8);
/// Most bytes of one answer.
const MOST_BYTES: usize = 256 * 1024;
/// How long its description and its keys are kept; a key that is not among them is looked for at once.
const KEPT: Duration = Duration::from_secs(600);
/// Seconds two clocks may differ.
const SKEW: f64 = 60.0;
/// Seconds since a statement was made: it was fetched just now.
const OLDEST: f64 = 600.0;
/// Longest code that is handed on.
const MOST_CODE: usize = 4096;
/// Longest name for a person (OpenID Connect Core, section 2).
const MOST_SUBJECT: usize = 255;

/// Why nobody is signed in by the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It does not answer, or nothing that makes sense.
    Away(String),
    /// What it says is not accepted.
    Wrong(&'static str),
}

/// The provider, as the operator of the server named it. Cheap to clone.
#[derive(Clone)]
pub struct Oidc(Arc<Inner>);

struct Inner {
    issuer: String,
    address: Url,
    client: String,
    secret: String,
    redirect: String,
    patience: Duration,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    provider: Option<(Arc<Provider>, Instant)>,
    keys: Option<(Arc<[SigningKey]>, Instant)>,
}

/// What the provider says of itself.
struct Provider {
    authorization: Url,
    token: Url,
    keys: Url,
    /// Whether it takes our secret in the body only.
    in_body: bool,
    /// Whether whoever comes back brings the provider's name along (RFC 9207).
    names_itself: bool,
}

/// A key it signs with.
struct SigningKey {
    id: Option<String>,
    of: KeyOf,
}

enum KeyOf {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Oidc").field(&self.0.issuer).finish()
    }
}

impl Oidc {
    /// The provider with this name, which is also where it describes itself ([`outbound::named`]).
    ///
    /// # Errors
    /// Says what is wrong with one of them.
    pub fn new(issuer: &str, client: &str, secret: &str, public_url: &str) -> Result<Self, String> {
        if public_url.is_empty() {
            return Err("--public-url is needed with it: the provider sends people back there".to_owned());
        }
        let address = outbound::named(issuer).map_err(|error| format!("--oidc-issuer: {error}"))?;
        if address.query().is_some() {
            return Err("--oidc-issuer: it has parts no issuer has".to_owned());
        }
        let secret = secret.trim();
        for (what, text) in [("--oidc-client-id", client), ("--oidc-client-secret-file", secret)] {
            if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
                return Err(format!("{what}: it is empty or has characters that cannot be sent"));
            }
        }
        Ok(Self(Arc::new(Inner {
            issuer: issuer.to_owned(),
            address,
            client: client.to_owned(),
            secret: secret.to_owned(),
            redirect: format!("{public_url}{CALLBACK}"),
            patience: PATIENCE,
            known: Mutex::default(),
        })))
    }

    /// The same with another patience.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        let of = &self.0;
        Self(Arc::new(Inner {
            issuer: of.issuer.clone(),
            address: of.address.clone(),
            client: of.client.clone(),
            secret: of.secret.clone(),
            redirect: of.redirect.clone(),
            patience,
            known: Mutex::default(),
        }))
    }

    /// What it calls itself.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// What people know it by: its host.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.address.host_str().unwrap_or_default()
    }

    /// What it knows us as.
    #[must_use]
    pub fn client(&self) -> &str {
        &self.0.client
    }

    /// Where it sends people back.
    #[must_use]
    pub fn redirect(&self) -> &str {
        &self.0.redirect
    }

    async fn fetch(&self, url: &Url) -> Result<Value, Trouble> {
        let guard = Guard::trusting();
        let headers = [("accept", "application/json".to_owned())];
        let asked = outbound::get(&guard, url, &headers, MOST_BYTES);
        let (status, body) = self.in_time(asked).await?;
        if status != 200 {
            return Err(Trouble::Away(format!("{} answers {status}", url.path())));
        }
        serde_json::from_slice(&body).map_err(|_| Trouble::Away(format!("{} is no JSON", url.path())))
    }

    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, String>>) -> Result<T, Trouble> {
        let answered = tokio::time::timeout(self.0.patience, asked).await;
        answered.unwrap_or_else(|_| Err("it does not answer".to_owned())).map_err(Trouble::Away)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        // What is kept is replaced whole, so it is good even where somebody panicked.
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the provider says of itself, from now or from a few minutes ago.
    async fn provider(&self) -> Result<Arc<Provider>, Trouble> {
        let kept = self.known().provider.clone().filter(|(_, at)| at.elapsed() < KEPT);
        if let Some((provider, _)) = kept {
            return Ok(provider);
        }
        let mut url = self.0.address.clone();
        url.set_path(&format!("{}/.well-known/openid-configuration", url.path().trim_end_matches('/')));
        let document = self.fetch(&url).await?;
        if document.get("issuer").and_then(Value::as_str) != Some(self.0.issuer.as_str()) {
            return Err(Trouble::Wrong("the provider describes another issuer"));
        }
        let lists = |name: &str, wanted: &str| {
            let list = document.get(name).and_then(Value::as_array);
            list.map(|list| list.iter().any(|one| one.as_str() == Some(wanted)))
        };
        let method = "token_endpoint_auth_methods_supported";
        let provider = Arc::new(Provider {
            authorization: self.endpoint(&document, "authorization_endpoint")?,
            token: self.endpoint(&document, "token_endpoint")?,
            keys: self.endpoint(&document, "jwks_uri")?,
            in_body: lists(method, "client_secret_basic") == Some(false)
                && lists(method, "client_secret_post") == Some(true),
            names_itself: document.get("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true)),
        });
        self.known().provider = Some((Arc::clone(&provider), Instant::now()));
        Ok(provider)
    }

    /// An address from the description: as safe as that of the issuer.
    fn endpoint(&self, document: &Value, name: &str) -> Result<Url, Trouble> {
        let text = document.get(name).and_then(Value::as_str).unwrap_or_default();
        let url = outbound::named(text).ok().filter(|url| url.scheme() == self.0.address.scheme());
        url.ok_or(Trouble::Wrong("the provider describes an address nobody is sent to"))
    }

    /// The keys it signs with; `anew` where a key was not among those that are kept.
    async fn keys(&self, provider: &Provider, anew: bool) -> Result<Arc<[SigningKey]>, Trouble> {
        let kept = self.known().keys.clone().filter(|(_, at)| !anew && at.elapsed() < KEPT);
        if let Some((keys, _)) = kept {
            return Ok(keys);
        }
        let document = self.fetch(&provider.keys).await?;
        let keys: Arc<[SigningKey]> = document
            .get("keys")
            .and_then(Value::as_array)
            .ok_or_else(|| Trouble::Away("its keys are none".to_owned()))?
            .iter()
            .filter_map(read_key)
            .collect();
        self.known().keys = Some((Arc::clone(&keys), Instant::now()));
        Ok(keys)
    }

    /// Where a browser goes to sign in.
    ///
    /// # Errors
    /// When the provider does not describe itself.
    pub async fn address(&self, state: &str, nonce: &str, verifier: &str) -> Result<String, Trouble> {
        let mut url = self.provider().await?.authorization.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.0.client)
            .append_pair("redirect_uri", &self.0.redirect)
            .append_pair("scope", "openid")
            .append_pair("state", state)
            .append_pair("nonce", nonce)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)))
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    /// Whom the provider knows by the code a browser came back with: its own name for them. `from` is the provider's name,
    /// where the browser brought it.
    ///
    /// # Errors
    /// When the provider does not answer, or what it states is not accepted.
    pub async fn subject(
        &self,
        code: &str,
        from: Option<&str>,
        (nonce, verifier): (&str, &str),
        now: jiff::Timestamp,
    ) -> Result<String, Trouble> {
        if code.is_empty() || code.len() > MOST_CODE {
            return Err(Trouble::Wrong("there is no code"));
        }
        let provider = self.provider().await?;
        if from.map_or(provider.names_itself, |from| from != self.0.issuer) {
            return Err(Trouble::Wrong("whoever came back was sent by another provider"));
        }
        let statement = self.exchange(&provider, code, verifier).await?;
        let parts = Parts::of(&statement)?;
        let mut keys = self.keys(&provider, false).await?;
        if !keys.iter().any(|key| parts.names(key)) {
            // Keys change; one round more finds the new one.
            keys = self.keys(&provider, true).await?;
        }
        if !keys.iter().any(|key| parts.names(key) && parts.signed_by(key)) {
            return Err(Trouble::Wrong("the statement is signed by no key of the provider"));
        }
        self.stated(&parts.claims, nonce, now)
    }

    /// What is sent for the statement: a form, and headers that say who we are.
    fn claim(&self, provider: &Provider, code: &str, verifier: &str) -> (String, Vec<(&'static str, String)>) {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.0.redirect)
            .append_pair("code_verifier", verifier);
        let mut headers = vec![("accept", "application/json".to_owned())];
        if provider.in_body {
            form.append_pair("client_id", &self.0.client).append_pair("client_secret", &self.0.secret);
        } else {
            let written = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let both = format!("{}:{}", written(&self.0.client), written(&self.0.secret));
            headers.push(("authorization", format!("Basic {}", STANDARD.encode(both))));
        }
        (form.finish(), headers)
    }

    /// Hands the code in and gets the statement.
    async fn exchange(&self, provider: &Provider, code: &str, verifier: &str) -> Result<String, Trouble> {
        let (form, headers) = self.claim(provider, code, verifier);
        let guard = Guard::trusting();
        let asked = outbound::submit(&guard, &provider.token, form, &headers, MOST_BYTES);
        let (status, body) = self.in_time(asked).await?;
        match status {
            200 => {}
            400..500 => return Err(Trouble::Wrong("the provider does not take the code")),
            _ => return Err(Trouble::Away(format!("{} answers {status}", provider.token.path()))),
        }
        let answer: Value = serde_json::from_slice(&body).map_err(|_| Trouble::Away("no JSON".to_owned()))?;
        let statement = answer.get("id_token").and_then(Value::as_str);
        statement.map(str::to_owned).ok_or(Trouble::Wrong("the provider states nothing"))
    }

    /// What a signed statement says, if it is ours, fresh and of this way.
    fn stated(&self, claims: &Value, nonce: &str, now: jiff::Timestamp) -> Result<String, Trouble> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let moment = |name: &str| claims.get(name).and_then(Value::as_f64);
        let now = now.as_second() as f64;
        if text("iss") != Some(self.0.issuer.as_str()) {
            return Err(Trouble::Wrong("the statement is another issuer's"));
        }
        let us = |one: &Value| one.as_str() == Some(self.0.client.as_str());
        let (ours, alone) = match claims.get("aud") {
            Some(Value::Array(list)) => (list.iter().any(us), list.len() == 1),
            Some(one) => (us(one), true),
            None => (false, false),
        };
        let through = text("azp");
        if !ours || through.is_some_and(|party| party != self.0.client) || (!alone && through.is_none()) {
            return Err(Trouble::Wrong("the statement is not for us"));
        }
        if moment("exp").is_none_or(|end| end + SKEW <= now) {
            return Err(Trouble::Wrong("the statement has expired"));
        }
        if moment("iat").is_none_or(|made| made > now + SKEW || made < now - OLDEST)
            || moment("nbf").is_some_and(|from| from > now + SKEW)
        {
            return Err(Trouble::Wrong("the statement was not made just now"));
        }
        if text("nonce") != Some(nonce) {
            return Err(Trouble::Wrong("the statement is of another way"));
        }
        let subject = text("sub").filter(|subject| !subject.is_empty() && subject.len() <= MOST_SUBJECT);
        let subject = subject.filter(|subject| !subject.chars().any(char::is_control));
        subject.map(str::to_owned).ok_or(Trouble::Wrong("the statement names nobody"))
    }
}

/// A signed statement taken apart (RFC 7515).
struct Parts<'s> {
    elliptic: bool,
    key: Option<String>,
    signed: &'s str,
    signature: Vec<u8>,
    claims: Value,
}

impl<'s> Parts<'s> {
    /// Only two ways to sign are known, each with keys of its own kind: no statement chooses how it is looked at.
    fn of(statement: &'s str) -> Result<Self, Trouble> {
        let no = || Trouble::Wrong("the statement cannot be read");
        let (signed, signature) = statement.rsplit_once('.').ok_or_else(no)?;
        let (head, body) = signed.split_once('.').ok_or_else(no)?;
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| no());
        let read = |text: &str| serde_json::from_slice::<Value>(&bytes(text)?).map_err(|_| no());
        let head = read(head)?;
        let elliptic = match head.get("alg").and_then(Value::as_str) {
            Some("RS256") => false,
            Some("ES256") => true,
            _ => return Err(Trouble::Wrong("the statement is signed in a way that is not accepted")),
        };
        if head.get("crit").is_some() {
            return Err(Trouble::Wrong("the statement asks for what is not known here"));
        }
        let key = head.get("kid").and_then(Value::as_str).map(str::to_owned);
        Ok(Self { elliptic, key, signed, signature: bytes(signature)?, claims: read(body)? })
    }

    /// Whether a key is one the statement may be signed by.
    fn names(&self, key: &SigningKey) -> bool {
        matches!(key.of, KeyOf::P256(_)) == self.elliptic && (self.key.is_none() || self.key == key.id)
    }

    fn signed_by(&self, key: &SigningKey) -> bool {
        let message = self.signed.as_bytes();
        match &key.of {
            KeyOf::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, &self.signature).is_ok()
            }
            KeyOf::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, &self.signature).is_ok()
            }
        }
    }
}

/// A key of the provider, if it is one statements may be signed by (RFC 7517).
fn read_key(key: &Value) -> Option<SigningKey> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    if text("use").is_some_and(|used| used != "sig") {
        return None;
    }
    let of = match (text("kty")?, text("alg")) {
        ("RSA", None | Some("RS256")) => {
            let n = bytes("n")?;
            let zeros = n.iter().take_while(|byte| **byte == 0).count();
            KeyOf::Rsa { n: n.get(zeros..)?.to_vec(), e: bytes("e")? }
        }
        ("EC", None | Some("ES256")) if text("crv") == Some("P-256") => {
            let (x, y) = (bytes("x")?, bytes("y")?);
            if x.len() != 32 || y.len() != 32 {
                return None;
            }
            KeyOf::P256([&[4], x.as_slice(), y.as_slice()].concat())
        }
        _ => return None,
    };
    Some(SigningKey { id: text("kid").map(str::to_owned), of })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ISSUER: &str = "http://127.0.0.1:1/realm";

    fn oidc() -> Oidc {
        Oidc::new(ISSUER, "redress", "secret", "https://cases.example").unwrap()
    }

    fn claims() -> Value {
        json!({"iss": ISSUER, "sub": "u-1", "aud": "redress", "exp": 2_000_000_300, "iat": 2_000_000_000, "nonce": "n"})
    }

    #[test]
    fn every_claim_counts() {
        let now = jiff::Timestamp::from_second(2_000_000_000).unwrap();
        let told = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            oidc().stated(&claims, "n", now)
        };
        assert_eq!(told("email", json!("admin@cases.example")), Ok("u-1".to_owned()));
        for (name, good) in [("aud", json!(["redress"])), ("azp", json!("redress")), ("nbf", json!(2_000_000_000))] {
            assert!(told(name, good).is_ok(), "{name}");
        }
        for (name, wrong) in [
            ("iss", json!("http://127.0.0.1:1/realm/")),
            ("iss", json!(null)),
            ("aud", json!("other")),
            ("aud", json!(["other"])),
            ("aud", json!(["redress", "other"])),
            ("aud", json!([])),
            ("azp", json!("other")),
            ("exp", json!(1_999_999_900)),
            ("exp", json!("2000000300")),
            ("exp", json!(null)),
            ("iat", json!(2_000_000_300)),
            ("iat", json!(1_999_990_000)),
            ("iat", json!(null)),
            ("nbf", json!(2_000_000_300)),
            ("nonce", json!("other")),
            ("nonce", json!(null)),
            ("sub", json!("")),
            ("sub", json!("a\nb")),
            ("sub", json!(7)),
            ("sub", json!("x".repeat(256))),
        ] {
            assert!(told(name, wrong.clone()).is_err(), "{name} {wrong}");
        }
    }

    #[test]
    fn only_two_ways_of_signing_are_known() {
        let statement = |head: Value| {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.AAAA", part(&head), part(&claims()))
        };
        for alg in ["none", "None", "HS256", "HS512", "RS384", "PS256", "EdDSA", ""] {
            assert!(Parts::of(&statement(json!({"alg": alg}))).is_err(), "{alg}");
        }
        assert!(Parts::of(&statement(json!({"alg": "ES256"}))).is_ok());
        assert!(Parts::of(&statement(json!({"alg": "ES256", "crit": ["exp"]}))).is_err());
        for torn in ["", "a", "a.b", "a.b.c", "..", "é.é.é", "e30.e30.e30.e30"] {
            assert!(Parts::of(torn).is_err(), "{torn}");
        }
        let elliptic = Parts::of(&statement(json!({"alg": "ES256", "kid": "a"}))).map(|parts| parts.elliptic);
        assert!(elliptic.unwrap());
        let statement = statement(json!({"alg": "ES256", "kid": "a"}));
        let rsa = SigningKey { id: Some("a".into()), of: KeyOf::Rsa { n: vec![1], e: vec![3] } };
        assert!(!Parts::of(&statement).unwrap().names(&rsa), "a key of another kind is not tried");
    }

    #[test]
    fn keys_are_read_by_what_they_are_for() {
        let x = URL_SAFE_NO_PAD.encode([1; 32]);
        for (good, key) in [
            (true, json!({"kty": "EC", "crv": "P-256", "x": x, "y": x, "kid": "1", "use": "sig", "alg": "ES256"})),
            (true, json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"})),
            (false, json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "use": "enc"})),
            (false, json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": "RSA-OAEP"})),
            (false, json!({"kty": "EC", "crv": "P-384", "x": x, "y": x})),
            (false, json!({"kty": "EC", "crv": "P-256", "x": "AQ", "y": x})),
            (false, json!({"kty": "oct", "k": "AQAB"})),
            (false, json!({})),
        ] {
            assert_eq!(read_key(&key).is_some(), good, "{key}");
        }
    }

    /// A statement signed by a key made for this test, of which only the public half is here.
    #[test]
    fn rsa_signatures_are_looked_at() {
        let key = read_key(&json!({"kty": "RSA", "kid": "r", "e": "AQAB", "n": RSA_N})).unwrap();
        let statement = format!("{RSA_SIGNED}.{RSA_SIGNATURE}");
        let parts = Parts::of(&statement).unwrap();
        assert!(parts.names(&key) && parts.signed_by(&key));
        let forged = format!("{}.{RSA_SIGNATURE}", RSA_SIGNED.replacen("eyJ", "eyK", 1));
        assert!(Parts::of(&forged).is_err() || !Parts::of(&forged).unwrap().signed_by(&key));
        let body = URL_SAFE_NO_PAD.encode(json!({"sub": "other"}).to_string());
        let forged = format!("{}.{body}.{RSA_SIGNATURE}", RSA_SIGNED.split('.').next().unwrap());
        assert!(!Parts::of(&forged).unwrap().signed_by(&key));
    }

    const RSA_N: &str = "3m9YxiogtsL7aawULUU8wDs3c-HmTrgluCHPT8gVdqP_Cedg0_h7Ln70Q9-48nrY7jV9ASOKp9DZFQYcRsR-qqSDfh5EkbmidiNJ\
        21qvgifpd5x17mDv3uezDSNgkHtUk_ME5bI2gqUrWYPe4-I9ubKPMolX7B2d94Zve2QO0xYe5x_zbaU7itLyS7k4YE-tS9bbz2uS\
        Yx-XoJAHVoLiJAwT9FpXPcVTtkzi8149HQTV7mC1owy88CRXELYBY_YnHuusw_xyTM-a_1eMO0Lv7zMxFYBaFoOoeB0SZQLsyJ0e\
        7pNSiG5h5MB7SsVsqvCFL2zQ2QRuu13jrkT1kyNsaQ";
    const RSA_SIGNED: &str =
        "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJzdWIiOiJ1LTEifQ";
    const RSA_SIGNATURE: &str = "uJ-abPv0fLh7JJOKJsLOUmkYBvjQnjGrO5lvIlC0e2YN2cTk7Da3d-lWUqk7wQ7_5PitY1S3btUDreJMXX3wBpaLjsHHyuwT0wYn\
        3nRFxxbGLykrrUbvkGxsLNJ8OwxQmBxJijGe7sMcwwpzDjofMJtdEtWWHz3bU2bHBKY0CP9NRvbzjEtK_OQr4hzP21ovPrMBtAlv\
        QjSe0VSrkTURWCTIh6KZIf1dvH1qo6OYNQymCNs40uETJDETrJLy2VSAkHfNfr3M8vAj8c191RC82n4iOC93TldvoiGtsMdiy8Uk\
        rro_YErOkT9iHgZiW0b8f8zXH-Hsen6n7vlqsBqNxw";
}
