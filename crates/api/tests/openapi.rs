//! The OpenAPI document in the repository is the one that is served.

#[test]
fn the_document_in_the_repository_is_the_one_that_is_served() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let served = api::openapi() + "\n";
    if std::env::var_os("SUNDIAL_UPDATE").is_some() {
        std::fs::write(&path, &served).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == served, "docs/openapi.json is not what is served: run SUNDIAL_UPDATE=1 cargo test -p api");
}
