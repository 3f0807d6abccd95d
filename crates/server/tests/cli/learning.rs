//! `redress classify`, `bursts` and `topics` on files as others write them: what they say, and how they refuse.

use serde_json::Value;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("redress-learning-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_redress")).args(arguments).output().unwrap()
}

fn ok(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&ok(arguments)).unwrap()
}

/// One line on stderr, exit code 1: an error, not a panic.
fn failed(arguments: &[&str]) -> String {
    let output = run(arguments);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
    assert!(told.starts_with("redress: ") && told.lines().count() == 1, "{told}");
    told
}

fn labelled() -> String {
    let mut rows = "id,text,label\n".to_owned();
    for n in 0..30 {
        for (text, label) in
            [("手机没有信号，基站坏了", "网络"), ("多扣了话费，账单不对", "资费"), ("客服态度恶劣", "服务")]
        {
            writeln!(rows, "{n},\"{text}\n第{n}次反映\",{label}").unwrap();
        }
    }
    rows
}

fn eval(train: &str, test: &str) -> Vec<String> {
    let arguments =
        ["classify", "eval", "--train", train, "--test", test, "--text", "text", "--label", "label", "--json"];
    arguments.map(str::to_owned).to_vec()
}

fn eval_json(train: &str, test: &str) -> Value {
    let arguments = eval(train, test);
    json(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn eval_failed(train: &str, test: &str) -> String {
    let arguments = eval(train, test);
    failed(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn files_of_every_usual_form_are_measured_alike() {
    let folder = Folder::new();
    let text = labelled();
    let plain = folder.write("plain.csv", &text);
    let figures = eval_json(&plain, &plain);
    assert_eq!((&figures["accuracy"], &figures["macro_f1"]), (&Value::from(1.0), &Value::from(1.0)));
    assert!(figures["log_loss"].as_f64().unwrap() < 0.3 && figures["ece"].as_f64().unwrap() < 0.3, "{figures}");
    assert_eq!(figures["classes"].as_array().unwrap().len(), 3);
    let gb = encoding_rs::GB18030.encode(&text).0.into_owned();
    let wide: Vec<u8> = std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let forms = [
        folder.write("bom.csv", format!("\u{FEFF}{text}")),
        folder.write("crlf.csv", text.replace('\n', "\r\n")),
        folder.write("gb18030.csv", gb),
        folder.write("utf16.csv", wide),
        folder.write("semicolon.csv", text.replace(',', ";").replace('，', ",")),
    ];
    for form in &forms {
        let other = eval_json(form, &plain);
        assert_eq!(other["accuracy"], 1.0, "{form}: {other}");
        assert_eq!(other["train"]["rows"], 90, "{form}");
    }
    let human = ok(&["classify", "eval", "--train", &plain, "--test", &plain, "--text", "text", "--label", "label"]);
    assert!(human.contains("accuracy 1.0000") && human.contains("macro_f1 1.0000"), "{human}");
}

#[test]
fn odd_rows_are_told_and_unknown_categories_counted() {
    let folder = Folder::new();
    let train = folder.write("train.csv", labelled());
    let test = folder.write("test.csv", "text,label\n没有信号,网络\n,资费\n话费多扣,\n什么,别的\n只有一格\n");
    let figures = eval_json(&train, &test);
    assert_eq!(figures["rows"], 3, "{figures}");
    assert_eq!(figures["unknown_labels"], serde_json::json!(["别的"]));
    assert_eq!(figures["test"]["empty_texts"], 1);
    assert_eq!(figures["test"]["left_out"]["count"], 2);
    assert_eq!(figures["test"]["left_out"]["first"][0]["line"], 4);
    // One category only: always that one.
    let one = folder.write("one.csv", "text,label\na b,x\nc d,x\n");
    assert_eq!(eval_json(&one, &one)["accuracy"], 1.0);
    let few = folder.write("few.csv", "text,label\nred apple,x\ngreen pear,y\n");
    assert_eq!(eval_json(&few, &few)["rows"], 2);

    let empty = folder.write("empty.csv", "");
    assert!(eval_failed(&empty, &test).contains("empty.csv: the file is empty"));
    let header = folder.write("header.csv", "text,label\n");
    assert!(eval_failed(&header, &test).contains("no text to learn from"));
    assert!(eval_failed(&train, &header).contains("nothing to measure on"));
    let blank = folder.write("blank.csv", "text,label\n,x\n ,y\n");
    assert!(eval_failed(&blank, &test).contains("no text says anything"));
    let other = folder.write("other.csv", "body,label\na,b\n");
    assert!(eval_failed(&other, &test).contains("there is no column \"text\"; the columns are body, label"));
    let twice = folder.write("twice.csv", "text,text,label\na,b,c\n");
    assert!(eval_failed(&twice, &test).contains("two columns \"text\""));
    let open = folder.write("open.csv", "text,label\n\"never closed,x\n");
    assert!(eval_failed(&open, &test).contains("line 2: a quotation mark is left open"));
    assert!(eval_failed("/nowhere/at/all.csv", &test).contains("/nowhere/at/all.csv: "));
    let bytes = folder.write("bytes.csv", [b"text,label\n\xFF\xFF\xFF,x\n".as_slice(), &[0x81, 0x0A]].concat());
    assert!(eval_failed(&bytes, &test).contains("neither UTF-8 nor GB18030"));
}

#[test]
fn a_model_is_written_read_and_refused() {
    let folder = Folder::new();
    let data = folder.write("data.csv", labelled());
    let model = folder.0.join("model").to_str().unwrap().to_owned();
    let train = ["classify", "train", "--data", &data, "--text", "text", "--label", "label", "--out", &model, "--json"];
    let told = json(&train);
    assert_eq!(told["classes"], serde_json::json!(["服务", "网络", "资费"]));
    assert!(failed(&train).contains("model: "), "nothing is overwritten");
    let said = json(&["classify", "predict", "--model", &model, "--json", "基站坏了没信号，家里冒烟"]);
    assert_eq!((&said["guesses"][0]["label"], &said["sure"]), (&Value::from("网络"), &Value::from(true)));
    assert!(!said["guesses"][0]["reasons"].as_array().unwrap().is_empty());
    assert_eq!(said["cues"][0]["cue"], "safety");
    let rows = ok(&["classify", "predict", "--model", &model, "--data", &data, "--text", "text", "--json"]);
    assert_eq!(rows.lines().count(), 90);
    assert_eq!(serde_json::from_str::<Value>(rows.lines().nth(1).unwrap()).unwrap()["line"], 4);
    // Without a model the word list says what it can.
    let words = json(&["classify", "predict", "--json", "家里没信号，我要打12345"]);
    assert_eq!((&words["by_words"][0]["label"], &words["cues"][0]["cue"]), (&"A101".into(), &"regulator".into()));
    assert!(ok(&["classify", "predict", "!!!"]).contains("nothing"));

    assert!(failed(&["classify", "predict", "--model", &data, "x"]).contains("this is no model"));
    let bytes = std::fs::read(&model).unwrap();
    let cut = folder.write("cut", &bytes[..bytes.len() - 7]);
    assert!(failed(&["classify", "predict", "--model", &cut, "x"]).contains("cut short"));
}

fn bursts(file: &str) -> Vec<&str> {
    vec!["bursts", file, "--time", "at", "--region", "where", "--category", "what", "--json"]
}

/// Sixty days of three complaints a day in four cells, and thirty within an hour in one of them.
fn stream(write: impl Fn(i64, i64, i64) -> String) -> String {
    let mut rows = "at,where,what,text\n".to_owned();
    for day in 0..60 {
        for n in 0..12 {
            let time = write(day, (n * 2 + day) % 24, (n * 17 + day * 7) % 60);
            writeln!(rows, "{time},R{},C{},text {day} {n}", n % 2, n / 2 % 2).unwrap();
        }
        if day == 40 {
            for n in 0..30 {
                writeln!(rows, "{},R1,C1,\"no signal, since\n{n}\"", write(day, 14, n * 2)).unwrap();
            }
        }
    }
    rows
}

fn date(day: i64) -> jiff::civil::Date {
    jiff::civil::date(2026, 1, 14).checked_add(jiff::Span::new().days(day)).unwrap()
}

#[test]
fn a_burst_is_found_in_whatever_form_times_are_written() {
    let folder = Folder::new();
    type Write = fn(i64, i64, i64) -> String;
    let forms: [(&str, Write); 7] = [
        ("iso", |day, hour, minute| format!("{} {hour:02}:{minute:02}:00", date(day))),
        ("rfc3339", |day, hour, minute| format!("{}T{hour:02}:{minute:02}:00+08:00", date(day))),
        ("slashes", |day, hour, minute| {
            let date = date(day);
            format!("{}/{}/{} {hour}:{minute:02}", date.year(), date.month(), date.day())
        }),
        ("british", |day, hour, minute| {
            let date = date(day);
            format!("{:02}/{:02}/{} {hour}:{minute:02}", date.day(), date.month(), date.year())
        }),
        ("american", |day, hour, minute| {
            let date = date(day);
            format!("{}/{}/{} {hour}:{minute:02}", date.month(), date.day(), date.year())
        }),
        ("epoch", |day, hour, minute| {
            let at = date(day).at(hour as i8, minute as i8, 0, 0);
            jiff::tz::TimeZone::UTC.to_timestamp(at).unwrap().as_second().to_string()
        }),
        ("days", |day, _, _| date(day).to_string()),
    ];
    for (name, write) in forms {
        let file = folder.write(name, stream(write));
        let found = json(&bursts(&file));
        let all = found["bursts"].as_array().unwrap();
        assert_eq!(all.len(), 1, "{name}: {found}");
        let burst = &all[0];
        assert_eq!((&burst["region"], &burst["category"]), (&"R1".into(), &"C1".into()), "{name}");
        assert!(burst["start"].as_str().unwrap().starts_with("2026-02-23"), "{name}: {burst}");
        assert!(burst["count"].as_u64().unwrap() >= 30 && burst["expected"].as_f64().unwrap() < 6.0, "{name}: {burst}");
        assert_eq!(found["days"], 60, "{name}");
    }
    let file = folder.0.join("iso").to_str().unwrap().to_owned();
    let human = ok(&["bursts", &file, "--time", "at", "--region", "where", "--category", "what"]);
    assert!(human.contains("R1, C1: 3") && human.contains("known at 2026-02-23T14:"), "{human}");
}

#[test]
fn bursts_tell_what_they_cannot_read() {
    let folder = Folder::new();
    let good = stream(|day, hour, minute| format!("{} {hour:02}:{minute:02}", date(day)));
    let odd = folder.write("odd.csv", format!("{good}yesterday,R1,C1,x\n2026-02-30,R1,C1,x\nshort\n"));
    let found = json(&bursts(&odd));
    assert_eq!((&found["left_out"]["count"], found["bursts"].as_array().unwrap().len()), (&3.into(), 1));
    assert!(found["left_out"]["first"][0]["reason"].as_str().unwrap().contains("\"yesterday\" is no time"));
    let both = folder.write("both.csv", "at,where,what\n01/02/2026,R,C\n02/03/2026,R,C\n");
    assert!(failed(&bursts(&both)).contains("column \"at\": times such as \"01/02/2026\" can mean two days"));
    let mut said = bursts(&both);
    said.extend(["--time-order", "mdy"]);
    assert_eq!(json(&said)["days"], 33, "from the second of January to the third of February");
    let none = folder.write("none.csv", "at,where,what\nx,R,C\n");
    assert!(failed(&bursts(&none)).contains("line 2: column \"at\": \"x\" is no time"));
    let empty = folder.write("empty.csv", "at,where,what\n");
    assert!(failed(&bursts(&empty)).contains("there are no rows"));
    let far = folder.write("far.csv", "at,where,what\n0001-01-01,R,C\n9999-12-31,R,C\n");
    assert!(failed(&bursts(&far)).contains("is one of them wrong?"));
    let single = folder.write("single.csv", "at,where,what\n2026-01-01 10:00,,\n");
    assert_eq!(json(&bursts(&single))["bursts"], serde_json::json!([]));
    // Copies of one text are one complaint.
    let sent = as_one_text(&good);
    let sent = folder.write("sent.csv", sent);
    let mut said = bursts(&sent);
    said.extend(["--text", "text"]);
    let found = json(&said);
    assert_eq!((&found["copies"], &found["bursts"]), (&29.into(), &serde_json::json!([])), "{found}");
}

/// The thirty texts of the burst made one.
fn as_one_text(stream: &str) -> String {
    let mut lines = stream.lines();
    let mut all = String::new();
    while let Some(line) = lines.next() {
        match line.split_once("\"no signal") {
            Some((before, _)) => {
                let _number = lines.next();
                writeln!(all, "{before}no signal").unwrap();
            }
            None => writeln!(all, "{line}").unwrap(),
        }
    }
    all
}

#[test]
fn phrases_that_rise_are_told_with_their_rows() {
    let folder = Folder::new();
    let mut rows = "at,what,text\n".to_owned();
    for n in 0..90 {
        writeln!(rows, "2026-{:02}-10,网络,宽带很慢 {n}", n % 3 + 1).unwrap();
    }
    for n in 0..10 {
        writeln!(rows, "2026-04-1{n},网络,宽带很慢，光猫红灯闪烁").unwrap();
    }
    let file = folder.write("topics.csv", rows);
    let ask = ["topics", &file, "--time", "at", "--category", "what", "--text", "text", "--json"];
    let found = json(&ask);
    assert_eq!(found["month"], "2026-04");
    assert_eq!((&found["topics"][0]["phrase"], &found["topics"][0]["count"]), (&"光猫红灯闪烁".into(), &10.into()));
    assert_eq!(found["topics"][0]["lines"], serde_json::json!([92, 93, 94]));
    let mut earlier = ask.to_vec();
    earlier.extend(["--month", "2026-03"]);
    assert_eq!(json(&earlier)["topics"], serde_json::json!([]));
}
