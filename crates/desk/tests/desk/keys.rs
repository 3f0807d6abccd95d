//! The master key: created once, rotated while servers run, never replaced by a fresh one.

use crate::{NOON, house, key_file, named, open};
use desk::DeskError;
use desk::time::Time;
use desk::vault::rotate;
use domain::actor::Role;
use store::testing::each_database;

#[test]
fn a_rotation_loses_nothing() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Agent, "");
        let before: Vec<_> = (0..4).map(|_| named(&house.register(&agent))).collect();
        let old = rotate::check(&house.desk).unwrap().file;
        // Another process rotates; this node finds out by itself.
        let elsewhere = open(scratch, Time::at(NOON.parse().unwrap()), &key_file(scratch)).unwrap();
        let (fresh, count) = rotate::rotate(&elsewhere).unwrap();
        assert_eq!(count, 4);
        let still_old = named(&house.register(&agent));
        for case in before.iter().chain([&still_old]) {
            assert!(!house.wait(house.desk.case(&agent, case)).unwrap().erased);
            assert!(!house.wait(elsewhere.case(&agent, case)).unwrap().erased);
        }
        let gone = rotate::finish(&elsewhere).unwrap();
        assert_eq!(gone, old);
        let usage = rotate::check(&elsewhere).unwrap();
        assert_eq!((usage.file, usage.broken.len()), (vec![fresh], 0));
        assert!(!house.wait(house.desk.case(&agent, &still_old)).unwrap().erased);
        let later = open(scratch, Time::at(NOON.parse().unwrap()), &key_file(scratch)).unwrap();
        assert!(!house.wait(later.case(&agent, &before[0])).unwrap().erased);
        for desk in [&later, &elsewhere] {
            desk.db().close();
        }
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_lost_key_is_said_to_be_lost() {
    each_database(|scratch| {
        house(scratch).close_down();
        let key = key_file(scratch);
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&key).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        std::fs::rename(&key, scratch.folder().join("elsewhere.key")).unwrap();
        let lost = open(scratch, Time::System, &key).map(drop).unwrap_err();
        assert!(matches!(lost, DeskError::Master(_)), "{lost:?}");
        assert!(!key.exists(), "no fresh key papers over the loss");
        let other = scratch.folder().join("other.key");
        desk::vault::MasterKeys::read_or_create(&other).unwrap();
        let wrong = open(scratch, Time::System, &other).map(drop).unwrap_err();
        assert!(matches!(wrong, DeskError::Cipher(_)), "{wrong:?}");
        let open_to_all = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(&other, open_to_all).unwrap();
        let exposed = open(scratch, Time::System, &other).map(drop).unwrap_err();
        assert!(exposed.to_string().contains("600"), "{exposed}");
    })
    .unwrap();
}
