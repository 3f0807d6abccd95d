//! The desk on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

mod activation;
mod archive;
mod assist;
mod backup;
mod board;
mod bulk;
mod bundle;
mod bursts;
mod call_backs;
mod care;
mod channels;
mod compensation;
mod compensation_rest;
mod countries;
mod customer;
mod effects;
mod endings;
mod events;
mod files;
mod incidents;
mod keys;
mod lives;
mod macros;
mod models;
mod network;
mod nodes;
mod notices;
mod order_limits;
mod orders;
mod people;
mod problems;
mod proof;
mod random;
mod random_nodes;
mod readings;
mod regulator;
mod remedies;
mod reports;
mod retention;
mod routing;
mod rules;
mod scenarios;
mod search;
mod search_quality;
mod sign_in;
mod spine;
mod staff;
mod timers;
mod views;
mod what_if;

use desk::caller::Scope;
use desk::library::DataFile;
use desk::organisation::{self, NewUser};
use desk::register::OnceOnly;
use desk::run::Done;
use desk::time::Time;
use desk::{Caller, CaseRef, Desk, DeskError, Library, Setup};
use domain::actor::{Actor, ActorId, AreaScope, Role};
use domain::command::Command;
use domain::intake::Intake;
use domain::refusal::Refusal;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use store::testing::Scratch;
use tokio::runtime::Runtime;

pub(crate) const NOON: &str = "2026-11-24T12:00:00+08:00";

/// The files of the packs as they are shipped.
pub(crate) fn shipped() -> Vec<DataFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    files
}

fn library() -> Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| Library::load(&shipped()).unwrap()).clone()
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<DataFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.push(DataFile { path: name, text: std::fs::read_to_string(&path).unwrap() });
        }
    }
}

/// A desk with a clock that stands, and somebody to wait for it.
pub(crate) struct House {
    pub(crate) desk: Desk,
    pub(crate) runtime: Runtime,
}

pub(crate) fn key_file(scratch: &Scratch) -> PathBuf {
    scratch.folder().join("master.key")
}

pub(crate) fn house(scratch: &Scratch) -> House {
    let time = Time::at(NOON.parse().unwrap());
    House { desk: open(scratch, time, &key_file(scratch)).unwrap(), runtime: Runtime::new().unwrap() }
}

pub(crate) fn open(scratch: &Scratch, time: Time, key: &Path) -> Result<Desk, DeskError> {
    open_with(scratch, library(), time, key)
}

pub(crate) fn open_with(scratch: &Scratch, library: Library, time: Time, key: &Path) -> Result<Desk, DeskError> {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    Desk::open(Setup { db: scratch.open().unwrap(), library, zone, time }, key)
}

pub(crate) fn intake() -> Value {
    json!({
        "kind": "complaint",
        "accept_channel": "hotline",
        "category": "B204",
        "subject": "连扣四个月视频会员费",
        "description": "回电请打13800138000，身份证11010519491231002X。",
        "demand": "退费并致歉",
        "complainant": {"name": "王小明", "phone": "13800138000", "email": "wang@example.com"},
        "subscription": {"number": "13800138000", "product": "mobile"},
        "region": "310115",
        "external": [{"owner": "miit", "number": "GX-1"}],
    })
}

pub(crate) fn refusal(error: DeskError) -> Refusal {
    match error {
        DeskError::Refused(refusal) => *refusal,
        other => panic!("{other:?}"),
    }
}

impl House {
    pub(crate) fn system(&self) -> Caller {
        Caller::system(self.desk.root())
    }

    /// A user of a role; the area is a region or empty for everywhere.
    pub(crate) fn user(&self, username: &str, role: Role, region: &str) -> Caller {
        let unit = self.desk.root();
        let new = NewUser {
            username: username.into(),
            name: username.into(),
            role,
            region: region.into(),
            unit,
            skills: Vec::new(),
            email: String::new(),
        };
        organisation::add_user(&self.desk, &self.system(), &new).unwrap();
        let system = self.system();
        let known = self.wait(self.desk.colleagues(&system)).unwrap();
        let id = known.iter().find(|user| user.username == username).unwrap().id;
        let area = AreaScope::region(region).unwrap();
        let actor = Actor { id: ActorId::User(id), role, area, unit };
        Caller { actor, name: username.into(), scopes: Scope::ALL.to_vec(), one_time: false, must_enrol: false }
    }

    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(crate) fn try_register(&self, who: &Caller, intake: Value) -> Result<Done, DeskError> {
        let intake = Intake::read(intake).map_err(Refusal::invalid)?;
        self.wait(self.desk.register(who, intake, None))
    }

    pub(crate) fn register(&self, who: &Caller) -> Done {
        self.try_register(who, intake()).unwrap()
    }

    pub(crate) fn act(
        &self,
        who: &Caller,
        case: &CaseRef,
        seen: i64,
        verb: &str,
        body: Value,
    ) -> Result<Done, DeskError> {
        let command = Command::read(verb, body).unwrap().map_err(Refusal::invalid)?;
        self.wait(self.desk.run(who, case, seen, command, None))
    }

    pub(crate) fn act_once(
        &self,
        who: &Caller,
        case: &CaseRef,
        seen: i64,
        verb: &str,
        once: OnceOnly<'_>,
    ) -> Result<Done, DeskError> {
        let command = Command::read(verb, Value::Null).unwrap().map_err(Refusal::invalid)?;
        self.wait(self.desk.run(who, case, seen, command, Some(once)))
    }

    pub(crate) fn close_down(self) {
        self.desk.db().close();
    }
}

pub(crate) fn named(done: &Done) -> CaseRef {
    CaseRef::Id(done.case.id)
}

/// The steps from acceptance to the close, each with the body it needs.
pub(crate) fn steps() -> [(&'static str, Value); 9] {
    [
        ("accept", json!({})),
        ("propose", json!({"outcome": "退费一百元，致电13900139000的同事已确认。"})),
        ("approve", json!({})),
        ("reply", json!({"mode": "phone", "content": "已退费并致歉。"})),
        ("set-cause", json!({"cause": "MKT.CONS"})),
        ("ask-satisfaction", json!({"mode": "phone"})),
        ("record-satisfaction", json!({"satisfied": "satisfied", "solved": true})),
        ("confirm", json!({"mode": "phone"})),
        ("close", json!({})),
    ]
}

/// Works a case to its close: every step with the body it needs.
pub(crate) fn to_the_close(house: &House, who: &Caller, case: &CaseRef) -> Done {
    let mut version = 1;
    let mut last = None;
    for (verb, body) in steps() {
        let done = house.act(who, case, version, verb, body).unwrap_or_else(|error| panic!("{verb}: {error:?}"));
        version = done.case.version;
        last = Some(done);
    }
    last.unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
