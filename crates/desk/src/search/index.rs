//! The index itself: which fields a case has in it, and how a question is put to it. Texts are not kept, only their terms;
//! an answer is identities, and everything shown comes from the case.

use super::ask::{Ask, Clause, Field};
use super::document::CaseDocument;
use super::facets::{self, GROUPS};
use super::many::ManyOf;
use super::names::{self, Names};
use super::terms::{self, Meant, Placed};
use super::within::Within;
use super::words::{self, STEP, Texts};
use crate::caller::Caller;
use domain::taxonomy::Taxonomy;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::ops::Bound;
use store::{CaseRow, ListQuery};
use tantivy::collector::TopDocs;
use tantivy::directory::RamDirectory;
use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, PhraseQuery, Query, RangeQuery, TermQuery,
};
use tantivy::schema::{self, FAST, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::{DocAddress, Index, IndexSettings, Order, Searcher, TantivyError, Term};
use uuid::Uuid;

/// Grows when terms or fields change: an index of another form is made anew.
pub(super) const FORM: u32 = 4;

/// A run of Chinese longer than this, typed without quotes, is a sentence: its pairs may stand apart.
const SENTENCE: usize = 3;
/// Of a longer one so many pairs are looked at, and no more.
const LONGEST_SENTENCE: usize = 64;
/// What it counts that a case lies in something of the name that was typed: about as much as a word half of all cases have.
const NAMED: f32 = 1.0;
/// From so many pairs on some of a sentence may be missing.
const LONG_SENTENCE: usize = 8;

/// Whether what is found has an order that words decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ordered {
    /// The best first.
    Best,
    /// It has another, or is only counted.
    Elsehow,
}

/// How much of a long sentence a case must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sentences {
    /// Every pair of it.
    Whole,
    /// Most of them, which takes longer.
    Nearly,
}

/// Words of a case that are looked up to find what tells it from others.
const LOOKED_UP: usize = 400;
/// Words that tell a case from others and are asked for.
const TELLING: usize = 24;

/// A word of a case with how much it tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weighed {
    pub(super) term: String,
    pub(super) weight: f64,
}

/// Who asks, as far as it decides what they find.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    /// The area they see; empty for everywhere.
    pub(super) area: String,
    /// A person: what is about themselves they do not find.
    pub(super) user: Option<Uuid>,
}

impl Reader {
    /// Cases they see, as a list.
    pub(super) fn list(&self) -> ListQuery {
        let reader = self.user.map(|user| user.to_string());
        ListQuery { scope: self.area.clone(), reader, ..ListQuery::default() }
    }

    pub(crate) fn of(caller: &Caller) -> Self {
        Self { area: caller.actor.area.code().to_owned(), user: caller.actor.user().map(|user| user.0) }
    }
}

/// What of a case can be found.
pub(super) struct Findable {
    pub(super) row: CaseRow,
    /// The member of staff it is about: what is not for their eyes is not found by them.
    pub(super) about: Option<Uuid>,
    /// Product line.
    pub(super) product: Option<String>,
    /// Words with where they stand; none where the person was erased.
    pub(super) words: Vec<(Field, String)>,
}

/// The fields of the index.
#[derive(Clone)]
pub(super) struct Shape {
    pub(super) schema: Schema,
    id: schema::Field,
    high: schema::Field,
    low: schema::Field,
    received: schema::Field,
    /// What a case is filtered by, as marks such as `s:accepted`.
    marks: schema::Field,
    /// What a case is counted by.
    groups: schema::Field,
    /// All words of a case, each at a place that says of which field it is.
    words: schema::Field,
    /// Those of the line that sums it up once more: they say more.
    subject: schema::Field,
}

/// Where words are looked for.
#[derive(Clone, Copy)]
struct Place {
    field: schema::Field,
    /// Only at places of this number.
    number: Option<usize>,
}

/// In which order cases are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    Relevance,
    Newest,
}

/// A case that was found, with what it is ordered by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hit {
    pub(super) key: f64,
    pub(super) id: Uuid,
}

impl Hit {
    /// Best first. What is alike stays in the order of the index it comes from, which is the same for every page.
    pub(super) fn order(one: &Self, other: &Self) -> std::cmp::Ordering {
        other.key.total_cmp(&one.key)
    }
}

impl Shape {
    pub(super) fn new() -> Self {
        let mut builder = Schema::builder();
        let placed = TextFieldIndexing::default().set_tokenizer(words::NAME).set_fieldnorms(true);
        let text = TextOptions::default()
            .set_indexing_options(placed.set_index_option(IndexRecordOption::WithFreqsAndPositions));
        Self {
            id: builder.add_text_field("id", STRING),
            high: builder.add_u64_field("high", FAST),
            low: builder.add_u64_field("low", FAST),
            received: builder.add_i64_field("received", FAST | INDEXED),
            marks: builder.add_text_field("marks", STRING),
            groups: builder.add_text_field(GROUPS, FAST),
            words: builder.add_text_field("words", text.clone()),
            subject: builder.add_text_field("subject", text),
            schema: builder.build(),
        }
    }

    /// Where the words of a field are; nothing where a field has none of its own.
    fn place(&self, field: Option<Field>) -> Option<Place> {
        match field {
            None => Some(Place { field: self.words, number: None }),
            Some(Field::Subject) => Some(Place { field: self.subject, number: None }),
            Some(Field::Category) => None,
            Some(other) => Some(Place { field: self.words, number: Some(words::number(other)) }),
        }
    }

    /// Names one case, for taking it out.
    pub(super) fn one(&self, id: Uuid) -> Term {
        Term::from_field_text(self.id, &id.simple().to_string())
    }

    /// A case as the index takes it in.
    pub(super) fn document(&self, case: &Findable, taxonomy: &Taxonomy) -> CaseDocument {
        let row = &case.row;
        let mut document = CaseDocument::default();
        let (high, low) = row.id.as_u64_pair();
        document.text(self.id, row.id.simple().to_string());
        document.unsigned(self.high, high);
        document.unsigned(self.low, low);
        document.signed(self.received, row.received_at);
        for mark in marks(case) {
            document.text(self.marks, mark);
        }
        for group in facets::groups(row, taxonomy) {
            document.text(self.groups, group);
        }
        let (mut texts, mut subject) = (Texts::default(), Texts::default());
        texts.add(Field::Number, &row.number);
        for (field, text) in &case.words {
            texts.add(*field, text);
            if *field == Field::Subject {
                subject.add(*field, text);
            }
        }
        document.text(self.words, texts.joined());
        document.text(self.subject, subject.joined());
        document
    }

    /// The best `most` cases for a question among those the filters leave.
    pub(super) fn find(
        &self,
        searcher: &Searcher,
        query: &dyn Query,
        rank: Rank,
        most: usize,
    ) -> Result<Vec<Hit>, TantivyError> {
        let top = TopDocs::with_limit(most.max(1));
        let found: Vec<(f64, DocAddress)> = match rank {
            Rank::Relevance => {
                let found = searcher.search(query, &top.order_by_score())?;
                found.into_iter().map(|(score, at)| (f64::from(score), at)).collect()
            }
            Rank::Newest => {
                let found = searcher.search(query, &top.order_by_fast_field::<i64>("received", Order::Desc))?;
                found.into_iter().map(|(received, at)| (received.unwrap_or_default() as f64, at)).collect()
            }
        };
        let mut hits = Vec::with_capacity(found.len());
        for (key, at) in found {
            let fast = searcher.segment_reader(at.segment_ord).fast_fields();
            let (high, low) = (fast.u64("high")?.first(at.doc_id), fast.u64("low")?.first(at.doc_id));
            if let (Some(high), Some(low)) = (high, low) {
                hits.push(Hit { key, id: Uuid::from_u64_pair(high, low) });
            }
        }
        Ok(hits)
    }

    /// What keeps everything from a reader that is not for them; stands in every question. The one place for such rules.
    fn sight(&self, reader: &Reader) -> Vec<(Occur, Box<dyn Query>)> {
        let mut parts: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        if !reader.area.is_empty() {
            parts.push((Occur::Must, self.filter(&[names::region(&reader.area)])));
        }
        if let Some(user) = reader.user {
            parts.push((Occur::MustNot, self.filter(&[format!("a:{}", user.simple())])));
        }
        parts
    }

    /// Any of these marks, for nothing in the order of what is found.
    fn filter(&self, marks: &[String]) -> Box<dyn Query> {
        self.marked(marks, 0.0)
    }

    fn marked(&self, marks: &[String], score: f32) -> Box<dyn Query> {
        let terms = marks.iter().map(|mark| Term::from_field_text(self.marks, mark)).collect();
        Box::new(ConstScoreQuery::new(Box::new(BooleanQuery::new_multiterms_query(terms)), score))
    }

    /// Puts a question together with what the reader may see and what the list is filtered by.
    pub(super) fn query(
        &self,
        (ask, names): (&Ask, &Names),
        filter: &ListQuery,
        reader: &Reader,
        zone: &TimeZone,
        (sentences, order): (Sentences, Ordered),
    ) -> BooleanQuery {
        let mut parts = self.sight(reader);
        for clause in &ask.clauses {
            let Some(query) = self.clause(clause, names, (sentences, order)) else { continue };
            parts.push((if clause.without { Occur::MustNot } else { Occur::Must }, query));
            if clause.field.is_none() && !clause.without && order == Ordered::Best {
                // The same words in the line that sums a case up say more.
                let summed = Clause { field: Some(Field::Subject), ..clause.clone() };
                let bonus = self.clause(&summed, names, (sentences, order)).map(|query| BoostQuery::new(query, 2.0));
                parts.extend(bonus.map(|query| (Occur::Should, Box::new(query) as Box<dyn Query>)));
            }
        }
        let start = |date: jiff::civil::Date| {
            date.to_zoned_datetime(zone.clone()).ok().map(|day| day.timestamp().as_microsecond())
        };
        let from = ask.from.and_then(start);
        let until = ask.until.and_then(|day| day.tomorrow().ok()).and_then(start);
        if from.is_some() || until.is_some() {
            let term = |at| Term::from_field_i64(self.received, at);
            let low = from.map_or(Bound::Unbounded, |at| Bound::Included(term(at)));
            let high = until.map_or(Bound::Unbounded, |at| Bound::Excluded(term(at)));
            parts.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(RangeQuery::new(low, high)), 0.0))));
        }
        parts.extend(ask.kind.iter().map(|kind| (Occur::Must, self.filter(&[format!("k:{}", kind.code())]))));
        parts.extend(wanted(filter).into_iter().map(|any| (Occur::Must, self.filter(&any))));
        BooleanQuery::new(parts)
    }

    /// Closed cases like another by their words; the same category, product and region let them come earlier.
    pub(super) fn like(&self, one: &Findable, words: &[Weighed], reader: &Reader) -> BooleanQuery {
        let mut parts = self.sight(reader);
        parts.push((Occur::Must, self.filter(&["s:closed".to_owned()])));
        parts.push((Occur::MustNot, Box::new(TermQuery::new(self.one(one.row.id), IndexRecordOption::Basic))));
        // A few shared pairs of characters are chance.
        parts.push((Occur::Must, self.many_of(words, words.len() / 4)));
        let category = one.row.category.as_deref();
        let nearer = [
            (category.map(names::category), 3.0),
            (category.and_then(|code| code.get(..2)).map(names::category), 2.0),
            (one.product.as_ref().map(|product| format!("b:{product}")), 1.0),
            ((!one.row.region.is_empty()).then(|| names::region(&one.row.province)), 0.5),
        ];
        for (mark, weight) in nearer {
            let Some(mark) = mark else { continue };
            let has = TermQuery::new(Term::from_field_text(self.marks, &mark), IndexRecordOption::Basic);
            parts.push((Occur::Should, Box::new(ConstScoreQuery::new(Box::new(has), weight))));
        }
        BooleanQuery::new(parts)
    }

    /// Cases open or received since a moment that have many of these words.
    pub(super) fn saying(&self, words: &[Weighed], reader: &Reader, since: i64) -> BooleanQuery {
        let mut parts = self.sight(reader);
        let since = Bound::Included(Term::from_field_i64(self.received, since));
        let late: Box<dyn Query> = Box::new(RangeQuery::new(since, Bound::Unbounded));
        let near = BooleanQuery::new(vec![(Occur::Should, late), (Occur::Should, self.filter(&["open".to_owned()]))]);
        parts.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(near), 0.0))));
        parts.push((Occur::MustNot, self.filter(&["s:voided", "s:merged"].map(str::to_owned))));
        parts.push((Occur::Must, self.many_of(words, words.len() * 4 / 10)));
        BooleanQuery::new(parts)
    }

    /// At least so many of these words, and one in any case.
    fn many_of(&self, words: &[Weighed], least: usize) -> Box<dyn Query> {
        let words = words.iter().map(|word| vec![Term::from_field_text(self.words, &word.term)]).collect();
        Box::new(ManyOf::new(words, least))
    }

    /// The words of subject and complaint that tell them from others, the most telling first: those they have often and
    /// others seldom.
    pub(super) fn telling<'s>(
        &self,
        searchers: impl Iterator<Item = &'s Searcher>,
        texts: &[(Field, String)],
    ) -> Result<Vec<Weighed>, TantivyError> {
        let mut often: BTreeMap<String, f64> = BTreeMap::new();
        for (field, words) in texts {
            let weight = match field {
                Field::Subject => 2.0,
                Field::Text => 1.0,
                _ => continue,
            };
            for term in terms::telling(words) {
                if often.len() < LOOKED_UP || often.contains_key(&term) {
                    *often.entry(term).or_default() += weight;
                }
            }
        }
        let searchers: Vec<&Searcher> = searchers.collect();
        let all: u64 = searchers.iter().map(|searcher| searcher.num_docs()).sum();
        let mut weighed = Vec::with_capacity(often.len());
        for (term, count) in often {
            let mut known = 0;
            for searcher in &searchers {
                known += searcher.doc_freq(&Term::from_field_text(self.words, &term))?;
            }
            if known > 0 {
                weighed.push(Weighed { term, weight: (1.0 + count.ln()) * (1.0 + all as f64 / known as f64).ln() });
            }
        }
        weighed.sort_by(|one, other| other.weight.total_cmp(&one.weight).then_with(|| one.term.cmp(&other.term)));
        weighed.truncate(TELLING);
        Ok(weighed)
    }

    /// The words of one clause, in a case or in a name of what it lies in; nothing where none is left of them.
    fn clause(&self, clause: &Clause, names: &Names, how: (Sentences, Ordered)) -> Option<Box<dyn Query>> {
        let place = self.place(clause.field);
        match meant(clause) {
            Words::None => None,
            Words::Phrase(forms) => {
                let mut either: Vec<Box<dyn Query>> =
                    place.iter().flat_map(|place| forms.iter().map(|form| self.phrase(*place, form))).collect();
                let marks = forms.first().map(|form| names.marks(clause.field, form)).unwrap_or_default();
                if !marks.is_empty() {
                    either.push(self.marked(&marks, NAMED));
                }
                Some(any_of(either))
            }
            Words::Sentence { terms, typed } => {
                let each: Vec<(String, Vec<String>)> = terms
                    .into_iter()
                    .map(|term| {
                        let marks = names.marks(clause.field, &[Placed { term: term.clone(), at: 0 }]);
                        (term, marks)
                    })
                    .collect();
                Some(self.sentence(place, &each, &typed, how))
            }
        }
    }

    /// One word.
    fn word(&self, place: Place, word: &str) -> Box<dyn Query> {
        let term = Term::from_field_text(place.field, word);
        match place.number {
            None => Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)),
            Some(number) => Box::new(Within::words(number, vec![(0, term)])),
        }
    }

    /// Words one behind the other.
    fn phrase(&self, place: Place, words: &[Placed]) -> Box<dyn Query> {
        if let Some(letter) = terms::alone(words) {
            return self.beginning(place, letter);
        }
        match words {
            [] => Box::new(EmptyQuery),
            [only] => self.word(place, &only.term),
            [first, ..] => {
                let behind = |one: &Placed| (one.at - first.at, Term::from_field_text(place.field, &one.term));
                let words: Vec<(usize, Term)> = words.iter().map(behind).collect();
                match place.number {
                    None => {
                        let words = words.into_iter().map(|(at, term)| (at * STEP, term)).collect();
                        Box::new(PhraseQuery::new_with_offset(words))
                    }
                    Some(number) => Box::new(Within::words(number, words)),
                }
            }
        }
    }

    /// Whatever begins with a character.
    fn beginning(&self, place: Place, letter: char) -> Box<dyn Query> {
        let first = Term::from_field_text(place.field, &letter.to_string());
        if let Some(number) = place.number {
            return Box::new(Within::beginning(number, first));
        }
        let behind = char::from_u32(u32::from(letter) + 1).map(String::from);
        let end = behind.map(|behind| Term::from_field_text(place.field, &behind));
        Box::new(RangeQuery::new(Bound::Included(first), end.map_or(Bound::Unbounded, Bound::Excluded)))
    }

    /// The words of a sentence, which may stand apart, each in the text or in a name with one of these marks; what stands
    /// as it was typed comes first.
    fn sentence(
        &self,
        place: Option<Place>,
        words: &[(String, Vec<String>)],
        typed: &[Placed],
        (sentences, order): (Sentences, Ordered),
    ) -> Box<dyn Query> {
        let marked = |marks: &[String]| (!marks.is_empty()).then(|| self.marked(marks, NAMED));
        let either = |(word, marks): &(String, Vec<String>)| {
            any_of(place.map(|place| self.word(place, word)).into_iter().chain(marked(marks)).collect())
        };
        let parts: Box<dyn Query> = match place {
            Some(Place { field, number: None }) if sentences == Sentences::Nearly && words.len() >= LONG_SENTENCE => {
                let terms = |(word, marks): &(String, Vec<String>)| {
                    let marks = marks.iter().map(|mark| Term::from_field_text(self.marks, mark));
                    std::iter::once(Term::from_field_text(field, word)).chain(marks).collect()
                };
                Box::new(ManyOf::new(words.iter().map(terms).collect(), words.len() * 6 / 10))
            }
            _ => Box::new(BooleanQuery::intersection(words.iter().map(either).collect())),
        };
        match place.filter(|_| order == Ordered::Best) {
            None => parts,
            Some(place) => {
                let bonus = BoostQuery::new(self.phrase(place, typed), 3.0);
                Box::new(BooleanQuery::new(vec![(Occur::Must, parts), (Occur::Should, Box::new(bonus))]))
            }
        }
    }
}

/// How the words of a clause are looked for.
enum Words {
    /// There are none.
    None,
    /// One behind the other, in any of these forms.
    Phrase(Vec<Vec<Placed>>),
    /// Each by itself; as they were typed, or as far as that is looked at, they count more.
    Sentence { terms: Vec<String>, typed: Vec<Placed> },
}

fn meant(clause: &Clause) -> Words {
    let as_meant = if clause.exact { Meant::Exactly } else { Meant::Loosely };
    let mut typed = terms::fewest(&clause.words, as_meant);
    // A character alone tells nothing where others are asked for.
    let tells = typed.iter().any(|one| !terms::is_alone(&one.term));
    match typed.as_slice() {
        [] => Words::None,
        _ if clause.exact || clause.without || !tells || typed.len() <= SENTENCE => {
            Words::Phrase(terms::forms(&clause.words, as_meant))
        }
        _ => {
            let mut terms: Vec<String> = Vec::new();
            for one in typed.iter().filter(|one| !terms::is_alone(&one.term)) {
                if terms.len() < LONGEST_SENTENCE && !terms.contains(&one.term) {
                    terms.push(one.term.clone());
                }
            }
            typed.truncate(LONGEST_SENTENCE);
            Words::Sentence { terms, typed }
        }
    }
}

fn any_of(mut either: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    match either.len() {
        0 => Box::new(EmptyQuery),
        1 => either.remove(0),
        _ => Box::new(BooleanQuery::union(either)),
    }
}

/// Whether some of its pairs may be missing: it is a long sentence, typed as people talk, and not for one field.
pub(super) fn may_lack_some(clause: &Clause) -> bool {
    let anywhere = matches!(clause.field, None | Some(Field::Subject));
    anywhere && matches!(meant(clause), Words::Sentence { terms, .. } if terms.len() >= LONG_SENTENCE)
}

/// What a case is filtered by.
fn marks(case: &Findable) -> Vec<String> {
    let row = &case.row;
    let mut marks = vec![format!("s:{}", row.state), format!("u:{}", row.owner_unit.simple())];
    marks.push(format!("k:{}", row.kind));
    marks.push(format!("p:{}", row.person.simple()));
    marks.extend(row.owner_user.map(|user| format!("h:{}", user.simple())));
    marks.extend(row.grade.as_ref().map(|grade| format!("g:{grade}")));
    marks.extend(case.about.map(|user| format!("a:{}", user.simple())));
    marks.extend(case.product.as_ref().map(|product| format!("b:{product}")));
    if row.open {
        marks.push("open".to_owned());
    }
    let beginnings = |text: &str| -> Vec<String> {
        text.char_indices()
            .skip(1)
            .map(|(at, _)| at)
            .chain([text.len()])
            .filter_map(|at| text.get(..at))
            .map(str::to_owned)
            .collect()
    };
    marks.extend(row.category.iter().flat_map(|code| beginnings(code)).map(|code| names::category(&code)));
    // A part of a country, such as `IE-D`, is not the beginning of another: which regions lie in which the domain says.
    let regions = beginnings(&row.region).into_iter().filter(|area| domain::taxonomy::region_in(&row.region, area));
    marks.extend(regions.map(|area| names::region(&area)));
    marks
}

/// What a list asks for: of each group one mark.
fn wanted(filter: &ListQuery) -> Vec<Vec<String>> {
    let mut groups = Vec::new();
    let mut group = |marks: Vec<String>| {
        if !marks.is_empty() {
            groups.push(marks);
        }
    };
    group(filter.region.iter().filter(|area| !area.is_empty()).map(|region| names::region(region)).collect());
    group(filter.states.iter().map(|state| format!("s:{state}")).collect());
    group(filter.grade.iter().map(|grade| format!("g:{grade}")).collect());
    group(filter.category.iter().map(|code| names::category(code)).collect());
    group(filter.owner_unit.iter().map(|unit| format!("u:{}", unit.simple())).collect());
    group(filter.owner_user.iter().chain(&filter.holders).map(|user| format!("h:{}", user.simple())).collect());
    group(filter.persons.iter().flatten().map(|person| format!("p:{}", person.simple())).collect());
    group(filter.open_only.then(|| "open".to_owned()).into_iter().collect());
    groups
}

/// An index of these cases alone, in memory: what is newer than the index on disk is found by the very same questions.
pub(super) fn of_these(shape: &Shape, cases: &[Findable], taxonomy: &Taxonomy) -> Result<Searcher, TantivyError> {
    // Made while somebody waits for an answer: no threads are started for it.
    let settings = IndexSettings { docstore_compress_dedicated_thread: false, ..IndexSettings::default() };
    let index = Index::builder().schema(shape.schema.clone()).settings(settings).tokenizers(words::tokenizers());
    let mut writer = index.single_segment_index_writer::<CaseDocument>(RamDirectory::create(), 15_000_000)?;
    for case in cases {
        writer.add_document(shape.document(case, taxonomy))?;
    }
    Ok(writer.finalize()?.reader()?.searcher())
}
