//! Lists against a naive model: every page of every filter, joined, is what a plain filter and sort give.

use crate::case;
use store::testing::{each_database, list_queries, plan, plan_of, sqlite};
use store::{CaseRow, Cursor, ListQuery, Sort, cases};
use uuid::Uuid;

const CASES: i64 = 240;

fn matches(query: &ListQuery, row: &CaseRow) -> bool {
    let starts = |prefix: &Option<String>, value: &str| prefix.as_ref().is_none_or(|prefix| value.starts_with(prefix));
    let any = |wanted: &[String], value: &str| wanted.is_empty() || wanted.iter().any(|one| one == value);
    (row.open || !(query.open_only || query.sort == Sort::Due))
        && row.region.starts_with(&query.scope)
        && any(&query.states, &row.state)
        && query.grade.as_ref().is_none_or(|grade| row.grade.as_ref() == Some(grade))
        && starts(&query.category, row.category.as_deref().unwrap_or(""))
        && query.owner_user.is_none_or(|user| row.owner_user == Some(user))
        && (query.holders.is_empty() || row.owner_user.is_some_and(|user| query.holders.contains(&user)))
        && query.owner_unit.is_none_or(|unit| row.owner_unit == unit)
        && starts(&query.region, &row.region)
        && query.persons.as_ref().is_none_or(|persons| persons.contains(&row.person))
        && query.due_from.is_none_or(|from| (from..i64::MAX).contains(&row.due_at))
        && query.due_before.is_none_or(|before| row.due_at < before)
        && query.received_from.is_none_or(|from| row.received_at >= from)
        && query.received_before.is_none_or(|before| row.received_at < before)
        && query.categories.as_ref().is_none_or(|all| row.category.as_ref().is_some_and(|one| all.contains(one)))
        && (!query.escalated || row.kind == "appeal" && row.state != "awaiting_customer")
        && query.external.is_none()
}

fn expected(query: &ListQuery) -> Vec<Uuid> {
    let mut rows: Vec<CaseRow> = (0..CASES).map(case).filter(|row| matches(query, row)).collect();
    match query.sort {
        Sort::Due => rows.sort_by_key(|row| (row.due_at, row.id)),
        Sort::ReceivedNewest => rows.sort_by_key(|row| std::cmp::Reverse((row.received_at, row.id))),
    }
    rows.into_iter().map(|row| row.id).collect()
}

#[test]
fn pages_joined_are_the_list() {
    each_database(|scratch| {
        let db = scratch.open().unwrap();
        db.write_now(|tx| {
            for n in 0..CASES {
                cases::insert(tx, &case(n))?;
            }
            cases::insert_external(tx, "miit", "X1", case(5).id)
        })
        .unwrap();
        for mut query in list_queries().into_iter().filter(|query| query.after.is_none()) {
            query.owner_user = query.owner_user.map(|_| Uuid::from_u128(77));
            if !query.holders.is_empty() {
                query.holders = vec![Uuid::from_u128(77), Uuid::max()];
            }
            query.owner_unit = query.owner_unit.map(|_| Uuid::from_u128(2));
            query.persons = query.persons.map(|_| vec![Uuid::from_u128(3), Uuid::from_u128(5)]);
            query.due_before = query.due_before.map(|_| 20);
            query.due_from = query.due_from.map(|_| 9);
            query.received_from = query.received_from.map(|_| 30);
            query.received_before = query.received_before.map(|_| 70);
            query.limit = 7;
            if query.external.is_some() {
                let page = db.read_now(move |tx| cases::list(tx, &query)).unwrap();
                assert!(page.rows.iter().all(|listed| listed.row.id == case(5).id));
                continue;
            }
            let wanted = expected(&query);
            let mut found = Vec::new();
            let mut after: Option<Cursor> = None;
            loop {
                let asked = ListQuery { after, ..query.clone() };
                let page = db.read_now(move |tx| cases::list(tx, &asked)).unwrap();
                found.extend(page.rows.iter().map(|listed| listed.row.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, wanted, "{query:?}");
        }
        db.close();
    })
    .unwrap();
}

#[test]
fn a_rare_match_never_costs_more_than_the_scan_allowed() {
    let scratch = sqlite().unwrap();
    let db = scratch.open().unwrap();
    db.write_now(|tx| {
        for n in 0..5_050 {
            let row = CaseRow { open: true, region: "31".into(), province: "31".into(), ..case(n) };
            // One case in a district, after more candidates of the same province than a page may look at.
            let row = CaseRow { due_at: n, received_at: -n, ..row };
            let row = if n == 5_040 { CaseRow { region: "3101".into(), ..row } } else { row };
            cases::insert(tx, &row)?;
        }
        Ok::<_, store::StoreError>(())
    })
    .unwrap();
    for (sort, empty) in [(Sort::Due, 1), (Sort::ReceivedNewest, 2)] {
        let query = ListQuery { region: Some("3101".into()), limit: 5, sort, ..ListQuery::default() };
        let mut after = None;
        for _ in 0..empty {
            let asked = ListQuery { after, ..query.clone() };
            let page = db.read_now(move |tx| cases::list(tx, &asked)).unwrap();
            assert!(page.rows.is_empty());
            after = Some(page.next.expect("the page says where to go on"));
        }
        let page = db.read_now(move |tx| cases::list(tx, &ListQuery { after, ..query })).unwrap();
        assert_eq!((page.rows.len(), page.next), (1, None));
    }
    db.close();
}

/// Whatever is asked together, by time left: a candidate that does not match costs no look at its row, though not every
/// index holds every column.
#[test]
fn an_index_alone_judges_whatever_is_asked_together() {
    let scratch = sqlite().unwrap();
    let db = scratch.open().unwrap();
    let by_index = |query: &ListQuery| {
        let by_row = query.persons.is_some() || query.external.is_some() || query.incident.is_some();
        let received = query.received_from.or(query.received_before).is_some();
        query.sort == Sort::Due && !by_row && !received
    };
    for query in list_queries().into_iter().filter(by_index) {
        let asked = query.clone();
        let lines = db.read_now(move |tx| plan(tx, &asked)).unwrap();
        let alone = lines
            .iter()
            .any(|line| line.contains("COVERING INDEX cases_due") || line.contains("COVERING INDEX cases_escalated"));
        assert!(alone, "{query:?}: {lines:?}");
    }
    db.close();
}

/// What is counted over all open cases of a unit or an area reads no rows: the indexes by holder hold the holder.
#[test]
fn what_counts_open_cases_reads_an_index_alone() {
    let scratch = sqlite().unwrap();
    let db = scratch.open().unwrap();
    for (module, name) in [("board", "HELD"), ("board", "CATEGORIES"), ("routing", "LOADS")] {
        let lines = db.read_now(move |tx| plan_of(tx, module, name)).unwrap();
        assert!(lines.iter().any(|line| line.contains("COVERING INDEX cases_due")), "{name}: {lines:?}");
    }
    db.close();
}

#[test]
fn the_intended_index_drives() {
    let scratch = sqlite().unwrap();
    let db = scratch.open().unwrap();
    type Filter = fn(&mut ListQuery);
    let drivers: [(&str, Filter); 10] = [
        ("cases_due", |_| {}),
        ("cases_due_user", |q| q.owner_user = Some(Uuid::nil())),
        ("cases_due_unit", |q| q.owner_unit = Some(Uuid::nil())),
        ("cases_due_state", |q| q.states = vec!["triage".into()]),
        ("cases_due_category", |q| q.category = Some("A102".into())),
        ("cases_due_grade", |q| q.grade = Some("urgent".into())),
        ("cases_due_province", |q| q.scope = "3101".into()),
        ("cases_escalated", |q| q.escalated = true),
        ("cases_person", |q| q.persons = Some(vec![Uuid::nil()])),
        ("cases_received", |q| q.sort = Sort::ReceivedNewest),
    ];
    for (index, filter) in drivers {
        let mut query = ListQuery { limit: 50, ..ListQuery::default() };
        filter(&mut query);
        let lines = db.read_now(move |tx| plan(tx, &query)).unwrap();
        assert!(
            lines.iter().any(|line| line.contains(&format!("INDEX {index} ")) || line.ends_with(index)),
            "{index}: {lines:?}"
        );
        // A candidate that does not match costs no look at its row, but for those of a person.
        let alone = lines.iter().any(|line| line.contains(&format!("COVERING INDEX {index}")));
        assert_eq!(alone, index != "cases_person", "{lines:?}");
        let sorts = lines.iter().any(|line| line.contains("TEMP B-TREE"));
        assert_eq!(sorts, index == "cases_person", "{index} sorts: {lines:?}");
    }
    db.close();
}
