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

static void append(fr_seat *seat, fr_mail *mail)
{
    if (seat->last_mail) {
        mail->next = seat->last_mail->next;
        seat->last_mail->next = mail;
    } else {
        mail->next = mail;
    }
    seat->last_mail = mail;
}

static bool is_full(const fr_seat *seat)
{
    return seat->client_mails >= FR_MAIL_MAX || seat->mail_bytes >= FR_MAIL_BYTES_MAX;
}

bool fr_mail_put_client_(fr_seat *seat, bool is_text, fr_str data)
{
    fr_mail *mail = mail_new(is_text ? FR_MAIL_TEXT : FR_MAIL_BYTES, data);
    if (!mail)
        return false;
    append(seat, mail);
    seat->client_mails++;
    seat->mail_bytes += mail->n;
    if (is_full(seat))
        fr_ws_pause(seat->ws);
    return true;
}

bool fr_mail_put_group_(fr_seat *seat, fr_str group, fr_block *block)
{
    fr_mail *mail = seat->group_mails < FR_MAIL_MAX ? mail_new(FR_MAIL_GROUP, group) : NULL;
    if (!mail)
        return false;
    mail->block = fr_block_ref(block);
    append(seat, mail);
    seat->group_mails++;
    return true;
}

fr_mail *fr_mail_take_(fr_seat *seat)
{
    if (!seat->last_mail)
        return NULL;
    fr_mail *mail = seat->last_mail->next;
    if (mail == seat->last_mail)
        seat->last_mail = NULL;
    else
        seat->last_mail->next = mail->next;
    if (mail->kind == FR_MAIL_GROUP) {
        seat->group_mails--;
        return mail;
    }
    seat->client_mails--;
    seat->mail_bytes -= mail->n;
    if (seat->ws && !is_full(seat))
        fr_ws_resume(seat->ws);
    return mail;
}
