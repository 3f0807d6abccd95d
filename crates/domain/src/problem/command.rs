//! Every command on an existing problem, listed once, as [`crate::command`] does for cases. Opening one stands apart in
//! [`super::open`].

use super::effect::EffectCheck;
use super::{Event, Problem, Proof};
use crate::actor::Actor;
use crate::case::Owner;
use crate::command::typed;
use crate::fault::Fault;
use crate::ids::CaseId;
use crate::refusal::Refusal;
use crate::shape::Field;
use crate::taxonomy::Taxonomy;
use jiff::civil::Date;
use serde_json::Value;

/// What deciding needs to know besides the problem; the desk looks it up.
#[derive(Debug)]
pub struct Context<'a> {
    /// Who acts.
    pub actor: &'a Actor,
    /// The day, in the installation's zone.
    pub today: Date,
    /// Categories and causes.
    pub taxonomy: &'a Taxonomy,
    /// The owner a command names, if it names one.
    pub owner: Option<Owner>,
    /// The cases a command names, with where each lies.
    pub cases: Vec<(CaseId, String)>,
    /// The file a command names.
    pub proof: Option<Proof>,
    /// The effect as it stands now, for closing; nothing without a measure that took effect.
    pub effect: Option<EffectCheck>,
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
    /// Whether a problem offers it as it stands; refusals may still follow for other reasons.
    pub offered: fn(&Problem) -> bool,
}

macro_rules! commands {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $verb:literal => $module:ident ),+ $(,)?) => {
        /// A command on an existing problem.
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
            pub fn decide(&self, problem: &Problem, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
                match self { $( Self::$variant(input) => super::$module::decide(problem, input, ctx), )+ }
            }
        }
    };
}

commands! {
    /// Put a problem in other words, or give it to another owner.
    Amend = "amend-problem" => amend,
    /// Say why: whys, cause, wording, script and internal fix.
    Analyse = "analyse-problem" => analyse,
    /// Link cases that show a problem.
    LinkCases = "link-cases" => link_cases,
    /// Take a link to a case back.
    UnlinkCase = "unlink-case" => unlink_case,
    /// Plan a corrective action with its owner and day.
    PlanAction = "plan-action" => plan_action,
    /// Report a corrective action as done, with evidence.
    ReportAction = "report-action" => report_action,
    /// Approve what another person reported as done.
    ApproveAction = "approve-action" => approve_action,
    /// Send a reported action back.
    ReturnAction = "return-action" => return_action,
    /// Stop pursuing an action.
    CancelAction = "cancel-action" => cancel_action,
    /// Close a problem with what its effect check says.
    Close = "close-problem" => close,
    /// End a problem without a measure.
    Dismiss = "dismiss-problem" => dismiss,
    /// Take an ended problem up again.
    Reopen = "reopen-problem" => reopen,
}

impl Command {
    /// The unit and user a command names as an owner.
    #[must_use]
    pub fn owner(&self) -> (Option<crate::ids::UnitId>, Option<crate::ids::UserId>) {
        match self {
            Self::Amend(input) => (input.unit, input.user),
            Self::PlanAction(input) => (input.unit, input.user),
            _ => (None, None),
        }
    }

    /// The cases a command names, each with its field.
    #[must_use]
    pub fn cases(&self) -> Vec<(String, &str)> {
        match self {
            Self::LinkCases(input) => {
                let named = input.cases.iter().enumerate();
                named.map(|(place, case)| (format!("cases[{place}]"), case.as_str())).collect()
            }
            Self::UnlinkCase(input) => vec![("case".to_owned(), input.case.as_str())],
            _ => Vec::new(),
        }
    }
}
