/**
 * How the kernel serves a thread of this process: sched_setattr(2), of which Node has the priority
 * alone. Linux only.
 */
#define _GNU_SOURCE
#include "native.h"

#ifdef __linux__
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_sched_setattr
/** struct sched_attr of linux/sched/types.h in its first form, which every such kernel takes. */
typedef struct {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
} scheduling;

static bool apply(pid_t thread, int32_t nice, uint64_t slice_ns) {
  scheduling asked;
  // Signal 0 reaches nobody; it only asks whether the thread is ours.
  if (syscall(SYS_tgkill, getpid(), thread, 0) != 0) return false;
  memset(&asked, 0, sizeof asked);
  asked.size = sizeof asked;
  asked.nice = nice;
  asked.runtime = slice_ns;
  return syscall(SYS_sched_setattr, thread, &asked, 0U) == 0;
}
#define KH_CAN_SCHEDULE
#endif
#endif

/** schedule(thread of this process, nice, slice in microseconds): whether the kernel has taken it */
static napi_value schedule(napi_env env, napi_callback_info info) {
  napi_value arguments[3], result;
  int32_t thread = 0, nice = 0;
  uint32_t slice_us = 0;
  if (!kh_arguments(env, info, 3, arguments)) return NULL;
  if (napi_get_value_int32(env, arguments[0], &thread) != napi_ok || thread <= 0 ||
      napi_get_value_int32(env, arguments[1], &nice) != napi_ok || nice < -20 || nice > 19 ||
      napi_get_value_uint32(env, arguments[2], &slice_us) != napi_ok) {
    return kh_throw(env, KH_BAD_ARGUMENT, "is no thread, niceness and slice");
  }
#ifdef KH_CAN_SCHEDULE
  bool is_done = apply(thread, nice, (uint64_t)slice_us * 1000);
#else
  bool is_done = false;
#endif
  return napi_get_boolean(env, is_done, &result) == napi_ok ? result : NULL;
}

void kh_export_thread(napi_env env, napi_value exports) {
  kh_export(env, exports, "schedule", schedule);
}
