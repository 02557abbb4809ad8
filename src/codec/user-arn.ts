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
