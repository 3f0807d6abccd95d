//! How good a classifier is, from what it said and what was right.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Figures of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassFigures {
    /// The class.
    pub label: String,
    /// Texts that are of it.
    pub support: usize,
    /// Texts that were said to be of it.
    pub predicted: usize,
    /// Share of those that are; 0 without any.
    pub precision: f64,
    /// Share of its texts that were found; 0 without any.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
}

/// All figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Texts measured.
    pub rows: usize,
    /// Share that was right.
    pub accuracy: f64,
    /// Mean of the classes' F1, over every class that is right or was said at least once.
    pub macro_f1: f64,
    /// Mean of -ln p of the right class; a class the model does not know has p = 1e-15.
    pub log_loss: f64,
    /// Expected calibration error: how far the probability of the first class lies from the share that was right, over
    /// fifteen bins of equal width.
    pub ece: f64,
    /// What of that is to be expected of probabilities that are exactly right, because the texts of a bin are few: only what
    /// lies above it speaks against them.
    #[serde(default)]
    pub ece_by_chance: f64,
    /// By class, in the order of their names.
    pub classes: Vec<ClassFigures>,
}

/// One text: what was right, what was said, and how sure.
#[derive(Clone, Debug)]
pub struct Outcome<'a> {
    /// The right class.
    pub right: &'a str,
    /// The class said.
    pub said: &'a str,
    /// Probability of the class said.
    pub sure: f64,
    /// Probability of the right class; nothing when the model does not know it.
    pub of_right: Option<f64>,
}

const BINS: usize = 15;

/// Counts. Nothing of nothing.
#[must_use]
pub fn figures(outcomes: &[Outcome<'_>]) -> Option<Figures> {
    if outcomes.is_empty() {
        return None;
    }
    let rows = outcomes.len();
    let share = |part: usize, of: usize| if of == 0 { 0.0 } else { part as f64 / of as f64 };
    let mut counts: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    let mut bins = [(0_usize, 0.0_f64, 0.0_f64); BINS];
    let (mut right, mut loss) = (0, 0.0);
    for one in outcomes {
        counts.entry(one.right).or_default().0 += 1;
        counts.entry(one.said).or_default().1 += 1;
        let hit = one.right == one.said;
        if hit {
            counts.entry(one.right).or_default().2 += 1;
            right += 1;
        }
        loss -= one.of_right.unwrap_or(0.0).clamp(1e-15, 1.0).ln();
        let bin = ((one.sure * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
        if let Some(bin) = bins.get_mut(bin) {
            *bin = (bin.0 + usize::from(hit), bin.1 + one.sure, bin.2 + one.sure * (1.0 - one.sure));
        }
    }
    let classes: Vec<ClassFigures> = counts
        .into_iter()
        .map(|(label, (support, predicted, hit))| ClassFigures {
            label: label.to_owned(),
            support,
            predicted,
            precision: share(hit, predicted),
            recall: share(hit, support),
            f1: share(2 * hit, support + predicted),
        })
        .collect();
    let ece = bins.iter().map(|(hit, sure, _)| (sure - *hit as f64).abs()).sum::<f64>() / rows as f64;
    // Hits of a bin are a sum of chances; the mean distance of such a sum from its own mean.
    let chance =
        bins.iter().map(|(.., variance)| (variance.max(0.0) * std::f64::consts::FRAC_2_PI).sqrt()).sum::<f64>();
    Some(Figures {
        rows,
        accuracy: share(right, rows),
        macro_f1: classes.iter().map(|class| class.f1).sum::<f64>() / classes.len() as f64,
        log_loss: loss / rows as f64,
        ece,
        ece_by_chance: chance / rows as f64,
        classes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_by_hand() {
        let one = |right, said, sure, of_right| Outcome { right, said, sure, of_right };
        let all = [
            one("a", "a", 0.9, Some(0.9)),
            one("a", "b", 0.6, Some(0.4)),
            one("b", "b", 0.8, Some(0.8)),
            one("c", "b", 0.5, None),
        ];
        let figures = figures(&all).unwrap();
        assert_eq!((figures.rows, figures.accuracy), (4, 0.5));
        // a: 2/3, b: 2/(1+3), c: 0.
        assert!((figures.macro_f1 - (2.0 / 3.0 + 0.5) / 3.0).abs() < 1e-12);
        let loss = -(0.9_f64.ln() + 0.4_f64.ln() + 0.8_f64.ln() + 1e-15_f64.ln()) / 4.0;
        assert!((figures.log_loss - loss).abs() < 1e-12);
        assert!((figures.ece - (0.1 + 0.6 + 0.2 + 0.5) / 4.0).abs() < 1e-12);
        // Four bins of one text each: √(2/π · p(1 − p)).
        let each = [0.9, 0.6, 0.8, 0.5].map(|p: f64| (p * (1.0 - p) * 2.0 / std::f64::consts::PI).sqrt());
        assert!((figures.ece_by_chance - each.iter().sum::<f64>() / 4.0).abs() < 1e-12);
        assert!(super::figures(&[]).is_none());
    }
}
