//! Cases this one has to do with: what it went up in, what went up in it, and what it is linked to.

use super::Frame;
use desk::queries::case::WITHHELD;
use domain::case::Case;

/// A case and what it is to this one.
pub(super) struct Tie {
    pub(super) number: String,
    pub(super) words: String,
    /// Whether the reader may open it; else its number is withheld.
    pub(super) seen: bool,
    /// Nobody has looked yet whether it is the same matter.
    pub(super) suggested: bool,
}

/// Every tie, the nearest first.
pub(super) fn ties(frame: &Frame<'_>, case: &Case) -> Vec<Tie> {
    let plain = |number: &str, words: String| Tie {
        number: number.to_owned(),
        words,
        seen: number != WITHHELD,
        suggested: false,
    };
    let mut ties: Vec<Tie> = case.merged_into.iter().map(|(_, number)| plain(number, frame.t("ties.into"))).collect();
    ties.extend(case.absorbed.iter().map(|one| plain(&one.number, frame.t("ties.absorbed"))));
    ties.extend(case.links.iter().map(|link| Tie {
        suggested: link.relation == domain::event::Relation::Suggested,
        ..plain(&link.number, frame.code("relation", link.relation.code()))
    }));
    ties
}
