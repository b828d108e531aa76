//! Work on many things at once. What comes of it has the order of the things, whoever was done first.

use std::{
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// How many things are taken at a time; for so few no thread is started.
const BATCH: usize = 64;

/// More threads than this would wait for memory and the file system.
const MOST_THREADS: usize = 8;

/// The stack that the first thread of a process has: what fits there fits here.
const STACK: usize = 8 * 1024 * 1024;

/// What `work` makes of each of the items, in their order.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if items.len() <= BATCH {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let take_batches = || {
        let mut done = Vec::new();
        loop {
            let batch = next.fetch_add(1, Ordering::Relaxed);
            let Some(items) = items.chunks(BATCH).nth(batch) else { return done };
            done.push((batch, items.iter().map(&work).collect::<Vec<R>>()));
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    let mut done = thread::scope(|scope| {
        // A thread that the system refuses is one that this one does the work of.
        let start = |_| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, take_batches).ok();
        let helpers: Vec<_> = (1..threads).filter_map(start).collect();
        let mut done = take_batches();
        for helper in helpers {
            done.extend(helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(batch, _)| *batch);
    done.into_iter().flat_map(|(_, results)| results).collect()
}

#[cfg(test)]
mod tests {
    use super::{BATCH, map};

    #[test]
    fn results_have_the_order_of_the_items() {
        for count in [0, 1, BATCH, BATCH + 1, 10 * BATCH + 7] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(map(&items, |item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
    }
}
