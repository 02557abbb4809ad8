/**
 * Signatures of every kind that OpenSSL makes, each under a scheme (scheme.c). What is signed is a
 * digest, or what else the scheme takes. Blinding and constant time are OpenSSL's. What takes long is
 * done on threads of libuv's pool (later.c).
 */
#include "native.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

/** SLH-DSA with 256f (FIPS 205 table 2). */
#define SIGNATURE_BYTES_MAX 49856
#define KEY_MEMORY_BYTES 4096

const napi_type_tag kh_pair_tag = {0x6b6579686f6c6433ULL, 0x51637051637051c3ULL};

static void release_pair(void *given) {
  kh_pair *key = given;
  EVP_PKEY_CTX_free(key->context);
  // Cleanses private numbers.
  EVP_PKEY_free(key->pkey);
  OPENSSL_clear_free(key, sizeof *key);
}

static napi_value wrap_pair(napi_env env, EVP_PKEY *pkey, bool is_private) {
  if (pkey == NULL) return kh_throw(env, KH_BAD_KEY, "the key cannot be read");
  kh_pair *key = OPENSSL_zalloc(sizeof *key);
  if (key == NULL || EVP_PKEY_can_sign(pkey) != 1 || EVP_PKEY_get_size(pkey) <= 0 ||
      EVP_PKEY_get_size(pkey) > SIGNATURE_BYTES_MAX) {
    EVP_PKEY_free(pkey);
    OPENSSL_free(key);
    return kh_throw(env, KH_BAD_KEY, "the key makes no signatures of bounded size");
  }
  key->pkey = pkey;
  key->is_private = is_private;
  return kh_wrap_key(env, &kh_pair_tag, key, release_pair, KEY_MEMORY_BYTES);
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

static bool begin(EVP_PKEY_CTX *context, const kh_scheme *scheme, kh_purpose purpose) {
  EVP_SIGNATURE *algorithm = scheme->algorithm;
  const OSSL_PARAM *parameters = scheme->parameters;
  if (purpose == KH_DECRYPTS) {
    return algorithm == NULL && EVP_PKEY_decrypt_init_ex(context, parameters) == 1;
  }
  bool signs = purpose == KH_SIGNS;
  if (algorithm == NULL) {
    return (signs ? EVP_PKEY_sign_init_ex(context, parameters)
                  : EVP_PKEY_verify_init_ex(context, parameters)) == 1;
  }
  if (scheme->takes_messages) {
    return (signs ? EVP_PKEY_sign_message_init(context, algorithm, parameters)
                  : EVP_PKEY_verify_message_init(context, algorithm, parameters)) == 1;
  }
  return (signs ? EVP_PKEY_sign_init_ex2(context, algorithm, parameters)
                : EVP_PKEY_verify_init_ex2(context, algorithm, parameters)) == 1;
}

EVP_PKEY_CTX *kh_set_up(EVP_PKEY *pkey, const kh_scheme *scheme, kh_purpose purpose) {
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
  if (context != NULL && begin(context, scheme, purpose)) return context;
  EVP_PKEY_CTX_free(context);
  return NULL;
}

/** The context that the key keeps, made anew where the scheme differs from the last call's. */
static EVP_PKEY_CTX *kept_context(kh_pair *key, const kh_scheme *scheme) {
  if (key->context != NULL && key->scheme == scheme->id) return key->context;
  EVP_PKEY_CTX_free(key->context);
  key->context = kh_set_up(key->pkey, scheme, KH_SIGNS);
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
  kh_pair *key;
  const kh_scheme *scheme;
  kh_bytes input;
} order;

/** (key, scheme, input): how every function here begins. */
static bool read_order(napi_env env, const napi_value *arguments, order *given) {
  void *key;
  if (!kh_read_key(env, arguments[0], &kh_pair_tag, &key)) return false;
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

/** verify(key, scheme, input, signature): boolean */
static napi_value verify(napi_env env, napi_callback_info info) {
  napi_value arguments[4], result;
  order given;
  kh_bytes signature;
  if (!kh_arguments(env, info, 4, arguments) || !read_order(env, arguments, &given) ||
      !kh_read_bytes(env, arguments[3], &signature)) {
    return NULL;
  }
  EVP_PKEY_CTX *context = kh_set_up(given.key->pkey, given.scheme, KH_VERIFIES);
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
  kh_export(env, exports, "verify", verify);
}
