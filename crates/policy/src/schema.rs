//! The JSON Schema of pack files, for editors: what keys there are, what they take, what they mean. One table here says
//! it; a test holds the table against what the reader knows, key by key.

use crate::authority::AuthorityRule;
use crate::basis::{Basis, Confidence, Layer, Status, Tier};
use crate::clock::{ClockKind, OnRegrade, Owner, StartFact, StopFact};
use crate::counting::{Ends, FirstDay, Roll};
use crate::duty::{CountsFrom, Cycle, Dimension, KeptFrom, Measure, Method, RecordClass};
use crate::facts::{FactName, Facts};
use crate::gate::Step;
use crate::grade::{Grade, Severity, Urgency};
use crate::letter::{Medium, Proof, Recipient};
use crate::order_limit::{OrderFor, OrderFrom};
use crate::remedy::{Exclusion, Held, LastDay, OnceOver, Per, SetOff};
use crate::routing::RoutedTo;
use crate::rule::DatedFact;
use crate::window::WindowFrom;
use serde_json::{Map, Value, json};

/// What a key takes.
enum Form {
    /// A text in both languages.
    Text,
    /// Words by language tag.
    Words,
    /// An identity.
    Id,
    /// One identity or several.
    Ids,
    /// A plain string.
    Plain,
    /// A string of a pattern.
    Pattern(&'static str),
    /// One string of a pattern or several.
    Patterns(&'static str),
    /// A whole number within bounds.
    Whole(i64, i64),
    /// Whole numbers within bounds.
    Wholes(i64, i64),
    /// True or false.
    Flag,
    /// A date.
    Date,
    /// A length of time.
    Amount,
    /// A length of time, by grade or by kind of area.
    Limit,
    /// A sum of money.
    Sum,
    /// One code of a list.
    Code(Vec<&'static str>),
    /// One code or several.
    Codes(Vec<&'static str>),
    /// Calendars by the place they hold in.
    Places,
    /// A condition.
    Condition,
    /// Whether waiting stops a clock.
    Pausing,
    /// A table with keys of its own.
    Table(&'static str, Vec<Key>),
    /// Several such tables.
    Tables(&'static str, Vec<Key>),
    /// One such table or several.
    TableOrTables(&'static str, Vec<Key>),
}

/// A key of a table.
struct Key {
    name: &'static str,
    needed: bool,
    form: Form,
    about: &'static str,
}

const fn needed(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, needed: true, form, about }
}

const fn optional(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, needed: false, form, about }
}

const AMOUNT: &str = r"^(0|([1-9][0-9]*|0)(min|h|wh|d|bd|w|mo))$";
const ID: &str = r"^[a-z0-9_.-]{1,64}$";
const SUM: &str = r"^[0-9]{1,15}(\.[0-9]{1,2})? [A-Z]{3}$";
const SKILL: &str = r"^[a-z0-9_-]{1,40}$";
const TAG: &str = r"^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$";
/// How the code of a region begins: digits, or a country and a part of it by ISO 3166-2.
const PLACE: &str = "^([0-9]{2,6}|[A-Z]{2}(-[A-Z0-9]{1,3})?)$";
/// A time of day.
const CLOCK: &str = r"^([01][0-9]|2[0-3]):[0-5][0-9]$";
const INTERVAL: &str = r"^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$";

macro_rules! all {
    ($list:ty) => {
        <$list>::ALL.iter().map(|code| code.code()).collect::<Vec<&'static str>>()
    };
}

fn standing() -> Vec<Key> {
    vec![
        needed("basis", Form::Code(all!(Basis)), "What kind of text says so."),
        needed("confidence", Form::Code(all!(Confidence)), "How sure the figure is; an unverified one only reminds."),
        needed("source", Form::Id, "Where it was read: a [[source]] of this pack."),
    ]
}

fn head(more: Vec<Key>) -> Vec<Key> {
    let mut keys = vec![
        needed("id", Form::Id, "Identity within the stack; cases refer to it, so it never changes."),
        needed("title", Form::Text, "What people call it."),
        optional("layer", Form::Code(all!(Layer)), "law: nobody may edit it; practice: the operator's own."),
        optional("known_as", Form::Ids, "Names under which others list the same rule."),
        optional(
            "version",
            Form::Table(
                "version",
                vec![
                    optional("fact", Form::Code(all!(DatedFact)), "The date of the matter that decides."),
                    optional("from", Form::Date, "The first local date it holds for."),
                    optional("to", Form::Date, "The first local date it no longer holds for."),
                ],
            ),
            "The dates it holds for, where the rule changed.",
        ),
        optional("applies", Form::Condition, "Cases it is for; all, where nothing is said."),
        optional("unless", Form::Condition, "Cases it is not for although `applies` holds."),
        optional("note", Form::Text, "How it is read where the source leaves it open; printed with each result."),
    ];
    keys.extend(standing());
    keys.extend(more);
    keys
}

fn authority() -> Vec<Key> {
    let mut keys = vec![
        needed("role", Form::Code(AuthorityRule::ROLES.to_vec()), "The role."),
        optional("up_to", Form::Patterns(SUM), "Up to what sum, one for each currency; without, any sum."),
    ];
    keys.extend(standing());
    keys
}

fn counting() -> Form {
    Form::Table(
        "counting",
        vec![
            optional("first_day", Form::Code(all!(FirstDay)), "Whether the day of the start counts."),
            optional("ends", Form::Code(all!(Ends)), "When on the last day the time is over."),
            optional("roll", Form::Code(all!(Roll)), "Where a last day moves that is no business day."),
            optional("strictly_less", Form::Flag, "Less than the amount is allowed."),
        ],
    )
}

fn period(length: &'static str, about: &'static str) -> Vec<Key> {
    let mut keys = vec![needed(length, Form::Amount, about), optional("counting", counting(), "How it is counted.")];
    keys.extend(standing());
    keys
}

fn starts() -> &'static str {
    r"^([a-z_]+|(expiry|letter):[a-z0-9_.-]+|stage:[a-z0-9_.-]+/[a-z0-9_.-]+)$"
}

fn stops() -> &'static str {
    r"^([a-z_]+|stage:[a-z0-9_.-]+/[a-z0-9_.-]+)$"
}

fn need() -> &'static str {
    r"^([a-z_]+|letter:[a-z0-9_.-]+)$"
}

fn clock() -> Vec<Key> {
    head(vec![
        optional("kind", Form::Code(all!(ClockKind)), "What it means; due, where nothing is said."),
        optional("owner", Form::Code(all!(Owner)), "Who has to act."),
        needed(
            "start",
            Form::Patterns(starts()),
            "Facts, expiry:<clock>, stage:<route>/<stage>, letter:<letter>, or outside: something no case knows of.",
        ),
        optional("stop", Form::Patterns(stops()), "Facts or stages that end it; the first is what it asks for."),
        optional("amount", Form::Limit, "How long it runs."),
        optional("counting", counting(), "How it is counted; as is usual for the unit, where nothing is said."),
        optional("pausable", Form::Pausing, "Whether waiting stops it, or what kind of waiting does."),
        optional(
            "on_regrade",
            Form::Code(all!(OnRegrade)),
            "As packs of before say it; a new grade keeps or shortens whatever stands here.",
        ),
        optional("warn_at", Form::Wholes(1, 100), "Percentages of the time at which to warn, ascending."),
        optional(
            "extend",
            Form::Table(
                "extend",
                vec![
                    optional("by", Form::Amount, "What is added."),
                    optional("total", Form::Amount, "What the whole time becomes."),
                    optional("notice_within", Form::Amount, "Within what of the start the other side must be told."),
                ],
            ),
            "A longer time a case may be given.",
        ),
        optional(
            "attempts",
            Form::Table(
                "attempts",
                vec![
                    needed("need", Form::Whole(2, 100), "How many tries."),
                    optional("distinct", Form::Code(vec!["calendar_day"]), "What has to differ between two."),
                ],
            ),
            "Tries to be made; of kind attempts only.",
        ),
        optional(
            "targets",
            Form::TableOrTables(
                "target",
                vec![
                    needed("percent", Form::Whole(1, 100), "Of a hundred cases."),
                    needed("within", Form::Amount, "The time."),
                ],
            ),
            "Shares to be reached, ascending; of kind percentile only.",
        ),
        optional(
            "agreed_up_to",
            Form::Amount,
            "Up to what another time may be agreed with the customer in its place, in hours or days.",
        ),
        optional("mean", Form::Amount, "What the mean over all cases may be at most."),
        optional("may_overtake", Form::Text, "Why a later start may lead to an earlier deadline."),
    ])
}

fn route() -> Vec<Key> {
    head(vec![
        needed("body", Form::Text, "The body outside."),
        needed("method", Form::Codes(all!(Method)), "How it settles matters."),
        optional("opens", Form::Ids, "Clocks and windows that open it."),
        optional("closes", Form::Ids, "Windows after which it is closed."),
        optional("fee", Form::Sum, "What it costs the customer."),
        optional("ceiling", Form::Sum, "The most it can award."),
        optional(
            "stage",
            Form::Tables(
                "stage",
                vec![
                    needed("id", Form::Id, "Identity within the route."),
                    needed("title", Form::Text, "What people call it."),
                    needed("owner", Form::Code(all!(Owner)), "Who has to act in it."),
                    optional("next", Form::Ids, "Stages that can follow; none for an end."),
                    optional("needs", Form::Patterns(need()), "What must be there to enter it."),
                ],
            ),
            "Its stages, the first being where a matter begins.",
        ),
    ])
}

fn sections() -> Vec<Key> {
    let assess = {
        let mut keys = vec![
            needed("id", Form::Id, "Identity within the stack."),
            needed("when", Form::Condition, "When it holds."),
            needed(
                "raise",
                Form::Table(
                    "raise",
                    vec![
                        optional("severity", Form::Code(vec![Severity::Major.code()]), "The severity it raises to."),
                        optional("urgency", Form::Code(vec![Urgency::Urgent.code()]), "The urgency it raises to."),
                    ],
                ),
                "What it raises.",
            ),
            needed("reason", Form::Text, "Why, for people."),
        ];
        keys.extend(standing());
        keys
    };
    let review = {
        let mut keys = vec![
            needed("id", Form::Id, "Identity."),
            needed("grade", Form::Codes(all!(Grade)), "Grades it applies to."),
            needed("four_eyes", Form::Flag, "Whether the approver is another person than the proposer."),
            needed("reason", Form::Text, "Why, for people."),
        ];
        keys.extend(standing());
        keys
    };
    let hours = {
        let mut keys = vec![
            needed("workdays", Form::Patterns(INTERVAL), "On business days."),
            needed("rest_days", Form::Patterns(INTERVAL), "On all other days."),
            optional("not_in", Form::Patterns("^[0-9]{2,6}$"), "Regions with hours of their own."),
        ];
        keys.extend(standing());
        keys
    };
    vec![
        needed(
            "pack",
            Form::Table(
                "pack",
                vec![
                    needed("id", Form::Id, "Identity of the pack."),
                    needed(
                        "version",
                        Form::Pattern(r"^[0-9]+\.[0-9]+\.[0-9]+$"),
                        "Three numbers; a version never changes.",
                    ),
                    needed("title", Form::Text, "What people call it."),
                    needed("layer", Form::Code(all!(Tier)), "Its place in a stack."),
                    needed("jurisdiction", Form::Plain, "ISO 3166 code or name."),
                    needed("status", Form::Code(all!(Status)), "A preview states compliance nowhere."),
                    needed("valid_from", Form::Date, "The first local date of receipt it is for."),
                    optional("valid_to", Form::Date, "The last one."),
                    needed("calendar", Form::Plain, "The calendar it counts with."),
                    optional(
                        "places",
                        Form::Places,
                        "Places with a calendar of their own, by how the code of the customer's region begins.",
                    ),
                    optional("applies", Form::Condition, "Operators it is for, by their size."),
                    optional("unless", Form::Condition, "Operators it is not for."),
                ],
            ),
            "The head of the pack.",
        ),
        optional(
            "notes",
            Form::Tables(
                "notes",
                vec![needed("zh", Form::Plain, "In Chinese."), needed("en", Form::Plain, "In English.")],
            ),
            "Interpretations that hold for the whole pack.",
        ),
        optional(
            "source",
            Form::Tables(
                "source",
                vec![
                    needed("id", Form::Id, "Key that rules refer to."),
                    needed("title", Form::Text, "What it is."),
                    optional("url", Form::Plain, "Its address."),
                    optional("seen", Form::Date, "When it was last seen."),
                ],
            ),
            "Where figures were read.",
        ),
        optional(
            "grade",
            Form::Tables(
                "grade",
                vec![
                    needed("id", Form::Id, "Identity."),
                    optional(
                        "when",
                        Form::Table(
                            "grade.when",
                            vec![
                                optional("severity", Form::Codes(all!(Severity)), "Severities it covers."),
                                optional("urgency", Form::Codes(all!(Urgency)), "Urgencies it covers."),
                            ],
                        ),
                        "The combinations it covers.",
                    ),
                    needed("grade", Form::Code(all!(Grade)), "The grade."),
                    needed("reason", Form::Text, "Why, for people."),
                ],
            ),
            "The decision table of grades; each combination exactly once.",
        ),
        optional("assess", Form::Tables("assess", assess), "What raises severity or urgency."),
        optional("review", Form::Tables("review", review), "Outcomes a second person approves."),
        optional("clock", Form::Tables("clock", clock()), "Limits of time."),
        optional(
            "window",
            Form::Tables(
                "window",
                head(vec![
                    needed("owner", Form::Code(all!(Owner)), "Whose right it is."),
                    needed("from", Form::Code(all!(WindowFrom)), "What it is counted from."),
                    optional("opens_after", Form::Amount, "What has to pass before it opens."),
                    needed("amount", Form::Amount, "After what it closes."),
                    optional("counting", counting(), "How both are counted."),
                ]),
            ),
            "Rights that open and close.",
        ),
        optional(
            "convert",
            Form::Tables(
                "convert",
                head(vec![
                    needed("from", Form::Code(Facts::KINDS.to_vec()), "Kind of contact it was."),
                    needed("to", Form::Code(Facts::KINDS.to_vec()), "Kind of contact it becomes."),
                    optional("after", Form::Amount, "After what without an answer."),
                    optional(
                        "counts_from",
                        Form::Code(all!(CountsFrom)),
                        "From when the clocks of the new kind count: first receipt (usual) or the conversion.",
                    ),
                ]),
            ),
            "What was not a complaint becomes one.",
        ),
        optional(
            "effect",
            Form::Tables(
                "effect",
                head(vec![
                    needed(
                        "at",
                        Form::Pattern(r"^((start|due|forecast|breach|stop):.+|event:[a-z_]+)$"),
                        "start:, due:, forecast:, breach: or stop: with a clock (due: may add -2bd or +10bd, forecast: +10bd), or event: with a fact.",
                    ),
                    needed(
                        "do",
                        Form::Patterns(r"^(notify|letter|hold|route|compensate|raise|tell):[a-z0-9_.-]+$"),
                        "What is done.",
                    ),
                ]),
            ),
            "What happens by itself.",
        ),
        optional(
            "gate",
            Form::Tables(
                "gate",
                head(vec![
                    needed("before", Form::Code(all!(Step)), "The step it stands before."),
                    needed("need", Form::Patterns(need()), "What must be there."),
                ]),
            ),
            "What must be there before a step.",
        ),
        optional(
            "letter",
            Form::Tables(
                "letter",
                head(vec![
                    optional("to", Form::Codes(all!(Recipient)), "Who gets it."),
                    needed("languages", Form::Patterns(TAG), "Languages it is written in."),
                    needed("media", Form::Codes(all!(Medium)), "How it may travel."),
                    optional("durable", Form::Flag, "Whether the recipient must be able to keep it unchanged."),
                    optional("proof", Form::Code(all!(Proof)), "What proves that it went out."),
                    needed(
                        "element",
                        Form::Tables(
                            "element",
                            vec![
                                needed("id", Form::Id, "Identity within the letter."),
                                needed("text", Form::Words, "The words, by language."),
                            ],
                        ),
                        "What it must say.",
                    ),
                ]),
            ),
            "Messages with required content.",
        ),
        optional(
            "hold",
            Form::Tables(
                "hold",
                head(vec![
                    needed("holds", Form::Codes(all!(Held)), "What must not be done."),
                    needed("from", Form::Code(all!(StartFact)), "What places it."),
                    needed("until", Form::Codes(all!(StopFact)), "What lifts it."),
                ]),
            ),
            "What must not be done while a matter is open.",
        ),
        optional("route", Form::Tables("route", route()), "Ways to bodies outside."),
        optional(
            "compensation",
            Form::Tables(
                "compensation",
                head(vec![
                    needed("from", Form::Code(all!(StartFact)), "What it is counted from."),
                    optional("until", Form::Codes(all!(StopFact)), "What ends it."),
                    optional("ask_from", Form::Flag, "No case knows when it began: whoever proposes states it."),
                    optional("free", Form::Amount, "The time for which nothing is owed."),
                    optional(
                        "once_over",
                        Form::Code(all!(OnceOver)),
                        "What is owed once that time is over: the rest, or everything from the start.",
                    ),
                    needed("per", Form::Code(all!(Per)), "For what span the rate is owed."),
                    optional("last_day", Form::Code(all!(LastDay)), "Whether the day on which it ends counts."),
                    optional(
                        "day_over",
                        Form::Pattern(r"^([1-9]|1[0-9]|2[0-3])h$"),
                        "A calendar day counts only if the trouble lasted longer than this within it.",
                    ),
                    needed(
                        "rate",
                        Form::TableOrTables(
                            "rate",
                            vec![
                                optional("valid_from", Form::Date, "The first local date it holds for."),
                                optional(
                                    "from_day",
                                    Form::Whole(1, 3650),
                                    "The first day it is for, counted from 1 after the free time.",
                                ),
                                optional("fixed", Form::Sum, "A fixed sum."),
                                optional(
                                    "of_monthly_fee",
                                    Form::Pattern(r"^[0-9]{1,4}(\.[0-9]{1,2})?%$"),
                                    "A share of the monthly fee.",
                                ),
                                optional(
                                    "of_fee_charged",
                                    Form::Pattern(r"^[0-9]{1,4}(\.[0-9]{1,2})?%$"),
                                    "A share of what was charged for the work that is late.",
                                ),
                                optional("proportional", Form::Flag, "The fee for the time without service."),
                            ],
                        ),
                        "What is owed, by date and day.",
                    ),
                    optional(
                        "exclude",
                        Form::Codes(all!(Exclusion)),
                        "What days, or the whole time, may be left out for.",
                    ),
                    optional("set_off", Form::Codes(all!(SetOff)), "What was given already and is taken off."),
                    optional("pay_within", Form::Amount, "Within what of its end it is paid."),
                    optional("at_most", Form::Sum, "The most that is owed."),
                ]),
            ),
            "What is owed for lateness.",
        ),
        optional(
            "authority",
            Form::Tables("authority", authority()),
            "Up to what sum a role decides about compensation by itself.",
        ),
        optional(
            "retention",
            Form::Tables(
                "retention",
                head(vec![
                    needed("class", Form::Code(all!(RecordClass)), "The records."),
                    optional("min", Form::Amount, "Kept at least."),
                    optional("max", Form::Amount, "Kept at most."),
                    needed("from", Form::Code(all!(KeptFrom)), "Counted from."),
                ]),
            ),
            "How long records are kept.",
        ),
        optional(
            "report",
            Form::Tables(
                "report",
                head(vec![
                    needed("to", Form::Text, "Who gets it."),
                    needed("period", Form::Code(all!(Cycle)), "How often."),
                    needed("due", Form::Amount, "Within what of the period's end."),
                    optional("counting", counting(), "How that is counted."),
                    optional("measures", Form::Codes(all!(Measure)), "Its figures."),
                    optional("dimensions", Form::Codes(all!(Dimension)), "What they are broken down by."),
                ]),
            ),
            "What is reported outside.",
        ),
        optional(
            "routing",
            Form::Tables(
                "routing",
                head(vec![
                    optional("regions", Form::Patterns(PLACE), "How the codes of its regions begin; all, without."),
                    needed("unit", Form::Pattern(r"^[A-Za-z0-9._-]{1,40}$"), "Code of the unit."),
                    optional("to", Form::Code(all!(RoutedTo)), "The unit's pool, or one person."),
                    optional("skill", Form::Pattern(SKILL), "Skill the person must have."),
                    optional(
                        "care",
                        Form::Pattern(SKILL),
                        "Skill of those whom high-star and vulnerable customers go to first.",
                    ),
                ]),
            ),
            "Where cases go: the first row that is for a case decides.",
        ),
        optional(
            "order_limit",
            Form::Tables(
                "order_limit",
                head(vec![
                    needed("kind", Form::Codes(all!(OrderFor)), "Kinds of work order, or a ruling whose case it is."),
                    optional("accept_within", Form::Amount, "To be taken up within."),
                    optional("reply_within", Form::Amount, "To be answered within."),
                    optional(
                        "same_day_before",
                        Form::Pattern(CLOCK),
                        "What comes in before is answered by the end of the day, later by the end of the next.",
                    ),
                    optional("from", Form::Code(all!(OrderFrom)), "From when the answer is counted."),
                    optional("contact_within", Form::Amount, "Of a visit: the customer is called within."),
                    optional("arrive_within", Form::Amount, "Of a visit: how late after the time agreed is in time."),
                    optional(
                        "answered_within",
                        Form::Amount,
                        "Of a visit: how long an answer stands in for an arrival nobody recorded.",
                    ),
                ]),
            ),
            "Within what work orders are dealt with, never beyond the case's own limit.",
        ),
        optional(
            "reopen",
            Form::Table("reopen", period("within", "How long after its closing.")),
            "When a case may be taken up again.",
        ),
        optional(
            "suspend",
            Form::Table("suspend", period("limit", "How long at a time.")),
            "How long a case may be held.",
        ),
        optional(
            "repeat",
            Form::Table("repeat", period("within", "In calendar days or weeks.")),
            "What counts as a repeat.",
        ),
        optional("contact_hours", Form::Table("contact_hours", hours), "When customers may be called."),
    ]
}

/// The JSON Schema of a pack file.
#[must_use]
pub fn pack_schema() -> Value {
    let mut schema = table(&sections());
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        schema.insert("title".to_owned(), json!("Redress policy pack"));
        schema.insert("$defs".to_owned(), definitions());
    }
    schema
}

/// The keys each table may have, the tables by their names, for holding the table above against the reader.
#[must_use]
pub fn keys() -> Vec<(&'static str, Vec<&'static str>)> {
    fn walk(name: &'static str, keys: &[Key], into: &mut Vec<(&'static str, Vec<&'static str>)>) {
        into.push((name, keys.iter().map(|key| key.name).collect()));
        for key in keys {
            if let Form::Table(name, keys) | Form::Tables(name, keys) | Form::TableOrTables(name, keys) = &key.form {
                walk(name, keys, into);
            }
        }
    }
    let mut known = Vec::new();
    walk("", &sections(), &mut known);
    known
}

fn table(keys: &[Key]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), described(key))).collect();
    let needed: Vec<&str> = keys.iter().filter(|key| key.needed).map(|key| key.name).collect();
    json!({"type": "object", "properties": properties, "required": needed, "additionalProperties": false})
}

fn described(key: &Key) -> Value {
    let mut value = form(&key.form);
    if let Some(object) = value.as_object_mut() {
        object.insert("description".to_owned(), json!(key.about));
    }
    value
}

fn pattern(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

/// One of these, or a list of them without repeats.
fn one_or_more(one: &Value) -> Value {
    json!({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

fn form(form: &Form) -> Value {
    match form {
        Form::Text => reference("text"),
        Form::Words => json!({
            "type": "object",
            "patternProperties": {TAG: {"type": "string", "minLength": 1}},
            "additionalProperties": false,
        }),
        Form::Id => pattern(ID),
        Form::Ids => one_or_more(&pattern(ID)),
        Form::Plain => json!({"type": "string", "minLength": 1}),
        Form::Pattern(text) => pattern(text),
        Form::Patterns(text) => one_or_more(&pattern(text)),
        Form::Whole(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Form::Wholes(least, most) => one_or_more(&json!({"type": "integer", "minimum": least, "maximum": most})),
        Form::Flag => json!({"type": "boolean"}),
        // TOML has dates of its own; editors that turn them into JSON give them as strings.
        Form::Date => pattern(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
        Form::Amount => reference("amount"),
        Form::Limit => reference("limit"),
        Form::Sum => pattern(SUM),
        Form::Code(codes) => json!({"enum": codes}),
        Form::Codes(codes) => one_or_more(&json!({"enum": codes})),
        Form::Places => json!({
            "type": "object",
            "patternProperties": {PLACE: {"type": "string", "minLength": 1}},
            "additionalProperties": false,
        }),
        Form::Condition => reference("condition"),
        Form::Pausing => json!({"anyOf": [{"type": "boolean"}, one_or_more(&json!({"enum": Facts::WAITS}))]}),
        Form::Table(_, keys) => table(keys),
        Form::Tables(_, keys) => json!({"type": "array", "items": table(keys)}),
        Form::TableOrTables(_, keys) => one_or_more(&table(keys)),
    }
}

fn definitions() -> Value {
    let amount = pattern(AMOUNT);
    let by = |keys: &[&str], required: &[&str]| {
        let properties: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), amount.clone())).collect();
        json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "minProperties": 1,
            "additionalProperties": false,
        })
    };
    let tests: Map<String, Value> = FactName::ALL.iter().map(|fact| (fact.code().to_owned(), test(*fact))).collect();
    let one = json!({"type": "object", "properties": tests, "additionalProperties": false});
    json!({
        "text": {
            "type": "object",
            "properties": {"zh": {"type": "string", "minLength": 1}, "en": {"type": "string", "minLength": 1}},
            "required": ["zh", "en"],
            "additionalProperties": false,
        },
        "amount": amount,
        "limit": {"anyOf": [
            amount,
            by(&all!(Grade), &[]),
            by(Facts::AREA_TYPES, Facts::AREA_TYPES),
        ]},
        "condition": one_or_more(&one),
    })
}

/// What a fact's test takes.
fn test(fact: FactName) -> Value {
    let present = json!({"type": "object", "properties": {"present": {"type": "boolean"}}, "required": ["present"], "additionalProperties": false});
    let within = |bound: Value| {
        json!({
            "type": "object",
            "properties": {"gte": bound, "lt": bound},
            "minProperties": 1,
            "additionalProperties": false,
        })
    };
    let codes = |one: Value| {
        let several = one_or_more(&one);
        let not = json!({"type": "object", "properties": {"not": several}, "required": ["not"], "additionalProperties": false});
        json!({"anyOf": [several, not, present]})
    };
    let whole = json!({"type": "integer"});
    match fact {
        FactName::Kind => codes(json!({"enum": Facts::KINDS})),
        FactName::RegulatorClass => codes(json!({"enum": Facts::REGULATOR_CLASSES})),
        FactName::AcceptChannel => codes(json!({"enum": Facts::CHANNELS})),
        FactName::Vulnerable => codes(json!({"enum": Facts::VULNERABILITIES})),
        FactName::AreaType => codes(json!({"enum": Facts::AREA_TYPES})),
        FactName::Product => codes(json!({"enum": Facts::PRODUCTS})),
        FactName::Segment => codes(json!({"enum": Facts::SEGMENTS})),
        FactName::SubjectRequest => codes(json!({"enum": Facts::SUBJECT_REQUESTS})),
        FactName::WaitingFor => codes(json!({"enum": Facts::WAITS})),
        FactName::Grade => codes(json!({"enum": all!(Grade)})),
        FactName::Category | FactName::CategoryPrefix => codes(pattern("^[A-Z][0-9]{0,7}$")),
        FactName::Cause => codes(pattern(r"^[A-Z]+(\.[A-Z]+)*$")),
        FactName::RedLine
        | FactName::Mass
        | FactName::Safety
        | FactName::Media
        | FactName::Regulator
        | FactName::KeyAccount
        | FactName::CreditAgreed => json!({"type": "boolean"}),
        FactName::Star
        | FactName::RepeatCount
        | FactName::Disputes
        | FactName::ServicesInOperation
        | FactName::Subscribers => {
            json!({"anyOf": [whole, within(whole.clone()), present]})
        }
        FactName::Amount | FactName::Turnover => json!({"anyOf": [within(pattern(SUM)), present]}),
    }
}
