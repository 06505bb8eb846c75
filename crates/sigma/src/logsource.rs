//! Which events does a rule's log source mean, and under which names are its fields there?
//!
//! Read from the cited table `facts/logsource.toml`, which is part of the program. A log source
//! that is not in it is a reason for a rule not to run, never a guess.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::{Number, Record};

/// Product, category and service as a rule names them, in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogSource {
    /// As `windows`.
    pub product: Option<String>,
    /// As `process_creation`.
    pub category: Option<String>,
    /// As `security`.
    pub service: Option<String>,
}

impl LogSource {
    /// As `windows/process_creation`; empty if nothing is named.
    #[must_use]
    pub fn key(&self) -> String {
        let parts = [&self.product, &self.category, &self.service];
        let parts: Vec<&str> = parts.into_iter().filter_map(Option::as_deref).collect();
        parts.join("/")
    }

    /// Where such events lie; empty if the table does not say.
    ///
    /// A category without a product means that category of any product: its own places if the table
    /// has such, else Windows'. A category with a service means the category's places among the
    /// service's channels.
    #[must_use]
    pub fn routes(&self) -> Vec<&'static Route> {
        let places = |product: Option<&str>, category: &Option<String>, service: &Option<String>| {
            let is_meant = |route: &&Route| {
                route.product.as_deref() == product
                    && route.category == *category
                    && route.service == *service
            };
            TABLE.routes.iter().filter(is_meant).collect::<Vec<&'static Route>>()
        };
        let own = places(self.product.as_deref(), &self.category, &self.service);
        if !own.is_empty() || self.category.is_none() {
            return own;
        }
        let product = self.product.as_deref().or(Some("windows"));
        let table = |category: &Option<String>, service: &Option<String>| places(product, category, service);
        let exact = table(&self.category, &self.service);
        if !exact.is_empty() || self.category.is_none() || self.service.is_none() {
            return exact;
        }
        let service = table(&None, &self.service);
        let is_within = |route: &&Route| {
            let mut channels = route.channels.iter();
            channels.any(|channel| service.iter().any(|other| other.channels.contains(channel)))
        };
        table(&self.category, &None).into_iter().filter(is_within).collect()
    }
}

/// The own fields by whose value a route is told.
pub(crate) const EVENT: &str = "EventID";
pub(crate) const PROVIDER: &str = "Provider_Name";

/// The own fields by which events are told apart before rules are asked: those of the routes, first of
/// all the number, the provider and the channel.
pub(crate) fn signs<'a>(routes: impl Iterator<Item = &'a Route>) -> Vec<String> {
    let mut names: Vec<String> = [EVENT, PROVIDER, "Channel"].map(str::to_owned).into();
    for route in routes {
        let demands = route.demands().into_iter().map(|(field, _)| field.to_owned());
        for name in demands.chain(route.has().iter().cloned()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// A place where events of a log source lie.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    product: Option<String>,
    category: Option<String>,
    service: Option<String>,
    /// What stands before the slash in the kind of log, where it is not the product.
    kind: Option<String>,
    /// Kinds of log without a slash, in which events are told by their fields alone.
    #[serde(default)]
    untold: Vec<String>,
    /// Fields that an event must have.
    #[serde(default)]
    has: Vec<String>,
    #[serde(default)]
    channels: Vec<String>,
    #[serde(default)]
    events: Vec<i128>,
    #[serde(default)]
    providers: Vec<String>,
    #[serde(default)]
    require: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    fields: BTreeMap<String, Origin>,
}

/// Under which of an event's own names the value of a field lies.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Origin {
    /// Under this one.
    Own(String),
    /// Under several.
    Joined(Joined),
}

/// A value put together from own fields.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Joined {
    /// Own fields whose values are joined by a backslash.
    pub join: Vec<String>,
    /// Beginnings of the joined value and what stands for them, the first that fits.
    #[serde(default)]
    pub starts: Vec<(String, String)>,
}

impl Joined {
    /// What stands for the joined value.
    pub fn renamed(&self, value: String) -> String {
        let starts =
            |start: &str| value.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
        match self.starts.iter().find(|(start, _)| starts(start)) {
            Some((start, stand_in)) => format!("{stand_in}{}", &value[start.len()..]),
            None => value,
        }
    }
}

impl Route {
    /// Whether an event lies here.
    #[must_use]
    pub fn admits(&self, record: &Record<'_>) -> bool {
        let has = |name: &String| record.fields().iter().any(|(own, _)| own == name);
        self.is_kind_of(record.source())
            && self.has.iter().all(has)
            && (self.events.is_empty() || self.has_event(record))
            && (self.providers.is_empty() || is_one_of(record, PROVIDER, &self.providers))
            && self.require.iter().all(|(field, values)| is_one_of(record, field, values))
    }

    fn is_kind_of(&self, source: &str) -> bool {
        let Some((kind, channel)) = source.split_once('/') else {
            return self.untold.iter().any(|untold| untold == source);
        };
        let is_channel = |name: &String| name.eq_ignore_ascii_case(channel);
        self.kind() == Some(kind) && (self.channels.is_empty() || self.channels.iter().any(is_channel))
    }

    fn has_event(&self, record: &Record<'_>) -> bool {
        let ids = record.values(EVENT).filter_map(Number::of_text);
        ids.into_iter().any(|id| matches!(id, Number::Whole(id) if self.events.contains(&id)))
    }

    /// What stands before the slash in the kind of log of its events.
    pub(crate) fn kind(&self) -> Option<&str> {
        self.kind.as_deref().or(self.product.as_deref())
    }

    pub(crate) fn untold(&self) -> &[String] {
        &self.untold
    }

    pub(crate) fn has(&self) -> &[String] {
        &self.has
    }

    pub(crate) fn channels(&self) -> &[String] {
        &self.channels
    }

    pub(crate) fn events(&self) -> &[i128] {
        &self.events
    }

    /// The values that a field must have one of, provider first; empty for no demand.
    pub(crate) fn demands(&self) -> Vec<(&str, &[String])> {
        let providers = (!self.providers.is_empty()).then_some((PROVIDER, self.providers.as_slice()));
        let others = self.require.iter().map(|(field, values)| (field.as_str(), values.as_slice()));
        providers.into_iter().chain(others).collect()
    }

    pub(crate) fn fields(&self) -> &BTreeMap<String, Origin> {
        &self.fields
    }

    /// In words, for an explanation.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut parts = Vec::new();
        let mut tell = |what: &str, values: Vec<String>| {
            if !values.is_empty() {
                parts.push(format!("{what} {}", values.join(" | ")));
            }
        };
        tell("channel", self.channels.clone());
        tell("with", self.has.clone());
        tell("provider", self.providers.clone());
        tell("event", self.events.iter().map(ToString::to_string).collect());
        self.require.iter().for_each(|(field, values)| tell(field, values.clone()));
        if parts.is_empty() {
            parts.push(format!("any event of {}", self.kind().unwrap_or_default()));
        }
        parts.join(", ")
    }
}

fn is_one_of(record: &Record<'_>, field: &str, values: &[String]) -> bool {
    record.values(field).any(|value| values.iter().any(|one| one.eq_ignore_ascii_case(value)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "route")]
    routes: Vec<Route>,
    also: BTreeMap<String, BTreeMap<String, String>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let table = toml::from_str(include_str!("../../../facts/logsource.toml"));
    // The table is compiled in and read by every test of this crate.
    table.unwrap_or_else(|error| panic!("facts/logsource.toml: {error}"))
});

/// The usual name of a field that an event of this source lacks, if rules also call it so.
pub(crate) fn usual_name(source: &str, field: &str) -> Option<&'static str> {
    let product = source.split('/').next()?;
    TABLE.also.get(product)?.get(field).map(String::as_str)
}

/// The usual names, over all products, of a field that rules also call so.
pub(crate) fn usual_names(field: &str) -> impl Iterator<Item = &'static str> {
    TABLE.also.values().filter_map(move |names| names.get(field)).map(String::as_str)
}

/// Every log source of the table, as its key.
#[must_use]
pub fn keys() -> Vec<String> {
    let key = |route: &Route| {
        let [product, category, service] =
            [&route.product, &route.category, &route.service].map(Clone::clone);
        LogSource { product, category, service }.key()
    };
    let mut keys: Vec<String> = TABLE.routes.iter().map(key).collect();
    keys.sort();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(product: Option<&str>, category: Option<&str>, service: Option<&str>) -> usize {
        let [product, category, service] = [product, category, service].map(|part| part.map(str::to_owned));
        LogSource { product, category, service }.routes().len()
    }

    #[test]
    fn log_sources_lead_somewhere_or_nowhere() {
        assert_eq!(routes(Some("windows"), Some("process_creation"), None), 2);
        assert_eq!(routes(None, Some("process_creation"), None), 2);
        assert_eq!(routes(Some("windows"), Some("process_creation"), Some("sysmon")), 1);
        assert_eq!(routes(Some("windows"), Some("process_creation"), Some("system")), 0);
        assert_eq!(routes(Some("windows"), None, None), 1);
        assert_eq!(routes(Some("linux"), Some("process_creation"), None), 1);
        assert_eq!(routes(Some("plan9"), Some("process_creation"), None), 0);
        assert_eq!(routes(None, None, None), 0);
        assert_eq!(routes(None, Some("webserver"), None), 2, "two makes with names of their own");
        assert_eq!(routes(None, None, Some("nginx")), 1);
    }

    #[test]
    fn a_route_admits_by_channel_event_and_value() {
        let source = LogSource {
            product: Some("windows".into()),
            category: Some("registry_set".into()),
            service: None,
        };
        let admits = |channel: &str, event: &str, operation: &str| {
            let fields = [("EventID", Some(event)), ("OperationType", Some(operation))];
            let record = Record::new(channel, fields);
            source.routes().iter().any(|route| route.admits(&record))
        };
        assert!(admits("windows/Microsoft-Windows-Sysmon/Operational", "13", "-"));
        assert!(admits("windows/security", "4657", "%%1904"));
        assert!(!admits("windows/Security", "4657", "%%1906"));
        assert!(!admits("windows/Security", "4658", "%%1904"));
        assert!(!admits("json", "13", "-"));
    }

    #[test]
    fn registry_roots_are_abbreviated_as_sysmon_does() {
        let key = LogSource { product: None, category: Some("registry_event".into()), service: None };
        let routes = key.routes();
        let joined = routes.iter().find_map(|route| match route.fields().get("TargetObject") {
            Some(Origin::Joined(joined)) => Some(joined),
            _ => None,
        });
        let renamed = |value: &str| joined.map(|joined| joined.renamed(value.into())).unwrap_or_default();
        assert_eq!(renamed(r"\REGISTRY\MACHINE\SOFTWARE\x"), r"HKLM\SOFTWARE\x");
        assert_eq!(renamed(r"\Registry\Machine\System\ControlSet001\y"), r"HKLM\System\CurrentControlSet\y");
        assert_eq!(renamed(r"\REGISTRY\USER\S-1\z"), r"HKU\S-1\z");
        assert_eq!(renamed("é"), "é");
    }
}
