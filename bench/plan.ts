/** What is measured, against what, and for how long. */

/** One case: how a request looks, and what its figures are compared with. */
export interface Case {
  readonly name: string
  readonly work: Work
  /** Operations in one request. */
  readonly items: number
  /** Connections, each with one request at a time. */
  readonly connections: number
  /** What one operation is compared with, and the ratio that the project aims for. */
  readonly against: readonly Comparison[]
}

export type Work = "echo" | "encrypt-xaes" | "encrypt-gcm" | "sign-p256" | "sign-rsa" | "create"

export interface Comparison {
  readonly base: Base
  /** Of operations per CPU-second, or per second where the disk is what is compared. */
  readonly by: "cpu" | "wall"
  readonly target?: number
}

/** The echo of the same run, or a bare primitive by its name. */
export type Base = "echo" | Primitive

export const primitives = [
  "node:crypto AES-256-GCM 64 B",
  "node:crypto P-256 sign",
  "node:crypto RSA-2048 sign",
  "SQLite durable transaction",
  "openssl AES-256-GCM 64 B",
  "openssl P-256 sign",
  "openssl RSA-2048 sign",
] as const
export type Primitive = (typeof primitives)[number]

/** Connections of requests with one operation. */
const crowd = 32
/** Of batches: enough to keep the server busy, few enough that a window holds many answers. */
const batchCrowd = 8
const batch = 100
/** A batch of RSA takes a tenth of a second: more in flight would only wait. */
const slowBatchCrowd = 2

export const cases: readonly Case[] = [
  single("bare node:https JSON echo", "echo", []),
  single("encrypt 64 B, XAES-256-GCM", "encrypt-xaes", [{ base: "echo", by: "cpu", target: 1.2 }]),
  single("encrypt 64 B, AES-256-GCM", "encrypt-gcm", [
    { base: "echo", by: "cpu", target: 1.2 },
    { base: "node:crypto AES-256-GCM 64 B", by: "cpu" },
    { base: "openssl AES-256-GCM 64 B", by: "cpu" },
  ]),
  single("sign P-256", "sign-p256", [
    { base: "echo", by: "cpu", target: 0.65 },
    { base: "node:crypto P-256 sign", by: "cpu" },
    { base: "openssl P-256 sign", by: "cpu" },
  ]),
  single("sign RSA-2048", "sign-rsa", [
    { base: "node:crypto RSA-2048 sign", by: "cpu", target: 0.92 },
    { base: "openssl RSA-2048 sign", by: "cpu" },
  ]),
  single("create an AES key", "create", [
    { base: "SQLite durable transaction", by: "wall", target: 0.5 },
  ]),
  batched("encrypt 64 B, XAES-256-GCM", "encrypt-xaes", batchCrowd, [
    { base: "echo", by: "cpu", target: 25 },
  ]),
  batched("encrypt 64 B, AES-256-GCM", "encrypt-gcm", batchCrowd, [
    { base: "echo", by: "cpu", target: 25 },
    { base: "node:crypto AES-256-GCM 64 B", by: "cpu" },
    { base: "openssl AES-256-GCM 64 B", by: "cpu" },
  ]),
  batched("sign P-256", "sign-p256", batchCrowd, [
    { base: "node:crypto P-256 sign", by: "cpu" },
    { base: "openssl P-256 sign", by: "cpu", target: 0.85 },
  ]),
  batched("sign RSA-2048", "sign-rsa", slowBatchCrowd, [
    { base: "node:crypto RSA-2048 sign", by: "cpu", target: 0.92 },
    { base: "openssl RSA-2048 sign", by: "cpu" },
  ]),
  batched("create an AES key", "create", batchCrowd, [
    { base: "SQLite durable transaction", by: "wall", target: 5 },
  ]),
]

function single(name: string, work: Work, against: Case["against"]): Case {
  return { name, work, items: 1, connections: crowd, against }
}

function batched(name: string, work: Work, connections: number, against: Case["against"]): Case {
  return { name: `${name}, batch of ${batch}`, work, items: batch, connections, against }
}

/** How long everything takes. */
export interface Pace {
  readonly runs: number
  /** Before each measurement, with the same load. */
  readonly warmMs: number
  readonly measureMs: number
  /** Of each bare primitive. */
  readonly primitiveMs: number
}

/** `npm run bench`: some three minutes. */
export const fullPace: Pace = { runs: 5, warmMs: 500, measureMs: 2_000, primitiveMs: 500 }
