/*
 * Loads on a network: each worker has a TCP connection to the host, whose port /tmp/port names, and does one thing on
 * it. The first byte tells the peer what is wanted: to take bytes, to send bytes, or to send back what it gets. What it
 * sends is, word by word, where in the stream the word is. See workers.h.
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
  BLOCK_BYTES = 1 << 16,
  TAKE = 't',
  SEND = 's',
  ECHO = 'e',
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

static void write_all(s64 connection, const u8 *memory, u64 bytes) {
  for (u64 done = 0; done < bytes;) {
    u64 rest = bytes - done;
    done += (u64)checked(system_call(SYS_write, (u64)connection, (u64)memory + done, rest), "send");
  }
}

static void read_all(s64 connection, u8 *memory, u64 bytes) {
  for (u64 done = 0; done < bytes;) {
    u64 rest = bytes - done;
    s64 count = checked(system_call(SYS_read, (u64)connection, (u64)memory + done, rest), "receive");
    done += (u64)(count > 0 ? count : checked(-1, "the peer has gone"));
  }
}

static s64 connect_to_host(u8 what) {
  u32 to = port(), on = 1;
  u8 address[16] = {AF_INET, 0, (u8)(to >> 8), (u8)to, HOST[0], HOST[1], HOST[2], HOST[3]};
  s64 connection = checked(system_call(SYS_socket, AF_INET, SOCK_STREAM, 0), "socket");
  checked(system_call(SYS_connect, (u64)connection, (u64)address, sizeof address), "connect");
  checked(system_call6(SYS_setsockopt, (u64)connection, IPPROTO_TCP, TCP_NODELAY, (u64)&on, sizeof on, 0),
          "setsockopt");
  write_all(connection, &what, 1);
  return connection;
}

static u8 *block(void) {
  return map(0, BLOCK_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS);
}

static void send_blocks(u32 self) {
  s64 connection = connect_to_host(TAKE);
  u8 *memory = block();
  for (; goes_on(); shared->workers[self].operations++) write_all(connection, memory, BLOCK_BYTES);
}

static void receive_blocks(u32 self) {
  struct worker *mine = &shared->workers[self];
  s64 connection = connect_to_host(SEND);
  u8 *memory = block();
  for (u32 at = 0; goes_on(); mine->operations++) {
    read_all(connection, memory, BLOCK_BYTES);
    const u32 *words = (const u32 *)memory;
    for (u32 i = 0; i < BLOCK_BYTES / sizeof *words; i++, at += sizeof *words) {
      mine->errors += words[i] != at;
    }
  }
}

static void round_trips(u32 self) {
  struct worker *mine = &shared->workers[self];
  s64 connection = connect_to_host(ECHO);
  for (; goes_on(); mine->operations++) {
    u8 there = (u8)mine->operations, back = 0;
    write_all(connection, &there, 1);
    read_all(connection, &back, 1);
    mine->errors += back != there;
  }
}

const struct load LOADS[] = {
    {"send-64k", send_blocks, 0},
    {"receive-64k", receive_blocks, 0},
    {"round-trip", round_trips, 0},
};
const u32 LOAD_COUNT = sizeof LOADS / sizeof *LOADS;
