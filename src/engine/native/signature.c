/**
 * Signatures of every kind that OpenSSL makes, each under a scheme (scheme.c). What is signed is a
 * digest, or what else the scheme takes. Blinding and constant time are OpenSSL's.
 */
#include "native.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

/** SLH-DSA with 256f (FIPS 205 table 2). */
#define SIGNATURE_BYTES_MAX 49856
#define KEY_MEMORY_BYTES 4096

static const napi_type_tag pair_tag = {0x6b6579686f6c6433ULL, 0x51637051637051c3ULL};

typedef struct {
  EVP_PKEY *pkey;
  bool is_private;
  /** For signatures in the caller's thread: set up for the scheme with this id. */
  EVP_PKEY_CTX *context;
  uint64_t scheme;
} pair_key;

/** A signature that is made on a thread of libuv's pool; it touches nothing of the environment. */
typedef struct {
  EVP_PKEY_CTX *context;
  napi_deferred promise;
  napi_async_work work;
  unsigned char *input;
  size_t input_bytes;
  unsigned char *signature;
  size_t length;
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
  pair_key *key = OPENSSL_zalloc(sizeof *key);
  if (key == NULL || EVP_PKEY_can_sign(pkey) != 1 || EVP_PKEY_get_size(pkey) <= 0 ||
      EVP_PKEY_get_size(pkey) > SIGNATURE_BYTES_MAX) {
    EVP_PKEY_free(pkey);
    OPENSSL_free(key);
    return kh_throw(env, KH_BAD_KEY, "the key makes no signatures of bounded size");
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

typedef enum { SIGNS, VERIFIES } purpose;

static bool begin(EVP_PKEY_CTX *context, const kh_scheme *scheme, purpose purpose) {
  EVP_SIGNATURE *algorithm = scheme->algorithm;
  const OSSL_PARAM *parameters = scheme->parameters;
  if (algorithm == NULL) {
    return (purpose == SIGNS ? EVP_PKEY_sign_init_ex(context, parameters)
                             : EVP_PKEY_verify_init_ex(context, parameters)) == 1;
  }
  if (scheme->takes_messages) {
    return (purpose == SIGNS ? EVP_PKEY_sign_message_init(context, algorithm, parameters)
                             : EVP_PKEY_verify_message_init(context, algorithm, parameters)) == 1;
  }
  return (purpose == SIGNS ? EVP_PKEY_sign_init_ex2(context, algorithm, parameters)
                           : EVP_PKEY_verify_init_ex2(context, algorithm, parameters)) == 1;
}

/** A context for one scheme; NULL when it does not fit the key. */
static EVP_PKEY_CTX *set_up(EVP_PKEY *pkey, const kh_scheme *scheme, purpose purpose) {
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
  if (context != NULL && begin(context, scheme, purpose)) return context;
  EVP_PKEY_CTX_free(context);
  return NULL;
}

/** The context that the key keeps, made anew where the scheme differs from the last call's. */
static EVP_PKEY_CTX *kept_context(pair_key *key, const kh_scheme *scheme) {
  if (key->context != NULL && key->scheme == scheme->id) return key->context;
  EVP_PKEY_CTX_free(key->context);
  key->context = set_up(key->pkey, scheme, SIGNS);
  key->scheme = scheme->id;
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
  const kh_scheme *scheme;
  kh_bytes input;
} order;

/** (key, scheme, input): how every function here begins. */
static bool read_order(napi_env env, const napi_value *arguments, order *given) {
  void *key;
  if (!kh_read_key(env, arguments[0], &pair_tag, &key)) return false;
  given->key = key;
  return kh_read_scheme(env, arguments[1], &given->scheme) &&
         kh_read_bytes(env, arguments[2], &given->input);
}

static bool is_private(napi_env env, const order *given) {
  if (given->key->is_private) return true;
  kh_throw(env, KH_BAD_ARGUMENT, "only the public half is here");
  return false;
}

/** sign(key, scheme, input): signature */
static napi_value sign(napi_env env, napi_callback_info info) {
  napi_value arguments[3], made = NULL;
  order given;
  if (!kh_arguments(env, info, 3, arguments) || !read_order(env, arguments, &given) ||
      !is_private(env, &given)) {
    return NULL;
  }
  size_t length = (size_t)EVP_PKEY_get_size(given.key->pkey);
  unsigned char *signature = OPENSSL_malloc(length);
  EVP_PKEY_CTX *context = kept_context(given.key, given.scheme);
  if (signature != NULL && context != NULL &&
      EVP_PKEY_sign(context, signature, &length, given.input.at, given.input.length) == 1) {
    made = signature_of(env, signature, length);
  } else {
    // What failed may have left anything behind.
    EVP_PKEY_CTX_free(given.key->context);
    given.key->context = NULL;
    kh_throw(env, KH_FAILED, "the signature failed");
  }
  OPENSSL_free(signature);
  return made;
}

static void release_job(job *one) {
  EVP_PKEY_CTX_free(one->context);
  OPENSSL_clear_free(one->input, one->input_bytes);
  OPENSSL_free(one->signature);
  OPENSSL_clear_free(one, sizeof *one);
}

static void run_job(napi_env env, void *data) {
  job *one = data;
  (void)env;
  one->is_made = EVP_PKEY_sign(one->context, one->signature, &one->length, one->input,
                               one->input_bytes) == 1;
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
  release_job(one);
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
  release_job(one);
  return kh_throw(env, KH_FAILED, "the signature cannot be queued");
}

/** signLater(key, scheme, input): Promise of the signature */
static napi_value sign_later(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  order given;
  if (!kh_arguments(env, info, 3, arguments) || !read_order(env, arguments, &given) ||
      !is_private(env, &given)) {
    return NULL;
  }
  job *one = OPENSSL_zalloc(sizeof *one);
  if (one == NULL) return kh_throw(env, KH_FAILED, "no memory");
  // A context of its own, which holds the key even when JavaScript drops it.
  one->context = set_up(given.key->pkey, given.scheme, SIGNS);
  one->length = (size_t)EVP_PKEY_get_size(given.key->pkey);
  one->signature = OPENSSL_malloc(one->length);
  one->input_bytes = given.input.length;
  // One byte at least: an allocation of none is NULL.
  one->input = OPENSSL_malloc(one->input_bytes + 1);
  if (one->context == NULL || one->signature == NULL || one->input == NULL) {
    release_job(one);
    return kh_throw(env, KH_FAILED, "the signature cannot be set up");
  }
  memcpy(one->input, given.input.at, one->input_bytes);
  return queue_job(env, one);
}

/** verify(key, scheme, input, signature): boolean */
static napi_value verify(napi_env env, napi_callback_info info) {
  napi_value arguments[4], result;
  order given;
  kh_bytes signature;
  if (!kh_arguments(env, info, 4, arguments) || !read_order(env, arguments, &given) ||
      !kh_read_bytes(env, arguments[3], &signature)) {
    return NULL;
  }
  EVP_PKEY_CTX *context = set_up(given.key->pkey, given.scheme, VERIFIES);
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
  kh_export(env, exports, "signLater", sign_later);
  kh_export(env, exports, "verify", verify);
}
