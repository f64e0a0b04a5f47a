/*
 * Zset pop: taking members from the first of several sorted sets that has some, for the
 * commands that may wait, too.
 */
#ifndef SHOAL_ENGINE_COMMANDS_ZSET_POP_H
#define SHOAL_ENGINE_COMMANDS_ZSET_POP_H

#include "engine/commands/op.h"

enum zset_pop_result {
    ZSET_POP_DONE,    /* popped and replied */
    ZSET_POP_NOTHING, /* no set had members; nothing was replied */
    ZSET_POP_ERROR,   /* an error was replied */
};

struct zset_pop {
    int first, past; /* argv[first...past - 1] are the keys */
    bool highest;
    bool single;     /* the reply is key, member, score, not the key and an array of pairs */
    int64_t count;   /* 1 at least */
};

/* Reads "numkeys key... MIN|MAX [COUNT n]" from argv[at] on, as ZMPOP has them; false: an
 * error was replied. */
bool zset_pop_parse(struct op *op, int at, struct zset_pop *pop);

/* Pops from the first of the sets that has members; replies its name and them. */
enum zset_pop_result zset_pop_first(struct op *op, const struct zset_pop *pop);

#endif
