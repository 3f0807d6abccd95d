//! The calendars at hand when packs are loaded.

use super::Calendar;
use crate::fault::Fault;
use jiff::civil::Date;
use std::sync::Arc;

/// The calendars at hand when packs are loaded.
#[derive(Clone, Debug, Default)]
pub struct CalendarSet {
    calendars: Vec<Arc<Calendar>>,
}

impl CalendarSet {
    /// Adds a calendar file; of two files of one calendar the one that knows more stays.
    ///
    /// # Errors
    /// Every fault of the file with its line and column.
    pub fn add(&mut self, file: &str, toml: &str) -> Result<(), Vec<Fault>> {
        self.insert(Calendar::parse_file(file, toml)?);
        Ok(())
    }

    /// Adds a calendar; of two with one identity the one with the later version stays, of the same version the one that
    /// was held against its source later.
    pub fn insert(&mut self, calendar: Calendar) {
        let known = |calendar: &Calendar| (calendar.version(), calendar.known_as_of());
        match self.calendars.iter_mut().find(|there| there.id() == calendar.id()) {
            Some(there) if known(there) < known(&calendar) => *there = Arc::new(calendar),
            Some(_) => {}
            None => self.calendars.push(Arc::new(calendar)),
        }
    }

    /// The calendar with a name: an identity such as `AU-NSW`, or an identity as known on a day, `AU-NSW@2026-02-14`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<Calendar>> {
        let (id, day) = match name.split_once('@') {
            Some((id, day)) => (id, Some(day.parse::<Date>().ok().filter(|date| date.to_string() == day)?)),
            None => (name, None),
        };
        let calendar = self.calendars.iter().find(|calendar| calendar.id() == id)?;
        Some(match day {
            Some(day) => Arc::new(calendar.as_known_on(day)),
            None => Arc::clone(calendar),
        })
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Calendar> {
        self.calendars.iter().map(Arc::as_ref)
    }
}
