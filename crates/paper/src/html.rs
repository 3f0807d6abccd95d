//! The page: one file, no scripts, nothing asked from anywhere, ready for the printer.

use crate::{Block, Letter};
use jiff::tz::TimeZone;

const STYLE: &str = "@page{size:A4;margin:22mm 20mm}\
body{font:11pt/1.6 \"Noto Sans CJK SC\",\"Noto Sans\",\"PingFang SC\",\"Microsoft YaHei\",Arial,sans-serif;\
max-width:42em;margin:2em auto;padding:0 1em;color:#111;background:#fff;overflow-wrap:anywhere}\
p,h1,header{unicode-bidi:isolate;margin:0}header{font-size:14pt;font-weight:bold;margin-bottom:1.5em}\
h1{font-size:14pt;margin:1.5em 0 1em}.text{white-space:pre-wrap;margin-bottom:1em;orphans:2;widows:2}\
.small{font-size:8.5pt;color:#444}@media print{body{margin:0;max-width:none;padding:0}}";

/// The letter as a page, times in the zone given.
#[must_use]
pub fn html(letter: &Letter, zone: &TimeZone) -> String {
    draft_html(letter, zone, &[])
}

/// The same of a draft: what nobody has filled in, `{name}` in its words, stands marked under what the blank is called.
#[must_use]
pub fn draft_html(letter: &Letter, zone: &TimeZone, blanks: &[(String, String)]) -> String {
    let mut page = String::with_capacity(letter.content.len() + 3_000);
    page.push_str("<!doctype html>\n<html lang=\"");
    escape(&letter.language, &mut page);
    page.push_str("\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>");
    escape(&format!("{} {}", letter.number, letter.subject), &mut page);
    page.push_str("</title><style>");
    page.push_str(STYLE);
    page.push_str("</style></head><body>\n");
    for block in letter.blocks(zone) {
        let (open, text, close) = match &block {
            Block::Head(text) => ("<header dir=\"auto\">", text, "</header>\n"),
            Block::Note(text) => ("<p dir=\"auto\">", text, "</p>\n"),
            Block::Title(text) => ("<h1 dir=\"auto\">", text, "</h1>\n"),
            Block::Text(text) => ("<p class=\"text\" dir=\"auto\">", text, "</p>\n"),
            Block::Small(text) => ("<p class=\"small\" dir=\"auto\">", text, "</p>\n"),
        };
        page.push_str(open);
        match &block {
            Block::Text(text) => marked(text, blanks, &mut page),
            _ => escape(text, &mut page),
        }
        page.push_str(close);
    }
    page.push_str("</body></html>\n");
    page
}

fn marked(text: &str, blanks: &[(String, String)], out: &mut String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        escape(before, out);
        let blank = after.split_once('}').and_then(|(name, behind)| {
            let (_, called) = blanks.iter().find(|(blank, _)| blank == name)?;
            Some((called, behind))
        });
        rest = match blank {
            Some((called, behind)) => {
                out.push_str("<mark>[");
                escape(called, out);
                out.push_str("]</mark>");
                behind
            }
            None => {
                out.push('{');
                after
            }
        };
    }
    escape(rest, out);
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::letter;

    #[test]
    fn hostile_words_stay_words() {
        let hostile = "<script>alert('x')</script>\n\n\u{202e}gnp.\"onload=\"x\n\n&lt;";
        let mut letter = letter("en\"><script>", hostile);
        letter.subject = "</title><img src=x onerror=y>".to_owned();
        let page = html(&letter, &TimeZone::UTC);
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)") && page.contains("&amp;lt;"));
    }

    #[test]
    fn the_day_is_that_of_the_zone() {
        let letter = letter("zh-CN", "您好");
        let page = html(&letter, &TimeZone::fixed(jiff::tz::offset(8)));
        assert!(page.contains("日期：2026年3月6日") && page.contains("2026-03-06 00:30 +08:00"), "{page}");
        assert!(page.contains("邮寄") && page.contains(&letter.hash()));
    }

    #[test]
    fn a_blank_of_a_draft_is_marked_by_its_name() {
        let letter = letter("en", "We answer by {answer_due_at}, about {x} & {<b>}.");
        let blanks = [("answer_due_at".to_owned(), "when an answer is <due>".to_owned())];
        let page = draft_html(&letter, &TimeZone::UTC, &blanks);
        let marked = "by <mark>[when an answer is &lt;due&gt;]</mark>, about {x} &amp; {&lt;b&gt;}.";
        assert!(page.contains(marked), "{page}");
        assert!(html(&letter, &TimeZone::UTC).contains("by {answer_due_at}, about"));
    }

    #[test]
    fn a_draft_says_that_it_is_one() {
        let mut letter = letter("ja", "本文");
        letter.sent = None;
        assert!(html(&letter, &TimeZone::UTC).contains("下書き"));
    }
}
