//! `--demo`: about a hundred cases in every state today's operations reach, made by playing commands through the desk
//! with a clock that is moved. People and numbers are invented.

mod organisation;
mod stories;

use crate::cli::{Place, told, wait};
use desk::CaseRef;
use desk::time::Time;
use desk::{Caller, Desk, DeskError};
use domain::actor::{Actor, ActorId, AreaScope, Role};
use domain::command::Command;
use domain::ids::{UnitId, UserId};
use domain::intake::Intake;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use stories::{PLACES, Story};

/// Cases played.
const CASES: usize = 100;
/// How far back the first one lies.
const DAYS: i64 = 30;

/// Fills an empty database and returns what the operator has to be told: the users' passwords.
///
/// # Errors
/// What went wrong, in one line.
pub fn fill(place: &Place, desk: &Desk) -> Result<Vec<String>, String> {
    let now = desk.time().now();
    let start = now - SignedDuration::from_hours(DAYS * 24);
    let past = place.desk(desk.db().clone(), Time::at(start))?;
    let system = Caller::system(desk.root());
    let (units, people) = organisation::build(&past, &system, now).map_err(|error| told(&error))?;
    let mut notices = vec!["Demo data: about a hundred invented cases, and users of every role:".to_owned()];
    notices.extend(people);
    let stories = stories::read()?;
    wait(async {
        let cast = Cast::gather(&past, &system, &units).await?;
        for n in 0..CASES {
            if let Some(story) = stories.get(n % stories.len().max(1)) {
                play(&past, &cast, story, n, start, now).await?;
            }
        }
        Ok(())
    })?;
    Ok(notices)
}

/// Who plays.
struct Cast {
    agent: Caller,
    specialist: Caller,
    supervisor: Caller,
    units: BTreeMap<&'static str, UnitId>,
}

impl Cast {
    async fn gather(desk: &Desk, system: &Caller, units: &BTreeMap<&'static str, UnitId>) -> Result<Self, DeskError> {
        let colleagues = desk.colleagues(system).await?;
        let find = |username: &str, role: Role| {
            let known = colleagues.iter().find(|user| user.username == username);
            let (id, unit) = known.map_or((UserId::NIL, desk.root()), |user| (user.id, user.unit));
            Caller {
                actor: Actor { id: ActorId::User(id), role, area: AreaScope::everywhere(), unit },
                name: username.to_owned(),
                scopes: desk::caller::Scope::ALL.to_vec(),
            }
        };
        Ok(Self {
            agent: find("agent", Role::Agent),
            specialist: find("specialist", Role::Specialist),
            supervisor: find("supervisor", Role::Supervisor),
            units: units.clone(),
        })
    }
}

/// How far a case has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Registered,
    Accepted,
    Working,
    Proposed,
    SentBack,
    Approved,
    Replied,
    Asked,
    Closed,
    Reopened,
}

/// A case under way: its name, its version and its clock.
struct Life<'a> {
    desk: &'a Desk,
    name: CaseRef,
    version: i64,
    until: Timestamp,
}

impl Life<'_> {
    /// Lets time pass and carries a command out. Nothing happens after now.
    async fn act(&mut self, who: &Caller, after_minutes: i64, verb: &str, body: Value) -> Result<bool, DeskError> {
        let at = self.desk.time().now() + SignedDuration::from_mins(after_minutes);
        if at >= self.until {
            return Ok(false);
        }
        self.desk.time().set(at);
        let Some(Ok(command)) = Command::read(verb, body) else {
            return Ok(false);
        };
        let done = self.desk.run(who, &self.name, self.version, command, None).await?;
        self.version = done.case.version;
        Ok(true)
    }
}

async fn play(
    desk: &Desk,
    cast: &Cast,
    story: &Story,
    n: usize,
    start: Timestamp,
    now: Timestamp,
) -> Result<(), DeskError> {
    let Some(place) = PLACES.get((n * 7 + n / 25) % PLACES.len()) else {
        return Ok(());
    };
    // Older cases are further along; the last fifth came in during the last day.
    let minutes = DAYS * 24 * 60;
    let position = i64::try_from(n).unwrap_or(0);
    let offset = if n < CASES * 4 / 5 {
        minutes * position / 85 + position * 37 % 240
    } else {
        minutes - (100 - position) * 61 - 15
    };
    desk.time().set((start + SignedDuration::from_mins(offset)).min(now - SignedDuration::from_mins(3)));
    let intake = Intake::read(story.intake(n, place)).map_err(domain::refusal::Refusal::invalid)?;
    let done = desk.register(&cast.agent, intake, None).await?;
    let mut life = Life { desk, name: CaseRef::Id(done.case.id), version: 1, until: now };
    let goal = stage_of(n);
    if let Some(sorted) = &story.sorted {
        // Left in triage now and then; otherwise sorted a little later.
        if goal < Stage::Accepted || !life.act(&cast.agent, 25, "classify", json!({"category": sorted})).await? {
            return Ok(());
        }
    }
    work(&mut life, cast, story, goal, done.case.grade != policy::Grade::Normal).await
}

fn stage_of(n: usize) -> Stage {
    use Stage::{Accepted, Approved, Asked, Closed, Proposed, Registered, Reopened, Replied, SentBack, Working};
    if n >= CASES * 4 / 5 {
        const FRESH: [Stage; 6] = [Registered, Accepted, Working, Registered, Proposed, Accepted];
        return FRESH.get(n % FRESH.len()).copied().unwrap_or(Registered);
    }
    const OLDER: [Stage; 16] = [
        Closed, Closed, Closed, Reopened, Closed, Asked, Closed, Replied, Closed, Working, Closed, Approved, Closed,
        SentBack, Closed, Proposed,
    ];
    OLDER.get(n % OLDER.len()).copied().unwrap_or(Closed)
}

async fn work(life: &mut Life<'_>, cast: &Cast, story: &Story, goal: Stage, grave: bool) -> Result<(), DeskError> {
    let handler = if grave { &cast.specialist } else { &cast.agent };
    if goal < Stage::Accepted || !life.act(handler, if grave { 40 } else { 95 }, "accept", json!({})).await? {
        return Ok(());
    }
    if goal < Stage::Working {
        return Ok(());
    }
    life.act(handler, 30, "note", json!({"text": story.note})).await?;
    if let Some(unit) = cast.units.get(story.unit.as_str()).filter(|_| goal == Stage::Working) {
        life.act(handler, 20, "assign", json!({"unit": unit.to_string(), "reason": story.assign})).await?;
        return Ok(());
    }
    if goal < Stage::Proposed {
        return Ok(());
    }
    let proposal = json!({"outcome": story.outcome, "finding": story.finding});
    if !life.act(handler, 300, "propose", proposal.clone()).await? || goal == Stage::Proposed {
        return Ok(());
    }
    if goal == Stage::SentBack {
        let reason = json!({"reason": "请补充核查依据，并写明与客户约定的下次答复时间。"});
        life.act(&cast.supervisor, 90, "send-back", reason).await?;
        return Ok(());
    }
    if !life.act(&cast.supervisor, 90, "approve", json!({})).await? || goal == Stage::Approved {
        return Ok(());
    }
    let reply = json!({"mode": "phone", "content": story.reply});
    if !life.act(handler, 60, "reply", reply).await? || goal == Stage::Replied {
        return Ok(());
    }
    life.act(handler, 5, "set-cause", json!({"cause": story.cause})).await?;
    if !life.act(handler, 2, "ask-satisfaction", json!({"mode": "phone"})).await? || goal == Stage::Asked {
        return Ok(());
    }
    let said = json!({"satisfied": story.said, "solved": story.said != "dissatisfied", "timely": true});
    life.act(handler, 2, "record-satisfaction", said).await?;
    if !life.act(handler, 10, "close", json!({})).await? || goal == Stage::Closed {
        return Ok(());
    }
    let again = json!({"reason": "客户来电称问题再次出现，要求继续处理。"});
    life.act(handler, 2_880, "reopen", again).await?;
    Ok(())
}
