//! `PL0xx`: what Podman does not take as it was meant. They are found where the files are read, in
//! [`quadlet`](crate::policy::quadlet).

use super::{Check, Rule};
use crate::diagnostic::Severity;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "PL001",
        name: "unknown-key",
        severity: Severity::Error,
        what: "A section of Quadlet's holds a key that no Podman knows.",
        why: "Podman does not generate the unit at all: there is no service, and the only trace is a line in \
              the journal at boot. Names of keys are case-sensitive, so `Readonly=` is another key than \
              `ReadOnly=`.",
        fix: "write the key as podman-systemd.unit(5) does; what has no key goes into PodmanArgs=",
        bad: "[Container]\nReadonly=true",
        good: "[Container]\nReadOnly=true",
        sources: &["podman-systemd.unit(5)", "podman issue 27305"],
        check: Check::Reading,
    },
    Rule {
        id: "PL006",
        name: "key-needs-newer-podman",
        severity: Severity::Error,
        what: "A key, a value or a type of file is younger than the Podman that will read it.",
        why: "An older Podman refuses the unit for one key it does not know, and the service is gone after the \
              next daemon-reload; files of a type that it does not know it does not even look at.",
        fix: "use the argument that older ones know, with PodmanArgs=, or judge for the Podman that is there",
        bad: "[Container]\nHttpProxy=false",
        good: "# podman 5.8\n[Container]\n# without [Container] PodmanArgs=--http-proxy\nHttpProxy=false",
        sources: &["podman issue 27305", "podman issue 21371"],
        check: Check::Reading,
    },
    Rule {
        id: "PL007",
        name: "unknown-network",
        severity: Severity::Error,
        what: "A unit joins a network whose file is not among those that are judged.",
        why: "Quadlet makes a dependency on the service of that file, and from 5.3 on refuses the unit if \
              there is none. An older one generates it, and the service fails at every start.",
        fix: "add the file, correct the name, or judge the directory that holds it as well: `plimsoll check HERE THERE`",
        bad: "[Container]\nNetwork=lam.network",
        good: "[Container]\nNetwork=lan.network\n# lan.network\n[Network]\nNetworkName=lan",
        sources: &["podman-systemd.unit(5) Network=", "kube-linter dangling-service"],
        check: Check::Reading,
    },
    Rule {
        id: "PL008",
        name: "unknown-unit",
        severity: Severity::Error,
        what: "A unit refers to a volume, image, build, pod or container file that is not among those that are judged.",
        why: "Podman does not generate the service, or generates one that cannot start: what the file would \
              have made, nobody makes.",
        fix: "add the file, correct the name, or judge the directory that holds it as well: `plimsoll check HERE THERE`",
        bad: "[Container]\nImage=web.image",
        good: "[Container]\nImage=web.image\n# web.image\n[Image]\nImage=quay.io/example/web:1.4@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        sources: &["podman-systemd.unit(5) Volume=, Image=, Pod=", "kube-linter dangling-service"],
        check: Check::Reading,
    },
    Rule {
        id: "PL015",
        name: "syntax-error",
        severity: Severity::Error,
        what: "A file is not written as a unit: a line is neither a section, nor an assignment, nor a comment.",
        why: "From Podman 5.0 on, one file that cannot be read takes every unit of its directory along: none \
              of them has a service after the next daemon-reload. An older Podman loses that file alone. In a slice systemd passes over the line and \
              reads the rest.",
        fix: "mend the line, and keep each service in a directory of its own",
        bad: "[Container]\nReadOnly",
        good: "[Container]\nReadOnly=true",
        sources: &["podman-systemd.unit(5)", "Podman 5.0"],
        check: Check::Reading,
    },
    Rule {
        id: "PL016",
        name: "unknown-section",
        severity: Severity::Error,
        what: "A section has a name that neither Quadlet nor systemd reads, or stands in a file of another \
              type.",
        why: "Podman hands it on and systemd ignores it, both without a message: every limit in `[Servce]` is \
              lost, and the unit works all the same.",
        fix: "correct the name; what only you read belongs into a section that begins with X-",
        bad: "[Servce]\nMemoryMax=512M",
        good: "[X-Notes]\nOwner=ops",
        sources: &["systemd.unit(5)", "podman-systemd.unit(5)"],
        check: Check::Reading,
    },
    Rule {
        id: "PL017",
        name: "ignored-file",
        severity: Severity::Warning,
        what: "A file lies where units lie, and Podman does not read it.",
        why: "The generator looks at eight suffixes and skips everything else without a message, as it skips \
              directories whose name ends in `.d`. What looks like a unit is then no service, or an override \
              that overrides nothing.",
        fix: "give it the suffix and the place that its reader looks for, or move it away",
        bad: "# web.container\n[Container]\nReadOnly=true\n# extra.d/api.container\n[Container]\nImage=quay.io/example/api:1.4@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        good: "# web.container\n[Container]\nReadOnly=true\n# web.container.d/10-shm.conf\n[Container]\nShmSize=16777216",
        sources: &["podman-systemd.unit(5) search paths", "podman issue 27573"],
        check: Check::Reading,
    },
    Rule {
        id: "PL018",
        name: "not-a-boolean",
        severity: Severity::Error,
        what: "A switch has a value that is neither yes nor no.",
        why: "Podman takes `1`, `yes`, `true` and `on` for true and **everything else for false**, without a \
              message: `ReadOnly=ture` starts the container with a writable file system.",
        fix: "write true or false",
        bad: "[Container]\nReadOnly=ture",
        good: "[Container]\nReadOnly=on",
        sources: &["podman-systemd.unit(5)"],
        check: Check::Reading,
    },
    Rule {
        id: "PL019",
        name: "words-lost",
        severity: Severity::Error,
        what: "Words of a line never reach podman.",
        why: "An empty word ends the list for Podman, an escape that it does not know throws the whole line \
              away, and a word that is a lone `;` becomes another command to systemd. An option that stands \
              behind one of them, and be it the one that drops all capabilities, is gone without a message.",
        fix: "leave the empty word out, close the quote, write two backslashes for one",
        bad: "[Container]\nExec=serve \"\" --quiet",
        good: "[Container]\nExec=serve --quiet",
        sources: &["podman-systemd.unit(5)", "systemd.service(5) command lines"],
        check: Check::Reading,
    },
    Rule {
        id: "PL020",
        name: "podman-refuses",
        severity: Severity::Error,
        what: "Podman does not make a service of the unit.",
        why: "Its generator refuses the file as a whole: the service does not exist after the next \
              daemon-reload, `systemctl start` says that the unit was not found, and the reason is only in the \
              journal of the boot.",
        fix: "mend what the message names",
        bad: "[Service]\nKillMode=process",
        good: "[Service]\nKillMode=mixed",
        sources: &["podman-systemd.unit(5)", "podman issue 29804"],
        check: Check::Reading,
    },
    Rule {
        id: "PL021",
        name: "mount-panics-generator",
        severity: Severity::Error,
        what: "A `Mount=` makes the generator of this Podman crash.",
        why: "Podman 4.8 to 5.6 does not survive a bind mount without a source, or some that are no mounts: \
              the generator dies in the middle, and **no unit of the host** is generated, whoever wrote it.",
        fix: "name type, source and target",
        bad: "[Container]\nMount=type=bind,target=/data",
        good: "[Container]\nMount=type=tmpfs,target=/cache,tmpfs-size=16m,noexec,nosuid,nodev",
        sources: &["Podman 5.7.0 release notes"],
        check: Check::Reading,
    },
    Rule {
        id: "PL022",
        name: "bad-port",
        severity: Severity::Error,
        what: "A port is not written as podman reads ports.",
        why: "Quadlet hands it on, or up to 5.2 refuses the unit; podman refuses to start the container in \
              either case, at every start.",
        fix: "write [IP:]HOST:CONTAINER[/tcp|/udp|/sctp]",
        bad: "[Container]\nNetwork=lan.network\nPublishPort=banana\n# lan.network\n[Network]\nNetworkName=lan",
        good: "[Container]\nNetwork=lan.network\nPublishPort=127.0.0.1:8080:8080\n# lan.network\n[Network]\nNetworkName=lan",
        sources: &["podman-run(1) --publish"],
        check: Check::Reading,
    },
    Rule {
        id: "PL023",
        name: "service-name-collision",
        severity: Severity::Error,
        what: "Two files make a service of the same name, or have the same name.",
        why: "Of two files of one name Podman takes the first it finds, wherever they lie. `web.container` and \
              `web.kube` both become web.service, and the later one overwrites the other without a message.",
        fix: "rename one of them, or give one a ServiceName=",
        bad: "# web.container\n[Container]\nReadOnly=true\n# web.kube\n[Kube]\nYaml=web.yml",
        good: "# web.container\n[Container]\nReadOnly=true\n# site.kube\n[Kube]\nYaml=web.yml\n[Install]\nWantedBy=multi-user.target",
        sources: &["podman-systemd.unit(5)"],
        check: Check::Reading,
    },
    Rule {
        id: "PL024",
        name: "unknown-dependency",
        severity: Severity::Error,
        what: "`[Unit]` names a Quadlet file that is not there, or names one to a Podman that does not know \
              how.",
        why: "From 5.5 on Podman replaces the names of Quadlet files by those of their services, and refuses \
              the unit where it cannot. Before, systemd gets a name that is none and ignores it: the order, or \
              the need, is not there.",
        fix: "name the service: db.service for db.container, data-volume.service for data.volume",
        bad: "# podman 5.8\n[Unit]\nAfter=db.container",
        good: "[Unit]\nAfter=db.service",
        sources: &["Podman 5.5", "podman-systemd.unit(5) dependencies"],
        check: Check::Reading,
    },
    Rule {
        id: "PL025",
        name: "continuation-lost",
        severity: Severity::Error,
        what: "A line is continued, and nothing follows.",
        why: "Podman waits for the rest of the line, comes to the end of the file and drops what it has: the \
              whole assignment is lost without a message.",
        fix: "take the backslash away",
        bad: "# app/api.container\n[Container]\nImage=quay.io/example/api:1.4\nDropCapability=all \\\n# the end",
        good: "[Container]\nDropCapability=all",
        sources: &["podman-systemd.unit(5)", "systemd.syntax(7)"],
        check: Check::Reading,
    },
    Rule {
        id: "PL026",
        name: "drop-in-ignored",
        severity: Severity::Error,
        what: "Podman makes the service without one of the drop-ins that were meant for it.",
        why: "A drop-in that cannot be read is left out and the unit is generated all the same; what it was to \
              change, a limit or a hardening, is not changed.",
        fix: "mend the drop-in; best keep limits in the unit itself",
        bad: "# web.container\n[Container]\nReadOnly=true\n# web.container.d/10-shm.conf\n[Container]\nShmSize",
        good: "# web.container\n[Container]\nReadOnly=true\n# web.container.d/10-shm.conf\n[Container]\nShmSize=16777216",
        sources: &["podman-systemd.unit(5) drop-ins", "Podman 5.0"],
        check: Check::Reading,
    },
    Rule {
        id: "PL027",
        name: "unknown-directive",
        severity: Severity::Error,
        what: "A section that is handed on to systemd holds a directive that systemd does not know.",
        why: "Quadlet does not look at it, and systemd ignores it with a line in the journal: `MemoryMx=512M` \
              is a service without a limit.",
        fix: "write the directive as systemd.directives(7) does; your own begin with X-",
        bad: "[Service]\nMemoryMx=512M",
        good: "[Service]\nMemoryMax=536870912",
        sources: &["systemd.directives(7)"],
        check: Check::Reading,
    },
    Rule {
        id: "PL029",
        name: "not-a-number",
        severity: Severity::Error,
        what: "A key that holds a number has something else.",
        why: "Podman takes what is no number for 0, without a message, and a number that begins with 0 for an \
              octal one: a volume for `User=postgres` belongs to root.",
        fix: "write the number, without zeros before it",
        bad: "# data.volume\n[Volume]\nVolumeName=data\nUser=postgres",
        good: "# data.volume\n[Volume]\nVolumeName=data\nUser=70",
        sources: &["podman-systemd.unit(5)"],
        check: Check::Reading,
    },
    Rule {
        id: "PL030",
        name: "deprecated-key",
        severity: Severity::Warning,
        what: "A key is still read, and is not to be used any more.",
        why: "Deprecated keys get no new features, do not go together with those that replaced them, and will \
              be gone one day, when every unit that has one is refused.",
        fix: "use the key that replaced it",
        bad: "[Container]\nVolatileTmp=true",
        good: "[Container]\nTmpfs=/cache:rw,nosuid,nodev,noexec,size=16777216,mode=1777",
        sources: &["podman-systemd.unit(5)"],
        check: Check::Reading,
    },
    Rule {
        id: "PL031",
        name: "template-never-starts",
        severity: Severity::Error,
        what: "`[Install]` of a template does not say which instance it starts.",
        why: "The links that the generator makes need an instance. Without `DefaultInstance=` it makes none, \
              and nothing starts at boot although the file says so.",
        fix: "add DefaultInstance=, or a link web@NAME.container for every instance",
        bad: "# web@.container\n[Install]\nWantedBy=multi-user.target",
        good: "# web@.container\n[Container]\nContainerName=web-%i\n[Install]\nDefaultInstance=a\nWantedBy=multi-user.target",
        sources: &["podman-systemd.unit(5) template files", "systemd.unit(5) DefaultInstance="],
        check: Check::Reading,
    },
    Rule {
        id: "PL032",
        name: "install-ignored",
        severity: Severity::Error,
        what: "Something in `[Install]` comes to nothing.",
        why: "Quadlet makes the links of `[Install]` itself and knows four of its keys: Alias=, WantedBy=, \
              RequiredBy=, UpheldBy=. It makes nothing of `Also=`, nor of a name with a path in it, and \
              `systemctl enable` does not work for a generated unit.",
        fix: "write WantedBy= into the unit that is to be started",
        bad: "[Install]\nWantedBy=multi-user.target\nAlso=api.service",
        good: "[Install]\nWantedBy=multi-user.target",
        sources: &["podman-systemd.unit(5) enabling unit files"],
        check: Check::Reading,
    },
    Rule {
        id: "PL033",
        name: "assigned-twice",
        severity: Severity::Error,
        what: "A file assigns two values to a key that holds one.",
        why: "Podman takes the last, without a message. The first one is there to be read, to be changed, and \
              to be taken for the truth.",
        fix: "leave the one that is meant",
        bad: "[Container]\nUser=1000\nUser=2000",
        good: "[Container]\nUser=2000",
        sources: &["podman-systemd.unit(5)"],
        check: Check::Reading,
    },
];
