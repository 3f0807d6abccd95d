//! Names by how people are called: the family's before a title (王经理, 张伟先生), the whole one behind the words by which
//! somebody is introduced (我叫张伟, my name is Ann Lee), in English behind a title (Mr Smith). A word that only looks like a
//! name is taken for one sooner than a name is overlooked.

use super::identifier::narrow;
use std::ops::Range;

/// What stands behind a name in Chinese.
const TITLES: &[&str] =
    &["先生", "女士", "小姐", "师傅", "经理", "老师", "主任", "律师", "医生", "阿姨", "大爷", "大妈"];
/// Names of families.
const FAMILIES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏\
                        薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易\
                        常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪牛温芦季俞章鲁葛伍韦申尤毕聂焦柳邢岳齐梅庄辛左\
                        涂谷祁耿牟卜詹关苗凌纪靳盛童欧甄曲裴屈鲍覃霍翁隋甘单柯阮桂闵欧阳柴华\
                        冉";
/// Those that begin no other word of those before a title, so that what is given may stand behind them.
const CLEAR: &str = "王李张刘陈杨赵黄周吴徐孙胡朱郭罗梁宋郑谢韩唐冯董萧曹袁邓许沈曾彭吕卢蒋蔡贾丁魏薛叶阎余潘杜戴钟汪姜范\
                     姚谭廖邹熊陆郝孔崔康毛邱秦顾侯邵孟龙雷钱汤尹黎乔贺赖龚庞樊殷陶洪翟颜倪温俞鲁葛韦聂邢岳梅耿詹甄裴\
                     鲍覃霍翁阮";
/// Names of families of two characters.
pub(super) const DOUBLE: &[&str] =
    &["欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "夏侯"];
/// Words that end as a family is called.
const WORDS: &[&str] = &[
    "任何", "如何", "为何", "几何", "对方", "官方", "地方", "各方", "甲方", "乙方", "双方", "我方", "主任", "责任",
    "工程", "流程", "平安", "西安", "公安", "基金", "资金", "现金", "相关", "有关", "海关", "无关", "谢谢", "多谢",
    "感谢", "答谢", "也许", "允许", "其余", "业余", "明白", "中文", "英文", "语文", "历史", "容易", "园林", "吉林",
    "下单", "账单", "订单", "关于", "由于", "对于", "属于", "至于", "最高", "提高", "江苏", "千万", "非常", "经常",
    "平常", "正常", "日常", "中华", "新华", "阶段", "交易", "贸易", "儿童",
];
/// What no given name has, but words behind and between names.
const NOT_GIVEN: &str = "的了是在和与跟让找问请给向对被把说叫有这那位个名来去住想要也都从就不我你他她您因装工级州省市县区镇多谢很\
                         到过再又已打";
/// What does not stand in a name behind an introduction either, because it goes on with what somebody does.
const GOES_ON: &str = "上下电话今昨年号手办投联现家宽网客身先师经";
/// Who is introduced in Chinese.
const WHO: &[&str] = &[
    "我", "他", "她", "本人", "爱人", "老公", "老婆", "丈夫", "妻子", "先生", "太太", "儿子", "女儿", "母亲", "父亲",
    "妈妈", "爸爸", "哥哥", "姐姐", "弟弟", "妹妹", "孩子", "朋友", "邻居", "同事", "客户", "名字", "名",
];
/// What stands before a name in English.
const LEADS: &[&str] = &["mr", "mrs", "ms", "miss", "dr", "prof", "my name is", "his name is", "her name is"];
/// Words of a name in English at most, and blanks between them.
const MOST_WORDS: usize = 3;
const MOST_BLANKS: usize = 12;

/// Where names stand in a text, in their order; of two that overlap the second loses what they share.
#[must_use]
pub fn names(letters: &[char]) -> Vec<Range<usize>> {
    let letters: Vec<char> = letters.iter().map(|letter| narrow(*letter)).collect();
    let small: Vec<char> = letters.iter().map(char::to_ascii_lowercase).collect();
    let found = (0..letters.len()).flat_map(|at| {
        [titled(&letters, at), introduced(&letters, at), addressed(&letters, &small, at)].into_iter().flatten()
    });
    let mut found: Vec<Range<usize>> = found.collect();
    found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    found.retain_mut(|range| {
        range.start = range.start.max(end);
        end = end.max(range.end);
        range.start < range.end
    });
    found
}

/// The name before a title that begins here.
fn titled(letters: &[char], at: usize) -> Option<Range<usize>> {
    if !TITLES.iter().any(|title| begins(letters, at, title)) {
        return None;
    }
    let before = letters.get(..at)?;
    let between = |letter: &&char| letter.is_whitespace() || "·•・".contains(**letter);
    let end = at - before.iter().rev().take(MOST_BLANKS).take_while(between).count();
    let whole = (2..=4).rev().filter_map(|length| end.checked_sub(length)).find(|start| {
        let name = letters.get(*start..end).unwrap_or_default();
        let family = if is_double(name) { 2 } else { 1 };
        let clear = family == 2 || name.first().is_some_and(|first| CLEAR.contains(*first));
        let given = name.get(family..).unwrap_or_default();
        let day = matches!(name, ['周', '一' | '二' | '三' | '四' | '五' | '六' | '日' | '末', ..]);
        clear && !day && given.len() <= 2 && given.iter().all(|letter| is_given(*letter, NOT_GIVEN))
    });
    if let Some(start) = whole.filter(|start| !is_word(letters, *start, end)) {
        return Some(start..end);
    }
    let start = end.checked_sub(1)?;
    let family = letters.get(start).is_some_and(|letter| FAMILIES.contains(*letter));
    (family && !is_word(letters, start, end)).then_some(start..end)
}

/// The name behind the word of an introduction that begins here.
fn introduced(letters: &[char], at: usize) -> Option<Range<usize>> {
    let said = begins(letters, at, "叫") && WHO.iter().any(|who| ends(letters, at, who));
    if !said {
        return None;
    }
    let start = at + 1;
    let name = letters.get(start..)?;
    let family = match name.first() {
        _ if is_double(name) => 2,
        Some(first) if FAMILIES.contains(*first) => 1,
        _ => return None,
    };
    let given = name.iter().skip(family).take(2);
    let given = given.take_while(|letter| is_given(**letter, NOT_GIVEN) && !GOES_ON.contains(**letter)).count();
    (given > 0).then_some(start..start + family + given)
}

/// The name behind an English title or introduction that begins here; a title alone is none.
fn addressed(letters: &[char], small: &[char], at: usize) -> Option<Range<usize>> {
    let before = at.checked_sub(1).and_then(|before| letters.get(before));
    if before.is_some_and(char::is_ascii_alphanumeric) {
        return None;
    }
    LEADS.iter().filter(|lead| begins(small, at, lead)).find_map(|lead| {
        let dot = at + lead.len();
        let blank = dot + usize::from(letters.get(dot) == Some(&'.'));
        let start = blank + blanks(letters, blank);
        let end = if start > dot { end_of_words(letters, start) } else { None };
        end.map(|end| start..end)
    })
}

/// Where words with capitals end that begin here, such as Ann Lee or J. Smith-Jones.
fn end_of_words(letters: &[char], start: usize) -> Option<usize> {
    let (mut end, mut from) = (None, start);
    for _ in 0..MOST_WORDS {
        let rest = letters.get(from..).unwrap_or_default();
        let capital = rest.first().is_some_and(|first| first.is_uppercase() && is_latin(*first));
        if !capital {
            break;
        }
        let length = rest.iter().take_while(|letter| is_latin(**letter) || "-'’".contains(**letter)).count();
        let initial = length == 1 && rest.get(1) == Some(&'.');
        if length == 1 && !initial {
            break;
        }
        let word = from + length + usize::from(initial);
        end = Some(word);
        let between = blanks(letters, word);
        if between == 0 {
            break;
        }
        from = word + between;
    }
    end
}

fn blanks(letters: &[char], from: usize) -> usize {
    let rest = letters.get(from..).unwrap_or_default();
    rest.iter().take(MOST_BLANKS).take_while(|letter| letter.is_whitespace()).count()
}

/// Whether a word stands at a place.
fn begins(letters: &[char], at: usize, word: &str) -> bool {
    let mut rest = letters.get(at..).unwrap_or_default().iter();
    word.chars().all(|wanted| rest.next() == Some(&wanted))
}

/// Whether a word ends at a place.
fn ends(letters: &[char], end: usize, word: &str) -> bool {
    end.checked_sub(word.chars().count()).is_some_and(|start| begins(letters, start, word))
}

/// Whether what looks like a name is a word, or the end of one.
fn is_word(letters: &[char], start: usize, end: usize) -> bool {
    WORDS.iter().any(|word| ends(letters, end, word) && end.saturating_sub(word.chars().count()) <= start)
}

fn is_double(name: &[char]) -> bool {
    DOUBLE.iter().any(|double| begins(name, 0, double))
}

fn is_given(letter: char, none: &str) -> bool {
    matches!(letter, '\u{3400}'..='\u{9FFF}') && !none.contains(letter)
}

fn is_latin(letter: char) -> bool {
    letter.is_ascii_alphabetic() || (matches!(letter, '\u{C0}'..='\u{24F}') && letter.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let letters: Vec<char> = text.chars().collect();
        names(&letters).into_iter().map(|range| letters[range].iter().collect()).collect()
    }

    #[test]
    fn who_is_called_by_a_name_is_found() {
        let cases: [(&str, &[&str]); 9] = [
            ("王先生来电，找李经理", &["王", "李"]),
            ("张伟先生和欧阳老师", &["张伟", "欧阳"]),
            ("欧阳修远女士", &["欧阳修远"]),
            ("装维陈 师傅没来", &["陈"]),
            ("我叫张伟，我爱人叫李小红", &["张伟", "李小红"]),
            ("我女儿叫王芳来办的", &["王芳"]),
            ("Mr Smith and Mrs. O’Brien", &["Smith", "O’Brien"]),
            ("dr J. Lee-Jones called", &["J. Lee-Jones"]),
            ("My name is Ann Lee, and I", &["Ann Lee"]),
        ];
        for (text, names) in cases {
            assert_eq!(found(text), names, "{text}");
        }
    }

    #[test]
    fn what_is_no_name_stays() {
        for text in [
            "王者荣耀充值",
            "客户经理、大堂经理和值班主任",
            "任何老师，对方经理，谢谢师傅",
            "叫了师傅上门，我叫了维修",
            "Mr alone, Ms. and Mrs",
            "Mr.\u{F0000}",
            "20 ms delay, miss the call",
            "my name is wrong",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }
}
