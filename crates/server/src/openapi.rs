//! The API described for programmes (OpenAPI 3.1) and for people, both from the table of routes and the tables of
//! fields that also validate.

use crate::app::AppState;
use crate::extract::Visitor;
use crate::locale::Language;
use crate::routes::{self, Access, Face, Method, Operation, Route};
use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use domain::shape::{Field, Form, Kind};
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

mod administration;
mod answers;
mod asyncapi;
mod masses;
mod messages;
mod models;
mod notices;
mod orders;
mod problems;
mod remedies;
mod retention;
mod routing;
mod shapes;
mod sign_in;
mod webhooks;

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let row = |path, face, handler| Route {
        method: Method::Get,
        path,
        access: Access::Public,
        face,
        operation: None,
        handler,
    };
    vec![
        row("/openapi.json", Face::Api, get(document)),
        row("/asyncapi.json", Face::Api, get(asyncapi::document)),
        row("/docs", Face::Page, get(page)),
    ]
}

async fn document() -> Response {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| describe().to_string());
    ([(header::CONTENT_TYPE, "application/json")], text.as_str()).into_response()
}

/// A field table as a JSON schema.
#[must_use]
pub fn schema(fields: &[Field]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut one = kind(&field.kind);
        if let Some(object) = one.as_object_mut() {
            object.insert("description".to_owned(), json!(field.doc));
        }
        properties.insert(field.name.to_owned(), one);
    }
    let needed: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if let (false, Some(object)) = (needed.is_empty(), schema.as_object_mut()) {
        object.insert("required".to_owned(), json!(needed));
    }
    schema
}

fn kind(kind: &Kind) -> Value {
    match kind {
        Kind::Text { max, .. } | Kind::Line { max } => {
            json!({"type": "string", "minLength": 1, "maxLength": max})
        }
        Kind::Formed { form, max } => formed(*form, *max),
        Kind::Code(codes) => json!({"type": "string", "enum": codes}),
        Kind::Category | Kind::Cause => json!({"type": "string", "maxLength": 12}),
        Kind::Region => json!({"type": "string", "pattern": "^([0-9]{2}){1,3}$"}),
        Kind::Moment => json!({"type": "string", "format": "date-time"}),
        Kind::Day => json!({"type": "string", "format": "date"}),
        Kind::Document { max } => json!({"type": "string", "minLength": 1, "maxLength": max}),
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Whole { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        Kind::Money => json!({
            "type": "object",
            "required": ["value", "currency"],
            "additionalProperties": false,
            "properties": {
                "value": {"type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,2})?$"},
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
            },
        }),
        Kind::Uuid => json!({"type": "string", "format": "uuid"}),
        Kind::Object(fields) => schema(fields),
        Kind::List { of, max } => {
            json!({"type": "array", "items": self::kind(of), "maxItems": max})
        }
    }
}

/// What a description can say of a form; the rest is in words with the field.
fn formed(form: Form, max: usize) -> Value {
    let mut described = json!({"type": "string", "minLength": 1, "maxLength": max});
    if let (Form::Email, Some(object)) = (form, described.as_object_mut()) {
        object.insert("format".to_owned(), json!("idn-email"));
    }
    described
}

/// The whole document.
#[must_use]
pub fn describe() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in routes::table() {
        let Some(operation) = route.operation else {
            continue;
        };
        let method = if route.method == Method::Get { "get" } else { "post" };
        let entry = paths.entry(route.path.to_owned()).or_insert_with(|| json!({}));
        if let Some(entry) = entry.as_object_mut() {
            entry.insert(method.to_owned(), describe_one(&route, &operation));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Redress",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Complaint handling for telecom operators. Errors are RFC 9457 problem details.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": answers::schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {"Problem": {
                "description": "Why the request was not carried out, and the way out.",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }},
        },
    })
}

fn describe_one(route: &Route, operation: &Operation) -> Value {
    let mut parameters: Vec<Value> = Vec::new();
    for part in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        parameters.push(json!({"name": part, "in": "path", "required": true, "schema": {"type": "string"}}));
    }
    for field in operation.query {
        let mut one = json!({
            "name": field.name, "in": "query", "required": field.required, "description": field.doc,
            "schema": kind(&field.kind),
        });
        if let (Kind::List { .. }, Some(object)) = (&field.kind, one.as_object_mut()) {
            object.insert("style".to_owned(), json!("form"));
            object.insert("explode".to_owned(), json!(false));
        }
        parameters.push(one);
    }
    if operation.versioned {
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": true, "schema": {"type": "string", "pattern": "^\"[0-9]+\"$"},
            "description": "The case's version the caller saw, in quotes. Missing: 428; no longer true: 409.",
        }));
    }
    if operation.repeatable {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false, "schema": {"type": "string", "maxLength": 200},
            "description": "A repeated request with the same key and body is answered as the first, for seven days.",
        }));
    }
    let (media, answer) = match operation.answer {
        "Text" => ("text/plain", json!({"type": "string"})),
        "File" => ("*/*", json!({"type": "string", "format": "binary"})),
        "Letter" => ("text/html", json!({"type": "string"})),
        "Archive" => ("application/zip", json!({"type": "string", "format": "binary"})),
        name => ("application/json", json!({"$ref": format!("#/components/schemas/{name}")})),
    };
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": parameters,
        "responses": {
            operation.status.to_string(): {"description": "Done.", "content": {media: {"schema": answer}}},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    });
    let Some(object) = described.as_object_mut() else {
        return described;
    };
    if let Access::Needs(permission) = route.access {
        object.insert("security".to_owned(), json!([{"token": []}]));
        object.insert("x-permission".to_owned(), json!(permission.name()));
    }
    if let Some(fields) = operation.body {
        let mut schema = schema(fields);
        let mut needed = fields.iter().any(|field| field.required);
        if operation.upload {
            needed = true;
            if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
                properties.insert("file".to_owned(), json!({"type": "string", "format": "binary"}));
            }
            if let Some(object) = schema.as_object_mut() {
                object.insert("required".to_owned(), json!(["file"]));
            }
        }
        let media = if operation.upload { "multipart/form-data" } else { "application/json" };
        object.insert("requestBody".to_owned(), json!({"required": needed, "content": {media: {"schema": schema}}}));
    }
    described
}

struct Shown {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    permission: &'static str,
    versioned: bool,
    repeatable: bool,
    query: Vec<Line>,
    body: Vec<Line>,
    answer: String,
}

struct Line {
    name: String,
    kind: String,
    required: bool,
    doc: &'static str,
}

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs<'a> {
    lang: &'static str,
    /// Of the files of the console.
    edition: &'a str,
    words: &'a dyn Fn(&str) -> String,
    groups: Vec<(&'static str, Vec<Shown>)>,
}

async fn page(State(app): State<AppState>, visitor: Visitor) -> Response {
    let mut groups: Vec<(&'static str, Vec<Shown>)> = Vec::new();
    let schemas = answers::schemas();
    for route in routes::table() {
        let Some(operation) = route.operation else {
            continue;
        };
        let mut body = lines("", operation.body.unwrap_or_default());
        if operation.upload {
            let kind = "multipart/form-data".to_owned();
            body.insert(
                0,
                Line { name: "file".to_owned(), kind, required: true, doc: "The file, as a part of a form." },
            );
        }
        let shown = Shown {
            method: if route.method == Method::Get { "GET" } else { "POST" },
            path: route.path,
            summary: operation.summary,
            permission: match route.access {
                Access::Public => "",
                Access::Needs(permission) => permission.name(),
            },
            versioned: operation.versioned,
            repeatable: operation.repeatable,
            query: lines("", operation.query),
            body,
            answer: schemas
                .get(operation.answer)
                .and_then(|schema| serde_json::to_string_pretty(schema).ok())
                .unwrap_or_default(),
        };
        match groups.iter_mut().find(|(tag, _)| *tag == operation.tag) {
            Some((_, list)) => list.push(shown),
            None => groups.push((operation.tag, vec![shown])),
        }
    }
    let language: Language = visitor.language;
    let words = |key: &str| app.locales.text(language, &format!("ui.{key}"), &[]);
    let docs = Docs { lang: language.code(), edition: app.assets.edition(), words: &words, groups };
    match docs.render() {
        Ok(page) => Html(page).into_response(),
        Err(error) => crate::console::broken_template(&error),
    }
}

fn lines(prefix: &str, fields: &'static [Field]) -> Vec<Line> {
    let mut lines = Vec::new();
    for field in fields {
        let name = if prefix.is_empty() { field.name.to_owned() } else { format!("{prefix}.{}", field.name) };
        let (described, inner): (String, &'static [Field]) = match &field.kind {
            Kind::Text { max, .. } | Kind::Line { max } => (format!("text ≤ {max}"), &[]),
            Kind::Formed { form: Form::Phone, .. } => ("telephone number".to_owned(), &[]),
            Kind::Formed { form: Form::Email, .. } => ("e-mail address".to_owned(), &[]),
            Kind::Formed { max, .. } => (format!("number ≤ {max}"), &[]),
            Kind::Code(codes) => (codes.join(" | "), &[]),
            Kind::Category => ("category".to_owned(), &[]),
            Kind::Cause => ("cause".to_owned(), &[]),
            Kind::Region => ("region".to_owned(), &[]),
            Kind::Moment => ("RFC 3339".to_owned(), &[]),
            Kind::Day => ("YYYY-MM-DD".to_owned(), &[]),
            Kind::Document { max } => (format!("file ≤ {max} B"), &[]),
            Kind::Bool => ("true | false".to_owned(), &[]),
            Kind::Whole { min, max } => (format!("{min} … {max}"), &[]),
            Kind::Money => ("{value, currency}".to_owned(), &[]),
            Kind::Uuid => ("UUID".to_owned(), &[]),
            Kind::Object(inner) => ("{…}".to_owned(), inner),
            Kind::List { of: Kind::Object(inner), .. } => ("[{…}]".to_owned(), inner),
            Kind::List { of: Kind::Code(codes), .. } => (format!("[{}]", codes.join(" | ")), &[]),
            Kind::List { .. } => ("[…]".to_owned(), &[]),
        };
        lines.push(Line { name: name.clone(), kind: described, required: field.required, doc: field.doc });
        lines.extend(self::lines(&name, inner));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_described_route_is_in_the_document_and_every_reference_leads_somewhere() {
        let document = describe();
        for route in routes::table().into_iter().filter(|route| route.operation.is_some()) {
            let method = if route.method == Method::Get { "get" } else { "post" };
            assert!(document["paths"][route.path][method].is_object(), "{}", route.path);
        }
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#/").skip(1) {
            let pointer = format!("/{}", reference.split('"').next().unwrap());
            assert!(document.pointer(&pointer).is_some(), "{pointer}");
        }
        let mut ids: Vec<&str> =
            text.split("\"operationId\":\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "an operation's name stands twice");
    }
}
