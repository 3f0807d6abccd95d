//! A problem of the demo and what became of it: months of complaints about slow evenings, a measure that worked, and the
//! months after; besides a second problem whose measure is late. What happened before the many cases is played first.

use super::DAY;
use super::play::Stage;
use desk::{CaseRef, DeskError, jobs};
use domain::command::Command as OnCase;
use domain::problem::Command;
use domain::problem::open::Open;
use domain::refusal::Refusal;
use jiff::civil::{Date, time};
use jiff::{SignedDuration, Span, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

/// Months back from now, and how many complain in each: nine before the measure, the month it took effect, three after.
const MONTHS: [(i64, i64); 13] =
    [(13, 4), (12, 9), (11, 11), (10, 8), (9, 10), (8, 9), (7, 12), (6, 8), (5, 10), (4, 6), (3, 3), (2, 2), (1, 4)];
/// How far back the measure took effect.
const EFFECTIVE: i64 = 4;
/// What customers say, in turn.
const WORDS: [&str; 3] = ["晚上八点后刷视频一直卡", "一到晚高峰游戏延迟就飙高", "小区里晚上上网转圈"];

/// Plays what lies further back than the demo's sixty days.
///
/// # Errors
/// Those of the desk.
pub(super) async fn before(stage: &Stage<'_>, now: Timestamp) -> Result<(), DeskError> {
    let today = now.to_zoned_datetime(stage.desk.zone().clone()).date();
    let mut problem: Option<(Uuid, i64)> = None;
    let mut shown: Vec<String> = Vec::new();
    for (months, count) in MONTHS {
        let Some(first) = month(today, months) else { continue };
        for n in 0..count {
            let day = first.checked_add(Span::new().days(n * 27 / count)).unwrap_or(first);
            let at = moment(stage, day, n);
            let words = usize::try_from(n).ok().and_then(|n| WORDS.get(n % WORDS.len())).copied().unwrap_or_default();
            match complaint(stage, at, words).await {
                Ok(Some(case)) => shown.push(case),
                Ok(None) => {}
                // Where the law of a stack is younger than this, there is no such history.
                Err(DeskError::Refused(_)) => return Ok(()),
                Err(other) => return Err(other),
            }
        }
        if months == EFFECTIVE + 1 {
            let at = moment(stage, first.checked_add(Span::new().days(27)).unwrap_or(first), 0);
            stage.desk.time().set(at);
            problem = name(stage, first, &shown).await?;
        }
        if let (true, Some((id, version))) = (months == EFFECTIVE, problem) {
            let day = first.checked_add(Span::new().days(19)).unwrap_or(first);
            stage.desk.time().set(moment(stage, day, 0));
            let report = json!({
                "action": 1, "evidence": "扩容割接记录与割接后一周忙时利用率", "effective_on": first.checked_add(Span::new().days(12)).unwrap_or(first).to_string(),
            });
            act(stage, "network1", id, version, "report-action", report).await?;
            let approval = json!({"action": 1, "remark": "已核对割接记录与利用率曲线"});
            act(stage, "supervisor2", id, version + 1, "approve-action", approval).await?;
        }
    }
    Ok(())
}

/// The second problem, whose measure is late by now.
///
/// # Errors
/// Those of the desk.
pub(super) async fn late(stage: &Stage<'_>, now: Timestamp) -> Result<(), DeskError> {
    let today = now.to_zoned_datetime(stage.desk.zone().clone()).date();
    stage.desk.time().set(now - SignedDuration::from_mins(20 * DAY));
    let open = json!({
        "title": "视频会员包未经二次确认即开通", "description": "点播后直接扣费，客户事后才知道。", "category": "B204",
    });
    let Some(id) = opened(stage, "quality", open).await? else { return Ok(()) };
    let analysis = json!({
        "whys": ["开通前没有二次确认", "合作方接口默认放行", "验收清单里没有这一项"], "cause": "MKT.CONS",
        "script": "先退费，再核实订购记录，并告知如何关闭增值业务权限。", "internal_fix": "合作方接口加二次确认，验收清单补充该项。",
    });
    act(stage, "quality", id, 1, "analyse-problem", analysis).await?;
    let due = today.checked_sub(Span::new().days(5)).unwrap_or(today);
    let plan = json!({"what": "合作方接口加二次确认并回归验证", "due": due.to_string()});
    act(stage, "quality", id, 2, "plan-action", plan).await
}

/// The first day of the month so many before.
fn month(today: Date, back: i64) -> Option<Date> {
    today.first_of_month().checked_sub(Span::new().months(back)).ok()
}

/// The n-th moment of a day's evening, in the installation's zone.
fn moment(stage: &Stage<'_>, day: Date, n: i64) -> Timestamp {
    let evening = stage.desk.zone().to_timestamp(day.to_datetime(time(19, 0, 0, 0))).unwrap_or_default();
    evening + SignedDuration::from_mins(n * 7)
}

/// A complaint of then, withdrawn the next day: it is history, and nobody's work now.
async fn complaint(stage: &Stage<'_>, at: Timestamp, words: &str) -> Result<Option<String>, DeskError> {
    let intake = json!({
        "kind": "complaint", "accept_channel": "hotline", "category": "A203", "subject": words,
        "description": words, "demand": "尽快解决", "complainant": {"name": "陈先生"}, "region": "310115",
    });
    let Some(life) = stage.register(at, "agent", intake, None).await? else { return Ok(None) };
    stage.desk.time().set(at + SignedDuration::from_mins(DAY));
    let body = json!({"mode": "phone", "reason": "接受解释，不再追究"});
    if let (Some(Ok(withdraw)), Some(agent)) = (OnCase::read("withdraw", body), stage.caller("agent"))
        && let Err(error) = stage.run(agent, &life.name, life.version, withdraw).await
        && !matches!(error, DeskError::Refused(_))
    {
        return Err(error);
    }
    Ok(match life.name {
        CaseRef::Id(id) => Some(id.to_string()),
        CaseRef::Number(number) => Some(number),
    })
}

/// Names the problem, says why, and plans what is done. Gives its identity and version.
async fn name(stage: &Stage<'_>, month: Date, shown: &[String]) -> Result<Option<(Uuid, i64)>, DeskError> {
    let open = json!({
        "title": "浦东晚高峰卡顿", "description": "晚八点至十一点集中投诉视频卡顿、游戏延迟高。", "category": "A203",
        "region": "31", "hot_in": month.strftime("%Y-%m").to_string(),
    });
    let Some(id) = opened(stage, "quality", open).await? else { return Ok(None) };
    let cases: Vec<&String> = shown.iter().rev().take(12).collect();
    act(stage, "quality", id, 1, "link-cases", json!({"cases": cases})).await?;
    let analysis = json!({
        "whys": ["忙时小区利用率超过九成", "新楼盘入住后没有扩容", "扩容按季度评审，没有按投诉触发"], "cause": "NET.CONG",
        "customer_wording": "晚上一上网就卡，白天没事", "script": "说明忙时拥塞和扩容日期，并提供夜间测速回访。",
        "internal_fix": "完成扩容，并将投诉热点纳入扩容触发条件。",
    });
    act(stage, "quality", id, 2, "analyse-problem", analysis).await?;
    let due = month.checked_add(Span::new().months(2)).unwrap_or(month);
    act(stage, "quality", id, 3, "plan-action", json!({"what": "浦东三个基站扩容割接", "due": due.to_string()}))
        .await?;
    Ok(Some((id, 4)))
}

/// Names a problem.
pub(super) async fn opened(stage: &Stage<'_>, by: &str, open: Value) -> Result<Option<Uuid>, DeskError> {
    let Some(caller) = stage.caller(by) else { return Ok(None) };
    let open: Open = serde_json::from_value(open).map_err(|error| DeskError::Damaged(error.to_string()))?;
    Ok(Some(stage.desk.open_problem(caller, open, None).await?.problem.id))
}

/// Does something to a problem.
pub(super) async fn act(
    stage: &Stage<'_>,
    by: &str,
    id: Uuid,
    version: i64,
    verb: &str,
    body: Value,
) -> Result<(), DeskError> {
    let (Some(caller), Some(command)) = (stage.caller(by), Command::read(verb, body)) else { return Ok(()) };
    let command = command.map_err(Refusal::invalid)?;
    stage.desk.run_problem(caller, id, version, command, None).await?;
    jobs::timers::ring_due(stage.desk).await.map(drop)
}
