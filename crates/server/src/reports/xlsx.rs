//! A report as a workbook: a leaf for each table, with numbers that are numbers, and one for what they mean.

use super::{Sheet, SheetTable, Words};
use desk::reports::Amount;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

/// Longest name of a leaf the format knows.
const NAME: usize = 31;

/// A name the format takes: without the letters it keeps for itself, and no longer than it allows.
fn name(number: usize, title: &str) -> String {
    let plain = title.chars().map(|letter| if "[]:*?/\\'".contains(letter) { ' ' } else { letter });
    format!("{number} ").chars().chain(plain).take(NAME).collect::<String>().trim_end().to_owned()
}

fn number(amount: Amount) -> Option<(f64, &'static str)> {
    match amount {
        Amount::Whole(count) => Some((count as f64, "0")),
        Amount::Percent(tenths) => Some((tenths as f64 / 1_000.0, "0.0%")),
        Amount::Days(hundredths) | Amount::Rate(hundredths) => Some((hundredths as f64 / 100.0, "0.00")),
        Amount::Missing(_) => None,
    }
}

/// Writes a report.
///
/// # Errors
/// If the format cannot hold it.
pub fn write(words: &Words<'_>, sheet: &Sheet) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let head = Format::new().set_bold().set_text_wrap();
    for (place, table) in sheet.tables.iter().enumerate() {
        let leaf = book.add_worksheet();
        leaf.set_name(name(place + 1, &table.title))?;
        fill(words, sheet, table, leaf, &head)?;
    }
    let leaf = book.add_worksheet();
    leaf.set_name(name(sheet.tables.len() + 1, &words.t("reports.measures")))?;
    for (column, title) in ["reports.column", "reports.definition", "reports.source"].into_iter().enumerate() {
        leaf.write_string_with_format(0, column_of(column), words.t(title), &head)?;
    }
    for (place, measure) in sheet.measures.iter().enumerate() {
        let row = row_of(place + 1);
        leaf.write_string(row, 0, &measure.title)?;
        leaf.write_string(row, 1, &measure.definition)?;
        leaf.write_string(row, 2, &measure.source)?;
    }
    leaf.write_string(row_of(sheet.measures.len() + 2), 1, &sheet.note)?;
    leaf.set_column_width(1, 90)?;
    leaf.set_column_width(2, 40)?;
    book.save_to_buffer()
}

fn row_of(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn column_of(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(u16::MAX)
}

fn fill(
    words: &Words<'_>,
    sheet: &Sheet,
    table: &SheetTable,
    leaf: &mut Worksheet,
    head: &Format,
) -> Result<(), XlsxError> {
    leaf.write_string_with_format(0, 0, format!("{} {} · {}", sheet.title, sheet.period, table.title), head)?;
    let mut row = 1;
    for line in &sheet.lines {
        leaf.write_string(row, 0, line)?;
        row += 1;
    }
    row += 1;
    let mut titles = vec![table.rows_title.clone()];
    titles.extend(table.columns.iter().map(|column| column.title.clone()));
    titles.extend(table.wording.then(|| words.t("reports.wording")));
    titles.extend(table.fix.then(|| words.t("reports.fix")));
    for (place, title) in titles.iter().enumerate() {
        leaf.write_string_with_format(row, column_of(place), title, head)?;
    }
    for one in &table.rows {
        row += 1;
        leaf.write_string(row, 0, &one.title)?;
        let mut place = 1;
        for cell in &one.cells {
            match number(cell.amount) {
                Some((value, shown)) => {
                    leaf.write_number_with_format(row, place, value, &Format::new().set_num_format(shown))?;
                }
                None => {
                    leaf.write_string(row, place, &cell.text)?;
                }
            }
            place += 1;
        }
        if table.wording {
            let lines: Vec<String> = one.wording.iter().map(|(number, words)| format!("{number} {words}")).collect();
            leaf.write_string(row, place, lines.join("\n"))?;
            place += 1;
        }
        if table.fix {
            leaf.write_string(row, place, &one.fix)?;
        }
    }
    leaf.set_column_width(0, 28)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_leaves_are_what_the_format_takes() {
        assert_eq!(name(1, "投诉量"), "1 投诉量");
        assert_eq!(name(2, "a/b:c*"), "2 a b c");
        assert_eq!(name(10, &"长".repeat(40)).chars().count(), NAME);
    }
}
