//! Holds what can lie over a screen: a list to choose from, a page to read, a line to type in.

use super::export::Format;
use super::page::Page;
use super::picker::Picker;
use super::settings::Size;
use tui_input::Input;

/// What lies over the screen; one thing at a time.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// A list to choose from.
    Picker(Box<Picker>),
    /// A page to read.
    Page(Page),
    /// A line in which a part of a name is typed; the screen below follows.
    Prompt(Input),
    /// A question that is answered by typing.
    Ask(Ask),
}

/// A question with what is being typed.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The question.
    pub question: Question,
    /// What is being typed.
    pub input: Input,
    /// The answer that was given before and is taken already; given again, it is meant.
    pub taken: Option<String>,
}

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Question {
    /// The file to write the screen to, in this form.
    File(Format),
    /// The name under which to keep the scenario.
    Name,
}

impl Ask {
    /// Returns a question with an answer to begin with.
    pub fn new(question: Question, answer: String) -> Self {
        Self { question, input: Input::new(answer), taken: None }
    }

    /// Returns what stands before the answer.
    pub fn label(&self) -> String {
        if self.taken.as_deref() == Some(self.input.value()) {
            return "exists; enter replaces it: ".to_owned();
        }
        match self.question {
            Question::File(format) => format!("write {} to the file: ", format.name()),
            Question::Name => "keep this scenario as: ".to_owned(),
        }
    }
}

/// Returns the columns and lines that a page has on a terminal of this size: most of it, with a frame.
pub fn page_room(size: Size) -> (usize, usize) {
    let columns = usize::from(size.width.saturating_sub(8)).min(96);
    let lines = usize::from(size.height.saturating_sub(4));
    (columns, lines)
}
