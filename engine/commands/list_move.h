/* List move: moving elements between lists, for the commands that may wait, too. */
#ifndef SHOAL_ENGINE_COMMANDS_LIST_MOVE_H
#define SHOAL_ENGINE_COMMANDS_LIST_MOVE_H

#include "engine/commands/op.h"

enum list_move_result {
    LIST_MOVE_DONE,    /* moved or popped, replied */
    LIST_MOVE_NOTHING, /* no list had elements; nothing was replied */
    LIST_MOVE_ERROR,   /* an error was replied */
};

/* Reads LEFT or RIGHT; an error is replied and false returned otherwise. */
bool list_move_end(struct op *op, int i, bool *front);

/* Moves an element from an end of the list argv[1] to an end of the list argv[2], and
 * replies with it. */
enum list_move_result list_move(struct op *op, bool from_front, bool to_front);

/* What LMPOP takes: argv[at] is the number of keys, and what follows. */
struct list_move_pop {
    int first, keys; /* of argv */
    bool front;
    size_t count;
};

/* Reads "numkeys key... LEFT|RIGHT [COUNT n]" from argv[at] on; false: an error was
 * replied. */
bool list_move_parse_pop(struct op *op, int at, struct list_move_pop *pop);

/* Pops from the first of the lists that has elements; replies with its name and them. */
enum list_move_result list_move_pop(struct op *op, const struct list_move_pop *pop);

#endif
