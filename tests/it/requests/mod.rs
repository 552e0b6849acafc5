//! What offices asked for (docs/requests.md): every row as a story of a few cases, told among those of the sample county,
//! and what the product answers.
//!
//! Every story has a month of its own, so that figures of its month are those of its cases. All run in one hall.

mod catalog;
mod county_centre;
mod county_unit;
mod county_unit_course;
mod environment_bureau;
mod suxian;
mod told;
mod work_safety;

use std::sync::Arc;

use domain::{Calendar, Event, Instant};
use simulate::{County, Options, Simulation};
use tests::{Hall, Running, Webhook};
use told::{Office, Teller};

/// Starts every row at once; the name of each with its task.
macro_rules! rows {
    ($office:expr; $($row:path),+ $(,)?) => {
        [$((stringify!($row), tokio::spawn($row(Arc::clone(&$office))))),+]
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn what_every_office_asked_for_is_shown() {
    let (office, running) = all_is_told().await;
    let rows = rows![office;
        county_unit::row_1a_limits_are_compressed_speed_up_is_known_and_promises_are_public,
        county_unit::row_1b_same_day_rate_and_share_of_powers_in_the_hall_are_known,
        county_unit::row_1c_only_controllable_time_counts,
        county_unit_course::row_1d_a_joint_approval_adds_up_and_nobody_is_sent_away,
        county_unit_course::row_1e_the_green_channel_leaves_out_no_bottom_line,
        county_unit_course::row_1f_intermediaries_have_a_published_standard_stars_and_a_blacklist,
        county_unit::row_1g_windows_decide_nothing_leaves_the_hall_and_nobody_runs_back_and_forth,
        county_unit_course::row_1h_the_whole_course_is_supervised_and_told_in_time,
        environment_bureau::row_2_the_chief_representative_decides_coordinates_and_signs_joint_opinions,
        county_centre::row_3_twenty_nine_departments_and_thirty_windows_are_covered_and_open,
        work_safety::row_4_seven_hundred_cases_are_fast_authorised_ranked_and_reported,
        suxian::row_5a_every_link_and_procedure_is_supervised_and_deviations_are_corrected,
        suxian::row_5b_twenty_one_departments_close_general_items_within_seven_days,
        suxian::row_5c_sections_share_what_is_known_and_townships_are_connected,
        suxian::row_5d_everybody_may_know_the_item_and_how_far_a_case_is,
    ];
    let mut failed = Vec::new();
    for (row, task) in rows {
        // What went wrong is printed where it did.
        if task.await.is_err() {
            failed.push(row);
        }
    }
    running.terminate();
    Arc::into_inner(office).expect("nobody asks any more").hall.close().await;
    assert!(failed.is_empty(), "not shown: {failed:#?}");
}

/// Opens the hall, tells all stories, and what was corrected of them afterwards.
async fn all_is_told() -> (Arc<Office>, Running) {
    let (hall, webhook) = (Hall::open().await, Webhook::open().await);
    let catalog = hall.write("catalog.toml", catalog::text());
    let authorisations = hall.write("authorisations.csv", catalog::authorisations());
    let settings = [
        format!("rules.catalog={}", catalog.display()),
        format!("rules.authorisations={}", authorisations.display()),
        format!("notify.webhook={}", webhook.url),
        // The stories took place years ago.
        "notify.max_age_hours=1000000".to_owned(),
    ];
    let arguments: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting.as_str()]).collect();
    let mut running = hall.run(&arguments);

    let mut teller = Teller { messages: weeks_of_the_sample_county() };
    county_unit::tell(&mut teller);
    county_unit_course::tell(&mut teller);
    environment_bureau::tell(&mut teller);
    county_centre::tell(&mut teller);
    work_safety::tell(&mut teller);
    suxian::tell(&mut teller);
    produce(&hall, &teller);
    hall.wait_until_stored(&mut running).await;

    let mut corrections = Teller::default();
    suxian::correct(&mut corrections);
    produce(&hall, &corrections);
    hall.wait_until_stored(&mut running).await;
    (Arc::new(Office { hall, webhook }), running)
}

fn produce(hall: &Hall, teller: &Teller) {
    hall.produce(teller.messages.iter().map(|(key, payload)| (Some(key.as_bytes()), payload.as_bytes())));
}

/// The sample county at work in March 2025, among whose cases the stories stand.
fn weeks_of_the_sample_county() -> Vec<(String, String)> {
    let simulation = Simulation::new(County::sample(), Options { seed: 9, cases_per_day: 8 });
    let at = |text| Instant::parse(text).expect("an instant");
    let zone = Calendar::china().zone().clone();
    let message = |event: Event| (event.case_no.to_string(), wire::encode(&event, &zone));
    simulation.history(at("2025-03-03T00:00:00+08:00"), at("2025-03-15T00:00:00+08:00")).map(message).collect()
}
