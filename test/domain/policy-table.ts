/**
 * Who may do what, when: typed by hand from the issue and DESIGN sections 4 and 5. Nothing here is
 * taken from src/, so that the comparison means something.
 *
 * Columns: operation · roles (u user, m manager, p approver, a auditor, o officer, O operator, C
 * its officer) · key states (A active, D disabled, M awaiting material, W waiting for deletion, I
 * invalidated, X destroyed; `any`; `-` for operations without a key) · partition flag · use ·
 * attribute · what else: `blocked` works in a blocked partition, `frozen` in a read-only one,
 * `rate` counts against the rate.
 */
export const table = `
key.encrypt                u      A     keyUse         encrypt -           frozen rate
key.decrypt                u      A     keyUse         decrypt -           frozen rate
key.sign                   u      A     keyUse         sign    -           frozen rate
key.verify                 u      A     keyUse         verify  -           frozen rate
key.mac                    u      A     keyUse         sign    -           frozen rate
key.verify-mac             u      A     keyUse         verify  -           frozen rate
key.data-key               u      A     keyUse         encrypt -           frozen rate
key.encapsulate            u      A     keyUse         encapsulate -       frozen rate
key.decapsulate            u      A     keyUse         decapsulate -       frozen rate
key.agree                  u      A     keyUse         derive  -           frozen rate
key.wrap                   um     A     keyUse         wrap    trusted     frozen rate
key.unwrap                 m      A     keyImport      unwrap  -           rate
key.derive                 m      A     keyUse         derive  -           rate
key.timestamp              u      A     keyUse         sign    -           frozen rate
key.describe               umpao  any   -              -       -           blocked frozen
key.public                 umpao  any   -              -       -           blocked frozen
key.explain                umpao  any   -              -       -           blocked frozen
key.read-policy            umpao  any   -              -       -           blocked frozen
key.set-policy             mo     ADMWI -              -       modifiable
key.last-use               mao    any   -              -       -           blocked frozen
key.receipt                mao    any   -              -       -           blocked frozen
key.address                um     A     keyUse         -       -           frozen rate
key.derive-public          um     A     keyUse         -       -           frozen rate
key.extended-public        m      A     keyUse         -       -           frozen rate
key.derive-child           m      A     -              sign    -
key.create                 m      -     -              -       -
key.import                 m      -     keyImport      -       -
key.replicate              m      A     -              -       -
key.set-primary            m      A     -              -       -
key.list                   umpao  -     -              -       -           blocked frozen
key.import-parameters      m      ADM   keyImport      -       -
key.import-material        m      ADM   keyImport      -       -
key.delete-material        m      ADMW  keyDestruction -       destroyable
key.update                 m      ADM   -              -       modifiable
key.enable                 m      AD    -              -       -
key.disable                mo     AD    -              -       -           blocked frozen
key.rotate                 m      A     -              -       -
key.delete                 m      ADM   keyDestruction -       destroyable
key.cancel-deletion        m      W     -              -       -
key.restore                o      I     -              -       -
key.purge                  o      IW    keyDestruction -       -
grant.create               m      A     -              -       -
grant.list                 umpao  any   -              -       -           blocked frozen
grant.list-retirable       umpao  -     -              -       -           blocked frozen
grant.retire               umo    any   -              -       -           blocked frozen
grant.revoke               mo     any   -              -       -           blocked frozen
alias.create               m      ADM   -              -       -
alias.move                 m      ADM   -              -       -
alias.delete               m      any   -              -       -
alias.list                 umpao  -     -              -       -           blocked frozen
key.trust                  o      AD    -              -       -
key.fast-forward           o      AD    -              -       -
key.block                  umo    AD    -              -       -           blocked frozen
key.unblock                umo    AD    -              -       -
key.set-rules              mo     AD    -              -       -
key.protect                o      AD    -              -       -
key.export-plain           m      A     plainExport    -       extractable frozen
key.export-wrapped         m      A     wrappedExport  -       extractable frozen
certificate.request        um     A     keyUse         sign    -           frozen rate
certificate.self-sign      um     A     keyUse         sign    -           frozen rate
certificate.issue          u      A     keyUse         sign    -           frozen rate
certificate.read           umpao  any   -              -       -           blocked frozen
certificate.store          m      AD    -              -       -
certificate.delete         m      any   -              -       -
request.create             umo    -     -              -       -           frozen rate
request.list               umpao  -     -              -       -           blocked frozen
request.read               umpao  -     -              -       -           blocked frozen
request.speak              umpo   -     -              -       -           frozen rate
request.cancel             umo    -     -              -       -           blocked frozen
call.stamp                 umo    -     -              -       -           frozen rate
call.make                  umo    -     -              -       -           frozen rate
random.generate            u      -     -              -       -           frozen rate
partition.read             umpao  -     -              -       -           blocked frozen
partition.update           o      -     -              -       -           frozen
partition.set-rules        o      -     -              -       -
partition.block            o      -     -              -       -           blocked frozen
partition.unblock          o      -     -              -       -           blocked frozen
data-object.create         m      -     -              -       -
data-object.read           umpao  -     -              -       -           frozen rate
data-object.read-private   um     -     -              -       -           frozen rate
data-object.delete         m      -     -              -       -
webhook.create             o      -     -              -       -
webhook.list               o      -     -              -       -           blocked frozen
webhook.test               o      -     -              -       -           frozen rate
webhook.delete             o      -     -              -       -           blocked frozen
principal.create           oC     -     -              -       -
principal.list             oC     -     -              -       -           blocked frozen
principal.read             oC     -     -              -       -           blocked frozen
principal.update           oC     -     -              -       -
principal.delete           oC     -     -              -       -           blocked frozen
principal.issue-token      oC     -     -              -       -
principal.issue-access-key oC     -     -              -       -
principal.revoke-token     oC     -     -              -       -           blocked frozen
principal.rotate-own-token umpaoOC -     -              -       -           frozen
approver.create            o      -     -              -       -
approver.create-with-key   o      -     approverKeys   -       -
approver.renew-code        o      -     -              -       -
approver.list              o      -     -              -       -           blocked frozen
approver.delete            o      -     -              -       -           blocked frozen
approver.resolve           umo    -     -              -       -           blocked frozen
approver.onboard           p      -     -              -       -           rate
approver.receive-key       p      -     approverKeys   -       -           rate
issuer.create              oC     -     -              -       -
issuer.list                oC     -     -              -       -           blocked frozen
issuer.delete              oC     -     -              -       -           blocked frozen
audit.read                 aoOC   -     -              -       -           blocked frozen
cluster.create-partition   O      -     -              -       -           blocked
cluster.list-partitions    OC     -     -              -       -           blocked frozen
cluster.read-partition     OC     -     -              -       -           blocked frozen
cluster.update-partition   O      -     -              -       -           blocked
cluster.seal               OC     -     -              -       -           blocked frozen
cluster.shred              OC     -     -              -       -           blocked frozen
`

export interface Row {
  readonly operation: string
  readonly roles: string
  readonly states: string
  readonly flag: string
  readonly usage: string
  readonly attribute: string
  readonly also: readonly string[]
}

export const rows: readonly Row[] = table
  .trim()
  .split("\n")
  .map((line) => {
    const [
      operation = "",
      roles = "",
      states = "",
      flag = "",
      usage = "",
      attribute = "",
      ...also
    ] = line.split(/ +/)
    return { operation, roles, states, flag, usage, attribute, also }
  })
