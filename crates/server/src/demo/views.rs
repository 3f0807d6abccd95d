//! Lists and macros in the demo: some the unit shares, some for all agents, one of a supervisor's own.

use super::play::Stage;
use desk::DeskError;
use desk::macros::NewMacro;
use desk::queries::list::Filter;
use desk::views::NewView;
use domain::actor::Role;
use serde_json::{Value, json};

/// Keeps them.
///
/// # Errors
/// Those of the desk.
pub(super) async fn keep(stage: &Stage<'_>) -> Result<(), DeskError> {
    let lists: [(&str, &str, Option<Role>, Value); 3] = [
        ("上海紧急", "unit", None, json!({"view": "open", "grade": "urgent", "region": "31"})),
        ("今日新收", "role", Some(Role::Agent), json!({"view": "open", "sort": "-received"})),
        ("重大待复核", "own", None, json!({"view": "review", "grade": "major"})),
    ];
    let Some(by) = stage.caller("supervisor") else { return Ok(()) };
    for (name, shared, role, look) in lists {
        let look = look.as_object().cloned().unwrap_or_default();
        let new = NewView { name: name.to_owned(), shared: shared.to_owned(), role, look };
        stage.desk.keep_view(by, new, &Filter::default()).await?;
    }
    let macros: [(&str, Value); 3] = [
        (
            "受理并告知进度",
            json!([
                {"accept": {}},
                {"notify-progress": {"mode": "sms", "content": "您好，您的投诉（编号{number}）已由{agent}受理，我们会在{due}前答复您。"}},
                {"note": {"text": "已受理并短信告知客户，待核实详单。"}},
            ]),
        ),
        ("等待部件", json!([{"note": {"text": "{number}：等待装维备件，到件后继续。"}}, {"route": {}}])),
        (
            "退费已核实",
            json!([{"reply": {"mode": "phone", "content": "您反映的{category}问题（编号{number}）已核实，相关费用将退还至原账户，请您留意查收。"}}]),
        ),
    ];
    for (name, steps) in macros {
        for (shared, role) in [("unit", None), ("role", Some(Role::Specialist))] {
            let steps = steps.as_array().into_iter().flatten().filter_map(|step| step.as_object().cloned());
            let new = NewMacro { name: name.to_owned(), shared: shared.to_owned(), role, steps: steps.collect() };
            stage.desk.keep_macro(by, new).await?;
        }
    }
    Ok(())
}
