//! Ports and link-layer addresses.

use std::{fmt, net::IpAddr};

use super::Invalid;

/// What `podman network create` takes for no name of a network, as `--network` takes it for a mode (podman 5.4.2).
pub const NETWORK_MODES: &[&str] =
    &["bridge", "container", "default", "host", "none", "ns", "pasta", "private", "slirp4netns"];

/// A link-layer address of one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac([u8; 6]);

impl Mac {
    /// Reads `02:00:5e:10:00:01`.
    ///
    /// # Errors
    /// Refuses what is no address, and an address of a group (the lowest bit of the first byte set).
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let help = "write six bytes in hexadecimal, the first one even, such as `02:00:5e:10:00:01`";
        let refuse = || Invalid::new(format!("`{}` is not a MAC address", text.escape_debug()), help);
        let bytes: Option<Vec<u8>> = text
            .split(':')
            .map(|part| {
                (part.len() == 2 && !part.starts_with('+')).then(|| u8::from_str_radix(part, 16).ok()).flatten()
            })
            .collect();
        let bytes: [u8; 6] = bytes.and_then(|b| b.try_into().ok()).ok_or_else(refuse)?;
        if bytes[0] & 1 == 1 || bytes == [0; 6] {
            return Err(Invalid::new(format!("`{text}` is the address of no single host"), help));
        }
        Ok(Self(bytes))
    }

    /// A locally administered address made of five bytes that somebody derived from a name.
    pub fn local(bytes: [u8; 5]) -> Self {
        let mut address = [0x02; 6];
        address[1..].copy_from_slice(&bytes);
        Self(address)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0;
        write!(f, "{first:02x}")?;
        rest.iter().try_for_each(|byte| write!(f, ":{byte:02x}"))
    }
}

/// One port, or a range of them; from 1 to 65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    /// The first.
    pub first: u16,
    /// The last; equal to the first for a single port.
    pub last: u16,
}

impl PortRange {
    /// Reads `8080` or `8000-8010`.
    ///
    /// # Errors
    /// Refuses 0, more than 65535, and a range that runs backwards.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let refuse = || {
            Invalid::new(
                format!("`{}` is not a port", text.escape_debug()),
                "write a number from 1 to 65535, or a range such as \"8000-8010\"",
            )
        };
        let port = |text: &str| {
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            text.parse::<u16>().ok().filter(|port| digits && *port > 0)
        };
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (port(first), port(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Self { first, last }),
            _ => Err(refuse()),
        }
    }

    /// How many ports.
    pub fn count(self) -> u32 {
        u32::from(self.last) - u32::from(self.first) + 1
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}

/// The protocol of a published port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Protocol {
    /// Reads `tcp`, `udp` or `sctp`.
    ///
    /// # Errors
    /// Names the three.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "tcp" => Ok(Self::Tcp),
            "udp" => Ok(Self::Udp),
            "sctp" => Ok(Self::Sctp),
            _ => Err(Invalid::new(
                format!("`{}` is not a protocol", text.escape_debug()),
                "write `tcp`, `udp` or `sctp`",
            )),
        }
    }

    /// As it is written: `tcp`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }
}

/// A port of the container that the host answers on (podman-run(1), `--publish`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedPort {
    /// The host's address; without one podman listens on all of them.
    pub host_ip: Option<IpAddr>,
    /// The host's port or ports; without one podman picks any.
    pub host: Option<PortRange>,
    /// The container's port or ports, as many as the host's.
    pub container: PortRange,
    /// The protocol; TCP where none is named.
    pub protocol: Option<Protocol>,
}

impl PublishedPort {
    /// Checks that both ranges are equally long.
    ///
    /// # Errors
    /// Says how long each is.
    pub fn checked(self) -> Result<Self, Invalid> {
        match self.host {
            Some(host) if host.count() != self.container.count() => Err(Invalid::new(
                format!("{} ports of the host for {} of the container", host.count(), self.container.count()),
                "both ranges must be equally long",
            )),
            _ => Ok(self),
        }
    }

    /// Reads podman's own spelling: `[[IP:][HOST]:]CONTAINER[/PROTOCOL]`, an IPv6 address in brackets.
    ///
    /// # Errors
    /// Says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let (ports, protocol) = match text.split_once('/') {
            Some((ports, protocol)) => (ports, Some(Protocol::parse(protocol)?)),
            None => (text, None),
        };
        let (rest, container) = ports.rsplit_once(':').map_or((None, ports), |(rest, last)| (Some(rest), last));
        let (ip, host) = match rest {
            None => (None, None),
            Some(rest) => match rest.rsplit_once(':') {
                Some((ip, host)) if !rest.ends_with(']') => (Some(ip), Some(host)),
                _ => (None, Some(rest)),
            },
        };
        let host_ip = ip.map(Self::parse_ip).transpose()?;
        let host = match host {
            None | Some("") => None,
            Some(host) => Some(PortRange::parse(host)?),
        };
        Self { host_ip, host, container: PortRange::parse(container)?, protocol }.checked()
    }

    /// Reads an address, an IPv6 one with or without brackets.
    ///
    /// # Errors
    /// Refuses what is no address.
    pub fn parse_ip(text: &str) -> Result<IpAddr, Invalid> {
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
        bare.parse().map_err(|_| {
            Invalid::new(
                format!("`{}` is not an address of the host", text.escape_debug()),
                "write an IP address, such as `192.0.2.5`",
            )
        })
    }
}

impl fmt::Display for PublishedPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host_ip {
            Some(IpAddr::V6(ip)) => write!(f, "[{ip}]:")?,
            Some(IpAddr::V4(ip)) => write!(f, "{ip}:")?,
            None => {}
        }
        match self.host {
            Some(host) => write!(f, "{host}:")?,
            None if self.host_ip.is_some() => f.write_str(":")?,
            None => {}
        }
        write!(f, "{}", self.container)?;
        self.protocol.map_or(Ok(()), |protocol| write!(f, "/{}", protocol.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_ports() {
        for (text, canonical) in [
            ("80", "80"),
            ("8080:80", "8080:80"),
            ("192.0.2.5:8080:80/tcp", "192.0.2.5:8080:80/tcp"),
            ("192.0.2.5::80", "192.0.2.5::80"),
            ("[2001:db8::1]:8080:80/udp", "[2001:db8::1]:8080:80/udp"),
            ("8000-8010:9000-9010", "8000-8010:9000-9010"),
        ] {
            assert_eq!(PublishedPort::parse(text).map(|p| p.to_string()), Ok(canonical.to_owned()), "{text}");
        }
        for text in [
            "",
            "0:80",
            "80:0",
            "65536:80",
            "8080:80/icmp",
            "1.2.3:80:80",
            "8000-8001:80",
            "90-80:90-80",
            "a:b",
            ":",
            "+1:80",
        ] {
            assert!(PublishedPort::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn macs() {
        assert_eq!(Mac::parse("02:00:5E:10:00:01").map(|m| m.to_string()), Ok("02:00:5e:10:00:01".to_owned()));
        for text in [
            "",
            "02:00:5e:10:00",
            "01:00:5e:10:00:01",
            "02-00-5e-10-00-01",
            "0200.5e10.0001",
            "02:00:5e:10:00:0g",
            "00:00:00:00:00:00",
        ] {
            assert!(Mac::parse(text).is_err(), "{text}");
        }
    }
}
