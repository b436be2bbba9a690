/*
 * The mailbox of a socket: messages of the client and of groups, in the order they came, while a handler is at work.
 * Bounded for each of the two: the client's reading is paused, a group message too many closes the socket (1013).
 */
#include "channels/channels_int.h"

#include <string.h>

static fr_mail *mail_new(fr_mail_kind kind, fr_str bytes)
{
    fr_mail *mail = bytes.n <= UINT32_MAX ? fr_malloc(sizeof *mail + bytes.n) : NULL;
    if (!mail)
        return NULL;
    *mail = (fr_mail){.kind = (uint8_t)kind, .n = (uint32_t)bytes.n};
    if (bytes.n)
        memcpy(mail->bytes, bytes.p, bytes.n);
    return mail;
}

void fr_mail_free_(fr_mail *mail)
{
    if (!mail)
        return;
    fr_block_unref(mail->block);
    fr_free(mail);
}

/* ---- what few seats have ---- */

fr_more *fr_more_get_(fr_seat *seat)
{
    if (seat->more)
        return seat->more;
    fr_channels_loop *all = fr_channels_loop_get_(fr_loop_current());
    fr_more *more = fr_slabs_alloc(&all->slabs, sizeof *more);
    if (more)
        *more = (fr_more){0};
    return seat->more = more;
}

void fr_more_tidy_(fr_seat *seat)
{
    fr_more *more = seat->more;
    if (!more || more->last_mail || more->kept)
        return;
    fr_slabs_free(&fr_channels_loop_get_(fr_loop_current())->slabs, more, sizeof *more);
    seat->more = NULL;
}

/* ---- its mail ---- */

static void append(fr_more *more, fr_mail *mail)
{
    if (more->last_mail) {
        mail->next = more->last_mail->next;
        more->last_mail->next = mail;
    } else {
        mail->next = mail;
    }
    more->last_mail = mail;
}

static bool is_full(const fr_more *more)
{
    return more->client_mails >= FR_MAIL_MAX || more->mail_bytes >= FR_MAIL_BYTES_MAX;
}

bool fr_mail_put_client_(fr_seat *seat, bool is_text, fr_str data)
{
    fr_more *more = fr_more_get_(seat);
    fr_mail *mail = more ? mail_new(is_text ? FR_MAIL_TEXT : FR_MAIL_BYTES, data) : NULL;
    if (!mail) {
        fr_more_tidy_(seat);
        return false;
    }
    append(more, mail);
    more->client_mails++;
    more->mail_bytes += mail->n;
    if (is_full(more))
        fr_ws_pause(&seat->ws);
    return true;
}

static bool is_older(const fr_mail *mail, fr_str group, fr_str key)
{
    return mail->kind == FR_MAIL_GROUP && fr_str_eq((fr_str){mail->bytes, mail->n}, group) &&
           fr_str_eq(fr_ws_frame_key(mail->block), key);
}

/* Drop the message of this group and key, if one waits. At most FR_MAIL_MAX of each kind are looked at. */
static void drop_older(fr_more *more, fr_str group, fr_str key)
{
    fr_mail *before = more->last_mail, *mail;
    if (!before || !key.n)
        return;
    while (!is_older(mail = before->next, group, key)) {
        before = mail;
        if (mail == more->last_mail)
            return;
    }
    before->next = mail->next;
    if (mail == more->last_mail)
        more->last_mail = before == mail ? NULL : before;
    more->group_mails--;
    fr_mail_free_(mail);
}

bool fr_mail_put_group_(fr_seat *seat, fr_str group, fr_block *block, bool is_newest)
{
    fr_more *more = fr_more_get_(seat);
    if (more && is_newest)
        drop_older(more, group, fr_ws_frame_key(block));
    bool has_room = more && more->group_mails < FR_MAIL_MAX;
    fr_mail *mail = has_room ? mail_new(FR_MAIL_GROUP, group) : NULL;
    if (!mail) {
        fr_more_tidy_(seat);
        return false;
    }
    mail->block = fr_block_ref(block);
    append(more, mail);
    more->group_mails++;
    return true;
}

static fr_mail *take_oldest(fr_more *more)
{
    fr_mail *mail = more->last_mail->next;
    if (mail == more->last_mail)
        more->last_mail = NULL;
    else
        more->last_mail->next = mail->next;
    return mail;
}

fr_mail *fr_mail_take_(fr_seat *seat)
{
    fr_more *more = seat->more;
    if (!more || !more->last_mail)
        return NULL;
    fr_mail *mail = take_oldest(more);
    if (mail->kind == FR_MAIL_GROUP) {
        more->group_mails--;
    } else {
        more->client_mails--;
        more->mail_bytes -= mail->n;
        if (fr_seat_ws(seat) && !is_full(more))
            fr_ws_resume(&seat->ws);
    }
    fr_more_tidy_(seat);
    return mail;
}
