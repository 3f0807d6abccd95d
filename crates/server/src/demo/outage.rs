//! An estate without broadband: what the network said, the complaints that came in, one answer for all of them, a case that
//! still had the trouble and went on alone, and the plan people worked through. Besides: products, users by month and
//! measured availability, so that the key figures have something to be made of.

use super::play::Stage;
use desk::bulk::{Bulk, Named, Selection};
use desk::incidents::NewRecipients;
use desk::network::RecordKind;
use desk::plans::NewPlan;
use desk::{Caller, CaseRef, DeskError};
use domain::command::Command as OnCase;
use domain::incident::Command;
use domain::incident::open::Open;
use domain::refusal::Refusal;
use jiff::{SignedDuration, Span, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

/// How far back the cable was cut, minutes.
const BEGAN: i64 = 30 * 60;
/// Minutes until it was mended.
const LASTED: i64 = 350;
/// Who complains: name, number, what they say.
const CHILDREN: [(&str, &str, &str); 9] = [
    ("赵先生", "13900001001", "家里宽带突然断了，光猫亮红灯"),
    ("钱女士", "13900001002", "上网课时断网，小区群里都说断了"),
    ("孙先生", "13900001003", "宽带和电视都没了"),
    ("李女士", "13900001004", "重启光猫也没用，急着开会"),
    ("周先生", "13900001005", "整栋楼都没网"),
    ("吴女士", "13900001006", "监控掉线，老人在家不放心"),
    ("郑先生", "13900001007", "断网两小时了，没人说什么时候好"),
    ("王女士", "13900001008", "店里收款都收不了"),
    ("冯先生", "13900001009", "断网，而且光猫好像也坏了"),
];
const PLAN: &str = r#"id = "estate-outage"
version = 1
title = { zh = "小区中断处置预案", en = "Outage of an estate" }

[[role]]
id = "lead"
title = { zh = "总指挥", en = "Lead" }

[[role]]
id = "network"
title = { zh = "抢修负责人", en = "Repair" }

[[role]]
id = "care"
title = { zh = "客户告知负责人", en = "Customers" }

[[item]]
role = "lead"
title = { zh = "确认影响范围并指定各角色", en = "Confirm what is hit, and name who does what" }
within_minutes = 30

[[item]]
role = "network"
title = { zh = "抢修队到场并报预计恢复时间", en = "Repair on site, with the time it expects to need" }
within_minutes = 90

[[item]]
role = "care"
title = { zh = "发布进展口径并逐单告知", en = "Tell every customer how far it is" }
within_minutes = 120

[[item]]
role = "network"
title = { zh = "恢复后全量测试并抽样回访", en = "Test all of it, and ask some customers" }
"#;

/// Plays it.
///
/// # Errors
/// Those of the desk.
pub(super) async fn estate(stage: &Stage<'_>, now: Timestamp) -> Result<(), DeskError> {
    let Some(people) = People::find(stage) else { return Ok(()) };
    stage.desk.time().set(now - SignedDuration::from_mins(2 * BEGAN));
    records(stage, &people, now).await?;
    let plan = stage.desk.propose_plan(people.lead, NewPlan { text: PLAN.to_owned() }).await?;
    stage.desk.decide_plan(people.second, &plan.plan.id, i64::from(plan.plan.version), true).await?;
    let began = now - SignedDuration::from_mins(BEGAN);
    let at = |minutes: i64| began + SignedDuration::from_mins(minutes);
    let mut cases = Vec::new();
    for (n, child) in (0_i64..).zip(CHILDREN) {
        cases.extend(complaint(stage, at(15 + 9 * n), child, "310115").await?);
    }
    stage.desk.time().set(at(100));
    let fact = fact(began, None);
    let fact = stage.desk.take_record(people.network, RecordKind::NetworkFacts, fact).await?.id;
    let mut play = Play::open(stage, &people, began, fact).await?;
    play.act(people.lead, "start-plan", json!({"plan": "estate-outage"})).await?;
    for (role, who) in [("lead", people.lead), ("network", people.repair), ("care", people.second)] {
        let user = who.actor.user().map(|user| user.to_string());
        play.act(people.lead, "name-role", json!({"role": role, "user": user})).await?;
    }
    let ticked = json!({"item": 1, "evidence": "网管告警 W-1 与小区清单核对一致"});
    play.act(people.lead, "tick-item", ticked).await?;
    stage.desk.time().set(at(108));
    play.join(&cases).await?;
    stage.desk.time().set(at(115));
    let ticked = json!({"item": 2, "evidence": "抢修队到场签到，预计六小时内恢复"});
    play.act(people.repair, "tick-item", ticked).await?;
    let zh = "您所在小区光缆被施工挖断，抢修人员已到场，预计今晚恢复，恢复后将再次告知。";
    let en = "A cable to your estate was cut by building works. Repair is on site and expects to be done tonight; you will be told.";
    play.said("progress", (zh, en), &cases).await?;
    play.act(people.second, "tick-item", json!({"item": 3, "evidence": "短信群发记录"})).await?;
    stage.desk.time().set(at(LASTED + 10));
    let mended = self::fact(began, Some(at(LASTED)));
    stage.desk.take_record(people.network, RecordKind::NetworkFacts, mended).await?;
    play.act(people.lead, "restore-incident", json!({"at": at(LASTED).to_string(), "cause": "NET.CABLE"})).await?;
    stage.desk.time().set(at(LASTED + 60));
    if let Some(last) = cases.pop() {
        play.many(people.lead, "leave-incident", json!({"reason": "小区恢复后该户仍断网，转上门处理。"}), &[last])
            .await?;
    }
    let csv = "number,consent,language\n13900001001,app,zh\n13900002001,app,zh\n13900002002,hotline,zh\n13900002003,contract,en\n";
    let new: NewRecipients = typed(json!({"csv": csv}))?;
    stage.desk.add_recipients(people.lead, play.id, new).await?;
    stage.desk.time().set(at(LASTED + 75));
    let zh = "您所在小区光缆已于今晚修复，经测试恢复正常。中断期间费用将在下期账单减免。给您带来不便，敬请谅解。";
    let en = "The cable to your estate is mended and tested. The days without service come off your next bill. We apologise.";
    play.said("outcome", (zh, en), &cases).await?;
    stage.desk.time().set(at(LASTED + 200));
    play.many(people.lead, "set-cause", json!({"cause": "NET.CABLE"}), &cases).await?;
    play.many(people.lead, "ask-satisfaction", json!({"mode": "sms"}), &cases).await
}

/// Who plays.
struct People<'a> {
    lead: &'a Caller,
    second: &'a Caller,
    repair: &'a Caller,
    network: &'a Caller,
}

impl<'a> People<'a> {
    fn find(stage: &'a Stage<'_>) -> Option<Self> {
        Some(Self {
            lead: stage.caller("supervisor")?,
            second: stage.caller("supervisor2")?,
            repair: stage.caller("network1")?,
            network: stage.caller("integration")?,
        })
    }
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, DeskError> {
    serde_json::from_value(value).map_err(|error| DeskError::Damaged(error.to_string()))
}

/// The outage as the network said it, and said it again when it was over.
fn fact(began: Timestamp, over: Option<Timestamp>) -> Value {
    let mut said = json!({
        "source": "nms", "number": "W-1", "fact": "outage", "region": "310115", "product": "broadband",
        "place": "锦绣苑一期", "cell": "OLT-PD-0417", "from": began.to_string(), "users": 1240, "note": "光缆被施工挖断",
    });
    if let (Some(over), Some(object)) = (over, said.as_object_mut()) {
        object.insert("to".to_owned(), json!(over.to_string()));
        object.insert("users".to_owned(), json!(1186));
    }
    said
}

/// Products, users of the last months, and what was measured in them.
async fn records(stage: &Stage<'_>, people: &People<'_>, now: Timestamp) -> Result<(), DeskError> {
    let products = "code,line,zh,en,since\n\
                    FTTH-1000,broadband,千兆光宽带,Gigabit fibre,2024-01-01\n\
                    FTTH-300,broadband,光宽带300M,Fibre 300,\n\
                    M5G-129,mobile,5G畅享套餐129元,5G plan 129,2023-06-01\n\
                    IPTV-4K,iptv,4K电视,4K television,\n\
                    VID-MON,value_added,视频会员包月,Video membership,\n";
    stage.desk.take_sheet(people.network, RecordKind::Products, products, false).await?;
    let today = now.to_zoned_datetime(stage.desk.zone().clone()).date();
    for months in 1..=3_i64 {
        let Ok(first) = today.first_of_month().checked_sub(Span::new().months(months)) else { continue };
        let month = first.strftime("%Y-%m");
        let (mut exposures, mut measured) = (String::from("month,region,users\n"), String::new());
        measured.push_str("source,number,fact,region,from,to,users,minutes_down\n");
        let begin = stage.desk.zone().to_timestamp(first.to_datetime(jiff::civil::Time::midnight()));
        let Ok(begin) = begin else { continue };
        let end = begin + SignedDuration::from_hours(24 * 28);
        for (region, users, down) in [("31", 1_240_000, 19), ("33", 2_310_000, 31), ("51", 1_870_000, 54)] {
            let (users, down) = (users + 3_000 * months, down + 3 * months);
            exposures.push_str(&format!("{month},{region},{users}\n"));
            measured.push_str(&format!("nms,AV-{month}-{region},availability,{region},{begin},{end},{users},{down}\n"));
        }
        stage.desk.take_sheet(people.network, RecordKind::Exposures, &exposures, false).await?;
        stage.desk.take_sheet(people.network, RecordKind::NetworkFacts, &measured, false).await?;
    }
    Ok(())
}

/// Who complains of something nobody has explained yet, within the last hour: number and words.
const UNEXPLAINED: [(&str, &str, &str); 9] = [
    ("何先生", "13900001101", "宽带突然很慢，网页打不开"),
    ("吕女士", "13900001102", "视频会议一直掉线"),
    ("施先生", "13900001103", "测速不到一兆"),
    ("张女士", "13900001104", "宽带时断时续"),
    ("孔先生", "13900001105", "游戏延迟上千毫秒"),
    ("曹女士", "13900001106", "网课卡住了"),
    ("严先生", "13900001107", "电视盒子转圈"),
    ("华女士", "13900001108", "晚上上不了网"),
    ("金先生", "13900001109", "光猫正常但打不开网页"),
];

/// A burst of complaints somebody has to look into: the job finds it.
pub(super) async fn unexplained(stage: &Stage<'_>, now: Timestamp) -> Result<(), DeskError> {
    for (n, (name, number, words)) in (0_i64..).zip(UNEXPLAINED) {
        complaint(stage, now - SignedDuration::from_mins(50 - 5 * n), (name, number, words), "310104").await?;
    }
    Ok(())
}

/// A report of the fault; nothing where the law of a stack asks for more than was said.
async fn complaint(
    stage: &Stage<'_>,
    at: Timestamp,
    (name, number, words): (&str, &str, &str),
    region: &str,
) -> Result<Option<String>, DeskError> {
    let intake = json!({
        "kind": "fault_report", "accept_channel": "hotline", "category": "A301", "subject": words, "description": words,
        "demand": "尽快恢复", "complainant": {"name": name, "phone": number}, "region": region,
        "subscription": {"number": number, "product": "broadband"},
        "occurred_at": (at - SignedDuration::from_mins(10)).to_string(),
    });
    match stage.register(at, "agent", intake, None).await {
        Ok(life) => Ok(life.map(|life| match life.name {
            CaseRef::Id(id) => id.to_string(),
            CaseRef::Number(number) => number,
        })),
        Err(DeskError::Refused(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The incident under way.
struct Play<'a> {
    stage: &'a Stage<'a>,
    people: &'a People<'a>,
    id: Uuid,
    version: i64,
}

impl<'a> Play<'a> {
    async fn open(
        stage: &'a Stage<'a>,
        people: &'a People<'a>,
        began: Timestamp,
        fact: Option<Uuid>,
    ) -> Result<Self, DeskError> {
        let open: Open = typed(json!({
            "title": "浦东锦绣苑宽带中断", "description": "锦绣苑一期光缆被挖断，整个小区断网。", "region": "310115",
            "product": "broadband", "started_at": began.to_string(), "fact": fact.map(|fact| fact.to_string()),
        }))?;
        let incident = stage.desk.open_incident(people.lead, open, None).await?.incident;
        Ok(Self { stage, people, id: incident.id, version: incident.version })
    }

    async fn act(&mut self, by: &Caller, verb: &str, body: Value) -> Result<(), DeskError> {
        let Some(command) = Command::read(verb, body) else { return Ok(()) };
        let command = command.map_err(Refusal::invalid)?;
        self.version = self.stage.desk.run_incident(by, self.id, self.version, command, None).await?.incident.version;
        Ok(())
    }

    /// The first is the one whose orders are those of all.
    async fn join(&self, cases: &[String]) -> Result<(), DeskError> {
        let (first, others) = cases.split_at(1.min(cases.len()));
        let lead = self.people.lead;
        self.many(lead, "join-incident", json!({"incident": self.id.to_string(), "master": true}), first).await?;
        self.many(lead, "join-incident", json!({"incident": self.id.to_string()}), others).await
    }

    /// The same to many cases; one that is refused takes no other with it.
    async fn many(&self, by: &Caller, verb: &str, body: Value, cases: &[String]) -> Result<(), DeskError> {
        let Some(command) = OnCase::read(verb, body) else { return Ok(()) };
        let command = command.map_err(Refusal::invalid)?;
        let named = cases.iter().map(|name| Named { name: name.clone(), seen: None }).collect();
        let ask = Bulk { selection: Selection::Named(named), command, dry_run: false };
        self.stage.desk.bulk(by, ask, None).await.map(drop)
    }

    /// One writes it, another approves it, and all are told: by the operator's own platform, for this installation has no
    /// gateway.
    async fn said(&mut self, purpose: &str, (zh, en): (&str, &str), cases: &[String]) -> Result<(), DeskError> {
        let people = self.people;
        self.act(people.lead, "word-incident", json!({"purpose": purpose, "zh": zh, "en": en})).await?;
        let view = self.stage.desk.incident(people.lead, self.id).await?;
        let wording = view.incident.wordings.last().map(|one| one.id);
        self.act(people.second, "approve-wording", json!({"wording": wording})).await?;
        let verb = if purpose == "outcome" { "reply" } else { "notify-progress" };
        self.many(people.lead, verb, json!({"mode": "sms", "content": zh}), cases).await
    }
}
