//! Cases that have at least so many of some words. The library asks the lists of all words in turn which case comes next,
//! which for twenty words of a million cases takes a tenth of a second; here cases are counted in windows, list by list.
//! Whatever has `least` of n words has one of the n − `least` + 1 rarest, so only their lists are gone through, and the
//! longest ones are asked for the cases those name.

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::SegmentPostings;
use tantivy::query::{EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, TantivyError, Term};

/// Cases counted at once.
const WINDOW: usize = 4_096;
/// Asking a list for one case costs as much as going through so many of it.
const ASKING: usize = 16;
/// BM25 with the usual figures; how often a case has a word does not count here, only whether.
const K1: Score = 1.2;
const B: Score = 0.75;

/// Asks for cases that have many of some words.
#[derive(Clone, Debug)]
pub(super) struct ManyOf {
    words: Vec<Vec<Term>>,
    least: usize,
}

impl ManyOf {
    /// At least `least` of these words, which differ, and one in any case. Each is there with any of its terms; the first
    /// says how much it counts, and those are all of one field.
    pub(super) fn new(words: Vec<Vec<Term>>, least: usize) -> Self {
        Self { words, least: least.max(1) }
    }
}

impl Query for ManyOf {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let first = self.words.iter().find_map(|word| word.first());
        let (EnableScoring::Enabled { statistics_provider: known, .. }, Some(first)) = (scoring, first) else {
            let words = self.words.iter().map(|word| (word.clone(), 0.0)).collect();
            return Ok(Box::new(Weighed { words, least: self.least, average: None }));
        };
        let all = known.total_num_docs()?.max(1) as Score;
        let average = (known.total_num_tokens(first.field())? as Score / all).max(1.0);
        let mut words = Vec::with_capacity(self.words.len());
        for word in &self.words {
            let with = word.first().map_or(Ok(0), |term| known.doc_freq(term))? as Score;
            words.push((word.clone(), (1.0 + (all - with + 0.5).max(0.0) / (with + 0.5)).ln() * (1.0 + K1)));
        }
        Ok(Box::new(Weighed { words, least: self.least, average: Some(average) }))
    }
}

/// The words with what each of them counts.
struct Weighed {
    words: Vec<(Vec<Term>, Score)>,
    least: usize,
    /// How long a text is on average; none where nothing is scored.
    average: Option<Score>,
}

impl Weight for Weighed {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let first = self.words.iter().find_map(|(terms, _)| terms.first());
        let Some(field) = first.map(Term::field) else { return Ok(Box::new(EmptyScorer)) };
        let mut words = Vec::with_capacity(self.words.len());
        for (terms, weight) in &self.words {
            let mut lists = Vec::with_capacity(terms.len());
            for term in terms {
                lists.extend(reader.inverted_index(term.field())?.read_postings(term, IndexRecordOption::Basic)?);
            }
            if !lists.is_empty() {
                words.push(Word { lists, weight: weight * boost });
            }
        }
        if words.len() < self.least {
            return Ok(Box::new(EmptyScorer));
        }
        words.sort_by_key(Word::cases);
        let usual = words.split_off(words.len() + 1 - self.least);
        let lengths = match self.average {
            Some(average) => Some((reader.get_fieldnorms_reader(field)?, average)),
            None => None,
        };
        let mut counting = Counting {
            rare: words,
            usual,
            least: u16::try_from(self.least).unwrap_or(u16::MAX),
            cases: reader.max_doc().max(1),
            lengths,
            window: Window {
                counts: Box::new([0; WINDOW]),
                sums: Box::new([0.0; WINDOW]),
                last: Box::new([0; WINDOW]),
            },
            found: Vec::new(),
            next: 0,
        };
        counting.count_on();
        Ok(Box::new(counting))
    }

    fn explain(&self, reader: &SegmentReader, case: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        match scorer.seek(case) == case {
            true => Ok(Explanation::new("words it has of those that were asked for", scorer.score())),
            false => Err(TantivyError::InvalidArgument(format!("case {case} has too few of the words"))),
        }
    }
}

/// The cases that have a word, in a list for each of its terms.
struct Word {
    lists: Vec<SegmentPostings>,
    weight: Score,
}

/// What the cases of a window have.
struct Window {
    counts: Box<[u16; WINDOW]>,
    sums: Box<[Score; WINDOW]>,
    /// Which word was counted last, as one with several terms may be met twice.
    last: Box<[u16; WINDOW]>,
}

/// Counting which of the words cases have.
struct Counting {
    /// The words of which a case that is found has one at least.
    rare: Vec<Word>,
    /// Those most cases have, the rarer first.
    usual: Vec<Word>,
    least: u16,
    cases: u32,
    lengths: Option<(FieldNormReader, Score)>,
    window: Window,
    /// What was found in the last window, with what its words count.
    found: Vec<(DocId, Score)>,
    next: usize,
}

impl Counting {
    /// Counts window after window until something is found.
    fn count_on(&mut self) {
        self.next = 0;
        self.found.clear();
        while self.found.is_empty() {
            let start = self.rare.iter().flat_map(|word| &word.lists).map(DocSet::doc).min().unwrap_or(TERMINATED);
            if start == TERMINATED {
                break;
            }
            self.count(start);
        }
    }

    /// Counts the window that begins with a case.
    fn count(&mut self, start: DocId) {
        let window = &mut self.window;
        let mut number = 0;
        for word in &mut self.rare {
            number += 1;
            word.walk(number, start, window);
        }
        // Places in the window; there are fewer of them than fit in sixteen bits.
        let counted = (0..).zip(window.counts.iter());
        let mut left: Vec<u16> = counted.filter(|(_, count)| **count > 0).map(|(at, _)| at).collect();
        let mut words = u16::try_from(self.usual.len()).unwrap_or(u16::MAX);
        for word in &mut self.usual {
            left.retain(|at| window.count(*at) + words >= self.least);
            words -= 1;
            if left.is_empty() {
                break;
            }
            number += 1;
            let here = word.cases() * WINDOW as u64 / u64::from(self.cases);
            if (left.len() * word.lists.len() * ASKING) as u64 > here {
                word.walk(number, start, window);
            } else {
                word.ask(start, &left, window);
            }
        }
        for at in left {
            if window.count(at) >= self.least {
                let sum = window.sums.get(usize::from(at)).copied().unwrap_or_default();
                self.found.push((start + u32::from(at), sum));
            }
        }
        window.counts.fill(0);
        window.sums.fill(0.0);
        window.last.fill(0);
    }
}

impl Window {
    fn count(&self, at: u16) -> u16 {
        self.counts.get(usize::from(at)).copied().unwrap_or_default()
    }

    fn add(&mut self, at: usize, weight: Score) {
        if let (Some(count), Some(sum)) = (self.counts.get_mut(at), self.sums.get_mut(at)) {
            *count += 1;
            *sum += weight;
        }
    }

    /// Whether a word was counted here already; it is from now on.
    fn met(&mut self, at: usize, number: u16) -> bool {
        self.last.get_mut(at).is_none_or(|last| std::mem::replace(last, number) == number)
    }
}

/// Goes on to a case, or the first behind it.
pub(super) fn to(list: &mut SegmentPostings, case: DocId) -> DocId {
    if list.doc() < case { list.seek(case) } else { list.doc() }
}

impl Word {
    /// How many cases have it, or more.
    fn cases(&self) -> u64 {
        self.lists.iter().map(|list| u64::from(list.doc_freq())).sum()
    }

    /// Counts its cases of a window. Each word has a number of its own there.
    fn walk(&mut self, number: u16, start: DocId, window: &mut Window) {
        let end = start.saturating_add(WINDOW as u32);
        let several = self.lists.len() > 1;
        for list in &mut self.lists {
            let mut case = to(list, start);
            while case < end {
                let at = (case - start) as usize;
                if !several || !window.met(at, number) {
                    window.add(at, self.weight);
                }
                case = list.advance();
            }
        }
    }

    /// Counts it for those of these cases that have it.
    fn ask(&mut self, start: DocId, places: &[u16], window: &mut Window) {
        for at in places {
            let case = start + u32::from(*at);
            if self.lists.iter_mut().any(|list| to(list, case) == case) {
                window.add(usize::from(*at), self.weight);
            }
        }
    }
}

impl DocSet for Counting {
    fn advance(&mut self) -> DocId {
        self.next += 1;
        if self.next >= self.found.len() {
            self.count_on();
        }
        self.doc()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        while self.found.get(self.next).is_some_and(|(case, _)| *case < target) {
            self.next += 1;
        }
        if self.next >= self.found.len() {
            for list in self.rare.iter_mut().flat_map(|word| &mut word.lists) {
                to(list, target);
            }
            self.count_on();
        }
        self.doc()
    }

    fn doc(&self) -> DocId {
        self.found.get(self.next).map_or(TERMINATED, |(case, _)| *case)
    }

    fn size_hint(&self) -> u32 {
        u32::try_from(self.cost() / u64::from(self.least).max(1)).unwrap_or(u32::MAX).min(self.cases)
    }

    fn cost(&self) -> u64 {
        self.rare.iter().map(Word::cases).sum()
    }
}

impl Scorer for Counting {
    fn score(&mut self) -> Score {
        let Some((case, sum)) = self.found.get(self.next) else { return 0.0 };
        match &self.lengths {
            Some((lengths, average)) => sum / (1.0 + K1 * (1.0 - B + B * lengths.fieldnorm(*case) as Score / average)),
            None => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use tantivy::collector::{DocSetCollector, TopDocs};
    use tantivy::query::{AllQuery, BooleanQuery, Occur, TermQuery};
    use tantivy::schema::{Field, STRING, Schema, TEXT};
    use tantivy::{Index, IndexWriter, Searcher, doc};

    const WORDS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

    /// Cases, each with the words whose bit is set, over several windows and two files of the index.
    fn index(cases: &[u8]) -> (Searcher, [Field; 2]) {
        let mut schema = Schema::builder();
        let fields = [schema.add_text_field("text", TEXT), schema.add_text_field("odd", STRING)];
        let index = Index::create_in_ram(schema.build());
        let mut writer: IndexWriter = index.writer_with_num_threads(1, 15_000_000).unwrap();
        for (n, case) in cases.iter().enumerate() {
            let text: Vec<&str> = (0..8).filter(|bit| case >> bit & 1 == 1).map(|bit| WORDS[bit]).collect();
            let odd = if n.is_multiple_of(3) { "yes" } else { "no" };
            writer.add_document(doc!(fields[0] => text.join(" "), fields[1] => odd)).unwrap();
            if n == cases.len() / 2 {
                writer.commit().unwrap();
            }
        }
        writer.commit().unwrap();
        (index.reader().unwrap().searcher(), fields)
    }

    fn asked(field: Field, words: u8, least: usize) -> ManyOf {
        let of = (0..8).filter(|bit| words >> bit & 1 == 1);
        ManyOf::new(of.map(|bit| vec![Term::from_field_text(field, WORDS[bit])]).collect(), least)
    }

    /// What is found, as numbers of cases: the files are one behind the other.
    fn found(searcher: &Searcher, query: &dyn Query) -> BTreeSet<usize> {
        let firsts: Vec<u32> = searcher
            .segment_readers()
            .iter()
            .scan(0, |first, reader| Some(std::mem::replace(first, *first + reader.max_doc())))
            .collect();
        let all = searcher.search(query, &DocSetCollector).unwrap();
        all.into_iter().map(|at| (firsts[at.segment_ord as usize] + at.doc_id) as usize).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// Found is what has so many of the words, by itself and together with what else is asked, however rare the words.
        #[test]
        fn what_has_enough_of_the_words_is_found(
            few in proptest::collection::vec(any::<u8>(), 1..40),
            times in 1_usize..400,
            rare in any::<u8>(),
            words in 1_u8..=255,
            least in 1_usize..9,
        ) {
            let mut cases: Vec<u8> = (0..times).flat_map(|n| few.iter().map(move |one| one & (rare | !(n as u8)))).collect();
            cases.truncate(12_000);
            let (searcher, [text, odd]) = index(&cases);
            let enough = |case: &u8| (case & words).count_ones() as usize >= least;
            let expected: BTreeSet<usize> = (0..cases.len()).filter(|n| enough(&cases[*n])).collect();
            let query = asked(text, words, least);
            prop_assert_eq!(&found(&searcher, &query), &expected);
            let yes = TermQuery::new(Term::from_field_text(odd, "yes"), IndexRecordOption::Basic);
            let both = BooleanQuery::new(vec![(Occur::Must, Box::new(query.clone())), (Occur::Must, Box::new(yes))]);
            prop_assert_eq!(found(&searcher, &both), expected.iter().copied().filter(|n| n.is_multiple_of(3)).collect());
            let without = BooleanQuery::new(vec![
                (Occur::Must, Box::new(AllQuery)),
                (Occur::MustNot, Box::new(query.clone())),
            ]);
            prop_assert_eq!(found(&searcher, &without), (0..cases.len()).filter(|n| !expected.contains(n)).collect());
            // A word may have several terms, and a case with two of them has it once.
            let mut either = query.clone();
            either.words.push(vec![Term::from_field_text(text, "a"), Term::from_field_text(odd, "yes")]);
            let has = |n: &usize| usize::from(cases[*n] & 1 == 1 || n.is_multiple_of(3));
            let enough = |n: &usize| (cases[*n] & words).count_ones() as usize + has(n) >= least;
            prop_assert_eq!(found(&searcher, &either), (0..cases.len()).filter(enough).collect());
            let best = searcher.search(&query, &TopDocs::with_limit(1).order_by_score()).unwrap();
            prop_assert_eq!(best.is_empty(), expected.is_empty());
        }
    }

    #[test]
    fn more_of_the_words_count_more() {
        let (searcher, [text, _]) = index(&[0b1, 0b111, 0b11, 0b1000]);
        let best = searcher.search(&asked(text, 0b111, 1), &TopDocs::with_limit(9).order_by_score()).unwrap();
        let firsts = searcher.segment_readers().iter().map(|reader| reader.max_doc()).next().unwrap();
        let order: Vec<u32> = best.iter().map(|(_, at)| at.segment_ord * firsts + at.doc_id).collect();
        assert_eq!(order, [1, 2, 0]);
        let explained = asked(text, 0b111, 2).explain(&searcher, best[0].1).unwrap();
        assert!(explained.value() > 0.0);
        assert!(asked(text, 0b111, 2).explain(&searcher, best[2].1).is_err());
    }
}
