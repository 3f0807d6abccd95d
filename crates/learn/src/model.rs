//! A classifier: what it is made of, how it is made, what it says.

use crate::calibrate::Calibration;
use crate::solve::{Sequence, Weights, solve};
use crate::text::{self, Block};
use crate::vocabulary::{MOST_TERMS, Vector, Vocabulary};
use std::collections::BTreeMap;
use std::ops::Range;

/// Most classes of a model.
pub const MOST_CLASSES: usize = 500;
/// Most numbers in it: terms times classes.
pub(crate) const MOST_WEIGHTS: usize = 1 << 23;
/// Parts a training set is cut into so that each is judged by separators that have not seen it.
const PARTS: usize = 5;
/// Up to so many texts every part is judged, above only one: enough is enough.
const SMALL: usize = 5_000;
/// Terms told for a class.
const REASONS: usize = 5;

/// A text and what it is of.
#[derive(Clone, Copy, Debug)]
pub struct Example<'a> {
    /// The text.
    pub text: &'a str,
    /// Its class; not empty.
    pub label: &'a str,
}

/// Why nothing can be learnt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrainable {
    /// There are no texts.
    #[error("there is no text to learn from")]
    Nothing,
    /// None of the texts has a single term.
    #[error("no text says anything: all are empty or made of signs that are no letters")]
    NoWords,
    /// More classes than a model holds.
    #[error("{0} classes are more than the {MOST_CLASSES} a model holds; is the right column named?")]
    TooManyClasses(usize),
    /// More than can be learned in memory and time that anybody has.
    #[error("{0} texts of {1} classes are too many: texts times classes may come to {MOST_PAIRS}")]
    TooMuch(usize, usize),
}

/// Texts times classes that are learned at most: each pair has a number of its own while a model is made.
const MOST_PAIRS: usize = 50_000_000;

/// A class and how sure that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The class.
    pub label: String,
    /// Its probability, calibrated on texts the separators had not seen.
    pub probability: f32,
    /// What of the text spoke for it, the strongest first.
    pub reasons: Vec<Reason>,
}

/// A part of a text that spoke for a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// The words, as folded.
    pub words: String,
    /// How much they said, in parts of the margin.
    pub weight: f32,
}

/// A classifier.
#[derive(Clone, Debug)]
pub struct Model {
    pub(crate) classes: Vec<String>,
    pub(crate) vocabulary: Vocabulary,
    /// Weights as they are kept: sixteen bits each, times the scale of the class.
    pub(crate) kept: Vec<i16>,
    pub(crate) scales: Vec<f32>,
    pub(crate) weights: Weights,
    pub(crate) calibration: Calibration,
    pub(crate) examples: u64,
}

impl Model {
    /// From this probability on the first class is more likely right than wrong; below it a model is not sure.
    pub const SURE: f32 = 0.5;

    /// Learns. The order of the examples matters to the last digit, nothing else does.
    ///
    /// # Errors
    /// That there is nothing to learn from.
    pub fn train(examples: &[Example<'_>]) -> Result<Self, Untrainable> {
        if examples.is_empty() {
            return Err(Untrainable::Nothing);
        }
        let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
        for example in examples {
            numbers.insert(example.label, 0);
        }
        if numbers.len() > MOST_CLASSES {
            return Err(Untrainable::TooManyClasses(numbers.len()));
        }
        for (number, place) in numbers.values_mut().zip(0..) {
            *number = place;
        }
        let classes = numbers.len();
        if examples.len().saturating_mul(classes) > MOST_PAIRS {
            return Err(Untrainable::TooMuch(examples.len(), classes));
        }
        let right: Vec<u32> =
            examples.iter().map(|example| numbers.get(example.label).copied().unwrap_or_default()).collect();
        let folded: Vec<String> = examples.iter().map(|example| text::fold(example.text)).collect();
        let most = (MOST_WEIGHTS / classes).min(MOST_TERMS);
        let vocabulary = Vocabulary::of(folded.iter().map(String::as_str), most);
        if vocabulary.len() == 0 {
            return Err(Untrainable::NoWords);
        }
        let calibration = calibrate(&folded, &right, &vocabulary, classes);
        let vectors: Vec<Vector> = folded.iter().map(|folded| vocabulary.vector(folded)).collect();
        let texts: Vec<(&Vector, u32)> = vectors.iter().zip(right).collect();
        let weights = solve(&texts, vocabulary.len(), classes);
        let (kept, scales) = keep(&weights);
        let names = numbers.into_keys().map(str::to_owned).collect();
        let constant = weights.constant;
        Ok(Self::put_together(names, vocabulary, (kept, scales, constant), calibration, examples.len() as u64))
    }

    pub(crate) fn put_together(
        classes: Vec<String>,
        vocabulary: Vocabulary,
        (kept, scales, constant): (Vec<i16>, Vec<f32>, Vec<f32>),
        calibration: Calibration,
        examples: u64,
    ) -> Self {
        let of = kept.chunks(scales.len().max(1));
        let of = of.flat_map(|row| row.iter().zip(&scales).map(|(kept, scale)| f32::from(*kept) * scale)).collect();
        let weights = Weights { classes: classes.len(), of, constant };
        Self { classes, vocabulary, kept, scales, weights, calibration, examples }
    }

    /// The classes it knows, in the order of their names.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// How many texts it was made from.
    #[must_use]
    pub fn examples(&self) -> u64 {
        self.examples
    }

    /// How many terms it knows.
    #[must_use]
    pub fn terms(&self) -> usize {
        self.vocabulary.len()
    }

    /// The probability of every class, in the order of [`Self::classes`]. A text without known terms gets what the classes
    /// have by themselves.
    #[must_use]
    pub fn probabilities(&self, text: &str) -> Vec<f32> {
        let vector = self.vocabulary.vector(&text::fold(text));
        let mut margins = Vec::new();
        self.weights.margins(&vector, &mut margins);
        self.calibration.probabilities(&margins)
    }

    /// The likeliest classes, the likeliest first, with what spoke for each.
    #[must_use]
    pub fn guess(&self, text: &str, most: usize) -> Vec<Guess> {
        let folded = text::fold(text);
        let mut places: Vec<(u32, Range<usize>)> = Vec::new();
        let vector = self.vocabulary.placed(&folded, |term, place| places.push((term, place)));
        let mut margins = Vec::new();
        self.weights.margins(&vector, &mut margins);
        let probabilities = self.calibration.probabilities(&margins);
        let mut order: Vec<usize> = (0..self.classes.len()).collect();
        let of = |class: &usize| probabilities.get(*class).copied().unwrap_or(0.0);
        order.sort_by(|a, b| of(b).total_cmp(&of(a)).then(a.cmp(b)));
        order.truncate(most);
        let guess = |class: usize| Guess {
            label: self.classes.get(class).cloned().unwrap_or_default(),
            probability: of(&class),
            reasons: self.reasons(&folded, &vector, &places, class),
        };
        order.into_iter().map(guess).collect()
    }

    /// What of a text speaks for a class more than for the others: the share of every known term is laid on the signs it
    /// stands on, and the words or runs of signs with most of it are told.
    fn reasons(
        &self,
        folded: &str,
        vector: &[(u32, f32)],
        places: &[(u32, Range<usize>)],
        class: usize,
    ) -> Vec<Reason> {
        let mut counts: BTreeMap<u32, f32> = BTreeMap::new();
        for (term, _) in places {
            *counts.entry(*term).or_default() += 1.0;
        }
        let mut on = vec![0.0_f32; folded.len() + 1];
        for (term, place) in places {
            let Ok(found) = vector.binary_search_by_key(term, |(term, _)| *term) else { continue };
            let value = vector.get(found).map_or(0.0, |(_, value)| *value);
            let row = self.weights.row(*term);
            let mean = row.iter().sum::<f32>() / row.len().max(1) as f32;
            let weight = row.get(class).copied().unwrap_or(0.0) - mean;
            let each = value * weight / counts.get(term).copied().unwrap_or(1.0) / place.len().max(1) as f32;
            for on in on.get_mut(place.clone()).into_iter().flatten() {
                *on += each;
            }
        }
        let mut sum = 0.0;
        let sums: Vec<f32> = std::iter::once(0.0)
            .chain(on.iter().map(|on| {
                sum += on;
                sum
            }))
            .collect();
        let mut spans: Vec<(f32, Range<usize>)> = Vec::new();
        text::terms(folded, |block, _, place| {
            let words = folded.get(place.clone()).unwrap_or_default();
            let whole = match block {
                Block::Word => words.chars().all(|sign| sign.is_alphanumeric() || sign == '_'),
                Block::Run => place.len() > 3,
                Block::Piece => false,
            };
            if whole {
                let at = |place: usize| sums.get(place).copied().unwrap_or(0.0);
                spans.push((at(place.end) - at(place.start), place));
            }
        });
        spans.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.start.cmp(&b.1.start)));
        let mut told: Vec<Reason> = Vec::new();
        let mut taken: Vec<Range<usize>> = Vec::new();
        for (weight, place) in spans {
            if weight <= 0.0 || told.len() == REASONS {
                break;
            }
            let words = folded.get(place.clone()).unwrap_or_default();
            let apart = taken.iter().all(|taken| place.end <= taken.start || taken.end <= place.start);
            if apart && told.iter().all(|reason| reason.words != words) {
                told.push(Reason { words: words.to_owned(), weight });
                taken.push(place);
            }
        }
        told
    }
}

/// Weights in sixteen bits each: a hundredth of a per cent of the greatest of the class is far below what the data says.
fn keep(weights: &Weights) -> (Vec<i16>, Vec<f32>) {
    let mut greatest = vec![0.0_f32; weights.classes];
    for row in weights.of.chunks(weights.classes.max(1)) {
        for (greatest, weight) in greatest.iter_mut().zip(row) {
            *greatest = greatest.max(weight.abs());
        }
    }
    let scales: Vec<f32> = greatest.iter().map(|greatest| (greatest / 32_767.0).max(f32::MIN_POSITIVE)).collect();
    let rows = weights.of.chunks(weights.classes.max(1));
    let kept = rows.flat_map(|row| row.iter().zip(&scales).map(|(weight, scale)| (weight / scale).round() as i16));
    (kept.collect(), scales)
}

/// Margins of texts by separators that have not seen them, and what follows for the probabilities.
fn calibrate(folded: &[String], right: &[u32], vocabulary: &Vocabulary, classes: usize) -> Calibration {
    if classes < 2 || folded.len() < 2 * PARTS {
        return Calibration::plain(classes);
    }
    // Every part has its share of every class.
    let mut order: Vec<usize> = (0..folded.len()).collect();
    Sequence(0xca11).shuffle(&mut order);
    order.sort_by_key(|at| right.get(*at).copied().unwrap_or_default());
    let mut part = vec![0; folded.len()];
    for (place, at) in order.into_iter().enumerate() {
        if let Some(part) = part.get_mut(at) {
            *part = place % PARTS;
        }
    }
    let parts = if folded.len() <= SMALL { PARTS } else { 1 };
    let mut held = Vec::new();
    for left_out in 0..parts {
        let own;
        // A small set's vocabulary is mostly words of one text, so a part that is held back must not have been in it.
        let vocabulary = if folded.len() <= SMALL {
            let seen = folded.iter().zip(&part).filter(|(_, part)| **part != left_out).map(|(text, _)| text.as_str());
            own = Vocabulary::of(seen, vocabulary.len());
            &own
        } else {
            vocabulary
        };
        let vectors: Vec<Vector> = folded.iter().map(|folded| vocabulary.vector(folded)).collect();
        let texts = vectors.iter().zip(right.iter().copied()).zip(&part);
        let seen: Vec<(&Vector, u32)> = texts.filter(|(_, part)| **part != left_out).map(|(text, _)| text).collect();
        let weights = solve(&seen, vocabulary.len(), classes);
        for ((vector, right), _) in vectors.iter().zip(right).zip(&part).filter(|(_, part)| **part == left_out) {
            let mut margins = Vec::new();
            weights.margins(vector, &mut margins);
            held.push((margins, *right));
        }
    }
    Calibration::fit(&held, classes)
}
