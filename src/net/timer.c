/*
 * Timers: a wheel of five levels of 64 slots. A timer goes to the level that reaches its distance;
 * when the wheels have turned so far that a slot of a higher level comes up, its timers move down.
 * One bit a slot says which are empty, so finding the next one takes a few instructions and a
 * quiet loop sleeps until then.
 *
 * An armed timer that is moved to later stays in its slot; what comes up too early is put back. So
 * the idle timer of a busy connection costs one store a message.
 */
#include "net/net_int.h"

void fr_wheel_init_(fr_loop *loop)
{
    loop->wheel = (fr_wheel){.tick = loop->now_ms};
}

static unsigned slot_of(uint64_t tick, int level)
{
    return (unsigned)(tick >> (6 * level)) & (FR_WHEEL_SLOTS - 1);
}

static void link_at(fr_wheel *wheel, fr_timer *timer, uint64_t tick)
{
    uint64_t distance = tick - wheel->tick;
    int level = 0;
    while (level < FR_WHEEL_LEVELS - 1 && distance >> (6 * (level + 1)))
        level++;
    if (distance >> (6 * FR_WHEEL_LEVELS)) /* 12 days: as far as the wheel reaches, then again */
        tick = wheel->tick + (1ull << (6 * FR_WHEEL_LEVELS)) - 1;
    unsigned slot = slot_of(tick, level);
    fr_timer **head = &wheel->slots[level][slot];
    timer->next = *head;
    if (timer->next)
        timer->next->prev_next = &timer->next;
    timer->prev_next = head;
    *head = timer;
    wheel->used[level] |= 1ull << slot;
}

static void unlink_timer(fr_wheel *wheel, fr_timer *timer)
{
    *timer->prev_next = timer->next;
    if (timer->next)
        timer->next->prev_next = timer->prev_next;
    uintptr_t offset = (uintptr_t)timer->prev_next - (uintptr_t)wheel->slots;
    if (!timer->next && offset < sizeof wheel->slots) { /* the slot is empty now */
        unsigned slot = (unsigned)(offset / sizeof(fr_timer *));
        wheel->used[slot / FR_WHEEL_SLOTS] &= ~(1ull << slot % FR_WHEEL_SLOTS);
    }
    timer->next = NULL;
    timer->prev_next = NULL;
}

/* Never early. What is not soon is rounded, so that a loop wakes up for many at once. */
static uint64_t tick_of(const fr_wheel *wheel, uint64_t at_ms)
{
    if (at_ms < wheel->tick + FR_WHEEL_SLOTS)
        return at_ms;
    return (at_ms / FR_TICK_MS + (at_ms % FR_TICK_MS != 0)) * FR_TICK_MS;
}

void fr_timer_set(fr_loop *loop, fr_timer *timer, uint64_t at_ms)
{
    bool is_later = timer->prev_next && at_ms >= timer->at_ms;
    timer->at_ms = at_ms;
    if (is_later)
        return;
    if (timer->prev_next)
        unlink_timer(&loop->wheel, timer);
    if (at_ms == FR_TIMER_NEVER)
        return;
    uint64_t tick = tick_of(&loop->wheel, at_ms);
    link_at(&loop->wheel, timer, tick > loop->wheel.tick ? tick : loop->wheel.tick + 1);
}

void fr_timer_cancel(fr_loop *loop, fr_timer *timer)
{
    if (timer->prev_next)
        unlink_timer(&loop->wheel, timer);
}

/* The distance to the next used slot after `from` on a wheel of 64, 1 … 64; 0 = none. */
static unsigned next_used(uint64_t used, unsigned from)
{
    if (!used)
        return 0;
    unsigned by = (from + 1) & 63;
    uint64_t turned = by ? used >> by | used << (64 - by) : used;
    return (unsigned)__builtin_ctzll(turned) + 1;
}

/* The next tick at which a slot of any level comes up; UINT64_MAX = none. */
static uint64_t next_tick(const fr_wheel *wheel)
{
    uint64_t least = UINT64_MAX;
    for (int level = 0; level < FR_WHEEL_LEVELS; level++) {
        unsigned away = next_used(wheel->used[level], slot_of(wheel->tick, level));
        if (!away)
            continue;
        uint64_t tick = ((wheel->tick >> (6 * level)) + away) << (6 * level);
        if (tick < least)
            least = tick;
    }
    return least;
}

/* Take a slot's list; it hangs on *list, so cancelling one of its timers still works. */
static void detach(fr_wheel *wheel, int level, fr_timer **list)
{
    unsigned slot = slot_of(wheel->tick, level);
    wheel->used[level] &= ~(1ull << slot);
    *list = wheel->slots[level][slot];
    wheel->slots[level][slot] = NULL;
    if (*list)
        (*list)->prev_next = list;
}

/* Put the timers of higher levels whose time span begins now one level or more down. */
static void move_down(fr_wheel *wheel)
{
    for (int level = FR_WHEEL_LEVELS - 1; level > 0; level--) {
        if (wheel->tick & ((1ull << (6 * level)) - 1))
            continue;
        fr_timer *list;
        detach(wheel, level, &list);
        while (list) {
            fr_timer *timer = list;
            unlink_timer(wheel, timer);
            if (timer->at_ms == FR_TIMER_NEVER)
                continue;
            uint64_t tick = tick_of(wheel, timer->at_ms);
            link_at(wheel, timer, tick > wheel->tick ? tick : wheel->tick);
        }
    }
}

void fr_wheel_run_(fr_loop *loop)
{
    fr_wheel *wheel = &loop->wheel;
    uint64_t target = loop->now_ms;
    for (uint64_t tick; (tick = next_tick(wheel)) <= target;) {
        wheel->tick = tick;
        move_down(wheel);
        fr_timer *list;
        detach(wheel, 0, &list);
        while (list) {
            fr_timer *timer = list;
            unlink_timer(wheel, timer);
            if (timer->at_ms <= loop->now_ms)
                timer->run(timer);
            else if (timer->at_ms != FR_TIMER_NEVER)
                link_at(wheel, timer, tick_of(wheel, timer->at_ms));
        }
    }
    if (target > wheel->tick)
        wheel->tick = target;
}

int fr_wheel_wait_ms_(const fr_loop *loop)
{
    uint64_t tick = next_tick(&loop->wheel);
    if (tick == UINT64_MAX)
        return -1;
    uint64_t wait_ms = tick > loop->now_ms ? tick - loop->now_ms : 0;
    return wait_ms < 3600000 ? (int)wait_ms : 3600000;
}
