/**
 * Signatures over a digest that the caller made: ECDSA (FIPS 186-5 section 6) on every curve, RSA
 * PKCS#1 v1.5 and PSS (RFC 8017 section 8). Blinding and constant time are OpenSSL's.
 */
#include "native.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

/** More than OpenSSL takes: 16384 bits of RSA. */
#define SIGNATURE_BYTES_MAX 2048
#define KEY_MEMORY_BYTES 4096

static const napi_type_tag pair_tag = {0x6b6579686f6c6433ULL, 0x51637051637051c3ULL};

typedef enum { SCHEME_ECDSA, SCHEME_PKCS1, SCHEME_PSS, SCHEMES } scheme;
static const char *const scheme_names[SCHEMES] = {"ecdsa", "pkcs1", "pss"};

typedef struct {
  EVP_PKEY *pkey;
  bool is_private;
  /** For signatures in the caller's thread: the last scheme and hash, set up. */
  EVP_PKEY_CTX *context;
  scheme scheme;
  int hash;
} pair_key;

/** A signature that is made on a thread of libuv's pool; it touches nothing of the environment. */
typedef struct {
  EVP_PKEY_CTX *context;
  napi_deferred promise;
  napi_async_work work;
  size_t digest_bytes;
  unsigned char digest[KH_DIGEST_BYTES_MAX];
  size_t length;
  unsigned char signature[SIGNATURE_BYTES_MAX];
  bool is_made;
} job;

static void release_pair(void *given) {
  pair_key *key = given;
  EVP_PKEY_CTX_free(key->context);
  // Cleanses private numbers.
  EVP_PKEY_free(key->pkey);
  OPENSSL_clear_free(key, sizeof *key);
}

static napi_value wrap_pair(napi_env env, EVP_PKEY *pkey, bool is_private) {
  if (pkey == NULL) return kh_throw(env, KH_BAD_KEY, "the key cannot be read");
  int type = EVP_PKEY_get_base_id(pkey);
  pair_key *key = OPENSSL_zalloc(sizeof *key);
  if (key == NULL || (type != EVP_PKEY_RSA && type != EVP_PKEY_EC) ||
      EVP_PKEY_get_size(pkey) > SIGNATURE_BYTES_MAX) {
    EVP_PKEY_free(pkey);
    OPENSSL_free(key);
    return kh_throw(env, KH_BAD_KEY, "the key is neither RSA nor EC of bounded size");
  }
  key->pkey = pkey;
  key->is_private = is_private;
  return kh_wrap_key(env, &pair_tag, key, release_pair, KEY_MEMORY_BYTES);
}

/** privateKey(pkcs8: DER): PairKey, which verifies too */
static napi_value make_private_key(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  kh_bytes der;
  if (!kh_arguments(env, info, 1, arguments) || !kh_read_bytes(env, arguments[0], &der)) {
    return NULL;
  }
  const unsigned char *at = der.at;
  PKCS8_PRIV_KEY_INFO *info8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.length);
  bool is_whole = info8 != NULL && at == der.at + der.length;
  EVP_PKEY *pkey = is_whole ? EVP_PKCS82PKEY(info8) : NULL;
  // Cleanses its copy of the key.
  PKCS8_PRIV_KEY_INFO_free(info8);
  return wrap_pair(env, pkey, true);
}

/** publicKey(spki: DER): PairKey, which only verifies */
static napi_value make_public_key(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  kh_bytes der;
  if (!kh_arguments(env, info, 1, arguments) || !kh_read_bytes(env, arguments[0], &der)) {
    return NULL;
  }
  const unsigned char *at = der.at;
  EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)der.length);
  if (pkey != NULL && at != der.at + der.length) {
    EVP_PKEY_free(pkey);
    pkey = NULL;
  }
  return wrap_pair(env, pkey, false);
}

static bool read_scheme(napi_env env, napi_value value, const pair_key *key, scheme *found) {
  char name[8];
  size_t length = 0;
  bool is_rsa = EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_RSA;
  if (napi_get_value_string_latin1(env, value, name, sizeof name, &length) == napi_ok) {
    for (scheme one = SCHEME_ECDSA; one < SCHEMES; one++) {
      if (strcmp(name, scheme_names[one]) != 0 || length != strlen(name)) continue;
      if (is_rsa == (one == SCHEME_ECDSA)) break;
      *found = one;
      return true;
    }
  }
  kh_throw(env, KH_BAD_ARGUMENT, "is no signature scheme of this key");
  return false;
}

/** A context for one scheme and hash; `begin` is EVP_PKEY_sign_init or EVP_PKEY_verify_init. */
static EVP_PKEY_CTX *set_up(EVP_PKEY *pkey, scheme scheme, const EVP_MD *hash,
                            int (*begin)(EVP_PKEY_CTX *)) {
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
  int padding = scheme == SCHEME_PSS ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
  if (context != NULL && begin(context) == 1 &&
      (scheme == SCHEME_ECDSA || EVP_PKEY_CTX_set_rsa_padding(context, padding) == 1) &&
      EVP_PKEY_CTX_set_signature_md(context, hash) == 1 &&
      (scheme != SCHEME_PSS ||
       (EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash) == 1 &&
        EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1))) {
    return context;
  }
  EVP_PKEY_CTX_free(context);
  return NULL;
}

/** The context that the key keeps, made anew where scheme or hash differ from the last call's. */
static EVP_PKEY_CTX *kept_context(kh_env *ours, pair_key *key, scheme scheme, int hash) {
  if (key->context != NULL && key->scheme == scheme && key->hash == hash) return key->context;
  EVP_PKEY_CTX_free(key->context);
  key->context = set_up(key->pkey, scheme, ours->hash[hash], EVP_PKEY_sign_init);
  key->scheme = scheme;
  key->hash = hash;
  return key->context;
}

static napi_value signature_of(napi_env env, const unsigned char *from, size_t length) {
  unsigned char *out;
  napi_value made = kh_new_bytes(env, length, &out);
  if (made != NULL) memcpy(out, from, length);
  return made;
}

typedef struct {
  pair_key *key;
  scheme scheme;
  kh_hash hash;
  kh_bytes input;
} order;

/** (key, scheme, hash, digest or message): how every function here begins. */
static bool read_order(napi_env env, const napi_value *arguments, order *given) {
  void *key;
  if (!kh_read_key(env, arguments[0], &pair_tag, &key)) return false;
  given->key = key;
  return read_scheme(env, arguments[1], key, &given->scheme) &&
         kh_read_hash(env, arguments[2], &given->hash) &&
         kh_read_bytes(env, arguments[3], &given->input);
}

static bool is_digest(napi_env env, const order *given) {
  if (given->input.length == given->hash.bytes) return true;
  kh_throw(env, KH_BAD_ARGUMENT, "is not as long as a digest of this hash");
  return false;
}

static bool is_private(napi_env env, const order *given) {
  if (given->key->is_private) return true;
  kh_throw(env, KH_BAD_ARGUMENT, "only the public half is here");
  return false;
}

static napi_value sign_now(napi_env env, const order *given, kh_bytes digest) {
  unsigned char signature[SIGNATURE_BYTES_MAX];
  size_t length = sizeof signature;
  EVP_PKEY_CTX *context =
      kept_context(kh_env_of(env), given->key, given->scheme, given->hash.index);
  if (context != NULL &&
      EVP_PKEY_sign(context, signature, &length, digest.at, digest.length) == 1) {
    return signature_of(env, signature, length);
  }
  return kh_throw(env, KH_FAILED, "the signature failed");
}

/** sign(key, scheme, hash, message): signature */
static napi_value sign(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  order given;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  if (!kh_arguments(env, info, 4, arguments) || !read_order(env, arguments, &given) ||
      !is_private(env, &given)) {
    return NULL;
  }
  const EVP_MD *hash = kh_env_of(env)->hash[given.hash.index];
  if (EVP_Digest(given.input.at, given.input.length, digest, &length, hash, NULL) != 1) {
    return kh_throw(env, KH_FAILED, "the hash failed");
  }
  return sign_now(env, &given, (kh_bytes){digest, length});
}

/** signDigest(key, scheme, hash, digest): signature */
static napi_value sign_digest(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  order given;
  if (!kh_arguments(env, info, 4, arguments) || !read_order(env, arguments, &given) ||
      !is_private(env, &given) || !is_digest(env, &given)) {
    return NULL;
  }
  return sign_now(env, &given, given.input);
}

static void run_job(napi_env env, void *data) {
  job *one = data;
  (void)env;
  one->length = sizeof one->signature;
  one->is_made = EVP_PKEY_sign(one->context, one->signature, &one->length, one->digest,
                               one->digest_bytes) == 1;
  // The queue of errors belongs to this thread, which runs Node's own jobs next.
  if (!one->is_made) ERR_clear_error();
}

static void settle_job(napi_env env, napi_status status, void *data) {
  job *one = data;
  napi_value result = NULL, code, message;
  if (status == napi_ok && one->is_made) {
    result = signature_of(env, one->signature, one->length);
  }
  if (result != NULL) {
    napi_resolve_deferred(env, one->promise, result);
  } else {
    // A failed allocation has thrown; the promise carries it instead.
    napi_value thrown;
    napi_get_and_clear_last_exception(env, &thrown);
    if (napi_create_string_latin1(env, KH_FAILED, NAPI_AUTO_LENGTH, &code) == napi_ok &&
        napi_create_string_latin1(env, "the signature failed", NAPI_AUTO_LENGTH, &message) ==
            napi_ok &&
        napi_create_error(env, code, message, &result) == napi_ok) {
      napi_reject_deferred(env, one->promise, result);
    }
  }
  napi_delete_async_work(env, one->work);
  EVP_PKEY_CTX_free(one->context);
  OPENSSL_clear_free(one, sizeof *one);
}

static napi_value queue_job(napi_env env, job *one) {
  napi_value name, promise;
  if (napi_create_string_latin1(env, "keyhold:sign", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_create_async_work(env, NULL, name, run_job, settle_job, one, &one->work) == napi_ok) {
    if (napi_create_promise(env, &one->promise, &promise) == napi_ok &&
        napi_queue_async_work(env, one->work) == napi_ok) {
      return promise;
    }
    napi_delete_async_work(env, one->work);
  }
  EVP_PKEY_CTX_free(one->context);
  OPENSSL_clear_free(one, sizeof *one);
  return kh_throw(env, KH_FAILED, "the signature cannot be queued");
}

/** signDigestLater(key, scheme, hash, digest): Promise of the signature */
static napi_value sign_digest_later(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  order given;
  if (!kh_arguments(env, info, 4, arguments) || !read_order(env, arguments, &given) ||
      !is_private(env, &given) || !is_digest(env, &given)) {
    return NULL;
  }
  job *one = OPENSSL_zalloc(sizeof *one);
  if (one == NULL) return kh_throw(env, KH_FAILED, "no memory");
  // A context of its own, which holds the key even when JavaScript drops it.
  const EVP_MD *hash = kh_env_of(env)->hash[given.hash.index];
  one->context = set_up(given.key->pkey, given.scheme, hash, EVP_PKEY_sign_init);
  if (one->context == NULL) {
    OPENSSL_free(one);
    return kh_throw(env, KH_FAILED, "the signature cannot be set up");
  }
  one->digest_bytes = given.input.length;
  memcpy(one->digest, given.input.at, given.input.length);
  return queue_job(env, one);
}

/** verifyDigest(key, scheme, hash, digest, signature): boolean */
static napi_value verify_digest(napi_env env, napi_callback_info info) {
  napi_value arguments[5], result;
  order given;
  kh_bytes signature;
  if (!kh_arguments(env, info, 5, arguments) || !read_order(env, arguments, &given) ||
      !is_digest(env, &given) || !kh_read_bytes(env, arguments[4], &signature)) {
    return NULL;
  }
  const EVP_MD *hash = kh_env_of(env)->hash[given.hash.index];
  EVP_PKEY_CTX *context = set_up(given.key->pkey, given.scheme, hash, EVP_PKEY_verify_init);
  if (context == NULL) return kh_throw(env, KH_FAILED, "the verification cannot be set up");
  bool is_valid = EVP_PKEY_verify(context, signature.at, signature.length, given.input.at,
                                  given.input.length) == 1;
  EVP_PKEY_CTX_free(context);
  ERR_clear_error();
  return napi_get_boolean(env, is_valid, &result) == napi_ok ? result : NULL;
}

void kh_export_signature(napi_env env, napi_value exports) {
  kh_export(env, exports, "privateKey", make_private_key);
  kh_export(env, exports, "publicKey", make_public_key);
  kh_export(env, exports, "sign", sign);
  kh_export(env, exports, "signDigest", sign_digest);
  kh_export(env, exports, "signDigestLater", sign_digest_later);
  kh_export(env, exports, "verifyDigest", verify_digest);
}
