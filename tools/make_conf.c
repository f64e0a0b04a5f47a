/*
 * Make conf: prints the sample configuration, which is committed as conf/shoal.conf.
 *
 *   build/tools/make-conf > conf/shoal.conf
 */
#include "base/buffer.h"
#include "shard/admin/settings_sample.h"
#include <stdio.h>

int main(void)
{
    struct buffer text = {0};
    int failed;

    settings_sample(&text);
    failed = fwrite(text.data, 1, text.len, stdout) != text.len || fflush(stdout) != 0;
    buffer_deinit(&text);
    return failed;
}
