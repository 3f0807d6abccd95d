//! What a list is asked: which attributes, which tickets, in which order, how many.

use super::face::Face;
use super::moment;
use crate::problem::Failure;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// Tickets a page unless somebody asks.
const PAGE: u64 = 100;
/// Most tickets of a page.
const MOST: u64 = 250;

/// Rows that may be passed over: each is read.
const MOST_OFFSET: u64 = 10_000;

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Eq,
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
}

const OPS: [(&str, Op); 6] =
    [("eq", Op::Eq), ("ne", Op::Ne), ("gt", Op::Gt), ("gte", Op::Gte), ("lt", Op::Lt), ("lte", Op::Lte)];

/// Attributes that hold nobody's words.
const BARE: [&str; 14] = [
    "id",
    "href",
    "status",
    "severity",
    "priority",
    "ticketType",
    "creationDate",
    "lastUpdate",
    "statusChangeDate",
    "resolutionDate",
    "expectedResolutionDate",
    "direction",
    "interactionDate",
    "@type",
];
/// Most conditions of a question, and values of one: each is held against each entry of each ticket.
const MOST_CONDITIONS: usize = 50;

/// The path of the attribute that has an index besides the identity.
const STATUS: [&str; 1] = ["status"];

/// One condition; any of the values will do.
#[derive(Clone, Debug, PartialEq)]
struct Condition {
    path: Vec<String>,
    op: Op,
    values: Vec<String>,
}

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Query {
    fields: Option<Vec<String>>,
    conditions: Vec<Condition>,
    /// Lists of which an entry has to meet all of these.
    entries: Vec<(Vec<String>, Vec<Condition>)>,
    sort: Vec<(Vec<String>, bool)>,
    /// Rows to pass over.
    pub offset: u64,
    /// Rows to answer at most.
    pub limit: u64,
    /// Only what comes after the ticket of this identity.
    pub after: Option<String>,
    /// Only what comes before it.
    pub before: Option<String>,
}

/// A question that makes no sense: which parameter, and why.
pub fn refused(name: &str, why: &str) -> Failure {
    super::bad(vec![super::schema::Wrong { at: name.to_owned(), why: why.to_owned() }])
}

impl Query {
    /// Reads the question for a list of things with these attributes.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn list(face: Face, raw: Option<&str>, attributes: &[&str]) -> Result<Self, Failure> {
        let mut query = Self { limit: PAGE, ..Self::default() };
        for (name, value) in url::form_urlencoded::parse(raw.unwrap_or_default().as_bytes()) {
            match (name.as_ref(), face) {
                ("fields", _) => query.select(&value),
                ("offset", _) => {
                    query.offset = whole(&name, &value)?;
                    if query.offset > MOST_OFFSET {
                        return Err(refused(&name, &format!("is more than {MOST_OFFSET}; ask by attributes instead")));
                    }
                }
                ("limit", _) => query.limit = whole(&name, &value)?.min(MOST),
                ("sort", _) => query.order(&value, attributes)?,
                ("filter", Face::V5) => query.path(&value, attributes)?,
                ("after", Face::V5) => query.after = Some(value.into_owned()),
                ("before", Face::V5) => query.before = Some(value.into_owned()),
                _ => query.condition(&name, &value, attributes)?,
            }
        }
        Ok(query)
    }

    /// Reads the question for one thing: which attributes.
    ///
    /// # Errors
    /// Names any other parameter.
    pub fn one(raw: Option<&str>) -> Result<Self, Failure> {
        let mut query = Self::default();
        for (name, value) in url::form_urlencoded::parse(raw.unwrap_or_default().as_bytes()) {
            match name.as_ref() {
                "fields" => query.select(&value),
                other => return Err(refused(other, "is no parameter here")),
            }
        }
        Ok(query)
    }

    fn select(&mut self, text: &str) {
        let names = text.split(',').filter_map(|name| name.trim().split('.').next()).filter(|name| !name.is_empty());
        let mut names = names.map(str::to_owned).peekable();
        // Who names nothing selects nothing: the whole is answered.
        if names.peek().is_some() {
            self.fields.get_or_insert_default().extend(names);
        }
    }

    fn order(&mut self, text: &str, attributes: &[&str]) -> Result<(), Failure> {
        for one in text.split(',') {
            // A plus in an address is a blank.
            let one = one.trim();
            let (down, name) = match one.strip_prefix('-') {
                Some(name) => (true, name),
                None => (false, one.strip_prefix('+').unwrap_or(one)),
            };
            let path: Vec<String> = name.split('.').map(str::to_owned).collect();
            if path.first().is_none_or(|head| !attributes.contains(&head.as_str())) {
                return Err(refused("sort", "names no attribute"));
            }
            self.sort.push((path, down));
        }
        Ok(())
    }

    fn condition(&mut self, name: &str, value: &str, attributes: &[&str]) -> Result<(), Failure> {
        let (path, op) = match name.rsplit_once('.') {
            Some((path, last)) => match OPS.iter().find(|(word, _)| *word == last) {
                Some((_, op)) => (path, *op),
                None if last == "regex" => return Err(refused(name, "is an operator that is not offered")),
                None => (name, Op::Eq),
            },
            None => (name, Op::Eq),
        };
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        if path.first().is_none_or(|head| !attributes.contains(&head.as_str())) {
            return Err(refused(name, "is neither a parameter nor an attribute"));
        }
        let values = std::iter::once(value.to_owned())
            .chain(value.contains(',').then(|| value.split(',')).into_iter().flatten().map(str::to_owned));
        match self.conditions.iter_mut().find(|one| one.path == path && one.op == op && op == Op::Eq) {
            Some(one) => one.values.extend(values),
            None => self.conditions.push(Condition { path, op, values: values.collect() }),
        }
        if self.conditions.iter().any(|one| one.values.len() > MOST_CONDITIONS) {
            return Err(refused(name, &format!("names more than {MOST_CONDITIONS} values")));
        }
        self.few(name)
    }

    /// The simple form of JSONPath: `attribute[?(@.path == value && …)]`.
    fn path(&mut self, text: &str, attributes: &[&str]) -> Result<(), Failure> {
        let no = || refused("filter", "is not of the form attribute[?(@.path == value)]");
        let text = text.trim();
        let text = text.strip_prefix('$').unwrap_or(text);
        let (head, rest) = text.split_once("[?(").ok_or_else(no)?;
        let inner = rest.strip_suffix(")]").ok_or_else(no)?;
        let head: Vec<String> =
            head.split('.').filter(|part| !part.is_empty() && *part != "*").map(str::to_owned).collect();
        let mut conditions = Vec::new();
        for part in inner.split("&&") {
            let (op, at, width) = ["==", "!=", ">=", "<=", ">", "<"]
                .iter()
                .filter_map(|op| Some((*op, part.find(op)?, op.len())))
                .min_by_key(|(_, at, width)| (*at, usize::MAX - width))
                .ok_or_else(no)?;
            let op = match op {
                "==" => Op::Eq,
                "!=" => Op::Ne,
                ">=" => Op::Gte,
                "<=" => Op::Lte,
                ">" => Op::Gt,
                _ => Op::Lt,
            };
            let (left, right) = (part.get(..at).unwrap_or_default(), part.get(at + width..).unwrap_or_default());
            let left = left.trim().strip_prefix('@').ok_or_else(no)?;
            let left = left.strip_prefix('.').unwrap_or(left);
            let right = right.trim().trim_matches(['\'', '"']);
            let path: Vec<String> = left.split('.').map(str::to_owned).collect();
            conditions.push(Condition { path, op, values: vec![right.to_owned()] });
        }
        let first = head.first().or(conditions.first().and_then(|one| one.path.first()));
        if first.is_none_or(|name| !attributes.contains(&name.as_str())) {
            return Err(refused("filter", "names no attribute"));
        }
        self.entries.push((head, conditions));
        self.few("filter")
    }

    fn few(&self, name: &str) -> Result<(), Failure> {
        let all = self.conditions.len() + self.entries.iter().map(|(_, conditions)| conditions.len()).sum::<usize>();
        if all > MOST_CONDITIONS {
            return Err(refused(name, &format!("is one of more than {MOST_CONDITIONS} conditions")));
        }
        Ok(())
    }

    /// Whether it asks for what people wrote, so that each ticket found tells something of its words.
    pub fn asks_for_words(&self) -> bool {
        let bare = |path: &[String]| path.first().is_some_and(|name| BARE.contains(&name.as_str()));
        self.conditions.iter().any(|one| !bare(&one.path)) || self.entries.iter().any(|(head, _)| !bare(head))
    }

    /// The parameter that makes it look at each ticket, if one does; a status only where nothing else is asked.
    pub fn looks_at_each(&self) -> Option<&str> {
        fn of(one: &Condition) -> Option<&str> {
            one.path.first().map(String::as_str)
        }
        if let Some(one) = self.conditions.iter().find(|one| one.path != STATUS) {
            return of(one);
        }
        if !self.entries.is_empty() {
            return Some("filter");
        }
        if !self.sort.is_empty() {
            return Some("sort");
        }
        if self.after.is_some() || self.before.is_some() {
            return Some("after");
        }
        self.conditions.first().and_then(of)
    }

    /// The statuses any of which is asked for, where some are.
    pub fn statuses(&self) -> Option<&[String]> {
        let one = self.conditions.iter().find(|one| one.op == Op::Eq && one.path == STATUS)?;
        Some(&one.values)
    }

    /// Whether those are all that is asked.
    pub fn asks_nothing_but_status(&self) -> bool {
        let bare = self.entries.is_empty() && self.sort.is_empty() && self.after.is_none() && self.before.is_none();
        bare && self.statuses().is_some() && self.conditions.len() == 1
    }

    /// Whether nothing is asked of a thing.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty() && self.entries.is_empty()
    }

    /// Whether everything asked is about attributes of which `known` says that there are such.
    pub fn asks_only(&self, known: &dyn Fn(&str) -> bool) -> bool {
        let heads = self.conditions.iter().map(|one| one.path.first());
        let listed =
            self.entries.iter().map(|(head, inner)| head.first().or(inner.first().and_then(|one| one.path.first())));
        heads.chain(listed).flatten().all(|name| known(name))
    }

    /// The one identity that is asked for, if it is.
    pub fn by_id(&self) -> Option<&str> {
        self.by(&["id"])
    }

    /// The one value that is asked for at a path, if it is.
    pub fn by(&self, path: &[&str]) -> Option<&str> {
        let one = self.conditions.iter().find(|one| one.op == Op::Eq && one.path == path)?;
        (one.values.len() == 1).then(|| one.values.first().map(String::as_str)).flatten()
    }

    /// Whether a ticket is among what is asked for.
    pub fn matches(&self, thing: &Value) -> bool {
        self.conditions.iter().all(|one| one.holds(thing))
            && self.entries.iter().all(|(head, conditions)| {
                let mut found = Vec::new();
                reach(thing, head, &mut found);
                found.iter().any(|entry| conditions.iter().all(|one| one.holds(entry)))
            })
    }

    /// What of a thing is needed to order and name it.
    pub fn kept(&self, mut thing: Value) -> Value {
        if let Some(members) = thing.as_object_mut() {
            let ordered = |name: &str| self.sort.iter().any(|(path, _)| path.first().is_some_and(|head| head == name));
            members.retain(|name, _| name == "id" || ordered(name));
        }
        thing
    }

    /// Puts things in the order asked for; those that have not what it goes by come last.
    pub fn arrange(&self, things: &mut [Value]) {
        if self.sort.is_empty() {
            return;
        }
        let first = |thing: &Value, path: &[String]| {
            let mut found = Vec::new();
            reach(thing, path, &mut found);
            found.first().map(|value| Rank::of(value))
        };
        things.sort_by(|one, other| {
            for (path, down) in &self.sort {
                let order = match (first(one, path), first(other, path)) {
                    (Some(one), Some(other)) => {
                        let order = one.compare(&other);
                        if *down { order.reverse() } else { order }
                    }
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (None, None) => Ordering::Equal,
                };
                if order != Ordering::Equal {
                    return order;
                }
            }
            Ordering::Equal
        });
    }

    /// The attributes asked for.
    pub fn chosen(&self, face: Face, mut thing: Map<String, Value>) -> Map<String, Value> {
        let Some(fields) = &self.fields else { return thing };
        let none = fields.iter().all(|name| name == "none");
        let always = if none && face == Face::V4 { &["id", "href"][..] } else { face.always() };
        thing.retain(|name, _| fields.contains(name) || always.contains(&name.as_str()));
        thing
    }
}

impl Condition {
    fn holds(&self, thing: &Value) -> bool {
        let mut found = Vec::new();
        reach(thing, &self.path, &mut found);
        let meets = |value: &Value, wanted: &String| {
            let order = compare(value, wanted);
            match self.op {
                Op::Eq | Op::Ne => order == Some(Ordering::Equal),
                Op::Gt => order == Some(Ordering::Greater),
                Op::Lt => order == Some(Ordering::Less),
                Op::Gte => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
                Op::Lte => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            }
        };
        let any = found.iter().any(|value| self.values.iter().any(|wanted| meets(value, wanted)));
        if self.op == Op::Ne { !any } else { any }
    }
}

/// Everything a path leads to, through lists to each of their entries.
fn reach<'v>(value: &'v Value, path: &[String], found: &mut Vec<&'v Value>) {
    match (value, path.split_first()) {
        (Value::Array(items), _) => items.iter().for_each(|item| reach(item, path, found)),
        (value, None) => found.push(value),
        (Value::Object(members), Some((name, rest))) => {
            if let Some(member) = members.get(name) {
                reach(member, rest, found);
            }
        }
        _ => {}
    }
}

/// A value as it is sorted: kinds one after the other, so that there is one order whatever stands beside what.
enum Rank {
    Number(f64),
    Moment(Timestamp),
    Text(String),
}

impl Rank {
    fn of(value: &Value) -> Self {
        match value {
            Value::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::MAX)),
            Value::String(text) => moment(text).map_or_else(|| Self::Text(text.clone()), Self::Moment),
            other => Self::Text(other.to_string()),
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let kind = |one: &Self| match one {
            Self::Number(_) => 0,
            Self::Moment(_) => 1,
            Self::Text(_) => 2,
        };
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Moment(one), Self::Moment(other)) => one.cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            _ => kind(self).cmp(&kind(other)),
        }
    }
}

/// A value beside words of an address: as numbers or moments where both are, else as texts.
fn compare(value: &Value, wanted: &str) -> Option<Ordering> {
    match value {
        Value::Number(number) => number.as_f64()?.partial_cmp(&wanted.parse().ok()?),
        Value::Bool(flag) => (flag.to_string() == wanted).then_some(Ordering::Equal),
        Value::String(text) => match (moment(text), moment(wanted)) {
            (Some(one), Some(other)) => Some(one.cmp(&other)),
            _ => Some(text.as_str().cmp(wanted)),
        },
        _ => None,
    }
}

fn whole(name: &str, value: &str) -> Result<u64, Failure> {
    value.parse().map_err(|_| refused(name, "is no whole number from 0 on"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ATTRIBUTES: &[&str] = &["id", "status", "description", "note", "attachment", "creationDate", "severity"];

    fn ask(text: &str) -> Query {
        Query::list(Face::V5, Some(text), ATTRIBUTES).unwrap()
    }

    #[test]
    fn conditions_select() {
        let thing = json!({
            "id": "1", "status": "held", "description": "a, b", "creationDate": "2026-01-02T00:00:00Z",
            "note": [{"author": "x"}, {"author": "y"}], "attachment": [{"size": {"amount": 300}}],
        });
        for (text, expected) in [
            ("status=held", true),
            ("status=closed,held", true),
            ("status=closed&status=held", true),
            ("status.ne=held", false),
            ("description=a%2C+b", true),
            ("note.author=y", true),
            ("note.author=z", false),
            ("creationDate.gt=2026-01-01T23:00:00%2B01:00", true),
            ("creationDate.lt=2026-01-01T00:00:00Z", false),
            ("attachment.size.amount.gte=300", true),
            ("filter=attachment[?(@.size.amount==300)]", true),
            ("filter=$.note[?(@.author=='y' %26%26 @.author!='x')]", true),
            ("filter=note[?(@author=='z')]", false),
            ("filter=$[?(@.status=='held')]", true),
            ("severity=Major", false),
        ] {
            assert_eq!(ask(text).matches(&thing), expected, "{text}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for text in [
            "colour=red",
            "limit=x",
            "offset=-1",
            "sort=colour",
            "filter=x",
            "status.regex=a",
            "filter=colour[?(@.a==1)]",
        ] {
            assert!(Query::list(Face::V5, Some(text), ATTRIBUTES).is_err(), "{text}");
        }
        assert!(Query::list(Face::V4, Some("filter=x"), ATTRIBUTES).is_err());
        assert!(Query::one(Some("limit=1")).is_err());
        assert_eq!(ask("limit=1000").limit, 250);
    }

    #[test]
    fn what_is_selected_differs_between_versions() {
        let thing = json!({"id": "1", "href": "x", "@type": "T", "status": "held", "severity": "Major"});
        let keys = |face, text: &str| {
            let query = Query::one(Some(text)).unwrap();
            query.chosen(face, thing.as_object().unwrap().clone()).keys().cloned().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(keys(Face::V5, "fields=status"), "@type href id status");
        assert_eq!(keys(Face::V4, "fields=status,severity"), "severity status");
        assert_eq!(keys(Face::V4, "fields=none"), "href id");
        assert_eq!(keys(Face::V5, "fields="), "@type href id severity status");
    }

    #[test]
    fn things_are_put_in_order() {
        let mut things =
            vec![json!({"severity": "b", "id": "1"}), json!({"id": "2"}), json!({"severity": "a", "id": "3"})];
        ask("sort=severity").arrange(&mut things);
        assert_eq!(things.iter().map(|thing| thing["id"].as_str().unwrap()).collect::<String>(), "312");
        ask("sort=-severity").arrange(&mut things);
        assert_eq!(things.iter().map(|thing| thing["id"].as_str().unwrap()).collect::<String>(), "132");
    }
}
