//! E-mail addresses in a text: what stands around an at sign.

use super::IdentifierKind;
use super::scan::{Match, Text};

/// Longest local part and domain looked at (RFC 5321 allows 64 and 255); bounds the work at each at sign.
const LOCAL: usize = 64;
const DOMAIN: usize = 255;

/// All addresses, left to right, without overlap.
pub(super) fn addresses(text: &Text) -> Vec<Match> {
    let mut found: Vec<Match> = Vec::new();
    for at in (0..text.len()).filter(|place| text.letter(*place) == '@') {
        let free = found.last().map_or(0, |last| last.end);
        let mut start = at;
        while start > free && at - start < LOCAL && is_local(text.before(start)) {
            start -= 1;
        }
        let mut end = at + 1;
        while end - at <= DOMAIN && is_domain(text.letter(end)) {
            end += 1;
        }
        let name: String = (at + 1..end).map(|place| text.letter(place)).collect();
        if let Some(length) = domain_length(&name).filter(|_| start < at) {
            let end = at + 1 + length;
            let normal = (start..end).map(|place| text.letter(place).to_ascii_lowercase()).collect();
            found.push(Match { kind: IdentifierKind::Email, start, end, normal });
        }
    }
    found
}

fn is_local(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "._%+-".contains(letter)
}

fn is_domain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '.' || letter == '-'
}

/// How much of this is a domain. What people write straight behind it (a full stop, a telephone number) is not:
/// a top-level name is letters only, or a coded international one.
fn domain_length(name: &str) -> Option<usize> {
    let mut rest = name;
    while let Some((host, top)) = rest.rsplit_once('.') {
        if !host.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let coded = top.get(..4).is_some_and(|mark| mark.eq_ignore_ascii_case("xn--"));
        let letters = match coded {
            true => top.trim_end_matches('-').len(),
            false => top.bytes().take_while(u8::is_ascii_alphabetic).count(),
        };
        if letters >= 2 {
            return Some(host.len() + 1 + letters);
        }
        rest = host;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::find;

    #[test]
    fn addresses_end_where_people_end_them() {
        for (text, wanted) in [
            ("写信到 Zhang.San@Example.com.", vec!["Zhang.San@Example.com"]),
            ("邮箱zhangsan@qq.com请回", vec!["zhangsan@qq.com"]),
            ("zhangsan@qq.com13800138000", vec!["zhangsan@qq.com", "13800138000"]),
            ("a@mail.qq.com.2026", vec!["a@mail.qq.com"]),
            ("a@xn--fiq228c.xn--p1ai", vec!["a@xn--fiq228c.xn--p1ai"]),
            ("ａ＠ｂ．ｃｎ", vec!["ａ＠ｂ．ｃｎ"]),
            ("a@b.cn@c.cn", vec!["a@b.cn"]),
            ("a@b.EA1234567", vec!["a@b.EA"]),
            ("13800138000@139.com", vec!["13800138000@139.com"]),
            ("a@b", vec![]),
            ("@qq.com", vec![]),
            ("a@...com", vec![]),
            ("root@192.168.1.1", vec![]),
        ] {
            let found: Vec<_> = find(text).into_iter().map(|found| &text[found.start..found.end]).collect();
            assert_eq!(found, wanted, "{text}");
        }
        assert_eq!(find("Zhang.San@Example.com")[0].normal, "zhang.san@example.com");
    }
}
