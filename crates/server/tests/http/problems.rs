//! Problems through the doors: from a hot issue to a closed problem, what each answers, and what another area sees.

use crate::{Answer, House, house, intake};
use domain::actor::Role;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

type Hold<'h> = dyn FnMut(&str, &str, Option<&Value>, &Answer) + 'h;

fn today() -> String {
    let now = Timestamp::now().to_zoned_datetime(TimeZone::get("Asia/Shanghai").unwrap());
    now.strftime("%Y-%m-%d").to_string()
}

/// A person at the API: their cookie and a body.
fn post(house: &House, who: &str, path: &str, seen: Option<i64>, body: &Value) -> Answer {
    let tag = seen.map(|seen| format!("\"{seen}\"")).unwrap_or_default();
    let mut headers = vec![("cookie", who), ("content-type", "application/json"), ("accept-language", "en")];
    if seen.is_some() {
        headers.push(("if-match", &tag));
    }
    house.send("POST", path, &headers, body.to_string())
}

/// Every route of problems with an answer that has all its members, each handed to `hold`.
pub(crate) fn contract(house: &House, token: &str, hold: &mut Hold<'_>) {
    let lead = house.session("lin.lead", Role::Supervisor);
    let quality = house.session("gu.quality", Role::Quality);
    let case = house.register(token, &intake());
    let (id, number) = (case["id"].as_str().unwrap().to_owned(), case["number"].as_str().unwrap().to_owned());
    let list = format!("/api/v1/complaints/{id}/attachments");
    let file = house.upload(token, &list, &[], &[("file", Some("a.txt"), b"what shows it")]).json();
    desk::jobs::rollup::go_on(&house.desk, "node", 0, || false).unwrap();
    let month = crate::reports::this_month();
    let open = json!({
        "title": "点播包月误扣", "description": "未经二次确认即开通", "category": "B204", "hot_in": month,
    });
    let path = "/api/v1/problems";
    let made = post(house, &lead, path, None, &open);
    hold("post", path, Some(&open), &made);
    let problem = made.json()["id"].as_str().unwrap().to_owned();
    let hot = house.get(token, &format!("/api/v1/hot-issues?month={month}&subscribers=100000"));
    hold("get", "/api/v1/hot-issues", None, &hot);
    let issue = hot.json()["items"].as_array().unwrap().iter().find(|one| one["category"] == "B204").unwrap().clone();
    assert_eq!(issue["problems"][0]["id"], json!(problem), "{issue}");
    assert!(issue["per_10k"]["value"].is_string() && issue["wording"][0]["subject"].is_string(), "{issue}");
    let whys = json!(["未做二次确认", "接口默认放行", "验收未覆盖"]);
    let later = "2098-01-01";
    let steps = [
        (&lead, "amend-problem", json!({"title": "点播包月未确认即扣费"})),
        (&lead, "link-cases", json!({"cases": [number]})),
        (
            &lead,
            "analyse-problem",
            json!({
                "whys": whys, "cause": "MKT.CONS", "customer_wording": "没订过却扣费", "script": "先退后核",
                "internal_fix": "接口加二次确认",
            }),
        ),
        (&lead, "plan-action", json!({"what": "接口加二次确认", "due": later})),
        (&lead, "plan-action", json!({"what": "复核合作方", "due": later})),
        (
            &lead,
            "report-action",
            json!({"action": 1, "evidence": "变更单 7", "effective_on": today(), "attachment": file["id"]}),
        ),
        (&quality, "return-action", json!({"action": 1, "reason": "缺上线截图"})),
        (&lead, "report-action", json!({"action": 1, "evidence": "变更单 7", "effective_on": today()})),
        (&quality, "approve-action", json!({"action": 1, "remark": "已核对"})),
        (&lead, "cancel-action", json!({"action": 2, "reason": "并入措施一"})),
        (&lead, "unlink-case", json!({"case": number})),
        (&lead, "link-cases", json!({"cases": [number]})),
        (&lead, "close-problem", json!({"result": "时间尚短，转入例行观察"})),
        (&lead, "reopen-problem", json!({"reason": "再次出现"})),
    ];
    let mut version = 1;
    for (who, verb, body) in steps {
        let path = format!("/api/v1/problems/{{id}}/{verb}");
        let answer = post(house, who, &path.replace("{id}", &problem), Some(version), &body);
        hold("post", &path, Some(&body), &answer);
        version += 1;
        assert_eq!(answer.header("etag"), format!("\"{version}\""), "{verb}");
        if verb == "close-problem" {
            let effect = &answer.json()["ending"]["effect"];
            assert_eq!(effect["verdict"], "too_early", "{effect}");
        }
    }
    let own =
        post(house, &lead, &format!("/api/v1/problems/{problem}/approve-action"), Some(version), &json!({"action": 1}));
    assert_eq!((own.status, &own.json()["code"]), (409, &json!("action_not_reported")));
    let one = house.get(token, &format!("/api/v1/problems/{problem}"));
    hold("get", "/api/v1/problems/{id}", None, &one);
    assert_eq!((&one.json()["status"], &one.json()["case_count"]), (&json!("checking"), &json!(1)), "{one:?}");
    let effect = house.get(token, &format!("/api/v1/problems/{problem}/effect?exposure=others&action=1"));
    hold("get", "/api/v1/problems/{id}/effect", None, &effect);
    let listed = house.get(token, "/api/v1/problems?open=true&category=B2&limit=1");
    hold("get", "/api/v1/problems", None, &listed);
    let shows = house.get(token, &format!("/api/v1/problems?complaint={number}"));
    assert_eq!(shows.json()["items"][0]["id"], json!(problem));
    let other = json!({"title": "无需整改", "category": "A101"});
    let other = post(house, &lead, path, None, &other).json()["id"].as_str().unwrap().to_owned();
    let body = json!({"reason": "与既有问题重复"});
    let path = "/api/v1/problems/{id}/dismiss-problem";
    let answer = post(house, &lead, &path.replace("{id}", &other), Some(1), &body);
    hold("post", path, Some(&body), &answer);
}

#[test]
fn a_repeated_or_late_command_is_told_what_there_is() {
    store::testing::each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Quality, "");
        let open = json!({"title": "x", "category": "A101"});
        let key = [("idempotency-key", "p")];
        let first = house.call(&token, "POST", "/api/v1/problems", &key, &open);
        let id = first.json()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/problems/{id}/amend-problem");
        let headers = [("if-match", "\"1\""), ("idempotency-key", "k")];
        let amended = house.call(&token, "POST", &path, &headers, &json!({"title": "y"}));
        assert_eq!((amended.status, amended.header("idempotent-replayed")), (200, ""), "{amended:?}");
        let again = house.call(&token, "POST", &path, &headers, &json!({"title": "y"}));
        assert_eq!((again.status, again.header("idempotent-replayed")), (200, "true"));
        assert_eq!(again.body, amended.body);
        let repeated = house.call(&token, "POST", "/api/v1/problems", &key, &open);
        assert_eq!((repeated.status, repeated.body), (201, first.body), "as it was then");
        let late = house.call(&token, "POST", &path, &[("if-match", "\"1\"")], &json!({"title": "z"}));
        assert_eq!((late.status, &late.json()["changes"][0]["operation"]), (409, &json!("amend-problem")), "{late:?}");
        let blind = house.call(&token, "POST", &path, &[], &json!({"title": "z"}));
        assert_eq!(blind.status, 428);
        let personal = json!({"title": "致电 13812345678", "category": "Z1"});
        let refused = house.call(&token, "POST", "/api/v1/problems", &[], &personal);
        assert_eq!(refused.status, 422, "{refused:?}");
        house.desk.db().close();
    })
    .unwrap();
}

/// B2, B3, B6: who sees one area learns nothing of another's cases, counts or problems.
#[test]
fn another_area_sees_neither_problems_nor_cases_nor_counts() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let admin = house.token(Role::Admin, "");
    let (shanghai, zhejiang) = (house.token(Role::Supervisor, "31"), house.token(Role::Supervisor, "33"));
    let mut theirs = intake();
    theirs["region"] = json!("330106");
    let here = house.register(&admin, &intake())["number"].as_str().unwrap().to_owned();
    let there = house.register(&admin, &theirs)["number"].as_str().unwrap().to_owned();
    desk::jobs::rollup::go_on(&house.desk, "node", 0, || false).unwrap();
    let open = |token: &str, region: Option<&str>| {
        let mut body = json!({"title": "热点", "category": "B204"});
        if let Some(region) = region {
            body["region"] = json!(region);
        }
        house.call(token, "POST", "/api/v1/problems", &[], &body)
    };
    assert_eq!(open(&shanghai, Some("33")).status, 422, "nobody names a problem of an area they do not see");
    let own = open(&shanghai, None).json();
    assert_eq!(own["area"], "31");
    let id = own["id"].as_str().unwrap();
    let national = open(&admin, None).json()["id"].as_str().unwrap().to_owned();
    let status = |token: &str, path: &str| house.get(token, path).status;
    assert_eq!(status(&shanghai, &format!("/api/v1/problems/{national}")), 404, "it would count elsewhere's cases");
    for path in ["", "/effect"] {
        assert_eq!(status(&zhejiang, &format!("/api/v1/problems/{id}{path}")), 404);
    }
    assert_eq!(house.get(&zhejiang, "/api/v1/problems").json()["items"], json!([]));
    assert_eq!(status(&zhejiang, "/api/v1/problems?region=31"), 422);
    // A case elsewhere is no case for whoever links it, and lies outside the problem for who sees both.
    let link = |token: &str, problem: &str, version: i64, case: &str| {
        let seen = format!("\"{version}\"");
        let path = format!("/api/v1/problems/{problem}/link-cases");
        house.call(token, "POST", &path, &[("if-match", seen.as_str())], &json!({"cases": [case]}))
    };
    let unknown = link(&shanghai, id, 1, &there);
    assert_eq!((unknown.status, &unknown.json()["errors"][0]["code"]), (422, &json!("unknown_case")), "{unknown:?}");
    let nowhere = link(&shanghai, id, 1, "TS-20200101-000001-1");
    assert_eq!(nowhere.body, unknown.body, "hidden and missing look alike");
    let outside = link(&admin, id, 1, &there);
    assert_eq!(outside.json()["errors"][0]["code"], "case_outside_problem", "{outside:?}");
    assert_eq!(link(&admin, id, 1, &here).status, 200);
    assert_eq!(link(&admin, &national, 1, &there).status, 200);
    // Whoever sees the case sees of its problems only those of their area.
    let shows = |token: &str, case: &str| house.get(token, &format!("/api/v1/problems?complaint={case}"));
    assert_eq!(shows(&shanghai, &here).json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(shows(&zhejiang, &there).json()["items"], json!([]), "the national problem is not theirs");
    assert_eq!(shows(&zhejiang, &here).status, 404);
    let month = crate::reports::this_month();
    let hot = |token: &str, more: &str| house.get(token, &format!("/api/v1/hot-issues?month={month}{more}"));
    assert_eq!(hot(&admin, "").json()["items"][0]["count"], 2);
    let theirs = hot(&zhejiang, "").json();
    assert_eq!((&theirs["items"][0]["count"], &theirs["total"]), (&json!(1), &json!(1)));
    assert_eq!((&theirs["items"][0]["problems"], &theirs["area"]), (&json!([]), &json!("33")));
    assert!(!theirs.to_string().contains(&here), "{theirs}");
    assert_eq!(hot(&zhejiang, "&region=31").status, 422);
    house.desk.db().close();
}

#[test]
fn pages_lead_from_a_hot_issue_to_a_problem() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Admin, "");
    let number = house.register(&token, &intake())["number"].as_str().unwrap().to_owned();
    desk::jobs::rollup::go_on(&house.desk, "node", 0, || false).unwrap();
    let cookie = house.session("lin.lead", Role::Supervisor);
    let month = crate::reports::this_month();
    let page = |path: &str, language: &str| {
        let answer = house.send("GET", path, &[("cookie", &cookie), ("accept-language", language)], "");
        assert!(!answer.body.contains("ui.") && !answer.body.contains("field."), "words are missing: {}", answer.body);
        answer
    };
    let press = |path: &str, form: String| {
        let headers = [
            ("cookie", cookie.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept-language", "en"),
        ];
        house.send("POST", path, &headers, form)
    };
    for (language, make) in [("en", "Make a problem"), ("zh-CN", "立题")] {
        let hot = page(&format!("/console/hot-issues?month={month}&subscribers=1000"), language);
        assert!(hot.body.contains(make) && hot.body.contains(&number), "{}", hot.body);
    }
    assert_eq!(page("/console/hot-issues?month=2026", "en").status, 422);
    let made = press("/console/problems", format!("title=On-demand&category=B204&region=&hot_in={month}"));
    assert_eq!(made.status, 303, "{made:?}");
    let place = made.header("location").to_owned();
    let bare = place.split('?').next().unwrap().to_owned();
    for language in ["en", "zh-CN"] {
        assert_eq!(page(&place, language).status, 200);
        assert!(page("/console/problems", language).body.contains(&bare));
    }
    assert!(!page(&format!("/console/hot-issues?month={month}"), "en").body.contains("Make a problem"));
    let linked = press(&format!("{bare}/link-cases"), format!("version=1&cases={number}%0D%0A"));
    assert_eq!(linked.status, 303, "{linked:?}");
    assert!(page(&format!("/console/cases/{number}"), "en").body.contains(&bare), "the case shows its problem");
    let whys = press(&format!("{bare}/analyse-problem"), "version=2&whys=one%0D%0Atwo".to_owned());
    assert_eq!(whys.status, 303, "{whys:?}");
    let wrong = press(&format!("{bare}/plan-action"), "version=3&what=call+13812345678&due=2098-01-01".to_owned());
    assert!(wrong.status == 422 && wrong.body.contains("call 13812345678"), "what was typed is kept: {wrong:?}");
    let stale = press(&format!("{bare}/plan-action"), "version=2&what=x&due=2098-01-01".to_owned());
    assert_eq!(stale.status, 409);
    assert_eq!(press(&format!("{bare}/plan-action"), "version=3&what=x&due=2098-01-01".to_owned()).status, 303);
    let form = format!("version=4&action=1&evidence=x&effective_on={}", today());
    assert_eq!(press(&format!("{bare}/report-action"), form).status, 303);
    let own = press(&format!("{bare}/approve-action"), "version=5&action=1".to_owned());
    assert!(own.status == 409 && own.body.contains("did or reported"), "{own:?}");
    let other = house.session("gu.quality", Role::Quality);
    let headers = [("cookie", other.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(house.send("POST", &format!("{bare}/approve-action"), &headers, "version=5&action=1").status, 303);
    let checked = page(&format!("{bare}?exposure=others"), "en");
    assert!(checked.body.contains("Too early to say"), "{}", checked.body);
    let lacking = page(&format!("{bare}?users=2026-01%3A5"), "en");
    assert!(lacking.status == 200 && !lacking.body.contains("panicked"), "{}", lacking.body);
    house.desk.db().close();
}
