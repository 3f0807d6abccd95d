//! Reading an attachment: its bytes are unmasked personal data, so whoever reads them stands in the access log, and
//! nothing is handed out before that entry is safe. Damaged bytes are never handed out.

use super::case::open_items;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::reveal::{AccessBody, PURPOSES};
use crate::vault::chunks::{self, FileDigest};
use crate::vault::cipher::CipherError;
use crate::vault::seal::CaseKeys;
use crate::{Desk, permissions};
use domain::case::Attachment;
use domain::case::attach::LARGEST;
use domain::fault::Fault;
use domain::ids::AttachmentId;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional};
use domain::text::lift::fill;
use serde::Deserialize;
use store::{Tx, attachments};

/// Shape of what is said when an attachment is read.
pub const FIELDS: &[Field] = &[
    optional("purpose", Kind::Code(PURPOSES), "Why; it is logged. Default: `investigate`."),
    optional(
        "reason",
        Kind::Line { max: 200 },
        "In words. Do not write personal data here: it stands in the access log.",
    ),
];

/// Why an attachment is read.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Why {
    /// Purpose; working on the case when none is given.
    pub purpose: Option<String>,
    /// In words.
    pub reason: Option<String>,
}

/// An attachment opened for reading.
#[derive(Debug)]
pub struct OpenAttachment {
    /// Name, unmasked.
    pub name: String,
    /// What the bytes are.
    pub media: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Desk {
    /// The bytes of an attachment; the access is logged.
    ///
    /// # Errors
    /// When the caller may not, there is no such attachment they may see, its person was erased, or what is stored is
    /// not what was attached.
    pub async fn attachment(
        &self,
        caller: &Caller,
        name: &CaseRef,
        id: AttachmentId,
        why: Why,
    ) -> Result<OpenAttachment, DeskError> {
        permissions::READ_ATTACHMENTS.require(caller)?;
        let raw = self.raw(caller, name).await?;
        raw.sight.require_data(&raw.loaded.case, &caller.actor)?;
        let found = raw.loaded.case.attachments.iter().find(|one| one.id == id).cloned();
        let found = found.ok_or_else(Refusal::not_found)?;
        let restricted = self.restrictions(caller, &raw.loaded.case).await?;
        if !restricted.is_empty() && why.reason.is_none() {
            return Err(Refusal::from(Fault::new("reason", "reason_while_restricted")).into());
        }
        let wrapped = raw.person.as_ref().and_then(|row| row.wrapped_key.as_deref());
        let keys = match load::open_keys(self.master(), &raw.loaded.row, wrapped) {
            Err(DeskError::Cipher(CipherError::Erased)) => return Err(Refusal::conflict("person_erased").into()),
            other => other?,
        };
        let items = open_items(&keys, &raw.items)?;
        let shown = fill(&keys.open("name", &found.name)?, |_, item| {
            items.get(&item).map_or_else(|| "***".to_owned(), |(_, value)| value.clone())
        });
        let media = found.media.clone();
        let bytes = self.db().read(move |tx| open(tx, &keys, &found)).await?;
        let body = AccessBody {
            purpose: why.purpose.unwrap_or_else(|| "investigate".to_owned()),
            reason: why.reason,
            extent: format!("attachment {id}"),
            restricted: restricted.into_iter().map(|one| one.request).collect(),
        };
        self.log_access(caller, raw.loaded.row.id, permissions::READ_ATTACHMENTS.name(), &body).await?;
        Ok(OpenAttachment { name: shown, media, bytes })
    }
}

/// Opens every chunk and holds the whole against the log.
pub(crate) fn open(tx: &mut Tx<'_>, keys: &CaseKeys, found: &Attachment) -> Result<Vec<u8>, DeskError> {
    let id = found.id;
    let damaged = |what: String| DeskError::DamagedAttachment(format!("attachment {id}: {what}"));
    let row = attachments::one(tx, id.0, keys.case.0)?.ok_or_else(|| damaged("it is gone".to_owned()))?;
    let mut bytes = Vec::with_capacity(usize::try_from(found.size.min(LARGEST)).unwrap_or_default());
    let mut digest = FileDigest::new(&keys.digest_key());
    for n in 0..row.chunks {
        let place = format!("chunk {} of {}", n + 1, row.chunks);
        let sealed = attachments::chunk(tx, id.0, n)?.ok_or_else(|| damaged(format!("{place} is missing")))?;
        let plain = chunks::open(keys, id, n, n + 1 == row.chunks, &sealed)
            .map_err(|_| damaged(format!("{place} was changed, moved or is not the last as it says")))?;
        digest.update(&plain);
        bytes.extend(plain);
    }
    if digest.finish() != found.digest {
        return Err(damaged("its bytes are not those the log names".to_owned()));
    }
    Ok(bytes)
}
