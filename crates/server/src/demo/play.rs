//! The stage: steps written down in a file are played through the desk, with a clock that is moved.

use super::stories::Story;
use desk::attach::Beside;
use desk::caller::Scope;
use desk::{Caller, CaseRef, Desk, DeskError, jobs};
use domain::actor::{Actor, ActorId, AreaScope};
use domain::case::invite_survey::Answer;
use domain::case::{Case, Matter};
use domain::command::Command;
use domain::fault::Fault;
use domain::free_text::FreeText;
use domain::ids::UnitId;
use domain::intake::Intake;
use domain::refusal::Refusal;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// One thing somebody does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    /// Name to sign in with; `handler` is whoever handles cases of this grade.
    by: String,
    /// Minutes since the step before.
    after: i64,
    /// Another case it is done to, by the name a story gave it.
    on: Option<String>,
    /// Whether it is only done where another body waits for its answer.
    #[serde(default)]
    owed: bool,
    /// Whether it is only done where a review waits for a third person.
    #[serde(default)]
    reviewed: bool,
    /// A verb of the desk, or `attach`, `hand-off`, `same-again`, `follow`, `survey-link`, `survey-answer`.
    #[serde(rename = "do")]
    verb: String,
    /// What goes with it. Words such as `in:60`, `case:parent` or `file:账单.txt` are looked up, see [`Stage::word`].
    #[serde(default)]
    with: Map<String, Value>,
}

impl Step {
    /// What somebody does at once.
    pub(super) fn of(by: &str, verb: &str, with: Map<String, Value>) -> Self {
        let (by, verb) = (by.to_owned(), verb.to_owned());
        Self { by, after: 0, on: None, owed: false, reviewed: false, verb, with }
    }
}

/// Who plays, where, and what went wrong.
pub(super) struct Stage<'a> {
    pub(super) desk: &'a Desk,
    callers: BTreeMap<String, Caller>,
    units: BTreeMap<&'static str, UnitId>,
    /// Nothing happens after this.
    pub(super) until: Timestamp,
    /// Numbers of cases that a story calls by a name.
    pub(super) named: RefCell<BTreeMap<String, String>>,
    /// Steps the desk refused: the demo goes on without them.
    pub(super) refused: RefCell<Vec<String>>,
    /// Steps before which a story ended, because the law wants what nobody of the demo can give.
    pub(super) ended_early: RefCell<Vec<String>>,
}

/// A case under way.
pub(super) struct Life<'s> {
    pub(super) name: CaseRef,
    pub(super) version: i64,
    pub(super) grave: bool,
    /// Whether another body waits for its answer.
    owed: bool,
    /// Whether a review is open.
    reviewed: bool,
    /// The secret of the last link for the survey.
    link: Option<String>,
    /// Attached files by their names.
    files: BTreeMap<String, String>,
    intake: Value,
    story: Option<&'s Story>,
}

impl<'s> Life<'s> {
    fn of(case: &Case, intake: Value, story: Option<&'s Story>) -> Self {
        Self {
            name: CaseRef::Id(case.id),
            version: case.version,
            grave: case.grade != policy::Grade::Normal,
            owed: owes(case),
            reviewed: case.open_review().is_some(),
            link: None,
            files: BTreeMap::new(),
            intake,
            story,
        }
    }
}

impl Life<'_> {
    /// No case yet.
    fn none() -> Self {
        Self {
            name: CaseRef::Number(String::new()),
            version: 0,
            grave: false,
            owed: false,
            reviewed: false,
            link: None,
            files: BTreeMap::new(),
            intake: Value::Null,
            story: None,
        }
    }
}

impl<'a> Stage<'a> {
    /// Gathers the players. They see everything, whatever their own area.
    pub(super) async fn set(
        desk: &'a Desk,
        system: &Caller,
        units: BTreeMap<&'static str, UnitId>,
        until: Timestamp,
    ) -> Result<Self, DeskError> {
        let player = |user: desk::organisation::Colleague| {
            let area = AreaScope::everywhere();
            let actor = Actor { id: ActorId::User(user.id), role: user.role.parse().ok()?, area, unit: user.unit };
            Some((
                user.username.clone(),
                Caller { actor, name: user.username, scopes: Scope::ALL.to_vec(), one_time: false, must_enrol: false },
            ))
        };
        let callers = desk.colleagues(system).await?.into_iter().filter_map(player).collect();
        Ok(Self {
            desk,
            callers,
            units,
            until,
            named: RefCell::default(),
            refused: RefCell::default(),
            ended_early: RefCell::default(),
        })
    }

    /// A player by the name they sign in with.
    pub(super) fn caller(&self, username: &str) -> Option<&Caller> {
        self.callers.get(username)
    }

    /// Registers a contact at a moment.
    pub(super) async fn register<'s>(
        &self,
        at: Timestamp,
        by: &str,
        intake: Value,
        story: Option<&'s Story>,
    ) -> Result<Option<Life<'s>>, DeskError> {
        self.move_to(at).await?;
        let Some(caller) = self.callers.get(by) else {
            return Ok(None);
        };
        let typed = Intake::read(intake.clone()).map_err(Refusal::invalid)?;
        let case = self.desk.register(caller, typed, None).await?.case;
        Ok(Some(Life::of(&case, intake, story)))
    }

    /// Takes in what another body hands over at a moment.
    pub(super) async fn handed_over(
        &self,
        at: Timestamp,
        by: &str,
        intake: Value,
        mut handed: Value,
    ) -> Result<Option<Life<'static>>, DeskError> {
        self.move_to(at).await?;
        let Some(caller) = self.callers.get(by) else {
            return Ok(None);
        };
        if let Some(body) = handed.as_object_mut() {
            body.insert("handed_at".to_owned(), json!(at.to_string()));
            body.insert("complaint".to_owned(), intake.clone());
        }
        let receipt = self.desk.hand_off(caller, handed).await?.receipt;
        let case = self.desk.case(caller, &CaseRef::Id(receipt.case)).await?.case;
        Ok(Some(Life::of(&case, intake, None)))
    }

    /// Plays steps until they end or now is reached.
    pub(super) async fn play(&self, life: &mut Life<'_>, steps: &[Step]) -> Result<(), DeskError> {
        for step in steps {
            if step.owed && !life.owed || step.reviewed && !life.reviewed {
                continue;
            }
            let at = self.desk.time().now() + SignedDuration::from_mins(step.after);
            if at >= self.until {
                return Ok(());
            }
            self.move_to(at).await?;
            let mut done = self.act(life, step, at).await;
            // Other laws ask for more before an end: it is seen to, and where nobody here can, the story ends before it.
            if held_back(&done) {
                if self.see_to(life, step).await? {
                    done = self.act(life, step, at).await;
                }
                if let (true, Err(DeskError::Refused(refusal))) = (held_back(&done), &done) {
                    let codes: Vec<_> = refusal.faults.iter().map(|fault| fault.code).collect();
                    self.ended_early.borrow_mut().push(format!("{} {codes:?}", step.verb));
                    return Ok(());
                }
            }
            match done {
                Err(DeskError::Refused(refusal)) => {
                    let codes: Vec<_> =
                        refusal.faults.iter().map(|fault| format!("{} {}", fault.field, fault.code)).collect();
                    self.refused.borrow_mut().push(format!("{}: {} {codes:?}", step.verb, refusal.code));
                    return Ok(());
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// Lets time pass: whatever comes true by then has happened before the next step.
    pub(super) async fn move_to(&self, at: Timestamp) -> Result<(), DeskError> {
        self.desk.time().set(at);
        jobs::timers::ring_due(self.desk).await.map(drop)
    }

    /// Whoever plays a step, by their own name or by what they do.
    fn player(&self, by: &str, grave: bool) -> Option<&Caller> {
        let who = match by {
            "handler" if grave => "specialist",
            "handler" => "agent",
            named => named,
        };
        self.callers.get(who)
    }

    async fn see_to(&self, life: &mut Life<'_>, step: &Step) -> Result<bool, DeskError> {
        match self.player(&step.by, life.grave) {
            // What is missing of another case is that one's business.
            Some(caller) if step.on.is_none() => self.write_what_is_owed(caller, life).await,
            _ => Ok(false),
        }
    }

    /// Does a step to a case.
    pub(super) async fn act(&self, life: &mut Life<'_>, step: &Step, at: Timestamp) -> Result<(), DeskError> {
        let Some(caller) = self.player(&step.by, life.grave) else {
            return Err(Refusal::not_found().into());
        };
        let with = self.looked_up(&Value::Object(step.with.clone()), life, at);
        match step.verb.as_str() {
            "attach" => self.attach(caller, life, &with).await,
            "hand-off" => self.hand_off(caller, life, with).await,
            "same-again" => self.same_again(caller, life).await,
            "survey-link" => {
                let invited = self.desk.invite_survey(caller, &life.name, None).await?;
                (life.version, life.link) = (invited.case.version, Some(invited.secret));
                Ok(())
            }
            "survey-answer" => {
                let answer: Answer =
                    serde_json::from_value(with).map_err(|_| Refusal::from(Fault::new("", "unreadable")))?;
                let secret = life.link.clone().unwrap_or_default();
                self.desk.answer_survey(&secret, answer, Ipv4Addr::LOCALHOST.into()).await?;
                let case = self.desk.case(caller, &life.name).await?.case;
                (life.version, life.reviewed) = (case.version, case.open_review().is_some());
                Ok(())
            }
            "follow" => self.desk.follow(caller, &life.name, true).await,
            verb => {
                let command = Command::read(verb, with).unwrap_or_else(|| Err(Vec::new())).map_err(Refusal::invalid)?;
                if let Some(other) = &step.on {
                    return self.elsewhere(caller, other, command).await;
                }
                let done = self.run(caller, &life.name, life.version, command.clone()).await;
                let case = match done {
                    Err(DeskError::Refused(refusal)) if refusal.code == "needs_second_reader" => {
                        self.have_read(caller, life, command).await?
                    }
                    other => other?,
                };
                (life.version, life.owed) = (case.version, owes(&case));
                life.reviewed = case.open_review().is_some();
                Ok(())
            }
        }
    }

    /// Has the words of a reply or letter read by somebody else, and sends them.
    pub(super) async fn have_read(
        &self,
        caller: &Caller,
        life: &Life<'_>,
        mut command: Command,
    ) -> Result<Case, DeskError> {
        let (mut ask, words) = match &mut command {
            Command::Reply(reply) => (json!({"paper": "reply"}), reply.content.take()),
            Command::IssueLetter(one) => {
                (json!({"paper": "letter", "letter": one.letter, "language": one.language}), one.content.take())
            }
            _ => return Err(Refusal::not_found().into()),
        };
        if let Some(body) = ask.as_object_mut() {
            body.insert("content".to_owned(), json!(words.as_ref().and_then(FreeText::plain)));
        }
        let read = |verb, body| Command::read(verb, body).unwrap_or_else(|| Err(Vec::new())).map_err(Refusal::invalid);
        let asked = self.run(caller, &life.name, life.version, read("ask-reading", ask)?).await?;
        let id = asked.readings.last().map(|one| one.id);
        // Whoever is free to: somebody else who handled nothing the customer rejected.
        let readers = ["supervisor", "supervisor2", "compliance", "quality"].into_iter();
        let mut readers = readers.filter_map(|name| self.callers.get(name));
        let free = |one: &&Caller| one.actor.id != caller.actor.id && !asked.excluded().contains(&one.actor.id);
        let reader = readers.find(free).ok_or_else(Refusal::not_found)?;
        let release = read("release-reading", json!({"reading": id}))?;
        let released = self.run(reader, &life.name, asked.version, release).await?;
        match &mut command {
            Command::Reply(reply) => reply.reading = id,
            Command::IssueLetter(letter) => letter.reading = id,
            _ => {}
        }
        self.run(caller, &life.name, released.version, command).await
    }

    /// Carries a command out; what timers or another case wrote in between is taken note of first.
    pub(super) async fn run(
        &self,
        caller: &Caller,
        name: &CaseRef,
        seen: i64,
        command: Command,
    ) -> Result<Case, DeskError> {
        match self.desk.run(caller, name, seen, command.clone(), None).await {
            Err(DeskError::Stale { current, .. }) => {
                Ok(self.desk.run(caller, name, current, command, None).await?.case)
            }
            other => Ok(other?.case),
        }
    }

    /// What one case brings about in another that has to do with it.
    async fn elsewhere(&self, caller: &Caller, other: &str, command: Command) -> Result<(), DeskError> {
        let id = self.named.borrow().get(other).cloned().unwrap_or_default();
        self.run(caller, &CaseRef::parse(&id)?, 0, command).await.map(drop)
    }

    async fn attach(&self, caller: &Caller, life: &mut Life<'_>, with: &Value) -> Result<(), DeskError> {
        let text = |name: &str| with.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut upload = self.desk.begin_attachment(caller, &life.name).await?;
        upload.write(text("text").as_bytes())?;
        let beside = Beside { name: text("name"), note: Some(text("note")), seen: None };
        let attached = self.desk.attach(upload, beside).await?;
        life.files.insert(text("name"), attached.id.to_string());
        Ok(())
    }

    /// Another body hands the same person's matter over; the desk finds the case by itself.
    async fn hand_off(&self, caller: &Caller, life: &mut Life<'_>, mut with: Value) -> Result<(), DeskError> {
        let mut complaint = life.intake.clone();
        if let Some(contact) = complaint.as_object_mut() {
            contact.insert("kind".to_owned(), json!("appeal"));
            contact.insert("accept_channel".to_owned(), json!("regulator_transfer"));
        }
        if let Some(body) = with.as_object_mut() {
            body.insert("complaint".to_owned(), complaint);
        }
        self.desk.hand_off(caller, with).await?;
        life.owed = true;
        Ok(())
    }

    /// The customer gets in touch about the same once more; the second case goes up in the first.
    async fn same_again(&self, caller: &Caller, life: &Life<'_>) -> Result<(), DeskError> {
        let CaseRef::Id(first) = &life.name else {
            return Ok(());
        };
        // What another body waits for does not go up in another case.
        if life.owed {
            return Ok(());
        }
        let typed = Intake::read(life.intake.clone()).map_err(Refusal::invalid)?;
        let second = self.desk.register(caller, typed, None).await?.case;
        let into = json!({"into": first.to_string(), "reason": "同一客户就同一事项再次来电，并入原案一并处理。"});
        let command = Command::read("merge", into).unwrap_or_else(|| Err(Vec::new())).map_err(Refusal::invalid)?;
        self.desk.run(caller, &CaseRef::Id(second.id), second.version, command, None).await.map(drop)
    }

    /// Calls a case by a name, for other stories to refer to.
    pub(super) fn call(&self, life: &Life<'_>, name: &str) {
        if let CaseRef::Id(id) = &life.name {
            self.named.borrow_mut().insert(name.to_owned(), id.to_string());
        }
    }

    /// Gives what is no case a name words of the story call it by.
    pub(super) fn call_thing(&self, name: &str, id: uuid::Uuid) {
        self.named.borrow_mut().insert(name.to_owned(), id.to_string());
    }

    /// Words that stand for something, in an intake before there is a case.
    pub(super) fn look_up(&self, value: &Value, at: Timestamp) -> Value {
        self.looked_up(value, &Life::none(), at)
    }

    fn looked_up(&self, value: &Value, life: &Life<'_>, at: Timestamp) -> Value {
        match value {
            Value::Object(members) => {
                let found = members.iter().map(|(name, value)| (name.clone(), self.looked_up(value, life, at)));
                Value::Object(found.collect())
            }
            Value::Array(all) => all.iter().map(|value| self.looked_up(value, life, at)).collect(),
            Value::String(text) => Value::String(self.word(text, life, at).unwrap_or_else(|| text.clone())),
            other => other.clone(),
        }
    }

    /// What a word stands for: `in:N` and `ago:N` minutes from now, `local:` a moment by the installation's clock, `unit:` and `user:` by their names, `case:` and `thing:` by the
    /// name a story gave it, `file:` by the name under which it was attached, `story:` from the story that is told.
    fn word(&self, text: &str, life: &Life<'_>, at: Timestamp) -> Option<String> {
        let (kind, rest) = text.split_once(':')?;
        let minutes = || rest.parse().ok().map(SignedDuration::from_mins);
        match kind {
            "in" => Some((at + minutes()?).to_string()),
            "ago" => Some((at - minutes()?).to_string()),
            "local" => {
                let moment: jiff::civil::DateTime = rest.parse().ok()?;
                Some(self.desk.zone().to_timestamp(moment).ok()?.to_string())
            }
            "unit" => self.units.get(rest).map(ToString::to_string),
            "user" => Some(self.callers.get(rest)?.actor.user()?.to_string()),
            "file" => life.files.get(rest).cloned(),
            "case" | "thing" => self.named.borrow().get(rest).cloned(),
            "story" if rest == "unit" => self.units.get(life.story?.unit.as_str()).map(ToString::to_string),
            "story" => life.story?.word(rest).map(str::to_owned),
            _ => None,
        }
    }
}

/// Whether the rules want something before a step, or give an order no limit.
fn held_back(done: &Result<(), DeskError>) -> bool {
    let no_limit = |fault: &Fault| (fault.field.as_str(), fault.code) == ("reply_by", "required");
    matches!(done, Err(DeskError::Refused(refusal))
        if refusal.code == "gates_not_met" || refusal.faults.iter().any(no_limit))
}

/// Whether another body waits for its answer about a case.
fn owes(case: &Case) -> bool {
    case.matters.iter().any(Matter::owes_feedback)
}
