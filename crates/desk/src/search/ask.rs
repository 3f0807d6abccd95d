//! What people type: plain words, "words as they stand", -without, field:value, received:from..until. Pure; whatever is
//! typed is either understood or refused with a reason, and never costs more than its length.

use super::terms::{self, Meant};
use domain::fault::Fault;
use domain::intake::ContactKind;
use domain::refusal::Refusal;
use jiff::civil::Date;

/// Longest question, in characters.
pub const LONGEST: usize = 1_000;
/// Most words and phrases of a question.
const MOST: usize = 32;
/// Most Chinese characters alone among them: each stands for every pair it begins.
const MOST_ALONE: usize = 4;

/// Where words may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The number.
    Number,
    /// The line that sums it up.
    Subject,
    /// What the customer said.
    Text,
    /// What was noted, and why things were done.
    Notes,
    /// What the customer was told.
    Replies,
    /// Names of the category.
    Category,
    /// Where it happened.
    Place,
    /// What came out.
    Outcome,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 8] = [
        Self::Number,
        Self::Subject,
        Self::Text,
        Self::Notes,
        Self::Replies,
        Self::Category,
        Self::Place,
        Self::Outcome,
    ];

    /// What it is called in a question, English and Chinese.
    #[must_use]
    pub fn names(self) -> [&'static str; 2] {
        match self {
            Self::Number => ["number", "编号"],
            Self::Subject => ["subject", "标题"],
            Self::Text => ["text", "内容"],
            Self::Notes => ["notes", "备注"],
            Self::Replies => ["replies", "回复"],
            Self::Category => ["category", "类别"],
            Self::Place => ["place", "地点"],
            Self::Outcome => ["outcome", "结果"],
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.names().contains(&name))
    }
}

/// Names of the date of first receipt.
const RECEIVED: [&str; 2] = ["received", "日期"];

/// Names of the kind of contact.
const KIND: [&str; 2] = ["kind", "类型"];

/// One thing that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Where; anywhere without one.
    pub field: Option<Field>,
    /// The words.
    pub words: String,
    /// Whether as they stand.
    pub exact: bool,
    /// Whether it must not be there.
    pub without: bool,
}

/// A question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// All of these.
    pub clauses: Vec<Clause>,
    /// First received on this day or later.
    pub from: Option<Date>,
    /// First received on this day or earlier.
    pub until: Option<Date>,
    /// Of this kind of contact.
    pub kind: Option<ContactKind>,
}

impl Ask {
    /// Understands what was typed.
    ///
    /// # Errors
    /// A fault of `q`: too long, too many words, nothing to look for, a date that is none.
    pub fn read(typed: &str) -> Result<Self, Refusal> {
        if typed.len() > LONGEST * 4 || typed.chars().count() > LONGEST {
            return Err(Fault::new("q", "too_long").with("max", LONGEST).into());
        }
        let mut ask = Self::default();
        for part in parts(typed) {
            let (without, rest) = match part.strip_prefix(['-', '－']) {
                Some(rest) if !rest.is_empty() => (true, rest),
                _ => (false, part.as_str()),
            };
            let (name, value) = rest.split_once([':', '：']).unwrap_or_default();
            if RECEIVED.contains(&name) && !without {
                // Like words, all of them hold.
                let (from, until) = dates(value)?;
                ask.from = ask.from.max(from);
                ask.until = ask.until.into_iter().chain(until).min();
                continue;
            }
            if let (true, false, Some(kind)) = (KIND.contains(&name), without, ContactKind::from_code(value)) {
                ask.kind = Some(kind);
                continue;
            }
            // A colon people type without meaning a field is a mark like any other.
            let (field, words) = match Field::named(name) {
                Some(field) => (Some(field), value),
                None => (None, rest),
            };
            let exact = words.starts_with(QUOTE);
            let words = words.trim_matches(QUOTE).to_owned();
            if words.chars().any(char::is_alphanumeric) {
                let clause = Clause { field, words, exact, without };
                if !ask.clauses.contains(&clause) {
                    ask.clauses.push(clause);
                }
            }
            if ask.clauses.len() > MOST {
                return Err(Fault::new("q", "too_many_words").with("max", MOST).into());
            }
        }
        let alone = |clause: &&Clause| terms::alone(&terms::fewest(&clause.words, Meant::Exactly)).is_some();
        if ask.clauses.iter().filter(alone).count() > MOST_ALONE {
            return Err(Fault::new("q", "too_many_characters").with("max", MOST_ALONE).into());
        }
        let filtered = ask.from.is_some() || ask.until.is_some() || ask.kind.is_some();
        if ask.clauses.iter().all(|clause| clause.without) && !(filtered && ask.clauses.is_empty()) {
            return Err(Fault::new("q", "nothing_to_search").into());
        }
        Ok(ask)
    }
}

/// How quotes are kept once they are understood.
const QUOTE: char = '"';

/// Cuts at spaces outside quotes. A quote that is never closed is a mark like any other.
fn parts(typed: &str) -> Vec<String> {
    let letters: Vec<char> = typed
        .chars()
        .map(|letter| match letter {
            '“' | '”' | '「' | '」' | '＂' => QUOTE,
            letter => letter,
        })
        .collect();
    let quotes = letters.iter().filter(|letter| **letter == QUOTE).count();
    let (mut parts, mut part, mut met) = (Vec::new(), String::new(), 0);
    for letter in letters {
        if letter == QUOTE {
            met += 1;
            if met == quotes && quotes % 2 == 1 {
                part.push(' ');
                continue;
            }
            part.push(letter);
            if met % 2 == 0 {
                parts.push(std::mem::take(&mut part));
            }
        } else if met % 2 == 0 && letter.is_whitespace() {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(letter);
        }
    }
    parts.push(part);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn dates(span: &str) -> Result<(Option<Date>, Option<Date>), Refusal> {
    let day = |text: &str| match text.trim() {
        "" => Ok(None),
        text => text.parse::<Date>().map(Some).map_err(|_| Refusal::from(Fault::new("q", "bad_search_date"))),
    };
    let (from, until) = span.split_once("..").unwrap_or((span, span));
    let (from, until) = (day(from)?, day(until)?);
    match (from, until) {
        (None, None) => Err(Fault::new("q", "bad_search_date").into()),
        both => Ok(both),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(typed: &str) -> Vec<String> {
        let told = |one: &Clause| {
            format!(
                "{}{}{}{}",
                if one.without { "-" } else { "" },
                one.field.map(|field| format!("{}:", field.names()[0])).unwrap_or_default(),
                if one.exact { "=" } else { "" },
                one.words
            )
        };
        Ask::read(typed).unwrap().clauses.iter().map(told).collect()
    }

    #[test]
    fn what_people_type_is_understood() {
        assert_eq!(told("宽带 慢"), ["宽带", "慢"]);
        assert_eq!(told("“不 退费” -回复:道歉"), ["=不 退费", "-replies:道歉"]);
        assert_eq!(told("subject:\"slow line\" 时间:下午"), ["subject:=slow line", "时间:下午"]);
        assert_eq!(told("a\"b"), ["a b"]);
        assert_eq!(told("* 宽带 ( - )"), ["宽带"]);
        let ask = Ask::read("宽带 received:2026-01-01..").unwrap();
        assert_eq!((ask.from, ask.until), (Some(jiff::civil::date(2026, 1, 1)), None));
        let both = Ask::read("received:2026-01-15.. received:2026-01-01..2026-01-31 kind:complaint").unwrap();
        assert_eq!(both.from, Some(jiff::civil::date(2026, 1, 15)));
        assert_eq!(both.until, Some(jiff::civil::date(2026, 1, 31)));
        assert_eq!(both.kind, Some(ContactKind::Complaint));
        assert_eq!(told("kind:green"), ["kind:green"]);
        assert_eq!(told("慢 慢 -慢 慢"), ["慢", "-慢"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let many: String = (0..40).map(|n| format!("a{n} ")).collect();
        let long = "a".repeat(1_000_000);
        let cases = [
            ("*", "nothing_to_search"),
            ("-宽带", "nothing_to_search"),
            ("received:soon", "bad_search_date"),
            (&many, "too_many_words"),
            ("的 了 text:是 -我 不", "too_many_characters"),
            (&long, "too_long"),
        ];
        for (typed, code) in cases {
            let refusal = Ask::read(typed).unwrap_err();
            assert_eq!(refusal.faults.first().map(|fault| fault.code), Some(code), "{}", typed.len());
        }
    }

    proptest! {
        #[test]
        fn nothing_hostile_harms(typed in "[-\"“:*a宽( .\u{0}]{0,300}|\\PC{0,300}") {
            let _ = Ask::read(&typed);
        }
    }
}
