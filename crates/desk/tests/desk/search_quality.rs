//! How well words are found: a corpus made by rule, so that the answer to each question is known, against SQLite's own
//! full-text search over the same texts. The table stands in docs/search.md; `REDRESS_WRITE_TABLES=1` writes it.

use crate::{House, house, intake};
use desk::queries::list::{Filter, Order};
use desk::search::Feeder;
use rusqlite::Connection;
use serde_json::json;
use std::collections::BTreeSet;
use store::testing::sqlite;

const CASES: usize = 1_200;

const WHO: [&str; 6] = ["老人", "租户", "商户", "学生", "客户", "家属"];
const WHAT: [&str; 12] = [
    "宽带断网",
    "网速很慢",
    "话费突增",
    "套餐降档被拒",
    "携号转网受阻",
    "流量清零",
    "副卡乱扣费",
    "彩铃未经同意开通",
    "信号覆盖差",
    "装机超时",
    "合约解约违约金过高",
    "国际漫游账单异常",
];
const PLACE: [&str; 10] = [
    "中山路营业厅",
    "人民广场",
    "高新区科技园",
    "滨江小区三期",
    "大学城南门",
    "火车站东广场",
    "老城厢",
    "开发区",
    "古镇景区",
    "阳光花园",
];
const WISH: [&str; 8] = [
    "要求退费",
    "要求道歉",
    "要求上门维修",
    "要求书面答复",
    "要求赔偿损失",
    "要求核实",
    "要求取消业务",
    "要求恢复原套餐",
];
const DEVICE: [&str; 8] = ["router", "modem", "handset", "broadband", "roaming", "invoice", "voucher", "contract"];
const DONE: [&str; 6] = ["billed", "suspended", "disconnected", "overcharged", "installed", "cancelled"];

/// A sequence that is the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

fn corpus() -> Vec<String> {
    let mut dice = Dice(7);
    (0..CASES)
        .map(|n| {
            format!(
                "{}{}反映{}，第{}次来电，{}。The {} was {} on order WX{}K, ref {}.",
                dice.one(&PLACE),
                dice.one(&WHO),
                dice.one(&WHAT),
                dice.below(9) + 1,
                dice.one(&WISH),
                dice.one(&DEVICE),
                dice.one(&DONE),
                4_000 + n / 2,
                ["alpha", "beta", "gamma"][n % 3],
            )
        })
        .collect()
}

struct Asked {
    kind: &'static str,
    /// As people type it.
    typed: String,
    /// What has to stand in a text, all of it.
    needs: Vec<String>,
}

fn has(text: &str, need: &str) -> bool {
    match need.is_ascii() {
        true => text.to_lowercase().split(|one: char| !one.is_ascii_alphanumeric()).any(|word| word == need),
        false => text.contains(need),
    }
}

/// Two hundred and forty questions of six kinds.
fn questions(texts: &[String]) -> Vec<Asked> {
    let mut dice = Dice(11);
    let mut seen = BTreeSet::new();
    let mut asked = Vec::new();
    let chinese =
        |text: &str| -> Vec<char> { text.split("The ").next().unwrap().chars().filter(|one| *one != '。').collect() };
    for (kind, count, shortest, longest) in [("two characters", 90, 2, 2), ("three to six characters", 60, 3, 6)] {
        let mut left = count;
        while left > 0 {
            let text = chinese(&texts[dice.below(texts.len())]);
            let long = shortest + dice.below(longest - shortest + 1);
            let from = dice.below(text.len() - long);
            let part: String = text[from..from + long].iter().collect();
            let whole = part.chars().all(|one| !one.is_ascii() && one != '，');
            if whole && seen.insert(part.clone()) {
                left -= 1;
                asked.push(Asked { kind, typed: part.clone(), needs: vec![part] });
            }
        }
    }
    for n in 0..30 {
        let (what, wish) = (WHAT[n % WHAT.len()], WISH[(n * 3 + n / 8) % WISH.len()]);
        let needs = vec![what.chars().take(2).collect(), wish.chars().skip(2).collect::<String>()];
        asked.push(Asked { kind: "two Chinese words", typed: needs.join(" "), needs });
    }
    for n in 0..30 {
        let typed = match n % 3 {
            0 => DEVICE[n / 3 % DEVICE.len()].to_owned(),
            1 => DONE[n / 3 % DONE.len()].to_owned(),
            _ => format!("WX{}K", 4_000 + n),
        };
        asked.push(Asked { kind: "English words and codes", needs: vec![typed.to_lowercase()], typed });
    }
    for (typed, needs) in [
        ("寬帶斷網", "宽带断网"),
        ("網速", "网速"),
        ("話費突增", "话费突增"),
        ("攜號轉網", "携号转网"),
        ("流量清零", "流量清零"),
        ("亂扣費", "乱扣费"),
        ("信號覆蓋", "信号覆盖"),
        ("裝機超時", "装机超时"),
        ("合約", "合约"),
        ("國際漫遊", "国际漫游"),
        ("賬單異常", "账单异常"),
        ("營業廳", "营业厅"),
        ("書面答覆", "书面答复"),
        ("賠償損失", "赔偿损失"),
        ("維修", "维修"),
        ("ｒｏｕｔｅｒ", "router"),
        ("ＩＮＶＯＩＣＥ", "invoice"),
        ("ＷＸ４００１Ｋ", "wx4001k"),
        ("開發區", "开发区"),
        ("陽光花園", "阳光花园"),
    ] {
        asked.push(Asked {
            kind: "traditional and full-width",
            typed: typed.to_owned(),
            needs: vec![needs.to_owned()],
        });
    }
    for n in 0..10 {
        let (device, what) = (DEVICE[n % DEVICE.len()], WHAT[n % WHAT.len()].chars().take(2).collect::<String>());
        asked.push(Asked { kind: "mixed", typed: format!("{what} {device}"), needs: vec![what, device.to_owned()] });
    }
    asked
}

#[derive(Default)]
struct Score {
    questions: usize,
    recall: f64,
    precision: f64,
}

impl Score {
    fn count(&mut self, expected: &BTreeSet<usize>, found: &[usize]) {
        let right = found.iter().filter(|one| expected.contains(one)).collect::<BTreeSet<_>>().len();
        let first: Vec<&usize> = found.iter().take(10).collect();
        let good = first.iter().filter(|one| expected.contains(**one)).count();
        self.questions += 1;
        self.recall += right as f64 / expected.len() as f64;
        // What a search can show at most is all there is.
        self.precision += if first.is_empty() { 0.0 } else { good as f64 / first.len() as f64 };
    }

    fn shown(&self) -> String {
        let of = |sum: f64| 100.0 * sum / self.questions.max(1) as f64;
        format!("{:.1} / {:.1}", of(self.recall), of(self.precision))
    }
}

fn fts(tokenizer: &str, texts: &[String]) -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(&format!("CREATE VIRTUAL TABLE t USING fts5(text, tokenize = '{tokenizer}'); BEGIN")).unwrap();
    for (n, text) in texts.iter().enumerate() {
        db.execute("INSERT INTO t (rowid, text) VALUES (?1, ?2)", (n as i64, text)).unwrap();
    }
    db.execute_batch("COMMIT").unwrap();
    db
}

fn by_fts(db: &Connection, typed: &str) -> Vec<usize> {
    let words: Vec<String> = typed.split(' ').map(|word| format!("\"{word}\"")).collect();
    let mut statement = db.prepare("SELECT rowid FROM t WHERE t MATCH ?1 ORDER BY rank").unwrap();
    let rows = statement.query_map([words.join(" AND ")], |row| row.get::<_, i64>(0)).unwrap();
    rows.map(|row| usize::try_from(row.unwrap()).unwrap()).collect()
}

fn by_house(house: &House, numbers: &[String], typed: &str) -> Vec<usize> {
    let system = house.system();
    let words = match typed.contains(' ') {
        true => typed.to_owned(),
        false => format!("\"{typed}\""),
    };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let filter = Filter {
            words: Some(words.clone()),
            order: Order::Relevance,
            limit: 250,
            after: after.clone(),
            ..Filter::default()
        };
        let page = house.wait(house.desk.search(&system, &filter)).unwrap();
        found.extend(
            page.items.iter().map(|one| numbers.iter().position(|number| *number == one.listed.number).unwrap()),
        );
        match page.next {
            Some(next) => after = Some(next),
            None => return found,
        }
    }
}

#[test]
fn every_exact_string_is_found() {
    let scratch = sqlite().unwrap();
    let house = house(&scratch);
    let texts = corpus();
    let system = house.system();
    let mut numbers = Vec::new();
    for text in &texts {
        let mut intake = intake();
        let fields = intake.as_object_mut().unwrap();
        fields.retain(|name, _| !["subject", "demand", "external"].contains(&name.as_str()));
        fields.insert("category".to_owned(), json!("G102"));
        fields.insert("description".to_owned(), json!(text));
        numbers.push(house.try_register(&system, intake).unwrap().case.number);
    }
    Feeder::new(house.desk.clone(), &scratch.folder().join("search")).go_on(&|| false).unwrap();
    let others = [fts("unicode61", &texts), fts("trigram", &texts)];
    let asked = questions(&texts);
    assert!(asked.len() >= 200, "{}", asked.len());
    let mut kinds: Vec<(&str, [Score; 3])> = Vec::new();
    for one in &asked {
        let right = |text: &String| one.needs.iter().all(|need| has(text, need));
        let expected: BTreeSet<usize> = (0..texts.len()).filter(|n| right(&texts[*n])).collect();
        if expected.is_empty() {
            continue;
        }
        let found = by_house(&house, &numbers, &one.typed);
        assert!(expected.iter().all(|n| found.contains(n)), "{} ({}) misses some", one.typed, one.kind);
        let found = [found, by_fts(&others[0], &one.typed), by_fts(&others[1], &one.typed)];
        if kinds.last().is_none_or(|(kind, _)| *kind != one.kind) {
            kinds.push((one.kind, Default::default()));
        }
        let (_, scores) = kinds.last_mut().unwrap();
        for (score, found) in scores.iter_mut().zip(&found) {
            score.count(&expected, found);
        }
    }
    let mut table = vec![
        "| questions | how many | Redress | FTS5 `unicode61` | FTS5 `trigram` |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    for (kind, [ours, words, trigrams]) in &kinds {
        let (ours_shown, words, trigrams) = (ours.shown(), words.shown(), trigrams.shown());
        table.push(format!("| {kind} | {} | {ours_shown} | {words} | {trigrams} |", ours.questions));
    }
    let table = table.join("\n");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/search.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (begin, end) = ("<!-- measured -->\n", "\n<!-- /measured -->");
    let (before, rest) = page.split_once(begin).unwrap();
    let (standing, after) = rest.split_once(end).unwrap();
    if std::env::var_os("REDRESS_WRITE_TABLES").is_some() {
        std::fs::write(path, format!("{before}{begin}{table}{end}{after}")).unwrap();
    } else {
        assert_eq!(standing, table, "REDRESS_WRITE_TABLES=1 writes the table of docs/search.md");
    }
    house.close_down();
}
