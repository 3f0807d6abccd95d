//! `redress classify`: learning categories from texts, measuring that, and saying what texts are of.

use super::say;
use super::table::{LeftOut, Table, Written};
use clap::{Args, Subcommand};
use learn::measure::{Figures, Outcome, figures};
use learn::{Broken, Example, Guess, LARGEST_FILE, Lexicon, Model};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Where the word list stands among the packs.
const WORDS: &str = "lexicon/words.toml";

/// Categories of texts.
#[derive(Debug, Subcommand)]
pub(super) enum Classify {
    /// Learn from one file and say how well that does on another.
    Eval(Eval),
    /// Learn from a file and write the model.
    Train(Train),
    /// Say what texts are of.
    Predict(Predict),
}

/// Options of `classify eval`.
#[derive(Debug, Args)]
pub(super) struct Eval {
    /// The file to learn from.
    #[arg(long, value_name = "A.csv")]
    train: PathBuf,
    /// The file to measure on.
    #[arg(long, value_name = "B.csv")]
    test: PathBuf,
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    written: Written,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Options of `classify train`.
#[derive(Debug, Args)]
pub(super) struct Train {
    /// The file to learn from.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    written: Written,
    /// Where to write the model; nothing is overwritten.
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Options of `classify predict`.
#[derive(Debug, Args)]
pub(super) struct Predict {
    /// The model; without one the word list says what it can.
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// Folder whose packs/ overrides the embedded files, the word list among them.
    #[arg(long, env = "REDRESS_OVERRIDE", value_name = "DIR")]
    r#override: Option<PathBuf>,
    /// Texts, each an argument of its own.
    #[arg(value_name = "TEXT", required_unless_present = "data")]
    texts: Vec<String>,
    /// A file of texts instead.
    #[arg(long, value_name = "FILE", conflicts_with = "texts", requires = "text")]
    data: Option<PathBuf>,
    /// Column of the text; several are put together.
    #[arg(long, value_name = "COL")]
    text: Vec<String>,
    #[command(flatten)]
    written: Written,
    /// How many categories to tell of each.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    top: u16,
    /// Print as JSON, one object a line.
    #[arg(long)]
    json: bool,
}

/// Which columns hold what.
#[derive(Debug, Args)]
pub(super) struct Columns {
    /// Column of the text; several are put together.
    #[arg(long, value_name = "COL", required = true)]
    pub(super) text: Vec<String>,
    /// Column of the category.
    #[arg(long, value_name = "COL")]
    pub(super) label: String,
}

/// Texts with what they are of.
pub(super) struct Labelled {
    pub(super) rows: Vec<(String, String)>,
    /// Cells of further columns, row by row.
    pub(super) beside: Vec<Vec<String>>,
    pub(super) left_out: LeftOut,
    empty: usize,
}

pub(super) fn run(ask: &Classify) -> Result<(), String> {
    match ask {
        Classify::Eval(ask) => eval(ask),
        Classify::Train(ask) => train(ask),
        Classify::Predict(ask) => predict(ask),
    }
}

fn eval(ask: &Eval) -> Result<(), String> {
    let train = labelled(&ask.train, &ask.written, &ask.columns, &[])?;
    let test = labelled(&ask.test, &ask.written, &ask.columns, &[])?;
    if test.rows.is_empty() {
        return Err(format!("{}: there is nothing to measure on", ask.test.display()));
    }
    let model = learnt(&ask.train, &train)?;
    let said: Vec<Vec<f32>> = test.rows.iter().map(|(text, _)| model.probabilities(text)).collect();
    let outcomes = test.rows.iter().zip(&said).filter_map(|((_, right), said)| {
        let place = (0..said.len()).max_by(|a, b| said.get(*a).partial_cmp(&said.get(*b)).unwrap_or(a.cmp(b)))?;
        let of_right = model.classes().iter().position(|class| class == right);
        Some(Outcome {
            right,
            said: model.classes().get(place)?,
            sure: f64::from(*said.get(place)?),
            of_right: of_right.and_then(|place| said.get(place)).copied().map(f64::from),
        })
    });
    let figures = figures(&outcomes.collect::<Vec<_>>()).ok_or("there is nothing to measure on")?;
    let unknown: BTreeSet<&str> =
        test.rows.iter().map(|(_, label)| label.as_str()).filter(|label| !knows(&model, label)).collect();
    if ask.json {
        let part = |rows: &Labelled| json!({"rows": rows.rows.len(), "empty_texts": rows.empty, "left_out": rows.left_out.json()});
        let mut told = serde_json::to_value(&figures).map_err(|error| error.to_string())?;
        if let Some(told) = told.as_object_mut() {
            told.insert("train".to_owned(), part(&train));
            told.insert("test".to_owned(), part(&test));
            told.insert("unknown_labels".to_owned(), json!(unknown));
            told.insert("model".to_owned(), json!(Model::name_of(&model.to_bytes())));
        }
        return say(format_args!("{told:#}"));
    }
    train.left_out.tell(&ask.train);
    test.left_out.tell(&ask.test);
    say(format_args!("learnt from {} texts, measured on {}", train.rows.len(), test.rows.len()))?;
    print(&figures)?;
    if !unknown.is_empty() {
        let unknown: Vec<&str> = unknown.into_iter().collect();
        say(format_args!("never seen while learning, so never said: {}", unknown.join(", ")))?;
    }
    Ok(())
}

fn knows(model: &Model, label: &str) -> bool {
    model.classes().binary_search_by(|class| class.as_str().cmp(label)).is_ok()
}

fn print(figures: &Figures) -> Result<(), String> {
    say(format_args!("accuracy {:.4}", figures.accuracy))?;
    say(format_args!("macro_f1 {:.4}", figures.macro_f1))?;
    say(format_args!("log_loss {:.4}", figures.log_loss))?;
    say(format_args!("ece      {:.4} (by chance alone {:.4})", figures.ece, figures.ece_by_chance))?;
    say("support predicted precision recall     f1  category")?;
    for class in &figures.classes {
        say(format_args!(
            "{:>7} {:>9} {:>9.3} {:>6.3} {:>6.3}  {}",
            class.support, class.predicted, class.precision, class.recall, class.f1, class.label
        ))?;
    }
    Ok(())
}

fn train(ask: &Train) -> Result<(), String> {
    let rows = labelled(&ask.data, &ask.written, &ask.columns, &[])?;
    let model = learnt(&ask.data, &rows)?;
    let bytes = model.to_bytes();
    let name = Model::name_of(&bytes);
    let shown = |error: std::io::Error| format!("{}: {error}", ask.out.display());
    let mut file = File::create_new(&ask.out).map_err(shown)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(shown)?;
    if ask.json {
        return say(format_args!(
            "{:#}",
            json!({
                "model": name,
                "bytes": bytes.len(),
                "rows": rows.rows.len(),
                "empty_texts": rows.empty,
                "left_out": rows.left_out.json(),
                "classes": model.classes(),
                "terms": model.terms(),
            })
        ));
    }
    rows.left_out.tell(&ask.data);
    say(format_args!(
        "{} written: {} categories, {} terms, learnt from {} texts, {} bytes, SHA-256 {name}",
        ask.out.display(),
        model.classes().len(),
        model.terms(),
        model.examples(),
        bytes.len()
    ))
}

fn predict(ask: &Predict) -> Result<(), String> {
    let model = ask.model.as_deref().map(read_model).transpose()?;
    let said = Said { model, words: word_list(ask.r#override.as_deref())?, top: usize::from(ask.top), json: ask.json };
    let Some(file) = &ask.data else {
        return (1..).zip(&ask.texts).try_for_each(|(n, text)| said.tell(("text", n), text));
    };
    let columns: Vec<(&str, bool)> = ask.text.iter().map(|name| (name.as_str(), true)).collect();
    let table = Table::open(file, &ask.written, &columns)?;
    let mut told = Ok(());
    table.each(|line, cells| {
        if told.is_ok() {
            told = said.tell(("line", line), &joined(cells));
        }
    })?;
    told
}

/// The shipped word list, or the one laid over it.
fn word_list(folder: Option<&Path>) -> Result<Lexicon, String> {
    let files = crate::data::packs(folder)?;
    let file = files.iter().find(|file| file.path == WORDS).ok_or_else(|| format!("{WORDS} is missing"))?;
    Lexicon::parse(&file.text).map_err(|error| format!("{WORDS}: {error}"))
}

/// What texts are read by.
struct Said {
    model: Option<Model>,
    words: Lexicon,
    top: usize,
    json: bool,
}

impl Said {
    fn tell(&self, (what, place): (&str, u64), text: &str) -> Result<(), String> {
        let read = self.words.read(text);
        let guesses = self.model.as_ref().map(|model| model.guess(text, self.top)).unwrap_or_default();
        let sure = guesses.first().is_some_and(|guess| guess.probability >= Model::SURE);
        let named: Vec<(&str, Vec<&str>)> =
            read.categories.iter().take(self.top).map(|(code, said)| (code.as_str(), words_of(said))).collect();
        if self.json {
            let cues: Vec<Value> =
                read.cues.iter().map(|hit| json!({"cue": hit.cue.code(), "words": words_of(&hit.said)})).collect();
            let named: Vec<Value> = named.iter().map(|(code, words)| json!({"label": code, "words": words})).collect();
            let mut told = json!({what: place, "cues": cues, "by_words": named});
            if let (Some(told), Some(_)) = (told.as_object_mut(), &self.model) {
                told.insert("sure".to_owned(), json!(sure));
                told.insert("guesses".to_owned(), guesses.iter().map(as_json).collect());
            }
            return say(told);
        }
        let mut parts: Vec<String> = guesses.iter().map(line).collect();
        parts.extend(named.iter().map(|(code, words)| format!("by words {code} ({})", words.join(", "))));
        parts.extend(read.cues.iter().map(|hit| format!("{} ({})", hit.cue.code(), words_of(&hit.said).join(", "))));
        let doubt = if sure || self.model.is_none() { "" } else { "not sure: " };
        let told = if parts.is_empty() { "nothing".to_owned() } else { parts.join("; ") };
        say(format_args!("{what} {place}: {doubt}{told}"))
    }
}

fn words_of(said: &[learn::Said]) -> Vec<&str> {
    said.iter().map(|said| said.words.as_str()).collect()
}

fn as_json(guess: &Guess) -> Value {
    let reasons: Vec<Value> =
        guess.reasons.iter().map(|reason| json!({"words": reason.words, "weight": reason.weight})).collect();
    json!({"label": guess.label, "probability": guess.probability, "reasons": reasons})
}

fn line(guess: &Guess) -> String {
    let words: Vec<&str> = guess.reasons.iter().map(|reason| reason.words.as_str()).collect();
    let words = if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) };
    format!("{} {:.0} %{words}", guess.label, guess.probability * 100.0)
}

/// A model of a file.
fn read_model(file: &Path) -> Result<Model, String> {
    let shown = |what: String| format!("{}: {what}", file.display());
    let mut bytes = Vec::new();
    let most = LARGEST_FILE as u64 + 1;
    File::open(file)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(|error| shown(error.to_string()))?;
    Model::from_bytes(&bytes).map_err(|error: Broken| shown(error.to_string()))
}

fn learnt(file: &Path, rows: &Labelled) -> Result<Model, String> {
    let examples: Vec<Example<'_>> = rows.rows.iter().map(|(text, label)| Example { text, label }).collect();
    Model::train(&examples).map_err(|error| {
        let left_out = rows.left_out.count();
        let more = if left_out > 0 {
            format!("; {left_out} rows are left out, {}", rows.left_out.first())
        } else {
            String::new()
        };
        format!("{}: {error}{more}", file.display())
    })
}

/// Rows with a category, and what further columns say of them. One without is left out and told; an empty text stays, for
/// it will come again.
pub(super) fn labelled(file: &Path, written: &Written, columns: &Columns, beside: &[&str]) -> Result<Labelled, String> {
    let mut asked: Vec<(&str, bool)> = vec![(columns.label.as_str(), true)];
    asked.extend(beside.iter().map(|name| (*name, true)));
    asked.extend(columns.text.iter().map(|name| (name.as_str(), true)));
    let table = Table::open(file, written, &asked)?;
    let mut found = Labelled { rows: Vec::new(), beside: Vec::new(), left_out: LeftOut::default(), empty: 0 };
    table.each(|line, cells| {
        let Some((label, rest)) = cells.split_first() else { return };
        let (more, text) = rest.split_at(beside.len().min(rest.len()));
        match label.map(str::trim) {
            None => found.left_out.add(line, format!("the row ends before column {:?}", columns.label)),
            Some("") => found.left_out.add(line, format!("column {:?} is empty", columns.label)),
            Some(label) if label.len() > 1_000 => {
                found.left_out.add(line, format!("column {:?} is too long for a category", columns.label));
            }
            Some(label) => {
                let text = joined(text);
                found.empty += usize::from(text.trim().is_empty());
                found.rows.push((text, label.to_owned()));
                found.beside.push(more.iter().map(|cell| cell.unwrap_or_default().trim().to_owned()).collect());
            }
        }
    })?;
    Ok(found)
}

fn joined(cells: &[Option<&str>]) -> String {
    let cells: Vec<&str> = cells.iter().flatten().copied().collect();
    cells.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_word_list_names_leaves_of_the_tree_and_finds_what_people_write() {
        let words = word_list(None).unwrap();
        let library = desk::Library::load(&crate::data::packs(None).unwrap()).unwrap();
        for code in words.categories() {
            assert!(library.taxonomy().category(code).is_some(), "there is no category {code}");
        }
        let cues = |text: &str| -> BTreeMap<&str, usize> {
            words.read(text).cues.into_iter().map(|hit| (hit.cue.code(), hit.said.len())).collect()
        };
        assert_eq!(
            cues("光猫冒烟，家里有老人，再不来我就打12345找记者曝光"),
            BTreeMap::from([("safety", 1), ("vulnerable", 1), ("regulator", 1), ("media", 2),])
        );
        assert_eq!(
            cues("My router caught fire, I am disabled and will go to the Ombudsman"),
            BTreeMap::from([("safety", 1), ("vulnerable", 1), ("regulator", 1),])
        );
        for (cue, zh, en) in [
            ("safety", "电线垂到路上，孩子差点触电", "A hanging cable nearly hurt us, danger to life"),
            ("media", "我要找电视台曝光", "I will tell the newspaper"),
            ("regulator", "我去工信部申诉", "I have written to Ofcom"),
            ("vulnerable", "家里有独居老人", "My mother is elderly and lives alone"),
            ("leaving", "再不解决我就携号转网", "I will cancel my contract and switch provider"),
        ] {
            assert!(cues(zh).contains_key(cue) && cues(en).contains_key(cue), "{cue}");
        }
        assert!(cues("I disabled my wifi; the multimedia is fine. 多媒体功能正常").is_empty());
        assert_eq!(words.read("家里没信号").categories[0].0, "A101");
        assert_eq!(words.read("I was charged twice on my bill").categories[0].0, "B101");
    }
}
