//! Which IP addresses a download of a user's URL may not reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Credentials of the machine are served there: never allowed.
    CloudMetadata,
    /// Not on the public internet: allowed when the part says `allow-local`.
    Private,
}

/// IPv4 networks that are not public: address and prefix length.
const PRIVATE_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),       // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // carrier-grade NAT
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // 6to4 relay
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved, broadcast
];

const PRIVATE_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::UNSPECIFIED, 128),
    (Ipv6Addr::LOCALHOST, 128),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64),      // discard
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32),     // Teredo
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),      // unique local
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),     // link-local
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10),     // site-local
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),      // multicast
];

const METADATA_V4: &[Ipv4Addr] = &[
    Ipv4Addr::new(169, 254, 169, 254), // EC2 and most other clouds
    Ipv4Addr::new(169, 254, 170, 2),   // ECS
    Ipv4Addr::new(169, 254, 170, 23),  // EKS Pod Identity
    Ipv4Addr::new(168, 63, 129, 16),   // Azure
    Ipv4Addr::new(100, 100, 100, 200), // Alibaba
    Ipv4Addr::new(192, 0, 0, 192),     // Oracle
    Ipv4Addr::new(169, 254, 42, 42),   // Scaleway
    Ipv4Addr::new(169, 254, 0, 23),    // Tencent
];

const METADATA_V6: &[Ipv6Addr] = &[
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), // EC2
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),  // EKS Pod Identity
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),  // Google
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),   // Scaleway
];

/// Where a translator may keep an IPv4 address inside an IPv6 one: the offsets of its four bytes.
const NAT64_64: [usize; 4] = [9, 10, 11, 12];
const NAT64_56: [usize; 4] = [7, 9, 10, 11];
const NAT64_48: [usize; 4] = [6, 7, 9, 10];
const NAT64_40: [usize; 4] = [5, 6, 7, 9];
const NAT64_32: [usize; 4] = [4, 5, 6, 7];
const LOW_32: [usize; 4] = [12, 13, 14, 15];
const SIX_TO_FOUR: [usize; 4] = [2, 3, 4, 5];

/// Why `address` may not be reached, if so.
pub(super) fn refusal(address: IpAddr) -> Option<Refusal> {
    let (metadata, private) = match address {
        IpAddr::V4(v4) => (METADATA_V4.contains(&v4), is_private_v4(v4)),
        IpAddr::V6(v6) => (is_metadata_v6(v6), is_private_v6(v6)),
    };
    if metadata { Some(Refusal::CloudMetadata) } else { private.then_some(Refusal::Private) }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    PRIVATE_V4.iter().any(|(network, length)| (bits ^ u32::from(*network)) >> (32 - length) == 0)
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let bits = u128::from(address);
    let listed = PRIVATE_V6
        .iter()
        .any(|(network, length)| (bits ^ u128::from(*network)).checked_shr(128 - length).unwrap_or(0) == 0);
    listed || routed_v4(address).into_iter().any(is_private_v4)
}

/// Metadata addresses are so few that every place where an IPv4 address may hide is looked at: a chance match is all
/// but impossible, and translators with prefixes of their own are covered.
fn is_metadata_v6(address: Ipv6Addr) -> bool {
    let octets = address.octets();
    let places = [NAT64_32, NAT64_40, NAT64_48, NAT64_56, NAT64_64, LOW_32, SIX_TO_FOUR];
    METADATA_V6.contains(&address)
        || places.iter().any(|place| METADATA_V4.contains(&embedded(&octets, *place)))
        || (octets[..4] == [0x20, 0x01, 0, 0] && METADATA_V4.contains(&!embedded(&octets, LOW_32)))
}

/// The IPv4 addresses that `address` is known to be routed to.
fn routed_v4(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let octets = address.octets();
    let mapped_or_compatible = octets[..10] == [0; 10] && (octets[10..12] == [0; 2] || octets[10..12] == [0xff; 2]);
    let isatap = matches!(octets[8..12], [0 | 2, 0, 0x5e, 0xfe]);
    let places: &[[usize; 4]] = if mapped_or_compatible || isatap {
        &[LOW_32]
    } else if octets[..2] == [0x20, 0x02] {
        &[SIX_TO_FOUR]
    } else if octets[..12] == [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0] {
        &[LOW_32]
    } else if octets[..6] == [0, 0x64, 0xff, 0x9b, 0, 1] {
        &[NAT64_48, NAT64_56, NAT64_64, LOW_32]
    } else {
        &[]
    };
    places.iter().map(|place| embedded(&octets, *place)).collect()
}

fn embedded(octets: &[u8; 16], [a, b, c, d]: [usize; 4]) -> Ipv4Addr {
    Ipv4Addr::new(octets[a], octets[b], octets[c], octets[d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_refused_for_what_they_reach() {
        use Refusal::{CloudMetadata, Private};
        let table = [
            ("8.8.8.8", None),
            ("172.15.255.255", None),
            ("172.32.0.0", None),
            ("2606:4700:4700::1111", None),
            ("2002:0808:0808::1", None),
            ("0.0.0.0", Some(Private)),
            ("10.1.2.3", Some(Private)),
            ("100.64.0.1", Some(Private)),
            ("127.0.0.1", Some(Private)),
            ("127.255.255.254", Some(Private)),
            ("169.254.1.1", Some(Private)),
            ("172.16.0.1", Some(Private)),
            ("172.31.255.255", Some(Private)),
            ("192.168.1.1", Some(Private)),
            ("198.19.0.1", Some(Private)),
            ("224.0.0.1", Some(Private)),
            ("255.255.255.255", Some(Private)),
            ("::", Some(Private)),
            ("::1", Some(Private)),
            ("fe80::1", Some(Private)),
            ("fd12:3456::1", Some(Private)),
            ("ff02::1", Some(Private)),
            ("::ffff:127.0.0.1", Some(Private)),
            ("::ffff:10.0.0.1", Some(Private)),
            ("::127.0.0.1", Some(Private)),
            ("64:ff9b::10.0.0.1", Some(Private)),
            ("64:ff9b:1::10.0.0.1", Some(Private)),
            ("2002:0a00:0001::1", Some(Private)),
            ("2001:0:4136:e378:8000:63bf:3fff:fdd2", Some(Private)),
            ("2606:4700::5efe:10.0.0.1", Some(Private)),
            ("169.254.169.254", Some(CloudMetadata)),
            ("169.254.170.2", Some(CloudMetadata)),
            ("169.254.170.23", Some(CloudMetadata)),
            ("100.100.100.200", Some(CloudMetadata)),
            ("168.63.129.16", Some(CloudMetadata)),
            ("169.254.0.23", Some(CloudMetadata)),
            ("fd00:ec2::254", Some(CloudMetadata)),
            ("::ffff:169.254.169.254", Some(CloudMetadata)),
            ("64:ff9b::169.254.169.254", Some(CloudMetadata)),
            ("2002:a9fe:a9fe::", Some(CloudMetadata)),
            ("2001:db8:1:2:a9:fea9:fe00:0", Some(CloudMetadata)),
        ];
        for (address, expected) in table {
            assert_eq!(refusal(address.parse().unwrap()), expected, "{address}");
        }
    }
}
