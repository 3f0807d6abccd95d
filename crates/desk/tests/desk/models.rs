//! Models: learnt from closed cases, measured, put into use, rolled back, and what became of their suggestions.

use crate::{House, NOON, house, intake, key_file, named, open, refusal, to_the_close};
use desk::Caller;
use desk::models::{self, ChooseModel, ModelState, NewModel, RollBackModel};
use desk::time::Time;
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
        let suggest = |desk: &desk::Desk| desk.suggest(&asks).unwrap();
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
        let rows: Vec<(String, String)> =
            (0..50).map(|n| (format!("{} {n}", TOPICS[n % 2].1), TOPICS[n % 2].0.to_owned())).collect();
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
        let suggested = other.suggest(&of(1, 1));
        assert!(suggested.is_none_or(|one| !one.by.starts_with("model/")), "the word list works alone");
        assert!(models::list(&other, &lead).unwrap().damaged);
        back(&house, &lead, id).unwrap();
        assert_eq!(refusal(choose(&house, &lead, id).unwrap_err()).code, "model_damaged");
        other.db().close();
        house.close_down();
    })
    .unwrap();
}
