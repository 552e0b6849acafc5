//! The catalogue of the sample county, and the departments that larger counties have beside.

use simulate::County;

/// Departments with one item each, beside the fourteen of the sample county and the bureau of justice.
pub const OTHERS: [&str; 14] = [
    "财政局",
    "审计局",
    "水利局",
    "文化广电旅游局",
    "统计局",
    "气象局",
    "档案局",
    "烟草专卖局",
    "消防救援大队",
    "城市管理局",
    "粮食和储备局",
    "科技局",
    "民族宗教事务局",
    "残疾人联合会",
];

/// The item of one of [`OTHERS`].
pub fn item_of_other(number: usize) -> String {
    format!("other-{:02}", number + 1)
}

/// The catalogue of the stories: that of the sample county, five items of the bureau of justice of which three are in the
/// hall, one item of each other department, and one that the window of work safety decides.
pub fn text() -> String {
    let mut text = County::sample_catalog().to_owned();
    for number in 1..=5 {
        let (hall, promise) = (number <= 3, if number == 5 { 20 } else { 10 });
        let form = if number == 1 { "immediate" } else { "committed" };
        text += &item(&format!("jus-{number}"), "司法局", form, &format!("{promise} working_days"), hall, number == 1);
    }
    for (number, department) in OTHERS.iter().enumerate() {
        text += &item(&item_of_other(number), department, "committed", "10 working_days", true, false);
    }
    text += &item("saf-training", "应急管理局", "immediate", "1 working_days", true, true);
    text
}

fn item(code: &str, department: &str, form: &str, promise: &str, hall: bool, window_decides: bool) -> String {
    format!(
        "\n[[item]]\ncode = \"{code}\"\nname = \"{department} {code}\"\ndepartment = \"{department}\"\nform = \"{form}\"\n\
         valid_from = 2010-09-13\nstatutory_limit = \"20 working_days\"\npromised_limit = \"{promise}\"\nhall = {hall}\n\
         window_decides = {window_decides}\n"
    )
}

/// The authorisation table of the sample county; of work safety one clerk may decide one item, until the middle of March
/// 2011.
pub fn authorisations() -> String {
    let table = include_str!("../../../deploy/sample/authorisations.csv").trim_end();
    format!("{table}\nsaf-w1,saf-training,应急管理局,window,2011-01-01,2011-03-15\n")
}
