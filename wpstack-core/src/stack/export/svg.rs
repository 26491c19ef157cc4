//! A drawing of its own, for a README or a browser: no tool, no font file and no style sheet needed.

mod layout;
mod place;
mod text;

use layout::{Arrow, Layout, Point, Size, layout};
use text::{escape, fitted, width_of};

use super::palette::{Style, style_of, title_of};
use super::{Picture, PictureNode};
use crate::stack::graph::Need;

/// Between the drawing and the edge of its card.
const MARGIN: f64 = 28.0;
/// The title and the line below it.
const HEADER: f64 = 62.0;
/// The height of a box.
const BOX: f64 = 44.0;
/// Left and right of the text in a box.
const PADDING: f64 = 13.0;
/// Names longer than this are cut; the whole is in the tooltip.
const WIDEST_TEXT: f64 = 210.0;
const NAME_SIZE: f64 = 13.0;
const CAPTION_SIZE: f64 = 10.0;
const LEGEND_SIZE: f64 = 11.5;
const LEGEND_LINE: f64 = 22.0;
/// The length and width of an arrow's head.
const HEAD: f64 = 8.0;
/// So that title and legend have room beside a small graph.
const NARROWEST: f64 = 460.0;

/// The picture as a standalone SVG document. Rows follow the order of creation from top to bottom, colours the AWS
/// service. It brings its own background, so that it can be read on light and dark pages alike.
#[must_use]
pub fn svg(picture: &Picture) -> String {
    let cards: Vec<Card<'_>> = picture.nodes().iter().map(Card::new).collect();
    let sizes: Vec<Size> = cards.iter().map(|card| card.size).collect();
    let layout = layout(&picture.dag, &sizes);
    let inner = layout.width.max(NARROWEST);
    let shift = Point { x: MARGIN + (inner - layout.width) / 2.0, y: MARGIN + HEADER };
    let (legend, legend_height) = legend(picture, inner);
    let legend_top = shift.y + layout.height + MARGIN;
    let width = inner + 2.0 * MARGIN;
    let height = legend_top + legend_height + MARGIN * 0.6;

    let mut lines = header(picture, width, height);
    lines.push(format!("<g transform=\"translate({} {})\">", number(shift.x), number(shift.y)));
    lines.extend(arrows(picture, &layout));
    for (card, corner) in cards.iter().zip(&layout.corners) {
        lines.extend(card.draw(*corner));
    }
    lines.push("</g>".to_owned());
    lines.push(format!(
        "<g transform=\"translate({} {})\" font-size=\"{LEGEND_SIZE}\" fill=\"#57606a\">",
        number(MARGIN),
        number(legend_top)
    ));
    lines.extend(legend);
    lines.extend(["</g>".to_owned(), "</svg>".to_owned()]);
    lines.join("\n") + "\n"
}

/// The document's start: its card, its title and how much there is to see.
fn header(picture: &Picture, width: f64, height: f64) -> Vec<String> {
    let title = fitted(picture.title().unwrap_or("Stack"), 19.0, width - 2.0 * MARGIN);
    let title = escape(&title);
    let (full_width, full_height) = (number(width), number(height));
    let count = |count: usize, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    };
    let subtitle = format!(
        "{}, {}",
        count(picture.nodes().len(), "resource", "resources"),
        count(picture.edges().len(), "dependency", "dependencies"),
    );
    vec![
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{full_width}\" \
             height=\"{full_height}\" viewBox=\"0 0 {full_width} {full_height}\" role=\"img\" font-family=\"system-ui, -apple-system, \
             'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif\">"
        ),
        format!("<title>{title}: {subtitle}</title>"),
        format!(
            "<rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"12\" fill=\"#fcfcfd\" \
             stroke=\"#d0d7de\"/>",
            number(width - 1.0),
            number(height - 1.0)
        ),
        format!(
            "<text x=\"{MARGIN}\" y=\"44\" font-size=\"19\" font-weight=\"600\" fill=\"#1f2328\">{title}</text>"
        ),
        format!(
            "<text x=\"{MARGIN}\" y=\"65\" font-size=\"12\" fill=\"#57606a\">{subtitle}</text>"
        ),
    ]
}

/// The box of one node.
struct Card<'a> {
    node: &'a PictureNode,
    style: Style,
    caption: String,
    name: String,
    size: Size,
}

impl<'a> Card<'a> {
    fn new(node: &'a PictureNode) -> Self {
        let mut lines = node.label.lines().map(str::trim);
        let name = fitted(lines.next().unwrap_or_default(), NAME_SIZE, WIDEST_TEXT);
        let mut caption = vec![service(&node.group)];
        caption.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
        let caption = fitted(&caption.join(" · "), CAPTION_SIZE, WIDEST_TEXT);
        let text = width_of(&name, NAME_SIZE).max(width_of(&caption, CAPTION_SIZE));
        let size = Size { width: (text + 2.0 * PADDING).ceil().max(80.0), height: BOX };
        Self { node, style: style_of(&node.group), caption, name, size }
    }

    fn draw(&self, corner: Point) -> [String; 5] {
        let Style { fill, stroke, .. } = self.style;
        let (x, y, width) = (number(corner.x), number(corner.y), number(self.size.width));
        let text_x = number(corner.x + PADDING);
        [
            format!(
                "<g><title>{} ({})</title>",
                escape(&self.node.id),
                escape(title_of(&self.node.group))
            ),
            format!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{BOX}\" rx=\"8\" fill=\"{fill}\" \
                 stroke=\"{stroke}\" stroke-width=\"1.2\"/>"
            ),
            format!(
                "<text x=\"{text_x}\" y=\"{}\" font-size=\"{CAPTION_SIZE}\" fill=\"{stroke}\">{}</text>",
                number(corner.y + 16.5),
                escape(&self.caption)
            ),
            format!(
                "<text x=\"{text_x}\" y=\"{}\" font-size=\"{NAME_SIZE}\" font-weight=\"600\" \
                 fill=\"#1f2328\">{}</text>",
                number(corner.y + 33.5),
                escape(&self.name)
            ),
            "</g>".to_owned(),
        ]
    }
}

/// A group as a caption. Short names are abbreviations (`ec2`), for others there is a title.
fn service(group: &str) -> String {
    if group.len() <= 4 { group.to_uppercase() } else { title_of(group).to_owned() }
}

/// All arrows, then their heads, each once: arrows of one kind to the same node share theirs.
fn arrows(picture: &Picture, layout: &Layout) -> Vec<String> {
    let colour = |arrow: &Arrow| style_of(&picture.nodes()[arrow.dependency].group).line;
    let mut lines = vec!["<g fill=\"none\" stroke-width=\"1.5\">".to_owned()];
    let mut heads = Vec::new();
    for arrow in &layout.arrows {
        let dash = match arrow.need {
            Need::Exists => " stroke-dasharray=\"5 4\"",
            Need::Ready => "",
        };
        lines.push(format!(
            "<path d=\"{}\" stroke=\"{}\"{dash}/>",
            path(&arrow.points),
            colour(arrow)
        ));
        heads.push(head(arrow.points[0], colour(arrow)));
    }
    lines.push("</g>".to_owned());
    heads.sort_unstable();
    heads.dedup();
    lines.extend(heads);
    lines
}

/// A line from the tip of an arrow to its tail: curves between rows, straight through the rows it passes.
fn path(points: &[Point]) -> String {
    let mut parts = Vec::with_capacity(points.len());
    let mut last = Point { y: points[0].y + HEAD / 2.0, ..points[0] };
    parts.push(format!("M{} {}", number(last.x), number(last.y)));
    for (at, &point) in points.iter().enumerate().skip(1) {
        let (x, y) = (number(point.x), number(point.y));
        // Odd points end a gap between rows, even ones a row that is passed.
        if at % 2 == 0 || number(last.x) == x {
            parts.push(format!("L{x} {y}"));
        } else {
            let middle = number(f64::midpoint(last.y, point.y));
            parts.push(format!("C{} {middle} {x} {middle} {x} {y}", number(last.x)));
        }
        last = point;
    }
    parts.join(" ")
}

/// The head of an arrow that points up at the lower side of a box.
fn head(tip: Point, colour: &str) -> String {
    let (x, top) = (number(tip.x), number(tip.y + 1.0));
    let (left, right) = (number(tip.x - HEAD / 2.0), number(tip.x + HEAD / 2.0));
    let low = number(tip.y + 1.0 + HEAD);
    format!("<path d=\"M{x} {top} L{right} {low} L{left} {low} Z\" fill=\"{colour}\"/>")
}

/// What the colours and lines mean, and how high that is: as many lines as the width asks for.
fn legend(picture: &Picture, width: f64) -> (Vec<String>, f64) {
    let mut groups: Vec<(&str, Style)> =
        picture.groups().into_iter().map(|group| (title_of(group), style_of(group))).collect();
    groups.dedup();
    let mut entries: Vec<(String, String)> = groups
        .into_iter()
        .map(|(title, Style { fill, stroke, .. })| {
            let chip = format!(
                "<rect x=\"0\" y=\"-10\" width=\"20\" height=\"12\" rx=\"3.5\" fill=\"{fill}\" stroke=\"{stroke}\"/>"
            );
            (chip, fitted(title, LEGEND_SIZE, WIDEST_TEXT))
        })
        .collect();
    for (need, dash, meaning) in [
        (Need::Ready, "", "needs it ready"),
        (Need::Exists, " stroke-dasharray=\"5 4\"", "needs it to exist"),
    ] {
        if picture.edges().iter().any(|edge| edge.need == need) {
            let line = format!(
                "<path d=\"M0 -4 H14\" fill=\"none\" stroke=\"#6e7781\" stroke-width=\"1.5\"{dash}/>\
                 <path d=\"M21 -4 L13 -8 L13 0 Z\" fill=\"#6e7781\"/>"
            );
            entries.push((line, meaning.to_owned()));
        }
    }
    let (mut x, mut y) = (0.0, 0.0);
    let mut lines = Vec::new();
    for (mark, text) in entries {
        let room = 27.0 + width_of(&text, LEGEND_SIZE) + 22.0;
        if x > 0.0 && x + room > width {
            (x, y) = (0.0, y + LEGEND_LINE);
        }
        let place = format!("translate({} {})", number(x), number(y));
        let text = escape(&text);
        lines.push(format!("<g transform=\"{place}\">{mark}<text x=\"27\">{text}</text></g>"));
        x += room;
    }
    (lines, y + LEGEND_LINE)
}

/// A coordinate with at most one decimal. More would say nothing, and none of it depends on the machine.
fn number(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    // Not `-0`.
    format!("{}", rounded + 0.0)
}
