//! Rules with dates as data: calendars, deadlines, grades and the packs that hold them.
//!
//! A library of its own and pure: text goes in, values come out. It reads no clock, opens no file and draws no random
//! number, so the same pack, calendar and start give the same bytes on any machine. Nothing here is a general
//! expression language: rules are closed predicates over a closed list of facts, so loading and evaluating always end.
#![doc = include_str!("../README.md")]

mod address;
mod assess;
mod authority;
mod basis;
mod calendar;
pub mod check;
mod clock;
mod code;
mod counting;
mod deadline;
mod document;
mod duration;
mod duty;
mod effect;
mod emergency;
mod explain;
mod facts;
mod fault;
mod gate;
mod grade;
mod ical;
mod kpi;
mod letter;
mod money;
mod named;
mod order_limit;
mod pack;
mod period;
pub mod plain;
mod plan;
mod predicate;
mod remedy;
mod report;
mod retention;
mod routing;
mod rule;
pub mod schema;
mod stack;
mod stages;
mod text;
mod vectors;
mod window;

pub use address::address;
pub use assess::{AssessRule, Assessment, Raised};
pub use authority::{Authority, AuthorityRule};
pub use basis::{Basis, Confidence, Layer, Source, Standing, Status, Tier};
pub use calendar::{Calendar, CalendarSet, CalendarSource, DayCode, DayKind, Interval, UnknownZone};
pub use clock::{
    Attempts, ClockKind, ClockRule, Extension, Limit, Owner, Pausing, StageRef, Start, StartFact, Started, Stop,
    StopFact, Target,
};
pub use counting::{Counting, CountingRule, Ends, FirstDay, Roll};
pub use deadline::{Deadline, Pause, due, due_at, due_at_paused, due_paused, earlier};
pub use duration::{Amount, AmountFault};
pub use duty::{
    ContactHours, ConversionRule, CountsFrom, Cycle, Dimension, KeptFrom, Measure, Method, RecordClass, ReportRule,
    RetentionRule, RouteRule, Stage,
};
pub use effect::{Action, At, EffectRule, Told};
pub use emergency::{EmergencyItem, EmergencyPlan, EmergencyRole};
pub use explain::{Change, Explanation, Note, RuleRef, Step};
pub use facts::{FactName, Facts, Operator};
pub use fault::Fault;
pub use gate::{Evidence, GateRule, Need, Step as GatedStep};
pub use grade::{DecisionTable, Grade, GradeDecision, GradeRow, Severity, Urgency};
pub use ical::{IcalImport, import_ical};
pub use kpi::{Bound, Kpi, KpiFigure, KpiMeasure, KpiSet, KpiTarget};
pub use letter::{BLANKS, Element, LetterFault, LetterRule, Medium, Proof, Recipient, Words};
pub use money::Sum;
pub use named::Named;
pub use order_limit::{OrderFigure, OrderFor, OrderFrom, OrderLimitRule};
pub use pack::{Pack, ReviewRule, RuleKind, region_in, version_key};
pub use period::Period;
pub use plan::Plan;
pub use predicate::Predicate;
pub use remedy::{
    Compensation, CompensationRule, Excluded, Exclusion, Held, HoldRule, How, Incident, Lacks, LastDay, Line, Off,
    OnceOver, Owed, Per, Rate, Reading, SetOff,
};
pub use report::{
    Column, MeasureText, NoPeriod, ReportDefinition, ReportPeriod, ReportSet, ReportTable, Rows, month_of,
};
pub use retention::{Begun, Kept};
pub use routing::{Looked, RoutedTo, RoutingRule, is_skill};
pub use rule::{DatedFact, RuleHead, VersionSpan};
pub use stack::{Stack, StackFault};
pub use stages::{LifeStage, life_stages};
pub use text::{Lang, Text};
pub use vectors::{CategoryLeaf, CheckedVector, VectorOutcome, VectorReport, check_vectors};
pub use window::{Window, WindowFrom, WindowRule, WindowState, Windows};
