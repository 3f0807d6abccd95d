//! Lists under a name in the console: kept from the queue, counted in the rail, refused where they would name somebody.

use crate::{House, house, intake};
use domain::actor::Role;

fn post(house: &House, cookie: &str, path: &str, form: &str) -> crate::Answer {
    let headers =
        [("cookie", cookie), ("content-type", "application/x-www-form-urlencoded"), ("accept-language", "en")];
    house.send("POST", path, &headers, form.to_owned())
}

#[test]
fn a_list_is_kept_from_the_queue_and_counted() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    house.register(&house.token(Role::Agent, ""), &intake());
    let cookie = house.session("lead", Role::Supervisor);
    let page = |path: &str| house.send("GET", path, &[("cookie", &cookie), ("accept-language", "en")], "").body;
    let queue = page("/console?category=B204");
    assert!(queue.contains("Keep this list") && queue.contains("name=\"sort\""), "{queue}");

    let kept = post(
        &house,
        &cookie,
        "/console/views",
        "view=open&query=category%3DB204%26sort%3D-received&name=Video+fees&shared=unit",
    );
    assert_eq!(kept.status, 303, "{kept:?}");
    let place = kept.header("location").to_owned();
    assert!(place.starts_with("/console?view=open&saved=") && place.contains("category=B204"), "{place}");
    let id = place.split("saved=").nth(1).unwrap().split('&').next().unwrap();
    let shown = page(&place);
    assert!(shown.contains("<h1>Video fees</h1>"), "{shown}");
    assert!(shown.contains(&format!("data-view=\"{id}\"")) && shown.contains("连扣四个月"), "{shown}");
    assert!(shown.contains("aria-current=\"page\">Video fees"), "the rail says where one is");
    let counts: serde_json::Value = serde_json::from_str(&page("/console/counts")).unwrap();
    assert_eq!(counts[id], "1", "{counts}");
    assert!(page(&format!("/console/pane?{}", place.split('?').nth(1).unwrap())).contains("连扣四个月"));
    let all = page("/console/views");
    assert!(all.contains("Video fees") && all.contains("newest receipt") && all.contains("My unit"), "{all}");

    // What names somebody is not kept, by whichever way it is asked.
    for query in ["phone%3D13800138000", "external%3DGX-1"] {
        let refused = post(&house, &cookie, "/console/views", &format!("view=open&query={query}&name=x"));
        assert_eq!(refused.status, 422, "{query}");
    }
    assert!(page("/console?phone=13800138000").contains("personal data outside the vault"));
    // Nothing of a name runs.
    let hostile = post(&house, &cookie, "/console/views", "view=mine&query=&name=%3Cscript%3Ealert(1)%3C/script%3E");
    assert_eq!(hostile.status, 303);
    assert!(!page("/console/views").contains("<script>alert"));
    // Another name is a name under the same rules, and the list stays what it was.
    let rename = |name: &str| post(&house, &cookie, &format!("/console/views/{id}/rename"), &format!("name={name}"));
    for (name, reason) in [("", "required"), ("13800138000", "personal_data"), ("x%0Ay", "line")] {
        let refused = rename(name);
        assert_eq!(refused.status, 422, "{reason}: {refused:?}");
    }
    assert_eq!(rename("Video+charges").status, 303);
    let all = page("/console/views");
    assert!(
        all.contains(">Video charges</a>") && !all.contains("Video fees") && all.contains("newest receipt"),
        "{all}"
    );
    assert!(page(&place).contains("<h1>Video charges</h1>"), "its address is as it was");
    assert_eq!(post(&house, &cookie, &format!("/console/views/{id}/remove"), "").status, 303);
    assert!(!page("/console").contains("Video charges"));
    house.desk.db().close();
}
