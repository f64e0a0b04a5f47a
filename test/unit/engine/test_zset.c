/* The commands of sorted sets: replies byte for byte, the events observers hear, and random
 * changes against a plain model, in the small form and in the large one. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "engine/types/zset.h"
#include "test/unit/engine/command_run.h"

#define WRONG_TYPE "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
#define SYNTAX "-ERR syntax error\r\n"
#define NOT_INT "-ERR value is not an integer or out of range\r\n"
#define NOT_FLOAT "-ERR value is not a valid float\r\n"
#define NO_RANGE "-ERR min or max is not a float\r\n"
#define NO_NAMES "-ERR min or max not valid string range item\r\n"

static struct command_run run;

static void setup(void)
{
    command_run_init(&run);
    run.limits.zset_max_listpack_entries = 128;
    run.limits.zset_max_listpack_value = 64;
}

static void setup_large(void)
{
    setup();
    run.limits.zset_max_listpack_entries = 0;
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(zset, .init = setup, .fini = teardown);
TestSuite(zset_large, .init = setup_large, .fini = teardown);
TestSuite(zset_combine, .init = setup, .fini = teardown);
TestSuite(zset_model, .init = setup, .fini = teardown);

static struct entry *entry_of(const char *key)
{
    struct key name = keyspace_key(run.ks.seed, bytes_of(key));
    return keyspace_find(&run.ks, &run.ks.dbs[0], &name).entry;
}

/* The elements of an array reply, with spaces between them, as clients see them. */
static const char *words_of(const char *line)
{
    static char out[65536]; /* of the test, which is one thread */
    size_t used = 0;
    const char *at = strchr(command_run(&run, line), '\n') + 1;
    out[0] = '\0';
    while (*at == '$') {
        int len = atoi(at + 1);
        at = strchr(at, '\n') + 1;
        used += (size_t)snprintf(out + used, sizeof out - used, "%s%.*s", used ? " " : "", len, at);
        at += len + 2;
    }
    return out;
}

#define expect_words(line, expected) cr_assert_str_eq(words_of(line), (expected), "%s", (line))

Test(zset, members_are_added_and_scores_changed)
{
    run_expect(&run, "ZADD z 1 a 2 b", ":2\r\n");
    run_expect_events(&run, "z:zadd:z@0 ");
    run_expect(&run, "ZADD z 1 a 3 b 4 c", ":1\r\n");
    run_expect(&run, "ZADD z CH 1 a 5 b 6 d", ":2\r\n");
    run_expect(&run, "ZADD z 1 a", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "ZSCORE z b", "$1\r\n5\r\n");
    run_expect(&run, "ZSCORE z none", "$-1\r\n");
    run_expect(&run, "ZSCORE none a", "$-1\r\n");
    run_expect(&run, "ZCARD z", ":4\r\n");
    run_expect(&run, "ZMSCORE z a x c", "*3\r\n$1\r\n1\r\n$-1\r\n$1\r\n4\r\n");
    run_expect(&run, "ZMSCORE none a", "*1\r\n$-1\r\n");
    run_expect(&run, "ZADD z 7 a 8 a 9 a", ":0\r\n");
    expect_words("ZRANGE z 0 -1 WITHSCORES", "c 4 b 5 d 6 a 9");
}

Test(zset, options_say_which_members_are_added)
{
    run_expect(&run, "ZADD z XX 1 a", ":0\r\n");
    cr_assert_null(entry_of("z"));
    run_expect(&run, "ZADD z NX 5 a", ":1\r\n");
    run_expect(&run, "ZADD z NX 6 a 1 b", ":1\r\n");
    run_expect(&run, "ZADD z XX CH 7 a 1 c", ":1\r\n");
    run_expect(&run, "ZADD z GT CH 6 a 2 b 1 d", ":2\r\n");
    run_expect(&run, "ZADD z lt ch 6 a 3 b", ":1\r\n");
    expect_words("ZRANGE z 0 -1 WITHSCORES", "d 1 b 2 a 6");
    run_expect(&run, "ZADD z INCR 2 a", "$1\r\n8\r\n");
    run_expect_events(&run, "z:zincr:z@0 ");
    run_expect(&run, "ZADD z INCR 0 a", "$1\r\n8\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "ZADD z NX INCR 2 a", "$-1\r\n");
    run_expect(&run, "ZADD z XX INCR 2 new", "$-1\r\n");
    run_expect(&run, "ZADD z GT INCR -1 a", "$-1\r\n");
    run_expect(&run, "ZADD z LT INCR -1 a", "$1\r\n7\r\n");
}

Test(zset, wrong_additions_are_refused_and_add_nothing)
{
    run_expect(&run, "ZADD z 1 a 2", SYNTAX);
    run_expect(&run, "ZADD z NX 1", SYNTAX);
    run_expect(&run, "ZADD z NX XX", SYNTAX);
    run_expect(&run, "ZADD z NX XX 1 a",
               "-ERR XX and NX options at the same time are not compatible\r\n");
    const char *compare =
        "-ERR GT, LT, and/or NX options at the same time are not compatible\r\n";
    run_expect(&run, "ZADD z NX GT 1 a", compare);
    run_expect(&run, "ZADD z LT NX 1 a", compare);
    run_expect(&run, "ZADD z LT GT 1 a", compare);
    run_expect(&run, "ZADD z INCR 1 a 2 b",
               "-ERR INCR option supports a single increment-element pair\r\n");
    run_expect(&run, "ZADD z 1 a x b", NOT_FLOAT);
    run_expect(&run, "ZADD z nan a", NOT_FLOAT);
    run_expect(&run, "ZINCRBY z x a", NOT_FLOAT);
    run_expect(&run, "ZINCRBY z NX a", SYNTAX);
    cr_assert_null(entry_of("z"));
    run_expect(&run, "ZADD z inf a", ":1\r\n");
    run_expect(&run, "ZINCRBY z -inf a", "-ERR resulting score is not a number (NaN)\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "ZSCORE z a", "$3\r\ninf\r\n");
}

Test(zset, another_type_is_refused)
{
    static const char *const lines[] = {
        "ZADD s 1 a", "ZINCRBY s 1 a", "ZREM s a", "ZCARD s", "ZSCORE s a", "ZMSCORE s a",
        "ZCOUNT s 0 1", "ZLEXCOUNT s - +", "ZRANK s a", "ZREVRANK s a", "ZRANGE s 0 1",
        "ZRANGESTORE d s 0 1", "ZRANGEBYSCORE s 0 1", "ZREVRANGEBYLEX s + -",
        "ZREMRANGEBYRANK s 0 1", "ZPOPMIN s", "ZPOPMAX s 0", "ZMPOP 2 none s MIN",
        "ZRANDMEMBER s", "ZSCAN s 0", "ZUNION 2 none s", "ZDIFFSTORE d 1 s", "ZINTERCARD 1 s",
    };
    command_run_set(&run, "s", "text", ENTRY_NO_EXPIRY);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        run_expect(&run, lines[i], WRONG_TYPE);
    cr_assert_null(entry_of("d"));
}

Test(zset, scores_are_doubles_in_resp3)
{
    command_run(&run, "ZADD z 0.1 a 1e300 b -inf c 3.0 d");
    run_expect(&run, "ZSCORE z a", "$3\r\n0.1\r\n");
    run.reply.resp = 3;
    run_expect(&run, "ZSCORE z a", ",0.1\r\n");
    run_expect(&run, "ZSCORE z c", ",-inf\r\n");
    run_expect(&run, "ZSCORE z none", "_\r\n");
    run_expect(&run, "ZINCRBY z 1 d", ",4\r\n");
    run_expect(&run, "ZRANGE z 0 1 WITHSCORES",
               "*2\r\n*2\r\n$1\r\nc\r\n,-inf\r\n*2\r\n$1\r\na\r\n,0.1\r\n");
    run_expect(&run, "ZRANK z a WITHSCORE", "*2\r\n:1\r\n,0.1\r\n");
    run_expect(&run, "ZRANK z none WITHSCORE", "_\r\n");
    run_expect(&run, "ZPOPMIN z", "*2\r\n$1\r\nc\r\n,-inf\r\n");
    run_expect(&run, "ZPOPMIN z 1", "*1\r\n*2\r\n$1\r\na\r\n,0.1\r\n");
    run_expect(&run, "ZMPOP 1 z MIN", "*2\r\n$1\r\nz\r\n*1\r\n*2\r\n$1\r\nd\r\n,4\r\n");
    run_expect(&run, "ZMPOP 1 none MIN", "_\r\n");
    run_expect(&run, "ZUNION 1 z WITHSCORES", "*1\r\n*2\r\n$1\r\nb\r\n,1e+300\r\n");
}

static void check_ranks(void)
{
    command_run(&run, "ZADD z 1 a 2 b 2 c 3 d");
    run_expect(&run, "ZRANK z c", ":2\r\n");
    run_expect(&run, "ZREVRANK z c", ":1\r\n");
    run_expect(&run, "ZRANK z x", "$-1\r\n");
    run_expect(&run, "ZRANK none a", "$-1\r\n");
    run_expect(&run, "ZREVRANK z d WITHSCORE", "*2\r\n:0\r\n$1\r\n3\r\n");
    run_expect(&run, "ZRANK z x withscore", "*-1\r\n");
    run_expect(&run, "ZRANK z a SCORE", SYNTAX);
    run_expect(&run, "ZRANK z a WITHSCORE x",
               "-ERR wrong number of arguments for 'zrank' command\r\n");
    expect_words("ZRANGE z 1 2", "b c");
    expect_words("ZRANGE z -2 -1", "c d");
    expect_words("ZRANGE z -100 0", "a");
    expect_words("ZRANGE z 3 100", "d");
    expect_words("ZRANGE z 0 1 REV", "d c");
    expect_words("ZREVRANGE z 1 -1 WITHSCORES", "c 2 b 2 a 1");
    run_expect(&run, "ZRANGE z 4 9", "*0\r\n");
    run_expect(&run, "ZRANGE z 2 1", "*0\r\n");
    run_expect(&run, "ZRANGE z 0 -9223372036854775808", "*0\r\n");
    run_expect(&run, "ZRANGE none 0 -1", "*0\r\n");
}

Test(zset, ranks_count_from_either_end)
{
    check_ranks();
}

Test(zset_large, ranks_count_from_either_end)
{
    check_ranks();
    cr_assert_eq(entry_of("z")->encoding, ENCODING_OBJECT);
}

static void check_score_ranges(void)
{
    command_run(&run, "ZADD z 1 a 2 b 2 c 3 d 4 e");
    expect_words("ZRANGEBYSCORE z 2 3", "b c d");
    expect_words("ZRANGEBYSCORE z (2 3 WITHSCORES", "d 3");
    expect_words("ZRANGEBYSCORE z -inf (2", "a");
    expect_words("ZREVRANGEBYSCORE z +inf 3", "e d");
    expect_words("ZRANGE z 2 4 BYSCORE LIMIT 1 2", "c d");
    expect_words("ZRANGE z (4 2 BYSCORE REV LIMIT 1 -1", "c b");
    expect_words("ZRANGE z 0 9 BYSCORE LIMIT -1 5", "");
    expect_words("ZRANGE z 0 9 BYSCORE LIMIT 5 5", "");
    expect_words("ZRANGE z 0 9 BYSCORE LIMIT 1 0", "");
    run_expect(&run, "ZRANGEBYSCORE z 3 2", "*0\r\n");
    run_expect(&run, "ZRANGEBYSCORE z (2 2", "*0\r\n");
    run_expect(&run, "ZCOUNT z 2 (4", ":3\r\n");
    run_expect(&run, "ZCOUNT z '' 1e400", ":5\r\n");
    run_expect(&run, "ZCOUNT z 1 x", NO_RANGE);
    run_expect(&run, "ZCOUNT z nan 1", NO_RANGE);
    run_expect(&run, "ZCOUNT z 1 ((2", NO_RANGE);
    run_expect(&run, "ZREMRANGEBYSCORE z 2 (3", ":2\r\n");
    run_expect_events(&run, "z:zremrangebyscore:z@0 ");
    expect_words("ZRANGE z 0 -1", "a d e");
    run_expect(&run, "ZREMRANGEBYSCORE z 7 8", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "ZREMRANGEBYRANK z -2 -1", ":2\r\n");
    run_expect(&run, "ZREMRANGEBYRANK z 0 5", ":1\r\n");
    run_expect_events(&run, "z:zremrangebyrank:z@0 -g:del:z@0 ");
    cr_assert_null(entry_of("z"));
}

Test(zset, scores_have_ranges)
{
    check_score_ranges();
}

Test(zset_large, scores_have_ranges)
{
    check_score_ranges();
}

static void check_names(void)
{
    command_run(&run, "ZADD z 0 a 0 aa 0 b 0 c 0 ''");
    expect_words("ZRANGEBYLEX z [a (b", "a aa");
    expect_words("ZRANGEBYLEX z (a +", "aa b c");
    expect_words("ZREVRANGEBYLEX z + [b LIMIT 1 1", "b");
    expect_words("ZRANGE z [b - BYLEX REV LIMIT 0 2", "b aa");
    run_expect(&run, "ZRANGEBYLEX z + -", "*0\r\n");
    run_expect(&run, "ZRANGEBYLEX z [c [b", "*0\r\n");
    run_expect(&run, "ZLEXCOUNT z - +", ":5\r\n");
    run_expect(&run, "ZLEXCOUNT z [ [aa", ":3\r\n");
    run_expect(&run, "ZLEXCOUNT z a b", NO_NAMES);
    run_expect(&run, "ZLEXCOUNT z - ++", NO_NAMES);
    run_expect(&run, "ZLEXCOUNT z '' +", NO_NAMES);
    run_expect(&run, "ZREMRANGEBYLEX z (a [b", ":2\r\n");
    run_expect_events(&run, "z:zremrangebylex:z@0 ");
    expect_words("ZRANGE z 1 -1", "a c");
}

Test(zset, names_have_ranges)
{
    check_names();
}

Test(zset_large, names_have_ranges)
{
    check_names();
}

Test(zset, options_of_ranges_are_checked)
{
    command_run(&run, "ZADD z 1 a");
    run_expect(&run, "ZRANGE z 0 1 BYSCORE BYLEX", SYNTAX);
    run_expect(&run, "ZRANGE z 0 1 REV REV", SYNTAX);
    run_expect(&run, "ZRANGE z 0 1 LIMIT 1", SYNTAX);
    run_expect(&run, "ZRANGE z 0 1 BYSCORE LIMIT x 1", NOT_INT);
    run_expect(&run, "ZRANGE z 0 1 LIMIT 0 1",
               "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or "
               "BYLEX\r\n");
    run_expect(&run, "ZRANGE z - + BYLEX WITHSCORES",
               "-ERR syntax error, WITHSCORES not supported in combination with BYLEX\r\n");
    run_expect(&run, "ZREVRANGE z 0 1 BYSCORE", SYNTAX);
    run_expect(&run, "ZRANGEBYSCORE z 0 1 REV", SYNTAX);
    run_expect(&run, "ZRANGE z x 1", NOT_INT);
    run_expect(&run, "ZRANGESTORE d z 0 1 WITHSCORES", SYNTAX);
}

Test(zset, a_range_is_stored)
{
    command_run(&run, "ZADD z 1 a 2 b 3 c");
    run_expect(&run, "ZRANGESTORE d z 0 1 REV", ":2\r\n");
    run_expect_events(&run, "z:zrangestore:d@0 ");
    expect_words("ZRANGE d 0 -1 WITHSCORES", "b 2 c 3");
    run_expect(&run, "ZRANGESTORE z z (1 2 BYSCORE", ":1\r\n");
    expect_words("ZRANGE z 0 -1", "b");
    run_expect(&run, "ZRANGESTORE d none 0 1", ":0\r\n");
    run_expect_events(&run, "-g:del:d@0 ");
    run_expect(&run, "ZRANGESTORE d none 0 1", ":0\r\n");
    run_expect_events(&run, "");
}

Test(zset, members_are_removed_until_the_key_goes)
{
    command_run(&run, "ZADD z 1 a 2 b 3 c");
    run_expect(&run, "ZREM z a x a", ":1\r\n");
    run_expect_events(&run, "z:zrem:z@0 ");
    run_expect(&run, "ZREM z x", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "ZREM z b c d", ":2\r\n");
    run_expect_events(&run, "z:zrem:z@0 -g:del:z@0 ");
    run_expect(&run, "ZREM z b", ":0\r\n");
    cr_assert_null(entry_of("z"));
}

Test(zset, members_are_popped_from_either_end)
{
    const char *negative = "-ERR value is out of range, must be positive\r\n";
    command_run(&run, "ZADD z 1 a 2 b 3 c 4 d 5 e");
    run_expect(&run, "ZPOPMIN z", "*2\r\n$1\r\na\r\n$1\r\n1\r\n");
    run_expect_events(&run, "z:zpopmin:z@0 ");
    run_expect(&run, "ZPOPMAX z 2", "*4\r\n$1\r\ne\r\n$1\r\n5\r\n$1\r\nd\r\n$1\r\n4\r\n");
    run_expect_events(&run, "z:zpopmax:z@0 ");
    run_expect(&run, "ZPOPMIN z 0", "*0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "ZPOPMIN z -1", negative);
    run_expect(&run, "ZPOPMIN z x", negative);
    run_expect(&run, "ZPOPMIN z 1 2", SYNTAX);
    run_expect(&run, "ZMPOP 2 none z MAX COUNT 9",
               "*2\r\n$1\r\nz\r\n*2\r\n*2\r\n$1\r\nc\r\n$1\r\n3\r\n*2\r\n$1\r\nb\r\n$1\r\n2\r\n");
    run_expect_events(&run, "z:zpopmax:z@0 -g:del:z@0 ");
    run_expect(&run, "ZMPOP 2 none z MAX", "*-1\r\n");
    run_expect(&run, "ZPOPMAX z", "*0\r\n");
    run_expect(&run, "ZMPOP 0 z MIN", "-ERR numkeys should be greater than 0\r\n");
    run_expect(&run, "ZMPOP 1 z MIN COUNT 0", "-ERR count should be greater than 0\r\n");
    run_expect(&run, "ZMPOP 1 z MID", SYNTAX);
    run_expect(&run, "ZMPOP 1 z MIN COUNT", SYNTAX);
    run_expect(&run, "ZMPOP 1 z MIN COUNT 1 COUNT 1", SYNTAX);
    run_expect(&run, "ZMPOP 2 z MIN", SYNTAX);
}

Test(zset_combine, sets_are_united)
{
    command_run(&run, "ZADD a 1 x 2 y");
    command_run(&run, "ZADD b 10 y 20 z");
    expect_words("ZUNION 2 a b WITHSCORES", "x 1 y 12 z 20");
    expect_words("ZUNION 3 a b none", "x y z");
    expect_words("ZUNION 2 a b WEIGHTS 2 0.5 WITHSCORES", "x 2 y 9 z 10");
    expect_words("ZUNION 2 a b AGGREGATE MIN WITHSCORES", "x 1 y 2 z 20");
    expect_words("ZUNION 2 a b WITHSCORES AGGREGATE max", "x 1 y 10 z 20");
    run_expect(&run, "ZUNION 1 none", "*0\r\n");
    run_expect(&run, "ZUNIONSTORE a 2 a b", ":3\r\n");
    run_expect_events(&run, "z:zunionstore:a@0 ");
    expect_words("ZRANGE a 0 -1 WITHSCORES", "x 1 y 12 z 20");
    run_expect(&run, "ZUNIONSTORE a 1 none", ":0\r\n");
    run_expect_events(&run, "-g:del:a@0 ");
    command_run(&run, "ZADD i inf m");
    command_run(&run, "ZADD j -inf m");
    expect_words("ZUNION 2 i j WITHSCORES", "m 0");
    expect_words("ZUNION 1 i WEIGHTS 0 WITHSCORES", "m 0");
}

Test(zset_combine, sets_are_intersected)
{
    command_run(&run, "ZADD a 1 x 2 y 3 z");
    command_run(&run, "ZADD b 10 y 20 z");
    expect_words("ZINTER 2 a b WITHSCORES", "y 12 z 23");
    expect_words("ZINTER 2 a b WEIGHTS 1 -1 AGGREGATE MIN WITHSCORES", "z -20 y -10");
    run_expect(&run, "ZINTER 2 a none", "*0\r\n");
    run_expect(&run, "ZINTERSTORE d 3 a b a", ":2\r\n");
    run_expect_events(&run, "z:zinterstore:d@0 ");
    expect_words("ZRANGE d 0 -1 WITHSCORES", "y 14 z 26");
    run_expect(&run, "ZINTERCARD 2 a b", ":2\r\n");
    run_expect(&run, "ZINTERCARD 2 a b LIMIT 1", ":1\r\n");
    run_expect(&run, "ZINTERCARD 2 a b LIMIT 0", ":2\r\n");
    run_expect(&run, "ZINTERCARD 2 a b LIMIT -1", "-ERR LIMIT can't be negative\r\n");
    run_expect(&run, "ZINTERCARD 2 a b WITHSCORES", SYNTAX);
}

Test(zset_combine, sets_are_subtracted)
{
    command_run(&run, "ZADD a 1 x 2 y 3 z");
    command_run(&run, "ZADD b 10 y");
    expect_words("ZDIFF 2 a b WITHSCORES", "x 1 z 3");
    expect_words("ZDIFF 2 b a", "");
    expect_words("ZDIFF 2 a a", "");
    run_expect(&run, "ZDIFFSTORE b 2 a b", ":2\r\n");
    run_expect_events(&run, "z:zdiffstore:b@0 ");
    expect_words("ZRANGE b 0 -1 WITHSCORES", "x 1 z 3");
}

Test(zset_combine, arguments_are_checked)
{
    run_expect(&run, "ZUNION x a", NOT_INT);
    run_expect(&run, "ZUNION 0 a", "-ERR at least 1 input key is needed for 'zunion' command\r\n");
    run_expect(&run, "ZINTERSTORE d 0 a",
               "-ERR at least 1 input key is needed for 'zinterstore' command\r\n");
    run_expect(&run, "ZUNION 2 a", SYNTAX);
    run_expect(&run, "ZUNION 2 a b WEIGHTS 1", SYNTAX);
    run_expect(&run, "ZUNION 1 a WEIGHTS x", "-ERR weight value is not a float\r\n");
    run_expect(&run, "ZUNION 1 a AGGREGATE avg", SYNTAX);
    run_expect(&run, "ZUNION 1 a AGGREGATE", SYNTAX);
    run_expect(&run, "ZUNIONSTORE d 1 a WITHSCORES", SYNTAX);
    run_expect(&run, "ZDIFF 1 a WEIGHTS 1", SYNTAX);
}

static void check_random(void)
{
    for (int i = 0; i < 40; i++) {
        char line[64];
        snprintf(line, sizeof line, "ZADD z %d m%d", i, i);
        command_run(&run, line);
    }
    run_expect(&run, "ZRANDMEMBER z 0", "*0\r\n");
    run_expect(&run, "ZRANDMEMBER none", "$-1\r\n");
    run_expect(&run, "ZRANDMEMBER none 3", "*0\r\n");
    run_expect(&run, "ZRANDMEMBER z x", NOT_INT);
    run_expect(&run, "ZRANDMEMBER z 1 SCORES", SYNTAX);
    run_expect(&run, "ZRANDMEMBER z 9223372036854775807 WITHSCORES",
               "-ERR value is out of range\r\n");
    static const int counts[] = {1, 5, 12, 13, 14, 39, 40, 100};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        char line[64];
        bool seen[40] = {false};
        int n = 0, member, score, used;
        snprintf(line, sizeof line, "ZRANDMEMBER z %d WITHSCORES", counts[i]);
        const char *at = words_of(line);
        for (; sscanf(at, "m%d %d%n", &member, &score, &used) == 2; n++) {
            cr_assert(member == score && !seen[member], "%s", at);
            seen[member] = true;
            at += used + (at[used] == ' ');
        }
        cr_assert_eq(n, counts[i] < 40 ? counts[i] : 40);
    }
    cr_assert(strncmp(command_run(&run, "ZRANDMEMBER z -100"), "*100\r\n", 6) == 0);
}

Test(zset, random_members_differ_unless_repeats_are_wanted)
{
    check_random();
}

Test(zset_large, random_members_differ_unless_repeats_are_wanted)
{
    check_random();
}

Test(zset, a_small_set_is_scanned_at_once)
{
    command_run(&run, "ZADD z 1 a 2.5 b");
    run_expect(&run, "ZSCAN z 0",
               "*2\r\n$1\r\n0\r\n*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$3\r\n2.5\r\n");
    run_expect(&run, "ZSCAN z 0 MATCH b* COUNT 1",
               "*2\r\n$1\r\n0\r\n*2\r\n$1\r\nb\r\n$3\r\n2.5\r\n");
    run_expect(&run, "ZSCAN none 0 BOGUS", "*2\r\n$1\r\n0\r\n*0\r\n");
    run_expect(&run, "ZSCAN z x", "-ERR invalid cursor\r\n");
    run_expect(&run, "ZSCAN z 0 COUNT 0", SYNTAX);
    run_expect(&run, "ZSCAN z 0 COUNT x", NOT_INT);
    run_expect(&run, "ZSCAN z 0 MATCH", SYNTAX);
    run_expect(&run, "ZSCAN z 99999999999999", "*2\r\n$1\r\n0\r\n*0\r\n");
}

Test(zset_large, a_walk_meets_every_member)
{
    bool seen[500] = {false};
    for (int i = 0; i < 500; i++) {
        char line[64];
        snprintf(line, sizeof line, "ZADD z %d m%d", i, i);
        command_run(&run, line);
    }
    unsigned long long cursor = 0;
    int pages = 0;
    do {
        char line[64];
        snprintf(line, sizeof line, "ZSCAN z %llu COUNT 20", cursor);
        const char *reply = command_run(&run, line);
        int len;
        cr_assert_eq(sscanf(reply, "*2\r\n$%d\r\n%llu", &len, &cursor), 2);
        for (const char *m = strstr(reply, "\nm"); m != NULL; m = strstr(m + 1, "\nm"))
            seen[atoi(m + 2)] = true;
        pages++;
    } while (cursor != 0);
    cr_assert_gt(pages, 3);
    for (int i = 0; i < 500; i++)
        cr_assert(seen[i], "m%d was not met", i);
}

/* --- random changes against a model ----------------------------------------------- */

#define MEMBERS 60

/* What z should hold: members m00 to m59 with whole scores. */
struct model {
    bool there[MEMBERS];
    int score[MEMBERS];
};

/* The members with scores from min to max, in order; their number. */
static int model_words(const struct model *m, int min, int max, char *out, size_t size)
{
    int n = 0;
    size_t used = 0;
    out[0] = '\0';
    for (int score = min; score <= max; score++)
        for (int i = 0; i < MEMBERS; i++)
            if (m->there[i] && m->score[i] == score)
                used += (size_t)snprintf(out + used, size - used, "%sm%02d %d", n++ ? " " : "", i,
                                         score);
    return n;
}

static void model_remove(struct model *m, int min, int max)
{
    for (int i = 0; i < MEMBERS; i++)
        if (m->score[i] >= min && m->score[i] <= max)
            m->there[i] = false;
}

/* Takes the lowest member out. */
static void model_pop(struct model *m)
{
    int lowest = -1;
    for (int i = 0; i < MEMBERS; i++)
        if (m->there[i] && (lowest < 0 || m->score[i] < m->score[lowest]))
            lowest = i;
    if (lowest >= 0)
        m->there[lowest] = false;
}

/* One random change of both. */
static void change(struct model *m, struct rng *rng)
{
    char line[64];
    int i = (int)rng_below(rng, MEMBERS), score = (int)rng_below(rng, 21) - 10;
    unsigned roll = (unsigned)rng_below(rng, 100);
    if (roll < 45) {
        snprintf(line, sizeof line, "ZADD z %d m%02d", score, i);
        m->there[i] = true;
        m->score[i] = score;
    } else if (roll < 60 && m->there[i]) {
        int by = m->score[i] > 0 ? -1 : 1;
        snprintf(line, sizeof line, "ZINCRBY z %d m%02d", by, i);
        m->score[i] += by;
    } else if (roll < 92) {
        snprintf(line, sizeof line, "ZREM z m%02d", i);
        m->there[i] = false;
    } else if (roll < 98) {
        snprintf(line, sizeof line, "ZPOPMIN z");
        model_pop(m);
    } else {
        snprintf(line, sizeof line, "ZREMRANGEBYSCORE z %d %d", score, score + 2);
        model_remove(m, score, score + 2);
    }
    command_run(&run, line);
}

static void compare(const struct model *m, struct rng *rng)
{
    static char expected[MEMBERS * 16]; /* of the test, which is one thread */
    char line[64], reply[32];
    int n = model_words(m, -20, 20, expected, sizeof expected);
    cr_assert_eq(entry_of("z") != NULL, n > 0);
    if (n > 0)
        zset_validate(entry_of("z"), run.ks.seed);
    expect_words("ZRANGE z 0 -1 WITHSCORES", expected);
    int min = (int)rng_below(rng, 21) - 10, max = min + (int)rng_below(rng, 8);
    n = model_words(m, min, max, expected, sizeof expected);
    snprintf(line, sizeof line, "ZRANGEBYSCORE z %d %d WITHSCORES", min, max);
    expect_words(line, expected);
    snprintf(line, sizeof line, "ZCOUNT z %d %d", min, max);
    snprintf(reply, sizeof reply, ":%d\r\n", n);
    run_expect(&run, line, reply);
    int i = (int)rng_below(rng, MEMBERS);
    if (!m->there[i])
        return;
    int rank = model_words(m, -20, m->score[i] - 1, expected, sizeof expected);
    for (int k = 0; k < i; k++)
        rank += m->there[k] && m->score[k] == m->score[i];
    snprintf(line, sizeof line, "ZRANK z m%02d", i);
    snprintf(reply, sizeof reply, ":%d\r\n", rank);
    run_expect(&run, line, reply);
}

static void check_against_model(uint64_t seed)
{
    struct model m = {0};
    struct rng rng;
    rng_init(&rng, seed);
    for (int step = 0; step < 3000; step++) {
        change(&m, &rng);
        compare(&m, &rng);
    }
}

Test(zset_model, small_sets_agree_with_it)
{
    check_against_model(1);
    cr_assert_neq(entry_of("z")->encoding, ENCODING_OBJECT);
}

Test(zset_model, sets_that_become_large_agree_with_it)
{
    run.limits.zset_max_listpack_entries = 16;
    check_against_model(2);
    cr_assert_eq(entry_of("z")->encoding, ENCODING_OBJECT);
}

Test(zset_model, large_sets_agree_with_it)
{
    run.limits.zset_max_listpack_entries = 0;
    check_against_model(3);
}

Test(zset_model, thresholds_are_where_the_settings_say)
{
    run.limits.zset_max_listpack_entries = 3;
    run.limits.zset_max_listpack_value = 4;
    command_run(&run, "ZADD n 1 a 2 b 3 c");
    cr_assert_neq(entry_of("n")->encoding, ENCODING_OBJECT);
    command_run(&run, "ZADD n 4 d");
    cr_assert_eq(entry_of("n")->encoding, ENCODING_OBJECT);
    command_run(&run, "ZREM n d c b");
    cr_assert_eq(entry_of("n")->encoding, ENCODING_OBJECT);
    command_run(&run, "ZADD v 1 abcd");
    cr_assert_neq(entry_of("v")->encoding, ENCODING_OBJECT);
    command_run(&run, "ZADD v 1 abcde");
    cr_assert_eq(entry_of("v")->encoding, ENCODING_OBJECT);
    command_run(&run, "ZUNIONSTORE u 1 n");
    cr_assert_neq(entry_of("u")->encoding, ENCODING_OBJECT);
    command_run(&run, "ZUNIONSTORE u 2 n v");
    cr_assert_eq(entry_of("u")->encoding, ENCODING_OBJECT);
}
