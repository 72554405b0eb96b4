import { BlockList } from 'node:net'
import ipaddr from 'ipaddr.js'

/** ::ffff:0:0/96 holds the IPv4 addresses inside IPv6; they count as IPv4 (R30). */
const MAPPED_BITS = 96

/** The range in its canonical form (`203.0.113.0/24`), or null when it is not one. */
export function normalizeRange(range: string): string | null {
  const text = range.includes('/') ? range : `${range}/${range.includes(':') ? 128 : 32}`
  if (!ipaddr.isValidCIDR(text) || !isPlainAddress(text.slice(0, text.indexOf('/')))) return null
  const [address, bits] = ipaddr.parseCIDR(text)
  if (address instanceof ipaddr.IPv4) {
    return `${ipaddr.IPv4.networkAddressFromCIDR(text)}/${bits}`
  }
  if (address.isIPv4MappedAddress() && bits >= MAPPED_BITS) {
    return normalizeRange(`${address.toIPv4Address()}/${bits - MAPPED_BITS}`)
  }
  return `${ipaddr.IPv6.networkAddressFromCIDR(text)}/${bits}`
}

/**
 * A normalised range as its family and the bits that all its addresses begin with: one range lies in
 * another exactly when its text begins with that of the other.
 */
export function rangePrefix(range: string): string {
  const [address, bits] = ipaddr.parseCIDR(range)
  const text = address.toByteArray().map((byte) => byte.toString(2).padStart(8, '0'))
  return `${address.kind()} ${text.join('').slice(0, bits)}`
}

export function isAddress(ip: string): boolean {
  return isPlainAddress(ip) && ipaddr.isValid(ip)
}

/** Four decimal parts or IPv6: the library also reads octal and short forms, which nobody means. */
function isPlainAddress(ip: string): boolean {
  return ip.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(ip)
}

/** A matcher for a list of normalised ranges. IPv4 inside IPv6 counts as IPv4 (R30). */
export function compileAddressList(ranges: readonly string[]): (ip: string) => boolean {
  // Two lists: in one, a range of IPv6 such as ::/0 would also hold every IPv4 address.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const family = address.includes(':') ? 'ipv6' : 'ipv4'
    lists[family].addSubnet(address, Number(bits), family)
  }
  return (ip) => {
    if (!isAddress(ip)) return false
    const address = ipaddr.process(ip)
    const family = address.kind()
    return lists[family].check(address.toString(), family)
  }
}
