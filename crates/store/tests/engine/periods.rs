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
async fn the_views_hold_what_a_look_at_every_case_finds_whatever_is_copied_and_whatever_is_newer() {
    let engine = Engine::start().await;
    let config = engine.config();
    migrate(&config).await.unwrap();
    let client = Client::default().with_url(&config.url).with_database(&config.database);
    let office = Office::new();
    // Of these a row is stored first, of those one later, and the greater version is now here, now there.
    let (some, others) = (cases(21, 4_000), cases(22, 4_000));
    let writer = Writer::new(&config, Arc::new(()));
    let change = async |one_in: usize, version: u128| {
        let mut changed = Rows::new();
        for (number, case) in others.iter().enumerate().filter(|(number, _)| number % one_in == 0) {
            match office.assess(case, now()) {
                Some(assessed) if number % 3 > 0 => changed.case(&assessed, version, 3),
                _ => changed.deleted_case(&names(&others)[number], version, 3, None),
            }
        }
        assert!(writer.write(changed).await.is_ok());
    };

    assert!(writer.write(rows(&office, &some)).await.is_ok());
    look_at_every_case(&client).await;
    // A few of all over are another case altogether by now, in a part of their own, and a few are gone.
    change(97, 2).await;
    look_at_every_case(&client).await;

    an_hour_passes(&client).await;
    copy_is_made(&client).await;
    look_at_every_case(&client).await;
    copy_is_made(&client).await;
    assert_eq!(newer_than_the_copy(&client).await, 0);
    look_at_every_case(&client).await;

    // Others change, some of the same change again, and some that were gone are there again.
    change(53, 3).await;
    assert!(writer.write(rows(&office, &cases(23, 4_050)[4_000..])).await.is_ok());
    let newer = newer_than_the_copy(&client).await;
    assert!((100..200).contains(&newer), "{newer} rows are newer than the copy");
    look_at_every_case(&client).await;
    // A late row of older rules loses against the one that is in the copy.
    assert!(writer.write(rows(&office, &some[..20])).await.is_ok());
    look_at_every_case(&client).await;
    an_hour_passes(&client).await;
    copy_is_made(&client).await;
    look_at_every_case(&client).await;
}

/// All rows are as if they had been stored an hour ago.
async fn an_hour_passes(client: &Client) {
    let sql = "ALTER TABLE cases UPDATE stored_at = stored_at - 3600 WHERE true SETTINGS mutations_sync = 1";
    client.query(sql).execute().await.unwrap();
}

async fn copy_is_made(client: &Client) {
    for sql in ["SYSTEM REFRESH VIEW cases_copying", "SYSTEM WAIT VIEW cases_copying"] {
        client.query(sql).execute().await.unwrap();
    }
}

async fn newer_than_the_copy(client: &Client) -> u64 {
    let sql = "SELECT count() FROM cases WHERE stored_at >= (SELECT newer_since FROM cases_copy LIMIT 1)";
    client.query(sql).fetch_one().await.unwrap()
}

/// Every view holds what a look at every case with `FINAL` finds.
async fn look_at_every_case(client: &Client) {
    let all = "SELECT toString(tuple(* EXCEPT (version, is_deleted, partition, stored_at), finding_kinds, works)) AS it \
               FROM cases FINAL ORDER BY it";
    let expected = found(client, all).await;
    assert!(expected.len() > 2_000);
    assert!(
        found(client, "SELECT toString(tuple(*)) AS it FROM cases_now ORDER BY it").await == expected,
        "not the cases of now"
    );

    let open = "status IN ('open', 'suspended') ORDER BY case_no";
    let expected = found(client, &format!("SELECT case_no FROM cases FINAL WHERE {open}")).await;
    assert!(expected.len() > 100);
    assert_eq!(found(client, &format!("SELECT case_no FROM open_cases WHERE {open}")).await, expected);

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
            let expected = found(client, &asked("cases FINAL")).await;
            let view = format!("cases_in_period({span})");
            assert_eq!(found(client, &asked(&view)).await, expected, "{at} from {from}");
        }
        let cards = |source: &str| {
            format!(
                "SELECT concat(card_id, state) FROM {source} WHERE crossed_at >= {from} AND crossed_at < {to} ORDER BY card_id"
            )
        };
        let view = format!("cards_in_period({span})");
        assert_eq!(found(client, &cards(&view)).await, found(client, &cards("cards")).await);
        let works = |source: &str, more: &str| {
            format!(
                "SELECT concat(case_no, assumeNotNull(party), ifNull(toString(ended_at), '')) AS it FROM {source} \
                 WHERE ((ended_at >= {from} AND ended_at < {to}) OR (ended_at IS NULL {more})) ORDER BY it"
            )
        };
        let is_open = "AND case_no IN (SELECT case_no FROM cases FINAL WHERE status IN ('open', 'suspended'))";
        let every = found(client, &works("(SELECT * FROM spans WHERE clock = 'special' AND party IS NOT NULL)", is_open)).await;
        assert_eq!(found(client, &works(&format!("works_in_period({span})"), "")).await, every);
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
