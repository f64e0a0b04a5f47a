/* Streams: the replies of the commands byte for byte, their events, errors, and what waits. */
#include <criterion/criterion.h>

#include <stdio.h>

#include "base/alloc.h"
#include "engine/types/stream_group.h"
#include "test/unit/engine/command_run.h"

#define WRONG_TYPE "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
#define SYNTAX     "-ERR syntax error\r\n"
#define NOT_INT    "-ERR value is not an integer or out of range\r\n"
#define BAD_ID     "-ERR Invalid stream ID specified as stream command argument\r\n"
#define TOO_LOW                                                                                    \
    "-ERR The ID specified in XADD is equal or smaller than the target stream top item\r\n"
#define ENTRY(id, value) "*2\r\n$3\r\n" id "\r\n*2\r\n$1\r\nf\r\n$1\r\n" value "\r\n"

static struct command_run run;

static void setup(void)
{
    command_run_init(&run);
    run.limits.stream_node_max_bytes = 4096;
    run.limits.stream_node_max_entries = 100;
}

static void teardown(void)
{
    command_run_deinit(&run);
}

TestSuite(streams, .init = setup, .fini = teardown);

static struct stream *stream_of(const char *name)
{
    struct key key = keyspace_key(run.ks.seed, bytes_of(name));
    struct entry *e = keyspace_find(&run.ks, run.ks.dbs, &key).entry;
    return e == NULL ? NULL : entry_object(e);
}

/* Entries 1-1, 1-2... with the field f, whose value is the number, of one digit. */
static void fill(const char *key, int n)
{
    char line[100];
    for (int i = 1; i <= n; i++) {
        snprintf(line, sizeof line, "XADD %s 1-%d f %d", key, i, i % 10);
        command_run(&run, line);
    }
}

struct line {
    const char *command, *reply;
};

static void expect_all(const struct line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) run_expect(&run, lines[i].command, lines[i].reply);
}

#define EXPECT_ALL(lines) expect_all((lines), sizeof(lines) / sizeof *(lines))

Test(streams, entries_are_added_with_ids_given_in_part_or_not)
{
    static const struct line lines[] = {
        {"XADD s 5-1 f a", "$3\r\n5-1\r\n"},     {"XADD s 5-* f b", "$3\r\n5-2\r\n"},
        {"XADD s 6-* f c", "$3\r\n6-0\r\n"},     {"XADD s 7 f d", "$3\r\n7-0\r\n"},
        {"XADD s 7-0 f d", TOO_LOW},             {"XADD s 6-* f d", TOO_LOW},
        {"XADD s 0-0 f d", "-ERR The ID specified in XADD must be greater than 0-0\r\n"},
        {"XADD s * f e", "$9\r\n1000000-0\r\n"}, {"XADD s * f e", "$9\r\n1000000-1\r\n"},
        {"XADD s 2000000-5 f e", "$9\r\n2000000-5\r\n"},
        {"XADD s * f e", "$9\r\n2000000-6\r\n"}, {"XLEN s", ":8\r\n"},
        {"XADD t 0-* f e", "$3\r\n0-1\r\n"},     {"XADD u - f e", BAD_ID},
        {"XADD u 1-x f e", BAD_ID},              {"XADD u -1 f e", BAD_ID},
        {"XADD u 1-1 f e g", "-ERR wrong number of arguments for 'xadd' command\r\n"},
        {"EXISTS u", ":0\r\n"},
    };
    EXPECT_ALL(lines);
    run_expect_events(&run, "");
    run_expect(&run, "XADD s 2000000-* f a", "$9\r\n2000000-7\r\n");
    run_expect_events(&run, "t:xadd:s@0 ");
}

Test(streams, the_last_id_of_all_exhausts_a_stream)
{
    static const struct line lines[] = {
        {"XADD s 18446744073709551615-18446744073709551614 f a",
         "$41\r\n18446744073709551615-18446744073709551614\r\n"},
        {"XADD s 18446744073709551615-* f a",
         "$41\r\n18446744073709551615-18446744073709551615\r\n"},
        {"XADD s * f a",
         "-ERR The stream has exhausted the last possible ID, unable to add more items\r\n"},
        {"XADD s 18446744073709551615-* f a",
         "-ERR The stream has exhausted the last possible ID, unable to add more items\r\n"},
        {"XRANGE s (18446744073709551615-18446744073709551615 +",
         "-ERR invalid start ID for the interval\r\n"},
        {"XRANGE s - (0-0", "-ERR invalid end ID for the interval\r\n"},
        {"XADD t 5-18446744073709551615 f a", "$22\r\n5-18446744073709551615\r\n"},
        {"XADD t 5-* f a", TOO_LOW},
    };
    EXPECT_ALL(lines);
}

Test(streams, options_of_adding_and_trimming_are_checked)
{
    static const struct line lines[] = {
        {"XADD s NOMKSTREAM 1-1 f a", "$-1\r\n"},
        {"XADD s MAXLEN x 1-1 f a", NOT_INT},
        {"XADD s MAXLEN -1 1-1 f a", "-ERR The MAXLEN argument must be >= 0.\r\n"},
        {"XADD s MINID x 1-1 f a", BAD_ID},
        {"XADD s MAXLEN 1 MINID 1 1-1 f a",
         "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible\r\n"},
        {"XADD s LIMIT 1 1-1 f a",
         "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy\r\n"},
        {"XADD s MAXLEN = 1 LIMIT 1 1-1 f a",
         "-ERR syntax error, LIMIT cannot be used without the special ~ option\r\n"},
        {"XADD s MAXLEN ~ 1 LIMIT -1 1-1 f a", "-ERR The LIMIT argument must be >= 0.\r\n"},
        {"XTRIM s MAXLEN ~ 1 LIMIT x", NOT_INT},
        {"XTRIM s LIMIT 0 LIMIT 0",
         "-ERR syntax error, XTRIM must be called with a trimming strategy\r\n"},
        {"XTRIM s BOGUS 1", SYNTAX},
        {"XTRIM s MAXLEN 1 BOGUS", SYNTAX},
        {"XTRIM s MAXLEN 1", ":0\r\n"},
        {"EXISTS s", ":0\r\n"},
    };
    EXPECT_ALL(lines);
}

Test(streams, trims_remove_from_the_beginning)
{
    fill("s", 8);
    run_expect(&run, "XTRIM s MAXLEN 6", ":2\r\n");
    run_expect_events(&run, "t:xtrim:s@0 ");
    run_expect(&run, "XTRIM s MAXLEN 6", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "XTRIM s MAXLEN ~ 1", ":0\r\n");
    run_expect(&run, "XTRIM s MINID = 1-5", ":2\r\n");
    run_expect(&run, "XADD s MAXLEN 2 2-1 f 9", "$3\r\n2-1\r\n");
    run_expect_events(&run, "t:xadd:s@0 t:xtrim:s@0 ");
    run_expect(&run, "XRANGE s - +", "*2\r\n" ENTRY("1-8", "8") ENTRY("2-1", "9"));
    run_expect(&run, "XTRIM s MAXLEN 0", ":2\r\n");
    run_expect(&run, "XLEN s", ":0\r\n");
    run_expect(&run, "EXISTS s", ":1\r\n");
    stream_validate(stream_of("s"));
}

Test(streams, whole_nodes_are_trimmed_up_to_a_limit)
{
    run.limits.stream_node_max_entries = 10;
    fill("s", 100);
    run_expect(&run, "XTRIM s MAXLEN ~ 15 LIMIT 25", ":20\r\n");
    run_expect(&run, "XTRIM s MAXLEN ~ 15", ":60\r\n");
    run_expect(&run, "XTRIM s MAXLEN 15", ":5\r\n");
    run_expect(&run, "XLEN s", ":15\r\n");
    stream_validate(stream_of("s"));
}

Test(streams, ranges_are_walked_in_both_directions)
{
    static const struct line lines[] = {
        {"XRANGE s 1-2 1-3", "*2\r\n" ENTRY("1-2", "2") ENTRY("1-3", "3")},
        {"XRANGE s (1-2 (1-4", "*1\r\n" ENTRY("1-3", "3")},
        {"XRANGE s - + COUNT 1", "*1\r\n" ENTRY("1-1", "1")},
        {"XREVRANGE s + - COUNT 2", "*2\r\n" ENTRY("1-4", "4") ENTRY("1-3", "3")},
        {"XREVRANGE s (1-2 1", "*1\r\n" ENTRY("1-1", "1")},
        {"XRANGE s 1 1", "*4\r\n" ENTRY("1-1", "1") ENTRY("1-2", "2") ENTRY("1-3", "3")
                             ENTRY("1-4", "4")},
        {"XRANGE s 1-4 1-1", "*0\r\n"},
        {"XRANGE s - + COUNT 0", "*-1\r\n"},
        {"XRANGE s - + COUNT -3", "*-1\r\n"},
        {"XRANGE none - + COUNT 0", "*0\r\n"},
        {"XRANGE s - + COUNT", SYNTAX},
        {"XRANGE s - + LIMIT 1", SYNTAX},
        {"XRANGE s - + COUNT x", NOT_INT},
        {"XRANGE s (- +", BAD_ID},
        {"XRANGE s x +", BAD_ID},
    };
    fill("s", 4);
    EXPECT_ALL(lines);
}

Test(streams, deleted_entries_are_remembered_but_gone)
{
    fill("s", 4);
    run_expect(&run, "XDEL s 1-2 1-2 9-9 1-4", ":2\r\n");
    run_expect_events(&run, "t:xdel:s@0 ");
    run_expect(&run, "XDEL s 1-1 x", BAD_ID);
    run_expect(&run, "XDEL s 1-2", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "XRANGE s - +", "*2\r\n" ENTRY("1-1", "1") ENTRY("1-3", "3"));
    run_expect(&run, "XADD s 1-4 f a", TOO_LOW);
    run_expect(&run, "XINFO STREAM s",
               "*20\r\n$6\r\nlength\r\n:2\r\n$15\r\nradix-tree-keys\r\n:1\r\n"
               "$16\r\nradix-tree-nodes\r\n:2\r\n$17\r\nlast-generated-id\r\n$3\r\n1-4\r\n"
               "$20\r\nmax-deleted-entry-id\r\n$3\r\n1-4\r\n$13\r\nentries-added\r\n:4\r\n"
               "$23\r\nrecorded-first-entry-id\r\n$3\r\n1-1\r\n$6\r\ngroups\r\n:0\r\n"
               "$11\r\nfirst-entry\r\n" ENTRY("1-1", "1") "$10\r\nlast-entry\r\n"
               ENTRY("1-3", "3"));
    run_expect(&run, "XDEL s 1-1 1-3", ":2\r\n");
    cr_assert_eq(stream_of("s")->nodes.count, 0);
    run_expect(&run, "XRANGE s - +", "*0\r\n");
    run_expect(&run, "XDEL none 1-1", ":0\r\n");
}

Test(streams, the_last_id_can_be_set)
{
    static const struct line lines[] = {
        {"XSETID none 1", "-ERR no such key\r\n"},
        {"XSETID s x", BAD_ID},
        {"XSETID s 1-1",
         "-ERR The ID specified in XSETID is smaller than the target stream top item\r\n"},
        {"XSETID s 5 ENTRIESADDED 1", "-ERR The entries_added specified in XSETID is smaller than "
                                      "the target stream length\r\n"},
        {"XSETID s 5 ENTRIESADDED -1", "-ERR entries_added must be positive\r\n"},
        {"XSETID s 5 MAXDELETEDID 6", "-ERR The ID specified in XSETID is smaller than the "
                                      "provided max_deleted_entry_id\r\n"},
        {"XSETID s 5 BOGUS 6", SYNTAX},
        {"XSETID s 5 MAXDELETEDID", SYNTAX},
        {"XSETID s 9-9 ENTRIESADDED 7 MAXDELETEDID 2-2", "+OK\r\n"},
    };
    fill("s", 2);
    EXPECT_ALL(lines);
    run_expect_events(&run, "t:xsetid:s@0 ");
    struct stream *s = stream_of("s");
    cr_assert_eq(s->added, 7);
    cr_assert_eq(s->last.ms, 9);
    cr_assert_eq(s->max_deleted.seq, 2);
    run_expect(&run, "XDEL s 1-1 1-2", ":2\r\n");
    run_expect(&run, "XSETID s 2-1",
               "-ERR The ID specified in XSETID is smaller than current max_deleted_entry_id\r\n");
}

Test(streams, groups_are_made_and_removed)
{
    static const struct line lines[] = {
        {"XGROUP CREATE s g $", "-ERR The XGROUP subcommand requires the key to exist. Note that "
                                "for CREATE you may want to use the MKSTREAM option to create an "
                                "empty stream automatically.\r\n"},
        {"XGROUP CREATE s g $ BOGUS", "-ERR unknown subcommand or wrong number of arguments for "
                                      "'CREATE'. Try XGROUP HELP.\r\n"},
        {"XGROUP CREATE s g x MKSTREAM", BAD_ID},
        {"XGROUP CREATE s g + MKSTREAM", BAD_ID},
        {"XGROUP CREATE s g 0 MKSTREAM ENTRIESREAD -2",
         "-ERR value for ENTRIESREAD must be positive or -1\r\n"},
        {"EXISTS s", ":0\r\n"},
        {"XGROUP CREATE s g $ MKSTREAM", "+OK\r\n"},
        {"XGROUP CREATE s g 0", "-BUSYGROUP Consumer Group name already exists\r\n"},
        {"XGROUP SETID s h 0", "-NOGROUP No such consumer group 'h' for key name 's'\r\n"},
        {"XGROUP SETID s g + ENTRIESREAD 5", "+OK\r\n"},
        {"XGROUP SETID s g 0 MKSTREAM", "-ERR unknown subcommand or wrong number of arguments for "
                                        "'SETID'. Try XGROUP HELP.\r\n"},
        {"XGROUP CREATECONSUMER s g c", ":1\r\n"},
        {"XGROUP CREATECONSUMER s g c", ":0\r\n"},
        {"XGROUP DELCONSUMER s g d", ":0\r\n"},
        {"XGROUP DELCONSUMER s h d", "-NOGROUP No such consumer group 'h' for key name 's'\r\n"},
        {"XGROUP DESTROY s h", ":0\r\n"},
    };
    EXPECT_ALL(lines);
    run_expect_events(&run, "");
    run_expect(&run, "XGROUP DELCONSUMER s g c", ":0\r\n");
    run_expect_events(&run, "t:xgroup-delconsumer:s@0 ");
    run_expect(&run, "XGROUP CREATECONSUMER s g c", ":1\r\n");
    run_expect_events(&run, "t:xgroup-createconsumer:s@0 ");
    run_expect(&run, "XGROUP SETID s g $", "+OK\r\n");
    run_expect_events(&run, "t:xgroup-setid:s@0 ");
    run_expect(&run, "XGROUP DESTROY s g", ":1\r\n");
    run_expect_events(&run, "t:xgroup-destroy:s@0 ");
    run_expect(&run, "XGROUP CREATE s g $", "+OK\r\n");
    run_expect_events(&run, "t:xgroup-create:s@0 ");
}

Test(streams, a_group_delivers_each_entry_once_and_keeps_it_until_it_is_acknowledged)
{
    fill("s", 3);
    command_run(&run, "XGROUP CREATE s g 0");
    run_expect(&run, "XREADGROUP GROUP g c COUNT 2 STREAMS s >",
               "*1\r\n*2\r\n$1\r\ns\r\n*2\r\n" ENTRY("1-1", "1") ENTRY("1-2", "2"));
    run_expect_events(&run, "t:xgroup-createconsumer:s@0 -::s@0 ");
    run_expect(&run, "XREADGROUP GROUP g d STREAMS s >",
               "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n" ENTRY("1-3", "3"));
    run_expect(&run, "XREADGROUP GROUP g d STREAMS s >", "*-1\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "XPENDING s g", "*4\r\n:3\r\n$3\r\n1-1\r\n$3\r\n1-3\r\n*2\r\n"
                                     "*2\r\n$1\r\nc\r\n$1\r\n2\r\n*2\r\n$1\r\nd\r\n$1\r\n1\r\n");
    run.ks.now_ms += 70;
    run_expect(&run, "XPENDING s g - + 10 d",
               "*1\r\n*4\r\n$3\r\n1-3\r\n$1\r\nd\r\n:70\r\n:1\r\n");
    run_expect(&run, "XPENDING s g IDLE 71 - + 10", "*0\r\n");
    run_expect(&run, "XDEL s 1-1", ":1\r\n");
    run_expect(&run, "XREADGROUP GROUP g c STREAMS s 0",
               "*1\r\n*2\r\n$1\r\ns\r\n*2\r\n*2\r\n$3\r\n1-1\r\n*-1\r\n" ENTRY("1-2", "2"));
    run_expect(&run, "XACK s g 1-1 1-1 9-9 1-3", ":2\r\n");
    run_expect_events(&run, "-::s@0 ");
    run_expect(&run, "XACK s g 1-1", ":0\r\n");
    run_expect_events(&run, "");
    run_expect(&run, "XACK s g x", BAD_ID);
    run_expect(&run, "XACK s h x", ":0\r\n");
    run_expect(&run, "XPENDING s g - + 10",
               "*1\r\n*4\r\n$3\r\n1-2\r\n$1\r\nc\r\n:0\r\n:2\r\n");
    run_expect(&run, "XGROUP DELCONSUMER s g c", ":1\r\n");
    run_expect(&run, "XPENDING s g", "*4\r\n:0\r\n$-1\r\n$-1\r\n*-1\r\n");
    stream_validate(stream_of("s"));
}

Test(streams, replies_in_resp3_are_maps)
{
    fill("s", 1);
    command_run(&run, "XGROUP CREATE s g 0");
    run.reply.resp = 3;
    run_expect(&run, "XREAD STREAMS s none 0 0", "%1\r\n$1\r\ns\r\n*1\r\n" ENTRY("1-1", "1"));
    run_expect(&run, "XREAD STREAMS s $", "_\r\n");
    run_expect(&run, "XREADGROUP GROUP g c NOACK STREAMS s >",
               "%1\r\n$1\r\ns\r\n*1\r\n" ENTRY("1-1", "1"));
    run_expect(&run, "XPENDING s g", "*4\r\n:0\r\n_\r\n_\r\n_\r\n");
    run.ks.now_ms += 5;
    run_expect(&run, "XINFO CONSUMERS s g",
               "*1\r\n%4\r\n$4\r\nname\r\n$1\r\nc\r\n$7\r\npending\r\n:0\r\n$4\r\nidle\r\n:5\r\n"
               "$8\r\ninactive\r\n:-1\r\n");
    run_expect(&run, "XINFO GROUPS s",
               "*1\r\n%6\r\n$4\r\nname\r\n$1\r\ng\r\n$9\r\nconsumers\r\n:1\r\n$7\r\npending\r\n"
               ":0\r\n$17\r\nlast-delivered-id\r\n$3\r\n1-1\r\n$12\r\nentries-read\r\n:1\r\n"
               "$3\r\nlag\r\n:0\r\n");
    run_expect(&run, "XRANGE s - + COUNT 0", "_\r\n");
}

Test(streams, all_of_a_stream_is_told)
{
    fill("s", 3);
    command_run(&run, "XGROUP CREATE s g 0");
    command_run(&run, "XREADGROUP GROUP g c COUNT 2 STREAMS s >");
    run_expect(&run, "XINFO STREAM s FULL COUNT 1",
               "*18\r\n$6\r\nlength\r\n:3\r\n$15\r\nradix-tree-keys\r\n:1\r\n"
               "$16\r\nradix-tree-nodes\r\n:2\r\n$17\r\nlast-generated-id\r\n$3\r\n1-3\r\n"
               "$20\r\nmax-deleted-entry-id\r\n$3\r\n0-0\r\n$13\r\nentries-added\r\n:3\r\n"
               "$23\r\nrecorded-first-entry-id\r\n$3\r\n1-1\r\n$7\r\nentries\r\n*1\r\n"
               ENTRY("1-1", "1") "$6\r\ngroups\r\n*1\r\n*14\r\n$4\r\nname\r\n$1\r\ng\r\n"
               "$17\r\nlast-delivered-id\r\n$3\r\n1-2\r\n$12\r\nentries-read\r\n:2\r\n"
               "$3\r\nlag\r\n:1\r\n$9\r\npel-count\r\n:2\r\n$7\r\npending\r\n*1\r\n"
               "*4\r\n$3\r\n1-1\r\n$1\r\nc\r\n:1000000\r\n:1\r\n$9\r\nconsumers\r\n*1\r\n"
               "*10\r\n$4\r\nname\r\n$1\r\nc\r\n$9\r\nseen-time\r\n:1000000\r\n"
               "$11\r\nactive-time\r\n:1000000\r\n$9\r\npel-count\r\n:2\r\n$7\r\npending\r\n"
               "*1\r\n*3\r\n$3\r\n1-1\r\n:1000000\r\n:1\r\n");
    static const struct line lines[] = {
        {"XINFO STREAM none", "-ERR no such key\r\n"},
        {"XINFO GROUPS none", "-ERR no such key\r\n"},
        {"XINFO CONSUMERS s h", "-NOGROUP No such consumer group 'h' for key name 's'\r\n"},
        {"XINFO STREAM s BOGUS", "-ERR unknown subcommand or wrong number of arguments for "
                                 "'STREAM'. Try XINFO HELP.\r\n"},
        {"XINFO STREAM s FULL COUNT", "-ERR unknown subcommand or wrong number of arguments for "
                                      "'STREAM'. Try XINFO HELP.\r\n"},
        {"XINFO STREAM s FULL COUNT x", NOT_INT},
        {"OBJECT ENCODING s", "$6\r\nstream\r\n"},
        {"TYPE s", "+stream\r\n"},
    };
    EXPECT_ALL(lines);
}

Test(streams, pending_entries_are_claimed)
{
    fill("s", 5);
    command_run(&run, "XGROUP CREATE s g 0");
    command_run(&run, "XREADGROUP GROUP g c COUNT 4 STREAMS s >");
    run.ks.now_ms += 100;
    static const struct line lines[] = {
        {"XCLAIM s g d 101 1-1 JUSTID", "*0\r\n"},
        {"XCLAIM s g d 100 1-1 1-5 JUSTID", "*1\r\n$3\r\n1-1\r\n"},
        {"XCLAIM s g d 0 1-2 IDLE 30 RETRYCOUNT 7", "*1\r\n" ENTRY("1-2", "2")},
        {"XCLAIM s g d 0 1-5 FORCE JUSTID", "*1\r\n$3\r\n1-5\r\n"},
        {"XCLAIM s g d 0 2-5 FORCE JUSTID", "*0\r\n"},
        {"XPENDING s g - + 10 d",
         "*3\r\n*4\r\n$3\r\n1-1\r\n$1\r\nd\r\n:0\r\n:1\r\n"
         "*4\r\n$3\r\n1-2\r\n$1\r\nd\r\n:30\r\n:7\r\n"
         "*4\r\n$3\r\n1-5\r\n$1\r\nd\r\n:0\r\n:1\r\n"},
        {"XCLAIM s h d 0 1-1", "-NOGROUP No such key 's' or consumer group 'h'\r\n"},
        {"XCLAIM s g d x 1-1", "-ERR Invalid min-idle-time argument for XCLAIM\r\n"},
        {"XCLAIM s g d 0 1-1 IDLE x", "-ERR Invalid IDLE option argument for XCLAIM\r\n"},
        {"XCLAIM s g d 0 1-1 TIME x", "-ERR Invalid TIME option argument for XCLAIM\r\n"},
        {"XCLAIM s g d 0 1-1 RETRYCOUNT x",
         "-ERR Invalid RETRYCOUNT option argument for XCLAIM\r\n"},
        {"XCLAIM s g d 0 1-1 LASTID x", BAD_ID},
        {"XCLAIM s g d 0 1-1 bogus", "-ERR Unrecognized XCLAIM option 'bogus'\r\n"},
        {"XCLAIM s g d 0 1-1 IDLE", "-ERR Unrecognized XCLAIM option 'IDLE'\r\n"},
        {"XDEL s 1-3", ":1\r\n"},
        {"XCLAIM s g d 0 1-3", "*0\r\n"},
        {"XPENDING s g - + 10 c", "*1\r\n*4\r\n$3\r\n1-4\r\n$1\r\nc\r\n:100\r\n:1\r\n"},
    };
    EXPECT_ALL(lines);
    stream_validate(stream_of("s"));
    run_expect(&run, "XCLAIM s g e 0 9-9 LASTID 7-7", "*0\r\n");
    run_expect_events(&run, "t:xgroup-createconsumer:s@0 -::s@0 ");
    cr_assert_eq(stream_group_find(stream_of("s"), bytes_of("g"))->last.ms, 7);
    run_expect(&run, "XCLAIM s g e 0 9-9 LASTID 6-7", "*0\r\n");
    run_expect_events(&run, "");
}

Test(streams, what_is_idle_is_claimed_in_steps)
{
    fill("s", 6);
    command_run(&run, "XGROUP CREATE s g 0");
    command_run(&run, "XREADGROUP GROUP g c STREAMS s >");
    command_run(&run, "XDEL s 1-2");
    run.ks.now_ms += 100;
    static const struct line lines[] = {
        {"XAUTOCLAIM s g d 101 0 COUNT 2", "*3\r\n$3\r\n0-0\r\n*0\r\n*1\r\n$3\r\n1-2\r\n"},
        {"XAUTOCLAIM s g d 100 - COUNT 2 JUSTID",
         "*3\r\n$3\r\n1-4\r\n*2\r\n$3\r\n1-1\r\n$3\r\n1-3\r\n*0\r\n"},
        {"XAUTOCLAIM s g d 100 (1-4 COUNT 1",
         "*3\r\n$3\r\n1-6\r\n*1\r\n" ENTRY("1-5", "5") "*0\r\n"},
        {"XAUTOCLAIM s g d 100 1-6 COUNT 1 JUSTID",
         "*3\r\n$3\r\n0-0\r\n*1\r\n$3\r\n1-6\r\n*0\r\n"},
        {"XAUTOCLAIM s h d 0 0", "-NOGROUP No such key 's' or consumer group 'h'\r\n"},
        {"XAUTOCLAIM s g d x 0", "-ERR Invalid min-idle-time argument for XAUTOCLAIM\r\n"},
        {"XAUTOCLAIM s g d 0 x", BAD_ID},
        {"XAUTOCLAIM s g d 0 0 COUNT 0", "-ERR COUNT must be > 0\r\n"},
        {"XAUTOCLAIM s g d 0 0 COUNT x", "-ERR COUNT must be > 0\r\n"},
        {"XAUTOCLAIM s g d 0 0 BOGUS", SYNTAX},
    };
    EXPECT_ALL(lines);
    stream_validate(stream_of("s"));
}

Test(streams, reading_checks_its_arguments)
{
    static const struct line lines[] = {
        {"XREAD COUNT 1 STREAMS", SYNTAX},
        {"XREAD COUNT 1 2 3", SYNTAX},
        {"XREAD COUNT x STREAMS s 0", NOT_INT},
        {"XREAD BLOCK x STREAMS s 0", "-ERR timeout is not an integer or out of range\r\n"},
        {"XREAD BLOCK -1 STREAMS s 0", "-ERR timeout is negative\r\n"},
        {"XREAD BLOCK 9223372036854775807 STREAMS s 0", "-ERR timeout is out of range\r\n"},
        {"XREAD STREAMS s 0 t", "-ERR Unbalanced 'xread' list of streams: for each stream key an "
                                "ID or '$' must be specified.\r\n"},
        {"XREAD GROUP g c STREAMS s 0", "-ERR The GROUP option is only supported by XREADGROUP. "
                                        "You called XREAD instead.\r\n"},
        {"XREAD NOACK STREAMS s 0", "-ERR The NOACK option is only supported by XREADGROUP. You "
                                    "called XREAD instead.\r\n"},
        {"XREAD STREAMS s >", "-ERR The > ID can be specified only when calling XREADGROUP using "
                              "the GROUP <group> <consumer> option.\r\n"},
        {"XREAD STREAMS s +", BAD_ID},
        {"XREADGROUP COUNT 1 COUNT 1 STREAMS s >", "-ERR Missing GROUP option for XREADGROUP\r\n"},
        {"XREADGROUP GROUP g c STREAMS s > t", "-ERR Unbalanced 'xreadgroup' list of streams: for "
                                               "each stream key an ID or '>' must be specified."
                                               "\r\n"},
        {"XREADGROUP GROUP g c STREAMS none >",
         "-NOGROUP No such key 'none' or consumer group 'g' in XREADGROUP with GROUP option\r\n"},
        {"XREADGROUP GROUP h c STREAMS s >",
         "-NOGROUP No such key 's' or consumer group 'h' in XREADGROUP with GROUP option\r\n"},
        {"XREADGROUP GROUP g c STREAMS s $",
         "-ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history "
         "of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ "
         "ID would just return an empty result set.\r\n"},
    };
    command_run(&run, "XGROUP CREATE s g 0 MKSTREAM");
    EXPECT_ALL(lines);
}

Test(streams, other_types_are_refused)
{
    static const char *const lines[] = {
        "XADD k 1-1 f v", "XLEN k", "XRANGE k - +", "XREVRANGE k + -", "XDEL k 1-1",
        "XTRIM k MAXLEN 1", "XSETID k 1-1", "XREAD STREAMS k 0", "XACK k g 1-1", "XPENDING k g",
        "XREADGROUP GROUP g c STREAMS k >", "XGROUP CREATE k g 0", "XGROUP SETID k g 0",
        "XGROUP DESTROY k g", "XGROUP CREATECONSUMER k g c", "XGROUP DELCONSUMER k g c",
        "XCLAIM k g c 0 1-1", "XAUTOCLAIM k g c 0 0", "XINFO STREAM k", "XINFO GROUPS k",
        "XINFO CONSUMERS k g"};
    command_run_set(&run, "k", "text", ENTRY_NO_EXPIRY);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        run_expect(&run, lines[i], WRONG_TYPE);
        run_expect_events(&run, "");
    }
}

/* Lag and the number of entries read, as they are told and as they cannot be. */
static void expect_progress(const char *read, const char *lag)
{
    char end[100];
    const char *reply = command_run(&run, "XINFO GROUPS s");
    snprintf(end, sizeof end, "$12\r\nentries-read\r\n%s\r\n$3\r\nlag\r\n%s\r\n", read, lag);
    cr_assert_not_null(strstr(reply, end), "%s in %s", end, reply);
}

Test(streams, how_far_a_group_has_read_is_told_unless_there_are_gaps)
{
    fill("s", 5);
    command_run(&run, "XGROUP CREATE s g 0");
    expect_progress("$-1", ":5");
    command_run(&run, "XREADGROUP GROUP g c COUNT 2 STREAMS s >");
    expect_progress(":2", ":3");
    command_run(&run, "XDEL s 1-4");
    expect_progress(":2", "$-1");
    command_run(&run, "XREADGROUP GROUP g c COUNT 1 STREAMS s >");
    expect_progress("$-1", "$-1");
    command_run(&run, "XREADGROUP GROUP g c COUNT 1 STREAMS s >");
    expect_progress(":5", ":0");
    command_run(&run, "XGROUP SETID s g 1-2");
    expect_progress("$-1", "$-1");
    command_run(&run, "XTRIM s MAXLEN 1");
    expect_progress("$-1", ":1");
}

/* ---- Waiting. ---- */

/* Runs a command that may wait; whether it does. */
static bool run_waiting(const char *line, struct op_wait *wait)
{
    char text[200], *rest = NULL;
    struct bytes argv[16];
    int argc = 0;
    snprintf(text, sizeof text, "%s", line);
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = bytes_of(word);
    *wait = (struct op_wait){0};
    const struct command *command = command_find(argv[0]);
    struct op op = {.ks = &run.ks, .db = run.ks.dbs, .command = command, .argv = argv,
                    .argc = argc, .reply = &run.reply, .limits = &run.limits, .wait = wait};
    reply_clear(&run.reply, 1024);
    run.events[0] = '\0';
    command->op(&op);
    size_t len = run.reply.len;
    reply_raw(&run.reply, "", 1);
    cr_assert_eq(len == 0, wait->waits);
    return wait->waits;
}

Test(streams, a_reader_waits_from_the_end_as_it_was)
{
    struct op_wait wait;
    fill("s", 2);
    cr_assert(run_waiting("XREAD BLOCK 1500 STREAMS s none s $ $ 1-2", &wait));
    cr_assert_eq(wait.timeout_ms, 1500);
    run_expect_events(&run, "");
    for (int i = 0; i < 7; i++) cr_assert_null(wait.args[i]);
    cr_assert_null(wait.args[9]);
    cr_assert(bytes_equal(bytes_make(wait.args[7]->data, wait.args[7]->len), bytes_of("1-2")));
    cr_assert(bytes_equal(bytes_make(wait.args[8]->data, wait.args[8]->len), bytes_of("0-0")));
    op_wait_drop(&wait, 10);
    run_expect(&run, "XREAD BLOCK 1500 STREAMS s $", "*-1\r\n");
    cr_assert_not(run_waiting("XREAD BLOCK 0 STREAMS s 1-1", &wait));
    cr_assert_not(run_waiting("XREAD STREAMS s $", &wait));
    cr_assert_not(run_waiting("XREAD BLOCK 0 STREAMS s x", &wait));
}

Test(streams, a_waiting_consumer_is_made_and_learns_of_the_end_of_its_group)
{
    struct op_wait wait;
    command_run(&run, "XGROUP CREATE s g 0 MKSTREAM");
    cr_assert(run_waiting("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", &wait));
    cr_assert_eq(wait.timeout_ms, 0);
    cr_assert_null(wait.args);
    run_expect_events(&run, "t:xgroup-createconsumer:s@0 ");
    cr_assert(run_waiting("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", &wait));
    run_expect_events(&run, "");
    cr_assert_not(run_waiting("XREADGROUP GROUP g c BLOCK 0 STREAMS s 0", &wait));
    cr_assert_str_eq(run.reply.data, "*1\r\n*2\r\n$1\r\ns\r\n*0\r\n");
    command_run(&run, "XGROUP DESTROY s g");
    cr_assert_not(run_waiting("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", &wait));
    cr_assert_str_eq(run.reply.data, "-NOGROUP No such key 's' or consumer group 'g' in "
                                     "XREADGROUP with GROUP option\r\n");
}

/* ---- Large ones. ---- */

Test(streams, a_stream_that_is_deleted_is_freed_in_slices)
{
    fill("s", 3000);
    command_run(&run, "XGROUP CREATE s g 0");
    command_run(&run, "XREADGROUP GROUP g c STREAMS s >");
    run_expect(&run, "COPY s t", ":1\r\n");
    stream_validate(stream_of("t"));
    run_expect(&run, "DEL s", ":1\r\n");
    int slices = 0;
    while (keyspace_reclaim(&run.ks, 100)) slices++;
    cr_assert_gt(slices, 30);
    run_expect(&run, "XGROUP DESTROY t g", ":1\r\n");
    cr_assert(keyspace_has_garbage(&run.ks));
    while (keyspace_reclaim(&run.ks, 100)) slices++;
    run_expect(&run, "XLEN t", ":3000\r\n");
}

Test(streams, an_exact_trim_of_much_leaves_the_rest_to_be_reclaimed)
{
    run.limits.stream_node_max_entries = 2;
    fill("s", 5000);
    run_expect(&run, "XTRIM s MAXLEN 21", ":4979\r\n");
    cr_assert(keyspace_has_garbage(&run.ks));
    stream_validate(stream_of("s"));
    run_expect(&run, "XRANGE s - + COUNT 1", "*1\r\n*2\r\n$6\r\n1-4980\r\n*2\r\n$1\r\nf\r\n$1\r\n"
                                             "0\r\n");
}
