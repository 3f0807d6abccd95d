//! The words around a letter, once for each language letters are written in. What the letter itself says comes from the
//! rules and whoever wrote it; only these few words are ours.

use jiff::civil::Date;

/// Words around a letter in one language.
#[derive(Debug)]
pub struct Frame {
    /// Language tag, or the beginning of one.
    pub language: &'static str,
    /// Before the number of the case.
    pub number: &'static str,
    /// Before the date.
    pub date: &'static str,
    /// Before who gets it.
    pub to: &'static str,
    /// Before how it went out.
    pub sent: &'static str,
    /// Before what proves that.
    pub proof: &'static str,
    /// Before the moment it arrived.
    pub delivered: &'static str,
    /// Before the digest of the text.
    pub hash: &'static str,
    /// Before the digest of the text as it was sent, where parts of it are withheld.
    pub withheld: &'static str,
    /// Over what is not out yet.
    pub draft: &'static str,
    /// Post, e-mail, short message, application, portal, telephone.
    pub media: [&'static str; 6],
    /// Names of the months; empty where numbers are written.
    months: &'static [&'static str],
    /// A day with `{y}`, `{m}`, `{d}`.
    day: &'static str,
}

/// Codes of the ways a letter travels, in the order of [`Frame::media`].
const MEDIA: [&str; 6] = ["post", "email", "sms", "app", "portal", "phone"];

const ENGLISH: Frame = Frame {
    language: "en",
    number: "Case number",
    date: "Date",
    to: "To",
    sent: "Sent",
    proof: "Proof of sending",
    delivered: "Delivered",
    hash: "SHA-256 of the text",
    withheld: "Numbers withheld here; SHA-256 of the text as sent",
    draft: "Draft, not sent",
    media: ["by post", "by e-mail", "by text message", "in the app", "on the tracking page", "by telephone"],
    months: &[
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    day: "{d} {m} {y}",
};

const FRAMES: &[Frame] = &[
    Frame {
        language: "zh-Hant",
        number: "個案編號",
        date: "日期",
        to: "收件人",
        sent: "寄送方式",
        proof: "寄送憑證",
        delivered: "送達時間",
        hash: "正文 SHA-256",
        withheld: "部分號碼不予提供；寄出時正文 SHA-256",
        draft: "草稿，尚未寄出",
        media: ["郵寄", "電郵", "短訊", "應用程式", "查詢頁面", "電話"],
        months: &[],
        day: "{y}年{m}月{d}日",
    },
    Frame {
        language: "zh",
        number: "工单编号",
        date: "日期",
        to: "收件人",
        sent: "发送方式",
        proof: "发送凭证",
        delivered: "送达时间",
        hash: "正文 SHA-256",
        withheld: "部分号码不予提供；发出时正文 SHA-256",
        draft: "草稿，尚未发出",
        media: ["邮寄", "电子邮件", "短信", "客户端", "查询页面", "电话"],
        months: &[],
        day: "{y}年{m}月{d}日",
    },
    ENGLISH,
    Frame {
        language: "de",
        number: "Vorgangsnummer",
        date: "Datum",
        to: "An",
        sent: "Versandt",
        proof: "Versandnachweis",
        delivered: "Zugestellt",
        hash: "SHA-256 des Textes",
        withheld: "Nummern hier zurückgehalten; SHA-256 des versandten Textes",
        draft: "Entwurf, nicht versandt",
        media: ["per Post", "per E-Mail", "per SMS", "in der App", "auf der Statusseite", "telefonisch"],
        months: &[
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ],
        day: "{d}. {m} {y}",
    },
    Frame {
        language: "fr",
        number: "Numéro de dossier",
        date: "Date",
        to: "À",
        sent: "Envoi",
        proof: "Preuve d’envoi",
        delivered: "Reçu",
        hash: "SHA-256 du texte",
        withheld: "Numéros retirés ici ; SHA-256 du texte envoyé",
        draft: "Brouillon, non envoyé",
        media: [
            "par la poste",
            "par courriel",
            "par SMS",
            "dans l’application",
            "sur la page de suivi",
            "par téléphone",
        ],
        months: &[
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ],
        day: "{d} {m} {y}",
    },
    Frame {
        language: "es",
        number: "Número de caso",
        date: "Fecha",
        to: "Para",
        sent: "Envío",
        proof: "Prueba de envío",
        delivered: "Entregado",
        hash: "SHA-256 del texto",
        withheld: "Números retirados aquí; SHA-256 del texto enviado",
        draft: "Borrador, no enviado",
        media: [
            "por correo postal",
            "por correo electrónico",
            "por SMS",
            "en la aplicación",
            "en la página de seguimiento",
            "por teléfono",
        ],
        months: &[
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre",
            "octubre",
            "noviembre",
            "diciembre",
        ],
        day: "{d} de {m} de {y}",
    },
    Frame {
        language: "pt",
        number: "Número do caso",
        date: "Data",
        to: "Para",
        sent: "Envio",
        proof: "Comprovante de envio",
        delivered: "Entregue",
        hash: "SHA-256 do texto",
        withheld: "Números retirados aqui; SHA-256 do texto enviado",
        draft: "Rascunho, não enviado",
        media: [
            "pelo correio",
            "por e-mail",
            "por SMS",
            "no aplicativo",
            "na página de acompanhamento",
            "por telefone",
        ],
        months: &[
            "janeiro",
            "fevereiro",
            "março",
            "abril",
            "maio",
            "junho",
            "julho",
            "agosto",
            "setembro",
            "outubro",
            "novembro",
            "dezembro",
        ],
        day: "{d} de {m} de {y}",
    },
    Frame {
        language: "ja",
        number: "案件番号",
        date: "日付",
        to: "宛先",
        sent: "送付方法",
        proof: "送付の記録",
        delivered: "到着日時",
        hash: "本文の SHA-256",
        withheld: "一部の番号は非開示。送付時の本文の SHA-256",
        draft: "下書き（未送付）",
        media: ["郵便", "電子メール", "SMS", "アプリ", "照会ページ", "電話"],
        months: &[],
        day: "{y}年{m}月{d}日",
    },
];

impl Frame {
    /// The words for a language: the first whose tag begins it, else English.
    #[must_use]
    pub fn of(language: &str) -> &'static Self {
        let begins = |frame: &&Frame| {
            let rest = language.strip_prefix(frame.language);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        FRAMES.iter().find(begins).unwrap_or(&ENGLISH)
    }

    /// A way of sending in words; its code where there are none.
    #[must_use]
    pub fn medium<'c>(&self, code: &'c str) -> &'c str
    where
        'static: 'c,
    {
        MEDIA.iter().position(|known| *known == code).and_then(|at| self.media.get(at).copied()).unwrap_or(code)
    }

    /// A day as it is written in a letter.
    #[must_use]
    pub fn day(&self, day: Date) -> String {
        let number = day.month().to_string();
        let named = usize::try_from(day.month() - 1).ok().and_then(|at| self.months.get(at).copied());
        let month = named.unwrap_or(&number);
        self.day.replace("{y}", &day.year().to_string()).replace("{m}", month).replace("{d}", &day.day().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_and_ways_are_written_as_in_the_language() {
        let written = |tag| Frame::of(tag).day(date(2026, 3, 5));
        assert_eq!(written("zh-CN"), "2026年3月5日");
        assert_eq!(written("de"), "5. März 2026");
        assert_eq!(written("fr-CA"), "5 mars 2026");
        assert_eq!(written("pt-BR"), "5 de março de 2026");
        assert_eq!(written("xx"), "5 March 2026");
        assert_eq!(Frame::of("zh-Hant").medium("post"), "郵寄");
        assert_eq!(Frame::of("zh-CN").medium("pigeon"), "pigeon");
    }
}
