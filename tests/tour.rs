//! Plays every lesson to its end with the keys that it asks for, in the real program, and holds it against the
//! resolver, the rules, the recorded runs and the screen. The lessons are read from their files, so that one can be
//! written and tried without rebuilding the program.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a lesson that cannot be read or played fails the test")]

#[path = "support/golden.rs"]
mod golden;
#[path = "support/typed.rs"]
mod typed;

use golden::Goldens;
use std::collections::BTreeSet;
use std::path::Path;
use typed::{Session, catalog, open};
use virt_cpu_explorer::internal::app::action::Action;
use virt_cpu_explorer::internal::app::key::Key;
use virt_cpu_explorer::internal::app::keymap::Keymap;
use virt_cpu_explorer::internal::app::overlay::Overlay;
use virt_cpu_explorer::internal::app::screens::ScreenKind;
use virt_cpu_explorer::internal::app::settings::{Settings, Size};
use virt_cpu_explorer::internal::app::tour::{self, Answer, FILES, Lesson, Part, Press, Step, Task, Tour};
use virt_cpu_explorer::internal::app::update;
use virt_cpu_explorer::internal::app::update::tour::{self as lesson, ANSWERS};
use virt_cpu_explorer::internal::tui;
use virt_cpu_explorer::internal::tui::view::{self};

const OWN: &str = "EPYC,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=11.3.0:10.0.13";
const SIZES: [(u16, u16); 2] = [(80, 24), (120, 36)];

/// Every golden of this file, by name.
const GOLDENS: Goldens = Goldens {
    folder: "tests/screens/tour",
    names: &[
        "lessons",
        "step-80x24",
        "step-120x36",
        "step-120x36-styles",
        "answered-80x24",
        "end-120x36",
        "rule-page-80x24",
    ],
};

/// The lessons as their files are now.
fn lessons() -> Vec<Lesson> {
    let read = |(index, (file, _)): (usize, &(&str, &str))| {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        tour::read_lesson(index + 1, file, &text).unwrap_or_else(|error| panic!("{error}"))
    };
    FILES.iter().enumerate().map(read).collect()
}

fn begin(lesson: &Lesson, size: (u16, u16)) -> Session {
    let mut session = open(OWN, size);
    lesson::start(&mut session.model, catalog(), lesson.clone());
    session
}

fn under_way(session: &Session) -> &Tour {
    session.model.tour.as_ref().unwrap_or_else(|| panic!("the lesson was left"))
}

/// Returns whether the current step is no question.
fn is_text(session: &Session) -> bool {
    under_way(session).now().is_some_and(|step| step.answers().is_empty())
}

/// Presses the key of an action, as a user would.
fn act(session: &mut Session, action: Action) {
    let key: Key = session.model.settings.keymap.keys(action)[0];
    session.effects.extend(update::press(&mut session.model, catalog(), key));
    while update::idle(&mut session.model, catalog()) {}
}

fn go_on(session: &mut Session) {
    let step = under_way(session).step;
    for _ in 0..20 {
        act(session, Action::NextStep);
        if session.model.tour.as_ref().is_none_or(|tour| tour.step != step) {
            return;
        }
    }
    panic!("step {} does not end", step + 1);
}

/// What is wrong with a step as it is read, at this size.
fn faults(session: &Session, step: &Step) -> Vec<String> {
    let mut wrong = lesson::disagreements(&session.model, catalog(), &step.expect);
    let buffer = session.buffer();
    for place in &step.look {
        if session.shown(|shown| view::area_of(shown, place, buffer.area, &buffer)).is_none() {
            wrong.push(format!("{place:?} is not on the screen:\n{}", session.text()));
        }
    }
    let pages = lesson::page_count(&session.model);
    if pages > 2 {
        wrong.push(format!("it has {pages} pages at {:?}; say it in fewer words", session.model.size));
    }
    wrong
}

/// Does what a step asks for. Returns what is wrong with it.
fn done(session: &mut Session, step: &Step) -> Vec<String> {
    let here = under_way(session).step;
    match &step.task {
        None => go_on(session),
        Some(Task::Press(keys, condition)) => {
            if condition.holds(&session.model) {
                return vec!["what it asks for holds before anything is pressed".to_owned()];
            }
            for key in keys {
                if under_way(session).step != here {
                    return vec!["it is done before the last key".to_owned()];
                }
                if session.text().contains("this step needs") {
                    return vec![format!("its own keys count as a deviation:\n{}", session.text())];
                }
                match key {
                    Press::Action(action) => act(session, *action),
                    Press::Type(letters) => {
                        for letter in letters.chars() {
                            update::press(&mut session.model, catalog(), Key::char(letter));
                        }
                    }
                }
            }
            if under_way(session).step != here + 1 {
                return vec![format!("its keys do not do what it asks for:\n{}", session.text())];
            }
        }
        Some(Task::Answer(answers)) => {
            for (index, answer) in answers.iter().enumerate() {
                act(session, ANSWERS[index]);
                assert_eq!(under_way(session).answered, Some(index));
                let text = session.text();
                let first: String = answer.why.split(' ').take(4).collect::<Vec<_>>().join(" ");
                if !text.contains(&first) || lesson::page_count(&session.model) > 2 {
                    return vec![format!("the answer {:?} is not explained on the screen:\n{text}", answer.text)];
                }
            }
            go_on(session);
        }
    }
    Vec::new()
}

#[test]
fn every_lesson_is_played_to_its_end_and_is_true() {
    let mut wrong = Vec::new();
    for size in SIZES {
        for lesson in lessons() {
            let mut session = begin(&lesson, size);
            for (number, step) in lesson.steps.iter().enumerate() {
                let mut found = faults(&session, step);
                if found.is_empty() {
                    found = done(&mut session, step);
                }
                let at = format!("{}, step {}, {size:?}", lesson.name, number + 1);
                wrong.extend(found.iter().map(|fault| format!("{at}: {fault}")));
                if !found.is_empty() {
                    break;
                }
            }
            if wrong.is_empty() {
                assert!(under_way(&session).now().is_none(), "{} does not end", lesson.name);
                assert!(session.effects.is_empty(), "{} does something outside of the explorer", lesson.name);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_lesson_can_be_gone_through_with_one_key_and_back_again() {
    for lesson in lessons() {
        let mut session = begin(&lesson, (80, 24));
        let mut links = Vec::new();
        for step in &lesson.steps {
            links.push(session.model.derived.link.clone());
            assert_eq!(faults(&session, step), Vec::<String>::new(), "{}", lesson.name);
            go_on(&mut session);
        }
        assert!(under_way(&session).now().is_none());
        for link in links.iter().rev() {
            let step = under_way(&session).step;
            while under_way(&session).step == step {
                act(&mut session, Action::StepBefore);
            }
            assert_eq!(session.model.derived.link, *link, "{}, step {}", lesson.name, step);
        }
    }
}

/// The lines of the screen on which the parts of the explorer begin.
fn places(session: &Session) -> Vec<(&'static str, usize)> {
    let text = session.text();
    let panel = text.lines().position(|line| line.contains(" Lesson ")).unwrap();
    let heads = ["SOURCE libvirt", "Why ", "Fixes ", "Decision table: ", " Table: "];
    let line = |head: &'static str| Some((head, text.lines().take(panel).position(|line| line.contains(head))?));
    heads.into_iter().filter_map(line).collect()
}

#[test]
fn a_lesson_shows_what_it_has_introduced_and_the_layout_stays() {
    for lesson in lessons() {
        let hidden = |step: usize| lesson.hidden(step).collect::<Vec<_>>();
        assert!(hidden(0).len() > hidden(lesson.steps.len()).len(), "{} introduces nothing", lesson.name);
        for size in SIZES {
            let mut session = begin(&lesson, size);
            let mut seen: Vec<(&str, usize)> = Vec::new();
            for step in 0..lesson.steps.len() {
                let at = format!("{}, step {}, {size:?}:\n{}", lesson.name, step + 1, session.text());
                // A message of several lines is shown in full, and what is below it moves.
                let is_long = session.model.derived.message.as_ref().is_some_and(|message| message.len() > 78);
                let is_explorer = session.model.screens.top().kind() == ScreenKind::Explorer;
                if is_explorer && session.model.overlay.is_none() && !is_long {
                    let heads = [("SOURCE libvirt", Part::Lanes), ("Why ", Part::Why), ("Fixes ", Part::Fixes)];
                    let now = places(&session);
                    for (head, part) in heads {
                        let visible = now.iter().any(|(known, _)| *known == head);
                        assert!(!(visible && hidden(step).contains(&part)), "{part:?} is not introduced yet: {at}");
                    }
                    for (head, line) in now {
                        match seen.iter().find(|(known, _)| *known == head) {
                            Some((_, before)) => assert_eq!(line, *before, "{head} has moved: {at}"),
                            None => seen.push((head, line)),
                        }
                    }
                }
                go_on(&mut session);
            }
        }
    }
}

#[test]
fn over_a_page_only_words_of_the_page_are_marked() {
    let mut seen = 0;
    for lesson in lessons() {
        let mut session = begin(&lesson, (80, 24));
        for step in 0..lesson.steps.len() {
            let text = session.text();
            let column = |line: &str, sign: char| line.chars().position(|letter| letter == sign);
            if matches!(session.model.overlay, Some(Overlay::Page(_))) {
                let top = text.lines().find(|line| line.contains('╭')).unwrap();
                let (left, right) = (column(top, '╭').unwrap(), column(top, '╮').unwrap());
                for mark in text.lines().filter_map(|line| column(line, '▐')) {
                    assert!((left..right).contains(&mark), "{}, step {}:\n{text}", lesson.name, step + 1);
                    seen += 1;
                }
            }
            go_on(&mut session);
        }
    }
    assert!(seen > 0, "no lesson marks a word of a page");
}

#[test]
fn every_run_that_a_lesson_names_was_recorded() {
    let recorded = [include_str!("recorded/recorded-migrations.jsonl"), include_str!("recorded/lab.jsonl")];
    let id = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    let known: BTreeSet<String> = recorded.iter().flat_map(|text| text.lines().map(id)).collect();
    let lessons = lessons();
    let steps = lessons.iter().flat_map(|lesson| &lesson.steps);
    let unknown: Vec<&String> = steps.flat_map(|step| &step.runs).filter(|run| !known.contains(*run)).collect();
    assert!(unknown.is_empty(), "no such runs in tests/recorded: {unknown:?}");
}

#[test]
fn a_recorded_run_opens_as_it_was_recorded() {
    let recorded = [include_str!("recorded/recorded-migrations.jsonl"), include_str!("recorded/lab.jsonl")].concat();
    let known = tour::recorded_runs().unwrap();
    for lesson in lessons() {
        for id in lesson.steps.iter().flat_map(|step| &step.runs) {
            let run =
                known.iter().find(|run| run.id == *id).unwrap_or_else(|| panic!("{id} is not in {}", tour::RUNS_FILE));
            let line = recorded.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
            let line = line.into_iter().find(|line| line["id"] == **id).unwrap();
            let end = |side: &str| {
                let text = |key: &str| line[side][key].as_str().unwrap().to_owned();
                format!("libvirt {}, QEMU {}", text("libvirt"), text("qemu"))
            };
            assert_eq!((run.source.clone(), run.destination.clone()), (end("source"), end("destination")), "{id}");
            assert_eq!(line["outcome"], *run.outcome, "{id}");
            assert_eq!(line["error"].as_str(), run.message.as_deref(), "{id}");
            let guest = &line["guest"];
            for key in ["model", "machine"] {
                assert!(run.guest.contains(guest[key].as_str().unwrap()), "{id}: {}", run.guest);
            }
            for feature in guest["features"].as_array().into_iter().flatten() {
                let text = format!("{}={}", feature[0].as_str().unwrap(), feature[1].as_str().unwrap());
                assert!(run.guest.contains(&text), "{id}: {}", run.guest);
            }
        }
    }
    let mut session = begin(&lessons()[7], (120, 36));
    act(&mut session, Action::OpenRun);
    let text = session.text();
    assert!(text.contains("Recorded run 9844aa0fc8") && text.contains("extra features: ht"), "{text}");
}

#[test]
fn every_file_is_a_lesson_and_names_are_taken_once() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/lessons");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| format!("assets/lessons/{}", file.unwrap().file_name().to_string_lossy()))
        .collect();
    assert_eq!(
        files,
        FILES.iter().map(|(file, _)| (*file).to_owned()).collect(),
        "see FILES in src/app/tour/lesson.rs"
    );
    for lesson in lessons() {
        assert!(lesson.title.len() <= 37, "{}: the list has no room for so long a title", lesson.name);
    }
    let names: BTreeSet<String> = lessons().into_iter().map(|lesson| lesson.name).collect();
    assert_eq!(names.len(), FILES.len());
    assert_eq!(tour::lessons().unwrap().len(), FILES.len());
}

#[test]
fn leaving_gives_the_own_scenario_back_with_its_history_and_screens() {
    let mut session = open(OWN, (120, 36)).keys("<right><down>");
    let before = (session.model.scenario.clone(), session.text());
    session = session.keys("t<enter>n");
    assert!(session.model.has_tour() && session.model.scenario != before.0);
    session = session.keys("<esc>");
    assert!(session.text().contains("Press esc again to leave"), "{}", session.text());
    session = session.keys("<tab><esc>");
    assert!(session.model.has_tour(), "another key between the two goes on");
    session = session.keys("<esc>");
    assert!(!session.model.has_tour());
    session.model.notice = None;
    assert_eq!((session.model.scenario.clone(), session.text()), before);
    assert!(session.keys("u").model.scenario != before.0, "the own history is back");
}

#[test]
fn a_lesson_ends_with_the_next_one_and_the_last_with_the_own_scenario() {
    let all = lessons();
    for number in [all.len() - 1, all.len()] {
        let mut session = begin(&all[number - 1], (120, 36));
        while session.model.tour.as_ref().is_some_and(|tour| tour.now().is_some()) {
            go_on(&mut session);
        }
        let text = session.text();
        assert!(text.contains(&format!("End of lesson {number}.")), "{text}");
        let session = session.keys("n");
        let text = session.text();
        match all.get(number) {
            Some(next) => assert!(session.model.has_tour() && text.contains(&next.title), "{text}"),
            None => assert!(!session.model.has_tour(), "{text}"),
        }
    }
    // Before the first step there is none, and a lesson is left by its action as well as by Escape.
    let first = begin(&all[0], (120, 36)).keys("B");
    assert!(first.text().contains("This is the first step of the lesson"), "{}", first.text());
    assert!(!first.keys(":leave the lesson<enter>").model.has_tour());
}

#[test]
fn the_explorer_works_as_ever_and_a_step_can_be_put_back() {
    let lesson = &lessons()[4];
    let mut session = begin(lesson, (120, 36));
    let link = session.model.derived.link.clone();
    session = session.keys("s?<esc>:swap<enter>s/x<esc>");
    assert_ne!(session.model.derived.link, link);
    assert_eq!(under_way(&session).step, 0);
    session = session.keys("R");
    assert_eq!(session.model.derived.link, link);
    assert!(!session.text().contains("this step needs"));
}

#[test]
fn another_key_than_the_wanted_one_is_answered() {
    let mut session = begin(&lessons()[4], (80, 24)).keys("<right>");
    let text = session.text();
    assert!(text.contains("Guest machine is pc-q35-4.0.1; this step needs pc-q35-3.1. Press B to go"), "{text}");
    session = session.keys("R");
    assert!(!session.text().contains("this step needs"), "{}", session.text());
    let mut rule = begin(&lessons()[3], (80, 24));
    while under_way(&rule).step < 3 {
        go_on(&mut rule);
    }
    let text = rule.keys("<left>").text();
    assert!(text.contains("The rule is T3; this step needs T6. Press B to go back."), "{text}");
}

#[test]
fn another_key_at_every_step_is_answered_and_b_puts_the_step_back() {
    for lesson in lessons() {
        let mut session = begin(&lesson, (120, 36));
        for (number, step) in lesson.steps.iter().enumerate() {
            let before = (session.model.derived.link.clone(), session.model.screens.top().kind());
            for wrong in ["s", "m", "x"] {
                let wanted = |action: &Press| {
                    matches!(action, Press::Action(action) if
                    session.model.settings.keymap.keys(*action).contains(&Key::parse(wrong).unwrap()))
                };
                let asked = matches!(&step.task, Some(Task::Press(keys, _)) if keys.iter().any(wanted));
                if asked || session.model.overlay.is_some() {
                    continue;
                }
                update::press(&mut session.model, catalog(), Key::parse(wrong).unwrap());
                if under_way(&session).step != number {
                    // The key happens to do what the step asks for.
                    act(&mut session, Action::StepBefore);
                    continue;
                }
                let at = format!("{}, step {}, key {wrong}", lesson.name, number + 1);
                let now = (session.model.derived.link.clone(), session.model.screens.top().kind());
                if now != before {
                    assert!(
                        session.text().contains("this step needs") || session.text().contains("is not the one"),
                        "{at}:\n{}",
                        session.text()
                    );
                    act(&mut session, Action::StepBefore);
                    assert_eq!(under_way(&session).step, number, "{at}");
                    let back = (session.model.derived.link.clone(), session.model.screens.top().kind());
                    assert_eq!(back, before, "{at}");
                }
            }
            go_on(&mut session);
        }
    }
}

#[test]
fn the_class_fits_into_half_an_hour_and_finished_lessons_are_marked() {
    let class: Vec<Lesson> = lessons().into_iter().filter(|lesson| lesson.class).collect();
    let minutes: usize = class.iter().map(Lesson::minutes).sum();
    assert!(class.len() >= 3 && (15..=30).contains(&minutes), "{minutes} minutes");
    let mut session = begin(&lessons()[0], (120, 36));
    for _ in &lessons()[0].steps {
        go_on(&mut session);
    }
    let text = session.keys("t").text();
    assert!(text.contains("done, "), "{text}");
}

#[test]
fn the_right_answer_is_not_always_in_the_same_place() {
    let mut places = BTreeSet::new();
    for lesson in lessons() {
        let questions = lesson.steps.iter().filter(|step| !step.answers().is_empty());
        places.extend(questions.map(|step| step.answers().iter().position(Answer::is_right)));
    }
    assert_eq!(places, [Some(0), Some(1), Some(2)].into());
}

#[test]
fn keys_are_shown_as_they_are_bound() {
    let own = [("left".to_owned(), "<f7>".to_owned()), ("next-step".to_owned(), "<f8>".to_owned())];
    let settings = Settings { keymap: Keymap::with(&own).unwrap(), ..Settings::default() };
    let mut session = typed::open_with(OWN, (80, 24), settings);
    lesson::open(&mut session.model, catalog(), "machine-type");
    let text = session.text();
    let press = format!("Press f7 ({})", Action::Left.info().title.to_lowercase());
    assert!(text.contains(&press) && text.contains("f8 next"), "{text}");
    session = session.keys("<f7>");
    assert_eq!(under_way(&session).step, 1);
}

#[test]
fn a_mistake_in_a_lesson_is_named_with_its_place() {
    let lesson = |steps: &str| {
        let text = format!("name = 'x'\ntitle = 'x'\nsummary = 'x.'\nscenario = 'EPYC'\n{steps}");
        tour::read_lesson(1, "x.toml", &text).map(drop).map_err(|error| error.to_string())
    };
    let step = |rest: &str| format!("[[step]]\nrules = ['T7']\n{rest}");
    let say = |rest: &str| step(&format!("say = 'x'\n{rest}"));
    let ask = |answers: &str| step(&format!("ask = 'Why?'\nanswer = [{answers}]"));
    let (right, wrong) = ("{ right = true, text = 'b', why = 'a' },", "{ text = 'b', why = 'a' },");
    assert_eq!(lesson(&ask(&format!("{right}{wrong}"))), Ok(()));
    for (steps, message) in [
        ("step = []".to_owned(), "x.toml:1:1: expected at least one [[step]]"),
        (String::new(), "x.toml:1:1: missing field `step`"),
        ("[[step]".to_owned(), "x.toml:5:8: unclosed array table"),
        ("[[step]]\nsay = 'x'".to_owned(), "x.toml:5:1: expected rules or runs in [[step]]"),
        (step("say = ' '"), "x.toml:7:7: expected text, found none"),
        (step(""), "x.toml:5:1: expected either say or ask"),
        (ask(&format!("{right}{{ text = 'b', why = ' ' }}")), "expected text, found none"),
        ("[[step]]\nsay = 'x'\nrules = ['T7', 'T9']".to_owned(), "x.toml:7:9: expected a rule, found \"T9\""),
        (say("look = ['T7', 'machien']"), "x.toml:8:8: expected a place, found \"machien\"; did you mean machine?"),
        (say("press = ['rigth']\ncheck = { verdict = 'never' }"), "did you mean right?"),
        (say("press = ['right']"), "expected press with check"),
        (say("press = ['right']\ncheck = {}"), "expected a condition in check"),
        (say("press = ['right']\ncheck = { choice = 'model' }"), "choice only together with value"),
        (say("expect = { verdikt = 'never' }"), "x.toml:8:12: unknown field `verdikt`, expected one of `verdict`"),
        (say("pres = ['right']"), "x.toml:8:1: unknown field `pres`"),
        (say(&format!("answer = [{right}{wrong}]")), "or say alone"),
        (ask(right), "expected 2 to 4 answers and one of them right, found 1 and 1 right"),
        (ask(&format!("{right}{right}")), "found 2 and 2 right"),
        (ask("{ text = 'a' }"), "missing field `why`"),
    ] {
        let found = lesson(&steps).unwrap_err();
        assert!(found.contains(message), "{found}\nis not\n{message}");
    }
}

#[test]
fn a_lesson_is_printed_as_text_that_says_everything() {
    for lesson in lessons() {
        let text = lesson::text(catalog(), &lesson, &Settings::default(), true).unwrap();
        let questions = lesson::text(catalog(), &lesson, &Settings::default(), false).unwrap();
        let [told, asked] = [&text, &questions].map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        for answer in lesson.steps.iter().flat_map(Step::answers) {
            assert!(told.contains(&answer.why) && !asked.contains(&answer.why), "{}: {}", lesson.name, answer.why);
        }
        assert!(!questions.contains(" Right: "), "{questions}");
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.lines().all(|line| line.chars().count() <= 78), "{text}");
        for step in &lesson.steps {
            assert!(flat.contains(&step.text), "{flat}\nlacks\n{}", step.text);
        }
        assert!(flat.contains("libvirt says: ") || lesson.steps.iter().all(|step| step.expect.message.is_none()));
    }
}

#[test]
fn lessons_at_their_sizes() {
    GOLDENS.compare("lessons", &open(OWN, (120, 36)).keys("t").text());
    let machine = |size| {
        let mut session = open(OWN, size);
        lesson::open(&mut session.model, catalog(), "machine-type");
        session
    };
    GOLDENS.compare("step-80x24", &machine((80, 24)).keys("<left>").text());
    GOLDENS.compare("step-120x36", &machine((120, 36)).keys("<left>").text());
    GOLDENS.compare("step-120x36-styles", &machine((120, 36)).keys("<left>").styled());
    GOLDENS.compare("rule-page-80x24", &machine((80, 24)).keys("i").text());
    let mut asked = machine((80, 24));
    while is_text(&asked) {
        go_on(&mut asked);
    }
    GOLDENS.compare("answered-80x24", &asked.keys("1").text());
    let mut last = machine((120, 36));
    while under_way(&last).now().is_some() {
        go_on(&mut last);
    }
    GOLDENS.compare("end-120x36", &last.text());
    GOLDENS.no_orphans();
}

#[test]
fn a_click_on_an_answer_gives_it_and_one_on_the_foot_goes_on() {
    let mut session = open(OWN, (80, 24));
    lesson::open(&mut session.model, catalog(), "machine-type");
    while is_text(&session) {
        go_on(&mut session);
    }
    let answer = under_way(&session).now().unwrap().answers()[1].text.clone();
    session.click(answer.get(..12).unwrap());
    assert_eq!(under_way(&session).answered, Some(1));
    let step = under_way(&session).step;
    session.click(" continues");
    assert_eq!(under_way(&session).step, step + 1);
}

#[test]
fn any_size_is_drawn_with_a_lesson_open() {
    for lesson in lessons() {
        for size in [(0, 0), (1, 1), (60, 20), (61, 9), (59, 40), (109, 23), (110, 24), (300, 100)] {
            let mut session = begin(&lesson, (80, 24));
            update::resize(&mut session.model, catalog(), Size { width: size.0, height: size.1 });
            session = session.keys("nn?<pagedown><esc>t<esc>p");
            assert_eq!(tui::draw(&session.model, catalog()).area.width, size.0);
        }
    }
}

#[test]
fn the_command_line_opens_lists_and_prints_lessons() {
    use virt_cpu_explorer::internal::cli::{Command, TourWish, parse};
    let wish = |line: &str| match parse(line.split(' ').map(Into::into)) {
        Ok(Command::Tour(asked)) => Some(asked.wish()),
        _ => None,
    };
    assert_eq!(wish("x tour"), Some(TourWish::Open(None)));
    assert_eq!(wish("x tour ht --ascii --theme mono"), Some(TourWish::Open(Some("ht".to_owned()))));
    assert_eq!(wish("x tour --list"), Some(TourWish::List));
    let text = |answers| Some(TourWish::Text { lesson: "ht".to_owned(), answers });
    assert_eq!(wish("x tour ht --print"), text(true));
    assert_eq!(wish("x tour ht --print --questions"), text(false));
    assert_eq!(wish("x --no-config tour ht"), Some(TourWish::Open(Some("ht".to_owned()))));
    assert_eq!(wish("x tour ht --questions"), None);
    assert_eq!(wish("x tour --print"), None);
}
