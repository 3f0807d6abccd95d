//! Reading TOML with an eye on people: every fault is collected, with its line, column and the likely way out.
//!
//! A [`Table`] remembers which keys were asked for; what nobody asked for is refused, with the closest known key as
//! the hint, so that a slip of the pen never silently switches a rule off.

pub(crate) mod suggest;

use crate::check::Check;
use crate::code::Coded;
use crate::fault::Fault;
use crate::text::Text;
use jiff::civil::Date;
use std::cell::{Cell, RefCell};
use suggest::{shown, suggestion};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A pack of a whole country has some 50 kB; a file far beyond that is a mistake or an attack.
const LARGEST: usize = 1 << 20;

/// After so many faults more of them help nobody.
const MOST_FAULTS: usize = 100;

/// The text being read and what was found wrong with it.
struct Sheet<'d> {
    file: Option<&'d str>,
    text: &'d str,
    /// Where lines begin. Every rule is asked for its place: counting lines anew for each would take as long as the file
    /// squared.
    lines: Vec<usize>,
    /// The last place looked up and its column, for files of one line.
    last: Cell<(usize, usize)>,
    faults: RefCell<Vec<Fault>>,
}

impl<'d> Sheet<'d> {
    fn new(file: Option<&'d str>, text: &'d str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        Self { file, text, lines, last: Cell::new((0, 1)), faults: RefCell::new(Vec::new()) }
    }

    /// Line and column of a byte offset, both counted from 1.
    fn place(&self, at: usize) -> (u32, u32) {
        let line = self.lines.partition_point(|begin| *begin <= at);
        let begin = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let (from, column) =
            Some(self.last.get()).filter(|(last, _)| (begin..=at).contains(last)).unwrap_or((begin, 1));
        let column = column + self.text.get(from..at).map_or(0, |between| between.chars().count());
        self.last.set((at, column));
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// Whether there are so many faults that no more are told.
    fn is_full(&self) -> bool {
        self.faults.borrow().len() >= MOST_FAULTS
    }

    fn fault(&self, at: usize, message: String, hint: Option<String>) {
        if !self.is_full() {
            self.fault_at(self.place(at), None, message, hint);
        }
    }

    fn fault_at(&self, (line, column): (u32, u32), check: Option<Check>, message: String, hint: Option<String>) {
        if self.is_full() {
            return;
        }
        let file = self.file.map(str::to_owned);
        self.faults.borrow_mut().push(Fault { file, line, column, check, message, hint });
    }
}

/// Reads a whole file.
///
/// # Errors
/// All faults, ordered by place; there is at least one when `read` returns nothing.
pub(crate) fn read<T>(
    file: Option<&str>,
    text: &str,
    read: impl FnOnce(&mut Table<'_>) -> Option<T>,
) -> Result<T, Vec<Fault>> {
    if text.len() > LARGEST {
        let sheet = Sheet::new(file, "");
        sheet.fault(0, format!("larger than {LARGEST} bytes"), Some("split it into several files".to_owned()));
        return Err(sheet.faults.into_inner());
    }
    let sheet = Sheet::new(file, text);
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors {
            sheet.fault(error.span().map_or(0, |span| span.start), error.message().to_owned(), None);
        }
        return Err(sheet.faults.into_inner());
    }
    let mut table = Table { sheet: &sheet, table: document.get_ref(), at: 0, asked: Vec::new() };
    let result = read(&mut table);
    table.done();
    let mut faults = sheet.faults.into_inner();
    faults.sort_by_key(|fault| (fault.line, fault.column));
    match result {
        Some(result) if faults.is_empty() => Ok(result),
        _ => Err(faults),
    }
}

/// A table of the file.
pub(crate) struct Table<'d> {
    sheet: &'d Sheet<'d>,
    table: &'d DeTable<'d>,
    at: usize,
    asked: Vec<&'static str>,
}

impl<'d> Table<'d> {
    /// Reports a fault at the table's place.
    pub(crate) fn fault(&self, message: impl Into<String>) {
        self.place().fault(message);
    }

    /// Where the table stands, for faults found after it was read.
    pub(crate) fn place(&self) -> Place<'d> {
        let (line, column) = self.sheet.place(self.at);
        self.at(line, column)
    }

    /// A place of the same file by line and column.
    pub(crate) fn at(&self, line: u32, column: u32) -> Place<'d> {
        Place { sheet: self.sheet, line, column }
    }

    /// The value of a key that may be absent.
    pub(crate) fn optional(&mut self, key: &'static str) -> Option<Value<'d>> {
        self.asked.push(key);
        let value = self.table.get(key)?;
        Some(Value { sheet: self.sheet, key, at: value.span().start, value: value.get_ref() })
    }

    /// The value of a key that must be there.
    pub(crate) fn needed(&mut self, key: &'static str) -> Option<Value<'d>> {
        let value = self.optional(key);
        if value.is_none() {
            self.fault(format!("`{key}` is missing"));
        }
        value
    }

    /// A short stable name: lower-case letters, digits, `_`, `-` and `.`.
    pub(crate) fn id(&mut self, key: &'static str) -> Option<String> {
        self.needed(key)?.id()
    }

    /// A key that may be absent: what was read, nothing when absent, nothing at all when wrong.
    pub(crate) fn maybe<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(Value<'d>) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.optional(key) {
            Some(value) => read(value).map(Some),
            None => Some(None),
        }
    }

    /// A key with a default: what was read, the default when absent, nothing when wrong.
    pub(crate) fn or<T>(
        &mut self,
        key: &'static str,
        absent: T,
        read: impl FnOnce(Value<'d>) -> Option<T>,
    ) -> Option<T> {
        self.maybe(key, read).map(|read| read.unwrap_or(absent))
    }

    /// A text in both languages, each non-empty.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<Text> {
        self.needed(key)?.text()
    }

    /// The tables of `[[key]]`, in order; none when the key is absent.
    pub(crate) fn tables(&mut self, key: &'static str) -> Vec<Table<'d>> {
        match self.optional(key) {
            Some(value) => value.items().into_iter().filter_map(|item| item.table()).collect(),
            None => Vec::new(),
        }
    }

    /// All keys with their values, for tables whose keys are data.
    pub(crate) fn entries(&self) -> Vec<(Key<'d>, Value<'d>)> {
        self.table
            .iter()
            .map(|(key, value)| {
                let name: &'d str = key.get_ref();
                let key = Key { sheet: self.sheet, at: key.span().start, name };
                (key, Value { sheet: self.sheet, key: name, at: value.span().start, value: value.get_ref() })
            })
            .collect()
    }

    /// Refuses the keys nobody asked for.
    pub(crate) fn done(&self) {
        for (key, _) in self.entries() {
            if !self.asked.contains(&key.name) {
                key.unknown("key", self.asked.iter().copied());
            }
        }
    }
}

/// A place in the file.
#[derive(Clone, Copy)]
pub(crate) struct Place<'d> {
    sheet: &'d Sheet<'d>,
    line: u32,
    column: u32,
}

impl Place<'_> {
    /// Line and column, both counted from 1.
    pub(crate) fn position(self) -> (u32, u32) {
        (self.line, self.column)
    }

    /// Reports a fault there.
    pub(crate) fn fault(self, message: impl Into<String>) {
        self.sheet.fault_at((self.line, self.column), None, message.into(), None);
    }

    /// Reports a fault that has an identity of its own.
    pub(crate) fn finding(self, check: Check, message: impl Into<String>) {
        self.sheet.fault_at((self.line, self.column), Some(check), message.into(), None);
    }
}

/// A key of a table, with its place.
pub(crate) struct Key<'d> {
    sheet: &'d Sheet<'d>,
    at: usize,
    /// The key as written.
    pub(crate) name: &'d str,
}

impl Key<'_> {
    /// Refuses the key, suggesting the closest known one.
    pub(crate) fn unknown(&self, what: &str, known: impl Iterator<Item = &'static str>) {
        // Looking for the closest of many names takes its time, for each of a hundred thousand unknown ones.
        if !self.sheet.is_full() {
            self.sheet.fault(self.at, format!("unknown {what} `{}`", shown(self.name)), suggestion(self.name, known));
        }
    }

    /// The key itself, where keys are data.
    pub(crate) const fn text(&self) -> &str {
        self.name
    }

    /// A fault of the key.
    pub(crate) fn fault(&self, message: &str) {
        self.sheet.fault(self.at, format!("`{}` {message}", shown(self.name)), None);
    }

    /// The code the key spells.
    pub(crate) fn code<C: Coded>(&self, what: &str) -> Option<C> {
        let found = C::ALL.iter().copied().find(|entry| entry.as_code() == self.name);
        if found.is_none() {
            self.unknown(what, C::ALL.iter().map(|entry| entry.as_code()));
        }
        found
    }
}

/// A value of the file.
#[derive(Clone, Copy)]
pub(crate) struct Value<'d> {
    sheet: &'d Sheet<'d>,
    key: &'d str,
    at: usize,
    value: &'d DeValue<'d>,
}

impl<'d> Value<'d> {
    /// Reports a fault at the value's place; the message follows the key's name.
    pub(crate) fn fault(&self, message: impl std::fmt::Display) {
        self.sheet.fault(self.at, format!("`{}` {message}", shown(self.key)), None);
    }

    fn none<T>(&self, message: impl std::fmt::Display) -> Option<T> {
        self.fault(message);
        None
    }

    /// Whether it is a table, so that a key can take either form.
    pub(crate) fn is_table(&self) -> bool {
        matches!(self.value, DeValue::Table(_))
    }

    /// A string without surrounding blanks or control characters.
    pub(crate) fn string(&self) -> Option<&'d str> {
        match self.value.as_str() {
            Some(text) if text.trim() != text || text.is_empty() || text.chars().any(char::is_control) => {
                self.none("is empty, padded with blanks or holds control characters")
            }
            Some(text) => Some(text),
            None => self.none("must be a string"),
        }
    }

    /// A short stable name: lower-case letters, digits, `_`, `-` and `.`.
    pub(crate) fn id(&self) -> Option<String> {
        let id = self.string()?;
        let fits = (1..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.'));
        if !fits {
            return self.none("is no identifier: use 1 to 64 of a-z, 0-9, `_`, `-` and `.`");
        }
        Some(id.to_owned())
    }

    /// One name or a list of them, without repeats and not empty.
    pub(crate) fn ids(&self) -> Option<Vec<String>> {
        let mut ids = Vec::new();
        for item in self.many()? {
            let id = item.id()?;
            if ids.contains(&id) {
                return item.none("is listed twice");
            }
            ids.push(id);
        }
        Some(ids)
    }

    /// A string that something else reads.
    pub(crate) fn parsed<T, E: std::fmt::Display>(&self, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        match parse(self.string()?) {
            Ok(value) => Some(value),
            Err(fault) => self.none(format!("is wrong: {fault}")),
        }
    }

    /// A whole number.
    pub(crate) fn whole(&self) -> Option<i64> {
        let number = self.value.as_integer().and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        number.or_else(|| self.none("must be a whole number"))
    }

    /// The flag it is, when it is one, so that a key can take either form.
    pub(crate) fn as_flag(&self) -> Option<bool> {
        self.value.as_bool()
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self) -> Option<bool> {
        self.value.as_bool().or_else(|| self.none("must be true or false"))
    }

    /// A date such as 2026-02-14, unquoted.
    pub(crate) fn date(&self) -> Option<Date> {
        let date = self.value.as_datetime().filter(|moment| moment.time.is_none()).and_then(|moment| moment.date);
        let civil = date.and_then(|date| {
            let (year, month, day) =
                (i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
            Date::new(year, month, day).ok()
        });
        civil.or_else(|| self.none("must be a date such as 2026-02-14, without quotes"))
    }

    /// One code of a closed list.
    pub(crate) fn code<C: Coded>(&self) -> Option<C> {
        self.code_of(self.string()?)
    }

    /// One code of a closed list that is a part of the string.
    pub(crate) fn code_of<C: Coded>(&self, text: &'d str) -> Option<C> {
        Key { sheet: self.sheet, at: self.at, name: text }.code(&format!("value of `{}`", shown(self.key)))
    }

    /// Refuses a part of the string, suggesting the closest known one.
    pub(crate) fn unknown(&self, what: &str, text: &'d str, known: impl Iterator<Item = &'static str>) {
        Key { sheet: self.sheet, at: self.at, name: text }.unknown(what, known);
    }

    /// One code or an array of them, without repeats and not empty.
    pub(crate) fn codes<C: Coded + PartialEq>(&self) -> Option<Vec<C>> {
        let items = self.many()?;
        let mut codes = Vec::with_capacity(items.len());
        for item in &items {
            let code = item.code()?;
            if codes.contains(&code) {
                return item.none("is listed twice");
            }
            codes.push(code);
        }
        Some(codes)
    }

    /// One string of a closed list.
    pub(crate) fn listed(&self, known: &'static [&'static str]) -> Option<String> {
        let text = self.string()?;
        if !known.contains(&text) {
            self.unknown(&format!("value of `{}`", shown(self.key)), text, known.iter().copied());
            return None;
        }
        Some(text.to_owned())
    }

    /// The value itself, or the items of an array that is not empty.
    pub(crate) fn many(&self) -> Option<Vec<Value<'d>>> {
        match self.value {
            DeValue::Array(array) if array.is_empty() => self.none("is an empty list"),
            DeValue::Array(_) => Some(self.items()),
            _ => Some(vec![*self]),
        }
    }

    /// The items of an array.
    pub(crate) fn items(&self) -> Vec<Value<'d>> {
        let Some(array) = self.value.as_array() else {
            self.fault("must be a list");
            return Vec::new();
        };
        let item = |item: &'d Spanned<DeValue<'d>>| Value { at: item.span().start, value: item.get_ref(), ..*self };
        array.iter().map(item).collect()
    }

    /// A table.
    pub(crate) fn table(&self) -> Option<Table<'d>> {
        match self.value.as_table() {
            Some(table) => Some(Table { sheet: self.sheet, table, at: self.at, asked: Vec::new() }),
            None => self.none("must be a table"),
        }
    }

    /// A text in both languages.
    pub(crate) fn text(&self) -> Option<Text> {
        let mut table = self.table()?;
        let zh = table.needed("zh").and_then(|value| value.string());
        let en = table.needed("en").and_then(|value| value.string());
        table.done();
        Some(Text::new(zh?, en?))
    }
}
