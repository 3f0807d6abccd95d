//! The demo's organisation: a headquarters that sees everything, three provinces that see themselves, and a colleague on
//! leave whose cases go to a deputy.

use desk::organisation::{NewAbsence, NewUnit, NewUser, add_absence, add_unit, add_user};
use desk::{Caller, Desk, DeskError, sign_in};
use domain::actor::Role;
use domain::duty::Duty;
use domain::ids::UnitId;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Code, code of the unit above (empty for the root), name, region (empty for that of the unit above), duties.
type UnitLine = (&'static str, &'static str, &'static str, &'static str, &'static [Duty]);

const UNITS: [UnitLine; 14] = [
    ("service", "", "客户服务中心", "", &[Duty::CustomerService]),
    ("network", "", "网络运维部", "", &[Duty::NetworkOperations]),
    ("billing", "", "计费账务部", "", &[Duty::Billing]),
    ("field", "", "装维服务部", "", &[Duty::NetworkOperations, Duty::Partner]),
    ("market", "", "市场营销部", "", &[Duty::Marketing, Duty::Partner]),
    ("security", "", "网络与信息安全部", "", &[Duty::Technology]),
    ("sh", "", "上海分公司", "31", &[]),
    ("sh-service", "sh", "上海客户服务部", "", &[Duty::CustomerService]),
    ("sh-network", "sh", "上海网络维护中心", "", &[Duty::NetworkOperations]),
    ("zj", "", "浙江分公司", "33", &[]),
    ("zj-service", "zj", "浙江客户服务部", "", &[Duty::CustomerService, Duty::Billing]),
    ("zj-chunan", "zj-service", "淳安县营业部", "330127", &[Duty::CustomerService, Duty::Marketing]),
    ("sc", "", "四川分公司", "51", &[]),
    ("sc-service", "sc", "四川客户服务部", "", &[Duty::CustomerService]),
];

/// Name to sign in with, name to show, role, unit (empty for the root). Their area is that of the unit.
const STAFF: [(&str, &str, Role, &str); 20] = [
    ("hq.lead", "俞承志", Role::Supervisor, ""),
    ("agent", "周敏", Role::Agent, "service"),
    ("specialist", "吴建国", Role::Specialist, "service"),
    ("supervisor", "郑晓岚", Role::Supervisor, "service"),
    ("supervisor2", "钱蓉", Role::Supervisor, "service"),
    ("quality", "冯静", Role::Quality, "service"),
    ("compliance", "陈立", Role::Compliance, "security"),
    ("trainer", "褚文", Role::Trainer, "service"),
    ("auditor", "卫平", Role::Auditor, "service"),
    ("integration", "系统对接", Role::Integration, "service"),
    ("network1", "蒋伟", Role::Specialist, "network"),
    ("billing1", "沈佳", Role::Specialist, "billing"),
    ("sh.agent", "韩雪", Role::Agent, "sh-service"),
    ("sh.specialist", "杨帆", Role::Specialist, "sh-service"),
    ("sh.lead", "秦岚", Role::Supervisor, "sh-service"),
    ("sh.network", "尤勇", Role::Specialist, "sh-network"),
    ("zj.agent", "许诺", Role::Agent, "zj-service"),
    ("zj.specialist", "何清", Role::Specialist, "zj-service"),
    ("zj.chunan", "吕燕", Role::Agent, "zj-chunan"),
    ("sc.agent", "施雨", Role::Agent, "sc-service"),
];

/// Who is away and who stands in: names to sign in with.
const AWAY: (&str, &str) = ("sh.specialist", "sh.agent");

/// Whether units or users of other people have names of these.
pub(super) async fn taken(desk: &Desk, caller: &Caller) -> Result<bool, DeskError> {
    let (units, people) = (desk.units(caller).await?, desk.colleagues(caller).await?);
    let unit = units.iter().any(|unit| UNITS.iter().any(|(code, ..)| *code == unit.code));
    Ok(unit || people.iter().any(|user| STAFF.iter().any(|(name, ..)| *name == user.username)))
}

/// Makes units and users, and returns the units by code and a line for each user with the password.
///
/// # Errors
/// Those of the desk.
pub(super) fn build(
    desk: &Desk,
    by: &Caller,
    now: Timestamp,
) -> Result<(BTreeMap<&'static str, UnitId>, Vec<String>), DeskError> {
    let mut units = BTreeMap::new();
    for (code, above, name, region, duties) in UNITS {
        let new = NewUnit {
            code: code.to_owned(),
            name: name.to_owned(),
            parent: units.get(above).copied(),
            region: region.to_owned(),
            duties: duties.to_vec(),
        };
        units.insert(code, add_unit(desk, by, &new)?);
    }
    let mut told = Vec::new();
    for (username, name, role, unit) in STAFF {
        let unit = units.get(unit).copied().unwrap_or_else(|| desk.root());
        let new = NewUser {
            username: username.to_owned(),
            name: name.to_owned(),
            role,
            region: String::new(),
            unit,
            skills: Vec::new(),
            email: format!("{username}@example.com"),
        };
        let password = add_user(desk, by, &new)?;
        // They are for looking around, by whoever has the list.
        sign_in::keep_password(desk, username)?;
        told.push(format!("  {username:<14} {password}"));
    }
    let users = desk.db().read_now(|tx| Ok::<_, DeskError>(store::people::users(tx)?))?;
    let id = |wanted: &str| users.iter().find(|user| user.username == wanted).map(|user| domain::ids::UserId(user.id));
    let leave = NewAbsence {
        user: id(AWAY.0),
        from: Some(now - SignedDuration::from_hours(20)),
        until: now + SignedDuration::from_hours(6 * 24),
        deputy: id(AWAY.1),
    };
    add_absence(desk, by, &leave)?;
    Ok((units, told))
}
