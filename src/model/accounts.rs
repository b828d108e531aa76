//! `/etc/passwd` and `/etc/group` (passwd(5), group(5)): names and their numbers.

/// A line of one of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name.
    pub name: String,
    /// The number of the user, or of the group.
    pub id: u64,
    /// The home of a user; empty for a group.
    pub home: String,
}

/// Reads a file; lines that are no account are left out.
pub fn accounts(text: &str) -> Vec<Account> {
    let account = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let id = fields.get(2)?.parse().ok()?;
        Some(Account { name: fields[0].to_owned(), id, home: fields.get(5).copied().unwrap_or_default().to_owned() })
    };
    text.lines().filter_map(account).collect()
}

/// The first line that is no account, from 1. A file without any account misses its first line.
pub fn no_account(text: &str) -> Option<usize> {
    // Lines of NIS name nobody (passwd(5)).
    let says_something = |line: &str| !line.trim().is_empty() && !line.starts_with(['#', '+', '-']);
    let mut lines = text.lines().enumerate().filter(|(_, line)| says_something(line));
    let broken = lines.clone().find(|(_, line)| accounts(line).is_empty()).map(|(at, _)| at + 1);
    broken.or_else(|| lines.next().is_none().then_some(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_accounts_or_not() {
        let text = "root:x:0:0:root:/root:/bin/sh\n\n# a\n+nis\nweb:x:1000:\n";
        let names: Vec<_> =
            accounts(text).into_iter().map(|account| (account.name, account.id, account.home)).collect();
        assert_eq!(names, [("root".to_owned(), 0, "/root".to_owned()), ("web".to_owned(), 1000, String::new())]);
        assert_eq!(no_account(text), None);
        assert_eq!(no_account("root:x:0:\nx\n"), Some(2));
        assert_eq!(no_account("bad:x:1073741900 :5::/:/x\n"), Some(1));
        assert_eq!(no_account(""), Some(1));
    }
}
