//! What a search can be narrowed by: its facets as links that add a filter, or take it away again.

use super::Frame;
use crate::query;
use desk::search::facets::{Counted, Facet};
use jiff::civil::Date;

/// Most values of one facet on the page.
const SHOWN: usize = 12;

/// A facet on the page.
pub(super) struct Group {
    pub(super) words: String,
    pub(super) chips: Vec<Chip>,
}

/// A value of it.
pub(super) struct Chip {
    pub(super) words: String,
    pub(super) count: u64,
    pub(super) href: String,
    /// Whether the list is narrowed to it; the link then takes that back.
    pub(super) chosen: bool,
}

/// How the list is narrowed to a value: a filter of its own, or a part of what is typed.
enum Narrow {
    Filter(&'static str),
    Typed(String),
}

fn narrow(facet: Facet, value: &str) -> Option<Narrow> {
    Some(match facet {
        Facet::State => Narrow::Filter("status"),
        Facet::Grade => Narrow::Filter("grade"),
        Facet::Category => Narrow::Filter("category"),
        Facet::Region => Narrow::Filter("region"),
        Facet::Kind => Narrow::Typed(format!("kind:{value}")),
        Facet::Month => {
            let first: Date = format!("{value}-01").parse().ok()?;
            Narrow::Typed(format!("received:{first}..{}", first.last_of_month()))
        }
    })
}

/// What a search in a view can be narrowed by. `pairs` are the filters of the address. What has one value alone narrows
/// nothing.
pub(super) fn groups(frame: &Frame<'_>, view: &str, pairs: &[(String, String)], counted: &[Counted]) -> Vec<Group> {
    let provinces = frame.provinces();
    let name = |facet: Facet, value: &str| match facet {
        Facet::State => frame.code("state", value),
        Facet::Grade => frame.code("grade", value),
        Facet::Kind => frame.code("kind", value),
        Facet::Category => frame.category(value),
        Facet::Region => {
            let known = provinces.iter().find(|(code, _)| code == value);
            known.map_or_else(|| value.to_owned(), |(_, name)| name.clone())
        }
        Facet::Month => value.to_owned(),
    };
    let group = |one: &Counted| {
        let chip = |(value, count): &(String, u64)| {
            let (href, chosen) = link(view, pairs, &narrow(one.facet, value)?, value);
            Some(Chip { words: name(one.facet, value), count: *count, href, chosen })
        };
        let chips: Vec<Chip> = one.values.iter().take(SHOWN).filter_map(chip).collect();
        let narrows = chips.len() > 1 || chips.iter().any(|chip| chip.chosen);
        narrows.then(|| Group { words: frame.code("facet", one.facet.code()), chips })
    };
    counted.iter().filter_map(group).collect()
}

/// Where a value leads, and whether the list is narrowed to it already.
fn link(view: &str, pairs: &[(String, String)], narrow: &Narrow, value: &str) -> (String, bool) {
    let given = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, given)| given.as_str());
    let (name, chosen, now) = match narrow {
        Narrow::Filter(name) => {
            let chosen = given(name) == Some(value);
            (*name, chosen, if chosen { String::new() } else { value.to_owned() })
        }
        Narrow::Typed(part) => {
            let typed = given("q").unwrap_or_default();
            let chosen = typed.split(' ').any(|one| one == part);
            let now = if chosen {
                typed.split(' ').filter(|one| one != part).collect::<Vec<_>>().join(" ")
            } else {
                format!("{typed} {part}")
            };
            ("q", chosen, now)
        }
    };
    let mut href = format!("/console?view={view}");
    let kept = pairs.iter().filter(|(known, _)| known != name && known != "after");
    for (name, value) in kept.map(|(name, value)| (name.as_str(), value.as_str())).chain([(name, now.trim())]) {
        if !value.is_empty() {
            href.push_str(&format!("&{}={}", query::encode(name), query::encode(value)));
        }
    }
    (href, chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_adds_its_filter_and_takes_it_back() {
        let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let asked = pairs(&[("q", "a"), ("grade", "major"), ("after", "s.50")]);
        let state = narrow(Facet::State, "accepted").unwrap();
        let added = link("all", &asked, &state, "accepted");
        assert_eq!(added, ("/console?view=all&q=a&grade=major&status=accepted".to_owned(), false));
        let grade = narrow(Facet::Grade, "major").unwrap();
        assert_eq!(link("all", &asked, &grade, "major"), ("/console?view=all&q=a".to_owned(), true));
        let month = narrow(Facet::Month, "2026-02").unwrap();
        let (there, _) = link("all", &asked, &month, "2026-02");
        assert_eq!(there, "/console?view=all&grade=major&q=a%20received%3A2026-02-01..2026-02-28");
        let narrowed = pairs(&[("q", "a received:2026-02-01..2026-02-28")]);
        assert_eq!(link("all", &narrowed, &month, "2026-02"), ("/console?view=all&q=a".to_owned(), true));
    }
}
