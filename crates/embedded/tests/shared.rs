//! The engines that the tests of one binary share.

use embedded::testing;

embedded::clickhouse_child_test!();

#[test]
fn all_tests_of_a_binary_get_the_same_clickhouse_even_from_runtimes_that_have_ended() {
    let pids: Vec<u32> = (0..3)
        .map(|_| {
            std::thread::spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(testing::shared_clickhouse()).unwrap().pid()
            })
        })
        .map(|thread| thread.join().unwrap())
        .collect();
    assert!(pids.iter().all(|&pid| pid == pids[0]), "{pids:?}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(testing::shared_clickhouse()).unwrap();
    assert_eq!(server.process().exit(), None, "it must outlive the threads that asked for it");
    assert!(!embedded::ports::is_free(server.http_port()));
}

#[tokio::test]
async fn tests_that_ask_at_the_same_time_get_one_broker() {
    let (first, second) = tokio::join!(testing::shared_broker(), testing::shared_broker());
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.pid(), second.pid());
    assert_eq!(first.bootstrap(), second.bootstrap());
    assert!(!embedded::ports::is_free(first.port()));
}
