//! Closed lists of codes: one line an entry gives the variant, its stable code and its place in the order.

/// A closed list that the reader can look up and suggest from.
pub(crate) trait Coded: Copy + 'static {
    /// Every entry, in order.
    const ALL: &'static [Self];

    /// The stable code.
    fn as_code(self) -> &'static str;
}

/// Declares a closed list of codes: serde, `code()` and `ALL` agree because they come from the same line.
macro_rules! codes {
    ($(#[$meta:meta])* $vis:vis $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        $vis enum $name {
            $($(#[$doc])* #[serde(rename = $code)] $variant),+
        }

        impl $name {
            /// Every entry, in order.
            $vis const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code, as it stands in files and interfaces.
            #[must_use]
            $vis const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code),+
                }
            }

            /// The entry with a code.
            #[must_use]
            #[allow(dead_code, reason = "lists of this crate alone are read by serde")]
            $vis fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|entry| entry.code() == code)
            }
        }

        impl crate::code::Coded for $name {
            const ALL: &'static [Self] = Self::ALL;

            fn as_code(self) -> &'static str {
                self.code()
            }
        }
    };
}

pub(crate) use codes;
