//! Lines of a paragraph: Latin by words, Chinese and Japanese between characters but never before a closing mark
//! (Unicode Standard Annex 14).

use unicode_linebreak::{BreakOpportunity, linebreaks};

/// The lines of a text that are at most `width` wide by what `measure` says of a character. A word wider than a line is
/// broken where the line ends.
pub(crate) fn lines(text: &str, width: f32, measure: impl Fn(char) -> f32) -> Vec<&str> {
    let wide = |piece: &str| piece.chars().map(&measure).sum::<f32>();
    let mut lines = Vec::new();
    // Where the line begins, where it may end, and how wide it is up to there.
    let (mut start, mut end, mut used) = (0, 0, 0.0);
    for (at, kind) in linebreaks(text) {
        let piece = text.get(end..at).unwrap_or_default();
        let added = wide(piece);
        // What is white at the end of a line takes no room.
        if used + wide(piece.trim_end()) > width && end > start {
            lines.extend(text.get(start..end).map(str::trim_end));
            (start, used) = (end, 0.0);
        }
        let mut word = wide(piece.trim_end());
        while word > width {
            let rest = text.get(start..at).unwrap_or_default();
            let mut filled = 0.0;
            let fits = |(_, letter): &(usize, char)| {
                filled += measure(*letter);
                filled <= width
            };
            let kept = rest.char_indices().take_while(fits).last().map_or(0, |(at, letter)| at + letter.len_utf8());
            // One character at least, however narrow the line.
            let kept = kept.max(rest.chars().next().map_or(0, char::len_utf8));
            if kept == 0 || kept >= rest.len() {
                break;
            }
            lines.extend(rest.get(..kept));
            start += kept;
            used = 0.0;
            word -= rest.get(..kept).map_or(0.0, wide);
        }
        used = if start > end { wide(text.get(start..at).unwrap_or_default()) } else { used + added };
        end = at;
        if kind == BreakOpportunity::Mandatory {
            lines.extend(text.get(start..end).map(str::trim_end));
            (start, used) = (end, 0.0);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_begins_with_a_closing_mark() {
        let text = "您好，您的投诉已经收到。我们会在规定时间内答复您（请留意短信）。";
        for width in 3..20_u8 {
            let lines = lines(text, f32::from(width), |_| 1.0);
            assert_eq!(lines.concat(), text);
            assert!(lines.iter().all(|line| !line.starts_with(['，', '。', '）'])), "{width}: {lines:?}");
            assert!(lines.iter().all(|line| line.chars().count() <= usize::from(width)), "{width}: {lines:?}");
        }
    }

    #[test]
    fn latin_breaks_between_words_and_long_words_anywhere() {
        assert_eq!(lines("one two three", 8.0, |_| 1.0), ["one two", "three"]);
        assert_eq!(lines("a\nb", 8.0, |_| 1.0), ["a", "b"]);
        assert_eq!(lines("abcdefghij k", 4.0, |_| 1.0), ["abcd", "efgh", "ij k"]);
    }
}
