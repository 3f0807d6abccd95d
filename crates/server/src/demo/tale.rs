//! `redress demo story N`: one of ten stories told from intake to close on an empty database, on a clock that is moved. What
//! happens is really done by commands; what must come of it stands with the story and is checked. What it prints is what
//! the timeline of each case says, as it grows.

mod check;
mod masses;

use super::play::{Life, Stage, Step};
use super::{improvement, organisation};
use crate::api::view;
use crate::app::{AppState, Settings};
use crate::cli::{Place, say, told, wait_plain};
use crate::console::{Heard, transcript};
use crate::locale::Language;
use desk::time::Time;
use desk::{Caller, Desk, DeskError, jobs};
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The stories, in the order of the reference.
const TALES: [&str; 10] = [
    include_str!("tales/01.toml"),
    include_str!("tales/02.toml"),
    include_str!("tales/03.toml"),
    include_str!("tales/04.toml"),
    include_str!("tales/05.toml"),
    include_str!("tales/06.toml"),
    include_str!("tales/07.toml"),
    include_str!("tales/08.toml"),
    include_str!("tales/09.toml"),
    include_str!("tales/10.toml"),
];

/// How many there are.
pub const COUNT: usize = TALES.len();

/// Words in both languages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    zh: String,
    en: String,
}

impl Both {
    fn pick(&self, language: Language) -> &str {
        language.pick(&self.zh, &self.en)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tale {
    title: Both,
    /// When it begins, by the installation's clock.
    begins: DateTime,
    scene: Vec<Scene>,
}

/// One thing somebody does, and what must be so after it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scene {
    /// Minutes since the one before.
    #[serde(default)]
    after: i64,
    /// Or the moment itself, by the installation's clock.
    at: Option<DateTime>,
    by: String,
    /// The case it is done to, by its name in the story; the last one if nobody says.
    on: Option<String>,
    /// `register`, `wait`, `cannot-see`, `survey-…`, a verb of the desk.
    #[serde(rename = "do")]
    verb: String,
    /// What a case that is registered is called from now on.
    #[serde(rename = "as")]
    name: Option<String>,
    /// What goes with it; `{ zh, en }` is the one of the language in which the story is told.
    #[serde(default)]
    with: Map<String, Value>,
    /// The refusal it must meet with.
    refused: Option<String>,
    /// A word of the teller.
    say: Option<Both>,
    #[serde(default)]
    expect: Vec<check::Expected>,
}

/// Where and how a story is told.
pub struct Telling {
    /// The database, which has to be empty.
    pub place: Place,
    /// In which language.
    pub language: Language,
}

/// Tells the n-th story, from 1, line by line.
///
/// # Errors
/// The first expectation that does not hold, or what kept the story from being told.
pub fn tell(telling: &Telling, n: usize, line: &mut dyn FnMut(&str) -> Result<(), String>) -> Result<(), String> {
    let text = n.checked_sub(1).and_then(|n| TALES.get(n)).ok_or_else(|| format!("there is no story {n}"))?;
    let tale: Tale = toml::from_str(text).map_err(|error| format!("story {n}: {error}"))?;
    let desk = emptied(telling, &tale)?;
    let settings = Settings { default_language: telling.language, ..Settings::default() };
    let app = AppState::new(desk.clone(), telling.place.locales()?, settings);
    let told = wait_plain(async { Teller::begin(telling, &tale, &app).await?.go_on(line).await });
    desk.db().close();
    told.map_err(|why| format!("story {n}, {}: {why}", tale.title.pick(telling.language)))
}

/// Tells it on standard output.
///
/// # Errors
/// Those of [`tell`].
pub fn print(telling: &Telling, n: usize) -> Result<(), String> {
    tell(telling, n, &mut |line| say(line))
}

/// A desk over the database, at the moment the story begins; there must be nothing in it.
fn emptied(telling: &Telling, tale: &Tale) -> Result<Desk, String> {
    let place = &telling.place;
    let db = crate::cli::create_for(place)?;
    db.migrate().map_err(|error| error.to_string())?;
    let zone = place.time_zone(&place.library()?)?;
    let begins = zone.to_timestamp(tale.begins).map_err(|error| error.to_string())?;
    let desk = place.desk(db, Time::at(begins - SignedDuration::from_mins(60)))?;
    let used = desk.db().read_now(|tx| Ok::<_, DeskError>(!store::people::users(tx)?.is_empty()));
    if used.map_err(|error| told(&error))? {
        return Err("a story needs an empty database; name another --data-dir or --database-url".to_owned());
    }
    Ok(desk)
}

/// A case of the story.
struct Known {
    name: String,
    life: Life<'static>,
    /// How much of its timeline was told.
    told: i64,
}

struct Teller<'t> {
    tale: &'t Tale,
    language: Language,
    app: &'t AppState,
    stage: Stage<'t>,
    system: Caller,
    cases: Vec<Known>,
    /// The problem the story has named: identity and version.
    problem: Option<(uuid::Uuid, i64)>,
    /// Likewise the mass incident.
    incident: Option<(uuid::Uuid, i64)>,
}

impl<'t> Teller<'t> {
    async fn begin(telling: &Telling, tale: &'t Tale, app: &'t AppState) -> Result<Self, String> {
        let desk = &app.desk;
        let system = Caller::system(desk.root());
        let built = desk.clone();
        let by = system.clone();
        let now = desk.time().now();
        // Passwords are made with care, which takes a while and belongs on a thread of its own.
        let made = tokio::task::spawn_blocking(move || organisation::build(&built, &by, now));
        let (units, _) = made.await.map_err(|error| error.to_string())?.map_err(|error| told(&error))?;
        let stage = Stage::set(desk, &system, units, Timestamp::MAX).await.map_err(|error| told(&error))?;
        Ok(Self {
            tale,
            language: telling.language,
            app,
            stage,
            system,
            cases: Vec::new(),
            problem: None,
            incident: None,
        })
    }

    async fn go_on(mut self, line: &mut dyn FnMut(&str) -> Result<(), String>) -> Result<(), String> {
        let zone = self.stage.desk.zone().clone();
        let mut at = zone.to_timestamp(self.tale.begins).map_err(|error| error.to_string())?;
        line(&format!("# {}", self.tale.title.pick(self.language)))?;
        for (place, scene) in self.tale.scene.iter().enumerate() {
            at = match scene.at {
                Some(moment) => zone.to_timestamp(moment).map_err(|error| error.to_string())?,
                None => at + SignedDuration::from_mins(scene.after),
            };
            let what = format!("scene {} ({})", place + 1, scene.verb);
            self.pass(at).await.map_err(|error| format!("{what}: {}", told(&error)))?;
            // What came true meanwhile is told before what somebody does about it.
            self.tell_new(line).await?;
            let done = self.act(scene, at).await;
            match (&scene.refused, done) {
                (None, Ok(())) => {}
                (None, Err(error)) => return Err(format!("{what}: {}{}", told(&error), missing(&error))),
                (Some(code), Ok(())) => return Err(format!("{what}: it should have been refused with {code}")),
                (Some(code), Err(error)) => {
                    if !is_refused(&error, code) {
                        return Err(format!("{what}: refused otherwise than with {code}: {}", told(&error)));
                    }
                    let who = self.stage.caller(&scene.by).map_or(scene.by.as_str(), |caller| caller.name.as_str());
                    let key = format!("verb.{}", scene.verb);
                    let verb = self.app.locales.text(self.language, &key, &[]);
                    line(&format!("    ✗ {who} · {verb}: {}", self.words(&error)))?;
                }
            }
            jobs::run_timely(self.stage.desk, "story").await.map_err(|error| told(&error))?;
            if let Some(words) = &scene.say {
                line(&format!("    “{}”", words.pick(self.language)))?;
            }
            self.tell_new(line).await?;
            for expected in &scene.expect {
                let held = self.check(scene, expected).await.map_err(|why| format!("{what}: {why}"))?;
                line(&format!("    ✓ {held}"))?;
            }
        }
        Ok(())
    }

    /// Lets time pass hour by hour, so that what comes true by itself does so in its time.
    async fn pass(&self, at: Timestamp) -> Result<(), DeskError> {
        loop {
            let next = self.stage.desk.time().now() + SignedDuration::from_hours(1);
            if next >= at {
                return self.stage.move_to(at).await;
            }
            self.stage.move_to(next).await?;
        }
    }

    /// An error of the desk in the language of the story.
    fn words(&self, error: &DeskError) -> String {
        match error {
            DeskError::Refused(refusal) if refusal.faults.is_empty() => {
                let values: Vec<(&str, &str)> =
                    refusal.params.iter().map(|(name, value)| (*name, value.as_str())).collect();
                self.app.locales.text(self.language, &format!("refusal.{}.text", refusal.code), &values)
            }
            other => told(other),
        }
    }

    fn place_of(&self, name: Option<&str>) -> Option<usize> {
        match name {
            Some(name) => self.cases.iter().position(|known| known.name == name),
            None => self.cases.len().checked_sub(1),
        }
    }

    async fn act(&mut self, scene: &Scene, at: Timestamp) -> Result<(), DeskError> {
        let with = self.in_language(&Value::Object(scene.with.clone()));
        match scene.verb.as_str() {
            "wait" => Ok(()),
            "register" => {
                let intake = self.stage.look_up(&with, at);
                let begun = self.stage.register(at, &scene.by, intake, None).await?;
                self.know(scene, begun);
                Ok(())
            }
            "cannot-see" => {
                // Players of the stage see everything; here it is about what this person sees.
                let caller = self.stage.desk.in_the_name_of(&scene.by).await?;
                let Some(known) = self.place_of(scene.on.as_deref()).and_then(|place| self.cases.get(place)) else {
                    return Err(domain::refusal::Refusal::not_found().into());
                };
                self.stage.desk.case(&caller, &known.life.name).await.map(drop)
            }
            "open-problem" => {
                self.problem = improvement::opened(&self.stage, &scene.by, with).await?.map(|id| (id, 1));
                Ok(())
            }
            verb if domain::problem::VERBS.iter().any(|known| known.name == verb) => {
                let Some((id, version)) = self.problem else {
                    return Err(domain::refusal::Refusal::not_found().into());
                };
                let body = self.stage.look_up(&with, at);
                improvement::act(&self.stage, &scene.by, id, version, verb, body).await?;
                self.problem = Some((id, version + 1));
                Ok(())
            }
            verb if masses::knows(verb) => self.act_on_many(scene, &with, at).await,
            "write-letters" => {
                let caller = self.player(&scene.by)?;
                let place = self.place_of(scene.on.as_deref());
                match place.and_then(|place| self.cases.get_mut(place)) {
                    Some(known) => self.stage.write_letters(&caller, &mut known.life).await,
                    None => Ok(()),
                }
            }
            verb => {
                let Some(place) = self.place_of(scene.on.as_deref()) else {
                    return Err(domain::refusal::Refusal::not_found().into());
                };
                let with = with.as_object().cloned().unwrap_or_default();
                let step = Step::of(&scene.by, verb, with);
                match self.cases.get_mut(place) {
                    Some(known) => self.stage.act(&mut known.life, &step, at).await,
                    None => Ok(()),
                }
            }
        }
    }

    fn player(&self, name: &str) -> Result<Caller, DeskError> {
        let known = self.stage.caller(name).cloned();
        known.ok_or_else(|| domain::refusal::Refusal::not_found().into())
    }

    fn know(&mut self, scene: &Scene, begun: Option<Life<'static>>) {
        if let Some(life) = begun {
            let name = scene.name.clone().unwrap_or_else(|| format!("case{}", self.cases.len() + 1));
            self.stage.call(&life, &name);
            self.cases.push(Known { name, life, told: 0 });
        }
    }

    /// Words in the language of the story, wherever both stand.
    fn in_language(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => match (members.get("zh"), members.get("en")) {
                (Some(Value::String(zh)), Some(Value::String(en))) if members.len() == 2 => {
                    Value::String(self.language.pick(zh, en).to_owned())
                }
                _ => {
                    Value::Object(members.iter().map(|(name, value)| (name.clone(), self.in_language(value))).collect())
                }
            },
            Value::Array(all) => all.iter().map(|value| self.in_language(value)).collect(),
            other => other.clone(),
        }
    }

    /// Tells what the timelines say and was not told.
    async fn tell_new(&mut self, line: &mut dyn FnMut(&str) -> Result<(), String>) -> Result<(), String> {
        let mut fresh: Vec<(String, String, Heard)> = Vec::new();
        for known in &mut self.cases {
            let view = self.stage.desk.case(&self.system, &known.life.name).await.map_err(|error| told(&error))?;
            known.life.version = view.case.version;
            let all = transcript(self.app, self.language, &self.system, &view).await;
            let newest = view.case.version;
            let number = view.case.number.clone();
            let unheard = all.into_iter().filter(|told| told.version > known.told);
            fresh.extend(unheard.map(|told| (number.clone(), known.name.clone(), told)));
            known.told = newest;
        }
        fresh.sort_by(|one, other| {
            (&one.2.moment, &one.0, one.2.version).cmp(&(&other.2.moment, &other.0, other.2.version))
        });
        for (number, _, told) in fresh {
            line(&format!("\n{}  {}  {} · {}", told.at, number, told.who, told.verb))?;
            for (label, words) in &told.texts {
                line(&format!("    {label}: {}", words.replace('\n', " ")))?;
            }
            for sentence in &told.lines {
                line(&format!("  - {sentence}"))?;
            }
        }
        Ok(())
    }

    async fn check(&self, scene: &Scene, expected: &check::Expected) -> Result<String, String> {
        if let Some(user) = &expected.notice_of {
            let caller = self.player(user).map_err(|error| told(&error))?;
            let notices = self.stage.desk.notices(&caller).await.map_err(|error| told(&error))?;
            let found: Vec<Value> = notices.iter().map(|one| Value::String(one.kind.clone())).collect();
            return expected.holds(&serde_json::json!({"notices": found}));
        }
        if expected.rates {
            let caller = self.player(&scene.by).map_err(|error| told(&error))?;
            return expected.holds(&self.rates(&caller).await?);
        }
        if expected.incident {
            return expected.holds(&self.incident_shown().await?);
        }
        let name = expected.on.as_deref().or(scene.on.as_deref()).or(scene.name.as_deref());
        let Some(known) = self.place_of(name).and_then(|place| self.cases.get(place)) else {
            return Err(format!("there is no case {name:?}"));
        };
        if expected.near {
            return expected.holds(&self.facts_near(&self.system, &known.life.name).await?);
        }
        let shown = self.stage.desk.case(&self.system, &known.life.name).await.map_err(|error| told(&error))?;
        let mut value = view::case(self.stage.desk, &shown);
        if let Some(object) = value.as_object_mut() {
            object.insert("events".to_owned(), view::entries(&shown));
        }
        expected.holds(&value)
    }

    /// The survey of all months, and the sums of reports, counted now.
    async fn rates(&self, caller: &Caller) -> Result<Value, String> {
        let desk = self.stage.desk.clone();
        let counted = tokio::task::spawn_blocking(move || jobs::rollup::go_on(&desk, "story", 0, || false));
        counted.await.map_err(|error| error.to_string())?.map_err(|error| told(&error))?;
        let today = self.stage.desk.zone().to_datetime(self.stage.desk.time().now()).date();
        let month = format!("{:04}-{:02}", today.year(), today.month());
        let ask = desk::reports::surveys::RatesAsk {
            from: Some(month.clone()),
            to: Some(month),
            ..desk::reports::surveys::RatesAsk::default()
        };
        let rates = self.stage.desk.survey_rates(caller, ask).await.map_err(|error| told(&error))?;
        let lines: Vec<Value> = rates
            .lines
            .iter()
            .map(|line| {
                serde_json::json!({
                    "through": line.value, "asked": line.sum.asked, "answered": line.sum.answered,
                    "satisfied": line.sum.satisfied, "dissatisfied": line.sum.dissatisfied,
                })
            })
            .collect();
        Ok(serde_json::json!({"surveys": lines}))
    }
}

fn is_refused(error: &DeskError, code: &str) -> bool {
    match error {
        DeskError::Refused(refusal) => refusal.code == code || refusal.faults.iter().any(|fault| fault.code == code),
        _ => false,
    }
}

/// What is missing before a step, by its codes: told besides the words.
fn missing(error: &DeskError) -> String {
    let DeskError::Refused(refusal) = error else { return String::new() };
    let codes: Vec<String> =
        refusal.faults.iter().map(|fault| format!("{} {} {:?}", fault.field, fault.code, fault.params)).collect();
    if codes.is_empty() { String::new() } else { format!(" {codes:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_story(language: Language) {
        for n in 1..=COUNT {
            store::testing::each_database(|scratch| {
                let place = Place {
                    data_dir: scratch.folder.clone(),
                    database_url: match &scratch.target {
                        store::Target::Postgres(url) => Some(url.clone()),
                        store::Target::Sqlite(_) => None,
                    },
                    master_key_file: Some(scratch.folder.join("master.key")),
                    ..Place::default()
                };
                let mut lines = Vec::new();
                let done = tell(&Telling { place, language }, n, &mut |line| {
                    lines.push(line.to_owned());
                    Ok(())
                });
                assert!(done.is_ok(), "{done:?}\n{}", lines.join("\n"));
                let checked = lines.iter().filter(|line| line.trim_start().starts_with('✓')).count();
                assert!(checked >= 5, "story {n} checks only {checked}");
            })
            .unwrap();
        }
    }

    #[test]
    fn all_ten_come_out_as_they_are_told() {
        every_story(Language::ZhCn);
    }

    #[test]
    fn and_in_the_other_language() {
        every_story(Language::En);
    }
}
