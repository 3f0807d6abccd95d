//! How far mailboxes were read. Of many nodes one reads a mailbox at a time.

use super::Place;
use crate::Desk;
use crate::error::DeskError;
use crate::time::stored;
use jiff::SignedDuration;
use store::letterbox;
use store::schedules::{self, Look};

/// How long a node may take over one batch before another tries.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// Between two looks at a mailbox.
const REST: SignedDuration = SignedDuration::from_secs(10);

impl Desk {
    /// Takes a mailbox for one batch; false when it was looked at a moment ago or another node has it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn begin_mailbox(&self, name: &str, node: &str) -> Result<bool, DeskError> {
        let now = self.time().now();
        let look = Look {
            now: stored(now),
            furthest: stored(now + REST + LEASE),
            furthest_lease: stored(now + LEASE + LEASE),
        };
        let (name, holder, lease) = (schedule(name), node.to_owned(), stored(now + LEASE));
        self.db()
            .write(move |tx| {
                Ok::<_, DeskError>(
                    schedules::is_due(tx, &name, look, &holder)? && schedules::claim(tx, &name, look, lease, &holder)?,
                )
            })
            .await
    }

    /// Gives a mailbox back; `more` says that more lies there already.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn end_mailbox(&self, name: &str, node: &str, more: bool) -> Result<(), DeskError> {
        let next = self.time().now() + if more { SignedDuration::ZERO } else { REST };
        let (name, holder) = (schedule(name), node.to_owned());
        self.db().write(move |tx| Ok::<_, DeskError>(schedules::finish(tx, &name, stored(next), &holder)?)).await
    }

    /// The place behind which a mailbox is to be read: the start where its places mean other messages now.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn mailbox_place(&self, name: &str, validity: i64) -> Result<i64, DeskError> {
        let name = name.to_owned();
        let found = self.db().read(move |tx| Ok::<_, DeskError>(letterbox::place(tx, &name)?)).await?;
        Ok(found.filter(|(known, _)| *known == validity).map_or(0, |(_, uid)| uid))
    }

    /// Notes how far a mailbox was read: everything up to there is taken in.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn mailbox_read(&self, place: Place) -> Result<(), DeskError> {
        let note = move |tx: &mut store::Tx<'_>| letterbox::move_on(tx, &place.name, place.validity, place.uid);
        self.db().write(note).await.map_err(DeskError::from)
    }
}

fn schedule(name: &str) -> String {
    format!("mailbox:{name}")
}
