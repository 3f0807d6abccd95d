//! How long a letter takes to be drawn as a page and as a PDF. The letter is Chinese and takes two pages.

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use paper::{Fonts, Letter, Sent};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Options of `bench letters`.
#[derive(Debug, Args)]
pub(super) struct Letters {
    /// Letters drawn.
    #[arg(long, value_name = "N", default_value_t = 200)]
    count: usize,
    /// Font of the PDF. Default: one of this machine.
    #[arg(long, env = "REDRESS_FONT", value_name = "FILE")]
    font: Option<PathBuf>,
}

pub(super) fn run(ask: &Letters) -> Result<(), String> {
    let (letter, zone) = (letter()?, TimeZone::UTC);
    let pages = timed(ask.count, || {
        std::hint::black_box(paper::html(&letter, &zone));
        Ok(())
    })?;
    print("page", &pages);
    let fonts = Fonts::new(ask.font.clone());
    let draw = || paper::pdf(&letter, &zone, &fonts).map_err(|none| format!("no font has {:?}", none.missing));
    let begun = Instant::now();
    let bytes = draw()?.len();
    println!("PDF     first, with looking for the font {:.1} ms; {bytes} bytes", millis(begun.elapsed()));
    let pdfs = timed(ask.count, || draw().map(|bytes| drop(std::hint::black_box(bytes))))?;
    print("PDF", &pdfs);
    Ok(())
}

fn letter() -> Result<Letter, String> {
    let paragraph = "您反映的套餐扣费问题我们已经查清：七月的视频会员费是在您没有确认的情况下开通的，\
                     这笔费用我们会全部退还，退款将在下一个账单周期到账，到账后您会收到短信。";
    Ok(Letter {
        language: "zh-CN".to_owned(),
        letterhead: "示例电信公司".to_owned(),
        addressee: Some("王女士".to_owned()),
        subject: "关于您的投诉的答复".to_owned(),
        number: "TS-20260305-000001-1".to_owned(),
        at: Timestamp::from_second(1_772_700_000).map_err(|error| error.to_string())?,
        content: vec![paragraph; 14].join("\n\n"),
        sent: Some(Sent { medium: "post".to_owned(), proof: Some("RR-1".to_owned()), delivered_at: None }),
        withheld: None,
    })
}

fn timed(count: usize, mut work: impl FnMut() -> Result<(), String>) -> Result<Vec<Duration>, String> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count.max(1) {
        let begun = Instant::now();
        work()?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}

fn print(what: &str, times: &[Duration]) {
    let at = |share: usize| times.get((times.len() - 1) * share / 100).copied().map_or(0.0, millis);
    println!("{what:<7} median {:.3} ms, p99 {:.3} ms, most {:.3} ms", at(50), at(99), at(100));
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
