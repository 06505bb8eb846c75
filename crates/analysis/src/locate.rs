//! Which records does an object of the evidence mean?
//!
//! By the forms of `places`: an item is met exactly, a holding by what lies below one of its
//! locators. Asked once per distinct object, not per event. A place whose name is masked in the
//! register is met by its keyed digest, so nobody needs the name.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::Register;
use assize_model::register::Place;

use crate::places;

/// Gives the keyed digest of a form.
pub type Digest<'a> = &'a dyn Fn(&str) -> String;

/// The places of a register.
pub struct Index<'a> {
    register: &'a Register,
    items: BTreeMap<String, Vec<usize>>,
    holdings: BTreeMap<String, Vec<usize>>,
    /// By holding: forms of its locators, the first by which the register's items are written.
    roots: Vec<Vec<String>>,
    /// By item: forms of its locators.
    forms: Vec<Vec<String>>,
    /// Items by holding's key.
    of_holding: BTreeMap<&'a str, Vec<usize>>,
    numbers: BTreeMap<&'a str, usize>,
    /// Only asked where the register has masked places.
    digest: Option<Digest<'a>>,
}

/// What an object means.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Positions of items that are the object.
    pub items: Vec<usize>,
    /// Positions of holdings in which it lies, or which it is.
    pub holdings: Vec<usize>,
    /// Its form.
    pub form: String,
}

impl<'a> Index<'a> {
    /// The index of a register. `digest` is needed where it has masked places.
    #[must_use]
    pub fn of(register: &'a Register, digest: Option<Digest<'a>>) -> Self {
        let mut index = Self {
            register,
            items: BTreeMap::new(),
            holdings: BTreeMap::new(),
            roots: Vec::new(),
            forms: Vec::new(),
            of_holding: BTreeMap::new(),
            numbers: BTreeMap::new(),
            digest: None,
        };
        let mut masked = false;
        for (number, holding) in register.holdings.iter().enumerate() {
            index.numbers.insert(&holding.key, number);
            let mut roots = Vec::new();
            for place in &holding.locators {
                masked |= place.digest.is_some();
                let form = places::form(&place.text, None);
                keys(place, &form).for_each(|key| index.holdings.entry(key).or_default().push(number));
                roots.push(form);
            }
            index.roots.push(roots);
        }
        for (number, item) in register.items.iter().enumerate() {
            index.of_holding.entry(&item.holding).or_default().push(number);
            let mut forms = Vec::new();
            for place in &item.locators {
                masked |= place.digest.is_some();
                let form = places::form(&place.text, None);
                keys(place, &form).for_each(|key| index.items.entry(key).or_default().push(number));
                forms.push(form);
            }
            index.forms.push(forms);
        }
        index.digest = digest.filter(|_| masked);
        index
    }

    /// Whether the register has masked places that cannot be met without the masking key.
    #[must_use]
    pub fn is_blind(register: &Register, digest: Option<Digest<'_>>) -> bool {
        let masked = |place: &Place| place.digest.is_some();
        digest.is_none()
            && (register.holdings.iter().any(|holding| holding.locators.iter().any(masked))
                || register.items.iter().any(|item| item.locators.iter().any(masked)))
    }

    /// What an object means. `host` is where the record was written; `within` a container that the
    /// record names besides (mailbox and folder, library).
    #[must_use]
    pub fn find(&self, object: &str, host: Option<&str>, within: Option<&str>) -> Found {
        let form = places::form(object, host);
        let mut holdings = self.holdings_at(&form);
        let container = within.map(|within| places::form(within, host));
        if let Some(container) = &container {
            holdings.extend(self.holdings_at(container));
        }
        let mut items = self.items_at(&form, &holdings);
        // One message lies in several mailboxes: the one that the record names is meant.
        if let Some(container) = &container {
            let mut here = holdings.clone();
            here.extend(self.holdings_below(container));
            let holdings = here;
            let within = |item: &usize| {
                self.numbers
                    .get(self.register.items[*item].holding.as_str())
                    .is_some_and(|of| holdings.contains(of))
            };
            if items.iter().any(within) {
                items.retain(within);
            }
        }
        let own =
            items.iter().filter_map(|item| self.numbers.get(self.register.items[*item].holding.as_str()));
        holdings.extend(own);
        holdings.sort_unstable();
        holdings.dedup();
        Found { items, holdings, form }
    }

    /// Items directly below a form, or anywhere below it.
    #[must_use]
    pub fn below(&self, form: &str, holdings: &[usize], direct: bool) -> Vec<usize> {
        let mut found = Vec::new();
        for holding in holdings {
            let roots = &self.roots[*holding];
            // Below which step of the holding's own root? The whole of it if the form is it or above it.
            let inside = roots.iter().find_map(|root| form.strip_prefix(root.as_str()));
            let rest = inside.unwrap_or("").trim_matches('/');
            if rest.is_empty() && !direct {
                found.extend_from_slice(self.items_of(*holding));
                continue;
            }
            let prefix = roots
                .first()
                .map(|root| if rest.is_empty() { format!("{root}/") } else { format!("{root}/{rest}/") });
            for item in self.items_of(*holding) {
                let meets = self.forms[*item].iter().any(|at| {
                    match prefix.as_deref().and_then(|prefix| at.strip_prefix(prefix)) {
                        Some(name) => !direct || !name.contains('/'),
                        // Messages and documents have no path: they lie directly in their holding.
                        None => rest.is_empty() && !at.starts_with("//"),
                    }
                });
                if meets {
                    found.push(*item);
                }
            }
        }
        found
    }

    /// Whether what was found is a folder by the register: a holding's own place, or one with records below it.
    #[must_use]
    pub fn is_folder(&self, found: &Found) -> bool {
        found.holdings.iter().any(|holding| {
            let roots = &self.roots[*holding];
            let rest = roots.iter().find_map(|root| found.form.strip_prefix(root.as_str()));
            let Some((rest, first)) = rest.zip(roots.first()) else { return false };
            let prefix = format!("{first}/{}/", rest.trim_matches('/'));
            // Documents and messages have no place below their library or mailbox.
            first.starts_with("//")
                && (rest.is_empty() || rest.starts_with('/'))
                && (rest.is_empty()
                    || self
                        .items
                        .range(prefix.clone()..)
                        .next()
                        .is_some_and(|(at, _)| at.starts_with(&prefix)))
        })
    }

    /// Holdings that lie below a form, as those of a share.
    #[must_use]
    pub fn holdings_below(&self, form: &str) -> Vec<usize> {
        let prefix = format!("{form}/");
        let below = self.holdings.range(prefix.clone()..).take_while(|(place, _)| place.starts_with(&prefix));
        let mut found: Vec<usize> = below.flat_map(|(_, holdings)| holdings.iter().copied()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Items of a holding.
    #[must_use]
    pub fn items_of(&self, holding: usize) -> &[usize] {
        let key = self.register.holdings[holding].key.as_str();
        self.of_holding.get(key).map_or(&[], Vec::as_slice)
    }

    /// Position of the holding of that key.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<usize> {
        self.numbers.get(key).copied()
    }

    /// Machines on which a holding lies, by name.
    #[must_use]
    pub fn hosts(&self, holding: usize) -> Vec<String> {
        let roots = self.roots[holding].iter();
        let hosts = roots.filter_map(|root| root.strip_prefix("//")?.split('/').next());
        let mut hosts: Vec<String> = hosts.map(str::to_owned).collect();
        hosts.sort();
        hosts.dedup();
        hosts
    }

    /// Machines on which any holding lies.
    #[must_use]
    pub fn every_host(&self) -> BTreeSet<String> {
        (0..self.roots.len()).flat_map(|holding| self.hosts(holding)).collect()
    }

    fn holdings_at(&self, form: &str) -> Vec<usize> {
        // The nearest place decides: a folder within a folder may be a holding of its own.
        let nearest =
            std::iter::once(form).chain(places::above(form)).find_map(|form| self.met(&self.holdings, form));
        nearest.unwrap_or_default()
    }

    fn items_at(&self, form: &str, holdings: &[usize]) -> Vec<usize> {
        if let Some(items) = self.met(&self.items, form) {
            return items;
        }
        // As the server names it: below another locator of the same holding.
        for holding in holdings {
            let roots = &self.roots[*holding];
            let rest =
                roots.iter().skip(1).find_map(|root| form.strip_prefix(root.as_str())?.strip_prefix('/'));
            let Some((rest, first)) = rest.zip(roots.first()) else { continue };
            if let Some(items) = self.met(&self.items, &format!("{first}/{rest}")) {
                return items;
            }
        }
        Vec::new()
    }

    fn met(&self, among: &BTreeMap<String, Vec<usize>>, form: &str) -> Option<Vec<usize>> {
        let plain = among.get(form);
        plain.or_else(|| among.get(&format!("digest:{}", self.digest?(form)))).cloned()
    }
}

/// The keys of a place: its form, and the digest of its plain form where that is masked.
fn keys(place: &Place, form: &str) -> impl Iterator<Item = String> {
    let digest = place.digest.as_ref().map(|digest| format!("digest:{digest}"));
    std::iter::once(form.to_owned()).chain(digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::{Given, Spy, import};
    use assize_model::Protected;

    fn digest(text: &str) -> String {
        crate::register::Veil::digest(&Spy::default(), text)
    }

    fn register() -> Register {
        let files = [
            (
                "holdings.csv",
                "holding_id,title,kind,locators\n\
                H-1,Statements,folder,\\\\FS01\\Cases\\CT\\Statements; \\\\FS01\\D$\\Shares\\Cases\\CT\\Statements\n\
                H-2,Routes,folder,\\\\FS01\\Cases\\CT\\Statements\\Routes\n\
                H-3,Inbox,mailbox,a.b@court.example:\\Inbox\nH-4,Inbox,mailbox,c.d@court.example:\\Inbox\n\
                H-5,Filings,dms_library,dms:CT Filings\n",
            ),
            (
                "items.csv",
                "item_id,holding_id,locator,title,bytes,subjects\n\
                M-1,H-1,\\\\FS01\\Cases\\CT\\Statements\\P-1 statement.docx,,1,P-1\n\
                M-2,H-2,\\\\FS01\\Cases\\CT\\Statements\\Routes\\Haiduk route.docx,,1,P-1\n\
                M-3,H-3,<1@court.example>,,1,\nM-4,H-4,<1@court.example>,,1,\nM-5,H-5,CT-0001,,1,\n",
            ),
            (
                "subjects.json",
                "[{\"subject_id\":\"P-1\",\"type\":\"individual\",\"identity\":{\"name\":\"Olena Haiduk\"}}]",
            ),
        ];
        let files: Vec<Given> = files
            .iter()
            .map(|(name, text)| Given { name: (*name).to_owned(), text: Protected::new((*text).to_owned()) })
            .collect();
        import(&files, &mut Spy::default()).register
    }

    #[test]
    fn an_object_is_met_however_it_is_written() {
        let register = register();
        let index = Index::of(&register, Some(&digest));
        let keys = |object: &str, host, within| {
            let found = index.find(object, host, within);
            let items: Vec<&str> =
                found.items.iter().map(|item| register.items[*item].key.as_str()).collect();
            let holdings: Vec<&str> =
                found.holdings.iter().map(|h| register.holdings[*h].key.as_str()).collect();
            format!("{} in {}", items.join(" "), holdings.join(" "))
        };
        assert_eq!(
            keys(r"\\fs01.court.example\CASES\ct\statements\p-1%20STATEMENT.docx", None, None),
            "M-1 in H-1"
        );
        assert_eq!(
            keys(r"D:\Shares\Cases\CT\Statements\P-1 statement.docx", Some("FS01"), None),
            "M-1 in H-1"
        );
        assert_eq!(
            keys(r"\\FS01\Cases\CT\Statements\Routes\Haiduk route.docx", None, None),
            "M-2 in H-2",
            "by digest"
        );
        // As evidence has it once it is masked: the register was masked alike.
        let route = register.items.iter().find(|item| item.key == "M-2").unwrap();
        assert!(route.locators[0].text.contains('⟦'));
        assert_eq!(keys(&route.locators[0].text, None, None), "M-2 in H-2", "masked");
        assert_eq!(
            keys(r"\\FS01\Cases\CT\Statements\new.docx", None, None),
            " in H-1",
            "a record nobody listed"
        );
        assert_eq!(keys("<1@Court.Example>", None, Some(r"C.D@court.example:\Inbox")), "M-4 in H-4");
        assert_eq!(keys("<1@court.example>", None, None), "M-3 M-4 in H-3 H-4");
        assert_eq!(keys("ct-0001", None, None), "M-5 in H-5");
        assert_eq!(keys(r"\\FS01\HR\x", None, None), " in ");
        assert!(Index::is_blind(&register, None));
    }

    #[test]
    fn containers_carry_to_what_lies_below_them() {
        let register = register();
        let index = Index::of(&register, Some(&digest));
        let below = |object: &str, host, direct| {
            let found = index.find(object, host, None);
            let items = index.below(&found.form, &found.holdings, direct);
            items.iter().map(|item| register.items[*item].key.clone()).collect::<Vec<_>>()
        };
        assert_eq!(below(r"D:\Shares\Cases\CT\Statements", Some("FS01"), true), ["M-1"]);
        assert_eq!(below(r"a.b@court.example:\Inbox", None, true), ["M-3"]);
        assert_eq!(below(r"\\FS01\Cases\CT\Statements\Routes", None, false), ["M-2"]);
        assert_eq!(below("dms:CT Filings", None, false), ["M-5"]);
        assert_eq!(index.hosts(0), ["fs01"]);
    }
}
