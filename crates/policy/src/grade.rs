//! Grade (定级): two axes, severity and urgency, give 一般 / 重大 / 紧急 by a decision table that is proved total and
//! unambiguous when it is loaded.

use crate::check::Check;
use crate::code::codes;
use crate::document::Table;
use crate::text::{Lang, Text};
use serde::Serialize;

codes! {
    /// How grave a matter is.
    #[derive(Default)]
    pub Severity {
        /// 一般.
        #[default]
        Normal = "normal",
        /// 重大.
        Major = "major",
    }
}

codes! {
    /// How fast it must be acted upon.
    #[derive(Default)]
    pub Urgency {
        /// 普通.
        #[default]
        Normal = "normal",
        /// 紧急.
        Urgent = "urgent",
    }
}

codes! {
    /// The grade that decides which figures hold.
    pub Grade {
        /// 一般.
        Normal = "normal",
        /// 重大.
        Major = "major",
        /// 紧急.
        Urgent = "urgent",
    }
}

impl Grade {
    /// What people call it.
    #[must_use]
    pub const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Normal, Lang::Zh) => "一般",
            (Self::Normal, Lang::En) => "Normal",
            (Self::Major, Lang::Zh) => "重大",
            (Self::Major, Lang::En) => "Major",
            (Self::Urgent, Lang::Zh) => "紧急",
            (Self::Urgent, Lang::En) => "Urgent",
        }
    }
}

/// A grade with the row that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GradeDecision {
    /// The grade.
    pub grade: Grade,
    /// Row of the decision table.
    pub row: String,
    /// Why, for people.
    pub reason: Text,
}

/// One row: the combinations it covers and the grade it gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GradeRow {
    /// Identity within the pack.
    pub id: String,
    /// Severities it covers.
    pub severity: Vec<Severity>,
    /// Urgencies it covers.
    pub urgency: Vec<Urgency>,
    /// The grade.
    pub grade: Grade,
    /// Why, for people.
    pub reason: Text,
}

impl GradeRow {
    fn covers(&self, severity: Severity, urgency: Urgency) -> bool {
        self.severity.contains(&severity) && self.urgency.contains(&urgency)
    }
}

/// Every combination of severity and urgency with exactly one row: held by construction, one field a combination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecisionTable {
    normal_normal: GradeRow,
    normal_urgent: GradeRow,
    major_normal: GradeRow,
    major_urgent: GradeRow,
}

impl DecisionTable {
    /// The row for a combination.
    #[must_use]
    pub const fn row(&self, severity: Severity, urgency: Urgency) -> &GradeRow {
        match (severity, urgency) {
            (Severity::Normal, Urgency::Normal) => &self.normal_normal,
            (Severity::Normal, Urgency::Urgent) => &self.normal_urgent,
            (Severity::Major, Urgency::Normal) => &self.major_normal,
            (Severity::Major, Urgency::Urgent) => &self.major_urgent,
        }
    }

    /// The grade for a combination, with its reason.
    #[must_use]
    pub fn decide(&self, severity: Severity, urgency: Urgency) -> GradeDecision {
        let row = self.row(severity, urgency);
        GradeDecision { grade: row.grade, row: row.id.clone(), reason: row.reason.clone() }
    }

    /// Reads the `[[grade]]` rows of a pack and proves that they cover each combination once. A pack without such rows
    /// has no table; nothing at all when the rows are wrong.
    pub(crate) fn read(pack: &mut Table<'_>) -> Option<Option<Self>> {
        let tables = pack.tables("grade");
        if tables.is_empty() {
            return Some(None);
        }
        let mut rows = Vec::new();
        let mut complete = true;
        for mut table in tables {
            let row = read_row(&mut table);
            complete &= row.is_some();
            if let Some(row) = row {
                if rows.iter().any(|(known, _): &(GradeRow, Table<'_>)| known.id == row.id) {
                    table.fault(format!("a second grade row `{}`", row.id));
                }
                rows.push((row, table));
            }
        }
        // A row with a fault of its own would show up as uncovered too: one message is enough.
        if !complete {
            return None;
        }
        let only = |severity: Severity, urgency: Urgency| -> Option<GradeRow> {
            let mut covering = rows.iter().filter(|(row, _)| row.covers(severity, urgency));
            let combination = format!("severity {} with urgency {}", severity.code(), urgency.code());
            let Some((row, _)) = covering.next() else {
                let place = rows.first().map_or_else(|| pack.place(), |(_, table)| table.place());
                place.finding(Check::Ungraded, format!("no grade row covers {combination}"));
                return None;
            };
            for (again, table) in covering {
                let message =
                    format!("{combination} is already graded by row `{}`; `{}` covers it again", row.id, again.id);
                table.place().finding(Check::GradedTwice, message);
            }
            Some(row.clone())
        };
        let [normal_normal, normal_urgent, major_normal, major_urgent] = [
            only(Severity::Normal, Urgency::Normal),
            only(Severity::Normal, Urgency::Urgent),
            only(Severity::Major, Urgency::Normal),
            only(Severity::Major, Urgency::Urgent),
        ];
        Some(Some(Self {
            normal_normal: normal_normal?,
            normal_urgent: normal_urgent?,
            major_normal: major_normal?,
            major_urgent: major_urgent?,
        }))
    }
}

fn read_row(table: &mut Table<'_>) -> Option<GradeRow> {
    let id = table.id("id");
    let when = table.optional("when").and_then(|value| value.table());
    let (severity, urgency) = match when {
        Some(mut when) => {
            let severity =
                when.optional("severity").map_or_else(|| Some(Severity::ALL.to_vec()), |value| value.codes());
            let urgency = when.optional("urgency").map_or_else(|| Some(Urgency::ALL.to_vec()), |value| value.codes());
            when.done();
            (severity, urgency)
        }
        None => (Some(Severity::ALL.to_vec()), Some(Urgency::ALL.to_vec())),
    };
    let grade = table.needed("grade").and_then(|value| value.code());
    let reason = table.text("reason");
    table.done();
    Some(GradeRow { id: id?, severity: severity?, urgency: urgency?, grade: grade?, reason: reason? })
}
