//! Conditions of rules: closed tests over closed facts, joined by "and"; a list of them is joined by "or". They always
//! end, cannot fail, and a name or value nobody knows is refused when the pack is loaded.

use crate::document::{Key, Table, Value};
use crate::facts::{FactName, Facts};
use crate::grade::Grade;
use crate::money::Sum;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// More alternatives than this nobody reads, and proving each against the others takes as long as their square.
const MOST_ALTERNATIVES: usize = 100;

/// More codes in one test than a tree of categories has.
const MOST_CODES: usize = 1_000;

/// A condition: in one of its alternatives all tests hold. Without alternatives it always holds.
///
/// A fact that is not known fails every test except `present = false` and `not`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Predicate {
    alternatives: Vec<Vec<(FactName, Test)>>,
}

/// A test of one fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Test {
    /// One of the codes; for a prefix, begins with one of them; for a set, holds one of them.
    AnyOf(Vec<String>),
    /// None of the codes.
    NoneOf(Vec<String>),
    /// A yes-or-no fact.
    Flag(bool),
    /// A number within bounds: at least, and below.
    Within(Option<i64>, Option<i64>),
    /// A sum within bounds of one currency, in hundredths of its unit.
    Sum(Option<i64>, Option<i64>, String),
    /// Whether the fact is known.
    Present(bool),
}

/// The shape of a fact's value.
enum Seen<'f> {
    Codes(Vec<&'f str>),
    Flag(bool),
    Number(Option<i64>),
    Sum(Option<(i64, &'f str)>),
}

fn seen<'f>(fact: FactName, facts: &'f Facts, grade: Option<Grade>) -> Seen<'f> {
    let one = |code: Option<&'f str>| Seen::Codes(code.into_iter().collect());
    match fact {
        FactName::Kind => one(Some(facts.kind.as_str()).filter(|kind| !kind.is_empty())),
        FactName::Category | FactName::CategoryPrefix => one(facts.category.as_deref()),
        FactName::RegulatorClass => one(facts.regulator_class.as_deref()),
        FactName::AcceptChannel => one(Some(facts.accept_channel.as_str()).filter(|channel| !channel.is_empty())),
        FactName::Vulnerable => Seen::Codes(facts.vulnerable.iter().map(String::as_str).collect()),
        FactName::AreaType => one(facts.area_type.as_deref()),
        FactName::Product => one(facts.product.as_deref()),
        FactName::Segment => one(facts.segment.as_deref()),
        FactName::Grade => one(grade.map(Grade::code)),
        FactName::RedLine => Seen::Flag(facts.red_line),
        FactName::Mass => Seen::Flag(facts.mass),
        FactName::Safety => Seen::Flag(facts.safety),
        FactName::Media => Seen::Flag(facts.media),
        FactName::Regulator => Seen::Flag(facts.regulator),
        FactName::KeyAccount => Seen::Flag(facts.key_account),
        FactName::Cause => one(facts.cause.as_deref()),
        FactName::SubjectRequest => one(facts.subject_request.as_deref()),
        FactName::WaitingFor => one(facts.waiting_for.as_deref()),
        FactName::CreditAgreed => Seen::Flag(facts.credit_agreed),
        FactName::ServicesInOperation => Seen::Number(facts.operator.services_in_operation),
        FactName::Subscribers => Seen::Number(facts.operator.subscribers),
        FactName::Turnover => sum(facts.operator.turnover.as_ref()),
        FactName::Star => Seen::Number(facts.star),
        FactName::RepeatCount => Seen::Number(Some(facts.repeat_count)),
        FactName::Disputes => Seen::Number(Some(facts.disputes)),
        FactName::Amount => sum(facts.amount.as_ref()),
    }
}

fn sum(sum: Option<&(i64, String)>) -> Seen<'_> {
    Seen::Sum(sum.map(|(minor, currency)| (*minor, currency.as_str())))
}

fn within(value: i64, least: Option<i64>, below: Option<i64>) -> bool {
    least.is_none_or(|least| value >= least) && below.is_none_or(|below| value < below)
}

impl Test {
    fn holds(&self, fact: FactName, value: &Seen<'_>) -> bool {
        let matches = |code: &str, listed: &String| match fact {
            FactName::CategoryPrefix | FactName::Cause => code.starts_with(listed.as_str()),
            _ => code == listed,
        };
        match (self, value) {
            (Self::AnyOf(listed), Seen::Codes(codes)) => {
                codes.iter().any(|code| listed.iter().any(|entry| matches(code, entry)))
            }
            (Self::NoneOf(listed), Seen::Codes(codes)) => {
                !codes.iter().any(|code| listed.iter().any(|entry| matches(code, entry)))
            }
            (Self::Flag(wanted), Seen::Flag(flag)) => wanted == flag,
            (Self::Within(least, below), Seen::Number(Some(number))) => within(*number, *least, *below),
            (Self::Sum(least, below, currency), Seen::Sum(Some((minor, given)))) => {
                currency == given && within(*minor, *least, *below)
            }
            (Self::Present(wanted), Seen::Codes(codes)) => *wanted != codes.is_empty(),
            (Self::Present(wanted), Seen::Number(number)) => *wanted == number.is_some(),
            (Self::Present(wanted), Seen::Sum(sum)) => *wanted == sum.is_some(),
            _ => false,
        }
    }
}

impl Test {
    /// Whether this test of a fact holds whenever another, narrower one holds.
    fn follows(&self, fact: FactName, other: FactName, narrower: &Self) -> bool {
        let prefixes = matches!(fact, FactName::CategoryPrefix | FactName::Cause);
        let same_code = fact == other || (fact == FactName::CategoryPrefix && other == FactName::Category);
        match (self, narrower) {
            (Self::AnyOf(ours), Self::AnyOf(theirs)) if same_code => theirs.iter().all(|code| {
                ours.iter().any(|listed| if prefixes { code.starts_with(listed.as_str()) } else { code == listed })
            }),
            (Self::NoneOf(ours), Self::NoneOf(theirs)) if fact == other => {
                ours.iter().all(|code| theirs.contains(code))
            }
            (Self::Within(least, below), Self::Within(from, to)) if fact == other => inside(*least, *below, *from, *to),
            (Self::Sum(least, below, ours), Self::Sum(from, to, theirs)) if fact == other => {
                ours == theirs && inside(*least, *below, *from, *to)
            }
            (Self::Present(true), Self::AnyOf(_) | Self::Within(..) | Self::Sum(..)) => same_code,
            (ours, theirs) => fact == other && ours == theirs,
        }
    }
}

/// Whether bounds hold all numbers of others.
fn inside(least: Option<i64>, below: Option<i64>, from: Option<i64>, to: Option<i64>) -> bool {
    least.is_none_or(|least| from.is_some_and(|from| from >= least))
        && below.is_none_or(|below| to.is_some_and(|to| to <= below))
}

impl Predicate {
    /// Whether it holds. `grade` is none while the case is being graded.
    #[must_use]
    pub fn holds(&self, facts: &Facts, grade: Option<Grade>) -> bool {
        let all = |tests: &Vec<(FactName, Test)>| {
            tests.iter().all(|(fact, test)| test.holds(*fact, &seen(*fact, facts, grade)))
        };
        self.alternatives.is_empty() || self.alternatives.iter().any(all)
    }

    /// Whether it could still hold for a case nobody classified: the tests of its category count as passed.
    #[must_use]
    pub fn holds_for_some_category(&self, facts: &Facts) -> bool {
        self.decided(facts, None, |fact| !fact.is_of_the_category(), true)
    }

    /// Whether it holds when only some facts are stated: each test of another has the given outcome. With `true` it says
    /// whether the condition could hold, with `false` whether it surely does.
    pub(crate) fn decided(
        &self,
        facts: &Facts,
        grade: Option<Grade>,
        stated: impl Fn(FactName) -> bool,
        open: bool,
    ) -> bool {
        let holds = |fact: FactName, test: &Test| {
            if stated(fact) { test.holds(fact, &seen(fact, facts, grade)) } else { open }
        };
        let all = |tests: &Vec<(FactName, Test)>| tests.iter().all(|(fact, test)| holds(*fact, test));
        self.alternatives.is_empty() || self.alternatives.iter().any(all)
    }

    /// Whether it holds whenever another does, as far as the form of both shows it: each alternative of the other lies within
    /// one of these.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let within = |theirs: &Vec<(FactName, Test)>| {
            self.alternatives.iter().any(|ours| {
                ours.iter()
                    .all(|(fact, test)| theirs.iter().any(|(other, narrower)| test.follows(*fact, *other, narrower)))
            })
        };
        self.always_holds() || (!other.alternatives.is_empty() && other.alternatives.iter().all(within))
    }

    /// Whether it holds whatever the facts are.
    #[must_use]
    pub fn always_holds(&self) -> bool {
        self.alternatives.is_empty() || self.alternatives.iter().any(Vec::is_empty)
    }

    /// The codes of one fact it is for, where it asks for nothing else; none named where it is for every case.
    #[must_use]
    pub fn codes_alone(&self, of: FactName) -> Option<Vec<&str>> {
        if self.always_holds() {
            return Some(Vec::new());
        }
        let mut codes = Vec::new();
        for tests in &self.alternatives {
            match tests.as_slice() {
                [(fact, Test::AnyOf(listed))] if *fact == of => codes.extend(listed.iter().map(String::as_str)),
                _ => return None,
            }
        }
        Some(codes)
    }

    /// Facts it looks at.
    pub fn facts(&self) -> impl Iterator<Item = FactName> + '_ {
        self.alternatives.iter().flatten().map(|(fact, _)| *fact)
    }

    /// Values at and around the edges of its tests, as [`Facts::set`] takes them, by the fact they are of.
    pub(crate) fn edges(&self, edges: &mut BTreeMap<FactName, BTreeSet<String>>) {
        for (fact, test) in self.alternatives.iter().flatten() {
            // How a code begins and what it is are two tests of one fact.
            let of = if *fact == FactName::CategoryPrefix { FactName::Category } else { *fact };
            let known = edges.entry(of).or_default();
            match test {
                Test::AnyOf(listed) | Test::NoneOf(listed) => {
                    let whole = |code: &String| match fact {
                        FactName::CategoryPrefix => format!("{code}99"),
                        _ => code.clone(),
                    };
                    known.extend(listed.iter().map(whole));
                }
                Test::Flag(_) => known.extend(["true".to_owned(), "false".to_owned()]),
                Test::Within(least, below) => {
                    let around = least.iter().chain(below).flat_map(|edge| [edge.saturating_sub(1), *edge]);
                    known.extend(around.map(|number| number.to_string()));
                }
                Test::Sum(least, below, currency) => {
                    let around = least.iter().chain(below).flat_map(|edge| [edge.saturating_sub(1), *edge]);
                    let sum = |hundredths: i64| Sum { hundredths: hundredths.max(0), currency: currency.clone() };
                    known.extend(around.map(|hundredths| sum(hundredths).to_string()));
                }
                // Of facts with a list of their own the caller adds one; any other value will do here.
                Test::Present(_) => match fact {
                    FactName::Amount | FactName::Turnover => known.extend(["0.01 CNY".to_owned()]),
                    FactName::Star
                    | FactName::RepeatCount
                    | FactName::Disputes
                    | FactName::ServicesInOperation
                    | FactName::Subscribers => known.extend(["1".to_owned()]),
                    _ => {}
                },
            }
        }
    }

    /// The codes of categories and causes it names, and how it looks at them.
    pub(crate) fn tree_codes(&self) -> impl Iterator<Item = (FactName, &str)> {
        let of_a_tree =
            |fact: FactName| matches!(fact, FactName::Category | FactName::CategoryPrefix | FactName::Cause);
        self.alternatives.iter().flatten().filter(move |(fact, _)| of_a_tree(*fact)).flat_map(|(fact, test)| {
            let listed: &[String] = match test {
                Test::AnyOf(listed) | Test::NoneOf(listed) => listed,
                _ => &[],
            };
            listed.iter().map(move |code| (*fact, code.as_str()))
        })
    }

    /// Its alternatives, each a condition of its own.
    pub(crate) fn alternatives(&self) -> impl Iterator<Item = Self> + '_ {
        self.alternatives.iter().map(|tests| Self { alternatives: vec![tests.clone()] })
    }

    /// Reads a table of tests, or a list of such tables of which one must hold.
    pub(crate) fn read(value: Value<'_>) -> Option<Self> {
        let alternatives = value.many()?;
        if alternatives.len() > MOST_ALTERNATIVES {
            value.fault(format!("has more than {MOST_ALTERNATIVES} alternatives"));
            return None;
        }
        let read = alternatives.iter().map(|value| value.table().and_then(|table| read_tests(&table)));
        // Collected first, so that the faults of all alternatives are told.
        let read: Vec<_> = read.collect();
        Some(Self { alternatives: read.into_iter().collect::<Option<_>>()? })
    }
}

fn read_tests(table: &Table<'_>) -> Option<Vec<(FactName, Test)>> {
    let read = |(key, value): (Key<'_>, Value<'_>)| {
        let fact = key.code::<FactName>("fact")?;
        Some((fact, read_test(fact, value)?))
    };
    let tests: Vec<_> = table.entries().into_iter().map(read).collect();
    tests.into_iter().collect()
}

fn read_test(fact: FactName, value: Value<'_>) -> Option<Test> {
    match fact {
        FactName::RedLine
        | FactName::Mass
        | FactName::Safety
        | FactName::Media
        | FactName::Regulator
        | FactName::KeyAccount
        | FactName::CreditAgreed => value.flag().map(Test::Flag),
        FactName::Star
        | FactName::RepeatCount
        | FactName::Disputes
        | FactName::ServicesInOperation
        | FactName::Subscribers => read_number(value),
        FactName::Amount | FactName::Turnover => read_sum(value),
        _ => read_codes(fact, value),
    }
}

fn read_codes(fact: FactName, value: Value<'_>) -> Option<Test> {
    let all = |value: Value<'_>| -> Option<Vec<String>> {
        let items = value.many()?;
        if items.len() > MOST_CODES {
            value.fault(format!("names more than {MOST_CODES} codes"));
            return None;
        }
        items.iter().map(|item| read_code(fact, item)).collect()
    };
    if !value.is_table() {
        return all(value).map(Test::AnyOf);
    }
    let mut table = value.table()?;
    let not = table.optional("not");
    let present = table.optional("present");
    table.done();
    match (not, present) {
        (Some(not), None) => all(not).map(Test::NoneOf),
        (None, Some(present)) => present.flag().map(Test::Present),
        _ => {
            value.fault("takes a value, a list, { not = … } or { present = … }");
            None
        }
    }
}

fn read_code(fact: FactName, value: &Value<'_>) -> Option<String> {
    match fact {
        FactName::Kind => value.listed(Facts::KINDS),
        FactName::RegulatorClass => value.listed(Facts::REGULATOR_CLASSES),
        FactName::AcceptChannel => value.listed(Facts::CHANNELS),
        FactName::Vulnerable => value.listed(Facts::VULNERABILITIES),
        FactName::AreaType => value.listed(Facts::AREA_TYPES),
        FactName::Product => value.listed(Facts::PRODUCTS),
        FactName::Segment => value.listed(Facts::SEGMENTS),
        FactName::SubjectRequest => value.listed(Facts::SUBJECT_REQUESTS),
        FactName::WaitingFor => value.listed(Facts::WAITS),
        FactName::Grade => value.code::<Grade>().map(|grade| grade.code().to_owned()),
        FactName::Cause => coded(value, "NET or NET.COVER", |code| {
            code.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase()))
        }),
        _ => coded(value, "B204: a capital letter and digits", |code| {
            let mut letters = code.bytes();
            letters.next().is_some_and(|first| first.is_ascii_uppercase())
                && letters.all(|rest| rest.is_ascii_digit())
                && code.len() <= 8
                && (fact == FactName::CategoryPrefix || code.len() > 1)
        }),
    }
}

fn coded(value: &Value<'_>, such_as: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
    let code = value.string()?;
    if !fits(code) {
        value.fault(format!("must be a code such as {such_as}"));
        return None;
    }
    Some(code.to_owned())
}

/// What a test of a quantity asks.
enum Quantity<'d> {
    /// `{ present = … }`
    Present(bool),
    /// `{ gte = …, lt = … }`, at least one of them
    Between(Option<Value<'d>>, Option<Value<'d>>),
}

fn read_quantity(value: Value<'_>) -> Option<Quantity<'_>> {
    let mut table = value.table()?;
    let (gte, lt, present) = (table.optional("gte"), table.optional("lt"), table.optional("present"));
    table.done();
    match (gte, lt, present) {
        (None, None, Some(present)) => present.flag().map(Quantity::Present),
        (gte, lt, None) if gte.is_some() || lt.is_some() => Some(Quantity::Between(gte, lt)),
        _ => {
            value.fault("takes { gte = … }, { lt = … }, both, or { present = … }");
            None
        }
    }
}

fn ordered(value: &Value<'_>, least: Option<i64>, below: Option<i64>) -> bool {
    let possible = least.zip(below).is_none_or(|(least, below)| least < below);
    if !possible {
        value.fault("can never hold: gte is not below lt");
    }
    possible
}

fn read_number(value: Value<'_>) -> Option<Test> {
    if !value.is_table() {
        return value.whole().map(|number| Test::Within(Some(number), number.checked_add(1)));
    }
    match read_quantity(value)? {
        Quantity::Present(present) => Some(Test::Present(present)),
        Quantity::Between(gte, lt) => {
            let least = bound(gte, |value| value.whole())?;
            let below = bound(lt, |value| value.whole())?;
            ordered(&value, least, below).then_some(Test::Within(least, below))
        }
    }
}

/// A bound that is absent, or read; nothing when it is there but wrong.
fn bound<T>(value: Option<Value<'_>>, read: impl Fn(&Value<'_>) -> Option<T>) -> Option<Option<T>> {
    match value {
        Some(value) => read(&value).map(Some),
        None => Some(None),
    }
}

fn read_sum(value: Value<'_>) -> Option<Test> {
    match read_quantity(value)? {
        Quantity::Present(present) => Some(Test::Present(present)),
        Quantity::Between(gte, lt) => {
            let sum = |value: &Value<'_>| value.parsed(parse_sum);
            let least = bound(gte, sum)?;
            let below = bound(lt, sum)?;
            let currency = match (&least, &below) {
                (Some((_, one)), Some((_, other))) if one != other => {
                    value.fault("compares two currencies");
                    return None;
                }
                (Some((_, currency)), _) | (None, Some((_, currency))) => currency.clone(),
                (None, None) => return None,
            };
            let (least, below) = (least.map(|(minor, _)| minor), below.map(|(minor, _)| minor));
            ordered(&value, least, below).then_some(Test::Sum(least, below, currency))
        }
    }
}

/// Reads `1000.00 CNY` as hundredths of the unit and the code.
pub(crate) fn parse_sum(text: &str) -> Result<(i64, String), &'static str> {
    const WRONG: &str = "write a sum with its currency, such as 1000.00 CNY";
    let (number, currency) = text.split_once(' ').ok_or(WRONG)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "00"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 2 || whole.len() > 15 {
        return Err(WRONG);
    }
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(WRONG);
    }
    let units: i64 = whole.parse().map_err(|_| WRONG)?;
    let hundredths: i64 = format!("{fraction:0<2}").parse().map_err(|_| WRONG)?;
    Ok((units * 100 + hundredths, currency.to_owned()))
}
