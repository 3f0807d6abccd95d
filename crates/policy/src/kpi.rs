//! Key figures as data: what each counts, of whom, without whom, against which target, and who says so. One file each below
//! `packs/kpi`; a figure is shown with its definition or not at all.

use crate::basis::{Basis, Confidence};
use crate::code::codes;
use crate::document::{self, Table, Value};
use crate::facts::Facts;
use crate::fault::Fault;
use crate::text::Text;
use serde::Serialize;

codes! {
    /// What a key figure looks at; a case counts in the month of its first receipt.
    pub KpiMeasure {
        /// Measured availability of the network.
        Availability = "availability",
        /// From first receipt to the first time the customer was reached.
        FirstResponse = "first_response",
        /// From first receipt to the end of the trouble.
        Recovery = "recovery",
        /// From first receipt to the answer.
        Resolution = "resolution",
        /// What customers said who were asked; who did not answer counts apart.
        Satisfaction = "satisfaction",
        /// Whether the case is the same matter once more.
        Repeat = "repeat",
        /// Cases, held against users.
        Cases = "cases",
        /// Matters handed over by bodies outside, held against users.
        Appeals = "appeals",
    }
}

codes! {
    /// How a key figure is made of what was counted.
    pub KpiFigure {
        /// Of what was counted, the share within the limit or with the quality asked for, percent.
        Share = "share",
        /// The mean time, hours.
        Mean = "mean",
        /// For so many users.
        Rate = "rate",
        /// Time with service, percent of all time, weighted by users.
        Time = "time",
    }
}

codes! {
    /// Which way a target points.
    pub Bound {
        /// The figure is to reach it.
        AtLeast = "at_least",
        /// The figure is not to pass it.
        AtMost = "at_most",
    }
}

/// What a figure is to reach, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KpiTarget {
    /// Which way.
    pub bound: Bound,
    /// Thousandths of the figure's unit.
    pub thousandths: i64,
    /// What kind of text says so.
    pub basis: Basis,
    /// How sure it is.
    pub confidence: Confidence,
    /// Which text.
    pub source: Text,
}

impl KpiTarget {
    /// Whether the figure reaches it; nothing where the target is unverified: such may remind and judges nobody.
    #[must_use]
    pub fn met(&self, thousandths: i64) -> Option<bool> {
        (self.confidence != Confidence::Unverified).then_some(match self.bound {
            Bound::AtLeast => thousandths >= self.thousandths,
            Bound::AtMost => thousandths <= self.thousandths,
        })
    }

    fn read(value: &Value<'_>) -> Option<Self> {
        let mut table = value.table()?;
        let bound = table.needed("bound").and_then(|value| value.code());
        let thousandths = table.needed("value").and_then(|value| value.parsed(thousandths));
        let basis = table.needed("basis").and_then(|value| value.code());
        let confidence = table.needed("confidence").and_then(|value| value.code());
        let source = table.text("source");
        table.done();
        Some(Self { bound: bound?, thousandths: thousandths?, basis: basis?, confidence: confidence?, source: source? })
    }
}

/// A decimal number of at most three places, in thousandths.
fn thousandths(text: &str) -> Result<i64, &'static str> {
    const WRONG: &str = "is a decimal number of at most three places, in quotes";
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || rest.len() > 3 || !digits(whole) || !digits(rest) {
        return Err(WRONG);
    }
    format!("{whole}{rest:0<3}").parse().map_err(|_| WRONG)
}

/// A key figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kpi {
    /// Its code.
    pub id: String,
    /// Raised with every change of meaning.
    pub version: i64,
    /// Where it stands among the others.
    pub order: i64,
    /// What people call it.
    pub title: Text,
    /// What it looks at.
    pub measure: KpiMeasure,
    /// How it is made.
    pub figure: KpiFigure,
    /// Of a share of times: minutes within which a case counts.
    pub within: Option<i64>,
    /// Of a share of times: whether a case to which it has not come counts as late once the limit is over. What comes late
    /// or never must not be left out, or silence would look like haste.
    pub late_counts: bool,
    /// Of a rate: for so many users.
    pub per: Option<i64>,
    /// Kinds of contact it counts; all where none is named.
    pub kinds: Vec<String>,
    /// Bodies whose matters it counts; all where none is named.
    pub bodies: Vec<String>,
    /// Numerator over denominator, in words.
    pub formula: Text,
    /// Who is counted.
    pub population: Text,
    /// Who is not.
    pub exclusions: Text,
    /// Who says that it is to be counted so.
    pub source: Text,
    /// What it is to reach.
    pub target: Option<KpiTarget>,
}

impl Kpi {
    /// Whether its numbers come from cases.
    #[must_use]
    pub fn of_cases(&self) -> bool {
        self.measure != KpiMeasure::Availability
    }

    fn read(table: &mut Table<'_>) -> Option<Self> {
        let id = table.id("id");
        let version = table.needed("version").and_then(|value| value.whole());
        let order = table.needed("order").and_then(|value| value.whole());
        let title = table.text("title");
        let measure = table.needed("measure").and_then(|value| value.code::<KpiMeasure>());
        let figure = table.needed("figure").and_then(|value| value.code::<KpiFigure>());
        let positive = |value: Value<'_>| {
            let number = value.whole().filter(|number| (1..=100_000_000).contains(number));
            if number.is_none() {
                value.fault("takes a whole number from 1 to 100000000");
            }
            number
        };
        let within = table.maybe("within_minutes", positive);
        let late_counts = table.or("late_counts", false, |value| value.flag());
        let per = table.maybe("per", positive);
        let kinds = table.or("kinds", Vec::new(), |value| {
            let kinds: Option<Vec<String>> = value.many()?.iter().map(|kind| kind.listed(Facts::KINDS)).collect();
            kinds
        });
        let bodies = table.or("bodies", Vec::new(), |value| value.ids());
        let formula = table.text("formula");
        let population = table.text("population");
        let exclusions = table.text("exclusions");
        let source = table.text("source");
        let target = table.maybe("target", |value| KpiTarget::read(&value));
        let read = Self {
            id: id?,
            version: version?,
            order: order?,
            title: title?,
            measure: measure?,
            figure: figure?,
            within: within?,
            late_counts: late_counts?,
            per: per?,
            kinds: kinds?,
            bodies: bodies?,
            formula: formula?,
            population: population?,
            exclusions: exclusions?,
            source: source?,
            target: target?,
        };
        match read.wrong() {
            None => Some(read),
            Some(message) => {
                table.fault(message);
                None
            }
        }
    }

    /// Why measure and figure do not go together.
    fn wrong(&self) -> Option<&'static str> {
        use KpiMeasure::{Appeals, Availability, Cases, FirstResponse, Recovery, Repeat, Resolution, Satisfaction};
        let times = matches!(self.measure, FirstResponse | Recovery | Resolution);
        let fits = match self.figure {
            KpiFigure::Share => times || matches!(self.measure, Satisfaction | Repeat),
            KpiFigure::Mean => times,
            KpiFigure::Rate => matches!(self.measure, Cases | Appeals),
            KpiFigure::Time => self.measure == Availability,
        };
        if !fits {
            return Some("such a figure cannot be made of this measure");
        }
        if (times && self.figure == KpiFigure::Share) != self.within.is_some() {
            return Some("`within_minutes` stands with a share of times and nowhere else");
        }
        if self.late_counts && self.within.is_none() {
            return Some("`late_counts` stands with a share of times and nowhere else");
        }
        if (self.figure == KpiFigure::Rate) != self.per.is_some() {
            return Some("`per` stands with a rate and nowhere else");
        }
        None
    }
}

/// Every key figure of an installation.
#[derive(Clone, Debug, Default)]
pub struct KpiSet {
    kpis: Vec<Kpi>,
    hash: String,
}

impl KpiSet {
    /// Reads the files below `kpi/`, one figure each.
    ///
    /// # Errors
    /// Every fault with file, line and column.
    pub fn load<'f>(files: impl Iterator<Item = (&'f str, &'f str)>) -> Result<Self, Vec<Fault>> {
        let (mut kpis, mut faults, mut all) = (Vec::<Kpi>::new(), Vec::new(), String::new());
        let mut files: Vec<(&str, &str)> = files.collect();
        files.sort_unstable();
        for (name, text) in files {
            all.push_str(text);
            match document::read(Some(name), text, Kpi::read) {
                Ok(kpi) if kpis.iter().any(|known| known.id == kpi.id) => faults.push(Fault {
                    file: Some(name.to_owned()),
                    line: 1,
                    column: 1,
                    check: None,
                    message: format!("a second figure `{}`", kpi.id),
                    hint: None,
                }),
                Ok(kpi) => kpis.push(kpi),
                Err(found) => faults.extend(found),
            }
        }
        kpis.sort_by(|one, other| (one.order, &one.id).cmp(&(other.order, &other.id)));
        if faults.is_empty() { Ok(Self { kpis, hash: crate::address(&all) }) } else { Err(faults) }
    }

    /// Every figure, in order.
    #[must_use]
    pub fn all(&self) -> &[Kpi] {
        &self.kpis
    }

    /// A figure by its code.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Kpi> {
        self.kpis.iter().find(|kpi| kpi.id == id)
    }

    /// Address of all of them: where it changes, cases are counted anew.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test panics")]

    use super::*;

    const BASE: &str = r#"
        id = "x"
        version = 1
        order = 1
        title = { zh = "甲", en = "X" }
        formula = { zh = "甲", en = "X" }
        population = { zh = "甲", en = "X" }
        exclusions = { zh = "无", en = "none" }
        source = { zh = "无", en = "none" }
    "#;

    fn told(more: &str) -> String {
        let text = format!("{BASE}\n{more}");
        let faults = KpiSet::load([("kpi/x.toml", text.as_str())].into_iter()).map(drop).unwrap_err();
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_figure_says_what_is_wrong_with_it() {
        assert!(told("measure = \"cases\"\nfigure = \"mean\"").contains("cannot be made"));
        assert!(told("measure = \"cases\"\nfigure = \"rate\"").contains("`per` stands with a rate"));
        assert!(told("measure = \"recovery\"\nfigure = \"mean\"\nlate_counts = true").contains("`late_counts`"));
        assert!(told("measure = \"recovery\"\nfigure = \"share\"").contains("within_minutes"));
        let target = "measure = \"repeat\"\nfigure = \"share\"\n[target]\nbound = \"at_most\"\nvalue = \"1.2345\"\n\
                      basis = \"guide\"\nconfidence = \"medium\"\nsource = { zh = \"甲\", en = \"X\" }";
        assert!(told(target).contains("three places"));
    }

    #[test]
    fn an_unverified_target_judges_nobody() {
        let text = format!(
            "{BASE}\nmeasure = \"repeat\"\nfigure = \"share\"\n[target]\nbound = \"at_most\"\nvalue = \"5\"\n\
             basis = \"operator\"\nconfidence = \"unverified\"\nsource = {{ zh = \"甲\", en = \"X\" }}"
        );
        let set = KpiSet::load([("kpi/x.toml", text.as_str())].into_iter()).unwrap();
        let mut target = set.get("x").unwrap().target.clone().unwrap();
        assert_eq!((target.thousandths, target.met(6_000)), (5_000, None));
        target.confidence = Confidence::Medium;
        assert_eq!((target.met(5_000), target.met(5_001)), (Some(true), Some(false)));
    }
}
