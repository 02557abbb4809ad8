/** One mnemonic on every chain: each chain's own library finds the same addresses. */
import assert from "node:assert/strict"
import { createHash, createPublicKey, webcrypto } from "node:crypto"
import { after, before, test } from "node:test"
import * as libsecp from "tiny-secp256k1"
import type { KeyAlgorithmId, MechanismId } from "../../src/domain/algorithms.ts"
import type { ChainId, ChainNetwork } from "../../src/domain/chains.ts"
import { formatPath, parsePath, type DerivationPath } from "../../src/domain/derivation.ts"
import {
  deriveAddress,
  deriveChild,
  deriveExtendedPublic,
  derivePublic,
} from "../../src/engine/derived.ts"
import { importMaterial } from "../../src/engine/generate.ts"
import { derivedCount } from "../../src/engine/hd/derived-keys.ts"
import { closeHandle, openHandle, type KeyHandle } from "../../src/engine/key-handle.ts"
import { sign, verify } from "../../src/engine/signature.ts"
import {
  bip32,
  bitcoin,
  cardano,
  ethers,
  iota,
  polkadot,
  solana,
  stellar,
  tron,
  xrpl,
} from "../support/chain-libraries.ts"
import { flip, keyId, newHandle, none, permit } from "./fixture.ts"

const words =
  "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
const message = new TextEncoder().encode("moved on chain")
const handles = new Map<KeyAlgorithmId, KeyHandle>()

before(async () => {
  bitcoin.initEccLib(libsecp)
  await polkadot.cryptoWaitReady()
  for (const algorithm of ["BIP32_SECP256K1", "SLIP10_ED25519", "BIP32_ED25519_CARDANO"] as const) {
    const bytes = new TextEncoder().encode(words)
    const { material } = await importMaterial(algorithm, "mnemonic", bytes)
    handles.set(algorithm, openHandle({ keyId, version: 1, algorithm, material }))
  }
})
after(() => {
  for (const handle of handles.values()) closeHandle(handle)
})

function seed(algorithm: KeyAlgorithmId): KeyHandle {
  const handle = handles.get(algorithm)
  assert.ok(handle !== undefined)
  return handle
}

function path(text: string): DerivationPath {
  const read = parsePath(text)
  assert.ok(read !== undefined, text)
  return read
}

function address(
  handle: KeyHandle,
  chain: ChainId,
  { at, network }: { readonly at?: string; readonly network?: ChainNetwork } = {},
): string {
  const from = at === undefined ? undefined : path(at)
  const leave = permit("key.address", handle, undefined, from)
  return deriveAddress(leave, handle, { chain, network, path: from }).address
}

/** Compressed, or the 32 bytes of Ed25519. */
function publicKey(handle: KeyHandle, at: string): Uint8Array {
  const from = path(at)
  const spki = derivePublic(permit("key.derive-public", handle, undefined, from), handle, from)
  const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" })
  const raw = Uint8Array.from(key.export({ format: "raw-public" }))
  if (raw.length === 32) return raw
  return Uint8Array.of(2 + ((raw.at(-1) ?? 0) & 1), ...raw.subarray(1, 33))
}

async function signAt(
  handle: KeyHandle,
  mechanism: MechanismId,
  at: string,
  input: Omit<Parameters<typeof sign>[2], "mechanism" | "path">,
): Promise<Uint8Array> {
  const from = path(at)
  const asked = { mechanism, path: from, ...input }
  const signature = await sign(permit("key.sign", handle, mechanism, from), handle, asked)
  const checking = permit("key.verify", handle, mechanism, from)
  assert.ok(verify(checking, handle, { ...asked, signature }))
  assert.ok(!verify(checking, handle, { ...asked, signature: flip(signature, 100) }))
  return signature
}

for (const [network, coin] of [
  ["mainnet", 0],
  ["testnet", 1],
] as const) {
  test(`Bitcoin: bitcoinjs-lib finds the same addresses on ${network}`, () => {
    const handle = seed("BIP32_SECP256K1")
    const chosen = bitcoin.networks[network === "mainnet" ? "bitcoin" : "testnet"]
    for (const index of [0, 1, 7]) {
      const [legacy, segwit, taproot] = [44, 84, 86].map(
        (purpose) => `m/${purpose}'/${coin}'/0'/0/${index}`,
      ) as [string, string, string]
      const { p2pkh, p2wpkh, p2tr } = bitcoin.payments
      const key = (at: string): Uint8Array => publicKey(handle, at)
      assert.equal(
        address(handle, "BTC_P2PKH", { at: legacy, network }),
        p2pkh({ pubkey: key(legacy), network: chosen }).address,
      )
      assert.equal(
        address(handle, "BTC_P2WPKH", { at: segwit, network }),
        p2wpkh({ pubkey: key(segwit), network: chosen }).address,
      )
      assert.equal(
        address(handle, "BTC_P2TR", { at: taproot, network }),
        p2tr({ internalPubkey: key(taproot).subarray(1), network: chosen }).address,
      )
    }
  })
}

test("Bitcoin: the addresses that BIP 84 and BIP 86 publish", () => {
  const handle = seed("BIP32_SECP256K1")
  const segwit = "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"
  assert.equal(address(handle, "BTC_P2WPKH", { at: "m/84'/0'/0'/0/0" }), segwit)
  const change = "bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el"
  assert.equal(address(handle, "BTC_P2WPKH", { at: "m/84'/0'/0'/1/0" }), change)
  const taproot = "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr"
  assert.equal(address(handle, "BTC_P2TR", { at: "m/86'/0'/0'/0/0" }), taproot)
})

test("Ethereum: ethers finds the same address, and recovers it from signatures", async () => {
  const handle = seed("BIP32_SECP256K1")
  for (const index of [0, 1, 2, 3]) {
    const at = `m/44'/60'/0'/0/${index}`
    const wallet = ethers.HDNodeWallet.fromPhrase(words, undefined, at)
    assert.equal(address(handle, "ETH", { at }), wallet.address)
    const digest = new Uint8Array(32).fill(index + 1)
    const asked = { message: digest, messageType: "digest", encoding: "recoverable" } as const
    const signature = await signAt(handle, "ECDSA_KECCAK_256", at, asked)
    const v = (27 + (signature[64] ?? 0)).toString(16)
    const text = `0x${signature.subarray(0, 64).toHex()}${v}`
    assert.equal(ethers.recoverAddress(`0x${digest.toHex()}`, text), wallet.address)
    assert.notEqual(ethers.recoverAddress(`0x${flip(digest, 3).toHex()}`, text), wallet.address)
  }
})

test("Tron: tronweb finds the same address", () => {
  const handle = seed("BIP32_SECP256K1")
  const at = "m/44'/195'/0'/0/0"
  const ethereum = ethers.computeAddress(`0x${publicKey(handle, at).toHex()}`)
  const own = tron.TronWeb.address.fromHex(`41${ethereum.slice(2)}`)
  assert.equal(address(handle, "TRX", { at }), own)
})

test("XRP: ripple-keypairs finds the same addresses and verifies, on both curves", async () => {
  const at = "m/44'/144'/0'/0/0"
  const handle = seed("BIP32_SECP256K1")
  const key = publicKey(handle, at).toHex().toUpperCase()
  assert.equal(address(handle, "XRP", { at }), xrpl.deriveAddress(key))
  // SHA-512Half: the hash is cut, so the signer gets it as it is.
  const digest = createHash("sha512").update(message).digest().subarray(0, 32)
  const signature = await signAt(handle, "ECDSA_NONE", at, { message: digest })
  const hex = Buffer.from(message).toString("hex")
  assert.ok(xrpl.verify(hex, signature.toHex(), key))
  assert.ok(!xrpl.verify(`00${hex}`, signature.toHex(), key))
  const edwards = seed("SLIP10_ED25519")
  const hardened = "m/44'/144'/0'"
  const other = `ED${publicKey(edwards, hardened).toHex().toUpperCase()}`
  assert.equal(address(edwards, "XRP", { at: hardened }), xrpl.deriveAddress(other))
  const signed = await signAt(edwards, "ED25519", hardened, { message })
  assert.ok(xrpl.verify(hex, signed.toHex(), other))
})

test("Solana: @solana/kit finds the same address and verifies", async () => {
  const handle = seed("SLIP10_ED25519")
  const at = "m/44'/501'/0'/0'"
  const raw = Uint8Array.from(publicKey(handle, at))
  const key = await webcrypto.subtle.importKey("raw", raw, "Ed25519", true, ["verify"])
  assert.equal(address(handle, "SOL", { at }), await solana.getAddressFromPublicKey(key))
  const signature = await signAt(handle, "ED25519", at, { message })
  assert.ok(await solana.verifySignature(key, signature, message))
  assert.ok(!(await solana.verifySignature(key, flip(signature, 9), message)))
})

test("Stellar: stellar-base reads the address and verifies", async () => {
  const handle = seed("SLIP10_ED25519")
  const at = "m/44'/148'/0'"
  // SEP-5's first mnemonic is another one: this address is stellar-base's.
  const pair = stellar.Keypair.fromPublicKey(address(handle, "XLM", { at }))
  assert.equal(Uint8Array.from(pair.rawPublicKey()).toHex(), publicKey(handle, at).toHex())
  const signature = await signAt(handle, "ED25519", at, { message })
  assert.ok(pair.verify(Buffer.from(message), Buffer.from(signature)))
  assert.ok(!pair.verify(Buffer.from(message), Buffer.from(flip(signature, 9))))
})

test("IOTA: its SDK finds the same address and verifies", async () => {
  const handle = seed("SLIP10_ED25519")
  const at = "m/44'/4218'/0'/0'/0'"
  const key = new iota.Ed25519PublicKey(publicKey(handle, at))
  assert.equal(address(handle, "IOTA", { at }), key.toIotaAddress())
  const signature = await signAt(handle, "ED25519", at, { message })
  assert.ok(await key.verify(message, signature))
})

test("Polkadot: util-crypto finds the same addresses and verifies, on both curves", async () => {
  const edwards = seed("SLIP10_ED25519")
  const at = "m/44'/354'/0'/0'/0'"
  const own = address(edwards, "DOT", { at })
  assert.equal(own, polkadot.encodeAddress(publicKey(edwards, at), 0))
  const signature = await signAt(edwards, "ED25519", at, { message })
  assert.equal(polkadot.signatureVerify(message, signature, own).crypto, "ed25519")
  const handle = seed("BIP32_SECP256K1")
  const plain = "m/44'/354'/0'/0/0"
  const account = polkadot.blake2AsU8a(publicKey(handle, plain), 256)
  assert.equal(address(handle, "DOT", { at: plain }), polkadot.encodeAddress(account, 0))
})

const hardened = 0x8000_0000
const root = cardano.Bip32PrivateKey.from_bip39_entropy(new Uint8Array(16), none)

for (const network of ["mainnet", "testnet"] as const) {
  test(`Cardano: its library finds the same addresses and signatures on ${network}`, async () => {
    const handle = seed("BIP32_ED25519_CARDANO")
    const account = [1852, 1815, 3].reduce((key, step) => key.derive(step + hardened), root)
    const payment = account.derive(0).derive(5)
    const stake = account.derive(2).derive(0)
    const at = "m/1852'/1815'/3'/0/5"
    const credential = (key: typeof stake) =>
      cardano.Credential.from_keyhash(key.to_public().to_raw_key().hash())
    const id = network === "mainnet" ? 1 : 0
    const base = cardano.BaseAddress.new(id, credential(payment), credential(stake))
    assert.equal(address(handle, "ADA", { at, network }), base.to_address().to_bech32())
    const alone = cardano.EnterpriseAddress.new(id, credential(payment))
    assert.equal(address(handle, "ADA_ENTERPRISE", { at, network }), alone.to_address().to_bech32())
    const reward = cardano.RewardAddress.new(id, credential(stake))
    const stakeAt = "m/1852'/1815'/3'/2/0"
    const staked = address(handle, "ADA_STAKE", { at: stakeAt, network })
    assert.equal(staked, reward.to_address().to_bech32())
    const signature = await signAt(handle, "ED25519", at, { message })
    const theirs = payment.to_raw_key().sign(message).to_bytes()
    assert.equal(signature.toHex(), Uint8Array.from(theirs).toHex())
  })
}

test("Cardano: an account's extended public key is what its library makes", () => {
  const handle = seed("BIP32_ED25519_CARDANO")
  const account = path("m/1852'/1815'/0'")
  const leave = permit("key.extended-public", handle, undefined, account)
  const text = deriveExtendedPublic(leave, handle, { path: account })
  assert.match(text, /^acct_xvk1/)
  const theirs = [1852, 1815, 0].reduce((key, step) => key.derive(step + hardened), root)
  const raw = Uint8Array.from(theirs.to_public().as_bytes())
  assert.equal(raw.subarray(0, 32).toHex(), publicKey(handle, formatPath(account)).toHex())
  const deep = path("m/1852'/1815'/0'/0")
  assert.throws(
    () => {
      const more = permit("key.extended-public", handle, undefined, deep)
      deriveExtendedPublic(more, handle, { path: deep })
    },
    { detail: { field: "/path" } },
  )
})

test("extended public keys are those of @scure/bip32, at every depth", async () => {
  const handle = seed("BIP32_SECP256K1")
  const { publicExtendedKey } = bip32.HDKey.fromMasterSeed(
    Uint8Array.fromHex(
      "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1" +
        "9a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4",
    ),
  ).derive("m/84'/0'/0'/1/3")
  const at = path("m/84'/0'/0'/1/3")
  const leave = permit("key.extended-public", handle, undefined, at)
  assert.equal(deriveExtendedPublic(leave, handle, { path: at }), publicExtendedKey)
})

test("a child lives on as a key of its own, which signs alike", async () => {
  for (const [algorithm, at, mechanism] of [
    ["BIP32_SECP256K1", "m/44'/60'/0'/0/9", "ECDSA_SHA_256"],
    ["SLIP10_ED25519", "m/44'/501'/9'", "ED25519"],
  ] as const) {
    const handle = seed(algorithm)
    const from = path(at)
    const leave = permit("key.derive-child", handle, undefined, from)
    const { material, ...child } = deriveChild(leave, handle, from)
    const alone = openHandle({ keyId, version: 1, algorithm: child.algorithm, material })
    const asked = mechanism === "ED25519" ? { message } : { message, deterministic: true }
    const signing = permit("key.sign", alone, mechanism)
    const signature = await sign(signing, alone, { mechanism, ...asked })
    assert.equal(signature.toHex(), (await signAt(handle, mechanism, at, asked)).toHex())
  }
  const cardanoSeed = seed("BIP32_ED25519_CARDANO")
  const from = path("m/1852'/1815'/0'/0/0")
  const leave = permit("key.derive-child", cardanoSeed, undefined, from)
  assert.throws(() => deriveChild(leave, cardanoSeed, from), { code: "OPERATION_FORBIDDEN" })
})

test("a plain pair has an address too, and no path", async () => {
  const handle = await newHandle("EC_SECP256K1")
  assert.match(address(handle, "ETH"), /^0x[0-9a-fA-F]{40}$/)
  assert.throws(() => address(handle, "ETH", { at: "m/0" }), { detail: { field: "/path" } })
  assert.throws(() => address(handle, "SOL"), { detail: { field: "/chain" } })
  assert.throws(() => address(handle, "ETH", { network: "testnet" }), {
    detail: { field: "/network" },
  })
  const edwards = await newHandle("ED25519")
  assert.match(address(edwards, "ADA_ENTERPRISE"), /^addr1v/)
  assert.throws(() => address(edwards, "ADA"), { detail: { field: "/path" } })
})

test("a permit for one path derives no other, and a seed nothing without one", async () => {
  const handle = seed("BIP32_SECP256K1")
  const mechanism = "ECDSA_SHA_256"
  const leave = permit("key.sign", handle, mechanism, path("m/0"))
  const other = { mechanism, message, path: path("m/1") } as const
  assert.throws(() => sign(leave, handle, other), { code: "ERR_ASSERTION" })
  const without = permit("key.sign", handle, mechanism)
  assert.throws(() => sign(without, handle, { mechanism, message }), {
    code: "MALFORMED_REQUEST",
    detail: { field: "/path" },
  })
  const edwards = seed("SLIP10_ED25519")
  const plain = path("m/44'/501'/0")
  const asked = { mechanism: "ED25519", message, path: plain } as const
  assert.throws(() => sign(permit("key.sign", edwards, "ED25519", plain), edwards, asked), {
    detail: { field: "/path" },
  })
})

test("derived keys are bounded, and go with their seed's handle", async () => {
  const { material } = await importMaterial("SLIP10_ED25519", "raw", new Uint8Array(32).fill(3))
  const handle = openHandle({ keyId, version: 7, algorithm: "SLIP10_ED25519", material })
  const beforehand = derivedCount()
  for (let index = 0; index < 1_100; index++) publicKey(handle, `m/${index}'`)
  assert.equal(derivedCount(), 1_000)
  closeHandle(handle)
  assert.ok(derivedCount() <= beforehand)
  assert.throws(() => publicKey(handle, "m/0'"), { code: "SEALED" })
})
