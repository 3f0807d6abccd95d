//! Finding cases by words: the same answers from the index, from what is newer than it, and without one.

use crate::backup::{make, restore};
use crate::{House, house, intake, named, refusal, to_the_close};
use desk::bulk::{Bulk, Named, Selection};
use desk::queries::list::{Filter, Order};
use desk::search::facets::Facet;
use desk::search::{self, Answer, Feeder, Wish};
use desk::{Caller, CaseRef};
use domain::actor::Role;
use domain::command::Command;
use serde_json::{Value, json};
use std::path::Path;
use store::testing::{each_database, sqlite};
use tantivy::Index;

fn said(subject: &str, description: &str, region: &str) -> Value {
    let mut intake = intake();
    intake["subject"] = json!(subject);
    intake["description"] = json!(description);
    intake["region"] = json!(region);
    intake["demand"] = json!("尽快处理");
    intake.as_object_mut().unwrap().remove("external");
    intake
}

fn asked(words: &str) -> Filter {
    Filter { words: Some(words.to_owned()), order: Order::Relevance, ..Filter::default() }
}

impl House {
    fn found(&self, who: &Caller, filter: &Filter) -> Answer {
        self.wait(self.desk.search(who, filter)).unwrap()
    }

    /// Subjects of what was found, in alphabetical order.
    fn subjects(&self, who: &Caller, words: &str) -> Vec<String> {
        let found = self.found(who, &asked(words));
        let mut subjects: Vec<String> = found.items.into_iter().filter_map(|one| one.listed.subject).collect();
        subjects.sort();
        subjects
    }
}

fn three(house: &House) {
    let system = house.system();
    house.try_register(&system, said("甲", "家里的宽带又慢了，5G套餐也没到账，请打13800138000", "310115")).unwrap();
    house.try_register(&system, said("乙", "寬頻故障三天沒人修，要求退費", "440100")).unwrap();
    let mut billed = said("丙", "They billed me twice for order WX-2024-001, refund please", "310104");
    billed["external"] = json!([{"owner": "miit", "number": "GX-77"}]);
    house.try_register(&system, billed).unwrap();
}

/// Every question with what it is to find.
const QUESTIONS: [(&str, &[&str]); 37] = [
    ("宽带", &["甲"]),
    ("宽频故障", &["乙"]),
    ("没人", &["乙"]),
    ("慢", &["甲"]),
    ("带又", &["甲"]),
    ("5g套餐", &["甲"]),
    ("５Ｇ", &["甲"]),
    ("退费 -请打", &["乙"]),
    ("bill", &["丙"]),
    ("\"bill\"", &[]),
    ("wx-2024-001", &["丙"]),
    ("subject:甲", &["甲"]),
    ("回复:宽带", &[]),
    ("shanghai 宽带", &["甲"]),
    ("guangdong", &["乙"]),
    ("13800138000", &[]),
    ("gx-77", &["丙"]),
    ("number:GX-77", &["丙"]),
    // One character, at the end of a run of them and within one, and where it is not.
    ("修", &["乙"]),
    ("的", &["甲"]),
    ("text:的", &["甲"]),
    ("replies:的", &[]),
    ("故障 -的", &["乙"]),
    ("甲", &["甲"]),
    // As they stand: what stands between characters may be left out, and two texts are not one.
    ("\"没人 修\"", &["乙"]),
    ("\"修要求\"", &[]),
    ("\"宽带 慢\"", &[]),
    ("\"天 没 人修\"", &["乙"]),
    // A sentence may be told by the case and by the name of where it is; characters alone are no sentence.
    ("广东宽频故障要求退费", &["乙"]),
    ("上海宽频故障三天没人修", &["乙"]),
    ("宽，频，故，障", &["乙"]),
    // Words of one field, in any order and as a sentence; the names of places are no words of the case.
    ("text:故障", &["乙"]),
    ("notes:故障", &[]),
    ("text:宽频故障三天没人修", &["乙"]),
    ("text:上海宽频故障三天没人修", &[]),
    ("place:guangdong", &["乙"]),
    ("text:guangdong", &[]),
];

fn feed(house: &House, folder: &Path) -> u64 {
    Feeder::new(house.desk.clone(), folder).go_on(&|| false).unwrap()
}

#[test]
fn what_is_asked_for_is_found_with_an_index_and_without() {
    each_database(|scratch| {
        let house = house(scratch);
        let folder = scratch.folder().join("search");
        three(&house);
        let system = house.system();
        let all = |when: &str| {
            for (words, expected) in QUESTIONS {
                let expected: Vec<&str> = expected.to_vec();
                assert_eq!(house.subjects(&system, words), expected, "{words} {when}");
            }
        };
        all("looked at directly");
        assert_eq!(feed(&house, &folder), 3);
        all("by the index");
        // Newer than the index, and found as soon as it is answered.
        house.try_register(&system, said("丁", "宽带又断了", "310115")).unwrap();
        assert_eq!(house.subjects(&system, "宽带"), ["丁", "甲"]);
        let newest = house.found(&system, &Filter { order: Order::Received, ..asked("宽带") });
        assert!(newest.complete);
        assert_eq!(newest.items.len(), 2);
        let marked = &newest.items[0].snippets[0].parts;
        assert!(marked.iter().any(|part| part.hit && part.text == "宽带"), "{marked:?}");
        let pages = house.found(&system, &Filter { limit: 1, ..asked("宽带") });
        let after = pages.next.unwrap();
        let second = house.found(&system, &Filter { limit: 1, after: Some(after), ..asked("宽带") });
        assert_ne!(pages.items[0].listed.id, second.items[0].listed.id);
        assert!(second.next.is_none());
        house.close_down();
    })
    .unwrap();
}

#[test]
fn an_area_sees_only_its_own() {
    each_database(|scratch| {
        let house = house(scratch);
        three(&house);
        let here = house.user("here", Role::Agent, "31");
        let nobody = Caller { scopes: Vec::new(), ..here.clone() };
        for fed in [false, true] {
            if fed {
                feed(&house, &scratch.folder().join("search"));
            }
            assert_eq!(house.subjects(&here, "套餐"), ["甲"]);
            assert!(house.subjects(&here, "故障").is_empty());
            assert!(house.wait(house.desk.search(&nobody, &asked("套餐"))).is_err());
            let elsewhere = Filter { region: Some("44".into()), ..asked("套餐") };
            assert!(house.found(&here, &elsewhere).items.is_empty());
        }
        house.close_down();
    })
    .unwrap();
}

#[test]
fn counts_are_of_what_is_found_in_the_index_and_beside_it() {
    each_database(|scratch| {
        let house = house(scratch);
        let folder = scratch.folder().join("search");
        three(&house);
        let (system, here) = (house.system(), house.user("here", Role::Agent, "31"));
        let counts = |who: &Caller, words: &str, facet: Facet| {
            let found = house.found(who, &Filter { facets: vec![facet], ..asked(words) });
            let counted = found.facets.unwrap().remove(0);
            assert_eq!(counted.facet, facet);
            counted.values.into_iter().map(|(value, count)| format!("{value} {count}")).collect::<Vec<_>>().join(", ")
        };
        let sum =
            |told: &str| told.split(", ").filter_map(|one| one.split(' ').nth(1)?.parse::<u64>().ok()).sum::<u64>();
        let all = "kind:complaint";
        for fed in [false, true] {
            if fed {
                assert_eq!(feed(&house, &folder), 3);
            }
            assert_eq!(counts(&system, all, Facet::Region), "31 2, 44 1");
            assert_eq!(counts(&here, all, Facet::Region), "31 2");
            assert_eq!(counts(&here, "宽频故障", Facet::Region), "", "not of elsewhere");
            assert_eq!(counts(&system, "宽频故障", Facet::Region), "44 1");
            assert_eq!(counts(&system, all, Facet::Kind), "complaint 3");
            let states = counts(&system, all, Facet::State);
            assert_eq!(sum(&states), 3, "{states}");
            let month = house.desk.zone().to_datetime(house.found(&system, &asked(all)).items[0].listed.received_at);
            assert_eq!(counts(&system, all, Facet::Month), format!("{} 3", month.strftime("%Y-%m")));
        }
        // One more than the index knows, and one of which it knows what is no longer so: each is counted once.
        house.try_register(&system, said("丁", "宽带又断了", "310115")).unwrap();
        assert_eq!(counts(&system, all, Facet::Region), "31 3, 44 1");
        let before = counts(&system, all, Facet::State);
        let one = house.found(&system, &asked("宽频故障")).items.remove(0).listed;
        let withdraw = json!({"mode": "phone", "reason": "不再要求"});
        house.act(&system, &CaseRef::Id(one.id), one.version, "withdraw", withdraw).unwrap();
        let after = counts(&system, all, Facet::State);
        assert_ne!(before, after);
        assert!(after.contains("withdrawn 1") && sum(&after) == 4, "{after}");
        feed(&house, &folder);
        assert_eq!(counts(&system, all, Facet::State), after, "the index says the same");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn an_index_that_is_damaged_or_gone_is_made_anew() {
    each_database(|scratch| {
        let house = house(scratch);
        let folder = scratch.folder().join("search");
        three(&house);
        let system = house.system();
        feed(&house, &folder);
        let files = || {
            let current = std::fs::read_to_string(folder.join("current")).unwrap();
            std::fs::read_dir(folder.join(current)).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>()
        };
        // Each file of the index, damaged in turn while nobody feeds.
        for n in 0..files().len() {
            let Some(file) = files().get(n).cloned() else { break };
            let mut bytes = std::fs::read(&file).unwrap();
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 0xff;
            }
            std::fs::write(&file, bytes).unwrap();
            feed(&house, &folder);
            assert_eq!(house.subjects(&system, "宽带"), ["甲"], "{}", file.display());
        }
        // What a process that was killed had begun.
        std::fs::create_dir(folder.join("index-begun")).unwrap();
        std::fs::write(folder.join("current"), "index-gone").unwrap();
        assert_eq!(feed(&house, &folder), 3);
        assert!(!folder.join("index-begun").exists());
        // Wished for.
        search::wish(&folder, true).unwrap();
        assert_eq!(feed(&house, &folder), 3);
        assert_eq!(search::wish(&folder, false).unwrap(), Wish::Done);
        assert_eq!(house.subjects(&system, "宽带"), ["甲"]);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn an_index_of_a_log_that_was_taken_back_is_made_anew() {
    each_database(|scratch| {
        let folder = scratch.folder().join("search");
        let before = house(scratch);
        three(&before);
        let file = scratch.folder().join("before.backup");
        make(&before.desk, &file).unwrap();
        let system = before.system();
        before.try_register(&system, said("丁", "机顶盒黑屏", "310115")).unwrap();
        assert_eq!(feed(&before, &folder), 4);
        before.close_down();

        restore(scratch, &file, true).unwrap();
        let after = house(scratch);
        // The log comes as far again with other words: its positions say nothing of that.
        after.try_register(&after.system(), said("戊", "光猫掉线", "310115")).unwrap();
        assert_eq!(feed(&after, &folder), 4, "all of it is gone through");
        assert_eq!(after.subjects(&after.system(), "光猫"), ["戊"]);
        assert_eq!(after.subjects(&after.system(), "宽带"), ["甲"]);
        assert!(after.subjects(&after.system(), "机顶盒").is_empty());
        // One that is of this log is gone on with.
        assert_eq!(feed(&after, &folder), 0);
        after.close_down();
    })
    .unwrap();
}

#[test]
fn who_was_erased_is_gone_from_the_files() {
    each_database(|scratch| {
        let house = house(scratch);
        let folder = scratch.folder().join("search");
        let system = house.system();
        let (agent, compliance) =
            (house.user("agent", Role::Specialist, ""), house.user("keeper", Role::Compliance, ""));
        let done = house.try_register(&agent, said("甲", "zyxwvutsrq 宽带又慢了", "310115")).unwrap();
        to_the_close(&house, &agent, &named(&done));
        let mut feeder = Feeder::new(house.desk.clone(), &folder);
        feeder.go_on(&|| false).unwrap();
        // What a segment holds of deleted cases is in its terms still.
        let says = || {
            let current = std::fs::read_to_string(folder.join("current")).unwrap();
            let index = Index::open_in_dir(folder.join(current)).unwrap();
            let (field, searcher) = (index.schema().get_field("words").unwrap(), index.reader().unwrap().searcher());
            let mut terms = searcher.segment_readers().iter().map(|one| one.inverted_index(field).unwrap());
            terms.any(|one| one.terms().get("zyxwvutsrq").unwrap().is_some())
        };
        assert!(says());
        house.wait(house.desk.erase(&compliance, &named(&done), "asked for")).unwrap();
        assert!(house.subjects(&system, "宽带").is_empty(), "before the index knows");
        feeder.go_on(&|| false).unwrap();
        assert!(house.subjects(&system, "宽带").is_empty());
        assert!(!says(), "the words are still in a file");
        let number = house.found(&system, &asked(&done.case.number));
        assert_eq!(number.items.len(), 1, "a case is found by its number for ever");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn hostile_questions_are_answered_or_refused_at_once() {
    let scratch = sqlite().unwrap();
    let house = house(&scratch);
    three(&house);
    feed(&house, &scratch.folder().join("search"));
    let system = house.system();
    let many = "宽带 ".repeat(10_000);
    let long = "宽".repeat(1_000);
    let characters: String = ('\u{4e00}'..'\u{4fff}').take(499).flat_map(|one| [one, '，']).collect();
    let sentence: String = ('\u{4e00}'..'\u{4fff}').take(900).collect();
    let within = format!("text:{sentence}");
    let huge = "a".repeat(1_000_000);
    let nested = "(".repeat(900);
    let alone = "的 了 是 我 不 在 -有 text:和";
    let long = [many.as_str(), &long, &characters, &sentence, &within, alone, &huge, &nested];
    for words in long.into_iter().chain(["*", "\"", "-", "-a", ":", "a:b:c", "\u{0}", "received:x"]) {
        let begun = std::time::Instant::now();
        if let Err(error) = house.wait(house.desk.search(&system, &asked(words))) {
            assert_eq!(refusal(error).faults.first().map(|fault| fault.field.as_str()), Some("q"));
        }
        // A debug build beside others; the limit holds with room to spare in a release.
        assert!(begun.elapsed().as_millis() < 1_000, "{} {:?}", words.len(), begun.elapsed());
    }
    let due = refusal(house.wait(house.desk.search(&system, &Filter { order: Order::Due, ..asked("a") })).unwrap_err());
    assert_eq!(due.faults[0].code, "not_with_search");
    house.close_down();
}

#[test]
fn two_processes_share_a_folder_and_one_feeds() {
    each_database(|scratch| {
        let house = house(scratch);
        let folder = scratch.folder().join("search");
        three(&house);
        let mut feeds = Feeder::new(house.desk.clone(), &folder);
        assert_eq!(feeds.go_on(&|| false).unwrap(), 3);
        let other = crate::house(scratch);
        let mut looks_on = Feeder::new(other.desk.clone(), &folder);
        assert_eq!(looks_on.go_on(&|| false).unwrap(), 0);
        assert_eq!(other.subjects(&other.system(), "宽带"), ["甲"]);
        house.try_register(&house.system(), said("丁", "宽带又断了", "310115")).unwrap();
        // Neither has taken it in; both find it.
        assert_eq!(other.subjects(&other.system(), "宽带"), ["丁", "甲"]);
        feeds.go_on(&|| false).unwrap();
        looks_on.go_on(&|| false).unwrap();
        assert_eq!(other.subjects(&other.system(), "宽带"), ["丁", "甲"]);
        drop(feeds);
        assert_eq!(looks_on.go_on(&|| false).unwrap(), 0);
        other.close_down();
        house.close_down();
    })
    .unwrap();
}

#[test]
fn ended_cases_like_one_are_shown_with_their_end() {
    each_database(|scratch| {
        let house = house(scratch);
        let folder = scratch.folder().join("search");
        let system = house.system();
        let agent = house.user("agent", Role::Specialist, "");
        let ended = said("旧", "小区宽带断网三天，师傅上门也没修好，要求退费", "310115");
        let ended = house.try_register(&agent, ended).unwrap();
        to_the_close(&house, &agent, &named(&ended));
        house.try_register(&system, said("远", "彩铃业务没有开通却一直扣费", "440100")).unwrap();
        let open = said("新", "家里宽带断网，师傅上门没修好", "310104");
        let open = house.try_register(&agent, open).unwrap();
        let like = |who: &Caller| house.wait(house.desk.similar_cases(who, &named(&open))).unwrap();
        for fed in [false, true] {
            if fed {
                feed(&house, &folder);
            }
            let found = like(&system);
            assert_eq!(found.items.iter().map(|one| &one.number).collect::<Vec<_>>(), [&ended.case.number], "{fed}");
            let one = &found.items[0];
            let Some(search::Why::Words(words)) = one.why.first() else { panic!("{:?}", one.why) };
            assert!(["师傅上门", "宽带断网"].iter().all(|run| words.iter().any(|word| word == run)), "{words:?}");
            assert!(one.why.contains(&search::Why::Category) && one.why.contains(&search::Why::Region));
            assert!(one.reply.is_some() && one.closed_at.is_some());
        }
        // Who does not see where it lies is not shown it.
        let elsewhere = house.user("elsewhere", Role::Agent, "31");
        assert_eq!(like(&elsewhere).items.len(), 1);
        let judge = |useful: bool| json!({"other": ended.case.number, "useful": useful});
        let version = house.wait(house.desk.case(&system, &named(&open))).unwrap().case.version;
        house.act(&agent, &named(&open), version, "judge-similar", judge(true)).unwrap();
        assert_eq!(like(&system).items[0].useful, Some(true));
        let own = house.act(
            &agent,
            &named(&open),
            version + 1,
            "judge-similar",
            json!({"other": open.case.number, "useful": true}),
        );
        assert_eq!(refusal(own.unwrap_err()).faults[0].code, "same_case");
        house.close_down();
    })
    .unwrap();
}

/// Similar cases are looked for in the index as it is: what it no longer says rightly is left out.
#[test]
fn what_was_taken_up_again_or_erased_is_no_example() {
    each_database(|scratch| {
        let house = house(scratch);
        let (agent, keeper) = (house.user("agent", Role::Specialist, ""), house.user("keeper", Role::Compliance, ""));
        let ended = |subject: &str| {
            let mut intake = said(subject, "小区宽带断网三天，师傅上门也没修好，要求退费", "310115");
            // Each of a person of their own, or erasing one erased both.
            intake["complainant"]["phone"] = json!(format!("1390000000{}", subject.chars().count()));
            intake["complainant"]["name"] = json!(subject);
            let done = house.try_register(&agent, intake).unwrap();
            to_the_close(&house, &agent, &named(&done));
            done
        };
        let (again, gone) = (ended("重开"), ended("删除人"));
        let open = house.try_register(&agent, said("新", "家里宽带断网，师傅上门没修好", "310104")).unwrap();
        feed(&house, &scratch.folder().join("search"));
        let like = || {
            let found = house.wait(house.desk.similar_cases(&house.system(), &named(&open))).unwrap();
            let mut numbers: Vec<_> = found.items.into_iter().map(|one| one.number).collect();
            numbers.sort();
            numbers
        };
        assert_eq!(like(), [again.case.number.clone(), gone.case.number.clone()]);
        let version = house.wait(house.desk.case(&agent, &named(&again))).unwrap().case.version;
        house.act(&agent, &named(&again), version, "reopen", json!({"reason": "客户提供了合同"})).unwrap();
        assert_eq!(like(), [gone.case.number.as_str()]);
        house.wait(house.desk.erase(&keeper, &named(&gone), "asked for")).unwrap();
        assert!(like().is_empty());
        house.close_down();
    })
    .unwrap();
}

/// While many cases are worked on, the log is read in small pieces: nothing of it is passed over.
#[test]
fn the_index_keeps_up_with_a_run_over_many_cases() {
    each_database(|scratch| {
        let house = house(scratch);
        let folder = scratch.folder().join("search");
        let lead = house.user("lead", Role::Supervisor, "");
        let names = (0..90).map(|n| {
            let done = house.try_register(&house.system(), said(&format!("{n:02}"), "宽带慢", "310115")).unwrap();
            Named::parse(&done.case.number)
        });
        let names: Vec<Named> = names.collect();
        feed(&house, &folder);
        let run = |text: &str| {
            let command = Command::read("note", json!({"text": text})).unwrap().unwrap();
            let ask = Bulk { selection: Selection::Named(names.clone()), command, dry_run: false };
            house.wait(house.desk.bulk(&lead, ask, None)).unwrap()
        };
        std::thread::scope(|scope| {
            let runs = scope.spawn(|| ["机房已巡检", "光缆已更换"].map(run));
            let mut feeder = Feeder::new(house.desk.clone(), &folder);
            while !runs.is_finished() {
                feeder.go_on(&|| false).unwrap();
            }
            feeder.go_on(&|| false).unwrap();
        });
        for words in ["机房已巡检", "光缆已更换"] {
            let found = house.found(&house.system(), &Filter { limit: 100, ..asked(words) });
            assert_eq!((found.items.len(), found.complete), (90, true), "{words}");
        }
        assert_eq!(feed(&house, &folder), 0, "nothing is left to read");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn whom_it_is_about_does_not_find_it() {
    let scratch = sqlite().unwrap();
    let house = house(&scratch);
    let (mei, lin) = (house.user("mei", Role::Agent, ""), house.user("lin", Role::Agent, ""));
    let mut about = said("甲", "营业员态度恶劣骂人", "310115");
    about["about_staff"] = json!(mei.actor.user().unwrap().to_string());
    house.try_register(&house.system(), about).unwrap();
    for fed in [false, true] {
        if fed {
            feed(&house, &scratch.folder().join("search"));
        }
        assert_eq!(house.subjects(&lin, "态度"), ["甲"]);
        assert!(house.subjects(&mei, "态度").is_empty());
        let counted = house.found(&mei, &Filter { facets: Facet::ALL.to_vec(), ..asked("态度") }).facets.unwrap();
        assert!(counted.iter().all(|one| one.values.is_empty()), "{counted:?}");
    }
    house.close_down();
}
