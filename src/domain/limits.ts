/** Every bound of the system in one place, each with its source or its reason. */

const KiB = 1024
const MiB = 1024 * KiB
const minuteMs = 60_000
export const dayMs = 24 * 60 * minuteMs

export const limits = {
  /** Plaintext, ciphertext or message of one operation; larger content goes by envelope. */
  messageBytesMax: 64 * KiB,
  /** Message of one signature or MAC: a document, whole, within one request body. */
  signBytesMax: 2.5 * MiB,
  /** The longest signature: SLH-DSA with 256f, FIPS 205 table 2. */
  signatureBytesMax: 49_856,
  /** What ECDSA signs without a hash's name: the longest digest there is. */
  bareDigestBytesMax: 64,
  /** A PSS salt: RSA-8192 with SHA-1, RFC 8017 section 9.1.1 step 3. */
  saltLengthMax: 1024 - 20 - 2,
  /** Hash trees that wait for the one that is being made: one of H15 takes some seconds. */
  treesWaitingMax: 8,
  /** Steps of a derivation path: BIP 44 has five, and nobody twice as many. */
  pathStepsMax: 10,
  /** A path or a pattern of such: ten steps of ten digits, each with a mark and a slash. */
  pathLengthMax: 128,
  /** Patterns of one key. */
  pathPatternsMax: 32,
  /** Derived keys kept open per process; deriving five steps takes a millisecond or two. */
  derivedKeysMax: 1_000,
  /** A mnemonic: 24 words of at most eight letters (BIP 39); its passphrase, as text. */
  mnemonicLengthMax: 24 * 9,
  passphraseLengthMax: 256,
  /** A signature's context: FIPS 204 section 5.2, FIPS 205 section 10.2, RFC 8032 section 2. */
  contextBytesMax: 255,
  /** Salt, info, label or context of a derivation; node:crypto's bound for HKDF's info. */
  derivationBytesMax: 1_024,
  pbkdf2IterationsMax: 10_000_000,
  /** Of a key file under a passphrase: three times what is advised in 2026. */
  fileIterationsMax: 2_000_000,
  argon2PassesMax: 64,
  /** 256 MiB: a few at once fit beside everything else. */
  argon2MemoryKiBMax: 256 * KiB,
  argon2ParallelismMax: 16,
  /** Additional authenticated data; AWS's encryption context allows 8 KiB. */
  aadBytesMax: 8 * KiB,
  /** With what a dialect binds besides. */
  boundAadBytesMax: 8 * KiB + 64,
  /** A data key: what AWS's dialect allows. */
  dataKeyBytesMax: 1_024,
  /** One call of `random`. */
  randomBytesMax: 4 * KiB,
  /** A request's body: a full batch of small items, or a few large ones. */
  bodyBytesMax: 4 * MiB,
  /** Nesting of a JSON body; ours needs five. */
  jsonDepthMax: 16,
  /** Request line and headers, as Node's default. */
  headBytesMax: 16 * KiB,
  /** Items of one batch call. */
  batchItemsMax: 1_000,
  /** Requests of one turn of the event loop that share a record, which names all of them. */
  togetherMax: 100,
  /** A key's or partition's name. */
  nameLengthMax: 128,
  /** One data object, as the TSB has them; and how many a partition keeps. */
  dataObjectBytesMax: 64 * KiB,
  dataObjectsMax: 1_000,
  /** Tags of one key; AWS allows 50. */
  tagsMax: 50,
  tagKeyLengthMax: 128,
  tagValueLengthMax: 256,
  /** As AWS's quota. */
  aliasesPerKeyMax: 50,
  /** A key's policy as its document; as AWS's quota. */
  keyPolicyBytesMax: 32 * KiB,
  /** Members of a multi-Region key, all in one commit when it rotates; AWS has some 30 regions. */
  familyMembersMax: 32,
  /** Grants on one key: with its policy they fit into one record. */
  kmsGrantsPerKeyMax: 100,
  /** Of them, those that other partitions have handed on: room is left for the key's own. */
  kmsGrantsHandedOnMax: 50,
  /** Of one constraint of a grant: pairs, and characters in all; as AWS has it. */
  grantPairsMax: 8,
  grantConstraintLengthMax: 384,
  /** Rotations of one key that AWS's dialect is asked for; AWS's own bound. */
  rotationsOnDemandMax: 25,
  /** Versions of one key: with RSA-4096's public keys its record stays below the store's bound. */
  keyVersionsMax: 200,
  /** Public keys of one key's versions together: 200 of RSA-4096, 42 of ML-DSA-87. */
  publicKeysBytesMax: 200 * 550,
  /** AWS: parameters for an import are good for a day, material for a year at most. */
  importTokenMs: dayMs,
  importedMaterialMaxMs: 365 * dayMs,
  /** Grants of one principal. */
  grantsMax: 100,
  /** XKS: an ARN, and whatever else AWS tells of a request. */
  xksTextMax: 2_048,
  /** Values of one condition of a key store's policy. */
  keyStoreValuesMax: 100,
  /** Address ranges of one principal. */
  addressRangesMax: 32,
  /** Live bearer tokens of one principal: two overlap during rotation, one to spare. */
  credentialsMax: 3,
  /** A page of any list. */
  pageSizeMax: 1_000,
  pageSizeDefault: 100,
  /** Keys of a partition unless its quota says otherwise. */
  keysPerPartitionDefault: 100_000,
  /** Operations per second of a partition unless its quota says otherwise. */
  operationsPerSecondDefault: 100_000,
  /** Random 96-bit IVs under one key: SP 800-38D section 8.3. */
  sealsPerVersionMax: 2 ** 32,
  /** IVs leased from the store at once; a crash forfeits at most this many of 2^32. */
  sealsLease: 2 ** 20,
  /** Waiting window before a deleted key is destroyed; AWS KMS: 7 to 30 days. */
  deletionWindowDefaultMs: 30 * dayMs,
  deletionWindowMaxMs: 365 * dayMs,
  /** A rotation schedule's shortest and longest period. */
  rotationPeriodMinMs: dayMs,
  rotationPeriodMaxMs: 3650 * dayMs,
  /** A permit's life: what was allowed is checked again when it waits longer. */
  permitMs: 10_000,
  /** A bearer token's longest life, and its life when none is named. */
  tokenLifeMaxMs: 3650 * dayMs,
  tokenLifeDefaultMs: 365 * dayMs,
  /** Live access keys of one principal: two overlap during rotation, as AWS allows. */
  accessKeysMax: 2,
  /** Between a signed request's clock and ours: AWS and the XKS specification. */
  signatureSkewMs: 5 * minuteMs,
  /** How long the old token lives on after a rotation, at most. */
  tokenOverlapMaxMs: 7 * dayMs,
  /** Idempotency keys are remembered this long. */
  idempotencyMs: dayMs,
  /** Opened key handles kept per process. */
  openKeysMax: 10_000,
  /** Keys whose last use a process remembers until it is stored: some 10 MB. */
  recentUsesMax: 65_536,
  /** Of one key. */
  openVersionsMax: 20,
  /** Decoded records kept per process. */
  cachedRecordsMax: 100_000,
  /** New records of one commit that are kept decoded: more are a bulk, used later if at all. */
  cachedNewRecordsMax: 64,
  /** Key records in one bucket table: 64 entries keep a create's rewrite near 4 KiB. */
  bucketEntriesMax: 64,
  /** The epoch's root rotates at least this often. */
  epochMs: dayMs,
  /** Compare-and-commit attempts before a busy record is reported as a conflict. */
  commitAttemptsMax: 16,
  /** Failed authentications one address may make per minute before it has to wait. */
  failedAuthenticationsPerMinute: 60,
  /** Addresses whose failures are counted; the oldest is forgotten first. */
  failureAddressesMax: 10_000,
  /** A JWT, with room for the head's other fields; common ones have 1 to 2 KiB. */
  jwtBytesMax: 8 * KiB,
  /** Between an issuer's clock and ours: RFC 7519 section 4.1.4, at most a few minutes. */
  jwtLeewayMs: minuteMs,
  /** A JWT's age since `iat`, whatever its `exp`: what is stolen does not live for years. */
  jwtAgeMaxMs: dayMs,
  /** Proven bearer tokens remembered per process; the oldest is forgotten first. */
  rememberedCallersMax: 10_000,
  /** Verified JWTs remembered per process; the oldest is forgotten first. */
  verifiedJwtsMax: 10_000,
  /** A JWT's `sub`: OpenID Connect Core section 2. */
  subjectLengthMax: 255,
  /** Issuers of one partition. */
  issuersMax: 16,
  /** Entries of one issuer's claim-to-role map. */
  roleMapMax: 100,
  /** A JWKS document, its keys, and the key sets kept per process. */
  jwksBytesMax: 64 * KiB,
  jwksKeysMax: 50,
  keySetsMax: 1_000,
  /** A fetched JWKS counts as fresh for so long; a withdrawn key stops working within it. */
  jwksFreshMs: 10 * minuteMs,
  /** How long a JWKS serves when its issuer cannot be reached. */
  jwksStaleMs: 60 * minuteMs,
  /** Between two fetches of one JWKS, so that unknown key ids cause no flood. */
  jwksCooldownMs: 30_000,
  jwksTimeoutMs: 5_000,
  /** A rule's tokens, a token's groups, a group's approvers: a board with its deputies. */
  ruleTokensMax: 16,
  ruleGroupsMax: 16,
  ruleApproversMax: 100,
  /** A token's quorums together: their signatures, of ML-DSA-87 too, fit into one record. */
  ruleQuorumMax: 12,
  /** All rules of a key or partition as JSON: beside 200 versions they fit into its record. */
  rulesBytesMax: 64 * KiB,
  /** Timelock and timeout: whole seconds, in the TSB dialect whole minutes; at most a year. */
  ruleStepMs: 1_000,
  ruleTimeMaxMs: 365 * dayMs,
  /** Ranges of hours of one token. */
  ruleHoursMax: 32,
  /** A budget's shortest and longest period. */
  budgetPeriodMinMs: minuteMs,
  budgetPeriodMaxMs: 366 * dayMs,
  /** An approver's certificate and its issuers. */
  chainLengthMax: 4,
  certificateBytesMax: 4 * KiB,
  /** Certificates beside one key: a few per version, from more than one authority. */
  certificatesPerKeyMax: 32,
  /** A certificate with its issuers; one alone of SLH-DSA with 256f has some 51 KiB. */
  certificateChainBytesMax: 64 * KiB,
  /** A value in a subject; RFC 5280 appendix A.1 has 64 for most. */
  subjectValueLengthMax: 256,
  /** Other names in one certificate: what public authorities allow. */
  alternativeNamesMax: 100,
  /** Of a certificate that is issued here: browsers take 398 days, roots live for decades. */
  certificateLifeDefaultMs: 365 * dayMs,
  certificateLifeMaxMs: 30 * 365 * dayMs,
  /** A request for a timestamp (RFC 3161): the largest there can be has less than 200 bytes. */
  timestampQueryBytesMax: 4 * KiB,
  /** Opened approvers' keys kept per process; the oldest is forgotten first. */
  approverKeysMax: 10_000,
  /** Approvers that were invited to one partition: so many fit into one answer. */
  approversMax: 1_000,
  /** An invitation's one-time code: over a long weekend; and its random bits, 128 at least. */
  onboardingCodeMs: 4 * dayMs,
  onboardingCodeBytes: 20,
  /** Hashes of a key file's password: RFC 8018 section 4.2; about a second on a phone. */
  keyFileIterations: 200_000,
  /** Signed words on one request; with a result of messageBytesMax they fit into one record. */
  requestWordsMax: 16,
  /** Of an approver's proof that he holds a key: how old it may be, and how far ahead his clock. */
  possessionPastMs: 10 * minuteMs,
  possessionFutureMs: minuteMs / 2,
  /** What an operation that waits is about: command and record stay below the store's bound. */
  requestBytesMax: 96 * KiB,
  requestReasonLengthMax: 512,
  /** A request's life, and what it is when nothing shorter is asked for. */
  requestLifeMaxMs: 30 * dayMs,
  requestLifeDefaultMs: 7 * dayMs,
  /** How long a request is kept when it has ended, with what came out of it. */
  requestKeepMs: 7 * dayMs,
  /** Stamps of one stored block: a bit each, so that a record of 128 bytes serves so many calls. */
  stampsPerBlock: 1_024,
  /** For how long a block gives stamps: its record is kept as much longer than they live. */
  stampBlockOpenMs: 60 * minuteMs,
  /** How long a stamp may live: blocks are kept by the first of these that is long enough. */
  stampLivesMs: [60 * minuteMs, dayMs, 30 * dayMs],
  stampLifeDefaultMs: 60 * minuteMs,
  /** Between two looks at a request that waits for hours, a budget, or a clock that is sure. */
  requestLookMs: minuteMs / 4,
  /** Webhooks of a partition: whoever has more to tell has one that passes it on. */
  webhooksMax: 8,
  /** What waits for one webhook; beyond it nothing is told, and the log says so. */
  webhookWaitingMax: 1_000,
  /** A receiver's time for one message, and of its answer what is read, and thrown away. */
  webhookTimeoutMs: 10_000,
  webhookAnswerBytesMax: 64 * KiB,
  /** After each failure in a row: as Standard Webhooks has it; the last one again and again. */
  webhookRetriesMs: [
    5_000,
    minuteMs / 2,
    5 * minuteMs,
    30 * minuteMs,
    2 * 60 * minuteMs,
    5 * 60 * minuteMs,
    10 * 60 * minuteMs,
  ],
  /** Of `webhooks.caFile`: more than any list of authorities that somebody wrote by hand. */
  webhookCasMax: 64,
  webhookCaBytesMax: 256 * KiB,
  /** What could not be told for so long is told nobody; requests are kept longer. */
  webhookKeepMs: 3 * dayMs,
  /** Messages under way; one partition's slow receivers hold up nobody else's. */
  webhooksAtOnceMax: 32,
  webhooksAtOncePerPartitionMax: 4,
  /** A stream of events; whoever watches connects again, and is asked again who he is. */
  watchMs: minuteMs,
  watchersMax: 1_000,
  /** Audit records that wait to become durable; beyond it operations are refused at once. */
  auditQueueMax: 20_000,
  /** One audit record as JSON: a batch of creates lists 2,500 writes of some 200 bytes. */
  auditRecordBytesMax: MiB,
  /** One group commit: what gathers at full load during a slow sync of 10 ms, and a bit. */
  auditCommitRecordsMax: 4_000,
  auditCommitBytesMax: 4 * MiB,
  /** What one turn of the event loop reads, it works on at its end, or the next one does. */
  auditQuietTurns: 4,
  /** Records that are read at a time where nobody waits for them, and the rest in between: the
  thread that reads them writes the log, and a commit waits for the step under way. */
  auditReadStep: 100,
  auditReadRestMs: 20,
  /** For which a commit waits for company at most: as long as a sync takes, and where the loop
  works longer than that on what came, turns enough for what came meanwhile. */
  auditGatherMs: 1,
  auditGatherTurns: 8,
  /** A segment of the log: some 60,000 records; recovery reads one in well under a second. */
  auditSegmentBytes: 32 * MiB,
  /** By so much a segment's file grows at a time, ahead of its frames. */
  auditAllocateBytes: 256 * KiB,
  /** Signed checkpoints leave the node this often when there is something new. */
  auditCheckpointMs: 5_000,
  /** Space of one worker's log, and the most one partition may take of it. */
  auditBudgetBytes: 16 * 1024 * MiB,
  auditPartitionBudgetBytes: 4 * 1024 * MiB,
  /** Kept for what stops harm: some 8,000 records of blocking, disabling, revoking, sealing. */
  auditReserveBytes: 4 * MiB,
  /** Exports that are being written at once; the oldest is dropped first. */
  auditExportsMax: 4,
  /** Shares of a master key: Shamir over GF(2^8). */
  sharesMax: 255,
  /** An unfinished unseal forgets its shares after this long. */
  unsealProgressMs: 15 * minuteMs,
  /** Shares that one address may bring to a node per minute. */
  unsealSharesPerMinute: 30,
  /** Life of a sealed node's importer key; a custodian needs seconds between fetch and use. */
  importerKeyMs: 60 * minuteMs,
  /** A custodian's password: with Argon2id, beyond guessing offline when it is chosen well. */
  custodianPasswordLengthMin: 12,
  /** A client's time for a request's headers, and for all of it: a full body over a slow line. */
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  /** For the handshake of TLS. */
  handshakeTimeoutMs: 10_000,
  /** An idle connection is kept longer than the 60 s of common load balancers. */
  keepAliveMs: 65_000,
  /** How often these are enforced. */
  timeoutCheckMs: 5_000,
  /** Open connections of one listener; some 20 KiB each. */
  connectionsMax: 10_000,
  /** Slow jobs of one process that run at once: libuv's pool has four threads, two for files. */
  slowJobsAtOnce: 2,
  /** Slow jobs that may wait, in all and per partition: some ten seconds of RSA-4096. */
  slowJobsMax: 4_096,
  slowJobsPerPartitionMax: 1_024,
  /** What is refused then may be tried again after this long. */
  slowRetrySeconds: 2,
  /** Worker processes of one node. */
  workersMax: 64,
  /** How long a worker may take to drop its copies before it is ended. */
  workerAnswerMs: 5_000,
  /** How long a worker's work under way may hold up a change of its key: a permit, and a job. */
  workerDrainMs: 30_000,
  /** Calls at once on one connection of frames; more wait in its socket. */
  framesUnderWayMax: 256,
  /** Requests at once on one connection of HTTP/2, and its memory in MB. */
  streamsPerConnectionMax: 128,
  sessionMegabytesMax: 16,
  /** Draining at SIGTERM before open connections are cut. */
  drainMs: 5_000,
} as const
