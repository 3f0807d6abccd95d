//! Words of one field. All words of a case stand in one list of the index; the places of a word say of which field it is
//! (see `words`), so here the places are looked at, which costs more than the list alone and only those pay who ask for a
//! field.

use super::many::to;
use super::words::STEP;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::query::{
    BitSetDocSet, Bm25Weight, ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight,
};
use tantivy::schema::IndexRecordOption;
use tantivy::{BitSet, DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED, TantivyError, Term};

/// Asks for words that stand one behind the other in a field.
#[derive(Clone, Debug)]
pub(super) struct Within {
    /// The number of the field.
    number: usize,
    asked: Asked,
}

#[derive(Clone, Debug)]
enum Asked {
    /// Words with how far each is behind the first.
    Words(Vec<(usize, Term)>),
    /// Whatever begins like this.
    Beginning(Term),
}

impl Within {
    /// Words, each with how many places it is behind the first.
    pub(super) fn words(number: usize, words: Vec<(usize, Term)>) -> Self {
        Self { number, asked: Asked::Words(words) }
    }

    /// Any word that begins like this one.
    pub(super) fn beginning(number: usize, with: Term) -> Self {
        Self { number, asked: Asked::Beginning(with) }
    }
}

impl Query for Within {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let score = match (&self.asked, scoring) {
            (Asked::Words(words), EnableScoring::Enabled { statistics_provider, .. }) if !words.is_empty() => {
                let terms: Vec<Term> = words.iter().map(|(_, term)| term.clone()).collect();
                Some(Bm25Weight::for_terms(statistics_provider, &terms)?)
            }
            _ => None,
        };
        Ok(Box::new(Weighed { asked: self.clone(), score }))
    }
}

struct Weighed {
    asked: Within,
    score: Option<Bm25Weight>,
}

impl Weighed {
    /// What looks for these words, not yet at any case that has them; nothing where one is in no case.
    fn looking(
        &self,
        reader: &SegmentReader,
        words: &[(usize, Term)],
        boost: Score,
    ) -> tantivy::Result<Option<Looking>> {
        let number = self.asked.number;
        let last = words.iter().map(|(at, _)| *at).max().unwrap_or(0);
        let mut lists = Vec::with_capacity(words.len());
        for (at, term) in words {
            let index = reader.inverted_index(term.field())?;
            let Some(places) = index.read_postings(term, IndexRecordOption::WithFreqsAndPositions)? else {
                return Ok(None);
            };
            // Added to the places of each word, so that those of a match are one number.
            let ahead = u32::try_from((last - at) * STEP).unwrap_or(u32::MAX);
            lists.push((places, ahead));
        }
        let Some((_, first)) = words.first() else { return Ok(None) };
        let score = match &self.score {
            Some(score) => Some((score.boost_by(boost), reader.get_fieldnorms_reader(first.field())?)),
            None => None,
        };
        lists.sort_by_key(|(places, _)| places.doc_freq());
        Ok(Some(Looking { number, lists, score, times: 0, starts: Vec::new(), places: Vec::new() }))
    }
}

impl Weight for Weighed {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        match &self.asked.asked {
            Asked::Words(words) => Ok(match self.looking(reader, words, boost)? {
                Some(mut looking) => {
                    looking.settle();
                    Box::new(looking)
                }
                None => Box::new(EmptyScorer),
            }),
            Asked::Beginning(with) => {
                let found = BitSetDocSet::from(beginning(reader, with, self.asked.number)?);
                Ok(Box::new(ConstScorer::new(found, boost)))
            }
        }
    }

    /// Beside something else that is asked for the places of few cases are looked at, and not of all up to the next match.
    fn scorer_danger(
        &self,
        reader: &SegmentReader,
        target: DocId,
        boost: Score,
    ) -> tantivy::Result<(SeekDangerResult, Box<dyn Scorer>)> {
        if let Asked::Words(words) = &self.asked.asked {
            return Ok(match self.looking(reader, words, boost)? {
                Some(mut looking) => (looking.seek_danger(target), Box::new(looking)),
                None => (SeekDangerResult::SeekLowerBound(TERMINATED), Box::new(EmptyScorer)),
            });
        }
        let mut scorer = self.scorer(reader, boost)?;
        let found = match scorer.doc() > target {
            true => SeekDangerResult::SeekLowerBound(scorer.doc()),
            false => scorer.seek_danger(target),
        };
        Ok((found, scorer))
    }

    fn explain(&self, reader: &SegmentReader, case: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        match scorer.seek(case) == case {
            true => Ok(Explanation::new("words in the field", scorer.score())),
            false => Err(TantivyError::InvalidArgument(format!("case {case} has not these words in the field"))),
        }
    }
}

/// Cases that have a word with a beginning in a field.
fn beginning(reader: &SegmentReader, with: &Term, number: usize) -> tantivy::Result<BitSet> {
    let index = reader.inverted_index(with.field())?;
    let (mut found, mut places) = (BitSet::with_max_value(reader.max_doc()), Vec::new());
    let mut terms = index.terms().range().ge(with.serialized_value_bytes()).into_stream()?;
    while terms.advance() {
        if !terms.key().starts_with(with.serialized_value_bytes()) {
            break;
        }
        let mut cases = index.read_postings_from_terminfo(terms.value(), IndexRecordOption::WithFreqsAndPositions)?;
        while cases.doc() != TERMINATED {
            // One of its words is enough.
            if !found.contains(cases.doc()) {
                cases.positions(&mut places);
                if places.iter().any(|at| is_of(*at, number)) {
                    found.insert(cases.doc());
                }
            }
            cases.advance();
        }
    }
    Ok(found)
}

fn is_of(place: u32, number: usize) -> bool {
    usize::try_from(place).is_ok_and(|place| place % STEP == number)
}

/// Looking for a case that has all words in the field, one behind the other.
struct Looking {
    number: usize,
    /// The cases of each word, the fewest first, with what is added to its places.
    lists: Vec<(SegmentPostings, u32)>,
    score: Option<(Bm25Weight, FieldNormReader)>,
    /// How often the case at hand has them.
    times: u32,
    starts: Vec<u32>,
    places: Vec<u32>,
}

impl Looking {
    /// Goes on, from the case the first list is at, to one that has them.
    fn settle(&mut self) -> DocId {
        'cases: loop {
            let Some((first, others)) = self.lists.split_first_mut() else { return TERMINATED };
            let case = first.0.doc();
            if case == TERMINATED {
                return TERMINATED;
            }
            for (other, _) in others {
                let at = to(other, case);
                if at > case {
                    first.0.seek(at);
                    continue 'cases;
                }
            }
            if self.has_them() {
                return case;
            }
            if let Some((first, _)) = self.lists.first_mut() {
                first.advance();
            }
        }
    }

    /// Whether the case all lists are at has the words one behind the other in the field.
    fn has_them(&mut self) -> bool {
        self.starts.clear();
        for (n, (list, ahead)) in self.lists.iter_mut().enumerate() {
            if n == 0 {
                list.positions_with_offset(*ahead, &mut self.starts);
                self.starts.retain(|at| is_of(*at, self.number));
            } else {
                list.positions_with_offset(*ahead, &mut self.places);
                self.starts.retain(|at| self.places.binary_search(at).is_ok());
            }
            if self.starts.is_empty() {
                break;
            }
        }
        self.times = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        self.times > 0
    }
}

impl DocSet for Looking {
    fn advance(&mut self) -> DocId {
        if let Some((first, _)) = self.lists.first_mut() {
            first.advance();
        }
        self.settle()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        match self.lists.first_mut() {
            Some((first, _)) if first.doc() < target => first.seek(target),
            _ => return self.doc(),
        };
        self.settle()
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target >= TERMINATED {
            return SeekDangerResult::SeekLowerBound(target);
        }
        for (list, _) in &mut self.lists {
            let at = to(list, target);
            if at > target {
                return SeekDangerResult::SeekLowerBound(at);
            }
        }
        match self.has_them() {
            true => SeekDangerResult::Found,
            false => SeekDangerResult::SeekLowerBound(target + 1),
        }
    }

    fn doc(&self) -> DocId {
        self.lists.first().map_or(TERMINATED, |(first, _)| first.doc())
    }

    fn size_hint(&self) -> u32 {
        self.lists.first().map_or(0, |(first, _)| first.size_hint())
    }

    fn cost(&self) -> u64 {
        // Places are read for each.
        u64::from(self.size_hint()) * 10
    }
}

impl Scorer for Looking {
    fn score(&mut self) -> Score {
        match &self.score {
            Some((weight, lengths)) => weight.score(lengths.fieldnorm_id(self.doc()), self.times),
            None => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::ask::Field;
    use crate::search::words::{self, Texts};
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use tantivy::collector::DocSetCollector;
    use tantivy::query::{AllQuery, BooleanQuery, Occur, TermQuery};
    use tantivy::schema::{self, Schema, TextFieldIndexing, TextOptions};
    use tantivy::{Index, IndexWriter, Searcher, doc};

    const HERE: [Field; 2] = [Field::Text, Field::Replies];

    /// Cases, each with a text and a reply, in an index of one field.
    fn index(cases: &[[String; 2]]) -> (Searcher, schema::Field) {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(words::NAME)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let field = schema.add_text_field("words", TextOptions::default().set_indexing_options(indexing));
        let mut index = Index::create_in_ram(schema.build());
        index.set_tokenizers(words::tokenizers());
        let mut writer: IndexWriter = index.writer_with_num_threads(1, 15_000_000).unwrap();
        for case in cases {
            let mut texts = Texts::default();
            for (field, text) in HERE.iter().zip(case) {
                texts.add(*field, text);
            }
            writer.add_document(doc!(field => texts.joined())).unwrap();
        }
        writer.commit().unwrap();
        (index.reader().unwrap().searcher(), field)
    }

    fn found(searcher: &Searcher, parts: Vec<(Occur, Box<dyn Query>)>) -> BTreeSet<usize> {
        let all = searcher.search(&BooleanQuery::new(parts), &DocSetCollector).unwrap();
        all.into_iter().map(|at| at.doc_id as usize).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// Words of a field are found where they stand in it, alone, beside something else and excluded.
        #[test]
        fn words_are_found_in_their_field(
            few in proptest::collection::vec(["[\u{4e00}-\u{4e02}]{0,6}", "[\u{4e00}-\u{4e02}]{0,6}"], 1..30),
            times in 1_usize..60,
            asked in "[\u{4e00}-\u{4e02}]{2,4}",
            letter in "[\u{4e00}-\u{4e02}]",
            in_replies in any::<bool>(),
        ) {
            let cases: Vec<[String; 2]> = (0..times).flat_map(|_| few.clone()).collect();
            let (searcher, words) = index(&cases);
            let which = usize::from(in_replies);
            let number = words::number(HERE[which]);
            let has = |needle: &str| -> BTreeSet<usize> {
                (0..cases.len()).filter(|n| cases[*n][which].contains(needle)).collect()
            };
            let letters: Vec<char> = asked.chars().collect();
            let pairs = letters.windows(2).enumerate().map(|(at, both)| {
                (at, Term::from_field_text(words, &both.iter().collect::<String>()))
            });
            let phrase = Within::words(number, pairs.collect());
            let beginning = Within::beginning(number, Term::from_field_text(words, &letter));
            let must = |query: &dyn Query| (Occur::Must, query.box_clone());
            let without = |query: &dyn Query| (Occur::MustNot, query.box_clone());
            prop_assert_eq!(found(&searcher, vec![must(&phrase)]), has(&asked));
            prop_assert_eq!(found(&searcher, vec![must(&beginning)]), has(&letter));
            let all: BTreeSet<usize> = (0..cases.len()).collect();
            prop_assert_eq!(found(&searcher, vec![must(&AllQuery), without(&phrase)]), &all - &has(&asked));
            let both = &has(&asked) & &has(&letter);
            prop_assert_eq!(found(&searcher, vec![must(&phrase), must(&beginning)]), both);
            // Beside a list that names the candidates.
            let first = Term::from_field_text(words, &letters[..2].iter().collect::<String>());
            let anywhere = TermQuery::new(first, IndexRecordOption::Basic);
            prop_assert_eq!(found(&searcher, vec![must(&anywhere), must(&phrase)]), has(&asked));
        }
    }
}
