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
    /// The first table, or whatever else it makes or changes, as written.
    pub(crate) object: Option<&'s str>,
    /// The other tables, in their order, each once.
    pub(crate) tables: Vec<&'s str>,
    /// Only counts, sums and the like come back.
    pub(crate) aggregates: bool,
}

/// A word, name or sign of a statement.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Token {
    /// Where a word, or a name with its dots and quotes, lies, and what it is to us.
    Word(usize, usize, Role),
    Sign(u8),
}

impl Token {
    fn is(self, role: Role) -> bool {
        matches!(self, Token::Word(_, _, roles) if roles & role > 0)
    }
}

/// What a word is where it stands in a statement: every use that is made of it is a bit.
type Role = u16;

/// A name follows.
const BEFORE_NAME: Role = 1;
/// No name, where one is waited for.
const NO_NAME: Role = 1 << 1;
/// Names a table behind a GRANT only; elsewhere it begins a condition.
const CONDITION: Role = 1 << 2;
const GRANT: Role = 1 << 3;
/// A list of columns may follow the name behind it.
const COLUMNS: Role = 1 << 4;
/// Stands between CREATE, ALTER or DROP and the name.
const BETWEEN: Role = 1 << 5;
const DEFINES: Role = 1 << 6;
const AGGREGATE: Role = 1 << 7;
/// Makes that values of rows come back, or values by which rows are told.
const TELLS_ROWS: Role = 1 << 8;
const SELECT: Role = 1 << 9;
const FROM: Role = 1 << 10;
const TO: Role = 1 << 11;
const WRITE: Role = 1 << 12;
const DELETE: Role = 1 << 13;
const TABLE_OR_VIEW: Role = 1 << 14;

/// Words of at most eight bytes with their roles.
const WORDS: &[(Key, Role)] = &[
    (key(b"IF"), NO_NAME | BETWEEN),
    (key(b"ON"), BEFORE_NAME | CONDITION),
    (key(b"OR"), BETWEEN),
    (key(b"TO"), TO),
    (key(b"ALL"), NO_NAME),
    (key(b"AVG"), AGGREGATE),
    // A least or greatest value of a row is a value: only what counts or adds tells none.
    (key(b"MAX"), AGGREGATE | TELLS_ROWS),
    (key(b"MIN"), AGGREGATE | TELLS_ROWS),
    (key(b"NOT"), NO_NAME | BETWEEN),
    (key(b"SET"), NO_NAME | BETWEEN),
    (key(b"SUM"), AGGREGATE),
    (key(b"COPY"), BEFORE_NAME | COLUMNS),
    (key(b"DROP"), DEFINES),
    (key(b"FROM"), BEFORE_NAME | FROM),
    (key(b"INTO"), BEFORE_NAME | COLUMNS),
    (key(b"JOIN"), BEFORE_NAME),
    (key(b"ONLY"), BEFORE_NAME | NO_NAME),
    (key(b"VIEW"), BEFORE_NAME | TABLE_OR_VIEW),
    (key(b"ALTER"), DEFINES),
    (key(b"COUNT"), AGGREGATE),
    (key(b"GRANT"), GRANT),
    (key(b"GROUP"), TELLS_ROWS),
    (key(b"STDIN"), NO_NAME),
    (key(b"TABLE"), BEFORE_NAME | NO_NAME | COLUMNS | TABLE_OR_VIEW),
    (key(b"USING"), BEFORE_NAME | CONDITION),
    (key(b"CREATE"), DEFINES),
    (key(b"DELETE"), DELETE),
    (key(b"EXISTS"), BEFORE_NAME | NO_NAME | COLUMNS | BETWEEN),
    (key(b"INSERT"), WRITE),
    (key(b"REVOKE"), GRANT),
    (key(b"SCHEMA"), NO_NAME),
    (key(b"SELECT"), NO_NAME | SELECT),
    (key(b"STDOUT"), NO_NAME),
    (key(b"UNNEST"), NO_NAME),
    (key(b"UPDATE"), BEFORE_NAME | WRITE),
    (key(b"VALUES"), NO_NAME),
    (key(b"BOOL_OR"), AGGREGATE),
    (key(b"LATERAL"), NO_NAME),
    (key(b"PROGRAM"), NO_NAME),
    (key(b"REPLACE"), BETWEEN),
    (key(b"BOOL_AND"), AGGREGATE),
    (key(b"DATABASE"), NO_NAME),
    (key(b"FUNCTION"), NO_NAME),
    (key(b"SEQUENCE"), NO_NAME),
    (key(b"TRUNCATE"), BEFORE_NAME),
];

/// A word of at most eight bytes in capitals, as a number; 0 for longer ones.
type Key = u64;

const fn key(word: &[u8]) -> Key {
    let (mut key, mut at) = (0, 0);
    while at < word.len() && word.len() <= 8 {
        key = key << 8 | word[at].to_ascii_uppercase() as u64;
        at += 1;
    }
    key
}

/// What the first bytes of a text are, which are a word of that length.
fn role(text: &[u8], length: usize) -> Role {
    let Some(unused) = 8usize.checked_sub(length) else { return 0 };
    let key = match text.first_chunk() {
        Some(first) => capitals(u64::from_be_bytes(*first) >> (8 * unused)),
        None => key(&text[..length]),
    };
    let place = WORDS.partition_point(|(known, _)| *known < key);
    WORDS.get(place).filter(|(known, _)| *known == key).map_or(0, |(_, role)| *role)
}

/// Eight bytes, with letters of ASCII in capitals.
fn capitals(bytes: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // The high bit of what is at least `a`, and of what is more than `z`.
    let low = bytes & !HIGH;
    let letters = (low + ONES * (0x80 - b'a' as u64)) ^ (low + ONES * (0x7f - b'z' as u64));
    bytes - ((letters & !bytes & HIGH) >> 2)
}

/// Tokens after which nothing more is learned.
const TOKENS_MAX: usize = 4096;

impl<'s> Statement<'s> {
    /// What this text does; `None` for what is no statement that is known. `room` is memory.
    pub(crate) fn of(text: &'s str, room: &mut Vec<Token>) -> Option<Self> {
        room.clear();
        room.extend(Tokens { text, at: 0 }.take(TOKENS_MAX));
        let words = Words { text, tokens: room };
        let first = words.words().next()?;
        let (verb, kind, scope) = words.verb(first)?;
        let aggregates = verb == Verb::Query && words.only_aggregates();
        let mut statement = Self { verb, kind, scope, object: None, tables: Vec::new(), aggregates };
        if kind == Some(ObjectKind::Table) {
            words.tables(&mut statement);
        } else {
            statement.object = words.named();
        }
        Some(statement)
    }

    fn table(&mut self, name: &'s str) {
        match self.object {
            None => self.object = Some(name),
            Some(first) if first == name || self.tables.contains(&name) => {}
            Some(_) => self.tables.push(name),
        }
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

struct Words<'t, 's> {
    text: &'s str,
    tokens: &'t [Token],
}

impl<'s> Words<'_, 's> {
    /// Every word, and every name.
    fn words(&self) -> impl Iterator<Item = &'s str> {
        self.tokens.iter().filter_map(|token| match token {
            Token::Word(from, to, _) => Some(&self.text[*from..*to]),
            Token::Sign(_) => None,
        })
    }

    fn has(&self, role: Role) -> bool {
        self.tokens.iter().any(|token| token.is(role))
    }

    fn verb(&self, first: &str) -> Option<(Verb, Option<ObjectKind>, Option<Scope>)> {
        use ObjectKind::{Account, Table};
        if first.eq_ignore_ascii_case("SELECT") {
            return Some((Verb::Query, Some(Table), None));
        }
        let (mut room, mut room_of_second) = ([0; WORD_MAX], [0; WORD_MAX]);
        let second = upper(self.words().nth(1).unwrap_or(""), &mut room_of_second);
        let role = matches!(second, "ROLE" | "USER" | "GROUP");
        let table = |verb| (verb, Some(Table), None);
        let whole = |verb| (verb, Some(Table), Some(Scope::Container));
        Some(match upper(first, &mut room) {
            "WITH" if self.has(WRITE) => table(Verb::Write),
            "WITH" if self.has(DELETE) => table(Verb::Delete),
            "WITH" | "TABLE" | "VALUES" | "FETCH" | "DECLARE" => table(Verb::Query),
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
            "CREATE" if self.has(TABLE_OR_VIEW) => table(Verb::Create),
            "DROP" if self.has(TABLE_OR_VIEW) => whole(Verb::Delete),
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
        for token in self.tokens {
            match token {
                Token::Sign(b'(') => depth += 1,
                Token::Sign(b')') => depth -= 1,
                _ if depth != 0 => {}
                _ if token.is(FROM) => return true,
                _ if token.is(TO) => return false,
                _ => {}
            }
        }
        false
    }

    /// Names behind the words that name a table, but for functions and brackets.
    fn tables(&self, statement: &mut Statement<'s>) {
        let mut words = self.tokens.iter().filter(|token| matches!(token, Token::Word(..)));
        let grant = words.next().is_some_and(|first| first.is(GRANT));
        let mut naming = false;
        for (place, token) in self.tokens.iter().enumerate() {
            match token {
                _ if token.is(BEFORE_NAME) => naming = grant || !token.is(CONDITION),
                _ if token.is(NO_NAME) => {}
                Token::Word(from, to, _) if naming => {
                    naming = self.is_sign(place + 1, b',');
                    let called = self.is_sign(place + 1, b'(') && !self.is_column_list(place);
                    if !called {
                        statement.table(&self.text[*from..*to]);
                    }
                }
                Token::Sign(b',') => {}
                _ => naming = false,
            }
        }
    }

    fn is_sign(&self, place: usize, sign: u8) -> bool {
        self.tokens.get(place) == Some(&Token::Sign(sign))
    }

    /// `INSERT INTO t (a, b)` and `COPY t (a, b)` have a list of columns; `FROM f(x)` calls a function.
    fn is_column_list(&self, place: usize) -> bool {
        let before = place.checked_sub(1).and_then(|place| self.tokens.get(place));
        before.is_some_and(|token| token.is(COLUMNS))
    }

    /// The name that `CREATE ROLE x` or `DROP DATABASE x` names.
    fn named(&self) -> Option<&'s str> {
        let mut words = self.tokens.iter().filter(|token| matches!(token, Token::Word(..)));
        let mut rest = words.clone().filter(|token| !token.is(BETWEEN));
        match (words.next().is_some_and(|first| first.is(DEFINES)), rest.nth(2)) {
            (true, Some(Token::Word(from, to, _))) => Some(&self.text[*from..*to]),
            _ => None,
        }
    }

    /// Whether every column of a SELECT is a count, sum, least, greatest or mean, and nothing is grouped.
    fn only_aggregates(&self) -> bool {
        let Some(from) = self.tokens.iter().position(|token| token.is(SELECT)) else { return false };
        let mut depth = 0;
        let mut expects = true;
        for (place, token) in self.tokens.iter().enumerate().skip(from + 1) {
            match token {
                Token::Sign(b'(') => depth += 1,
                Token::Sign(b')') => depth -= 1,
                Token::Sign(b',') if depth == 0 => expects = true,
                Token::Word(..) if depth == 0 && expects => {
                    if !token.is(AGGREGATE) || !self.is_sign(place + 1, b'(') {
                        return false;
                    }
                    expects = false;
                }
                Token::Word(..) if depth == 0 && token.is(FROM) => break,
                _ => {}
            }
        }
        !self.has(TELLS_ROWS)
    }
}

/// Splits a statement.
struct Tokens<'s> {
    text: &'s str,
    at: usize,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            self.blanks();
            let rest = &self.text.as_bytes()[self.at..];
            let first = *rest.first()?;
            match first {
                b'-' if rest.starts_with(b"--") => self.skip_to("\n", 0),
                b'/' if rest.starts_with(b"/*") => self.skip_to("*/", 2),
                b'\'' => self.skip_to("'", 1),
                b'$' if self.dollar() => {}
                b'"' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => return Some(self.word()),
                _ => {
                    self.at += 1;
                    return Some(Token::Sign(first));
                }
            }
        }
    }
}

impl Tokens<'_> {
    fn blanks(&mut self) {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        if bytes.get(self.at).is_some_and(|byte| !byte.is_ascii_graphic()) {
            self.at = self.text.len() - self.text[self.at..].trim_start().len();
        }
    }

    /// Behind the next `end`, which is looked for after so many bytes; to the end if there is none.
    fn skip_to(&mut self, end: &str, after: usize) {
        let from = self.at + after;
        let found = self.text.get(from..).and_then(|rest| rest.find(end));
        self.at = found.map_or(self.text.len(), |at| from + at + end.len());
    }

    /// `$tag$ … $tag$`; not `$1`.
    fn dollar(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let Some(end) = rest[1..].find('$') else { return false };
        let tag = &rest[..end + 2];
        if !tag[1..=end].bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
            return false;
        }
        self.skip_to(tag, tag.len());
        true
    }

    /// A word, or a name with dots: `public."Odd name"`.
    fn word(&mut self) -> Token {
        let (bytes, from) = (self.text.as_bytes(), self.at);
        loop {
            while bytes.get(self.at).is_some_and(|byte| IN_WORD[usize::from(*byte)]) {
                self.at += 1;
            }
            if bytes.get(self.at) != Some(&b'"') {
                break;
            }
            let closing = memchr::memchr(b'"', &bytes[self.at + 1..]);
            self.at = closing.map_or(bytes.len(), |length| self.at + length + 2);
        }
        Token::Word(from, self.at, role(&bytes[from..], self.at - from))
    }
}

/// Bytes of words outside quotes.
const IN_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let it = byte as u8;
        table[byte] = it.is_ascii_alphanumeric() || matches!(it, b'_' | b'.' | b'$' | 0x80..);
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let mut room = Vec::new();
        let Some(statement) = Statement::of(text, &mut room) else { return "none".into() };
        let tables: Vec<&str> = statement.object.into_iter().chain(statement.tables).collect();
        let limit = if statement.aggregates { " (aggregates)" } else { "" };
        format!("{} {}{limit}", statement.verb.as_str(), tables.join("+"))
    }

    #[test]
    fn words_are_sorted_and_short() {
        assert!(WORDS.is_sorted_by(|a, b| a.0 < b.0) && WORDS[0].0 > 0);
        let from = BEFORE_NAME | FROM;
        for (word, roles) in [("from", from), ("From", from), ("FROMS", 0), ("TRUNCATED", 0), ("@ROM", 0)] {
            for behind in ["", " or more"] {
                assert_eq!(role([word, behind].concat().as_bytes(), word.len()), roles, "{word}");
            }
        }
        for byte in 0..=255u8 {
            let eight = [b'_', byte, b'Z', 0, byte, b'z', 255, byte];
            assert_eq!(capitals(u64::from_be_bytes(eight)), key(&eight), "{byte}");
        }
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
