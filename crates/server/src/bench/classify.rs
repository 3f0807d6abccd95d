//! What learning and saying cost on one core, on texts put together from the labels of the category tree: every category
//! has phrases of its own, and all share many.

use crate::data;
use clap::Args;
use desk::Library;
use learn::{Example, Model};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Options of `bench classify`.
#[derive(Debug, Args)]
pub(super) struct Classify {
    /// Texts to learn from.
    #[arg(long, default_value_t = 100_000)]
    texts: usize,
    /// Categories.
    #[arg(long, default_value_t = 30)]
    categories: usize,
    /// Texts whose category is then said.
    #[arg(long, default_value_t = 5_000)]
    count: usize,
}

pub(super) fn run(ask: &Classify) -> Result<(), String> {
    let library = Library::load(&data::packs(None)?).map_err(|error| error.to_string())?;
    let labels: Vec<(&str, &str, &str)> = library
        .taxonomy()
        .categories()
        .filter(|category| category.level == 3)
        .map(|category| (category.code.as_str(), category.zh.as_str(), category.en.as_str()))
        .take(ask.categories.max(2))
        .collect();
    let texts: Vec<(String, &str)> = (0..ask.texts).map(|n| text(n, &labels)).collect();
    let examples: Vec<Example<'_>> = texts.iter().map(|(text, label)| Example { text, label }).collect();
    let begun = Instant::now();
    let model = Model::train(&examples).map_err(|error| error.to_string())?;
    let signs: usize = texts.iter().map(|(text, _)| text.chars().count()).sum();
    println!(
        "learnt from {} texts of {} signs on average, {} categories: {:.1} s; {} terms, {:.1} MiB",
        texts.len(),
        signs / texts.len().max(1),
        labels.len(),
        begun.elapsed().as_secs_f64(),
        model.terms(),
        model.to_bytes().len() as f64 / 1024.0 / 1024.0
    );
    let mut times: Vec<(Duration, Duration)> = Vec::with_capacity(ask.count);
    for n in 0..ask.count {
        let (text, _) = text(ask.texts + n, &labels);
        let begun = Instant::now();
        black_box(model.probabilities(&text));
        let bare = begun.elapsed();
        black_box(model.guess(&text, 3));
        times.push((bare, begun.elapsed() - bare));
    }
    for (what, pick) in [("said", 0), ("said with reasons", 1)] {
        let mut these: Vec<Duration> = times.iter().map(|(bare, told)| if pick == 0 { *bare } else { *told }).collect();
        these.sort_unstable();
        let at = |share: usize| these.get(these.len() * share / 100).copied().unwrap_or_default();
        println!("{what}: median {:?}, p99 {:?}", at(50), at(99));
    }
    Ok(())
}

/// A text of some hundred signs, Chinese or English, with a phrase of its category among phrases of others.
fn text<'l>(n: usize, labels: &[(&'l str, &str, &str)]) -> (String, &'l str) {
    let mut state = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let own = next(labels.len());
    let chinese = next(4) > 0;
    let of = |at: usize| labels.get(at).copied().unwrap_or_default();
    let mut text = String::new();
    for part in 0..6 {
        let at = if part < 2 { own } else { next(labels.len()) };
        let (_, zh, en) = of(at);
        let number = next(10_000);
        text.push_str(&if chinese {
            format!("{zh}，我上个月{number}号反映过，到现在也没有人处理。")
        } else {
            format!("{en}, I told you {number} days ago and nobody has done anything. ")
        });
    }
    (text, of(own).0)
}
