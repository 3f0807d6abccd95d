//! Every table of [`crate::schema`], as a backup sees it: what is copied row by row, and what is deliberately left out.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number, truth value or moment.
    Int,
    /// Text.
    Text,
    /// Bytes, identifiers too.
    Blob,
}

use Kind::{Blob, Int, Text};

/// Rows read at once: enough that a look-up costs little a row, few enough that memory stays small.
const PAGE: i64 = 1_000;

/// A table that is copied.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns: name and kind.
    pub columns: &'static [(&'static str, Kind)],
    /// So many of the first columns are a unique index; rows are read in its order.
    pub key: usize,
    /// Rows read at once.
    pub page: i64,
}

const fn table(name: &'static str, key: usize, columns: &'static [(&'static str, Kind)]) -> Table {
    Table { name, columns, key, page: PAGE }
}

/// The tables that are copied, in the order they stand in a backup.
pub const TABLES: &[Table] = &[
    table("keyring", 1, &[("name", Text), ("wrapped", Blob)]),
    table(
        "units",
        1,
        &[
            ("id", Blob),
            ("parent", Blob),
            ("code", Text),
            ("name", Text),
            ("region", Text),
            ("duties", Text),
            ("closed", Int),
        ],
    ),
    table(
        "users",
        1,
        &[
            ("id", Blob),
            ("username", Text),
            ("name", Text),
            ("role", Text),
            ("region", Text),
            ("unit", Blob),
            ("password", Text),
            ("disabled", Int),
            ("created_at", Int),
            ("changed_at", Int),
            ("email", Text),
            ("bounced", Text),
            ("one_time", Int),
        ],
    ),
    table(
        "absences",
        1,
        &[("id", Blob), ("user_id", Blob), ("deputy", Blob), ("from_at", Int), ("until_at", Int), ("created_at", Int)],
    ),
    table("rule_files", 1, &[("hash", Text), ("kind", Text), ("name", Text), ("content", Text)]),
    table(
        "activations",
        1,
        &[
            ("id", Blob),
            ("kind", Text),
            ("hash", Text),
            ("rules", Text),
            ("version", Text),
            ("effective_from", Text),
            ("note", Text),
            ("state", Text),
            ("requested_by", Text),
            ("requested_at", Int),
            ("decided_by", Text),
            ("decided_at", Int),
            ("holds_at", Int),
            ("reached", Blob),
            ("looked", Int),
            ("moved", Int),
            ("recounted_at", Int),
        ],
    ),
    table(
        "tokens",
        1,
        &[
            ("id", Blob),
            ("name", Text),
            ("hash", Blob),
            ("role", Text),
            ("region", Text),
            ("scopes", Text),
            ("created_at", Int),
            ("expires_at", Int),
            ("revoked_at", Int),
        ],
    ),
    table(
        "persons",
        1,
        &[("id", Blob), ("wrapped_key", Blob), ("identity", Blob), ("created_at", Int), ("erased_at", Int)],
    ),
    table("person_lookups", 3, &[("hash", Blob), ("kind", Text), ("person", Blob)]),
    table("vault_items", 2, &[("case_id", Blob), ("item", Int), ("kind", Text), ("sealed", Blob)]),
    table(
        "erasure_plans",
        1,
        &[
            ("id", Blob),
            ("hash", Text),
            ("body", Text),
            ("note", Text),
            ("state", Text),
            ("made_by", Text),
            ("made_at", Int),
            ("decided_by", Text),
            ("decided_at", Int),
        ],
    ),
    table("erasure_items", 2, &[("plan", Blob), ("n", Int), ("person", Blob), ("body", Text), ("outcome", Text)]),
    table(
        "erasure_certificates",
        1,
        &[
            ("n", Int),
            ("person", Blob),
            ("plan", Blob),
            ("at", Int),
            ("body", Text),
            ("signature", Blob),
            ("public_key", Blob),
        ],
    ),
    table("counters", 1, &[("name", Text), ("value", Int)]),
    table("erasures", 1, &[("person", Blob), ("at", Int), ("actor", Text), ("reason", Text)]),
    table(
        "cases",
        1,
        &[
            ("id", Blob),
            ("number", Text),
            ("version", Int),
            ("state", Text),
            ("kind", Text),
            ("category", Text),
            ("grade", Text),
            ("channel", Text),
            ("person", Blob),
            ("text_key", Blob),
            ("subject", Text),
            ("owner_unit", Blob),
            ("owner_user", Blob),
            ("first_owner", Blob),
            ("region", Text),
            ("province", Text),
            ("received_at", Int),
            ("registered_at", Int),
            ("changed_at", Int),
            ("closed_at", Int),
            ("due_at", Int),
            ("due_rule", Text),
            ("open", Int),
            ("alarm_at", Int),
            ("last_due_at", Int),
        ],
    ),
    table("case_externals", 3, &[("number", Text), ("owner", Text), ("case_id", Blob)]),
    // In the order of writing, which is the order on the disk.
    table(
        "entries",
        2,
        &[
            ("stream", Int),
            ("seq", Int),
            ("subject", Blob),
            ("ledger", Int),
            ("version", Int),
            ("at", Int),
            ("actor", Text),
            ("verb", Text),
            ("schema", Int),
            ("body", Text),
            ("prev", Blob),
            ("hash", Blob),
        ],
    ),
    table("streams", 1, &[("stream", Int), ("sealed", Int)]),
    table(
        "checkpoints",
        1,
        &[
            ("n", Int),
            ("at", Int),
            ("ranges", Text),
            ("leaves", Int),
            ("root", Blob),
            ("prev", Blob),
            ("signature", Blob),
            ("public_key", Blob),
        ],
    ),
    table(
        "idempotency",
        2,
        &[("actor", Text), ("key", Text), ("digest", Blob), ("case_id", Blob), ("version", Int), ("at", Int)],
    ),
    table("number_blocks", 1, &[("day", Int), ("next", Int)]),
    table(
        "jobs",
        1,
        &[
            ("id", Blob),
            ("kind", Text),
            ("key", Text),
            ("payload", Text),
            ("run_at", Int),
            ("attempts", Int),
            ("lease_until", Int),
            ("holder", Text),
            ("error", Text),
            ("dead", Int),
            ("created_at", Int),
        ],
    ),
    table(
        "notices",
        1,
        &[
            ("id", Blob),
            ("user_id", Blob),
            ("case_id", Blob),
            ("kind", Text),
            ("rule", Text),
            ("percent", Int),
            ("at", Int),
            ("read_at", Int),
            ("run", Blob),
            ("mail", Int),
        ],
    ),
    table("followers", 2, &[("case_id", Blob), ("user_id", Blob), ("since", Int)]),
    table(
        "notice_choices",
        1,
        &[
            ("user_id", Blob),
            ("mail", Text),
            ("quiet_from", Int),
            ("quiet_until", Int),
            ("urgent", Int),
            ("language", Text),
            ("changed_at", Int),
        ],
    ),
    table(
        "orders",
        2,
        &[
            ("case_id", Blob),
            ("n", Int),
            ("kind", Text),
            ("standing", Text),
            ("open", Int),
            ("unit", Blob),
            ("user_id", Blob),
            ("sent_at", Int),
            ("due_at", Int),
            ("urged", Int),
            ("late", Int),
        ],
    ),
    table("survey_links", 1, &[("digest", Blob), ("case_id", Blob)]),
    table(
        "remedies",
        2,
        &[
            ("case_id", Blob),
            ("n", Int),
            ("kind", Text),
            ("standing", Text),
            ("rule", Text),
            ("currency", Text),
            ("minor", Int),
            ("verify", Int),
            ("recovery", Text),
            ("category", Text),
            ("cause", Text),
            ("region", Text),
            ("attempts", Int),
            ("way", Text),
            ("proposed_at", Int),
            ("changed_at", Int),
        ],
    ),
    // What had arrived since comes once more, under the same name; what had not would be lost else.
    table(
        "billing_deliveries",
        3,
        &[
            ("case_id", Blob),
            ("n", Int),
            ("attempt", Int),
            ("created_at", Int),
            ("due_at", Int),
            ("lease_until", Int),
            ("holder", Text),
            ("tries", Int),
            ("error", Text),
        ],
    ),
    table("rulings", 2, &[("case_id", Blob), ("n", Int), ("category", Text), ("unit", Blob), ("at", Int)]),
    table("user_skills", 2, &[("user_id", Blob), ("skill", Text)]),
    table("waiting", 1, &[("case_id", Blob), ("unit", Blob), ("rank", Int), ("due_at", Int)]),
    table(
        "bulk_runs",
        1,
        &[
            ("id", Blob),
            ("actor", Text),
            ("verb", Text),
            ("undoes", Blob),
            ("total", Int),
            ("at", Int),
            ("ended_at", Int),
            ("chosen", Text),
        ],
    ),
    table(
        "bulk_items",
        2,
        &[
            ("run", Blob),
            ("n", Int),
            ("named", Text),
            ("case_id", Blob),
            ("version", Int),
            ("outcome", Text),
            ("reason", Text),
        ],
    ),
    table(
        "problems",
        1,
        &[
            ("id", Blob),
            ("version", Int),
            ("state", Text),
            ("open", Int),
            ("title", Text),
            ("category", Text),
            ("area", Text),
            ("owner_unit", Blob),
            ("owner_user", Blob),
            ("due", Text),
            ("opened_at", Int),
            ("changed_at", Int),
            ("number", Text),
        ],
    ),
    table("problem_cases", 2, &[("problem", Blob), ("case_id", Blob)]),
    table(
        "problem_actions",
        2,
        &[("problem", Blob), ("n", Int), ("open", Int), ("unit", Blob), ("user_id", Blob), ("due", Text)],
    ),
    table(
        "handoffs",
        3,
        &[
            ("owner", Text),
            ("number", Text),
            ("nth", Int),
            ("case_id", Blob),
            ("digest", Blob),
            ("version", Int),
            ("attached", Int),
            ("handed_at", Int),
            ("at", Int),
        ],
    ),
    table(
        "attachments",
        1,
        &[
            ("id", Blob),
            ("case_id", Blob),
            ("hash", Blob),
            ("media", Text),
            ("size", Int),
            ("chunks", Int),
            ("at", Int),
        ],
    ),
    table("mail_taken", 1, &[("digest", Blob), ("at", Int)]),
    table("mail_boxes", 1, &[("name", Text), ("validity", Int), ("uid", Int)]),
    table("ticket_things", 2, &[("kind", Text), ("id", Blob), ("body", Text), ("at", Int)]),
    table("drafts", 3, &[("user_id", Blob), ("case_id", Blob), ("verb", Text), ("sealed", Blob), ("at", Int)]),
    // A message may have twenty mebibytes.
    Table {
        page: 1,
        ..table(
            "mail_items",
            1,
            &[
                ("id", Blob),
                ("reason", Text),
                ("state", Text),
                ("received_at", Int),
                ("at", Int),
                ("sealed", Blob),
                ("size", Int),
                ("suggested", Blob),
                ("case_id", Blob),
                ("decided_by", Text),
                ("decided_at", Int),
            ],
        )
    },
    // A chunk is up to a quarter of a mebibyte.
    Table { page: 16, ..table("attachment_chunks", 2, &[("attachment", Blob), ("n", Int), ("sealed", Blob)]) },
];

/// The tables that are not copied, each with the reason.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("schema_version", "the backup's head says it"),
    ("sessions", "who was signed in then need not be now"),
    ("attempts", "counted guesses are forgotten within a day"),
    ("schedules", "leases of nodes that ran then; every duty is due after a restore"),
    ("mail_due", "mail that waited then has gone out since; nobody is written to twice for a restore"),
    ("outbox", "what waited then has gone out since; nobody is written to twice for a restore"),
    ("user_routed", "only decides between people with equally many cases"),
    ("report_state", "reports are counted from the log anew after a restore"),
    ("report_cases", "counted from the log"),
    ("report_matters", "counted from the log"),
    ("report_months", "counted from the log"),
    ("ledger_months", "counted from the log"),
    ("survey_months", "counted from the log"),
];

/// A table that is copied, by name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}
