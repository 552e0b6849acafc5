//! The catalogue: which version, which published limit, what is doubtful, what reaches into the past.

use domain::{
    catalog::{Party, Unit},
    catalog_diff::BesideChange,
    catalog_file::CatalogDraft,
    *,
};

const HEAD: &str =
    "code,name,department,form,valid_from,statutory_limit,promised_limit,step_limits,hall,window_decides,fee_fen\n";

fn day(date: &str) -> jiff::civil::Date {
    date.parse().unwrap()
}

fn told(items: &[&Item]) -> Vec<String> {
    items.iter().map(|item| format!("{} {}", item.code, item.valid_from)).collect()
}

#[test]
fn items_are_listed_by_code_and_each_in_the_version_asked_for() {
    let rows =
        ["b,,局,committed,2018-01-01", "a,,局,committed,2019-01-01", "a,,局,committed,2017-01-01", "c,,局,committed,2020-01-01"];
    let rows = rows.map(|row| row.replace(",,", ",甲,")).join("\n");
    let catalog = Catalog::from_csv(&format!("code,name,department,form,valid_from\n{rows}\n")).unwrap();
    assert_eq!(told(&catalog.versions()), ["a 2017-01-01", "a 2019-01-01", "b 2018-01-01", "c 2020-01-01"]);
    assert_eq!(told(&catalog.newest()), ["a 2019-01-01", "b 2018-01-01", "c 2020-01-01"]);
    assert_eq!(told(&catalog.in_force_on(day("2018-12-31"))), ["a 2017-01-01", "b 2018-01-01"]);
    assert_eq!(told(&catalog.in_force_on(day("2019-01-01"))), ["a 2019-01-01", "b 2018-01-01"]);
    assert_eq!(
        (catalog.has("a"), catalog.has("d"), catalog.is_empty(), Catalog::default().is_empty()),
        (true, false, false, true)
    );
    let twice = Catalog::new(catalog.versions().into_iter().chain(catalog.newest()).cloned());
    assert_eq!(twice.unwrap_err().to_string(), "item \"a\" has two versions valid from 2019-01-01");
}

#[test]
fn a_limit_reads_as_it_is_written() {
    assert_eq!(Limit::working_days(7).to_string(), "7 working_days");
    assert_eq!(Limit { amount: 1, unit: Unit::Years }.to_string(), "1 years");
}

fn party(name: &str, amount: u32, valid_from: &str, items: &[&str]) -> Party {
    let items = items.iter().map(|item| (*item).into()).collect();
    Party { name: name.into(), service: "".into(), limit: Limit::working_days(amount), items, valid_from: day(valid_from) }
}

#[test]
fn the_newest_published_limit_holds_that_of_an_item_before_that_of_all() {
    let catalog = Catalog::default().with_parties(vec![
        party("测绘院", 10, "2017-01-01", &[]),
        party("测绘院", 9, "2018-01-01", &[]),
        party("测绘院", 5, "2017-01-01", &["a", "b"]),
        party("*", 30, "2018-01-01", &[]),
    ]);
    let days = |name: Option<&str>, item: Option<&str>, on: &str| catalog.party_limit(name, item, day(on)).map(|it| it.amount);
    let (name, other) = (Some("测绘院"), Some("评估所"));
    assert_eq!(days(name, Some("c"), "2017-12-31"), Some(10));
    assert_eq!(days(name, Some("c"), "2018-01-01"), Some(9));
    assert_eq!(days(name, None, "2018-01-01"), Some(9));
    assert_eq!(days(name, Some("b"), "2018-01-01"), Some(5));
    assert_eq!((days(name, Some("a"), "2016-12-31"), days(other, Some("a"), "2017-12-31")), (None, None));
    assert_eq!((days(other, Some("a"), "2018-01-01"), days(None, None, "2018-01-01")), (Some(30), Some(30)));
}

#[test]
fn a_published_limit_is_replaced_by_one_from_the_same_day_for_one_of_its_items() {
    let old = party("测绘院", 10, "2018-01-01", &["a", "b"]);
    let is_replaced = |name: &str, valid_from: &str, items: &[&str]| old.is_replaced_by(&party(name, 5, valid_from, items));
    assert!(is_replaced("测绘院", "2018-01-01", &["a", "b"]) && is_replaced("测绘院", "2018-01-01", &["b", "c"]));
    assert!(!is_replaced("测绘院", "2018-01-01", &["c"]) && !is_replaced("测绘院", "2018-01-01", &[]));
    assert!(!is_replaced("评估所", "2018-01-01", &["a"]) && !is_replaced("测绘院", "2018-01-02", &["a"]));
    let for_all = party("测绘院", 10, "2018-01-01", &[]);
    assert!(for_all.is_replaced_by(&for_all));
}

#[test]
fn a_limit_is_doubtful_where_it_is_longer_than_what_it_should_fit_in() {
    let doubts = |form: &str, statutory: &str, promised: &str, step: &str| {
        let row = format!("a,甲,局,{form},2018-01-01,{statutory},{promised},{step},true,false,0\n");
        let draft = CatalogDraft::from_csv(&format!("{HEAD}{row}"));
        assert_eq!(draft.errors(), []);
        draft.doubts().iter().map(|doubt| doubt.column.clone()).collect::<Vec<_>>()
    };
    let is_doubtful = |statutory: &str, promised: &str| doubts("committed", statutory, promised, "") == ["promised_limit"];
    // In one unit to the day; the promise that only repeats the law promises nothing.
    assert!(!is_doubtful("20 working_days", "19 working_days"));
    assert!(is_doubtful("20 working_days", "20 working_days"));
    assert!(is_doubtful("20 working_days", "21 working_days"));
    // In two units roughly, a tenth more is not told: 20 working days are 28 days, 140 hours, or about a month.
    for (fits, too_long) in
        [("30 calendar_days", "31 calendar_days"), ("153 working_hours", "155 working_hours"), ("1 months", "2 months")]
    {
        assert!(!is_doubtful("20 working_days", fits), "{fits}");
        assert!(is_doubtful("20 working_days", too_long), "{too_long}");
    }
    assert!(!is_doubtful("1 months", "23 working_days") && is_doubtful("1 months", "24 working_days"));
    assert!(!is_doubtful("1 years", "275 working_days") && is_doubtful("1 years", "276 working_days"));
    // On the spot is a day.
    assert_eq!(doubts("immediate", "20 working_days", "1 working_days", ""), [""; 0]);
    assert_eq!(doubts("immediate", "1 working_days", "1 working_days", ""), [""; 0]);
    assert_eq!(doubts("immediate", "20 working_days", "2 working_days", ""), ["promised_limit"]);
    assert_eq!(doubts("committed", "20 working_days", "5 working_days", "x=5 working_days"), [""; 0]);
    assert_eq!(
        doubts("committed", "20 working_days", "5 working_days", "x=6 working_days;y=1 months"),
        ["step_limits", "step_limits"]
    );
}

#[test]
fn a_change_reaches_into_the_past_from_the_day_on_which_it_begins() {
    let catalog =
        |rows: &str| Catalog::from_csv(&format!("code,name,department,form,valid_from,promised_limit\n{rows}\n")).unwrap();
    let old = catalog("a,甲,局,committed,2018-01-01,9 working_days");
    let is_retroactive = |new: &str, today: &str| {
        let changes = old.changes_to(&catalog(new));
        changes.iter().map(|change| change.is_retroactive(day(today))).collect::<Vec<_>>()
    };
    let changed = "a,甲,局,committed,2018-01-01,7 working_days";
    assert_eq!((is_retroactive(changed, "2017-12-31"), is_retroactive(changed, "2018-01-01")), (vec![false], vec![true]));
    let removed = "b,乙,局,committed,2018-01-01,9 working_days";
    assert_eq!(is_retroactive(removed, "2017-12-31"), [false, false]);
    assert_eq!(is_retroactive(removed, "2018-01-01"), [true, false], "a new item judges no case that is known");
    let limit =
        BesideChange { table: "party", name: "p".into(), valid_from: Some(day("2018-01-01")), is_in_new: true, is_in_old: false };
    assert!(limit.is_retroactive(day("2018-01-01")) && !limit.is_retroactive(day("2017-12-31")));
    let line = BesideChange { table: "bottom_line", valid_from: None, ..limit.clone() };
    let region = BesideChange { table: "region", valid_from: None, ..limit.clone() };
    assert!(line.is_retroactive(day("2017-12-31")) && !region.is_retroactive(day("2018-01-01")));
}

fn errors_of(row: &str) -> Vec<String> {
    let draft = CatalogDraft::from_csv(&format!("code,name,department,form,promised_limit,step_limits,hall,fee_fen\n{row}\n"));
    assert_eq!((draft.len(), draft.is_empty()), if draft.errors().is_empty() { (1, false) } else { (0, true) }, "{row}");
    draft.errors().iter().map(|error| error.column.clone()).collect()
}

#[test]
fn a_limit_is_read_in_every_unit_as_an_office_writes_it() {
    use Unit::{CalendarDays, Months, WorkingDays, WorkingHours, Years};
    for (text, amount, unit) in [
        ("7 working_days", 7, WorkingDays),
        ("20个工作日", 20, WorkingDays),
        (" 3 天 ", 3, CalendarDays),
        ("30自然日", 30, CalendarDays),
        ("30 日历日", 30, CalendarDays),
        ("4 小时", 4, WorkingHours),
        ("4个工作小时", 4, WorkingHours),
        ("2个月", 2, Months),
        ("1年", 1, Years),
        ("0 working_days", 0, WorkingDays),
        ("36500 calendar_days", 36_500, CalendarDays),
    ] {
        assert_eq!(text.parse(), Ok(Limit { amount, unit }), "{text}");
    }
    for text in ["", "7", "working_days", "7 days", "-7 working_days", "7.5 working_days", "36501 calendar_days"] {
        assert!(text.parse::<Limit>().is_err(), "{text}");
    }
}

#[test]
fn cells_hold_what_fits_and_the_rest_is_told_by_its_column() {
    let (fits, too_long) = ("x".repeat(64), "x".repeat(65));
    assert_eq!(errors_of(&format!("{fits},甲,局,承诺件,,,,1000000000000")), [""; 0]);
    assert_eq!(errors_of(&format!("{too_long},甲,局,即办件,,,,1000000000001")), ["code", "fee_fen"]);
    for (word, is_read) in [("是", true), ("YES", true), ("1", true), ("否", true), ("No", true), ("0", true), ("maybe", false)]
    {
        assert_eq!(errors_of(&format!("a,甲,局,committed,,,{word},")).is_empty(), is_read, "{word}");
    }
    assert_eq!(errors_of("a,甲,局,committed,,x=1 working_days;y=2 天,,"), [""; 0]);
    for steps in ["x=1 working_days;x=2 working_days", "x", "=1 working_days", "x=soon"] {
        assert!(errors_of(&format!("a,甲,局,committed,,{steps},,")).contains(&"step_limits".to_owned()), "{steps}");
    }
}

#[test]
fn texts_that_may_be_left_out_are_read_where_they_are_there() {
    let catalog = Catalog::from_csv(
        "code,name,department,form,certificate,fee_basis\na,甲,局,committed,许可证,价目表\nb,乙,局,committed,,\n",
    );
    let texts =
        |item: &Item| (item.certificate.as_deref().map(str::to_owned), item.public.fee_basis.as_deref().map(str::to_owned));
    let read: Vec<_> = catalog.unwrap().newest().into_iter().map(texts).collect();
    assert_eq!(read, [(Some("许可证".into()), Some("价目表".into())), (None, None)]);
}

#[test]
fn what_no_other_form_could_write_is_refused_in_toml() {
    let errors = |more: &str| {
        let item = "[[item]]\ncode = 'a'\nname = '甲'\ndepartment = '局'\nform = 'committed'\n";
        let draft = CatalogDraft::from_toml(&format!("{item}{more}\n"));
        draft.errors().iter().map(|error| format!("{} {}", error.place, error.column)).collect::<Vec<_>>()
    };
    assert_eq!(errors("mandatory_steps = ['x', 'y']\nmaterials = ['申请表']"), [""; 0]);
    for list in ["['x;y']", "['x=y']", "['']", "['x；y']", "['x＝y']"] {
        assert_eq!(errors(&format!("mandatory_steps = {list}")), ["line 6 mandatory_steps"], "{list}");
    }
    for list in ["['申请表;图纸']", "['申请表', '']", "['申请表；图纸']"] {
        assert_eq!(errors(&format!("materials = {list}")), ["line 6 materials"], "{list}");
    }
    assert_eq!(errors("mandatory_steps = 1"), ["line 6 mandatory_steps"]);
    assert_eq!(errors("fee_fen = 'much'"), ["line 6 fee_fen"]);
}

#[test]
fn bottom_lines_and_regions_have_a_name_each_and_are_compared_by_it() {
    let item = "[[item]]\ncode = 'a'\nname = '甲'\ndepartment = '局'\nform = 'committed'\n";
    let line = |name: &str, step: &str| {
        format!(
            "[[bottom_line]]\nname = '{name}'\nitems = ['a']\n[[bottom_line.condition]]\ncode = 'c'\nname = '丙'\nsteps = ['{step}']\n"
        )
    };
    let region = |code: &str, name: &str| format!("[[region]]\ncode = '{code}'\nname = '{name}'\n");
    let toml = |parts: &[String]| format!("{item}{}", parts.concat());
    let errors = |parts: &[String]| {
        CatalogDraft::from_toml(&toml(parts))
            .errors()
            .iter()
            .map(|error| format!("{} {}", error.place, error.column))
            .collect::<Vec<_>>()
    };
    assert_eq!(errors(&[line("一", "x"), line("二", "x"), region("330100", "杭州"), region("330200", "宁波")]), [""; 0]);
    assert_eq!(errors(&[line("一", "x"), line("二", "x"), line("一", "y")]), ["line 20 name"]);
    assert_eq!(errors(&[region("330100", "杭州"), region("330200", "宁波"), region("330100", "杭州市")]), ["line 12 code"]);

    let catalog = |parts: &[String]| Catalog::from_toml(&toml(parts)).unwrap();
    let old = catalog(&[line("一", "x"), line("二", "x"), region("1", "甲"), region("2", "乙")]);
    let new = catalog(&[line("一", "y"), line("三", "x"), region("1", "甲区"), region("3", "丙")]);
    let changes = old.changes_beside(&new);
    let told: Vec<_> = changes.iter().map(|it| (it.table, it.name.as_str(), it.is_in_old, it.is_in_new)).collect();
    let expected = [
        ("bottom_line", "一", true, true),
        ("bottom_line", "三", false, true),
        ("bottom_line", "二", true, false),
        ("region", "1", true, true),
        ("region", "3", false, true),
        ("region", "2", true, false),
    ];
    assert_eq!(told, expected);
}

#[test]
fn the_figures_of_a_catalogue_count_items_and_compare_the_limits_that_are_in_one_unit() {
    use domain::catalog_figures::CatalogFigures;
    let rows = [
        "a,甲,局,immediate,20 working_days,5 working_days,true,true,true",
        "b,乙,局,committed,20 working_days,20 working_days,true,false,true",
        "c,丙,局,committed,10 working_days,5 calendar_days,true,false,false",
        "d,丁,局,committed,,10 working_days,false,true,true",
    ];
    let head = "code,name,department,form,statutory_limit,promised_limit,hall,window_decides,delegated_to_townships";
    let catalog = Catalog::from_csv(&format!("{head}\n{}\n", rows.join("\n"))).unwrap();
    let figures = CatalogFigures::of(catalog.newest());
    assert_eq!((figures.items, figures.hall_items, figures.window_items), (4, 3, 1));
    assert_eq!((figures.immediate_items, figures.delegated_items), (1, 3));
    assert_eq!((figures.hall_share, figures.authority_share, figures.immediate_share), (Some(0.75), Some(1.0 / 3.0), Some(0.25)));
    // Of the law's 20 days three times (once where the catalogue says nothing of it) 15, 0 and 10 are saved.
    assert_eq!(figures.promised_compression, Some(25.0 / 60.0));
    assert_eq!(figures.padded_items, ["b"]);
    assert_eq!(CatalogFigures::of([]), CatalogFigures::default());
}

/// A file that people go on writing in: lists as lists, numbers and days without quotes.
#[test]
fn an_item_is_written_in_toml_as_one_would_write_it() {
    let text = r#"[[item]]
code = "a"
name = "甲"
department = "局"
form = "committed"
valid_from = 2018-01-01
promised_limit = "7 working_days"
mandatory_steps = ["review", "visit"]
outside_steps = ["visit"]
hall = true
window_decides = true
fee_fen = 500
delegated_to_townships = true
materials = ["申请表", "图纸"]
procedure = ["受理", "决定"]
fee_basis = "价目表"
[item.step_limits]
"review" = "2 working_days"
"#;
    let catalog = Catalog::from_toml(text).unwrap();
    assert_eq!(domain::catalog_file::item_to_toml(catalog.newest()[0]), text);
}

#[test]
fn versions_are_doubtful_only_beside_others() {
    let doubts = |rows: &str| {
        let draft = CatalogDraft::from_csv(&format!("code,name,department,form,valid_from,hall\n{rows}\n"));
        draft.doubts().iter().map(|doubt| format!("{} {}", doubt.place, doubt.column)).collect::<Vec<_>>()
    };
    assert_eq!(doubts("a,甲,局,immediate,,true\nb,乙,局,immediate,,true"), [""; 0], "one from the beginning is all there is");
    assert_eq!(doubts("a,甲,局,immediate,,true\na,甲,局,immediate,2019-01-01,false"), ["row 2 valid_from"]);
    assert_eq!(doubts("a,甲,局,immediate,2018-01-01,true\na,甲,局,immediate,2019-01-01,true"), ["row 3 valid_from"]);
}
