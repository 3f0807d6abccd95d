//! What stands around every page: the rail of views and pages, the keys, the colours; and the page that shows every part
//! the console is made of.

use super::{Frame, local, page, render};
use crate::app::AppState;
use crate::extract::{self, Path, Visitor};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use desk::permissions;

/// Colours somebody reads by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// What the system says, contrast included.
    #[default]
    Auto,
    /// Dark ink on light ground.
    Light,
    /// Light ink on dark ground.
    Dark,
    /// The strongest contrast, light or dark as the system says.
    Contrast,
}

impl Theme {
    const ALL: [Self; 4] = [Self::Auto, Self::Light, Self::Dark, Self::Contrast];

    /// The name in the cookie and in `data-theme`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Contrast => "contrast",
        }
    }

    /// The theme of a name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.code() == code)
    }
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        page(Method::Get, "/theme/{name}", Access::Public, get(choose_theme)),
        page(Method::Get, "/console/style", Access::Needs(permissions::READ_SELF), get(style)),
    ]
}

async fn choose_theme(Path(name): Path<String>, RawQuery(raw): RawQuery) -> Response {
    let back = query::form(raw.unwrap_or_default().as_bytes()).into_iter().find(|(name, _)| name == "back");
    let response = Redirect::to(&local(back.map(|(_, back)| back))).into_response();
    match Theme::from_code(&name) {
        Some(theme) => extract::remember(response, extract::THEME, theme.code()),
        None => response,
    }
}

/// Links of the rail that belong together.
pub(super) struct Rail {
    pub(super) words: String,
    pub(super) links: Vec<Link>,
}

/// A link of the rail.
pub(super) struct Link {
    pub(super) words: String,
    pub(super) href: String,
    pub(super) here: bool,
    /// The view or list whose count stands beside it; empty for other pages.
    pub(super) view: String,
}

impl Frame<'_> {
    pub(super) fn theme(&self) -> &'static str {
        self.theme.code()
    }

    /// Who is signed in, as a name for what their browser remembers.
    pub(super) fn me(&self) -> String {
        self.caller.and_then(|caller| caller.actor.user()).map(|user| user.to_string()).unwrap_or_default()
    }

    /// The themes there are: code, name, whether it is chosen.
    pub(super) fn themes(&self) -> Vec<(&'static str, String, bool)> {
        let one = |theme: Theme| (theme.code(), self.t(&format!("theme.{}", theme.code())), theme == self.theme);
        Theme::ALL.into_iter().map(one).collect()
    }

    /// The part of an address that leads back to this page.
    pub(super) fn back(&self) -> String {
        if self.place.is_empty() { String::new() } else { format!("?back={}", query::encode(self.place)) }
    }

    /// The view that is shown, when a list is.
    fn view_here(&self) -> Option<String> {
        let (path, asked) = self.place.split_once('?').unwrap_or((self.place, ""));
        let asked = query::form(asked.as_bytes());
        let find = |wanted: &str| asked.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        (path == "/console").then(|| find("saved").or_else(|| find("view")).unwrap_or_else(|| "open".to_owned()))
    }

    fn link(&self, href: &str, words: &str) -> Link {
        let path = self.place.split('?').next().unwrap_or_default();
        let below = path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        Link { words: self.t(words), href: href.to_owned(), here: below, view: String::new() }
    }

    /// The rail: views with their counts, then the pages whoever looks may open.
    pub(super) fn rail(&self) -> Vec<Rail> {
        let here = self.view_here();
        let view = |view: &'static str| Link {
            words: self.t(&format!("view.{view}")),
            href: format!("/console?view={view}"),
            here: here.as_deref() == Some(view),
            view: view.to_owned(),
        };
        let saved = self.views.iter().map(|one| {
            let id = one.id.to_string();
            let here = here.as_deref() == Some(id.as_str());
            Link { words: one.name.clone(), href: super::views::href(one), here, view: id }
        });
        let pages = |all: &[(bool, &str, &str)]| {
            all.iter().filter(|(may, ..)| *may).map(|(_, href, words)| self.link(href, words)).collect::<Vec<_>>()
        };
        let mut work = pages(&[
            (true, "/console/orders", "nav.orders"),
            (true, super::call_backs::PAGE, "nav.call_backs"),
            (self.may(permissions::READ_MACROS), "/console/macros", "macros.title"),
            (self.may_read_letterbox(), "/console/letterbox", "letterbox.title"),
            (self.may_hand_off(), "/console/handoffs/new", "nav.handoff"),
        ]);
        for link in work.iter_mut().filter(|link| link.href == super::call_backs::PAGE) {
            super::call_backs::TALLY.clone_into(&mut link.view);
        }
        let network = pages(&[
            (self.may_read_bursts(), "/console/bursts", "bursts.title"),
            (self.may_read_incidents(), "/console/incidents", "incidents.nav"),
            (self.may_read_plans(), "/console/plans", "plans.title"),
            (self.may_read_network_facts(), "/console/network-facts", "network.title"),
            (self.may_read_catalogue(), "/console/catalogue", "catalogue.title"),
        ]);
        let quality = pages(&[
            (self.may(permissions::READ_BOARD), "/console/board", "board.title"),
            (self.may_read_problems(), "/console/problems", "problems.title"),
            (self.may_read_topics(), "/console/topics", "topics.title"),
            (self.may_read_remedies(), "/console/remedies", "remedies.title"),
            (self.may_read_reports(), "/console/reports", "reports.title"),
            (self.may_read_reports(), "/console/kpis", "kpis.title"),
        ]);
        let manage = pages(&[
            (super::admin::concerns(self), super::admin::PAGE, "admin.title"),
            (self.leads(), "/console/organisation", "org.title"),
            (self.may(permissions::READ_SIGN_IN), super::user_sign_in::ROLES, "second.roles"),
            (self.may_change_rules(), "/console/rules", "rules.title"),
            (self.may(permissions::READ_MODELS), "/console/models", "models.title"),
            (self.may(permissions::EDIT_WORDING), super::wordings::PAGE, "wordings.title"),
            (self.may_read_retention(), "/console/retention", "retention.title"),
            (self.may_manage_webhooks(), "/console/webhooks", "webhooks.title"),
            (self.may_read_jobs(), "/console/jobs", "nav.jobs"),
        ]);
        let groups = [
            ("rail.views", desk::views::VIEWS.into_iter().map(view).collect()),
            ("rail.saved", saved.collect()),
            ("rail.work", work),
            ("rail.network", network),
            ("rail.quality", quality),
            ("rail.manage", manage),
        ];
        let groups = groups.into_iter().filter(|(_, links): &(_, Vec<Link>)| !links.is_empty());
        groups.map(|(words, links)| Rail { words: self.t(words), links }).collect()
    }

    /// The sheet of keys: keys and what they do.
    pub(super) fn keys(&self) -> Vec<(Vec<&'static str>, String)> {
        let plain: [(&[&str], &str); 12] = [
            (&["Ctrl", "K"], "keys.palette"),
            (&["/"], "keys.find"),
            (&["j", "k"], "keys.rows"),
            (&["[", "]"], "keys.cases"),
            (&["x"], "keys.choose"),
            (&["n"], "keys.new"),
            (&["u"], "keys.mine"),
            (&["h"], "keys.history"),
            (&["o"], "keys.macros"),
            (&["Ctrl", "Enter"], "keys.send"),
            (&["Esc"], "keys.undo"),
            (&["?"], "keys.sheet"),
        ];
        let mut all: Vec<_> = plain.into_iter().map(|(keys, words)| (keys.to_vec(), self.t(words))).collect();
        all.extend(super::operations::KEYS.iter().map(|(verb, key)| (vec![*key], self.code("verb", verb))));
        all
    }
}

#[derive(Template)]
#[template(path = "style.html")]
struct Style<'a> {
    frame: Frame<'a>,
    swatches: [&'static str; 10],
    sizes: [&'static str; 4],
}

async fn style(State(app): State<AppState>, visitor: Visitor) -> Response {
    render(&Style {
        frame: Frame::new(&app, &visitor),
        swatches: ["ground", "rail", "card", "accent", "good", "warn", "hot", "bad", "note", "customer"],
        sizes: ["xs", "s", "l", "xl"],
    })
}
