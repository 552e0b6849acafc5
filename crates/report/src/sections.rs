//! The tables of a month, in the order of the workbook.

use domain::{FindingKind, Item, Lang, catalog::StatedLimit};

use crate::{
    BandItem, CatalogGroup, ForecastItem, GamingGroup, HallGroup, IntervalItem, Monthly, PartyItem, RankedUnit, RankingAnswer,
    Ratios, SuspiciousCase,
    monthly::{COUNTY, unit_name},
    table::{Cell, Heading, Table, number, units, wide},
};

/// The table that a CSV has where none is named.
pub(crate) const UNITS: &str = "units";

impl Monthly {
    pub(crate) fn tables(&self) -> Vec<Table> {
        let key = "仅重点项目的办件 / cases of key projects only".to_owned();
        let green = "仅绿色通道的办件 / cases of the green channel only".to_owned();
        vec![
            units(UNITS, "各单位 Units", Vec::new(), &self.all),
            units("key_projects", "重点项目 Key projects", vec![key], &self.key_projects),
            units("green_channel", "绿色通道 Green channel", vec![green], &self.green_channel),
            self.hall_table(),
            self.coverage_table(),
            self.gaming_table(),
            self.suspicious_table(),
            self.padded_table(),
            self.ranking_table(("departments", "部门排名 Departments ranked", "部门 Department"), &self.departments_ranked),
            self.ranking_table(("windows", "窗口排名 Windows ranked", "窗口 Window"), &self.windows_ranked),
            self.parties_table(),
            self.forecast_table(),
            self.calibration_table(),
        ]
    }

    /// What the catalogue promises and what was done, side by side: a department may have only one of them.
    fn hall_table(&self) -> Table {
        let titles = [
            "事项 Items",
            "进驻事项 Hall items",
            "进驻率 Hall share",
            "授权事项 Window decides",
            "授权到位率 Authority share",
            "即办率(按事项) Immediate share",
            "承诺压缩率 Promised compression",
            "办结 Closed",
            "决定 Decisions",
            "窗口实办 Decided in hall",
            "窗口实办率 Window decisions",
            "越权决定 Unauthorised",
            "窗口办件 Window cases",
            "只收不办 Passed through",
            "收发室率 Pass-through",
            "体外循环件 Left the hall",
            "体外循环率 Left-hall rate",
            "体外循环环节 Off-hall steps",
            "件均补正次数 Corrections a case",
            "件均跑腿次数 Trips a case",
        ];
        let mut keys: Vec<&String> = self.hall.catalog.iter().skip(1).map(|it| &it.key).collect();
        keys.extend(self.hall.groups.iter().map(|it| &it.key));
        keys.sort();
        keys.dedup();
        let row = |name: String, items: Option<&CatalogGroup>, work: Option<&HallGroup>| {
            let mut row = vec![Cell::Text(name)];
            row.extend(catalog_cells(items));
            row.extend(hall_cells(work));
            row
        };
        let mut rows = vec![row(COUNTY.to_owned(), self.hall.catalog.first(), self.hall_county.as_ref())];
        rows.extend(keys.into_iter().map(|key| {
            // The first of the catalogue has all items.
            let items = self.hall.catalog.iter().skip(1).find(|it| it.key == *key);
            row(unit_name(key), items, self.hall.groups.iter().find(|it| it.key == *key))
        }));
        let notes = vec![
            format!("前七列按 {} 的事项目录 / the first seven columns by the catalogue of that day", self.hall.catalog_of),
            "其余按当月办结的办件 / the others by the cases closed in the month".to_owned(),
            "窗口实办率 = 在大厅由有权者作出的决定 / 决定 / decided in the hall by those authorised, of all decisions".to_owned(),
            "收发室率 = 各环节都不在大厅办理 / 有地点记录的窗口办件 / no step in the hall, of the window's cases with a known place".to_owned(),
        ];
        table("hall", "两集中两到位 Hall", notes, first("单位 Unit", titles), rows)
    }

    fn coverage_table(&self) -> Table {
        let headings = vec![
            wide("类别 Kind", 18.0),
            wide("名称 Name", 26.0),
            number("收件 Received"),
            number("办结 Closed"),
            number("无业务 None"),
        ];
        let it = &self.coverage;
        let mut rows = Vec::new();
        for (kind, had, without) in
            [("部门 Department", &it.departments, &it.departments_without), ("地区 Region", &it.regions, &it.regions_without)]
        {
            let name = |key: &str| match self.region_names.get(key) {
                Some(name) if !name.is_empty() => Cell::Text(format!("{name} {key}")),
                _ if key.is_empty() => Cell::text("未知 / Unknown"),
                _ => Cell::text(key),
            };
            rows.extend(had.iter().map(|it| {
                vec![Cell::text(kind), name(&it.key), Cell::Count(it.received), Cell::Count(it.closed), Cell::text("")]
            }));
            let none = |key: &String| vec![Cell::text(kind), name(key), Cell::Count(0), Cell::Count(0), Cell::text("●")];
            rows.extend(without.iter().map(none));
        }
        let note = format!("应有业务者按 {} 的事项目录 / who should have business: the catalogue of that day", it.catalog_of);
        table("coverage", "业务覆盖 Coverage", vec![note], headings, rows)
    }

    fn gaming_table(&self) -> Table {
        let kinds = &self.gaming.suspicious;
        let mut headings =
            vec![wide("单位 Unit", 26.0), number("办结 Closed"), number("可疑 Suspicious"), number("可疑占比 Share")];
        headings.extend(kinds.iter().map(|kind| wide(finding_name(kind), 20.0)));
        for (zh, en) in [
            ("按时办结率", "On time"),
            ("当日办结率", "Same day"),
            ("提速率(法定)", "Speed-up, statutory"),
            ("提速率(承诺)", "Speed-up, promised"),
        ] {
            headings.extend([number(format!("{zh} {en}")), wide(format!("剔除后{zh} {en}, without"), 19.0)]);
        }
        let row = |name: String, it: &GamingGroup| {
            let share = (it.with.closed > 0).then(|| it.suspicious as f64 / it.with.closed as f64);
            let mut row = vec![Cell::Text(name), Cell::Count(it.with.closed), Cell::Count(it.suspicious), Cell::ratio(share)];
            row.extend(kinds.iter().map(|kind| Cell::Count(it.kinds.get(kind).copied().unwrap_or(0))));
            let without = it.without.as_ref().map(ratios).unwrap_or_default();
            row.extend(ratios(&it.with).into_iter().zip(without).flat_map(|(with, without)| [with, without]).map(Cell::ratio));
            row
        };
        let county = self.gaming_county.iter().map(|it| row(COUNTY.to_owned(), it));
        let rows = county.chain(self.gaming.groups.iter().map(|it| row(unit_name(&it.key), it))).collect();
        let notes = vec![
            "可疑不等于违规，只说明应当查看何处 / a suspicion is no proof: it says where to look".to_owned(),
            format!(
                "批量办结：同一窗口一分钟内办结 {} 件以上 / a batch: one window closes as many within a minute",
                self.gaming.batch_at_least
            ),
        ];
        table("gaming", "数据注水 Gaming", notes, headings, rows)
    }

    fn suspicious_table(&self) -> Table {
        let headings = vec![
            wide("办件编号 Case", 36.0),
            wide("可疑之处 Suspicious by", 44.0),
            wide("部门 Department", 22.0),
            wide("窗口 Window", 16.0),
            wide("事项 Item", 56.0),
            wide("办结 Closed", 17.0),
        ];
        let or_nothing = |text: &Option<String>| text.as_ref().map_or(Cell::Nothing, Cell::text);
        let row = |it: &SuspiciousCase| {
            vec![
                Cell::text(&it.case_no),
                Cell::Text(finding_name(&it.kind)),
                or_nothing(&it.department),
                or_nothing(&it.window),
                it.item.as_ref().map_or(Cell::Nothing, |item| self.item_cell(item)),
                moment(&it.closed_at),
            ]
        };
        let rows: Vec<_> = self.suspicious.iter().map(row).collect();
        let note = shown(rows.len(), self.suspicious_in_all(), "/api/v1/suspicious");
        table("suspicious", "可疑办件 Suspicious cases", vec![note], headings, rows)
    }

    fn padded_table(&self) -> Table {
        let headings = vec![
            wide("事项 Item", 26.0),
            wide("名称 Name", 40.0),
            wide("部门 Department", 22.0),
            wide("法定时限 Statutory limit", 24.0),
            wide("承诺时限 Promised limit", 24.0),
        ];
        let limit = |limit: StatedLimit| match limit {
            StatedLimit::Of(limit) => Cell::Text(limit.to_string()),
            StatedLimit::Unstated => Cell::text("20 working_days (art. 42)"),
            StatedLimit::None => Cell::Nothing,
        };
        let row = |it: &Item| {
            let texts = [&it.code, &it.name, &it.department].map(|text| Cell::text(text.as_str()));
            texts.into_iter().chain([limit(it.statutory_limit), limit(it.promised_limit)]).collect()
        };
        let note = "承诺时限不短于法定时限的事项 / items whose promise is no shorter than the statutory limit".to_owned();
        table("padded", "承诺未压缩 Padded limits", vec![note], headings, self.padded.iter().map(row).collect())
    }

    fn ranking_table(&self, (code, name, unit): (&'static str, &'static str, &str), it: &RankingAnswer) -> Table {
        let titles = ["办件 Cases", "按时 On time", "按时率 Rate", "调整后 Adjusted"];
        let mut headings = vec![wide("名次 Rank", 8.0), wide(unit, 26.0)];
        headings.extend(titles.map(number));
        headings.extend(interval_headings());
        headings.extend(["全县同类 County, same mix", "有效件数 Effective cases"].map(number));
        let row = |it: &RankedUnit| {
            let mut row =
                vec![Cell::count(it.rank.map(u64::from)), Cell::text(&it.unit), Cell::Count(it.cases), Cell::Count(it.successes)];
            row.extend([it.rate, it.adjusted].map(Cell::Ratio));
            row.extend(interval_cells(Some(it.interval)));
            row.extend([Cell::Ratio(it.county), Cell::Days(it.effective_cases)]);
            row
        };
        let notes = vec![
            format!("按区间下限排名，z = {} / by the lower end of Wilson's interval", it.z),
            format!("不足 {} 件者不排名，列于其后 / units with fewer cases are not ranked and come last", it.min_volume),
            "调整后 = 按全县事项构成标准化 / adjusted to the county's mix of items".to_owned(),
        ];
        table(code, name, notes, headings, it.ranked.iter().chain(&it.too_small).map(row).collect())
    }

    fn parties_table(&self) -> Table {
        let mut headings = vec![wide("中介机构 Intermediary", 30.0)];
        headings.extend(
            ["星级 Stars", "办件 Cases", "作业 Works", "未完 Open", "按时 On time", "超时 Late", "按时率 On-time share"]
                .map(number),
        );
        headings.extend(interval_headings());
        headings.extend([number("用时占比 Time used"), wide("黑名单(建议) Blacklist, proposed", 18.0)]);
        let row = |it: &PartyItem| {
            let stars = it.stars.map_or(Cell::Nothing, |stars| Cell::Text("★".repeat(stars.into())));
            let mut row = vec![Cell::text(&it.party), stars];
            row.extend([it.cases, it.works, it.open, it.on_time, it.late].map(Cell::Count));
            row.push(Cell::ratio(it.on_time_share));
            row.extend(interval_cells(it.interval));
            row.extend([Cell::ratio(it.time_share), Cell::text(if it.blacklist { "●" } else { "" })]);
            row
        };
        let it = &self.parties;
        let stars: Vec<String> = it.stars.iter().map(|from| percent(*from)).collect();
        let notes = vec![
            format!(
                "不足 {} 项作业不评星；按时率达到 {} 为二至五星 / from these on-time shares on there are two to five stars",
                it.min_works,
                stars.join("、")
            ),
            format!(
                "区间上限低于 {} 者建议列入黑名单，由人决定 / proposed where even the upper end is below; an officer decides",
                percent(it.blacklist_below)
            ),
        ];
        table("parties", "中介机构 Intermediaries", notes, headings, it.parties.iter().map(row).collect())
    }

    fn forecast_table(&self) -> Table {
        let mut headings = vec![wide("办件编号 Case", 36.0), wide("部门 Department", 22.0), wide("事项 Item", 56.0)];
        headings.extend(["已用(工作日) Days used", "承诺(工作日) Promise"].map(number));
        headings.extend([wide("承诺到期 Due", 17.0), number("超期概率 Probability")]);
        headings.extend(interval_headings());
        headings.extend([wide("依据 Compared with", 22.0), number("可比件 At risk"), number("其中超期 Missed")]);
        let row = |it: &ForecastItem| {
            let due = it.due_at.as_deref().map_or(Cell::Nothing, moment);
            let mut row = vec![Cell::text(&it.case_no), Cell::text(&it.department), self.item_cell(&it.item)];
            row.extend([Cell::Days(it.used_days), Cell::Days(it.limit_days), due, Cell::Ratio(it.probability)]);
            row.extend(interval_cells(Some(it.interval)));
            row.extend([Cell::text(basis(it.basis)), Cell::Count(it.at_risk), Cell::Count(it.missed)]);
            row
        };
        let it = &self.forecast;
        let rows: Vec<_> = it.cases.iter().map(row).collect();
        let notes = vec![
            format!("截至 {} 的在办件，不限本月 / cases open at that moment, whatever the month", it.as_of),
            "概率 = 已用至少同样多天的可比件中超过承诺者 / of those that took at least as long, the share that missed".to_owned(),
            format!("可比件自 {} 起，{} 件 / closed cases compared with", it.history_from, it.history_cases),
            format!(
                "无从预测 {} 件；按概率列前 {} 件 / without a forecast; the most probable first",
                it.without_forecast,
                rows.len()
            ),
        ];
        table("forecast", "超期预测 Forecast", notes, headings, rows)
    }

    fn calibration_table(&self) -> Table {
        let mut headings = vec![
            number("概率自 From"),
            number("至 To"),
            number("预测数 Forecasts"),
            number("平均预测 Predicted"),
            number("实际超期 Observed"),
        ];
        headings.extend(interval_headings());
        let row = |it: &BandItem| {
            let mut row = vec![Cell::Ratio(it.from), Cell::Ratio(it.to), Cell::Count(it.forecasts)];
            row.extend([it.predicted, it.observed].map(Cell::ratio));
            row.extend(interval_cells(it.interval));
            row
        };
        let held_back = self.forecast.held_back_months;
        let notes = vec![
            format!("以此前月份预测最近 {held_back} 个整月 / whole months forecast from the months before them"),
            "两数相近的区间可信 / trust a band whose two numbers agree".to_owned(),
        ];
        let rows = self.forecast.calibration.iter().map(row).collect();
        table("calibration", "预测校准 Calibration", notes, headings, rows)
    }

    /// The code of an item with its name, where the catalogue has one.
    fn item_cell(&self, code: &str) -> Cell {
        match self.item_names.get(code) {
            Some(name) => Cell::Text(format!("{name} {code}")),
            None => Cell::text(code),
        }
    }
}

fn table(code: &'static str, name: &'static str, notes: Vec<String>, headings: Vec<Heading>, rows: Vec<Vec<Cell>>) -> Table {
    Table { code, name, notes, headings, rows }
}

fn first<const N: usize>(unit: &str, titles: [&str; N]) -> Vec<Heading> {
    std::iter::once(wide(unit, 26.0)).chain(titles.map(number)).collect()
}

fn catalog_cells(it: Option<&CatalogGroup>) -> [Cell; 7] {
    let Some(it) = it else { return std::array::from_fn(|_| Cell::Nothing) };
    [
        Cell::Count(it.items),
        Cell::Count(it.hall_items),
        Cell::ratio(it.hall_share),
        Cell::Count(it.window_items),
        Cell::ratio(it.authority_share),
        Cell::ratio(it.immediate_share),
        Cell::ratio(it.promised_compression),
    ]
}

fn hall_cells(it: Option<&HallGroup>) -> [Cell; 13] {
    let Some(it) = it else { return std::array::from_fn(|_| Cell::Nothing) };
    [
        Cell::Count(it.closed),
        Cell::Count(it.decisions),
        Cell::Count(it.decided_in_hall_by_authorised),
        Cell::ratio(it.window_decision_rate),
        Cell::Count(it.unauthorised),
        Cell::Count(it.window_cases),
        Cell::Count(it.passed_through),
        Cell::ratio(it.pass_through_rate),
        Cell::Count(it.left_hall),
        Cell::ratio(it.left_hall_rate),
        Cell::Count(it.off_hall_steps),
        it.corrections_per_case.map_or(Cell::Nothing, Cell::Days),
        it.trips_per_case.map_or(Cell::Nothing, Cell::Days),
    ]
}

fn ratios(it: &Ratios) -> [Option<f64>; 4] {
    [it.on_time_rate, it.same_day_rate, it.statutory_speed_up, it.promised_speed_up]
}

fn interval_headings() -> [Heading; 2] {
    ["区间下限 Low", "区间上限 High"].map(number)
}

fn interval_cells(interval: Option<IntervalItem>) -> [Cell; 2] {
    [Cell::ratio(interval.map(|it| it.low)), Cell::ratio(interval.map(|it| it.high))]
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// A local time without its offset, to the minute.
fn moment(rfc3339: &str) -> Cell {
    Cell::Text(rfc3339.get(..16).unwrap_or(rfc3339).replacen('T', " ", 1))
}

/// A finding by its code, in both languages.
fn finding_name(code: &str) -> String {
    match FindingKind::from_code(code) {
        Some(kind) => format!("{} {}", kind.name(Lang::Zh), kind.name(Lang::En)),
        None => code.to_owned(),
    }
}

fn basis(code: &str) -> &'static str {
    match code {
        "missed" => "已超期 missed already",
        "item" => "同一事项 same item",
        "department" => "同一部门 department",
        _ => "全部 all",
    }
}

/// How much of a list is shown, and where the rest is.
fn shown(rows: usize, in_all: u64, route: &str) -> String {
    match rows as u64 {
        rows if rows < in_all => {
            format!("共 {in_all} 行，列前 {rows} 行，其余见 {route} / the first {rows} of {in_all} rows; the rest: {route}")
        }
        rows => format!("共 {rows} 行 / {rows} rows"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_cut_says_how_long_it_is_and_where_the_rest_is() {
        assert_eq!(shown(3, 3, "/r"), "共 3 行 / 3 rows");
        assert!(shown(3, 7, "/r").ends_with("the first 3 of 7 rows; the rest: /r"));
    }

    #[test]
    fn a_moment_is_told_to_the_minute_and_a_finding_in_both_languages() {
        assert_eq!(moment("2026-10-08T10:08:56+08:00"), Cell::text("2026-10-08 10:08"));
        assert!(finding_name("batch_close").starts_with("批量办结"));
        assert_eq!(finding_name("of_tomorrow"), "of_tomorrow");
    }
}
