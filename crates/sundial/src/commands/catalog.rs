//! `sundial catalog`: the catalogue of items, checked, compared, brought up to date and turned into other forms.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use domain::{
    Catalog, Item,
    catalog_diff::{BesideChange, VersionChange},
    catalog_file,
};
use jiff::civil::Date;
use toml_edit::{ArrayOfTables, DocumentMut, Table};

use crate::{
    clock::now,
    tables::{TableForm, catalog_draft, catalog_xlsx, read_text, write_at_once},
};

#[derive(Subcommand)]
pub enum CatalogCommand {
    /// Tell every mistake in catalogues, and what is probably not meant.
    Check(CheckArgs),
    /// Tell what differs between two catalogues, version by version.
    Diff(DiffArgs),
    /// Put the versions of one catalogue into another, the one the service reads.
    ///
    /// Nothing is taken away: items that FILE does not name stay as they are. A version that is in force already, or
    /// one that would begin in the past, changes how cases are judged that were accepted under it; that takes --force.
    Apply(ApplyArgs),
    /// Write a catalogue in another form, with the same columns.
    Export(ExportArgs),
}

#[derive(Args)]
pub struct CheckArgs {
    /// Catalogues (.toml, .csv, .xlsx).
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// End with status 2 also where there are doubts only.
    #[arg(long)]
    strict: bool,
}

#[derive(Args)]
pub struct DiffArgs {
    #[arg(value_name = "OLD")]
    old: PathBuf,
    #[arg(value_name = "NEW")]
    new: PathBuf,
}

#[derive(Args)]
pub struct ApplyArgs {
    /// The new versions (.toml, .csv, .xlsx).
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The catalogue they go into; begun where it is not there.
    #[arg(long, value_name = "CATALOG")]
    to: PathBuf,
    /// Also change what is in force already.
    #[arg(long)]
    force: bool,
    /// Say what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// The day by which a version is in force or not yet; today in China by default.
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<Date>,
}

#[derive(Args)]
pub struct ExportArgs {
    /// The catalogue (.toml, .csv, .xlsx).
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The form wanted.
    #[arg(long, value_enum)]
    format: TableForm,
    /// Where to; standard output by default.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

pub fn run(command: &CatalogCommand) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match command {
        CatalogCommand::Check(args) => check(args, &mut out),
        CatalogCommand::Diff(args) => diff(args, &mut out),
        CatalogCommand::Apply(args) => apply(args, &mut out),
        CatalogCommand::Export(args) => export(args, &mut out),
    }
}

fn check(args: &CheckArgs, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let (mut errors, mut doubts) = (0, 0);
    for file in &args.files {
        let draft = catalog_draft(file)?;
        let name = file.display();
        for error in draft.errors() {
            writeln!(out, "{name}: {error}")?;
        }
        for doubt in draft.doubts() {
            writeln!(out, "{name}: 存疑 doubtful: {doubt}")?;
            doubts += 1;
        }
        let found = draft.errors().len();
        let versions = draft.len();
        writeln!(out, "{name}: {versions} 个版本可用，{found} 处错误 / {versions} versions can be used, {found} mistakes")?;
        errors += found;
    }
    Ok(match (errors, doubts) {
        (1.., _) => ExitCode::FAILURE,
        (0, 1..) if args.strict => ExitCode::from(2),
        _ => ExitCode::SUCCESS,
    })
}

fn diff(args: &DiffArgs, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let (old, new) = (load(&args.old)?, load(&args.new)?);
    tell(&old.changes_to(&new), &old.changes_beside(&new), out)?;
    Ok(ExitCode::SUCCESS)
}

fn apply(args: &ApplyArgs, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let newer = load(&args.file)?;
    let form = TableForm::of(&args.to)?;
    let old = if args.to.exists() { load(&args.to)? } else { Catalog::default() };
    let updated = old.updated_by(&newer)?;
    let (changes, beside) = (old.changes_to(&updated), old.changes_beside(&updated));
    tell(&changes, &beside, out)?;
    if changes.is_empty() && beside.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let today = args.today.unwrap_or_else(|| domain::Calendar::china().local_date(now()));
    let retroactive = changes.iter().filter(|change| change.is_retroactive(today));
    let mut named: Vec<String> = retroactive.map(|it| format!("{} {}", it.item().code, it.item().valid_from)).collect();
    // Where there was no catalogue, no case was judged by it.
    let beside_in_force = beside.iter().filter(|change| !old.is_empty() && change.is_retroactive(today));
    named.extend(beside_in_force.map(|it| format!("{} {}", it.table, it.name)));
    if !named.is_empty() && !args.force {
        bail!(
            "以下版本在 {today} 已生效，修改会改变已受理办件的判定；确需修改请加 --force / in force on {today} already, so cases \
             accepted under them would be judged otherwise; --force does it: {}",
            named.join(", ")
        );
    }
    if args.dry_run {
        writeln!(out, "仅预览，未写入 / nothing was written")?;
        return Ok(ExitCode::SUCCESS);
    }
    let bytes = match form {
        TableForm::Toml if args.to.exists() => edited(&read_text(&args.to)?, &changes, &beside, &updated)?.into_bytes(),
        TableForm::Csv | TableForm::Xlsx if has_more_than_items(&updated) => bail!(
            "{}: CSV 和 XLSX 只含事项，中介时限、底线和地区请写入 .toml / CSV and XLSX have the items only; parties, bottom lines and \
             regions need a .toml",
            args.to.display()
        ),
        form => written(&updated, form)?,
    };
    write_at_once(&args.to, &bytes)?;
    let to = args.to.display();
    writeln!(
        out,
        "已写入 {to}。请重启服务，然后运行 sundial recompute（docs/changing-the-rules.md）/ written; restart the service, then run \
         `sundial recompute`"
    )?;
    Ok(ExitCode::SUCCESS)
}

#[allow(clippy::print_stderr, reason = "what is left out is told beside the output, which may be the catalogue itself")]
fn export(args: &ExportArgs, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let catalog = load(&args.file)?;
    if args.format != TableForm::Toml && has_more_than_items(&catalog) {
        eprintln!(
            "CSV 和 XLSX 只含事项，中介时限、底线和地区未写出 / CSV and XLSX have the items only: parties, bottom lines and regions are \
             left out"
        );
    }
    let bytes = written(&catalog, args.format)?;
    match &args.to {
        Some(path) => write_at_once(path, &bytes)?,
        None => out.write_all(&bytes)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn load(path: &Path) -> anyhow::Result<Catalog> {
    catalog_draft(path)?.catalog().with_context(|| path.display().to_string())
}

fn has_more_than_items(catalog: &Catalog) -> bool {
    !catalog.parties().is_empty() || !catalog.bottom_lines().is_empty() || !catalog.regions().is_empty()
}

fn written(catalog: &Catalog, form: TableForm) -> anyhow::Result<Vec<u8>> {
    Ok(match form {
        TableForm::Csv => catalog_file::to_csv(&catalog.versions()).into_bytes(),
        TableForm::Toml => catalog_file::to_toml(catalog).into_bytes(),
        TableForm::Xlsx => catalog_xlsx(&catalog_file::to_rows(&catalog.versions()))?,
    })
}

fn tell(changes: &[VersionChange], beside: &[BesideChange], out: &mut impl Write) -> anyhow::Result<()> {
    for change in changes {
        let item = change.item();
        let what = match change {
            VersionChange::Added { after: None, .. } => "新增事项 new item",
            VersionChange::Added { .. } => "新增版本 new version",
            VersionChange::Removed(_) => "删除版本 version removed",
            VersionChange::Changed { .. } => "修改版本 version changed",
        };
        writeln!(out, "{what}: {} {} ({})", item.code, item.name, item.valid_from)?;
        for (column, old, new) in change.columns() {
            let shown = |text: String| if text.is_empty() { "—".to_owned() } else { text };
            let name = catalog_file::COLUMNS.iter().find(|it| it.code == column).map_or("", |it| it.name);
            writeln!(out, "    {name} {column}: {} → {}", shown(old), shown(new))?;
        }
    }
    for change in beside {
        let thing = match change.table {
            "party" => "中介时限 party",
            "region" => "地区 region",
            _ => "底线 bottom line",
        };
        let what = what_of(change);
        let from = change.valid_from.map(|from| format!(" ({from})")).unwrap_or_default();
        writeln!(out, "{what}: {thing} {}{from}", change.name)?;
    }
    let count = changes.len() + beside.len();
    writeln!(out, "{count} 处不同 / {count} differences")?;
    Ok(())
}

fn what_of(change: &BesideChange) -> &'static str {
    match (change.is_in_old, change.is_in_new) {
        (false, _) => "新增 new",
        (true, true) => "修改 changed",
        (true, false) => "删除 removed",
    }
}

/// A catalogue in TOML with the changes put in and everything else, comments too, as its keeper wrote it.
fn edited(text: &str, changes: &[VersionChange], beside: &[BesideChange], updated: &Catalog) -> anyhow::Result<String> {
    let mut document: DocumentMut = text.parse()?;
    let Some(tables) = document.get_mut("item").and_then(|item| item.as_array_of_tables_mut()) else {
        // An inline array, or no item at all: there are no tables to put in.
        return Ok(catalog_file::to_toml(updated));
    };
    for change in changes {
        let item = change.item();
        let table = table_of(item)?;
        let place = (0..tables.len()).find(|index| tables.get(*index).is_some_and(|table| is_version(table, item)));
        match place.and_then(|index| tables.get_mut(index)) {
            Some(old) => replace(old, table),
            None => tables.push(after_all(table, tables)),
        }
    }
    // What stands beside the items is written anew where it changes, after everything else.
    let mut anew = String::new();
    for (table, tables) in [
        ("party", catalog_file::parties_to_toml(updated)),
        ("bottom_line", catalog_file::bottom_lines_to_toml(updated)),
        ("region", catalog_file::regions_to_toml(updated)),
    ] {
        if beside.iter().any(|change| change.table == table) {
            document.remove(table);
            anew.extend(["\n", &tables]);
        }
    }
    let text = format!("{document}{anew}");
    // What was edited must say what was merged; a file too odd for that is written anew.
    let reads_the_same = Catalog::from_toml(&text).is_ok_and(|it| it == *updated);
    Ok(if reads_the_same { text } else { catalog_file::to_toml(updated) })
}

fn table_of(item: &Item) -> anyhow::Result<Table> {
    let document: DocumentMut = catalog_file::item_to_toml(item).parse()?;
    let tables = document.get("item").and_then(|item| item.as_array_of_tables());
    tables.and_then(|tables| tables.get(0)).cloned().ok_or_else(|| anyhow!("item {} cannot be written", item.code))
}

fn is_version(table: &Table, item: &Item) -> bool {
    let text = |key: &str| table.get(key).and_then(|value| value.as_str());
    let from = table
        .get("valid_from")
        .and_then(|value| value.as_str().map(str::to_owned).or_else(|| value.as_datetime().map(ToString::to_string)));
    let is_from = from.map_or(item.valid_from == catalog_file::FROM_THE_BEGINNING, |from| from == item.valid_from.to_string());
    text("code") == Some(&item.code) && is_from
}

/// Puts a version into the place of another, under the comments that stood above it.
fn replace(old: &mut Table, mut new: Table) {
    *new.decor_mut() = old.decor().clone();
    new.set_position(old.position());
    // Its sub-tables stand where they are written, not where another file had them.
    for (_, value) in new.iter_mut() {
        if let Some(table) = value.as_table_mut() {
            table.set_position(old.position());
        }
    }
    *old = new;
}

fn after_all(mut table: Table, tables: &ArrayOfTables) -> Table {
    let last = tables.iter().flat_map(|table| {
        let nested = table.iter().filter_map(|(_, value)| value.as_table().and_then(Table::position));
        table.position().into_iter().chain(nested)
    });
    let place = last.max().map(|last| last + 1);
    table.set_position(place);
    for (_, value) in table.iter_mut() {
        if let Some(table) = value.as_table_mut() {
            table.set_position(place);
        }
    }
    table.decor_mut().set_prefix("\n");
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOG: &str = r#"# 事项目录, kept by the hall.
[[item]]
code = "a"
name = "甲"
department = "局"
form = "committed"
valid_from = 2018-01-01
promised_limit = "7 working_days" # publicly promised
[item.step_limits]
review = "5 working_days"

# not yet in force
[[item]]
code = "b"
name = "乙"
department = "局"
form = "committed"
valid_from = 2030-01-01
promised_limit = "7 working_days"
"#;

    fn args(folder: &Path, newer: &str, force: bool) -> ApplyArgs {
        let (file, to) = (folder.join("new.csv"), folder.join("catalog.toml"));
        let header = "code,name,department,form,valid_from,promised_limit,step_limits\n";
        std::fs::write(&file, format!("{header}{newer}")).unwrap();
        ApplyArgs { file, to, force, dry_run: false, today: Some("2020-06-01".parse().unwrap()) }
    }

    #[test]
    fn a_new_version_goes_in_and_comments_stay() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("catalog.toml"), CATALOG).unwrap();
        let newer = "a,甲,局,committed,2021-01-01,5 working_days,review=3 working_days\n\
                     b,乙,局,committed,2030-01-01,6 working_days,\n\
                     c,丙,局,committed,2018-01-01,5 working_days,sign=1 working_days\n";
        let mut said = Vec::new();
        let applied = args(folder.path(), newer, false);
        assert_eq!(apply(&applied, &mut said).unwrap(), ExitCode::SUCCESS);
        let text = std::fs::read_to_string(&applied.to).unwrap();
        for kept in ["# 事项目录, kept by the hall.", "# publicly promised", "# not yet in force"] {
            assert!(text.contains(kept), "{text}");
        }
        let catalog = Catalog::from_toml(&text).unwrap();
        assert_eq!(catalog.versions().len(), 4, "{text}");
        let review = catalog.in_force("a", "2022-01-01".parse().unwrap()).unwrap().step_limit("review").unwrap();
        assert_eq!(review, domain::Limit::working_days(3));
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains("承诺时限 promised_limit: 7 working_days → 5 working_days"), "{said}");
        assert!(said.contains("sundial recompute"), "{said}");
        let mut again = Vec::new();
        apply(&applied, &mut again).unwrap();
        assert_eq!(String::from_utf8(again).unwrap(), "0 处不同 / 0 differences\n");
        assert_eq!(std::fs::read_to_string(&applied.to).unwrap(), text);
    }

    const BESIDE: &str = r#"
# what the agency published
[[party]]
name = "agency"
limit = "9 working_days"

# the plan of 2017
[[bottom_line]]
name = "1+3"
items = ["a"]
[[bottom_line.condition]]
code = "eia"
name = "环评"
"#;

    #[test]
    fn parties_and_bottom_lines_stay_where_only_items_change() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("catalog.toml");
        std::fs::write(&to, format!("{CATALOG}{BESIDE}")).unwrap();
        let old = load(&to).unwrap();
        let newer = "a,甲,局,committed,2021-01-01,5 working_days,review=3 working_days\n\
                     c,丙,局,committed,2018-01-01,5 working_days,sign=1 working_days\n";
        apply(&args(folder.path(), newer, false), &mut Vec::new()).unwrap();
        let (text, new) = (std::fs::read_to_string(&to).unwrap(), load(&to).unwrap());
        assert_eq!(new.versions().len(), 4, "{text}");
        assert_eq!((new.parties(), new.bottom_lines()), (old.parties(), old.bottom_lines()));
        assert!(!new.parties().is_empty() && !new.bottom_lines().is_empty());
        for kept in ["# publicly promised", "# what the agency published", "# the plan of 2017"] {
            assert!(text.contains(kept), "{text}");
        }
    }

    #[test]
    fn a_published_limit_that_changes_is_told_and_written_in_toml_only() {
        let folder = tempfile::tempdir().unwrap();
        let (to, file) = (folder.path().join("catalog.toml"), folder.path().join("new.toml"));
        std::fs::write(&to, format!("{CATALOG}{BESIDE}")).unwrap();
        std::fs::write(&file, "[[party]]\nname = 'agency'\nlimit = '7 working_days'\nvalid_from = 2021-01-01\n").unwrap();
        let mut applied =
            ApplyArgs { file, to: to.clone(), force: false, dry_run: false, today: Some("2020-06-01".parse().unwrap()) };
        let mut said = Vec::new();
        apply(&applied, &mut said).unwrap();
        let said = String::from_utf8(said).unwrap();
        assert!(said.starts_with("新增 new: 中介时限 party agency (2021-01-01)\n1 处不同"), "{said}");
        let text = std::fs::read_to_string(&to).unwrap();
        let new = load(&to).unwrap();
        let limit = |on: &str| new.party_limit(Some("agency"), None, on.parse().unwrap()).map(|limit| limit.amount);
        assert_eq!((limit("2020-12-31"), limit("2021-01-01"), new.bottom_lines().len()), (Some(9), Some(7), 1));
        assert!(text.contains("# publicly promised") && text.contains("# the plan of 2017"), "{text}");

        // One from the same day takes its place, which reaches into the past half a year later.
        std::fs::write(&applied.file, "[[party]]\nname = 'agency'\nlimit = '6 working_days'\nvalid_from = 2021-01-01\n").unwrap();
        applied.today = Some("2021-06-01".parse().unwrap());
        let error = apply(&applied, &mut Vec::new()).unwrap_err().to_string();
        assert!(error.contains("--force") && error.contains("party agency"), "{error}");

        let csv = folder.path().join("catalog.csv");
        std::fs::write(&csv, "code,name,department,form\na,甲,局,committed\n").unwrap();
        let to_csv = ApplyArgs { to: csv, force: true, ..applied };
        assert!(apply(&to_csv, &mut Vec::new()).unwrap_err().to_string().contains(".toml"));
    }

    #[test]
    fn what_is_in_force_is_changed_by_force_only() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("catalog.toml");
        std::fs::write(&to, CATALOG).unwrap();
        for newer in ["a,甲,局,committed,2018-01-01,9 working_days,\n", "a,甲,局,committed,2019-01-01,9 working_days,\n"] {
            let error = apply(&args(folder.path(), newer, false), &mut Vec::new()).unwrap_err().to_string();
            assert!(error.contains("--force") && error.contains("a 201"), "{error}");
            assert_eq!(std::fs::read_to_string(&to).unwrap(), CATALOG, "nothing is written");
        }
        apply(&args(folder.path(), "a,甲,局,committed,2018-01-01,9 working_days,\n", true), &mut Vec::new()).unwrap();
        let catalog = load(&to).unwrap();
        let item = catalog.in_force("a", "2020-01-01".parse().unwrap()).unwrap();
        assert_eq!((item.promised_limit.stated(), item.step_limits.len()), (Some(domain::Limit::working_days(9)), 0));
    }

    #[test]
    fn a_catalogue_goes_round_through_every_form_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let sample = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/sample/catalog.toml"));
        let original = load(sample).unwrap();
        let at = |name: &str| folder.path().join(name);
        let steps = [
            (sample.to_owned(), at("1.csv")),
            (at("1.csv"), at("2.xlsx")),
            (at("2.xlsx"), at("3.toml")),
            (at("3.toml"), at("4.csv")),
        ];
        for (file, to) in steps {
            let format = TableForm::of(&to).unwrap();
            export(&ExportArgs { file, format, to: Some(to.clone()) }, &mut Vec::new()).unwrap();
            // CSV and XLSX have the items only.
            assert_eq!(load(&to).unwrap().versions(), original.versions(), "{}", to.display());
        }
        let (format, to) = (TableForm::Toml, at("5.toml"));
        export(&ExportArgs { file: sample.to_owned(), format, to: Some(to.clone()) }, &mut Vec::new()).unwrap();
        assert_eq!(load(&to).unwrap(), original);
        assert_eq!(std::fs::read(at("1.csv")).unwrap(), std::fs::read(at("4.csv")).unwrap());
    }
}
