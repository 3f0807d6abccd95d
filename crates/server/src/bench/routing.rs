//! What a routing decision costs: the pure one, and the one with everything it looks up. The case is of the last row, and
//! the unit of that row has most of the staff, so that it is the dearest there is.

use super::process::Scratch;
use crate::cli::wait;
use crate::data;
use clap::Args;
use desk::library::DataFile;
use desk::time::Time;
use desk::{Caller, CaseRef, Desk, Library};
use domain::actor::Role;
use domain::ids::UserId;
use domain::intake::Intake;
use domain::routing::{Asked, Candidate, choose, row};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use policy::{Facts, Grade, Stack};
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};
use store::{Db, Options, Target, UnitRow, UserRow, people, routing, units};
use uuid::Uuid;

/// Options of `bench routing`.
#[derive(Debug, Args)]
pub(super) struct Routing {
    /// Rows of the table.
    #[arg(long, default_value_t = 500)]
    rows: usize,
    /// Staff of the unit the case goes to.
    #[arg(long, default_value_t = 5_000)]
    staff: usize,
    /// Decisions measured.
    #[arg(long, default_value_t = 2_000)]
    count: usize,
}

pub(super) fn run(ask: &Routing) -> Result<(), String> {
    let rows = ask.rows.max(1);
    let library = library(rows)?;
    let scratch = Scratch::new()?;
    let target = Target::Sqlite(scratch.0.join("redress.db"));
    let db = Db::open(&target, &Options::small()).map_err(|error| error.to_string())?;
    db.migrate().map_err(|error| error.to_string())?;
    let zone = TimeZone::get("Asia/Shanghai").map_err(|error| error.to_string())?;
    let setup = desk::Setup { db, library, zone, time: Time::System };
    let desk = Desk::open(setup, &scratch.0.join("master.key")).map_err(|error| error.to_string())?;
    println!("{rows} rows, {} staff in the unit of the last one, SQLite", ask.staff);
    pure(&desk, ask)?;
    let measured = stored(&desk, ask);
    desk.db().close();
    measured
}

/// The shipped packs with a table of so many rows in the practice pack; only the last is for the case.
fn library(rows: usize) -> Result<Library, String> {
    let mut files: Vec<DataFile> = data::packs(None)?;
    let guide = files.iter_mut().find(|file| file.path == "guide-standard.toml").ok_or("no guide-standard")?;
    let source = guide.text.split("[[source]]").nth(1).and_then(|text| text.split('"').nth(1)).unwrap_or_default();
    let mut table = String::new();
    for n in 0..rows {
        let (unit, product) = if n + 1 == rows { ("bench", "mobile") } else { ("none", "leased_line") };
        let _ = write!(
            table,
            "\n[[routing]]\nid = \"bench-{n}\"\ntitle = {{ zh = \"{n}\", en = \"{n}\" }}\nbasis = \"proposal\"\n\
             confidence = \"unverified\"\nsource = \"{source}\"\nregions = [\"31\"]\n\
             applies = {{ category_prefix = \"B\", product = \"{product}\", star = {{ lt = 5 }}, grade = [\"normal\", \"major\"] }}\n\
             unit = \"{unit}\"\nto = \"person\"\nskill = \"skill-7\"\ncare = \"care\"\n"
        );
    }
    guide.text.push_str(&table);
    Library::load(&files).map_err(|error| error.to_string())
}

/// Rows and people at hand.
fn pure(desk: &Desk, ask: &Routing) -> Result<(), String> {
    let now = desk.time().now();
    let rules: Stack =
        desk.library().governing(now.to_zoned_datetime(desk.zone().clone()).date(), "310115").map_err(told)?;
    let facts = Facts {
        kind: "complaint".to_owned(),
        category: Some("B204".to_owned()),
        product: Some("mobile".to_owned()),
        star: Some(4),
        ..Facts::default()
    };
    let staff: Vec<Candidate> = (0..ask.staff).map(candidate).collect();
    let (asked, nobody) = (asked(&facts, now), BTreeSet::new());
    let times = timed(ask.count, || {
        let (_, rule) = row(&rules, black_box(asked)).ok_or("no row")?;
        black_box(choose(rule, true, &staff, &nobody));
        Ok(())
    })?;
    say("decided, rows and people at hand", &times);
    Ok(())
}

fn asked(facts: &Facts, at: Timestamp) -> Asked<'_> {
    Asked { facts, grade: Grade::Normal, region: "310115", at }
}

fn candidate(n: usize) -> Candidate {
    let skills = [n % 10, n % 7].map(|skill| format!("skill-{skill}"));
    let number = u128::try_from(n).unwrap_or(0);
    let spread = i64::try_from(n.wrapping_mul(7_919) % 40).unwrap_or(0);
    Candidate {
        user: UserId(Uuid::from_u128(number)),
        skills: skills.to_vec(),
        absent: n.is_multiple_of(9),
        open: spread,
        last: spread,
    }
}

/// The same for a registered case, asked of the database: units, people, skills, absences, loads.
fn stored(desk: &Desk, ask: &Routing) -> Result<(), String> {
    let (root, staff) = (desk.root(), ask.staff);
    desk.db()
        .write_now(move |tx| {
            let unit = Uuid::now_v7();
            let row = UnitRow {
                id: unit,
                parent: Some(root.0),
                code: "bench".to_owned(),
                name: "bench".to_owned(),
                region: String::new(),
                duties: String::new(),
                closed: false,
            };
            units::insert_unit(tx, &row)?;
            for n in 0..staff {
                let one = candidate(n);
                people::insert_user(tx, &user(unit, n))?;
                routing::set_skills(tx, Uuid::from_u128(u128::try_from(n + 1).unwrap_or(0)), &one.skills)?;
            }
            Ok::<_, store::StoreError>(())
        })
        .map_err(|error| error.to_string())?;
    let by = Caller::system(root);
    let intake = json!({
        "kind": "complaint", "accept_channel": "hotline", "category": "B204", "description": "bench",
        "complainant": {"name": "bench"}, "subscription": {"product": "mobile", "star": 4}, "region": "310115",
    });
    let intake = Intake::read(intake).map_err(|faults| format!("{faults:?}"))?;
    let case = wait(desk.register(&by, intake, None))?.case;
    if case.owner.user.is_none() {
        return Err("the case went to nobody".to_owned());
    }
    let name = CaseRef::Id(case.id);
    let times = timed(ask.count.min(500), || wait(desk.explain_routing(&by, &name)).map(drop))?;
    say("with the case and everybody read", &times);
    Ok(())
}

fn user(unit: Uuid, n: usize) -> UserRow {
    UserRow {
        id: Uuid::from_u128(u128::try_from(n + 1).unwrap_or(0)),
        username: format!("bench-{n}"),
        name: format!("bench {n}"),
        role: Role::Agent.code().to_owned(),
        region: String::new(),
        unit,
        password: String::new(),
        disabled: false,
        created_at: 0,
        changed_at: 0,
        email: String::new(),
        bounced: String::new(),
        one_time: true,
    }
}

fn told(error: desk::DeskError) -> String {
    error.to_string()
}

fn timed(count: usize, mut work: impl FnMut() -> Result<(), String>) -> Result<Vec<Duration>, String> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count.max(1) {
        let begun = Instant::now();
        work()?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}

fn say(what: &str, times: &[Duration]) {
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in a list"
        )]
        let place = (times.len() as f64 * share) as usize;
        times.get(place.min(times.len().saturating_sub(1))).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    println!("  {what:<34} p50 {:.3} ms, p99 {:.3} ms", at(0.5), at(0.99));
}
