//! Catalogues to TOML, CSV and rows of cells.

use super::*;

/// The cells of a version in the order of [`COLUMNS`], the last ones (which are for readers only) left out.
pub fn cells_of(item: &Item) -> [(&'static str, String); 20] {
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
        ("outside_steps", item.outside_steps.join(";")),
        ("hall", item.hall.to_string()),
        ("window_decides", item.window_decides.to_string()),
        ("fee_fen", item.fee_fen.map(|fee| fee.to_string()).unwrap_or_default()),
        ("certificate", item.certificate.as_deref().unwrap_or_default().to_owned()),
        ("delegated_to_townships", item.delegated_to_townships.to_string()),
        ("materials", item.public.materials.join(";")),
        ("procedure", item.public.procedure.join(";")),
        ("fee_basis", item.public.fee_basis.as_deref().unwrap_or_default().to_owned()),
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

/// The whole catalogue: an `[[item]]` table a version, what belongs to them after them. What is not stated is left out.
pub fn to_toml(catalog: &Catalog) -> String {
    let items = catalog.versions().into_iter().map(item_to_toml);
    let beside = [parties_to_toml(catalog), bottom_lines_to_toml(catalog), regions_to_toml(catalog)];
    let tables = items.chain(beside).filter(|text| !text.is_empty());
    tables.collect::<Vec<_>>().join("\n")
}

/// The `[[party]]` tables.
pub fn parties_to_toml(catalog: &Catalog) -> String {
    catalog.parties().iter().map(party_to_toml).collect::<Vec<_>>().join("\n")
}

/// The `[[bottom_line]]` tables.
pub fn bottom_lines_to_toml(catalog: &Catalog) -> String {
    catalog.bottom_lines().iter().map(bottom_line_to_toml).collect::<Vec<_>>().join("\n")
}

/// The `[[region]]` tables.
pub fn regions_to_toml(catalog: &Catalog) -> String {
    catalog.regions().iter().map(region_to_toml).collect::<Vec<_>>().join("\n")
}

/// The `[[item]]` table of a version.
pub fn item_to_toml(item: &Item) -> String {
    let mut out = "[[item]]\n".to_owned();
    for (key, text) in cells_of(item) {
        match key {
            "step_limits" => {}
            _ if text.is_empty() => {}
            "mandatory_steps" => line(&mut out, key, &list(&item.mandatory_steps)),
            "outside_steps" => line(&mut out, key, &list(&item.outside_steps)),
            "materials" => line(&mut out, key, &list(&item.public.materials)),
            "procedure" => line(&mut out, key, &list(&item.public.procedure)),
            "valid_from" | "hall" | "window_decides" | "fee_fen" | "delegated_to_townships" => line(&mut out, key, &text),
            _ => line(&mut out, key, &quoted(&text)),
        }
    }
    if !item.step_limits.is_empty() {
        out.push_str("[item.step_limits]\n");
        for (step, limit) in &item.step_limits {
            line(&mut out, &quoted(step), &quoted(&limit.to_string()));
        }
    }
    out
}

fn party_to_toml(party: &Party) -> String {
    let mut out = "[[party]]\n".to_owned();
    line(&mut out, "name", &quoted(&party.name));
    if !party.service.is_empty() {
        line(&mut out, "service", &quoted(&party.service));
    }
    line(&mut out, "limit", &quoted(&party.limit.to_string()));
    if !party.items.is_empty() {
        line(&mut out, "items", &list(&party.items));
    }
    if party.valid_from != FROM_THE_BEGINNING {
        line(&mut out, "valid_from", &party.valid_from.to_string());
    }
    out
}

fn bottom_line_to_toml(bottom_line: &BottomLine) -> String {
    let mut out = "[[bottom_line]]\n".to_owned();
    line(&mut out, "name", &quoted(&bottom_line.name));
    line(&mut out, "items", &list(&bottom_line.items));
    for condition in &bottom_line.conditions {
        out.push_str("\n[[bottom_line.condition]]\n");
        line(&mut out, "code", &quoted(&condition.code));
        line(&mut out, "name", &quoted(&condition.name));
        for (key, texts) in [("materials", &condition.materials), ("steps", &condition.steps)] {
            if !texts.is_empty() {
                line(&mut out, key, &list(texts));
            }
        }
    }
    out
}

fn region_to_toml(region: &Region) -> String {
    let mut out = "[[region]]\n".to_owned();
    line(&mut out, "code", &quoted(&region.code));
    if !region.name.is_empty() {
        line(&mut out, "name", &quoted(&region.name));
    }
    out
}

fn line(out: &mut String, key: &str, value: &str) {
    out.extend([key, " = ", value, "\n"]);
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(texts: &[Text]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}
