//! Search over the API and the console: answers, reasons, areas, and what people try who mean no good.

use crate::{House, house, intake};
use domain::actor::Role;
use serde_json::json;
use store::testing::each_database;

fn filled(house: &House, token: &str) {
    for (subject, region) in [("<b>宽带</b>断了", "310115"), ("话费突增", "310104"), ("宽带很慢", "440100")]
    {
        let mut body = intake();
        body["subject"] = json!(subject);
        body["region"] = json!(region);
        house.register(token, &body);
    }
}

#[test]
fn words_find_cases_of_the_own_area() {
    each_database(|scratch| {
        let house = house(scratch);
        let (admin, here) = (house.token(Role::Admin, ""), house.token(Role::Agent, "31"));
        filled(&house, &admin);
        let count = |token: &str, query: &str| {
            let answer = house.get(token, &format!("/api/v1/complaints?{query}"));
            assert_eq!(answer.status, 200, "{answer:?}");
            answer.json()["items"].as_array().unwrap().len()
        };
        assert_eq!(count(&admin, "q=%E5%AE%BD%E5%B8%A6"), 2);
        assert_eq!(count(&here, "q=%E5%AE%BD%E5%B8%A6"), 1);
        assert_eq!(count(&here, "q=%E5%AE%BD%E5%B8%A6&region=44"), 0);
        assert_eq!(count(&admin, "q=%E5%AE%BD%E5%B8%A6&status=closed"), 0);
        assert_eq!(count(&admin, "q=%E5%AE%BD%E5%B8%A6&phone=13800138000&sort=-received"), 2);
        assert_eq!(count(&admin, "q=13800138000"), 0, "an identifier finds nobody");
        let found = house.get(&admin, "/api/v1/complaints?q=%E5%AE%BD%E5%B8%A6&limit=1").json();
        assert_eq!(found["complete"], true);
        assert_eq!(found["items"][0]["snippets"][0]["field"], "subject");
        let next = found["next"].as_str().unwrap();
        let second = house.get(&admin, &format!("/api/v1/complaints?q=%E5%AE%BD%E5%B8%A6&limit=1&after={next}")).json();
        assert_ne!(found["items"][0]["id"], second["items"][0]["id"]);
        assert!(second.get("next").is_none());
    })
    .unwrap();
}

#[test]
fn a_search_counts_what_it_finds_and_the_page_narrows_by_it() {
    each_database(|scratch| {
        let house = house(scratch);
        let (admin, here) = (house.token(Role::Admin, ""), house.token(Role::Agent, "31"));
        filled(&house, &admin);
        let facets = |token: &str, query: &str| {
            let answer = house.get(token, &format!("/api/v1/complaints?{query}"));
            assert_eq!(answer.status, 200, "{answer:?}");
            answer.json()["facets"].clone()
        };
        let words = "q=%E5%AE%BD%E5%B8%A6";
        let region = facets(&admin, &format!("{words}&facets=region,kind&limit=1"));
        assert_eq!(region["region"], json!([{"value": "31", "count": 1}, {"value": "44", "count": 1}]));
        assert_eq!(region["kind"], json!([{"value": "complaint", "count": 2}]));
        assert!(region.get("state").is_none(), "nobody asked");
        assert_eq!(facets(&here, &format!("{words}&facets=region"))["region"], json!([{"value": "31", "count": 1}]));
        assert!(facets(&here, words).is_null());
        assert_eq!(facets(&here, &format!("{words}&facets=month&phone=1"))["month"], json!([]));

        let bearer = format!("Bearer {admin}");
        for (language, name) in [("zh-CN", "地区"), ("en", "Region")] {
            let headers = [("authorization", bearer.as_str()), ("accept-language", language)];
            let page = house.send("GET", &format!("/console?view=all&{words}"), &headers, "").body;
            assert!(page.contains(&format!("aria-label=\"{name}\"")), "{page}");
            assert!(page.contains("&#38;region=44\"") || page.contains("&amp;region=44\""), "{page}");
        }
    })
    .unwrap();
}

#[test]
fn the_end_of_a_number_leads_to_its_case() {
    each_database(|scratch| {
        let house = house(scratch);
        let (here, there) = (house.token(Role::Agent, "31"), house.token(Role::Agent, "33"));
        let case = house.register(&here, &intake());
        let number = case["number"].as_str().unwrap();
        let end = number.rsplitn(3, '-').take(2).collect::<Vec<_>>();
        let (check, of_the_day) = (end[0], end[1]);
        let found = |token: &str, asked: &str| {
            let bearer = format!("Bearer {token}");
            let answer = house.send("GET", &format!("/console/find?q={asked}"), &[("authorization", &bearer)], "");
            assert_eq!(answer.status, 303, "{asked}: {answer:?}");
            answer.header("location").to_owned()
        };
        let its_page = format!("/console/cases/{number}");
        let short = of_the_day.trim_start_matches('0');
        let padded = format!("{short:0>3}-{check}");
        for asked in [of_the_day, &format!("{of_the_day}-{check}"), &format!("{of_the_day}{check}"), &padded] {
            assert_eq!(found(&here, asked), its_page, "{asked}");
            // Whoever sees no such case is told what everybody is told where there is none.
            assert_eq!(found(&there, asked), format!("/console?view=all&phone={asked}"));
        }
        assert_eq!(found(&here, "987654"), "/console?view=all&phone=987654");
        assert_eq!(found(&here, "13800138000"), "/console?view=all&phone=13800138000");
        // Several that end so are a list.
        let mut other = intake();
        other["external"] = json!([{"owner": "miit", "number": of_the_day}]);
        let other = house.register(&here, &other);
        let list = found(&here, of_the_day);
        assert!(list.starts_with("/console?view=all&q=number"), "{list}");
        let bearer = format!("Bearer {here}");
        let page = house.send("GET", &list, &[("authorization", &bearer)], "").body;
        assert!(page.contains(number) && page.contains(other["number"].as_str().unwrap()), "{page}");
    })
    .unwrap();
}

#[test]
fn what_makes_no_sense_is_refused_with_its_reason() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Admin, "");
        filled(&house, &token);
        let many: String = (0..40).map(|n| format!("a{n}+")).collect();
        let characters = "%E7%9A%84+%E4%BA%86+%E6%98%AF+%E6%88%91+%E4%B8%8D";
        let long = "a+".repeat(10_000);
        for (query, field, code) in [
            ("q=*", "q", "nothing_to_search"),
            ("q=-a", "q", "nothing_to_search"),
            ("q=received:soon", "q", "bad_search_date"),
            (&format!("q={many}"), "q", "too_many_words"),
            (&format!("q={characters}"), "q", "too_many_characters"),
            (&format!("q={long}"), "q", "too_long"),
            ("q=a&sort=due", "sort", "not_with_search"),
            ("q=a&external=1", "external", "not_with_search"),
            ("q=a&due_before=2026-01-01T00:00:00Z", "due_before", "not_with_search"),
            ("q=a&after=7.x", "after", "bad_cursor"),
            ("sort=relevance", "sort", "relevance_needs_words"),
            ("facets=state", "facets", "facets_need_words"),
            ("q=a&facets=person", "facets[0]", "not_one_of"),
        ] {
            let answer = house.get(&token, &format!("/api/v1/complaints?{query}"));
            assert_eq!(answer.status, 422, "{query}: {answer:?}");
            let problem = answer.json();
            assert_eq!((&problem["errors"][0]["field"], &problem["errors"][0]["code"]), (&json!(field), &json!(code)));
        }
        for fine in ["%22", "a%22b", "((((", "a:b", "%00", "\u{a0}x", "q%5C"] {
            let answer = house.get(&token, &format!("/api/v1/complaints?q={}", fine.replace('\u{a0}', "%C2%A0")));
            assert!([200, 422].contains(&answer.status), "{fine}: {answer:?}");
        }
    })
    .unwrap();
}
