//! No text makes a reader of files panic, and what it takes is what it writes.

use domain::{
    Authorisations, Catalog, Profile, calendar_file,
    catalog_file::{CatalogDraft, to_csv, to_toml},
};
use proptest::prelude::*;

/// Text that is near enough to a file to get past the first look.
fn nearly(tokens: &'static [&'static str]) -> impl Strategy<Value = String> {
    let token = prop_oneof![4 => prop::sample::select(tokens).prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

const CATALOG: &[&str] = &[
    "[[item]]\n",
    "[item.step_limits]\n",
    "[[party]]\n",
    "[[bottom_line]]\n",
    "[[bottom_line.condition]]\n",
    "limit",
    "items",
    "materials",
    "procedure",
    "fee_basis",
    "outside_steps",
    "code",
    "name",
    "department",
    "form",
    "valid_from",
    "promised_limit",
    "step_limits",
    "mandatory_steps",
    "fee_fen",
    "hall",
    "事项编码",
    " = ",
    "=",
    "\"",
    "'",
    ",",
    "\n",
    ";",
    "committed",
    "immediate",
    "承诺件",
    "7 working_days",
    "20个工作日",
    "none",
    "2018-01-01",
    "true",
    "1",
    "[",
    "]",
    "{",
    "}",
    "#",
    "甲",
];

const CALENDAR: &[&str] = &[
    "name = 'x'\n",
    "extends = 'cn'\n",
    "time_zone = 'Asia/Shanghai'\n",
    "time_zone = 'Europe/Amsterdam'\n",
    "covers = [2020, 2027]\n",
    "covers = [1980, 2099]\n",
    "covers = [2020, 2019]\n",
    "holidays = [",
    "workdays = [",
    "closures = [",
    "'2026-01-01 元旦'",
    "'2026-01-01..2026-01-03'",
    "'2026-02-30'",
    ",",
    "]\n",
    "office_hours = ['09:00-12:00']\n",
    "office_hours = []\n",
    "office_hours_of.friday = ['24:00-25:00']\n",
    "weekend = []\n",
    "weekend = ['saturday']\n",
];

const AUTHORISATIONS: &[&str] = &[
    "[[authorisation]]\n",
    "handler",
    "item",
    "department",
    "role",
    "valid_from",
    "valid_to",
    "经办人",
    " = ",
    "'",
    ",",
    "\n",
    "*",
    "window",
    "局",
    "2018-01-01",
    "2018/1/1",
    "[",
    "{",
];

proptest! {
    #[test]
    fn no_text_makes_the_catalogue_panic(text in nearly(CATALOG)) {
        for draft in [CatalogDraft::from_toml(&text), CatalogDraft::from_csv(&text)] {
            let _ = draft.doubts();
            let Ok(catalog) = draft.catalog() else { continue };
            prop_assert_eq!(&Catalog::from_toml(&to_toml(&catalog)).unwrap(), &catalog);
            // CSV has the items only.
            let csv = Catalog::from_csv(&to_csv(&catalog.versions())).unwrap();
            prop_assert_eq!(csv.versions(), catalog.versions());
        }
    }

    #[test]
    fn no_text_makes_the_authorisation_table_panic(text in nearly(AUTHORISATIONS)) {
        let _ = (Authorisations::from_toml(&text), Authorisations::from_csv(&text));
    }

    #[test]
    fn whatever_stands_beside_the_items_goes_round(
        (party, service, line, material) in (any::<String>(), any::<String>(), any::<String>(), any::<String>()),
        days in 0u32..99,
        from in prop::option::of("20[0-9]{2}-0[1-9]-[12][0-9]"),
    ) {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let (party, service, line, material) = (quoted(&party), quoted(&service), quoted(&line), quoted(&material));
        let from = from.map(|from| format!("valid_from = {from}\n")).unwrap_or_default();
        let text = format!(
            "[[item]]\ncode = 'a'\nname = '甲'\ndepartment = '局'\nform = 'committed'\n\
             [[party]]\nname = {party}\nservice = {service}\nlimit = '{days} months'\n{from}\
             [[party]]\nname = '*'\nitems = ['a']\nlimit = '1 years'\n\
             [[bottom_line]]\nname = {line}\nitems = ['a']\n\
             [[bottom_line.condition]]\ncode = 'one'\nname = '其一'\nmaterials = [{material}]\nsteps = ['s', 't']\n\
             [[region]]\ncode = {party}\nname = {service}\n[[region]]\ncode = '330999'\n"
        );
        if let Ok(catalog) = Catalog::from_toml(&text) {
            prop_assert_eq!(Catalog::from_toml(&to_toml(&catalog)).unwrap(), catalog);
        }
    }

    #[test]
    fn whatever_stands_in_the_cells_goes_round(
        rows in prop::collection::vec((any::<String>(), any::<String>(), any::<String>(), "[ -~;；=]{0,20}", 0u64..99), 1..5)
    ) {
        let header = ["code", "name", "department", "certificate", "mandatory_steps", "fee_fen", "form"].map(str::to_owned).to_vec();
        let rows = rows.into_iter().zip(2u64..).map(|((name, department, certificate, steps, fee), number)| {
            let cells = [format!("c{number}"), name, department, certificate, steps, fee.to_string(), "即办件".to_owned()];
            (number, cells.to_vec())
        });
        let draft = CatalogDraft::from_rows(std::iter::once((1, header)).chain(rows));
        if let Ok(catalog) = draft.catalog() {
            prop_assert_eq!(&Catalog::from_toml(&to_toml(&catalog)).unwrap(), &catalog);
            prop_assert_eq!(&Catalog::from_csv(&to_csv(&catalog.versions())).unwrap(), &catalog);
        }
    }

    #[test]
    fn no_text_makes_the_calendar_panic(text in nearly(CALENDAR)) {
        let (calendar, _) = calendar_file::check(&text);
        if let Ok(calendar) = calendar {
            let (first, _) = calendar.covers();
            prop_assert!(calendar.working_days_in(first).unwrap() <= 366);
        }
    }

    #[test]
    fn no_text_makes_the_profile_panic(text in any::<String>()) {
        let _ = Profile::from_toml(&text);
    }
}
