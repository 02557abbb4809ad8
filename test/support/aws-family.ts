/** Multi-Region keys for tests: a primary at home and what is made of it elsewhere. */

import type { As, AwsFace, Body, Key } from "./aws-face.ts"

export const home = "eu-central-1"
export const away = "us-west-2"
export const there: As = { region: away }

export interface Family {
  readonly KeyId: string
  readonly primary: Key
  readonly replica: Key
}

export interface Families {
  readonly describe: (KeyId: string, as?: As) => Promise<Key>
  readonly replicate: (KeyId: string, region?: string, more?: Body) => Promise<Key>
  /** A primary at home and a replica away. */
  readonly family: (input?: Body) => Promise<Family>
  readonly arnIn: (region: string, id: string) => string
}

export function familiesOf(aws: AwsFace): Families {
  const replicate: Families["replicate"] = async (KeyId, region = away, more = {}) => {
    const answer = await aws.ok("ReplicateKey", { KeyId, ReplicaRegion: region, ...more })
    return answer["ReplicaKeyMetadata"] as Key
  }
  return {
    replicate,
    describe: async (KeyId, as = {}) =>
      (await aws.ok("DescribeKey", { KeyId }, as))["KeyMetadata"] as Key,
    family: async (input = {}) => {
      const primary = await aws.createKey({ MultiRegion: true, ...input })
      return { KeyId: primary.KeyId, primary, replica: await replicate(primary.KeyId) }
    },
    arnIn: (region, id) => `arn:aws:kms:${region}:${aws.account}:key/${id}`,
  }
}

/** What is told to who asks another member than the primary. */
export function notPrimary(arn: string): string {
  return `UnsupportedOperationException: ${arn} is not a multi-region primary key.`
}
