//! `PL5xx`: which image runs, where it comes from, and when it changes.

use super::{Check, Found, Rule, Scope};
use crate::{
    diagnostic::{Severity, nearest},
    policy::{
        Effective,
        effective::Value,
        facts::{Container, ImageRef},
        quadlet::Loaded,
    },
    unit::UnitType,
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "PL501",
        name: "short-image-name",
        severity: Severity::Warning,
        what: "The name of an image does not begin with its registry.",
        why: "What `nginx` means is decided by registries.conf of the host: an alias, or the first of its search \
              registries that has something of that name. On a host without either the service does not start; on one with \
              several registries, whoever registers the name first decides what runs. Nobody can answer podman's question \
              when a service starts.",
        fix: "write the registry: docker.io/library/nginx, quay.io/prometheus/prometheus",
        bad: "[Container]\nImage=example/web:1.4@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        good: "[Container]\nImage=quay.io/example/web:1.4@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        sources: &["A30", "containers-registries.conf(5)", "podman-pull(1) short names"],
        check: Check::Unit(short_name),
    },
    Rule {
        id: "PL502",
        name: "untrusted-registry",
        severity: Severity::Error,
        what: "An image comes from a registry that is not in the list of trusted ones.",
        why: "Whoever may push to a registry decides what runs on the host. A list of registries and namespaces, \
              kept in one place, turns a typing mistake or a look-alike name into a message instead of a container. The rule is \
              silent where no list was given.",
        fix: "take the image from a trusted registry, or add its registry to trusted_registries",
        bad: "[Container]\nImage=quay.example.com/web:1.4@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        good: "[Container]\nImage=quay.io/other/web:1.4@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        sources: &["A28", "C-0078", "KSV-0034"],
        check: Check::Unit(untrusted_registry),
    },
    Rule {
        id: "PL503",
        name: "no-digest",
        severity: Severity::Warning,
        what: "An image is named by its tag alone, or by a digest that is none.",
        why: "A tag can be moved: what is pulled next month under `1.4` need not be what was tested, and a rollback to \
              `1.4` may bring something else back. A digest is the content itself, and podman checks it. Where AutoUpdate= \
              follows the tag on purpose, and for images that were built on the host, the rule has nothing to say. A digest \
              that is malformed is an error: Podman cannot pull it.",
        fix: "pin it: `skopeo inspect --format '{{.Digest}}' docker://IMAGE`, then IMAGE:TAG@DIGEST",
        bad: "[Container]\nImage=quay.io/example/web:1.4",
        good: "[Container]\nImage=quay.io/example/web:1.4\nAutoUpdate=registry",
        sources: &["A35", "CIS 5.28", "C-0075"],
        check: Check::Unit(no_digest),
    },
    Rule {
        id: "PL504",
        name: "latest-or-no-tag",
        severity: Severity::Warning,
        what: "An image has the tag `latest`, or no tag and no digest, which means the same.",
        why: "`latest` moves over major versions. A pull that happens because a disk was cleaned may take a database over a \
              change of its file format, at a time that nobody chose; and nothing in the unit says which version runs.",
        fix: "name a version, and best its digest: IMAGE:1.4@sha256:…",
        bad: "[Container]\nImage=quay.io/example/web:latest",
        good: "[Container]\nImage=quay.io/example/web:1.4",
        sources: &["CIS 5.28", "DL3007", "KSV-0013", "C-0075"],
        check: Check::Unit(latest),
    },
    Rule {
        id: "PL505",
        name: "tls-verify-off",
        severity: Severity::Error,
        what: "Something is fetched without TLS, or without looking at the certificate.",
        why: "With `TLSVerify=false` podman accepts every certificate and plain HTTP as well: whoever sits between the host \
              and the registry, or answers for its name, chooses what runs, and is sent the credentials. A build context \
              that comes by http:// or git:// can be replaced on the way in the same manner.",
        fix: "take it out; give a registry of your own a certificate, and put its CA into /etc/containers/certs.d",
        bad: "# mirror.image\n[Image]\nImage=quay.io/example/web:1.4@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\nTLSVerify=false",
        good: "# mirror.image\n[Image]\nImage=quay.io/example/web:1.4@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\nTLSVerify=true",
        sources: &["A29", "podman-pull(1) --tls-verify", "containers-certs.d(5)"],
        check: Check::Unit(without_tls),
    },
    Rule {
        id: "PL506",
        name: "auto-update-refused",
        severity: Severity::Error,
        what: "`AutoUpdate=` stands beside an image that podman does not update.",
        why: "A digest never changes, so an image pinned by one is never updated however often the timer runs. A short name \
              is worse: podman refuses to start the container at all, because the update needs to know which registry to ask. \
              A policy that podman does not know keeps it from starting too.",
        fix: "either pin a digest and leave AutoUpdate= out, or name registry and tag and let it follow them",
        bad: "[Container]\nAutoUpdate=registry",
        good: "[Container]\nImage=quay.io/example/web:1.4\nAutoUpdate=registry",
        sources: &["A58", "podman-auto-update(1)"],
        check: Check::Container(auto_update),
    },
    Rule {
        id: "PL507",
        name: "pull-policy",
        severity: Severity::Info,
        what: "Nothing says when the image is pulled, every start pulls it, or podman does not know the word.",
        why: "Without `Pull=` the host's containers.conf decides. `always` and `newer` make each restart depend on the \
              registry: where that does not answer, a crashed service stays down, and where it does, the restart may bring \
              another version, without the rollback that `podman auto-update` has. A digest has nothing newer. Of a word that it does not know \
              Quadlet says nothing, and podman refuses to start the container: an error.",
        fix: "write Pull=missing",
        bad: "[Container]\nPull=always",
        good: "[Container]\nPull=never",
        sources: &["A58", "containers.conf(5) pull_policy", "podman-run(1) --pull"],
        check: Check::Container(pull_policy),
    },
    Rule {
        id: "PL508",
        name: "image-of-this-host",
        severity: Severity::Info,
        what: "The container runs a directory of the host or an image that is built there.",
        why: "A directory as root file system has no digest and no signature, and stays as the last process to write to it \
              left it. An image built on the host depends on what its base was that day, needs a compiler's worth of tools \
              and the network there, and cannot be compared with what another host runs.",
        fix: "build the image elsewhere, push it to a registry and name it by its digest",
        bad: "[Container]\n# without [Container] Image=\nRootfs=/srv/web",
        good: "[Container]\nImage=quay.io/example/web:1.4@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        sources: &["A33", "podman-run(1) --rootfs", "podman-systemd.unit(5) Rootfs="],
        check: Check::Container(of_this_host),
    },
];

/// Where units name images.
const IMAGES: &[(UnitType, &str)] = &[
    (UnitType::Container, "Image"),
    (UnitType::Image, "Image"),
    (UnitType::Volume, "Image"),
    (UnitType::Artifact, "Artifact"),
];

/// The reference in a unit's own words, unless another unit stands for it.
fn named<'a>(loaded: &'a Loaded<'_>) -> Option<Value<'a>> {
    let (_, key) = IMAGES.iter().find(|(unit_type, _)| *unit_type == loaded.unit_type)?;
    loaded.unit.last(loaded.unit_type.group(), key).filter(|value| !ImageRef::is_unit(value.unquoted()))
}

fn short_name(loaded: &Loaded<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let Some(value) = named(loaded) else { return };
    let image = ImageRef::of(value.unquoted());
    // What begins with a variable may begin with a registry.
    let open = value.unquoted().starts_with(['$', '%']);
    if image.registry.is_none() && image.transport.is_none() && !open {
        found.at(value.at, format!("`{}` does not name its registry", image.repository));
    }
}

fn untrusted_registry(loaded: &Loaded<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let trusted = &scope.settings.trusted_registries;
    let Some(value) = named(loaded).filter(|_| !trusted.is_empty()) else { return };
    let image = ImageRef::of(value.unquoted());
    // A short name says nothing about where it comes from, which is PL501.
    if image.is_local() || image.registry.is_none() {
        return;
    }
    let name = image.full_name();
    let is_below = |trusted: &String| {
        let trusted = trusted.trim_end_matches('/');
        name.strip_prefix(trusted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if !trusted.iter().any(is_below) {
        found.at(value.at, format!("`{name}` is not below a trusted registry"));
    }
}

/// Whether the unit follows its tag on purpose.
fn follows_tag(unit: &Effective<'_>) -> bool {
    unit.last("Container", "AutoUpdate").is_some_and(|value| ["registry", "image"].contains(&value.unquoted()))
}

fn is_latest(image: &ImageRef<'_>) -> bool {
    image.digest.is_none() && image.tag.is_none_or(|tag| tag == "latest")
}

fn no_digest(loaded: &Loaded<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let Some(value) = named(loaded).filter(|value| !ImageRef::is_open(value.unquoted())) else { return };
    let image = ImageRef::of(value.unquoted());
    if image.is_local() {
        return;
    }
    if image.digest.is_some() && !image.has_whole_digest() {
        let message = format!("the digest of `{}` is none: podman refuses the name", image.name());
        let finding = found.at(value.at, message).severity(Severity::Error);
        finding.help("write sha256: and the 64 hexadecimal digits that the registry gives");
    } else if image.digest.is_none() && !is_latest(&image) && !follows_tag(&loaded.unit) {
        found.at(value.at, format!("`{}` has no digest: its tag can be moved", image.name()));
    }
}

fn latest(loaded: &Loaded<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    let Some(value) = named(loaded).filter(|value| !ImageRef::is_open(value.unquoted())) else { return };
    let image = ImageRef::of(value.unquoted());
    if image.is_local() || !is_latest(&image) {
        return;
    }
    let name = image.name();
    let message = match image.tag {
        Some(_) => format!("`{name}` is whatever is tagged latest"),
        None => format!("`{name}` has no tag, which means latest"),
    };
    let finding = found.at(value.at, message);
    if follows_tag(&loaded.unit) {
        finding.severity(Severity::Info);
    }
}

/// Hosts that a packet cannot be caught on the way to.
const LOOPBACK: &[&str] = &["localhost", "127.0.0.1", "[::1]"];

fn without_tls(loaded: &Loaded<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let group = loaded.unit_type.group();
    let host = named(loaded).map(|value| ImageRef::of(value.unquoted()).registry.unwrap_or_default().to_owned());
    let on_loopback = host.is_some_and(|host| {
        let bare = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        LOOPBACK.contains(&bare.map_or(host.as_str(), |(bare, _)| bare))
    });
    let mut say = |at, message: &str| {
        let finding = found.at(at, message);
        if on_loopback {
            finding.severity(Severity::Info);
        }
    };
    if let Some(value) = loaded.unit.last(group, "TLSVerify").filter(|value| !value.is_true()) {
        say(value.at, "the certificate of the registry is not looked at");
    }
    let run = &scope.facts(loaded).run;
    if let Some(arg) = run.last("tls-verify").filter(|arg| arg.is_raw() && !arg.is_true()) {
        say(arg.at, "the certificate of the registry is not looked at");
    }
    for key in ["SetWorkingDirectory", "File"] {
        let value = loaded.unit.last("Build", key).filter(|_| loaded.unit_type == UnitType::Build);
        if let Some(value) =
            value.filter(|value| value.unquoted().starts_with("http://") || value.unquoted().starts_with("git://"))
        {
            say(value.at, "the build context is fetched without TLS");
        }
    }
}

fn auto_update(container: &Container<'_>, scope: &Scope<'_>, found: &mut Found<'_>) {
    let Some(policy) = container.unit.last("Container", "AutoUpdate") else { return };
    match policy.unquoted() {
        "registry" | "image" => {}
        "local" | "disabled" => return,
        other => {
            let finding = found.at(policy.at, format!("podman knows no way to update that is called `{other}`"));
            finding.help("write registry or local");
            return;
        }
    }
    let Some(value) = container.unit.last("Container", "Image") else { return };
    if value.unquoted().ends_with(".build") {
        let finding = found.at(policy.at, "no registry has the image that is built here");
        finding.help("write AutoUpdate=local").severity(Severity::Warning);
        return;
    }
    let of_unit = scope.tree.unit(value.unquoted()).filter(|loaded| loaded.unit_type == UnitType::Image);
    let Some(value) = (match &of_unit {
        Some(loaded) => loaded.unit.last("Image", "ImageTag").or_else(|| named(loaded)),
        None => Some(value).filter(|value| !ImageRef::is_unit(value.unquoted())),
    }) else {
        return;
    };
    if ImageRef::is_open(value.unquoted()) {
        return;
    }
    let image = ImageRef::of(value.unquoted());
    let name = image.name();
    let finding = if image.transport.is_some() {
        found.at(policy.at, format!("`{name}` does not come from a registry, and podman refuses to update it"))
    } else if image.digest.is_some() {
        found.at(policy.at, format!("`{name}` is pinned by its digest, which never changes"))
    } else if image.registry.is_none() {
        found.at(policy.at, format!("podman does not start `{name}`: updates need the name of its registry"))
    } else if image.registry == Some("localhost") {
        found.at(policy.at, format!("`{name}` is of this host, no registry has it")).severity(Severity::Warning)
    } else {
        return;
    };
    finding.related(value.at, "the image");
}

/// What podman reads in `--pull`: the four of its manual, and what it has taken for them in some version.
const PULLS: &[&str] =
    &["always", "missing", "never", "newer", "ifmissing", "ifnewer", "ifnotpresent", "true", "false"];

fn pull_policy(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if container.run.last("rootfs").is_some() {
        return;
    }
    let Some(pull) = container.run.last("pull").filter(|arg| !arg.value.is_empty()) else {
        found.at(container.whole(), "nothing says when the image is pulled");
        return;
    };
    if ["always", "newer", "true"].contains(&pull.value.as_ref()) {
        found.at(pull.at, "every start of the service asks the registry");
    } else if !PULLS.iter().any(|known| pull.value.eq_ignore_ascii_case(known)) && !pull.value.contains(['%', '$']) {
        let message = format!("podman knows no way to pull that is called `{}`", pull.value);
        let finding = found.at(pull.at, message).severity(Severity::Error);
        match nearest(&pull.value, PULLS[..4].iter().copied()) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help("write always, missing, never or newer"),
        };
    }
}

fn of_this_host(container: &Container<'_>, _: &Scope<'_>, found: &mut Found<'_>) {
    if let Some(value) = container.unit.last("Container", "Rootfs") {
        found.at(value.at, "the root file system is a directory of the host");
    } else if let Some(value) = container.unit.last("Container", "Image")
        && value.unquoted().ends_with(".build")
    {
        found.at(value.at, format!("`{}` builds the image on this host", value.unquoted()));
    }
}
