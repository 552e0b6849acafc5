//! Tables: a row an event, or a row a case with a column for the time of each step.

use std::collections::HashMap;

use super::{
    ImportReport, LogError, Mapping, Reading,
    mapping::Layout,
    trace::{Attributes, Sink, Teller, Trace},
};

/// A row with its number.
pub type Row = (u64, Vec<String>);

/// The rows of a table in CSV, the header first.
pub fn rows_of_csv(text: &str) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    // Text in memory is UTF-8 and rows may have any length, so no record can fail.
    let records = reader.records().filter_map(Result::ok);
    let row = |record: csv::StringRecord| {
        let number = record.position().map_or(0, csv::Position::line);
        (number, record.iter().map(str::to_owned).collect())
    };
    records.map(row).collect()
}

/// Reads a table, the header first. Every event goes to `sink`, which says whether to go on. Where a row is an event,
/// rows of one case may stand anywhere, so the table is held in memory.
///
/// # Errors
/// The header lacks a column that names the case, the activity or the time.
pub fn import(rows: impl IntoIterator<Item = Row>, mapping: &Mapping, sink: Sink<'_>) -> Result<ImportReport, LogError> {
    let mut rows = rows.into_iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()));
    let (number, header) = rows.next().unwrap_or_default();
    let lacks = |column: &str| !header.iter().any(|name| name == column);
    let needed = match mapping.layout {
        Layout::Events => vec![&mapping.case_attribute, &mapping.activity_attribute, &mapping.time_attribute],
        Layout::Cases => vec![&mapping.case_attribute],
    };
    if let Some(column) = needed.into_iter().find(|column| lacks(column)) {
        return Err(LogError::Table { row: number.max(1), why: format!("there is no column {column:?}") });
    }
    let reading = Reading::By(Box::new(mapping.clone()));
    let mut teller = Teller::new(&reading, sink);
    let named = rows.map(|(_, cells)| header.iter().cloned().zip(cells).filter(|(_, cell)| !cell.is_empty()).collect());
    match mapping.layout {
        Layout::Cases => {
            for row in named {
                if !teller.tell(&unfolded(row, &header, mapping)) {
                    break;
                }
            }
        }
        Layout::Events => {
            for trace in grouped(named, mapping) {
                if !teller.tell(&trace) {
                    break;
                }
            }
        }
    }
    Ok(teller.report)
}

/// A case with its columns as events: each that an activity is named after, in the order of the columns.
fn unfolded(row: Attributes, header: &[String], mapping: &Mapping) -> Trace {
    let is_step = |column: &&String| mapping.activity.iter().any(|activity| activity.is_called(column));
    // A step that has not been has an empty cell; its column keeps its number, so that ids stay when it is filled.
    let events = header.iter().filter(is_step).map(|column| match row.get(column) {
        Some(time) => {
            let named = [(&mapping.activity_attribute, column), (&mapping.time_attribute, time)];
            named.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect()
        }
        None => Attributes::new(),
    });
    Trace { events: events.collect(), attributes: row }
}

fn grouped(rows: impl Iterator<Item = Attributes>, mapping: &Mapping) -> Vec<Trace> {
    let mut traces: Vec<Trace> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let case = row.get(&mapping.case_attribute).cloned().unwrap_or_default();
        // Rows without a case are told one by one.
        let place = if case.is_empty() { traces.len() } else { *places.entry(case.clone()).or_insert(traces.len()) };
        if place == traces.len() {
            let attributes = Attributes::from([(mapping.case_attribute.clone(), case)]);
            traces.push(Trace { attributes, events: Vec::new() });
        }
        traces[place].events.push(row);
    }
    traces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import_all(table: &str, mapping: &str) -> Result<(ImportReport, Vec<String>), LogError> {
        let mut events = Vec::new();
        let mapping = Mapping::from_toml(mapping)?;
        let report = import(rows_of_csv(table), &mapping, &mut |event| {
            events.push(format!("{} {} {}", event.event_id, event.kind.name(), event.occurred_at.ms()));
            true
        })?;
        Ok((report, events))
    }

    const WIDE: &str = r#"
        source = "old"
        time_zone = "Asia/Shanghai"
        layout = "cases"
        case_attribute = "办件编号"
        item_attribute = "事项"
        outcome_attribute = "结果"
        outcomes = { "准予" = "granted" }
        [[activity]]
        name = "受理时间"
        kind = "accepted"
        [[activity]]
        name = "审查时间"
        kind = "step_completed"
        step = "review"
        [[activity]]
        name = "办结时间"
        kind = "closed"
    "#;

    #[test]
    fn a_row_with_a_column_for_each_step_is_unfolded_into_events() {
        let table = "\u{feff}办件编号,事项,受理时间,审查时间,办结时间,结果,申请人\n\
                     c-1,a,2018-10-15 10:00:00,2018/10/16 9:00,2018-10-17 10:00:00,准予,某某\n\
                     c-2,a,2018-10-15 10:00:00,,,,某某\n\
                     c-3,a,someday,,,,\n\
                     ,a,2018-10-15 10:00:00,,,,\n";
        let (report, events) = import_all(table, WIDE).unwrap();
        assert_eq!(
            events,
            [
                "c-1/00000.00 accepted 1539568800000",
                "c-1/00001.01 step_completed 1539651600000",
                "c-1/00002.02 closed 1539741600000",
                "c-2/00000.00 accepted 1539568800000"
            ]
        );
        assert_eq!((report.cases, report.events, report.broken_count), (4, 4, 2), "{report}");
        assert!(report.broken[0].contains("someday") && report.broken[1].contains("办件编号"), "{report}");
        assert_eq!(report.uncovered.len(), 0, "an empty cell is no event");
    }

    #[test]
    fn a_row_an_event_is_grouped_by_case_wherever_it_stands() {
        let mapping = r#"
            source = "old"
            time_zone = "Asia/Shanghai"
            case_attribute = "case"
            activity_attribute = "what"
            time_attribute = "when"
            event_id_attribute = "id"
            item = "a"
            [[activity]]
            name = "in"
            kind = "accepted"
            [[activity]]
            name = "review"
            kind = "step_completed"
            step_attribute = "what"
        "#;
        let table = "id,case,what,when\n7,c-1,in,2018-10-15 10:00\n8,c-2,in,2018-10-15 10:00\n9,c-1,review,2018-10-15 11:00\n10,c-1,tea,2018-10-15 12:00\n";
        let (report, events) = import_all(table, mapping).unwrap();
        assert_eq!(events, ["7.00 accepted 1539568800000", "9.01 step_completed 1539572400000", "8.00 accepted 1539568800000"]);
        assert_eq!((report.cases, report.uncovered["tea"]), (2, 1));
        let error = import_all("id,case,what\n", mapping).unwrap_err();
        assert_eq!(error.to_string(), "row 1: there is no column \"when\"");
    }
}
