/*
 * List value: what the list commands share, on lists of either form.
 *
 * A list is one listpack (small form) while it keeps within list-max-listpack-size, and a
 * chain of nodes (types/list.h) beyond. It becomes large before an edit that would exceed
 * the limit, and small again once it is down to half of it. An empty list does not exist:
 * whoever removes elements ends with list_value_removed().
 *
 * Functions that edit leave `found` fresh, keep the expiry and do not call op_changed(),
 * except list_value_removed().
 */
#ifndef SHOAL_ENGINE_COMMANDS_LIST_VALUE_H
#define SHOAL_ENGINE_COMMANDS_LIST_VALUE_H

#include "engine/commands/op.h"
#include "engine/keyspace/entry_room.h"
#include "engine/types/list.h"

/* Looks a list up for reading or for writing; *found is set. False: the key is of another
 * type, WRONGTYPE was replied. The key may not exist. */
bool list_value_read(struct op *op, struct found *found);
bool list_value_write(struct op *op, const struct key *key, struct found *found);

/* Number of elements. */
size_t list_value_count(const struct entry *e);

/* The element of that index, from 0, or from -1 at the end backwards. */
struct list_cursor list_value_seek(const struct entry *e, int64_t index);

/* Replies with an element as a bulk, by reference if it is large. */
void list_value_reply(struct op *op, struct list_element element);

/* Replies with so many elements, which there are, as an array, from an index on forwards
 * or backwards. */
void list_value_reply_range(struct op *op, const struct entry *e, int64_t from, size_t count,
                            bool back);

/* An item for a list, of argument i: a blob if it is large, taken over from the request
 * where it came in one. False: no memory, an error was replied. */
bool list_value_item(struct op *op, int i, struct list_item *item);

/* Puts the arguments from argv[first] on at an end, one after the other; the key may not
 * exist. False: no memory, an error was replied, nothing was changed. */
bool list_value_push_args(struct op *op, const struct key *key, struct found *found, bool front,
                          int first);

/* Puts one item at an end; its text must not lie in this list. */
void list_value_push(struct op *op, const struct key *key, struct found *found, bool front,
                     struct list_item item);

/* The list, which exists, in the form it needs to take this item as well: NULL if that is
 * the small one. Cursors are invalid. */
struct list *list_value_prepare(struct op *op, const struct key *key, struct found *found,
                                struct list_item item);

/* Opens the list, which has its small form, for edits. */
void list_value_open(struct op *op, struct entry_room *er, const struct key *key,
                     struct found *found);

/* Appends a text to a list that is being made; blob (or NULL): what holds all of it, and is
 * referred to if it is large. False: no memory, an error was replied. */
bool list_value_append(struct op *op, struct list *list, struct bytes text, struct blob *blob);

/* Gives a key this list, which has elements and is taken over, whatever it held before. */
void list_value_store(struct op *op, const struct key *key, struct list *list);

/* Removes so many elements, no more than there are, at an end. */
void list_value_drop(struct op *op, const struct key *key, struct found *found, bool front,
                     size_t count);

/* Gives a list its small form if it is at most half as large as a small one may be. */
void list_value_shrink(struct op *op, const struct key *key, struct found *found);

/* Elements were removed: gives the list the form it should have, deletes it if it is empty,
 * and tells the change: the event (class l), and "del" if it was deleted. */
void list_value_removed(struct op *op, const struct key *key, struct found *found,
                        const char *event);

#endif
