/** The vocabulary of addresses: what each chain makes of a public key. */

/** The curves that chains use. */
export type ChainCurve = "secp256k1" | "ed25519"

export interface ChainRow {
  /** Curves whose keys have such an address; the first is the usual one. */
  readonly curves: readonly ChainCurve[]
  /** Its addresses differ on the test network; otherwise no network can be named. */
  readonly testnet?: true
  /** Two keys of one account go into it: the path is one of CIP-1852. */
  readonly account?: true
  readonly source: string
}

const bitcoin = { curves: ["secp256k1"], testnet: true } as const
const cardano = { curves: ["ed25519"], testnet: true } as const

export const chains = {
  BTC_P2PKH: { ...bitcoin, source: "Bitcoin, base58check of hash160" },
  BTC_P2WPKH: { ...bitcoin, source: "BIP 141, BIP 173" },
  BTC_P2TR: { ...bitcoin, source: "BIP 341, BIP 350, without a script" },
  ETH: { curves: ["secp256k1"], source: "EIP-55" },
  TRX: { curves: ["secp256k1"], source: "Tron, base58check of 0x41 and Ethereum's address" },
  XRP: { curves: ["secp256k1", "ed25519"], source: "XRP Ledger, address encodings" },
  ADA: { ...cardano, account: true, source: "CIP-19 type 0, with the account's stake key" },
  ADA_ENTERPRISE: { ...cardano, source: "CIP-19 type 6" },
  ADA_STAKE: { ...cardano, source: "CIP-19 type 14" },
  SOL: { curves: ["ed25519"], source: "Solana, base58 of the public key" },
  XLM: { curves: ["ed25519"], source: "SEP-23" },
  IOTA: { curves: ["ed25519"], source: "IOTA Rebased, BLAKE2b-256 of the public key" },
  DOT: { curves: ["ed25519", "secp256k1"], source: "SS58, prefix 0" },
} as const satisfies Record<string, ChainRow>
export type ChainId = keyof typeof chains

/** Looks a chain up without narrowing it to its literal row. */
export function chain(id: ChainId): ChainRow {
  return chains[id]
}

export const chainNetworks = ["mainnet", "testnet"] as const
export type ChainNetwork = (typeof chainNetworks)[number]
