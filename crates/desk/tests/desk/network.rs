//! What other systems know, on both databases: said once or many times, corrected without losing what was said; and key
//! figures that are the sums of their cases.

use crate::{House, at, house, intake, refusal};
use desk::jobs::rollup;
use desk::network::{FactFilter, RecordKind, Taken};
use desk::reports::kpi::{KpiAsk, KpiCasesAsk, KpiLine};
use desk::verify::verify;
use desk::{Caller, CaseRef};
use domain::actor::Role;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::testing::each_database;

fn fact(more: Value) -> Value {
    let mut fact = json!({
        "source": "nms", "number": "A-1", "fact": "outage", "region": "310115", "product": "broadband",
        "from": "2026-11-24T01:00:00Z",
    });
    fact.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    fact
}

fn take(house: &House, who: &Caller, kind: RecordKind, value: Value) -> Taken {
    house.wait(house.desk.take_record(who, kind, value)).unwrap()
}

#[test]
fn what_is_said_again_changes_nothing_and_a_correction_keeps_what_was_said() {
    each_database(|scratch| {
        let house = house(scratch);
        let (lead, other) = (house.user("lead", Role::Supervisor, "31"), house.user("other", Role::Supervisor, "33"));
        let say = |more: Value| take(&house, &lead, RecordKind::NetworkFacts, fact(more));
        let first = say(json!({}));
        assert_eq!((first.new, first.corrected, first.same), (1, 0, 0));
        assert_eq!(say(json!({})).same, 1);
        let mended = say(json!({"to": "2026-11-24T03:00:00Z"}));
        assert_eq!((mended.corrected, mended.id), (1, first.id));
        let (now, versions) = house.wait(house.desk.network_fact(&lead, first.id.unwrap())).unwrap();
        assert_eq!(
            (now.revision, versions.len(), versions[1].fact.to, versions[0].fact.to.is_some()),
            (2, 2, None, true)
        );
        let hidden = house.wait(house.desk.network_fact(&other, first.id.unwrap())).unwrap_err();
        assert_eq!(refusal(hidden).code, "not_found");
        let foreign =
            house.wait(house.desk.take_record(&other, RecordKind::NetworkFacts, fact(json!({"number": "B"}))));
        assert_eq!(refusal(foreign.unwrap_err()).faults[0].code, "outside_area");

        // Files are taken in whole or not at all, each fault with its place.
        let csv =
            "source,number,fact,region,from\nnms,A-2,outage,310115,2026-11-24T01:00:00Z\nnms,A-3,flood,310115,x\n";
        let wrong = house.wait(house.desk.take_sheet(&lead, RecordKind::NetworkFacts, csv, false)).unwrap_err();
        let told: Vec<_> = refusal(wrong).faults.into_iter().map(|one| (one.field, one.code)).collect();
        assert_eq!(told, [("csv:3:3 fact".into(), "not_one_of"), ("csv:3:5 from".into(), "bad_moment")]);
        let found = house.wait(house.desk.network_facts(&lead, &FactFilter::default())).unwrap();
        assert_eq!(found.items.len(), 1);
        let csv = csv.lines().take(2).collect::<Vec<_>>().join("\r\n");
        let sheet =
            |dry_run| house.wait(house.desk.take_sheet(&lead, RecordKind::NetworkFacts, &csv, dry_run)).unwrap();
        assert_eq!((sheet(true).new, sheet(false).new, sheet(false).same), (1, 1, 1));

        // A case sees what lay near it in place and time.
        let mut body = intake();
        body["occurred_at"] = json!("2026-11-24T02:00:00Z");
        body["subscription"]["product"] = json!("broadband");
        let case = house.try_register(&lead, body.clone()).unwrap().case.id;
        body["region"] = json!("310101");
        let next_door = house.try_register(&lead, body).unwrap().case.id;
        let near = |case| house.wait(house.desk.facts_near(&lead, &CaseRef::Id(case))).unwrap();
        assert_eq!((near(case).len(), near(next_door).len()), (2, 0));
        say(json!({"withdrawn": true}));
        assert_eq!(near(case).len(), 1, "what was no fact is near nothing");
        assert!(verify(house.desk.db(), None).unwrap().is_whole());
        house.close_down();
    })
    .unwrap();
}

fn kpi(house: &House, who: &Caller, region: Option<&str>, id: &str) -> KpiLine {
    let ask = KpiAsk { period: Some("2026-10".into()), region: region.map(str::to_owned) };
    let page = house.wait(house.desk.kpis(who, &ask)).unwrap();
    page.items.into_iter().find(|one| one.kpi.id == id).unwrap()
}

#[test]
fn a_key_figure_is_the_sum_of_its_cases() {
    each_database(|scratch| {
        let house = house(scratch);
        let system = house.system();
        let (lead, other) = (house.user("lead", Role::Supervisor, "31"), house.user("zj", Role::Supervisor, "33"));
        house.desk.time().set(at("2026-10-05T09:00:00+08:00"));
        for n in 0..7 {
            let mut body = intake();
            body.as_object_mut().unwrap().remove("external");
            body["region"] = json!(if n < 4 { "310115" } else { "330106" });
            let case = house.try_register(&system, body).unwrap().case;
            let name = CaseRef::Id(case.id);
            house.desk.time().advance(SignedDuration::from_hours(if n % 2 == 0 { 1 } else { 90 }));
            if n < 6 {
                house.act(&lead_of(&lead, &other, n), &name, 1, "accept", json!({})).unwrap();
                let body = json!({"mode": "phone", "outcome": "reached"});
                house.act(&lead_of(&lead, &other, n), &name, 2, "record-contact", body).unwrap();
            }
        }
        house.desk.time().set(at("2026-11-10T09:00:00+08:00"));
        rollup::go_on(&house.desk, "node", 0, || false).unwrap();
        let first = kpi(&house, &system, None, "first_response");
        // The seventh was never responded to, and that is no way out of the figure.
        assert_eq!((first.sum.counted, first.sum.hits), (7, 3), "{:?}", first.sum);
        // The same from the sums of a province and from the cases of a county.
        for region in ["31", "310115"] {
            let here = kpi(&house, &lead, Some(region), "first_response");
            assert_eq!((here.sum.counted, here.sum.hits), (4, 2), "{region}");
            for (part, count) in [("all", 4), ("hit", 2), ("miss", 2)] {
                let of = KpiAsk { period: Some("2026-10".into()), region: Some(region.into()) };
                let ask = KpiCasesAsk { of, part: part.into(), limit: 100, after: None };
                let cases = house.wait(house.desk.kpi_cases(&lead, "first_response", &ask)).unwrap();
                assert_eq!(cases.items.len(), count, "{region} {part}");
            }
        }
        assert_eq!(kpi(&house, &other, None, "first_response").sum.counted, 3, "an area sees its own");
        // Rates are held against users, and told only where somebody counted them.
        let rate = kpi(&house, &lead, None, "complaints_per_10k");
        assert_eq!((rate.thousandths, rate.missing), (None, Some("users")));
        let users = json!({"month": "2026-10", "region": "31", "users": 80_000});
        take(&house, &lead, RecordKind::Exposures, users);
        assert_eq!(kpi(&house, &lead, None, "complaints_per_10k").thousandths, Some(500));
        assert_eq!(kpi(&house, &lead, None, "availability").missing, Some("measurements"));
        let measured = json!({
            "source": "nms", "number": "V", "fact": "availability", "region": "31", "from": "2026-10-02T00:00:00Z",
            "to": "2026-10-03T16:40:00Z", "users": 10, "minutes_down": 122,
        });
        take(&house, &lead, RecordKind::NetworkFacts, measured);
        let available = kpi(&house, &lead, None, "availability");
        assert_eq!((available.thousandths, available.met), (Some(95_000), Some(false)), "{available:?}");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn silence_counts_once_its_limit_is_over_and_not_before() {
    each_database(|scratch| {
        let house = house(scratch);
        let system = house.system();
        let register = |when: &str, region: &str| {
            house.desk.time().set(at(when));
            let mut body = intake();
            body.as_object_mut().unwrap().remove("external");
            body["region"] = json!(region);
            house.try_register(&system, body).unwrap().case
        };
        register("2026-11-09T08:59:00+08:00", "310115");
        register("2026-11-09T09:01:00+08:00", "310115");
        register("2026-11-10T08:00:00+08:00", "310115");
        let silent = register("2026-11-08T08:00:00+08:00", "330106");
        house.desk.time().set(at("2026-11-10T09:00:00+08:00"));
        rollup::go_on(&house.desk, "node", 0, || false).unwrap();
        let of = |region: &str| KpiAsk { period: Some("2026-11".into()), region: Some(region.to_owned()) };
        let found = |region: &str| {
            let page = house.wait(house.desk.kpis(&system, &of(region))).unwrap();
            page.items.into_iter().find(|one| one.kpi.id == "first_response").unwrap()
        };
        let cases = |region: &str, part: &str| {
            let ask = KpiCasesAsk { of: of(region), part: part.into(), limit: 100, after: None };
            house.wait(house.desk.kpi_cases(&system, "first_response", &ask)).unwrap().items.len()
        };
        // One minute later the second of them is late, too, and nobody did anything.
        for (now, late, waits) in [("2026-11-10T09:00:00+08:00", 1, 2), ("2026-11-10T09:02:00+08:00", 2, 1)] {
            house.desk.time().set(at(now));
            for region in ["31", "310115"] {
                let sum = found(region).sum;
                assert_eq!((sum.counted, sum.hits, sum.waits), (late, 0, waits), "{region} {now}");
                for part in ["all", "miss"] {
                    assert_eq!(i64::try_from(cases(region, part)).unwrap(), late, "{region} {now} {part}");
                }
            }
        }
        // Nothing changes when it comes too late, except that it waits no more.
        assert_eq!((found("33").sum.counted, found("").sum.counted), (1, 3));
        house.act(&system, &CaseRef::Id(silent.id), 1, "accept", json!({})).unwrap();
        let body = json!({"mode": "phone", "outcome": "reached"});
        house.act(&system, &CaseRef::Id(silent.id), 2, "record-contact", body).unwrap();
        rollup::go_on(&house.desk, "node", 0, || false).unwrap();
        assert_eq!((found("33").sum.counted, found("").sum.counted, cases("33", "miss")), (1, 3, 1));
        house.close_down();
    })
    .unwrap();
}

fn lead_of(lead: &Caller, other: &Caller, n: usize) -> Caller {
    if n < 4 { lead.clone() } else { other.clone() }
}
