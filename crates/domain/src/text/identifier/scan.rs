//! The scanner. Digits stand in runs; runs joined by a single blank or dash form a group; the forms people write are
//! recognised by the lengths of a group's runs, longest and strictest first.

use super::{Found, IdentifierKind, is_landline, is_mobile, is_old_resident_id, is_resident_id, luhn, narrow};

/// Most runs looked at together; the longest form (card in groups of four) has five.
const MOST_RUNS: usize = 6;
/// Longest local part and domain of an e-mail address looked at.
const LOCAL: usize = 64;
const DOMAIN: usize = 190;

#[derive(Clone, Copy)]
struct Letter {
    at: usize,
    letter: char,
}

struct Text {
    letters: Vec<Letter>,
    end: usize,
}

impl Text {
    fn letter(&self, place: usize) -> char {
        self.letters.get(place).map_or('\0', |letter| letter.letter)
    }

    fn before(&self, place: usize) -> char {
        place.checked_sub(1).map_or('\0', |place| self.letter(place))
    }

    fn byte(&self, place: usize) -> usize {
        self.letters.get(place).map_or(self.end, |letter| letter.at)
    }
}

/// A row of digits: places of the first and behind the last.
#[derive(Clone, Copy)]
struct Run {
    start: usize,
    end: usize,
}

/// Something recognised: places in the text and the normal form.
struct Match {
    kind: IdentifierKind,
    start: usize,
    end: usize,
    normal: String,
}

/// All identifiers of a text, left to right, without overlap.
#[must_use]
pub fn find(text: &str) -> Vec<Found> {
    // Most texts hold none: neither a mail sign nor enough digits.
    let digits = text.chars().filter(|letter| narrow(*letter).is_ascii_digit()).take(7).count();
    let mail = text.contains(['@', '＠']);
    if digits < 7 && !mail {
        return Vec::new();
    }
    let letters = text.char_indices().map(|(at, letter)| Letter { at, letter: narrow(letter) }).collect();
    let text = Text { letters, end: text.len() };
    let mut matches = if mail { addresses(&text) } else { Vec::new() };
    if digits == 7 {
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

fn addresses(text: &Text) -> Vec<Match> {
    let mut found: Vec<Match> = Vec::new();
    for place in 0..text.letters.len() {
        if text.letter(place) != '@' {
            continue;
        }
        let free = found.last().map_or(0, |last| last.end);
        let local = |letter: char| letter.is_ascii_alphanumeric() || "._%+-".contains(letter);
        let mut start = place;
        while start > free && place - start < LOCAL && local(text.before(start)) {
            start -= 1;
        }
        let domain = |letter: char| letter.is_ascii_alphanumeric() || letter == '.' || letter == '-';
        let mut end = place + 1;
        while end - place < DOMAIN && domain(text.letter(end)) {
            end += 1;
        }
        // A sentence may end right behind the address.
        while end > place + 1 && matches!(text.before(end), '.' | '-') {
            end -= 1;
        }
        let name: String = (place + 1..end).map(|place| text.letter(place)).collect();
        let known = name.rsplit_once('.').is_some_and(|(host, top)| {
            !host.is_empty() && top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic())
        });
        if start < place && known {
            let normal = (start..end).map(|place| text.letter(place).to_ascii_lowercase()).collect();
            found.push(Match { kind: IdentifierKind::Email, start, end, normal });
        }
    }
    found
}

fn numbers(text: &Text, matches: &mut Vec<Match>) {
    let taken: Vec<(usize, usize)> = matches.iter().map(|found| (found.start, found.end)).collect();
    let mut taken = taken.into_iter().peekable();
    let mut place = 0;
    while place < text.letters.len() {
        while taken.next_if(|(_, end)| *end <= place).is_some() {}
        if let Some((start, end)) = taken.peek()
            && place >= *start
        {
            place = *end;
            continue;
        }
        if !text.letter(place).is_ascii_digit() {
            place += 1;
            continue;
        }
        let limit = taken.peek().map_or(text.letters.len(), |(start, _)| *start);
        let group = group(text, place, limit);
        let first_end = group.first().map_or(place + 1, |run| run.end);
        match recognise(text, &group) {
            Some(found) => {
                place = found.end.max(first_end);
                matches.push(found);
            }
            None => place = first_end,
        }
    }
}

/// The run at a place and those joined to it.
fn group(text: &Text, start: usize, limit: usize) -> Vec<Run> {
    let mut runs = Vec::with_capacity(MOST_RUNS);
    let mut start = start;
    loop {
        let mut end = start;
        while end < limit && text.letter(end).is_ascii_digit() {
            end += 1;
        }
        runs.push(Run { start, end });
        // One blank or dash joins; so does the bracket behind an area code, with or without a blank.
        let next = match (text.letter(end), text.letter(end + 1)) {
            (')', ' ' | '-') => end + 2,
            (' ' | '-' | ')', _) => end + 1,
            _ => return runs,
        };
        if runs.len() == MOST_RUNS || next >= limit || !text.letter(next).is_ascii_digit() {
            return runs;
        }
        start = next;
    }
}

struct Group<'a> {
    text: &'a Text,
    runs: &'a [Run],
    lengths: Vec<usize>,
}

impl Group<'_> {
    /// Whether the group begins with runs of these lengths.
    fn begins(&self, lengths: &[usize]) -> bool {
        self.lengths.starts_with(lengths)
    }

    /// The digits of the first so many runs.
    fn digits(&self, runs: usize) -> String {
        self.runs.iter().take(runs).flat_map(|run| (run.start..run.end).map(|place| self.text.letter(place))).collect()
    }

    fn matched(&self, kind: IdentifierKind, runs: usize, normal: String) -> Option<Match> {
        let (first, last) = (self.runs.first()?, self.runs.get(runs.checked_sub(1)?)?);
        Some(Match { kind, start: first.start, end: last.end, normal })
    }
}

fn recognise(text: &Text, runs: &[Run]) -> Option<Match> {
    let group = Group { text, runs, lengths: runs.iter().map(|run| run.end - run.start).collect() };
    abroad(&group)
        .or_else(|| resident(&group))
        .or_else(|| mobile(&group))
        .or_else(|| landline(&group))
        .or_else(|| card(&group))
        .or_else(|| passport(&group))
}

/// `+` or `00`, a country code, a number.
fn abroad(group: &Group<'_>) -> Option<Match> {
    let first = group.runs.first()?;
    let plus = group.text.before(first.start) == '+';
    let zeros = group.digits(1).starts_with("00");
    if !plus && !zeros {
        return None;
    }
    for runs in (1..=group.runs.len()).rev() {
        let digits = group.digits(runs);
        let number = if plus { digits.as_str() } else { digits.get(2..)? };
        let national = number.strip_prefix("86");
        let (kind, normal) = match national {
            Some(national) if is_mobile(national) => (IdentifierKind::Mobile, national.to_owned()),
            Some(national) if is_landline(&format!("0{national}")) => {
                (IdentifierKind::Landline, format!("0{national}"))
            }
            Some(_) => continue,
            None if (8..=15).contains(&number.len()) && !number.starts_with('0') => {
                (IdentifierKind::International, number.to_owned())
            }
            None => continue,
        };
        let mut found = group.matched(kind, runs, normal)?;
        found.start -= usize::from(plus);
        return Some(found);
    }
    None
}

fn resident(group: &Group<'_>) -> Option<Match> {
    let with_letter = |runs: usize| {
        let end = group.runs.get(runs - 1)?.end;
        let follows = matches!(group.text.letter(end), 'x' | 'X');
        (follows && !group.text.letter(end + 1).is_ascii_alphanumeric()).then(|| format!("{}X", group.digits(runs)))
    };
    let forms: [(&[usize], bool); 4] = [(&[18], false), (&[17], true), (&[6, 8, 4], false), (&[6, 8, 3], true)];
    for (lengths, letter) in forms {
        if !group.begins(lengths) {
            continue;
        }
        let runs = lengths.len();
        let number = if letter { with_letter(runs) } else { Some(group.digits(runs)) };
        if let Some(number) = number.filter(|number| is_resident_id(number)) {
            let mut found = group.matched(IdentifierKind::ResidentId, runs, number)?;
            found.end += usize::from(letter);
            return Some(found);
        }
    }
    let digits = group.digits(1);
    is_old_resident_id(&digits).then(|| group.matched(IdentifierKind::ResidentId, 1, digits)).flatten()
}

fn mobile(group: &Group<'_>) -> Option<Match> {
    let forms: [&[usize]; 7] = [&[11], &[3, 4, 4], &[13], &[12], &[2, 11], &[2, 3, 4, 4], &[3, 8]];
    for lengths in forms {
        if !group.begins(lengths) {
            continue;
        }
        let digits = group.digits(lengths.len());
        let national = digits.strip_prefix("86").or_else(|| digits.strip_prefix('0')).unwrap_or(&digits);
        if is_mobile(national) {
            return group.matched(IdentifierKind::Mobile, lengths.len(), national.to_owned());
        }
    }
    None
}

fn landline(group: &Group<'_>) -> Option<Match> {
    if group.text.letter(group.runs.first()?.start) != '0' {
        return None;
    }
    let lengths: &[&[usize]] =
        &[&[10], &[11], &[12], &[3, 8], &[3, 7], &[4, 8], &[4, 7], &[3, 4, 4], &[4, 4, 4], &[3, 3, 4], &[4, 3, 4]];
    let form = lengths.iter().find(|form| group.begins(form) && is_landline(&group.digits(form.len())))?;
    let mut found = group.matched(IdentifierKind::Landline, form.len(), group.digits(form.len()))?;
    // An extension belongs to it; so does the bracket before the area code.
    if let Some(extension) = group.runs.get(form.len())
        && extension.end - extension.start <= 5
        && group.text.before(extension.start) == '-'
    {
        found.end = extension.end;
    }
    if group.text.before(found.start) == '(' && group.text.letter(group.runs.first()?.end) == ')' {
        found.start -= 1;
    }
    Some(found)
}

fn card(group: &Group<'_>) -> Option<Match> {
    let fours = group.lengths.iter().take_while(|length| **length == 4).count();
    let mut forms = vec![1];
    // Four at a time with a shorter last group, or 4-6-5 as some issuers print it.
    for runs in (4..=fours + 1).rev() {
        if group.lengths.get(runs - 1).is_some_and(|last| *last <= 4) {
            forms.push(runs);
        }
    }
    if group.begins(&[4, 6, 5]) {
        forms.push(3);
    }
    for runs in forms {
        let digits = group.digits(runs);
        if (13..=19).contains(&digits.len()) && !digits.starts_with('0') && luhn(&digits) {
            return group.matched(IdentifierKind::BankCard, runs, digits);
        }
    }
    None
}

/// One letter and eight digits, or two letters of which the first is E and seven digits (ordinary, diplomatic, service
/// passports, travel permits).
fn passport(group: &Group<'_>) -> Option<Match> {
    let run = group.runs.first()?;
    if group.text.letter(run.end).is_ascii_alphanumeric() {
        return None;
    }
    let letter = |back: usize| run.start.checked_sub(back).map_or('\0', |place| group.text.letter(place));
    let (near, far) = (letter(1).to_ascii_uppercase(), letter(2).to_ascii_uppercase());
    let (prefix, free) = match (run.end - run.start, near, far) {
        (8, 'E' | 'G' | 'D' | 'S' | 'P' | 'H', far) => (near.to_string(), !far.is_ascii_alphanumeric()),
        (7, 'A'..='Z', 'E') => (format!("E{near}"), !letter(3).is_ascii_alphanumeric()),
        _ => return None,
    };
    if !free {
        return None;
    }
    let mut found = group.matched(IdentifierKind::Passport, 1, format!("{prefix}{}", group.digits(1)))?;
    found.start -= prefix.len();
    Some(found)
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
            ("写信到 Zhang.San@Example.com.", &[(Email, "Zhang.San@Example.com", "zhang.san@example.com")]),
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
        ] {
            assert_eq!(find(text), [], "{text}");
        }
    }

    #[test]
    fn hostile_input_costs_no_more_than_its_length() {
        let time = |text: &str| {
            let start = std::time::Instant::now();
            std::hint::black_box(find(text));
            start.elapsed()
        };
        for unit in ["1 ", "1", "a@", "@", "12345678 ", "+1-", "0", "E1234567", "）1（"] {
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
