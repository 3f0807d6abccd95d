//! Who may do what: one table, read by every door. A command or route without a row does not pass the tests.

use crate::caller::{Caller, Scope};
use domain::actor::Role::{
    self, Admin, Agent, Auditor, Compliance, Integration, Quality, Specialist, Supervisor, Trainer,
};
use domain::refusal::Refusal;

/// Something an actor may or may not do. Verbs on a case carry the verb's own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Permission(&'static str);

/// Take a contact in.
pub const REGISTER: Permission = Permission("register");
/// State a first receipt that lies in the past.
pub const BACKDATE: Permission = Permission("backdate");
/// Take in files of contacts, most of which were received before.
pub const IMPORT: Permission = Permission("import");
/// Take in what another body hands over.
pub const HAND_OFF: Permission = Permission("hand-off");
/// See cases, masked.
pub const READ_CASES: Permission = Permission("read-cases");
/// Keep a list under a name.
pub const SAVE_VIEW: Permission = Permission("save-view");
/// Share such a list with one's unit or a role.
pub const SHARE_VIEW: Permission = Permission("share-view");
/// Keep several operations under a name.
pub const SAVE_MACRO: Permission = Permission("save-macro");
/// Share such a macro with one's unit or a role.
pub const SHARE_MACRO: Permission = Permission("share-macro");
/// See the macros one may apply.
pub const READ_MACROS: Permission = Permission("read-macros");
/// Try or apply one, which shows what the case says; each of its operations needs its own permission besides.
pub const APPLY_MACRO: Permission = Permission("apply-macro");
/// See the log of a case.
pub const READ_LOG: Permission = Permission("read-log");
/// See mail that waits for a person to decide about it, unmasked; each access is logged.
pub const READ_LETTERBOX: Permission = Permission("read-letterbox");
/// Decide about such mail.
pub const DECIDE_MAIL: Permission = Permission("decide-mail");
/// Have a machine outside summarise, draft or translate; it is told nobody's name, and each use is logged.
pub const USE_ASSISTANT: Permission = Permission("use-assistant");
/// Keep what one is writing.
pub const DRAFT: Permission = Permission("draft");
/// See personal data unmasked, for a purpose that is logged.
pub const REVEAL: Permission = Permission("reveal");
/// Attach a file to a case.
pub const ATTACH: Permission = Permission("attach");
/// Read attached files, which are unmasked personal data; each access is logged.
pub const READ_ATTACHMENTS: Permission = Permission("read-attachments");
/// Take a whole case out as an archive, unmasked, for a purpose that is logged.
pub const EXPORT_CASE: Permission = Permission("export-case");
/// See categories, causes and packs.
pub const READ_RULES: Permission = Permission("read-rules");
/// Ask for rules to be put into force, and decide about what another person asked for.
pub const ACTIVATE_RULES: Permission = Permission("activate-rules");
/// See classification models, their figures, and what became of their suggestions.
pub const READ_MODELS: Permission = Permission("read-models");
/// Have a model learnt from closed cases or a labelled file; nothing changes by it.
pub const TRAIN_MODEL: Permission = Permission("train-model");
/// Put a model into use, or roll back to what was in use before.
pub const ACTIVATE_MODEL: Permission = Permission("activate-model");
/// Ask what a draft of rules would have changed in the cases one may see.
pub const WHAT_IF: Permission = Permission("what-if");
/// See units and colleagues, to assign cases to them.
pub const READ_ORGANISATION: Permission = Permission("read-organisation");
/// See who one is.
pub const READ_SELF: Permission = Permission("read-self");
/// Make, change and close units.
pub const MANAGE_ORGANISATION: Permission = Permission("manage-organisation");
/// Enter one's own absence and name a deputy.
pub const OWN_ABSENCE: Permission = Permission("own-absence");
/// The same for others.
pub const MANAGE_ABSENCES: Permission = Permission("manage-absences");
/// Create users, set passwords and roles.
pub const MANAGE_USERS: Permission = Permission("manage-users");
/// Make tokens for programmes, see which there are, and end them.
pub const MANAGE_TOKENS: Permission = Permission("manage-tokens");
/// Look through the log: who did what, who read what, who changed which setting; and see checks of it.
pub const READ_AUDIT: Permission = Permission("read-audit");
/// Have the whole log checked.
pub const VERIFY_LOG: Permission = Permission("verify-log");
/// Go through the first set-up of an installation.
pub const SET_UP: Permission = Permission("set-up");
/// Put the tour of the console away.
pub const OWN_TOUR: Permission = Permission("own-tour");
/// See how users sign in, and which roles have to have a second step.
pub const READ_SIGN_IN: Permission = Permission("read-sign-in");
/// Say which roles have to have a second step of signing in.
pub const REQUIRE_SECOND_FACTOR: Permission = Permission("require-second-factor");
/// Erase a person.
pub const ERASE: Permission = Permission("erase-person");
/// See how long what is kept and why, plans of erasing, and certificates.
pub const READ_RETENTION: Permission = Permission("read-retention");
/// Make a plan of erasing, and decide about another person's.
pub const PLAN_ERASURE: Permission = Permission("plan-erasure");
/// Take everything that is kept about a person out for handing over; each access is logged.
pub const EXPORT_PERSON: Permission = Permission("export-person");
/// See figures about the running server.
pub const READ_METRICS: Permission = Permission("read-metrics");
/// See reports, and the cases behind their figures.
pub const READ_REPORTS: Permission = Permission("read-reports");
/// See what is open, late and due soon in one's area, by unit, grade and person.
pub const READ_BOARD: Permission = Permission("read-board");
/// See remedies over all cases, and how billing stands.
pub const READ_REMEDIES: Permission = Permission("read-remedies");
/// Take a file for billing out, with the accounts of customers; each access is logged.
pub const EXPORT_REMEDIES: Permission = Permission("export-remedies");
/// Make a link through which the customer answers the survey.
pub const INVITE_SURVEY: Permission = Permission("invite-survey");
/// See problems behind cases, their measures and effects.
pub const READ_PROBLEMS: Permission = Permission("read-problems");
/// Name a problem.
pub const OPEN_PROBLEM: Permission = Permission("open-problem");
/// See mass incidents.
pub const READ_INCIDENTS: Permission = Permission("read-incidents");
/// Open a mass incident.
pub const OPEN_INCIDENT: Permission = Permission("open-incident");
/// Tell all customers of an incident the same; what is done to each case needs its own permission besides.
pub const TELL_INCIDENT: Permission = Permission("tell-incident");
/// Put people on the list of those to be told who have not complained.
pub const ADD_RECIPIENTS: Permission = Permission("add-recipients");
/// Have the house send those on it short messages and calls; their numbers are shown to nobody.
pub const SEND_TO_RECIPIENTS: Permission = Permission("send-to-recipients");
/// Take their numbers out, unmasked, to have them told; each time is logged.
pub const EXPORT_RECIPIENTS: Permission = Permission("export-recipients");
/// See suspected faults: where more came in than usual.
pub const READ_BURSTS: Permission = Permission("read-bursts");
/// Say that one looks into it.
pub const ACKNOWLEDGE_BURST: Permission = Permission("acknowledge-burst");
/// Say that it was nothing.
pub const DISMISS_BURST: Permission = Permission("dismiss-burst");
/// Say that there is a fault.
pub const CONFIRM_BURST: Permission = Permission("confirm-burst");
/// See what phrases rise, from the words of cases.
pub const READ_TOPICS: Permission = Permission("read-topics");
/// See emergency plans.
pub const READ_PLANS: Permission = Permission("read-plans");
/// Ask for a version of a plan to be approved.
pub const PROPOSE_PLAN: Permission = Permission("propose-plan");
/// Decide about another person's version of a plan.
pub const APPROVE_PLAN: Permission = Permission("approve-plan");
/// See wordings of messages.
pub const READ_WORDINGS: Permission = Permission("read-wordings");
/// Ask for a version of a wording to be approved.
pub const EDIT_WORDING: Permission = Permission("edit-wording");
/// Decide about another person's version of a wording.
pub const APPROVE_WORDING: Permission = Permission("decide-wording");
/// See outages, planned works and measurements.
pub const READ_NETWORK_FACTS: Permission = Permission("read-network-facts");
/// Say or correct them.
pub const RECORD_NETWORK_FACTS: Permission = Permission("record-network-facts");
/// See the operator's own products.
pub const READ_CATALOGUE: Permission = Permission("read-catalogue");
/// Say or change them.
pub const RECORD_CATALOGUE: Permission = Permission("record-catalogue");
/// Say or correct how many users there were.
pub const RECORD_EXPOSURES: Permission = Permission("record-exposures");
/// Do the same to many cases at once; what is done to each needs its own permission besides.
pub const BULK: Permission = Permission("bulk");

/// Say of a case what a TM Forum ticket says and the complaint has no place for.
pub const CHANGE_TICKET: Permission = Permission("change-ticket");
/// Take the ticket of a case from the TM Forum faces; the case stays.
pub const DELETE_TICKET: Permission = Permission("delete-ticket");
/// Write down what kinds of tickets there are.
pub const SPECIFY_TICKETS: Permission = Permission("specify-tickets");

/// Take the next case of one's unit's queue.
pub const CLAIM: Permission = Permission("claim");
/// Mark one's own notices as read.
pub const MARK_NOTICES: Permission = Permission("mark-notices");
/// Follow a case one sees.
pub const FOLLOW: Permission = Permission("follow");
/// Choose how notices reach oneself.
pub const CHOOSE_NOTICES: Permission = Permission("choose-notices");
/// Be told by a hub of the TM Forum faces what happens to cases one sees.
pub const SUBSCRIBE: Permission = Permission("subscribe");
/// Look after those who are told of events, and make webhooks.
pub const MANAGE_WEBHOOKS: Permission = Permission("manage-webhooks");
/// See jobs that wait or are dead.
pub const READ_JOBS: Permission = Permission("read-jobs");
/// Have dead jobs tried again.
pub const RETRY_JOBS: Permission = Permission("retry-jobs");

const EVERYONE: &[Role] = &Role::ALL;
const READERS: &[Role] = &[Agent, Specialist, Supervisor, Quality, Compliance, Trainer, Auditor, Admin, Integration];
const DESK: &[Role] = &[Agent, Specialist, Supervisor, Compliance, Admin, Integration];
const LEADS: &[Role] = &[Specialist, Supervisor, Compliance, Admin];

/// Whoever can be told something: programmes cannot.
const PEOPLE: &[Role] = &[Agent, Specialist, Supervisor, Quality, Compliance, Trainer, Auditor, Admin];

/// Who decides between units: about more time, about supervision, about whose case it is.
const DECIDERS: &[Role] = &[Supervisor, Compliance, Admin];

/// Who may speak for the operator to regulators and hotlines, and record what those say.
const FACING_BODIES: &[Role] = &[Specialist, Supervisor, Compliance, Admin, Integration];

/// Who decides where mail belongs that says so itself only.
const LETTERBOX: &[Role] = &[Specialist, Supervisor, Compliance, Admin];

/// Who may do the same to many cases at once: people who answer for more than their own, and programmes.
const MANY: &[Role] = &[Specialist, Supervisor, Compliance, Admin, Integration];

/// Who hands sums to billing and records what it says.
const BILLERS: &[Role] = &[Supervisor, Compliance, Admin, Integration];

/// Who reads an answer of a grave case before it goes out: people.
const READERS_OF_ANSWERS: &[Role] = &[Specialist, Supervisor, Quality, Compliance, Admin];

/// Who keeps problems: names them, says why, plans what is done, and judges whether it helped.
const IMPROVERS: &[Role] = &[Supervisor, Quality, Compliance, Admin];

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    /// What may be done.
    pub permission: Permission,
    /// By whom.
    pub roles: &'static [Role],
    /// What a token needs besides its role.
    pub scope: Scope,
}

const fn row(permission: Permission, roles: &'static [Role], scope: Scope) -> Row {
    Row { permission, roles, scope }
}

/// The table.
pub const TABLE: &[Row] = &[
    row(REGISTER, DESK, Scope::Write),
    row(BACKDATE, &[Supervisor, Compliance, Admin, Integration], Scope::Write),
    // Never more than those who may backdate.
    row(IMPORT, &[Supervisor, Compliance, Admin], Scope::Write),
    row(HAND_OFF, &[Supervisor, Compliance, Admin, Integration], Scope::Write),
    row(READ_CASES, READERS, Scope::Read),
    row(SAVE_VIEW, READERS, Scope::Write),
    row(SHARE_VIEW, DECIDERS, Scope::Write),
    row(SAVE_MACRO, DESK, Scope::Write),
    row(SHARE_MACRO, DECIDERS, Scope::Write),
    row(READ_MACROS, DESK, Scope::Read),
    row(APPLY_MACRO, DESK, Scope::Write),
    row(READ_LOG, READERS, Scope::Read),
    row(READ_LETTERBOX, LETTERBOX, Scope::PersonalData),
    row(DECIDE_MAIL, LETTERBOX, Scope::Write),
    // People alone: what it says is looked at by somebody before anything comes of it.
    row(USE_ASSISTANT, &[Agent, Specialist, Supervisor, Compliance, Admin], Scope::Write),
    row(DRAFT, DESK, Scope::Write),
    row(REVEAL, &[Agent, Specialist, Supervisor, Quality, Compliance, Admin, Integration], Scope::PersonalData),
    row(ATTACH, &[Agent, Specialist, Supervisor, Quality, Compliance, Admin, Integration], Scope::Write),
    row(
        READ_ATTACHMENTS,
        &[Agent, Specialist, Supervisor, Quality, Compliance, Admin, Integration],
        Scope::PersonalData,
    ),
    row(EXPORT_CASE, &[Agent, Specialist, Supervisor, Quality, Compliance, Admin, Integration], Scope::PersonalData),
    row(READ_RULES, EVERYONE, Scope::Read),
    row(ACTIVATE_RULES, &[Compliance, Admin], Scope::Write),
    row(READ_MODELS, &[Compliance, Auditor, Admin], Scope::Read),
    row(TRAIN_MODEL, &[Compliance, Admin], Scope::Write),
    row(ACTIVATE_MODEL, &[Compliance, Admin], Scope::Write),
    row(WHAT_IF, &[Compliance, Admin], Scope::Read),
    row(READ_ORGANISATION, READERS, Scope::Read),
    row(READ_SELF, EVERYONE, Scope::Read),
    row(MANAGE_ORGANISATION, &[Admin], Scope::Write),
    row(OWN_ABSENCE, &[Agent, Specialist, Supervisor, Quality, Compliance, Admin], Scope::Write),
    row(MANAGE_ABSENCES, &[Supervisor, Admin], Scope::Write),
    row(MANAGE_USERS, &[Admin], Scope::Write),
    row(MANAGE_TOKENS, &[Admin], Scope::Write),
    row(READ_AUDIT, &[Compliance, Auditor, Admin], Scope::Read),
    row(VERIFY_LOG, &[Compliance, Admin], Scope::Write),
    row(SET_UP, &[Admin], Scope::Write),
    row(OWN_TOUR, PEOPLE, Scope::Write),
    row(READ_SIGN_IN, &[Auditor, Admin], Scope::Read),
    row(REQUIRE_SECOND_FACTOR, &[Admin], Scope::Write),
    row(ERASE, &[Compliance, Admin], Scope::Write),
    row(READ_RETENTION, &[Compliance, Auditor, Admin], Scope::Read),
    row(PLAN_ERASURE, &[Compliance, Admin], Scope::Write),
    row(EXPORT_PERSON, &[Supervisor, Compliance, Admin], Scope::PersonalData),
    row(READ_METRICS, &[Admin, Auditor], Scope::Read),
    row(READ_REPORTS, &[Supervisor, Quality, Compliance, Auditor, Admin], Scope::Read),
    row(READ_BOARD, &[Supervisor, Quality, Compliance, Auditor, Admin], Scope::Read),
    row(BULK, MANY, Scope::Write),
    row(READ_REMEDIES, &[Specialist, Supervisor, Quality, Compliance, Auditor, Admin, Integration], Scope::Read),
    row(EXPORT_REMEDIES, &[Supervisor, Compliance, Admin, Integration], Scope::PersonalData),
    row(INVITE_SURVEY, DESK, Scope::Write),
    row(READ_PROBLEMS, &[Specialist, Supervisor, Quality, Compliance, Auditor, Admin, Integration], Scope::Read),
    row(OPEN_PROBLEM, IMPROVERS, Scope::Write),
    row(Permission("amend-problem"), IMPROVERS, Scope::Write),
    row(Permission("analyse-problem"), IMPROVERS, Scope::Write),
    row(Permission("link-cases"), IMPROVERS, Scope::Write),
    row(Permission("unlink-case"), IMPROVERS, Scope::Write),
    row(Permission("plan-action"), IMPROVERS, Scope::Write),
    // A measure may be in the hands of whoever works cases of the second line.
    row(Permission("report-action"), &[Specialist, Supervisor, Quality, Compliance, Admin], Scope::Write),
    row(Permission("approve-action"), IMPROVERS, Scope::Write),
    row(Permission("return-action"), IMPROVERS, Scope::Write),
    row(Permission("cancel-action"), IMPROVERS, Scope::Write),
    row(Permission("close-problem"), IMPROVERS, Scope::Write),
    row(Permission("dismiss-problem"), IMPROVERS, Scope::Write),
    row(Permission("reopen-problem"), IMPROVERS, Scope::Write),
    row(CHANGE_TICKET, DESK, Scope::Write),
    row(DELETE_TICKET, &[Compliance, Admin], Scope::Write),
    row(SPECIFY_TICKETS, &[Compliance, Admin, Integration], Scope::Write),
    row(READ_INCIDENTS, READERS, Scope::Read),
    row(OPEN_INCIDENT, FACING_BODIES, Scope::Write),
    row(Permission("amend-incident"), LEADS, Scope::Write),
    row(Permission("start-plan"), LEADS, Scope::Write),
    row(Permission("name-role"), LEADS, Scope::Write),
    // Whoever was named for it does it.
    row(Permission("tick-item"), &[Agent, Specialist, Supervisor, Quality, Compliance, Admin], Scope::Write),
    row(Permission("word-incident"), LEADS, Scope::Write),
    row(Permission("approve-wording"), DECIDERS, Scope::Write),
    row(Permission("return-wording"), LEADS, Scope::Write),
    // The network's own systems know first that it is back.
    row(Permission("restore-incident"), FACING_BODIES, Scope::Write),
    row(Permission("close-incident"), LEADS, Scope::Write),
    row(Permission("reopen-incident"), LEADS, Scope::Write),
    row(TELL_INCIDENT, MANY, Scope::Write),
    row(ADD_RECIPIENTS, FACING_BODIES, Scope::Write),
    row(SEND_TO_RECIPIENTS, MANY, Scope::Write),
    row(EXPORT_RECIPIENTS, &[Supervisor, Compliance, Admin, Integration], Scope::PersonalData),
    row(READ_BURSTS, &[Specialist, Supervisor, Quality, Compliance, Auditor, Admin, Integration], Scope::Read),
    row(ACKNOWLEDGE_BURST, DECIDERS, Scope::Write),
    row(DISMISS_BURST, DECIDERS, Scope::Write),
    row(CONFIRM_BURST, DECIDERS, Scope::Write),
    // Made of cases' words: for those who read reports and cases both.
    row(READ_TOPICS, &[Supervisor, Quality, Compliance, Auditor, Admin], Scope::Read),
    row(READ_PLANS, READERS, Scope::Read),
    row(PROPOSE_PLAN, DECIDERS, Scope::Write),
    row(APPROVE_PLAN, DECIDERS, Scope::Write),
    row(READ_WORDINGS, READERS, Scope::Read),
    row(EDIT_WORDING, DECIDERS, Scope::Write),
    row(APPROVE_WORDING, DECIDERS, Scope::Write),
    row(READ_NETWORK_FACTS, READERS, Scope::Read),
    row(RECORD_NETWORK_FACTS, &[Supervisor, Admin, Integration], Scope::Write),
    row(READ_CATALOGUE, READERS, Scope::Read),
    row(RECORD_CATALOGUE, &[Supervisor, Admin, Integration], Scope::Write),
    row(RECORD_EXPOSURES, &[Supervisor, Admin, Integration], Scope::Write),
    row(CLAIM, &[Agent, Specialist, Supervisor, Compliance, Admin], Scope::Write),
    row(MARK_NOTICES, EVERYONE, Scope::Write),
    row(FOLLOW, PEOPLE, Scope::Write),
    row(CHOOSE_NOTICES, PEOPLE, Scope::Write),
    row(SUBSCRIBE, &[Compliance, Admin, Integration], Scope::Read),
    row(MANAGE_WEBHOOKS, &[Admin], Scope::Write),
    row(READ_JOBS, &[Admin, Auditor], Scope::Read),
    row(RETRY_JOBS, &[Admin], Scope::Write),
    row(Permission("classify"), DESK, Scope::Write),
    row(Permission("accept"), DESK, Scope::Write),
    row(Permission("assign"), DESK, Scope::Write),
    row(Permission("route"), DESK, Scope::Write),
    row(Permission("grade"), LEADS, Scope::Write),
    row(Permission("re-grade"), LEADS, Scope::Write),
    row(Permission("transfer"), DESK, Scope::Write),
    row(Permission("supplement"), DESK, Scope::Write),
    row(Permission("record-contact"), DESK, Scope::Write),
    row(Permission("declare-unreachable"), DESK, Scope::Write),
    row(Permission("send-message"), DESK, Scope::Write),
    row(Permission("notify-progress"), DESK, Scope::Write),
    row(Permission("agree-progress"), DESK, Scope::Write),
    row(Permission("issue-letter"), DESK, Scope::Write),
    row(Permission("refer"), DESK, Scope::Write),
    row(Permission("record-step"), DESK, Scope::Write),
    row(Permission("record-delivery"), DESK, Scope::Write),
    row(Permission("promise"), DESK, Scope::Write),
    row(Permission("keep-promise"), DESK, Scope::Write),
    row(Permission("suspend"), LEADS, Scope::Write),
    row(Permission("resume"), DESK, Scope::Write),
    row(Permission("judge-similar"), DESK, Scope::Write),
    row(Permission("note"), &[Agent, Specialist, Supervisor, Quality, Compliance, Admin, Integration], Scope::Write),
    row(Permission("dispatch"), DESK, Scope::Write),
    row(Permission("accept-order"), DESK, Scope::Write),
    row(Permission("refuse-order"), DESK, Scope::Write),
    row(Permission("return-order"), DESK, Scope::Write),
    row(Permission("hand-over-order"), DESK, Scope::Write),
    row(Permission("book-visit"), DESK, Scope::Write),
    row(Permission("record-arrival"), DESK, Scope::Write),
    row(Permission("report-order"), DESK, Scope::Write),
    row(Permission("answer-order"), DESK, Scope::Write),
    row(Permission("bounce-order"), DESK, Scope::Write),
    row(Permission("urge-order"), DESK, Scope::Write),
    row(Permission("ask-extension"), DESK, Scope::Write),
    row(Permission("decide-extension"), DECIDERS, Scope::Write),
    row(Permission("approve-order"), DECIDERS, Scope::Write),
    row(Permission("cancel-order"), DESK, Scope::Write),
    row(Permission("rule-ownership"), DECIDERS, Scope::Write),
    row(Permission("propose"), DESK, Scope::Write),
    row(Permission("approve"), LEADS, Scope::Write),
    row(Permission("send-back"), LEADS, Scope::Write),
    row(Permission("ask-reading"), DESK, Scope::Write),
    // Whoever wrote it never reads it; the desk looks at that.
    row(Permission("release-reading"), READERS_OF_ANSWERS, Scope::Write),
    row(Permission("return-reading"), READERS_OF_ANSWERS, Scope::Write),
    row(Permission("reply"), DESK, Scope::Write),
    row(Permission("feed-back"), FACING_BODIES, Scope::Write),
    row(Permission("record-admission"), FACING_BODIES, Scope::Write),
    row(Permission("record-transfer"), FACING_BODIES, Scope::Write),
    row(Permission("record-mediation"), FACING_BODIES, Scope::Write),
    row(Permission("record-end"), FACING_BODIES, Scope::Write),
    row(Permission("propose-compensation"), DESK, Scope::Write),
    row(Permission("approve-compensation"), LEADS, Scope::Write),
    row(Permission("refuse-compensation"), LEADS, Scope::Write),
    row(Permission("pay-compensation"), DESK, Scope::Write),
    row(Permission("send-compensation"), BILLERS, Scope::Write),
    row(Permission("confirm-compensation"), BILLERS, Scope::Write),
    row(Permission("verify-compensation"), DESK, Scope::Write),
    row(Permission("settle-recovery"), DESK, Scope::Write),
    row(Permission("set-cause"), DESK, Scope::Write),
    row(Permission("ask-satisfaction"), DESK, Scope::Write),
    row(Permission("record-satisfaction"), DESK, Scope::Write),
    // Whoever calls back did not handle the case; the desk looks at that.
    row(Permission("call-back"), &[Agent, Specialist, Supervisor, Quality, Compliance, Admin], Scope::Write),
    row(Permission("decide-review"), &[Specialist, Supervisor, Quality, Compliance, Admin], Scope::Write),
    row(Permission("dispute"), DESK, Scope::Write),
    row(Permission("declare-deadlock"), LEADS, Scope::Write),
    row(Permission("confirm"), DESK, Scope::Write),
    row(Permission("close"), DESK, Scope::Write),
    row(Permission("reopen"), DESK, Scope::Write),
    row(Permission("decline"), LEADS, Scope::Write),
    row(Permission("withdraw"), DESK, Scope::Write),
    row(Permission("merge"), LEADS, Scope::Write),
    row(Permission("link"), DESK, Scope::Write),
    row(Permission("join-incident"), DESK, Scope::Write),
    row(Permission("leave-incident"), DESK, Scope::Write),
    row(Permission("place-hold"), &[Compliance, Admin], Scope::Write),
    row(Permission("lift-hold"), &[Compliance, Admin], Scope::Write),
    row(Permission("request-void"), DESK, Scope::Write),
    row(Permission("confirm-void"), LEADS, Scope::Write),
];

impl Permission {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// The permission for a verb on a case.
    #[must_use]
    pub fn for_verb(verb: &str) -> Option<Self> {
        find(verb).map(|row| row.permission)
    }

    /// Whether a role has it, scopes aside.
    #[must_use]
    pub fn granted_to(self, role: Role) -> bool {
        find(self.0).is_some_and(|row| row.roles.contains(&role))
    }

    /// Whether this caller has it.
    #[must_use]
    pub fn allows(self, caller: &Caller) -> bool {
        find(self.0).is_some_and(|row| row.roles.contains(&caller.actor.role) && caller.scopes.contains(&row.scope))
    }

    /// Refuses a caller who has it not.
    ///
    /// # Errors
    /// Names the permission and the caller's role.
    pub fn require(self, caller: &Caller) -> Result<(), Refusal> {
        if self.allows(caller) {
            return Ok(());
        }
        Err(Refusal::forbidden("not_permitted").with("permission", self.0).with("role", caller.actor.role))
    }
}

fn find(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.permission.0 == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::command::VERBS;

    #[test]
    fn the_trade_names_those_who_may_approve_remedies() {
        let approve = Permission::for_verb("approve-compensation").unwrap();
        for role in Role::ALL {
            assert_eq!(
                approve.granted_to(role),
                domain::case::compensation::APPROVERS.contains(&role.code()),
                "{role}"
            );
        }
    }

    #[test]
    fn every_verb_has_exactly_one_row() {
        for verb in VERBS {
            assert_eq!(TABLE.iter().filter(|row| row.permission.0 == verb.name).count(), 1, "{}", verb.name);
        }
        for verb in domain::problem::VERBS {
            assert_eq!(TABLE.iter().filter(|row| row.permission.0 == verb.name).count(), 1, "{}", verb.name);
        }
        for verb in domain::incident::VERBS {
            assert_eq!(TABLE.iter().filter(|row| row.permission.0 == verb.name).count(), 1, "{}", verb.name);
        }
        let mut names: Vec<_> = TABLE.iter().map(|row| row.permission.0).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len(), "a permission stands twice");
    }

    #[test]
    fn who_takes_in_files_may_state_an_earlier_receipt() {
        for role in Role::ALL.into_iter().filter(|role| IMPORT.granted_to(*role)) {
            assert!(BACKDATE.granted_to(role) && REGISTER.granted_to(role), "{role}");
        }
    }

    #[test]
    fn who_only_looks_cannot_change() {
        // What they are told of, and how, and which lists they keep for themselves, is theirs to choose.
        let own = [MARK_NOTICES, FOLLOW, CHOOSE_NOTICES, SAVE_VIEW, OWN_TOUR];
        for row in TABLE.iter().filter(|row| row.scope == Scope::Write && !own.contains(&row.permission)) {
            assert!(!row.roles.contains(&Auditor), "{}", row.permission.0);
            assert!(!row.roles.contains(&Trainer), "{}", row.permission.0);
        }
    }
}
