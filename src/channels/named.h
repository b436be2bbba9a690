/*
 * Named channels: messages to one function of the application each, which works them off one after the other on one loop.
 * Channels' `channel_layer.send` to a worker's consumer, in this process.
 */
#ifndef FR_CHANNELS_NAMED_H
#define FR_CHANNELS_NAMED_H
#include <freshet/channels.h>

#include "net/server.h"

typedef struct fr_named fr_named;

enum {
    FR_CHANNEL_WAITING = 1000,       /* messages of one channel, unless .waiting says otherwise */
    FR_CHANNEL_BYTES = 16 << 20,     /* of them together */
    FR_CHANNEL_TEXT_BYTES = 1 << 20, /* of one */
};

/* All channels of the application; the process has one such table at a time. NULL when memory is out. */
fr_named *fr_named_new(const fr_channel *channels);
/* From now on messages are received: each channel's on a loop of its own, as far as there are so many. */
void fr_named_attach(fr_named *named, fr_server *server, struct fr_db *db);
/* When no loop runs any more. What has not been received is dropped, and logged. NULL is fine. */
void fr_named_free(fr_named *named);
#endif
