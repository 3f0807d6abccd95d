//! Events: what happened to a case, in the words the log keeps for ever.
//!
//! One committed command is one [`Entry`]: the events it caused, who caused them and when. A case's version is the
//! number of its entries. Each entry carries the schema number it was written with; [`read_body`] lifts older ones to
//! today's form, so that code after it knows one form only. Golden files in `tests/golden` hold every version.

use crate::actor::ActorId;
use crate::advice::Advice;
use crate::case::compensation::Counted;
use crate::case::matter::Stage;
use crate::case::message;
use crate::case::order::{OrderStep, OwnershipStep};
use crate::case::reading::Paper;
use crate::case::remedy::{Claim, Kind as RemedyKind, Similar};
use crate::case::{Owner, State};
use crate::free_text::FreeText;
use crate::ids::{AttachmentId, CaseId, PersonId, UserId};
use crate::intake::{ContactKind, Record};
use crate::money::Money;
use crate::routing::Routed;
use crate::tagged::tagged;
use jiff::Timestamp;
use jiff::civil::Date;
use policy::{Calendar, Grade, Held, Medium, Pack, Severity, Stack, Told, Urgency};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The schema number new entries are written with.
pub const SCHEMA: i64 = 2;

/// A policy pack by identity and version; a case keeps those that govern it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PackPin {
    /// Pack identity, such as `guide-standard`.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Address of its content; entries of before say only which version it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

impl PackPin {
    /// The pin of a pack at hand.
    #[must_use]
    pub fn of(pack: &Pack) -> Self {
        Self { id: pack.id().to_owned(), version: pack.version().to_owned(), hash: Some(pack.hash().to_owned()) }
    }
}

/// A version of a calendar by identity and content; a case keeps those its clocks are counted with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CalendarPin {
    /// Calendar identity, such as `CN`.
    pub id: String,
    /// Its version: the day of the last announcement it holds.
    pub version: Date,
    /// Address of its file's content.
    pub hash: String,
}

impl CalendarPin {
    /// The pin of a calendar at hand.
    #[must_use]
    pub fn of(calendar: &Calendar) -> Self {
        Self { id: calendar.id().to_owned(), version: calendar.version(), hash: calendar.hash().to_owned() }
    }

    /// The pins of the calendars a stack counts with, each once.
    #[must_use]
    pub fn of_stack(rules: &Stack) -> Vec<Self> {
        Self::of_packs(rules.packs())
    }

    /// The same for packs. One that names the day of its calendar needs no pin, and `none` has no versions.
    pub fn of_packs<'p>(packs: impl Iterator<Item = &'p Pack>) -> Vec<Self> {
        let mut pins: Vec<Self> = Vec::new();
        for pack in packs.filter(|pack| pack.follows_calendar() && !pack.calendar().hash().is_empty()) {
            if pins.iter().all(|pin| pin.id != pack.calendar().id()) {
                pins.push(Self::of(pack.calendar()));
            }
        }
        pins
    }
}

/// Something that happened to a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum Event {
    /// A contact was taken in and became a case.
    Registered {
        /// Number for people.
        number: String,
        /// The packs that govern the case, from the top of the stack down.
        packs: Vec<PackPin>,
        /// The calendars its clocks are counted with.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        calendars: Vec<CalendarPin>,
        /// The person in the vault.
        person: PersonId,
        /// First receipt in any channel; clocks run from here.
        received_at: Timestamp,
        /// Leaf of the category tree; none puts the case into triage.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<String>,
        /// First-responsible owner, fixed from now on.
        owner: Owner,
        /// Everything that was recorded.
        record: Box<Record>,
    },
    /// The category was set or changed.
    Classified {
        /// Leaf of the category tree.
        category: String,
        /// Why it was changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<FreeText>,
    },
    /// The grade was derived or set.
    Graded {
        /// Severity after assessment.
        severity: Severity,
        /// Urgency after assessment.
        urgency: Urgency,
        /// The grade the decision table gives.
        grade: Grade,
        /// Row of the decision table.
        row: String,
        /// Assessment rules that raised severity or urgency.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        raised_by: Vec<String>,
        /// Words of the person who set it by hand.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<FreeText>,
        /// True when a person set it; the rules then no longer change it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_hand: bool,
    },
    /// A clock began to run.
    ClockStarted {
        /// Rule of the stack.
        rule: String,
        /// 1 for the first handling, 2 after the first reopening, and so on.
        round: u32,
        /// The moment it counts from.
        from: Timestamp,
        /// Last moment in time.
        due_at: Timestamp,
    },
    /// A newer version of a calendar holds from now on; clocks it moves follow in the same entry.
    CalendarChanged {
        /// The version that holds now.
        calendar: CalendarPin,
        /// The version until now; none where the case did not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Date>,
        /// Why, in the words of whoever asked for it; empty where it came with a release.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
    /// A running clock was recomputed from its original start because the grade or the calendar changed.
    ClockMoved {
        /// Rule of the stack.
        rule: String,
        /// Round of handling.
        round: u32,
        /// New last moment in time.
        due_at: Timestamp,
    },
    /// A clock stopped.
    ClockStopped {
        /// Rule of the stack.
        rule: String,
        /// Round of handling.
        round: u32,
        /// When, which may lie before it was recorded.
        at: Timestamp,
        /// How it ended.
        outcome: ClockOutcome,
    },
    /// Somebody took the case up.
    Accepted {},
    /// The owner changed.
    Assigned {
        /// New owner.
        owner: Owner,
        /// The absent person it was meant for; the owner stands in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead_of: Option<UserId>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<FreeText>,
        /// The row of the routing table that said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        routed: Option<Routed>,
    },
    /// A step of a work order.
    Order {
        /// Number of the order within the case, from 1.
        order: u32,
        /// The step.
        #[serde(flatten)]
        step: OrderStep,
    },
    /// A step in the question whose case it is.
    Ownership {
        /// The step.
        #[serde(flatten)]
        step: OwnershipStep,
    },
    /// Somebody wrote a note for colleagues.
    Noted {
        /// The note.
        text: FreeText,
    },
    /// Colleagues were named in the words of this entry. It grants them nothing.
    Mentioned {
        /// Whom, in the order of the words.
        users: Vec<UserId>,
    },
    /// A file was attached; its bytes are kept sealed beside the log.
    Attached {
        /// Identity.
        id: AttachmentId,
        /// Name, made harmless.
        name: FreeText,
        /// What its bytes are, as a media type.
        media: String,
        /// Length in bytes.
        size: u64,
        /// Digest of the bytes under a key of the case, hexadecimal: after an erasure it proves nothing.
        digest: String,
        /// Merkle root over the sealed chunks, hexadecimal: what is stored is held against it without any key.
        sealed: String,
        /// What was said beside it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<FreeText>,
    },
    /// An outcome was proposed for approval.
    Proposed {
        /// What is to be answered and done.
        outcome: FreeText,
        /// What was found out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        finding: Option<FreeText>,
        /// Whether a request to be erased is granted; none where nothing of the kind is asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grants: Option<bool>,
        /// Whether the identity of the person was checked in the meantime.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        identity_verified: bool,
    },
    /// The trouble itself was removed.
    Restored {
        /// When.
        at: Timestamp,
    },
    /// The proposed outcome was approved.
    Approved {
        /// Remark of the approver.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<FreeText>,
    },
    /// The proposed outcome was sent back.
    SentBack {
        /// Why; never without.
        reason: FreeText,
    },
    /// The customer was answered; this is the proof.
    Replied {
        /// How.
        mode: String,
        /// When.
        at: Timestamp,
        /// In which words.
        content: FreeText,
    },
    /// The cause was found.
    CauseSet {
        /// Leaf of the cause tree.
        cause: String,
        /// Remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<FreeText>,
    },
    /// The customer was asked whether they are satisfied.
    SatisfactionAsked {
        /// How.
        mode: String,
        /// Whose result it is; one of [`crate::case::survey::CHANNELS`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<String>,
    },
    /// A link was made through which the customer can say so once.
    SurveyInvited {
        /// Number of the link within the case, from 1.
        invitation: u32,
        /// Digest of its secret, hexadecimal.
        digest: String,
        /// Until when it is good.
        expires_at: Timestamp,
    },
    /// Somebody who did not handle the case called the customer back.
    CalledBack {
        /// What came of it.
        outcome: ContactOutcome,
        /// When.
        at: Timestamp,
    },
    /// A third person is to look at it: the customer is not satisfied.
    ReviewOpened {
        /// Number of the review within the case, from 1.
        review: u32,
    },
    /// A third person looked at it.
    ReviewDecided {
        /// Number of the review.
        review: u32,
        /// `upheld` or `rework`.
        decision: String,
        /// Why.
        reason: FreeText,
    },
    /// The customer said so.
    SatisfactionRecorded {
        /// Overall.
        satisfied: Satisfaction,
        /// Whether the matter is solved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        solved: Option<bool>,
        /// Whether the answer came in time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timely: Option<bool>,
        /// In the customer's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<FreeText>,
        /// Through which channel; one of [`crate::case::survey::CHANNELS`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<String>,
    },
    /// The customer accepted the outcome.
    Confirmed {
        /// How.
        mode: String,
    },
    /// The case ended.
    Closed {},
    /// A closed case was taken up again.
    Reopened {
        /// Why.
        reason: FreeText,
        /// Number of the new round of handling.
        round: u32,
    },
    /// A TM Forum client said something of the case that the complaint itself has no place for: attributes as the client
    /// wrote them, those it changed alone.
    TicketChanged {
        /// The attributes, packed by the desk.
        change: FreeText,
        /// Whether the ticket was taken from the TM Forum faces; the case itself stays.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        gone: bool,
    },
    /// Something the machine had found was looked at, and what a person made of it.
    Advised {
        /// What was shown and decided.
        advice: Advice,
    },
    /// The customer added something.
    Supplemented {
        /// What the customer adds.
        text: FreeText,
        /// Channel it came in through.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<String>,
        /// Whether the customer presses for an answer.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        urging: bool,
    },
    /// Somebody tried to reach the customer.
    Contacted {
        /// How.
        mode: String,
        /// What came of it.
        outcome: ContactOutcome,
        /// When.
        at: Timestamp,
        /// Number that was tried.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<FreeText>,
        /// What was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<FreeText>,
        /// Number of the promised call-back it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promise: Option<u32>,
        /// When the next try of that call-back is to be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_at: Option<Timestamp>,
    },
    /// The customer heard how far the matter is.
    ProgressNotified {
        /// How.
        mode: String,
        /// When.
        at: Timestamp,
        /// In which words.
        content: FreeText,
        /// Number of the wording of the case's incident, where it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wording: Option<u32>,
    },
    /// A message to the customer was written, beside reply, progress and letters.
    MessageWritten {
        /// The way it goes.
        way: message::Way,
        /// In which words.
        content: FreeText,
    },
    /// Words that are to go out were laid before a second reader.
    ReadingAsked {
        /// Number within the case.
        reading: u32,
        /// What they are.
        #[serde(flatten)]
        paper: Paper,
        /// The words.
        content: FreeText,
    },
    /// A second reader lets them go out.
    ReadingReleased {
        /// Number of the reading.
        reading: u32,
        /// What the reader says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<FreeText>,
    },
    /// A second reader wants them written anew.
    ReadingReturned {
        /// Number of the reading.
        reading: u32,
        /// Why.
        reason: FreeText,
    },
    /// A message of the house to the customer came further, or came back.
    MessageMoved {
        /// The message.
        message: Uuid,
        /// What it is.
        what: message::What,
        /// The way it goes.
        way: message::Way,
        /// How far it came.
        stage: message::Stage,
        /// When.
        at: Timestamp,
        /// Why it did not arrive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<message::Why>,
        /// Addresses of the approved wordings it was sent with; none where the shipped ones went out.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        wordings: Vec<String>,
        /// The entry whose words it is; nothing for a receipt, which has none, and in entries of before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entry: Option<i64>,
    },
    /// The customer was promised something.
    Promised {
        /// Number of the promise within the case, from 1.
        id: u32,
        /// What.
        what: FreeText,
        /// By when.
        due_at: Timestamp,
        /// Whether it is a call.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        call_back: bool,
    },
    /// A promise was kept.
    PromiseKept {
        /// Number of the promise; 0 is the reply promised at registration.
        id: u32,
        /// When.
        at: Timestamp,
        /// How.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<FreeText>,
    },
    /// The moment of a promise passed without it being kept.
    PromiseBroken {
        /// Number of the promise; 0 is the reply promised at registration.
        id: u32,
    },
    /// A clock reached a part of its time.
    Warned {
        /// Rule of the pack.
        rule: String,
        /// Round of handling.
        round: u32,
        /// How much of its time has passed; 100 is the deadline itself.
        percent: u8,
    },
    /// The case waits for somebody else.
    Suspended {
        /// What it waits for.
        wait_for: String,
        /// When it goes on by itself.
        until: Timestamp,
        /// Why.
        reason: FreeText,
    },
    /// The case goes on.
    Resumed {
        /// What happened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<FreeText>,
        /// Whether it went on by itself because its time was up.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_limit: bool,
    },
    /// A clock stands still while the case is suspended.
    ClockPaused {
        /// Rule of the pack.
        rule: String,
        /// Round of handling.
        round: u32,
    },
    /// A clock runs on.
    ClockResumed {
        /// Rule of the pack.
        rule: String,
        /// Round of handling.
        round: u32,
        /// Last moment in time, longer by what the clock stood.
        due_at: Timestamp,
    },
    /// The customer rejected the outcome.
    Disputed {
        /// Why.
        reason: FreeText,
    },
    /// The matter is not taken up.
    Declined {
        /// Why.
        ground: String,
        /// What the customer was told.
        explanation: FreeText,
        /// Where the customer can turn next.
        next_channel: String,
        /// How the customer was told.
        mode: String,
    },
    /// The customer took the complaint back.
    Withdrawn {
        /// How the customer said so.
        mode: String,
        /// In the customer's words.
        reason: FreeText,
    },
    /// Somebody asked to make the case void.
    VoidRequested {
        /// Why.
        reason: FreeText,
    },
    /// A second person refused to.
    VoidRefused {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<FreeText>,
    },
    /// A second person made the case void.
    Voided {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<FreeText>,
    },
    /// The case went up in another.
    Merged {
        /// The other case.
        into: CaseId,
        /// Its number.
        number: String,
        /// Why.
        reason: FreeText,
    },
    /// Another case went up in this one.
    Absorbed {
        /// The other case.
        case: CaseId,
        /// Its number.
        number: String,
        /// Its first receipt.
        received_at: Timestamp,
    },
    /// A clock of an absorbed case runs on here, because it ends earlier or there was none.
    ClockInherited {
        /// Rule of the pack.
        rule: String,
        /// Round of handling.
        round: u32,
        /// The moment it counts from.
        from: Timestamp,
        /// Last moment in time.
        due_at: Timestamp,
        /// The pack the rule stands in, which need not be one of this case's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pack: Option<PackPin>,
    },
    /// A promise to the customer of an absorbed case is to be kept here. Its words stay where they were said.
    PromiseInherited {
        /// Number of the promise within this case.
        id: u32,
        /// The absorbed case.
        case: CaseId,
        /// Its number.
        number: String,
        /// Number of the promise there; 0 is the reply promised at registration.
        promise: u32,
        /// By when.
        due_at: Timestamp,
        /// Whether its moment has passed already.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        broken: bool,
        /// Whether it is a call.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        call_back: bool,
    },
    /// The customer of an absorbed case was answered.
    MergedAnswered {
        /// The absorbed case.
        case: CaseId,
        /// When.
        at: Timestamp,
    },
    /// The outcome the customer of an absorbed case was told no longer counts; they wait for another answer.
    MergedWaits {
        /// The absorbed case.
        case: CaseId,
    },
    /// The same in the absorbed case: the answer its customer got no longer counts.
    AnswerLapsed {},
    /// Another case has to do with this one.
    Linked {
        /// The other case.
        case: CaseId,
        /// Its number.
        number: String,
        /// What it is to this one.
        relation: Relation,
    },
    /// The case is one of many about one trouble from now on.
    IncidentJoined {
        /// The incident.
        incident: Uuid,
        /// Its number.
        number: String,
        /// Whether work orders for all of it are those of this case.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        master: bool,
    },
    /// It goes on alone.
    IncidentLeft {
        /// The incident.
        incident: Uuid,
        /// Its number.
        number: String,
        /// Why.
        reason: FreeText,
    },
    /// A rule brought something about by itself.
    EffectTaken {
        /// Rule of the stack.
        rule: String,
        /// Of what follows from a clock's time: the moment that clock counts from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Timestamp>,
        /// Whether the law wants it, so that no case ends without the letters it asks for.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        binding: bool,
        /// What it brought about.
        did: Vec<Caused>,
    },
    /// Something must not be done from now on.
    HoldPlaced {
        /// Rule of the stack.
        rule: String,
        /// What must not be done.
        holds: Vec<Held>,
    },
    /// A hold ended.
    HoldLifted {
        /// Rule of the stack.
        rule: String,
    },
    /// Somebody forbade to erase what belongs to the case, whatever the times of keeping say.
    LegalHoldPlaced {
        /// Number of the hold within the case, from 1.
        id: u32,
        /// Why.
        reason: FreeText,
    },
    /// Such a hold was lifted.
    LegalHoldLifted {
        /// Number of the hold within the case.
        id: u32,
        /// Why it is no longer needed.
        reason: FreeText,
    },
    /// A letter went out.
    LetterIssued {
        /// Number of the letter within the case, from 1.
        letter: u32,
        /// Rule of the stack.
        rule: String,
        /// Its language.
        language: String,
        /// How it went out.
        medium: Medium,
        /// When.
        at: Timestamp,
        /// What it says.
        content: FreeText,
        /// The attached file that proves it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<AttachmentId>,
        /// Number of the posting or message that proves it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// A letter arrived.
    LetterDelivered {
        /// Number of the letter within the case.
        letter: u32,
        /// When.
        at: Timestamp,
        /// The attached file that proves it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<AttachmentId>,
        /// Number of the receipt that proves it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// The customer took the matter to a body outside.
    Referred {
        /// Number of the referral within the case, from 1.
        referral: u32,
        /// Way of the stack.
        route: String,
        /// The stage it begins with.
        stage: String,
        /// When.
        at: Timestamp,
        /// The body's own number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
        /// What the body asks or says.
        reason: FreeText,
        /// The attached file that is its paper.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<AttachmentId>,
        /// Number of its paper.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// A referral came to another stage.
    ReferralMoved {
        /// Number of the referral within the case.
        referral: u32,
        /// Way of the stack.
        route: String,
        /// The stage.
        stage: String,
        /// When.
        at: Timestamp,
        /// The attached file that is its paper.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<AttachmentId>,
        /// Number of its paper.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// What was said or decided.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<FreeText>,
    },
    /// Another body handed the matter over; a regulator is involved from now on.
    HandedOff {
        /// Body that handed it over.
        owner: String,
        /// Its own number.
        number: String,
        /// What it asks for.
        request: String,
        /// When, by its own record.
        handed_at: Timestamp,
        /// What it wrote.
        text: FreeText,
    },
    /// The operator answered the body that handed the matter over.
    RegulatorFedBack {
        /// Number of the matter within the case.
        matter: u32,
        /// The body.
        to: String,
        /// When.
        at: Timestamp,
        /// The attached file that is the document.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<AttachmentId>,
        /// Number of the document.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// What the body was told.
        content: FreeText,
    },
    /// The body that handed the matter over took a step.
    RegulatorActed {
        /// Number of the matter within the case.
        matter: u32,
        /// The body.
        owner: String,
        /// Where the matter stands with it.
        step: Stage,
        /// When.
        at: Timestamp,
        /// How the matter ended, of the last step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<String>,
        /// The attached file that is the paper.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<AttachmentId>,
        /// Number of the paper.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// What the body writes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<FreeText>,
    },
    /// Compensation or another remedy was proposed.
    CompensationProposed {
        /// Number of the compensation within the case, from 1.
        id: u32,
        /// The sum; nothing of what is no money.
        sum: Money,
        /// What it is.
        #[serde(default, skip_serializing_if = "RemedyKind::is_usual")]
        kind: RemedyKind,
        /// Whether it is given before the facts are known.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        first: bool,
        /// The remedy it is added to because of what was found.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        follows: Option<u32>,
        /// What similar cases got, as far as the proposer may see.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        similar: Option<Box<Similar>>,
        /// Why it is far from that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unlike: Option<FreeText>,
        /// The rule it comes from, with everything it was counted from; none where it is goodwill.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        counted: Option<Box<Counted>>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<FreeText>,
        /// By when it is to be paid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pay_by: Option<Timestamp>,
        /// The effect that proposed it by itself; none where a person did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_effect: Option<String>,
    },
    /// By a rule the contact is something else than it was taken in as.
    Converted {
        /// The rule.
        rule: String,
        /// Kind of contact it was.
        from: ContactKind,
        /// Kind of contact it is from now on.
        to: ContactKind,
    },
    /// The customer was tried as often as the rules ask, and cannot be reached.
    Unreachable {
        /// Rule of the pack that says how often.
        rule: String,
        /// The tries that counted, oldest first.
        tries: Vec<Timestamp>,
        /// What was tried.
        reason: FreeText,
    },
    /// The provider stays with its outcome and will not look again.
    DeadlockDeclared {
        /// Its final position.
        position: FreeText,
    },
    /// Compensation was approved.
    CompensationApproved {
        /// Number of the compensation.
        id: u32,
        /// Whether it lay within the authority of who proposed it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        own: bool,
        /// Remark of the approver.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<FreeText>,
    },
    /// Compensation was refused.
    CompensationRefused {
        /// Number of the compensation.
        id: u32,
        /// Why; never without.
        remark: FreeText,
    },
    /// Compensation was paid.
    CompensationPaid {
        /// Number of the compensation.
        id: u32,
        /// When.
        at: Timestamp,
        /// How.
        mode: String,
        /// Number of the voucher or bill.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// The earlier sending that billing paid while a later one was on its way, which it may pay as well.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        earlier: Option<u32>,
    },
    /// What was given first was verified.
    CompensationVerified {
        /// Number of the compensation.
        id: u32,
        /// Whether the customer was right.
        justified: bool,
        /// What was found.
        finding: FreeText,
        /// What is to come back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claim: Option<Box<Claim>>,
    },
    /// What was to come back came back, or was written off.
    RecoverySettled {
        /// Number of the compensation.
        id: u32,
        /// `recovered` or `written_off`.
        result: String,
        /// When.
        at: Timestamp,
        /// Number of the voucher.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// Compensation was handed to the billing system.
    CompensationSent {
        /// Number of the compensation.
        id: u32,
        /// How-manieth time, from 1.
        attempt: u32,
        /// `file` or `webhook`.
        way: String,
    },
    /// The billing system could not pay it.
    CompensationFailed {
        /// Number of the compensation.
        id: u32,
        /// When.
        at: Timestamp,
        /// Why, as a code.
        ground: String,
        /// Number of its message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// The trouble a rule compensates has ended, and nothing is owed by it beyond what was proposed while it lasted.
    CompensationEnded {
        /// Rule of the stack.
        rule: String,
        /// When the trouble ended.
        until: Timestamp,
    },
    /// The state changed.
    Moved {
        /// New state.
        to: State,
    },
}

/// How a clock ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockOutcome {
    /// Stopped in time.
    Met,
    /// Stopped too late.
    Missed,
    /// The rule no longer applies.
    Moot,
}

/// Answer to the first survey question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Satisfaction {
    /// 满意
    Satisfied,
    /// 一般
    Neutral,
    /// 不满意
    Dissatisfied,
    /// Asked, did not answer.
    NoAnswer,
}

/// What came of an attempt to reach the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactOutcome {
    /// 接通
    Reached,
    /// 无人接听
    NoAnswer,
    /// 拒接
    Refused,
    /// 关机或停机
    SwitchedOff,
    /// 空号
    InvalidNumber,
    /// 已留言
    LeftMessage,
}

impl ContactOutcome {
    /// The codes, in the order people look for them.
    pub const CODES: &'static [&'static str] =
        &["reached", "no_answer", "refused", "switched_off", "invalid_number", "left_message"];
}

/// What an effect of the rules brought about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caused {
    /// Somebody was told.
    Notify(Told),
    /// A letter is owed; its rule.
    Letter(String),
    /// A hold was placed; its rule.
    Hold(String),
    /// The way to a body outside is open; its rule.
    Route(String),
    /// Something is owed to the customer; its rule.
    Compensate(String),
    /// The grade was raised.
    Raise(Grade),
}

/// What another case is to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// About something related.
    Related,
    /// The same matter once more.
    Duplicate,
    /// Of one cause, such as one broken fibre.
    SameCause,
    /// Came before; this one continues it.
    Predecessor,
    /// Came after; it continues this one.
    Successor,
    /// Perhaps the same: found by its keys, seen by nobody yet. The other case does not know of it.
    Suggested,
}

impl Relation {
    /// The codes a door offers. A successor is only ever the other side of a predecessor, and only the house suggests.
    pub const OFFERED: &'static [&'static str] = &["related", "duplicate", "same_cause", "predecessor"];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Related => "related",
            Self::Duplicate => "duplicate",
            Self::SameCause => "same_cause",
            Self::Predecessor => "predecessor",
            Self::Successor => "successor",
            Self::Suggested => "suggested",
        }
    }

    /// What this case is to the other.
    #[must_use]
    pub fn inverse(self) -> Self {
        match self {
            Self::Predecessor => Self::Successor,
            Self::Successor => Self::Predecessor,
            other => other,
        }
    }
}

/// One committed command on a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Place in the case's log, from 1.
    pub version: i64,
    /// When it was committed by the desk's clock.
    pub at: Timestamp,
    /// Who.
    pub actor: ActorId,
    /// Which command.
    pub verb: String,
    /// What it caused.
    pub events: Vec<Event>,
}

/// Why an entry of the log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEntry {
    /// Written by a newer Redress.
    #[error("entry has schema {0}, newer than the {SCHEMA} this version reads")]
    Newer(i64),
    /// Not an event list.
    #[error("entry body is not a list of events: {0}")]
    Malformed(#[from] serde_json::Error),
}

/// Reads an entry's body, lifting older schemas to today's form.
///
/// # Errors
/// If the schema is newer than this version or the body is malformed.
pub fn read_body(schema: i64, body: &str) -> Result<Vec<Event>, UnreadableEntry> {
    if schema > SCHEMA {
        return Err(UnreadableEntry::Newer(schema));
    }
    if schema == SCHEMA {
        return Ok(serde_json::from_str(body)?);
    }
    let mut value: Value = serde_json::from_str(body)?;
    for upcast in UPCASTERS.iter().skip(usize::try_from(schema).unwrap_or(0).saturating_sub(1)) {
        value = upcast(value);
    }
    Ok(serde_json::from_value(value)?)
}

/// Writes an entry's body.
///
/// # Errors
/// If an event still holds plain text.
pub fn write_body(events: &[Event]) -> Result<String, serde_json::Error> {
    serde_json::to_string(events)
}

/// `UPCASTERS[n]` lifts a body of schema n+1 to schema n+2.
const UPCASTERS: &[fn(Value) -> Value] = &[one_pack_to_a_stack];

/// Schema 2: a case is governed by a stack of packs; until then it was by one.
fn one_pack_to_a_stack(mut body: Value) -> Value {
    for event in body.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        if let Some(pack) = event.remove("pack") {
            event.insert("packs".to_owned(), Value::Array(vec![pack]));
        }
    }
    body
}

tagged!(Event, "type");

impl Event {
    /// Every free text in this event, with a stable name for its place (part of what the seal authenticates).
    pub fn texts(&mut self) -> Vec<(&'static str, &mut FreeText)> {
        let mut texts = Vec::new();
        match self {
            Self::Registered { record, .. } => {
                texts.push(("description", &mut record.description));
                let optional = [
                    ("subject", &mut record.subject),
                    ("demand", &mut record.demand),
                    ("authority", &mut record.authority),
                    ("place", &mut record.place),
                    ("device", &mut record.device),
                    ("pre_treatment", &mut record.pre_treatment),
                ];
                texts.extend(optional.into_iter().filter_map(|(name, text)| Some((name, text.as_mut()?))));
            }
            Self::Classified { reason, .. } | Self::Graded { reason, .. } | Self::Assigned { reason, .. } => {
                texts.extend(reason.as_mut().map(|text| ("reason", text)));
            }
            Self::CompensationProposed { reason, unlike, .. } => {
                texts.extend(reason.as_mut().map(|text| ("reason", text)));
                texts.extend(unlike.as_mut().map(|text| ("unlike", text)));
            }
            Self::Noted { text } | Self::Supplemented { text, .. } | Self::HandedOff { text, .. } => {
                texts.push(("text", text));
            }
            Self::TicketChanged { change, .. } => texts.push(("ticket", change)),
            Self::Order { step, .. } => texts.extend(step.texts()),
            Self::Ownership { step: OwnershipStep::Ruled { reason, .. } } => texts.push(("reason", reason)),
            Self::Ownership { .. } => {}
            Self::Contacted { number, summary, .. } => {
                texts.extend(number.as_mut().map(|text| ("number", text)));
                texts.extend(summary.as_mut().map(|text| ("summary", text)));
            }
            Self::Promised { what, .. } => texts.push(("what", what)),
            Self::Unreachable { reason, .. } => texts.push(("reason", reason)),
            Self::DeadlockDeclared { position } => texts.push(("position", position)),
            Self::Declined { explanation, .. } => texts.push(("explanation", explanation)),
            Self::Attached { name, note, .. } => {
                texts.push(("name", name));
                texts.extend(note.as_mut().map(|text| ("note", text)));
            }
            Self::Proposed { outcome, finding, .. } => {
                texts.push(("outcome", outcome));
                texts.extend(finding.as_mut().map(|text| ("finding", text)));
            }
            Self::Approved { remark }
            | Self::CauseSet { remark, .. }
            | Self::PromiseKept { remark, .. }
            | Self::Resumed { remark, .. }
            | Self::VoidRefused { remark }
            | Self::Voided { remark }
            | Self::ReferralMoved { remark, .. }
            | Self::RegulatorActed { remark, .. }
            | Self::ReadingReleased { remark, .. }
            | Self::CompensationApproved { remark, .. } => {
                texts.extend(remark.as_mut().map(|text| ("remark", text)));
            }
            Self::CompensationRefused { remark, .. } => texts.push(("remark", remark)),
            Self::CompensationVerified { finding, claim, .. } => {
                texts.push(("finding", finding));
                let partner = claim.as_mut().and_then(|claim| claim.partner.as_mut());
                texts.extend(partner.map(|text| ("partner", text)));
            }
            Self::SentBack { reason }
            | Self::Reopened { reason, .. }
            | Self::Suspended { reason, .. }
            | Self::Disputed { reason }
            | Self::ReviewDecided { reason, .. }
            | Self::Withdrawn { reason, .. }
            | Self::VoidRequested { reason }
            | Self::ReadingReturned { reason, .. }
            | Self::Referred { reason, .. }
            | Self::LegalHoldPlaced { reason, .. }
            | Self::LegalHoldLifted { reason, .. }
            | Self::IncidentLeft { reason, .. }
            | Self::Merged { reason, .. } => texts.push(("reason", reason)),
            Self::Replied { content, .. }
            | Self::LetterIssued { content, .. }
            | Self::ProgressNotified { content, .. }
            | Self::MessageWritten { content, .. }
            | Self::ReadingAsked { content, .. }
            | Self::RegulatorFedBack { content, .. } => texts.push(("content", content)),
            Self::SatisfactionRecorded { comment, .. } => {
                texts.extend(comment.as_mut().map(|text| ("comment", text)));
            }
            Self::ClockStarted { .. }
            | Self::CalendarChanged { .. }
            | Self::ClockMoved { .. }
            | Self::ClockStopped { .. }
            | Self::ClockPaused { .. }
            | Self::ClockResumed { .. }
            | Self::ClockInherited { .. }
            | Self::Warned { .. }
            | Self::EffectTaken { .. }
            | Self::HoldPlaced { .. }
            | Self::HoldLifted { .. }
            | Self::LetterDelivered { .. }
            | Self::PromiseBroken { .. }
            | Self::Absorbed { .. }
            | Self::PromiseInherited { .. }
            | Self::MergedAnswered { .. }
            | Self::MergedWaits { .. }
            | Self::AnswerLapsed {}
            | Self::Linked { .. }
            | Self::IncidentJoined { .. }
            | Self::Advised { .. }
            | Self::Converted { .. }
            | Self::Accepted {}
            | Self::Restored { .. }
            | Self::SatisfactionAsked { .. }
            | Self::SurveyInvited { .. }
            | Self::CalledBack { .. }
            | Self::ReviewOpened { .. }
            | Self::RecoverySettled { .. }
            | Self::CompensationSent { .. }
            | Self::CompensationFailed { .. }
            | Self::Confirmed { .. }
            | Self::Closed {}
            | Self::CompensationPaid { .. }
            | Self::CompensationEnded { .. }
            | Self::Mentioned { .. }
            | Self::MessageMoved { .. }
            | Self::Moved { .. } => {}
        }
        texts
    }

    /// Whether its words are for colleagues: notes and steps of work orders. There they may be named.
    #[must_use]
    pub fn is_for_colleagues(&self) -> bool {
        matches!(self, Self::Noted { .. } | Self::Order { .. } | Self::Ownership { .. })
    }
}
