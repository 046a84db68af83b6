/*
 * Round trips: each worker has a TCP connection to the host, whose port /tmp/port names, and sends byte after byte to a
 * peer that sends each one back. See workers.h.
 */
#include "workers.h"

enum {
  SYS_openat = 56,
  SYS_socket = 198,
  SYS_connect = 203,
  SYS_setsockopt = 208,
  AT_FDCWD = -100,
  AF_INET = 2,
  SOCK_STREAM = 1,
  IPPROTO_TCP = 6,
  TCP_NODELAY = 1,
};

/* The host, as the guest sees it: 10.0.2.2. */
static const u8 HOST[] = {10, 0, 2, 2};

static u32 port(void) {
  char text[8] = {0};
  s64 file = checked(system_call(SYS_openat, (u64)AT_FDCWD, (u64)"/tmp/port", 0), "open /tmp/port");
  checked(system_call(SYS_read, (u64)file, (u64)text, sizeof text - 1), "read /tmp/port");
  system_call(SYS_close, (u64)file, 0, 0);
  return (u32)number(text);
}

static s64 connect_to_host(void) {
  u32 to = port(), on = 1;
  u8 address[16] = {AF_INET, 0, (u8)(to >> 8), (u8)to, HOST[0], HOST[1], HOST[2], HOST[3]};
  s64 connection = checked(system_call(SYS_socket, AF_INET, SOCK_STREAM, 0), "socket");
  checked(system_call(SYS_connect, (u64)connection, (u64)address, sizeof address), "connect");
  checked(system_call6(SYS_setsockopt, (u64)connection, IPPROTO_TCP, TCP_NODELAY, (u64)&on, sizeof on, 0),
          "setsockopt");
  return connection;
}

static void round_trips(u32 self) {
  struct worker *mine = &shared->workers[self];
  s64 connection = connect_to_host();
  for (; goes_on(); mine->operations++) {
    u8 there = (u8)mine->operations, back = 0;
    checked(system_call(SYS_write, (u64)connection, (u64)&there, 1), "send");
    s64 count = checked(system_call(SYS_read, (u64)connection, (u64)&back, 1), "receive");
    if (count != 1) checked(-1, "the peer has gone");
    mine->errors += back != there;
  }
}

const struct load LOADS[] = {
    {"round-trip", round_trips, 0},
};
const u32 LOAD_COUNT = sizeof LOADS / sizeof *LOADS;
