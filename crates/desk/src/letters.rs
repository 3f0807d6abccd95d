//! Letters as a draft: what the rules require, in the customer's language, with what the case knows filled in. Whoever
//! writes the letter fills the blanks that are left; `issue-letter` refuses what lacks a statement.

use crate::Desk;
use crate::error::DeskError;
use crate::queries::case::CaseView;
use domain::case::{Case, Context, issue_letter};
use domain::fault::Fault;
use domain::free_text::FreeText;
use domain::refusal::Refusal;
use jiff::Timestamp;
use policy::{LetterRule, Stack};
use std::collections::BTreeMap;

/// A letter to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its language.
    pub language: String,
    /// What it says so far; a blank stands as `{name}`.
    pub content: String,
    /// Blanks the case knows nothing for.
    pub blanks: Vec<String>,
}

impl Desk {
    /// A letter for a case, in the language asked for, else the first of its languages.
    ///
    /// # Errors
    /// If the rules of the case know no such letter, it is not for this case, or is not written in that language.
    pub fn letter_draft(&self, view: &CaseView, letter: &str, language: Option<&str>) -> Result<Draft, DeskError> {
        let case = &view.case;
        let rules = self.library().rules_of(case)?;
        let actor = crate::Caller::system(self.root()).actor;
        let taxonomy = self.library().taxonomy();
        let ctx = Context { now: self.time().now(), actor: &actor, rules: &rules, taxonomy, others: &[] };
        let rule = issue_letter::rule(case, letter, &ctx)?;
        if language.is_some_and(|wanted| rule.languages.iter().all(|known| known != wanted)) {
            let allowed = rule.languages.join(", ");
            let fault = Fault::new("language", "not_one_of").with("allowed", allowed);
            return Err(Refusal::from(fault).into());
        }
        let language = language.or_else(|| rule.languages.first().map(String::as_str)).unwrap_or_default();
        let known = self.filled_in(view, &rules, language);
        let content = rule.compose(language, &known).unwrap_or_default();
        let blanks = blanks(rule, language, &known);
        Ok(Draft { language: language.to_owned(), content, blanks })
    }

    /// What a case knows for the blanks of its letters.
    fn filled_in(&self, view: &CaseView, rules: &Stack, language: &str) -> BTreeMap<&'static str, String> {
        let case = &view.case;
        let mut known = BTreeMap::from([
            ("number", case.number.clone()),
            ("tracking", self.tracking_code(case.id)),
            ("received_at", rules.told(case.received_at)),
        ]);
        let mut put = |name, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                known.insert(name, value);
            }
        };
        let words = |text: Option<&FreeText>| text.and_then(FreeText::plain).map(str::to_owned);
        put("subject", words(case.record.subject.as_ref()));
        put("demand", words(case.record.demand.as_ref()));
        put("outcome", words(case.proposal.as_ref().map(|proposal| &proposal.outcome)));
        put("finding", words(case.proposal.as_ref().and_then(|proposal| proposal.finding.as_ref())));
        let answers = |rule: &str| rules.clock(rule).is_some_and(policy::ClockRule::limits_answer);
        let answer = case.clocks.iter().filter(|clock| clock.is_open() && answers(&clock.rule));
        put("answer_due_at", answer.map(|clock| clock.due_at).min().map(|at| rules.told(at)));
        let external = case.matters.iter().rev().find_map(|matter| matter.number.clone());
        put("external_number", external.or_else(|| case.record.external.first().map(|one| one.number.clone())));
        let cause = case.cause.as_deref().and_then(|code| self.library().taxonomy().cause(code));
        let zh = language.starts_with("zh");
        put("cause", cause.map(|cause| if zh { cause.zh.clone() } else { cause.en.clone() }));
        let route = rules.packs().flat_map(policy::Pack::routes).next();
        put("appeal_body", route.map(|route| if zh { route.body.zh.clone() } else { route.body.en.clone() }));
        put("appeal_closes_at", self.appeal_closes_at(case, rules).map(|at| rules.told(at)));
        known
    }

    /// When the customer's right to take the matter outside ends, as far as it is known: the earliest of the rights the
    /// ways of the rules name as their end, whether they follow from what was recorded or are clocks that run.
    fn appeal_closes_at(&self, case: &Case, rules: &Stack) -> Option<Timestamp> {
        let routes = || rules.packs().flat_map(policy::Pack::routes);
        let ends = |rule: &str| routes().any(|route| route.closes.iter().any(|own| own == rule));
        let clocks = case.clocks.iter().filter(|clock| clock.is_open() && ends(&clock.rule)).map(|clock| clock.due_at);
        let windows = self.windows(case).map(|windows| windows.known).unwrap_or_default();
        let windows = windows.into_iter().map(|window| window.closes_at);
        windows.chain(clocks).min()
    }
}

fn blanks(rule: &LetterRule, language: &str, known: &BTreeMap<&'static str, String>) -> Vec<String> {
    rule.blanks(language).into_iter().filter(|name| !known.contains_key(name)).map(str::to_owned).collect()
}
