//! What an operation says, as JSON on the command line: read and judged as the body of a request is.

use super::problem;
use crate::extract::{self, BadJson, LARGEST_BODY, Unread};
use clap::Args;
use domain::refusal::Refusal;
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Options of commands that take a body; without any it is empty.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct Body {
    /// What is said, as the API takes it.
    #[arg(long = "body", value_name = "JSON")]
    text: Option<String>,
    /// The same from a file, or from standard input when it is `-`.
    #[arg(long = "body-file", value_name = "FILE|-")]
    file: Option<PathBuf>,
}

impl Body {
    /// Whether there is none.
    pub(super) fn is_absent(&self) -> bool {
        self.text.is_none() && self.file.is_none()
    }

    /// The bytes, within the size a request may have, and what they say.
    pub(super) fn read(&self) -> Result<(Vec<u8>, Value), String> {
        let bytes = match (&self.text, &self.file) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(file)) => whole(file).map_err(|error| format!("--body-file {}: {error}", file.display()))?,
            (None, None) => Vec::new(),
        };
        if bytes.len() > LARGEST_BODY {
            return Err(problem("too_large", &[]));
        }
        let value = extract::parsed(&bytes).map_err(|unread| match unread {
            Unread::Broken(BadJson { line, column, what }) => {
                problem("bad_json", &[("line", &line.to_string()), ("column", &column.to_string()), ("what", &what)])
            }
            Unread::Twice(faults) => super::told(&Refusal::invalid(faults).into()),
        })?;
        Ok((bytes, value))
    }
}

/// Reads no further than shows that it is too much.
fn whole(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut from: Box<dyn Read> =
        if file == Path::new("-") { Box::new(std::io::stdin().lock()) } else { Box::new(File::open(file)?) };
    let mut bytes = Vec::new();
    from.by_ref().take(LARGEST_BODY as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
