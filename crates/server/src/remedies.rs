//! Remedies on their way to billing: as a file, and one by one to the address of its system, signed.

use crate::api::attachments::as_download;
use crate::outbound;
use crate::problem::Failure;
use crate::reports::csv::harmless;
use axum::body::Body;
use axum::response::Response;
use desk::remedies::{Handed, Instruction};
use desk::{Caller, Desk, DeskError};
use mail::outward::{self, Guard};
use std::sync::Arc;
use url::Url;

/// Shortest secret: what signs an order to pay must not be guessed.
const SHORTEST_SECRET: usize = 32;

/// The billing system, as the operator of the server named it.
#[derive(Clone)]
pub struct Billing {
    url: Url,
    secret: Arc<[u8]>,
}

impl Billing {
    /// The system behind an address ([`outbound::named`]).
    ///
    /// # Errors
    /// Says what is wrong with address or secret, or that no certificates can be had.
    pub fn new(address: &str, secret: &[u8]) -> Result<Self, String> {
        let url = outbound::named(address)?;
        let secret = secret.trim_ascii();
        if secret.len() < SHORTEST_SECRET {
            return Err(format!("its secret has less than {SHORTEST_SECRET} characters"));
        }
        Ok(Self { url, secret: secret.into() })
    }

    /// Where it is, without anything secret.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.url.as_str()
    }

    /// Sends what was agreed upon and delivers what waits. `node` names one process. Why no more could be delivered is
    /// part of the answer.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn round(&self, desk: &Desk, node: &str) -> Result<Option<String>, DeskError> {
        desk.send_remedies(&Caller::system(desk.root()), "webhook").await?;
        let (_, trouble) = desk.deliver_remedies(node, |what| self.deliver(desk.time().now(), what)).await?;
        Ok(trouble)
    }

    /// Hands one instruction over. What the system holds to be wrong it answers with 422; whatever else is not taken now is
    /// sent again.
    async fn deliver(&self, now: jiff::Timestamp, what: Instruction) -> Handed {
        match self.post(now, &what).await {
            Ok(200..=299) => Handed::Taken,
            Ok(422) => Handed::Refused("422".to_owned()),
            Ok(status) => Handed::Later(format!("it answers {status}")),
            Err(error) => Handed::Later(error),
        }
    }

    async fn post(&self, now: jiff::Timestamp, what: &Instruction) -> Result<u16, String> {
        let body = serde_json::to_vec(what).map_err(|error| error.to_string())?;
        let headers = [
            ("idempotency-key", format!("{}.{}", what.remedy, what.attempt)),
            ("redress-signature", outward::signature(&self.secret, now.as_second(), &body)),
        ];
        // Whoever starts the server named the address.
        outbound::post(&Guard::trusting(), &self.url, "application/json", &headers, body).await
    }
}

/// An account as a cell: a number with its country begins with a sign and is no formula.
fn account(one: &Instruction) -> String {
    let text = one.account.as_deref().unwrap_or_default();
    let number = text.strip_prefix('+').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    if number { text.to_owned() } else { harmless(text) }
}

/// A file for billing: one line a remedy.
///
/// # Errors
/// None that memory does not have.
pub(crate) fn csv(lines: &[Instruction]) -> Result<Response, Failure> {
    let written = written(lines).map_err(DeskError::Output)?;
    Ok(as_download("remedies.csv", "text/csv; charset=utf-8", Body::from(written)))
}

fn written(lines: &[Instruction]) -> Result<Vec<u8>, String> {
    let told = |error: ::csv::Error| error.to_string();
    let mut out = ::csv::Writer::from_writer(Vec::new());
    out.write_record(["remedy", "attempt", "complaint", "kind", "amount", "currency", "account", "sent_at"])
        .map_err(told)?;
    for one in lines {
        let account = account(one);
        let (attempt, value, at) = (one.attempt.to_string(), one.sum.value.to_string(), one.sent_at.to_string());
        out.write_record([
            one.remedy.as_str(),
            &attempt,
            &one.complaint,
            &one.kind,
            &value,
            &one.sum.currency,
            &account,
            &at,
        ])
        .map_err(told)?;
    }
    out.into_inner().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_safe_way_leads_to_billing() {
        let secret = [b'x'; 32];
        let error = |address: &str| Billing::new(address, &secret).err().unwrap_or_default();
        for good in ["http://127.0.0.1:8080/pay", "http://localhost/pay?x=1", "http://[::1]:9/"] {
            assert_eq!(error(good), "", "{good}");
        }
        for bad in
            ["http://billing.example/", "ftp://127.0.0.1/", "x", "http://user:word@localhost/", "http://127.0.0.1/#a"]
        {
            assert_ne!(error(bad), "", "{bad}");
        }
        assert!(Billing::new("http://localhost/", b"short").is_err());
    }

    /// Answers one request with a status and gives what came.
    async fn once(listener: tokio::net::TcpListener, status: &str) -> String {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut got = Vec::new();
        let mut chunk = [0_u8; 4096];
        while !String::from_utf8_lossy(&got).ends_with('}') {
            let read = stream.read(&mut chunk).await.unwrap();
            assert!(read > 0, "broken off");
            got.extend_from_slice(&chunk[..read]);
        }
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(got).unwrap()
    }

    #[tokio::test]
    async fn an_instruction_arrives_signed_under_its_name() {
        let secret = [b'x'; 32];
        let at: jiff::Timestamp = "2026-11-24T04:00:00Z".parse().unwrap();
        let what = Instruction {
            remedy: "TS-20261124-000001-5-R1".to_owned(),
            attempt: 2,
            complaint: "TS-20261124-000001-5".to_owned(),
            kind: "refund".to_owned(),
            sum: domain::money::Money::of(3_000, "CNY"),
            account: None,
            sent_at: at,
        };
        for (status, wanted) in [
            ("200", Handed::Taken),
            ("204", Handed::Taken),
            ("422", Handed::Refused("422".to_owned())),
            ("302", Handed::Later("it answers 302".to_owned())),
            ("503", Handed::Later("it answers 503".to_owned())),
        ] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let billing = Billing::new(&format!("http://127.0.0.1:{port}/pay?from=redress"), &secret).unwrap();
            let (got, handed) = tokio::join!(once(listener, status), billing.deliver(at, what.clone()));
            assert_eq!(handed, wanted, "{status}");
            let (head, body) = got.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("POST /pay?from=redress HTTP/1.1\r\n"), "{head}");
            assert!(head.contains("idempotency-key: TS-20261124-000001-5-R1.2"), "{head}");
            let signed = outward::signature(&secret, at.as_second(), body.as_bytes());
            assert!(head.contains(&format!("redress-signature: {signed}")), "{head}");
            let read: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!((&read["sum"]["value"], &read["attempt"]), (&"30.00".into(), &2.into()), "{body}");
        }
        // Nobody there: sent again.
        let nobody = Billing::new("http://127.0.0.1:9/", &secret).unwrap();
        assert!(matches!(nobody.deliver(at, what).await, Handed::Later(_)));
    }
}
