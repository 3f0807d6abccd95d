//! Mass incidents, network facts, products and key figures through the doors: what each answers, what another area sees,
//! and the pages that lead from one to the other.

use crate::{Answer, House, house, intake};
use domain::actor::Role;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

type Hold<'h> = dyn FnMut(&str, &str, Option<&Value>, &Answer) + 'h;

pub(crate) const PLAN: &str = r#"id = "outage"
version = 1
title = { zh = "中断", en = "Outage" }
[[role]]
id = "lead"
title = { zh = "总指挥", en = "Lead" }
[[item]]
role = "lead"
title = { zh = "确认范围", en = "Confirm" }
within_minutes = 30
"#;

fn ago(hours: i64) -> String {
    (Timestamp::now() - SignedDuration::from_hours(hours)).to_string()
}

fn post(house: &House, who: &str, path: &str, seen: Option<i64>, body: &Value) -> Answer {
    let tag = seen.map(|seen| format!("\"{seen}\"")).unwrap_or_default();
    let mut headers = vec![("cookie", who), ("content-type", "application/json"), ("accept-language", "en")];
    if seen.is_some() {
        headers.push(("if-match", &tag));
    }
    house.send("POST", path, &headers, body.to_string())
}

pub(crate) fn fact() -> Value {
    json!({
        "source": "nms", "number": "A-1", "fact": "outage", "region": "310115", "product": "broadband", "place": "锦绣苑",
        "cell": "C-7", "from": ago(3), "users": 1200, "note": "光缆中断",
    })
}

fn broken(phone: &str) -> Value {
    let mut body = intake();
    body["complainant"] = json!({"name": "王小明", "phone": phone});
    body["subscription"] = json!({"number": phone, "product": "broadband"});
    body["category"] = json!("A301");
    body["occurred_at"] = json!(ago(1));
    body
}

fn month() -> String {
    crate::reports::this_month()
}

/// Records of all kinds, each route once.
fn records(house: &House, token: &str, hold: &mut Hold<'_>) -> String {
    let say = |hold: &mut Hold<'_>, path: &str, body: Value| {
        let answer = house.call(token, "POST", path, &[], &body);
        hold("post", path, Some(&body), &answer);
        answer.json()
    };
    let made = say(hold, "/api/v1/network-facts", fact());
    assert_eq!((&made["new"], &made["same"]), (&json!(1), &json!(0)), "{made}");
    let id = made["id"].as_str().unwrap().to_owned();
    let mut mended = fact();
    mended["to"] = json!(ago(0));
    assert_eq!(say(hold, "/api/v1/network-facts", mended)["corrected"], 1);
    let (begin, end) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    let csv = format!(
        "source,number,fact,region,from,to,users,minutes_down\nnms,V-1,availability,31,{begin},{end},1000,3\nnms,V-2,availability,33,{begin},{end},1000,0\n"
    );
    let tried = say(hold, "/api/v1/network-facts/import", json!({"csv": csv, "dry_run": true}));
    assert_eq!((&tried["new"], &tried["dry_run"]), (&json!(2), &json!(true)));
    assert_eq!(say(hold, "/api/v1/network-facts/import", json!({"csv": csv}))["new"], 2);
    let wrong = csv.replace("availability,33", "outage,33");
    let wrong = house.call(token, "POST", "/api/v1/network-facts/import", &[], &json!({"csv": wrong}));
    assert_eq!((wrong.status, &wrong.json()["errors"][0]["field"]), (422, &json!("csv:3:8 minutes_down")), "{wrong:?}");
    let product = json!({
        "code": "FTTH", "line": "broadband", "zh": "光宽带", "en": "Fibre", "since": "2024-01-01", "until": "2099-01-01",
    });
    say(hold, "/api/v1/products", product);
    say(hold, "/api/v1/products/import", json!({"csv": "code,line,zh,en\nTV,iptv,电视,Television\n"}));
    say(hold, "/api/v1/exposures", json!({"month": month(), "region": "31", "users": 100_000}));
    let csv = format!("month,region,users\n{},33,50000\n", month());
    say(hold, "/api/v1/exposures/import", json!({"csv": csv}));
    hold("get", "/api/v1/network-facts", None, &house.get(token, "/api/v1/network-facts?region=31&limit=1"));
    let one = house.get(token, &format!("/api/v1/network-facts/{id}"));
    hold("get", "/api/v1/network-facts/{id}", None, &one);
    assert_eq!(one.json()["versions"].as_array().unwrap().len(), 2, "{one:?}");
    hold("get", "/api/v1/products", None, &house.get(token, "/api/v1/products"));
    hold("get", "/api/v1/exposures", None, &house.get(token, &format!("/api/v1/exposures?from={}", month())));
    id
}

/// Every route of incidents, plans, facts, products and key figures with an answer that has all its members.
pub(crate) fn contract(house: &House, token: &str, hold: &mut Hold<'_>) {
    let (lead, second) = (house.session("mass.lead", Role::Supervisor), house.session("mass.second", Role::Supervisor));
    let fact = records(house, token, hold);
    let path = "/api/v1/emergency-plans";
    for version in 1..=2 {
        let body = json!({"text": PLAN.replace("version = 1", &format!("version = {version}"))});
        hold("post", path, Some(&body), &post(house, &lead, path, None, &body));
    }
    let own = post(house, &lead, "/api/v1/emergency-plans/outage/1/approve", None, &json!({}));
    assert_eq!((own.status, &own.json()["code"]), (409, &json!("own_plan")));
    for (version, verb) in [(1, "approve"), (2, "refuse")] {
        let answer = post(house, &second, &format!("{path}/outage/{version}/{verb}"), None, &json!({}));
        hold("post", &format!("{path}/{{plan}}/{{version}}/{verb}"), Some(&json!({})), &answer);
    }
    hold("get", path, None, &house.get(token, path));
    let registered = |phone: &str| house.register(token, &broken(phone))["id"].as_str().unwrap().to_owned();
    let (first, other) = (registered("13900000001"), registered("13900000002"));
    let facts = house.get(token, &format!("/api/v1/complaints/{first}/network-facts"));
    hold("get", "/api/v1/complaints/{id}/network-facts", None, &facts);
    assert_eq!(facts.json()["items"][0]["number"], "A-1", "{facts:?}");
    let open = json!({
        "title": "锦绣苑断网", "description": "光缆被挖断", "region": "310115", "product": "broadband", "started_at": ago(3),
        "fact": fact,
    });
    let path = "/api/v1/incidents";
    let made = post(house, &lead, path, None, &open);
    hold("post", path, Some(&open), &made);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    desk::jobs::rollup::go_on(&house.desk, "node", 0, || false).unwrap();
    let near = house.get(token, &format!("{path}/{id}/near?limit=10"));
    hold("get", "/api/v1/incidents/{id}/near", None, &near);
    assert_eq!(near.json()["items"].as_array().unwrap().len(), 2, "{near:?}");
    let join = json!({"incident": id, "master": true});
    let answer = house.act(token, &first, 1, "join-incident", &join);
    hold("post", "/api/v1/complaints/{id}/join-incident", Some(&join), &answer);
    hold("get", "/api/v1/complaints/{id}", None, &house.get(token, &format!("/api/v1/complaints/{first}")));
    assert_eq!(house.act(token, &other, 1, "join-incident", &json!({"incident": id})).status, 200);
    let order = json!({"order_kind": "handle", "unit": house.desk.root().to_string(), "task": "x"});
    let held = house.act(token, &other, 2, "dispatch", &order);
    assert_eq!((held.status, &held.json()["code"]), (409, &json!("incident_holds_orders")), "{held:?}");
    let leave = json!({"reason": "仍未恢复"});
    let answer = house.act(token, &other, 2, "leave-incident", &leave);
    hold("post", "/api/v1/complaints/{id}/leave-incident", Some(&leave), &answer);
    let users = house.get(token, "/api/v1/users").json();
    let user = users["items"].as_array().unwrap().iter().find(|user| user["username"] == "mass.lead").unwrap();
    let steps = [
        (&lead, "amend-incident", json!({"title": "锦绣苑一期断网"})),
        (&lead, "start-plan", json!({"plan": "outage"})),
        (&lead, "name-role", json!({"role": "lead", "user": user["id"]})),
        (&lead, "tick-item", json!({"item": 1, "evidence": "告警 7"})),
        (&lead, "word-incident", json!({"purpose": "progress", "zh": "抢修中", "en": "Repair is under way"})),
        (&second, "return-wording", json!({"wording": 1, "reason": "缺预计时间"})),
        (&lead, "word-incident", json!({"purpose": "outcome", "zh": "已恢复", "en": "It is mended"})),
        (&second, "approve-wording", json!({"wording": 2})),
        (&lead, "restore-incident", json!({"at": ago(0), "cause": "NET.CABLE"})),
    ];
    let mut version = 1;
    let mut step = |hold: &mut Hold<'_>, who: &str, verb: &str, body: &Value| {
        let path = format!("/api/v1/incidents/{{id}}/{verb}");
        let answer = post(house, who, &path.replace("{id}", &id), Some(version), body);
        hold("post", &path, Some(body), &answer);
        version += 1;
        assert_eq!(answer.header("etag"), format!("\"{version}\""), "{verb}");
    };
    for (who, verb, body) in steps {
        step(hold, who, verb, &body);
    }
    let people = json!({"people": [
        {"number": "13900000001", "consent": "app"}, {"number": "13900000009", "consent": "sms", "language": "en"},
    ]});
    let list = "/api/v1/incidents/{id}/recipients";
    let answer = post(house, &lead, &list.replace("{id}", &id), None, &people);
    hold("post", list, Some(&people), &answer);
    assert_eq!((&answer.json()["waiting"], &answer.json()["complained"]), (&json!(1), &json!(1)), "{answer:?}");
    hold("get", list, None, &house.get(token, &list.replace("{id}", &id)));
    let (export, body) = (format!("{list}/export"), json!({"purpose": "outcome"}));
    let answer = post(house, &lead, &export.replace("{id}", &id), None, &body);
    hold("post", &export, Some(&body), &answer);
    let csv = answer.json()["csv"].as_str().unwrap().to_owned();
    assert!(csv.contains("13900000009,en,It is mended") && !csv.contains("13900000001"), "{csv}");
    let (send, on) = (format!("{list}/send"), list.replace("{id}", &id));
    let more = json!({"people": [{"number": "13900000010", "consent": "app"}]});
    assert_eq!(post(house, &lead, &on, None, &more).json()["added"], 1);
    let body = json!({"purpose": "outcome", "way": "sms"});
    house.desk.set_ways(desk::ways::Ways { sms: true, ..desk::ways::Ways::none() });
    let answer = post(house, &lead, &send.replace("{id}", &id), None, &body);
    hold("post", &send, Some(&body), &answer);
    assert_eq!((&answer.json()["sending"], &answer.json()["exported"]), (&json!(1), &json!(1)), "{answer:?}");
    let gate = post(house, &lead, &format!("/api/v1/incidents/{id}/close-incident"), Some(10), &json!({"result": "x"}));
    assert_eq!((gate.status, &gate.json()["code"]), (409, &json!("incident_has_cases")), "{gate:?}");
    let tell = json!({"purpose": "outcome", "mode": "sms", "dry_run": true});
    let path = "/api/v1/incidents/{id}/tell";
    let tried = post(house, &lead, &path.replace("{id}", &id), None, &tell);
    hold("post", path, Some(&tell), &tried);
    assert_eq!(tried.json()["counts"]["ready"], 1, "{tried:?}");
    let told = post(house, &lead, &path.replace("{id}", &id), None, &json!({"purpose": "outcome", "mode": "sms"}));
    assert_eq!(told.json()["counts"]["done"], 1, "{told:?}");
    let seen = |id: &str| house.get(token, &format!("/api/v1/complaints/{id}")).json()["version"].as_i64().unwrap();
    for (verb, body) in [
        ("set-cause", json!({"cause": "NET.CABLE"})),
        ("ask-satisfaction", json!({"mode": "sms"})),
        ("record-satisfaction", json!({"satisfied": "satisfied", "solved": true})),
        ("close", json!({})),
    ] {
        let answer = house.act(token, &first, seen(&first), verb, &body);
        assert_eq!(answer.status, 200, "{verb}: {answer:?}");
    }
    step(hold, &lead, "close-incident", &json!({"result": "全部告知"}));
    let one = house.get(token, &format!("/api/v1/incidents/{id}"));
    hold("get", "/api/v1/incidents/{id}", None, &one);
    assert_eq!(one.json()["case_counts"], json!({"waiting": 0, "told": 0, "ended": 1, "left": 1}), "{one:?}");
    step(hold, &lead, "reopen-incident", &json!({"reason": "再次中断"}));
    hold("get", "/api/v1/incidents", None, &house.get(token, "/api/v1/incidents?open=true&region=31&limit=1"));
    let of_case = house.get(token, &format!("/api/v1/incidents?complaint={other}"));
    hold("get", "/api/v1/incidents", None, &of_case);
    assert_eq!(of_case.json()["items"][0]["standing"], "left", "{of_case:?}");
    desk::jobs::rollup::go_on(&house.desk, "node", 0, || false).unwrap();
    let kpis = house.get(token, &format!("/api/v1/kpis?period={}&region=31", month()));
    hold("get", "/api/v1/kpis", None, &kpis);
    let resolution =
        kpis.json()["items"].as_array().unwrap().iter().find(|one| one["kpi"] == "resolution").unwrap().clone();
    let cases = house.get(token, resolution["cases"].as_str().unwrap());
    hold("get", "/api/v1/kpis/{kpi}/cases", None, &cases);
    assert_eq!(json!(cases.json()["items"].as_array().unwrap().len()), resolution["counted"], "{resolution}");
}

/// Who sees one area learns nothing of another's incidents and facts, and changes none that reaches beyond it.
#[test]
fn another_area_sees_neither_incidents_nor_facts() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let admin = house.token(Role::Admin, "");
    let (shanghai, zhejiang) = (house.token(Role::Supervisor, "31"), house.token(Role::Supervisor, "33"));
    let fact =
        house.call(&admin, "POST", "/api/v1/network-facts", &[], &fact()).json()["id"].as_str().unwrap().to_owned();
    let open = |token: &str, region: &str, fact: Option<&str>| {
        let mut body = json!({"title": "断网", "started_at": ago(2)});
        if !region.is_empty() {
            body["region"] = json!(region);
        }
        if let Some(fact) = fact {
            body["fact"] = json!(fact);
        }
        house.call(token, "POST", "/api/v1/incidents", &[], &body)
    };
    let own = open(&shanghai, "310115", Some(&fact)).json();
    let id = own["id"].as_str().unwrap();
    let status = |token: &str, path: &str| house.get(token, path).status;
    assert_eq!(open(&zhejiang, "310115", None).status, 422);
    let foreign = open(&zhejiang, "33", Some(&fact));
    assert_eq!((foreign.status, &foreign.json()["errors"][0]["code"]), (422, &json!("unknown_fact")), "{foreign:?}");
    for path in [format!("/api/v1/incidents/{id}"), format!("/api/v1/network-facts/{fact}")] {
        assert_eq!((status(&shanghai, &path), status(&zhejiang, &path)), (200, 404), "{path}");
    }
    for path in ["/api/v1/incidents", "/api/v1/network-facts"] {
        assert_eq!(house.get(&zhejiang, path).json()["items"], json!([]), "{path}");
    }
    // A number another area's system gave cannot be taken over, whatever is said under it, nor asked about in a dry run.
    let mut theirs = self::fact();
    theirs["region"] = json!("330106");
    let taken = house.call(&zhejiang, "POST", "/api/v1/network-facts", &[], &theirs);
    assert_eq!((taken.status, &taken.json()["errors"][0]["code"]), (422, &json!("outside_area")), "{taken:?}");
    let csv = format!("source,number,fact,region,from\nnms,A-1,outage,330106,{}\n", ago(3));
    let asked = json!({"csv": csv, "dry_run": true});
    let asked = house.call(&zhejiang, "POST", "/api/v1/network-facts/import", &[], &asked);
    assert_eq!(asked.status, 422, "{asked:?}");
    // What reaches over their area is theirs to read, in lists as one by one.
    let mut wide = self::fact();
    (wide["number"], wide["region"]) = (json!("A-2"), json!("33"));
    let wide =
        house.call(&admin, "POST", "/api/v1/network-facts", &[], &wide).json()["id"].as_str().unwrap().to_owned();
    let hangzhou = house.token(Role::Supervisor, "330106");
    assert_eq!(status(&hangzhou, &format!("/api/v1/network-facts/{wide}")), 200);
    assert_eq!(house.get(&hangzhou, "/api/v1/network-facts").json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(status(&zhejiang, "/api/v1/kpis?region=31"), 422);
    let said = json!({"month": month(), "region": "31", "users": 5});
    assert_eq!(house.call(&zhejiang, "POST", "/api/v1/exposures", &[], &said).status, 422);
    // Of one that reaches beyond their area they see what is theirs, and change nothing.
    let national = open(&admin, "", None).json()["id"].as_str().unwrap().to_owned();
    assert_eq!(status(&zhejiang, &format!("/api/v1/incidents/{national}")), 200);
    let path = format!("/api/v1/incidents/{national}/amend-incident");
    let beyond = house.call(&zhejiang, "POST", &path, &[("if-match", "\"1\"")], &json!({"title": "x"}));
    assert_eq!((beyond.status, &beyond.json()["code"]), (403, &json!("incident_beyond_area")), "{beyond:?}");
    let personal = house.call(
        &admin,
        "POST",
        "/api/v1/incidents",
        &[],
        &json!({"title": "致电 13812345678", "started_at": ago(1)}),
    );
    assert_eq!(personal.status, 422, "{personal:?}");
    house.desk.db().close();
}

#[test]
fn pages_lead_from_a_fact_to_told_customers() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Admin, "");
    let (lead, second) = (house.session("lin.lead", Role::Supervisor), house.session("gu.lead", Role::Supervisor));
    let page = |path: &str, language: &str| {
        let answer = house.send("GET", path, &[("cookie", &lead), ("accept-language", language)], "");
        assert!(answer.status < 500, "{path}: {}", answer.body);
        assert!(!answer.body.contains("ui.") && !answer.body.contains("field."), "{path}: words are missing");
        answer
    };
    let press = |who: &str, path: &str, form: &str| {
        let headers =
            [("cookie", who), ("content-type", "application/x-www-form-urlencoded"), ("accept-language", "en")];
        house.send("POST", path, &headers, form.to_owned())
    };
    let done = |who: &str, path: &str, form: &str| {
        let answer = press(who, path, form);
        assert_eq!(answer.status, 303, "{path}: {}", answer.body);
        answer.header("location").to_owned()
    };
    let today = Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap());
    let local = |hours: i64| (&today - SignedDuration::from_hours(hours)).strftime("%Y-%m-%dT%H:%M").to_string();
    let form = format!("source=nms&number=A-1&fact=outage&region=310115&product=broadband&from={}", local(3));
    assert!(done(&lead, "/console/network-facts", &form).contains("done=1,0,0"));
    let csv = "csv=source%2Cnumber%2Cfact%2Cregion%2Cfrom%0Anms%2CA-2%2Coutage%2C31%2Cyesterday&step=preview";
    let wrong = press(&lead, "/console/network-facts", csv);
    assert!(wrong.status == 422 && wrong.body.contains("csv:2:5 from"), "{}", wrong.body);
    done(&lead, "/console/catalogue", "code=FTTH&line=broadband&zh=x&en=Fibre");
    let month = month();
    done(&lead, "/console/exposures", &format!("month={month}&region=31&users=100000"));
    let number = house.register(&token, &broken("13900000001"))["number"].as_str().unwrap().to_owned();
    desk::jobs::rollup::go_on(&house.desk, "node", 0, || false).unwrap();
    let place = done(
        &lead,
        "/console/incidents",
        &format!("title=Estate&region=310115&product=broadband&started_at={}", local(3)),
    );
    let bare = place.split('?').next().unwrap().to_owned();
    let id = bare.rsplit('/').next().unwrap().to_owned();
    for language in ["en", "zh-CN"] {
        assert!(page(&place, language).body.contains(&number), "near in place and time");
        assert!(page("/console/incidents", language).body.contains(&bare));
        for path in ["/console/network-facts?region=31&fact=outage&product=", "/console/catalogue", "/console/plans"] {
            assert_eq!(page(path, language).status, 200, "{path}");
        }
        let kpis = page(&format!("/console/kpis?period={month}&region=31"), language);
        assert!(kpis.status == 200 && kpis.body.contains("complaints_per_10k"), "{}", kpis.body);
        assert_eq!(page(&format!("/console/kpis/repeat/cases?period={month}&region=31"), language).status, 200);
    }
    let choose = press(&lead, "/console/bulk", &format!("operation=join-incident&incident={id}&case={number}%401"));
    assert!(choose.status == 200 && choose.body.contains("Estate"), "{}", choose.body);
    done(&lead, "/console/bulk", &format!("operation=join-incident&incident={id}&cases={number}%401&step=run"));
    let shown = page(&format!("/console/cases/{number}"), "en");
    assert!(shown.body.contains(&bare) && shown.body.contains("Network facts near"), "{}", shown.body);
    assert!(page(&format!("/console?view=open&incident={id}"), "en").body.contains(&number));
    done(&lead, &format!("{bare}/word-incident"), "version=1&purpose=outcome&zh=x&en=It+is+mended");
    let own = press(&lead, &format!("{bare}/approve-wording"), "version=2&wording=1");
    assert!(own.status == 409 && own.body.contains("wrote this wording yourself"), "{}", own.body);
    done(&second, &format!("{bare}/approve-wording"), "version=2&wording=1");
    let lasts = press(&lead, &format!("{bare}/tell"), "purpose=outcome&mode=sms&step=preview");
    assert!(lasts.status == 409 && lasts.body.contains("not over yet"), "{}", lasts.body);
    let early = press(&lead, &format!("{bare}/close-incident"), "version=3&result=x");
    assert!(early.status == 409 && early.body.contains("not over yet"), "{}", early.body);
    done(&lead, &format!("{bare}/restore-incident"), &format!("version=3&at={}", local(1)));
    done(&lead, &format!("{bare}/recipients"), "csv=number%2Cconsent%0A13900000007%2Capp%0A");
    let file = press(&lead, &format!("{bare}/recipients/export"), "purpose=outcome");
    assert!(file.status == 200 && file.body.contains("13900000007"), "{file:?}");
    assert!(file.header("content-disposition").contains("recipients-1.csv"), "{file:?}");
    assert!(!page(&bare, "en").body.contains("do-send-to-recipients"), "there is no way to send yet");
    let unset = press(&lead, &format!("{bare}/recipients/send"), "purpose=outcome&way=sms");
    assert!(unset.status == 409 && unset.body.contains("no such way"), "{}", unset.body);
    house.desk.set_ways(desk::ways::Ways { sms: true, ..desk::ways::Ways::none() });
    let tried = press(&lead, &format!("{bare}/tell"), "purpose=outcome&mode=sms&step=preview");
    assert!(tried.status == 200 && tried.body.contains(&number), "{}", tried.body);
    assert!(done(&lead, &format!("{bare}/tell"), "purpose=outcome&mode=sms&step=run").starts_with("/console/bulk/"));
    done(&lead, &format!("{bare}/recipients"), "csv=number%2Cconsent%0A13900000008%2Capp%0A");
    assert!(page(&bare, "zh-CN").body.contains("do-send-to-recipients"));
    done(&lead, &format!("{bare}/recipients/send"), "purpose=outcome&way=sms");
    assert!(page(&bare, "en").body.contains("on their way"));
    done(&lead, "/console/plans", &format!("text={}", server::query::encode(PLAN)));
    assert!(!page("/console/plans", "en").body.contains("/outage/1/approve"), "nobody approves their own");
    done(&second, "/console/plans/outage/1/approve", "");
    done(&lead, &format!("{bare}/start-plan"), "version=4&plan=outage");
    assert!(page(&bare, "en").body.contains("Confirm"));
    house.desk.db().close();
}
