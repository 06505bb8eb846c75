//! What does an SQL statement do, and to which tables?
//!
//! By its first words, not by a parser: enough to say of a log's statement which verb it is and which
//! tables it names. What a function or a view reaches behind its name is not seen. Comments and texts are
//! passed over, so that no word in them counts.

use assize_model::spine::{ObjectKind, Scope, Verb};

/// What a statement does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement<'s> {
    pub(crate) verb: Verb,
    pub(crate) kind: Option<ObjectKind>,
    pub(crate) scope: Option<Scope>,
    /// As written, in their order, each once.
    pub(crate) tables: Vec<&'s str>,
    /// Only counts, sums and the like come back.
    pub(crate) aggregates: bool,
}

/// A word, name or sign of a statement.
#[derive(Clone, Copy, PartialEq)]
enum Token<'s> {
    /// A word or a name with its dots and quotes.
    Word(&'s str),
    Sign(u8),
}

/// Tokens after which nothing more is learned.
const TOKENS_MAX: usize = 4096;

impl<'s> Statement<'s> {
    /// What this text does; `None` for what is no statement that is known.
    pub(crate) fn of(text: &'s str) -> Option<Self> {
        let mut tokens: Vec<Token<'s>> = Vec::with_capacity(32);
        tokens.extend(Tokens { rest: text }.take(TOKENS_MAX));
        let words = Words(&tokens);
        let first = words.first()?;
        let (verb, kind, scope) = words.verb(first)?;
        let aggregates = verb == Verb::Query && words.only_aggregates();
        let tables = if kind == Some(ObjectKind::Table) { words.tables() } else { words.named(first) };
        Some(Self { verb, kind, scope, tables, aggregates })
    }
}

/// Bytes of the longest word that is known.
const WORD_MAX: usize = 17;

/// A word in capitals; empty if it is longer than any that is known.
fn upper<'r>(word: &str, room: &'r mut [u8; WORD_MAX]) -> &'r str {
    let Some(room) = room.get_mut(..word.len()) else { return "" };
    room.copy_from_slice(word.as_bytes());
    room.make_ascii_uppercase();
    std::str::from_utf8(room).unwrap_or("")
}

struct Words<'t, 's>(&'t [Token<'s>]);

impl<'s> Words<'_, 's> {
    fn word(&self, place: usize) -> Option<&'s str> {
        let words =
            self.0.iter().filter_map(|token| if let Token::Word(word) = token { Some(*word) } else { None });
        words.into_iter().nth(place)
    }

    fn first(&self) -> Option<&'s str> {
        self.word(0)
    }

    fn has(&self, wanted: &str) -> bool {
        self.0.iter().any(|token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(wanted)))
    }

    fn verb(&self, first: &str) -> Option<(Verb, Option<ObjectKind>, Option<Scope>)> {
        use ObjectKind::{Account, Table};
        let (mut room, mut room_of_second) = ([0; WORD_MAX], [0; WORD_MAX]);
        let second = upper(self.word(1).unwrap_or(""), &mut room_of_second);
        let role = matches!(second, "ROLE" | "USER" | "GROUP");
        let table = |verb| (verb, Some(Table), None);
        let whole = |verb| (verb, Some(Table), Some(Scope::Container));
        Some(match upper(first, &mut room) {
            "WITH" if self.has("INSERT") || self.has("UPDATE") => table(Verb::Write),
            "WITH" if self.has("DELETE") => table(Verb::Delete),
            "SELECT" | "WITH" | "TABLE" | "VALUES" | "FETCH" | "DECLARE" => table(Verb::Query),
            "COPY" if self.copies_in() => table(Verb::Write),
            "COPY" => whole(Verb::Export),
            "INSERT" | "UPDATE" | "MERGE" => table(Verb::Write),
            "DELETE" => table(Verb::Delete),
            "TRUNCATE" => whole(Verb::Delete),
            "GRANT" | "REVOKE" => table(Verb::PermissionChange),
            "CREATE" if role => (Verb::Create, Some(Account), None),
            "ALTER" if role => (Verb::PermissionChange, Some(Account), None),
            "DROP" if role => (Verb::Delete, Some(Account), None),
            "ALTER" if second == "SYSTEM" => (Verb::ConfigChange, None, None),
            "CREATE" if self.has("TABLE") || self.has("VIEW") => table(Verb::Create),
            "DROP" if self.has("TABLE") || self.has("VIEW") => whole(Verb::Delete),
            "CREATE" => (Verb::Create, Some(ObjectKind::Other), None),
            "DROP" => (Verb::Delete, Some(ObjectKind::Other), None),
            "ALTER" | "SECURITY" | "REASSIGN" => (Verb::ConfigChange, Some(ObjectKind::Other), None),
            "EXECUTE" | "CALL" | "DO" => (Verb::Execute, None, None),
            "BASE_BACKUP" => (Verb::Export, Some(ObjectKind::Other), Some(Scope::Container)),
            "PREPARE" | "EXPLAIN" | "SET" | "SHOW" | "BEGIN" | "START" | "COMMIT" | "ROLLBACK" | "END"
            | "ABORT" | "SAVEPOINT" | "RELEASE" | "DISCARD" | "RESET" | "DEALLOCATE" | "CLOSE" | "MOVE"
            | "LOCK" | "ANALYZE" | "VACUUM" | "REINDEX" | "CLUSTER" | "CHECKPOINT" | "LISTEN" | "NOTIFY"
            | "UNLISTEN" | "COMMENT" | "REFRESH" | "LOAD" | "IDENTIFY_SYSTEM" | "START_REPLICATION" => {
                (Verb::Other, None, None)
            }
            _ => return None,
        })
    }

    /// `COPY t FROM …`; in `COPY (SELECT … FROM t) TO …` the FROM stands in brackets.
    fn copies_in(&self) -> bool {
        let mut depth = 0;
        for token in self.0 {
            match token {
                Token::Sign(b'(') => depth += 1,
                Token::Sign(b')') => depth -= 1,
                Token::Word(word) if depth == 0 && word.eq_ignore_ascii_case("FROM") => return true,
                Token::Word(word) if depth == 0 && word.eq_ignore_ascii_case("TO") => return false,
                _ => {}
            }
        }
        false
    }

    /// Names behind the words that name a table, but for functions and brackets.
    fn tables(&self) -> Vec<&'s str> {
        const BEFORE: &[&str] = &[
            "FROM", "JOIN", "INTO", "UPDATE", "COPY", "TABLE", "TRUNCATE", "ON", "USING", "VIEW", "ONLY",
            "EXISTS",
        ];
        const NO_NAME: &[&str] = &[
            "SELECT", "ONLY", "TABLE", "IF", "NOT", "EXISTS", "LATERAL", "STDIN", "STDOUT", "PROGRAM", "ALL",
            "DATABASE", "SCHEMA", "SEQUENCE", "FUNCTION", "SET", "UNNEST", "VALUES",
        ];
        let is = |word: &str, list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(word));
        // `ON` names a table in GRANT only; elsewhere it begins a condition.
        let grant = self.first().is_some_and(|word| is(word, &["GRANT", "REVOKE"]));
        let mut tables: Vec<&'s str> = Vec::new();
        let mut naming = false;
        for (place, token) in self.0.iter().enumerate() {
            match token {
                Token::Word(word) if is(word, BEFORE) => naming = grant || !is(word, &["ON", "USING"]),
                Token::Word(word) if naming && !is(word, NO_NAME) => {
                    naming = self.0.get(place + 1) == Some(&Token::Sign(b','));
                    let called =
                        self.0.get(place + 1) == Some(&Token::Sign(b'(')) && !self.is_column_list(place);
                    if !called && !tables.contains(word) {
                        tables.push(word);
                    }
                }
                Token::Sign(b',') => {}
                Token::Word(word) if is(word, NO_NAME) => {}
                _ => naming = false,
            }
        }
        tables
    }

    /// `INSERT INTO t (a, b)` and `COPY t (a, b)` have a list of columns; `FROM f(x)` calls a function.
    fn is_column_list(&self, place: usize) -> bool {
        let before = place.checked_sub(1).and_then(|place| self.0.get(place));
        matches!(before, Some(Token::Word(word)) if ["INTO", "COPY", "TABLE", "EXISTS"].iter().any(|w| w.eq_ignore_ascii_case(word)))
    }

    /// The name that `CREATE ROLE x` or `DROP DATABASE x` names.
    fn named(&self, first: &str) -> Vec<&'s str> {
        let skip = |word: &&str| {
            !["IF", "NOT", "EXISTS", "OR", "REPLACE", "SET"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(word))
        };
        let create = ["CREATE", "ALTER", "DROP"].iter().any(|known| known.eq_ignore_ascii_case(first));
        let words =
            self.0.iter().filter_map(|token| if let Token::Word(word) = token { Some(*word) } else { None });
        if create { words.filter(skip).skip(2).take(1).collect() } else { Vec::new() }
    }

    /// Whether every column of a SELECT is a count, sum, least, greatest or mean, and nothing is grouped.
    fn only_aggregates(&self) -> bool {
        const FUNCTIONS: &[&str] = &["count", "sum", "avg", "min", "max", "bool_and", "bool_or"];
        let select =
            |token: &Token<'_>| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("SELECT"));
        let Some(from) = self.0.iter().position(select) else { return false };
        let mut depth = 0;
        let mut expects = true;
        for (place, token) in self.0.iter().enumerate().skip(from + 1) {
            match token {
                Token::Sign(b'(') => depth += 1,
                Token::Sign(b')') => depth -= 1,
                Token::Sign(b',') if depth == 0 => expects = true,
                Token::Word(word) if depth == 0 && expects => {
                    let function = FUNCTIONS.iter().any(|known| known.eq_ignore_ascii_case(word));
                    if !function || self.0.get(place + 1) != Some(&Token::Sign(b'(')) {
                        return false;
                    }
                    expects = false;
                }
                Token::Word(word) if depth == 0 && word.eq_ignore_ascii_case("FROM") => break,
                _ => {}
            }
        }
        // A least or greatest value of a row is a value: only what counts or adds tells none.
        !self.has("GROUP") && !self.has("min") && !self.has("max")
    }
}

/// Splits a statement.
struct Tokens<'s> {
    rest: &'s str,
}

impl<'s> Iterator for Tokens<'s> {
    type Item = Token<'s>;

    fn next(&mut self) -> Option<Token<'s>> {
        loop {
            self.rest = self.rest.trim_start();
            let first = *self.rest.as_bytes().first()?;
            match first {
                b'-' if self.rest.starts_with("--") => self.skip_to("\n", 0),
                b'/' if self.rest.starts_with("/*") => self.skip_to("*/", 2),
                b'\'' => self.skip_to("'", 1),
                b'$' if self.dollar() => {}
                b'"' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => return Some(Token::Word(self.name())),
                _ => {
                    self.rest = &self.rest[1..];
                    return Some(Token::Sign(first));
                }
            }
        }
    }
}

impl<'s> Tokens<'s> {
    /// Behind the next `end`, which is looked for after so many bytes; to the end if there is none.
    fn skip_to(&mut self, end: &str, after: usize) {
        let rest = self.rest.get(after..).unwrap_or("");
        self.rest = rest.find(end).map_or("", |at| &rest[at + end.len()..]);
    }

    /// `$tag$ … $tag$`; not `$1`.
    fn dollar(&mut self) -> bool {
        let Some(end) = self.rest[1..].find('$') else { return false };
        let tag = &self.rest[..end + 2];
        if !tag[1..=end].bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
            return false;
        }
        self.skip_to(tag, tag.len());
        true
    }

    /// A word, or a name with dots: `public."Odd name"`.
    fn name(&mut self) -> &'s str {
        let bytes = self.rest.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'"' => {
                    at = memchr::memchr(b'"', &bytes[at + 1..]).map_or(bytes.len(), |length| at + length + 2)
                }
                b'_' | b'.' | b'$' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => at += 1,
                _ => break,
            }
        }
        let (name, rest) = self.rest.split_at(at);
        self.rest = rest;
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let Some(statement) = Statement::of(text) else { return "none".into() };
        let limit = if statement.aggregates { " (aggregates)" } else { "" };
        format!("{} {}{limit}", statement.verb.as_str(), statement.tables.join("+"))
    }

    #[test]
    fn verbs_and_tables() {
        for (text, expected) in [
            ("SELECT * FROM witness WHERE id < 13", "query witness"),
            (
                "select a.id, b.name from public.witness a join \"Odd, name\" b on a.id = b.id",
                "query public.witness+\"Odd, name\"",
            ),
            ("SELECT count(*) FROM witness", "query witness (aggregates)"),
            ("SELECT count(*), sum(x) AS s FROM a, b", "query a+b (aggregates)"),
            ("SELECT kind, count(*) FROM a GROUP BY kind", "query a"),
            ("SELECT max(name) FROM a", "query a"),
            ("SELECT generate_series(1,5)", "query "),
            ("SELECT * FROM generate_series(1, 5) g", "query "),
            ("WITH x AS (SELECT * FROM a) SELECT * FROM x", "query a+x"),
            ("COPY witness TO STDOUT", "export witness"),
            ("COPY public.witness (id, name, note) TO stdout;", "export public.witness"),
            ("COPY (SELECT id FROM witness LIMIT 3) TO STDOUT WITH CSV", "export witness"),
            ("COPY witness FROM STDIN", "write witness"),
            ("INSERT INTO witness (id) SELECT g FROM other g", "write witness+other"),
            ("UPDATE ONLY witness SET note = 'from elsewhere'", "write witness"),
            ("/* FROM hidden */ DELETE FROM witness -- FROM y", "delete witness"),
            ("TRUNCATE a, b", "delete a+b"),
            ("GRANT SELECT, INSERT ON witness TO okafor", "permission-change witness"),
            ("CREATE ROLE auditor", "create auditor"),
            ("ALTER ROLE vantorp SUPERUSER", "permission-change vantorp"),
            ("CREATE TABLE IF NOT EXISTS t (id int)", "create t"),
            ("ALTER SYSTEM SET log_statement = 'all'", "config-change log_statement"),
            ("SELECT $$ FROM no $$, $1 FROM yes", "query yes"),
            ("BEGIN", "other "),
            ("no statement at all", "none"),
            ("'", "none"),
        ] {
            assert_eq!(told(text).trim_end(), expected.trim_end(), "{text}");
        }
    }
}
