// SPDX-License-Identifier: Apache-2.0

//! The workloads of bench_peers with tokio's tasks. Prints "name value", nanoseconds for one of n.

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn two_threads() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap()
}

fn each(from: Instant, n: usize) -> f64 {
    from.elapsed().as_nanos() as f64 / n as f64
}

async fn returns_at_once(n: usize) -> usize {
    black_box(n)
}

fn call(n: usize) -> f64 {
    one_thread().block_on(async move {
        let from = Instant::now();
        let mut sum = 0;
        for _ in 0..n {
            sum += returns_at_once(1).await;
        }
        assert_eq!(sum, n);
        each(from, n)
    })
}

fn yields(n: usize) -> f64 {
    one_thread().block_on(async move {
        let turns = move || async move {
            for _ in 0..n / 2 {
                tokio::task::yield_now().await;
            }
        };
        let from = Instant::now();
        let both = [tokio::spawn(turns()), tokio::spawn(turns())];
        for one in both {
            one.await.unwrap();
        }
        each(from, n)
    })
}

fn spawn_and_join(runtime: &Runtime, n: usize) -> f64 {
    runtime.block_on(async move {
        tokio::spawn(async move {
            let from = Instant::now();
            let mut all = Vec::with_capacity(n);
            for _ in 0..n {
                all.push(tokio::spawn(async {}));
            }
            for one in all {
                one.await.unwrap();
            }
            each(from, n)
        })
        .await
        .unwrap()
    })
}

fn skynet(number: usize, leaves: usize) -> Pin<Box<dyn Future<Output = usize> + Send>> {
    Box::pin(async move {
        if leaves == 1 {
            return number;
        }
        let parts: Vec<_> =
            (0..10).map(|i| tokio::spawn(skynet(number + i * leaves / 10, leaves / 10))).collect();
        let mut sum = 0;
        for part in parts {
            sum += part.await.unwrap();
        }
        sum
    })
}

fn skynet_per_leaf(runtime: &Runtime, leaves: usize) -> f64 {
    let from = Instant::now();
    let sum = runtime.block_on(async move { tokio::spawn(skynet(0, leaves)).await.unwrap() });
    assert_eq!(sum, leaves * (leaves - 1) / 2);
    each(from, leaves)
}

fn cancel(n: usize) -> f64 {
    one_thread().block_on(async move {
        let all: Vec<_> = (0..n).map(|_| tokio::spawn(std::future::pending::<()>())).collect();
        tokio::task::yield_now().await;
        let from = Instant::now();
        for one in &all {
            one.abort();
        }
        for one in all {
            let _ = one.await;
        }
        each(from, n)
    })
}

fn sleeps(n: usize) -> f64 {
    one_thread().block_on(async move {
        let from = Instant::now();
        let all: Vec<_> = (0..n)
            .map(|i| tokio::spawn(tokio::time::sleep(Duration::from_micros(1000 + i as u64 % 64))))
            .collect();
        for one in all {
            one.await.unwrap();
        }
        each(from, n)
    })
}

fn channel(n: usize) -> f64 {
    one_thread().block_on(async move {
        let (to, mut from_it) = tokio::sync::mpsc::channel(1);
        let from = Instant::now();
        tokio::spawn(async move {
            for i in 0..n {
                to.send(i).await.unwrap();
            }
        });
        while from_it.recv().await.is_some() {}
        each(from, n)
    })
}

fn mutex(n: usize) -> f64 {
    one_thread().block_on(async move {
        let lock = Arc::new(tokio::sync::Mutex::new(()));
        let turns = |lock: Arc<tokio::sync::Mutex<()>>| async move {
            for _ in 0..n / 2 {
                let _held = lock.lock().await;
                tokio::task::yield_now().await;
            }
        };
        let from = Instant::now();
        let both = [tokio::spawn(turns(lock.clone())), tokio::spawn(turns(lock.clone()))];
        for one in both {
            one.await.unwrap();
        }
        each(from, n)
    })
}

fn main() {
    let quick = std::env::args().len() > 1;
    let n: usize = if quick { 10_000 } else { 1_000_000 };
    let (one, two) = (one_thread(), two_threads());
    let workloads: Vec<(&str, Box<dyn Fn() -> f64>)> = vec![
        ("call_ns", Box::new(move || call(10 * n))),
        ("yield_ns", Box::new(move || yields(n))),
        ("spawn_join_1t_ns", Box::new(|| spawn_and_join(&one, n))),
        ("spawn_join_2t_ns", Box::new(|| spawn_and_join(&two, n))),
        ("skynet_1t_ns", Box::new(|| skynet_per_leaf(&one, n))),
        ("skynet_2t_ns", Box::new(|| skynet_per_leaf(&two, n))),
        ("cancel_ns", Box::new(move || cancel(n / 10))),
        ("timer_ns", Box::new(move || sleeps(n / 10))),
        ("channel_ns", Box::new(move || channel(n))),
        ("mutex_ns", Box::new(move || mutex(n))),
    ];
    for (name, run) in &workloads {
        let mut values: Vec<f64> = (0..if quick { 1 } else { 5 }).map(|_| run()).collect();
        values.sort_by(|a, b| a.total_cmp(b));
        println!("{name} {:.3}", values[values.len() / 2]);
    }
}
