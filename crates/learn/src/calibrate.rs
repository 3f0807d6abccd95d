//! From margins to probabilities. Margins of texts the separators have not seen are held against what was right; one scale
//! for all classes and one shift a class make them probabilities (temperature with shifts that are held near zero).

/// Scale and shifts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Calibration {
    pub(crate) scale: f32,
    pub(crate) shift: Vec<f32>,
}

/// What a shift costs, so that a class with few texts is not moved far.
const HOLD: f64 = 2.0;
const ROUNDS: usize = 300;

impl Calibration {
    /// What is used where nothing could be held back.
    pub(crate) fn plain(classes: usize) -> Self {
        Self { scale: 2.0, shift: vec![0.0; classes] }
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
        Self {
            scale: (log_scale.exp() as f32).clamp(0.05, 50.0),
            shift: shift.into_iter().map(|shift| (shift as f32).clamp(-20.0, 20.0)).collect(),
        }
    }

    /// Probabilities of the classes; they add up to one.
    pub(crate) fn probabilities(&self, margins: &[f32]) -> Vec<f32> {
        let scores: Vec<f64> = margins
            .iter()
            .zip(&self.shift)
            .map(|(margin, shift)| f64::from(*margin) * f64::from(self.scale) + f64::from(*shift))
            .collect();
        softmax(&scores).into_iter().map(|p| p as f32).collect()
    }
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
