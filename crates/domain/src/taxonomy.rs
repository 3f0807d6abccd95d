//! The trees a case is sorted by, as data with stable codes: what it is about (categories), why it happened (causes),
//! where (regions). A node may be retired, never removed: old cases keep pointing at it.

mod load;
mod region;

pub use policy::region_in;
pub use region::{province_of, region_valid};

use policy::{CategoryLeaf, LifeStage, Severity, Urgency};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The ministry's three classes, used in its quarterly notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MiitClass {
    /// 用户服务
    UserService,
    /// 网络质量
    NetworkQuality,
    /// 收费争议
    Charging,
}

impl MiitClass {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::UserService => "user_service",
            Self::NetworkQuality => "network_quality",
            Self::Charging => "charging",
        }
    }
}

/// A node of the category tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Stable code: one letter, one digit more, or three digits.
    pub code: String,
    /// 1 to 3; the third level holds the leaves.
    pub level: u8,
    /// The node above.
    pub parent: Option<String>,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// The ministry's class; leaves only.
    pub miit: Option<MiitClass>,
    /// Whether it is a red line.
    pub red: bool,
    /// Severity before assessment.
    pub severity: Severity,
    /// Urgency before assessment.
    pub urgency: Urgency,
    /// Remarks such as `refund_first`.
    pub tags: Vec<String>,
    /// Line responsible by default; a proposal, for the operator to adjust.
    pub duty: Option<String>,
    /// Product lines it can be about, as far as the node itself says so; else those of the node above.
    pub products: Vec<String>,
    /// No longer offered for new cases.
    pub retired: bool,
}

/// A node of the cause tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Stable code: a line, or a line, a dot and a reason.
    pub code: String,
    /// The line above; `None` for a line.
    pub parent: Option<String>,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// No longer offered.
    pub retired: bool,
}

/// A province of the regions' list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Province {
    /// Two digits (GB/T 2260).
    pub code: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
}

/// All trees.
#[derive(Clone, Debug)]
pub struct Taxonomy {
    categories: BTreeMap<String, Category>,
    causes: BTreeMap<String, Cause>,
    provinces: BTreeMap<String, Province>,
    stages: Vec<LifeStage>,
}

impl Taxonomy {
    /// The trees with the stages of a customer's life their categories belong to.
    ///
    /// # Errors
    /// Names of nodes the stages name and the tree has not.
    pub fn with_stages(self, stages: Vec<LifeStage>) -> Result<Self, Vec<String>> {
        let named = stages.iter().flat_map(|stage| &stage.categories);
        let unknown: Vec<String> = named.filter(|code| !self.categories.contains_key(*code)).cloned().collect();
        if unknown.is_empty() { Ok(Self { stages, ..self }) } else { Err(unknown) }
    }

    /// Stages of a customer's life, in order.
    #[must_use]
    pub fn stages(&self) -> &[LifeStage] {
        &self.stages
    }

    /// The stage a category belongs to: that of the longest code that fits.
    #[must_use]
    pub fn stage_of(&self, category: &str) -> Option<&LifeStage> {
        let fits = |stage: &LifeStage| {
            stage.categories.iter().filter(|code| category.starts_with(*code)).map(String::len).max()
        };
        let fitting = self.stages.iter().filter_map(|stage| Some((fits(stage)?, stage)));
        fitting.max_by_key(|(length, _)| *length).map(|(_, stage)| stage)
    }

    /// Reads the trees.
    ///
    /// # Errors
    /// Every fault found, with its file and, where known, line.
    pub fn load(categories: &str, causes: &str, regions: &str) -> Result<Self, Vec<String>> {
        load::load(categories, causes, regions)
    }

    /// The category with a code.
    #[must_use]
    pub fn category(&self, code: &str) -> Option<&Category> {
        self.categories.get(code)
    }

    /// Every node, parents before children.
    pub fn categories(&self) -> impl Iterator<Item = &Category> {
        self.categories.values()
    }

    /// Nodes a case may be sorted under, retired ones left out.
    pub fn leaves(&self) -> impl Iterator<Item = &Category> {
        self.categories.values().filter(|category| category.level == 3 && !category.retired)
    }

    /// Codes of the red-line list, retired ones too: old cases keep them.
    #[must_use]
    pub fn red_line(&self) -> Vec<String> {
        self.categories.values().filter(|category| category.red).map(|category| category.code.clone()).collect()
    }

    /// The leaves as rules look at them.
    pub fn as_rules_look(&self) -> impl Iterator<Item = CategoryLeaf> {
        self.leaves().map(|leaf| {
            let lines = std::iter::successors(Some(leaf), |node| self.category(node.parent.as_deref()?))
                .find(|node| !node.products.is_empty());
            CategoryLeaf {
                code: leaf.code.clone(),
                regulator_class: leaf.miit.map(|class| class.code().to_owned()),
                red_line: leaf.red,
                products: lines.map(|node| node.products.clone()).unwrap_or_default(),
            }
        })
    }

    /// Nodes below one, or the roots.
    pub fn children<'a>(&'a self, code: Option<&'a str>) -> impl Iterator<Item = &'a Category> {
        self.categories.values().filter(move |category| category.parent.as_deref() == code)
    }

    /// Whether a new case may be sorted under this code.
    #[must_use]
    pub fn is_leaf(&self, code: &str) -> bool {
        self.category(code).is_some_and(|category| category.level == 3 && !category.retired)
    }

    /// The cause with a code.
    #[must_use]
    pub fn cause(&self, code: &str) -> Option<&Cause> {
        self.causes.get(code)
    }

    /// Every cause, lines before their reasons.
    pub fn causes(&self) -> impl Iterator<Item = &Cause> {
        self.causes.values()
    }

    /// Whether a case may be given this cause.
    #[must_use]
    pub fn is_cause_leaf(&self, code: &str) -> bool {
        self.cause(code).is_some_and(|cause| cause.parent.is_some() && !cause.retired)
    }

    /// The province of a region.
    #[must_use]
    pub fn province(&self, region: &str) -> Option<&Province> {
        self.provinces.get(province_of(region))
    }

    /// Every province.
    pub fn provinces(&self) -> impl Iterator<Item = &Province> {
        self.provinces.values()
    }

    /// Leaves whose code begins with, or whose name holds, what was typed; best first.
    #[must_use]
    pub fn find(&self, typed: &str, limit: usize) -> Vec<&Category> {
        let typed = typed.trim().to_lowercase();
        let mut found: Vec<(u8, &Category)> = self
            .leaves()
            .filter_map(|category| {
                let rank = if category.code.to_lowercase().starts_with(&typed) {
                    0
                } else if category.zh.to_lowercase().contains(&typed) {
                    1
                } else if category.en.to_lowercase().contains(&typed) {
                    2
                } else {
                    return None;
                };
                Some((rank, category))
            })
            .collect();
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().take(limit).map(|(_, category)| category).collect()
    }
}
