//! Charts, drawn on the server: the picture says at a glance what the table beside it says in figures, and each figure leads
//! to its rows. Colours come from the tokens by classes, words stand outside of the picture, where they are read, found and
//! sized like all others.

/// Width and height of a line chart, in its own units.
const WIDTH: i64 = 480;
const HEIGHT: i64 = 120;
/// A little room around it, so that a line along an edge is drawn whole.
const EDGE: i64 = 4;

/// A figure and the address of its rows; none where there are none.
pub(crate) struct Figure {
    pub(crate) count: i64,
    pub(crate) href: String,
}

/// A row of bars: a line of a table with its share of the longest.
pub(crate) struct Bar {
    pub(crate) words: String,
    pub(crate) figure: Figure,
    /// What stands instead of the count, where it is no plain number.
    pub(crate) told: String,
    /// How it is coloured: a class.
    pub(crate) class: &'static str,
    /// Of a hundred.
    pub(crate) share: i64,
}

/// Bars under each other, which are their own table.
pub(crate) struct Bars {
    pub(crate) title: String,
    /// What the lines are, and what is counted.
    pub(crate) heads: (String, String),
    pub(crate) bars: Vec<Bar>,
}

impl Bars {
    /// Bars of what was counted: words, figure, what stands instead of the count, class.
    pub(crate) fn of(
        title: String,
        heads: (String, String),
        lines: Vec<(String, Figure, String, &'static str)>,
    ) -> Self {
        let most = lines.iter().map(|(_, figure, ..)| figure.count).max().unwrap_or(0);
        let bar = |(words, figure, told, class): (String, Figure, String, &'static str)| {
            let share = part(figure.count, most, 100);
            Bar { words, figure, told, class, share }
        };
        Self { title, heads, bars: lines.into_iter().map(bar).collect() }
    }
}

/// A line through the values of a series.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) class: &'static str,
    /// Points as SVG has them.
    pub(crate) points: String,
}

/// Words of a place under a picture.
pub(crate) struct Mark {
    pub(crate) words: String,
    /// How far from its left edge, as SVG has it.
    pub(crate) at: String,
    /// Which part of the words stands there.
    pub(crate) anchor: &'static str,
}

/// Lines over the same places, with the table of what they go through.
pub(crate) struct Lines {
    pub(crate) title: String,
    /// What the places are.
    pub(crate) head: String,
    pub(crate) view: String,
    pub(crate) lines: Vec<Line>,
    /// The largest value, which the picture is as high as.
    pub(crate) most: i64,
    /// Words under the picture, each below its place.
    pub(crate) marks: Vec<Mark>,
    /// Each place with a figure of each series.
    pub(crate) rows: Vec<(String, Vec<Figure>)>,
}

impl Lines {
    /// Lines of series of the same length as the places; a shorter one ends where it ends.
    pub(crate) fn of(
        title: String,
        head: String,
        places: Vec<String>,
        series: Vec<(String, &'static str, Vec<Figure>)>,
    ) -> Self {
        let values = series.iter().flat_map(|(.., figures)| figures.iter().map(|figure| figure.count));
        let most = values.max().unwrap_or(0);
        let apart = |nth: usize| part(index(nth), index(places.len().saturating_sub(1)), WIDTH);
        let points = |figures: &[Figure]| {
            let point = |(nth, figure): (usize, &Figure)| {
                format!("{},{}", apart(nth), HEIGHT - part(figure.count, most, HEIGHT))
            };
            figures.iter().enumerate().map(point).collect::<Vec<_>>().join(" ")
        };
        let lines = series
            .iter()
            .map(|(name, class, figures)| Line { name: name.clone(), class, points: points(figures) })
            .collect();
        let mark = |(nth, words): (usize, &String)| {
            let share = (apart(nth) + EDGE) * 10_000 / (WIDTH + 2 * EDGE);
            let anchor = if nth == 0 { "start" } else { "middle" };
            Mark { words: words.clone(), at: format!("{}.{:02}%", share / 100, share % 100), anchor }
        };
        let marks = places.iter().enumerate().step_by((places.len() / 4).max(1)).map(mark).collect();
        let mut columns: Vec<_> = series.into_iter().map(|(.., figures)| figures.into_iter()).collect();
        let nothing = || Figure { count: 0, href: String::new() };
        let rows = places
            .into_iter()
            .map(|place| (place, columns.iter_mut().map(|column| column.next().unwrap_or_else(nothing)).collect()))
            .collect();
        let view = format!("-{EDGE} -{EDGE} {} {}", WIDTH + 2 * EDGE, HEIGHT + 2 * EDGE);
        Self { title, head, view, lines, most, marks, rows }
    }
}

fn index(nth: usize) -> i64 {
    i64::try_from(nth).unwrap_or(i64::MAX)
}

/// A value's part of a length, when `most` is the whole of it.
fn part(value: i64, most: i64, length: i64) -> i64 {
    if most <= 0 { 0 } else { value.clamp(0, most) * length / most }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(counts: &[i64]) -> Vec<Figure> {
        counts.iter().map(|count| Figure { count: *count, href: format!("/{count}") }).collect()
    }

    #[test]
    fn lines_stay_in_the_picture_and_beside_their_table() {
        let places: Vec<String> = (0..24).map(|hour| format!("{hour:02}")).collect();
        let series =
            vec![("today".to_owned(), "now", figures(&[0, 5, 10])), ("before".to_owned(), "then", figures(&[3; 24]))];
        let chart = Lines::of("t".to_owned(), "h".to_owned(), places, series);
        assert_eq!((chart.most, chart.marks.len(), chart.rows.len()), (10, 4, 24));
        let marks: Vec<_> = chart.marks.iter().map(|mark| (mark.words.as_str(), mark.at.as_str())).collect();
        assert_eq!((marks[0], marks[3]), (("00", "0.81%"), ("18", "77.66%")), "18 o'clock is no end of the day");
        assert_eq!(chart.lines[0].points, "0,120 20,60 41,0");
        assert!(chart.lines[1].points.ends_with(" 480,84"), "{}", chart.lines[1].points);
        let row = |nth: usize| chart.rows[nth].1.iter().map(|one| (one.count, one.href.as_str())).collect::<Vec<_>>();
        assert_eq!(row(2), [(10, "/10"), (3, "/3")]);
        assert_eq!(row(3), [(0, ""), (3, "/3")], "where a series ended there is nothing to lead to");
        let nothing = Lines::of("t".to_owned(), "h".to_owned(), Vec::new(), vec![("a".to_owned(), "now", Vec::new())]);
        assert_eq!((nothing.most, nothing.lines[0].points.as_str()), (0, ""));
    }

    #[test]
    fn the_longest_bar_is_the_whole_width() {
        let line = |count| ("x".to_owned(), Figure { count, href: String::new() }, String::new(), "bad");
        let bars = Bars::of("t".to_owned(), ("a".to_owned(), "b".to_owned()), vec![line(4), line(1), line(0)]);
        assert_eq!(bars.bars.iter().map(|bar| bar.share).collect::<Vec<_>>(), [100, 25, 0]);
        let none = Bars::of("t".to_owned(), ("a".to_owned(), "b".to_owned()), vec![line(0)]);
        assert_eq!(none.bars[0].share, 0);
    }
}
