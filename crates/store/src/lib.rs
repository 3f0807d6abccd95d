//! Two databases, one text: SQLite for one node, PostgreSQL for many. Plain rows in, plain rows out; no reasons.
//!
//! Work is handed over as a closure that gets a [`Tx`] and runs on a thread the store owns. SQLite has one writer that
//! commits many closures at once and answers each only after the commit; PostgreSQL has threads that each own a
//! connection. Nobody else ever touches a connection.

pub mod absences;
pub mod activations;
pub mod attachments;
pub mod bulk;
pub mod cases;
pub mod checkpoints;
mod db;
mod dialect;
pub mod drafts;
pub mod dump;
pub mod entries;
pub mod erasures;
mod error;
pub mod followers;
pub mod handoffs;
pub mod idempotency;
pub mod incidents;
mod job;
pub mod jobs;
pub mod keyring;
pub mod letterbox;
pub mod mail;
pub mod network;
pub mod notices;
pub mod numbers;
pub mod orders;
pub mod outbox;
pub mod people;
pub mod plans;
mod postgresql;
pub mod problems;
pub mod remedies;
pub mod reports;
pub mod retention;
pub mod routing;
mod row;
pub mod schedules;
mod schema;
pub mod sign_in;
mod sqlite;
mod statements;
pub mod tables;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tickets;
mod tx;
pub mod units;
pub mod vault;
pub mod views;

pub use absences::AbsenceRow;
pub use activations::{ActivationRow, RuleFileRow};
pub use attachments::AttachmentRow;
pub use bulk::{BulkItemRow, BulkRunRow, ListedBulkItem};
pub use cases::{CaseRow, Cursor, ListPage, ListQuery, ListedRow, Sort};
pub use checkpoints::CheckpointRow;
pub use db::{Db, Options, Stats, Target};
pub use entries::{EntryRow, SaidRow};
pub use erasures::ErasureRow;
pub use error::StoreError;
pub use handoffs::HandoffRow;
pub use incidents::{IncidentQuery, IncidentRow, MemberRow, RecipientMove, RecipientRow};
pub use jobs::JobRow;
pub use letterbox::MailItemRow;
pub use mail::{ChoiceRow, MailRow};
pub use network::{ExposureRow, NetworkFactRow, NetworkQuery, ProductRow};
pub use notices::{About, ListedNotice, NoticeRow};
pub use orders::{ListedOrder, ListedRuling, OrderCursor, OrderRow, RulingRow, Whose};
pub use outbox::OutboxRow;
pub use people::UserRow;
pub use plans::EmergencyPlanRow;
pub use problems::{ProblemActionRow, ProblemQuery, ProblemRow};
pub use remedies::{Delivery, LikeIt, LikeQuery, ListedRemedy, RemedyQuery, RemedyRow};
pub use retention::{Candidate, CertificateRow, PlanItemRow, PlanRow};
pub use routing::WaitingRow;
pub use row::{Param, Row};
pub use schema::Migrated;
pub use sign_in::{SessionRow, TokenRow};
pub use tickets::ThingRow;
pub use tx::Tx;
pub use units::UnitRow;
pub use vault::{ItemRow, PersonRow};
pub use views::ViewRow;
