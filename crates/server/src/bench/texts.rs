//! What seeded complaints say: sentences put together by the number of the case, so that a word is said by few cases or
//! by many, as in a real house, and each run says the same.

use serde_json::{Value, json};

/// What a part of a sentence is taken from.
type Parts = &'static [&'static str];

const SERVICES: Parts = &[
    "视频会员",
    "音乐彩铃",
    "云盘空间",
    "游戏加速包",
    "国际漫游包",
    "亲情号码",
    "流量加油包",
    "手机保险",
    "天气短信",
    "阅读包月",
    "来电提醒",
    "骚扰拦截",
    "异地副卡",
    "校园套餐",
    "宽带提速包",
    "机顶盒租用",
    "路由器租用",
    "固话月租",
    "短信套餐包",
    "定向流量包",
];
const FAULTS: Parts = &[
    "宽带频繁掉线",
    "夜间网速很慢",
    "家中没有信号",
    "通话断断续续",
    "电视画面卡顿",
    "光猫指示灯发红",
    "呼叫转移失效",
    "短信收不到验证码",
    "地铁里无法上网",
    "国际漫游打不通",
    "上传速度不足一兆",
    "游戏延迟超过三百毫秒",
    "电梯里没有网络",
    "热点连不上",
    "固话有杂音",
];
const DEEDS: Parts = &[
    "营业员没有说明合约期限",
    "装维师傅爽约两次",
    "客服多次转接无人处理",
    "促销短信每天十几条",
    "携号转网被拖延",
    "销户要求到外省办理",
    "发票抬头开错",
    "押金一直没有退还",
    "实名登记被他人冒用",
    "预约安装改期三次",
    "套餐降档被拒绝",
    "老用户不能办新套餐",
    "积分清零没有提醒",
    "停机前没有短信通知",
    "补卡收费与公示不符",
];
const MONTHS: Parts =
    &["一月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "十一月", "十二月"];
const SUMS: Parts =
    &["五元", "八元", "十元", "十五元", "十九元", "二十五元", "三十元", "五十八元", "九十九元", "一百二十元"];
const WHERE: Parts = &[
    "滨江花园",
    "人民路营业厅",
    "高新区软件园",
    "火车东站",
    "大学城北区",
    "老城南门",
    "金沙小区",
    "体育馆旁",
    "工业园三期",
    "湖畔新村",
    "机场航站楼",
    "中心医院",
    "渔港码头",
    "青年公寓",
    "师范学校",
    "和平里",
];
const WISHES: Parts = &[
    "退还费用并取消该业务",
    "要求书面说明原因",
    "要求当面道歉",
    "尽快上门维修",
    "减免当月月租",
    "恢复原来的套餐",
    "提供订购时间与渠道",
    "补偿误工损失",
    "更正账单",
    "停止推销电话",
];
const ADDED: Parts = &[
    "客户情绪激动。",
    "客户表示将向管理部门反映。",
    "此前已来电两次。",
    "家中有老人需要联系。",
    "客户愿意接受回电。",
    "希望本周内解决。",
    "客户保存了通话录音。",
    "邻居家也有同样情况。",
    "",
    "",
    "",
    "",
];
const CHECKED: Parts = &[
    "已核对账单，扣费时间与描述一致。",
    "已查订购记录，来源为短信确认。",
    "已远程检测线路，衰减偏大。",
    "已联系片区装维，约定明日上门。",
    "基站告警已确认，正在抢修。",
    "已调取通话录音，待复核。",
];
const OUTCOMES: Parts = &[
    "先行退费并取消业务，另行核查订购过程。",
    "更换光猫后恢复正常。",
    "扩容完成，速率达标。",
    "致歉并减免当月月租。",
    "已补开发票并寄出。",
    "已恢复原套餐，差额退回。",
];

/// The words of one case.
pub(super) struct Texts {
    pub(super) subject: String,
    pub(super) description: String,
    pub(super) demand: String,
    pub(super) note: String,
    pub(super) outcome: String,
}

/// What the n-th case says.
pub(super) fn of(n: u64) -> Texts {
    let mut dice = Dice(n);
    let (service, month, sum) = (dice.pick(SERVICES), dice.pick(MONTHS), dice.pick(SUMS));
    let (fault, deed, place) = (dice.pick(FAULTS), dice.pick(DEEDS), dice.pick(WHERE));
    let (subject, description) = match dice.below(3) {
        0 => (
            format!("{service}被扣{sum}"),
            format!("客户发现自{month}起每月被扣{sum}{service}费，称从未点播过，要求核实订购时间与渠道。"),
        ),
        1 => (
            format!("{place}{fault}"),
            format!("客户住{place}，反映{fault}，自{month}开始，重启设备无效，已影响居家办公。"),
        ),
        _ => (deed.to_owned(), format!("客户反映{deed}，地点在{place}，时间约为{month}，当时办理的是{service}。")),
    };
    let (added, wish) = (dice.pick(ADDED), dice.pick(WISHES));
    Texts {
        subject,
        description: format!("{description}{added}"),
        demand: wish.to_owned(),
        note: dice.pick(CHECKED).to_owned(),
        outcome: dice.pick(OUTCOMES).to_owned(),
    }
}

impl Texts {
    /// What registration is told of them.
    pub(super) fn fill(&self, intake: &mut Value) {
        if let Some(fields) = intake.as_object_mut() {
            fields.insert("subject".to_owned(), json!(self.subject));
            fields.insert("description".to_owned(), json!(self.description));
            fields.insert("demand".to_owned(), json!(self.demand));
        }
    }
}

/// Numbers that look thrown and are not (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let one = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let two = (one ^ (one >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (two ^ (two >> 31)) % most.max(1)
    }

    fn pick(&mut self, from: Parts) -> &'static str {
        let place = usize::try_from(self.below(from.len() as u64)).unwrap_or(0);
        from.get(place).copied().unwrap_or_default()
    }
}
