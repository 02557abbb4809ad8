/** How AWS's dialects name who calls. */

/** A principal is a user of his account; one without a name comes from elsewhere. */
export function userArn(
  account: string,
  { name, subject }: { readonly name?: string | undefined; readonly subject: string },
): string {
  return name === undefined
    ? `arn:aws:sts::${account}:federated-user/${subject}`
    : `arn:aws:iam::${account}:user/${name}`
}

/** An account, or a principal of it, as an ARN or an account's number names them. */
export type NamedByArn =
  | { readonly kind: "account"; readonly account: string }
  | { readonly kind: "user"; readonly account: string; readonly name: string }
  | { readonly kind: "federated"; readonly account: string; readonly subject: string }

const rootPattern = /^(?:arn:aws:iam::(?<root>[0-9]{12}):root|(?<number>[0-9]{12}))$/
const userPattern = /^arn:aws:iam::(?<account>[0-9]{12}):user\/(?<name>.+)$/
const federatedPattern = /^arn:aws:sts::(?<account>[0-9]{12}):federated-user\/(?<subject>.+)$/

/** Reads what {@link userArn} writes, or an account; undefined for roles: there are none. */
export function parseArn(text: string): NamedByArn | undefined {
  const { root, number } = rootPattern.exec(text)?.groups ?? {}
  const whole = root ?? number
  if (whole !== undefined) return { kind: "account", account: whole }
  const { account, name } = userPattern.exec(text)?.groups ?? {}
  if (account !== undefined && name !== undefined) return { kind: "user", account, name }
  const { account: home, subject } = federatedPattern.exec(text)?.groups ?? {}
  if (home === undefined || subject === undefined) return undefined
  return { kind: "federated", account: home, subject }
}
