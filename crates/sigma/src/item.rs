//! What does one line of a selection ask: a field, its modifiers, its values?
//!
//! Modifiers are applied in the order written (rules specification 2.1, "Value Modifiers"). Those
//! that change the kind of a value (`re cidr exists fieldref lt … hour …`) stand alone but for
//! their own companions, as in pySigma; those that change a text may be chained. `all` and `neq`
//! speak of the list as a whole, and `expand` replaces placeholders before anything else is done.
//!
//! | form | modifiers |
//! |---|---|
//! | text | any of `contains startswith endswith windash wide utf16le utf16be utf16 base64 base64offset cased`, in any number |
//! | regex | `re`, then any of `i m s` |
//! | network | `cidr` |
//! | existence | `exists` |
//! | field | `fieldref`, then one of `contains startswith endswith`, and `cased` |
//! | number | one of `lt lte gt gte` |
//! | time | one of `minute hour day week month year`, then at most one of `lt lte gt gte` |

use rsigma_parser::{FieldSpec, Modifier, SigmaParserError, parse_field_spec};
use yaml_serde::Value;

use crate::condition::{FieldTest, Place, Relation};
use crate::detection::Unfit;
use crate::draft::Draft;
use crate::pattern::{self, Flags};
use crate::placeholder::Placeholders;
use crate::{Atom, Condition, Network, Number, Part, Test};

/// The condition that a key (`CommandLine|contains|all`) and its value state.
pub(crate) fn item(key: &str, value: &Value, known: &Placeholders) -> Result<Condition, Unfit> {
    let spec = parse_field_spec(key).map_err(|error| Unfit::at(key, words(&error)))?;
    let name = key.split('|').next().unwrap_or_default();
    if spec.name.is_none() && (key.is_empty() || name == ".") {
        return Err(Unfit::at(key, "field without a name"));
    }
    let values = values(value).map_err(|reason| Unfit::at(key, format!("{reason} ({key})")))?;
    let item =
        Item { field: spec.name.clone(), form: Form::of(&spec).map_err(|reason| Unfit::at(key, reason))? };
    let expanded = if spec.has_modifier(Modifier::Expand) {
        Some(expanded(&values, known).map_err(|reason| Unfit::at(key, reason))?)
    } else {
        None
    };
    let values = match &expanded {
        Some(texts) => texts.iter().map(|text| Scalar::Text(text)).collect(),
        None => values,
    };
    let mut parts = Vec::new();
    for value in &values {
        parts.push(item.compile(value).map_err(|reason| Unfit::at(key, format!("{reason} ({key})")))?);
    }
    let is_all = spec.has_modifier(Modifier::All);
    let condition = if is_all { Condition::all(parts) } else { Condition::any(parts) };
    let is_negated = spec.has_modifier(Modifier::Neq);
    Ok(if is_negated { Condition::Not(Box::new(condition)) } else { condition })
}

/// The texts that stand for the values, all placeholders replaced.
fn expanded(values: &[Scalar<'_>], known: &Placeholders) -> Result<Vec<String>, String> {
    let mut texts = Vec::new();
    for value in values {
        let Scalar::Text(text) = value else { return Err("`expand` needs a text".into()) };
        texts.extend(known.expand(text)?);
    }
    Ok(texts)
}

/// The condition that a keyword without a field states.
pub(crate) fn keyword(value: &Value) -> Result<Condition, Unfit> {
    let item = Item { field: None, form: Form::Text(Vec::new()) };
    let value = scalar(value).map_err(|reason| Unfit::anywhere(format!("keyword: {reason}")))?;
    item.compile(&value).map_err(|reason| Unfit::anywhere(format!("keyword: {reason}")))
}

fn words(error: &SigmaParserError) -> String {
    match error {
        SigmaParserError::UnknownModifier(modifier) => format!("unknown modifier `{modifier}`"),
        SigmaParserError::NotIsNotAModifier => "unknown modifier `not`".into(),
        other => other.to_string(),
    }
}

/// A single value of a rule.
enum Scalar<'a> {
    Text(&'a str),
    Number(Number),
    Bool(bool),
    Null,
}

fn values(value: &Value) -> Result<Vec<Scalar<'_>>, String> {
    match value {
        Value::Sequence(list) if list.is_empty() => Err("empty list of values".into()),
        Value::Sequence(list) => list.iter().map(scalar).collect(),
        value => Ok(vec![scalar(value)?]),
    }
}

fn scalar(value: &Value) -> Result<Scalar<'_>, String> {
    match value {
        Value::String(text) => Ok(Scalar::Text(text)),
        Value::Bool(bool) => Ok(Scalar::Bool(*bool)),
        Value::Null => Ok(Scalar::Null),
        Value::Number(number) => {
            Number::of_yaml(number).map(Scalar::Number).ok_or_else(|| "number is not finite".into())
        }
        Value::Sequence(_) => Err("a list stands where a value is expected".into()),
        Value::Mapping(_) => Err("a map stands where a value is expected".into()),
        Value::Tagged(_) => Err("a tagged value stands where a plain one is expected".into()),
    }
}

/// Into what kind of comparison the modifiers turn a value.
enum Form {
    Text(Vec<Modifier>),
    Regex(Flags),
    Network,
    Existence,
    Field { place: Place, cased: bool },
    Compare(Relation),
    Time(Part, Relation),
}

impl Form {
    fn of(spec: &FieldSpec) -> Result<Self, String> {
        use Modifier::{All, Cidr, Exists, Expand, FieldRef, Neq, Re};
        let is_of_value = |one: &&Modifier| !matches!(one, All | Neq | Expand);
        let modifiers: Vec<Modifier> = spec.modifiers.iter().filter(is_of_value).copied().collect();
        let (first, rest) = match modifiers.split_first() {
            Some((first, rest)) => (*first, rest),
            None => return Ok(Self::Text(Vec::new())),
        };
        let form = match first {
            Re => flags(rest).map(Self::Regex),
            Cidr => rest.is_empty().then_some(Self::Network),
            Exists => rest.is_empty().then_some(Self::Existence),
            FieldRef => field_form(rest),
            one => match (relation(one), part(one), rest) {
                (Some(relation), _, []) => Some(Self::Compare(relation)),
                (_, Some(part), []) => Some(Self::Time(part, Relation::Equal)),
                (_, Some(part), [only]) => relation(*only).map(|relation| Self::Time(part, relation)),
                (None, None, _) => modifiers.iter().all(is_textual).then_some(Self::Text(modifiers)),
                _ => None,
            },
        };
        let form = form.ok_or("modifiers that do not go together")?;
        match (&spec.name, &form) {
            (None, Self::Text(chain)) if !chain.iter().any(is_anchored) => Ok(form),
            (None, Self::Regex(_)) | (Some(_), _) => Ok(form),
            (None, _) => Err("modifier that needs a field".into()),
        }
    }
}

fn flags(modifiers: &[Modifier]) -> Option<Flags> {
    let mut flags = Flags::default();
    for modifier in modifiers {
        match modifier {
            Modifier::IgnoreCase => flags.ignore_case = true,
            Modifier::Multiline => flags.multi_line = true,
            Modifier::DotAll => flags.dot_all = true,
            _ => return None,
        }
    }
    Some(flags)
}

fn field_form(modifiers: &[Modifier]) -> Option<Form> {
    let (mut place, mut cased) = (Place::Whole, false);
    for modifier in modifiers {
        match modifier {
            Modifier::Cased => cased = true,
            Modifier::StartsWith if place == Place::Whole => place = Place::Start,
            Modifier::EndsWith if place == Place::Whole => place = Place::End,
            Modifier::Contains if place == Place::Whole => place = Place::Inside,
            _ => return None,
        }
    }
    Some(Form::Field { place, cased })
}

fn relation(modifier: Modifier) -> Option<Relation> {
    match modifier {
        Modifier::Lt => Some(Relation::Less),
        Modifier::Lte => Some(Relation::LessOrEqual),
        Modifier::Gt => Some(Relation::Greater),
        Modifier::Gte => Some(Relation::GreaterOrEqual),
        _ => None,
    }
}

fn part(modifier: Modifier) -> Option<Part> {
    match modifier {
        Modifier::Minute => Some(Part::Minute),
        Modifier::Hour => Some(Part::Hour),
        Modifier::Day => Some(Part::Day),
        Modifier::Week => Some(Part::Week),
        Modifier::Month => Some(Part::Month),
        Modifier::Year => Some(Part::Year),
        _ => None,
    }
}

fn is_textual(modifier: &Modifier) -> bool {
    use Modifier::{
        Base64, Base64Offset, Cased, Contains, EndsWith, StartsWith, Utf16, Utf16be, Wide, WindAsh,
    };
    is_anchored(modifier)
        || matches!(modifier, Contains | Cased | WindAsh | Wide | Utf16 | Utf16be | Base64 | Base64Offset)
        || matches!(modifier, StartsWith | EndsWith)
}

/// A keyword is sought in the whole event, which has no start or end to speak of.
fn is_anchored(modifier: &Modifier) -> bool {
    matches!(modifier, Modifier::StartsWith | Modifier::EndsWith)
}

struct Item {
    field: Option<String>,
    form: Form,
}

impl Item {
    fn compile(&self, value: &Scalar<'_>) -> Result<Condition, String> {
        let test = match (&self.form, value) {
            (Form::Text(chain), Scalar::Text(text)) => return self.texts(chain, text),
            (Form::Text(chain), value) if chain.is_empty() => return self.plain(value),
            (Form::Text(_), _) => return Err("modifier needs a text: put the value in quotes".into()),
            (Form::Regex(flags), Scalar::Text(text)) => Test::Regex(pattern::compile(text, *flags)?),
            (Form::Network, Scalar::Text(text)) => {
                Test::Network(Network::of_text(text).ok_or_else(|| format!("`{text}` is no network"))?)
            }
            (Form::Existence, Scalar::Bool(exists)) => Test::Exists(*exists),
            (Form::Field { place, cased }, Scalar::Text(other)) => {
                Test::Field(FieldTest { other: (*other).to_owned(), place: *place, cased: *cased })
            }
            (Form::Compare(relation), value) => Test::Compare(*relation, number(value)?),
            (Form::Time(part, relation), value) => Test::Time(*part, *relation, number(value)?),
            (Form::Existence, _) => return Err("`exists` needs true or false".into()),
            _ => return Err("modifier needs a text: put the value in quotes".into()),
        };
        Ok(self.atom(test))
    }

    fn atom(&self, test: Test) -> Condition {
        Condition::Atom(Atom { field: self.field.clone(), test })
    }

    /// A value without modifiers that is no text. Truth values are compared as texts: that is
    /// what events hold.
    fn plain(&self, value: &Scalar<'_>) -> Result<Condition, String> {
        match (value, &self.field) {
            (Scalar::Null, None) => Err("null cannot be sought in the whole event".into()),
            (Scalar::Null, Some(_)) => Ok(self.atom(Test::Null)),
            (Scalar::Number(number), Some(_)) => Ok(self.atom(Test::Equal(*number))),
            (Scalar::Number(number), None) => self.texts(&[], &number.to_string()),
            (Scalar::Bool(bool), _) => self.texts(&[], if *bool { "true" } else { "false" }),
            (Scalar::Text(text), _) => self.texts(&[], text),
        }
    }

    fn texts(&self, chain: &[Modifier], text: &str) -> Result<Condition, String> {
        let mut drafts = vec![Draft::of(text)];
        for modifier in chain {
            let mut next = Vec::new();
            for draft in drafts {
                next.extend(draft.modified(*modifier)?);
            }
            drafts = next;
        }
        let cased = chain.contains(&Modifier::Cased);
        let mut atoms = Vec::new();
        for draft in drafts {
            // A keyword is sought anywhere in a value.
            let draft = if self.field.is_none() { draft.contained() } else { draft };
            atoms.push(self.atom(Test::Text(draft.glob(cased)?)));
        }
        Ok(Condition::any(atoms))
    }
}

fn number(value: &Scalar<'_>) -> Result<Number, String> {
    match value {
        Scalar::Number(number) => Some(*number),
        Scalar::Text(text) => Number::of_text(text),
        _ => None,
    }
    .ok_or_else(|| "modifier needs a number".into())
}
