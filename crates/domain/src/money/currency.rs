//! Codes of currencies.

/// Currencies in use (ISO 4217, list one, without funds, metals and codes for tests), in order.
const ACTIVE: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD \
    CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL \
    HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA \
    MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB \
    RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU \
    UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

/// Whether a code stands for a currency in use.
#[must_use]
pub fn is_currency(code: &str) -> bool {
    code.len() == 3 && ACTIVE.split(' ').any(|known| known == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        for code in ["CNY", "EUR", "USD", "HKD", "MOP", "TWD", "ZWG", "AED"] {
            assert!(is_currency(code), "{code}");
        }
        for code in ["ZZZ", "XXX", "cny", "DEM", "", "CNY ", "CN", "元", "Y E"] {
            assert!(!is_currency(code), "{code}");
        }
        let codes: Vec<&str> = ACTIVE.split(' ').collect();
        assert!(codes.is_sorted() && codes.iter().all(|code| code.len() == 3 && code.is_ascii()));
    }
}
