//! The tables, as a list of steps that only grows. Written once; [`crate::dialect`] exchanges the words that differ.

use crate::dialect::Dialect;
use crate::{StoreError, Tx};
use std::collections::BTreeMap;

/// What a migration did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// Schema before.
    pub from: i64,
    /// Schema now.
    pub to: i64,
}

/// Every step; the schema number is how many have been taken. Times are UTC microseconds, truth values 0 or 1,
/// identifiers 16 bytes.
const STEPS: &[&[&str]] = &[&[
    "CREATE TABLE keyring (name TEXT PRIMARY KEY, wrapped BLOB NOT NULL)",
    "CREATE TABLE persons (id BLOB PRIMARY KEY, wrapped_key BLOB, identity BLOB, created_at BIGINT NOT NULL,
        erased_at BIGINT) CLUSTERED",
    "CREATE TABLE person_lookups (hash BLOB NOT NULL, kind TEXT NOT NULL, person BLOB NOT NULL,
        PRIMARY KEY (hash, kind, person)) CLUSTERED",
    "CREATE INDEX person_lookups_person ON person_lookups (person)",
    "CREATE TABLE vault_items (case_id BLOB NOT NULL, item BIGINT NOT NULL, kind TEXT NOT NULL, sealed BLOB NOT NULL,
        PRIMARY KEY (case_id, item)) CLUSTERED",
    "CREATE TABLE cases (id BLOB PRIMARY KEY, number TEXT NOT NULL UNIQUE, version BIGINT NOT NULL, state TEXT NOT NULL,
        kind TEXT NOT NULL, category TEXT, grade TEXT, channel TEXT NOT NULL, person BLOB NOT NULL, text_key BLOB,
        subject TEXT, owner_unit BLOB NOT NULL, owner_user BLOB, first_owner BLOB, region TEXT NOT NULL,
        province TEXT NOT NULL, received_at BIGINT NOT NULL, registered_at BIGINT NOT NULL, changed_at BIGINT NOT NULL,
        closed_at BIGINT, due_at BIGINT NOT NULL, due_rule TEXT, open BIGINT NOT NULL)",
    "CREATE INDEX cases_due ON cases (due_at, id) WHERE open = 1",
    "CREATE INDEX cases_due_user ON cases (owner_user, due_at, id) WHERE open = 1",
    "CREATE INDEX cases_due_unit ON cases (owner_unit, due_at, id) WHERE open = 1",
    "CREATE INDEX cases_due_province ON cases (province, due_at, id) WHERE open = 1",
    "CREATE INDEX cases_due_category ON cases (category, due_at, id) WHERE open = 1",
    "CREATE INDEX cases_due_grade ON cases (grade, due_at, id) WHERE open = 1",
    "CREATE INDEX cases_due_state ON cases (state, due_at, id) WHERE open = 1",
    "CREATE INDEX cases_received ON cases (received_at, id)",
    "CREATE INDEX cases_person ON cases (person)",
    "CREATE TABLE case_externals (number TEXT NOT NULL, owner TEXT NOT NULL, case_id BLOB NOT NULL,
        PRIMARY KEY (number, owner, case_id)) CLUSTERED",
    "CREATE TABLE entries (subject BLOB NOT NULL, ledger BIGINT NOT NULL, version BIGINT NOT NULL,
        stream BIGINT NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, actor TEXT NOT NULL, verb TEXT NOT NULL,
        schema BIGINT NOT NULL, body TEXT NOT NULL, prev BLOB NOT NULL, hash BLOB NOT NULL,
        PRIMARY KEY (subject, ledger, version))",
    "CREATE UNIQUE INDEX entries_stream ON entries (stream, seq)",
    "CREATE TABLE streams (stream BIGINT PRIMARY KEY, sealed BIGINT NOT NULL) CLUSTERED",
    "CREATE TABLE checkpoints (n BIGINT PRIMARY KEY, at BIGINT NOT NULL, ranges TEXT NOT NULL, leaves BIGINT NOT NULL,
        root BLOB NOT NULL, prev BLOB NOT NULL, signature BLOB NOT NULL, public_key BLOB NOT NULL)",
    "CREATE TABLE idempotency (actor TEXT NOT NULL, key TEXT NOT NULL, digest BLOB NOT NULL, case_id BLOB NOT NULL,
        version BIGINT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (actor, key)) CLUSTERED",
    "CREATE INDEX idempotency_at ON idempotency (at)",
    "CREATE TABLE number_blocks (day BIGINT PRIMARY KEY, next BIGINT NOT NULL)",
    "CREATE TABLE units (id BLOB PRIMARY KEY, parent BLOB, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        region TEXT NOT NULL)",
    "CREATE TABLE users (id BLOB PRIMARY KEY, username TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL,
        region TEXT NOT NULL, unit BLOB NOT NULL, password TEXT NOT NULL, disabled BIGINT NOT NULL,
        created_at BIGINT NOT NULL, changed_at BIGINT NOT NULL)",
    "CREATE TABLE sessions (hash BLOB PRIMARY KEY, user_id BLOB NOT NULL, created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL, seen_at BIGINT NOT NULL) CLUSTERED",
    "CREATE INDEX sessions_user ON sessions (user_id)",
    "CREATE TABLE tokens (id BLOB PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL UNIQUE, role TEXT NOT NULL,
        region TEXT NOT NULL, scopes TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT, revoked_at BIGINT)",
    "CREATE TABLE attempts (key TEXT PRIMARY KEY, window_start BIGINT NOT NULL, count BIGINT NOT NULL)",
    "CREATE TABLE schedules (name TEXT PRIMARY KEY, due_at BIGINT NOT NULL, lease_until BIGINT NOT NULL,
        holder TEXT NOT NULL)",
    "CREATE TABLE erasures (person BLOB PRIMARY KEY, at BIGINT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL)",
    // The one writer of SQLite; on PostgreSQL the first connection's.
    "INSERT INTO streams (stream, sealed) VALUES (1, 0)",
], &[
    // The next moment at which a case does something by itself. A case of before has its own worked out by looking.
    "ALTER TABLE cases ADD COLUMN alarm_at BIGINT",
    "UPDATE cases SET alarm_at = 0 WHERE open = 1",
    "CREATE INDEX cases_alarm ON cases (alarm_at, id) WHERE alarm_at IS NOT NULL",
    "CREATE TABLE jobs (id BLOB PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL UNIQUE, payload TEXT NOT NULL,
        run_at BIGINT NOT NULL, attempts BIGINT NOT NULL, lease_until BIGINT NOT NULL, holder TEXT NOT NULL,
        error TEXT NOT NULL, dead BIGINT NOT NULL, created_at BIGINT NOT NULL)",
    "CREATE INDEX jobs_waiting ON jobs (run_at, id) WHERE dead = 0",
    "CREATE TABLE notices (id BLOB PRIMARY KEY, user_id BLOB NOT NULL, case_id BLOB NOT NULL, kind TEXT NOT NULL,
        rule TEXT NOT NULL, percent BIGINT NOT NULL, at BIGINT NOT NULL, read_at BIGINT)",
    "CREATE INDEX notices_unread ON notices (user_id, at, id) WHERE read_at IS NULL",
    "CREATE INDEX notices_at ON notices (at)",
    "CREATE TABLE handoffs (owner TEXT NOT NULL, number TEXT NOT NULL, case_id BLOB NOT NULL, digest BLOB NOT NULL,
        version BIGINT NOT NULL, attached BIGINT NOT NULL, handed_at BIGINT NOT NULL, at BIGINT NOT NULL,
        PRIMARY KEY (owner, number)) CLUSTERED",
    "CREATE TABLE attachments (id BLOB PRIMARY KEY, case_id BLOB NOT NULL, hash BLOB NOT NULL, media TEXT NOT NULL,
        size BIGINT NOT NULL, chunks BIGINT NOT NULL, at BIGINT NOT NULL)",
    "CREATE INDEX attachments_case ON attachments (case_id, at, id)",
    "CREATE TABLE attachment_chunks (attachment BLOB NOT NULL, n BIGINT NOT NULL, sealed BLOB NOT NULL,
        PRIMARY KEY (attachment, n))",
    "ALTER TABLE units ADD COLUMN duties TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE units ADD COLUMN closed BIGINT NOT NULL DEFAULT 0",
    "CREATE TABLE absences (id BLOB PRIMARY KEY, user_id BLOB NOT NULL, deputy BLOB, from_at BIGINT NOT NULL,
        until_at BIGINT NOT NULL, created_at BIGINT NOT NULL)",
    "CREATE INDEX absences_user ON absences (user_id, until_at)",
    "CREATE INDEX absences_deputy ON absences (deputy, until_at)",
    "CREATE INDEX absences_until ON absences (until_at)",
], &[
    // Lists judge a candidate by its entry in the index alone: each holds every column that lists filter by.
    "DROP INDEX cases_due",
    "CREATE INDEX cases_due ON cases (due_at, id, state, grade, category, province, region, owner_unit, owner_user)
        WHERE open = 1",
    "DROP INDEX cases_due_user",
    "CREATE INDEX cases_due_user ON cases (owner_user, due_at, id, state, grade, category, province, region, owner_unit)
        WHERE open = 1",
    "DROP INDEX cases_due_unit",
    "CREATE INDEX cases_due_unit ON cases (owner_unit, due_at, id, state, grade, category, province, region, owner_user)
        WHERE open = 1",
    "DROP INDEX cases_due_province",
    "CREATE INDEX cases_due_province ON cases (province, due_at, id, state, grade, category, region, owner_unit, owner_user)
        WHERE open = 1",
    "DROP INDEX cases_due_category",
    "CREATE INDEX cases_due_category ON cases (category, due_at, id, state, grade, province, region, owner_unit, owner_user)
        WHERE open = 1",
    "DROP INDEX cases_due_grade",
    "CREATE INDEX cases_due_grade ON cases (grade, due_at, id, state, category, province, region, owner_unit, owner_user)
        WHERE open = 1",
    "DROP INDEX cases_due_state",
    "CREATE INDEX cases_due_state ON cases (state, due_at, id, grade, category, province, region, owner_unit, owner_user)
        WHERE open = 1",
], &[
    // A body's number need not be unique: another area may have taken one like it in, which nobody here is shown.
    "ALTER TABLE handoffs RENAME TO handoffs_one_each",
    "CREATE TABLE handoffs (owner TEXT NOT NULL, number TEXT NOT NULL, nth BIGINT NOT NULL, case_id BLOB NOT NULL,
        digest BLOB NOT NULL, version BIGINT NOT NULL, attached BIGINT NOT NULL, handed_at BIGINT NOT NULL,
        at BIGINT NOT NULL, PRIMARY KEY (owner, number, nth)) CLUSTERED",
    "INSERT INTO handoffs (owner, number, nth, case_id, digest, version, attached, handed_at, at)
        SELECT owner, number, 0, case_id, digest, version, attached, handed_at, at FROM handoffs_one_each",
    "DROP TABLE handoffs_one_each",
], &[
    // Contents of rules by address, so that what governed a case is there for ever; and who put what into force.
    "CREATE TABLE rule_files (hash TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL)",
    "CREATE TABLE activations (id BLOB PRIMARY KEY, kind TEXT NOT NULL, hash TEXT NOT NULL, rules TEXT NOT NULL,
        version TEXT NOT NULL, effective_from TEXT NOT NULL, note TEXT NOT NULL, state TEXT NOT NULL,
        requested_by TEXT NOT NULL, requested_at BIGINT NOT NULL, decided_by TEXT, decided_at BIGINT,
        holds_at BIGINT, reached BLOB, looked BIGINT NOT NULL, moved BIGINT NOT NULL, recounted_at BIGINT)",
    // The latest limit of a case: what ends before a day is not moved by what is announced about it. Of a case of before
    // nothing is known, so it is looked at.
    "ALTER TABLE cases ADD COLUMN last_due_at BIGINT NOT NULL DEFAULT 9223372036854775807",
], &[
    // Reports. What of a case counts in them, without anything personal; matters of bodies outside; and their sums by
    // month. All of it follows from the log and can be counted anew.
    "CREATE TABLE report_state (name TEXT PRIMARY KEY, value TEXT NOT NULL) CLUSTERED",
    "CREATE TABLE report_cases (id BLOB PRIMARY KEY, kind TEXT NOT NULL, category TEXT NOT NULL, product TEXT NOT NULL,
        channel TEXT NOT NULL, region TEXT NOT NULL, grade TEXT NOT NULL, cause TEXT NOT NULL, received BIGINT NOT NULL,
        closed BIGINT NOT NULL, minutes BIGINT NOT NULL, judged BIGINT NOT NULL, in_time BIGINT NOT NULL,
        at_once BIGINT NOT NULL, reopened BIGINT NOT NULL) CLUSTERED",
    "CREATE INDEX report_cases_received ON report_cases (received, id)",
    "CREATE INDEX report_cases_closed ON report_cases (closed, id) WHERE closed > 0",
    "CREATE INDEX report_cases_region ON report_cases (region, id)",
    "CREATE TABLE report_matters (case_id BLOB NOT NULL, matter BIGINT NOT NULL, month BIGINT NOT NULL,
        body TEXT NOT NULL, outcome TEXT NOT NULL, PRIMARY KEY (case_id, matter)) CLUSTERED",
    "CREATE INDEX report_matters_month ON report_matters (month, case_id, matter)",
    "CREATE TABLE report_months (dim TEXT NOT NULL, area TEXT NOT NULL, month BIGINT NOT NULL, value TEXT NOT NULL,
        sort TEXT NOT NULL, received BIGINT NOT NULL, closed BIGINT NOT NULL, minutes BIGINT NOT NULL,
        judged BIGINT NOT NULL, in_time BIGINT NOT NULL, at_once BIGINT NOT NULL, reopened BIGINT NOT NULL,
        effective BIGINT NOT NULL, removed BIGINT NOT NULL, undecided BIGINT NOT NULL, times TEXT NOT NULL,
        PRIMARY KEY (dim, area, month, value, sort)) CLUSTERED",
], &[
    // What is to be erased because its time has come: plans that two people answer for, whom each names, and what
    // proves that it was done. Nothing of it is personal; whom a line names is an identifier that stands for nobody
    // once the person is gone.
    "CREATE TABLE erasure_plans (id BLOB PRIMARY KEY, hash TEXT NOT NULL, body TEXT NOT NULL, note TEXT NOT NULL,
        state TEXT NOT NULL, made_by TEXT NOT NULL, made_at BIGINT NOT NULL, decided_by TEXT, decided_at BIGINT)",
    "CREATE TABLE erasure_items (plan BLOB NOT NULL, n BIGINT NOT NULL, person BLOB NOT NULL, body TEXT NOT NULL,
        outcome TEXT NOT NULL, PRIMARY KEY (plan, n)) CLUSTERED",
    "CREATE TABLE erasure_certificates (n BIGINT PRIMARY KEY, person BLOB NOT NULL, plan BLOB, at BIGINT NOT NULL,
        body TEXT NOT NULL, signature BLOB NOT NULL, public_key BLOB NOT NULL)",
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL) CLUSTERED",
], &[
    // Work orders as units look for them, and rulings about whose case it is; both follow from the logs of the cases.
    "CREATE TABLE orders (case_id BLOB NOT NULL, n BIGINT NOT NULL, kind TEXT NOT NULL, standing TEXT NOT NULL,
        open BIGINT NOT NULL, unit BLOB NOT NULL, user_id BLOB, sent_at BIGINT NOT NULL, due_at BIGINT NOT NULL,
        urged BIGINT NOT NULL, late BIGINT NOT NULL, PRIMARY KEY (case_id, n)) CLUSTERED",
    "CREATE INDEX orders_unit ON orders (unit, due_at, case_id, n) WHERE open = 1",
    "CREATE INDEX orders_user ON orders (user_id, due_at, case_id, n) WHERE open = 1",
    "CREATE TABLE rulings (case_id BLOB NOT NULL, n BIGINT NOT NULL, category TEXT NOT NULL,
        unit BLOB NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (case_id, n)) CLUSTERED",
    "CREATE INDEX rulings_category ON rulings (category, at)",
    // Work done over many cases at once, and what became of each. Words of the command stand in the cases alone.
    "CREATE TABLE bulk_runs (id BLOB PRIMARY KEY, actor TEXT NOT NULL, verb TEXT NOT NULL, undoes BLOB,
        total BIGINT NOT NULL, at BIGINT NOT NULL, ended_at BIGINT)",
    "CREATE INDEX bulk_runs_at ON bulk_runs (at)",
    "CREATE TABLE bulk_items (run BLOB NOT NULL, n BIGINT NOT NULL, named TEXT NOT NULL, case_id BLOB,
        version BIGINT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (run, n)) CLUSTERED",
    // What people are skilled in, when they last got a case by routing, and which cases wait in a unit's queue: who takes
    // the next one asks one index. Of cases that waited before this, nobody knows here whose customer comes first.
    "CREATE TABLE user_skills (user_id BLOB NOT NULL, skill TEXT NOT NULL, PRIMARY KEY (user_id, skill)) CLUSTERED",
    "CREATE TABLE user_routed (user_id BLOB PRIMARY KEY, at BIGINT NOT NULL) CLUSTERED",
    "CREATE TABLE waiting (case_id BLOB PRIMARY KEY, unit BLOB NOT NULL, rank BIGINT NOT NULL, due_at BIGINT NOT NULL)
        CLUSTERED",
    "INSERT INTO waiting (case_id, unit, rank, due_at) SELECT id, owner_unit, 1, due_at FROM cases WHERE open = 1
        AND owner_user IS NULL AND state IN ('triage', 'registered', 'accepted', 'in_progress', 'reopened')",
    "CREATE INDEX waiting_unit ON waiting (unit, rank, due_at, case_id)",
    // The ball's ledger by month, counted from the logs as reports are; and what of a case went into it.
    "ALTER TABLE report_cases ADD COLUMN held TEXT NOT NULL DEFAULT ''",
    "CREATE TABLE ledger_months (area TEXT NOT NULL, month BIGINT NOT NULL, holder TEXT NOT NULL, stage TEXT NOT NULL,
        category TEXT NOT NULL, millis BIGINT NOT NULL, working BIGINT NOT NULL, spans BIGINT NOT NULL,
        PRIMARY KEY (area, month, holder, stage, category)) CLUSTERED",
], &[
    // Notices that reach people: who follows which case, by which run over many cases a notice came, whom mail goes to and
    // when, and what became of it. `mail`: 0 none, 1 waits, 2 is in the mail under way.
    "CREATE TABLE followers (case_id BLOB NOT NULL, user_id BLOB NOT NULL, since BIGINT NOT NULL,
        PRIMARY KEY (case_id, user_id)) CLUSTERED",
    "ALTER TABLE notices ADD COLUMN run BLOB",
    "ALTER TABLE notices ADD COLUMN mail BIGINT NOT NULL DEFAULT 0",
    "CREATE INDEX notices_mail ON notices (user_id, mail) WHERE mail > 0",
    "ALTER TABLE users ADD COLUMN email TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE users ADD COLUMN bounced TEXT NOT NULL DEFAULT ''",
    "CREATE TABLE notice_choices (user_id BLOB PRIMARY KEY, mail TEXT NOT NULL, quiet_from BIGINT NOT NULL,
        quiet_until BIGINT NOT NULL, urgent BIGINT NOT NULL, language TEXT NOT NULL, changed_at BIGINT NOT NULL)
        CLUSTERED",
    "CREATE TABLE mail_due (user_id BLOB PRIMARY KEY, due_at BIGINT NOT NULL, lease_until BIGINT NOT NULL,
        holder TEXT NOT NULL, attempts BIGINT NOT NULL, letter BLOB, error TEXT NOT NULL) CLUSTERED",
    "CREATE INDEX mail_due_at ON mail_due (due_at)",
    // What was chosen for a run over many cases, until it is through: whoever ends it says of the rest what became of it.
    "ALTER TABLE bulk_runs ADD COLUMN chosen TEXT",
    // A password somebody else made is good for choosing one of one's own. Users of before are not asked.
    "ALTER TABLE users ADD COLUMN one_time BIGINT NOT NULL DEFAULT 0",
    // Problems behind cases, the cases that show each, and its measures; all of it follows from their logs.
    "CREATE TABLE problems (id BLOB PRIMARY KEY, version BIGINT NOT NULL, state TEXT NOT NULL, open BIGINT NOT NULL,
        title TEXT NOT NULL, category TEXT NOT NULL, area TEXT NOT NULL, owner_unit BLOB NOT NULL, owner_user BLOB,
        due TEXT NOT NULL, opened_at BIGINT NOT NULL, changed_at BIGINT NOT NULL)",
    "CREATE INDEX problems_changed ON problems (changed_at, id)",
    "CREATE TABLE problem_cases (problem BLOB NOT NULL, case_id BLOB NOT NULL, PRIMARY KEY (problem, case_id)) CLUSTERED",
    "CREATE INDEX problem_cases_case ON problem_cases (case_id, problem)",
    "CREATE TABLE problem_actions (problem BLOB NOT NULL, n BIGINT NOT NULL, open BIGINT NOT NULL, unit BLOB NOT NULL,
        user_id BLOB, due TEXT NOT NULL, PRIMARY KEY (problem, n)) CLUSTERED",
], &[
    // Numbers people call problems by; one of before there were numbers has none.
    "ALTER TABLE problems ADD COLUMN number TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX problems_number ON problems (number)",
    // Survey and remedies: which case a link of the survey leads to, remedies as people and billing look for them (all of
    // it follows from the logs), those on their way to billing, and what customers say, by month.
    "CREATE TABLE survey_links (digest BLOB PRIMARY KEY, case_id BLOB NOT NULL) CLUSTERED",
    "CREATE TABLE remedies (case_id BLOB NOT NULL, n BIGINT NOT NULL, kind TEXT NOT NULL, standing TEXT NOT NULL,
        rule TEXT NOT NULL, currency TEXT NOT NULL, minor BIGINT NOT NULL, verify BIGINT NOT NULL,
        recovery TEXT NOT NULL, category TEXT NOT NULL, cause TEXT NOT NULL, region TEXT NOT NULL,
        attempts BIGINT NOT NULL, way TEXT NOT NULL, proposed_at BIGINT NOT NULL, changed_at BIGINT NOT NULL,
        PRIMARY KEY (case_id, n)) CLUSTERED",
    "CREATE INDEX remedies_changed ON remedies (changed_at, case_id, n)",
    "CREATE INDEX remedies_standing ON remedies (standing, changed_at, case_id, n)",
    "CREATE INDEX remedies_like ON remedies (category, kind, currency, proposed_at)",
    "CREATE TABLE billing_deliveries (case_id BLOB NOT NULL, n BIGINT NOT NULL, attempt BIGINT NOT NULL,
        created_at BIGINT NOT NULL, due_at BIGINT NOT NULL, lease_until BIGINT NOT NULL, holder TEXT NOT NULL,
        tries BIGINT NOT NULL, error TEXT NOT NULL, PRIMARY KEY (case_id, n, attempt)) CLUSTERED",
    "CREATE INDEX billing_deliveries_order ON billing_deliveries (created_at, case_id, n, attempt)",
    "ALTER TABLE report_cases ADD COLUMN surveys TEXT NOT NULL DEFAULT ''",
    "CREATE TABLE survey_months (area TEXT NOT NULL, month BIGINT NOT NULL, channel TEXT NOT NULL, unit TEXT NOT NULL,
        category TEXT NOT NULL, asked BIGINT NOT NULL, answered BIGINT NOT NULL, satisfied BIGINT NOT NULL,
        neutral BIGINT NOT NULL, dissatisfied BIGINT NOT NULL, solved BIGINT NOT NULL, unsolved BIGINT NOT NULL,
        timely BIGINT NOT NULL, late BIGINT NOT NULL, calls BIGINT NOT NULL,
        PRIMARY KEY (area, month, channel, unit, category)) CLUSTERED",
    // Messages to and from customers. What waits to go out names the entry whose words it is; a report about it finds its
    // case by it. Of mail that came in: what was taken in already, how far a mailbox was read, and what waits for a person.
    "CREATE TABLE outbox (id BLOB PRIMARY KEY, case_id BLOB NOT NULL, version BIGINT NOT NULL, what TEXT NOT NULL,
        way TEXT NOT NULL, letter BIGINT, state TEXT NOT NULL, due_at BIGINT NOT NULL, lease_until BIGINT NOT NULL,
        holder TEXT NOT NULL, attempts BIGINT NOT NULL, error TEXT NOT NULL, created_at BIGINT NOT NULL,
        UNIQUE (case_id, version, what))",
    "CREATE INDEX outbox_due ON outbox (due_at, id) WHERE state = 'waits'",
    "CREATE INDEX outbox_created ON outbox (created_at)",
    "CREATE TABLE mail_taken (digest BLOB PRIMARY KEY, at BIGINT NOT NULL) CLUSTERED",
    "CREATE TABLE mail_boxes (name TEXT PRIMARY KEY, validity BIGINT NOT NULL, uid BIGINT NOT NULL) CLUSTERED",
    "CREATE TABLE mail_items (id BLOB PRIMARY KEY, reason TEXT NOT NULL, state TEXT NOT NULL, received_at BIGINT NOT NULL,
        at BIGINT NOT NULL, sealed BLOB, size BIGINT NOT NULL, suggested BLOB, case_id BLOB, decided_by TEXT,
        decided_at BIGINT)",
    "CREATE INDEX mail_items_state ON mail_items (state, at, id)",
    // What somebody is writing on a case, sealed under the case's key.
    "CREATE TABLE drafts (user_id BLOB NOT NULL, case_id BLOB NOT NULL, verb TEXT NOT NULL, sealed BLOB NOT NULL,
        at BIGINT NOT NULL, PRIMARY KEY (user_id, case_id, verb)) CLUSTERED",
    "CREATE INDEX drafts_at ON drafts (at)",
], &[
    // TM Forum faces: specifications of tickets, and the cases whose tickets were taken from the faces.
    "CREATE TABLE ticket_things (kind TEXT NOT NULL, id BLOB NOT NULL, body TEXT NOT NULL, at BIGINT NOT NULL,
        PRIMARY KEY (kind, id)) CLUSTERED",
    // Mass incidents as people look for them, and which cases are in each; both follow from logs. Plans in their versions.
    // Whom to tell who has not complained: numbers sealed under a key of the incident, which is destroyed with them.
    "CREATE TABLE incidents (id BLOB PRIMARY KEY, version BIGINT NOT NULL, number TEXT NOT NULL, state TEXT NOT NULL,
        open BIGINT NOT NULL, title TEXT NOT NULL, product TEXT NOT NULL, area TEXT NOT NULL, fact BLOB,
        started_at BIGINT NOT NULL, restored_at BIGINT, owner_unit BLOB NOT NULL, owner_user BLOB,
        outcome_zh TEXT NOT NULL, outcome_en TEXT NOT NULL, opened_at BIGINT NOT NULL, changed_at BIGINT NOT NULL)",
    "CREATE INDEX incidents_changed ON incidents (changed_at, id)",
    "CREATE TABLE incident_cases (incident BLOB NOT NULL, case_id BLOB NOT NULL, master BIGINT NOT NULL,
        standing TEXT NOT NULL, joined_at BIGINT NOT NULL, told_at BIGINT, PRIMARY KEY (incident, case_id)) CLUSTERED",
    "CREATE INDEX incident_cases_case ON incident_cases (case_id, incident)",
    "CREATE TABLE incident_keys (incident BLOB PRIMARY KEY, wrapped BLOB NOT NULL, handed BIGINT NOT NULL)",
    "CREATE TABLE incident_recipients (incident BLOB NOT NULL, hash BLOB NOT NULL, sealed BLOB NOT NULL,
        language TEXT NOT NULL, consent TEXT NOT NULL, state TEXT NOT NULL, added_at BIGINT NOT NULL,
        told_at BIGINT, message BIGINT, why TEXT NOT NULL, PRIMARY KEY (incident, hash)) CLUSTERED",
    "CREATE INDEX incident_recipients_message ON incident_recipients (incident, message)",
    "CREATE TABLE emergency_plans (plan TEXT NOT NULL, version BIGINT NOT NULL, subject BLOB NOT NULL,
        content TEXT NOT NULL, state TEXT NOT NULL, asked_by TEXT NOT NULL, asked_at BIGINT NOT NULL, decided_by TEXT,
        decided_at BIGINT, PRIMARY KEY (plan, version)) CLUSTERED",
    // What other systems know of the network, an operator's own products, and users by month: the newest of each; what was
    // said before stands in the ledger of the administration.
    "CREATE TABLE network_facts (id BLOB PRIMARY KEY, source TEXT NOT NULL, number TEXT NOT NULL, kind TEXT NOT NULL,
        region TEXT NOT NULL, product TEXT NOT NULL, began BIGINT NOT NULL, ended BIGINT NOT NULL,
        users BIGINT NOT NULL, down BIGINT NOT NULL, withdrawn BIGINT NOT NULL, revision BIGINT NOT NULL, body TEXT NOT NULL, recorded_at BIGINT NOT NULL,
        recorded_by TEXT NOT NULL)",
    "CREATE UNIQUE INDEX network_facts_number ON network_facts (source, number)",
    "CREATE INDEX network_facts_began ON network_facts (began, id)",
    "CREATE TABLE products (code TEXT PRIMARY KEY, id BLOB NOT NULL, line TEXT NOT NULL, zh TEXT NOT NULL, en TEXT NOT NULL,
        since TEXT NOT NULL, until TEXT NOT NULL, revision BIGINT NOT NULL, recorded_at BIGINT NOT NULL) CLUSTERED",
    "CREATE TABLE exposures (month BIGINT NOT NULL, region TEXT NOT NULL, id BLOB NOT NULL, users BIGINT NOT NULL,
        revision BIGINT NOT NULL, recorded_at BIGINT NOT NULL, PRIMARY KEY (month, region)) CLUSTERED",
    // Key figures, counted from the logs as reports are.
    "ALTER TABLE report_cases ADD COLUMN kpi TEXT NOT NULL DEFAULT ''",
    "CREATE TABLE kpi_months (kpi TEXT NOT NULL, area TEXT NOT NULL, month BIGINT NOT NULL, counted BIGINT NOT NULL,
        sum BIGINT NOT NULL, hits BIGINT NOT NULL, silent BIGINT NOT NULL, waits BIGINT NOT NULL,
        PRIMARY KEY (kpi, area, month)) CLUSTERED",
], &[
    // Lists under a name, for one person, a unit or a role.
    "CREATE TABLE saved_views (id BLOB PRIMARY KEY, audience TEXT NOT NULL, area TEXT NOT NULL, name TEXT NOT NULL,
        body TEXT NOT NULL, kept_by TEXT NOT NULL, kept_at BIGINT NOT NULL, UNIQUE (audience, area, name))",
    // Several operations under a name; what each said before stands in the ledger of the administration.
    "CREATE TABLE macros (id BLOB PRIMARY KEY, audience TEXT NOT NULL, area TEXT NOT NULL, name TEXT NOT NULL,
        body TEXT NOT NULL, revision BIGINT NOT NULL, kept_by TEXT NOT NULL, kept_at BIGINT NOT NULL,
        UNIQUE (audience, area, name))",
    // Whom of the staff a complaint is about, for whom it is not there. It is said at registration and never changes; of
    // cases that were there before it is read out of their first entry.
    "ALTER TABLE cases ADD COLUMN about TEXT",
    "UPDATE cases SET about = (SELECT substr(e.body, POSITION_OF(e.body, '\"about_staff\":\"') + 15, 36) FROM entries e
        WHERE e.subject = cases.id AND e.ledger = 0 AND e.version = 1) WHERE id IN (SELECT e.subject FROM entries e
        WHERE e.ledger = 0 AND e.version = 1 AND e.body LIKE '%\"about_staff\":\"%')",
    "CREATE INDEX cases_about ON cases (about) WHERE about IS NOT NULL",
    // The day before which every measure that was late has been told of.
    "CREATE TABLE problem_looks (what TEXT PRIMARY KEY, due TEXT NOT NULL, at BIGINT NOT NULL) CLUSTERED",
    // Mass incidents: the wording of the progress a customer was told last; messages to those on lists are counted once for
    // all incidents, so that a number never comes back when a list is destroyed and made anew.
    "ALTER TABLE incident_cases ADD COLUMN wording BIGINT NOT NULL DEFAULT 0",
    "INSERT INTO counters (name, value) SELECT 'incident_messages', MAX(n) FROM
        (SELECT version AS n FROM outbox WHERE what = 'incident' UNION ALL SELECT handed AS n FROM incident_keys) AS used
        HAVING MAX(n) > 0",
    // Who is told of what happens to cases, how far each was told, and the entries that were not taken yet.
    "CREATE TABLE subscriptions (id BLOB PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL,
        query TEXT NOT NULL, owner TEXT NOT NULL, region TEXT NOT NULL, personal BIGINT NOT NULL,
        generation BIGINT NOT NULL, rotated_at BIGINT NOT NULL, made_at BIGINT NOT NULL, standing TEXT NOT NULL,
        reason TEXT NOT NULL, place TEXT NOT NULL, failing_since BIGINT NOT NULL, tries BIGINT NOT NULL,
        due_at BIGINT NOT NULL, error TEXT NOT NULL, lease_until BIGINT NOT NULL, holder TEXT NOT NULL)",
    "CREATE TABLE event_deliveries (subscription BLOB NOT NULL, subject BLOB NOT NULL, version BIGINT NOT NULL,
        first_at BIGINT NOT NULL, due_at BIGINT NOT NULL, tries BIGINT NOT NULL, error TEXT NOT NULL,
        dead BIGINT NOT NULL, PRIMARY KEY (subscription, subject, version)) CLUSTERED",
    "CREATE INDEX event_deliveries_due ON event_deliveries (subscription, dead, due_at)",
], &[
    // Classification models: what was asked for, their bytes by address in parts, and which is in use; what became of
    // suggestions is counted from the log.
    "CREATE TABLE models (id BLOB PRIMARY KEY, state TEXT NOT NULL, source TEXT NOT NULL, asked TEXT NOT NULL,
        asked_by TEXT NOT NULL, asked_at BIGINT NOT NULL, tries BIGINT NOT NULL, hash TEXT NOT NULL, told TEXT NOT NULL,
        made_at BIGINT)",
    "CREATE TABLE model_parts (hash TEXT NOT NULL, n BIGINT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (hash, n))",
    "CREATE TABLE model_choices (n BIGINT PRIMARY KEY, model BLOB, under BIGINT NOT NULL, note TEXT NOT NULL,
        chosen_by TEXT NOT NULL, chosen_at BIGINT NOT NULL) CLUSTERED",
    "CREATE TABLE advice_marks (stream BIGINT PRIMARY KEY, seq BIGINT NOT NULL) CLUSTERED",
    "CREATE TABLE advice_months (source TEXT NOT NULL, month BIGINT NOT NULL, category TEXT NOT NULL,
        counted BIGINT NOT NULL, taken BIGINT NOT NULL, among BIGINT NOT NULL, unsure BIGINT NOT NULL,
        PRIMARY KEY (source, month, category)) CLUSTERED",
    // Promised call-backs as people look for them; they follow from the logs of the cases.
    "CREATE TABLE call_backs (case_id BLOB NOT NULL, n BIGINT NOT NULL, open BIGINT NOT NULL, due_at BIGINT NOT NULL,
        next_at BIGINT NOT NULL, PRIMARY KEY (case_id, n)) CLUSTERED",
    "CREATE INDEX call_backs_next ON call_backs (next_at, case_id, n) WHERE open = 1",
    // Wordings of messages in their versions, with who asked for each and who decided.
    "CREATE TABLE wordings (kind TEXT NOT NULL, language TEXT NOT NULL, version BIGINT NOT NULL, subject BLOB NOT NULL,
        content TEXT NOT NULL, note TEXT NOT NULL, state TEXT NOT NULL, asked_by TEXT NOT NULL, asked_at BIGINT NOT NULL,
        decided_by TEXT, decided_at BIGINT, PRIMARY KEY (kind, language, version)) CLUSTERED",
    // Events that were logged as told are not logged at each try; rows of files are known by their case.
    "ALTER TABLE event_deliveries ADD COLUMN logged BIGINT NOT NULL DEFAULT 0",
    "CREATE INDEX idempotency_imported ON idempotency (case_id) WHERE actor = 'import'",
    // Suspected faults: where more came in than usual, what people said of it, and the cases it was seen by. `ended` is
    // moved while it goes on; `done` says that it does no more.
    "CREATE TABLE bursts (id BLOB PRIMARY KEY, number TEXT NOT NULL UNIQUE, version BIGINT NOT NULL, state TEXT NOT NULL,
        done BIGINT NOT NULL, region TEXT NOT NULL, category TEXT NOT NULL, began BIGINT NOT NULL, ended BIGINT NOT NULL,
        changed_at BIGINT NOT NULL, body TEXT NOT NULL)",
    "CREATE INDEX bursts_ended ON bursts (ended, id)",
    "CREATE TABLE burst_cases (burst BLOB NOT NULL, case_id BLOB NOT NULL, PRIMARY KEY (burst, case_id)) CLUSTERED",
], &[
    // Suspected faults: what the job saw last and the ledger need not say again, the product where one is told apart, and
    // the place somebody was told of, where it has grown since.
    "ALTER TABLE bursts ADD COLUMN latest TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE bursts ADD COLUMN product TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE bursts ADD COLUMN origin TEXT NOT NULL DEFAULT ''",
    // Tickets and events: tickets of a status are listed newest first; what waits to be told may be of another ledger.
    "CREATE INDEX cases_state ON cases (state, id)",
    "ALTER TABLE event_deliveries ADD COLUMN ledger BIGINT NOT NULL DEFAULT 0",
    // Presence: who has which case open, for less than a minute.
    "CREATE TABLE presence (case_id BLOB NOT NULL, user_id BLOB NOT NULL, writing TEXT NOT NULL, at BIGINT NOT NULL,
        PRIMARY KEY (case_id, user_id)) CLUSTERED",
    "CREATE INDEX presence_user ON presence (user_id, at)",
    // Board: open cases that other bodies brought, by time left. Others cost this index no write.
    "CREATE INDEX cases_escalated ON cases (due_at, id, state, grade, category, province, region, owner_unit, owner_user)
        WHERE open = 1 AND kind = 'appeal'",
    // Administration: what tokens are for and who made them; checks of the whole log that somebody asked for; how far the
    // first set-up came; who put the tour away; backups made of this database; and who read what or changed which
    // setting, newest first. Entries of cases are not in that index, so that registering writes nothing more.
    "ALTER TABLE tokens ADD COLUMN purpose TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE tokens ADD COLUMN made_by TEXT NOT NULL DEFAULT ''",
    "CREATE TABLE verifications (id BLOB PRIMARY KEY, state TEXT NOT NULL, asked_by TEXT NOT NULL, asked_at BIGINT NOT NULL,
        tries BIGINT NOT NULL, looked BIGINT NOT NULL, whole BIGINT NOT NULL, told TEXT NOT NULL, ended_at BIGINT)",
    "CREATE TABLE setup_steps (step TEXT PRIMARY KEY, state TEXT NOT NULL, done_by TEXT NOT NULL, done_at BIGINT NOT NULL)",
    "CREATE TABLE tours (user_id BLOB NOT NULL, tour TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (user_id, tour)) CLUSTERED",
    "CREATE TABLE backups_made (made_at BIGINT PRIMARY KEY, file TEXT NOT NULL, bytes BIGINT NOT NULL, entries BIGINT NOT NULL)",
    "CREATE INDEX entries_beside ON entries (ledger, at, stream, seq) WHERE ledger IN (1, 2)",
    // Signing in: second steps with what stands in for a lost one, which roles have to have one, sign-ins half way, links to
    // set a password, letters about accounts, whom a provider knows as whom, and ways to it and back.
    "CREATE TABLE second_factors (user_id BLOB PRIMARY KEY, secret BLOB, pending BLOB, pending_at BIGINT NOT NULL,
        last_step BIGINT NOT NULL, confirmed_at BIGINT)",
    "CREATE TABLE recovery_codes (user_id BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (user_id, hash)) CLUSTERED",
    "CREATE TABLE factor_roles (role TEXT PRIMARY KEY, at BIGINT NOT NULL)",
    "CREATE TABLE half_sign_ins (hash BLOB PRIMARY KEY, user_id BLOB NOT NULL, expires_at BIGINT NOT NULL)",
    "CREATE INDEX half_sign_ins_user ON half_sign_ins (user_id)",
    "CREATE TABLE password_resets (user_id BLOB PRIMARY KEY, hash BLOB NOT NULL UNIQUE, against BLOB NOT NULL,
        expires_at BIGINT NOT NULL)",
    "CREATE TABLE account_letters (kind TEXT NOT NULL, username TEXT NOT NULL, address TEXT NOT NULL,
        due_at BIGINT NOT NULL, lease_until BIGINT NOT NULL, holder TEXT NOT NULL, attempts BIGINT NOT NULL,
        PRIMARY KEY (kind, username)) CLUSTERED",
    "CREATE TABLE identities (issuer TEXT NOT NULL, subject TEXT NOT NULL, user_id BLOB NOT NULL, linked_at BIGINT NOT NULL,
        PRIMARY KEY (issuer, subject)) CLUSTERED",
    "CREATE INDEX identities_user ON identities (user_id)",
    "CREATE TABLE oidc_flows (state BLOB PRIMARY KEY, user_id BLOB, back TEXT NOT NULL, expires_at BIGINT NOT NULL)",
    // The assistant: what a machine drafted stays beside what somebody makes of it, sealed likewise; what was used on a day, by
    // each and by all together.
    "ALTER TABLE drafts ADD COLUMN machine BLOB",
    "CREATE TABLE assist_uses (day TEXT NOT NULL, who TEXT NOT NULL, requests BIGINT NOT NULL, characters BIGINT NOT NULL,
        busy_until BIGINT NOT NULL, PRIMARY KEY (day, who)) CLUSTERED",
], &[
    // A case that changes hands is written into the indexes by holder only.
    "DROP INDEX cases_due",
    "CREATE INDEX cases_due ON cases (due_at, id, state, grade, category, province, region) WHERE open = 1",
    "DROP INDEX cases_due_province",
    "CREATE INDEX cases_due_province ON cases (province, due_at, id, state, grade, category, region) WHERE open = 1",
    "DROP INDEX cases_due_category",
    "CREATE INDEX cases_due_category ON cases (category, due_at, id, state, grade, province, region) WHERE open = 1",
    "DROP INDEX cases_due_grade",
    "CREATE INDEX cases_due_grade ON cases (grade, due_at, id, state, category, province, region) WHERE open = 1",
    "DROP INDEX cases_due_state",
    "CREATE INDEX cases_due_state ON cases (state, due_at, id, grade, category, province, region) WHERE open = 1",
]];

const VERSION_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)";
/// Two nodes that start together must not both migrate.
const ONE_AT_A_TIME: &str = "SELECT pg_advisory_xact_lock(1919185523, 0)";
/// Has text compared byte by byte in tables that were made before definitions said so; does nothing where all of it is.
const BYTE_BY_BYTE: &str = "DO $$ DECLARE one RECORD; BEGIN
    FOR one IN SELECT c.oid::regclass AS name,
            string_agg(format('ALTER COLUMN %I TYPE TEXT COLLATE \"C\"', a.attname), ', ') AS changes
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_collation k ON k.oid = a.attcollation
        WHERE c.relnamespace = current_schema()::TEXT::regnamespace AND c.relkind = 'r'
            AND a.atttypid = 'text'::regtype AND a.attnum > 0 AND NOT a.attisdropped AND k.collname <> 'C'
        GROUP BY c.oid
    LOOP EXECUTE format('ALTER TABLE %s %s', one.name, one.changes); END LOOP; END $$";
const VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM schema_version";
const SET_VERSION: &str = "INSERT INTO schema_version (version) VALUES (?1)";

/// The newest schema this version knows.
pub(crate) fn known() -> i64 {
    STEPS.len() as i64
}

/// Steps up to a schema.
fn steps(schema: i64) -> impl Iterator<Item = &'static str> {
    STEPS.iter().take(usize::try_from(schema).unwrap_or(0)).flat_map(|step| step.iter().copied())
}

/// The index a definition makes or drops.
fn index_name(definition: &str) -> Option<&str> {
    let rest = ["CREATE INDEX ", "CREATE UNIQUE INDEX ", "DROP INDEX "]
        .iter()
        .find_map(|words| definition.strip_prefix(words));
    rest?.split_whitespace().next()
}

/// Makes the tables of a schema, empty and without indexes, in a database that has none.
pub(crate) fn create(tx: &mut Tx<'_>, schema: i64) -> Result<(), StoreError> {
    let dialect = tx.dialect();
    tx.batch(VERSION_TABLE)?;
    for definition in steps(schema).filter(|definition| index_name(definition).is_none()) {
        tx.batch(&dialect.definition(definition))?;
    }
    // What a step puts into a new database comes with the rows that are taken in.
    tx.batch("DELETE FROM streams")?;
    tx.execute(SET_VERSION, &[schema.into()]).map(drop)
}

/// Makes the indexes that [`create`] left out.
pub(crate) fn index(tx: &mut Tx<'_>, schema: i64) -> Result<(), StoreError> {
    let dialect = tx.dialect();
    // The last word on each: what a later step drops and makes anew is made once.
    let last: BTreeMap<&str, &str> = steps(schema).filter_map(|step| Some((index_name(step)?, step))).collect();
    for definition in last.into_values().filter(|definition| definition.starts_with("CREATE")) {
        tx.batch(&dialect.definition(definition))?;
    }
    Ok(())
}

pub(crate) fn migrate(tx: &mut Tx<'_>, dialect: Dialect) -> Result<Migrated, StoreError> {
    if dialect == Dialect::Postgres {
        tx.batch(ONE_AT_A_TIME)?;
    }
    tx.batch(VERSION_TABLE)?;
    let from = tx.query_one(VERSION, &[], |row| row.int(0))?;
    if from > known() {
        return Err(StoreError::Newer { found: from, known: known() });
    }
    if dialect == Dialect::Postgres && from > 0 {
        // The indexes on what changes are made anew, which takes its time.
        tx.take_time()?;
        tx.batch(BYTE_BY_BYTE)?;
    }
    for step in STEPS.iter().skip(usize::try_from(from).unwrap_or(0)) {
        for definition in *step {
            tx.batch(&dialect.definition(definition))?;
        }
    }
    if from < known() {
        tx.execute(SET_VERSION, &[known().into()])?;
    }
    Ok(Migrated { from, to: known() })
}

/// The schema of the database; 0 without tables.
pub(crate) fn found(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let exists = match tx.dialect() {
        Dialect::Sqlite => "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'schema_version'",
        Dialect::Postgres => "SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('schema_version')",
    };
    match tx.query_one(exists, &[], |row| row.int(0))? {
        0 => Ok(0),
        _ => tx.query_one(VERSION, &[], |row| row.int(0)),
    }
}

pub(crate) fn check(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let found = found(tx)?;
    match found.cmp(&known()) {
        std::cmp::Ordering::Less => Err(StoreError::Older { found, known: known() }),
        std::cmp::Ordering::Greater => Err(StoreError::Newer { found, known: known() }),
        std::cmp::Ordering::Equal => Ok(()),
    }
}
