//! Letters a law asks for before an end that no story knows of: the demo writes them as a clerk would, with what is not
//! known put into plain words.

use super::play::{Life, Stage};
use desk::queries::case::CaseView;
use desk::{Caller, DeskError};
use domain::command::Command;
use domain::refusal::Refusal;
use policy::{LetterRule, Proof, Stack};
use serde_json::{Value, json};

impl Stage<'_> {
    /// Writes the letters that keep a case from its end; false where something else is missing, too.
    pub(super) async fn write_what_is_owed(&self, caller: &Caller, life: &mut Life<'_>) -> Result<bool, DeskError> {
        let view = self.desk.case(caller, &life.name).await?;
        let rules = self.desk.library().rules_of(&view.case)?;
        let missing = view.case.missing_for_close(&rules, self.desk.library().taxonomy());
        if missing.is_empty() || missing.iter().any(|fault| fault.code != "gate_letter") {
            return Ok(false);
        }
        for fault in missing {
            let Some(rule) = fault.params.first().and_then(|(_, title)| titled(&rules, title)) else {
                return Ok(false);
            };
            let letter = self.letter(&view, rule)?;
            let case = match self.carry(caller, life, "issue-letter", letter).await {
                Err(DeskError::Refused(_)) => return Ok(false),
                other => other?,
            };
            if rule.proof == Proof::Delivered {
                let out = case.letters.iter().rev().find(|one| one.rule == rule.head.id && one.issued.is_some());
                let Some(out) = out.map(|one| one.id) else { return Ok(false) };
                self.carry(
                    caller,
                    life,
                    "record-delivery",
                    json!({"letter": out, "reference": format!("{}-{out}", view.case.number)}),
                )
                .await?;
            }
        }
        Ok(true)
    }

    /// Writes every letter the case owes, whatever else is missing before its end.
    pub(super) async fn write_letters(&self, caller: &Caller, life: &mut Life<'_>) -> Result<(), DeskError> {
        let view = self.desk.case(caller, &life.name).await?;
        let rules = self.desk.library().rules_of(&view.case)?;
        let owed: Vec<&LetterRule> = view
            .case
            .letters
            .iter()
            .filter(|one| domain::case::gates::is_owed(&view.case, one, &rules))
            .filter_map(|one| rules.letter(&one.rule))
            .collect();
        for rule in owed {
            let letter = self.letter(&view, rule)?;
            let case = self.carry(caller, life, "issue-letter", letter).await?;
            if rule.proof == Proof::Delivered
                && let Some(out) = case.letters.iter().rev().find(|one| one.rule == rule.head.id)
            {
                let reference = format!("{}-{}", view.case.number, out.id);
                self.carry(caller, life, "record-delivery", json!({"letter": out.id, "reference": reference})).await?;
            }
        }
        Ok(())
    }

    fn letter(&self, view: &CaseView, rule: &LetterRule) -> Result<Value, DeskError> {
        let draft = self.desk.letter_draft(view, &rule.head.id, None)?;
        let unknown = if draft.language.starts_with("zh") { "见工单记录" } else { "see our records" };
        let content =
            draft.blanks.iter().fold(draft.content, |content, blank| content.replace(&format!("{{{blank}}}"), unknown));
        let medium = rule.media.first().map_or("post", |medium| medium.code());
        Ok(json!({
            "letter": rule.head.id, "language": draft.language, "medium": medium, "content": content,
            "reference": format!("{}-{}", view.case.number, rule.head.id),
        }))
    }

    async fn carry(
        &self,
        caller: &Caller,
        life: &mut Life<'_>,
        verb: &str,
        with: Value,
    ) -> Result<domain::case::Case, DeskError> {
        let command = Command::read(verb, with).unwrap_or_else(|| Err(Vec::new())).map_err(Refusal::invalid)?;
        let case = match self.run(caller, &life.name, life.version, command.clone()).await {
            Err(DeskError::Refused(refusal)) if refusal.code == "needs_second_reader" => {
                self.have_read(caller, life, command).await?
            }
            other => other?,
        };
        life.version = case.version;
        Ok(case)
    }
}

fn titled<'r>(rules: &'r Stack, title: &str) -> Option<&'r LetterRule> {
    rules.packs().flat_map(policy::Pack::letters).find(|rule| rule.head.title.en == title)
}
