//! A counted compensation as sentences for people, in Chinese and English.

use super::compensation::{Exclusion, SetOff};
use super::count::{Compensation, How, Lacks, Line, Off, Reading};
use crate::explain::{basis_line, day, days_words, local_in, rule_line, version_line};
use crate::money::Sum;
use crate::text::Lang;
use jiff::Timestamp;
use jiff::civil::Date;

impl Compensation {
    /// The counting as sentences: the rule and its basis, the time, each line with its sum, how open questions are read,
    /// the result.
    #[must_use]
    pub fn lines(&self, lang: Lang) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(rule) = &self.rule {
            lines.push(rule_line(rule, lang));
            lines.push(basis_line(rule, lang));
            lines.extend(rule.version.map(|version| version_line(version, lang)));
        }
        lines.push(self.time_line(lang));
        if let Some(free) = &self.free {
            lines.extend(free.counted_lines(lang));
            let until = self.local(free.due_at);
            lines.push(match lang {
                Lang::Zh => format!("免计期至 {until}（含）。"),
                Lang::En => format!("The free time lasts until {until}, inclusive."),
            });
        }
        lines.extend(self.lines.iter().map(|line| line_words(line, lang)));
        lines.extend(self.notes.iter().map(|note| self.note_words(note, lang)));
        lines.push(self.result_line(lang));
        lines.extend(self.pay_by.map(|at| match lang {
            Lang::Zh => format!("应于 {} 前（含）支付。", self.local(at)),
            Lang::En => format!("To be paid by {}, inclusive.", self.local(at)),
        }));
        lines
    }

    fn local(&self, at: Timestamp) -> String {
        local_in(&self.zone, at)
    }

    fn time_line(&self, lang: Lang) -> String {
        let from = self.local(self.from);
        let calendar = format!("{} {}", self.calendar, self.calendar_version);
        match (lang, self.until.map(|until| self.local(until))) {
            (Lang::Zh, Some(until)) => format!("自 {from} 至 {until}（{}），日历 {calendar}。", self.zone),
            (Lang::En, Some(until)) => format!("From {from} to {until} ({}), calendar {calendar}.", self.zone),
            (Lang::Zh, None) => format!("自 {from} 起（{}），日历 {calendar}。", self.zone),
            (Lang::En, None) => format!("From {from} ({}), calendar {calendar}.", self.zone),
        }
    }

    fn result_line(&self, lang: Lang) -> String {
        if !self.missing.is_empty() {
            let missing: Vec<&str> = self.missing.iter().map(|lacks| lacks_words(*lacks, lang)).collect();
            return match lang {
                Lang::Zh => format!("尚不能计出，缺少：{}。", missing.join("、")),
                Lang::En => format!("It cannot be counted yet; missing: {}.", missing.join(", ")),
            };
        }
        match (lang, self.total.as_ref().filter(|total| total.hundredths > 0)) {
            (Lang::Zh, Some(total)) => format!("合计 {total}。"),
            (Lang::En, Some(total)) => format!("Together {total}."),
            (Lang::Zh, None) => "无需支付。".to_owned(),
            (Lang::En, None) => "Nothing is owed.".to_owned(),
        }
    }

    fn note_words(&self, note: &Reading, lang: Lang) -> String {
        match (note, lang) {
            (Reading::RateOfEachDay, Lang::Zh) => "期间标准有变：每日按当日有效的标准计。".to_owned(),
            (Reading::RateOfEachDay, Lang::En) => {
                "The rate changed within this time: each day has the rate valid on that day.".to_owned()
            }
            (Reading::DaysKeepTheirNumber, Lang::Zh) => "不计的日子照样排序，其后各日的序号不变。".to_owned(),
            (Reading::DaysKeepTheirNumber, Lang::En) => {
                "Days left out keep their number, so the days after them keep theirs.".to_owned()
            }
            (Reading::Rounded { to, each_day: true }, Lang::Zh) => format!("按费用比例的数额逐日四舍五入到 {to}。"),
            (Reading::Rounded { to, each_day: true }, Lang::En) => {
                format!("A share of a fee is rounded half up to {to}, for each day.")
            }
            (Reading::Rounded { to, each_day: false }, Lang::Zh) => format!("按天数折算的数额逐行四舍五入到 {to}。"),
            (Reading::Rounded { to, each_day: false }, Lang::En) => {
                format!("A fee in proportion to days is rounded half up to {to}, on each line.")
            }
            (Reading::Lasts { as_of }, Lang::Zh) => format!("尚未结束，计至 {}。", self.local(*as_of)),
            (Reading::Lasts { as_of }, Lang::En) => {
                format!("It has not ended; counted up to {}.", self.local(*as_of))
            }
            (Reading::Provisional { date, text }, Lang::Zh) => {
                format!("注意：{} 的日历未定——{}。", day(*date, lang), text.zh)
            }
            (Reading::Provisional { date, text }, Lang::En) => {
                format!("Mind: {} is not settled in the calendar: {}.", day(*date, lang), text.en)
            }
            (Reading::Interpretation { text }, Lang::Zh) => format!("解释：{}。", text.zh),
            (Reading::Interpretation { text }, Lang::En) => format!("Reading: {}.", text.en),
        }
    }
}

fn line_words(line: &Line, lang: Lang) -> String {
    let zh = lang == Lang::Zh;
    match line {
        Line::WithinFree if zh => "在免计期内结束，无需支付。".to_owned(),
        Line::WithinFree => "It ended within the free time, so nothing is owed.".to_owned(),
        Line::Free { counted_from } if zh => format!("免计期不计，自 {} 起计。", day(*counted_from, lang)),
        Line::Free { counted_from } => {
            format!("Nothing is owed for the free time; counted from {}.", day(*counted_from, lang))
        }
        Line::Over if zh => "已超出免计期，自开始之日起全部计入。".to_owned(),
        Line::Over => "The free time is over, so the whole time counts from its first day.".to_owned(),
        Line::AllExcluded { reason } if zh => format!("因{}，全部不计。", exclusion_words(*reason, lang)),
        Line::AllExcluded { reason } => format!("Nothing is owed: {}.", exclusion_words(*reason, lang)),
        Line::Owed { from, to, days, first, valid_from, how, each, sum } => {
            let span = days_words(*from, *to, lang);
            let number = numbers(*first, *days, lang);
            let what = how_words(how, each.as_ref(), lang);
            let since = since_words(*valid_from, lang);
            match (zh, sum) {
                (true, Some(sum)) => format!("{span}（{number}，{days} 天）：{what}{since}，计 {sum}。"),
                (true, None) => format!("{span}（{number}，{days} 天）：{what}{since}。"),
                (false, Some(sum)) => format!("{span} ({number}): {what}{since}, {sum}."),
                (false, None) => format!("{span} ({number}): {what}{since}."),
            }
        }
        Line::Once { date, valid_from, how, sum } => {
            let what = how_words(how, sum.as_ref(), lang);
            let since = since_words(*valid_from, lang);
            if zh {
                format!("{} 一次：{what}{since}。", day(*date, lang))
            } else {
                format!("Once, on {}: {what}{since}.", day(*date, lang))
            }
        }
        Line::Excluded { from, to, reason } if zh => {
            format!("不计 {}：{}。", days_words(*from, *to, lang), exclusion_words(*reason, lang))
        }
        Line::Excluded { from, to, reason } => {
            format!("Leaves out {}: {}.", days_words(*from, *to, lang), exclusion_words(*reason, lang))
        }
        Line::RestDays { from, to } if zh => format!("不计 {}：非工作日。", days_words(*from, *to, lang)),
        Line::RestDays { from, to } => format!("Leaves out {}: no business day.", days_words(*from, *to, lang)),
        Line::TooShort { from, to, over } if zh => {
            format!("不计 {}：当日持续未超过 {} 小时。", days_words(*from, *to, lang), over.count())
        }
        Line::TooShort { from, to, over } => {
            format!("Leaves out {}: not more than {} hours within the day.", days_words(*from, *to, lang), over.count())
        }
        Line::LastDay { date } if zh => format!("不计 {}：结束当日。", day(*date, lang)),
        Line::LastDay { date } => format!("Leaves out {}: the day it ended.", day(*date, lang)),
        Line::NoRate { from, to } if zh => format!("{}：规则包没有当时的标准。", days_words(*from, *to, lang)),
        Line::NoRate { from, to } => format!("{}: the pack has no rate for that time.", days_words(*from, *to, lang)),
        Line::Capped { at_most, off } if zh => format!("最高不超过 {at_most}，减 {off}。"),
        Line::Capped { at_most, off } => format!("At most {at_most} is owed: less {off}."),
        Line::SetOff { what, given, off } if zh => format!("{} {given} 抵减，减 {off}。", off_words(*what, lang)),
        Line::SetOff { what, given, off } => format!("{} {given} is set off: less {off}.", off_words(*what, lang)),
    }
}

fn numbers(first: u32, days: u32, lang: Lang) -> String {
    let last = first.saturating_add(days.saturating_sub(1));
    match lang {
        Lang::Zh if days == 1 => format!("第 {first} 日"),
        Lang::Zh => format!("第 {first} 至 {last} 日"),
        Lang::En if days == 1 => format!("day {first}"),
        Lang::En => format!("days {first} to {last}"),
    }
}

fn since_words(valid_from: Option<Date>, lang: Lang) -> String {
    match (valid_from, lang) {
        (None, _) => String::new(),
        (Some(from), Lang::Zh) => format!("（{from} 起的标准）"),
        (Some(from), Lang::En) => format!(" (the rate since {from})"),
    }
}

/// How a sum comes about; `each` is the sum for one day, or the only one.
fn how_words(how: &How, each: Option<&Sum>, lang: Lang) -> String {
    let zh = lang == Lang::Zh;
    let each = each.map(Sum::to_string).unwrap_or_default();
    match how {
        How::Fixed if zh => format!("固定 {each}"),
        How::Fixed => format!("{each} fixed"),
        How::OfMonthlyFee { share, fee } if zh => format!("月费 {fee} 的 {} 为 {each}", percent(*share)),
        How::OfMonthlyFee { share, fee } => format!("{} of the monthly fee of {fee}, {each}", percent(*share)),
        How::OfFeeCharged { share, fee } if zh => format!("所收费用 {fee} 的 {} 为 {each}", percent(*share)),
        How::OfFeeCharged { share, fee } => format!("{} of the {fee} charged, {each}", percent(*share)),
        How::Larger { fixed, share, fee, comes_to } => {
            let share = percent(*share);
            match (zh, comes_to.hundredths > fixed.hundredths) {
                (true, true) => format!("月费 {fee} 的 {share} 为 {comes_to}，高于固定的 {fixed}，取高者"),
                (true, false) => format!("固定 {fixed}，月费 {fee} 的 {share} 为 {comes_to}，并不更高，取固定额"),
                (false, true) => {
                    format!(
                        "{share} of the monthly fee of {fee} is {comes_to}, more than the fixed {fixed}, so {comes_to}"
                    )
                }
                (false, false) => {
                    format!("{fixed} fixed, as {share} of the monthly fee of {fee} is {comes_to} and not more")
                }
            }
        }
        How::Proportional { fee, month } if zh => format!("按月费 {fee}、当月 {month} 天折算"),
        How::Proportional { fee, month } => {
            format!("in proportion to the monthly fee of {fee}, {month} days in the month")
        }
        How::Unknown { lacks } if zh => format!("缺少{}，尚不能计", lacks_words(*lacks, lang)),
        How::Unknown { lacks } => format!("not known before there is {}", lacks_words(*lacks, lang)),
    }
}

/// Hundredths of a percent as people write them.
fn percent(share: u32) -> String {
    match (share / 100, share % 100) {
        (whole, 0) => format!("{whole}%"),
        (whole, rest) if rest % 10 == 0 => format!("{whole}.{}%", rest / 10),
        (whole, rest) => format!("{whole}.{rest:02}%"),
    }
}

const fn lacks_words(lacks: Lacks, lang: Lang) -> &'static str {
    match (lacks, lang) {
        (Lacks::MonthlyFee, Lang::Zh) => "月费",
        (Lacks::MonthlyFee, Lang::En) => "the monthly fee",
        (Lacks::FeeCharged, Lang::Zh) => "所收费用",
        (Lacks::FeeCharged, Lang::En) => "the fee charged",
        (Lacks::Rate, Lang::Zh) => "当时的标准",
        (Lacks::Rate, Lang::En) => "a rate for that time",
        (Lacks::Currency, Lang::Zh) => "同一币种",
        (Lacks::Currency, Lang::En) => "one currency for all sums",
    }
}

const fn exclusion_words(reason: Exclusion, lang: Lang) -> &'static str {
    match (reason, lang) {
        (Exclusion::CustomerMissedAppointment, Lang::Zh) => "客户失约",
        (Exclusion::CustomerMissedAppointment, Lang::En) => "the customer missed the appointment",
        (Exclusion::CustomerDeclinedEarliest, Lang::Zh) => "客户不接受最早的预约",
        (Exclusion::CustomerDeclinedEarliest, Lang::En) => "the customer declined the earliest appointment",
        (Exclusion::CustomerFault, Lang::Zh) => "客户自身原因",
        (Exclusion::CustomerFault, Lang::En) => "the customer brought it about",
        (Exclusion::LawfulMeasure, Lang::Zh) => "依法采取的措施",
        (Exclusion::LawfulMeasure, Lang::En) => "a measure the law allows or asks for",
        (Exclusion::ForceMajeure, Lang::Zh) => "不可抗力",
        (Exclusion::ForceMajeure, Lang::En) => "force majeure",
        (Exclusion::NaturalDisaster, Lang::Zh) => "自然灾害",
        (Exclusion::NaturalDisaster, Lang::En) => "a natural disaster",
    }
}

const fn off_words(off: Off, lang: Lang) -> &'static str {
    match (off, lang) {
        (Off::Credited(SetOff::PriceReduction), Lang::Zh) => "已减价",
        (Off::Credited(SetOff::PriceReduction), Lang::En) => "The price reduction of",
        (Off::Awarded, Lang::Zh) => "同一规则已批准的补偿",
        (Off::Awarded, Lang::En) => "What the same rule led to before,",
    }
}
