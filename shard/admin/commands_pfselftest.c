/*
 * PFSELFTEST: tests the HyperLogLogs of this build, without touching a key. The shard that
 * runs it does nothing else for some ten milliseconds.
 */
#include "engine/commands/session_handlers.gen.h"
#include "engine/types/hll_selftest.h"
#include "shard/session/client.h"

void cmd_pfselftest(struct client *client)
{
    char why[128];
    if (hll_selftest_run(why, sizeof why))
        reply_ok(&client->reply);
    else
        reply_errorf(&client->reply, "TESTFAILED %s", why);
}
