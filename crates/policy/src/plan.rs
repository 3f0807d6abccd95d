//! Plans: which packs make a stack, and which version of each governs a case first received on a date.

use crate::basis::Tier;
use crate::document::{self, Place, Table};
use crate::facts::Operator;
use crate::fault::Fault;
use crate::pack::Pack;
use crate::stack::Stack;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The stacks of an installation. Reading one proves that every date leads to packs that go together.
#[derive(Clone, Debug)]
pub struct Plan {
    chosen: StackPlan,
    others: Vec<StackPlan>,
    operator: Operator,
}

/// One stack by the identities of its packs.
#[derive(Clone, Debug)]
struct StackPlan {
    id: String,
    packs: Vec<String>,
    currency: String,
    zone: Option<String>,
}

/// Currency of a stack that names none.
const CURRENCY: &str = "CNY";

impl Plan {
    /// Reads a list of stacks against the packs at hand.
    ///
    /// # Errors
    /// Every fault with file, line and column: a pack that is not there, packs that do not go together on some date.
    pub fn load(file: &str, text: &str, packs: &[Arc<Pack>]) -> Result<Self, Vec<Fault>> {
        document::read(Some(file), text, |table| read(table, packs))
    }

    /// The same with another of its stacks governing new cases; nothing when it has no such stack.
    #[must_use]
    pub fn choosing(&self, id: &str) -> Option<Self> {
        let all = || std::iter::once(&self.chosen).chain(&self.others);
        let chosen = all().find(|stack| stack.id == id)?.clone();
        let others = all().filter(|stack| stack.id != id).cloned().collect();
        Some(Self { chosen, others, operator: self.operator.clone() })
    }

    /// The same with the stack governing that a pack stands in; as it is when the governing one holds it or none does.
    #[must_use]
    pub fn around(&self, pack: &str) -> Self {
        let holds = |stack: &&StackPlan| stack.packs.iter().any(|id| id == pack);
        let other = self.others.iter().find(holds).filter(|_| !holds(&&self.chosen));
        other.and_then(|stack| self.choosing(&stack.id)).unwrap_or_else(|| self.clone())
    }

    /// Identities of all stacks, the governing one first.
    pub fn stacks(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.chosen).chain(&self.others).map(|stack| stack.id.as_str())
    }

    /// Identity of the stack new cases are governed by.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.chosen.id
    }

    /// Identities of the packs of that stack.
    pub fn packs(&self) -> impl Iterator<Item = &str> {
        self.chosen.packs.iter().map(String::as_str)
    }

    /// ISO 4217 code of the money that sums without a currency are meant in.
    #[must_use]
    pub fn currency(&self) -> &str {
        &self.chosen.currency
    }

    /// Name of the zone the hours of an installation under that stack are told in, in the time zone database; none where
    /// the stack leaves it to the installation. Under a stack that names one, the day of first receipt is that of the
    /// customer's place.
    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        self.chosen.zone.as_deref()
    }

    /// The days from which on another set of versions can hold, the first being the beginning of time.
    #[must_use]
    pub fn days(&self, packs: &[Arc<Pack>]) -> BTreeSet<Date> {
        self.chosen.days(packs)
    }

    /// How large the operator is, as far as the list says.
    #[must_use]
    pub const fn operator(&self) -> &Operator {
        &self.operator
    }

    /// The packs that govern a case first received on a local date, in the plan's order.
    ///
    /// Of each pack the highest version in force on that day is taken. Where none was in force, a pack of the law does
    /// not govern, because there was no such law; of practice and baseline the version nearest in time stands in,
    /// because every case needs somebody's rules.
    #[must_use]
    pub fn on(&self, packs: &[Arc<Pack>], day: Date) -> Vec<Arc<Pack>> {
        self.chosen.on(packs, day)
    }
}

impl StackPlan {
    fn on(&self, packs: &[Arc<Pack>], day: Date) -> Vec<Arc<Pack>> {
        self.packs.iter().filter_map(|id| version_on(packs, id, day)).map(Arc::clone).collect()
    }

    /// The days from which on another set of versions can hold.
    fn days(&self, packs: &[Arc<Pack>]) -> BTreeSet<Date> {
        let mine = packs.iter().filter(|pack| self.packs.iter().any(|id| id == pack.id()));
        let mut days = BTreeSet::from([Date::MIN]);
        for (from, to) in mine.map(|pack| pack.validity()) {
            days.insert(from);
            days.extend(to.and_then(|last| last.tomorrow().ok()));
        }
        days
    }

    /// Proves that the packs go together whenever a case is received.
    fn check(&self, packs: &[Arc<Pack>], place: Place<'_>) {
        for day in self.days(packs) {
            if let Err(fault) = Stack::new(self.on(packs, day)) {
                place.fault(format!("stack `{}`, for first receipts from {day} on: {fault}", self.id));
                return;
            }
        }
    }
}

fn version_on<'p>(packs: &'p [Arc<Pack>], id: &str, day: Date) -> Option<&'p Arc<Pack>> {
    let versions = || packs.iter().filter(|pack| pack.id() == id);
    let in_force = |pack: &&Arc<Pack>| {
        let (from, to) = pack.validity();
        from <= day && to.is_none_or(|to| day <= to)
    };
    let newest = versions().filter(in_force).max_by_key(|pack| pack.version_key());
    newest.or_else(|| {
        let standing_in = versions().filter(|pack| pack.tier() != Tier::Law);
        let begun = standing_in.clone().filter(|pack| pack.validity().0 <= day);
        let last_before = begun.max_by_key(|pack| (pack.validity().1, pack.version_key()));
        last_before
            .or_else(|| standing_in.min_by_key(|pack| (pack.validity().0, std::cmp::Reverse(pack.version_key()))))
    })
}

fn read(table: &mut Table<'_>, packs: &[Arc<Pack>]) -> Option<Plan> {
    let default = table.needed("default");
    let operator = table.or("operator", Operator::default(), Operator::read);
    let mut stacks: Vec<StackPlan> = Vec::new();
    let mut complete = true;
    for stack in table.tables("stack") {
        let place = stack.place();
        let Some(plan) = read_stack(stack, packs) else {
            complete = false;
            continue;
        };
        plan.check(packs, place);
        if stacks.iter().any(|known| known.id == plan.id) {
            place.fault(format!("a second stack `{}`", plan.id));
        }
        stacks.push(plan);
    }
    let default = default?;
    let wanted = default.string()?;
    let found = stacks.iter().position(|stack| stack.id == wanted);
    // A stack with a fault of its own would show up as absent too: one message is enough.
    if found.is_none() && complete {
        let known: Vec<&str> = stacks.iter().map(|stack| stack.id.as_str()).collect();
        default.fault(format!("names a stack that is not there; there are: {}", known.join(", ")));
    }
    let chosen = stacks.swap_remove(found?);
    stacks.sort_by(|one, other| one.id.cmp(&other.id));
    Some(Plan { chosen, others: stacks, operator: operator? })
}

fn read_stack(mut table: Table<'_>, packs: &[Arc<Pack>]) -> Option<StackPlan> {
    let id = table.id("id");
    let named = table.needed("packs").and_then(|value| {
        let mut ids: Vec<String> = Vec::new();
        for item in value.many()? {
            let id = item.string()?;
            if !packs.iter().any(|pack| pack.id() == id) {
                let known: BTreeSet<&str> = packs.iter().map(|pack| pack.id()).collect();
                let known: Vec<&str> = known.into_iter().collect();
                item.fault(format!("names the pack `{id}`, which is not there; there are: {}", known.join(", ")));
                return None;
            }
            if ids.iter().any(|known| known == id) {
                item.fault(format!("names the pack `{id}` twice"));
                return None;
            }
            ids.push(id.to_owned());
        }
        Some(ids)
    });
    let currency = table.or("currency", CURRENCY.to_owned(), |value| {
        let code = value.string()?;
        let sound = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        if !sound {
            value.fault("must be a currency code of ISO 4217, such as `CNY`");
        }
        sound.then(|| code.to_owned())
    });
    let zone = table.or("zone", None, |value| {
        let name = value.string()?;
        if TimeZone::get(name).is_err() {
            value.fault(format!("there is no time zone `{name}`"));
            return None;
        }
        Some(Some(name.to_owned()))
    });
    table.done();
    Some(StackPlan { id: id?, packs: named?, currency: currency?, zone: zone? })
}
