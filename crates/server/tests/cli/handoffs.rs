//! `redress import handoffs`: D5, a file sent again gives the same cases.

use crate::program::{Place, remove};
use serde_json::Value;
use store::testing::each_database;

const MAP: &str = r#"
source = "authority"
id = "编号"
constants = { owner = "provincial_authority", "complaint.kind" = "appeal", "complaint.accept_channel" = "regulator_transfer" }
[[column]]
name = "编号"
field = "number"
[[column]]
name = "事项"
field = "request"
values = { "转办" = "transfer", "督办" = "supervision" }
[[column]]
name = "转办时间"
field = "handed_at"
format = "%Y-%m-%d %H:%M"
zone = "Asia/Shanghai"
[[column]]
name = "转办意见"
field = "text"
[[column]]
name = "我方工单"
field = "own_number"
[[column]]
name = "投诉人"
field = "complaint.complainant.name"
[[column]]
name = "电话"
field = "complaint.complainant.phone"
[[column]]
name = "分类"
field = "complaint.category"
[[column]]
name = "内容"
field = "complaint.description"
"#;
const ROWS: &str = "编号,事项,转办时间,转办意见,我方工单,投诉人,电话,分类,内容
GX-1,转办,2026-03-02 09:00,请依法处理,,王小明,13800138000,B204,连扣四个月
GX-2,督办,2026-03-03 09:00,请尽快答复,,王小明,13800138000,B201,仍未退费
GX-3,转办,2026-03-04 09:00,请处理,,李四,13900139000,A101,无信号
GX-4,下达,2026-03-04 09:00,请处理,,李四,13900139000,A101,无信号
GX-1,转办,2026-03-02 09:00,请依法处理,,王小明,13800138000,B204,又一件
";

#[test]
fn a_file_sent_again_changes_nothing() {
    each_database(|scratch| {
        let database = match &scratch.target {
            store::Target::Postgres(url) => Some(url.clone()),
            store::Target::Sqlite(_) => None,
        };
        let place = Place::new(database);
        place.ok(&["migrate"]);
        std::fs::write(place.folder.join("map.toml"), MAP).unwrap();
        std::fs::write(place.folder.join("rows.csv"), ROWS).unwrap();
        let import = || -> Value {
            serde_json::from_str(&place.ok(&["import", "handoffs", "rows.csv", "--map", "map.toml", "--json"])).unwrap()
        };
        let counts = |summary: &Value| {
            ["rows", "registered", "attached", "already_known", "rejected"].map(|name| summary[name].as_u64().unwrap())
        };
        let first = import();
        assert_eq!(counts(&first), [5, 2, 1, 0, 2], "{first}");
        let reasons = first["rejections"].to_string();
        assert!(reasons.contains("下达") && reasons.contains("other content"), "{reasons}");
        assert_eq!(counts(&import()), [5, 0, 0, 3, 2]);
        let report: Value = serde_json::from_str(&place.ok(&["audit", "verify", "--json"])).unwrap();
        assert_eq!((report["cases"].as_u64(), report["findings"].as_array().unwrap().len()), (Some(2), 0));
        remove(&place.folder);
    })
    .unwrap();
}
