/** The one error of this face: an exception of the AWS KMS API, by name. */

interface ExceptionRow {
  /** What AWS answers, whatever its model says: 400 for every fault of a client. */
  readonly status: number
}

const client = { status: 400 } as const

/** Every exception that this face answers with. */
export const exceptions = {
  AccessDeniedException: client,
  AlreadyExistsException: client,
  CloudHsmClusterNotFoundException: client,
  ConflictException: client,
  CustomKeyStoreNotFoundException: client,
  DependencyTimeoutException: { status: 503 },
  DisabledException: client,
  DryRunOperationException: client,
  ExpiredImportTokenException: client,
  IncompleteSignatureException: client,
  IncorrectKeyException: client,
  IncorrectKeyMaterialException: client,
  InvalidAliasNameException: client,
  InvalidArnException: client,
  InvalidCiphertextException: client,
  InvalidGrantIdException: client,
  InvalidGrantTokenException: client,
  InvalidImportTokenException: client,
  InvalidKeyUsageException: client,
  InvalidMarkerException: client,
  InvalidSignatureException: client,
  KMSInternalException: { status: 500 },
  KMSInvalidMacException: client,
  KMSInvalidSignatureException: client,
  KMSInvalidStateException: client,
  KeyUnavailableException: { status: 500 },
  LimitExceededException: client,
  MalformedPolicyDocumentException: client,
  MissingAuthenticationTokenException: client,
  NotFoundException: client,
  RequestEntityTooLargeException: { status: 413 },
  SerializationException: client,
  TagException: client,
  ThrottlingException: client,
  UnknownOperationException: client,
  UnrecognizedClientException: client,
  UnsupportedOperationException: client,
  ValidationException: client,
  XksProxyUriUnreachableException: client,
} as const satisfies Record<string, ExceptionRow>
export type ExceptionName = keyof typeof exceptions

/** An exception to answer with. */
export class Fault extends Error {
  override readonly name = "Fault"
  readonly exception: ExceptionName

  /** @param message - empty where AWS sends none. */
  constructor(exception: ExceptionName, message = "") {
    super(message)
    this.exception = exception
  }
}

/** The exception for a rule that no shape expresses. */
export function invalid(message: string): Fault {
  return new Fault("ValidationException", message)
}
