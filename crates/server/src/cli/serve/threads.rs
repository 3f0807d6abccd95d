//! The threads beside the server: those that do what nobody asks for, and those that wait for others outside. They are
//! apart from each other so that none holds another up, and all end with the server.

use crate::cli::place::Place;
use crate::courier::Courier;
use crate::events::Herald;
use crate::mail_in;
use crate::post::Post;
use crate::remedies::Billing;
use desk::bursts::Watch;
use desk::search::{self, Feeder};
use desk::{Desk, DeskError, jobs};
use mail::imap::Mailbox;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};
use tokio::runtime::{self, Runtime};

/// How far threads stand behind those that answer ([`store::step_back`]): what has to keep pace, and what may wait.
const KEEPS_PACE: i32 = 5;
const MAY_WAIT: i32 = 10;
/// How often duties are looked for.
const TICK: Duration = Duration::from_secs(1);
/// Between two looks at what waits for its moment: warnings and broken promises are to show within a second.
const LOOK: Duration = Duration::from_millis(200);
/// Between two looks of the index of words: until then questions look at what is newer than it themselves, and each taking
/// in costs something.
const INDEX_LOOK: Duration = Duration::from_millis(300);
/// The same after a look that took in more than a few cases: those that come meanwhile are looked at by every question.
const INDEX_LOOK_BUSY: Duration = Duration::from_millis(60);
/// So many are a few cases.
const FEW: u64 = 128;
/// Counting for reports rests so many times as long as it works: it takes a fifth of a core at most.
const ROLLUP_RESTS: u32 = 4;
/// After a recurring duty that failed: soon enough for a disk that has room again, seldom enough for what fails for good.
const FAILED_DUTY_RESTS: Duration = Duration::from_secs(5);
/// After a look for suspected faults that failed; each reads much.
const FAILED_LOOK_RESTS: Duration = Duration::from_secs(60);
/// How long nothing is sent after the mail server was in trouble.
const MAIL_RESTS: Duration = Duration::from_secs(30);
/// How long nothing is delivered after billing was in trouble; each delivery has its own pause besides.
const BILLING_RESTS: Duration = Duration::from_secs(5);
/// Between two looks at the log for events: the first try comes within half a second of what happened.
const HERALD_LOOKS: Duration = Duration::from_millis(100);

/// What a node is called where many hold leases.
pub(super) fn node() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Tells of failures, but not of each one of many.
#[derive(Default)]
struct Complaints {
    last: Option<Instant>,
}

impl Complaints {
    fn hear<T>(&mut self, outcome: Result<T, DeskError>) {
        if let Err(error) = outcome
            && self.last.is_none_or(|at| at.elapsed() > Duration::from_secs(60))
        {
            tracing::error!(%error, "a duty failed; it will be tried again");
            self.last = Some(Instant::now());
        }
    }
}

/// What a thread needs for what waits: it has no other.
fn own_runtime(builder: &mut runtime::Builder) -> Result<Runtime, String> {
    builder.build().map_err(|error| error.to_string())
}

/// What can wait for a while and for nothing outside.
fn resting_runtime() -> Result<Runtime, String> {
    own_runtime(runtime::Builder::new_current_thread().enable_time())
}

/// The threads that run; dropping this ends them all and waits for what they are at, also where a start fails half-way.
pub(super) struct Threads {
    desk: Desk,
    stop: Arc<AtomicBool>,
    running: Vec<JoinHandle<()>>,
}

impl Threads {
    /// None yet.
    pub(super) fn beside(desk: &Desk) -> Self {
        Self { desk: desk.clone(), stop: Arc::default(), running: Vec::new() }
    }

    /// A thread that does round after round, each of which says how long to rest after it, and may ask whether the server
    /// ends. It and the threads it begins stand so far behind the others.
    fn rounds(
        &mut self,
        (name, far): (&str, i32),
        mut round: impl FnMut(&Desk, &mut Complaints, &dyn Fn() -> bool) -> Duration + Send + 'static,
    ) -> Result<(), String> {
        let (desk, stop) = (self.desk.clone(), Arc::clone(&self.stop));
        self.spawn(name, move || {
            if far > 0 {
                store::step_back(far);
            }
            let mut complaints = Complaints::default();
            let stops = || stop.load(Ordering::Acquire);
            while !stops() {
                let rest = round(&desk, &mut complaints, &stops);
                let until = Instant::now() + rest;
                // A long rest does not keep the server from ending.
                while !stops() && Instant::now() < until {
                    std::thread::sleep(LOOK.min(until.saturating_duration_since(Instant::now())));
                }
            }
        })
    }

    /// A thread for work that waits for others outside, which ends with the server whatever they do.
    fn outward(&mut self, name: &str, work: impl Future<Output = ()> + Send + 'static) -> Result<(), String> {
        let runtime = own_runtime(runtime::Builder::new_current_thread().enable_all())?;
        let stop = Arc::clone(&self.stop);
        let told = async move {
            while !stop.load(Ordering::Acquire) {
                tokio::time::sleep(LOOK).await;
            }
        };
        let both = async {
            tokio::select! {
                () = work => {}
                () = told => {}
            }
        };
        self.spawn(name, move || runtime.block_on(both))
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), String> {
        self.running.push(Builder::new().name(name.to_owned()).spawn(work).map_err(|error| error.to_string())?);
        Ok(())
    }

    /// What nobody asks for: several times a second whatever waits for its moment, once a second the recurring duties.
    pub(super) fn duties(&mut self) -> Result<(), String> {
        let (node, runtime, mut again) = (node(), resting_runtime()?, Instant::now());
        self.rounds(("duties", 0), move |desk, complaints, _| {
            complaints.hear(runtime.block_on(jobs::run_timely(desk, &node)));
            if Instant::now() >= again {
                let done = jobs::run_due(desk, &node);
                again = Instant::now() + if done.is_err() { FAILED_DUTY_RESTS } else { TICK };
                complaints.hear(done);
            }
            LOOK
        })
    }

    /// Recounts open cases after a change of calendar. It may take a minute, and no warning waits for it.
    pub(super) fn recounts(&mut self) -> Result<(), String> {
        let (node, runtime) = (node(), resting_runtime()?);
        self.rounds(("recounts", 0), move |desk, complaints, stops| {
            complaints.hear(runtime.block_on(jobs::recount::go_on(desk, &node, stops)));
            TICK
        })
    }

    /// Counts for reports. It keeps pace with the log and lets registrations go first.
    pub(super) fn rollups(&mut self) -> Result<(), String> {
        let node = node();
        self.rounds(("rollups", KEEPS_PACE), move |desk, complaints, stops| {
            complaints.hear(jobs::rollup::go_on(desk, &node, ROLLUP_RESTS, stops));
            TICK
        })
    }

    /// Learns models somebody asked for, and counts what became of suggestions. Nobody waits for either.
    pub(super) fn learns(&mut self) -> Result<(), String> {
        let node = node();
        self.rounds(("models", MAY_WAIT), move |desk, complaints, stops| {
            complaints.hear(desk::models::go_on(desk, &node, stops));
            complaints.hear(desk::models::count_advice(desk, stops));
            TICK
        })
    }

    /// Checks the whole log when somebody asked for it.
    pub(super) fn checks(&mut self) -> Result<(), String> {
        let node = node();
        self.rounds(("checks", KEEPS_PACE), move |desk, complaints, stops| {
            complaints.hear(desk::verifications::go_on(desk, &node, stops));
            TICK
        })
    }

    /// Looks for suspected faults. A look over many contacts takes seconds, and no warning waits for it.
    pub(super) fn bursts(&mut self, watch: Watch) -> Result<(), String> {
        let node = node();
        self.rounds(("bursts", MAY_WAIT), move |desk, complaints, _| {
            let looked = desk::bursts::look(desk, &node, watch);
            let rest = if looked.is_err() { FAILED_LOOK_RESTS } else { TICK };
            complaints.hear(looked);
            rest
        })
    }

    /// Feeds this node's index of words.
    pub(super) fn words(&mut self, place: &Place) -> Result<(), String> {
        let mut feeder = Feeder::new(self.desk.clone(), &search::folder(&place.data_dir));
        self.rounds(("words", KEEPS_PACE), move |_, complaints, stops| {
            let done = feeder.go_on(stops);
            let rest = match done {
                Ok(taken) if taken > FEW => INDEX_LOOK_BUSY,
                Ok(_) => INDEX_LOOK,
                Err(_) => TICK,
            };
            complaints.hear(done);
            rest
        })
    }

    /// Sends mail about notices.
    pub(super) fn posts(&mut self, post: Post) -> Result<(), String> {
        let desk = self.desk.clone();
        let round = move |node: String| {
            let (post, desk) = (post.clone(), desk.clone());
            async move { Ok(post.round(&desk, &node).await?.trouble) }
        };
        self.outward("mail", handing("mail cannot be handed over", MAIL_RESTS, round))
    }

    /// Hands what customers get to billing.
    pub(super) fn bills(&mut self, billing: Billing) -> Result<(), String> {
        let desk = self.desk.clone();
        let round = move |node: String| {
            let (billing, desk) = (billing.clone(), desk.clone());
            async move { billing.round(&desk, &node).await }
        };
        self.outward("billing", handing("remedies cannot be handed to billing", BILLING_RESTS, round))
    }

    /// Sends messages to customers.
    pub(super) fn couriers(&mut self, courier: Courier) -> Result<(), String> {
        let desk = self.desk.clone();
        let round = move |node: String| {
            let (courier, desk) = (courier.clone(), desk.clone());
            async move { Ok(courier.round(&desk, &node).await?.trouble) }
        };
        self.outward("messages", handing("messages cannot be handed over", MAIL_RESTS, round))
    }

    /// Tells those outside what happens to cases.
    pub(super) fn heralds(&mut self, herald: Herald) -> Result<(), String> {
        let desk = self.desk.clone();
        self.outward("events", heralding(herald, desk))
    }

    /// Reads the mailbox customers write to; `folder` is where letters that were read are put, if anywhere.
    pub(super) fn mailboxes(&mut self, mailbox: Mailbox, folder: Option<String>) -> Result<(), String> {
        let desk = self.desk.clone();
        self.outward("mailbox", reading(mailbox, folder, desk))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        for thread in self.running.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Hands over what is due, round after round. A server that does not answer holds up nothing but this.
async fn handing<Round>(trouble: &'static str, rests: Duration, round: impl Fn(String) -> Round)
where
    Round: Future<Output = Result<Option<String>, DeskError>>,
{
    let node = node();
    let mut complaints = Complaints::default();
    loop {
        let rest = match round(node.clone()).await {
            Ok(Some(why)) => {
                tracing::warn!(%why, "{trouble}; it will be tried again");
                rests
            }
            Ok(None) => TICK,
            Err(error) => {
                complaints.hear::<()>(Err(error));
                TICK
            }
        };
        tokio::time::sleep(rest).await;
    }
}

/// Tells those outside what happens to cases; goes on at once while there is more to tell.
async fn heralding(herald: Herald, desk: Desk) {
    let mut rounds = herald.rounds(&desk, &node());
    let mut complaints = Complaints::default();
    loop {
        let begun = rounds.begin().await;
        let rest = if begun.is_err() { TICK } else { HERALD_LOOKS };
        complaints.hear(begun);
        let until = tokio::time::sleep(rest);
        tokio::pin!(until);
        // A round that took something is followed by the next look at once.
        let mut more = false;
        while !more {
            tokio::select! {
                Some(done) = rounds.ended() => {
                    more = done.as_ref().is_ok_and(|taken| *taken > 0);
                    complaints.hear(done.map(drop));
                }
                () = &mut until => break,
            }
        }
    }
}

/// Looks into the mailbox, round after round.
async fn reading(mailbox: Mailbox, folder: Option<String>, desk: Desk) {
    let (node, name) = (node(), mailbox.name());
    let mut complaints = Complaints::default();
    loop {
        let rest = match desk.begin_mailbox(&name, &node).await {
            Ok(true) => {
                let looked = mail_in::look(&desk, &mailbox, folder.as_deref()).await;
                let more = looked.as_ref().is_ok_and(|look| look.more);
                complaints.hear(desk.end_mailbox(&name, &node, more).await);
                match looked {
                    Ok(_) => LOOK,
                    Err(why) => {
                        tracing::warn!(%why, "the mailbox cannot be read; it will be tried again");
                        MAIL_RESTS
                    }
                }
            }
            Ok(false) => TICK,
            Err(error) => {
                complaints.hear::<()>(Err(error));
                TICK
            }
        };
        tokio::time::sleep(rest).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duty_may_rest() {
        resting_runtime().unwrap().block_on(async { tokio::time::sleep(Duration::from_millis(1)).await });
    }
}
