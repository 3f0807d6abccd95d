//! `redress pack explain`: a rule counted from a start, every step told.

use crate::cli::say;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use policy::{FactName, Facts, Grade, Lang, Named};
use serde_json::json;
use std::path::PathBuf;

/// Options of `pack explain`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Explain {
    /// The pack: `id`, `id@version`, or a file.
    pack: String,
    /// The rule, by its identity or a name others know it by.
    rule: String,
    /// What it is counted from, such as 2026-07-03T10:00:00+08:00.
    #[arg(long, value_name = "TIME")]
    at: Timestamp,
    /// A fact of the case, such as kind=complaint or grade=urgent; a set is joined by `+`.
    #[arg(long = "fact", value_name = "NAME=VALUE", value_parser = pair)]
    facts: Vec<(String, String)>,
    /// A span in which the clock stood still, such as 2026-07-03T12:00:00Z/2026-07-04T12:00:00Z.
    #[arg(long = "pause", value_name = "FROM/TO", value_parser = span)]
    pauses: Vec<(Timestamp, Timestamp)>,
    /// Folder of packs, laid over the embedded ones.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Language of the sentences.
    #[arg(long, value_enum, default_value_t = Tongue::En)]
    lang: Tongue,
    /// Print the explanation as data.
    #[arg(long)]
    json: bool,
}

/// A language of the product.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tongue {
    /// Chinese.
    Zh,
    /// English.
    En,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn span(text: &str) -> Result<(Timestamp, Timestamp), String> {
    let (from, to) = text.split_once('/').ok_or("write FROM/TO")?;
    let time = |text: &str| text.parse::<Timestamp>().map_err(|error| error.to_string());
    let (from, to) = (time(from)?, time(to)?);
    if to <= from {
        return Err("a span ends after it begins".to_owned());
    }
    Ok((from, to))
}

pub(super) fn run(ask: &Explain) -> Result<(), String> {
    let library = super::library(ask.folder.as_deref())?;
    let pack = super::pack(&library, &ask.pack)?;
    let mut facts = Facts::default();
    let mut grade = Grade::Normal;
    for (name, value) in &ask.facts {
        let known = || FactName::ALL.iter().map(|fact| fact.code()).collect::<Vec<_>>().join(", ");
        match FactName::from_code(name) {
            Some(FactName::Grade) => {
                grade = Grade::from_code(value).ok_or_else(|| format!("--fact grade: there is no grade {value:?}"))?;
            }
            Some(fact) => facts.set(fact, value).map_err(|reason| format!("--fact {name}: {reason}"))?,
            None => return Err(format!("--fact: there is no fact {name:?}; there are: {}", known())),
        }
    }
    let pauses: Vec<_> = ask.pauses.iter().map(|(from, to)| (*from, Some(*to))).collect();
    let explanation = match pack.ask(&ask.rule, ask.at, &facts, grade, &pauses) {
        Named::Deadline(explanation) => explanation,
        Named::NotForThis => {
            let (rule, pack) = (&ask.rule, pack.id());
            return Err(format!("`{rule}` of {pack} is not for such a case; name its facts with --fact"));
        }
        Named::Unknown => {
            let known: Vec<&str> = pack.heads().map(|(_, head)| head.id.as_str()).collect();
            return Err(format!(
                "{} has no rule {:?} with a figure; it has: {}",
                pack.id(),
                ask.rule,
                known.join(", ")
            ));
        }
    };
    if ask.json {
        let lines = json!({"zh": explanation.lines(Lang::Zh), "en": explanation.lines(Lang::En)});
        return say(super::pretty(&json!({"explanation": explanation, "lines": lines}))?);
    }
    let lang = match ask.lang {
        Tongue::Zh => Lang::Zh,
        Tongue::En => Lang::En,
    };
    explanation.lines(lang).into_iter().try_for_each(say)
}
