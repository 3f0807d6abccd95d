//! Words lists from elsewhere use for what our rules look at by codes.

use crate::facts::FactName;

/// What a word of another list means here.
pub(super) enum Word {
    /// A value of the fact.
    Value(&'static str),
    /// Any category whose code begins with one of these.
    Codes(&'static [&'static str]),
    /// Any category of a class of the ministry's notices.
    Class(&'static str),
}

/// The fact another name stands for, and how its values are written.
pub(super) fn fact(name: &str) -> Option<(FactName, Option<String>)> {
    let currency = |prefix: &str| name.strip_prefix(prefix).map(str::to_ascii_uppercase);
    Some(match name {
        "service" | "access" => (FactName::Product, None),
        "channel" => (FactName::AcceptChannel, None),
        _ => match (currency("turnover_"), currency("amount_")) {
            (Some(currency), _) => (FactName::Turnover, Some(currency)),
            (_, Some(currency)) => (FactName::Amount, Some(currency)),
            _ => return None,
        },
    })
}

/// What a word means, where it is no value of ours.
pub(super) fn meaning(fact: FactName, word: &str) -> Option<Word> {
    use Word::{Class, Codes, Value};
    Some(match (fact, word) {
        (FactName::Category, "billing" | "charging" | "charges") => Class("charging"),
        (FactName::Category, "fault" | "network" | "network_quality" | "outage") => Class("network_quality"),
        (FactName::Category, "service" | "user_service") => Class("user_service"),
        (FactName::Category, "closure" | "termination") => Codes(&["C601", "C603"]),
        (FactName::Category, "data_fluctuation" | "mobile_data") => Codes(&["A2"]),
        (FactName::Category, "data_protection" | "privacy") => Codes(&["F2"]),
        (FactName::Category, "missed_appointment") => Codes(&["E301"]),
        (FactName::Category, "switching" | "porting") => Codes(&["C5"]),
        (FactName::Cause, "natural_disaster" | "force_majeure") => Value("EXT.FORCE"),
        (FactName::Cause, "customer_equipment" | "terminal" | "handset") => Value("CUS.EQUIP"),
        (FactName::Cause, "customer" | "customer_fault") => Value("CUS"),
        (FactName::Cause, "third_party") => Value("EXT.THIRD"),
        (FactName::Segment, "consumer" | "household" | "private") => Value("residential"),
        (FactName::Segment, "microenterprise" | "small") => Value("small_business"),
        (FactName::Segment, "enterprise" | "large_business") => Value("business"),
        (FactName::AcceptChannel, "phone" | "telephone" | "call") => Value("hotline"),
        (FactName::AcceptChannel, "live_chat" | "chat") => Value("online_chat"),
        (FactName::AcceptChannel, "in_person" | "shop" | "store") => Value("hall"),
        (FactName::AcceptChannel, "post" | "mail") => Value("letter"),
        (FactName::AcceptChannel, "online" | "website" | "web_form" | "portal") => Value("web"),
        (FactName::AcceptChannel, "social") => Value("social_media"),
        (FactName::Product, "wireless" | "cellular") => Value("mobile"),
        (FactName::Product, "wireline" | "landline" | "fixed" | "telephone") => Value("fixed_voice"),
        (FactName::Product, "broadband_wireline" | "fixed_broadband" | "internet" | "fibre") => Value("broadband"),
        (FactName::Product, "tv") => Value("iptv"),
        (FactName::Product, "bundle") => Value("converged"),
        _ => return None,
    })
}
