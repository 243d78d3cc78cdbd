use std::time::Duration;

use adapter_aws::Aws;
use adapter_aws::cloudwatch::{CloudWatchConfig, CloudWatchMetrics};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Datapoint, Dimension, StandardUnit, Statistic};
use port_tests::clock::RealClock;
use port_tests::proxy::Proxy;
use port_tests::service;
use ports::metric::name;
use ports::{Clock, ErrorKind, MetricSink};
use tokio_util::sync::CancellationToken;

use crate::world::{at, aws, connect, unique};

const HOUR_MILLIS: i64 = 3_600_000;

fn sink(aws: &Aws, namespace: &str, interval: Duration) -> CloudWatchMetrics {
    let config = CloudWatchConfig {
        namespace: namespace.to_owned(),
        environment: "test".to_owned(),
        service: "efflux".to_owned(),
        interval,
    };
    CloudWatchMetrics::new(aws, config)
}

/// What CloudWatch has of a metric, one point per minute.
async fn points(namespace: &str, metric: &str, service: &str) -> Vec<Datapoint> {
    let now = RealClock.now().0;
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let known = name::ALL.iter().find(|known| known.name == metric).unwrap();
    let metric = known.cloudwatch.map_or(metric, |sent| sent.name);
    let client = crate::world::cloudwatch().await;
    let answer = client
        .get_metric_statistics()
        .namespace(namespace)
        .metric_name(metric)
        .dimensions(dimension("Environment", "test"))
        .dimensions(dimension("Service", service))
        .start_time(DateTime::from_millis(now - HOUR_MILLIS))
        .end_time(DateTime::from_millis(now + HOUR_MILLIS))
        .period(60)
        .set_statistics(Some(vec![
            Statistic::Sum,
            Statistic::SampleCount,
            Statistic::Minimum,
            Statistic::Maximum,
        ]))
        .send()
        .await
        .unwrap();
    answer.datapoints.unwrap_or_default()
}

fn total(points: &[Datapoint]) -> f64 {
    points.iter().filter_map(Datapoint::sum).sum()
}

#[tokio::test]
async fn numbers_arrive_as_statistics_in_one_request() {
    let aws = aws().await;
    let namespace = unique("metrics");
    let sink = sink(&aws, &namespace, Duration::from_secs(60));
    let filter = [("service", "filter-svc")];
    for ratio in [0.125, 0.5, 0.25, f64::NAN] {
        sink.observe(name::FILTER_KEPT_RATIO, &filter, ratio);
        sink.count(name::FILTER_ROWS_READ, &filter, 1000);
    }
    sink.count(name::MESSAGES_PROCESSED, &[], 2);
    sink.gauge(name::QUEUE_MESSAGES, &[("queue", "trigger")], 5.0);
    let before = aws.requests();
    sink.flush().await.unwrap();
    assert_eq!(aws.requests() - before, 1);
    sink.flush().await.unwrap();
    assert_eq!(aws.requests() - before, 1, "there is nothing new");

    let ratio = &points(&namespace, name::FILTER_KEPT_RATIO, "filter-svc").await[0];
    assert_eq!((ratio.minimum(), ratio.maximum()), (Some(12.5), Some(50.0)));
    assert_eq!((ratio.sum(), ratio.sample_count()), (Some(87.5), Some(3.0)));
    assert_eq!(ratio.unit(), Some(&StandardUnit::Percent));
    assert_eq!(total(&points(&namespace, name::FILTER_ROWS_READ, "filter-svc").await), 4000.0);
    assert_eq!(total(&points(&namespace, name::MESSAGES_PROCESSED, "efflux").await), 2.0);
    assert!(points(&namespace, name::QUEUE_MESSAGES, "efflux").await.is_empty(), "not one that is sent");
}

#[tokio::test]
async fn what_is_left_at_the_stop_is_sent() {
    let aws = aws().await;
    let namespace = unique("metrics");
    let sink = sink(&aws, &namespace, Duration::from_secs(3600));
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (sink, stop) = (sink.clone(), stop.clone());
        async move { sink.run(stop).await }
    });
    sink.count(name::MESSAGES_FAILED, &[], 3);
    stop.cancel();
    running.await.unwrap();
    assert_eq!(total(&points(&namespace, name::MESSAGES_FAILED, "efflux").await), 3.0);
}

#[tokio::test]
async fn numbers_wait_while_cloudwatch_is_unavailable_and_none_counts_twice() {
    let (proxy, url) = Proxy::to_url(&service::url("AWS")).await;
    let aws = connect(at(&url)).await;
    let namespace = unique("metrics");
    let sink = sink(&aws, &namespace, Duration::from_secs(60));
    proxy.refuse().await;
    for _ in 0..3 {
        sink.count(name::MESSAGES_PROCESSED, &[], 1);
        assert_eq!(sink.flush().await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    assert_eq!(sink.dropped(), 0);
    proxy.restore().await;
    sink.flush().await.unwrap();
    assert_eq!(total(&points(&namespace, name::MESSAGES_PROCESSED, "efflux").await), 3.0);

    // CloudWatch has it, and we do not know.
    proxy.lose_answers().await;
    sink.count(name::MESSAGES_FAILED, &[], 1);
    sink.flush().await.unwrap_err();
    assert_eq!(sink.dropped(), 1);
    proxy.restore().await;
    sink.flush().await.unwrap();
    assert_eq!(total(&points(&namespace, name::MESSAGES_FAILED, "efflux").await), 1.0);
}

#[tokio::test]
async fn a_long_absence_costs_the_oldest_numbers_and_no_memory() {
    let (proxy, url) = Proxy::to_url(&service::url("AWS")).await;
    let aws = connect(at(&url)).await;
    let namespace = unique("metrics");
    let sink = sink(&aws, &namespace, Duration::from_secs(60));
    proxy.refuse().await;
    for _ in 0..64 {
        sink.count(name::MESSAGES_PROCESSED, &[], 1);
        sink.flush().await.unwrap_err();
    }
    assert_eq!(sink.dropped(), 4);
    proxy.restore().await;
    sink.flush().await.unwrap();
    assert_eq!(total(&points(&namespace, name::MESSAGES_PROCESSED, "efflux").await), 60.0);
}
