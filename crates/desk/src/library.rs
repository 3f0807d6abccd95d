//! Packs, calendars and trees as loaded at start. A case names the versions of the packs that govern it; all versions
//! of a pack that any case names stay loaded side by side.
//!
//! Which packs make a stack is data (`packs/stacks.toml`); which version of each is decided by the local date of first
//! receipt. Every stack a receipt can lead to is made once at start, so that a fault shows then and not at a customer's.

use crate::error::DeskError;
use domain::case::Case;
use domain::event::PackPin;
use domain::taxonomy::Taxonomy;
use jiff::civil::Date;
use policy::check::{Check, Finding};
use policy::{Calendar, CalendarSet, Fault, Pack, Plan, Stack, Text, UnknownZone};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// One data file: its path below `packs/` and its text.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// Path below `packs/`, such as `calendars/cn.toml`.
    pub path: String,
    /// Contents.
    pub text: String,
}

/// Why the data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// Files with faults, each with line and column.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<Fault>),
    /// A category, cause or region file.
    #[error("taxonomy: {}", .0.join("; "))]
    Taxonomy(Vec<String>),
    /// Something every installation needs.
    #[error("missing data file packs/{0}")]
    Missing(&'static str),
    /// Two files are the same version of the same pack.
    #[error("packs/{file}: version {version} of the pack `{id}` is already there; a version is never changed")]
    SameVersion {
        /// The later file.
        file: String,
        /// The pack.
        id: String,
        /// Its version.
        version: String,
    },
    /// The zone of the calendar without days off.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
}

/// Everything rules are made of.
#[derive(Clone, Debug)]
pub struct Library {
    /// By identity, then by version.
    packs: Arc<[Arc<Pack>]>,
    calendars: Arc<CalendarSet>,
    plan: Arc<Plan>,
    /// Stacks made so far. Which there can be is bounded by what the log names.
    stacks: Arc<RwLock<HashMap<Vec<PackPin>, Stack>>>,
    taxonomy: Arc<Taxonomy>,
}

/// Which packs make a stack.
const STACKS: &str = "stacks.toml";

impl Library {
    /// Loads and checks all files.
    ///
    /// # Errors
    /// Every fault found, with file, line and column.
    pub fn load(files: &[DataFile]) -> Result<Self, LibraryError> {
        let text = |path: &'static str| {
            files.iter().find(|file| file.path == path).map(|f| f.text.as_str()).ok_or(LibraryError::Missing(path))
        };
        let taxonomy = Taxonomy::load(
            text("taxonomy/categories.toml")?,
            text("taxonomy/causes.toml")?,
            text("taxonomy/regions.toml")?,
        )
        .map_err(LibraryError::Taxonomy)?;
        let (calendars, packs) = rules(files)?;
        let plan = Plan::load(STACKS, text(STACKS)?, &packs).map_err(LibraryError::Faults)?;
        Ok(Self {
            packs: packs.into(),
            calendars: Arc::new(calendars),
            plan: Arc::new(plan),
            stacks: Arc::new(RwLock::new(HashMap::new())),
            taxonomy: Arc::new(taxonomy),
        })
    }

    /// What the checker finds in the packs, each alone and together, and in the deadlines counted by hand that stand
    /// beside them: `vectors/NAME.csv` belongs to the pack read from `NAME.toml`.
    #[must_use]
    pub fn check(&self, vectors: &[DataFile]) -> Vec<Finding> {
        let mut findings = policy::check::check(&self.packs, &self.plan);
        for file in vectors {
            let name = file.path.rsplit('/').next().unwrap_or(&file.path).trim_end_matches(".csv");
            let of = self.packs.iter().find(|pack| pack.file().trim_end_matches(".toml") == name);
            let Some((pack, rules)) = of.and_then(|pack| Some((pack, self.around(pack)?))) else {
                let message = match of {
                    Some(pack) => format!("the pack {} makes no stack to be asked", pack.id()),
                    None => format!("belongs to no pack: there is no {name}.toml"),
                };
                findings.push(Finding::of_file(Check::Vector, &file.path, message));
                continue;
            };
            let classify = |facts: &mut policy::Facts| self.classify(facts);
            findings.extend(policy::check::vectors(&file.path, &file.text, pack, &rules, &classify));
        }
        findings
    }

    /// A pack with the newest of every other layer beside it.
    fn around(&self, pack: &Arc<Pack>) -> Option<Stack> {
        let newest = self.plan.on(&self.packs, Date::MAX);
        let others = newest.into_iter().filter(|other| other.tier() != pack.tier());
        let with: Vec<Arc<Pack>> = others.chain([Arc::clone(pack)]).collect();
        // An older version need not go with what is new elsewhere; it then stands alone, when it can.
        Stack::new(with).or_else(|_| Stack::new([Arc::clone(pack)])).ok()
    }

    /// Adds what the tree says of a case's category.
    fn classify(&self, facts: &mut policy::Facts) {
        let Some(category) = facts.category.as_deref().and_then(|code| self.taxonomy.category(code)) else { return };
        facts.regulator_class = category.miit.map(|class| class.code().to_owned());
        facts.red_line = category.red;
    }

    /// The newest version of a pack, or the one named after an `@`.
    #[must_use]
    pub fn pack(&self, name: &str) -> Option<&Arc<Pack>> {
        let (id, version) = name.split_once('@').map_or((name, None), |(id, version)| (id, Some(version)));
        let fits = |pack: &&Arc<Pack>| pack.id() == id && version.is_none_or(|version| pack.version() == version);
        self.packs.iter().rev().find(fits)
    }

    /// Identity of the stack new cases are governed by.
    #[must_use]
    pub fn stack(&self) -> &str {
        self.plan.id()
    }

    /// The stack that governs a case first received on a local date.
    ///
    /// # Errors
    /// None that loading has not already excluded.
    pub fn governing(&self, received_on: Date) -> Result<Stack, DeskError> {
        let packs = self.plan.on(&self.packs, received_on);
        let pins: Vec<PackPin> = packs.iter().map(|pack| PackPin::of(pack)).collect();
        self.pinned(&pins)
    }

    /// The rules of a case: the stack it names, and for clocks it took over from a case of another stack what that says
    /// of them.
    ///
    /// # Errors
    /// If one of the versions is no longer loaded, or they no longer go together.
    pub fn rules_of(&self, case: &Case) -> Result<Stack, DeskError> {
        let own = self.pinned(&case.packs)?;
        let foreign =
            case.clocks.iter().filter_map(|clock| clock.pack.as_ref()).filter(|pin| !case.packs.contains(pin));
        let guests = foreign.map(|pin| self.named(pin)).collect::<Result<Vec<_>, _>>()?;
        Ok(if guests.is_empty() { own } else { own.with_guests(guests) })
    }

    /// The stack of some packs.
    ///
    /// # Errors
    /// If one of the versions is no longer loaded, or they no longer go together.
    pub fn pinned(&self, pins: &[PackPin]) -> Result<Stack, DeskError> {
        let known = self.stacks.read().unwrap_or_else(PoisonError::into_inner).get(pins).cloned();
        if let Some(stack) = known {
            return Ok(stack);
        }
        let packs = pins.iter().map(|pin| self.named(pin)).collect::<Result<Vec<_>, _>>()?;
        let stack = Stack::new(packs).map_err(|fault| DeskError::Damaged(fault.to_string()))?;
        let stack = stack.of(self.plan.operator().clone());
        self.stacks.write().unwrap_or_else(PoisonError::into_inner).insert(pins.to_vec(), stack.clone());
        Ok(stack)
    }

    fn named(&self, pin: &PackPin) -> Result<Arc<Pack>, DeskError> {
        let pack = self.packs.iter().find(|pack| pack.id() == pin.id && pack.version() == pin.version);
        pack.map(Arc::clone).ok_or_else(|| DeskError::Damaged(format!("pack {} {} is not loaded", pin.id, pin.version)))
    }

    /// All packs, by identity and then by version.
    #[must_use]
    pub fn packs(&self) -> &[Arc<Pack>] {
        &self.packs
    }

    /// All calendars.
    #[must_use]
    pub fn calendars(&self) -> &CalendarSet {
        &self.calendars
    }

    /// What people call a clock rule, for lists of cases whose stacks are not at hand: as the newest pack says it.
    #[must_use]
    pub fn rule_title(&self, rule: &str) -> Option<&Text> {
        self.packs.iter().rev().find_map(|pack| pack.clock(rule)).map(|rule| &rule.head.title)
    }

    /// Category, cause and region trees.
    #[must_use]
    pub fn taxonomy(&self) -> &Taxonomy {
        &self.taxonomy
    }
}

/// The calendars among the files.
///
/// # Errors
/// Every fault found, with file, line and column.
pub fn calendars(files: &[DataFile]) -> Result<CalendarSet, LibraryError> {
    match read_calendars(files) {
        (calendars, faults) if faults.is_empty() => Ok(calendars),
        (_, faults) => Err(LibraryError::Faults(faults)),
    }
}

fn read_calendars(files: &[DataFile]) -> (CalendarSet, Vec<Fault>) {
    let (mut calendars, mut faults) = (CalendarSet::default(), Vec::new());
    for file in files.iter().filter(|file| file.path.starts_with("calendars/")) {
        if let Err(found) = calendars.add(&file.path, &file.text) {
            faults.extend(found);
        }
    }
    (calendars, faults)
}

/// Reads the calendars and, with them, the packs.
fn rules(files: &[DataFile]) -> Result<(CalendarSet, Vec<Arc<Pack>>), LibraryError> {
    let (mut calendars, mut faults) = read_calendars(files);
    // For packs that count no days.
    calendars.insert(Calendar::none("UTC")?);
    let mut packs: Vec<Arc<Pack>> = Vec::new();
    let is_pack = |file: &&DataFile| file.path.ends_with(".toml") && !file.path.contains('/') && file.path != STACKS;
    for file in files.iter().filter(is_pack) {
        match Pack::load(&file.path, &file.text, &calendars) {
            Ok(pack) => {
                if packs.iter().any(|known| known.id() == pack.id() && known.version() == pack.version()) {
                    let PackPin { id, version } = PackPin::of(&pack);
                    return Err(LibraryError::SameVersion { file: file.path.clone(), id, version });
                }
                packs.push(Arc::new(pack));
            }
            Err(found) => faults.extend(found),
        }
    }
    packs.sort_by_key(|pack| (pack.id().to_owned(), pack.version_key()));
    if faults.is_empty() { Ok((calendars, packs)) } else { Err(LibraryError::Faults(faults)) }
}
