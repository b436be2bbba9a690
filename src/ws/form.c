/*
 * A frame that many sockets get (a broadcast, a snapshot) has a twin that is deflated, referring to nothing before it. The
 * first socket that wants it makes the twin, on whichever loop; all others share it. Sockets whose client asked for a
 * smaller window than ours, smaller than the message needs, get the frame as it is.
 */
#include <string.h>

#include "ws/takeover.h"
#include "ws/ws_int.h"

static fr_block *make_twin(const fr_ws *ws, fr_block *frame)
{
    char head[FR_WS_HEAD_BYTES];
    unsigned bits = 0;
    fr_str packed;
    if (!fr_deflate_shared_(ws->conn->loop, &ws->opts->deflate, fr_ws_frame_payload(frame), &packed,
                            &bits))
        return NULL;
    uint8_t opcode = (uint8_t)((frame->bytes[0] & 0x0f) | FR_WS_DEFLATED);
    size_t n = fr_ws_head_write_(head, opcode, packed.n);
    fr_block *twin = fr_block_new(n + packed.n);
    if (!twin)
        return NULL;
    memcpy(twin->bytes, head, n);
    memcpy(twin->bytes + n, packed.p, packed.n);
    twin->mark = bits;
    return twin;
}

/* What our smallest stream makes fits a window of 8 bits too: it refers 250 bytes back at most. */
static bool fits(const fr_ws *ws, const fr_block *twin)
{
    return twin->mark <= ws->opts->terms.our_bits || twin->mark == FR_DEFLATE_BITS_MIN;
}

fr_block *fr_ws_form_(const fr_ws *ws, fr_block *frame)
{
    const fr_ws_opts *opts = ws->opts;
    if (!opts->terms.our_bits || fr_ws_frame_payload(frame).n < opts->deflate.from_bytes)
        return frame;
    bool is_known;
    fr_block *twin = fr_block_twin(frame, &is_known);
    if (!is_known)
        twin = fr_block_twin_take(frame, make_twin(ws, frame));
    return twin && fits(ws, twin) ? twin : frame;
}

void fr_ws_sent_form_(const fr_ws *ws)
{
    if (ws->opts->terms.has_our_takeover)
        fr_takeover_forget_(&fr_ws_loop_get_(ws->conn->loop)->deflate, ws);
}

fr_err fr_ws_send_frame(fr_ws *ws, fr_block *frame, bool is_counted)
{
    if (ws->state != FR_WS_OPEN)
        return FR_ECANCELED;
    fr_block *form = fr_ws_form_(ws, frame);
    fr_err err = fr_ws_put_block_(ws, form, 0, is_counted);
    if (!err && form != frame)
        fr_ws_sent_form_(ws);
    return err;
}
