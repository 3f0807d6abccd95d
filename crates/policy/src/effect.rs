//! Effects: what happens by itself when a clock starts, nears its end, runs out or stops, or when something happens to
//! the case. A closed list of things to do; nothing here is a script.

use crate::basis::Tier;
use crate::calendar::Calendar;
use crate::clock::{StartFact, StopFact};
use crate::code::codes;
use crate::counting::Counting;
use crate::deadline::earlier;
use crate::document::{Table, Value};
use crate::duration::Amount;
use crate::grade::Grade;
use crate::rule::RuleHead;
use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};
use std::fmt;

codes! {
    /// Whom an effect tells.
    pub Told {
        /// Whoever has the case.
        Holder = "holder",
        /// Who supervises the holder's unit.
        Supervisor = "supervisor",
        /// Quality inspection.
        Quality = "quality",
        /// Compliance, who face the regulator.
        Compliance = "compliance",
    }
}

/// The moment of an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// A clock starts: `start:<clock>`.
    Start(String),
    /// A clock's last moment, or so long before or after it: `due:<clock>`, `due:<clock>-2bd`, `due:<clock>+10bd`.
    Due {
        /// The clock.
        clock: String,
        /// Whether the amount is taken off.
        before: bool,
        /// How far from it.
        by: Option<Amount>,
    },
    /// A clock has run out: `breach:<clock>`.
    Breach(String),
    /// It is known that a clock will run out, or will have so long before: `forecast:<clock>`, `forecast:<clock>+10bd`.
    /// Who waits with a case until after that moment knows it; at the latest it is known then.
    Forecast {
        /// The clock.
        clock: String,
        /// How long after its last moment.
        by: Option<Amount>,
    },
    /// A clock is stopped: `stop:<clock>`.
    Stop(String),
    /// Something happens to the case: `event:<fact>`, a fact that starts or stops clocks.
    Event(&'static str),
}

impl At {
    /// The clock it hangs on.
    #[must_use]
    pub fn clock(&self) -> Option<&str> {
        match self {
            Self::Start(clock)
            | Self::Breach(clock)
            | Self::Stop(clock)
            | Self::Due { clock, .. }
            | Self::Forecast { clock, .. } => Some(clock),
            Self::Event(_) => None,
        }
    }

    /// When it comes about, for a clock that is due then; of a forecast, at the latest. Nothing for what happens with a
    /// fact.
    #[must_use]
    pub fn moment(&self, due_at: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        let after = |at: Timestamp| at.checked_add(SignedDuration::from_micros(1)).ok();
        let later = |by: Amount| crate::deadline::due_at(due_at, by, &Counting::usual(by), calendar);
        match self {
            Self::Due { before: true, by: Some(by), .. } => Some(earlier(due_at, *by, calendar)),
            Self::Due { before: false, by: Some(by), .. } => Some(later(*by)),
            Self::Due { by: None, .. } => Some(due_at),
            // The limit itself is still in time.
            Self::Breach(_) => after(due_at),
            Self::Forecast { by, .. } => after(by.map_or(due_at, later)),
            Self::Start(_) | Self::Stop(_) | Self::Event(_) => None,
        }
    }

    fn read(value: &Value<'_>) -> Option<Self> {
        const TAKES: &str = "takes start:, due:, forecast:, breach: or stop: with a clock, or event: with a fact";
        let Some((kind, rest)) = value.string()?.split_once(':') else {
            value.fault(TAKES);
            return None;
        };
        match kind {
            "start" => Some(Self::Start(rest.to_owned())),
            "breach" => Some(Self::Breach(rest.to_owned())),
            "stop" => Some(Self::Stop(rest.to_owned())),
            "due" => due(value, rest),
            "forecast" => match due(value, rest)? {
                At::Due { clock, before: false, by } => Some(Self::Forecast { clock, by }),
                _ => {
                    value.fault("looks at a clock's last moment or later, such as forecast:answer+10bd");
                    None
                }
            },
            "event" => event(value, rest),
            _ => {
                value.fault(TAKES);
                None
            }
        }
    }
}

/// `clock`, `clock-2bd` or `clock+10bd`; an identity may hold `-` itself, so the last one followed by an amount counts.
fn due(value: &Value<'_>, text: &str) -> Option<At> {
    let whole = |clock: &str| At::Due { clock: clock.to_owned(), before: false, by: None };
    let Some((clock, amount)) = text.rsplit_once(['-', '+']) else {
        return Some(whole(text));
    };
    let before = text.as_bytes().get(clock.len()) == Some(&b'-');
    match amount.parse::<Amount>() {
        Ok(amount) => Some(At::Due { clock: clock.to_owned(), before, by: Some(amount) }),
        Err(_) if before => Some(whole(text)),
        Err(fault) => {
            value.fault(format!("is wrong after `+`: {fault}"));
            None
        }
    }
}

fn event(value: &Value<'_>, fact: &str) -> Option<At> {
    let codes = || {
        let starts = StartFact::ALL.iter().map(|fact| fact.code());
        starts.chain(StopFact::ALL.iter().map(|fact| fact.code()))
    };
    let known = codes().find(|code| *code == fact);
    if known.is_none() {
        value.unknown("fact", fact, codes());
    }
    known.map(At::Event)
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(clock) => write!(f, "start:{clock}"),
            Self::Breach(clock) => write!(f, "breach:{clock}"),
            Self::Stop(clock) => write!(f, "stop:{clock}"),
            Self::Event(fact) => write!(f, "event:{fact}"),
            Self::Forecast { clock, by } => {
                write!(f, "forecast:{clock}")?;
                by.map_or(Ok(()), |by| write!(f, "+{by}"))
            }
            Self::Due { clock, before, by } => {
                write!(f, "due:{clock}")?;
                match by {
                    Some(by) => write!(f, "{}{by}", if *before { '-' } else { '+' }),
                    None => Ok(()),
                }
            }
        }
    }
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Tell somebody inside: `notify:<whom>`.
    Notify(Told),
    /// A letter becomes due: `letter:<letter>`.
    Letter(String),
    /// A hold is placed: `hold:<hold>`.
    Hold(String),
    /// A way to another body opens: `route:<route>`.
    Route(String),
    /// A compensation is proposed: `compensate:<compensation>`.
    Compensate(String),
    /// The grade rises at least to: `raise:<grade>`.
    Raise(Grade),
    /// The customer is told how far the matter is, by a message nobody writes: `tell:progress`.
    TellProgress,
}

impl Action {
    fn read(value: &Value<'_>) -> Option<Self> {
        let (kind, rest) = value.string()?.split_once(':').unwrap_or_default();
        let name = rest.to_owned();
        match kind {
            "notify" => value.code_of::<Told>(rest).map(Self::Notify),
            "letter" => Some(Self::Letter(name)),
            "hold" => Some(Self::Hold(name)),
            "route" => Some(Self::Route(name)),
            "compensate" => Some(Self::Compensate(name)),
            "raise" => value.code_of::<Grade>(rest).map(Self::Raise),
            "tell" if rest == "progress" => Some(Self::TellProgress),
            _ => {
                value.fault(
                    "takes notify:, letter:, hold:, route:, compensate: or raise:, each with a name, or tell:progress",
                );
                None
            }
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Notify(told) => write!(f, "notify:{}", told.code()),
            Self::Letter(id) => write!(f, "letter:{id}"),
            Self::Hold(id) => write!(f, "hold:{id}"),
            Self::Route(id) => write!(f, "route:{id}"),
            Self::Compensate(id) => write!(f, "compensate:{id}"),
            Self::Raise(grade) => write!(f, "raise:{}", grade.code()),
            Self::TellProgress => f.write_str("tell:progress"),
        }
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One effect of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectRule {
    /// What every rule has.
    #[serde(flatten)]
    pub head: RuleHead,
    /// When it happens.
    pub at: At,
    /// What is done.
    #[serde(rename = "do")]
    pub actions: Vec<Action>,
}

impl EffectRule {
    /// Reads one `[[effect]]`.
    pub(crate) fn read(mut table: Table<'_>, tier: Option<Tier>) -> Option<Self> {
        let head = RuleHead::read(&mut table, tier);
        let at = table.needed("at").and_then(|value| At::read(&value));
        let actions = table.needed("do").and_then(|value| {
            let read: Vec<Option<Action>> = value.many()?.iter().map(Action::read).collect();
            read.into_iter().collect()
        });
        table.done();
        Some(Self { head: head?, at: at?, actions: actions? })
    }
}
