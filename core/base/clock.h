/* clock.h - how much time passes. */
#ifndef IL_CLOCK_H
#define IL_CLOCK_H

/* Seconds since some moment in the past; never goes back. */
double il_clock_seconds(void);

#endif
