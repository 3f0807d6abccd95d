//! From margins to probabilities. Margins of texts the separators have not seen are held against what was right; one scale
//! for all classes and one shift a class make them probabilities (temperature with shifts that are held near zero). Those
//! are too bold at both ends, because separators that know nothing of each other agree too easily and some labels are a
//! matter of opinion; so the first class is held against what was right once more, by a level and a slope of its log odds
//! (Platt), and the others share what it leaves. Which class is first does not change.

/// Scale and shifts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Calibration {
    pub(crate) scale: f32,
    pub(crate) shift: Vec<f32>,
    /// What is added to the log odds of the first class, and what they are multiplied with before.
    pub(crate) level: f32,
    pub(crate) slope: f32,
}

/// What a shift costs, so that a class with few texts is not moved far.
const HOLD: f64 = 2.0;
const ROUNDS: usize = 300;
/// What leaving the log odds as they are is worth, in texts: few texts do not move them far.
const HOLD_FIRST: f64 = 5.0;
/// Log odds beyond which nothing is told apart.
const FURTHEST: f64 = 12.0;

impl Calibration {
    /// What is used where nothing could be held back.
    pub(crate) fn plain(classes: usize) -> Self {
        Self { scale: 2.0, shift: vec![0.0; classes], level: 0.0, slope: 1.0 }
    }

    /// Fits scale and shifts to margins and the right class of each.
    pub(crate) fn fit(held: &[(Vec<f32>, u32)], classes: usize) -> Self {
        if held.is_empty() || classes < 2 {
            return Self::plain(classes);
        }
        let mut log_scale = 2.0_f64.ln();
        let mut shift = vec![0.0_f64; classes];
        let count = held.len() as f64;
        // Plain descent with steps that grow while it gets better and shrink when it does not.
        let (mut step, mut best) = (1.0_f64, f64::INFINITY);
        let mut tried = (log_scale, shift.clone());
        for _ in 0..ROUNDS {
            let (loss, slope, slopes) = loss(held, tried.0, &tried.1, count);
            if loss <= best {
                best = loss;
                (log_scale, shift) = tried.clone();
                tried.0 -= step * slope;
                for (shift, slope) in tried.1.iter_mut().zip(&slopes) {
                    *shift -= step * slope;
                }
                step *= 1.2;
            } else {
                step *= 0.3;
                let (_, slope, slopes) = self::loss(held, log_scale, &shift, count);
                tried.0 = log_scale - step * slope;
                tried.1 = shift.iter().zip(&slopes).map(|(shift, slope)| shift - step * slope).collect();
                if step < 1e-7 {
                    break;
                }
            }
        }
        let shift: Vec<f32> = shift.into_iter().map(|shift| (shift as f32).clamp(-20.0, 20.0)).collect();
        let plain = Self { scale: (log_scale.exp() as f32).clamp(0.05, 50.0), shift, level: 0.0, slope: 1.0 };
        let firsts = held.iter().filter_map(|(margins, right)| {
            let p = softmax(&plain.scores(margins));
            let (place, sure) = first(&p)?;
            Some((log_odds(sure), place == *right as usize))
        });
        let (level, slope) = bent(&firsts.collect::<Vec<_>>());
        Self { level, slope, ..plain }
    }

    fn scores(&self, margins: &[f32]) -> Vec<f64> {
        let score = |(margin, shift): (&f32, &f32)| f64::from(*margin) * f64::from(self.scale) + f64::from(*shift);
        margins.iter().zip(&self.shift).map(score).collect()
    }

    /// Probabilities of the classes; they add up to one.
    pub(crate) fn probabilities(&self, margins: &[f32]) -> Vec<f32> {
        let mut p = softmax(&self.scores(margins));
        if let Some((place, sure)) = first(&p) {
            let rest = 1.0 - sure;
            let others = p.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, p)| *p);
            let second = others.fold(0.0, f64::max);
            // Never so low that the second would come before it.
            let least = if rest > 0.0 { second / (rest + second) + 1e-6 } else { 0.0 };
            let bent = odds(f64::from(self.level) + f64::from(self.slope) * log_odds(sure)).max(least).min(1.0);
            let (told, share) = if rest > 0.0 { (bent, (1.0 - bent) / rest) } else { (sure, 0.0) };
            for (at, p) in p.iter_mut().enumerate() {
                *p = if at == place { told } else { *p * share };
            }
        }
        p.into_iter().map(|p| p as f32).collect()
    }
}

/// The likeliest class and its probability; nothing where there is only one.
fn first(p: &[f64]) -> Option<(usize, f64)> {
    let best = p.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)))?;
    (p.len() > 1).then_some((best.0, *best.1))
}

fn log_odds(p: f64) -> f64 {
    (p / (1.0 - p)).ln().clamp(-FURTHEST, FURTHEST)
}

fn odds(log: f64) -> f64 {
    1.0 / (1.0 + (-log).exp())
}

/// Level and slope that make the log odds of first classes fit whether they were right, by Newton's steps.
fn bent(firsts: &[(f64, bool)]) -> (f32, f32) {
    let (mut level, mut slope) = (0.0_f64, 1.0_f64);
    for _ in 0..50 {
        let (mut up, mut along) = (-HOLD_FIRST * level, -HOLD_FIRST * (slope - 1.0));
        let (mut a, mut b, mut c) = (HOLD_FIRST, 0.0, HOLD_FIRST);
        for (log, right) in firsts {
            let p = odds(level + slope * log);
            let off = f64::from(u8::from(*right)) - p;
            let weight = p * (1.0 - p);
            up += off;
            along += off * log;
            a += weight;
            b += weight * log;
            c += weight * log * log;
        }
        let all = a * c - b * b;
        let (more_level, more_slope) = ((c * up - b * along) / all, (a * along - b * up) / all);
        level += more_level;
        slope += more_slope;
        if more_level.abs() + more_slope.abs() < 1e-9 {
            break;
        }
    }
    if !(level.is_finite() && slope.is_finite()) {
        return (0.0, 1.0);
    }
    ((level as f32).clamp(-5.0, 5.0), (slope as f32).clamp(0.05, 5.0))
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|score| (score - top).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum.max(f64::MIN_POSITIVE)).collect()
}

fn loss(held: &[(Vec<f32>, u32)], log_scale: f64, shift: &[f64], count: f64) -> (f64, f64, Vec<f64>) {
    let scale = log_scale.clamp(-5.0, 5.0).exp();
    let (mut loss, mut slope, mut slopes) = (0.0, 0.0, vec![0.0; shift.len()]);
    for (margins, class) in held {
        let scores: Vec<f64> =
            margins.iter().zip(shift).map(|(margin, shift)| f64::from(*margin) * scale + shift).collect();
        let p = softmax(&scores);
        for (k, ((p, margin), slopes)) in p.iter().zip(margins).zip(slopes.iter_mut()).enumerate() {
            let right = f64::from(u8::from(k == *class as usize));
            if right > 0.0 {
                loss -= p.max(1e-15).ln();
            }
            slope += (p - right) * f64::from(*margin) * scale;
            *slopes += p - right;
        }
    }
    let held_back: f64 = shift.iter().map(|shift| shift * shift).sum::<f64>() * HOLD / 2.0;
    for (slopes, shift) in slopes.iter_mut().zip(shift) {
        *slopes = (*slopes + HOLD * shift) / count;
    }
    ((loss + held_back) / count, slope / count, slopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_that_are_too_bold_are_bent_and_keep_their_order() {
        // Of those called .95 four in five are right, of those called .27 two in five.
        let firsts: Vec<(f64, bool)> =
            (0..400).map(|n| (3.0, n % 5 != 0)).chain((0..400).map(|n| (-1.0, n % 5 < 2))).collect();
        let (level, slope) = bent(&firsts);
        let told = |log: f64| odds(f64::from(level) + f64::from(slope) * log);
        assert!((told(3.0) - 0.8).abs() < 0.01 && (told(-1.0) - 0.4).abs() < 0.01, "{level} {slope}");
        assert_eq!(bent(&[]), (0.0, 1.0), "nothing seen, nothing moved");
        let calibration = Calibration { scale: 1.0, shift: vec![0.0; 3], level, slope };
        for margins in [[4.0, 0.0, -1.0], [0.1, 0.11, 0.1], [0.0, 0.0, 0.0], [9.0, 8.9, -9.0], [60.0, -60.0, -60.0]] {
            let p = calibration.probabilities(&margins);
            assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{p:?}");
            let by = |of: &[f32]| (0..3).max_by(|a, b| of[*a].total_cmp(&of[*b]).then(b.cmp(a))).unwrap();
            assert_eq!(by(&p), by(&margins), "{p:?}");
        }
    }
}
