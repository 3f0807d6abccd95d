//! How likely a count, or a greater one, is: the upper tail of the negative binomial, in logarithms, so that one in a
//! billion is as exact as one in ten.

/// ln P(Y ≥ `count`) of a negative binomial with this mean and so much variance beyond the mean, as a share of its square.
/// Without any it is Poisson's.
#[must_use]
pub fn ln_at_least(count: f64, mean: f64, extra: f64) -> f64 {
    if count <= 0.0 {
        return 0.0;
    }
    if mean <= 0.0 {
        return f64::NEG_INFINITY;
    }
    // Below this the two are the same to six digits.
    let shape = (1.0 / extra.max(1e-7)).min(1e7);
    let share = mean / (shape + mean);
    let ln_first = ln_gamma(count + shape) - ln_gamma(shape) - ln_gamma(count + 1.0)
        + shape * (1.0 - share).ln()
        + count * share.ln();
    if count <= mean {
        // The body of the distribution is never an alarm; one minus the sum below would do it no better.
        return 0.0;
    }
    let (mut sum, mut term, mut at) = (1.0, 1.0, count);
    for _ in 0..100_000 {
        term *= (at + shape) / (at + 1.0) * share;
        sum += term;
        at += 1.0;
        if term < sum * 1e-12 {
            break;
        }
    }
    (ln_first + sum.ln()).min(0.0)
}

/// ln Γ(x) for x > 0 (Lanczos, g = 7, n = 9), fifteen digits; Stirling's series for great ones.
fn ln_gamma(x: f64) -> f64 {
    if x > 1e4 {
        return (x - 0.5) * x.ln() - x + 0.918_938_533_204_672_8 + 1.0 / (12.0 * x) - 1.0 / (360.0 * x * x * x);
    }
    const OF: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        return (std::f64::consts::PI / (std::f64::consts::PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let series = OF.iter().zip(1..).fold(0.999_999_999_999_809_9, |sum, (of, n)| sum + of / (x + f64::from(n)));
    let t = x + 7.5;
    0.918_938_533_204_672_8 + (x + 0.5) * t.ln() - t + series.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_by_hand() {
        // Poisson: P(Y >= 3 | 1) = 1 - 2.5/e.
        let poisson = 1.0 - 2.5 * (-1.0_f64).exp();
        assert!((ln_at_least(3.0, 1.0, 0.0).exp() - poisson).abs() < 1e-6);
        // Geometric, mean 1: P(Y >= n) = 2^-n.
        assert!((ln_at_least(20.0, 1.0, 1.0) + 20.0 * 2.0_f64.ln()).abs() < 1e-9);
        assert!(ln_at_least(500.0, 20.0, 0.1) < -50.0);
        assert_eq!(ln_at_least(0.0, 5.0, 0.1), 0.0);
        assert_eq!(ln_at_least(1.0, 0.0, 0.1), f64::NEG_INFINITY);
        for (x, is) in [(0.3, 1.095_797_994_818_075_9), (5.0, 24.0_f64.ln()), (20_000.0, 178_064.563_862_7)] {
            assert!((ln_gamma(x) - is).abs() < 1e-4 * is.abs().max(1.0), "{x}");
        }
    }
}
