/**
 * `npm run bench -- aws`: AWS's dialects over TLS, each request signed. What is asked again and
 * again is the same signed request: it is good for five minutes, and the node checks it each time.
 */

import { createHmac } from "node:crypto"

import { signingKeySteps, stringToSign, type SigningScope } from "../src/codec/sigv4.ts"
import type { RequestParts } from "./http.ts"
import type { Measured } from "./load.ts"
import { askLoad } from "./measure.ts"
import { startNode, type BenchNode } from "./node.ts"
import type { Pace } from "./plan.ts"
import { median, table, whole } from "./report.ts"

type AwsPace = Pick<Pace, "runs" | "firstWarmMs" | "warmMs" | "measureMs"> & {
  /** Requests per second where the rate is given, not found. */
  readonly rate?: number
}

/** As many as keep a core busy; more would measure how they wait for each other. */
const connections = 4
/** At a given rate: enough that one is free whenever the node keeps up. */
const openConnections = 32
/** AWS asks a key store so often at most (its quota), and cuts it off after 250 ms. */
const xksRateMin = 1_800
const xksP99MaxMs = 10
/** Less than this of the rate is not that rate. */
const reachedShare = 0.99

interface Row {
  readonly name: string
  readonly request: (node: BenchNode, at: Date) => RequestParts
  /** Held to the key store's targets. */
  readonly xks?: true
}

/** One row in one run: as fast as it goes, and at the given rate. */
interface Seen {
  readonly closed: Measured
  readonly open: Measured
}

/** Measures and renders. `missed`: rows that fall short of what AWS needs. */
export async function benchAws(pace: AwsPace): Promise<{
  readonly text: string
  readonly missed: readonly string[]
}> {
  const node = await startNode()
  const rate = pace.rate ?? xksRateMin
  try {
    const rows = await prepare(node)
    const seen = new Map<Row, Seen[]>(rows.map((row) => [row, []]))
    for (const row of rows) if (pace.firstWarmMs > 0) await measure(node, row, warming(pace))
    for (let run = 0; run < pace.runs; run++) {
      for (const row of rows) {
        const closed = await measure(node, row, pace)
        seen.get(row)?.push({ closed, open: await measure(node, row, pace, rate) })
      }
    }
    return render(seen, pace, rate)
  } finally {
    await node.close()
  }
}

function warming({ firstWarmMs }: AwsPace): Pick<Pace, "warmMs" | "measureMs"> {
  return { warmMs: 0, measureMs: firstWarmMs }
}

/** Signed anew each time: a run takes longer than a signature is good for. */
async function measure(
  node: BenchNode,
  { request }: Row,
  pace: Pick<Pace, "warmMs" | "measureMs">,
  rate?: number,
): Promise<Measured> {
  const { url, ca, pid: serverPid } = node
  const how = {
    over: "http1",
    connections: rate === undefined ? connections : openConnections,
    inFlight: 1,
    rate,
  } as const
  // What saturation leaves behind, garbage above all, is gone before the given rate is measured.
  const settled = rate === undefined ? pace : { ...pace, warmMs: 5 * pace.warmMs }
  return await askLoad(settled, { url, ca, serverPid, ...how, request: request(node, new Date()) })
}

function figuresOf(row: Row, runs: readonly Seen[], rate: number) {
  const of = (figure: (one: Seen) => number): number => median(runs.map(figure))
  const perCpu = of(({ closed: { requests, cpuSeconds = Number.NaN } }) => requests / cpuSeconds)
  const perSecond = of(({ closed: { requests, seconds } }) => requests / seconds)
  const achieved = of(({ open: { requests, seconds } }) => requests / seconds)
  const p50 = of(({ open }) => open.p50Ms)
  const p99 = of(({ open }) => open.p99Ms)
  const reached = achieved >= rate * reachedShare
  // Positively, so that NaN misses as well.
  const met = perCpu >= xksRateMin && reached && p99 <= xksP99MaxMs
  return { row, perCpu, perSecond, achieved, p50, p99, reached, met }
}

function render(
  seen: ReadonlyMap<Row, readonly Seen[]>,
  { runs, measureMs }: AwsPace,
  rate: number,
): { readonly text: string; readonly missed: readonly string[] } {
  const figures = [...seen].map(([row, runs]) => figuresOf(row, runs, rate))
  const lines = figures.map(({ row, perCpu, perSecond, achieved, p50, p99, reached, met }) => [
    row.name,
    whole(perCpu),
    whole(perSecond),
    reached ? whole(achieved) : `${whole(achieved)}: not reached`,
    p50.toFixed(2),
    p99.toFixed(2),
    row.xks === true ? (met ? "met" : "not met") : "",
  ])
  const intro =
    "Signed requests of one operation over TLS 1.3, every audit record durable before its " +
    `answer; medians of ${runs} runs of ${measureMs} ms. First ${connections} connections with ` +
    `one at a time on each, as fast as it goes; then ${whole(rate)} per second over ` +
    `${openConnections} connections, whatever the node does, with latency from the time at which ` +
    "a request was due. " +
    `A key store (XKS) has to do ${whole(xksRateMin)} per CPU-second, and at the given rate 99 % ` +
    `within ${xksP99MaxMs} ms.`
  const at = `at ${whole(rate)} per s`
  const heads = ["Work", "per CPU-s", "per s", at, "p50 ms", "p99 ms", "Target"]
  return {
    text: [intro, table(heads, lines)].join("\n\n"),
    missed: figures.filter(({ row, met }) => row.xks === true && !met).map(({ row }) => row.name),
  }
}

const sample = Buffer.alloc(32, "keyhold").toString("base64")
const common = {
  requestMetadata: {
    awsPrincipalArn: "arn:aws:iam::123456789012:role/bench",
    kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:key/bench",
    kmsOperation: "GenerateDataKey",
    kmsRequestId: "4112f4d6-db54-4af4-ae30-c55a22a8dfae",
  },
  encryptionAlgorithm: "AES_GCM",
}

/** A key, and what each dialect makes of a data key under it. */
async function prepare(node: BenchNode): Promise<readonly Row[]> {
  const made = await node.call("manager", "POST", "/keys", { name: "aws", algorithm: "AES_256" })
  const key = String(made["id"])
  const kms = (name: string, body: object) => (of: BenchNode, at: Date) =>
    kmsRequest(of, at, name, body)
  const xks = (name: string, body: object) => (of: BenchNode, at: Date) =>
    xksRequest(of, at, `keys/${key}/${name}`, { ...common, ...body })
  const now = new Date()
  const plaintext = { KeyId: key, Plaintext: sample }
  const blob = await node.once(kmsRequest(node, now, "Encrypt", plaintext))
  const stored = await node.once(xks("encrypt", { plaintext: sample })(node, now))
  const proven = { plaintext: sample, ciphertextDataIntegrityValueAlgorithm: "SHA_256" }
  return [
    { name: "KMS Encrypt, 32 B", request: kms("Encrypt", plaintext) },
    {
      name: "KMS Decrypt, 32 B",
      request: kms("Decrypt", { CiphertextBlob: blob["CiphertextBlob"] }),
    },
    {
      name: "KMS GenerateDataKey, 32 B",
      request: kms("GenerateDataKey", { KeyId: key, KeySpec: "AES_256" }),
    },
    { name: "XKS Encrypt, 32 B", request: xks("encrypt", { plaintext: sample }), xks: true },
    {
      name: "XKS Encrypt with its integrity value, 32 B",
      request: xks("encrypt", proven),
      xks: true,
    },
    { name: "XKS Decrypt, 32 B", request: xks("decrypt", stored), xks: true },
  ]
}

function kmsRequest({ dev }: BenchNode, at: Date, name: string, body: object): RequestParts {
  const headers = { "x-amz-target": `TrentService.${name}` }
  const text = JSON.stringify(body)
  return sign(
    { ...dev.aws, service: "kms", at },
    { method: "POST", path: "/", headers, body: text },
  )
}

function xksRequest({ dev }: BenchNode, at: Date, what: string, body: object): RequestParts {
  const path = `${dev.xks.prefix}/kms/xks/v1/${what}`
  const service = "kms-xks-proxy"
  const text = JSON.stringify(body)
  return sign({ ...dev.xks, service, at }, { method: "POST", path, headers: {}, body: text })
}

interface Signer extends Pick<SigningScope, "region" | "service"> {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly at: Date
}

/** AWS Signature Version 4. */
function sign(signer: Signer, request: RequestParts): RequestParts {
  const { endpoint, accessKeyId, secretAccessKey, region, service, at } = signer
  const amzDate = at.toISOString().replaceAll(/[-:]|\.\d{3}/g, "")
  const scope = { date: amzDate.slice(0, 8), region, service }
  const headers: Record<string, string> = { ...request.headers, "x-amz-date": amzDate }
  const named: Readonly<Record<string, string>> = { ...headers, host: new URL(endpoint).host }
  const signedHeaders = Object.keys(named).toSorted()
  const signed = {
    ...request,
    query: "",
    header: (name: string) => named[name],
    body: Buffer.from(request.body),
  }
  const claim = { ...scope, accessKeyId, signedHeaders, signature: new Uint8Array(32) }
  const text = stringToSign(signed, claim, amzDate)
  const key = signingKeySteps(scope).reduce<Buffer | string>(hmac, `AWS4${secretAccessKey}`)
  headers["authorization"] =
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope.date}/${region}/${service}/aws4_request, ` +
    `SignedHeaders=${signedHeaders.join(";")}, Signature=${hmac(key, text).toString("hex")}`
  return { ...request, headers }
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest()
}
