//! What is the XML of one record?
//!
//! The slow way, for people who want to see a record and as judge over `run`: tokens become a tree,
//! values are put into it, the tree is written. It shares with the fast way how bytes are taken and
//! how a value reads as text, not how a template is understood.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::chunk::Record;
use super::cursor::{Broken, Cursor};
use super::program::{Value, instance_into};
use super::value::{self, kind};

const DEPTH_MAX: usize = 64;
/// Elements of one record; see `run` for why there is a bound.
const ELEMENTS_MAX: usize = 1 << 17;

/// The XML of a record, indented. `others` are chunks of which a template may be taken.
pub(super) fn xml(chunk: &[u8], record: Record, others: &[&[u8]]) -> Result<String, Broken> {
    let mut builder = Builder { chunk, others, elements: 0 };
    let (from, to) = record.content();
    let tokens = builder.tokens(Cursor::new(chunk, from, to), false, 0)?;
    let nodes = builder.fill(&tokens, &[], None, 0)?;
    let mut out = String::new();
    nodes.iter().for_each(|node| write_node(&mut out, node, 0));
    Ok(out)
}

/// What a stream of tokens says, with places instead of values.
enum Token {
    Element { name: String, dependency: u16, attributes: Vec<(String, Vec<Token>)>, children: Vec<Token> },
    Text(String),
    Place(u16),
    Fragment(usize, usize),
    Instance { template: u32, definition: u32, values: Vec<Value> },
}

/// XML without places.
enum Node {
    Element { name: String, attributes: Vec<(String, String)>, children: Vec<Node> },
    Text(String),
}

struct Builder<'c> {
    chunk: &'c [u8],
    others: &'c [&'c [u8]],
    elements: usize,
}

/// The value of a list that stands for the list.
type Item<'a> = Option<(u16, u8, &'a [u8])>;

impl Builder<'_> {
    fn tokens(&mut self, mut cursor: Cursor<'_>, template: bool, depth: usize) -> Result<Vec<Token>, Broken> {
        let mut found = Vec::new();
        while !cursor.is_done() {
            match self.token(&mut cursor, template, depth)? {
                Some(token) => found.push(token),
                None => break,
            }
        }
        Ok(found)
    }

    /// The next token; `None` at the end of the stream or of an element.
    fn token(
        &mut self,
        cursor: &mut Cursor<'_>,
        template: bool,
        depth: usize,
    ) -> Result<Option<Token>, Broken> {
        loop {
            let token = cursor.u8()?;
            return Ok(Some(match token & 0xbf {
                0x00 | 0x04 => return Ok(None),
                0x01 => self.element(cursor, template, token & 0x40 != 0, depth)?,
                0x05 => fixed_value(cursor)?,
                0x07 => Token::Text(counted_text(cursor)?),
                0x08 => {
                    let unit = u32::from(cursor.u16()?);
                    Token::Text(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER).to_string())
                }
                0x09 => Token::Text(entity(&self.name(cursor)?)),
                0x0a => {
                    self.name(cursor)?;
                    continue;
                }
                0x0b => {
                    counted_text(cursor)?;
                    continue;
                }
                0x0c => {
                    let mut values = Vec::new();
                    let (template, definition) = instance_into(cursor, &mut values)?;
                    Token::Instance { template, definition, values }
                }
                0x0d | 0x0e => {
                    let place = cursor.u16()?;
                    cursor.u8()?;
                    Token::Place(place)
                }
                0x0f => {
                    cursor.take(3)?;
                    continue;
                }
                _ => return cursor.broken("a token that binary XML does not have"),
            }));
        }
    }

    fn element(
        &mut self,
        cursor: &mut Cursor<'_>,
        template: bool,
        has_attributes: bool,
        depth: usize,
    ) -> Result<Token, Broken> {
        if depth > DEPTH_MAX {
            return cursor.broken("elements nested deeper than 64");
        }
        let dependency = if template { cursor.u16()? } else { 0xffff };
        cursor.u32()?;
        let name = self.name(cursor)?;
        if has_attributes {
            cursor.u32()?;
        }
        let mut attributes: Vec<(String, Vec<Token>)> = Vec::new();
        loop {
            let before = *cursor;
            match cursor.u8()? {
                0x02 => break,
                0x03 => return Ok(Token::Element { name, dependency, attributes, children: Vec::new() }),
                0x06 | 0x46 => attributes.push((self.name(cursor)?, Vec::new())),
                _ => {
                    *cursor = before;
                    let Some(token) = self.token(cursor, template, depth)? else {
                        return cursor.broken("binary XML ends inside a start tag");
                    };
                    if let Some((_, parts)) = attributes.last_mut() {
                        parts.push(token);
                    }
                }
            }
        }
        let mut children = Vec::new();
        while let Some(child) = self.token(cursor, template, depth + 1)? {
            children.push(child);
        }
        Ok(Token::Element { name, dependency, attributes, children })
    }

    fn name(&self, cursor: &mut Cursor<'_>) -> Result<String, Broken> {
        let offset = cursor.u32()? as usize;
        let here = offset == cursor.at;
        let mut at = if here { *cursor } else { Cursor::new(self.chunk, offset, self.chunk.len()) };
        at.take(4)?;
        let hash = at.u16()?;
        let before = at;
        let name = counted_text(&mut at)?;
        at.u16()?;
        let text = self.chunk.get(before.at + 2..at.at - 2).unwrap_or_default();
        if name.is_empty() || super::names::name_hash(text) != hash {
            return cursor.broken("a name that does not agree with its hash");
        }
        if here {
            cursor.at = at.at;
        }
        Ok(name)
    }

    fn fill(
        &mut self,
        tokens: &[Token],
        values: &[Value],
        item: Item<'_>,
        depth: usize,
    ) -> Result<Vec<Node>, Broken> {
        let mut nodes = Vec::new();
        for token in tokens {
            self.elements += 1;
            if depth > DEPTH_MAX || self.elements > ELEMENTS_MAX {
                return Err(Broken { at: 0, what: super::run::LIMIT });
            }
            match token {
                Token::Text(text) => nodes.push(Node::Text(text.clone())),
                Token::Place(number) => self.place(*number, values, item, depth, &mut nodes)?,
                Token::Fragment(from, to) => nodes.extend(self.fragment(*from, *to, depth + 1)?),
                Token::Instance { template, definition, values } => {
                    nodes.extend(self.instance(*template, *definition, values, depth + 1)?);
                }
                Token::Element { dependency, .. } => {
                    let value = values.get(usize::from(*dependency));
                    // The outermost element of a template has nothing to be left out of.
                    if depth > 0 && *dependency != 0xffff && value.is_some_and(|v| v.kind == kind::NULL) {
                        continue;
                    }
                    self.filled_element(token, values, depth, &mut nodes)?;
                }
            }
        }
        Ok(nodes)
    }

    /// An element, as many times as a list in it has values.
    fn filled_element(
        &mut self,
        token: &Token,
        values: &[Value],
        depth: usize,
        nodes: &mut Vec<Node>,
    ) -> Result<(), Broken> {
        let Token::Element { name, attributes, children, .. } = token else { return Ok(()) };
        let places = children.iter().chain(attributes.iter().flat_map(|(_, parts)| parts));
        let only_texts = children.iter().all(|child| !matches!(child, Token::Element { .. }));
        let list = places.filter_map(|token| match token {
            Token::Place(number) => Some((*number, *values.get(usize::from(*number))?)),
            _ => None,
        });
        let list =
            list.into_iter().find(|(_, value)| value.kind & kind::LIST != 0 && value.start < value.end);
        let items: Vec<Item<'_>> = match list.filter(|_| only_texts) {
            Some((number, value)) => value::items(value.kind, value.bytes(self.chunk))
                .into_iter()
                .map(|(kind, bytes)| Some((number, kind, bytes)))
                .collect(),
            None => vec![None],
        };
        for item in items {
            let mut filled = Vec::new();
            for (name, parts) in attributes {
                let text = text_of(&self.fill(parts, values, item, depth + 1)?);
                if !text.is_empty() {
                    filled.push((name.clone(), text));
                }
            }
            let children = self.fill(children, values, item, depth + 1)?;
            nodes.push(Node::Element { name: name.clone(), attributes: filled, children });
        }
        Ok(())
    }

    fn place(
        &mut self,
        number: u16,
        values: &[Value],
        item: Item<'_>,
        depth: usize,
        nodes: &mut Vec<Node>,
    ) -> Result<(), Broken> {
        let mut text = String::new();
        if let Some((_, kind, bytes)) = item.filter(|(list, ..)| *list == number) {
            text = value::told(kind, bytes, encoding_rs::WINDOWS_1252);
        } else if let Some(value) = values.get(usize::from(number)) {
            if value.kind == kind::FRAGMENT {
                nodes.extend(self.fragment(value.start as usize, value.end as usize, depth + 1)?);
                return Ok(());
            }
            text = value::told(value.kind, value.bytes(self.chunk), encoding_rs::WINDOWS_1252);
        }
        nodes.push(Node::Text(text));
        Ok(())
    }

    fn fragment(&mut self, from: usize, to: usize, depth: usize) -> Result<Vec<Node>, Broken> {
        if depth > DEPTH_MAX {
            return Err(Broken { at: from, what: "fragments nested too deep" });
        }
        let tokens = self.tokens(Cursor::new(self.chunk, from, to), false, depth)?;
        self.fill(&tokens, &[], None, depth)
    }

    fn instance(
        &mut self,
        template: u32,
        definition: u32,
        values: &[Value],
        depth: usize,
    ) -> Result<Vec<Node>, Broken> {
        let own = self.definition(self.chunk, template, definition as usize);
        let tokens = match own {
            Ok(tokens) => tokens,
            Err(broken) => self.of_others(template).ok_or(broken)?,
        };
        // Depth 0 within: the outermost element of a template is always there.
        let [root @ Token::Element { .. }, ..] = &tokens[..] else {
            return self.fill(&tokens, values, None, depth);
        };
        let mut nodes = Vec::new();
        self.filled_element(root, values, depth, &mut nodes)?;
        Ok(nodes)
    }

    fn definition(&mut self, chunk: &[u8], template: u32, at: usize) -> Result<Vec<Token>, Broken> {
        let mut cursor = Cursor::new(chunk, at, chunk.len());
        let header = cursor.take(24)?;
        if header[4..8] != template.to_le_bytes() {
            return cursor.broken("another template, or none, where the record's should be");
        }
        let size = u32::from_le_bytes([header[20], header[21], header[22], header[23]]) as usize;
        cursor.take(size)?;
        self.tokens(Cursor::new(chunk, cursor.at - size, cursor.at), true, 0)
    }

    /// The template by its number, wherever in the other chunks it is defined: names are offsets
    /// there, so they are read with that chunk at hand.
    fn of_others(&mut self, template: u32) -> Option<Vec<Token>> {
        let mut found: BTreeMap<usize, Vec<Token>> = BTreeMap::new();
        for (number, other) in self.others.iter().enumerate() {
            let mark = template.to_le_bytes();
            let places = memchr::memmem::find_iter(other, &mark).map(|at| at.checked_sub(4));
            for at in places.flatten() {
                let mut there = Builder { chunk: other, others: &[], elements: 0 };
                if let Ok(tokens) = there.definition(other, template, at) {
                    found.entry(number).or_insert(tokens);
                }
            }
        }
        found.into_values().next_back()
    }
}

fn counted_text(cursor: &mut Cursor<'_>) -> Result<String, Broken> {
    let units = cursor.u16()?;
    // Not the block-wise way of `value::text`: this is its judge.
    let text = value::until_nul(cursor.take(2 * usize::from(units))?);
    let units: Vec<u16> = text.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    Ok(String::from_utf16_lossy(&units))
}

fn fixed_value(cursor: &mut Cursor<'_>) -> Result<Token, Broken> {
    let kind = cursor.u8()?;
    if kind == kind::STRING {
        return Ok(Token::Text(counted_text(cursor)?));
    }
    if kind == kind::FRAGMENT {
        let size = usize::from(cursor.u16()?);
        cursor.take(size)?;
        return Ok(Token::Fragment(cursor.at - size, cursor.at));
    }
    let Some(width) = value::width(kind) else {
        return cursor.broken("a fixed value of a type that does not say its size");
    };
    Ok(Token::Text(value::told(kind, cursor.take(width)?, encoding_rs::WINDOWS_1252)))
}

fn entity(name: &str) -> String {
    match name {
        "lt" => "<".into(),
        "gt" => ">".into(),
        "amp" => "&".into(),
        "quot" => "\"".into(),
        "apos" => "'".into(),
        other => format!("&{other};"),
    }
}

/// The text of nodes that stand in an attribute.
fn text_of(nodes: &[Node]) -> String {
    let texts = nodes.iter().map(|node| match node {
        Node::Text(text) => text.as_str(),
        Node::Element { .. } => "",
    });
    texts.collect()
}

fn write_node(out: &mut String, node: &Node, depth: usize) {
    match node {
        Node::Text(text) => escaped(out, text),
        Node::Element { name, attributes, children } => {
            let indent = 2 * depth;
            if !out.is_empty() && !out.ends_with('\n') {
                out.push('\n');
            }
            // Writing to a String does not fail.
            let _ = write!(out, "{:indent$}<{name}", "");
            for (name, value) in attributes {
                let _ = write!(out, " {name}=\"");
                escaped(out, value);
                out.push('"');
            }
            if children.iter().all(|child| matches!(child, Node::Text(text) if text.is_empty())) {
                out.push_str("/>\n");
                return;
            }
            out.push('>');
            children.iter().for_each(|child| write_node(out, child, depth + 1));
            let holds_elements = children.iter().any(|child| matches!(child, Node::Element { .. }));
            if holds_elements {
                let _ = write!(out, "{:indent$}", "");
            }
            let _ = writeln!(out, "</{name}>");
        }
    }
}

/// Characters that XML cannot hold are written as references all the same: this XML is shown, and
/// a changed character would be a changed record.
fn escaped(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(character),
            c if (c as u32) < 0x20 || c == '\r' => {
                let _ = write!(out, "&#x{:x};", c as u32);
            }
            c => out.push(c),
        }
    }
}
