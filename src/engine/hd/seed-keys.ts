/** Seeds: what they are made and read from, and the pairs that paths lead to. */

import { createPrivateKey, createPublicKey, createSecretKey } from "node:crypto"
import { childAlgorithm, type KeyAlgorithmId } from "../../domain/algorithms.ts"
import type { DerivationPath } from "../../domain/derivation.ts"
import { HsmError } from "../../domain/errors.ts"
import { malformed } from "../malformed.ts"
import { plain, secretHalf, type NodeKey } from "../node/key.ts"
import { publicOf } from "../noble/ed25519-extended.ts"
import type { KeyRow, Lane, Material, Provider } from "../provider.ts"
import { randomBytes } from "../random.ts"
import { SecretBytes } from "../secret-bytes.ts"
import { deriveCardano, icarusRoot, isRoot, rootBytes } from "./cardano.ts"
import { entropyOf, readMnemonic, seedOf } from "./mnemonic.ts"
import { deriveSlip10, wipe, type ExtendedKey, type Slip10Curve } from "./slip10.ts"

/** Where the pairs lie; of Cardano's seeds none of these. */
const curves: Readonly<Partial<Record<KeyAlgorithmId, Slip10Curve>>> = {
  BIP32_SECP256K1: "secp256k1",
  SLIP10_P256: "p256",
  SLIP10_ED25519: "ed25519",
}

/** A seed of BIP 32: 16 to 64 bytes. */
export function slip10Seed(algorithm: KeyAlgorithmId): KeyRow<NodeKey> {
  return {
    ...seedRow(algorithm, "fast"),
    generate: async () => ({ material: new SecretBytes(randomBytes(64)) }),
    import: {
      raw: (given) => {
        if (given.length < 16 || given.length > 64 || given.every((byte) => byte === 0)) {
          throw malformed("/material", "a seed has 16 to 64 bytes, not all zero")
        }
        return { material: new SecretBytes(given.slice()) }
      },
      mnemonic: async (given, passphrase) => ({
        material: new SecretBytes(await seedOf(readMnemonic(given, passphrase))),
      }),
    },
  }
}

/** A root of CIP-3: kL, kR and its chain code. */
export function cardanoSeed(algorithm: KeyAlgorithmId): KeyRow<NodeKey> {
  return {
    // Signatures are JavaScript's.
    ...seedRow(algorithm, "slow"),
    generate: async () => {
      const entropy = randomBytes(32)
      const root = await icarusRoot(entropy, "")
      entropy.fill(0)
      return { material: new SecretBytes(root) }
    },
    import: {
      raw: (given) => {
        if (!isRoot(given)) {
          throw malformed("/material", `a root has ${rootBytes} bytes, with the bits of CIP-3`)
        }
        return { material: new SecretBytes(given.slice()) }
      },
      mnemonic: async (given, passphrase) => {
        const mnemonic = readMnemonic(given, passphrase)
        const entropy = entropyOf(mnemonic)
        const root = await icarusRoot(entropy, mnemonic.passphrase)
        entropy.fill(0)
        return { material: new SecretBytes(root) }
      },
    },
  }
}

function seedRow(
  algorithm: KeyAlgorithmId,
  lane: Lane,
): Pick<KeyRow<NodeKey>, "lane" | "open" | "export"> {
  return {
    lane,
    open: (material) => ({
      algorithm,
      lane,
      secret: material?.lend((raw) => createSecretKey(raw)),
      public: undefined,
    }),
    export: () => {
      throw new HsmError("OPERATION_FORBIDDEN", "a seed never leaves")
    },
  }
}

/** Lends the extended private key that a path leads to, and wipes it. */
export function lendExtended<T>(
  seed: NodeKey,
  path: DerivationPath,
  use: (key: ExtendedKey) => T,
): T {
  const raw = secretHalf(seed).export()
  const curve = curves[seed.algorithm]
  try {
    const key = curve === undefined ? deriveCardano(raw, path) : deriveSlip10(curve, raw, path)
    try {
      return use(key)
    } finally {
      wipe(key)
    }
  } finally {
    raw.fill(0)
  }
}

/** The pair that a path leads to, opened. */
export function openChild<Key extends NodeKey>(
  provider: Provider<Key>,
  seed: Key,
  path: DerivationPath,
): Key {
  const child = childAlgorithm(seed.algorithm)
  if (child === undefined) return lendExtended(seed, path, (key) => openCardano(seed, key))
  const { material } = childMaterial(seed, path)
  using pkcs8 = material
  return provider.keys[child].open(pkcs8, undefined)
}

/** A pair as it is stored, to live on as a key of its own. */
export function childMaterial(
  seed: NodeKey,
  path: DerivationPath,
): Material & { readonly algorithm: KeyAlgorithmId } {
  const algorithm = childAlgorithm(seed.algorithm)
  if (algorithm === undefined) {
    throw new HsmError("OPERATION_FORBIDDEN", "Cardano's keys live with their seed alone")
  }
  return lendExtended(seed, path, ({ secret }) => {
    const key = Buffer.from(secret.buffer, secret.byteOffset, secret.length)
    const privateKey =
      algorithm === "ED25519"
        ? createPrivateKey({ key, format: "raw-private", asymmetricKeyType: "ed25519" })
        : createPrivateKey({
            key,
            format: "raw-private",
            asymmetricKeyType: "ec",
            namedCurve: algorithm === "EC_P256" ? "prime256v1" : "secp256k1",
          })
    const publicKey = createPublicKey(privateKey)
    return {
      algorithm,
      material: new SecretBytes(plain(privateKey.export({ format: "der", type: "pkcs8" }))),
      publicKey: plain(publicKey.export({ format: "der", type: "spki" })),
    }
  })
}

/** The seed's own rows serve it: what they hold of the seed is replaced by the extended key. */
function openCardano<Key extends NodeKey>(seed: Key, { secret }: ExtendedKey): Key {
  const key = Buffer.from(publicOf(secret))
  return {
    ...seed,
    secret: createSecretKey(secret),
    public: createPublicKey({ key, format: "raw-public", asymmetricKeyType: "ed25519" }),
  }
}
