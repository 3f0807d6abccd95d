//! Administrative regions. In China by GB/T 2260: two digits a province, four a prefecture, six a county; only provinces
//! are known by name, what lies below is checked for form. Elsewhere by ISO 3166-2: a country, or a country and a part of
//! it such as `AU-NSW`. The parts are known where working days differ among them; of other countries the form is checked.

/// The province-level regions.
pub(super) const PROVINCES: [&str; 34] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44",
    "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82",
];

/// The parts of countries whose parts have calendars of their own.
pub(super) const PARTS: [(&str, &[&str]); 4] = [
    ("AU", &["ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA"]),
    ("DE", &["BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH"]),
    (
        "ES",
        &[
            "AN", "AR", "AS", "CB", "CE", "CL", "CM", "CN", "CT", "EX", "GA", "IB", "MC", "MD", "ML", "NC", "PV", "RI",
            "VC",
        ],
    ),
    ("GB", &["ENG", "NIR", "SCT", "WLS"]),
];

/// Whether a code has two, four or six digits and a known province, or is a country, or a part of one, by ISO 3166-2.
#[must_use]
pub fn region_valid(code: &str) -> bool {
    if code.starts_with(|first: char| first.is_ascii_digit()) {
        return matches!(code.len(), 2 | 4 | 6)
            && code.bytes().all(|byte| byte.is_ascii_digit())
            && PROVINCES.contains(&province_of(code));
    }
    let (country, part) = code.split_once('-').map_or((code, None), |(country, part)| (country, Some(part)));
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return false;
    }
    match (part, PARTS.iter().find(|(known, _)| *known == country)) {
        (None, _) => true,
        (Some(part), Some((_, parts))) => parts.contains(&part),
        (Some(part), None) => {
            (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        }
    }
}

/// The province of a region, elsewhere the country: its first two characters; empty for no region.
#[must_use]
pub fn province_of(code: &str) -> &str {
    code.get(..2).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for good in
            ["31", "3101", "310115", "82", "AU", "AU-NSW", "DE-NW", "GB-SCT", "ES-MD", "IN-KA", "CA-ON", "FR-75"]
        {
            assert!(region_valid(good), "{good}");
        }
        for bad in [
            "", "3", "311", "99", "3101150", "31x1", "３１", "A", "au", "AU-", "AU-XYZ", "AU-N", "GB-EN", "AUS",
            "IN-KARN", "31-01",
        ] {
            assert!(!region_valid(bad), "{bad}");
        }
        assert_eq!(province_of("310115"), "31");
        assert_eq!(province_of("AU-NSW"), "AU");
        assert_eq!(province_of(""), "");
    }
}
