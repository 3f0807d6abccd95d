//! Rows of a file, read within bounds: a row longer than any complaint ends the reading instead of filling the memory.

use super::text::Text;
use csv_core::ReadRecordResult;
use std::io::Read;

/// Longest row, in bytes of text: a hundred times the longest description.
pub(crate) const LONGEST: usize = 1 << 20;
/// Most cells of a row.
pub(crate) const MOST_CELLS: usize = 1_000;

/// A row as it stands in the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// Line it begins on, from 1.
    pub(crate) line: u64,
    /// What is wrong with the row as such.
    pub(crate) broken: Option<Broken>,
    text: String,
    ends: Vec<usize>,
}

/// What can be wrong with a row before its cells are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Bytes that are not of the declared encoding.
    Encoding,
    /// The file ended within quotation marks.
    OpenQuote,
}

/// Why reading ended before the file did.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// A row is longer than [`LONGEST`].
    TooLong(u64),
    /// A row has more cells than [`MOST_CELLS`].
    TooMany(u64),
    /// The file cannot be read.
    Io(std::io::Error),
}

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong(line) => write!(
                f,
                "line {line}: the row is longer than {} MiB; is a quotation mark left open? Nothing from this line on was taken in",
                LONGEST >> 20
            ),
            Self::TooMany(line) => write!(
                f,
                "line {line}: the row has more than {MOST_CELLS} cells. Nothing from this line on was taken in"
            ),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl Record {
    /// How many cells it has.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A cell; nothing beyond the last.
    pub(crate) fn get(&self, cell: usize) -> Option<&str> {
        let end = *self.ends.get(cell)?;
        let start = cell.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..end)
    }

    /// All cells.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|cell| self.get(cell).unwrap_or_default())
    }

    /// The same row with other cells.
    pub(crate) fn with_cells<'c>(&self, cells: impl Iterator<Item = &'c str>) -> Self {
        let mut record = Self { line: self.line, broken: self.broken, ..Self::default() };
        for cell in cells {
            record.text.push_str(cell);
            record.ends.push(record.text.len());
        }
        record
    }

    /// Bytes of text it holds.
    pub(crate) fn size(&self) -> usize {
        self.text.len()
    }
}

#[cfg(test)]
impl From<&[&str]> for Record {
    fn from(cells: &[&str]) -> Self {
        Self { line: 1, ..Self::default() }.with_cells(cells.iter().copied())
    }
}

/// Reads rows.
pub(crate) struct Records<R> {
    text: Text<R>,
    csv: csv_core::Reader,
    piece: Vec<u8>,
    at: usize,
    /// Text handed out before this piece.
    before: u64,
    line: u64,
    /// The last sign was a carriage return; a line feed after it belongs to the same line end.
    returned: bool,
    cells: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: Read> Records<R> {
    pub(crate) fn new(text: Text<R>) -> Self {
        Self::separated(text, b',')
    }

    /// The same for cells with another sign between them.
    pub(crate) fn separated(text: Text<R>, separator: u8) -> Self {
        Self {
            text,
            csv: csv_core::ReaderBuilder::new().delimiter(separator).build(),
            piece: Vec::new(),
            at: 0,
            before: 0,
            line: 1,
            returned: false,
            cells: vec![0; LONGEST],
            ends: vec![0; MOST_CELLS],
        }
    }

    /// The next row; `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<Record>, Stopped> {
        self.skip_line_ends()?;
        let line = self.line;
        let (mut text, mut cells, mut quotes) = (0, 0, 0_usize);
        loop {
            self.fill()?;
            let input = self.piece.get(self.at..).unwrap_or_default();
            let ended = input.is_empty();
            let room = self.cells.get_mut(text..).unwrap_or_default();
            let places = self.ends.get_mut(cells..).unwrap_or_default();
            let (result, used, written, found) = self.csv.read_record(input, room, places);
            let consumed = input.get(..used).unwrap_or_default();
            quotes += consumed.iter().filter(|byte| **byte == b'"').count();
            count_lines(consumed, &mut self.line, &mut self.returned);
            self.at += used;
            text += written;
            cells += found;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => return Err(Stopped::TooLong(line)),
                ReadRecordResult::OutputEndsFull => return Err(Stopped::TooMany(line)),
                ReadRecordResult::End => return Ok(None),
                ReadRecordResult::Record => {
                    // Doubled marks come in pairs; an odd one in the last row swallowed everything behind it.
                    let open = ended && quotes % 2 == 1;
                    return Ok(Some(self.record(line, text, cells, open)));
                }
            }
        }
    }

    fn record(&mut self, line: u64, text: usize, cells: usize, open: bool) -> Record {
        let unreadable = self.text.broken_before(self.before + self.at as u64);
        let broken = match (unreadable, open) {
            (true, _) => Some(Broken::Encoding),
            (false, true) => Some(Broken::OpenQuote),
            (false, false) => None,
        };
        Record {
            line,
            broken,
            // The text was decoded, and its cells are cut at signs of one byte.
            text: String::from_utf8_lossy(self.cells.get(..text).unwrap_or_default()).into_owned(),
            ends: self.ends.get(..cells).unwrap_or_default().to_vec(),
        }
    }

    /// Makes sure that there is text to read, unless the file has ended.
    fn fill(&mut self) -> Result<(), Stopped> {
        if self.at >= self.piece.len() {
            self.before += self.piece.len() as u64;
            self.at = 0;
            self.text.next(&mut self.piece).map_err(Stopped::Io)?;
        }
        Ok(())
    }

    /// Empty lines are no rows; skipped here, a row's first line is known exactly.
    fn skip_line_ends(&mut self) -> Result<(), Stopped> {
        loop {
            self.fill()?;
            let rest = self.piece.get(self.at..).unwrap_or_default();
            let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            count_lines(rest.get(..ends).unwrap_or_default(), &mut self.line, &mut self.returned);
            self.at += ends;
            if self.at < self.piece.len() || self.piece.is_empty() {
                return Ok(());
            }
        }
    }
}

/// Counts line ends of every kind: LF, CR LF and a lonely CR.
fn count_lines(bytes: &[u8], line: &mut u64, returned: &mut bool) {
    for byte in bytes {
        *line += u64::from(*byte == b'\r' || (*byte == b'\n' && !*returned));
        *returned = *byte == b'\r';
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Result<Vec<Record>, Stopped> {
        let mut records = Records::new(Text::new(bytes, encoding_rs::UTF_8, std::sync::Arc::default()));
        let mut all = Vec::new();
        while let Some(record) = records.next()? {
            all.push(record);
        }
        Ok(all)
    }

    fn lines(bytes: &[u8]) -> Vec<(u64, Vec<String>)> {
        let records = read(bytes).unwrap();
        records.iter().map(|record| (record.line, record.cells().map(str::to_owned).collect())).collect()
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (line, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn rows_and_the_lines_they_begin_on() {
        let expected = [row(1, &["a", "b"]), row(3, &["1", "x\ny"]), row(5, &["2", ""])];
        assert_eq!(lines(b"a,b\n\n1,\"x\ny\"\n2,\n"), expected);
        assert_eq!(lines(b"a,b\r\n\r\n1,\"x\ny\"\r\n2,"), expected, "no line end at the end");
        assert_eq!(lines(b"a,b\r1,2\r"), [row(1, &["a", "b"]), row(2, &["1", "2"])], "carriage returns alone");
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"\n\n"), []);
        assert_eq!(lines(b"a\x00,\"q\"\"\"\n"), [row(1, &["a\0", "q\""])]);
    }

    #[test]
    fn what_is_wrong_with_a_row_is_known() {
        let records = read(b"a,b\n1,\xFF\n2,\xE6\x8A\x95\n3,\"open\n4,x\n").unwrap();
        let found: Vec<_> = records.iter().map(|record| (record.line, record.broken)).collect();
        assert_eq!(found, [(1, None), (2, Some(Broken::Encoding)), (3, None), (4, Some(Broken::OpenQuote))]);
        assert_eq!(read(b"a\n5\" pipe\n6").unwrap()[1].broken, None, "a mark within a word is a word's");
    }

    #[test]
    fn nothing_grows_without_bounds() {
        struct Endless;
        impl Read for Endless {
            fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
                into.fill(b'x');
                Ok(into.len())
            }
        }
        let begun = std::io::Cursor::new(b"a,b\n1,2\n3,".to_vec());
        let read = std::sync::Arc::default();
        let mut records =
            Records::new(Text::new(begun.chain(Endless), encoding_rs::UTF_8, std::sync::Arc::clone(&read)));
        assert_eq!(records.next().unwrap().unwrap().line, 1);
        assert_eq!(records.next().unwrap().unwrap().line, 2);
        let told = records.next().unwrap_err().to_string();
        assert!(told.starts_with("line 3: ") && told.contains("1 MiB"), "{told}");
        assert!(read.load(std::sync::atomic::Ordering::Relaxed) < 2 * LONGEST as u64, "reading ends soon");
        let wide = super::tests::read(&b",".repeat(MOST_CELLS + 5)).unwrap_err().to_string();
        assert!(wide.starts_with("line 1: ") && wide.contains("cells"), "{wide}");
    }

    proptest! {
        #[test]
        fn rows_are_those_of_the_csv_library(text in "[a\",\n\r投]{0,60}") {
            let ours: Vec<Vec<String>> = lines(text.as_bytes()).into_iter().map(|(_, cells)| cells).collect();
            let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
            let theirs: Vec<Vec<String>> =
                reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
            prop_assert_eq!(ours, theirs);
        }
    }
}
