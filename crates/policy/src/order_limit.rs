//! Limits of work orders: what a pack of practice gives a unit to take an order up, to call the customer, to come, to
//! answer, and an arbiter to rule. They are the operator's own and lie within the limits of the case; whoever sends an
//! order may name others.

use crate::basis::Tier;
use crate::calendar::Calendar;
use crate::code::codes;
use crate::counting::Counting;
use crate::deadline::{due_at, due_paused};
use crate::document::{Table, Value};
use crate::duration::Amount;
use crate::explain::{Explanation, Note, Step};
use crate::rule::RuleHead;
use jiff::Timestamp;
use jiff::civil::Time;
use serde::Serialize;

codes! {
    /// What is limited.
    pub OrderFor {
        /// 派单: an order to look into the matter or do something.
        Handle = "handle",
        /// 会审: an opinion of several units.
        JointReview = "joint_review",
        /// 上门: a visit to the customer.
        Visit = "visit",
        /// 督办: seeing to it that the case moves.
        Supervise = "supervise",
        /// 归属裁定: saying whose case it is.
        Ruling = "ruling",
    }
}

codes! {
    /// From when an answer is counted.
    pub OrderFrom {
        /// When the order went out, or the question was put.
        Sent = "sent",
        /// The first receipt of the case, or its being taken up again.
        Received = "received",
    }
}

codes! {
    /// One figure of a rule.
    pub OrderFigure {
        /// To be answered by.
        Reply = "reply",
        /// To be taken up by.
        Accept = "accept",
        /// The customer is called, and a visit agreed, by.
        Contact = "contact",
        /// How long after the time agreed an arrival is still in time.
        Arrive = "arrive",
        /// Until when an answer stands in for an arrival nobody recorded.
        Answered = "answered",
    }
}

/// Limits of work orders of some kinds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderLimitRule {
    /// What every rule has; its cases are those whose orders it is for.
    #[serde(flatten)]
    pub head: RuleHead,
    /// The kinds of order.
    pub kind: Vec<OrderFor>,
    /// How long a unit has to take it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_within: Option<Amount>,
    /// How long it has to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_within: Option<Amount>,
    /// What comes in before this time of day is answered by the end of the day, later by the end of the next.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "clock_face")]
    pub same_day_before: Option<Time>,
    /// From when the answer is counted.
    pub from: OrderFrom,
    /// How long until the customer is called and a visit agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_within: Option<Amount>,
    /// How long after the time agreed an arrival is still in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrive_within: Option<Amount>,
    /// How long after it an answer stands in for an arrival nobody recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_within: Option<Amount>,
}

// The signature is serde's.
#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn clock_face<S: serde::Serializer>(time: &Option<Time>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(&time.strftime("%H:%M")),
        None => serializer.serialize_none(),
    }
}

impl OrderLimitRule {
    /// Reads one `[[order_limit]]`.
    pub(crate) fn read(mut table: Table<'_>, tier: Option<Tier>) -> Option<Self> {
        let head = RuleHead::read(&mut table, tier);
        let kind = table.needed("kind").and_then(|value| value.codes::<OrderFor>());
        let accept_within = table.maybe("accept_within", amount);
        let reply_within = table.maybe("reply_within", amount);
        let same_day_before = table.maybe("same_day_before", |value| value.parsed(time_of_day));
        let from = table.maybe("from", |value| value.code::<OrderFrom>());
        let contact_within = table.maybe("contact_within", amount);
        let arrive_within = table.maybe("arrive_within", momentary);
        let answered_within = table.maybe("answered_within", momentary);
        table.done();
        if tier.is_some_and(|tier| tier != Tier::Practice) {
            table.fault("what units ask of each other is the operator's own: it belongs into a pack of layer practice");
            return None;
        }
        let from_given = from?;
        let rule = Self {
            head: head?,
            kind: kind?,
            accept_within: accept_within?,
            reply_within: reply_within?,
            same_day_before: same_day_before?,
            from: from_given.unwrap_or(OrderFrom::Sent),
            contact_within: contact_within?,
            arrive_within: arrive_within?,
            answered_within: answered_within?,
        };
        let fault = rule.fault(from_given.is_some());
        if let Some(fault) = fault {
            table.fault(fault);
        }
        fault.is_none().then_some(rule)
    }

    /// What makes no sense together.
    fn fault(&self, from_given: bool) -> Option<&'static str> {
        let answers = self.reply_within.is_some() || self.same_day_before.is_some();
        let visits = self.contact_within.is_some() || self.arrive_within.is_some() || self.answered_within.is_some();
        if self.reply_within.is_some() && self.same_day_before.is_some() {
            Some("`reply_within` and `same_day_before` both say when an order is answered; write one of them")
        } else if from_given && !answers {
            Some("`from` says from when an answer is counted: it goes with `reply_within` or `same_day_before`")
        } else if visits && self.kind != [OrderFor::Visit] {
            Some("`contact_within`, `arrive_within` and `answered_within` are for visits: write `kind = \"visit\"`")
        } else if self.kind.contains(&OrderFor::Ruling)
            && (self.accept_within.is_some() || self.same_day_before.is_some())
        {
            Some("of a ruling only `reply_within` can be limited")
        } else if self.answered_within.is_some() && self.arrive_within.is_none() {
            Some("`answered_within` stands in for an arrival: it goes with `arrive_within`")
        } else if self.figures().next().is_none() {
            Some(
                "limits nothing: name one of `accept_within`, `reply_within`, `same_day_before`, `contact_within`, `arrive_within`",
            )
        } else {
            None
        }
    }

    /// The figures it has.
    pub fn figures(&self) -> impl Iterator<Item = OrderFigure> + '_ {
        OrderFigure::ALL.iter().copied().filter(|figure| self.has(*figure))
    }

    /// Whether it has a figure.
    #[must_use]
    pub fn has(&self, figure: OrderFigure) -> bool {
        match figure {
            OrderFigure::Reply => self.reply_within.is_some() || self.same_day_before.is_some(),
            OrderFigure::Accept => self.accept_within.is_some(),
            OrderFigure::Contact => self.contact_within.is_some(),
            OrderFigure::Arrive => self.arrive_within.is_some(),
            OrderFigure::Answered => self.answered_within.is_some(),
        }
    }

    /// Length of time of a figure that begins at a moment, and whether the time of day decided it.
    fn amount(&self, figure: OrderFigure, from: Timestamp, calendar: &Calendar) -> Option<(Amount, Option<Note>)> {
        let amount = match figure {
            OrderFigure::Accept => self.accept_within,
            OrderFigure::Contact => self.contact_within,
            OrderFigure::Arrive => self.arrive_within,
            OrderFigure::Answered => self.answered_within,
            OrderFigure::Reply => match self.same_day_before {
                None => self.reply_within,
                Some(turn) => {
                    let in_time = calendar.zone().to_datetime(from).time() < turn;
                    let note = Note::SameDay { before: turn.strftime("%H:%M").to_string(), in_time };
                    return Some((Amount::CalendarDays(u32::from(!in_time)), Some(note)));
                }
            },
        };
        Some((amount?, None))
    }

    /// The last moment of a figure that begins at a moment.
    #[must_use]
    pub fn due_at(&self, figure: OrderFigure, from: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        let (amount, _) = self.amount(figure, from, calendar)?;
        Some(due_at(from, amount, &Counting::usual(amount), calendar))
    }

    /// The same with everything that led there.
    pub(crate) fn explain(&self, figure: OrderFigure, from: Timestamp, calendar: &Calendar) -> Option<Explanation> {
        let (amount, note) = self.amount(figure, from, calendar)?;
        let mut explanation = due_paused(from, amount, &Counting::usual(amount), calendar, &[]).explanation;
        explanation.notes.extend(note);
        // Of the day itself nothing is left out.
        if amount.count() == 0 {
            explanation.steps.retain(|step| !matches!(step, Step::FirstDayExcluded { .. }));
        }
        explanation.notes.extend(self.head.note.clone().map(|text| Note::Interpretation { text }));
        Some(explanation)
    }

    /// Its plain lengths of time, for what is proved about each.
    pub(crate) fn amounts(&self) -> impl Iterator<Item = Amount> {
        [self.reply_within, self.accept_within, self.contact_within, self.arrive_within, self.answered_within]
            .into_iter()
            .flatten()
    }

    /// Whether it says everything another says, for all its orders, as far as their form shows it.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let kinds = other.kind.iter().all(|kind| self.kind.contains(kind));
        let figures = other.figures().all(|figure| self.has(figure));
        let unless = self.head.unless.is_none() || self.head.unless == other.head.unless;
        let version = self.head.version.is_none() || self.head.version == other.head.version;
        kinds && figures && unless && version && self.head.applies.covers(&other.head.applies)
    }
}

fn amount(value: Value<'_>) -> Option<Amount> {
    value.parsed(str::parse::<Amount>)
}

/// What is counted from the end of a visit's time is counted by the clock, not by the day.
fn momentary(value: Value<'_>) -> Option<Amount> {
    let amount = amount(value)?;
    if !matches!(amount, Amount::Minutes(_) | Amount::Hours(_)) {
        value.fault("is counted by the clock: write minutes or hours, such as 30min or 2h");
        return None;
    }
    Some(amount)
}

fn time_of_day(text: &str) -> Result<Time, &'static str> {
    let fits = text.len() == 5 && text.as_bytes().get(2) == Some(&b':');
    let time = Time::strptime("%H:%M", text).ok().filter(|time| fits && *time != Time::midnight());
    time.ok_or("write a time of day such as 16:00")
}
