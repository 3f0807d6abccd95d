//! Mail about notices, in words: how much happened, to which cases, and where to look. No word of a case and nothing
//! personal stands in it, and no case its reader may not see when it goes. Letters about accounts go before it: somebody
//! waits for a link.

use crate::app::Settings;
use crate::console::notices::place_of;
use crate::locale::{Language, Locales};
use desk::notices::letters::{Handed, Letter, Round, send_due};
use desk::notices::{Group, Notice};
use desk::sign_in::letters::{AccountLetter, Kind};
use desk::{Desk, DeskError, sign_in};
use mail::{Mailer, Message, Trouble};
use std::fmt::Write as _;
use std::sync::Arc;

/// Most groups a mail lists; the console has the rest.
const MOST_LISTED: usize = 40;
/// Most kinds named in one line.
const MOST_KINDS: usize = 4;

/// What mail is written with.
#[derive(Clone)]
pub struct Post {
    mailer: Mailer,
    locales: Arc<Locales>,
    language: Language,
    /// Where readers find the console; empty when nobody said.
    public_url: String,
}

impl Post {
    /// Somebody who writes and sends.
    #[must_use]
    pub fn new(mailer: Mailer, locales: Locales, settings: &Settings) -> Self {
        let public_url = settings.public_url.clone();
        Self { mailer, locales: Arc::new(locales), language: settings.default_language, public_url }
    }

    /// Sends what is due. `node` names one process.
    ///
    /// # Errors
    /// Those of the database; trouble with the server is part of the answer.
    pub async fn round(&self, desk: &Desk, node: &str) -> Result<Round, DeskError> {
        let accounts = sign_in::letters::send_due(desk, node, |letter| {
            let message = self.about_account(&letter);
            let mailer = self.mailer.clone();
            async move { handed(mailer.send(&message).await) }
        })
        .await?;
        if accounts.trouble.is_some() {
            return Ok(accounts);
        }
        let titles = |id: &str, language: Language| {
            let title = desk.library().rule_title(id);
            title.map_or_else(|| id.to_owned(), |title| language.pick(&title.zh, &title.en).to_owned())
        };
        let notices = send_due(desk, node, |letter| {
            let message = self.message(&letter, &titles);
            let mailer = self.mailer.clone();
            async move { handed(mailer.send(&message).await) }
        })
        .await?;
        Ok(Round { sent: accounts.sent + notices.sent, ..notices })
    }

    /// A letter about an account. A link leads where whoever runs the installation said it stands, never where a request
    /// came to.
    fn about_account(&self, letter: &AccountLetter) -> Message {
        let language = Language::from_tag(&letter.language).unwrap_or(self.language);
        let link = format!("{}/sign-in/reset?link={}", self.public_url, letter.secret);
        let values = [("username", letter.username.as_str()), ("link", link.as_str())];
        let kind = letter.kind.code();
        let say = |part: &str| self.locales.text(language, &format!("ui.mail.account.{kind}.{part}"), &values);
        let mut text = say("text");
        if letter.kind != Kind::Reset && !self.public_url.is_empty() {
            let _ = write!(text, "\n\n{}/console/account", self.public_url);
        }
        let closing = self.locales.text(language, "ui.mail.account.closing", &[]);
        let _ = write!(text, "\n\n{closing}\n");
        Message { to: letter.to.clone(), subject: say("subject"), text, id: letter.id.to_string() }
    }

    fn message(&self, letter: &Letter, titles: &impl Fn(&str, Language) -> String) -> Message {
        let language = Language::from_tag(&letter.language).unwrap_or(self.language);
        let say = |key: &str, values: &[(&str, &str)]| self.locales.text(language, &format!("ui.mail.{key}"), values);
        let notices: usize = letter.groups.iter().map(|group| group.notices.len()).sum();
        let (notices, things) = (notices.to_string(), letter.groups.len().to_string());
        let values = [("notices", notices.as_str()), ("things", things.as_str())];
        let mut text = say("opening", &values);
        text.push_str("\n\n");
        for group in letter.groups.iter().take(MOST_LISTED) {
            let _ = writeln!(text, "· {}", self.line(group, language, titles));
            if let (false, Some(first), false) = (group.run, group.notices.first(), self.public_url.is_empty()) {
                let _ = writeln!(text, "  {}{}", self.public_url, place_of(first));
            }
        }
        if letter.groups.len() > MOST_LISTED {
            let rest = (letter.groups.len() - MOST_LISTED).to_string();
            let _ = writeln!(text, "· {}", say("more", &[("count", &rest)]));
        }
        if !self.public_url.is_empty() {
            let _ = write!(text, "\n{}\n{}/console/notices\n", say("all", &[]), self.public_url);
        }
        let _ = write!(text, "\n{}\n", say("closing", &[]));
        let (id, to) = (letter.id.to_string(), letter.to.clone());
        Message { to, subject: say("subject", &values), text, id }
    }

    /// What happened to one case, or by one run over many.
    fn line(&self, group: &Group, language: Language, titles: &impl Fn(&str, Language) -> String) -> String {
        let kind = |notice: &Notice| {
            let rule = notice.rule.as_deref().map(|rule| titles(rule, language)).unwrap_or_default();
            let percent = notice.percent.unwrap_or_default().to_string();
            let values = [("rule", rule.as_str()), ("percent", percent.as_str())];
            self.locales.text(language, &format!("notice.{}", notice.kind), &values)
        };
        let mut kinds: Vec<String> = Vec::new();
        for words in group.notices.iter().map(kind) {
            if kinds.len() <= MOST_KINDS && !kinds.contains(&words) {
                kinds.push(words);
            }
        }
        let beyond = kinds.len() > MOST_KINDS;
        kinds.truncate(MOST_KINDS);
        let what = kinds.join(if language == Language::En { "; " } else { "；" }) + if beyond { " …" } else { "" };
        match (group.run, group.notices.first()) {
            (true, _) if group.cases > 1 => {
                let count = group.cases.to_string();
                self.locales.text(language, "ui.notices.of_run", &[("count", &count), ("what", &what)])
            }
            (_, Some(first)) => format!("{} {what}", first.number),
            (_, None) => what,
        }
    }
}

/// What came of handing something over.
pub(crate) fn handed(sent: Result<(), Trouble>) -> Handed {
    match sent {
        Ok(()) => Handed::Taken,
        Err(Trouble::Later(why)) => Handed::Later(why),
        Err(Trouble::Refused(why)) => Handed::Refused(why),
        Err(Trouble::Server(why)) => Handed::Nowhere(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::CaseId;
    use mail::Server;
    use uuid::Uuid;

    fn notice(n: u128, kind: &str, run: bool) -> Notice {
        Notice {
            id: Uuid::from_u128(n),
            case: CaseId(Uuid::from_u128(n)),
            about: desk::notices::About::Case,
            number: format!("TS-20261124-{n:06}-5"),
            kind: kind.to_owned(),
            rule: None,
            percent: None,
            at: jiff::Timestamp::UNIX_EPOCH,
            run: run.then(|| Uuid::from_u128(9)),
        }
    }

    fn post() -> Post {
        let settings = Settings { public_url: "https://cases.example".to_owned(), ..Settings::default() };
        let server = Server::parse("smtp://localhost", false).unwrap();
        let mailer = Mailer::new(server, "Redress <cases@example.com>").unwrap();
        let locales = crate::data::locales(None).and_then(Locales::load).unwrap();
        Post::new(mailer, locales, &settings)
    }

    /// C4: the host of a link is the one that was configured; no request has a say in it.
    #[test]
    fn c4_letters_about_accounts_lead_to_where_the_server_stands() {
        for (kind, language) in Kind::ALL.into_iter().flat_map(|kind| [(kind, "en"), (kind, "zh-CN"), (kind, "")]) {
            let letter = AccountLetter {
                id: Uuid::from_u128(7),
                to: "lin@op.example".into(),
                language: language.into(),
                kind,
                username: "lin".into(),
                secret: if kind == Kind::Reset { "s3cret".into() } else { String::new() },
            };
            let message = post().about_account(&letter);
            let link = message.text.contains("https://cases.example/sign-in/reset?link=s3cret\n");
            assert_eq!(link, kind == Kind::Reset, "{}", message.text);
            assert!(message.text.contains("lin") && !message.text.contains(['{', '}']), "{}", message.text);
            assert!(!message.subject.contains(['\r', '\n', '{']) && message.subject.starts_with("[Redress] "));
            assert!(!message.subject.contains("ui.mail"), "{}", message.subject);
        }
    }

    #[test]
    fn mail_says_how_much_where_and_nothing_of_the_case() {
        let post = post();
        let mut all = vec![notice(1, "assigned", false), notice(1, "disputed", false)];
        all.extend((2..42).map(|n| notice(n, "assigned", true)));
        let groups = desk::notices::grouped(all);
        for (language, subject) in [("en", "42 notices about 2 things"), ("zh-CN", "42 条提醒，涉及 2 件事")] {
            let id = Uuid::from_u128(7);
            let letter = Letter { id, to: "a@b.cn".into(), language: language.into(), groups: groups.clone() };
            let message = post.message(&letter, &|id, _| id.to_owned());
            assert!(message.subject.contains(subject), "{}", message.subject);
            assert!(!message.subject.contains(['\r', '\n', '{']) && !message.text.contains('{'), "{}", message.text);
            for part in ["TS-20261124-000001-5", "40", "https://cases.example/console/notices"] {
                assert!(message.text.contains(part), "{part}: {}", message.text);
            }
            assert!(!message.text.contains("000002"), "a run is one line: {}", message.text);
        }
    }
}
