//! The PDF: A4 pages, one font of which only what is used is embedded, text that can be selected and searched. Nothing
//! in it depends on when or where it was made.

use crate::font::{Font, Fonts, NoFont, is_drawn};
use crate::lines::lines;
use crate::{Block, Letter};
use jiff::tz::TimeZone;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};
use std::collections::BTreeMap;
use subsetter::GlyphRemapper;
use ttf_parser::{Face, Tag};

const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 62.0;
const IDENTITY: SystemInfo<'_> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// A line with its place on its page.
struct Line {
    size: f32,
    y: f32,
    text: String,
}

/// The letter as a PDF, times in the zone given.
///
/// # Errors
/// If no font has all its characters.
pub fn pdf(letter: &Letter, zone: &TimeZone, fonts: &Fonts) -> Result<Vec<u8>, NoFont> {
    let blocks = letter.blocks(zone);
    let mut all = String::from("0123456789/ ");
    for block in &blocks {
        all.push_str(text_of(block));
    }
    let font = fonts.covering(&all, &letter.language)?;
    let face = Face::parse(&font.bytes, font.index).map_err(|_| NoFont { missing: String::new() })?;
    let pages = set(&blocks, &face);
    draw(letter, &pages, &face, &font).ok_or(NoFont { missing: String::new() })
}

fn text_of(block: &Block) -> &str {
    match block {
        Block::Head(text) | Block::Note(text) | Block::Title(text) | Block::Text(text) | Block::Small(text) => text,
    }
}

fn advance(face: &Face<'_>, letter: char) -> f32 {
    let glyph = face.glyph_index(letter).filter(|_| is_drawn(letter));
    glyph.and_then(|glyph| face.glyph_hor_advance(glyph)).map_or(0.0, f32::from) / f32::from(face.units_per_em())
}

/// Breaks the document into pages.
fn set(blocks: &[Block], face: &Face<'_>) -> Vec<Vec<Line>> {
    let mut pages = vec![Vec::new()];
    let mut y = PAGE.1 - MARGIN;
    for block in blocks {
        // Size of the letters, room above and below.
        let (size, above, below) = match block {
            Block::Head(_) => (15.0, 0.0, 18.0),
            Block::Note(_) => (10.5, 0.0, 2.0),
            Block::Title(_) => (14.0, 16.0, 8.0),
            Block::Text(_) => (10.5, 0.0, 8.0),
            Block::Small(_) => (8.0, 2.0, 0.0),
        };
        let height = size * 1.6;
        y -= above;
        // Tabs have no glyph of their own.
        let text = text_of(block).replace('\t', "    ");
        for line in lines(&text, PAGE.0 - 2.0 * MARGIN, |letter| advance(face, letter) * size) {
            if y - height < MARGIN {
                pages.push(Vec::new());
                y = PAGE.1 - MARGIN;
            }
            y -= height;
            let line = Line { size, y, text: line.chars().filter(|letter| is_drawn(*letter)).collect() };
            if let Some(page) = pages.last_mut() {
                page.push(line);
            }
        }
        y -= below;
    }
    let count = pages.len();
    for (page, n) in pages.iter_mut().zip(1..) {
        page.push(Line { size: 8.0, y: MARGIN / 2.0, text: format!("{n} / {count}") });
    }
    pages
}

/// Numbers of the used glyphs in the embedded font, with the character each stands for.
#[derive(Default)]
struct Used {
    glyphs: GlyphRemapper,
    letters: BTreeMap<u16, (char, f32)>,
}

impl Used {
    fn encode(&mut self, face: &Face<'_>, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len());
        for letter in text.chars() {
            let Some(glyph) = face.glyph_index(letter) else { continue };
            let number = self.glyphs.remap(glyph.0);
            self.letters.entry(number).or_insert((letter, advance(face, letter) * 1000.0));
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }
}

fn draw(letter: &Letter, pages: &[Vec<Line>], face: &Face<'_>, font: &Font) -> Option<Vec<u8>> {
    let mut used = Used::default();
    let mut pdf = Pdf::new();
    let mut next = 1;
    let mut fresh = || {
        let id = Ref::new(next);
        next += 1;
        id
    };
    let (catalog, tree, info, whole) = (fresh(), fresh(), fresh(), fresh());
    let (cid, descriptor, file, cmap) = (fresh(), fresh(), fresh(), fresh());
    let title = format!("{} {}", letter.number, letter.subject);
    let mut root = pdf.catalog(catalog);
    root.pages(tree).lang(TextStr(&letter.language));
    root.viewer_preferences().pair(Name(b"DisplayDocTitle"), true);
    root.finish();
    pdf.document_info(info).title(TextStr(&title)).creator(TextStr("Redress"));
    let mut ids = Vec::new();
    for lines in pages {
        let (page, contents) = (fresh(), fresh());
        ids.push(page);
        let mut sheet = pdf.page(page);
        sheet.media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1)).parent(tree).contents(contents);
        sheet.resources().fonts().pair(Name(b"F"), whole);
        sheet.finish();
        let mut content = Content::new();
        for line in lines {
            let bytes = used.encode(face, &line.text);
            content.begin_text().set_font(Name(b"F"), line.size).next_line(MARGIN, line.y).show(Str(&bytes)).end_text();
        }
        pdf.stream(contents, &content.finish());
    }
    pdf.pages(tree).count(i32::try_from(ids.len()).ok()?).kids(ids);
    embed(&mut pdf, [whole, cid, descriptor, file, cmap], &used, face, font)?;
    Some(pdf.finish())
}

/// Embeds what is used of the font, and says which character each glyph stands for.
fn embed(pdf: &mut Pdf, ids: [Ref; 5], used: &Used, face: &Face<'_>, font: &Font) -> Option<()> {
    let [whole, cid, descriptor, file, cmap] = ids;
    let part = subsetter::subset(&font.bytes, font.index, &used.glyphs).ok()?;
    let raw = ttf_parser::RawFace::parse(&part, 0).ok()?;
    let outlines = raw.table(Tag::from_bytes(b"CFF "));
    let name = Name(b"LETTER+Text");
    pdf.type0_font(whole)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(cid)
        .to_unicode(cmap);
    let mut written = pdf.cid_font(cid);
    written.subtype(if outlines.is_some() { CidFontType::Type0 } else { CidFontType::Type2 });
    written.base_font(name).system_info(IDENTITY).font_descriptor(descriptor).default_width(0.0);
    if outlines.is_none() {
        written.cid_to_gid_map_predefined(Name(b"Identity"));
    }
    let mut widths = written.widths();
    for (number, (_, width)) in &used.letters {
        widths.consecutive(*number, [*width]);
    }
    widths.finish();
    written.finish();
    let scale = 1000.0 / f32::from(face.units_per_em());
    let bounds = face.global_bounding_box();
    let scaled = |value: i16| f32::from(value) * scale;
    let mut about = pdf.font_descriptor(descriptor);
    about.name(name).flags(FontFlags::SYMBOLIC).italic_angle(0.0).stem_v(80.0);
    about.bbox(Rect::new(scaled(bounds.x_min), scaled(bounds.y_min), scaled(bounds.x_max), scaled(bounds.y_max)));
    about.ascent(scaled(face.ascender())).descent(scaled(face.descender()));
    about.cap_height(scaled(face.capital_height().unwrap_or(face.ascender())));
    match outlines {
        Some(_) => about.font_file3(file),
        None => about.font_file2(file),
    };
    about.finish();
    match outlines {
        Some(table) => drop(pdf.stream(file, table).pair(Name(b"Subtype"), Name(b"CIDFontType0C"))),
        None => drop(pdf.stream(file, &part).pair(Name(b"Length1"), i32::try_from(part.len()).ok()?)),
    }
    let mut map = UnicodeCmap::new(Name(b"Letter"), IDENTITY);
    for (number, (letter, _)) in &used.letters {
        map.pair(*number, *letter);
    }
    pdf.stream(cmap, &map.finish());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::letter;
    use std::path::PathBuf;

    fn between<'t>(bytes: &'t [u8], open: &[u8], close: &[u8]) -> Vec<&'t [u8]> {
        let find =
            |from: usize, what: &[u8]| bytes[from..].windows(what.len()).position(|w| w == what).map(|at| from + at);
        let (mut found, mut from) = (Vec::new(), 0);
        while let Some(start) = find(from, open).map(|at| at + open.len()) {
            let Some(end) = find(start, close) else { break };
            found.push(&bytes[start..end]);
            from = end + close.len();
        }
        found
    }

    /// A string of a PDF, as digits or in brackets.
    fn string(bytes: &[u8]) -> Vec<u8> {
        if bytes.first() == Some(&b'<') {
            let digits: Vec<u8> = bytes.iter().copied().filter(u8::is_ascii_hexdigit).collect();
            return digits
                .chunks(2)
                .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
                .collect();
        }
        let (mut out, mut at) = (Vec::new(), 1);
        while at + 1 < bytes.len() {
            if bytes[at] == b'\\' {
                at += 1;
                if bytes[at].is_ascii_digit() {
                    out.push(u8::from_str_radix(std::str::from_utf8(&bytes[at..at + 3]).unwrap(), 8).unwrap());
                    at += 3;
                    continue;
                }
                out.push(match bytes[at] {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'f' => 12,
                    other => other,
                });
            } else {
                out.push(bytes[at]);
            }
            at += 1;
        }
        out
    }

    /// What somebody who copies the text gets: glyphs back to characters by the embedded map.
    fn read(bytes: &[u8]) -> String {
        let mut map = BTreeMap::new();
        for block in between(bytes, b"beginbfchar", b"endbfchar") {
            for line in String::from_utf8_lossy(block).lines().filter(|line| line.starts_with('<')) {
                let mut parts = line.split(['<', '>']).filter(|part| !part.trim().is_empty());
                let glyph = u16::from_str_radix(parts.next().unwrap(), 16).unwrap();
                let letter = u32::from_str_radix(parts.next().unwrap(), 16).unwrap();
                map.insert(glyph, char::from_u32(letter).unwrap());
            }
        }
        let mut text = String::new();
        for shown in between(bytes, b"Td\n", b" Tj\nET") {
            let glyphs = string(shown);
            text.extend(glyphs.chunks(2).map(|two| map[&u16::from_be_bytes([two[0], two[1]])]));
            text.push('\n');
        }
        text
    }

    /// Nothing on machines without a font for Chinese; there the missing font is what is tested.
    fn made(letter: &Letter) -> Option<Vec<u8>> {
        pdf(letter, &TimeZone::UTC, &Fonts::default()).ok()
    }

    #[test]
    fn the_text_can_be_read_back_and_the_bytes_are_the_same_each_time() {
        let mut letter = letter("zh-CN", "您好，您的投诉已经收到。\n\n我们会在规定时间内答复您。Thank you, 123.");
        letter.subject = "关于您的投诉".to_owned();
        let Some(bytes) = made(&letter) else { return };
        assert_eq!(Some(&bytes), made(&letter).as_ref());
        let text = read(&bytes);
        assert!(text.contains("您好，您的投诉已经收到。") && text.contains("Thank you, 123."), "{text}");
        assert!(text.contains("1 / 1") && text.contains("工单编号：TS-20260305-000001-1"), "{text}");
        assert!(bytes.windows(5).any(|part| part == b"zh-CN"));
        assert!(bytes.len() < 200_000, "only what is used is embedded: {}", bytes.len());
    }

    #[test]
    fn a_long_letter_takes_more_pages_and_loses_nothing() {
        let long = "您的投诉我们已经查清，结果如下。".repeat(2_000);
        let Some(bytes) = made(&letter("zh-CN", &long)) else { return };
        let text: String = read(&bytes).lines().filter(|line| !line.contains(" / ")).collect();
        assert!(text.contains(&long));
        assert!(between(&bytes, b"/Type /Page\n", b"endobj").len() > 10);
    }

    #[test]
    fn no_font_means_no_pdf() {
        let none = Fonts::new(Some(PathBuf::from("/nowhere/none.ttf")));
        assert!(pdf(&letter("en", "x"), &TimeZone::UTC, &none).is_err());
        let strange = pdf(&letter("en", "\u{10fffd}"), &TimeZone::UTC, &Fonts::default()).unwrap_err();
        assert!(strange.missing.is_empty() || strange.missing == "\u{10fffd}");
    }
}
