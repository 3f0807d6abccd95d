//! What a body outside is given of a case (证据包): its own matter and what bears on it. What only colleagues, other
//! bodies or other customers are concerned with stays out, and it is counted why.

use super::{Case, Matter, Referral, matter};
use crate::event::{Caused, Event};
use crate::ids::AttachmentId;
use crate::intake::Assessed;
use policy::{ClockRule, RouteRule, Stack, Start, StartFact, Stop, StopFact};
use std::collections::BTreeSet;

/// What a bundle is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Concern {
    /// A referral, by its number within the case.
    Referral(u32),
    /// A matter, by its number within the case.
    Matter(u32),
}

/// Why something stays out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LeftOut {
    /// Notes, assignments, approvals and reminders of the operator's own people.
    Internal,
    /// What other bodies have in hand.
    OtherBodies,
    /// Cases of other customers.
    OtherCases,
    /// Files that are no paper of this matter.
    OtherFiles,
}

impl LeftOut {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Internal, Self::OtherBodies, Self::OtherCases, Self::OtherFiles];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::OtherBodies => "other_bodies",
            Self::OtherCases => "other_cases",
            Self::OtherFiles => "other_files",
        }
    }
}

/// How much of an event the body is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Share {
    /// All of it.
    Whole,
    /// This much.
    Part(Box<Event>),
    /// Nothing.
    Nothing(LeftOut),
}

impl Concern {
    /// `referral` or `matter`.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Referral(_) => "referral",
            Self::Matter(_) => "matter",
        }
    }

    /// Its number within the case.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Referral(n) | Self::Matter(n) => n,
        }
    }

    /// The referral, if it is one.
    #[must_use]
    pub fn referral(self, case: &Case) -> Option<&Referral> {
        case.referrals.iter().find(|one| self == Self::Referral(one.id))
    }

    /// The matter, if it is one.
    #[must_use]
    pub fn matter(self, case: &Case) -> Option<&Matter> {
        case.matters.iter().find(|one| self == Self::Matter(one.id))
    }

    /// Whether the case has it.
    #[must_use]
    pub fn is_in(self, case: &Case) -> bool {
        self.referral(case).is_some() || self.matter(case).is_some()
    }

    /// The way it goes, where the rules know one.
    #[must_use]
    pub fn route<'r>(self, case: &Case, rules: &'r Stack) -> Option<&'r RouteRule> {
        match (self.referral(case), self.matter(case)) {
            (Some(referral), _) => rules.route(&referral.route),
            (_, Some(matter)) => rules.route(matter::route(&matter.owner)?),
            (None, None) => None,
        }
    }

    /// The files that are papers of it, or prove that a letter went out or arrived.
    #[must_use]
    pub fn papers<'e>(self, case: &Case, events: impl Iterator<Item = &'e Event>) -> BTreeSet<AttachmentId> {
        let steps = self.referral(case).into_iter().flat_map(|one| one.steps.iter().filter_map(|step| step.document));
        let theirs = self.matter(case).into_iter().flat_map(|one| one.steps.iter().filter_map(|step| step.document));
        let letters = events.filter_map(|event| match event {
            Event::LetterIssued { document, .. } | Event::LetterDelivered { document, .. } => *document,
            _ => None,
        });
        steps.chain(theirs).chain(letters).collect()
    }

    /// Whether a clock bears on it: any but those that only another body's matter starts and stops.
    #[must_use]
    pub fn has_clock(self, case: &Case, rule: Option<&ClockRule>) -> bool {
        let Some(rule) = rule else { return true };
        let route = match (self.referral(case), self.matter(case)) {
            (Some(referral), _) => Some(referral.route.as_str()),
            (_, Some(matter)) => matter::route(&matter.owner),
            (None, None) => None,
        };
        let mine = |start: &Start| match start {
            Start::Stage(stage) => Some(stage.route.as_str()) == route,
            Start::Fact(StartFact::HandedOff) => matches!(self, Self::Matter(_)),
            Start::Fact(_) | Start::Expiry(_) | Start::Letter(_) | Start::Outside => true,
        };
        rule.start.iter().any(mine)
    }

    /// Whether a clock is one of its stages, and not only of the case.
    #[must_use]
    pub(super) fn is_of_route(self, route: &str, rule: &ClockRule) -> bool {
        let matter = matches!(self, Self::Matter(_));
        let starts = rule.start.iter().any(|start| match start {
            Start::Stage(stage) => stage.route == route,
            Start::Fact(fact) => matter && *fact == StartFact::HandedOff,
            _ => false,
        });
        starts
            || rule.stop.iter().any(|stop| match stop {
                Stop::Stage(stage) => stage.route == route,
                Stop::Fact(fact) => matter && *fact == StopFact::FedBack,
                Stop::Letter(_) => false,
            })
    }

    /// Takes out of a case what the body is not given. What is left is for showing; clocks are counted with the whole.
    pub fn cut(self, case: &mut Case, rules: &Stack, papers: &BTreeSet<AttachmentId>) {
        let mine = case.clone();
        case.clocks.retain(|clock| self.has_clock(&mine, rules.clock(&clock.rule)));
        case.referrals.retain(|one| self == Self::Referral(one.id));
        case.matters.retain(|one| self == Self::Matter(one.id));
        case.attachments.retain(|file| papers.contains(&file.id));
        case.record.external.retain(|one| self.is_number(&mine, &one.owner, &one.number));
        case.record.assessment = Assessed::default();
        case.record.contact_record = None;
        case.opened.retain(|(route, _)| self.route(&mine, rules).is_some_and(|own| own.head.id == *route));
        case.promises.retain(|one| one.origin.is_none());
        for one in &mut case.compensations {
            (one.reason, one.remark, one.unlike, one.similar) = (None, None, None, None);
            (one.verified, one.recovery) = (None, None);
        }
        for one in &mut case.reviews {
            one.reason = None;
        }
        case.readings.clear();
        case.invitations.clear();
        case.absorbed.clear();
        case.links.clear();
        case.incident = None;
        case.legal_holds.clear();
        case.orders.clear();
        case.rulings.clear();
        case.ownership = None;
        (case.merged_into, case.proposal, case.void_asked_by) = (None, None, None);
    }

    /// Whether a number is the one the body has for it.
    fn is_number(self, case: &Case, owner: &str, number: &str) -> bool {
        self.matter(case).is_some_and(|one| one.owner == owner && one.number.as_deref() == Some(number))
    }

    /// How much of an event of the case the body is given. `papers` are those of [`Self::papers`].
    #[must_use]
    pub fn share(self, case: &Case, rules: &Stack, papers: &BTreeSet<AttachmentId>, event: &Event) -> Share {
        let clock = |rule: &str| match self.has_clock(case, rules.clock(rule)) {
            true => Share::Whole,
            false => Share::Nothing(LeftOut::OtherBodies),
        };
        let theirs = |mine: bool| if mine { Share::Whole } else { Share::Nothing(LeftOut::OtherBodies) };
        match event {
            Event::Registered { .. }
            | Event::Classified { .. }
            | Event::Graded { .. }
            | Event::Approved { .. }
            | Event::CauseSet { .. }
            | Event::Voided { .. }
            | Event::PromiseKept { .. }
            | Event::Contacted { .. }
            | Event::CompensationProposed { .. }
            | Event::CompensationApproved { .. }
            | Event::CompensationVerified { .. }
            | Event::ReviewDecided { .. }
            | Event::CompensationRefused { .. } => {
                let part = self.trimmed(case, event);
                if part == *event { Share::Whole } else { Share::Part(Box::new(part)) }
            }
            Event::EffectTaken { rule, from, binding, did } => {
                let told = |one: &Caused| matches!(one, Caused::Notify(_) | Caused::Raise(_) | Caused::NewsKept(_));
                let other = |one: &Caused| matches!(one, Caused::Route(to) if self.route(case, rules).is_none_or(|own| own.head.id != *to));
                let kept: Vec<Caused> = did.iter().filter(|one| !told(one) && !other(one)).cloned().collect();
                match kept.len() {
                    0 => Share::Nothing(LeftOut::Internal),
                    n if n == did.len() => Share::Whole,
                    _ => {
                        let (rule, from, binding) = (rule.clone(), *from, *binding);
                        Share::Part(Box::new(Event::EffectTaken { rule, from, binding, did: kept }))
                    }
                }
            }
            Event::ClockStarted { rule, .. }
            | Event::ClockMoved { rule, .. }
            | Event::ClockStopped { rule, .. }
            | Event::ClockPaused { rule, .. }
            | Event::ClockResumed { rule, .. } => clock(rule),
            Event::Attached { id, .. } if papers.contains(id) => Share::Whole,
            Event::Attached { .. } => Share::Nothing(LeftOut::OtherFiles),
            Event::HandedOff { owner, number, .. } => theirs(self.is_number(case, owner, number)),
            Event::RegulatorFedBack { matter, .. } | Event::RegulatorActed { matter, .. } => {
                theirs(self == Self::Matter(*matter))
            }
            Event::Referred { referral, .. } | Event::ReferralMoved { referral, .. } => {
                theirs(self == Self::Referral(*referral))
            }
            Event::Assigned { .. }
            | Event::Order { .. }
            | Event::Ownership { .. }
            | Event::Noted { .. }
            | Event::TicketChanged { .. }
            | Event::Advised { .. }
            | Event::Mentioned { .. }
            | Event::Proposed { .. }
            | Event::SentBack { .. }
            | Event::Warned { .. }
            | Event::SurveyInvited { .. }
            | Event::CompensationSent { .. }
            | Event::RecoverySettled { .. }
            | Event::ReadingAsked { .. }
            | Event::ReadingReleased { .. }
            | Event::ReadingReturned { .. }
            | Event::VoidRequested { .. }
            | Event::VoidRefused { .. }
            | Event::LegalHoldPlaced { .. }
            | Event::LegalHoldLifted { .. } => Share::Nothing(LeftOut::Internal),
            Event::Merged { .. }
            | Event::Absorbed { .. }
            | Event::ClockInherited { .. }
            | Event::PromiseInherited { .. }
            | Event::MergedAnswered { .. }
            | Event::MergedWaits { .. }
            | Event::AnswerLapsed {}
            | Event::Linked { .. }
            | Event::IncidentJoined { .. }
            | Event::IncidentLeft { .. } => Share::Nothing(LeftOut::OtherCases),
            Event::CalendarChanged { .. }
            | Event::Accepted {}
            | Event::Restored { .. }
            | Event::Replied { .. }
            | Event::SatisfactionAsked { .. }
            | Event::SatisfactionRecorded { .. }
            | Event::Confirmed { .. }
            | Event::MessageWritten { .. }
            | Event::MessageMoved { .. }
            | Event::Closed {}
            | Event::Reopened { .. }
            | Event::Supplemented { .. }
            | Event::ProgressNotified { .. }
            | Event::ProgressAgreed { .. }
            | Event::Promised { .. }
            | Event::PromiseBroken { .. }
            | Event::Suspended { .. }
            | Event::Resumed { .. }
            | Event::Disputed { .. }
            | Event::Declined { .. }
            | Event::Withdrawn { .. }
            | Event::HoldPlaced { .. }
            | Event::HoldLifted { .. }
            | Event::LetterIssued { .. }
            | Event::LetterDelivered { .. }
            | Event::Converted { .. }
            | Event::DeadlockDeclared { .. }
            | Event::Unreachable { .. }
            | Event::CalledBack { .. }
            | Event::ReviewOpened { .. }
            | Event::CompensationFailed { .. }
            | Event::CompensationPaid { .. }
            | Event::CompensationEnded { .. }
            | Event::Moved { .. } => Share::Whole,
        }
    }

    /// An event without the remarks of colleagues and the numbers of other bodies.
    fn trimmed(self, case: &Case, event: &Event) -> Event {
        let mut part = event.clone();
        match &mut part {
            Event::Registered { record, .. } => {
                record.external.retain(|one| self.is_number(case, &one.owner, &one.number));
                record.assessment = Assessed::default();
                record.contact_record = None;
            }
            Event::Classified { reason, .. } | Event::Graded { reason, .. } => *reason = None,
            // What other customers got is nobody else's business.
            Event::CompensationProposed { reason, similar, unlike, .. } => {
                (*reason, *similar, *unlike) = (None, None, None);
            }
            Event::CompensationVerified { finding, claim, .. } => {
                *finding = crate::free_text::FreeText::Plain(String::new());
                *claim = None;
            }
            Event::ReviewDecided { reason, .. } => *reason = crate::free_text::FreeText::Plain(String::new()),
            Event::Approved { remark }
            | Event::CauseSet { remark, .. }
            | Event::Voided { remark }
            | Event::PromiseKept { remark, .. }
            | Event::CompensationApproved { remark, .. } => *remark = None,
            Event::CompensationRefused { remark, .. } => *remark = crate::free_text::FreeText::Plain(String::new()),
            // The number that was tried may be somebody else's; what was noted of the call is for colleagues.
            Event::Contacted { number, summary, .. } => (*number, *summary) = (None, None),
            _ => {}
        }
        part
    }
}
