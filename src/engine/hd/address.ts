/** Addresses, from public keys alone: one row for each chain. */

import { base32, base58, base58xrp, bech32, bech32m, createBase58check } from "@scure/base"
import { blake2b } from "@noble/hashes/blake2.js"
import { sha256 } from "@noble/hashes/sha2.js"
import type { ChainId, ChainNetwork } from "../../domain/chains.ts"
import { hash } from "../hash.ts"
import { outputPoint } from "../secp256k1/schnorr.ts"

const base58check = createBase58check(sha256)

/** What an address is made from. */
export interface AddressInput {
  /** Of secp256k1 0x04 || x || y, of Ed25519 its 32 bytes. */
  readonly point: Uint8Array
  readonly network: ChainNetwork
  /** Of Cardano's base addresses: the account's stake key. */
  readonly stake?: Uint8Array | undefined
}

type AddressOf = (input: AddressInput) => string

export const addresses: Readonly<Record<ChainId, AddressOf>> = {
  BTC_P2PKH: ({ point, network }) =>
    base58check.encode(bytes([network === "mainnet" ? 0x00 : 0x6f], hash160(compressed(point)))),
  BTC_P2WPKH: ({ point, network }) =>
    bech32.encode(segwit(network), [0, ...bech32.toWords(hash160(compressed(point)))]),
  BTC_P2TR: ({ point, network }) => {
    const output = outputPoint(point, { merkleRoot: new Uint8Array() })
    return bech32m.encode(segwit(network), [1, ...bech32m.toWords(output)])
  },
  ETH: ({ point }) => checksummed(ethereum(point)),
  TRX: ({ point }) => base58check.encode(bytes([0x41], ethereum(point))),
  XRP: ({ point }) => {
    const key = isEdwards(point) ? bytes([0xed], point) : compressed(point)
    const payload = bytes([0], hash160(key))
    return base58xrp.encode(bytes(payload, hash("DOUBLE_SHA_256", payload).subarray(0, 4)))
  },
  ADA: ({ point, network, stake }) => {
    // The service refuses a path without an account.
    const parts = bytes([cardanoHead(0, network)], hash224(point), hash224(stake ?? point))
    return bech32.encode(cardanoPrefix("addr", network), bech32.toWords(parts), false)
  },
  ADA_ENTERPRISE: ({ point, network }) =>
    bech32.encode(
      cardanoPrefix("addr", network),
      bech32.toWords(bytes([cardanoHead(6, network)], hash224(point))),
      false,
    ),
  ADA_STAKE: ({ point, network }) =>
    bech32.encode(
      cardanoPrefix("stake", network),
      bech32.toWords(bytes([cardanoHead(14, network)], hash224(point))),
      false,
    ),
  SOL: ({ point }) => base58.encode(point),
  XLM: ({ point }) => {
    // SEP-23: ED25519 public key, 6 << 3.
    const payload = bytes([6 << 3], point)
    const sum = crc16(payload)
    return base32.encode(bytes(payload, [sum & 0xff, sum >> 8])).replaceAll("=", "")
  },
  IOTA: ({ point }) => `0x${blake2b(point, { dkLen: 32 }).toHex()}`,
  DOT: ({ point }) => {
    const account = isEdwards(point) ? point : blake2b(compressed(point), { dkLen: 32 })
    const payload = bytes([0], account)
    const sum = blake2b(bytes(new TextEncoder().encode("SS58PRE"), payload))
    return base58.encode(bytes(payload, sum.subarray(0, 2)))
  },
}

/** The head of an extended public key, BIP 32: xpub, or tpub on the test network. */
const extendedHead = { mainnet: [0x04, 0x88, 0xb2, 0x1e], testnet: [0x04, 0x35, 0x87, 0xcf] }

/** An extended public key as BIP 32 writes it. */
export function extendedPublicText({
  network,
  depth,
  parent,
  index,
  chainCode,
  point,
}: {
  readonly network: ChainNetwork
  readonly depth: number
  /** The parent's compressed point; undefined for the master key. */
  readonly parent: Uint8Array | undefined
  readonly index: number
  readonly chainCode: Uint8Array
  /** Compressed. */
  readonly point: Uint8Array
}): string {
  const fingerprint = parent === undefined ? new Uint8Array(4) : hash160(parent).subarray(0, 4)
  const number = new Uint8Array(4)
  new DataView(number.buffer).setUint32(0, index)
  const head = bytes(extendedHead[network], [depth], fingerprint)
  return base58check.encode(bytes(head, number, chainCode, point))
}

/** CIP-5: an account's extended public key. */
export function cardanoAccountText(point: Uint8Array, chainCode: Uint8Array): string {
  return bech32.encode("acct_xvk", bech32.toWords(bytes(point, chainCode)), false)
}

function isEdwards(point: Uint8Array): boolean {
  return point.length === 32
}

/** SEC 1 section 2.3.3. */
function compressed(point: Uint8Array): Uint8Array {
  return bytes([2 + ((point.at(-1) ?? 0) & 1)], point.subarray(1, 33))
}

function hash160(key: Uint8Array): Uint8Array {
  return hash("RIPEMD_160", hash("SHA_256", key))
}

function hash224(key: Uint8Array): Uint8Array {
  return blake2b(key, { dkLen: 28 })
}

function segwit(network: ChainNetwork): string {
  return network === "mainnet" ? "bc" : "tb"
}

/** CIP-19: the type of address, and the network. */
function cardanoHead(type: number, network: ChainNetwork): number {
  return (type << 4) | (network === "mainnet" ? 1 : 0)
}

function cardanoPrefix(word: "addr" | "stake", network: ChainNetwork): string {
  return network === "mainnet" ? word : `${word}_test`
}

function ethereum(point: Uint8Array): Uint8Array {
  return hash("KECCAK_256", point.subarray(1)).subarray(12)
}

/** EIP-55: a letter is large where the hash of the text has a digit above seven. */
function checksummed(address: Uint8Array): string {
  const text = address.toHex()
  const marks = hash("KECCAK_256", new TextEncoder().encode(text)).toHex()
  const digits = Array.from(text, (digit, at) =>
    Number.parseInt(marks[at] ?? "0", 16) > 7 ? digit.toUpperCase() : digit,
  )
  return `0x${digits.join("")}`
}

/** CRC-16/XMODEM. */
function crc16(data: Uint8Array): number {
  let sum = 0
  for (const byte of data) {
    sum ^= byte << 8
    for (let bit = 0; bit < 8; bit++) {
      sum = ((sum << 1) ^ ((sum & 0x8000) === 0 ? 0 : 0x1021)) & 0xffff
    }
  }
  return sum
}

function bytes(...parts: readonly Iterable<number>[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
