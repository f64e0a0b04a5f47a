/* Commands on whole keys, their expiry and whole databases, reply byte for byte. */
#include <criterion/criterion.h>

#include "test/unit/engine/command_run.h"

static struct command_run run;

static void setup(void)
{
    command_run_init(&run);
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(keys, .init = setup, .fini = teardown);

Test(keys, del_counts_the_keys_it_deleted)
{
    command_run_set(&run, "a", "1", ENTRY_NO_EXPIRY);
    command_run_set(&run, "b", "2", ENTRY_NO_EXPIRY);
    run_expect(&run, "DEL a nothing b a", ":2\r\n");
    run_expect_events(&run, "-g:del:a@0 -g:del:b@0 ");
    run_expect(&run, "DBSIZE", ":0\r\n");
}
