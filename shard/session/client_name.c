/* Client name: see client_name.h. */
#include "shard/session/client_name.h"

#include <string.h>

#include "base/alloc.h"

bool client_name_is_valid(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '!' || text.data[i] > '~')
            return false;
    return true;
}

bool client_name_check(struct reply *reply, struct bytes name)
{
    if (client_name_is_valid(name))
        return true;
    reply_error(reply, "ERR Client names cannot contain spaces, newlines or special characters.");
    return false;
}

void client_name_set(char **field, struct bytes text)
{
    alloc_free(*field);
    *field = NULL;
    if (text.len == 0)
        return;
    *field = alloc_get(text.len + 1);
    memcpy(*field, text.data, text.len);
    (*field)[text.len] = 0;
}
