//! Letters of a case as documents: what is out, and drafts of what is to be written. They show what the case shows to
//! whoever asks; identifiers that are masked there are masked here.

use crate::app::{App, AppState};
use crate::locale::Language;
use crate::problem::{self, Failure, Why};
use desk::DeskError;
use desk::queries::case::CaseView;
use domain::case::Letter;
use domain::fault::Fault;
use domain::refusal::Refusal;
use jiff::tz::TimeZone;
use paper::Sent;
use policy::plain::{self, Advice};
use std::collections::BTreeMap;

/// A letter ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    letter: paper::Letter,
    /// Rule of the letter.
    rule: String,
    /// Blanks nobody has filled; of a draft only.
    blanks: Vec<String>,
    /// The zone of the customer's place: what the letter tells of times is told in it.
    zone: TimeZone,
}

impl Document {
    /// A letter by its number within the case, or the draft of a rule in the language asked for.
    ///
    /// # Errors
    /// If there is no such letter, or its words are gone.
    pub(crate) fn of(app: &App, view: &CaseView, name: &str, language: Option<&str>) -> Result<Self, DeskError> {
        let Ok(number) = name.parse::<u32>() else { return Self::draft(app, view, name, language) };
        let letter = view.case.letters.iter().find(|letter| letter.id == number).ok_or_else(Refusal::not_found)?;
        let document = Self::issued(app, view, letter)?;
        // What is out is in one language.
        match language {
            Some(other) if other != document.letter.language => {
                let fault = Fault::new("language", "not_one_of").with("allowed", &document.letter.language);
                Err(Refusal::from(fault).into())
            }
            _ => Ok(document),
        }
    }

    fn issued(app: &App, view: &CaseView, letter: &Letter) -> Result<Self, DeskError> {
        let issued = letter.issued.as_ref().ok_or_else(Refusal::not_found)?;
        // What was erased cannot be drawn.
        let content = issued.content.plain().ok_or_else(Refusal::not_found)?;
        let paper = issued.document.and_then(|id| view.case.attachments.iter().find(|file| file.id == id));
        let paper = paper.and_then(|file| file.name.plain()).map(str::to_owned);
        let sent = Sent {
            medium: issued.medium.code().to_owned(),
            proof: issued.reference.clone().or(paper),
            delivered_at: letter.delivered_at,
        };
        let mut drawn = blank(app, view, &letter.rule, &issued.language)?;
        content.clone_into(&mut drawn.content);
        drawn.at = issued.at;
        drawn.sent = Some(sent);
        let zone = app.desk.library().rules_of(&view.case)?.zone();
        Ok(Self { letter: drawn, rule: letter.rule.clone(), blanks: Vec::new(), zone })
    }

    fn draft(app: &App, view: &CaseView, rule: &str, language: Option<&str>) -> Result<Self, DeskError> {
        let draft = app.desk.letter_draft(view, rule, language)?;
        let mut drawn = blank(app, view, rule, &draft.language)?;
        drawn.content = draft.content;
        let zone = app.desk.library().rules_of(&view.case)?.zone();
        Ok(Self { letter: drawn, rule: rule.to_owned(), blanks: draft.blanks, zone })
    }

    /// What is hard to read in it.
    pub(crate) fn advice(&self) -> Vec<Advice> {
        plain::advice(&self.letter.language, &self.letter.content)
    }

    /// As a page; in a draft the blanks nobody has filled stand marked, each by its name.
    pub(crate) fn html(&self, app: &App) -> String {
        let language = Language::from_tag(&self.letter.language).unwrap_or(Language::En);
        let blanks = self.blanks.iter().map(|name| (name.clone(), problem::blank(app, language, name)));
        paper::draft_html(&self.letter, &self.zone, &blanks.collect::<Vec<_>>())
    }

    /// As a PDF.
    ///
    /// # Errors
    /// If no font has all its characters.
    pub(crate) async fn pdf(&self, app: &AppState) -> Result<Vec<u8>, Failure> {
        let (letter, zone) = (self.letter.clone(), self.zone.clone());
        let fonts = std::sync::Arc::clone(&app.fonts);
        let made = tokio::task::spawn_blocking(move || paper::pdf(&letter, &zone, &fonts)).await;
        let made = made.map_err(|error| DeskError::Output(error.to_string()))?;
        Ok(made.map_err(|none| Why::NoFont(none.missing))?)
    }

    /// For programmes: the words, what is left to fill in, and what is hard to read.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "rule": self.rule,
            "language": self.letter.language,
            "content": self.letter.content,
            "sha256": self.letter.hash(),
            "draft": self.letter.sent.is_none(),
            "blanks": self.blanks,
            "advice": self.advice(),
        })
    }

    /// Name of a file of it.
    pub(crate) fn name(&self, ending: &str) -> String {
        format!("{}-{}.{ending}", self.letter.number, self.rule)
    }
}

fn blank(app: &App, view: &CaseView, rule: &str, language: &str) -> Result<paper::Letter, DeskError> {
    let rules = app.desk.library().rules_of(&view.case)?;
    let title = rules.letter(rule).map(|rule| &rule.head.title);
    let pick = |title: &policy::Text| if language.starts_with("zh") { title.zh.clone() } else { title.en.clone() };
    Ok(paper::Letter {
        language: language.to_owned(),
        letterhead: app.settings.letterhead.clone(),
        addressee: view.identity.as_ref().and_then(|identity| identity.name.clone()),
        subject: title.map_or_else(|| rule.to_owned(), pick),
        number: view.case.number.clone(),
        at: app.desk.time().now(),
        content: String::new(),
        sent: None,
        withheld: None,
    })
}

/// The letters of a case that are out, as members of its archive: pages, and PDFs where a font has their characters. One
/// that is not given as it was `sent` says so, with both digests.
///
/// # Errors
/// Those of the desk; a missing font is none.
pub(crate) async fn members(
    app: &AppState,
    view: &CaseView,
    sent: &BTreeMap<u32, String>,
) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut members = Vec::new();
    for letter in view.case.letters.iter().filter(|letter| letter.issued.is_some()) {
        // Of an erased person nothing is left to draw.
        let Ok(mut document) = Document::issued(app, view, letter) else { continue };
        let hash = document.letter.hash();
        document.letter.withheld = sent.get(&letter.id).filter(|sent| **sent != hash).cloned();
        let name = format!("letters/{:02}-{}", letter.id, letter.rule);
        members.push((format!("{name}.html"), document.html(app).into_bytes()));
        match document.pdf(app).await {
            Ok(bytes) => members.push((format!("{name}.pdf"), bytes)),
            Err(failure) if matches!(failure.why(), Why::NoFont(_)) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(members)
}
