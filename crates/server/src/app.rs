//! The running server: what handlers share, and the router made from the table of routes.

use crate::locale::{Language, Locales};
use desk::Desk;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<App>);

/// The contents of [`AppState`].
pub struct App {
    /// Where everything is decided.
    pub desk: Desk,
    /// Words in both languages.
    pub locales: Locales,
    /// What the operator of the server chose.
    pub settings: Settings,
}

/// What the operator of the server chose.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Networks whose `X-Forwarded-For` is believed: address and prefix length.
    pub trusted_proxies: Vec<(IpAddr, u8)>,
    /// Language when a caller states none.
    pub default_language: Language,
    /// Whether the session cookie is marked `Secure` (behind HTTPS).
    pub secure_cookie: bool,
    /// Folder that overrides embedded assets.
    pub assets_folder: Option<PathBuf>,
}

impl AppState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(desk: Desk, locales: Locales, settings: Settings) -> Self {
        Self(Arc::new(App { desk, locales, settings }))
    }
}

impl std::ops::Deref for AppState {
    type Target = App;
    fn deref(&self) -> &App {
        &self.0
    }
}
