//! The views over a period and over what is open hold what a look at every case finds.

use std::sync::Arc;

use clickhouse::Client;
use store::{CardQuery, Reader, Rows, Writer, migrate};

use crate::fixtures::{Engine, Office, cases, names, now, rows};

/// Whatever of a case may lie in a period.
const IN_PERIOD: [&str; 7] = [
    "coalesce(received_at, accepted_at, valid_from) AS at",
    "closed_at AS at",
    "delivered_at AS at",
    "valid_from AS at",
    "arrayJoin(spans).started_at AS at",
    "arrayJoin(spans).ended_at AS at",
    "arrayJoin(cards).crossed_at AS at",
];

async fn found(client: &Client, sql: &str) -> Vec<String> {
    client.query(sql).fetch_all().await.unwrap()
}

#[tokio::test]
async fn a_period_and_what_is_open_are_found_wherever_older_rows_of_a_case_lie() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (office, before, after) = (Office::new(), cases(21, 4_000), cases(22, 4_000));
    let writer = Writer::new(&config, Arc::new(()));
    assert!(writer.write(rows(&office, &before)).await.is_ok());
    // A few of all over are another case altogether by now, in a part of their own, and a few are gone.
    let mut changed = Rows::new();
    for (number, case) in after.iter().enumerate().filter(|(number, _)| number % 97 == 0) {
        match office.assess(case, now()) {
            Some(assessed) if number % 3 > 0 => changed.case(&assessed, 2, 3),
            _ => changed.deleted_case(&names(&after)[number], 2, 3, None),
        }
    }
    assert!(writer.write(changed).await.is_ok());

    let client = Client::default().with_url(&config.url).with_database(&config.database);
    let open = "status IN ('open', 'suspended') ORDER BY case_no";
    let expected = found(&client, &format!("SELECT case_no FROM cases FINAL WHERE {open}")).await;
    assert!(expected.len() > 100);
    assert_eq!(found(&client, &format!("SELECT case_no FROM open_cases WHERE {open}")).await, expected);

    let month = |month: &str| format!("toDateTime64('{month}-01 00:00:00', 3, 'Asia/Shanghai')");
    let months = ["2018-09", "2018-10", "2018-11", "2018-12", "2019-01", "2019-02", "2019-03", "2019-04"];
    for (from, to) in months.iter().zip(&months[1..]).map(|(from, to)| (month(from), month(to))) {
        let span = format!("since_ms = toUnixTimestamp64Milli({from}), until_ms = toUnixTimestamp64Milli({to})");
        for at in IN_PERIOD {
            let asked = |source: &str| {
                format!(
                    "SELECT case_no FROM (SELECT case_no, {at} FROM {source}) WHERE at >= {from} AND at < {to} ORDER BY case_no, at"
                )
            };
            let expected = found(&client, &asked("cases FINAL")).await;
            let view = format!("cases_in_period({span})");
            assert_eq!(found(&client, &asked(&view)).await, expected, "{at} from {from}");
        }
        let cards = |source: &str| {
            format!(
                "SELECT concat(card_id, state) FROM {source} WHERE crossed_at >= {from} AND crossed_at < {to} ORDER BY card_id"
            )
        };
        let view = format!("cards_in_period({span})");
        assert_eq!(found(&client, &cards(&view)).await, found(&client, &cards("cards")).await);
    }
}

#[tokio::test]
async fn the_newest_cards_are_found_however_far_back_they_lie() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let (office, cases) = (Office::new(), cases(23, 500));
    assert!(Writer::new(&config, Arc::new(())).write(rows(&office, &cases)).await.is_ok());
    let reader = Reader::new(&config);
    let page = CardQuery { limit: 20, offset: 5, ..CardQuery::default() };
    let ids = async |years: i64| -> Vec<String> {
        let then = now().plus_ms(years * 366 * domain::calendar::DAY_MS);
        reader.cards(&page, then).await.unwrap().into_iter().map(|card| card.card_id).collect()
    };
    let newest = ids(0).await;
    assert_eq!(newest.len(), 20);
    for years in [1, 3] {
        assert_eq!(ids(years).await, newest, "asked {years} years later");
    }
}
