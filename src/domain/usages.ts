/** What a key's attributes allow it to do, in PKCS#11 terms (CKA_ENCRYPT and so on). */
export const keyUsages = [
  "encrypt",
  "decrypt",
  "sign",
  "verify",
  "wrap",
  "unwrap",
  "derive",
  "encapsulate",
  "decapsulate",
] as const
export type KeyUsage = (typeof keyUsages)[number]

/** Uses of a pair's public half; the others need its private one. */
export const publicUsages: readonly KeyUsage[] = ["verify", "encrypt", "wrap", "encapsulate"]
