//! Why: a case day by day and a joint approval, told alike by the store, by files and by the API.

use serde_json::Value;
use tests::{Hall, lines};

const CATALOG: &str = "code,name,department,form,promised_limit,statutory_limit,valid_from\n\
                       a,甲,环境保护局,committed,7 working_days,10 working_days,2010-01-01\n";

fn event(id: u32, case_no: &str, kind: &str, at: &str, more: &str) -> (String, String) {
    let text = format!(
        r#"{{"event_id":"{id}","source":"s","kind":"{kind}","case_no":"{case_no}","item":"a","occurred_at":"{at}:00+08:00"{more}}}"#
    );
    (case_no.to_owned(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_and_a_project_are_explained_alike_from_the_store_from_files_and_by_the_api() {
    let hall = Hall::open().await;
    let catalog = hall.write("catalog.csv", CATALOG);
    let sets = [format!("rules.catalog={}", catalog.display()), "rules.profile=hunan-2018".to_owned()];
    let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set.as_str()]).collect();
    let mut running = hall.run(&sets);
    let project = r#","project":"P-1""#;
    let events = [
        event(1, "c", "accepted", "2018-10-15T10:00", ""),
        event(2, "land", "accepted", "2018-10-15T10:00", &format!(r#"{project},"department":"自然资源局""#)),
        event(3, "land", "closed", "2018-10-19T10:00", r#","outcome":"granted""#),
        event(4, "build", "accepted", "2018-10-23T10:00", &format!(r#"{project},"department":"住建局""#)),
        event(5, "alone", "accepted", "2018-10-16T10:00", r#","project":"P-2""#),
    ];
    hall.produce(events.iter().map(|(key, payload)| (Some(key.as_bytes()), payload.as_bytes())));
    hall.wait_until_stored(&mut running).await;
    let file = hall.write("events.ndjson", lines(events.iter().map(|(_, payload)| payload)));
    let file = ["--events", file.to_str().expect("a path")];
    let said = |arguments: &[&[&str]]| {
        let said = hall.sundial(&[&sets[..], &arguments.concat()].concat()).succeeds();
        String::from_utf8(said).expect("text")
    };

    // The worked example of Hunan, one second after the statutory limit.
    let why = ["explain", "c", "--as-of", "2018-10-29T10:00:01+08:00"];
    let text = said(&[&why]);
    assert_eq!(text, said(&[&why, &file]));
    assert!(text.contains("2018-10-16…10-19 周二至周五　计 4 日，累计 4.5833"), "{text}");
    assert!(text.contains("【红牌】法定时限：超过到期时间，2018-10-29 10:00 触发（规则 hunan-2018/statutory/red"), "{text}");
    let (status, body) = hall.get_api("/api/v1/cases/c/explanation?as_of=2018-10-29T10:00:01%2B08:00").await;
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(answer["text"].as_str(), Some(text.as_str()));
    let json: Value = serde_json::from_str(&said(&[&why, &["--format", "json"]])).expect("JSON");
    assert_eq!(answer["explanation"], json);
    assert_eq!(json["clocks"][0]["limit_source"]["valid_from"], "2010-01-01");
    let english = said(&[&why, &["--lang", "en"]]);
    assert!(english.contains("2018-10-20…10-21 Sat–Sun  weekend, not counted"), "{english}");
    // A profile that is named beats that of the configuration.
    let by_days = said(&[&why, &["--profile", "default"]]);
    assert!(by_days.contains("2018-10-15 周一　开始当日，不计"), "{by_days}");

    let adds_up = ["project", "P-1", "--as-of", "2018-10-25T10:00:00+08:00"];
    let text = said(&[&adds_up]);
    assert_eq!(text, said(&[&adds_up, &file]));
    assert!(text.contains("并联审批项目 P-1　办件 2 件，在办 1 件"), "{text}");
    assert!(text.contains("  land　自然资源局　2018-10-15 10:00 至 2018-10-19 10:00　等待 0 日，办理 4 日"), "{text}");
    let (status, body) = hall.get_api("/api/v1/projects/P-1?as_of=2018-10-25T10:00:00%2B08:00&lang=zh").await;
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(answer["text"].as_str(), Some(text.as_str()));
    let json: Value = serde_json::from_str(&said(&[&adds_up, &["--format", "json"]])).expect("JSON");
    assert_eq!(answer["project"], json);
    assert_eq!(json["departments"][0]["department"], "自然资源局");

    for (path, status) in [
        ("/api/v1/cases/nobody/explanation", 404),
        ("/api/v1/cases/c/explanation?as_of=2018-01-01", 404),
        ("/api/v1/cases/c/explanation?lang=la", 400),
        ("/api/v1/projects/P-9", 404),
        ("/api/v1/projects/P-1?as_of=yesterday", 400),
    ] {
        let (found, body) = hall.get_api(path).await;
        assert_eq!(found, status, "{path}: {body}");
    }
    let ran = hall.sundial(&[&sets[..], &["explain", "nobody"]].concat());
    assert!(!ran.output.status.success() && ran.stderr().contains("there is no case \"nobody\""), "{}", ran.stderr());
    running.terminate();
    hall.close().await;
}
