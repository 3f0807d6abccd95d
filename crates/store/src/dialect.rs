//! The whole difference between the two databases' languages.

use std::borrow::Cow;

/// Which database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// A statement in this database's words. Statements are written with `?1`, `?2` …; no statement of ours holds a
    /// question mark otherwise. `FOR SHARE` at the end keeps a row from being changed until the transaction ends, `FOR
    /// UPDATE` from being held by another too; SQLite has one writer at a time and needs no such words.
    pub(crate) fn statement(self, sql: &str) -> Cow<'_, str> {
        match self {
            Self::Sqlite => {
                Cow::Borrowed([" FOR SHARE", " FOR UPDATE"].iter().find_map(|end| sql.strip_suffix(end)).unwrap_or(sql))
            }
            Self::Postgres => Cow::Owned(sql.replace('?', "$")),
        }
    }

    /// A table definition in this database's words: `BLOB` is bytes, `CLUSTERED` a small table kept in key order,
    /// `POSITION_OF(text, part)` where a part begins. Text is compared byte by byte in both, whatever language a server of
    /// PostgreSQL was set up for: cursors, spans of numbers and the order of lists would otherwise differ from house to
    /// house.
    pub(crate) fn definition(self, sql: &str) -> String {
        match self {
            Self::Sqlite => sql.replace(" CLUSTERED", " WITHOUT ROWID").replace("POSITION_OF(", "instr("),
            Self::Postgres => {
                let sql = sql.replace(" BLOB", " BYTEA").replace(" TEXT", " TEXT COLLATE \"C\"");
                sql.replace(" CLUSTERED", "").replace("POSITION_OF(", "strpos(")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_exchanged() {
        let sql = "SELECT CAST(1 AS BIGINT) FROM t WHERE a = ?1 AND b = ?12";
        assert_eq!(Dialect::Sqlite.statement(sql), sql);
        assert_eq!(Dialect::Postgres.statement(sql), "SELECT CAST(1 AS BIGINT) FROM t WHERE a = $1 AND b = $12");
        let held = "SELECT a FROM t WHERE b = ?1 FOR SHARE";
        assert_eq!(Dialect::Sqlite.statement(held), "SELECT a FROM t WHERE b = ?1");
        assert_eq!(Dialect::Postgres.statement(held), "SELECT a FROM t WHERE b = $1 FOR SHARE");
        let table = "CREATE TABLE t (a BLOB NOT NULL, b TEXT, PRIMARY KEY (a)) CLUSTERED";
        assert!(Dialect::Sqlite.definition(table).ends_with("WITHOUT ROWID"));
        assert_eq!(
            Dialect::Postgres.definition(table),
            "CREATE TABLE t (a BYTEA NOT NULL, b TEXT COLLATE \"C\", PRIMARY KEY (a))"
        );
    }
}
