//! The monthly table as a workbook with native charts.

use rust_xlsxwriter::{Chart, ChartType, Format, FormatAlign, FormatBorder, Workbook, Worksheet};

use crate::monthly::{COLUMNS, Column, ColumnKind, Monthly, ReportError};

/// Rows above the table: a title, the variant, an empty one.
const HEAD: u32 = 3;

struct Formats {
    title: Format,
    note: Format,
    head: Format,
    name: Format,
    count: Format,
    ratio: Format,
    days: Format,
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
            name: cell(),
            count: cell().set_num_format("#,##0"),
            ratio: cell().set_num_format("0.0%"),
            days: cell().set_num_format("0.00"),
        }
    }

    fn of(&self, kind: ColumnKind) -> &Format {
        match kind {
            ColumnKind::Count => &self.count,
            ColumnKind::Ratio => &self.ratio,
            ColumnKind::Days => &self.days,
        }
    }
}

impl Monthly {
    /// A workbook: the table of all units with charts, and the comparison with the month and the year
    /// before.
    ///
    /// # Errors
    /// It could not be written.
    pub fn xlsx(&self) -> Result<Vec<u8>, ReportError> {
        let formats = Formats::new();
        let mut workbook = Workbook::new();
        self.units_sheet(workbook.add_worksheet().set_name("各单位 Units")?, &formats)?;
        self.comparison_sheet(workbook.add_worksheet().set_name("比较 Comparison")?, &formats)?;
        Ok(workbook.save_to_buffer()?)
    }

    fn head(&self, sheet: &mut Worksheet, formats: &Formats) -> Result<(), ReportError> {
        sheet.write_with_format(0, 0, format!("行政审批效能月报 Monthly efficiency bulletin {}", self.month), &formats.title)?;
        sheet.write_with_format(1, 0, format!("口径 Variant: {}", self.variant), &formats.note)?;
        Ok(())
    }

    fn units_sheet(&self, sheet: &mut Worksheet, formats: &Formats) -> Result<(), ReportError> {
        self.head(sheet, formats)?;
        sheet.set_landscape().set_print_fit_to_pages(1, 0);
        sheet.set_column_width(0, 26)?.set_freeze_panes(HEAD + 1, 1)?.set_row_height(HEAD, 48)?;
        sheet.write_with_format(HEAD, 0, "单位 Unit", &formats.head)?;
        for (number, column) in (1u16..).zip(&COLUMNS) {
            sheet.set_column_width(number, 13)?;
            sheet.write_with_format(HEAD, number, column.title, &formats.head)?;
        }
        let mut row = HEAD;
        for unit in self.units() {
            row += 1;
            sheet.write_with_format(row, 0, &unit.name, &formats.name)?;
            for (number, column) in (1u16..).zip(&COLUMNS) {
                write_number(sheet, row, number, column, (column.value)(&unit.figures), formats)?;
            }
        }
        let first_department = HEAD + 2;
        if row >= first_department {
            self.chart(sheet, "按时办结率 On-time rate", 6, (first_department, row), (row + 2, 0))?;
            self.chart(sheet, "办结件数 Closed cases", 3, (first_department, row), (row + 2, 7))?;
        }
        Ok(())
    }

    fn chart(
        &self,
        sheet: &mut Worksheet,
        title: &str,
        column: u16,
        rows: (u32, u32),
        at: (u32, u16),
    ) -> Result<(), ReportError> {
        let name = "各单位 Units";
        let mut chart = Chart::new(ChartType::Bar);
        chart.add_series().set_categories((name, rows.0, 0, rows.1, 0)).set_values((name, rows.0, column, rows.1, column));
        chart.title().set_name(title);
        chart.legend().set_hidden();
        // Bars that do not begin at nothing would show differences larger than they are.
        chart.y_axis().set_min(0);
        chart.set_width(640).set_height(120 + 24 * (rows.1 - rows.0 + 1));
        sheet.insert_chart(at.0, at.1, &chart)?;
        Ok(())
    }

    fn comparison_sheet(&self, sheet: &mut Worksheet, formats: &Formats) -> Result<(), ReportError> {
        self.head(sheet, formats)?;
        sheet.set_landscape().set_print_fit_to_pages(1, 0);
        sheet.set_column_width(0, 40)?;
        let titles = ["指标 Figure", "本月 Month", "上月 Month before", "环比 Change", "上年同月 Year before", "同比 Change"];
        for (number, title) in (0u16..).zip(titles) {
            sheet.write_with_format(HEAD, number, title, &formats.head)?;
        }
        sheet.set_column_range_width(1, 5, 18)?;
        for (row, column) in (HEAD + 1..).zip(&COLUMNS) {
            sheet.write_with_format(row, 0, column.title, &formats.name)?;
            let now = (column.value)(&self.county.figures);
            write_number(sheet, row, 1, column, now, formats)?;
            for (number, earlier) in [(2, &self.month_before), (4, &self.year_before)] {
                let before = (column.value)(earlier);
                write_number(sheet, row, number, column, before, formats)?;
                let change = now.zip(before).and_then(|(now, before)| change(column.kind, now, before));
                match change {
                    Some(text) => sheet.write_with_format(row, number + 1, text, &formats.name)?,
                    None => sheet.write_with_format(row, number + 1, "—", &formats.name)?,
                };
            }
        }
        Ok(())
    }
}

fn write_number(
    sheet: &mut Worksheet,
    row: u32,
    number: u16,
    column: &Column,
    value: Option<f64>,
    formats: &Formats,
) -> Result<(), ReportError> {
    let format = formats.of(column.kind);
    match value {
        Some(value) => sheet.write_with_format(row, number, value, format)?,
        None => sheet.write_with_format(row, number, "—", format)?,
    };
    Ok(())
}

/// Counts and days change by a share, ratios by percentage points.
fn change(kind: ColumnKind, now: f64, before: f64) -> Option<String> {
    match kind {
        ColumnKind::Ratio => Some(format!("{:+.1} 个百分点 pp", (now - before) * 100.0)),
        ColumnKind::Count | ColumnKind::Days => (before != 0.0).then(|| format!("{:+.1}%", (now / before - 1.0) * 100.0)),
    }
}
