//! Mutants: cases with something changed that nobody thought of.

use plimsoll::unit::{UnitType, keys};

use super::cases::{Case, Entry, What};

/// What goes where a value is expected.
const ODD: &[&str] = &[
    "",
    " ",
    "\"",
    "'",
    "\\",
    "\"\"",
    "\"a",
    "a\"",
    "'a b",
    "\\x",
    "\\x41",
    "\\n",
    ",",
    ":",
    ";",
    "=",
    "%",
    "%i",
    "%%",
    "$A",
    "a,b",
    "a:b",
    "a=b",
    "a \"\" b",
    "-",
    ".",
    "./a",
    "/",
    "/a",
    "0",
    "1",
    "-1",
    "010",
    "0x1f",
    "true",
    "no",
    "maybe",
    "auto",
    "manual",
    "keep-id",
    "host",
    "none",
    "image",
    "bind",
    "unit",
    "yaml",
    "file",
    "mixed",
    "process",
    "oneshot",
    "simple",
    "x.container",
    "x.volume",
    "x.network",
    "x.pod",
    "x.image",
    "x.build",
    "x.kube",
    "x.artifact",
    "gone.network",
    "gone.volume:/a",
    "80",
    "80:80",
    "80/tcp",
    "banana",
    "type=bind",
    "type=bind,source=/a,target=/b",
    "type=volume,target=/a",
    "type=tmpfs,target=/a",
    "source=",
    "\u{a0}",
    "ž",
    "http://a",
    "github.com/a",
];

/// What goes between lines.
const LINES: &[&str] = &[
    "",
    "#",
    "; a",
    "[",
    "[]",
    "[Container]",
    "[Pod]",
    "[Network]",
    "[Volume]",
    "[Service]",
    "[Unit]",
    "[Install]",
    "[Quadlet]",
    "[Containr]",
    "[X-A]",
    "a",
    "=",
    "a=",
    "Image=",
    "Image=quay.io/acme/b",
    "After=x.container",
    "KillMode=process",
    "Type=oneshot",
    "\\",
    "Exec=a \\",
    "WantedBy=a.target",
    "DefaultDependencies=no",
    "ServiceName=y",
    "Rootfs=/a",
    "Pod=x.pod",
    "Network=",
    "Mount=",
    "Volume=",
];

/// What flipped characters become.
const CHARS: &[char] = &[
    'a', 'Z', '0', ' ', '\t', '\r', '\n', '"', '\'', '\\', '=', ':', ',', ';', '#', '[', ']', '/', '.', '-', '@', '%',
    '\0', '\u{feff}', '\u{85}', 'ž',
];

/// The same mutants for the same seed.
#[derive(Debug)]
pub(super) struct Mutator<'a> {
    seeds: &'a [Case],
    state: u64,
}

impl<'a> Mutator<'a> {
    pub(super) fn new(seeds: &'a [Case], seed: u64) -> Self {
        // Neighbouring seeds must not begin at neighbouring places of one sequence.
        Self { seeds, state: scatter(seed) }
    }

    /// The next mutant.
    pub(super) fn next(&mut self) -> Case {
        let at = self.below(self.seeds.len());
        let mut case = self.seeds[at].clone();
        for _ in 0..=self.below(3) {
            self.change(&mut case);
        }
        case
    }

    fn change(&mut self, case: &mut Case) {
        let files: Vec<usize> =
            (0..case.entries.len()).filter(|&at| matches!(case.entries[at].what, What::File(_))).collect();
        let Some(&at) = self.pick(&files) else { return };
        if self.below(12) == 0 {
            return self.rename(case, at);
        }
        let Entry { path, what: What::File(bytes) } = &mut case.entries[at] else { return };
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let unit_type = path.split('/').next_back().and_then(UnitType::of_file).map(|(_, unit_type)| unit_type);
        self.change_lines(&mut lines, unit_type);
        let mut text = lines.join("\n");
        if self.below(8) > 0 {
            text.push('\n');
        }
        if self.below(30) == 0 {
            let end = self.below(text.chars().count() + 1);
            text = text.chars().take(end).collect();
        }
        *bytes = text.into_bytes();
    }

    fn change_lines(&mut self, lines: &mut Vec<String>, unit_type: Option<UnitType>) {
        if lines.is_empty() {
            lines.push(String::new());
        }
        let at = self.below(lines.len());
        let other = self.below(lines.len());
        match self.below(12) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[other].clone()),
            2 => lines.swap(at, other),
            3 => {
                let line = *self.pick(LINES).unwrap();
                lines.insert(at, line.to_owned());
            }
            4 => {
                let mut chars: Vec<char> = lines[at].chars().collect();
                let place = self.below(chars.len() + 1);
                let c = *self.pick(CHARS).unwrap();
                if place < chars.len() && self.below(2) == 0 {
                    chars[place] = c;
                } else {
                    chars.insert(place, c);
                }
                lines[at] = chars.into_iter().collect();
            }
            5 => {
                if let (Some((key, _)), Some((_, value))) = (lines[at].split_once('='), lines[other].split_once('=')) {
                    lines[at] = format!("{key}={value}");
                }
            }
            6 | 7 => {
                let odd = *self.pick(ODD).unwrap();
                if let Some((key, _)) = lines[at].split_once('=') {
                    lines[at] = format!("{key}={odd}");
                }
            }
            8 => {
                let odd = *self.pick(ODD).unwrap();
                if let Some((key, value)) = lines[at].split_once('=') {
                    let place = self.below(value.chars().count() + 1);
                    let (before, after): (String, String) =
                        (value.chars().take(place).collect(), value.chars().skip(place).collect());
                    lines[at] = format!("{key}={before}{odd}{after}");
                }
            }
            9 => lines[at].push('\\'),
            _ => {
                let group = unit_type.map_or("Container", UnitType::group);
                let key = self.pick(keys::keys(group)).unwrap().name;
                let odd = *self.pick(ODD).unwrap();
                let place =
                    lines.iter().position(|line| line.starts_with(&format!("[{group}"))).map_or(at, |at| at + 1);
                lines.insert(place, format!("{key}={odd}"));
            }
        }
    }

    fn rename(&mut self, case: &mut Case, at: usize) {
        let path = case.entries[at].path.clone();
        let (dir, name) =
            path.rsplit_once('/').map_or((String::new(), path.as_str()), |(dir, name)| (format!("{dir}/"), name));
        let (stem, suffix) = name.rsplit_once('.').unwrap_or((name, ""));
        let other = *self.pick(UnitType::all()).unwrap();
        case.entries[at].path = match self.below(8) {
            0 => format!("{dir}{stem}{}", other.suffix()),
            1 => format!("sub/{path}"),
            2 => format!("{dir}{stem}@.{suffix}"),
            3 => format!("{dir}{stem}@1.{suffix}"),
            4 => format!("{dir}a-{stem}.{suffix}"),
            5 => format!("{dir}{name}.d/a.conf"),
            6 => format!("{dir}{stem}{suffix}"),
            _ => format!("{dir}conf.d/{name}"),
        };
    }

    fn pick<'t, T>(&mut self, items: &'t [T]) -> Option<&'t T> {
        if items.is_empty() { None } else { items.get(self.below(items.len())) }
    }

    /// A number below `end`. SplitMix64: small, and good enough for dice.
    fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        usize::try_from(scatter(self.state) % end as u64).unwrap()
    }
}

fn scatter(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
