//! Forms of the organisation: what they share.

use super::form::{Draw, Input, Typed};
use super::names::Names;
use super::{Frame, render};
use crate::app::AppState;
use crate::extract::Visitor;
use crate::problem::{Failure, Told};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use desk::organisation::{Colleague, Unit};
use desk::permissions;
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{self, Field};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Something else that can be done here, with one press, or a page it leads to.
pub(super) struct Act {
    pub(super) action: String,
    pub(super) words: String,
}

#[derive(Template)]
#[template(path = "staff_form.html")]
struct Page<'a> {
    frame: &'a Frame<'a>,
    title: String,
    /// Code or name to sign in with, when it is fixed.
    known_as: String,
    action: String,
    button: String,
    inputs: Vec<Input>,
    aside: Option<Act>,
    acts: Vec<Act>,
    told: Option<Told>,
}

/// A form of a unit or a user.
pub(super) struct StaffForm<'a> {
    pub(super) title: String,
    pub(super) known_as: String,
    pub(super) action: String,
    pub(super) button: String,
    /// Prefix of the words' keys.
    pub(super) words: &'a str,
    pub(super) fields: &'static [Field],
    /// Fields the page says in another way.
    pub(super) hidden: &'a [&'a str],
    /// A page that has more of it.
    pub(super) aside: Option<Act>,
    pub(super) acts: Vec<Act>,
}

impl StaffForm<'_> {
    /// The page, with what was typed and why it was refused.
    pub(super) fn draw(self, frame: &Frame<'_>, names: &Names, typed: &Typed, failure: Option<&Failure>) -> Response {
        let told = failure.map(|failure| failure.tell(frame.app, frame.language));
        let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
        let known = |field: &str| match field {
            "unit" | "parent" => frame.units(names),
            _ => Vec::new(),
        };
        let draw = Draw { frame, words: self.words, typed, errors: &errors, known: &known };
        let mut inputs = draw.inputs("", self.fields);
        inputs.retain(|input| !self.hidden.contains(&input.name.as_str()));
        let status = told.as_ref().map_or(StatusCode::OK, |told| told.status);
        let Self { title, known_as, action, button, aside, acts, .. } = self;
        let mut response = render(&Page { frame, title, known_as, action, button, inputs, aside, acts, told });
        *response.status_mut() = status;
        response
    }
}

#[derive(Template)]
#[template(path = "password_once.html")]
struct Once<'a> {
    frame: Frame<'a>,
    username: String,
    password: String,
}

/// The page that shows a one-time password, this once.
pub(super) fn password_once(app: &AppState, visitor: &Visitor, username: String, password: String) -> Response {
    render(&Once { frame: Frame::new(app, visitor), username, password })
}

/// What was typed as the desk wants it: a form always says the whole state, so an empty region box means that the area
/// comes from above, and no box ticked that there are no duties.
pub(super) fn read<T: DeserializeOwned>(
    typed: &Typed,
    fields: &'static [Field],
    frame: &Frame<'_>,
) -> Result<T, Failure> {
    let mut value = typed.value(fields, frame);
    if let Value::Object(object) = &mut value {
        let has = |name: &str| fields.iter().any(|field| field.name == name);
        if has("inherit_region") && !object.contains_key("region") {
            object.insert("inherit_region".to_owned(), Value::Bool(true));
        }
        // Skills are typed in one line.
        if has("skills")
            && let Some(typed) = object.get("skills").and_then(Value::as_array)
        {
            let words = typed.iter().filter_map(Value::as_str).flat_map(|line| line.split([' ', ',', '，', '、']));
            let words: Vec<Value> = words.filter(|word| !word.is_empty()).map(Value::from).collect();
            object.insert("skills".to_owned(), Value::Array(words));
        }
        if has("skills") && has("inherit_region") && !object.contains_key("skills") {
            object.insert("skills".to_owned(), Value::Array(Vec::new()));
        }
        // An emptied box means no address.
        if has("no_email") && !object.contains_key("email") {
            object.insert("no_email".to_owned(), Value::Bool(true));
        }
        if has("duties") && !object.contains_key("duties") {
            object.insert("duties".to_owned(), Value::Array(Vec::new()));
        }
    }
    let value = shape::check(value, fields).map_err(Refusal::invalid)?;
    Ok(serde_json::from_value(value).map_err(|_| Fault::new("", "unreadable"))?)
}

/// Whether a refusal is shown beside the form; everything else has a page of its own.
pub(super) fn beside_the_form(app: &AppState, visitor: &Visitor, failure: Failure) -> Result<Failure, Failure> {
    match failure.tell(app, visitor.language).status {
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT => Ok(failure),
        _ => Err(failure),
    }
}

impl Frame<'_> {
    /// Open units to choose from, those below others behind them.
    fn units(&self, names: &Names) -> Vec<(String, String)> {
        let open = names.units.iter().filter(|unit| !unit.closed);
        open.map(|unit| (unit.id.to_string(), format!("{} {}", unit.code, unit.name))).collect()
    }

    /// A colleague to choose: name, role, and that they are away.
    pub(super) fn colleague(&self, user: &Colleague) -> String {
        let absent = if user.absent.is_some() { self.t("absence.mark") } else { String::new() };
        format!("{} · {}{absent}", user.name, self.code("role", &user.role))
    }

    /// An area in words.
    pub(super) fn area(&self, code: &str) -> String {
        if code.is_empty() {
            return self.t("org.everywhere");
        }
        let province = self.app.desk.library().taxonomy().province(code);
        match province.map(|one| self.language.pick(&one.zh, &one.en)) {
            Some(name) if code.len() == 2 => name.to_owned(),
            Some(name) => format!("{name} {code}"),
            None => code.to_owned(),
        }
    }

    /// Whether the caller may change this unit.
    pub(super) fn manages_unit(&self, unit: &Unit) -> bool {
        self.may(permissions::MANAGE_ORGANISATION) && self.reaches(&unit.area)
    }

    /// Whether the caller may change this user.
    pub(super) fn manages_user(&self, user: &Colleague) -> bool {
        self.may(permissions::MANAGE_USERS) && self.reaches(&user.area)
    }

    fn reaches(&self, area: &str) -> bool {
        self.caller.is_some_and(|caller| caller.actor.area.covers(area))
    }
}
