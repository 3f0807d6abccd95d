//! Codes that the domain keeps as types.

use domain::event::{ClockOutcome, ContactOutcome, Satisfaction};

/// The code of a clock's outcome.
#[must_use]
pub fn outcome(outcome: ClockOutcome) -> &'static str {
    match outcome {
        ClockOutcome::Met => "met",
        ClockOutcome::Missed => "missed",
        ClockOutcome::Moot => "moot",
    }
}

/// The code of a customer's answer.
#[must_use]
pub fn satisfaction(answer: Satisfaction) -> &'static str {
    match answer {
        Satisfaction::Satisfied => "satisfied",
        Satisfaction::Neutral => "neutral",
        Satisfaction::Dissatisfied => "dissatisfied",
        Satisfaction::NoAnswer => "no_answer",
    }
}

/// The code of what came of an attempt to reach the customer.
#[must_use]
pub fn contact(outcome: ContactOutcome) -> &'static str {
    match outcome {
        ContactOutcome::Reached => "reached",
        ContactOutcome::NoAnswer => "no_answer",
        ContactOutcome::Refused => "refused",
        ContactOutcome::SwitchedOff => "switched_off",
        ContactOutcome::InvalidNumber => "invalid_number",
        ContactOutcome::LeftMessage => "left_message",
    }
}
