//! The stream of changes: it says that something changed, to those who may look, and ends with the server.

use crate::{house, intake};
use axum::body::{Body, HttpBody as _};
use axum::http::Request;
use domain::actor::Role;
use server::app::router;
use std::time::Duration;
use tower::ServiceExt as _;

#[test]
fn a_stream_tells_of_changes_is_bounded_and_ends() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Agent, "31");
    let ask = || {
        let request = Request::get("/console/live").header("authorization", format!("Bearer {token}"));
        router(&house.state).oneshot(request.body(Body::empty()).unwrap())
    };
    let frame = async |body: &mut Body| {
        let next = std::future::poll_fn(|cx| std::pin::Pin::new(&mut *body).poll_frame(cx));
        let frame = tokio::time::timeout(Duration::from_secs(8), next).await.expect("a word in time");
        frame.map(|frame| String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap())
    };
    let (mut body, rest) = house.runtime.block_on(async {
        let answer = ask().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let mut body = answer.into_body();
        assert_eq!(frame(&mut body).await.unwrap(), "retry: 5000\n\n");
        // As many as a caller has windows, and no more; the others fetch by themselves.
        let mut rest = Vec::new();
        for _ in 0..5 {
            rest.push(ask().await.unwrap().into_body());
        }
        assert_eq!(ask().await.unwrap().status(), 204);
        // The first look says how things are; what comes after it is a change.
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        (body, rest)
    });
    house.register(&token, &intake());
    house.runtime.block_on(async {
        let word = frame(&mut body).await.unwrap();
        assert_eq!(word, "event: changed\ndata: \n\n", "that, and not what");
        drop(rest);
        assert_eq!(house.state.live.streams(), 1);
        house.state.live.close();
        assert!(frame(&mut body).await.is_none());
        drop(body);
        assert_eq!(house.state.live.streams(), 0);
    });
    let quiet = house.token(Role::Integration, "");
    assert_eq!(house.get(&quiet, "/console/live").status, 200);
    house.desk.db().close();
}
