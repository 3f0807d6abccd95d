//! What a case says about the matter, the complainant and its grade, as labels and values.

use super::Frame;
use desk::queries::case::CaseView;
use domain::case::gates::Ending;
use domain::case::{Case, decline, grade};
use domain::fault::Fault;
use domain::free_text::FreeText;
use domain::intake::Identity;

/// The category of requests about one's own data.
const OF_REQUESTS: &str = "F203";

/// Pairs of label and value, those without a value left out.
struct Pairs<'a> {
    frame: &'a Frame<'a>,
    pairs: Vec<(String, String)>,
}

impl Pairs<'_> {
    fn put(&mut self, field: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value.map(Into::into).filter(|value| !value.is_empty()) {
            let label = self.frame.app.locales.text(self.frame.language, &format!("field.{field}.label"), &[]);
            self.pairs.push((label, value));
        }
    }

    fn flag(&mut self, field: &str, value: bool) {
        self.put(field, value.then(|| self.frame.t("yes")));
    }
}

/// What the matter is.
pub(super) fn facts(frame: &Frame<'_>, case: &Case) -> Vec<(String, String)> {
    let record = &case.record;
    let code = |list: &str, code: &str| Some(frame.code(list, code));
    let mut pairs = Pairs { frame, pairs: Vec::new() };
    pairs.put("kind", code("kind", record.kind.code()));
    pairs.put("subject_request", record.subject_request.as_deref().map(|one| frame.code("subject_request", one)));
    pairs.put("category", case.category.as_deref().map(|one| format!("{one} {}", frame.category(one))));
    pairs.put("accept_channel", code("channel", &record.accept_channel));
    if record.submit_channel != record.accept_channel {
        pairs.put("submit_channel", code("channel", &record.submit_channel));
    }
    pairs.put("received_at", Some(frame.moment(case.received_at)));
    pairs.put("occurred_at", record.occurred_at.map(|at| frame.moment(at)));
    pairs.put("contract_document_at", record.contract_document_at.map(|at| frame.moment(at)));
    pairs.put("promised_at", record.promised_at.map(|at| frame.moment(at)));
    pairs.put("subscription.product", record.product.as_deref().map(|one| frame.code("product", one)));
    pairs.put("subscription.segment", record.segment.as_deref().map(|one| frame.code("segment", one)));
    pairs.put("subscription.star", record.star.map(|star| star.to_string()));
    let fee = record.monthly_fee.as_ref();
    pairs.put("subscription.monthly_fee", fee.map(|fee| format!("{} {}", fee.value, fee.currency)));
    let province = frame.app.desk.library().taxonomy().province(&record.region);
    let province = province.map(|one| frame.language.pick(&one.zh, &one.en)).unwrap_or_default();
    pairs.put("region", Some(format!("{province} {}", record.region).trim().to_owned()));
    pairs.put("place.area_type", record.area_type.as_deref().map(|one| frame.code("area_type", one)));
    pairs.put("amount", record.amount.as_ref().map(|amount| format!("{} {}", amount.value, amount.currency)));
    for external in &record.external {
        let label = frame.code("external", &external.owner);
        pairs.pairs.push((label, external.number.clone()));
    }
    let assessed = &record.assessment;
    pairs.put("assessment.repeat_count", (assessed.repeat_count > 0).then(|| assessed.repeat_count.to_string()));
    pairs.flag("assessment.mass", assessed.mass);
    pairs.flag("assessment.safety", assessed.safety);
    pairs.flag("assessment.media", assessed.media);
    pairs.flag("assessment.regulator", assessed.regulator);
    pairs.flag("assessment.escalation_threat", assessed.escalation_threat);
    pairs.flag("assessment.key_account", assessed.key_account);
    pairs.flag("place.neighbours_affected", record.neighbours_affected == Some(true));
    pairs.flag("place.visit_needed", record.visit_needed == Some(true));
    pairs.put("set-cause.cause", case.cause.as_deref().map(|one| frame.cause(one)));
    pairs.pairs
}

/// Who complains, as far as the caller sees it.
pub(super) fn person(frame: &Frame<'_>, view: &CaseView, identity: Option<&Identity>) -> Vec<(String, String)> {
    let record = &view.case.record;
    let mut pairs = Pairs { frame, pairs: Vec::new() };
    pairs.flag("complainant.anonymous", record.anonymous);
    if let Some(identity) = identity {
        pairs.put("complainant.name", identity.name.clone());
        pairs.put("complainant.phone", identity.phone.clone());
        pairs.put("complainant.phone_alt", identity.phone_alt.clone());
        pairs.put("complainant.email", identity.email.clone());
        pairs.put("complainant.address", identity.address.clone());
        pairs.put("complainant.id_number", identity.id_number.clone());
        pairs.put("subscription.number", identity.subscription.clone());
        pairs.put("subscription.caller", identity.caller.clone());
        pairs.put("subscription.plan", identity.plan.clone());
        pairs.put("complainant.language", identity.language.clone());
        pairs.put("complainant.preferred_time", identity.preferred_time.clone());
    }
    if record.capacity != "self" {
        pairs.put("complainant.capacity", Some(frame.code("capacity", &record.capacity)));
    }
    pairs.flag("complainant.identity_verified", record.identity_verified);
    let vulnerable: Vec<String> = record.vulnerable.iter().map(|one| frame.code("vulnerable", one)).collect();
    pairs.put("complainant.vulnerable", Some(vulnerable.join(&frame.t("list_comma"))));
    pairs.put("complainant.preferred_mode", record.preferred_mode.as_deref().map(|one| frame.code("mode", one)));
    pairs.pairs
}

/// What was said.
pub(super) fn texts(frame: &Frame<'_>, case: &Case) -> Vec<(String, String)> {
    let record = &case.record;
    let mut pairs = Pairs { frame, pairs: Vec::new() };
    let words = |text: Option<&FreeText>| text.and_then(FreeText::plain).map(str::to_owned);
    pairs.put("description", words(Some(&record.description)));
    pairs.put("demand", words(record.demand.as_ref()));
    pairs.put("place.text", words(record.place.as_ref()));
    pairs.put("device", words(record.device.as_ref()));
    pairs.put("pre_treatment", words(record.pre_treatment.as_ref()));
    pairs.put("complainant.authority", words(record.authority.as_ref()));
    pairs.pairs
}

/// Why the case has its grade.
pub(super) fn grade_why(frame: &Frame<'_>, case: &Case) -> Vec<String> {
    let Ok(rules) = frame.app.desk.library().rules_of(case) else { return Vec::new() };
    let mut lines = vec![format!(
        "{} × {} → {}",
        frame.code("severity", case.severity.code()),
        frame.code("urgency", case.urgency.code()),
        frame.code("grade", case.grade.code())
    )];
    for rule in rules.assess_rules().iter().filter(|rule| case.raised_by.contains(&rule.id)) {
        lines.push(frame.language.pick(&rule.reason.zh, &rule.reason.en).to_owned());
    }
    if case.graded_by_hand {
        lines.push(frame.t("graded_by_hand"));
    }
    lines
}

/// What must be there before the case can be closed.
pub(super) fn missing(frame: &Frame<'_>, case: &Case) -> Vec<String> {
    if !case.state.is_open() {
        return Vec::new();
    }
    let library = frame.app.desk.library();
    let Ok(rules) = library.rules_of(case) else { return Vec::new() };
    let sentence = |fault| crate::problem::sentence(frame.app, frame.language, fault);
    case.missing_for_close(&rules, library.taxonomy()).iter().map(sentence).collect()
}

/// What must be there before the case may end by another door than closing; doors for which the same is missing stand
/// together.
pub(super) fn missing_for(frame: &Frame<'_>, case: &Case) -> Vec<(String, Vec<String>)> {
    let library = frame.app.desk.library();
    let Ok(rules) = library.rules_of(case) else { return Vec::new() };
    let offered = |ending: &Ending| match ending {
        Ending::Decline => decline::offered(case),
        Ending::Close | Ending::Withdraw | Ending::Void => case.state.is_open(),
    };
    let mut doors: Vec<(Vec<&str>, Vec<Fault>)> = Vec::new();
    for ending in Ending::OTHERS.into_iter().filter(offered) {
        let missing = case.missing_before(ending, &rules, library.taxonomy());
        match doors.iter_mut().find(|(_, known)| *known == missing) {
            Some((endings, _)) => endings.push(ending.verb()),
            None if missing.is_empty() => {}
            None => doors.push((vec![ending.verb()], missing)),
        }
    }
    let comma = frame.t("list_comma");
    doors
        .into_iter()
        .map(|(endings, missing)| {
            let endings: Vec<String> = endings.into_iter().map(|verb| frame.code("verb", verb)).collect();
            let label = frame.tv("missing_for", &[("doors", &endings.join(&comma))]);
            let sentence = |fault| crate::problem::sentence(frame.app, frame.language, fault);
            (label, missing.iter().map(sentence).collect())
        })
        .collect()
}

/// That a request about one's own data has no limit as it is classified, and which it would have; empty otherwise. The packs
/// of some laws tell such requests by their category alone.
pub(super) fn request_without_limit(frame: &Frame<'_>, case: &Case) -> String {
    let Some(request) = case.record.subject_request.as_deref().filter(|_| case.state.is_open()) else {
        return String::new();
    };
    let library = frame.app.desk.library();
    let Ok(rules) = library.rules_of(case) else { return String::new() };
    let as_now = grade::facts(case, &rules, library.taxonomy());
    let started = |facts: &policy::Facts| {
        rules.clocks_started_by(policy::StartFact::Received, facts, case.grade, case.received_at)
    };
    let now: Vec<String> = started(&as_now).into_iter().map(|one| one.rule).collect();
    let mut other = case.clone();
    other.category = Some(OF_REQUESTS.to_owned());
    let would = started(&grade::facts(&other, &rules, library.taxonomy()));
    let lacking: Vec<String> =
        would.iter().filter(|one| !now.contains(&one.rule)).map(|one| frame.rule(&one.rule)).collect();
    if lacking.is_empty() {
        return String::new();
    }
    let (request, rules) = (frame.code("subject_request", request), lacking.join(&frame.t("list_comma")));
    let category = frame.category(OF_REQUESTS);
    frame.tv("request_without_limit", &[("request", &request), ("category", &category), ("rules", &rules)])
}
