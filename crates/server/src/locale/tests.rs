use super::*;

fn load() -> Locales {
    Locales::load(crate::data::locales(None).unwrap()).unwrap()
}

#[test]
fn negotiation() {
    let choose = |accepted, chosen| Language::negotiate(accepted, chosen, Language::ZhCn);
    assert_eq!(choose(None, None), Language::ZhCn);
    assert_eq!(choose(Some("en-GB,en;q=0.9"), None), Language::En);
    assert_eq!(choose(Some("fr, en;q=0.3, zh;q=0.8"), None), Language::ZhCn);
    assert_eq!(choose(Some("fr"), Some("en")), Language::En);
    assert_eq!(choose(Some("en;q=0, zh;q=nan"), None), Language::ZhCn);
    assert_eq!(choose(Some("zh;Q=0.2, en ; q = 0.7"), None), Language::En);
    assert_eq!(choose(Some("en"), Some("klingon")), Language::En);
}

#[test]
fn a_broken_file_names_its_place() {
    let broken = |text: &str| Locales::load([("en/x.toml".to_owned(), text.to_owned())]).unwrap_err();
    assert!(
        broken("a = \"1\"\nb = \n").starts_with("en/x.toml, line 2, column 5: "),
        "{}",
        broken("a = \"1\"\nb = \n")
    );
    let twice = "[t]\n\na = \"1\"\na = \"2\"\n";
    assert!(broken(twice).starts_with("en/x.toml, line 4, column 1: "), "{}", broken(twice));
    assert_eq!(broken("a = 1"), "en/x.toml: a is no text");
}

#[test]
fn a_key_that_stands_twice_names_both_files() {
    let files = [("en/x.toml", "a.b = \"1\""), ("zh-CN/x.toml", "a.b = \"2\""), ("en/y.toml", "[a]\nb = \"3\"")];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    assert_eq!(Locales::load(files).unwrap_err(), "a.b stands twice: in en/x.toml and in en/y.toml");
}

#[test]
fn values_are_put_in_once() {
    let text = "a = \"{x} and {y}, {x}, {z} {\"";
    let locales = Locales::load([("en/x.toml".to_owned(), text.to_owned())]).unwrap();
    let told = locales.text(Language::ZhCn, "a", &[("x", "{y}"), ("y", "客户")]);
    assert_eq!(told, "{y} and 客户, {y}, {z} {", "the other language's words; a value is no pattern");
    assert_eq!(locales.text(Language::En, "b", &[]), "b");
}

#[test]
fn both_languages_have_the_same_keys_and_places() {
    let locales = load();
    let mut zh: Vec<_> = locales.keys(Language::ZhCn).collect();
    let mut en: Vec<_> = locales.keys(Language::En).collect();
    zh.sort_unstable();
    en.sort_unstable();
    let missing: Vec<_> =
        zh.iter().filter(|key| !en.contains(key)).chain(en.iter().filter(|key| !zh.contains(key))).collect();
    assert!(missing.is_empty(), "{missing:?}");
    for key in zh {
        assert_eq!(places(&locales, Language::ZhCn, key), places(&locales, Language::En, key), "{key}");
        for language in Language::ALL {
            assert!(!locales.text(language, key, &[]).trim().is_empty(), "{key} says nothing");
        }
    }
}

/// The places of a sentence, sorted.
fn places(locales: &Locales, language: Language, key: &str) -> Vec<String> {
    let text = locales.text(language, key, &[]);
    let mut names: Vec<String> =
        text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect();
    names.sort();
    names
}

/// A place in the sources that hands out a code, with the values it gives to the sentence.
struct Site {
    at: String,
    code: String,
    values: Vec<String>,
}

/// The sources of some crates' folders, without their tests.
fn sources(folders: &[&str]) -> Vec<(String, String)> {
    fn walk(path: &std::path::Path, found: &mut Vec<(String, String)>) {
        if path.is_dir() {
            for entry in std::fs::read_dir(path).unwrap() {
                walk(&entry.unwrap().path(), found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            let text = std::fs::read_to_string(path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
            found.push((path.display().to_string(), text));
        }
    }
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for folder in folders {
        walk(&crates.join(folder), &mut found);
    }
    assert!(!found.is_empty(), "{folders:?}");
    found
}

/// What stands between a bracket just opened and its end, and what follows.
fn arguments(text: &str) -> (&str, &str) {
    let mut open = 1;
    let end = text.find(|letter| {
        open += i32::from(letter == '(') - i32::from(letter == ')');
        open == 0
    });
    let (arguments, rest) = text.split_at(end.unwrap());
    (arguments, &rest[1..])
}

/// Every call that ends in a code written out as text; the others come from tables of their own.
fn sites(call: &str) -> Vec<Site> {
    let mut found = Vec::new();
    for (path, text) in sources(&["domain/src", "desk/src", "server/src"]) {
        for (start, _) in text.match_indices(call) {
            let (given, mut rest) = arguments(&text[start + call.len()..]);
            let written = given.trim_end().trim_end_matches(',').strip_suffix('"');
            let Some((_, code)) = written.and_then(|given| given.rsplit_once('"')) else { continue };
            let mut values = Vec::new();
            while let Some(with) = rest.trim_start().strip_prefix(".with(") {
                let (given, behind) = arguments(with);
                values.extend(given.split('"').nth(1).map(str::to_owned));
                rest = behind;
            }
            let line = text[..start].matches('\n').count() + 1;
            found.push(Site { at: format!("{path}:{line}"), code: code.to_owned(), values });
        }
    }
    assert!(!found.is_empty(), "nothing calls {call}");
    found
}

/// Keys of the sentences for a code of a call.
fn sentences(call: &str, code: &str) -> Vec<String> {
    match call {
        FAULT => vec![format!("fault.{code}")],
        _ => ["text", "way_out"].map(|part| format!("refusal.{code}.{part}")).to_vec(),
    }
}

const FAULT: &str = "Fault::new(";
const CALLS: [&str; 4] = [FAULT, "Refusal::conflict(", "Refusal::forbidden(", "Self::new(RefusalKind::"];

#[test]
fn every_place_of_a_sentence_gets_its_value() {
    let locales = load();
    for call in CALLS {
        for site in sites(call) {
            // A verb without a row in the table of permissions; the table's own test leaves none.
            if site.code == "not_permitted" && site.values.is_empty() {
                continue;
            }
            for key in sentences(call, &site.code) {
                for place in places(&locales, Language::En, &key) {
                    assert!(site.values.contains(&place), "{}: {key} needs {place}", site.at);
                }
            }
        }
    }
}

/// Keys for the labels of fields and the codes they may hold.
fn of_fields(prefix: &str, fields: &[domain::shape::Field], wanted: &mut Vec<String>) {
    use domain::shape::Kind;
    for field in fields {
        let path = if prefix.is_empty() { field.name.to_owned() } else { format!("{prefix}.{}", field.name) };
        wanted.push(format!("field.{path}.label"));
        match &field.kind {
            Kind::Object(inner) | Kind::List { of: Kind::Object(inner), .. } => of_fields(&path, inner, wanted),
            Kind::Code(codes) | Kind::List { of: Kind::Code(codes), .. } => {
                wanted.extend(codes.iter().map(|code| format!("{}.{code}", crate::console::list_of(field.name))));
            }
            _ => {}
        }
    }
}

/// Types of events, as the log names them.
fn event_types() -> Vec<String> {
    let text = sources(&["domain/src/event.rs"]).remove(0).1;
    let body = text.split_once("pub enum Event {").unwrap().1.split_once("\n}").unwrap().0;
    let variants = body.lines().filter_map(|line| line.strip_prefix("    "));
    let names = variants.filter(|line| line.starts_with(|letter: char| letter.is_ascii_uppercase()));
    let snake = |name: &str| {
        let words = name.chars().flat_map(|letter| {
            let gap = letter.is_ascii_uppercase().then_some('_');
            gap.into_iter().chain([letter.to_ascii_lowercase()])
        });
        words.collect::<String>().trim_start_matches('_').to_owned()
    };
    names.map(|line| snake(line.split([' ', '{', '(', ',']).next().unwrap())).collect()
}

/// Keys for failures the doors have themselves, and for the statuses they answer with.
fn of_problems(wanted: &mut Vec<String>) {
    let text = sources(&["server/src/problem.rs"]).remove(0).1;
    let statuses = (400..600).filter_map(|number| axum::http::StatusCode::from_u16(number).ok());
    let statuses: Vec<_> = statuses
        .filter_map(|status| {
            Some((status.canonical_reason()?.to_uppercase().replace([' ', '-'], "_"), status.as_u16()))
        })
        .collect();
    for used in text.split("StatusCode::").skip(1) {
        let end = used.find(|letter: char| !letter.is_ascii_uppercase() && letter != '_').unwrap();
        let (name, rest) = used.split_at(end);
        let Some((_, number)) = statuses.iter().find(|(known, _)| known == name) else { continue };
        wanted.push(format!("problem.title.{number}"));
        if let Some(code) = rest.strip_prefix(", \"").and_then(|rest| rest.split('"').next()) {
            wanted.extend(["text", "way_out"].map(|part| format!("problem.{code}.{part}")));
        }
    }
}

/// Keys for what is kept, by which rules.
fn wanted_records(wanted: &mut Vec<String>) {
    wanted.extend(desk::retention::schedule::RECORDS.iter().map(|one| format!("record.{}", one.code)));
    wanted.extend(policy::RecordClass::ALL.iter().map(|class| format!("record_class.{}", class.code())));
    wanted.extend(policy::KeptFrom::ALL.iter().map(|from| format!("kept_from.{}", from.code())));
    wanted.extend(policy::Confidence::ALL.iter().map(|one| format!("confidence.{}", one.code())));
}

/// Keys for why a case of many was left alone, besides the refusals every command has.
fn wanted_of_bulk(wanted: &mut Vec<String>) {
    for code in ["bulk_overtaken", "bulk_not_reached", "bulk_failed", desk::bulk::UNREACHED] {
        wanted.extend(["text", "way_out"].map(|part| format!("refusal.{code}.{part}")));
    }
}

/// Keys for messages to and from customers.
fn wanted_of_messages(wanted: &mut Vec<String>) {
    use domain::case::message::{Stage, Way, What, Why};
    let mut list = |prefix: &str, codes: &[&str]| wanted.extend(codes.iter().map(|code| format!("{prefix}.{code}")));
    domain::case::reading::Standing::ALL.iter().for_each(|one| list("reading", &[one.code()]));
    list("mail_reason", desk::letterbox::REASONS);
    list("mail_state", desk::letterbox::STATES);
    list("message_stage", &["waits"]);
    Stage::ALL.iter().for_each(|one| list("message_stage", &[one.code()]));
    What::ALL.iter().for_each(|one| list("message_what", &[one.code()]));
    Way::ALL.iter().for_each(|one| list("way", &[one.code()]));
    Why::ALL.iter().for_each(|one| list("message_why", &[one.code()]));
}

/// Keys for problems, their measures and effects.
fn wanted_of_problems(wanted: &mut Vec<String>) {
    use domain::problem::effect::{Exposure, Verdict};
    use domain::problem::{Standing, State, VERBS, open};
    let mut list = |prefix: &str, codes: &[&str]| wanted.extend(codes.iter().map(|code| format!("{prefix}.{code}")));
    list("problem_state", State::CODES);
    list("measure", Standing::CODES);
    list("verdict", Verdict::CODES);
    list("exposure", Exposure::CODES);
    list("exposure_told", Exposure::CODES);
    of_fields("open-problem", open::FIELDS, wanted);
    for verb in VERBS {
        of_fields(verb.name, verb.fields, wanted);
    }
}

/// Keys for mass incidents, their plans, network facts, products and key figures.
fn wanted_of_masses(wanted: &mut Vec<String>) {
    use desk::network::RecordKind;
    use domain::incident::{State, VERBS, open};
    let mut list = |prefix: &str, codes: &[&str]| wanted.extend(codes.iter().map(|code| format!("{prefix}.{code}")));
    list("incident_state", State::CODES);
    list("member", &desk::incidents::STANDINGS);
    list("wording_standing", &desk::wordings::WordingStanding::ALL.map(desk::wordings::WordingStanding::code));
    list("plan_standing", &desk::plans::PlanStanding::ALL.map(desk::plans::PlanStanding::code));
    list("event", &["incident_joined_master"]);
    list("event_kind", desk::subscriptions::EVENTS);
    list("subscription_kind", &["webhook", "hub_v5", "hub_v4", "hub_683_v5", "hub_683_v4"]);
    list("subscription_off", desk::subscriptions::OFF);
    list("burst_state", domain::burst::State::CODES);
    list("burst_why", domain::burst::WHYS);
    list("verb", &["find-burst", "follow-burst", "end-burst"]);
    of_fields("dismiss-burst", domain::burst::DISMISS, wanted);
    of_fields("confirm-burst", domain::burst::CONFIRM, wanted);
    of_fields("open-incident", open::FIELDS, wanted);
    for verb in VERBS {
        of_fields(verb.name, verb.fields, wanted);
    }
    for kind in RecordKind::ALL {
        of_fields(kind.code(), kind.fields(), wanted);
    }
    of_fields("tell-incident", desk::incidents::TELL, wanted);
    of_fields("send-to-recipients", desk::incidents::SEND, wanted);
    of_fields("export-recipients", desk::incidents::EXPORT, wanted);
    of_fields("plan", desk::plans::NEW_PLAN, wanted);
    of_fields("wording", desk::wordings::NEW_WORDING, wanted);
    of_fields("webhook", desk::subscriptions::NEW_WEBHOOK, wanted);
    of_fields("model", desk::models::NEW_MODEL, wanted);
    // Telling is tried and done by two buttons, and people are typed as a file.
    wanted.retain(|key| key != "field.tell-incident.dry_run.label");
    wanted.extend(["field.records.csv.label", "field.add-recipients.csv.label"].map(str::to_owned));
}

/// Sentences for the steps of orders, and of the question whose case it is.
const STEPS_OF_ORDERS: &[&str] = &[
    "order_proposed",
    "order_sent",
    "order_accepted",
    "order_refused",
    "order_returned",
    "order_handed_over",
    "order_reported",
    "order_answered",
    "order_tightened",
    "order_contact_late",
    "order_bounced",
    "order_urged",
    "order_extension_asked",
    "order_extension_granted",
    "order_extension_refused",
    "order_approved",
    "order_not_approved",
    "order_cancelled",
    "order_visit_booked",
    "order_arrived",
    "order_visit_missed",
    "order_accept_late",
    "order_reply_late",
    "ownership_disputed",
    "ownership_late",
    "ownership_ruled",
];

/// Keys for the blanks of the letters of all packs.
fn of_blanks(wanted: &mut Vec<String>) {
    let packs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    for file in std::fs::read_dir(packs).unwrap().map(|file| file.unwrap().path()) {
        let Some("toml") = file.extension().and_then(std::ffi::OsStr::to_str) else { continue };
        let text = std::fs::read_to_string(file).unwrap();
        let names = text.split('{').filter_map(|rest| Some(rest.split_once('}')?.0));
        let blanks = names.filter(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        wanted.extend(blanks.map(|name| format!("blank.{name}")));
    }
}

#[test]
fn every_code_has_words_and_no_words_lie_about() {
    use desk::caller::Scope;
    use domain::money::MoneyFault::{Negative, NotDecimal, TooFine, TooLarge};
    let locales = load();
    let mut wanted: Vec<String> = Vec::new();
    let mut list = |prefix: &str, codes: &[&str]| {
        wanted.extend(codes.iter().map(|code| format!("{prefix}.{code}")));
    };
    list("cue", &learn::Cue::ALL.map(learn::Cue::code));
    list("alike_why", desk::search::Why::CODES.get(1..).unwrap_or_default());
    list("event", &["similar_useful", "similar_useless", "other_matter", "categories_suggested", "categories_unsure"]);
    list("facet", desk::search::facets::Facet::CODES);
    list("search_field", &desk::search::ask::Field::ALL.map(|field| field.names()[0]));
    list("state", &domain::case::State::ALL.map(domain::case::State::code));
    list("role", &domain::actor::Role::ALL.map(domain::actor::Role::code));
    list("scope", &Scope::ALL.map(Scope::code));
    list("outcome", &["running", "paused", "overdue", "ran_out", "met", "missed", "moot"]);
    list("notice", domain::case::notices::KINDS);
    list("notice", desk::problems::KINDS);
    list("notice", desk::incidents::KINDS);
    list("notice", &["subscription_off", "subscription_full"]);
    list("notice", desk::bursts::KINDS);
    list("warning", &desk::mentions::Why::CODES);
    list("mail", desk::notices::MAIL);
    list("language", &["zh-CN", "en"]);
    list("relation", &["successor", "suggested"]);
    list("stage", &domain::case::matter::Stage::ALL.map(domain::case::matter::Stage::code));
    list("compensation", &domain::case::compensation::Standing::ALL.map(domain::case::compensation::Standing::code));
    list("bundle_item", domain::case::bundle_check::What::CODES);
    list("checked", &domain::case::bundle_check::Standing::ALL.map(domain::case::bundle_check::Standing::code));
    list("left_out", &domain::case::bundle::LeftOut::ALL.map(domain::case::bundle::LeftOut::code));
    list(
        "event",
        &["compensation_within_authority", "compensation_paid_earlier", "erasure_granted", "erasure_not_granted"],
    );
    list("verb", &["invite-survey", desk::survey::ANSWER]);
    list("through", domain::case::survey::CHANNELS);
    list("recovery", &["open", "recovered", "written_off"]);
    list("purpose", &["billing", desk::customer::REGISTERING]);
    list("verb", &[desk::jobs::timers::VERB, desk::jobs::recount::VERB, desk::outbox::VERB]);
    wanted_of_messages(&mut wanted);
    let mut list = |prefix: &str, codes: &[&str]| {
        wanted.extend(codes.iter().map(|code| format!("{prefix}.{code}")));
    };
    list("activation", &desk::activation::ActivationState::ALL.map(desk::activation::ActivationState::code));
    list("order_standing", &domain::case::order::Standing::ALL.map(domain::case::order::Standing::code));
    list("order_limit", &domain::case::order::Limit::ALL.map(domain::case::order::Limit::code));
    list("event", STEPS_OF_ORDERS);
    list("remark", &desk::routing::Remark::ALL.map(desk::routing::Remark::code));
    list("how", &domain::routing::How::ALL.map(domain::routing::How::code));
    list("event", &["assigned_by_table"]);
    list("model_state", &desk::models::ModelState::ALL.map(desk::models::ModelState::code));
    list("model_source", &desk::models::SOURCES);
    list("model_failed", &desk::models::FAILED);
    list("job", &["notify", "erase-person", "send-message"]);
    list("bulk_outcome", &desk::bulk::Outcome::ALL.map(desk::bulk::Outcome::code));
    wanted_of_bulk(&mut wanted);
    wanted_of_problems(&mut wanted);
    wanted_of_masses(&mut wanted);
    let mut list = |prefix: &str, codes: &[&str]| {
        wanted.extend(codes.iter().map(|code| format!("{prefix}.{code}")));
    };
    list("plan", &desk::retention::PlanState::ALL.map(desk::retention::PlanState::code));
    list("stays", &domain::retention::Stay::ALL.map(domain::retention::Stay::code));
    list("stays", &["minimum", "unasked"]);
    list("left", &[desk::retention::carry_out::ERASED, "held", "minimum", "unasked", "gone", "changed"]);
    list("retained", desk::retention::certificate::RETAINED);
    list("retained_why", desk::retention::certificate::RETAINED);
    list("decided", &["planned", "approved", "decided"]);
    list("erased", &["cases", "entries", "texts", "identifiers", "attachments", "letters"]);
    wanted_records(&mut wanted);
    let mut list = |prefix: &str, codes: &[&str]| {
        wanted.extend(codes.iter().map(|code| format!("{prefix}.{code}")));
    };
    list(
        "event",
        &[
            "urged",
            "overdue",
            "ran_out",
            "resumed_by_limit",
            "call_back_promised",
            "called_back_promised",
            "called_back_again",
            "unreachable",
            "reply_promise_broken",
            "reply_promise_inherited",
            "ticket_gone",
        ],
    );
    list("fault", &[NotDecimal, Negative, TooFine, TooLarge].map(domain::money::MoneyFault::code));
    list("fault", &["money_as_text", "bad_currency"]);
    list("fault", &domain::shape::Form::FAULTS);
    wanted.extend(policy::Looked::ALL.iter().map(|looked| format!("looked.{}", looked.code())));
    wanted.extend(policy::Grade::ALL.iter().map(|grade| format!("grade.{}", grade.code())));
    wanted.extend(policy::Told::ALL.iter().map(|told| format!("told.{}", told.code())));
    wanted.extend(policy::Held::ALL.iter().map(|held| format!("held.{}", held.code())));
    wanted.extend(policy::Medium::ALL.iter().map(|medium| format!("medium.{}", medium.code())));
    wanted.extend(policy::check::Check::ALL.iter().map(|check| format!("check.{}", check.code())));
    wanted.extend(policy::Tier::ALL.iter().map(|tier| format!("layer.{}", tier.code())));
    wanted.extend(policy::WindowState::ALL.iter().map(|state| format!("window.{}", state.code())));
    wanted.extend(sentences("", "wrong_state"));
    // Orders and the question whose case it is have words for each step.
    let steps = ["order", "ownership", "advised"];
    wanted.extend(
        event_types().iter().filter(|name| !steps.contains(&name.as_str())).map(|name| format!("event.{name}")),
    );
    wanted.extend(desk::permissions::TABLE.iter().map(|row| format!("verb.{}", row.permission.name())));
    of_problems(&mut wanted);
    of_blanks(&mut wanted);
    of_fields("", domain::intake::FIELDS, &mut wanted);
    of_fields("reveal", desk::reveal::FIELDS, &mut wanted);
    of_fields("unit", desk::organisation::NEW_UNIT, &mut wanted);
    of_fields("unit", desk::organisation::CHANGE_UNIT, &mut wanted);
    of_fields("user", desk::organisation::NEW_USER, &mut wanted);
    of_fields("notices", desk::notices::CHOICES, &mut wanted);
    of_fields("user", desk::organisation::CHANGE_USER, &mut wanted);
    of_fields("absence", desk::organisation::NEW_ABSENCE, &mut wanted);
    wanted.extend(desk::audience::SHARED.iter().map(|code| format!("shared.{code}")));
    // What a list shows stands in the queue already; only these are asked when it is kept.
    wanted.extend(["name", "shared", "role"].map(|field| format!("field.save-view.{field}.label")));
    of_fields("activation", desk::activation::NEW_ACTIVATION, &mut wanted);
    of_fields("retention-plan", desk::retention::NEW_PLAN, &mut wanted);
    of_fields("export-person", desk::retention::subject::FIELDS, &mut wanted);
    of_fields("what-if", desk::what_if::WHAT_IF, &mut wanted);
    of_fields(desk::survey::ANSWER, domain::case::invite_survey::ANSWER, &mut wanted);
    of_fields("routing-dry-run", desk::routing::DRY_RUN, &mut wanted);
    of_fields("attach", domain::case::attach::FIELDS, &mut wanted);
    wanted.push("field.attach.name.label".to_owned());
    wanted.push("field.change-ticket.ticket.label".to_owned());
    of_fields("export-case", desk::archive::FIELDS, &mut wanted);
    of_fields(crate::console::ASK, desk::archive::FIELDS, &mut wanted);
    wanted.push(format!("verb.{}", crate::console::ASK));
    of_fields("hand-off", domain::case::hand_off::FIELDS, &mut wanted);
    // The contact in a hand-off has the labels of any other.
    wanted.retain(|key| !key.starts_with("field.hand-off.complaint."));
    wanted.push("field.hand-off.complaint.label".to_owned());
    for verb in domain::command::VERBS {
        wanted.push(format!("verb.{}", verb.name));
        of_fields(verb.name, verb.fields, &mut wanted);
    }
    for call in CALLS {
        wanted.extend(sites(call).iter().flat_map(|site| sentences(call, &site.code)));
    }
    wanted.sort();
    wanted.dedup();
    let missing: Vec<_> = wanted.iter().filter(|key| !locales.has(Language::En, key)).collect();
    assert!(missing.is_empty(), "no words: {missing:#?}");
    let idle: Vec<_> = locales
        .keys(Language::En)
        .filter(|key| !key.starts_with("ui.") && wanted.binary_search(&(*key).to_owned()).is_err())
        .collect();
    assert!(idle.is_empty(), "words without a code: {idle:#?}");
}

#[test]
fn every_choice_of_a_form_has_words() {
    use domain::shape::{Field, Kind};
    fn codes(name: &str, kind: &Kind, found: &mut Vec<String>) {
        match kind {
            Kind::Code(codes) => {
                found.extend(codes.iter().map(|code| format!("{}.{code}", crate::console::list_of(name))));
            }
            Kind::Object(fields) => fields.iter().for_each(|field: &Field| codes(field.name, &field.kind, found)),
            Kind::List { of, .. } => codes(name, of, found),
            _ => {}
        }
    }
    let mut wanted = Vec::new();
    for field in domain::intake::FIELDS.iter().chain(domain::command::VERBS.iter().flat_map(|verb| verb.fields)) {
        codes(field.name, &field.kind, &mut wanted);
    }
    let locales = load();
    wanted.retain(|key| !(locales.has(Language::ZhCn, key) && locales.has(Language::En, key)));
    assert!(wanted.is_empty(), "{wanted:?}");
}
