//! Which columns does every event have, whatever its source, and which words may stand in them?
//!
//! The spine is the same for every source; everything after detection reads only the spine. The
//! vocabularies are closed: formats emit these words, never grades (what may be concluded from an
//! access is `analysis`' business, by `facts/grades`). The source's own columns stand untouched in
//! `fields`.

use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }
        impl $name {
            /// Every word of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The word in tables, SQL and JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

words! {
    /// What was done.
    #[allow(missing_docs)] // The words are their own meaning; `grades.md` defines each.
    Verb {
        Logon "logon", Logoff "logoff", Token "token", Consent "consent", Grant "grant",
        List "list", Search "search", Read "read", Write "write", Create "create",
        Delete "delete", Copy "copy", Move "move", Archive "archive", Download "download",
        Upload "upload", Sync "sync", Send "send", Forward "forward", Print "print",
        Share "share", Connect "connect", Transfer "transfer", Execute "execute", Query "query",
        Export "export", Clone "clone", Snapshot "snapshot",
        PermissionChange "permission-change", ConfigChange "config-change",
        LogClear "log-clear", Other "other",
    }
}

words! {
    /// How it ended, by the source's own codes.
    Outcome {
        /// It was done.
        Success "success",
        /// It was tried and failed.
        Failure "failure",
        /// It was refused.
        Denied "denied",
        /// The source does not say. Establishes nothing and closes no path.
        Unknown "unknown",
    }
}

words! {
    /// What kind of thing the object is.
    #[allow(missing_docs)]
    ObjectKind {
        File "file", Folder "folder", FileOrFolder "unknown", Message "message",
        Mailbox "mailbox", Table "table", RowSet "row-set", Key "key", Site "site",
        Account "account", Group "group", Host "host", Process "process", Service "service",
        Task "task", RegistryKey "registry-key", Log "log", Share "share", Pipe "pipe",
        Script "script", Certificate "certificate", Application "application", Name "name",
        Medium "medium", DirectoryDatabase "directory-database", Other "other",
    }
}

words! {
    /// Whether the act concerns one item or everything a container holds.
    #[allow(missing_docs)]
    Scope { Item "item", Container "container", }
}

words! {
    /// Through what kind of program it was done.
    #[allow(missing_docs)]
    Client {
        Browser "browser", Api "api", Desktop "desktop", Sync "sync", Service "service",
        Unknown "unknown",
    }
}

words! {
    /// What limits the meaning of the record.
    Qualifier {
        /// A rendered preview, not the content as stored.
        Preview "preview",
        /// Rights were checked; whether the act followed is not said.
        CheckOnly "check-only",
        /// The source drops records while this stands.
        Throttled "throttled",
        /// A declared background service.
        Background "background",
        /// The address is that of a front end, not of the client.
        FrontEndAddress "front-end-address",
        /// Part of the object.
        Partial "partial",
        /// Several acts in one record.
        Aggregated "aggregated",
    }
}

words! {
    /// By what an event can be joined to others.
    #[allow(missing_docs)]
    Link {
        Logon "logon", TargetLogon "target-logon", Process "process",
        LinkedLogon "linked-logon", ParentProcess "parent-process", ProcessId "process-id",
        ParentProcessId "parent-process-id", Handle "handle", Token "token",
        Message "message", Request "request", Session "session", Record "record",
        Activity "activity", Application "application",
    }
}

/// Names of the spine's columns and of the columns that carry the locator and the source's own
/// fields, in the order of [`schema`].
pub mod column {
    #![allow(missing_docs)]
    pub const ID: &str = "id";
    pub const TIME: &str = "time";
    pub const TIME_TEXT: &str = "time_text";
    pub const TIME_ASSUMED: &str = "time_assumed";
    pub const UNTIL: &str = "until";
    pub const SOURCE: &str = "source";
    pub const HOST: &str = "host";
    pub const ACTOR: &str = "actor";
    pub const TARGET: &str = "target";
    pub const VERB: &str = "verb";
    pub const OBJECT: &str = "object";
    pub const OBJECT_KIND: &str = "object_kind";
    pub const SCOPE: &str = "scope";
    pub const CLIENT: &str = "client";
    pub const PEER: &str = "peer";
    pub const DEVICE: &str = "device";
    pub const COUNT: &str = "count";
    pub const BYTES: &str = "bytes";
    pub const OUTCOME: &str = "outcome";
    pub const QUALIFIERS: &str = "qualifiers";
    pub const LINKS: &str = "links";
    pub const EXHIBIT: &str = "exhibit";
    pub const MEMBER: &str = "member";
    pub const FORMAT: &str = "format";
    pub const RANGES: &str = "ranges";
    pub const OPTIONS: &str = "options";
    pub const FIELDS: &str = "fields";
}

/// An instant in a table: nanoseconds, UTC.
#[must_use]
pub fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()))
}

/// The schema of a batch of events; see [`column`] for the names.
#[must_use]
pub fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| Arc::new(Schema::new(columns())));
    Arc::clone(&SCHEMA)
}

fn columns() -> Vec<Field> {
    use column as c;
    let text = |name: &str, nullable: bool| Field::new(name, DataType::Utf8, nullable);
    let number = |name: &str| Field::new(name, DataType::UInt64, true);
    vec![
        text(c::ID, false),
        Field::new(c::TIME, time_type(), true),
        text(c::TIME_TEXT, true),
        text(c::TIME_ASSUMED, true),
        Field::new(c::UNTIL, time_type(), true),
        text(c::SOURCE, false),
        text(c::HOST, true),
        text(c::ACTOR, true),
        text(c::TARGET, true),
        text(c::VERB, false),
        text(c::OBJECT, true),
        text(c::OBJECT_KIND, true),
        text(c::SCOPE, true),
        text(c::CLIENT, true),
        text(c::PEER, true),
        text(c::DEVICE, true),
        number(c::COUNT),
        number(c::BYTES),
        text(c::OUTCOME, false),
        Field::new_list(c::QUALIFIERS, Field::new("item", DataType::Utf8, false), false),
        Field::new_list(c::LINKS, Field::new("item", DataType::Struct(link_fields()), false), false),
        text(c::EXHIBIT, false),
        text(c::MEMBER, true),
        text(c::FORMAT, false),
        Field::new_list(c::RANGES, Field::new("item", DataType::Struct(range_fields()), false), false),
        text(c::OPTIONS, true),
        Field::new(c::FIELDS, fields_type(), false),
    ]
}

pub(crate) fn link_fields() -> Fields {
    Fields::from(vec![Field::new("kind", DataType::Utf8, false), Field::new("value", DataType::Utf8, false)])
}

pub(crate) fn range_fields() -> Fields {
    Fields::from(vec![
        Field::new("offset", DataType::UInt64, false),
        Field::new("length", DataType::UInt64, false),
    ])
}

/// The own fields of an event: a map whose names may repeat and whose values may be null.
#[must_use]
pub fn fields_type() -> DataType {
    let entries = Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, true),
    ]);
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false)
}
