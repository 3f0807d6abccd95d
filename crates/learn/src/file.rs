//! A model as bytes, and back. The bytes say which form they have; their SHA-256 is the name of the model. Whatever else is
//! handed in is refused within its own length, before memory is taken for what it claims to hold.

use crate::calibrate::Calibration;
use crate::model::{MOST_CLASSES, MOST_WEIGHTS, Model};
use crate::vocabulary::{MOST_TERMS, Vocabulary};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// What a file of this form begins with, and one that knows no level and slope.
const BEGINS: &[u8; 8] = b"rdlearn2";
const BEGAN: &[u8; 8] = b"rdlearn1";
/// Longest name of a class, in bytes.
const LONGEST_LABEL: usize = 1_000;
/// No model is longer, in bytes.
pub const LARGEST_FILE: usize = 24 << 20;

/// What a file of several models begins with.
const BEGINS_MANY: &[u8; 8] = b"rdlearns";
/// Most models beside the first one.
const MOST_BESIDE: usize = 8;

/// A model and those learnt from the same texts about something else, each with a name, as one run of bytes. One alone is
/// written as it is.
#[must_use]
pub fn bind(first: Vec<u8>, beside: &[(&str, Vec<u8>)]) -> Vec<u8> {
    if beside.is_empty() {
        return first;
    }
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes();
    let mut out = BEGINS_MANY.to_vec();
    out.extend(count(beside.len()));
    for (name, bytes) in std::iter::once(("", &first)).chain(beside.iter().map(|(name, bytes)| (*name, bytes))) {
        out.extend(count(name.len()));
        out.extend(name.as_bytes());
        out.extend(count(bytes.len()));
        out.extend(bytes);
    }
    out
}

/// The model of such bytes, and those beside it by name.
///
/// # Errors
/// That they are none.
pub fn unbind(bytes: &[u8]) -> Result<(Model, Vec<(String, Model)>), Broken> {
    let Some(mut rest) = bytes.strip_prefix(BEGINS_MANY) else { return Ok((Model::from_bytes(bytes)?, Vec::new())) };
    let beside = count(&mut rest)?;
    if beside > MOST_BESIDE {
        return Err(Broken::Damaged("number of models"));
    }
    let (_, first) = named(&mut rest)?;
    let mut others = Vec::with_capacity(beside);
    for _ in 0..beside {
        others.push(named(&mut rest)?);
    }
    if rest.is_empty() { Ok((first, others)) } else { Err(Broken::Length) }
}

fn named(rest: &mut &[u8]) -> Result<(String, Model), Broken> {
    let name = std::str::from_utf8(part(rest)?).map_err(|_| Broken::Damaged("name of a model"))?;
    Ok((name.to_owned(), Model::from_bytes(part(rest)?)?))
}

fn part<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Broken> {
    let length = count(rest)?;
    let (part, after) = rest.split_at_checked(length).ok_or(Broken::Length)?;
    *rest = after;
    Ok(part)
}

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
        let Calibration { scale, level, slope, .. } = self.calibration;
        out.extend([scale, level, slope].iter().flat_map(|number| number.to_le_bytes()));
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
        let (mut rest, bent) = match bytes.strip_prefix(BEGINS) {
            Some(rest) => (rest, true),
            None => (bytes.strip_prefix(BEGAN).ok_or(Broken::NotOne)?, false),
        };
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
        let single = if bent { 12 } else { 4 };
        if rest.len() != terms * 8 + classes * 12 + single + terms * classes * 2 {
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
        let (level, slope) = if bent {
            let [level, slope] = [f32::from_le_bytes(take(&mut rest)?), f32::from_le_bytes(take(&mut rest)?)];
            if !(level.abs() <= 5.0 && (0.05..=5.0).contains(&slope)) {
                return Err(Broken::Damaged("calibration"));
            }
            (level, slope)
        } else {
            (0.0, 1.0)
        };
        let kept = many(&mut rest, terms * classes)?.into_iter().map(i16::from_le_bytes).collect();
        let vocabulary = Vocabulary::new(keys, idf);
        Ok(Self::put_together(
            names,
            vocabulary,
            (kept, scales, constant),
            Calibration { scale, shift, level, slope },
            examples,
        ))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Example;

    #[test]
    fn several_models_are_one_run_of_bytes_and_one_is_its_own() {
        let learnt = |labels: [&str; 2]| {
            let texts = ["no signal at home", "charged twice on the bill"];
            let examples: Vec<Example<'_>> =
                (0..12).map(|n| Example { text: texts[n % 2], label: labels[n % 2] }).collect();
            Model::train(&examples).unwrap().to_bytes()
        };
        let (first, other) = (learnt(["a", "b"]), learnt(["x", "y"]));
        // One of before, without level and slope, is read as it was.
        let model = Model::from_bytes(&first).unwrap();
        let weights = model.kept.len() * 2;
        let mut before = first.clone();
        before.drain(before.len() - weights - 8..before.len() - weights);
        before[7] = b'1';
        assert_eq!(Model::from_bytes(&before).unwrap().calibration.slope, 1.0);
        assert_eq!(bind(first.clone(), &[]), first);
        let both = bind(first.clone(), &[("unit", other.clone())]);
        let (one, beside) = unbind(&both).unwrap();
        assert_eq!((one.to_bytes(), beside.len()), (first.clone(), 1));
        assert_eq!((beside[0].0.as_str(), beside[0].1.to_bytes()), ("unit", other));
        assert!(unbind(&first).unwrap().1.is_empty());
        let longer = [both.as_slice(), b"x".as_slice()].concat();
        let many = b"rdlearns\xff\xff\xff\xff".as_slice();
        for wrong in [&both[..both.len() - 1], &both[..9], longer.as_slice(), many] {
            assert!(unbind(wrong).is_err());
        }
    }
}
