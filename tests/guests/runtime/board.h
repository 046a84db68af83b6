/* The two things a board gives a guest program: a console byte and an end. */
#ifndef BOARD_H
#define BOARD_H
#include "guest.h"

/* Both boards have the same ACLINT. */
static const u64 ACLINT_MSIP = 0x02000000UL;
static const u64 ACLINT_MTIMECMP = 0x02004000UL;
static const u64 ACLINT_MTIME = 0x0200bff8UL;

void board_put(char byte);
/* Zero is success; anything else is the exit code of a failure. */
void board_finish(u32 code);

#endif
