//! What the customer said about the answer, on the page of the case: each channel, calls, links and reviews.

use super::Frame;
use crate::words;
use desk::queries::case::CaseView;
use domain::actor::ActorId;
use domain::free_text::FreeText;

/// Sentences about the survey of a case, newest rounds included; none where nobody was asked.
pub(super) fn lines(frame: &Frame<'_>, view: &CaseView) -> Vec<String> {
    let case = &view.case;
    let who = |actor: &ActorId| match actor {
        ActorId::User(user) => view.users.get(user).cloned().unwrap_or_else(|| frame.t("actor.operator")),
        ActorId::Token(_) => frame.t("actor.token"),
        ActorId::System => frame.t("actor.system"),
    };
    let mut lines = Vec::new();
    for asked in &case.asked {
        let channel = frame.code("through", &asked.channel);
        let Some(said) = asked.said else {
            lines.push(frame.tv("customer.silent", &[("through", &channel), ("at", &frame.moment(asked.at))]));
            continue;
        };
        let mut words = vec![frame.code("satisfied", words::satisfaction(said.satisfied))];
        let mut answer = |key: &str, answer: Option<bool>| {
            words.extend(answer.map(|yes| frame.t(&format!("customer.{key}_{}", if yes { "yes" } else { "no" }))));
        };
        answer("solved", said.solved);
        answer("timely", said.timely);
        let words = words.join(" · ");
        let values = [("through", channel.as_str()), ("said", &words), ("at", &frame.moment(said.at))];
        lines.push(frame.tv("customer.said", &values));
    }
    for call in &case.call_backs {
        let outcome = frame.code("contact", words::contact(call.outcome));
        let values = [("who", who(&call.by)), ("outcome", outcome), ("at", frame.moment(call.at))];
        lines.push(frame.tv("customer.call", &values.each_ref().map(|(name, value)| (*name, value.as_str()))));
    }
    for link in case.invitations.iter().filter(|link| !link.spent) {
        lines.push(frame.tv("customer.link", &[("at", &frame.moment(link.expires_at))]));
    }
    for review in &case.reviews {
        let id = review.id.to_string();
        lines.push(match &review.decided {
            Some((by, at, decision)) => {
                let reason = review.reason.as_ref().and_then(FreeText::plain).unwrap_or_default();
                let (decision, by, at) = (frame.code("decision", decision), who(by), frame.moment(*at));
                let values =
                    [("review", id.as_str()), ("decision", &decision), ("who", &by), ("at", &at), ("reason", reason)];
                frame.tv("customer.reviewed", &values)
            }
            None if review.lapsed => frame.tv("customer.review_lapsed", &[("review", &id)]),
            None => frame.tv("customer.review", &[("review", &id), ("at", &frame.moment(review.opened_at))]),
        });
    }
    lines
}
