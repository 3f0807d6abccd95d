//! What the customer gets or is to get: each sum with where it stands, who decided, and how it comes about line by line.

use super::Frame;
use desk::Caller;
use desk::queries::case::CaseView;
use domain::actor::ActorId;
use domain::case::compensation::{self, Compensation, Standing};
use domain::case::remedy::Similar;
use domain::case::{Case, grade};
use domain::free_text::FreeText;
use domain::money::Money;
use jiff::Timestamp;
use policy::{Authority, Stack};

/// A compensation on the page.
pub(super) struct Shown {
    /// Its number and rule.
    pub(super) title: String,
    pub(super) sum: String,
    pub(super) standing: String,
    /// Nothing is to be done about it any more.
    pub(super) ended: bool,
    pub(super) overdue: bool,
    /// Who proposed and decided, by when it is to be paid, how it was.
    pub(super) about: Vec<String>,
    /// Label and words.
    pub(super) texts: Vec<(String, String)>,
    /// How the sum comes about.
    pub(super) lines: Vec<String>,
}

/// All compensations of a case as they stand at a moment.
pub(super) fn compensations(frame: &Frame<'_>, view: &CaseView, now: Timestamp) -> Vec<Shown> {
    let rules = frame.app.desk.library().rules_of(&view.case).ok();
    view.case.compensations.iter().map(|one| shown(frame, view, rules.as_ref(), one, now)).collect()
}

fn shown(frame: &Frame<'_>, view: &CaseView, rules: Option<&Stack>, one: &Compensation, now: Timestamp) -> Shown {
    let who = |actor: &ActorId| match actor {
        ActorId::User(user) => view.users.get(user).cloned().unwrap_or_else(|| frame.t("actor.operator")),
        ActorId::Token(_) => frame.t("actor.token"),
        ActorId::System => frame.t("actor.system"),
    };
    let told = |key: &str, values: &[(&str, &str)]| frame.tv(&format!("compensations.{key}"), values);
    let at = frame.moment(one.proposed_at);
    let mut about = vec![match &one.by_effect {
        Some(effect) => told("by_effect", &[("rule", &frame.rule(effect)), ("at", &at)]),
        None => told("by", &[("who", &who(&one.by)), ("at", &at)]),
    }];
    if one.own {
        about.push(told("own", &[]));
    } else if let Some((by, at)) = &one.decided {
        let decided = if one.standing == Standing::Refused { "refused" } else { "approved" };
        about.push(told(decided, &[("who", &who(by)), ("at", &frame.moment(*at))]));
    }
    about.extend(rules.map(|rules| who_decides(frame, rules, one)).unwrap_or_default());
    if one.first {
        about.push(told("first", &[]));
    }
    if let Some(other) = one.follows {
        about.push(told("follows", &[("compensation", &other.to_string())]));
    }
    about.extend(one.similar.as_ref().map(|found| usual(frame, found)));
    if let Some(verified) = &one.verified {
        let key = if verified.justified { "verified_right" } else { "verified_wrong" };
        about.push(told(key, &[("who", &who(&verified.by)), ("at", &frame.moment(verified.at))]));
    } else if one.awaits_verification() {
        about.push(told("to_verify", &[]));
    }
    if let Some(recovery) = &one.recovery {
        let from = frame.code("recover_from", recovery.claim.from.code());
        about.push(told("claim", &[("sum", &recovery.claim.sum.sum().to_string()), ("from", &from)]));
        about.extend(recovery.ended.as_ref().map(|(result, at, _)| {
            told("recovered", &[("result", &frame.code("recovery", result)), ("at", &frame.moment(*at))])
        }));
    }
    if one.attempts > 0 {
        let way = one.way.as_deref().map(|way| frame.code("way", way)).unwrap_or_default();
        about.push(told("sent", &[("way", &way), ("attempt", &one.attempts.to_string())]));
    }
    about.extend(one.failed.as_deref().map(|ground| told("failed", &[("ground", &frame.code("ground", ground))])));
    if one.is_owed() {
        about.extend(one.pay_by.map(|at| told("pay_by", &[("at", &frame.moment(at))])));
    }
    if let Some(paid) = &one.paid {
        let number = paid.reference.as_deref();
        let paper = number.map(|number| format!(" · {} {number}", frame.t("matters.paper"))).unwrap_or_default();
        let (mode, at) = (frame.code("mode", &paid.mode), frame.moment(paid.at));
        about.push(told("paid", &[("mode", &mode), ("at", &at), ("paper", &paper)]));
    }
    let label =
        |verb: &str, field: &str| frame.app.locales.text(frame.language, &format!("field.{verb}.{field}.label"), &[]);
    let words = |label: String, text: &Option<FreeText>| {
        text.as_ref().and_then(FreeText::plain).map(|words| (label, words.to_owned()))
    };
    let reason = words(label("propose-compensation", "reason"), &one.reason);
    let remark = words(label("approve-compensation", "remark"), &one.remark);
    let unlike = words(label("propose-compensation", "unlike"), &one.unlike);
    let finding = one.verified.as_ref().map(|verified| verified.finding.clone());
    let finding = words(label("verify-compensation", "finding"), &finding);
    let partner = one.recovery.as_ref().and_then(|recovery| recovery.claim.partner.clone());
    let partner = words(label("verify-compensation", "partner"), &partner);
    let explained = rules.and_then(|rules| one.explained(rules));
    let mut lines = explained.as_ref().map(|counted| counted.lines(frame.language.of_rules())).unwrap_or_default();
    // The sum that was decided about holds, whatever a newer calendar would lead to.
    if explained.is_some_and(|counted| counted.total.as_ref() != Some(&one.sum.sum())) {
        lines.push(told("differs", &[("sum", &one.sum.sum().to_string())]));
    }
    let rule = one
        .counted
        .as_ref()
        .map_or_else(|| frame.code("remedy", one.kind.code()), |counted| title(frame, rules, &counted.rule));
    Shown {
        title: format!("{} {rule}", one.id),
        sum: if one.kind.is_money() { one.sum.sum().to_string() } else { String::new() },
        standing: match (one.standing, one.kind.is_money()) {
            (Standing::Approved, false) => frame.t("compensations.to_do"),
            (Standing::Paid, false) => frame.t("compensations.carried_out"),
            (standing, _) => frame.code("compensation", standing.code()),
        },
        ended: matches!(one.standing, Standing::Refused | Standing::Paid),
        overdue: one.is_overdue(now),
        about,
        texts: [reason, unlike, remark, finding, partner].into_iter().flatten().collect(),
        lines,
    }
}

/// What is owed and waits for a fact: one sentence each.
pub(super) fn waiting(frame: &Frame<'_>, case: &Case) -> Vec<String> {
    let rules = frame.app.desk.library().rules_of(case).ok();
    let field = |field: &String| {
        frame.app.locales.text(frame.language, &format!("field.propose-compensation.{field}.label"), &[])
    };
    let waiting = frame.app.desk.compensation_waiting(case).into_iter();
    waiting
        .map(|one| {
            let missing: Vec<String> = one.missing.iter().map(field).collect();
            let values = [
                ("rule", title(frame, rules.as_ref(), &one.rule)),
                ("missing", missing.join(" · ")),
                ("at", one.proposed_up_to.map(|at| frame.moment(at)).unwrap_or_default()),
            ];
            let key = if one.proposed_up_to.is_some() { "compensations.rest" } else { "compensations.waiting" };
            frame.tv(key, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        })
        .collect()
}

/// What people call a rule.
pub(super) fn title(frame: &Frame<'_>, rules: Option<&Stack>, rule: &str) -> String {
    let title = rules.and_then(|rules| rules.compensation(rule)).map(|(_, rule)| &rule.head.title);
    title.map_or(rule, |title| frame.language.pick(&title.zh, &title.en)).to_owned()
}

/// The rules a proposal may name: identity and words.
pub(super) fn rules(frame: &Frame<'_>, case: &Case) -> Vec<(String, String)> {
    let library = frame.app.desk.library();
    let Ok(rules) = library.rules_of(case) else { return Vec::new() };
    let facts = grade::facts(case, &rules, library.taxonomy());
    let holds =
        rules.compensations().filter(|(pack, rule)| pack.compensates(rule, &facts, case.grade, case.received_at));
    holds
        .map(|(_, rule)| {
            let title = &rule.head.title;
            (rule.head.id.clone(), frame.language.pick(&title.zh, &title.en).to_owned())
        })
        .collect()
}

/// Those something can still be done about: number and sum.
pub(super) fn open(case: &Case) -> Vec<(String, String)> {
    let recovers = |one: &Compensation| one.recovery.as_ref().is_some_and(|recovery| recovery.ended.is_none());
    let open = case.compensations.iter().filter(|one| {
        one.standing == Standing::Proposed || one.is_owed() || one.awaits_verification() || recovers(one)
    });
    open.map(|one| (one.id.to_string(), format!("{} · {}", one.id, one.sum.sum()))).collect()
}

/// Those the caller can approve: another proposed them, and the caller's authority reaches that far.
pub(super) fn to_approve(frame: &Frame<'_>, case: &Case, caller: &Caller) -> Vec<(String, String)> {
    let Ok(rules) = frame.app.desk.library().rules_of(case) else { return Vec::new() };
    let role = caller.actor.role.code();
    let theirs = case.compensations.iter().filter(|one| {
        one.standing == Standing::Proposed
            && one.by != caller.actor.id
            && compensation::can_approve(&rules, role, &one.sum)
    });
    theirs.map(|one| (one.id.to_string(), format!("{} · {}", one.id, one.sum.sum()))).collect()
}

/// Who can approve what was proposed, and how far the reader's own authority reaches where that is not far enough.
fn who_decides(frame: &Frame<'_>, rules: &Stack, one: &Compensation) -> Vec<String> {
    if one.standing != Standing::Proposed || !one.kind.is_money() {
        return Vec::new();
    }
    let roles = compensation::reaching(rules, &one.sum).into_iter();
    let roles: Vec<String> = roles.map(|role| frame.code("role", role)).collect();
    let mut said = Vec::new();
    if !roles.is_empty() {
        said.push(frame.tv("compensations.decided_by", &[("roles", &roles.join(&frame.t("list_comma")))]));
    }
    let may = |caller: &&Caller| compensation::APPROVERS.contains(&caller.actor.role.code());
    let own = frame.caller.filter(may).map(|caller| rules.authority(caller.actor.role.code(), &one.sum.currency));
    if let Some(Authority::UpTo(most)) = own.filter(|own| !own.covers(one.sum.minor_units())) {
        let most = Money::of(most, &one.sum.currency).sum().to_string();
        said.push(frame.tv("compensations.reach", &[("sum", &most)]));
    }
    said
}

/// What similar cases got, in one sentence.
pub(super) fn usual(frame: &Frame<'_>, usual: &Similar) -> String {
    let values = [
        ("count", usual.count.to_string()),
        ("median", usual.median.sum().to_string()),
        ("low", usual.low.sum().to_string()),
        ("high", usual.high.sum().to_string()),
    ];
    frame.tv("compensations.similar", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}
