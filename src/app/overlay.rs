//! Holds what can be open over a screen: a picker, a page, a filter or a question.

use super::export::Format;
use super::page::Page;
use super::picker::Picker;
use super::settings::Size;
use tui_input::Input;

/// What is open over the screen; one at a time.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// A list with a filter.
    Picker(Box<Picker>),
    /// A page to read.
    Page(Page),
    /// The text of a filter; the screen below applies it at each key.
    Prompt(Input),
    /// A question with a typed answer.
    Ask(Ask),
}

/// A question with the text typed so far.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What is asked for.
    pub(crate) question: Question,
    /// The text typed so far.
    pub(crate) input: Input,
    /// The previous answer, which exists already; the same answer again confirms that it is to be replaced.
    pub(crate) existing: Option<String>,
}

/// What a question asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Question {
    /// The file to export the screen to, in this format.
    File(Format),
    /// The name to save the scenario under.
    Name,
}

impl Ask {
    /// Returns a question with a suggested answer.
    pub(crate) fn new(question: Question, answer: String) -> Self {
        Self { question, input: Input::new(answer), existing: None }
    }

    /// Returns the text before the answer.
    pub(crate) fn label(&self) -> String {
        if self.existing.as_deref() == Some(self.input.value()) {
            return "exists; Enter replaces it: ".to_owned();
        }
        match self.question {
            Question::File(format) => format!("export {} to file: ", format.name()),
            Question::Name => "save this scenario as: ".to_owned(),
        }
    }
}

/// Returns the columns and lines inside the frame of a page on a terminal of this size.
pub(crate) fn page_room(size: Size) -> (usize, usize) {
    let columns = usize::from(size.width.saturating_sub(8)).min(96);
    let lines = usize::from(size.height.saturating_sub(4));
    (columns, lines)
}
