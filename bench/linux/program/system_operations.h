/* What programs ask of the kernel all day, one operation each. */
#ifndef SYSTEM_OPERATIONS_H
#define SYSTEM_OPERATIONS_H

#include "kernel.h"

/* `run` does the operation as often as asked for, and gives the number of times it came out right. */
extern const struct kernel operations[];

#endif
