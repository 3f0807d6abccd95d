//! B1: every route × every role × where the case lies, compared with a table that is read before it is changed. A new
//! route without a row fails. `REDRESS_WRITE_TABLES=1` writes the table anew.

use crate::{House, handoff, house, intake};
use desk::Permission;
use domain::actor::Role;
use domain::command::VERBS;
use serde_json::{Value, json};
use server::routes::{Access, Face, Method, Route, table};
use std::fmt::Write as _;
use std::path::Path;

/// What the acknowledgement of the baseline must say.
pub(crate) const ACKNOWLEDGEMENT: &str = "We received your complaint on 3 July; its number is TS-1. You told us: a fee. \
     You ask for: a refund. If that is not what you meant, let us know. We answer by 18 July; with the tracking code \
     118D you can see how far it is.";

/// A body that a route takes.
/// A unit there is not.
const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

pub(crate) fn body(path: &str) -> Value {
    if path.contains("/troubleTicketSpecification") {
        return json!({"@type": "TroubleTicketSpecification", "name": "x"});
    }
    if path.contains("/bursts/") {
        return match path.rsplit('/').next() {
            Some("dismiss") => json!({"why": "expected"}),
            Some("incident") => json!({"title": "x", "started_at": "2026-01-01T00:00:00Z"}),
            _ => json!({}),
        };
    }
    if path.ends_with("/models/file") {
        return json!({"csv": "text,category\n没信号,A101\n"});
    }
    if path.contains("/hub") {
        return json!({"callback": "https://partner.example/"});
    }
    if path.ends_with("/tokens") {
        return json!({"name": "x", "purpose": "x", "role": "agent", "scopes": ["read"]});
    }
    if path.ends_with("/packs/vectors") {
        return json!({"list": "none"});
    }
    if path.ends_with("/setup") {
        return json!({"step": "rules", "state": "done"});
    }
    if path.ends_with("/webhooks") {
        return json!({"name": "x", "url": "https://partner.example/"});
    }
    if path.contains("/webhooks/") {
        return json!({});
    }
    if path.contains("/partyInteraction/v") {
        // What version 4 asks for stands beside what version 5 does.
        let mut contact = crate::interactions::contact();
        contact["status"] = json!("completed");
        contact["interactionDate"] = json!({"startDateTime": "2026-01-01T00:00:00Z"});
        contact["channel"] = json!([{"id": "phone", "href": "x"}]);
        return contact;
    }
    if path.contains("/tmf-api/") {
        return crate::tmf::ticket();
    }
    if path.ends_with("/routing/dry-run") {
        return json!({"text": crate::rules::table("9.0.0", "root")["text"]});
    }
    if path.contains("/what-if") || path.ends_with("/whatif") {
        return crate::rules::draft("9.0.0", "47h");
    }
    if path.contains("/macros/") {
        return json!({});
    }
    if path.ends_with("/macro") {
        return json!({"macro": NOBODY});
    }
    if path.ends_with("/second-factor") {
        return json!({"roles": []});
    }
    if path.contains("/identities") {
        return json!({"issuer": "https://id.example", "subject": "x"});
    }
    if path.ends_with("/recipients/send") {
        return json!({"purpose": "outcome", "way": "sms"});
    }
    if path.contains("/units/")
        || path.contains("/users/")
        || path.contains("/absences/")
        || path.contains("/activations/")
        || path.contains("/rules/")
    {
        return json!({});
    }
    if path.contains("/retention") {
        return match path.rsplit('/').next().unwrap() {
            "approve" => json!({"hash": "x"}),
            "refuse" | "withdraw" => json!({}),
            _ => json!({"note": "x"}),
        };
    }
    match path.rsplit('/').next().unwrap() {
        "complaints" | "check" => intake(),
        "activations" | "rules" => crate::rules::activation("9.0.0", "47h"),
        "views" => json!({"name": "x", "shared": "unit"}),
        "models" => json!({}),
        "activate" => json!({"note": "x"}),
        "roll-back" => json!({"from": NOBODY, "note": "x"}),
        "macros" => json!({"name": "x", "shared": "unit", "steps": [{"accept": {}}]}),
        "remove" => json!({}),
        "rename" => json!({"name": "x"}),
        "handoffs" => handoff(),
        "bulk" => json!({"cases": ["TS-20200101-000001-1"], "note": {"text": "x"}}),
        "notifications" => json!({"mail": "off"}),
        "assist" => json!({"kind": "summary"}),
        "drafts" | "draft" => json!({"verb": "reply", "content": "x"}),
        "decide" => json!({"decision": "discard", "reason": "x"}),
        "send-message" => json!({"way": "email", "content": "x"}),
        "classify" => json!({"category": "A101"}),
        "grade" | "re-grade" => json!({"severity": "major", "urgency": "normal", "reason": "x"}),
        "note" => json!({"text": "x"}),
        "propose" => json!({"outcome": "x"}),
        "send-back" | "reopen" | "erasure" | "transfer" | "dispute" | "request-void" | "place-hold" | "lift-hold"
        | "person-data" => json!({"reason": "x"}),
        "declare-deadlock" => json!({"position": "x"}),
        "supplement" => json!({"text": "x"}),
        "record-contact" => json!({"mode": "phone", "outcome": "no_answer"}),
        "notify-progress" => json!({"mode": "phone", "content": "x"}),
        "agree-progress" => json!({"hours": 72, "note": "x"}),
        "declare-unreachable" => json!({"reason": "x"}),
        "promise" => json!({"what": "x", "due_at": "2098-01-01T00:00:00Z"}),
        "keep-promise" => json!({"promise": 1}),
        "suspend" => json!({"wait_for": "waiting_parts", "until": "2098-01-01T00:00:00Z", "reason": "x"}),
        "issue-letter" => {
            json!({"letter": "acknowledgement", "language": "en", "medium": "sms", "content": ACKNOWLEDGEMENT})
        }
        "record-delivery" => json!({"letter": 1, "reference": "x"}),
        "refer" => json!({"route": "tio", "reason": "x"}),
        "record-step" => json!({"stage": "admitted"}),
        "feed-back" => json!({"content": "x", "reference": "x"}),
        "record-admission" => json!({"admission": "admitted", "reference": "x"}),
        "record-transfer" | "record-mediation" => json!({"reference": "x"}),
        "record-end" => json!({"result": "concluded", "reference": "x"}),
        "withdraw" => json!({"mode": "phone", "reason": "x"}),
        "decline" => json!({
            "ground": "out_of_scope", "explanation": "x", "next_channel": "other", "mode": "phone",
        }),
        "merge" => json!({"into": "TS-20200101-000001-1", "reason": "x"}),
        "link" => json!({"to": "TS-20200101-000001-1", "relation": "related"}),
        "confirm-void" => json!({"decision": "confirm"}),
        "ask-reading" => json!({"paper": "reply", "content": "x"}),
        "release-reading" => json!({"reading": 1}),
        "return-reading" => json!({"reading": 1, "reason": "x"}),
        "reply" => json!({"mode": "phone", "content": "x"}),
        "set-cause" => json!({"cause": "BIL.RATE"}),
        "ask-satisfaction" | "confirm" => json!({"mode": "phone"}),
        "record-satisfaction" => json!({"satisfied": "satisfied"}),
        "propose-compensation" => json!({"amount": {"value": "10.00", "currency": "CNY"}, "reason": "x"}),
        "approve-compensation" => json!({"compensation": 1}),
        "refuse-compensation" => json!({"compensation": 1, "remark": "x"}),
        "verify-compensation" => json!({"compensation": 1, "justified": true, "finding": "x"}),
        "send-compensation" => json!({"compensation": 1}),
        "confirm-compensation" => json!({"compensation": 1, "result": "paid"}),
        "settle-recovery" => json!({"compensation": 1, "result": "recovered"}),
        "confirmation" => json!({"result": "paid"}),
        "call-back" => json!({"outcome": "no_answer"}),
        "decide-review" => json!({"decision": "upheld", "reason": "x"}),
        "pay-compensation" => json!({"compensation": 1, "mode": "refund"}),
        "dispatch" => json!({"order_kind": "handle", "unit": NOBODY, "task": "x"}),
        "refuse-order" => json!({"refusal": "not_our_duty", "reason": "x"}),
        "return-order" | "cancel-order" | "bounce-order" => json!({"reason": "x"}),
        "hand-over-order" => json!({"unit": NOBODY, "reason": "x"}),
        "book-visit" => json!({"from": "2098-01-01T00:00:00Z", "to": "2098-01-01T01:00:00Z"}),
        "report-order" => json!({"text": "x"}),
        "answer-order" => json!({"result": "x"}),
        "ask-extension" => json!({"reply_by": "2098-01-01T00:00:00Z", "reason": "x"}),
        "decide-extension" => json!({"granted": true}),
        "approve-order" => json!({"approved": true}),
        "rule-ownership" => json!({"unit": NOBODY, "reason": "x"}),
        "problems" => json!({"title": "x", "category": "A101"}),
        "amend-problem" => json!({"title": "y"}),
        "analyse-problem" => json!({"whys": ["x"]}),
        "link-cases" => json!({"cases": ["TS-20200101-000001-1"]}),
        "unlink-case" => json!({"case": "TS-20200101-000001-1"}),
        "plan-action" => json!({"what": "x", "due": "2098-01-01"}),
        "report-action" => json!({"action": 1, "evidence": "x", "effective_on": "2026-01-01"}),
        "approve-action" => json!({"action": 1}),
        "return-action" | "cancel-action" => json!({"action": 1, "reason": "x"}),
        "close-problem" => json!({"result": "x"}),
        "dismiss-problem" | "reopen-problem" => json!({"reason": "x"}),
        "incidents" => json!({"title": "x", "started_at": "2026-01-01T00:00:00Z"}),
        "amend-incident" => json!({"title": "y"}),
        "start-plan" => json!({"plan": "none"}),
        "name-role" => json!({"role": "lead", "user": NOBODY}),
        "tick-item" => json!({"item": 1, "evidence": "x"}),
        "word-incident" => json!({"purpose": "outcome", "zh": "x", "en": "x"}),
        "approve-wording" => json!({"wording": 1}),
        "return-wording" => json!({"wording": 1, "reason": "x"}),
        "restore-incident" => json!({"at": "2026-01-02T00:00:00Z"}),
        "close-incident" => json!({"result": "x"}),
        "reopen-incident" | "leave-incident" => json!({"reason": "x"}),
        "dismiss" | "dismiss-burst" => json!({"why": "data"}),
        "judge-similar" => json!({"other": NOBODY, "useful": true}),
        "join-incident" => json!({"incident": NOBODY}),
        "tell" => json!({"purpose": "outcome", "mode": "sms"}),
        "recipients" => json!({"csv": "number,consent\n13900000009,app\n"}),
        "export" => json!({"purpose": "outcome"}),
        "wordings" => json!({"part": "foot", "language": "en", "text": "x {number}", "note": "x"}),
        "emergency-plans" | "plans" => json!({"text": "x"}),
        "network-facts" => crate::incidents::fact(),
        "products" | "catalogue" => json!({"code": "x", "line": "broadband", "zh": "x", "en": "x"}),
        "exposures" => json!({"month": "2026-01", "region": "31", "users": 1}),
        "import" => json!({"csv": "x"}),
        "archive" | "bundle" | "customer" => json!({"purpose": "regulator", "reason": "x"}),
        "reveal" => json!({"purpose": "contact", "reason": "x"}),
        _ => json!({}),
    }
}

/// What the routes are about: a case, and of the organisation one of each, all in the same area.
struct Subjects {
    case: String,
    /// A case another body has in hand.
    matter: String,
    unit: String,
    user: String,
    absence: String,
    problem: String,
    incident: String,
    burst: String,
    fact: String,
    webhook: String,
    token: String,
    /// A message that waits for a person.
    mail: String,
}

impl Subjects {
    fn make(house: &House, token: &str) -> Self {
        let made = |path: &str, body: Value| house.call(token, "POST", path, &[], &body).json();
        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
        let unit = |code: &str| made("/api/v1/units", json!({"code": code, "name": "上海", "region": "31"}));
        let (unit, office) = (id(&unit("sh")), id(&unit("sh-office")));
        made("/api/v1/users", json!({"username": "lin", "name": "林", "role": "agent", "unit": office}));
        let user = id(&house.get(token, "/api/v1/users").json()["items"][0]);
        let absence = id(&made("/api/v1/absences", json!({"user": user, "until": "2099-01-01T00:00:00Z"})));
        let mut theirs = intake();
        theirs["accept_channel"] = json!("regulator_transfer");
        let matter = id(&house.register(token, &theirs));
        let problem = json!({"title": "x", "category": "A101", "region": "31"});
        let problem = id(&made("/api/v1/problems", problem));
        let incident = json!({"title": "x", "started_at": "2026-01-01T00:00:00Z", "region": "31"});
        let incident = id(&made("/api/v1/incidents", incident));
        let burst = crate::bursts::seeded(house, "31").to_string();
        let fact = id(&made("/api/v1/network-facts", crate::incidents::fact()));
        let webhook = json!({"name": "hook", "url": "https://own.example/", "region": "31"});
        let webhook = id(&made("/api/v1/webhooks", webhook));
        house.token(Role::Agent, "31");
        let programmes = house.get(token, "/api/v1/tokens").json();
        let programme = programmes["items"].as_array().unwrap().iter().find(|one| one["region"] == "31");
        let programme = id(programme.unwrap());
        let ways = desk::ways::Ways { region: "31".to_owned(), ..desk::ways::Ways::none() };
        house.desk.set_ways(ways);
        let raw = b"Subject: nobody\r\n\r\nx".to_vec();
        house.runtime.block_on(server::mail_in::take(&house.desk, raw, None, true)).unwrap();
        let mail = id(&house.get(token, "/api/v1/letterbox").json()["items"][0]);
        let case = id(&house.register(token, &intake()));
        Self { case, matter, unit, user, absence, problem, incident, burst, fact, webhook, token: programme, mail }
    }

    /// The one a route is about.
    fn of(&self, path: &str) -> &str {
        match path {
            _ if path.contains("/matters/") => &self.matter,
            _ if path.contains("/units/") => &self.unit,
            _ if path.contains("/users/") => &self.user,
            _ if path.contains("/absence") => &self.absence,
            _ if path.contains("/problems/") => &self.problem,
            _ if path.contains("/incidents/") => &self.incident,
            _ if path.contains("/bursts/") => &self.burst,
            _ if path.contains("/network-facts/") => &self.fact,
            _ if path.contains("/webhooks/") => &self.webhook,
            _ if path.contains("/tokens/") => &self.token,
            _ if path.contains("/letterbox/") => &self.mail,
            _ => &self.case,
        }
    }
}

/// Whether a route asks more than a permission: tokens have no password to change, no second step, are offered no tour, have
/// no absence of their own to end, write no drafts, keep no lists and macros for themselves and make and end no tokens.
fn asks_more(path: &str) -> bool {
    path == "/console/password"
        || path.starts_with("/console/account/")
        || path.ends_with("/views")
        || path.ends_with("/macros")
        || path.ends_with("/end")
        || path.ends_with("/tokens")
        || path.ends_with("/tour")
        || path.ends_with("/drafts")
        || path.ends_with("/draft")
}

/// What a role meets on a route: whether it gets past the guard, and whether a case elsewhere is hidden.
fn meets(house: &House, route: &Route, token: &str, id: &str, file: &str) -> u16 {
    // An interaction is a case's and its entry's; the first is the registration.
    let of_entry = format!("{id}-1");
    let id = if route.path.contains("/partyInteraction/{id}") { of_entry.as_str() } else { id };
    let path = route
        .path
        .replace("{id}", id)
        .replace("{rule}", "response")
        .replace("{macro}", NOBODY)
        .replace("/{n}/bundle", "/1/bundle")
        .replace("{report}", "cn-monthly")
        .replace("{kpi}", "repeat")
        .replace("{plan}", "none")
        .replace("{pack}", "cn-telecom")
        .replace("{calendar}", "CN")
        .replace("{step}", "organisation")
        .replace("{version}", "1")
        .replace("{part}", "foot")
        .replace("{language}", "en")
        .replace("{attachment}", file)
        .replace("{letter}", "acknowledgement.html")
        .replace("{name}", "console.css")
        .replace("{tag}", "en");
    let path = if path.ends_with("/macro") && route.method == Method::Get { path + "?macro=" + NOBODY } else { path };
    let path = if path.ends_with("/packs/diff") { path + "?before=cn-telecom&after=cn-telecom" } else { path };
    let path = if path.ends_with("/persons") { path + "?phone=13800138000" } else { path };
    let path = if path.ends_with("cn-monthly/cases") { path + "?table=volume&row=*&column=count" } else { path };
    let path = if ["/archive", "/bundle"].iter().any(|end| path.ends_with(end)) && route.method == Method::Get {
        path + "?purpose=regulator&reason=x"
    } else {
        path
    };
    let method = route.method.name();
    if route.method == Method::Post && path.ends_with("/attachments") {
        return house.upload(token, &path, &[], &[("file", Some("a.txt"), b"the same for all")]).status;
    }
    let body = if route.method == Method::Get { Value::Null } else { body(&path) };
    if route.face == Face::Page && route.method == Method::Post {
        let fields = body.as_object().into_iter().flatten();
        let form: String = fields.map(|(name, value)| format!("&{name}={}", value.as_str().unwrap_or("x"))).collect();
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        return house.send(method, &path, &headers, format!("version=99{form}")).status;
    }
    let mut more = Vec::new();
    if route.operation.is_some_and(|operation| operation.versioned) {
        more.push(("if-match", "\"99\""));
    }
    house.call(token, method, &path, &more, &body).status
}

/// Statuses of a kind are one for the table: what matters is who gets how far.
fn word(status: u16) -> &'static str {
    match status {
        200 | 201 | 204 | 303 => "yes",
        // Past every door; the case's version or state refuses.
        409 | 422 | 428 => "in",
        401 => "who?",
        403 => "no",
        404 => "none",
        other => panic!("status {other}"),
    }
}

#[test]
fn every_route_for_every_role_and_area() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let admin = house.token(Role::Admin, "");
    let subjects = Subjects::make(&house, &admin);
    // A stream would go on for ever: this one says its first word and ends.
    house.state.live.close();
    let list = format!("/api/v1/complaints/{}/attachments", subjects.case);
    let file = house.upload(&admin, &list, &[], &[("file", Some("a.txt"), b"the same for all")]).json();
    let file = file["id"].as_str().unwrap();
    let mut found = String::from(
        "# Route, then for each role: own area / another area. yes: done; in: past every door, refused by the case; no: not permitted; none: hidden.\n",
    );
    let _ = writeln!(found, "# roles: {}", Role::ALL.map(Role::code).join(" "));
    for route in table() {
        let method = route.method.name();
        let id = subjects.of(route.path);
        let mut line = format!("{method} {}", route.path);
        // Nobody: only public routes answer, the others ask who it is (pages send to sign in).
        let nobody =
            house.send(method, &route.path.replace("{id}", id).replace("{name}", "console.css"), &[], "").status;
        match route.access {
            Access::Public => assert_ne!(nobody, 401, "{line}"),
            Access::Needs(_) if route.face == Face::Page => assert_eq!(nobody, 303, "{line}"),
            Access::Needs(_) => assert_eq!(nobody, 401, "{line}"),
        }
        if route.access == Access::Public {
            let _ = writeln!(found, "{line}  public");
            continue;
        }
        for role in Role::ALL {
            let (own, other) = (house.token(role, "31"), house.token(role, "33"));
            // Pages are asked with a token too: it is the same guard and the same desk.
            let (own, other) = (meets(&house, &route, &own, id, file), meets(&house, &route, &other, id, file));
            if let Access::Needs(permission) = route.access {
                let granted = permission.granted_to(role);
                let passes = own != 403 || (granted && asks_more(route.path));
                assert_eq!(passes, granted, "{line} for {role} is {own}");
                if granted && route.path.contains("{id}") {
                    assert_eq!(other, 404, "{line} for {role}: a case elsewhere is not hidden");
                }
            }
            let _ = write!(line, "  {}/{}", word(own), word(other));
        }
        found.push_str(&line);
        found.push('\n');
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http/permissions.txt");
    if std::env::var_os("REDRESS_WRITE_TABLES").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        known == found,
        "the permissions changed; read the difference, then write the table with REDRESS_WRITE_TABLES=1:\n{found}"
    );
    house.desk.db().close();
}

#[test]
fn every_verb_has_a_route_on_both_faces() {
    let routes = table();
    for verb in domain::problem::VERBS {
        assert!(Permission::for_verb(verb.name).is_some());
        for base in ["/api/v1/problems/{id}", "/console/problems/{id}"] {
            let path = format!("{base}/{}", verb.name);
            assert_eq!(routes.iter().filter(|route| route.path == path).count(), 1, "{path}");
        }
    }
    for verb in domain::incident::VERBS {
        assert!(Permission::for_verb(verb.name).is_some());
        for base in ["/api/v1/incidents/{id}", "/console/incidents/{id}"] {
            let path = format!("{base}/{}", verb.name);
            assert_eq!(routes.iter().filter(|route| route.path == path).count(), 1, "{path}");
        }
    }
    for verb in VERBS {
        assert!(Permission::for_verb(verb.name).is_some());
        for base in ["/api/v1/complaints/{id}", "/console/cases/{id}"] {
            let path = format!("{base}/{}", verb.name);
            assert_eq!(routes.iter().filter(|route| route.path == path).count(), 1, "{path}");
        }
    }
}
