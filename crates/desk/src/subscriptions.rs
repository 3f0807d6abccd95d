//! Who is told of what happens to cases: hubs of the TM Forum faces and webhooks of the operator's own systems. The log is
//! the outbox: a subscription is a cursor over its streams (`subscriptions/round.rs`), so no command writes anything twice.
//! Every change is in the administration ledger.

mod round;

pub use round::{About, Handed, Rounds, Telling};

use crate::administration::{self, Change};
use crate::caller::{Caller, Scope};
use crate::error::DeskError;
use crate::time::{moment, stored};
use crate::{Desk, Permission, kept, permissions};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::actor::AreaScope;
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::collections::BTreeMap;
use store::{SubscriptionRow, Tx, entries, subscriptions};
use uuid::Uuid;

/// Most subscriptions of an installation.
const MOST: usize = 500;
/// Most listeners of one owner.
const MOST_OWN: usize = 20;
/// How long the secret before the newest one still signs beside it.
pub const OVERLAP: SignedDuration = SignedDuration::from_hours(24);
/// Dead letters that are shown.
pub const MOST_SHOWN: i64 = 200;
/// Most that are counted.
const MOST_COUNTED: i64 = 10_000;
/// Kind of a webhook.
pub const WEBHOOK: &str = "webhook";
/// Kind of a listener of TMF621 in version 5, which is told of specifications of tickets besides.
pub const HUB_V5: &str = "hub_v5";
/// What can happen to a case, as webhooks choose among it.
pub const EVENTS: &[&str] = &["created", "changed", "status_changed", "resolved", "information_required", "deleted"];

/// Why a subscription can be off.
pub const OFF: &[&str] = &["by_hand", "unreachable", "gone", "no_rights", crate::backup::RESTORED];

/// Shape of a webhook.
pub const NEW_WEBHOOK: &[Field] = &[
    required("name", Kind::Line { max: 60 }, "What people call it; the purpose of what it is told."),
    required("url", Kind::Line { max: 500 }, "Where events are posted: https://…"),
    optional("events", Kind::List { of: &Kind::Code(EVENTS), max: 6 }, "Which events. Default: all."),
    optional("region", Kind::Region, "Cases of which area. Default: the caller's."),
    optional(
        "personal",
        Kind::Bool,
        "Whether it is told identifiers as they are; each telling is logged. Default: no.",
    ),
];

/// A webhook to be made.
#[derive(Clone, Debug, Deserialize)]
pub struct NewWebhook {
    /// What people call it.
    pub name: String,
    /// Where events are posted.
    pub url: String,
    /// Which events; all when empty.
    #[serde(default)]
    pub events: Vec<String>,
    /// Cases of which area.
    #[serde(default)]
    pub region: Option<String>,
    /// Whether it is told identifiers as they are.
    #[serde(default)]
    pub personal: bool,
}

/// Somebody who is told.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Identity.
    pub id: Uuid,
    /// `webhook`, or the hub of a face.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// Where it is told.
    pub url: String,
    /// Which events of webhooks, separated by commas; the query of hubs.
    pub query: String,
    /// Its area.
    pub region: String,
    /// Whether it is told identifiers as they are.
    pub personal: bool,
    /// When it was made.
    pub made_at: Timestamp,
    /// Whether it is told anything.
    pub on: bool,
    /// Why not: one of [`OFF`].
    pub reason: String,
    /// Since when nothing was taken.
    pub failing_since: Option<Timestamp>,
    /// When the next try is due, while nothing is taken.
    pub next_at: Option<Timestamp>,
    /// What went wrong last.
    pub error: String,
    /// Until when the secret before still signs as well.
    pub both_until: Option<Timestamp>,
    /// Entries that wait for another try.
    pub waiting: i64,
    /// Entries that are no longer tried.
    pub dead: i64,
}

/// An entry that is no longer tried.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// The case, or the specification of tickets.
    pub case: Uuid,
    /// The number of the case, while there is such a one.
    pub number: Option<String>,
    /// Which entry.
    pub version: i64,
    /// When it was tried first.
    pub first_at: Timestamp,
    /// How often it was tried.
    pub tries: i64,
    /// What went wrong.
    pub error: String,
}

/// A secret as Standard Webhooks write it.
fn shown(secret: [u8; 32]) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

/// Where the log stands: a new subscription is told what comes after.
fn heads(tx: &mut Tx<'_>) -> Result<String, DeskError> {
    kept::written(&entries::heads(tx)?.into_iter().collect::<BTreeMap<i64, i64>>())
}

/// Events as they are kept: the list in the order of the table.
fn kinds(chosen: &[String]) -> String {
    let chosen: Vec<&str> =
        EVENTS.iter().copied().filter(|kind| chosen.is_empty() || chosen.iter().any(|one| one == kind)).collect();
    chosen.join(",")
}

fn sees(caller: &Caller, row: &SubscriptionRow) -> bool {
    caller.actor.area.covers(&row.region) || caller.actor.area.code() == row.region
}

/// One that the caller looks after, or refuses.
fn find(tx: &mut Tx<'_>, id: Uuid, caller: &Caller) -> Result<SubscriptionRow, DeskError> {
    let row = subscriptions::one(tx, id)?.filter(|row| sees(caller, row));
    row.ok_or_else(|| Refusal::not_found().into())
}

fn counted(tx: &mut Tx<'_>, row: SubscriptionRow) -> Result<Subscription, DeskError> {
    let waiting = subscriptions::count(tx, row.id, false, MOST_COUNTED)?;
    let dead = subscriptions::count(tx, row.id, true, MOST_COUNTED)?;
    let failing = row.failing_since > 0;
    Ok(Subscription {
        id: row.id,
        made_at: moment(row.made_at),
        on: row.standing == "on",
        reason: row.reason,
        failing_since: failing.then(|| moment(row.failing_since)),
        next_at: (failing && row.standing == "on").then(|| moment(row.due_at)),
        both_until: (row.rotated_at > 0).then(|| moment(row.rotated_at) + OVERLAP),
        kind: row.kind,
        name: row.name,
        url: row.url,
        query: row.query,
        region: row.region,
        personal: row.personal,
        error: row.error,
        waiting,
        dead,
    })
}

impl Desk {
    /// Makes a webhook and gives its secret, which is shown once. The address was looked at by whoever sends.
    ///
    /// # Errors
    /// Faults of the fields; `too_many_subscriptions`.
    pub async fn add_webhook(&self, caller: &Caller, new: &NewWebhook) -> Result<(Uuid, String), DeskError> {
        permissions::MANAGE_WEBHOOKS.require(caller)?;
        let own = caller.actor.area.code().to_owned();
        let region = new.region.clone().unwrap_or(own);
        if !caller.actor.area.covers(&region) && caller.actor.area.code() != region {
            return Err(
                Refusal::from(Fault::new("region", "outside_area").with("area", caller.actor.area.code())).into()
            );
        }
        if new.personal {
            permissions::REVEAL.require(caller)?;
        }
        let row = self.fresh(WEBHOOK, &new.name, &new.url, &kinds(&new.events), "", &region, new.personal);
        let id = self.keep_subscription(caller, row).await?;
        Ok((id, shown(self.keyring().webhook_secret(id, 1))))
    }

    /// Registers a listener of a hub, with the rights of whoever registers it.
    ///
    /// # Errors
    /// `hub_known` when the caller did already; `too_many_subscriptions`.
    pub async fn subscribe(&self, caller: &Caller, kind: &str, url: &str, query: &str) -> Result<Uuid, DeskError> {
        permissions::SUBSCRIBE.require(caller)?;
        let personal = caller.scopes.contains(&Scope::PersonalData);
        let (owner, region) = (caller.actor.id.to_string(), caller.actor.area.code().to_owned());
        let row = self.fresh(kind, &caller.name, url, query, &owner, &region, personal);
        self.keep_subscription(caller, row).await
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one row")]
    fn fresh(
        &self,
        kind: &str,
        name: &str,
        url: &str,
        query: &str,
        owner: &str,
        region: &str,
        personal: bool,
    ) -> SubscriptionRow {
        SubscriptionRow {
            id: Uuid::now_v7(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            url: url.to_owned(),
            query: query.to_owned(),
            owner: owner.to_owned(),
            region: region.to_owned(),
            personal,
            generation: 1,
            rotated_at: 0,
            made_at: stored(self.time().now()),
            standing: "on".to_owned(),
            reason: String::new(),
            place: String::new(),
            failing_since: 0,
            tries: 0,
            due_at: 0,
            error: String::new(),
        }
    }

    async fn keep_subscription(&self, caller: &Caller, mut row: SubscriptionRow) -> Result<Uuid, DeskError> {
        let actor = caller.actor.id;
        let (place, rest) = row.url.split_once('?').unwrap_or((&row.url, ""));
        // What stands behind an address may be a secret, and a hub's query may name somebody; the ledger keeps neither.
        let mut change = Change::new("add-subscription")
            .with("kind", &row.kind)
            .with("name", &row.name)
            .with("url", place)
            .with("region", &row.region)
            .with("personal", row.personal.to_string());
        let asked = if row.kind == WEBHOOK { "" } else { row.query.as_str() };
        if row.kind == WEBHOOK {
            change = change.with("query", &row.query);
        }
        if !rest.is_empty() || !asked.is_empty() {
            let digest = self.keyring().request_digest("subscription", format!("{rest}\n{asked}").as_bytes());
            change = change.with("digest", STANDARD.encode(digest));
        }
        self.db()
            .write(move |tx| {
                let all = subscriptions::all(tx)?;
                let too_many = |max: usize| Err(Refusal::conflict("too_many_subscriptions").with("max", max).into());
                if all.len() >= MOST {
                    return too_many(MOST);
                }
                if !row.owner.is_empty() && all.iter().filter(|one| one.owner == row.owner).count() >= MOST_OWN {
                    return too_many(MOST_OWN);
                }
                let same = |one: &SubscriptionRow| {
                    (&one.kind, &one.url, &one.query, &one.owner) == (&row.kind, &row.url, &row.query, &row.owner)
                };
                if all.iter().any(same) {
                    return Err(Refusal::conflict("subscription_known").into());
                }
                row.place = heads(tx)?;
                subscriptions::add(tx, &row)?;
                administration::record(tx, row.id, actor, row.made_at, &change)?;
                Ok(row.id)
            })
            .await
    }

    /// Everybody who is told of cases in the caller's area.
    ///
    /// # Errors
    /// When the caller may not, or those of the database.
    pub async fn subscriptions(&self, caller: &Caller) -> Result<Vec<Subscription>, DeskError> {
        permissions::MANAGE_WEBHOOKS.require(caller)?;
        let caller = caller.clone();
        self.db()
            .read(move |tx| {
                let mine = subscriptions::all(tx)?.into_iter().filter(|row| sees(&caller, row));
                mine.collect::<Vec<_>>().into_iter().map(|row| counted(tx, row)).collect()
            })
            .await
    }

    /// One of them.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn subscription(&self, caller: &Caller, id: Uuid) -> Result<Subscription, DeskError> {
        permissions::MANAGE_WEBHOOKS.require(caller)?;
        let caller = caller.clone();
        self.db()
            .read(move |tx| {
                let row = find(tx, id, &caller)?;
                counted(tx, row)
            })
            .await
    }

    /// The listeners the caller registered at a hub.
    ///
    /// # Errors
    /// When the caller may not, or those of the database.
    pub async fn listeners(&self, caller: &Caller, kind: &str) -> Result<Vec<Subscription>, DeskError> {
        permissions::SUBSCRIBE.require(caller)?;
        let (owner, kind) = (caller.actor.id.to_string(), kind.to_owned());
        self.db()
            .read(move |tx| {
                let own = subscriptions::all(tx)?.into_iter().filter(|row| row.owner == owner && row.kind == kind);
                own.collect::<Vec<_>>().into_iter().map(|row| counted(tx, row)).collect()
            })
            .await
    }

    /// Ends one's own listener.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn unsubscribe(&self, caller: &Caller, kind: &str, id: Uuid) -> Result<(), DeskError> {
        permissions::SUBSCRIBE.require(caller)?;
        let (actor, kind, at) = (caller.actor.id, kind.to_owned(), stored(self.time().now()));
        self.db()
            .write(move |tx| {
                let row = subscriptions::one(tx, id)?;
                if row.is_none_or(|row| row.owner != actor.to_string() || row.kind != kind) {
                    return Err(Refusal::not_found().into());
                }
                subscriptions::remove(tx, id)?;
                administration::record(tx, id, actor, at, &Change::new("remove-subscription"))
            })
            .await
    }

    /// Gives a webhook a new secret, shown once; the one before signs beside it for [`OVERLAP`].
    ///
    /// # Errors
    /// `not_found`, also for a hub, which has none.
    pub async fn rotate_webhook(&self, caller: &Caller, id: Uuid) -> Result<String, DeskError> {
        let done = self.change_subscription(caller, id, "rotate-webhook-secret", move |tx, row, at| {
            if row.kind != WEBHOOK {
                return Err(Refusal::not_found().into());
            }
            if !subscriptions::rotate(tx, id, row.generation, at)? {
                return Err(DeskError::Overtaken);
            }
            Ok(row.generation + 1)
        });
        Ok(shown(self.keyring().webhook_secret(id, done.await?)))
    }

    /// Switches one on, from where it was told last, or off.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn switch_subscription(&self, caller: &Caller, id: Uuid, on: bool) -> Result<(), DeskError> {
        let (verb, standing, reason) =
            if on { ("switch-on-subscription", "on", "") } else { ("switch-off-subscription", "off", "by_hand") };
        let switch = move |tx: &mut Tx<'_>, _: &SubscriptionRow, at| {
            subscriptions::anew(tx, id, at)?;
            Ok(subscriptions::switch(tx, id, standing, reason)?)
        };
        self.change_subscription(caller, id, verb, switch).await
    }

    /// Removes one with everything that waited for it.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn remove_subscription(&self, caller: &Caller, id: Uuid) -> Result<(), DeskError> {
        let remove = move |tx: &mut Tx<'_>, _: &SubscriptionRow, _| Ok(subscriptions::remove(tx, id).map(drop)?);
        self.change_subscription(caller, id, "remove-subscription", remove).await
    }

    /// Has everything tried again that was given up; gives how many entries.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn resend_dead(&self, caller: &Caller, id: Uuid) -> Result<u64, DeskError> {
        let again = move |tx: &mut Tx<'_>, _: &SubscriptionRow, at| Ok(subscriptions::revive(tx, id, at)?);
        self.change_subscription(caller, id, "resend-events", again).await
    }

    async fn change_subscription<T: Send + 'static>(
        &self,
        caller: &Caller,
        id: Uuid,
        verb: &'static str,
        work: impl FnOnce(&mut Tx<'_>, &SubscriptionRow, i64) -> Result<T, DeskError> + Send + 'static,
    ) -> Result<T, DeskError> {
        permissions::MANAGE_WEBHOOKS.require(caller)?;
        let (caller, at) = (caller.clone(), stored(self.time().now()));
        self.db()
            .write(move |tx| {
                let row = find(tx, id, &caller)?;
                let done = work(tx, &row, at)?;
                administration::record(tx, id, caller.actor.id, at, &Change::new(verb).with("name", row.name))?;
                Ok(done)
            })
            .await
    }

    /// What a subscription was not told, newest first.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn dead_letters(&self, caller: &Caller, id: Uuid) -> Result<Vec<DeadLetter>, DeskError> {
        permissions::MANAGE_WEBHOOKS.require(caller)?;
        let (caller, limit) = (caller.clone(), MOST_SHOWN);
        self.db()
            .read(move |tx| {
                find(tx, id, &caller)?;
                let letter = |(row, number): (store::EventRow, Option<String>)| DeadLetter {
                    case: row.subject,
                    number,
                    version: row.version,
                    first_at: moment(row.first_at),
                    tries: row.tries,
                    error: row.error,
                };
                Ok(subscriptions::dead(tx, id, limit)?.into_iter().map(letter).collect())
            })
            .await
    }

    /// Whether somebody may be told as what they are now.
    pub(crate) fn may_be_told(caller: &Caller) -> bool {
        Permission::allows(permissions::READ_CASES, caller)
    }
}

/// How many entries wait for another try, counted up to a number.
fn counted_waiting(tx: &mut Tx<'_>, id: Uuid, most: i64) -> Result<i64, DeskError> {
    Ok(subscriptions::count(tx, id, false, most)?)
}

/// The area a subscription without an owner has.
pub(crate) fn area_of(region: &str) -> Result<AreaScope, DeskError> {
    AreaScope::region(region).map_err(|_| DeskError::Damaged(format!("region {region:?}")))
}
