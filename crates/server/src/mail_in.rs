//! Mail that comes in, from wherever it is read: taken apart here, decided about at the desk.

use desk::letterbox::{Mail, Place, Taken};
use desk::{Desk, DeskError};
use domain::case::message::Stage;
use jiff::Timestamp;
use mail::imap::{Fetched, Mailbox, Opened};
use mail::inbound::{Doubt, Report, read};
use tokio::task::JoinSet;

/// Messages of one batch, and how many are taken in side by side, so that they share commits.
const BATCH: usize = 64;
const BESIDE: usize = 16;
/// Bytes of messages beyond which those under way are waited for: each is held several times while it is taken apart.
const AT_ONCE: usize = 16 << 20;

/// A message taken apart. `whole` is false of one too large to be had.
#[must_use]
pub fn apart(raw: Vec<u8>, received_at: Option<Timestamp>, whole: bool) -> Mail {
    let incoming = read(&raw);
    let doubt = match incoming.doubt {
        _ if !whole => Some("too_large"),
        Some(Doubt::Unreadable) => Some("unreadable"),
        Some(Doubt::TooManyParts) => Some("too_many_parts"),
        Some(Doubt::NoSender) => Some("no_sender"),
        Some(Doubt::Empty) => Some("empty"),
        None => None,
    };
    Mail {
        name: incoming.name,
        from: incoming.from,
        to: incoming.to,
        subject: incoming.subject,
        text: incoming.text,
        files: incoming.files.into_iter().map(|file| (file.name, file.bytes)).collect(),
        automatic: incoming.automatic,
        report: incoming.report.map(|report| match report {
            Report::Failed => Stage::Failed,
            Report::Delayed => Stage::Sent,
            Report::Delivered => Stage::Delivered,
        }),
        doubt,
        content: incoming.content,
        raw,
        received_at,
    }
}

/// Takes a message in.
///
/// # Errors
/// Those of the database.
pub async fn take(desk: &Desk, raw: Vec<u8>, received_at: Option<Timestamp>, whole: bool) -> Result<Taken, DeskError> {
    // Hostile bytes may take their time; others are not to wait for them.
    let mail = tokio::task::spawn_blocking(move || apart(raw, received_at, whole)).await;
    let mail = mail.map_err(|error| DeskError::Damaged(error.to_string()))?;
    desk.take_mail(mail).await
}

/// What a look into a mailbox came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Messages that were taken in.
    pub taken: usize,
    /// Whether more lie there already.
    pub more: bool,
}

/// Fetches a message that failed once more through a line of its own. Where the mailbox opens and this one message still
/// cannot be had, the inner error says why, and `opened` is good for the next one.
async fn once_more(
    mailbox: &Mailbox,
    opened: &mut Opened,
    uid: u32,
) -> Result<Result<Option<Fetched>, String>, String> {
    let validity = opened.validity();
    *opened = mailbox.open().await?;
    let fetched = opened.fetch(uid).await;
    if fetched.is_err() {
        *opened = mailbox.open().await?;
    }
    // Places of another time mean other messages.
    if opened.validity() == validity { Ok(fetched) } else { Err("the mailbox was made anew".to_owned()) }
}

/// What stands for a message the mailbox cannot hand over, for a person to look for it there.
fn stand_in(mailbox: &Mailbox, validity: i64, uid: u32, why: &str) -> Mail {
    let (subject, text) = (format!("UID {uid}"), format!("{}: {why}", mailbox.shown()));
    Mail {
        content: format!("not handed over\0{}\0{validity}\0{uid}", mailbox.name()).into_bytes(),
        raw: format!("Subject: {subject}\r\n\r\n{text}\r\n").into_bytes(),
        subject,
        text,
        doubt: Some("not_handed_over"),
        ..Mail::default()
    }
}

/// Takes in what lies in a mailbox, a batch at most. A message is marked, or moved to `folder`, once it is taken in; how
/// far the mailbox was read is noted behind the last of them. One the mailbox cannot hand over keeps none of the others
/// from coming in: a note in its place waits for a person, and it stays where it lies.
///
/// # Errors
/// Why the mailbox or the database could not be used, in one line.
pub async fn look(desk: &Desk, mailbox: &Mailbox, folder: Option<&str>) -> Result<Look, String> {
    let mut opened = mailbox.open().await?;
    let validity = i64::from(opened.validity());
    let behind = desk.mailbox_place(&mailbox.name(), validity).await.map_err(|error| error.to_string())?;
    let places = opened.after(u32::try_from(behind).unwrap_or(u32::MAX), BATCH).await?;
    let more = places.len() == BATCH;
    let mut done = Look { taken: 0, more };
    for some in places.chunks(BESIDE) {
        let (mut under_way, mut kept, mut bytes) = (JoinSet::new(), Vec::new(), 0);
        for uid in some {
            let fetched = match opened.fetch(*uid).await {
                Err(_) => once_more(mailbox, &mut opened, *uid).await?,
                fetched => fetched,
            };
            let fetched = match fetched {
                Ok(fetched) => fetched,
                Err(why) => {
                    tracing::warn!(uid, %why, "the mailbox cannot hand over a message; a note of it waits for a person");
                    let note = stand_in(mailbox, validity, *uid, &why);
                    desk.take_mail(note).await.map_err(|error| error.to_string())?;
                    continue;
                }
            };
            if let Some(fetched) = fetched {
                if bytes + fetched.raw.len() > AT_ONCE {
                    taken_in(&mut under_way, &mut kept).await?;
                    bytes = 0;
                }
                bytes += fetched.raw.len();
                let desk = desk.clone();
                under_way.spawn(async move {
                    let Fetched { uid, received, raw, whole } = fetched;
                    let received_at = received.and_then(|at| Timestamp::from_second(at).ok());
                    (uid, take(&desk, raw, received_at, whole).await)
                });
            }
        }
        taken_in(&mut under_way, &mut kept).await?;
        // All of them are committed: only now is anything said to the server, and only now does the place move on.
        if let Some(uid) = some.last() {
            let place = Place { name: mailbox.name(), validity, uid: i64::from(*uid) };
            desk.mailbox_read(place).await.map_err(|error| error.to_string())?;
        }
        for uid in kept {
            done.taken += 1;
            opened.kept(uid, folder).await?;
        }
    }
    opened.close().await;
    Ok(done)
}

/// Waits until everything under way is taken in.
async fn taken_in(under_way: &mut JoinSet<(u32, Result<Taken, DeskError>)>, kept: &mut Vec<u32>) -> Result<(), String> {
    while let Some(one) = under_way.join_next().await {
        let (uid, outcome) = one.map_err(|error| error.to_string())?;
        outcome.map_err(|error| error.to_string())?;
        kept.push(uid);
    }
    Ok(())
}
