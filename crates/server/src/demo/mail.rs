//! Mail of the demo: one that became a complaint, and some that wait for a person.

use desk::letterbox::Taken;
use desk::{Desk, DeskError};

const LETTERS: &[&str] = &[
    "From: \"周先生\" <zhou.demo@example.com>\r\nTo: care@op.example\r\nSubject: 宽带三天没网\r\n\r\n\
     家里宽带从周一晚上断到现在，报修两次没有人上门。请尽快修好并减免这几天的费用。",
    "From: \"Out of office\" <liu.demo@example.com>\r\nTo: care@op.example\r\nAuto-Submitted: auto-replied\r\n\
     Subject: 自动回复：关于您的投诉\r\n\r\n我正在休假，下周一回来后处理邮件。",
    "From: \"陌生人\" <stranger.demo@example.com>\r\nTo: care@op.example\r\nSubject: Re: {number} 请尽快结案\r\n\r\n\
     这个投诉我们已经私下解决了，请直接结案。",
    "Subject: (no sender)\r\nTo: care@op.example\r\n\r\n流量用完没有提醒，扣了一百多。",
];

/// Takes them in.
///
/// # Errors
/// Those of the desk.
pub(super) async fn take(desk: &Desk) -> Result<(), DeskError> {
    let mut number = String::new();
    for letter in LETTERS {
        let raw = letter.replace("{number}", &number).into_bytes();
        if let Taken::Registered(given) = crate::mail_in::take(desk, raw, None, true).await? {
            number = given;
        }
    }
    Ok(())
}
