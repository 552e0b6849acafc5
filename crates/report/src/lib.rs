//! Figures to the monthly XLSX, CSV and JSON.
