/**
 * Power-on self-tests: every row computes what a publication says it must, before the first key is
 * made or opened. A mechanism or key algorithm without a known answer does not compile.
 */

import { keyAlgorithm, type KeyAlgorithmId, type MechanismId } from "../domain/algorithms.ts"
import { parsePath } from "../domain/derivation.ts"
import { HsmError } from "../domain/errors.ts"
import type {
  AgreementAnswer,
  DerivationAnswer,
  EncryptionAnswer,
  KemAnswer,
  MacAnswer,
  SignatureAnswer,
  WrapAnswer,
} from "./known-answers/answer.ts"
import { derivationAnswers } from "./known-answers/derivation.ts"
import { encryptionAnswers } from "./known-answers/encryption.ts"
import { macAnswers, wrapAnswers } from "./known-answers/mac-and-wrap.ts"
import { agreementAnswers, kemAnswers } from "./known-answers/shared-secrets.ts"
import { signatureAnswers } from "./known-answers/signature.ts"
import { provider as providerInUse, type OpenKey } from "./open-keys.ts"
import { hash } from "./hash.ts"
import { openChild } from "./hd/seed-keys.ts"
import { usualParameters } from "./provider.ts"
import type {
  AgreementRow,
  EncryptionRow,
  KemRow,
  MacRow,
  Provider,
  SignatureId,
  SignatureRow,
  WrapRow,
} from "./provider.ts"
import { randomBytes } from "./random.ts"
import { SecretBytes } from "./secret-bytes.ts"

/** What was shown to work. */
export interface SelfTestReport {
  readonly provider: Provider<OpenKey>["name"]
  readonly passed: readonly {
    readonly mechanism: MechanismId
    readonly algorithm: KeyAlgorithmId
    /** Where the known answer comes from. */
    readonly source: string
  }[]
  /** What takes long and waits for its first use. */
  readonly later: readonly { readonly mechanism: MechanismId; readonly algorithm: KeyAlgorithmId }[]
}

type AnswersOf<Table extends Record<keyof Table, readonly { algorithm: KeyAlgorithmId }[]>> =
  Table[keyof Table][number]["algorithm"]
type Tested =
  | AnswersOf<typeof encryptionAnswers>
  | AnswersOf<typeof signatureAnswers>
  | AnswersOf<typeof macAnswers>
  | AnswersOf<typeof wrapAnswers>
  | AnswersOf<typeof kemAnswers>
  | AnswersOf<typeof agreementAnswers>
  | AnswersOf<typeof derivationAnswers>
type Nothing<Missing extends never> = Missing
/** Stops the compiler when a key algorithm occurs in no known answer. */
export type UntestedAlgorithm = Nothing<Exclude<KeyAlgorithmId, Tested>>

interface Check {
  readonly mechanism: MechanismId
  readonly algorithm: KeyAlgorithmId
  readonly source: string
  readonly run: () => boolean | Promise<boolean>
}

/**
 * Runs all of them, and a draw from the random source, which tests itself.
 *
 * @param provider - the tables to test; those in use unless a test brings its own.
 * @throws {@link HsmError} INTERNAL that names the first row to fail: the node must not start.
 */
export async function runSelfTests(
  provider: Provider<OpenKey> = providerInUse,
): Promise<SelfTestReport> {
  randomBytes(1)
  const checks = allChecks(provider)
  for (const { mechanism, algorithm, run } of checks) {
    if (await holds(run)) continue
    throw new HsmError("INTERNAL", `self-test of ${mechanism} with ${algorithm} failed`)
  }
  const passed = checks.map(({ mechanism, algorithm, source }) => ({
    mechanism,
    algorithm,
    source,
  }))
  return { provider: provider.name, passed, later }
}

/** Signatures too slow for the start. */
const slow = Object.entries(signatureAnswers).flatMap(([id, answers]) =>
  (answers as readonly SignatureAnswer[])
    .filter((answer) => "key" in answer && answer.slow === true)
    // The table's keys are mechanisms.
    .map((answer) => ({ mechanism: id as SignatureId, answer })),
)
const later = slow.map(({ mechanism, answer: { algorithm } }) => ({ mechanism, algorithm }))

/** By row and algorithm; emptied as each is shown to work. */
const untested = new Map(
  slow.map((one) => [nameOf(one.mechanism, one.answer.algorithm), one] as const),
)

function nameOf(mechanism: MechanismId, algorithm: KeyAlgorithmId): string {
  return `${mechanism} with ${algorithm}`
}

/**
 * Runs the test that the first signature of an algorithm with a mechanism waits for; undefined when
 * there is none, or when it has passed.
 *
 * @throws {@link HsmError} INTERNAL when it fails, now and whenever it is tried again.
 */
export function signingTested(
  mechanism: MechanismId,
  algorithm: KeyAlgorithmId,
): Promise<void> | undefined {
  const name = nameOf(mechanism, algorithm)
  const waiting = untested.get(name)
  return waiting === undefined ? undefined : testSigning(name, waiting)
}

/** Hears of each test that a first use waited for. */
export type SelfTestListener = (test: { readonly name: string; readonly passed: boolean }) => void

const listeners = new Set<SelfTestListener>()

/**
 * Tells whoever keeps a log, from now on, of tests that run before a first use.
 *
 * @returns what ends that.
 */
export function onLaterSelfTest(listener: SelfTestListener): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

async function testSigning(
  name: string,
  { mechanism, answer }: { readonly mechanism: SignatureId; readonly answer: SignatureAnswer },
): Promise<void> {
  const key = open(providerInUse, answer)
  const row = providerInUse.signature[mechanism]
  const passed = await holds(() => checkSigning(row, key, answer))
  for (const listener of listeners) listener({ name, passed })
  if (!passed) throw new HsmError("INTERNAL", `self-test of ${name} failed`)
  untested.delete(name)
}

async function holds(run: Check["run"]): Promise<boolean> {
  try {
    return await run()
  } catch {
    return false
  }
}

function allChecks(provider: Provider<OpenKey>): readonly Check[] {
  return [
    ...pair(provider.encryption, encryptionAnswers, (row, answer: EncryptionAnswer) =>
      checkEncryption(row, open(provider, answer), answer),
    ),
    ...pair(provider.signature, signatureAnswers, (row, answer: SignatureAnswer) =>
      checkSignature(row, open(provider, answer), answer),
    ).filter(({ mechanism }) => !mechanism.startsWith("HASH_SLH_DSA")),
    ...pair(provider.mac, macAnswers, (row, answer: MacAnswer) =>
      checkMac(row, open(provider, answer), answer),
    ),
    ...pair(provider.wrap, wrapAnswers, (row, answer: WrapAnswer) =>
      checkWrap(row, open(provider, answer), answer),
    ),
    ...pair(provider.kem, kemAnswers, (row, answer: KemAnswer) =>
      checkKem(row, open(provider, answer), answer),
    ),
    ...pair(provider.agreement, agreementAnswers, (row, answer: AgreementAnswer) => {
      const peer = provider.keys[answer.algorithm].open(undefined, answer.publicKey)
      return checkAgreement(row, { key: open(provider, answer), peer }, answer)
    }),
    ...pair(provider.derivation, derivationAnswers, async (row, answer: DerivationAnswer) => {
      const { derived, algorithm, input } = answer
      const { publicKey, ...rest } = input
      const peer = publicKey && provider.keys[algorithm].open(undefined, publicKey)
      const made = await row.derive(open(provider, answer), { ...rest, peer }, derived.length)
      return equal(made, derived)
    }),
  ]
}

/** Every row with each of its answers. */
function pair<Id extends MechanismId, Row, Answer extends Pick<Check, "algorithm" | "source">>(
  rows: Readonly<Record<Id, Row>>,
  answers: Readonly<Record<Id, readonly NoInfer<Answer>[]>>,
  run: (row: Row, answer: Answer) => boolean | Promise<boolean>,
): readonly Check[] {
  // `Object.keys` of a table of rows yields its mechanisms.
  return (Object.keys(rows) as Id[]).flatMap((mechanism) =>
    answers[mechanism].map((answer) => ({
      mechanism,
      algorithm: answer.algorithm,
      source: answer.source,
      run: () => run(rows[mechanism], answer),
    })),
  )
}

function open(
  provider: Provider<OpenKey>,
  answer: { readonly algorithm: KeyAlgorithmId; readonly path?: string } & (
    | { readonly key: Uint8Array }
    | { readonly publicKey: Uint8Array }
  ),
): OpenKey {
  const row = provider.keys[answer.algorithm]
  if (!("key" in answer)) return row.open(undefined, answer.publicKey)
  const key = row.open(new SecretBytes(answer.key), undefined)
  const path = answer.path === undefined ? undefined : parsePath(answer.path)
  return path === undefined ? key : openChild(provider, key, path)
}

async function checkEncryption(
  row: EncryptionRow<OpenKey>,
  key: OpenKey,
  answer: EncryptionAnswer,
): Promise<boolean> {
  const { algorithm, iv, aad, plaintext, ciphertext } = answer
  const sealed = row.seal(key, { iv, aad, plaintext })
  const random = keyAlgorithm(algorithm).form === "pair"
  if (!random && !equal(sealed, ciphertext)) return false
  if (!equal(await row.open(key, { iv, aad, ciphertext: sealed }), plaintext)) return false
  if (!equal(await row.open(key, { iv, aad, ciphertext }), plaintext)) return false
  const fresh = row.sealFresh?.(key, { aad, plaintext })
  if (fresh !== undefined && !equal(await row.open(key, { aad, ...fresh }), plaintext)) return false
  return !row.aead || refuses(() => row.open(key, { iv, aad, ciphertext: flipped(ciphertext) }))
}

async function checkSignature(
  row: SignatureRow<OpenKey>,
  key: OpenKey,
  answer: SignatureAnswer,
): Promise<boolean> {
  const { message } = answer
  const parameters = { ...usualParameters, ...answer.parameters }
  if ("signature" in answer) {
    const { signature } = answer
    if (!row.verify(key, message, signature, parameters)) return false
    if (row.verify(key, message, flipped(signature), parameters)) return false
  }
  return !("key" in answer) || answer.slow === true || checkSigning(row, key, answer)
}

async function checkSigning(
  row: SignatureRow<OpenKey>,
  key: OpenKey,
  answer: SignatureAnswer,
): Promise<boolean> {
  const parameters = { ...usualParameters, ...answer.parameters }
  const made = await row.sign(key, answer.message, parameters)
  if ("signatureSha256" in answer) {
    return (
      equal(hash("SHA_256", made), answer.signatureSha256) &&
      row.verify(key, answer.message, made, parameters) &&
      !row.verify(key, answer.message, flipped(made), parameters)
    )
  }
  return "key" in answer && answer.repeatable
    ? equal(made, answer.signature)
    : row.verify(key, answer.message, made, parameters)
}

function checkMac(row: MacRow<OpenKey>, key: OpenKey, { message, mac }: MacAnswer): boolean {
  const iv = mac.subarray(0, row.ivBytes)
  return equal(row.tag(key, message, iv), mac.subarray(row.ivBytes))
}

async function checkWrap(
  row: WrapRow<OpenKey>,
  key: OpenKey,
  { secret, wrapped }: WrapAnswer,
): Promise<boolean> {
  const made = await row.wrap(key, secret)
  if (row.deterministic === true && !equal(made, wrapped)) return false
  for (const one of [wrapped, made]) {
    using unwrapped = await row.unwrap(key, one)
    if (!unwrapped.lend((bytes) => equal(bytes, secret))) return false
  }
  return await refuses(() => row.unwrap(key, flipped(wrapped)))
}

async function checkKem(
  row: KemRow<OpenKey>,
  key: OpenKey,
  { ciphertext, sharedSecret }: KemAnswer,
): Promise<boolean> {
  if (!equal(await row.decapsulate(key, ciphertext), sharedSecret)) return false
  const rejected = await row.decapsulate(key, flipped(ciphertext))
  if (rejected.length !== sharedSecret.length || equal(rejected, sharedSecret)) return false
  const fresh = row.encapsulate(key)
  return equal(await row.decapsulate(key, fresh.ciphertext), fresh.sharedSecret)
}

async function checkAgreement(
  row: AgreementRow<OpenKey>,
  { key, peer }: { readonly key: OpenKey; readonly peer: OpenKey },
  { sharedSecret }: AgreementAnswer,
): Promise<boolean> {
  return equal(await row.agree(key, peer), sharedSecret)
}

async function refuses(open: () => unknown): Promise<boolean> {
  try {
    await open()
    return false
  } catch {
    return true
  }
}

/** Published values: no secret to compare in constant time. */
function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.toHex() === other.toHex()
}

/** The last bit the other way round. */
function flipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1
  return copy
}
