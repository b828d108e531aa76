//! Work on many things at once. What comes of it has the order of the things, whoever was done first.

use std::{cmp::Ordering, sync::OnceLock};

use rayon::{ThreadPool, ThreadPoolBuilder, prelude::*};

/// So few things are not worth a thread: a catalog of a house is rendered without any.
const FEW: usize = 64;

/// Things cost as much as they like, and most of the cost may be at the end: a thread takes them in portions, at least so
/// many, so that none is left alone with the last ones for long.
const PORTIONS: usize = 16;

/// So many things take longer to free than a process takes to end.
const MANY: usize = 4096;

/// More threads than this would wait for memory and the file system.
const MOST_THREADS: usize = 8;

/// The stack that the first thread of a process has: what fits there fits here.
const STACK: usize = 8 * 1024 * 1024;

/// What `work` makes of each of the items, in their order. An item is gone when its work is done.
pub fn map<T: Send, R: Send>(items: impl IntoIterator<Item = T>, work: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    let items: Vec<T> = items.into_iter().collect();
    map_weighed(items.len(), items, work)
}

/// The same for a few items with much work to each, so much that it is `weight` things to look at.
pub fn map_weighed<T: Send, R: Send>(weight: usize, items: Vec<T>, work: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    match if weight > FEW { pool() } else { None } {
        Some(pool) => {
            let at_once = (items.len() / (PORTIONS * pool.current_num_threads())).clamp(1, FEW);
            pool.install(|| items.into_par_iter().with_max_len(at_once).map(work).collect())
        }
        None => items.into_iter().map(work).collect(),
    }
}

/// Sorts. Things that are equal stay in their order.
pub fn sort_by<T: Send>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering + Sync + Send) {
    match if items.len() > FEW { pool() } else { None } {
        Some(pool) => pool.install(|| items.par_sort_by(compare)),
        None => items.sort_by(compare),
    }
}

/// Frees something while other work goes on: ten thousand services are a million pieces. Whoever does so last does not
/// wait for it.
pub fn let_go(thing: impl Send + 'static) {
    // Without threads there was little work, and there is little to free.
    if let Some(Some(pool)) = POOL.get() {
        pool.spawn(move || drop(thing));
    }
}

/// Is done with something that so many things were made into. Few are freed; many are left to the end of the process,
/// which has little to do after them: the kernel takes back whole pages where we would free a million pieces.
#[expect(clippy::mem_forget, reason = "what is forgotten is memory, and the process ends")]
pub fn leave<T>(thing: T, count: usize) {
    if count > MANY {
        std::mem::forget(thing);
    }
}

static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();

/// The threads, made when they are first needed; none where the system refuses them.
fn pool() -> Option<&'static ThreadPool> {
    let threads = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MOST_THREADS);
    POOL.get_or_init(|| ThreadPoolBuilder::new().num_threads(threads()).stack_size(STACK).build().ok()).as_ref()
}

#[cfg(test)]
mod tests {
    use super::{FEW, map};

    #[test]
    fn results_have_the_order_of_the_items() {
        for count in [0, 1, FEW, FEW + 1, 10 * FEW + 7] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(map(items.iter(), |item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
    }
}
