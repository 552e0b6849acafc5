//! The month as a workbook with native charts.

use rust_xlsxwriter::{Chart, ChartType, Format, FormatAlign, FormatBorder, Workbook, Worksheet};

use crate::{
    Monthly, ReportError,
    sections::UNITS,
    table::{COLUMNS, Cell, ColumnKind, Table},
};

/// Rows above the notes of a table: a title and the variant.
const HEAD: u32 = 2;

/// On the tab of the comparison.
const COMPARISON: &str = "比较 Comparison";

struct Formats {
    title: Format,
    note: Format,
    head: Format,
    name: Format,
    count: Format,
    ratio: Format,
    days: Format,
    nothing: Format,
}

impl Formats {
    fn new() -> Self {
        let cell = || Format::new().set_border(FormatBorder::Thin);
        Self {
            title: Format::new().set_bold().set_font_size(16),
            note: Format::new().set_italic(),
            head: cell()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::VerticalCenter)
                .set_background_color("D9E2F3"),
            name: cell().set_text_wrap(),
            count: cell().set_num_format("#,##0"),
            ratio: cell().set_num_format("0.0%"),
            days: cell().set_num_format("0.00"),
            nothing: cell().set_align(FormatAlign::Right),
        }
    }
}

impl Monthly {
    /// A workbook: a sheet a table, charts under the units, and the comparison with the month and the year before.
    ///
    /// # Errors
    /// It could not be written.
    pub fn xlsx(&self) -> Result<Vec<u8>, ReportError> {
        let formats = Formats::new();
        let mut workbook = Workbook::new();
        for table in self.tables() {
            let sheet = workbook.add_worksheet().set_name(table.name)?;
            let head = self.head(sheet, table.name, &table.notes, &formats)?;
            let end = write_table(sheet, head, &table, &formats)?;
            if table.code == UNITS {
                charts(sheet, &table, (head + 2, end))?;
                self.comparison_sheet(workbook.add_worksheet().set_name(COMPARISON)?, &formats)?;
            }
        }
        Ok(workbook.save_to_buffer()?)
    }

    /// Writes what stands above a table, and says in which row its headings are.
    fn head(&self, sheet: &mut Worksheet, name: &str, notes: &[String], formats: &Formats) -> Result<u32, ReportError> {
        sheet.set_landscape().set_print_fit_to_pages(1, 0);
        let title = format!("行政审批效能月报 Monthly efficiency bulletin {} · {name}", self.month);
        sheet.write_with_format(0, 0, title, &formats.title)?;
        sheet.write_with_format(1, 0, format!("口径 Variant: {}", self.variant), &formats.note)?;
        let mut row = HEAD;
        for note in notes {
            sheet.write_with_format(row, 0, note, &formats.note)?;
            row += 1;
        }
        Ok(row + 1)
    }

    fn comparison_sheet(&self, sheet: &mut Worksheet, formats: &Formats) -> Result<(), ReportError> {
        let head = self.head(sheet, COMPARISON, &[], formats)?;
        sheet.set_column_width(0, 40)?;
        let titles = ["指标 Figure", "本月 Month", "上月 Month before", "环比 Change", "上年同月 Year before", "同比 Change"];
        for (number, title) in (0u16..).zip(titles) {
            sheet.write_with_format(head, number, title, &formats.head)?;
        }
        sheet.set_column_range_width(1, 5, 18)?;
        for (row, column) in (head + 1..).zip(&COLUMNS) {
            sheet.write_with_format(row, 0, column.title, &formats.name)?;
            let now = &self.all.county.figures;
            write_cell(sheet, (row, 1), &column.cell(now), formats)?;
            for (number, earlier) in [(2, &self.month_before), (4, &self.year_before)] {
                write_cell(sheet, (row, number), &column.cell(earlier), formats)?;
                let pair = (column.value)(now).zip((column.value)(earlier));
                let change = pair.and_then(|(now, before)| change(column.kind, now, before));
                write_cell(sheet, (row, number + 1), &change.map_or(Cell::Nothing, Cell::Text), formats)?;
            }
        }
        Ok(())
    }
}

/// Writes a table under its headings, and says which row is its last.
fn write_table(sheet: &mut Worksheet, head: u32, table: &Table, formats: &Formats) -> Result<u32, ReportError> {
    for (number, heading) in (0u16..).zip(&table.headings) {
        sheet.set_column_width(number, heading.width)?;
        sheet.write_with_format(head, number, on_two_lines(&heading.title), &formats.head)?;
    }
    sheet.set_row_height(head, 62)?.set_freeze_panes(head + 1, 1)?.set_repeat_rows(head, head)?;
    let mut row = head;
    for cells in &table.rows {
        row += 1;
        for (number, cell) in (0u16..).zip(cells) {
            write_cell(sheet, (row, number), cell, formats)?;
        }
    }
    if table.rows.is_empty() {
        row += 1;
        write_cell(sheet, (row, 0), &Cell::text("无 None"), formats)?;
    }
    Ok(row)
}

/// 中文, and English under it.
fn on_two_lines(title: &str) -> String {
    title.replacen(' ', "\n", 1)
}

fn write_cell(sheet: &mut Worksheet, (row, number): (u32, u16), cell: &Cell, formats: &Formats) -> Result<(), ReportError> {
    match cell {
        Cell::Text(text) => sheet.write_with_format(row, number, text, &formats.name)?,
        Cell::Count(count) => sheet.write_with_format(row, number, *count, &formats.count)?,
        Cell::Ratio(share) => sheet.write_with_format(row, number, *share, &formats.ratio)?,
        Cell::Days(days) => sheet.write_with_format(row, number, *days, &formats.days)?,
        Cell::Nothing => sheet.write_with_format(row, number, "—", &formats.nothing)?,
    };
    Ok(())
}

/// The charts of the departments, whose first and last row are given, under their table.
fn charts(sheet: &mut Worksheet, table: &Table, rows: (u32, u32)) -> Result<(), ReportError> {
    if rows.0 > rows.1 {
        return Ok(());
    }
    for (title, column, at) in [("按时办结率 On-time rate", 6, 0), ("办结件数 Closed cases", 3, 7)] {
        let mut chart = Chart::new(ChartType::Bar);
        let (categories, values) = ((table.name, rows.0, 0, rows.1, 0), (table.name, rows.0, column, rows.1, column));
        chart.add_series().set_categories(categories).set_values(values);
        chart.title().set_name(title);
        chart.legend().set_hidden();
        // Bars that do not begin at nothing would show differences larger than they are. Of bars that lie the value is
        // on the x axis.
        chart.x_axis().set_min(0);
        if COLUMNS[usize::from(column) - 1].kind == ColumnKind::Ratio {
            chart.x_axis().set_max(1).set_num_format("0%");
        }
        chart.set_width(640).set_height(120 + 24 * (rows.1 - rows.0 + 1));
        sheet.insert_chart(rows.1 + 2, at, &chart)?;
    }
    Ok(())
}

/// Counts and days change by a share, ratios by percentage points.
fn change(kind: ColumnKind, now: f64, before: f64) -> Option<String> {
    match kind {
        ColumnKind::Ratio => Some(format!("{:+.1} 个百分点 pp", (now - before) * 100.0)),
        ColumnKind::Count | ColumnKind::Days => (before != 0.0).then(|| format!("{:+.1}%", (now / before - 1.0) * 100.0)),
    }
}
