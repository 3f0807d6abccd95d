//! What the house commits itself to: the limits of the packs in force, as law and practice have them. What a stranger reads
//! here is a promise: only rules of packs in force that are at least fairly sure are told, only those that count from what
//! the reader knows, the first receipt, and each with whom it is for. How a rule was read and how sure that is are notes of
//! the house to itself; a customer is told the text of the law, where there is one, and that the rest is the house's own.

use super::bodies;
use crate::app::AppState;
use crate::console::{Frame, page, render};
use crate::extract::Visitor;
use crate::locale::Language;
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use policy::{Amount, Basis, ClockRule, Confidence, FactName, Grade, Lang, Limit, Pack, StartFact};

/// Where they are told.
pub(super) const PATH: &str = "/portal/commitments";

pub(super) fn routes() -> Vec<Route> {
    vec![page(Method::Get, PATH, Access::Public, get(show))]
}

/// One commitment.
struct Commitment {
    title: String,
    limits: Vec<String>,
    /// For which kinds of contact.
    for_whom: String,
    /// The text of the law it rests on; empty where it is the house's own.
    law: String,
}

#[derive(Template)]
#[template(path = "portal_commitments.html")]
struct Commitments<'a> {
    frame: &'a Frame<'a>,
    back: &'a str,
    /// By what they rest on: the law first.
    parts: Vec<(String, Vec<Commitment>)>,
    /// Bodies outside, in the words of the packs.
    bodies: Vec<String>,
}

async fn show(State(app): State<AppState>, visitor: Visitor) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let desk = &app.desk;
    let rules = desk.rules_here()?;
    let today = rules.zone().to_datetime(desk.time().now()).date();
    let mut parts: Vec<(String, Vec<Commitment>)> = Vec::new();
    for pack in rules.packs() {
        for rule in pack.clocks() {
            let head = &rule.head;
            if !rule.binds_provider()
                || head.version.is_some_and(|span| !span.covers(today))
                || !pack.states_compliance(head.confidence())
                || !matches!(head.confidence(), Confidence::High | Confidence::Medium)
                || !rule.starts_on(StartFact::Received)
            {
                continue;
            }
            let Some(one) = commitment(&frame, visitor.language, pack, rule) else { continue };
            let part = frame.t(if one.law.is_empty() { "portal.by_ourselves" } else { "portal.by_law" });
            match parts.iter_mut().find(|(known, _)| *known == part) {
                Some((_, list)) => list.push(one),
                None => parts.push((part, vec![one])),
            }
        }
    }
    Ok(render(&Commitments { frame: &frame, back: PATH, parts, bodies: bodies(visitor.language, &rules) }))
}

/// Nothing for a rule whose conditions cannot be said here: nobody is promised what may not be for them.
fn commitment(frame: &Frame<'_>, language: Language, pack: &Pack, rule: &ClockRule) -> Option<Commitment> {
    let head = &rule.head;
    let law = if head.basis() == Basis::Law {
        let title = pack.reference(head)?.source.title;
        let (zh, en) = (name_of(&title.zh), name_of(&title.en));
        // A colon in one language alone belongs to what the text is called there.
        let cut = zh.len() < title.zh.len() && en.len() < title.en.len();
        if cut { language.pick(zh, en) } else { language.pick(&title.zh, &title.en) }.to_owned()
    } else {
        String::new()
    };
    let kinds = head.applies.codes_alone(FactName::Kind).filter(|_| head.unless.is_none())?;
    let for_whom = if kinds.is_empty() {
        frame.t("portal.for_all")
    } else {
        let names: Vec<String> = kinds.iter().map(|kind| frame.code("kind", kind)).collect();
        frame.tv("portal.for_kinds", &[("kinds", names.join(&frame.t("list_comma")).as_str())])
    };
    Some(Commitment {
        title: language.pick(&head.title.zh, &head.title.en).to_owned(),
        limits: limits(rule.limit, language.of_rules()),
        for_whom,
        law,
    })
}

/// What a text is called: behind the last colon of a source's title stands where it was read.
fn name_of(title: &str) -> &str {
    let end = title.rfind('：').into_iter().chain(title.rfind(": ")).max();
    end.and_then(|end| title.get(..end)).unwrap_or(title)
}

/// The time a rule gives, by grade or area where that makes a difference.
fn limits(limit: Limit, lang: Lang) -> Vec<String> {
    let words = |amount: Amount| amount.words(lang);
    let named = |name: &str, amount: Amount| match lang {
        Lang::Zh => format!("{name}：{}", words(amount)),
        Lang::En => format!("{name}: {}", words(amount)),
    };
    match limit {
        Limit::ByGrade { normal, major, urgent } => {
            let all = [(Grade::Normal, normal), (Grade::Major, major), (Grade::Urgent, urgent)];
            match normal {
                Some(amount) if major == normal && urgent == normal => vec![words(amount)],
                _ => all.into_iter().filter_map(|(grade, amount)| Some(named(grade.name(lang), amount?))).collect(),
            }
        }
        Limit::ByArea { urban, rural } => match lang {
            Lang::Zh => vec![named("城镇", urban), named("农村", rural)],
            Lang::En => vec![named("towns", urban), named("country", rural)],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_text_is_told_without_where_it_was_read() {
        assert_eq!(name_of("《办法》（第35号）第九至十四条：网页，条文见二手转载"), "《办法》（第35号）第九至十四条");
        assert_eq!(
            name_of("Measures (Order 35), articles 9 to 14: page of an authority"),
            "Measures (Order 35), articles 9 to 14"
        );
        assert_eq!(name_of("《办法》第十条"), "《办法》第十条");
    }
}
