//! Hostile packs, calendars and lists: refused with a reason, whatever they are made of, or taken and usable.
//!
//! `PROPTEST_CASES` sets how many random ones are thrown; `make soak` throws many.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

mod targets;

use policy::{Calendar, Fault, Pack, Plan};
use proptest::prelude::*;
use targets::{CALENDAR, PACKS, STACKS, calendars};

const LIST: &str = "jurisdiction,rule,start,attributes,expected_deadline,reasoning\n\
    CN,statutory_answer,2026-07-03T10:00:00+08:00,n=15;unit=calendar_days;calendar=none;tz=Asia/Shanghai;first_day=excluded;roll=none,2026-07-18T23:59:59+08:00,\"a, b\"\n\
    GEN,x,2026-05-04T09:00:00+10:00,\"tz=Asia/Shanghai;normal=10d;urgent=2d;regraded_at=2026-05-18T08:00:00+10:00;policy=min(original,regrade+urgent)\",2026-05-14T23:59:59+08:00,\n\
    GEN,y,2026-08-07T16:30:00+02:00,duration=48h;tz=Africa/Johannesburg;pause=2026-08-07T20:00:00+02:00/2026-08-08T02:00:00+02:00,2026-08-09T22:30:00+02:00,\n";

/// One change to a text.
#[derive(Clone, Debug)]
enum Change {
    Byte(usize, u8),
    Cut(usize, usize),
    Double(usize, usize),
    /// A word that means something, somewhere.
    Word(usize, &'static str),
    /// A whole line in another place.
    Line(usize, usize),
}

const WORDS: [&str; 24] = [
    "[[clock]]\n",
    "[clock]\n",
    "[pack]\n",
    "[[",
    "]]",
    "{",
    "}",
    "\"",
    "\"\"\"",
    "=",
    "\n",
    "\\u0000",
    "9999-12-31",
    "-9223372036854775808",
    "876600wh",
    "36525bd",
    "99999999999999999999h",
    "1200mo",
    "\u{202e}",
    "\u{feff}",
    "inf",
    "#",
    ";pause=",
    "min(",
];

fn any_change() -> impl Strategy<Value = Change> {
    let place = any::<usize>();
    prop_oneof![
        (place, any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (place, 0_usize..400).prop_map(|(at, length)| Change::Cut(at, length)),
        (place, 0_usize..400).prop_map(|(at, length)| Change::Double(at, length)),
        (place, prop::sample::select(&WORDS[..])).prop_map(|(at, word)| Change::Word(at, word)),
        (place, place).prop_map(|(from, to)| Change::Line(from, to)),
    ]
}

fn changed(text: &str, changes: &[Change]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        let span = |at: usize, wanted: usize| (at % length, (at % length + wanted).min(length));
        match *change {
            Change::Byte(at, byte) => bytes[at % length] = byte,
            Change::Cut(at, wanted) => {
                let (from, to) = span(at, wanted);
                bytes.drain(from..to);
            }
            Change::Double(at, wanted) => {
                let (from, to) = span(at, wanted);
                let again = bytes[from..to].to_vec();
                bytes.splice(to..to, again);
            }
            Change::Word(at, word) => {
                bytes.splice(at % length..at % length, word.bytes());
            }
            Change::Line(from, to) => {
                let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
                let line = lines.remove(from % lines.len());
                lines.insert(to % (lines.len() + 1), line);
                bytes = lines.join(&b'\n');
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        targets::rules(&bytes);
        targets::deadline(&bytes);
        targets::vectors(&bytes);
    }

    #[test]
    fn changed_rules(file in 0_usize..5, changes in prop::collection::vec(any_change(), 1..6)) {
        let text = [CALENDAR, PACKS[0], PACKS[1], PACKS[2], STACKS][file];
        targets::rules(&changed(text, &changes));
    }

    #[test]
    fn changed_lists(changes in prop::collection::vec(any_change(), 1..6)) {
        targets::vectors(&changed(LIST, &changes));
    }
}

/// Files as somebody would make them who wants the server to hang or fall over.
fn hostile() -> Vec<(&'static str, String)> {
    let deep = 200_000;
    let pack = PACKS[0];
    let clock = pack.split("\n\n").find(|part| part.starts_with("[[clock]]")).unwrap();
    let many = |count: usize| -> String {
        (0..count).map(|n| clock.replace("id = \"statutory_answer\"", &format!("id = \"rule{n}\"")) + "\n\n").collect()
    };
    let amount = |amount: &str| pack.replace("amount = \"15d\"", &format!("amount = {amount}"));
    vec![
        ("arrays in arrays", format!("x = {}{}", "[".repeat(deep), "]".repeat(deep))),
        ("tables in tables", format!("x = {}1{}", "{ x = ".repeat(deep), " }".repeat(deep))),
        ("a key of many parts", format!("{}x = 1", "x.".repeat(deep))),
        ("a head of many parts", format!("[{}x]\n", "x.".repeat(deep))),
        (
            "heads that open each other",
            (1..2_000).map(|n| format!("[{}]\n", vec!["x"; n].join("."))).take(600).collect(),
        ),
        ("ten megabytes of remarks", format!("{pack}\n{}", "# nothing\n".repeat(1_000_000))),
        ("ten megabytes of one word", format!("x = \"{}\"", "x".repeat(10 << 20))),
        ("ten megabytes of rules", format!("{pack}\n{}", many(10_000))),
        ("a megabyte of brackets", "[".repeat(1 << 20)),
        ("a megabyte of quotes", "\"".repeat(1 << 20)),
        ("as many faults as fit", "[[clock]]\n".repeat(100_000)),
        ("as many unknown keys as fit", (0..60_000).map(|n| format!("key{n} = 1\n")).collect()),
        ("a key as long as fits", format!("{} = 1", "x".repeat((1 << 20) - 10))),
        ("the same key again and again", "x = 1\n".repeat(150_000)),
        ("an amount beyond all numbers", amount("\"99999999999999999999999999h\"")),
        ("an amount beyond a century", amount("\"36526d\"")),
        ("more months than a century", amount("\"1201mo\"")),
        ("an amount below nothing", amount("\"-1d\"")),
        ("an amount that is a number", amount("1e308")),
        ("an amount by itself", amount("{ normal = { normal = \"1d\" } }")),
        ("a rule twice", pack.to_owned() + "\n" + clock),
        ("hundreds of rules of one kind", format!("{pack}\n{}", many(700))),
        (
            "a circle of clocks",
            (0..400)
                .map(|n| {
                    let chained =
                        clock.replace("start = [\"received\"]", &format!("start = [\"expiry:rule{}\"]", (n + 1) % 400));
                    chained.replace("id = \"statutory_answer\"", &format!("id = \"rule{n}\"")) + "\n\n"
                })
                .fold(format!("{pack}\n"), |text, clock| text + &clock),
        ),
        (
            "a condition with thousands of alternatives",
            pack.replacen(
                "applies = { kind = \"complaint\" }",
                &format!("applies = [{}]", "{ kind = \"complaint\" }, ".repeat(20_000)),
                1,
            ),
        ),
        (
            "a test with thousands of codes",
            pack.replacen(
                "applies = { kind = \"complaint\" }",
                &format!(
                    "applies = {{ category = [{}] }}",
                    (1..50_000).map(|n| format!("\"A{n}\", ")).collect::<String>()
                ),
                1,
            ),
        ),
        ("nothing", String::new()),
        ("a null byte", "\0".to_owned()),
    ]
}

#[test]
fn hostile_files_are_refused_with_a_reason() {
    let calendars = calendars();
    for (name, text) in hostile() {
        let refused: [Result<(), Vec<Fault>>; 3] = [
            Pack::load("x.toml", &text, &calendars).map(drop),
            Calendar::parse_file("x.toml", &text).map(drop),
            Plan::load("x.toml", &text, &[]).map(drop),
        ];
        for outcome in refused {
            let faults = outcome.expect_err(name);
            assert!(!faults.is_empty() && faults.len() <= 100, "{name}: {} faults", faults.len());
            assert!(faults.iter().all(|fault| fault.line >= 1 && !fault.message.is_empty()), "{name}");
        }
    }
}

/// How long the slowest refusal takes. `make soak` prints it: on a shared machine a time proves nothing.
#[test]
#[ignore = "measures time"]
fn how_long_refusing_takes() {
    let calendars = calendars();
    for (name, text) in hostile() {
        let begun = std::time::Instant::now();
        assert!(Pack::load("x.toml", &text, &calendars).is_err(), "{name}");
        println!("{:>7.1} ms  {:>8} bytes  {name}", begun.elapsed().as_secs_f64() * 1e3, text.len());
    }
}
