//! How much stands behind a rule. Only what a law or standard says may be shown as an obligation, so every figure
//! carries its basis, its confidence and its source.

use crate::code::codes;
use crate::document::Table;
use crate::text::Text;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

codes! {
    /// Whether a rule can be edited by the operator.
    pub Layer {
        /// Immovable; practice may never be looser.
        Law = "law",
        /// The operator's own, editable.
        Practice = "practice",
    }
}

codes! {
    /// The place of a pack in a stack, from the top down.
    pub Tier {
        /// What the law of a jurisdiction asks for.
        Law = "law",
        /// What the operator asks of itself.
        Practice = "practice",
        /// What a standard recommends to everybody.
        Baseline = "baseline",
    }
}

codes! {
    /// What a rule rests on, strongest first.
    pub Basis {
        /// A statute or a ministry's rule.
        Law = "law",
        /// A national, local or international standard.
        Standard = "standard",
        /// Observed practice of operators.
        Operator = "operator",
        /// The guide whose outline the product follows.
        Guide = "guide",
        /// Proposed for the product; nobody requires it.
        Proposal = "proposal",
    }
}

codes! {
    /// How sure the figure is, strongest first.
    pub Confidence {
        /// The source itself states it.
        High = "high",
        /// Seen in part, or several decent secondary sources agree.
        Medium = "medium",
        /// One weak source, or general knowledge.
        Low = "low",
        /// May remind, but may state compliance nowhere.
        Unverified = "unverified",
    }
}

codes! {
    /// Whether a pack may govern cases for real.
    pub Status {
        /// In force.
        Active = "active",
        /// For looking at; states compliance nowhere.
        Preview = "preview",
    }
}

/// What a figure rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// What kind of text says so.
    pub basis: Basis,
    /// How sure it is.
    pub confidence: Confidence,
    /// Key of the source in the pack.
    pub source: String,
}

impl Standing {
    /// Reads the three keys every figure has.
    pub(crate) fn read(table: &mut Table<'_>) -> Option<Self> {
        let basis = table.needed("basis").and_then(|value| value.code());
        let confidence = table.needed("confidence").and_then(|value| value.code());
        let source = table.id("source");
        Some(Self { basis: basis?, confidence: confidence?, source: source? })
    }
}

/// Where a figure was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Key that rules refer to.
    pub id: String,
    /// What it is.
    pub title: Text,
    /// Address, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Date>,
}
