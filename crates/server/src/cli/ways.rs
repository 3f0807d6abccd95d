//! Options about messages to and from customers.

use clap::Args;
use desk::ways::{ReplyAddress, Ways};
use domain::taxonomy::region_valid;
use mail::gateway::Gateway;
use mail::imap::Mailbox;

/// Messages to and from customers.
#[derive(Clone, Debug, Args)]
pub(super) struct Channels {
    /// Where customers answer to: reply@example.com. What names a case is put before the @, as reply+…@example.com; the
    /// server of that address delivers all of them into one mailbox. With --smtp-url, mail to customers is sent.
    #[arg(long, env = "REDRESS_REPLY_ADDRESS", value_name = "ADDRESS")]
    reply_address: Option<String>,
    /// Region of complaints that come in by mail. Default: none.
    #[arg(long, env = "REDRESS_MAIL_REGION", value_name = "CODE", default_value = "", hide_default_value = true)]
    mail_region: String,
    /// Mailbox complaints and answers come in by: imaps://user:password@host:port/Folder
    #[arg(long, env = "REDRESS_IMAP_URL", value_name = "URL", hide_env_values = true)]
    imap_url: Option<String>,
    /// Folder a message is moved to once it is taken in. Default: it stays and is marked as seen.
    #[arg(long, env = "REDRESS_IMAP_DONE", value_name = "FOLDER", requires = "imap_url")]
    imap_done: Option<String>,
    /// Read the mailbox unencrypted where imap:// leads; on this machine itself it always goes so.
    #[arg(long, env = "REDRESS_IMAP_PLAIN")]
    imap_plain: bool,
    /// Gateway for short messages and calls: https://host/path, or file:FOLDER for development.
    #[arg(long, env = "REDRESS_SMS_GATEWAY", value_name = "URL")]
    sms_gateway: Option<String>,
    /// Secret that signs what goes to the gateway and what it reports, 16 characters at least.
    #[arg(
        long,
        env = "REDRESS_GATEWAY_SECRET",
        value_name = "SECRET",
        default_value = "",
        hide_default_value = true,
        hide_env_values = true
    )]
    gateway_secret: String,
    /// The gateway calls customers, too, and reads messages out.
    #[arg(long, env = "REDRESS_GATEWAY_VOICE", requires = "sms_gateway")]
    gateway_voice: bool,
    /// Speak to the gateway unencrypted where http:// leads; on this machine itself it always goes so.
    #[arg(long, env = "REDRESS_GATEWAY_PLAIN")]
    gateway_plain: bool,
}

impl Channels {
    /// The mailbox, if there is one.
    ///
    /// # Errors
    /// What is wrong with its address.
    pub(super) fn mailbox(&self) -> Result<Option<Mailbox>, String> {
        let mailbox = self.imap_url.as_deref().map(|url| Mailbox::parse(url, self.imap_plain)).transpose();
        mailbox.map_err(|error| format!("--imap-url: {error}"))
    }

    /// Where a message goes once it is taken in.
    pub(super) fn done(&self) -> Option<String> {
        self.imap_done.clone()
    }

    /// The gateway, if there is one.
    ///
    /// # Errors
    /// What is wrong with its address or secret.
    pub(super) fn gateway(&self) -> Result<Option<Gateway>, String> {
        let read = |url: &str| Gateway::parse(url, &self.gateway_secret, self.gateway_plain);
        self.sms_gateway.as_deref().map(read).transpose().map_err(|error| format!("--sms-gateway: {error}"))
    }

    /// The ways they make; `mails` says whether a server takes mail.
    ///
    /// # Errors
    /// What is wrong with an option.
    pub(super) fn ways(&self, mails: bool) -> Result<Ways, String> {
        let reply = self.reply_address.as_deref().map(ReplyAddress::parse).transpose();
        let reply = reply.map_err(|error| format!("--reply-address: {error}"))?;
        if !self.mail_region.is_empty() && !region_valid(&self.mail_region) {
            return Err(format!("--mail-region: there is no region {:?}", self.mail_region));
        }
        let sms = self.gateway()?.is_some();
        let region = self.mail_region.clone();
        Ok(Ways { email: mails && reply.is_some(), sms, voice: sms && self.gateway_voice, reply, region })
    }

    /// What is in force, a line each, secrets left out.
    ///
    /// # Errors
    /// What is wrong with an option.
    pub(super) fn shown(&self, mails: bool) -> Result<Vec<String>, String> {
        let ways = self.ways(mails)?;
        let mut lines = Vec::new();
        lines.push(match &self.reply_address {
            Some(address) => format!("reply_address = {:?} # mail to customers: {}", address.trim(), ways.email),
            None => "# reply_address is not set: no mail to customers is sent".to_owned(),
        });
        if let Some(mailbox) = self.mailbox()? {
            lines.push(format!("imap_url = {:?}", mailbox.shown()));
        }
        if let Some(gateway) = self.gateway()? {
            lines.push(format!("sms_gateway = {:?} # calls: {}", gateway.shown(), ways.voice));
        }
        if !ways.region.is_empty() {
            lines.push(format!("mail_region = {:?}", ways.region));
        }
        Ok(lines)
    }
}
