//! Keeps the state of the screen with XML and command lines: the documents of the trace in one to three columns, the
//! document under the cursor, and the scroll position of each column.

use super::{Hint, ScreenContext, ScreenResponse, ScreenState, Target};
use crate::analysis::follow::Step;
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::list::lines_moved;
use crate::app::settings::Size;
use crate::app::text::{width, wrap};
use crate::domain::feature::FeatureId;
use crate::domain::scenario::Scenario;
use crate::explain::deciding_features;
use crate::export::{DASH_CPU, Document, Lane, Since, documents};
use crate::resolve::Verdict;

/// One line of a column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Line {
    /// The title of a document, by its index.
    Title(usize),
    /// A line of a document, in parts that are new, gone or the same.
    Text(Vec<(Since, String)>),
    /// A remark about a document.
    Remark(String),
    /// What a document leaves out, which is not part of it; and whether the first document differs in that.
    Ghost(String, bool),
    /// An empty line.
    Blank,
}

/// A column of documents.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Column {
    /// The title of the frame.
    pub(crate) title: String,
    /// The lines, each with the index of its document.
    pub(crate) lines: Vec<(usize, Line)>,
    /// The index of the first visible line.
    pub scroll: usize,
}

/// The state of the screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Xml {
    /// The documents of the trace, in the order of the stages.
    pub documents: Vec<Document>,
    /// The columns, from left to right.
    pub columns: Vec<Column>,
    /// The index of the document under the cursor.
    pub current: usize,
    /// A remark about all documents, or why there are none.
    pub(crate) remark: Option<String>,
    /// The features that decide, the first of which a ghost line is about; otherwise that of the scenario.
    pub(crate) features: Vec<FeatureId>,
    typed: String,
}

/// From this width, there are two columns.
const TWO: u16 = 100;
/// From this width, there are three columns.
const THREE: u16 = 156;

impl Xml {
    /// Returns the initial state.
    pub(crate) fn open(context: &ScreenContext<'_>) -> Self {
        let mut state = Self {
            documents: Vec::new(),
            columns: Vec::new(),
            current: 0,
            remark: None,
            features: Vec::new(),
            typed: String::new(),
        };
        state.make(context);
        state
    }

    fn make(&mut self, context: &ScreenContext<'_>) {
        let answer = &context.derived.answer;
        let trace = answer.trace.as_ref();
        self.features = deciding_features(context.scenario, answer);
        if self.features.is_empty() {
            self.features.push(context.scenario.feature);
        }
        let feature = self.features[0];
        let scenario = Scenario { feature, ..context.scenario.clone() };
        self.documents = trace.map(|trace| documents(context.catalog, &scenario, trace)).unwrap_or_default();
        self.remark = match (trace, answer.verdict) {
            (None, _) => Some(format!("No documents: {}.", context.derived.explanation.headline)),
            (Some(_), Verdict::Depends) => {
                Some(format!("{}. This is one of the possible cases.", context.derived.explanation.headline))
            }
            (Some(_), _) => None,
        };
        self.current = self.current.min(self.documents.len().saturating_sub(1));
        self.lay_out(context.size, context.zoomed);
    }

    fn lay_out(&mut self, size: Size, zoomed: bool) {
        let lanes: &[(&str, &[Lane])] = match size.width {
            _ if zoomed => &[("From source to destination", Lane::ALL)],
            THREE.. => &[("Source", &[Lane::Source]), ("Sent", &[Lane::Sent]), ("Destination", &[Lane::Destination])],
            TWO.. => {
                &[("Source, and what it sends", &[Lane::Source, Lane::Sent]), ("Destination", &[Lane::Destination])]
            }
            _ => &[("From source to destination", Lane::ALL)],
        };
        let scrolled: Vec<usize> = self.columns.iter().map(|column| column.scroll).collect();
        let room = (usize::from(size.width) / lanes.len()).saturating_sub(5);
        self.columns = lanes
            .iter()
            .enumerate()
            .map(|(number, (title, lanes))| {
                let before = self.documents.first().and_then(|document| document.unmentioned.as_ref());
                let own = self.documents.iter().enumerate().filter(|(_, document)| lanes.contains(&document.lane));
                let lines = own.flat_map(|(index, document)| {
                    lines_of(index, document, (room, before)).into_iter().map(move |line| (index, line))
                });
                // A blank line separates documents.
                let lines = lines.skip(1).collect();
                let scroll = scrolled.get(number).copied().unwrap_or(0);
                Column { title: (*title).to_owned(), lines, scroll }
            })
            .collect();
        for number in 0..self.columns.len() {
            self.scroll_by(number, 0, size);
        }
    }

    /// Returns the number of visible lines of a column.
    pub(crate) fn room(&self, size: Size) -> usize {
        usize::from(size.height).saturating_sub(5 + usize::from(self.remark.is_some())).max(1)
    }

    fn column(&self) -> usize {
        self.columns.iter().position(|column| column.lines.iter().any(|(index, _)| *index == self.current)).unwrap_or(0)
    }

    /// Scrolls a column; a cursor in it stays visible.
    fn scroll_by(&mut self, number: usize, by: isize, size: Size) {
        let (room, at_cursor) = (self.room(size), self.column() == number);
        let Some(column) = self.columns.get_mut(number) else { return };
        column.scroll = column.scroll.saturating_add_signed(by).min(column.lines.len().saturating_sub(room));
        let seen: Vec<usize> = column.lines.iter().skip(column.scroll).take(room).map(|(index, _)| *index).collect();
        if let (true, false, Some(first)) = (at_cursor && by != 0, seen.contains(&self.current), seen.first()) {
            self.current = *first;
        }
    }

    /// Moves the cursor to a document, and scrolls its title to the top if it is not fully visible.
    fn go(&mut self, index: usize, size: Size) {
        self.current = index.min(self.documents.len().saturating_sub(1));
        let (room, number) = (self.room(size), self.column());
        let Some(column) = self.columns.get_mut(number) else { return };
        let mut own =
            column.lines.iter().enumerate().filter(|(_, (index, _))| *index == self.current).map(|(at, _)| at);
        let first = own.next().unwrap_or(0);
        let last = own.next_back().unwrap_or(first);
        let seen = column.scroll..column.scroll + room;
        if !seen.contains(&first) || !seen.contains(&last) {
            column.scroll = first.min(column.lines.len().saturating_sub(room));
        }
    }

    fn sideways(&mut self, forward: bool, size: Size) {
        let number = if forward { self.column() + 1 } else { self.column().wrapping_sub(1) };
        let seen = self.columns.get(number).and_then(|column| column.lines.get(column.scroll)).map(|(index, _)| *index);
        if let Some(index) = seen {
            self.go(index, size);
        }
    }

    fn copy(&self) -> ScreenResponse {
        match self.documents.get(self.current).map(Document::text).filter(|text| !text.is_empty()) {
            Some(text) => ScreenResponse::Effect(Effect::Copy(text)),
            None => ScreenResponse::Say("Nothing to copy: this document was never created.".to_owned()),
        }
    }

    /// Returns whether a part of a document names a feature.
    pub(crate) fn mentions(text: &str, feature: &str) -> bool {
        text.contains(&format!("'{feature}'")) || text.split('=').next() == Some(feature)
    }

    /// Returns whether a line matches the filter.
    pub(crate) fn is_found(&self, line: &Line) -> bool {
        let has = |text: &str| text.to_lowercase().contains(&self.typed.to_lowercase());
        let Line::Text(pieces) = line else { return false };
        !self.typed.is_empty() && pieces.iter().any(|(_, text)| has(text))
    }
}

fn lines_of(index: usize, document: &Document, (room, before): (usize, Option<&String>)) -> Vec<Line> {
    let mut lines = vec![Line::Blank, Line::Title(index)];
    lines.extend(document.remark.iter().flat_map(|remark| wrap(remark, room)).map(Line::Remark));
    if document.command_line {
        let of = |gone: bool| {
            document.parts.iter().filter(move |(since, _)| (*since == Since::Gone) == gone).cloned().collect::<Vec<_>>()
        };
        lines.extend(joined(DASH_CPU, &of(false), room));
        lines.extend(joined("", &of(true), room));
    } else {
        lines.extend(document.parts.iter().map(|part| Line::Text(vec![part.clone()])));
        if let Some(text) = &document.unmentioned {
            // Before the closing tag, where a feature would stand.
            let differs = before.is_some_and(|before| before != text);
            lines.insert(lines.len() - 1, Line::Ghost(text.clone(), differs));
        }
    }
    lines
}

/// Joins the items of a command line to lines of at most `room` columns.
fn joined(begin: &str, items: &[(Since, String)], room: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut line = vec![(Since::Same, begin.to_owned())];
    let mut used = width(begin);
    for (number, (since, item)) in items.iter().enumerate() {
        let text = if number + 1 < items.len() { format!("{item},") } else { item.clone() };
        if used + width(&text) > room && line.len() > 1 {
            lines.push(Line::Text(std::mem::replace(&mut line, vec![(Since::Same, " ".repeat(width(begin)))])));
            used = width(begin);
        }
        used += width(&text);
        line.push((*since, text));
    }
    if line.len() > 1 {
        lines.push(Line::Text(line));
    }
    lines
}

impl ScreenState for Xml {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the program handles every other action")]
    fn update(&mut self, context: &ScreenContext<'_>, action: Action) -> ScreenResponse {
        let size = context.size;
        if let Some(by) = lines_moved(action, self.room(size).saturating_sub(1)) {
            self.scroll_by(self.column(), by, size);
            return ScreenResponse::Done;
        }
        match action {
            Action::NextPane if self.current + 1 < self.documents.len() => self.go(self.current + 1, size),
            Action::NextPane => self.go(0, size),
            Action::PreviousPane => self.go(self.current.checked_sub(1).unwrap_or(usize::MAX), size),
            Action::Left => self.sideways(false, size),
            Action::Right => self.sideways(true, size),
            Action::CopyPart => return self.copy(),
            Action::Open => return ScreenResponse::Visit(Box::new(context.scenario.clone())),
            Action::Back if !self.typed.is_empty() => self.filter(context, ""),
            _ => return ScreenResponse::Ignored,
        }
        ScreenResponse::Done
    }

    fn click(&mut self, context: &ScreenContext<'_>, target: Target) -> ScreenResponse {
        let Target::Row(index) = target else { return ScreenResponse::Ignored };
        // The first click moves the cursor, the second acts like Enter.
        if index == self.current {
            return self.update(context, Action::Open);
        }
        self.current = index;
        ScreenResponse::Done
    }

    fn scroll(&mut self, context: &ScreenContext<'_>, target: Option<Target>, action: Action) -> ScreenResponse {
        let Some(Target::Row(index)) = target else { return ScreenResponse::Ignored };
        let under = self.columns.iter().position(|column| column.lines.iter().any(|(known, _)| *known == index));
        self.scroll_by(under.unwrap_or(0), if action == Action::Up { -1 } else { 1 }, context.size);
        ScreenResponse::Done
    }

    /// Scrolls each column to the first line that matches.
    fn filter(&mut self, context: &ScreenContext<'_>, typed: &str) {
        typed.clone_into(&mut self.typed);
        let room = self.room(context.size);
        for number in 0..self.columns.len() {
            let column = &self.columns[number];
            let Some(found) = column.lines.iter().position(|(_, line)| self.is_found(line)) else { continue };
            let seen = (column.scroll..column.scroll + room).contains(&found);
            let by = isize::try_from(found).unwrap_or(0) - isize::try_from(column.scroll + room / 2).unwrap_or(0);
            if !seen {
                self.scroll_by(number, by, context.size);
            }
        }
    }

    fn filtered(&self) -> &str {
        &self.typed
    }

    fn open_stage(&mut self, context: &ScreenContext<'_>, stage: Step) {
        let last = |wanted: &dyn Fn(&Document) -> bool| self.documents.iter().rposition(wanted);
        let command_line = |lane: Lane| last(&|document| document.lane == lane && document.command_line);
        let found = match stage {
            Step::Definition | Step::Prepared => Some(0),
            Step::CommandLine | Step::SourceCpu => command_line(Lane::Source),
            Step::Live => last(&|document| document.lane == Lane::Source),
            Step::Sent => last(&|document| document.lane == Lane::Sent),
            Step::Received => self.documents.iter().position(|document| document.lane == Lane::Destination),
            Step::DestinationCpu => command_line(Lane::Destination),
            Step::FullCheck | Step::Verdict => self.documents.len().checked_sub(1),
        };
        self.go(found.unwrap_or(0), context.size);
    }

    fn refresh(&mut self, context: &ScreenContext<'_>) {
        self.make(context);
    }

    fn hints(&self) -> &'static [Hint] {
        &[
            (&[Action::NextPane], "next document"),
            (&[Action::Up, Action::Down], "scroll"),
            (&[Action::Left, Action::Right], "column"),
            (&[Action::CopyPart], "copy document"),
            (&[Action::Filter], "filter"),
            (&[Action::Open], "explorer"),
            (&[Action::SwapEnds], "swap"),
            (&[Action::Answer], "answer"),
            (&[Action::Back], "back"),
        ]
    }
}
