//! Explanations as sentences for people, in Chinese and English.

use super::{Change, Explanation, Note, RuleRef, Step};
use crate::basis::{Basis, Confidence, Layer, Status};
use crate::clock::{ClockKind, Start, StartFact};
use crate::counting::{Ends, Roll};
use crate::duration::Amount;
use crate::rule::{DatedFact, VersionSpan};
use crate::text::Lang;
use crate::window::WindowFrom;
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

impl Explanation {
    /// The explanation as sentences: the rule and its basis, what was counted, what to mind, the result.
    #[must_use]
    pub fn lines(&self, lang: Lang) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(rule) = &self.rule {
            lines.push(rule_line(rule, lang));
            lines.push(basis_line(rule, lang));
            lines.extend(rule.version.map(|version| version_line(version, lang)));
        }
        lines.extend(self.counted_lines(lang));
        lines.extend(self.notes.iter().map(|note| self.note_line(note, lang)));
        lines.push(self.result_line(lang));
        lines.extend(self.changes.iter().map(|change| self.change_line(change, lang)));
        lines
    }

    /// From where to where was counted, without the rule, the remarks and the result.
    pub(crate) fn counted_lines(&self, lang: Lang) -> Vec<String> {
        let mut lines = vec![self.start_line(lang)];
        lines.extend(self.steps.iter().map(|step| step_line(step, |at| self.local(at), lang)));
        if self.steps_left_out > 0 {
            lines.push(match lang {
                Lang::Zh => format!("其余 {} 步从略。", self.steps_left_out),
                Lang::En => format!("{} further steps are not listed.", self.steps_left_out),
            });
        }
        lines
    }

    fn change_line(&self, change: &Change, lang: Lang) -> String {
        match (change, lang) {
            (Change::Grade { grade, due_at: Some(at) }, Lang::Zh) => {
                format!("若等级改为{}：{}。", grade.name(lang), self.local(*at))
            }
            (Change::Grade { grade, due_at: Some(at) }, Lang::En) => {
                format!("With grade {} it would be {}.", grade.name(lang), self.local(*at))
            }
            (Change::Grade { grade, due_at: None }, Lang::Zh) => format!("若等级改为{}：无此时限。", grade.name(lang)),
            (Change::Grade { grade, due_at: None }, Lang::En) => {
                format!("With grade {} there would be no such limit.", grade.name(lang))
            }
            (Change::Area { area, due_at }, Lang::Zh) => {
                let area = if area == "rural" { "农村" } else { "城镇" };
                format!("若登记为{area}：{}。", self.local(*due_at))
            }
            (Change::Area { area, due_at }, Lang::En) => format!("Were the place {area}: {}.", self.local(*due_at)),
            (Change::Waiting { for_ }, Lang::Zh) if for_.is_empty() => "案件挂起期间停钟，相应顺延。".to_owned(),
            (Change::Waiting { for_ }, Lang::En) if for_.is_empty() => {
                "While the case is suspended the clock stands still and ends later by that.".to_owned()
            }
            (Change::Waiting { for_ }, Lang::Zh) => {
                let waits: Vec<&str> = for_.iter().map(|wait| wait_words(wait, lang)).collect();
                format!("仅在{}期间停钟，相应顺延。", waits.join("、"))
            }
            (Change::Waiting { for_ }, Lang::En) => {
                let waits: Vec<&str> = for_.iter().map(|wait| wait_words(wait, lang)).collect();
                format!(
                    "Only while waiting for {} does the clock stand still and end later by that.",
                    waits.join(" or ")
                )
            }
            (Change::Extension { due_at }, Lang::Zh) => format!("经批准延期一次：{}。", self.local(*due_at)),
            (Change::Extension { due_at }, Lang::En) => format!("Extended once, it would be {}.", self.local(*due_at)),
            (Change::Calendar, Lang::Zh) => "日历更新时，未结案件重新计算。".to_owned(),
            (Change::Calendar, Lang::En) => "A newer calendar counts it anew while the case is open.".to_owned(),
            (Change::Nothing, Lang::Zh) => "起算后不因改级、挂起或日历变化而变动。".to_owned(),
            (Change::Nothing, Lang::En) => {
                "Once begun, neither a new grade, nor waiting, nor a new calendar moves it.".to_owned()
            }
        }
    }

    fn start_line(&self, lang: Lang) -> String {
        let start = self.local(self.start);
        let amount = self.amount.words(lang);
        let calendar = format!("{} {}", self.calendar, self.calendar_version);
        match lang {
            Lang::Zh => format!("起点 {start}（{}），期限 {amount}，日历 {calendar}。", self.zone),
            Lang::En => format!("Starts {start} ({}), limit {amount}, calendar {calendar}.", self.zone),
        }
    }

    fn result_line(&self, lang: Lang) -> String {
        let due = self.local(self.due_at);
        if self.stands_still() {
            return match lang {
                Lang::Zh => "停钟期间不到期。".to_owned(),
                Lang::En => "Nothing is due while the clock stands still.".to_owned(),
            };
        }
        let kind = self.rule.as_ref().and_then(|rule| rule.kind);
        match (kind, lang) {
            (Some(ClockKind::KeepUntil), Lang::Zh) => format!("保存至 {due}（含）。"),
            (Some(ClockKind::KeepUntil), Lang::En) => format!("Kept until {due}, inclusive."),
            (Some(ClockKind::NotBefore), Lang::Zh) => format!("自 {due} 起。"),
            (Some(ClockKind::NotBefore), Lang::En) => format!("From {due}."),
            (_, Lang::Zh) if self.counting.ends == Ends::DayAfterStart => format!("自 {due} 起。"),
            (_, Lang::En) if self.counting.ends == Ends::DayAfterStart => format!("From {due}."),
            (Some(ClockKind::Window), Lang::Zh) => format!("截止 {due}（含）。"),
            (Some(ClockKind::Window), Lang::En) => format!("Closes {due}, inclusive."),
            (_, Lang::Zh) if self.is_window() => format!("截止 {due}（含）。"),
            (_, Lang::En) if self.is_window() => format!("Closes {due}, inclusive."),
            (_, Lang::Zh) => format!("到期 {due}（含）。"),
            (_, Lang::En) => format!("Due {due}, inclusive."),
        }
    }

    fn stands_still(&self) -> bool {
        self.notes.iter().any(|note| matches!(note, Note::StandsStill { .. }))
    }

    fn is_window(&self) -> bool {
        self.rule.as_ref().is_some_and(|rule| rule.from.is_some())
    }

    fn local(&self, at: Timestamp) -> String {
        local_in(&self.zone, at)
    }

    fn note_line(&self, note: &Note, lang: Lang) -> String {
        match (note, lang) {
            (Note::Provisional { date, text }, Lang::Zh) => {
                format!("注意：{} 的日历未定——{}。", day(*date, lang), text.zh)
            }
            (Note::Provisional { date, text }, Lang::En) => {
                format!("Mind: {} is not settled in the calendar: {}.", day(*date, lang), text.en)
            }
            (Note::OutOfRange, Lang::Zh) => "注意：结果超出可表示的日期，停在最后一刻。".to_owned(),
            (Note::OutOfRange, Lang::En) => {
                "Mind: the result lies beyond the last date that can be expressed.".to_owned()
            }
            (Note::NoWorkingHours, Lang::Zh) => "注意：日历没有工作时间，无法计完。".to_owned(),
            (Note::NoWorkingHours, Lang::En) => {
                "Mind: the calendar states no working hours, so the time never ends.".to_owned()
            }
            (Note::NotBeforeStart, Lang::Zh) => "到期不早于起点，取起点。".to_owned(),
            (Note::NotBeforeStart, Lang::En) => "Nothing is due before it starts; the start holds.".to_owned(),
            (Note::NeverShortened { counted }, Lang::Zh) => {
                format!("停表不缩短时限：停表后算得 {}，仍以不停表的时限为准。", self.local(*counted))
            }
            (Note::NeverShortened { counted }, Lang::En) => {
                let counted = self.local(*counted);
                format!("Standing still never shortens: with it, {counted} is counted; the limit without it holds.")
            }
            (Note::EarlierLimitKept { computed }, Lang::Zh) => {
                format!("按现等级到期为 {}；改级前的期限更早，仍然有效。", self.local(*computed))
            }
            (Note::EarlierLimitKept { computed }, Lang::En) => {
                format!(
                    "For the present grade it would be {}; the earlier limit from before still holds.",
                    self.local(*computed)
                )
            }
            (Note::Agreed { computed }, Lang::Zh) => {
                format!("按规则到期为 {}；已与客户另行约定，以约定为准。", self.local(*computed))
            }
            (Note::Agreed { computed }, Lang::En) => {
                format!("By the rule it would be {}; what was agreed with the customer holds.", self.local(*computed))
            }
            (Note::TakenOver { due_at }, Lang::Zh) => format!("沿用并入案件的时限，到期 {}。", self.local(*due_at)),
            (Note::TakenOver { due_at }, Lang::En) => {
                format!("Taken over from a merged case, whose limit of {} holds.", self.local(*due_at))
            }
            (Note::NoLongerApplies, Lang::Zh) => "该规则已不适用于本案，时限为其适用时所计。".to_owned(),
            (Note::NoLongerApplies, Lang::En) => {
                "The rule is no longer for this case; the limit is the one it had while it was.".to_owned()
            }
            (Note::StandsStill { since }, Lang::Zh) => format!("自 {} 起停钟，恢复后继续计。", self.local(*since)),
            (Note::StandsStill { since }, Lang::En) => {
                format!("The clock stands still since {} and goes on when the case is resumed.", self.local(*since))
            }
            (Note::AreaAssumed, Lang::Zh) => "未登记城乡类型，按较严的城镇期限计。".to_owned(),
            (Note::AreaAssumed, Lang::En) => {
                "Nobody recorded whether the place is urban or rural; the stricter urban limit is taken.".to_owned()
            }
            (Note::SameDay { before, in_time: true }, Lang::Zh) => format!("{before} 前受理，当日 24 点前完成。"),
            (Note::SameDay { before, in_time: true }, Lang::En) => {
                format!("It came in before {before}: by the end of the day.")
            }
            (Note::SameDay { before, in_time: false }, Lang::Zh) => {
                format!("{before} 起受理，次日 24 点前完成。")
            }
            (Note::SameDay { before, in_time: false }, Lang::En) => {
                format!("It came in at {before} or later: by the end of the next day.")
            }
            (Note::Interpretation { text }, Lang::Zh) => format!("解释：{}。", text.zh),
            (Note::Interpretation { text }, Lang::En) => format!("Reading: {}.", text.en),
        }
    }
}

/// A moment in the zone of a calendar. A zone this machine does not know is shown in UTC, and says so.
pub(crate) fn local_in(zone: &str, at: Timestamp) -> String {
    match TimeZone::get(zone) {
        Ok(zone) => zone.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => format!("{} UTC", TimeZone::UTC.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S")),
    }
}

pub(crate) fn rule_line(rule: &RuleRef, lang: Lang) -> String {
    let counted = match rule.from {
        Some(from) => from_words(from, lang).to_owned(),
        None => {
            let facts: Vec<String> = rule.start.iter().map(|start| start_words(start, lang)).collect();
            facts.join(if lang == Lang::Zh { "或" } else { " or " })
        }
    };
    let grade = rule.grade.map(|grade| grade.name(lang)).map_or_else(String::new, |grade| match lang {
        Lang::Zh => format!("等级{grade}，"),
        Lang::En => format!("grade {grade}, "),
    });
    let place = format!("{} {} {}", rule.pack, rule.pack_version, rule.rule);
    let title = rule.title.get(lang);
    match lang {
        // From when limits of orders are counted stands in the next line.
        Lang::Zh if counted.is_empty() => format!("规则：{title}（{place}）。"),
        Lang::En if counted.is_empty() => format!("Rule: {title} ({place})."),
        Lang::Zh => format!("规则：{title}（{place}），{grade}自{counted}起算。"),
        Lang::En => format!("Rule: {title} ({place}), {grade}counted from {counted}."),
    }
}

pub(crate) fn basis_line(rule: &RuleRef, lang: Lang) -> String {
    let basis = basis_words(rule.basis, lang);
    let confidence = confidence_words(rule.confidence, lang);
    let source = rule.source.title.get(lang);
    let mut line = match lang {
        Lang::Zh => format!("依据：{basis}，可信度{confidence}；出处：{source}。"),
        Lang::En => format!("Basis: {basis}, confidence {confidence}; source: {source}."),
    };
    if rule.pack_status == Status::Preview {
        line.push_str(match lang {
            Lang::Zh => "规则包为预览状态。",
            Lang::En => " The pack is a preview.",
        });
    }
    if !rule.states_compliance {
        line.push_str(match lang {
            Lang::Zh => "仅作提醒，不构成合规结论。",
            Lang::En => " A reminder only; it states no compliance.",
        });
    } else if rule.layer == Layer::Practice {
        line.push_str(match lang {
            Lang::Zh => "属企业内部要求，非法定义务。",
            Lang::En => " The operator's own rule, not an obligation by law.",
        });
    }
    line
}

fn wait_words(wait: &str, lang: Lang) -> &str {
    match (wait, lang) {
        ("waiting_customer", Lang::Zh) => "等待客户",
        ("waiting_customer", Lang::En) => "the customer",
        ("waiting_third_party", Lang::Zh) => "等待第三方",
        ("waiting_third_party", Lang::En) => "a third party",
        ("waiting_parts", Lang::Zh) => "等待备件",
        ("waiting_parts", Lang::En) => "parts",
        ("waiting_access", Lang::Zh) => "等待入场",
        ("waiting_access", Lang::En) => "access",
        ("force_majeure", Lang::Zh) => "不可抗力",
        ("force_majeure", Lang::En) => "the end of force majeure",
        (other, _) => other,
    }
}

pub(crate) fn version_line(version: VersionSpan, lang: Lang) -> String {
    let fact = match (version.fact, lang) {
        (DatedFact::ReceivedAt, Lang::Zh) => "首次收到日期",
        (DatedFact::ReceivedAt, Lang::En) => "first received",
        (DatedFact::OccurredAt, Lang::Zh) => "事发日期",
        (DatedFact::OccurredAt, Lang::En) => "which happened",
        (DatedFact::Start, Lang::Zh) => "起算日期",
        (DatedFact::Start, Lang::En) => "counted from",
    };
    let last = |to: Date| to.yesterday().unwrap_or(to);
    match (lang, version.from, version.to) {
        (Lang::Zh, Some(from), Some(to)) => format!("适用于{fact} {from} 至 {} 的事项。", last(to)),
        (Lang::Zh, Some(from), None) => format!("适用于{fact} {from} 及以后的事项。"),
        (Lang::Zh, None, Some(to)) => format!("适用于{fact} {} 及以前的事项。", last(to)),
        (Lang::En, Some(from), Some(to)) => format!("For matters {fact} from {from} to {}.", last(to)),
        (Lang::En, Some(from), None) => format!("For matters {fact} on {from} or later."),
        (Lang::En, None, Some(to)) => format!("For matters {fact} on {} or earlier.", last(to)),
        // A span without both ends is not read.
        (_, None, None) => String::new(),
    }
}

fn step_line(step: &Step, local: impl Fn(Timestamp) -> String, lang: Lang) -> String {
    let zh = lang == Lang::Zh;
    match step {
        Step::Elapsed { hours } if zh => format!("连续计 {hours} 小时，夜间和节假日照计。"),
        Step::Elapsed { hours } => format!("{hours} elapsed hours, nights and holidays included."),
        Step::ElapsedMinutes { minutes } if zh => format!("连续计 {minutes} 分钟。"),
        Step::ElapsedMinutes { minutes } => format!("{minutes} elapsed minutes."),
        Step::FirstDayExcluded { date } if zh => format!("从 {} 次日起数。", day(*date, lang)),
        Step::FirstDayExcluded { date } => {
            format!("Counting begins on the day after {}.", day(*date, lang))
        }
        Step::FirstDayIncluded { date } if zh => format!("从 {} 当日起数。", day(*date, lang)),
        Step::FirstDayIncluded { date } => {
            format!("Counting begins on {} itself.", day(*date, lang))
        }
        Step::Counted { from, to, days } if zh => {
            format!("计入 {}：{days} 天。", days_words(*from, *to, lang))
        }
        Step::Counted { from, to, days: 1 } => {
            format!("Counts {}: 1 day.", days_words(*from, *to, lang))
        }
        Step::Counted { from, to, days } => {
            format!("Counts {}: {days} days.", days_words(*from, *to, lang))
        }
        Step::CountedMakeUp { date, name } if zh => {
            format!("计入 {}：{}调休上班。", day(*date, lang), name.get(lang))
        }
        Step::CountedMakeUp { date, name } => {
            format!("Counts {}: make-up working day for {}.", day(*date, lang), name.get(lang))
        }
        Step::CountedHalfDay { date, name } if zh => format!("计入 {}：{}，半日。", day(*date, lang), name.get(lang)),
        Step::CountedHalfDay { date, name } => format!("Counts {}: half day, {}.", day(*date, lang), name.get(lang)),
        Step::SkippedHalfDay { date, name } if zh => format!("跳过 {}：{}，半日。", day(*date, lang), name.get(lang)),
        Step::SkippedHalfDay { date, name } => format!("Skips {}: half day, {}.", day(*date, lang), name.get(lang)),
        Step::ShortHours { date, name } if zh => {
            format!("{} 为半日（{}），只计其工作时间。", day(*date, lang), name.get(lang))
        }
        Step::ShortHours { date, name } => {
            format!("{} is a half day ({}); only its hours count.", day(*date, lang), name.get(lang))
        }
        Step::SkippedWeekend { from, to } if zh => {
            format!("跳过 {}：周末。", days_words(*from, *to, lang))
        }
        Step::SkippedWeekend { from, to } => {
            format!("Skips {}: weekend.", days_words(*from, *to, lang))
        }
        Step::SkippedHoliday { from, to, name } if zh => {
            format!("跳过 {}：{}。", days_words(*from, *to, lang), name.get(lang))
        }
        Step::SkippedHoliday { from, to, name } => {
            format!("Skips {}: {}.", days_words(*from, *to, lang), name.get(lang))
        }
        Step::Months { months, from, to, clamped } => months_line(*months, *from, *to, *clamped, lang),
        Step::StoodStill { from, to } => stood_still_line(local(*from), local(*to), lang),
        Step::PausedDays { from, to } if zh => format!("{} 当日终了时停钟，不计。", days_words(*from, *to, lang)),
        Step::PausedDays { from, to } => {
            format!("{}: the clock stood still at the day's end; not counted.", days_words(*from, *to, lang))
        }
        Step::Lengthened { days } if zh => format!("有 {days} 个日终处于停钟，顺延 {days} 日。"),
        Step::Lengthened { days } => {
            format!("The clock stood still at the end of {days} days, so as many are added.")
        }
        Step::Worked { date, minutes } if zh => {
            format!("{} 计入工作时间 {minutes} 分钟。", day(*date, lang))
        }
        Step::Worked { date, minutes } => {
            format!("{minutes} working minutes on {}.", day(*date, lang))
        }
        Step::StrictlyLess { to: Some(date) } if zh => {
            format!("须少于期限：最后一天为 {}。", day(*date, lang))
        }
        Step::StrictlyLess { to: Some(date) } => {
            format!("Less than the limit is allowed: the last day is {}.", day(*date, lang))
        }
        Step::StrictlyLess { to: None } if zh => "须少于期限：提前一秒。".to_owned(),
        Step::StrictlyLess { to: None } => "Less than the limit is allowed: one second earlier.".to_owned(),
        Step::Rolled { rule, from, to } => rolled_line(*rule, *from, *to, lang),
    }
}

fn stood_still_line(from: String, to: String, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{from} 至 {to} 停钟，不计。"),
        Lang::En => format!("The clock stood still from {from} to {to}; not counted."),
    }
}

fn months_line(months: u32, from: Date, to: Date, clamped: bool, lang: Lang) -> String {
    let (from, to) = (day(from, lang), day(to, lang));
    match (lang, clamped) {
        (Lang::Zh, false) => format!("{from} 之后 {months} 个月为 {to}。"),
        (Lang::Zh, true) => format!("{from} 之后 {months} 个月无同日，取当月最后一天 {to}。"),
        (Lang::En, false) => format!("{months} months after {from} is {to}."),
        (Lang::En, true) => {
            format!("{months} months after {from} has no such day; the month's last is {to}.")
        }
    }
}

fn rolled_line(rule: Roll, from: Date, to: Date, lang: Lang) -> String {
    let (from, to) = (day(from, lang), day(to, lang));
    let why = match (rule, lang) {
        (Roll::PreviousBusinessDay, Lang::Zh) => "不是工作日，提前到上一工作日",
        (Roll::PreviousBusinessDay, Lang::En) => "is no business day, so the one before holds",
        (Roll::NextNotSundayOrHoliday, Lang::Zh) => "是周日或节假日，顺延到",
        (Roll::NextNotSundayOrHoliday, Lang::En) => "is a Sunday or holiday, so the next day that is neither holds",
        (Roll::NextBusinessDay | Roll::None, Lang::Zh) => "不是工作日，顺延到下一工作日",
        (Roll::NextBusinessDay | Roll::None, Lang::En) => "is no business day, so the next one holds",
    };
    match lang {
        Lang::Zh => format!("最后一天 {from} {why} {to}。"),
        Lang::En => format!("The last day {from} {why}: {to}."),
    }
}

impl Amount {
    /// The amount in words.
    #[must_use]
    pub fn words(self, lang: Lang) -> String {
        let amount = self;
        let count = amount.count();
        let plural = if count == 1 { "" } else { "s" };
        match (amount, lang) {
            (Amount::Minutes(_), Lang::Zh) => format!("{count} 分钟"),
            (Amount::Minutes(_), Lang::En) => format!("{count} minute{plural}"),
            (Amount::Hours(_), Lang::Zh) => format!("{count} 小时"),
            (Amount::Hours(_), Lang::En) => format!("{count} hour{plural}"),
            (Amount::WorkingHours(_), Lang::Zh) => format!("{count} 个工作小时"),
            (Amount::WorkingHours(_), Lang::En) => format!("{count} working hour{plural}"),
            (Amount::CalendarDays(_), Lang::Zh) => format!("{count} 日"),
            (Amount::CalendarDays(_), Lang::En) => format!("{count} calendar day{plural}"),
            (Amount::BusinessDays(_), Lang::Zh) => format!("{count} 个工作日"),
            (Amount::BusinessDays(_), Lang::En) => format!("{count} business day{plural}"),
            (Amount::Weeks(_), Lang::Zh) => format!("{count} 周"),
            (Amount::Weeks(_), Lang::En) => format!("{count} week{plural}"),
            (Amount::Months(_), Lang::Zh) => format!("{count} 个月"),
            (Amount::Months(_), Lang::En) => format!("{count} month{plural}"),
            (Amount::Instant, Lang::Zh) => "立即".to_owned(),
            (Amount::Instant, Lang::En) => "at once".to_owned(),
        }
    }
}

fn start_words(start: &Start, lang: Lang) -> String {
    match (start, lang) {
        (Start::Fact(fact), _) => fact_words(*fact, lang).to_owned(),
        (Start::Expiry(clock), Lang::Zh) => format!("时限 {clock} 届满"),
        (Start::Expiry(clock), Lang::En) => format!("the end of the limit {clock}"),
        (Start::Letter(letter), Lang::Zh) => format!("函件 {letter} 发出"),
        (Start::Letter(letter), Lang::En) => format!("the letter {letter} being out"),
        (Start::Outside, Lang::Zh) => "系统外发生的事".to_owned(),
        (Start::Outside, Lang::En) => "something outside the cases".to_owned(),
        (Start::Stage(at), Lang::Zh) => format!("外部程序 {} 进入 {} 环节", at.route, at.stage),
        (Start::Stage(at), Lang::En) => format!("the stage {} of {}", at.stage, at.route),
    }
}

const fn fact_words(fact: StartFact, lang: Lang) -> &'static str {
    match (fact, lang) {
        (StartFact::Received, Lang::Zh) => "首次收到",
        (StartFact::Received, Lang::En) => "first receipt",
        (StartFact::Accepted, Lang::Zh) => "受理",
        (StartFact::Accepted, Lang::En) => "acceptance",
        (StartFact::Replied, Lang::Zh) => "答复",
        (StartFact::Replied, Lang::En) => "the reply",
        (StartFact::Closed, Lang::Zh) => "办结",
        (StartFact::Closed, Lang::En) => "closing",
        (StartFact::Reopened, Lang::Zh) => "重开",
        (StartFact::Reopened, Lang::En) => "reopening",
        (StartFact::ProgressNotified, Lang::Zh) => "告知进展",
        (StartFact::ProgressNotified, Lang::En) => "news of the progress",
        (StartFact::HandedOff, Lang::Zh) => "外部机构转来",
        (StartFact::HandedOff, Lang::En) => "hand-over by another body",
        (StartFact::Disputed, Lang::Zh) => "客户不认可结果",
        (StartFact::Deadlock, Lang::Zh) => "宣告僵局",
        (StartFact::ContactFailed, Lang::Zh) => "联系未成",
        (StartFact::ContactFailed, Lang::En) => "an attempt that reached nobody",
        (StartFact::Unreachable, Lang::Zh) => "登记无法联系",
        (StartFact::Unreachable, Lang::En) => "the declaration that the customer cannot be reached",
        (StartFact::Disputed, Lang::En) => "the customer's rejection of the outcome",
        (StartFact::Deadlock, Lang::En) => "the declaration of a deadlock",
    }
}

const fn from_words(from: WindowFrom, lang: Lang) -> &'static str {
    match (from, lang) {
        (WindowFrom::OccurredAt, Lang::Zh) => "事发",
        (WindowFrom::OccurredAt, Lang::En) => "the event",
        (WindowFrom::ReceivedAt, Lang::Zh) => "首次收到",
        (WindowFrom::ReceivedAt, Lang::En) => "first receipt",
        (WindowFrom::ContractDocumentAt, Lang::Zh) => "收到合同书面",
        (WindowFrom::ContractDocumentAt, Lang::En) => "the delivery of the contract document",
    }
}

const fn basis_words(basis: Basis, lang: Lang) -> &'static str {
    match (basis, lang) {
        (Basis::Law, Lang::Zh) => "法规",
        (Basis::Law, Lang::En) => "law",
        (Basis::Standard, Lang::Zh) => "标准",
        (Basis::Standard, Lang::En) => "standard",
        (Basis::Operator, Lang::Zh) => "企业实践",
        (Basis::Operator, Lang::En) => "operators' practice",
        (Basis::Guide, Lang::Zh) => "指南",
        (Basis::Guide, Lang::En) => "guide",
        (Basis::Proposal, Lang::Zh) => "建议值",
        (Basis::Proposal, Lang::En) => "proposal",
    }
}

const fn confidence_words(confidence: Confidence, lang: Lang) -> &'static str {
    match (confidence, lang) {
        (Confidence::High, Lang::Zh) => "高",
        (Confidence::High, Lang::En) => "high",
        (Confidence::Medium, Lang::Zh) => "中",
        (Confidence::Medium, Lang::En) => "medium",
        (Confidence::Low, Lang::Zh) => "低",
        (Confidence::Low, Lang::En) => "low",
        (Confidence::Unverified, Lang::Zh) => "未核实",
        (Confidence::Unverified, Lang::En) => "unverified",
    }
}

pub(crate) fn days_words(from: Date, to: Date, lang: Lang) -> String {
    match lang {
        _ if from == to => day(from, lang),
        Lang::Zh => format!("{} 至 {}", day(from, lang), day(to, lang)),
        Lang::En => format!("{} to {}", day(from, lang), day(to, lang)),
    }
}

/// A date with its weekday, because people think in weekdays.
pub(crate) fn day(date: Date, lang: Lang) -> String {
    let weekday = match (date.weekday(), lang) {
        (Weekday::Monday, Lang::Zh) => "周一",
        (Weekday::Monday, Lang::En) => "Mon",
        (Weekday::Tuesday, Lang::Zh) => "周二",
        (Weekday::Tuesday, Lang::En) => "Tue",
        (Weekday::Wednesday, Lang::Zh) => "周三",
        (Weekday::Wednesday, Lang::En) => "Wed",
        (Weekday::Thursday, Lang::Zh) => "周四",
        (Weekday::Thursday, Lang::En) => "Thu",
        (Weekday::Friday, Lang::Zh) => "周五",
        (Weekday::Friday, Lang::En) => "Fri",
        (Weekday::Saturday, Lang::Zh) => "周六",
        (Weekday::Saturday, Lang::En) => "Sat",
        (Weekday::Sunday, Lang::Zh) => "周日",
        (Weekday::Sunday, Lang::En) => "Sun",
    };
    match lang {
        Lang::Zh => format!("{date}（{weekday}）"),
        Lang::En => format!("{weekday} {date}"),
    }
}
