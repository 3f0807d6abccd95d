//! Colleagues named in words: `@username`. An address of mail holds the same sign and names nobody.

/// Most colleagues one text names; further ones are not looked at.
pub const MOST: usize = 20;
/// Longest name to sign in with.
const LONGEST: usize = 40;

/// The names to sign in with that a text mentions, as they are kept, each once, in the order of the text. Full-width signs
/// and letters count like others, and Chinese text may stand directly before and behind.
#[must_use]
pub fn mentioned(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut before = ' ';
    let mut rest = text.chars().map(narrow);
    while let Some(letter) = rest.next() {
        if letter == '@' && !is_local(before) {
            let name: String = rest.clone().take_while(|letter| is_name(*letter)).take(LONGEST + 1).collect();
            // What ends a sentence does not end a name.
            let name = name.trim_end_matches(['.', '-', '_']).to_ascii_lowercase();
            let addressed = rest.clone().nth(name.len()) == Some('@');
            if (2..=LONGEST).contains(&name.len()) && !addressed && !found.contains(&name) && found.len() < MOST {
                found.push(name);
            }
        }
        before = letter;
    }
    found
}

/// Letters of the half width in place of their full-width forms.
fn narrow(letter: char) -> char {
    match letter {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(letter),
        other => other,
    }
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_')
}

/// What may stand before the sign in an address of mail.
fn is_local(letter: char) -> bool {
    is_name(letter) || matches!(letter, '%' | '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colleagues_are_named_by_the_sign_before_their_name() {
        for (text, wanted) in [
            ("@li.na please look", vec!["li.na"]),
            ("请@li.na看一下，另请＠ｚｈａｎｇ核实", vec!["li.na", "zhang"]),
            ("@Li.Na, @li.na. @wang_1- (@zhao-2)", vec!["li.na", "wang_1", "zhao-2"]),
            ("完了@sup。@agent", vec!["sup", "agent"]),
            ("li.na@qq.com", vec![]),
            ("邮箱zhang@example.com转@sup", vec!["sup"]),
            ("a+b@example.com a%b@example.com 1@2", vec![]),
            ("@a @ @@ @。 @张三 ＠", vec![]),
            ("@sup@example.com", vec![]),
            ("@@sup", vec!["sup"]),
            ("@sup\n@ops\t@net", vec!["sup", "ops", "net"]),
        ] {
            assert_eq!(mentioned(text), wanted, "{text}");
        }
    }

    #[test]
    fn neither_length_nor_number_is_boundless() {
        assert_eq!(mentioned(&format!("@{}", "a".repeat(41))), Vec::<String>::new());
        assert_eq!(mentioned(&format!("@{}", "a".repeat(40))), vec!["a".repeat(40)]);
        let many: String = (0..60).map(|n| format!(" @user{n}")).collect();
        assert_eq!(mentioned(&many).len(), MOST);
    }
}
