//! Every command on an existing case, listed once: its verb, its shape, how it is read and how it is decided.
//! Registration begins a case and stands apart in [`crate::case::register`].

use crate::case::{self, Case, Context, Decision};
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::{self, Field};
use policy::Stack;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

macro_rules! commands {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $verb:literal => $module:ident :: $input:ident ),+ $(,)?) => {
        /// A command on an existing case.
        #[derive(Clone, Debug)]
        pub enum Command {
            $( $(#[doc = $doc])+ $variant(case::$module::$input), )+
        }

        /// All verbs with their shapes, in the order of the process.
        pub const VERBS: &[Verb] = &[ $( Verb { name: $verb, doc: concat!($($doc),+), fields: case::$module::FIELDS, offered: case::$module::offered }, )+ ];

        impl Command {
            /// The verb, as it stands in addresses and in the log.
            #[must_use]
            pub fn verb(&self) -> &'static str {
                match self { $( Self::$variant(_) => $verb, )+ }
            }

            /// Reads a command, reporting all faults at once. `None` when there is no such verb.
            #[must_use]
            pub fn read(verb: &str, body: Value) -> Option<Result<Self, Vec<Fault>>> {
                match verb {
                    $( $verb => Some(typed(body, case::$module::FIELDS).map(Self::$variant)), )+
                    _ => None,
                }
            }

            /// Decides what the command causes.
            ///
            /// # Errors
            /// A refusal that says why and what is missing.
            pub fn decide(&self, case: &Case, ctx: &Context<'_>) -> Result<Decision, Refusal> {
                match self { $( Self::$variant(input) => case::$module::decide(case, input, ctx), )+ }
            }
        }
    };
}

impl Command {
    /// Whether it is about a work order, or a word to colleagues: what somebody may do who sees the case only because an
    /// order of it lies with their unit. A dispatch is, when it splits that order.
    #[must_use]
    pub fn is_about_orders(&self) -> bool {
        match self {
            Self::Dispatch(dispatch) => dispatch.part_of.is_some(),
            other => case::order::ABOUT_ORDERS.contains(&other.verb()),
        }
    }

    /// Whether it takes an ended case up again, which then goes by what holds now.
    #[must_use]
    pub fn takes_up(&self, case: &Case, rules: &Stack) -> bool {
        match self {
            Self::Reopen(_) | Self::Refer(_) => case::reopen::offered(case),
            Self::DecideReview(review) => review.decision == "rework" && case::reopen::offered(case),
            Self::RecordStep(step) => case::record_step::takes_up(case, step, rules),
            _ => false,
        }
    }
}

/// A verb and the shape of its input.
#[derive(Debug)]
pub struct Verb {
    /// Name in addresses and in the log.
    pub name: &'static str,
    /// What it does, one English sentence.
    pub doc: &'static str,
    /// Shape of the body.
    pub fields: &'static [Field],
    /// Whether a case offers it as it stands; refusals may still follow for other reasons.
    pub offered: fn(&Case) -> bool,
}

commands! {
    /// Set the category.
    Classify = "classify" => classify::Classify,
    /// Take the case up.
    Accept = "accept" => accept::Accept,
    /// Give it to a unit or person.
    Assign = "assign" => assign::Assign,
    /// Have the routing table say where it goes.
    Route = "route" => route::Route,
    /// Set severity and urgency by hand for the first time.
    Grade = "grade" => grade::SetGrade,
    /// Change the grade, with its reason.
    Regrade = "re-grade" => regrade::Regrade,
    /// Hand the case to another unit or person, with its reason.
    Transfer = "transfer" => transfer::Transfer,
    /// Add what the customer says further.
    Supplement = "supplement" => supplement::Supplement,
    /// Record an attempt to reach the customer.
    RecordContact = "record-contact" => record_contact::RecordContact,
    /// Say that the customer cannot be reached, after as many tries as the rules ask.
    DeclareUnreachable = "declare-unreachable" => declare_unreachable::DeclareUnreachable,
    /// Write to the customer, or have them called.
    SendMessage = "send-message" => send_message::SendMessage,
    /// Tell the customer how far the matter is.
    NotifyProgress = "notify-progress" => notify_progress::NotifyProgress,
    /// Agree with the customer on how often they hear how far the matter is.
    AgreeProgress = "agree-progress" => agree_progress::AgreeProgress,
    /// Note something the customer was promised.
    Promise = "promise" => promise::Promise,
    /// Record that a promise was kept.
    KeepPromise = "keep-promise" => keep_promise::KeepPromise,
    /// Wait for somebody else, until a moment at most.
    Suspend = "suspend" => suspend::Suspend,
    /// Go on.
    Resume = "resume" => resume::Resume,
    /// Write a note for colleagues.
    Note = "note" => note::Note,
    /// Ask another unit for something, within the limits of the case.
    Dispatch = "dispatch" => dispatch::Dispatch,
    /// Take a work order up; of a copy it is the receipt.
    AcceptOrder = "accept-order" => accept_order::AcceptOrder,
    /// Say that a work order is not this unit's business.
    RefuseOrder = "refuse-order" => refuse_order::RefuseOrder,
    /// Send a work order back for what should have been done before.
    ReturnOrder = "return-order" => return_order::ReturnOrder,
    /// Hand a work order to another unit or person.
    HandOverOrder = "hand-over-order" => hand_over_order::HandOverOrder,
    /// Book a visit with the customer, or book it anew.
    BookVisit = "book-visit" => book_visit::BookVisit,
    /// Record that whoever was to visit came.
    RecordArrival = "record-arrival" => record_arrival::RecordArrival,
    /// Say how far a work order is.
    ReportOrder = "report-order" => report_order::ReportOrder,
    /// Answer a work order.
    AnswerOrder = "answer-order" => answer_order::AnswerOrder,
    /// Send the answer to a work order back.
    BounceOrder = "bounce-order" => bounce_order::BounceOrder,
    /// Press for a work order.
    UrgeOrder = "urge-order" => urge_order::UrgeOrder,
    /// Ask for more time for a work order.
    AskExtension = "ask-extension" => ask_extension::AskExtension,
    /// Decide about more time.
    DecideExtension = "decide-extension" => decide_extension::DecideExtension,
    /// Approve a supervision order, or the answer to it.
    ApproveOrder = "approve-order" => approve_order::ApproveOrder,
    /// Take a work order back.
    CancelOrder = "cancel-order" => cancel_order::CancelOrder,
    /// Rule whose case it is when units refuse it.
    RuleOwnership = "rule-ownership" => rule_ownership::RuleOwnership,
    /// Propose an outcome.
    Propose = "propose" => propose::Propose,
    /// Approve it.
    Approve = "approve" => approve::Approve,
    /// Send it back.
    SendBack = "send-back" => send_back::SendBack,
    /// Lay the words of a reply or letter before a second reader.
    AskReading = "ask-reading" => ask_reading::AskReading,
    /// Let what was read go out.
    ReleaseReading = "release-reading" => release_reading::ReleaseReading,
    /// Send what was read back to its writer.
    ReturnReading = "return-reading" => return_reading::ReturnReading,
    /// Tell the customer.
    Reply = "reply" => reply::Reply,
    /// Tell the body that handed the matter over what was found and done.
    FeedBack = "feed-back" => feed_back::FeedBack,
    /// Record whether that body takes the matter up.
    RecordAdmission = "record-admission" => record_admission::RecordAdmission,
    /// Record that it transfers the matter to us.
    RecordTransfer = "record-transfer" => record_transfer::RecordTransfer,
    /// Record that it mediates.
    RecordMediation = "record-mediation" => record_mediation::RecordMediation,
    /// Record how the matter ended with it.
    RecordEnd = "record-end" => record_end::RecordEnd,
    /// Record that the customer took the matter to a body outside.
    Refer = "refer" => refer::Refer,
    /// Record where the matter stands with that body.
    RecordStep = "record-step" => record_step::RecordStep,
    /// Send a letter the rules know of.
    IssueLetter = "issue-letter" => issue_letter::IssueLetter,
    /// Record that a letter arrived.
    RecordDelivery = "record-delivery" => record_delivery::RecordDelivery,
    /// Propose a remedy: refund, credit, compensation, apology or repair.
    ProposeCompensation = "propose-compensation" => propose_compensation::ProposeCompensation,
    /// Approve it.
    ApproveCompensation = "approve-compensation" => approve_compensation::ApproveCompensation,
    /// Refuse it.
    RefuseCompensation = "refuse-compensation" => refuse_compensation::RefuseCompensation,
    /// Record that it was paid or carried out.
    PayCompensation = "pay-compensation" => pay_compensation::PayCompensation,
    /// Hand it to the billing system.
    SendCompensation = "send-compensation" => send_compensation::SendCompensation,
    /// Record whether the billing system paid it.
    ConfirmCompensation = "confirm-compensation" => confirm_compensation::ConfirmCompensation,
    /// Verify what was given first.
    VerifyCompensation = "verify-compensation" => verify_compensation::VerifyCompensation,
    /// Record what became of what was to come back.
    SettleRecovery = "settle-recovery" => settle_recovery::SettleRecovery,
    /// Name the cause.
    SetCause = "set-cause" => set_cause::SetCause,
    /// Ask the customer.
    AskSatisfaction = "ask-satisfaction" => ask_satisfaction::AskSatisfaction,
    /// Record what the customer said.
    RecordSatisfaction = "record-satisfaction" => record_satisfaction::RecordSatisfaction,
    /// Call the customer back, as somebody who did not handle the case.
    CallBack = "call-back" => call_back::CallBack,
    /// Decide a review as a third person.
    DecideReview = "decide-review" => decide_review::DecideReview,
    /// The customer rejects the outcome; somebody else looks at it again.
    Dispute = "dispute" => dispute::Dispute,
    /// Stay with the outcome: the provider's final position.
    DeclareDeadlock = "declare-deadlock" => declare_deadlock::DeclareDeadlock,
    /// The customer accepts.
    Confirm = "confirm" => confirm::Confirm,
    /// End the case.
    Close = "close" => close::Close,
    /// Take it up again.
    Reopen = "reopen" => reopen::Reopen,
    /// Do not take the matter up; name the next place to turn to.
    Decline = "decline" => decline::Decline,
    /// The customer takes the complaint back.
    Withdraw = "withdraw" => withdraw::Withdraw,
    /// Merge it into another case about the same matter.
    Merge = "merge" => merge::Merge,
    /// Say whether a case like this one helped.
    JudgeSimilar = "judge-similar" => judge_similar::JudgeSimilar,
    /// Link it to another case.
    Link = "link" => link::Link,
    /// Make it one of the cases of a mass incident.
    JoinIncident = "join-incident" => join_incident::JoinIncident,
    /// Take it out of the incident; it goes on alone.
    LeaveIncident = "leave-incident" => leave_incident::LeaveIncident,
    /// Forbid to erase what belongs to the case until the hold is lifted.
    PlaceHold = "place-hold" => place_hold::PlaceHold,
    /// Lift such a hold.
    LiftHold = "lift-hold" => lift_hold::LiftHold,
    /// Ask a second person to make a case void that was registered by mistake.
    RequestVoid = "request-void" => request_void::RequestVoid,
    /// Make it void, or refuse to.
    ConfirmVoid = "confirm-void" => confirm_void::ConfirmVoid,
}

/// Reads an input of a shape.
pub(crate) fn typed<T: DeserializeOwned>(body: Value, fields: &[Field]) -> Result<T, Vec<Fault>> {
    // A command without words may come without a body.
    let body = if body.is_null() { Value::Object(Map::new()) } else { body };
    let cleaned = shape::check(body, fields)?;
    serde_json::from_value(cleaned).map_err(|_| vec![Fault::new("", "unreadable")])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_verb_reads_and_faults_are_collected() {
        for verb in VERBS {
            assert!(Command::read(verb.name, Value::String("x".into())).unwrap().is_err(), "{}", verb.name);
        }
        assert!(Command::read("explode", json!({})).is_none());
        let faults = Command::read("reply", json!({"mode": "pigeon", "content": 7, "at": 5, "extra": true}))
            .unwrap()
            .unwrap_err();
        let found: Vec<_> = faults.iter().map(|f| (f.field.as_str(), f.code)).collect();
        assert_eq!(
            found,
            [("mode", "not_one_of"), ("content", "wrong_type"), ("at", "wrong_type"), ("extra", "unknown_field")]
        );
    }

    #[test]
    fn a_command_without_words_needs_no_body() {
        assert!(matches!(Command::read("accept", Value::Null), Some(Ok(Command::Accept(_)))));
    }
}
