/*
 * Scratch: a directory of its own for a test that works with files.
 */
#ifndef SHOAL_TEST_UNIT_SHARD_SCRATCH_H
#define SHOAL_TEST_UNIT_SHARD_SCRATCH_H

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Makes a directory and goes there; the .init of a test. */
static inline void scratch_enter(void)
{
    char path[] = "/tmp/shoal-test-XXXXXX";

    cr_assert_not_null(mkdtemp(path));
    cr_assert_eq(chdir(path), 0);
}

static inline int scratch_remove_one(const char *path, const struct stat *info, int type,
                                     struct FTW *walk)
{
    return remove(path);
}

/* Removes the directory with all that is in it; the .fini of the test. */
static inline void scratch_leave(void)
{
    char path[4096];

    cr_assert_not_null(getcwd(path, sizeof(path)));
    cr_assert_eq(chdir("/"), 0);
    cr_assert_eq(nftw(path, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
