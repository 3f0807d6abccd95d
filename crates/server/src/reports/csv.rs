//! A report as CSV: one figure a line with its words and codes, so that any programme finds the one it wants. What each
//! column means stands behind the figures.

use super::Sheet;

/// Programmes for tables tell UTF-8 by it.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// What a programme for tables would take for a formula is written as text. Figures are ours and stay what they are.
pub(crate) fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// Writes a report.
///
/// # Errors
/// None that memory does not have.
pub fn write(sheet: &Sheet) -> Result<Vec<u8>, String> {
    let mut out = ::csv::Writer::from_writer(MARK.to_vec());
    let told = |error: ::csv::Error| error.to_string();
    let head =
        ["report", "period", "table", "row", "column", "table_title", "row_title", "column_title", "value", "text"];
    out.write_record(head).map_err(told)?;
    let (id, period) = (sheet.id.as_str(), sheet.period.as_str());
    for table in &sheet.tables {
        let more = |row: &super::SheetRow, column: &str, value: &str, text: &str| {
            let line = [id, period, &table.id, &row.key, column, &table.title, &row.title, "", value, text];
            line.map(str::to_owned)
        };
        for row in &table.rows {
            for (cell, column) in row.cells.iter().zip(&table.columns) {
                let value = cell.amount.decimal().unwrap_or_default();
                let mut line = more(row, column.code, &value, &cell.text);
                if let Some(title) = line.get_mut(7) {
                    title.clone_from(&column.title);
                }
                out.write_record(line).map_err(told)?;
            }
            for (number, subject) in &row.wording {
                out.write_record(more(row, "wording", number, &harmless(subject))).map_err(told)?;
            }
            if !row.fix.is_empty() {
                out.write_record(more(row, "fix", "", &row.fix)).map_err(told)?;
            }
        }
    }
    for measure in &sheet.measures {
        let meaning = format!("{} ({})", measure.definition, measure.source);
        out.write_record([id, period, "", "", measure.code, "", "", &measure.title, "", &meaning]).map_err(told)?;
    }
    out.into_inner().map_err(|error| error.to_string())
}
