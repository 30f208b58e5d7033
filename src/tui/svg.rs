//! Draws a frame as an SVG picture with selectable text, which needs no embedded font.

use super::rgb::{Rgb, Screen};
use crate::app::settings::ThemeName;
use crate::app::text::width;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Modifier;
use std::fmt::Write;

/// A cell, in units of the picture.
const CELL: (usize, usize) = (9, 19);
/// The size of letters; common fonts are six tenths as wide.
const FONT_SIZE: usize = 15;
/// From the top of a cell to the line on which letters stand.
const BASELINE: usize = 14;
/// Around the screen.
const MARGIN: usize = 10;

/// Returns the picture of a frame. `title` says what it shows.
pub(super) fn svg(buffer: &Buffer, theme: ThemeName, title: &str) -> String {
    let screen = Screen::of(theme);
    let (columns, lines) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let (wide, high) = (columns * CELL.0 + 2 * MARGIN, lines * CELL.1 + 2 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xml:space=\"preserve\" viewBox=\"0 0 {wide} {high}\" width=\"{wide}\" height=\"{high}\" \
         role=\"img\">\n<title>{}</title>\n<style>text{{white-space:pre;font:{FONT_SIZE}px ui-monospace,'DejaVu Sans \
         Mono',Menlo,Consolas,'Liberation Mono',monospace}}.b{{font-weight:bold}}.i{{font-style:italic}}\
         .u{{text-decoration:underline}}.d{{opacity:.65}}.n{{fill:none}}</style>\n\
         <rect width=\"{wide}\" height=\"{high}\" rx=\"6\" fill=\"{}\"/>\n",
        escaped(title),
        hex(screen.background)
    );
    let rows = || buffer.content.chunks(columns.max(1)).take(lines).enumerate();
    for (line, row) in rows() {
        backgrounds(&mut out, screen, line, row);
    }
    shapes(&mut out, screen, buffer);
    for (line, row) in rows() {
        letters(&mut out, screen, line, row);
    }
    out.push_str("</svg>\n");
    out
}

/// Groups the cells of a row that are equal: the first column, and how many there are. The cell after a wide letter
/// belongs to the letter, whatever it holds.
fn runs<K: PartialEq>(row: &[Cell], key: impl Fn(&Cell) -> K) -> Vec<(usize, usize, K)> {
    let mut runs: Vec<(usize, usize, K)> = Vec::new();
    let mut covered = 0;
    for (column, cell) in row.iter().enumerate() {
        let this = key(cell);
        match runs.last_mut() {
            Some((_, count, before)) if column < covered || *before == this => *count += 1,
            _ => runs.push((column, 1, this)),
        }
        if column >= covered {
            covered = column + width(cell.symbol()).max(1);
        }
    }
    runs
}

fn backgrounds(out: &mut String, screen: Screen, line: usize, row: &[Cell]) {
    for (column, count, back) in runs(row, |cell| screen.colours(cell).1) {
        if back != screen.background {
            let (x, y) = corner(column, line);
            let (wide, high) = (count * CELL.0, CELL.1);
            let _ =
                writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{high}\" fill=\"{}\"/>", hex(back));
        }
    }
}

/// Which sides of its cell a line sign reaches (left, right, up, down), and whether its corner is round.
fn arms(symbol: &str) -> Option<([bool; 4], bool)> {
    let sides = match symbol {
        "─" => "lr",
        "│" => "ud",
        "┌" | "╭" => "rd",
        "┐" | "╮" => "ld",
        "└" | "╰" => "ru",
        "┘" | "╯" => "lu",
        "├" => "rud",
        "┤" => "lud",
        "┬" => "lrd",
        "┴" => "lru",
        "┼" => "lrud",
        "╴" => "l",
        "╶" => "r",
        "╵" => "u",
        "╷" => "d",
        _ => return None,
    };
    let round = matches!(symbol, "╭" | "╮" | "╰" | "╯");
    Some((['l', 'r', 'u', 'd'].map(|side| sides.contains(side)), round))
}

/// The outline or the inside of shapes of one colour.
#[derive(PartialEq)]
struct Ink {
    colour: Rgb,
    dim: bool,
    filled: bool,
}

/// Draws lines, blocks and squares as shapes, from edge to edge of their cells, so that neighbours join in every viewer.
/// All shapes of a colour are one path.
fn shapes(out: &mut String, screen: Screen, buffer: &Buffer) {
    let mut paths: Vec<(Ink, String)> = Vec::new();
    let (columns, lines) = (buffer.area.width, buffer.area.height);
    let same = |one: &Cell, other: &Cell| {
        (one.symbol(), screen.colours(one).0, is_dim(one)) == (other.symbol(), screen.colours(other).0, is_dim(other))
    };
    for line in 0..lines {
        for column in 0..columns {
            let cell = &buffer[(column, line)];
            let symbol = cell.symbol();
            let is_run = match symbol {
                "─" => column > 0 && same(cell, &buffer[(column - 1, line)]),
                "│" => line > 0 && same(cell, &buffer[(column, line - 1)]),
                _ => false,
            };
            // A line that continues was drawn where it began.
            if is_run || !is_shape(symbol) {
                continue;
            }
            let mut path = String::new();
            let place = corner(usize::from(column), usize::from(line));
            match symbol {
                "─" => {
                    let run = (column..columns).take_while(|next| same(cell, &buffer[(*next, line)])).count();
                    let _ = write!(path, "M{} {}.5h{}", place.0, place.1 + CELL.1 / 2, run * CELL.0);
                }
                "│" => {
                    let run = (line..lines).take_while(|next| same(cell, &buffer[(column, *next)])).count();
                    let _ = write!(path, "M{}.5 {}v{}", place.0 + CELL.0 / 2, place.1, run * CELL.1);
                }
                _ => stroke(&mut path, place, symbol),
            }
            let filled = block(&mut path, place, symbol);
            let ink = Ink { colour: screen.colours(cell).0, dim: is_dim(cell), filled };
            match paths.iter_mut().find(|(known, _)| *known == ink) {
                Some((_, known)) => known.push_str(&path),
                None => paths.push((ink, path)),
            }
        }
    }
    for (ink, path) in paths {
        let class = if ink.dim { " class=\"d\"" } else { "" };
        let paint = if ink.filled {
            format!("fill=\"{}\"", hex(ink.colour))
        } else {
            format!("fill=\"none\" stroke=\"{}\"", hex(ink.colour))
        };
        let _ = writeln!(out, "<path{class} d=\"{path}\" {paint}/>");
    }
}

/// Returns whether a sign is drawn as a shape.
fn is_shape(symbol: &str) -> bool {
    arms(symbol).is_some() || matches!(symbol, "═" | "╪" | "┊" | "□") || is_block(symbol)
}

/// Returns whether a sign is a filled shape.
fn is_block(symbol: &str) -> bool {
    matches!(symbol, "█" | "▌" | "▐" | "▀" | "▄" | "■" | "━")
}

/// Adds a filled shape to the path. Returns whether the sign is one.
fn block(path: &mut String, (x, y): (usize, usize), symbol: &str) -> bool {
    let (wide, high) = CELL;
    let (left, top, width, height) = match symbol {
        "█" => (0, 0, wide, high),
        "▌" => (0, 0, wide / 2, high),
        "▐" => (wide - wide / 2, 0, wide / 2, high),
        "▀" => (0, 0, wide, high / 2),
        "▄" => (0, high - high / 2, wide, high / 2),
        "■" => (SQUARE.0, SQUARE.1, SQUARE.2, SQUARE.2),
        "━" => (0, high / 2 - 1, wide, 3),
        _ => return false,
    };
    let _ = write!(path, "M{} {}h{width}v{height}h-{width}z", x + left, y + top);
    true
}

/// Left, top and size of the square of a feature.
const SQUARE: (usize, usize, usize) = (1, 6, 7);

fn stroke(path: &mut String, (x, y): (usize, usize), symbol: &str) {
    let middle = format!("{}.5", x + CELL.0 / 2);
    let double = |path: &mut String| {
        for line in [y + CELL.1 / 2 - 2, y + CELL.1 / 2 + 2] {
            let _ = write!(path, "M{x} {line}.5h{}", CELL.0);
        }
    };
    match symbol {
        "═" => double(path),
        "╪" => {
            double(path);
            let _ = write!(path, "M{middle} {y}v{}", CELL.1);
        }
        "┊" => {
            for part in [1, 6, 11, 16] {
                let _ = write!(path, "M{middle} {}v3", y + part);
            }
        }
        "□" => {
            let (left, top, size) = SQUARE;
            let _ = write!(path, "M{}.5 {}.5h{2}v{2}h-{2}z", x + left, y + top, size - 1);
        }
        _ => {}
    }
    let Some(([left, right, up, down], round)) = arms(symbol) else { return };
    // Half units keep a line of one unit sharp.
    let (cx, cy) = (format!("{}.5", x + CELL.0 / 2), format!("{}.5", y + CELL.1 / 2));
    let (end_x, end_y) = (if left { x } else { x + CELL.0 }, if up { y } else { y + CELL.1 });
    let _ = match (left, right, up, down) {
        _ if round => write!(path, "M{end_x} {cy}Q{cx} {cy} {cx} {end_y}"),
        (true, true, false, false) => write!(path, "M{x} {cy}h{}", CELL.0),
        (false, false, true, true) => write!(path, "M{cx} {y}v{}", CELL.1),
        _ => {
            let arms = [(left, x, None), (right, x + CELL.0, None), (up, 0, Some(y)), (down, 0, Some(y + CELL.1))];
            arms.iter().filter(|(there, ..)| *there).try_for_each(|(_, across, along)| match along {
                None => write!(path, "M{cx} {cy}H{across}"),
                Some(along) => write!(path, "M{cx} {cy}V{along}"),
            })
        }
    };
}

/// The most letters of a span: the last one is less than a unit from its cell in every common font.
const LONGEST_SPAN: usize = 16;

/// Writes the letters of a row, each at its own position, so that the width of the font does not matter. librsvg knows
/// the position of the first letter of a span only, so every word has a span of its own.
fn letters(out: &mut String, screen: Screen, line: usize, row: &[Cell]) {
    let Some(last) = row.iter().rposition(|cell| cell.symbol() != " ") else { return };
    let row = row.get(..=last).unwrap_or(row);
    let (_, y) = corner(0, line);
    let _ = write!(out, "<text y=\"{}\">", y + BASELINE);
    let environment = |cell: &Cell| (screen.colours(cell).0, classes(cell));
    for (first, count, (colour, class)) in runs(row, environment) {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let mut span = |text: &str, places: &[String]| {
            let (fill, places) = (hex(colour), places.join(" "));
            let _ = write!(out, "<tspan{class} fill=\"{fill}\" x=\"{places}\">{}</tspan>", escaped(text));
        };
        let mut text = String::new();
        let mut places = Vec::new();
        let mut column = first;
        while column < first + count {
            let Some(cell) = row.get(column) else { break };
            let is_word = text.ends_with(' ') && cell.symbol() != " ";
            if is_word || places.len() >= LONGEST_SPAN {
                span(&text, &places);
                (text, places) = (String::new(), Vec::new());
            }
            for letter in cell.symbol().chars() {
                places.push(corner(column, line).0.to_string());
                text.push(letter);
            }
            // A wide letter takes the cell after it as well.
            column += width(cell.symbol()).max(1);
        }
        span(&text, &places);
    }
    out.push_str("</text>\n");
}

fn classes(cell: &Cell) -> String {
    let has = |modifier| cell.modifier.contains(modifier);
    let all = [
        (has(Modifier::BOLD), "b"),
        (has(Modifier::ITALIC), "i"),
        (has(Modifier::UNDERLINED), "u"),
        (is_dim(cell), "d"),
        // Drawn as a line already; here only to be selected.
        (is_shape(cell.symbol()), "n"),
    ];
    let held: Vec<&str> = all.iter().filter(|(held, _)| *held).map(|(_, class)| *class).collect();
    held.join(" ")
}

fn is_dim(cell: &Cell) -> bool {
    cell.modifier.contains(Modifier::DIM)
}

/// Returns the upper left corner of a cell.
fn corner(column: usize, line: usize) -> (usize, usize) {
    (MARGIN + column * CELL.0, MARGIN + line * CELL.1)
}

fn hex((red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Style};

    #[test]
    fn a_picture_is_sound_xml_with_every_letter_in_its_cell() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 2));
        buffer.set_string(0, 0, "╭─<&>", Style::new().fg(Color::Indexed(160)));
        buffer.set_string(0, 1, "a漢b", Style::new().add_modifier(Modifier::REVERSED));
        let picture = svg(&buffer, ThemeName::Default, "a & b");
        let document = roxmltree::Document::parse(&picture).unwrap();
        let spans: Vec<_> = document.descendants().filter(|node| node.has_tag_name("tspan")).collect();
        let found: Vec<_> = spans.iter().map(|span| (span.text().unwrap(), span.attribute("x").unwrap())).collect();
        assert_eq!(found, [("╭─", "10 19"), ("<&>", "28 37 46"), ("a漢b", "10 19 37")]);
        assert_eq!(spans[2].attribute("fill"), Some("#1b1d23"), "reversed letters have the background's colour");
    }

    #[test]
    fn every_word_has_a_span_of_its_own() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 24, 1));
        buffer.set_string(0, 0, "on  row T7 abcdefghijklm", Style::new());
        let picture = svg(&buffer, ThemeName::Default, "");
        let document = roxmltree::Document::parse(&picture).unwrap();
        let spans = document.descendants().filter(|node| node.has_tag_name("tspan"));
        let first = |span: roxmltree::Node<'_, '_>| span.attribute("x").unwrap().split(' ').next().unwrap().to_owned();
        let found: Vec<_> = spans.map(|span| (span.text().unwrap().to_owned(), first(span))).collect();
        let expected = [("on  ", "10"), ("row ", "46"), ("T7 ", "82"), ("abcdefghijklm", "109")];
        assert_eq!(found, expected.map(|(text, x)| (text.to_owned(), x.to_owned())));
    }

    #[test]
    fn shapes_of_one_colour_are_one_path_and_lines_have_no_joints() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 5, 3));
        for (line, text) in ["╭───╮", "│■□ │", "╰───╯"].into_iter().enumerate() {
            buffer.set_string(0, u16::try_from(line).unwrap(), text, Style::new());
        }
        let picture = svg(&buffer, ThemeName::Default, "");
        let paths: Vec<&str> = picture.lines().filter(|line| line.starts_with("<path")).collect();
        assert_eq!(paths.len(), 2, "one of lines and one of filled squares: {picture}");
        assert!(paths[0].contains("h27"), "three cells are one line: {}", paths[0]);
        assert!(picture.contains("xml:space=\"preserve\""));
    }

    #[test]
    fn the_ends_of_neighbouring_lines_meet() {
        let mut path = String::new();
        stroke(&mut path, (10, 10), "╭");
        stroke(&mut path, (19, 10), "─");
        assert_eq!(path, "M19 19.5Q14.5 19.5 14.5 29M19 19.5h9");
    }
}
