//! Catalogues to TOML, CSV and rows of cells.

use super::*;

/// The cells of a version in the order of [`COLUMNS`], the last ones (which are for readers only) left out.
pub fn cells_of(item: &Item) -> [(&'static str, String); 16] {
    let limit = |limit: StatedLimit| match limit {
        StatedLimit::Unstated => String::new(),
        StatedLimit::None => "none".to_owned(),
        StatedLimit::Of(limit) => limit.to_string(),
    };
    let steps: Vec<String> = item.step_limits.iter().map(|(step, limit)| format!("{step}={limit}")).collect();
    [
        ("code", item.code.to_string()),
        ("name", item.name.to_string()),
        ("type", item.item_type.to_string()),
        ("department", item.department.to_string()),
        ("form", item.form.code().to_owned()),
        ("valid_from", item.valid_from.to_string()),
        ("statutory_limit", limit(item.statutory_limit)),
        ("promised_limit", limit(item.promised_limit)),
        ("delivery_limit", limit(item.delivery_limit)),
        ("step_limits", steps.join(";")),
        ("mandatory_steps", item.mandatory_steps.join(";")),
        ("hall", item.hall.to_string()),
        ("window_decides", item.window_decides.to_string()),
        ("fee_fen", item.fee_fen.to_string()),
        ("certificate", item.certificate.as_deref().unwrap_or_default().to_owned()),
        ("delegated_to_townships", item.delegated_to_townships.to_string()),
    ]
}

/// A header and a row a version.
pub fn to_rows(items: &[&Item]) -> Vec<Vec<String>> {
    let header = COLUMNS.iter().map(|column| column.code.to_owned()).filter(|code| code != "note").collect();
    let rows = items.iter().map(|item| cells_of(item).into_iter().map(|(_, text)| text).collect());
    std::iter::once(header).chain(rows).collect()
}

/// CSV with the mark by which a spreadsheet program knows UTF-8.
pub fn to_csv(items: &[&Item]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in to_rows(items) {
        // Writing to memory does not fail.
        let _ = writer.write_record(&row);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    format!("\u{feff}{}", String::from_utf8_lossy(&bytes))
}

/// One `[[item]]` table a version; what is not stated is left out.
pub fn to_toml(items: &[&Item]) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut out = String::new();
    for item in items {
        out.push_str(if out.is_empty() { "[[item]]\n" } else { "\n[[item]]\n" });
        let mut line = |key: &str, value: &str| out.extend([key, " = ", value, "\n"]);
        for (key, text) in cells_of(item) {
            match key {
                "step_limits" => {}
                "mandatory_steps" if text.is_empty() => {}
                "mandatory_steps" => {
                    let steps: Vec<String> = item.mandatory_steps.iter().map(|step| quoted(step)).collect();
                    line(key, &format!("[{}]", steps.join(", ")));
                }
                "valid_from" | "hall" | "window_decides" | "fee_fen" | "delegated_to_townships" => line(key, &text),
                _ if text.is_empty() => {}
                _ => line(key, &quoted(&text)),
            }
        }
        if !item.step_limits.is_empty() {
            out.push_str("[item.step_limits]\n");
            for (step, limit) in &item.step_limits {
                out.extend([quoted(step), " = ".to_owned(), quoted(&limit.to_string()), "\n".to_owned()]);
            }
        }
    }
    out
}
