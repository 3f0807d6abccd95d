//! What bytes are, told by the bytes themselves; a file's name proves nothing. A closed list of what customers and
//! offices send: everything else is plain text or just bytes. Whatever a browser would run (HTML, SVG, scripts) is
//! text here, and text is never run.

/// Bytes nobody knows.
pub const UNKNOWN: &str = "application/octet-stream";
/// Readable text.
pub const TEXT: &str = "text/plain";
/// How much of the beginning tells.
pub const HEAD: usize = 4096;

/// A kind of file: how it begins, and the endings its names have. The first ending is the one to give.
struct Kind {
    media: &'static str,
    begins: fn(&[u8]) -> bool,
    endings: &'static [&'static str],
}

const ZIP: &[u8] = b"PK\x03\x04";

/// In this order: what is packed in a ZIP is told before the ZIP itself.
const KINDS: &[Kind] = &[
    Kind {
        media: "application/pdf",
        begins: |head| holds(head.get(..1024).unwrap_or(head), b"%PDF-"),
        endings: &["pdf"],
    },
    Kind { media: "image/png", begins: |head| head.starts_with(b"\x89PNG\r\n\x1a\n"), endings: &["png"] },
    Kind { media: "image/jpeg", begins: |head| head.starts_with(b"\xff\xd8\xff"), endings: &["jpg", "jpeg"] },
    Kind {
        media: "image/gif",
        begins: |head| head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a"),
        endings: &["gif"],
    },
    Kind { media: "image/webp", begins: |head| riff(head, b"WEBP"), endings: &["webp"] },
    Kind {
        media: "image/bmp",
        begins: |head| head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4]),
        endings: &["bmp"],
    },
    Kind {
        media: "image/tiff",
        begins: |head| head.starts_with(b"II*\0") || head.starts_with(b"MM\0*"),
        endings: &["tif", "tiff"],
    },
    Kind {
        media: "image/heic",
        begins: |head| [&b"heic"[..], b"heix", b"mif1"].iter().any(|brand| media_box(head, brand)),
        endings: &["heic", "heif"],
    },
    Kind { media: "audio/mp4", begins: |head| media_box(head, b"M4A "), endings: &["m4a"] },
    Kind { media: "video/quicktime", begins: |head| media_box(head, b"qt  "), endings: &["mov"] },
    Kind { media: "video/mp4", begins: |head| media_box(head, b""), endings: &["mp4", "m4v", "3gp"] },
    Kind { media: "audio/amr", begins: |head| head.starts_with(b"#!AMR"), endings: &["amr"] },
    Kind { media: "audio/wav", begins: |head| riff(head, b"WAVE"), endings: &["wav"] },
    Kind { media: "video/x-msvideo", begins: |head| riff(head, b"AVI "), endings: &["avi"] },
    Kind { media: "audio/ogg", begins: |head| head.starts_with(b"OggS"), endings: &["ogg", "opus"] },
    Kind { media: "audio/flac", begins: |head| head.starts_with(b"fLaC"), endings: &["flac"] },
    Kind {
        media: "audio/mpeg",
        begins: |head| head.starts_with(b"ID3") || matches!(head, [0xff, 0xe2..=0xe7 | 0xf2..=0xf7 | 0xfa | 0xfb, ..]),
        endings: &["mp3"],
    },
    Kind {
        media: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        begins: |head| packed(head, b"word/"),
        endings: &["docx"],
    },
    Kind {
        media: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        begins: |head| packed(head, b"xl/"),
        endings: &["xlsx"],
    },
    Kind {
        media: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        begins: |head| packed(head, b"ppt/"),
        endings: &["pptx"],
    },
    Kind {
        media: "application/vnd.oasis.opendocument.text",
        begins: |head| packed(head, b"mimetypeapplication/vnd.oasis.opendocument.text"),
        endings: &["odt"],
    },
    // 版式文档, the national format of official papers (GB/T 33190).
    Kind { media: "application/ofd", begins: |head| packed(head, b"OFD.xml"), endings: &["ofd"] },
    Kind {
        media: "application/zip",
        begins: |head| head.starts_with(ZIP) || head.starts_with(b"PK\x05\x06"),
        endings: &["zip"],
    },
    Kind {
        media: "application/x-ole-storage",
        begins: |head| head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        endings: &["doc", "xls", "ppt", "msg", "wps", "et", "dps"],
    },
    Kind { media: "application/vnd.rar", begins: |head| head.starts_with(b"Rar!\x1a\x07"), endings: &["rar"] },
    Kind {
        media: "application/x-7z-compressed",
        begins: |head| head.starts_with(b"7z\xbc\xaf\x27\x1c"),
        endings: &["7z"],
    },
    Kind { media: "application/gzip", begins: |head| head.starts_with(b"\x1f\x8b\x08"), endings: &["gz"] },
    Kind { media: "application/rtf", begins: |head| head.starts_with(b"{\\rtf"), endings: &["rtf"] },
    Kind { media: TEXT, begins: readable, endings: &["txt", "csv", "log", "eml"] },
];

/// What a file is that begins with these bytes; [`HEAD`] of them are enough.
#[must_use]
pub fn of(head: &[u8]) -> &'static str {
    let head = head.get(..HEAD).unwrap_or(head);
    KINDS.iter().find(|kind| (kind.begins)(head)).map_or(UNKNOWN, |kind| kind.media)
}

/// A name that a system takes for what the bytes are: unless it ends as such files do, their ending is added. Whoever
/// opens the file then opens what it is, not what its name claims.
#[must_use]
pub fn honest_name(name: &str, media: &str) -> String {
    let endings = KINDS.iter().find(|kind| kind.media == media).map_or(&["bin"][..], |kind| kind.endings);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    if ending.is_some_and(|ending| endings.contains(&ending.as_str())) {
        return name.to_owned();
    }
    format!("{name}.{}", endings.first().unwrap_or(&"bin"))
}

fn holds(head: &[u8], wanted: &[u8]) -> bool {
    head.windows(wanted.len()).any(|window| window == wanted)
}

fn riff(head: &[u8], form: &[u8]) -> bool {
    head.starts_with(b"RIFF") && head.get(8..).is_some_and(|rest| rest.starts_with(form))
}

fn media_box(head: &[u8], brand: &[u8]) -> bool {
    head.get(4..8) == Some(b"ftyp") && head.get(8..).is_some_and(|rest| rest.starts_with(brand))
}

fn packed(head: &[u8], name: &[u8]) -> bool {
    head.starts_with(ZIP) && holds(head, name)
}

/// Whether this is UTF-8 without control characters; the last character may be cut.
fn readable(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && head.len() == HEAD => {
            head.get(..error.valid_up_to()).and_then(|whole| std::str::from_utf8(whole).ok()).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t' | '\u{c}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_say_what_they_are() {
        for (head, media) in [
            (&b"%PDF-1.7 \xe2\xe3"[..], "application/pdf"),
            (b"\x89PNG\r\n\x1a\n\0\0", "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
            (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav"),
            (b"#!AMR\n", "audio/amr"),
            (b"\0\0\0\x18ftypmp42", "video/mp4"),
            (b"\0\0\0\x18ftypM4A ", "audio/mp4"),
            (b"ID3\x03", "audio/mpeg"),
            (b"PK\x03\x04....[Content_Types].xml....word/document.xml", KINDS[17].media),
            (b"PK\x03\x04....OFD.xml", "application/ofd"),
            (b"PK\x03\x04....x", "application/zip"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", TEXT),
            (b"<!doctype html><script>alert(1)</script>", TEXT),
            ("投诉材料\r\n第一页".as_bytes(), TEXT),
            (b"MZ\x90\0\x03", UNKNOWN),
            (b"\x7fELF", UNKNOWN),
            (b"a\0b", UNKNOWN),
            (b"BMW invoice", TEXT),
        ] {
            assert_eq!(of(head), media, "{:?}", String::from_utf8_lossy(head));
        }
        let cut = "长".repeat(HEAD);
        assert_eq!(of(cut.as_bytes()), TEXT, "a character cut at the end of the head is no fault");
        assert_eq!(of(&cut.as_bytes()[..100]), UNKNOWN, "one cut at the end of the file is");
    }

    #[test]
    fn a_name_ends_as_the_bytes_are() {
        for (name, media, honest) in [
            ("账单.pdf", "application/pdf", "账单.pdf"),
            ("账单.PDF", "application/pdf", "账单.PDF"),
            ("evil.html", TEXT, "evil.html.txt"),
            ("photo.svg", TEXT, "photo.svg.txt"),
            ("run.exe", UNKNOWN, "run.exe.bin"),
            ("run.exe", "image/png", "run.exe.png"),
            ("letter", "application/pdf", "letter.pdf"),
            ("x.y", "no/such", "x.y.bin"),
        ] {
            assert_eq!(honest_name(name, media), honest);
        }
    }

    #[test]
    fn kinds_stand_once() {
        let mut names: Vec<_> = KINDS.iter().map(|kind| kind.media).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KINDS.len());
    }
}
