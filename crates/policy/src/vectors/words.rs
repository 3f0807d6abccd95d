//! Words lists from elsewhere use for what our rules look at by codes. A word that is in none of these is told, and means
//! something our codes do not name.

use crate::facts::FactName;

/// What a word of another list means here.
pub(super) enum Word {
    /// A value of the fact.
    Value(&'static str),
    /// Any category whose code begins with one of these.
    Codes(&'static [&'static str]),
    /// Any category of a class of the ministry's notices.
    Class(&'static str),
    /// An outage many report: of the class of network quality.
    Outage,
    /// What the contact is, where a list takes that for a category.
    Kind(&'static str),
    /// What a person asks about their own data.
    Request(&'static str),
}

/// The fact another name stands for, and how its values are written.
pub(super) fn fact(name: &str) -> Option<(FactName, Option<String>)> {
    let currency = |prefix: &str| name.strip_prefix(prefix).map(str::to_ascii_uppercase);
    Some(match name {
        "service" | "access" => (FactName::Product, None),
        "channel" => (FactName::AcceptChannel, None),
        "case_type" => (FactName::Category, None),
        "excluded" => (FactName::Cause, None),
        "credit_due" => (FactName::CreditAgreed, None),
        _ => match (currency("turnover_"), currency("amount_")) {
            (Some(currency), _) => (FactName::Turnover, Some(currency)),
            (_, Some(currency)) => (FactName::Amount, Some(currency)),
            _ => return None,
        },
    })
}

/// What a word means, where it is no value of ours.
pub(super) fn meaning(fact: FactName, word: &str) -> Option<Word> {
    use Word::Value;
    Some(match (fact, word) {
        (FactName::Category, word) => return category(word),
        (FactName::Cause, "natural_disaster" | "natural_calamity" | "act_of_god" | "force_majeure") => {
            Value("EXT.FORCE")
        }
        (
            FactName::Cause,
            "customer_equipment" | "customer_device" | "user_equipment" | "terminal" | "handset" | "device",
        ) => Value("CUS.EQUIP"),
        (FactName::Cause, "customer" | "customer_fault" | "user_fault") => Value("CUS"),
        (FactName::Cause, "third_party") => Value("EXT.THIRD"),
        (FactName::Cause, "lawful_measure" | "lawful_measures" | "legal_order" | "court_order") => Value("EXT.REG"),
        (FactName::Segment, "consumer" | "household" | "private") => Value("residential"),
        (FactName::Segment, "microenterprise" | "small" | "small_business_le_10" | "nfp_le_10") => {
            Value("small_business")
        }
        (FactName::Segment, "enterprise" | "large_business" | "corporate") => Value("business"),
        (FactName::Segment, "government" | "public_body") => Value("public"),
        (FactName::AcceptChannel, "phone" | "telephone" | "call") => Value("hotline"),
        (FactName::AcceptChannel, "live_chat" | "chat") => Value("online_chat"),
        (FactName::AcceptChannel, "in_person" | "shop" | "store") => Value("hall"),
        (FactName::AcceptChannel, "post" | "mail") => Value("letter"),
        (FactName::AcceptChannel, "online" | "website" | "web_form" | "portal" | "form") => Value("web"),
        (FactName::AcceptChannel, "social") => Value("social_media"),
        (FactName::Product, "wireless" | "cellular" | "prepaid_mobile" | "postpaid_mobile" | "mobile_data") => {
            Value("mobile")
        }
        (
            FactName::Product,
            "wireline" | "landline" | "fixed" | "fixed_line" | "telephone" | "voice" | "pstn" | "wireline_voice",
        ) => Value("fixed_voice"),
        (
            FactName::Product,
            "broadband_wireline" | "wireline_broadband" | "fixed_broadband" | "internet" | "isp" | "fibre" | "fiber"
            | "ftth" | "fttp" | "dsl" | "cable",
        ) => Value("broadband"),
        (FactName::Product, "tv" | "pay_tv") => Value("iptv"),
        (FactName::Product, "bundle") => Value("converged"),
        (FactName::Product, "m2m") => Value("iot"),
        _ => return None,
    })
}

fn category(word: &str) -> Option<Word> {
    use Word::{Class, Codes, Kind, Outage, Request};
    Some(match word {
        "billing" | "bill" | "billing_dispute" | "charging" | "charges" | "charging_dispute" | "overcharge" | "fee"
        | "fees" => Class("charging"),
        "fault" | "faults" | "network" | "network_quality" | "network_fault" | "repair" => Class("network_quality"),
        "outage"
        | "network_outage"
        | "mass_outage"
        | "major_outage"
        | "service_outage"
        | "outage_report"
        | "service_outage_report" => Outage,
        "service" | "user_service" | "service_quality" => Class("user_service"),
        "closure" | "termination" | "cancellation" => Codes(&["C601", "C603"]),
        "data_fluctuation" | "mobile_data" => Codes(&["A2"]),
        "data_protection" | "privacy" | "personal_data" | "personal_information" => Codes(&["F2"]),
        "missed_appointment" => Codes(&["E301"]),
        "switching" | "porting" => Codes(&["C5"]),
        // What a regulator takes in as data only and serves on nobody.
        "robocall" | "robocalls" | "unwanted_calls" | "nuisance_calls" | "spam" | "junk_fax" | "junk_faxes"
        | "loud_ads" | "loud_commercials" | "indecency" => Codes(&["F101"]),
        "enquiry" | "inquiry" | "query" => Kind("enquiry"),
        "complaint" => Kind("complaint"),
        "fault_report" => Kind("fault_report"),
        "service_request" => Kind("service_request"),
        "appeal" => Kind("appeal"),
        "dsar" | "subject_access" | "access_request" => Request("access"),
        "rectification" => Request("rectification"),
        "erasure" => Request("erasure"),
        _ => return None,
    })
}
