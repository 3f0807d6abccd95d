//! A file as a stream of text: decoded piece by piece, so that its length does not matter. Bytes that are not of the
//! declared encoding become U+FFFD, and their places are noted, so that the row they stand in can be named.

use encoding_rs::{Decoder, DecoderResult, Encoding};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const RAW: usize = 64 * 1024;
/// Three bytes of text for one of the file are the most any encoding makes; a sign more for what is put in.
const TEXT: usize = RAW * 3 + 16;

/// Text read piece by piece.
pub(crate) struct Text<R> {
    source: R,
    decoder: Decoder,
    raw: Vec<u8>,
    from: usize,
    to: usize,
    ended: bool,
    /// Bytes of the file read so far, for whoever shows progress.
    read: Arc<AtomicU64>,
    made: u64,
    /// Places of unreadable bytes, counted in bytes of text.
    broken: VecDeque<u64>,
}

impl<R: Read> Text<R> {
    /// A mark at the beginning of the file decides; without one the declared encoding holds.
    pub(crate) fn new(source: R, encoding: &'static Encoding, read: Arc<AtomicU64>) -> Self {
        Self {
            source,
            decoder: encoding.new_decoder(),
            raw: vec![0; RAW],
            from: 0,
            to: 0,
            ended: false,
            read,
            made: 0,
            broken: VecDeque::new(),
        }
    }

    /// Replaces `piece` by the next piece of text; empty at the end.
    pub(crate) fn next(&mut self, piece: &mut Vec<u8>) -> io::Result<()> {
        piece.resize(TEXT, 0);
        let mut made = 0;
        while made == 0 && !self.ended {
            if self.from == self.to {
                self.to = read_some(&mut self.source, &mut self.raw)?;
                self.from = 0;
                self.read.fetch_add(self.to as u64, Ordering::Relaxed);
            }
            let last = self.to == 0;
            made = self.decode(piece, last);
            self.ended = last;
        }
        piece.truncate(made);
        self.made += made as u64;
        Ok(())
    }

    /// Decodes everything that was read.
    fn decode(&mut self, piece: &mut [u8], last: bool) -> usize {
        let mut made = 0;
        loop {
            let raw = self.raw.get(self.from..self.to).unwrap_or_default();
            let room = piece.get_mut(made..).unwrap_or_default();
            let (result, used, written) = self.decoder.decode_to_utf8_without_replacement(raw, room, last);
            self.from += used;
            made += written;
            match result {
                DecoderResult::InputEmpty | DecoderResult::OutputFull => return made,
                DecoderResult::Malformed(..) => {
                    self.broken.push_back(self.made + made as u64);
                    let sign = '\u{FFFD}'.encode_utf8(&mut [0; 4]).len();
                    // What does not fit any more could not happen: the piece has room for three bytes a byte read.
                    if let Some(place) = piece.get_mut(made..made + sign) {
                        place.copy_from_slice("\u{FFFD}".as_bytes());
                        made += sign;
                    }
                }
            }
        }
    }

    /// Whether unreadable bytes stood before a place of the text; those are forgotten.
    pub(crate) fn broken_before(&mut self, place: u64) -> bool {
        let mut found = false;
        while self.broken.front().is_some_and(|at| *at < place) {
            self.broken.pop_front();
            found = true;
        }
        found
    }
}

fn read_some(source: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that gives one byte at a time, so that every sign is cut somewhere.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            into[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn all(bytes: &[u8], label: &str) -> (String, bool) {
        let encoding = Encoding::for_label(label.as_bytes()).unwrap();
        let (mut whole, mut piece) = (Vec::new(), Vec::new());
        let mut text = Text::new(Drip(bytes), encoding, Arc::default());
        loop {
            text.next(&mut piece).unwrap();
            if piece.is_empty() {
                break;
            }
            whole.extend_from_slice(&piece);
        }
        assert_eq!(text.read.load(Ordering::Relaxed), bytes.len() as u64);
        (String::from_utf8(whole).unwrap(), text.broken_before(u64::MAX))
    }

    #[test]
    fn pieces_are_joined_however_they_are_cut() {
        assert_eq!(all("a投诉😀\n".as_bytes(), "utf-8"), ("a投诉😀\n".to_owned(), false));
        assert_eq!(all(b"\xEF\xBB\xBFa", "utf-8"), ("a".to_owned(), false));
        assert_eq!(
            all(&[0xCD, 0xB6, 0xCB, 0xDF, 0x84, 0x31, 0xA5, 0x30], "gb18030").0.chars().take(2).collect::<String>(),
            "投诉"
        );
        // A mark wins: what we wrote ourselves is UTF-8 whatever the source's encoding.
        assert_eq!(all("\u{FEFF}投".as_bytes(), "gb18030"), ("投".to_owned(), false));
        assert_eq!(all(b"a\xFFb\xE6\x8A", "utf-8"), ("a\u{FFFD}b\u{FFFD}".to_owned(), true));
        assert_eq!(all(b"", "gb18030"), (String::new(), false));
    }
}
