//! What (name, value) pairs does the XML of one Windows event hold?
//!
//! The same names whichever way an event came, those that Sigma rules use: `EventID`, `Channel`,
//! `Provider_Name`, `Execution_ProcessID`, and the names of its own data. What the names mean is
//! `windows`' business.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event as Xml};

use crate::json::Fields;

/// Elements nested deeper than this are hostile.
const DEPTH_MAX: usize = 64;

/// The pairs of an `<Event>` in its order; an error in words where it is not well-formed.
pub(crate) fn pairs(xml: &str) -> Result<Fields, String> {
    let mut reader = Reader::from_str(xml);
    // Event logs of the field hold `<` and `&` only escaped; anything else is damage.
    reader.config_mut().expand_empty_elements = true;
    let mut fields = Fields::new();
    let mut open: Vec<Element> = Vec::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Xml::Start(start) => {
                if open.len() >= DEPTH_MAX {
                    return Err(format!("elements nested deeper than {DEPTH_MAX}"));
                }
                if let Some(parent) = open.last_mut() {
                    parent.has_children = true;
                }
                let element = Element::of(&start, &open, &mut fields)?;
                open.push(element);
            }
            Xml::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text.decode().map_err(|error| error.to_string())?);
                }
            }
            Xml::GeneralRef(entity) => {
                if let Some(element) = open.last_mut() {
                    let name = entity.decode().map_err(|error| error.to_string())?;
                    let character = entity.resolve_char_ref().map_err(|error| error.to_string())?;
                    match character {
                        Some(character) => element.text.push(character),
                        None => element.text.push_str(named_entity(&name)?),
                    }
                }
            }
            Xml::CData(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text.decode().map_err(|error| error.to_string())?);
                }
            }
            Xml::End(_) => {
                if let Some(element) = open.pop() {
                    element.close(&mut fields);
                }
            }
            Xml::Eof => break,
            _ => {}
        }
    }
    Ok(fields)
}

fn named_entity(name: &str) -> Result<&'static str, String> {
    Ok(match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        other => return Err(format!("an entity `{other}` that XML does not define")),
    })
}

/// An element whose end was not met yet.
struct Element {
    /// Name of the pair that its text becomes; `None` for elements that only hold others.
    pair: Option<String>,
    /// Local name.
    name: String,
    text: String,
    has_children: bool,
}

/// Elements that hold others and have no text of their own.
const FRAMES: &[&str] =
    &["Event", "Events", "System", "EventData", "UserData", "RenderingInfo", "ComplexData", "Keywords"];

impl Element {
    fn of(start: &BytesStart<'_>, open: &[Self], fields: &mut Fields) -> Result<Self, String> {
        let name = local_name(start.name().as_ref());
        let inside = |frame: &str| open.iter().any(|element| element.name == frame);
        let is_data = matches!(name.as_str(), "Data" | "ComplexData") && inside("EventData");
        let mut pair = Some(name.clone());
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let key = local_name(attribute.key.as_ref());
            let value = attribute
                .decoded_and_normalized_value(quick_xml::XmlVersion::Implicit1_0, start.decoder())
                .map_err(|error| error.to_string())?;
            if key == "Name" && is_data {
                pair = Some(value.into_owned());
            } else if attribute.key.as_ref().starts_with(b"xmlns") {
                // The namespace says which manifest, which provider and event id say already.
            } else if inside("System") {
                fields.push((system_name(&name, &key), Some(value.into_owned())));
            } else {
                fields.push((format!("{name}_{key}"), Some(value.into_owned())));
            }
        }
        if FRAMES.contains(&name.as_str()) && !is_data && !(name == "Keywords" && inside("System")) {
            pair = None;
        }
        if inside("RenderingInfo") {
            pair = pair.map(|name| format!("RenderingInfo_{name}"));
        }
        Ok(Self { pair, name, text: String::new(), has_children: false })
    }

    fn close(self, fields: &mut Fields) {
        let Some(name) = self.pair else { return };
        // An element that only has attributes (Provider, TimeCreated) says nothing by itself, and
        // white space between children is lay-out.
        let blank = self.text.trim().is_empty();
        let attributes_only = matches!(
            self.name.as_str(),
            "Provider" | "TimeCreated" | "Correlation" | "Execution" | "Security"
        );
        if (self.has_children || attributes_only) && blank {
            return;
        }
        fields.push((name, Some(self.text)));
    }
}

/// Attributes of `System` keep their element's name but for the two that have names of their own.
fn system_name(element: &str, attribute: &str) -> String {
    match (element, attribute) {
        ("TimeCreated", "SystemTime") => "TimeCreated".to_owned(),
        ("EventID", "Qualifiers") => "Qualifiers".to_owned(),
        _ => format!("{element}_{attribute}"),
    }
}

fn local_name(name: &[u8]) -> String {
    let local = name.iter().rposition(|byte| *byte == b':').map_or(name, |colon| &name[colon + 1..]);
    String::from_utf8_lossy(local).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(xml: &str) -> Vec<String> {
        let fields = pairs(xml).unwrap();
        fields.iter().map(|(k, v)| format!("{k}={}", v.as_deref().unwrap_or("∅"))).collect()
    }

    #[test]
    fn system_and_event_data() {
        let xml = r#"<?xml version="1.0"?><Event xmlns="http://x"><System><Provider Name="P" Guid="{1}"/>
            <EventID Qualifiers="16384">7045</EventID><Keywords>0x80</Keywords><TimeCreated SystemTime="2026-09-14 08:00:00 UTC"/>
            <Security UserID="S-1-5-18"/></System>
            <EventData><Data Name="A">1 &lt; 2 &#65;</Data><Data>x</Data><Data>y</Data><Data Name="E"></Data></EventData></Event>"#;
        assert_eq!(
            text(xml),
            [
                "Provider_Name=P",
                "Provider_Guid={1}",
                "Qualifiers=16384",
                "EventID=7045",
                "Keywords=0x80",
                "TimeCreated=2026-09-14 08:00:00 UTC",
                "Security_UserID=S-1-5-18",
                "A=1 < 2 A",
                "Data=x",
                "Data=y",
                "E="
            ]
        );
    }

    #[test]
    fn user_data_by_its_leaves() {
        let xml = "<Event><UserData><LogFileCleared xmlns='u'><SubjectUserName>m</SubjectUserName></LogFileCleared></UserData></Event>";
        assert_eq!(text(xml), ["SubjectUserName=m"]);
    }

    #[test]
    fn hostile_xml_is_an_error() {
        assert!(pairs(&"<a>".repeat(1000)).is_err());
        assert!(pairs("<Event><a>&xxe;</a></Event>").is_err());
        assert!(pairs("<Event></Wrong>").is_err());
    }
}
