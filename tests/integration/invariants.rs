//! The load line on the text of the units: I1 to I14, each layer read with a parser of its own dialect.

use std::collections::BTreeMap;

use plimsoll::render::{Bundle, RenderedFile};
use plimsoll::unit::keys;
use plimsoll::unit::split::{Mode, split};
use proptest::prelude::*;

use crate::catalogs::{Assignment, naive, render_dir, render_files, standing, values};
use crate::random::any_seed;

/// Digits, and nothing else: no sign, no exponent, no separator.
fn integer(text: &str) -> Result<u64, String> {
    let digits =
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let number = text.parse().ok().filter(|_| digits);
    number.ok_or_else(|| format!("I10: {text} is no integer"))
}

/// A size as systemd reads it: config_parse_memory_limit, base 1024.
fn systemd_bytes(text: &str) -> Result<u64, String> {
    let bytes = integer(text)?;
    if bytes == u64::MAX { Err(format!("{text} means no limit to systemd")) } else { Ok(bytes) }
}

/// A size as podman reads it: a number, through a 64-bit float, and a unit.
fn podman_bytes(text: &str) -> Result<u64, String> {
    let number = text.strip_suffix('b').ok_or_else(|| format!("{text}: a size without its unit"))?;
    integer(number)?;
    let float: f64 = number.parse().map_err(|_| format!("{text} is no number"))?;
    // Go's int64(float) has no bits for it from here on.
    if float >= 9_223_372_036_854_775_808.0 {
        return Err(format!("{text} is a negative number to podman"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as podman does")]
    Ok(float as u64)
}

/// `CPUQuota=` in microseconds of each 100 ms: at most two places, as systemd reads it.
fn systemd_quota(text: &str) -> Result<u64, String> {
    let percent = text.strip_suffix('%').ok_or_else(|| format!("CPUQuota={text} has no %"))?;
    let (whole, places) = percent.split_once('.').unwrap_or((percent, ""));
    if places.len() > 2 || percent.ends_with('.') || !places.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("I10: CPUQuota={text}"));
    }
    let hundredths: u64 = format!("{places:0<2}").parse().map_err(|_| format!("CPUQuota={text}"))?;
    Ok((integer(whole)? * 100 + hundredths) * 10)
}

/// `--cpus` in microseconds of each 100 ms: a float, cut off.
fn podman_quota(text: &str) -> Result<u64, String> {
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') || text.starts_with('.') || text.ends_with('.') {
        return Err(format!("I10: --cpus={text}"));
    }
    let cores: f64 = text.parse().map_err(|_| format!("--cpus={text}"))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as podman does")]
    Ok((cores * 100_000.0) as u64)
}

/// A time span of systemd in microseconds, the units that the tests use; `None` is forever.
fn systemd_span(text: &str) -> Result<Option<u64>, String> {
    if text == "infinity" {
        return Ok(None);
    }
    let mut total = 0;
    for part in text.split(' ') {
        let unit_at = part.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(part.len());
        let factor = match &part[unit_at..] {
            "ms" => 1_000,
            "" | "s" => 1_000_000,
            "min" => 60_000_000,
            "h" => 3_600_000_000_u64,
            unit => return Err(format!("{text}: the unit {unit}")),
        };
        let (whole, tenths) = part[..unit_at].split_once('.').unwrap_or((&part[..unit_at], "0"));
        if tenths.len() != 1 {
            return Err(format!("{text}: more places than the tests use"));
        }
        total += integer(whole)? * factor + integer(tenths)? * factor / 10;
    }
    Ok(Some(total))
}

/// Every invariant of a bundle; the first that does not hold.
fn check(bundle: &Bundle) -> Result<(), String> {
    let mut containers = 0;
    for file in &bundle.files {
        let lines = naive(&file.text).map_err(|why| format!("{}: {why}", file.path))?;
        once(&lines).map_err(|why| format!("{}: {why}", file.path))?;
        if file.path.ends_with(".container") {
            containers += 1;
            container(bundle, file, &lines).map_err(|why| format!("{}: {why}\n{}", file.path, file.text))?;
        }
    }
    if containers == 0 { Err("no container".to_owned()) } else { Ok(()) }
}

/// The only value of a key.
fn one<'a>(lines: &'a [Assignment], section: &str, key: &str) -> Result<Option<&'a str>, String> {
    match values(lines, section, key).as_slice() {
        [] => Ok(None),
        [value] => Ok(Some(value)),
        several => Err(format!("I9: {key}= is {several:?}")),
    }
}

fn required<'a>(lines: &'a [Assignment], section: &str, key: &str) -> Result<&'a str, String> {
    one(lines, section, key)?.ok_or_else(|| format!("no {key}= in [{section}]"))
}

/// I9 within the file: what holds one value has one.
fn once(lines: &[Assignment]) -> Result<(), String> {
    let lists = [
        "After",
        "Before",
        "Requires",
        "Wants",
        "BindsTo",
        "PartOf",
        "Documentation",
        "IPAddressAllow",
        "OnFailure",
        "ConditionPathExists",
        "ExecStartPre",
    ];
    for line in lines {
        let list = keys::key(&line.section, &line.key).map_or(lists.contains(&line.key.as_str()), |key| key.list);
        if !list {
            one(lines, &line.section, &line.key)?;
        }
    }
    Ok(())
}

/// What the arguments for podman say, flag by flag.
fn arguments(lines: &[Assignment]) -> Result<BTreeMap<String, String>, String> {
    let mut flags = BTreeMap::new();
    for line in values(lines, "Container", "PodmanArgs") {
        for word in split(line, Mode::Args).into_texts() {
            let (flag, value) = word.split_once('=').unwrap_or((&word, ""));
            let several = matches!(flag, "--add-host" | "--log-opt" | "--label" | "--group-add" | "--network-alias");
            if flags.insert(flag.to_owned(), value.to_owned()).is_some() && !several {
                return Err(format!("I9: {flag} twice"));
            }
        }
    }
    Ok(flags)
}

fn container(bundle: &Bundle, file: &RenderedFile, lines: &[Assignment]) -> Result<(), String> {
    let flags = arguments(lines)?;
    let flag = |name: &str| flags.get(name).map(String::as_str);
    let service = |key: &str| one(lines, "Service", key);

    for (flag, key) in [
        ("--pids-limit", "PidsLimit"),
        ("--shm-size", "ShmSize"),
        ("--stop-timeout", "StopTimeout"),
        ("--stop-signal", "StopSignal"),
        ("--image-volume", "ImageVolume"),
        ("--http-proxy", "HttpProxy"),
        ("--read-only", "ReadOnly"),
        ("--userns", "UserNS"),
        ("--entrypoint", "Entrypoint"),
        ("--umask", "Umask"),
    ] {
        if flags.contains_key(flag) && one(lines, "Container", key)?.is_some() {
            return Err(format!("I9: {flag} beside {key}="));
        }
    }

    let slice = required(lines, "Service", "Slice")?;
    let slice_file = bundle.files.iter().find(|other| other.file_name() == slice);
    let slice_file = slice_file.ok_or_else(|| format!("I14: no file {slice}"))?;
    let beneath = if file.path.contains("/users/") { "etc/systemd/user/" } else { "etc/systemd/system/" };
    if slice_file.path != format!("{beneath}{slice}") {
        return Err(format!("I14: {slice} lies in {}", slice_file.path));
    }
    let slice_lines = naive(&slice_file.text)?;
    let of_slice = |key: &str| one(&slice_lines, "Slice", key);

    match (service("MemoryMax")?, flag("--memory")) {
        (Some(max), Some(memory)) => {
            let swap_both = flag("--memory-swap").ok_or("I3: no --memory-swap")?;
            let (max, memory, both) = (systemd_bytes(max)?, podman_bytes(memory)?, podman_bytes(swap_both)?);
            let high = systemd_bytes(required(lines, "Service", "MemoryHigh")?)?;
            let swap = systemd_bytes(required(lines, "Service", "MemorySwapMax")?)?;
            if memory != max {
                return Err(format!("I1: {memory} for podman, {max} for systemd"));
            }
            if high > max || high == 0 || max == 0 {
                return Err(format!("I2: MemoryHigh={high}, MemoryMax={max}"));
            }
            if both < memory || swap != both - memory {
                return Err(format!("I3: --memory-swap={both}, --memory={memory}, MemorySwapMax={swap}"));
            }
            let of_slice_max = of_slice("MemoryMax")?.ok_or("I8: the slice has no MemoryMax=")?;
            let of_slice_swap = of_slice("MemorySwapMax")?.ok_or("I8: the slice has no MemorySwapMax=")?;
            if systemd_bytes(of_slice_max)? < max || systemd_bytes(of_slice_swap)? < swap {
                return Err(format!("I8: the slice has {of_slice_max} and {of_slice_swap}"));
            }
        }
        (None, None) => {
            let lone = [service("MemoryHigh")?, service("MemorySwapMax")?, flag("--memory-swap")];
            if lone.iter().any(Option::is_some) {
                return Err("I13: swap or MemoryHigh= without memory".to_owned());
            }
        }
        (service, podman) => return Err(format!("I13: memory is {service:?} for systemd, {podman:?} for podman")),
    }

    match (service("CPUQuota")?, flag("--cpus")) {
        (Some(quota), Some(cpus)) => {
            let (of_systemd, of_podman) = (systemd_quota(quota)?, podman_quota(cpus)?);
            if !(of_podman..=of_podman + 1).contains(&of_systemd) {
                return Err(format!("I4: {of_systemd} us for systemd, {of_podman} us for podman"));
            }
            let of_slice = of_slice("CPUQuota")?.ok_or("I8: the slice has no CPUQuota=")?;
            if systemd_quota(of_slice)? < of_systemd {
                return Err(format!("I8: the slice has {of_slice}"));
            }
        }
        (None, None) => {}
        (service, podman) => return Err(format!("I13: cpus are {service:?} for systemd, {podman:?} for podman")),
    }

    match (service("TasksMax")?, one(lines, "Container", "PidsLimit")?) {
        (Some(tasks), Some(pids)) => {
            let (tasks, pids) = (integer(tasks)?, integer(pids)?);
            if pids == 0 || tasks < pids + 64 {
                return Err(format!("I5: TasksMax={tasks} for PidsLimit={pids}"));
            }
            let of_slice = of_slice("TasksMax")?.ok_or("I8: the slice has no TasksMax=")?;
            if integer(of_slice)? < tasks {
                return Err(format!("I8: the slice has {of_slice}"));
            }
        }
        (service, podman) => return Err(format!("I13: tasks are {service:?} for systemd, {podman:?} for podman")),
    }

    let stop = match (one(lines, "Container", "StopTimeout")?, flag("--stop-timeout")) {
        (Some(stop), None) | (None, Some(stop)) => integer(stop)?,
        other => return Err(format!("I6: podman's stop timeout is {other:?}")),
    };
    let span = systemd_span(required(lines, "Service", "TimeoutStopSec")?)?;
    if span.is_some_and(|span| span < (stop + 10) * 1_000_000) {
        return Err(format!("I6: {span:?} us for {stop} s"));
    }

    let sec = systemd_span(required(lines, "Service", "RestartSec")?)?.ok_or("I7: RestartSec=infinity")?;
    let burst = integer(required(lines, "Unit", "StartLimitBurst")?)?;
    let interval = systemd_span(required(lines, "Unit", "StartLimitIntervalSec")?)?;
    if burst == 0 || interval.is_some_and(|interval| interval <= burst * (sec + 1_000_000)) {
        return Err(format!("I7: {burst} starts, {sec} us apart, in {interval:?} us"));
    }

    let mode = one(lines, "Container", "CgroupsMode")?;
    if mode.is_some_and(|mode| mode != "split") || flag("--cgroups").is_some() || flag("--cgroup-parent").is_some() {
        return Err("I11: the container leaves its service's cgroup".to_owned());
    }
    if one(lines, "Container", "Memory")?.is_some()
        || flags.keys().any(|flag| matches!(flag.as_str(), "--pids-limit" | "-m" | "--cpu-quota" | "--cpu-period"))
    {
        return Err("I12: another limit".to_owned());
    }
    integer(required(lines, "Container", "ShmSize")?)?;
    for key in ["CPUWeight", "IOWeight"] {
        service(key)?.map(integer).transpose()?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn the_load_line_of_every_catalog_holds(seed in any_seed()) {
        let catalog = seed.build("r");
        let bundle = render_files(&catalog.files).map_err(|why| TestCaseError::fail(format!("{why:#?}\n{:#?}", catalog.files)))?;
        check(&bundle).map_err(TestCaseError::fail)?;
        prop_assert_eq!(bundle.files.iter().filter(|file| file.path.ends_with(".container")).count(), catalog.services.len());
    }
}

#[test]
fn the_load_line_of_the_standing_catalogs_holds() {
    for (name, dir) in standing() {
        let bundle = render_dir(&dir).unwrap_or_else(|why| panic!("{name}: {why:#?}"));
        check(&bundle).unwrap_or_else(|why| panic!("{name}: {why}"));
    }
}

/// Every thousandth of a CPU up to four, and a sample up to the most that Linux has: systemd and podman grant the same,
/// but for the microsecond that podman's float loses.
#[test]
fn both_spellings_of_cpus_grant_the_same() {
    let sample = (10..4000_u32).chain((4000..8_192_000).step_by(997)).chain([290, 570, 8_192_000]);
    for millis in sample {
        let cpus = plimsoll::model::Cpus::from_millis(millis).unwrap();
        let (of_systemd, of_podman) = (systemd_quota(&cpus.quota()).unwrap(), podman_quota(&cpus.to_string()).unwrap());
        assert_eq!(of_systemd, u64::from(millis) * 100);
        assert!((0..=1).contains(&(of_systemd - of_podman)), "{cpus}");
    }
}

/// A name of systemd's has at most 255 characters, and in a slice each `-` of a name takes four.
#[test]
fn the_longest_names_make_units_that_systemd_takes_or_none() {
    let files = |slice: &str, stack: &str, stem: &str| {
        [
            ("catalog.toml".to_owned(), format!("slice.name = \"{slice}\"\n")),
            (format!("{stack}/{stem}.toml"), "image = \"quay.io/a/b:1\"\n".to_owned()),
        ]
    };
    let (letters, dashes) = ("a".repeat(48), format!("a{}", "-".repeat(47)));
    let bundle = render_files(&files(&letters, &letters, &letters)).unwrap();
    assert!(bundle.files.iter().all(|file| file.file_name().len() <= 255));
    let bundle = render_files(&files("services", "forge", &dashes)).unwrap();
    assert!(bundle.files.iter().all(|file| file.file_name().len() <= 255));
    for names in [[&*dashes, "forge", &dashes], ["services", &dashes, &dashes], [&*dashes, &dashes, &dashes]] {
        let why = render_files(&files(names[0], names[1], names[2])).unwrap_err();
        assert!(why.iter().any(|why| why.contains("systemd takes 255")), "{why:?}");
    }
}

/// The check itself: each line of the load line, changed by a little, is seen.
#[test]
fn the_check_sees_a_line_that_is_off() {
    let files = [(
        "web.toml".to_owned(),
        "image = \"quay.io/a/b:1\"\nlimits = { memory = \"512M\", swap = \"1M\", cpus = 0.29 }\n".to_owned(),
    )];
    let bundle = render_files(&files).unwrap();
    assert_eq!(check(&bundle), Ok(()));
    for (which, from, to) in [
        ("I1", "--memory=536870912b", "--memory=536870911b"),
        ("I1", "--memory=536870912b", "--memory=536870913b"),
        ("I2", "MemoryHigh=536870912", "MemoryHigh=536870913"),
        ("I3", "--memory-swap=537919488b", "--memory-swap=536870912b"),
        (
            "I3",
            "MemorySwapMax=1048576\nCPUQuota=29%\nTasksMax=320\n\nOOM",
            "MemorySwapMax=0\nCPUQuota=29%\nTasksMax=320\n\nOOM",
        ),
        ("I4", "--cpus=0.29", "--cpus=0.28"),
        ("I4", "--cpus=0.29", "--cpus=0.291"),
        ("I5", "PidsLimit=256", "PidsLimit=257"),
        ("I6", "StopTimeout=60", "StopTimeout=61"),
        ("I7", "StartLimitIntervalSec=300", "StartLimitIntervalSec=55"),
        ("I8", "[Slice]\nMemoryMax=536870912", "[Slice]\nMemoryMax=536870911"),
        ("I8", "CPUQuota=29%\nTasksMax=320\n", "TasksMax=320\n"),
        ("I9", "PidsLimit=256", "PidsLimit=256\nPidsLimit=255"),
        ("I9", "--cpus=0.29", "--cpus=0.29\nPodmanArgs=--cpus=3"),
        ("I10", "TasksMax=320", "TasksMax=3_20"),
        ("I10", "--memory=536870912b", "--memory=5.36870912e8b"),
        ("I11", "PidsLimit=256", "PidsLimit=256\nCgroupsMode=enabled"),
        ("I11", "--cpus=0.29", "--cpus=0.29\nPodmanArgs=--cgroups=disabled"),
        ("I12", "PidsLimit=256", "PidsLimit=256\nMemory=1g"),
        ("I13", "PodmanArgs=--cpus=0.29\n", ""),
        ("I14", "Slice=services-web.slice", "Slice=services-wep.slice"),
    ] {
        let mut broken = bundle.clone();
        let mut found = false;
        for file in &mut broken.files {
            found |= file.text.contains(from);
            file.text = file.text.replace(from, to).into();
        }
        assert!(found, "{from} is not in the bundle");
        let why = check(&broken).expect_err(to);
        assert!(why.contains(which) || which == "I8" && why.contains("I13"), "{which}: {why}");
    }
}
