/* System calls through the host-target interface: a description in memory, an answer in fromhost. */
#include "board.h"

PARAMETERS(20);

enum { READ = 63, WRITE = 64, OUTPUT = 1, BAD_FILE = 9, BAD_ADDRESS = 14, NO_SUCH_CALL = 38 };

extern volatile u64 tohost, fromhost;

static volatile u64 description[8] PER_LINE;

static s64 call(u64 number, u64 first, const char *second, u64 third) {
  description[0] = number;
  description[1] = first;
  description[2] = (u64)second;
  description[3] = third;
  fence_all();
  while (tohost) pause_hint();
  tohost = (u64)description;
  while (!fromhost) pause_hint();
  fromhost = 0;
  fence_all();
  return (s64)description[0];
}

static u64 length_of(const char *text) {
  u64 length = 0;
  while (text[length]) length++;
  return length;
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  const char *text = "host_calls print whole texts\n";
  for (u64 i = 0; i < parameters.iterations; i++) {
    CHECK(call(WRITE, OUTPUT, text, length_of(text)) == (s64)length_of(text));
  }
  CHECK(call(WRITE, OUTPUT, text, 0) == 0);
  CHECK(call(WRITE, 77, text, 1) == -BAD_FILE);
  CHECK(call(WRITE, OUTPUT, (const char *)8, 1) == -BAD_ADDRESS);
  CHECK(call(READ, 0, text, 1) == -NO_SUCH_CALL);
  put_result("host_calls", parameters.iterations);
}
