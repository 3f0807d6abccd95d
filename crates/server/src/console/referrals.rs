//! What the customer took to bodies outside: where each referral stands, who has to act, and every step with its paper.

use super::Frame;
use super::bundle::{Checked, check};
use desk::queries::case::CaseView;
use domain::case::bundle::Concern;
use domain::case::{Case, Referral, grade, matter};
use policy::{RouteRule, Stage};

/// A referral on the page.
pub(super) struct Shown {
    /// The body and its number.
    pub(super) title: String,
    pub(super) stage: String,
    /// Whether we have to act.
    pub(super) ours: bool,
    /// Steps, oldest first: stage, and when with the number of its paper.
    pub(super) steps: Vec<(String, String)>,
    /// Number within the case.
    pub(super) id: u32,
    /// What the body's bundle has to hold, and what of it is there.
    pub(super) check: Vec<Checked>,
}

impl Shown {
    /// Whether the bundle for the body would lack something.
    pub(super) fn wanting(&self) -> bool {
        self.check.iter().any(|line| line.wanting)
    }
}

/// All referrals of a case.
pub(super) fn referrals(frame: &Frame<'_>, view: &CaseView) -> Vec<Shown> {
    let case = &view.case;
    let Ok(rules) = frame.app.desk.library().rules_of(case) else { return Vec::new() };
    let one = |referral: &Referral| {
        let route = rules.route(&referral.route);
        let named = |stage: &str| {
            let rule = route.and_then(|route| route.stage(stage));
            rule.map_or_else(|| stage.to_owned(), |stage| stage_title(frame, stage))
        };
        let number = referral.number.as_deref().unwrap_or_default();
        let body = route.map_or_else(|| referral.route.clone(), |route| pick(frame, &route.body));
        let about = |step: &domain::case::referral::Step| {
            let paper = step.reference.as_deref().map(|number| format!("{} {number}", frame.t("matters.paper")));
            [Some(frame.moment(step.at)), paper].into_iter().flatten().collect::<Vec<_>>().join(" · ")
        };
        Shown {
            title: format!("{body} {number}").trim_end().to_owned(),
            stage: named(referral.stage()),
            ours: referral.is_ours(&rules),
            steps: referral.steps.iter().map(|step| (named(&step.stage), about(step))).collect(),
            id: referral.id,
            check: check(frame, view, Concern::Referral(referral.id)),
        }
    };
    case.referrals.iter().map(one).collect()
}

fn pick(frame: &Frame<'_>, text: &policy::Text) -> String {
    frame.language.pick(&text.zh, &text.en).to_owned()
}

fn stage_title(frame: &Frame<'_>, stage: &Stage) -> String {
    pick(frame, &stage.title)
}

/// Ways the rules know for a case.
pub(super) fn ways(frame: &Frame<'_>, case: &Case) -> Vec<(String, String)> {
    let library = frame.app.desk.library();
    let Ok(rules) = library.rules_of(case) else { return Vec::new() };
    let facts = grade::facts(case, &rules, library.taxonomy());
    let mine = |route: &&RouteRule| {
        !route.stages.is_empty()
            && !matter::is_handed_over(&route.head.id)
            && route.head.applies.holds(&facts, Some(case.grade))
    };
    let routes = rules.packs().flat_map(policy::Pack::routes).filter(mine);
    routes.map(|route| (route.head.id.clone(), pick(frame, &route.head.title))).collect()
}

/// Stages that may follow where the referrals of a case stand.
pub(super) fn next(frame: &Frame<'_>, case: &Case) -> Vec<(String, String)> {
    let Ok(rules) = frame.app.desk.library().rules_of(case) else { return Vec::new() };
    let mut found: Vec<(String, String)> = Vec::new();
    for referral in &case.referrals {
        let (Some(route), Some(stands)) = (rules.route(&referral.route), referral.stands(&rules)) else { continue };
        for stage in stands.next.iter().filter_map(|next| route.stage(next)) {
            let offer = (stage.id.clone(), stage_title(frame, stage));
            if !found.contains(&offer) {
                found.push(offer);
            }
        }
    }
    found
}
