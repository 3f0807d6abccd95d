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
}

#[test]
fn a_broken_file_names_its_line() {
    let error = Locales::load([("en/x.toml".to_owned(), "a = \"1\"\nb = \n".to_owned())]).unwrap_err();
    assert!(error.starts_with("en/x.toml, line 2"), "{error}");
    let twice = [("en/x.toml".to_owned(), "a = \"1\"".to_owned()), ("en/y.toml".to_owned(), "a = \"2\"".to_owned())];
    assert_eq!(Locales::load(twice).unwrap_err(), "en/y.toml: a stands twice");
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
        let places = |language| {
            let text = locales.text(language, key, &[]);
            let mut names: Vec<String> =
                text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect();
            names.sort();
            names
        };
        assert_eq!(places(Language::ZhCn), places(Language::En), "{key}");
    }
}

/// Codes handed to these functions anywhere in the domain and the desk.
fn codes_in_sources(call: &str) -> Vec<String> {
    fn walk(folder: &std::path::Path, call: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, call, found);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap();
                for rest in text.split(call).skip(1) {
                    let mut open = 1;
                    let end = rest.find(|letter| {
                        open += i32::from(letter == '(') - i32::from(letter == ')');
                        open == 0
                    });
                    let arguments = &rest[..end.unwrap()];
                    // Only a code that stands there as text; others come from tables of their own.
                    let written = arguments.trim_end().trim_end_matches(',').ends_with('"');
                    if let Some(code) = arguments.rsplit('"').nth(1).filter(|_| written) {
                        found.push(code.to_owned());
                    }
                }
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for folder in ["domain/src", "desk/src", "server/src"] {
        walk(&root.join(folder), call, &mut found);
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn every_code_has_words() {
    use desk::caller::Scope;
    use domain::shape::{Field, Kind};
    let locales = load();
    let mut wanted: Vec<String> = Vec::new();
    let mut list = |prefix: &str, codes: &[&str]| {
        wanted.extend(codes.iter().map(|code| format!("{prefix}.{code}")));
    };
    list("state", &domain::case::State::ALL.map(domain::case::State::code));
    list("role", &domain::actor::Role::ALL.map(domain::actor::Role::code));
    list("scope", &Scope::ALL.map(Scope::code));
    list("grade", &["normal", "major", "urgent"]);
    list("severity", &["normal", "major"]);
    list("urgency", &["normal", "urgent"]);
    list("outcome", &["met", "missed", "moot"]);
    list("kind", domain::intake::KINDS);
    list("channel", domain::intake::CHANNELS);
    list("vulnerable", domain::intake::VULNERABILITIES);
    list("product", domain::intake::PRODUCTS);
    list("mode", domain::intake::MODES);
    list("purpose", desk::reveal::PURPOSES);
    list("verb", &["register"]);
    fn fields(prefix: &str, list: &[Field], wanted: &mut Vec<String>) {
        for field in list {
            let path = if prefix.is_empty() { field.name.to_owned() } else { format!("{prefix}.{}", field.name) };
            match &field.kind {
                Kind::Object(inner) | Kind::List { of: Kind::Object(inner), .. } => {
                    wanted.push(format!("field.{path}.label"));
                    fields(&path, inner, wanted);
                }
                _ => wanted.push(format!("field.{path}.label")),
            }
        }
    }
    fields("", domain::intake::FIELDS, &mut wanted);
    fields("reveal", desk::reveal::FIELDS, &mut wanted);
    for verb in domain::command::VERBS {
        wanted.push(format!("verb.{}", verb.name));
        fields(verb.name, verb.fields, &mut wanted);
    }
    wanted.extend(codes_in_sources("Fault::new(").into_iter().map(|code| format!("fault.{code}")));
    for call in ["Refusal::conflict(", "Refusal::forbidden("] {
        for code in codes_in_sources(call) {
            wanted.push(format!("refusal.{code}.text"));
            wanted.push(format!("refusal.{code}.way_out"));
        }
    }
    let missing: Vec<_> = wanted.iter().filter(|key| !locales.has(Language::En, key)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
