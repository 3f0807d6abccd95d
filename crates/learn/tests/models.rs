//! Models: what they learn, that they are the same every time, and that bytes which are none are refused.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use learn::{Broken, Example, Model, Untrainable};
use proptest::prelude::*;

fn texts() -> Vec<(String, &'static str)> {
    let kinds: [(&str, &[&str]); 4] = [
        ("billing", &["多扣了话费", "账单金额不对", "套餐外流量乱收费", "重复扣款请退费"]),
        ("network", &["手机没信号", "基站坏了打不通电话", "地下室信号很差", "5G 信号弱"]),
        ("broadband", &["宽带老是断线", "光猫红灯网速慢", "broadband is very slow", "router drops wifi"]),
        ("service", &["客服态度恶劣", "热线排队太久", "agent was rude to me", "nobody answers the hotline"]),
    ];
    let mut texts = Vec::new();
    for (label, said) in kinds {
        for n in 0..24 {
            texts.push((format!("{}，{}（{n}）", said[n % 4], said[(n / 4 + 1) % 4]), label));
        }
    }
    texts
}

fn trained() -> Model {
    let texts = texts();
    let examples: Vec<Example<'_>> = texts.iter().map(|(text, label)| Example { text, label }).collect();
    Model::train(&examples).unwrap()
}

#[test]
fn learns_explains_and_is_not_sure_of_what_it_never_saw() {
    let model = trained();
    let guess = model.guess("家里宽带天天断线，光猫一直红灯", 3);
    assert_eq!(guess.len(), 3);
    assert_eq!(guess[0].label, "broadband");
    assert!(guess[0].probability > Model::SURE);
    let reasons: Vec<&str> = guess[0].reasons.iter().map(|reason| reason.words.as_str()).collect();
    assert!(
        reasons.iter().any(|words| ["断线", "光猫", "红灯", "宽带"].iter().any(|word| words.contains(word))),
        "{reasons:?}"
    );
    assert!(guess[0].reasons.is_sorted_by(|a, b| a.weight >= b.weight));
    // Full width and case are the same to it.
    assert_eq!(model.probabilities("BROADBAND ＩＳ slow"), model.probabilities("broadband is slow"));
    for text in ["", " ", "！！！", "zzzz qqqq"] {
        let guess = model.guess(text, 3);
        assert!(guess[0].probability < Model::SURE, "{text}: {guess:?}");
    }
    let sum: f32 = model.probabilities("没信号").iter().sum();
    assert!((sum - 1.0).abs() < 1e-5);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, other) = (trained().to_bytes(), trained().to_bytes());
    assert_eq!(Model::name_of(&one), Model::name_of(&other));
    let back = Model::from_bytes(&one).unwrap();
    assert_eq!(back.to_bytes(), one);
    assert_eq!(back.probabilities("多扣话费"), trained().probabilities("多扣话费"));
}

#[test]
fn what_cannot_be_learnt_from() {
    assert_eq!(Model::train(&[]).unwrap_err(), Untrainable::Nothing);
    let empty = [Example { text: " ", label: "a" }, Example { text: "", label: "b" }];
    assert_eq!(Model::train(&empty).unwrap_err(), Untrainable::NoWords);
    let labels: Vec<String> = (0..501).map(|n| n.to_string()).collect();
    let many: Vec<Example<'_>> = labels.iter().map(|label| Example { text: "a word", label }).collect();
    assert_eq!(Model::train(&many).unwrap_err(), Untrainable::TooManyClasses(501));
    // One class only is no fault: it is always that one.
    let one = Model::train(&[Example { text: "no signal", label: "network" }]).unwrap();
    let guess = one.guess("anything", 3);
    assert_eq!((guess.len(), guess[0].label.as_str(), guess[0].probability), (1, "network", 1.0));
}

#[test]
fn damaged_files_are_refused() {
    let bytes = trained().to_bytes();
    assert_eq!(Model::from_bytes(b"").unwrap_err(), Broken::NotOne);
    assert_eq!(Model::from_bytes(b"PK\x03\x04 something").unwrap_err(), Broken::NotOne);
    for cut in [8, 16, 20, 40, bytes.len() / 2, bytes.len() - 1] {
        assert!(Model::from_bytes(&bytes[..cut]).is_err(), "{cut}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(Model::from_bytes(&longer).unwrap_err(), Broken::Length);
    // A file that claims to hold more than it has takes no memory for it.
    let mut claims = bytes[..20].to_vec();
    claims.extend(u32::MAX.to_le_bytes());
    assert!(Model::from_bytes(&claims).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_bytes_bring_it_down(place in 0_usize..4_000, byte in any::<u8>(), tail in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut bytes = trained().to_bytes();
        let place = place % bytes.len();
        bytes[place] = byte;
        if let Ok(model) = Model::from_bytes(&bytes) {
            let _ = model.guess("宽带断线", 3);
        }
        let mut bytes = b"rdlearn1".to_vec();
        bytes.extend(tail);
        prop_assert!(Model::from_bytes(&bytes).is_err());
    }

    #[test]
    fn no_text_brings_it_down(text in any::<String>()) {
        let model = trained();
        let guess = model.guess(&text, 3);
        prop_assert!(guess.iter().all(|guess| (0.0..=1.0).contains(&guess.probability)));
        let told = [learn::topics::Told { month: 1, category: "a", text: &text, row: 0 }; 1];
        let _ = learn::topics::rising(&told, 1, 3);
    }
}
