/* The commands about the expiry of fields: replies byte for byte, events, errors; and what the
 * older commands do to fields that expire. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "engine/types/hash.h"
#include "test/unit/engine/command_run.h"

#define WRONG_TYPE "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
#define NOT_INT "-ERR value is not an integer or out of range\r\n"
#define NO_FIELDS "-ERR Mandatory argument FIELDS is missing or not at the right position\r\n"
#define NO_MATCH "-ERR The `numfields` parameter must match the number of arguments\r\n"
#define NOT_POSITIVE "-ERR Number of fields must be a positive integer\r\n"
#define NOT_ABOVE_0 "-ERR Parameter `numFields` should be greater than 0\r\n"
#define NEGATIVE "-ERR invalid expire time, must be >= 0\r\n"
#define HSETEX_ARITY "-ERR wrong number of arguments for 'hsetex' command\r\n"
#define ONE_CONDITION "-ERR Only one of FXX or FNX arguments can be specified\r\n"
#define ONE_TIME \
    "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified\r\n"

static struct command_run run; /* the clock begins at ms 1000000 */

static void setup(void)
{
    command_run_init(&run);
    run.limits.hash_max_listpack_entries = 512;
    run.limits.hash_max_listpack_value = 64;
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(hashes_expire, .init = setup, .fini = teardown);

static struct entry *entry_of(const char *key)
{
    struct key name = keyspace_key(run.ks.seed, bytes_of(key));
    return keyspace_find(&run.ks, &run.ks.dbs[run.db], &name).entry;
}

/* Each of these tests runs in both forms, on a keyspace without keys. */
static void both_forms(void (*test)(void))
{
    test();
    command_run(&run, "FLUSHALL");
    run.ks.now_ms = 1000000;
    run.limits.hash_max_listpack_entries = 0;
    test();
}

static void set_and_tell(void)
{
    run_expect(&run, "HSET h a 1 b 2 c 3", ":3\r\n");
    run_expect(&run, "HEXPIRE h 10 FIELDS 2 a no", "*2\r\n:1\r\n:-2\r\n");
    run_expect_events(&run, "h:hexpire:h@0 ");
    run_expect(&run, "hpexpire h 1500 fields 1 b", "*1\r\n:1\r\n");
    run_expect(&run, "HTTL h FIELDS 4 a b c no", "*4\r\n:10\r\n:2\r\n:-1\r\n:-2\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "HPTTL h FIELDS 3 a b c", "*3\r\n:10000\r\n:1500\r\n:-1\r\n");
    run_expect(&run, "HEXPIRETIME h FIELDS 3 a b c", "*3\r\n:1010\r\n:1002\r\n:-1\r\n");
    run_expect(&run, "HPEXPIRETIME h FIELDS 3 a b c", "*3\r\n:1010000\r\n:1001500\r\n:-1\r\n");
    run_expect(&run, "HEXPIREAT h 2000 FIELDS 1 a", "*1\r\n:1\r\n");
    run_expect(&run, "HPEXPIREAT h 2000001 FIELDS 1 b", "*1\r\n:1\r\n");
    run_expect(&run, "HPEXPIRETIME h FIELDS 2 a b", "*2\r\n:2000000\r\n:2000001\r\n");
    run_expect(&run, "HEXPIRETIME h FIELDS 2 a b", "*2\r\n:2000\r\n:2001\r\n");
    run_expect(&run, "HPERSIST h FIELDS 3 a c no", "*3\r\n:1\r\n:-1\r\n:-2\r\n");
    run_expect_events(&run, "h:hpersist:h@0 ");
    run_expect(&run, "HPERSIST h FIELDS 1 a", "*1\r\n:-1\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "HEXPIRE h 10 FIELDS 1 no", "*1\r\n:-2\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "HPTTL h FIELDS 2 a b", "*2\r\n:-1\r\n:1000001\r\n");
}

Test(hashes_expire, expiries_are_set_told_and_taken_away)
{
    both_forms(set_and_tell);
}

static void conditions(void)
{
    run_expect(&run, "HSET h a 1 b 2", ":2\r\n");
    run_expect(&run, "HEXPIRE h 100 FIELDS 1 a", "*1\r\n:1\r\n");
    run_expect(&run, "HEXPIRE h 50 NX FIELDS 2 a b", "*2\r\n:0\r\n:1\r\n");
    run_expect(&run, "HTTL h FIELDS 2 a b", "*2\r\n:100\r\n:50\r\n");
    run_expect(&run, "HSET h c 3", ":1\r\n");
    run_expect(&run, "HEXPIRE h 60 XX FIELDS 2 b c", "*2\r\n:1\r\n:0\r\n");
    run_expect(&run, "HEXPIRE h 60 GT FIELDS 3 a b c", "*3\r\n:0\r\n:0\r\n:0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "HEXPIRE h 61 gt FIELDS 3 a b c", "*3\r\n:0\r\n:1\r\n:0\r\n");
    run_expect(&run, "HEXPIRE h 61 LT FIELDS 3 a b c", "*3\r\n:1\r\n:0\r\n:1\r\n");
    run_expect(&run, "HTTL h FIELDS 3 a b c", "*3\r\n:61\r\n:61\r\n:61\r\n");
    run_expect(&run, "HEXPIRE h 0 NX FIELDS 1 a", "*1\r\n:0\r\n");
    run_expect(&run, "HEXPIRE h 0 GT FIELDS 1 a", "*1\r\n:0\r\n");
    run_expect(&run, "HEXPIRE h 0 LT FIELDS 1 a", "*1\r\n:2\r\n");
    run_expect_events(&run, "h:hdel:h@0 ");
}

Test(hashes_expire, conditions_hold_for_each_field)
{
    both_forms(conditions);
}

static void past(void)
{
    run_expect(&run, "HSET h a 1 b 2 c 3", ":3\r\n");
    run_expect(&run, "HEXPIREAT h 1 FIELDS 3 a a no", "*3\r\n:2\r\n:-2\r\n:-2\r\n");
    run_expect_events(&run, "h:hdel:h@0 ");
    run_expect(&run, "HPEXPIREAT h 1000000 FIELDS 1 b", "*1\r\n:2\r\n");
    run_expect(&run, "HLEN h", ":1\r\n");
    run_expect(&run, "HEXPIRE h 0 FIELDS 1 c", "*1\r\n:2\r\n");
    run_expect_events(&run, "h:hdel:h@0 -g:del:h@0 ");
    cr_assert_null(entry_of("h"));
}

Test(hashes_expire, a_time_that_has_passed_removes_the_field)
{
    both_forms(past);
}

Test(hashes_expire, without_the_key_there_are_no_fields)
{
    run_expect(&run, "HEXPIRE no 10 FIELDS 2 a b", "*2\r\n:-2\r\n:-2\r\n");
    run_expect(&run, "HPEXPIREAT no 0 LT FIELDS 1 a", "*1\r\n:-2\r\n");
    run_expect(&run, "HTTL no FIELDS 2 a b", "*2\r\n:-2\r\n:-2\r\n");
    run_expect(&run, "HPEXPIRETIME no FIELDS 1 a", "*1\r\n:-2\r\n");
    run_expect(&run, "HPERSIST no FIELDS 1 a", "*1\r\n:-2\r\n");
    run_expect(&run, "HGETDEL no FIELDS 2 a b", "*2\r\n$-1\r\n$-1\r\n");
    run_expect(&run, "HGETEX no EX 10 FIELDS 2 a b", "*2\r\n$-1\r\n$-1\r\n");
    run_expect(&run, "HSETEX no FXX FIELDS 1 a 1", ":0\r\n");
    run_expect_events(&run, "");
    cr_assert_null(entry_of("no"));
    run.reply.resp = 3;
    run_expect(&run, "HGETDEL no FIELDS 1 a", "*1\r\n_\r\n");
}

Test(hashes_expire, arguments_are_checked)
{
    static const char *const lines[][2] = {
        {"HEXPIRE h x FIELDS 1 a", NOT_INT},
        {"HEXPIRE h -1 FIELDS 1 a", NEGATIVE},
        {"HEXPIRE h 70368744178 FIELDS 1 a",
         "-ERR invalid expire time in 'hexpire' command\r\n"},
        {"HPEXPIREAT h 70368744177664 FIELDS 1 a",
         "-ERR invalid expire time in 'hpexpireat' command\r\n"},
        {"HPEXPIRE h 70368743177664 FIELDS 1 a",
         "-ERR invalid expire time in 'hpexpire' command\r\n"},
        {"HEXPIREAT h 9223372036854775807 FIELDS 1 a",
         "-ERR invalid expire time in 'hexpireat' command\r\n"},
        {"HEXPIRE h 10 FIELD 1 a", NO_FIELDS},
        {"HEXPIRE h 10 NX GT FIELDS 1 a", NO_FIELDS},
        {"HEXPIRE h 10 FIELDS 0 a", NOT_ABOVE_0},
        {"HEXPIRE h 10 FIELDS x a", NOT_ABOVE_0},
        {"HEXPIRE h 10 FIELDS 2 a", NO_MATCH},
        {"HEXPIRE h 10 FIELDS 1 a b", NO_MATCH},
        {"HEXPIRE h 10 NX FIELDS 1", NO_MATCH},
        {"HTTL h FIELD 1 a", NO_FIELDS},
        {"HTTL h FIELDS 0 a", NOT_POSITIVE},
        {"HTTL h FIELDS 9223372036854775808 a", NOT_POSITIVE},
        {"HPEXPIRETIME h FIELDS 3 a b", NO_MATCH},
        {"HPERSIST h FIELDS -1 a", NOT_POSITIVE},
        {"HPERSIST h FIELDS 2 a", NO_MATCH},
        {"HGETDEL h FIELD 1 a", NO_FIELDS},
        {"HGETDEL h FIELDS 0 a", NOT_POSITIVE},
        {"HGETDEL h FIELDS 1 a b", NO_MATCH},
        {"HGETEX h EX -1 FIELDS 1 a", NEGATIVE},
        {"HGETEX h PX x FIELDS 1 a", NOT_INT},
        {"HGETEX h EXAT 70368744178 FIELDS 1 a",
         "-ERR invalid expire time in 'hgetex' command\r\n"},
        {"HGETEX h FNX 1 FIELDS 1 a", NO_FIELDS},
        {"HGETEX h PERSIST EX 10 FIELDS 1 a", NO_FIELDS},
        {"HGETEX h EX 10 FIELDS", "-ERR wrong number of arguments for 'hgetex' command\r\n"},
        {"HGETEX h FIELDS 0 a", NOT_POSITIVE},
        {"HGETEX h FIELDS 2 a", NO_MATCH},
        {"HSETEX h EX -1 FIELDS 1 a 1", NEGATIVE},
        {"HSETEX h EX 1 PX 1 FIELDS 1 a 1", ONE_TIME},
        {"HSETEX h KEEPTTL EX 1 FIELDS 1 a 1", ONE_TIME},
        {"HSETEX h FXX FNX FIELDS 1 a 1", ONE_CONDITION},
        {"HSETEX h FXX KEEPTTL FIELDS EX", HSETEX_ARITY},
        {"HSETEX h FXX KEEPTTL FNX EX", ONE_CONDITION},
        {"HSETEX h FNX EX 10 PERSIST", "-ERR unknown argument: PERSIST\r\n"},
        {"HSETEX h BOGUS 1 FIELDS 1 a 1", "-ERR unknown argument: BOGUS\r\n"},
        {"HSETEX h FXX 10 PX 5", "-ERR unknown argument: 10\r\n"},
        {"HSETEX h FIELDS 0 a 1 b", "-ERR invalid number of fields\r\n"},
        {"HSETEX h FIELDS x a 1 b", "-ERR invalid number of fields\r\n"},
        {"HSETEX h FIELDS 2 a 1", HSETEX_ARITY},
        {"HSETEX h FIELDS 1 a 1 b", HSETEX_ARITY},
        {"HSETEX h KEEPTTL FNX FIELDS 1", HSETEX_ARITY},
        {"HSETEX h FXX FIELDS 1 EX", HSETEX_ARITY},
    };
    run_expect(&run, "HSET h a 1", ":1\r\n");
    for (size_t i = 0; i < countof(lines); i++) {
        run_expect(&run, lines[i][0], lines[i][1]);
        run_expect_events(&run, "");
    }
    run_expect(&run, "HSETEX h FNX EX 10 PX", ONE_TIME);
    run_expect(&run, "HPEXPIREAT h 70368744177663 FIELDS 1 a", "*1\r\n:1\r\n");
    run_expect(&run, "HGETALL h", "*2\r\n$1\r\na\r\n$1\r\n1\r\n");
}

Test(hashes_expire, other_types_are_refused_before_the_arguments_are_read)
{
    command_run_set(&run, "s", "x", ENTRY_NO_EXPIRY);
    static const char *const lines[] = {
        "HEXPIRE s x FIELDS 1 a", "HPEXPIRE s 1 FIELDS 1 a", "HEXPIREAT s 1 FIELDS 1 a",
        "HPEXPIREAT s 1 FIELDS 1 a", "HTTL s FIELD 1 a", "HPTTL s FIELDS 1 a",
        "HEXPIRETIME s FIELDS 1 a", "HPEXPIRETIME s FIELDS 1 a", "HPERSIST s FIELDS 0 a",
        "HGETEX s FIELDS 0 a", "HGETDEL s FIELDS 0 a", "HSETEX s FIELDS 1 a 1"};
    for (size_t i = 0; i < countof(lines); i++) {
        run_expect(&run, lines[i], WRONG_TYPE);
        run_expect_events(&run, "");
    }
    run_expect(&run, "HSETEX s FIELDS 0 a 1", "-ERR invalid number of fields\r\n");
}

static void get_and_delete(void)
{
    run_expect(&run, "HSET h a 1 b 2 c 3", ":3\r\n");
    run_expect(&run, "HEXPIRE h 10 FIELDS 1 a", "*1\r\n:1\r\n");
    run_expect(&run, "HGETDEL h FIELDS 3 a no a", "*3\r\n$1\r\n1\r\n$-1\r\n$-1\r\n");
    run_expect_events(&run, "h:hdel:h@0 ");
    run_expect(&run, "HGETDEL h FIELDS 1 no", "*1\r\n$-1\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "HGETDEL h FIELDS 2 b c", "*2\r\n$1\r\n2\r\n$1\r\n3\r\n");
    run_expect_events(&run, "h:hdel:h@0 -g:del:h@0 ");
    cr_assert_null(entry_of("h"));
    cr_assert_eq(run.ks.dbs[0].timed, 0);
}

Test(hashes_expire, hgetdel_answers_and_removes)
{
    both_forms(get_and_delete);
}

static void get_and_expire(void)
{
    run_expect(&run, "HSET h a 1 b 2", ":2\r\n");
    run_expect(&run, "HGETEX h FIELDS 2 a no", "*2\r\n$1\r\n1\r\n$-1\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "HGETEX h EX 10 FIELDS 2 a no", "*2\r\n$1\r\n1\r\n$-1\r\n");
    run_expect_events(&run, "h:hexpire:h@0 ");
    run_expect(&run, "HPTTL h FIELDS 2 a b", "*2\r\n:10000\r\n:-1\r\n");
    run_expect(&run, "HGETEX h px 20 FIELDS 1 a", "*1\r\n$1\r\n1\r\n");
    run_expect(&run, "HPTTL h FIELDS 1 a", "*1\r\n:20\r\n");
    run_expect(&run, "HGETEX h EXAT 1001 FIELDS 1 a", "*1\r\n$1\r\n1\r\n");
    run_expect(&run, "HPTTL h FIELDS 1 a", "*1\r\n:1000\r\n");
    run_expect(&run, "HGETEX h PXAT 1000007 FIELDS 2 a b", "*2\r\n$1\r\n1\r\n$1\r\n2\r\n");
    run_expect(&run, "HPTTL h FIELDS 2 a b", "*2\r\n:7\r\n:7\r\n");
    run_expect(&run, "HGETEX h PERSIST FIELDS 2 a no", "*2\r\n$1\r\n1\r\n$-1\r\n");
    run_expect_events(&run, "h:hpersist:h@0 ");
    run_expect(&run, "HGETEX h PERSIST FIELDS 1 a", "*1\r\n$1\r\n1\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "HGETEX h EXAT 0 FIELDS 1 a", "*1\r\n$1\r\n1\r\n");
    run_expect_events(&run, "h:hdel:h@0 ");
    run_expect(&run, "HGETEX h PX 0 FIELDS 2 b b", "*2\r\n$1\r\n2\r\n$-1\r\n");
    run_expect_events(&run, "h:hdel:h@0 -g:del:h@0 ");
}

Test(hashes_expire, hgetex_answers_and_sets_the_expiry)
{
    both_forms(get_and_expire);
}

static void set_with_expiry(void)
{
    run_expect(&run, "HSETEX h EX 10 FIELDS 2 a 1 b 2", ":1\r\n");
    run_expect_events(&run, "h:hset:h@0 h:hexpire:h@0 ");
    run_expect(&run, "HPTTL h FIELDS 2 a b", "*2\r\n:10000\r\n:10000\r\n");
    run_expect(&run, "HSETEX h KEEPTTL FIELDS 2 a 3 c 4", ":1\r\n");
    run_expect_events(&run, "h:hset:h@0 ");
    run_expect(&run, "HPTTL h FIELDS 3 a b c", "*3\r\n:10000\r\n:10000\r\n:-1\r\n");
    run_expect(&run, "HSETEX h FIELDS 1 a 5", ":1\r\n");
    run_expect_events(&run, "h:hset:h@0 ");
    run_expect(&run, "HPTTL h FIELDS 1 a", "*1\r\n:-1\r\n");
    run_expect(&run, "HSETEX h FNX PX 5 FIELDS 2 d 1 a 1", ":0\r\n");
    run_expect(&run, "HSETEX h FXX PX 5 FIELDS 2 a 1 d 1", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "HMGET h a d", "*2\r\n$1\r\n5\r\n$-1\r\n");
    run_expect(&run, "HSETEX h PX 5 FXX FIELDS 2 a 6 b 7", ":1\r\n");
    run_expect(&run, "HSETEX h PXAT 1000009 FNX FIELDS 1 d 8", ":1\r\n");
    run_expect(&run, "HMGET h a b d", "*3\r\n$1\r\n6\r\n$1\r\n7\r\n$1\r\n8\r\n");
    run_expect(&run, "HPTTL h FIELDS 4 a b c d", "*4\r\n:5\r\n:5\r\n:-1\r\n:9\r\n");
    run_expect(&run, "HSETEX h EX 0 FIELDS 3 a 1 e 1 c 1", ":1\r\n");
    run_expect_events(&run, "h:hset:h@0 h:hdel:h@0 ");
    run_expect(&run, "HLEN h", ":2\r\n");
    run_expect(&run, "HSETEX h EXAT 5 FIELDS 2 b 1 d 1", ":1\r\n");
    run_expect_events(&run, "h:hset:h@0 h:hdel:h@0 -g:del:h@0 ");
    cr_assert_null(entry_of("h"));
    run_expect(&run, "HSETEX h EXAT 5 FIELDS 1 b 1", ":1\r\n");
    cr_assert_null(entry_of("h"));
    run_expect(&run, "HSETEX h EX 7 FIELDS 1 FIELDS EX", ":1\r\n");
    run_expect(&run, "HGET h FIELDS", "$2\r\nEX\r\n");
}

Test(hashes_expire, hsetex_sets_fields_with_their_expiry)
{
    both_forms(set_with_expiry);
}

static void older_commands(void)
{
    run_expect(&run, "HSETEX h PX 100 FIELDS 4 a 1 b 2 c 3 d 4", ":1\r\n");
    run_expect(&run, "HSET h a 9", ":0\r\n");
    run_expect(&run, "HINCRBY h b 1", ":3\r\n");
    run_expect(&run, "HINCRBYFLOAT h c 0.5", "$3\r\n3.5\r\n");
    run_expect(&run, "HSETNX h d 5", ":0\r\n");
    run_expect(&run, "HPTTL h FIELDS 4 a b c d", "*4\r\n:-1\r\n:100\r\n:100\r\n:100\r\n");
    run_expect(&run, "HMSET h b 1", "+OK\r\n");
    run_expect(&run, "HDEL h c", ":1\r\n");
    run_expect(&run, "HSET h c 3", ":1\r\n");
    run_expect(&run, "HPTTL h FIELDS 4 a b c d", "*4\r\n:-1\r\n:-1\r\n:-1\r\n:100\r\n");
    run.ks.now_ms += 100;
    run_expect(&run, "HEXISTS h d", ":1\r\n");
    run_expect(&run, "HPTTL h FIELDS 1 d", "*1\r\n:0\r\n");
    run.ks.now_ms++;
    run.ks.keep_expired = true; /* so that it is there still, and has to be passed over */
    run_expect(&run, "HEXISTS h d", ":0\r\n");
    run_expect(&run, "HGET h d", "$-1\r\n");
    run_expect(&run, "HMGET h d c", "*2\r\n$-1\r\n$1\r\n3\r\n");
    run_expect(&run, "HSTRLEN h d", ":0\r\n");
    run_expect(&run, "HLEN h", ":3\r\n");
    run_expect(&run, "HPTTL h FIELDS 1 d", "*1\r\n:-2\r\n");
    cr_assert_null(strstr(command_run(&run, "HKEYS h"), "$1\r\nd\r\n"));
    cr_assert(strncmp(command_run(&run, "HVALS h"), "*3\r\n", 4) == 0);
    cr_assert(strncmp(command_run(&run, "HGETALL h"), "*6\r\n", 4) == 0);
    cr_assert_null(strstr(command_run(&run, "HSCAN h 0 COUNT 100"), "$1\r\nd\r\n"));
    cr_assert(strncmp(command_run(&run, "HRANDFIELD h 10"), "*3\r\n", 4) == 0);
    run.ks.keep_expired = false;
}

Test(hashes_expire, the_older_commands_know_of_it)
{
    both_forms(older_commands);
}

/* The fields expire, and a command that changes the hash is the first to come. */
static void first_to_come(void)
{
    static const char *const lines[][3] = {
        {"HSET h a 5", ":1\r\n", "h:hexpired:h@0 h:hset:h@0 "},
        {"HSETNX h a 5", ":1\r\n", "h:hexpired:h@0 h:hset:h@0 "},
        {"HINCRBY h a 5", ":5\r\n", "h:hexpired:h@0 h:hincrby:h@0 "},
        {"HDEL h a", ":0\r\n", "h:hexpired:h@0 "},
        {"HEXPIRE h 10 FIELDS 1 a", "*1\r\n:-2\r\n", "h:hexpired:h@0 "},
        {"HPERSIST h FIELDS 1 a", "*1\r\n:-2\r\n", "h:hexpired:h@0 "},
        {"HGETEX h EX 10 FIELDS 1 a", "*1\r\n$-1\r\n", "h:hexpired:h@0 "},
        {"HGETDEL h FIELDS 1 a", "*1\r\n$-1\r\n", "h:hexpired:h@0 "},
        {"HSETEX h FXX KEEPTTL FIELDS 1 a 5", ":0\r\n", "h:hexpired:h@0 "},
        {"HSETEX h FNX KEEPTTL FIELDS 1 a 5", ":1\r\n", "h:hexpired:h@0 h:hset:h@0 "},
        {"HDEL h b", ":1\r\n", "h:hexpired:h@0 h:hdel:h@0 -g:del:h@0 "},
    };
    for (size_t i = 0; i < countof(lines); i++) {
        command_run(&run, "DEL h");
        run_expect(&run, "HSET h a 1 b 2", ":2\r\n");
        run_expect(&run, "HPEXPIRE h 10 FIELDS 1 a", "*1\r\n:1\r\n");
        run.ks.now_ms += 11;
        run_expect(&run, lines[i][0], lines[i][1]);
        run_expect_events(&run, lines[i][2]);
        if (entry_of("h") == NULL) continue;
        hash_validate(entry_of("h"), run.ks.seed);
        if (strstr(lines[i][2], "hset") != NULL)
            run_expect(&run, "HPTTL h FIELDS 1 a", "*1\r\n:-1\r\n");
    }
}

Test(hashes_expire, an_expired_field_is_none_for_commands_that_write)
{
    both_forms(first_to_come);
}

/* A hash all of whose fields have expired is no key. */
static void no_key(void)
{
    run_expect(&run, "HSETEX h PX 10 FIELDS 2 a 1 b 2", ":1\r\n");
    run.ks.now_ms += 11;
    run_expect(&run, "HSET h c 3", ":1\r\n");
    run_expect_events(&run, "h:hexpired:h@0 g:del:h@0 h:hset:h@0 ");
    run_expect(&run, "HGETALL h", "*2\r\n$1\r\nc\r\n$1\r\n3\r\n");
    run_expect(&run, "HSETEX g PX 10 FIELDS 2 a 1 b 2", ":1\r\n");
    run.ks.now_ms += 11;
    run_expect(&run, "RENAME g k", "-ERR no such key\r\n");
    run_expect(&run, "HSETEX g PX 10 FIELDS 2 a 1 b 2", ":1\r\n");
    run.ks.now_ms += 11;
    run_expect(&run, "SET g x", "+OK\r\n");
}

Test(hashes_expire, a_hash_of_expired_fields_is_no_key)
{
    both_forms(no_key);
}

Test(hashes_expire, encodings_have_redis_names)
{
    run_expect(&run, "HSET h a 1", ":1\r\n");
    run_expect(&run, "OBJECT ENCODING h", "$8\r\nlistpack\r\n");
    run_expect(&run, "HEXPIRE h 10 FIELDS 1 a", "*1\r\n:1\r\n");
    run_expect(&run, "OBJECT ENCODING h", "$10\r\nlistpackex\r\n");
    run_expect(&run, "HPERSIST h FIELDS 1 a", "*1\r\n:1\r\n");
    run_expect(&run, "OBJECT ENCODING h", "$10\r\nlistpackex\r\n");
    run.limits.hash_max_listpack_entries = 1;
    run_expect(&run, "HSETEX h EX 10 FIELDS 1 b 2", ":1\r\n");
    run_expect(&run, "OBJECT ENCODING h", "$9\r\nhashtable\r\n");
    run_expect(&run, "HPTTL h FIELDS 2 a b", "*2\r\n:-1\r\n:10000\r\n");
    run.limits.hash_max_listpack_entries = 512;
    run_expect(&run, "HSETEX n EX 10 FIELDS 1 b 2", ":1\r\n");
    run_expect(&run, "OBJECT ENCODING n", "$10\r\nlistpackex\r\n");
    char line[128];
    snprintf(line, sizeof line, "HSETEX v EX 10 FIELDS 1 b %065d", 1);
    run_expect(&run, line, ":1\r\n");
    run_expect(&run, "OBJECT ENCODING v", "$9\r\nhashtable\r\n");
    run_expect(&run, "HTTL v FIELDS 1 b", "*1\r\n:10\r\n");
}

/* The bytes are Redis's: field, value, time, in the order of times, none being 0 and last. */
Test(hashes_expire, the_small_form_is_ordered_by_time)
{
    run_expect(&run, "HSET h a 1 b 2 c 3 d 4", ":4\r\n");
    run_expect(&run, "HPEXPIRE h 30 FIELDS 1 b", "*1\r\n:1\r\n");
    run_expect(&run, "HPEXPIRE h 20 FIELDS 1 d", "*1\r\n:1\r\n");
    run_expect(&run, "HKEYS h", "*4\r\n$1\r\nd\r\n$1\r\nb\r\n$1\r\na\r\n$1\r\nc\r\n");
    run_expect(&run, "HSETEX h PX 25 FIELDS 2 e 5 b 6", ":1\r\n");
    run_expect(&run, "HVALS h", "*5\r\n$1\r\n4\r\n$1\r\n6\r\n$1\r\n5\r\n$1\r\n1\r\n$1\r\n3\r\n");
    run_expect(&run, "HSET h d 7", ":0\r\n");
    run_expect(&run, "HKEYS h",
               "*5\r\n$1\r\nb\r\n$1\r\ne\r\n$1\r\na\r\n$1\r\nc\r\n$1\r\nd\r\n");
}
