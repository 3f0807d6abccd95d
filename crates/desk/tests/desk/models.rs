//! Models: learnt from closed cases, measured, put into use, rolled back, and what became of their suggestions.

use crate::{House, NOON, house, intake, key_file, named, open, refusal, to_the_close};
use desk::models::{self, ChooseModel, Labelled, ModelFile, ModelState, NewModel, RollBackModel};
use desk::time::Time;
use desk::{Caller, organisation};
use domain::actor::Role;
use domain::advice::Advice;
use domain::event::Event;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::testing::each_database;
use uuid::Uuid;

const TOPICS: [(&str, &str); 2] = [("A101", "家里没信号，网速太慢经常断线"), ("B204", "每月多扣视频会员费用要求退费")];

fn of(topic: usize, n: usize) -> Value {
    let (category, words) = TOPICS[topic];
    let mut told = intake();
    told["category"] = json!(category);
    (told["subject"], told["description"]) = (json!(words), json!(format!("{words}，第{n}次反映")));
    told["complainant"] = json!({"name": "他人", "phone": format!("1370000{n:04}")});
    told["subscription"] = json!({"number": format!("1370000{n:04}")});
    told.as_object_mut().unwrap().remove("external");
    told
}

fn closed(house: &House, agent: &Caller, count: usize) {
    for n in 0..count {
        house.desk.time().advance(SignedDuration::from_secs(1));
        let case = house.try_register(agent, of(n % 2, n)).unwrap();
        to_the_close(house, agent, &named(&case));
    }
}

fn learnt(house: &House, by: &Caller) -> models::StoredModel {
    let id = models::train(&house.desk, by, &NewModel::default()).unwrap();
    assert_eq!(refusal(models::train(&house.desk, by, &NewModel::default()).unwrap_err()).code, "model_waits");
    assert!(models::go_on(&house.desk, "node", || false).unwrap());
    assert!(!models::go_on(&house.desk, "node", || false).unwrap());
    models::one(&house.desk, by, id).unwrap()
}

fn choose(house: &House, by: &Caller, id: Uuid) -> Result<(), desk::DeskError> {
    models::activate(&house.desk, by, id, &ChooseModel { note: "好于词表".into() })
}

fn back(house: &House, by: &Caller, from: Uuid) -> Result<(), desk::DeskError> {
    models::roll_back(&house.desk, by, &RollBackModel { from, note: "回退".into() })
}

#[test]
fn a_model_is_learnt_measured_used_and_rolled_back() {
    each_database(|scratch| {
        let house = house(scratch);
        let (agent, lead) = (house.user("agent", Role::Specialist, ""), house.user("lead", Role::Compliance, ""));
        let near = house.user("near", Role::Admin, "31");
        let code = |outcome: Result<Uuid, _>| refusal(outcome.unwrap_err()).code;
        assert_eq!(code(models::train(&house.desk, &agent, &NewModel::default())), "not_permitted");
        assert_eq!(code(models::train(&house.desk, &near, &NewModel::default())), "models_are_everywhere");
        assert_eq!(code(models::train(&house.desk, &house.system(), &NewModel::default())), "needs_a_person");
        let few = learnt(&house, &lead);
        assert_eq!((few.state, few.learnt.unwrap().failed.as_deref()), (ModelState::Failed, Some("too_few")));
        assert_eq!(refusal(choose(&house, &lead, few.id).unwrap_err()).code, "model_not_ready");

        closed(&house, &agent, 44);
        // What is open, and who was erased, is not there.
        house.try_register(&agent, of(0, 90)).unwrap();
        let gone = house.try_register(&agent, of(1, 91)).unwrap();
        let gone = to_the_close(&house, &agent, &named(&gone)).case;
        house.wait(house.desk.erase(&lead, &desk::CaseRef::Id(gone.id), "request")).unwrap();
        let made = learnt(&house, &lead);
        let told = made.learnt.clone().unwrap();
        assert_eq!((told.learnt_from(), told.held_back, told.left_out), (36, 8, 0));
        assert_eq!(told.categories.keys().collect::<Vec<_>>(), ["A101", "B204"]);
        let figures = told.figures.unwrap();
        assert_eq!((figures.rows, figures.accuracy), (8, 1.0));
        let again = learnt(&house, &lead);
        assert_eq!(again.hash, made.hash, "the same cases give the same bytes");

        let asks = of(0, 92);
        let suggest = |desk: &desk::Desk| house.wait(desk.suggest(&agent, &asks)).unwrap().unwrap();
        let by_words = suggest(&house.desk).by;
        let other = open(scratch, Time::at(NOON.parse().unwrap()), &key_file(scratch)).unwrap();
        choose(&house, &lead, made.id).unwrap();
        assert_eq!(refusal(choose(&house, &lead, made.id).unwrap_err()).code, "model_active");
        let said = suggest(&house.desk);
        assert_eq!(said.by, format!("model/{}", made.hash));
        assert_eq!((said.categories[0].category.as_str(), said.sure), ("A101", true));
        assert!(said.categories[0].per_mille.unwrap() > 500 && !said.categories[0].words.is_empty());
        assert_eq!(suggest(&other).by, by_words);
        models::refresh(&other).unwrap();
        assert_eq!(suggest(&other), said, "another node follows");

        // What was suggested and chosen stands in the log, and is counted once.
        for (n, category) in [(93, "A101"), (94, "A101"), (95, "B204")] {
            let mut told = of(0, n);
            (told["suggested_by"], told["category"]) = (json!(said.by), json!(category));
            let done = house.try_register(&agent, told).unwrap();
            let view = house.wait(house.desk.case(&agent, &named(&done))).unwrap();
            let advice = view.entries.iter().flat_map(|entry| &entry.events).find_map(|event| match event {
                Event::Advised { advice: Advice::Category { by, suggested, .. } } => Some((by, suggested)),
                _ => None,
            });
            let (by, suggested) = advice.unwrap();
            assert_eq!(by, &said.by);
            assert!(suggested[0].per_mille.is_some());
        }
        models::count_advice(&house.desk, || false).unwrap();
        models::count_advice(&other, || false).unwrap();
        let drift = models::drift(&house.desk, &lead).unwrap();
        assert_eq!(drift.len(), 1);
        let month = &drift[0];
        assert_eq!((month.counted, month.taken, month.among, month.unsure), (3, 2, 2, 0));
        assert_eq!((month.model, month.index), (Some(made.id), None), "three say nothing about the mix");

        choose(&house, &lead, again.id).unwrap();
        assert_eq!(refusal(back(&house, &lead, made.id).unwrap_err()).code, "model_changed");
        back(&house, &lead, again.id).unwrap();
        assert_eq!(models::list(&house.desk, &lead).unwrap().active, Some(made.id));
        back(&house, &lead, made.id).unwrap();
        assert_eq!(suggest(&house.desk).by, by_words, "the word list again");
        assert_eq!(models::list(&house.desk, &lead).unwrap().choices.len(), 4);
        other.db().close();
        house.close_down();
    })
    .unwrap();
}

#[test]
fn bytes_that_are_not_what_their_address_says_serve_nobody() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.user("lead", Role::Compliance, "");
        let row = |n: usize| Labelled {
            text: format!("{} {n}", TOPICS[n % 2].1),
            category: TOPICS[n % 2].0.to_owned(),
            ..Labelled::default()
        };
        let rows: Vec<Labelled> = (0..50).map(row).collect();
        let id = models::learn_from(&house.desk, &lead, rows, None).unwrap();
        let hash = models::one(&house.desk, &lead, id).unwrap().hash;
        choose(&house, &lead, id).unwrap();
        // A part too many is damage like any other.
        let address = hash.clone();
        let more = move |tx: &mut store::Tx<'_>| {
            let kept = store::models::bytes(tx, &address)?;
            let parts = kept.len().div_ceil(1 << 18) + 1;
            store::models::keep(tx, &address, &vec![7; parts << 18])
        };
        house.desk.db().write_now::<_, store::StoreError, _>(more).unwrap();
        let other = open(scratch, Time::at(NOON.parse().unwrap()), &key_file(scratch)).unwrap();
        let suggested = house.wait(other.suggest(&lead, &of(1, 1))).unwrap();
        assert!(suggested.is_none_or(|one| !one.by.starts_with("model/")), "the word list works alone");
        assert!(models::list(&other, &lead).unwrap().damaged);
        back(&house, &lead, id).unwrap();
        assert_eq!(refusal(choose(&house, &lead, id).unwrap_err()).code, "model_damaged");
        other.db().close();
        house.close_down();
    })
    .unwrap();
}

/// A labelled row: each topic with a unit and a grade of its own.
fn labelled(n: usize, units: [&str; 2]) -> Labelled {
    let grades = ["normal", "major"];
    Labelled {
        text: format!("{} {n}", TOPICS[n % 2].1),
        category: TOPICS[n % 2].0.to_owned(),
        unit: Some(units[n % 2].to_owned()),
        grade: Some(grades[n % 2].to_owned()),
    }
}

fn unit(house: &House, code: &str, region: &str) {
    let new = json!({"code": code, "name": format!("部门{code}"), "region": region});
    organisation::add_unit(&house.desk, &house.system(), &serde_json::from_value(new).unwrap()).unwrap();
}

#[test]
fn the_unit_and_the_grade_are_learnt_beside_the_category() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.user("lead", Role::Compliance, "");
        let agent = house.user("agent", Role::Admin, "");
        unit(&house, "network", "");
        unit(&house, "billing", "");
        let one = |units: [&str; 2]| (0..60).map(|n| labelled(n, units)).collect::<Vec<_>>();
        let unknown = models::learn_from(&house.desk, &lead, one(["network", "nowhere"]), None).unwrap_err();
        assert_eq!(refusal(unknown).faults[0].code, "unknown_unit");
        let same = models::learn_from(&house.desk, &lead, one(["network", "network"]), None).unwrap();
        let told = models::one(&house.desk, &lead, same).unwrap().learnt.unwrap().beside;
        assert_eq!(told["unit"].failed.as_deref(), Some("one_category"));
        let id = models::learn_from(&house.desk, &lead, one(["network", "billing"]), None).unwrap();
        let told = models::one(&house.desk, &lead, id).unwrap().learnt.unwrap().beside;
        for what in models::BESIDE {
            let found = &told[what];
            assert!(found.used && found.figures.as_ref().unwrap().accuracy > found.majority, "{what} {found:?}");
            assert_eq!((found.held_back, found.classes.len()), (12, 2), "{found:?}");
        }
        choose(&house, &lead, id).unwrap();

        let asks = of(1, 7);
        let checked = house.wait(house.desk.check(&agent, asks.clone())).unwrap();
        let said = checked.suggestion.unwrap();
        let units = said.units.clone().unwrap();
        assert!(units.sure && units.options[0].of.code == "billing" && !units.options[0].words.is_empty(), "{units:?}");
        let grades = said.grades.clone().unwrap();
        assert_eq!((grades.options[0].of.code(), grades.sure), ("major", true));
        // No table of routing is for it, so it stays with whoever registers.
        assert_eq!(checked.comes_to.unwrap().id, house.desk.root());
        let mut told = asks;
        told["suggested_by"] = json!(said.by);
        let done = house.try_register(&agent, told).unwrap();
        let view = house.wait(house.desk.case(&agent, &named(&done))).unwrap();
        let events = || view.entries.iter().flat_map(|entry| &entry.events);
        let went = events().find_map(|event| match event {
            Event::Advised { advice: Advice::Unit { suggested, went, .. } } => Some((suggested[0].unit, *went)),
            _ => None,
        });
        assert_eq!(went, Some((units.options[0].of.id, house.desk.root())));
        let given = events().find_map(|event| match event {
            Event::Advised { advice: Advice::Grade { suggested, given, .. } } => Some((suggested[0].grade, *given)),
            _ => None,
        });
        assert_eq!(given, Some((policy::Grade::Major, done.case.grade)));

        // However many newer ones there are, the one in use is told.
        let at = house.desk.time().now().as_microsecond();
        house
            .desk
            .db()
            .write_now::<_, store::StoreError, _>(move |tx| {
                for n in 0..51 {
                    let row = store::ModelRow {
                        id: Uuid::now_v7(),
                        state: "failed".into(),
                        source: "cases".into(),
                        asked: "{\"held_back\":20}".into(),
                        asked_by: domain::actor::ActorId::System.to_string(),
                        asked_at: at + 1 + n,
                        tries: 0,
                        hash: String::new(),
                        told: String::new(),
                        made_at: None,
                    };
                    store::models::insert(tx, &row)?;
                }
                Ok(())
            })
            .unwrap();
        let listed = models::list(&house.desk, &lead).unwrap();
        assert!(listed.active == Some(id) && listed.items.iter().any(|one| one.id == id));
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_labelled_file_is_learnt_from_and_its_texts_are_kept_nowhere() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.user("lead", Role::Compliance, "");
        let file = |csv: String| ModelFile { csv, held_back: None };
        let wrong = file("text,category,unit,grade\n没信号,A101,,normal\n\"多扣\n费\",A101,nowhere,great\n".to_owned());
        let faults = refusal(models::train_file(&house.desk, &lead, &wrong).unwrap_err()).faults;
        let faults: Vec<_> = faults.into_iter().map(|fault| (fault.field, fault.code)).collect();
        assert_eq!(faults, [("csv:3:4 grade".to_owned(), "not_one_of")], "what has the wrong form is told first");
        let wrong = file("text,category,unit\n没信号,A101,nowhere\n".to_owned());
        let faults = refusal(models::train_file(&house.desk, &lead, &wrong).unwrap_err()).faults;
        assert_eq!((faults[0].field.as_str(), faults[0].code), ("csv:2:3 unit", "unknown_unit"));

        let rows: String =
            (0..50).map(|n| format!("{} {n},{}\n", TOPICS[n % 2].1.replace('，', " "), TOPICS[n % 2].0)).collect();
        let good = file(format!("text,category\n{rows}"));
        let id = models::train_file(&house.desk, &lead, &good).unwrap();
        assert_eq!(refusal(models::train_file(&house.desk, &lead, &good).unwrap_err()).code, "model_waits");
        // The texts are at the node that took them.
        let other = open(scratch, Time::at(NOON.parse().unwrap()), &key_file(scratch)).unwrap();
        assert!(!models::go_on(&other, "other", || false).unwrap());
        assert!(models::go_on(&house.desk, "node", || false).unwrap());
        let made = models::one(&house.desk, &lead, id).unwrap();
        assert_eq!((made.state, made.source.as_str()), (ModelState::Ready, "file"));
        assert_eq!(made.learnt.unwrap().learnt_from(), 40);
        // When that node is gone, so are they, and nobody waits for ever.
        let id = models::train_file(&house.desk, &lead, &good).unwrap();
        other.time().advance(SignedDuration::from_mins(31));
        assert!(models::go_on(&other, "other", || false).unwrap());
        let lost = models::one(&house.desk, &lead, id).unwrap();
        assert_eq!(lost.learnt.unwrap().failed.as_deref(), Some("lost"));
        other.db().close();
        house.close_down();
    })
    .unwrap();
}
