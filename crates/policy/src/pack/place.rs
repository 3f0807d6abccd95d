//! Calendars by the customer's place: one pack for a country whose states keep holidays of their own.

use super::Pack;
use crate::calendar::{Calendar, CalendarSet};
use crate::document::Value;
use serde::Serialize;
use std::sync::Arc;

/// A place that has a calendar of its own.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Place {
    /// How the code of the region begins: `AU-QLD`, `31`.
    region: String,
    #[serde(serialize_with = "super::calendar_name")]
    calendar: Arc<Calendar>,
}

impl Place {
    /// Reads `[pack.places]`: beginnings of regions with the calendars that hold there.
    pub(super) fn read_all(value: Value<'_>, calendars: &CalendarSet) -> Option<Vec<Self>> {
        let table = value.table()?;
        let mut places = Some(Vec::new());
        for (key, value) in table.entries() {
            let region = key.text().to_owned();
            if !is_region(&region) {
                key.fault("takes the code of a region, such as AU-QLD or 31");
                places = None;
                continue;
            }
            let found = value.string().and_then(|name| {
                let found = calendars.get(name).filter(|_| !name.contains('@'));
                if found.is_none() {
                    let known: Vec<&str> = calendars.iter().map(Calendar::id).collect();
                    value.fault(format!("names a calendar that is not there; there are: {}", known.join(", ")));
                }
                found
            });
            match (found, &mut places) {
                (Some(calendar), Some(places)) => places.push(Self { region, calendar }),
                _ => places = None,
            }
        }
        places
    }
}

/// Two to six digits, or a country and a part of it by ISO 3166-2.
fn is_region(code: &str) -> bool {
    let digits = (2..=6).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
    let country = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_uppercase());
    let below = |part: &str| {
        (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    digits || country(code) || code.split_once('-').is_some_and(|(above, part)| country(above) && below(part))
}

/// Whether a region is an area or lies in it. In China codes grow by digits; elsewhere a part of a country has no parts of
/// its own here, and `IE-D` (Dublin) must not be taken for the beginning of `IE-DL` (Donegal).
#[must_use]
pub fn region_in(region: &str, area: &str) -> bool {
    if area.contains('-') { region == area } else { region.starts_with(area) }
}

impl Pack {
    /// Regions that have a calendar of their own, with its identity.
    pub fn places(&self) -> impl Iterator<Item = (&str, &Calendar)> {
        self.places.iter().map(|place| (place.region.as_str(), place.calendar.as_ref()))
    }

    /// The same pack for a customer in a region: counted with the calendar of the longest place the region begins with,
    /// or as it is where none has one.
    #[must_use]
    pub fn in_place(&self, region: &str) -> Self {
        let calendar = self.calendar_in(region).map_or_else(|| Arc::clone(&self.calendar), Arc::clone);
        Self { calendar, ..self.clone() }
    }

    fn calendar_in(&self, region: &str) -> Option<&Arc<Calendar>> {
        let of = self.places.iter().filter(|place| region_in(region, &place.region));
        of.max_by_key(|place| place.region.len()).map(|place| &place.calendar)
    }
}

#[cfg(test)]
mod tests {
    use super::region_in;

    #[test]
    fn a_region_lies_in_an_area() {
        for (region, area, lies) in [
            ("310115", "31", true),
            ("310115", "3101", true),
            ("31", "3101", false),
            ("IE-D", "IE", true),
            ("IE-DL", "IE-D", false),
            ("IE-D", "IE-D", true),
            ("IE-D", "", true),
        ] {
            assert_eq!(region_in(region, area), lies, "{region} in {area}");
        }
    }
}
