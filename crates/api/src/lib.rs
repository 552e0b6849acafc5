//! REST, OpenAPI, metrics and health over axum.
