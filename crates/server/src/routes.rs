//! Every route once. Router, OpenAPI document and the permission matrix test are all made from this table, so a route
//! without a permission or a description cannot exist.

use crate::app::AppState;
use crate::{api, console, ops, portal, tmf};
use axum::routing::MethodRouter;
use desk::Permission;
use domain::shape::Field;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody: signing in, assets, health.
    Public,
    /// Whoever has this permission; the desk asks again.
    Needs(Permission),
}

/// HTTP method; all but the TM Forum faces need only the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Changes nothing.
    Get,
    /// May change something.
    Post,
    /// Changes a part of something.
    Patch,
    /// Takes something away.
    Delete,
}

impl Method {
    /// As it stands in a request.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What a route answers errors with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// RFC 9457 problem details.
    Api,
    /// A page in the user's language; without credentials the browser is sent to sign in.
    Page,
    /// The error body of TM Forum, of the version the address names.
    Tmf,
}

/// One row of the table.
pub struct Route {
    /// Method.
    pub method: Method,
    /// Path in axum's notation, `{id}` for parts that vary.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What errors look like.
    pub face: Face,
    /// Description for programmes; pages have none.
    pub operation: Option<Operation>,
    /// What answers.
    pub handler: MethodRouter<AppState>,
}

/// What the OpenAPI document says about a route.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Stable name, `snake_case`.
    pub id: &'static str,
    /// One English line.
    pub summary: &'static str,
    /// Group in the documentation.
    pub tag: &'static str,
    /// Query parameters.
    pub query: &'static [Field],
    /// Shape of the request body.
    pub body: Option<&'static [Field]>,
    /// Whether the body is a form with a file (`multipart/form-data`), the shape being that of its other parts.
    pub upload: bool,
    /// Name of the answer's schema in `openapi.rs`.
    pub answer: &'static str,
    /// Status of success.
    pub status: u16,
    /// Whether `If-Match` with the case's version is required.
    pub versioned: bool,
    /// Whether `Idempotency-Key` is honoured.
    pub repeatable: bool,
}

impl Operation {
    /// A description of something that is only read.
    #[must_use]
    pub const fn get(id: &'static str, summary: &'static str, tag: &'static str, answer: &'static str) -> Self {
        Self {
            id,
            summary,
            tag,
            query: &[],
            body: None,
            upload: false,
            answer,
            status: 200,
            versioned: false,
            repeatable: false,
        }
    }
}

impl Route {
    /// A route of the API.
    #[must_use]
    pub fn api(
        method: Method,
        path: &'static str,
        permission: Permission,
        operation: Operation,
        handler: MethodRouter<AppState>,
    ) -> Self {
        let access = Access::Needs(permission);
        Self { method, path, access, face: Face::Api, operation: Some(operation), handler }
    }
}

/// The table.
#[must_use]
pub fn table() -> Vec<Route> {
    let mut routes = api::routes();
    routes.extend(tmf::routes());
    routes.extend(ops::routes());
    routes.extend(console::routes());
    routes.extend(portal::routes());
    routes
}
