//! Events of cases told as stories, and the office that is asked what came of them.

use serde_json::{Map, Value, json};
use tests::{Hall, Webhook};

/// The events of cases, in the order in which they are told.
#[derive(Default)]
pub struct Teller {
    /// Key and payload of every message.
    pub messages: Vec<(String, String)>,
}

/// A case that is being told.
pub struct Tale<'t> {
    teller: &'t mut Teller,
    case_no: String,
    says: Value,
    events: usize,
}

impl Teller {
    /// Begins to tell a case; every event of it says this.
    pub fn case(&mut self, case_no: &str, item: &str, says: Value) -> Tale<'_> {
        let says = joined([json!({"source": "hall-system", "case_no": case_no, "item": item}), says]);
        Tale { teller: self, case_no: case_no.to_owned(), says, events: 0 }
    }
}

impl Tale<'_> {
    /// Then this happened, at a local time such as `2017-03-06 10:00`. The events of a case are numbered from 1.
    pub fn then(mut self, at: &str, kind: &str, more: Value) -> Self {
        self.events += 1;
        let id = format!("{}/{}", self.case_no, self.events);
        let event = json!({"event_id": id, "kind": kind, "occurred_at": format!("{}:00+08:00", at.replace(' ', "T"))});
        let event = joined([event, self.says.clone(), more]);
        self.teller.messages.push((self.case_no.clone(), event.to_string()));
        self
    }

    /// Then nothing but this happened.
    pub fn then_just(self, at: &str, kind: &str) -> Self {
        self.then(at, kind, json!({}))
    }

    /// Then it was granted, which closed it.
    pub fn granted(self, at: &str) -> Self {
        self.then(at, "closed", json!({"outcome": "granted"}))
    }
}

/// All fields of some objects; what comes later wins.
fn joined<const N: usize>(objects: [Value; N]) -> Value {
    let fields = objects.into_iter().filter_map(|object| object.as_object().cloned()).flatten();
    Value::Object(fields.collect::<Map<_, _>>())
}

/// The hall in which all stories took place, and who asks it.
pub struct Office {
    /// The engines and the pipeline.
    pub hall: Hall,
    /// Whom its cards are told to.
    pub webhook: Webhook,
}

impl Office {
    /// What the API answers, which is JSON.
    pub async fn answer(&self, path: &str) -> Value {
        let (status, body) = self.hall.get_api(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }

    /// The group of an answer that has this key.
    pub async fn group(&self, path: &str, key: &str) -> Value {
        let answer = self.answer(path).await;
        with(&answer["groups"], "key", key)
    }

    /// The figures over all cases that this narrows them to.
    pub async fn figures(&self, narrowed: &str) -> Value {
        self.answer(&format!("/api/v1/figures?{narrowed}")).await["groups"][0]["figures"].clone()
    }

    /// What supervision says about a case now.
    pub async fn assessment(&self, case_no: &str) -> Value {
        self.answer(&format!("/api/v1/cases/{case_no}")).await["assessment"].clone()
    }

    /// The findings on a case: kind and detail.
    pub async fn findings(&self, case_no: &str) -> Vec<(String, Option<String>)> {
        let assessment = self.assessment(case_no).await;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let findings = assessment["findings"].as_array().expect("findings").iter();
        findings.map(|it| (text(&it["kind"]).expect("a kind"), text(&it["detail"]))).collect()
    }

    /// The kinds of the findings on a case.
    pub async fn kinds(&self, case_no: &str) -> Vec<String> {
        self.findings(case_no).await.into_iter().map(|(kind, _)| kind).collect()
    }
}

/// The entry of a list whose field says this.
pub fn with(list: &Value, field: &str, is: &str) -> Value {
    let entries = list.as_array().unwrap_or_else(|| panic!("not a list: {list}"));
    let found = entries.iter().find(|entry| entry[field] == is);
    found.unwrap_or_else(|| panic!("no entry whose {field} is {is}: {list}")).clone()
}

/// One field of every entry of a list.
pub fn each(list: &Value, field: &str) -> Vec<String> {
    let entries = list.as_array().unwrap_or_else(|| panic!("not a list: {list}"));
    entries.iter().map(|entry| entry[field].as_str().unwrap_or_else(|| panic!("no {field}: {entry}")).to_owned()).collect()
}
