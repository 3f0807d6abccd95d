//! Every command on an existing incident, listed once, as [`crate::problem::command`] does for problems. Opening one stands
//! apart in [`super::open`].

use super::{Event, Incident, Plan};
use crate::actor::Actor;
use crate::case::Owner;
use crate::command::typed;
use crate::fault::Fault;
use crate::ids::{UnitId, UserId};
use crate::refusal::Refusal;
use crate::shape::Field;
use crate::taxonomy::Taxonomy;
use jiff::Timestamp;
use serde_json::Value;

/// What deciding needs to know besides the incident; the desk looks it up.
#[derive(Debug)]
pub struct Context<'a> {
    /// Who acts.
    pub actor: &'a Actor,
    /// The moment.
    pub now: Timestamp,
    /// Categories and causes.
    pub taxonomy: &'a Taxonomy,
    /// The owner a command names, if it names one.
    pub owner: Option<Owner>,
    /// Whether the network fact a command names is one the caller may see.
    pub fact_known: bool,
    /// The approved plan a command names.
    pub plan: Option<Plan>,
    /// Cases that are in it and have not ended.
    pub open_cases: i64,
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
    /// Whether an incident offers it as it stands; refusals may still follow for other reasons.
    pub offered: fn(&Incident) -> bool,
}

macro_rules! commands {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $verb:literal => $module:ident ),+ $(,)?) => {
        /// A command on an existing incident.
        #[derive(Clone, Debug)]
        pub enum Command {
            $( $(#[doc = $doc])+ $variant(super::$module::Input), )+
        }

        /// All verbs with their shapes, in the order of the process.
        pub const VERBS: &[Verb] = &[ $( Verb { name: $verb, doc: concat!($($doc),+), fields: super::$module::FIELDS, offered: super::$module::offered }, )+ ];

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
                    $( $verb => Some(typed(body, super::$module::FIELDS).map(Self::$variant)), )+
                    _ => None,
                }
            }

            /// Decides what the command causes.
            ///
            /// # Errors
            /// A refusal that says why and what is missing.
            pub fn decide(&self, incident: &Incident, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
                match self { $( Self::$variant(input) => super::$module::decide(incident, input, ctx), )+ }
            }
        }
    };
}

commands! {
    /// Put an incident in other words, or give it to another owner.
    Amend = "amend-incident" => amend,
    /// Start an approved emergency plan.
    StartPlan = "start-plan" => start_plan,
    /// Name who takes a role of the plan.
    NameRole = "name-role" => name_role,
    /// Tick an item of the plan, with evidence.
    TickItem = "tick-item" => tick_item,
    /// Write what all customers are told.
    Word = "word-incident" => word,
    /// Approve a wording another person wrote.
    ApproveWording = "approve-wording" => approve_wording,
    /// Send a wording back.
    ReturnWording = "return-wording" => return_wording,
    /// Say that the trouble is over.
    Restore = "restore-incident" => restore,
    /// Close an incident none of whose cases waits.
    Close = "close-incident" => close,
    /// Take an ended incident up again.
    Reopen = "reopen-incident" => reopen,
}

impl Command {
    /// The unit and user a command names as an owner.
    #[must_use]
    pub fn owner(&self) -> (Option<UnitId>, Option<UserId>) {
        match self {
            Self::Amend(input) => (input.unit, input.user),
            Self::NameRole(input) => (None, Some(input.user)),
            _ => (None, None),
        }
    }
}
