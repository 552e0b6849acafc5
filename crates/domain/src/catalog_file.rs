//! Catalogues from TOML, CSV and rows of cells: the same columns, the same checks, every mistake at once.
//!
//! A [`CatalogDraft`] is what a file says, right or wrong: its mistakes and doubts all carry their place, so that
//! whoever keeps the catalogue mends it in one go. Only a draft without mistakes becomes a [`Catalog`]. The published
//! limits of intermediaries, the bottom lines of the green channel and the regions are said in TOML only.

mod beside;
mod cells;
mod doubts;
mod write;

use std::{collections::HashSet, fmt, str::FromStr};

use jiff::civil::Date;

use crate::{
    Text,
    catalog::{BottomLine, Catalog, Item, Limit, Party, PublicFacts, Region, StatedLimit, Unit},
    event::Form,
    remark::{Remark, fmt_lines},
    table::{Columns, column, csv_rows, read_rows, read_toml},
};

pub use crate::table::Column;
pub use write::{bottom_lines_to_toml, cells_of, item_to_toml, parties_to_toml, regions_to_toml, to_csv, to_rows, to_toml};

/// All columns, in the order in which they are written.
pub const COLUMNS: [Column; 21] = [
    column("code", "事项编码", "必填，64 字节以内 / required, up to 64 bytes"),
    column("name", "事项名称", "必填 / required"),
    column("type", "事项类型", "GB/T 39046 A.1，如 01 行政许可 / such as 01, a licence"),
    column("department", "实施部门", "必填 / required"),
    column("form", "办件类型", "必填：即办件 immediate，承诺件 committed / required"),
    column("valid_from", "生效日期", "本版本生效日 YYYY-MM-DD / first day of this version"),
    column(
        "statutory_limit",
        "法定时限",
        "如 20 working_days、20 工作日；none 为无时限；空为法律默认 / none is no limit, empty the law's default",
    ),
    column("promised_limit", "承诺时限", "同上；空为未承诺 / the same; empty is no promise"),
    column("delivery_limit", "送达时限", "同上 / the same"),
    column("step_limits", "环节时限", "如 review=5 working_days;sign=1 working_days / STEP=LIMIT;STEP=LIMIT"),
    column("mandatory_steps", "必经环节", "如 review;sign / STEP;STEP"),
    column("outside_steps", "场外环节", "依其性质在大厅外办理，如 survey / done outside the hall by their nature: STEP;STEP"),
    column("hall", "进驻大厅", "是否进驻：true/false、是/否 / moved into the hall"),
    column("window_decides", "授权到位", "窗口可否决定：true/false、是/否 / decided at the window"),
    column("fee_fen", "收费", "每件收费，单位分；空为未载明 / fee of a case, in fen; empty is not stated"),
    column("certificate", "证照", "办结发放的证照 / the certificate a granted case ends in"),
    column("delegated_to_townships", "下放乡镇", "true/false、是/否 / delegated to townships"),
    column("materials", "申请材料", "对外公示，如 申请表;身份证明 / for the public: PAPER;PAPER"),
    column("procedure", "办理流程", "对外公示，依次为 受理;审查;签批 / for the public, in its order: WHAT;WHAT"),
    column("fee_basis", "收费依据", "对外公示，收费所依据的文件 / for the public: what the fee rests on"),
    column("note", "备注", "仅供阅读，不参与计算 / for readers only; not kept"),
];

/// What is for the public only: no case is judged by it.
pub const PUBLIC_COLUMNS: [&str; 3] = ["materials", "procedure", "fee_basis"];

const ITEM: Columns = Columns { all: &COLUMNS, needed: &["code", "name", "department", "form"] };

/// What is wrong with a catalogue: every mistake, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogError(pub Vec<Remark>);

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_lines(&self.0, f)
    }
}

impl std::error::Error for CatalogError {}

/// A catalogue as a file has it: what could be read, and what is wrong with the rest.
#[derive(Debug, Default)]
pub struct CatalogDraft {
    versions: Vec<(String, Item)>,
    parties: Vec<(String, Party)>,
    bottom_lines: Vec<(String, BottomLine)>,
    regions: Vec<(String, Region)>,
    /// The codes of items that are there but could not be read.
    broken: Vec<Text>,
    errors: Vec<Remark>,
}

impl CatalogDraft {
    /// Reads TOML: one `[[item]]` table a version, `[[party]]`, `[[bottom_line]]` and `[[region]]`.
    pub fn from_toml(text: &str) -> Self {
        let (mut draft, mut errors) = (Self::default(), Vec::new());
        read_toml(text, &["item", "party", "bottom_line", "region"], &mut errors, |name, table, errors| {
            let before = errors.len();
            match name {
                "item" => {
                    let row = table.row(ITEM, errors);
                    let item = cells::item(&row, errors);
                    draft.take(row.place, item, errors.len() == before);
                }
                "party" => {
                    let row = table.row(beside::PARTY, errors);
                    let party = beside::party(&row, errors);
                    draft.parties.extend((errors.len() == before).then_some((row.place, party)));
                }
                "region" => {
                    let row = table.row(beside::REGION, errors);
                    let region = beside::region(&row, errors);
                    draft.regions.extend((errors.len() == before).then_some((row.place, region)));
                }
                _ => {
                    let row = table.row_without("condition", beside::BOTTOM_LINE, errors);
                    let line = beside::bottom_line(&table, &row, errors);
                    draft.bottom_lines.extend((errors.len() == before).then_some((row.place, line)));
                }
            }
        });
        draft.checked(errors)
    }

    /// Reads CSV with a header of the same columns. Lists are separated by `;`.
    pub fn from_csv(text: &str) -> Self {
        Self::from_rows(csv_rows(text))
    }

    /// Reads numbered rows of cells, the first of them the header.
    pub fn from_rows(rows: impl IntoIterator<Item = (u64, Vec<String>)>) -> Self {
        let (mut draft, mut errors) = (Self::default(), Vec::new());
        read_rows(ITEM, rows, &mut errors, |row, errors| {
            let before = errors.len();
            let item = cells::item(&row, errors);
            draft.take(row.place, item, errors.len() == before);
        });
        draft.checked(errors)
    }

    /// What makes it no catalogue, in the order of the file.
    pub fn errors(&self) -> &[Remark] {
        &self.errors
    }

    /// What can be, and is probably not meant.
    pub fn doubts(&self) -> Vec<Remark> {
        doubts::of(&self.versions)
    }

    /// How many versions of items could be read.
    pub fn len(&self) -> usize {
        self.versions.len()
    }

    /// Whether no version of any item could be read.
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// The catalogue.
    ///
    /// # Errors
    /// Every mistake.
    pub fn catalog(self) -> Result<Catalog, CatalogError> {
        if !self.errors.is_empty() {
            return Err(CatalogError(self.errors));
        }
        let items = self.versions.into_iter().map(|(_, item)| item);
        let catalog = Catalog::new(items);
        let catalog = catalog.map_err(|twice| CatalogError(vec![Remark::new("", "valid_from", twice.to_string())]))?;
        let parties = self.parties.into_iter().map(|(_, party)| party).collect();
        let bottom_lines = self.bottom_lines.into_iter().map(|(_, line)| line).collect();
        let regions = self.regions.into_iter().map(|(_, region)| region).collect();
        Ok(catalog.with_parties(parties).with_bottom_lines(bottom_lines).with_regions(regions))
    }

    fn take(&mut self, place: String, item: Item, is_sound: bool) {
        match is_sound {
            true => self.versions.push((place, item)),
            false => self.broken.push(item.code),
        }
    }

    /// With these mistakes, and those that show only where everything is read.
    fn checked(mut self, errors: Vec<Remark>) -> Self {
        self.errors = errors;
        self.find_duplicates();
        self.find_two_limits_of_a_party();
        self.find_two_bottom_lines_of_a_name();
        self.find_two_regions_of_a_code();
        self.find_unknown_items();
        self
    }

    fn find_duplicates(&mut self) {
        let mut order: Vec<usize> = (0..self.versions.len()).collect();
        let key = |index: usize| (&self.versions[index].1.code, self.versions[index].1.valid_from);
        order.sort_by(|a, b| key(*a).cmp(&key(*b)));
        let twice: Vec<Remark> = order
            .windows(2)
            .filter(|pair| key(pair[0]) == key(pair[1]))
            .map(|pair| {
                let ((first, item), (second, _)) = (&self.versions[pair[0]], &self.versions[pair[1]]);
                let (code, from) = (&item.code, item.valid_from);
                let what = format!(
                    "事项 {code} 在 {from} 有两个版本（另见 {first}），版本重叠 / item {code} has two versions valid from {from}, see {first}"
                );
                Remark::new(second, "valid_from", what)
            })
            .collect();
        self.errors.extend(twice);
    }

    fn find_two_limits_of_a_party(&mut self) {
        for (number, (place, party)) in self.parties.iter().enumerate() {
            if let Some((first, _)) = self.parties[..number].iter().find(|(_, earlier)| earlier.is_replaced_by(party)) {
                let (name, from) = (&party.name, party.valid_from);
                let what = format!(
                    "机构 {name} 在 {from} 有两个时限（另见 {first}） / party {name} has two limits from {from}, see {first}"
                );
                self.errors.push(Remark::new(place, "valid_from", what));
            }
        }
    }

    fn find_two_bottom_lines_of_a_name(&mut self) {
        for (number, (place, line)) in self.bottom_lines.iter().enumerate() {
            if let Some((first, _)) = self.bottom_lines[..number].iter().find(|(_, earlier)| earlier.name == line.name) {
                let name = &line.name;
                let what = format!("底线 {name} 重复（另见 {first}） / there are two bottom lines {name}, see {first}");
                self.errors.push(Remark::new(place, "name", what));
            }
        }
    }

    fn find_two_regions_of_a_code(&mut self) {
        for (number, (place, region)) in self.regions.iter().enumerate() {
            if let Some((first, _)) = self.regions[..number].iter().find(|(_, earlier)| earlier.code == region.code) {
                let code = &region.code;
                let what = format!("地区 {code} 重复（另见 {first}） / there are two regions {code}, see {first}");
                self.errors.push(Remark::new(place, "code", what));
            }
        }
    }

    fn find_unknown_items(&mut self) {
        let known: HashSet<&Text> = self.versions.iter().map(|(_, item)| &item.code).chain(&self.broken).collect();
        let parties = self.parties.iter().map(|(place, party)| (place, &party.items));
        let named = parties.chain(self.bottom_lines.iter().map(|(place, line)| (place, &line.items)));
        let unknown = named.flat_map(|(place, items)| {
            let strangers = items.iter().filter(|code| !known.contains(code));
            strangers.map(move |code| {
                let what = format!("{code:?}: 本目录无此事项 / is no item of this catalogue");
                Remark::new(place, "items", what)
            })
        });
        let unknown: Vec<Remark> = unknown.collect();
        self.errors.extend(unknown);
    }
}

impl Catalog {
    /// Reads a catalogue in TOML: one `[[item]]` table a version, `[[party]]`, `[[bottom_line]]` and `[[region]]`
    /// beside them.
    ///
    /// # Errors
    /// Every mistake, each with its line and column.
    ///
    /// ```
    /// let catalog = domain::Catalog::from_toml(r#"
    ///     [[item]]
    ///     code = "env-eia-report"
    ///     name = "建设项目环境影响报告书审批"
    ///     type = "01"
    ///     department = "环境保护局"
    ///     form = "committed"
    ///     valid_from = 2010-09-13
    ///     statutory_limit = "60 working_days"
    ///     promised_limit = "20 working_days"
    ///     [item.step_limits]
    ///     review = "5 working_days"
    /// "#).unwrap();
    /// assert!(catalog.in_force("env-eia-report", "2018-10-15".parse().unwrap()).is_some());
    /// assert!(catalog.in_force("env-eia-report", "2010-09-12".parse().unwrap()).is_none());
    /// ```
    pub fn from_toml(text: &str) -> Result<Self, CatalogError> {
        CatalogDraft::from_toml(text).catalog()
    }

    /// Reads a catalogue in CSV with a header of the same columns. Lists are separated by `;`.
    ///
    /// # Errors
    /// Every mistake, each with its row and column.
    pub fn from_csv(text: &str) -> Result<Self, CatalogError> {
        CatalogDraft::from_csv(text).catalog()
    }
}

/// The first day of a version that names none: the republic's.
pub const FROM_THE_BEGINNING: Date = Date::constant(1949, 10, 1);

impl FromStr for Limit {
    type Err = String;

    /// `20 working_days`, or as a spreadsheet of an office writes it, `20个工作日`.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "{text:?}: 应为数字和单位 / expected a number and one of working_days, calendar_days, working_hours, months, \
                 years; or \"none\""
            )
        };
        let trimmed = text.trim();
        let digits = trimmed.find(|c: char| !c.is_ascii_digit()).ok_or_else(expected)?;
        let (amount, unit) = trimmed.split_at(digits);
        let amount = amount.parse().ok().filter(|amount| *amount <= 36_500).ok_or_else(expected)?;
        let unit = unit.trim_start().trim_start_matches('个');
        Ok(Limit { amount, unit: unit_of(unit).ok_or_else(expected)? })
    }
}

fn unit_of(text: &str) -> Option<Unit> {
    Some(match text {
        "工作日" => Unit::WorkingDays,
        "自然日" | "日历日" | "天" => Unit::CalendarDays,
        "工作小时" | "小时" => Unit::WorkingHours,
        "月" => Unit::Months,
        "年" => Unit::Years,
        code => Unit::from_code(code)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_and_csv_read_the_same_catalogue() {
        let toml = Catalog::from_toml(
            r#"
            [[item]]
            code = "a"
            name = "甲"
            type = "01"
            department = "环境保护局"
            form = "committed"
            valid_from = 2010-09-13
            statutory_limit = "60 working_days"
            promised_limit = "none"
            hall = true
            fee_fen = 100
            mandatory_steps = ["review", "decide"]
            outside_steps = ["survey"]
            materials = ["申请表", "图纸"]
            procedure = ["受理", "审查"]
            fee_basis = "发改价格〔2016〕1号"
            step_limits = { review = "5 working_days" }
            "#,
        )
        .unwrap();
        let csv = Catalog::from_csv(
            "code,name,type,department,form,valid_from,statutory_limit,promised_limit,hall,fee_fen,mandatory_steps,step_limits,outside_steps,materials,procedure,fee_basis\n\
             a,甲,01,环境保护局,committed,2010-09-13,60 working_days,none,true,100,review; decide,review=5 working_days,survey,申请表;图纸,受理; 审查,发改价格〔2016〕1号\n",
        )
        .unwrap();
        let chinese = Catalog::from_csv(
            "事项编码,事项名称,事项类型,实施部门,办件类型,生效日期,法定时限,承诺时限,进驻大厅,收费,必经环节,环节时限,场外环节,申请材料,办理流程,收费依据\n\
             a,甲,01,环境保护局,承诺件,2010/9/13,60个工作日,无,是,100,review；decide,review=5 工作日,survey,申请表；图纸,受理；审查,发改价格〔2016〕1号\n",
        )
        .unwrap();
        assert_eq!(toml, csv);
        assert_eq!(toml, chinese);
    }

    #[test]
    fn a_fee_of_nothing_is_not_the_same_as_no_fee_stated() {
        let csv = Catalog::from_csv("code,name,department,form,fee_fen\na,甲,局,committed,0\nb,乙,局,committed,\n").unwrap();
        let fees = |catalog: &Catalog| catalog.versions().iter().map(|item| item.fee_fen).collect::<Vec<_>>();
        assert_eq!(fees(&csv), [Some(0), None]);
        assert_eq!(fees(&Catalog::from_toml(&to_toml(&csv)).unwrap()), [Some(0), None]);
        assert_eq!(fees(&Catalog::from_csv(&to_csv(&csv.versions())).unwrap()), [Some(0), None]);
    }

    #[test]
    fn a_party_has_the_limit_published_for_the_item_else_its_own_else_that_of_everybody() {
        let catalog = Catalog::from_toml(
            r#"
            [[item]]
            code = "b"
            name = "乙"
            department = "局"
            form = "committed"
            [[party]]
            name = "测绘公司"
            service = "地形测绘"
            limit = "10 working_days"
            [[party]]
            name = "测绘公司"
            limit = "6 working_days"
            valid_from = 2018-07-01
            [[party]]
            name = "测绘公司"
            limit = "3 working_days"
            items = ["b"]
            [[party]]
            name = "*"
            limit = "15 working_days"
            "#,
        )
        .unwrap();
        let limit = |party, item, on: &str| catalog.party_limit(party, Some(item), on.parse().unwrap()).map(|limit| limit.amount);
        assert_eq!(limit(Some("测绘公司"), "a", "2018-06-30"), Some(10));
        assert_eq!(limit(Some("测绘公司"), "a", "2018-07-01"), Some(6));
        assert_eq!(limit(Some("测绘公司"), "b", "2018-07-01"), Some(3));
        assert_eq!((limit(Some("别家"), "a", "2018-07-01"), limit(None, "a", "2018-07-01")), (Some(15), Some(15)));
        assert_eq!(Catalog::from_toml(&to_toml(&catalog)).unwrap(), catalog);
    }

    #[test]
    fn every_mistake_of_parties_and_bottom_lines_is_told_with_its_line() {
        let draft = CatalogDraft::from_toml(
            r#"
            bottom_lines = 1
            [[item]]
            code = "a"
            [[party]]
            name = "p"
            limit = "1 working_days"
            items = ["a", "b"]
            [[party]]
            name = "p"
            limit = "2 working_days"
            items = ["a"]
            [[party]]
            limit = "soon"
            until = 2018-01-01
            [[bottom_line]]
            name = "1"
            items = []
            [[bottom_line]]
            name = "2"
            items = ["c"]
            [[bottom_line.condition]]
            code = "eia"
            name = "环评"
            materials = ["环评批复"]
            [[bottom_line]]
            name = "2"
            items = ["a"]
            [[bottom_line.condition]]
            code = "eia"
            name = "环评"
            [[bottom_line.condition]]
            code = "eia"
            name = "环评"
            steps = [""]
            "#,
        );
        let told: Vec<String> = draft.errors().iter().map(|it| format!("{} {}", it.place, it.column)).collect();
        assert_eq!(
            told,
            [
                "line 2 ",
                "line 3 name",
                "line 3 department",
                "line 3 form",
                "line 15 until",
                "line 13 name",
                "line 14 limit",
                "line 18 items",
                "line 16 condition",
                "line 35 steps",
                "line 33 code",
                "line 9 valid_from",
                "line 5 items",
                "line 19 items"
            ],
            "{:#?}",
            draft.errors()
        );
    }

    #[test]
    fn a_mistake_names_row_and_column() {
        let error = Catalog::from_csv("code,name,department,form,promised_limit\na,甲,局,committed,7 days\n").unwrap_err();
        assert!(error.to_string().starts_with(r#"row 2, promised_limit: "7 days": "#), "{error}");
    }

    #[test]
    fn every_mistake_is_told_not_only_the_first() {
        let draft = CatalogDraft::from_csv(
            "code,name,department,form,promised_limit,hall\n\
             a,,局,sometimes,7 days,maybe\n\
             \n\
             b,乙,局,immediate,1 working_days,true\n\
             b,乙,局,immediate,1 working_days,true,extra\n",
        );
        let told: Vec<String> = draft.errors().iter().map(|it| format!("{} {}", it.place, it.column)).collect();
        assert_eq!(told, ["row 2 name", "row 2 form", "row 2 promised_limit", "row 2 hall", "row 5 ", "row 5 valid_from"]);
        let toml = CatalogDraft::from_toml(
            "[[item]]\ncode = \"a\"\nname = 7\ndepartment = \"局\"\nform = \"committed\"\npromise = 3\n\n[[item]]\ncode = \"b\"\n",
        );
        let told: Vec<String> = toml.errors().iter().map(|it| format!("{} {}", it.place, it.column)).collect();
        assert_eq!(told, ["line 3 name", "line 6 promise", "line 8 name", "line 8 department", "line 8 form"]);
    }

    #[test]
    fn a_header_that_cannot_be_read_is_told_once_and_not_for_every_row() {
        let told = |text| CatalogDraft::from_csv(text).errors().iter().map(ToString::to_string).collect::<Vec<_>>();
        let header = told("code,nmae,department,form,form\na,甲,局,committed,committed\n");
        assert_eq!(header.len(), 3, "{header:?}");
        assert!(header[0].starts_with("row 1, nmae: ") && header[1].starts_with("row 1, form: "), "{header:?}");
        assert!(header[2].starts_with("row 1, name: "), "{header:?}");
        assert_eq!(told("").len(), 1);
    }

    #[test]
    fn doubtful_items_are_told_and_taken() {
        let draft = CatalogDraft::from_csv(
            "code,name,department,form,valid_from,statutory_limit,promised_limit,step_limits,hall,window_decides,fee_fen\n\
             long,甲,局,committed,2018-01-01,10 working_days,3 months,,true,false\n\
             spot,乙,局,immediate,2018-01-01,20 working_days,5 working_days,,true,true\n\
             padded,丙,局,committed,2018-01-01,20 working_days,20 working_days,,true,false\n\
             steps,丁,局,committed,2018-01-01,20 working_days,5 working_days,a=3 working_days;b=6 working_days,false,true\n\
             same,戊,局,committed,,20 working_days,5 working_days,,true,false\n\
             same,戊,局,committed,2018-01-01,20 working_days,5 working_days,,true,false\n\
             fine,己,局,committed,2018-01-01,20 working_days,5 working_days,,true,false\n\
             paid,庚,局,committed,2018-01-01,20 working_days,5 working_days,,true,false,100\n",
        );
        assert_eq!(draft.errors(), []);
        let told: Vec<String> = draft.doubts().iter().map(|it| format!("{} {}", it.place, it.column)).collect();
        assert_eq!(
            told,
            [
                "row 2 promised_limit",
                "row 3 promised_limit",
                "row 4 promised_limit",
                "row 5 step_limits",
                "row 5 window_decides",
                "row 6 valid_from",
                "row 7 valid_from",
                "row 9 fee_basis"
            ],
            "{:?}",
            draft.doubts()
        );
        assert!(draft.catalog().is_ok());
    }

    #[test]
    fn what_is_written_reads_back_the_same_in_every_form() {
        let text = include_str!("../../../deploy/sample/catalog.toml");
        let catalog = Catalog::from_toml(text).unwrap();
        assert!(!catalog.parties().is_empty() && !catalog.bottom_lines().is_empty());
        assert_eq!(Catalog::from_toml(&to_toml(&catalog)).unwrap(), catalog);
        let items = catalog.versions();
        assert_eq!(Catalog::from_csv(&to_csv(&items)).unwrap(), Catalog::new(items.into_iter().cloned()).unwrap());
        let odd = "code,name,department,form,certificate\n\"a,b\",\"say \"\"hi\"\"\nthere\",局\\,committed,'x' # \u{7}\n";
        let odd = Catalog::from_csv(odd).unwrap();
        assert_eq!(Catalog::from_toml(&to_toml(&odd)).unwrap(), odd);
        assert_eq!(Catalog::from_csv(&to_csv(&odd.versions())).unwrap(), odd);
    }

    #[test]
    fn a_case_keeps_the_version_in_force_when_it_was_accepted() {
        let catalog = Catalog::from_csv(
            "code,name,department,form,valid_from,promised_limit\n\
             a,甲,局,committed,2017-01-01,9 working_days\n\
             a,甲,局,committed,2018-01-01,7 working_days\n",
        )
        .unwrap();
        let on = |date: &str| catalog.in_force("a", date.parse().unwrap()).and_then(|item| item.promised_limit.stated());
        assert_eq!(on("2016-12-31"), None);
        assert_eq!(on("2017-12-31"), Some(Limit::working_days(9)));
        assert_eq!(on("2018-01-01"), Some(Limit::working_days(7)));
    }
}
