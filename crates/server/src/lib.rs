//! How people and programmes talk to the desk: REST API, console pages, command line. No business rule lives here.

pub mod api;
pub mod app;
mod archive;
pub mod bench;
mod blocking;
pub mod cli;
pub mod console;
pub mod data;
pub mod demo;
mod download;
pub mod extract;
pub mod import;
mod letters;
pub mod locale;
mod look_over;
pub mod openapi;
pub mod ops;
pub mod patience;
pub mod problem;
pub mod query;
pub mod reports;
pub mod routes;
mod strict;
mod subject;
mod upload;
mod what_if;
pub mod words;
