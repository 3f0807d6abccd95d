//! What a person may take along (查阅、复制、转移): everything Redress keeps about them, from all their cases, opened for
//! handing over. Each case's access log says that it was done.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::queries::attachment;
use crate::queries::case::{CaseView, open_items};
use crate::reveal::AccessBody;
use crate::vault::cipher::CipherError;
use crate::vault::person;
use crate::vault::seal::CaseKeys;
use crate::{Desk, permissions};
use domain::case::Attachment;
use domain::ids::{CaseId, PersonId};
use domain::intake::Identity;
use domain::media::honest_name;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, required};
use domain::text::file_name;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::io::Write;
use store::cases;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Shape of what is said when a person's data is taken out.
pub const FIELDS: &[Field] = &[required(
    "reason",
    Kind::Line { max: 200 },
    "Which request it answers. Do not write personal data here: it stands in the access log.",
)];

/// The data of a person as asked for.
#[derive(Clone, Debug, Deserialize)]
pub struct Ask {
    /// Which request it answers.
    pub reason: String,
}

/// A person's data, ready to be written.
pub struct SubjectData {
    /// Who it is.
    pub identity: Identity,
    /// Their cases, nothing masked, oldest first.
    pub cases: Vec<CaseView>,
    /// Attached files: number of the case, place in the archive.
    pub files: Vec<(String, String)>,
    kept: Vec<(CaseKeys, Attachment)>,
    desk: Desk,
}

impl Desk {
    /// Gathers what Redress keeps about the complainant of a case, and logs it in each of their cases.
    ///
    /// # Errors
    /// When the caller may not, there is no such case, a case of the person lies beyond their area, or the person was
    /// erased.
    pub async fn subject_data(&self, caller: &Caller, name: &CaseRef, ask: Ask) -> Result<SubjectData, DeskError> {
        permissions::EXPORT_PERSON.require(caller)?;
        let (asked, actor) = (name.clone(), caller.actor.clone());
        let ids = self
            .db()
            .read(move |tx| {
                let person = load::find(tx, &asked, &actor)?.person;
                let mut found = Vec::new();
                for id in cases::by_person(tx, person)? {
                    let Some(row) = cases::by_id(tx, id)? else { continue };
                    // Half an answer would be passed off as a whole one.
                    if !load::is_there(&row, &actor) {
                        return Err(Refusal::conflict("person_beyond_area").into());
                    }
                    found.push((row.received_at, id));
                }
                found.sort_unstable();
                Ok::<_, DeskError>(found)
            })
            .await?;
        let mut identity = Identity::default();
        let (mut views, mut files, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for (_, id) in ids {
            let raw = self.raw(caller, &CaseRef::Id(CaseId(id))).await?;
            let wrapped = raw.person.as_ref().and_then(|row| row.wrapped_key.as_deref());
            let keys = match load::open_keys(self.master(), &raw.loaded.row, wrapped) {
                Err(DeskError::Cipher(CipherError::Erased)) => return Err(Refusal::conflict("person_erased").into()),
                other => other?,
            };
            if let Some(sealed) = raw.person.as_ref().and_then(|row| row.identity.as_deref()) {
                identity = person::open(PersonId(raw.loaded.row.person), &keys.person, sealed)?;
            }
            let shown: BTreeSet<u32> = open_items(&keys, &raw.items)?.into_keys().collect();
            let attached = raw.loaded.case.attachments.clone();
            let view = self.view(raw, &shown)?;
            for (n, (file, named)) in (1..).zip(attached.into_iter().zip(&view.case.attachments)) {
                let name = honest_name(&file_name::clean(named.name.plain().unwrap_or_default()), &file.media);
                let number = view.case.number.clone();
                files.push((number.clone(), format!("{number}/{n:02}-{name}")));
                kept.push((keys.clone(), file));
            }
            views.push(view);
        }
        for view in &views {
            let body = AccessBody {
                purpose: "data_subject".to_owned(),
                reason: Some(ask.reason.clone()),
                extent: "person".to_owned(),
                restricted: Vec::new(),
            };
            self.log_access(caller, view.case.id.0, permissions::EXPORT_PERSON.name(), &body).await?;
        }
        Ok(SubjectData { identity, cases: views, files, kept, desk: self.clone() })
    }
}

impl SubjectData {
    /// Writes it with the page for people and the data for programmes; one file at a time stands in memory. Must not be
    /// called on an async worker.
    ///
    /// # Errors
    /// If it cannot be written, or a file is no longer whole.
    pub fn write(&self, page: &str, data: &str, out: impl Write) -> Result<(), DeskError> {
        let failed = |error: zip::result::ZipError| DeskError::Output(error.to_string());
        let mut zip = ZipWriter::new_stream(out);
        let mut add = |name: &str, bytes: &[u8]| {
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
            zip.start_file(name, options.unix_permissions(0o644)).map_err(failed)?;
            zip.write_all(bytes).map_err(|error| DeskError::Output(error.to_string()))
        };
        add("index.html", page.as_bytes())?;
        add("person.json", data.as_bytes())?;
        for ((keys, file), (_, place)) in self.kept.iter().zip(&self.files) {
            let (keys, file) = (keys.clone(), file.clone());
            let bytes = self.desk.db().read_now(move |tx| attachment::open(tx, &keys, &file))?;
            add(place, &bytes)?;
        }
        zip.finish().map_err(failed)?.flush().map_err(|error| DeskError::Output(error.to_string()))
    }
}
