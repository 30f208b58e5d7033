//! Takes screens along in every form, and looks at what comes out.

#[path = "support/typed.rs"]
mod typed;

use typed::{catalog, open, open_with};
use virt_cpu_explorer::internal::app::export::Format;
use virt_cpu_explorer::internal::app::screens::ScreenKind;
use virt_cpu_explorer::internal::app::settings::{Settings, ThemeName};
use virt_cpu_explorer::internal::app::update::Effect;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::export::{page_address, page_base};
use virt_cpu_explorer::internal::tui;

const T7: &str = "Skylake-Client,machine=pc-q35-3.1,from=old,to=new";
const USUAL: (u16, u16) = (120, 36);

fn export(keys: &str, format: Format) -> String {
    tui::screen(&open(T7, USUAL).keys(keys).model, catalog(), format)
}

#[test]
fn a_list_of_forms_asks_where_to_and_then_for_a_name() {
    let session = open(T7, USUAL).keys("e");
    let text = session.text();
    for format in Format::ALL {
        assert!(text.contains(&format!("{} to a file", format.name())), "{text}");
        assert!(text.contains(&format!("{} to the clipboard", format.name())), "{text}");
    }
    let session = session.keys("json<enter>");
    assert!(session.text().contains("export json to file: virt-cpu-explorer-first.json"), "{}", session.text());
    let session = session.keys("<ctrl+u>a b.json<enter>");
    let write = Effect::Write { format: Format::Json, path: "a b.json".to_owned(), replace: false };
    assert_eq!(session.effects, [write]);
    assert!(open(T7, USUAL).keys("esvg<enter><esc>").effects.is_empty());
    let nothing = open(T7, USUAL).keys("esvg<enter><ctrl+u><enter>");
    assert!(nothing.effects.is_empty() && nothing.text().contains("nothing was written"));
    assert_eq!(open(T7, USUAL).keys("eclip svg<enter>").effects, [Effect::CopyScreen(Format::Svg)]);
}

#[test]
fn a_long_name_is_seen_where_it_is_typed() {
    let session = open(T7, (60, 20)).keys("etext file<enter>").keys(&"x".repeat(80)).keys("end");
    assert!(session.text().contains("xend"), "{}", session.text());
}

#[test]
fn markdown_is_the_report_of_check_and_no_wider_than_a_mail_bears() {
    let report = export("", Format::Markdown);
    assert!(report.starts_with("## "), "{report}");
    assert!(report.contains("extra features: mpx"));
    let page = export("i", Format::Markdown);
    assert!(page.contains("```\n") && page.contains("Rule T7:"), "{page}");
    let widest = page.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(76), "{widest:?} columns:\n{page}");
}

#[test]
fn what_is_copied_and_exported_opens_the_page_where_there_is_one() {
    const PAGE: &str = "https://example.org/explorer.html";
    let settings = Settings { page: Some(PAGE.to_owned()), ..Settings::default() };
    let session = open_with(T7, USUAL, settings);
    let address = format!("{PAGE}#{}", session.model.derived.link);
    let session = session.keys("y");
    assert_eq!(session.effects, [Effect::Copy(address.clone())]);
    for keys in ["", "m"] {
        let session = open_with(T7, USUAL, session.model.settings.clone()).keys(keys);
        let text = tui::screen(&session.model, catalog(), Format::Markdown);
        assert!(text.contains(&format!("\n\nIn a browser: <{address}>\n\n")), "{text}");
        assert!(!export(keys, Format::Markdown).contains("browser"));
    }
    assert_eq!(page_address("p", "a b,c=\u{e9}%<"), "p#a%20b,c=%C3%A9%25%3C");
    assert_eq!(page_base(PAGE), Ok(PAGE.to_owned()));
    for bad in ["explorer.html", "https://example.org/#x", "https://example.org/?s=x", "https://example.org/a b"] {
        assert!(page_base(bad).is_err(), "{bad}");
    }
}

#[test]
fn json_is_the_answer_with_the_screen() {
    let value: serde_json::Value = serde_json::from_str(&export("", Format::Json)).unwrap();
    assert_eq!(value["rule"], "T7");
    assert_eq!(value["screen"]["name"], "first");
    let lines: Vec<&str> =
        value["screen"]["lines"].as_array().unwrap().iter().filter_map(|line| line.as_str()).collect();
    assert_eq!(lines.join("\n") + "\n", open(T7, USUAL).text());
}

#[test]
fn a_picture_has_every_letter_and_the_themes_colours() {
    for theme in ThemeName::ALL.iter().copied() {
        let session = open_with(T7, USUAL, Settings { theme, ..Settings::default() });
        let picture = tui::screen(&session.model, catalog(), Format::Svg);
        let document = roxmltree::Document::parse(&picture).unwrap();
        let rows: Vec<String> = document
            .descendants()
            .filter(|node| node.has_tag_name("text"))
            .map(|row| row.descendants().filter_map(|node| node.text().filter(|_| node.is_text())).collect::<String>())
            .collect();
        let screen = session.text();
        assert_eq!(rows, screen.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>(), "{theme:?}");
        let colours: std::collections::BTreeSet<_> =
            document.descendants().filter_map(|node| node.attribute("fill")).collect();
        assert_eq!(colours.len() > 4, theme != ThemeName::Mono, "{theme:?}: {colours:?}");
    }
}

#[test]
fn other_screens_go_into_a_mail_as_they_are_drawn_in_its_width() {
    for kind in ScreenKind::ALL.iter().filter(|kind| **kind != ScreenKind::Explorer) {
        let options = tui::Options::default();
        let scenario = Scenario::parse(catalog(), T7).unwrap();
        let text = tui::print(catalog(), scenario, kind.name(), (200, 40), Format::Markdown, &options).unwrap();
        assert!(text.starts_with(&format!("## {}\n", kind.title())), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 76), "{text}");
        assert!(text.lines().count() > 20 && text.ends_with("```\n"), "{text}");
    }
}
