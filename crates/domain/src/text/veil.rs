//! Taking whatever identifies somebody out of words before they leave the house, and putting it back afterwards. In its place
//! stands a marker such as 〔NAME-1〕: the same person, number or address has the same one throughout.
//!
//! When in doubt something is taken out: a marker too many annoys, a name outside harms. That nothing was overlooked is
//! looked at once more by [`super::sieve`], which shares none of this.

use super::called::{DOUBLE, names};
use super::identifier::{IdentifierKind, find, narrow, normalise_phone};
use super::lift::fill;

/// Whole names a text can tell of itself: each is looked for at every place of it. Further ones go where a title stands.
const MOST_LEARNT: usize = 200;
const OPEN: char = '〔';
const CLOSE: char = '〕';
/// No marker is longer between its frames.
const LONGEST: usize = 16;
/// While a text is worked on, what was taken out is one character of a private range, which no later step looks into.
const FIRST_MARK: u32 = 0xF_0000;
const LAST_MARK: u32 = 0xF_FFFD;
/// What may stand between two characters of the same name or number, at most so many in a row.
const MOST_SKIPPED: usize = 3;
/// Digits in a row that may be somebody's number, whatever it is.
const DIGITS: usize = 7;
/// The same where letters stand among them: letters and digits together, and digits alone.
const MIXED: (usize, usize) = (6, 5);
/// Characters of a street before the number of a house.
const STREET: usize = 12;

/// What was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// A name.
    Name,
    /// A telephone number.
    Phone,
    /// Any other number: an account, a card, an order.
    Number,
    /// An address of mail.
    Email,
    /// Number of a document.
    Id,
    /// A place somebody can be found at.
    Address,
}

impl Sort {
    /// Every sort.
    pub const ALL: [Self; 6] = [Self::Name, Self::Phone, Self::Number, Self::Email, Self::Id, Self::Address];

    /// How markers name it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::Phone => "PHONE",
            Self::Number => "NUMBER",
            Self::Email => "EMAIL",
            Self::Id => "ID",
            Self::Address => "ADDRESS",
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Phone | Self::Number | Self::Id)
    }

    /// What may stand between its characters.
    fn skips(self, letter: char) -> bool {
        match self {
            Self::Name => letter.is_whitespace() || "·•・.-'".contains(letter),
            Self::Phone | Self::Number | Self::Id => letter.is_whitespace() || "-()./·_".contains(letter),
            Self::Address => letter.is_whitespace() || "-,，、".contains(letter),
            Self::Email => false,
        }
    }
}

impl From<IdentifierKind> for Sort {
    fn from(kind: IdentifierKind) -> Self {
        match kind {
            IdentifierKind::Mobile | IdentifierKind::Landline | IdentifierKind::International => Self::Phone,
            IdentifierKind::ResidentId | IdentifierKind::Passport => Self::Id,
            IdentifierKind::BankCard => Self::Number,
            IdentifierKind::Email => Self::Email,
        }
    }
}

/// Something known of a person on the case.
#[derive(Clone, PartialEq, Eq)]
pub struct Known {
    /// What it is.
    pub sort: Sort,
    /// As it is kept.
    pub value: String,
}

/// One way in which something known may be written.
struct Form {
    sort: Sort,
    value: String,
    letters: Vec<char>,
    /// Whether letters or digits of the same alphabet directly beside it make another word of it.
    bounded: bool,
}

/// Something that was taken out.
struct Taken {
    sort: Sort,
    value: String,
    normal: String,
    n: usize,
}

/// Takes out of texts what identifies the people of one case.
#[derive(Default)]
pub struct Veil {
    forms: Vec<Form>,
    taken: Vec<Taken>,
}

impl Veil {
    /// One that knows these people.
    #[must_use]
    pub fn new(known: &[Known]) -> Self {
        let mut forms: Vec<Form> = known.iter().flat_map(forms_of).collect();
        // The longest way of writing wins.
        forms.sort_by_key(|form| std::cmp::Reverse(form.letters.len()));
        Self { forms, taken: Vec::new() }
    }

    /// A text without what identifies. `item` says what stood where an identifier was lifted out.
    pub fn cover(&mut self, text: &str, item: impl Fn(u32) -> Option<String>) -> String {
        let clean: String = text.chars().filter(|letter| !is_unseen(*letter)).map(unframed).collect();
        let lifted = fill(&clean, |kind, n| {
            let value = item(n).unwrap_or_else(|| n.to_string());
            self.mark(kind.into(), &value).to_string()
        });
        let letters: Vec<char> = lifted.chars().collect();
        self.learn(&letters);
        let letters = self.known(letters);
        let letters = self.called(&letters);
        let letters = self.identifiers(&letters);
        let letters = self.numbers(letters);
        let letters = self.houses(letters);
        let mut covered = String::with_capacity(text.len());
        for letter in letters {
            match self.taken_at(letter) {
                Some(taken) => covered.push_str(&format!("{OPEN}{}-{}{CLOSE}", taken.sort.code(), taken.n)),
                None => covered.push(letter),
            }
        }
        covered
    }

    /// Puts in the place of every marker that was handed out what `show` makes of its value. Others stay as they are.
    pub fn uncover(&self, text: &str, show: impl Fn(Sort, &str) -> String) -> String {
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once(OPEN) {
            shown.push_str(before);
            match self.marker(behind) {
                Some((taken, after)) => {
                    shown.push_str(&show(taken.sort, &taken.value));
                    rest = after;
                }
                None => {
                    shown.push(OPEN);
                    rest = behind;
                }
            }
        }
        shown.push_str(rest);
        shown
    }

    fn marker<'t>(&self, text: &'t str) -> Option<(&Taken, &'t str)> {
        let (end, _) = text.char_indices().take(LONGEST).find(|(_, letter)| *letter == CLOSE)?;
        let (inside, after) = text.split_at_checked(end)?;
        let (code, n) = inside.split_once('-')?;
        let taken = self.taken.iter().find(|one| one.sort.code() == code && one.n.to_string() == n)?;
        Some((taken, after.strip_prefix(CLOSE)?))
    }

    /// The character that stands for a value while a text is worked on.
    fn mark(&mut self, sort: Sort, value: &str) -> char {
        let normal = normal(sort, value);
        let known = self.taken.iter().position(|one| one.sort == sort && one.normal == normal);
        let place = known.unwrap_or_else(|| {
            let n = self.taken.iter().filter(|one| one.sort == sort).count() + 1;
            self.taken.push(Taken { sort, value: value.to_owned(), normal, n });
            self.taken.len() - 1
        });
        // More than these there are not in a text of any length that is taken.
        u32::try_from(place).ok().and_then(|place| char::from_u32(FIRST_MARK + place)).unwrap_or('*')
    }

    fn taken_at(&self, letter: char) -> Option<&Taken> {
        if !is_mark(letter) {
            return None;
        }
        self.taken.get(usize::try_from(u32::from(letter) - FIRST_MARK).ok()?)
    }

    /// Takes out what is known.
    fn known(&mut self, letters: Vec<char>) -> Vec<char> {
        let (plain, digits) = (plain(&letters), digits(&letters));
        let forms = std::mem::take(&mut self.forms);
        let (mut kept, mut at) = (Vec::with_capacity(letters.len()), 0);
        while let Some(letter) = letters.get(at) {
            let found = forms.iter().find_map(|form| {
                let end = form.ends(if form.sort.is_number() { &digits } else { &plain }, at)?;
                Some((form, end))
            });
            match found {
                Some((form, end)) => {
                    kept.push(self.mark(form.sort, &form.value));
                    at = end;
                }
                None => {
                    kept.push(*letter);
                    at += 1;
                }
            }
        }
        self.forms = forms;
        kept
    }

    /// Whole names that a text tells by how people are called are known from now on, so that they go wherever they stand.
    fn learn(&mut self, letters: &[char]) {
        for range in names(letters).into_iter().filter(|range| range.len() > 1).take(MOST_LEARNT) {
            let value: String = letters.get(range).unwrap_or_default().iter().collect();
            for form in forms_of(&Known { sort: Sort::Name, value }) {
                if self.forms.iter().all(|known| known.letters != form.letters) {
                    self.forms.push(form);
                }
            }
        }
        self.forms.sort_by_key(|form| std::cmp::Reverse(form.letters.len()));
    }

    /// Takes out whoever is called by a name; the family's alone says who is meant only where a title stands behind it.
    fn called(&mut self, letters: &[char]) -> Vec<char> {
        let (mut kept, mut from) = (Vec::with_capacity(letters.len()), 0);
        for range in names(letters) {
            kept.extend_from_slice(letters.get(from..range.start).unwrap_or_default());
            let value: String = letters.get(range.clone()).unwrap_or_default().iter().collect();
            kept.push(self.mark(Sort::Name, &value));
            from = range.end;
        }
        kept.extend_from_slice(letters.get(from..).unwrap_or_default());
        kept
    }

    /// Takes out what looks like an identifier.
    fn identifiers(&mut self, letters: &[char]) -> Vec<char> {
        let text: String = letters.iter().collect();
        let (mut kept, mut from) = (String::with_capacity(text.len()), 0);
        for one in find(&text) {
            let (Some(before), Some(value)) = (text.get(from..one.start), text.get(one.start..one.end)) else {
                continue;
            };
            kept.push_str(before);
            kept.push(self.mark(one.kind.into(), value));
            from = one.end;
        }
        kept.push_str(text.get(from..).unwrap_or_default());
        kept.chars().collect()
    }

    /// Takes out whatever else has many digits, and names of colleagues behind the sign that addresses them.
    fn numbers(&mut self, letters: Vec<char>) -> Vec<char> {
        let digits = digits(&letters);
        let (mut kept, mut at) = (Vec::with_capacity(letters.len()), 0);
        while let Some(letter) = letters.get(at) {
            let run = |from: usize, is: &dyn Fn(char) -> bool| {
                digits.get(from..).unwrap_or_default().iter().take_while(|letter| is(**letter)).count()
            };
            let (sort, length) = if *letter == '@' || *letter == '＠' {
                let named = run(at + 1, &|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
                (Sort::Name, if named >= 2 { named + 1 } else { 0 })
            } else {
                let (pure, mixed) =
                    (run(at, &|letter| letter.is_ascii_digit()), run(at, &|letter| letter.is_ascii_alphanumeric()));
                let among = digits.get(at..at + mixed).unwrap_or_default().iter().filter(|one| one.is_ascii_digit());
                let number = pure >= DIGITS || (mixed >= MIXED.0 && among.count() >= MIXED.1);
                (Sort::Number, if number { mixed.max(pure) } else { 0 })
            };
            if length > 0 {
                let value: String = letters.get(at..at + length).unwrap_or_default().iter().collect();
                kept.push(self.mark(sort, &value));
                at += length;
            } else {
                // The rest of a word is no number of its own.
                let word = run(at, &|letter| letter.is_ascii_alphanumeric()).max(1);
                kept.extend(letters.get(at..at + word).unwrap_or_default());
                at += word;
            }
        }
        kept
    }

    /// Takes out houses as they are written in Chinese: a street, a number, and whatever narrows it down further.
    fn houses(&mut self, letters: Vec<char>) -> Vec<char> {
        let digits = digits(&letters);
        let (mut kept, mut at): (Vec<char>, usize) = (Vec::with_capacity(letters.len()), 0);
        while let Some(letter) = letters.get(at) {
            let end = house(&digits, at);
            let street = kept.last().is_some_and(|last| "路街道巷弄村苑里庄园区镇乡坊同寨".contains(*last));
            let known = end.filter(|end| {
                street || digits.get(at..*end).is_some_and(|house| house.contains(&'栋') || house.contains(&'幢'))
            });
            if let Some(end) = known {
                let back = kept.iter().rev().take(STREET).take_while(|letter| is_of_street(**letter)).count();
                let from = kept.len() - back;
                let value: String = kept.iter().skip(from).chain(letters.get(at..end).unwrap_or_default()).collect();
                kept.truncate(from);
                kept.push(self.mark(Sort::Address, &value));
                at = end;
            } else {
                kept.push(*letter);
                at += 1;
            }
        }
        kept
    }
}

impl Form {
    /// Where it ends if it begins here.
    fn ends(&self, letters: &[char], at: usize) -> Option<usize> {
        let mut place = at;
        for (n, wanted) in self.letters.iter().enumerate() {
            if n > 0 {
                let rest = letters.get(place..).unwrap_or_default();
                place += rest.iter().take(MOST_SKIPPED).take_while(|letter| self.sort.skips(**letter)).count();
            }
            if letters.get(place) != Some(wanted) {
                return None;
            }
            place += 1;
        }
        let beside = |letter: Option<&char>| letter.is_some_and(char::is_ascii_alphanumeric);
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        if self.bounded && (beside(before) || beside(letters.get(place))) { None } else { Some(place) }
    }
}

/// The ways in which something is written.
fn forms_of(known: &Known) -> Vec<Form> {
    let Known { sort, value } = known;
    let letters: Vec<char> = value.trim().chars().filter(|letter| !is_unseen(*letter)).collect();
    let letters = if sort.is_number() { digits(&letters) } else { plain(&letters) };
    let whole: Vec<char> = letters.iter().copied().filter(|letter| !sort.skips(*letter)).collect();
    let mut written = vec![whole.clone()];
    match sort {
        Sort::Name if whole.iter().all(char::is_ascii) => {
            written.extend(letters.split(|letter| sort.skips(*letter)).map(<[char]>::to_vec));
        }
        Sort::Name => written.extend(given(&whole)),
        Sort::Phone => {
            if let Some(normal) = normalise_phone(value) {
                let national: Vec<char> = normal.trim_start_matches("+86").trim_start_matches('+').chars().collect();
                // Landlines are told without their area code, and with the nought before it.
                let local = [7, 8].into_iter().filter(|_| national.first() != Some(&'1') || national.len() != 11);
                let local = local.filter_map(|length| national.get(national.len().checked_sub(length)?..));
                written.extend(local.map(<[char]>::to_vec));
                written.push(std::iter::once('0').chain(national.iter().copied()).collect());
                written.push(national);
            }
        }
        Sort::Address => written.extend(tails(&whole)),
        Sort::Number | Sort::Email | Sort::Id => {}
    }
    written.retain(|letters| letters.len() >= 2);
    written.sort();
    written.dedup();
    let form = |letters: Vec<char>| {
        let bounded = letters.iter().all(char::is_ascii) && !(sort.is_number() && letters.len() >= DIGITS);
        Form { sort: *sort, value: value.trim().to_owned(), letters, bounded }
    };
    written.into_iter().map(form).collect()
}

/// How somebody is called by those who know them: the name without the family's.
fn given(name: &[char]) -> Option<Vec<char>> {
    let first: String = name.iter().take(2).collect();
    let family = if DOUBLE.contains(&first.as_str()) { 2 } else { 1 };
    name.get(family..).filter(|given| given.len() >= 2).map(<[char]>::to_vec)
}

/// An address without what is above a street, in as many steps as it has.
fn tails(address: &[char]) -> Vec<Vec<char>> {
    let ends = address.iter().enumerate().filter(|(_, letter)| "省市区县镇乡".contains(**letter));
    let tails = ends.filter_map(|(at, _)| address.get(at + 1..)).filter(|tail| tail.len() >= 4);
    tails.map(<[char]>::to_vec).collect()
}

/// Where the number of a house ends that begins here: digits and a word for what they number, once or several times.
fn house(digits: &[char], at: usize) -> Option<usize> {
    let (mut end, mut found) = (at, None);
    loop {
        let rest = digits.get(end..).unwrap_or_default();
        let number = rest.iter().take(5).take_while(|letter| letter.is_ascii_digit()).count();
        let words = rest.get(number..).unwrap_or_default();
        let word = match words {
            ['单', '元', ..] => 2,
            ['号' | '弄' | '栋' | '幢' | '座' | '室' | '层' | '楼', ..] => 1,
            _ => 0,
        };
        if number == 0 || word == 0 {
            return found;
        }
        end += number + word;
        // 12号楼
        end += usize::from(digits.get(end) == Some(&'楼'));
        found = Some(end);
    }
}

/// Whether a character before the number of a house may be of its street.
fn is_of_street(letter: char) -> bool {
    let ideograph = matches!(letter, '\u{3400}'..='\u{9FFF}') || letter.is_ascii_digit();
    ideograph && !"在住于到从往是址去来的为与和我他她您你".contains(letter)
}

fn normal(sort: Sort, value: &str) -> String {
    let phone = (sort == Sort::Phone).then(|| normalise_phone(value)).flatten();
    phone.unwrap_or_else(|| {
        let letters: Vec<char> = value.chars().collect();
        let letters = if sort.is_number() { digits(&letters) } else { plain(&letters) };
        letters.into_iter().filter(|letter| !sort.skips(*letter)).collect()
    })
}

/// The same characters, each narrow and small.
fn plain(letters: &[char]) -> Vec<char> {
    let small = |letter: char| {
        let mut small = letter.to_lowercase();
        small.next().filter(|_| small.next().is_none()).unwrap_or(letter)
    };
    letters.iter().map(|letter| small(narrow(*letter))).collect()
}

/// The same with digits for numerals.
fn digits(letters: &[char]) -> Vec<char> {
    let digit = |letter: char| match letter {
        '零' | '〇' => '0',
        '一' | '幺' => '1',
        '二' => '2',
        '三' => '3',
        '四' => '4',
        '五' => '5',
        '六' => '6',
        '七' => '7',
        '八' => '8',
        '九' => '9',
        other => other,
    };
    plain(letters).into_iter().map(digit).collect()
}

fn is_mark(letter: char) -> bool {
    (FIRST_MARK..=LAST_MARK).contains(&u32::from(letter))
}

/// What is not seen between characters, and what stands for something taken out.
fn is_unseen(letter: char) -> bool {
    is_mark(letter)
        || matches!(letter, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}')
}

/// Nobody writes a marker.
fn unframed(letter: char) -> char {
    match letter {
        OPEN => '[',
        CLOSE => ']',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(sort: Sort, value: &str) -> Known {
        Known { sort, value: value.to_owned() }
    }

    fn people() -> Vec<Known> {
        vec![
            known(Sort::Name, "王小明"),
            known(Sort::Name, "John Smith"),
            known(Sort::Phone, "13800138000"),
            known(Sort::Phone, "021-62223333"),
            known(Sort::Number, "sh-8877"),
            known(Sort::Email, "ming@example.com"),
            known(Sort::Address, "上海市浦东新区世纪大道100号"),
        ]
    }

    #[test]
    fn what_is_known_goes_however_it_is_written() {
        for (text, covered) in [
            ("王小明来电", "〔NAME-1〕来电"),
            ("王 小·明，小明，王先生", "〔NAME-1〕，〔NAME-1〕，〔NAME-2〕先生"),
            ("JOHN  smith and Smith, not Smithson", "〔NAME-1〕 and 〔NAME-1〕, not Smithson"),
            ("call １３８-0013 8000", "call 〔PHONE-1〕"),
            ("+86 138 0013 8000", "+86 〔PHONE-1〕"),
            ("幺三八零零一三八零零零", "〔PHONE-1〕"),
            ("家里电话62223333或(021)6222 3333", "家里电话〔PHONE-1〕或(〔PHONE-1〕"),
            ("账号SH 8877停了，xsh8877", "账号〔NUMBER-1〕停了，xsh8877"),
            ("Ming@Example.com", "〔EMAIL-1〕"),
            ("住在浦东新区世纪大道100号", "住在〔ADDRESS-1〕"),
            ("葛\u{FE00}", "葛"),
        ] {
            assert_eq!(Veil::new(&people()).cover(text, |_| None), covered, "{text}");
        }
    }

    #[test]
    fn what_nobody_knows_goes_by_its_look() {
        for (text, covered) in [
            ("另一个号码13911139111", "另一个号码〔PHONE-1〕"),
            ("写给a@b.cn", "写给〔EMAIL-1〕"),
            ("工单20260314001", "工单〔NUMBER-1〕"),
            ("订单AB12345", "订单〔NUMBER-1〕"),
            ("@li.na 请看", "〔NAME-1〕 请看"),
            ("李经理让张伟师傅来，张伟没来", "〔NAME-2〕经理让〔NAME-1〕师傅来，〔NAME-1〕没来"),
            ("Mr Ford said Ford called", "Mr 〔NAME-1〕 said 〔NAME-1〕 called"),
            ("王者荣耀，Mr alone", "王者荣耀，Mr alone"),
            ("她住在人民东路12号3单元501室，楼下吵", "她住在〔ADDRESS-1〕，楼下吵"),
            ("拨10086，5月2号，129元，2026-03-14，3楼没信号", "拨10086，5月2号，129元，2026-03-14，3楼没信号"),
        ] {
            assert_eq!(Veil::default().cover(text, |_| None), covered, "{text}");
        }
    }

    #[test]
    fn the_same_has_one_marker_and_is_put_back() {
        let mut veil = Veil::new(&people());
        let lifted = "回电\u{FFF9}mobile:7\u{FFFB}或\u{FFF9}mobile:8\u{FFFB}";
        let items = |n| Some(if n == 7 { "138 0013 8000" } else { "13911139111" }.to_owned());
        assert_eq!(veil.cover(lifted, items), "回电〔PHONE-1〕或〔PHONE-2〕");
        assert_eq!(veil.cover("13800138000", |_| None), "〔PHONE-1〕");
        let back = veil
            .uncover("〔PHONE-2〕，〔PHONE-3〕，〔NAME-1〕，〔PHONE-01〕，〔〔PHONE-1〕", |_, value| {
                value.to_owned()
            });
        assert_eq!(back, "13911139111，〔PHONE-3〕，〔NAME-1〕，〔PHONE-01〕，〔138 0013 8000");
    }

    #[test]
    fn nobody_writes_a_marker() {
        let mut veil = Veil::new(&people());
        let covered = veil.cover("〔NAME-1〕 \u{F0000} 王小明", |_| None);
        assert_eq!(covered, "[NAME-1]  〔NAME-1〕");
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in "(\\PC|[王小明〔〕0-9一三八@号路\u{FFF9}\u{FFFB}\u{F0000}]){0,80}") {
            let mut veil = Veil::new(&people());
            let covered = veil.cover(&text, |_| None);
            proptest::prop_assert!(!covered.chars().any(is_mark));
            proptest::prop_assert!(!covered.contains("王小明") && !covered.contains("13800138000"));
            veil.uncover(&text, |_, value| value.to_owned());
        }
    }
}
