//! One linear separator a class, all of them at once: support vector machines with squared hinge loss, solved in the dual by
//! going over the texts one by one (Hsieh et al. 2008, "A dual coordinate descent method for large-scale linear SVM").
//! Weights of all classes stand beside each other, so a text's terms are fetched once for all classes.

use crate::vocabulary::Vector;

/// How hard mistakes weigh against small weights, of the classes measured in five parts of the sets we have (0.4, 0.7, 1.5
/// and 3 were tried).
const COST: f32 = 0.7;
/// How much harder mistakes weigh about texts of a class that has few: by this power of how few.
const RARE: f32 = 0.4;
/// At most so much harder or less hard.
const RAREST: f32 = 8.0;
/// A round whose greatest violation is below this is the last.
const ENOUGH: f32 = 0.02;
const MOST_ROUNDS: usize = 200;
/// Terms looked at over all rounds; large sets need fewer rounds.
const MOST_WORK: usize = 400_000_000;
/// Each class beyond so many makes a term that much more work.
const FEW_CLASSES: usize = 32;

/// Weights of a term for every class beside each other, and the constant of each class.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weights {
    pub(crate) classes: usize,
    pub(crate) of: Vec<f32>,
    pub(crate) constant: Vec<f32>,
}

impl Weights {
    pub(crate) fn row(&self, term: u32) -> &[f32] {
        let from = term as usize * self.classes;
        self.of.get(from..from + self.classes).unwrap_or_default()
    }

    /// How much speaks for each class.
    pub(crate) fn margins(&self, vector: &[(u32, f32)], into: &mut Vec<f32>) {
        into.clear();
        into.extend_from_slice(&self.constant);
        for (term, value) in vector {
            for (margin, weight) in into.iter_mut().zip(self.row(*term)) {
                *margin += weight * value;
            }
        }
    }

    fn add(&mut self, vector: &[(u32, f32)], change: &[f32]) {
        for (term, value) in vector {
            let from = *term as usize * self.classes;
            for (weight, change) in self.of.get_mut(from..from + self.classes).into_iter().flatten().zip(change) {
                *weight += change * value;
            }
        }
        for (constant, change) in self.constant.iter_mut().zip(change) {
            *constant += change;
        }
    }
}

/// A fixed sequence of numbers that look random.
#[derive(Clone, Debug)]
pub(crate) struct Sequence(pub(crate) u64);

impl Sequence {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for upper in (1..items.len()).rev() {
            items.swap(upper, (self.next() % (upper as u64 + 1)) as usize);
        }
    }
}

/// Separates classes. `texts` are vectors with the class of each.
pub(crate) fn solve(texts: &[(&Vector, u32)], terms: usize, classes: usize) -> Weights {
    let mut weights = Weights { classes, of: vec![0.0; terms * classes], constant: vec![0.0; classes] };
    let size: usize = texts.iter().map(|(vector, _)| vector.len()).sum::<usize>().max(1);
    let work = size * classes.div_ceil(FEW_CLASSES).max(1);
    let rounds = (MOST_WORK / work).clamp(8, MOST_ROUNDS);
    let mut sizes = vec![0.0_f32; classes];
    for (_, class) in texts {
        if let Some(size) = sizes.get_mut(*class as usize) {
            *size += 1.0;
        }
    }
    let even = texts.len() as f32 / classes.max(1) as f32;
    let rare = |size: &f32| (even / size.max(1.0)).powf(RARE).clamp(1.0 / RAREST, RAREST);
    let own: Vec<f32> = sizes.iter().map(|size| 0.5 / (COST * rare(size))).collect();
    let lengths: Vec<f32> =
        texts.iter().map(|(vector, _)| 1.0 + vector.iter().map(|(_, value)| value * value).sum::<f32>()).collect();
    let mut alpha = vec![0.0_f32; texts.len() * classes];
    let mut order: Vec<usize> = (0..texts.len()).collect();
    let mut sequence = Sequence(0x5eed);
    let (mut margins, mut change) = (Vec::new(), vec![0.0_f32; classes]);
    for _ in 0..rounds {
        sequence.shuffle(&mut order);
        let mut worst = 0.0_f32;
        for at in &order {
            let (Some((vector, class)), Some(length)) = (texts.get(*at), lengths.get(*at)) else { continue };
            weights.margins(vector, &mut margins);
            let from = at * classes;
            let Some(alpha) = alpha.get_mut(from..from + classes) else { continue };
            let mut moved = false;
            let numbers = alpha.iter_mut().zip(&margins).zip(change.iter_mut()).zip(&own);
            for (k, (((alpha, margin), change), own)) in numbers.enumerate() {
                let (sign, diagonal) = if k == *class as usize { (1.0, *own) } else { (-1.0, 0.5 / COST) };
                let slope = sign * margin - 1.0 + *alpha * diagonal;
                let violation = if *alpha == 0.0 { slope.min(0.0) } else { slope };
                worst = worst.max(violation.abs());
                *change = 0.0;
                if violation.abs() > 1e-6 {
                    let next = (*alpha - slope / (length + diagonal)).max(0.0);
                    *change = (next - *alpha) * sign;
                    *alpha = next;
                    moved = moved || *change != 0.0;
                }
            }
            if moved {
                weights.add(vector, &change);
            }
        }
        if worst < ENOUGH {
            break;
        }
    }
    weights
}
