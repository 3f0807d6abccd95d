//! `redress case`: one case shown, or one operation carried out on it, by the same desk as console and API.

use super::body::Body;
use super::place::Place;
use super::{reason, say, told, wait_plain, words};
use crate::api::operations::distinguishing;
use crate::api::view;
use crate::locale::Language;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use desk::queries::case::CaseView;
use desk::register::OnceOnly;
use desk::run::Done;
use desk::{Caller, CaseRef, Desk, permissions};
use domain::actor::ActorId;
use domain::case;
use domain::case::gates::Ending;
use domain::command::{Command, VERBS};
use domain::refusal::Refusal;
use jiff::Timestamp;
use policy::Stack;

/// Entries of the log that are shown.
const LATEST: usize = 10;

/// Options of `case`.
#[derive(Debug, Args)]
pub(super) struct Case {
    #[command(flatten)]
    place: Place,
    /// Number or identifier of the case.
    number: String,
    /// What to do; without it the case is shown.
    #[arg(value_parser = verbs())]
    verb: Option<String>,
    #[command(flatten)]
    body: Body,
    /// User in whose name and with whose rights it is done. Default: the system.
    #[arg(long = "as", value_name = "USERNAME")]
    user: Option<String>,
    /// Do it only if the case is still at this version. Default: as the case stands.
    #[arg(long, value_name = "N", requires = "verb")]
    if_version: Option<i64>,
    /// A repeated call with the same key and body does nothing and answers as the first did.
    #[arg(long, value_name = "KEY", requires = "verb")]
    idempotency_key: Option<String>,
    /// Print what the API answers.
    #[arg(long)]
    json: bool,
}

fn verbs() -> PossibleValuesParser {
    PossibleValuesParser::new(VERBS.iter().map(|verb| PossibleValue::new(verb.name).help(verb.doc.trim())))
}

pub(super) fn run(ask: &Case) -> Result<(), String> {
    let name = CaseRef::parse(&ask.number).map_err(|_| format!("{:?} is no case number", ask.number))?;
    let Some(verb) = &ask.verb else {
        return show(ask, &name);
    };
    let (bytes, value) = ask.body.read()?;
    let command = Command::read(verb, value).ok_or_else(|| format!("there is no operation {verb:?}"))?;
    let command = command.map_err(|faults| told(&Refusal::invalid(faults).into()))?;
    let desk = ask.place.open()?;
    let done = wait_plain(async {
        let caller = super::caller(&desk, ask.user.as_deref()).await?;
        carry_out(&desk, &caller, &name, command, &bytes, ask).await
    });
    let said = done.and_then(|done| outcome(&desk, &done, ask.json));
    desk.db().close();
    said
}

async fn carry_out(
    desk: &Desk,
    caller: &Caller,
    name: &CaseRef,
    command: Command,
    bytes: &[u8],
    ask: &Case,
) -> Result<Done, String> {
    let seen = match ask.if_version {
        Some(version) => version,
        None => desk.case(caller, name).await.map_err(|error| told(&error))?.case.version,
    };
    // Whoever names no version says the same again however far the case has gone.
    let named = ask.if_version.map(|version| version.to_string()).unwrap_or_default();
    let whole = distinguishing(name, &named, bytes);
    let once = ask.idempotency_key.as_deref().map(|key| OnceOnly { key, body: &whole });
    desk.run(caller, name, seen, command, once).await.map_err(|error| told(&error))
}

/// Tells what a registration or an operation led to.
pub(super) fn outcome(desk: &Desk, done: &Done, json: bool) -> Result<(), String> {
    if json {
        return say(view::receipt(desk, &done.case));
    }
    say(format_args!("{}{}", head(&done.case), if done.replayed { "  (done before)" } else { "" }))?;
    clocks(desk, &done.case)
}

fn show(ask: &Case, name: &CaseRef) -> Result<(), String> {
    if !ask.body.is_absent() {
        return Err("a body needs an operation: redress case NUMBER VERB --body JSON".to_owned());
    }
    let desk = ask.place.open()?;
    let read = wait_plain(async {
        let caller = super::caller(&desk, ask.user.as_deref()).await?;
        permissions::READ_LOG.require(&caller).map_err(|refusal| told(&refusal.into()))?;
        desk.case(&caller, name).await.map_err(|error| told(&error))
    });
    let said = read.and_then(|found| if ask.json { say(view::case(&desk, &found)) } else { lines(&desk, &found) });
    desk.db().close();
    said
}

fn lines(desk: &Desk, found: &CaseView) -> Result<(), String> {
    let owner = &found.case.owner;
    let unit = found.units.get(&owner.unit).cloned().unwrap_or_else(|| owner.unit.to_string());
    let user = owner.user.map(|user| found.users.get(&user).cloned().unwrap_or_else(|| user.to_string()));
    say(head(&found.case))?;
    say(format_args!("held by  {}{}", unit, user.map(|user| format!(", {user}")).unwrap_or_default()))?;
    clocks(desk, &found.case)?;
    missing(desk, &found.case)?;
    let earlier = found.entries.len().saturating_sub(LATEST);
    if earlier > 0 {
        say(format_args!("{earlier} earlier entries"))?;
    }
    for entry in found.entries.iter().skip(earlier) {
        let who = match entry.actor {
            ActorId::User(user) => found.users.get(&user).cloned().unwrap_or_else(|| user.to_string()),
            ActorId::Token(_) => word("ui.actor.token"),
            ActorId::System => word("ui.actor.system"),
        };
        let did = word(&format!("verb.{}", entry.verb));
        say(format_args!("{:>5}  {}  {who}  {did}", entry.version, shown(desk, entry.at)))?;
    }
    Ok(())
}

fn head(case: &case::Case) -> String {
    let state = word(&format!("state.{}", case.state.code()));
    let grade = word(&format!("grade.{}", case.grade.code()));
    format!("{}  {state}  {grade}  version {}", case.number, case.version)
}

fn clocks(desk: &Desk, case: &case::Case) -> Result<(), String> {
    let rules = desk.library().rules_of(case).map_err(|error| told(&error))?;
    let now = desk.time().now();
    for clock in &case.clocks {
        let rule = rules.clock(&clock.rule);
        let title = rule.map_or(clock.rule.as_str(), |rule| rule.head.title.en.as_str());
        let state = word(&format!("outcome.{}", view::clock_state(clock, rule, now)));
        say(format_args!("clock  due {}  {state}  {title}", limit(desk, clock.due_at, &rules)))?;
    }
    Ok(())
}

/// What keeps the case from being closed, one line each.
fn missing(desk: &Desk, case: &case::Case) -> Result<(), String> {
    if !case.state.is_open() {
        return Ok(());
    }
    let rules = desk.library().rules_of(case).map_err(|error| told(&error))?;
    for fault in case.missing_for_close(&rules, desk.library().taxonomy()) {
        say(format_args!("before closing  {}", reason(&fault)))?;
    }
    for ending in Ending::OTHERS {
        let verb = ending.verb();
        for fault in case.missing_before(ending, &rules, desk.library().taxonomy()) {
            say(format_args!("before {verb}  {}", reason(&fault)))?;
        }
    }
    Ok(())
}

fn word(key: &str) -> String {
    words().text(Language::En, key, &[])
}

/// A limit of a case: in the installation's zone while the customer's place has the same hour, else as the place has it.
fn limit(desk: &Desk, at: Timestamp, rules: &Stack) -> String {
    let there = at.to_zoned_datetime(rules.zone());
    if there.datetime() == at.to_zoned_datetime(desk.zone().clone()).datetime() {
        return shown(desk, at);
    }
    there.strftime("%Y-%m-%d %H:%M %:z").to_string()
}

/// A moment in the installation's zone.
fn shown(desk: &Desk, at: Timestamp) -> String {
    at.to_zoned_datetime(desk.zone().clone()).datetime().strftime("%Y-%m-%d %H:%M").to_string()
}
