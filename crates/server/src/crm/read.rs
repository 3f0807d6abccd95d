//! What a customer system answers, read as far as Redress has a use for it: customers (TMF629), individuals (TMF632) and
//! products (TMF637) of versions 4 and 5. Names of both versions are understood whatever was asked for, everything else is
//! passed over, and nothing is taken whose length or number is not bounded. What is not about whom was asked for is nobody's.

use domain::intake::{PRODUCTS, SEGMENTS, VULNERABILITIES};
use domain::taxonomy::region_valid;
use domain::text::clean::clean;
use domain::text::identifier::{normalise_phone, normalise_subscription};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Most elements looked at in any list of an answer.
const MOST_ELEMENTS: usize = 100;
/// Most customers taken of one number.
pub(super) const MOST_CUSTOMERS: usize = 3;
/// Most subscriptions taken of one customer.
pub(super) const MOST_SUBSCRIPTIONS: usize = 20;
/// Longest identifier of a customer or product.
const LONGEST_ID: usize = 128;
/// Highest star level an intake knows.
const MOST_STARS: i64 = 7;

/// A number somebody is looked up by.
#[derive(Clone)]
pub enum Number {
    /// A telephone number as E.164.
    Phone(String),
    /// The number of an account or line.
    Account {
        /// As it was typed.
        asked: String,
        /// In the form in which it is compared.
        plain: String,
    },
}

impl Number {
    /// The numbers somebody gave: a contact number and a business number, each once it is complete, and once alone.
    #[must_use]
    pub fn of(phone: Option<&str>, business: Option<&str>) -> Vec<Self> {
        let mut numbers: Vec<Self> = phone.and_then(Self::phone).into_iter().collect();
        let business = business.and_then(Self::business);
        numbers.extend(business.filter(|one| !numbers.iter().any(|known| known.plain() == one.plain())));
        numbers
    }

    fn phone(text: &str) -> Option<Self> {
        normalise_phone(text).map(Self::Phone)
    }

    /// A telephone number, or that of an account of at least five characters.
    fn business(text: &str) -> Option<Self> {
        let account = || {
            let (asked, plain) = (text.trim().to_owned(), normalise_subscription(text));
            let fits = plain.chars().count() >= 5 && asked.chars().count() <= 64;
            fits.then_some(Self::Account { asked, plain })
        };
        Self::phone(text).or_else(account)
    }

    /// The form in which it is compared and kept.
    pub(super) fn plain(&self) -> &str {
        match self {
            Self::Phone(plain) | Self::Account { plain, .. } => plain,
        }
    }
}

/// How a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// In use.
    Active,
    /// For the time being not.
    Suspended,
    /// Not yet.
    Pending,
    /// No more.
    Ended,
}

impl Standing {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Pending => "pending",
            Self::Ended => "ended",
        }
    }

    fn of(status: &str) -> Option<Self> {
        Some(match status.to_ascii_lowercase().as_str() {
            "active" | "pendingterminate" => Self::Active,
            "suspended" => Self::Suspended,
            "created" | "pendingactive" | "planned" => Self::Pending,
            "terminated" | "cancelled" | "aborted" => Self::Ended,
            _ => return None,
        })
    }
}

/// What a customer has.
#[derive(Clone)]
pub struct Subscription {
    /// What names it on a page without saying its identifier.
    pub key: String,
    /// Its number.
    pub number: Option<String>,
    /// Product line: one of [`PRODUCTS`].
    pub product: Option<&'static str>,
    /// Name of the tariff.
    pub plan: Option<String>,
    /// The day since when, as `2024-03-01`.
    pub since: Option<String>,
    /// How it stands.
    pub standing: Option<Standing>,
}

/// A customer.
#[derive(Clone)]
pub struct Customer {
    pub(super) id: String,
    pub(super) party: Option<String>,
    /// What names the customer on a page without saying its identifier.
    pub key: String,
    /// Name.
    pub name: Option<String>,
    /// Star level.
    pub star: Option<i64>,
    /// Level in the words of the customer system, where it is no star.
    pub level: Option<String>,
    /// Kind of customer: one of [`SEGMENTS`].
    pub segment: Option<&'static str>,
    /// Home region.
    pub region: Option<String>,
    /// Circumstances that call for priority: of [`VULNERABILITIES`].
    pub vulnerable: Vec<&'static str>,
    /// What they have; `None` where that could not be read.
    pub subscriptions: Option<Vec<Subscription>>,
}

/// A person as TMF632 has them.
pub(super) struct Individual {
    pub(super) id: String,
    name: Option<String>,
    vulnerable: Vec<&'static str>,
}

/// A list as it comes: as such, or alone.
pub(super) fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(list) => list.as_slice(),
        Value::Object(_) => std::slice::from_ref(value),
        _ => &[],
    }
    .iter()
    .take(MOST_ELEMENTS)
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.get(name).map(elements).into_iter().flatten()
}

/// Text of one line, cut where it is longer than its field.
fn line(value: Option<&Value>, most: usize) -> Option<String> {
    let text = value?.as_str()?;
    let text: String = text.chars().take(most.saturating_mul(4)).collect();
    let text = clean(&text).ok()?.split_whitespace().collect::<Vec<_>>().join(" ");
    let text: String = text.chars().take(most).collect();
    (!text.is_empty()).then_some(text)
}

/// An identifier, which is text or a number and is never cut.
fn id(value: &Value) -> Option<String> {
    match value.get("id")? {
        Value::String(id) if !id.is_empty() && id.len() <= LONGEST_ID => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// What names a thing on a page without saying its identifier.
fn key(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\n").as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Values of a characteristic by any of its names, whatever their case: texts, numbers, or lists of those.
fn characteristics<'v>(value: &'v Value, lists: &[&str], names: &[&str]) -> Vec<String> {
    let named = |one: &&'v Value| {
        let name = one.get("name").and_then(Value::as_str).unwrap_or_default();
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        names.iter().any(|known| plain.eq_ignore_ascii_case(known))
    };
    let mut found = Vec::new();
    for one in lists.iter().flat_map(|name| list(value, name)).filter(named) {
        // Version 5 has texts and lists of them side by side, and some wrap a value once more.
        let given = one.get("value").unwrap_or(&Value::Null);
        let given = given.get("value").unwrap_or(given);
        let single = match given {
            Value::Array(several) => several.as_slice(),
            other => std::slice::from_ref(other),
        };
        found.extend(single.iter().take(MOST_ELEMENTS).filter_map(|one| match one {
            Value::Number(number) => Some(number.to_string()),
            other => line(Some(other), 200),
        }));
    }
    found
}

const OF_CUSTOMER: [&str; 3] = ["characteristic", "customerCharacteristic", "partyCharacteristic"];
const OF_PRODUCT: [&str; 2] = ["productCharacteristic", "characteristic"];

fn known(codes: &[&'static str], text: &str) -> Option<&'static str> {
    let plain = text.trim().replace([' ', '-'], "_");
    codes.iter().find(|code| plain.eq_ignore_ascii_case(code)).copied()
}

fn vulnerable(value: &Value) -> Vec<&'static str> {
    let given = characteristics(value, &OF_CUSTOMER, &["vulnerable", "vulnerability"]);
    let split = given.iter().flat_map(|text| text.split([',', ';'])).filter_map(|text| known(VULNERABILITIES, text));
    let disabled = list(value, "disability").next().and_then(|_| known(VULNERABILITIES, "disabled"));
    let mut marks: Vec<&'static str> = split.chain(disabled).collect();
    marks.sort_unstable();
    marks.dedup();
    marks
}

/// Telephone numbers of the ways to reach somebody, as E.164.
fn phones(value: &Value) -> impl Iterator<Item = String> {
    list(value, "contactMedium").flat_map(|medium| {
        // Version 5 has it on the medium, version 4 in its characteristic.
        [Some(medium), medium.get("characteristic")]
            .into_iter()
            .flatten()
            .filter_map(|holder| normalise_phone(holder.get("phoneNumber")?.as_str().filter(|text| text.len() <= 64)?))
    })
}

/// Whether a customer or individual is reached by the number, or a customer has the account.
fn has(value: &Value, number: &Number) -> bool {
    match number {
        Number::Phone(phone) => phones(value).any(|one| one == *phone),
        Number::Account { plain, .. } => list(value, "account").any(|one| {
            let names = [id(one), line(one.get("name"), LONGEST_ID)];
            names.into_iter().flatten().any(|name| normalise_subscription(&name) == *plain)
        }),
    }
}

fn party(value: &Value) -> Option<&Value> {
    value.get("engagedParty").filter(|party| party.is_object())
}

fn customer(value: &Value) -> Option<Customer> {
    let id = id(value)?;
    let one = |names: &[&str]| characteristics(value, &OF_CUSTOMER, names).into_iter().next();
    let level = one(&["star", "starLevel", "level", "customerRank", "rank"]);
    let star = level.as_deref().and_then(|level| level.parse().ok()).filter(|star| (0..=MOST_STARS).contains(star));
    let engaged = party(value);
    Some(Customer {
        key: key(&[&id]),
        party: engaged.and_then(self::id),
        name: line(value.get("name"), 100).or_else(|| line(engaged?.get("name"), 100)),
        star,
        level: level.filter(|_| star.is_none()).map(|level| level.chars().take(40).collect()),
        segment: one(&["segment", "customerSegment"]).and_then(|text| known(SEGMENTS, &text)),
        region: one(&["region", "regionCode", "homeRegion"]).filter(|code| region_valid(code)),
        vulnerable: vulnerable(value),
        subscriptions: None,
        id,
    })
}

/// The customers of an answer who really have the number: one that passes over the filter answers with anybody.
pub(super) fn customers(answer: &Value, number: &Number) -> Vec<Customer> {
    elements(answer).filter(|one| has(one, number)).filter_map(customer).take(MOST_CUSTOMERS).collect()
}

/// The individuals of an answer who really have the number.
pub(super) fn individuals(answer: &Value, number: &Number) -> Vec<Individual> {
    elements(answer).filter(|one| has(one, number)).filter_map(individual).take(MOST_CUSTOMERS).collect()
}

/// The customers of an answer behind whom really stands this person.
pub(super) fn of_party(answer: &Value, person: &Individual) -> Vec<Customer> {
    let theirs = elements(answer).filter_map(customer).filter(|one| one.party.as_deref() == Some(&person.id));
    theirs.take(MOST_CUSTOMERS).collect()
}

/// A person.
pub(super) fn individual(value: &Value) -> Option<Individual> {
    let text = |name: &str| line(value.get(name), 100);
    let whole = ["fullName", "formattedName", "name"].into_iter().find_map(text);
    let parts = || match (text("givenName"), text("familyName")) {
        // Chinese names begin with the family's and have no blank.
        (Some(given), Some(family)) if !family.is_ascii() && family.chars().count() <= 2 => Some(family + &given),
        (Some(given), Some(family)) => Some(format!("{given} {family}")),
        (given, family) => given.or(family),
    };
    Some(Individual { id: id(value)?, name: whole.or_else(parts), vulnerable: vulnerable(value) })
}

impl Customer {
    /// Adds what the person behind the customer says of themselves.
    pub(super) fn complete(&mut self, person: Individual) {
        self.name = self.name.take().or(person.name);
        self.vulnerable.extend(person.vulnerable);
        self.vulnerable.sort_unstable();
        self.vulnerable.dedup();
    }
}

/// The products of an answer that really are this customer's, those in use first.
pub(super) fn subscriptions(answer: &Value, owner: &Customer) -> Vec<Subscription> {
    // Customers and persons may have the same identifiers; where a product says which of them it means, that decides.
    let is_owner = |party: &Value| {
        let of = party.get("partyOrPartyRole").unwrap_or(party);
        let kind = of.get("@referredType").and_then(Value::as_str).unwrap_or_default();
        let is_person = ["Individual", "Organization"].contains(&kind);
        id(of).is_some_and(|id| !is_person && id == owner.id || kind != "Customer" && Some(&id) == owner.party.as_ref())
    };
    let theirs = |one: &&Value| list(one, "relatedParty").any(is_owner);
    // A part of a bundle is told with it.
    let mut found: Vec<Subscription> =
        elements(answer).filter(theirs).filter_map(|one| subscription(one, owner)).collect();
    found.sort_by_key(|one| one.standing);
    found.truncate(MOST_SUBSCRIPTIONS);
    found
}

fn subscription(value: &Value, owner: &Customer) -> Option<Subscription> {
    let one = |names: &[&str]| characteristics(value, &OF_PRODUCT, names).into_iter().next();
    let number = one(&["msisdn", "phoneNumber", "serviceNumber", "number", "accountNumber"]);
    let number = number.or_else(|| line(value.get("productSerialNumber"), 64));
    let since = ["startDate", "productOrderDate"].into_iter().find_map(|name| {
        let text = value.get(name)?.as_str()?.get(..10)?;
        text.parse::<jiff::civil::Date>().ok().map(|day| day.to_string())
    });
    let offering = value.get("productOffering").and_then(|offering| line(offering.get("name"), 100));
    Some(Subscription {
        key: key(&[&owner.id, &id(value)?]),
        number: number.map(|number| number.chars().take(64).collect()),
        product: one(&["productLine", "line"]).and_then(|text| known(PRODUCTS, &text)),
        plan: offering.or_else(|| line(value.get("name"), 100)),
        since,
        standing: value.get("status").and_then(Value::as_str).and_then(Standing::of),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn names_of_both_versions_are_read() {
        let phone = Number::phone("138 0013 8000").unwrap();
        let four = json!([{
            "id": 7, "name": "王小明\u{202e}", "engagedParty": {"id": "p7", "name": "x"},
            "contactMedium": [{"mediumType": "mobile", "characteristic": {"phoneNumber": "13800138000"}}],
            "characteristic": [{"name": "Star Level", "value": "5"}, {"name": "region", "value": "310115"},
                {"name": "vulnerable", "value": "elderly, nonsense"}, {"name": "segment", "value": "Small Business"}],
        }]);
        let found = customers(&four, &phone);
        let one = found.first().unwrap();
        assert_eq!((one.id.as_str(), one.name.as_deref(), one.star), ("7", Some("王小明"), Some(5)));
        assert_eq!((one.region.as_deref(), one.segment), (Some("310115"), Some("small_business")));
        assert_eq!((one.vulnerable.as_slice(), one.level.as_deref()), (&["elderly"][..], None));
        let five = json!({
            "id": "c", "contactMedium": [{"@type": "PhoneContactMedium", "phoneNumber": "+86 138-0013-8000"}],
            "characteristic": [{"name": "level", "value": "gold"}, {"name": "region", "value": "9"}],
        });
        let found = customers(&five, &phone);
        let one = found.first().unwrap();
        assert_eq!((one.star, one.level.as_deref(), one.region.as_deref()), (None, Some("gold"), None));
        let product = json!({
            "id": "p", "status": "active", "startDate": "2024-03-01T00:00:00Z", "productOffering": {"name": "Fibre 500"},
            "relatedParty": [{"role": "user", "partyOrPartyRole": {"id": "c"}}],
            "productCharacteristic": [{"name": "productLine", "value": "broadband"}, {"name": "serviceNumber", "value": "kd01"}],
        });
        let old = json!({"id": "q", "status": "terminated", "relatedParty": [{"id": "c"}]});
        let other = json!({"id": "r", "relatedParty": [{"id": "somebody else"}]});
        let alike = json!({"id": "s", "relatedParty": [{"id": "c", "@referredType": "Individual"}]});
        let list = subscriptions(&json!([old, other, alike, product]), one);
        let first = list.first().unwrap();
        assert_eq!((list.len(), first.number.as_deref(), first.product), (2, Some("kd01"), Some("broadband")));
        assert_eq!((first.plan.as_deref(), first.since.as_deref()), (Some("Fibre 500"), Some("2024-03-01")));
        assert_eq!(list.get(1).and_then(|one| one.standing), Some(Standing::Ended));
    }

    #[test]
    fn whoever_does_not_have_the_number_is_nobody() {
        let phone = Number::phone("13800138000").unwrap();
        let other = json!([{"id": "1", "name": "x", "contactMedium": [{"phoneNumber": "13900139000"}]}, {"id": "2", "name": "y"}]);
        assert!(customers(&other, &phone).is_empty());
        let account = Number::business("KD-0001").unwrap();
        let both =
            json!([{"id": "1", "account": [{"id": "kd0002"}]}, {"id": "2", "account": [{"id": 1, "name": "kd 0001"}]}]);
        assert_eq!(customers(&both, &account).iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["2"]);
        assert!(Number::phone("1380013").is_none() && Number::business("abc").is_none());
    }

    #[test]
    fn a_person_has_a_name_in_any_form() {
        let name = |value: Value| individual(&value).unwrap().name;
        assert_eq!(name(json!({"id": "1", "givenName": "小明", "familyName": "王"})).as_deref(), Some("王小明"));
        assert_eq!(name(json!({"id": "1", "givenName": "Ann", "familyName": "Lee"})).as_deref(), Some("Ann Lee"));
        assert_eq!(name(json!({"id": "1", "fullName": "A. Lee", "givenName": "Ann"})).as_deref(), Some("A. Lee"));
        let one = individual(&json!({"id": "1", "disability": [{"disabilityName": "x"}]})).unwrap();
        assert_eq!(one.vulnerable, ["disabled"]);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let names = prop_oneof![
            Just("id"),
            Just("name"),
            Just("value"),
            Just("contactMedium"),
            Just("characteristic"),
            Just("phoneNumber"),
            Just("engagedParty"),
            Just("account"),
            Just("relatedParty"),
            Just("startDate"),
            Just("status"),
            Just("productCharacteristic"),
            Just("disability"),
            Just("productOffering"),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
            Just(json!("13800138000")),
            Just(json!("star")),
            Just(json!("line")),
        ];
        leaf.prop_recursive(5, 60, 6, move |inner| {
            let names = names.clone();
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((names, inner), 0..8).prop_map(|pairs| Value::Object(
                    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
                )),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_answered_is_read_or_passed_over(value in any_json()) {
            for number in [Number::phone("13800138000"), Number::business("kd0001")].into_iter().flatten() {
                for one in customers(&value, &number) {
                    prop_assert!(one.name.is_none_or(|name| name.chars().count() <= 100));
                }
                let _ = individuals(&value, &number);
            }
            let owner = customer(&json!({"id": "c"})).unwrap();
            prop_assert!(subscriptions(&value, &owner).len() <= MOST_SUBSCRIPTIONS);
            let _ = individual(&value);
        }
    }
}
