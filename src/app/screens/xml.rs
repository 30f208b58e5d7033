//! Keeps the state of the screen with XML and command lines: the documents of the journey, broken into the lines that
//! are shown, side by side where there is room; which document the cursor is on, and how far each column is scrolled.

use super::{ScreenContext, ScreenResponse, ScreenState, Target};
use crate::app::action::Action;
use crate::app::list::lines_moved;
use crate::app::settings::Size;
use crate::app::text::{width, wrap};
use crate::app::update::Effect;
use crate::export::{DASH_CPU, Document, Lane, Since, documents};
use crate::resolve::Verdict;

/// One line of a column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Line {
    /// The title of a document, by its place.
    Title(usize),
    /// A line of a document, its pieces marked.
    Text(Vec<(Since, String)>),
    /// What there is to know of a document.
    Remark(String),
    /// Nothing.
    Blank,
}

/// Documents one below the other.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Column {
    /// Its heading.
    pub title: String,
    /// Its lines, each with the document it belongs to.
    pub lines: Vec<(usize, Line)>,
    /// The first line that is shown.
    pub scroll: usize,
}

/// The state of the screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Xml {
    /// The documents.
    pub documents: Vec<Document>,
    /// The columns.
    pub columns: Vec<Column>,
    /// The document the cursor is on.
    pub here: usize,
    /// What has to be said of all of them, or why there are none.
    pub remark: Option<String>,
    typed: String,
}

/// From this width on there are two columns.
const TWO: u16 = 100;
/// From this width on there are three columns.
const THREE: u16 = 156;

impl Xml {
    /// Returns the screen as it opens.
    pub fn open(world: &ScreenContext<'_>) -> Self {
        let mut state =
            Self { documents: Vec::new(), columns: Vec::new(), here: 0, remark: None, typed: String::new() };
        state.make(world);
        state
    }

    fn make(&mut self, world: &ScreenContext<'_>) {
        let answer = &world.derived.answer;
        let trace = answer.trace.as_ref();
        self.documents = trace.map(|trace| documents(world.catalog, world.scenario, trace)).unwrap_or_default();
        self.remark = match (trace, answer.verdict) {
            (None, _) => Some(format!("There is nothing to show: {}.", world.derived.explanation.headline)),
            (Some(_), Verdict::Depends) => {
                Some(format!("{}; this is one of the cases.", world.derived.explanation.headline))
            }
            (Some(_), _) => None,
        };
        self.here = self.here.min(self.documents.len().saturating_sub(1));
        self.lay_out(world.size);
    }

    fn lay_out(&mut self, size: Size) {
        let lanes: &[(&str, &[Lane])] = match size.width {
            THREE.. => &[
                ("At the source", &[Lane::Source]),
                ("Sent", &[Lane::Sent]),
                ("At the destination", &[Lane::Destination]),
            ],
            TWO.. => &[
                ("At the source", &[Lane::Source]),
                ("Sent, and at the destination", &[Lane::Sent, Lane::Destination]),
            ],
            _ => &[("From definition to arrival", Lane::ALL)],
        };
        let scrolled: Vec<usize> = self.columns.iter().map(|column| column.scroll).collect();
        let room = (usize::from(size.width) / lanes.len()).saturating_sub(4);
        self.columns = lanes
            .iter()
            .enumerate()
            .map(|(number, (title, lanes))| {
                let own = self.documents.iter().enumerate().filter(|(_, document)| lanes.contains(&document.lane));
                let lines = own.flat_map(|(place, document)| {
                    lines_of(place, document, room).into_iter().map(move |line| (place, line))
                });
                // A blank line stands between documents.
                let lines = lines.skip(1).collect();
                let scroll = scrolled.get(number).copied().unwrap_or(0);
                Column { title: (*title).to_owned(), lines, scroll }
            })
            .collect();
        for number in 0..self.columns.len() {
            self.scroll_by(number, 0, size);
        }
    }

    /// Returns how many lines of a column are seen.
    pub fn room(&self, size: Size) -> usize {
        usize::from(size.height).saturating_sub(4 + usize::from(self.remark.is_some())).max(1)
    }

    fn column(&self) -> usize {
        self.columns.iter().position(|column| column.lines.iter().any(|(place, _)| *place == self.here)).unwrap_or(0)
    }

    /// Scrolls a column; a cursor in it stays on what is seen.
    fn scroll_by(&mut self, number: usize, by: isize, size: Size) {
        let (room, at_cursor) = (self.room(size), self.column() == number);
        let Some(column) = self.columns.get_mut(number) else { return };
        column.scroll = column.scroll.saturating_add_signed(by).min(column.lines.len().saturating_sub(room));
        let seen: Vec<usize> = column.lines.iter().skip(column.scroll).take(room).map(|(place, _)| *place).collect();
        if let (true, false, Some(first)) = (at_cursor && by != 0, seen.contains(&self.here), seen.first()) {
            self.here = *first;
        }
    }

    /// Puts the cursor on a document, its title at the top as far as that is possible.
    fn go(&mut self, place: usize, size: Size) {
        self.here = place.min(self.documents.len().saturating_sub(1));
        let (room, number) = (self.room(size), self.column());
        let Some(column) = self.columns.get_mut(number) else { return };
        let mut own = column.lines.iter().enumerate().filter(|(_, (place, _))| *place == self.here).map(|(at, _)| at);
        let first = own.next().unwrap_or(0);
        let last = own.next_back().unwrap_or(first);
        let seen = column.scroll..column.scroll + room;
        if !seen.contains(&first) || !seen.contains(&last) {
            column.scroll = first.min(column.lines.len().saturating_sub(room));
        }
    }

    fn sideways(&mut self, forward: bool, size: Size) {
        let number = if forward { self.column() + 1 } else { self.column().wrapping_sub(1) };
        let seen = self.columns.get(number).and_then(|column| column.lines.get(column.scroll)).map(|(place, _)| *place);
        if let Some(place) = seen {
            self.go(place, size);
        }
    }

    fn copy(&self) -> ScreenResponse {
        match self.documents.get(self.here).map(Document::text).filter(|text| !text.is_empty()) {
            Some(text) => ScreenResponse::Effect(Effect::Copy(text)),
            None => ScreenResponse::Say("there is nothing to copy: it never existed".to_owned()),
        }
    }

    /// Returns whether a line has what was typed.
    pub fn is_found(&self, line: &Line) -> bool {
        let has = |text: &str| text.to_lowercase().contains(&self.typed.to_lowercase());
        let Line::Text(pieces) = line else { return false };
        !self.typed.is_empty() && pieces.iter().any(|(_, text)| has(text))
    }
}

fn lines_of(place: usize, document: &Document, room: usize) -> Vec<Line> {
    let mut lines = vec![Line::Blank, Line::Title(place)];
    lines.extend(document.remark.iter().flat_map(|remark| wrap(remark, room)).map(Line::Remark));
    if document.command_line {
        let of = |gone: bool| {
            document.parts.iter().filter(move |(since, _)| (*since == Since::Gone) == gone).cloned().collect::<Vec<_>>()
        };
        lines.extend(joined(DASH_CPU, &of(false), room));
        lines.extend(joined("", &of(true), room));
    } else {
        lines.extend(document.parts.iter().map(|part| Line::Text(vec![part.clone()])));
    }
    lines
}

/// Puts the items of a command line one after the other, in lines of at most `room` columns.
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
    #[expect(clippy::wildcard_enum_match_arm, reason = "a screen does its own actions and leaves every other")]
    fn update(&mut self, world: &ScreenContext<'_>, action: Action) -> ScreenResponse {
        let size = world.size;
        if let Some(by) = lines_moved(action, self.room(size).saturating_sub(1)) {
            self.scroll_by(self.column(), by, size);
            return ScreenResponse::Done;
        }
        match action {
            Action::NextPane if self.here + 1 < self.documents.len() => self.go(self.here + 1, size),
            Action::NextPane => self.go(0, size),
            Action::PreviousPane => self.go(self.here.checked_sub(1).unwrap_or(usize::MAX), size),
            Action::Left => self.sideways(false, size),
            Action::Right => self.sideways(true, size),
            Action::CopyPart => return self.copy(),
            Action::Open => return ScreenResponse::Visit(Box::new(world.scenario.clone())),
            Action::Back if !self.typed.is_empty() => self.filter(world, ""),
            _ => return ScreenResponse::Ignored,
        }
        ScreenResponse::Done
    }

    fn click(&mut self, world: &ScreenContext<'_>, target: Target) -> ScreenResponse {
        let Target::Row(place) = target else { return ScreenResponse::Ignored };
        // The first click puts the cursor there, the second is Enter.
        if place == self.here {
            return self.update(world, Action::Open);
        }
        self.here = place;
        ScreenResponse::Done
    }

    fn scroll(&mut self, world: &ScreenContext<'_>, target: Option<Target>, action: Action) -> ScreenResponse {
        let Some(Target::Row(place)) = target else { return ScreenResponse::Ignored };
        let under = self.columns.iter().position(|column| column.lines.iter().any(|(known, _)| *known == place));
        self.scroll_by(under.unwrap_or(0), if action == Action::Up { -1 } else { 1 }, world.size);
        ScreenResponse::Done
    }

    /// Scrolls each column to the first line that has what is typed.
    fn filter(&mut self, world: &ScreenContext<'_>, typed: &str) {
        typed.clone_into(&mut self.typed);
        let room = self.room(world.size);
        for number in 0..self.columns.len() {
            let column = &self.columns[number];
            let Some(found) = column.lines.iter().position(|(_, line)| self.is_found(line)) else { continue };
            let seen = (column.scroll..column.scroll + room).contains(&found);
            let by = isize::try_from(found).unwrap_or(0) - isize::try_from(column.scroll + room / 2).unwrap_or(0);
            if !seen {
                self.scroll_by(number, by, world.size);
            }
        }
    }

    fn filtered(&self) -> &str {
        &self.typed
    }

    fn refresh(&mut self, world: &ScreenContext<'_>) {
        self.make(world);
    }

    fn hints(&self) -> &'static [(&'static [Action], &'static str)] {
        &[
            (&[Action::NextPane], "next part"),
            (&[Action::Up, Action::Down], "scroll"),
            (&[Action::Left, Action::Right], "column"),
            (&[Action::CopyPart], "copy part"),
            (&[Action::Filter], "find"),
            (&[Action::Open], "first screen"),
            (&[Action::SwapEnds], "swap ends"),
            (&[Action::Answer], "answer"),
            (&[Action::Back], "back"),
        ]
    }
}
