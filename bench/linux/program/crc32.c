/* The checksum of Ethernet and gzip, one table look-up for each byte. */
#include "kernel.h"

enum { BUFFER_BYTES = 65536, POLYNOMIAL = (int)0xedb88320 };

static u32 table[256];
static u8 buffer[BUFFER_BYTES];

static void make_table(void) {
  for (u32 i = 0; i < COUNT(table); i++) {
    u32 crc = i;
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ (u32)POLYNOMIAL : crc >> 1;
    table[i] = crc;
  }
}

static NO_INLINE u32 update(u32 crc, const u8 *bytes, u64 count) {
  crc = ~crc;
  while (count--) crc = crc >> 8 ^ table[(u8)(crc ^ *bytes++)];
  return ~crc;
}

u64 crc32(u64 repeat) {
  u64 random = 5;
  make_table();
  for (u64 i = 0; i < BUFFER_BYTES; i++) buffer[i] = (u8)next_random(&random);
  u32 crc = 0;
  for (u64 round = 0; round < repeat; round++) crc = update(crc, buffer, BUFFER_BYTES);
  return mix(0, crc);
}
