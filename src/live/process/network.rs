//! `/proc/PID/net`: what there is to read of a process's network. Addresses of the link are not among it.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The interfaces of `net/dev`.
pub fn interfaces(text: &str) -> Vec<&str> {
    // Two lines of heading; a name holds no space, but it may hold a colon (an alias).
    let lines = text.lines().skip(2).filter_map(|line| line.trim_start().split_ascii_whitespace().next());
    lines.filter_map(|word| word.rsplit_once(':').map(|(name, _)| name)).filter(|name| !name.is_empty()).collect()
}

/// The IPv4 addresses of `net/fib_trie` that are the namespace's own: `|-- 192.0.2.5` with `/32 host LOCAL` below.
pub fn addresses_v4(text: &str) -> Vec<Ipv4Addr> {
    let mut addresses: Vec<Ipv4Addr> = Vec::new();
    let mut last: Option<Ipv4Addr> = None;
    for line in text.lines() {
        let line = line.trim();
        if let Some(leaf) = line.strip_prefix("|-- ") {
            last = leaf.parse().ok();
        } else if line.starts_with("/32 ") && line.ends_with(" LOCAL") {
            addresses.extend(last);
        } else if line.starts_with("+--") {
            last = None;
        }
    }
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// The IPv6 addresses of `net/if_inet6`: 32 hexadecimal digits at the beginning of each line.
pub fn addresses_v6(text: &str) -> Vec<Ipv6Addr> {
    let address = |line: &str| {
        let digits = line.split_ascii_whitespace().next().filter(|digits| digits.len() == 32)?;
        let clean = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        clean.then(|| u128::from_str_radix(digits, 16).ok()).flatten().map(Ipv6Addr::from)
    };
    text.lines().filter_map(address).collect()
}

/// The MAC addresses that link-local addresses are made of (RFC 4291, appendix A).
pub fn macs(addresses: &[Ipv6Addr]) -> Vec<[u8; 6]> {
    let mac = |address: &Ipv6Addr| {
        let octets = address.octets();
        let interface: [u8; 5] = match octets {
            [0xfe, 0x80, 0, 0, 0, 0, 0, 0, _, high @ .., 0xff, 0xfe, _, _, _] => {
                let [second, third] = high;
                [second, third, octets[13], octets[14], octets[15]]
            }
            _ => return None,
        };
        let mut mac = [octets[8] ^ 2; 6];
        mac[1..].copy_from_slice(&interface);
        Some(mac)
    };
    addresses.iter().filter_map(mac).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRIE: &str = "\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.99.0.0/24 2 0 2
        |-- 10.99.0.0
           /24 link UNICAST
        |-- 10.99.0.150
           /32 host LOCAL
        |-- 10.99.0.255
           /32 link BROADCAST
Local:
        |-- 10.99.0.150
           /32 host LOCAL
        |-- 127.0.0.1
           /32 host LOCAL
";

    #[test]
    fn interfaces_are_named() {
        let text =
            "Inter-|   Receive  |  Transmit\n face |bytes    packets|bytes\n    lo: 0 0 0\n  eth0:1234 5\nx:1: 2\n";
        assert_eq!(interfaces(text), ["lo", "eth0", "x:1"]);
        assert!(interfaces("one\ntwo\nthree\n: 4\n").is_empty());
    }

    #[test]
    fn own_addresses_are_found() {
        assert_eq!(addresses_v4(TRIE), [Ipv4Addr::new(10, 99, 0, 150), Ipv4Addr::LOCALHOST]);
        assert!(addresses_v4("|-- 10.0.0.300\n/32 host LOCAL\n/32 LOCAL\n").is_empty());
        let six = "fe8000000000000000e0fafffe000001 02 40 20 80     eth0\n00000000000000000000000000000001 01 80 10 80 lo\n\
            +e8000000000000000e0fafffe000001 02\nfe80 1\n";
        let read = addresses_v6(six);
        assert_eq!(read, ["fe80::e0:faff:fe00:1".parse::<Ipv6Addr>().unwrap(), Ipv6Addr::LOCALHOST]);
        assert_eq!(macs(&read), [[0x02, 0xe0, 0xfa, 0, 0, 1]]);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "([ +|-]{0,4}[0-9./: ]{0,20}(LOCAL)?\\n){0,6}|[0-9a-f]{30,34}|\\PC{0,60}") {
            let _ = (interfaces(&text), addresses_v4(&text), macs(&addresses_v6(&text)));
        }
    }
}
