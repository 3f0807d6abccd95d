//! Every statement is a constant and stands in a list, so that a test can prepare all of them on both databases.

macro_rules! statements {
    ($( $name:ident = $sql:expr; )+) => {
        $( const $name: &str = $sql; )+
        #[cfg(feature = "testing")]
        pub(crate) const ALL: &[(&str, &str)] = &[ $( (stringify!($name), $name), )+ ];
    };
}
pub(crate) use statements;

/// All of them with their module.
#[cfg(feature = "testing")]
pub(crate) fn all() -> Vec<(&'static str, &'static str, &'static str)> {
    let modules = [
        ("absences", crate::absences::ALL),
        ("activations", crate::activations::ALL),
        ("attachments", crate::attachments::ALL),
        ("board", crate::board::ALL),
        ("bulk", crate::bulk::ALL),
        ("bursts", crate::bursts::ALL),
        ("call_backs", crate::call_backs::ALL),
        ("cases", crate::cases::ALL),
        ("cases::similar", crate::cases::SIMILAR_ALL),
        ("checkpoints", crate::checkpoints::ALL),
        ("drafts", crate::drafts::ALL),
        ("entries", crate::entries::ALL),
        ("erasures", crate::erasures::ALL),
        ("followers", crate::followers::ALL),
        ("handoffs", crate::handoffs::ALL),
        ("idempotency", crate::idempotency::ALL),
        ("incidents", crate::incidents::ALL),
        ("jobs", crate::jobs::ALL),
        ("keyring", crate::keyring::ALL),
        ("letterbox", crate::letterbox::ALL),
        ("macros", crate::macros::ALL),
        ("mail", crate::mail::ALL),
        ("models", crate::models::ALL),
        ("network", crate::network::ALL),
        ("notices", crate::notices::ALL),
        ("numbers", crate::numbers::ALL),
        ("orders", crate::orders::ALL),
        ("outbox", crate::outbox::ALL),
        ("people", crate::people::ALL),
        ("plans", crate::plans::ALL),
        ("presence", crate::presence::ALL),
        ("problems", crate::problems::ALL),
        ("remedies", crate::remedies::ALL),
        ("reports", crate::reports::ALL),
        ("reports::kpi", crate::reports::KPI_ALL),
        ("reports::ledger", crate::reports::LEDGER_ALL),
        ("reports::surveys", crate::reports::SURVEYS_ALL),
        ("retention", crate::retention::ALL),
        ("routing", crate::routing::ALL),
        ("schedules", crate::schedules::ALL),
        ("sign_in", crate::sign_in::ALL),
        ("subscriptions", crate::subscriptions::ALL),
        ("tickets", crate::tickets::ALL),
        ("units", crate::units::ALL),
        ("vault", crate::vault::ALL),
        ("views", crate::views::ALL),
        ("wordings", crate::wordings::ALL),
    ];
    modules.iter().flat_map(|(module, list)| list.iter().map(move |(name, sql)| (*module, *name, *sql))).collect()
}
