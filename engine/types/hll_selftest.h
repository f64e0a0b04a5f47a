/*
 * HLL self-test: checks HyperLogLogs in a buffer of its own, for those who want to know
 * whether this build does on this machine what it should (PFSELFTEST).
 */
#ifndef SHOAL_ENGINE_TYPES_HLL_SELFTEST_H
#define SHOAL_ENGINE_TYPES_HLL_SELFTEST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True if all is well; false: `why` says what is not. Registers are set and read back, and a
 * million elements are counted: at each power of ten the dense and, while it is kept, the
 * sparse form have to agree, and the estimate to be within six standard errors. The same
 * elements each time. Takes some ten milliseconds and 40 KB of stack.
 */
bool hll_selftest_run(char *why, size_t size);

#endif
