//! What a catalogue says beside its items: the published limits of intermediaries, bottom lines, and regions. TOML only.

use crate::{
    catalog::{BottomLine, Condition, Party, Region},
    table::{Row, TomlTable},
};

use super::*;

/// The columns of `[[party]]`.
pub(super) const PARTY: Columns = Columns {
    all: &[
        column("name", "中介机构", "必填；* 为其余所有机构 / required; * is every party without a limit of its own"),
        column("service", "服务", "仅供阅读 / for readers only"),
        column("limit", "公布时限", "必填，如 10 working_days / required"),
        column("items", "适用事项", "空为全部 / for these items only; empty is all"),
        column("valid_from", "生效日期", "YYYY-MM-DD"),
    ],
    needed: &["name", "limit"],
};

/// The columns of `[[bottom_line]]`.
pub(super) const BOTTOM_LINE: Columns = Columns {
    all: &[column("name", "名称", "必填 / required"), column("items", "适用事项", "必填 / required")],
    needed: &["name", "items"],
};

/// The columns of `[[bottom_line.condition]]`.
const CONDITION: Columns = Columns {
    all: &[
        column("code", "条件编码", "必填 / required"),
        column("name", "条件名称", "必填 / required"),
        column("materials", "材料", "其一即可 / any of them"),
        column("steps", "环节", "其一即可 / any of them"),
    ],
    needed: &["code", "name"],
};

/// The columns of `[[region]]`.
pub(super) const REGION: Columns = Columns {
    all: &[
        column("code", "行政区划代码", "必填，GB/T 2260，与事件一致 / required, as events name it"),
        column("name", "名称", "仅供阅读 / for readers only"),
    ],
    needed: &["code"],
};

/// The region of a row.
pub(super) fn region(row: &Row, errors: &mut Vec<Remark>) -> Region {
    let mut read = row.read(errors);
    Region { code: read.needed("code").into(), name: read.text("name").into() }
}

/// The published limit of a row.
pub(super) fn party(row: &Row, errors: &mut Vec<Remark>) -> Party {
    let mut read = row.read(errors);
    let name = read.needed("name").into();
    let text = read.needed("limit");
    let limit = text.parse().unwrap_or_else(|why| {
        if !text.is_empty() {
            read.wrong("limit", why);
        }
        Limit::working_days(0)
    });
    Party {
        name,
        service: read.text("service").into(),
        limit,
        items: read.codes("items"),
        valid_from: read.date("valid_from").unwrap_or(FROM_THE_BEGINNING),
    }
}

/// The bottom line of a table.
pub(super) fn bottom_line(table: &TomlTable<'_>, row: &Row, errors: &mut Vec<Remark>) -> BottomLine {
    let mut read = row.read(errors);
    let (name, items) = (read.needed("name"), read.codes("items"));
    if items.is_empty() {
        read.wrong("items", "应列明适用事项 / must name the items it holds for");
    }
    let before = errors.len();
    let tables = table.nested("condition", errors);
    if tables.is_empty() && errors.len() == before {
        errors.push(Remark::new(&row.place, "condition", "至少应有一个条件 / there must be one condition at least"));
    }
    let mut conditions: Vec<Condition> = Vec::new();
    for table in tables {
        let row = table.row(CONDITION, errors);
        let mut read = row.read(errors);
        let condition = Condition {
            code: read.needed("code").into(),
            name: read.needed("name").into(),
            materials: read.codes("materials"),
            steps: read.codes("steps"),
        };
        if conditions.iter().any(|earlier| earlier.code == condition.code) {
            read.wrong("code", format!("{:?}: 条件编码重复 / there is a condition of this code before", condition.code));
        }
        conditions.push(condition);
    }
    BottomLine { name: name.into(), items, conditions }
}

impl crate::table::Reading<'_> {
    fn codes(&mut self, column: &'static str) -> Vec<Text> {
        let codes = self.list(column);
        if codes.iter().any(String::is_empty) {
            self.wrong(column, "不能含空项 / there is an empty one");
        }
        codes.into_iter().map(Text::from).collect()
    }
}
