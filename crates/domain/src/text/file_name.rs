//! File names as strangers send them, made harmless: one visible line that names no folder, no device and nothing
//! hidden, on any system.

/// Longest name, bytes; below the 255 that file systems take, so that a number or an ending may still be added.
pub const LONGEST: usize = 200;
/// Endings longer than this are part of the name.
const LONGEST_ENDING: usize = 16;
/// What a file is called of whose name nothing is left.
const NAMELESS: &str = "file";

/// Names Windows keeps for devices, whatever ending they have.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// The harmless form of a file name.
///
/// The last part of a path is kept. Control characters, invisible ones and marks that turn the direction of reading
/// go; what some system cannot have in a name becomes `_`; dots and blanks at both ends go, so nothing is hidden and
/// no part of a path is left; a device's name gets a `_` before it; what is too long is cut before its ending.
#[must_use]
pub fn clean(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = last.chars().filter(|letter| !letter.is_control()).collect();
    // Without control characters there is nothing the text cleaner refuses.
    let visible = super::clean::clean(&visible).unwrap_or_default();
    let named: String = visible
        .chars()
        .map(|letter| match letter {
            '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
            letter if letter.is_whitespace() => ' ',
            letter => letter,
        })
        .collect();
    let edge = |letter: char| letter == '.' || letter.is_whitespace();
    let named = named.trim_matches(edge);
    // Cutting may uncover a device's name, and the mark before it counts among the bytes there are.
    let short = shorten(named);
    let name = match short.trim_matches(edge) {
        name if is_device(name) => shorten(&format!("_{name}")),
        name => name.to_owned(),
    };
    match name.trim_matches(edge) {
        "" => NAMELESS.to_owned(),
        name => name.to_owned(),
    }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| {
            let mut rest = rest.chars();
            rest.next().is_some_and(|digit| digit.is_ascii_digit() || "¹²³".contains(digit)) && rest.next().is_none()
        })
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

/// Cuts a name to [`LONGEST`] bytes between two characters, keeping its ending.
fn shorten(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let ending = match name.rsplit_once('.') {
        Some((_, ending)) if ending.len() <= LONGEST_ENDING => format!(".{ending}"),
        _ => String::new(),
    };
    let room = LONGEST.saturating_sub(ending.len());
    let cut = (0..=room).rev().find(|place| name.is_char_boundary(*place)).unwrap_or(0);
    format!("{}{ending}", name.get(..cut).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_become_harmless() {
        for (given, kept) in [
            ("账单 2026-07.pdf", "账单 2026-07.pdf"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\windows\\system32\\cmd.exe", "cmd.exe"),
            ("C:\\fakepath\\photo.jpg", "photo.jpg"),
            ("/", NAMELESS),
            ("..", NAMELESS),
            ("...", NAMELESS),
            ("", NAMELESS),
            (" \t\r\n", NAMELESS),
            (".htaccess", "htaccess"),
            ("\u{200B}.htaccess", "htaccess"),
            (".\u{200B}htaccess", "htaccess"),
            ("..\u{200B}.ssh", "ssh"),
            ("photo\u{202E}gpj.exe", "photogpj.exe"),
            ("\u{2066}a\u{2069}.txt", "a.txt"),
            ("a\0.php\0.jpg", "a.php.jpg"),
            ("a\r\nSet-Cookie: x.txt", "aSet-Cookie_ x.txt"),
            ("a\u{85}b\u{2028}c", "ab c"),
            ("NUL", "_NUL"),
            ("con.txt", "_con.txt"),
            ("COM1.log", "_COM1.log"),
            ("lpt².x", "_lpt².x"),
            ("aux .c", "_aux .c"),
            ("command.com", "command.com"),
            ("com10.txt", "com10.txt"),
            ("name. . .", "name"),
            ("a<b>:\"|?*c", "a_b______c"),
            ("x\u{A0}\u{3000}y", "x  y"),
            ("<img src=x onerror=alert(1)>.png", "_img src=x onerror=alert(1)_.png"),
        ] {
            assert_eq!(clean(given), kept, "{given:?}");
        }
    }

    #[test]
    fn long_names_keep_their_ending() {
        let name = clean(&format!("{}.pdf", "长".repeat(300)));
        assert!(name.len() <= LONGEST && name.ends_with("长.pdf"), "{name}");
        let name = clean(&format!("a.{}", "长".repeat(300)));
        assert!(name.len() <= LONGEST && name.starts_with("a.长"), "{name}");
        for device in [format!("con.{}", "0".repeat(LONGEST)), format!("nul{}x.txt", " ".repeat(LONGEST))] {
            let name = clean(&device);
            assert!(name.len() <= LONGEST && name.starts_with('_'), "{name}");
            assert_eq!(clean(&name), name);
        }
    }

    proptest::proptest! {
        #[test]
        fn every_name_is_harmless_and_stays_as_it_is(
            given in "(\\PC|[\\s./\\\\:\u{0}-\u{1f}\u{200B}-\u{200F}\u{202A}-\u{202E}\u{FE00}-\u{FE0F}\u{2764}]|con|nul){0,120}",
        ) {
            let name = clean(&given);
            proptest::prop_assert!(!name.is_empty() && name.len() <= LONGEST);
            let never = ['/', '\\', '\0', ':', '\n', '\u{202E}', '\u{200B}'];
            proptest::prop_assert!(!name.contains(never));
            proptest::prop_assert!(!name.starts_with(['.', ' ']) && !name.ends_with(['.', ' ']) && !is_device(&name));
            proptest::prop_assert_eq!(clean(&name), name);
        }
    }
}
