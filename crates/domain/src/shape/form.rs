//! Short values that have a form of their own. What is certainly wrong is refused; what merely looks odd is taken,
//! because numbers of other countries and bodies have forms nobody here knows.

use crate::text::identifier::{self, IdentifierKind, is_resident_id, narrow};
use jiff::civil::Date;

/// The form a short value has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A telephone number: E.164 or national, 3 to 15 digits with the usual separators, an extension behind it.
    Phone,
    /// An e-mail address.
    Email,
    /// Number of a person's document: 4 to 30 letters and digits. What has the 18 places of a resident identity number
    /// must have its check digit too.
    Document,
    /// A number another body or system gave: letters, digits, blanks and a few signs. It is kept in the clear and
    /// outlives the erasure of the person, so nothing by which a person is found may stand in it.
    FileNumber,
}

/// Signs of numbers of files besides letters and digits.
const FILE_SIGNS: &str = " -/_.:()·#（）〔〕[]［］【】";

impl Form {
    /// Every form.
    pub const ALL: [Self; 4] = [Self::Phone, Self::Email, Self::Document, Self::FileNumber];

    /// Codes of what can be wrong with one.
    pub const FAULTS: [&'static str; 5] =
        ["bad_phone", "bad_email", "bad_id_number", "bad_file_number", "identifier_in_number"];

    /// What is wrong with a value that was cleaned; nothing when it has this form.
    #[must_use]
    pub fn fault(self, text: &str) -> Option<&'static str> {
        let [phone, email, document, file, identifier] = Self::FAULTS;
        match self {
            Self::Phone => (!is_phone(text)).then_some(phone),
            Self::Email => (!is_email(text)).then_some(email),
            Self::Document => (!is_document(text)).then_some(document),
            Self::FileNumber if names_somebody(text) => Some(identifier),
            Self::FileNumber => {
                let known = |letter: char| letter.is_alphanumeric() || FILE_SIGNS.contains(letter);
                (!text.chars().all(known)).then_some(file)
            }
        }
    }
}

/// Whether this can be dialled: digits with separators, `+` before them if at all, an extension behind `转`, `x`, `ext`,
/// `#` or `,`.
fn is_phone(text: &str) -> bool {
    let narrowed: String = text.chars().map(narrow).flat_map(char::to_lowercase).collect();
    let mut number = narrowed.trim();
    for mark in ["转", "轉", "ext.", "ext", "x", "#", ",", ";"] {
        if let Some((before, extension)) = number.split_once(mark) {
            let extension = extension.trim();
            if !(1..=8).contains(&extension.len()) || !extension.bytes().all(|byte| byte.is_ascii_digit()) {
                return false;
            }
            number = before.trim();
            break;
        }
    }
    let (plus, rest) = number.strip_prefix('+').map_or((false, number), |rest| (true, rest));
    let mut digits = String::with_capacity(rest.len());
    for letter in rest.chars() {
        match letter {
            // Bodies hand over numbers with their middle hidden: 138****8000.
            '0'..='9' | '*' => digits.push(letter),
            ' ' | '-' | '(' | ')' | '.' | '/' => {}
            _ => return false,
        }
    }
    let foreign = if plus { Some(digits.as_str()) } else { digits.strip_prefix("00") };
    match foreign {
        Some(number) => (7..=15).contains(&number.len()) && !number.starts_with('0'),
        None => (3..=15).contains(&digits.len()) && digits.contains(|letter: char| letter.is_ascii_digit()),
    }
}

/// Whether mail could go there: one `@`, no blanks, a domain of two labels or more.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let plain = |letter: char| !letter.is_whitespace() && !letter.is_control() && !"<>,;:\\\"()[]".contains(letter);
    let label = |label: &str| {
        let edges = label.starts_with('-') || label.ends_with('-');
        !label.is_empty() && !edges && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    !local.is_empty()
        && local.len() <= 64
        && local.chars().all(plain)
        && domain.contains('.')
        && domain.split('.').all(label)
}

/// Whether this can be the number of a paper.
fn is_document(text: &str) -> bool {
    let letters: Vec<char> = text.chars().map(narrow).collect();
    let known = |letter: char| letter.is_alphanumeric() || " -/().*".contains(letter);
    // A star stands for what a body that hands it over has hidden.
    let number: String = letters.iter().filter(|letter| letter.is_alphanumeric() || **letter == '*').collect();
    if !letters.iter().all(|letter| known(*letter)) || !(4..=30).contains(&number.chars().count()) {
        return false;
    }
    let resident = number.len() == 18
        && number.bytes().take(17).all(|byte| byte.is_ascii_digit())
        && number.ends_with(|last: char| last.is_ascii_digit() || matches!(last, 'x' | 'X'));
    number.contains(|letter: char| letter.is_ascii_digit()) && (!resident || is_resident_id(&number))
}

/// Whether a person could be found by what stands in a number of a file. Exact, because bodies give long rows of digits:
/// an address, a mobile number that stands by itself, an identity number or bank card with its check digit. A row of
/// digits that holds a day since 2020 is a number somebody counted up that day, whatever its check digit says.
fn names_somebody(text: &str) -> bool {
    identifier::find(text).iter().any(|found| match found.kind {
        IdentifierKind::Email => true,
        IdentifierKind::Mobile => stands_alone(text, found.start, found.end),
        IdentifierKind::ResidentId => is_resident_id(&found.normal) && !holds_a_day(&found.normal),
        IdentifierKind::BankCard => is_card(&found.normal) && !holds_a_day(&found.normal),
        IdentifierKind::Landline | IdentifierKind::Passport | IdentifierKind::International => false,
    })
}

/// Whether what was found is no part of a longer number, such as `GX-13800138000` or `第13800138000号`.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).and_then(|before| before.chars().next_back()).unwrap_or(' ');
    let after = text.get(end..).and_then(|after| after.chars().next()).unwrap_or(' ');
    let joins = |letter: char| letter.is_ascii_alphanumeric() || "-/_.".contains(letter);
    !joins(before) && !joins(after) && !"号號字".contains(after)
}

/// Whether a row of digits that passes the check of cards has the length its issuers give.
fn is_card(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'6', b'2', ..] => (16..=19).contains(&digits.len()),
        [b'4', ..] | [b'5', b'1'..=b'5', ..] | [b'3', b'5', ..] | [b'2', ..] | [b'6', ..] => digits.len() == 16,
        [b'3', b'4' | b'7', ..] => digits.len() == 15,
        _ => false,
    }
}

fn holds_a_day(digits: &str) -> bool {
    let part = |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse::<i16>().ok());
    (0..digits.len().saturating_sub(7)).any(|at| {
        let (Some(year), Some(month), Some(day)) = (part(at..at + 4), part(at + 4..at + 6), part(at + 6..at + 8))
        else {
            return false;
        };
        let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else { return false };
        (2020..2100).contains(&year) && Date::new(year, month, day).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: Form, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(form.fault(text), None, "{form:?} {text}");
        }
        for text in bad {
            assert!(form.fault(text).is_some(), "{form:?} {text}");
        }
    }

    #[test]
    fn telephone_numbers() {
        check(
            Form::Phone,
            &[
                "13800138000",
                "+86 138-0013-8000",
                "＋８６ 138 0013 8000",
                "10086",
                "95588",
                "110",
                "021-62223333转801",
                "021-62223333 ext. 12",
                "(0571) 8765 4321",
                "030/901820",
                "0044 20 7946 0000",
                "+1 (415) 555-0100 x12",
                "400-800-8820",
                "62223333#5",
                "138****8000",
            ],
            &[
                "zzz",
                "+",
                "1",
                "12",
                "13800138000 ext",
                "+86138",
                "1380013800013800",
                "138001x",
                "****",
                "+0044207946",
                "1+2345",
            ],
        );
    }

    #[test]
    fn addresses_of_mail() {
        check(
            Form::Email,
            &["wang@example.com", "a.b+c@mail.example.co.uk", "王@例子.公司", "a@b.c"],
            &[
                "zzz", "a b@c.de", "a@b", "@b.de", "a@", "a@b@c.de", "a@.de", "a@b..de", "a@-b.de", "<a@b.de>",
                "a@b.de.",
            ],
        );
    }

    #[test]
    fn numbers_of_papers() {
        check(
            Form::Document,
            &[
                "11010519491231002X",
                "110105 19491231 002x",
                "110105491231002",
                "E12345678",
                "A123456(7)",
                "军字第1234567号",
                "L01X00T47",
                "AB-1234",
                "3101****0011",
            ],
            &[
                "x",
                "123",
                "110105194912310021",
                "99010519491231002X",
                "abcdef",
                "1234567890123456789012345678901",
                "12_34",
            ],
        );
    }

    #[test]
    fn numbers_of_files_are_told_from_those_of_people() {
        check(
            Form::FileNumber,
            &[
                "GX-1",
                "转〔2026〕17号",
                "（2026）沪01民终123号",
                "沪通管函[2026]8号",
                "12345/2026-11-28:007",
                "GX-13800138000",
                "第13800138000号",
                "20261123000042",
                // The row of a hotline: region, day, counter; its last place may pass for a check digit.
                "310101202611230011",
                "31010120261123002X",
                "6222020261123456789",
                "10086",
                "#7 (B)",
                "E12345678",
            ],
            &[
                "13800138000",
                "138 0013 8000",
                "+86 13800138000",
                "张三 13800138000",
                "电话13800138000",
                "13800138000（机主）",
                "11010519491231002X",
                "证11010519491231002x",
                "6222 0212 3456 7890 128",
                "4539578763621486",
                "wang@example.com",
                "a@b",
                "x;y",
                "<1>",
                "1\u{1F525}",
            ],
        );
    }

    proptest::proptest! {
        #[test]
        fn a_number_counted_up_by_day_is_never_taken_for_a_persons(
            region in "(11|31|33|44|51|62)[0-9]{4}", month in 1..=12_u8, day in 1..=28_u8, counter in 0..9999_u16,
        ) {
            for text in [
                format!("{region}2026{month:02}{day:02}{counter:04}"),
                format!("62{region}2026{month:02}{day:02}{counter:03}"),
                format!("2026{month:02}{day:02}{counter:08}"),
            ] {
                proptest::prop_assert_eq!(Form::FileNumber.fault(&text), None, "{}", text);
            }
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,40}") {
            for form in Form::ALL {
                let _ = form.fault(&text);
            }
        }
    }
}
