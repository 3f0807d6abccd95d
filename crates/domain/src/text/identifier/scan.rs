//! The scanner. Digits stand in runs; runs joined by a single blank or dash form a group; the forms people write are
//! recognised by the lengths of a group's runs, longest and strictest first.

use super::mail::addresses;
use super::{Found, IdentifierKind, is_landline, is_mobile, is_old_resident_id, is_resident_id, luhn, narrow};

/// Most runs looked at together: an identity number in groups has five, a foreign number one more.
const MOST_RUNS: usize = 6;
/// Fewest digits of any number recognised here.
const FEWEST_DIGITS: usize = 7;

#[derive(Clone, Copy)]
struct Letter {
    at: usize,
    letter: char,
}

/// A text as narrow letters; a place is the index of a letter, not of a byte.
pub(super) struct Text {
    letters: Vec<Letter>,
    end: usize,
}

impl Text {
    fn new(text: &str) -> Self {
        let mut letters = Vec::with_capacity(text.len());
        letters.extend(text.char_indices().map(|(at, letter)| Letter { at, letter: narrow(letter) }));
        Self { letters, end: text.len() }
    }

    pub(super) fn len(&self) -> usize {
        self.letters.len()
    }

    pub(super) fn letter(&self, place: usize) -> char {
        self.letters.get(place).map_or('\0', |letter| letter.letter)
    }

    pub(super) fn before(&self, place: usize) -> char {
        place.checked_sub(1).map_or('\0', |place| self.letter(place))
    }

    fn byte(&self, place: usize) -> usize {
        self.letters.get(place).map_or(self.end, |letter| letter.at)
    }
}

/// Something recognised: places in the text and the normal form.
pub(super) struct Match {
    pub(super) kind: IdentifierKind,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) normal: String,
}

/// All identifiers of a text, left to right, without overlap.
#[must_use]
pub fn find(text: &str) -> Vec<Found> {
    // Most texts hold none: neither a mail sign nor enough digits.
    let digits = text.chars().filter(|letter| narrow(*letter).is_ascii_digit()).take(FEWEST_DIGITS).count();
    let mail = text.contains(['@', '＠']);
    if digits < FEWEST_DIGITS && !mail {
        return Vec::new();
    }
    let text = Text::new(text);
    let mut matches = if mail { addresses(&text) } else { Vec::new() };
    if digits == FEWEST_DIGITS {
        numbers(&text, &mut matches);
    }
    matches.sort_by_key(|found| found.start);
    matches
        .into_iter()
        .map(|found| Found {
            kind: found.kind,
            start: text.byte(found.start),
            end: text.byte(found.end),
            normal: found.normal,
        })
        .collect()
}

fn numbers(text: &Text, matches: &mut Vec<Match>) {
    let taken: Vec<(usize, usize)> = matches.iter().map(|found| (found.start, found.end)).collect();
    let mut taken = taken.into_iter().peekable();
    // No match may reach back before the end of the one before it.
    let (mut place, mut free) = (0, 0);
    while place < text.len() {
        if let Some((_, end)) = taken.next_if(|(start, _)| *start <= place) {
            (place, free) = (end, end);
            continue;
        }
        if !text.letter(place).is_ascii_digit() {
            place += 1;
            continue;
        }
        let limit = taken.peek().map_or(text.len(), |(start, _)| *start);
        let group = Group::read(text, place, limit, free);
        place += group.first;
        if let Some(found) = group.recognise() {
            (place, free) = (found.end, found.end);
            matches.push(found);
        }
    }
}

/// The run of digits at a place and those joined to it.
struct Group<'a> {
    text: &'a Text,
    start: usize,
    /// Length of the first run.
    first: usize,
    /// Place behind the last digit of each run.
    ends: Vec<usize>,
    lengths: Vec<usize>,
    digits: String,
    /// First place that belongs to no earlier match.
    free: usize,
    /// Place where the next e-mail address begins.
    limit: usize,
}

impl<'a> Group<'a> {
    fn read(text: &'a Text, start: usize, limit: usize, free: usize) -> Self {
        let (mut ends, mut lengths) = (Vec::with_capacity(MOST_RUNS), Vec::with_capacity(MOST_RUNS));
        let mut digits = String::with_capacity(24);
        let mut place = start;
        loop {
            let from = place;
            while place < limit && text.letter(place).is_ascii_digit() {
                digits.push(text.letter(place));
                place += 1;
            }
            ends.push(place);
            lengths.push(place - from);
            place = joined(text, place);
            if ends.len() == MOST_RUNS || place >= limit || !text.letter(place).is_ascii_digit() {
                break;
            }
        }
        let first = lengths.first().copied().unwrap_or(1);
        Self { text, start, first, ends, lengths, digits, free, limit }
    }

    fn recognise(&self) -> Option<Match> {
        if self.digits.len() < FEWEST_DIGITS {
            return None;
        }
        self.resident()
            .or_else(|| self.passport())
            .or_else(|| self.abroad())
            .or_else(|| self.mobile())
            .or_else(|| self.landline())
            .or_else(|| self.card())
    }

    /// Whether the group begins with runs of these lengths.
    fn begins(&self, lengths: &[usize]) -> bool {
        self.lengths.starts_with(lengths)
    }

    /// The digits of the first so many runs.
    fn digits(&self, runs: usize) -> &str {
        let length = self.lengths.iter().take(runs).sum();
        self.digits.get(..length).unwrap_or_default()
    }

    /// The letter so many places before the group, unless it belongs to an earlier match.
    fn back(&self, places: usize) -> char {
        match self.start.checked_sub(places) {
            Some(place) if place >= self.free => self.text.letter(place),
            _ => '\0',
        }
    }

    /// The letter at a place behind a run, unless it belongs to the next e-mail address.
    fn ahead(&self, place: usize) -> char {
        if place < self.limit { self.text.letter(place) } else { '\0' }
    }

    fn matched(&self, kind: IdentifierKind, runs: usize, normal: impl Into<String>) -> Option<Match> {
        let end = *self.ends.get(runs.checked_sub(1)?)?;
        Some(Match { kind, start: self.start, end, normal: normal.into() })
    }

    /// The check digit is strict enough to allow any grouping.
    fn resident(&self) -> Option<Match> {
        for (runs, end) in (1..).zip(&self.ends) {
            let digits = self.digits(runs);
            let letter = digits.len() == 17 && matches!(self.ahead(*end), 'x' | 'X');
            let number = if letter { format!("{digits}X") } else { digits.to_owned() };
            if is_resident_id(&number) {
                let mut found = self.matched(IdentifierKind::ResidentId, runs, number)?;
                found.end += usize::from(letter);
                return Some(found);
            }
            if digits.len() >= 18 {
                break;
            }
        }
        let digits = self.digits(1);
        is_old_resident_id(digits).then(|| self.matched(IdentifierKind::ResidentId, 1, digits)).flatten()
    }

    /// One letter and eight digits, or two letters of which the first is E (or the second, of those for officials) and
    /// seven digits.
    fn passport(&self) -> Option<Match> {
        if self.ahead(self.start + self.first).is_ascii_alphanumeric() {
            return None;
        }
        let (near, far) = (self.back(1).to_ascii_uppercase(), self.back(2).to_ascii_uppercase());
        let prefix = match (self.first, far, near) {
            (8, _, 'E' | 'G' | 'D' | 'S' | 'P' | 'H') => near.to_string(),
            (7, 'E', 'A'..='Z') | (7, 'D' | 'S' | 'P', 'E') => format!("{far}{near}"),
            _ => return None,
        };
        if self.back(prefix.len() + 1).is_ascii_alphanumeric() {
            return None;
        }
        let mut found = self.matched(IdentifierKind::Passport, 1, format!("{prefix}{}", self.digits(1)))?;
        found.start -= prefix.len();
        Some(found)
    }

    /// `+` or `00`, a country code, a number.
    fn abroad(&self) -> Option<Match> {
        let plus = self.back(1) == '+';
        // Zeros behind a dash are the middle of a longer number, such as a complaint's.
        let inside = self.back(1) == '-' && self.back(2).is_ascii_digit();
        if !plus && (inside || !self.digits.starts_with("00")) {
            return None;
        }
        for runs in (1..=self.ends.len()).rev() {
            let digits = self.digits(runs);
            let number = if plus { digits } else { digits.get(2..)? };
            let (kind, normal) = match number.strip_prefix("86").map(|rest| rest.strip_prefix('0').unwrap_or(rest)) {
                Some(national) if is_mobile(national) => (IdentifierKind::Mobile, national.to_owned()),
                Some(national) if is_landline(&format!("0{national}")) => {
                    (IdentifierKind::Landline, format!("0{national}"))
                }
                None if (FEWEST_DIGITS..=15).contains(&number.len()) && !number.starts_with('0') => {
                    (IdentifierKind::International, number.to_owned())
                }
                _ => continue,
            };
            let mut found = self.matched(kind, runs, normal)?;
            found.start -= usize::from(plus);
            return Some(found);
        }
        None
    }

    fn mobile(&self) -> Option<Match> {
        const FORMS: [&[usize]; 13] = [
            &[11],
            &[3, 4, 4],
            &[4, 3, 4],
            &[4, 4, 3],
            &[3, 8],
            &[7, 4],
            &[13],
            &[12],
            &[2, 11],
            &[2, 3, 4, 4],
            &[2, 3, 8],
            &[5, 4, 4],
            &[5, 8],
        ];
        FORMS.into_iter().filter(|form| self.begins(form)).find_map(|form| {
            let digits = self.digits(form.len());
            let national = digits.strip_prefix("86").or_else(|| digits.strip_prefix('0')).unwrap_or(digits);
            is_mobile(national).then(|| self.matched(IdentifierKind::Mobile, form.len(), national)).flatten()
        })
    }

    fn landline(&self) -> Option<Match> {
        const FORMS: [&[usize]; 11] =
            [&[10], &[11], &[12], &[3, 8], &[3, 7], &[4, 8], &[4, 7], &[3, 4, 4], &[4, 4, 4], &[3, 3, 4], &[4, 3, 4]];
        let form = FORMS.into_iter().find(|form| self.begins(form) && is_landline(self.digits(form.len())))?;
        let mut found = self.matched(IdentifierKind::Landline, form.len(), self.digits(form.len()))?;
        // An extension belongs to it; so does the bracket before the area code.
        if let (Some(length), Some(end)) = (self.lengths.get(form.len()), self.ends.get(form.len()))
            && *length <= 5
            && self.text.before(end - length) == '-'
        {
            found.end = *end;
        }
        if self.back(1) == '(' && self.text.letter(self.start + self.first) == ')' {
            found.start -= 1;
        }
        Some(found)
    }

    /// In one piece, four at a time with another last group, or as 6-13, 6-10 or 4-6-5.
    fn card(&self) -> Option<Match> {
        let fours = self.lengths.iter().take_while(|length| **length == 4).count();
        let by_fours = (4..=fours + 1).rev().filter(|runs| self.lengths.get(runs - 1).is_some_and(|last| *last <= 7));
        let pairs = [[6, 13], [6, 10]].iter().any(|form| self.begins(form)).then_some(2);
        let triple = self.begins(&[4, 6, 5]).then_some(3);
        by_fours.chain(triple).chain(pairs).chain([1]).find_map(|runs| {
            let digits = self.digits(runs);
            let card = (13..=19).contains(&digits.len()) && is_issued(digits) && luhn(digits);
            card.then(|| self.matched(IdentifierKind::BankCard, runs, digits)).flatten()
        })
    }
}

/// The place behind what joins two runs: a dash or a closing bracket, with or without a blank on either side, or
/// blanks alone.
fn joined(text: &Text, place: usize) -> usize {
    let blank = |place: usize| place + usize::from(text.letter(place) == ' ');
    let place = blank(place);
    blank(place + usize::from(matches!(text.letter(place), '-' | ')')))
}

/// Whether cards beginning like this are issued (ISO/IEC 7812). Sparing what begins with 0, or with 1 or 2 outside the
/// few ranges in use, keeps moments and order numbers that begin with a date readable.
fn is_issued(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'0', ..] => false,
        [b'1', ..] => matches!(digits.len(), 15 | 19),
        [b'2', second, ..] => digits.len() == 16 && (b'2'..=b'7').contains(second),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use IdentifierKind::{BankCard, Email, International, Landline, Mobile, Passport, ResidentId};

    type Wanted<'a> = (IdentifierKind, &'a str, &'a str);

    #[test]
    fn what_people_write_is_found() {
        let table: &[(&str, &[Wanted<'_>])] = &[
            ("请打13800138000找我", &[(Mobile, "13800138000", "13800138000")]),
            ("电话138 0013 8000。", &[(Mobile, "138 0013 8000", "13800138000")]),
            ("１３８－００１３－８０００", &[(Mobile, "１３８－００１３－８０００", "13800138000")]),
            ("+86 138-0013-8000", &[(Mobile, "+86 138-0013-8000", "13800138000")]),
            ("8613800138000", &[(Mobile, "8613800138000", "13800138000")]),
            ("008613800138000", &[(Mobile, "008613800138000", "13800138000")]),
            ("家里021-62223333转", &[(Landline, "021-62223333", "02162223333")]),
            ("(0571) 8765 4321", &[(Landline, "(0571) 8765 4321", "057187654321")]),
            ("010-62223333-801", &[(Landline, "010-62223333-801", "01062223333")]),
            ("身份证11010519491231002X，", &[(ResidentId, "11010519491231002X", "11010519491231002X")]),
            ("110105 19491231 002x", &[(ResidentId, "110105 19491231 002x", "11010519491231002X")]),
            ("旧证110105491231002", &[(ResidentId, "110105491231002", "110105491231002")]),
            ("卡号6222 0212 3456 7890 128", &[(BankCard, "6222 0212 3456 7890 128", "6222021234567890128")]),
            ("卡号6222 0212 3456 7890 127", &[]),
            ("卡4539 5787 6362 1486", &[(BankCard, "4539 5787 6362 1486", "4539578763621486")]),
            ("4539578763621486", &[(BankCard, "4539578763621486", "4539578763621486")]),
            ("护照E12345678", &[(Passport, "E12345678", "E12345678")]),
            ("ea1234567 ok", &[(Passport, "ea1234567", "EA1234567")]),
            ("138 - 0013 - 8000", &[(Mobile, "138 - 0013 - 8000", "13800138000")]),
            ("1380 0138 000", &[(Mobile, "1380 0138 000", "13800138000")]),
            ("86138 0013 8000", &[(Mobile, "86138 0013 8000", "13800138000")]),
            ("+86 (0)13800138000", &[(Mobile, "13800138000", "13800138000")]),
            ("+8602162223333", &[(Landline, "+8602162223333", "02162223333")]),
            ("1101 0519 4912 3100 2x。", &[(ResidentId, "1101 0519 4912 3100 2x", "11010519491231002X")]),
            (
                "11010519491231002X13800138000",
                &[(ResidentId, "11010519491231002X", "11010519491231002X"), (Mobile, "13800138000", "13800138000")],
            ),
            ("110105-1949-1231-002X", &[(ResidentId, "110105-1949-1231-002X", "11010519491231002X")]),
            ("6222 0212 3456 7890128", &[(BankCard, "6222 0212 3456 7890128", "6222021234567890128")]),
            ("622202 1234567890128", &[(BankCard, "622202 1234567890128", "6222021234567890128")]),
            ("DE1234567", &[(Passport, "DE1234567", "DE1234567")]),
            ("a@b.EA1234567", &[(Email, "a@b.EA", "a@b.ea")]),
            ("13800138000@139.com", &[(Email, "13800138000@139.com", "13800138000@139.com")]),
            ("call +1 415-555-0100 now", &[(International, "+1 415-555-0100", "14155550100")]),
            ("0044 20 7946 0000", &[(International, "0044 20 7946 0000", "442079460000")]),
            (
                "13800138000/13900139000",
                &[(Mobile, "13800138000", "13800138000"), (Mobile, "13900139000", "13900139000")],
            ),
        ];
        for (text, wanted) in table {
            let found: Vec<_> = find(text).into_iter().map(|f| (f.kind, &text[f.start..f.end], f.normal)).collect();
            let found: Vec<_> =
                found.iter().map(|(kind, written, normal)| (*kind, *written, normal.as_str())).collect();
            assert_eq!(found, *wanted, "{text}");
        }
    }

    #[test]
    fn what_is_no_identifier_stays() {
        for text in [
            "工单TS-20261123-000042-7",
            "2026-07-03 10:00",
            "打10086和12315、95588",
            "扣了100.00元，共400元",
            "138001380001234567890123",
            "a@b",
            "@@@@@@@@",
            "第1234567890号",
            "110105194912310021",
            "TS-20261123-001234-5 62223333",
            "2026-07-03 - 2026-07-05",
        ] {
            assert_eq!(find(text), [], "{text}");
        }
    }

    #[test]
    fn numbers_that_begin_with_a_date_are_no_cards() {
        let mut lucky = 0;
        for n in 0..100 {
            for text in [format!("2026112310{n:04}"), format!("TS2026112300{n:04}7"), format!("20261123{n:010}")] {
                lucky += usize::from(luhn(text.trim_start_matches("TS")));
                assert_eq!(find(&text), [], "{text}");
            }
        }
        assert!(lucky > 10, "the table must hold some that pass the check");
    }

    #[test]
    fn hostile_input_costs_no_more_than_its_length() {
        let time = |text: &str| {
            let start = std::time::Instant::now();
            std::hint::black_box(find(text));
            start.elapsed()
        };
        for unit in ["1 ", "1", "a@", "@", "12345678 ", "+1-", "0", "E1234567", "）1（", "00 ", "1111-", "a.a@", "1 - "]
        {
            let (small, large) = (unit.repeat(20_000), unit.repeat(200_000));
            let (small, large) = (time(&small).max(time(&small)), time(&large));
            assert!(large < small * 60 + std::time::Duration::from_millis(20), "{unit:?}: {small:?} {large:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn ranges_are_ordered_and_on_letters(text in "[0-9@+x a.－）１-９E张-]{0,80}") {
            let mut free = 0;
            for found in find(&text) {
                proptest::prop_assert!(found.start >= free && found.end > found.start);
                proptest::prop_assert!(text.get(found.start..found.end).is_some());
                free = found.end;
            }
        }
    }
}
