//! Lists under a name: whose they are, who sees them, what is refused.

use crate::staff::{signed_in, unit};
use crate::{house, refusal};
use desk::Caller;
use desk::macros::NewMacro;
use desk::queries::list::Filter;
use desk::views::NewView;
use domain::actor::Role;
use serde_json::json;
use store::testing::each_database;

fn new(name: &str, shared: &str, role: Option<Role>) -> NewView {
    let look = json!({"view": "unit", "grade": "urgent"}).as_object().unwrap().clone();
    NewView { name: name.to_owned(), shared: shared.to_owned(), role, look }
}

#[test]
fn a_list_is_there_for_those_it_is_for_and_once() {
    each_database(|scratch| {
        let house = house(scratch);
        let desk = &house.desk;
        let (east, west) = (unit(&house, "east", None, "31"), unit(&house, "west", None, "33"));
        let lead = signed_in(&house, "lead", Role::Supervisor, east);
        let near = signed_in(&house, "near", Role::Agent, east);
        let far = signed_in(&house, "far", Role::Agent, west);
        let keep = |who: &Caller, new: NewView| house.wait(desk.keep_view(who, new, &Filter::default()));
        let names = |who: &Caller| {
            let views = house.wait(desk.views(who)).unwrap();
            views.into_iter().map(|view| (view.name, view.may_remove)).collect::<Vec<_>>()
        };
        let mine = keep(&near, new("mine", "own", None)).unwrap();
        let ours = keep(&lead, new("ours", "unit", None)).unwrap();
        let theirs = keep(&lead, new("agents", "role", Some(Role::Agent))).unwrap();
        assert_eq!(names(&near), [("mine".to_owned(), true), ("ours".to_owned(), false), ("agents".to_owned(), false)]);
        assert_eq!(names(&lead), [("ours".to_owned(), true)], "a role of others is not one's own");
        assert!(names(&far).is_empty(), "shared in another area, and with another unit");

        // The same name for the same people is the same list.
        assert_eq!(keep(&lead, new("ours", "unit", None)).unwrap(), ours);
        assert_eq!(refusal(keep(&near, new("x", "unit", None)).unwrap_err()).code, "not_permitted");
        let wrong = |new: NewView| {
            let fault = refusal(keep(&lead, new).unwrap_err()).faults.remove(0);
            (fault.field, fault.code)
        };
        assert_eq!(wrong(new("x", "role", None)), ("role".to_owned(), "required"));
        assert_eq!(wrong(new("call 13800138000", "own", None)), ("name".to_owned(), "personal_data"));
        let odd = Filter { category: Some("nothing".to_owned()), ..Filter::default() };
        assert!(house.wait(desk.keep_view(&lead, new("x", "own", None), &odd)).is_err());

        let rename = |who: &Caller, id, name: &str| house.wait(desk.rename_view(who, id, name));
        assert_eq!(refusal(rename(&near, ours, "x").unwrap_err()).code, "not_permitted");
        assert_eq!(refusal(rename(&far, ours, "x").unwrap_err()).code, "not_found");
        let other = keep(&lead, new("others", "unit", None)).unwrap();
        for (name, code) in [("others", "taken"), ("call 13800138000", "personal_data")] {
            let fault = refusal(rename(&lead, ours, name).unwrap_err()).faults.remove(0);
            assert_eq!((fault.field.as_str(), fault.code), ("name", code));
        }
        house.wait(desk.remove_view(&lead, other)).unwrap();
        rename(&lead, ours, " all of us ").unwrap();
        rename(&lead, ours, "all of us").unwrap();
        rename(&near, mine, "my own").unwrap();
        assert_eq!(
            names(&near),
            [("my own".to_owned(), true), ("all of us".to_owned(), false), ("agents".to_owned(), false)]
        );

        let remove = |who: &Caller, id| house.wait(desk.remove_view(who, id));
        assert_eq!(refusal(remove(&near, ours).unwrap_err()).code, "not_permitted");
        assert_eq!(refusal(remove(&far, ours).unwrap_err()).code, "not_found", "what one does not see is not there");
        assert_eq!(refusal(remove(&lead, mine).unwrap_err()).code, "not_found");
        remove(&near, mine).unwrap();
        remove(&lead, ours).unwrap();
        remove(&lead, theirs).unwrap();
        assert!(names(&near).is_empty());

        for n in 0..20 {
            keep(&near, new(&format!("list {n}"), "own", None)).unwrap();
        }
        assert_eq!(refusal(keep(&near, new("one more", "own", None)).unwrap_err()).faults[0].code, "too_many");
        keep(&near, new("list 3", "own", None)).unwrap();
        let report = desk::verify::verify(desk.db(), Some(desk.public_key())).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn what_others_share_elsewhere_hides_nothing() {
    each_database(|scratch| {
        let house = house(scratch);
        let desk = &house.desk;
        let everywhere = unit(&house, "everywhere", None, "");
        let province = unit(&house, "province", None, "31");
        let city = unit(&house, "city", None, "3101");
        let elsewhere = unit(&house, "elsewhere", None, "11");
        let agent = signed_in(&house, "agent", Role::Agent, city);
        let steps = || vec![json!({"accept": {}}).as_object().unwrap().clone()];
        let share = |lead: &Caller, name: &str| {
            house.wait(desk.keep_view(lead, new(name, "role", Some(Role::Agent)), &Filter::default())).unwrap();
            let (name, shared) = (name.to_owned(), "role".to_owned());
            let shared = NewMacro { name, shared, role: Some(Role::Agent), steps: steps() };
            house.wait(desk.keep_macro(lead, shared)).unwrap();
        };
        // As many as may be shared in one area, and some in each of the areas that are nearer.
        for (code, at, count) in [("e", everywhere, 20), ("x", elsewhere, 20), ("p", province, 2), ("c", city, 1)] {
            let lead = signed_in(&house, &format!("lead-{code}"), Role::Supervisor, at);
            for n in 0..count {
                share(&lead, &format!("{code}{n:02}"));
            }
        }
        let expected: Vec<String> =
            ["c00", "p00", "p01"].map(str::to_owned).into_iter().chain((0..20).map(|n| format!("e{n:02}"))).collect();
        let views = house.wait(desk.views(&agent)).unwrap();
        assert_eq!(views.into_iter().map(|view| view.name).collect::<Vec<_>>(), expected);
        let macros = house.wait(desk.macros(&agent)).unwrap();
        assert_eq!(macros.into_iter().map(|one| one.name).collect::<Vec<_>>(), expected);
        house.close_down();
    })
    .unwrap();
}
