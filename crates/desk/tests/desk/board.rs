//! The board: every figure is that of the list it leads to, and each reader's own.

use crate::{house, intake, named};
use desk::board::Span;
use desk::queries::list::{Filter, Order};
use domain::actor::Role;
use domain::case::State;
use jiff::SignedDuration;
use store::testing::each_database;

#[test]
fn every_figure_is_that_of_its_list() {
    each_database(|scratch| {
        let house = house(scratch);
        let desk = &house.desk;
        let agent = house.user("agent", Role::Agent, "");
        let lead = house.user("lead", Role::Supervisor, "");
        let far = house.user("far", Role::Supervisor, "33");
        let first = named(&house.register(&agent));
        // One of them on the red-line list, one brought by the regulator.
        for (region, category, kind) in
            [("310115", "C101", "complaint"), ("330106", "B204", "complaint"), ("310101", "B204", "appeal")]
        {
            let mut contact = intake();
            contact["region"] = region.into();
            contact["category"] = category.into();
            contact["kind"] = kind.into();
            house.try_register(&agent, contact).unwrap();
        }
        // What is about the reader is not there for them, in no figure either.
        let mut about = intake();
        about["about_staff"] = lead.actor.user().unwrap().to_string().into();
        house.try_register(&agent, about).unwrap();
        let accept = domain::command::Command::read("accept", serde_json::json!({})).unwrap().unwrap();
        house.wait(desk.run(&agent, &first, 1, accept, None)).unwrap();
        desk.time().set(desk.time().now() + SignedDuration::from_hours(30));

        for (who, open) in [(&lead, 4), (&far, 1)] {
            let board = house.wait(desk.board(who)).unwrap();
            assert_eq!(board.all.open, open);
            assert_eq!((board.red_line.count, board.escalated.count), if open == 4 { (1, 1) } else { (0, 0) });
            let count =
                |filter: Filter| house.wait(desk.count_lists(who, &[Filter { limit: 250, ..filter }])).unwrap()[0];
            let open_only = || Filter { open_only: true, ..Filter::default() };
            assert_eq!(count(open_only()), board.all.open);
            assert_eq!(count(Filter { due_before: Some(board.at), ..open_only() }), board.all.late);
            assert_eq!(count(Filter { due_before: Some(board.soon), ..open_only() }), board.all.soon);
            let waits = vec![State::Triage, State::Registered, State::Reopened];
            assert_eq!(count(Filter { states: waits, ..open_only() }), board.all.untouched);
            for (unit, tally) in &board.units {
                assert_eq!(count(Filter { unit: Some(*unit), ..open_only() }), tally.open);
            }
            for (user, tally) in &board.people {
                assert_eq!(count(Filter { assignee: Some(*user), ..open_only() }), tally.open);
            }
            let sum = |tallies: &[(String, desk::board::Tally)]| tallies.iter().map(|(_, one)| one.late).sum::<i64>();
            assert_eq!(sum(&board.grades), board.all.late);
            for Span { from, until, count: figure } in &board.left {
                let filter = Filter { due_from: *from, due_before: *until, ..open_only() };
                assert_eq!(count(filter), *figure, "{from:?} {until:?}");
            }
            let clocked = board.left.iter().map(|span| span.count).sum::<i64>();
            let anything = Filter { due_from: Some(jiff::Timestamp::UNIX_EPOCH), ..open_only() };
            assert_eq!((count(anything), board.left[0].count), (clocked, board.all.late));
            for (figure, state) in board.elsewhere.iter().zip([State::AwaitingCustomer, State::Suspended]) {
                assert_eq!(count(Filter { states: vec![state], ..open_only() }), *figure);
            }
            for (pressing, filter) in [
                (&board.red_line, Filter { red_line: true, ..open_only() }),
                (&board.escalated, Filter { escalated: true, ..open_only() }),
            ] {
                let page = house.wait(desk.list(who, &filter)).unwrap();
                let numbers =
                    |all: &[desk::queries::list::Listed]| all.iter().map(|one| one.number.clone()).collect::<Vec<_>>();
                assert_eq!((numbers(&pressing.first), count(filter)), (numbers(&page.items), pressing.count));
            }
            for span in board.received.iter().chain(board.hours.iter().flatten()) {
                let spanned = Filter {
                    received_from: span.from,
                    received_before: span.until,
                    order: Order::Received,
                    ..Filter::default()
                };
                assert_eq!(count(spanned), span.count, "{span:?}");
            }
            for (code, open) in &board.categories {
                assert_eq!(count(Filter { category: Some(code.clone()), ..open_only() }), *open);
            }
        }
        assert_eq!(house.wait(desk.board(&house.system())).unwrap().all.open, 5);
        let board = house.wait(desk.board(&lead)).unwrap();
        assert!(board.all.late > 0 && board.all.untouched == 3, "{board:?}");
        let received = |board: &desk::board::Board| board.received.map(|span| span.count);
        assert_eq!(received(&board), [0, 0, 0], "they came in yesterday");
        desk.time().set(desk.time().now() + SignedDuration::from_hours(24 * 6));
        let board = house.wait(desk.board(&lead)).unwrap();
        assert_eq!(received(&board), [0, 4, 4]);
        assert_eq!(board.hours[1].iter().map(|hour| hour.count).sum::<i64>(), 4);
        assert_eq!(board.hours[1].len(), 24);
        assert!(house.wait(desk.board(&agent)).is_err());
        house.close_down();
    })
    .unwrap();
}
