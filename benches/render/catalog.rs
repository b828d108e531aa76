//! Makes catalogs of any size: services of the kinds that people run, the same ones each time.
//!
//! Ten services make a block: a stack of four and six that stand alone, each with limits, networks, storage and a health
//! check of its own. [`KINDS`] has a text for each, in which `@N@` is the number of the block.

use std::{fmt::Write as _, fs, io, net::Ipv4Addr, path::Path};

/// How many blocks meet on one lane, which is a network of the catalog.
const BLOCKS_ON_A_LANE: usize = 5;

/// The services of a block: the file, beneath the catalog directory, and its text.
const KINDS: &[(&str, &str)] = &[
    ("shop-@N@/db.toml", include_str!("services/db.toml")),
    ("shop-@N@/app.toml", include_str!("services/app.toml")),
    ("shop-@N@/web.toml", include_str!("services/web.toml")),
    ("shop-@N@/worker.toml", include_str!("services/worker.toml")),
    ("metrics-@N@.toml", include_str!("services/metrics.toml")),
    ("cache-@N@.toml", include_str!("services/cache.toml")),
    ("broker-@N@.toml", include_str!("services/broker.toml")),
    ("objects-@N@.toml", include_str!("services/objects.toml")),
    ("site-@N@.toml", include_str!("services/site.toml")),
    ("sync-@N@.toml", include_str!("services/sync.toml")),
];

/// Writes a catalog of `count` services.
pub fn write(dir: &Path, count: usize) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    fs::write(dir.join("catalog.toml"), top(count.div_ceil(KINDS.len())))?;
    for at in 0..count {
        let (block, kind) = (at / KINDS.len(), at % KINDS.len());
        let (file, text) = KINDS[kind];
        let file = dir.join(fill(file, block));
        if let Some(stack) = file.parent().filter(|parent| *parent != dir && !parent.exists()) {
            fs::create_dir(stack)?;
            fs::write(stack.join("stack.toml"), fill(include_str!("services/stack.toml"), block))?;
        }
        fs::write(file, fill(text, block))?;
    }
    Ok(())
}

/// `catalog.toml`, which declares the networks and volumes of all blocks.
fn top(blocks: usize) -> String {
    let mut text = include_str!("services/catalog.toml").to_owned();
    for lane in 0..blocks.div_ceil(BLOCKS_ON_A_LANE) {
        let _ = write!(text, "\n[network.lane-{lane}]\ninternal = true\n");
    }
    for block in 0..blocks {
        let _ = write!(text, "\n[volume.metrics-{block}]\n\n[volume.broker-{block}]\n");
    }
    text
}

fn fill(text: &str, block: usize) -> String {
    // From here on there is room for a million blocks, each with eight addresses.
    let first = u32::from(Ipv4Addr::new(10, 64, 0, 8)) + u32::try_from(block * 8).expect("room in the network");
    let mut text = text
        .replace("@N@", &block.to_string())
        .replace("@LANE@", &(block / BLOCKS_ON_A_LANE).to_string())
        .replace("@PORT@", &(20_000 + block).to_string());
    for at in 0..4 {
        text = text.replace(&format!("@IP{at}@"), &Ipv4Addr::from(first + at).to_string());
    }
    text
}
