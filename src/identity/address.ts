/** Addresses of peers: one text per address, ranges to compare with, and whom to count as one. */

import { BlockList, isIP, SocketAddress } from "node:net"

export interface Address {
  readonly family: "ipv4" | "ipv6"
  /** As inet_ntop writes it; a mapped IPv4 address (RFC 4291 section 2.5.5.2) as IPv4. */
  readonly text: string
}

/** Reads what a socket or a user calls an address; undefined when it is none. */
export function parseAddress(text: string): Address | undefined {
  const version = isIP(text)
  if (version === 0) return undefined
  if (version === 4) return { family: "ipv4", text }
  const { address } = new SocketAddress({ address: text, family: "ipv6" })
  const mapped = mappedPattern.exec(address)?.[1]
  return mapped === undefined ? { family: "ipv6", text: address } : { family: "ipv4", text: mapped }
}
const mappedPattern = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/

/** One caller, for counting: an IPv4 address, or an IPv6 /64, which one host can have whole. */
export function sourceOf({ family, text }: Address): string {
  if (family === "ipv4") return text
  const [head = "", tail] = text.split("::")
  const groups = head === "" ? [] : head.split(":")
  const rest = tail === undefined || tail === "" ? [] : tail.split(":")
  const zeros = Array.from({ length: 8 - groups.length - rest.length }, () => "0")
  return [...groups, ...zeros, ...rest].slice(0, 4).join(":")
}

const rangePattern = /^([0-9a-f:.]+)(?:\/(0|[1-9][0-9]{0,2}))?$/i

export interface AddressRange extends Address {
  /** Number of leading bits that count. */
  readonly prefix: number
}

/** Reads an address or a CIDR range (RFC 4632, RFC 4291); undefined when `text` is neither. */
export function parseRange(text: string): AddressRange | undefined {
  const [, addressText = "", prefixText] = rangePattern.exec(text) ?? []
  const address = parseAddress(addressText)
  if (address === undefined) return undefined
  // A mapped address with a prefix could mean a prefix of either kind: write IPv4 ranges as IPv4.
  if (address.family === "ipv4" && isIP(addressText) === 6) return undefined
  const bits = address.family === "ipv4" ? 32 : 128
  const prefix = prefixText === undefined ? bits : Number(prefixText)
  return prefix <= bits ? { ...address, prefix } : undefined
}

/** A list per family: a single BlockList would let `::/0` match every IPv4 address. */
type CompiledRanges = Readonly<Record<Address["family"], BlockList>>

/** Keyed by the array in a principal's record, which a change replaces: it cannot become stale. */
const compiled = new WeakMap<readonly string[], CompiledRanges>()

/** True when the peer may call: `ranges` is empty, or one of them holds its address. */
export function isAdmitted(ranges: readonly string[], address: Address | undefined): boolean {
  if (ranges.length === 0) return true
  if (address === undefined) return false
  return compile(ranges)[address.family].check(address.text, address.family)
}

function compile(ranges: readonly string[]): CompiledRanges {
  const known = compiled.get(ranges)
  if (known !== undefined) return known
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const text of ranges) {
    // Ranges are checked before they are stored; one that is none admits nobody.
    const range = parseRange(text)
    if (range !== undefined) lists[range.family].addSubnet(range.text, range.prefix, range.family)
  }
  compiled.set(ranges, lists)
  return lists
}
