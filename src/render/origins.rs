//! Where the lines of a rendered file came from.

use crate::diagnostic::{FileId, Origin, Span};

/// The origin of every line of a file. Ten thousand services have a million lines: those without a place in a TOML file
/// take no room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    count: usize,
    /// The lines that have a place, from 1 and in their order.
    places: Box<[(u32, Span)]>,
    template: Option<Box<Written>>,
}

/// The lines that a template of the author's own wrote, from 1 and in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Written {
    template: FileId,
    lines: Box<[u32]>,
}

impl Origins {
    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no lines.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Where a line came from, from 1; `None` beyond the last.
    pub fn of_line(&self, line: usize) -> Option<Origin> {
        let number = u32::try_from(line).ok().filter(|_| (1..=self.count).contains(&line))?;
        if let Ok(at) = self.places.binary_search_by_key(&number, |(line, _)| *line) {
            return Some(Origin::At(self.places[at].1));
        }
        let by_template = self.template.as_ref().filter(|written| written.lines.binary_search(&number).is_ok());
        Some(by_template.map_or(Origin::BuiltIn, |written| Origin::Template(written.template)))
    }

    /// Where each line came from, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Origin> {
        (1..=self.count).filter_map(|line| self.of_line(line))
    }
}

/// From the origins of all lines. A file is laid out by one template.
impl FromIterator<Origin> for Origins {
    fn from_iter<T: IntoIterator<Item = Origin>>(lines: T) -> Self {
        let (mut count, mut places, mut written, mut by) = (0, Vec::new(), Vec::new(), None);
        for (line, origin) in (1..).zip(lines) {
            count += 1;
            match origin {
                Origin::At(span) => places.push((line, span)),
                Origin::Template(template) => {
                    by = Some(template);
                    written.push(line);
                }
                Origin::BuiltIn => {}
            }
        }
        let template = by.map(|template| Box::new(Written { template, lines: written.into() }));
        Self { count, places: places.into(), template }
    }
}

#[cfg(test)]
mod tests {
    use super::Origins;
    use crate::diagnostic::{Origin, SourceFile, SourceKind, Sources};

    #[test]
    fn every_line_keeps_its_origin() {
        let mut sources = Sources::new();
        let file = SourceFile { path: "a".into(), name: "a".into(), text: "".into(), kind: SourceKind::Template };
        let id = sources.add(file);
        let at = Origin::At(sources.whole(id));
        let all = [Origin::Template(id), at, Origin::BuiltIn, at, Origin::Template(id), Origin::BuiltIn];
        let origins: Origins = all.into_iter().collect();
        assert_eq!(origins.iter().collect::<Vec<_>>(), all);
        assert_eq!((origins.len(), origins.of_line(0), origins.of_line(7)), (6, None, None));
        assert!(Origins::default().is_empty());
    }
}
