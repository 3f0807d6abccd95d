//! Quantiles of the normal and of Student's distribution, as far as intervals need them.

/// The 0.975 quantile of the normal distribution.
pub(super) const NORMAL_975: f64 = 1.959_963_984_540_054;

/// The quantile of Student's t for any number of degrees of freedom of at least 1: the value below which `p` of the
/// distribution lies, for `p` from 0.5 up to 0.9999. Found by halving on the distribution function.
#[must_use]
pub(super) fn student(p: f64, degrees: f64) -> f64 {
    let degrees = degrees.max(1.0);
    let (mut low, mut high) = (0.0, 4.0);
    while below(high, degrees) < p && high < 1e6 {
        (low, high) = (high, high * 2.0);
    }
    // As many halvings as a double has binary places.
    for _ in 0..52 {
        let middle = f64::midpoint(low, high);
        if below(middle, degrees) < p { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// How much of Student's t lies below `t`, for `t` not below 0.
fn below(t: f64, degrees: f64) -> f64 {
    let x = degrees / t.mul_add(t, degrees);
    1.0 - beta(x, degrees / 2.0, 0.5) / 2.0
}

/// The regularised incomplete beta function, by its continued fraction (Abramowitz and Stegun 26.5.8).
fn beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (a * x.ln() + b * (1.0 - x).ln() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)).exp();
    // The fraction converges quickly on one side of the mean; the other side follows by symmetry.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(1.0 - x, b, a) / b
    }
}

/// Lentz's way through the continued fraction of [`beta`].
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let safe = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / safe(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for step in 1..=500 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / safe(1.0 + even * d);
        c = safe(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / safe(1.0 + odd * d);
        c = safe(1.0 + odd / c);
        value *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

/// The logarithm of the gamma function for positive numbers (Lanczos, seven terms; good to some 1e-14).
fn ln_gamma(x: f64) -> f64 {
    const TERMS: [f64; 8] = [
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
        let pi = std::f64::consts::PI;
        return (pi / (pi * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let mut sum = 0.999_999_999_999_809_9;
    for (place, term) in (1_u32..).zip(TERMS) {
        sum += term / (x + f64::from(place));
    }
    let t = x + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (degrees, wanted) in [
            (1.0, 12.706_205),
            (2.0, 4.302_653),
            (3.0, 3.182_446),
            (5.0, 2.570_582),
            (7.0, 2.364_624),
            (10.0, 2.228_139),
            (13.0, 2.160_369),
            (22.0, 2.073_873),
            (30.0, 2.042_272),
            (60.0, 2.000_298),
            (120.0, 1.979_930),
        ] {
            let found = student(0.975, degrees);
            assert!((found - wanted).abs() < 1e-5, "{degrees}: {found}");
        }
        assert!((student(0.95, 10.0) - 1.812_461).abs() < 1e-5);
        assert!((student(0.995, 4.0) - 4.604_095).abs() < 1e-5);
        assert!((student(0.975, 1e7) - NORMAL_975).abs() < 1e-5, "many degrees are as good as normal");
        let (few, between, more) = (student(0.975, 7.0), student(0.975, 7.5), student(0.975, 8.0));
        assert!(few > between && between > more, "parts of a degree count too");
    }

    #[test]
    fn the_gamma_function_is_that_of_whole_numbers() {
        let mut factorial = 1.0_f64;
        for n in 1..15 {
            assert!((ln_gamma(f64::from(n)) - factorial.ln()).abs() < 1e-12, "{n}");
            factorial *= f64::from(n);
        }
        assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-12);
    }
}
