//! What cases are sorted by and which rules govern them.

use super::answer;
use crate::app::AppState;
use crate::extract::Who;
use crate::problem::Failure;
use crate::routes::{Access, Face, Method, Operation, Route};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use desk::permissions;
use domain::taxonomy::{Category, Taxonomy};
use policy::Pack;
use serde_json::{Value, json};

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let row = |path, id, summary, answer, handler| Route {
        method: Method::Get,
        path,
        access: Access::Needs(permissions::READ_RULES),
        face: Face::Api,
        operation: Some(Operation::get(id, summary, "Rules", answer)),
        handler,
    };
    vec![
        row("/api/v1/categories", "list_categories", "The category tree.", "Categories", get(categories)),
        row("/api/v1/causes", "list_causes", "The cause tree.", "Causes", get(causes)),
        row("/api/v1/packs", "list_packs", "The policy packs with the source of every figure.", "Packs", get(packs)),
    ]
}

async fn categories(State(app): State<AppState>, _: Who) -> Result<Response, Failure> {
    let taxonomy = app.desk.library().taxonomy();
    let items: Vec<Value> = taxonomy.children(None).map(|root| node(taxonomy, root)).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

fn node(taxonomy: &Taxonomy, category: &Category) -> Value {
    let children: Vec<Value> = taxonomy.children(Some(&category.code)).map(|child| node(taxonomy, child)).collect();
    let mut value = json!({"code": category.code, "name": {"zh": category.zh, "en": category.en}});
    let Some(object) = value.as_object_mut() else {
        return value;
    };
    if category.level < 3 {
        object.insert("children".to_owned(), Value::Array(children));
        return value;
    }
    let leaf = json!({
        "red_line": category.red,
        "severity": category.severity.code(),
        "urgency": category.urgency.code(),
        "tags": category.tags,
        "retired": category.retired,
    });
    if let Value::Object(leaf) = leaf {
        object.extend(leaf);
    }
    if let Some(class) = category.miit {
        object.insert("miit_class".to_owned(), json!(class.code()));
    }
    if let Some(duty) = &category.duty {
        object.insert("duty".to_owned(), json!(duty));
    }
    value
}

async fn causes(State(app): State<AppState>, _: Who) -> Result<Response, Failure> {
    let taxonomy = app.desk.library().taxonomy();
    let lines = taxonomy.causes().filter(|cause| cause.parent.is_none());
    let items: Vec<Value> = lines
        .map(|line| {
            let reasons: Vec<Value> = taxonomy
                .causes()
                .filter(|cause| cause.parent.as_deref() == Some(&line.code))
                .map(|cause| {
                    json!({"code": cause.code, "name": {"zh": cause.zh, "en": cause.en}, "retired": cause.retired})
                })
                .collect();
            json!({"code": line.code, "name": {"zh": line.zh, "en": line.en}, "children": reasons})
        })
        .collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn packs(State(app): State<AppState>, _: Who) -> Result<Response, Failure> {
    let items: Vec<Value> = app.desk.library().packs().iter().map(|known| pack(known)).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

fn pack(pack: &Pack) -> Value {
    let clocks: Vec<Value> = pack
        .clocks()
        .iter()
        .map(|rule| {
            json!({
                "rule": rule.head.id,
                "title": {"zh": rule.head.title.zh, "en": rule.head.title.en},
                "kind": rule.kind.code(),
                "layer": rule.head.layer.code(),
                "basis": rule.head.basis().code(),
                "confidence": rule.head.confidence().code(),
                "source": rule.head.standing.source,
            })
        })
        .collect();
    let windows: Vec<Value> = pack
        .windows()
        .iter()
        .map(|rule| {
            json!({
                "rule": rule.head.id,
                "title": {"zh": rule.head.title.zh, "en": rule.head.title.en},
                "owner": rule.owner.code(),
                "from": rule.from.code(),
                "layer": rule.head.layer.code(),
                "basis": rule.head.basis().code(),
                "confidence": rule.head.confidence().code(),
                "source": rule.head.standing.source,
            })
        })
        .collect();
    let notes: Vec<Value> = pack.notes().iter().map(|note| json!({"zh": note.zh, "en": note.en})).collect();
    let sources: Vec<Value> = pack
        .sources()
        .iter()
        .map(|source| {
            let title = json!({"zh": source.title.zh, "en": source.title.en});
            json!({"id": source.id, "title": title})
        })
        .collect();
    let title = pack.title();
    json!({
        "id": pack.id(),
        "version": pack.version(),
        "hash": pack.hash(),
        "valid_from": pack.validity().0.to_string(),
        "calendar": pack.calendar().id(),
        "title": {"zh": title.zh, "en": title.en},
        "layer": pack.tier().code(),
        "status": pack.status().code(),
        "notes": notes,
        "sources": sources,
        "clocks": clocks,
        "windows": windows,
    })
}
