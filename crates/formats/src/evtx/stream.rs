//! What are the fields of XML that stands in a record itself, token by token?
//!
//! Some providers hand over finished XML (certificate checks, rendered logs): there is no template that
//! many records share and so nothing to make a program of. The tokens are told to the row as they
//! come. Names are given by the rules of `program`.

use std::rc::Rc;

use super::cursor::{Broken, Cursor};
use super::names::Placed;
use super::program::{self, Inside, instance_into, prefixed};
use super::run::{Decoder, Row, WIDER};
use super::value::{self, Out, kind};
use super::wants::EVERYTHING;

/// An element whose end was not met yet.
struct Open {
    placed: Rc<Placed>,
    kind: program::Kind,
    has_children: bool,
    /// Where its text begins among the texts that are open, and of how many pieces it is.
    text: usize,
    pieces: usize,
}

/// An attribute whose value is being read.
struct Attribute {
    placed: Rc<Placed>,
    pieces: usize,
}

/// One stream of tokens.
pub(super) struct Stream<'d, 'c> {
    decoder: &'d mut Decoder,
    chunk: &'c [u8],
    depth: usize,
    inside: Inside,
    open: Vec<Open>,
    /// Whether we are in the start tag of the last of them.
    in_start: bool,
    attribute: Option<Attribute>,
    /// The texts of what is open, the innermost last.
    texts: Out,
}

impl<'d, 'c> Stream<'d, 'c> {
    pub(super) fn of(decoder: &'d mut Decoder, chunk: &'c [u8], inside: Inside, depth: usize) -> Self {
        let texts = decoder.lend();
        Self { decoder, chunk, depth, inside, open: Vec::new(), in_start: false, attribute: None, texts }
    }

    /// Adds its fields to the row.
    pub(super) fn tell(mut self, cursor: Cursor<'_>, row: &mut Row) -> Result<(), Broken> {
        let told = self.tokens(cursor, row);
        self.texts.truncate(0);
        self.decoder.give_back(self.texts);
        told
    }

    fn tokens(&mut self, mut cursor: Cursor<'_>, row: &mut Row) -> Result<(), Broken> {
        while !cursor.is_done() {
            self.decoder.steps += 1;
            self.decoder.limit(row, self.texts.len())?;
            match cursor.u8()? {
                0x00 => break,
                token @ (0x01 | 0x41) => self.open_element(&mut cursor, token == 0x41)?,
                0x02 => self.close_start(&cursor, row)?,
                0x03 => {
                    self.close_start(&cursor, row)?;
                    self.close_element(&cursor, row)?;
                }
                0x04 => self.close_element(&cursor, row)?,
                0x05 | 0x45 => self.value(&mut cursor, row)?,
                0x06 | 0x46 => self.attribute(&mut cursor, row)?,
                0x07 | 0x47 => {
                    let units = cursor.u16()?;
                    let text = cursor.take(2 * usize::from(units))?;
                    self.piece(|out| value::text(out, text));
                }
                0x08 | 0x48 => {
                    let character = program::character(cursor.u16()?);
                    self.piece(|out| out.push(character.encode_utf8(&mut [0; 4]).as_bytes()));
                }
                0x09 | 0x49 => {
                    let name = self.name(&mut cursor)?;
                    self.piece(|out| program::entity(out, &name.full));
                }
                // A processing instruction says nothing about the event.
                0x0a => drop(self.name(&mut cursor)?),
                0x0b => {
                    let units = cursor.u16()?;
                    cursor.take(2 * usize::from(units))?;
                }
                0x0c => self.instance(&mut cursor, row)?,
                0x0d | 0x0e => return cursor.broken("the place of a value outside a template"),
                0x0f => drop(cursor.take(3)?),
                _ => {
                    cursor.at -= 1;
                    return cursor.broken("a token that binary XML does not have");
                }
            }
        }
        if self.open.is_empty() { Ok(()) } else { cursor.broken("binary XML ends inside an element") }
    }

    fn name(&mut self, cursor: &mut Cursor<'_>) -> Result<Rc<Placed>, Broken> {
        self.decoder.names.read(self.chunk, cursor)
    }

    fn open_element(&mut self, cursor: &mut Cursor<'_>, has_attributes: bool) -> Result<(), Broken> {
        if self.in_start {
            return cursor.broken("an element inside the start tag of another");
        }
        if self.open.len() >= program::DEPTH_MAX {
            return cursor.broken("elements nested deeper than 64");
        }
        cursor.u32()?;
        let placed = self.name(cursor)?;
        if has_attributes {
            cursor.u32()?;
        }
        let inside_of = match self.open.last_mut() {
            Some(parent) => {
                parent.has_children = true;
                parent.kind.inside
            }
            None => self.inside,
        };
        let kind = self.decoder.names.kind(&placed, inside_of);
        self.open.push(Open { placed, kind, has_children: false, text: self.texts.len(), pieces: 0 });
        self.in_start = true;
        Ok(())
    }

    fn attribute(&mut self, cursor: &mut Cursor<'_>, row: &mut Row) -> Result<(), Broken> {
        let placed = self.name(cursor)?;
        if !self.in_start {
            return cursor.broken("an attribute outside a start tag");
        }
        self.end_attribute(row)?;
        self.attribute = Some(Attribute { placed, pieces: 0 });
        Ok(())
    }

    /// Makes a field of the attribute that was read, if it says something.
    fn end_attribute(&mut self, row: &mut Row) -> Result<(), Broken> {
        let Some(attribute) = self.attribute.take() else { return Ok(()) };
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        let text = &self.texts.bytes()[open.text..];
        let names = &mut self.decoder.names;
        if text.is_empty() || attribute.placed.full.starts_with("xmlns") {
            self.texts.truncate(open.text);
            return Ok(());
        }
        let key = &*attribute.placed.local;
        if key == "Name" && open.kind.is_data {
            open.kind.name = names.number_of(&prefixed(&String::from_utf8_lossy(text), open.kind.inside_of));
        } else {
            let name = names.attribute(&open.placed, &attribute.placed, open.kind.inside_of);
            self.decoder.field(row, name, text, attribute.pieces)?;
        }
        self.texts.truncate(open.text);
        Ok(())
    }

    fn close_start(&mut self, cursor: &Cursor<'_>, row: &mut Row) -> Result<(), Broken> {
        if !std::mem::take(&mut self.in_start) {
            return cursor.broken("the end of a start tag without its beginning");
        }
        self.end_attribute(row)
    }

    fn close_element(&mut self, cursor: &Cursor<'_>, row: &mut Row) -> Result<(), Broken> {
        let Some(open) = self.open.pop().filter(|_| !self.in_start) else {
            return cursor.broken("the end of an element that did not begin");
        };
        let text = &self.texts.bytes()[open.text..];
        // White space is lay-out in an element that holds others.
        let is_field = if open.has_children || open.kind.drop_blank { !value::is_blank(text) } else { true };
        if is_field {
            self.decoder.field(row, open.kind.name, text, open.pieces)?;
        }
        self.texts.truncate(open.text);
        Ok(())
    }

    /// A value that is fixed in the stream.
    fn value(&mut self, cursor: &mut Cursor<'_>, row: &mut Row) -> Result<(), Broken> {
        match cursor.u8()? {
            kind::STRING => {
                let units = cursor.u16()?;
                let text = cursor.take(2 * usize::from(units))?;
                self.piece(|out| value::text(out, text));
            }
            kind::FRAGMENT => {
                let size = usize::from(cursor.u16()?);
                let start = cursor.at;
                cursor.take(size)?;
                let Some(open) = self.open.last_mut().filter(|_| !self.in_start) else {
                    return cursor.broken("a fragment inside a start tag");
                };
                open.has_children = true;
                if size > 0 {
                    let inside = open.kind.inside;
                    self.decoder.fragment(self.chunk, start, start + size, inside, self.depth + 1, row)?;
                }
            }
            kind => {
                let Some(width) = value::width(kind) else {
                    return cursor.broken("a fixed value of a type that does not say its size");
                };
                let (bytes, code_page) = (cursor.take(width)?, self.decoder.code_page);
                self.piece(|out| value::write(out, kind, bytes, code_page));
            }
        }
        Ok(())
    }

    /// Adds text to the attribute or element that is being read.
    fn piece(&mut self, write: impl FnOnce(&mut Out)) {
        let Some(open) = self.open.last_mut() else { return };
        let pieces = match &mut self.attribute {
            Some(attribute) => &mut attribute.pieces,
            None if self.in_start => return,
            None => &mut open.pieces,
        };
        let before = self.texts.len();
        write(&mut self.texts);
        *pieces += usize::from(self.texts.len() > before);
    }

    fn instance(&mut self, cursor: &mut Cursor<'_>, row: &mut Row) -> Result<(), Broken> {
        if self.in_start {
            return cursor.broken("a template instance inside a template or a start tag");
        }
        let inside = match self.open.last_mut() {
            Some(open) => {
                open.has_children = true;
                open.kind.inside
            }
            None => self.inside,
        };
        self.decoder.instance(self.chunk, cursor, inside, self.depth + 1, row)
    }
}

impl Decoder {
    /// Adds a field of that name if it is wanted.
    fn field(&mut self, row: &mut Row, name: u32, text: &[u8], pieces: usize) -> Result<(), Broken> {
        if self.set == EVERYTHING || self.is_wanted(name) {
            row.add(name, |out| out.push(text));
        }
        if pieces > 1 && self.screened {
            // A word may stand across them, where it was not found.
            return Err(Broken { at: 0, what: WIDER });
        }
        Ok(())
    }

    /// An instance of a template after its token.
    fn instance(
        &mut self,
        chunk: &[u8],
        cursor: &mut Cursor<'_>,
        inside: Inside,
        depth: usize,
        row: &mut Row,
    ) -> Result<(), Broken> {
        let base = self.values.len();
        let (template, definition) = instance_into(cursor, &mut self.values)?;
        let program = self.template(chunk, template, definition, inside, row)?;
        let program = self.wished(program)?;
        self.run(chunk, &program, base, depth, row)?;
        self.values.truncate(base);
        Ok(())
    }
}
