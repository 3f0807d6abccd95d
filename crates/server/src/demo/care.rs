//! News of the progress in the demo: one customer hears it by a message nobody wrote, another agreed on an interval of
//! their own. Laws that know no such thing leave both cases as they are.

use super::play::{Stage, Step};
use desk::notices::letters::Handed;
use desk::outbox::send_due;
use desk::ways::Ways;
use desk::{Caller, Desk, DeskError, jobs};
use domain::ids::UnitId;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How long ago the first of the two was received: its time of news has just passed.
const AGO: i64 = 50;
/// Hours of it until the second is received.
const LATER: i64 = 20;
const NODE: &str = "demo";

/// Plays both, hour by hour, on a desk of its own that has a way for short messages.
///
/// # Errors
/// Those of the desk.
pub(super) async fn tell(
    desk: &Desk,
    system: &Caller,
    units: BTreeMap<&'static str, UnitId>,
    now: Timestamp,
) -> Result<(), DeskError> {
    desk.set_ways(Ways { sms: true, ..Ways::none() });
    let stage = Stage::set(desk, system, units, now).await?;
    let begun = now - SignedDuration::from_hours(AGO);
    taken_up(&stage, begun, "卢女士", "13800138061", "宽带晚间网速只有签约的三分之一，已持续一周。", None).await?;
    for hour in 1..=AGO {
        let at = begun + SignedDuration::from_hours(hour);
        stage.move_to(at).await?;
        jobs::run_timely(desk, NODE).await?;
        send_due(desk, NODE, |_| async { Handed::Taken }).await?;
        if hour == LATER {
            let agreed = json!({"hours": 96, "note": "客户出差，同意四日一报，有结果随时电话告知。"});
            let words = "装机后电话杂音大，雨天更明显，希望更换线路。";
            taken_up(&stage, at, "蒋先生", "13800138062", words, Some(agreed)).await?;
        }
    }
    Ok(())
}

/// Registers an ordinary complaint and takes it up; where something is agreed about news, that too.
async fn taken_up(
    stage: &Stage<'_>,
    at: Timestamp,
    name: &str,
    phone: &str,
    words: &str,
    agreed: Option<Value>,
) -> Result<(), DeskError> {
    let intake = json!({
        "kind": "complaint", "accept_channel": "hotline", "category": "B204", "region": "310104", "description": words,
        "complainant": {"name": name, "phone": phone, "preferred_mode": "sms"},
    });
    let Some(mut life) = stage.register(at, "agent", intake, None).await? else { return Ok(()) };
    let agreed = agreed.map(|agreed| ("agree-progress", agreed));
    for (verb, with) in std::iter::once(("accept", json!({}))).chain(agreed) {
        let with: Map<String, Value> = with.as_object().cloned().unwrap_or_default();
        match stage.act(&mut life, &Step::of("agent", verb, with), at).await {
            Err(DeskError::Refused(_)) => {}
            other => other?,
        }
    }
    Ok(())
}
