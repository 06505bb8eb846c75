//! What has one thread learnt about the log so far, and what does it say of the next event?
//!
//! See `fast` for the steps. Everything kept here is a function of the rules and of bytes met
//! before. When it has grown too large (a log made to have no two events alike) it is all
//! forgotten, and learning begins anew.

use std::collections::BTreeMap;
use std::mem::{size_of, size_of_val};
use std::sync::Arc;

use assize_model::{Hit, Rules, Scan};

use super::class::{Class, Left, Sight, Words};
use super::column::{Deferred, Scratch};
use super::gate::{self, Bits};
use super::memo::{Memo, hash};
use super::probe;
use super::program::Ask;
use super::rows::Rows;
use super::shape::{Shape, Spot};
use super::sign::{Meaning, Signs};
use super::telling::{self, Lowered, Teller};
use super::{Engine, renamed};

/// Longer values are judged anew each time: they rarely repeat, and would push out many short ones.
const VALUE_BYTES_MAX: usize = 4096;
/// What is learnt of each kind before all is forgotten.
const SHAPES_MAX: usize = 4096;
const CLASSES_MAX: usize = 1024;
const VERDICTS_MAX: usize = 1 << 17;
const OPENED_BYTES_MAX: usize = 4 << 20;
/// Bytes of a shape's signature by which it is found.
const SIGNATURE_END: usize = 128;
/// Longer meanings of signs are looked up each time.
const LAST_KEY_MAX: usize = 1 << 10;

/// Verdicts that no matcher gives: no value; null; a value that was not looked at; one about whose text
/// nothing is asked.
const ABSENT: u32 = u32::MAX;
const NULL: u32 = u32::MAX - 1;
const UNSEEN: u32 = u32::MAX - 2;
const PLAIN: u32 = u32::MAX - 3;

/// What a thread has learnt.
pub(crate) struct Worker {
    learnt: Learnt,
    scratch: Scratch,
    lower: Vec<u8>,
    joined: String,
    key: Vec<u8>,
    verdicts: Vec<u32>,
    /// By step of the event at hand, what was seen there already.
    seen: Vec<Option<Seen>>,
    /// The rules that it leaves open, and those that have one of what they need in one column or another.
    open: Vec<u64>,
    hope: Vec<u64>,
}

/// The verdict on a value, and which parts a joined one had.
type Seen = (u32, u32);

struct Learnt {
    /// Kind of log → number of what the table knows of it.
    sources: Memo<u32>,
    kinds: BTreeMap<String, u32>,
    shapes: Memo<u32>,
    all_shapes: Vec<Arc<Shape>>,
    /// Sign and value → number of the meaning.
    signs: Memo<u32>,
    meanings: Interned,
    classes: Memo<u32>,
    all_classes: Vec<Arc<Class>>,
    /// Class and shape → binding.
    bindings: Memo<u32>,
    all_bindings: Vec<Arc<Binding>>,
    /// By binding, step and verdict, what it leaves open; `None` if that was not asked yet.
    opened: Vec<Vec<Vec<Option<Opened>>>>,
    opened_bytes: usize,
    /// Matcher and value → number of the verdict.
    values: Memo<u32>,
    verdicts: Vec<Interned>,
    verdict_count: usize,
    /// Verdicts together → the answer.
    answers: Memo<Option<Arc<[Answer]>>>,
    /// By sign, the value met last and what it means: the next event has mostly the same.
    last_signs: Vec<(Vec<u8>, u32)>,
    /// By shape, what its last event was.
    last_events: Vec<LastEvent>,
    recent: Box<[Recent]>,
}

/// What the last event of a shape was: mostly the next one is no other.
#[derive(Default)]
struct LastEvent {
    /// Empty if there was none, or one whose signs repeat without end.
    key: Vec<u8>,
    class: u32,
    binding: Option<Arc<Binding>>,
}

/// The value that a step of a binding met last, and its verdict. In one line of memory, and compared
/// without a hash; a fifth to a half of the values of real logs repeat so.
#[derive(Clone, Copy)]
struct Recent {
    binding: u32,
    step: u32,
    verdict: u32,
    length: u16,
    bytes: [u8; RECENT_BYTES],
}

/// Longer values are looked up straight away.
const RECENT_BYTES: usize = 50;
const RECENT: usize = 1 << 10;

impl Recent {
    const NONE: Self = Self { binding: u32::MAX, step: 0, verdict: 0, length: 0, bytes: [0; RECENT_BYTES] };
}

/// Lists that each have a number.
#[derive(Default)]
struct Interned {
    numbers: BTreeMap<Arc<[u32]>, u32>,
    lists: Vec<Arc<[u32]>>,
}

impl Interned {
    fn number(&mut self, list: &[u32]) -> u32 {
        if let Some(number) = self.numbers.get(list) {
            return *number;
        }
        let (number, list) = (self.lists.len() as u32, Arc::<[u32]>::from(list));
        self.lists.push(Arc::clone(&list));
        self.numbers.insert(list, number);
        number
    }
}

/// The rules that a verdict leaves open, and those that have in it one of what they need somewhere.
struct Opened {
    open: Bits,
    hope: Bits,
}

/// A rule that speaks, with the fields that made it.
struct Answer {
    rule: u32,
    fields: Arc<[String]>,
}

/// A class in events of one shape.
struct Binding {
    number: u32,
    steps: Vec<Step>,
    /// The steps whose values may close rules, those that close most first.
    gated: Vec<u32>,
    /// The rules that are open before any value is looked at, where no keyword stands.
    open: Bits,
    /// Of those, the rules that are closed where no gated step gives hope.
    hoping: Bits,
    /// The rules that can speak of such events.
    able: Rules,
}

/// A value to be judged.
struct Step {
    column: u32,
    spot: Spot,
    matcher: Option<(u32, Arc<Deferred>)>,
}

/// The event at hand.
struct Event<'a, R> {
    engine: &'a Engine,
    rows: &'a R,
    row: usize,
    source: &'a str,
    shape: &'a Shape,
    class: &'a Class,
}

impl Learnt {
    fn nothing() -> Self {
        Self {
            sources: Memo::of(1 << 8, 1 << 18),
            kinds: BTreeMap::new(),
            shapes: Memo::of(1 << 10, 8 << 20),
            all_shapes: Vec::new(),
            signs: Memo::of(1 << 11, 1 << 20),
            meanings: Interned::default(),
            classes: Memo::of(1 << 9, 1 << 20),
            all_classes: Vec::new(),
            bindings: Memo::of(1 << 11, 1 << 20),
            all_bindings: Vec::new(),
            opened: Vec::new(),
            opened_bytes: 0,
            values: Memo::of(1 << 14, 8 << 20),
            verdicts: Vec::new(),
            verdict_count: 0,
            answers: Memo::of(1 << 13, 4 << 20),
            last_signs: Vec::new(),
            last_events: Vec::new(),
            recent: vec![Recent::NONE; RECENT].into(),
        }
    }

    fn is_too_much(&self) -> bool {
        self.all_shapes.len() > SHAPES_MAX
            || self.all_classes.len() > CLASSES_MAX
            || self.all_bindings.len() > 2 * SHAPES_MAX
            || self.verdict_count + self.meanings.lists.len() > VERDICTS_MAX
            || self.opened_bytes > OPENED_BYTES_MAX
    }
}

impl Worker {
    /// A thread that has learnt nothing.
    pub fn of(_: &Signs) -> Self {
        Self {
            learnt: Learnt::nothing(),
            scratch: Scratch::default(),
            lower: Vec::new(),
            joined: String::new(),
            key: Vec::new(),
            verdicts: Vec::new(),
            seen: Vec::new(),
            open: Vec::new(),
            hope: Vec::new(),
        }
    }

    /// Applies all rules to all events.
    pub fn scan<R: Rows>(&mut self, engine: &Engine, rows: &R, scan: &mut Scan) {
        if self.learnt.is_too_much() {
            self.learnt = Learnt::nothing();
        }
        let mut met = vec![false; self.learnt.all_classes.len()];
        let mut bound = vec![false; self.learnt.all_bindings.len()];
        let mut shape = None;
        let mut source = None;
        for row in 0..rows.len() {
            if shape.is_none() || !rows.is_alike(row, row - 1) {
                shape = Some(self.shape(engine, rows, row));
            }
            if source.is_none_or(|(own, _)| own != rows.source(row)) {
                source = Some((rows.source(row), self.kind(engine, rows.source(row))));
            }
            let (Some(shape), Some(source)) = (shape, source) else { continue };
            let number = self.class(engine, rows, row, source, shape);
            if met.len() <= number as usize {
                met.resize(number as usize + 1, false);
            }
            met[number as usize] = true;
            let class = Arc::clone(&self.learnt.all_classes[number as usize]);
            if !class.rules.is_empty() {
                let shape_of = Arc::clone(&self.learnt.all_shapes[shape as usize]);
                let binding = self.binding(number, &class, shape, &shape_of);
                if bound.len() <= binding.number as usize {
                    bound.resize(binding.number as usize + 1, false);
                }
                bound[binding.number as usize] = true;
                let event = Event { engine, rows, row, source: source.0, shape: &shape_of, class: &class };
                self.event(&event, &binding, &mut scan.hits);
            }
        }
        for (binding, _) in self.learnt.all_bindings.iter().zip(bound).filter(|(_, bound)| *bound) {
            scan.able.add(&binding.able);
        }
        for (class, _) in self.learnt.all_classes.iter().zip(met).filter(|(_, met)| *met) {
            scan.able.add(&class.decided);
            for source in &class.sources {
                let key = &engine.program.sources[*source as usize].key;
                if !scan.logsources.contains(key) {
                    scan.logsources.insert(key.clone());
                }
            }
        }
    }

    fn shape<R: Rows>(&mut self, engine: &Engine, rows: &R, row: usize) -> u32 {
        self.key.clear();
        rows.signature(row, &mut self.key);
        // The end says where each name ends, which tells shapes apart well enough to find one; the
        // whole signature decides.
        let end = self.key.len().saturating_sub(SIGNATURE_END);
        let hash = hash(end as u32, &self.key[end..]);
        let learnt = &mut self.learnt;
        if let Some(number) = learnt.shapes.find(0, &self.key, hash) {
            return *number;
        }
        let number = learnt.all_shapes.len() as u32;
        learnt.all_shapes.push(Arc::new(Shape::of(rows.names(row), &engine.signs.names)));
        learnt.shapes.keep(0, &self.key, hash, number);
        learnt.last_events.push(LastEvent::default());
        number
    }

    /// The number of what the table of log sources knows of a kind of log: its product, and its channel
    /// if any route names it.
    fn kind(&mut self, engine: &Engine, source: &str) -> u32 {
        let hash = hash(0, source.as_bytes());
        let learnt = &mut self.learnt;
        if let Some(number) = learnt.sources.find(0, source.as_bytes(), hash) {
            return *number;
        }
        let routes = || engine.program.sources.iter().flat_map(|source| &source.routes);
        let kind = match source.split_once('/') {
            Some((kind, channel)) => {
                let is_named = |name: &String| name.eq_ignore_ascii_case(channel);
                let is_known = routes().any(|route| route.channels().iter().any(is_named));
                let channel = if is_known { channel.to_ascii_lowercase() } else { String::new() };
                format!("{kind}/{channel}")
            }
            None if routes().any(|route| route.untold().iter().any(|untold| untold == source)) => {
                source.to_owned()
            }
            None => String::new(),
        };
        let next = learnt.kinds.len() as u32;
        let number = *learnt.kinds.entry(kind).or_insert(next);
        learnt.sources.keep(0, source.as_bytes(), hash, number);
        number
    }

    fn class<R: Rows>(
        &mut self,
        engine: &Engine,
        rows: &R,
        row: usize,
        source: (&str, u32),
        shape: u32,
    ) -> u32 {
        self.key.clear();
        self.key.extend_from_slice(&source.1.to_le_bytes());
        let of_shape = shape as usize;
        let shape = Arc::clone(&self.learnt.all_shapes[of_shape]);
        for (sign, positions) in shape.signs.iter().enumerate() {
            self.key.push(positions.len().min(255) as u8);
            for position in positions {
                let meaning = match rows.value(row, *position) {
                    Some(text) => self.meaning(engine, sign, text),
                    None => NULL,
                };
                self.key.extend_from_slice(&meaning.to_le_bytes());
            }
        }
        let last = &self.learnt.last_events[of_shape];
        if last.key == self.key {
            return last.class;
        }
        let class = self.known_class(engine, rows, row, source.0, &shape);
        let last = &mut self.learnt.last_events[of_shape];
        last.key.clear();
        if self.key.len() <= LAST_KEY_MAX {
            last.key.extend_from_slice(&self.key);
        }
        (last.class, last.binding) = (class, None);
        class
    }

    /// The class whose key is at hand, made if it is new.
    fn known_class<R: Rows>(
        &mut self,
        engine: &Engine,
        rows: &R,
        row: usize,
        source: &str,
        shape: &Shape,
    ) -> u32 {
        let hash = hash(0, &self.key);
        if let Some(number) = self.learnt.classes.find(0, &self.key, hash) {
            return *number;
        }
        let sight = self.sight(engine, rows, row, shape);
        let learnt = &mut self.learnt;
        let number = learnt.all_classes.len() as u32;
        learnt.all_classes.push(Arc::new(engine.ground().class(source, &sight)));
        learnt.classes.keep(0, &self.key, hash, number);
        number
    }

    fn sight<R: Rows>(&mut self, engine: &Engine, rows: &R, row: usize, shape: &Shape) -> Sight {
        let mut sight = Sight::new();
        for (sign, positions) in shape.signs.iter().enumerate() {
            let meaning = |position: &u32| {
                let number = self.meaning(engine, sign, rows.value(row, *position)?);
                Some(Arc::clone(&self.learnt.meanings.lists[number as usize]))
            };
            sight.push(positions.iter().map(meaning).collect());
        }
        sight
    }

    fn meaning(&mut self, engine: &Engine, sign: usize, text: &str) -> u32 {
        let domain = sign as u32;
        let last = &mut self.learnt.last_signs;
        if last.len() <= sign {
            last.resize(sign + 1, (Vec::new(), NULL));
        }
        if last[sign].1 != NULL && last[sign].0 == text.as_bytes() {
            return last[sign].1;
        }
        let meaning = self.known_meaning(engine, sign, text, domain);
        if text.len() <= VALUE_BYTES_MAX {
            let last = &mut self.learnt.last_signs[sign];
            last.0.clear();
            last.0.extend_from_slice(text.as_bytes());
            last.1 = meaning;
        }
        meaning
    }

    fn known_meaning(&mut self, engine: &Engine, sign: usize, text: &str, domain: u32) -> u32 {
        let hash = hash(domain, text.as_bytes());
        if let Some(number) = self.learnt.signs.find(domain, text.as_bytes(), hash) {
            return *number;
        }
        let meaning: Meaning = engine.signs.judge(sign, text, &mut self.scratch);
        let number = self.learnt.meanings.number(&meaning);
        if text.len() <= VALUE_BYTES_MAX {
            self.learnt.signs.keep(domain, text.as_bytes(), hash, number);
        }
        number
    }

    fn binding(&mut self, class: u32, of: &Class, shape: u32, events: &Shape) -> Arc<Binding> {
        let last = &self.learnt.last_events[shape as usize];
        if let Some(binding) = &last.binding
            && last.class == class
        {
            return Arc::clone(binding);
        }
        let binding = self.known_binding(class, of, shape, events);
        let last = &mut self.learnt.last_events[shape as usize];
        if last.class == class {
            last.binding = Some(Arc::clone(&binding));
        }
        binding
    }

    fn known_binding(&mut self, class: u32, of: &Class, shape: u32, events: &Shape) -> Arc<Binding> {
        let key = (u64::from(class) << 32 | u64::from(shape)).to_le_bytes();
        let hash = hash(0, &key);
        let learnt = &mut self.learnt;
        if let Some(number) = learnt.bindings.find(0, &key, hash) {
            return Arc::clone(&learnt.all_bindings[*number as usize]);
        }
        let number = learnt.all_bindings.len() as u32;
        let mut steps = Vec::new();
        for (column, own) in (0..).zip(&of.columns) {
            let step = |spot| Step { column, spot, matcher: own.matcher.clone() };
            steps.extend(events.spots(&own.lies).into_iter().map(step));
        }
        // A joined value is there if one of its parts is; a step stands for each place that is.
        let is_there = |spot: &Spot| !matches!(spot, Spot::Joined(parts, _) if parts.is_empty());
        let has =
            |column| steps.iter().any(|step: &Step| step.column as usize == column && is_there(&step.spot));
        let able = of.able(has);
        let (gated, open) = gated(of, &steps);
        let hoping = hoping(of, &steps);
        learnt.opened.push(steps.iter().map(|_| Vec::new()).collect());
        let binding = Arc::new(Binding { number, steps, gated, open, hoping, able });
        learnt.all_bindings.push(Arc::clone(&binding));
        learnt.bindings.keep(0, &key, hash, number);
        binding
    }

    fn event<R: Rows>(&mut self, event: &Event<'_, R>, binding: &Binding, hits: &mut Vec<Hit>) {
        self.seen.clear();
        self.seen.resize(binding.steps.len(), None);
        self.open.clear();
        if let Some(words) = &event.class.words
            && self.may_hold(event, words)
        {
            // Rare: the values themselves are searched, and nothing is remembered.
            self.open.extend_from_slice(&gate::all(event.class.rules.len()));
            self.look(event, binding);
            let answers = self.decide(event, binding, Some(words));
            return tell(event.row, &answers, hits);
        }
        self.open.extend_from_slice(&binding.open);
        if !self.may_speak(event, binding) {
            return;
        }
        self.look(event, binding);
        let hash = hash(1, &self.key);
        if let Some(answers) = self.learnt.answers.find(1, &self.key, hash) {
            if let Some(answers) = answers {
                tell(event.row, answers, hits);
            }
            return;
        }
        let answers = self.decide(event, binding, None);
        tell(event.row, &answers, hits);
        let answers = (!answers.is_empty()).then(|| answers.into());
        self.learnt.answers.keep(1, &self.key, hash, answers);
    }

    /// Whether a rule may speak: of most events a few values tell that none does.
    fn may_speak<R: Rows>(&mut self, event: &Event<'_, R>, binding: &Binding) -> bool {
        self.hope.clear();
        self.hope.resize(self.open.len(), 0);
        for step in &binding.gated {
            let gate = &event.class.gates.columns[binding.steps[*step as usize].column as usize];
            if !gate::meet(&self.open, gate.closable()) {
                continue;
            }
            let seen = self.see(event, binding, *step);
            self.seen[*step as usize] = Some(seen);
            self.narrow(event.class, binding, *step, seen.0);
        }
        // What hopes for nothing any more is closed.
        let hopeless = binding.hoping.iter().zip(&self.hope).map(|(hoping, hope)| hoping & !hope);
        self.open.iter_mut().zip(hopeless).for_each(|(open, hopeless)| *open &= !hopeless);
        !gate::is_none(&self.open)
    }

    /// Leaves open what a verdict leaves open.
    fn narrow(&mut self, class: &Class, binding: &Binding, number: u32, verdict: u32) {
        let step = &binding.steps[number as usize];
        let gate = &class.gates.columns[step.column as usize];
        let Some((matcher, _)) = step.matcher.as_ref().filter(|_| verdict < PLAIN) else {
            return gate::narrow(&mut self.open, gate.free());
        };
        let learnt = &mut self.learnt;
        let opened = &mut learnt.opened[binding.number as usize][number as usize];
        if opened.len() <= verdict as usize {
            learnt.opened_bytes += size_of::<Option<Opened>>() * (verdict as usize + 1 - opened.len());
            opened.resize_with(verdict as usize + 1, || None);
        }
        let opened = opened[verdict as usize].get_or_insert_with(|| {
            learnt.opened_bytes += 2 * size_of_val(&**gate.free());
            let satisfied = &learnt.verdicts[*matcher as usize].lists[verdict as usize];
            Opened { open: gate.open(satisfied), hope: gate.hope(satisfied) }
        });
        gate::narrow(&mut self.open, &opened.open);
        gate::widen(&mut self.hope, &opened.hope);
    }

    /// The verdict on every value that an open rule looks at; together with the binding they are the
    /// key of the answer. Which rules are open follows from them.
    fn look<R: Rows>(&mut self, event: &Event<'_, R>, binding: &Binding) {
        self.verdicts.clear();
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        key.extend_from_slice(&binding.number.to_le_bytes());
        for (number, step) in binding.steps.iter().enumerate() {
            let is_asked = gate::meet(&self.open, &event.class.columns[step.column as usize].rules);
            let (verdict, parts) = match self.seen[number] {
                Some(seen) => seen,
                None if is_asked => self.see(event, binding, number as u32),
                None => (UNSEEN, 0),
            };
            if parts != 0 {
                key.extend_from_slice(&parts.to_le_bytes());
            }
            key.extend_from_slice(&verdict.to_le_bytes());
            self.verdicts.push(verdict);
        }
        for pair in &event.class.pairs {
            let mut rules = event.class.columns[pair.left].rules.clone();
            gate::narrow(&mut rules, &event.class.columns[pair.right].rules);
            let is_asked = gate::meet(&self.open, &rules);
            let like = if is_asked { like(event, pair.left, pair.right, &pair.test) } else { Vec::new() };
            key.extend(like.iter().map(|is| u8::from(*is)));
            self.verdicts.push(u32::from(like.contains(&true)));
        }
        self.key = key;
    }

    /// What stands at a step.
    fn see<R: Rows>(&mut self, event: &Event<'_, R>, binding: &Binding, number: u32) -> Seen {
        let step = &binding.steps[number as usize];
        match &step.spot {
            Spot::Own(position) => {
                let text = event.rows.value(event.row, *position);
                (self.recent_verdict(event.engine, (binding.number, number), step, text), 0)
            }
            Spot::Joined(..) => self.joined(step, event),
        }
    }

    /// The verdict on a value that may be the one that this step met last.
    fn recent_verdict(
        &mut self,
        engine: &Engine,
        (binding, number): (u32, u32),
        step: &Step,
        text: Option<&str>,
    ) -> u32 {
        let (Some(text), Some(_)) = (text, &step.matcher) else { return self.verdict(engine, step, text) };
        let bytes = text.as_bytes();
        if bytes.len() > RECENT_BYTES {
            return self.verdict(engine, step, Some(text));
        }
        let place = (binding as usize * 37 + number as usize) % RECENT;
        let recent = &self.learnt.recent[place];
        if (recent.binding, recent.step, usize::from(recent.length)) == (binding, number, bytes.len())
            && recent.bytes[..bytes.len()] == *bytes
        {
            return recent.verdict;
        }
        let verdict = self.verdict(engine, step, Some(text));
        let recent = &mut self.learnt.recent[place];
        recent.bytes[..bytes.len()].copy_from_slice(bytes);
        (recent.binding, recent.step, recent.length) = (binding, number, bytes.len() as u16);
        recent.verdict = verdict;
        verdict
    }

    fn verdict(&mut self, engine: &Engine, step: &Step, text: Option<&str>) -> u32 {
        let Some(text) = text else { return NULL };
        let Some((number, matcher)) = &step.matcher else { return PLAIN };
        if text.len() > VALUE_BYTES_MAX {
            return self.judge(engine, *number, matcher, text);
        }
        let hash = hash(*number, text.as_bytes());
        if let Some(verdict) = self.learnt.values.find(*number, text.as_bytes(), hash) {
            return *verdict;
        }
        let verdict = self.judge(engine, *number, matcher, text);
        self.learnt.values.keep(*number, text.as_bytes(), hash, verdict);
        verdict
    }

    fn judge(&mut self, engine: &Engine, number: u32, matcher: &Deferred, text: &str) -> u32 {
        engine.made(matcher).judge(text, &mut self.scratch);
        let learnt = &mut self.learnt;
        while learnt.verdicts.len() <= number as usize {
            learnt.verdicts.push(Interned::default());
        }
        let verdicts = &mut learnt.verdicts[number as usize];
        let before = verdicts.lists.len();
        let verdict = verdicts.number(&self.scratch.verdict);
        learnt.verdict_count += verdicts.lists.len() - before;
        verdict
    }

    /// The verdict on a joined value, and which of its parts there were.
    fn joined<R: Rows>(&mut self, step: &Step, event: &Event<'_, R>) -> (u32, u32) {
        let Spot::Joined(positions, joined) = &step.spot else { return (ABSENT, 1) };
        let mut text = std::mem::take(&mut self.joined);
        text.clear();
        let mut parts = 1;
        for (number, position) in positions.iter().enumerate() {
            if let Some(part) = event.rows.value(event.row, *position) {
                if parts > 1 {
                    text.push('\\');
                }
                text.push_str(part);
                parts |= 2 << number;
            }
        }
        let verdict = if parts == 1 {
            ABSENT
        } else if joined.starts.is_empty() {
            self.verdict(event.engine, step, Some(&text))
        } else {
            text = renamed(joined, text);
            self.verdict(event.engine, step, Some(&text))
        };
        self.joined = text;
        (verdict, parts)
    }

    /// Whether a keyword may stand in the event.
    fn may_hold<R: Rows>(&mut self, event: &Event<'_, R>, words: &Words) -> bool {
        let Some(screen) = &words.screen else { return true };
        match event.rows.run(event.row) {
            Some(run) => screen.lets_through(run, &mut self.lower),
            None => {
                let positions = 0..event.shape.names.len() as u32;
                let mut texts = positions.filter_map(|position| event.rows.value(event.row, position));
                texts.any(|text| screen.lets_through(text.as_bytes(), &mut self.lower))
            }
        }
    }

    /// Tries the rules that are open.
    fn decide<R: Rows>(
        &mut self,
        event: &Event<'_, R>,
        binding: &Binding,
        words: Option<&Words>,
    ) -> Vec<Answer> {
        let class = event.class;
        let holds = self.atoms(event, binding, words);
        let (mut answers, lowered) = (Vec::new(), Lowered::default());
        for rule in gate::each(&self.open).map(|rule| &class.rules[rule]) {
            if is_true(&rule.condition, &holds) {
                let (engine, Event { rows, row, shape, source, .. }) = (event.engine, event);
                let teller = Teller {
                    program: &engine.program,
                    rows: *rows,
                    row: *row,
                    shape,
                    source,
                    route: rule.route,
                    lowered: &lowered,
                };
                answers.push(Answer { rule: rule.rule, fields: teller.fields(rule.rule).into() });
            }
        }
        answers.sort_by_key(|answer| answer.rule);
        answers
    }

    /// Which atoms of the class hold.
    fn atoms<R: Rows>(&self, event: &Event<'_, R>, binding: &Binding, words: Option<&Words>) -> Vec<bool> {
        let class = event.class;
        let mut holds = vec![false; class.atoms];
        let mut verdicts = self.verdicts.iter();
        let mut steps = binding.steps.iter().zip(&mut verdicts).peekable();
        for (number, column) in (0..).zip(&class.columns) {
            let (mut is_there, mut is_null, mut is_seen) = (false, true, true);
            while let Some((step, verdict)) = steps.next_if(|(step, _)| step.column == number) {
                is_seen &= *verdict != UNSEEN;
                is_there |= *verdict != ABSENT;
                is_null &= *verdict == ABSENT || *verdict == NULL;
                if let Some((matcher, _)) = &step.matcher
                    && *verdict < PLAIN
                {
                    let list = &self.learnt.verdicts[*matcher as usize].lists[*verdict as usize];
                    list.iter().for_each(|atom| holds[column.atoms[*atom as usize] as usize] = true);
                }
            }
            if !is_seen {
                continue;
            }
            let mut set = |atoms: &[u32], truth| atoms.iter().for_each(|atom| holds[*atom as usize] = truth);
            set(&column.null, is_null);
            set(&column.exists, is_there);
            set(&column.absent, !is_there);
        }
        for (pair, verdict) in class.pairs.iter().zip(&self.verdicts[binding.steps.len()..]) {
            holds[pair.atom as usize] = *verdict != 0;
        }
        for (own, atom) in words.iter().flat_map(|words| &words.atoms) {
            holds[*own as usize] = stands_anywhere(event, *atom);
        }
        holds
    }
}

/// Which steps close rules, and what is open before they are looked at where no keyword stands.
fn gated(class: &Class, steps: &[Step]) -> (Vec<u32>, Bits) {
    let mut open = class.gates.wordless.clone();
    let mut gated: Vec<u32> = Vec::new();
    for (number, gate) in class.gates.columns.iter().enumerate() {
        let mut own = (0..).zip(steps).filter(|(_, step)| step.column as usize == number);
        match (own.next(), own.next()) {
            (None, _) => gate::narrow(&mut open, gate.free()),
            (Some((step, _)), None) if !gate::is_none(gate.closable()) => gated.push(step),
            // Of several values any may be the one that a rule needs.
            _ => {}
        }
    }
    let gate = |step: &u32| &class.gates.columns[steps[*step as usize].column as usize];
    gated.sort_by_key(|step| (std::cmp::Reverse(gate(step).needed(class.rules.len())), *step));
    (gated, open)
}

/// The rules that need one of several comparisons, all of them with columns that have one step or none.
fn hoping(class: &Class, steps: &[Step]) -> Bits {
    let is_plain = |column: &usize| steps.iter().filter(|step| step.column as usize == *column).count() < 2;
    let hoping = class.gates.hoping.iter().filter(|(_, columns)| columns.iter().all(is_plain));
    gate::some(class.rules.len(), hoping.map(|(rule, _)| *rule))
}

fn tell(row: usize, answers: &[Answer], hits: &mut Vec<Hit>) {
    let hit = |answer: &Answer| Hit { rule: answer.rule as usize, row, fields: Arc::clone(&answer.fields) };
    hits.extend(answers.iter().map(hit));
}

fn is_true(left: &Left, holds: &[bool]) -> bool {
    match left {
        Left::True => true,
        Left::And(parts) => parts.iter().all(|part| is_true(part, holds)),
        Left::Or(parts) => parts.iter().any(|part| is_true(part, holds)),
        Left::AtLeast(count, parts) => {
            parts.iter().filter(|part| is_true(part, holds)).take(*count).count() == *count
        }
        Left::Not(part) => !is_true(part, holds),
        Left::Atom(atom) => holds[*atom as usize],
    }
}

/// For each value of one column whether it is like any of another.
fn like<R: Rows>(
    event: &Event<'_, R>,
    left: usize,
    right: usize,
    test: &crate::condition::FieldTest,
) -> Vec<bool> {
    let values = |column: usize| {
        let spots = event.shape.spots(&event.class.columns[column].lies);
        telling::values(event.rows, event.row, event.shape, &spots)
    };
    let others = values(right);
    let is_like = |text: &str| others.iter().any(|other| telling::is_like(text, other.text.as_deref(), test));
    values(left).iter().map(|value| value.text.as_deref().is_some_and(is_like)).collect()
}

/// Whether a keyword stands in any value.
fn stands_anywhere<R: Rows>(event: &Event<'_, R>, atom: u32) -> bool {
    let Ask::Text(probes) = &event.engine.program.atoms[atom as usize].ask else { return false };
    let mut buffer = String::new();
    (0..event.shape.names.len() as u32).filter_map(|position| event.rows.value(event.row, position)).any(
        |text| {
            let lower = probe::lower(text, &mut buffer);
            probes.iter().any(|probe| probe.holds(text, lower))
        },
    )
}
