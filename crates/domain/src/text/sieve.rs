//! The last look at what is about to leave the house: whether anything known of the people of a case still stands in it. It
//! takes nothing out and knows nothing of how [`super::veil`] does; it only says no.

use super::identifier::{find, narrow, normalise_phone};
use super::veil::{Known, Sort};
use serde_json::Value;

/// A number shorter than this is looked for as a word of its own: among digits of others it proves nothing.
const SHORT: usize = 7;

/// What must not be found.
pub struct Sieve {
    /// Names that are written without blanks.
    joined: Vec<String>,
    /// Names as the words they have.
    words: Vec<Vec<String>>,
    numbers: Vec<String>,
    short: Vec<String>,
    others: Vec<String>,
}

impl Sieve {
    /// One that knows these people.
    #[must_use]
    pub fn new(known: &[Known]) -> Self {
        let mut sieve =
            Self { joined: Vec::new(), words: Vec::new(), numbers: Vec::new(), short: Vec::new(), others: Vec::new() };
        for Known { sort, value } in known {
            match sort {
                Sort::Name if value.is_ascii() => sieve.words.push(words(value)),
                Sort::Name => sieve.joined.push(squeezed(value)),
                Sort::Phone | Sort::Number | Sort::Id => {
                    let number = number(value);
                    if number.chars().count() < SHORT {
                        sieve.short.push(number);
                    } else {
                        sieve.numbers.push(number);
                    }
                    let national = normalise_phone(value).map(|normal| normal.trim_start_matches("+86").to_owned());
                    sieve.numbers.extend(national.map(|national| number_of(&national)));
                }
                Sort::Email | Sort::Address => sieve.others.push(squeezed(value)),
            }
        }
        // One character says nothing, and of nothing everything is full.
        sieve.joined.retain(|name| name.chars().count() > 1);
        sieve.words.retain(|name| name.iter().map(String::len).sum::<usize>() > 1);
        sieve.numbers.retain(|number| number.chars().count() >= SHORT);
        sieve.short.retain(|number| number.chars().count() > 1);
        sieve.others.retain(|other| other.chars().count() > 3);
        sieve
    }

    /// Whether it stands in any text of a JSON body, `ours` left out. What is no JSON is not let through either.
    #[must_use]
    pub fn finds_in(&self, body: &[u8], ours: &[&str]) -> bool {
        match serde_json::from_slice(body) {
            Ok(value) => self.finds_in_value(&value, ours),
            Err(_) => true,
        }
    }

    fn finds_in_value(&self, value: &Value, ours: &[&str]) -> bool {
        match value {
            Value::String(text) => !ours.contains(&text.as_str()) && self.finds(text),
            Value::Array(list) => list.iter().any(|one| self.finds_in_value(one, ours)),
            Value::Object(members) => {
                members.iter().any(|(name, one)| self.finds(name) || self.finds_in_value(one, ours))
            }
            Value::Number(number) => self.finds(&number.to_string()),
            Value::Null | Value::Bool(_) => false,
        }
    }

    /// Whether it stands in a text.
    #[must_use]
    pub fn finds(&self, text: &str) -> bool {
        let (squeezed, number, words) = (squeezed(text), number(text), words(text));
        self.joined.iter().chain(&self.others).any(|one| squeezed.contains(one.as_str()))
            || self.numbers.iter().any(|one| number.contains(one.as_str()))
            || self.short.iter().any(|one| words.iter().any(|word| word == one))
            || self.words.iter().any(|name| words.windows(name.len()).any(|window| window == name.as_slice()))
            || !find(text).is_empty()
            || calls_somebody(text, &squeezed)
    }
}

/// Whether somebody is called by their name before or behind a title. Only what can be nothing else: here a doubt keeps the
/// whole question back.
fn calls_somebody(text: &str, squeezed: &str) -> bool {
    const TITLES: [&str; 6] = ["先生", "女士", "小姐", "师傅", "经理", "老师"];
    let family = |at: usize| squeezed.get(..at).and_then(|before| before.chars().next_back());
    let common = |at: usize| family(at).is_some_and(|family| "王李张刘陈杨赵黄吴徐孙胡朱郭".contains(family));
    if TITLES.iter().any(|title| squeezed.match_indices(*title).any(|(at, _)| common(at))) {
        return true;
    }
    let mut titled = false;
    for word in text.split_whitespace() {
        let mut letters = word.chars();
        let capital = letters.next().is_some_and(|first| first.is_ascii_uppercase());
        if titled && capital && letters.next().is_some_and(|second| second.is_ascii_lowercase()) {
            return true;
        }
        let bare = word.trim_start_matches(|letter: char| !letter.is_alphanumeric()).trim_end_matches('.');
        titled = matches!(bare, "Mr" | "Mrs" | "Ms" | "Dr");
    }
    false
}

fn small(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().map(narrow).flat_map(char::to_lowercase)
}

/// Letters, digits and signs with nothing between them.
fn squeezed(text: &str) -> String {
    let between = |letter: &char| {
        letter.is_whitespace()
            || matches!(*letter, '·' | '•' | '・' | '\u{200B}'..='\u{200F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
    };
    small(text).filter(|letter| !between(letter)).collect()
}

/// Words of letters and digits.
fn words(text: &str) -> Vec<String> {
    let small: String = small(text).collect();
    small
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn number(text: &str) -> String {
    number_of(&small(text).collect::<String>())
}

/// Letters and digits alone, numerals as digits.
fn number_of(text: &str) -> String {
    const NUMERALS: [(char, char); 12] = [
        ('〇', '0'),
        ('零', '0'),
        ('幺', '1'),
        ('一', '1'),
        ('二', '2'),
        ('三', '3'),
        ('四', '4'),
        ('五', '5'),
        ('六', '6'),
        ('七', '7'),
        ('八', '8'),
        ('九', '9'),
    ];
    let digit =
        |letter: char| NUMERALS.iter().find(|(numeral, _)| *numeral == letter).map_or(letter, |(_, digit)| *digit);
    text.chars().map(digit).filter(char::is_ascii_alphanumeric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sieve() -> Sieve {
        let known = |sort, value: &str| Known { sort, value: value.to_owned() };
        Sieve::new(&[
            known(Sort::Name, "王小明"),
            known(Sort::Name, "John Smith"),
            known(Sort::Name, "李"),
            known(Sort::Phone, "+86 138 0013 8000"),
            known(Sort::Number, "sh-88776655"),
            known(Sort::Number, "12345"),
            known(Sort::Email, "ming@example.com"),
            known(Sort::Address, "世纪大道100号"),
            known(Sort::Address, ""),
        ])
    }

    #[test]
    fn what_is_known_is_found_in_whatever_clothes() {
        for text in [
            "是王小明",
            "王 小\u{200B}明",
            "mr JOHN   SMITH",
            "John, Smith",
            "1-3-8-0-0-1-3-8-0-0-0",
            "一三八〇〇一三八〇〇〇",
            "Ｓh88 77-6655",
            "no. 12345",
            "MING@example.COM",
            "世纪 大道１００号",
            "another: 13911139111",
            "李先生",
            "王 师傅",
            "(Mr. Ford)",
        ] {
            assert!(sieve().finds(text), "{text}");
        }
        for text in [
            "〔NAME-1〕，〔PHONE-1〕",
            "小王，明天见",
            "Johnson Smithers",
            "x1234 12 345",
            "大道100号",
            "〔NAME-1〕先生, Mr 〔NAME-2〕",
            "Mr alone, 王者荣耀",
        ] {
            assert!(!sieve().finds(text), "{text}");
        }
    }

    #[test]
    fn a_body_is_looked_through_as_the_other_side_reads_it() {
        let sieve = sieve();
        assert!(sieve.finds_in(br#"{"a":[{"b":"\u738b\u5c0f\u660e"}]}"#, &[]));
        assert!(sieve.finds_in(br#"{"John Smith":1}"#, &[]));
        assert!(sieve.finds_in(br#"{"a":13800138000}"#, &[]));
        assert!(sieve.finds_in(b"no json", &[]));
        assert!(!sieve.finds_in(br#"{"a":"as John Smith says"}"#, &["as John Smith says"]));
        assert!(!sieve.finds_in(br#"{"a":["fine",1,null,true]}"#, &[]));
    }
}
