//! A model as bytes, and back. The bytes say which form they have; their SHA-256 is the name of the model. Whatever else is
//! handed in is refused within its own length, before memory is taken for what it claims to hold.

use crate::calibrate::Calibration;
use crate::model::{MOST_CLASSES, MOST_WEIGHTS, Model};
use crate::vocabulary::{MOST_TERMS, Vocabulary};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// What a file of this form begins with.
const BEGINS: &[u8; 8] = b"rdlearn1";
/// Longest name of a class, in bytes.
const LONGEST_LABEL: usize = 1_000;
/// No model is longer, in bytes.
pub const LARGEST_FILE: usize = 24 << 20;

/// Why bytes are no model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// They begin with something else.
    #[error("this is no model of redress, or one of a later version")]
    NotOne,
    /// They end too early or go on too long.
    #[error("the model is cut short or has more at its end")]
    Length,
    /// A number that cannot stand where it stands.
    #[error("the model is damaged: {0}")]
    Damaged(&'static str),
}

impl Model {
    /// The model as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = BEGINS.to_vec();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes();
        out.extend(self.examples.to_le_bytes());
        out.extend(count(self.classes.len()));
        for class in &self.classes {
            out.extend(count(class.len()));
            out.extend(class.as_bytes());
        }
        out.extend(count(self.vocabulary.len()));
        out.extend(self.vocabulary.keys.iter().flat_map(|key| key.to_le_bytes()));
        for numbers in [&self.vocabulary.idf, &self.scales, &self.weights.constant, &self.calibration.shift] {
            out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        out.extend(self.calibration.scale.to_le_bytes());
        out.extend(self.kept.iter().flat_map(|weight| weight.to_le_bytes()));
        out
    }

    /// The name of these bytes: their SHA-256, in hexadecimal digits.
    #[must_use]
    pub fn name_of(bytes: &[u8]) -> String {
        let digest = Sha256::digest(bytes);
        digest.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// A model of bytes.
    ///
    /// # Errors
    /// That they are none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Broken> {
        let mut rest = bytes.strip_prefix(BEGINS).ok_or(Broken::NotOne)?;
        if bytes.len() > LARGEST_FILE {
            return Err(Broken::Length);
        }
        let examples = u64::from_le_bytes(take(&mut rest)?);
        let classes = count(&mut rest)?;
        if classes == 0 || classes > MOST_CLASSES {
            return Err(Broken::Damaged("number of classes"));
        }
        let mut names: Vec<String> = Vec::with_capacity(classes);
        for _ in 0..classes {
            let length = count(&mut rest)?;
            if length > LONGEST_LABEL.max(rest.len().min(LONGEST_LABEL)) {
                return Err(Broken::Damaged("name of a class"));
            }
            let (name, after) = rest.split_at_checked(length).ok_or(Broken::Length)?;
            rest = after;
            let name = std::str::from_utf8(name).map_err(|_| Broken::Damaged("name of a class"))?;
            if names.last().is_some_and(|before| before.as_str() >= name) {
                return Err(Broken::Damaged("order of the classes"));
            }
            names.push(name.to_owned());
        }
        let terms = count(&mut rest)?;
        if terms > MOST_TERMS || terms * classes > MOST_WEIGHTS {
            return Err(Broken::Damaged("number of terms"));
        }
        // Everything that follows has a known length; nothing is read of a file of another one.
        if rest.len() != terms * 8 + classes * 12 + 4 + terms * classes * 2 {
            return Err(Broken::Length);
        }
        let keys: Vec<u32> = many(&mut rest, terms)?.into_iter().map(u32::from_le_bytes).collect();
        if !keys.is_sorted_by(|a, b| a < b) {
            return Err(Broken::Damaged("order of the terms"));
        }
        let idf = numbers(&mut rest, terms)?;
        let scales = numbers(&mut rest, classes)?;
        let constant = numbers(&mut rest, classes)?;
        let shift = numbers(&mut rest, classes)?;
        let scale = f32::from_le_bytes(take(&mut rest)?);
        if !(scale > 0.0 && scale <= 1e3) {
            return Err(Broken::Damaged("calibration"));
        }
        let kept = many(&mut rest, terms * classes)?.into_iter().map(i16::from_le_bytes).collect();
        let vocabulary = Vocabulary::new(keys, idf);
        Ok(Self::put_together(names, vocabulary, (kept, scales, constant), Calibration { scale, shift }, examples))
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Broken> {
    let (first, after) = rest.split_first_chunk::<N>().ok_or(Broken::Length)?;
    *rest = after;
    Ok(*first)
}

fn count(rest: &mut &[u8]) -> Result<usize, Broken> {
    usize::try_from(u32::from_le_bytes(take(rest)?)).map_err(|_| Broken::Length)
}

fn many<const N: usize>(rest: &mut &[u8], count: usize) -> Result<Vec<[u8; N]>, Broken> {
    let (these, after) = rest.split_at_checked(count * N).ok_or(Broken::Length)?;
    *rest = after;
    Ok(these.as_chunks::<N>().0.to_vec())
}

/// Finite numbers no greater than any that training makes.
fn numbers(rest: &mut &[u8], count: usize) -> Result<Vec<f32>, Broken> {
    let numbers: Vec<f32> = many(rest, count)?.into_iter().map(f32::from_le_bytes).collect();
    if numbers.iter().all(|number| number.abs() <= 1e6) { Ok(numbers) } else { Err(Broken::Damaged("a number")) }
}
