//! How certain it is what a container runs.

use super::facts::Assume;
use crate::{
    policy::{
        Effective,
        facts::{Arg, Container, ImageRef},
        quadlet::Tree,
    },
    unit::split::Mode,
};

/// How an image is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Image {
    /// How far the name says which bytes it is.
    pub(super) pin: Pin,
    /// Whether it names the registry, or needs none.
    pub(super) qualified: bool,
}

/// How far a name says which bytes it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pin {
    /// By their digest.
    Digest,
    /// They were made on this host.
    Local,
    /// By a tag, which the registry may move.
    Tag,
    /// Not at all: no tag, or `latest`.
    Latest,
}

/// The image of a container, that of its `.image` unit if it names one.
pub(super) fn of(container: &Container<'_>, tree: &Tree<'_>, assume: Assume) -> Image {
    let local = Image { pin: Pin::Local, qualified: true };
    let unknown =
        assume.pick(Image { pin: Pin::Digest, qualified: true }, Image { pin: Pin::Latest, qualified: false });
    let Some(name) = container.unit.last("Container", "Image") else { return local };
    match name.unquoted() {
        build if build.ends_with(".build") => local,
        unit if unit.ends_with(".image") => {
            let image = tree.unit(unit).and_then(|loaded| loaded.unit.last("Image", "Image"));
            image.map_or(unknown, |image| named(image.unquoted()))
        }
        reference => named(reference),
    }
}

fn named(text: &str) -> Image {
    let reference = ImageRef::of(text);
    let pin = match (reference.digest, reference.tag) {
        (Some(_), _) => Pin::Digest,
        _ if reference.transport.is_some() || reference.registry == Some("localhost") => Pin::Local,
        (None, Some(tag)) if tag != "latest" => Pin::Tag,
        (None, _) => Pin::Latest,
    };
    Image { pin, qualified: reference.registry.is_some() || reference.transport.is_some() }
}

/// Whether the registry has to prove who it is.
pub(super) fn verifies_tls(container: &Container<'_>, tree: &Tree<'_>) -> bool {
    let by_flag = container.run.last("tls-verify").is_none_or(Arg::is_true);
    let image = container.unit.last("Container", "Image").and_then(|name| tree.unit(name.unquoted()));
    by_flag && image.is_none_or(|loaded| unit_verifies_tls(&loaded.unit))
}

/// The same of an `.image` or `.build` unit.
fn unit_verifies_tls(unit: &Effective<'_>) -> bool {
    ["Image", "Build"].iter().all(|section| {
        let by_key = unit.last(section, "TLSVerify").is_none_or(|value| value.is_true());
        let args = unit.list(section, "PodmanArgs");
        by_key && !args.iter().flat_map(|value| value.split(Mode::Args).into_texts()).any(|w| w == "--tls-verify=false")
    })
}
