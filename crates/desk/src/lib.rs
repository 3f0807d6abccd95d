//! The desk: what happens WHEN. One transaction a command; permission, idempotency, policy look-up and commit happen
//! here once, behind every door.

pub mod activation;
pub mod administration;
pub mod archive;
pub mod assist;
pub mod attach;
pub mod audience;
pub mod audit;
pub mod backup;
pub mod board;
pub mod bulk;
pub mod bursts;
pub mod call_backs;
pub mod caller;
mod catch_up;
pub mod check;
mod commit;
mod compensation;
pub mod customer;
pub mod drafts;
pub mod erase;
mod error;
pub mod handoff;
pub mod health;
mod holder;
pub mod import;
pub mod incidents;
pub mod indexes;
pub mod jobs;
mod kept;
pub mod letterbox;
pub mod letters;
pub mod library;
mod load;
mod log;
pub mod macros;
pub mod mentions;
pub mod models;
pub mod network;
pub mod notices;
mod numbers;
pub mod orders;
pub mod organisation;
pub mod outbox;
pub mod permissions;
pub mod plans;
pub mod portal;
pub mod presence;
pub mod problems;
pub mod queries;
pub mod readings;
pub mod register;
pub mod remedies;
pub mod reports;
pub mod retention;
pub mod reveal;
pub mod routing;
pub mod run;
pub mod search;
pub mod seed;
pub mod setup;
mod sheet;
pub mod sign_in;
pub mod subscriptions;
pub mod suggest;
pub mod survey;
pub mod tickets;
pub mod time;
pub mod tokens;
pub mod topics;
pub mod tours;
pub mod vault;
pub mod verifications;
pub mod verify;
pub mod views;
pub mod ways;
pub mod what_if;
pub mod wordings;

pub use caller::Caller;
pub use error::DeskError;
pub use library::Library;
pub use load::CaseRef;
pub use permissions::Permission;

use domain::ids::UnitId;
use jiff::tz::TimeZone;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use store::Db;
use time::Time;
use vault::{Keyring, MasterKeys};
use ways::Ways;

/// What a desk is opened with.
pub struct Setup {
    /// The database, migrated.
    pub db: Db,
    /// Packs, calendars and trees.
    pub library: Library,
    /// The installation's zone: numbers carry its date, people see its hours.
    pub zone: TimeZone,
    /// Where now comes from.
    pub time: Time,
}

/// The desk. Cheap to clone; all clones share one database.
#[derive(Clone)]
pub struct Desk {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    master: Arc<MasterKeys>,
    keyring: Keyring,
    library: Library,
    zone: TimeZone,
    time: Time,
    numbers: numbers::Numbers,
    ledger: erase::Ledger,
    root: UnitId,
    many: bulk::UnderWay,
    mails: AtomicBool,
    suggests: AtomicBool,
    models: models::ModelsInUse,
    ways: OnceLock<Ways>,
    forgets: OnceLock<Box<dyn Fn() + Send + Sync>>,
    search: search::Search,
    topics: topics::Counted,
    watched: bursts::Watched,
    plenty: tickets::Plenty,
}

impl Desk {
    /// Opens the desk: reads the master key (creating it for a new installation), the installation's secrets and the
    /// root unit. Must not be called on an async worker.
    ///
    /// # Errors
    /// If the key does not fit the database or either cannot be read.
    pub fn open(setup: Setup, master_key: &Path) -> Result<Self, DeskError> {
        let Setup { db, library, zone, time } = setup;
        // A lost key must not be papered over by a new one: only an empty keyring may get a fresh key file.
        let known = db.read_now(|tx| Ok::<_, DeskError>(store::keyring::get(tx, "lookup")?.is_some()))?;
        let master = if known { MasterKeys::read(master_key)? } else { MasterKeys::read_or_create(master_key)? };
        let master = Arc::new(master);
        let keyring = Keyring::open(&db, &master)?;
        let root = organisation::ensure_root(&db)?;
        let desk = Self {
            inner: Arc::new(Inner {
                db,
                master,
                keyring,
                // What is put into force here is nobody else's business who loaded the same files.
                library: library.for_installation(),
                zone,
                time,
                numbers: numbers::Numbers::default(),
                ledger: erase::Ledger::beside(master_key),
                root,
                many: bulk::UnderWay::default(),
                mails: AtomicBool::new(false),
                suggests: AtomicBool::new(true),
                models: models::ModelsInUse::default(),
                ways: OnceLock::new(),
                forgets: OnceLock::new(),
                search: search::Search::new(),
                topics: topics::Counted::default(),
                watched: bursts::Watched::default(),
                plenty: tickets::Plenty::default(),
            }),
        };
        erase::replay(&desk)?;
        activation::keep_shipped(&desk)?;
        activation::refresh(&desk)?;
        models::refresh(&desk)?;
        Ok(desk)
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.inner.db
    }

    /// Packs, calendars and trees.
    #[must_use]
    pub fn library(&self) -> &Library {
        &self.inner.library
    }

    /// The installation's zone.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.inner.zone
    }

    /// Where now comes from.
    #[must_use]
    pub fn time(&self) -> &Time {
        &self.inner.time
    }

    /// The unit above all others.
    #[must_use]
    pub fn root(&self) -> UnitId {
        self.inner.root
    }

    /// Says whether mail goes out of this installation. Until somebody says so nothing waits for it.
    pub fn set_mails(&self, mails: bool) {
        self.inner.mails.store(mails, Ordering::Relaxed);
    }

    /// Whether mail goes out of this installation.
    #[must_use]
    pub fn mails(&self) -> bool {
        self.inner.mails.load(Ordering::Relaxed)
    }

    /// Says by which ways customers are written to. It is said once; until then nothing goes out.
    pub fn set_ways(&self, ways: Ways) {
        let _ = self.inner.ways.set(ways);
    }

    /// The ways by which customers are written to.
    #[must_use]
    pub fn ways(&self) -> &Ways {
        static NONE: Ways = Ways::none();
        self.inner.ways.get().unwrap_or(&NONE)
    }

    /// The rules that govern what is received now in the region in which this installation takes complaints in by mail and
    /// portal; of no particular place where none was named.
    ///
    /// # Errors
    /// If a content the stack names is not there.
    pub fn rules_here(&self) -> Result<policy::Stack, DeskError> {
        self.rules_now(&self.ways().region)
    }

    /// The rules that govern what is received now in a region; empty for no particular place.
    pub(crate) fn rules_now(&self, region: &str) -> Result<policy::Stack, DeskError> {
        self.library().governing_at(self.time().now(), region, self.zone())
    }

    /// Says what is done when somebody was erased: whoever keeps something of people outside the database drops it then. It
    /// is said once.
    pub fn set_forgets(&self, forget: impl Fn() + Send + Sync + 'static) {
        let _ = self.inner.forgets.set(Box::new(forget));
    }

    pub(crate) fn forget(&self) {
        self.inner.watched.forget();
        self.inner.search.forget();
        if let Some(forget) = self.inner.forgets.get() {
            forget();
        }
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn alive(&self) -> Result<(), DeskError> {
        self.inner.db.read(|tx| Ok::<_, DeskError>(store::keyring::get(tx, "lookup")?)).await.map(drop)
    }

    /// The customer's code for following a case.
    #[must_use]
    pub fn tracking_code(&self, case: domain::ids::CaseId) -> String {
        self.inner.keyring.tracking_code(case.0)
    }

    /// The key checkpoints are verified with.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.inner.keyring.public_key().to_bytes()
    }

    /// Whether categories are suggested to whoever registers.
    pub fn set_suggests(&self, suggests: bool) {
        self.inner.suggests.store(suggests, Ordering::Relaxed);
    }

    pub(crate) fn suggests(&self) -> bool {
        self.inner.suggests.load(Ordering::Relaxed)
    }

    pub(crate) fn models(&self) -> &models::ModelsInUse {
        &self.inner.models
    }

    pub(crate) fn watched(&self) -> &bursts::Watched {
        &self.inner.watched
    }

    pub(crate) fn search_state(&self) -> &search::Search {
        &self.inner.search
    }

    pub(crate) fn ledger(&self) -> &erase::Ledger {
        &self.inner.ledger
    }

    pub(crate) fn master(&self) -> &Arc<MasterKeys> {
        &self.inner.master
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.inner.keyring
    }
}
