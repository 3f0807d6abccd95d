//! Which terms count, and how much each says: sublinear frequency, inverse document frequency, unit length.

use crate::hash::ByKey;
use crate::text::{self, Block};
use std::ops::Range;

/// Most terms of a model.
pub(crate) const MOST_TERMS: usize = 1 << 17;

/// Terms with their place in the model and their inverse document frequency.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vocabulary {
    /// Keys in rising order.
    pub(crate) keys: Vec<u32>,
    /// Inverse document frequency of each.
    pub(crate) idf: Vec<f32>,
    at: ByKey<u32>,
}

/// A text as numbers: terms in rising order with their weight; the square of its length is one, or zero without terms.
pub(crate) type Vector = Vec<(u32, f32)>;

impl Vocabulary {
    pub(crate) fn new(keys: Vec<u32>, idf: Vec<f32>) -> Self {
        let at = keys.iter().zip(0_u32..).map(|(key, place)| (*key, place)).collect();
        Self { keys, idf, at }
    }

    /// The terms of texts that are worth keeping: of many texts only what stands in more than one of them, and so many at
    /// most, the frequent ones first.
    pub(crate) fn of<'t>(texts: impl Iterator<Item = &'t str>, most: usize) -> Self {
        let mut seen: ByKey<(u32, u32)> = ByKey::default();
        let mut count = 0_u32;
        for folded in texts {
            count += 1;
            text::terms(folded, |_, key, _| {
                let entry = seen.entry(key).or_insert((0, 0));
                if entry.1 != count {
                    *entry = (entry.0 + 1, count);
                }
            });
        }
        let least = match count {
            0..5_000 => 1,
            5_000..20_000 => 2,
            _ => 4,
        };
        let mut kept: Vec<(u32, u32)> =
            seen.into_iter().filter(|(_, (df, _))| *df >= least).map(|(key, (df, _))| (df, key)).collect();
        kept.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        kept.truncate(most.min(MOST_TERMS));
        kept.sort_unstable_by_key(|(_, key)| *key);
        let idf = |df: u32| ((1.0 + f64::from(count)) / (1.0 + f64::from(df))).ln() + 1.0;
        Self::new(kept.iter().map(|(_, key)| *key).collect(), kept.iter().map(|(df, _)| idf(*df) as f32).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// A folded text as numbers.
    pub(crate) fn vector(&self, folded: &str) -> Vector {
        self.placed(folded, |_, _| {})
    }

    /// The same, telling where each known term stands.
    pub(crate) fn placed(&self, folded: &str, mut tell: impl FnMut(u32, Range<usize>)) -> Vector {
        let mut found: Vec<(u32, u8)> = Vec::with_capacity(folded.len());
        text::terms(folded, |block, key, place| {
            if let Some(term) = self.at.get(&key) {
                found.push((*term, block.index() as u8));
                tell(*term, place);
            }
        });
        found.sort_unstable();
        let mut length = [0.0_f32; Block::COUNT];
        let mut weights: Vec<(u32, u8, f32)> = Vec::with_capacity(found.len());
        for same in found.chunk_by(|a, b| a.0 == b.0) {
            let Some((term, block)) = same.first() else { continue };
            let idf = self.idf.get(*term as usize).copied().unwrap_or(0.0);
            let weight = (1.0 + (same.len() as f32).ln()) * idf;
            weights.push((*term, *block, weight));
            if let Some(length) = length.get_mut(usize::from(*block)) {
                *length += weight * weight;
            }
        }
        // Each sort of terms has the share of the length its script has of the text, words and pieces half of it each.
        let (runs, words) = text::shares(folded);
        let all = (runs + words).max(1) as f32;
        let share = [words as f32 / all / 2.0, words as f32 / all / 2.0, runs as f32 / all];
        let mut scale = [0.0_f32; Block::COUNT];
        for ((scale, length), share) in scale.iter_mut().zip(length).zip(share) {
            if length > 0.0 {
                *scale = (share / length).sqrt();
            }
        }
        let scaled = |(term, block, weight): (u32, u8, f32)| {
            (term, weight * scale.get(usize::from(block)).copied().unwrap_or(0.0))
        };
        weights.into_iter().map(scaled).collect()
    }
}
