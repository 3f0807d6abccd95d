//! Administrative regions by GB/T 2260: two digits a province, four a prefecture, six a county. Only provinces are
//! known by name; what lies below is checked for form.

/// The province-level regions.
pub(super) const PROVINCES: [&str; 34] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44",
    "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82",
];

/// Whether a code has two, four or six digits and a known province.
#[must_use]
pub fn region_valid(code: &str) -> bool {
    matches!(code.len(), 2 | 4 | 6)
        && code.bytes().all(|byte| byte.is_ascii_digit())
        && PROVINCES.contains(&province_of(code))
}

/// The province of a region: its first two digits; empty for no region.
#[must_use]
pub fn province_of(code: &str) -> &str {
    code.get(..2).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for good in ["31", "3101", "310115", "82"] {
            assert!(region_valid(good), "{good}");
        }
        for bad in ["", "3", "311", "99", "3101150", "31x1", "３１"] {
            assert!(!region_valid(bad), "{bad}");
        }
        assert_eq!(province_of("310115"), "31");
        assert_eq!(province_of(""), "");
    }
}
