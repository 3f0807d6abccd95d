//! Reports over lives counted by hand, on both databases: every figure, across a year's end, in the installation's zone,
//! and that nothing is ever counted twice or lost.

use crate::lives::{Desk, each};
use crate::scenarios::house_under;
use crate::{House, at, key_file, open, refusal, steps};
use desk::jobs::rollup;
use desk::reports::{Ask, CasesAsk, FilledRow, Report};
use desk::{Caller, CaseRef};
use domain::actor::Role;
use domain::case::Case;
use jiff::{SignedDuration, Timestamp};
use policy::Column;
use serde_json::{Value, json};
use std::cell::Cell;
use store::testing::{each_database, raw};

fn count(desk: &Desk<'_>) -> u64 {
    rollup::go_on(&desk.house.desk, "node", 0, || false).unwrap()
}

/// A complaint received at a moment, with what is different about it.
fn received(desk: &Desk<'_>, moment: &str, change: impl Fn(&mut Value)) -> Case {
    desk.house.desk.time().set(at(moment));
    desk.open_with(|body| {
        body.as_object_mut().unwrap().remove("external");
        change(body);
    })
}

/// The same, answered so many minutes after, and closed.
fn answered(desk: &Desk<'_>, moment: &str, minutes: i64, change: impl Fn(&mut Value)) -> Case {
    let case = received(desk, moment, change);
    desk.house.desk.time().advance(SignedDuration::from_mins(minutes));
    finish(desk, &case)
}

fn handed(desk: &Desk<'_>, case: &Case, owner: &str, number: &str, request: &str) -> Case {
    let body = json!({
        "owner": owner, "number": number, "request": request,
        "handed_at": desk.house.desk.time().now().to_string(), "own_number": case.number, "text": "请依法处理",
    });
    desk.house.wait(desk.house.desk.hand_off(&desk.lead, body)).unwrap();
    desk.now(case)
}

/// What a month of each of three is made of. January 2025: 4 complaints. December 2025: 5. January 2026: 16, of which ten
/// are closed; besides an enquiry and one that was void. February 2026: 3, all closed.
fn lives(desk: &Desk<'_>) {
    let zhejiang = |body: &mut Value| body["region"] = json!("330106");
    let plain = |_: &mut Value| {};
    for day in ["2025-01-06", "2025-01-07", "2025-01-08", "2025-01-31"] {
        received(desk, &format!("{day}T10:00:00+08:00"), plain);
    }
    for day in ["2025-12-01", "2025-12-02", "2025-12-03", "2025-12-04"] {
        received(desk, &format!("{day}T10:00:00+08:00"), zhejiang);
    }
    // The last second of December and the first of January, by the installation's clock.
    received(desk, "2025-12-31T15:59:59Z", plain);
    received(desk, "2025-12-31T16:00:00Z", plain);
    // Eight within the limits of a day, on working mornings; two long after the fifteen days of the law.
    let days = [5, 6, 7, 8, 9, 12, 13, 14];
    for (day, minutes) in days.into_iter().zip([60, 120, 180, 240, 300, 360, 420, 480]) {
        answered(desk, &format!("2026-01-{day:02}T09:00:00+08:00"), minutes, |body| {
            if day > 9 {
                body["category"] = json!("A101");
                body["accept_channel"] = json!("app");
                zhejiang(body);
            }
        });
    }
    for (moment, minutes) in [("2026-01-05T09:30:00+08:00", 28_800), ("2026-01-06T09:30:00+08:00", 30_240)] {
        answered(desk, moment, minutes, |body| {
            body["category"] = json!("A101");
            body["subscription"]["product"] = json!("broadband");
        });
    }
    // Five of bodies outside or without any end.
    let refused = received(desk, "2026-01-15T10:00:00+08:00", plain);
    let refused = handed(desk, &refused, "miit", "申1", "pretreatment");
    desk.act(&refused, "record-admission", json!({"admission": "refused", "reference": "不1号"}));
    let twice = received(desk, "2026-01-15T11:00:00+08:00", plain);
    let twice = handed(desk, &twice, "miit", "申2", "transfer");
    handed(desk, &twice, "provincial_authority", "申3", "pretreatment");
    let hotline = received(desk, "2026-01-15T12:00:00+08:00", plain);
    handed(desk, &hotline, "12345", "热1", "transfer");
    received(desk, "2026-01-16T10:00:00+08:00", |body| {
        body.as_object_mut().unwrap().remove("category");
    });
    received(desk, "2026-01-31T23:59:59+08:00", plain);
    received(desk, "2026-01-20T10:00:00+08:00", |body| body["kind"] = json!("enquiry"));
    let void = received(desk, "2026-01-20T11:00:00+08:00", plain);
    let void = desk.act(&void, "request-void", json!({"reason": "误登"}));
    desk.try_act(&desk.lead, &void, "confirm-void", json!({"decision": "confirm"})).unwrap();
    // One at once, one after being pressed, one once more after its end.
    answered(desk, "2026-02-02T09:00:00+08:00", 60, plain);
    let pressed = received(desk, "2026-02-03T09:00:00+08:00", plain);
    let pressed = desk.act(&pressed, "supplement", json!({"text": "还没有人联系", "urging": true}));
    finish(desk, &pressed);
    let again = answered(desk, "2026-02-04T09:00:00+08:00", 60, plain);
    desk.house.desk.time().advance(SignedDuration::from_hours(24));
    let again = desk.act(&again, "reopen", json!({"reason": "未到账"}));
    finish(desk, &again);
    desk.house.desk.time().set(at("2026-03-02T09:00:00+08:00"));
}

/// Works a case to its close.
fn finish(desk: &Desk<'_>, case: &Case) -> Case {
    let mut case = case.clone();
    // The cause found once stays.
    let cause = case.cause.is_some();
    for (verb, body) in steps().into_iter().filter(|(verb, _)| !(cause && *verb == "set-cause")) {
        let who = if verb == "approve" { &desk.lead } else { &desk.who };
        if verb == "close" {
            case = settled(desk, case);
        }
        case = desk.try_act(who, &case, verb, body).unwrap_or_else(|error| panic!("{verb}: {error:?}")).case;
    }
    case
}

/// What the law wants once a repair is late: that the customer is told, and pays no rent for that time.
fn settled(desk: &Desk<'_>, mut case: Case) -> Case {
    let rules = desk.house.desk.library().rules_of(&case).unwrap();
    let owed: Vec<String> =
        case.letters.iter().filter(|one| one.issued.is_none()).map(|one| one.rule.clone()).collect();
    for letter in owed {
        let rule = rules.letter(&letter).unwrap();
        let known = rule.blanks("zh-CN").into_iter().map(|blank| (blank, "见案件记录".to_owned())).collect();
        let content = rule.compose("zh-CN", &known).unwrap();
        let body = json!({"letter": letter, "language": "zh-CN", "medium": "sms", "content": content});
        case = desk.act(&case, "issue-letter", body);
    }
    for rule in case.compensation_due.clone() {
        let (from, until) = (case.received_at.to_string(), desk.house.desk.time().now().to_string());
        let fee = json!({"value": "30.00", "currency": "CNY"});
        case = desk.act(
            &case,
            "propose-compensation",
            json!({"rule": rule, "from": from, "until": until, "monthly_fee": fee}),
        );
    }
    case
}

fn report_for(desk: &Desk<'_>, who: &Caller, id: &str, ask: &Ask) -> Report {
    let report = desk.house.wait(desk.house.desk.report(who, id, ask)).unwrap();
    assert_eq!((report.progress.behind, report.progress.going_through), (0, false));
    report
}

fn report(desk: &Desk<'_>, id: &str, period: &str) -> Report {
    let ask = Ask { period: Some(period.to_owned()), ..Ask::default() };
    report_for(desk, &desk.house.system(), id, &ask)
}

/// A row's figures as text, what is missing in brackets.
fn row<'r>(report: &'r Report, table: &str, key: &str) -> Option<&'r FilledRow> {
    let table = report.tables.iter().find(|one| one.definition.id == table).unwrap();
    table.rows.iter().find(|row| row.key == key)
}

fn figures(report: &Report, table: &str, key: &str) -> Vec<String> {
    let Some(row) = row(report, table, key) else { return Vec::new() };
    let text = |cell: &desk::reports::Cell| match cell.amount {
        desk::reports::Amount::Missing(what) => format!("[{what}]"),
        amount => amount.decimal().unwrap(),
    };
    row.cells.iter().map(text).collect()
}

fn keys(report: &Report, table: &str) -> Vec<String> {
    let table = report.tables.iter().find(|one| one.definition.id == table).unwrap();
    table.rows.iter().map(|row| row.key.clone()).collect()
}

#[test]
fn a_report_of_a_month_is_what_was_counted_by_hand() {
    each(|desk| {
        lives(desk);
        count(desk);
        let month = report(desk, "cn-monthly", "2026-01");
        assert_eq!(month.days, ("2026-01-01".parse().unwrap(), "2026-01-31".parse().unwrap()));
        // 16 against 5 of December and 4 of the January before.
        assert_eq!(figures(&month, "volume", "*"), ["16", "5", "220.0", "4", "300.0"]);
        // Charging: eleven B204 less none; network: five A101; one has no category.
        assert_eq!(figures(&month, "class", "network_quality"), ["5", "31.3", "0", "[base]", "0", "[base]"]);
        assert_eq!(figures(&month, "class", ""), ["1", "6.3", "0", "[base]", "0", "[base]"]);
        assert_eq!(figures(&month, "area", "B"), ["10", "62.5", "5", "100.0", "4", "150.0"]);
        assert_eq!(figures(&month, "region", "33"), ["3", "18.8", "4", "-25.0", "0", "[base]"]);
        assert_eq!(figures(&month, "region", "31"), ["13", "81.3", "1", "1200.0", "4", "225.0"]);
        assert_eq!(keys(&month, "top"), ["B204", "A101", "", "*"]);
        let hot = row(&month, "top", "B204").unwrap();
        assert_eq!(hot.fix, Some(("MKT.CONS".to_owned(), 5)));
        assert_eq!(hot.wording.len(), 3);
        assert_eq!(hot.wording[0].subject.as_deref(), Some("连扣四个月视频会员费"));
        // Three matters of the two bodies; the hotline's is none of theirs.
        assert_eq!(figures(&month, "appeals", "miit"), ["2", "1", "0", "0"]);
        assert_eq!(figures(&month, "appeals", "*"), ["3", "1", "0", "0"]);
        assert_eq!(keys(&month, "appeals"), ["miit", "provincial_authority", "*"]);
        let appeals = report(desk, "cn-appeals", "2026-01");
        assert_eq!(figures(&appeals, "bodies", "*")[..4], ["3", "1", "1", "1"]);
        assert_eq!(figures(&appeals, "bodies", "provincial_authority")[..4], ["1", "0", "0", "1"]);
        let december = report(desk, "cn-monthly", "2025-12");
        assert_eq!(figures(&december, "volume", "*"), ["5", "0", "[base]", "0", "[base]"]);
    });
}

#[test]
fn quality_is_what_was_counted_by_hand() {
    each(|desk| {
        lives(desk);
        count(desk);
        let ask = Ask { period: Some("2026-Q1".to_owned()), subscribers: Some(190_000), services: Some(95_000) };
        let system = desk.house.system();
        let quarter = report_for(desk, &system, "etsi-quality", &ask);
        let all = figures(&quarter, "all", "*");
        // 19 received, 13 closed.
        assert_eq!(all[..4], ["19", "10.00", "2.00", "13"]);
        let january = report(desk, "cn-quality", "2026-H1");
        // Five B204 within the day and three of February, seven A101 of which two were late.
        assert_eq!(figures(&january, "volume", "*")[..2], ["19", "13"]);
        let network = figures(&january, "handling", "A");
        // 360, 420, 480, 28800 and 30240 minutes are 8.375 days in the mean.
        assert_eq!(network[..2], ["5", "8.38"]);
        let p80: f64 = network[2].parse().unwrap();
        let p95: f64 = network[3].parse().unwrap();
        assert!((20.0..=21.0).contains(&p80) && (21.0..=22.05).contains(&p95), "{network:?}");
        assert_eq!(network[4..], ["60.0", "100.0", "0.0"]);
        let charging = figures(&january, "handling", "B");
        assert_eq!(charging[0], "8");
        // One was pressed, one taken up again.
        assert_eq!(charging[5..], ["75.0", "12.5"]);
        assert_eq!(figures(&january, "cause", "MKT.CONS")[0], "13");
        // Of a part nobody knows the customers; without a number nothing is told.
        let rate = report_for(desk, &system, "per-100k", &ask);
        assert_eq!(figures(&rate, "rate", "*")[..3], ["19", "10.00", "5"]);
        assert_eq!(figures(&rate, "product", "broadband")[..2], ["2", "[part]"]);
        let unknown = report(desk, "per-100k", "2026-Q1");
        assert_eq!(figures(&unknown, "rate", "*")[1], "[subscribers]");
        let rkr = report_for(desk, &system, "au-rkr", &ask);
        assert_eq!(figures(&rkr, "services", "*")[..4], ["95000", "19", "2.00", "13"]);
        assert_eq!(figures(&rkr, "services", "*")[6], "0", "none of them came from the ombudsman of Australia");
        assert_eq!(figures(&rkr, "product", "broadband")[..3], ["2", "[part]", "2"]);
    });
}

fn cases(desk: &Desk<'_>, who: &Caller, id: &str, (table, row, column): (&str, &str, &str)) -> Vec<String> {
    let mut ask = CasesAsk {
        period: Some("2026-01".to_owned()),
        table: table.to_owned(),
        row: row.to_owned(),
        column: column.to_owned(),
        limit: 2,
        after: None,
    };
    let mut found = Vec::new();
    loop {
        let page = desk.house.wait(desk.house.desk.report_cases(who, id, &ask)).unwrap();
        found.extend(page.items.into_iter().map(|case| case.number));
        match page.next {
            Some(next) => ask.after = Some(next),
            None => return found,
        }
    }
}

/// Every count leads to so many cases, page by page.
#[test]
fn a_figure_opens_its_cases() {
    each(|desk| {
        lives(desk);
        count(desk);
        let system = desk.house.system();
        for id in ["cn-monthly", "cn-appeals"] {
            let month = report(desk, id, "2026-01");
            for table in &month.tables {
                for row in &table.rows {
                    for cell in &row.cells {
                        let desk::reports::Amount::Whole(count) = cell.amount else { continue };
                        let place = (table.definition.id.as_str(), row.key.as_str(), cell.column.code());
                        let mut found = cases(desk, &system, id, place);
                        // A case with two matters stands behind both.
                        let both = cell.column == Column::Referrals && ["*", "31"].contains(&row.key.as_str());
                        let twice = i64::from(both);
                        assert_eq!(found.len() as i64 + twice, count, "{place:?}");
                        found.sort();
                        found.dedup();
                        assert_eq!(found.len() as i64 + twice, count, "{place:?}: a case stands there twice");
                    }
                }
            }
        }
        let ask = |table: &str, column: &str| CasesAsk {
            table: table.to_owned(),
            row: "*".to_owned(),
            column: column.to_owned(),
            ..CasesAsk::default()
        };
        let refused = |ask: &CasesAsk, id: &str| {
            let error = desk.house.wait(desk.house.desk.report_cases(&system, id, ask)).unwrap_err();
            let refusal = refusal(error);
            refusal.faults.first().map_or(refusal.code, |fault| fault.code).to_owned()
        };
        assert_eq!(refused(&ask("nowhere", "count"), "cn-monthly"), "unknown_table");
        assert_eq!(refused(&ask("volume", "share"), "cn-monthly"), "unknown_column");
        assert_eq!(refused(&ask("services", "services"), "au-rkr"), "no_cases_behind");
        assert_eq!(refused(&ask("volume", "count"), "nothing"), "not_found");
        let month = Ask { period: Some("2026-Q1".to_owned()), ..Ask::default() };
        let error = desk.house.wait(desk.house.desk.report(&system, "cn-monthly", &month)).unwrap_err();
        assert_eq!(refusal(error).faults[0].code, "bad_period");
    });
}

#[test]
fn a_period_lies_neither_ahead_nor_silently_before_the_first_case() {
    each(|desk| {
        received(desk, "2025-12-04T10:00:00+08:00", |body| body["region"] = json!("330100"));
        received(desk, "2026-02-03T10:00:00+08:00", |body| body["region"] = json!("310115"));
        let away = desk.house.user("shanghai", Role::Supervisor, "310115");
        let nowhere = desk.house.user("lhasa", Role::Supervisor, "54");
        count(desk);
        let system = desk.house.system();
        let asked = |period: &str| Ask { period: Some(period.to_owned()), ..Ask::default() };
        for ahead in ["2026-03", "2099-01"] {
            let error = desk.house.wait(desk.house.desk.report(&system, "cn-monthly", &asked(ahead))).unwrap_err();
            assert_eq!(refusal(error).faults[0].code, "period_not_begun", "{ahead}");
        }
        let first = |who: &Caller, period: &str| report_for(desk, who, "cn-monthly", &asked(period)).first;
        for period in ["1900-01", "2025-11", "2025-12", "2026-02"] {
            assert_eq!(first(&system, period).unwrap().to_string(), "2025-12", "{period}");
        }
        assert_eq!(first(&away, "2025-12").unwrap().to_string(), "2026-02", "of one's own area only");
        assert_eq!(first(&nowhere, "2025-12"), None);
    });
}

#[test]
fn nobody_counts_beyond_their_area() {
    each(|desk| {
        lives(desk);
        count(desk);
        let ask = Ask { period: Some("2026-01".to_owned()), ..Ask::default() };
        // A province has sums of its own; what is smaller is counted from its cases. Both say the same here.
        for region in ["33", "3301", "330106"] {
            let lead = desk.house.user(&format!("lead{region}"), Role::Supervisor, region);
            // Making somebody a user stands in the log too.
            assert_eq!(count(desk), 0);
            let month = report_for(desk, &lead, "cn-monthly", &ask);
            assert_eq!(figures(&month, "volume", "*"), ["3", "4", "-25.0", "0", "[base]"], "{region}");
            assert_eq!(keys(&month, "region"), ["33", "*"]);
            assert_eq!(row(&month, "top", "A101").unwrap().fix, Some(("MKT.CONS".to_owned(), 3)));
            assert_eq!(cases(desk, &lead, "cn-monthly", ("volume", "*", "count")).len(), 3);
            assert!(cases(desk, &lead, "cn-monthly", ("region", "31", "count")).is_empty(), "beyond the area");
            let rate = Ask { period: Some("2026-Q1".to_owned()), ..Ask::default() };
            let rate = report_for(desk, &lead, "per-100k", &rate);
            assert_eq!(figures(&rate, "rate", "*")[1], "[subscribers]");
        }
        let elsewhere = desk.house.user("elsewhere", Role::Auditor, "51");
        count(desk);
        let month = report_for(desk, &elsewhere, "cn-monthly", &ask);
        assert_eq!(figures(&month, "volume", "*"), ["0", "0", "[base]", "0", "[base]"]);
        let agent = desk.house.user("agent", Role::Agent, "");
        let error = desk.house.wait(desk.house.desk.report(&agent, "cn-monthly", &ask)).unwrap_err();
        assert_eq!(refusal(error).code, "not_permitted");
    });
}

/// Everything that is counted, row by row.
fn counted(house: &House) -> Vec<String> {
    house
        .desk
        .db()
        .read_now(|tx| {
            let mut rows = Vec::new();
            for (sql, columns) in [
                ("SELECT dim, area, month, value, sort, received, closed, minutes, judged, in_time, at_once, reopened, \
                  effective, removed, undecided, times FROM report_months ORDER BY dim, area, month, value, sort", 16),
                ("SELECT '', '', received, category, kind, received, closed, minutes, judged, in_time, at_once, \
                  reopened, 0, 0, 0, region FROM report_cases ORDER BY id", 16),
                ("SELECT body, outcome, month, '', '', matter, matter, 0, 0, 0, 0, 0, 0, 0, 0, '' FROM report_matters \
                  ORDER BY case_id, matter", 16),
            ] {
                rows.extend(tx.query(sql, &[], |row| {
                    let texts = [0, 1, 3, 4, columns - 1];
                    let cells = (0..columns).map(|place| match texts.contains(&place) {
                        true => row.text(place),
                        // Literals are narrower than columns on PostgreSQL.
                        false => row.int(place).or(Ok(0)).map(|number| number.to_string()),
                    });
                    Ok(cells.collect::<Result<Vec<_>, store::StoreError>>()?.join("|"))
                })?);
            }
            Ok::<_, store::StoreError>(rows)
        })
        .unwrap()
}

/// A restart in the middle, entries read twice, and everything counted anew lead to the same rows.
#[test]
fn nothing_is_counted_twice_or_lost() {
    each_database(|scratch| {
        let house = crate::house(scratch);
        let desk = crate::lives::desk_of(&house);
        count(&desk);
        assert!(counted(&house).is_empty());
        let mut long = received(&desk, "2025-01-02T10:00:00+08:00", |_| {});
        for _ in 0..120 {
            long = desk.act(&long, "note", json!({"text": "再核"}));
        }
        lives(&desk);
        // One page of the log, then the house goes down and comes up again.
        let pages = Cell::new(0);
        rollup::go_on(&house.desk, "first", 0, || pages.replace(pages.get() + 1) == 1).unwrap();
        let half = counted(&house);
        assert!(rollup::look(&house.desk).unwrap().behind > 0);
        assert!(!half.is_empty());
        let now = house.desk.time().clone();
        house.close_down();
        let house = House { desk: open(scratch, now, &key_file(scratch)).unwrap(), runtime: tokio() };
        // Of a node that went down without a word the lease ends by itself; nobody counts meanwhile.
        let (at, until) = (house.desk.time().now(), house.desk.time().now() + SignedDuration::from_secs(30));
        let (at, until) = (at.as_microsecond(), until.as_microsecond());
        let look = store::schedules::Look { now: at, furthest: at, furthest_lease: until };
        house.desk.db().write_now(move |tx| store::schedules::hold(tx, "rollup", look, until, "gone")).unwrap();
        assert_eq!(rollup::go_on(&house.desk, "second", 0, || false).unwrap(), 0);
        house.desk.time().advance(SignedDuration::from_secs(31));
        assert!(rollup::go_on(&house.desk, "second", 0, || false).unwrap() > 0);
        let whole = counted(&house);
        assert_eq!(rollup::go_on(&house.desk, "second", 0, || false).unwrap(), 0, "nothing is left");
        let state = |sql: &'static str| house.desk.db().write_now(move |tx| raw(tx, sql)).unwrap();
        // Every entry once more.
        let text = house.desk.db().read_now(store::reports::state).unwrap().unwrap();
        let mut read: Value = serde_json::from_str(&text).unwrap();
        read["seen"] = json!({});
        let again = read.to_string();
        house.desk.db().write_now(move |tx| store::reports::advance(tx, Some(&text), &again)).unwrap();
        assert!(rollup::go_on(&house.desk, "second", 0, || false).unwrap() > 20);
        assert_eq!(counted(&house), whole);
        // All cases anew: asked for, or because another programme or zone counted.
        rollup::begin_anew(&house.desk).unwrap();
        assert!(counted(&house).is_empty());
        rollup::go_on(&house.desk, "second", 0, || false).unwrap();
        assert_eq!(counted(&house), whole);
        state("UPDATE report_state SET value = '{\"form\":0,\"zone\":\"UTC\",\"seen\":{}}'");
        rollup::go_on(&house.desk, "second", 0, || false).unwrap();
        assert_eq!(counted(&house), whole);
        // Whoever read the state before another node moved it on writes nothing.
        let late = house.desk.db().write_now(|tx| store::reports::advance(tx, Some("{}"), "{}")).unwrap();
        assert!(!late);
        house.close_down();
    })
    .unwrap();
}

fn tokio() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

#[test]
fn an_erasure_leaves_statistics_as_they_are() {
    each(|desk| {
        lives(desk);
        count(desk);
        let before = counted(desk.house);
        let system = desk.house.system();
        let desk_of = &desk.house.desk;
        // All lives are of one person, and some are open: one more of somebody else is erased.
        let other = answered(desk, "2026-03-02T10:00:00+08:00", 60, |body| {
            body["complainant"] = json!({"name": "李四", "phone": "13911112222"});
            body["subscription"]["number"] = json!("13911112222");
        });
        count(desk);
        let with_one_more = counted(desk.house);
        assert_ne!(before, with_one_more);
        desk.house.wait(desk_of.erase(&system, &CaseRef::Id(other.id), "本人请求")).unwrap();
        count(desk);
        assert_eq!(counted(desk.house), with_one_more);
        rollup::begin_anew(desk_of).unwrap();
        count(desk);
        assert_eq!(counted(desk.house), with_one_more, "erased and counted anew");
        let march = Ask { period: Some("2026-03".to_owned()), ..Ask::default() };
        let month = report_for(desk, &system, "cn-monthly", &march);
        let hot = row(&month, "top", "B204").unwrap();
        assert_eq!((hot.wording.len(), hot.wording[0].subject.as_deref()), (1, None), "the words are gone");
    });
}

#[test]
fn what_changes_later_changes_what_was_counted() {
    each(|desk| {
        let case = received(desk, "2026-01-15T10:00:00+08:00", |_| {});
        count(desk);
        let area = |key: &str| figures(&report(desk, "cn-monthly", "2026-01"), "area", key);
        assert_eq!(area("B")[0], "1");
        desk.act(&case, "classify", json!({"category": "A101", "reason": "改类"}));
        count(desk);
        assert_eq!(area("A")[0], "1");
        assert!(area("B").is_empty(), "it is no longer one of those");
    });
}

#[test]
fn filings_fall_due_by_the_rules_in_force() {
    each(|desk| {
        let system = desk.house.system();
        let due = |now: &str| {
            desk.house.desk.time().set(at(now));
            let filings = desk.house.desk.filings(&system).unwrap();
            let of = |rule: &str| filings.iter().find(|filing| filing.rule == rule).unwrap().clone();
            let (period, due): (_, Timestamp) = of("monthly_complaints").next.unwrap();
            assert!(of("breach_report").next.is_none(), "whenever it happens");
            assert_eq!(of("monthly_complaints").report.as_deref(), Some("cn-monthly"));
            let half = of("half_year_quality").next.unwrap();
            (period.to_string(), due, half.0.to_string(), half.1)
        };
        let noon = |day: &str| at(&format!("{day}T23:59:59+08:00"));
        let (period, monthly, half, by_mid_month) = due("2026-01-15T23:59:59+08:00");
        assert_eq!((period.as_str(), monthly), ("2025-12", noon("2026-01-15")));
        assert_eq!((half.as_str(), by_mid_month), ("2025-H2", noon("2026-01-15")));
        let (period, monthly, half, by_mid_month) = due("2026-01-16T00:00:00+08:00");
        assert_eq!((period.as_str(), monthly), ("2026-01", noon("2026-02-15")));
        assert_eq!((half.as_str(), by_mid_month), ("2026-H1", noon("2026-07-15")));
        let first = &desk.house.desk.reports(&system).unwrap()[0];
        assert!(["cn-monthly", "cn-quality"].contains(&first.id.as_str()), "what the rules ask for comes first");
        for report in desk.house.desk.reports(&system).unwrap() {
            for column in report.tables.iter().flat_map(|table| &table.columns) {
                assert!(desk.house.desk.library().reports().measure(*column).is_some(), "{}", column.code());
            }
        }
        assert!(Column::ALL.iter().all(|column| desk.house.desk.library().reports().measure(*column).is_some()));
    });
}

/// Under the law of Australia: what a customer took to the ombudsman is a referral of the quarter, and the report says
/// until when it is due.
#[test]
fn the_quarter_of_australia_counts_referrals() {
    each_database(|scratch| {
        let house = house_under(scratch, "au");
        let desk = crate::lives::desk_of(&house);
        let case = desk.open_with(|body| {
            body.as_object_mut().unwrap().remove("external");
        });
        let case = desk.act(&case, "refer", json!({"route": "tio", "reason": "客户已找申诉专员", "reference": "T-1"}));
        assert_eq!(case.referrals.len(), 1);
        count(&desk);
        let ask = Ask { period: Some("2027-Q1".to_owned()), services: Some(40_000), ..Ask::default() };
        let system = house.system();
        let quarter = report_for(&desk, &system, "au-rkr", &ask);
        assert_eq!(figures(&quarter, "services", "*"), ["40000", "1", "0.25", "0", "[cases]", "[cases]", "1"]);
        let behind = CasesAsk {
            period: ask.period.clone(),
            table: "product".to_owned(),
            row: "mobile".to_owned(),
            column: "referrals".to_owned(),
            ..CasesAsk::default()
        };
        let found = house.wait(house.desk.report_cases(&system, "au-rkr", &behind)).unwrap();
        assert_eq!(found.items.iter().map(|one| one.id).collect::<Vec<_>>(), [case.id]);
        let filings = house.desk.filings(&system).unwrap();
        let rkr = filings.iter().find(|filing| filing.rule == "au_rkr").unwrap();
        // On 12 January the quarter that ended with the year is due; whether it is asked hangs on the operator's size.
        let (period, due) = rkr.next.unwrap();
        assert_eq!((period.to_string().as_str(), due), ("2026-Q4", at("2027-01-30T23:59:59+11:00")));
        assert_eq!((rkr.applies, rkr.report.as_deref()), (None, Some("au-rkr")));
        house.close_down();
    })
    .unwrap();
}
