/**
 * Each chain's own library, as far as tests ask it: their types do not pass our compiler's checks,
 * so what is used of them is typed here by hand.
 */
import { createRequire } from "node:module"
import { join } from "node:path"

const load = createRequire(join(import.meta.dirname, "../package.json"))

interface Bitcoin {
  readonly networks: Readonly<Record<"bitcoin" | "testnet", unknown>>
  readonly payments: Readonly<
    Record<
      "p2pkh" | "p2wpkh" | "p2tr",
      (input: {
        readonly pubkey?: Uint8Array
        readonly internalPubkey?: Uint8Array
        readonly network: unknown
      }) => { readonly address: string }
    >
  >
  readonly initEccLib: (library: unknown) => void
}
interface Ethers {
  readonly computeAddress: (key: string) => string
  readonly recoverAddress: (digest: string, signature: string) => string
  readonly HDNodeWallet: {
    readonly fromPhrase: (
      phrase: string,
      password: string | undefined,
      path: string,
    ) => { readonly address: string; readonly privateKey: string }
  }
}
interface Xrpl {
  readonly deriveAddress: (publicKey: string) => string
  readonly verify: (messageHex: string, signature: string, publicKey: string) => boolean
}
interface Tron {
  readonly TronWeb: {
    readonly utils: {
      readonly address: { readonly fromHex: (hex: string) => string }
      readonly crypto: { readonly computeAddress: (point: readonly number[]) => readonly number[] }
    }
    readonly address: { readonly fromHex: (hex: string) => string }
  }
}
interface Solana {
  readonly getAddressFromPublicKey: (key: CryptoKey) => Promise<string>
  readonly verifySignature: (
    key: CryptoKey,
    signature: Uint8Array,
    message: Uint8Array,
  ) => Promise<boolean>
}
interface Stellar {
  readonly Keypair: {
    readonly fromPublicKey: (address: string) => {
      readonly verify: (message: Uint8Array, signature: Uint8Array) => boolean
      readonly rawPublicKey: () => Uint8Array
    }
  }
}
interface Iota {
  readonly Ed25519PublicKey: new (bytes: Uint8Array) => {
    readonly toIotaAddress: () => string
    readonly verify: (message: Uint8Array, signature: Uint8Array) => Promise<boolean>
  }
}
interface CardanoPublic {
  readonly hash: () => unknown
  readonly verify: (message: Uint8Array, signature: unknown) => boolean
}
interface CardanoKey {
  readonly derive: (index: number) => CardanoKey
  readonly as_bytes: () => Uint8Array
  readonly to_raw_key: () => { readonly sign: (message: Uint8Array) => { to_bytes(): Uint8Array } }
  readonly to_public: () => {
    readonly to_raw_key: () => CardanoPublic
    readonly as_bytes: () => Uint8Array
    readonly to_bech32: () => string
  }
}
interface CardanoAddress {
  readonly to_address: () => { readonly to_bech32: () => string }
}
interface Cardano {
  readonly Bip32PrivateKey: {
    readonly from_bip39_entropy: (entropy: Uint8Array, password: Uint8Array) => CardanoKey
  }
  readonly Credential: { readonly from_keyhash: (hash: unknown) => unknown }
  readonly BaseAddress: {
    readonly new: (network: number, payment: unknown, stake: unknown) => CardanoAddress
  }
  readonly EnterpriseAddress: {
    readonly new: (network: number, payment: unknown) => CardanoAddress
  }
  readonly RewardAddress: { readonly new: (network: number, stake: unknown) => CardanoAddress }
}
interface Polkadot {
  readonly cryptoWaitReady: () => Promise<boolean>
  readonly encodeAddress: (key: Uint8Array, prefix: number) => string
  readonly blake2AsU8a: (bytes: Uint8Array, bits: number) => Uint8Array
  readonly signatureVerify: (
    message: Uint8Array,
    signature: Uint8Array,
    address: string,
  ) => { readonly isValid: boolean; readonly crypto: string }
}
interface Bip32 {
  readonly HDKey: {
    readonly fromMasterSeed: (seed: Uint8Array) => {
      readonly derive: (path: string) => {
        readonly publicExtendedKey: string
        readonly privateKey: Uint8Array
      }
    }
  }
}

// What a library exports is what its own types say, of which these are parts.
export const bitcoin = load("bitcoinjs-lib") as Bitcoin
export const ethers = load("ethers") as Ethers
export const xrpl = load("ripple-keypairs") as Xrpl
export const tron = load("tronweb") as Tron
export const solana = load("@solana/kit") as Solana
export const stellar = load("@stellar/stellar-base") as Stellar
export const iota = load("@iota/iota-sdk/keypairs/ed25519") as Iota
export const cardano = load("@emurgo/cardano-serialization-lib-nodejs") as Cardano
export const polkadot = load("@polkadot/util-crypto") as Polkadot
export const bip32 = load("@scure/bip32") as Bip32
