//! Packs, calendars and trees. What an installation ships with is loaded at start; what two people put into force later
//! lies on top of it, and every content that was ever at hand stays, so that what governed a case can always be read
//! again. A case names the contents that govern it.
//!
//! Which packs make a stack is data (`packs/stacks.toml`); which version of each is decided by the local date of first
//! receipt. Every stack a receipt can lead to is made once whenever the rules change, so that a fault shows then and not
//! at a customer's.

use crate::activation::{Activation, RulesKind};
use crate::error::DeskError;
use domain::case::Case;
use domain::case::recount::Change;
use domain::event::{CalendarPin, PackPin};
use domain::taxonomy::{Taxonomy, region_in};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use learn::{Lexicon, LexiconError};
use policy::check::{Check, Finding};
use policy::{
    Calendar, CalendarSet, FactName, Fault, KpiSet, Pack, Plan, ReportSet, Stack, Text, UnknownZone, address,
};
use std::borrow::Cow;
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

impl DataFile {
    /// What kind of rules it holds; nothing for the trees and the list of stacks.
    pub(crate) fn kind(&self) -> Option<RulesKind> {
        if !self.path.ends_with(".toml") || self.path == STACKS {
            return None;
        }
        match self.path.split_once('/') {
            None => Some(RulesKind::Pack),
            Some(("calendars", _)) => Some(RulesKind::Calendar),
            Some(_) => None,
        }
    }
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
    /// The word list.
    #[error("{LEXICON}: {0}")]
    Lexicon(LexiconError),
    /// Something every installation needs.
    #[error("missing data file packs/{0}")]
    Missing(&'static str),
    /// A stack the installation is to be governed by.
    #[error("there is no stack `{wanted}`; there are: {}", .known.join(", "))]
    Stack {
        /// The one asked for.
        wanted: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// The zone of the calendar without days off.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
}

/// A content that two people put into force.
#[derive(Clone, Debug)]
pub(crate) struct Activated {
    pub(crate) activation: Arc<Activation>,
    pub(crate) file: DataFile,
}

/// A content nobody has put into force, to be asked what it would change.
#[derive(Clone, Debug)]
pub(crate) enum Draft {
    /// A pack.
    Pack(Arc<Pack>),
    /// A calendar.
    Calendar(Arc<Calendar>),
}

/// What a draft means for a case.
#[derive(Clone, Debug)]
pub(crate) enum Drafted {
    /// These rules.
    Rules(Stack),
    /// Nothing: none of the case's packs is or follows it.
    NoSay,
    /// It does not go together with the other packs of the case.
    Apart,
}

/// Packs and calendars that go together.
#[derive(Debug)]
pub(crate) struct Rules {
    /// By identity, then by version.
    packs: Arc<[Arc<Pack>]>,
    calendars: Arc<CalendarSet>,
    plan: Plan,
}

impl Rules {
    /// What the checker finds in the packs, each alone and together.
    pub(crate) fn check(&self) -> Vec<Finding> {
        policy::check::check(&self.packs, &self.plan)
    }

    /// A pack with the newest of every other layer of its stack beside it.
    fn around(&self, pack: &Arc<Pack>) -> Option<Stack> {
        let newest = self.plan.around(pack.id()).on(&self.packs, Date::MAX);
        let others = newest.into_iter().filter(|other| other.tier() != pack.tier());
        let with: Vec<Arc<Pack>> = others.chain([Arc::clone(pack)]).collect();
        // An older version need not go with what is new elsewhere; it then stands alone, when it can.
        Stack::new(with).or_else(|_| Stack::new([Arc::clone(pack)])).ok()
    }

    /// All packs, by identity and then by version.
    pub(crate) fn packs(&self) -> &[Arc<Pack>] {
        &self.packs
    }

    /// Whether a pack, in whatever version, stands in the stack that governs new cases.
    pub(crate) fn in_stack(&self, id: &str) -> bool {
        self.plan.packs().any(|known| known == id)
    }

    /// Whether a pack of the stack that governs new cases is counted with a calendar, in whatever version.
    pub(crate) fn counts_with(&self, calendar: &str) -> bool {
        let mut packs = self.packs.iter().filter(|pack| self.in_stack(pack.id()));
        let own =
            |pack: &&Arc<Pack>| pack.calendar().id() == calendar || pack.places().any(|(_, of)| of.id() == calendar);
        packs.any(|pack| pack.follows_calendar() && own(&pack))
    }

    /// The calendar the first pack of the stack that governs new cases is counted with.
    pub(crate) fn usual_calendar(&self) -> Option<&Calendar> {
        self.packs.iter().find(|pack| self.in_stack(pack.id())).map(|pack| pack.calendar())
    }

    /// All calendars as they are known.
    pub(crate) fn calendars(&self) -> &CalendarSet {
        &self.calendars
    }
}

/// What the installation ships with; it stays as it is while the programme runs.
#[derive(Debug)]
struct Shipped {
    files: Vec<DataFile>,
    stacks: String,
    /// The stack that governs, where it is not the list's own choice.
    chosen: Option<String>,
    taxonomy: Taxonomy,
    /// Words that name categories and call for care, and what the list is called by its content.
    lexicon: (String, Lexicon),
    reports: ReportSet,
    kpis: KpiSet,
    rules: Arc<Rules>,
}

/// What holds now.
#[derive(Debug)]
struct State {
    rules: Arc<Rules>,
    activated: Vec<Activated>,
    /// Every content that was ever at hand, by its address.
    contents: HashMap<String, DataFile>,
    /// How many activations there were when this was put together, and the moment at which the next begins to hold.
    seen: Option<(i64, Option<Timestamp>)>,
}

/// The stack packs and calendars make, for every place the packs tell apart.
#[derive(Debug)]
struct Placed {
    /// How the regions begin that have calendars of their own, the longest first.
    places: Vec<String>,
    /// By the place; the empty one is everywhere else.
    stacks: HashMap<String, Stack>,
}

impl Placed {
    fn place<'r>(&self, region: &'r str) -> &'r str {
        place_in(&self.places, region)
    }
}

/// How the regions begin that packs of a stack have calendars of their own for, the longest first.
pub(crate) fn places(rules: &Stack) -> Vec<String> {
    let mut places: Vec<String> = rules.packs().flat_map(Pack::places).map(|(region, _)| region.to_owned()).collect();
    places.sort_unstable_by_key(|place| std::cmp::Reverse(place.len()));
    places
}

/// The place of a list a region lies in; empty where it lies in none. The longest stand first.
pub(crate) fn place_in<'r>(places: &[String], region: &'r str) -> &'r str {
    let place = places.iter().find(|place| region_in(region, place));
    place.and_then(|place| region.get(..place.len())).unwrap_or_default()
}

type Stacks = HashMap<(Vec<PackPin>, Vec<CalendarPin>), Placed>;

/// Everything rules are made of. Clones see the same: what is put into force shows in all of them.
#[derive(Clone, Debug)]
pub struct Library {
    shipped: Arc<Shipped>,
    state: Arc<RwLock<State>>,
    /// Stacks made so far. Which there can be is bounded by what the log names.
    stacks: Arc<RwLock<Stacks>>,
}

/// Which packs make a stack.
const STACKS: &str = "stacks.toml";
/// Where reports are defined.
const REPORTS: &str = "reports/";
/// Where key figures are defined.
const KPIS: &str = "kpi/";
/// Words that name categories and call for care.
const LEXICON: &str = "lexicon/words.toml";
/// Stages of a customer's life.
const STAGES: &str = "taxonomy/stages.toml";

impl Library {
    /// Loads and checks all files.
    ///
    /// # Errors
    /// Every fault found, with file, line and column.
    pub fn load(files: &[DataFile]) -> Result<Self, LibraryError> {
        Self::load_for(files, None)
    }

    /// The same for an installation governed by another stack than the list's own choice.
    ///
    /// # Errors
    /// Those of [`Library::load`]; and if there is no such stack.
    pub fn load_for(files: &[DataFile], stack: Option<&str>) -> Result<Self, LibraryError> {
        let text = |path: &'static str| {
            files.iter().find(|file| file.path == path).map(|f| f.text.as_str()).ok_or(LibraryError::Missing(path))
        };
        let taxonomy = Taxonomy::load(
            text("taxonomy/categories.toml")?,
            text("taxonomy/causes.toml")?,
            text("taxonomy/regions.toml")?,
        )
        .map_err(LibraryError::Taxonomy)?;
        let stages = policy::life_stages(STAGES, text(STAGES)?).map_err(LibraryError::Faults)?;
        let taxonomy = taxonomy.with_stages(stages).map_err(|unknown| {
            LibraryError::Taxonomy(unknown.into_iter().map(|code| format!("{STAGES}: no category {code}")).collect())
        })?;
        // Without the list nothing is suggested.
        let words = text(LEXICON).unwrap_or_default();
        let lexicon = Lexicon::parse(words).map_err(LibraryError::Lexicon)?;
        let name = format!("words:{}", policy::address(words).get(..12).unwrap_or_default());
        let stacks = text(STACKS)?.to_owned();
        let of_reports = files.iter().filter(|file| file.path.starts_with(REPORTS));
        let of_reports: Vec<(&str, &str)> = of_reports.map(|file| (file.path.as_str(), file.text.as_str())).collect();
        let of_kpis = files.iter().filter(|file| file.path.starts_with(KPIS));
        let kpis = KpiSet::load(of_kpis.map(|file| (file.path.as_str(), file.text.as_str())));
        let kpis = kpis.map_err(LibraryError::Faults)?;
        let files: Vec<DataFile> = files.iter().filter(|file| file.kind().is_some()).cloned().collect();
        let chosen = stack.map(str::to_owned);
        let rules = Arc::new(put_together(&files, &stacks, stack, &[])?);
        let reports = ReportSet::load(of_reports.into_iter(), &rules.packs).map_err(LibraryError::Faults)?;
        Ok(Self::of(Arc::new(Shipped {
            files,
            stacks,
            chosen,
            taxonomy,
            lexicon: (name, lexicon),
            reports,
            kpis,
            rules,
        })))
    }

    fn of(shipped: Arc<Shipped>) -> Self {
        let contents = shipped.files.iter().map(|file| (address(&file.text), file.clone())).collect();
        let rules = Arc::clone(&shipped.rules);
        let state = State { rules, activated: Vec::new(), contents, seen: None };
        Self { shipped, state: Arc::new(RwLock::new(state)), stacks: Arc::default() }
    }

    /// The same as shipped, for an installation of its own.
    pub(crate) fn for_installation(&self) -> Self {
        Self::of(Arc::clone(&self.shipped))
    }

    fn with_state<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What holds now.
    pub(crate) fn rules(&self) -> Arc<Rules> {
        self.with_state(|state| Arc::clone(&state.rules))
    }

    /// The files of packs and calendars the installation ships with.
    pub(crate) fn shipped(&self) -> &[DataFile] {
        &self.shipped.files
    }

    /// How many activations were seen and when the next begins to hold; nothing before the first look.
    pub(crate) fn seen(&self) -> Option<(i64, Option<Timestamp>)> {
        self.with_state(|state| state.seen)
    }

    /// The rules there would be with these contents in force, calendars not before their moment.
    ///
    /// # Errors
    /// Every fault found, with file, line and column.
    pub(crate) fn with(&self, activated: &[Activated]) -> Result<Rules, LibraryError> {
        put_together(&self.shipped.files, &self.shipped.stacks, self.shipped.chosen.as_deref(), activated)
    }

    /// Takes over what was put into force. Cases keep what they name.
    pub(crate) fn take_over(
        &self,
        rules: Rules,
        activated: Vec<Activated>,
        kept: Vec<DataFile>,
        seen: (i64, Option<Timestamp>),
    ) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.rules = Arc::new(rules);
        state.activated = activated;
        state.contents.extend(kept.into_iter().map(|file| (address(&file.text), file)));
        state.seen = Some(seen);
    }

    /// How a content came into force; nothing when it was shipped.
    #[must_use]
    pub fn activation_of(&self, hash: &str) -> Option<Arc<Activation>> {
        self.with_state(|state| {
            let found = state.activated.iter().find(|one| one.activation.hash == hash);
            found.map(|one| Arc::clone(&one.activation))
        })
    }

    /// The text a pack or calendar was read from, by the address of its content.
    #[must_use]
    pub fn text_of(&self, hash: &str) -> Option<String> {
        self.with_state(|state| state.contents.get(hash).map(|file| file.text.clone()))
    }

    /// What the checker finds in the packs, each alone and together, and in the deadlines counted by hand that stand
    /// beside them: `vectors/NAME.csv` belongs to the pack read from `NAME.toml`.
    #[must_use]
    pub fn check(&self, vectors: &[DataFile]) -> Vec<Finding> {
        let now = self.rules();
        let mut findings = now.check();
        let known = |fact: FactName, code: &str| self.is_on_a_tree(fact, code);
        findings.extend(now.packs.iter().flat_map(|pack| policy::check::unknown_codes(pack, &known)));
        findings.extend(vectors.iter().flat_map(|file| self.check_list(file)));
        findings
    }

    /// What the checker finds in one list of deadlines that stands beside a pack.
    #[must_use]
    pub fn check_list(&self, file: &DataFile) -> Vec<Finding> {
        let now = self.rules();
        let name = file.path.rsplit('/').next().unwrap_or(&file.path).trim_end_matches(".csv");
        let of = now.packs.iter().find(|pack| pack.file().trim_end_matches(".toml") == name);
        let Some((pack, rules)) = of.and_then(|pack| Some((pack, now.around(pack)?))) else {
            let message = match of {
                Some(pack) => format!("the pack {} makes no stack to be asked", pack.id()),
                None => format!("belongs to no pack: there is no {name}.toml"),
            };
            return vec![Finding::of_file(Check::Vector, &file.path, message)];
        };
        let classify = |facts: &mut policy::Facts| self.classify(facts);
        policy::check::vectors(&file.path, &file.text, pack, &rules, &classify)
    }

    /// Whether a code a rule names is one of the installation's.
    fn is_on_a_tree(&self, fact: FactName, code: &str) -> bool {
        match fact {
            FactName::Category => self.taxonomy().category(code).is_some(),
            FactName::CategoryPrefix => self.taxonomy().categories().any(|category| category.code.starts_with(code)),
            FactName::Cause => self.taxonomy().causes().any(|cause| cause.code.starts_with(code)),
            _ => true,
        }
    }

    /// Adds what the tree says of a case's category.
    fn classify(&self, facts: &mut policy::Facts) {
        let category = facts.category.as_deref().and_then(|code| self.taxonomy().category(code));
        let Some(category) = category else { return };
        facts.regulator_class = category.miit.map(|class| class.code().to_owned());
        facts.red_line = category.red;
    }

    /// The newest version of a pack, or the one named after an `@`.
    #[must_use]
    pub fn pack(&self, name: &str) -> Option<Arc<Pack>> {
        let (id, version) = name.split_once('@').map_or((name, None), |(id, version)| (id, Some(version)));
        let fits = |pack: &&Arc<Pack>| pack.id() == id && version.is_none_or(|version| pack.version() == version);
        self.rules().packs.iter().rev().find(fits).map(Arc::clone)
    }

    /// ISO 4217 code of the money that sums typed without a currency are meant in.
    #[must_use]
    pub fn currency(&self) -> &str {
        self.shipped.rules.plan.currency()
    }

    /// Name of the zone of the stack, where it names one.
    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        self.shipped.rules.plan.zone()
    }

    /// The stack that governs a case of a customer in a region (empty: nobody knows), first received at a moment. Which
    /// day that was is told by the clock of the customer's place, under a stack that leaves its zone to the installation
    /// by that of the installation.
    ///
    /// # Errors
    /// None that loading has not already excluded.
    pub fn governing_at(&self, at: Timestamp, region: &str, installation: &TimeZone) -> Result<Stack, DeskError> {
        let here = installation.to_datetime(at).date();
        let rules = self.governing(here, region)?;
        if self.zone().is_none() {
            return Ok(rules);
        }
        let there = rules.zone().to_datetime(at).date();
        if there == here { Ok(rules) } else { self.governing(there, region) }
    }

    /// The local date of first receipt by which the packs of a case were chosen.
    #[must_use]
    pub fn received_on(&self, case: &Case, installation: &TimeZone) -> Date {
        let place = self.zone().and_then(|_| self.rules_of(case).ok()).map(|rules| rules.zone());
        place.as_ref().unwrap_or(installation).to_datetime(case.received_at).date()
    }

    /// Every stack there is, with the identities of its packs.
    #[must_use]
    pub fn stacks(&self) -> Vec<(String, Vec<String>)> {
        let plan = &self.shipped.rules.plan;
        let packs = |id: &str| plan.choosing(id).map(|plan| plan.packs().map(str::to_owned).collect());
        plan.stacks().map(|id| (id.to_owned(), packs(id).unwrap_or_default())).collect()
    }

    /// Identity of the stack new cases are governed by.
    #[must_use]
    pub fn stack(&self) -> &str {
        self.shipped.rules.plan.id()
    }

    /// The stack that governs a case of a customer in a region (empty: nobody knows), first received on a local date.
    ///
    /// # Errors
    /// None that loading has not already excluded.
    pub fn governing(&self, received_on: Date, region: &str) -> Result<Stack, DeskError> {
        let rules = self.rules();
        let packs = rules.plan.on(&rules.packs, received_on);
        let pins: Vec<PackPin> = packs.iter().map(|pack| PackPin::of(pack)).collect();
        // A pack is large, and most count alike everywhere.
        let placed: Vec<Cow<'_, Pack>> = packs
            .iter()
            .map(|pack| match pack.places().next() {
                Some(_) => Cow::Owned(pack.in_place(region)),
                None => Cow::Borrowed(&**pack),
            })
            .collect();
        self.pinned(&pins, region, &CalendarPin::of_packs(placed.iter().map(|pack| &**pack)))
    }

    /// The rules of a case: the stack it names, counted with the calendars it names, and for clocks it took over from a
    /// case of another stack what that says of them.
    ///
    /// # Errors
    /// If a content it names is not there, or the packs no longer go together.
    pub fn rules_of(&self, case: &Case) -> Result<Stack, DeskError> {
        self.rules_with(case, &case.calendars)
    }

    /// The same counted with other calendars.
    pub(crate) fn rules_with(&self, case: &Case, calendars: &[CalendarPin]) -> Result<Stack, DeskError> {
        let own = self.pinned(&case.packs, case.record.place(), calendars)?;
        let foreign =
            case.clocks.iter().filter_map(|clock| clock.pack.as_ref()).filter(|pin| !case.packs.contains(pin));
        let place = case.record.place();
        let guests = foreign.map(|pin| self.counted(pin, place, calendars)).collect::<Result<Vec<_>, _>>()?;
        Ok(if guests.is_empty() { own } else { own.with_guests(guests) })
    }

    /// The stack of packs and calendars named one by one, for a customer in a region. A calendar that is not named is the
    /// one shipped.
    ///
    /// # Errors
    /// If one of the contents is not there, or the packs do not go together.
    pub fn pinned(&self, packs: &[PackPin], region: &str, calendars: &[CalendarPin]) -> Result<Stack, DeskError> {
        let pins = (packs.to_vec(), calendars.to_vec());
        let known = {
            let stacks = self.stacks.read().unwrap_or_else(PoisonError::into_inner);
            stacks.get(&pins).and_then(|placed| placed.stacks.get(placed.place(region))).cloned()
        };
        if let Some(stack) = known {
            return Ok(stack);
        }
        let counted = packs.iter().map(|pin| self.counted(pin, region, calendars)).collect::<Result<Vec<_>, _>>()?;
        let stack = Stack::new(counted).map_err(|fault| DeskError::Damaged(fault.to_string()))?;
        let stack = stack.of(self.shipped.rules.plan.operator().clone());
        let mut stacks = self.stacks.write().unwrap_or_else(PoisonError::into_inner);
        let placed = stacks.entry(pins).or_insert_with(|| Placed { places: places(&stack), stacks: HashMap::new() });
        placed.stacks.insert(placed.place(region).to_owned(), stack.clone());
        drop(stacks);
        Ok(stack)
    }

    /// The rules there would be for a case that names these packs and calendars if a draft took its place among them.
    ///
    /// # Errors
    /// If one of the contents is not there.
    pub(crate) fn drafted(
        &self,
        draft: &Draft,
        packs: &[PackPin],
        region: &str,
        calendars: &[CalendarPin],
    ) -> Result<Drafted, DeskError> {
        let mut concerned = false;
        let mut counted = Vec::with_capacity(packs.len());
        for pin in packs {
            counted.push(match draft {
                Draft::Pack(pack) if pack.id() == pin.id => {
                    concerned = true;
                    self.with_calendar(Arc::clone(pack), region, calendars)?
                }
                Draft::Pack(_) => self.counted(pin, region, calendars)?,
                Draft::Calendar(calendar) => {
                    let pack = self.counted(pin, region, calendars)?;
                    if pack.follows_calendar() && pack.calendar().id() == calendar.id() {
                        concerned = true;
                        Arc::new(pack.counted_with(Arc::clone(calendar)))
                    } else {
                        pack
                    }
                }
            });
        }
        if !concerned {
            return Ok(Drafted::NoSay);
        }
        // An older version of another pack need not go with it.
        let stack = Stack::new(counted).map(|stack| stack.of(self.shipped.rules.plan.operator().clone()));
        Ok(stack.map_or(Drafted::Apart, Drafted::Rules))
    }

    /// The pack a pin names, counted with the calendar of the region as the pins name it.
    fn counted(&self, pin: &PackPin, region: &str, calendars: &[CalendarPin]) -> Result<Arc<Pack>, DeskError> {
        let pack = self.with_state(|state| state.pack(pin))?;
        self.with_calendar(pack, region, calendars)
    }

    fn with_calendar(&self, pack: Arc<Pack>, region: &str, calendars: &[CalendarPin]) -> Result<Arc<Pack>, DeskError> {
        let pack = if pack.places().next().is_some() { Arc::new(pack.in_place(region)) } else { pack };
        let calendar = pack.calendar();
        if !pack.follows_calendar() || calendar.hash().is_empty() {
            return Ok(pack);
        }
        let calendar = match calendars.iter().find(|known| known.id == calendar.id()) {
            Some(known) => self.with_state(|state| state.calendar(known))?,
            None => {
                let shipped = self.shipped.rules.calendars.get(calendar.id());
                shipped.ok_or_else(|| DeskError::Damaged(format!("calendar {} is not there", calendar.id())))?
            }
        };
        Ok(Arc::new(pack.counted_with(calendar)))
    }

    /// The calendars of a case of which a newer version holds by now.
    ///
    /// # Errors
    /// If a content the case names is not there.
    pub(crate) fn behind(&self, case: &Case) -> Result<Vec<Change>, DeskError> {
        let rules = self.rules_of(case)?;
        let now = self.rules();
        let newer = |pin: &CalendarPin| now.calendars.get(&pin.id).filter(|calendar| calendar.version() > pin.version);
        let changed = CalendarPin::of_stack(&rules).into_iter().filter_map(|pin| newer(&pin));
        Ok(changed
            .map(|calendar| Change {
                note: self.activation_of(calendar.hash()).map(|one| one.note.clone()).unwrap_or_default(),
                calendar: CalendarPin::of(&calendar),
            })
            .collect())
    }

    /// All packs, by identity and then by version.
    #[must_use]
    pub fn packs(&self) -> Arc<[Arc<Pack>]> {
        Arc::clone(&self.rules().packs)
    }

    /// All calendars.
    #[must_use]
    pub fn calendars(&self) -> Arc<CalendarSet> {
        Arc::clone(&self.rules().calendars)
    }

    /// What people call a rule, for lists of cases whose stacks are not at hand: as the newest pack says it.
    #[must_use]
    pub fn rule_title(&self, rule: &str) -> Option<Text> {
        let title =
            |pack: &Arc<Pack>| pack.heads().find(|(_, head)| head.id == rule).map(|(_, head)| head.title.clone());
        self.rules().packs.iter().rev().find_map(title)
    }

    /// The body a way outside leads to, as the newest pack says it.
    #[must_use]
    pub fn body_of(&self, route: &str) -> Option<Text> {
        let body = |pack: &Arc<Pack>| pack.routes().iter().find(|one| one.head.id == route).map(|one| one.body.clone());
        self.rules().packs.iter().rev().find_map(body)
    }

    /// What reports there are, and what their figures mean.
    #[must_use]
    pub fn reports(&self) -> &ReportSet {
        &self.shipped.reports
    }

    /// Key figures by their definitions.
    #[must_use]
    pub fn kpis(&self) -> &KpiSet {
        &self.shipped.kpis
    }

    /// Words that name categories and call for care.
    #[must_use]
    pub fn lexicon(&self) -> &Lexicon {
        &self.shipped.lexicon.1
    }

    /// What the word list is called: by its content.
    #[must_use]
    pub fn lexicon_name(&self) -> &str {
        &self.shipped.lexicon.0
    }

    /// Category, cause and region trees.
    #[must_use]
    pub fn taxonomy(&self) -> &Taxonomy {
        &self.shipped.taxonomy
    }
}

impl State {
    /// The pack a pin names, by content where it says so.
    fn pack(&self, pin: &PackPin) -> Result<Arc<Pack>, DeskError> {
        let named = |pack: &&Arc<Pack>| pack.id() == pin.id && pack.version() == pin.version;
        let same = |pack: &&Arc<Pack>| pin.hash.as_deref().is_none_or(|hash| hash == pack.hash());
        if let Some(pack) = self.rules.packs.iter().filter(named).find(same) {
            return Ok(Arc::clone(pack));
        }
        let missing = || DeskError::Damaged(format!("pack {} {} is not loaded", pin.id, pin.version));
        let file = pin.hash.as_ref().and_then(|hash| self.contents.get(hash)).ok_or_else(missing)?;
        let pack = Pack::load(&file.path, &file.text, &self.rules.calendars);
        pack.map(Arc::new).map_err(|faults| unreadable(&faults))
    }

    /// The calendar a pin names.
    fn calendar(&self, pin: &CalendarPin) -> Result<Arc<Calendar>, DeskError> {
        if let Some(calendar) = self.rules.calendars.get(&pin.id).filter(|calendar| calendar.hash() == pin.hash) {
            return Ok(Arc::new(calendar.as_known_on(pin.version)));
        }
        let missing = || DeskError::Damaged(format!("calendar {} of {} is not there", pin.id, pin.version));
        let file = self.contents.get(&pin.hash).ok_or_else(missing)?;
        let calendar = Calendar::parse_file(&file.path, &file.text).map_err(|faults| unreadable(&faults))?;
        Ok(Arc::new(calendar.as_known_on(pin.version)))
    }
}

fn unreadable(faults: &[Fault]) -> DeskError {
    DeskError::Damaged(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

/// The calendars among the files.
///
/// # Errors
/// Every fault found, with file, line and column.
pub fn calendars(files: &[DataFile]) -> Result<CalendarSet, LibraryError> {
    match read_calendars(files.iter()) {
        (calendars, faults) if faults.is_empty() => Ok(calendars),
        (_, faults) => Err(LibraryError::Faults(faults)),
    }
}

fn read_calendars<'f>(files: impl Iterator<Item = &'f DataFile>) -> (CalendarSet, Vec<Fault>) {
    let (mut calendars, mut faults) = (CalendarSet::default(), Vec::new());
    for file in files.filter(|file| file.kind() == Some(RulesKind::Calendar)) {
        if let Err(found) = calendars.add(&file.path, &file.text) {
            faults.extend(found);
        }
    }
    (calendars, faults)
}

/// Reads the calendars and, with them, the packs, and proves that they go together.
fn put_together(
    files: &[DataFile],
    stacks: &str,
    chosen: Option<&str>,
    activated: &[Activated],
) -> Result<Rules, LibraryError> {
    let of = |kind: RulesKind| activated.iter().filter(move |one| one.activation.kind == kind);
    let activated_too = of(RulesKind::Calendar).map(|one| &one.file);
    let (mut calendars, mut faults) = read_calendars(files.iter().chain(activated_too));
    // For packs that count no days.
    calendars.insert(Calendar::none("UTC")?);
    let mut packs: Vec<Arc<Pack>> = Vec::new();
    for Activated { activation, file } in of(RulesKind::Pack) {
        match Pack::load(&file.path, &file.text, &calendars) {
            Ok(pack) => packs.push(Arc::new(pack.in_force_from(activation.effective_from))),
            Err(found) => faults.extend(found),
        }
    }
    // A release may ship later what an operator has put into force before: that stays as it is.
    let above = packs.len();
    for file in files.iter().filter(|file| file.kind() == Some(RulesKind::Pack)) {
        match Pack::load(&file.path, &file.text, &calendars) {
            Ok(pack) => {
                let same = |known: &Arc<Pack>| known.id() == pack.id() && known.version() == pack.version();
                match packs.iter().position(same) {
                    Some(place) if place < above => {}
                    Some(_) => {
                        let PackPin { id, version, .. } = PackPin::of(&pack);
                        let message = format!(
                            "version {version} of the pack `{id}` is already there; a version is never changed"
                        );
                        let file = Some(file.path.clone());
                        faults.push(Fault { file, line: 1, column: 1, check: None, message, hint: None });
                    }
                    None => packs.push(Arc::new(pack)),
                }
            }
            Err(found) => faults.extend(found),
        }
    }
    packs.sort_by_key(|pack| (pack.id().to_owned(), pack.version_key()));
    if !faults.is_empty() {
        return Err(LibraryError::Faults(faults));
    }
    let mut plan = Plan::load(STACKS, stacks, &packs).map_err(LibraryError::Faults)?;
    if let Some(wanted) = chosen {
        let known = || plan.stacks().map(str::to_owned).collect();
        let stack = plan.choosing(wanted);
        plan = stack.ok_or_else(|| LibraryError::Stack { wanted: wanted.to_owned(), known: known() })?;
    }
    Ok(Rules { packs: packs.into(), calendars: Arc::new(calendars), plan })
}
