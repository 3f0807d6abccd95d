//! `redress pack explain`: a rule counted from a start, every step told; of a compensation what it comes to; of `grade`
//! which grade a case has.

use crate::cli::say;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use policy::{Excluded, Exclusion, FactName, Facts, Grade, Incident, Lang, Named, Pack, Severity, Sum, Urgency};
use serde_json::json;
use std::path::PathBuf;

/// Options of `pack explain`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Explain {
    /// The pack: `id`, `id@version`, or a file.
    pack: String,
    /// The rule, by its identity or a name others know it by; `grade` for the grade of a case.
    rule: String,
    /// What it is counted from, such as 2026-07-03T10:00:00+08:00.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Timestamp,
    /// A fact of the case, such as kind=complaint or grade=urgent; a set is joined by `+`. For the grade also severity and
    /// urgency, as somebody gave them.
    #[arg(long = "fact", value_name = "NAME=VALUE", value_parser = pair)]
    facts: Vec<(String, String)>,
    /// A span in which the clock stood still, such as 2026-07-03T12:00:00Z/2026-07-04T12:00:00Z.
    #[arg(long = "pause", value_name = "FROM/TO", value_parser = span)]
    pauses: Vec<(Timestamp, Timestamp)>,
    /// Of a compensation: when it ended. Default: it lasts, and is counted up to now.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// Of a compensation: what the customer pays a month, such as "39.90 CNY".
    #[arg(long, value_name = "SUM", value_parser = sum)]
    fee: Option<Sum>,
    /// Of a compensation: what was charged for the work that is late.
    #[arg(long, value_name = "SUM", value_parser = sum)]
    charged: Option<Sum>,
    /// Of a compensation: what was given already and is taken off.
    #[arg(long, value_name = "SUM", value_parser = sum)]
    set_off: Option<Sum>,
    /// Of a compensation: why days are left out, such as force_majeure=2026-07-03/2026-07-04; without days the whole time.
    #[arg(long = "exclude", value_name = "REASON[=FROM/TO]", value_parser = excluded)]
    excluded: Vec<Excluded>,
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

impl Tongue {
    const fn lang(self) -> Lang {
        match self {
            Self::Zh => Lang::Zh,
            Self::En => Lang::En,
        }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "write a time with what sets it off from UTC, such as 2026-11-29T10:00:00+08:00".to_owned())
}

fn span(text: &str) -> Result<(Timestamp, Timestamp), String> {
    let (from, to) = text.split_once('/').ok_or("write FROM/TO")?;
    let (from, to) = (moment(from)?, moment(to)?);
    if to <= from {
        return Err("a span ends after it begins".to_owned());
    }
    Ok((from, to))
}

fn sum(text: &str) -> Result<Sum, String> {
    text.parse().map_err(str::to_owned)
}

fn excluded(text: &str) -> Result<Excluded, String> {
    let (reason, days) = text.split_once('=').map_or((text, None), |(reason, days)| (reason, Some(days)));
    let known = || Exclusion::ALL.iter().map(|reason| reason.code()).collect::<Vec<_>>().join(", ");
    let reason =
        Exclusion::from_code(reason).ok_or_else(|| format!("there is no reason {reason:?}; there are: {}", known()))?;
    let day = |text: &str| text.parse::<Date>().map_err(|error| error.to_string());
    let span = |days: &str| {
        let (from, to) = days.split_once('/').unwrap_or((days, days));
        Ok::<_, String>((day(from)?, day(to)?))
    };
    Ok(Excluded { reason, days: days.map(span).transpose()? })
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
            None if name == "severity" => {
                let severity = Severity::from_code(value);
                facts.severity = severity.ok_or_else(|| format!("--fact severity: there is no severity {value:?}"))?;
            }
            None if name == "urgency" => {
                let urgency = Urgency::from_code(value);
                facts.urgency = urgency.ok_or_else(|| format!("--fact urgency: there is no urgency {value:?}"))?;
            }
            None => return Err(format!("--fact: there is no fact {name:?}; there are: {}", known())),
        }
    }
    if ask.rule == "grade" {
        return graded(ask, &pack, &facts);
    }
    if pack.compensations().iter().any(|rule| rule.head.answers_to(&ask.rule)) {
        return compensation(ask, &pack, &facts, grade);
    }
    let pauses: Vec<_> = ask.pauses.iter().map(|(from, to)| (*from, Some(*to))).collect();
    let explanation = match pack.ask(&ask.rule, ask.at, &facts, grade, &pauses) {
        Named::Deadline(explanation) => explanation,
        Named::NotForThis => return Err(not_for_this(&ask.rule, &pack)),
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
    explanation.lines(ask.lang.lang()).into_iter().try_for_each(say)
}

/// Which grade a case has by the pack's own rules, and which of them raised it.
fn graded(ask: &Explain, pack: &Pack, facts: &Facts) -> Result<(), String> {
    let (assessment, grade) = pack.grade(facts).ok_or_else(|| format!("{} gives no grades", pack.id()))?;
    let raised = assessment.raised_by.iter().filter_map(|raised| {
        let rule = pack.assess_rules().iter().find(|rule| rule.id == raised.row)?;
        Some((rule, pack.source(&rule.standing.source)?))
    });
    let raised: Vec<_> = raised.collect();
    let (severity, urgency) = (assessment.severity.code(), assessment.urgency.code());
    let lines = |lang: Lang| {
        let named = grade.grade.name(lang);
        let (row, reason) = (&grade.row, grade.reason.get(lang));
        let (id, version) = (pack.id(), pack.version());
        let first = match lang {
            Lang::Zh => format!("定级：{named}（{id} {version} {row}）：{reason}。"),
            Lang::En => format!("Grade: {named} ({id} {version} {row}): {reason}."),
        };
        let second = match lang {
            Lang::Zh => format!("严重程度 {severity}，紧急程度 {urgency}。"),
            Lang::En => format!("Severity {severity}, urgency {urgency}."),
        };
        let raised = raised.iter().map(|(rule, source)| {
            let (basis, confidence) = (rule.standing.basis.code(), rule.standing.confidence.code());
            let (reason, source) = (rule.reason.get(lang), source.title.get(lang));
            match lang {
                Lang::Zh => {
                    format!("由 {} 提高：{reason}（依据 {basis}，可信度 {confidence}，出处：{source}）。", rule.id)
                }
                Lang::En => {
                    format!(
                        "Raised by {}: {reason} (basis {basis}, confidence {confidence}, source: {source}).",
                        rule.id
                    )
                }
            }
        });
        [first, second].into_iter().chain(raised).collect::<Vec<_>>()
    };
    if ask.json {
        let raised: Vec<_> = raised.iter().map(|(rule, source)| json!({"rule": rule, "source": source})).collect();
        let told = json!({
            "pack": pack.id(), "pack_version": pack.version(), "grade": grade.grade, "row": grade.row,
            "reason": grade.reason, "severity": assessment.severity, "urgency": assessment.urgency,
            "raised_by": raised,
        });
        let lines = json!({"zh": lines(Lang::Zh), "en": lines(Lang::En)});
        return say(super::pretty(&json!({"grade": told, "lines": lines}))?);
    }
    lines(ask.lang.lang()).into_iter().try_for_each(say)
}

/// What a compensation comes to, line by line.
fn compensation(ask: &Explain, pack: &Pack, facts: &Facts, grade: Grade) -> Result<(), String> {
    let named = pack.compensations().iter().filter(|rule| rule.head.answers_to(&ask.rule));
    let holds = named.clone().find(|rule| pack.compensates(rule, facts, grade, ask.at));
    let Some(rule) = holds else {
        return Err(not_for_this(&ask.rule, pack));
    };
    if let Some(other) = ask.excluded.iter().find(|one| !rule.exclude.contains(&one.reason)) {
        let known = rule.exclude.iter().map(|reason| reason.code()).collect::<Vec<_>>().join(", ");
        return Err(format!("--exclude: the rule leaves out nothing for {}; it knows: {known}", other.reason.code()));
    }
    if ask.set_off.is_some() && rule.set_off.is_empty() {
        return Err("--set-off: the rule sets nothing off".to_owned());
    }
    let counted = pack.compensation(
        rule,
        &Incident {
            until: ask.until,
            monthly_fee: ask.fee.clone(),
            fee_charged: ask.charged.clone(),
            excluded: ask.excluded.clone(),
            credited: ask.set_off.clone(),
            ..Incident::lasting(ask.at, Timestamp::now())
        },
    );
    if ask.json {
        let lines = json!({"zh": counted.lines(Lang::Zh), "en": counted.lines(Lang::En)});
        return say(super::pretty(&json!({"compensation": counted, "lines": lines}))?);
    }
    counted.lines(ask.lang.lang()).into_iter().try_for_each(say)
}

fn not_for_this(rule: &str, pack: &Pack) -> String {
    format!("`{rule}` of {} is not for such a case; name its facts with --fact", pack.id())
}
