//! The real generator and the real systemd as judges of what we render.
//!
//! `tests/judge/fetch` unpacks two root file systems, each with its own Podman and systemd. Quadlet
//! runs straight on this machine; systemd's verdict is spoken inside the root file system, in a mount
//! namespace that leaves no trace (`tests/judge/verify`).

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::ops::Deref;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::thread;

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// What a dry run says on stderr while all is well: the name of each file that it reads.
const PROGRESS: [&str; 2] = ["Loading source unit file ", "Loading source drop-in file "];

/// Fewer trees than this are not worth a second namespace.
const TREES_PER_NAMESPACE: usize = 16;

/// One root file system: a Podman and a systemd of one release.
#[derive(Debug)]
pub(crate) struct Judge {
    /// "podman 5.4.2"
    pub(crate) name: &'static str,
    root: PathBuf,
}

/// The judges that are on this machine: all of them, or none.
#[derive(Debug)]
pub(crate) struct Judges(&'static [Judge]);

/// What one run of the generator made of a directory.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// 0: nothing failed; 1: some file did; 2: the generator itself; -1: it was killed.
    pub(crate) status: i32,
    pub(crate) stderr: String,
    /// By unit name: "x.service".
    pub(crate) services: BTreeMap<String, GeneratedService>,
}

/// The text of a service as the generator wrote it.
#[derive(Debug)]
pub(crate) struct GeneratedService {
    pub(crate) text: String,
}

/// Both judges, or none and a loud word about it; with `PLIMSOLL_REQUIRE_JUDGES=1` none is a panic.
pub(crate) fn judges() -> Judges {
    static JUDGES: OnceLock<Vec<Judge>> = OnceLock::new();
    Judges(JUDGES.get_or_init(|| {
        let directory = judge_directory();
        match ["trixie", "sid"].map(|suite| Judge::find(&directory.join(suite))) {
            [Ok(oldest), Ok(newest)] => vec![oldest, newest],
            [Err(why), _] | [_, Err(why)] => {
                not_run("the real Podman generators", &format!("{why}\nRun tests/judge/fetch first."));
                Vec::new()
            }
        }
    }))
}

/// Whether systemd can be asked here: [`Judge::verify`] finds nothing wrong where it cannot.
pub(crate) fn can_verify() -> bool {
    namespace().is_some()
}

impl Deref for Judges {
    type Target = [Judge];

    fn deref(&self) -> &[Judge] {
        self.0
    }
}

impl IntoIterator for Judges {
    type Item = &'static Judge;
    type IntoIter = std::slice::Iter<'static, Judge>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl Judge {
    fn find(root: &Path) -> Result<Self, String> {
        let quadlet = root.join("usr/libexec/podman/quadlet");
        let output = Command::new(&quadlet)
            .arg("-version")
            .output()
            .map_err(|error| format!("{}: {error}", quadlet.display()))?;
        let version = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() || version.trim().is_empty() {
            return Err(format!("{} -version: {}", quadlet.display(), output.status));
        }
        let name = format!("podman {}", version.trim());
        Ok(Self { name: name.leak(), root: root.to_owned() })
    }

    /// The generator.
    pub(crate) fn quadlet(&self) -> PathBuf {
        std::path::absolute(self.root.join("usr/libexec/podman/quadlet")).expect("an absolute path")
    }

    /// What the generator makes of a directory of Quadlet files and its sub-directories. They stand for
    /// the whole search path: nothing of this machine is read.
    pub(crate) fn dry_run(&self, unit_dir: &Path, user: bool) -> Verdict {
        let output = self.generator(unit_dir, user);
        Verdict {
            status: output.status.code().unwrap_or(-1),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            services: split_services(&String::from_utf8_lossy(&output.stdout)),
        }
    }

    /// As [`dry_run`](Self::dry_run), with all that the generator wrote.
    pub(crate) fn generator(&self, unit_dir: &Path, user: bool) -> Output {
        let unit_dir = std::path::absolute(unit_dir).expect("the unit directory has an absolute path");
        // A directory that it cannot read ends its search with status 0 and no word.
        assert!(unit_dir.is_dir(), "{}: not a directory", unit_dir.display());
        assert!(
            !unit_dir.to_string_lossy().contains(':'),
            "{}: QUADLET_UNIT_DIRS cannot say a colon",
            unit_dir.display()
        );
        Command::new(self.root.join("usr/libexec/podman/quadlet"))
            .args(["-dryrun", "-no-kmsg-log"])
            .args(user.then_some("-user"))
            .env_clear()
            .env("QUADLET_UNIT_DIRS", unit_dir)
            .env("HOME", "/nonexistent")
            .env("XDG_RUNTIME_DIR", "/run/user/1000")
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Every line that is wrong with a tree that mirrors a host (`etc/containers/systemd`,
    /// `etc/systemd/system` and `user`): what `systemd-analyze verify` says of each unit in it and each
    /// that a real run of the generator adds, and, where that run fails, its own lines after "quadlet: ".
    /// Empty is content; a tree without a unit is not.
    ///
    /// Nothing is filtered. One word is the place's and not the unit's fault: without cgroups there,
    /// `ManagedOOMSwap=kill` and `ManagedOOMMemoryPressure=kill` make a unit fail "to load properly".
    pub(crate) fn verify(&self, tree: &Path) -> Vec<String> {
        self.verify_all(&[tree]).swap_remove(0)
    }

    /// [`verify`](Self::verify) for many trees, in their order; a tree costs some 40 ms.
    /// Says "NOT RUN" and finds nothing wrong where this user cannot have a mount namespace.
    pub(crate) fn verify_all<P: AsRef<Path> + Sync>(&self, trees: &[P]) -> Vec<Vec<String>> {
        let Some(namespace) = namespace() else {
            return vec![Vec::new(); trees.len()];
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let share = trees.len().div_ceil(threads).max(TREES_PER_NAMESPACE);
        thread::scope(|scope| {
            let shares: Vec<_> =
                trees.chunks(share).map(|share| scope.spawn(|| self.verify_share(namespace, share))).collect();
            shares
                .into_iter()
                .flat_map(|share| share.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    }

    fn verify_share<P: AsRef<Path>>(&self, namespace: &[&str], trees: &[P]) -> Vec<Vec<String>> {
        let answers = tempfile::tempdir().expect("a directory for the answers");
        let output = unshare(namespace)
            .arg(Path::new(PROJECT).join("tests/judge/verify"))
            .args([&self.root, answers.path()])
            .args(trees.iter().map(|tree| {
                let tree = tree.as_ref();
                assert!(tree.is_dir(), "{}: not a directory", tree.display());
                std::path::absolute(tree).expect("the tree has an absolute path")
            }))
            .output()
            .expect("unshare ran before");
        (0..trees.len())
            .map(|n| {
                let answer = fs::read_to_string(answers.path().join(n.to_string()));
                let answer = answer.unwrap_or_else(|_| panic!("{}: not judged: {}", self.name, told(&output)));
                answer.lines().map(str::to_owned).collect()
            })
            .collect()
    }
}

impl Verdict {
    /// What stderr says, without the names of the files that were read and without process ids.
    pub(crate) fn complaints(&self) -> Vec<&str> {
        self.stderr
            .lines()
            .map(|line| match line.split_once("]: ") {
                Some((prefix, said)) if prefix.starts_with("quadlet-generator[") => said,
                _ => line,
            })
            .filter(|line| !line.is_empty() && !PROGRESS.iter().any(|progress| line.starts_with(progress)))
            .collect()
    }
}

impl GeneratedService {
    /// Every value of a key, in order, as written; an empty one clears those before it, as in systemd.
    pub(crate) fn values(&self, section: &str, key: &str) -> Vec<String> {
        let mut values = Vec::new();
        let mut inside = false;
        for line in logical_lines(&self.text) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                inside = name == section;
            } else if let Some((name, value)) = line.split_once('=')
                && inside
                && name.trim_end() == key
            {
                match value.trim_start_matches(BLANKS) {
                    "" => values.clear(),
                    value => values.push(value.to_owned()),
                }
            }
        }
        values
    }

    /// The words that systemd would execute, with its quoting, `%%` and `$$` undone. Specifiers and
    /// variables stay as written, so `%N` may have been `%%N`: [`command_line`](Self::command_line) tells them apart.
    pub(crate) fn exec_start(&self) -> Vec<String> {
        self.command_line().iter().map(|word| word.replace("%%", "%").replace("$$", "$")).collect()
    }

    /// The words of the only ExecStart=, with systemd's quoting undone and `%` and `$` as written.
    pub(crate) fn command_line(&self) -> Vec<String> {
        match self.values("Service", "ExecStart").as_slice() {
            [line] => unquote(line).unwrap_or_else(|why| panic!("systemd refuses it: {why}: ExecStart={line}")),
            lines => panic!("one ExecStart= expected, got {lines:#?}"),
        }
    }
}

/// PLIMSOLL_JUDGE_DIR, or where `tests/judge/fetch` puts the root file systems by itself.
fn judge_directory() -> PathBuf {
    let directory = std::env::var_os("PLIMSOLL_JUDGE_DIR").filter(|directory| !directory.is_empty());
    Path::new(PROJECT).join(directory.unwrap_or_else(|| "target/judge".into()))
}

/// How this user gets a mount namespace: options for unshare(1). None, said once, if there is no way.
fn namespace() -> Option<&'static [&'static str]> {
    static NAMESPACE: OnceLock<Option<&[&str]>> = OnceLock::new();
    *NAMESPACE.get_or_init(|| {
        let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        let options: &[&str] = if root { &["--mount"] } else { &["--mount", "--map-root-user", "--map-auto"] };
        let probe = unshare(options).args(["mount", "-t", "tmpfs", "judge", "/tmp"]).output();
        match probe {
            Ok(output) if output.status.success() => Some(options),
            Ok(output) => {
                not_run("systemd's verdict", &format!("no mount namespace: {}", told(&output)));
                None
            }
            Err(error) => {
                not_run("systemd's verdict", &format!("unshare: {error}"));
                None
            }
        }
    })
}

fn unshare(options: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(options).arg("--").env_clear().env("LC_ALL", "C");
    command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

fn told(output: &Output) -> String {
    format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim_end())
}

/// Says on the true stderr, which the test harness does not capture, that a part of the tests is missing.
pub(crate) fn not_run(what: &str, why: &str) {
    let bar = "!".repeat(78);
    let mut text = format!("\n{bar}\n!! NOT RUN: {what}\n");
    for line in why.lines() {
        text += &format!("!!   {line}\n");
    }
    text += &format!("!! Every test that asks them passes without having asked.\n{bar}\n");
    let required = std::env::var_os("PLIMSOLL_REQUIRE_JUDGES").is_some_and(|value| value == "1");
    assert!(!required, "PLIMSOLL_REQUIRE_JUDGES=1:{text}");
    // A closed stderr is no reason to fail.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// The dry run's stdout: each service after a line "---name---".
fn split_services(stdout: &str) -> BTreeMap<String, GeneratedService> {
    let mut services = BTreeMap::new();
    let mut open = None;
    for line in stdout.lines() {
        let name = line.strip_prefix("---").and_then(|line| line.strip_suffix("---"));
        if let Some(name) = name.filter(|name| name.ends_with(".service")) {
            open = Some(name.to_owned());
            let text = String::new();
            let earlier = services.insert(name.to_owned(), GeneratedService { text });
            assert!(earlier.is_none(), "{name} was generated twice");
        } else if let Some(name) = &open {
            let service: &mut GeneratedService = services.get_mut(name).expect("it was inserted when opened");
            service.text += line;
            service.text.push('\n');
        }
    }
    services
}

/// What systemd takes off around a line; other white space of Unicode is text to it.
const BLANKS: [char; 3] = [' ', '\t', '\r'];

/// Lines without comments and blanks, with continuations joined by a space, as systemd reads them.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        let line = line.trim_matches(BLANKS);
        if line.starts_with(['#', ';']) {
            continue;
        }
        open += line;
        if line.ends_with('\\') {
            open.pop();
            open.push(' ');
        } else if !open.is_empty() {
            lines.push(std::mem::take(&mut open));
        }
    }
    lines
}

/// The words of a command line by the rules of systemd.service(5), its prefixes taken off.
fn unquote(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest =
        line.trim_start_matches(BLANKS).trim_start_matches(['@', '-', ':', '+', '!', '|']).chars().peekable();
    while let Some(&first) = rest.peek() {
        if first.is_ascii_whitespace() {
            rest.next();
            continue;
        }
        let mut word = Vec::new();
        let mut bare = String::new();
        let mut quote = None;
        while let Some(char) = rest.next() {
            match char {
                '\\' => {
                    bare.push('\\');
                    // `\;` is a semicolon only as a whole word, which is all that needs it.
                    if quote.is_none() && word.is_empty() && rest.peek() == Some(&';') {
                        continue;
                    }
                    unescape(&mut rest, &mut word)?;
                }
                _ if quote == Some(char) => quote = None,
                '"' | '\'' if quote.is_none() => {
                    bare.push(char);
                    quote = Some(char);
                }
                _ if quote.is_none() && char.is_ascii_whitespace() => break,
                _ => {
                    bare.push(char);
                    word.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
        if quote.is_some() {
            return Err("a quote is left open".to_owned());
        }
        if bare == ";" {
            return Err("a bare ; starts another command".to_owned());
        }
        words.push(String::from_utf8(word).map_err(|error| error.to_string())?);
    }
    Ok(words)
}

/// One C escape, of which the backslash is read.
fn unescape(rest: &mut impl Iterator<Item = char>, word: &mut Vec<u8>) -> Result<(), String> {
    let char = rest.next().ok_or("a backslash at the end")?;
    let mut number = |digits: usize, radix: u32, first: Option<char>| {
        let text: String = first.into_iter().chain(rest.by_ref()).take(digits).collect();
        match u32::from_str_radix(&text, radix) {
            Ok(number) if number != 0 && text.chars().count() == digits => Ok(number),
            _ => Err(format!("no such character: {text}")),
        }
    };
    let byte = |number: u32| u8::try_from(number).map_err(|_| format!("no such byte: {number}"));
    word.push(match char {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        's' => b' ',
        '\\' | '"' | '\'' => char as u8,
        'x' => byte(number(2, 16, None)?)?,
        '0'..='7' => byte(number(3, 8, Some(char))?)?,
        'u' | 'U' => {
            let number = number(if char == 'u' { 4 } else { 8 }, 16, None)?;
            let char = char::from_u32(number).ok_or_else(|| format!("no such character: {number:x}"))?;
            word.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(());
        }
        _ => return Err(format!("unknown escape \\{char}")),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(text: &str) -> GeneratedService {
        GeneratedService { text: text.to_owned() }
    }

    #[test]
    fn a_command_line_is_read_as_systemd_reads_it() {
        let words = |line| unquote(line).unwrap();
        assert_eq!(
            words(r#"-/usr/bin/podman run "a b" 'c"d' e"f g"h"#),
            ["/usr/bin/podman", "run", "a b", "c\"d", "ef gh"]
        );
        assert_eq!(
            words(r#"x a\x20b "c\"d" e\\f \u00e4 \303\244 "" \;"#),
            ["x", "a b", "c\"d", "e\\f", "ä", "ä", "", ";"]
        );
        for refused in [r#"x "open"#, r"x \q", "x ; y", r"x \x00", r"x end\"] {
            assert!(unquote(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_doubled_sign_is_one_and_a_specifier_stays() {
        let service = service("[Service]\nExecStart=podman run --name %N 100%% $$5 ${HOME}\n");
        assert_eq!(service.exec_start(), ["podman", "run", "--name", "%N", "100%", "$5", "${HOME}"]);
        assert_eq!(service.command_line()[4..6], ["100%%", "$$5"]);
    }

    #[test]
    fn values_are_found_by_section_across_repeats_comments_and_continuations() {
        let service = service(
            "[Unit]\nA=no\n[Service]\nA=lost\nA=\nA = one \\\n# comment\n  two\n[X]\nA=no\n[Service]\n;A=no\nA=b=c\n",
        );
        assert_eq!(service.values("Service", "A"), ["one  two", "b=c"]);
        assert!(service.values("Service", "B").is_empty());
    }

    #[test]
    fn complaints_are_what_is_left_of_stderr() {
        let stderr = "quadlet-generator[7]: Loading source unit file /x.container\nquadlet-generator[7]: converting \"x\": bad\npanic: y\n";
        let verdict = Verdict {
            status: 1,
            stderr: stderr.to_owned(),
            services: split_services("---a.service---\n[Service]\nA=1\n\n---b.service---\n"),
        };
        assert_eq!(verdict.complaints(), ["converting \"x\": bad", "panic: y"]);
        assert_eq!(verdict.services["a.service"].values("Service", "A"), ["1"]);
        assert!(verdict.services["b.service"].text.is_empty());
    }
}
