//! Reads a lesson from XML, strictly: what it does not know is a mistake, with its line and column.

use super::lesson::{Answer, Condition, Expect, Lesson, Place, Press, Question, Step, Task, Told};
use crate::app::action::{ACTIONS, Action};
use crate::app::choice::Choice;
use crate::app::error::did_you_mean;
use crate::app::screens::ScreenKind;
use crate::load::LoadError;
use crate::load::xml::{Document, Element};
use crate::resolve::{Row, RuleId, TABLE, Verdict};

/// Reads a lesson. `number` is its place among the lessons.
///
/// # Errors
/// The first mistake: XML that is not well-formed, an element or attribute that means nothing, a name of nothing.
pub fn lesson(number: usize, file: &str, text: &str) -> Result<Lesson, LoadError> {
    let document = Document::parse(file, text)?;
    let root = &document.root;
    if root.name != "lesson" {
        return Err(document.error(root, format!("expected <lesson>, found <{}>", root.name)));
    }
    let reader = Reader { document: &document };
    reader.only(root, &["name", "title", "summary", "scenario"], &["step"])?;
    let steps = root.children.iter().map(|step| reader.step(step)).collect::<Result<Vec<_>, _>>()?;
    if steps.is_empty() {
        return Err(document.error(root, "expected at least one <step>, found none"));
    }
    let need = |attribute| reader.need(root, attribute);
    Ok(Lesson {
        number,
        name: need("name")?,
        title: need("title")?,
        summary: need("summary")?,
        scenario: need("scenario")?,
        steps,
    })
}

/// How many stages there are.
const STAGES: usize = crate::analysis::follow::Step::ALL.len();
/// How often a key may be asked for in a row; who has to count further loses the thread.
const MOST_TIMES: usize = 9;

struct Reader<'a> {
    document: &'a Document<'a>,
}

type Read<T> = Result<T, LoadError>;

impl Reader<'_> {
    fn step(&self, element: &Element<'_>) -> Read<Step> {
        self.only(element, &["scenario", "cursor", "look"], &["expect", "say", "press", "type", "check", "ask"])?;
        let look = element.get("look").unwrap_or_default();
        let told = element.children_named("say").map(|say| self.told(say)).collect::<Read<Vec<_>>>()?;
        if told.is_empty() && element.child("ask").is_none() {
            return Err(self.document.error(element, "expected <say> or <ask> in <step>, found neither"));
        }
        Ok(Step {
            scenario: element.get("scenario").map(str::to_owned),
            cursor: element.get("cursor").map(|name| self.choice(element, name)).transpose()?,
            look: look
                .split(';')
                .map(str::trim)
                .filter(|place| !place.is_empty())
                .map(|place| self.place(element, place))
                .collect::<Read<_>>()?,
            expect: element.child("expect").map(|expect| self.expect(expect)).transpose()?,
            told,
            task: self.task(element)?,
        })
    }

    /// The words of an attribute that there must be.
    fn need(&self, element: &Element<'_>, attribute: &str) -> Read<String> {
        self.said(element, self.document.need(element, attribute)?, attribute)
    }

    /// The words of a text with its lines broken anywhere; `place` is where they are.
    fn said(&self, element: &Element<'_>, text: &str, place: &str) -> Read<String> {
        let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if said.is_empty() {
            return Err(self.document.error(element, format!("expected words in {place}, found none")));
        }
        Ok(said)
    }

    fn told(&self, element: &Element<'_>) -> Read<Told> {
        if element.name == "say" {
            self.only(element, &["rule", "run"], &[])?;
        }
        let list = |attribute| element.get(attribute).unwrap_or_default().split_whitespace();
        let told = Told {
            text: self.said(element, &element.text, &format!("<{}>", element.name))?,
            rules: list("rule").map(|rule| self.rule(element, rule)).collect::<Read<_>>()?,
            runs: list("run").map(str::to_owned).collect(),
        };
        if told.rules.is_empty() && told.runs.is_empty() {
            return Err(self
                .document
                .error(element, format!("expected rule=\"...\" or run=\"...\" in <{}>, found neither", element.name)));
        }
        Ok(told)
    }

    /// What is to be pressed and the check of it, or the question.
    fn task(&self, step: &Element<'_>) -> Read<Option<Task>> {
        let pressed: Vec<&Element<'_>> =
            step.children.iter().filter(|child| matches!(child.name, "press" | "type")).collect();
        match (pressed.as_slice(), step.child("check"), step.child("ask")) {
            ([], None, None) => Ok(None),
            ([], None, Some(ask)) => Ok(Some(Task::Ask(self.question(ask)?))),
            ([_, ..], Some(check), None) => {
                let keys = pressed.iter().map(|element| self.press(element)).collect::<Read<Vec<_>>>()?;
                Ok(Some(Task::Press(keys.concat(), self.condition(check)?)))
            }
            _ => {
                let message = "expected <press> with <check>, or <ask>, or none of them, found another mixture";
                Err(self.document.error(step, message))
            }
        }
    }

    fn press(&self, element: &Element<'_>) -> Read<Vec<Press>> {
        if element.name == "type" {
            self.only(element, &["text"], &[])?;
            return Ok(vec![Press::Type(self.document.need(element, "text")?.to_owned())]);
        }
        self.only(element, &["action", "times"], &[])?;
        let id = self.document.need(element, "action")?;
        let action = self.known(element, "an action", id, Action::ids(), |id| {
            ACTIONS.iter().find(|info| info.id == id).map(|info| info.action)
        })?;
        let times = element.get("times").unwrap_or("1");
        match times.parse() {
            Ok(times) if (1..=MOST_TIMES).contains(&times) => Ok(vec![Press::Action(action); times]),
            _ => {
                let message = format!("expected a number from 1 to {MOST_TIMES} in times, found {times:?}");
                Err(self.document.error(element, message))
            }
        }
    }

    fn question(&self, element: &Element<'_>) -> Read<Question> {
        self.only(element, &["rule", "run"], &["answer"])?;
        let answer = |element: &Element<'_>| {
            self.only(element, &["right", "why"], &[])?;
            Ok(Answer {
                text: self.said(element, &element.text, "<answer>")?,
                right: self.yes(element, "right")?.unwrap_or(false),
                why: self.need(element, "why")?,
            })
        };
        let answers = element.children.iter().map(answer).collect::<Read<Vec<Answer>>>()?;
        let right = answers.iter().filter(|answer| answer.right).count();
        if right != 1 || answers.len() < 2 || answers.len() > 4 {
            let message = format!("expected 2 to 4 answers and one right, found {} and {right} right", answers.len());
            return Err(self.document.error(element, message));
        }
        Ok(Question { asked: self.told(element)?, answers })
    }

    fn expect(&self, element: &Element<'_>) -> Read<Expect> {
        self.only(element, &["verdict", "rule", "message", "lost", "notice"], &[])?;
        Ok(Expect {
            verdict: self.verdict(element)?,
            rule: element.get("rule").map(|rule| self.rule(element, rule)).transpose()?,
            message: element.get("message").map(str::to_owned),
            lost: element.get("lost").unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
            notice: self.yes(element, "notice")?,
        })
    }

    fn condition(&self, element: &Element<'_>) -> Read<Condition> {
        self.only(element, &["choice", "value", "verdict", "rule", "screen", "page", "cursor"], &[])?;
        if element.attributes.is_empty() {
            return Err(self.document.error(element, "expected an attribute in <check>, found none"));
        }
        let value = match (element.get("choice"), element.get("value")) {
            (Some(choice), Some(value)) => Some((self.choice(element, choice)?, value.to_owned())),
            (None, None) => None,
            _ => return Err(self.document.error(element, "expected choice and value together, found one of them")),
        };
        let screen = |word: &str| {
            self.known(element, "a screen", word, ScreenKind::ALL.iter().map(|kind| kind.name()), ScreenKind::parse)
        };
        Ok(Condition {
            value,
            verdict: self.verdict(element)?,
            rule: element.get("rule").map(|rule| self.rule(element, rule)).transpose()?,
            screen: element.get("screen").map(screen).transpose()?,
            page: element.get("page").map(str::to_owned),
            cursor: element.get("cursor").map(|name| self.choice(element, name)).transpose()?,
        })
    }

    fn place(&self, element: &Element<'_>, word: &str) -> Read<Place> {
        if let Some(text) = word.strip_prefix("text:") {
            return Ok(Place::Text(text.to_owned()));
        }
        let stage = |word: &str| {
            let number: usize = word.strip_prefix("stage:")?.parse().ok()?;
            (1..=STAGES).contains(&number).then(|| Place::Stage(number - 1))
        };
        let row = |word: &str| TABLE.iter().position(|row| Row::parse(word) == Some(row.row)).map(Place::Row);
        let place = |word: &str| match word {
            "verdict" => Some(Place::Verdict),
            "table" => Some(Place::Table),
            "rule" => Some(Place::Row(TABLE.len())),
            _ => stage(word).or_else(|| row(word)).or_else(|| Choice::parse(word).map(Place::Choice)),
        };
        let known = ["verdict", "table", "rule", "stage:1", "text:..."].into_iter();
        let known = known.chain(TABLE.iter().map(|row| row.row.name())).chain(Choice::ALL.iter().map(|c| c.name()));
        self.known(element, "a place", word, known, place)
    }

    fn choice(&self, element: &Element<'_>, name: &str) -> Read<Choice> {
        self.known(element, "a choice", name, Choice::ALL.iter().map(|choice| choice.name()), Choice::parse)
    }

    fn rule(&self, element: &Element<'_>, name: &str) -> Read<RuleId> {
        self.known(element, "a rule", name, RuleId::ALL.iter().map(|rule| rule.name()), RuleId::parse)
    }

    fn verdict(&self, element: &Element<'_>) -> Read<Option<Verdict>> {
        let read =
            |name: &str| self.known(element, "a verdict", name, Verdict::ALL.iter().map(|v| v.name()), Verdict::parse);
        element.get("verdict").map(read).transpose()
    }

    fn yes(&self, element: &Element<'_>, attribute: &str) -> Read<Option<bool>> {
        match element.get(attribute) {
            None => Ok(None),
            Some("yes") => Ok(Some(true)),
            Some("no") => Ok(Some(false)),
            Some(other) => {
                Err(self.document.error(element, format!("expected yes or no in {attribute}, found {other:?}")))
            }
        }
    }

    /// Returns what `word` names; names the nearest known word where it names nothing.
    fn known<'k, T>(
        &self,
        element: &Element<'_>,
        what: &str,
        word: &str,
        known: impl Iterator<Item = &'k str>,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Read<T> {
        parse(word).ok_or_else(|| {
            let hint = did_you_mean(word, known);
            self.document.error(element, format!("expected {what}, found {word:?}{hint}"))
        })
    }

    /// Refuses attributes and elements beside these.
    fn only(&self, element: &Element<'_>, attributes: &[&str], children: &[&str]) -> Read<()> {
        if let Some((name, _)) = element.attributes.iter().find(|(name, _)| !attributes.contains(name)) {
            let message = format!("expected only {} in <{}>, found {name}", listed(attributes), element.name);
            return Err(self.document.error(element, message));
        }
        match element.children.iter().find(|child| !children.contains(&child.name)) {
            None => Ok(()),
            Some(child) => {
                let message =
                    format!("expected only {} in <{}>, found <{}>", listed(children), element.name, child.name);
                Err(self.document.error(child, message))
            }
        }
    }
}

fn listed(words: &[&str]) -> String {
    if words.is_empty() { "text".to_owned() } else { words.join(", ") }
}
