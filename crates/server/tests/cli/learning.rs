//! Categories learned from a file, and bursts in one.

use crate::failed;
use crate::program::Place;
use serde_json::Value;
use std::fmt::Write as _;

#[test]
fn categories_are_learned_measured_and_told() {
    let place = Place::new(None);
    let write = |name: &str, text: String| std::fs::write(place.folder.join(name), text).unwrap();
    let rows = |from: u32| {
        let mut csv = String::from("\u{feff}text,label\r\n");
        for n in from..from + 40 {
            let _ = write!(csv, "\"账单多扣了{n}元,\n要求退费\",billing\r\n宽带第{n}天很慢 no signal,network\r\n");
        }
        csv
    };
    write("train.csv", rows(0));
    write("test.csv", rows(100) + ",billing\r\n");
    let ask = ["classify", "eval", "--train", "train.csv", "--test", "test.csv", "--text", "text", "--label", "label"];
    let told: Value = serde_json::from_str(&place.ok(&[&ask[..], &["--json"]].concat())).unwrap();
    assert!(told["accuracy"].as_f64().unwrap() > 0.97, "{told}");
    for name in ["macro_f1", "log_loss", "ece"] {
        assert!(told[name].is_f64(), "{name}: {told}");
    }
    assert!(place.ok(&ask).contains("macro_f1"));
    let mut wrong = ask;
    wrong[7] = "nothing";
    assert!(failed(&place, &wrong).contains("nothing"));
    place.ok(&["classify", "train", "--data", "train.csv", "--text", "text", "--label", "label", "--out", "m"]);
    let mut bytes = std::fs::read(place.folder.join("m")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(place.folder.join("broken"), bytes).unwrap();
    let predict = |model: &str| ["classify", "predict", "--model", model, "多扣了钱"].map(str::to_owned);
    let predict_with = |model: &str| {
        let words = predict(model);
        place.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let good = predict_with("m");
    assert!(good.status.success() && String::from_utf8_lossy(&good.stdout).contains("billing"), "{good:?}");
    assert!(!predict_with("broken").status.success(), "a changed model is no model");
}

#[test]
fn a_burst_is_found_and_a_calm_month_is_not() {
    let place = Place::new(None);
    let file = |burst: bool| {
        let mut csv = String::from("time,region,category\n");
        for day in 1..=28 {
            for hour in 0..24 {
                for n in 0..2 + (day * 7 + hour * 5) % 3 {
                    let region = if n % 2 == 0 { "3101" } else { "3302" };
                    let _ = writeln!(csv, "2026-02-{day:02} {hour:02}:{:02}:00,{region},A501", n * 7);
                }
                if burst && day == 27 && (10..14).contains(&hour) {
                    for n in 0..40 {
                        let _ = writeln!(csv, "2026-02-{day:02} {hour:02}:{n:02}:30,3101,A501");
                    }
                }
            }
        }
        csv
    };
    let ask = |name: &str| {
        let told = place.ok(&[
            "bursts", name, "--time", "time", "--region", "region", "--category", "category", "--json",
        ]);
        serde_json::from_str::<Value>(&told).unwrap()
    };
    std::fs::write(place.folder.join("calm.csv"), file(false)).unwrap();
    std::fs::write(place.folder.join("burst.csv"), file(true)).unwrap();
    let (calm, burst) = (ask("calm.csv"), ask("burst.csv"));
    assert_eq!(calm["bursts"].as_array().map(Vec::len), Some(0), "{calm}");
    let found = burst["bursts"].as_array().unwrap();
    assert!(!found.is_empty() && found[0].to_string().contains("3101"), "{burst}");
}
