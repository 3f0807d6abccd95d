//! C1, C2, C4, C7: the provider, headers that claim to be somebody, links by mail, and the second step.

use crate::{Answer, House, house, intake};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use desk::Caller;
use desk::notices::letters::Handed;
use desk::organisation::{UserChange, change_user};
use desk::sign_in::letters::{AccountLetter, Kind, send_due};
use desk::sign_in::{IdentityInput, totp};
use domain::actor::Role;
use domain::ids::UserId;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use server::app::{AppState, Settings};
use server::data;
use server::locale::Locales;
use server::oidc::Oidc;
use server::routes::{Access, Face, table};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::testing::{each_database, sqlite};
use url::Url;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn with(house: House, settings: Settings) -> House {
    let locales = Locales::load(data::locales(None).unwrap()).unwrap();
    House { state: AppState::new(house.desk.clone(), locales, settings), ..house }
}

/// A cookie an answer sets, as it is sent back.
fn cookie(answer: &Answer, name: &str) -> String {
    let all = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let found = all.filter_map(|line| line.split(';').next()).find(|pair| pair.starts_with(&format!("{name}=")));
    found.unwrap_or_else(|| panic!("no {name}: {answer:?}")).to_owned()
}

fn sign_in(house: &House, username: &str, password: &str) -> Answer {
    house.send("POST", "/sign-in", &[FORM], format!("username={username}&password={password}"))
}

fn me(house: &House, cookie: &str) -> Answer {
    house.send("GET", "/api/v1/me", &[("cookie", cookie), ("accept-language", "en")], "")
}

pub(crate) fn id(house: &House, username: &str) -> UserId {
    let system = Caller::system(house.desk.root());
    let users = house.runtime.block_on(house.desk.colleagues(&system)).unwrap();
    users.iter().find(|user| user.username == username).unwrap().id
}

fn caller(house: &House, cookie: &str) -> Caller {
    let secret = cookie.split_once('=').unwrap().1;
    house.runtime.block_on(house.desk.by_session(secret)).unwrap().unwrap()
}

/// The bytes of a key as people type it.
fn typed(secret: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in secret.bytes() {
        held = held << 5
            | u32::try_from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|one| *one == letter).unwrap())
                .unwrap();
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 255) as u8);
            held &= (1 << bits) - 1;
        }
    }
    bytes
}

/// A session of a user, and the password it began with.
pub(crate) fn known(house: &House, username: &str) -> (String, String) {
    let password = house.desk.reset_password(&Caller::system(house.desk.root()), username).unwrap();
    desk::sign_in::keep_password(&house.desk, username).unwrap();
    (cookie(&sign_in(house, username, &password), "redress_session"), password)
}

/// Gives a user a second step by the console: its key, and the session that begins with it.
pub(crate) fn enrol(house: &House, session: &str, password: &str) -> (Vec<u8>, String) {
    let own = [("cookie", session), FORM];
    let form = format!("password={password}");
    let begun = house.send("POST", "/console/account/second-factor/begin", &own, form);
    assert_eq!((begun.status, begun.header("location")), (303, "/console/account"), "{begun:?}");
    let page = house.send("GET", "/console/account", &own, "");
    assert!(page.body.contains("<svg") && page.body.contains("otpauth://totp/Redress:"), "{}", page.body);
    let waits = house.runtime.block_on(house.desk.pending_second_factor(&caller(house, session))).unwrap().unwrap();
    let key = typed(&waits.secret);
    let wrong = house.send("POST", "/console/account/second-factor/confirm", &own, "code=abc");
    assert_eq!(wrong.status, 422, "{wrong:?}");
    // The step before: the one of now is left for whoever signs in next.
    let code = totp::code(&key, totp::step(house.desk.time().now()) - 1);
    let done = house.send("POST", "/console/account/second-factor/confirm", &own, format!("code={code}"));
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(done.body.matches("<li><code class=\"secret\">").count(), 10, "{}", done.body);
    (key, cookie(&done, "redress_session"))
}

fn code_now(house: &House, key: &[u8]) -> String {
    totp::code(key, totp::step(house.desk.time().now()))
}

fn step(house: &House, half: &str, code: &str) -> Answer {
    house.send("POST", "/sign-in/code", &[("cookie", half), FORM, ("accept-language", "en")], format!("code={code}"))
}

/// A provider of sign-ins of our own, as well and as wrong as it is told to be.
struct Provider {
    issuer: String,
    now: Arc<Mutex<Now>>,
}

struct Now {
    key: EcdsaKeyPair,
    kid: String,
    /// What the token endpoint answers: status and body.
    token: (u16, String),
    /// What the token endpoint was asked: head and form.
    asked: Vec<(String, String)>,
    /// How often keys were fetched.
    fetched: usize,
    silent: bool,
    issuer: String,
}

fn key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes.as_ref(), &random).unwrap()
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Now {
    fn answer(&mut self, head: &str, body: &str) -> (u16, String) {
        let issuer = &self.issuer;
        match head.split(' ').nth(1).unwrap_or_default() {
            "/realm/.well-known/openid-configuration" => (
                200,
                json!({
                    "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize?kept=1"),
                    "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
                    "authorization_response_iss_parameter_supported": false,
                })
                .to_string(),
            ),
            "/realm/keys" => {
                self.fetched += 1;
                let point = self.key.public_key().as_ref();
                let key = json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.kid, "x": b64(&point[1..33]),
                    "y": b64(&point[33..]),
                });
                (200, json!({"keys": [{"kty": "oct", "k": "AAAA"}, key]}).to_string())
            }
            "/realm/token" => {
                self.asked.push((head.to_owned(), body.to_owned()));
                self.token.clone()
            }
            _ => (404, "{}".to_owned()),
        }
    }

    fn sign(&self, head: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", b64(head.to_string()), b64(claims.to_string()));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", b64(signature.as_ref()))
    }
}

fn serve(stream: &mut TcpStream, now: &Mutex<Now>) {
    let mut seen = Vec::new();
    let mut part = [0; 4096];
    let (head, body) = loop {
        let Ok(read) = stream.read(&mut part) else { return };
        if read == 0 {
            return;
        }
        seen.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&seen).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            break (head.to_owned(), body.to_owned());
        }
    };
    if now.lock().unwrap().silent {
        std::thread::sleep(Duration::from_secs(2));
        return;
    }
    let (status, body) = now.lock().unwrap().answer(&head, &body);
    let more = if status == 302 { "location: http://127.0.0.1:1/elsewhere\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {status} x\r\n{more}content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

impl Provider {
    fn begin() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}/realm", listener.local_addr().unwrap());
        let now = Now {
            key: key(),
            kid: "one".into(),
            token: (500, String::new()),
            asked: Vec::new(),
            fetched: 0,
            silent: false,
            issuer: issuer.clone(),
        };
        let now = Arc::new(Mutex::new(now));
        let shared = Arc::clone(&now);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(mut stream), shared) = (stream, Arc::clone(&shared)) else { return };
                std::thread::spawn(move || serve(&mut stream, &shared));
            }
        });
        Self { issuer, now }
    }

    fn settings(&self) -> Settings {
        let oidc = Oidc::new(&self.issuer, "redress", "s3cret&of us\n", "https://cases.example").unwrap();
        Settings {
            oidc: Some(oidc.patient(Duration::from_millis(700))),
            public_url: "https://cases.example".to_owned(),
            ..Settings::default()
        }
    }

    fn claims(&self, nonce: &str) -> Value {
        let now = jiff::Timestamp::now().as_second();
        json!({
            "iss": self.issuer, "sub": "u-1", "aud": "redress", "exp": now + 300, "iat": now, "nonce": nonce,
            "email": "lin@op.example", "email_verified": true,
        })
    }

    /// What the token endpoint answers next.
    fn states(&self, statement: &str) {
        let body = json!({"access_token": "never-kept", "token_type": "Bearer", "id_token": statement}).to_string();
        self.now.lock().unwrap().token = (200, body);
    }

    /// A good statement for a way.
    fn well(&self, trip: &Trip) {
        let now = self.now.lock().unwrap();
        let statement = now.sign(&json!({"alg": "ES256", "kid": now.kid}), &self.claims(&trip.nonce));
        drop(now);
        self.states(&statement);
    }
}

/// Somebody on the way to the provider.
struct Trip {
    cookie: String,
    state: String,
    nonce: String,
    challenge: String,
}

fn trip(location: &str, cookie: String) -> Trip {
    let url = Url::parse(location).unwrap();
    let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
    let told = |name: &str| asked.get(name).unwrap_or_else(|| panic!("{name}: {location}")).clone();
    assert_eq!(told("kept"), "1", "what the provider's own address says stays");
    assert_eq!((told("response_type"), told("code_challenge_method")), ("code".into(), "S256".into()));
    assert_eq!((told("client_id"), told("scope")), ("redress".into(), "openid".into()));
    assert_eq!(told("redirect_uri"), "https://cases.example/sign-in/oidc/callback");
    Trip { cookie, state: told("state"), nonce: told("nonce"), challenge: told("code_challenge") }
}

fn leave(house: &House, back: &str) -> Trip {
    let hostile = [("host", "evil.example"), ("x-forwarded-host", "evil.example")];
    let answer = house.send("GET", &format!("/sign-in/oidc{back}"), &hostile, "");
    assert_eq!(answer.status, 303, "{answer:?}");
    trip(answer.header("location"), cookie(&answer, "redress_way"))
}

fn come_back(house: &House, cookie: &str, query: &str) -> Answer {
    let headers = [("cookie", cookie), ("accept-language", "en"), ("sec-fetch-site", "cross-site")];
    house.send("GET", &format!("/sign-in/oidc/callback?{query}"), &headers, "")
}

fn back(house: &House, trip: &Trip) -> Answer {
    come_back(house, &trip.cookie, &format!("code=the-code&state={}", trip.state))
}

/// Nobody was signed in, and nothing of what went over the line is told.
fn refused(answer: &Answer, what: &str) {
    assert!([403, 502].contains(&answer.status), "{what}: {answer:?}");
    for line in answer.headers.get_all("set-cookie") {
        assert!(line.to_str().unwrap().starts_with("redress_way=;"), "{what}: {line:?}");
    }
    for secret in ["the-code", "never-kept", "eyJ", "s3cret", "u-1"] {
        assert!(!answer.body.contains(secret), "{what} tells {secret}: {}", answer.body);
    }
}

#[test]
fn c1_whoever_the_provider_names_is_signed_in_once_linked() {
    each_database(|scratch| {
        let provider = Provider::begin();
        let house = with(house(scratch), provider.settings());
        house.session("lin", Role::Agent);
        let system = Caller::system(house.desk.root());
        let email = UserChange { email: Some("lin@op.example".into()), ..UserChange::default() };
        change_user(&house.desk, &system, "lin", &email).unwrap();
        assert!(house.send("GET", "/sign-in", &[], "").body.contains("href=\"/sign-in/oidc\""));
        // A mail address, verified or not, links nobody.
        for verified in [true, false] {
            let trip = leave(&house, "");
            let mut claims = provider.claims(&trip.nonce);
            claims["email_verified"] = json!(verified);
            let statement = provider.now.lock().unwrap().sign(&json!({"alg": "ES256", "kid": "one"}), &claims);
            provider.states(&statement);
            let answer = back(&house, &trip);
            refused(&answer, "unlinked");
            assert!(answer.body.contains("linked to nobody"), "{}", answer.body);
        }
        let linked = IdentityInput { issuer: provider.issuer.clone(), subject: "u-1".into() };
        house.runtime.block_on(house.desk.link_identity(&system, id(&house, "lin"), linked)).unwrap();
        let trip = leave(&house, "?back=%2Fconsole%2Fnew");
        provider.well(&trip);
        let answer = back(&house, &trip);
        assert_eq!((answer.status, answer.header("location")), (303, "/console/new"), "{answer:?}");
        let session = cookie(&answer, "redress_session");
        assert_eq!(me(&house, &session).json()["name"], "lin");
        // The code was handed in with what proves who began, and with our secret in the head.
        let (head, form) = provider.now.lock().unwrap().asked.last().unwrap().clone();
        let form: HashMap<String, String> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        assert_eq!((form["code"].as_str(), form["grant_type"].as_str()), ("the-code", "authorization_code"));
        assert_eq!(b64(Sha256::digest(&form["code_verifier"])), trip.challenge);
        let basic = STANDARD.encode("redress:s3cret%26of+us");
        assert!(head.contains(&format!("Basic {basic}")) && !form.contains_key("client_secret"), "{head}");
        // The same way back a second time leads nowhere, nor does it in another browser.
        refused(&back(&house, &trip), "replayed");
        let (one, other) = (leave(&house, ""), leave(&house, ""));
        provider.well(&one);
        refused(&come_back(&house, &other.cookie, &format!("code=x&state={}", one.state)), "another browser");
        refused(&come_back(&house, "", &format!("code=x&state={}", one.state)), "no cookie");
        assert_eq!(back(&house, &one).status, 303, "whoever tried in another browser took nothing away");
        // A key that is new is found at once, and an old one is good no more.
        let trip = leave(&house, "");
        {
            let mut now = provider.now.lock().unwrap();
            (now.key, now.kid) = (key(), "two".into());
        }
        provider.well(&trip);
        assert_eq!(back(&house, &trip).status, 303, "a rotated key");
        // Signing out ends the session here.
        house.send("POST", "/sign-out", &[("cookie", &session)], "");
        assert_eq!(me(&house, &session).status, 401);
        // A closed account is not opened by the provider.
        let closed = UserChange { disabled: Some(true), ..UserChange::default() };
        change_user(&house.desk, &system, "lin", &closed).unwrap();
        let trip = leave(&house, "");
        provider.well(&trip);
        refused(&back(&house, &trip), "closed account");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn c1_a_statement_that_is_not_ours_fresh_and_signed_signs_nobody_in() {
    let scratch = sqlite().unwrap();
    let provider = Provider::begin();
    let house = with(house(&scratch), provider.settings());
    house.session("lin", Role::Agent);
    let system = Caller::system(house.desk.root());
    let linked = IdentityInput { issuer: provider.issuer.clone(), subject: "u-1".into() };
    house.runtime.block_on(house.desk.link_identity(&system, id(&house, "lin"), linked)).unwrap();
    let now = jiff::Timestamp::now().as_second();
    for (name, wrong) in [
        ("iss", json!("http://127.0.0.1:1/realm")),
        ("aud", json!("another")),
        ("aud", json!(["redress", "another"])),
        ("azp", json!("another")),
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("exp", json!(now - 3600)),
        ("iat", json!(now - 3600)),
        ("iat", json!(now + 3600)),
        ("sub", json!("")),
    ] {
        let trip = leave(&house, "");
        let mut claims = provider.claims(&trip.nonce);
        claims[name] = wrong;
        let statement = provider.now.lock().unwrap().sign(&json!({"alg": "ES256", "kid": "one"}), &claims);
        provider.states(&statement);
        refused(&back(&house, &trip), name);
    }
    // Signed by nobody, by a key everybody knows, by another key, by a key of another name.
    let point = provider.now.lock().unwrap().key.public_key().as_ref().to_vec();
    type Forge<'f> = Box<dyn Fn(&Value) -> String + 'f>;
    let forgeries: [(&str, Forge<'_>); 5] = [
        ("alg none", Box::new(|claims: &Value| format!("{}.{}.", b64(r#"{"alg":"none"}"#), b64(claims.to_string())))),
        (
            "HS256 under the public key",
            Box::new(|claims: &Value| {
                let signed = format!("{}.{}", b64(r#"{"alg":"HS256","kid":"one"}"#), b64(claims.to_string()));
                let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &point), signed.as_bytes());
                format!("{signed}.{}", b64(tag.as_ref()))
            }),
        ),
        (
            "another key",
            Box::new(|claims: &Value| {
                let signed = format!("{}.{}", b64(r#"{"alg":"ES256","kid":"one"}"#), b64(claims.to_string()));
                let signature = key().sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
                format!("{signed}.{}", b64(signature.as_ref()))
            }),
        ),
        (
            "an unknown key",
            Box::new(|claims: &Value| {
                provider.now.lock().unwrap().sign(&json!({"alg": "ES256", "kid": "nine"}), claims)
            }),
        ),
        ("no statement at all", Box::new(|_: &Value| "x".to_owned())),
    ];
    for (what, forge) in &forgeries {
        let trip = leave(&house, "");
        provider.states(&forge(&provider.claims(&trip.nonce)));
        refused(&back(&house, &trip), what);
    }
    // What comes back without a code, with an error, or in another provider's name.
    for query in
        ["error=access_denied&error_description=%3Cscript%3E", "", "code=", "code=x&iss=http%3A%2F%2Fevil.example"]
    {
        let trip = leave(&house, "");
        provider.well(&trip);
        let answer = come_back(&house, &trip.cookie, &format!("{query}&state={}", trip.state));
        refused(&answer, query);
        assert!(!answer.body.contains("<script>") && !answer.body.contains("access_denied"), "{}", answer.body);
    }
    // An endpoint that leads elsewhere, says too much, or breaks; then silence.
    for (status, body) in [
        (302, "{}".to_owned()),
        (200, "x".repeat(300_000)),
        (200, "no JSON".to_owned()),
        (400, "{}".to_owned()),
        (503, String::new()),
    ] {
        let trip = leave(&house, "");
        provider.now.lock().unwrap().token = (status, body);
        refused(&back(&house, &trip), &status.to_string());
    }
    let trip = leave(&house, "");
    provider.well(&trip);
    provider.now.lock().unwrap().silent = true;
    let away = back(&house, &trip);
    refused(&away, "silence");
    assert!(away.status == 502 && away.body.contains("does not answer"), "{away:?}");
    provider.now.lock().unwrap().silent = false;
    let trip = leave(&house, "");
    provider.well(&trip);
    assert_eq!(back(&house, &trip).status, 303, "and well again");
    house.desk.db().close();
}

/// Linking is begun by the signed-in user with the password, ends with that user only, and the second step is still asked.
#[test]
fn c1_an_account_is_linked_by_whoever_began_it() {
    let scratch = sqlite().unwrap();
    let provider = Provider::begin();
    let house = with(house(&scratch), provider.settings());
    let (lin, wei) = (house.session("lin", Role::Agent), house.session("wei", Role::Agent));
    let system = Caller::system(house.desk.root());
    let password = house.desk.reset_password(&system, "lin").unwrap();
    desk::sign_in::keep_password(&house.desk, "lin").unwrap();
    assert_eq!(me(&house, &lin).status, 401);
    let lin = cookie(&sign_in(&house, "lin", &password), "redress_session");
    let begin = |with: &str| {
        let own = [("cookie", lin.as_str()), FORM, ("accept-language", "en")];
        house.send("POST", "/console/account/link", &own, format!("password={with}"))
    };
    assert_eq!(begin("wrong wrong").status, 422);
    let begun = || {
        let page = begin(&password);
        assert_eq!(page.status, 200, "{page:?}");
        let from = page.body.find(&provider.issuer).unwrap();
        let address = page.body[from..].split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
        trip(&address, cookie(&page, "redress_way"))
    };
    let first = begun();
    provider.well(&first);
    // In whose browser it ends is whose session counts.
    refused(&come_back(&house, &format!("{}; {wei}", first.cookie), &format!("code=x&state={}", first.state)), "wei");
    let second = begun();
    provider.well(&second);
    let both = format!("{}; {lin}", second.cookie);
    let done = come_back(&house, &both, &format!("code=x&state={}", second.state));
    assert_eq!((done.status, done.header("location")), (303, "/console/account?linked=1"), "{done:?}");
    let page = house.send("GET", "/console/account?linked=1", &[("cookie", &lin)], "");
    assert!(page.body.contains("u-1"), "{}", page.body);
    // With a second step the provider's word is the first of two.
    let (key, lin) = enrol(&house, &lin, "");
    let third = leave(&house, "");
    provider.well(&third);
    let half = back(&house, &third);
    assert_eq!((half.status, half.header("location")), (303, "/sign-in/code"), "{half:?}");
    let signed = step(&house, &cookie(&half, "redress_half"), &code_now(&house, &key));
    assert_eq!(me(&house, &cookie(&signed, "redress_session")).status, 200, "{signed:?}");
    let own = [("cookie", lin.as_str()), FORM];
    let issuer: String = url::form_urlencoded::byte_serialize(provider.issuer.as_bytes()).collect();
    let unlink = |with: &str| {
        let form = format!("issuer={issuer}&subject=u-1&password={with}");
        house.send("POST", "/console/account/unlink", &own, form)
    };
    assert_eq!(unlink("wrong wrong").status, 422);
    let unlinked = unlink(&password);
    assert_eq!(unlinked.status, 303, "{unlinked:?}");
    let fourth = leave(&house, "");
    provider.well(&fourth);
    refused(&back(&house, &fourth), "unlinked");
    house.desk.db().close();
}

#[test]
fn c2_headers_that_claim_to_be_somebody_count_for_nothing() {
    let scratch = sqlite().unwrap();
    let proxies = Settings { trusted_proxies: vec![("127.0.0.0".parse().unwrap(), 8)], ..Settings::default() };
    let house = house(&scratch);
    let session = house.session("admin1", Role::Admin);
    for settings in [Settings::default(), proxies] {
        let house = with(
            House {
                desk: house.desk.clone(),
                state: house.state.clone(),
                runtime: tokio::runtime::Runtime::new().unwrap(),
            },
            settings,
        );
        for name in [
            "remote-user",
            "x-remote-user",
            "x-user",
            "x-username",
            "x-webauth-user",
            "x-forwarded-user",
            "x-forwarded-email",
            "x-forwarded-preferred-username",
            "x-auth-request-user",
            "x-auth-request-email",
            "x-ms-client-principal-name",
            "x-amzn-oidc-identity",
            "x-amzn-oidc-data",
            "cf-access-authenticated-user-email",
            "x-goog-authenticated-user-email",
            "tailscale-user-login",
            "x-ssl-client-s-dn",
            "ssl-client-verify",
        ] {
            for claimed in ["admin1", "admin1@op.example", "SUCCESS"] {
                assert_eq!(house.send("GET", "/api/v1/me", &[(name, claimed)], "").status, 401, "{name}");
                let page = house.send("GET", "/console", &[(name, claimed)], "");
                assert_eq!((page.status, page.header("location")), (303, "/sign-in"), "{name}");
            }
            // Nor do they make somebody else of whoever is signed in.
            let own = [("cookie", session.as_str()), (name, "somebody")];
            assert_eq!(house.send("GET", "/api/v1/me", &own, "").json()["name"], "admin1", "{name}");
        }
    }
    house.desk.db().close();
}

/// Letters about accounts that are due now, taken over.
fn letters(house: &House) -> Vec<AccountLetter> {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&taken);
    house
        .runtime
        .block_on(send_due(&house.desk, "node", move |letter| {
            keep.lock().unwrap().push(letter);
            std::future::ready(Handed::Taken)
        }))
        .unwrap();
    taken.lock().unwrap().drain(..).collect()
}

fn forgot(house: &House, username: &str) -> Answer {
    let headers = [FORM, ("accept-language", "en"), ("host", "evil.example"), ("x-forwarded-host", "evil.example")];
    house.send("POST", "/sign-in/forgot", &headers, format!("username={username}"))
}

fn set(house: &House, link: &str, password: &str) -> Answer {
    let form = format!("link={link}&password={password}&again={password}");
    house.send("POST", "/sign-in/reset", &[FORM, ("accept-language", "en")], form)
}

#[test]
fn c4_a_link_by_mail_is_random_hashed_short_lived_and_used_once() {
    each_database(|scratch| {
        let house =
            with(house(scratch), Settings { public_url: "https://cases.example".to_owned(), ..Settings::default() });
        // Without mail there is nothing to ask for.
        assert_eq!(forgot(&house, "lin").status, 404);
        house.desk.set_mails(true);
        let session = house.session("lin", Role::Agent);
        house.session("wei", Role::Agent);
        let system = Caller::system(house.desk.root());
        let email = UserChange { email: Some("lin@op.example".into()), ..UserChange::default() };
        change_user(&house.desk, &system, "lin", &email).unwrap();
        // Somebody, somebody without an address, nobody: one answer, and one thing done.
        let answers: Vec<Answer> = ["lin", "wei", "nobody"].iter().map(|name| forgot(&house, name)).collect();
        for answer in &answers {
            assert_eq!((answer.status, &answer.body), (200, &answers[0].body));
        }
        let waiting = |house: &House| {
            let claim = |tx: &mut store::Tx<'_>| store::resets::claim(tx, i64::MAX - 1, 0, "look", 10);
            let mut names: Vec<String> =
                house.desk.db().write_now(claim).unwrap().into_iter().map(|row| row.username).collect();
            names.sort();
            names
        };
        assert_eq!(waiting(&house), ["lin", "nobody", "wei"], "what is done does not depend on who there is");
        let sent = letters(&house);
        assert_eq!(sent.len(), 1, "{sent:?}");
        let link = sent[0].secret.clone();
        assert_eq!((sent[0].kind, sent[0].to.as_str(), link.len()), (Kind::Reset, "lin@op.example", 43));
        assert!(waiting(&house).is_empty());
        let page = house.send("GET", &format!("/sign-in/reset?link={link}"), &[], "");
        assert!(page.status == 200 && page.body.contains(&link), "looking uses nothing up: {page:?}");
        // What is kept opens nothing.
        let kept = Sha256::digest(&link);
        assert_eq!(set(&house, &b64(kept), "a new password").status, 409);
        let other =
            house.send("POST", "/sign-in/reset", &[FORM], format!("link={link}&password=a new password&again=x"));
        assert_eq!((other.status, set(&house, &link, "short").status), (422, 422), "and the link is still good");
        let foreign = [FORM, ("sec-fetch-site", "cross-site")];
        let form = format!("link={link}&password=a new password&again=a new password");
        assert_eq!(house.send("POST", "/sign-in/reset", &foreign, form).status, 403);
        let done = set(&house, &link, "a new password");
        assert_eq!((done.status, done.header("location")), (303, "/sign-in?set=1"), "{done:?}");
        assert!(done.headers.get("set-cookie").is_none(), "nobody is signed in by a link");
        assert_eq!(me(&house, &session).status, 401, "all sessions end");
        assert_eq!(sign_in(&house, "lin", "a new password").status, 303);
        let told = letters(&house);
        assert_eq!((told.len(), told[0].kind), (1, Kind::PasswordSet), "{told:?}");
        for over in [link.as_str(), "", "x"] {
            assert_eq!(set(&house, over, "another password").status, 409, "used once");
        }
        // The next one ends the one before, and a change of password or address ends it too.
        let fresh = |house: &House| {
            house.desk.db().write_now(|tx| store::sign_in::delete_attempts_before(tx, i64::MAX)).unwrap();
            forgot(house, "LIN ");
            // Taken once without being sent: a later try makes another link at once.
            waiting(house);
            letters(house).pop().unwrap().secret
        };
        let (one, two) = (fresh(&house), fresh(&house));
        assert_eq!(set(&house, &one, "another password").status, 409, "only the newest counts");
        house.desk.reset_password(&system, "lin").unwrap();
        assert_eq!(set(&house, &two, "another password").status, 409, "another password ends it");
        let three = fresh(&house);
        let email = UserChange { email: Some("other@op.example".into()), ..UserChange::default() };
        change_user(&house.desk, &system, "lin", &email).unwrap();
        assert_eq!(set(&house, &three, "another password").status, 409, "another address ends it");
        let four = fresh(&house);
        let closed = UserChange { disabled: Some(true), ..UserChange::default() };
        change_user(&house.desk, &system, "lin", &closed).unwrap();
        assert_eq!(set(&house, &four, "another password").status, 409, "a closed account stays closed");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn c4_links_are_limited_by_name_and_address() {
    let scratch = sqlite().unwrap();
    let house =
        with(house(&scratch), Settings { public_url: "https://cases.example".to_owned(), ..Settings::default() });
    house.desk.set_mails(true);
    house.session("lin", Role::Agent);
    for name in ["lin", "nobody"] {
        let statuses: Vec<u16> = (0..3).map(|_| forgot(&house, name).status).collect();
        assert_eq!(statuses, [200, 200, 200], "{name}");
        letters(&house);
        assert_eq!(forgot(&house, name).status, 200, "{name}");
        let waits = house.desk.db().read_now(|tx| store::resets::any_due(tx, i64::MAX)).unwrap();
        assert!(!waits, "beyond the limit the answer is the same, and nothing is sent to {name}");
    }
    let statuses: Vec<u16> = (0..14).map(|n| forgot(&house, &format!("user{n}")).status).collect();
    assert_eq!((statuses[10], statuses[13]), (200, 429), "{statuses:?}");
    let tried: Vec<u16> = (0..21).map(|_| set(&house, "guess", "a new password").status).collect();
    assert_eq!((tried[0], tried[19], tried[20]), (409, 409, 429), "{tried:?}");
    house.desk.db().close();
}

#[test]
fn c7_the_second_step_is_passed_by_nobody() {
    each_database(|scratch| {
        let house = house(scratch);
        let system = Caller::system(house.desk.root());
        house.session("lin", Role::Agent);
        let (session, password) = known(&house, "lin");
        for form in ["", "password=wrong wrong"] {
            let own = [("cookie", session.as_str()), FORM];
            let begun = house.send("POST", "/console/account/second-factor/begin", &own, form);
            assert_eq!(begun.status, 422, "an open session alone makes none: {begun:?}");
        }
        let (key, fresh) = enrol(&house, &session, &password);
        assert_eq!((me(&house, &session).status, me(&house, &fresh).status), (401, 200), "what was open before ends");
        // A password made by an administrator, and one set by mail, are still the first of two proofs.
        let password = house.desk.reset_password(&system, "lin").unwrap();
        desk::sign_in::keep_password(&house.desk, "lin").unwrap();
        assert_eq!(me(&house, &fresh).status, 401);
        let answer = sign_in(&house, "lin", &password);
        assert_eq!((answer.status, answer.header("location")), (303, "/sign-in/code"), "{answer:?}");
        let half = cookie(&answer, "redress_half");
        assert!(
            answer.headers.get_all("set-cookie").iter().all(|line| !line.to_str().unwrap().contains("redress_session"))
        );
        let secret = half.split_once('=').unwrap().1;
        // Half a sign-in is no session, whatever cookie or header it is put into, on any door.
        for (name, value) in [
            ("cookie", format!("redress_session={secret}")),
            ("cookie", half.clone()),
            ("authorization", format!("Bearer {secret}")),
            ("authorization", format!("Bearer rdt_{secret}")),
        ] {
            for route in table().into_iter().filter(|route| matches!(route.access, Access::Needs(_))) {
                let path = route.path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
                let path = path.collect::<Vec<_>>().join("/");
                let status = house.send(route.method.name(), &path, &[(name, &value)], "").status;
                assert_eq!(status, if route.face == Face::Page { 303 } else { 401 }, "{name} {path}");
            }
        }
        let wrong = step(&house, &half, "000000");
        assert_eq!(wrong.status, 403, "{wrong:?}");
        assert_eq!(step(&house, "redress_half=x", &code_now(&house, &key)).status, 403, "a code alone is nothing");
        let foreign = [("cookie", half.as_str()), FORM, ("sec-fetch-site", "cross-site")];
        let code = code_now(&house, &key);
        assert_eq!(house.send("POST", "/sign-in/code", &foreign, format!("code={code}")).status, 403);
        let signed = step(&house, &half, &code);
        assert_eq!((signed.status, signed.header("location")), (303, "/console"), "{signed:?}");
        assert_eq!(me(&house, &cookie(&signed, "redress_session")).status, 200);
        assert_eq!(step(&house, &half, &code).status, 403, "half a sign-in ends once");
        let again = cookie(&sign_in(&house, "lin", &password), "redress_half");
        assert_eq!(step(&house, &again, &code).status, 403, "a code counts once");
        // A token is no way round: it neither enrols nor takes anything off.
        let token = house.token(Role::Agent, "");
        for path in ["begin", "confirm", "codes", "remove"] {
            let path = format!("/console/account/second-factor/{path}");
            assert_eq!(house.call(&token, "POST", &path, &[], &Value::Null).status, 403, "{path}");
        }
        house.desk.db().close();
    })
    .unwrap();
}

/// Everything that somebody may not do before the second step that their role has to have, on every route there is.
#[test]
fn c7_whoever_has_to_have_a_second_step_can_only_make_one() {
    let scratch = sqlite().unwrap();
    let house = house(&scratch);
    let system = Caller::system(house.desk.root());
    let (boss, lin) = (house.session("boss", Role::Admin), house.session("lin", Role::Agent));
    let own = [("cookie", boss.as_str()), FORM];
    let saved = house.send("POST", "/console/second-factor", &own, "role=agent&role=integration");
    assert_eq!(saved.status, 303, "{saved:?}");
    assert_eq!(me(&house, &boss).status, 200, "other roles go on");
    let mut tried = 0;
    for route in table().into_iter().filter(|route| matches!(route.access, Access::Needs(_))) {
        let path = route.path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        let own = ["", "/second-factor/begin", "/second-factor/confirm"].map(|end| format!("/console/account{end}"));
        if own.contains(&path) {
            continue;
        }
        let answer = house.send(route.method.name(), &path, &[("cookie", &lin), ("accept-language", "en")], "");
        match route.face {
            Face::Page => {
                let to = (answer.status, answer.header("location"));
                assert_eq!(to, (303, "/console/account"), "{path}");
            }
            Face::Api | Face::Tmf => assert_eq!(answer.status, 403, "{path}"),
        }
        if route.face == Face::Api {
            assert_eq!(answer.json()["code"], "second_factor_must_enrol", "{path}");
        }
        tried += 1;
    }
    assert!(tried > 150, "{tried}");
    let page = house.send("GET", "/console/account", &[("cookie", &lin), ("accept-language", "en")], "");
    assert!(
        page.body.contains("until then nothing else can be done") && page.body.contains("/sign-out"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("href=\"/console/orders\""), "nothing leads where nobody may go");
    let (_, fresh) = enrol(&house, &lin, "");
    assert_eq!(me(&house, &fresh).status, 200, "work goes on at once");
    // Taken off by an administrator it has to be made anew; the user is told.
    let user = id(&house, "lin");
    let off = format!("/console/organisation/users/{user}/reset-second-factor");
    let page = house.send("POST", &off, &own, "");
    assert_eq!(page.status, 303, "{page:?}");
    assert_eq!(house.send("POST", &off, &own, "").status, 409, "there is none any more");
    assert_eq!(me(&house, &fresh).status, 401);
    let password = house.desk.reset_password(&system, "lin").unwrap();
    desk::sign_in::keep_password(&house.desk, "lin").unwrap();
    let later = cookie(&sign_in(&house, "lin", &password), "redress_session");
    assert_eq!(me(&house, &later).status, 403);
    let (_, later) = enrol(&house, &later, "");
    let told = house.send("GET", "/api/v1/notices", &[("cookie", &later)], "").json();
    assert_eq!(
        (&told["items"][0]["kind"], &told["items"][0]["about"]),
        (&json!("second_factor_removed"), &json!("account"))
    );
    // A second step one has to have is not taken off by oneself.
    let key = [("cookie", later.as_str()), FORM];
    let kept = house.send("POST", "/console/account/second-factor/remove", &key, "code=000000");
    assert_eq!(kept.status, 409, "{kept:?}");
    assert_eq!(house.get(&house.token(Role::Integration, ""), "/api/v1/me").status, 200, "programmes are not asked");
    let case = house.call(&house.token(Role::Agent, ""), "POST", "/api/v1/complaints", &[], &intake());
    assert_eq!(case.status, 201);
    house.desk.db().close();
}
