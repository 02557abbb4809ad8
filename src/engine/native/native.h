/**
 * What the files of the addon share. Everything mutable hangs off the environment (one for each
 * thread of Node that loads the addon) or off a key, which belongs to one environment: there are no
 * globals, and no locks.
 */
#ifndef KEYHOLD_NATIVE_H
#define KEYHOLD_NATIVE_H

#define NAPI_VERSION 9
#include <node_api.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** As in src/engine/random.ts, which fills it: 512 nonces of 24 bytes. */
#define KH_POOL_BYTES 12288
/** In front of each ciphertext: a header. */
#define KH_PREFIX_MAX 256
/** EVP_*Update counts in int; nobody sends that much. */
#define KH_BYTES_MAX ((size_t)INT32_MAX - 64)

/** The closed list of error codes; src/engine/native/addon.ts repeats it. */
#define KH_BAD_ARGUMENT "KEYHOLD_ARGUMENT"
#define KH_BAD_KEY "KEYHOLD_KEY"
#define KH_FAILED "KEYHOLD_FAILED"

/** The hashes that a MAC may name. */
#define KH_HASHES 10
/** What a signature scheme may set. */
#define KH_PARAMETERS 9

/** Algorithms as OpenSSL found them: a look-up by name on each call costs more than the call. */
typedef struct {
  EVP_CIPHER *gcm[3];
  EVP_CIPHER *ecb256;
  EVP_MAC *hmac;
  EVP_MD *hash[KH_HASHES];
  /** Random bytes for nonces; what lies before `pool_used` is spent and wiped. */
  unsigned char pool[KH_POOL_BYTES];
  size_t pool_used;
  /** Counts schemes, so that a key knows the one that it is set up for. */
  uint64_t schemes;
} kh_env;

typedef struct {
  const unsigned char *at;
  size_t length;
} kh_bytes;

/** A hash: its place in the tables above, and its length in bytes. */
typedef struct {
  int index;
  size_t bytes;
} kh_hash;

/** How a signature is made; scheme.c. */
typedef struct {
  uint64_t id;
  /** NULL: the key's own. */
  EVP_SIGNATURE *algorithm;
  /** The input is a message, which OpenSSL hashes as the algorithm says; else a digest. */
  bool takes_messages;
  OSSL_PARAM parameters[KH_PARAMETERS + 1];
} kh_scheme;

/** A private key, or a public one alone; signature.c. */
typedef struct {
  EVP_PKEY *pkey;
  bool is_private;
  /** For signatures in the caller's thread: set up for the scheme with this id. */
  EVP_PKEY_CTX *context;
  uint64_t scheme;
} kh_pair;

typedef enum { KH_SIGNS, KH_VERIFIES, KH_DECRYPTS } kh_purpose;

/* addon.c: arguments in, errors and bytes out. Those that return bool have thrown when false. */

kh_env *kh_env_of(napi_env env);
/** Reads exactly `count` arguments; what is missing reads as undefined. */
bool kh_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values);
/** A Uint8Array or Buffer of at most KH_BYTES_MAX bytes, valid until JavaScript runs again. */
bool kh_read_bytes(napi_env env, napi_value value, kh_bytes *bytes);
/** A Uint32Array, as {@link kh_read_bytes}. */
bool kh_read_counts(napi_env env, napi_value value, const uint32_t **at, size_t *length);
bool kh_read_hash(napi_env env, napi_value value, kh_hash *hash);
/** The native half of a key that was made with the same tag. */
bool kh_read_key(napi_env env, napi_value value, const napi_type_tag *tag, void **key);
/** Hands `key` to the garbage collector; frees it at once, and throws, where that fails. */
napi_value kh_wrap_key(napi_env env, const napi_type_tag *tag, void *key,
                       void (*release)(void *key), int64_t size);
/** A fresh, zeroed Uint8Array, and where its bytes are; NULL when it has thrown. */
napi_value kh_new_bytes(napi_env env, size_t length, unsigned char **at);
/** Throws Error with `code`, empties OpenSSL's queue of errors, which Node reads too. */
napi_value kh_throw(napi_env env, const char *code, const char *message);
void kh_export(napi_env env, napi_value exports, const char *name, napi_callback function);

/** Takes the next `length` bytes from the front; false when there are fewer. */
bool kh_take(kh_bytes *from, size_t length, kh_bytes *taken);
/** Feeds a cipher all of `in`: data to bind where `out` is NULL. */
bool kh_update(EVP_CIPHER_CTX *context, unsigned char *out, kh_bytes in);

/** A scheme that lives as long as its value in JavaScript. */
bool kh_read_scheme(napi_env env, napi_value value, const kh_scheme **scheme);

extern const napi_type_tag kh_pair_tag;
/** A context for one scheme; NULL when it does not fit the key. */
EVP_PKEY_CTX *kh_set_up(EVP_PKEY *pkey, const kh_scheme *scheme, kh_purpose purpose);

/* One table of functions per file. */

void kh_export_aead(napi_env env, napi_value exports);
void kh_export_blobs(napi_env env, napi_value exports);
void kh_export_chains(napi_env env, napi_value exports);
void kh_export_later(napi_env env, napi_value exports);
void kh_export_mac(napi_env env, napi_value exports);
void kh_export_record_chain(napi_env env, napi_value exports);
void kh_export_scheme(napi_env env, napi_value exports);
void kh_export_signature(napi_env env, napi_value exports);
void kh_export_thread(napi_env env, napi_value exports);

#endif
