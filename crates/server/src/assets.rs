//! Files of the console as browsers get them: read and squeezed once, when the server starts. Their addresses hold the
//! edition of all files together, so a browser keeps them for a year and asks for none of them twice. Pages are never
//! squeezed: with what a stranger can place beside a secret in one answer, its length would tell of the secret.

use crate::data;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

/// Characters of an edition or a tag: enough that two differ.
const SHORT: usize = 16;

/// A file.
#[derive(Debug)]
struct Asset {
    media: &'static str,
    tag: String,
    plain: axum::body::Bytes,
    /// Squeezed, where that makes it smaller.
    gzip: Option<axum::body::Bytes>,
}

/// All of them.
#[derive(Debug)]
pub struct Assets {
    edition: String,
    files: BTreeMap<String, Asset>,
}

fn short(digest: Sha256) -> String {
    let mut hex: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    hex.truncate(SHORT);
    hex
}

fn media(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

fn squeezed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().filter(|small| small.len() < bytes.len())
}

/// Whether a client takes gzip.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let said = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    said.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        gzip && !parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0)))
    })
}

impl Assets {
    /// Reads the embedded files and those of a folder laid over them.
    #[must_use]
    pub fn load(folder: Option<&Path>) -> Self {
        let mut whole = Sha256::new();
        let mut files = BTreeMap::new();
        for (name, bytes) in data::assets(folder) {
            let Some(media) = media(&name) else { continue };
            let one = Sha256::new_with_prefix(&bytes);
            whole.update(name.as_bytes());
            whole.update([0]);
            whole.update(one.clone().finalize());
            let gzip = squeezed(&bytes).map(Into::into);
            files.insert(name, Asset { media, tag: format!("\"{}\"", short(one)), plain: bytes.into(), gzip });
        }
        Self { edition: short(whole), files }
    }

    /// What names these very files.
    #[must_use]
    pub fn edition(&self) -> &str {
        &self.edition
    }

    /// A file for a browser; nothing when there is none of that name. One asked for under another edition's address is
    /// given as it is now and not to be kept.
    #[must_use]
    pub fn answer(&self, edition: &str, name: &str, headers: &HeaderMap) -> Option<Response<Body>> {
        let asset = self.files.get(name)?;
        let kept = if edition == self.edition { "public, max-age=31536000, immutable" } else { "no-cache" };
        let gzip = asset.gzip.as_ref().filter(|_| takes_gzip(headers));
        let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let known = known.split(',').any(|one| one.trim().trim_start_matches("W/") == asset.tag);
        let body = match known {
            true => Body::empty(),
            false => Body::from(gzip.unwrap_or(&asset.plain).clone()),
        };
        let mut response = Response::new(body);
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let answer = response.headers_mut();
        answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media));
        answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
        answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if gzip.is_some() {
            answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        // The same contents in another encoding: weak, as the standard wants it.
        if let Ok(tag) = HeaderValue::from_str(&format!("W/{}", asset.tag)) {
            answer.insert(header::ETAG, tag);
        }
        Some(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn asked(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn files_are_small_kept_and_named_by_what_they_hold() {
        let assets = Assets::load(None);
        let (edition, gzip) = (assets.edition().to_owned(), asked(&[(header::ACCEPT_ENCODING, "br, gzip")]));
        let total: usize = assets.files.values().map(|one| one.gzip.as_ref().unwrap_or(&one.plain).len()).sum();
        assert!(total < 60_000, "{total} bytes in all");
        for (name, asset) in &assets.files {
            let answer = assets.answer(&edition, name, &gzip).unwrap();
            assert_eq!(answer.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
            if let Some(small) = &asset.gzip {
                assert_eq!(answer.headers()[header::CONTENT_ENCODING], "gzip", "{name}");
                let mut back = Vec::new();
                flate2::read::GzDecoder::new(&small[..]).read_to_end(&mut back).unwrap();
                assert_eq!(back, asset.plain, "{name}");
            }
        }
        for (encodings, squeezed) in [("", false), ("gzip;q=0", false), ("identity", false), ("GZIP;q=0.5", true)] {
            let headers = asked(&[(header::ACCEPT_ENCODING, encodings)]);
            let answer = assets.answer(&edition, "console.css", &headers).unwrap();
            assert_eq!(answer.headers().contains_key(header::CONTENT_ENCODING), squeezed, "{encodings}");
        }
        let elsewhere = assets.answer("another", "console.css", &gzip).unwrap();
        assert_eq!(elsewhere.headers()[header::CACHE_CONTROL], "no-cache");
        let mut again = HeaderMap::new();
        again.insert(header::IF_NONE_MATCH, elsewhere.headers()[header::ETAG].clone());
        assert_eq!(assets.answer(&edition, "console.css", &again).unwrap().status(), StatusCode::NOT_MODIFIED);
        assert!(assets.answer(&edition, "../data.rs", &gzip).is_none());
    }
}
