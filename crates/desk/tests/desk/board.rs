//! The board: every figure is that of the list it leads to, and each reader's own.

use crate::{house, intake, named};
use desk::queries::list::Filter;
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
        for region in ["310115", "330106", "310101"] {
            let mut contact = intake();
            contact["region"] = region.into();
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
            for (code, open) in &board.categories {
                assert_eq!(count(Filter { category: Some(code.clone()), ..open_only() }), *open);
            }
        }
        assert_eq!(house.wait(desk.board(&house.system())).unwrap().all.open, 5);
        let board = house.wait(desk.board(&lead)).unwrap();
        assert!(board.all.late > 0 && board.all.untouched == 3, "{board:?}");
        assert_eq!(board.received, [0, 0, 0], "they came in yesterday");
        desk.time().set(desk.time().now() + SignedDuration::from_hours(24 * 6));
        assert_eq!(house.wait(desk.board(&lead)).unwrap().received, [0, 4, 4]);
        assert!(house.wait(desk.board(&agent)).is_err());
        house.close_down();
    })
    .unwrap();
}
