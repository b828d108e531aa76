//! Work on many things at once. What comes of it has the order of the things, whoever was done first.

use std::{
    num::NonZero,
    sync::{Mutex, PoisonError},
    thread,
};

/// How many things are taken at a time; for so few no thread is started.
const BATCH: usize = 64;

/// More threads than this would wait for memory and the file system.
const MOST_THREADS: usize = 8;

/// The stack that the first thread of a process has: what fits there fits here.
const STACK: usize = 8 * 1024 * 1024;

/// What `work` makes of each of the items, in their order. An item is gone when its work is done.
pub fn map<T: Send, R: Send>(
    items: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator + Send>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let items = items.into_iter();
    if items.len() <= BATCH {
        return items.map(work).collect();
    }
    let mut results = Vec::with_capacity(items.len());
    let batches = Mutex::new((0_usize, items));
    let next_batch = || {
        let mut batches = batches.lock().unwrap_or_else(PoisonError::into_inner);
        batches.0 += 1;
        (batches.0, batches.1.by_ref().take(BATCH).collect::<Vec<T>>())
    };
    let work_on_batches = || {
        let mut done = Vec::new();
        loop {
            let (number, batch) = next_batch();
            if batch.is_empty() {
                return done;
            }
            done.push((number, batch.into_iter().map(&work).collect::<Vec<R>>()));
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    let mut done = thread::scope(|scope| {
        // A thread that the system refuses is one whose work the others do.
        let start = |_| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work_on_batches).ok();
        let helpers: Vec<_> = (1..threads).filter_map(start).collect();
        let mut done = work_on_batches();
        for helper in helpers {
            done.extend(helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    results.extend(done.into_iter().flat_map(|(_, batch)| batch));
    results
}

#[cfg(test)]
mod tests {
    use super::{BATCH, map};

    #[test]
    fn results_have_the_order_of_the_items() {
        for count in [0, 1, BATCH, BATCH + 1, 10 * BATCH + 7] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(map(items.iter(), |item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
    }
}
