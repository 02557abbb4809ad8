/** Certificates beside a key: stored, found, deleted; they go with their key. */

import { encodeId } from "../codec/id-text.ts"
import type { CertificateRecord } from "../domain/certificate.ts"
import { HsmError } from "../domain/errors.ts"
import type { KeyRecord } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import { readCertificate, readChain, type ReadCertificate } from "../engine/certificates/read.ts"
import type { Change, Transaction } from "../records/committer.ts"
import { keyOf, perform, recordDone } from "./act.ts"
import type {
  CertificateRef,
  CertificateView,
  StoreCertificateCommand,
} from "./certificate-commands.ts"
import type { Context, KeyRef, Page, PageCommand } from "./commands.ts"
import { countOf } from "./page.ts"
import type { Ports } from "./ports.ts"

/**
 * Keeps a certificate of a key's public half, with its issuers.
 *
 * @throws HsmError MALFORMED_REQUEST for one of another key, or a chain that does not hold;
 * CONFLICT for one that is there already; QUOTA_EXCEEDED beyond limits.certificatesPerKeyMax.
 */
export async function storeCertificate(
  ports: Ports,
  context: Context,
  { key: ref, chain }: StoreCertificateCommand,
  /** What else its commit has to do. */
  also: (transaction: Transaction) => Promise<Transaction> = (only) => Promise.resolve(only),
): Promise<CertificateView> {
  const [said] = readChain(chain)
  if (said === undefined) throw malformed("/chain", "has one certificate at least")
  return await perform(
    ports,
    context,
    { operation: "certificate.store", key: ref },
    async (act) => {
      const key = keyOf(act)
      const named = key.versions.find(
        ({ publicKey }) =>
          publicKey !== undefined && Buffer.compare(publicKey, said.publicKey) === 0,
      )
      if (named === undefined) throw malformed("/chain/0", "is not of this key")
      await checkRoom(ports, key, said.fingerprint)
      const record: CertificateRecord = {
        id: `${ofKey(key)}${encodeId(ports.random.bytes(16))}`,
        partition: key.partition,
        keyId: key.id,
        version: named.version,
        chain,
        createdAt: act.now,
        createdBy: context.caller.subject,
        revision: 1,
      }
      const changes: Change[] = [{ kind: "certificate", record }]
      const committed = await ports.records.commit(key.partition, await also({ changes }))
      const view = viewOf(record)
      await recordDone(ports, act, { keyId: key.id, target: view.id, committed })
      return view
    },
  )
}

/** One page of a key's certificates, whatever their dates say. */
export async function listCertificates(
  ports: Ports,
  context: Context,
  command: PageCommand & { readonly key: KeyRef },
): Promise<Page<CertificateView>> {
  const { key, after, limit = limits.pageSizeDefault } = command
  return await perform(ports, context, { operation: "certificate.read", key }, async (act) => {
    const { partition, id } = keyOf(act)
    const page = { after, limit, of: ofKey({ id }) }
    const { items, next } = await ports.records.list("certificate", partition, page)
    return { items: items.map(viewOf), next }
  })
}

/** How many certificates lie beside the keys of the caller's partition. */
export async function countCertificates(ports: Ports, context: Context): Promise<number> {
  return await perform(ports, context, { operation: "key.list" }, ({ partition }) =>
    countOf(ports, "certificate", partition.id),
  )
}

/** @throws HsmError NOT_FOUND when the key has no such certificate. */
export async function readCertificateOf(
  ports: Ports,
  context: Context,
  { key, certificate }: CertificateRef,
): Promise<CertificateView> {
  const ask = { operation: "certificate.read", key, target: certificate } as const
  return await perform(ports, context, ask, async (act) =>
    viewOf(await existing(ports, keyOf(act), certificate)),
  )
}

/** @throws HsmError NOT_FOUND when the key has no such certificate. */
export async function deleteCertificate(
  ports: Ports,
  context: Context,
  { key: ref, certificate }: CertificateRef,
): Promise<void> {
  const ask = { operation: "certificate.delete", key: ref, target: certificate } as const
  await perform(ports, context, ask, async (act) => {
    const key = keyOf(act)
    const record = await existing(ports, key, certificate)
    const committed = await ports.records.commit(key.partition, { changes: [removal(record)] })
    await recordDone(ports, act, { keyId: key.id, target: certificate, committed })
  })
}

/** What a commit that destroys a key holds of its certificates. */
export async function certificatesEnd(
  ports: Pick<Ports, "records">,
  key: KeyRecord,
): Promise<readonly Change[]> {
  return (await certificatesOf(ports, key)).map(removal)
}

/** Every certificate of a key. */
export async function certificatesOf(
  { records }: Pick<Ports, "records">,
  key: Pick<KeyRecord, "id" | "partition">,
): Promise<readonly CertificateRecord[]> {
  const page = { of: ofKey(key), limit: limits.certificatesPerKeyMax + 1 }
  return (await records.list("certificate", key.partition, page)).items
}

/** Every certificate of a key and what it says, the one that was added last first. */
export async function newestCertificates(
  ports: Pick<Ports, "records">,
  key: Pick<KeyRecord, "id" | "partition">,
): Promise<readonly CertificateView[]> {
  const records = await certificatesOf(ports, key)
  return records.toSorted((a, b) => b.createdAt - a.createdAt).map(viewOf)
}

/** A key's certificate by its id. @throws HsmError NOT_FOUND. */
export async function existing(
  { records }: Pick<Ports, "records">,
  key: Pick<KeyRecord, "id" | "partition">,
  id: string,
): Promise<CertificateRecord> {
  const found = await records.read("certificate", key.partition, `${ofKey(key)}${id}`)
  if (found === undefined) throw new HsmError("NOT_FOUND", "the key has no such certificate")
  return found
}

/** What a record says. */
export function viewOf(record: CertificateRecord): CertificateView {
  let said = read.get(record)
  if (said === undefined) {
    const [own = new Uint8Array()] = record.chain
    said = readCertificate(own, "/chain/0")
    read.set(record, said)
  }
  return { record, id: record.id.split(".")[1] ?? "", said }
}

/** What cached records say: reading a certificate takes longer than signing with its key. */
const read = new WeakMap<CertificateRecord, ReadCertificate>()

function ofKey({ id }: Pick<KeyRecord, "id">): string {
  return `${id}.`
}

async function checkRoom(ports: Ports, key: KeyRecord, fingerprint: string): Promise<void> {
  const found = await certificatesOf(ports, key)
  if (found.some((one) => viewOf(one).said.fingerprint === fingerprint)) {
    throw new HsmError("CONFLICT", "the key has this certificate already")
  }
  const most = limits.certificatesPerKeyMax
  if (found.length < most) return
  throw new HsmError("QUOTA_EXCEEDED", `a key has at most ${most} certificates`)
}

function removal(record: CertificateRecord): Change {
  const gone = { ...record, revision: record.revision + 1 }
  return { kind: "certificate", record: gone, removes: true }
}

function malformed(field: string, message: string): HsmError {
  return new HsmError("MALFORMED_REQUEST", message, { field })
}
