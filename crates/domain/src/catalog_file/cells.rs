//! What is made of the cells of one version of an item.

use crate::table::{Raw, Reading, Row, parts};

use super::*;

/// The item of a row. Every mistake on the way is told.
pub(super) fn item(row: &Row, errors: &mut Vec<Remark>) -> Item {
    let mut read = row.read(errors);
    let code = read.needed("code");
    if code.len() > 64 {
        read.wrong("code", "超过 64 字节 / longer than 64 bytes");
    }
    Item {
        code: code.into(),
        name: read.needed("name").into(),
        item_type: read.text("type").into(),
        department: read.needed("department").into(),
        form: read.form(),
        valid_from: read.date("valid_from").unwrap_or(FROM_THE_BEGINNING),
        statutory_limit: read.limit("statutory_limit"),
        promised_limit: read.limit("promised_limit"),
        delivery_limit: read.limit("delivery_limit"),
        step_limits: read.step_limits(),
        mandatory_steps: read.steps("mandatory_steps"),
        outside_steps: read.steps("outside_steps"),
        hall: read.yes_or_no("hall"),
        window_decides: read.yes_or_no("window_decides"),
        fee_fen: read.fee(),
        certificate: read.optional("certificate"),
        delegated_to_townships: read.yes_or_no("delegated_to_townships"),
        public: PublicFacts {
            materials: read.posted("materials"),
            procedure: read.posted("procedure"),
            fee_basis: read.optional("fee_basis"),
        },
    }
}

impl Reading<'_> {
    fn form(&mut self) -> Form {
        let text = self.text("form");
        match text.as_str() {
            "即办件" => Form::Immediate,
            "承诺件" => Form::Committed,
            code => Form::from_code(code).unwrap_or_else(|| {
                self.wrong(
                    "form",
                    format!("{text:?}: 应为即办件 immediate 或承诺件 committed / expected immediate or committed"),
                );
                Form::Committed
            }),
        }
    }

    fn limit(&mut self, column: &'static str) -> StatedLimit {
        match self.text(column).as_str() {
            "" => StatedLimit::Unstated,
            "none" | "无" => StatedLimit::None,
            limit => match limit.parse() {
                Ok(limit) => StatedLimit::Of(limit),
                Err(why) => {
                    self.wrong(column, why);
                    StatedLimit::Unstated
                }
            },
        }
    }

    fn fee(&mut self) -> Option<u64> {
        const A_TRILLION: u64 = 1_000_000_000_000;
        let text = self.text("fee_fen");
        if text.is_empty() {
            return None;
        }
        let fee = text.parse().ok().filter(|fee| *fee <= A_TRILLION);
        if fee.is_none() {
            self.wrong("fee_fen", format!("{text:?}: 应为以分计的整数 / expected a whole number of fen"));
        }
        fee
    }

    fn optional(&self, column: &str) -> Option<Text> {
        Some(self.text(column)).filter(|text| !text.is_empty()).map(Text::from)
    }

    /// A list for the public, of texts that every form can write.
    fn posted(&mut self, column: &'static str) -> Vec<Text> {
        let texts = self.list(column);
        if let Some(text) = texts.iter().find(|text| text.is_empty() || text.contains([';', '；'])) {
            self.wrong(column, format!("{text:?}: 不能为空，不能含 ; / is not empty and has no ;"));
        }
        texts.into_iter().map(Text::from).collect()
    }

    fn steps(&mut self, column: &'static str) -> Vec<Text> {
        self.list(column).into_iter().map(|step| self.step(column, step)).collect()
    }

    /// By step code, whatever the order of the file: a limit is looked up by its step.
    fn step_limits(&mut self) -> Vec<(Text, Limit)> {
        let pairs: Vec<(String, String)> = match self.cell("step_limits").map(|cell| &cell.raw) {
            Some(Raw::Pairs(pairs)) => pairs.clone(),
            Some(Raw::Text(text)) => parts(text)
                .map(|pair| pair.split_once(['=', '＝']).unwrap_or((pair, "")))
                .map(|(step, limit)| (step.trim().to_owned(), limit.trim().to_owned()))
                .collect(),
            _ => Vec::new(),
        };
        let mut limits: Vec<(Text, Limit)> = Vec::new();
        for (step, limit) in pairs {
            let step = self.step("step_limits", step);
            match limit.parse() {
                Ok(limit) if limits.iter().all(|(other, _)| *other != step) => limits.push((step, limit)),
                Ok(_) => self.wrong("step_limits", format!("环节 {step} 重复 / the step {step} is there twice")),
                Err(why) => self.wrong("step_limits", format!("环节 {step} / step {step}: {why}")),
            }
        }
        limits.sort_by(|a, b| a.0.cmp(&b.0));
        limits
    }

    /// A step code that every form can write.
    fn step(&mut self, column: &'static str, step: String) -> Text {
        if step.is_empty() || step.contains([';', '；', '=', '＝']) || step.trim() != step {
            self.wrong(
                column,
                format!("{step:?}: 环节编码不能为空，不能含 ; 和 = / a step code is not empty and has no ; and ="),
            );
        }
        step.into()
    }
}
