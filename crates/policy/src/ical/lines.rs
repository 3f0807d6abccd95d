//! The lines of an iCalendar file: unfolded, and taken apart into name, parameters and value.

use super::Faults;

/// As large as a calendar file may be.
const LARGEST: usize = 1 << 20;

/// A line longer than this holds no day off.
const LONGEST_LINE: usize = 20_000;

/// A line `NAME;PARAMETER=…:value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it begins, counted from 1.
    pub(super) number: u32,
    /// The name in capitals.
    pub(super) name: String,
    /// What follows the colon.
    pub(super) value: String,
}

/// Every line of the file; nothing when it is too large or none of iCalendar.
pub(super) fn read(text: &str, faults: &mut Faults<'_>) -> Option<Vec<Line>> {
    if text.len() > LARGEST {
        faults.hint(1, format!("larger than {LARGEST} bytes"), Some("take the years that are needed"));
        return None;
    }
    let mut lines: Vec<Line> = Vec::new();
    for (number, whole) in unfolded(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        if whole.len() > LONGEST_LINE {
            faults.add(number, format!("a line longer than {LONGEST_LINE} bytes"));
        } else if let Some((name, value)) = split(&whole) {
            lines.push(Line { number, name: name.to_ascii_uppercase(), value: value.to_owned() });
        } else {
            faults.add(number, "is no line of iCalendar, which reads NAME:value".to_owned());
        }
    }
    if lines.first().is_none_or(|line| line.name != "BEGIN" || !line.value.eq_ignore_ascii_case("VCALENDAR")) {
        faults.add(1, "is no iCalendar file, which begins with BEGIN:VCALENDAR".to_owned());
        return None;
    }
    Some(lines)
}

/// Lines put together again: what begins with a blank goes on with the line before.
fn unfolded(text: &str) -> Vec<(u32, String)> {
    let mut lines: Vec<(u32, String)> = Vec::new();
    for (number, part) in (1..).zip(text.split('\n')) {
        let part = part.strip_suffix('\r').unwrap_or(part);
        match (part.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, line))) => line.push_str(rest),
            _ if part.trim().is_empty() => {}
            _ => lines.push((number, part.to_owned())),
        }
    }
    lines
}

/// Name and value; parameters, which may hold colons in quotes, are passed over.
fn split(line: &str) -> Option<(&str, &str)> {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).filter(|end| *end > 0)?;
    let (name, rest) = line.split_at_checked(end)?;
    if !rest.starts_with([':', ';']) {
        return None;
    }
    let mut within_quotes = false;
    for (at, c) in rest.char_indices() {
        match c {
            '"' => within_quotes = !within_quotes,
            ':' if !within_quotes => return Some((name, rest.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_unfolded_and_taken_apart() {
        let text = "BEGIN:VCALENDAR\r\nSUMMARY;X-A=\"a:b;c\";LANGUAGE=en:Long\r\n er\r\n\t still\r\n\r\ndtstart:1\r\n";
        let mut faults = Faults { file: None, found: Vec::new() };
        let lines = read(text, &mut faults).unwrap();
        let told: Vec<(u32, &str, &str)> =
            lines.iter().map(|line| (line.number, line.name.as_str(), line.value.as_str())).collect();
        assert_eq!(told, [(1, "BEGIN", "VCALENDAR"), (2, "SUMMARY", "Longer still"), (6, "DTSTART", "1")]);
        assert!(faults.found.is_empty());
    }

    #[test]
    fn what_is_no_line_is_named() {
        for broken in ["no colon", ":value", "NAME;X=\"open:value", "NAME value:x"] {
            let mut faults = Faults { file: Some("x.ics"), found: Vec::new() };
            let _ = read(&format!("BEGIN:VCALENDAR\n{broken}\n"), &mut faults);
            assert_eq!(faults.found[0].line, 2, "{broken}");
        }
    }
}
