//! A customer system for the demo, on this machine alone: it knows the invented people by the numbers they call from, so
//! that pages show what an operator's own would say of them.

use super::stories::{PLACES, named};
use crate::crm::{Crm, Version};
use axum::http::Uri;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The numbers of the people, before the last four digits, and the first of those.
const NUMBERS: (&str, usize) = ("+861380013", 8000);
/// How many there are, and what undoes the step from one number to the next among them.
const PEOPLE: usize = 1000;
const BACK: usize = 77;

/// Starts it, and gives the line to it.
///
/// # Errors
/// If this machine has no port left.
pub fn begin(runtime: &Runtime, keep: Duration) -> Result<Crm, String> {
    let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let answers = |uri: Uri| async move { Json(answer(uri.path(), uri.query().unwrap_or_default())) };
    runtime.spawn(async move {
        if let Err(error) = axum::serve(listener, Router::new().fallback(answers)).await {
            tracing::warn!(%error, "the customer system of the demo ended");
        }
    });
    Crm::new(&format!("http://{address}/"), Version::Five, None, keep)
}

/// The n of whoever has a number.
fn who(number: &str) -> Option<usize> {
    let rest: usize = number.strip_prefix(NUMBERS.0)?.parse().ok()?;
    let place = rest.checked_sub(NUMBERS.1).filter(|place| *place < PEOPLE)?;
    Some(place * BACK % PEOPLE)
}

fn number_of(n: usize) -> String {
    format!("1380013{:04}", NUMBERS.1 + n * 13 % PEOPLE)
}

/// What is answered: whose a number is, and what somebody has; nothing else is known.
fn answer(path: &str, query: &str) -> Value {
    let asked = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key.as_ref() == name).map(|(_, value)| value.into_owned())
    };
    let found = match path.rsplit('/').next().unwrap_or_default() {
        "customer" => asked("contactMedium.phoneNumber").and_then(|number| who(&number)).map(customer),
        "product" => asked("relatedParty.partyOrPartyRole.id").and_then(|id| product(&id)),
        _ => None,
    };
    Value::Array(found.into_iter().collect())
}

fn customer(n: usize) -> Value {
    let region = PLACES.get(n % PLACES.len()).map(|place| place.region);
    json!({
        "@type": "Customer", "id": format!("demo-{n}"), "name": named(n),
        "contactMedium": [{"@type": "PhoneContactMedium", "phoneNumber": number_of(n)}],
        "characteristic": [{"name": "starLevel", "value": n % 6}, {"name": "region", "value": region},
            {"name": "segment", "value": "residential"}],
    })
}

fn product(owner: &str) -> Option<Value> {
    let n: usize = owner.strip_prefix("demo-")?.parse().ok().filter(|n| *n < PEOPLE)?;
    Some(json!({
        "@type": "Product", "id": format!("demo-line-{n}"), "status": "active",
        "startDate": format!("20{}-0{}-01T00:00:00Z", 18 + n % 7, 1 + n % 9), "productOffering": {"name": "5G 畅享 129"},
        "productCharacteristic": [{"name": "productLine", "value": "mobile"}, {"name": "msisdn", "value": number_of(n)}],
        "relatedParty": [{"role": "customer", "partyOrPartyRole": {"id": owner, "@referredType": "Customer"}}],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_known_by_the_numbers_they_call_from() {
        for n in [0, 1, 76, 499, 999] {
            assert_eq!(who(&format!("+86{}", number_of(n))), Some(n));
        }
        let found =
            answer("/tmf-api/customerManagement/v5/customer", "contactMedium.phoneNumber=%2B8613800138013&limit=3");
        assert_eq!((&found[0]["id"], &found[0]["name"]), (&json!("demo-1"), &json!(named(1))));
        let lines = answer("/tmf-api/productInventory/v5/product", "relatedParty.partyOrPartyRole.id=demo-1");
        assert_eq!(lines[0]["productCharacteristic"][1]["value"], "13800138013");
        for nobody in ["contactMedium.phoneNumber=%2B8613900138013", "contactMedium.phoneNumber=x", "account.id=demo-1"]
        {
            assert_eq!(answer("/tmf-api/customerManagement/v5/customer", nobody), json!([]), "{nobody}");
        }
    }
}
