//! Keeping and erasing (留存与删除): whether what belongs to a person may, must or must not be erased at a moment. Pure:
//! told what the cases of one person are and what rules say, it decides the same for a plan, for its carrying out and for
//! whoever erases by hand.
//!
//! A request of a person about their own data is no complaint file: that it was carried out is proved by the certificate,
//! so no minimum of complaint files keeps it.

use crate::case::{Case, Matter, State, grade, matter};
use crate::taxonomy::Taxonomy;
use jiff::Timestamp;
use policy::{Begun, Held, Kept, Layer, RecordClass, Stack};
use serde::{Deserialize, Serialize};

/// Why a case keeps its person from being erased, whatever times of keeping say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stay {
    /// Somebody still works on it.
    Open,
    /// It was merged, and its customer waits for an answer or a promise.
    Unanswered,
    /// It was merged into a case that stays for a reason of its own.
    Lead,
    /// A legal hold lasts.
    LegalHold,
    /// A rule holds its records.
    RecordsHold,
    /// Another body has a matter in hand.
    Matter,
    /// A referral is under way.
    Referral,
}

impl Stay {
    /// Every reason.
    pub const ALL: [Self; 7] =
        [Self::Open, Self::Unanswered, Self::Lead, Self::LegalHold, Self::RecordsHold, Self::Matter, Self::Referral];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unanswered => "unanswered",
            Self::Lead => "lead",
            Self::LegalHold => "legal_hold",
            Self::RecordsHold => "records_hold",
            Self::Matter => "matter",
            Self::Referral => "referral",
        }
    }
}

/// A minimum or maximum of a case, with the rule behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Last moment.
    pub at: Timestamp,
    /// The rule.
    pub rule: String,
    /// The pack it stands in.
    pub pack: String,
    /// Version of the pack.
    pub version: String,
    /// Whether it is of the layer of the law.
    pub law: bool,
}

impl Limit {
    fn of(kept: &Kept<'_>, at: Timestamp) -> Self {
        Self {
            at,
            rule: kept.rule.head.id.clone(),
            pack: kept.pack.id().to_owned(),
            version: kept.pack.version().to_owned(),
            law: kept.rule.head.layer == Layer::Law,
        }
    }
}

/// What one case says about the keeping of its person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keeping {
    /// Its number.
    pub number: String,
    /// Why nothing of it may be erased now.
    pub stays: Vec<Stay>,
    /// The minimum that ends last.
    pub least: Option<Limit>,
    /// The minimum of the law that ends last.
    pub least_of_law: Option<Limit>,
    /// The maximum that ends first.
    pub most: Option<Limit>,
    /// Whether it is a request to be erased that was granted to somebody known, answered and closed.
    pub asks: bool,
}

/// Why somebody is to be erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ground {
    /// The longest time of keeping is over for every case.
    Maximum {
        /// The maximum that ended last.
        limit: Limit,
    },
    /// The person asked.
    Request {
        /// Number of the case that is the request.
        case: String,
    },
}

/// What is to become of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that belongs to them is to be erased.
    Due(Ground),
    /// Something is under way or held.
    Held,
    /// A minimum has not passed.
    Until(Limit),
    /// Nothing forbids it, and nothing asks for it.
    Unasked,
}

/// What a case says about the keeping of its person: by the rules that govern it and by those in force today. `leads` are
/// the case it was merged into and whatever that went up in, each with the rules that govern it.
#[must_use]
pub fn keeping(case: &Case, rules: &Stack, today: &Stack, taxonomy: &Taxonomy, leads: &[(Case, Stack)]) -> Keeping {
    let request = is_request(case);
    let limits = limits(case, rules, today, taxonomy);
    let ends = |limit: Option<&Timestamp>, kept: &Kept<'_>| limit.map(|at| Limit::of(kept, *at));
    let least = || {
        let counts = |kept: &&Kept<'_>| !request || kept.rule.class != RecordClass::Complaint;
        limits.iter().filter(counts).filter_map(|kept| ends(kept.at_least.as_ref(), kept))
    };
    let files = limits.iter().filter(|kept| kept.rule.class == RecordClass::Complaint);
    Keeping {
        number: case.number.clone(),
        stays: stays(case, rules, leads),
        least: least().max_by_key(|limit| limit.at),
        least_of_law: least().filter(|limit| limit.law).max_by_key(|limit| limit.at),
        most: files.filter_map(|kept| ends(kept.at_most.as_ref(), kept)).min_by_key(|limit| limit.at),
        asks: is_granted(case),
    }
}

/// Whether a case is a request of a person about their own data. What kind of contact it has become since does not count:
/// only a service request begins as one, and a rule may make a slow one a complaint.
#[must_use]
pub fn is_request(case: &Case) -> bool {
    case.record.subject_request.is_some()
}

/// Whether somebody asks to be erased.
#[must_use]
pub fn asks_erasure(case: &Case) -> bool {
    case.record.subject_request.as_deref() == Some("erasure")
}

/// Requests that, while they wait, have the person's data used for nothing but what they are about.
const RESTRICTING: [&str; 4] = ["restriction", "objection", "erasure", "rectification"];

/// Whether a request of the person waits that restricts the use of their data: nobody has answered it, or an erasure was
/// granted and is not carried out yet.
#[must_use]
pub fn restricts(case: &Case) -> bool {
    let asked = case.record.subject_request.as_deref();
    asked.is_some_and(|asked| RESTRICTING.contains(&asked)) && (case.state.is_open() || is_granted(case))
}

/// Whether a request to be erased was granted: the approved outcome of the round it was closed in says so, the person was
/// told, and it is known who they are. A log from before outcomes said it grants nothing.
fn is_granted(case: &Case) -> bool {
    let outcome = case.proposal.as_ref().filter(|_| case.approved);
    asks_erasure(case)
        && case.state == State::Closed
        && outcome.is_some_and(|proposal| proposal.grants == Some(true))
        && case.reply.is_some()
        && case.record.identity_verified
        && !case.record.anonymous
}

/// Every rule of both stacks that is about records of the case, counted; one that stands in both counts once.
fn limits<'s>(case: &Case, rules: &'s Stack, today: &'s Stack, taxonomy: &Taxonomy) -> Vec<Kept<'s>> {
    let ended = case.closed_at.unwrap_or(case.changed_at);
    let recorded = |of: Option<Timestamp>| Begun {
        received: case.received_at,
        closed: ended,
        recorded: of.unwrap_or(case.changed_at),
    };
    let recording = case.attachments.iter().filter(|file| file.media.starts_with("audio/"));
    let recording = recording.map(|file| file.at).max();
    let mut found: Vec<Kept<'s>> = Vec::new();
    for stack in [rules, today] {
        let facts = grade::facts(case, stack, taxonomy);
        let files = stack.kept(RecordClass::Complaint, &facts, case.grade, &recorded(None));
        let calls = recording.map(|at| stack.kept(RecordClass::CallRecording, &facts, case.grade, &recorded(Some(at))));
        for kept in files.into_iter().chain(calls.into_iter().flatten()) {
            let known =
                |other: &Kept<'_>| other.pack.hash() == kept.pack.hash() && other.rule.head.id == kept.rule.head.id;
            if !found.iter().any(known) {
                found.push(kept);
            }
        }
    }
    found
}

fn stays(case: &Case, rules: &Stack, leads: &[(Case, Stack)]) -> Vec<Stay> {
    let merged = case.state == State::Merged;
    let records = case.holds.iter().filter(|hold| hold.lasts());
    let under_way = |matter: &Matter| matches!(matter.stage, matter::Stage::Admitted | matter::Stage::Mediation);
    let mut found = Vec::new();
    let mut say = |holds: bool, stay: Stay| {
        if holds {
            found.push(stay);
        }
    };
    say(case.state.is_open(), Stay::Open);
    say(merged && (case.reply.is_none() || case.open_promises().next().is_some()), Stay::Unanswered);
    say(leads.iter().any(|(lead, rules)| !stays(lead, rules, &[]).is_empty()), Stay::Lead);
    say(case.lasting_legal_holds().next().is_some(), Stay::LegalHold);
    // What was merged is held by the case it went up in; its own hold has nobody who would end it.
    say(!merged && records.flat_map(|hold| &hold.holds).any(|held| *held == Held::Records), Stay::RecordsHold);
    say(case.matters.iter().any(|one| one.owes_feedback() || under_way(one)), Stay::Matter);
    say(case.referrals.iter().any(|one| !one.is_over(rules)), Stay::Referral);
    found
}

/// What is to become of a person whose cases these are.
#[must_use]
pub fn judge(cases: &[Keeping], now: Timestamp) -> Verdict {
    if cases.iter().any(|case| !case.stays.is_empty()) {
        return Verdict::Held;
    }
    let least = cases.iter().filter_map(|case| case.least.as_ref()).max_by_key(|limit| limit.at);
    if let Some(limit) = least.filter(|limit| limit.at >= now) {
        return Verdict::Until(limit.clone());
    }
    if let Some(request) = cases.iter().find(|case| case.asks) {
        return Verdict::Due(Ground::Request { case: request.number.clone() });
    }
    let most: Option<Vec<&Limit>> = cases.iter().map(|case| case.most.as_ref()).collect();
    match most.unwrap_or_default().into_iter().max_by_key(|limit| limit.at) {
        Some(limit) if limit.at < now => Verdict::Due(Ground::Maximum { limit: limit.clone() }),
        _ => Verdict::Unasked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limit(day: i64) -> Limit {
        let at = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * day);
        Limit { at, rule: "r".into(), pack: "p".into(), version: "1".into(), law: false }
    }

    prop_compose! {
        fn a_case()(
            stay in prop::option::weighted(0.2, 0..Stay::ALL.len()),
            least in prop::option::of(0_i64..100),
            most in prop::option::of(0_i64..100),
            asks in prop::bool::weighted(0.3),
        ) -> Keeping {
            Keeping {
                number: "TS-1".into(),
                stays: stay.and_then(|place| Stay::ALL.get(place).copied()).into_iter().collect(),
                least: least.map(limit),
                most: most.map(limit),
                asks,
                ..Keeping::default()
            }
        }
    }

    proptest! {
        #[test]
        fn nobody_is_due_before_every_minimum_or_while_anything_holds(
            cases in prop::collection::vec(a_case(), 0..5), day in 0_i64..120,
        ) {
            let now = limit(day).at;
            if let Verdict::Due(ground) = judge(&cases, now) {
                prop_assert!(cases.iter().all(|case| case.stays.is_empty()));
                prop_assert!(cases.iter().filter_map(|case| case.least.as_ref()).all(|limit| limit.at < now));
                match ground {
                    Ground::Request { .. } => prop_assert!(cases.iter().any(|case| case.asks)),
                    Ground::Maximum { .. } => {
                        prop_assert!(!cases.is_empty());
                        prop_assert!(cases.iter().all(|case| case.most.as_ref().is_some_and(|most| most.at < now)));
                    }
                }
            }
        }
    }

    #[test]
    fn each_reason_has_its_verdict() {
        let at = |day| limit(day).at;
        let case = |least: Option<i64>, most: Option<i64>, asks| Keeping {
            number: "TS-1".into(),
            least: least.map(limit),
            most: most.map(limit),
            asks,
            ..Keeping::default()
        };
        let held = Keeping { stays: vec![Stay::LegalHold], ..case(None, Some(1), true) };
        assert_eq!(judge(&[held], at(9)), Verdict::Held);
        assert_eq!(judge(&[case(Some(9), Some(1), true)], at(5)), Verdict::Until(limit(9)));
        assert_eq!(
            judge(&[case(Some(5), Some(5), false)], at(5)),
            Verdict::Until(limit(5)),
            "its last moment is its own"
        );
        assert_eq!(judge(&[case(Some(3), None, false)], at(5)), Verdict::Unasked);
        assert_eq!(
            judge(&[case(None, Some(3), false), case(None, Some(4), false)], at(5)),
            Verdict::Due(Ground::Maximum { limit: limit(4) })
        );
        assert_eq!(judge(&[case(None, Some(3), false), case(None, Some(9), false)], at(5)), Verdict::Unasked);
        assert_eq!(judge(&[case(None, None, true)], at(5)), Verdict::Due(Ground::Request { case: "TS-1".into() }));
        assert_eq!(judge(&[], at(5)), Verdict::Unasked);
    }
}
