//! The effect of a problem's measures on its page: months, ratio, interval, and what they say.

use super::Frame;
use crate::api::problems::{EFFECT, effect_ask};
use crate::problem::{Failure, Told};
use crate::query;
use desk::Caller;
use desk::problems::ProblemView;
use domain::problem::effect::{EffectCheck, Exposure, MonthCount};

/// Height of the chart in its own units.
const HEIGHT: i64 = 60;
/// Width of a month.
const WIDTH: i64 = 14;

/// A bar of the chart: place, top, height and which side it belongs to.
pub(super) struct Bar {
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) height: i64,
    pub(super) side: &'static str,
    pub(super) words: String,
}

/// A check on a page.
pub(super) struct Shown {
    pub(super) verdict: String,
    pub(super) code: &'static str,
    /// Ratio and interval, and what stands behind them, in sentences.
    pub(super) said: Vec<String>,
    /// Month, side, count, exposure.
    pub(super) rows: Vec<(String, String, i64, String)>,
    pub(super) with_exposure: bool,
    pub(super) bars: Vec<Bar>,
    pub(super) width: i64,
}

/// A check as it is shown.
pub(super) fn shown(frame: &Frame<'_>, check: &EffectCheck) -> Shown {
    let mut said = Vec::new();
    if let Some(ratio) = &check.ratio {
        let values = [("ratio", ratio.ratio.as_str()), ("low", &ratio.low), ("high", &ratio.high)];
        said.push(frame.tv("effect.ratio", &values));
        said.push(frame.tv("effect.dispersion", &[("dispersion", &ratio.dispersion)]));
    }
    if let Some(expected) = &check.expected {
        let after: i64 = check.after.iter().map(|month| month.count).sum();
        said.push(frame.tv("effect.expected", &[("expected", expected), ("count", &after.to_string())]));
    }
    said.push(frame.tv("effect.left_out", &[("months", &check.left_out.join(&frame.t("list_comma")))]));
    said.push(frame.code("exposure_told", check.exposure.code()));
    let with_exposure = check.exposure != Exposure::Constant;
    let exposure = |month: &MonthCount| if with_exposure { month.exposure.to_string() } else { String::new() };
    let side = |words: &str, months: &[MonthCount]| -> Vec<(String, String, i64, String)> {
        let words = frame.t(words);
        months.iter().map(|month| (month.month.clone(), words.clone(), month.count, exposure(month))).collect()
    };
    let mut rows = side("effect.before", &check.before);
    rows.extend(side("effect.after", &check.after));
    let bars = bars(check);
    let width = i64::try_from(bars.len() + 1).unwrap_or(0) * WIDTH;
    Shown {
        verdict: frame.code("verdict", check.verdict.code()),
        code: check.verdict.code(),
        said,
        rows,
        with_exposure,
        bars,
        width,
    }
}

/// Counts as bars, with a gap where the measures took effect.
fn bars(check: &EffectCheck) -> Vec<Bar> {
    let months = check.before.iter().map(|month| (month, "before"));
    let months: Vec<_> = months.chain(check.after.iter().map(|month| (month, "after"))).collect();
    let most = months.iter().map(|(month, _)| month.count).max().unwrap_or(0).max(1);
    let mut x = 0;
    let mut bars = Vec::with_capacity(months.len());
    let mut last = "before";
    for (month, side) in months {
        if side != last {
            x += WIDTH;
            last = side;
        }
        let height = month.count * HEIGHT / most;
        bars.push(Bar { x, y: HEIGHT - height, height, side, words: format!("{} {}", month.month, month.count) });
        x += WIDTH;
    }
    bars
}

/// Exposures to choose from: code, words, whether chosen.
pub(super) fn exposures(frame: &Frame<'_>, chosen: &str) -> Vec<(String, String, bool)> {
    let one = |code: &&str| ((*code).to_owned(), frame.code("exposure", code), *code == chosen);
    Exposure::CODES.iter().map(one).collect()
}

/// The check of a problem, asked with what stands in the address; nothing while no measure took effect.
pub(super) async fn of_problem(
    frame: &Frame<'_>,
    caller: &Caller,
    view: &ProblemView,
    raw: &str,
) -> Result<(Option<Shown>, Option<Told>), Failure> {
    if view.problem.effective(None).is_empty() {
        return Ok((None, None));
    }
    // What else stands in the address is the page's own.
    let own: Vec<&str> =
        raw.split('&').filter(|pair| EFFECT.iter().any(|field| pair.split('=').next() == Some(field.name))).collect();
    // People put spaces or lines between months where an address has commas.
    let joined =
        own.join("&").replace("%0D%0A", "%2C").replace("%0A", "%2C").replace('+', "%2C").replace("%2C%2C", "%2C");
    let asked = query::read(Some(&joined), EFFECT).map_err(Failure::from);
    let found = match asked {
        Ok(given) => {
            frame.app.desk.problem_effect(caller, view.problem.id, &effect_ask(&given)).await.map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    match found {
        Ok(found) => Ok((Some(shown(frame, &found.check)), None)),
        Err(failure) => {
            let told = failure.tell(frame.app, frame.language);
            if told.status.is_server_error() { Err(failure) } else { Ok((None, Some(told))) }
        }
    }
}
