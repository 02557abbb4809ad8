/**
 * How a signature is made, as OpenSSL's parameters say it. A scheme is put together once, by the
 * tables of src/engine/native/schemes.ts, and names no key.
 */
#include "native.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <string.h>

#define NAME_BYTES_MAX 32
/** FIPS 204 section 5.2, FIPS 205 section 10.2, RFC 8032 section 2. */
#define CONTEXT_BYTES_MAX 255

static const napi_type_tag scheme_tag = {0x6b6579686f6c6434ULL, 0x5c4e3e5c4e3e5c44ULL};

/** What may be set, and what it is; in this order in kh_scheme.parameters. */
static const struct {
  const char *name;
  enum { TEXT, NUMBER, BYTES } type;
} known[KH_PARAMETERS] = {
    {OSSL_SIGNATURE_PARAM_DIGEST, TEXT},
    {OSSL_SIGNATURE_PARAM_MGF1_DIGEST, TEXT},
    {OSSL_SIGNATURE_PARAM_PAD_MODE, TEXT},
    {OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NUMBER},
    {OSSL_SIGNATURE_PARAM_NONCE_TYPE, NUMBER},
    {OSSL_SIGNATURE_PARAM_DETERMINISTIC, NUMBER},
    {OSSL_SIGNATURE_PARAM_MU, NUMBER},
    {OSSL_SIGNATURE_PARAM_MESSAGE_ENCODING, NUMBER},
    {OSSL_SIGNATURE_PARAM_CONTEXT_STRING, BYTES},
};

/** What the parameters point to. */
typedef struct {
  kh_scheme scheme;
  int numbers[KH_PARAMETERS];
  char texts[KH_PARAMETERS][NAME_BYTES_MAX];
  unsigned char context[CONTEXT_BYTES_MAX];
} stored_scheme;

static void release_scheme(void *given) {
  stored_scheme *stored = given;
  EVP_SIGNATURE_free(stored->scheme.algorithm);
  OPENSSL_free(stored);
}

static bool read_text(napi_env env, napi_value value, char text[NAME_BYTES_MAX]) {
  size_t length = 0;
  // A text that was cut is as long as there is room for.
  if (napi_get_value_string_latin1(env, value, text, NAME_BYTES_MAX, &length) == napi_ok &&
      length > 0 && length < NAME_BYTES_MAX - 1) {
    return true;
  }
  kh_throw(env, KH_BAD_ARGUMENT, "is no name of a bounded length");
  return false;
}

static bool read_parameter(napi_env env, napi_value value, int index, stored_scheme *stored,
                           OSSL_PARAM *parameter) {
  kh_bytes bytes;
  int32_t number = -1;
  const char *name = known[index].name;
  switch (known[index].type) {
    case TEXT:
      if (!read_text(env, value, stored->texts[index])) return false;
      *parameter = OSSL_PARAM_construct_utf8_string(name, stored->texts[index], 0);
      return true;
    case NUMBER:
      if (napi_get_value_int32(env, value, &number) != napi_ok || number < 0) break;
      stored->numbers[index] = number;
      *parameter = OSSL_PARAM_construct_int(name, &stored->numbers[index]);
      return true;
    case BYTES:
      if (!kh_read_bytes(env, value, &bytes)) return false;
      if (bytes.length > CONTEXT_BYTES_MAX) break;
      memcpy(stored->context, bytes.at, bytes.length);
      *parameter = OSSL_PARAM_construct_octet_string(name, stored->context, bytes.length);
      return true;
  }
  kh_throw(env, KH_BAD_ARGUMENT, "is no value of this parameter");
  return false;
}

/** Fills in those parameters that the object has. */
static bool read_parameters(napi_env env, napi_value object, stored_scheme *stored) {
  int count = 0;
  napi_valuetype type;
  if (napi_typeof(env, object, &type) != napi_ok || type != napi_object) {
    kh_throw(env, KH_BAD_ARGUMENT, "holds no parameters");
    return false;
  }
  for (int index = 0; index < KH_PARAMETERS; index++) {
    napi_value value;
    if (napi_get_named_property(env, object, known[index].name, &value) != napi_ok ||
        napi_typeof(env, value, &type) != napi_ok) {
      kh_throw(env, KH_BAD_ARGUMENT, "holds no parameters");
      return false;
    }
    if (type == napi_undefined) continue;
    if (!read_parameter(env, value, index, stored, &stored->scheme.parameters[count++])) {
      return false;
    }
  }
  stored->scheme.parameters[count] = OSSL_PARAM_construct_end();
  return true;
}

/** scheme(algorithm: string | undefined, input: "message" | "digest", parameters): Scheme */
static napi_value make_scheme(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  char input[NAME_BYTES_MAX];
  napi_valuetype type;
  char name[NAME_BYTES_MAX];
  kh_env *ours = kh_env_of(env);
  if (ours == NULL || !kh_arguments(env, info, 3, arguments) ||
      napi_typeof(env, arguments[0], &type) != napi_ok ||
      (type != napi_undefined && !read_text(env, arguments[0], name)) ||
      !read_text(env, arguments[1], input)) {
    return NULL;
  }
  stored_scheme *stored = OPENSSL_zalloc(sizeof *stored);
  if (stored == NULL) return kh_throw(env, KH_FAILED, "no memory");
  stored->scheme.id = ++ours->schemes;
  stored->scheme.takes_messages = strcmp(input, "message") == 0;
  if (type != napi_undefined) {
    stored->scheme.algorithm = EVP_SIGNATURE_fetch(NULL, name, NULL);
    if (stored->scheme.algorithm == NULL) {
      release_scheme(stored);
      return kh_throw(env, KH_BAD_ARGUMENT, "is no signature algorithm");
    }
  }
  if (!read_parameters(env, arguments[2], stored)) {
    release_scheme(stored);
    return NULL;
  }
  return kh_wrap_key(env, &scheme_tag, stored, release_scheme, sizeof *stored);
}

bool kh_read_scheme(napi_env env, napi_value value, const kh_scheme **scheme) {
  void *stored;
  if (!kh_read_key(env, value, &scheme_tag, &stored)) return false;
  *scheme = &((const stored_scheme *)stored)->scheme;
  return true;
}

void kh_export_scheme(napi_env env, napi_value exports) {
  kh_export(env, exports, "scheme", make_scheme);
}
