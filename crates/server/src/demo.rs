//! `--demo`: about five hundred cases of sixty days in every state, and a year of one problem before them, made by playing
//! commands through the desk with a clock that is moved. People and numbers are invented.

mod care;
pub mod customers;
mod improvement;
mod letters;
mod mail;
mod organisation;
mod outage;
mod play;
mod stories;
pub mod tale;
mod views;

use crate::cli::{Place, told, wait};
use desk::bursts::Watch;
use desk::subscriptions::NewWebhook;
use desk::time::Time;
use desk::{Caller, Desk, DeskError, jobs};
use domain::refusal::Refusal;
use jiff::{SignedDuration, Timestamp};
use play::Stage;
use serde_json::{Value, json};
use stories::{Age, Ending, Member, PLACES, Script};

/// Cases played.
const CASES: usize = 500;
/// How far back the first one lies.
const DAYS: i64 = 60;
/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// Fills an empty database and returns what the operator has to be told: the users' passwords.
///
/// # Errors
/// What went wrong, in one line.
pub fn fill(place: &Place, desk: &Desk) -> Result<Vec<String>, String> {
    let (told, Left { refused, ended_early }) = fill_with(place, desk, CASES)?;
    tracing::debug!(
        stories = ended_early.len(),
        "stories of the demo that end before a step the law does not allow yet"
    );
    for step in refused {
        tracing::warn!(step, "the demo goes on without a step that was refused");
    }
    Ok(told)
}

/// Refuses invented cases where units or users have the names of those that come with them.
///
/// # Errors
/// `sample_names_taken`, or those of the database.
pub async fn fits(desk: &Desk) -> Result<(), DeskError> {
    match organisation::taken(desk, &Caller::system(desk.root())).await? {
        true => Err(Refusal::conflict("sample_names_taken").into()),
        false => Ok(()),
    }
}

/// Steps that were not played to their end.
struct Left {
    refused: Vec<String>,
    ended_early: Vec<String>,
}

/// The same with so many cases; besides it tells what was left.
fn fill_with(place: &Place, desk: &Desk, cases: usize) -> Result<(Vec<String>, Left), String> {
    let now = desk.time().now();
    let start = now - SignedDuration::from_mins(DAYS * DAY);
    let past = place.desk(desk.db().clone(), Time::at(start))?;
    let caring = place.desk(desk.db().clone(), Time::at(start))?;
    let system = Caller::system(desk.root());
    let (units, people) = organisation::build(&past, &system, now).map_err(|error| told(&error))?;
    let mut notices =
        vec![format!("Demo data: about five hundred invented cases of {DAYS} days, and users of every role:")];
    notices.extend(people);
    let script = stories::read()?;
    let left = wait(async {
        let stage = Stage::set(&past, &system, units.clone(), now).await?;
        improvement::before(&stage, now).await?;
        for member in &script.members {
            tell(&stage, member, now).await?;
        }
        let crowd = cases.saturating_sub(script.members.len());
        for n in 0..crowd {
            live(&stage, &script, n, crowd, now).await?;
        }
        improvement::late(&stage, now).await?;
        outage::estate(&stage, now).await?;
        outage::unexplained(&stage, now).await?;
        past.time().set(now);
        // What the last hour holds beyond the usual is noticed as it would be by the server.
        let desk = past.clone();
        let looked = tokio::task::spawn_blocking(move || desk::bursts::look(&desk, "demo", Watch::default()));
        looked.await.map_err(|error| DeskError::Output(error.to_string()))??;
        // Switched off, for there is nobody at the address; made at the end, so that sixty days of events wait for no one.
        let told = NewWebhook {
            name: "CRM 客户视图".to_owned(),
            url: "https://crm.op.example/redress".to_owned(),
            events: vec!["created".to_owned(), "status_changed".to_owned(), "resolved".to_owned()],
            region: None,
            personal: false,
        };
        let (webhook, _) = past.add_webhook(&system, &told).await?;
        past.switch_subscription(&system, webhook, false).await?;
        mail::take(&past).await?;
        views::keep(&stage).await?;
        // What has come true by now has happened before the server starts, notices included.
        jobs::run_timely(&past, "demo").await?;
        care::tell(&caring, &system, units, now).await?;
        Ok(Left { refused: stage.refused.into_inner(), ended_early: stage.ended_early.into_inner() })
    })?;
    Ok((notices, left))
}

/// Plays a case of one of the ten stories.
async fn tell(stage: &Stage<'_>, member: &Member, now: Timestamp) -> Result<(), DeskError> {
    let mut at = now - SignedDuration::from_mins(member.days_ago * DAY - member.plus);
    if let Some(time) = member.at {
        let zone = stage.desk.zone();
        let day = at.to_zoned_datetime(zone.clone()).date();
        at = zone.to_timestamp(day.to_datetime(time)).unwrap_or(at);
    }
    let mut intake = member.intake.clone();
    if let Some(minutes) = member.occurred {
        happened(&mut intake, at, minutes);
    }
    let begun = match &member.hand_off {
        Some(handed) => stage.handed_over(at, &member.by, intake, handed.clone()).await?,
        None => stage.register(at, &member.by, intake, None).await?,
    };
    let Some(mut life) = begun else {
        return Ok(());
    };
    stage.call(&life, &member.name);
    stage.play(&mut life, &member.step).await
}

/// Plays the n-th of the many.
async fn live(stage: &Stage<'_>, script: &Script, n: usize, crowd: usize, now: Timestamp) -> Result<(), DeskError> {
    let (minutes_ago, age, place_in_age) = received(n, crowd);
    let endings: Vec<&Ending> = script.endings.iter().filter(|ending| ending.age == age).collect();
    let story = script.stories.get(n % script.stories.len().max(1));
    let ending = endings.get(place_in_age % endings.len().max(1));
    let place = PLACES.get((n * 7 + n / 25) % PLACES.len());
    let (Some(story), Some(ending), Some(place)) = (story, ending, place) else {
        return Ok(());
    };
    let at = now - SignedDuration::from_mins(minutes_ago);
    let mut intake = story.intake(n, place);
    if n % 6 != 5 {
        const BEFORE: [i64; 7] = [35, 190, DAY, 3 * DAY, 12 * DAY, 40 * DAY, 128 * DAY];
        happened(&mut intake, at, BEFORE.get(n * 3 % BEFORE.len()).copied().unwrap_or(DAY));
    }
    if ending.unsorted
        && let Some(members) = intake.as_object_mut()
    {
        members.remove("category");
    }
    let Some(mut life) = stage.register(at, "agent", intake, Some(story)).await? else {
        return Ok(());
    };
    if story.sorted.is_some() && !ending.unsorted {
        stage.play(&mut life, &script.sorting).await?;
    }
    stage.play(&mut life, &ending.step).await
}

/// When the n-th of the many comes in, and the how-manieth of its age it is. Most are long done, every seventh or so is
/// of the last days, and some are of today.
fn received(n: usize, crowd: usize) -> (i64, Age, usize) {
    let (old, recent) = (crowd * 66 / 100, crowd * 84 / 100);
    let (age, nth, of, from, to) = if n < old {
        (Age::Old, n, old, DAYS * DAY, 10 * DAY)
    } else if n < recent {
        (Age::Recent, n - old, recent - old, 10 * DAY, 2 * DAY)
    } else {
        (Age::Fresh, n - recent, crowd - recent, 20 * 60, 25)
    };
    let share = |whole: i64| {
        let (nth, of) = (i64::try_from(nth).unwrap_or(0), i64::try_from(of.max(1)).unwrap_or(1));
        whole * nth / of
    };
    (from - share(from - to), age, nth)
}

/// Says when it happened: so long before it was received.
fn happened(intake: &mut Value, received: Timestamp, minutes: i64) {
    if let Some(members) = intake.as_object_mut() {
        let at = received - SignedDuration::from_mins(minutes);
        members.insert("occurred_at".to_owned(), json!(at.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use desk::queries::list::{Filter, Order};
    use domain::case::State;
    use store::{Db, Options};

    #[test]
    fn the_demo_reaches_every_state_and_nothing_is_refused() {
        let scratch = store::testing::sqlite().unwrap();
        let place = Place {
            data_dir: scratch.folder.clone(),
            master_key_file: Some(scratch.folder.join("master.key")),
            ..Place::default()
        };
        let db = Db::open(&scratch.target, &Options::small()).unwrap();
        db.migrate().unwrap();
        let desk = place.desk(db.clone(), Time::System).unwrap();
        let (_, left) = fill_with(&place, &desk, 230).unwrap();
        assert_eq!((left.refused, left.ended_early), (Vec::<String>::new(), Vec::<String>::new()));
        for state in State::ALL.into_iter().filter(|state| *state != State::Draft) {
            let filter = Filter { states: vec![state], limit: 1, order: Order::Received, ..Filter::default() };
            let found = wait(desk.list(&Caller::system(desk.root()), &filter)).unwrap();
            assert!(!found.items.is_empty(), "{state:?}");
        }
        let incidents = wait(desk.incidents(&Caller::system(desk.root()), &Default::default())).unwrap().items;
        let counts: Vec<(&str, i64)> = incidents[0].cases.iter().map(|(standing, count)| (*standing, *count)).collect();
        assert_eq!(counts, [("ended", 0), ("left", 1), ("told", 8), ("waiting", 0)], "{incidents:?}");
        db.close();
    }

    #[test]
    fn other_laws_refuse_the_demo_nothing_either() {
        for stack in ["au", "br", "ca", "de", "es", "eu", "hk", "ie", "in", "jp", "ng", "sg", "uk", "us", "za"] {
            let scratch = store::testing::sqlite().unwrap();
            let place = Place {
                data_dir: scratch.folder.clone(),
                master_key_file: Some(scratch.folder.join("master.key")),
                stack: Some(stack.to_owned()),
                ..Place::default()
            };
            let db = Db::open(&scratch.target, &Options::small()).unwrap();
            db.migrate().unwrap();
            let desk = place.desk(db.clone(), Time::System).unwrap();
            let (_, left) = fill_with(&place, &desk, 60).unwrap();
            assert_eq!(left.refused, Vec::<String>::new(), "{stack}");
            let filter = Filter { states: vec![State::Closed], limit: 1, order: Order::Received, ..Filter::default() };
            let found = wait(desk.list(&Caller::system(desk.root()), &filter)).unwrap();
            assert!(!found.items.is_empty(), "{stack}: no case reaches its end");
            db.close();
        }
    }
}
