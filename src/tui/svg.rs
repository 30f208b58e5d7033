//! Draws a frame as an SVG picture: every letter in its own cell, lines that join whatever the font, text that can be
//! selected, no font but the reader's.

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
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" width=\"{wide}\" height=\"{high}\" \
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
    for (line, row) in rows() {
        frames(&mut out, screen, line, row);
    }
    for (line, row) in rows() {
        letters(&mut out, screen, line, row);
    }
    out.push_str("</svg>\n");
    out
}

/// Groups the cells of a row that are alike: the first column, and how many there are. The cell after a wide letter
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

/// Draws line signs as lines, from the edge of a cell to its middle, so that neighbours join.
fn frames(out: &mut String, screen: Screen, line: usize, row: &[Cell]) {
    let drawn = |cell: &Cell| arms(cell.symbol()).map(|_| (screen.colours(cell).0, is_dim(cell)));
    for (first, count, environment) in runs(row, drawn) {
        let Some((colour, dim)) = environment else { continue };
        let mut path = String::new();
        let cells = row.iter().enumerate().skip(first).take(count);
        for (column, cell) in cells {
            stroke(&mut path, corner(column, line), cell.symbol());
        }
        let class = if dim { " class=\"d\"" } else { "" };
        let _ = writeln!(out, "<path{class} d=\"{path}\" fill=\"none\" stroke=\"{}\"/>", hex(colour));
    }
}

fn stroke(path: &mut String, (x, y): (usize, usize), symbol: &str) {
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

/// Writes the letters of a row, each at its own position, so that the width of the font does not matter.
fn letters(out: &mut String, screen: Screen, line: usize, row: &[Cell]) {
    let Some(last) = row.iter().rposition(|cell| cell.symbol() != " ") else { return };
    let row = row.get(..=last).unwrap_or(row);
    let (_, y) = corner(0, line);
    let _ = write!(out, "<text y=\"{}\">", y + BASELINE);
    let environment = |cell: &Cell| (screen.colours(cell).0, classes(cell));
    for (first, count, (colour, class)) in runs(row, environment) {
        let mut text = String::new();
        let mut places = Vec::new();
        let mut column = first;
        while column < first + count {
            let Some(cell) = row.get(column) else { break };
            for letter in cell.symbol().chars() {
                places.push(corner(column, line).0.to_string());
                text.push(letter);
            }
            // A wide letter takes the cell after it as well.
            column += width(cell.symbol()).max(1);
        }
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let _ =
            write!(out, "<tspan{class} fill=\"{}\" x=\"{}\">{}</tspan>", hex(colour), places.join(" "), escaped(&text));
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
        (arms(cell.symbol()).is_some(), "n"),
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
        buffer.set_string(0, 0, "╭─<&>", Style::new().fg(Color::Red));
        buffer.set_string(0, 1, "a漢b", Style::new().add_modifier(Modifier::REVERSED));
        let picture = svg(&buffer, ThemeName::Default, "a & b");
        let document = roxmltree::Document::parse(&picture).unwrap();
        let spans: Vec<_> = document.descendants().filter(|node| node.has_tag_name("tspan")).collect();
        let found: Vec<_> = spans.iter().map(|span| (span.text().unwrap(), span.attribute("x").unwrap())).collect();
        assert_eq!(found, [("╭─", "10 19"), ("<&>", "28 37 46"), ("a漢b", "10 19 37")]);
        assert_eq!(spans[2].attribute("fill"), Some("#1b1d23"), "reversed letters have the background's colour");
    }

    #[test]
    fn the_ends_of_neighbouring_lines_meet() {
        let mut path = String::new();
        stroke(&mut path, (10, 10), "╭");
        stroke(&mut path, (19, 10), "─");
        assert_eq!(path, "M19 19.5Q14.5 19.5 14.5 29M19 19.5h9");
    }
}
