//! What somebody chose about notices: whether mail tells of them, at which hours it does not, and where it goes.

use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::sign_in::letters;
use crate::time::stored;
use crate::{Desk, permissions};
use domain::fault::Fault;
use domain::quiet::QuietHours;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use domain::text::identifier::is_email;
use jiff::civil::Time;
use serde::Deserialize;
use store::{ChoiceRow, Tx, UserRow, mail, people};

/// Codes of [`Mail`].
pub const MAIL: &[&str] = &["off", "gathered", "at_once"];
const LANGUAGES: &[&str] = &["zh-CN", "en"];

/// Shape of what somebody chooses: all of it at once, what is left out is not wanted.
pub const CHOICES: &[Field] = &[
    required("mail", Kind::Code(MAIL), "`gathered`: at most one mail in a quarter of an hour."),
    optional("email", Kind::Line { max: 254 }, "Where mail goes."),
    optional("quiet_from", Kind::Line { max: 5 }, "Begin of quiet hours, `HH:MM` by the installation's clock."),
    optional("quiet_until", Kind::Line { max: 5 }, "Their end; before the begin, it is that of the next day."),
    optional("urgent", Kind::Bool, "Whether mail about urgent cases is sent in quiet hours too."),
    optional("language", Kind::Code(LANGUAGES), "Language of mail. Default: that of the installation."),
];

/// Whether mail tells of notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mail {
    /// Never.
    Off,
    /// What comes within a quarter of an hour in one.
    Gathered,
    /// Within a minute.
    AtOnce,
}

impl Mail {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Gathered => "gathered",
            Self::AtOnce => "at_once",
        }
    }

    fn from_code(code: &str) -> Self {
        match code {
            "off" => Self::Off,
            "at_once" => Self::AtOnce,
            _ => Self::Gathered,
        }
    }
}

/// What somebody chose, or what holds until they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// Whether mail tells of notices.
    pub mail: Mail,
    /// Hours in which it does not.
    pub quiet: Option<QuietHours>,
    /// Whether urgent cases come through.
    pub urgent: bool,
    /// Language of mail; empty for that of the installation.
    pub language: String,
    /// Where mail goes; empty for nowhere.
    pub email: String,
    /// Why a server refused that address for good; empty when none did.
    pub bounced: String,
}

#[derive(Deserialize)]
struct Asked {
    mail: String,
    #[serde(default)]
    email: String,
    quiet_from: Option<String>,
    quiet_until: Option<String>,
    #[serde(default)]
    urgent: bool,
    #[serde(default)]
    language: String,
}

impl Choices {
    pub(super) fn of(tx: &mut Tx<'_>, user: &UserRow) -> Result<Self, DeskError> {
        let row = mail::choice(tx, user.id)?;
        let (email, bounced) = (user.email.clone(), user.bounced.clone());
        Ok(match row {
            Some(row) => Self {
                mail: Mail::from_code(&row.mail),
                quiet: QuietHours::of_minutes(row.quiet_from, row.quiet_until).filter(|_| row.quiet_from >= 0),
                urgent: row.urgent,
                language: row.language,
                email,
                bounced,
            },
            None => {
                let quiet = Some(QuietHours::usual());
                Self { mail: Mail::Gathered, quiet, urgent: true, language: String::new(), email, bounced }
            }
        })
    }

    /// Whether mail reaches them at all.
    pub(super) fn by_mail(&self) -> bool {
        self.mail != Mail::Off && !self.email.is_empty() && self.bounced.is_empty()
    }

    fn read(asked: Asked) -> Result<Self, Refusal> {
        let email = clean_email(&asked.email)?;
        let quiet = match (&asked.quiet_from, &asked.quiet_until) {
            (None, None) => None,
            (Some(from), Some(until)) => {
                let (from, until) = (time("quiet_from", from)?, time("quiet_until", until)?);
                Some(QuietHours::new(from, until).ok_or_else(|| Fault::new("quiet_until", "quiet_all_day"))?)
            }
            (None, Some(_)) => return Err(Fault::new("quiet_from", "required").into()),
            (Some(_), None) => return Err(Fault::new("quiet_until", "required").into()),
        };
        let (mail, bounced) = (Mail::from_code(&asked.mail), String::new());
        Ok(Self { mail, quiet, urgent: asked.urgent, language: asked.language, email, bounced })
    }
}

/// An address as it is kept; nothing is allowed and means nowhere.
pub(crate) fn clean_email(given: &str) -> Result<String, Refusal> {
    let given = given.trim();
    match given.is_empty() || is_email(given) {
        true => Ok(given.to_owned()),
        false => Err(Fault::new("email", "bad_email").into()),
    }
}

fn time(field: &'static str, text: &str) -> Result<Time, Refusal> {
    let wrong = || Refusal::from(Fault::new(field, "bad_time"));
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let part =
        |digits: &str| digits.parse::<i8>().ok().filter(|_| digits.len() <= 2 && !digits.starts_with(['+', '-']));
    let (hour, minute) = part(hour).zip(part(minute)).ok_or_else(wrong)?;
    Time::new(hour, minute, 0, 0).map_err(|_| wrong())
}

impl Desk {
    /// What the caller chose about notices.
    ///
    /// # Errors
    /// `not_found` when they are no person.
    pub async fn notice_choices(&self, caller: &Caller) -> Result<Choices, DeskError> {
        permissions::READ_SELF.require(caller)?;
        let user = caller.actor.user().ok_or_else(Refusal::not_found)?;
        let read = self.db().read(move |tx| {
            let row = people::user(tx, user.0)?.ok_or_else(Refusal::not_found)?;
            Choices::of(tx, &row)
        });
        read.await
    }

    /// Chooses for the caller; `value` has the shape [`CHOICES`]. Saying an address anew has a refused one tried again.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn choose_notices(&self, caller: &Caller, value: serde_json::Value) -> Result<(), DeskError> {
        permissions::CHOOSE_NOTICES.require(caller)?;
        let user = caller.actor.user().ok_or_else(Refusal::not_found)?;
        let asked = serde_json::from_value(value).map_err(|_| Refusal::from(Fault::new("", "unreadable")))?;
        let wanted = Choices::read(asked)?;
        let (desk, actor, now) = (self.clone(), caller.actor.id, stored(self.time().now()));
        let choose = self.db().write(move |tx| {
            let before = people::user(tx, user.0)?.ok_or_else(Refusal::not_found)?;
            let (quiet_from, quiet_until) = wanted.quiet.map_or((-1, -1), QuietHours::minutes);
            let row = ChoiceRow {
                user: user.0,
                mail: wanted.mail.code().to_owned(),
                quiet_from,
                quiet_until,
                urgent: wanted.urgent,
                language: wanted.language.clone(),
                changed_at: now,
            };
            mail::set_choice(tx, &row)?;
            people::set_email(tx, user.0, &wanted.email)?;
            if before.email == wanted.email {
                return Ok(());
            }
            letters::tell_former(&desk, tx, &before, now)?;
            // Of the address nothing but that it changed: the ledger keeps everything.
            administration::record(tx, user.0, actor, now, &Change::new("change-user").with("email", "changed"))
        });
        choose.await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: serde_json::Value) -> Result<Choices, Refusal> {
        Choices::read(serde_json::from_value(value).unwrap())
    }

    #[test]
    fn quiet_hours_are_whole_or_not_at_all() {
        let fault = |value: serde_json::Value| {
            let refusal = read(value).unwrap_err();
            (refusal.faults[0].field.clone(), refusal.faults[0].code)
        };
        let from_until =
            |from: &str, until: &str| serde_json::json!({"mail": "off", "quiet_from": from, "quiet_until": until});
        let quiet = read(from_until("21:00", "8:00")).unwrap().quiet.unwrap();
        assert_eq!(quiet, QuietHours::usual());
        assert_eq!(read(serde_json::json!({"mail": "off"})).unwrap().quiet, None);
        assert_eq!(fault(from_until("21:00", "21:00")), ("quiet_until".to_owned(), "quiet_all_day"));
        for wrong in ["24:00", "8", "08:60", "+8:00", "a:b", "008:00"] {
            assert_eq!(fault(from_until(wrong, "08:00")), ("quiet_from".to_owned(), "bad_time"), "{wrong}");
        }
        assert_eq!(
            fault(serde_json::json!({"mail": "off", "quiet_from": "21:00"})),
            ("quiet_until".to_owned(), "required")
        );
    }

    #[test]
    fn an_address_is_one_address() {
        for good in ["a@b.cn", "li.na+cases@mail.example.com", ""] {
            assert!(clean_email(good).is_ok(), "{good}");
        }
        for wrong in ["a", "a@b", "a@b.cn, c@d.cn", "a@b.cn\r\nBcc: x@y.cn", "<a@b.cn>", "张@b.cn", "a b@c.cn"] {
            assert!(clean_email(wrong).is_err(), "{wrong}");
        }
    }
}
