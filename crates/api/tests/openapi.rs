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

#[test]
fn a_parameter_is_in_the_path_where_the_path_names_it_and_nowhere_else() {
    let document: serde_json::Value = serde_json::from_str(&api::openapi()).unwrap();
    let mut looked_at = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                assert_eq!(parameter["in"] == "path", path.contains(&format!("{{{name}}}")), "{name} of {path}");
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 50, "{looked_at} parameters");
}
