/* clock.h - a monotonic clock. */
#ifndef IL_BASE_CLOCK_H
#define IL_BASE_CLOCK_H

#ifdef __cplusplus
extern "C" {
#endif

/* Seconds since an arbitrary moment in the past; never decreases. */
double il_clock_seconds(void);

#ifdef __cplusplus
}
#endif

#endif
