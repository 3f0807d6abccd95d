//! Messages that come in, read without believing them: who says to be the sender, to whom it went, its words, its files.
//! Nothing of a message is ever run, rendered or fetched; HTML becomes plain text. Whatever is not plainly a letter from
//! one sender says why, so that a person looks at it.

use mail_parser::{Address, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

/// Largest message that is taken whole, bytes. Larger ones are kept with their head alone.
pub const LARGEST: usize = 20 << 20;
/// Most heads of parts a message may hold to be taken apart at all: what nests or splits further was made by a machine
/// to hurt another.
const MOST_HEADS: usize = 400;
/// Most parts of a letter.
const MOST_PARTS: usize = 200;
/// Most files of a letter.
pub const MOST_FILES: usize = 40;
/// Most addressees looked at.
const MOST_ADDRESSEES: usize = 100;
/// Most parts that are words, and most characters they are read to.
const MOST_TEXTS: usize = 20;
const MOST_LETTERS: usize = 200_000;
/// Most bytes of the head.
const LARGEST_HEAD: usize = 256 * 1024;

/// A file that came with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name as the sender gave it.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What a server reports about a message of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// It will not arrive.
    Failed,
    /// It takes longer.
    Delayed,
    /// It arrived.
    Delivered,
}

/// Why a person has to look at a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It cannot be read as a message.
    Unreadable,
    /// It holds more parts, or nests deeper, than letters do.
    TooManyParts,
    /// It names no sender, or several.
    NoSender,
    /// It has no words and no file.
    Empty,
}

/// A message as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incoming {
    /// The name the sender gives themselves.
    pub name: Option<String>,
    /// The address the sender says to have, in small letters. Nothing proves it.
    pub from: Option<String>,
    /// Addresses it went to, in small letters.
    pub to: Vec<String>,
    /// Its subject, one line.
    pub subject: String,
    /// Its words, line ends as `\n`.
    pub text: String,
    /// Its files.
    pub files: Vec<File>,
    /// Whether a machine wrote it: automatic answers, mailing lists, reports of servers.
    pub automatic: bool,
    /// What a server reports in it.
    pub report: Option<Report>,
    /// Why a person has to look at it.
    pub doubt: Option<Doubt>,
    /// What tells it from every other message, the way it took left out: the same letter delivered twice has it twice.
    pub content: Vec<u8>,
}

/// Reads a message. It never fails: what cannot be read says so.
#[must_use]
pub fn read(raw: &[u8]) -> Incoming {
    let head = raw.get(..LARGEST_HEAD.min(raw.len())).unwrap_or_default();
    if heads(raw) > MOST_HEADS {
        let mut read = caught(|| MessageParser::new().parse_headers(head).map(|message| of_head(&message)));
        read.doubt = Some(Doubt::TooManyParts);
        read.content = raw.to_vec();
        return read;
    }
    caught(|| MessageParser::new().parse(raw).map(|message| of(&message, raw)))
}

/// What a parser of others makes of hostile bytes; should it break over them, they are unreadable and nothing else.
fn caught(parse: impl FnOnce() -> Option<Incoming> + std::panic::UnwindSafe) -> Incoming {
    let unreadable = || Incoming { doubt: Some(Doubt::Unreadable), ..Incoming::default() };
    std::panic::catch_unwind(parse).ok().flatten().unwrap_or_else(unreadable)
}

/// How often a line begins as the head of a part does; what nesting and splitting cost is bounded by it.
fn heads(raw: &[u8]) -> usize {
    const HEAD: &[u8] = b"content-type:";
    let lines = raw.split(|byte| *byte == b'\n');
    lines.filter(|line| line.get(..HEAD.len()).is_some_and(|head| head.eq_ignore_ascii_case(HEAD))).count()
}

fn of_head(message: &Message<'_>) -> Incoming {
    let (name, from) = sender(message);
    let raw = |header: &str| message.header_raw(header).map(|value| value.trim().to_lowercase());
    Incoming {
        automatic: automatic(&raw, from.as_deref()),
        to: addressees(message),
        subject: line(message.subject().unwrap_or_default(), 500),
        doubt: from.is_none().then_some(Doubt::NoSender),
        name,
        from,
        ..Incoming::default()
    }
}

fn of(message: &Message<'_>, raw: &[u8]) -> Incoming {
    let mut read = of_head(message);
    read.content = content(message, raw);
    if message.parts.len() > MOST_PARTS {
        read.doubt = Some(Doubt::TooManyParts);
        return read;
    }
    let mut text = String::new();
    for place in 0..message.text_body_count().min(MOST_TEXTS) {
        if let Some(part) = message.body_text(place) {
            if !text.is_empty() {
                text.push('\n');
            }
            text.extend(part.chars().take(MOST_LETTERS.saturating_sub(text.len() / 2)));
        }
    }
    read.text = words(&text);
    read.report = message.parts.iter().find_map(report);
    read.automatic |= read.report.is_some();
    for (place, part) in message.attachments().enumerate() {
        if place >= MOST_FILES {
            read.doubt = read.doubt.or(Some(Doubt::TooManyParts));
            break;
        }
        let bytes = bytes(part, raw);
        if !bytes.is_empty() {
            let name = part.attachment_name().map(|name| line(name, 200)).filter(|name| !name.is_empty());
            let ending = if matches!(part.body, PartType::Message(_)) { ".eml" } else { "" };
            read.files.push(File { name: name.unwrap_or_else(|| format!("part-{}{ending}", place + 1)), bytes });
        }
    }
    if read.text.is_empty() && read.files.is_empty() {
        read.doubt = read.doubt.or(Some(Doubt::Empty));
    }
    read
}

fn bytes(part: &MessagePart<'_>, raw: &[u8]) -> Vec<u8> {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => text.as_bytes().to_vec(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes.to_vec(),
        PartType::Message(_) => {
            raw.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default().to_vec()
        }
        PartType::Multipart(_) => Vec::new(),
    }
}

/// The one sender. Of several, or of a group, nobody could say whose words they are.
fn sender(message: &Message<'_>) -> (Option<String>, Option<String>) {
    let headers = message.headers().iter().filter(|header| header.name.as_str().eq_ignore_ascii_case("from")).count();
    let Some(Address::List(list)) = message.from().filter(|_| headers == 1) else { return (None, None) };
    let [only] = list.as_slice() else { return (None, None) };
    let address = only.address.as_deref().map(|address| address.trim().to_lowercase());
    let name = only.name.as_deref().map(|name| line(name, 100)).filter(|name| !name.is_empty());
    (name, address.filter(|address| crate::is_address(address)))
}

fn addressees(message: &Message<'_>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |address: &str| {
        let address = address.trim().trim_matches(['<', '>']).to_lowercase();
        if found.len() < MOST_ADDRESSEES && !address.is_empty() && !found.contains(&address) {
            found.push(address);
        }
    };
    for header in message.headers() {
        let name = header.name.as_str().to_ascii_lowercase();
        if !["to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to"].contains(&name.as_str()) {
            continue;
        }
        match &header.value {
            HeaderValue::Address(Address::List(list)) => {
                list.iter().take(MOST_ADDRESSEES).filter_map(|one| one.address.as_deref()).for_each(&mut add);
            }
            HeaderValue::Address(Address::Group(groups)) => {
                let all = groups.iter().flat_map(|group| &group.addresses).take(MOST_ADDRESSEES);
                all.filter_map(|one| one.address.as_deref()).for_each(&mut add);
            }
            HeaderValue::Text(text) => add(text),
            HeaderValue::TextList(list) => list.iter().take(MOST_ADDRESSEES).for_each(|text| add(text)),
            _ => {}
        }
    }
    found
}

/// Whether a machine wrote it: RFC 3834, and what mail servers and lists have written since before it.
fn automatic(raw: &impl Fn(&str) -> Option<String>, from: Option<&str>) -> bool {
    let said = |header: &str, is: &dyn Fn(&str) -> bool| raw(header).is_some_and(|value| is(&value));
    let there = |header: &str| raw(header).is_some();
    let local = from.and_then(|address| address.split('@').next()).unwrap_or_default();
    said("Auto-Submitted", &|value| !value.starts_with("no"))
        || said("Precedence", &|value| ["bulk", "list", "junk", "auto_reply"].contains(&value))
        || said("Return-Path", &|value| value == "<>")
        || said("Content-Type", &|value| value.starts_with("multipart/report"))
        || ["List-Id", "List-Unsubscribe", "X-Auto-Response-Suppress", "X-Autoreply", "X-Autorespond", "X-Loop"]
            .iter()
            .any(|header| there(header))
        || ["mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply"].contains(&local)
}

/// What a server reports in a part of its own (RFC 3464).
fn report(part: &MessagePart<'_>) -> Option<Report> {
    let kind = part.content_type()?;
    if !kind.ctype().eq_ignore_ascii_case("message")
        || !kind.subtype().is_some_and(|sub| sub.eq_ignore_ascii_case("delivery-status"))
    {
        return None;
    }
    let text = match &part.body {
        PartType::Text(text) => text.to_string(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => return None,
    };
    let action = text.lines().take(200).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("action").then(|| value.trim().to_lowercase())
    })?;
    match action.as_str() {
        "failed" => Some(Report::Failed),
        "delayed" => Some(Report::Delayed),
        "delivered" | "relayed" | "expanded" => Some(Report::Delivered),
        _ => None,
    }
}

/// Everything of a message but the way it took: servers add to its head, never to these.
fn content(message: &Message<'_>, raw: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(raw.len());
    for name in ["From", "To", "Cc", "Date", "Subject", "Message-ID", "In-Reply-To", "Content-Type"] {
        content.extend_from_slice(message.header_raw(name).unwrap_or_default().trim().as_bytes());
        content.push(0);
    }
    content.extend_from_slice(raw.get(message.root_part().offset_body as usize..).unwrap_or_default());
    content
}

/// Text as lines: what ends a line and what cannot be seen becomes what people write.
fn words(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let shown = text.chars().map(|letter| match letter {
        '\n' | '\t' => letter,
        '\u{2028}' | '\u{2029}' => '\n',
        letter if letter.is_control() => ' ',
        letter => letter,
    });
    shown.collect::<String>().trim().to_owned()
}

/// Text as one line of at most so many characters.
fn line(text: &str, most: usize) -> String {
    let flat: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    flat.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(head: &str, body: &str) -> Incoming {
        read(format!("From: Wang <Wang@Example.com>\r\nTo: care@op.example\r\n{head}\r\n{body}").as_bytes())
    }

    #[test]
    fn a_letter_is_read() {
        let read =
            plain("Subject: =?GB18030?B?zbbL3w==?=\r\nContent-Type: text/plain; charset=utf-8\r\n", "扣费\r\n两次");
        assert_eq!((read.from.as_deref(), read.name.as_deref()), (Some("wang@example.com"), Some("Wang")));
        assert_eq!((read.subject.as_str(), read.text.as_str()), ("投诉", "扣费\n两次"));
        assert_eq!((read.to, read.doubt, read.automatic), (vec!["care@op.example".to_owned()], None, false));
    }

    #[test]
    fn old_charsets_are_read() {
        for (charset, bytes, words) in [
            ("GB18030", &b"\xcd\xb6\xcb\xdf"[..], "投诉"),
            ("Big5", b"\xa7\xeb\xb6\x44", "投訴"),
            ("ISO-2022-JP", b"\x1b$B6l>p\x1b(B", "苦情"),
            ("no-such-charset", "投诉".as_bytes(), "投诉"),
        ] {
            let mut raw = format!("From: a@b.cn\r\nContent-Type: text/plain; charset={charset}\r\n\r\n").into_bytes();
            raw.extend_from_slice(bytes);
            assert_eq!(read(&raw).text, words, "{charset}");
        }
    }

    #[test]
    fn machines_are_told_from_people() {
        for head in [
            "Auto-Submitted: auto-replied\r\n",
            "Precedence: bulk\r\n",
            "List-Id: <x.example>\r\n",
            "Return-Path: <>\r\n",
            "X-Auto-Response-Suppress: All\r\n",
        ] {
            assert!(plain(head, "x").automatic, "{head}");
        }
        assert!(!plain("Auto-Submitted: no\r\nReturn-Path: <wang@example.com>\r\n", "x").automatic);
    }

    #[test]
    fn html_is_words_and_nothing_else() {
        let read = plain(
            "Content-Type: text/html\r\n",
            "<svg onload=alert(1)><script>alert(2)</script><p>Hello <b>there</b></p><img src=http://evil.example/x>",
        );
        assert!(read.text.contains("Hello there"), "{}", read.text);
        assert!(!read.text.contains('<') && !read.text.contains("evil.example"), "{}", read.text);
    }

    #[test]
    fn who_is_not_one_is_nobody() {
        for from in ["", "From: a@b.cn, c@d.cn\r\n", "From: a@b.cn\r\nFrom: c@d.cn\r\n", "From: x\r\n"] {
            let read = read(format!("{from}Subject: x\r\n\r\nwords").as_bytes());
            assert_eq!((read.from, read.doubt), (None, Some(Doubt::NoSender)), "{from:?}");
        }
    }

    #[test]
    fn what_no_letter_holds_is_not_taken_apart() {
        let mut parts = "From: a@b.cn\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned();
        for n in 0..10_000 {
            parts.push_str(&format!("--b\r\nContent-Type: text/plain\r\n\r\n{n}\r\n"));
        }
        assert_eq!(read(parts.as_bytes()).doubt, Some(Doubt::TooManyParts));
        let bare = "From: a@b.cn\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned()
            + &"--b\r\n\r\nx\r\n".repeat(10_000);
        assert_eq!(read(bare.as_bytes()).doubt, Some(Doubt::TooManyParts));
        for kind in ["multipart/mixed; boundary=b", "message/rfc822"] {
            let mut deep = "From: a@b.cn\r\n".to_owned();
            for n in 0..1_000 {
                let kind = kind.replace("=b", &format!("=b{n}"));
                deep.push_str(&format!("Content-Type: {kind}\r\n\r\n"));
                if kind.starts_with("multipart") {
                    deep.push_str(&format!("--b{n}\r\n"));
                }
            }
            let read = read(deep.as_bytes());
            assert_eq!((read.doubt, read.from.as_deref()), (Some(Doubt::TooManyParts), Some("a@b.cn")), "{kind}");
        }
        assert!(read(b"").doubt.is_some() && read(&[0; 4096]).doubt.is_some());
    }

    #[test]
    fn the_way_a_letter_took_does_not_make_it_another() {
        let letter = "From: a@b.cn\r\nSubject: x\r\nMessage-ID: <1@b.cn>\r\n\r\nwords";
        let (one, two) = (read(letter.as_bytes()), read(format!("Received: by mx2\r\n{letter}").as_bytes()));
        assert_eq!(one.content, two.content);
        assert_ne!(one.content, read(letter.replace("words", "other").as_bytes()).content);
    }

    #[test]
    fn reports_of_servers_are_read() {
        let raw = "From: MAILER-DAEMON@mx.example\r\nReturn-Path: <>\r\nContent-Type: multipart/report; \
                   report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSorry\r\n--b\r\n\
                   Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nAction: failed\r\n\
                   Status: 5.1.1\r\n--b--\r\n";
        let read = read(raw.as_bytes());
        assert_eq!((read.report, read.automatic), (Some(Report::Failed), true));
    }
}
