//! A catalogue in TOML and in CSV: what is taken is what is written.
#![no_main]

use domain::{
    Catalog,
    catalog_file::{CatalogDraft, to_csv, to_toml},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for draft in [CatalogDraft::from_toml(text), CatalogDraft::from_csv(text)] {
        let _ = draft.doubts();
        let Ok(catalog) = draft.catalog() else { continue };
        assert_eq!(Catalog::from_toml(&to_toml(&catalog)).expect("TOML"), catalog);
        // CSV has the items only.
        let csv = Catalog::from_csv(&to_csv(&catalog.versions())).expect("CSV");
        assert_eq!(csv.versions(), catalog.versions());
    }
});
