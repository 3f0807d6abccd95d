//! Learning from texts and counting them: which category a complaint is of and why, which words call for care, where more
//! complaints come in than the season explains, and which phrases rise. Pure and usable on its own: no clock, no files, no
//! randomness that is not seeded by what is handed in, so the same input always gives the same bytes.
//!
//! Classification is [`Model`], measured by [`measure`]; words that count from the first day are a [`Lexicon`]; bursts are
//! [`burst::scan`]; rising phrases are [`topics::rising`].

pub mod burst;
mod calibrate;
mod file;
mod hash;
mod lexicon;
pub mod measure;
mod model;
mod solve;
pub mod text;
pub mod topics;
mod vocabulary;

pub use file::{Broken, LARGEST_FILE, bind, unbind};
pub use lexicon::{Cue, CueHit, Lexicon, LexiconError, Read, Said};
pub use model::{Example, Guess, MOST_CLASSES, Model, Reason, Untrainable};
